/* TypeScript: declarations of types and namespaces, and what type expressions denote. */
#include "lang/ecma.h"

/* ---- interfaces and other types ---- */

/* A property of an interface; one of function type is a method. */
void ecma_enter_property(struct extract *x, TSNode node)
{
    TSNode name_node = ex_child(x, node, F_NAME);
    TSNode type = ecma_first(ex_child(x, node, F_TYPE));
    bool method = ex_is(x, type, S_FUNCTION_TYPE);
    uint32_t name = ecma_name(x, name_node), scope = x->scope, def;

    if (method)
        def = ecma_open(x, node, name_node, name, NODE_METHOD, NS_VALUE);
    else
        def = ecma_leaf(x, node, name_node, name, NODE_FIELD, NS_VALUE, x->def);
    (void)ecma_bind(x, scope, def, 0);
    ex_def_at(x, def)->flags |= FLAG_ABSTRACT;
    ecma_sig(x, def, node, ts_node_end_byte(node));
    x->user2 = method ? ecma_tag(TAG_NAMED, ts_node_start_byte(type)) : ecma_tag(TAG_PENDING, def);
}

ECMA_LEAVE(property)
{
    const struct kid *type = ex_kid(kids, n, F_TYPE);
    (void)self;
    if (ecma_has_tag(x, TAG_PENDING) && type != NULL)
        ex_def_at(x, ecma_value(x))->type = type->term;
}

void ecma_enter_interface(struct extract *x, TSNode node)
{
    TSNode name = ex_child(x, node, F_NAME);
    uint32_t def = ecma_declare(x, node, name, ecma_name(x, name), NODE_INTERFACE, NS_TYPE);
    ecma_sig_header(x, def, node);
    (void)ex_scope(x, SCOPE_TYPE);
    x->user2 = 0;
}

void ecma_enter_type_alias(struct extract *x, TSNode node)
{
    TSNode name = ex_child(x, node, F_NAME), value = ex_child(x, node, F_VALUE);
    uint32_t def = ecma_declare(x, node, name, ecma_name(x, name), NODE_TYPE_ALIAS, NS_TYPE);
    bool object = ex_is(x, value, S_OBJECT_TYPE);

    ecma_sig(x, def, node, ts_node_end_byte(node));
    (void)ex_scope(x, SCOPE_TYPE);
    x->user2 = object ? ecma_tag(TAG_NAMED, ts_node_start_byte(value)) : 0;
}

ECMA_LEAVE(type_alias)
{
    const struct kid *value = ex_kid(kids, n, F_VALUE);
    (void)self;
    if (value != NULL && !ecma_has_tag(x, TAG_NAMED))
        ex_def_at(x, x->def)->type = value->term;
}

/* { a: T; b(): U }: the value of an alias, the type of a field or constant, or a type without a
 * name. Its members are children of what is around it that has one. */
void ecma_enter_object_type(struct extract *x, TSNode node)
{
    bool tagged = ecma_has_tag(x, TAG_PENDING) || ecma_has_tag(x, TAG_OWNER);
    uint32_t owner = tagged ? ecma_value(x) : 0, outer = x->scope;

    if (ecma_at(x, TAG_NAMED, node)) {
        x->self = x->def;
        x->user2 = 0;
        return;
    }
    if (ts_node_named_child_count(node) == 0) {
        x->user2 = 0;
        return;
    }
    if (owner != 0 && ex_def_at(x, owner)->name != 0)
        x->def = owner;
    if (owner == 0 || ex_def_at(x, owner)->scope != 0)
        owner = ex_def_leaf(x, node, 0, NODE_INTERFACE, NS_TYPE, x->def, 0);
    x->scope = ecma_new_scope(x, outer, owner, SCOPE_TYPE);
    x->self = owner;
    x->user2 = ecma_tag(TAG_PENDING, owner);
}

ECMA_LEAVE(object_type)
{
    (void)kids;
    (void)n;
    if (!ecma_has_tag(x, TAG_PENDING))
        return;
    uint32_t type = ecma_value(x);
    if (ex_def_at(x, type)->name == 0)
        self->term = ecma_def_term(x, type);
    else /* a field or constant: its value is an instance of itself */
        self->term = ex_term(x, TERM_SELFTYPE, 0, type, 0);
}

