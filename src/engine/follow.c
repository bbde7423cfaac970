/* The writer of a workspace: a thread that keeps the graph current.
 *
 *   watch -> which paths may have changed -> pipeline -> delta -> store -> waiters, subscribers
 *
 * It alone touches the watch, the pipeline, and the store's writing side. Others reach it through
 * what `mutex` guards, and wake it with a bell. Whatever fails, it begins again from the
 * graph as it is on disk: what that knows is compared with the tree, so nothing needs mending.
 */
#include "base/clock.h"
#include "base/io.h"
#include "base/io_bell.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/identity.h"
#include "engine/workspace_internal.h"
#include "graph/image.h"
#include "graph/live.h"
#include "index/quarantine.h"
#include "index/shelf.h"
#include "lang/facts.h"
#include "watch/watch.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TREE_BYTES ((size_t)16 << 20)
#define POLL_MS 100 /* between two looks at folders that have no watch */
/* At the end more than so much of the log is not left to whoever opens the graph next. */
#define LOG_LEFT_BYTES ((uint64_t)16 << 20)
#define INTERVAL_MS 500  /* of WAL_INTERVAL; what is left is synced when nothing happens */
#define IDLE_MS 1000     /* without events, until it tidies up */
#define GATHER_MS 20     /* for more events of what is not looked at anyway */
#define RETRY_MS_MIN 500 /* after trouble; doubled each time */
#define RETRY_MS_MAX 60000
#define UNREAD_TRIES 12 /* of files that could not be read: five minutes */

#define RESTLESS_TOLD_NS (60 * CLOCK_NS_PER_SEC)

struct waiter {
    workspace_synced done;
    void *ctx;
    uint64_t cookie; /* 0: not given yet */
};

struct follower {
    struct workspace *w;
    struct follow_options options;
    pthread_t thread;
    int lock, bell; /* descriptors */

    pthread_mutex_t mutex;    /* guards the following */
    bool stop, shrink;        /* what it is to do */
    VEC(struct waiter) asked; /* not seen by the thread yet */
    struct follow_status status;
    uint64_t restless_ns; /* when status.restless was written */

    /* Of the thread alone. */
    struct watch *watch;
    struct scan_gate *gate;
    struct quarantine *quarantine;
    struct shelf *shelf;
    struct pipeline *pipeline;
    VEC(struct waiter) waiting;
    VEC(const char *) looks;   /* borrowed from the batch, and what is owed from `restless` */
    struct restless *restless; /* owned */
    bool only_held;            /* the last batch named nothing else */
    uint32_t n_unread;         /* files that could not be read */
    unsigned unread_tries;     /* how often they were tried again */
    uint64_t unread_due_ns;    /* when they are the next time; 0: when they change */
    bool whole;                /* the whole tree is being looked at */
    bool tidy;                 /* nothing was done since it tidied up */
};

/* ---- what others see ---- */

static void set_state(struct follower *f, enum follow_state state)
{
    (void)pthread_mutex_lock(&f->mutex);
    f->status.state = state;
    if (state == FOLLOW_CURRENT)
        f->status.trouble[0] = '\0';
    (void)pthread_mutex_unlock(&f->mutex);
}

static void set_trouble(struct follower *f, const struct err *err)
{
    (void)pthread_mutex_lock(&f->mutex);
    f->status.state = FOLLOW_FAILED;
    (void)strncpy(f->status.trouble, err->msg, sizeof(f->status.trouble) - 1);
    (void)pthread_mutex_unlock(&f->mutex);
    log_warn("following the tree failed", log_str("root", f->w->root), log_err(err));
}

static bool is_stopping(struct follower *f)
{
    (void)pthread_mutex_lock(&f->mutex);
    bool stop = f->stop;
    (void)pthread_mutex_unlock(&f->mutex);
    return stop;
}

/* Was it told to shrink? Once. */
static bool is_shrinking(struct follower *f)
{
    (void)pthread_mutex_lock(&f->mutex);
    bool shrink = f->shrink;
    f->shrink = false;
    (void)pthread_mutex_unlock(&f->mutex);
    return shrink;
}

