/*
 * Small graphs from text, for tests:
 *
 *	file a.c lines 90
 *	struct a.c::S exported; field a.c::S.x
 *	fn a.c::f line 10 end 20; fn a.c::g
 *	f -> g calls 12; f -> S uses 13; g -> f calls candidate
 *
 * Statements end with a newline or ";". Lines that begin with "//" say nothing.
 *
 *  file PATH [as MODULE] [sep SEP] [lang L] [lines N] [test]
 *      A file; one that is not declared is made when it is first mentioned. MODULE is what the
 *      qualified names of its definitions begin with (default: PATH), SEP (default "::") what
 *      stands behind it.
 *  KIND PATH::QUALIFIED [line N] [end N] [FLAG...] [= ALIAS]
 *      A definition. KIND is the name of a node kind, or fn. Its parent is the definition of that
 *      file whose QUALIFIED, with "::" or "." behind it, is the longest prefix of its own (the
 *      last such); the rest is its bare name. FLAG: test, exported, declaration, external, conditional. Line:
 *      default 1; end: default the line.
 *  A -> B EDGE [LINE] [LAYER] [in PATH]
 *      An edge, whose site is in that file (default: of A). A and B are aliases, else PATH::QUALIFIED, else
 *      PATH of a file, else a QUALIFIED, else bare names; whatever matches first must be alone.
 *
 * Containment comes by itself. Words are separated by blanks; a word in `...` may hold blanks and
 * semicolons. A mistake in the text aborts. Nodes of a file have ids in the order of the text.
 */
#ifndef PT_TESTS_SUPPORT_GRAPH_BUILDER_H
#define PT_TESTS_SUPPORT_GRAPH_BUILDER_H

#include "store/store.h"

struct graph {
    struct store *store;
    struct view view;     /* pinned */
    const struct view *v; /* that */
    void *priv;
};

struct graph *graph_of(const char *text);
void graph_free(struct graph *g);

/* The node that A names, as in an edge. */
uint32_t graph_id(const struct graph *g, const char *a);

#endif
