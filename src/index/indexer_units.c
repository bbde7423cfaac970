/* Naming and resolving, a batch of files at a time. All files must have their sig hashes before the
 * first is resolved; so when there are several batches, all are named once for these alone. */
#include "index/indexer_internal.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/pool.h"
#include "graph/merkle.h"
#include "index/nodes.h"

#include <stdlib.h>
#include <string.h>

/* ---- on the pool ---- */

static int name_item(void *ctx, unsigned worker, size_t item)
{
    struct indexer *ix = ctx;
    struct index_worker *w = &ix->workers[worker];
    uint64_t failures = mem_failures();
    int rc = nodes_of_file(&ix->program, ix->resolving.at[ix->first + item], &w->arena,
                           &ix->units[item], &w->err);
    return indexer_unless_starved(rc, failures, &w->err);
}

static int resolve_item(void *ctx, unsigned worker, size_t item)
{
    struct indexer *ix = ctx;
    struct index_worker *w = &ix->workers[worker];
    uint32_t file = ix->resolving.at[ix->first + item];
    uint64_t failures = mem_failures();
    int rc = w->live ? PT_OK : resolver_init(&w->resolver, &ix->program, &w->err);
    if (rc != PT_OK)
        return rc;
    w->live = true;
    indexer_begin_notes(ix, &w->resolver.eval, &w->notes);
    rc = resolve_file(&w->resolver, file, &w->arena, &ix->units[item], &w->err);
    if (rc == PT_OK && !indexer_keep_notes(ix, &w->notes, &ix->files.at[file].resolving, false))
        rc = indexer_no_memory(&w->err);
    rc = indexer_unless_starved(rc, failures, &w->err);
    if (rc == PT_OK && ix->options.step != NULL && !ix->options.step(ix->options.ctx))
        rc = PT_ECANCELED;
    return rc;
}

static int cancelled(struct err *err)
{
    return err_set(err, PT_ECANCELED, "indexing was cancelled; nothing was changed");
}

static int pool(struct indexer *ix, pool_fn fn, struct err *err)
{
    int rc = pool_run(ix->n_workers, ix->n_units, fn, ix);
    for (unsigned i = 0; rc != PT_OK && i < ix->n_workers; i++) {
        if (ix->workers[i].err.code == rc && err != NULL) {
            *err = ix->workers[i].err;
            return rc;
        }
    }
    if (rc == PT_ECANCELED)
        return cancelled(err);
    return rc == PT_OK ? rc : err_set(err, rc, "indexing failed");
}

void indexer_release_workers(struct indexer *ix)
{
    for (unsigned i = 0; ix->workers != NULL && i < ix->n_workers; i++) {
        struct index_worker *w = &ix->workers[i];
        if (w->live)
            resolver_release(&w->resolver);
        notes_release(&w->notes);
        arena_release(&w->arena);
        w->live = false;
    }
}

/* ---- a batch ---- */

static int by_path(const void *x, const void *y, void *ctx)
{
    const struct indexer *ix = ctx;
    return strcmp(ix->files.at[*(const uint32_t *)x].path, ix->files.at[*(const uint32_t *)y].path);
}

static int prepare(struct indexer *ix, struct err *err)
{
    uint32_t n = ix->resolving.len < INDEX_BATCH ? ix->resolving.len : INDEX_BATCH;
    if (n > 1)
        qsort_r(ix->resolving.at, ix->resolving.len, sizeof(*ix->resolving.at), by_path, ix);
    mem_free(ix->units);
    ix->units = mem_calloc((size_t)n + 1, sizeof(*ix->units));
    ix->first = ix->n_units = 0;
    return ix->units != NULL ? PT_OK : indexer_no_memory(err);
}

/* The units of the batch are not needed any more. */
static void reset(struct indexer *ix)
{
    for (unsigned i = 0; i < ix->n_workers; i++)
        arena_reset(&ix->workers[i].arena);
}

/* How many files from `first` on make a batch. */
static uint32_t batch_at(const struct indexer *ix, uint32_t first)
{
    uint64_t weight = 0;
    uint32_t n = 0, left = ix->resolving.len - first;
    for (; n < left && n < INDEX_BATCH && weight < INDEX_BATCH_WEIGHT; n++) {
        const struct facts *f = ix->files.at[ix->resolving.at[first + n]].facts;
        weight += (uint64_t)f->n_defs + f->n_refs;
    }
    return n;
}

/* The batch behind the last one, from the first file on if that was none: its files get names, its
 * units nodes. No units: there are no more. */
static int name_batch(struct indexer *ix, struct err *err)
{
    uint32_t first = ix->first + ix->n_units;
    ix->first = first;
    ix->n_units = batch_at(ix, first);
    memset(ix->units, 0, ix->n_units * sizeof(*ix->units));
    int rc = pool(ix, name_item, err);
    for (uint32_t i = 0; rc == PT_OK && i < ix->n_units; i++) {
        const struct ifile *f = &ix->files.at[ix->resolving.at[first + i]];
        struct unit *u = &ix->units[i];
        u->path = f->path;
        u->size = f->stat.size;
        u->ino = f->stat.ino;
        u->mtime_ns = f->stat.mtime_ns;
        u->ctime_ns = f->stat.ctime_ns;
    }
    return rc;
}

