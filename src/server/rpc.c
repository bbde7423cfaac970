#include "server/rpc.h"

#include "base/mem.h"
#include "query/search.h"

#include <jansson.h>
#include <string.h>

/* What the daemon itself can be asked, by enum rpc_verb. */
static const struct method builtins[] = {
    [RPC_CANCEL] = {.name = "$/cancel", .flags = METHOD_NO_WORKSPACE},
    [RPC_PING] = {.name = "daemon.ping", .flags = METHOD_NO_WORKSPACE},
    [RPC_STATUS] = {.name = "daemon.status", .flags = METHOD_NO_WORKSPACE},
    [RPC_STOP] = {.name = "daemon.stop", .flags = METHOD_NO_WORKSPACE},
    [RPC_RELEASE] = {.name = "daemon.release"},
    [RPC_SUBSCRIBE] = {.name = "subscribe"},
    [RPC_UNSUBSCRIBE] = {.name = "unsubscribe",
                         .flags = METHOD_NO_WORKSPACE,
                         .params = {{.name = "subscription",
                                     .value = "N",
                                     .type = PARAM_UINT,
                                     .positional = true,
                                     .required = true}}},
};

/* What requests share. */
enum shared {
    SHARED_WORKSPACE,
    SHARED_FORCE,
    SHARED_SYNC,
    SHARED_NO_REFRESH,
    SHARED_LIMIT,
    SHARED_CURSOR,
    SHARED_MAX_TOKENS,
    SHARED_DEADLINE,
    SHARED_FORMAT,
    SHARED_WIDTH,
    SHARED_COLOUR,
    SHARED_PROGRAM,
    SHARED_COUNT
};

static const struct {
    struct param param;
    uint32_t any, none; /* flags of which the method has one (0: need not), has none */
    bool asks;          /* RPC_METHOD only */
} shared[SHARED_COUNT] = {
    [SHARED_WORKSPACE] = {{.name = "workspace"}, 0, METHOD_NO_WORKSPACE, false},
    [SHARED_FORCE] = {{.name = "force", .type = PARAM_FLAG}, 0, METHOD_NO_WORKSPACE, false},
    [SHARED_SYNC] = {{.name = "sync", .type = PARAM_FLAG},
                     0,
                     METHOD_NO_WORKSPACE | METHOD_CLOSED,
                     true},
    [SHARED_NO_REFRESH] = {{.name = "no_refresh", .type = PARAM_FLAG},
                           0,
                           METHOD_NO_WORKSPACE | METHOD_CLOSED,
                           true},
    [SHARED_LIMIT] = {{.name = "limit", .type = PARAM_UINT}, METHOD_LISTS | METHOD_LIMIT, 0, true},
    [SHARED_CURSOR] = {{.name = "cursor"}, METHOD_LISTS, 0, true},
    [SHARED_MAX_TOKENS] = {{.name = "max_tokens", .type = PARAM_UINT},
                           METHOD_LISTS | METHOD_TOKENS,
                           0,
                           true},
    [SHARED_DEADLINE] = {{.name = "deadline_ms", .type = PARAM_UINT}, 0, 0, false},
    [SHARED_FORMAT] = {{.name = "format", .type = PARAM_CHOICE, .choices = "json|text"},
                       0,
                       0,
                       true},
    [SHARED_WIDTH] = {{.name = "width", .type = PARAM_UINT}, 0, 0, true},
    [SHARED_COLOUR] = {{.name = "colour", .type = PARAM_FLAG}, 0, 0, true},
    [SHARED_PROGRAM] = {{.name = "program"}, 0, 0, true},
};

int rpc_number(int code)
{
    switch (code) {
    case PT_EUSAGE: return RPC_PARAMS;
    case PT_EINTERNAL: return RPC_INTERNAL;
    default: return RPC_OURS + code;
    }
}

