#include "base/io_observe.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

atomic_bool io_observed_;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* Under the lock. */
static char root[PATH_MAX]; /* absolute, without links, without a slash at the end */
static io_observer observe;
static void *observe_ctx;
static uint64_t next_number;

int io_observe(const char *dir, io_observer observer, void *ctx, struct err *err)
{
    char resolved[PATH_MAX] = "";

    if (observer != NULL && realpath(dir, resolved) == NULL)
        return err_set_errno(err, errno, "resolve %s", dir);
    pthread_mutex_lock(&lock);
    memcpy(root, resolved, sizeof(root));
    observe = observer;
    observe_ctx = ctx;
    next_number = 1;
    atomic_store(&io_observed_, observer != NULL);
    pthread_mutex_unlock(&lock);
    return 0;
}

/* ---- names ---- */

static void path_of_fd(int fd, char ret[PATH_MAX])
{
    char link[64];

    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, ret, PATH_MAX - 1);
    assert(n > 0);
    ret[n > 0 ? n : 0] = '\0';
}

/* The absolute path of an entry, whose directory exists; its last part is not followed. */
static void path_of_entry(int dirfd, const char *path, char ret[PATH_MAX])
{
    char dir[PATH_MAX], at[PATH_MAX] = ".";
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    int n;

    if (dirfd != AT_FDCWD && path[0] != '/')
        path_of_fd(dirfd, at);
    if (path[0] == '/')
        n = snprintf(dir, sizeof(dir), "%.*s/", (int)(slash - path), path);
    else
        n = snprintf(dir, sizeof(dir), "%s/%.*s", at, slash ? (int)(slash - path) : 0, path);
    assert(n > 0 && (size_t)n < sizeof(dir));
    const char *resolved = realpath(dir, ret);
    assert(resolved != NULL);
    size_t used = resolved != NULL ? strlen(ret) : 0;
    n = snprintf(ret + used, PATH_MAX - used, "%s%s", used > 1 ? "/" : "", name);
    assert(n >= 0 && (size_t)n < PATH_MAX - used);
}

/* What follows the root; NULL: it lies elsewhere. Under the lock. */
static const char *below_root(const char *path)
{
    size_t n = strlen(root);

    if (strncmp(path, root, n) != 0 || (path[n] != '/' && path[n] != '\0'))
        return NULL;
    return path[n] == '/' ? path + n + 1 : path + n;
}

static uint64_t ino_of(int fd)
{
    struct stat st;
    int rc = fstat(fd, &st);

    assert(rc == 0);
    return rc == 0 ? st.st_ino : 0;
}

/* ---- reporting ---- */

/* path and to are absolute. A rename into or out of the root is not a case that tests have. */
static void report(struct io_change change, const char *path, const char *to)
{
    pthread_mutex_lock(&lock);
    change.path = below_root(path);
    change.to = to != NULL ? below_root(to) : NULL;
    if (observe != NULL && change.path != NULL) {
        assert(to == NULL || change.to != NULL);
        change.number = next_number++;
        observe(observe_ctx, &change);
    }
    pthread_mutex_unlock(&lock);
}

bool io_saw_entry_(int dirfd, const char *path)
{
    struct stat st;

    return fstatat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

uint64_t io_saw_next_(void)
{
    pthread_mutex_lock(&lock);
    uint64_t ret = next_number;
    pthread_mutex_unlock(&lock);
    return ret;
}

void io_saw_open_(int fd, int dirfd, const char *path, int flags, bool was_there)
{
    char whole[PATH_MAX];

    if (was_there && (flags & O_TRUNC) == 0)
        return;
    path_of_entry(dirfd, path, whole);
    report((struct io_change){.kind = was_there ? IO_RESIZE : IO_CREATE, .ino = ino_of(fd)}, whole,
           NULL);
}

void io_saw_mkdir_(const char *path)
{
    char whole[PATH_MAX];
    struct stat st;

    path_of_entry(AT_FDCWD, path, whole);
    if (lstat(whole, &st) == 0)
        report((struct io_change){.kind = IO_MKDIR, .ino = st.st_ino}, whole, NULL);
}

void io_saw_write_(int fd, const struct iovec *parts, size_t n)
{
    char whole[PATH_MAX];
    off_t end = lseek(fd, 0, SEEK_CUR);

    if (end < (off_t)n) /* a pipe, a terminal */
        return;
    path_of_fd(fd, whole);
    report(
        (struct io_change){
            .kind = IO_WRITE, .ino = ino_of(fd), .at = (uint64_t)end - n, .parts = parts, .n = n},
        whole, NULL);
}

void io_saw_resize_(int fd, uint64_t size)
{
    char whole[PATH_MAX];

    path_of_fd(fd, whole);
    report((struct io_change){.kind = IO_RESIZE, .ino = ino_of(fd), .at = size}, whole, NULL);
}

void io_saw_sync_(int fd, uint64_t began_at, bool failed)
{
    char whole[PATH_MAX];
    int saved = errno;

    path_of_fd(fd, whole);
    report((struct io_change){.kind = IO_SYNC, .ino = ino_of(fd), .at = began_at, .failed = failed},
           whole, NULL);
    errno = saved;
}

void io_saw_rename_(int from_dirfd, const char *from, int to_dirfd, const char *to)
{
    char whole_from[PATH_MAX], whole_to[PATH_MAX];

    path_of_entry(from_dirfd, from, whole_from);
    path_of_entry(to_dirfd, to, whole_to);
    report((struct io_change){.kind = IO_RENAME}, whole_from, whole_to);
}

void io_saw_remove_(int dirfd, const char *path)
{
    char whole[PATH_MAX];

    path_of_entry(dirfd, path, whole);
    report((struct io_change){.kind = IO_REMOVE}, whole, NULL);
}
