/* THE table, and dispatch. */
#include "server/methods.h"

#include "base/clock.h"
#include "server/refresh.h"

#include <string.h>

#define ARG(n, v, h)                                                                               \
    {                                                                                              \
        .name = (n), .value = (v), .help = (h), .positional = true, .required = true               \
    }
#define ARG_REST(n, v, h)                                                                          \
    {                                                                                              \
        .name = (n), .value = (v), .help = (h), .positional = true, .required = true, .rest = true \
    }
#define ARG_OPTIONAL(n, v, h)                                                                      \
    {                                                                                              \
        .name = (n), .value = (v), .help = (h), .positional = true                                 \
    }
#define ARG_CHOICE(n, c, h)                                                                        \
    {                                                                                              \
        .name = (n), .value = (c), .choices = (c), .help = (h), .type = PARAM_CHOICE,              \
        .positional = true, .required = true                                                       \
    }
#define OPTION(n, v, h)                                                                            \
    {                                                                                              \
        .name = (n), .value = (v), .help = (h)                                                     \
    }
#define NUMBER(n, h)                                                                               \
    {                                                                                              \
        .name = (n), .value = "N", .help = (h), .type = PARAM_UINT                                 \
    }
#define CHOICE(n, c, h)                                                                            \
    {                                                                                              \
        .name = (n), .value = (c), .choices = (c), .help = (h), .type = PARAM_CHOICE               \
    }
#define FLAG(n, h)                                                                                 \
    {                                                                                              \
        .name = (n), .help = (h), .type = PARAM_FLAG                                               \
    }

#define CANDIDATES FLAG("candidates", "include what is only one of several possible targets")
#define NO_TESTS FLAG("no-tests", "leave test code out")
#define DEPTH(h) NUMBER("depth", h)