/* When an allocation fails, jansson calls it a mistake of the text, or even leaves bytes out. */
static _Thread_local bool out_of_memory;

static void *allocate(size_t size)
{
    void *p = mem_alloc(size);
    out_of_memory |= p == NULL;
    return p;
}

void rpc_set_up(void)
{
    json_set_alloc_funcs(allocate, mem_free);
}

/* ---- reading ---- */

static int wrong(struct rpc_request *r, int number)
{
    r->number = number;
    return PT_EUSAGE;
}

static int no_memory(struct rpc_request *r, struct err *err)
{
    r->number = rpc_number(PT_ENOMEM);
    return err_set(err, PT_ENOMEM, "out of memory");
}

/* An id, as JSON. Numbers with a fraction and null are legal, and a trap: they are refused. */
static int read_id(struct rpc_request *r, const json_t *id, const char **ret, struct err *err)
{
    struct buf text = {0};
    if (json_is_string(id))
        buf_json_str(&text, json_string_value(id), json_string_length(id));
    else if (json_is_integer(id))
        buf_i64(&text, json_integer_value(id));
    else
        return err_set(err, wrong(r, RPC_REQUEST), "an id is a string or a whole number");
    if (text.n > RPC_MAX_ID) {
        buf_release(&text);
        return err_set(err, wrong(r, RPC_REQUEST), "an id has at most %u bytes", RPC_MAX_ID);
    }
    const char *kept = text.failed ? NULL : arena_strndup(&r->arena, text.p, text.n);
    buf_release(&text);
    if (kept == NULL)
        return no_memory(r, err);
    *ret = kept;
    return PT_OK;
}

/* "no_tests" is --no-tests. */
static bool same_name(const char *key, const char *name)
{
    for (; *key != '\0' && *name != '\0'; key++, name++) {
        if (*key != *name && !(*key == '_' && *name == '-'))
            return false;
    }
    return *key == *name;
}

static bool shared_applies(const struct rpc_request *r, unsigned i)
{
    uint32_t flags = r->call.method->flags;
    return (shared[i].any == 0 || flags & shared[i].any) && !(flags & shared[i].none) &&
           (!shared[i].asks || r->verb == RPC_METHOD);
}

static void consider(const char *key, const char *name, const char **best, unsigned *least)
{
    unsigned d = name_distance(key, name, 3);
    if (d < *least && d < strlen(name)) {
        *least = d;
        *best = name;
    }
}

