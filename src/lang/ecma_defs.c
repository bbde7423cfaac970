/* JavaScript and TypeScript: functions, classes, types and namespaces, and how defs are made. */
#include "lang/ecma.h"

#include <ctype.h>
#include <string.h>

/* ---- words ---- */

bool ecma_is_function(unsigned sym)
{
    return sym == S_FUNCTION || sym == S_GENERATOR || sym == S_ARROW;
}

bool ecma_quoted(struct slice s)
{
    return s.n >= 2 && (s.p[0] == '"' || s.p[0] == '\'' || s.p[0] == '`') && s.p[s.n - 1] == s.p[0];
}

uint32_t ecma_name(struct extract *x, TSNode node)
{
    if (ts_node_is_null(node))
        return 0;
    struct slice s = ex_text(x, node);
    if (s.n > 2 && s.p[0] == '[' && ecma_quoted(slice_of(s.p + 1, s.n - 2)))
        s = slice_of(s.p + 1, s.n - 2);
    if (ecma_quoted(s))
        s = slice_of(s.p + 1, s.n - 2);
    return s.n > 0 ? ex_intern_slice(x, s) : 0;
}

unsigned ecma_peel(const struct extract *x, TSNode value, TSNode *ret_node)
{
    unsigned sym = ex_rule_of(x, value);
    for (unsigned i = 0; i < 8; i++) {
        if (sym != S_PARENTHESIZED && sym != S_AS && sym != S_SATISFIES && sym != S_NON_NULL)
            break;
        TSNode inner = ecma_first(value);
        if (ts_node_is_null(inner))
            break;
        value = inner;
        sym = ex_rule_of(x, value);
    }
    *ret_node = value;
    return sym;
}

bool ecma_is_object(const struct extract *x, TSNode value)
{
    TSNode inner;
    return ecma_peel(x, value, &inner) == S_OBJECT;
}

/* The words that stand before the name of a member. */
static unsigned modifiers(const struct extract *x, TSNode node, TSNode name)
{
    static const struct {
        const char *word;
        unsigned modifier;
    } words[] = {
        {"static", M_STATIC}, {"async", M_ASYNC},       {"get", M_GET},
        {"set", M_SET},       {"abstract", M_ABSTRACT},
    };
    unsigned found = 0;
    uint32_t at = ts_node_start_byte(node);
    for (uint32_t i = 0; i < 8 && at < x->n_src && x->src[at] == '@'; i++) {
        /* JavaScript's decorators are part of the member */
        TSNode decorator = ts_node_child(node, i);
        if (!ex_is(x, decorator, S_DECORATOR))
            break;
        at = ts_node_end_byte(decorator);
        while (at < x->n_src && isspace((unsigned char)x->src[at]))
            at++;
    }
    uint32_t end = ts_node_is_null(name) ? at : ts_node_start_byte(name);
    while (at < end && end <= x->n_src) {
        uint32_t from = at;
        while (at < end && isalpha((unsigned char)x->src[at]))
            at++;
        struct slice word = slice_of(x->src + from, at - from);
        for (unsigned i = 0; i < sizeof(words) / sizeof(*words); i++) {
            if (slice_eq(word, slice_from(words[i].word)))
                found |= words[i].modifier;
        }
        if (from == at && x->src[at++] == '*')
            found |= M_GENERATOR;
    }
    return found;
}

static bool starts_async(const struct extract *x, TSNode node)
{
    struct slice s = ex_text(x, node);
    return slice_starts(s, SLICE("async")) && s.n > 5 &&
           (isspace((unsigned char)s.p[5]) || s.p[5] == '(');
}

/* ---- signatures ---- */

static bool is_declaring_word(struct slice w)
{
    static const char *const words[] = {"export", "default", "declare", "abstract",
                                        "async",  "const",   "let",     "var"};
    for (unsigned i = 0; i < sizeof(words) / sizeof(*words); i++) {
        if (slice_eq(w, slice_from(words[i])))
            return true;
    }
    return false;
}

