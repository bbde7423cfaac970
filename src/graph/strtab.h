/* The string section of a segment while it is built: bytes that grow, equal strings stored once.
 *
 * Threads: one. Ownership: the table owns its bytes until strtab_steal. Errors: PT_ENOMEM;
 * PT_ELIMIT when the section would pass 4 GB.
 */
#ifndef PT_GRAPH_STRTAB_H
#define PT_GRAPH_STRTAB_H

#include "base/err.h"

#include <stddef.h>
#include <stdint.h>

/* A set of strings that are kept elsewhere, each known by a number of the owner's choice. */
struct strset {
    uint64_t *slots; /* owned; upper half: hash of the string; lower half: number + 1, 0 = free */
    uint32_t n_slots, used;
};

/* The text of a number. */
typedef const char *(*strset_text)(const void *ctx, uint32_t number);

void strset_release(struct strset *set);

/* The slot of this terminated string: taken, if it is in the set, or the free one that
 * strset_fill may fill. NULL if memory is short. Valid until the next call. */
uint64_t *strset_slot(struct strset *set, const char *s, size_t n, strset_text text,
                      const void *ctx, uint32_t *ret_hash);

static inline void strset_fill(struct strset *set, uint64_t *slot, uint32_t hash, uint32_t number)
{
    *slot = (uint64_t)hash << 32 | (number + 1);
    set->used++;
}

static inline uint32_t strset_number(uint64_t slot)
{
    return (uint32_t)slot - 1;
}

struct strtab {
    char *p;
    uint32_t n;
    size_t cap;
    struct strset set; /* number = offset */
};

/* Starts with "" at offset 0. */
int strtab_init(struct strtab *t, struct err *err);
void strtab_release(struct strtab *t);

/* The offset of the terminated string of n bytes, put there if it is new. */
int strtab_put(struct strtab *t, const char *s, size_t n, uint32_t *ret, struct err *err);

/* The bytes, cut to size; the caller frees them. The table is then empty. */
char *strtab_steal(struct strtab *t, uint32_t *ret_n);

#endif
