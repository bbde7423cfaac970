/* A workspace: one indexed tree, its graph, and where that is kept.
 *
 * State lives under $XDG_STATE_HOME/parseltongue (else ~/.local/state/parseltongue), in a folder
 * named after the tree; nothing is ever written into the tree itself. Views are pinned and
 * unpinned by any thread; everything else by one thread at a time, and none may be pinned when the
 * tree is indexed. Several processes may open the same workspace: writers exclude each other by a
 * lock file.
 */
#ifndef PT_ENGINE_WORKSPACE_H
#define PT_ENGINE_WORKSPACE_H

#include "base/err.h"
#include "base/str.h"
#include "engine/restless.h"
#include "graph/view.h"
#include "index/pipeline.h"
#include "store/durable.h"

struct workspace;

/* The root of the git repository around dir, else dir itself; absolute, links resolved. */
int workspace_root_of(const char *dir, struct buf *ret_root, struct err *err);

/* Opens (making its state folder) the workspace of the tree at root, an absolute path. A graph
 * that is damaged or of another version is set aside under a new name, with *ret_notice (owned by
 * the workspace, NULL if there is nothing to say) telling so; the workspace then is empty. */
int workspace_open(const char *root, struct workspace **ret, const char **ret_notice,
                   struct err *err);
/* The same without its graph: for workspace_verify, and the places. */
int workspace_open_closed(const char *root, struct workspace **ret, struct err *err);
void workspace_close(struct workspace *w); /* takes NULL */

const char *workspace_root(const struct workspace *w);
const char *workspace_state_dir(const struct workspace *w);
/* Does the graph stand for a dump, not for the tree? */
bool workspace_from_dump(const struct workspace *w);
/* Was it last indexed with scan_options.no_ignore? Whoever refreshes it goes on with that. */
bool workspace_no_ignore(const struct workspace *w);

/* Did another version of this program make the graph? It may have understood less. */
bool workspace_foreign(const struct workspace *w);

/* Indexes the whole tree and commits it. */
int workspace_index(struct workspace *w, const struct pipeline_options *options,
                    struct pipeline_report *ret_report, struct err *err);
/* The same from a dump; the workspace then stands for the dump, not for a tree. */
int workspace_ingest(struct workspace *w, const char *dump_path,
                     const struct pipeline_options *options, struct pipeline_report *ret_report,
                     struct err *err);

/* Does the graph know the tree as it is now (by metadata: size, times, inode; by contents, of files
 * that were indexed so soon after they changed that these prove nothing)? *ret_stale counts
 * files that are new, gone or changed, or all of them if another version of this program made the
 * graph; always 0 for a dump. An empty workspace is stale. */
int workspace_check(struct workspace *w, const struct scan_options *options, uint32_t *ret_stale,
                    struct err *err);

/* Reads every byte of the graph's files on disk. PT_OK also when there are damages. */
int workspace_verify(const struct workspace *w, struct durable_check *ret, struct err *err);

/* The newest generation of the graph; PT_ELIMIT: there are too many readers already. */
int workspace_pin(struct workspace *w, struct view *ret, struct err *err);
void workspace_unpin(struct workspace *w, struct view *v);

/* ---- following the tree ---- */

struct follow_options {
    unsigned threads;               /* that read files; 0: one for each processor */
    enum wal_durability durability; /* of commits */
    uint64_t log_limit;             /* durable_options.log_limit */
    uint64_t max_file_bytes;        /* scan_options.max_file_bytes */
    struct restless_options restless;
    /* After each commit, on the writer's thread, what it said, borrowed for the call; NULL: all may
     * be different. Then `committed`. Take note and return. Both may be NULL. */
    void (*touched)(void *ctx, const struct delta *delta);
    void (*committed)(void *ctx, uint64_t generation);
    void *ctx;
};

/* From now on a thread of the workspace, its writer, keeps the graph current: it brings it up to
 * date, watches the tree, and commits what is saved. It holds the lock of the state until the
 * workspace is closed. Returns before the graph is current: workspace_sync waits for that.
 * PT_EEXIST: another process writes this graph. PT_EINVAL: it stands for a dump. Views may be
 * pinned meanwhile; workspace_index and _ingest are refused. */
int workspace_follow(struct workspace *w, const struct follow_options *o, struct err *err);

/* `done` is called once, on the writer's thread, when the graph knows all that was written to the
 * tree before this call, or (with a code, and what is wrong) when it cannot. By any thread. */
typedef void (*workspace_synced)(void *ctx, int rc, const struct err *err);
int workspace_sync(struct workspace *w, workspace_synced done, void *ctx, struct err *err);

/* The writer is to let go, soon, of memory that only makes the next change faster. By any thread;
 * takes one that is not followed. */
void workspace_shrink(struct workspace *w);

enum follow_state {
    FOLLOW_NOT,      /* nobody follows the tree */
    FOLLOW_STARTING, /* finding out what changed while nobody watched; indexing it */
    FOLLOW_CURRENT,  /* all that is known to have changed is in the graph */
    FOLLOW_WORKING,  /* on a change */
    FOLLOW_FAILED,   /* see `trouble`; the writer tries again */
};

struct follow_status {
    enum follow_state state;
    enum pipeline_stage stage; /* FOLLOW_STARTING: what it is at; done, of all */
    uint32_t files, n_files;
    uint64_t bytes, n_bytes;
    uint64_t commits, units; /* since the writer began */
    uint64_t resolved;       /* files whose meaning was worked out since then */
    uint64_t last_commit_ns; /* from the event to the commit: of the last one */
    uint32_t folders_watched, folders_polled;
    uint32_t too_large; /* files left out for their size when the whole tree was looked at last */
    uint32_t files_unread; /* that are there and could not be read; tried again for some minutes */
    char unread[512];      /* the first of them; "" if there is none */
    char trouble[512];     /* "" if there is none */
    char restless[512];    /* which paths do not stop changing, and what to do; "" if none do */
    char limit[512];       /* why folders are polled, and what to do; "" if none are */
};

/* By any thread. */
void workspace_follow_status(struct workspace *w, struct follow_status *ret);

#endif
