/* JavaScript and TypeScript: variables, parameters and patterns, imports and exports. */
#include "base/mem.h"
#include "lang/ecma.h"

#include <string.h>

#define MAX_MERGED 32u /* declarations of one name that are one */
#define MAX_VALUES 6u  /* assigned values of one variable that are worth following */

/* ---- names and patterns in binding position ---- */

/* How many values a variable has been given already. */
static unsigned values(const struct extract *x, uint32_t term)
{
    unsigned n = term != 0;
    for (; x->terms.at[term].op == TERM_UNION; term = x->terms.at[term].a)
        n++;
    return n;
}

void ecma_give(struct extract *x, uint32_t bind, uint32_t init)
{
    struct bind *b = ex_bind_at(x, bind);
    if (bind == 0 || init == 0)
        return;
    if (b->kind == BIND_ALIAS) {
        /* const { a } = require("x") */
        struct term t = x->terms.at[init];
        if (t.op == TERM_MEMBER)
            init = ex_term(x, TERM_PATH, NS_ANY, t.a, t.b);
        ex_bind_at(x, bind)->init = init;
        return;
    }
    struct def *d = b->kind == BIND_DEF ? ex_def_at(x, b->def) : NULL;
    bool holds = d == NULL || d->kind == NODE_CONSTANT || d->kind == NODE_VARIABLE;
    uint32_t *held = d != NULL ? &d->init : &b->init;
    if (holds && values(x, *held) < MAX_VALUES)
        *held = ex_either(x, *held, init);
}

/* A new name: a plain variable or parameter, or (TAG_PATTERN) what the pattern's bind says. */
static uint32_t new_name(struct extract *x, TSNode node, uint32_t name)
{
    if (ecma_has_tag(x, TAG_BINDS))
        return ex_var(x, ecma_value(x), name, 0, 0, 0, 0);
    if (!ecma_has_tag(x, TAG_PATTERN) || name == 0)
        return 0;
    struct bind h = *ex_bind_at(x, ecma_value(x));
    if (h.kind == BIND_ALIAS)
        return ex_alias(x, h.scope, name, 0, h.flags & BIND_EXPORTED);
    if (h.index == 0)
        return ex_var(x, h.scope, name, 0, 0, 0, 0);
    uint32_t def = ecma_leaf(x, node, node, name, (enum node_kind)h.index, NS_VALUE, x->def);
    if (h.flags & BIND_EXPORTED)
        ex_def_at(x, def)->flags |= FLAG_EXPORTED;
    ecma_sig(x, def, node, ts_node_end_byte(node));
    return ecma_bind(x, h.scope, def, h.flags & BIND_EXPORTED);
}

/* The bind of a kid in binding position: nested patterns have made theirs, a name's is made now.
 * 0 for what is assigned to and not declared. */
static uint32_t target(struct extract *x, const struct kid *k)
{
    if (k->sym == S_IDENTIFIER || k->sym == S_SHORTHAND_PATTERN) {
        if (!ecma_has_tag(x, TAG_BINDS) && !ecma_has_tag(x, TAG_PATTERN))
            return 0;
        ex_unref(x, k);
        return new_name(x, k->node, k->name);
    }
    bool pattern = k->sym == S_OBJECT_PATTERN || k->sym == S_ARRAY_PATTERN ||
                   k->sym == S_ASSIGNMENT_PATTERN || k->sym == S_REST_PATTERN;
    const struct term *t = &x->terms.at[k->term];
    return pattern && t->op == TERM_BOUND ? t->a : 0;
}

/* A pattern that declares names has a bind of its own, for the value that it takes apart. */
void ecma_enter_pattern(struct extract *x, TSNode node)
{
    struct bind made = {.kind = BIND_VAR};
    (void)node;
    if (ecma_has_tag(x, TAG_PATTERN)) {
        struct bind *above = ex_bind_at(x, ecma_value(x));
        if (above->from != 0) { /* made by the declaration for this very pattern */
            above->from = 0;
            return;
        }
        made = *above;
    } else if (ecma_has_tag(x, TAG_BINDS)) {
        made.scope = ecma_value(x);
    } else {
        x->user2 = 0;
        return;
    }
    uint32_t h = ecma_hidden(x, made.scope, BIND_VAR);
    ex_bind_at(x, h)->index = made.index;
    ex_bind_at(x, h)->flags = made.flags & BIND_EXPORTED;
    x->user2 = ecma_tag(TAG_PATTERN, h);
}

