/* Between pipeline.c (what is to be done, and when), pipeline_facts.c (the facts of files) and
 * pipeline_kept.c (checkpoints). Private to index/. */
#ifndef PT_INDEX_PIPELINE_INTERNAL_H
#define PT_INDEX_PIPELINE_INTERNAL_H

#include "base/str.h"
#include "base/vec.h"
#include "index/indexer.h"
#include "index/pipeline.h"

#include <pthread.h>
#include <string.h>

struct checkpoint_file;
struct extract;
struct trees;

/* When so many files change, what is read of the shelf leaves memory soon; what is needed again is
 * mapped again. */
#define PIPELINE_MANY 2048u

/* What one worker keeps from item to item. Made when it first has something to do. */
struct pipeline_worker {
    struct extract *extract;
    struct buf content;
    struct err err; /* of the first item that failed */
};

/* A file that the pipeline, or the graph that it began with, knows. */
struct known {
    struct index_told told; /* what the graph was told before the first update; see is_told */
    struct index_stat stat;
    struct hash128 content;
    uint8_t lang;
    bool is_told;    /* the graph had it, and the indexer does not know it yet */
    bool is_indexed; /* the indexer has it */
    bool is_racy;    /* read so soon after it changed that it may change again and look the same */
    bool is_unread;  /* could not be read, which may pass */
    bool is_seen;    /* in the update under way */
    char path[];
};

struct known_ref {
    struct known *file;
};

/* A file to look into. */
struct source {
    const char *path;
    const struct scan_file *scanned;    /* NULL for a dump */
    struct slice text;                  /* of a dump */
    struct known *known;                /* NULL for a dump */
    const struct checkpoint_file *kept; /* of what a checkpoint says */
    uint8_t lang;
    struct index_stat stat;
    struct facts *facts;     /* owned until they are linked; NULL if the contents are the same */
    bool parsed;             /* they were not there already */
    bool left_out;           /* could not be read: it has the facts of an empty file */
    bool unread;             /* and that may pass */
    enum scan_reason reason; /* why */
    uint64_t detail;
    uint32_t lines;
};

struct pipeline {
    struct pipeline_options options;
    char *root; /* owned; NULL for a dump */
    int root_fd;
    uint64_t max_bytes;
    struct indexer *indexer;
    struct trees *trees;         /* owned; NULL: none are kept */
    VEC(struct known_ref) known; /* owned, by path */
    uint64_t kept_resolved;      /* indexer_resolved when the last checkpoint was left */
    uint32_t n_unread;           /* of them */
    uint32_t swept_records;      /* of the shelf: with more than these it is swept again */
    struct pipeline_worker *workers;
    unsigned n_workers;

    /* Of the update under way. */
    int64_t began_ns;           /* by the clock on the wall */
    VEC(struct source) sources; /* by path */
    VEC(struct known_ref) seen; /* is_seen */
    VEC(struct index_change) changes;
    bool many; /* changes */
    pthread_mutex_t lock;
    struct pipeline_progress progress; /* under lock */
    bool cancelled;
};

static inline bool index_stat_eq(const struct index_stat *a, const struct index_stat *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

/* ---- progress: false, the work is to end ---- */

bool pipeline_begin_stage(struct pipeline *p, enum pipeline_stage stage, uint32_t n_files);
/* One file more, by any worker. */
bool pipeline_step(struct pipeline *p, uint64_t bytes);
int pipeline_cancelled(struct err *err); /* what the error says then */

/* ---- facts ---- */

/* Those of all sources, on the pool: known, from the shelf, or by parsing. */
int pipeline_find_facts(struct pipeline *p, struct err *err);
/* Those that the sources had when they were kept. PT_ENOENT, or another code but PT_ENOMEM: some
 * are not there any more. */
int pipeline_find_kept(struct pipeline *p);
/* When many files change, what was read of the shelf leaves memory. */
void pipeline_cool(struct pipeline *p);

/* ---- what is known ---- */

/* The file of that path, which is made if it is not there; NULL: out of memory. */
struct known *pipeline_know(struct pipeline *p, const char *path);
const struct index_told *pipeline_told_of(const struct known *k); /* NULL: nothing */
/* Sources and changes of the update, and facts that nobody took. */
void pipeline_clear_run(struct pipeline *p);

#endif