static bool progress(void *ctx, const struct pipeline_progress *p)
{
    struct follower *f = ctx;
    (void)pthread_mutex_lock(&f->mutex);
    f->status.stage = p->stage;
    f->status.files = p->files;
    f->status.n_files = p->n_files;
    f->status.bytes = p->bytes;
    f->status.n_bytes = p->n_bytes;
    bool go = !f->stop;
    (void)pthread_mutex_unlock(&f->mutex);
    return go;
}

static void note_watch(struct follower *f)
{
    struct watch_status s;
    watch_status(f->watch, &s);
    (void)pthread_mutex_lock(&f->mutex);
    f->status.folders_watched = s.folders_watched;
    f->status.folders_polled = s.folders_polled;
    f->status.limit[0] = '\0';
    if (s.limit != NULL)
        (void)strncpy(f->status.limit, s.limit, sizeof(f->status.limit) - 1);
    (void)pthread_mutex_unlock(&f->mutex);
}

/* Before the try after so many. */
static uint64_t pause_ms(unsigned tries)
{
    uint64_t ms = RETRY_MS_MIN;
    for (unsigned i = 0; i < tries && ms < RETRY_MS_MAX; i++)
        ms *= 2;
    return ms < RETRY_MS_MAX ? ms : RETRY_MS_MAX;
}

/* ---- who waits ---- */

/* Those who asked since the last time get a cookie, the same for all. */
static int take_asked(struct follower *f, struct err *err)
{
    uint64_t cookie = 0;
    uint32_t first = f->waiting.len;
    bool ok = true;
    (void)pthread_mutex_lock(&f->mutex);
    for (uint32_t i = 0; i < f->asked.len && ok; i++)
        ok = vec_push(&f->waiting, f->asked.at[i]);
    if (ok)
        vec_clear(&f->asked);
    else
        vec_truncate(&f->waiting, first);
    (void)pthread_mutex_unlock(&f->mutex);
    if (!ok)
        return err_set(err, PT_ENOMEM, "out of memory for those who wait");
    int rc = f->waiting.len > first ? watch_cookie(f->watch, &cookie, err) : PT_OK;
    for (uint32_t i = first; i < f->waiting.len; i++)
        f->waiting.at[i].cookie = cookie;
    return rc;
}

/* All that was done before this cookie is in the graph. */
static void let_go(struct follower *f, uint64_t cookie)
{
    uint32_t kept = 0, n = f->waiting.len;
    for (uint32_t i = 0; i < n; i++) {
        struct waiter waiter = f->waiting.at[i];
        if (waiter.cookie > cookie)
            f->waiting.at[kept++] = waiter;
        else
            waiter.done(waiter.ctx, PT_OK, NULL);
    }
    vec_truncate(&f->waiting, kept);
}

/* One that the thread has not seen yet. */
static bool next_asked(struct follower *f, struct waiter *ret)
{
    (void)pthread_mutex_lock(&f->mutex);
    bool any = f->asked.len > 0;
    if (any)
        *ret = vec_pop(&f->asked);
    (void)pthread_mutex_unlock(&f->mutex);
    return any;
}

static void fail_all(struct follower *f, const struct err *err)
{
    struct waiter waiter;
    while (next_asked(f, &waiter))
        waiter.done(waiter.ctx, err->code, err);
    for (uint32_t i = 0; i < f->waiting.len; i++)
        f->waiting.at[i].done(f->waiting.at[i].ctx, err->code, err);
    vec_clear(&f->waiting);
}

/* ---- changes ---- */

/* `d` is NULL if all was replaced. */
static void committed(struct follower *f, const struct delta *d, uint32_t units, uint64_t since_ns)
{
    (void)pthread_mutex_lock(&f->mutex);
    f->status.commits++;
    f->status.last_commit_ns = clock_now_ns() - since_ns;
    f->status.units += units;
    (void)pthread_mutex_unlock(&f->mutex);
    if (f->options.touched != NULL)
        f->options.touched(f->options.ctx, d);
    if (f->options.committed != NULL)
        f->options.committed(f->options.ctx, durable_commits(f->w->store));
}

