#include "index/pipeline_internal.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/pool.h"
#include "index/dump.h"
#include "index/shelf.h"
#include "lang/extract.h"
#include "lang/trees.h"

#include <stdlib.h>
#include <string.h>

/* ---- progress ---- */

bool pipeline_step(struct pipeline *p, uint64_t bytes)
{
    bool go = true;
    (void)pthread_mutex_lock(&p->lock);
    p->progress.files++;
    p->progress.bytes += bytes;
    if (p->options.progress != NULL && !p->cancelled)
        p->cancelled = !p->options.progress(p->options.ctx, &p->progress);
    go = !p->cancelled;
    (void)pthread_mutex_unlock(&p->lock);
    return go;
}

bool pipeline_begin_stage(struct pipeline *p, enum pipeline_stage stage, uint32_t n_files)
{
    p->progress.stage = stage;
    p->progress.files = 0;
    p->progress.bytes = 0;
    p->progress.n_files = n_files;
    if (p->options.progress != NULL && !p->cancelled)
        p->cancelled = !p->options.progress(p->options.ctx, &p->progress);
    return !p->cancelled;
}

int pipeline_cancelled(struct err *err)
{
    return err_set(err, PT_ECANCELED, "indexing was cancelled; nothing was changed");
}

/* ---- what is known ---- */

