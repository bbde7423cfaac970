#include "cli/args.h"

#include "cli/verbs.h"
#include "query/search.h"

#include <popt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_OPTIONS 64u
#define MAX_WORDS 64u

const struct param shared_options[] = {
    {.name = "workspace",
     .value = "DIR",
     .help = "the tree (default: the git repository around here, else this folder)"},
    {.name = "format",
     .value = "human|json",
     .choices = "human|json",
     .help = "for people (default), or one JSON document",
     .type = PARAM_CHOICE},
    {.name = "limit", .value = "N", .help = "at most N rows; 0: all", .type = PARAM_UINT},
    {.name = "cursor", .value = "C", .help = "go on where an answer was cut"},
    {.name = "max-tokens",
     .value = "N",
     .help = "cut the answer to a budget (4 bytes a token)",
     .type = PARAM_UINT},
    {.name = "threads",
     .value = "N",
     .help = "index with N threads (default: one for each core)",
     .type = PARAM_UINT},
    {.name = "no-ignore", .help = "read no ignore files", .type = PARAM_FLAG},
    {.name = "no-refresh",
     .help = "answer from the graph as it is, and say how stale that is",
     .type = PARAM_FLAG},
    {.name = "no-daemon",
     .help = "neither ask nor start the daemon (nor with PARSELTONGUE_NO_DAEMON=1)",
     .type = PARAM_FLAG},
    {.name = "force",
     .help = "also if the tree is /, the home folder, or above that",
     .type = PARAM_FLAG},
    {.name = "color",
     .value = "auto|always|never",
     .choices = "auto|always|never",
     .help = "colours (default: on a terminal, unless NO_COLOR is set)",
     .type = PARAM_CHOICE},
    {.name = "help", .help = "show this", .type = PARAM_FLAG},
    {.name = NULL},
};

bool shared_option_applies(const struct method *m, const struct param *option)
{
    static const struct {
        const char *name;
        uint32_t any, none; /* flags of which the method has one, has none */
    } rules[] = {
        {"workspace", UINT32_MAX, METHOD_NO_WORKSPACE},
        {"limit", METHOD_LISTS | METHOD_LIMIT, 0},
        {"cursor", METHOD_LISTS, 0},
        {"max-tokens", METHOD_LISTS | METHOD_TOKENS, 0},
        {"threads", UINT32_MAX, METHOD_NO_WORKSPACE | METHOD_CLOSED},
        {"no-ignore", UINT32_MAX, METHOD_NO_WORKSPACE | METHOD_CLOSED},
        {"no-refresh", UINT32_MAX, METHOD_NO_WORKSPACE | METHOD_CLOSED | METHOD_WRITES},
        {"no-daemon", UINT32_MAX, METHOD_NO_WORKSPACE | METHOD_CLOSED},
        {"force", UINT32_MAX, METHOD_NO_WORKSPACE | METHOD_CLOSED},
    };
    for (unsigned i = 0; m->params[i].name != NULL && i < MAX_PARAMS; i++) {
        if (strcmp(m->params[i].name, option->name) == 0)
            return false; /* the verb has one of its own */
    }
    for (unsigned i = 0; i < PT_COUNT(rules); i++) {
        if (strcmp(rules[i].name, option->name) == 0)
            return (rules[i].any == UINT32_MAX || m->flags & rules[i].any) &&
                   !(m->flags & rules[i].none);
    }
    return true;
}

/* ---- splitting: options and words ---- */

struct given {
    const char *name, *value; /* value NULL: a flag */
};

struct split {
    struct args *args;
    struct poptOption options[MAX_OPTIONS];
    unsigned n_options;
    struct given given[MAX_OPTIONS];
    unsigned n_given;
    const char *words[MAX_WORDS];
    unsigned n_words;
};

