#include "server/hub.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/root.h"
#include "server/news.h"

#include <assert.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#define LOCK_WAIT_NS (20 * CLOCK_NS_PER_SEC)
#define LOCK_PAUSE_NS ((long)(50 * CLOCK_NS_PER_MS))

struct place {
    struct link in; /* hub->places */
    struct hub *hub;
    char *root; /* owned */
    struct workspace *workspace;
    enum place_stage state;
    unsigned held;
    unsigned wanted;  /* by subscribers */
    struct news news; /* for those */
    struct {
        uv_work_t work;
        struct news_task task;
        uint64_t generation;
        struct buf text;
        bool is_out;
    } report;
    bool evicted; /* PLACE_CLOSING, but only to save memory */
    uint64_t used_ns;
    bool follows;
    bool unknown;          /* no graph yet, or an old one: nobody is answered before a sync */
    bool syncing;          /* a workspace_sync is under way, for `served` */
    bool working;          /* the pool is on it */
    struct link waiting;   /* for the next sync, or for the opening */
    struct link served;    /* by the sync that is under way */
    struct link releasing; /* who wants to know when it is closed */
    /* What the pool gives back. */
    uv_work_t work;
    int rc;
    struct err err;
    /* What the writer says: it writes, then sets the flag. */
    int synced_rc;
    struct err synced_err;
    atomic_bool synced;
    _Atomic(uint64_t) generation;
    atomic_bool changed;
    /* Said to the pool: do not wait, it is to be closed. */
    atomic_bool unwanted;
};

struct hub {
    struct hub_options options;
    struct link places;
    unsigned n_places;
    uv_async_t async;
    void (*closed)(void *ctx);
    void *closed_ctx;
    bool closing;
};

static void advance(struct place *p);

/* ---- waiting ---- */

static struct place_wait *wait_of(struct link *l)
{
    return link_entry(l, struct place_wait, in);
}

/* Each may make others leave the list, so it is taken from its head. */
static void finish_all(struct link *list, int rc, const struct err *err)
{
    while (!link_alone(list)) {
        struct place_wait *w = wait_of(list->next);
        link_remove(&w->in);
        w->done(w, rc, err);
    }
}

static void finish_apart(struct link *list, int rc, const struct err *err)
{
    struct link mine;
    link_init(&mine);
    link_append_all(&mine, list);
    finish_all(&mine, rc, err);
}

void place_await(struct place *p, struct place_wait *w, bool sync)
{
    link_init(&w->in);
    w->sync = sync;
    link_append(&p->waiting, &w->in);
    advance(p);
}

void place_forsake(struct place_wait *w)
{
    link_remove(&w->in);
}

/* ---- what the writer says ---- */

static void on_synced(void *ctx, int rc, const struct err *err)
{
    struct place *p = ctx;
    p->synced_rc = rc;
    if (err != NULL)
        p->synced_err = *err;
    else
        err_clear(&p->synced_err);
    atomic_store(&p->synced, true);
    (void)uv_async_send(&p->hub->async);
}

static void on_committed(void *ctx, uint64_t generation)
{
    struct place *p = ctx;
    atomic_store(&p->generation, generation);
    atomic_store(&p->changed, true);
    (void)uv_async_send(&p->hub->async);
}

static void on_touched(void *ctx, const struct delta *delta)
{
    struct place *p = ctx;
    news_touched(&p->news, delta);
}

static void tell(struct place *p, uint64_t generation, bool gone, struct slice news)
{
    if (p->hub->options.changed != NULL)
        p->hub->options.changed(p->hub->options.ctx, p, generation, gone, news);
}

static void tell_changed(struct place *p);

static void work_report(uv_work_t *work)
{
    struct place *p = work->data;
    news_render(&p->report.task, &p->report.text);
}

