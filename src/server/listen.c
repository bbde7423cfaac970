#include "server/listen.h"

#include "base/clock.h"
#include "base/io.h"
#include "server/running.h"
#include "server/socket.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define BACKLOG 1024
#define FIRST_PASSED 3 /* where systemd's sockets begin: sd_listen_fds(3) */

void listener_init(struct listener *l)
{
    *l = (struct listener){.lock = -1, .passed = -1};
}

/* Who asks whether a daemon runs (running_find) holds the lock for a moment, but shares it: that is
 * no daemon, and soon gone. */
#define LOCK_TRIES 100u
#define LOCK_PAUSE_NS (2 * (long)CLOCK_NS_PER_MS)

static bool is_shared(const char *path)
{
    int fd = -1;
    bool shared = io_lock(path, false, &fd, NULL) == PT_OK;
    io_close(fd);
    return shared;
}

static int lock_file(const char *path, int *ret, struct err *err)
{
    struct timespec pause = {.tv_nsec = LOCK_PAUSE_NS};
    int rc = io_lock(path, true, ret, err);
    for (unsigned i = 1; rc == PT_EEXIST && i < LOCK_TRIES && is_shared(path); i++) {
        (void)nanosleep(&pause, NULL);
        rc = io_lock(path, true, ret, err);
    }
    return rc;
}

static int take_lock(struct listener *l, const char *path, struct err *err)
{
    int rc = lock_file(path, &l->lock, err);
    if (rc == PT_EEXIST)
        return err_set(err, PT_EEXIST, "a daemon runs already (%s is locked)", path);
    if (rc != PT_OK)
        l->lock = -1;
    return rc == PT_OK ? running_write(l->lock, err) : rc;
}

int listener_lock(struct listener *l, struct err *err)
{
    struct buf path = {0};
    int rc = socket_folder(&path, err);
    if (rc == PT_OK)
        rc = socket_folder_make(buf_cstr(&path), err);
    if (rc == PT_OK)
        rc = socket_lock_path(&path, err);
    if (rc == PT_OK)
        rc = take_lock(l, buf_cstr(&path), err);
    buf_release(&path);
    return rc;
}

/* ---- a socket that is passed on ---- */

static bool is_listening(int fd)
{
    int domain = 0, type = 0, listens = 0;
    socklen_t n = sizeof(int);
    return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &n) == 0 && domain == AF_UNIX &&
           getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n) == 0 && type == SOCK_STREAM &&
           getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &n) == 0 && listens == 1;
}

/* Tells whether there is one; the variables are not for our children. */
static int take_passed(struct listener *l, struct err *err)
{
    const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
    bool ours = pid != NULL && strtol(pid, NULL, 10) == (long)getpid();
    long n = ours && fds != NULL ? strtol(fds, NULL, 10) : 0;
    (void)unsetenv("LISTEN_PID");
    (void)unsetenv("LISTEN_FDS");
    (void)unsetenv("LISTEN_FDNAMES");
    if (n == 0)
        return PT_OK;
    if (n != 1 || !is_listening(FIRST_PASSED))
        return err_set(err, PT_EINVAL,
                       "LISTEN_FDS passes something else than one listening Unix stream socket");
    (void)fcntl(FIRST_PASSED, F_SETFD, FD_CLOEXEC);
    l->passed = FIRST_PASSED;
    return PT_OK;
}

/* ---- listening ---- */

static int failed(int rc, const char *path, struct err *err)
{
    return err_set(err, rc == UV_EACCES ? PT_EACCES : PT_EIO, "listen on %s: %s", path,
                   uv_strerror(rc));
}

/* With the lock: whatever lies there is nobody's. */
static int bind_here(struct listener *l, uv_pipe_t *pipe, struct err *err)
{
    const char *path = buf_cstr(&l->path);
    struct err why = {0};
    int rc = io_remove(IO_CWD, path, &why);
    if (rc != PT_OK && rc != PT_ENOENT) {
        if (err != NULL)
            *err = why;
        return rc;
    }
    rc = uv_pipe_bind(pipe, path);
    if (rc != 0)
        return failed(rc, path, err);
    l->bound = true;
    return PT_OK;
}

static int take_over(struct listener *l, uv_pipe_t *pipe, struct err *err)
{
    char path[512];
    size_t n = sizeof(path) - 1;
    int rc = uv_pipe_open(pipe, l->passed);
    if (rc != 0)
        return failed(rc, "the socket of LISTEN_FDS", err);
    if (uv_pipe_getsockname(pipe, path, &n) == 0 && n > 0) {
        path[n] = '\0';
        buf_reset(&l->path);
        buf_str(&l->path, path);
    }
    return l->path.failed ? err_set(err, PT_ENOMEM, "out of memory") : PT_OK;
}

int listener_open(struct listener *l, uv_pipe_t *pipe, uv_connection_cb on_connection,
                  struct err *err)
{
    int rc = take_passed(l, err);
    if (rc == PT_OK)
        rc = socket_path(&l->path, err);
    if (rc == PT_OK)
        rc = l->passed >= 0 ? take_over(l, pipe, err) : bind_here(l, pipe, err);
    if (rc != PT_OK)
        return rc;
    rc = uv_listen((uv_stream_t *)pipe, BACKLOG, on_connection);
    return rc == 0 ? PT_OK : failed(rc, buf_cstr(&l->path), err);
}

void listener_remove(struct listener *l)
{
    if (l->bound)
        (void)io_remove(IO_CWD, buf_cstr(&l->path), NULL);
    l->bound = false;
}

void listener_release(struct listener *l)
{
    listener_remove(l);
    io_close(l->lock); /* the file stays: whoever waits for its lock would lock a ghost */
    buf_release(&l->path);
    listener_init(l);
}