/* Back over `export default async` and the like, which belong to the nodes around a definition. */
static uint32_t declaration_start(const struct extract *x, uint32_t at)
{
    for (unsigned i = 0; i < 6; i++) {
        uint32_t end = at;
        while (end > 0 && at - end < 200 && isspace((unsigned char)x->src[end - 1]))
            end--;
        uint32_t from = end;
        while (from > 0 && end - from < 10 && isalpha((unsigned char)x->src[from - 1]))
            from--;
        if (from == end || !is_declaring_word(slice_of(x->src + from, end - from)))
            break;
        at = from;
    }
    return at;
}

void ecma_sig(struct extract *x, uint32_t def, TSNode node, uint32_t end)
{
    uint32_t start = declaration_start(x, ts_node_start_byte(node));
    while (end > start && (isspace((unsigned char)x->src[end - 1]) || x->src[end - 1] == ';'))
        end--;
    if (end > start + 2 && x->src[end - 1] == '>' && x->src[end - 2] == '=')
        end -= 2;
    ex_sig(x, def, start, end);
}

void ecma_sig_function(struct extract *x, uint32_t def, TSNode node, TSNode function)
{
    TSNode body = ex_child(x, function, F_BODY);
    ecma_sig(x, def, node,
             ts_node_is_null(body) ? ts_node_end_byte(function) : ts_node_start_byte(body));
}

/* A variable or field: without the initial value when that is long. */
void ecma_sig_value(struct extract *x, uint32_t def, TSNode node, TSNode value)
{
    uint32_t end = ts_node_end_byte(node);
    if (!ts_node_is_null(value) && ts_node_end_byte(value) - ts_node_start_byte(value) > 60) {
        end = ts_node_start_byte(value);
        while (end > 0 && (isspace((unsigned char)x->src[end - 1]) || x->src[end - 1] == '='))
            end--;
    }
    ecma_sig(x, def, node, end);
}

/* ---- making defs and binds ---- */

uint32_t ecma_open(struct extract *x, TSNode node, TSNode name_node, uint32_t name,
                   enum node_kind kind, uint8_t ns)
{
    uint32_t def = ex_def_named(x, node, name_node, 0, kind, ns);
    struct def *d = ex_def_at(x, def);
    d->name = name;
    if (name != 0)
        d->flags &= (uint16_t)~FLAG_ANONYMOUS;
    return def;
}

uint32_t ecma_leaf(struct extract *x, TSNode node, TSNode name_node, uint32_t name,
                   enum node_kind kind, uint8_t ns, uint32_t parent)
{
    uint32_t def = ex_def_leaf(x, node, 0, kind, ns, parent, 0);
    struct def *d = ex_def_at(x, def);
    d->name = name;
    d->line = ex_line(ts_node_is_null(name_node) ? node : name_node);
    if (name != 0)
        d->flags &= (uint16_t)~FLAG_ANONYMOUS;
    return def;
}

static uint32_t bind_as(struct extract *x, uint32_t scope, uint32_t name, uint32_t def,
                        uint8_t flags)
{
    bool outside = (flags & BIND_SEQ) != 0;
    uint32_t b =
        ex_bind(x, scope, BIND_DEF, name, ex_def_at(x, def)->ns, flags, outside ? UINT32_MAX : 0);
    ex_bind_at(x, b)->def = b != 0 ? def : 0;
    return b;
}

uint32_t ecma_bind(struct extract *x, uint32_t scope, uint32_t def, uint8_t flags)
{
    return bind_as(x, scope, ex_def_at(x, def)->name, def, flags);
}

uint32_t ecma_export_def(struct extract *x, uint32_t scope, uint32_t name, uint32_t def)
{
    ex_def_at(x, def)->flags |= FLAG_EXPORTED;
    return bind_as(x, scope, name, def, BIND_EXPORTED | BIND_SEQ);
}

uint32_t ecma_export(struct extract *x, uint32_t scope, uint32_t name, uint32_t target)
{
    if (target == 0)
        return 0;
    uint32_t b = ex_alias(x, scope, name, target, BIND_EXPORTED | BIND_SEQ);
    ex_bind_at(x, b)->from = UINT32_MAX;
    return b;
}