static void know(struct split *s, const struct param *p)
{
    for (unsigned i = 0; i < s->n_options; i++) {
        if (strcmp(s->options[i].longName, p->name) == 0)
            return;
    }
    if (s->n_options + 1 == MAX_OPTIONS)
        abort(); /* the tables have outgrown this one */
    s->options[s->n_options] = (struct poptOption){
        .longName = p->name,
        .shortName = strcmp(p->name, "help") == 0 ? 'h' : '\0',
        .argInfo = p->type == PARAM_FLAG ? POPT_ARG_NONE : POPT_ARG_STRING,
        .val = (int)s->n_options + 1,
    };
    s->n_options++;
}

/* Every option of every verb: an option may come before the verb that it belongs to. */
static void know_all(struct split *s)
{
    static const struct param version = {.name = "version", .type = PARAM_FLAG};
    for (const struct param *p = shared_options; p->name != NULL; p++)
        know(s, p);
    know(s, &version);
    for (unsigned v = 0; v < verb_count(); v++) {
        const struct method *m = verb_at(v);
        for (unsigned i = 0; i < method_params(m); i++) {
            if (!m->params[i].positional)
                know(s, &m->params[i]);
        }
    }
}

static int bad_option(const struct split *s, const char *text, struct err *err)
{
    const char *best = NULL;
    unsigned least = 3;
    char name[64];
    (void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(text, "="), text);
    for (unsigned i = 0; i < s->n_options && strncmp(name, "--", 2) == 0; i++) {
        unsigned d = name_distance(name + 2, s->options[i].longName, 2);
        if (d < least && d + 1 < strlen(s->options[i].longName)) {
            least = d;
            best = s->options[i].longName;
        }
    }
    if (best != NULL)
        return err_set(err, PT_EUSAGE, "no option %s; did you mean --%s?", name, best);
    return err_set(err, PT_EUSAGE, "no option %s", name);
}

static int popt_failure(const struct split *s, poptContext con, int code, struct err *err)
{
    const char *text = poptBadOption(con, POPT_BADOPTION_NOALIAS);
    if (text == NULL)
        text = "?";
    switch (code) {
    case POPT_ERROR_BADOPT: return bad_option(s, text, err);
    case POPT_ERROR_NOARG: return err_set(err, PT_EUSAGE, "%s needs a value", text);
    case POPT_ERROR_UNWANTEDARG:
        return err_set(err, PT_EUSAGE, "%.*s takes no value", (int)strcspn(text, "="), text);
    default: return err_set(err, PT_EUSAGE, "%s: %s", text, poptStrerror(code));
    }
}

static int take_option(struct split *s, poptContext con, int val, struct err *err)
{
    struct given g = {.name = s->options[val - 1].longName};
    char *value = poptGetOptArg(con);
    if (s->n_given == MAX_OPTIONS) {
        free(value);
        return err_set(err, PT_EUSAGE, "too many options");
    }
    if (value != NULL) {
        g.value = arena_strdup(&s->args->arena, value);
        free(value);
        if (g.value == NULL)
            return err_set(err, PT_ENOMEM, "out of memory");
    }
    s->given[s->n_given++] = g;
    return PT_OK;
}

static int take_words(struct split *s, poptContext con, struct err *err)
{
    const char **words = poptGetArgs(con);
    for (; words != NULL && *words != NULL; words++) {
        if (s->n_words == MAX_WORDS)
            return err_set(err, PT_EUSAGE, "too many arguments");
        s->words[s->n_words] = arena_strdup(&s->args->arena, *words);
        if (s->words[s->n_words++] == NULL)
            return err_set(err, PT_ENOMEM, "out of memory");
    }
    return PT_OK;
}

static int split(struct split *s, int argc, const char *const *argv, struct err *err)
{
    poptContext con = poptGetContext("parseltongue", argc, (const char **)argv, s->options, 0);
    int rc = PT_OK, val;
    if (con == NULL)
        return err_set(err, PT_ENOMEM, "out of memory");
    while (rc == PT_OK && (val = poptGetNextOpt(con)) > 0)
        rc = take_option(s, con, val, err);
    if (rc == PT_OK && val < -1)
        rc = popt_failure(s, con, val, err);
    if (rc == PT_OK)
        rc = take_words(s, con, err);
    (void)poptFreeContext(con);
    return rc;
}