static void after_report(uv_work_t *work, int status)
{
    struct place *p = work->data;
    bool ok = status == 0 && !p->report.text.failed;
    uint64_t generation = p->report.generation;
    p->report.is_out = false;
    news_return(&p->news, p->workspace, &p->report.task);
    tell(p, generation, false, ok ? buf_as_slice(&p->report.text) : SLICE("\"whole\":true"));
    buf_release(&p->report.text);
    tell_changed(p); /* what came meanwhile */
    place_drop(p);
}

/* To those who want to know, if there is anything that they do not know. */
static void tell_changed(struct place *p)
{
    if (p->state != PLACE_OPEN || p->report.is_out || !news_take(&p->news, &p->report.task))
        return;
    p->report.is_out = true;
    p->report.generation = p->report.task.has_after ? view_generation(&p->report.task.after)
                                                    : atomic_load(&p->generation);
    p->report.work.data = p;
    place_hold(p);
    (void)uv_queue_work(p->hub->options.loop, &p->report.work, work_report, after_report);
}

static void stir(const struct hub *h)
{
    if (h->options.stirred != NULL)
        h->options.stirred(h->options.ctx);
}

/* A commit that was not told of. */
static void look_again(struct place *p)
{
    struct view v;
    if (p->state != PLACE_OPEN || workspace_pin(p->workspace, &v, NULL) != PT_OK)
        return;
    uint64_t generation = view_generation(&v);
    workspace_unpin(p->workspace, &v);
    if (atomic_exchange(&p->generation, generation) != generation)
        tell_changed(p);
}

static void hear_sync(struct place *p)
{
    if (!atomic_exchange(&p->synced, false))
        return;
    p->syncing = false;
    if (p->synced_rc == PT_OK) {
        p->unknown = false;
        look_again(p);
    } else {
        log_warn("sync failed", log_str("root", p->root), log_err(&p->synced_err));
    }
    struct err err = p->synced_err;
    finish_apart(&p->served, p->synced_rc, &err);
}

static void hear(uv_async_t *async)
{
    struct hub *h = async->data;
    /* What is called here may begin to open or close places; they come and go later. */
    for (struct link *l = h->places.next; l != &h->places; l = l->next) {
        struct place *p = link_entry(l, struct place, in);
        if (atomic_exchange(&p->changed, false))
            tell_changed(p);
        hear_sync(p);
        advance(p);
    }
    stir(h);
}

/* ---- going on ---- */

static void begin_sync(struct place *p)
{
    struct err err = {0};
    link_append_all(&p->served, &p->waiting);
    p->syncing = true;
    if (!p->follows) { /* a dump changes only by being ingested again */
        on_synced(p, PT_OK, NULL);
        return;
    }
    int rc = workspace_sync(p->workspace, on_synced, p, &err);
    if (rc != PT_OK)
        on_synced(p, rc, &err);
}

static void work_close(uv_work_t *work)
{
    struct place *p = work->data;
    workspace_close(p->workspace);
    mem_trim();
}

static void hub_gone(uv_handle_t *handle)
{
    struct hub *h = handle->data;
    void (*closed)(void *) = h->closed;
    void *ctx = h->closed_ctx;
    mem_free(h);
    closed(ctx);
}

static void end_if_done(struct hub *h)
{
    if (h->closing && h->n_places == 0 && !uv_is_closing((uv_handle_t *)&h->async))
        uv_close((uv_handle_t *)&h->async, hub_gone);
}

static void place_free(struct place *p)
{
    struct hub *h = p->hub;
    link_remove(&p->in);
    h->n_places--;
    news_release(&p->news);
    mem_free(p->root);
    mem_free(p);
    end_if_done(h);
}

static void begin_open(struct place *p);

/* Somebody asked for it while it was closed to save memory. */
static void open_again(struct place *p)
{
    p->evicted = false;
    p->workspace = NULL;
    p->state = PLACE_OPENING;
    atomic_store(&p->unwanted, false);
    begin_open(p);
}

