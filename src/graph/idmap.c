#include "graph/idmap.h"

#define FIRST_SLOTS 64u

static struct idmap_table *table_new(uint32_t n)
{
    struct idmap_table *t = mem_calloc(1, sizeof(*t) + (size_t)n * sizeof(struct idmap_slot));
    if (t != NULL)
        t->mask = n - 1;
    return t;
}

void idmap_release(struct idmap *m)
{
    for (uint32_t i = 0; i < m->old.len; i++)
        mem_free(m->old.at[i].table);
    vec_release(&m->old);
    mem_free(atomic_load_explicit(&m->table, memory_order_relaxed));
    atomic_store_explicit(&m->table, NULL, memory_order_relaxed);
    m->n = 0;
}

static uint32_t find_in_base(const struct idmap_base *b, uint64_t hash, idmap_same_fn same,
                             const void *ctx)
{
    uint32_t bucket = idmap_bucket(hash, b->n_buckets);
    for (uint32_t i = b->dir[bucket]; i < b->dir[bucket + 1]; i++) {
        uint32_t id = b->entries[i].id;
        if (b->entries[i].low == (uint32_t)hash && b->hash_of(b->ctx, id) == hash &&
            (same == NULL || same(ctx, id)))
            return id;
    }
    return ID_NONE;
}

uint32_t idmap_find(const struct idmap *m, uint64_t hash, idmap_same_fn same, const void *ctx)
{
    const struct idmap_table *t = atomic_load_explicit(&m->table, memory_order_acquire);
    uint32_t known = m->base.n_buckets != 0 ? find_in_base(&m->base, hash, same, ctx) : ID_NONE;
    if (known != ID_NONE || t == NULL)
        return known;
    for (uint32_t i = (uint32_t)(hash >> 32) & t->mask;; i = (i + 1) & t->mask) {
        uint32_t id_1 = atomic_load_explicit(&t->slots[i].id_1, memory_order_acquire);
        if (id_1 == 0)
            return ID_NONE;
        if (t->slots[i].hash == hash && (same == NULL || same(ctx, id_1 - 1)))
            return id_1 - 1;
    }
}

uint32_t idmap_guess(const struct idmap *m, uint64_t hash)
{
    const struct idmap_table *t = atomic_load_explicit(&m->table, memory_order_acquire);
    const struct idmap_base *b = &m->base;
    if (b->n_buckets != 0) {
        uint32_t bucket = idmap_bucket(hash, b->n_buckets);
        for (uint32_t i = b->dir[bucket]; i < b->dir[bucket + 1]; i++) {
            if (b->entries[i].low == (uint32_t)hash)
                return b->entries[i].id;
        }
    }
    if (t == NULL)
        return ID_NONE;
    const struct idmap_slot *s = &t->slots[(uint32_t)(hash >> 32) & t->mask];
    return atomic_load_explicit(&s->id_1, memory_order_acquire) - 1; /* ID_NONE if it is free */
}

static void put(struct idmap_table *t, uint64_t hash, uint32_t id_1)
{
    uint32_t i = (uint32_t)(hash >> 32) & t->mask;
    while (atomic_load_explicit(&t->slots[i].id_1, memory_order_relaxed) != 0)
        i = (i + 1) & t->mask;
    t->slots[i].hash = hash;
    atomic_store_explicit(&t->slots[i].id_1, id_1, memory_order_release);
}

static bool grow(struct idmap *m, struct idmap_table *old, uint32_t generation)
{
    uint32_t n = old != NULL ? (old->mask + 1) * 2 : FIRST_SLOTS;
    struct idmap_table *t =
        n != 0 && vec_reserve(&m->old, (uint64_t)m->old.len + 1) ? table_new(n) : NULL;
    if (t == NULL)
        return false;
    for (uint32_t i = 0; old != NULL && i <= old->mask; i++) {
        uint32_t id_1 = atomic_load_explicit(&old->slots[i].id_1, memory_order_relaxed);
        if (id_1 != 0)
            put(t, old->slots[i].hash, id_1);
    }
    atomic_store_explicit(&m->table, t, memory_order_release);
    if (old != NULL)
        (void)vec_push(&m->old, (struct idmap_old){old, generation});
    return true;
}

bool idmap_add(struct idmap *m, uint64_t hash, uint32_t id, uint32_t generation)
{
    struct idmap_table *t = atomic_load_explicit(&m->table, memory_order_relaxed);
    if (t == NULL || (uint64_t)m->n + 1 > ((uint64_t)t->mask + 1) / 3 * 2) {
        if (!grow(m, t, generation))
            return false;
        t = atomic_load_explicit(&m->table, memory_order_relaxed);
    }
    put(t, hash, id + 1);
    m->n++;
    return true;
}

void idmap_reclaim(struct idmap *m, uint32_t oldest)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < m->old.len; i++) {
        if (m->old.at[i].generation <= oldest)
            mem_free(m->old.at[i].table);
        else
            m->old.at[n++] = m->old.at[i];
    }
    m->old.len = n;
}

static size_t table_bytes(const struct idmap_table *t)
{
    return t != NULL ? sizeof(*t) + ((size_t)t->mask + 1) * sizeof(struct idmap_slot) : 0;
}

size_t idmap_bytes(const struct idmap *m)
{
    size_t all = table_bytes(atomic_load_explicit(&m->table, memory_order_relaxed));
    for (uint32_t i = 0; i < m->old.len; i++)
        all += table_bytes(m->old.at[i].table);
    return all + vec_bytes(&m->old);
}
