/* Snapshots of the durable store, and how a compacted graph takes the place of a scattered one. */
#include "base/io.h"
#include "base/mem.h"
#include "graph/image.h"
#include "store/durable_files.h"
#include "store/durable_internal.h"

#include <string.h>

/* The thread leaves so many commits to the writer, who applies some at each of his own. */
#define NEAR 64u
#define CATCH_UP 16u
/* Times its limit: at that size of the log a commit waits for the snapshot that is being taken. */
#define LOG_BOUND 16u
/* So often it tries to come near. Who commits faster than it reads is not caught. */
#define ROUNDS 64u

void durable_set_limit(struct durable *s)
{
    struct buf path = {0};
    struct io_stat st = {0};
    if (s->options.log_limit != 0) {
        s->limit = s->options.log_limit;
    } else {
        if (s->image == 0 || durable_image_path(s->dir, s->image, &path, NULL) != PT_OK ||
            io_stat(IO_CWD, buf_cstr(&path), &st, NULL) != PT_OK)
            st.size = 0;
        s->limit = st.size / 8 < DURABLE_LOG_MIN   ? DURABLE_LOG_MIN
                   : st.size / 8 > DURABLE_LOG_MAX ? DURABLE_LOG_MAX
                                                   : st.size / 8;
    }
    s->attempt = s->limit;
    buf_release(&path);
}

size_t durable_bytes(const struct durable *s)
{
    size_t sum = live_bytes(durable_graph(s)) + (s->next != NULL ? live_bytes(s->next) : 0);
    for (uint32_t i = 0; i < s->left.len; i++)
        sum += live_bytes(s->left.at[i].graph);
    return sum;
}

uint64_t durable_compactions(const struct durable *s)
{
    return s->compactions;
}

/* ---- images ---- */

/* Images that the newest one has taken the place of. */
static int remove_images(struct durable *s, struct err *err)
{
    struct images all = {0};
    struct buf path = {0};
    int rc = durable_images(s->dir, &all, err);
    for (uint32_t i = 0; rc == PT_OK && i < all.numbers.len; i++) {
        if (all.numbers.at[i] >= s->image)
            continue;
        rc = durable_image_path(s->dir, all.numbers.at[i], &path, err);
        if (rc == PT_OK)
            rc = io_remove(IO_CWD, buf_cstr(&path), err);
    }
    vec_release(&all.numbers);
    buf_release(&path);
    return rc;
}

/* An image of that number is on disk: what it covers may go. */
static int tidy_up(struct durable *s, uint64_t number, struct err *err)
{
    s->image = number;
    durable_set_limit(s);
    int rc = wal_forget(s->wal, number, err);
    return rc == PT_OK ? remove_images(s, err) : rc;
}

/* The view for an image of the newest generation, pinned. The log goes on in a new file, so that
 * those before can go. */
static int begin(struct durable *s, struct err *err)
{
    struct beside *p = &s->beside;
    p->number = durable_commits(s);
    p->next = NULL;
    err_clear(&p->err);
    int rc = durable_image_path(s->dir, p->number, &p->path, err);
    if (rc == PT_OK)
        rc = wal_sync(s->wal, err); /* the image must not know more than the log */
    if (rc == PT_OK)
        rc = wal_rotate(s->wal, err);
    if (rc == PT_OK)
        rc = store_pin(&s->base, &p->view, err);
    p->pinned = rc == PT_OK;
    return rc;
}

static void write_image(struct beside *p)
{
    p->rc = image_write(&p->view, buf_cstr(&p->path), &p->err);
}

static int end(struct durable *s, struct err *err)
{
    struct beside *p = &s->beside;
    store_unpin(&s->base, &p->view);
    p->pinned = false;
    if (p->rc == PT_OK)
        return tidy_up(s, p->number, err);
    s->attempt = wal_bytes(s->wal) + s->limit;
    if (err != NULL)
        *err = p->err;
    return p->rc;
}

/* ---- the thread ---- */

/* Brings the graph near the newest commit, from the log. Files of the log that hold what it lacks
 * are not removed before the thread has ended. */
static bool come_near(struct durable *s, struct live *g, uint64_t at)
{
    struct wal_options o = {.covered = at};
    struct durable_replaying r = {.graph = g};
    memcpy(o.id, s->id, WAL_ID_SIZE);
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct wal_report report = {0};
        if (durable_commits(s) - o.covered <= NEAR)
            return true;
        /* It may find a record that is being written, and take it for damage: what came before it
         * was applied, and counts. */
        (void)wal_read(s->dir, &o, durable_replay, &r, &report, NULL);
        struct view v;
        if (!live_pin(g, &v))
            return false;
        o.covered = view_generation(&v);
        live_unpin(&v);
    }
    return false;
}

static void *work_beside(void *ctx)
{
    struct durable *s = ctx;
    struct beside *p = &s->beside;
    write_image(p);
    if (p->rc == PT_OK && image_open(buf_cstr(&p->path), &p->next, NULL) == PT_OK) {
        image_warm(p->next);
        if (!come_near(s, p->next, p->number)) {
            live_free(p->next);
            p->next = NULL;
        }
    }
    atomic_store_explicit(&p->done, true, memory_order_release);
    return NULL;
}

static int join(struct durable *s, struct err *err)
{
    struct beside *p = &s->beside;
    (void)pthread_join(p->thread, NULL);
    p->running = false;
    s->next = p->next;
    p->next = NULL;
    return end(s, err);
}

/* ---- taking over ---- */

void durable_drop_next(struct durable *s)
{
    live_free(s->next);
    s->next = NULL;
}

void durable_succeed(struct durable *s, struct live *next)
{
    struct live *old = durable_graph(s);
    (void)vec_push(&s->left, (struct left){old});
    live_succeed(next, old, &s->graph);
}