void ecma_enter_enum(struct extract *x, TSNode node)
{
    TSNode name = ex_child(x, node, F_NAME);
    uint32_t def = ecma_declare(x, node, name, ecma_name(x, name), NODE_ENUM, NS_VALUE | NS_TYPE);
    ecma_sig_header(x, def, node);
    (void)ex_scope(x, SCOPE_TYPE);
    x->user2 = 0;
}

static void variant(struct extract *x, TSNode node, TSNode name)
{
    uint32_t def =
        ecma_leaf(x, node, name, ecma_name(x, name), NODE_VARIANT, NS_VALUE | NS_TYPE, x->def);
    (void)ecma_bind(x, x->scope, def, 0);
    ecma_sig(x, def, node, ts_node_end_byte(node));
}

void ecma_enter_enum_assignment(struct extract *x, TSNode node)
{
    variant(x, node, ex_child(x, node, F_NAME));
}

ECMA_LEAVE(enum_body)
{
    (void)self;
    for (uint32_t i = 0; i < n; i++) {
        if (kids[i].field == F_NAME && kids[i].sym != S_ENUM_ASSIGNMENT)
            variant(x, kids[i].node, kids[i].node);
    }
}

void ecma_enter_type_parameter(struct extract *x, TSNode node)
{
    uint32_t name = ecma_name(x, ex_child(x, node, F_NAME));
    uint32_t b = ex_bind(x, x->scope, BIND_TYPARAM, name, NS_TYPE, 0, 0);
    struct def *d = ex_def_at(x, x->def);

    x->user2 = ecma_tag(TAG_GENERIC, b);
    if (b == 0 || x->def == 0 || d->scope != x->scope || d->generics == UINT8_MAX)
        return;
    ex_bind_at(x, b)->def = x->def;
    ex_bind_at(x, b)->index = d->generics++;
}

ECMA_LEAVE(type_parameter)
{
    const struct kid *bound = ex_kid(kids, n, F_CONSTRAINT), *value = ex_kid(kids, n, F_VALUE);
    struct bind *b = ex_bind_at(x, ecma_value(x));
    (void)self;
    b->type = bound != NULL ? bound->term : 0;
    b->init = value != NULL ? value->term : 0;
}

/* `infer U` and `[K in T]` bind type parameters of their own. */
void ecma_enter_infer(struct extract *x, TSNode node)
{
    uint32_t name = ecma_name(x, ecma_first(node));
    (void)ex_bind(x, x->scope, BIND_TYPARAM, name, NS_TYPE, 0, 0);
}

void ecma_enter_mapped(struct extract *x, TSNode node)
{
    uint32_t name = ecma_name(x, ex_child(x, node, F_NAME));
    (void)ex_bind(x, x->scope, BIND_TYPARAM, name, NS_TYPE, 0, 0);
}

/* ---- namespaces ---- */

void ecma_enter_ambient(struct extract *x, TSNode node)
{
    (void)node;
    x->user |= USER_AMBIENT;
}

/* namespace A.B.C { }, module "x" { } */
void ecma_enter_namespace(struct extract *x, TSNode node)
{
    TSNode name_node = ex_child(x, node, F_NAME), body = ex_child(x, node, F_BODY);
    struct slice rest = ts_node_is_null(name_node) ? SLICE("") : ex_text(x, name_node);
    bool whole = ecma_quoted(rest);

    for (unsigned i = 0; i < 16 && (i == 0 || rest.n > 0); i++) {
        const char *dot = whole ? NULL : slice_chr(rest, '.');
        struct slice part = dot != NULL ? slice_of(rest.p, (size_t)(dot - rest.p)) : rest;
        rest = dot != NULL ? slice_skip(rest, part.n + 1) : SLICE("");
        uint32_t name = whole ? ecma_name(x, name_node) : ex_intern_slice(x, slice_trim(part));
        uint32_t def = ecma_declare(x, node, name_node, name, NODE_NAMESPACE, NS_VALUE | NS_TYPE);
        if (i == 0)
            ecma_sig_header(x, def, node);
        (void)ex_scope(x, SCOPE_NAMESPACE);
        x->user2 = ecma_tag(TAG_DECLARES, HOW_EXPORTED); /* of the parts behind the first */
    }
    x->user = (x->user & USER_AMBIENT) | x->scope;
    x->self = 0;
    x->user2 = ts_node_is_null(body) ? 0 : ecma_tag(TAG_NAMED, ts_node_start_byte(body));
}

