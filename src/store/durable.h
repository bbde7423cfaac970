/* The durable store: the live graph, an image of it, and a log of the deltas since.
 *
 * A directory holds
 *
 *   store                          the store's id: random, so that files of two stores never mix
 *   graph-<number, 16 hex>.image   the graph after the commit of that number (graph/image.h); the
 *                                  one with the highest number counts
 *   log-*.isl                      the deltas of the commits, encoded (store/wal.h)
 *
 * A commit is prepared in the graph, where it can still fail; then its delta goes to the log, and
 * only when it is as durable as was asked for is it published. A snapshot writes an image under the
 * number of the last commit, and only then lets go of older images and of logs that it covers. So
 * at any moment the newest image and the log give every commit that was acknowledged.
 *
 * Nothing is ever repaired in silence: a damaged image or log is refused, with the files as they
 * are.
 *
 * Threads: one writer, who holds the lock of the directory, opens, applies, takes snapshots and
 * closes; any thread pins views of the graph.
 */
#ifndef PT_STORE_DURABLE_H
#define PT_STORE_DURABLE_H

#include "base/err.h"
#include "graph/delta.h"
#include "graph/live.h"
#include "store/wal.h"

struct durable;

struct durable_options {
    enum wal_durability durability;
    uint32_t interval_ms; /* of WAL_INTERVAL */
    uint64_t log_limit;   /* bytes of log after which a commit takes a snapshot; 0: DURABLE_LOG */
    uint64_t file_bytes;  /* of a log file, 0: WAL_FILE_BYTES */
    bool unchecked;       /* do not read every byte of the image before it is used */
};

#define DURABLE_LOG ((uint64_t)64 << 20)

/* An empty directory (which must exist) becomes an empty store. `report` may be NULL. PT_ECORRUPT,
 * PT_EVERSION: as wal_open and image_open say. */
int durable_open(const char *dir, const struct durable_options *o, struct durable **ret,
                 struct wal_report *report, struct err *err);

/* On failure the graph is as before. After PT_EIO the store must be opened anew. */
int durable_apply(struct durable *s, const struct delta *d, struct err *err);

/* Writes an image of the newest generation and lets go of what it covers. On failure the store is
 * as good as before. */
int durable_snapshot(struct durable *s, struct err *err);

/* For readers: live_pin. */
struct live *durable_graph(const struct durable *s);
/* Number of the last commit. */
uint64_t durable_commits(const struct durable *s);
uint64_t durable_log_bytes(const struct durable *s);

/* Takes NULL. All readers must have unpinned. An error concerns only what was not acknowledged
 * under WAL_COMMIT. */
int durable_close(struct durable *s, struct err *err);

#endif
