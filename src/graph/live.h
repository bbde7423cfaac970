/* The live graph: all nodes, edges, files and names, of the newest generation and of those that
 * readers still hold, changed by deltas alone.
 *
 * Ids: a node keeps its id as long as its sig hash is known, also while it is gone; a file keeps its
 * by its path, a name by its text. So an edit of one file touches nothing of another but lists that
 * really change.
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
#include "graph/pins.h"
#include "graph/words.h"

/* 8 bytes. As a number it sorts by file, line and column. What does not fit is cut. */
struct live_site {
    uint64_t layer : 2;
    uint64_t last : 1; /* of its edge */
    uint64_t col : 15;
    uint64_t line : 24;
    uint64_t file : 22;
};

_Static_assert(sizeof(struct live_site) == 8, "one granule");

#define LIVE_FILES_MAX (1u << 22)

struct live_node {
    struct block_head head; /* n: 1, or 0 if the node is gone: then only its sig hash follows */
    uint64_t sig;
    uint32_t parent, file; /* ids; the parent of a FILE node is itself */
    uint32_t name;
    uint32_t line, end_line, start, end, doc_start, doc_end;
    uint16_t flags;
    uint8_t kind, unused;
    char strings[]; /* qualified name, signature */
};

struct live_file {
    struct block_head head; /* n: 1, or 0 if the file is gone */
    struct hash128 content;
    uint64_t size;
    int64_t mtime_ns, ctime_ns;
    uint64_t ino;
    uint32_t lines, facts_flags, error_line;
    uint32_t refs_by_layer[LAYER_COUNT];
    uint32_t unresolved[UNRESOLVED_COUNT];
    uint32_t n_nodes, n_foreign;
    uint32_t ids[]; /* its nodes; nodes of other files with edges that have sites here; then, as
                       text, its path and the name of its language */
};

struct live_scratch;

struct live {
    struct space space;
    struct commit commit;
    struct pins pins;
    struct lists in, out, names;
    struct words node, in_words, out_words, file, named, text;
    struct idmap by_sig, by_path, by_name;
    _Atomic(uint32_t) n_nodes, n_files; /* ids given out */
    uint32_t n_names;
    uint32_t generation; /* the newest; the writer's */
    struct live_scratch *scratch;
    struct io_map image; /* what it was opened from, if anything: the bases of the maps lie in it */
};

struct live_view {
    const struct live *g;
    uint32_t generation, slot;
    uint32_t n_nodes, n_files; /* ids below; some may be gone, or not be there yet */
};

int live_new(struct live **ret, struct err *err);
void live_free(struct live *g); /* takes NULL; all must have unpinned */

/* Makes the delta part of the graph and publishes a new generation; on failure nothing changes.
 * PT_EINVAL: it breaks an invariant of delta.h. PT_ELIMIT, PT_ENOMEM. */
int live_apply(struct live *g, const struct delta *d, struct err *err);

/* The same in two steps, so that the delta can be made durable between them: what fails fails in
 * live_prepare, and nobody sees anything before live_publish. live_abort takes it back. */
int live_prepare(struct live *g, const struct delta *d, struct err *err);
void live_publish(struct live *g);
void live_abort(struct live *g);

/* False: too many readers (PINS_MAX). */
bool live_pin(struct live *g, struct live_view *ret);
void live_unpin(struct live *g, struct live_view *v);

/* The record, NULL if there is no such node (file) in the view. */
const struct live_node *live_node(const struct live_view *v, uint32_t id);
const struct live_file *live_file(const struct live_view *v, uint32_t id);
uint32_t live_find_sig(const struct live_view *v, uint64_t sig); /* ID_NONE */
uint32_t live_find_path(const struct live_view *v, const char *path);

static inline const char *live_qualified(const struct live_node *n)
{
    return n->strings;
}
const char *live_signature(const struct live_node *n);
const char *live_name(const struct live_view *v, const struct live_node *n);
const char *live_path(const struct live_file *f);
const char *live_lang(const struct live_file *f);

/* Nodes of that bare name, to read with list_more. False: there are none. */
bool live_named(const struct live_view *v, const char *name, size_t n, struct list_walk *ret);

/* The sites of an out entry (its target, value and attr). Calls back for each; false stops. */
typedef bool (*live_site_fn)(void *ctx, struct live_site site);
void live_sites(const struct live_view *v, uint32_t target, uint32_t value, uint8_t attr,
                live_site_fn cb, void *ctx);

/* What the file contributes, as the delta that made it said (edges sorted, each site once). Memory
 * is of the arena. PT_ENOENT: there is no such file. */
int live_unit(const struct live_view *v, const char *path, struct arena *arena, struct unit *ret,
              struct err *err);

/* The delta that takes `d`, applied to the graph of this view, back. It borrows from the view and
 * from `d`. PT_ENOMEM. */
int live_inverse(const struct live_view *v, const struct delta *d, struct delta *ret,
                 struct err *err);

size_t live_bytes(const struct live *g);

#endif
