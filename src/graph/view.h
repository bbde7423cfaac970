/* A view: one immutable version of the whole graph, as readers see it. All questions are answered
 * from a view and nothing else.
 *
 * A pinned view never changes; any number of threads may read it at once without locks. Whoever
 * pinned it unpins it (store.h). All pointers that these calls give are borrowed from the view
 * and die with the pin.
 *
 * Node ids are dense numbers below view_node_count, meaningful within one view only. Order of ids
 * is deterministic: files by path, and within a file the order of its definitions.
 *
 * The struct is visible so that traversals can be compiled into their callers; its fields, and the
 * segments that it is made of, are private to graph/ and store/.
 */
#ifndef PT_GRAPH_VIEW_H
#define PT_GRAPH_VIEW_H

#include "base/attr.h"
#include "base/hash.h"
#include "base/io.h"
#include "base/str.h"
#include "graph/delta.h"
#include "graph/model.h"
#include "graph/segment.h" /* NODE_NONE, struct site */

#include <assert.h>
#include <stdatomic.h>

struct view {
    struct segment seg;
    struct io_map map; /* owned: what seg borrows from, if it does */
    uint64_t generation;
    int64_t as_of_ns;
    /* Of the store that publishes it (store/publish.h). */
    atomic_int_fast64_t pins;
    uint32_t slot;
};

/* A node, decoded: cheap, by value. Strings are borrowed from the view. */
struct node {
    uint64_t sig;
    const char *name, *qualified, *signature;
    uint32_t id;
    uint32_t parent; /* NODE_NONE for files */
    uint32_t file;   /* id of its FILE node (its own for a file) */
    uint32_t line, end_line;
    uint32_t start, end;
    uint32_t doc_start, doc_end;
    uint16_t flags;
    uint8_t kind;
};

struct view_file {
    const char *path, *lang;
    uint32_t node;         /* its FILE node */
    uint32_t first, count; /* its nodes are ids first ... first + count - 1 */
    struct hash128 content;
    uint64_t size;
    int64_t mtime_ns, ctime_ns;
    uint64_t ino;
    uint32_t lines, facts_flags, error_line;
    uint32_t refs_by_layer[LAYER_COUNT];
    uint32_t unresolved[UNRESOLVED_COUNT];
};

/* One edge as met from one of its ends. */
struct edge {
    uint32_t node;     /* the node at the other end */
    uint32_t evidence; /* for view_sites */
    uint8_t kind, layer;
};

/* Iteration over the edges of one node in one direction, sorted by kind, then by the other end's
 * id. `kinds` is a set of EDGE_BIT. Fields are private. */
struct edge_iter {
    const uint32_t *nodes;
    const uint8_t *attrs;
    const uint32_t *edges; /* NULL where the position is the edge */
    uint32_t at, end;
    uint32_t kinds;
    bool mixed; /* are there other kinds in between? */
};

static inline uint64_t view_generation(const struct view *v)
{
    return v->generation;
}

/* Wall clock time of its commit. */
static inline int64_t view_as_of_ns(const struct view *v)
{
    return v->as_of_ns;
}

static inline uint32_t view_node_count(const struct view *v)
{
    return v->seg.n_nodes;
}

static inline uint64_t view_edge_count(const struct view *v)
{
    return v->seg.n_edges;
}

struct node view_node(const struct view *v, uint32_t id); /* id < view_node_count */

static inline const struct seg_node *view_record_(const struct view *v, uint32_t id)
{
    assert(id < v->seg.n_nodes);
    return &v->seg.nodes[id];
}

/* Single columns, for hot loops. */
static inline uint8_t view_kind(const struct view *v, uint32_t id)
{
    return view_record_(v, id)->kind;
}

static inline uint16_t view_flags(const struct view *v, uint32_t id)
{
    return view_record_(v, id)->flags;
}

static inline uint32_t view_parent(const struct view *v, uint32_t id)
{
    return view_record_(v, id)->parent;
}

/* Index of the file. */
static inline uint32_t view_file_of(const struct view *v, uint32_t id)
{
    return view_record_(v, id)->file;
}

static inline uint64_t view_sig(const struct view *v, uint32_t id)
{
    return view_record_(v, id)->sig;
}

static inline const char *view_name(const struct view *v, uint32_t id)
{
    return v->seg.strings + view_record_(v, id)->name;
}

static inline const char *view_qualified(const struct view *v, uint32_t id)
{
    return v->seg.strings + view_record_(v, id)->qualified;
}

