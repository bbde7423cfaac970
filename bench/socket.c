/* Round trips over the daemon's socket, against an echo over the same kind of socket.
 *
 *   socket [--rounds R] [--connections K] [--rows N]
 *
 * The daemon runs in a child process, on a tree made for it: a function that N others call. `callers`
 * of it is asked over one connection, one request after the other (p50, p99), and over K connections
 * with 16 requests under way on each (throughput). The echo is another child: the same loop of
 * libuv, which gives back a line as long as the daemon's answer for each line. The ratio of the two
 * is what answering costs beyond sockets and the change of processes.
 */
#include "server/socket.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/sort.h"
#include "base/str.h"
#include "server/daemon.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#define PIPELINED 16u

struct options {
    uint32_t rounds, connections, rows;
};

static _Noreturn void die(const char *what, const char *why)
{
    (void)fprintf(stderr, "bench socket: %s%s%s\n", what, why[0] != '\0' ? ": " : "", why);
    exit(1);
}

static void must(int rc, const struct err *err)
{
    if (rc != PT_OK)
        die("failed", err->msg);
}

/* ---- the tree and the places ---- */

static void write_file(const char *path, const struct buf *text)
{
    struct io_part part = {text->p, text->n};
    struct err err = {0};
    must(io_write_atomic(path, &part, 1, &err), &err);
}

static void make_tree(const char *top, uint32_t rows)
{
    char path[300];
    struct buf text = {0};
    struct err err = {0};
    (void)snprintf(path, sizeof(path), "%s/tree", top);
    must(io_mkdir_p(path, 0700, &err), &err);
    buf_str(&text, "def target():\n    return 1\n\n\n");
    for (uint32_t i = 0; i < rows; i++)
        buf_printf(&text, "def caller_%u():\n    return target()\n\n\n", i);
    (void)snprintf(path, sizeof(path), "%s/tree/a.py", top);
    write_file(path, &text);
    buf_release(&text);
}

static void set_places(const char *top)
{
    char path[300];
    (void)snprintf(path, sizeof(path), "%s/state", top);
    (void)setenv("XDG_STATE_HOME", path, 1);
    (void)setenv("XDG_RUNTIME_DIR", top, 1);
}

/* ---- the echo ---- */

static uv_loop_t echo_loop;
static struct buf echo_line;
static char echo_chunk[65536];

static void echo_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
    (void)handle;
    (void)suggested;
    *ret = uv_buf_init(echo_chunk, sizeof(echo_chunk));
}

static void echo_freed(uv_handle_t *handle)
{
    free(handle);
}

struct echo_write {
    uv_write_t write;
    struct buf rest;
};

static void echo_written(uv_write_t *write, int status)
{
    struct echo_write *w = (struct echo_write *)(void *)write;
    (void)status;
    buf_release(&w->rest);
    free(w);
}

static void echo_send(uv_stream_t *stream, struct buf *out)
{
    uv_buf_t all = uv_buf_init(out->p, (unsigned)out->n);
    int sent = uv_try_write(stream, &all, 1);
    if (sent == (int)out->n)
        return;
    struct echo_write *w = calloc(1, sizeof(*w));
    if (w == NULL)
        die("out of memory", "");
    buf_add(&w->rest, out->p + (sent > 0 ? sent : 0), out->n - (size_t)(sent > 0 ? sent : 0));
    uv_buf_t rest = uv_buf_init(w->rest.p, (unsigned)w->rest.n);
    (void)uv_write(&w->write, stream, &rest, 1, echo_written);
}

static void echo_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *chunk)
{
    static struct buf out;
    if (n < 0) {
        uv_close((uv_handle_t *)stream, echo_freed);
        return;
    }
    buf_reset(&out);
    for (ssize_t i = 0; i < n; i++) {
        if (chunk->base[i] == '\n')
            buf_slice(&out, buf_as_slice(&echo_line));
    }
    if (out.n > 0)
        echo_send(stream, &out);
}

static void echo_accept(uv_stream_t *server, int status)
{
    uv_pipe_t *pipe = calloc(1, sizeof(*pipe));
    if (pipe == NULL || status < 0)
        die("accept", "");
    (void)uv_pipe_init(&echo_loop, pipe, 0);
    if (uv_accept(server, (uv_stream_t *)pipe) != 0)
        die("accept", "");
    (void)uv_read_start((uv_stream_t *)pipe, echo_alloc, echo_read);
}

