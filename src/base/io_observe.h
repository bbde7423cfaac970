/*
 * One observer of all that base/io.h changes on disk. It is for crash tests: from the history that
 * it hears they rebuild what a power cut may leave (tests/support/disk.h).
 *
 * Reported is each change below one directory, the root, once the system call has succeeded: with
 * the bytes that were really written, also when a fault point then failed the call. A sync is also
 * reported when it failed. Not seen are: mappings (base/io.h makes none that write), permissions,
 * and what other processes do.
 *
 * While there is no observer, a change costs one relaxed load and one predictable branch.
 *
 * Threads: changes are reported one at a time, by the thread that made them, each before its call
 * of io.h returns; the numbers follow the order of the reports. io_observe itself must not be
 * called while another thread is within io.h. The observer must not call io.h.
 * Ownership: an io_change and all that it points to is borrowed during the call.
 * Errors: io_observe fails as realpath(3) does. A path too long to be told is a mistake in the
 * test and asserts.
 */
#ifndef PT_BASE_IO_OBSERVE_H
#define PT_BASE_IO_OBSERVE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "base/attr.h"
#include "base/err.h"

enum io_change_kind {
    IO_CREATE, /* a new, empty file */
    IO_MKDIR,
    IO_WRITE,
    IO_RESIZE, /* also by O_TRUNC */
    IO_SYNC,   /* of a file: data and size; of a directory: its entries */
    IO_RENAME,
    IO_REMOVE, /* of a name: of a file, a link, an empty directory */
};

struct io_change {
    enum io_change_kind kind;
    uint64_t number; /* 1, 2, 3, ... since io_observe */
    /* Relative to the root, "" for itself. Of a file that has no name any more: its last one with
     * " (deleted)" behind it. */
    const char *path;
    const char *to; /* IO_RENAME: the new name, which may have been another file's */
    uint64_t ino;   /* IO_CREATE, IO_MKDIR, IO_WRITE, IO_RESIZE, IO_SYNC: which file */
    uint64_t at;    /* IO_WRITE: offset; IO_RESIZE: the size; IO_SYNC: the sync began after the
                     * changes with smaller numbers were made */
    const struct iovec *parts; /* IO_WRITE: the first n bytes of these */
    size_t n;
    bool failed; /* IO_SYNC: nothing is known; what was not on disk may never get there */
};

typedef void (*io_observer)(void *ctx, const struct io_change *change);

/* From now on; replaces the one before. NULL: none. The root is `dir`, which exists. */
int io_observe(const char *dir, io_observer observer, void *ctx, struct err *err);

/* ---- for base/io.c ---- */

extern atomic_bool io_observed_;

static inline bool io_observed(void)
{
    return PT_UNLIKELY(atomic_load_explicit(&io_observed_, memory_order_relaxed));
}

/* Before a call that may create: is there such an entry? */
bool io_saw_entry_(int dirfd, const char *path);
/* The number that the next change will have. */
uint64_t io_saw_next_(void);

void io_saw_open_(int fd, int dirfd, const char *path, int flags, bool was_there);
void io_saw_mkdir_(const char *path);
void io_saw_write_(int fd, const struct iovec *parts, size_t n);
void io_saw_resize_(int fd, uint64_t size);
void io_saw_sync_(int fd, uint64_t began_at, bool failed);
void io_saw_rename_(int from_dirfd, const char *from, int to_dirfd, const char *to);
void io_saw_remove_(int dirfd, const char *path);

#endif
