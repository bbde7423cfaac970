/* Sweeping a shelf: what is kept, and the files that are worth emptying. */
#include "index/shelf_internal.h"

#include "base/mem.h"

#include <stdlib.h>

/* A record, in the order of its last use. */
struct aged {
    uint32_t used, slot;
};

struct sweep {
    struct shelf *s;
    bool *keep;        /* by slot */
    struct aged *aged; /* all records, those that were used last at the end */
    uint32_t n_aged;
    struct shelf_file **emptied; /* with the fewest kept bytes first */
    uint32_t n_emptied;
};

static uint64_t slot_bytes(const struct slot *t)
{
    return (uint64_t)t->size * SHELF_GRAIN;
}

/* ---- choosing; under both locks ---- */

static uint64_t mark_live(struct sweep *w, const struct shelf_key *keep, uint32_t n)
{
    uint64_t live = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t slot = shelf_slot(w->s, shelf_hash(&keep[i]));
        if (slot == SLOT_NONE || w->keep[slot])
            continue;
        w->keep[slot] = true;
        live += slot_bytes(&w->s->slots.at[slot]);
    }
    return live;
}

static int by_use(const void *x, const void *y)
{
    const struct aged *a = x, *b = y;
    return (a->used > b->used) - (a->used < b->used);
}

static void sort_by_use(struct sweep *w)
{
    const struct shelf *s = w->s;
    for (uint32_t i = 0; i < s->slots.len; i++) {
        if (s->slots.at[i].size != 0)
            w->aged[w->n_aged++] = (struct aged){s->slots.at[i].used, i};
    }
    qsort(w->aged, w->n_aged, sizeof(*w->aged), by_use);
}

/* Of the others, those that were used last, up to so many bytes in all. */
static void mark_recent(struct sweep *w, uint64_t bytes, uint64_t limit)
{
    for (uint32_t i = w->n_aged; i-- > 0;) {
        uint32_t slot = w->aged[i].slot;
        if (w->keep[slot])
            continue;
        bytes += slot_bytes(&w->s->slots.at[slot]);
        if (bytes > limit)
            return;
        w->keep[slot] = true;
    }
}

static int by_kept(const void *x, const void *y)
{
    const struct shelf_file *const *a = x, *const *b = y;
    return ((*a)->kept > (*b)->kept) - ((*a)->kept < (*b)->kept);
}

/* Files of which a quarter or more is not kept. So what stays is at most a third more than what is
 * kept, and no byte is copied for less than a third of it that is freed. */
static void choose_files(struct sweep *w)
{
    struct shelf *s = w->s;
    for (uint32_t i = 0; i < s->files.len; i++) {
        if (s->files.at[i] != NULL)
            s->files.at[i]->kept = 0;
    }
    for (uint32_t i = 0; i < w->n_aged; i++) {
        const struct slot *t = &s->slots.at[w->aged[i].slot];
        if (w->keep[w->aged[i].slot])
            s->files.at[t->file]->kept += slot_bytes(t);
    }
    for (uint32_t i = 0; i < s->files.len; i++) {
        struct shelf_file *f = s->files.at[i];
        if (f != NULL && f->kept / 3 < (f->end - SHELF_HEADER_SIZE) / 4)
            w->emptied[w->n_emptied++] = f;
    }
    if (w->n_emptied > 1)
        qsort(w->emptied, w->n_emptied, sizeof(struct shelf_file *), by_kept);
}

static int choose(struct sweep *w, const struct shelf_key *keep, uint32_t n, struct err *err)
{
    struct shelf *s = w->s;
    w->keep = mem_calloc(s->slots.len + 1u, sizeof(*w->keep));
    w->aged = mem_calloc(s->slots.len + 1u, sizeof(*w->aged));
    w->emptied = mem_calloc(s->files.len + 1u, sizeof(struct shelf_file *));
    if (w->keep == NULL || w->aged == NULL || w->emptied == NULL)
        return err_set(err, PT_ENOMEM, "no memory to sweep the facts");
    uint64_t live = mark_live(w, keep, n);
    if (s->counts.bytes <= 2 * live + s->options.spare_bytes)
        return PT_OK;
    sort_by_use(w);
    mark_recent(w, live, live + live / 2 + s->options.spare_bytes / 2);
    choose_files(w);
    return PT_OK;
}