uint32_t ecma_hidden(struct extract *x, uint32_t scope, enum bind_kind kind)
{
    struct bind b = {.scope = scope, .kind = (uint8_t)kind, .ns = NS_ANY};
    if (!vec_push(&x->binds, b)) {
        x->failed = true;
        return 0;
    }
    return x->binds.len - 1;
}

uint32_t ecma_bound(struct extract *x, uint32_t bind)
{
    return bind != 0 ? ex_term(x, TERM_BOUND, 0, bind, 0) : 0;
}

uint32_t ecma_def_term(struct extract *x, uint32_t def)
{
    uint32_t h = ecma_hidden(x, 0, BIND_DEF);
    ex_bind_at(x, h)->def = h != 0 ? def : 0;
    return ecma_bound(x, h);
}

uint32_t ecma_new_scope(struct extract *x, uint32_t parent, uint32_t def, enum scope_kind kind)
{
    struct scope s = {.parent = parent, .def = def, .kind = (uint8_t)kind};
    if (!vec_push(&x->scopes, s)) {
        x->failed = true;
        return 0;
    }
    x->defs.at[def].scope = x->scopes.len - 1;
    return x->scopes.len - 1;
}

#define MAX_CLIMB 64u

uint32_t ecma_resolve(const struct extract *x, uint32_t name)
{
    uint32_t s = x->scope;
    for (unsigned i = 0; i < MAX_CLIMB; i++) {
        if (x->scopes.at[s].kind != SCOPE_TYPE) {
            uint32_t b = ex_find(x, s, name);
            while (b != 0 && x->binds.at[b].from == UINT32_MAX)
                b = x->binds.at[b].next;
            if (b != 0)
                return b;
        }
        if (s == 0)
            return 0;
        s = x->scopes.at[s].parent;
    }
    return 0;
}

/* In ambient namespaces everything is exported. */
static bool ambient_member(const struct extract *x)
{
    return (x->user & USER_AMBIENT) != 0 && x->scopes.at[x->scope].kind == SCOPE_NAMESPACE;
}

/* Opens a def that a declaration makes, bound and exported as the words before it say. */
uint32_t ecma_declare(struct extract *x, TSNode node, TSNode name_node, uint32_t name,
                      enum node_kind kind, uint8_t ns)
{
    unsigned how = ecma_how(x);
    uint32_t scope = x->scope;
    bool exported = (how & HOW_EXPORTED) != 0 || ambient_member(x);
    uint32_t def = ecma_open(x, node, name_node, name, kind, ns);

    (void)ecma_bind(x, scope, def, exported && (how & HOW_DEFAULT) == 0 ? BIND_EXPORTED : 0);
    if (exported)
        ex_def_at(x, def)->flags |= FLAG_EXPORTED;
    if (how & HOW_DEFAULT)
        (void)ecma_export_def(x, scope, W_DEFAULT, def);
    return def;
}

/* ---- functions ---- */

/* The scope of a function, which its body shares. Only that of a definition is its def's. */
void ecma_open_function(struct extract *x, TSNode node, bool own)
{
    TSNode body = ex_child(x, node, F_BODY);
    (void)ex_scope(x, own ? SCOPE_FUNCTION : SCOPE_BLOCK);
    x->user = (x->user & ~USER_SCOPE) | x->scope;
    x->user2 = ex_is(x, body, S_BLOCK) ? ecma_tag(TAG_NAMED, ts_node_start_byte(body)) : 0;
}

/* `this` in a function that is nobody's member. JavaScript's old classes: in one with a capital
 * name it is an instance of it; what turns out to be no class is cleared at the end of the file. */
void ecma_plain_this(struct extract *x, uint32_t def)
{
    const char *name = ex_str(x, ex_def_at(x, def)->name);
    bool capital = strcmp(x->lang->name, "javascript") == 0 && name[0] >= 'A' && name[0] <= 'Z';
    x->user &= ~(USER_STATIC | USER_EXPORTS);
    x->self = capital ? def : 0;
}

