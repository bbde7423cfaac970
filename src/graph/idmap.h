/* From 64-bit hashes to ids: an open-addressed table that only grows, and that readers search while
 * the writer adds to it.
 *
 * Different things may have one hash: `same` tells whether the id is the one that is meant. An id
 * is never taken out; who looks something up asks the graph whether it is there in his generation.
 *
 * A table that grows is copied; the old one is kept for readers who may be in it until
 * idmap_reclaim is told that they are gone.
 *
 * Threads: idmap_find by any, with a pin; the rest by the one writer.
 */
#ifndef PT_GRAPH_IDMAP_H
#define PT_GRAPH_IDMAP_H

#include "base/vec.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define ID_NONE UINT32_MAX

struct idmap_slot {
    uint64_t hash;
    _Atomic(uint32_t) id_1; /* 1 + id; 0: free */
};

struct idmap_table {
    uint32_t mask;
    struct idmap_slot slots[];
};

struct idmap_old {
    struct idmap_table *table;
    uint32_t generation;
};

/* What is there from the start, mapped from an image: ids sorted by the hash of what they name, and
 * for each bucket of hashes where it begins. */
struct idmap_entry {
    uint32_t low, id; /* low half of the hash: mostly what it belongs to need not be looked at */
};

struct idmap_base {
    const uint32_t *dir;               /* borrowed; n_buckets + 1 */
    const struct idmap_entry *entries; /* borrowed; dir[n_buckets] */
    uint32_t n_buckets;                /* 0: there is none */
    uint64_t (*hash_of)(const void *ctx, uint32_t id);
    const void *ctx;
};

struct idmap {
    _Atomic(struct idmap_table *) table; /* NULL: empty */
    uint32_t n;
    VEC(struct idmap_old) old;
    struct idmap_base base;
};

typedef bool (*idmap_same_fn)(const void *ctx, uint32_t id);

void idmap_release(struct idmap *m);

/* same may be NULL: hashes are unique then. ID_NONE if there is none. */
uint32_t idmap_find(const struct idmap *m, uint64_t hash, idmap_same_fn same, const void *ctx);

/* Buckets divide the hashes evenly. */
static inline uint32_t idmap_bucket(uint64_t hash, uint32_t n_buckets)
{
    return (uint32_t)(((unsigned __int128)hash * n_buckets) >> 64);
}

/* Looking up many at once, each step for all of them before the next: the first two fetch ahead
 * what the third reads. The third gives an id that the hash may have, ID_NONE if there is none:
 * whoever knows what the ids name finds out for less than idmap_find would. */
static inline void idmap_prefetch(const struct idmap *m, uint64_t hash)
{
    const struct idmap_table *t = atomic_load_explicit(&m->table, memory_order_acquire);
    if (m->base.n_buckets != 0)
        __builtin_prefetch(&m->base.dir[idmap_bucket(hash, m->base.n_buckets)]);
    if (t != NULL)
        __builtin_prefetch(&t->slots[(uint32_t)(hash >> 32) & t->mask]);
}

static inline void idmap_prefetch_entries(const struct idmap *m, uint64_t hash)
{
    if (m->base.n_buckets != 0)
        __builtin_prefetch(&m->base.entries[m->base.dir[idmap_bucket(hash, m->base.n_buckets)]]);
}

uint32_t idmap_guess(const struct idmap *m, uint64_t hash);

/* The pair must not be there. False: no memory. `generation`: of the commit under way. */
bool idmap_add(struct idmap *m, uint64_t hash, uint32_t id, uint32_t generation);

/* Frees tables that were replaced in generations up to `oldest`. */
void idmap_reclaim(struct idmap *m, uint32_t oldest);

size_t idmap_bytes(const struct idmap *m);

#endif
