/* Between durable.c (opening, commits) and durable_snapshot.c (snapshots, compaction). Private to
 * store/. */
#ifndef PT_STORE_DURABLE_INTERNAL_H
#define PT_STORE_DURABLE_INTERNAL_H

#include "store/durable.h"

#include <pthread.h>
#include <stdatomic.h>

#define TIME_SIZE 8u /* bytes of the time before a delta in the log */

/* The last commits as the log has them, for a graph that is nearly up to date. */
#define RECENT 256u
#define RECENT_BYTES_MAX ((size_t)1 << 20) /* of one; a longer one is not kept */

struct recent {
    uint64_t seq; /* 0: none */
    struct buf payload;
};

/* What the thread does, one after the other. */
struct beside {
    pthread_t thread;
    bool running;
    bool pinned;
    struct view view; /* what the image is written from; the writer pins and unpins it */
    uint64_t number;  /* of the image */
    struct buf path;
    /* The thread's until it is joined. */
    int rc; /* of the image */
    struct err err;
    struct live *next; /* opened from the image, and brought near the newest commit; NULL: failed */
    atomic_bool done;
};

/* What a thread does with a graph: it warms the first one, and frees those that were left. */
struct errand {
    pthread_t thread;
    bool running;
    struct live *graph;
    atomic_bool done;
};

/* A graph that another has succeeded. */
struct left {
    struct live *graph;
};

struct durable {
    struct store base;
    char *dir;
    uint8_t id[WAL_ID_SIZE];
    struct durable_options options;
    _Atomic(struct live *) graph; /* the newest */
    struct pins *pins;            /* borrowed: of all graphs, one after the other */
    VEC(struct left) left; /* graphs that another has succeeded, oldest first, while readers stay */
    struct wal *wal;       /* NULL: read only */
    int failed;            /* not PT_OK: nothing is acknowledged any more */
    struct buf encoded;    /* scratch */
    _Atomic(uint64_t) commits; /* number of the last one */
    uint64_t image;            /* number of the image that it was opened from or has written last */
    uint64_t limit;            /* of the log, in bytes */
    uint64_t attempt;          /* bytes of log at which the next snapshot is due */
    uint64_t compactions;
    struct beside beside;
    struct errand errand;
    struct live *next; /* as in `beside`, now the writer's */
    struct recent recent[RECENT];
};

struct durable_replaying {
    struct live *graph; /* NULL: to nobody */
    struct err *err;
    uint32_t n;   /* so far */
    bool is_cold; /* the graph was just opened */
};

/* wal_replay_fn, for durable_replaying. */
int durable_replay(void *ctx, uint64_t seq, const uint8_t *payload, size_t n);

void durable_set_limit(struct durable *s);
/* Readers pin `next` from now on; there must be room in s->left. */
void durable_succeed(struct durable *s, struct live *next);
/* The graph that was to come next, if any, does not. */
void durable_drop_next(struct durable *s);
/* Warms the graph that was opened, in the background. */
void durable_warm(struct durable *s);
/* After each commit. `whole`: it was written as an image; else its payload is s->encoded, behind
 * the time. */
void durable_committed(struct durable *s, bool whole);
/* Ends what goes on beside, and frees all graphs but the newest. */
void durable_stop(struct durable *s);

#endif
