/* From definitions to nodes: qualified names, sig hashes, and the node half of a unit.
 *
 * The key of a node is its language, kind and qualified name; its sig hash covers the key, the
 * path of its file, its signature, and (where all of that is the same: branches of an #if, a
 * function defined twice) its place among its twins. Bodies and line numbers never count.
 */
#ifndef PT_INDEX_NODES_H
#define PT_INDEX_NODES_H

#include "base/arena.h"
#include "graph/delta.h"
#include "index/program.h"

/* Fills ret->nodes (one for each def, in the same order) and the file's columns of the unit.
 * Memory comes from `arena`. Any number of threads, each with its own arena. */
int nodes_of_file(struct program *p, uint32_t file, struct arena *arena, struct unit *ret,
                  struct err *err);

#endif