static void after_close(uv_work_t *work, int status)
{
    struct place *p = work->data;
    struct hub *h = p->hub;
    struct link told;
    (void)status;
    hear_sync(p); /* what it said at the last moment */
    log_info("workspace closed", log_str("root", p->root));
    if (p->evicted && !link_alone(&p->waiting)) {
        open_again(p);
        return;
    }
    tell(p, atomic_load(&p->generation), true, slice_of("", 0));
    link_init(&told);
    link_append_all(&told, &p->releasing);
    place_free(p);
    stir(h);
    finish_all(&told, PT_OK, NULL);
}

static void begin_close(struct place *p)
{
    news_end(&p->news);
    p->working = true;
    p->work.data = p;
    (void)uv_queue_work(p->hub->options.loop, &p->work, work_close, after_close);
}

/* Whatever can be done next. */
static void advance(struct place *p)
{
    if (p->working)
        return;
    if (p->state == PLACE_CLOSING && p->held == 0)
        begin_close(p);
    else if (p->state == PLACE_OPEN && !p->syncing && !link_alone(&p->waiting))
        begin_sync(p);
}

/* ---- opening ---- */

/* An open graph that says nothing yet, or what another version understood. */
static int look(struct place *p, struct err *err)
{
    struct view v;
    int rc = workspace_pin(p->workspace, &v, err);
    if (rc != PT_OK)
        return rc;
    uint64_t generation = view_generation(&v);
    workspace_unpin(p->workspace, &v);
    atomic_store(&p->generation, generation);
    p->unknown = generation == 0 || workspace_foreign(p->workspace);
    p->follows = !workspace_from_dump(p->workspace);
    if (generation == 0 && !p->follows)
        return err_set(err, PT_EINVAL,
                       "the graph of the ingested dump is gone: ingest the dump again, or index "
                       "the tree");
    if (!p->follows)
        p->unknown = false;
    return PT_OK;
}

static int open_place(struct place *p, struct err *err)
{
    const char *notice = NULL;
    const struct follow_options o = {.threads = p->hub->options.threads,
                                     .durability = p->hub->options.durability,
                                     .max_file_bytes = p->hub->options.max_file_bytes,
                                     .touched = on_touched,
                                     .committed = on_committed,
                                     .ctx = p};
    int rc = workspace_open(p->root, &p->workspace, &notice, err);
    if (rc != PT_OK)
        return rc;
    if (notice != NULL)
        log_warn("graph set aside", log_str("root", p->root), log_str("notice", notice));
    rc = look(p, err);
    return rc == PT_OK && p->follows ? workspace_follow(p->workspace, &o, err) : rc;
}

/* Another process that writes the graph mostly does so for a moment, at the end of indexing: that is
 * worth waiting for. What it has written must then be read. */
static void work_open(uv_work_t *work)
{
    struct place *p = work->data;
    const struct timespec pause = {.tv_nsec = LOCK_PAUSE_NS};
    uint64_t end = clock_now_ns() + LOCK_WAIT_NS;
    for (;;) {
        p->rc = open_place(p, &p->err);
        if (p->rc == PT_OK)
            return;
        workspace_close(p->workspace);
        p->workspace = NULL;
        if (p->rc != PT_EEXIST || clock_now_ns() > end || atomic_load(&p->unwanted))
            return;
        (void)nanosleep(&pause, NULL);
    }
}

static void open_failed(struct place *p)
{
    struct link waiting, releasing;
    struct err err = p->err;
    log_warn("workspace not opened", log_str("root", p->root), log_err(&err));
    link_init(&waiting);
    link_init(&releasing);
    link_append_all(&waiting, &p->waiting);
    link_append_all(&releasing, &p->releasing);
    tell(p, atomic_load(&p->generation), true, slice_of("", 0));
    place_free(p);
    finish_all(&waiting, err.code, &err);
    finish_all(&releasing, PT_OK, NULL);
}

/* Those who need no more than the graph that is there are served at once. */
static void serve_opened(struct place *p)
{
    struct link content;
    link_init(&content);
    for (struct link *l = p->waiting.next, *next; l != &p->waiting; l = next) {
        next = l->next;
        if (!p->unknown && !wait_of(l)->sync) {
            link_remove(l);
            link_append(&content, l);
        }
    }
    finish_all(&content, PT_OK, NULL);
}

