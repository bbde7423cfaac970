#include "graph/strtab.h"

#include "base/hash.h"
#include "base/mem.h"

#include <string.h>

#define FIRST_SLOTS 256u
#define FIRST_BYTES 4096u

void strset_release(struct strset *set)
{
    mem_free(set->slots);
    *set = (struct strset){0};
}

/* Slots know their hashes, so growing reads no string. */
static bool grow(struct strset *set)
{
    uint32_t n = set->n_slots ? set->n_slots * 2 : FIRST_SLOTS;
    uint64_t *slots = n ? mem_calloc(n, sizeof(*slots)) : NULL;

    if (slots == NULL)
        return false;
    for (uint32_t i = 0; i < set->n_slots; i++) {
        if (set->slots[i] == 0)
            continue;
        uint32_t at = (uint32_t)(set->slots[i] >> 32) & (n - 1);
        while (slots[at] != 0)
            at = (at + 1) & (n - 1);
        slots[at] = set->slots[i];
    }
    mem_free(set->slots);
    set->slots = slots;
    set->n_slots = n;
    return true;
}

uint64_t *strset_slot(struct strset *set, const char *s, size_t n, strset_text text,
                      const void *ctx, uint32_t *ret_hash)
{
    uint32_t hash = (uint32_t)hash64(s, n);

    if (set->used >= set->n_slots / 3 * 2 && !grow(set))
        return NULL;
    *ret_hash = hash;
    for (uint32_t at = hash & (set->n_slots - 1);; at = (at + 1) & (set->n_slots - 1)) {
        uint64_t *slot = &set->slots[at];

        if (*slot == 0)
            return slot;
        /* strncmp: the known text may be shorter, and lie at the end of its block. */
        if ((uint32_t)(*slot >> 32) == hash) {
            const char *known = text(ctx, strset_number(*slot));
            if (strncmp(known, s, n) == 0 && known[n] == '\0')
                return slot;
        }
    }
}

static const char *text_at(const void *ctx, uint32_t offset)
{
    return ((const struct strtab *)ctx)->p + offset;
}

int strtab_init(struct strtab *t, struct err *err)
{
    uint32_t offset;

    *t = (struct strtab){0};
    return strtab_put(t, "", 0, &offset, err);
}

void strtab_release(struct strtab *t)
{
    mem_free(t->p);
    strset_release(&t->set);
    *t = (struct strtab){0};
}

static int make_room(struct strtab *t, size_t n, struct err *err)
{
    if (n >= UINT32_MAX - t->n)
        return err_set(err, PT_ELIMIT, "the names and signatures of the graph pass 4 GB");
    if (t->n + n + 1 <= t->cap)
        return 0;

    size_t cap = t->cap + t->cap / 2;
    if (cap < FIRST_BYTES)
        cap = FIRST_BYTES;
    if (cap < t->n + n + 1)
        cap = t->n + n + 1;
    char *p = mem_realloc(t->p, cap);
    if (p == NULL)
        return err_set(err, PT_ENOMEM, "no memory for %zu bytes of strings", cap);
    t->p = p;
    t->cap = cap;
    return 0;
}

int strtab_put(struct strtab *t, const char *s, size_t n, uint32_t *ret, struct err *err)
{
    uint32_t hash;
    uint64_t *slot = strset_slot(&t->set, s, n, text_at, t, &hash);

    if (slot == NULL)
        return err_set(err, PT_ENOMEM, "no memory for a table of strings");
    if (*slot == 0) {
        int rc = make_room(t, n, err);
        if (rc != 0)
            return rc;
        memcpy(t->p + t->n, s, n + 1);
        strset_fill(&t->set, slot, hash, t->n);
        t->n += (uint32_t)n + 1;
    }
    *ret = strset_number(*slot);
    return 0;
}

char *strtab_steal(struct strtab *t, uint32_t *ret_n)
{
    char *cut = mem_realloc(t->p, t->n);
    char *p = cut != NULL ? cut : t->p; /* not cut is not wrong */

    *ret_n = t->n;
    t->p = NULL;
    strtab_release(t);
    return p;
}
