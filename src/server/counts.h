/* What a graph holds, in numbers: for the summary of index and for stats. */
#ifndef PT_SERVER_COUNTS_H
#define PT_SERVER_COUNTS_H

#include "graph/view.h"
#include "server/answer.h"

/* Adds files, lines, bytes, nodes, edges, references, unresolved, candidate_sets to the root. */
void counts_of_view(struct answer *a, const struct view *v);

#endif
