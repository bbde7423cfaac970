#include "store/durable.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/mem.h"
#include "graph/delta_codec.h"
#include "graph/image.h"
#include "store/durable_files.h"
#include "store/durable_internal.h"

#include <inttypes.h>
#include <string.h>

/* A commit of more nodes and edges than this is not even tried to be logged, but written as an
 * image, as is one whose record turns out too long. */
#define DURABLE_LARGE 8000000u

/* Of a graph that is written as an image, so much is in memory at once. */
#define DURABLE_BUILD_BYTES ((size_t)192 << 20)

/* So many commits touch so many pages of an image that it costs less to map all of them at once. */
#define COLD_REPLAYS 200u

/* A reader begins again so often when the writer tidies up under it. */
#define READ_ATTEMPTS 8u

static const struct store_ops durable_ops;

static int no_memory(struct err *err)
{
    return err_set(err, PT_ENOMEM, "out of memory for a store");
}

/* ---- opening ---- */

/* The id in the file `store`. A directory with images or logs but without it is not made a new
 * store: the log refuses files of another id. */
static int take_id(const struct durable *s, uint8_t id[WAL_ID_SIZE], struct err *err)
{
    int rc = durable_read_id(s->dir, id, err);
    if (rc == PT_ENOENT && !s->options.read_only) {
        err_clear(err);
        rc = durable_make_id(s->dir, id, err);
    }
    return rc;
}

static int take_graph(struct durable *s, int rc, struct live *const *graph)
{
    if (rc == PT_OK) {
        atomic_store(&s->graph, *graph);
        s->pins = (*graph)->pins;
    }
    return rc;
}

static int open_image(struct durable *s, const struct images *all, struct err *err)
{
    struct buf path = {0};
    struct live *g = NULL;
    int rc;
    for (uint32_t i = 0; i < all->numbers.len; i++)
        s->image = all->numbers.at[i] > s->image ? all->numbers.at[i] : s->image;
    if (all->numbers.len == 0 || s->options.replace)
        return take_graph(s, live_new(&g, err), &g);
    rc = durable_check_image(s->dir, s->image, err);
    if (rc == PT_OK)
        rc = durable_image_path(s->dir, s->image, &path, err);
    if (rc == PT_OK)
        rc = take_graph(s, image_open(buf_cstr(&path), &g, err), &g);
    buf_release(&path);
    return rc;
}

static int64_t get_time(const uint8_t p[TIME_SIZE])
{
    uint64_t v = 0;
    for (unsigned i = TIME_SIZE; i-- > 0;)
        v = v << 8 | p[i];
    return (int64_t)v;
}

static void put_time(uint8_t p[TIME_SIZE], int64_t time)
{
    for (unsigned i = 0; i < TIME_SIZE; i++)
        p[i] = (uint8_t)((uint64_t)time >> 8 * i);
}

int durable_replay(void *ctx, uint64_t seq, const uint8_t *payload, size_t n)
{
    struct durable_replaying *r = ctx;
    struct delta d;
    if (r->graph == NULL)
        return PT_OK;
    if (n < TIME_SIZE)
        return err_set(r->err, PT_ECORRUPT, "record %" PRIu64 " of the log has no time", seq);
    if (r->is_cold && ++r->n == COLD_REPLAYS)
        image_warm(r->graph);
    const struct live_stamp stamp = {seq, get_time(payload)};
    int rc = delta_decode(payload + TIME_SIZE, n - TIME_SIZE, &d, r->err);
    if (rc == PT_OK) {
        rc = live_apply(r->graph, &d, stamp, r->err);
        delta_release(&d);
    }
    return rc == PT_OK ? rc : err_prefix(r->err, "record %" PRIu64 " of the log", seq);
}

static int open_log(struct durable *s, struct wal_options *o, struct wal_report *report,
                    struct err *err)
{
    struct live *graph = durable_graph(s);
    struct err why = {0};
    struct durable_replaying r = {
        .graph = s->options.replace ? NULL : graph, .err = &why, .is_cold = true};
    struct wal_report found = {0};
    int rc;
    o->covered = s->image;
    if (s->options.read_only)
        rc = wal_read(s->dir, o, durable_replay, &r, &found, err);
    else
        rc = wal_open(s->dir, o, durable_replay, &r, &s->wal, &found, err);
    if (rc != PT_OK && why.code != PT_OK && err != NULL)
        *err = why; /* what replay met says more than that it failed */
    atomic_store(&s->commits, found.last_seq);
    if (rc == PT_OK && report != NULL)
        *report = found;
    return rc;
}