/* ---- meaning ---- */

static int check_value(const struct param *p, const char *value, struct err *err)
{
    uint32_t number;
    const char *dashes = p->positional ? "" : "--";
    const char *name = p->positional ? p->value : p->name;
    if (p->type == PARAM_UINT && !parse_uint(value, &number) && *value != '\0' &&
        value[strspn(value, "0123456789")] == '\0')
        return err_set(err, PT_EUSAGE, "%s%s %s is too large", dashes, name, value);
    if (p->type == PARAM_UINT && !parse_uint(value, &number))
        return err_set(err, PT_EUSAGE, "%s%s takes a number, not '%s'", dashes, name, value);
    if (p->type == PARAM_CHOICE && !is_choice(p->choices, value)) {
        if (p->positional)
            return err_set(err, PT_EUSAGE, "'%s' is none of %s", value, p->choices);
        return err_set(err, PT_EUSAGE, "--%s is one of %s, not '%s'", name, p->choices, value);
    }
    return PT_OK;
}

static uint32_t number_of(const char *value)
{
    uint32_t n = 0;
    (void)parse_uint(value, &n);
    return n;
}

static void set_shared(struct args *a, const struct given *g)
{
    const char *value = g->value != NULL ? g->value : "";
    if (strcmp(g->name, "workspace") == 0)
        a->workspace = value;
    else if (strcmp(g->name, "cursor") == 0)
        a->cursor = value;
    else if (strcmp(g->name, "limit") == 0)
        a->limit = number_of(value) != 0 ? number_of(value) : UINT32_MAX;
    else if (strcmp(g->name, "max-tokens") == 0)
        a->max_tokens = number_of(value);
    else if (strcmp(g->name, "threads") == 0)
        a->threads = number_of(value);
    else if (strcmp(g->name, "no-ignore") == 0)
        a->no_ignore = true;
    else if (strcmp(g->name, "no-refresh") == 0)
        a->no_refresh = true;
    else if (strcmp(g->name, "no-daemon") == 0)
        a->no_daemon = true;
    else if (strcmp(g->name, "force") == 0)
        a->force = true;
    else if (strcmp(g->name, "help") == 0)
        a->help = true;
    else if (strcmp(g->name, "version") == 0)
        a->version = true;
    else if (strcmp(g->name, "format") == 0)
        a->json = strcmp(value, "json") == 0;
    else if (strcmp(g->name, "color") == 0)
        a->colour = strcmp(value, "always") == 0  ? COLOUR_ALWAYS
                    : strcmp(value, "never") == 0 ? COLOUR_NEVER
                                                  : COLOUR_AUTO;
}

static const struct param *shared_option(const char *name)
{
    for (const struct param *p = shared_options; p->name != NULL; p++) {
        if (strcmp(p->name, name) == 0)
            return p;
    }
    return NULL;
}

static int assign_option(struct args *a, const struct given *g, struct err *err)
{
    for (unsigned i = 0; a->method != NULL && i < method_params(a->method); i++) {
        const struct param *p = &a->method->params[i];
        if (p->positional || strcmp(p->name, g->name) != 0)
            continue;
        const char *before = p->many ? a->values[i] : NULL;
        a->values[i] = g->value != NULL ? g->value : "1";
        if (before != NULL)
            a->values[i] = arena_printf(&a->arena, "%s\n%s", before, a->values[i]);
        if (a->values[i] == NULL)
            return err_set(err, PT_ENOMEM, "out of memory");
        return g->value != NULL ? check_value(p, g->value, err) : PT_OK;
    }
    const struct param *p = shared_option(g->name);
    if (p != NULL && a->method != NULL && !shared_option_applies(a->method, p))
        p = NULL;
    if (p == NULL && strcmp(g->name, "version") != 0)
        return a->method != NULL
                   ? err_set(err, PT_EUSAGE, "%s takes no --%s", a->method->verb, g->name)
                   : PT_OK;
    int rc = p != NULL && g->value != NULL ? check_value(p, g->value, err) : PT_OK;
    if (rc == PT_OK)
        set_shared(a, g);
    return rc;
}

