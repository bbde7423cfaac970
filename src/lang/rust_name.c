/* Rust: paths, imports and patterns. */
#include "lang/rust.h"

#include <stdio.h>

#define MAX_SEGMENTS 64u
#define MAX_PATTERNS 128u /* parts of one pattern that are looked at */
#define MAX_CHILDREN 96u  /* of one part */
#define MAX_TWINS 64u     /* binds of one name in one scope that are compared */

static bool is_name(const struct extract *x, uint32_t name, const char *s)
{
    return name != 0 && strcmp(ex_str(x, name), s) == 0;
}

bool rust_is_upper(const struct extract *x, uint32_t name)
{
    const char *s = ex_str(x, name);
    while (*s == '_')
        s++;
    return *s >= 'A' && *s <= 'Z';
}

/* Everyone knows them, nobody defines them: they make no references. */
bool rust_is_prelude_variant(const char *name)
{
    return strcmp(name, "Some") == 0 || strcmp(name, "None") == 0 || strcmp(name, "Ok") == 0 ||
           strcmp(name, "Err") == 0;
}

/* A crate by its name, which nothing in the file can shadow: `extern crate a`, ::a. */
static uint32_t crate_term(struct extract *x, TSNode name)
{
    char text[200];
    struct slice s = ex_text(x, name);
    (void)snprintf(text, sizeof(text), "::%.*s", (int)(s.n < 190 ? s.n : 190), s.p);
    return ex_term(x, TERM_MODULE, 0, ex_intern(x, text), 0);
}

/* ---- paths that the walk visits ---- */

/* The last name of a path term, 0 if it has none. */
static uint32_t last_name(const struct extract *x, uint32_t term)
{
    const struct term *t = &x->terms.at[term];
    if (t->op == TERM_PATH)
        return t->b;
    return t->op == TERM_NAME || t->op == TERM_FREE ? t->a : 0;
}

uint32_t rust_path_base(struct extract *x, const struct kid *k)
{
    if (k == NULL)
        return 0;
    if (k->sym == S_SELF) {
        ex_unref(x, k);
        return ex_term(x, TERM_HERE, 0, rust_module(x), 0);
    }
    struct term *t = &x->terms.at[k->term];
    if (t->op != TERM_NAME && t->op != TERM_PATH)
        return k->term;
    t->aux = NS_TYPE;
    if (rust_is_upper(x, last_name(x, k->term)))
        x->refs.at[k->ref].role = REF_TYPE;
    else
        ex_unref(x, k);
    x->refs.at[0].role = REF_NONE;
    return k->term;
}

static void scoped(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n,
                   uint8_t ns, enum ref_role role)
{
    TSNode name = ex_child(x, self->node, F_NAME);
    const struct kid *path = ex_kid(kids, n, F_PATH);
    uint32_t base = rust_path_base(x, path);

    if (ts_node_is_null(name))
        return;
    if (ex_is(x, name, S_SUPER)) {
        self->term = base != 0 ? ex_term(x, TERM_PARENT, 0, base, 0) : 0;
        return;
    }
    uint32_t sym = ex_sym(x, name);
    if (path == NULL) /* ::a: a crate */
        self->term = crate_term(x, name);
    else
        ex_member(x, self, TERM_PATH, base, sym, ns, role, name);
}

void rust_leave_scoped_value(struct extract *x, struct kid *self, const struct kid *kids,
                             uint32_t n)
{
    scoped(x, self, kids, n, NS_VALUE, REF_USE);
}

void rust_leave_scoped_type(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    scoped(x, self, kids, n, NS_TYPE, REF_TYPE);
}

uint32_t rust_error_of(struct extract *x, uint32_t value)
{
    if (value == 0)
        return 0;
    uint32_t unwrap = ex_term(x, TERM_MEMBER, NS_VALUE, value, ex_intern(x, "unwrap_err"));
    return ex_term(x, TERM_CALL, 0, unwrap, 0);
}

uint32_t rust_field_of(struct extract *x, uint32_t value, uint32_t name)
{
    return value != 0 && name != 0 ? ex_term(x, TERM_PATH, NS_FIELD, value, name) : 0;
}

