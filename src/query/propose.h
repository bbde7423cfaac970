/* What somebody may have meant who named nothing.
 *
 * Private to query/. Reads one pinned view; any thread. Walks once over the distinct names.
 */
#ifndef PT_QUERY_PROPOSE_H
#define PT_QUERY_PROPOSE_H

#include "graph/view.h"
#include "query/find.h"
#include "query/parts.h"

/* The cut name: its last part is compared with the bare names, the others tell namesakes apart.
 * Fills ret with FIND_CLOSE and at most FIND_PROPOSALS nodes. False: no memory. */
bool propose(const struct view *v, const struct parts *name, uint32_t kinds, struct found *ret);

/* The definitions before and behind a line of a file that is in none, the next one first. */
bool propose_around(const struct view *v, uint32_t file, uint32_t line, uint32_t kinds,
                    struct found *ret);

#endif