static void after_open(uv_work_t *work, int status)
{
    struct place *p = work->data;
    (void)status;
    p->working = false;
    if (p->rc != PT_OK) {
        open_failed(p);
        return;
    }
    log_info("workspace opened", log_str("root", p->root),
             log_u64("generation", atomic_load(&p->generation)),
             log_str("follows", p->follows ? "yes" : "no"));
    stir(p->hub);
    if (p->state == PLACE_OPENING) {
        p->state = PLACE_OPEN;
        place_hold(p);
        serve_opened(p);
        place_drop(p);
        return;
    }
    advance(p); /* released in the meantime */
}

int hub_root(const char *root, struct buf *ret, struct err *err)
{
    struct io_stat st;
    int rc = io_realpath(root, ret, err);
    if (rc == PT_ENOENT)
        return err_set(err, PT_ENOENT, "there is no folder %s", root);
    if (rc == PT_OK)
        rc = io_stat(IO_CWD, buf_cstr(ret), &st, err);
    if (rc == PT_OK && st.kind != IO_DIR)
        rc = err_set(err, PT_EINVAL, "%s is no folder", root);
    return rc;
}

static struct place *find(struct hub *h, const char *root)
{
    for (struct link *l = h->places.next; l != &h->places; l = l->next) {
        struct place *p = link_entry(l, struct place, in);
        if (strcmp(p->root, root) == 0)
            return p;
    }
    return NULL;
}

static struct place *place_new(struct hub *h, const char *root)
{
    struct place *p = mem_calloc(1, sizeof(*p));
    char *copy = mem_strdup(root);
    if (p == NULL || copy == NULL) {
        mem_free(p);
        mem_free(copy);
        return NULL;
    }
    p->hub = h;
    p->root = copy;
    p->unknown = true;
    link_init(&p->in);
    news_init(&p->news);
    link_init(&p->waiting);
    link_init(&p->served);
    link_init(&p->releasing);
    return p;
}

static void begin_open(struct place *p)
{
    p->working = true;
    p->work.data = p;
    stir(p->hub);
    (void)uv_queue_work(p->hub->options.loop, &p->work, work_open, after_open);
}

static int add_place(struct hub *h, const char *root, struct place **ret, struct err *err)
{
    if (h->n_places == HUB_MAX)
        return err_set(err, PT_ELIMIT, "the daemon has %u workspaces already; daemon.release one",
                       HUB_MAX);
    struct place *p = place_new(h, root);
    if (p == NULL)
        return err_set(err, PT_ENOMEM, "out of memory");
    link_append(&h->places, &p->in);
    h->n_places++;
    begin_open(p);
    *ret = p;
    return PT_OK;
}

/* To be asked now, or by those who wait for it. */
static bool is_usable(const struct place *p)
{
    return p->state != PLACE_CLOSING || p->evicted;
}

static int open_root(struct hub *h, const char *root, bool force, struct place **ret,
                     struct err *err)
{
    struct place *p = find(h, root);
    if (p != NULL && !is_usable(p))
        return err_set(err, PT_EBUSY, "%s is just being released", root);
    if (p != NULL) {
        *ret = p;
        return PT_OK;
    }
    int rc = force ? PT_OK : root_check_graph(root, err);
    return rc == PT_OK ? add_place(h, root, ret, err) : rc;
}

int hub_open(struct hub *h, const char *root, bool force, struct place **ret, struct err *err)
{
    struct buf real = {0};
    struct place *p = find(h, root); /* its root: no need to look what the path leads to */
    if (h->closing)
        return err_set(err, PT_ECANCELED, "the daemon is stopping");
    if (p != NULL && is_usable(p)) {
        p->used_ns = clock_now_ns();
        *ret = p;
        return PT_OK;
    }
    int rc = hub_root(root, &real, err);
    if (rc == PT_OK)
        rc = open_root(h, buf_cstr(&real), force, ret, err);
    if (rc == PT_OK)
        (*ret)->used_ns = clock_now_ns();
    buf_release(&real);
    return rc;
}