const struct method methods[] = {
    {.name = "index",
     .verb = "index",
     .summary = "Build or refresh the graph of a tree",
     .example = "~/src/redis",
     .flags = METHOD_LONG | METHOD_WRITES | METHOD_LIMIT | METHOD_INDEXES,
     .params = {ARG_OPTIONAL("dir", "DIR", "the tree (default: the workspace)")},
     .run = run_index},
    {.name = "ingest",
     .verb = "ingest",
     .summary = "Build the graph of a dump, in which lines \"FILE: path\" open files",
     .example = "repository.txt",
     .flags = METHOD_LONG | METHOD_WRITES | METHOD_LIMIT | METHOD_INDEXES,
     .params = {ARG("file", "FILE", "the dump")},
     .run = run_ingest},
    {.name = "callers",
     .verb = "query callers",
     .summary = "What calls X, with the places of the calls",
     .example = "Exec::new --depth 2",
     .flags = METHOD_LISTS,
     .params = {ARG("x", "X", "a function, method or macro; of a type or file: of all its members"),
                DEPTH("also callers of callers, N steps (default: 1; 0: all)"), CANDIDATES,
                NO_TESTS},
     .run = run_callers},
    {.name = "callees",
     .verb = "query callees",
     .summary = "What X calls, with the places of the calls",
     .example = "main",
     .flags = METHOD_LISTS,
     .params = {ARG("x", "X", "a function or method; of a type or file: of all its members"),
                DEPTH("also callees of callees, N steps (default: 1; 0: all)"), CANDIDATES,
                NO_TESTS},
     .run = run_callees},
    {.name = "uses",
     .verb = "query uses",
     .summary = "Types, constants and modules that X uses, other than by calls",
     .example = "Config",
     .flags = METHOD_LISTS,
     .params = {ARG("x", "X", "any name"), DEPTH("N steps (default: 1; 0: all)"), CANDIDATES,
                NO_TESTS},
     .run = run_uses},
    {.name = "used_by",
     .verb = "query used-by",
     .summary = "What uses X, other than by calls: in signatures, bodies and imports",
     .example = "Config --no-tests",
     .flags = METHOD_LISTS,
     .params = {ARG("x", "X", "any name"), DEPTH("N steps (default: 1; 0: all)"), CANDIDATES,
                NO_TESTS},
     .run = run_used_by},
    {.name = "who_implements",
     .verb = "query who-implements",
     .also = "query what-implements",
     .summary = "What implements or extends a trait, interface or class, or overrides a method",
     .example = "Iterator --transitive",
     .flags = METHOD_LISTS,
     .params = {ARG("trait", "TRAIT", "a trait, interface, class or method"),
                FLAG("transitive", "also through what extends it"), CANDIDATES, NO_TESTS},
     .run = run_who_implements},
    {.name = "implements",
     .verb = "query implements",
     .summary = "What a type implements and extends, or a method overrides",
     .example = "Subscriber",
     .flags = METHOD_LISTS,
     .params = {ARG("type", "TYPE", "a type or method"),
                FLAG("transitive", "also what those extend"), CANDIDATES, NO_TESTS},
     .run = run_implements},
    {.name = "blast_radius",
     .verb = "query blast-radius",
     .summary = "What a change of X affects, by distance, with a path to each",
     .example = "dictFind --depth 2 --no-tests",
     .flags = METHOD_LONG | METHOD_LISTS,
     .params = {ARG("x", "X", "any name"), DEPTH("N steps (default: all)"),
                OPTION("kinds", "KIND,...", "only along these kinds of edges"),
                CHOICE("direction", "up|down",
                       "up: what depends on X (default); down: what X depends on"),
                CANDIDATES, NO_TESTS},
     .run = run_blast_radius},
    {.name = "find_cycles",
     .verb = "query find-cycles",
     .summary = "Groups that depend on each other in a circle, each with a shortest cycle",
     .example = "--level module",
     .flags = METHOD_LONG | METHOD_LISTS,
     .params = {CHOICE("level", "function|type|file|module", "of what (default: module)"),
                FLAG("self-loops", "also functions that call themselves"), NO_TESTS},
     .run = run_find_cycles},
    {.name = "path",
     .verb = "query path",
     .summary = "A shortest chain of dependencies from A to B",
     .example = "main dictResize",
     .flags = METHOD_LONG,
     .params = {ARG("a", "A", "where it starts"), ARG("b", "B", "where it ends"),
                OPTION("kinds", "KIND,...", "only along these kinds of edges"), CANDIDATES,
                NO_TESTS},
     .run = run_path},
    {.name = "where_defined",
     .verb = "query where-defined",
     .summary = "Where a name is defined: all that bear it",
     .example = "Observable.subscribe",
     .flags = METHOD_LISTS,
     .params = {ARG("x", "X", "any name")},
     .run = run_where_defined},
    {.name = "entities_in_file",
     .verb = "query entities-in-file",
     .summary = "What a file defines, in its order",
     .example = "src/dict.c",
     .flags = METHOD_LISTS,
     .params = {ARG("file", "FILE", "its path, or the end of it"),
                OPTION("kind", "KIND,...", "only these kinds of nodes")},
     .run = run_entities_in_file},
    {.name = "list",
     .verb = "query list",
     .summary = "All nodes of a kind",
     .example = "--kind trait",
     .flags = METHOD_LONG | METHOD_LISTS,
     .params = {OPTION("kind", "KIND,...", "kinds of nodes (default: all)"), NO_TESTS},
     .run = run_list},
    {.name = "search",
     .verb = "search",
     .summary = "Find a name, however badly remembered",
     .example = "resize dict",
     .flags = METHOD_LONG | METHOD_LISTS,
     .params = {ARG_REST("text", "TEXT", "a name, a part of one, or several parts"),
                OPTION("kind", "KIND,...", "only these kinds of nodes")},
     .run = run_search},
    {.name = "generate_context",
     .verb = "generate-context",
     .summary = "What to read before changing X, ranked, within a budget",
     .example = "processCommand --max-tokens 2000",
     .flags = METHOD_LONG | METHOD_TOKENS,
     .params = {ARG("x", "X", "any name")},
     .run = run_context},
    {.name = "export",
     .verb = "export",
     .summary = "The graph, for other programs",
     .example = "edges --kinds calls --format tsv",
     .flags = METHOD_LONG | METHOD_RAW,
     .params = {ARG_CHOICE("what", "nodes|edges|dump",
                           "dump: all of it; as tsv the canonical form, equal for equal trees"),
                CHOICE("format", "tsv|json|dot|graphml|mermaid", "of the output (default: tsv)"),
                OPTION("kinds", "KIND,...", "only these kinds, of edges (of nodes: for nodes)"),
                CANDIDATES, NO_TESTS},
     .run = run_export},
    {.name = "stats",
     .verb = "stats",
     .summary = "What the graph holds, what stands out, what is missing",
     .flags = METHOD_LONG | METHOD_LIMIT,
     .run = run_stats},
    {.name = "root",
     .verb = "root",
     .summary = "A hash over all that the graph says: equal for equal trees, on any machine",
     .flags = METHOD_LONG,
     .run = run_root},
    {.name = "verify",
     .verb = "verify",
     .summary = "Read every byte of the graph on disk, and tell what is damaged",
     .flags = METHOD_LONG | METHOD_CLOSED | METHOD_LIMIT,
     .run = run_verify},
    {.name = "facts",
     .verb = "facts",
     .summary = "What extraction makes of one file, for authors of languages",
     .example = "src/lib.rs",
     .flags = METHOD_LONG | METHOD_TEXT | METHOD_NO_WORKSPACE,
     .params = {ARG("file", "FILE", "a source file")},
     .run = run_facts},
};

