/* The daemon: workspaces that are followed, and a socket through which they are asked
 * (docs/protocol.md).
 *
 * daemon_run belongs to one thread, which becomes that of the loop; the callbacks are called on it.
 * One daemon a process: it handles the signals, and what libuv and jansson allocate.
 */
#ifndef PT_SERVER_DAEMON_H
#define PT_SERVER_DAEMON_H

#include "base/err.h"
#include "store/wal.h"

#include <stdbool.h>
#include <stdint.h>

struct daemon_options {
    const char *const *watch; /* n_watch trees that are followed from the beginning */
    unsigned n_watch;
    bool force;                     /* also where that is more than a project (/, the home) */
    unsigned threads;               /* that index; 0: one for each processor */
    enum wal_durability durability; /* of commits */
    uint64_t max_file_bytes;        /* of sources; 0: SCAN_MAX_FILE_BYTES */
    unsigned max_connections;       /* 0: DAEMON_CONNECTIONS */
    unsigned stop_ms;               /* what a graceful stop waits for answers; 0: DAEMON_STOP_MS */
    unsigned stall_ms;              /* after which a client that takes no answers is dropped; 0:
                                 DAEMON_STALL_MS */
    uint64_t idle_exit_ms;          /* stops when nobody has been connected for so long; 0: never */
    uint64_t memory_limit;          /* bytes that may be resident (server/memory.h); 0: any */
    uint32_t memory_keep_ms;        /* 0: MEMORY_KEEP_MS */
    unsigned look_ms; /* how often it looks whether it can be reached at all, and stops if
                                 its socket is gone; 0: DAEMON_LOOK_MS */
    /* It listens: connections are taken from now on. May be NULL. */
    void (*ready)(void *ctx, const char *socket);
    /* SIGHUP came. May be NULL. */
    void (*reload)(void *ctx);
    void *ctx;
};

#define DAEMON_CONNECTIONS 4096u
#define DAEMON_STOP_MS 5000u
#define DAEMON_STALL_MS 30000u
#define DAEMON_LOOK_MS 10000u

/* Runs in the foreground until SIGTERM, SIGINT or daemon.stop, and then stops in order: takes no
 * more requests, finishes those under way (a second signal: does not), closes the workspaces.
 * PT_EEXIST: another one runs for this user. */
int daemon_run(const struct daemon_options *o, struct err *err);

#endif