static int unknown_param(struct rpc_request *r, const char *key, struct err *err)
{
    const struct method *m = r->call.method;
    const char *best = NULL;
    unsigned least = 4;
    char name[64];
    for (unsigned i = 0; i < method_params(m); i++)
        consider(key, m->params[i].name, &best, &least);
    for (unsigned i = 0; i < SHARED_COUNT; i++) {
        if (shared_applies(r, i))
            consider(key, shared[i].param.name, &best, &least);
    }
    if (best == NULL)
        return err_set(err, wrong(r, RPC_PARAMS), "%s takes no '%.64s'", m->name, key);
    (void)strncpy(name, best, sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    for (char *c = name; *c != '\0'; c++)
        *c = *c == '-' ? '_' : *c;
    return err_set(err, wrong(r, RPC_PARAMS), "%s takes no '%.64s'; did you mean '%s'?", m->name,
                   key, name);
}

/* A value of the right type, as struct call has it: text, digits, "1" or (a flag that is not set)
 * NULL. */
static int read_value(struct rpc_request *r, const struct param *p, const char *key,
                      const json_t *v, const char **ret, struct err *err)
{
    *ret = NULL;
    if (json_is_null(v))
        return PT_OK;
    if (p->type == PARAM_FLAG) {
        if (!json_is_boolean(v))
            return err_set(err, wrong(r, RPC_PARAMS), "'%.64s' is true or false", key);
        *ret = json_is_true(v) ? "1" : NULL;
        return PT_OK;
    }
    if (p->type == PARAM_UINT) {
        json_int_t n = json_integer_value(v);
        if (!json_is_integer(v) || n < 0 || n > UINT32_MAX)
            return err_set(err, wrong(r, RPC_PARAMS), "'%.64s' is a whole number from 0 to %u", key,
                           UINT32_MAX);
        *ret = arena_printf(&r->arena, "%u", (unsigned)n);
        return *ret != NULL ? PT_OK : no_memory(r, err);
    }
    if (!json_is_string(v))
        return err_set(err, wrong(r, RPC_PARAMS), "'%.64s' is a string", key);
    if (p->type == PARAM_CHOICE && !is_choice(p->choices, json_string_value(v)))
        return err_set(err, wrong(r, RPC_PARAMS), "'%.64s' is one of %s", key, p->choices);
    *ret = arena_strndup(&r->arena, json_string_value(v), json_string_length(v));
    return *ret != NULL ? PT_OK : no_memory(r, err);
}

static void set_shared(struct rpc_request *r, unsigned i, const char *value)
{
    uint32_t n = 0;
    if (value == NULL)
        return;
    if (shared[i].param.type == PARAM_UINT)
        (void)parse_uint(value, &n);
    switch ((enum shared)i) {
    case SHARED_WORKSPACE: r->workspace = value; break;
    case SHARED_FORCE: r->force = true; break;
    case SHARED_SYNC: r->sync = true; break;
    case SHARED_NO_REFRESH: r->call.no_refresh = true; break;
    case SHARED_LIMIT: r->call.limit = n != 0 ? n : UINT32_MAX; break; /* as --limit */
    case SHARED_CURSOR: r->call.cursor = value; break;
    case SHARED_MAX_TOKENS: r->call.max_tokens = n; break;
    case SHARED_DEADLINE: r->deadline_ms = n; break;
    case SHARED_FORMAT: r->text = strcmp(value, "text") == 0; break;
    case SHARED_WIDTH: r->render.width = n; break;
    case SHARED_COLOUR: r->render.colour = true; break;
    case SHARED_PROGRAM: r->call.program = value; break;
    case SHARED_COUNT: break;
    }
}

static int read_param(struct rpc_request *r, const char *key, const json_t *v, struct err *err)
{
    const struct method *m = r->call.method;
    const char *value;
    for (unsigned i = 0; i < method_params(m); i++) {
        if (same_name(key, m->params[i].name))
            return read_value(r, &m->params[i], key, v, &r->call.args[i], err);
    }
    for (unsigned i = 0; i < SHARED_COUNT; i++) {
        if (!same_name(key, shared[i].param.name) || !shared_applies(r, i))
            continue;
        int rc = read_value(r, &shared[i].param, key, v, &value, err);
        if (rc == PT_OK)
            set_shared(r, i, value);
        return rc;
    }
    return unknown_param(r, key, err);
}

static int check_params(struct rpc_request *r, struct err *err)
{
    const struct method *m = r->call.method;
    for (unsigned i = 0; i < method_params(m); i++) {
        if (m->params[i].required && r->call.args[i] == NULL)
            return err_set(err, wrong(r, RPC_PARAMS), "%s needs '%s'", m->name, m->params[i].name);
    }
    if (!(m->flags & METHOD_NO_WORKSPACE) && r->workspace == NULL)
        return err_set(err, wrong(r, RPC_PARAMS), "%s needs 'workspace', the root of a tree",
                       m->name);
    if (r->sync && r->call.no_refresh)
        return err_set(err, wrong(r, RPC_PARAMS), "'sync' and 'no_refresh' exclude each other");
    if (r->workspace != NULL && r->workspace[0] != '/')
        return err_set(err, wrong(r, RPC_PARAMS), "'workspace' is an absolute path, not '%.200s'",
                       r->workspace);
    if (r->verb == RPC_UNSUBSCRIBE)
        (void)parse_uint(r->call.args[0], &r->subscription);
    r->call.text = r->text;
    r->render.compact = r->call.max_tokens != 0;
    return PT_OK;
}

static int read_params(struct rpc_request *r, json_t *params, struct err *err)
{
    const char *key;
    json_t *v;
    if (params != NULL && !json_is_object(params))
        return err_set(err, wrong(r, RPC_PARAMS), "params are given by name: {\"x\": ...}");
    if (r->verb == RPC_CANCEL && json_object_get(params, "id") == NULL)
        return err_set(err, wrong(r, RPC_PARAMS), "$/cancel needs 'id'");
    json_object_foreach(params, key, v)
    {
        int rc = r->verb == RPC_CANCEL && strcmp(key, "id") == 0 ? read_id(r, v, &r->target, err)
                                                                 : read_param(r, key, v, err);
        if (rc != PT_OK)
            return rc;
    }
    return check_params(r, err);
}

static int find_method(struct rpc_request *r, const char *name, struct err *err)
{
    const char *best = NULL;
    unsigned least = 4;
    for (unsigned i = 0; i < method_count; i++) {
        if (strcmp(methods[i].name, name) == 0) {
            r->verb = RPC_METHOD;
            r->call.method = &methods[i];
            return PT_OK;
        }
        consider(name, methods[i].name, &best, &least);
    }
    for (unsigned i = 0; i < PT_COUNT(builtins); i++) {
        if (strcmp(builtins[i].name, name) == 0) {
            r->verb = (enum rpc_verb)i;
            r->call.method = &builtins[i];
            return PT_OK;
        }
        consider(name, builtins[i].name, &best, &least);
    }
    if (best != NULL)
        return err_set(err, wrong(r, RPC_NO_METHOD), "no method '%.64s'; did you mean '%s'?", name,
                       best);
    return err_set(err, wrong(r, RPC_NO_METHOD), "no method '%.64s'", name);
}

/* What a request may be made of, and no more. */
static int check_members(struct rpc_request *r, json_t *doc, struct err *err)
{
    const char *key;
    json_t *v;
    const char *version = json_string_value(json_object_get(doc, "jsonrpc"));
    json_object_foreach(doc, key, v)
    {
        if (strcmp(key, "jsonrpc") != 0 && strcmp(key, "id") != 0 && strcmp(key, "method") != 0 &&
            strcmp(key, "params") != 0)
            return err_set(err, wrong(r, RPC_REQUEST), "a request has no '%.64s'", key);
    }
    if (version == NULL || strcmp(version, "2.0") != 0)
        return err_set(err, wrong(r, RPC_REQUEST), "a request says \"jsonrpc\": \"2.0\"");
    if (!json_is_string(json_object_get(doc, "method")))
        return err_set(err, wrong(r, RPC_REQUEST), "a request has a 'method', a string");
    return PT_OK;
}

static int read_document(struct rpc_request *r, json_t *doc, struct err *err)
{
    const json_t *id = json_object_get(doc, "id");
    if (json_is_array(doc))
        return err_set(err, wrong(r, RPC_REQUEST),
                       "batches are not understood: send one request a line, without waiting");
    if (!json_is_object(doc))
        return err_set(err, wrong(r, RPC_REQUEST), "a request is an object");
    int rc = id != NULL ? read_id(r, id, &r->id, err) : PT_OK;
    if (rc == PT_OK)
        rc = check_members(r, doc, err);
    if (rc == PT_OK)
        r->notification = id == NULL;
    if (rc == PT_OK)
        rc = find_method(r, json_string_value(json_object_get(doc, "method")), err);
    return rc == PT_OK ? read_params(r, json_object_get(doc, "params"), err) : rc;
}

int rpc_read(struct slice line, struct rpc_request *ret, struct err *err)
{
    json_error_t why;
    out_of_memory = false;
    memset(ret, 0, sizeof(*ret));
    arena_init(&ret->arena);
    ret->call.program = "parseltongue";
    json_t *doc = json_loadb(line.p != NULL ? line.p : "", line.n,
                             JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &why);
    if (out_of_memory) { /* even of a document: bytes may be missing in it */
        json_decref(doc);
        return no_memory(ret, err);
    }
    if (doc == NULL)
        return err_set(err, wrong(ret, RPC_PARSE), "no JSON: %s (byte %d)", why.text, why.position);
    int rc = read_document(ret, doc, err);
    json_decref(doc);
    return rc;
}

void rpc_request_release(struct rpc_request *r)
{
    arena_release(&r->arena);
}

/* ---- writing ---- */

static void put_head(struct buf *out, const struct rpc_request *r)
{
    buf_str(out, "{\"jsonrpc\":\"2.0\",\"id\":");
    buf_str(out, r->id != NULL ? r->id : "null");
}

static void put_text(struct buf *out, const struct buf *text)
{
    buf_str(out, "\"text\":");
    buf_json_str(out, text->p != NULL ? text->p : "", text->n);
    out->failed |= text->failed;
}

/* What else goes beside the text: which version of the graph it is about. */
static void put_version(struct buf *out, const struct answer *a)
{
    static const char *const keys[] = {"generation", "as_of"};
    for (unsigned i = 0; i < PT_COUNT(keys); i++) {
        const struct value *v = value_get(a->root, keys[i]);
        if (v == NULL)
            continue;
        buf_printf(out, ",\"%s\":", keys[i]);
        render_json_value(v, out);
    }
}

static void put_result_text(struct buf *out, const struct rpc_request *r, const struct answer *a)
{
    struct buf text = {0};
    const struct value *whole = value_get(a->root, "text");
    if (r->call.method->flags & METHOD_TEXT && whole != NULL)
        buf_add(&text, whole->string.p, whole->string.n);
    else
        render_text(a, &r->render, &text);
    buf_char(out, '{');
    put_text(out, &text);
    put_version(out, a);
    buf_char(out, '}');
    buf_release(&text);
}

void rpc_put_result(struct buf *out, const struct rpc_request *r, const struct answer *a)
{
    put_head(out, r);
    buf_str(out, ",\"result\":");
    if (r->text)
        put_result_text(out, r, a);
    else
        render_json_value(a->root, out);
    buf_str(out, "}\n");
}

void rpc_put_failure(struct buf *out, const struct rpc_request *r, int number,
                     const struct answer *a)
{
    const struct value *error = value_get(a->root, "error");
    const struct value *message = value_get(error, "message");
    struct buf data = {0};
    put_head(out, r);
    buf_printf(out, ",\"error\":{\"code\":%d,\"message\":", number);
    if (message != NULL)
        render_json_value(message, out);
    else
        buf_str(out, "\"failed\"");
    buf_str(out, ",\"data\":");
    render_json_value(error != NULL ? error : a->root, &data);
    if (r->text && data.n > 2 && !data.failed) {
        struct buf text = {0};
        render_failure(a, &r->render, &text);
        data.n--; /* the closing brace */
        buf_char(&data, ',');
        put_text(&data, &text);
        buf_char(&data, '}');
        buf_release(&text);
    }
    buf_slice(out, buf_as_slice(&data));
    out->failed |= data.failed;
    buf_release(&data);
    buf_str(out, "}}\n");
}

void rpc_put_note(struct buf *out, const char *method, const struct answer *a, struct slice more)
{
    buf_printf(out, "{\"jsonrpc\":\"2.0\",\"method\":\"%s\",\"params\":", method);
    render_json_value(a->root, out);
    if (more.n > 0 && !out->failed) {
        out->n--; /* in front of its end */
        buf_char(out, ',');
        buf_slice(out, more);
        buf_char(out, '}');
    }
    buf_str(out, "}\n");
}