static int open_in(struct durable *s, struct wal_report *report, struct err *err)
{
    struct wal_options o = {.durability = s->options.durability,
                            .interval_ms = s->options.interval_ms,
                            .file_bytes = s->options.file_bytes};
    struct images all = {0};
    int rc = s->options.read_only ? PT_OK : io_remove_temps(s->dir, err);
    /* who made the newest image may have died before its name was on disk: no log may be first */
    if (rc == PT_OK && !s->options.read_only)
        rc = io_sync_dir(s->dir, err);
    if (rc == PT_OK)
        rc = durable_images(s->dir, &all, err);
    o.create = all.numbers.len == 0; /* who writes an image has a log */
    if (rc == PT_OK)
        rc = take_id(s, o.id, err);
    if (rc == PT_ENOENT && s->options.read_only && all.numbers.len == 0) {
        struct live *g = NULL;
        err_clear(err); /* there is no store yet */
        return take_graph(s, live_new(&g, err), &g);
    }
    memcpy(s->id, o.id, WAL_ID_SIZE);
    if (rc == PT_OK)
        rc = open_image(s, &all, err);
    vec_release(&all.numbers);
    return rc == PT_OK ? open_log(s, &o, report, err) : rc;
}

static int open_once(const char *dir, const struct durable_options *o, struct durable **ret,
                     struct wal_report *report, struct err *err)
{
    struct durable *s = mem_calloc(1, sizeof(*s));
    if (s == NULL)
        return no_memory(err);
    s->base.ops = &durable_ops;
    s->options = *o;
    s->dir = mem_strdup(dir);
    int rc = s->dir != NULL ? open_in(s, report, err) : no_memory(err);
    if (rc != PT_OK) {
        (void)durable_close(s, NULL);
        return rc;
    }
    durable_set_limit(s);
    if (s->options.background)
        durable_warm(s);
    *ret = s;
    return PT_OK;
}

int durable_open(const char *dir, const struct durable_options *o, struct durable **ret,
                 struct wal_report *report, struct err *err)
{
    int rc = open_once(dir, o, ret, report, err);
    /* what looks like damage may be an image that is newer than the log, or a record half
     * written */
    for (unsigned i = 1;
         (rc == PT_ENOENT || rc == PT_ECORRUPT) && o->read_only && i < READ_ATTEMPTS; i++) {
        err_clear(err);
        rc = open_once(dir, o, ret, report, err);
    }
    if (rc != PT_ENOENT || !io_exists(IO_CWD, dir))
        return rc;
    if (err != NULL) /* nobody is tidying up: a file is missing */
        err->code = PT_ECORRUPT;
    return PT_ECORRUPT;
}

int durable_close(struct durable *s, struct err *err)
{
    if (s == NULL)
        return PT_OK;
    durable_stop(s);
    int rc = wal_close(s->wal, err);
    live_free(durable_graph(s));
    buf_release(&s->encoded);
    mem_free(s->dir);
    mem_free(s);
    return rc;
}

bool durable_has_failed(const struct durable *s)
{
    return s->failed != PT_OK || (s->wal != NULL && wal_has_failed(s->wal));
}

/* All but the readers' graph, and what they hold on to, becomes that of `fresh`. */
static void take_over(struct durable *s, struct durable *fresh)
{
    struct live *graph = durable_graph(fresh);
    s->wal = fresh->wal;
    s->image = fresh->image;
    s->failed = PT_OK;
    atomic_store(&s->commits, durable_commits(fresh));
    for (uint32_t i = 0; i < RECENT; i++)
        s->recent[i].seq = 0; /* of commits that may have got lost */
    durable_succeed(s, graph);
    durable_set_limit(s);
    fresh->wal = NULL;
    atomic_store(&fresh->graph, NULL);
    (void)durable_close(fresh, NULL);
}

