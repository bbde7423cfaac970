/* What the files of a workspace's life share: opening and indexing it (workspace.c), and following
 * its tree (follow.c). */
#ifndef PT_ENGINE_WORKSPACE_INTERNAL_H
#define PT_ENGINE_WORKSPACE_INTERNAL_H

#include "base/arena.h"
#include "engine/workspace.h"

#include <stdatomic.h>

struct follower;

struct workspace {
    struct arena arena;
    const char *root;
    const char *state;
    struct durable *store; /* NULL: none is open */
    /* What the graph stands for, as the file "origin" says; told anew by the follower's thread. */
    _Atomic(bool) from_dump; /* a dump, not the tree */
    _Atomic(bool) no_ignore; /* the tree without a look at its ignore files */
    _Atomic(bool)
        foreign; /* made by other sources of this program: what they understood may differ */
    struct follower *follower; /* owned; NULL: nobody follows the tree */
};

/* Where the state of the tree at root (without links) is kept; appended to what `ret` holds. */
int workspace_state_path(const char *root, struct buf *ret, struct err *err);

/* The lock that who writes the state holds; io_close gives it back. */
int workspace_lock(const struct workspace *w, int *ret, struct err *err);
int workspace_open_to_read(struct workspace *w, struct err *err);

/* The graph stands for the tree, as this program understands it. */
int workspace_told(struct workspace *w, bool no_ignore, struct err *err);

/* Lets the follower finish what it is at, and ends it. */
void follow_stop(struct workspace *w);

#endif
