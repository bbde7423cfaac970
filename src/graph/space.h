/* Memory for what commits lay over a graph: blocks of 8-byte granules in one range of addresses,
 * named by 31-bit numbers, so that a number becomes an address by a shift and an addition.
 *
 * Blocks of one size, up to SPACE_EXACT granules, are cut from pages of their own, so that lists of
 * edges do not lie among the larger records that the same commits write: walks read lists only.
 *
 * A block that a commit makes obsolete is retired under the generation of that commit. It is used
 * again once no reader of an older view is left, whom its contents still serve (space_reclaim).
 *
 * Threads: one writer calls these functions; any thread reads blocks whose numbers were published
 * to it. Ownership: the space owns all blocks. Errors: number 0 when memory is short.
 */
#ifndef PT_GRAPH_SPACE_H
#define PT_GRAPH_SPACE_H

#include "base/err.h"
#include "base/vec.h"

#include <stddef.h>
#include <stdint.h>

#define SPACE_GRANULE 8u
#define SPACE_EXACT 128u /* sizes up to so many granules have a free list of their own */
#define SPACE_CLASSES (SPACE_EXACT + 26u)

struct space_retired {
    uint32_t generation;
    uint32_t block;
    uint32_t granules;
};

/* What is left of the page from which blocks of one size are cut. */
struct space_page {
    uint32_t at, end;
};

struct space {
    char *base;          /* reserved; granule 0 is never given out, and zero */
    uint32_t top, limit; /* granules: first that was never given out; end of the reservation */
    uint32_t ready;      /* granules below it may be written to */
    uint32_t free[SPACE_CLASSES];
    struct space_page page[SPACE_EXACT + 1]; /* by granules */
    uint64_t used;          /* granules in blocks that are neither free nor retired */
    uint64_t retired_bytes; /* waiting for readers */
    uint32_t mapped;        /* granules below it are of a file, and never given back */
    uint64_t retired_total; /* bytes, since the start */
    VEC(struct space_retired) retired;
    uint32_t first_retired; /* index of the oldest */
};

/* Reserves `bytes` of addresses (no memory). PT_ENOMEM. */
int space_init(struct space *s, size_t bytes, struct err *err);
void space_release(struct space *s);

/* A block of at least `bytes` bytes; its contents are undefined. 0: no memory. */
uint32_t space_alloc(struct space *s, size_t bytes);
/* The granules from `offset` / SPACE_GRANULE on are `bytes` of an open file from `offset` on (both
 * multiples of a page), read-only. The space must be as space_init left it. */
int space_map(struct space *s, int fd, uint64_t offset, uint64_t bytes, struct err *err);
/* `bytes` of zeros that begin at a page and are not given back, for what is there from the start:
 * lists of a snapshot. */
uint32_t space_take(struct space *s, size_t bytes);
/* Gives back a block that no reader has seen. */
void space_free(struct space *s, uint32_t block, size_t bytes);
/* Gives back a block that readers of views older than `generation` may use. False: no memory to
 * note it; the block is lost until the space is released. */
bool space_retire(struct space *s, uint32_t block, size_t bytes, uint32_t generation);
/* Frees what was retired under generations up to `oldest`, which the oldest pinned view has; at
 * most `most` blocks. Returns how many. */
uint32_t space_reclaim(struct space *s, uint32_t oldest, uint32_t most);

static inline void *space_at(const struct space *s, uint32_t block)
{
    return s->base + (size_t)block * SPACE_GRANULE;
}

/* Bytes of memory that it has taken from the system. */
static inline size_t space_bytes(const struct space *s)
{
    return (size_t)s->ready * SPACE_GRANULE + vec_bytes(&s->retired);
}

#endif