static void run_echo(const char *path, size_t answer_bytes)
{
    static uv_pipe_t server;
    (void)signal(SIGPIPE, SIG_IGN);
    buf_fill(&echo_line, 'x', answer_bytes - 1);
    buf_char(&echo_line, '\n');
    (void)uv_loop_init(&echo_loop);
    (void)uv_pipe_init(&echo_loop, &server, 0);
    if (uv_pipe_bind(&server, path) != 0 ||
        uv_listen((uv_stream_t *)&server, 1024, echo_accept) != 0)
        die("the echo cannot listen", path);
    (void)uv_run(&echo_loop, UV_RUN_DEFAULT);
}

/* ---- clients ---- */

static int connect_to(const char *path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    (void)snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
    for (unsigned tries = 0; tries < 1000; tries++) {
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof(to)) == 0)
            return fd;
        if (fd >= 0)
            (void)close(fd);
        (void)usleep(10000);
    }
    die("nobody listens", path);
}

static void send_all(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);
        if (sent < 0)
            die("send", strerror(errno));
        p += sent;
        n -= (size_t)sent;
    }
}

/* Receives until `lines` lines have ended; returns how many bytes that were. */
static size_t receive_lines(int fd, uint32_t lines)
{
    static char chunk[262144];
    size_t bytes = 0;
    while (lines > 0) {
        ssize_t n = recv(fd, chunk, sizeof(chunk), 0);
        if (n <= 0)
            die("receive", n == 0 ? "closed" : strerror(errno));
        for (ssize_t i = 0; i < n; i++)
            lines -= chunk[i] == '\n';
        bytes += (size_t)n;
    }
    return bytes;
}

struct figures {
    double p50, p99; /* us */
    double per_second;
};

static void round_trips(const char *path, const struct buf *request, uint32_t rounds,
                        struct figures *ret)
{
    uint64_t *ns = mem_calloc(rounds, sizeof(*ns));
    int fd = connect_to(path);
    if (ns == NULL)
        die("out of memory", "");
    for (uint32_t i = 0; i < rounds; i++) {
        uint64_t t0 = clock_now_ns();
        send_all(fd, request->p, request->n);
        (void)receive_lines(fd, 1);
        ns[i] = clock_now_ns() - t0;
    }
    (void)close(fd);
    if (!sort_u64(ns, rounds))
        die("out of memory", "");
    uint64_t p50 = ns[rounds / 2], p99 = ns[(uint64_t)rounds * 99 / 100];
    ret->p50 = (double)p50 / 1e3;
    ret->p99 = (double)p99 / 1e3;
    mem_free(ns);
}

/* All connections in turn: each gets its next requests when it has its answers. */
static void throughput(const char *path, const struct buf *request, const struct options *o,
                       struct figures *ret)
{
    struct pollfd *polls = mem_calloc(o->connections, sizeof(*polls));
    struct buf many = {0};
    uint64_t asked = 0, wanted = (uint64_t)o->rounds * 4;
    if (polls == NULL)
        die("out of memory", "");
    for (uint32_t i = 0; i < PIPELINED; i++)
        buf_slice(&many, buf_as_slice(request));
    for (uint32_t i = 0; i < o->connections; i++)
        polls[i] = (struct pollfd){connect_to(path), POLLIN, 0};
    uint64_t t0 = clock_now_ns();
    for (uint32_t i = 0; i < o->connections; i++)
        send_all(polls[i].fd, many.p, many.n);
    uint64_t answered = 0;
    asked = (uint64_t)o->connections * PIPELINED;
    while (answered < asked) {
        if (poll(polls, o->connections, -1) < 0)
            die("poll", strerror(errno));
        for (uint32_t i = 0; i < o->connections; i++) {
            if (!(polls[i].revents & POLLIN))
                continue;
            (void)receive_lines(polls[i].fd, PIPELINED);
            answered += PIPELINED;
            if (asked < wanted) {
                send_all(polls[i].fd, many.p, many.n);
                asked += PIPELINED;
            }
        }
    }
    ret->per_second = (double)answered / ((double)(clock_now_ns() - t0) / 1e9);
    for (uint32_t i = 0; i < o->connections; i++)
        (void)close(polls[i].fd);
    mem_free(polls);
    buf_release(&many);
}

