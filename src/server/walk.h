/* Answers that are walks: nodes within some steps of the one asked about, with the places. */
#ifndef PT_SERVER_WALK_H
#define PT_SERVER_WALK_H

#include "server/methods.h"

struct walk {
    const char *title;      /* of the title "3 callers of X": "of" */
    const char *after;      /* what stands behind the name there, or NULL */
    const char *one, *many; /* what the nodes are called in the totals */
    bool in;                /* against the edges */
    uint32_t kinds;         /* set of EDGE_BIT */
    uint32_t depth;         /* 0: all */
    bool paths;             /* a path for each */
    bool expansions;        /* what uses a macro expands it, and so calls it (with `in`) */
    bool own;               /* of the node itself, not of its members too */
    uint32_t prefer;        /* kinds of nodes that the question makes most sense for */
};

/* From the node that the argument "x" names, or from one that is known. */
int walk_run(struct call *c, struct answer *a, const struct walk *w, struct err *err);
int walk_from(struct call *c, struct answer *a, const struct walk *w, uint32_t node,
              struct err *err);

#endif
