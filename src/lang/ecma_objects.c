/* JavaScript: object literals, and what assignments define: CommonJS exports, prototypes, members
 * of objects and of `this`. */
#include "lang/ecma.h"

#include <string.h>

/* ---- object literals ---- */

/* What is known of an object literal is kept in its hidden bind: `def` is the type that stands
 * for it, once something needs one; `from` the def that it belongs to; `index` tells that it is
 * the value of something, so that its members can be asked for; BIND_EXPORTED that its members
 * are the exports of the file. */
uint32_t ecma_object_type(struct extract *x, uint32_t hidden, TSNode node)
{
    uint32_t owner = ex_bind_at(x, hidden)->from, type = ex_bind_at(x, hidden)->def;
    if (type != 0)
        return type;
    const struct def *d = ex_def_at(x, owner);
    bool named = d->kind == NODE_CONSTANT || d->kind == NODE_VARIABLE || d->kind == NODE_FIELD;
    if (ex_bind_at(x, hidden)->index != 0 && named && d->scope == 0)
        type = owner;
    else
        type = ex_def_leaf(x, node, 0, NODE_STRUCT, NS_TYPE, owner, 0);
    (void)ecma_new_scope(x, x->scope, type, SCOPE_TYPE);
    ex_bind_at(x, hidden)->def = type;
    return type;
}

void ecma_enter_object(struct extract *x, TSNode node)
{
    uint32_t h = ecma_hidden(x, x->scope, BIND_VAR);
    struct bind *b = ex_bind_at(x, h);

    b->from = x->def;
    if (ecma_has_tag(x, TAG_OWNER)) {
        b->from = ecma_value(x);
        b->index = 1;
    } else if (ecma_has_tag(x, TAG_TYPE)) {
        b->from = b->def = ecma_value(x);
        b->index = 1;
    } else if (ecma_has_tag(x, TAG_EXPORTS)) {
        b->flags = BIND_EXPORTED;
        b->index = 1;
    }
    x->user2 = ecma_tag(TAG_OBJECT, h);
    if (b->index != 0 && b->flags == 0 && ts_node_named_child_count(node) == 0)
        (void)ecma_object_type(x, h, node); /* members may be assigned to it later on */
}

/* Is it the name of something, rather than a new value? */
static bool names(const struct extract *x, uint32_t term)
{
    switch ((enum term_op)x->terms.at[term].op) {
    case TERM_NAME:
    case TERM_MEMBER:
    case TERM_PATH:
    case TERM_MODULE:
    case TERM_BOUND:
    case TERM_SELFTYPE: return true;
    default: return false;
    }
}

/* Is it worth knowing what a member of an object holds? */
static bool tells(const struct extract *x, uint32_t term)
{
    uint8_t op = x->terms.at[term].op;
    return op != TERM_NONE && op != TERM_LIT && op != TERM_FN && op != TERM_TUPLE;
}

/* A local variable or parameter: it means a value, not a definition. */
static bool is_variable(const struct extract *x, uint32_t term)
{
    const struct term *t = &x->terms.at[term];
    uint32_t b = t->op == TERM_NAME ? ecma_resolve(x, t->a) : 0;
    return b != 0 && x->binds.at[b].kind == BIND_VAR;
}

/* A field of the object with this hidden bind; of a module, a constant. */
static uint32_t member_of_object(struct extract *x, uint32_t h, TSNode node, TSNode key)
{
    bool exports = (ex_bind_at(x, h)->flags & BIND_EXPORTED) != 0;
    uint32_t name = ecma_name(x, key), type = exports ? 0 : ecma_object_type(x, h, node);
    uint32_t def = ecma_leaf(x, node, key, name, exports ? NODE_CONSTANT : NODE_FIELD, NS_VALUE,
                             ex_bind_at(x, h)->from);
    if (exports)
        (void)ecma_export_def(x, 0, name, def);
    else
        (void)ecma_bind(x, ex_def_at(x, type)->scope, def, 0);
    ecma_sig_value(x, def, node, ex_child(x, node, F_VALUE));
    return def;
}

