/* The index of a tree that changes: what files say in, what the graph must be told out.
 *
 * It keeps the facts of all files, linked (index/program), and for each file the notes of what its
 * meaning hangs on (index/notes). When files change, what they offer is compared before and after
 * (index/interface); the files with a note of a difference are linked and resolved again, and no
 * others. The graph is then the same as if all had been indexed anew.
 *
 * In one change, three things may spread: module names (they hang on which files there are), then
 * the types of impl blocks and the includes of files, then what references mean.
 *
 * Threads: one owner, who calls; the work runs on a pool of its own. Ownership: the indexer takes
 * the facts that it is given. Errors: PT_ENOMEM, PT_ELIMIT; it can then only be freed, and the tree
 * indexed anew.
 */
#ifndef PT_INDEX_INDEXER_H
#define PT_INDEX_INDEXER_H

#include "graph/delta.h"

struct facts;
struct indexer;
struct shelf;

/* How a file lies on disk (unit of delta.h). */
struct index_stat {
    uint64_t size, ino;
    int64_t mtime_ns, ctime_ns;
};

/* What the graph is told instead of ctime_ns where the state of a file proves nothing: it was read
 * within a tick of its last change, so it may have been changed once more and look the same (git's
 * index has the same trouble, and calls such entries racy), or it could not be read. No file has
 * this time, so what is on disk counts as changed until it was read again. */
#define INDEX_CTIME_UNSURE INT64_MIN

/* What the graph says already of a file that the index does not know yet. */
struct index_told {
    struct index_stat stat;
    struct hash128 leaf; /* graph/merkle.h */
};

/* What was worked out of a file before, by another index (index/checkpoint.h). */
struct index_kept {
    struct hash128 leaf;   /* what the graph was told */
    const uint32_t *notes; /* sorted */
    uint32_t n_notes;
};

struct index_change {
    const char *path;    /* copied */
    struct facts *facts; /* taken over also on failure; NULL: the file is gone */
    struct index_stat stat;
    bool same;                     /* it has the facts that the index knows; only `stat` is new */
    const struct index_told *told; /* borrowed; NULL: nothing that the index would not know */
    const struct index_kept *kept; /* borrowed; of indexer_restore alone */
};

struct indexer_report {
    uint32_t linked, resolved; /* files */
    uint32_t units;            /* of the delta */
    uint64_t link_ns, resolve_ns;
};

struct indexer_options {
    unsigned threads; /* 0: one for each processor */
    bool once;        /* there will be one change only: keep no notes */
    /* Before so many files are resolved, and after each of them (from any worker); both may be
     * NULL. False ends the work with PT_ECANCELED. */
    bool (*begin)(void *ctx, uint32_t n_files);
    bool (*step)(void *ctx);
    /* Now and then while the facts of many files are read: those that were will not be needed
     * again soon. May be NULL. */
    void (*cool)(void *ctx);
    void *ctx;
};

int indexer_new(const struct indexer_options *options, struct indexer **ret, struct err *err);
void indexer_free(struct indexer *ix); /* takes NULL */

/* Lets go of memory that only makes the next change faster. */
void indexer_rest(struct indexer *ix);

/* After a sweep of the shelf: facts that lie in files that it removed move to where they are kept
 * now, so that the removed files' space is free. Those that cannot (no memory) stay. */
void indexer_renew(struct indexer *ix, struct shelf *shelf);

/* Each path once, in the order of strcmp. The delta (initialised by the call) has the units of all
 * files whose part of the graph differs from what the graph was told, and what is gone. */
int indexer_apply(struct indexer *ix, struct index_change *changes, uint32_t n,
                  struct delta *ret_delta, struct indexer_report *ret_report, struct err *err);

/* Puts an index that knows no files yet together as it was when these files were kept: all of them,
 * with the facts that they had then. A file of which the graph was told something else since is
 * resolved again with the next change. */
int indexer_restore(struct indexer *ix, struct index_change *changes, uint32_t n, struct err *err);
/* What is to be kept of a file, good until the next change. False: it is not there, or in doubt. */
bool indexer_kept(const struct indexer *ix, const char *path, struct index_kept *ret);
/* How many files were resolved since the index was made. */
uint64_t indexer_resolved(const struct indexer *ix);

/* As indexer_apply for an index that knows no files yet and a graph that it fills: the units of all files,
 * as a source that is good until the next call, works them out as they are asked for, and so needs
 * memory for a few. Before that source has been read to its end, with edges, the index can only be
 * freed. */
int indexer_fill(struct indexer *ix, struct index_change *changes, uint32_t n,
                 struct unit_source *ret, struct indexer_report *ret_report, struct err *err);
/* What reading it took, by now. */
uint64_t indexer_source_ns(const struct indexer *ix);

#endif