/* ---- the comparison ---- */

static pid_t start(void (*run)(const char *path, size_t bytes), const char *path, size_t bytes)
{
    pid_t pid = fork();
    if (pid < 0)
        die("fork", strerror(errno));
    if (pid == 0) {
        run(path, bytes);
        exit(0);
    }
    return pid;
}

static void run_daemon(const char *path, size_t bytes)
{
    const struct daemon_options o = {.stop_ms = 100};
    struct err err = {0};
    (void)path;
    (void)bytes;
    must(daemon_run(&o, &err), &err);
}

static void stop(pid_t pid)
{
    (void)kill(pid, SIGTERM);
    (void)waitpid(pid, NULL, 0);
}

static void report(const char *what, const struct figures *f)
{
    printf("%-10s p50 %7.1f us   p99 %7.1f us   %9.0f a second\n", what, f->p50, f->p99,
           f->per_second);
}

static void compare(const char *top, const struct options *o)
{
    struct buf path = {0}, request = {0};
    struct err err = {0};
    struct figures best[2] = {{0}};
    char echo_path[300];
    pid_t daemon = start(run_daemon, "", 0);
    must(socket_path(&path, &err), &err);
    buf_printf(&request,
               "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"callers\",\"params\":{\"workspace\":"
               "\"%s/tree\",\"x\":\"target\",\"limit\":%u}}\n",
               top, o->rows);
    int fd = connect_to(buf_cstr(&path));
    send_all(fd, request.p, request.n);
    size_t bytes = receive_lines(fd, 1);
    (void)close(fd);
    printf("an answer of %u rows has %zu bytes\n", o->rows, bytes);
    (void)snprintf(echo_path, sizeof(echo_path), "%s/echo.sock", top);
    pid_t echo = start(run_echo, echo_path, bytes);
    const char *const paths[] = {buf_cstr(&path), echo_path};
    for (unsigned turn = 0; turn < 6; turn++) {
        struct figures f = {0}, *b = &best[turn % 2];
        round_trips(paths[turn % 2], &request, o->rounds, &f);
        throughput(paths[turn % 2], &request, o, &f);
        if (turn < 2 || f.p50 < b->p50)
            b->p50 = f.p50;
        if (turn < 2 || f.p99 < b->p99)
            b->p99 = f.p99;
        if (f.per_second > b->per_second)
            b->per_second = f.per_second;
    }
    stop(echo);
    stop(daemon);
    report("daemon", &best[0]);
    report("echo", &best[1]);
    printf("ratio      p50 %7.2f      p99 %7.2f      %9.2f\n", best[0].p50 / best[1].p50,
           best[0].p99 / best[1].p99, best[1].per_second / best[0].per_second);
    buf_release(&path);
    buf_release(&request);
}

static struct options options_of(int argc, char **argv)
{
    struct options o = {.rounds = 20000, .connections = 50, .rows = 10};
    for (int i = 1; i < argc; i += 2) {
        char *end = NULL;
        unsigned long n = i + 1 < argc ? strtoul(argv[i + 1], &end, 10) : 0;
        if (end == NULL || *end != '\0' || n == 0 || n > 1000000)
            die("usage: socket [--rounds R] [--connections K] [--rows N]", "");
        if (strcmp(argv[i], "--rounds") == 0)
            o.rounds = (uint32_t)n;
        else if (strcmp(argv[i], "--connections") == 0)
            o.connections = (uint32_t)n;
        else if (strcmp(argv[i], "--rows") == 0)
            o.rows = (uint32_t)n;
        else
            die("unknown option", argv[i]);
    }
    return o;
}

int main(int argc, char **argv)
{
    struct options o = options_of(argc, argv);
    char top[] = "/tmp/pt-bench-socket-XXXXXX";
    char command[64];
    if (mkdtemp(top) == NULL)
        die("mkdtemp", strerror(errno));
    set_places(top);
    make_tree(top, o.rows);
    compare(top, &o);
    (void)snprintf(command, sizeof(command), "rm -r %s", top);
    return system(command) == 0 ? 0 : 1; /* NOLINT(cert-env33-c): our own folder */
}
