/*
 * Named fault points: places where a test can make the world fail.
 *
 * Code asks `fault_hit("io.write")` where a call could fail; a test arms the
 * point. While nothing is armed, a point costs one relaxed atomic load.
 *
 * The loop that proves that every failure is survived:
 *
 *	for (uint64_t n = 1;; n++) {
 *		fault_arm("mem.alloc", n, ENOMEM);
 *		rc = operation();
 *		bool fired = fault_fired();
 *		fault_disarm_all();
 *		if (!fired)
 *			break;                  // rc must be 0 here
 *		check_nothing_broke(rc);
 *	}
 *
 * A point's name may end in '*' when arming: "io.*" counts and fails the
 * n-th hit of any point that starts with "io.".
 *
 * Threads: all functions may be called from any thread at any time. Hits of
 * concurrent threads are numbered in some order, each number once.
 * Errors: arming more than FAULT_MAX points, or a name of FAULT_NAME_MAX
 * characters or more, is a mistake in the test and asserts.
 */
#ifndef PT_BASE_FAULT_H
#define PT_BASE_FAULT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

#define FAULT_MAX 16
#define FAULT_NAME_MAX 32

/*
 * Instead of an errno, these may be armed at points that move bytes
 * ("io.read", "io.write"). Elsewhere the first two act as EIO.
 */
enum {
    FAULT_SHORT = -1, /* half of the bytes are moved, the call says so */
    FAULT_TORN = -2,  /* half of the bytes are moved, the call fails with EIO */
    FAULT_KILL = -3,  /* the process dies at once, by SIGKILL; at any point */
};

/* The `nth` hit from now (1 = the next) fails once. 0 counts and never fails. */
void fault_arm(const char *point, uint64_t nth, int err_no);

/* Every `nth` hit fails: 1 = all, 2 = the 2nd, the 4th, ... */
void fault_arm_every(const char *point, uint64_t nth, int err_no);

/* The `nth` hit and all after it fail: a disk that is full from now on. */
void fault_arm_from(const char *point, uint64_t nth, int err_no);

/* Disarms all points and forgets all counts. */
void fault_disarm_all(void);

/* How often an armed point was hit since it was armed; 0 if it is not armed. */
uint64_t fault_count(const char *point);

/* Has any armed point failed since the last fault_disarm_all()? */
bool fault_fired(void);

extern atomic_int fault_armed_;
int fault_take_slow_(const char *point);

/* 0, or what the point was armed with (an errno, FAULT_SHORT, FAULT_TORN). */
static inline int fault_take(const char *point)
{
    if (PT_LIKELY(atomic_load_explicit(&fault_armed_, memory_order_relaxed) == 0))
        return 0;
    return fault_take_slow_(point);
}

bool fault_hit_slow_(const char *point);

/* Must the caller fail here? If so, errno holds the reason. */
static inline bool fault_hit(const char *point)
{
    if (PT_LIKELY(atomic_load_explicit(&fault_armed_, memory_order_relaxed) == 0))
        return false;
    return fault_hit_slow_(point);
}

/*
 * Wraps a system call that returns -1 and sets errno on failure:
 * fd = FAULT_ERRNO("io.open", open(path, flags));
 */
#define FAULT_ERRNO(point, call) (fault_hit(point) ? -1 : (call))

#endif
