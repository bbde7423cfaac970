/* The daemon in a thread of this process, with limits that a test can reach. What clients see of it
 * otherwise is in tests/daemon. */
#include "unit/base/support.h"

#include "unit/base/support_dir.h"

#include "base/clock.h"
#include "base/log.h"
#include "server/daemon.h"
#include "server/socket.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/socket.h>

/* ---- a daemon and its clients ---- */

struct running {
    struct daemon_options options;
    pthread_t thread;
    int rc;
    struct err err;
    atomic_bool ready;
    atomic_uint reloads;
};

static void on_ready(void *ctx, const char *path)
{
    struct running *r = ctx;
    assert_non_null(strstr(path, "/parseltongue/daemon.sock"));
    atomic_store(&r->ready, true);
}

static void on_reload(void *ctx)
{
    struct running *r = ctx;
    atomic_fetch_add(&r->reloads, 1);
}

static void *run(void *ctx)
{
    struct running *r = ctx;
    r->rc = daemon_run(&r->options, &r->err);
    return NULL;
}

static void pause_ms(unsigned ms)
{
    (void)poll(NULL, 0, (int)ms);
}

#define WAIT_MS 20000u

#define eventually(condition)                                                                      \
    do {                                                                                           \
        unsigned waited_ = 0;                                                                      \
        for (; !(condition) && waited_ < WAIT_MS; waited_ += 2)                                    \
            pause_ms(2);                                                                           \
        if (!(condition))                                                                          \
            fail_msg("in vain: %s", #condition);                                                   \
    } while (0)

static void start(struct running *r)
{
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/state", root);
    assert_int_equal(setenv("XDG_STATE_HOME", path, 1), 0);
    assert_int_equal(setenv("XDG_RUNTIME_DIR", root, 1), 0);
    (void)snprintf(path, sizeof(path), "%s/home", root);
    assert_int_equal(setenv("HOME", path, 1), 0);
    assert_int_equal(mkdir("tree", 0700), 0);
    make_file("tree/a.py", "def f():\n    return g()\n\n\ndef g():\n    return 1\n");
    r->options.ready = on_ready;
    r->options.reload = on_reload;
    r->options.ctx = r;
    assert_int_equal(pthread_create(&r->thread, NULL, run, r), 0);
    eventually(atomic_load(&r->ready));
}

static int open_client(void)
{
    struct err err = {0};
    struct timeval limit = {.tv_sec = WAIT_MS / 1000};
    int fd = -1;
    if (socket_connect(&fd, &err) != PT_OK)
        fail_msg("%s", err.msg);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    return fd;
}

static void say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/* The next line, byte by byte; false at the end of the connection. */
static bool hear(int fd, char *ret, size_t size)
{
    size_t n = 0;
    while (n + 1 < size) {
        ssize_t got = recv(fd, ret + n, 1, 0);
        if (got <= 0)
            return false;
        if (ret[n] == '\n')
            break;
        n++;
    }
    ret[n] = '\0';
    return true;
}

static void check_says(const char *line, const char *part)
{
    if (strstr(line, part) == NULL)
        fail_msg("'%s' does not say '%s'", line, part);
}

#define PING "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"daemon.ping\"}\n"
#define STOP "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"daemon.stop\"}\n"

static void check_ping(int fd)
{
    char line[4096];
    say(fd, PING);
    assert_true(hear(fd, line, sizeof(line)));
    check_says(line, "\"id\":1,\"result\":{\"version\":");
}

static void stop(struct running *r)
{
    char line[4096];
    int fd = open_client();
    say(fd, STOP);
    assert_true(hear(fd, line, sizeof(line)));
    check_says(line, "\"stopping\":true");
    assert_int_equal(pthread_join(r->thread, NULL), 0);
    (void)close(fd);
    if (r->rc != PT_OK)
        fail_msg("%s", r->err.msg);
}

/* ---- tests ---- */

static void test_daemon__takes_no_more_connections_than_it_may(void **state)
{
    struct running r = {.options = {.max_connections = 2}};
    char line[4096];
    (void)state;
    start(&r);
    int first = open_client(), second = open_client();
    check_ping(first);
    check_ping(second);
    int third = open_client();
    assert_true(hear(third, line, sizeof(line)));
    check_says(line, "\"code\":-32007");
    assert_false(hear(third, line, sizeof(line)));
    (void)close(third);
    (void)close(second);
    check_ping(first);
    (void)close(first);
    stop(&r);
}

/* Until nothing more is taken. Returns how many requests that were, the last of them a part only. */
static unsigned ask_without_end(int fd)
{
    unsigned sent = 0;
    for (unsigned in_vain = 0; in_vain < 20;) {
        ssize_t n = send(fd, PING, strlen(PING), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0) {
            in_vain++;
            pause_ms(2);
            continue;
        }
        in_vain = 0;
        sent++;
        if (n < (ssize_t)strlen(PING))
            break;
    }
    return sent;
}

static void test_daemon__drops_who_does_not_read(void **state)
{
    struct running r = {.options = {.stall_ms = 200}};
    char line[4096];
    unsigned heard = 0;
    (void)state;
    start(&r);
    int lazy = open_client(), other = open_client();
    unsigned sent = ask_without_end(lazy);
    for (unsigned i = 0; i < 10; i++) {
        pause_ms(100);
        check_ping(other);
    }
    while (hear(lazy, line, sizeof(line)))
        heard++;
    assert_in_range(heard, 1, sent - 1);
    check_ping(other);
    (void)close(lazy);
    (void)close(other);
    stop(&r);
}

/* The kernel says that there is room again when three quarters of its buffer are free: that is what
 * must be read within the time. */
static void test_daemon__keeps_who_reads_slowly(void **state)
{
    struct running r = {.options = {.stall_ms = 1500}};
    static char chunk[30000];
    unsigned heard = 0;
    (void)state;
    start(&r);
    int slow = open_client();
    unsigned sent = ask_without_end(slow);
    uint64_t begin = clock_now_ns();
    while (heard + 1 < sent) {
        ssize_t n = recv(slow, chunk, sizeof(chunk), 0);
        assert_true(n > 0);
        for (ssize_t i = 0; i < n; i++)
            heard += chunk[i] == '\n';
        if (clock_now_ns() - begin < 4 * CLOCK_NS_PER_SEC)
            pause_ms(100);
    }
    (void)close(slow);
    stop(&r);
}

static void test_daemon__reloads_on_sighup(void **state)
{
    struct running r = {.options = {.stop_ms = 1000}};
    (void)state;
    start(&r);
    assert_int_equal(kill(getpid(), SIGHUP), 0);
    eventually(atomic_load(&r.reloads) == 1);
    int fd = open_client();
    check_ping(fd);
    (void)close(fd);
    stop(&r);
}

static void test_daemon__a_second_one_gives_up(void **state)
{
    struct running r = {.options = {.stop_ms = 1000}};
    const struct daemon_options second = {.stop_ms = 1000};
    struct err err = {0};
    (void)state;
    start(&r);
    assert_int_equal(daemon_run(&second, &err), PT_EEXIST);
    check_says(err.msg, "a daemon runs already");
    stop(&r);
}

static void test_daemon__one_that_cannot_begin_leaves_nothing(void **state)
{
    const char *nowhere = "/nowhere/at/all";
    const struct daemon_options o = {.watch = &nowhere, .n_watch = 1};
    struct err err = {0};
    (void)state;
    assert_int_equal(setenv("XDG_RUNTIME_DIR", root, 1), 0);
    assert_int_equal(daemon_run(&o, &err), PT_ENOENT);
    check_says(err.msg, "there is no folder");
    assert_int_not_equal(access("parseltongue/daemon.sock", F_OK), 0);
}

/* Each request is then answered with an error, or its connection closed; the next one is fine. */
static void test_daemon__any_allocation_of_a_request_may_fail(void **state)
{
    struct running r = {.options = {.stop_ms = 1000}};
    char request[512], line[8192];
    bool fired = true;
    (void)state;
    start(&r);
    (void)snprintf(request, sizeof(request),
                   "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"callers\",\"params\":{\"workspace\":"
                   "\"%s/tree\",\"x\":\"g\"}}\n",
                   root);
    int fd = open_client();
    say(fd, request);
    assert_true(hear(fd, line, sizeof(line)));
    check_says(line, "\"total\":1");
    for (unsigned n = 1; fired; n++) {
        fault_arm("mem.alloc", n, ENOMEM);
        say(fd, request);
        bool answered = hear(fd, line, sizeof(line));
        fired = fault_fired();
        fault_disarm_all();
        if (!answered) {
            (void)close(fd);
            fd = open_client();
        } else if (strstr(line, "\"total\":1") == NULL) {
            check_says(line, "\"code\":-32001");
        }
        check_ping(fd);
    }
    check_says(line, "\"total\":1");
    (void)close(fd);
    stop(&r);
}

/* ---- memory ---- */

static void ask_list(int fd, const char *tree)
{
    char line[8192];
    (void)snprintf(line, sizeof(line),
                   "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"callers\",\"params\":{\"workspace\":"
                   "\"%s/%s\",\"x\":\"g\"}}\n",
                   root, tree);
    say(fd, line);
    assert_true(hear(fd, line, sizeof(line)));
    check_says(line, "\"total\":1");
}

static bool status_says(int fd, const char *part)
{
    char line[8192];
    say(fd, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"daemon.status\"}\n");
    assert_true(hear(fd, line, sizeof(line)));
    return strstr(line, part) != NULL;
}

static void make_other_tree(void)
{
    assert_int_equal(mkdir("other", 0700), 0);
    make_file("other/a.py", "def f():\n    return g()\n\n\ndef g():\n    return 1\n");
}

static atomic_uint complaints, evictions;

static void count_lines(void *ctx, const char *line, size_t n)
{
    (void)ctx;
    atomic_fetch_add(&complaints, memmem(line, n, "needs more memory", 17) != NULL);
    atomic_fetch_add(&evictions, memmem(line, n, "goes to save memory", 19) != NULL);
}

static void watch_log(void)
{
    atomic_store(&complaints, 0);
    atomic_store(&evictions, 0);
    log_set_level(LOG_LEVEL_INFO);
    log_set_sink(count_lines, NULL);
}

static void leave_log(void)
{
    log_set_sink(NULL, NULL);
    log_set_level(LOG_LEVEL_WARN);
}

static void test_daemon__closes_what_was_not_asked_for_long(void **state)
{
    struct running r = {.options = {.memory_limit = 1, .memory_keep_ms = 50}};
    (void)state;
    watch_log();
    start(&r);
    make_other_tree();
    int fd = open_client();
    ask_list(fd, "tree");
    ask_list(fd, "other");
    eventually(!status_says(fd, "/tree\""));
    assert_true(status_says(fd, "/other\""));
    eventually(status_says(fd, "\"memory_trouble\"")); /* the last one stays */
    assert_true(status_says(fd, "/other\""));
    ask_list(fd, "tree");
    eventually(!status_says(fd, "/other\""));
    assert_int_equal(atomic_load(&complaints), 1);
    (void)close(fd);
    stop(&r);
    leave_log();
}

static void test_daemon__answers_about_what_is_just_being_closed(void **state)
{
    struct running r = {.options = {.memory_limit = 1, .memory_keep_ms = 1}};
    (void)state;
    watch_log();
    start(&r);
    make_other_tree();
    int fd = open_client();
    for (unsigned i = 0; i < 2000 && atomic_load(&evictions) < 5; i++) {
        ask_list(fd, i % 2 != 0 ? "tree" : "other");
        pause_ms(2);
    }
    assert_true(atomic_load(&evictions) >= 5);
    (void)close(fd);
    stop(&r);
    leave_log();
}

static void test_daemon__keeps_what_is_asked_and_tells_once(void **state)
{
    struct running r = {.options = {.memory_limit = 1, .memory_keep_ms = 60000}};
    (void)state;
    watch_log();
    start(&r);
    make_other_tree();
    int fd = open_client();
    for (unsigned i = 0; i < 100; i++) {
        ask_list(fd, i % 2 != 0 ? "tree" : "other");
        pause_ms(15);
    }
    eventually(status_says(fd, "\"memory_trouble\""));
    assert_int_equal(atomic_load(&complaints), 1);
    assert_int_equal(atomic_load(&evictions), 0);
    (void)close(fd);
    stop(&r);
    leave_log();
}

static void test_daemon__below_its_limit_nothing_is_closed(void **state)
{
    struct running r = {.options = {.memory_limit = UINT64_C(1) << 50, .memory_keep_ms = 1}};
    (void)state;
    watch_log();
    start(&r);
    make_other_tree();
    int fd = open_client();
    ask_list(fd, "tree");
    ask_list(fd, "other");
    pause_ms(1200);
    assert_true(status_says(fd, "/tree\"") && status_says(fd, "/other\""));
    assert_false(status_says(fd, "memory_trouble"));
    assert_int_equal(atomic_load(&complaints) + atomic_load(&evictions), 0);
    (void)close(fd);
    stop(&r);
    leave_log();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_NEW_DIR(test_daemon__takes_no_more_connections_than_it_may),
        IN_NEW_DIR(test_daemon__drops_who_does_not_read),
        IN_NEW_DIR(test_daemon__keeps_who_reads_slowly),
        IN_NEW_DIR(test_daemon__reloads_on_sighup),
        IN_NEW_DIR(test_daemon__a_second_one_gives_up),
        IN_NEW_DIR(test_daemon__one_that_cannot_begin_leaves_nothing),
        IN_NEW_DIR(test_daemon__any_allocation_of_a_request_may_fail),
        IN_NEW_DIR(test_daemon__closes_what_was_not_asked_for_long),
        IN_NEW_DIR(test_daemon__answers_about_what_is_just_being_closed),
        IN_NEW_DIR(test_daemon__keeps_what_is_asked_and_tells_once),
        IN_NEW_DIR(test_daemon__below_its_limit_nothing_is_closed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
