/* The ceiling on the memory of the daemon.
 *
 * When the process has more memory resident than it may (`memory_limit`), it gives back, one step
 * after the other and no more than needed:
 *
 *   1. what only makes the next change faster (syntax trees, parsers, pages of files);
 *   2. workspaces that were not asked for the longest time: their graphs are on disk, and the next
 *      question opens them again. One is left, and those that were asked lately, have subscribers,
 *      or are being indexed stay: to close and open in turns would cost more than it gives;
 *   3. if that is not enough it says so, once, in the log, and in `daemon.status` as long as it is so.
 *
 * It begins above the limit, and ends when seven eighths of it are reached.
 *
 * The loop's thread. It looks when something has happened, and for as long as something goes on:
 * a daemon that nobody needs is not woken for it.
 */
#ifndef PT_SERVER_MEMORY_H
#define PT_SERVER_MEMORY_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct hub;

struct memory {
    uv_timer_t timer;
    struct hub *hub;  /* borrowed */
    uint64_t limit;   /* bytes; 0: none */
    uint64_t keep_ns; /* a workspace that was asked within this time is not closed */
    uint64_t seen;    /* what was resident when it was looked last */
    uint64_t shrunk_ns;
    bool over; /* above the limit, and not yet far enough below it */
    bool told; /* it said that it cannot get below */
};

#define MEMORY_KEEP_MS 30000u

/* What the process has resident, in bytes; 0 if it cannot be known. Any thread. */
uint64_t memory_resident(void);
/* Half of what the machine, or the control group if it has less, has. Any thread. */
uint64_t memory_default_limit(void);

/* keep_ms 0: MEMORY_KEEP_MS. The timer is closed with all others of the loop. */
void memory_begin(struct memory *m, uv_loop_t *loop, struct hub *hub, uint64_t limit,
                  uint32_t keep_ms);
/* Something has happened that may have taken memory. */
void memory_stir(struct memory *m);
/* No more: the hub closes. */
void memory_end(struct memory *m);
/* "" or what cannot be helped, for people. */
const char *memory_trouble(const struct memory *m);

#endif
