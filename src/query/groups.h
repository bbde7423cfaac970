/* The graph at a level of detail: nodes that belong together are one group, and edges between
 * nodes are edges between their groups.
 *
 * Private to query/. Reads one pinned view; any thread.
 */
#ifndef PT_QUERY_GROUPS_H
#define PT_QUERY_GROUPS_H

#include "base/vec.h"
#include "graph/view.h"
#include "query/cycles.h"

struct groups {
    const struct view *v;
    uint32_t kinds; /* edges that count */
    bool no_tests;
    uint32_t n;         /* groups, in the order of the nodes that stand for them */
    uint32_t *rep;      /* owned; group -> the node that stands for it */
    uint32_t *group_of; /* owned; node -> group, NODE_NONE if in none */
    uint32_t *first;    /* owned; group -> where its nodes begin in `nodes`; n + 1 entries */
    uint32_t *nodes;    /* owned; by group, then in order (view_before) */
    uint32_t *start;    /* owned; group -> where its targets begin in `to`; n + 1 entries */
    VEC(uint32_t) to;   /* distinct groups other than itself, ascending */
    bool *loops;        /* owned; is there an edge from a node of the group to that same node? */
};

/* False: no memory. groups_release either way. */
bool groups_init(struct groups *g, const struct view *v, enum cycle_level level, bool no_tests);
void groups_release(struct groups *g);

/* The surest edge, then the first, from a node of one group to one of another (or, for a group and
 * itself, to the same node). Edges of one node come by kind, then in the order of their other ends.
 * Returns where it starts; NODE_NONE if there is none. */
uint32_t groups_edge(const struct groups *g, uint32_t from, uint32_t to, struct edge *ret);

#endif