struct place *hub_find(struct hub *h, const char *root)
{
    struct buf real = {0};
    struct place *p = find(h, root);
    if (p == NULL && io_realpath(root, &real, NULL) == PT_OK)
        p = find(h, buf_cstr(&real));
    buf_release(&real);
    return p;
}

/* ---- places ---- */

bool place_ready(const struct place *p)
{
    return p->state == PLACE_OPEN && !p->unknown;
}

enum place_stage place_stage(const struct place *p)
{
    return p->state;
}

struct workspace *place_workspace(const struct place *p)
{
    return p->workspace;
}

const char *place_root(const struct place *p)
{
    return p->root;
}

uint64_t place_generation(const struct place *p)
{
    return atomic_load(&p->generation);
}

bool place_follows(const struct place *p)
{
    return p->follows;
}

void place_hold(struct place *p)
{
    p->held++;
}

void place_drop(struct place *p)
{
    assert(p->held > 0);
    p->held--;
    advance(p);
}

void place_release(struct place *p, struct place_wait *w)
{
    struct err err = {0};
    if (w != NULL) {
        link_init(&w->in);
        link_append(&p->releasing, &w->in);
    }
    if (p->state == PLACE_CLOSING && !p->evicted)
        return;
    p->evicted = false;
    p->state = PLACE_CLOSING;
    atomic_store(&p->unwanted, true);
    (void)err_set(&err, PT_ECANCELED, "%s was released", p->root);
    place_hold(p);
    finish_apart(&p->waiting, PT_ECANCELED, &err);
    finish_apart(&p->served, PT_ECANCELED, &err);
    place_drop(p);
}

void place_evict(struct place *p)
{
    place_release(p, NULL);
    p->evicted = true;
}

void place_want(struct place *p, int by)
{
    p->wanted += (unsigned)by;
    if (p->wanted == 0)
        news_end(&p->news);
    else if (p->state == PLACE_OPEN && p->follows)
        news_begin(&p->news, p->workspace);
}

uint64_t place_used_ns(const struct place *p)
{
    return p->used_ns;
}

static bool is_starting(const struct place *p)
{
    struct follow_status s;
    workspace_follow_status(p->workspace, &s);
    return s.state == FOLLOW_STARTING;
}

bool place_can_close(const struct place *p)
{
    return place_ready(p) && p->held == 0 && p->wanted == 0 && link_alone(&p->waiting) &&
           link_alone(&p->served) && !is_starting(p);
}

bool place_is_busy(const struct place *p)
{
    return p->state == PLACE_OPENING || (p->state == PLACE_OPEN && is_starting(p));
}

unsigned hub_count(const struct hub *h)
{
    return h->n_places;
}

struct place *hub_next(const struct hub *h, const struct place *p)
{
    struct link *l = p != NULL ? p->in.next : h->places.next;
    return l != &h->places ? link_entry(l, struct place, in) : NULL;
}

/* ---- the hub ---- */

int hub_new(const struct hub_options *o, struct hub **ret, struct err *err)
{
    struct hub *h = mem_calloc(1, sizeof(*h));
    if (h == NULL)
        return err_set(err, PT_ENOMEM, "out of memory");
    h->options = *o;
    link_init(&h->places);
    int rc = uv_async_init(o->loop, &h->async, hear);
    if (rc != 0) {
        mem_free(h);
        return err_set(err, PT_EIO, "libuv: %s", uv_strerror(rc));
    }
    h->async.data = h;
    *ret = h;
    return PT_OK;
}

void hub_close(struct hub *h, void (*done)(void *ctx), void *ctx)
{
    h->closing = true;
    h->closed = done;
    h->closed_ctx = ctx;
    for (struct place *p = hub_next(h, NULL), *next; p != NULL; p = next) {
        next = hub_next(h, p);
        place_release(p, NULL);
    }
    end_if_done(h);
}
