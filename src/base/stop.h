/*
 * A flag that long work looks at: is what it does still wanted?
 *
 *	const atomic_bool *before = stop_watch(&request->stop);
 *	... work, on this thread ...
 *	(void)stop_watch(before);
 *
 * Loops that may take long ask stop_asked() each so many turns, and if it says
 * yes end as if memory were short: with less than all, or with an error. Who
 * has set the flag knows why, and does not use what comes back. That keeps the
 * reason out of all that lies between.
 *
 * Threads: each watches a flag of its own choice, or none; any may set it.
 * Ownership: the flag is borrowed until another one is watched.
 */
#ifndef PT_BASE_STOP_H
#define PT_BASE_STOP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

/* Private. */
extern _Thread_local const atomic_bool *stop_watched;

/* From now on, on this thread; NULL: none. Returns the one before. */
const atomic_bool *stop_watch(const atomic_bool *flag);

static inline bool stop_asked(void)
{
    return stop_watched != NULL && atomic_load_explicit(stop_watched, memory_order_relaxed);
}

/* The same, for the turn number `i` of a loop, of which few look. */
static inline bool stop_asked_at(size_t i)
{
    return (i & 63) == 0 && stop_asked();
}

#endif
