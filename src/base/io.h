/*
 * Files: the sole door to file system calls.
 *
 * Every call goes on after EINTR and after short reads and writes, opens with
 * O_CLOEXEC, and is a fault point: "io.open", "io.read", "io.write",
 * "io.sync", "io.rename", "io.mmap", "io.stat", "io.list", "io.remove",
 * "io.mkdir", "io.truncate", "io.lock". What changes the disk is reported to
 * an observer, if there is one (base/io_observe.h).
 *
 * Paths are bytes, terminated. A `dirfd` may be IO_CWD.
 * Threads: any; two threads must not share a descriptor's file position.
 * Ownership: who opens, closes (io_close, io_unmap).
 * Errors: a code of err.h, and a message that names the path: PT_ENOENT,
 * PT_EACCES, PT_EEXIST, PT_ENOSPC (disk full or quota), PT_ELIMIT (the
 * caller's limit, or too many open files), PT_EINVAL (the wrong kind of
 * file), PT_ENOMEM, PT_EIO for the rest. `err` may be NULL.
 */
#ifndef PT_BASE_IO_H
#define PT_BASE_IO_H

#include <fcntl.h> /* the flags of io_open */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

#define IO_CWD AT_FDCWD

enum io_kind {
    IO_OTHER, /* FIFO, socket, device */
    IO_FILE,
    IO_DIR,
    IO_LINK,
};

/* ---- what is there ---- */

struct io_stat {
    uint64_t size; /* bytes */
    int64_t mtime_ns, ctime_ns;
    uint64_t ino, dev;
    uint32_t mode; /* permission bits */
    uint32_t uid;  /* of the owner */
    enum io_kind kind;
};

/* Of the entry itself: a symbolic link in the last place is not followed. */
int io_stat(int dirfd, const char *path, struct io_stat *ret, struct err *err);
int io_stat_fd(int fd, struct io_stat *ret, struct err *err);

/* Is there an entry of any kind (a dangling link too)? Unknown counts as no. */
bool io_exists(int dirfd, const char *path);

/* Absolute and without symbolic links; replaces what `ret` holds. */
int io_realpath(const char *path, struct buf *ret, struct err *err);
int io_cwd(struct buf *ret, struct err *err);

/*
 * Calls cb for each entry but "." and "..", in unspecified order: sort. The
 * kind is that of the entry itself; `name` is valid during the call only. The
 * first non-zero result of cb ends the listing and is returned as it is.
 */
typedef int (*io_list_fn)(void *ctx, const char *name, enum io_kind kind);
int io_list(int dirfd, io_list_fn cb, void *ctx, struct err *err);

/* ---- opening ---- */

/* For use as a dirfd. io_open_dir follows symbolic links (the user named it). */
int io_open_dir(const char *path, int *ret_fd, struct err *err);

/* io_openat_dir refuses them: at the end, and under a true dirfd anywhere. */
int io_openat_dir(int dirfd, const char *path, int *ret_fd, struct err *err);

/* open(2) flags; O_CLOEXEC is added. For logs and the like. */
int io_open(int dirfd, const char *path, int flags, uint32_t mode, int *ret_fd, struct err *err);

void io_close(int fd); /* takes -1; leaves errno alone */

/*
 * A lock file, created if need be, locked without waiting (flock: it ends with
 * the process, even by kill -9, or with io_close). PT_EEXIST if another holds
 * it. Never remove the file: whoever waits for it would lock a ghost.
 */
int io_lock(const char *path, bool exclusive, int *ret_fd, struct err *err);

/* ---- reading ---- */

/*
 * The whole of a regular file of at most `max` bytes (PT_ELIMIT above, with
 * nothing read). Symbolic links are refused as by io_openat_dir; directories,
 * FIFOs, sockets and devices are refused without blocking: PT_EINVAL.
 * Replaces what `ret` holds; on failure `ret` is empty, its memory kept.
 */
int io_read_file(int dirfd, const char *path, size_t max, struct buf *ret, struct err *err);

/* The same, with the state of the file as it was before the first byte was read. */
int io_read_file_stat(int dirfd, const char *path, size_t max, struct buf *ret,
                      struct io_stat *ret_stat, struct err *err);

/* Up to n bytes at an offset; fewer only at the end of the file. */
int io_pread(int fd, void *p, size_t n, uint64_t offset, size_t *ret_n, struct err *err);

/*
 * A read-only private mapping of a regular file. For files that this program
 * alone writes: a file that another cuts short under the mapping raises
 * SIGBUS. p is never NULL; it is page-aligned unless n is 0.
 */
struct io_map {
    const uint8_t *p; /* owned by the mapping */
    size_t n;
};

int io_map_file(const char *path, struct io_map *ret, struct err *err);
void io_unmap(struct io_map *map); /* takes an all-zero one; leaves it so */

/*
 * Maps n bytes of an open file from `offset` on at an address that the caller
 * has reserved (mem_reserve), in place of what was there; whole pages. With
 * `writable`, what is written stays in memory.
 */
int io_map_at(int fd, uint64_t offset, size_t n, void *at, bool writable, struct err *err);

/*
 * Brings the pages of a mapping into memory, so that their first reader need
 * not wait for them one by one. A hint: it cannot fail.
 */
void io_warm(const void *p, size_t n);

/*
 * The other way: the pages of a mapping that nobody writes leave the memory of
 * the process; who reads them gets them again, mostly from the cache of the
 * system. A hint, too.
 */
void io_cool(const void *p, size_t n);

/* ---- writing ---- */

struct io_part {
    const void *p; /* borrowed */
    size_t n;
};

/*
 * All parts, one after the other, at the file position. On failure some of
 * the bytes may have been written.
 */
int io_write(int fd, const struct io_part *parts, size_t n_parts, struct err *err);

/* The same at an offset, to which the file position moves first. */
int io_write_at(int fd, uint64_t offset, const struct io_part *parts, size_t n_parts,
                struct err *err);

/* Data and what is needed to find it (fdatasync). After a failure, the data
 * must be taken for lost: do not sync again and believe it. */
int io_sync(int fd, struct err *err);
int io_sync_dir(const char *path, struct err *err);

/* The directory in which the entry at `path` lies. One that may not be read
 * cannot be synced, which is no failure. */
int io_sync_entry(const char *path, struct err *err);

int io_truncate(int fd, uint64_t size, struct err *err);

/* Within one directory tree, replacing what was there. Sync the directory. */
int io_rename(const char *from, const char *to, struct err *err);

/*
 * Replaces the file at `path` (mode 0600) as a whole: written beside it under
 * a name ending in IO_TEMP_SUFFIX, synced, renamed, the directory synced. On
 * failure the old file is whole and no other file is left; except that when
 * the last step, the sync of the directory, fails, the new file is in place and
 * a power cut may bring back the old one. A symbolic link at `path` is replaced.
 */
#define IO_TEMP_SUFFIX ".pt-tmp"
int io_write_atomic(const char *path, const struct io_part *parts, size_t n_parts, struct err *err);

/*
 * Removes what io_write_atomic leaves in a directory when it is killed. The
 * caller holds the lock that lets it alone write there.
 */
int io_remove_temps(const char *dir, struct err *err);

/* The directory and all that lead to it; it may exist. Those that it makes are
 * on disk when it returns. */
int io_mkdir_p(const char *path, uint32_t mode, struct err *err);

/* A file, a link, or an empty directory. Absent is PT_ENOENT. */
int io_remove(int dirfd, const char *path, struct err *err);

#endif
