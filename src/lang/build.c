/* The builders that the rules of the languages call. */
#include "lang/walk.h"

#include <string.h>

#define MAX_SIG 400u

/* ---- text ---- */

struct slice ex_text(const struct extract *x, TSNode node)
{
    uint32_t from = ts_node_start_byte(node), to = ts_node_end_byte(node);
    if (to > x->n_src)
        to = x->n_src;
    if (from > to)
        from = to;
    return slice_of(x->src + from, to - from);
}

uint32_t ex_intern_slice(struct extract *x, struct slice s)
{
    /* an absurdly long name is cut, so that it cannot fill keys and logs */
    uint32_t id = intern_put(&x->syms, s.p, s.n > 512 ? utf8_trunc(s.p, s.n, 512) : s.n);
    if (id == 0)
        x->failed = true;
    return id;
}

uint32_t ex_sym(struct extract *x, TSNode node)
{
    return ts_node_is_null(node) ? 0 : ex_intern_slice(x, ex_text(x, node));
}

uint32_t ex_intern(struct extract *x, const char *s)
{
    return ex_intern_slice(x, slice_from(s));
}

const char *ex_str(const struct extract *x, uint32_t sym)
{
    return sym == 0 ? "" : intern_str(&x->syms, sym, NULL);
}

TSNode ex_child(const struct extract *x, TSNode node, unsigned field)
{
    return ts_node_child_by_field_id(node, x->fields[field]);
}

unsigned ex_rule_of(const struct extract *x, TSNode node)
{
    if (ts_node_is_null(node))
        return 0;
    TSSymbol s = ts_node_symbol(node);
    return s < x->walk->table->n_symbols ? x->walk->table->rule_of[s] : 0;
}

bool ex_is(const struct extract *x, TSNode node, unsigned sym)
{
    return ex_rule_of(x, node) == sym;
}

bool ex_has(const struct extract *x, TSNode node, unsigned sym)
{
    uint32_t n = ts_node_child_count(node);
    for (uint32_t i = 0; i < n && i < 64; i++) {
        if (ex_is(x, ts_node_child(node, i), sym))
            return true;
    }
    return false;
}

uint32_t ex_line(TSNode node)
{
    return ts_node_start_point(node).row + 1;
}

const struct kid *ex_kid(const struct kid *kids, uint32_t n, unsigned field)
{
    for (uint32_t i = 0; i < n; i++) {
        if (kids[i].field == field)
            return &kids[i];
    }
    return NULL;
}

const struct kid *ex_kid_sym(const struct kid *kids, uint32_t n, unsigned sym)
{
    for (uint32_t i = 0; i < n; i++) {
        if (kids[i].sym == sym)
            return &kids[i];
    }
    return NULL;
}

struct ex_place ex_place(const struct extract *x)
{
    const struct ex_walk *w = x->walk;
    const struct ex_frame *at = &vec_last(&w->frames);
    struct ex_place p = {.field = at->self.field};
    if (w->frames.len > 1) {
        p.parent = at[-1].self.sym;
        p.kids = w->kids.at + at[-1].kids;
        p.n = at->kids - at[-1].kids;
    }
    return p;
}

/* ---- definitions and scopes ---- */

static void take_doc(struct extract *x, struct def *d, TSNode node)
{
    struct ex_doc *doc = &x->walk->doc;
    if (doc->end != 0 && doc->end_row + 1 >= ts_node_start_point(node).row &&
        doc->end <= ts_node_start_byte(node)) {
        d->doc_start = doc->start;
        d->doc_end = doc->end;
    }
    *doc = (struct ex_doc){0};
}

