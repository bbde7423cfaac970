#include "store/durable_files.h"

#include "base/clock.h"
#include "base/io.h"
#include "graph/image.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ID_FILE "store"
#define ID_MAGIC "ISGSTORE"
#define CHECKED_FILE "checked"
#define IMAGE_PREFIX "graph-"
#define IMAGE_SUFFIX ".image"
#define IMAGE_DIGITS 16u

static int no_memory(struct err *err)
{
    return err_set(err, PT_ENOMEM, "out of memory for a store");
}

/* ---- names ---- */

int durable_path(const char *dir, const char *name, struct buf *ret, struct err *err)
{
    buf_reset(ret);
    buf_str(ret, dir);
    buf_char(ret, '/');
    buf_str(ret, name);
    return ret->failed ? no_memory(err) : PT_OK;
}

int durable_image_path(const char *dir, uint64_t number, struct buf *ret, struct err *err)
{
    char name[64];
    (void)snprintf(name, sizeof(name), IMAGE_PREFIX "%016" PRIx64 IMAGE_SUFFIX, number);
    return durable_path(dir, name, ret, err);
}

static bool image_number(const char *name, uint64_t *ret)
{
    const size_t prefix = strlen(IMAGE_PREFIX), suffix = strlen(IMAGE_SUFFIX);
    uint64_t n = 0;
    if (strlen(name) != prefix + IMAGE_DIGITS + suffix ||
        strncmp(name, IMAGE_PREFIX, prefix) != 0 ||
        strcmp(name + prefix + IMAGE_DIGITS, IMAGE_SUFFIX) != 0)
        return false;
    for (const char *p = name + prefix; p < name + prefix + IMAGE_DIGITS; p++) {
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

static int take_image(void *ctx, const char *name, enum io_kind kind)
{
    struct images *all = ctx;
    uint64_t n;
    if (kind == IO_FILE && image_number(name, &n) && !vec_push(&all->numbers, n))
        all->failed = true;
    return 0;
}

int durable_images(const char *dir, struct images *ret, struct err *err)
{
    int fd;
    int rc = io_open_dir(dir, &fd, err);
    if (rc != PT_OK)
        return rc;
    rc = io_list(fd, take_image, ret, err);
    io_close(fd);
    return rc == PT_OK && ret->failed ? no_memory(err) : rc;
}

/* ---- the id ---- */

int durable_make_id(const char *dir, uint8_t id[WAL_ID_SIZE], struct err *err)
{
    struct io_part parts[2] = {{ID_MAGIC, 8}, {id, WAL_ID_SIZE}};
    struct buf path = {0};
    size_t n = 0;
    int fd;
    int rc = io_open(IO_CWD, "/dev/urandom", O_RDONLY, 0, &fd, err);
    if (rc != PT_OK)
        return rc;
    rc = io_pread(fd, id, WAL_ID_SIZE, 0, &n, err);
    io_close(fd);
    if (rc == PT_OK && n < WAL_ID_SIZE)
        rc = err_set(err, PT_EIO, "no random numbers for the id of a store");
    if (rc == PT_OK)
        rc = durable_path(dir, ID_FILE, &path, err);
    if (rc == PT_OK)
        rc = io_write_atomic(buf_cstr(&path), parts, 2, err);
    buf_release(&path);
    return rc;
}

int durable_read_id(const char *dir, uint8_t id[WAL_ID_SIZE], struct err *err)
{
    struct buf path = {0}, text = {0};
    int rc = durable_path(dir, ID_FILE, &path, err);
    if (rc == PT_OK)
        rc = io_read_file(IO_CWD, buf_cstr(&path), 1024, &text, err);
    if (rc == PT_ELIMIT ||
        (rc == PT_OK && (text.n != 8 + WAL_ID_SIZE || memcmp(text.p, ID_MAGIC, 8) != 0)))
        rc = err_set(err, PT_ECORRUPT, "%s: it is not the id of a store", buf_cstr(&path));
    if (rc == PT_OK)
        memcpy(id, text.p + 8, WAL_ID_SIZE);
    buf_release(&path);
    buf_release(&text);
    return rc;
}

/* ---- what was checked ---- */

/* Times of files are kept in steps of some milliseconds. */
#define SETTLED_NS 1000000000

/* What tells that the image is still the file that was read: whatever changes a byte of it through
 * the system changes its ctime. `settled`: it has not changed for a while, so that the next change
 * will show. */
static int describe(const char *dir, uint64_t number, struct buf *ret, bool *ret_settled,
                    struct err *err)
{
    struct buf path = {0};
    struct io_stat st;
    int rc = durable_image_path(dir, number, &path, err);
    if (rc == PT_OK)
        rc = io_stat(IO_CWD, buf_cstr(&path), &st, err);
    if (rc == PT_OK)
        buf_printf(ret, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRId64 " %" PRId64 "\n",
                   number, st.dev, st.ino, st.size, st.mtime_ns, st.ctime_ns);
    *ret_settled = rc == PT_OK && (int64_t)clock_wall_ns() - st.ctime_ns > SETTLED_NS;
    buf_release(&path);
    return rc == PT_OK && ret->failed ? no_memory(err) : rc;
}

static bool was_checked(const char *dir, const struct buf *now)
{
    struct buf path = {0}, text = {0};
    bool same = durable_path(dir, CHECKED_FILE, &path, NULL) == PT_OK &&
                io_read_file(IO_CWD, buf_cstr(&path), 1024, &text, NULL) == PT_OK &&
                text.n == now->n && memcmp(text.p, now->p, now->n) == 0;
    buf_release(&path);
    buf_release(&text);
    return same;
}

/* It need not be durable, nor succeed. */
static void note(const char *dir, const struct buf *now)
{
    struct io_part part = {now->p, now->n};
    struct buf path = {0};
    int fd = -1;
    if (durable_path(dir, CHECKED_FILE, &path, NULL) == PT_OK &&
        io_open(IO_CWD, buf_cstr(&path), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600, &fd,
                NULL) == PT_OK)
        (void)io_write(fd, &part, 1, NULL);
    io_close(fd);
    buf_release(&path);
}

int durable_check_image(const char *dir, uint64_t number, struct err *err)
{
    struct buf before = {0}, after = {0}, path = {0};
    bool settled, still;
    int rc = describe(dir, number, &before, &settled, err);
    if (rc != PT_OK || was_checked(dir, &before))
        goto out;
    rc = durable_image_path(dir, number, &path, err);
    if (rc == PT_OK)
        rc = image_verify(buf_cstr(&path), NULL, err);
    if (rc == PT_OK && settled && describe(dir, number, &after, &still, NULL) == PT_OK &&
        slice_eq(buf_as_slice(&before), buf_as_slice(&after)))
        note(dir, &after);
out:
    buf_release(&before);
    buf_release(&after);
    buf_release(&path);
    return rc;
}
