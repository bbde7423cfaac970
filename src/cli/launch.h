/* Bringing the daemon to life, and to its end: what `daemon start` and `stop` do, and what a
 * question does that finds no daemon, or one of another version.
 *
 * One thread.
 */
#ifndef PT_CLI_LAUNCH_H
#define PT_CLI_LAUNCH_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct launch {
    bool started;     /* by this call; else one ran already */
    int32_t pid;      /* 0: not known */
    int32_t replaced; /* a daemon of another version that was stopped for it; 0: none was */
};

/* Starts this program as the daemon, in a session of its own, with nothing of ours but the
 * environment, and waits until the socket answers. A daemon of another version is stopped first. `watch`: trees, one a line, or NULL. Several may
 * be started at once: one of them stays, and all calls succeed. Otherwise the error is what the log
 * says of the reason. */
int launch_start(const char *watch, bool force, struct launch *ret, struct err *err);

/* Asks the daemon to stop, and waits until it has; one that does not listen gets SIGTERM.
 * *ret_pid: which one it was; 0: none ran, or it does not say. PT_EBUSY: it does not end. */
int launch_stop(int32_t *ret_pid, bool *ret_ran, struct err *err);

#endif