/* Variant.field: the name under which an enum knows the field of its variant. */
static uint32_t field_in_enum(struct extract *x, uint32_t path, const char *field)
{
    char text[200];
    (void)snprintf(text, sizeof(text), "%.90s.%.90s", ex_str(x, last_name(x, path)), field);
    return rust_field_of(x, path, ex_intern(x, text));
}

/* Variants are written below their enum; one that was imported is taken for a struct. */
uint32_t rust_variant_field(struct extract *x, uint32_t path, const char *field)
{
    const struct term t = x->terms.at[path];
    if (t.op == TERM_PATH && rust_is_upper(x, last_name(x, t.a)))
        return field_in_enum(x, path, field);
    return rust_field_of(x, path, ex_intern(x, field));
}

/* ---- paths that it does not ---- */

/* The first segment. *again is the node to go on with when `node` only wraps a path. */
static uint32_t path_head(struct extract *x, uint32_t prefix, TSNode node, uint8_t ns,
                          TSNode *again)
{
    uint32_t name;
    switch (ex_rule_of(x, node)) {
    case S_IDENTIFIER:
    case S_TYPE_IDENTIFIER:
    case S_SHORTHAND_FIELD:
        name = ex_sym(x, node);
        return prefix != 0 ? ex_term(x, TERM_PATH, ns, prefix, name)
                           : ex_name_term(x, name, ns, ts_node_start_byte(node));
    case S_SELF: return prefix != 0 ? prefix : ex_term(x, TERM_HERE, 0, rust_module(x), 0);
    case S_SUPER:
        return ex_term(x, TERM_PARENT, 0,
                       prefix != 0 ? prefix : ex_term(x, TERM_HERE, 0, rust_module(x), 0), 0);
    case S_CRATE: return ex_term(x, TERM_ROOT, 0, 0, 0);
    case S_METAVARIABLE:
        return slice_eq(ex_text(x, node), SLICE("$crate")) ? ex_term(x, TERM_ROOT, 0, 0, 0) : 0;
    case S_GENERIC_TYPE:
    case S_GENERIC_TURBOFISH:
    case S_QUALIFIED_TYPE: *again = ex_child(x, node, F_TYPE); return 0;
    case S_BRACKETED_TYPE: *again = ts_node_named_child(node, 0); return 0;
    default: return 0;
    }
}

static bool is_scoped(const struct extract *x, TSNode node)
{
    unsigned r = ex_rule_of(x, node);
    return r == S_SCOPED_IDENTIFIER || r == S_SCOPED_TYPE_IDENTIFIER;
}

uint32_t rust_path(struct extract *x, uint32_t prefix, TSNode node, uint8_t ns)
{
    TSNode names[MAX_SEGMENTS];
    unsigned n = 0;
    uint32_t term = 0;
    bool crate = false;

    for (unsigned steps = 0; !ts_node_is_null(node) && steps < MAX_SEGMENTS; steps++) {
        TSNode again = {0};
        if (is_scoped(x, node)) {
            names[n++] = ex_child(x, node, F_NAME);
            node = ex_child(x, node, F_PATH);
            crate = ts_node_is_null(node);
            continue;
        }
        term = path_head(x, prefix, node, n == 0 ? ns : NS_TYPE, &again);
        node = again;
    }
    if (crate && n > 0) /* ::a */
        term = crate_term(x, names[--n]);
    while (n-- > 0 && term != 0) {
        if (ex_is(x, names[n], S_SUPER))
            term = ex_term(x, TERM_PARENT, 0, term, 0);
        else
            term = ex_term(x, TERM_PATH, n == 0 ? ns : NS_TYPE, term, ex_sym(x, names[n]));
    }
    return term;
}

/* ---- use ---- */

/* The alias is in force behind the path that it stands for, so that in `use select::select` the
 * path can mean the module. */
static void import(struct extract *x, uint32_t name, uint32_t target, uint8_t ns, TSNode at)
{
    if (target == 0)
        return;
    (void)ex_ref(x, target, REF_IMPORT, at);
    if (name == 0 || is_name(x, name, "_"))
        return;
    uint32_t b = ex_alias(x, x->scope, name, target, BIND_EXPORTED);
    ex_bind_at(x, b)->ns = ns;
    ex_bind_at(x, b)->from = ts_node_end_byte(at);
    rust_bound(x, x->scope, name);
}

