/* Files by the names of their modules, for questions that name one: an index beside the graph that
 * the first reader makes who wants it, and that holds until a commit brings, takes or renames a file.
 *
 * It is a filter: it gives files whose module may be called so, whatever separates its parts ("a.b",
 * "a::b" and "a/b" are one), and the caller looks. Pinned views that are older than the last change of
 * modules do not use it.
 *
 * Threads: readers, any (a lock, held while one is looked up or the index is made); the writer tells
 * of changes, without it. Memory: 16 bytes a file.
 */
#ifndef PT_GRAPH_MODULES_H
#define PT_GRAPH_MODULES_H

#include "base/vec.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct view;
struct ids;
struct modules;

struct modules *modules_new(void); /* NULL: no memory */
void modules_free(struct modules *m);

/* A commit that will be of this generation, and is about to be published, has changed some. */
void modules_changed(struct modules *m, uint32_t generation);

/* Appends the ids of the files of the view whose modules may be called `text` (n bytes).
 * *ret_known = false: it cannot say, for the view is older than the last change; look at all files.
 * False: no memory. */
bool modules_find(struct modules *m, const struct view *v, const char *text, size_t n,
                  struct ids *ret, bool *ret_known);

#endif
