/* A view: one immutable version of the whole graph, as readers see it. All questions are answered
 * from a view and nothing else.
 *
 * A pinned view (live.h, store.h) never changes, whatever commits do; it may be read by any number
 * of threads at once, without locks. All pointers that these calls give are good for as long as
 * the pin.
 *
 * Ids of nodes and files are numbers below view_node_limit and view_file_limit. Some of them are of
 * nothing that is in the view: those who go through all ids ask view_has_node. A node keeps its id
 * from view to view, as long as the graph is open.
 *
 * Ids depend on what the graph has gone through. What does not is the order of nodes that
 * view_before gives: files by path, and within a file the order of its definitions. Whatever is
 * shown is in that order where nothing else decides.
 */
#ifndef PT_GRAPH_VIEW_H
#define PT_GRAPH_VIEW_H

#include "base/attr.h"
#include "base/hash.h"
#include "base/str.h"
#include "base/vec.h"
#include "graph/live.h"
#include "graph/model.h"

#include <assert.h>

/* A node, decoded: cheap, by value. Its name is borrowed from the view. */
struct node {
    uint64_t sig;
    const char *name;
    uint32_t id;
    uint32_t parent; /* NODE_NONE for files */
    uint32_t file;   /* id of the file */
    uint32_t line, end_line;
    uint32_t start, end;
    uint32_t doc_start, doc_end;
    uint16_t flags;
    uint8_t kind;
};

struct view_file {
    const char *path, *lang;
    const uint32_t *nodes; /* ids of its nodes in their order; the first is its FILE node */
    uint32_t node, n_nodes;
    uint32_t kinds; /* set of 1 << the kinds of its nodes */
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
    uint32_t node; /* the node at the other end */
    uint8_t kind, layer;
};

/* Iteration over the edges of one node in one direction, sorted by kind, then by the other end's
 * id. `kinds` is a set of EDGE_BIT. Fields are private. */
struct edge_iter {
    struct list_walk walk;
    uint32_t at, end;
    uint32_t kinds;
};

struct ids VEC_BODY(uint32_t);

/* ---- the whole ---- */

/* Number of the commit that made it; 0: nothing was ever committed. */
static inline uint64_t view_generation(const struct view *v)
{
    return v->totals->commit;
}

/* Wall clock time of that commit. */
static inline int64_t view_as_of_ns(const struct view *v)
{
    return v->totals->as_of_ns;
}

static inline const struct live_totals *view_totals(const struct view *v)
{
    return v->totals;
}

static inline uint32_t view_node_count(const struct view *v)
{
    return v->totals->n_nodes;
}

static inline uint32_t view_file_count(const struct view *v)
{
    return v->totals->n_files;
}

static inline uint64_t view_edge_count(const struct view *v)
{
    return v->totals->n_edges;
}

/* Ids are below these. */
static inline uint32_t view_node_limit(const struct view *v)
{
    return v->n_nodes;
}

static inline uint32_t view_file_limit(const struct view *v)
{
    return v->n_files;
}

/* ---- nodes ---- */

static inline const struct live_node *view_record_(const struct view *v, uint32_t id)
{
    assert(id < v->n_nodes);
    uint32_t ref = atomic_load_explicit(&v->g->node.at[id], memory_order_acquire);
    return (const struct live_node *)block_seen(&v->g->space, ref, v->generation);
}

/* The other calls want an id of a node that is there. */
static inline bool view_has_node(const struct view *v, uint32_t id)
{
    return id < v->n_nodes && view_record_(v, id)->head.n != 0;
}

struct node view_node(const struct view *v, uint32_t id);

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
    uint32_t parent = view_record_(v, id)->parent;
    return parent != id ? parent : NODE_NONE;
}

/* Id of the file. */
static inline uint32_t view_file_of(const struct view *v, uint32_t id)
{
    return view_record_(v, id)->file;
}

static inline uint64_t view_sig(const struct view *v, uint32_t id)
{
    return view_record_(v, id)->sig;
}

const char *view_name(const struct view *v, uint32_t id);

/* Append the text; to->failed: no memory. */
void view_add_qualified(const struct view *v, uint32_t id, struct buf *to);
void view_add_signature(const struct view *v, uint32_t id, struct buf *to);
/* The text alone, good until `scratch` changes; "" if memory is short, and scratch->failed. */
const char *view_qualified(const struct view *v, uint32_t id, struct buf *scratch);
const char *view_signature(const struct view *v, uint32_t id, struct buf *scratch);
/* The qualified name of the FILE node of a file, borrowed from the view. */
const char *view_module(const struct view *v, uint32_t file);

uint32_t view_find_sig(const struct view *v, uint64_t sig); /* node id or NODE_NONE */

/* ---- files ---- */

bool view_has_file(const struct view *v, uint32_t file);
const char *view_path(const struct view *v, uint32_t file);
struct view_file view_file(const struct view *v, uint32_t file);
/* Id of the file with this path, or NODE_NONE. */
uint32_t view_find_file(const struct view *v, const char *path);