static void import_leaf(struct extract *x, const struct kid *k)
{
    uint32_t prefix = x->user2;
    TSNode name = k->node;

    if (k->sym == S_SELF || k->sym == S_SCOPED_IDENTIFIER || k->sym == S_IDENTIFIER)
        ex_unref_all(x, k); /* what the walk made of it; lists have made their own */
    switch (k->sym) {
    case S_SELF: import(x, last_name(x, prefix), prefix, NS_TYPE, k->node); return;
    case S_SCOPED_IDENTIFIER:
        name = ex_child(x, k->node, F_NAME);
        if (!ex_is(x, name, S_IDENTIFIER))
            return;
        break;
    case S_IDENTIFIER: break;
    default: return;
    }
    import(x, ex_sym(x, name), rust_path(x, prefix, k->node, NS_ANY), NS_ANY, name);
}

void rust_enter_use(struct extract *x, TSNode node)
{
    rust_attributes(x, node);
    x->user2 = 0;
}

void rust_leave_use(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    const struct kid *k = ex_kid(kids, n, F_ARGUMENT);
    (void)self;
    if (k != NULL)
        import_leaf(x, k);
}

void rust_leave_use_list(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    (void)self;
    for (uint32_t i = 0; i < n; i++)
        import_leaf(x, &kids[i]);
}

void rust_leave_use_as(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    TSNode path = ex_child(x, self->node, F_PATH);
    TSNode alias = ex_child(x, self->node, F_ALIAS);
    (void)kids;
    (void)n;
    if (!ts_node_is_null(alias))
        import(x, ex_sym(x, alias), rust_path(x, x->user2, path, NS_ANY), NS_ANY, alias);
}

void rust_enter_use_scoped(struct extract *x, TSNode node)
{
    TSNode path = ex_child(x, node, F_PATH);
    if (!ts_node_is_null(path))
        x->user2 = rust_path(x, x->user2, path, NS_TYPE);
}

/* `use a::*`: what is private to a module is visible in its children's `use super::*`, so every
 * star passes on what it sees. */
void rust_leave_use_wildcard(struct extract *x, struct kid *self, const struct kid *kids,
                             uint32_t n)
{
    uint32_t target = x->user2;
    if (n > 0) {
        ex_unref_all(x, &kids[0]);
        target = rust_path(x, x->user2, kids[0].node, NS_TYPE);
    }
    if (target == 0)
        return;
    (void)ex_ref(x, target, REF_IMPORT, self->node);
    ex_star(x, x->scope, target, true);
}

void rust_enter_extern_crate(struct extract *x, TSNode node)
{
    TSNode name = ex_child(x, node, F_NAME), alias = ex_child(x, node, F_ALIAS);
    uint32_t target, as;

    rust_attributes(x, node);
    x->skip_children = true;
    if (ts_node_is_null(name))
        return;
    if (slice_eq(ex_text(x, name), SLICE("self")))
        target = ex_term(x, TERM_ROOT, 0, 0, 0);
    else
        target = crate_term(x, name);
    as = ex_sym(x, ts_node_is_null(alias) ? name : alias);
    import(x, as, target, NS_TYPE, name);
}

/* ---- patterns ---- */

/* A part of a pattern, and the value that it takes apart. */
struct part {
    TSNode node;
    uint32_t value;
};

struct pattern {
    struct extract *x;
    struct part todo[MAX_PATTERNS];
    unsigned n;
    unsigned budget;
    uint8_t flags;
    uint32_t from;
};

static void part(struct pattern *p, TSNode node, uint32_t value)
{
    if (!ts_node_is_null(node) && p->n < MAX_PATTERNS && p->budget > 0) {
        p->budget--;
        p->todo[p->n++] = (struct part){node, value};
    }
}

static void binder(struct pattern *p, uint32_t name, uint32_t value)
{
    struct extract *x = p->x;
    uint32_t old = ex_find(x, x->scope, name);
    struct bind *b = ex_bind_at(x, old);
    if (old != 0 && b->kind == BIND_VAR && b->from == p->from) { /* A(x) | B(x) */
        b->init = ex_either(x, b->init, value);
        return;
    }
    (void)ex_var(x, x->scope, name, 0, value, p->flags, p->from);
}

