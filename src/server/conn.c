/* Connections: lines in, lines out, and who must wait for whom. */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "server/daemon_internal.h"
#include "server/socket.h"

#include <poll.h>
#include <unistd.h>

static void go_on(struct conn *c);

/* ---- the end ---- */

static void freed(uv_handle_t *handle)
{
    struct conn *c = handle->data;
    struct daemon *d = c->daemon;
    buf_release(&c->input);
    buf_release(&c->output);
    buf_release(&c->writing);
    mem_free(c);
    daemon_advance(d);
}

void conn_close(struct conn *c)
{
    if (c->closing)
        return;
    c->closing = true;
    requests_abandon(c);
    subscriptions_drop(c);
    holds_drop(c);
    link_remove(&c->in);
    link_remove(&c->turn);
    if (--c->daemon->n_conns == 0)
        (void)uv_timer_stop(&c->daemon->tick);
    uv_close((uv_handle_t *)&c->pipe, freed);
}

/* Nothing more will come, and nothing is left to be said. */
static void settle(struct conn *c)
{
    bool unasked = c->at < c->input.n && !c->daemon->stopping;
    if (c->ended && !c->is_busy && c->in_flight == 0 && c->output.n == 0 && !c->is_writing &&
        !unasked)
        conn_close(c);
}

void conn_finish(struct conn *c)
{
    c->ended = true;
    if (!c->closing && c->is_reading)
        (void)uv_read_stop((uv_stream_t *)&c->pipe);
    c->is_reading = false;
    settle(c);
}

/* ---- output ---- */

static void written(uv_write_t *write, int status)
{
    struct conn *c = write->data;
    c->is_writing = false;
    c->stalled_ns = 0;
    buf_release(&c->writing);
    if (c->closing)
        return;
    if (status < 0) {
        conn_close(c);
        return;
    }
    subscriptions_pay(c);
    go_on(c);
}

/* What did not go at once: libuv sends it as the client reads. */
static void write_rest(struct conn *c, size_t sent)
{
    c->writing = c->output;
    c->output = (struct buf){0};
    uv_buf_t rest = uv_buf_init(c->writing.p + sent, (unsigned)(c->writing.n - sent));
    c->is_writing = true;
    c->stalled_ns = clock_now_ns();
    c->stalled_at = c->writing.n - sent;
    c->write.data = c;
    if (uv_write(&c->write, (uv_stream_t *)&c->pipe, &rest, 1, written) != 0) {
        c->is_writing = false;
        conn_close(c);
    }
}

void conn_flush(struct conn *c)
{
    if (c->closing)
        return;
    if (c->output.failed || c->output.n > UINT32_MAX / 2) {
        log_error("answer dropped", log_str("why", "out of memory"));
        conn_close(c);
        return;
    }
    if (c->is_writing || c->output.n == 0)
        return;
    uv_buf_t all = uv_buf_init(c->output.p, (unsigned)c->output.n);
    int n = uv_try_write((uv_stream_t *)&c->pipe, &all, 1);
    if (n < 0 && n != UV_EAGAIN)
        conn_close(c);
    else if (n == (int)c->output.n && c->output.cap <= KEPT_BYTES)
        buf_reset(&c->output);
    else if (n == (int)c->output.n)
        buf_release(&c->output);
    else
        write_rest(c, n > 0 ? (size_t)n : 0);
}

/* Who takes nothing of what is meant for him, for so long, holds what others could use. */
void conns_tick(uv_timer_t *timer)
{
    struct daemon *d = timer->data;
    uint64_t now = clock_now_ns(), limit = d->options.stall_ms * CLOCK_NS_PER_MS;
    for (struct link *l = d->conns.next, *next; l != &d->conns; l = next) {
        struct conn *c = link_entry(l, struct conn, in);
        size_t left = uv_stream_get_write_queue_size((uv_stream_t *)&c->pipe);
        next = l->next;
        if (!c->is_writing || left != c->stalled_at) {
            c->stalled_at = left;
            c->stalled_ns = now;
        } else if (now - c->stalled_ns > limit) {
            log_warn("connection dropped", log_str("why", "it does not read"),
                     log_u64("bytes", left + c->output.n));
            conn_close(c);
        }
    }
}

