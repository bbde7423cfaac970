/* A delta: the change that one commit makes to the graph, and the only way to change it.
 *
 * It is a list of units. A unit is all that one file contributes: its nodes, and the edges whose
 * site lies in it. Applying a delta replaces, for each of its units, what that file contributed
 * before; a unit with `removed` set leaves nothing. The inverse of a delta is the list of the
 * units that it replaced.
 *
 * Nodes are named by their sig hash, so a unit does not depend on the numbering of any graph.
 * An edge may start at a node of another file (an impl block for a type that lives elsewhere);
 * it still belongs to the file of its site.
 *
 * Invariants:
 *  D1  no two units have the same path; units are sorted by path (bytes);
 *  D2  a unit's nodes[0] is its FILE node; the parent of every other node is an earlier one;
 *  D3  no two nodes of the resulting graph have the same sig hash;
 *  D4  both ends of every edge exist in the resulting graph;
 *  D5  the edges of a unit are strictly ascending by from, kind, to, line and column, so that the
 *      same contribution is the same unit; no line is above UNIT_LINE_MAX.
 *
 * A delta is built by one thread and immutable afterwards. It owns its memory (delta_release).
 */
#ifndef PT_GRAPH_DELTA_H
#define PT_GRAPH_DELTA_H

#include "base/arena.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/vec.h"
#include "graph/model.h"

#include <stddef.h>
#include <stdint.h>

struct unit_node {
    uint64_t sig;     /* sig hash: of language, kind, qualified name, file, signature, ordinal */
    uint32_t parent;  /* index in the unit; 0 for the FILE node itself and its children */
    const char *name; /* bare; borrowed from the delta's arena, as all strings here */
    const char *qualified;
    const char *signature;       /* one line; "" if there is none */
    uint32_t line, end_line;     /* from 1; of the name, and of the last line */
    uint32_t start, end;         /* bytes of the whole definition in its file */
    uint32_t doc_start, doc_end; /* bytes of its documentation, equal if none */
    uint16_t flags;              /* enum node_flag */
    uint8_t kind;                /* enum node_kind */
};

/* Lines of sites; whoever makes a unit cuts what is larger. */
#define UNIT_LINE_MAX ((1u << 23) - 1)

/* One reference. Several of the same ends and kind become one edge with several sites, of the
 * surest layer among them. */
struct unit_edge {
    uint64_t from, to; /* sig hashes */
    uint32_t line;     /* of the site, in the unit's file; 0 if the edge has no site (CONTAINS) */
    uint16_t col;      /* from 1, in bytes */
    uint8_t kind;      /* enum edge_kind */
    uint8_t layer;     /* enum layer */
};

/* References that became no edge, by what stands in the way. */
enum unresolved {
    UNRESOLVED_EXTERNAL, /* means something outside of the tree (library, builtin) */
    UNRESOLVED_DYNAMIC,  /* through a value: function pointer, callback, subscript */
    UNRESOLVED_UNKNOWN,  /* nothing is known of the receiver, or of the name */
    UNRESOLVED_COUNT
};

struct unit {
    const char *path; /* relative to the root of the workspace */
    const char *lang; /* name of the language */
    bool removed;
    struct hash128 content;
    uint64_t size;
    int64_t mtime_ns, ctime_ns;
    uint64_t ino;
    uint32_t lines;
    uint32_t facts_flags; /* enum facts_flag of lang/: errors, truncated, test */
    uint32_t error_line;
    uint32_t refs_by_layer[LAYER_COUNT]; /* references resolved, by layer */
    uint32_t unresolved[UNRESOLVED_COUNT];
    uint32_t n_nodes, n_edges;
    const struct unit_node *nodes;
    const struct unit_edge *edges;
};

struct delta {
    struct arena arena;     /* owned: strings, nodes, edges; more arenas may be chained to it */
    VEC(struct arena) more; /* owned: arenas that workers filled */
    VEC(struct unit) units;
    bool replace_all; /* files that it does not name are removed */
};

void delta_init(struct delta *d);
void delta_release(struct delta *d);

/* PT_EINVAL, naming invariant and unit, unless D1, D2 and D5 hold (D3 and D4 need the graph). */
int delta_check(const struct delta *d, struct err *err);

/* The same of n units that come behind the path `before` (NULL: they are the first). */
int units_check(const struct unit *units, uint32_t n, const char *before, struct err *err);

/* All units of a graph, in the order of D1, a piece at a time, so that nobody needs memory for all
 * of them at once. They can be had several times, and are the same each time. */
struct unit_source {
    void *ctx;
    /* From the first unit on, again; with their edges, or (n_edges 0) without. */
    int (*begin)(void *ctx, bool edges, struct err *err);
    /* The next piece, borrowed until the next call of either. *ret_n is 0 behind the last one. */
    int (*next)(void *ctx, const struct unit **ret, uint32_t *ret_n, struct err *err);
};

/* The units of a delta that are not `removed`, so many a piece. */
struct delta_source {
    const struct delta *delta; /* borrowed */
    uint32_t at, piece;
    bool edges;
    VEC(struct unit) units; /* owned: of the piece */
};

struct unit_source delta_source(const struct delta *d, uint32_t piece, struct delta_source *state);
void delta_source_release(struct delta_source *state);

/* Brings edges into the order of D5; of several of the same place the surest stays. Returns how
 * many are left. */
uint32_t unit_edges_sort(struct unit_edge *edges, uint32_t n);

#endif
