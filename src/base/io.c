#include "base/io.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/io_observe.h"

#define WRITE_BATCH 16
#define READ_STEP ((size_t)64 << 10)
#define TEMP_ATTEMPTS 1000

/* ---- system calls with their fault points ---- */

static int sys_openat(int dirfd, const char *path, int flags, mode_t mode)
{
    bool changes = (flags & (O_CREAT | O_TRUNC)) != 0 && io_observed();
    bool was_there = changes && io_saw_entry_(dirfd, path);
    int fd;

    do {
        fd = FAULT_ERRNO("io.open", openat(dirfd, path, flags | O_CLOEXEC, mode));
    } while (fd < 0 && errno == EINTR);
    if (changes && fd >= 0)
        io_saw_open_(fd, dirfd, path, flags, was_there);
    return fd;
}

/* What a fault leaves of a transfer of n bytes; 0 = the call fails, errno is set. */
static size_t bytes_after_fault(int fault, size_t n)
{
    switch (fault) {
    case 0: return n;
    case FAULT_SHORT:
    case FAULT_TORN: return n - n / 2;
    default: errno = fault > 0 ? fault : EIO; return 0;
    }
}

static ssize_t sys_pread(int fd, void *p, size_t n, off_t offset, bool at_position)
{
    ssize_t got;

    do {
        int fault = fault_take("io.read");
        size_t want = bytes_after_fault(fault, n);

        if (want == 0 && n != 0)
            got = -1;
        else
            got = at_position ? read(fd, p, want) : pread(fd, p, want, offset);
        if (fault == FAULT_TORN && got >= 0) {
            errno = EIO;
            got = -1;
        }
    } while (got < 0 && errno == EINTR);
    return got;
}

static ssize_t sys_writev(int fd, const struct iovec *iov, int n_iov)
{
    ssize_t done;

    do {
        int fault = fault_take("io.write");
        size_t want = bytes_after_fault(fault, iov[0].iov_len);

        if (fault == 0)
            done = writev(fd, iov, n_iov);
        else
            done = want ? write(fd, iov[0].iov_base, want) : -1;
        if (done > 0 && io_observed())
            io_saw_write_(fd, iov, (size_t)done);
        if (fault == FAULT_TORN && done >= 0) {
            errno = EIO;
            done = -1;
        }
    } while (done < 0 && errno == EINTR);
    return done;
}

static int sys_fstatat(int dirfd, const char *path, struct stat *st, int flags)
{
    return FAULT_ERRNO("io.stat", fstatat(dirfd, path, st, flags));
}

static int sys_sync(int fd, bool data_only)
{
    uint64_t began_at = io_observed() ? io_saw_next_() : 0;
    int rc;

    do {
        rc = FAULT_ERRNO("io.sync", data_only ? fdatasync(fd) : fsync(fd));
    } while (rc < 0 && errno == EINTR);
    if (io_observed())
        io_saw_sync_(fd, began_at, rc < 0);
    return rc;
}

static int sys_renameat(int from_dirfd, const char *from, int to_dirfd, const char *to)
{
    int rc = FAULT_ERRNO("io.rename", renameat(from_dirfd, from, to_dirfd, to));

    if (rc == 0 && io_observed())
        io_saw_rename_(from_dirfd, from, to_dirfd, to);
    return rc;
}

/* Has no fault point: what cleans up after a failure must not fail in its turn. */
static int sys_unlinkat(int dirfd, const char *path, int flags)
{
    int rc = unlinkat(dirfd, path, flags);

    if (rc == 0 && io_observed())
        io_saw_remove_(dirfd, path);
    return rc;
}

/* ---- opening ---- */

/* -1 with ENOSYS where the kernel, or a sandbox around us, does not have it. */
static int sys_openat2(int dirfd, const char *path, int flags)
{
    static atomic_bool is_missing;
    struct open_how how = {
        .flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
    };
    int fd;

    if (atomic_load_explicit(&is_missing, memory_order_relaxed) || fault_hit("io.openat2")) {
        errno = ENOSYS;
        return -1;
    }
    do {
        fd = (int)FAULT_ERRNO("io.open", syscall(SYS_openat2, dirfd, path, &how, sizeof(how)));
    } while (fd < 0 && (errno == EINTR || errno == EAGAIN));
    if (fd < 0 && errno == ENOSYS)
        atomic_store_explicit(&is_missing, true, memory_order_relaxed);
    return fd;
}