static int commit(struct follower *f, const struct delta *d, uint64_t since_ns, struct err *err)
{
    if (d->units.len == 0)
        return PT_OK;
    int rc = durable_apply(f->w->store, d, err);
    if (rc == PT_OK)
        committed(f, d, d->units.len, since_ns);
    return rc;
}

/* That the whole tree was looked at. */
static void note_too_large(struct follower *f, uint32_t n)
{
    if (!f->whole)
        return;
    f->whole = false;
    (void)pthread_mutex_lock(&f->mutex);
    f->status.too_large = n;
    (void)pthread_mutex_unlock(&f->mutex);
    if (n > 0)
        log_info("files are left out: larger than max_file_bytes", log_str("root", f->w->root),
                 log_u64("files", n));
}

static void tell_of_skips(struct follower *f, const struct pipeline_report *report)
{
    note_too_large(f, report->scan.n_skips[SCAN_TOO_LARGE]);
    for (uint32_t i = 0; i < report->skips.len; i++) {
        const struct pipeline_skip *s = &report->skips.at[i];
        if (s->reason == SCAN_QUARANTINED)
            log_warn("parsing this file crashed; it is left out until it changes",
                     log_str("root", f->w->root), log_str("path", s->path));
    }
}

static void note_update(struct follower *f, const struct pipeline_report *report, uint32_t looks,
                        uint32_t units, uint64_t since_ns)
{
    (void)pthread_mutex_lock(&f->mutex);
    f->status.resolved += report->n_resolved;
    (void)pthread_mutex_unlock(&f->mutex);
    log_debug("update", log_u64("looks", looks), log_u64("read", report->n_read),
              log_u64("parsed", report->n_parsed), log_u64("resolved", report->n_resolved),
              log_u64("units", units), log_u64("scan_us", report->scan_ns / 1000),
              log_u64("extract_us", report->extract_ns / 1000),
              log_u64("link_us", report->link_ns / 1000),
              log_u64("resolve_us", report->resolve_ns / 1000),
              log_u64("all_us", (clock_now_ns() - since_ns) / 1000));
}

/* After an update: says which files could not be read, and plans when to try again. */
static void note_unread(struct follower *f, bool tried)
{
    const char *first = "";
    uint32_t n = pipeline_unread(f->pipeline, &first);
    bool more = n > f->n_unread;
    f->n_unread = n;
    (void)pthread_mutex_lock(&f->mutex);
    f->status.files_unread = n;
    f->status.unread[0] = '\0';
    (void)strncat(f->status.unread, first, sizeof(f->status.unread) - 1);
    (void)pthread_mutex_unlock(&f->mutex);
    if (more)
        log_warn("files cannot be read; they are tried again", log_str("root", f->w->root),
                 log_u64("files", n), log_str("first", first));
    f->unread_tries = more ? 0 : f->unread_tries + tried;
    if (n == 0 || f->unread_tries >= UNREAD_TRIES)
        f->unread_due_ns = 0;
    else if (more || tried)
        f->unread_due_ns = clock_now_ns() + pause_ms(f->unread_tries) * CLOCK_NS_PER_MS;
}

/* Looks at the paths; NULL: at the files that could not be read. */
static int update(struct follower *f, const char *const *paths, uint32_t n, struct err *err)
{
    struct pipeline_report report;
    struct delta d;
    uint64_t t0 = clock_now_ns();
    int rc = paths != NULL ? pipeline_update(f->pipeline, paths, n, &d, &report, err)
                           : pipeline_retry(f->pipeline, &d, &report, err);
    if (rc != PT_OK)
        return rc;
    f->tidy = false;
    rc = commit(f, &d, t0, err);
    note_update(f, &report, n, d.units.len, t0);
    tell_of_skips(f, &report);
    note_unread(f, paths == NULL);
    delta_release(&d);
    pipeline_report_release(&report);
    return rc;
}