/* The first file whose path is not before `path`. */
static uint32_t place_of(const struct pipeline *p, const char *path)
{
    uint32_t lo = 0, hi = p->known.len;
    /* mostly they come in order */
    if (hi > 0 && strcmp(p->known.at[hi - 1].file->path, path) < 0)
        return hi;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (strcmp(p->known.at[mid].file->path, path) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

struct known *pipeline_know(struct pipeline *p, const char *path)
{
    uint32_t at = place_of(p, path);
    if (at < p->known.len && strcmp(p->known.at[at].file->path, path) == 0)
        return p->known.at[at].file;
    size_t n = strlen(path) + 1;
    struct known *k = mem_calloc(1, sizeof(*k) + n);
    if (k == NULL || !vec_push(&p->known, (struct known_ref){k})) {
        mem_free(k);
        return NULL;
    }
    memcpy(k->path, path, n);
    memmove(&p->known.at[at + 1], &p->known.at[at], (p->known.len - 1 - at) * sizeof(*p->known.at));
    p->known.at[at].file = k;
    return k;
}

static bool is_within(const char *path, const char *folder)
{
    size_t n = strlen(folder);
    return n == 0 || (strncmp(path, folder, n) == 0 && (path[n] == '/' || path[n] == '\0'));
}

/* ---- what is to be done ---- */

static bool add_source(struct pipeline *p, const struct scan_file *f, bool named)
{
    struct known *k = pipeline_know(p, f->path);
    struct index_stat now = {f->size, f->ino, f->mtime_ns, f->ctime_ns};
    if (k == NULL || !vec_push(&p->seen, (struct known_ref){k}))
        return false;
    k->is_seen = true;
    if (k->is_indexed && !named && !k->is_racy && !k->is_unread && k->lang == f->lang &&
        index_stat_eq(&k->stat, &now))
        return true;
    return vec_push(
        &p->sources,
        (struct source){.path = k->path, .scanned = f, .known = k, .lang = f->lang, .stat = now});
}

static int add_sources(struct pipeline *p, const struct scan *scan, const char *const *paths,
                       uint32_t n, struct err *err)
{
    bool ok = true;
    for (uint32_t i = 0; ok && i < scan->files.len; i++)
        ok = add_source(p, &scan->files.at[i], scan_has_path(paths, n, scan->files.at[i].path));
    return ok ? PT_OK : err_set(err, PT_ENOMEM, "out of memory for the list of files");
}

const struct index_told *pipeline_told_of(const struct known *k)
{
    return k != NULL && k->is_told ? &k->told : NULL;
}

/* Times of files come from a clock that ticks: what was read within a tick of a change may have
 * been changed once more since, and bear the same time. Where no time has a fraction, a file system
 * counts whole seconds, or two of them. */
#define RACY_NS (20 * (int64_t)CLOCK_NS_PER_MS)
#define RACY_WHOLE_NS (2 * SECOND_NS)
#define SECOND_NS ((int64_t)CLOCK_NS_PER_SEC)

static bool is_racy(const struct index_stat *s, int64_t now_ns)
{
    bool whole = s->mtime_ns % SECOND_NS == 0 && s->ctime_ns % SECOND_NS == 0;
    int64_t tick = whole ? RACY_WHOLE_NS : RACY_NS;
    return now_ns - s->mtime_ns < tick || now_ns - s->ctime_ns < tick;
}

/* The state of a file as the graph is told it. */
static struct index_stat lasting_stat(const struct pipeline *p, const struct source *s)
{
    struct index_stat stat = s->stat;
    if (s->scanned != NULL && (s->unread || is_racy(&stat, p->began_ns)))
        stat.ctime_ns = INDEX_CTIME_UNSURE;
    return stat;
}

static struct index_change change_of(const struct pipeline *p, struct source *s)
{
    struct index_change c = {.path = s->path, .facts = s->facts, .stat = lasting_stat(p, s)};
    c.same = s->facts == NULL;
    c.told = pipeline_told_of(s->known);
    s->facts = NULL;
    return c;
}

/* Is there anything to tell of a file that was looked into? */
static bool is_news(const struct source *s)
{
    return s->facts != NULL || !index_stat_eq(&s->known->stat, &s->stat);
}

static int by_change_path(const void *x, const void *y)
{
    const struct index_change *a = x, *b = y;
    return strcmp(a->path, b->path);
}

/* Those that were known in the places that were looked at, and are no more. */
static bool add_gone_below(struct pipeline *p, const char *path)
{
    uint32_t i = place_of(p, path);
    for (; i < p->known.len; i++) {
        struct known *k = p->known.at[i].file;
        if (!is_within(k->path, path)) {
            /* "a.c" lies between "a" and "a/b" */
            if (strncmp(k->path, path, strlen(path)) != 0 || k->path[strlen(path)] > '/')
                break;
            continue;
        }
        if (k->is_seen || (!k->is_indexed && !k->is_told))
            continue;
        k->is_seen = true; /* once */
        struct index_change c = {.path = k->path, .told = pipeline_told_of(k)};
        if (!vec_push(&p->changes, c) || !vec_push(&p->seen, (struct known_ref){k}))
            return false;
        k->is_indexed = k->is_told = false; /* swept behind the change */
    }
    return true;
}

static int make_changes(struct pipeline *p, const char *const *paths, uint32_t n, struct err *err)
{
    bool ok = true;
    for (uint32_t i = 0; ok && i < p->sources.len; i++) {
        struct source *s = &p->sources.at[i];
        if (s->known == NULL || is_news(s))
            ok = vec_push(&p->changes, change_of(p, s));
    }
    for (uint32_t i = 0; ok && i < n; i++)
        ok = add_gone_below(p, paths[i]);
    if (!ok)
        return err_set(err, PT_ENOMEM, "out of memory for the changes");
    if (p->changes.len > 1)
        qsort(p->changes.at, p->changes.len, sizeof(*p->changes.at), by_change_path);
    return PT_OK;
}

static void forget(struct pipeline *p, struct known *k)
{
    p->n_unread -= k->is_unread;
    mem_free(k);
}

/* The indexer has taken the changes: so it is now. */
static void remember(struct pipeline *p)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < p->sources.len; i++) {
        struct source *s = &p->sources.at[i];
        if (s->known == NULL)
            continue;
        s->known->stat = s->stat;
        s->known->lang = s->lang;
        s->known->is_racy = is_racy(&s->stat, p->began_ns);
        p->n_unread += s->unread;
        p->n_unread -= s->known->is_unread;
        s->known->is_unread = s->unread;
        s->known->is_indexed = true;
        s->known->is_told = false;
    }
    bool any_gone = false;
    for (uint32_t i = 0; i < p->seen.len; i++) {
        p->seen.at[i].file->is_seen = false;
        any_gone |= !p->seen.at[i].file->is_indexed;
    }
    vec_clear(&p->seen);
    for (uint32_t i = 0; any_gone && i < p->known.len; i++) {
        struct known *k = p->known.at[i].file;
        if (k->is_indexed || k->is_told)
            p->known.at[kept++].file = k;
        else
            forget(p, k);
    }
    if (any_gone)
        vec_truncate(&p->known, kept);
}

/* ---- a run ---- */

static void cool_shelf(void *ctx)
{
    pipeline_cool(ctx);
}

static bool begin_resolving(void *ctx, uint32_t n_files)
{
    return pipeline_begin_stage(ctx, STAGE_RESOLVE, n_files);
}

static bool resolved(void *ctx)
{
    return pipeline_step(ctx, 0);
}

static int by_path(const void *x, const void *y)
{
    const struct pipeline_skip *a = x, *b = y;
    return strcmp(a->path, b->path);
}

