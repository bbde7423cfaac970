#include "graph/names.h"

#include <string.h>

static const struct names_tower *tower_at(const struct space *s, uint32_t ref)
{
    return space_at(s, ref);
}

static bool is_below(const struct space *s, uint32_t tower, const char *p, size_t n)
{
    return strncmp(space_at(s, tower_at(s, tower)->text), p, n) < 0;
}

/* Of each level, the link that leads to the first tower that is not below. */
static uint32_t descend(const struct names_rest *r, const struct space *s, const char *p, size_t n,
                        _Atomic(uint32_t) *ret_links[NAMES_LEVELS])
{
    const _Atomic(uint32_t) *next = r->first;
    uint32_t at = 0;
    for (unsigned level = NAMES_LEVELS; level-- > 0;) {
        at = atomic_load_explicit(&next[level], memory_order_acquire);
        while (at != 0 && is_below(s, at, p, n)) {
            next = tower_at(s, at)->next;
            at = atomic_load_explicit(&next[level], memory_order_acquire);
        }
        if (ret_links != NULL)
            ret_links[level] = (_Atomic(uint32_t) *)(uintptr_t)&next[level];
    }
    return at;
}

uint32_t names_lower_bound(const struct names_rest *r, const struct space *s, const char *p,
                           size_t n)
{
    return descend(r, s, p, n, NULL);
}

/* One in four is higher by one. */
static unsigned levels_of(uint64_t hash)
{
    unsigned n = 1;
    for (; (hash & 3) == 0 && n < NAMES_LEVELS; hash >>= 2)
        n++;
    return n;
}

uint32_t names_tower_new(struct space *s, uint32_t name, uint32_t text, uint64_t hash)
{
    unsigned levels = levels_of(hash);
    uint32_t ref = space_alloc(s, sizeof(struct names_tower) + levels * sizeof(uint32_t));
    if (ref == 0)
        return 0;
    struct names_tower *t = space_at(s, ref);
    t->name = name;
    t->text = text;
    t->levels = levels;
    return ref;
}

void names_link(struct names_rest *r, struct space *s, uint32_t tower)
{
    struct names_tower *t = space_at(s, tower);
    _Atomic(uint32_t) *links[NAMES_LEVELS];
    const char *p = space_at(s, t->text);
    (void)descend(r, s, p, strlen(p) + 1, links);
    for (unsigned i = 0; i < t->levels; i++) {
        atomic_init(&t->next[i], atomic_load_explicit(links[i], memory_order_relaxed));
        atomic_store_explicit(links[i], tower, memory_order_release);
    }
}
