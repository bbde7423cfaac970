/* The life of a request:
 *
 *     line --> (WAITING for its workspace) --> answered on the loop's thread
 *                                         `--> QUEUED for the pool --> answered
 *
 * Until it is answered it can be cancelled, by its client or its deadline. One that runs on the pool
 * is then told to stop (base/stop.h), and answered when it has.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "base/stop.h"
#include "engine/identity.h"
#include "server/daemon_internal.h"

#include <stdatomic.h>

/* More rows than that at once are the pool's work. */
#define LONG_LIMIT 1000u

enum request_state { REQUEST_BORN, REQUEST_WAITING, REQUEST_QUEUED };

struct request {
    struct link in;  /* conn->requests */
    struct link due; /* daemon->waiting */
    struct daemon *daemon;
    struct conn *conn; /* NULL: it is gone, and nobody wants the answer */
    struct rpc_request rpc;
    enum request_state state;
    uint64_t deadline;   /* on the clock of clock_now_ns; 0: none */
    struct place *place; /* REQUEST_QUEUED: held; NULL: it needs none */
    struct place_wait wait;
    /* The pool's while it is QUEUED. */
    uv_work_t work;
    struct buf line; /* the answer */
    bool late;       /* it was not run */
    struct err cut;  /* why it was cancelled */
    /* Said to it while it runs. The loop's thread alone sets it, so that what was cancelled is
     * answered so, however far it had come. */
    atomic_bool stop;
};

/* ---- answering ---- */

static void request_free(struct request *r)
{
    rpc_request_release(&r->rpc);
    buf_release(&r->line);
    mem_free(r);
}

/* Its line is in the output, or nobody wants one. */
static void done(struct request *r)
{
    struct conn *c = r->conn;
    bool later = r->state != REQUEST_BORN;
    link_remove(&r->due);
    if (c != NULL && later) {
        link_remove(&r->in);
        c->in_flight--;
    }
    request_free(r);
    if (c != NULL && later)
        conn_answered(c);
}

static void put_failure(struct buf *out, const struct rpc_request *rpc, int number, int code,
                        const char *message)
{
    struct answer a;
    answer_init(&a);
    answer_fail(&a, code, message);
    rpc_put_failure(out, rpc, number, &a);
    answer_release(&a);
}

static void fail(struct request *r, const struct err *err)
{
    if (r->conn != NULL)
        put_failure(&r->conn->output, &r->rpc, rpc_number(err->code), err->code, err->msg);
    done(r);
}

static void answer(struct request *r, struct answer *a)
{
    struct err err = {0};
    if (answer_check(a, &err) != PT_OK) {
        fail(r, &err);
    } else {
        rpc_put_result(&r->conn->output, &r->rpc, a);
        done(r);
    }
    answer_release(a);
}

void request_refuse(struct conn *c, int number, const char *message)
{
    struct rpc_request nobody = {.id = NULL};
    put_failure(&c->output, &nobody, number, number == RPC_REQUEST ? PT_EUSAGE : PT_ELIMIT,
                message);
}

/* ---- methods ---- */

static bool collect(void *ctx, const char *p, size_t n)
{
    struct buf *b = ctx;
    buf_add(b, p, n);
    return !b->failed;
}

/* First, and then the view: so a file may count as stale that the view knows already, but none that
 * it does not know is left out. */
static int count_stale(struct request *r, uint32_t *ret, struct err *err)
{
    struct workspace *w = place_workspace(r->place);
    const struct scan_options scan = {.no_ignore = workspace_no_ignore(w),
                                      .max_file_bytes = r->daemon->options.max_file_bytes};
    return r->rpc.call.no_refresh ? workspace_check(w, &scan, ret, err) : PT_OK;
}

static int ask_view(struct request *r, struct answer *a, struct err *err)
{
    struct call *c = &r->rpc.call;
    struct view v;
    uint32_t stale = 0;
    c->workspace = place_workspace(r->place);
    c->root = place_root(r->place);
    int rc = count_stale(r, &stale, err);
    if (rc == PT_OK)
        rc = workspace_pin(c->workspace, &v, err);
    if (rc != PT_OK)
        return rc;
    c->view = &v;
    rc = method_answer(c, a, err);
    if (rc == PT_OK && c->no_refresh)
        method_tell_stale(a, stale);
    workspace_unpin(c->workspace, &v);
    c->view = NULL;
    return rc;
}

static int ask_closed(struct request *r, struct answer *a, struct err *err)
{
    struct call *c = &r->rpc.call;
    struct buf root = {0};
    int rc = hub_root(r->rpc.workspace, &root, err);
    if (rc == PT_OK)
        rc = workspace_open_closed(buf_cstr(&root), &c->workspace, err);
    if (rc == PT_OK)
        rc = c->method->run(c, a, err);
    workspace_close(c->workspace);
    c->workspace = NULL;
    buf_release(&root);
    return rc;
}

