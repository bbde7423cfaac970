/*
 * What the parts of a watch share: the struct, and what each part does for the others. See watch.h.
 *
 * watch.c reads events and makes batches; watch_look.c keeps the tree of folders true; watch_poll.c
 * compares what gets no watch. Errors: codes without messages; only PT_ENOMEM and PT_ELIMIT (out of
 * descriptors), since all else is a state of the tree.
 */
#ifndef PT_WATCH_WATCH_INTERNAL_H
#define PT_WATCH_WATCH_INTERNAL_H

#include "base/io.h"
#include "base/str.h"
#include "base/vec.h"
#include "watch/changes.h"
#include "watch/folders.h"
#include "watch/watch.h"

#define ORPHAN_NS (UINT64_C(20) * 1000000)

/* A folder that is no longer where it was. */
struct orphan {
    uint32_t folder;
    uint64_t since_ns;
};

/* A folder that is to be listed, for the folders in it. */
struct to_list {
    uint32_t folder;
    bool deep;    /* also those below that are known already */
    bool covered; /* it is reported with all below it */
};

struct poll_entry {
    uint32_t name_at;
    bool is_dir;
    uint64_t state; /* hash of what stat says; 0 = so new that a change might not show in it */
};

/* The entries of a folder, by name. */
struct poll_list {
    struct buf names; /* each with its NUL */
    VEC(struct poll_entry) at;
};

struct polled {
    uint32_t folder;
    struct poll_list list; /* as they were when it was looked at last */
};

struct watch {
    struct watch_options options; /* without zeros */
    char *root, *cookie_dir;
    /* Open within a call only: while a descriptor is open, the kernel tells nobody that the folder
     * was removed. -1 also while the root is lost. */
    int root_fd;
    int inotify_fd, timer_fd, epoll_fd;
    uint64_t root_dev, root_ino;
    bool root_lost;

    struct folders folders;
    uint32_t n_watched, n_unreadable;
    VEC(struct orphan) orphans;
    VEC(uint32_t) dirty;
    VEC(struct to_list) to_list;
    struct buf path;  /* scratch, of watch_report, watch_open_folder and the question `enter` */
    struct buf names; /* scratch, of a listing */

    VEC(struct polled) polled;
    uint32_t poll_next; /* of the round */
    uint64_t n_poll_entries;

    /* The batch: `changes[now]` is filled while the caller reads the other. */
    struct changes changes[2];
    unsigned now;
    struct change_list taken;
    struct changes ignore[2]; /* folders */
    struct change_list ignore_taken;
    VEC(const char *) ignore_paths;
    bool quiet; /* nothing is reported: the caller has not looked yet, or must look at everything */
    bool lost;  /* the folders must be brought up to date, and the caller look at everything */
    bool rescan; /* the next batch says so */
    bool git_changed;
    uint64_t alarm_ns; /* when the timer goes; UINT64_MAX */

    int cookie_wd; /* -1: cookies do without files */
    uint64_t cookie_made, cookie_seen;
    uint64_t cookie_bare; /* this one, and those before it, come when the queue is empty */

    uint64_t n_events, n_overflows, n_rescans, n_too_deep;
    struct err limit;
};

/* ---- watch.c ---- */

/* The entry `name` of folder f, or f itself if name is empty, goes into the batch. */
int watch_report(struct watch *w, uint32_t f, struct slice name, bool below);
int watch_report_ignore(struct watch *w, uint32_t f);

/* Something happened to `name`, of .git, of .git/info, or .git itself of the root. */
int watch_report_git(struct watch *w, uint32_t f, const char *name, bool is_dir);

bool watch_is_ignore_file(struct slice name);

/* A call ends with this code: the message, and the promise to look at everything next. */
int watch_failed(struct watch *w, int rc, struct err *err);

/* Wakes the caller, at the latest at that time. */
void watch_alarm(struct watch *w, uint64_t at_ns);

/* ---- watch_look.c ---- */

/* What is at `name` in folder f now? Also lists what has to be listed for that. */
int watch_look(struct watch *w, uint32_t f, const char *name);

/* The same with f open as fd, and what is to be listed left for watch_list. */
int watch_look_at(struct watch *w, uint32_t f, int fd, const char *name, bool deep, bool covered);

/* Lists folders until none is left to be listed. */
int watch_list(struct watch *w);

/* The folder is to be listed again, when this batch of events is done. */
int watch_mark(struct watch *w, uint32_t f, bool deep);
int watch_list_marked(struct watch *w);

/* It, and all that is below, is no longer watched. The root stays, without children. */
void watch_forget(struct watch *w, uint32_t f);
void watch_forget_orphans(struct watch *w, uint64_t until_ns);

/* Goes through all folders. */
int watch_list_all(struct watch *w);

/*
 * Opens what the root's path leads to, if it is not open. If it is another folder than before, all
 * is forgotten and w->lost set. If there is none, that too, once; w->root_fd is then -1.
 */
int watch_open_root(struct watch *w, struct err *err);
void watch_close_root(struct watch *w);

/*
 * Opens a folder, and makes sure that it is the one that we mean. *ret_fd is -1 if it is not there
 * (it is then marked, to be listed when later events have told where it is), or may not be opened.
 */
int watch_open_folder(struct watch *w, uint32_t f, int *ret_fd);

/* ret_wd: -1 if it gets none. */
int watch_add(struct watch *w, int fd, uint32_t mask, int *ret_wd);
uint32_t watch_mask(enum folder_role role);

/* ---- watch_poll.c ---- */

/* From now on the folder, open as fd, is polled. */
int watch_poll_begin(struct watch *w, uint32_t f, int fd);
void watch_poll_end(struct watch *w, uint32_t f);
int watch_poll_round(struct watch *w);
void watch_poll_release(struct watch *w);

#endif