void ecma_enter_pair(struct extract *x, TSNode node)
{
    TSNode key = ex_child(x, node, F_KEY), value = ex_child(x, node, F_VALUE);
    unsigned sym = ex_rule_of(x, value);
    uint32_t h = ecma_value(x), outer_self = x->self, outer_user = x->user;
    bool inside = ecma_has_tag(x, TAG_OBJECT) && !ts_node_is_null(value);

    if (inside && (ecma_is_function(sym) || sym == S_CLASS)) {
        bool function = sym != S_CLASS;
        uint32_t def = ecma_open_in_object(x, node, key, ecma_name(x, key),
                                           function ? NODE_METHOD : NODE_CLASS);
        if (sym == S_ARROW) {
            x->self = outer_self;
            x->user = outer_user;
        }
        ecma_sig_function(x, def, node, value);
        x->user2 = ecma_tag(TAG_NAMED, ts_node_start_byte(value));
    } else if (inside && ex_bind_at(x, h)->index != 0 && ecma_is_object(x, value)) {
        x->user2 = ecma_tag(TAG_OWNER, member_of_object(x, h, node, key));
    } else {
        x->user2 = 0;
    }
}

ECMA_LEAVE(pair)
{
    const struct kid *key = ex_kid(kids, n, F_KEY), *value = ex_kid(kids, n, F_VALUE);
    if (key == NULL || value == NULL || ecma_has_tag(x, TAG_NAMED))
        return;
    self->name = ecma_name(x, key->node);
    self->term = value->term;
    if (ecma_has_tag(x, TAG_OWNER)) {
        ex_def_at(x, ecma_value(x))->init = value->term;
        self->term = 0; /* a member already */
    }
}

/* What a member of an object holds: a name of something else becomes an alias, a value a field. */
static void object_member(struct extract *x, uint32_t h, const struct kid *k)
{
    bool exports = (ex_bind_at(x, h)->flags & BIND_EXPORTED) != 0;
    if (exports && k->sym == S_SPREAD && x->terms.at[k->term].op == TERM_ELEM)
        ex_star(x, 0, x->terms.at[k->term].a, true);
    if ((k->sym != S_PAIR && k->sym != S_SHORTHAND) || k->name == 0 || !tells(x, k->term) ||
        ex_bind_at(x, h)->index == 0)
        return;
    if (!names(x, k->term) || is_variable(x, k->term)) {
        TSNode key = k->sym == S_PAIR ? ex_child(x, k->node, F_KEY) : k->node;
        uint32_t def = member_of_object(x, h, k->node, key);
        ex_def_at(x, def)->init = k->term;
    } else if (exports) {
        (void)ecma_export(x, 0, k->name, k->term);
    } else {
        uint32_t type = ecma_object_type(x, h, k->node);
        (void)ex_alias(x, ex_def_at(x, type)->scope, k->name, k->term, 0);
    }
}

ECMA_LEAVE(object)
{
    uint32_t h = ecma_value(x);
    for (uint32_t i = 0; i < n; i++)
        object_member(x, h, &kids[i]);
    if (ex_bind_at(x, h)->flags & BIND_EXPORTED)
        self->term = ex_term(x, TERM_HERE, 0, 0, 0);
    else if (ex_bind_at(x, h)->def != 0)
        self->term = ex_term(x, TERM_SELF, 0, ex_bind_at(x, h)->def, 0);
    else
        self->term = ex_lit(x, "Object");
}

/* `return { ... }`: the literal's members can be asked of what the function returns. */
void ecma_enter_return(struct extract *x, TSNode node)
{
    TSNode value = ecma_first(node);
    bool object = !ts_node_is_null(value) && ecma_is_object(x, value);
    x->user2 = object ? ecma_tag(TAG_OWNER, x->def) : 0;
}

/* A function or class in an object literal: member of the object, child of the literal's owner. */
uint32_t ecma_open_in_object(struct extract *x, TSNode node, TSNode name_node, uint32_t name,
                             enum node_kind kind)
{
    uint32_t h = ecma_value(x);
    bool exports = (ex_bind_at(x, h)->flags & BIND_EXPORTED) != 0;
    bool is_class = kind == NODE_CLASS;

    x->def = ex_bind_at(x, h)->from;
    if (exports && !is_class)
        kind = NODE_FUNCTION;
    uint32_t def =
        ecma_open(x, node, name_node, name, kind, is_class ? NS_VALUE | NS_TYPE : NS_VALUE);
    if (exports) {
        (void)ecma_export_def(x, 0, name, def);
        if (!is_class) {
            x->self = 0;
            x->user |= USER_EXPORTS;
        }
        return def;
    }
    uint32_t type = ecma_object_type(x, h, node);
    (void)ecma_bind(x, ex_def_at(x, type)->scope, def, 0);
    if (!is_class)
        x->self = type;
    return def;
}

