/* Between indexer.c (which files are concerned) and indexer_units.c (what they say to the graph).
 * Private to index/. */
#ifndef PT_INDEX_INDEXER_INTERNAL_H
#define PT_INDEX_INDEXER_INTERNAL_H

#include "base/arena.h"
#include "index/eval.h"
#include "index/indexer.h"
#include "index/notes.h"
#include "index/program.h"
#include "index/resolve.h"

/* Files are named and resolved in batches, of which all that they say to the graph is in memory at
 * once: so many files at most, and, but for the last of them, so many definitions and references. */
#define INDEX_BATCH 256u
#define INDEX_BATCH_WEIGHT 200000u

/* Notes of one file, sorted by number. */
struct note_set {
    uint32_t *at; /* owned */
    uint32_t n;
};

/* A file, under its number in the program. */
struct ifile {
    char *path;          /* owned; NULL: no file has this number */
    struct facts *facts; /* owned */
    struct index_stat stat;
    struct note_set linking, resolving; /* what it asked while it was linked, and resolved */
    struct eval_impls impls;
    struct hash128 leaf; /* of its unit, as the graph was told */
    /* In the change under way: its facts are new; the graph must be told even if its leaf is not. */
    bool fresh, to_tell, to_link, to_resolve, to_hang;
    bool
        in_doubt; /* its notes and leaf are not known to be right: to be resolved with the next change */
};

/* What one worker keeps from file to file. */
struct index_worker {
    struct resolver resolver;
    bool live;
    struct notes notes;
    struct arena arena; /* of the units of the batch */
    struct err err;
};

struct indexer {
    struct indexer_options options;
    struct program program;
    VEC(struct ifile) files;
    VEC(uint32_t) unused; /* numbers */
    struct index_worker *workers;
    unsigned n_workers;
    bool broken;
    bool restoring; /* all files come at once, and nobody is to be asked */
    bool any_in_doubt;
    uint64_t n_resolved; /* files, ever */
    /* of the change under way */
    struct eval eval;
    struct notes notes, questions;
    uint32_t asked;                   /* questions before it have been put to all files */
    VEC(uint32_t) linking, resolving; /* files */
    VEC(uint32_t) includers;          /* whose includes have changed */
    /* of the batch under way: files of `resolving` */
    struct unit *units; /* owned; room for INDEX_BATCH */
    uint32_t first, n_units;
    bool edges, named; /* of the source (indexer_fill): it gives edges; all have sig hashes */
    uint64_t source_ns;
};

int indexer_no_memory(struct err *err);

/* What was worked out in want of memory is no result: a module that was not looked for is one that
 * was not found. `failures`: mem_failures from before. */
int indexer_unless_starved(int rc, uint64_t failures, struct err *err);

void indexer_begin_notes(const struct indexer *ix, struct eval *e, struct notes *notes);
/* The notes that were taken become the file's, behind those that it has if `more`. */
bool indexer_keep_notes(const struct indexer *ix, struct notes *taken, struct note_set *to,
                        bool more);

/* The facts of a batch of files were read. */
void indexer_read_batch(struct indexer *ix);

/* What workers keep goes. */
void indexer_release_workers(struct indexer *ix);

/* The files to resolve are named and resolved, and what the graph was not told goes to the delta. */
int indexer_resolve_into(struct indexer *ix, struct delta *d, struct err *err);
/* Gives the files to resolve sig hashes, and no more. */
int indexer_name_only(struct indexer *ix, struct err *err);
/* The files to resolve, as a source. */
void indexer_source(struct indexer *ix, struct unit_source *ret);

#endif
