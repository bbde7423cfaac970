/* Versioned lists: the edges of each node in one direction, which commits change under readers.
 *
 * Every node has one word, its entry, that names its list. Lists lie in a space, all of them: those
 * of a snapshot, whose pages are mapped into it, and those that commits have written since. A
 * commit never touches a list: it writes a new one and makes the entry name that (commit.h). It
 * costs what it changes, readers take no locks, and reading a list costs what it costs in a static
 * graph: entry, list.
 *
 * (Versions linked from newest to oldest under one entry: multi-version concurrency control as in
 * Larson et al., "High-Performance Concurrency Control Mechanisms for Main-Memory Databases",
 * VLDB 2012.)
 *
 * A long list is cut into chunks under an index: a commit replaces the chunks that it changes, and
 * the index when a chunk must be split.
 *
 *   list    generation, count; targets[count]; attrs[count], bytes, padded to a word;
 *           values[count] if the lists have them
 *   index   generation, LISTS_INDEX | number of chunks; ref of the list that chunks may be pieces
 *           of, 0; chunks
 *
 * Refs are numbers of granules in the space; 0 is the empty list. A list is strictly ascending by
 * (kind, target).
 *
 * Threads: one writer calls lists_edit; any thread reads, of a generation that it has pinned, so
 * that what it reads is not reclaimed.
 */
#ifndef PT_GRAPH_LISTS_H
#define PT_GRAPH_LISTS_H

#include "base/attr.h"
#include "graph/commit.h"
#include "graph/space.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define LISTS_INDEX (1u << 31)
#define LISTS_PIECE (1u << 31)
#define LISTS_CHUNK_MAX 128u /* entries of a list without an index, and of a chunk */
#define LISTS_CHUNK_FILL 96u /* entries of a chunk when an index is made */

struct list_chunk {
    uint64_t first;        /* key: nothing below it is here, except in the first chunk */
    _Atomic(uint32_t) ref; /* of a list; or LISTS_PIECE | the first entry of a piece */
    uint32_t n;            /* entries of the piece */
};

struct list_index {
    struct block_head head;
    uint32_t pieces_of, unused;
    struct list_chunk chunks[];
};

struct lists {
    struct space *space;           /* borrowed; several lists may share one */
    _Atomic(uint32_t) *entry;      /* borrowed: the refs, by node */
    bool values;                   /* has each edge a 32-bit value? */
    VEC(struct list_chunk) chunks; /* scratch, as: */
    VEC(uint32_t) places;          /* of edits (lists.c) */
};

/* One stretch of a list. */
struct list_span {
    const uint32_t *targets;
    const uint8_t *attrs;
    const uint32_t *values; /* if the lists have them */
    uint32_t n;
};

struct list_walk {
    struct list_span span;
    const struct lists *lists;
    const struct list_index *index;
    uint32_t at, end; /* chunks */
    uint32_t generation;
};

/* Most lists take one line of the cache or two, and begin anywhere in the first. */
#define LISTS_FETCH_MORE 40u

/* Words that the targets and attrs of n entries take. */
static inline size_t list_words(uint32_t n)
{
    return (size_t)n + (n + 3) / 4;
}

static inline size_t list_bytes(uint32_t n, bool values)
{
    return sizeof(struct block_head) + (list_words(n) + (values ? n : 0)) * sizeof(uint32_t);
}

static inline void list_span_of(const struct block_head *h, struct list_span *ret)
{
    ret->n = h->n;
    ret->targets = (const uint32_t *)(h + 1);
    ret->attrs = (const uint8_t *)(ret->targets + h->n);
    ret->values = ret->targets + list_words(h->n);
}

/* The next chunk of the list; false behind the last. */
bool list_more_(struct list_walk *w);
bool list_begin_index_(const struct lists *l, uint32_t generation, const struct block_head *h,
                       struct list_walk *w);

/* Begins to read a list: false if it is empty. Loop: do { w.span } while (list_more(&w)). */
static inline bool list_begin(const struct lists *l, uint32_t generation, uint32_t id,
                              struct list_walk *w)
{
    uint32_t ref = atomic_load_explicit(&l->entry[id], memory_order_acquire);
    const struct block_head *h = block_seen(l->space, ref, generation);

    w->at = w->end = 0;
    if (PT_UNLIKELY(h->n & LISTS_INDEX))
        return list_begin_index_(l, generation, h, w);
    list_span_of(h, &w->span);
    return h->n > 0;
}

static inline bool list_more(struct list_walk *w)
{
    return PT_UNLIKELY(w->at != w->end) && list_more_(w);
}

/* Fetches ahead what list_begin will read: first the entry, some nodes later the list. */
static inline void list_prefetch_entry(const struct lists *l, uint32_t id)
{
    __builtin_prefetch((const void *)&l->entry[id]);
}

static inline void list_prefetch(const struct lists *l, uint32_t id)
{
    const char *p =
        (const char *)block_of(l->space, atomic_load_explicit(&l->entry[id], memory_order_relaxed));
    __builtin_prefetch(p);
    __builtin_prefetch(p + LISTS_FETCH_MORE);
}

/* Fetches ahead what lists_edit will read to edit this entry, in a list whose index is fetched. */
void lists_prefetch_edit(const struct lists *l, uint32_t id, uint8_t kind, uint32_t target);

/* One entry of a list; false if it is not there. */
struct list_entry {
    uint32_t value;
    uint8_t attr;
};

bool list_find(const struct lists *l, uint32_t generation, uint32_t id, uint8_t kind,
               uint32_t target, struct list_entry *ret);

struct list_edit {
    uint32_t target;
    uint32_t value;
    uint32_t hint; /* where in the list it is, or belongs, if the writer knows; else any number */
    uint8_t attr;  /* edge_attr(kind, layer) */
    bool remove;   /* else add, or replace attr and value */
};

/* Changes the list of a node, once in a commit. Edits are strictly ascending by (kind, target).
 * What fails is noted in the commit. */
void lists_edit(struct lists *l, struct commit *c, uint32_t id, const struct list_edit *edits,
                uint32_t n);
void lists_release(struct lists *l); /* its scratch memory */

#endif