/* Holes have no node: the commas before an element are counted in the text. */
static uint32_t element_index(const struct extract *x, uint32_t index, uint32_t from, uint32_t to)
{
    for (; from < to && from < x->n_src; from++)
        index += x->src[from] == ',';
    return index;
}

ECMA_LEAVE(pattern)
{
    uint32_t h = ecma_value(x), index = 0, at = ts_node_start_byte(self->node);
    if (!ecma_has_tag(x, TAG_PATTERN))
        return;
    self->term = ecma_bound(x, h);
    for (uint32_t i = 0; i < n; i++) {
        const struct kid *k = &kids[i];
        uint32_t part = 0, start = ts_node_start_byte(k->node);
        if (k->sym == S_REST_PATTERN) {
            part = self->term;
        } else if (self->sym == S_ARRAY_PATTERN) {
            index = element_index(x, index, at, start);
            part = ex_term(x, TERM_PROJ, 0, self->term, index);
        } else if (k->sym == S_SHORTHAND_PATTERN) {
            part = ex_term(x, TERM_MEMBER, 0, self->term, k->name);
        }
        at = ts_node_end_byte(k->node);
        if (part != 0)
            ecma_give(x, target(x, k), part);
    }
}

/* The member of the value above that a key takes. */
static uint32_t member_above(struct extract *x, uint32_t key)
{
    if (!ecma_has_tag(x, TAG_PATTERN) || key == 0)
        return 0;
    return ex_term(x, TERM_MEMBER, 0, ecma_bound(x, ecma_value(x)), key);
}

ECMA_LEAVE(pair_pattern)
{
    const struct kid *key = ex_kid(kids, n, F_KEY), *value = ex_kid(kids, n, F_VALUE);
    (void)self;
    if (key == NULL || value == NULL)
        return;
    uint32_t name = key->sym == S_COMPUTED_NAME ? 0 : ecma_name(x, key->node);
    ecma_give(x, target(x, value), member_above(x, name));
}

ECMA_LEAVE(rest_pattern)
{
    if (n > 0)
        self->name = kids[0].name;
    self->term = n > 0 ? ecma_bound(x, target(x, &kids[0])) : 0;
}

/* name = value, in parameters and arrays */
ECMA_LEAVE(assignment_pattern)
{
    const struct kid *left = ex_kid(kids, n, F_LEFT), *right = ex_kid(kids, n, F_RIGHT);
    if (left == NULL || right == NULL)
        return;
    uint32_t b = target(x, left);
    ecma_give(x, b, right->term);
    self->name = left->sym == S_IDENTIFIER ? left->name : 0;
    self->term = ecma_bound(x, b);
}

ECMA_LEAVE(object_assignment_pattern)
{
    const struct kid *left = ex_kid(kids, n, F_LEFT), *right = ex_kid(kids, n, F_RIGHT);
    (void)self;
    if (left == NULL || right == NULL)
        return;
    uint32_t b = target(x, left);
    if (left->sym == S_SHORTHAND_PATTERN)
        ecma_give(x, b, member_above(x, left->name));
    ecma_give(x, b, right->term);
}

/* ---- parameters ---- */

void ecma_enter_parameters(struct extract *x, TSNode node)
{
    (void)node;
    x->user2 = ecma_tag(TAG_BINDS, x->scope);
}

/* constructor(private x: T) declares the field x as well. */
static void parameter_property(struct extract *x, const struct kid *self, const struct kid *name,
                               uint32_t type, uint32_t value)
{
    if ((ex_def_at(x, x->def)->flags & FLAG_CONSTRUCTOR) == 0 || x->self == 0 ||
        name->sym != S_IDENTIFIER)
        return;
    uint32_t def = ecma_leaf(x, self->node, name->node, name->name, NODE_FIELD, NS_VALUE, x->self);
    ex_def_at(x, def)->type = type;
    ex_def_at(x, def)->init = value;
    (void)ecma_bind(x, ex_def_at(x, x->self)->scope, def, 0);
    ecma_sig(x, def, self->node, ts_node_end_byte(self->node));
}

/* A parameter with its type, or an element of a tuple type with a name. What kind of parameter it
 * is, is said by the symbol that the kid leaves behind. */
