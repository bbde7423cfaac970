/*
 * Running many independent items on several threads.
 *
 * Threads: pool_run may be called from any thread, also from within an item
 * (it then starts threads of its own). Its workers have all asynchronous
 * signals blocked and stacks of 8 MB.
 * Errors: if threads cannot be started, fewer do the work (fault point
 * "pool.thread"); the caller's own thread always takes part, so that all
 * items are done.
 */
#ifndef PT_BASE_POOL_H
#define PT_BASE_POOL_H

#include <stddef.h>

#define POOL_THREADS_MAX 256

/* 0 to go on. `worker` is below the number of threads asked for. */
typedef int (*pool_fn)(void *ctx, unsigned worker, size_t item);

/*
 * Calls fn for all items 0 .. n-1, each once, begun in this order, on
 * `threads` threads at most (0: pool_cpus()). The caller is worker 0.
 *
 * Returns 0, or the non-zero result of the lowest item that had one. Items
 * behind a failed one may or may not have been run; those before it all were.
 * So the result does not depend on the threads.
 */
int pool_run(unsigned threads, size_t n, pool_fn fn, void *ctx);

/*
 * Processors that this process may use: by affinity and by the CPU quota of
 * its control groups (v1 and v2), rounded up; 1 to POOL_THREADS_MAX. Reads
 * files: ask once.
 */
unsigned pool_cpus(void);

#endif
