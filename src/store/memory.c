/* The store that keeps everything in memory only. */
#include "base/mem.h"
#include "store/apply.h"
#include "store/store.h"

struct memory_store {
    struct store base;
    struct publish publish;
};

static struct memory_store *memory_of(struct store *s)
{
    return (struct memory_store *)s;
}

static int memory_apply(struct store *s, const struct delta *delta, struct err *err)
{
    struct publish *p = &memory_of(s)->publish;
    struct view *next;
    uint32_t slot;
    int rc = apply_prepare(p, delta, publish_newest(p)->generation + 1, &next, &slot, err);

    if (rc == 0)
        publish_replace(p, slot, next);
    return rc;
}

static const struct view *memory_pin(struct store *s)
{
    return publish_pin(&memory_of(s)->publish);
}

static void memory_unpin(struct store *s, const struct view *v)
{
    publish_unpin(&memory_of(s)->publish, v);
}

static void memory_close(struct store *s)
{
    publish_release(&memory_of(s)->publish);
    mem_free(memory_of(s));
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
    struct memory_store *m = mem_alloc(sizeof(*m));
    struct view *first;

    if (m == NULL)
        return err_set(err, PT_ENOMEM, "no memory for a store");
    int rc = apply_empty(&first, err);
    if (rc != 0) {
        mem_free(m);
        return rc;
    }
    m->base.ops = &memory_ops;
    publish_init(&m->publish, first);
    *ret = &m->base;
    return 0;
}