static int name_all(struct indexer *ix, struct err *err)
{
    int rc = PT_OK;
    do {
        rc = name_batch(ix, err);
        reset(ix);
        indexer_read_batch(ix);
    } while (rc == PT_OK && ix->n_units > 0);
    ix->first = ix->n_units = 0;
    return rc;
}

static int begin_resolving(struct indexer *ix, struct err *err)
{
    if (ix->options.begin != NULL && !ix->options.begin(ix->options.ctx, ix->resolving.len))
        return cancelled(err);
    return PT_OK;
}

/* What the unit of the batch says is what the graph is told. True: it must be. */
static bool is_news(struct indexer *ix, uint32_t i)
{
    struct ifile *f = &ix->files.at[ix->resolving.at[ix->first + i]];
    bool to_tell = f->to_tell;
    f->fresh = f->to_tell = f->to_link = f->to_resolve = f->to_hang = f->in_doubt = false;
    ix->n_resolved++;
    if (ix->options.once)
        return true;
    struct hash128 leaf = merkle_leaf(&ix->units[i]);
    if (!to_tell && hash128_eq(leaf, f->leaf))
        return false;
    f->leaf = leaf;
    return true;
}

/* ---- into a delta ---- */

/* The arenas of the batch, too, if the delta has a unit of it. */
static int tell_batch(struct indexer *ix, struct delta *d, struct err *err)
{
    uint32_t before = d->units.len;
    bool ok = vec_reserve(&d->more, (uint64_t)d->more.len + ix->n_workers);
    for (uint32_t i = 0; ok && i < ix->n_units; i++) {
        if (!is_news(ix, i))
            continue;
        struct unit u = ix->units[i];
        u.path = arena_strdup(&d->arena, u.path);
        ok = u.path != NULL && vec_push(&d->units, u);
    }
    if (!ok)
        return indexer_no_memory(err);
    for (unsigned i = 0; d->units.len > before && i < ix->n_workers; i++) {
        (void)vec_push(&d->more, ix->workers[i].arena);
        arena_init(&ix->workers[i].arena);
    }
    reset(ix);
    return PT_OK;
}

int indexer_name_only(struct indexer *ix, struct err *err)
{
    int rc = prepare(ix, err);
    return rc == PT_OK ? name_all(ix, err) : rc;
}

int indexer_resolve_into(struct indexer *ix, struct delta *d, struct err *err)
{
    int rc = prepare(ix, err);
    bool several = rc == PT_OK && batch_at(ix, 0) < ix->resolving.len;
    if (several)
        rc = name_all(ix, err);
    if (rc == PT_OK)
        rc = begin_resolving(ix, err);
    while (rc == PT_OK && ix->first + ix->n_units < ix->resolving.len) {
        rc = name_batch(ix, err);
        if (rc == PT_OK)
            rc = pool(ix, resolve_item, err);
        if (rc == PT_OK)
            rc = tell_batch(ix, d, err);
        if (several)
            indexer_read_batch(ix);
    }
    return rc;
}

/* ---- as a source ---- */

static int source_begin(void *ctx, bool edges, struct err *err)
{
    struct indexer *ix = ctx;
    ix->edges = edges;
    int rc = prepare(ix, err);
    if (rc == PT_OK && edges && !ix->named)
        rc = name_all(ix, err);
    return rc == PT_OK && edges ? begin_resolving(ix, err) : rc;
}

static int next_batch(struct indexer *ix, struct err *err)
{
    int rc = name_batch(ix, err);
    if (rc == PT_OK && ix->edges)
        rc = pool(ix, resolve_item, err);
    for (uint32_t i = 0; rc == PT_OK && ix->edges && i < ix->n_units; i++)
        (void)is_news(ix, i);
    return rc;
}

static int source_next(void *ctx, const struct unit **ret, uint32_t *ret_n, struct err *err)
{
    struct indexer *ix = ctx;
    uint64_t failures = mem_failures(), t0 = clock_now_ns();
    reset(ix);
    indexer_read_batch(ix);
    int rc = indexer_unless_starved(next_batch(ix, err), failures, err);
    if (rc != PT_OK)
        return rc;
    ix->source_ns += clock_now_ns() - t0;
    *ret = ix->units;
    *ret_n = ix->n_units;
    if (ix->n_units == 0) {
        ix->named = true;
        ix->broken = !ix->edges; /* else all was told */
    }
    return PT_OK;
}

uint64_t indexer_source_ns(const struct indexer *ix)
{
    return ix->source_ns;
}

void indexer_source(struct indexer *ix, struct unit_source *ret)
{
    ix->named = false;
    *ret = (struct unit_source){.ctx = ix, .begin = source_begin, .next = source_next};
}