/* All of the tree becomes the graph. */
static int replace(struct follower *f, struct err *err)
{
    struct pipeline_report report;
    struct unit_source source;
    uint64_t t0 = clock_now_ns();
    int rc = pipeline_fill(f->pipeline, &source, &report, err);
    if (rc != PT_OK)
        return rc;
    f->tidy = false;
    image_cool(durable_graph(f->w->store)); /* nobody asks the old one for much now */
    rc = durable_replace(f->w->store, &source, err);
    if (rc == PT_OK)
        rc = workspace_told(f->w, f->w->no_ignore, err);
    report.resolve_ns = pipeline_resolve_ns(f->pipeline);
    if (rc == PT_OK)
        committed(f, NULL, report.n_resolved, t0);
    note_update(f, &report, 1, report.n_resolved, t0);
    tell_of_skips(f, &report);
    note_unread(f, false);
    pipeline_report_release(&report);
    return rc;
}

/* Ignore files changed: other folders may be let in now. After a rescan, too: the root may have been
 * another folder when the gate was asked. */
static int watch_anew(struct follower *f, const struct watch_batch *b, struct err *err)
{
    int rc = PT_OK;
    if (b->n_ignore_folders > 0 || b->rescan)
        scan_gate_forget(f->gate);
    if (b->rescan && !b->root_lost)
        rc = watch_again(f->watch, "", err);
    for (uint32_t i = 0; i < b->n_ignore_folders && rc == PT_OK; i++)
        rc = watch_again(f->watch, b->ignore_folders[i], err);
    return rc;
}

/* ---- what does not stop changing ---- */

/* More at once is not one path that changes, but all of them: a checkout, a build. */
#define CROWD 256u

static void tell_restless(struct follower *f, const char *path)
{
    log_warn("this changes all the time; left out by a line in .parseltongueignore, it would cost "
             "nothing",
             log_str("root", f->w->root), log_str("path", path));
}

/* The folder of a path, with a '/' at its end, unless it is that of the path before, or the root. */
static void note_folder(struct follower *f, const char *path, struct buf *folder, uint64_t now)
{
    const char *slash = strrchr(path, '/');
    struct slice dir = slice_of(path, slash != NULL ? (size_t)(slash + 1 - path) : 0);
    if (dir.n == 0 || slice_eq(dir, buf_as_slice(folder)))
        return;
    buf_reset(folder);
    buf_slice(folder, dir);
    if (!folder->failed && restless_note(f->restless, buf_cstr(folder), now) == RESTLESS_NEWS)
        tell_restless(f, buf_cstr(folder));
}

/* Is it owed, and need not be looked at now? */
static bool is_held(struct follower *f, const struct watch_change *c, uint64_t now)
{
    enum restless_verdict verdict =
        c->below ? RESTLESS_PASS : restless_note(f->restless, c->path, now);
    if (verdict == RESTLESS_NEWS)
        tell_restless(f, c->path);
    return verdict == RESTLESS_HELD;
}

static void note_restless(struct follower *f, uint64_t now)
{
    struct buf text = {0};
    restless_describe(f->restless, now, &text);
    (void)pthread_mutex_lock(&f->mutex);
    f->restless_ns = now;
    f->status.restless[0] = '\0';
    if (text.n > 0)
        (void)snprintf(f->status.restless, sizeof(f->status.restless), "%.400s: %s", text.p,
                       "a line in .parseltongueignore leaves it out");
    (void)pthread_mutex_unlock(&f->mutex);
    buf_release(&text);
}

/* What is owed and due; all of it for those who wait to be sure. */
static bool gather_owed(struct follower *f, uint64_t now)
{
    const char *path;
    bool ok = true, all = f->waiting.len > 0;
    while (ok && (path = restless_due(f->restless, now, all)) != NULL)
        ok = vec_push(&f->looks, path);
    return ok;
}

