/* What a graph holds, in numbers: for the summary of index and for stats. */
#ifndef PT_SERVER_COUNTS_H
#define PT_SERVER_COUNTS_H

#include "graph/view.h"
#include "server/answer.h"

struct counts {
    uint64_t lines, bytes;
    uint32_t nodes[NODE_KIND_COUNT];
    uint64_t edges[EDGE_KIND_COUNT];
    uint64_t layers[LAYER_COUNT]; /* references resolved */
    uint64_t unresolved[UNRESOLVED_COUNT];
};

void counts_read(const struct view *v, struct counts *ret);

/* Adds files, lines, bytes, nodes, edges, references, unresolved, candidate_sets to the root. */
void counts_of_view(struct answer *a, const struct view *v);

#endif