/* ---- moving; under `writing` ---- */

/* Copies a record to the current file, unless it was forgotten meanwhile. */
static int move(struct shelf *s, uint32_t slot, const struct shelf_file *from, struct err *err)
{
    (void)pthread_mutex_lock(&s->lock);
    const struct slot t = s->slots.at[slot];
    bool there = t.size != 0 && s->files.at[t.file] == from;
    (void)pthread_mutex_unlock(&s->lock);
    if (!there)
        return PT_OK;
    const struct io_part part = {from->base + (uint64_t)t.at * SHELF_GRAIN, slot_bytes(&t)};
    int rc = shelf_make_room(s, part.n, err);
    if (rc != PT_OK)
        return rc;
    uint64_t at = s->current->end;
    rc = shelf_file_append(s->current, &part, 1, err);
    if (rc != PT_OK)
        return rc;

    (void)pthread_mutex_lock(&s->lock);
    s->counts.bytes += part.n;
    struct slot *now = &s->slots.at[slot];
    if (now->size != 0) { /* nobody but us makes slots */
        uint32_t file = 0;
        while (s->files.at[file] != s->current)
            file++;
        now->file = file & (UINT32_MAX / 2);
        now->at = (uint32_t)(at / SHELF_GRAIN);
    }
    (void)pthread_mutex_unlock(&s->lock);
    return PT_OK;
}

/* Of what is still in the file, nothing is kept. */
static void drop_file(struct shelf *s, struct shelf_file *f)
{
    char name[SHELF_NAME_SIZE];

    (void)pthread_mutex_lock(&s->lock);
    for (uint32_t i = 0; i < s->slots.len; i++) {
        if (s->slots.at[i].size != 0 && s->files.at[s->slots.at[i].file] == f)
            shelf_forget(s, i);
    }
    for (uint32_t i = 0; i < s->files.len; i++) {
        if (s->files.at[i] == f)
            s->files.at[i] = NULL;
    }
    s->counts.bytes -= f->end;
    (void)pthread_mutex_unlock(&s->lock);
    atomic_store_explicit(&f->swept, true, memory_order_release);
    shelf_file_seal(f);
    shelf_file_name(f->number, name);
    (void)io_remove(s->dir, name, NULL);
    shelf_file_leave(f);
}

/* In the order of their last use, so that the order in files says it to the next process. */
static int empty(struct sweep *w, struct shelf_file *f, struct err *err)
{
    int rc = PT_OK;
    for (uint32_t i = 0; rc == PT_OK && i < w->n_aged; i++) {
        if (w->keep[w->aged[i].slot])
            rc = move(w->s, w->aged[i].slot, f, err);
    }
    if (rc == PT_OK)
        drop_file(w->s, f);
    return rc;
}

static int empty_all(struct sweep *w, struct err *err)
{
    int rc = PT_OK;
    for (uint32_t i = 0; i < w->n_emptied; i++) {
        if (w->emptied[i] == w->s->current)
            w->s->current = NULL;
        shelf_file_seal(w->emptied[i]);
    }
    for (uint32_t i = 0; rc == PT_OK && i < w->n_emptied; i++)
        rc = empty(w, w->emptied[i], err);
    return rc;
}

int shelf_sweep(struct shelf *s, const struct shelf_key *keep, uint32_t n, struct err *err)
{
    struct sweep w = {.s = s};

    (void)pthread_mutex_lock(&s->writing);
    (void)pthread_mutex_lock(&s->lock);
    int rc = choose(&w, keep, n, err);
    (void)pthread_mutex_unlock(&s->lock);
    if (rc == PT_OK)
        rc = empty_all(&w, err);
    (void)pthread_mutex_unlock(&s->writing);
    mem_free(w.keep);
    mem_free(w.aged);
    mem_free(w.emptied);
    return rc;
}