static uint32_t add_def(struct extract *x, TSNode node, uint32_t line, uint32_t name,
                        enum node_kind kind, uint8_t ns, uint32_t parent)
{
    struct def d = {
        .name = name,
        .parent = parent,
        .line = line,
        .end_line = ts_node_end_point(node).row + 1,
        .start = ts_node_start_byte(node),
        .end = ts_node_end_byte(node),
        .kind = (uint8_t)kind,
        .ns = ns,
        .arity_max = 255,
    };
    unsigned flags = 0;
    if (x->in_test)
        flags |= FLAG_TEST;
    if (x->conditional)
        flags |= FLAG_CONDITIONAL;
    if (name == 0)
        flags |= FLAG_ANONYMOUS;
    d.flags = (uint16_t)flags;
    take_doc(x, &d, node);
    if (!vec_push(&x->defs, d)) {
        x->failed = true;
        return 0;
    }
    return x->defs.len - 1;
}

struct def *ex_def_at(struct extract *x, uint32_t def)
{
    return &x->defs.at[def];
}

static void bind_def(struct extract *x, uint32_t scope, uint32_t def, uint32_t name, uint8_t ns)
{
    if (name == 0)
        return;
    uint32_t b = ex_bind(x, scope, BIND_DEF, name, ns, 0, x->defs.at[def].start);
    x->binds.at[b].def = def;
}

uint32_t ex_def_named(struct extract *x, TSNode node, TSNode line_node, uint32_t name,
                      enum node_kind kind, uint8_t ns)
{
    uint32_t line = ex_line(ts_node_is_null(line_node) ? node : line_node);
    uint32_t def = add_def(x, node, line, name, kind, ns, x->def);
    if (def == 0)
        return 0;
    bind_def(x, x->scope, def, name, ns);
    x->def = def;
    if (node_kind_is_type(kind) || kind == NODE_IMPL)
        x->self = def;
    return def;
}

uint32_t ex_def(struct extract *x, TSNode node, TSNode name, enum node_kind kind, uint8_t ns)
{
    return ex_def_named(x, node, name, ex_sym(x, name), kind, ns);
}

uint32_t ex_def_leaf(struct extract *x, TSNode node, uint32_t name, enum node_kind kind, uint8_t ns,
                     uint32_t parent, uint32_t scope)
{
    uint32_t def = add_def(x, node, ex_line(node), name, kind, ns, parent);
    if (def != 0)
        bind_def(x, scope, def, name, ns);
    return def;
}

/* Steps over a comment that begins at s[i]; the byte behind it, or i when none begins there. */
static uint32_t skip_comment(const char *s, uint32_t i, uint32_t n)
{
    if (i + 1 >= n || s[i] != '/')
        return i;
    if (s[i + 1] == '/') {
        const char *nl = memchr(s + i, '\n', n - i);
        return nl != NULL ? (uint32_t)(nl - s) : n;
    }
    if (s[i + 1] != '*')
        return i;
    for (uint32_t k = i + 2; k + 1 < n; k++) {
        if (s[k] == '*' && s[k + 1] == '/')
            return k + 2;
    }
    return n;
}

/* The same for languages with # comments; `quote` says whether s[i] stands in a string. */
static uint32_t skip_hash_comment(const char *s, uint32_t i, uint32_t n, char *quote)
{
    if (*quote != '\0') {
        if (s[i] == *quote && s[i - 1] != '\\')
            *quote = '\0';
        return i;
    }
    if (s[i] == '"' || s[i] == '\'')
        *quote = s[i];
    if (s[i] != '#')
        return i;
    const char *nl = memchr(s + i, '\n', n - i);
    return nl != NULL ? (uint32_t)(nl - s) : n;
}

