#include "cli/launch.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/mem.h"
#include "cli/wire.h"
#include "server/log_file.h"
#include "server/running.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define START_LIMIT_NS (15 * CLOCK_NS_PER_SEC)
#define STOP_LIMIT_NS (12 * CLOCK_NS_PER_SEC) /* more than the daemon allows itself */
#define TERM_LIMIT_NS (8 * CLOCK_NS_PER_SEC)
#define PING_LIMIT_MS 5000
#define REASON_BYTES (16u << 10)

static bool pause_ms(long ms)
{
    struct timespec t = {.tv_nsec = ms * (long)CLOCK_NS_PER_MS};
    return nanosleep(&t, NULL) == 0;
}

/* ---- the child ---- */

#define MAX_WORDS 140u

struct words {
    const char *at[MAX_WORDS + 1];
    unsigned n;
    char *watch; /* owned: what some of them lie in */
};

static void add_word(struct words *w, const char *word)
{
    if (w->n < MAX_WORDS)
        w->at[w->n++] = word;
}

static int make_words(struct words *w, const char *watch, bool force, struct err *err)
{
    add_word(w, "parseltongue");
    add_word(w, "daemon");
    add_word(w, "run");
    add_word(w, "--log-file");
    if (force)
        add_word(w, "--force");
    if (watch != NULL) {
        w->watch = mem_strdup(watch);
        if (w->watch == NULL)
            return err_set(err, PT_ENOMEM, "out of memory");
    }
    for (char *one, *rest = w->watch; (one = strsep(&rest, "\n")) != NULL;) {
        add_word(w, "--watch");
        add_word(w, one);
    }
    return PT_OK;
}

/* Nothing is read, and nothing printed but what a crash has to say, which goes to the log. It keeps
 * no folder busy, and holds none of our files open. */
static int set_files(posix_spawn_file_actions_t *files, const char *log)
{
    int rc = posix_spawn_file_actions_init(files);
    if (rc == 0)
        rc = posix_spawn_file_actions_addopen(files, 0, "/dev/null", O_RDONLY, 0);
    if (rc == 0)
        rc = posix_spawn_file_actions_addopen(files, 1, "/dev/null", O_WRONLY, 0);
    if (rc == 0)
        rc = posix_spawn_file_actions_addopen(files, 2, log, O_WRONLY | O_APPEND | O_CREAT, 0600);
    if (rc == 0)
        rc = posix_spawn_file_actions_addclosefrom_np(files, 3);
    if (rc == 0)
        rc = posix_spawn_file_actions_addchdir_np(files, "/");
    return rc;
}

/* Signals as at the beginning of a process, whatever we were started with. */
static int set_signals(posix_spawnattr_t *attr)
{
    sigset_t all, none;
    (void)sigfillset(&all);
    (void)sigemptyset(&none);
    int rc = posix_spawnattr_init(attr);
    if (rc == 0)
        rc = posix_spawnattr_setflags(
            attr, (short)(POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK));
    if (rc == 0)
        rc = posix_spawnattr_setsigdefault(attr, &all);
    return rc == 0 ? posix_spawnattr_setsigmask(attr, &none) : rc;
}

static int spawn(const struct words *w, const char *log, pid_t *ret, struct err *err)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    int rc = set_files(&files, log);
    if (rc == 0)
        rc = set_signals(&attr);
    if (rc == 0) {
        rc = posix_spawn(ret, "/proc/self/exe", &files, &attr, (char *const *)(uintptr_t)w->at,
                         environ);
        (void)posix_spawnattr_destroy(&attr);
    }
    (void)posix_spawn_file_actions_destroy(&files);
    return rc == 0 ? PT_OK : err_set_errno(err, rc, "start %s", "the daemon");
}

/* ---- waiting for it ---- */

enum pong { PONG_NONE, PONG_OTHER /* version */, PONG_OURS };

static enum pong ping(void)
{
    struct wire w;
    struct slice pong;
    enum pong what = PONG_NONE;
    if (wire_open(&w, NULL) == PT_OK &&
        wire_ask(&w, "daemon.ping", NULL, PING_LIMIT_MS, &pong, NULL) == PT_OK)
        what = wire_same_version(pong) ? PONG_OURS : PONG_OTHER;
    wire_close(&w);
    return what;
}

static uint64_t size_of(const char *path)
{
    struct io_stat st;
    return io_stat(IO_CWD, path, &st, NULL) == PT_OK ? st.size : 0;
}

/* The last line of the log since `from`, without its line end; "" if there is none. */
static void last_line(const char *log, uint64_t from, struct buf *ret)
{
    char text[REASON_BYTES];
    size_t n = 0;
    int fd = -1;
    uint64_t size = size_of(log);
    from = size > from && size - from > sizeof(text) ? size - sizeof(text) : from;
    if (io_open(IO_CWD, log, O_RDONLY, 0, &fd, NULL) == PT_OK)
        (void)io_pread(fd, text, sizeof(text), from, &n, NULL);
    io_close(fd);
    struct slice rest = slice_trim(slice_of(text, n));
    const char *end = slice_rchr(rest, '\n');
    buf_slice(ret, end != NULL ? slice_skip(rest, (size_t)(end + 1 - rest.p)) : rest);
}

