#include "cli/client.h"

#include "base/clock.h"
#include "cli/launch.h"

#include <stdio.h>
#include <string.h>

#define PING_LIMIT_MS 5000
#define RELEASE_LIMIT_MS 30000
#define LOOK_MS 100   /* how often the bar is drawn anew */
#define ALIVE_MS 5000 /* how often a daemon that takes long is asked whether it is there at all */
#define SILENCE_NS (15 * CLOCK_NS_PER_SEC) /* then it is not */

/* ---- connecting ---- */

static bool same_version(struct client *c, struct err *err, int *ret)
{
    struct slice pong;
    *ret = wire_ask(&c->wire, "daemon.ping", NULL, PING_LIMIT_MS, &pong, err);
    return *ret == PT_OK && wire_same_version(pong);
}

static void tell(const struct client *c, const char *text)
{
    if (c->call->notice != NULL)
        c->call->notice(c->call->notice_ctx, text);
}

static int start(struct client *c, struct err *err)
{
    struct launch launch;
    int rc = launch_start(NULL, false, &launch, err);
    return rc == PT_OK ? wire_open(&c->wire, err) : rc;
}

static int replace(struct client *c, struct err *err)
{
    wire_close(&c->wire);
    tell(c, "the daemon is of another version: it is stopped, and this one's started");
    return start(c, err);
}

int client_open(struct client *c, bool may_start, struct err *err)
{
    int rc = wire_open(&c->wire, err);
    if (rc == PT_ENOENT && may_start)
        rc = start(c, err);
    if (rc != PT_OK || same_version(c, err, &rc) || rc != PT_OK)
        return rc;
    rc = replace(c, err);
    if (rc == PT_OK && !same_version(c, err, &rc) && rc == PT_OK)
        rc = err_set(err, PT_EVERSION, "the daemon is of another version, and comes again");
    return rc;
}

void client_close(struct client *c)
{
    wire_close(&c->wire);
}

/* ---- the question ---- */

static bool is_text(const char *s)
{
    return s == NULL || utf8_valid(s, strlen(s));
}

bool client_can_ask(const struct call *call, const char *root)
{
    bool all = is_text(root) && is_text(call->cursor) && is_text(call->program);
    for (unsigned i = 0; i < method_params(call->method); i++)
        all = all && is_text(call->args[i]);
    return all;
}

static void put_string(struct buf *b, const char *key, const char *value)
{
    buf_printf(b, ",\"%s\":", key);
    buf_json_str(b, value, strlen(value));
}

static void put_arguments(struct buf *b, const struct call *call)
{
    for (unsigned i = 0; i < method_params(call->method); i++) {
        const struct param *p = &call->method->params[i];
        uint32_t n = 0;
        if (call->args[i] == NULL)
            continue;
        if (p->type == PARAM_FLAG) {
            buf_printf(b, ",\"%s\":true", p->name);
        } else if (p->type == PARAM_UINT && parse_uint(call->args[i], &n)) {
            buf_printf(b, ",\"%s\":%u", p->name, n);
        } else {
            put_string(b, p->name, call->args[i]);
        }
    }
}

static void put_limits(struct buf *b, const struct call *call)
{
    if (call->limit != 0)
        buf_printf(b, ",\"limit\":%u", call->limit == UINT32_MAX ? 0 : call->limit);
    if (call->max_tokens != 0)
        buf_printf(b, ",\"max_tokens\":%u", call->max_tokens);
    if (call->cursor != NULL)
        put_string(b, "cursor", call->cursor);
}

/* How the answer is to look: on standard output, or on standard error, where failures go. */
struct look {
    bool colour;
    unsigned width;
};

static void put_look(struct buf *b, const struct client *c, struct look look)
{
    if (c->out->json)
        return;
    buf_str(b, ",\"format\":\"text\"");
    if (look.width != 0)
        buf_printf(b, ",\"width\":%u", look.width);
    if (look.colour)
        buf_str(b, ",\"colour\":true");
}

static uint32_t put_head(struct buf *b, struct client *c, const char *method)
{
    buf_printf(b, "{\"jsonrpc\":\"2.0\",\"id\":%u,\"method\":\"%s\"", ++c->last_id, method);
    return c->last_id;
}

static int send_call(struct client *c, struct look look, bool sync, uint32_t *ret_id,
                     struct err *err)
{
    struct buf line = {0};
    *ret_id = put_head(&line, c, c->call->method->name);
    buf_str(&line, ",\"params\":{\"workspace\":");
    buf_json_str(&line, c->root, strlen(c->root));
    put_arguments(&line, c->call);
    put_limits(&line, c->call);
    put_look(&line, c, look);
    put_string(&line, "program", c->call->program);
    buf_str(&line, c->force ? ",\"force\":true" : "");
    buf_str(&line, c->call->no_refresh ? ",\"no_refresh\":true" : "");
    buf_str(&line, sync ? ",\"sync\":true}}\n" : "}}\n");
    int rc = wire_send(&c->wire, &line, err);
    buf_release(&line);
    return rc;
}

