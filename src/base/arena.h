/*
 * A bump allocator: many small allocations, given back all at once. One for
 * each file parsed and each request served.
 *
 * Chunks grow from 4 KB to 1 MB; what is larger than a quarter of the next
 * chunk gets a chunk of its own. Nothing that was handed out ever moves.
 *
 * Threads: one at a time. Ownership: the arena owns all it hands out; it is
 * valid until arena_reset or arena_release.
 * Errors: NULL, and from then on arena_failed() is true until the next
 * reset, so that a builder may check once, at its end. A failed arena goes
 * on to serve what it can.
 */
#ifndef PT_BASE_ARENA_H
#define PT_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

#define ARENA_ALIGN 16

struct arena_chunk;

/* All zero is an empty arena; the fields are private. */
struct arena {
    char *at;                   /* next free byte of the current chunk */
    char *end;                  /* its end */
    struct arena_chunk *chunks; /* owned; the current one first */
    size_t bytes;               /* held from the heap, in all chunks */
    size_t next_size;           /* of the next regular chunk; 0 = the first */
    bool failed;
};

void arena_init(struct arena *a);
void arena_release(struct arena *a); /* leaves an empty, usable arena */
void arena_reset(struct arena *a);   /* keeps the largest regular chunk */

void *arena_alloc_slow_(struct arena *a, size_t size);

/* 16-aligned and uninitialised. A size of 0 gives a valid pointer. */
static inline void *arena_alloc(struct arena *a, size_t size)
{
    size_t room = (size_t)(a->end - a->at);

    /* Both ends are aligned, so that what fits still fits when rounded up. */
    if (PT_LIKELY(size <= room && room != 0)) {
        void *p = a->at;
        a->at += (size + (ARENA_ALIGN - 1)) & ~(size_t)(ARENA_ALIGN - 1);
        return p;
    }
    return arena_alloc_slow_(a, size);
}

void *arena_calloc(struct arena *a, size_t n, size_t size); /* zeroed, overflow-checked */
void *arena_memdup(struct arena *a, const void *p, size_t n);
char *arena_strndup(struct arena *a, const char *s, size_t n); /* n bytes and a NUL */
char *arena_strdup(struct arena *a, const char *s);
char *arena_printf(struct arena *a, const char *fmt, ...) PT_PRINTF(2, 3);

static inline bool arena_failed(const struct arena *a)
{
    return a->failed;
}

/* Bytes held from the heap, for accounting. */
static inline size_t arena_bytes(const struct arena *a)
{
    return a->bytes;
}

#endif