void ecma_enter_function(struct extract *x, TSNode node)
{
    TSNode name = ex_child(x, node, F_NAME);
    uint32_t def = ecma_declare(x, node, name, ecma_name(x, name), NODE_FUNCTION, NS_VALUE);
    uint16_t flags = 0;

    if (starts_async(x, node))
        flags |= FLAG_ASYNC;
    if (ex_is(x, node, S_FUNCTION_SIGNATURE))
        flags |= FLAG_DECLARATION;
    ex_def_at(x, def)->flags |= flags;
    ecma_sig_function(x, def, node, node);
    ecma_plain_this(x, def);
    ecma_open_function(x, node, true);
}

/* Function expressions and arrows: their name is that of what they are assigned to, which the
 * parent has opened (TAG_NAMED) or the assignment says (TAG_ASSIGNED); else their own. */
void ecma_enter_function_value(struct extract *x, TSNode node)
{
    bool arrow = ex_is(x, node, S_ARROW);
    bool own = ecma_at(x, TAG_NAMED, node) || ecma_at(x, TAG_ASSIGNED, node);
    TSNode none = {0}, name_node = arrow ? none : ex_child(x, node, F_NAME);
    uint32_t name = ecma_name(x, name_node);

    if (ecma_at(x, TAG_ASSIGNED, node)) {
        ecma_open_assigned(x, node, NODE_FUNCTION);
    } else if (!own && name != 0) {
        uint32_t def = ecma_open(x, node, name_node, name, NODE_FUNCTION, NS_VALUE);
        ecma_sig_function(x, def, node, node);
        ecma_plain_this(x, def);
        own = true;
    } else if (!own && !arrow) {
        ecma_plain_this(x, 0);
    }
    if (own && starts_async(x, node))
        ex_def_at(x, x->def)->flags |= FLAG_ASYNC;
    ecma_open_function(x, node, own);
    if (name != 0)
        (void)bind_as(x, x->scope, name, x->def, 0);
    TSNode body = ex_child(x, node, F_BODY);
    if (arrow && !ts_node_is_null(body) && ecma_is_object(x, body))
        x->user2 = ecma_tag(TAG_OWNER, x->def);
}

void ecma_enter_function_type(struct extract *x, TSNode node)
{
    ecma_open_function(x, node, ecma_at(x, TAG_NAMED, node));
}

/* A getter is found by its name before the setter. */
static void bind_member(struct extract *x, uint32_t scope, uint32_t def, unsigned mods)
{
    uint32_t older = ex_find(x, scope, ex_def_at(x, def)->name);
    const struct bind *b = ex_bind_at(x, older);
    if ((mods & M_SET) != 0 && older != 0 && b->kind == BIND_DEF &&
        (ex_def_at(x, b->def)->flags & FLAG_PROPERTY) != 0)
        return;
    (void)ecma_bind(x, scope, def, 0);
}

static uint16_t signature_flags(const struct extract *x, unsigned sym)
{
    bool in_class = x->self != 0 && x->defs.at[x->self].kind == NODE_CLASS;
    if (sym == S_ABSTRACT_METHOD || (sym == S_METHOD_SIGNATURE && !in_class))
        return FLAG_ABSTRACT;
    return sym == S_METHOD_SIGNATURE ? FLAG_DECLARATION : 0;
}