/* ---- what an assignment assigns to ---- */

enum place_kind {
    PLACE_OTHER,
    PLACE_MODULE, /* module.exports itself */
    PLACE_EXPORT, /* exports.x, module.exports.x */
    PLACE_MEMBER, /* a member of the type `def` */
};

struct place {
    enum place_kind kind;
    uint32_t name; /* of the member */
    uint32_t def;
    bool of_class; /* a member of the class itself, not of its instances */
    bool of_this;
};

/* A function to whose prototype or `this` something is assigned is a class. Its locals stay in the
 * scope that it had; its members get one of their own. 0 if the def is neither. */
static uint32_t as_class(struct extract *x, uint32_t def)
{
    struct def *d = ex_def_at(x, def);
    if (d->kind == NODE_CLASS)
        return def;
    if (d->kind != NODE_FUNCTION || d->scope == 0)
        return 0;
    d->kind = NODE_CLASS;
    d->ns = NS_VALUE | NS_TYPE;
    d->type = d->init = 0;
    (void)ecma_new_scope(x, x->scopes.at[d->scope].parent, def, SCOPE_TYPE);
    uint32_t b = ecma_resolve(x, ex_def_at(x, def)->name);
    if (b != 0 && ex_bind_at(x, b)->def == def)
        ex_bind_at(x, b)->ns = NS_VALUE | NS_TYPE;
    return def;
}

/* The class that a name means, as far as this file tells. */
static uint32_t class_named(struct extract *x, uint32_t term)
{
    const struct term *t = &x->terms.at[term];
    uint32_t b = t->op == TERM_NAME ? ecma_resolve(x, t->a) : 0;
    return b != 0 && ex_bind_at(x, b)->kind == BIND_DEF ? as_class(x, ex_bind_at(x, b)->def) : 0;
}

static void place_of_value(struct extract *x, uint32_t term, struct place *p);

/* A member of what a variable holds. */
static void place_of_name(struct extract *x, uint32_t name, struct place *p)
{
    uint32_t b = ecma_resolve(x, name);
    const struct bind *bind = ex_bind_at(x, b);
    const struct def *d = ex_def_at(x, bind->def);

    if (b == 0)
        return;
    if (bind->kind == BIND_VAR && bind->type == 0) {
        place_of_value(x, bind->init, p);
    } else if (bind->kind == BIND_DEF && d->kind == NODE_CLASS) {
        p->kind = PLACE_MEMBER;
        p->def = bind->def;
        p->of_class = true;
    } else if (bind->kind == BIND_DEF && (d->kind == NODE_CONSTANT || d->kind == NODE_VARIABLE) &&
               d->type == 0) {
        place_of_value(x, d->init, p);
    }
}

static void place_of_value(struct extract *x, uint32_t term, struct place *p)
{
    struct term t = x->terms.at[term];
    if (t.op == TERM_HERE) {
        p->kind = PLACE_EXPORT;
    } else if (t.op == TERM_SELF || t.op == TERM_SELFTYPE) {
        p->def = as_class(x, t.a);
        if (p->def == 0 && ex_def_at(x, t.a)->kind != NODE_FUNCTION)
            p->def = t.a; /* an object literal */
        p->kind = p->def != 0 ? PLACE_MEMBER : PLACE_OTHER;
        p->of_class = t.op == TERM_SELFTYPE;
    }
}

static struct place place_of(struct extract *x, const struct kid *left)
{
    struct place p = {.kind = PLACE_OTHER};
    struct term t = x->terms.at[left->term];
    if (t.op == TERM_HERE) {
        p.kind = PLACE_MODULE;
        return p;
    }
    if (t.op != TERM_MEMBER)
        return p;
    p.name = t.b;
    struct term base = x->terms.at[t.a];
    if (base.op == TERM_OFTYPE) { /* X.prototype.name */
        p.def = class_named(x, base.a);
        p.kind = p.def != 0 ? PLACE_MEMBER : PLACE_OTHER;
    } else if (base.op == TERM_NAME) {
        place_of_name(x, base.a, &p);
    } else {
        place_of_value(x, t.a, &p);
        p.of_this = base.op == TERM_SELF;
    }
    return p;
}