ECMA_LEAVE(parameter)
{
    const struct kid *p = ex_kid(kids, n, F_PATTERN), *type = ex_kid(kids, n, F_TYPE);
    const struct kid *value = ex_kid(kids, n, F_VALUE);
    uint32_t type_term = type != NULL ? type->term : 0;
    uint32_t value_term = value != NULL ? value->term : 0;

    self->term = type_term;
    if (p == NULL) {
        ex_unref(x, ex_kid(kids, n, F_NAME));
        return;
    }
    if (p->sym == S_THIS) {
        (void)ex_var(x, x->scope, W_THIS, type_term, 0, 0, 0);
        self->sym = S_THIS;
        return;
    }
    uint32_t b = target(x, p);
    ex_bind_at(x, b)->type = b != 0 ? type_term : 0;
    if (type_term == 0)
        ecma_give(x, b, value_term);
    self->name = p->name;
    if (p->sym == S_REST_PATTERN)
        self->sym = S_REST_PATTERN;
    else if (value != NULL)
        self->sym = S_OPTIONAL_PARAMETER;
    if (type_term == 0)
        self->term = ecma_bound(x, b);
    ex_bind_at(x, b)->flags |= b != 0 ? BIND_PARAM : 0;
    if (ex_kid_sym(kids, n, S_ACCESSIBILITY) != NULL || ex_kid_sym(kids, n, S_READONLY) != NULL)
        parameter_property(x, self, p, type_term, value_term);
}

static bool is_parameter(unsigned sym)
{
    return sym == S_IDENTIFIER || sym == S_REQUIRED_PARAMETER || sym == S_OPTIONAL_PARAMETER ||
           sym == S_OBJECT_PATTERN || sym == S_ARRAY_PATTERN || sym == S_ASSIGNMENT_PATTERN ||
           sym == S_REST_PATTERN;
}

/* The bind of a parameter that has been left. */
static uint32_t parameter_bind(struct extract *x, const struct kid *k)
{
    const struct term *t = &x->terms.at[k->term];
    if (t->op == TERM_BOUND && k->name == 0)
        return t->a;
    return k->name != 0 ? ex_find(x, x->scope, k->name) : 0;
}

/* The term of all parameters is the list of their types; one without a type stands for itself. */
ECMA_LEAVE(parameters)
{
    bool own = x->def != 0 && ex_def_at(x, x->def)->scope == x->scope;
    uint8_t min = 0, max = 0, index = 0;
    uint32_t terms[64];

    for (uint32_t i = 0; i < n && index < 64; i++) {
        struct kid k = kids[i];
        if (!is_parameter(k.sym))
            continue;
        if (k.sym == S_IDENTIFIER) /* JavaScript */
            k.term = ecma_bound(x, target(x, &kids[i]));
        uint32_t b = parameter_bind(x, &k);
        ex_bind_at(x, b)->flags |= b != 0 ? BIND_PARAM : 0;
        ex_bind_at(x, b)->index = b != 0 ? index : 0;
        terms[index++] = k.term;
        max = k.sym == S_REST_PATTERN ? 255 : (uint8_t)(max + 1);
        if (k.sym != S_REST_PATTERN && k.sym != S_OPTIONAL_PARAMETER &&
            k.sym != S_ASSIGNMENT_PATTERN)
            min = index;
    }
    if (own) {
        ex_def_at(x, x->def)->arity_min = min;
        ex_def_at(x, x->def)->arity_max = max;
        ex_role(x, self, REF_TYPE, REF_ACCEPTS);
    }
    while (index > 0)
        self->term = ex_cons(x, terms[--index], self->term);
}

/* ---- variables ---- */

void ecma_enter_variables(struct extract *x, TSNode node)
{
    unsigned how = ecma_how(x) & HOW_EXPORTED;
    if (ex_is(x, node, S_VAR))
        how |= HOW_VAR;
    else if (slice_starts(ex_text(x, node), SLICE("const")) || ex_is(x, node, S_USING))
        how |= HOW_CONST;
    x->user2 = ecma_tag(TAG_DECLARES, how);
}

/* What a declarator makes and where. */
struct variable {
    uint32_t scope;
    enum node_kind kind; /* of the definition, when it is one */
    bool top, exported;
};

