#include "base/intern.h"

#include <stdbool.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"

#define FIRST_SLOTS 64
#define FIRST_ENDS 32
#define FIRST_POOL 1024

struct intern_slot {
    uint32_t hash;
    uint32_t id; /* 0 = free */
};

static uint32_t hash_of(const char *s, size_t n)
{
    return (uint32_t)hash64(s, n);
}

static bool id_is(const struct intern *in, uint32_t id, const char *s, size_t n)
{
    uint32_t start = in->ends[id - 1];

    return in->ends[id] - start - 1 == n && memcmp(in->pool + start, s, n) == 0;
}

/* The slot that holds the string, or the free one where it belongs. */
static struct intern_slot *probe(const struct intern *in, uint32_t hash, const char *s, size_t n)
{
    uint32_t mask = in->n_slots - 1;

    for (uint32_t i = hash & mask;; i = (i + 1) & mask) {
        struct intern_slot *slot = &in->slots[i];

        if (slot->id == 0 || (slot->hash == hash && id_is(in, slot->id, s, n)))
            return slot;
    }
}

void intern_init(struct intern *in)
{
    *in = (struct intern){0};
}

void intern_release(struct intern *in)
{
    mem_free(in->pool);
    mem_free(in->ends);
    mem_free(in->slots);
    intern_init(in);
}

void intern_clear(struct intern *in)
{
    if (in->count)
        memset(in->slots, 0, (size_t)in->n_slots * sizeof(*in->slots));
    in->count = 0;
}

static bool grow_slots(struct intern *in)
{
    uint32_t n_slots = in->n_slots ? in->n_slots * 2 : FIRST_SLOTS;

    if (n_slots == 0) /* 2^32 */
        return false;
    struct intern_slot *slots = mem_calloc(n_slots, sizeof(*slots));
    if (!slots)
        return false;

    for (uint32_t i = 0; i < in->n_slots; i++) {
        const struct intern_slot *old = &in->slots[i];
        uint32_t to = old->hash & (n_slots - 1);

        if (old->id == 0)
            continue;
        while (slots[to].id != 0)
            to = (to + 1) & (n_slots - 1);
        slots[to] = *old;
    }
    mem_free(in->slots);
    in->slots = slots;
    in->n_slots = n_slots;
    return true;
}

static bool grow_ends(struct intern *in)
{
    uint32_t cap = in->ends_cap ? in->ends_cap + in->ends_cap / 2 : FIRST_ENDS;

    if (cap < in->ends_cap)
        return false;
    uint32_t *ends = mem_reallocarray(in->ends, cap, sizeof(*ends));
    if (!ends)
        return false;
    ends[0] = 0;
    in->ends = ends;
    in->ends_cap = cap;
    return true;
}

/* *s may point into the pool: it is moved along. */
static bool grow_pool(struct intern *in, uint64_t need, const char **s)
{
    uint64_t cap = in->pool_cap < (1U << 20) ? (uint64_t)in->pool_cap * 2
                                             : in->pool_cap + (uint64_t)in->pool_cap / 2;
    uintptr_t offset = (uintptr_t)*s - (uintptr_t)in->pool;

    if (need > UINT32_MAX)
        return false;
    if (cap < FIRST_POOL)
        cap = FIRST_POOL;
    if (cap < need)
        cap = need;
    if (cap > UINT32_MAX)
        cap = UINT32_MAX;

    bool is_inside = in->pool && offset < in->pool_cap;
    char *pool = mem_realloc(in->pool, (size_t)cap);
    if (!pool)
        return false;
    if (is_inside)
        *s = pool + offset;
    in->pool = pool;
    in->pool_cap = (uint32_t)cap;
    return true;
}

/* Adds a string that is not there. */
static uint32_t add(struct intern *in, uint32_t hash, const char *s, size_t n)
{
    if (n >= UINT32_MAX)
        return 0;
    /* At most 5/8 full: unsuccessful probes stay short. */
    if ((uint64_t)in->count * 8 >= (uint64_t)in->n_slots * 5 && !grow_slots(in))
        return 0;
    if ((uint64_t)in->count + 2 > in->ends_cap && !grow_ends(in))
        return 0;

    uint32_t start = in->ends[in->count];
    uint64_t end = (uint64_t)start + n + 1;
    if (end > in->pool_cap && !grow_pool(in, end, &s))
        return 0;

    struct intern_slot *slot = probe(in, hash, s, n);
    if (n)
        memmove(in->pool + start, s, n);
    in->pool[end - 1] = '\0';
    in->ends[++in->count] = (uint32_t)end;
    *slot = (struct intern_slot){hash, in->count};
    return in->count;
}

uint32_t intern_put(struct intern *in, const char *s, size_t n)
{
    if (n == 0)
        s = "";
    uint32_t hash = hash_of(s, n);

    if (in->n_slots) {
        uint32_t id = probe(in, hash, s, n)->id;
        if (id != 0)
            return id;
    }
    return add(in, hash, s, n);
}

uint32_t intern_find(const struct intern *in, const char *s, size_t n)
{
    if (in->count == 0)
        return 0;
    if (n == 0)
        s = "";
    return probe(in, hash_of(s, n), s, n)->id;
}

const char *intern_str(const struct intern *in, uint32_t id, size_t *ret_len)
{
    if (id == 0) {
        if (ret_len)
            *ret_len = 0;
        return "";
    }
    if (ret_len)
        *ret_len = in->ends[id] - in->ends[id - 1] - 1;
    return in->pool + in->ends[id - 1];
}

uint32_t intern_count(const struct intern *in)
{
    return in->count;
}

size_t intern_bytes(const struct intern *in)
{
    return (size_t)in->pool_cap + (size_t)in->ends_cap * sizeof(*in->ends) +
           (size_t)in->n_slots * sizeof(*in->slots);
}
