/* The snapshot store: the whole graph in one file, DIR/graph.isg, mapped at open and replaced as a
 * whole at each apply.
 *
 * Bytes of the file; numbers are little-endian:
 *
 *   offset  size
 *        0     8  magic "ISGSNAP\n"
 *        8     4  version, SNAPSHOT_VERSION
 *       12     4  0
 *       16     8  generation
 *       24     8  wall clock time of its commit, in ns since 1970
 *       32     8  size of the segment
 *       40     8  0
 *       48    16  XXH3-128 (low half first) of the bytes before
 *       64        the segment (graph/segment.h); the file ends with it
 *
 * A snapshot is valid if and only if the header is as above, its checksum is right, the file is
 * 64 bytes longer than the size it gives, and the segment is valid. The first 64 bytes keep this
 * layout in every version.
 *
 * DIR/graph.lock is locked during each apply. Under the lock, the header of the file tells whether
 * another process has applied since this one read: then a delta that says what changed would undo
 * the other's work and is refused (PT_ESTALE); one that says all of a graph is not.
 */
#include "base/codec.h"
#include "base/mem.h"
#include "store/apply.h"
#include "store/store.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define SNAPSHOT_VERSION 1u
#define HEADER_SIZE 64u
#define AT_VERSION 8
#define AT_GENERATION 16
#define AT_AS_OF 24
#define AT_SIZE 32
#define AT_SUM 48
#define FILE_NAME "graph.isg"
#define LOCK_NAME "graph.lock"
#define SET_ASIDE_MAX 1000u

struct snapshot_store {
    struct store base;
    struct publish publish;
    char *dir, *path, *lock_path; /* owned */
    bool has_written;
    /* The header of the file that the newest view stands for; all zero: there is no file. */
    uint8_t header[HEADER_SIZE];
};

static const char magic[8] = {'I', 'S', 'G', 'S', 'N', 'A', 'P', '\n'};
static const uint8_t no_header[HEADER_SIZE];

static struct snapshot_store *snapshot_of(struct store *s)
{
    return (struct snapshot_store *)s;
}

static char *path_in(const char *dir, const char *name)
{
    struct buf b = {0};

    buf_printf(&b, "%s/%s", dir, name);
    return buf_steal(&b, NULL);
}

/* ---- reading ---- */

static void put_header_sum(uint8_t *header)
{
    struct hash128 sum = hash128(header, AT_SUM);

    codec_put64(header + AT_SUM, sum.lo);
    codec_put64(header + AT_SUM + 8, sum.hi);
}

static int check_header(const uint8_t *p, size_t n, struct err *err)
{
    uint8_t copy[HEADER_SIZE];

    if (n < HEADER_SIZE || memcmp(p, magic, sizeof(magic)) != 0)
        return err_set(err, PT_ECORRUPT, "it does not begin as a snapshot does");
    memcpy(copy, p, HEADER_SIZE);
    put_header_sum(copy);
    if (memcmp(copy, p, HEADER_SIZE) != 0)
        return err_set(err, PT_ECORRUPT, "its header is damaged");
    if (codec_get32(p + AT_VERSION) != SNAPSHOT_VERSION)
        return err_set(err, PT_EVERSION, "snapshot of version %u; this program reads version %u",
                       codec_get32(p + AT_VERSION), SNAPSHOT_VERSION);
    if (codec_get64(p + AT_SIZE) != n - HEADER_SIZE)
        return err_set(err, PT_ECORRUPT, "it should have %llu bytes and has %zu",
                       (unsigned long long)codec_get64(p + AT_SIZE) + HEADER_SIZE, n);
    if (codec_get32(p + 12) != 0 || codec_get64(p + 40) != 0)
        return err_set(err, PT_ECORRUPT, "its header has bytes that should be 0");
    return 0;
}

static int decode(const struct io_map *map, struct segment *ret, struct err *err)
{
    int rc = check_header(map->p, map->n, err);
    return rc != 0 ? rc : segment_decode(map->p + HEADER_SIZE, map->n - HEADER_SIZE, ret, err);
}

/* Leaves the code to the caller: without an err, err_prefix knows none. */
static void say_damaged(const char *path, int rc, struct err *err)
{
    if (rc == PT_ECORRUPT)
        (void)err_prefix(err, "%s is damaged and was left as it is; set it aside and index again",
                         path);
    else if (rc == PT_EVERSION)
        (void)err_prefix(err, "%s was written by another version of this program", path);
}

