#include "store/durable.h"

#include "base/io.h"
#include "base/mem.h"
#include "graph/delta_codec.h"
#include "graph/image.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ID_FILE "store"
#define ID_MAGIC "ISGSTORE"

struct durable {
    char *dir;
    struct durable_options options;
    struct live *graph;
    struct wal *wal;
    struct buf encoded; /* scratch */
    uint64_t image;     /* number of the image that it was opened from or has written last */
};

static int no_memory(struct err *err)
{
    return err_set(err, PT_ENOMEM, "out of memory for a store");
}

/* ---- names ---- */

static int path_of(const char *dir, const char *name, struct buf *ret, struct err *err)
{
    buf_reset(ret);
    buf_str(ret, dir);
    buf_char(ret, '/');
    buf_str(ret, name);
    return ret->failed ? no_memory(err) : PT_OK;
}

static int image_path(const char *dir, uint64_t number, struct buf *ret, struct err *err)
{
    char name[64];
    (void)snprintf(name, sizeof(name), "graph-%016" PRIx64 ".image", number);
    return path_of(dir, name, ret, err);
}

static bool image_number(const char *name, uint64_t *ret)
{
    uint64_t n = 0;
    if (strncmp(name, "graph-", 6) != 0 || strlen(name) != 6 + 16 + 6 ||
        strcmp(name + 22, ".image") != 0)
        return false;
    for (const char *p = name + 6; p < name + 22; p++) {
        unsigned digit = *p >= '0' && *p <= '9'   ? (unsigned)(*p - '0')
                         : *p >= 'a' && *p <= 'f' ? (unsigned)(*p - 'a') + 10
                                                  : 16;
        if (digit == 16)
            return false;
        n = n << 4 | digit;
    }
    *ret = n;
    return true;
}

struct images {
    VEC(uint64_t) numbers;
    bool failed;
};

static int take_image(void *ctx, const char *name, enum io_kind kind)
{
    struct images *all = ctx;
    uint64_t n;
    if (kind == IO_FILE && image_number(name, &n) && !vec_push(&all->numbers, n))
        all->failed = true;
    return 0;
}

static int list_images(const char *dir, struct images *ret, struct err *err)
{
    int fd;
    int rc = io_open_dir(dir, &fd, err);
    if (rc != PT_OK)
        return rc;
    rc = io_list(fd, take_image, ret, err);
    io_close(fd);
    return rc == PT_OK && ret->failed ? no_memory(err) : rc;
}

/* ---- opening ---- */

static int new_id(const char *path, uint8_t id[WAL_ID_SIZE], struct err *err)
{
    size_t n = 0;
    int fd;
    int rc = io_open(IO_CWD, "/dev/urandom", O_RDONLY, 0, &fd, err);
    if (rc != PT_OK)
        return rc;
    rc = io_pread(fd, id, WAL_ID_SIZE, 0, &n, err);
    io_close(fd);
    if (rc == PT_OK && n < WAL_ID_SIZE)
        rc = err_set(err, PT_EIO, "no random numbers for the id of a store");
    struct io_part parts[2] = {{ID_MAGIC, 8}, {id, WAL_ID_SIZE}};
    return rc == PT_OK ? io_write_atomic(path, parts, 2, err) : rc;
}

/* The id in the file `store`. A directory with images or logs but without it is not made a new
 * store: the log refuses files of another id. */
static int read_id(const char *dir, uint8_t id[WAL_ID_SIZE], struct err *err)
{
    struct buf path = {0}, text = {0};
    int rc = path_of(dir, ID_FILE, &path, err);
    if (rc == PT_OK)
        rc = io_read_file(IO_CWD, buf_cstr(&path), 1024, &text, NULL);
    if (rc == PT_ENOENT)
        rc = new_id(buf_cstr(&path), id, err);
    else if (rc != PT_OK)
        rc = err_set(err, rc, "%s: cannot be read", buf_cstr(&path));
    else if (text.n != 8 + WAL_ID_SIZE || memcmp(text.p, ID_MAGIC, 8) != 0)
        rc = err_set(err, PT_ECORRUPT, "%s: it is not the id of a store", buf_cstr(&path));
    else
        memcpy(id, text.p + 8, WAL_ID_SIZE);
    buf_release(&path);
    buf_release(&text);
    return rc;
}

static int open_image(struct durable *s, const struct images *all, struct err *err)
{
    struct buf path = {0};
    int rc;
    for (uint32_t i = 0; i < all->numbers.len; i++)
        s->image = all->numbers.at[i] > s->image ? all->numbers.at[i] : s->image;
    if (all->numbers.len == 0)
        return live_new(&s->graph, err);
    rc = image_path(s->dir, s->image, &path, err);
    if (rc == PT_OK && !s->options.unchecked)
        rc = image_verify(buf_cstr(&path), err);
    if (rc == PT_OK)
        rc = image_open(buf_cstr(&path), &s->graph, err);
    buf_release(&path);
    return rc;
}

struct replay {
    struct live *graph;
    struct err *err;
};

