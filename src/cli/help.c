/* Help, made from the tables. */
#include "cli/args.h"
#include "cli/verbs.h"
#include "server/config.h"

#include <string.h>

#define COLUMNS 80u
#define OPTIONS_AT 26u /* where texts begin */
#define VERBS_AT 31u

/* "--depth N", "TRAIT", "nodes|edges|dump" */
static void put_param(struct buf *b, const struct param *p)
{
    if (!p->positional)
        buf_printf(b, "--%s%s", p->name, p->type != PARAM_FLAG ? " " : "");
    if (p->positional || p->type != PARAM_FLAG)
        buf_str(b, p->value);
}

/* Words from column `at` on, in as many lines as they need; `used` columns are taken. */
static void put_words(struct buf *out, const char *text, size_t used, size_t at)
{
    const char *between = "";
    if (used + 2 > at) {
        buf_char(out, '\n');
        used = 0;
    }
    buf_fill(out, ' ', at - used);
    for (used = at; *text != '\0'; text += *text == ' ') {
        size_t n = strcspn(text, " ");
        if (used + n + strlen(between) > COLUMNS) {
            buf_char(out, '\n');
            buf_fill(out, ' ', at);
            used = at;
            between = "";
        }
        buf_str(out, between);
        buf_add(out, text, n);
        used += n + strlen(between);
        between = " ";
        text += n;
    }
    buf_char(out, '\n');
}

static void put_line(struct buf *out, const struct param *p)
{
    size_t before = out->n;
    buf_str(out, "  ");
    put_param(out, p);
    put_words(out, p->help, out->n - before, OPTIONS_AT);
}

static void put_usage(const struct method *m, struct buf *out)
{
    bool options = false;
    buf_printf(out, "usage: parseltongue %s", m->verb);
    for (unsigned i = 0; i < method_params(m); i++) {
        const struct param *p = &m->params[i];
        options |= !p->positional;
        if (!p->positional)
            continue;
        buf_str(out, p->required ? " " : " [");
        buf_printf(out, "%s%s", p->value, p->rest ? "..." : "");
        buf_str(out, p->required ? "" : "]");
    }
    buf_str(out, options ? " [OPTION...]\n" : "\n");
    if (m->also != NULL)
        buf_printf(out, "   or: parseltongue %s ...\n", m->also);
}

void help_of(const struct method *m, struct buf *out)
{
    put_usage(m, out);
    buf_printf(out, "\n%s.\n", m->summary);
    if (method_params(m) > 0)
        buf_char(out, '\n');
    for (unsigned i = 0; i < method_params(m); i++)
        put_line(out, &m->params[i]);
    buf_str(out, "\n");
    for (const struct param *p = shared_options; p->name != NULL; p++) {
        if (shared_option_applies(m, p))
            put_line(out, p);
    }
    if (m->example != NULL)
        buf_printf(out, "\nexample: parseltongue %s %s\n", m->verb, m->example);
}

static bool is_question(const struct method *m)
{
    return strncmp(m->verb, "query ", 6) == 0;
}

/* A line for each verb, or for each question alone. */
static void put_verbs(struct buf *out, bool questions)
{
    for (unsigned v = 0; v < verb_count(); v++) {
        const struct method *m = verb_at(v);
        size_t before = out->n;
        if (questions && !is_question(m))
            continue;
        buf_printf(out, "  %s", m->verb);
        for (unsigned i = 0; i < method_params(m); i++) {
            const struct param *p = &m->params[i];
            if (p->positional)
                buf_printf(out, p->required ? " %s%s" : " [%s%s]", p->value, p->rest ? "..." : "");
        }
        put_words(out, m->summary, out->n - before, VERBS_AT);
    }
}

static void questions(struct buf *out)
{
    buf_str(out, "usage: parseltongue query QUESTION [ARGUMENT...] [OPTION...]\n\n");
    put_verbs(out, true);
    buf_str(out, "\nparseltongue help query QUESTION tells more.\n");
}

static void overview(struct buf *out)
{
    buf_str(out, "usage: parseltongue VERB [ARGUMENT...] [OPTION...]\n\n"
                 "Knows how the parts of a code base hang together, and answers questions about\n"
                 "it.\n\n");
    put_verbs(out, false);
    buf_str(out, "\nOptions of every verb that has a use for them:\n\n");
    for (const struct param *p = shared_options; p->name != NULL; p++)
        put_line(out, p);
    buf_str(out, "\nNames: a full path, its end, or a bare name; NAME@FILE and FILE:LINE tell\n"
                 "namesakes apart.\n"
                 "Exit status: 0 answered, 1 failed, 2 wrong usage, 3 unknown or ambiguous name,\n"
                 "130 interrupted.\n"
                 "parseltongue help VERB tells more; help config: of the configuration file.\n");
}