/*
 * What openat2 does, component by component. The one difference: ".." is
 * refused even where it would stay beneath.
 */
static int open_stepwise(int dirfd, const char *path, int flags)
{
    int fd = -1;
    int parent = dirfd;

    errno = ENOENT;
    for (const char *at = path + strspn(path, "/"); *at;) {
        char name[NAME_MAX + 1];
        size_t n = strcspn(at, "/");
        size_t n_slash = strspn(at + n, "/");
        bool is_last = at[n + n_slash] == '\0';
        int how = is_last ? flags : O_PATH;

        if (n_slash || !is_last)
            how |= O_DIRECTORY;
        fd = -1;
        if (path[0] == '/' || (n == 2 && at[0] == '.' && at[1] == '.')) {
            errno = EXDEV;
        } else if (n > NAME_MAX) {
            errno = ENAMETOOLONG;
        } else {
            memcpy(name, at, n);
            name[n] = '\0';
            fd = sys_openat(parent, name, how | O_NOFOLLOW, 0);
        }
        if (parent != dirfd)
            io_close(parent);
        if (fd < 0)
            return -1;
        parent = fd;
        at += n + n_slash;
    }
    return fd;
}

/*
 * Opens to read without following links: anywhere under a true dirfd (whose
 * tree it does not leave), in the last place under IO_CWD, where the user
 * named the way.
 */
static int open_nofollow(int dirfd, const char *path, int flags)
{
    int fd;

    if (dirfd == IO_CWD)
        return sys_openat(dirfd, path, flags | O_NOFOLLOW, 0);
    fd = sys_openat2(dirfd, path, flags | O_NOFOLLOW);
    if (fd < 0 && (errno == ENOSYS || errno == EPERM))
        fd = open_stepwise(dirfd, path, flags);
    return fd;
}

int io_open(int dirfd, const char *path, int flags, uint32_t mode, int *ret_fd, struct err *err)
{
    int fd = sys_openat(dirfd, path, flags, (mode_t)mode);

    if (fd < 0)
        return err_set_errno(err, errno, "open %s", path);
    *ret_fd = fd;
    return 0;
}

int io_open_dir(const char *path, int *ret_fd, struct err *err)
{
    return io_open(IO_CWD, path, O_RDONLY | O_DIRECTORY, 0, ret_fd, err);
}

int io_openat_dir(int dirfd, const char *path, int *ret_fd, struct err *err)
{
    int fd = open_nofollow(dirfd, path, O_RDONLY | O_DIRECTORY);

    if (fd < 0)
        return err_set_errno(err, errno, "open directory %s", path);
    *ret_fd = fd;
    return 0;
}

void io_close(int fd)
{
    int saved = errno;

    /* After EINTR the descriptor is gone on Linux: never again. */
    if (fd >= 0)
        close(fd);
    errno = saved;
}

