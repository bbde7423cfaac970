/* Rust: parameters, generics and types. */
#include "lang/rust.h"

static uint32_t term_of(const struct kid *k)
{
    return k != NULL ? k->term : 0;
}

/* ---- parameters ---- */

RUST_LEAVE(parameter)
{
    TSNode pattern = ex_child(x, self->node, F_PATTERN);
    self->term = term_of(ex_kid(kids, n, F_TYPE));
    if (ts_node_is_null(pattern))
        return;
    uint32_t bind = rust_pattern(x, pattern, self->term, 0, BIND_PARAM, 0);
    self->name = bind != 0 ? ex_bind_at(x, bind)->name : 0;
    if (ex_is(x, pattern, S_SELF))
        self->sym = S_SELF_PARAMETER;
}

static void takes_self(struct extract *x, const struct kid *k)
{
    if (k->term == 0) {
        uint32_t self = ex_term(x, TERM_SELF, 0, x->self, 0);
        (void)ex_var(x, x->scope, ex_intern(x, "self"), 0, self, BIND_PARAM, 0);
    }
    if (x->def != 0)
        ex_def_at(x, x->def)->flags &= (uint16_t)~FLAG_STATIC;
}

/* Their value is the list of their types, without self. */
RUST_LEAVE(parameters)
{
    uint32_t list = 0, count = 0;
    bool variadic = false;

    for (uint32_t i = n; i-- > 0;) {
        if (kids[i].sym == S_SELF_PARAMETER)
            takes_self(x, &kids[i]);
        else if (kids[i].sym == S_VARIADIC_PARAMETER)
            variadic = true;
        else if (kids[i].sym != S_ATTRIBUTE)
            list = ex_cons(x, kids[i].term, list);
    }
    for (uint32_t i = 0; i < n; i++) {
        if (kids[i].sym != S_PARAMETER)
            continue;
        uint32_t b = kids[i].name != 0 ? ex_find(x, x->scope, kids[i].name) : 0;
        if (b != 0)
            ex_bind_at(x, b)->index = (uint8_t)(count < 255 ? count : 255);
        count++;
    }
    if (variadic && x->def != 0 && x->scopes.at[x->scope].kind == SCOPE_FUNCTION)
        ex_def_at(x, x->def)->arity_max = 255;
    self->term = list;
}

static void add_generic(struct extract *x, TSNode name, enum bind_kind kind, uint8_t ns,
                        uint32_t type, uint32_t init)
{
    if (ts_node_is_null(name))
        return;
    uint32_t b = ex_bind(x, x->scope, kind, ex_sym(x, name), ns, 0, 0);
    struct def *d = ex_def_at(x, x->def);
    if (b == 0)
        return;
    ex_bind_at(x, b)->type = type;
    ex_bind_at(x, b)->init = init;
    ex_bind_at(x, b)->def = x->def;
    ex_bind_at(x, b)->index = d->generics;
    if (d->generics < 255)
        d->generics++;
}

RUST_LEAVE(type_parameter)
{
    const struct kid *bounds = ex_kid(kids, n, F_BOUNDS);
    ex_role(x, bounds, REF_EXTENDS, REF_TYPE);
    add_generic(x, ex_child(x, self->node, F_NAME), BIND_TYPARAM, NS_TYPE, term_of(bounds),
                term_of(ex_kid(kids, n, F_DEFAULT_TYPE)));
}

/* A constant takes a place among the arguments too. */
RUST_LEAVE(const_parameter)
{
    add_generic(x, ex_child(x, self->node, F_NAME), BIND_VAR, NS_VALUE | NS_TYPE,
                term_of(ex_kid(kids, n, F_TYPE)), 0);
}

/* `A + B` as a list, before what `rest` lists. */
uint32_t rust_bounds_list(struct extract *x, uint32_t bounds, uint32_t rest)
{
    while (bounds != 0 && x->terms.at[bounds].op == TERM_MEET) {
        rest = ex_cons(x, x->terms.at[bounds].b, rest);
        bounds = x->terms.at[bounds].a;
    }
    return bounds != 0 ? ex_cons(x, bounds, rest) : rest;
}

/* `where T: A`: one bound more of T; `where Self: A` in a trait: one base more. */
RUST_LEAVE(where_predicate)
{
    const struct kid *left = ex_kid(kids, n, F_LEFT), *bounds = ex_kid(kids, n, F_BOUNDS);
    (void)self;
    if (left == NULL || bounds == NULL)
        return;
    bool on_self =
        left->sym == S_TYPE_IDENTIFIER && slice_eq(ex_text(x, left->node), SLICE("Self"));
    if (on_self && x->defs.at[x->def].kind == NODE_TRAIT) {
        uint32_t list = rust_bounds_list(x, bounds->term, ex_def_at(x, x->def)->bases);
        ex_def_at(x, x->def)->bases = list;
        return;
    }
    ex_role(x, bounds, REF_EXTENDS, REF_TYPE);
    if (left->sym != S_TYPE_IDENTIFIER || bounds->term == 0)
        return;
    for (uint32_t s = x->scope;; s = x->scopes.at[s].parent) {
        uint32_t b = ex_find(x, s, left->name);
        struct bind *p = ex_bind_at(x, b);
        if (b != 0 && p->kind == BIND_TYPARAM) {
            uint32_t type =
                p->type == 0 ? bounds->term : ex_term(x, TERM_MEET, 0, p->type, bounds->term);
            ex_bind_at(x, b)->type = type;
        }
        if (b != 0 || s == 0)
            return;
    }
}

