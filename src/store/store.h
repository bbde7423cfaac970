/* A store keeps one workspace's graph: it applies deltas and hands out views.
 *
 * One small table of functions; each kind of store is one file that fills it and passes the one
 * suite that all stores run (tests/unit/store). Callers use the store_* functions below.
 *
 * Threads: apply, close and destroy by the one writer of the workspace; pin and unpin by any
 * thread. After a failed apply the graph is as before.
 */
#ifndef PT_STORE_STORE_H
#define PT_STORE_STORE_H

#include "base/err.h"
#include "base/str.h"
#include "graph/delta.h"
#include "graph/view.h"

struct store;

struct store_ops {
    const char *name;
    /* Makes delta part of the graph, durable before it returns, and publishes a new view.
     * PT_EINVAL if the delta breaks an invariant; PT_ENOSPC, PT_EIO: nothing changed. */
    int (*apply)(struct store *s, const struct delta *delta, struct err *err);
    /* The newest view; the caller unpins it. Never fails and never blocks. */
    const struct view *(*pin)(struct store *s);
    void (*unpin)(struct store *s, const struct view *v);
    /* Writes out what is not on disk yet, closes and frees. Takes NULL. */
    void (*close)(struct store *s);
};

struct store {
    const struct store_ops *ops;
};

static inline int store_apply(struct store *s, const struct delta *delta, struct err *err)
{
    return s->ops->apply(s, delta, err);
}

static inline const struct view *store_pin(struct store *s)
{
    return s->ops->pin(s);
}

static inline void store_unpin(struct store *s, const struct view *v)
{
    s->ops->unpin(s, v);
}

static inline void store_close(struct store *s)
{
    if (s != NULL)
        s->ops->close(s);
}

/* The snapshot store: one immutable segment in memory, rewritten whole at each apply into the file
 * DIR/graph.isg, which is mapped at open. An absent file is an empty graph. PT_ECORRUPT: the file
 * is damaged (it is kept; the message says where and what to do); PT_EVERSION: it was written by
 * another version. Any number of processes may have it open. Apply then fails with PT_EEXIST while
 * another one applies, and with PT_ESTALE if another has applied since this one read, unless the
 * delta replaces all: open again. */
int store_open_snapshot(const char *dir, struct store **ret, struct err *err);

/* Renames a damaged (or foreign) snapshot, which must not be open, so that the directory can be
 * used again and the file is still there to look into. `ret_path`: its new name. */
int store_set_aside_snapshot(const char *dir, struct buf *ret_path, struct err *err);

/* Keeps everything in memory only: for tests, and for questions that must leave no trace. */
int store_open_memory(struct store **ret, struct err *err);

#endif