static int ask(struct request *r, struct answer *a, struct err *err)
{
    struct call *c = &r->rpc.call;
    struct buf text = {0};
    int rc;
    c->sink = collect;
    c->sink_ctx = &text;
    if (c->method->flags & METHOD_CLOSED)
        rc = ask_closed(r, a, err);
    else if (c->method->flags & METHOD_NO_WORKSPACE)
        rc = c->method->run(c, a, err);
    else
        rc = ask_view(r, a, err);
    if (rc == PT_OK && c->method->flags & METHOD_TEXT && a->root->items.count == 0)
        (void)answer_string(a, a->root, "text", ROLE_PLAIN, text.p != NULL ? text.p : "", text.n);
    buf_release(&text);
    return rc == PT_OK ? answer_check(a, err) : rc;
}

/* By any thread, with the place held or on the loop's. False: it is hurried, and would take long. */
static bool run_method(struct request *r, struct buf *out)
{
    struct answer a;
    struct err err = {0};
    answer_init(&a);
    int rc = ask(r, &a, &err);
    bool put_off = rc == PT_EBUSY && r->rpc.call.hurried;
    bool stopped = stop_asked(); /* then nobody will see what there is */
    if (rc == PT_OK && !stopped) {
        rpc_put_result(out, &r->rpc, &a);
    } else if (!put_off && !stopped) {
        answer_fail(&a, rc, err.msg);
        rpc_put_failure(out, &r->rpc, rpc_number(rc), &a);
    }
    answer_release(&a);
    return !put_off;
}

/* The timer may come too late to tell. */
static bool is_late(const struct request *r)
{
    return r->deadline != 0 && clock_now_ns() >= r->deadline;
}

static void set_late(struct err *err)
{
    (void)err_set(err, PT_ECANCELED, "its deadline passed");
}

/* ---- the pool ---- */

static void work(uv_work_t *work)
{
    struct request *r = work->data;
    r->late = is_late(r);
    if (r->late)
        return;
    const atomic_bool *before = stop_watch(&r->stop);
    (void)run_method(r, &r->line);
    (void)stop_watch(before);
}

static void after_work(uv_work_t *work, int status)
{
    struct request *r = work->data;
    if (r->place != NULL)
        place_drop(r->place);
    memory_stir(&r->daemon->memory);
    if (r->late)
        set_late(&r->cut);
    if (r->late || status == UV_ECANCELED || atomic_load(&r->stop)) {
        fail(r, &r->cut);
        return;
    }
    if (r->conn != NULL) {
        buf_slice(&r->conn->output, buf_as_slice(&r->line));
        r->conn->output.failed |= r->line.failed;
    }
    done(r);
}

static void defer(struct request *r, enum request_state state)
{
    struct daemon *d = r->daemon;
    if (r->state == REQUEST_BORN) {
        link_append(&r->conn->requests, &r->in);
        r->conn->in_flight++;
    }
    r->state = state;
    if (r->deadline == 0 || !link_alone(&r->due))
        return;
    link_append(&d->waiting, &r->due);
    if (!uv_is_active((uv_handle_t *)&d->deadline) || r->deadline < d->deadline_at) {
        uint64_t now = clock_now_ns();
        uint64_t left = r->deadline > now ? r->deadline - now : 0;
        d->deadline_at = r->deadline;
        (void)uv_timer_start(&d->deadline, requests_expire, left / CLOCK_NS_PER_MS + 1, 0);
    }
}

static void queue(struct request *r)
{
    if (r->place != NULL)
        place_hold(r->place);
    defer(r, REQUEST_QUEUED);
    r->work.data = r;
    (void)uv_queue_work(&r->daemon->loop, &r->work, work, after_work);
}

/* May it take longer than others should wait? */
static bool is_long(const struct call *c)
{
    const char *depth = call_arg(c, "depth");
    return c->method->flags & METHOD_LONG || c->no_refresh ||
           (depth != NULL && strcmp(depth, "1") != 0) || call_flag(c, "transitive") ||
           c->limit > LONG_LIMIT;
}

static void begin_method(struct request *r)
{
    if (is_late(r)) {
        set_late(&r->cut);
        fail(r, &r->cut);
        return;
    }
    r->rpc.call.hurried = !is_long(&r->rpc.call);
    if (r->rpc.call.hurried && run_method(r, &r->conn->output)) {
        done(r);
        return;
    }
    r->rpc.call.hurried = false;
    queue(r);
}

/* ---- waiting for a workspace ---- */

