/*
 * Watching a tree: which paths may have changed since somebody looked last.
 *
 *	watch_open("/home/me/project", &options, &w, err);
 *	... look at the whole tree ...
 *	for (;;) {
 *		poll(watch_fd(w));
 *		watch_read(w, &batch, err);
 *		... look at the paths of the batch ...
 *	}
 *
 * Raw inotify(7), one watch for each folder. A batch never says what happened, for that may have
 * changed again: it names paths, and who reads it looks at what is there now, if anything is. What
 * is promised: a path whose contents or existence changed after the batch before was returned (or
 * the tree opened) is in a later batch, by itself, or below a folder that is there with `below`, or
 * by `rescan`. More may be named.
 *
 * How the tree of folders is kept true: an event about a folder is taken as a hint to go and see
 * what is at that place now. A watch belongs to an inode, and inotify gives the same descriptor for
 * the same inode again; so the folder that is found at a place is known by its descriptor, wherever
 * it was before, and cookies of renames are not needed. A new folder is watched first and listed
 * then, so what is made in it meanwhile is found, once or twice. Folders are opened without
 * following symbolic links (which are never followed), beneath the root, and watched through that
 * descriptor. A folder that went from its place keeps its watches for ORPHAN_NS, in case it turns
 * up elsewhere.
 *
 * Saving a file: a path is reported at once when a file that was open for writing is closed,
 * renamed, removed, or changes its attributes. A file that was made, or is written to, and stays
 * open, is held back until it is closed, or nothing happened to it for `quiet_ms`, or `hold_ms`
 * passed: else each save would show an empty file for a moment. A cookie takes all back that is
 * held.
 *
 * Out of sight: writes through another name (hard link) that lies elsewhere, in a mapping until it
 * is unmapped, by another machine on a network file system; owners and access lists of folders;
 * what is mounted, or mounted no more, in a place that is watched otherwise (watch_again sees it).
 *
 * Folders that get no watch, because the system's limit is reached, are polled: see watch_poll.
 *
 * Threads: one at a time, all functions of one watch. Ownership: see each. Errors: after any error
 * of watch_read or watch_poll the watch goes on: the next watch_read brings its folders up to date
 * and says `rescan`. Fault points: "watch.init", "watch.add", "watch.verify", "watch.read",
 * "hash.collide" (all hashes do), and those of base/io.
 */
#ifndef PT_WATCH_WATCH_H
#define PT_WATCH_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define WATCH_QUIET_MS 25
#define WATCH_HOLD_MS 500
#define WATCH_MAX_PATHS 65536u

/* All zero, or NULL for the struct, is the default. */
struct watch_options {
    /*
     * Is this folder (relative to the root, never "") to be watched? Asked whenever one is found,
     * the folders above it first. NULL: all are. Folders named .git are never asked for and never
     * entered; of the root's one only what is told of in a batch is seen. Must not call the watch.
     */
    bool (*enter)(void *ctx, const char *path);
    void *ctx;

    /*
     * A folder outside of the tree that exists and that nobody else uses, for watch_cookie. What
     * lies in it with the names of cookies is removed. NULL: cookies do without files. Copied.
     */
    const char *cookie_dir;

    uint32_t quiet_ms;    /* 0 = WATCH_QUIET_MS */
    uint32_t hold_ms;     /* 0 = WATCH_HOLD_MS */
    uint32_t max_paths;   /* of a batch; above, it says `rescan`; 0 = WATCH_MAX_PATHS */
    uint32_t max_watches; /* that this watch may take; 0 = as many as the system gives */
    uint32_t max_depth;   /* folders below the root; 0 = SCAN_MAX_DEPTH */
};

struct watch;

/*
 * Watches the folder `root` (reached through symbolic links or not; an absolute path, unless the
 * current directory stays) and all folders in it that are entered, before it returns. Fails when
 * the root cannot be opened, or without memory or descriptors. When inotify itself is not to be
 * had, all folders are polled.
 */
int watch_open(const char *root, const struct watch_options *options, struct watch **ret,
               struct err *err);
void watch_close(struct watch *w); /* takes NULL */

/* Readable (poll, epoll, level-triggered) when watch_read should be called. Belongs to the
 * watch. */
int watch_fd(const struct watch *w);

struct watch_change {
    const char
        *path;  /* relative to the root; any bytes but NUL: perhaps newlines, perhaps no UTF-8 */
    bool below; /* is or was a folder: look at it and at everything below, ignore files too */
};

struct watch_batch {
    const struct watch_change *changes; /* in the order of strcmp, each path once */
    uint32_t n_changes;

    /* Folders (sorted, each once) whose ignore files, or CACHEDIR.TAG, may have changed: see
     * watch_again. The files are among the changes too, but for .git/info/exclude, which counts as
     * one of the root (""). */
    const char *const *ignore_folders;
    uint32_t n_ignore_folders;

    bool rescan;      /* events were lost, or the root is another folder now: look at everything */
    bool root_lost;   /* there is no folder at the root's path; `rescan` will tell when there is */
    bool git_changed; /* .git/HEAD or .git/index.lock came or went: perhaps a checkout */

    /* All that was done before watch_cookie returned this number, or a lower one, is in this batch
     * or an earlier one. 0: no cookie came back yet. */
    uint64_t cookie;
};

/*
 * What may have changed since the last call; an empty batch if nothing did. Does not wait. One call
 * takes a bounded number of events; if there are more, watch_fd stays readable.
 * The batch is valid until the next call of watch_read or watch_close.
 */
int watch_read(struct watch *w, struct watch_batch *ret, struct err *err);

/*
 * Makes a mark in the stream of events; a later watch_read says that it came by. Number 1 is the
 * first. The mark is a file that is made in the cookie folder, which the same inotify instance
 * watches, and removed at once: events of one instance are in order. Where that cannot be, the mark
 * is the end of what is queued when watch_read comes to it. Folders that are polled are then polled
 * as a whole.
 */
int watch_cookie(struct watch *w, uint64_t *ret, struct err *err);

/*
 * Asks `enter` again for all folders below `path` ("" for the root), and watches what it now lets
 * in and no longer what it now keeps out. For rules that have changed: who calls it looks at what
 * is below by himself.
 */
int watch_again(struct watch *w, const char *path, struct err *err);

/*
 * Looks at some of the folders that are polled, at their files' sizes, times and inodes; changes
 * come with the next watch_read, for which watch_fd is then readable. Also sees whether the root's
 * path leads to another folder. `budget`: about so many entries, one folder at least; 0: a
 * twentieth of all. Called each 100 ms with a budget of 0, a change is seen within two seconds.
 * Without polled folders it costs a system call.
 */
int watch_poll(struct watch *w, uint32_t budget, struct err *err);

struct watch_status {
    uint32_t folders_watched;
    uint32_t folders_polled;
    uint32_t folders_unreadable; /* neither: they may not be opened */
    uint64_t folders_too_deep;   /* passed over so far, or with too long a path */
    uint64_t files_polled;       /* entries of polled folders */
    uint64_t events;
    uint64_t overflows; /* of the kernel's queue */
    uint64_t rescans;   /* batches that said so */
    size_t bytes;       /* of memory */
    /* Why folders are polled, and what to do; for people; NULL if none ever was. Borrowed. */
    const char *limit;
};

void watch_status(const struct watch *w, struct watch_status *ret);

#endif
