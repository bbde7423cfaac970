/* The live graph: all nodes, edges, files and names, of the newest generation and of those that
 * readers still hold, changed by deltas alone.
 *
 * Ids: a node keeps its id as long as its sig hash is known, also while it is gone; a file keeps
 * its by its path, a name by its text. (Only the graph that succeeds it numbers anew:
 * live_succeed.) So an edit of one file touches nothing of another but lists that really change.
 *
 *   by_sig    sig hash -> node             node[id]  its record (struct live_node)
 *   by_path   hash of the path -> file     in[id], out[id]  its lists; the value of an out entry is
 *   by_name   hash of the name -> name               the block of its sites, 0: the implied one
 *                                          file[id]  its record (struct live_file)
 *                                          named[id] the list of the nodes that bear the name
 *
 * The implied site of an edge has no line, lies in the file of the edge's target, and is of the
 * edge's layer: CONTAINS and its like.
 *
 * What commits write lies in one space and is versioned as commit.h says; maps only grow.
 *
 * Threads: one writer applies; any thread pins and reads. Ownership: the graph owns all; pointers
 * into it are good for as long as the pin.
 */
#ifndef PT_GRAPH_LIVE_H
#define PT_GRAPH_LIVE_H

#include "base/arena.h"
#include "base/io.h"
#include "base/str.h"
#include "graph/delta.h"
#include "graph/idmap.h"
#include "graph/lists.h"
#include "graph/modules.h"
#include "graph/names.h"
#include "graph/pins.h"
#include "graph/words.h"

/* Where an edge is written: one reference. As a number it sorts by file, line and column. Line 0:
 * it has no place in the source, and only belongs to that file. */
struct site {
    uint64_t layer : 2; /* enum layer of this reference; the edge has the surest of all */
    uint64_t last : 1;  /* of its edge */
    uint64_t col : 16;  /* from 1, in bytes */
    uint64_t line : 23; /* from 1 */
    uint64_t file : 22; /* id */
};

_Static_assert(sizeof(struct site) == 8, "one granule");

#define LIVE_FILES_MAX (1u << 22)

/* File, line and column as one number. */
static inline uint64_t site_number(const struct site *s)
{
    return (uint64_t)s->file << 39 | (uint64_t)s->line << 16 | s->col;
}

struct live_node {
    struct block_head head; /* n: 1, or 0 if the node is gone: then only its sig hash follows */
    uint64_t sig;
    uint32_t parent, file; /* ids; the parent of a FILE node is itself */
    uint32_t name;
    uint32_t place; /* in its file: index in ids */
    uint32_t line, start;
    uint16_t lines, bytes; /* end_line - line, end - start; 0 if wide */
    uint16_t flags;
    uint8_t kind;
    uint8_t form; /* of the texts (texts.h), and LIVE_WIDE */
    char rest[];  /* struct live_extent if wide; the texts */
};

#define LIVE_WIDE 16u

/* Where a definition ends, and its documentation. Few nodes have documentation or are so long that
 * their record must be wide. */
struct live_extent {
    uint32_t end_line, end, doc_start, doc_end;
};

_Static_assert(offsetof(struct live_node, rest) == 48, "an extent is aligned");

static inline struct live_extent live_extent(const struct live_node *n)
{
    if (n->form & LIVE_WIDE)
        return *(const struct live_extent *)(const void *)n->rest;
    return (struct live_extent){.end_line = n->line + n->lines, .end = n->start + n->bytes};
}

struct live_file {
    struct block_head head; /* n: 1, or 0 if the file is gone */
    struct hash128 content;
    struct hash128 leaf; /* of all that the file contributes (graph/merkle.h) */
    uint64_t size;
    int64_t mtime_ns, ctime_ns;
    uint64_t ino;
    uint32_t lines, facts_flags, error_line;
    uint32_t kinds; /* set of the kinds of its nodes */
    uint32_t refs_by_layer[LAYER_COUNT];
    uint32_t unresolved[UNRESOLVED_COUNT];
    uint32_t n_nodes, n_foreign;
    uint32_t ids[]; /* its nodes; nodes of other files with edges that have sites here; then, as
                       text, its path and the name of its language */
};

/* What there is, counted. */
struct live_totals {
    struct block_head head;
    uint64_t commit;  /* number of the commit that made this generation, from 1; 0: none */
    int64_t as_of_ns; /* wall clock time of it */
    uint64_t n_edges, lines, bytes;
    uint64_t edges[EDGE_KIND_COUNT];
    uint64_t refs_by_layer[LAYER_COUNT];
    uint64_t unresolved[UNRESOLVED_COUNT];
    uint32_t n_files, n_nodes;
    uint32_t nodes[NODE_KIND_COUNT];
};