void ex_sig(struct extract *x, uint32_t def, uint32_t from, uint32_t to)
{
    struct buf *t = &x->walk->text;
    bool blank = false;
    bool slashes = x->lang->line_comment[0] == '/';
    char quote = '\0';

    if (def == 0 || from >= to || to > x->n_src)
        return;
    buf_reset(t);
    for (uint32_t i = from; i < to && t->n < MAX_SIG;) {
        uint32_t past =
            slashes ? skip_comment(x->src, i, to) : skip_hash_comment(x->src, i, to, &quote);
        char c = x->src[i];
        if (past != i || c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f') {
            i = past != i ? past : i + 1;
            blank = t->n > 0;
            continue;
        }
        /* no blank behind an opening bracket or before a closing one: layout is no meaning */
        if (blank && strchr(")]},;", c) == NULL && strchr("([", t->p[t->n - 1]) == NULL)
            buf_char(t, ' ');
        blank = false;
        buf_char(t, c);
        i++;
    }
    if (t->failed) {
        x->failed = true;
        return;
    }
    uint32_t sym = ex_intern_slice(x, slice_of(t->p, utf8_trunc(t->p, t->n, MAX_SIG)));
    x->defs.at[def].sig = sym;
}

uint32_t ex_scope(struct extract *x, enum scope_kind kind)
{
    struct scope s = {.parent = x->scope, .def = x->def, .kind = (uint8_t)kind};
    if (!vec_push(&x->scopes, s)) {
        x->failed = true;
        return 0;
    }
    x->scope = x->scopes.len - 1;
    if (kind != SCOPE_BLOCK && x->def != 0 && x->defs.at[x->def].scope == 0)
        x->defs.at[x->def].scope = x->scope;
    return x->scope;
}

static uint64_t bind_key(uint32_t scope, uint32_t name)
{
    return (uint64_t)scope << 32 | name;
}

uint32_t ex_bind(struct extract *x, uint32_t scope, enum bind_kind kind, uint32_t name, uint8_t ns,
                 uint8_t flags, uint32_t from)
{
    if (name == 0)
        return 0;
    bool fresh = false;
    uint32_t b = x->binds.len;
    uint32_t *last = map_put(&x->walk->binds, bind_key(scope, name), b, &fresh);
    if (last == NULL) {
        x->failed = true;
        return 0;
    }
    struct bind v = {
        .name = name,
        .scope = scope,
        .from = from,
        .next = fresh ? 0 : *last,
        .kind = (uint8_t)kind,
        .ns = ns,
        .flags = flags,
    };
    if (!vec_push(&x->binds, v)) {
        x->failed = true;
        return 0;
    }
    *last = b;
    return b;
}

struct bind *ex_bind_at(struct extract *x, uint32_t bind)
{
    return &x->binds.at[bind];
}

uint32_t ex_find(const struct extract *x, uint32_t scope, uint32_t name)
{
    const uint32_t *b = map_get(&x->walk->binds, bind_key(scope, name));
    return b != NULL ? *b : 0;
}

uint32_t ex_var(struct extract *x, uint32_t scope, uint32_t name, uint32_t type, uint32_t init,
                uint8_t flags, uint32_t from)
{
    uint32_t b = ex_bind(x, scope, BIND_VAR, name, NS_VALUE, flags, from);
    x->binds.at[b].type = b != 0 ? type : 0;
    x->binds.at[b].init = b != 0 ? init : 0;
    return b;
}

uint32_t ex_alias(struct extract *x, uint32_t scope, uint32_t name, uint32_t target, uint8_t flags)
{
    uint32_t b = ex_bind(x, scope, BIND_ALIAS, name, NS_ANY, flags, 0);
    x->binds.at[b].init = b != 0 ? target : 0;
    return b;
}

void ex_star(struct extract *x, uint32_t scope, uint32_t target, bool reexport)
{
    struct ex_star s = {.scope = scope, .star = {.term = target, .reexport = reexport}};
    if (target != 0 && !vec_push(&x->stars, s))
        x->failed = true;
}

/* ---- terms ---- */

uint32_t ex_term(struct extract *x, enum term_op op, uint32_t aux, uint32_t a, uint32_t b)
{
    struct term t = {
        .op = (uint8_t)op, .aux = (uint16_t)(aux > 65535 ? 65535 : aux), .a = a, .b = b};
    if (!vec_push(&x->terms, t) || !vec_push(&x->term_pos, 0)) {
        x->failed = true;
        return 0;
    }
    return x->terms.len - 1;
}

