/* The pipeline: a tree (or a dump) -> deltas that say what the graph must be told of it.
 *
 *   scan -> read, parse, extract (on a pool) -> link -> name and resolve (on a pool) -> delta
 *
 * It knows the files of its tree by their state (size, times, inode) and the hash of their contents,
 * so an update costs what changed. Called by the writer of a workspace; starts threads of its own
 * and joins them before it returns. The delta does not depend on their number.
 */
#ifndef PT_INDEX_PIPELINE_H
#define PT_INDEX_PIPELINE_H

#include "base/err.h"
#include "graph/delta.h"
#include "index/indexer.h"
#include "index/scan.h"

struct dump;
struct quarantine;
struct shelf;

enum pipeline_stage { STAGE_SCAN, STAGE_EXTRACT, STAGE_LINK, STAGE_RESOLVE, STAGE_COMMIT };

struct pipeline_progress {
    enum pipeline_stage stage;
    uint32_t files, n_files; /* done, of all */
    uint64_t bytes, n_bytes;
};

struct pipeline_options {
    struct scan_options scan;
    unsigned threads;              /* 0: one for each processor */
    bool once;                     /* there will be one update only */
    struct quarantine *quarantine; /* borrowed; contents that are not parsed; may be NULL */
    struct shelf *shelf;           /* borrowed; where facts are kept; NULL: on the heap */
    size_t tree_bytes; /* for syntax trees of files that were edited lately (lang/trees.h) */
    /* Called now and then, from any worker but never by two at once; may be NULL. Returning false
     * ends the work with PT_ECANCELED. */
    bool (*progress)(void *ctx, const struct pipeline_progress *p);
    void *ctx;
};

/* What was left out, and why. Paths are borrowed from the report. */
struct pipeline_skip {
    const char *path;
    enum scan_reason reason;
    uint64_t detail;
};

struct pipeline_report {
    struct scan scan;                      /* owned: files, skips, counters */
    VEC(struct pipeline_skip) skips;       /* those of the scan, and what reading found; by path */
    uint64_t bytes, lines, facts_bytes;    /* of the files that were looked into */
    uint32_t n_read, n_parsed, n_resolved; /* files */
    uint64_t scan_ns, extract_ns, link_ns, resolve_ns;
};

/* ---- a tree that changes ---- */

struct pipeline;

/* `root`: an absolute path, or one that stays good; copied, as are the options. */
int pipeline_new(const char *root, const struct pipeline_options *options, struct pipeline **ret,
                 struct err *err);
void pipeline_free(struct pipeline *p); /* takes NULL */

/* Before the first update: the graph has this file already, with this state and these contents. If
 * the file has the same state when it is looked at, it is not read, should its facts be on the
 * shelf; and what the graph knows already is not told again. */
int pipeline_seed(struct pipeline *p, const char *path, const struct index_told *told,
                  const struct hash128 *content, struct err *err);

/* After that, and before the first update: the index is put together from the checkpoint in
 * `state_dir` and the shelf, if both are there; else nothing happens. So the first update looks into
 * what changed since, and resolves what hangs on it, instead of everything. */
int pipeline_restore(struct pipeline *p, const char *state_dir, const char *identity,
                     struct err *err);

/* Leaves a checkpoint there, if there is much that the last one lacks (`any`: or anything). */
int pipeline_keep(struct pipeline *p, const char *state_dir, const char *identity, bool any,
                  struct err *err);

/* Looks at the n paths and all that is or was below them (see scan_paths; "" is everything), and
 * gives what the graph must be told (*ret_delta is initialised by the call; never replace_all).
 * Files that are named are read even if they seem to be as they were. After a failure the pipeline
 * can only be freed. */
int pipeline_update(struct pipeline *p, const char *const *paths, uint32_t n,
                    struct delta *ret_delta, struct pipeline_report *ret_report, struct err *err);

/* How many files could not be read though they are there (a disk that fails for a moment, a server
 * that does not answer), and the first of them by path (valid until the next update; untouched if
 * there is none). They stand in the graph as empty ones. Each update that meets one reads it again,
 * and pipeline_retry, which is pipeline_update of just these. */
uint32_t pipeline_unread(const struct pipeline *p, const char **ret_first);
int pipeline_retry(struct pipeline *p, struct delta *ret_delta, struct pipeline_report *ret_report,
                   struct err *err);

/* Nothing happens for a while: lets go of memory that nothing needs meanwhile, and of facts on the
 * shelf that nobody used for long. */
void pipeline_rest(struct pipeline *p);

/* Memory is short: lets go of syntax trees, too, which only make the next edit faster. */
void pipeline_shrink(struct pipeline *p);

/* ---- a graph from nothing ---- */

/* Instead of the first update: all units of the tree (of the dump, for a pipeline that was made
 * without a root), as a source that is good until the next call and works them out as they are asked
 * for. The pipeline can only be freed unless that source is read to its end, with edges. */
int pipeline_fill(struct pipeline *p, struct unit_source *ret, struct pipeline_report *ret_report,
                  struct err *err);
int pipeline_fill_from(struct pipeline *p, const struct dump *dump, struct unit_source *ret,
                       struct pipeline_report *ret_report, struct err *err);

/* What working out the units of that source took, by now. */
uint64_t pipeline_resolve_ns(const struct pipeline *p);

/* The tree at root, indexed into one delta (*ret_delta is initialised by the call; replace_all). */
int pipeline_tree(const char *root, const struct pipeline_options *options, struct delta *ret_delta,
                  struct pipeline_report *ret_report, struct err *err);

void pipeline_report_release(struct pipeline_report *r);

#endif