/* The path of a file. */
static inline const char *view_path(const struct view *v, uint32_t index)
{
    assert(index < v->seg.n_files);
    return v->seg.strings + v->seg.files[index].path;
}

static inline uint32_t view_file_count(const struct view *v)
{
    return v->seg.n_files;
}

struct view_file view_file(const struct view *v, uint32_t index);
/* Index of the file with this path, or NODE_NONE. */
uint32_t view_find_file(const struct view *v, const char *path);
uint32_t view_find_sig(const struct view *v, uint64_t sig); /* node id or NODE_NONE */

static inline bool edge_iter_has_(const struct edge_iter *it, uint32_t i)
{
    return it->kinds >> seg_attr_kind(it->attrs[i]) & 1;
}

/* Lists longer than this are trimmed by binary search. */
#define VIEW_SHORT_LIST 32u
void edge_iter_trim_long_(struct edge_iter *it);

/* in: edges that end at the node (edge.node is where they start); else those that start there. */
static inline void view_edges(const struct view *v, uint32_t id, bool in, uint32_t kinds,
                              struct edge_iter *ret)
{
    const struct segment *s = &v->seg;
    const uint32_t *start = in ? s->in_start : s->out_start;

    assert(id < s->n_nodes);
    ret->nodes = in ? s->in_node : s->out_node;
    ret->attrs = in ? s->in_attr : s->out_attr;
    ret->edges = in ? s->in_edge : NULL;
    ret->at = start[id];
    ret->end = start[id + 1];
    ret->kinds = kinds;
    ret->mixed = false;
    /* Lists are sorted by kind: mostly, what is wanted follows itself, and then a loop that looks
     * at nodes alone need not look at kinds. */
    if (PT_UNLIKELY(ret->end - ret->at > VIEW_SHORT_LIST))
        edge_iter_trim_long_(ret);
    while (ret->at < ret->end && !edge_iter_has_(ret, ret->at))
        ret->at++;
    while (ret->at < ret->end && !edge_iter_has_(ret, ret->end - 1))
        ret->end--;
    if (ret->at < ret->end) {
        unsigned first = seg_attr_kind(ret->attrs[ret->at]);
        unsigned last = seg_attr_kind(ret->attrs[ret->end - 1]);
        ret->mixed = (~kinds & ((2u << last) - (1u << first))) != 0;
    }
}

static inline bool view_next(struct edge_iter *it, struct edge *ret)
{
    uint32_t i;

    if (PT_UNLIKELY(it->mixed))
        while (it->at < it->end && !edge_iter_has_(it, it->at))
            it->at++;
    if (it->at >= it->end)
        return false;
    i = it->at++;
    ret->node = it->nodes[i];
    ret->evidence = it->edges ? it->edges[i] : i;
    ret->kind = seg_attr_kind(it->attrs[i]);
    ret->layer = seg_attr_layer(it->attrs[i]);
    return true;
}

/* The sites of an edge, sorted by file and line; at least one for edges that have any. */
uint32_t view_sites(const struct view *v, uint32_t evidence, const struct site **ret);

/* Names (graph/names.c). Ids of all nodes whose bare name is exactly `name`, in id order. */
uint32_t view_named(const struct view *v, const char *name, size_t n, const uint32_t **ret);
/* All distinct bare names in byte order: rank -> name; the first rank not below a prefix. */
uint32_t view_name_count(const struct view *v);
const char *view_name_at(const struct view *v, uint32_t rank, const uint32_t **ret_ids,
                         uint32_t *ret_n);
uint32_t view_name_lower_bound(const struct view *v, const char *prefix, size_t n);

/* The canonical dump (graph/canon.c describes its lines): sorted text that says all of the graph and
 * nothing of how it is stored; equal graphs give equal bytes. Streams through `sink`, which
 * returns false to stop. False if it was stopped, or if memory was short. */
typedef bool (*view_sink)(void *ctx, const char *p, size_t n);
bool view_dump(const struct view *v, view_sink sink, void *ctx);

/* Hash over the canonical contents: equal trees have equal roots on any machine. */
struct hash128 view_root(const struct view *v);

/* Bytes that it holds in memory or has mapped, for accounting. */
size_t view_bytes(const struct view *v);

/* ---- for stores ---- */

/* Takes over the segment, and the mapping that it borrows from (NULL: none), and leaves them
 * empty; on failure (PT_ENOMEM) they stay with the caller. */
int view_new(struct segment *seg, struct io_map *map, uint64_t generation, int64_t as_of_ns,
             struct view **ret, struct err *err);
void view_free(struct view *v); /* takes NULL */

#endif
