#include "lang/walk.h"

#include "base/mem.h"
#include "lang/trees.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* ---- rules of a language, looked up in its grammar ---- */

#define MAX_LANGS 32
static struct ex_table tables[MAX_LANGS];
static pthread_mutex_t tables_lock = PTHREAD_MUTEX_INITIALIZER;
static bool tables_ready[MAX_LANGS];

static void table_fail(struct ex_table *t, const struct lang *l, const char *what, const char *name)
{
    if (t->error != 0)
        return;
    t->error = PT_EINTERNAL;
    (void)snprintf(t->message, sizeof(t->message), "%s: the grammar has no %s '%s'", l->name, what,
                   name);
}

static void table_fill(struct ex_table *t, const struct lang *l)
{
    const TSLanguage *g = l->grammar();

    t->n_symbols = ts_language_symbol_count(g);
    t->n_fields = ts_language_field_count(g) + 1;
    t->rule_of = mem_calloc(t->n_symbols, sizeof(*t->rule_of));
    t->field_of = mem_calloc(t->n_fields, sizeof(*t->field_of));
    if (t->rule_of == NULL || t->field_of == NULL) {
        t->error = PT_ENOMEM;
        return;
    }
    for (uint16_t i = 1; l->rules[i].symbol != NULL; i++) {
        const struct ex_rule *r = &l->rules[i];
        TSSymbol s = ts_language_symbol_for_name(g, r->symbol, (uint32_t)strlen(r->symbol),
                                                 (r->flags & EX_TOKEN) == 0);
        if (s != 0)
            t->rule_of[s] = i;
        else if ((r->flags & EX_OPTIONAL) == 0)
            table_fail(t, l, "symbol", r->symbol);
    }
    for (uint16_t i = 1; l->fields[i] != NULL && i < 64; i++) {
        TSFieldId f =
            ts_language_field_id_for_name(g, l->fields[i], (uint32_t)strlen(l->fields[i]));
        if (f == 0)
            continue; /* one list may serve several grammars */
        t->field_of[f] = i;
        t->fields[i] = f;
    }
}

const struct ex_table *ex_table_of(unsigned lang)
{
    (void)pthread_mutex_lock(&tables_lock);
    if (!tables_ready[lang]) {
        table_fill(&tables[lang], lang_registry[lang]);
        tables_ready[lang] = tables[lang].error != PT_ENOMEM;
    }
    (void)pthread_mutex_unlock(&tables_lock);
    return &tables[lang];
}

/* ---- parsing ---- */

static bool over_effort(TSParseState *state)
{
    struct ex_walk *w = state->payload;
    return effort_spent(&w->effort);
}

struct input {
    const char *src;
    uint32_t n;
};

static const char *read_input(void *payload, uint32_t byte, TSPoint at, uint32_t *ret_n)
{
    const struct input *in = payload;
    (void)at;
    *ret_n = byte < in->n ? in->n - byte : 0;
    return byte < in->n ? in->src + byte : "";
}

static int set_language(struct ex_walk *w, unsigned lang, struct err *err)
{
    if (w->parser == NULL) {
        w->parser = ts_parser_new();
        if (w->parser == NULL)
            return err_set(err, PT_ENOMEM, "out of memory for a parser");
        w->parser_lang = LANG_NONE;
    }
    if (w->parser_lang == lang)
        return PT_OK;
    if (!ts_parser_set_language(w->parser, lang_registry[lang]->grammar()))
        return err_set(err, PT_EVERSION, "the grammar of %s has an ABI that tree-sitter refuses",
                       lang_registry[lang]->name);
    w->parser_lang = lang;
    return PT_OK;
}

static TSTree *parse(struct ex_walk *w, struct slice text, const TSTree *old)
{
    struct input in = {text.p, (uint32_t)text.n};
    TSInput input = {&in, read_input, TSInputEncodingUTF8, NULL};
    TSParseOptions options = {w, over_effort};
    effort_start(&w->effort, in.n);
    TSTree *tree = ts_parser_parse_with_options(w->parser, old, input, options);
    if (tree == NULL)
        ts_parser_reset(w->parser);
    return tree;
}

/* From the tree of the text before, if it is there and the text is without errors. */
static TSTree *parse_again(struct extract *x, unsigned lang, struct slice text)
{
    TSTree *old = trees_take(x->trees, lang, x->path, text);
    if (old == NULL)
        return NULL;
    TSTree *tree = parse(x->walk, text, old);
    ts_tree_delete(old);
    if (tree != NULL && ts_node_has_error(ts_tree_root_node(tree))) {
        ts_tree_delete(tree);
        tree = NULL;
    }
    return tree;
}

int ex_parse(struct extract *x, unsigned lang, const char *src, uint32_t n, TSTree **ret_tree,
             struct err *err)
{
    struct ex_walk *w = x->walk;
    struct slice text = slice_of(src, n);
    int rc = set_language(w, lang, err);
    if (rc != PT_OK)
        return rc;
    *ret_tree = x->trees != NULL ? parse_again(x, lang, text) : NULL;
    if (*ret_tree == NULL)
        *ret_tree = parse(w, text, NULL);
    return PT_OK;
}

void ex_keep_tree(struct extract *x, unsigned lang, const char *src, uint32_t n, TSTree *tree)
{
    if (x->trees != NULL && !ts_node_has_error(ts_tree_root_node(tree)))
        trees_put(x->trees, lang, x->path, slice_of(src, n), tree);
    else
        ts_tree_delete(tree);
}

int extract_parse_only(struct extract *x, unsigned lang, const char *src, size_t n, struct err *err)
{
    TSTree *tree = NULL;
    int rc = ex_parse(x, lang, src, (uint32_t)n, &tree, err);
    if (tree != NULL)
        ts_tree_delete(tree);
    return rc;
}