uint32_t ex_name_term(struct extract *x, uint32_t name, uint8_t ns, uint32_t pos)
{
    if (name == 0)
        return 0;
    uint32_t t = ex_term(x, TERM_NAME, ns, name, x->scope);
    if (t != 0)
        x->term_pos.at[t] = pos;
    return t;
}

uint32_t ex_lit(struct extract *x, const char *type)
{
    return ex_term(x, TERM_LIT, 0, ex_intern(x, type), 0);
}

uint32_t ex_cons(struct extract *x, uint32_t item, uint32_t list)
{
    return ex_term(x, TERM_LIST, 0, item, list);
}

uint32_t ex_list(struct extract *x, const struct kid *kids, uint32_t n, uint32_t *ret_count)
{
    uint32_t list = 0, count = 0;
    for (uint32_t i = n; i-- > 0;) {
        if (kids[i].term == 0)
            continue;
        list = ex_cons(x, kids[i].term, list);
        count++;
    }
    if (ret_count != NULL)
        *ret_count = count;
    return list;
}

uint32_t ex_either(struct extract *x, uint32_t a, uint32_t b)
{
    if (a == 0 || b == 0 || a == b)
        return a != 0 ? a : b;
    return ex_term(x, TERM_UNION, 0, a, b);
}

/* ---- references ---- */

uint32_t ex_ref(struct extract *x, uint32_t term, enum ref_role role, TSNode node)
{
    TSPoint at = ts_node_start_point(node);
    struct ref r = {
        .term = term,
        .from = x->def,
        .line = at.row + 1,
        .col = at.column < 65534 ? (uint16_t)(at.column + 1) : 65535,
        .role = (uint8_t)role,
    };
    if (term == 0)
        return 0;
    if (!vec_push(&x->refs, r)) {
        x->failed = true;
        return 0;
    }
    return x->refs.len - 1;
}

void ex_unref(struct extract *x, const struct kid *k)
{
    if (k != NULL)
        x->refs.at[k->ref].role = REF_NONE;
}

void ex_unref_all(struct extract *x, const struct kid *k)
{
    for (uint32_t r = k != NULL ? k->refs : 0; k != NULL && r < k->refs_end; r++)
        x->refs.at[r].role = REF_NONE;
}

void ex_role(struct extract *x, const struct kid *k, enum ref_role from, enum ref_role to)
{
    for (uint32_t r = k != NULL ? k->refs : 0; k != NULL && r < k->refs_end; r++) {
        if (x->refs.at[r].role == from)
            x->refs.at[r].role = (uint8_t)to;
    }
}

void ex_own(struct extract *x, const struct kid *k, uint32_t def)
{
    for (uint32_t r = k != NULL ? k->refs : 0; k != NULL && r < k->refs_end; r++)
        x->refs.at[r].from = def;
}

void ex_call(struct extract *x, struct kid *self, const struct kid *callee, enum term_op op,
             enum ref_role role, uint32_t args, uint32_t n)
{
    if (callee == NULL || callee->term == 0)
        return;
    self->term = ex_term(x, op, n, callee->term, args);
    if (callee->ref != 0) {
        x->refs.at[callee->ref].role = (uint8_t)role;
        x->refs.at[callee->ref].term = self->term;
        self->ref = 0; /* the site is a call; nobody may turn it into anything else */
    } else {
        (void)ex_ref(x, self->term, role, callee->node);
    }
}

void ex_member(struct extract *x, struct kid *self, enum term_op op, uint32_t base, uint32_t name,
               uint8_t ns, enum ref_role role, TSNode name_node)
{
    if (base == 0 || name == 0)
        return;
    self->term = ex_term(x, op, ns, base, name);
    self->ref = ex_ref(x, self->term, role, name_node);
}

void ex_use(struct extract *x, struct kid *self, uint8_t ns, enum ref_role role)
{
    self->term = ex_name_term(x, self->name, ns, ts_node_start_byte(self->node));
    self->ref = ex_ref(x, self->term, role, self->node);
}
