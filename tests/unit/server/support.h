/* What the tests of src/server share: asking a small graph, and comparing texts. */
#ifndef PT_TESTS_UNIT_SERVER_SUPPORT_H
#define PT_TESTS_UNIT_SERVER_SUPPORT_H

#include "unit/base/support.h"

#include "base/fault.h"
#include "server/methods.h"
#include "server/render.h"
#include "support/graph_builder.h"

static inline const struct method *method_named(const char *name)
{
    for (unsigned i = 0; i < method_count; i++) {
        if (strcmp(methods[i].name, name) == 0)
            return &methods[i];
    }
    fail_msg("no method %s", name);
    abort();
}

static inline bool into_buf(void *ctx, const char *p, size_t n)
{
    buf_add(ctx, p, n);
    return true;
}

/* A question: method, arguments as "name=value name name=value" (commas and all, no blanks). */
struct question {
    struct call call;
    char *args;
    struct buf out; /* of raw methods */
};

static inline void question_init(struct question *q, const struct graph *g, const char *method,
                                 const char *args)
{
    *q = (struct question){.call = {.method = method_named(method),
                                    .view = g->v,
                                    .program = "parseltongue",
                                    .sink = into_buf}};
    q->args = strdup(args);
    q->call.sink_ctx = &q->out;
    char *rest = q->args;
    for (char *one; (one = strsep(&rest, " ")) != NULL;) {
        char *value = strchr(one, '=');
        if (*one == '\0')
            continue;
        if (value != NULL)
            *value++ = '\0';
        bool known = false;
        for (unsigned i = 0; i < method_params(q->call.method); i++) {
            if (strcmp(q->call.method->params[i].name, one) != 0)
                continue;
            q->call.args[i] = value != NULL ? value : "1";
            known = true;
        }
        assert_true(known);
    }
}

static inline void question_release(struct question *q)
{
    buf_release(&q->out);
    free(q->args);
}

/* The text of an answer; of a failure "CODE: MESSAGE" and the candidates. `want_rc` is checked. */
static inline char *answer_of(struct question *q, int want_rc, bool json)
{
    static const struct render_options plain = {.width = 0};
    struct answer a;
    struct err err = {0};
    struct buf out = {0};
    answer_init(&a);
    int rc = method_answer(&q->call, &a, &err);
    if (rc != want_rc)
        fail_msg("%s: code %d instead of %d: %s", q->call.method->name, rc, want_rc, err.msg);
    if (rc != PT_OK) {
        buf_printf(&out, "%s: %s\n", err_name(rc), err.msg);
        const struct value *rows = value_get(a.root, "candidates");
        if (rows != NULL)
            render_rows(rows, &plain, &out);
    } else if (json) {
        render_json(&a, &out);
    } else {
        render_text(&a, &plain, &out);
    }
    answer_release(&a);
    return buf_steal(&out, NULL);
}

static inline char *ask(const struct graph *g, const char *method, const char *args, int want_rc)
{
    struct question q;
    question_init(&q, g, method, args);
    char *text = answer_of(&q, want_rc, false);
    if (q.out.n > 0) {
        free(text);
        text = strdup(buf_cstr(&q.out));
    }
    question_release(&q);
    return text;
}

#define check_answer(g, method, args, want)                                                        \
    do {                                                                                           \
        char *text_ = ask(g, method, args, PT_OK);                                                 \
        assert_string_equal(text_, want);                                                          \
        free(text_);                                                                               \
    } while (0)

#define check_failure(g, method, args, rc, want)                                                   \
    do {                                                                                           \
        char *text_ = ask(g, method, args, rc);                                                    \
        assert_string_equal(text_, want);                                                          \
        free(text_);                                                                               \
    } while (0)

#endif
