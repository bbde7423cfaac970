/* Syntax trees of files that were edited lately, so that the next edit of one parses only what it
 * changed (Wagner, "Practical Algorithms for Incremental Software Development Environments", 1998;
 * tree-sitter does it).
 *
 * A tree is kept only if it has no errors: then there is one way to parse the text, and an
 * incremental parse finds the tree that parsing the whole text finds. Where there are errors,
 * recovery may hang on what was reused; such files are parsed as a whole. tests/unit/lang tries to
 * refute that.
 *
 * Bounded: the trees that were not used longest go first. Threads: any; a tree that was taken is
 * the taker's.
 */
#ifndef PT_LANG_TREES_H
#define PT_LANG_TREES_H

#include "base/err.h"
#include "base/str.h"

#include <stddef.h>
#include <stdint.h>
#include <tree_sitter/api.h>

#define TREES_MAX 64u

struct trees;

/* max_bytes: of texts and trees, as estimated. */
int trees_new(size_t max_bytes, struct trees **ret, struct err *err);
void trees_free(struct trees *t); /* takes NULL */

/* Lets go of all. */
void trees_clear(struct trees *t);

/* The tree of that file, changed (ts_tree_edit) to fit `text`, for ts_parser_parse; NULL: there is
 * none. Who takes it deletes it. */
TSTree *trees_take(struct trees *t, unsigned lang, const char *path, struct slice text);

/* Keeps the tree (which is taken over) of this text (copied). */
void trees_put(struct trees *t, unsigned lang, const char *path, struct slice text, TSTree *tree);

#endif
