/* The reader of requests. What it takes must be wholly checked: a known method, arguments of the
 * right types, an id that is JSON again. What it refuses must come with a number and a message, and
 * whatever is answered must be one line of JSON. */
#include "server/rpc.h"

#include <jansson.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_id(const char *id)
{
    if (id == NULL)
        return;
    json_t *doc = json_loads(id, JSON_DECODE_ANY, NULL);
    if (strlen(id) > RPC_MAX_ID || (!json_is_string(doc) && !json_is_integer(doc)))
        abort();
    json_decref(doc);
}

static void check_args(const struct call *c)
{
    for (unsigned i = 0; i < method_params(c->method); i++) {
        const struct param *p = &c->method->params[i];
        uint32_t n;
        if (p->required && c->args[i] == NULL)
            abort();
        if (c->args[i] != NULL && p->type == PARAM_UINT && !parse_uint(c->args[i], &n))
            abort();
        if (c->args[i] != NULL && !utf8_valid(c->args[i], strlen(c->args[i])))
            abort();
    }
}

static void check_request(const struct rpc_request *r)
{
    if (r->call.method == NULL || r->notification != (r->id == NULL))
        abort();
    if (!(r->call.method->flags & METHOD_NO_WORKSPACE) &&
        (r->workspace == NULL || r->workspace[0] != '/'))
        abort();
    if (r->verb == RPC_CANCEL)
        check_id(r->target);
    check_args(&r->call);
}

static void check_line(const struct buf *line)
{
    json_t *doc = json_loadb(line->p, line->n, JSON_REJECT_DUPLICATES, NULL);
    if (line->failed || !json_is_object(doc) || line->p[line->n - 1] != '\n' ||
        slice_chr(slice_head(buf_as_slice(line), line->n - 1), '\n') != NULL)
        abort();
    json_decref(doc);
}

static void check_failure(const struct rpc_request *r, const struct err *err)
{
    struct answer a;
    struct buf line = {0};
    if (r->number >= 0 || err->msg[0] == '\0')
        abort();
    answer_init(&a);
    answer_fail(&a, err->code, err->msg);
    rpc_put_failure(&line, r, r->number, &a);
    check_line(&line);
    answer_release(&a);
    buf_release(&line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rpc_request r;
    struct err err = {0};
    int rc = rpc_read(slice_of((const char *)data, size), &r, &err);
    check_id(r.id);
    if (rc == PT_OK)
        check_request(&r);
    else
        check_failure(&r, &err);
    rpc_request_release(&r);
    return 0;
}
