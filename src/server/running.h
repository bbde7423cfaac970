/* Which daemon runs, if one does.
 *
 * A daemon holds the lock of a file (socket_lock_path) as long as it lives; the lock ends with the
 * process, however that ends. The file says "PID START": the number of the process and the time at
 * which that began, in ticks since the system did (field 22 of /proc/PID/stat). A number alone says
 * nothing, since the system gives it again: whether a daemon runs is the lock's to say, and nobody
 * is sent a signal whose beginning is another.
 *
 * Any thread.
 */
#ifndef PT_SERVER_RUNNING_H
#define PT_SERVER_RUNNING_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct running {
    bool yes;       /* somebody holds the lock */
    int32_t pid;    /* 0: the file does not say, or not yet */
    uint64_t start; /* in ticks */
};

/* By the holder of the lock: says in its file, which is open as fd, who that is. */
int running_write(int fd, struct err *err);

int running_find(struct running *ret, struct err *err);

/* Sends the daemon a signal. PT_ENOENT: the process with that number is not the daemon (any more).
 */
int running_signal(const struct running *r, int number, struct err *err);

#endif