static void path_ref(struct extract *x, uint32_t path, TSNode node)
{
    TSNode name = is_scoped(x, node) ? ex_child(x, node, F_NAME) : node;
    const struct term *t = &x->terms.at[path];
    if (t->op != TERM_NAME || !rust_is_prelude_variant(ex_str(x, t->a)))
        (void)ex_ref(x, path, REF_USE, ts_node_is_null(name) ? node : name);
}

/* A name alone binds, unless it is written like a constant or a unit variant. */
static void name_pattern(struct pattern *p, TSNode node, uint32_t value)
{
    struct extract *x = p->x;
    uint32_t name = ex_sym(x, node);
    if (rust_is_upper(x, name))
        path_ref(x, ex_name_term(x, name, NS_VALUE, ts_node_start_byte(node)), node);
    else
        binder(p, name, value);
}

/* What component `index` of the variant or tuple struct at `path` holds. */
static uint32_t payload(struct extract *x, uint32_t path, uint32_t value, unsigned index)
{
    char text[16];
    const char *last = ex_str(x, last_name(x, path));

    if (strcmp(last, "Some") == 0 || strcmp(last, "Ok") == 0 || strcmp(last, "Ready") == 0)
        return value != 0 ? ex_term(x, TERM_TRY, 0, value, 0) : 0;
    if (strcmp(last, "Err") == 0)
        return rust_error_of(x, value);
    if (strcmp(last, "Borrowed") == 0 || strcmp(last, "Owned") == 0)
        return value;
    (void)snprintf(text, sizeof(text), "%u", index);
    uint32_t found = field_in_enum(x, path, text);
    if (value != 0) /* its type knows the arguments of a generic enum */
        found = ex_either(x, rust_field_of(x, value, x->terms.at[found].b), found);
    if (x->terms.at[path].op == TERM_NAME) /* a struct, or a variant that was imported */
        found = ex_either(x, found, rust_field_of(x, path, ex_intern(x, text)));
    return found;
}

/* Children in order, with their place as counted by the commas; `..` ends what is known. */
static void sequence(struct pattern *p, TSNode node, uint32_t value, TSNode type, bool slice)
{
    struct extract *x = p->x;
    uint32_t n = ts_node_child_count(node);
    unsigned index = 0;
    bool open = false;
    uint32_t path = ts_node_is_null(type) ? 0 : rust_path(x, 0, type, NS_VALUE);

    if (path != 0)
        path_ref(x, path, type);
    for (uint32_t i = 0; i < n && i < MAX_CHILDREN; i++) {
        TSNode c = ts_node_child(node, i);
        if (!ts_node_is_named(c)) {
            index += slice_eq(ex_text(x, c), SLICE(","));
            continue;
        }
        open = open || ex_is(x, c, S_REMAINING_PATTERN);
        if (!ts_node_is_null(type) && ts_node_eq(c, type))
            continue;
        uint32_t v = 0;
        if (slice)
            v = value != 0 ? ex_term(x, TERM_ELEM, 0, value, 0) : 0;
        else if (path != 0)
            v = open ? 0 : payload(x, path, value, index);
        else if (!open && value != 0)
            v = ex_term(x, TERM_PROJ, 0, value, index);
        part(p, c, v);
    }
}

static void field_pattern(struct pattern *p, TSNode node, uint32_t path)
{
    struct extract *x = p->x;
    TSNode name = ex_child(x, node, F_NAME), inner = ex_child(x, node, F_PATTERN);
    if (ts_node_is_null(name))
        return;
    uint32_t sym = ex_sym(x, name);
    uint32_t value = path != 0 ? rust_variant_field(x, path, ex_str(x, sym)) : 0;
    const struct term t = x->terms.at[value];
    (void)ex_ref(x, value, REF_USE, name);
    if (t.op == TERM_PATH && x->terms.at[path].op == TERM_NAME)
        value = ex_either(x, value, field_in_enum(x, path, ex_str(x, sym)));
    if (ts_node_is_null(inner))
        binder(p, sym, value);
    else
        part(p, inner, value);
}

static void struct_pattern(struct pattern *p, TSNode node)
{
    struct extract *x = p->x;
    TSNode type = ex_child(x, node, F_TYPE);
    uint32_t n = ts_node_named_child_count(node);
    uint32_t path = rust_path(x, 0, type, NS_TYPE);

    path_ref(x, path, type);
    for (uint32_t i = 0; i < n && i < MAX_CHILDREN; i++) {
        TSNode c = ts_node_named_child(node, i);
        if (ex_is(x, c, S_FIELD_PATTERN))
            field_pattern(p, c, path);
    }
}