static int replay(void *ctx, uint64_t seq, const uint8_t *payload, size_t n)
{
    const struct replay *r = ctx;
    struct delta d;
    int rc = delta_decode(payload, n, &d, r->err);
    if (rc == PT_OK) {
        rc = live_apply(r->graph, &d, r->err);
        delta_release(&d);
    }
    return rc == PT_OK ? rc : err_prefix(r->err, "record %" PRIu64 " of the log", seq);
}

static int open_in(struct durable *s, struct wal_report *report, struct err *err)
{
    struct wal_options o = {.durability = s->options.durability,
                            .interval_ms = s->options.interval_ms,
                            .file_bytes = s->options.file_bytes,
                            .create = true};
    struct images all = {0};
    struct err why = {0};
    int rc = io_remove_temps(s->dir, err);
    if (rc == PT_OK)
        rc = list_images(s->dir, &all, err);
    if (rc == PT_OK)
        rc = read_id(s->dir, o.id, err);
    if (rc == PT_OK)
        rc = open_image(s, &all, err);
    vec_release(&all.numbers);
    if (rc != PT_OK)
        return rc;
    struct replay r = {s->graph, &why};
    o.covered = s->image;
    rc = wal_open(s->dir, &o, replay, &r, &s->wal, report, err);
    if (rc != PT_OK && why.code != PT_OK && err != NULL)
        *err = why; /* what replay met says more than that it failed */
    return rc;
}

int durable_open(const char *dir, const struct durable_options *o, struct durable **ret,
                 struct wal_report *report, struct err *err)
{
    struct durable *s = mem_calloc(1, sizeof(*s));
    if (s == NULL)
        return no_memory(err);
    s->options = *o;
    if (s->options.log_limit == 0)
        s->options.log_limit = DURABLE_LOG;
    s->dir = mem_strdup(dir);
    int rc = s->dir != NULL ? open_in(s, report, err) : no_memory(err);
    if (rc != PT_OK) {
        (void)durable_close(s, NULL);
        return rc;
    }
    *ret = s;
    return PT_OK;
}

int durable_close(struct durable *s, struct err *err)
{
    if (s == NULL)
        return PT_OK;
    int rc = wal_close(s->wal, err);
    live_free(s->graph);
    buf_release(&s->encoded);
    mem_free(s->dir);
    mem_free(s);
    return rc;
}

/* ---- */

struct live *durable_graph(const struct durable *s)
{
    return s->graph;
}

uint64_t durable_commits(const struct durable *s)
{
    return wal_last_seq(s->wal);
}

uint64_t durable_log_bytes(const struct durable *s)
{
    return wal_bytes(s->wal);
}

static int make_durable(struct durable *s, const struct delta *d, struct err *err)
{
    buf_reset(&s->encoded);
    int rc = delta_encode(d, &s->encoded, err);
    struct io_part part = {s->encoded.p, s->encoded.n};
    if (rc == PT_OK)
        rc = wal_append(s->wal, &part, 1, NULL, err);
    return rc == PT_OK ? wal_commit(s->wal, err) : rc;
}

int durable_apply(struct durable *s, const struct delta *d, struct err *err)
{
    int rc = live_prepare(s->graph, d, err);
    if (rc != PT_OK)
        return rc;
    rc = make_durable(s, d, err);
    if (rc != PT_OK) {
        live_abort(s->graph);
        return rc;
    }
    live_publish(s->graph);
    /* a snapshot that fails costs nothing but space: the next commit tries again */
    if (wal_bytes(s->wal) > s->options.log_limit)
        (void)durable_snapshot(s, NULL);
    return PT_OK;
}

/* Images that the newest one has taken the place of. */
static int remove_images(struct durable *s, struct err *err)
{
    struct images all = {0};
    struct buf path = {0};
    int rc = list_images(s->dir, &all, err);
    for (uint32_t i = 0; rc == PT_OK && i < all.numbers.len; i++) {
        if (all.numbers.at[i] >= s->image)
            continue;
        rc = image_path(s->dir, all.numbers.at[i], &path, err);
        if (rc == PT_OK)
            rc = io_remove(IO_CWD, buf_cstr(&path), err);
    }
    vec_release(&all.numbers);
    buf_release(&path);
    return rc;
}

int durable_snapshot(struct durable *s, struct err *err)
{
    struct live_view v;
    struct buf path = {0};
    uint64_t number = wal_last_seq(s->wal);
    int rc = image_path(s->dir, number, &path, err);
    if (rc == PT_OK)
        rc = wal_sync(s->wal, err); /* the image must not know more than the log */
    if (rc == PT_OK && !live_pin(s->graph, &v))
        rc = err_set(err, PT_ELIMIT, "too many readers to take a snapshot");
    if (rc == PT_OK) {
        rc = image_write(&v, buf_cstr(&path), err);
        live_unpin(s->graph, &v);
    }
    buf_release(&path);
    if (rc != PT_OK)
        return rc;
    s->image = number;
    rc = wal_rotate(s->wal, err);
    if (rc == PT_OK)
        rc = wal_forget(s->wal, number, err);
    return rc == PT_OK ? remove_images(s, err) : rc;
}