int durable_reopen(struct durable *s, struct err *err)
{
    struct durable_options o = s->options;
    struct durable *fresh = NULL;
    (void)durable_settle(s, NULL);
    durable_drop_next(s);
    if (!vec_reserve(&s->left, (uint64_t)s->left.len + 1))
        return no_memory(err);
    /* one log at a time writes there; what failed stays so until another is there */
    s->failed = s->failed != PT_OK ? s->failed : PT_EIO;
    (void)wal_close(s->wal, NULL);
    s->wal = NULL;
    o.background = false; /* there is nothing to be warmed: it was in use */
    int rc = open_once(s->dir, &o, &fresh, NULL, err);
    if (rc == PT_OK)
        take_over(s, fresh);
    return rc;
}

struct store *durable_store(struct durable *s)
{
    return &s->base;
}

struct live *durable_graph(const struct durable *s)
{
    return atomic_load(&s->graph);
}

uint64_t durable_commits(const struct durable *s)
{
    return atomic_load(&s->commits);
}

uint64_t durable_log_bytes(const struct durable *s)
{
    return s->wal != NULL ? wal_bytes(s->wal) : 0;
}

/* ---- commits ---- */

/* The payload of its record into s->encoded. PT_ELIMIT: it is too long for one. */
static int encode(struct durable *s, const struct delta *d, int64_t time, struct err *err)
{
    uint8_t stamp[TIME_SIZE];
    put_time(stamp, time);
    buf_reset(&s->encoded);
    buf_add(&s->encoded, (const char *)stamp, sizeof(stamp));
    int rc = delta_encode(d, &s->encoded, err);
    return rc == PT_OK && s->encoded.n > WAL_PAYLOAD_MAX
               ? err_set(err, PT_ELIMIT, "a commit is too large for the log")
               : rc;
}

static int append(struct durable *s, struct err *err)
{
    struct io_part part = {s->encoded.p, s->encoded.n};
    int rc = wal_append(s->wal, &part, 1, NULL, err);
    return rc == PT_OK ? wal_commit(s->wal, err) : rc;
}

/* An image whose name could not be brought to disk must not be found by who opens the store, nor
 * come back after a crash: another commit may get its number. */
static bool take_back_image(const struct durable *s, const char *path)
{
    return !io_exists(IO_CWD, path) ||
           (io_remove(IO_CWD, path, NULL) == PT_OK && io_sync_dir(s->dir, NULL) == PT_OK);
}

static int write_view(struct durable *s, const struct view *v, uint64_t number, struct err *err)
{
    struct buf path = {0};
    int rc = durable_image_path(s->dir, number, &path, err);
    if (rc == PT_OK) {
        rc = image_write(v, buf_cstr(&path), err);
        if (rc != PT_OK && !take_back_image(s, buf_cstr(&path)))
            s->failed = rc;
    }
    buf_release(&path);
    return rc;
}

/* The image is what makes the commit durable. */
static int replace_graph(struct durable *s, const struct unit_source *source,
                         struct live_stamp stamp, struct live **ret, struct err *err)
{
    struct buf path = {0};
    int rc = durable_image_path(s->dir, stamp.commit, &path, err);
    if (rc == PT_OK) {
        rc = image_build(buf_cstr(&path), source, stamp, DURABLE_BUILD_BYTES, err);
        if (rc == PT_OK)
            rc = image_open(buf_cstr(&path), ret, err);
        if (rc != PT_OK && !take_back_image(s, buf_cstr(&path)))
            s->failed = rc;
    }
    buf_release(&path);
    return rc;
}

static int apply_whole(struct durable *s, const struct unit_source *source, struct live_stamp stamp,
                       struct err *err)
{
    struct live *next = NULL;
    if (!vec_reserve(&s->left, (uint64_t)s->left.len + 1))
        return no_memory(err);
    int rc = wal_sync(s->wal, err);
    if (rc == PT_OK)
        rc = replace_graph(s, source, stamp, &next, err);
    if (rc == PT_OK)
        durable_succeed(s, next);
    return rc;
}

/* Too large for the log. */
static int apply_large(struct durable *s, const struct delta *d, struct live_stamp stamp,
                       struct err *err)
{
    struct view v;
    int rc = live_prepare(durable_graph(s), d, stamp, err);
    if (rc != PT_OK)
        return rc;
    live_peek(durable_graph(s), &v);
    rc = wal_sync(s->wal, err);
    if (rc == PT_OK)
        rc = write_view(s, &v, stamp.commit, err);
    if (rc == PT_OK)
        live_publish(durable_graph(s));
    else
        live_abort(durable_graph(s));
    return rc;
}