/* PT_ENOENT if there is none. */
static int read_snapshot(struct snapshot_store *s, struct view **ret, struct err *err)
{
    struct io_map map;
    struct segment seg;
    int rc = io_map_file(s->path, &map, err);

    if (rc != 0)
        return rc;
    rc = decode(&map, &seg, err);
    if (rc != 0) {
        say_damaged(s->path, rc, err);
    } else {
        memcpy(s->header, map.p, HEADER_SIZE);
        rc = view_new(&seg, &map, codec_get64(map.p + AT_GENERATION),
                      (int64_t)codec_get64(map.p + AT_AS_OF), ret, err);
    }
    io_unmap(&map);
    return rc;
}

/* ---- writing ---- */

static int write_snapshot(const struct snapshot_store *s, const struct view *v,
                          uint8_t header[HEADER_SIZE], struct err *err)
{
    uint8_t seg_header[SEG_HEADER_SIZE];
    struct io_part parts[1 + SEG_PARTS];
    size_t size = segment_encode(&v->seg, seg_header, parts + 1);

    memset(header, 0, HEADER_SIZE);
    memcpy(header, magic, sizeof(magic));
    codec_put32(header + AT_VERSION, SNAPSHOT_VERSION);
    codec_put64(header + AT_GENERATION, v->generation);
    codec_put64(header + AT_AS_OF, (uint64_t)v->as_of_ns);
    codec_put64(header + AT_SIZE, size);
    put_header_sum(header);
    parts[0] = (struct io_part){header, HEADER_SIZE};
    return io_write_atomic(s->path, parts, PT_COUNT(parts), err);
}

/* The header that the file has now; all zero if there is no file. */
static int read_header(const struct snapshot_store *s, uint8_t ret[HEADER_SIZE], struct err *err)
{
    size_t n = 0;
    int fd;
    int rc = io_open(IO_CWD, s->path, O_RDONLY, 0, &fd, err);

    memset(ret, 0, HEADER_SIZE);
    if (rc == PT_ENOENT) {
        err_clear(err);
        return 0;
    }
    if (rc == 0) {
        rc = io_pread(fd, ret, HEADER_SIZE, 0, &n, err);
        io_close(fd);
    }
    return rc;
}

/* May this delta replace the file that has this header? Gives the generation to go on from. */
static int check_current(const struct snapshot_store *s, const struct delta *delta,
                         const uint8_t header[HEADER_SIZE], uint64_t *ret_generation,
                         struct err *err)
{
    uint64_t generation = publish_newest(&s->publish)->generation;

    /* A file that is gone held nothing that the newest view does not have. */
    if (memcmp(header, s->header, HEADER_SIZE) != 0 &&
        memcmp(header, no_header, HEADER_SIZE) != 0) {
        int rc = check_header(header, codec_get64(header + AT_SIZE) + HEADER_SIZE, err);

        if (rc != 0) {
            say_damaged(s->path, rc, err);
            return rc;
        }
        if (!delta->replace_all)
            return err_set(err, PT_ESTALE, "%s was replaced since it was read", s->path);
        if (codec_get64(header + AT_GENERATION) > generation)
            generation = codec_get64(header + AT_GENERATION);
    }
    *ret_generation = generation;
    return 0;
}

/* After a failed write: io_write_atomic may have put the new file in place before it failed. What
 * failed must not come back at the next open. This may fail too; then nothing more can be done,
 * and the caller knows by the first failure that the disk is not to be trusted. */
static void take_back(const struct snapshot_store *s, const uint8_t was[HEADER_SIZE])
{
    uint8_t header[HEADER_SIZE];

    if (read_header(s, header, NULL) != 0 || memcmp(header, was, HEADER_SIZE) == 0)
        return;
    if (memcmp(was, no_header, HEADER_SIZE) == 0) {
        if (io_remove(IO_CWD, s->path, NULL) == 0)
            (void)io_sync_dir(s->dir, NULL);
    } else if (memcmp(was, s->header, HEADER_SIZE) == 0) {
        (void)write_snapshot(s, publish_newest(&s->publish), header, NULL);
    }
}