static struct variable variable(const struct extract *x)
{
    unsigned how = ecma_how(x);
    struct variable v = {.scope = how & HOW_VAR ? x->user & USER_SCOPE : x->scope};
    uint8_t in = x->scopes.at[v.scope].kind;
    v.kind = how & HOW_CONST ? NODE_CONSTANT : NODE_VARIABLE;
    v.top = in == SCOPE_FILE || in == SCOPE_NAMESPACE;
    v.exported = v.top && ((how & HOW_EXPORTED) != 0 ||
                           ((x->user & USER_AMBIENT) != 0 && in == SCOPE_NAMESPACE));
    return v;
}

static void exported_variable(struct extract *x, const struct variable *v, uint32_t def)
{
    (void)ecma_bind(x, v->scope, def, v->exported ? BIND_EXPORTED : 0);
    if (v->exported)
        ex_def_at(x, def)->flags |= FLAG_EXPORTED;
}

static void enter_pattern_variable(struct extract *x, const struct variable *v, TSNode value)
{
    bool module = !ts_node_is_null(value) && ecma_is_module_value(x, value);
    uint32_t h = ecma_hidden(x, v->scope, module ? BIND_ALIAS : BIND_VAR);
    struct bind *b = ex_bind_at(x, h);

    b->from = 1; /* see ecma_enter_pattern */
    b->index = v->top && !module ? (uint8_t)v->kind : 0;
    b->flags = v->exported ? BIND_EXPORTED : 0;
    x->user2 = ecma_tag(TAG_PATTERN, h);
}

void ecma_enter_declarator(struct extract *x, TSNode node)
{
    TSNode name_node = ex_child(x, node, F_NAME), value = ex_child(x, node, F_VALUE);
    struct variable v = variable(x);
    unsigned sym = ex_rule_of(x, value);

    x->user2 = 0;
    if (!ex_is(x, name_node, S_IDENTIFIER)) {
        enter_pattern_variable(x, &v, value);
        return;
    }
    uint32_t name = ecma_name(x, name_node), def = 0;
    bool object = !ts_node_is_null(value) && ecma_is_object(x, value);
    if (ecma_is_function(sym) || sym == S_CLASS) {
        def = sym == S_CLASS ? ecma_open(x, node, name_node, name, NODE_CLASS, NS_VALUE | NS_TYPE)
                             : ecma_open(x, node, name_node, name, NODE_FUNCTION, NS_VALUE);
        exported_variable(x, &v, def);
        if (sym == S_FUNCTION || sym == S_GENERATOR)
            ecma_plain_this(x, def);
        ecma_sig_function(x, def, node, value);
        x->user2 = ecma_tag(TAG_NAMED, ts_node_start_byte(value));
    } else if (!ts_node_is_null(value) && ecma_is_module_value(x, value)) {
        x->user2 = ecma_tag(TAG_SOURCE, v.exported);
    } else if (v.top) {
        def = ecma_leaf(x, node, name_node, name, v.kind, NS_VALUE, x->def);
        exported_variable(x, &v, def);
        ecma_sig_value(x, def, node, value);
        x->user2 = ecma_tag(object ? TAG_OWNER : TAG_PENDING, def);
    } else {
        (void)ex_var(x, v.scope, name, 0, 0, 0, 0);
        x->user2 = object ? ecma_tag(TAG_OWNER, x->def) : 0;
    }
}

/* The bind that `enter` has made for a name. */
static uint32_t newest(const struct extract *x, uint32_t name)
{
    uint32_t b = ex_find(x, x->scope, name);
    return b != 0 ? b : ex_find(x, x->user & USER_SCOPE, name);
}

static void hold(struct extract *x, uint32_t bind, uint32_t type, uint32_t init)
{
    struct bind *b = ex_bind_at(x, bind);
    if (bind == 0)
        return;
    if (b->kind == BIND_DEF) {
        ex_def_at(x, b->def)->type = type;
        ex_def_at(x, b->def)->init = init;
        ecma_doc_types(x, b->def);
    } else {
        b->type = type;
        b->init = init;
    }
}