int io_lock(const char *path, bool exclusive, int *ret_fd, struct err *err)
{
    int fd;
    int rc;

    rc = io_open(IO_CWD, path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600, &fd, err);
    if (rc)
        return rc;
    do {
        rc = FAULT_ERRNO("io.lock", flock(fd, (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB));
    } while (rc < 0 && errno == EINTR);
    if (rc == 0) {
        *ret_fd = fd;
        return 0;
    }
    rc = errno == EWOULDBLOCK ? err_set(err, PT_EEXIST, "%s is locked by another process", path)
                              : err_set_errno(err, errno, "lock %s", path);
    io_close(fd);
    return rc;
}

/* ---- what is there ---- */

static enum io_kind kind_of_mode(mode_t mode)
{
    return S_ISREG(mode) ? IO_FILE : S_ISDIR(mode) ? IO_DIR : S_ISLNK(mode) ? IO_LINK : IO_OTHER;
}

static int64_t ns_of(struct timespec ts)
{
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static struct io_stat stat_of(const struct stat *st)
{
    return (struct io_stat){
        .size = (uint64_t)st->st_size,
        .mtime_ns = ns_of(st->st_mtim),
        .ctime_ns = ns_of(st->st_ctim),
        .ino = st->st_ino,
        .dev = st->st_dev,
        .mode = st->st_mode & 07777,
        .uid = st->st_uid,
        .kind = kind_of_mode(st->st_mode),
    };
}

int io_stat(int dirfd, const char *path, struct io_stat *ret, struct err *err)
{
    struct stat st;

    if (sys_fstatat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return err_set_errno(err, errno, "stat %s", path);
    *ret = stat_of(&st);
    return 0;
}

int io_stat_fd(int fd, struct io_stat *ret, struct err *err)
{
    struct stat st;

    if (FAULT_ERRNO("io.stat", fstat(fd, &st)) < 0)
        return err_set_errno(err, errno, "stat");
    *ret = stat_of(&st);
    return 0;
}

bool io_exists(int dirfd, const char *path)
{
    struct stat st;

    return sys_fstatat(dirfd, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static int set_path(struct buf *ret, const char *path, struct err *err)
{
    struct buf copy = {0};

    buf_str(&copy, path);
    if (copy.failed) {
        buf_release(&copy);
        return err_set(err, PT_ENOMEM, "path: out of memory");
    }
    buf_release(ret);
    *ret = copy;
    return 0;
}

int io_realpath(const char *path, struct buf *ret, struct err *err)
{
    char resolved[PATH_MAX];

    if (fault_hit("io.stat") || !realpath(path, resolved))
        return err_set_errno(err, errno, "resolve %s", path);
    return set_path(ret, resolved, err);
}

int io_cwd(struct buf *ret, struct err *err)
{
    char cwd[PATH_MAX];

    if (fault_hit("io.stat") || !getcwd(cwd, sizeof(cwd)))
        return err_set_errno(err, errno, "current directory");
    return set_path(ret, cwd, err);
}

static bool is_dot_or_dotdot(const char *name)
{
    return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

/* Not every file system says the kind with the name. */
static enum io_kind kind_of_entry(int fd, const struct dirent64 *entry)
{
    struct stat st;

    switch (entry->d_type) {
    case DT_REG: return IO_FILE;
    case DT_DIR: return IO_DIR;
    case DT_LNK: return IO_LINK;
    case DT_UNKNOWN:
        if (sys_fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
            return kind_of_mode(st.st_mode);
        return IO_OTHER;
    default: return IO_OTHER;
    }
}

static int list_batch(int fd, const char *batch, size_t n, io_list_fn cb, void *ctx)
{
    for (size_t at = 0; at < n;) {
        const struct dirent64 *entry = (const struct dirent64 *)(const void *)(batch + at);

        at += entry->d_reclen;
        if (is_dot_or_dotdot(entry->d_name))
            continue;
        int rc = cb(ctx, entry->d_name, kind_of_entry(fd, entry));
        if (rc)
            return rc;
    }
    return 0;
}

int io_list(int dirfd, io_list_fn cb, void *ctx, struct err *err)
{
    _Alignas(struct dirent64) char batch[32768];
    ssize_t n;
    int rc = 0;

    /* A description of its own: listing must not move the caller's position. */
    int fd = sys_openat(dirfd, ".", O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0)
        return err_set_errno(err, errno, "list directory");

    while ((n = FAULT_ERRNO("io.list", getdents64(fd, batch, sizeof(batch)))) > 0) {
        rc = list_batch(fd, batch, (size_t)n, cb, ctx);
        if (rc)
            break;
    }
    if (n < 0)
        rc = err_set_errno(err, errno, "list directory");
    io_close(fd);
    return rc;
}

/* ---- reading ---- */

static int open_regular(int dirfd, const char *path, int *ret_fd, struct io_stat *ret_stat,
                        struct err *err)
{
    struct io_stat st;
    int fd;
    int rc;

    /* O_NONBLOCK: opening a FIFO would wait for a writer. */
    fd = open_nofollow(dirfd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 && errno == ELOOP)
        return err_set(err, PT_EINVAL, "%s: is, or lies behind, a symbolic link", path);
    if (fd < 0)
        return err_set_errno(err, errno, "open %s", path);

    rc = io_stat_fd(fd, &st, err);
    if (rc)
        err_prefix(err, "%s", path);
    else if (st.kind != IO_FILE)
        rc = err_set(err, PT_EINVAL, "%s: is no regular file", path);
    if (rc) {
        io_close(fd);
        return rc;
    }
    *ret_fd = fd;
    *ret_stat = st;
    return 0;
}

/* Reads to the end, wherever that is by now, or to one byte above max. */
static int read_to_end(int fd, size_t expected, size_t max, struct buf *buf, const char *path,
                       struct err *err)
{
    /* One byte more, so that the end is seen by the same read. */
    size_t step = expected + 1;

    for (;;) {
        if (step > max - buf->n + 1)
            step = max - buf->n + 1;
        if (!buf_reserve(buf, step))
            return err_set(err, PT_ENOMEM, "read %s: out of memory", path);

        ssize_t got = sys_pread(fd, buf->p + buf->n, step, 0, true);
        if (got < 0)
            return err_set_errno(err, errno, "read %s", path);
        buf->n += (size_t)got;
        if (buf->n > max)
            return err_set(err, PT_ELIMIT, "%s: is larger than %zu bytes", path, max);
        if (got == 0)
            return 0;
        step = step > (size_t)got ? step - (size_t)got : READ_STEP;
    }
}

int io_read_file_stat(int dirfd, const char *path, size_t max, struct buf *ret,
                      struct io_stat *ret_stat, struct err *err)
{
    struct io_stat st;
    int fd;
    int rc;

    buf_reset(ret);
    if (max > PTRDIFF_MAX / 2)
        max = PTRDIFF_MAX / 2;
    rc = open_regular(dirfd, path, &fd, &st, err);
    if (rc)
        return rc;

    if (st.size > max)
        rc = err_set(err, PT_ELIMIT, "%s: is larger than %zu bytes", path, max);
    else
        rc = read_to_end(fd, (size_t)st.size, max, ret, path, err);
    io_close(fd);
    if (rc) {
        buf_reset(ret);
        return rc;
    }
    *ret_stat = st;
    return 0;
}

int io_read_file(int dirfd, const char *path, size_t max, struct buf *ret, struct err *err)
{
    struct io_stat st;

    return io_read_file_stat(dirfd, path, max, ret, &st, err);
}

int io_pread(int fd, void *p, size_t n, uint64_t offset, size_t *ret_n, struct err *err)
{
    size_t done = 0;

    while (done < n) {
        ssize_t got = sys_pread(fd, (char *)p + done, n - done, (off_t)(offset + done), false);
        if (got < 0)
            return err_set_errno(err, errno, "read");
        if (got == 0)
            break;
        done += (size_t)got;
    }
    *ret_n = done;
    return 0;
}

int io_map_file(const char *path, struct io_map *ret, struct err *err)
{
    static const uint8_t nothing[1];
    struct io_stat st;
    void *p = (void *)nothing;
    int fd;
    int rc;

    rc = open_regular(IO_CWD, path, &fd, &st, err);
    if (rc)
        return rc;
    if (st.size > PTRDIFF_MAX)
        rc = err_set(err, PT_ELIMIT, "%s: is too large to map", path);
    else if (st.size > 0)
        p = fault_hit("io.mmap") ? MAP_FAILED
                                 : mmap(NULL, (size_t)st.size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED)
        rc = err_set_errno(err, errno, "map %s", path);
    io_close(fd);
    if (rc)
        return rc;
    *ret = (struct io_map){p, (size_t)st.size};
    return 0;
}

int io_map_at(int fd, uint64_t offset, size_t n, void *at, bool writable, struct err *err)
{
    int prot = PROT_READ | (writable ? PROT_WRITE : 0);
    void *p = fault_hit("io.mmap") ? MAP_FAILED
                                   : mmap(at, n, prot, MAP_PRIVATE | MAP_FIXED, fd, (off_t)offset);

    return p != MAP_FAILED ? 0 : err_set_errno(err, errno, "map %zu bytes of a file", n);
}

void io_warm(const void *p, size_t n)
{
    const uintptr_t page = 4096, from = (uintptr_t)p & ~(page - 1);
    size_t bytes = (uintptr_t)p + n - from;
    if (madvise((void *)from, bytes, MADV_POPULATE_READ) != 0)
        (void)madvise((void *)from, bytes, MADV_WILLNEED);
}

void io_cool(const void *p, size_t n)
{
    const uintptr_t page = 4096, from = (uintptr_t)p & ~(page - 1);
    (void)madvise((void *)from, (uintptr_t)p + n - from, MADV_DONTNEED);
}

void io_unmap(struct io_map *map)
{
    if (map->n)
        munmap((void *)map->p, map->n);
    *map = (struct io_map){0};
}

/* ---- writing ---- */

/* Where in a list of parts the writing has come to. */
struct cursor {
    const struct io_part *parts;
    size_t n_parts;
    size_t part;   /* the current one */
    size_t offset; /* in it */
};

static int fill_iov(const struct cursor *c, struct iovec *iov)
{
    int n = 0;
    size_t offset = c->offset;

    for (size_t i = c->part; i < c->n_parts && n < WRITE_BATCH; i++, offset = 0) {
        if (c->parts[i].n == offset)
            continue;
        iov[n].iov_base = (char *)c->parts[i].p + offset;
        iov[n].iov_len = c->parts[i].n - offset;
        n++;
    }
    return n;
}

static void advance(struct cursor *c, size_t n)
{
    while (n) {
        size_t left = c->parts[c->part].n - c->offset;

        if (n < left) {
            c->offset += n;
            return;
        }
        n -= left;
        c->part++;
        c->offset = 0;
    }
}

int io_write(int fd, const struct io_part *parts, size_t n_parts, struct err *err)
{
    struct cursor c = {.parts = parts, .n_parts = n_parts};
    struct iovec iov[WRITE_BATCH];
    int n_iov;

    while ((n_iov = fill_iov(&c, iov)) > 0) {
        ssize_t done = sys_writev(fd, iov, n_iov);

        if (done < 0)
            return err_set_errno(err, errno, "write");
        if (done == 0)
            return err_set(err, PT_EIO, "write: nothing was written");
        advance(&c, (size_t)done);
    }
    return 0;
}

int io_write_at(int fd, uint64_t offset, const struct io_part *parts, size_t n_parts,
                struct err *err)
{
    if (lseek(fd, (off_t)offset, SEEK_SET) < 0)
        return err_set_errno(err, errno, "seek");
    return io_write(fd, parts, n_parts, err);
}

int io_sync(int fd, struct err *err)
{
    if (sys_sync(fd, true) < 0)
        return err_set_errno(err, errno, "sync");
    return 0;
}

static int sync_dir_fd(int fd, struct err *err)
{
    /* EINVAL: a file system that has nothing to sync for directories. */
    if (sys_sync(fd, false) < 0 && errno != EINVAL)
        return err_set_errno(err, errno, "sync directory");
    return 0;
}

int io_sync_dir(const char *path, struct err *err)
{
    int fd = -1;
    int rc = io_open_dir(path, &fd, err);

    if (rc)
        return rc;
    rc = sync_dir_fd(fd, err);
    if (rc)
        err_prefix(err, "%s", path);
    io_close(fd);
    return rc;
}

/* The directory of a path: what is before the last slash, or ".". */
static int dir_of(const char *path, char *dir, size_t size, struct err *err)
{
    const char *slash = strrchr(path, '/');
    size_t n = slash ? (size_t)(slash - path) : 1;

    if (slash == path)
        n = 1;
    if (n >= size)
        return err_set(err, PT_ELIMIT, "%s: path too long", path);
    memcpy(dir, slash ? path : ".", n);
    dir[n] = '\0';
    return 0;
}

int io_sync_entry(const char *path, struct err *err)
{
    char dir[PATH_MAX];
    struct err why = {0};
    int rc = dir_of(path, dir, sizeof(dir), &why);

    if (!rc)
        rc = io_sync_dir(dir, &why);
    if (rc == PT_EACCES)
        return 0;
    if (rc && err)
        *err = why;
    return rc;
}

int io_truncate(int fd, uint64_t size, struct err *err)
{
    int rc;

    do {
        rc = FAULT_ERRNO("io.truncate", ftruncate(fd, (off_t)size));
    } while (rc < 0 && errno == EINTR);
    if (rc < 0)
        return err_set_errno(err, errno, "truncate");
    if (io_observed())
        io_saw_resize_(fd, size);
    return 0;
}

int io_rename(const char *from, const char *to, struct err *err)
{
    if (sys_renameat(IO_CWD, from, IO_CWD, to) < 0)
        return err_set_errno(err, errno, "rename %s to %s", from, to);
    return 0;
}

/* Creates a file under a new name, and says the name. */
static int open_temp(int dirfd, char *name, size_t size, int *ret_fd, struct err *err)
{
    static atomic_uint counter;

    for (int attempt = 0; attempt < TEMP_ATTEMPTS; attempt++) {
        snprintf(name, size, ".%ld-%u" IO_TEMP_SUFFIX, (long)getpid(),
                 atomic_fetch_add(&counter, 1));
        int fd = sys_openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
        if (fd >= 0) {
            *ret_fd = fd;
            return 0;
        }
        if (errno != EEXIST)
            return err_set_errno(err, errno, "create %s", name);
    }
    return err_set(err, PT_EEXIST, "no free name for a temporary file");
}

/* All of io_write_atomic in an open directory. */
static int replace_file(int dirfd, const char *name, const struct io_part *parts, size_t n_parts,
                        struct err *err)
{
    char temp[64];
    int fd;
    int rc = open_temp(dirfd, temp, sizeof(temp), &fd, err);

    if (rc)
        return rc;
    rc = io_write(fd, parts, n_parts, err);
    if (!rc)
        rc = io_sync(fd, err);
    io_close(fd);
    if (!rc && sys_renameat(dirfd, temp, dirfd, name) < 0)
        rc = err_set_errno(err, errno, "rename");
    if (rc) {
        (void)sys_unlinkat(dirfd, temp, 0);
        return rc;
    }
    return sync_dir_fd(dirfd, err);
}

int io_write_atomic(const char *path, const struct io_part *parts, size_t n_parts, struct err *err)
{
    char dir[PATH_MAX];
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    int dirfd;
    int rc;

    if (*name == '\0')
        return err_set(err, PT_EINVAL, "%s: is no name for a file", path);
    rc = dir_of(path, dir, sizeof(dir), err);
    if (!rc)
        rc = io_open_dir(dir, &dirfd, err);
    if (rc)
        return rc;
    rc = replace_file(dirfd, name, parts, n_parts, err);
    io_close(dirfd);
    if (rc)
        err_prefix(err, "replace %s", path);
    return rc;
}

struct temps {
    int dirfd;
    struct err *err;
};

static int remove_if_temp(void *ctx, const char *name, enum io_kind kind)
{
    const struct temps *t = ctx;

    if (kind != IO_FILE || !slice_ends(slice_from(name), SLICE(IO_TEMP_SUFFIX)))
        return 0;
    return io_remove(t->dirfd, name, t->err);
}

int io_remove_temps(const char *dir, struct err *err)
{
    struct temps t = {.err = err};
    int rc = io_open_dir(dir, &t.dirfd, err);

    if (rc)
        return rc;
    rc = io_list(t.dirfd, remove_if_temp, &t, err);
    io_close(t.dirfd);
    return rc;
}

/*
 * Makes one directory, if it is absent, and syncs its entry. The first of
 * those that are made may lie in one that a process made which was killed
 * before it could sync: so that one's entry is synced too.
 */
static int make_dir(const char *path, mode_t mode, size_t parent_n, bool *is_making,
                    struct err *err)
{
    char parent[PATH_MAX];
    int rc = 0;

    if (FAULT_ERRNO("io.mkdir", mkdir(path, mode)) < 0)
        return errno == EEXIST ? 0 : err_set_errno(err, errno, "make directory %s", path);
    if (io_observed())
        io_saw_mkdir_(path);
    if (!*is_making && parent_n > 0) {
        memcpy(parent, path, parent_n);
        parent[parent_n] = '\0';
        rc = io_sync_entry(parent, err);
    }
    *is_making = true;
    return rc ? rc : io_sync_entry(path, err);
}

int io_mkdir_p(const char *path, uint32_t mode, struct err *err)
{
    char partial[PATH_MAX];
    size_t n = strlen(path), parent_n = 0;
    bool is_making = false;
    struct stat st;

    if (n == 0 || n >= sizeof(partial))
        return err_set(err, n ? PT_ELIMIT : PT_EINVAL, "make directory: bad path length");

    memcpy(partial, path, n + 1);
    for (size_t i = 1; i <= n; i++) {
        if (path[i] != '/' && path[i] != '\0')
            continue;
        partial[i] = '\0';
        int rc = make_dir(partial, (mode_t)mode, parent_n, &is_making, err);
        if (rc)
            return rc;
        partial[i] = path[i];
        parent_n = i;
    }
    if (sys_fstatat(IO_CWD, path, &st, 0) < 0)
        return err_set_errno(err, errno, "make directory %s", path);
    if (!S_ISDIR(st.st_mode))
        return err_set(err, PT_EINVAL, "%s: is no directory", path);
    return 0;
}

int io_remove(int dirfd, const char *path, struct err *err)
{
    int rc = FAULT_ERRNO("io.remove", sys_unlinkat(dirfd, path, 0));

    if (rc < 0 && errno == EISDIR)
        rc = sys_unlinkat(dirfd, path, AT_REMOVEDIR);
    return rc < 0 ? err_set_errno(err, errno, "remove %s", path) : 0;
}
