/* Python: names and terms that its rules share. */
#include "lang/python.h"

#include <ctype.h>

/* ---- small helpers ---- */

uint32_t py_name_of(struct extract *x, TSNode node)
{
    return ts_node_is_null(node) || ex_text(x, node).n == 0 ? 0 : ex_sym(x, node);
}

/* The newest bind of the name takes effect behind byte `from`. In the body of a class not earlier,
 * for that runs at once: there the name means what it means outside until then. */
void py_set_from(struct extract *x, uint32_t scope, uint32_t name, uint32_t from)
{
    uint32_t b = ex_find(x, scope, name);
    if (b == 0)
        return;
    x->binds.at[b].from = from;
    if (x->scopes.at[scope].kind == SCOPE_TYPE)
        x->binds.at[b].flags |= BIND_SEQ;
}

uint32_t py_runner(const struct extract *x, uint32_t def)
{
    while (is_class(x, def))
        def = x->defs.at[def].parent;
    return def;
}

uint32_t py_find_bind(const struct extract *x, uint32_t name)
{
    for (uint32_t s = x->scope;; s = x->scopes.at[s].parent) {
        uint32_t b = ex_find(x, s, name);
        while (b != 0 && x->binds.at[b].ns == 0)
            b = x->binds.at[b].next;
        if (b != 0 && (x->scopes.at[s].kind != SCOPE_TYPE || s == x->scope))
            return b;
        if (s == 0)
            return 0;
    }
}

uint32_t py_self_of(const struct extract *x, uint32_t term)
{
    if (op_of(x, term) != TERM_NAME)
        return 0;
    const struct bind *b = &x->binds.at[py_find_bind(x, x->terms.at[term].a)];
    if (b->kind != BIND_VAR || b->type != 0)
        return 0;
    unsigned op = op_of(x, b->init);
    return op == TERM_SELF || op == TERM_SELFTYPE ? b->init : 0;
}

uint32_t py_list_of(struct extract *x, const uint32_t *terms, uint32_t n)
{
    uint32_t list = 0;
    while (n-- > 0)
        list = ex_cons(x, terms[n], list);
    return list;
}

uint32_t py_builtin(struct extract *x, const char *name, uint32_t args)
{
    uint32_t t = ex_term(x, TERM_FREE, 0, ex_intern(x, name), 0);
    if (args != 0)
        t = ex_term(x, TERM_APPLY, 0, t, args);
    return ex_term(x, TERM_OFTYPE, 0, t, 0);
}

uint32_t py_builtin_of(struct extract *x, const char *name, uint32_t arg)
{
    return py_builtin(x, name, ex_cons(x, arg, 0));
}

uint32_t py_widen(struct extract *x, uint32_t old, uint32_t more)
{
    unsigned width = 1;
    for (uint32_t t = old; op_of(x, t) == TERM_UNION && more != 0; t = x->terms.at[t].a) {
        if (x->terms.at[t].b == more || ++width > 6)
            return old;
    }
    if (op_of(x, old) == TERM_LIT && op_of(x, more) == TERM_LIT &&
        x->terms.at[old].a == x->terms.at[more].a)
        return old;
    return ex_either(x, old, more);
}

void py_set_type(const struct extract *x, uint32_t type, uint32_t *ret_type, uint32_t *ret_init)
{
    if (op_of(x, type) == TERM_TYPEOF) {
        *ret_init = x->terms.at[type].a;
        type = 0;
    }
    *ret_type = type;
}

void py_leave_nothing(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    (void)x;
    (void)self;
    (void)kids;
    (void)n;
}

bool py_is_upper(const char *s)
{
    bool letter = false;
    for (; *s != '\0'; s++) {
        if (islower((unsigned char)*s))
            return false;
        letter |= isupper((unsigned char)*s) != 0;
    }
    return letter;
}

bool py_is_public(const char *name)
{
    size_t n = strlen(name);
    return name[0] != '_' || (n > 4 && name[1] == '_' && name[n - 1] == '_' && name[n - 2] == '_');
}

void py_mark_exported(struct extract *x, uint32_t def)
{
    struct def *d = &x->defs.at[def];
    bool reached = d->parent == 0 ||
                   (is_class(x, d->parent) && (x->defs.at[d->parent].flags & FLAG_EXPORTED) != 0);
    if (d->name != 0 && reached && py_is_public(ex_str(x, d->name)))
        d->flags |= FLAG_EXPORTED;
}

bool py_is_variable(unsigned kind)
{
    return kind == NODE_VARIABLE || kind == NODE_CONSTANT || kind == NODE_FIELD ||
           kind == NODE_VARIANT;
}

bool py_is_stub(const struct extract *x)
{
    return (x->path_marks & PATH_HEADER) != 0;
}

struct slice py_string_text(const struct extract *x, TSNode node)
{
    struct slice s = ex_text(x, node);
    while (s.n > 0 && *s.p != '"' && *s.p != '\'')
        s = slice_skip(s, 1);
    size_t quotes = s.n >= 6 && s.p[0] == s.p[1] && s.p[1] == s.p[2] ? 3 : 1;
    return s.n >= 2 * quotes ? slice_of(s.p + quotes, s.n - 2 * quotes) : slice_of(s.p, 0);
}

/* ---- names written by hand ---- */

uint32_t py_dotted(struct extract *x, struct slice text, uint32_t pos)
{
    uint32_t term = 0;
    while (text.n > 0) {
        size_t n = 0;
        while (n < text.n && (isalnum((unsigned char)text.p[n]) || text.p[n] == '_' ||
                              (unsigned char)text.p[n] >= 0x80))
            n++;
        if (n == 0 || (n < text.n && text.p[n] != '.'))
            return 0;
        uint32_t name = ex_intern_slice(x, slice_head(text, n));
        term = term == 0 ? ex_name_term(x, name, NS_VALUE, pos)
                         : ex_term(x, TERM_MEMBER, NS_VALUE, term, name);
        text = slice_skip(text, n < text.n ? n + 1 : n);
    }
    return term;
}

uint32_t py_classes_named(struct extract *x, TSNode node)
{
    uint32_t term = 0;
    if (!ex_is(x, node, S_TUPLE))
        return ts_node_is_null(node) ? 0 : py_dotted(x, ex_text(x, node), ts_node_start_byte(node));
    for (uint32_t i = 0; i < 6; i++) {
        TSNode item = nth(node, i);
        if (!ts_node_is_null(item))
            term = ex_either(x, term, py_dotted(x, ex_text(x, item), ts_node_start_byte(item)));
    }
    return term;
}