/* ---- functions and classes that are assigned ---- */

/* The name that people use: the last one of what is assigned to, else the function's own. */
static uint32_t assigned_name(struct extract *x, TSNode node, const struct kid *left,
                              const struct place *p)
{
    uint32_t own = ex_is(x, node, S_ARROW) ? 0 : ecma_name(x, ex_child(x, node, F_NAME));
    if (p->kind == PLACE_MODULE)
        return own != 0 ? own : (uint32_t)W_EXPORTS;
    if (p->name != 0)
        return p->name;
    if (left != NULL && left->sym == S_IDENTIFIER)
        return left->name;
    uint32_t name = left != NULL ? ecma_name(x, ex_child(x, left->node, F_PROPERTY)) : 0;
    if (name != 0 || own != 0)
        return name != 0 ? name : own;
    struct slice text = left != NULL ? ex_text(x, left->node) : SLICE("");
    bool plain = text.n > 0 && text.n < 80 && slice_chr(text, '\n') == NULL;
    return plain ? ex_intern_slice(x, text) : 0;
}

static void bind_assigned(struct extract *x, uint32_t def, uint32_t scope, const struct kid *left,
                          const struct place *p)
{
    uint32_t members = p->kind == PLACE_MEMBER ? ex_def_at(x, p->def)->scope : 0;
    uint32_t name = ex_def_at(x, def)->name;

    if (p->kind == PLACE_MODULE) {
        (void)ecma_export_def(x, 0, W_EXPORT_ALL, def);
        (void)ecma_export_def(x, 0, W_DEFAULT, def);
    } else if (p->kind == PLACE_EXPORT) {
        (void)ecma_export_def(x, 0, name, def);
    } else if (members != 0 && ex_find(x, members, name) == 0) {
        (void)ecma_bind(x, members, def, 0);
    } else if (p->kind == PLACE_OTHER && left != NULL && left->sym == S_IDENTIFIER) {
        x->scope = scope;
        uint32_t b = ecma_resolve(x, name);
        if (b == 0)
            (void)ecma_bind(x, 0, def, 0); /* an implicit global */
        else if (ex_bind_at(x, b)->type == 0 && (ex_bind_at(x, b)->flags & BIND_PARAM) == 0)
            ecma_give(x, b, ecma_def_term(x, def));
    }
}

void ecma_open_assigned(struct extract *x, TSNode node, enum node_kind kind)
{
    const struct kid *before = ecma_before(x);
    struct kid left = before != NULL ? *before : (struct kid){0};
    struct place p = {.kind = PLACE_OTHER};
    uint32_t outer_self = x->self;

    if (before != NULL)
        p = place_of(x, &left);
    uint32_t name = assigned_name(x, node, before != NULL ? &left : NULL, &p);
    if (p.kind == PLACE_MEMBER) {
        if (kind == NODE_FUNCTION)
            kind = NODE_METHOD;
        x->def = ex_def_at(x, p.def)->name != 0 ? p.def : ex_def_at(x, p.def)->parent;
    }
    TSNode to = before != NULL ? left.node : node;
    TSNode property = before != NULL ? ex_child(x, to, F_PROPERTY) : to;
    uint32_t def = ecma_open(x, node, ts_node_is_null(property) ? to : property, name, kind,
                             kind == NODE_CLASS ? NS_VALUE | NS_TYPE : NS_VALUE);
    bind_assigned(x, def, x->scope, before != NULL ? &left : NULL, &p);
    ecma_sig_function(x, def, to, node);
    if (ex_is(x, node, S_ARROW)) {
        x->self = outer_self;
    } else if (kind != NODE_CLASS) {
        ecma_plain_this(x, def);
        if (kind == NODE_METHOD)
            x->self = p.def;
        x->user |= p.kind == PLACE_EXPORT ? USER_EXPORTS : p.of_class ? USER_STATIC : 0;
    }
    if (kind == NODE_METHOD && p.of_class)
        ex_def_at(x, def)->flags |= FLAG_STATIC;
}

/* ---- assignments ---- */

