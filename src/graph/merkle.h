/* The Merkle tree over what a graph says: leaf (a file) -> folder -> root.
 *
 * The leaf of a file covers all that it contributes (a unit of delta.h) but its times and inode:
 * its path, language and content, its nodes, and the edges whose sites lie in it. So equal trees
 * have equal roots, on any machine and after any history, and two replicas find where they differ
 * by walking down. (Merkle, "A digital signature based on a conventional encryption function",
 * CRYPTO 1987; here with XXH3-128, which finds damage and difference, not forgery.)
 *
 * Threads: any, with a pinned view.
 */
#ifndef PT_GRAPH_MERKLE_H
#define PT_GRAPH_MERKLE_H

#include "base/hash.h"
#include "graph/delta.h"

struct view;

/* Of a unit that is not `removed`, which delta_check has passed. */
struct hash128 merkle_leaf(const struct unit *u);

/* The root of the tree whose leaves the files' records hold. False: no memory. */
bool view_root(const struct view *v, struct hash128 *ret);

#endif