ECMA_LEAVE(declarator)
{
    const struct kid *name = ex_kid(kids, n, F_NAME), *type = ex_kid(kids, n, F_TYPE);
    const struct kid *value = ex_kid(kids, n, F_VALUE);
    uint32_t type_term = type != NULL ? type->term : 0;
    uint32_t init = value != NULL ? value->term : 0;

    (void)self;
    if (name == NULL)
        return;
    if (name->sym != S_IDENTIFIER) {
        const struct term *t = &x->terms.at[name->term];
        uint32_t h = t->op == TERM_BOUND ? t->a : 0;
        hold(x, h, type_term, init);
        if (ex_bind_at(x, h)->kind == BIND_VAR)
            ex_bind_at(x, h)->index = 0;
        return;
    }
    ex_unref(x, name);
    if (ecma_has_tag(x, TAG_SOURCE)) {
        (void)ex_alias(x, x->scope, name->name, init, ecma_value(x) != 0 ? BIND_EXPORTED : 0);
    } else if (!ecma_has_tag(x, TAG_NAMED)) {
        hold(x, newest(x, name->name), type_term, init);
    } else if (x->terms.at[type_term].op == TERM_FN && ex_def_at(x, x->def)->type == 0) {
        ex_def_at(x, x->def)->type = x->terms.at[type_term].a;
    }
}

/* for (const x of xs), for (k in o) */
void ecma_enter_for_in(struct extract *x, TSNode node)
{
    TSNode kind = ex_child(x, node, F_KIND);
    (void)ex_scope(x, SCOPE_BLOCK);
    x->user2 = 0;
    if (!ts_node_is_null(kind)) {
        bool var = slice_eq(ex_text(x, kind), SLICE("var"));
        x->user2 = ecma_tag(TAG_BINDS, var ? x->user & USER_SCOPE : x->scope);
    }
}

ECMA_LEAVE(for_in)
{
    const struct kid *left = ex_kid(kids, n, F_LEFT), *right = ex_kid(kids, n, F_RIGHT);
    TSNode op = ex_child(x, self->node, F_OPERATOR);

    ecma_leave_statement(x, self, kids, n);
    if (left == NULL || right == NULL || ts_node_is_null(op))
        return;
    uint32_t b = target(x, left);
    if (b == 0 && left->sym == S_IDENTIFIER)
        b = ecma_resolve(x, left->name);
    if (ecma_text_is(x, op, "in"))
        ecma_give(x, b, ex_lit(x, "string"));
    else if (right->term != 0)
        ecma_give(x, b, ex_term(x, TERM_ELEM, 0, right->term, 0));
}

void ecma_enter_catch(struct extract *x, TSNode node)
{
    (void)node;
    (void)ex_scope(x, SCOPE_BLOCK);
    x->user2 = ecma_tag(TAG_BINDS, x->scope);
}

ECMA_LEAVE(catch)
{
    const struct kid *parameter = ex_kid(kids, n, F_PARAMETER);
    if (parameter != NULL)
        (void)target(x, parameter);
    ecma_leave_statement(x, self, kids, n);
}

/* ---- imports ---- */

uint32_t ecma_module(struct extract *x, TSNode string, bool refer)
{
    uint32_t spelled = ecma_name(x, string);
    uint32_t t = spelled != 0 ? ex_term(x, TERM_MODULE, 0, spelled, 0) : 0;
    if (refer && t != 0)
        (void)ex_ref(x, t, REF_IMPORT, string);
    return t;
}

/* What a module sets as its whole value (module.exports = x), and its single exports. As a name it
 * means the former; as a value it has the members of both. */
uint32_t ecma_required(struct extract *x, uint32_t module)
{
    uint32_t older = ecma_hidden(x, x->scope, BIND_ALIAS);
    uint32_t newer = ecma_hidden(x, x->scope, BIND_ALIAS);
    uint32_t whole = ex_term(x, TERM_PATH, NS_ANY, module, W_EXPORT_ALL);
    if (x->failed)
        return 0;
    ex_bind_at(x, older)->init = whole;
    ex_bind_at(x, newer)->init = ex_term(x, TERM_UNION, 0, whole, module);
    ex_bind_at(x, newer)->next = older;
    return ecma_bound(x, newer);
}

/* A name of another module. In TypeScript its value and its type may be two things (interface X
 * and const X), and so they are two binds. */
static void import_name(struct extract *x, uint32_t here, uint32_t module, uint32_t there,
                        bool exported)
{
    static const uint8_t both[] = {NS_TYPE, NS_ANY & ~NS_TYPE}, any[] = {NS_ANY};
    bool typed = strcmp(x->lang->name, "javascript") != 0;
    const uint8_t *ns = typed ? both : any;

    for (unsigned i = 0; i < (typed ? 2u : 1u); i++) {
        uint32_t target = ex_term(x, TERM_PATH, ns[i], module, there);
        uint32_t b = exported ? ecma_export(x, x->scope, here, target)
                              : ex_alias(x, x->scope, here, target, 0);
        ex_bind_at(x, b)->ns = b != 0 ? ns[i] : 0;
    }
}

