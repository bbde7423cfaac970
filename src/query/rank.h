/* What stands out: most depended-on nodes, largest modules.
 *
 * Reads one pinned view; any thread.
 */
#ifndef PT_QUERY_RANK_H
#define PT_QUERY_RANK_H

#include "base/vec.h"
#include "graph/view.h"

struct ranked {
    uint32_t node;
    uint64_t value;
};

struct ranking {
    VEC(struct ranked) list; /* greatest first, then in order (view_before) */
};

/* Nodes by the number of distinct nodes that depend on them directly (EDGE_BLAST, not from within
 * themselves, tests not counted). */
int query_most_depended(const struct view *v, uint32_t limit, struct ranking *ret, struct err *err);
/* Modules (files, or the folders that are packages) by lines. */
int query_largest(const struct view *v, uint32_t limit, struct ranking *ret, struct err *err);
void ranking_release(struct ranking *r);

#endif
