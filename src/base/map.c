#include "base/map.h"

#include <string.h>

#include "base/hash.h"
#include "base/mem.h"

#define SLOT_WORDS 3 /* key low, key high, value */
#define FIRST_SLOTS 16
#define USED_MAX ((uint32_t)1 << 30)

/*
 * At a load of 3/4 the longest probe of a table of 2^30 random keys is some
 * 600 slots: what is longer than this was made by hand.
 */
#define PROBE_MAX 1024
#define ROUNDS_MAX 64

static uint32_t *slot_at(const struct map *m, uint32_t i)
{
    return m->slots + (size_t)i * SLOT_WORDS;
}

static uint64_t slot_key(const uint32_t *slot)
{
    return (uint64_t)slot[1] << 32 | slot[0];
}

static void slot_fill(uint32_t *slot, uint64_t key, uint32_t value)
{
    slot[0] = (uint32_t)key;
    slot[1] = (uint32_t)(key >> 32);
    slot[2] = value;
}

static uint32_t home_of(const struct map *m, uint64_t key)
{
    uint64_t seed = (m->round + UINT64_C(1)) * UINT64_C(0x9e3779b97f4a7c15);

    return (uint32_t)hash_mix64(key ^ seed) & (m->n_slots - 1);
}

/*
 * The slot that holds the (non-zero) key, or the free one where it belongs.
 * There is always a free slot. Returns the length of the probe.
 */
static uint32_t probe(const struct map *m, uint64_t key, uint32_t *ret_slot)
{
    uint32_t mask = m->n_slots - 1;
    uint32_t i = home_of(m, key);

    for (uint32_t length = 1;; length++) {
        uint64_t k = slot_key(slot_at(m, i));

        if (k == key || k == 0) {
            *ret_slot = i;
            return length;
        }
        i = (i + 1) & mask;
    }
}

static bool rehash(struct map *m, uint32_t n_slots, uint32_t round)
{
    struct map fresh = *m;

    fresh.slots = mem_calloc(n_slots, SLOT_WORDS * sizeof(uint32_t));
    if (!fresh.slots)
        return false;
    fresh.n_slots = n_slots;
    fresh.round = round;
    for (uint32_t i = 0; i < m->n_slots; i++) {
        const uint32_t *slot = slot_at(m, i);
        uint64_t key = slot_key(slot);
        uint32_t to;

        if (key != 0) {
            probe(&fresh, key, &to);
            slot_fill(slot_at(&fresh, to), key, slot[2]);
        }
    }
    mem_free(m->slots);
    *m = fresh;
    return true;
}

/* Would `used` keys load a table of n_slots over 3/4? */
static bool is_tight(uint64_t used, uint32_t n_slots)
{
    return used * 4 > (uint64_t)n_slots * 3;
}

void map_init(struct map *m)
{
    *m = (struct map){0};
}

void map_release(struct map *m)
{
    mem_free(m->slots);
    map_init(m);
}

void map_clear(struct map *m)
{
    if (m->used)
        memset(m->slots, 0, map_bytes(m));
    m->used = 0;
    m->has_zero = false;
}

bool map_reserve(struct map *m, uint32_t n)
{
    uint32_t n_slots = m->n_slots ? m->n_slots : FIRST_SLOTS;

    if (n > USED_MAX)
        return false;
    while (is_tight(n, n_slots))
        n_slots *= 2;
    return n_slots == m->n_slots || rehash(m, n_slots, m->round);
}

uint32_t *map_get(const struct map *m, uint64_t key)
{
    uint32_t i;

    if (key == 0)
        return m->has_zero ? (uint32_t *)&m->zero_value : NULL;
    if (m->used == 0)
        return NULL;
    probe(m, key, &i);

    uint32_t *slot = slot_at(m, i);
    return slot_key(slot) == key ? &slot[2] : NULL;
}

static uint32_t *put_zero(struct map *m, uint32_t value_if_new, bool *ret_new)
{
    bool is_new = !m->has_zero;

    if (is_new) {
        m->has_zero = true;
        m->zero_value = value_if_new;
    }
    if (ret_new)
        *ret_new = is_new;
    return &m->zero_value;
}

/* Finds the place of a new key, making room or taking a new seed before. */
static bool place_new(struct map *m, uint64_t key, uint32_t length, uint32_t *slot)
{
    if (m->used >= USED_MAX)
        return false;
    if (m->n_slots == 0 || is_tight((uint64_t)m->used + 1, m->n_slots)) {
        if (!rehash(m, m->n_slots ? m->n_slots * 2 : FIRST_SLOTS, m->round))
            return false;
        length = probe(m, key, slot);
    }
    /* A new seed only makes it faster: without memory, go on without. */
    if (length > PROBE_MAX && m->round < ROUNDS_MAX && rehash(m, m->n_slots, m->round + 1))
        probe(m, key, slot);
    return true;
}

uint32_t *map_put(struct map *m, uint64_t key, uint32_t value_if_new, bool *ret_new)
{
    uint32_t i = 0;
    uint32_t length = 0;
    uint32_t *slot;
    bool is_new = true;

    if (key == 0)
        return put_zero(m, value_if_new, ret_new);
    if (m->n_slots) {
        length = probe(m, key, &i);
        is_new = slot_key(slot_at(m, i)) == 0;
    }
    if (is_new && !place_new(m, key, length, &i))
        return NULL;

    slot = slot_at(m, i);
    if (is_new) {
        slot_fill(slot, key, value_if_new);
        m->used++;
    }
    if (ret_new)
        *ret_new = is_new;
    return &slot[2];
}

/*
 * Closes the gap at `hole`: each later key of the run that may stand there
 * (its home is not between the hole and itself) moves into it.
 */
static void close_gap(struct map *m, uint32_t hole)
{
    uint32_t mask = m->n_slots - 1;

    for (uint32_t i = (hole + 1) & mask;; i = (i + 1) & mask) {
        const uint32_t *slot = slot_at(m, i);
        uint64_t key = slot_key(slot);

        if (key == 0)
            break;
        if (((i - home_of(m, key)) & mask) >= ((i - hole) & mask)) {
            slot_fill(slot_at(m, hole), key, slot[2]);
            hole = i;
        }
    }
    slot_fill(slot_at(m, hole), 0, 0);
}

bool map_del(struct map *m, uint64_t key)
{
    uint32_t i;

    if (key == 0) {
        bool had = m->has_zero;
        m->has_zero = false;
        return had;
    }
    if (m->used == 0)
        return false;
    probe(m, key, &i);
    if (slot_key(slot_at(m, i)) == 0)
        return false;
    close_gap(m, i);
    m->used--;
    return true;
}

uint32_t map_len(const struct map *m)
{
    return m->used + (m->has_zero ? 1 : 0);
}

size_t map_bytes(const struct map *m)
{
    return (size_t)m->n_slots * SLOT_WORDS * sizeof(uint32_t);
}

/* Position 0 is key 0, position i + 1 is slot i. */
bool map_next(const struct map *m, uint32_t *it, uint64_t *ret_key, uint32_t *ret_value)
{
    if (*it == 0) {
        *it = 1;
        if (m->has_zero) {
            *ret_key = 0;
            *ret_value = m->zero_value;
            return true;
        }
    }
    while (*it <= m->n_slots) {
        const uint32_t *slot = slot_at(m, *it - 1);
        uint64_t key = slot_key(slot);

        ++*it;
        if (key != 0) {
            *ret_key = key;
            *ret_value = slot[2];
            return true;
        }
    }
    return false;
}