static void finish_subscribe(struct request *r)
{
    struct answer a;
    struct err err = {0};
    uint32_t id;
    int rc = subscribe(r->conn, r->place, &id, &err);
    if (rc != PT_OK) {
        fail(r, &err);
        return;
    }
    answer_init(&a);
    (void)answer_uint(&a, a.root, "subscription", id);
    (void)answer_cstr(&a, a.root, "workspace", ROLE_PLACE, place_root(r->place));
    (void)answer_uint(&a, a.root, "generation", place_generation(r->place));
    answer(r, &a);
}

static void go_on(struct request *r)
{
    if (r->rpc.verb == RPC_SUBSCRIBE)
        finish_subscribe(r);
    else
        begin_method(r);
}

static void on_place(struct place_wait *w, int rc, const struct err *err)
{
    struct request *r = link_entry(w, struct request, wait);
    if (rc != PT_OK)
        fail(r, err);
    else
        go_on(r);
}

/* Who wants the graph as it is does not have one opened and followed. */
static int check_open(struct request *r, struct err *err)
{
    struct place *p = r->rpc.call.no_refresh ? hub_find(r->daemon->hub, r->rpc.workspace) : NULL;
    return !r->rpc.call.no_refresh || (p != NULL && place_ready(p))
               ? PT_OK
               : err_set(err, PT_ENOENT, "the daemon has no graph of %s open", r->rpc.workspace);
}

static void with_place(struct request *r)
{
    struct err err = {0};
    int rc = hold_check(r->conn, r->rpc.workspace, &err);
    if (rc == PT_OK)
        rc = check_open(r, &err);
    if (rc == PT_OK)
        rc = hub_open(r->daemon->hub, r->rpc.workspace, r->rpc.force, &r->place, &err);
    if (rc != PT_OK) {
        fail(r, &err);
    } else if (place_ready(r->place) && !r->rpc.sync) {
        go_on(r);
    } else {
        defer(r, REQUEST_WAITING);
        r->wait.done = on_place;
        place_await(r->place, &r->wait, r->rpc.sync);
    }
}

/* ---- cancelling ---- */

/* For the reason that r->cut has. */
static void cut(struct request *r)
{
    if (r->state == REQUEST_QUEUED) { /* after_work answers */
        if (uv_cancel((uv_req_t *)&r->work) != 0)
            atomic_store(&r->stop, true);
        return;
    }
    place_forsake(&r->wait);
    fail(r, &r->cut);
}

static void cancel(struct request *r, const char *why)
{
    (void)err_set(&r->cut, PT_ECANCELED, "%s", why);
    cut(r);
}

static struct request *request_of(struct link *l)
{
    return link_entry(l, struct request, in);
}

static bool cancel_id(struct conn *c, const char *id)
{
    bool any = false;
    for (struct link *l = c->requests.next, *next; l != &c->requests; l = next) {
        struct request *r = request_of(l);
        next = l->next;
        if (strcmp(r->rpc.id, id) != 0)
            continue;
        any = true;
        cancel(r, "cancelled");
    }
    return any;
}

void requests_abandon(struct conn *c)
{
    while (!link_alone(&c->requests)) {
        struct request *r = request_of(c->requests.next);
        link_remove(&r->in);
        link_remove(&r->due);
        c->in_flight--;
        r->conn = NULL;
        cancel(r, "nobody waits for it any more");
    }
}

void requests_cut(struct conn *c)
{
    c->is_busy = true; /* it must stay until we are through */
    for (struct link *l = c->requests.next, *next; l != &c->requests; l = next) {
        next = l->next;
        cancel(request_of(l), "the daemon is stopping");
    }
    c->is_busy = false;
    conn_flush(c);
}

static void expire_due(struct daemon *d, uint64_t now)
{
    struct link due;
    link_init(&due);
    for (struct link *l = d->waiting.next, *next; l != &d->waiting; l = next) {
        struct request *r = link_entry(l, struct request, due);
        next = l->next;
        if (r->deadline <= now) {
            link_remove(l);
            link_append(&due, l);
        }
    }
    while (!link_alone(&due)) {
        struct request *r = link_entry(due.next, struct request, due);
        link_remove(&r->due);
        set_late(&r->cut);
        cut(r);
    }
}

void requests_expire(uv_timer_t *timer)
{
    struct daemon *d = timer->data;
    uint64_t now = clock_now_ns(), first = UINT64_MAX;
    expire_due(d, now);
    for (struct link *l = d->waiting.next; l != &d->waiting; l = l->next) {
        struct request *r = link_entry(l, struct request, due);
        first = r->deadline < first ? r->deadline : first;
    }
    if (first == UINT64_MAX)
        return;
    d->deadline_at = first;
    (void)uv_timer_start(timer, requests_expire,
                         first > now ? (first - now) / CLOCK_NS_PER_MS + 1 : 1, 0);
}

