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

/* A file that the pipeline, or the graph that it began with, knows. */
struct known {
    struct index_told told; /* what the graph was told before the first update; see is_told */
    struct index_stat stat;
    struct hash128 content;
    uint8_t lang;
    bool is_told;    /* the graph had it, and the indexer does not know it yet */
    bool is_indexed; /* the indexer has it */
    bool is_racy;    /* read so soon after it changed that it may change again and look the same */
    bool is_seen;    /* in the update under way */
    char path[];
};

/* A file to look into. */
struct source {
    const char *path;
    const struct scan_file *scanned; /* NULL for a dump */
    struct slice text;               /* of a dump */
    struct known *known;             /* NULL for a dump */
    uint8_t lang;
    struct index_stat stat;
    struct facts *facts;     /* owned until they are linked; NULL if the contents are the same */
    bool left_out;           /* could not be read: it has the facts of an empty file */
    enum scan_reason reason; /* why */
    uint64_t detail;
    uint32_t lines;
};

struct pipeline {
    struct pipeline_options options;
    char *root; /* owned; NULL for a dump */
    int root_fd;
    uint64_t max_bytes;
    struct indexer *indexer;
    VEC(struct known *) known; /* owned, by path */
    struct worker *workers;
    unsigned n_workers;

    /* Of the update under way. */
    VEC(struct source) sources; /* by path */
    VEC(struct known *) seen;   /* is_seen */
    VEC(struct index_change) changes;
    pthread_mutex_t lock;
    struct pipeline_progress progress; /* under lock */
    bool cancelled;
};

/* ---- progress ---- */

static bool step(struct pipeline *r, uint64_t bytes)
{
    bool go = true;
    (void)pthread_mutex_lock(&r->lock);
    r->progress.files++;
    r->progress.bytes += bytes;
    if (r->options.progress != NULL && !r->cancelled)
        r->cancelled = !r->options.progress(r->options.ctx, &r->progress);
    go = !r->cancelled;
    (void)pthread_mutex_unlock(&r->lock);
    return go;
}

