#include "index/pipeline.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/pool.h"
#include "index/dump.h"
#include "index/indexer.h"
#include "lang/extract.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* What one worker keeps from item to item. Made when it first has something to do. */
struct worker {
    struct extract *extract;
    struct buf content;
    struct err err; /* of the first item that failed */
};

struct source {
    const char *path;
    const struct scan_file *scanned; /* NULL for a dump */
    struct slice text;               /* of a dump */
    uint8_t lang;
    struct facts *facts;     /* owned until they are linked */
    bool left_out;           /* could not be read: it has the facts of an empty file */
    enum scan_reason reason; /* why */
    uint64_t detail;
};

struct run {
    const struct pipeline_options *options;
    int root; /* open folder, -1 for a dump */
    uint64_t max_bytes;
    VEC(struct source) sources; /* by path */
    struct worker *workers;
    unsigned n_workers;
    pthread_mutex_t lock;
    struct pipeline_progress progress; /* under lock */
    bool cancelled;
};

/* ---- progress ---- */

static bool step(struct run *r, uint64_t bytes)
{
    bool go = true;
    (void)pthread_mutex_lock(&r->lock);
    r->progress.files++;
    r->progress.bytes += bytes;
    if (r->options->progress != NULL && !r->cancelled)
        r->cancelled = !r->options->progress(r->options->ctx, &r->progress);
    go = !r->cancelled;
    (void)pthread_mutex_unlock(&r->lock);
    return go;
}

static bool begin_stage(struct run *r, enum pipeline_stage stage, uint32_t n_files)
{
    r->progress.stage = stage;
    r->progress.files = 0;
    r->progress.bytes = 0;
    r->progress.n_files = n_files;
    if (r->options->progress != NULL && !r->cancelled)
        r->cancelled = !r->options->progress(r->options->ctx, &r->progress);
    return !r->cancelled;
}

static int cancelled(struct err *err)
{
    return err_set(err, PT_ECANCELED, "indexing was cancelled; nothing was changed");
}

/* ---- read and extract ---- */

static enum scan_reason reason_of(int code)
{
    return code == PT_ELIMIT ? SCAN_TOO_LARGE : SCAN_UNREADABLE;
}

/* The bytes of a source. One that has to be left out stands in the graph as an empty file, so that
 * it is seen, and counts as known when the tree is compared with the graph. */
static void read_source(struct run *r, struct worker *w, struct source *s, struct slice *ret)
{
    struct err err = {0};
    *ret = slice_of("", 0);
    if (s->scanned == NULL) {
        *ret = s->text;
    } else {
        buf_reset(&w->content);
        int rc = io_read_file(r->root, s->path, r->max_bytes, &w->content, &err);
        if (rc != PT_OK) {
            s->left_out = true;
            s->reason = reason_of(rc);
            return;
        }
        *ret = buf_as_slice(&w->content);
    }
    if (scan_is_binary(ret->p, ret->n)) {
        s->left_out = true;
        s->reason = SCAN_BINARY;
        *ret = slice_of("", 0);
    }
}

static int extract_item(void *ctx, unsigned worker, size_t item)
{
    struct run *r = ctx;
    struct worker *w = &r->workers[worker];
    struct source *s = &r->sources.at[item];
    struct slice text;

    if (w->extract == NULL && (w->extract = extract_new()) == NULL)
        return err_set(&w->err, PT_ENOMEM, "out of memory for a parser");
    read_source(r, w, s, &text);
    int rc = extract_file(w->extract, s->lang, s->path, text.p, text.n, &s->facts, &w->err);
    if (rc != PT_OK)
        return rc;
    if (s->left_out)
        s->facts->flags |= FACTS_UNREAD;
    return step(r, s->scanned != NULL ? s->scanned->size : s->text.n) ? PT_OK : PT_ECANCELED;
}

/* ---- the delta ---- */

static int pool(struct run *r, size_t n, pool_fn fn, struct err *err)
{
    int rc = pool_run(r->n_workers, n, fn, r);
    if (rc == PT_OK)
        return PT_OK;
    if (rc == PT_ECANCELED)
        return cancelled(err);
    for (unsigned i = 0; i < r->n_workers; i++) {
        if (r->workers[i].err.code == rc && err != NULL) {
            *err = r->workers[i].err;
            return rc;
        }
    }
    return err_set(err, rc, "indexing failed");
}