/* ---- order ---- */

bool view_before_(const struct view *v, uint32_t a, uint32_t b);

/* Does node a come before node b? */
static inline bool view_before(const struct view *v, uint32_t a, uint32_t b)
{
    if (PT_LIKELY((a > b ? a : b) < v->nodes_in_order))
        return a < b;
    return view_before_(v, a, b);
}

bool view_file_before(const struct view *v, uint32_t a, uint32_t b);
/* -1, 0, 1 */
int view_compare(const struct view *v, uint32_t a, uint32_t b);
int view_file_compare(const struct view *v, uint32_t a, uint32_t b);

/* Sorts ids of nodes. */
void view_sort(const struct view *v, uint32_t *ids, uint32_t n);

/* Append all files by path, all nodes, the nodes of a set of 1 << kind, in order. The last looks
 * only into files that have such nodes. False: no memory. */
bool view_files(const struct view *v, struct ids *ret);
/* Append the ids of files whose modules may be called `text`, whatever separates its parts: the
 * caller looks. *ret_known = false: it cannot be said without looking at all files. False: no memory. */
static inline bool view_modules_like(const struct view *v, const char *text, size_t n,
                                     struct ids *ret, bool *ret_known)
{
    return modules_find(v->g->modules, v, text, n, ret, ret_known);
}
bool view_nodes(const struct view *v, struct ids *ret);
bool view_nodes_of(const struct view *v, uint32_t kinds, struct ids *ret);

/* ---- edges ---- */

/* Lists longer than this are trimmed by binary search. */
#define VIEW_SHORT_LIST 32u
void edge_iter_trim_(struct edge_iter *it);

static inline void edge_iter_span_(struct edge_iter *it)
{
    it->at = 0;
    it->end = it->walk.span.n;
    if (PT_UNLIKELY(it->end > VIEW_SHORT_LIST))
        edge_iter_trim_(it);
}

/* in: edges that end at the node (edge.node is where they start); else those that start there. */
static inline void view_edges(const struct view *v, uint32_t id, bool in, uint32_t kinds,
                              struct edge_iter *ret)
{
    const struct lists *lists = in ? &v->g->in : &v->g->out;
    assert(id < v->n_nodes);
    list_prefetch(lists, id); /* its second line, while the first is waited for */
    ret->kinds = kinds;
    ret->at = ret->end = 0;
    if (list_begin(lists, v->generation, id, &ret->walk))
        edge_iter_span_(ret);
}

static inline bool view_next(struct edge_iter *it, struct edge *ret)
{
    for (;;) {
        while (it->at < it->end) {
            uint32_t i = it->at++;
            uint8_t attr = it->walk.span.attrs[i];
            if (!(it->kinds >> edge_attr_kind(attr) & 1))
                continue;
            ret->node = it->walk.span.targets[i];
            ret->kind = edge_attr_kind(attr);
            ret->layer = edge_attr_layer(attr);
            return true;
        }
        if (!list_more(&it->walk))
            return false;
        edge_iter_span_(it);
    }
}

/* Fetches ahead what view_edges will read: first the one, some nodes later the other. */
static inline void view_prefetch_entry(const struct view *v, uint32_t id, bool in)
{
    list_prefetch_entry(in ? &v->g->in : &v->g->out, id);
}

static inline void view_prefetch_edges(const struct view *v, uint32_t id, bool in)
{
    list_prefetch(in ? &v->g->in : &v->g->out, id);
}

/* The places where an edge is written, by file id, line and column. 0 if it has none, as CONTAINS,
 * or if there is no such edge. Sites of line 0 say only which other file the edge belongs to. */
uint32_t view_sites(const struct view *v, uint32_t from, uint32_t to, uint8_t kind,
                    const struct site **ret);

/* ---- names ---- */

/* Appends all nodes whose bare name is exactly these bytes, in order. False: no memory. */
bool view_named(const struct view *v, const char *name, size_t n, struct ids *ret);

/* All distinct bare names that begin with some bytes, in the order of their bytes. There may be
 * names that no node of the view bears. Fields are private. */
struct name_iter {
    const struct view *v;
    const char *prefix;
    size_t n;
    uint32_t at, end; /* names in order */
    uint32_t rest;    /* tower */
};

struct name {
    const char *text;
    uint32_t id;
};

void view_names(const struct view *v, const char *prefix, size_t n, struct name_iter *ret);
bool view_next_name(struct name_iter *it, struct name *ret);
/* Appends the nodes that bear the name, in order. False: no memory. */
bool view_bearers(const struct view *v, uint32_t name, struct ids *ret);

/* ---- as a whole ---- */

/* The canonical dump (graph/canon.c describes its lines): sorted text that says all of the graph
 * and nothing of how it is stored; equal graphs give equal bytes. Streams through `sink`, which
 * returns false to stop. False if it was stopped, or if memory was short. */
typedef bool (*view_sink)(void *ctx, const char *p, size_t n);
bool view_dump(const struct view *v, view_sink sink, void *ctx);

#endif
