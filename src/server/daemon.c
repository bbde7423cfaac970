/* The loop: what begins, what ends, and the signals in between. */
#include "server/daemon.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/io_last_words.h"
#include "base/log.h"
#include "base/mem.h"
#include "server/daemon_internal.h"

#include <signal.h>
#include <sys/resource.h>

/* ---- stopping ---- */

static void close_handle(uv_handle_t *handle, void *ctx)
{
    (void)ctx;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

/* Nothing else is left: with its last handles the loop ends. */
static void on_hub_closed(void *ctx)
{
    struct daemon *d = ctx;
    d->hub = NULL;
    uv_walk(&d->loop, close_handle, NULL);
}

void daemon_advance(struct daemon *d)
{
    if (!d->stopping || d->n_conns > 0 || d->hub_closing)
        return;
    d->hub_closing = true;
    memory_end(&d->memory);
    hub_close(d->hub, on_hub_closed, d);
}

static void cut_short(uv_timer_t *timer)
{
    struct daemon *d = timer->data;
    if (d->n_conns > 0)
        log_warn("stopping without waiting any longer", log_u64("connections", d->n_conns));
    for (struct link *l = d->conns.next, *next; l != &d->conns; l = next) {
        struct conn *c = link_entry(l, struct conn, in);
        next = l->next;
        requests_cut(c);
        conn_close(c);
    }
    daemon_advance(d);
}

void daemon_stop(struct daemon *d)
{
    if (d->stopping) {
        cut_short(&d->stop_limit);
        return;
    }
    d->stopping = true;
    log_info("stopping", log_u64("connections", d->n_conns));
    listener_remove(&d->listener);
    uv_close((uv_handle_t *)&d->server, NULL);
    (void)uv_timer_start(&d->stop_limit, cut_short, d->options.stop_ms, 0);
    for (struct link *l = d->conns.next, *next; l != &d->conns; l = next) {
        next = l->next;
        conn_finish(link_entry(l, struct conn, in));
    }
    daemon_advance(d);
}

/* ---- signals ---- */

static void on_signal(uv_signal_t *handle, int number)
{
    struct daemon *d = handle->data;
    log_info("signal", log_i64("number", number));
    if (number != SIGHUP)
        daemon_stop(d);
    else if (d->options.reload != NULL)
        d->options.reload(d->options.ctx);
}

static int watch_signals(struct daemon *d)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP};
    (void)signal(SIGPIPE, SIG_IGN); /* a client that goes is no reason to */
    for (unsigned i = 0; i < PT_COUNT(numbers); i++) {
        d->signals[i].data = d;
        int rc = uv_signal_start(&d->signals[i], on_signal, numbers[i]);
        if (rc != 0)
            return rc;
    }
    return 0;
}

/* ---- beginning ---- */

/* As many files as we may have: each connection is one. */
static void raise_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

static unsigned given_or(unsigned given, unsigned fallback)
{
    return given != 0 ? given : fallback;
}

static int uv_failed(int rc, const char *what, struct err *err)
{
    return err_set(err, rc == UV_ENOMEM ? PT_ENOMEM : PT_EIO, "%s: %s", what, uv_strerror(rc));
}

static void stirred(void *ctx)
{
    struct daemon *d = ctx;
    memory_stir(&d->memory);
}