static void json_param(struct answer *a, struct value *list, const struct param *p)
{
    static const char *const types[] = {
        [PARAM_TEXT] = "text",
        [PARAM_UINT] = "number",
        [PARAM_FLAG] = "flag",
        [PARAM_CHOICE] = "choice",
    };
    struct value *row = answer_object(a, list, NULL);
    (void)answer_cstr(a, row, "name", ROLE_NAME, p->name);
    (void)answer_cstr(a, row, "type", ROLE_KIND, types[p->type]);
    (void)answer_bool(a, row, "positional", p->positional);
    (void)answer_bool(a, row, "required", p->required);
    if (p->choices != NULL)
        (void)answer_cstr(a, row, "choices", ROLE_PLAIN, p->choices);
    (void)answer_cstr(a, row, "help", ROLE_PLAIN, p->help);
}

static void json_verb(struct answer *a, struct value *list, const struct method *m)
{
    struct value *row = answer_object(a, list, NULL);
    (void)answer_cstr(a, row, "verb", ROLE_NAME, m->verb);
    (void)answer_cstr(a, row, "summary", ROLE_PLAIN, m->summary);
    struct value *params = answer_array(a, row, "params");
    for (unsigned i = 0; i < method_params(m); i++)
        json_param(a, params, &m->params[i]);
    for (const struct param *p = shared_options; p->name != NULL; p++) {
        if (shared_option_applies(m, p))
            json_param(a, params, p);
    }
}

static int deliver(struct call *c, const struct buf *out, struct err *err)
{
    if (out->failed)
        return err_set(err, PT_ENOMEM, "out of memory");
    return c->sink(c->sink_ctx, out->p, out->n)
               ? PT_OK
               : err_set(err, PT_EIO, "the output was not taken whole");
}

/* The configuration file, which is no verb: all its keys. */
static int help_config(struct call *c, struct answer *a, struct err *err)
{
    struct buf out = {0};
    struct config_key key;
    struct value *keys = answer_array(a, a->root, "keys");
    for (unsigned i = 0; config_key(i, &key); i++) {
        struct value *row = answer_object(a, keys, NULL);
        (void)answer_cstr(a, row, "section", ROLE_PLAIN, key.section);
        (void)answer_cstr(a, row, "name", ROLE_NAME, key.name);
        (void)answer_cstr(a, row, "default", ROLE_PLAIN, key.fallback);
        if (key.choices != NULL)
            (void)answer_cstr(a, row, "choices", ROLE_PLAIN, key.choices);
        (void)answer_cstr(a, row, "help", ROLE_PLAIN, key.help);
    }
    config_document(&out);
    int rc = deliver(c, &out, err);
    buf_release(&out);
    return rc;
}

static int find_verb(const struct call *c, const struct method **ret, struct err *err)
{
    const char *words[] = {call_arg(c, "verb"), call_arg(c, "question")};
    unsigned taken, n = words[0] == NULL ? 0 : words[1] == NULL ? 1 : 2;
    *ret = n > 0 ? verb_find(words, n, &taken) : NULL;
    if (n == 0 || *ret != NULL || (n == 1 && strcmp(words[0], "query") == 0))
        return PT_OK;
    const struct method *like = verb_like(words, n);
    if (like != NULL)
        return err_set(err, PT_EUSAGE, "there is no '%s%s%s'; did you mean '%s'?", words[0],
                       n == 2 ? " " : "", n == 2 ? words[1] : "", like->verb);
    return err_set(err, PT_EUSAGE, "there is no '%s%s%s'", words[0], n == 2 ? " " : "",
                   n == 2 ? words[1] : "");
}

int run_help(struct call *c, struct answer *a, struct err *err)
{
    const struct method *m;
    struct buf out = {0};
    const char *topic = call_arg(c, "verb");
    if (topic != NULL && strcmp(topic, "config") == 0)
        return help_config(c, a, err);
    int rc = find_verb(c, &m, err);
    if (rc != PT_OK)
        return rc;
    struct value *verbs = answer_array(a, a->root, "verbs");
    bool query = m == NULL && call_arg(c, "verb") != NULL;
    for (unsigned v = 0; v < verb_count(); v++) {
        if (m == verb_at(v) || (m == NULL && (!query || is_question(verb_at(v)))))
            json_verb(a, verbs, verb_at(v));
    }
    if (m != NULL)
        help_of(m, &out);
    else if (query)
        questions(&out);
    else
        overview(&out);
    rc = deliver(c, &out, err);
    buf_release(&out);
    return rc;
}