void ecma_enter_import(struct extract *x, TSNode node)
{
    TSNode source = ex_child(x, node, F_SOURCE);
    uint32_t module = ts_node_is_null(source) ? 0 : ecma_module(x, source, true);
    x->user2 = ecma_tag(TAG_SOURCE, module);
}

/* import name from "x": the default export, or the whole of a CommonJS module */
ECMA_LEAVE(import_clause)
{
    uint32_t module = ecma_value(x);
    (void)self;
    for (uint32_t i = 0; i < n; i++) {
        if (kids[i].sym != S_IDENTIFIER)
            continue;
        ex_unref(x, &kids[i]);
        if (module == 0)
            continue;
        (void)ex_alias(x, x->scope, kids[i].name,
                       ex_term(x, TERM_PATH, NS_ANY, module, W_EXPORT_ALL), 0);
        (void)ex_alias(x, x->scope, kids[i].name, ex_term(x, TERM_PATH, NS_ANY, module, W_DEFAULT),
                       0);
    }
}

ECMA_LEAVE(namespace_import)
{
    (void)self;
    if (n == 0)
        return;
    ex_unref(x, &kids[0]);
    (void)ex_alias(x, x->scope, kids[0].name, ecma_value(x), 0);
}

void ecma_enter_import_specifier(struct extract *x, TSNode node)
{
    TSNode name = ex_child(x, node, F_NAME), alias = ex_child(x, node, F_ALIAS);
    uint32_t outside = ecma_name(x, name);
    uint32_t inside = ts_node_is_null(alias) ? outside : ecma_name(x, alias);

    x->skip_children = true;
    if (outside == 0 || ecma_value(x) == 0 || !ecma_has_tag(x, TAG_SOURCE))
        return;
    import_name(x, inside, ecma_value(x), outside, false);
}

/* import x = require("y") */
ECMA_LEAVE(import_require)
{
    const struct kid *source = ex_kid(kids, n, F_SOURCE);
    (void)self;
    if (n == 0 || kids[0].sym != S_IDENTIFIER)
        return;
    ex_unref(x, &kids[0]);
    uint32_t module = source != NULL ? ecma_module(x, source->node, true) : 0;
    if (module != 0)
        (void)ex_alias(x, x->scope, kids[0].name, ecma_required(x, module), 0);
}

/* import X = A.B */
ECMA_LEAVE(import_alias)
{
    (void)self;
    if (n < 2)
        return;
    ex_unref(x, &kids[0]);
    (void)ex_alias(x, x->scope, kids[0].name, kids[1].term,
                   ecma_how(x) & HOW_EXPORTED ? BIND_EXPORTED : 0);
}

/* ---- exports ---- */

/* export default <expression> */
static void enter_default(struct extract *x, TSNode value)
{
    TSNode name_node = ex_child(x, value, F_NAME);
    unsigned sym = ex_rule_of(x, value);
    uint32_t name = ecma_name(x, name_node), scope = x->scope, def;

    if (ecma_is_function(sym) || sym == S_CLASS) {
        TSNode line = ts_node_is_null(name_node) ? value : name_node;
        def = ecma_open(x, value, line, name != 0 && sym != S_ARROW ? name : W_DEFAULT,
                        sym == S_CLASS ? NODE_CLASS : NODE_FUNCTION,
                        sym == S_CLASS ? NS_VALUE | NS_TYPE : NS_VALUE);
        if (sym == S_FUNCTION || sym == S_GENERATOR)
            ecma_plain_this(x, def);
        ecma_sig_function(x, def, value, value);
        x->user2 = ecma_tag(TAG_NAMED, ts_node_start_byte(value));
    } else if (ecma_is_object(x, value)) {
        def = ecma_leaf(x, value, value, W_DEFAULT, NODE_CONSTANT, NS_VALUE, x->def);
        x->user2 = ecma_tag(TAG_OWNER, def);
    } else {
        x->user2 = 0;
        return;
    }
    (void)ecma_export_def(x, scope, W_DEFAULT, def);
}

