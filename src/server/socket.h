/* The daemon's socket: where it is, and how a client gets through to it.
 *
 * It lies in $XDG_RUNTIME_DIR/parseltongue if that variable names a folder, else in `run` below the
 * base of all state. The folder is ours alone (0700), so whoever can connect may speak.
 *
 * Any thread. Errors: PT_ENOENT: no daemon listens (socket_connect), or there is no place for it;
 * PT_ELIMIT: the path is longer than the system lets the path of a socket be; PT_EACCES: the folder
 * is somebody else's, or open to others.
 */
#ifndef PT_SERVER_SOCKET_H
#define PT_SERVER_SOCKET_H

#include "base/err.h"
#include "base/str.h"

/* The folder, and the socket in it; absolute. Each replaces what `ret` holds. */
int socket_folder(struct buf *ret, struct err *err);
int socket_path(struct buf *ret, struct err *err);

/* The file whose lock the daemon holds while it runs; it has the daemon's process id in it. */
int socket_lock_path(struct buf *ret, struct err *err);

/* Makes the folder if it is not there; then, or with socket_folder_check in any case: is it ours
 * alone? */
int socket_folder_make(const char *folder, struct err *err);
int socket_folder_check(const char *folder, struct err *err);

/* A connection to the daemon: a stream socket that blocks, the caller's to close (io_close). */
int socket_connect(int *ret_fd, struct err *err);

/* Which user is at the other end. */
int socket_peer(int fd, uint32_t *ret_uid, struct err *err);

#endif