static bool begin_resolving(void *ctx, uint32_t n_files)
{
    return begin_stage(ctx, STAGE_RESOLVE, n_files);
}

static bool resolved(void *ctx)
{
    return step(ctx, 0);
}

/* All files are what changes in an index that has none yet. The facts go over to it. */
static struct index_change *all_changes(struct run *r)
{
    struct index_change *changes = mem_calloc((size_t)r->sources.len + 1, sizeof(*changes));
    for (uint32_t i = 0; changes != NULL && i < r->sources.len; i++) {
        struct source *s = &r->sources.at[i];
        changes[i] = (struct index_change){.path = s->path, .facts = s->facts};
        changes[i].stat.size = s->scanned != NULL ? s->scanned->size : s->facts->bytes;
        if (s->scanned != NULL) {
            changes[i].stat.mtime_ns = s->scanned->mtime_ns;
            changes[i].stat.ctime_ns = s->scanned->ctime_ns;
            changes[i].stat.ino = s->scanned->ino;
        }
        s->facts = NULL;
    }
    return changes;
}

static int resolve_all(struct run *r, struct delta *d, struct pipeline_report *report,
                       struct err *err)
{
    const struct indexer_options o = {.threads = r->n_workers,
                                      .once = true,
                                      .begin = begin_resolving,
                                      .step = resolved,
                                      .ctx = r};
    struct indexer_report done = {0};
    struct indexer *ix = NULL;
    int rc = indexer_new(&o, &ix, err);
    struct index_change *changes = rc == PT_OK ? all_changes(r) : NULL;
    if (rc == PT_OK && changes == NULL)
        rc = err_set(err, PT_ENOMEM, "out of memory for the changes");
    if (rc == PT_OK)
        rc = indexer_apply(ix, changes, r->sources.len, d, &done, err);
    mem_free(changes);
    indexer_free(ix);
    d->replace_all = true;
    report->link_ns = done.link_ns;
    report->resolve_ns = done.resolve_ns;
    return rc == PT_ECANCELED ? cancelled(err) : rc;
}

/* ---- a run ---- */

static int start(struct run *r, const struct pipeline_options *options, struct err *err)
{
    unsigned threads = options->threads != 0 ? options->threads : pool_cpus();
    memset(r, 0, sizeof(*r));
    r->options = options;
    r->root = -1;
    (void)pthread_mutex_init(&r->lock, NULL);
    r->n_workers = threads < 1 ? 1 : threads > POOL_THREADS_MAX ? POOL_THREADS_MAX : threads;
    r->workers = mem_calloc(r->n_workers, sizeof(*r->workers));
    return r->workers != NULL ? PT_OK : err_set(err, PT_ENOMEM, "out of memory for the workers");
}

static void stop(struct run *r)
{
    for (unsigned i = 0; r->workers != NULL && i < r->n_workers; i++) {
        extract_free(r->workers[i].extract);
        buf_release(&r->workers[i].content);
    }
    for (uint32_t i = 0; i < r->sources.len; i++)
        facts_free(r->sources.at[i].facts);
    vec_release(&r->sources);
    mem_free(r->workers);
    io_close(r->root);
    (void)pthread_mutex_destroy(&r->lock);
}

static int by_path(const void *x, const void *y)
{
    const struct pipeline_skip *a = x, *b = y;
    return strcmp(a->path, b->path);
}

/* What was left out, and the sums. */
static int report_on(struct run *r, struct pipeline_report *report, struct err *err)
{
    for (uint32_t i = 0; i < report->scan.skips.len; i++) {
        const struct scan_skip *s = &report->scan.skips.at[i];
        if (!vec_push(&report->skips, (struct pipeline_skip){s->path, s->reason, s->detail}))
            return err_set(err, PT_ENOMEM, "out of memory for the report");
    }
    for (uint32_t i = 0; i < r->sources.len; i++) {
        const struct source *s = &r->sources.at[i];
        report->bytes += s->facts->bytes;
        report->lines += s->facts->lines;
        report->facts_bytes += facts_size(s->facts);
        if (!s->left_out)
            continue;
        const char *path = arena_strdup(&report->scan.arena, s->path);
        if (path == NULL ||
            !vec_push(&report->skips, (struct pipeline_skip){path, s->reason, s->detail}))
            return err_set(err, PT_ENOMEM, "out of memory for the report");
    }
    if (report->skips.len > 1)
        qsort(report->skips.at, report->skips.len, sizeof(*report->skips.at), by_path);
    return PT_OK;
}

