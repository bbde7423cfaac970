/* The lines of the preprocessor: includes, macros, conditions. */
#include "lang/c.h"

#include <string.h>

void c_include(struct extract *x, struct slice path, uint32_t line, uint32_t column)
{
    if (path.n > 2 && path.p[0] == '"')
        path = slice_of(path.p + 1, path.n - 2);
    if (path.n == 0)
        return;
    uint32_t term = ex_term(x, TERM_MODULE, 0, ex_intern_slice(x, path), 0);
    struct ref r = {.term = term, .line = line, .role = REF_IMPORT};
    r.col = (uint16_t)(column < 65535 ? column : 65535);
    ex_star(x, 0, term, true);
    if (term != 0 && !vec_push(&x->refs, r))
        x->failed = true;
}

/* The path in quotes or brackets that a macro of this file stands for; empty if there is none. */
static struct slice macro_path(const struct extract *x, const struct bind *b)
{
    const struct def *d = &x->defs.at[b->def];
    if (b->kind != BIND_DEF || d->kind != NODE_MACRO || d->end > x->n_src || d->end <= d->start)
        return slice_of(NULL, 0);
    struct slice s = slice_of(x->src + d->start, d->end - d->start);
    char last = s.p[s.n - 1];
    const char *open = last == '"' || last == '>' ? slice_chr(s, last == '>' ? '<' : '"') : NULL;
    size_t n = open != NULL ? (size_t)(s.p + s.n - open) : 0;
    return n > 2 && n < 256 ? slice_of(open, n) : slice_of(NULL, 0);
}

void c_enter_include(struct extract *x, TSNode node)
{
    TSNode path = ex_child(x, node, F_PATH);
    if (ts_node_is_null(path))
        return;
    uint32_t line = ex_line(path), column = ts_node_start_point(path).column + 1;
    if (ex_is(x, path, S_STRING) || ex_is(x, path, S_SYSTEM_PATH)) {
        x->skip_children = true;
        c_include(x, ex_text(x, path), line, column);
    } else if (ex_is(x, path, S_IDENTIFIER)) { /* a macro: its name is used as well */
        for (uint32_t b = ex_find(x, 0, ex_sym(x, path)); b != 0; b = x->binds.at[b].next)
            c_include(x, macro_path(x, &x->binds.at[b]), line, column);
    }
}

static bool is_long(struct slice value)
{
    return value.n > C_LONG_VALUE || slice_chr(value, '\n') != NULL;
}

/* `#define X 1 ` and a comment. */
static void trailing_doc(const struct extract *x, struct def *d)
{
    struct slice rest = slice_of(x->src + d->end, x->n_src - d->end);
    size_t blanks = 0;
    while (blanks < rest.n && (rest.p[blanks] == ' ' || rest.p[blanks] == '\t'))
        blanks++;
    rest = slice_skip(rest, blanks);
    if (d->doc_start != d->doc_end || !slice_starts(rest, SLICE("/*")))
        return;
    const char *end = memmem(rest.p, rest.n, "*/", 2);
    d->doc_start = (uint32_t)(rest.p - x->src);
    d->doc_end = end != NULL ? (uint32_t)(end + 2 - x->src) : d->doc_start;
}

void c_enter_define(struct extract *x, TSNode node)
{
    TSNode name = ex_child(x, node, F_NAME), params = ex_child(x, node, F_PARAMETERS);
    TSNode value = ex_child(x, node, F_VALUE);
    x->skip_children = true;
    if (ts_node_is_null(name))
        return;
    uint32_t def = ex_def_leaf(x, node, ex_sym(x, name), NODE_MACRO, NS_MACRO, 0, 0);
    if (def == 0)
        return;
    /* the node goes on to the beginning of the next line */
    TSNode last = !ts_node_is_null(value) ? value : !ts_node_is_null(params) ? params : name;
    struct def *d = &x->defs.at[def];
    d->line = ex_line(name);
    d->end = ts_node_end_byte(last);
    d->end_line = ts_node_end_point(last).row + 1;
    if (!ts_node_is_null(params))
        c_macro_arity(ex_text(x, params), &d->arity_min, &d->arity_max);
    uint32_t end = d->end;
    if (!ts_node_is_null(value) && is_long(ex_text(x, value)))
        end = ts_node_start_byte(value);
    ex_sig(x, def, ts_node_start_byte(node), end);
    c_export_from_header(x, def);
    trailing_doc(x, d);
    if (!ts_node_is_null(value))
        c_macro_body(x, def, params, value);
}

/* `#ifndef X` whose first line is `#define X`: around a whole header, and no condition. */
static bool is_guard(const struct extract *x, TSNode node, struct slice condition)
{
    if (x->scope != 0 || x->def != 0 || x->conditional)
        return false;
    for (uint32_t i = 1; i < 5; i++) {
        TSNode child = ts_node_named_child(node, i);
        if (ex_is(x, child, S_COMMENT))
            continue;
        struct slice name =
            ex_text(x, ex_is(x, child, S_DEFINE) ? ex_child(x, child, F_NAME) : node);
        return name.n <= condition.n && memmem(condition.p, condition.n, name.p, name.n) != NULL;
    }
    return false;
}

/* REDIS_TEST, UNIT_TESTS: what is under it is test code. */
static bool is_test_macro(struct slice s)
{
    const char *at = memmem(s.p, s.n, "TEST", 4);
    if (at == NULL || slice_chr(s, '!') != NULL)
        return false;
    const char *end = at + 4 < s.p + s.n && at[4] == 'S' ? at + 5 : at + 4;
    bool begins = at == s.p || at[-1] == '_' || at[-1] == ' ' || at[-1] == '(';
    return begins && (end == s.p + s.n || strchr("_ )\n", *end) != NULL);
}

static void enter_condition(struct extract *x, TSNode node, TSNode condition)
{
    struct slice directive = slice_head(ex_text(x, node), 8);
    bool negated = memmem(directive.p, directive.n, "ifndef", 6) != NULL;
    if (ts_node_is_null(condition))
        return;
    struct slice s = ex_text(x, condition);
    if ((negated || slice_chr(s, '!') != NULL) && is_guard(x, node, s))
        return;
    x->conditional = true;
    x->in_test |= !negated && is_test_macro(s);
}

void c_enter_if(struct extract *x, TSNode node)
{
    enter_condition(x, node, ex_child(x, node, F_CONDITION));
}

void c_enter_ifdef(struct extract *x, TSNode node)
{
    enter_condition(x, node, ex_child(x, node, F_NAME));
}

void c_leave_ifdef(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    const struct kid *name = ex_kid(kids, n, F_NAME);
    (void)self;
    if (name == NULL || name->term == 0)
        return;
    x->terms.at[name->term].aux = NS_MACRO;
    if (!x->conditional) /* a guard's own name */
        ex_unref(x, name);
}

void c_enter_else(struct extract *x, TSNode node)
{
    struct ex_place at = ex_place(x);
    const struct kid *tested = ex_kid(at.kids, at.n, at.parent == S_IFDEF ? F_NAME : F_CONDITION);
    (void)node;
    if (tested != NULL && is_test_macro(ex_text(x, tested->node)))
        x->in_test = (x->flags & FACTS_TEST) != 0;
}
