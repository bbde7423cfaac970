/* The durable store: the live graph, an image of it, and a log of the deltas since.
 *
 * A directory holds
 *
 *   store                          the store's id: random, so that files of two stores never mix
 *   graph-<number, 16 hex>.image   the graph after the commit of that number (graph/image.h); the
 *                                  one with the highest number counts
 *   log-*.isl                      the deltas of the commits (store/wal.h), each with the time of
 *                                  its commit (8 bytes: nanoseconds, little-endian) before it
 *   checked                        which image was read to its last byte and found sound, and what
 *                                  its inode, size and times were then; it may go at any time
 *
 * A commit is prepared in the graph, where it can still fail; then its delta goes to the log, and
 * only when it is as durable as was asked for is it published. A commit that replaces all, or is
 * too large for the log, is written as an image instead, which is then what makes it durable. A
 * snapshot writes an image under the number of the last commit, and only then lets go of older
 * images and of logs that it covers. So at any moment the newest image and the log give every
 * commit that was acknowledged.
 *
 * When the log passes its limit, a snapshot is taken. With `background`, a thread of its own takes
 * it from a pinned view, so that neither readers nor the writer wait. It also compacts: the thread
 * maps the new image, in which what commits have scattered lies together again, and brings it up to
 * date from the log; the last few commits are applied by the writer, and then the new graph takes
 * the place of the old one, which goes when its last reader has gone. Should the log grow to 16
 * times its limit meanwhile, the writer waits. A snapshot that fails is tried again when the log
 * has grown by its limit once more.
 *
 * Nothing is ever repaired in silence: a damaged image or log is refused, with the files as they
 * are.
 *
 * Threads: one writer, who holds the lock of the directory, opens, applies, takes snapshots and
 * closes; any thread pins views. Readers in other processes open the store `read_only`, without
 * the lock, and see what was committed until then; if the writer tidies up meanwhile, they begin
 * again.
 */
#ifndef PT_STORE_DURABLE_H
#define PT_STORE_DURABLE_H

#include "base/err.h"
#include "store/store.h"
#include "store/wal.h"

struct durable;

struct durable_options {
    enum wal_durability durability;
    uint32_t interval_ms; /* of WAL_INTERVAL */
    uint64_t log_limit;   /* bytes of log after which a commit takes a snapshot; 0: an eighth of the
                             image's, from DURABLE_LOG_MIN to DURABLE_LOG_MAX */
    uint64_t file_bytes;  /* of a log file, 0: WAL_FILE_BYTES */
    bool read_only;
    bool background; /* take snapshots beside commits */
    bool replace;    /* the next commit replaces all: do not read the graph that is there */
};

#define DURABLE_LOG_MIN ((uint64_t)4 << 20)
#define DURABLE_LOG_MAX ((uint64_t)64 << 20)

/* An empty directory (which must exist) becomes an empty store; read_only, it just is empty.
 * `report` may be NULL. PT_ECORRUPT, PT_EVERSION: as wal_open and image_open say. */
int durable_open(const char *dir, const struct durable_options *o, struct durable **ret,
                 struct wal_report *report, struct err *err);

/* The same as store_apply. On failure the graph is as before. After some failures (PT_EIO, mostly)
 * the store must be opened anew, or durable_reopen: durable_has_failed. */
int durable_apply(struct durable *s, const struct delta *d, struct err *err);

/* A commit that replaces all by the units of the source, without memory for all of them. */
int durable_replace(struct durable *s, const struct unit_source *source, struct err *err);

/* Is nothing to be committed any more, until it is opened again? */
bool durable_has_failed(const struct durable *s);

/* Opens it again in place: from then on readers who pin find what is on disk; those who have pinned
 * keep what they have. On failure nothing can be committed, as before, and it may be tried again. */
int durable_reopen(struct durable *s, struct err *err);

/* Writes an image of the newest generation and lets go of what it covers. On failure the store is
 * as good as before. */
int durable_snapshot(struct durable *s, struct err *err);

/* Waits for what goes on in the background, if anything: how the snapshot ended. The graph is then
 * compact. */
int durable_settle(struct durable *s, struct err *err);

/* The same as far as it can be had without waiting; for a writer who has nothing to commit. True:
 * something still goes on. */
bool durable_tend(struct durable *s);

struct store *durable_store(struct durable *s);
/* The one that readers pin now; for its writer. */
struct live *durable_graph(const struct durable *s);
/* Number of the last commit. */
uint64_t durable_commits(const struct durable *s);
uint64_t durable_log_bytes(const struct durable *s);
/* Of all graphs that are held, those that only old readers still see included. */
size_t durable_bytes(const struct durable *s);
/* How often a compacted graph has taken the place of another. */
uint64_t durable_compactions(const struct durable *s);

/* Takes NULL. All readers must have unpinned. An error concerns only what was not acknowledged
 * under WAL_COMMIT. */
int durable_close(struct durable *s, struct err *err);

/* Renames images and logs, none of which may be open, to <name>.damaged-<number>: the store is then
 * empty, and the files are still there to look into. `ret_names`: what they are called now, with
 * blanks between. */
int durable_set_aside(const char *dir, struct buf *ret_names, struct err *err);

/* ---- is every byte on disk what was written? ---- */

struct damage {
    char *file, *what; /* path; what is wrong, and where */
};

struct durable_check {
    VEC(struct damage) damages;
    uint32_t files;
    uint64_t bytes, records, segments;
};

/* Reads all files of the store. PT_OK also when there are damages; durable_check_release. */
int durable_verify(const char *dir, struct durable_check *ret, struct err *err);
void durable_check_release(struct durable_check *c);

#endif
