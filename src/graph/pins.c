#include "graph/pins.h"

#include "base/attr.h"

void pins_init(struct pins *p, uint32_t generation)
{
    atomic_init(&p->newest, generation);
    for (uint32_t i = 0; i < PINS_MAX; i++)
        atomic_init(&p->slots[i], PINS_FREE);
}

/* Where a thread looks first for a free slot: threads should not meet there. */
static uint32_t first_slot(void)
{
    static _Atomic(uint32_t) threads;
    static _Thread_local uint32_t mine = PINS_MAX;
    if (mine == PINS_MAX) /* 16 slots are a cache line */
        mine = atomic_fetch_add_explicit(&threads, 16, memory_order_relaxed) % PINS_MAX;
    return mine;
}

uint32_t pins_take(struct pins *p, uint32_t *ret_generation)
{
    uint32_t from = first_slot();
    for (uint32_t k = 0; k < PINS_MAX; k++) {
        uint32_t i = (from + k) % PINS_MAX, free = PINS_FREE;
        if (atomic_load_explicit(&p->slots[i], memory_order_relaxed) == PINS_FREE &&
            atomic_compare_exchange_strong(&p->slots[i], &free, PINS_BUSY)) {
            *ret_generation = atomic_load(&p->newest);
            atomic_store_explicit(&p->slots[i], *ret_generation, memory_order_release);
            return i;
        }
    }
    return PINS_MAX;
}

void pins_drop(struct pins *p, uint32_t slot)
{
    atomic_store_explicit(&p->slots[slot], PINS_FREE, memory_order_release);
}

void pins_publish(struct pins *p, uint32_t generation)
{
    atomic_store(&p->newest, generation);
}

uint32_t pins_oldest(const struct pins *p)
{
    uint32_t oldest = atomic_load(&p->newest);
    /* It comes with each commit, so slots that say nothing cost one comparison: below PINS_BUSY
     * there is only PINS_FREE, which wraps around. */
    _Static_assert(PINS_FREE + 1 == PINS_BUSY, "free slots are above all generations");
#pragma GCC unroll 8
    for (uint32_t i = 0; i < PINS_MAX; i++) {
        uint32_t at = atomic_load(&p->slots[i]);
        if (PT_LIKELY(at - PINS_BUSY >= oldest - PINS_BUSY))
            continue;
        if (at == PINS_BUSY)
            return 0;
        oldest = at;
    }
    return oldest;
}