/* What was left out, and the sums. */
static int report_on(struct pipeline *p, struct pipeline_report *report, struct err *err)
{
    for (uint32_t i = 0; i < report->scan.skips.len; i++) {
        const struct scan_skip *s = &report->scan.skips.at[i];
        if (!vec_push(&report->skips, (struct pipeline_skip){s->path, s->reason, s->detail}))
            return err_set(err, PT_ENOMEM, "out of memory for the report");
    }
    for (uint32_t i = 0; i < p->sources.len; i++) {
        const struct source *s = &p->sources.at[i];
        if (s->facts != NULL) {
            report->bytes += s->facts->bytes;
            report->lines += s->facts->lines;
            report->facts_bytes += facts_size(s->facts);
        }
        report->n_parsed += s->parsed;
        if (!s->left_out)
            continue;
        const char *path = arena_strdup(&report->scan.arena, s->path);
        if (path == NULL ||
            !vec_push(&report->skips, (struct pipeline_skip){path, s->reason, s->detail}))
            return err_set(err, PT_ENOMEM, "out of memory for the report");
    }
    report->n_read = p->sources.len;
    if (report->skips.len > 1)
        qsort(report->skips.at, report->skips.len, sizeof(*report->skips.at), by_path);
    return PT_OK;
}

static int extract_sources(struct pipeline *p, struct pipeline_report *report, struct err *err)
{
    uint64_t t0 = clock_now_ns();
    p->progress.n_bytes = 0;
    for (uint32_t i = 0; i < p->sources.len; i++) {
        const struct source *s = &p->sources.at[i];
        p->progress.n_bytes += s->scanned != NULL ? s->scanned->size : s->text.n;
    }
    if (!pipeline_begin_stage(p, STAGE_EXTRACT, p->sources.len))
        return pipeline_cancelled(err);
    int rc = pipeline_find_facts(p, err);
    report->extract_ns = clock_now_ns() - t0;
    for (uint32_t i = 0; rc == PT_OK && i < p->sources.len; i++) {
        const struct source *s = &p->sources.at[i];
        if (s->known != NULL && s->facts != NULL) /* no contents are those of one left out */
            s->known->content = s->left_out ? (struct hash128){0} : s->facts->content;
    }
    return rc == PT_OK ? report_on(p, report, err) : rc;
}

/* What an update gives: one of the two. */
struct outcome {
    struct delta *delta;
    struct unit_source *source;
};

static int apply_changes(struct pipeline *p, struct outcome to, struct pipeline_report *report,
                         struct err *err)
{
    struct indexer_report done = {0};
    struct index_change *changes = p->changes.at;
    uint32_t n = p->changes.len;
    if (!pipeline_begin_stage(p, STAGE_LINK, n))
        return pipeline_cancelled(err);
    int rc = to.source != NULL ? indexer_fill(p->indexer, changes, n, to.source, &done, err)
                               : indexer_apply(p->indexer, changes, n, to.delta, &done, err);
    report->link_ns = done.link_ns;
    report->resolve_ns = done.resolve_ns;
    report->n_resolved = done.resolved;
    pipeline_cool(p);
    return rc;
}

void pipeline_clear_run(struct pipeline *p)
{
    for (uint32_t i = 0; i < p->sources.len; i++)
        facts_free(p->sources.at[i].facts);
    for (uint32_t i = 0; i < p->changes.len; i++)
        facts_free(p->changes.at[i].facts);
    vec_clear(&p->sources);
    vec_clear(&p->changes);
}

static int run(struct pipeline *p, const char *const *paths, uint32_t n, struct outcome to,
               struct pipeline_report *report, struct err *err)
{
    p->many = p->sources.len >= PIPELINE_MANY;
    int rc = extract_sources(p, report, err);
    if (rc == PT_OK)
        rc = make_changes(p, paths, n, err);
    if (rc == PT_OK)
        rc = apply_changes(p, to, report, err);
    return rc;
}

/* ---- life ---- */