void ecma_enter_method(struct extract *x, TSNode node)
{
    TSNode name_node = ex_child(x, node, F_NAME);
    unsigned mods = modifiers(x, node, name_node);
    uint32_t name = ecma_name(x, name_node), def;
    uint16_t flags = signature_flags(x, ex_rule_of(x, node));

    if (ecma_has_tag(x, TAG_OBJECT)) {
        def = ecma_open_in_object(x, node, name_node, name, NODE_METHOD);
    } else {
        uint32_t scope = x->scope;
        if ((mods & M_STATIC) == 0 && strcmp(ex_str(x, name), "constructor") == 0) {
            name = W_CONSTRUCTOR;
            flags |= FLAG_CONSTRUCTOR;
        }
        def = ecma_open(x, node, name_node, name, NODE_METHOD, NS_VALUE);
        if (mods & (M_GET | M_SET))
            ex_def_at(x, def)->flags |= FLAG_PROPERTY;
        bind_member(x, scope, def, mods);
    }
    flags |= mods & M_STATIC ? FLAG_STATIC : 0;
    flags |= mods & M_ASYNC ? FLAG_ASYNC : 0;
    flags |= mods & (M_GET | M_SET) ? FLAG_PROPERTY : 0;
    ex_def_at(x, def)->flags |= flags;
    ecma_sig_function(x, def, node, node);
    x->user = mods & M_STATIC ? x->user | USER_STATIC : x->user & ~USER_STATIC;
    ecma_open_function(x, node, true);
}

/* `(x: T): U` and `new (x: T): U` in an interface. */
void ecma_enter_call_signature(struct extract *x, TSNode node)
{
    bool constructs = ex_is(x, node, S_CONSTRUCT_SIGNATURE);
    uint32_t scope = x->scope;
    TSNode none = {0};
    uint32_t def =
        ecma_open(x, node, none, constructs ? W_CONSTRUCTOR : W_CALL, NODE_METHOD, NS_VALUE);

    ex_def_at(x, def)->flags |= constructs ? FLAG_ABSTRACT | FLAG_CONSTRUCTOR : FLAG_ABSTRACT;
    (void)ecma_bind(x, scope, def, 0);
    ecma_sig(x, def, node, ts_node_end_byte(node));
    ecma_open_function(x, node, true);
}

static bool is_generator(const struct extract *x, const struct kid *self)
{
    if (self->sym == S_METHOD)
        return (modifiers(x, self->node, ex_child(x, self->node, F_NAME)) & M_GENERATOR) != 0;
    return self->sym == S_GENERATOR || self->sym == S_GENERATOR_DECLARATION;
}

/* What calling a function gives, where it does not say so. */
static uint32_t inferred_result(struct extract *x, const struct kid *self, uint32_t returned,
                                bool own)
{
    bool async =
        own ? (ex_def_at(x, x->def)->flags & FLAG_ASYNC) != 0 : starts_async(x, self->node);
    if (returned == 0 || is_generator(x, self))
        return 0;
    if (!async)
        return returned;
    uint32_t of = ex_term(x, TERM_TYPEOF, 0, returned, 0);
    return ex_term(x, TERM_OFTYPE, 0, ecma_generic(x, W_PROMISE, of), 0);
}

/* x => ...: the parameter without parentheses */
static uint32_t single_parameter(struct extract *x, const struct kid *k, bool own)
{
    ex_unref(x, k);
    uint32_t b = ex_var(x, x->scope, k->name, 0, 0, BIND_PARAM, 0);
    if (own) {
        ex_def_at(x, x->def)->arity_min = 1;
        ex_def_at(x, x->def)->arity_max = 1;
    }
    return ex_cons(x, ecma_bound(x, b), 0);
}

ECMA_LEAVE(function)
{
    const struct kid *body = ex_kid(kids, n, F_BODY), *type = ex_kid(kids, n, F_RETURN_TYPE);
    const struct kid *params = ex_kid(kids, n, F_PARAMETERS), *one = ex_kid(kids, n, F_PARAMETER);
    bool own = x->def != 0 && ex_def_at(x, x->def)->scope == x->scope;
    uint32_t list = params != NULL ? params->term : 0;

    if (type == NULL && (self->sym == S_CONSTRUCT_SIGNATURE || self->sym == S_CONSTRUCTOR_TYPE))
        type = ex_kid(kids, n, F_TYPE);
    if (one != NULL && one->sym == S_IDENTIFIER)
        list = single_parameter(x, one, own);
    uint32_t result = 0;
    if (type == NULL && body != NULL)
        result = inferred_result(x, self, body->term, own);
    if (own) {
        struct def *d = ex_def_at(x, x->def);
        d->type = type != NULL ? type->term : 0;
        d->init = result;
        ex_role(x, type, REF_TYPE, REF_RETURNS);
        ecma_doc_types(x, x->def);
    }
    if (!own) {
        if (type != NULL && body != NULL && type->term != 0)
            result = ex_term(x, TERM_OFTYPE, 0, type->term, 0);
        else if (type != NULL)
            result = type->term;
        self->term = ex_term(x, TERM_FN, 0, result, list);
    } else if (ecma_is_function(self->sym) && self->field != F_VALUE) {
        self->term = ecma_def_term(x, x->def);
    }
    for (uint32_t i = 0; i < n && own; i++) { /* JavaScript's decorators are part of a method */
        if (kids[i].sym == S_DECORATOR)
            ex_own(x, &kids[i], ex_def_at(x, x->def)->parent);
    }
}