/* `x @ pattern` */
static void captured_pattern(struct pattern *p, TSNode node, uint32_t value)
{
    TSNode name = ts_node_named_child(node, 0);
    uint32_t n = ts_node_named_child_count(node);
    if (ex_is(p->x, name, S_IDENTIFIER))
        binder(p, ex_sym(p->x, name), value);
    if (n > 1)
        part(p, ts_node_named_child(node, n - 1), value);
}

static void one_pattern(struct pattern *p, TSNode node, uint32_t value)
{
    struct extract *x = p->x;
    const TSNode none = {0};
    uint32_t n = ts_node_named_child_count(node);

    switch (ex_rule_of(x, node)) {
    case S_IDENTIFIER: name_pattern(p, node, value); break;
    case S_SCOPED_IDENTIFIER: path_ref(x, rust_path(x, 0, node, NS_VALUE), node); break;
    case S_TUPLE_PATTERN: sequence(p, node, value, none, false); break;
    case S_SLICE_PATTERN: sequence(p, node, value, none, true); break;
    case S_TUPLE_STRUCT_PATTERN: sequence(p, node, value, ex_child(x, node, F_TYPE), false); break;
    case S_STRUCT_PATTERN: struct_pattern(p, node); break;
    case S_CAPTURED_PATTERN: captured_pattern(p, node, value); break;
    case S_OR_PATTERN:
        for (uint32_t i = 0; i < n && i < MAX_CHILDREN; i++)
            part(p, ts_node_named_child(node, i), value);
        break;
    case S_REF_PATTERN:
    case S_REFERENCE_PATTERN:
    case S_MUT_PATTERN:
        if (n > 0)
            part(p, ts_node_named_child(node, n - 1), value);
        break;
    default: break;
    }
}

uint32_t rust_pattern(struct extract *x, TSNode pattern, uint32_t type, uint32_t value,
                      uint8_t flags, uint32_t from)
{
    struct pattern p = {.x = x, .budget = 1024, .flags = flags, .from = from};
    unsigned rule = ex_rule_of(x, pattern);

    if (rule == S_MUT_PATTERN && ts_node_named_child_count(pattern) > 1) {
        pattern = ts_node_named_child(pattern, 1);
        rule = ex_rule_of(x, pattern);
    }
    if (rule == S_SELF || (rule == S_IDENTIFIER && !rust_is_upper(x, ex_sym(x, pattern))))
        return ex_var(x, x->scope, ex_sym(x, pattern), type, value, flags, from);
    if (type != 0)
        value = ex_term(x, TERM_OFTYPE, 0, type, 0);
    part(&p, pattern, value);
    while (p.n > 0) {
        struct part next = p.todo[--p.n];
        one_pattern(&p, next.node, next.value);
    }
    return 0;
}

/* ---- the end ---- */

#define BIND_FALLBACK (1u << 7) /* only until the file ends */

void rust_bound(struct extract *x, uint32_t scope, uint32_t name)
{
    uint32_t b = (x->user & RUST_FALLBACK) != 0 ? ex_find(x, scope, name) : 0;
    if (b != 0)
        ex_bind_at(x, b)->flags |= BIND_FALLBACK;
}

/* Of `#[cfg(a)] mod x;` and `#[cfg(not(a))] mod x {}` the first is meant, as far as we can know:
 * the oldest of its kind becomes the older of the two, wherever it stands. */
static void prefer_other(struct extract *x, uint32_t bind)
{
    struct bind *f = ex_bind_at(x, bind), *p = NULL;
    unsigned n = 0;
    for (uint32_t b = ex_find(x, f->scope, f->name); b != 0 && n < MAX_TWINS;
         b = x->binds.at[b].next, n++) {
        struct bind *other = ex_bind_at(x, b);
        bool item = other->kind == BIND_DEF || other->kind == BIND_ALIAS;
        if (item && (other->ns & f->ns) != 0 && (other->flags & BIND_FALLBACK) == 0)
            p = other;
    }
    if (p == NULL)
        return;
    p->from = f->from = 0;
    if (p > f) { /* they change places in the chain */
        struct bind tmp = *p;
        uint32_t p_next = p->next, f_next = f->next;
        *p = *f;
        *f = tmp;
        p->next = p_next;
        f->next = f_next;
    }
}