/* ---- what can be asked ---- */

static void do_method(struct request *r)
{
    struct err err = {0};
    uint32_t flags = r->rpc.call.method->flags;
    if (flags & METHOD_WRITES)
        (void)err_set(&err, PT_EINVAL,
                      "the daemon keeps its graphs current by itself (\"sync\": true waits for "
                      "that): to write one by hand, daemon.release it and run parseltongue %s",
                      r->rpc.call.method->verb);
    else if (flags & METHOD_RAW)
        (void)err_set(&err, PT_EINVAL,
                      "%s gives a stream, not an answer: run parseltongue %s, which reads the "
                      "graph by itself",
                      r->rpc.call.method->name, r->rpc.call.method->verb);
    if (err.code != PT_OK)
        fail(r, &err);
    else if (flags & (METHOD_NO_WORKSPACE | METHOD_CLOSED))
        queue(r);
    else
        with_place(r);
}

static void answer_flag(struct request *r, const char *key, bool yes)
{
    struct answer a;
    answer_init(&a);
    (void)answer_bool(&a, a.root, key, yes);
    answer(r, &a);
}

static void do_cancel(struct request *r)
{
    answer_flag(r, "cancelled", cancel_id(r->conn, r->rpc.target));
}

static void do_ping(struct request *r)
{
    struct answer a;
    answer_init(&a);
    (void)answer_cstr(&a, a.root, "version", ROLE_PLAIN, PARSELTONGUE_VERSION);
    (void)answer_cstr(&a, a.root, "identity", ROLE_PLAIN, PARSELTONGUE_IDENTITY);
    answer(r, &a);
}

static void do_status(struct request *r)
{
    struct answer a;
    answer_init(&a);
    daemon_status(r->daemon, &a);
    answer(r, &a);
}

static void do_stop(struct request *r)
{
    struct daemon *d = r->daemon;
    answer_flag(r, "stopping", true);
    daemon_stop(d);
}

static void on_released(struct place_wait *w, int rc, const struct err *err)
{
    (void)rc;
    (void)err;
    answer_flag(link_entry(w, struct request, wait), "released", true);
}

static void do_release(struct request *r)
{
    struct err err = {0};
    struct place *p = hub_find(r->daemon->hub, r->rpc.workspace);
    if (hold_take(r->conn, r->rpc.workspace, &err) != PT_OK) {
        fail(r, &err);
        return;
    }
    if (p == NULL) {
        answer_flag(r, "released", false);
        return;
    }
    defer(r, REQUEST_WAITING);
    r->wait.done = on_released;
    place_release(p, &r->wait);
}

static void do_unsubscribe(struct request *r)
{
    answer_flag(r, "unsubscribed", unsubscribe(r->conn, r->rpc.subscription));
}

static void dispatch(struct request *r)
{
    static void (*const verbs[])(struct request *) = {
        [RPC_CANCEL] = do_cancel,   [RPC_PING] = do_ping,
        [RPC_STATUS] = do_status,   [RPC_STOP] = do_stop,
        [RPC_RELEASE] = do_release, [RPC_SUBSCRIBE] = with_place,
        [RPC_METHOD] = do_method,   [RPC_UNSUBSCRIBE] = do_unsubscribe,
    };
    if (r->rpc.deadline_ms != 0)
        r->deadline = clock_now_ns() + r->rpc.deadline_ms * CLOCK_NS_PER_MS;
    verbs[r->rpc.verb](r);
}

/* Without an id: nobody wants to know, and but for cancelling there would be no sense in it. */
static void heed(struct request *r)
{
    if (r->rpc.verb == RPC_CANCEL)
        (void)cancel_id(r->conn, r->rpc.target);
    done(r);
}

void request_line(struct conn *c, struct slice line)
{
    struct err err = {0};
    if (slice_trim(line).n == 0)
        return;
    c->daemon->n_requests++;
    struct request *r = mem_calloc(1, sizeof(*r));
    if (r == NULL) {
        c->output.failed = true;
        return;
    }
    r->daemon = c->daemon;
    r->conn = c;
    link_init(&r->in);
    link_init(&r->due);
    link_init(&r->wait.in);
    int rc = rpc_read(line, &r->rpc, &err);
    if (rc != PT_OK) {
        if (!r->rpc.notification)
            put_failure(&c->output, &r->rpc, r->rpc.number, rc, err.msg);
        done(r);
    } else if (r->rpc.id == NULL) {
        heed(r);
    } else {
        dispatch(r);
    }
}