static int apply_locked(struct snapshot_store *s, const struct delta *delta, struct err *err)
{
    uint8_t was[HEADER_SIZE], header[HEADER_SIZE];
    uint64_t generation;
    struct view *next;
    uint32_t slot;
    int rc = s->has_written ? 0 : io_remove_temps(s->dir, err);

    if (rc != 0 || (rc = read_header(s, was, err)) != 0 ||
        (rc = check_current(s, delta, was, &generation, err)) != 0 ||
        (rc = apply_prepare(&s->publish, delta, generation + 1, &next, &slot, err)) != 0)
        return rc;
    /* Whoever made the directory may have been killed before its name was on disk. */
    if (memcmp(was, no_header, HEADER_SIZE) == 0)
        rc = io_sync_entry(s->dir, err);
    if (rc == 0)
        rc = write_snapshot(s, next, header, err);
    if (rc != 0) {
        view_free(next);
        take_back(s, was);
        return rc;
    }
    s->has_written = true;
    memcpy(s->header, header, HEADER_SIZE);
    publish_replace(&s->publish, slot, next);
    return 0;
}

static int snapshot_apply(struct store *base, const struct delta *delta, struct err *err)
{
    struct snapshot_store *s = snapshot_of(base);
    int lock;
    int rc = io_lock(s->lock_path, true, &lock, err);

    if (rc != 0)
        return rc;
    rc = apply_locked(s, delta, err);
    io_close(lock);
    return rc;
}

/* ---- the store ---- */

static const struct view *snapshot_pin(struct store *s)
{
    return publish_pin(&snapshot_of(s)->publish);
}

static void snapshot_unpin(struct store *s, const struct view *v)
{
    publish_unpin(&snapshot_of(s)->publish, v);
}

static void free_store(struct snapshot_store *s)
{
    mem_free(s->dir);
    mem_free(s->path);
    mem_free(s->lock_path);
    mem_free(s);
}

static void snapshot_close(struct store *base)
{
    struct snapshot_store *s = snapshot_of(base);

    publish_release(&s->publish);
    free_store(s);
}

static const struct store_ops snapshot_ops = {
    .name = "snapshot",
    .apply = snapshot_apply,
    .pin = snapshot_pin,
    .unpin = snapshot_unpin,
    .close = snapshot_close,
};

int store_open_snapshot(const char *dir, struct store **ret, struct err *err)
{
    struct snapshot_store *s = mem_calloc(1, sizeof(*s));
    struct view *first;
    int rc;

    if (s == NULL)
        return err_set(err, PT_ENOMEM, "no memory for a store");
    s->base.ops = &snapshot_ops;
    s->dir = mem_strdup(dir);
    s->path = path_in(dir, FILE_NAME);
    s->lock_path = path_in(dir, LOCK_NAME);
    if (s->dir == NULL || s->path == NULL || s->lock_path == NULL)
        rc = err_set(err, PT_ENOMEM, "no memory for a path");
    else
        rc = io_mkdir_p(dir, 0700, err);
    if (rc == 0)
        rc = read_snapshot(s, &first, err);
    if (rc == PT_ENOENT) {
        err_clear(err);
        rc = apply_empty(&first, err);
    }
    if (rc != 0) {
        free_store(s);
        return rc;
    }
    publish_init(&s->publish, first);
    *ret = &s->base;
    return 0;
}

int store_set_aside_snapshot(const char *dir, struct buf *ret_path, struct err *err)
{
    struct buf from = {0};
    int rc;

    buf_printf(&from, "%s/" FILE_NAME, dir);
    rc = PT_ELIMIT;
    for (unsigned i = 1; i <= SET_ASIDE_MAX && rc == PT_ELIMIT; i++) {
        buf_reset(ret_path);
        buf_printf(ret_path, "%s/" FILE_NAME ".damaged-%u", dir, i);
        if (from.failed || ret_path->failed)
            rc = err_set(err, PT_ENOMEM, "no memory for a path");
        else if (!io_exists(IO_CWD, buf_cstr(ret_path)))
            rc = io_rename(buf_cstr(&from), buf_cstr(ret_path), err);
    }
    /* Else a power cut could bring a new snapshot to this name, and the old one to none. */
    if (rc == 0)
        rc = io_sync_dir(dir, err);
    if (rc == PT_ELIMIT)
        rc = err_set(err, PT_ELIMIT, "%s: %u damaged snapshots are set aside already", dir,
                     SET_ASIDE_MAX);
    buf_release(&from);
    return rc;
}