/* What the field err of a line of the log says, or else the line. */
static int reason(const char *log, uint64_t from, struct err *err)
{
    struct buf line = {0}, text = {0};
    last_line(log, from, &line);
    const char *field = strstr(buf_cstr(&line), " err=\"");
    struct slice all = buf_as_slice(&line);
    if (field != NULL)
        (void)wire_text(slice_skip(all, (size_t)(field + 5 - line.p)), &text, NULL);
    else
        buf_slice(&text, all);
    int rc = text.n > 0
                 ? err_set(err, PT_EIO, "the daemon did not start: %s", buf_cstr(&text))
                 : err_set(err, PT_EIO, "the daemon did not start, and %s does not say why", log);
    buf_release(&line);
    buf_release(&text);
    return rc;
}

/* Another daemon was quicker. Ours would end by itself when it finds that; but if it is slow, and
 * the other one is stopped meanwhile, it would be there when nobody expects it. */
static void call_back(pid_t child)
{
    int status;
    (void)kill(child, SIGTERM);
    (void)waitpid(child, &status, 0);
}

/* Until it answers, or is gone. Another one that began at the same time is as good. */
static int await_start(pid_t child, struct launch *ret, const char *log, uint64_t log_from,
                       struct err *err)
{
    uint64_t end = clock_now_ns() + START_LIMIT_NS;
    struct running who;
    bool alive = true;
    while (clock_now_ns() < end) {
        int status;
        if (ping() != PONG_NONE) {
            if (running_find(&who, NULL) == PT_OK)
                ret->pid = who.pid;
            ret->started = ret->pid == (int32_t)child;
            if (!ret->started && ret->pid > 0 && alive)
                call_back(child);
            return PT_OK;
        }
        if (!alive && (running_find(&who, NULL) != PT_OK || !who.yes))
            return reason(log, log_from, err);
        alive = alive && waitpid(child, &status, WNOHANG) == 0;
        if (!pause_ms(5))
            return err_set(err, PT_ECANCELED, "interrupted");
    }
    return err_set(err, PT_EBUSY, "the daemon does not answer; %s may say why", log);
}

static int make_log(struct buf *path, struct err *err)
{
    struct log_file *log = NULL;
    int rc = log_file_path(path, err);
    if (rc == PT_OK)
        rc = log_file_open(buf_cstr(path), UINT64_MAX, &log, err);
    log_file_close(log);
    return rc;
}

int launch_start(const char *watch, bool force, struct launch *ret, struct err *err)
{
    struct buf log = {0};
    struct words words = {.n = 0};
    struct running who;
    pid_t child = 0;
    bool ran;
    enum pong pong = ping();
    int rc = PT_OK;
    *ret = (struct launch){.started = false};
    if (pong == PONG_OURS) {
        if (running_find(&who, NULL) == PT_OK)
            ret->pid = who.pid;
        return PT_OK;
    }
    if (pong == PONG_OTHER)
        rc = launch_stop(&ret->replaced, &ran, err);
    if (rc == PT_OK)
        rc = make_log(&log, err);
    uint64_t from = rc == PT_OK ? size_of(buf_cstr(&log)) : 0;
    if (rc == PT_OK)
        rc = make_words(&words, watch, force, err);
    if (rc == PT_OK)
        rc = spawn(&words, buf_cstr(&log), &child, err);
    if (rc == PT_OK)
        rc = await_start(child, ret, buf_cstr(&log), from, err);
    mem_free(words.watch);
    buf_release(&log);
    return rc;
}

/* ---- stopping ---- */

/* Has this very one ended? */
static bool gone(const struct running *r)
{
    struct running now;
    return running_find(&now, NULL) == PT_OK &&
           (!now.yes || now.pid != r->pid || now.start != r->start);
}

static bool await_end(const struct running *r, uint64_t limit_ns)
{
    uint64_t end = clock_now_ns() + limit_ns;
    while (!gone(r)) {
        if (clock_now_ns() > end || !pause_ms(5))
            return false;
    }
    return true;
}

static bool asked_to_stop(void)
{
    struct wire w;
    struct slice answer;
    bool yes = wire_open(&w, NULL) == PT_OK &&
               wire_ask(&w, "daemon.stop", NULL, PING_LIMIT_MS, &answer, NULL) == PT_OK;
    wire_close(&w);
    return yes;
}

int launch_stop(int32_t *ret_pid, bool *ret_ran, struct err *err)
{
    struct running who;
    int rc = running_find(&who, err);
    if (rc != PT_OK)
        return rc;
    *ret_pid = who.pid;
    *ret_ran = who.yes;
    if (!who.yes || (asked_to_stop() && await_end(&who, STOP_LIMIT_NS)) || gone(&who))
        return PT_OK;
    rc = running_signal(&who, SIGTERM, err);
    if (rc != PT_OK)
        return gone(&who) ? PT_OK : rc;
    return await_end(&who, TERM_LIMIT_NS)
               ? PT_OK
               : err_set(err, PT_EBUSY, "the daemon (process %" PRId32 ") does not end", who.pid);
}
