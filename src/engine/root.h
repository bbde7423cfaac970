/* Which folders are not taken for the root of a tree unless somebody insists: /, the home folder
 * (HOME), and what is above that. They hold more than one project; to index one is mostly a mistake
 * that keeps the disk busy for hours.
 *
 * Any thread; nothing is shared.
 */
#ifndef PT_ENGINE_ROOT_H
#define PT_ENGINE_ROOT_H

#include "base/err.h"

/* PT_EREFUSED: the folder is one of those, however it is spelt: what counts is which folder it is
 * (device and inode), so that links, "..", and other names of a mount make no difference. A folder
 * that cannot be looked at passes: whoever opens it finds out why. */
int root_check(const char *root, struct err *err);

/* The same for whoever wants the graph, and has the tree read only if need be: one that stands for a
 * dump passes, for then it is not read. */
int root_check_graph(const char *root, struct err *err);

#endif