static int by_path(const void *x, const void *y)
{
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

/* Sorted, and each once. */
static void tidy_looks(struct follower *f)
{
    uint32_t n = 0;
    if (f->looks.len < 2)
        return;
    qsort(f->looks.at, f->looks.len, sizeof(*f->looks.at), by_path);
    for (uint32_t i = 0; i < f->looks.len; i++) {
        if (n == 0 || strcmp(f->looks.at[n - 1], f->looks.at[i]) != 0)
            f->looks.at[n++] = f->looks.at[i];
    }
    vec_truncate(&f->looks, n);
}

static bool gather_changes(struct follower *f, const struct watch_batch *b, uint64_t now)
{
    struct buf folder = {0};
    bool ok = true, crowd = b->n_changes > CROWD;
    for (uint32_t i = 0; i < b->n_changes && !crowd; i++)
        note_folder(f, b->changes[i].path, &folder, now);
    for (uint32_t i = 0; i < b->n_changes && ok; i++) {
        if (crowd || !is_held(f, &b->changes[i], now))
            ok = vec_push(&f->looks, b->changes[i].path);
    }
    buf_release(&folder);
    return ok;
}

static bool gather_looks(struct follower *f, const struct watch_batch *b)
{
    uint64_t now = clock_now_ns();
    bool ok = true;
    vec_clear(&f->looks);
    if (b->rescan) {
        while (restless_due(f->restless, now, true) != NULL)
            ; /* everything is looked at */
        f->whole = true;
        return vec_push(&f->looks, "");
    }
    ok = gather_changes(f, b, now);
    f->only_held = b->n_changes > 0 && f->looks.len == 0;
    for (uint32_t i = 0; i < b->n_ignore_folders && ok; i++)
        ok = vec_push(&f->looks, b->ignore_folders[i]);
    ok = ok && gather_owed(f, now);
    tidy_looks(f);
    if (b->n_changes > 0)
        note_restless(f, now);
    return ok;
}

static int take_batch(struct follower *f, struct err *err)
{
    struct watch_batch b;
    scan_gate_forget(f->gate);
    int rc = watch_read(f->watch, &b, err);
    if (rc == PT_OK)
        rc = watch_anew(f, &b, err);
    if (rc != PT_OK)
        return rc;
    if (b.root_lost)
        return err_set(err, PT_ENOENT, "there is no folder %s any more", f->w->root);
    if (!gather_looks(f, &b))
        return err_set(err, PT_ENOMEM, "out of memory for what changed");
    if (f->looks.len > 0) {
        set_state(f, FOLLOW_WORKING);
        rc = update(f, f->looks.at, f->looks.len, err);
    }
    if (rc == PT_OK) {
        bool all = restless_next_ns(f->restless) == UINT64_MAX;
        set_state(f, all ? FOLLOW_CURRENT : FOLLOW_WORKING);
        let_go(f, b.cookie);
    }
    return rc;
}

/* ---- the beginning ---- */

static bool enter(void *ctx, const char *path)
{
    const struct follower *f = ctx;
    return scan_gate_enters(f->gate, path);
}

static int seed(struct follower *f, const struct view *v, struct err *err)
{
    int rc = PT_OK;
    for (uint32_t i = 0; i < view_file_limit(v) && rc == PT_OK; i++) {
        if (!view_has_file(v, i))
            continue;
        const struct live_file *file = live_file(v, i);
        const struct index_told told = {
            .stat = {file->size, file->ino, file->mtime_ns, file->ctime_ns}, .leaf = file->leaf};
        bool unread = file->facts_flags & FACTS_UNREAD;
        rc = pipeline_seed(f->pipeline, view_path(v, i), &told,
                           unread ? &(struct hash128){0} : &file->content, err);
    }
    return rc;
}

/* What the graph knows; if that is nothing, or not as we would understand it, it is replaced. */
static int seed_all(struct follower *f, bool *ret_anew, struct err *err)
{
    struct view v;
    int rc = store_pin(durable_store(f->w->store), &v, err);
    if (rc != PT_OK)
        return rc;
    *ret_anew = view_generation(&v) == 0 || f->w->foreign;
    if (!*ret_anew)
        rc = seed(f, &v, err);
    store_unpin(durable_store(f->w->store), &v);
    return rc;
}

static int cookie_dir(const struct follower *f, struct buf *ret, struct err *err)
{
    buf_printf(ret, "%s/cookies", f->w->state);
    return ret->failed ? err_set(err, PT_ENOMEM, "out of memory")
                       : io_mkdir_p(buf_cstr(ret), 0700, err);
}

static int open_watch(struct follower *f, const struct scan_options *scan, struct err *err)
{
    struct buf dir = {0};
    int rc = scan_gate_open(f->w->root, scan, &f->gate, err);
    if (rc == PT_OK)
        rc = cookie_dir(f, &dir, err);
    const struct watch_options o = {.enter = enter, .ctx = f, .cookie_dir = buf_cstr(&dir)};
    if (rc == PT_OK)
        rc = watch_open(f->w->root, &o, &f->watch, err);
    buf_release(&dir);
    return rc;
}

/* Watches, and then looks at everything: so nothing is missed in between. */
static int begin(struct follower *f, struct err *err)
{
    static const char *const all[] = {""};
    const struct scan_options scan = {.no_ignore = f->w->no_ignore,
                                      .max_file_bytes = f->options.max_file_bytes};
    struct pipeline_options o = {.scan = scan,
                                 .threads = f->options.threads,
                                 .tree_bytes = TREE_BYTES,
                                 .progress = progress,
                                 .ctx = f};
    struct err why = {0};
    bool anew = false;
    f->whole = true;
    set_state(f, FOLLOW_STARTING);
    int rc = durable_has_failed(f->w->store) ? durable_reopen(f->w->store, err) : PT_OK;
    if (rc == PT_OK)
        rc = open_watch(f, &scan, err);
    if (rc == PT_OK)
        note_watch(f);
    /* without one, facts stay on the heap */
    if (rc == PT_OK &&
        shelf_open(f->w->state, PARSELTONGUE_IDENTITY, NULL, &f->shelf, &why) != PT_OK)
        log_warn("no shelf for facts", log_str("root", f->w->root), log_err(&why));
    o.shelf = f->shelf;
    if (rc == PT_OK)
        rc = quarantine_open(f->w->state, PARSELTONGUE_IDENTITY, &f->quarantine, err);
    o.quarantine = f->quarantine;
    if (rc == PT_OK)
        rc = pipeline_new(f->w->root, &o, &f->pipeline, err);
    if (rc == PT_OK)
        rc = seed_all(f, &anew, err);
    if (rc == PT_OK && !anew)
        rc = pipeline_restore(f->pipeline, f->w->state, PARSELTONGUE_IDENTITY, err);
    if (rc == PT_OK)
        rc = anew ? replace(f, err) : update(f, all, 1, err);
    if (rc == PT_OK)
        set_state(f, FOLLOW_CURRENT);
    return rc;
}

static void end(struct follower *f)
{
    while (restless_due(f->restless, 0, true) != NULL)
        ; /* whoever begins again looks at everything */
    watch_close(f->watch);
    scan_gate_close(f->gate);
    pipeline_free(f->pipeline);
    shelf_close(f->shelf);
    quarantine_close(f->quarantine);
    f->shelf = NULL;
    f->quarantine = NULL;
    f->n_unread = 0;
    f->unread_due_ns = 0;
    f->watch = NULL;
    f->gate = NULL;
    f->pipeline = NULL;
}

/* ---- the thread ---- */

/* For who follows the tree next. Without it, only time is lost. */
static void keep(const struct follower *f, bool any)
{
    struct err why = {0};
    if (pipeline_keep(f->pipeline, f->w->state, PARSELTONGUE_IDENTITY, any, &why) != PT_OK)
        log_warn("no checkpoint of the index", log_str("root", f->w->root), log_err(&why));
}

/* Memory and disk that nothing needs while nothing happens. */
static void tidy_up(struct follower *f)
{
    f->tidy = !durable_tend(f->w->store);
    keep(f, false);
    pipeline_rest(f->pipeline);
    mem_trim();
    note_watch(f);
}

static void shrink(struct follower *f)
{
    pipeline_shrink(f->pipeline);
    image_cool(durable_graph(f->w->store));
    mem_trim();
}

/* Waits for something to do. False: for `ms` there was nothing. */
static bool wait(struct follower *f, int ms)
{
    struct pollfd fds[2] = {{.fd = f->bell, .events = POLLIN}};
    if (f->watch != NULL)
        fds[1] = (struct pollfd){.fd = watch_fd(f->watch), .events = POLLIN};
    int n = poll(fds, f->watch != NULL ? 2 : 1, ms);
    if (n > 0 && fds[0].revents != 0)
        bell_hear(f->bell);
    return n != 0;
}

/* How long there may be nothing to do at most; -1: for ever. */
static int patience_ms(const struct follower *f)
{
    uint64_t due = restless_next_ns(f->restless), now = clock_now_ns();
    int ms = f->status.folders_polled > 0 ? POLL_MS : f->tidy ? -1 : IDLE_MS;
    due = f->unread_due_ns != 0 && f->unread_due_ns < due ? f->unread_due_ns : due;
    if (due == UINT64_MAX)
        return ms;
    int left = due > now ? (int)((due - now) / CLOCK_NS_PER_MS) + 1 : 0;
    return ms < 0 || left < ms ? left : ms;
}

static int retry_unread(struct follower *f, struct err *err)
{
    if (f->unread_due_ns == 0 || clock_now_ns() < f->unread_due_ns)
        return PT_OK;
    return update(f, NULL, 0, err);
}

/* A file that is written to without end wakes us without end, for nothing: its next events may come
 * together. Whoever asks rings the bell. */
static void let_events_gather(struct follower *f)
{
    struct pollfd bell = {.fd = f->bell, .events = POLLIN};
    if (f->only_held)
        (void)poll(&bell, 1, GATHER_MS);
    f->only_held = false;
}

static int follow_on(struct follower *f, struct err *err)
{
    int rc = PT_OK;
    while (rc == PT_OK && !is_stopping(f)) {
        bool polled = f->status.folders_polled > 0;
        let_events_gather(f);
        bool woken = wait(f, patience_ms(f));
        if (!woken && !f->tidy)
            tidy_up(f);
        if (is_shrinking(f))
            shrink(f);
        if (polled)
            rc = watch_poll(f->watch, 0, err);
        if (rc == PT_OK)
            rc = take_asked(f, err);
        if (rc == PT_OK)
            rc = take_batch(f, err);
        if (rc == PT_OK)
            rc = retry_unread(f, err);
    }
    return rc;
}

static void *run(void *ctx)
{
    struct follower *f = ctx;
    int pause = RETRY_MS_MIN;
    while (!is_stopping(f)) {
        struct err err = {0};
        int rc = begin(f, &err);
        if (rc == PT_OK) {
            pause = RETRY_MS_MIN;
            rc = follow_on(f, &err);
            if (rc == PT_OK)
                keep(f, true);
        }
        end(f);
        if (rc == PT_OK || is_stopping(f))
            break;
        set_trouble(f, &err);
        fail_all(f, &err);
        (void)wait(f, pause);
        pause = pause * 2 < RETRY_MS_MAX ? pause * 2 : RETRY_MS_MAX;
    }
    fail_all(f, &(struct err){.code = PT_ECANCELED, .msg = "the workspace is being closed"});
    return NULL;
}

/* ---- from outside ---- */

static void free_follower(struct follower *f)
{
    if (f == NULL)
        return;
    vec_release(&f->asked);
    vec_release(&f->waiting);
    vec_release(&f->looks);
    restless_free(f->restless);
    io_close(f->bell);
    io_close(f->lock);
    (void)pthread_mutex_destroy(&f->mutex);
    mem_free(f);
}

/* The store is opened anew, to be written. If that cannot be, it is there to read as before. */
static int open_to_write(struct follower *f, struct err *err)
{
    struct workspace *w = f->w;
    const struct durable_options o = {.durability = f->options.durability,
                                      .interval_ms = INTERVAL_MS,
                                      .log_limit = f->options.log_limit,
                                      .background = true};
    (void)durable_close(w->store, NULL);
    w->store = NULL;
    int rc = durable_open(w->state, &o, &w->store, NULL, err);
    if (rc != PT_OK)
        (void)workspace_open_to_read(w, NULL);
    return rc;
}

int workspace_follow(struct workspace *w, const struct follow_options *o, struct err *err)
{
    if (w->from_dump)
        return err_set(err, PT_EINVAL, "the graph of %s stands for a dump, not for the tree",
                       w->root);
    if (w->follower != NULL)
        return PT_OK;
    struct follower *f = mem_calloc(1, sizeof(*f));
    if (f == NULL)
        return err_set(err, PT_ENOMEM, "out of memory");
    *f = (struct follower){.w = w, .options = *o, .lock = -1, .bell = -1};
    (void)pthread_mutex_init(&f->mutex, NULL);
    int rc = bell_open(&f->bell, err);
    if (rc == PT_OK)
        rc = restless_new(&o->restless, &f->restless, err);
    if (rc == PT_OK)
        rc = workspace_lock(w, &f->lock, err);
    if (rc == PT_OK)
        rc = open_to_write(f, err);
    if (rc == PT_OK) {
        f->status.state = FOLLOW_STARTING;
        w->follower = f;
        if (pthread_create(&f->thread, NULL, run, f) != 0) {
            w->follower = NULL;
            rc = err_set(err, PT_ELIMIT, "no thread can be had");
        }
    }
    if (rc != PT_OK)
        free_follower(f);
    return rc;
}

void follow_stop(struct workspace *w)
{
    struct follower *f = w->follower;
    if (f == NULL)
        return;
    (void)pthread_mutex_lock(&f->mutex);
    f->stop = true;
    (void)pthread_mutex_unlock(&f->mutex);
    bell_ring(f->bell);
    (void)pthread_join(f->thread, NULL);
    if (durable_log_bytes(w->store) > LOG_LEFT_BYTES)
        (void)durable_snapshot(w->store, NULL);
    (void)durable_close(w->store, NULL);
    w->store = NULL;
    w->follower = NULL;
    free_follower(f);
}

int workspace_sync(struct workspace *w, workspace_synced done, void *ctx, struct err *err)
{
    struct follower *f = w->follower;
    if (f == NULL)
        return err_set(err, PT_EINVAL, "nobody follows the tree of %s", w->root);
    (void)pthread_mutex_lock(&f->mutex);
    bool ok = !f->stop && vec_push(&f->asked, (struct waiter){done, ctx, UINT64_MAX});
    (void)pthread_mutex_unlock(&f->mutex);
    if (!ok)
        return err_set(err, PT_ENOMEM, "out of memory for those who wait");
    bell_ring(f->bell);
    return PT_OK;
}

void workspace_shrink(struct workspace *w)
{
    struct follower *f = w->follower;
    if (f == NULL)
        return;
    (void)pthread_mutex_lock(&f->mutex);
    f->shrink = true;
    (void)pthread_mutex_unlock(&f->mutex);
    bell_ring(f->bell);
}

void workspace_follow_status(struct workspace *w, struct follow_status *ret)
{
    struct follower *f = w->follower;
    memset(ret, 0, sizeof(*ret));
    if (f == NULL)
        return;
    (void)pthread_mutex_lock(&f->mutex);
    *ret = f->status;
    if (clock_now_ns() - f->restless_ns > RESTLESS_TOLD_NS) /* it has come to rest */
        ret->restless[0] = '\0';
    (void)pthread_mutex_unlock(&f->mutex);
}
