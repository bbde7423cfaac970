#include "graph/modules.h"

#include "base/hash.h"
#include "base/mem.h"
#include "graph/view.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    uint64_t key;
    uint32_t file;
};

struct modules {
    pthread_rwlock_t lock;     /* guards at, of */
    VEC(struct entry) at;      /* by key */
    uint32_t of;               /* generation that it was made from; 0: none was made */
    _Atomic(uint32_t) changed; /* the last generation in which modules are others than before */
};

struct modules *modules_new(void)
{
    struct modules *m = mem_calloc(1, sizeof(*m));
    if (m != NULL)
        (void)pthread_rwlock_init(&m->lock, NULL);
    return m;
}

void modules_free(struct modules *m)
{
    if (m == NULL)
        return;
    vec_release(&m->at);
    (void)pthread_rwlock_destroy(&m->lock);
    mem_free(m);
}

void modules_changed(struct modules *m, uint32_t generation)
{
    atomic_store_explicit(&m->changed, generation, memory_order_release);
}

/* Of what is left without all that may separate: equal parts have equal keys. */
static uint64_t key_of(const char *text, size_t n)
{
    char kept[256];
    size_t k = 0;
    for (size_t i = 0; i < n && k < sizeof(kept); i++) {
        if (strchr(".#/:->", text[i]) == NULL)
            kept[k++] = text[i];
    }
    return hash64(kept, k);
}

static int by_key(const void *x, const void *y)
{
    const struct entry *a = x, *b = y;
    return a->key != b->key ? (a->key < b->key ? -1 : 1)
                            : (a->file > b->file) - (a->file < b->file);
}

static bool make(struct modules *m, const struct view *v)
{
    vec_clear(&m->at);
    m->of = 0;
    if (!vec_reserve(&m->at, view_file_count(v)))
        return false;
    for (uint32_t i = 0; i < view_file_limit(v); i++) {
        if (!view_has_file(v, i))
            continue;
        const char *text = view_module(v, i);
        if (!vec_push(&m->at, (struct entry){key_of(text, strlen(text)), i}))
            return false;
    }
    if (m->at.len > 1)
        qsort(m->at.at, m->at.len, sizeof(*m->at.at), by_key);
    m->of = v->generation;
    return true;
}

static bool look_up(const struct modules *m, const struct view *v, uint64_t key, struct ids *ret)
{
    uint32_t lo = 0, hi = m->at.len;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (m->at.at[mid].key < key)
            lo = mid + 1;
        else
            hi = mid;
    }
    for (; lo < m->at.len && m->at.at[lo].key == key; lo++) {
        uint32_t file = m->at.at[lo].file;
        if (file < v->n_files && view_has_file(v, file) && !vec_push(ret, file))
            return false;
    }
    return true;
}

bool modules_find(struct modules *m, const struct view *v, const char *text, size_t n,
                  struct ids *ret, bool *ret_known)
{
    uint32_t changed = atomic_load_explicit(&m->changed, memory_order_acquire);
    uint64_t key = key_of(text, n);
    *ret_known = v->generation >= changed;
    if (!*ret_known)
        return true;
    (void)pthread_rwlock_rdlock(&m->lock);
    bool made = m->of != 0 && m->of >= changed;
    bool ok = !made || look_up(m, v, key, ret);
    (void)pthread_rwlock_unlock(&m->lock);
    if (made)
        return ok;
    (void)pthread_rwlock_wrlock(&m->lock);
    ok = (m->of != 0 && m->of >= changed) || make(m, v);
    ok = ok && look_up(m, v, key, ret);
    (void)pthread_rwlock_unlock(&m->lock);
    return ok;
}