static int start(struct pipeline *p, const char *root, const struct pipeline_options *options,
                 struct err *err)
{
    unsigned threads = options->threads != 0 ? options->threads : pool_cpus();
    p->options = *options;
    p->root_fd = -1;
    p->n_workers = threads < 1 ? 1 : threads > POOL_THREADS_MAX ? POOL_THREADS_MAX : threads;
    p->max_bytes =
        options->scan.max_file_bytes != 0 ? options->scan.max_file_bytes : SCAN_MAX_FILE_BYTES;
    const struct indexer_options o = {.threads = p->n_workers,
                                      .once = options->once,
                                      .begin = begin_resolving,
                                      .step = resolved,
                                      .cool = cool_shelf,
                                      .ctx = p};
    p->workers = mem_calloc(p->n_workers, sizeof(*p->workers));
    p->root = root != NULL ? mem_strdup(root) : NULL;
    if (p->workers == NULL || (root != NULL && p->root == NULL))
        return err_set(err, PT_ENOMEM, "out of memory for the workers");
    int rc = root != NULL ? io_open_dir(root, &p->root_fd, err) : PT_OK;
    if (rc == PT_OK && options->tree_bytes > 0)
        rc = trees_new(options->tree_bytes, &p->trees, err);
    return rc == PT_OK ? indexer_new(&o, &p->indexer, err) : rc;
}

int pipeline_new(const char *root, const struct pipeline_options *options, struct pipeline **ret,
                 struct err *err)
{
    struct pipeline *p = mem_calloc(1, sizeof(*p));
    if (p == NULL)
        return err_set(err, PT_ENOMEM, "out of memory for the index");
    (void)pthread_mutex_init(&p->lock, NULL);
    int rc = start(p, root, options, err);
    if (rc != PT_OK) {
        pipeline_free(p);
        return rc;
    }
    *ret = p;
    return PT_OK;
}

static void release_worker(struct pipeline_worker *w)
{
    extract_free(w->extract);
    buf_release(&w->content);
    w->extract = NULL;
}

void pipeline_free(struct pipeline *p)
{
    if (p == NULL)
        return;
    for (unsigned i = 0; p->workers != NULL && i < p->n_workers; i++)
        release_worker(&p->workers[i]);
    pipeline_clear_run(p);
    vec_release(&p->sources);
    vec_release(&p->changes);
    vec_release(&p->seen);
    indexer_free(p->indexer);
    trees_free(p->trees);
    for (uint32_t i = 0; i < p->known.len; i++)
        mem_free(p->known.at[i].file);
    vec_release(&p->known);
    mem_free(p->workers);
    mem_free(p->root);
    io_close(p->root_fd);
    (void)pthread_mutex_destroy(&p->lock);
    mem_free(p);
}

int pipeline_seed(struct pipeline *p, const char *path, const struct index_told *told,
                  const struct hash128 *content, struct err *err)
{
    struct known *k = pipeline_know(p, path);
    if (k == NULL)
        return err_set(err, PT_ENOMEM, "out of memory for the list of files");
    k->told = *told;
    k->content = *content;
    k->is_told = true;
    return PT_OK;
}

/* ---- at rest ---- */

/* Some time after the last sweep: the keys of all files are to be gathered for it. */
static void sweep(struct pipeline *p)
{
    struct shelf_status status;
    struct shelf_key *keep;
    shelf_status(p->options.shelf, &status);
    if (status.records <= p->swept_records)
        return;
    p->swept_records = status.records + p->known.len / 4 + 64;
    keep = mem_calloc((size_t)p->known.len + 1, sizeof(*keep));
    if (keep == NULL)
        return;
    for (uint32_t i = 0; i < p->known.len; i++) {
        const struct known *k = p->known.at[i].file;
        keep[i] = shelf_key(k->content, k->lang, k->path);
    }
    (void)shelf_sweep(p->options.shelf, keep, p->known.len, NULL);
    mem_free(keep);
    indexer_renew(p->indexer, p->options.shelf);
}

void pipeline_rest(struct pipeline *p)
{
    for (unsigned i = 0; i < p->n_workers; i++)
        release_worker(&p->workers[i]);
    indexer_rest(p->indexer);
    if (p->options.shelf == NULL)
        return;
    sweep(p);
    shelf_cool(p->options.shelf);
}

void pipeline_shrink(struct pipeline *p)
{
    if (p->trees != NULL)
        trees_clear(p->trees);
    pipeline_rest(p);
}

/* ---- updates ---- */

static int finish(struct pipeline *p, int rc, struct outcome to, struct pipeline_report *report)
{
    pipeline_clear_run(p);
    if (rc != PT_OK) {
        if (to.delta != NULL)
            delta_release(to.delta);
        pipeline_report_release(report);
    }
    return rc;
}

/* There may be another folder at the root's path than the last time. */
static int reopen_root(struct pipeline *p, struct err *err)
{
    int fd = -1;
    int rc = io_open_dir(p->root, &fd, err);
    if (rc != PT_OK)
        return rc;
    io_close(p->root_fd);
    p->root_fd = fd;
    return PT_OK;
}

