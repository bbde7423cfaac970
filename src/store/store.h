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
    /* Makes delta part of the graph, durable before it returns, and publishes it.
     * PT_EINVAL if the delta breaks an invariant; PT_ENOSPC, PT_EIO: nothing changed. */
    int (*apply)(struct store *s, const struct delta *delta, struct err *err);
    /* Pins the newest generation, without waiting; the caller unpins it. PT_ELIMIT: there are too
     * many readers already. */
    int (*pin)(struct store *s, struct view *ret, struct err *err);
    void (*unpin)(struct store *s, struct view *v);
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

static inline int store_pin(struct store *s, struct view *ret, struct err *err)
{
    return s->ops->pin(s, ret, err);
}

static inline void store_unpin(struct store *s, struct view *v)
{
    s->ops->unpin(s, v);
}

static inline void store_close(struct store *s)
{
    if (s != NULL)
        s->ops->close(s);
}

static inline int store_too_many(struct err *err)
{
    return err_set(err, PT_ELIMIT, "more than %u readers at once", PINS_MAX);
}

/* Keeps everything in memory only: for tests, and for questions that must leave no trace. */
int store_open_memory(struct store **ret, struct err *err);

#endif