void ecma_enter_export(struct extract *x, TSNode node)
{
    TSNode source = ex_child(x, node, F_SOURCE), value = ex_child(x, node, F_VALUE);

    if (!ts_node_is_null(source)) {
        uint32_t module = ecma_module(x, source, true);
        x->user2 = ecma_tag(TAG_SOURCE, module);
        if (ex_is(x, ecma_first(node), S_STRING))
            ex_star(x, x->scope, module, true);
        return;
    }
    bool is_default = ex_has(x, node, S_DEFAULT);
    x->user2 = ecma_tag(TAG_DECLARES, HOW_EXPORTED | (is_default ? HOW_DEFAULT : 0u));
    if (is_default && !ts_node_is_null(value))
        enter_default(x, value);
}

/* `export = x` and `export default x`; a name is not used here but given away. */
static void export_value(struct extract *x, const struct kid *k, bool whole)
{
    uint32_t term = k->term;
    if (term == 0)
        return;
    if (k->sym == S_IDENTIFIER)
        ex_unref(x, k);
    if (k->sym != S_IDENTIFIER && k->sym != S_MEMBER && !whole) {
        uint32_t def = ecma_leaf(x, k->node, k->node, W_DEFAULT, NODE_CONSTANT, NS_VALUE, x->def);
        ex_def_at(x, def)->init = term;
        (void)ecma_export_def(x, x->scope, W_DEFAULT, def);
        return;
    }
    if (whole)
        (void)ecma_export(x, x->scope, W_EXPORT_ALL, term);
    (void)ecma_export(x, x->scope, W_DEFAULT, term);
}

ECMA_LEAVE(export)
{
    const struct kid *value = ex_kid(kids, n, F_VALUE);
    struct slice text = ex_text(x, self->node);

    if (value != NULL && ecma_has_tag(x, TAG_OWNER)) {
        ex_def_at(x, ecma_value(x))->init = value->term;
    } else if (value != NULL && !ecma_has_tag(x, TAG_NAMED)) {
        export_value(x, value, false);
    } else if (value == NULL && n == 1 && ecma_has_tag(x, TAG_DECLARES) &&
               slice_starts(text, SLICE("export"))) {
        struct slice rest = slice_trim(slice_skip(text, 6));
        if (rest.n > 0 && rest.p[0] == '=')
            export_value(x, &kids[0], true);
        else if (slice_starts(rest, SLICE("as")) && kids[0].sym == S_IDENTIFIER)
            ex_unref(x, &kids[0]); /* export as namespace X */
    }
}

void ecma_enter_export_specifier(struct extract *x, TSNode node)
{
    TSNode name_node = ex_child(x, node, F_NAME), alias = ex_child(x, node, F_ALIAS);
    uint32_t name = ecma_name(x, name_node);
    uint32_t outside = ts_node_is_null(alias) ? name : ecma_name(x, alias);

    x->skip_children = true;
    if (name == 0)
        return;
    if (ecma_has_tag(x, TAG_SOURCE)) {
        if (ecma_value(x) != 0)
            import_name(x, outside, ecma_value(x), name, true);
        return;
    }
    for (unsigned ns = NS_TYPE; ns != 0; ns = ns == NS_TYPE ? NS_ANY & ~NS_TYPE : 0) {
        uint32_t target = ex_name_term(x, name, (uint8_t)ns, ts_node_start_byte(name_node));
        uint32_t b = ecma_export(x, x->scope, outside, target);
        ex_bind_at(x, b)->ns = b != 0 ? (uint8_t)ns : 0;
    }
}

/* export * as ns from "x" */
void ecma_enter_namespace_export(struct extract *x, TSNode node)
{
    x->skip_children = true;
    (void)ecma_export(x, x->scope, ecma_name(x, ecma_first(node)), ecma_value(x));
}

/* ---- the end of a file ---- */

/* `this` in a function that turned out to be no class. */
static void forget_this(struct extract *x)
{
    for (uint32_t i = 1; i < x->terms.len; i++) {
        struct term *t = &x->terms.at[i];
        if (t->op == TERM_SELF && ex_def_at(x, t->a)->kind == NODE_FUNCTION)
            *t = (struct term){0};
    }
}