/* ---- waiting for the answer ---- */

struct wait {
    uint32_t id;        /* of the call */
    uint32_t probe;     /* of the question after how it is going; 0: none is under way */
    uint64_t probed_ns; /* when that was sent */
};

static bool is_answer_to(struct slice line, uint32_t id)
{
    char text[16];
    int n = snprintf(text, sizeof(text), "%u", id);
    return slice_eq(wire_member(line, "id"), slice_of(text, (size_t)n));
}

static uint32_t number_of(struct slice object, const char *key)
{
    struct slice v = wire_member(object, key);
    uint64_t n = 0;
    for (size_t i = 0; i < v.n && v.p[i] >= '0' && v.p[i] <= '9' && n < UINT32_MAX; i++)
        n = n * 10 + (uint64_t)(v.p[i] - '0');
    return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

/* The next element of an array, of which `rest` is what is left behind '[' or ','. */
static struct slice next_element(struct slice *rest)
{
    /* As the value of a member, so that one walk does for both. */
    struct slice one = wire_first(*rest);
    *rest = slice_skip(*rest, one.n + 1);
    return one;
}

/* The daemon counts files twice: as they are read, and as their references are resolved. */
static void draw(struct client *c, struct slice row)
{
    struct pipeline_progress now = {.files = number_of(row, "files_done"),
                                    .n_files = number_of(row, "files")};
    if (now.n_files == 0)
        return;
    c->reading_ended |= now.files < c->files;
    c->files = now.files;
    now.stage = c->reading_ended ? STAGE_RESOLVE : STAGE_EXTRACT;
    (void)progress_step(c->progress, &now);
}

/* Draws the bar while the tree is indexed for the first time. */
static void show_progress(struct client *c, struct slice line)
{
    struct slice list = wire_member(wire_member(line, "result"), "workspaces");
    struct buf root = {0};
    buf_json_str(&root, c->root, strlen(c->root));
    list = slice_skip(list, 1);
    for (struct slice row = next_element(&list); row.n > 0; row = next_element(&list)) {
        if (slice_eq(wire_member(row, "workspace"), buf_as_slice(&root)))
            draw(c, row);
    }
    buf_release(&root);
}

static int probe(struct client *c, struct wait *w, struct err *err)
{
    struct buf line = {0};
    uint64_t now = clock_now_ns();
    if (w->probe != 0)
        return now - w->probed_ns < SILENCE_NS
                   ? PT_OK
                   : err_set(err, PT_EBUSY, "the daemon does not answer");
    w->probe = put_head(&line, c, c->progress->shown ? "daemon.status" : "daemon.ping");
    w->probed_ns = now;
    buf_str(&line, "}\n");
    int rc = wire_send(&c->wire, &line, err);
    buf_release(&line);
    return rc;
}

/* However long it takes, as long as the daemon is there. The line is the wire's. */
static int await(struct client *c, uint32_t id, struct slice *ret, struct err *err)
{
    struct wait w = {.id = id};
    int pause = c->progress->shown ? LOOK_MS : ALIVE_MS;
    for (;;) {
        struct slice line;
        int rc = wire_line(&c->wire, pause, &line, err);
        if (progress_interrupted())
            return err_set(err, PT_ECANCELED, "interrupted");
        if (rc == PT_OK && is_answer_to(line, w.id)) {
            *ret = line;
            return PT_OK;
        }
        if (rc == PT_OK && w.probe != 0 && is_answer_to(line, w.probe)) {
            w.probe = 0;
            show_progress(c, line);
        } else if (rc == PT_EBUSY) {
            rc = probe(c, &w, err);
        }
        if (rc != PT_OK && rc != PT_ECANCELED) /* another signal than Ctrl-C is nothing to us */
            return rc;
    }
}

/* ---- the answer ---- */

static int take_result(const struct client *c, struct slice result, struct client_answer *ret,
                       struct err *err)
{
    ret->code = PT_OK;
    if (!c->out->json)
        return wire_text(wire_member(result, "text"), &ret->body, err);
    buf_slice(&ret->body, result);
    buf_char(&ret->body, '\n');
    return ret->body.failed ? err_set(err, PT_ENOMEM, "out of memory for the answer") : PT_OK;
}

static int code_named(struct slice name)
{
    static const int codes[] = {PT_ENOENT, PT_EAMBIGUOUS, PT_EUSAGE, PT_ESTALE, PT_EREFUSED};
    for (unsigned i = 0; i < PT_COUNT(codes); i++) {
        const char *known = err_name(codes[i]);
        if (name.n == strlen(known) + 2 && memcmp(name.p + 1, known, name.n - 2) == 0)
            return codes[i];
    }
    return PT_EINTERNAL;
}

static int refusal(struct slice data, struct err *err)
{
    struct buf text = {0};
    (void)wire_text(wire_member(data, "message"), &text, NULL);
    int rc = err_set(err, PT_EINTERNAL, "the daemon cannot answer%s%s", text.n > 0 ? ": " : "",
                     buf_cstr(&text));
    buf_release(&text);
    return rc;
}

/* Failures that are the answer: about a name, a cursor, an argument. All others may be the daemon's
 * own, and are found again, or not, by whoever asks by itself. */
static int take_failure(const struct client *c, struct slice data, struct client_answer *ret,
                        struct err *err)
{
    int code = code_named(wire_member(data, "code"));
    bool has_candidates = wire_member(data, "candidates").n > 0;
    if (code == PT_EINTERNAL || (code == PT_ENOENT && !has_candidates))
        return refusal(data, err);
    ret->code = code;
    ret->has_candidates = has_candidates;
    if (!c->out->json)
        return wire_text(wire_member(data, "text"), &ret->body, err);
    buf_str(&ret->body, "{\"error\":");
    buf_slice(&ret->body, data);
    buf_str(&ret->body, "}\n");
    return ret->body.failed ? err_set(err, PT_ENOMEM, "out of memory for the answer") : PT_OK;
}

/* One exchange; *ret_failed: what came is a failure's report. */
static int exchange(struct client *c, struct look look, bool sync, struct client_answer *ret,
                    struct err *err)
{
    uint32_t id;
    struct slice line;
    int rc = send_call(c, look, sync, &id, err);
    if (rc == PT_OK)
        rc = await(c, id, &line, err);
    if (rc != PT_OK)
        return rc;
    struct slice result = wire_member(line, "result");
    client_answer_release(ret);
    return result.n > 0
               ? take_result(c, result, ret, err)
               : take_failure(c, wire_member(wire_member(line, "error"), "data"), ret, err);
}

int client_ask(struct client *c, struct client_answer *ret, struct err *err)
{
    const struct look out = {c->out->text.colour, c->out->text.width};
    const struct look failure = {c->out->colour_err, c->out->width_err};
    *ret = (struct client_answer){.code = PT_OK};
    int rc = exchange(c, out, !c->call->no_refresh, ret, err);
    bool alike = c->out->json || (out.colour == failure.colour && out.width == failure.width);
    /* A failure is shown on standard error, which may be another terminal, or none: ask again. */
    if (rc == PT_OK && ret->code != PT_OK && !alike)
        rc = exchange(c, failure, false, ret, err);
    if (rc == PT_OK && ret->code == PT_OK && ret->body.failed)
        rc = err_set(err, PT_ENOMEM, "out of memory for the answer");
    if (rc != PT_OK)
        client_answer_release(ret);
    return rc;
}

void client_answer_release(struct client_answer *a)
{
    buf_release(&a->body);
    *a = (struct client_answer){.code = PT_OK};
}

/* ---- for those who read or write the store themselves ---- */

static int not_synced(struct slice data, struct err *err)
{
    struct buf text = {0};
    int rc = PT_EREFUSED;
    if (code_named(wire_member(data, "code")) == PT_EREFUSED &&
        wire_text(wire_member(data, "message"), &text, NULL) == PT_OK)
        (void)err_set(err, rc, "%s", buf_cstr(&text));
    else
        rc = err_set(err, PT_EINTERNAL, "the daemon cannot bring the graph up to date");
    buf_release(&text);
    return rc;
}

int client_sync(struct client *c, struct err *err)
{
    struct buf line = {0};
    struct slice answer;
    uint32_t id = put_head(&line, c, "list"); /* what costs least */
    buf_str(&line, ",\"params\":{\"limit\":1,\"sync\":true,\"workspace\":");
    buf_json_str(&line, c->root, strlen(c->root));
    buf_str(&line, c->force ? ",\"force\":true}}\n" : "}}\n");
    int rc = wire_send(&c->wire, &line, err);
    if (rc == PT_OK)
        rc = await(c, id, &answer, err);
    if (rc == PT_OK && wire_member(answer, "result").n == 0)
        rc = not_synced(wire_member(wire_member(answer, "error"), "data"), err);
    buf_release(&line);
    return rc;
}

int client_release(struct client *c, struct err *err)
{
    struct slice answer;
    return wire_ask(&c->wire, "daemon.release", c->root, RELEASE_LIMIT_MS, &answer, err);
}