/* ---- input ---- */

static bool is_blocked(const struct conn *c)
{
    return c->closing || c->in_flight >= MAX_IN_FLIGHT || c->lines_left == 0 ||
           c->daemon->stopping || c->output.n + c->writing.n > MAX_OUTPUT;
}

static void too_long(struct conn *c)
{
    request_refuse(c, RPC_REQUEST, "a line has at most 1,048,576 bytes");
    c->at = c->input.n = 0; /* where the next request begins, nobody knows */
    conn_finish(c);
}

/* Handles the lines of s, of whose bytes `looked` are known to end none. Returns how much was
 * taken; *ret_partial: what is left ends no line. */
static size_t take_lines(struct conn *c, struct slice s, size_t looked, bool *ret_partial)
{
    size_t at = 0;
    *ret_partial = false;
    while (!is_blocked(c)) {
        struct slice rest = slice_skip(s, at > looked ? at : looked);
        const char *end = slice_chr(rest, '\n');
        if (end == NULL) {
            *ret_partial = true;
            break;
        }
        struct slice line = slice_of(s.p + at, (size_t)(end - s.p) - at);
        if (line.n > MAX_LINE) {
            too_long(c);
            return s.n;
        }
        c->lines_left--;
        request_line(c, line);
        at += line.n + 1;
    }
    if (*ret_partial && s.n - at > MAX_LINE) {
        too_long(c);
        return s.n;
    }
    return at;
}

static void keep(struct conn *c, struct slice rest)
{
    if (rest.n == 0)
        return;
    buf_slice(&c->input, rest);
    if (c->input.failed) {
        log_error("request dropped", log_str("why", "out of memory"));
        conn_close(c);
    }
}

/* The lines that are kept. */
static void take_kept(struct conn *c)
{
    bool partial;
    if (c->input.n == c->at)
        return;
    struct slice s = slice_of(c->input.p + c->at, c->input.n - c->at);
    c->is_busy = true;
    size_t taken = take_lines(c, s, c->looked, &partial);
    if (c->ended && partial && taken < s.n) { /* the last one, which nothing ends */
        request_line(c, slice_skip(s, taken));
        taken = s.n;
    }
    c->is_busy = false;
    c->at = c->input.n == 0 ? 0 : c->at + taken;
    c->looked = partial ? s.n - taken : 0;
    if (c->at == c->input.n) {
        buf_release(&c->input);
        c->at = c->looked = 0;
    }
}

static void feed(struct conn *c, struct slice chunk)
{
    bool partial;
    if (c->input.n > 0) {
        if (c->at > 0) {
            memmove(c->input.p, c->input.p + c->at, c->input.n - c->at);
            c->input.n -= c->at;
            c->at = 0;
        }
        keep(c, chunk);
        return;
    }
    c->is_busy = true;
    size_t taken = take_lines(c, chunk, 0, &partial);
    c->is_busy = false;
    if (!c->closing && !c->ended) {
        keep(c, slice_skip(chunk, taken));
        c->looked = partial ? chunk.n - taken : 0;
    }
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
    struct conn *c = handle->data;
    (void)suggested;
    *ret = uv_buf_init(c->daemon->chunk, CHUNK_BYTES);
}

/* Has the client closed its end, or only said that no more requests will come? */
static bool is_gone(const struct conn *c)
{
    struct pollfd p = {.events = 0};
    return uv_fileno((const uv_handle_t *)&c->pipe, &p.fd) != 0 ||
           (poll(&p, 1, 0) == 1 && p.revents & (POLLHUP | POLLERR));
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *chunk)
{
    struct conn *c = stream->data;
    if (n == 0)
        return;
    if (n < 0 && (n != UV_EOF || is_gone(c))) {
        conn_close(c);
        return;
    }
    c->lines_left = LINES_A_TURN;
    if (n > 0)
        feed(c, slice_of(chunk->base, (size_t)n));
    else
        c->ended = true;
    go_on(c);
}

