/* The workspaces of one daemon, by root: opened and followed from the first use on, until they are
 * released or the daemon ends.
 *
 * A place is one of them:
 *
 *     OPENING --opened--> OPEN --hub_release--> CLOSING --closed--> (gone)
 *        |`-----failed-------------------------------------------|--->'
 *        `------asked for while it was closed to save memory-----'
 *
 * Everything here is called on the thread of the loop; opening, following and closing are done by
 * its pool, and what the writers of the workspaces have to say comes through an uv_async_t.
 * Places belong to the hub; one that is held (hub_hold) or awaited stays.
 */
#ifndef PT_SERVER_HUB_H
#define PT_SERVER_HUB_H

#include "base/err.h"
#include "engine/workspace.h"
#include "server/link.h"

#include <uv.h>

struct hub;
struct place;

enum place_stage { PLACE_OPENING, PLACE_OPEN, PLACE_CLOSING };

struct hub_options {
    uv_loop_t *loop;
    unsigned threads; /* that index, as in follow_options; so is the next */
    enum wal_durability durability;
    uint64_t max_file_bytes;
    /* The graph of a place that is wanted (place_want) has this generation now (several commits may
     * be told as one); `news`: members of a JSON object that say what is different
     * (server/news.h). With gone: the place is released. May be NULL. */
    void (*changed)(void *ctx, struct place *p, uint64_t generation, bool gone, struct slice news);
    /* A place was opened, closed, or its writer has done something. May be NULL. */
    void (*stirred)(void *ctx);
    void *ctx;
};

/* How many workspaces there may be at once. */
#define HUB_MAX 256u

int hub_new(const struct hub_options *o, struct hub **ret, struct err *err);

/* Begins to close all places; `done` is called when all are closed and the hub is gone. */
void hub_close(struct hub *h, void (*done)(void *ctx), void *ctx);

/* The place of the tree at `root`, an absolute path; opened if it is not yet. PT_EINVAL: that is no
 * folder; PT_EREFUSED: it holds more than a tree (engine/root.h), unless `force`; PT_EBUSY: it is
 * being released; PT_ELIMIT. */
int hub_open(struct hub *h, const char *root, bool force, struct place **ret, struct err *err);
/* The folder that `root` leads to, without links; replaces what `ret` holds. By any thread. */
int hub_root(const char *root, struct buf *ret, struct err *err);
/* The place if it is there, else NULL. */
struct place *hub_find(struct hub *h, const char *root);

/* Open, and with a graph: then its workspace may be asked. */
bool place_ready(const struct place *p);
enum place_stage place_stage(const struct place *p);
/* Only of one that is open. */
struct workspace *place_workspace(const struct place *p);
const char *place_root(const struct place *p);
uint64_t place_generation(const struct place *p); /* the newest that was heard of */
bool place_follows(const struct place *p);        /* the tree; not so that of a dump */

/* Waits until the place is ready; with `sync`, until its graph knows all that was written to the
 * tree before this call. `done` is called once, later, on the loop's thread. */
struct place_wait {
    struct link in; /* hub.c's */
    bool sync;
    void (*done)(struct place_wait *w, int rc, const struct err *err);
};
void place_await(struct place *p, struct place_wait *w, bool sync);
/* No more: done will not be called. Takes one that does not wait (any more), but not one that never
 * did. */
void place_forsake(struct place_wait *w);

/* While a view of it is pinned off the loop's thread. */
void place_hold(struct place *p);
void place_drop(struct place *p);

/* Closes it once nobody holds it, then calls w->done (w may be NULL). Who awaits it gets
 * PT_ECANCELED. */
void place_release(struct place *p, struct place_wait *w);
/* The same to save memory: who asks meanwhile waits, and it is opened again. */
void place_evict(struct place *p);

/* Somebody wants to hear of it (+1) or no more (-1): it is then not closed to save memory. */
void place_want(struct place *p, int by);

/* ---- for who decides what to close ---- */

uint64_t place_used_ns(const struct place *p); /* when it was asked for last (clock_now_ns) */
/* Would nobody notice? It is open, with a graph, and nobody waits for it, reads or wants it. */
bool place_can_close(const struct place *p);
/* Being opened or indexed, so that it may need more memory soon. */
bool place_is_busy(const struct place *p);

unsigned hub_count(const struct hub *h);
/* One after the other: NULL gives the first, and the last one gives NULL. */
struct place *hub_next(const struct hub *h, const struct place *p);

#endif