/* ---- type expressions ---- */

/* a.b.C and a.b: namespaces and what is in them. */
ECMA_LEAVE(nested_name)
{
    bool type = self->sym == S_NESTED_TYPE;
    const struct kid *in = ex_kid(kids, n, type ? F_MODULE : F_OBJECT);
    const struct kid *name = ex_kid(kids, n, type ? F_NAME : F_PROPERTY);
    if (in == NULL || name == NULL)
        return;
    ex_unref(x, name);
    ex_member(x, self, TERM_PATH, in->term, name->name, type ? NS_TYPE : NS_VALUE | NS_TYPE,
              type ? REF_TYPE : REF_USE, name->node);
}

ECMA_LEAVE(generic_type)
{
    const struct kid *name = ex_kid(kids, n, F_NAME), *args = ex_kid(kids, n, F_TYPE_ARGUMENTS);
    if (name == NULL)
        return;
    ecma_pass(self, name);
    if (args != NULL && args->term != 0 && name->term != 0)
        self->term = ex_term(x, TERM_APPLY, 0, name->term, args->term);
}

ECMA_LEAVE(type_arguments)
{
    self->term = ecma_list_all(x, kids, n);
}

/* Of any, unknown, void, never and object nothing is known. */
ECMA_LEAVE(predefined_type)
{
    static const char *const known[] = {"string", "number", "boolean", "symbol", "bigint"};
    struct slice s = ex_text(x, self->node);
    (void)kids;
    (void)n;
    for (unsigned i = 0; i < sizeof(known) / sizeof(*known); i++) {
        if (slice_eq(s, slice_from(known[i])))
            self->term = ex_lit(x, known[i]);
    }
}

ECMA_LEAVE(array_type)
{
    self->term = ecma_generic(x, W_ARRAY, n > 0 ? kids[0].term : 0);
}

ECMA_LEAVE(tuple_type)
{
    self->term = ex_term(x, TERM_TUPLE, 0, 0, ecma_list_all(x, kids, n));
}

ECMA_LEAVE(union_type)
{
    for (uint32_t i = 0; i < n; i++)
        self->term = ex_either(x, self->term, kids[i].term);
}

ECMA_LEAVE(intersection_type)
{
    for (uint32_t i = 0; i < n; i++) {
        uint32_t t = kids[i].term;
        if (t != 0)
            self->term = self->term != 0 ? ex_term(x, TERM_MEET, 0, self->term, t) : t;
    }
}

ECMA_LEAVE(type_query)
{
    if (n > 0 && kids[0].term != 0)
        self->term = ex_term(x, TERM_TYPEOF, 0, kids[0].term, 0);
}

/* T["name"], T[number] */
ECMA_LEAVE(lookup_type)
{
    if (n < 2 || kids[0].term == 0)
        return;
    uint32_t of = ex_term(x, TERM_OFTYPE, 0, kids[0].term, 0);
    if (kids[1].sym == S_LITERAL_TYPE && kids[1].name != 0)
        of = ex_term(x, TERM_MEMBER, 0, of, kids[1].name);
    else if (ecma_text_is(x, kids[1].node, "number"))
        of = ex_term(x, TERM_ELEM, 0, of, 0);
    else
        return;
    self->term = ex_term(x, TERM_TYPEOF, 0, of, 0);
}

ECMA_LEAVE(literal_type)
{
    if (n == 0)
        return;
    self->term = kids[0].term;
    if (kids[0].sym == S_STRING)
        self->name = ecma_name(x, kids[0].node);
}

ECMA_LEAVE(template_type)
{
    (void)kids;
    (void)n;
    self->term = ex_lit(x, "string");
}

ECMA_LEAVE(this_type)
{
    (void)kids;
    (void)n;
    if (x->self != 0)
        self->term = ex_term(x, TERM_SELFTYPE, 0, x->self, 0);
}

/* `x is T` */
ECMA_LEAVE(predicate)
{
    (void)kids;
    (void)n;
    self->term = ex_lit(x, "boolean");
}
