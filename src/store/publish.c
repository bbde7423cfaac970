#include "store/publish.h"

#include <assert.h>

#define SLOT_SHIFT 48
#define PINS_MASK ((UINT64_C(1) << SLOT_SHIFT) - 1)

static uint32_t slot_of(uint64_t now)
{
    return (uint32_t)(now >> SLOT_SHIFT);
}

static void put(struct publish *p, uint32_t slot, struct view *v)
{
    v->slot = slot;
    atomic_store_explicit(&p->views[slot], v, memory_order_release);
}

static void drop(struct publish *p, struct view *v)
{
    uint32_t slot = v->slot;

    view_free(v);
    atomic_store_explicit(&p->views[slot], NULL, memory_order_release);
}

/* Counts the pins that the word has seen in; frees the view if all are unpinned. */
static bool retire(struct publish *p, uint64_t was)
{
    struct view *v = atomic_load_explicit(&p->views[slot_of(was)], memory_order_relaxed);
    int_fast64_t pins = (int_fast64_t)(was & PINS_MASK);

    if (atomic_fetch_add_explicit(&v->pins, pins, memory_order_acq_rel) + pins != 0)
        return false;
    drop(p, v);
    return true;
}

void publish_init(struct publish *p, struct view *first)
{
    for (uint32_t i = 0; i < PUBLISH_VIEWS; i++)
        atomic_init(&p->views[i], NULL);
    put(p, 0, first);
    atomic_init(&p->now, 0);
}

void publish_release(struct publish *p)
{
    bool all_unpinned = retire(p, atomic_load_explicit(&p->now, memory_order_acquire));

    for (uint32_t i = 0; i < PUBLISH_VIEWS; i++)
        all_unpinned &= atomic_load_explicit(&p->views[i], memory_order_acquire) == NULL;
    assert(all_unpinned);
    (void)all_unpinned;
}

int publish_reserve(struct publish *p, uint32_t *ret_slot, struct err *err)
{
    for (uint32_t i = 0; i < PUBLISH_VIEWS; i++) {
        if (atomic_load_explicit(&p->views[i], memory_order_acquire) == NULL) {
            *ret_slot = i;
            return 0;
        }
    }
    return err_set(err, PT_ELIMIT, "%u versions of the graph are pinned by readers", PUBLISH_VIEWS);
}

void publish_replace(struct publish *p, uint32_t slot, struct view *v)
{
    put(p, slot, v);
    (void)retire(
        p, atomic_exchange_explicit(&p->now, (uint64_t)slot << SLOT_SHIFT, memory_order_acq_rel));
}

const struct view *publish_newest(const struct publish *p)
{
    uint64_t now = atomic_load_explicit(&p->now, memory_order_acquire);
    return atomic_load_explicit(&p->views[slot_of(now)], memory_order_acquire);
}

const struct view *publish_pin(struct publish *p)
{
    uint64_t now = atomic_fetch_add_explicit(&p->now, 1, memory_order_acquire);
    return atomic_load_explicit(&p->views[slot_of(now)], memory_order_acquire);
}

void publish_unpin(struct publish *p, const struct view *v)
{
    /* The pin counts in a view that is otherwise immutable. */
    struct view *pinned = atomic_load_explicit(&p->views[v->slot], memory_order_relaxed);

    assert(pinned == v);
    if (atomic_fetch_sub_explicit(&pinned->pins, 1, memory_order_acq_rel) == 1)
        drop(p, pinned);
}