/* Applies up to `most` of the commits that the next graph lacks. */
static bool catch_up(struct durable *s, uint64_t most)
{
    struct durable_replaying r = {.graph = s->next};
    struct view v;
    if (!live_pin(s->next, &v))
        return false;
    uint64_t at = view_generation(&v), now = durable_commits(s);
    live_unpin(&v);
    for (; at < now && most > 0; most--) {
        const struct recent *c = &s->recent[++at % RECENT];
        if (c->seq != at ||
            durable_replay(&r, at, (const uint8_t *)c->payload.p, c->payload.n) != PT_OK)
            return false;
    }
    if (at < now)
        return true;
    if (!vec_reserve(&s->left, (uint64_t)s->left.len + 1))
        return false;
    durable_succeed(s, s->next);
    s->next = NULL;
    s->compactions++;
    return true;
}

static void *run_warming(void *ctx)
{
    struct errand *e = ctx;
    image_warm(e->graph);
    atomic_store_explicit(&e->done, true, memory_order_release);
    return NULL;
}

static void *run_freeing(void *ctx)
{
    struct errand *e = ctx;
    live_free(e->graph);
    atomic_store_explicit(&e->done, true, memory_order_release);
    return NULL;
}

static void end_errand(struct durable *s)
{
    if (s->errand.running)
        (void)pthread_join(s->errand.thread, NULL);
    s->errand.running = false;
}

/* False: it could not be begun. */
static bool begin_errand(struct durable *s, struct live *g, void *(*run)(void *))
{
    struct errand *e = &s->errand;
    end_errand(s);
    e->graph = g;
    atomic_store_explicit(&e->done, false, memory_order_relaxed);
    e->running = s->options.background && pthread_create(&e->thread, NULL, run, e) == 0;
    return e->running;
}

void durable_warm(struct durable *s)
{
    (void)begin_errand(s, durable_graph(s), run_warming);
}

/* Graphs that no reader is left in. */
static void free_left(struct durable *s)
{
    const struct errand *e = &s->errand;
    if (s->left.len == 0 || (e->running && !atomic_load_explicit(&e->done, memory_order_acquire)) ||
        !live_is_left(s->left.len > 1 ? s->left.at[1].graph : durable_graph(s)))
        return;
    /* to give back gigabytes takes longer than a commit may */
    if (!begin_errand(s, s->left.at[0].graph, run_freeing))
        live_free(s->left.at[0].graph);
    s->left.len--;
    memmove(s->left.at, s->left.at + 1, s->left.len * sizeof(*s->left.at));
}

static void tend(struct durable *s, uint64_t most)
{
    if (s->beside.running && atomic_load_explicit(&s->beside.done, memory_order_acquire))
        (void)join(s, NULL);
    if (s->next != NULL && !catch_up(s, most))
        durable_drop_next(s);
    free_left(s);
}

/* ---- */

bool durable_tend(struct durable *s)
{
    tend(s, UINT64_MAX);
    if (s->wal != NULL)
        (void)wal_commit(s->wal, NULL); /* what WAL_INTERVAL has left to do */
    return s->beside.running || s->next != NULL || s->left.len > 0;
}

int durable_settle(struct durable *s, struct err *err)
{
    int rc = s->beside.running ? join(s, err) : PT_OK;
    end_errand(s);
    tend(s, UINT64_MAX);
    return rc;
}

int durable_snapshot(struct durable *s, struct err *err)
{
    (void)durable_settle(s, NULL);
    if (durable_commits(s) == s->image)
        return PT_OK;
    int rc = begin(s, err);
    if (rc != PT_OK)
        return rc;
    write_image(&s->beside);
    return end(s, err);
}

static void start(struct durable *s)
{
    struct beside *p = &s->beside;
    if (begin(s, NULL) != PT_OK)
        return;
    atomic_store_explicit(&p->done, false, memory_order_relaxed);
    p->running = pthread_create(&p->thread, NULL, work_beside, s) == 0;
    if (!p->running)
        store_unpin(&s->base, &p->view);
}

static void remember(struct durable *s)
{
    uint64_t seq = durable_commits(s);
    struct recent *c = &s->recent[seq % RECENT];
    struct buf swap = c->payload;
    if (s->encoded.n > RECENT_BYTES_MAX) {
        c->seq = 0;
        buf_release(&s->encoded); /* commits are not that large again and again */
        return;
    }
    c->payload = s->encoded;
    c->seq = seq;
    s->encoded = swap;
}

void durable_committed(struct durable *s, bool whole)
{
    if (whole) {
        durable_drop_next(s);
        (void)wal_rotate(s->wal, NULL); /* a log that begins behind it shows when it is gone */
        (void)tidy_up(s, durable_commits(s), NULL);
        free_left(s);
        return;
    }
    if (s->options.background)
        remember(s);
    tend(s, CATCH_UP);
    if (s->beside.running && wal_bytes(s->wal) > LOG_BOUND * s->limit)
        (void)durable_settle(s, NULL);
    if (s->beside.running || s->next != NULL || wal_bytes(s->wal) <= s->attempt)
        return;
    /* a snapshot that fails costs nothing but space */
    s->attempt = wal_bytes(s->wal) + s->limit;
    if (s->options.background)
        start(s);
    else
        (void)durable_snapshot(s, NULL);
}

void durable_stop(struct durable *s)
{
    if (s->beside.running)
        (void)join(s, NULL);
    end_errand(s);
    durable_drop_next(s);
    for (uint32_t i = 0; i < s->left.len; i++)
        live_free(s->left.at[i].graph);
    vec_release(&s->left);
    buf_release(&s->beside.path);
    for (uint32_t i = 0; i < RECENT; i++)
        buf_release(&s->recent[i].payload);
}