/* What a commit is called. */
struct live_stamp {
    uint64_t commit; /* its number; 0: the next one */
    int64_t as_of_ns;
};

struct live_scratch;

struct live {
    struct space space;
    struct commit commit;
    struct pins *pins; /* owned, but if borrows_pins */
    bool borrows_pins;
    struct live *before; /* that it came after, and its first generation (live_succeed) */
    uint32_t first;
    struct lists in, out, names;
    struct words node, in_words, out_words, file, named, text;
    struct idmap by_sig, by_path, by_name;
    _Atomic(uint32_t) totals;           /* ref of struct live_totals */
    _Atomic(uint32_t) n_nodes, n_files; /* ids given out */
    uint32_t n_names;
    /* Ids of nodes, files and names below these are in order (view_before; names by their text). */
    _Atomic(uint32_t) nodes_in_order, files_in_order, names_in_order;
    struct names_rest names_rest; /* the other names */
    struct modules *modules;      /* owned */
    uint32_t generation;          /* the newest; the writer's */
    struct live_scratch *scratch;
    struct io_map image; /* what it was opened from, if anything: the bases of the maps lie in it */
};

/* A pinned generation. graph/view.h answers questions about it. */
struct view {
    const struct live *g;
    const struct live_totals *totals;
    uint32_t generation, slot;
    uint32_t n_nodes, n_files; /* ids below; some may be gone, or not be there yet */
    uint32_t nodes_in_order, files_in_order;
};

int live_new(struct live **ret, struct err *err);
void live_free(struct live *g); /* takes NULL; all must have unpinned */

/* Makes the delta part of the graph and publishes a new generation; on failure nothing changes.
 * PT_EINVAL: it breaks an invariant of delta.h. PT_ELIMIT, PT_ENOMEM. */
int live_apply(struct live *g, const struct delta *d, struct live_stamp stamp, struct err *err);

/* The same in two steps, so that the delta can be made durable between them: what fails fails in
 * live_prepare, and nobody sees anything before live_publish. live_abort takes it back. */
int live_prepare(struct live *g, const struct delta *d, struct live_stamp stamp, struct err *err);
void live_publish(struct live *g);
void live_abort(struct live *g);

/* `g`, which nobody has pinned yet, takes the place of `old`, the newest, and says the same:
 * readers who pin `newest` find it from now on. It goes on with the pins of `old`, and owns them.
 * `old` may be freed when live_is_left says so. */
void live_succeed(struct live *g, struct live *old, _Atomic(struct live *) *newest);
/* Has no reader pinned a generation from before `g`? */
bool live_is_left(const struct live *g);

/* False: too many readers (PINS_MAX). The second: of a graph that others may succeed. */
bool live_pin(struct live *g, struct view *ret);
bool live_pin_newest(_Atomic(struct live *) *newest, struct pins *pins, struct view *ret);
void live_unpin(struct view *v);
/* The generation that live_prepare has made, for the writer, before live_publish. */
void live_peek(struct live *g, struct view *ret);

/* The record, NULL if there is no such node (file) in the view. */
const struct live_node *live_node(const struct view *v, uint32_t id);
const struct live_file *live_file(const struct view *v, uint32_t id);

static inline const char *live_texts(const struct live_node *n)
{
    return n->rest + (n->form & LIVE_WIDE ? sizeof(struct live_extent) : 0);
}

/* Of a file's first node, which alone holds all of its qualified name. */
static inline const char *live_module(const struct live_node *n)
{
    return live_texts(n);
}
const char *live_path(const struct live_file *f);
const char *live_lang(const struct live_file *f);

/* The sites of an out entry (its target, value and attr). Calls back for each; false stops. */
typedef bool (*live_site_fn)(void *ctx, struct site site);
void live_sites(const struct view *v, uint32_t target, uint32_t value, uint8_t attr,
                live_site_fn cb, void *ctx);

/* What the file contributes, as the delta that made it said (edges sorted, each site once). Memory
 * is of the arena. PT_ENOENT: there is no such file. */
int live_unit(const struct view *v, const char *path, struct arena *arena, struct unit *ret,
              struct err *err);

/* The delta that takes `d`, applied to the graph of this view, back. It borrows from the view and
 * from `d`. PT_ENOMEM. */
int live_inverse(const struct view *v, const struct delta *d, struct delta *ret, struct err *err);

size_t live_bytes(const struct live *g);

#endif
