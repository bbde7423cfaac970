/* Versioned lists: the edges of each node in one direction, which commits change under readers.
 *
 * Every node has one word, its entry, that names its list. Lists lie in a space, all of them: those
 * of a snapshot, whose pages are mapped into it, and those that commits have written since. A commit
 * never touches a list: it writes a new one and makes the entry name that. Each list knows its
 * generation, and a written one what it replaces, so a reader of an older view goes on to that. A
 * commit costs what it changes, readers take no locks, and reading a list costs what it costs in a
 * static graph: entry, list.
 *
 * (Versions linked from newest to oldest under one entry: multi-version concurrency control as in
 * Larson et al., "High-Performance Concurrency Control Mechanisms for Main-Memory Databases",
 * VLDB 2012.)
 *
 * A long list is cut into chunks under an index: a commit replaces the chunks that it changes, and
 * the index when a chunk must be split.
 *
 *   list    generation, count; targets[count]; values[count] if the lists have them;
 *           attrs[count], bytes
 *   index   generation, LISTS_INDEX | number of chunks; ref of the list that chunks may be pieces
 *           of, 0; chunks
 *
 * Refs are numbers of granules in the space; 0 is the empty list. A list that was not written by a
 * commit has generation 0; one that was is preceded by a granule that says what it replaces. A list
 * is strictly ascending by (kind, target).
 *
 * Threads: one writer calls lists_start, lists_edit and lists_undo; any thread reads, of a
 * generation that it has pinned, so that what it reads is not reclaimed. Who owns the lists
 * publishes a new generation when all edits of a commit are made.
 */
#ifndef PT_GRAPH_LISTS_H
#define PT_GRAPH_LISTS_H

#include "base/attr.h"
#include "base/err.h"
#include "graph/space.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define LISTS_INDEX (1u << 31)
#define LISTS_PIECE (1u << 31)
#define LISTS_CHUNK_MAX 128u /* entries of a list without an index, and of a chunk */
#define LISTS_CHUNK_FILL 96u /* entries of a chunk when an index is made */

struct list_head {
    uint32_t generation;
    uint32_t n;
};

/* Before the head of a list that a commit wrote. */
struct list_past {
    uint32_t older; /* ref of what it replaces; of a chunk also a piece */
    uint32_t bytes; /* of the whole block */
};

struct list_chunk {
    uint64_t first;        /* key: nothing below it is here, except in the first chunk */
    _Atomic(uint32_t) ref; /* of a list; or LISTS_PIECE | the first entry of a piece */
    uint32_t n;            /* entries of the piece */
};

struct list_index {
    struct list_head head;
    uint32_t pieces_of, unused;
    struct list_chunk chunks[];
};

struct lists_touched {
    _Atomic(uint32_t) *where;
    uint32_t old;
};

struct lists {
    struct space *space;      /* borrowed; several lists may share one */
    _Atomic(uint32_t) *entry; /* borrowed: the refs, by node */
    bool values;              /* has each edge a 32-bit value? */
    bool failed;              /* since the commit began */
    uint32_t generation;      /* of the commit under way */
    VEC(struct lists_touched) touched;
    VEC(uint32_t) made, gone;      /* blocks written and replaced in this commit */
    VEC(struct list_chunk) chunks; /* scratch */
};

/* One stretch of a list. */
struct list_span {
    const uint32_t *targets, *values;
    const uint8_t *attrs;
    uint32_t n;
};

struct list_walk {
    struct list_span span;
    const struct lists *lists;
    const struct list_index *index;
    uint32_t at, end; /* chunks */
    uint32_t generation;
};

static inline const struct list_head *list_at(const struct lists *l, uint32_t ref)
{
    return space_at(l->space, ref);
}

static inline const struct list_past *list_past(const struct list_head *h)
{
    return (const struct list_past *)h - 1;
}

static inline void list_span_of(const struct lists *l, const struct list_head *h,
                                struct list_span *ret)
{
    const uint32_t *p = (const uint32_t *)(h + 1);
    ret->n = h->n;
    ret->targets = p;
    ret->values = p + h->n;
    ret->attrs = (const uint8_t *)(p + (l->values ? 2 * (size_t)h->n : h->n));
}

/* The next chunk of the list; false behind the last. */
bool list_more_(struct list_walk *w);
bool list_begin_index_(const struct lists *l, uint32_t generation, const struct list_head *h,
                       struct list_walk *w);

/* Begins to read a list: false if it is empty. Loop: do { w.span } while (list_more(&w)). */
static inline bool list_begin(const struct lists *l, uint32_t generation, uint32_t id,
                              struct list_walk *w)
{
    uint32_t ref = atomic_load_explicit(&l->entry[id], memory_order_acquire);
    const struct list_head *h = list_at(l, ref); /* granule 0 holds an empty list */

    while (PT_UNLIKELY(h->generation > generation))
        h = list_at(l, list_past(h)->older);
    w->at = w->end = 0;
    if (PT_UNLIKELY(h->n & LISTS_INDEX))
        return list_begin_index_(l, generation, h, w);
    list_span_of(l, h, &w->span);
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
    __builtin_prefetch(list_at(l, atomic_load_explicit(&l->entry[id], memory_order_relaxed)));
}

struct list_edit {
    uint32_t target;
    uint32_t value;
    uint8_t attr; /* seg_attr(kind, layer) */
    bool remove;  /* else add, or replace attr and value */
};

/* Begins a commit. */
void lists_start(struct lists *l, uint32_t generation);
/* Changes the list of a node, once in a commit. Edits are strictly ascending by (kind, target).
 * False: memory is short; lists_undo, then. */
bool lists_edit(struct lists *l, uint32_t id, const struct list_edit *edits, uint32_t n);
/* All edits are published: what they replaced is retired. False: memory is short, some blocks are
 * lost until the space is released. */
bool lists_finish(struct lists *l);
/* Takes back all edits since lists_start. */
void lists_undo(struct lists *l);
void lists_release(struct lists *l); /* its scratch memory */

#endif