/* ---- types ---- */

/* Traits that say nothing of what a value can do. */
static bool is_auto_trait(struct slice s)
{
    static const char *const traits[] = {"Send",  "Sync", "Unpin", "UnwindSafe", "RefUnwindSafe",
                                         "Sized", "Copy", "Clone", NULL};
    for (const char *const *t = traits; *t != NULL; t++) {
        if (slice_eq(s, slice_from(*t)))
            return true;
    }
    return false;
}

static uint32_t meet(struct extract *x, uint32_t a, uint32_t b)
{
    if (a == 0 || b == 0)
        return a != 0 ? a : b;
    return ex_term(x, TERM_MEET, 0, a, b);
}

/* A + B. The refs of the traits are marked as bases; all but a trait's own bounds take it back. */
RUST_LEAVE(trait_bounds)
{
    for (uint32_t i = 0; i < n; i++) {
        if (kids[i].ref != 0)
            x->refs.at[kids[i].ref].role = REF_EXTENDS;
        if (!is_auto_trait(ex_text(x, kids[i].node)))
            self->term = meet(x, self->term, kids[i].term);
    }
}

RUST_LEAVE(bounded_type)
{
    for (uint32_t i = 0; i < n; i++) {
        if (!is_auto_trait(ex_text(x, kids[i].node)))
            self->term = meet(x, self->term, kids[i].term);
    }
}

/* The arguments by position. Bindings (Item = T) come behind the others, where the library's
 * traits, which have nothing else, expect them. */
RUST_LEAVE(type_arguments)
{
    for (uint32_t i = 0; i < n; i++) { /* T: Bound, inside the brackets */
        if (kids[i].sym == S_TRAIT_BOUNDS)
            ex_role(x, &kids[i], REF_EXTENDS, REF_TYPE);
    }
    for (uint32_t i = n; i-- > 0;) {
        if (kids[i].sym != S_TRAIT_BOUNDS)
            self->term = ex_cons(x, kids[i].term, self->term);
    }
}

RUST_LEAVE(generic_type)
{
    const struct kid *type = ex_kid(kids, n, F_TYPE);
    uint32_t args = term_of(ex_kid(kids, n, F_TYPE_ARGUMENTS));
    if (type == NULL || type->term == 0)
        return;
    struct term *t = &x->terms.at[type->term];
    if (t->op == TERM_NAME || t->op == TERM_PATH)
        t->aux = NS_TYPE;
    if (x->refs.at[type->ref].role == REF_USE)
        x->refs.at[type->ref].role = REF_TYPE;
    self->ref = type->ref;
    self->term = args != 0 ? ex_term(x, TERM_APPLY, 0, type->term, args) : type->term;
}

/* <T as Trait>: what follows is looked up in T; in the trait where T is left open. */
RUST_LEAVE(qualified_type)
{
    const struct kid *type = ex_kid(kids, n, F_TYPE), *trait = ex_kid(kids, n, F_ALIAS);
    bool open = type == NULL || type->term == 0 || slice_eq(ex_text(x, type->node), SLICE("_"));
    self->term = term_of(open ? trait : type);
}

RUST_LEAVE(primitive)
{
    (void)kids;
    (void)n;
    self->name = ex_sym(x, self->node);
    self->term = ex_term(x, TERM_LIT, 0, self->name, 0);
}

RUST_LEAVE(tuple_type)
{
    self->term = ex_term(x, TERM_TUPLE, 0, 0, rust_list(x, kids, n, NULL));
}

RUST_LEAVE(array_type)
{
    uint32_t elem = term_of(ex_kid(kids, n, F_ELEMENT));
    self->term = rust_std_type(x, "slice", ex_cons(x, elem, 0));
}

/* fn(A) -> B, Fn(A) -> B */
RUST_LEAVE(function_type)
{
    uint32_t result = term_of(ex_kid(kids, n, F_RETURN_TYPE));
    ex_unref(x, ex_kid(kids, n, F_TRAIT));
    self->term = ex_term(x, TERM_FN, 0, result, term_of(ex_kid(kids, n, F_PARAMETERS)));
}

RUST_LEAVE(crate)
{
    (void)kids;
    (void)n;
    self->term = ex_term(x, TERM_ROOT, 0, 0, 0);
}

RUST_LEAVE(super)
{
    (void)kids;
    (void)n;
    self->term = ex_term(x, TERM_PARENT, 0, ex_term(x, TERM_HERE, 0, rust_module(x), 0), 0);
}