static int scan_parts(struct pipeline *p, const char *const *paths, uint32_t n,
                      struct pipeline_report *report, struct err *err)
{
    uint64_t t0 = clock_now_ns();
    if (!pipeline_begin_stage(p, STAGE_SCAN, 0))
        return pipeline_cancelled(err);
    int rc = reopen_root(p, err);
    if (rc == PT_OK)
        rc = scan_paths(p->root, &p->options.scan, paths, n, &report->scan, err);
    report->scan_ns = clock_now_ns() - t0;
    return rc;
}

static int update(struct pipeline *p, const char *const *paths, uint32_t n, struct outcome to,
                  struct pipeline_report *report, struct err *err)
{
    p->began_ns = (int64_t)clock_wall_ns();
    memset(report, 0, sizeof(*report));
    p->cancelled = false;
    int rc = scan_parts(p, paths, n, report, err);
    if (rc == PT_OK)
        rc = add_sources(p, &report->scan, paths, n, err);
    if (rc == PT_OK)
        rc = run(p, paths, n, to, report, err);
    if (rc == PT_OK)
        remember(p);
    return finish(p, rc, to, report);
}

int pipeline_update(struct pipeline *p, const char *const *paths, uint32_t n,
                    struct delta *ret_delta, struct pipeline_report *ret_report, struct err *err)
{
    delta_init(ret_delta);
    return update(p, paths, n, (struct outcome){.delta = ret_delta}, ret_report, err);
}

uint32_t pipeline_unread(const struct pipeline *p, const char **ret_first)
{
    for (uint32_t i = 0; p->n_unread > 0 && i < p->known.len; i++) {
        if (!p->known.at[i].file->is_unread)
            continue;
        *ret_first = p->known.at[i].file->path;
        break;
    }
    return p->n_unread;
}

int pipeline_retry(struct pipeline *p, struct delta *ret_delta, struct pipeline_report *ret_report,
                   struct err *err)
{
    VEC(const char *) paths = {0};
    bool ok = true;
    for (uint32_t i = 0; p->n_unread > 0 && ok && i < p->known.len; i++) {
        if (p->known.at[i].file->is_unread)
            ok = vec_push(&paths, p->known.at[i].file->path);
    }
    int rc = ok ? pipeline_update(p, paths.at, paths.len, ret_delta, ret_report, err)
                : err_set(err, PT_ENOMEM, "out of memory for the list of files");
    vec_release(&paths);
    return rc;
}

/* ---- all at once ---- */

static const char *const everything[] = {""};

int pipeline_fill(struct pipeline *p, struct unit_source *ret, struct pipeline_report *ret_report,
                  struct err *err)
{
    return update(p, everything, 1, (struct outcome){.source = ret}, ret_report, err);
}

int pipeline_fill_from(struct pipeline *p, const struct dump *dump, struct unit_source *ret,
                       struct pipeline_report *ret_report, struct err *err)
{
    const struct outcome to = {.source = ret};
    int rc = PT_OK;
    memset(ret_report, 0, sizeof(*ret_report));
    if (!vec_reserve(&p->sources, dump->entries.len))
        rc = err_set(err, PT_ENOMEM, "out of memory for the list of files");
    for (uint32_t i = 0; rc == PT_OK && i < dump->entries.len; i++) {
        const struct dump_entry *f = &dump->entries.at[i];
        (void)vec_push(&p->sources, (struct source){.path = f->path,
                                                    .text = slice_of(f->p, f->n),
                                                    .lang = f->lang,
                                                    .stat.size = f->n});
    }
    ret_report->scan.n_other_files = dump->n_other_files;
    if (rc == PT_OK)
        rc = run(p, NULL, 0, to, ret_report, err);
    return finish(p, rc, to, ret_report);
}

uint64_t pipeline_resolve_ns(const struct pipeline *p)
{
    return indexer_source_ns(p->indexer);
}

int pipeline_tree(const char *root, const struct pipeline_options *options, struct delta *ret_delta,
                  struct pipeline_report *ret_report, struct err *err)
{
    struct pipeline_options once = *options;
    struct pipeline *p = NULL;
    once.once = true;
    int rc = pipeline_new(root, &once, &p, err);
    if (rc == PT_OK)
        rc = pipeline_update(p, everything, 1, ret_delta, ret_report, err);
    if (rc == PT_OK)
        ret_delta->replace_all = true;
    pipeline_free(p);
    return rc;
}

void pipeline_report_release(struct pipeline_report *r)
{
    scan_release(&r->scan);
    vec_release(&r->skips);
    memset(r, 0, sizeof(*r));
}