/* Definitions that an export list names are exported. */
static void mark_exported(struct extract *x)
{
    for (uint32_t i = 1; i < x->binds.len; i++) {
        const struct bind *b = &x->binds.at[i];
        const struct term *t = &x->terms.at[b->init];
        if (b->kind != BIND_ALIAS || (b->flags & BIND_EXPORTED) == 0 || t->op != TERM_NAME)
            continue;
        uint32_t to = ex_find(x, b->scope, t->a);
        for (unsigned k = 0; to != 0 && k < 16; to = x->binds.at[to].next, k++) {
            if (x->binds.at[to].kind == BIND_DEF)
                ex_def_at(x, x->binds.at[to].def)->flags |= FLAG_EXPORTED;
        }
    }
}

/* ---- declarations that merge ---- */

static bool merges(const struct extract *x, const struct bind *b)
{
    if (b->kind != BIND_DEF)
        return false;
    const struct def *d = &x->defs.at[b->def];
    return d->scope != 0 && d->name == b->name &&
           (d->kind == NODE_INTERFACE || d->kind == NODE_CLASS || d->kind == NODE_ENUM ||
            d->kind == NODE_NAMESPACE);
}

/* The declaration that stands for all of a name: the class or enum, else the newest. */
static uint32_t main_declaration(const struct extract *x, uint32_t newest_bind)
{
    uint32_t found = 0;
    for (uint32_t i = newest_bind, n = 0; i != 0 && n < MAX_MERGED; i = x->binds.at[i].next, n++) {
        if (!merges(x, &x->binds.at[i]))
            continue;
        uint8_t kind = x->defs.at[x->binds.at[i].def].kind;
        if (found == 0 || kind == NODE_CLASS || kind == NODE_ENUM)
            found = i;
        if (kind == NODE_CLASS || kind == NODE_ENUM)
            break;
    }
    return found;
}

static void merge_bases(struct extract *x, uint32_t into, uint32_t from)
{
    for (uint32_t l = x->defs.at[from].bases, n = 0; ex_is_list(x, l) && n < MAX_MERGED;
         l = x->terms.at[l].b, n++) {
        uint32_t list = ex_cons(x, x->terms.at[l].a, x->defs.at[into].bases);
        x->defs.at[into].bases = list;
    }
}

/* Interfaces of one name are one, a namespace adds to the class (function, enum) of its name: the
 * members of all become members of one declaration, which the name then means. `to` gives for the
 * scope of each of the others the scope that takes its members. Returns how many there are. */
static unsigned merge_names(struct extract *x, uint32_t *to)
{
    unsigned merged = 0;
    for (uint32_t i = 1; i < x->binds.len; i++) {
        struct bind *b = &x->binds.at[i];
        if (b->next == 0 || ex_find(x, b->scope, b->name) != i)
            continue;
        uint32_t first = main_declaration(x, i);
        if (first == 0)
            continue;
        uint32_t def = x->binds.at[first].def;
        for (uint32_t k = i, n = 0; k != 0 && n < MAX_MERGED; k = x->binds.at[k].next, n++) {
            struct bind *other = &x->binds.at[k];
            bool function = other->kind == BIND_DEF && x->defs.at[other->def].kind == NODE_FUNCTION;
            if (function && x->defs.at[def].kind == NODE_NAMESPACE)
                x->binds.at[first].ns = NS_TYPE; /* its name as a value is the function */
            if (k == first || !merges(x, other))
                continue;
            to[x->defs.at[other->def].scope] = x->defs.at[def].scope;
            merge_bases(x, def, other->def);
            other->ns = 0;
            merged++;
        }
    }
    return merged;
}

static void merge_declarations(struct extract *x)
{
    uint32_t *to = mem_calloc(x->scopes.len, sizeof(*to));
    if (to == NULL) {
        x->failed = true;
        return;
    }
    unsigned merged = merge_names(x, to);
    for (uint32_t i = 1, n = x->binds.len; i < n && merged > 0; i++) {
        struct bind b = x->binds.at[i];
        if (to[b.scope] == 0 || b.kind != BIND_DEF || b.ns == 0 || b.name == 0)
            continue;
        uint32_t copy = ex_bind(x, to[b.scope], BIND_DEF, b.name, b.ns, b.flags, b.from);
        ex_bind_at(x, copy)->def = copy != 0 ? b.def : 0;
    }
    mem_free(to);
}

void ecma_end_file(struct extract *x)
{
    forget_this(x);
    mark_exported(x);
    merge_declarations(x);
}