/* After this, daemon_stop and the loop bring everything to its end. */
static int set_up_loop(struct daemon *d, struct err *err)
{
    uv_timer_t *const timers[] = {&d->deadline, &d->tick, &d->stop_limit, &d->idle};
    const struct hub_options hub = {.loop = &d->loop,
                                    .threads = d->options.threads,
                                    .durability = d->options.durability,
                                    .max_file_bytes = d->options.max_file_bytes,
                                    .changed = subscriptions_tell,
                                    .stirred = stirred,
                                    .ctx = d};
    int rc = uv_loop_init(&d->loop);
    if (rc != 0)
        return uv_failed(rc, "the loop", err);
    rc = hub_new(&hub, &d->hub, err);
    if (rc != PT_OK) {
        (void)uv_loop_close(&d->loop);
        return rc;
    }
    memory_begin(&d->memory, &d->loop, d->hub, d->options.memory_limit, d->options.memory_keep_ms);
    for (unsigned i = 0; i < PT_COUNT(timers); i++) {
        (void)uv_timer_init(&d->loop, timers[i]);
        timers[i]->data = d;
    }
    for (unsigned i = 0; i < PT_COUNT(d->signals); i++)
        (void)uv_signal_init(&d->loop, &d->signals[i]);
    (void)uv_idle_init(&d->loop, &d->turns);
    d->turns.data = d;
    (void)uv_pipe_init(&d->loop, &d->server, 0);
    d->server.data = d;
    return PT_OK;
}

static int watch_trees(struct daemon *d, struct err *err)
{
    struct place *p;
    int rc = PT_OK;
    for (unsigned i = 0; i < d->options.n_watch && rc == PT_OK; i++)
        rc = hub_open(d->hub, d->options.watch[i], d->options.force, &p, err);
    return rc;
}

static int begin(struct daemon *d, struct err *err)
{
    int rc = watch_signals(d);
    if (rc != 0)
        return uv_failed(rc, "signals", err);
    rc = last_words_install(err); /* should the parser crash: of which file? */
    if (rc == PT_OK)
        rc = watch_trees(d, err);
    if (rc == PT_OK)
        rc = listener_open(&d->listener, &d->server, conn_accept, err);
    if (rc != PT_OK)
        return rc;
    idle_begin(d);
    log_info("listening", log_str("socket", buf_cstr(&d->listener.path)));
    if (d->options.ready != NULL)
        d->options.ready(d->options.ctx, buf_cstr(&d->listener.path));
    return PT_OK;
}

static int run(struct daemon *d, struct err *err)
{
    int rc = set_up_loop(d, err);
    if (rc != PT_OK)
        return rc;
    rc = begin(d, err);
    if (rc != PT_OK)
        daemon_stop(d);
    (void)uv_run(&d->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&d->loop);
    if (rc == PT_OK)
        log_info("stopped", log_u64("requests", d->n_requests));
    return rc;
}

/* Once in a process, before either is used. */
static void set_up_libraries(void)
{
    static bool done;
    if (done)
        return;
    done = true;
    (void)uv_replace_allocator(mem_alloc, mem_realloc, mem_calloc, mem_free);
    rpc_set_up();
}

int daemon_run(const struct daemon_options *o, struct err *err)
{
    struct daemon *d = mem_calloc(1, sizeof(*d));
    char *chunk = mem_alloc(CHUNK_BYTES);
    int rc = PT_OK;
    if (d == NULL || chunk == NULL) {
        mem_free(d);
        mem_free(chunk);
        return err_set(err, PT_ENOMEM, "out of memory");
    }
    set_up_libraries();
    raise_limit();
    d->options = *o;
    d->options.max_connections = given_or(o->max_connections, DAEMON_CONNECTIONS);
    d->options.stop_ms = given_or(o->stop_ms, DAEMON_STOP_MS);
    d->options.stall_ms = given_or(o->stall_ms, DAEMON_STALL_MS);
    if (o->max_file_bytes == 0)
        d->options.max_file_bytes = SCAN_MAX_FILE_BYTES;
    d->options.look_ms = given_or(o->look_ms, DAEMON_LOOK_MS);
    d->chunk = chunk;
    d->started_ns = clock_now_ns();
    link_init(&d->conns);
    link_init(&d->in_turn);
    link_init(&d->waiting);
    link_init(&d->subscriptions);
    link_init(&d->holds);
    listener_init(&d->listener);
    rc = listener_lock(&d->listener, err);
    if (rc == PT_OK)
        rc = run(d, err);
    listener_release(&d->listener);
    mem_free(chunk);
    mem_free(d);
    return rc;
}
