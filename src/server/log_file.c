#include "server/log_file.h"

#include "base/io.h"
#include "base/mem.h"
#include "engine/state.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

struct log_file {
    pthread_mutex_t lock; /* of all below */
    struct buf path, old_path;
    uint64_t max_bytes;
    uint64_t lost; /* lines, since the last that was written */
    int fd;        /* -1: there is none now */
};

int log_file_path(struct buf *ret, struct err *err)
{
    buf_reset(ret);
    int rc = state_base(ret, err);
    buf_str(ret, "/daemon.log");
    return rc == PT_OK && ret->failed ? err_set(err, PT_ENOMEM, "out of memory") : rc;
}

static int open_file(struct log_file *f, struct err *err)
{
    return io_open(IO_CWD, buf_cstr(&f->path), O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0600,
                   &f->fd, err);
}

static int make_folder(const char *path, struct err *err)
{
    struct buf folder = {0};
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return PT_OK;
    buf_add(&folder, path, (size_t)(slash - path));
    int rc = io_mkdir_p(buf_cstr(&folder), 0700, err);
    buf_release(&folder);
    return rc;
}

int log_file_open(const char *path, uint64_t max_bytes, struct log_file **ret, struct err *err)
{
    struct log_file *f = mem_calloc(1, sizeof(*f));
    if (f == NULL)
        return err_set(err, PT_ENOMEM, "out of memory");
    (void)pthread_mutex_init(&f->lock, NULL);
    f->fd = -1;
    f->max_bytes = max_bytes;
    buf_str(&f->path, path);
    buf_printf(&f->old_path, "%s.1", path);
    (void)buf_cstr(&f->path);
    (void)buf_cstr(&f->old_path);
    int rc = f->path.failed || f->old_path.failed ? err_set(err, PT_ENOMEM, "out of memory")
                                                  : make_folder(path, err);
    if (rc == PT_OK)
        rc = open_file(f, err);
    if (rc != PT_OK) {
        log_file_close(f);
        return rc;
    }
    *ret = f;
    return PT_OK;
}

void log_file_close(struct log_file *f)
{
    if (f == NULL)
        return;
    io_close(f->fd);
    buf_release(&f->path);
    buf_release(&f->old_path);
    (void)pthread_mutex_destroy(&f->lock);
    mem_free(f);
}

void log_file_set_max(struct log_file *f, uint64_t max_bytes)
{
    (void)pthread_mutex_lock(&f->lock);
    f->max_bytes = max_bytes;
    (void)pthread_mutex_unlock(&f->lock);
}

/* Makes room for a line: opens the file anew if the one at the path is another by now (or none),
 * and lets one that is full become the predecessor. Where that fails, the line goes to the file
 * that there is: better a long log than none. */
static void make_room(struct log_file *f, size_t n)
{
    struct io_stat ours, there;
    bool same = f->fd >= 0 && io_stat_fd(f->fd, &ours, NULL) == PT_OK &&
                io_stat(IO_CWD, buf_cstr(&f->path), &there, NULL) == PT_OK &&
                ours.ino == there.ino && ours.dev == there.dev;
    int before = f->fd;
    if (same && ours.size > 0 && ours.size + n > f->max_bytes)
        same = io_rename(buf_cstr(&f->path), buf_cstr(&f->old_path), NULL) != PT_OK;
    if (same)
        return;
    f->fd = -1;
    if (open_file(f, NULL) != PT_OK)
        f->fd = before;
    else
        io_close(before);
}

static bool put(struct log_file *f, const char *p, size_t n)
{
    struct io_part part = {p, n};
    return f->fd >= 0 && io_write(f->fd, &part, 1, NULL) == PT_OK;
}

/* In front of the first line that can be written again. What was on its way when the disk became
 * full may have left half a line: hence the line end before. */
static bool tell_of_lost(struct log_file *f)
{
    char text[64];
    int n = snprintf(text, sizeof(text), "\nlevel=warn msg=\"lines lost\" lines=%llu\n",
                     (unsigned long long)f->lost);
    if (!put(f, text, (size_t)n))
        return false;
    f->lost = 0;
    return true;
}

void log_file_write(void *ctx, const char *line, size_t n)
{
    struct log_file *f = ctx;
    (void)pthread_mutex_lock(&f->lock);
    make_room(f, n);
    if ((f->lost > 0 && !tell_of_lost(f)) || !put(f, line, n))
        f->lost++;
    (void)pthread_mutex_unlock(&f->lock);
}