static int assign_words(struct args *a, const struct split *s, unsigned taken, struct err *err)
{
    unsigned at = taken;
    for (unsigned i = 0; i < method_params(a->method); i++) {
        const struct param *p = &a->method->params[i];
        if (!p->positional)
            continue;
        if (at == s->n_words) {
            if (p->required && !a->help)
                return err_set(err, PT_EUSAGE, "%s needs %s", a->method->verb, p->value);
            continue;
        }
        a->values[i] = s->words[at++];
        for (; p->rest && at < s->n_words && a->values[i] != NULL; at++)
            a->values[i] = arena_printf(&a->arena, "%s %s", a->values[i], s->words[at]);
        if (a->values[i] == NULL)
            return err_set(err, PT_ENOMEM, "out of memory");
        int rc = check_value(p, a->values[i], err);
        if (rc != PT_OK)
            return rc;
    }
    if (at < s->n_words)
        return err_set(err, PT_EUSAGE, "%s has no use for '%s'", a->method->verb, s->words[at]);
    return PT_OK;
}

static int no_verb(const struct split *s, struct err *err)
{
    const struct method *like = verb_like(s->words, s->n_words);
    bool query = strcmp(s->words[0], "query") == 0;
    if (query && s->n_words == 1)
        return err_set(err, PT_EUSAGE, "query needs a question: query callers NAME, for example");
    if (like != NULL)
        return err_set(err, PT_EUSAGE, "there is no '%s%s'; did you mean '%s'?",
                       query ? "query " : "", s->words[query], like->verb);
    return err_set(err, PT_EUSAGE, "there is no '%s%s'", query ? "query " : "", s->words[query]);
}

/* Options first: whether the answer is to be JSON must be known before anything is found wrong. */
static int assign(struct args *a, const struct split *s, struct err *err)
{
    unsigned taken = 0;
    a->method = verb_find(s->words, s->n_words, &taken);
    a->query = s->n_words > 0 && strcmp(s->words[0], "query") == 0;
    struct err first = {0};
    for (unsigned i = 0; i < s->n_given; i++) {
        struct err why = {0};
        if (assign_option(a, &s->given[i], &why) != PT_OK && first.code == PT_OK)
            first = why;
    }
    if (a->method == NULL && s->n_words > 0 && !a->help)
        return no_verb(s, err);
    if (first.code != PT_OK) {
        *err = first;
        return first.code;
    }
    return a->method != NULL ? assign_words(a, s, taken, err) : PT_OK;
}

/* For the report of a command line that could not even be split. */
static bool asks_for_json(int argc, const char *const *argv)
{
    bool json = false;
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--format") == 0 && i + 1 < argc)
            json = strcmp(argv[i + 1], "json") == 0;
        else if (strncmp(argv[i], "--format=", 9) == 0)
            json = strcmp(argv[i] + 9, "json") == 0;
    }
    return json;
}

int args_parse(int argc, const char *const *argv, struct args *ret, struct err *err)
{
    struct err why = {0};
    *ret = (struct args){0};
    arena_init(&ret->arena);
    struct split *s = arena_calloc(&ret->arena, 1, sizeof(*s));
    if (s == NULL)
        return err_set(err, PT_ENOMEM, "out of memory");
    s->args = ret;
    ret->json = asks_for_json(argc, argv);
    know_all(s);
    int rc = split(s, argc, argv, &why);
    if (rc == PT_OK)
        rc = assign(ret, s, &why);
    if (rc != PT_OK && err != NULL)
        *err = why;
    return rc;
}

void args_release(struct args *a)
{
    arena_release(&a->arena);
}