/* ---- classes ---- */

void ecma_sig_header(struct extract *x, uint32_t def, TSNode node)
{
    TSNode body = ex_child(x, node, F_BODY), first = node;
    for (uint32_t i = 0; i < 16; i++) {
        TSNode c = ts_node_child(node, i);
        if (!ex_is(x, c, S_DECORATOR)) {
            if (i > 0 && !ts_node_is_null(c))
                first = c;
            break;
        }
    }
    ecma_sig(x, def, first,
             ts_node_is_null(body) ? ts_node_end_byte(node) : ts_node_start_byte(body));
}

void ecma_enter_class(struct extract *x, TSNode node)
{
    unsigned sym = ex_rule_of(x, node);
    TSNode name = ex_child(x, node, F_NAME);

    if (sym != S_CLASS)
        (void)ecma_declare(x, node, name, ecma_name(x, name), NODE_CLASS, NS_VALUE | NS_TYPE);
    else if (ecma_at(x, TAG_ASSIGNED, node))
        ecma_open_assigned(x, node, NODE_CLASS);
    else if (!ecma_at(x, TAG_NAMED, node))
        (void)ecma_open(x, node, name, ecma_name(x, name), NODE_CLASS, NS_VALUE | NS_TYPE);
    x->self = x->def;
    if (sym == S_ABSTRACT_CLASS)
        ex_def_at(x, x->def)->flags |= FLAG_ABSTRACT;
    if (ex_def_at(x, x->def)->sig == 0)
        ecma_sig_header(x, x->def, node);
    (void)ex_scope(x, SCOPE_TYPE);
    x->user &= ~USER_STATIC;
    x->user2 = 0;
}

ECMA_LEAVE(class)
{
    for (uint32_t i = 0; i < n; i++) {
        if (kids[i].sym == S_DECORATOR)
            ex_own(x, &kids[i], ex_def_at(x, x->def)->parent);
    }
    if (self->sym == S_CLASS)
        self->term = ex_term(x, TERM_SELFTYPE, 0, x->def, 0);
}

#define MAX_BASES 64u

/* The kid's type becomes one more base of x->def. */
static void add_base(struct extract *x, const struct kid *k, uint32_t type, enum ref_role role)
{
    uint32_t items[MAX_BASES], n = 0;
    if (k->ref != 0)
        x->refs.at[k->ref].role = (uint8_t)role;
    if (type == 0)
        return;
    for (uint32_t l = ex_def_at(x, x->def)->bases; ex_is_list(x, l) && n < MAX_BASES - 1;
         l = x->terms.at[l].b)
        items[n++] = x->terms.at[l].a;
    items[n++] = type;
    uint32_t list = 0;
    while (n > 0)
        list = ex_cons(x, items[--n], list);
    ex_def_at(x, x->def)->bases = list;
}

/* JavaScript's `extends X`; TypeScript's clauses are nodes of their own. */
ECMA_LEAVE(class_heritage)
{
    (void)self;
    for (uint32_t i = 0; i < n; i++) {
        if (kids[i].sym != S_EXTENDS && kids[i].sym != S_IMPLEMENTS)
            add_base(x, &kids[i], kids[i].term, REF_EXTENDS);
    }
}

