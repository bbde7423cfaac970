/*
 * Time in nanoseconds. Threads: any. Errors: none.
 */
#ifndef PT_BASE_CLOCK_H
#define PT_BASE_CLOCK_H

#include <stdint.h>

#define CLOCK_NS_PER_SEC UINT64_C(1000000000)
#define CLOCK_NS_PER_MS UINT64_C(1000000)

/* Monotonic, from an arbitrary start: for durations. */
uint64_t clock_now_ns(void);

/* That this thread has computed. */
uint64_t clock_cpu_ns(void);

/* Since 1970, UTC; may jump: for people. */
uint64_t clock_wall_ns(void);

#endif
