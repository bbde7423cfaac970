/* Walks over the graph: reach, shortest paths. Breadth first, each node once, in order
 * (view_before) within a distance, so that the same tree gives the same results.
 *
 * Reads one pinned view; any thread, a struct reach by one at a time. It is reused from call to
 * call, over any views, and then does not allocate. Its scratch is got and cleared in time
 * proportional to what is visited, whatever the size of the graph.
 * Errors: PT_ENOMEM; the reach is then empty, and may be used again.
 */
#ifndef PT_QUERY_TRAVERSE_H
#define PT_QUERY_TRAVERSE_H

#include "base/vec.h"
#include "graph/view.h"
#include "query/marks.h"

struct reach_options {
    bool in;            /* against the edges: who reaches the start */
    bool no_tests;      /* do not step onto nodes that are test code */
    bool candidates;    /* follow LAYER_CANDIDATE edges too */
    bool expansions;    /* with `in`: from a macro also to what uses it, for that expands it */
    uint32_t kinds;     /* set of EDGE_BIT */
    uint32_t max_depth; /* 0: no limit */
    uint32_t max_nodes; /* 0: no limit; beyond it `truncated` is set. Starts count too. Of the
                           last distance the first nodes are kept */
    /* A change of a member changes its container for those who use the container, and a container's
     * change its members: with this, DEFINES/CONTAINS are followed from a start that is a type,
     * impl, module or file to all that is in it, and from a type to its impl blocks and to aliases
     * that are only another word for it (distance 0), before the walk. */
    bool from_members;
    /* query_reach leaves the nodes of a distance in the order they were met, which depends on the
     * history of the graph, as do then what max_nodes keeps and what the nodes were reached from: a
     * third to a half less time. */
    bool unsorted;
};

struct reached {
    uint32_t node;
    uint32_t distance;   /* 0 for starts and their members */
    uint32_t via;        /* index in `nodes` of the one it was reached from, itself for starts */
    uint8_t kind, layer; /* of the edge between the two, which goes from `via` to it, or against
                            it with `in` (but to members, at distance 0, always to it). Starts, impl blocks and aliases have no edge: for the
                            last two it is as if their type DEFINES them */
    bool edge;           /* is there that edge? */
};

struct reached_list VEC_BODY(struct reached);

/* Nodes of one file, one behind another. */
struct reach_run {
    uint32_t file, first, n;
};

struct reach {
    struct reached_list nodes; /* in order of distance; starts first, as given, then members */
    bool truncated;
    /* scratch */
    struct marks marks; /* MARK_FRONT: among nodes; MARK_BACK: in `back` */
    VEC(uint64_t) keys;
    VEC(struct reach_run) runs;
    struct reached_list back, spare;
};

void reach_init(struct reach *r);
void reach_release(struct reach *r); /* leaves an empty, usable reach */

/* The nodes that can be walked to from `starts` (duplicates count once). Tests among the starts
 * are walked from all the same. */
int query_reach(const struct view *v, const uint32_t *starts, uint32_t n_starts,
                const struct reach_options *options, struct reach *ret, struct err *err);

/* A shortest path from a to b along `kinds`: nodes[0] is a, the last is b, each with the edge that
 * leads to it from the one before (from it to that one, with `in`). Of several shortest paths it
 * is the same for the same tree. Empty if there is none, or if max_nodes were visited before one
 * was found (`truncated`). Searched from both ends. With from_members it may begin with steps into
 * a and end at a member of b. */
int query_path(const struct view *v, uint32_t a, uint32_t b, const struct reach_options *options,
               struct reach *ret, struct err *err);

#endif