/* PT_ELIMIT: it is too large for that. */
static int apply_logged(struct durable *s, const struct delta *d, struct live_stamp stamp,
                        struct err *err)
{
    int rc = live_prepare(durable_graph(s), d, stamp, err);
    if (rc != PT_OK)
        return rc;
    rc = encode(s, d, stamp.as_of_ns, err);
    if (rc == PT_OK)
        rc = append(s, err);
    if (rc == PT_OK)
        live_publish(durable_graph(s));
    else
        live_abort(durable_graph(s));
    return rc;
}

static bool is_large(const struct delta *d)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < d->units.len; i++)
        n += (uint64_t)d->units.at[i].n_nodes + d->units.at[i].n_edges;
    return n > DURABLE_LARGE;
}

static int may_commit(const struct durable *s, struct err *err)
{
    if (s->failed != PT_OK)
        return err_set(err, s->failed, "%s: a commit failed; the store must be opened again",
                       s->dir);
    if (s->wal == NULL)
        return err_set(err, PT_EINVAL, "%s: the store was opened to be read only", s->dir);
    return PT_OK;
}

static struct live_stamp next_stamp(const struct durable *s)
{
    return (struct live_stamp){durable_commits(s) + 1, (int64_t)clock_wall_ns()};
}

static void committed(struct durable *s, struct live_stamp stamp, bool imaged)
{
    if (imaged)
        wal_skip(s->wal, stamp.commit);
    atomic_store(&s->commits, stamp.commit);
    s->options.replace = false;
    durable_committed(s, imaged);
}

int durable_replace(struct durable *s, const struct unit_source *source, struct err *err)
{
    const struct live_stamp stamp = next_stamp(s);
    int rc = may_commit(s, err);
    if (rc != PT_OK)
        return rc;
    (void)durable_settle(s, NULL); /* it may bring another graph */
    rc = apply_whole(s, source, stamp, err);
    if (rc == PT_OK)
        committed(s, stamp, true);
    return rc;
}

static int replace_by_delta(struct durable *s, const struct delta *d, struct err *err)
{
    struct delta_source state;
    const struct unit_source source = delta_source(d, UINT32_MAX, &state);
    int rc = durable_replace(s, &source, err);
    delta_source_release(&state);
    return rc;
}

int durable_apply(struct durable *s, const struct delta *d, struct err *err)
{
    const struct live_stamp stamp = next_stamp(s);
    bool large = is_large(d);
    int rc = may_commit(s, err);
    if (rc != PT_OK)
        return rc;
    if (d->replace_all)
        return replace_by_delta(s, d, err);
    if (s->options.replace)
        return err_set(err, PT_EINVAL, "%s: the first commit must replace all", s->dir);
    rc = !large ? apply_logged(s, d, stamp, err) : PT_ELIMIT;
    large = rc == PT_ELIMIT;
    if (large) {
        (void)durable_settle(s, NULL); /* it may bring another graph */
        buf_release(&s->encoded);
        err_clear(err);
        rc = apply_large(s, d, stamp, err);
    }
    if (rc == PT_OK)
        committed(s, stamp, large);
    return rc;
}

/* ---- as a store ---- */

static struct durable *durable_of(struct store *s)
{
    return (struct durable *)s;
}

static int ops_apply(struct store *s, const struct delta *d, struct err *err)
{
    return durable_apply(durable_of(s), d, err);
}

static int ops_pin(struct store *s, struct view *ret, struct err *err)
{
    struct durable *d = durable_of(s);
    return live_pin_newest(&d->graph, d->pins, ret) ? PT_OK : store_too_many(err);
}

static void ops_unpin(struct store *s, struct view *v)
{
    (void)s;
    live_unpin(v);
}

static void ops_close(struct store *s)
{
    (void)durable_close(durable_of(s), NULL);
}

static const struct store_ops durable_ops = {
    .name = "durable",
    .apply = ops_apply,
    .pin = ops_pin,
    .unpin = ops_unpin,
    .close = ops_close,
};