static int run_sources(struct run *r, struct delta *d, struct pipeline_report *report,
                       struct err *err)
{
    uint64_t t0 = clock_now_ns();
    for (uint32_t i = 0; i < r->sources.len; i++) {
        const struct source *s = &r->sources.at[i];
        r->progress.n_bytes += s->scanned != NULL ? s->scanned->size : s->text.n;
    }
    if (!begin_stage(r, STAGE_EXTRACT, r->sources.len))
        return cancelled(err);
    int rc = pool(r, r->sources.len, extract_item, err);
    report->extract_ns = clock_now_ns() - t0;
    if (rc == PT_OK)
        rc = report_on(r, report, err);
    if (rc == PT_OK && !begin_stage(r, STAGE_LINK, r->sources.len))
        rc = cancelled(err);
    return rc == PT_OK ? resolve_all(r, d, report, err) : rc;
}

static int scan_sources(struct run *r, const char *root, struct pipeline_report *report,
                        struct err *err)
{
    uint64_t t0 = clock_now_ns();
    int rc = io_open_dir(root, &r->root, err);
    if (rc == PT_OK)
        rc = scan_tree(root, &r->options->scan, &report->scan, err);
    report->scan_ns = clock_now_ns() - t0;
    if (rc != PT_OK)
        return rc;
    r->max_bytes = r->options->scan.max_file_bytes;
    if (r->max_bytes == 0)
        r->max_bytes = SCAN_MAX_FILE_BYTES;
    if (!vec_reserve(&r->sources, report->scan.files.len))
        return err_set(err, PT_ENOMEM, "out of memory for the list of files");
    for (uint32_t i = 0; i < report->scan.files.len; i++) {
        const struct scan_file *f = &report->scan.files.at[i];
        (void)vec_push(&r->sources,
                       (struct source){.path = f->path, .scanned = f, .lang = f->lang});
    }
    return PT_OK;
}

static int finish(struct run *r, int rc, struct delta *d, struct pipeline_report *report)
{
    stop(r);
    if (rc != PT_OK) {
        delta_release(d);
        pipeline_report_release(report);
    }
    return rc;
}

int pipeline_tree(const char *root, const struct pipeline_options *options, struct delta *ret_delta,
                  struct pipeline_report *ret_report, struct err *err)
{
    struct run r;
    int rc = start(&r, options, err);

    delta_init(ret_delta);
    memset(ret_report, 0, sizeof(*ret_report));
    if (rc == PT_OK && !begin_stage(&r, STAGE_SCAN, 0))
        rc = cancelled(err);
    if (rc == PT_OK)
        rc = scan_sources(&r, root, ret_report, err);
    if (rc == PT_OK)
        rc = run_sources(&r, ret_delta, ret_report, err);
    return finish(&r, rc, ret_delta, ret_report);
}

int pipeline_dump(const struct dump *dump, const struct pipeline_options *options,
                  struct delta *ret_delta, struct pipeline_report *ret_report, struct err *err)
{
    struct run r;
    int rc = start(&r, options, err);

    delta_init(ret_delta);
    memset(ret_report, 0, sizeof(*ret_report));
    if (rc == PT_OK && !vec_reserve(&r.sources, dump->entries.len))
        rc = err_set(err, PT_ENOMEM, "out of memory for the list of files");
    for (uint32_t i = 0; rc == PT_OK && i < dump->entries.len; i++) {
        const struct dump_entry *f = &dump->entries.at[i];
        (void)vec_push(
            &r.sources,
            (struct source){.path = f->path, .text = slice_of(f->p, f->n), .lang = f->lang});
    }
    ret_report->scan.n_other_files = dump->n_other_files;
    if (rc == PT_OK)
        rc = run_sources(&r, ret_delta, ret_report, err);
    return finish(&r, rc, ret_delta, ret_report);
}

void pipeline_report_release(struct pipeline_report *r)
{
    scan_release(&r->scan);
    vec_release(&r->skips);
    memset(r, 0, sizeof(*r));
}