static bool begin_stage(struct pipeline *r, enum pipeline_stage stage, uint32_t n_files)
{
    r->progress.stage = stage;
    r->progress.files = 0;
    r->progress.bytes = 0;
    r->progress.n_files = n_files;
    if (r->options.progress != NULL && !r->cancelled)
        r->cancelled = !r->options.progress(r->options.ctx, &r->progress);
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
static void read_source(struct pipeline *r, struct worker *w, struct source *s, struct slice *ret)
{
    struct err err = {0};
    *ret = slice_of("", 0);
    if (s->scanned == NULL) {
        *ret = s->text;
    } else {
        struct io_stat st;
        buf_reset(&w->content);
        int rc = io_read_file_stat(r->root_fd, s->path, r->max_bytes, &w->content, &st, &err);
        if (rc != PT_OK) {
            s->left_out = true;
            s->reason = reason_of(rc);
            return;
        }
        s->stat = (struct index_stat){st.size, st.ino, st.mtime_ns, st.ctime_ns};
        *ret = buf_as_slice(&w->content);
    }
    if (scan_is_binary(ret->p, ret->n)) {
        s->left_out = true;
        s->reason = SCAN_BINARY;
        *ret = slice_of("", 0);
    }
}

static bool same_stat(const struct index_stat *a, const struct index_stat *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

/* Of these contents the indexer has the facts already. */
static bool is_known(const struct source *s, struct slice text)
{
    const struct known *k = s->known;
    return k != NULL && k->is_indexed && !s->left_out && k->lang == s->lang &&
           hash128_eq(k->content, hash128(text.p, text.n));
}

static int extract_item(void *ctx, unsigned worker, size_t item)
{
    struct pipeline *r = ctx;
    struct worker *w = &r->workers[worker];
    struct source *s = &r->sources.at[item];
    struct slice text;
    int rc = PT_OK;

    if (w->extract == NULL && (w->extract = extract_new()) == NULL)
        return err_set(&w->err, PT_ENOMEM, "out of memory for a parser");
    read_source(r, w, s, &text);
    if (!is_known(s, text)) {
        rc = extract_file(w->extract, s->lang, s->path, text.p, text.n, &s->facts, &w->err);
        if (rc == PT_OK && s->left_out)
            s->facts->flags |= FACTS_UNREAD;
    }
    if (rc != PT_OK)
        return rc;
    return step(r, s->scanned != NULL ? s->scanned->size : s->text.n) ? PT_OK : PT_ECANCELED;
}

static int pool(struct pipeline *r, size_t n, pool_fn fn, struct err *err)
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

/* ---- what is known ---- */

/* The first file whose path is not before `path`. */
static uint32_t place_of(const struct pipeline *r, const char *path)
{
    uint32_t lo = 0, hi = r->known.len;
    /* mostly they come in order */
    if (hi > 0 && strcmp(r->known.at[hi - 1]->path, path) < 0)
        return hi;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (strcmp(r->known.at[mid]->path, path) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

/* The file of that path, which is made if it is not there; NULL: out of memory. */
static struct known *know(struct pipeline *r, const char *path)
{
    uint32_t at = place_of(r, path);
    if (at < r->known.len && strcmp(r->known.at[at]->path, path) == 0)
        return r->known.at[at];
    size_t n = strlen(path) + 1;
    struct known *k = mem_calloc(1, sizeof(*k) + n);
    if (k == NULL || !vec_push(&r->known, k)) {
        mem_free(k);
        return NULL;
    }
    memcpy(k->path, path, n);
    memmove(&r->known.at[at + 1], &r->known.at[at], (r->known.len - 1 - at) * sizeof(k));
    r->known.at[at] = k;
    return k;
}

static bool is_within(const char *path, const char *folder)
{
    size_t n = strlen(folder);
    return n == 0 || (strncmp(path, folder, n) == 0 && (path[n] == '/' || path[n] == '\0'));
}

/* ---- what is to be done ---- */

static bool is_named(const char *path, const char *const *paths, uint32_t n)
{
    uint32_t lo = 0, hi = n;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        int order = strcmp(paths[mid], path);
        if (order == 0)
            return true;
        if (order < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return false;
}

static bool add_source(struct pipeline *r, const struct scan_file *f, bool named)
{
    struct known *k = know(r, f->path);
    struct index_stat now = {f->size, f->ino, f->mtime_ns, f->ctime_ns};
    if (k == NULL || !vec_push(&r->seen, k))
        return false;
    k->is_seen = true;
    if (k->is_indexed && !named && !k->is_racy && k->lang == f->lang && same_stat(&k->stat, &now))
        return true;
    return vec_push(
        &r->sources,
        (struct source){.path = k->path, .scanned = f, .known = k, .lang = f->lang, .stat = now});
}

static int add_sources(struct pipeline *r, const struct scan *scan, const char *const *paths,
                       uint32_t n, struct err *err)
{
    bool ok = true;
    for (uint32_t i = 0; ok && i < scan->files.len; i++)
        ok = add_source(r, &scan->files.at[i], is_named(scan->files.at[i].path, paths, n));
    return ok ? PT_OK : err_set(err, PT_ENOMEM, "out of memory for the list of files");
}

static const struct index_told *told_of(const struct known *k)
{
    return k != NULL && k->is_told ? &k->told : NULL;
}

static struct index_change change_of(struct source *s)
{
    struct index_change c = {.path = s->path, .facts = s->facts, .stat = s->stat};
    c.same = s->facts == NULL;
    c.told = told_of(s->known);
    s->facts = NULL;
    return c;
}

/* Is there anything to tell of a file that was looked into? */
static bool is_news(const struct source *s)
{
    return s->facts != NULL || !same_stat(&s->known->stat, &s->stat);
}

static int by_change_path(const void *x, const void *y)
{
    const struct index_change *a = x, *b = y;
    return strcmp(a->path, b->path);
}

/* Those that were known in the places that were looked at, and are no more. */
static bool add_gone_below(struct pipeline *r, const char *path)
{
    uint32_t i = place_of(r, path);
    for (; i < r->known.len; i++) {
        struct known *k = r->known.at[i];
        if (!is_within(k->path, path)) {
            /* "a.c" lies between "a" and "a/b" */
            if (strncmp(k->path, path, strlen(path)) != 0 || k->path[strlen(path)] > '/')
                break;
            continue;
        }
        if (k->is_seen || (!k->is_indexed && !k->is_told))
            continue;
        k->is_seen = true; /* once */
        struct index_change c = {.path = k->path, .told = told_of(k)};
        if (!vec_push(&r->changes, c) || !vec_push(&r->seen, k))
            return false;
        k->is_indexed = k->is_told = false; /* swept behind the change */
    }
    return true;
}

static int make_changes(struct pipeline *r, const char *const *paths, uint32_t n, struct err *err)
{
    bool ok = true;
    for (uint32_t i = 0; ok && i < r->sources.len; i++) {
        struct source *s = &r->sources.at[i];
        if (s->known == NULL || is_news(s))
            ok = vec_push(&r->changes, change_of(s));
    }
    for (uint32_t i = 0; ok && i < n; i++)
        ok = add_gone_below(r, paths[i]);
    if (!ok)
        return err_set(err, PT_ENOMEM, "out of memory for the changes");
    if (r->changes.len > 1)
        qsort(r->changes.at, r->changes.len, sizeof(*r->changes.at), by_change_path);
    return PT_OK;
}

/* Times of files come from a clock that ticks: what was read within a tick of a change may have
 * been changed once more since, and bear the same time. */
#define RACY_NS ((int64_t)20 * (int64_t)CLOCK_NS_PER_MS)

static bool is_racy(const struct index_stat *s, int64_t now_ns)
{
    return now_ns - s->mtime_ns < RACY_NS || now_ns - s->ctime_ns < RACY_NS;
}

/* The indexer has taken the changes: so it is now. */
static void remember(struct pipeline *r, int64_t began_ns)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < r->sources.len; i++) {
        struct source *s = &r->sources.at[i];
        if (s->known == NULL)
            continue;
        s->known->stat = s->stat;
        s->known->lang = s->lang;
        s->known->is_racy = is_racy(&s->stat, began_ns);
        s->known->is_indexed = true;
        s->known->is_told = false;
    }
    bool any_gone = false;
    for (uint32_t i = 0; i < r->seen.len; i++) {
        r->seen.at[i]->is_seen = false;
        any_gone |= !r->seen.at[i]->is_indexed;
    }
    vec_clear(&r->seen);
    for (uint32_t i = 0; any_gone && i < r->known.len; i++) {
        struct known *k = r->known.at[i];
        if (k->is_indexed || k->is_told)
            r->known.at[kept++] = k;
        else
            mem_free(k);
    }
    if (any_gone)
        vec_truncate(&r->known, kept);
}

/* ---- a run ---- */

static bool begin_resolving(void *ctx, uint32_t n_files)
{
    return begin_stage(ctx, STAGE_RESOLVE, n_files);
}

static bool resolved(void *ctx)
{
    return step(ctx, 0);
}

static int by_path(const void *x, const void *y)
{
    const struct pipeline_skip *a = x, *b = y;
    return strcmp(a->path, b->path);
}

/* What was left out, and the sums. */
static int report_on(struct pipeline *r, struct pipeline_report *report, struct err *err)
{
    for (uint32_t i = 0; i < report->scan.skips.len; i++) {
        const struct scan_skip *s = &report->scan.skips.at[i];
        if (!vec_push(&report->skips, (struct pipeline_skip){s->path, s->reason, s->detail}))
            return err_set(err, PT_ENOMEM, "out of memory for the report");
    }
    for (uint32_t i = 0; i < r->sources.len; i++) {
        const struct source *s = &r->sources.at[i];
        if (s->facts != NULL) {
            report->bytes += s->facts->bytes;
            report->lines += s->facts->lines;
            report->facts_bytes += facts_size(s->facts);
            report->n_parsed++;
        }
        if (!s->left_out)
            continue;
        const char *path = arena_strdup(&report->scan.arena, s->path);
        if (path == NULL ||
            !vec_push(&report->skips, (struct pipeline_skip){path, s->reason, s->detail}))
            return err_set(err, PT_ENOMEM, "out of memory for the report");
    }
    report->n_read = r->sources.len;
    if (report->skips.len > 1)
        qsort(report->skips.at, report->skips.len, sizeof(*report->skips.at), by_path);
    return PT_OK;
}

static int extract_sources(struct pipeline *r, struct pipeline_report *report, struct err *err)
{
    uint64_t t0 = clock_now_ns();
    r->progress.n_bytes = 0;
    for (uint32_t i = 0; i < r->sources.len; i++) {
        const struct source *s = &r->sources.at[i];
        r->progress.n_bytes += s->scanned != NULL ? s->scanned->size : s->text.n;
    }
    if (!begin_stage(r, STAGE_EXTRACT, r->sources.len))
        return cancelled(err);
    int rc = pool(r, r->sources.len, extract_item, err);
    report->extract_ns = clock_now_ns() - t0;
    for (uint32_t i = 0; rc == PT_OK && i < r->sources.len; i++) {
        const struct source *s = &r->sources.at[i];
        if (s->known != NULL && s->facts != NULL)
            s->known->content = s->facts->content;
    }
    return rc == PT_OK ? report_on(r, report, err) : rc;
}

static int apply_changes(struct pipeline *r, struct delta *d, struct pipeline_report *report,
                         struct err *err)
{
    struct indexer_report done = {0};
    if (!begin_stage(r, STAGE_LINK, r->changes.len))
        return cancelled(err);
    int rc = indexer_apply(r->indexer, r->changes.at, r->changes.len, d, &done, err);
    report->link_ns = done.link_ns;
    report->resolve_ns = done.resolve_ns;
    report->n_resolved = done.resolved;
    return rc == PT_ECANCELED ? cancelled(err) : rc;
}

/* Facts that nobody took. */
static void clear_run(struct pipeline *r)
{
    for (uint32_t i = 0; i < r->sources.len; i++)
        facts_free(r->sources.at[i].facts);
    for (uint32_t i = 0; i < r->changes.len; i++)
        facts_free(r->changes.at[i].facts);
    vec_clear(&r->sources);
    vec_clear(&r->changes);
}

static int run(struct pipeline *r, const char *const *paths, uint32_t n, struct delta *d,
               struct pipeline_report *report, struct err *err)
{
    int rc = extract_sources(r, report, err);
    if (rc == PT_OK)
        rc = make_changes(r, paths, n, err);
    if (rc == PT_OK)
        rc = apply_changes(r, d, report, err);
    return rc;
}

/* ---- life ---- */

static int start(struct pipeline *r, const char *root, const struct pipeline_options *options,
                 struct err *err)
{
    unsigned threads = options->threads != 0 ? options->threads : pool_cpus();
    r->options = *options;
    r->root_fd = -1;
    r->n_workers = threads < 1 ? 1 : threads > POOL_THREADS_MAX ? POOL_THREADS_MAX : threads;
    r->max_bytes =
        options->scan.max_file_bytes != 0 ? options->scan.max_file_bytes : SCAN_MAX_FILE_BYTES;
    const struct indexer_options o = {.threads = r->n_workers,
                                      .once = options->once,
                                      .begin = begin_resolving,
                                      .step = resolved,
                                      .ctx = r};
    r->workers = mem_calloc(r->n_workers, sizeof(*r->workers));
    r->root = root != NULL ? mem_strdup(root) : NULL;
    if (r->workers == NULL || (root != NULL && r->root == NULL))
        return err_set(err, PT_ENOMEM, "out of memory for the workers");
    int rc = root != NULL ? io_open_dir(root, &r->root_fd, err) : PT_OK;
    return rc == PT_OK ? indexer_new(&o, &r->indexer, err) : rc;
}

int pipeline_new(const char *root, const struct pipeline_options *options, struct pipeline **ret,
                 struct err *err)
{
    struct pipeline *r = mem_calloc(1, sizeof(*r));
    if (r == NULL)
        return err_set(err, PT_ENOMEM, "out of memory for the index");
    (void)pthread_mutex_init(&r->lock, NULL);
    int rc = start(r, root, options, err);
    if (rc != PT_OK) {
        pipeline_free(r);
        return rc;
    }
    *ret = r;
    return PT_OK;
}

void pipeline_free(struct pipeline *r)
{
    if (r == NULL)
        return;
    for (unsigned i = 0; r->workers != NULL && i < r->n_workers; i++) {
        extract_free(r->workers[i].extract);
        buf_release(&r->workers[i].content);
    }
    clear_run(r);
    vec_release(&r->sources);
    vec_release(&r->changes);
    vec_release(&r->seen);
    indexer_free(r->indexer);
    for (uint32_t i = 0; i < r->known.len; i++)
        mem_free(r->known.at[i]);
    vec_release(&r->known);
    mem_free(r->workers);
    mem_free(r->root);
    io_close(r->root_fd);
    (void)pthread_mutex_destroy(&r->lock);
    mem_free(r);
}

int pipeline_seed(struct pipeline *r, const char *path, const struct index_told *told,
                  const struct hash128 *content, struct err *err)
{
    struct known *k = know(r, path);
    if (k == NULL)
        return err_set(err, PT_ENOMEM, "out of memory for the list of files");
    k->told = *told;
    k->content = *content;
    k->is_told = true;
    return PT_OK;
}

uint32_t pipeline_files(const struct pipeline *r)
{
    return r->known.len;
}

/* ---- updates ---- */

static int finish(struct pipeline *r, int rc, struct delta *d, struct pipeline_report *report)
{
    clear_run(r);
    if (rc != PT_OK) {
        delta_release(d);
        pipeline_report_release(report);
    }
    return rc;
}

static int scan_parts(struct pipeline *r, const char *const *paths, uint32_t n,
                      struct pipeline_report *report, struct err *err)
{
    uint64_t t0 = clock_now_ns();
    if (!begin_stage(r, STAGE_SCAN, 0))
        return cancelled(err);
    int rc = scan_paths(r->root, &r->options.scan, paths, n, &report->scan, err);
    report->scan_ns = clock_now_ns() - t0;
    return rc;
}

int pipeline_update(struct pipeline *r, const char *const *paths, uint32_t n,
                    struct delta *ret_delta, struct pipeline_report *ret_report, struct err *err)
{
    int64_t began = (int64_t)clock_wall_ns();
    delta_init(ret_delta);
    memset(ret_report, 0, sizeof(*ret_report));
    r->cancelled = false;
    int rc = scan_parts(r, paths, n, ret_report, err);
    if (rc == PT_OK)
        rc = add_sources(r, &ret_report->scan, paths, n, err);
    if (rc == PT_OK)
        rc = run(r, paths, n, ret_delta, ret_report, err);
    if (rc == PT_OK)
        remember(r, began);
    return finish(r, rc, ret_delta, ret_report);
}

/* ---- all at once ---- */

int pipeline_tree(const char *root, const struct pipeline_options *options, struct delta *ret_delta,
                  struct pipeline_report *ret_report, struct err *err)
{
    static const char *const all[] = {""};
    struct pipeline_options once = *options;
    struct pipeline *r = NULL;
    once.once = true;
    int rc = pipeline_new(root, &once, &r, err);
    if (rc == PT_OK)
        rc = pipeline_update(r, all, 1, ret_delta, ret_report, err);
    if (rc == PT_OK)
        ret_delta->replace_all = true;
    pipeline_free(r);
    return rc;
}

int pipeline_dump(const struct dump *dump, const struct pipeline_options *options,
                  struct delta *ret_delta, struct pipeline_report *ret_report, struct err *err)
{
    struct pipeline_options once = *options;
    struct pipeline *r = NULL;
    once.once = true;
    delta_init(ret_delta);
    memset(ret_report, 0, sizeof(*ret_report));
    int rc = pipeline_new(NULL, &once, &r, err);
    if (rc != PT_OK)
        return rc;
    if (!vec_reserve(&r->sources, dump->entries.len))
        rc = err_set(err, PT_ENOMEM, "out of memory for the list of files");
    for (uint32_t i = 0; rc == PT_OK && i < dump->entries.len; i++) {
        const struct dump_entry *f = &dump->entries.at[i];
        (void)vec_push(&r->sources, (struct source){.path = f->path,
                                                    .text = slice_of(f->p, f->n),
                                                    .lang = f->lang,
                                                    .stat.size = f->n});
    }
    ret_report->scan.n_other_files = dump->n_other_files;
    if (rc == PT_OK)
        rc = run(r, NULL, 0, ret_delta, ret_report, err);
    ret_delta->replace_all = true;
    rc = finish(r, rc, ret_delta, ret_report);
    pipeline_free(r);
    return rc;
}

void pipeline_report_release(struct pipeline_report *r)
{
    scan_release(&r->scan);
    vec_release(&r->skips);
    memset(r, 0, sizeof(*r));
}