/* X.prototype: the function X is a class. 0 if the node is no such thing. */
static uint32_t prototype_of(struct extract *x, TSNode left)
{
    TSNode object = ex_child(x, left, F_OBJECT), name = ex_child(x, left, F_PROPERTY);
    if (!ex_is(x, left, S_MEMBER) || !ex_is(x, object, S_IDENTIFIER) || ts_node_is_null(name) ||
        !ecma_text_is(x, name, "prototype"))
        return 0;
    uint32_t b = ecma_resolve(x, ecma_name(x, object));
    return b != 0 && ex_bind_at(x, b)->kind == BIND_DEF ? as_class(x, ex_bind_at(x, b)->def) : 0;
}

static bool is_module_exports(const struct extract *x, TSNode left)
{
    return (ecma_text_is(x, left, "module.exports") && ecma_is_free(x, W_MODULE)) ||
           (ecma_text_is(x, left, "exports") && ecma_is_free(x, W_EXPORTS));
}

void ecma_enter_assignment(struct extract *x, TSNode node)
{
    TSNode left = ex_child(x, node, F_LEFT), right = ex_child(x, node, F_RIGHT);
    unsigned sym = ex_rule_of(x, right);

    x->user2 = 0;
    if (ts_node_is_null(left) || ts_node_is_null(right))
        return;
    if (ecma_is_function(sym) || sym == S_CLASS) {
        x->user2 = ecma_tag(TAG_ASSIGNED, ts_node_start_byte(right));
    } else if (ecma_is_object(x, right)) {
        uint32_t class = prototype_of(x, left);
        if (class != 0)
            x->user2 = ecma_tag(TAG_TYPE, class);
        else if (is_module_exports(x, left))
            x->user2 = ecma_tag(TAG_EXPORTS, 0);
        else
            x->user2 = ecma_tag(TAG_OWNER, x->def);
    }
}

static void extend(struct extract *x, uint32_t def, uint32_t base, TSNode site)
{
    uint32_t from = x->def;
    if (def == 0 || base == 0 || ex_def_at(x, def)->bases != 0)
        return;
    ex_def_at(x, def)->bases = ex_cons(x, base, 0);
    x->def = def;
    (void)ex_ref(x, base, REF_EXTENDS, site);
    x->def = from;
}

/* X.prototype = Object.create(Y.prototype), or = new Y() */
static void inherit_prototype(struct extract *x, uint32_t class, const struct kid *right)
{
    struct term t = x->terms.at[right->term];
    uint32_t base = t.a;
    if (t.op == TERM_CALL) {
        struct term callee = x->terms.at[t.a], list = x->terms.at[t.b];
        struct term object = x->terms.at[list.a];
        bool create = callee.op == TERM_MEMBER && callee.b == W_CREATE &&
                      x->terms.at[callee.a].op == TERM_NAME &&
                      x->terms.at[callee.a].a == W_OBJECT && object.op == TERM_OFTYPE;
        base = create ? object.a : 0;
    } else if (t.op != TERM_NEW) {
        return;
    }
    if (base != 0)
        extend(x, class, base, right->node);
}

void ecma_inherits(struct extract *x, const struct kid *callee, uint32_t args)
{
    struct term t = x->terms.at[callee->term];
    uint32_t name = t.op == TERM_NAME ? t.a : t.op == TERM_MEMBER ? t.b : 0;
    if (name != W_INHERITS || args == 0)
        return;
    uint32_t rest = x->terms.at[args].b;
    uint32_t class = class_named(x, x->terms.at[args].a);
    if (rest != 0)
        extend(x, class, x->terms.at[rest].a, callee->node);
}

static void assign_export(struct extract *x, const struct kid *self, const struct place *p,
                          const struct kid *right)
{
    if (names(x, right->term)) {
        (void)ecma_export(x, 0, p->name, right->term);
        return;
    }
    if (right->term == 0 && (right->sym == S_UNARY || right->sym == S_UNDEFINED))
        return; /* exports.a = void 0, before the real one */
    uint32_t def = ecma_leaf(x, self->node, self->node, p->name, NODE_CONSTANT, NS_VALUE, x->def);
    ex_def_at(x, def)->init = right->term;
    (void)ecma_export_def(x, 0, p->name, def);
    ecma_sig(x, def, self->node, ts_node_start_byte(right->node));
}

/* this.x = ... declares a field, where the language does not ask for declarations. False if it does
 * not: then it is a use like any other. */
