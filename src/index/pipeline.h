/* The pipeline: a tree (or a dump) -> one delta that says all of it.
 *
 *   scan -> read, parse, extract (on a pool) -> link -> name and resolve (on a pool) -> delta
 *
 * Called by the writer of a workspace; starts threads of its own and joins them before it returns.
 * The delta does not depend on their number.
 */
#ifndef PT_INDEX_PIPELINE_H
#define PT_INDEX_PIPELINE_H

#include "base/err.h"
#include "graph/delta.h"
#include "index/scan.h"

struct dump;

enum pipeline_stage { STAGE_SCAN, STAGE_EXTRACT, STAGE_LINK, STAGE_RESOLVE, STAGE_COMMIT };

struct pipeline_progress {
    enum pipeline_stage stage;
    uint32_t files, n_files; /* done, of all */
    uint64_t bytes, n_bytes;
};

struct pipeline_options {
    struct scan_options scan;
    unsigned threads; /* 0: one for each processor */
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
    struct scan scan;                /* owned: files, skips, counters */
    VEC(struct pipeline_skip) skips; /* those of the scan, and what reading found; by path */
    uint64_t bytes, lines, facts_bytes;
    uint64_t scan_ns, extract_ns, link_ns, resolve_ns;
};

/* Indexes the tree at root into *ret_delta (initialised by the call; replace_all). */
int pipeline_tree(const char *root, const struct pipeline_options *options, struct delta *ret_delta,
                  struct pipeline_report *ret_report, struct err *err);
/* The same from a dump. */
int pipeline_dump(const struct dump *dump, const struct pipeline_options *options,
                  struct delta *ret_delta, struct pipeline_report *ret_report, struct err *err);

void pipeline_report_release(struct pipeline_report *r);

#endif
