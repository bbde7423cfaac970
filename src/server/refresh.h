/* Freshness: a question about a tree that has changed is answered from a graph that knows it.
 *
 * One thread at a time for a workspace. Errors as those of workspace_index, with what the user can
 * do about them.
 */
#ifndef PT_SERVER_REFRESH_H
#define PT_SERVER_REFRESH_H

#include "server/methods.h"

/* Compares the graph with the tree and indexes again if they differ, unless the call says
 * no_refresh: *ret_stale then counts the files that differ (else 0). Another process that is
 * indexing the same tree is waited for. */
int refresh(struct call *c, struct answer *a, uint32_t *ret_stale, struct err *err);

/* Indexes the tree; a graph that another process wrote in the meantime is read first. */
int refresh_index(struct call *c, struct pipeline_report *ret_report, struct err *err);

#endif
