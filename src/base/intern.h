/*
 * String interning: the same bytes always give the same small number.
 *
 * Ids are dense from 1, in the order of first put; 0 means "none". The bytes
 * may be anything, NUL and the empty string included. All strings lie in one
 * pool that grows: it moves, so a pointer from intern_str is valid only until
 * the next intern_put, clear or release. Keep ids.
 *
 * Threads: one writer alone, or any number of readers (find, str, count).
 * Ownership: the intern owns copies of all strings.
 * Errors: 0 when memory is short or the pool would pass 4 GB; the intern is
 * then as it was. The hash has a constant seed (ids and order do not depend on
 * it; strings chosen to collide cost time, never a wrong answer).
 */
#ifndef PT_BASE_INTERN_H
#define PT_BASE_INTERN_H

#include <stddef.h>
#include <stdint.h>

struct intern_slot;

/* All zero is an empty intern; the fields are private. */
struct intern {
    char *pool;                /* owned; the strings, each with a NUL */
    uint32_t *ends;            /* owned; ends[id] = offset after id's NUL; ends[0] = 0 */
    struct intern_slot *slots; /* owned; (hash, id) pairs, id 0 = free */
    uint32_t n_slots;          /* 0 or a power of two */
    uint32_t count;
    uint32_t ends_cap;
    uint32_t pool_cap;
};

void intern_init(struct intern *in);
void intern_release(struct intern *in); /* leaves an empty, usable intern */
void intern_clear(struct intern *in);   /* keeps the memory; ids start anew */

/* The id of the n bytes at s, new or known; 0 on failure. */
uint32_t intern_put(struct intern *in, const char *s, size_t n);

/* The id if known, else 0. */
uint32_t intern_find(const struct intern *in, const char *s, size_t n);

/*
 * The NUL-terminated string of an id that this intern gave out (or, for 0,
 * the empty string). `ret_len` may be NULL.
 */
const char *intern_str(const struct intern *in, uint32_t id, size_t *ret_len);

/* How many; also the largest id. */
uint32_t intern_count(const struct intern *in);

/* Bytes held from the heap, for accounting. */
size_t intern_bytes(const struct intern *in);

#endif