static bool assign_member(struct extract *x, const struct kid *self, const struct place *p,
                          const struct kid *right)
{
    uint32_t scope = ex_def_at(x, p->def)->scope, b = ex_find(x, scope, p->name);
    bool declares = strcmp(x->lang->name, "javascript") == 0;

    if (scope == 0)
        return false;
    if (b != 0) {
        struct def *d = ex_def_at(x, ex_bind_at(x, b)->def);
        if (ex_bind_at(x, b)->kind == BIND_DEF && d->kind == NODE_FIELD && d->type == 0 &&
            d->init == 0)
            d->init = right->term;
        return false;
    }
    if (!p->of_this && names(x, right->term)) {
        (void)ex_alias(x, scope, p->name, right->term, 0);
    } else if (!declares) {
        return false;
    } else {
        uint32_t parent = ex_def_at(x, p->def)->name != 0 ? p->def : ex_def_at(x, p->def)->parent;
        uint32_t def = ecma_leaf(x, self->node, self->node, p->name, NODE_FIELD, NS_VALUE, parent);
        ex_def_at(x, def)->init = right->term;
        if (p->of_class)
            ex_def_at(x, def)->flags |= FLAG_STATIC;
        (void)ecma_bind(x, scope, def, 0);
        ecma_sig(x, def, self->node, ts_node_start_byte(right->node));
        ecma_doc_types(x, def);
    }
    return true;
}

/* An assignment to a member that gives it a meaning. */
static void assign(struct extract *x, const struct kid *self, const struct kid *left,
                   const struct kid *right)
{
    if (x->terms.at[left->term].op == TERM_OFTYPE) {
        uint32_t class = class_named(x, x->terms.at[left->term].a);
        if (class != 0)
            inherit_prototype(x, class, right);
        return;
    }
    struct place p = place_of(x, left);
    if (p.kind == PLACE_OTHER)
        return;
    bool defines = true;
    if (p.kind == PLACE_EXPORT) {
        assign_export(x, self, &p, right);
    } else if (p.kind == PLACE_MEMBER) {
        defines = assign_member(x, self, &p, right);
    } else if (x->terms.at[right->term].op != TERM_HERE) {
        (void)ecma_export(x, 0, W_EXPORT_ALL, right->term);
        (void)ecma_export(x, 0, W_DEFAULT, right->term);
    }
    if (defines)
        ex_unref(x, left);
}

ECMA_LEAVE(assignment)
{
    const struct kid *left = ex_kid(kids, n, F_LEFT), *right = ex_kid(kids, n, F_RIGHT);
    if (left == NULL || right == NULL)
        return;
    bool opened = ecma_is_function(right->sym) || right->sym == S_CLASS;
    self->term = right->term;
    if (opened && left->sym == S_MEMBER) {
        ex_unref(x, left);
    } else if (left->sym == S_MEMBER) {
        assign(x, self, left, right);
    } else if (left->sym == S_IDENTIFIER && !opened && right->term != 0) {
        uint32_t b = ecma_resolve(x, left->name);
        const struct bind *bind = ex_bind_at(x, b);
        /* what callers pass for a parameter is not known, so one more value tells nothing */
        if (b != 0 && bind->kind != BIND_ALIAS && bind->type == 0 &&
            (bind->flags & BIND_PARAM) == 0)
            ecma_give(x, b, right->term);
    }
}

/* ---- modules ---- */

bool ecma_is_free(const struct extract *x, uint32_t name)
{
    return ecma_resolve(x, name) == 0;
}

bool ecma_is_module_value(const struct extract *x, TSNode node)
{
    bool awaited = false;
    for (unsigned i = 0; i < 4; i++) {
        unsigned sym = ex_rule_of(x, node);
        if (sym == S_MEMBER) {
            node = ex_child(x, node, F_OBJECT);
        } else if (sym == S_AWAIT || sym == S_PARENTHESIZED) {
            awaited |= sym == S_AWAIT;
            node = ecma_first(node);
        } else {
            break;
        }
    }
    if (!ex_is(x, node, S_CALL))
        return false;
    TSNode callee = ex_child(x, node, F_FUNCTION), args = ex_child(x, node, F_ARGUMENTS);
    if (ts_node_is_null(callee) || !ex_is(x, args, S_ARGUMENTS) ||
        !ex_is(x, ecma_first(args), S_STRING))
        return false;
    if (ex_is(x, callee, S_IMPORT))
        return awaited;
    return ex_is(x, callee, S_IDENTIFIER) && ecma_text_is(x, callee, "require") &&
           ecma_is_free(x, W_REQUIRE);
}