ECMA_LEAVE(extends)
{
    (void)self;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t type = kids[i].term;
        if (kids[i].field != F_VALUE)
            continue;
        if (i + 1 < n && kids[i + 1].field == F_TYPE_ARGUMENTS && type != 0)
            type = ex_term(x, TERM_APPLY, 0, type, kids[i + 1].term);
        add_base(x, &kids[i], type, REF_EXTENDS);
    }
}

ECMA_LEAVE(implements)
{
    (void)self;
    for (uint32_t i = 0; i < n; i++)
        add_base(x, &kids[i], kids[i].term, REF_IMPLEMENTS);
}

ECMA_LEAVE(extends_type)
{
    (void)self;
    for (uint32_t i = 0; i < n; i++)
        add_base(x, &kids[i], kids[i].term, REF_EXTENDS);
}

void ecma_enter_static_block(struct extract *x, TSNode node)
{
    ecma_open_function(x, node, false);
    x->user |= USER_STATIC;
}

/* A field; one that holds a function is a method. */
void ecma_enter_field(struct extract *x, TSNode node)
{
    TSNode name_node = ex_child(x, node, F_NAME), value = ex_child(x, node, F_VALUE);
    if (ts_node_is_null(name_node))
        name_node = ex_child(x, node, F_PROPERTY);
    unsigned mods = modifiers(x, node, name_node);
    bool method = ecma_is_function(ex_rule_of(x, value));
    uint32_t name = ecma_name(x, name_node), scope = x->scope, def;

    if (method) {
        def = ecma_open(x, node, name_node, name, NODE_METHOD, NS_VALUE);
        ecma_sig_function(x, def, node, value);
        x->user2 = ecma_tag(TAG_NAMED, ts_node_start_byte(value));
    } else {
        def = ecma_leaf(x, node, name_node, name, NODE_FIELD, NS_VALUE, x->def);
        ecma_sig_value(x, def, node, value);
        bool object = !ts_node_is_null(value) && ecma_is_object(x, value);
        x->user2 = ecma_tag(object ? TAG_OWNER : TAG_PENDING, def);
    }
    (void)ecma_bind(x, scope, def, 0);
    unsigned flags = mods & M_STATIC ? FLAG_STATIC : 0;
    flags |= mods & M_ABSTRACT ? FLAG_ABSTRACT : 0;
    ex_def_at(x, def)->flags |= (uint16_t)flags;
    x->user = mods & M_STATIC ? x->user | USER_STATIC : x->user & ~USER_STATIC;
}

/* A function's variable or field has the type FN(result). */
static void declared_function(struct extract *x, uint32_t def, const struct kid *type)
{
    if (type != NULL && x->terms.at[type->term].op == TERM_FN && ex_def_at(x, def)->type == 0)
        ex_def_at(x, def)->type = x->terms.at[type->term].a;
}

ECMA_LEAVE(field)
{
    const struct kid *type = ex_kid(kids, n, F_TYPE), *value = ex_kid(kids, n, F_VALUE);
    bool method = ecma_has_tag(x, TAG_NAMED);
    uint32_t def = method ? x->def : ecma_value(x);

    (void)self;
    if (method) {
        declared_function(x, def, type);
    } else {
        ex_def_at(x, def)->type = type != NULL ? type->term : 0;
        ex_def_at(x, def)->init = value != NULL ? value->term : 0;
        ecma_doc_types(x, def);
    }
    for (uint32_t i = 0; i < n && method; i++) {
        if (kids[i].sym == S_DECORATOR)
            ex_own(x, &kids[i], ex_def_at(x, def)->parent);
    }
}

/* ---- decorators ---- */

ECMA_LEAVE(decorator)
{
    if (n == 0 || kids[0].term == 0)
        return;
    for (uint32_t r = self->refs; r < self->refs_end; r++) {
        if (x->refs.at[r].term == kids[0].term && x->refs.at[r].role != REF_NONE)
            x->refs.at[r].role = REF_DECORATE;
    }
}