static void settle_fallbacks(struct extract *x)
{
    for (uint32_t b = 1; b < x->binds.len; b++) {
        if ((x->binds.at[b].flags & BIND_FALLBACK) != 0)
            prefer_other(x, b);
    }
    for (uint32_t b = 1; b < x->binds.len; b++)
        x->binds.at[b].flags &= (uint8_t)~BIND_FALLBACK;
}

/* The type or impl whose `Self` is meant in a scope, 0 if none. */
static uint32_t self_of(const struct extract *x, uint32_t scope)
{
    for (; scope != 0; scope = x->scopes.at[scope].parent) {
        const struct scope *s = &x->scopes.at[scope];
        uint8_t kind = x->defs.at[s->def].kind;
        if (s->kind == SCOPE_TYPE && (node_kind_is_type(kind) || kind == NODE_IMPL))
            return s->def;
    }
    return 0;
}

/* The first segment of the path that an alias stands for, when it is a name; else 0. */
static uint32_t alias_head(const struct extract *x, uint32_t bind)
{
    const struct bind *b = &x->binds.at[bind];
    uint32_t t = b->kind == BIND_ALIAS ? b->init : 0;
    for (unsigned i = 0; t != 0 && i < MAX_SEGMENTS; i++) {
        if (x->terms.at[t].op == TERM_NAME)
            return t;
        if (x->terms.at[t].op != TERM_PATH)
            return 0;
        t = x->terms.at[t].a;
    }
    return 0;
}

/* `use a::a`: the first `a` is anything but the alias that is being made. */
static void untie_alias(struct extract *x, uint32_t bind)
{
    uint32_t name = x->binds.at[bind].name;
    uint32_t head = alias_head(x, bind);
    if (head == 0 || x->terms.at[head].a != name)
        return;
    for (uint32_t s = x->terms.at[head].b;; s = x->scopes.at[s].parent) {
        unsigned n = 0;
        for (uint32_t b = ex_find(x, s, name); b != 0 && n < MAX_TWINS;
             b = x->binds.at[b].next, n++) {
            const struct bind *other = &x->binds.at[b];
            uint32_t its = alias_head(x, b);
            if (b == bind || (other->ns & NS_TYPE) == 0 || (its != 0 && x->terms.at[its].a == name))
                continue;
            x->terms.at[head] = (struct term){.op = TERM_BOUND, .aux = NS_TYPE, .a = b};
            if (other->scope == x->binds.at[bind].scope) /* two types cannot share a name */
                x->binds.at[bind].ns &= (uint8_t)~NS_TYPE;
            return;
        }
        if (s == 0 || x->scopes.at[s].kind == SCOPE_NAMESPACE)
            break;
    }
    x->terms.at[head] =
        (struct term){.op = TERM_FREE, .aux = NS_TYPE, .a = name, .b = x->terms.at[head].b};
}

/* Neither `Self` nor `_` is the name of anything. */
static bool replace_names(struct extract *x)
{
    uint32_t self = intern_find(&x->syms, "Self", 4);
    uint32_t blank = intern_find(&x->syms, "_", 1);
    bool blanks = false;

    for (uint32_t i = 1; (self != 0 || blank != 0) && i < x->terms.len; i++) {
        struct term *t = &x->terms.at[i];
        if (t->op != TERM_NAME || (t->a != self && t->a != blank))
            continue;
        if (t->a == blank)
            *t = (struct term){.op = TERM_NONE};
        else
            *t = (struct term){.op = TERM_SELFTYPE, .a = self_of(x, t->b)};
        blanks = blanks || t->op == TERM_NONE;
    }
    return blanks;
}

void rust_end_file(struct extract *x)
{
    if (replace_names(x)) {
        for (uint32_t i = 1; i < x->refs.len; i++) {
            if (x->terms.at[x->refs.at[i].term].op == TERM_NONE)
                x->refs.at[i].role = REF_NONE;
        }
    }
    settle_fallbacks(x);
    for (uint32_t b = 1; b < x->binds.len; b++)
        untie_alias(x, b);
}
