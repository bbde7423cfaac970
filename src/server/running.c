#include "server/running.h"

#include "base/io.h"
#include "server/socket.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define START_FIELD 22u

/* Fields are parted by blanks; the second, the name, stands in brackets and may hold anything. */
static bool start_in(const char *stat, uint64_t *ret)
{
    const char *p = strrchr(stat, ')');
    for (unsigned field = 2; p != NULL && field < START_FIELD; field++) {
        p = strchr(p, ' ');
        p = p != NULL ? p + 1 : NULL;
    }
    if (p == NULL)
        return false;
    *ret = strtoull(p, NULL, 10);
    return *ret != 0;
}

static int start_of(int32_t pid, uint64_t *ret, struct err *err)
{
    char path[64];
    struct buf text = {0};
    (void)snprintf(path, sizeof(path), "/proc/%" PRId32 "/stat", pid);
    int rc = io_read_file(IO_CWD, path, 8192, &text, err);
    if (rc == PT_OK && !start_in(buf_cstr(&text), ret))
        rc = err_set(err, PT_ECORRUPT, "%s is not as expected", path);
    buf_release(&text);
    return rc;
}

int running_write(int fd, struct err *err)
{
    char text[64];
    uint64_t start = 0; /* without /proc: never sent a signal */
    (void)start_of((int32_t)getpid(), &start, NULL);
    int n = snprintf(text, sizeof(text), "%ld %" PRIu64 "\n", (long)getpid(), start);
    struct io_part part = {text, (size_t)n};
    int rc = io_truncate(fd, 0, err);
    return rc == PT_OK ? io_write_at(fd, 0, &part, 1, err) : rc;
}

static void read_holder(const char *path, struct running *ret)
{
    struct buf text = {0};
    char *end;
    if (io_read_file(IO_CWD, path, 256, &text, NULL) == PT_OK) {
        long pid = strtol(buf_cstr(&text), &end, 10);
        if (pid > 0 && pid <= INT32_MAX && *end == ' ') {
            ret->pid = (int32_t)pid;
            ret->start = strtoull(end, NULL, 10);
        }
    }
    buf_release(&text);
}

int running_find(struct running *ret, struct err *err)
{
    struct buf path = {0};
    struct err why = {0};
    int lock = -1;
    *ret = (struct running){.yes = false};
    int rc = socket_lock_path(&path, &why);
    if (rc == PT_OK && io_exists(IO_CWD, buf_cstr(&path)))
        rc = io_lock(buf_cstr(&path), false, &lock, &why);
    io_close(lock);
    if (rc == PT_EEXIST) {
        ret->yes = true;
        read_holder(buf_cstr(&path), ret);
        rc = PT_OK;
    }
    buf_release(&path);
    if (rc != PT_OK && err != NULL)
        *err = why;
    return rc;
}

/* A descriptor of a process goes on to mean that one, even if its number is given again: so what is
 * looked at is what gets the signal. */
int running_signal(const struct running *r, int number, struct err *err)
{
    uint64_t start = 0;
    int rc = PT_OK;
    if (r->pid <= 0 || r->start == 0)
        return err_set(err, PT_ENOENT, "the daemon has not said which process it is");
    int fd = (int)syscall(SYS_pidfd_open, r->pid, 0);
    if (fd < 0)
        return errno == ESRCH ? err_set(err, PT_ENOENT, "process %" PRId32 " is gone", r->pid)
                              : err_set_errno(err, errno, "process %" PRId32, r->pid);
    if (start_of(r->pid, &start, NULL) != PT_OK || start != r->start)
        rc = err_set(err, PT_ENOENT, "process %" PRId32 " is another one by now", r->pid);
    else if (syscall(SYS_pidfd_send_signal, fd, number, NULL, 0) != 0)
        rc = err_set_errno(err, errno, "signal to process %" PRId32, r->pid);
    io_close(fd);
    return rc;
}
