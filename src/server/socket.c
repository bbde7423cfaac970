#include "server/socket.h"

#include "base/io.h"
#include "engine/state.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define OTHERS 0077u

/* ---- places ---- */

int socket_folder(struct buf *ret, struct err *err)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    struct io_stat st;
    int rc = PT_OK;
    buf_reset(ret);
    if (runtime != NULL && runtime[0] == '/' && io_stat(IO_CWD, runtime, &st, NULL) == PT_OK &&
        st.kind == IO_DIR) {
        buf_str(ret, runtime);
        buf_str(ret, "/parseltongue");
    } else {
        rc = state_base(ret, err);
        buf_str(ret, "/run");
    }
    return rc == PT_OK && ret->failed ? err_set(err, PT_ENOMEM, "out of memory") : rc;
}

static int in_folder(struct buf *ret, const char *name, struct err *err)
{
    int rc = socket_folder(ret, err);
    if (rc != PT_OK)
        return rc;
    buf_str(ret, name);
    return ret->failed ? err_set(err, PT_ENOMEM, "out of memory") : PT_OK;
}

int socket_path(struct buf *ret, struct err *err)
{
    size_t most = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;
    int rc = in_folder(ret, "/daemon.sock", err);
    if (rc == PT_OK && ret->n > most)
        return err_set(err, PT_ELIMIT,
                       "%s is %zu bytes long, and the path of a socket has at most %zu: set "
                       "XDG_RUNTIME_DIR to a shorter one",
                       buf_cstr(ret), ret->n, most);
    return rc;
}

int socket_lock_path(struct buf *ret, struct err *err)
{
    return in_folder(ret, "/daemon.pid", err);
}

int socket_folder_make(const char *folder, struct err *err)
{
    int rc = io_mkdir_p(folder, 0700, err);
    return rc == PT_OK ? socket_folder_check(folder, err) : rc;
}

int socket_folder_check(const char *folder, struct err *err)
{
    struct io_stat st;
    int rc = io_stat(IO_CWD, folder, &st, err);
    if (rc != PT_OK)
        return rc;
    if (st.kind != IO_DIR)
        return err_set(err, PT_EACCES, "%s is no folder", folder);
    if (st.uid != geteuid())
        return err_set(err, PT_EACCES, "%s belongs to another user (id %u)", folder, st.uid);
    if (st.mode & OTHERS)
        return err_set(err, PT_EACCES, "%s is open to other users: chmod 700 it", folder);
    return PT_OK;
}

/* ---- connecting ---- */

int socket_peer(int fd, uint32_t *ret_uid, struct err *err)
{
    struct ucred cred;
    socklen_t n = sizeof(cred);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &n) != 0)
        return err_set_errno(err, errno, "who is at the other end");
    *ret_uid = cred.uid;
    return PT_OK;
}

static int connect_to(int fd, const char *path, struct err *err)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    uint32_t uid;
    (void)memcpy(to.sun_path, path, strlen(path) + 1); /* socket_path has looked */
    if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) != 0)
        return errno == ENOENT || errno == ECONNREFUSED
                   ? err_set(err, PT_ENOENT, "no daemon listens on %s", path)
                   : err_set_errno(err, errno, "connect to %s", path);
    int rc = socket_peer(fd, &uid, err);
    if (rc == PT_OK && uid != geteuid() && uid != 0)
        rc = err_set(err, PT_EACCES, "who listens on %s is another user (id %u)", path, uid);
    return rc;
}

int socket_connect(int *ret_fd, struct err *err)
{
    struct buf path = {0};
    int rc = socket_path(&path, err);
    int fd = -1;
    if (rc == PT_OK) {
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        rc = fd < 0 ? err_set_errno(err, errno, "a socket") : connect_to(fd, buf_cstr(&path), err);
    }
    buf_release(&path);
    if (rc == PT_OK)
        *ret_fd = fd;
    else
        io_close(fd);
    return rc;
}