const unsigned method_count = PT_COUNT(methods);

unsigned method_params(const struct method *m)
{
    unsigned n = 0;
    while (n < MAX_PARAMS && m->params[n].name != NULL)
        n++;
    return n;
}

/* How many words `verb` has if `words` begin with it, else 0. */
static unsigned matches(const char *verb, const char *const *words, unsigned n_words)
{
    unsigned taken = 0;
    while (verb != NULL && *verb != '\0') {
        size_t n = strcspn(verb, " ");
        if (taken == n_words || strlen(words[taken]) != n || memcmp(words[taken], verb, n) != 0)
            return 0;
        taken++;
        verb += n;
        verb += *verb == ' ';
    }
    return taken;
}

const struct method *method_of_verb(const struct method *table, unsigned n,
                                    const char *const *words, unsigned n_words, unsigned *ret_words)
{
    for (unsigned i = 0; i < n; i++) {
        unsigned taken = matches(table[i].verb, words, n_words);
        if (taken == 0)
            taken = matches(table[i].also, words, n_words);
        if (taken != 0) {
            *ret_words = taken;
            return &table[i];
        }
    }
    return NULL;
}

/* ---- running ---- */

static void add_version(struct answer *a, const struct view *v)
{
    char time[32];
    format_time(view_as_of_ns(v), time);
    (void)value_show(answer_uint(a, a->root, "generation", view_generation(v)), SHOW_JSON);
    (void)value_show(answer_cstr(a, a->root, "as_of", ROLE_PLAIN, time), SHOW_JSON);
}

int method_answer(struct call *c, struct answer *a, struct err *err)
{
    int rc = c->method->run(c, a, err);
    if (rc == PT_OK && !(c->method->flags & METHOD_RAW))
        add_version(a, c->view);
    return rc == PT_OK ? answer_check(a, err) : rc;
}

void method_tell_stale(struct answer *a, uint32_t stale)
{
    char text[COUNT_TEXT];
    (void)value_show(answer_uint(a, a->root, "stale", stale), SHOW_JSON);
    if (stale != 0)
        answer_warning(a, "%s file%s changed since this graph was built (--no-refresh)",
                       count_text(stale, text), stale == 1 ? "" : "s");
}

static int run_reader(struct call *c, struct answer *a, struct err *err)
{
    uint32_t stale = 0;
    int rc = refresh(c, a, &stale, err);
    if (rc != PT_OK)
        return rc;
    struct view v;
    rc = workspace_pin(c->workspace, &v, err);
    if (rc != PT_OK)
        return rc;
    c->view = &v;
    c->root = workspace_root(c->workspace);
    rc = method_answer(c, a, err);
    if (rc == PT_OK && c->no_refresh && !(c->method->flags & METHOD_RAW))
        method_tell_stale(a, stale);
    workspace_unpin(c->workspace, &v);
    c->view = NULL;
    return rc;
}

static int run_writer(struct call *c, struct answer *a, struct err *err)
{
    int rc = c->method->run(c, a, err);
    if (rc != PT_OK)
        return rc;
    struct view v;
    rc = workspace_pin(c->workspace, &v, err);
    if (rc != PT_OK)
        return rc;
    add_version(a, &v);
    workspace_unpin(c->workspace, &v);
    return PT_OK;
}

int method_run(struct call *c, struct answer *a, struct err *err)
{
    struct err why = {0};
    int rc = PT_OK;
    if (c->method->flags & (METHOD_NO_WORKSPACE | METHOD_CLOSED))
        rc = c->method->run(c, a, &why);
    else if (c->method->flags & METHOD_WRITES)
        rc = run_writer(c, a, &why);
    else
        rc = run_reader(c, a, &why);
    if (rc == PT_OK)
        rc = answer_check(a, &why);
    if (rc == PT_OK)
        return PT_OK;
    answer_fail(a, rc, why.msg);
    if (err != NULL)
        *err = why;
    return rc;
}
