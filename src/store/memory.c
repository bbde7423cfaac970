/* The store that keeps everything in memory only. */
#include "base/clock.h"
#include "base/mem.h"
#include "store/store.h"

struct memory_store {
    struct store base;
    struct live *graph; /* owned */
};

static struct live *graph_of_store(struct store *s)
{
    return ((struct memory_store *)s)->graph;
}

static int memory_apply(struct store *s, const struct delta *delta, struct err *err)
{
    const struct live_stamp now = {.as_of_ns = (int64_t)clock_wall_ns()};
    return live_apply(graph_of_store(s), delta, now, err);
}

static int memory_pin(struct store *s, struct view *ret, struct err *err)
{
    return live_pin(graph_of_store(s), ret) ? PT_OK : store_too_many(err);
}

static void memory_unpin(struct store *s, struct view *v)
{
    (void)s;
    live_unpin(v);
}

static void memory_close(struct store *s)
{
    live_free(graph_of_store(s));
    mem_free(s);
}

static const struct store_ops memory_ops = {
    .name = "memory",
    .apply = memory_apply,
    .pin = memory_pin,
    .unpin = memory_unpin,
    .close = memory_close,
};

int store_open_memory(struct store **ret, struct err *err)
{
    struct memory_store *m = mem_calloc(1, sizeof(*m));
    if (m == NULL)
        return err_set(err, PT_ENOMEM, "no memory for a store");
    int rc = live_new(&m->graph, err);
    if (rc != PT_OK) {
        mem_free(m);
        return rc;
    }
    m->base.ops = &memory_ops;
    *ret = &m->base;
    return PT_OK;
}
