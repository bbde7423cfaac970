/* The nodes of one distance, brought into order.
 *
 * Private to query/. Reads one pinned view; any thread.
 */
#ifndef PT_QUERY_LEVEL_H
#define PT_QUERY_LEVEL_H

#include "graph/view.h"
#include "query/traverse.h"

/* Sorts what is in the list (of r) from index `first` on as view_before says. Uses the scratch of
 * r. Linear in the number of nodes where ids are in order, or all files' are; besides that, the
 * files among them are sorted by their paths. False: no memory. */
bool level_sort(const struct view *v, struct reach *r, struct reached_list *list, uint32_t first);

#endif
