/* The listening socket, and that there is one daemon only.
 *
 * The file beside the socket (socket_lock_path) is locked as long as the daemon runs, so a socket
 * that is there without the lock is a leftover, and is replaced. A socket that systemd passes on
 * (LISTEN_FDS) is taken over, and stays when the daemon goes.
 *
 * One thread.
 */
#ifndef PT_SERVER_LISTEN_H
#define PT_SERVER_LISTEN_H

#include "base/err.h"
#include "base/str.h"

#include <uv.h>

struct listener {
    struct buf path; /* of the socket */
    int lock;        /* -1: none */
    int passed;      /* a socket of systemd's; -1: none */
    bool bound;      /* the socket is ours to remove */
};

void listener_init(struct listener *l);

/* Takes the lock, and writes our process id into its file. PT_EEXIST: a daemon runs. */
int listener_lock(struct listener *l, struct err *err);

/* Makes `pipe` (initialised, not open) the listening socket; on_connection gets each connection.
 * Connections may come from when it returns. */
int listener_open(struct listener *l, uv_pipe_t *pipe, uv_connection_cb on_connection,
                  struct err *err);

/* No more connections will be taken: removes the socket. The pipe is the caller's to close. */
void listener_remove(struct listener *l);
/* Lets go of the lock. Takes one that holds nothing. */
void listener_release(struct listener *l);

#endif
