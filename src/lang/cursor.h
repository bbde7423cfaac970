/* Steps over the nodes of a syntax tree in the order of the source, each with all that extraction asks
 * about every node.
 *
 * It gives what a TSTreeCursor gives, for a quarter of the work: that one looks up the aliases and
 * fields of a parent again for each child, and counts the nodes that it has passed. For this it reads
 * the trees of tree-sitter as they lie in memory, with the library's own headers of the same version;
 * tests/unit/lang/test_cursor.c compares it with TSTreeCursor.
 *
 * Threads: a cursor belongs to one at a time. Errors: cursor_failed.
 */
#ifndef PT_LANG_CURSOR_H
#define PT_LANG_CURSOR_H

#include <stdbool.h>
#include <stdint.h>
#include <tree_sitter/api.h>

struct cursor;

struct cursor_at {
    TSNode node;
    TSSymbol symbol;
    TSFieldId field; /* of the node in its parent, 0 if none */
    bool named;
};

struct cursor *cursor_new(void);    /* NULL: out of memory */
void cursor_free(struct cursor *c); /* takes NULL */

/* Begins at the root of the tree, which must stay; any walk before is forgotten. */
void cursor_start(struct cursor *c, const TSTree *tree, struct cursor_at *ret);

/* From the node that was given last to its first child. False: it has none; `at` is untouched, and
 * cursor_next goes on from that node. */
bool cursor_down(struct cursor *c, struct cursor_at *at);

/* To the next child of the same parent. False: there is none; then cursor_up. */
bool cursor_next(struct cursor *c, struct cursor_at *ret);

/* Back from the children of a node to the node, whose next sibling comes next. */
void cursor_up(struct cursor *c);

/* Was there no memory since the start? Then some children were not given. */
bool cursor_failed(const struct cursor *c);

#endif