static void set_reading(struct conn *c)
{
    bool want = !c->ended && !is_blocked(c);
    if (want && !c->is_reading)
        (void)uv_read_start((uv_stream_t *)&c->pipe, on_alloc, on_read);
    else if (!want && c->is_reading)
        (void)uv_read_stop((uv_stream_t *)&c->pipe);
    c->is_reading = want;
}

/* One that asks without end must not keep the others from asking: they come between its turns. */
static void wait_for_turn(struct conn *c)
{
    struct daemon *d = c->daemon;
    if (c->lines_left > 0 || d->stopping || !link_alone(&c->turn))
        return;
    link_append(&d->in_turn, &c->turn);
    (void)uv_idle_start(&d->turns, conns_turn);
}

/* All that can be done now: requests that are kept, answers that are ready. */
static void go_on(struct conn *c)
{
    size_t before;
    if (c->is_busy)
        return;
    do {
        before = c->input.n - c->at;
        if (!c->closing && !is_blocked(c))
            take_kept(c);
        conn_flush(c);
    } while (!c->closing && c->input.n - c->at < before);
    if (c->closing)
        return;
    wait_for_turn(c);
    set_reading(c);
    settle(c);
}

void conns_turn(uv_idle_t *idle)
{
    struct daemon *d = idle->data;
    struct link now;
    link_init(&now);
    link_append_all(&now, &d->in_turn);
    while (!link_alone(&now)) {
        struct conn *c = link_entry(now.next, struct conn, turn);
        link_remove(&c->turn);
        c->lines_left = LINES_A_TURN;
        go_on(c);
    }
    if (link_alone(&d->in_turn))
        (void)uv_idle_stop(idle);
}

void conn_answered(struct conn *c)
{
    go_on(c);
}

/* ---- the beginning ---- */

/* Only the user himself, and root, who could anyway. */
static bool may_speak(const struct conn *c)
{
    struct err err = {0};
    uv_os_fd_t fd;
    uint32_t uid = 0;
    if (uv_fileno((const uv_handle_t *)&c->pipe, &fd) != 0)
        return false;
    if (socket_peer(fd, &uid, &err) != PT_OK) {
        log_warn("connection refused", log_err(&err));
        return false;
    }
    if (uid == geteuid() || uid == 0)
        return true;
    log_warn("connection refused", log_str("why", "another user"), log_u64("uid", uid));
    return false;
}

static void refuse(struct conn *c, const char *why)
{
    request_refuse(c, RPC_OURS + PT_ELIMIT, why);
    conn_flush(c);
    conn_close(c);
}

static void begin(struct conn *c)
{
    struct daemon *d = c->daemon;
    if (!may_speak(c)) {
        conn_close(c);
        return;
    }
    if (d->n_conns > d->options.max_connections) {
        log_warn("connection refused", log_str("why", "too many"),
                 log_u64("connections", d->n_conns));
        refuse(c, "the daemon has as many connections as it may have");
        return;
    }
    set_reading(c);
}

void conn_accept(uv_stream_t *server, int status)
{
    struct daemon *d = server->data;
    if (status < 0) {
        log_warn("no connection", log_str("why", uv_strerror(status)));
        return;
    }
    struct conn *c = mem_calloc(1, sizeof(*c));
    if (c == NULL) {
        log_error("no connection", log_str("why", "out of memory"));
        return;
    }
    c->daemon = d;
    link_init(&c->in);
    link_init(&c->turn);
    link_init(&c->requests);
    c->lines_left = LINES_A_TURN;
    (void)uv_pipe_init(&d->loop, &c->pipe, 0);
    c->pipe.data = c;
    link_append(&d->conns, &c->in);
    d->n_accepted++;
    if (d->n_conns++ == 0) {
        uint64_t ms = d->options.stall_ms / 4 + 1;
        (void)uv_timer_start(&d->tick, conns_tick, ms, ms);
    }
    if (uv_accept(server, (uv_stream_t *)&c->pipe) != 0)
        conn_close(c);
    else
        begin(c);
}
