/* C. Calls through pointers are never calls of a guess: they are uses of the pointer. */
#include "lang/c.h"

#include <string.h>

const TSLanguage *tree_sitter_c(void);

/* x->user2 says what x->user is good for */
enum user_state {
    U_NONE,
    U_FUNCTION,  /* user: first byte of the function's own parameter list */
    U_OWN_LIST,  /* inside that list */
    U_NO_MEMBER, /* the struct that comes next is a member without a name */
    U_FIELDS,    /* user: term of the value whose fields the list initialises, 0 if unknown */
    U_ELEMENTS   /* user: likewise, of the value whose list comes next; U_ELEMENTS + k: it is an
                    array of k dimensions */
};

/* ---- declarators ---- */

struct declarator {
    TSNode name;
    TSNode params; /* of the function that is declared, null if it is no function */
    unsigned dimensions;
};

static TSNode inside_parens(const struct extract *x, TSNode node)
{
    TSNode in = ts_node_named_child(node, 0);
    if (ex_is(x, in, S_COMMENT) || ex_is(x, in, S_NONE))
        in = ts_node_named_child(node, ts_node_named_child_count(node) - 1);
    return in;
}

/* `*(*name(int a))(int b)`: from the outside in, for rules that must know before the children. */
static struct declarator look_through(const struct extract *x, TSNode node)
{
    struct declarator d = {.name = {.id = NULL}, .params = {.id = NULL}};
    for (unsigned depth = 0; depth < 64 && !ts_node_is_null(node); depth++) {
        switch (ex_rule_of(x, node)) {
        case S_IDENTIFIER:
        case S_TYPE_IDENTIFIER:
        case S_FIELD_IDENTIFIER: d.name = node; return d;
        case S_FUNCTION_DECLARATOR:
            d.params = ex_child(x, node, F_PARAMETERS);
            d.dimensions = 0;
            node = ex_child(x, node, F_DECLARATOR);
            break;
        case S_ARRAY_DECLARATOR:
            d.dimensions++;
            d.params = (TSNode){.id = NULL};
            node = ex_child(x, node, F_DECLARATOR);
            break;
        case S_POINTER_DECLARATOR:
            d.params = (TSNode){.id = NULL};
            node = ex_child(x, node, F_DECLARATOR);
            break;
        case S_INIT_DECLARATOR: node = ex_child(x, node, F_DECLARATOR); break;
        case S_PAREN_DECLARATOR:
        case S_ATTRIBUTED_DECLARATOR: node = inside_parens(x, node); break;
        default: return d;
        }
    }
    return d;
}

static bool is_plain(unsigned sym)
{
    return sym == S_IDENTIFIER || sym == S_TYPE_IDENTIFIER || sym == S_FIELD_IDENTIFIER;
}

static bool is_function(const struct kid *k)
{
    return k->sym == S_FUNCTION_DECLARATOR || k->sym == D_RETURNS_FUNCTION;
}

/* A declarator's value is the declared name: its symbol, its node, and in `sym` what it is. */
static bool pass_declarator(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    const struct kid *k = ex_kid(kids, n, F_DECLARATOR);
    for (uint32_t i = 0; k == NULL && i < n; i++)
        k = kids[i].name != 0 ? &kids[i] : NULL;
    if (k == NULL || k->name == 0)
        return false;
    ex_unref(x, k);
    self->name = k->name;
    self->node = k->node;
    self->sym = k->sym;
    return true;
}

static void leave_declarator(struct extract *x, struct kid *self, const struct kid *kids,
                             uint32_t n)
{
    (void)pass_declarator(x, self, kids, n);
}

/* Pointers and arrays; what is behind a pointer may be a function. */
static void leave_pointer(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    if (pass_declarator(x, self, kids, n) && is_plain(self->sym))
        self->sym = S_POINTER_DECLARATOR;
}

static void leave_function_declarator(struct extract *x, struct kid *self, const struct kid *kids,
                                      uint32_t n)
{
    if (!pass_declarator(x, self, kids, n))
        return;
    if (is_plain(self->sym))
        self->sym = S_FUNCTION_DECLARATOR;
    else if (self->sym == S_POINTER_DECLARATOR)
        self->sym = D_HOLDER;
    else if (self->sym == S_FUNCTION_DECLARATOR)
        self->sym = D_RETURNS_FUNCTION;
}

/* The type of what the declarator k declares, where `type` stands in front of it. For functions:
 * the type of the result. */
static uint32_t declared_type(struct extract *x, const struct kid *k, uint32_t type)
{
    bool holds = k->sym == D_HOLDER || k->sym == D_RETURNS_FUNCTION;
    return holds ? ex_term(x, TERM_FN, 0, type, 0) : type;
}

/* The same where the name stands for a function type: parameters, typedefs. */
static uint32_t declared_holder(struct extract *x, const struct kid *k, uint32_t type)
{
    uint32_t t = declared_type(x, k, type);
    return is_function(k) ? ex_term(x, TERM_FN, 0, t, 0) : t;
}

/* ---- definitions ---- */

static bool is_header_path(const char *path)
{
    return slice_ends(slice_from(path), SLICE(".h"));
}

static bool is_header(const struct extract *x)
{
    return (x->path_marks & PATH_HEADER) != 0;
}

void c_export_from_header(struct extract *x, uint32_t def)
{
    if (def != 0 && is_header(x))
        x->defs.at[def].flags |= FLAG_EXPORTED;
}

/* What encloses a type that is defined within a declaration: no variable, no prototype. */
static uint32_t container(const struct extract *x)
{
    uint32_t d = x->def;
    while (d != 0) {
        const struct def *at = &x->defs.at[d];
        bool inner = at->kind == NODE_VARIABLE || at->kind == NODE_TYPE_ALIAS ||
                     (at->kind == NODE_FUNCTION && (at->flags & FLAG_DECLARATION) != 0);
        if (!inner)
            break;
        d = at->parent;
    }
    return d;
}

/* Is this a type that is defined where it is used: `struct {...} x`? */
static bool defines_type(const struct extract *x, const struct kid *type)
{
    return type != NULL && x->terms.at[type->term].op == TERM_SELFTYPE;
}

/* The refs of a type that stands in front of a declarator belong to what is declared; but not
 * those in the body of a type that is defined there. */
static void own_type(struct extract *x, const struct kid *type, uint32_t def)
{
    if (type != NULL && !defines_type(x, type))
        ex_own(x, type, def);
}

struct storage {
    bool is_static, is_extern;
};

static struct storage storage_of(const struct extract *x, const struct kid *kids, uint32_t n)
{
    struct storage s = {false, false};
    for (uint32_t i = 0; i < n; i++) {
        if (kids[i].sym != S_STORAGE)
            continue;
        s.is_static |= slice_eq(ex_text(x, kids[i].node), SLICE("static"));
        s.is_extern |= slice_eq(ex_text(x, kids[i].node), SLICE("extern"));
    }
    return s;
}

static void set_linkage(struct extract *x, uint32_t def, struct storage s)
{
    x->defs.at[def].flags |= s.is_static ? FLAG_STATIC : FLAG_EXPORTED;
    if (s.is_static)
        c_export_from_header(x, def);
    if (x->defs.at[def].kind == NODE_VARIABLE && s.is_extern)
        x->defs.at[def].flags |= FLAG_DECLARATION;
}

static void own_parameters(struct extract *x, TSNode params)
{
    x->user2 = ts_node_is_null(params) ? U_NONE : U_FUNCTION;
    x->user = x->user2 == U_FUNCTION ? ts_node_start_byte(params) : 0;
}

static void enter_function(struct extract *x, TSNode node)
{
    struct declarator d = look_through(x, ex_child(x, node, F_DECLARATOR));
    if (x->scope != 0 && ts_node_is_null(d.params)) {
        x->user = x->user2 = U_NONE;
        return;
    }
    /* C has no functions in functions: what looks like one follows a brace that was lost */
    x->scope = x->def = x->self = 0;
    if (!ts_node_is_null(d.name))
        (void)ex_def(x, node, d.name, NODE_FUNCTION, NS_VALUE);
    (void)ex_scope(x, SCOPE_FUNCTION);
    own_parameters(x, d.params);
}

/* `for_each(x){ ... }` in a function: the grammar takes the macro for the type of a function x. */
static void leave_loop(struct extract *x, const struct kid *type, const struct kid *name)
{
    if (type != NULL && type->ref != 0)
        x->refs.at[type->ref].role = REF_MACRO;
    uint32_t at = ts_node_start_byte(name->node);
    (void)ex_ref(x, ex_name_term(x, name->name, C_NAME_NS, at), REF_USE, name->node);
}

static void leave_function(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    const struct kid *type = ex_kid(kids, n, F_TYPE), *body = ex_kid(kids, n, F_BODY);
    const struct kid *declarator = ex_kid(kids, n, F_DECLARATOR);
    if (declarator == NULL)
        return;
    if (x->def == 0 || x->defs.at[x->def].start != ts_node_start_byte(self->node)) {
        leave_loop(x, type, declarator);
        return;
    }
    set_linkage(x, x->def, storage_of(x, kids, n));
    if (type != NULL) {
        x->defs.at[x->def].type = declared_type(x, declarator, type->term);
        ex_role(x, type, REF_TYPE, REF_RETURNS);
    }
    uint32_t end = body != NULL ? ts_node_start_byte(body->node) : ts_node_end_byte(self->node);
    ex_sig(x, x->def, ts_node_start_byte(self->node), end);
}

static void enter_parameters(struct extract *x, TSNode node)
{
    bool own = x->user2 == U_FUNCTION && x->user == ts_node_start_byte(node);
    x->user2 = own ? U_OWN_LIST : U_NONE;
}

static void leave_parameter(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    const struct kid *type = ex_kid(kids, n, F_TYPE), *k = ex_kid(kids, n, F_DECLARATOR);
    ex_unref(x, k);
    if (x->user2 != U_OWN_LIST)
        return;
    self->refs_end = x->refs.len;
    ex_role(x, self, REF_TYPE, REF_ACCEPTS);
    if (x->scope != 0 && k != NULL && k->name != 0)
        (void)ex_var(x, x->scope, k->name, declared_holder(x, k, type != NULL ? type->term : 0), 0,
                     BIND_PARAM, ts_node_start_byte(k->node));
}

static void leave_parameters(struct extract *x, struct kid *self, const struct kid *kids,
                             uint32_t n)
{
    unsigned count = 0;
    bool variadic = n == 0; /* f() takes anything */
    (void)self;
    if (x->user2 != U_OWN_LIST || x->def == 0)
        return;
    for (uint32_t i = 0; i < n; i++) {
        const struct kid *k = &kids[i];
        variadic |= k->sym == S_VARIADIC;
        count += k->sym == S_PARAMETER || k->sym == S_IDENTIFIER;
        if (k->sym == S_IDENTIFIER) { /* K&R */
            ex_unref(x, k);
            (void)ex_var(x, x->scope, k->name, 0, 0, BIND_PARAM, ts_node_start_byte(k->node));
        }
    }
    if (count == 1 && slice_eq(ex_text(x, kids[0].node), SLICE("void")))
        count = 0;
    x->defs.at[x->def].arity_min = (uint8_t)(count < 255 ? count : 255);
    x->defs.at[x->def].arity_max = (uint8_t)(variadic || count > 254 ? 255 : count);
}

/* ---- declarations ---- */

/* At file scope the first declared name is a definition that owns what is written in it. */
static void enter_declaration(struct extract *x, TSNode node)
{
    x->user = x->user2 = U_NONE;
    if (x->scope != 0)
        return;
    struct declarator d = look_through(x, ex_child(x, node, F_DECLARATOR));
    if (ts_node_is_null(d.name))
        return;
    bool function = !ts_node_is_null(d.params);
    x->def = container(x);
    uint32_t def = ex_def(x, node, d.name, function ? NODE_FUNCTION : NODE_VARIABLE, NS_VALUE);
    if (def != 0 && function)
        x->defs.at[def].flags |= FLAG_DECLARATION;
    own_parameters(x, d.params);
}

/* Up to the initialiser when that is long. */
static void sign_declaration(struct extract *x, uint32_t def, TSNode node, const struct kid *k)
{
    uint32_t end = ts_node_end_byte(node), name = ts_node_end_byte(k->node);
    uint32_t near = end - name < 512 ? end - name : 512; /* signatures are shorter */
    const char *eq = memchr(x->src + name, '=', near);
    if (eq != NULL && end - (uint32_t)(eq - x->src) > C_LONG_VALUE)
        end = (uint32_t)(eq - x->src);
    while (end > name && strchr("; \t\r\n", x->src[end - 1]) != NULL)
        end--;
    ex_sig(x, def, ts_node_start_byte(node), end);
}

static void finish_global(struct extract *x, uint32_t def, TSNode node, const struct kid *k,
                          const struct kid *type)
{
    struct def *d = &x->defs.at[def];
    d->line = ex_line(k->node);
    d->kind = is_function(k) ? NODE_FUNCTION : NODE_VARIABLE;
    if (is_function(k))
        d->flags |= FLAG_DECLARATION;
    uint32_t t = declared_type(x, k, type != NULL ? type->term : 0);
    x->defs.at[def].type = t;
    sign_declaration(x, def, node, k);
}

static void leave_globals(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    const struct kid *type = ex_kid(kids, n, F_TYPE);
    struct storage storage = storage_of(x, kids, n);
    uint32_t def = x->def;
    for (uint32_t i = 0; i < n; i++) {
        const struct kid *k = &kids[i];
        if (k->field != F_DECLARATOR || k->name == 0)
            continue;
        ex_unref(x, k);
        if (def == 0) {
            def = ex_def_leaf(x, self->node, k->name, NODE_VARIABLE, NS_VALUE, container(x), 0);
            ex_own(x, k, def);
        } else if (is_function(k)) {
            ex_role(x, type, REF_TYPE, REF_RETURNS);
        }
        if (def == 0)
            return;
        finish_global(x, def, self->node, k, type);
        set_linkage(x, def, storage);
        def = 0;
    }
}

static void leave_declaration(struct extract *x, struct kid *self, const struct kid *kids,
                              uint32_t n)
{
    const struct kid *type = ex_kid(kids, n, F_TYPE);
    if (x->scope == 0) {
        leave_globals(x, self, kids, n);
        return;
    }
    bool elsewhere = storage_of(x, kids, n).is_extern;
    for (uint32_t i = 0; i < n; i++) {
        const struct kid *k = &kids[i];
        if (k->field != F_DECLARATOR)
            continue;
        ex_unref(x, k);
        if (k->name != 0 && !elsewhere && !is_function(k))
            (void)ex_var(x, x->scope, k->name, declared_type(x, k, type != NULL ? type->term : 0),
                         0, BIND_SEQ, ts_node_end_byte(k->node));
    }
}

/* `typedef struct {...} X` names the struct. */
static void name_type(struct extract *x, const struct kid *type, const struct kid *k,
                      uint32_t alias)
{
    struct def *d = &x->defs.at[x->terms.at[type->term].a];
    if (d->name == 0) {
        d->name = k->name;
        d->line = ex_line(k->node);
        d->flags &= (uint16_t)~FLAG_ANONYMOUS;
    }
    x->defs.at[alias].doc_start = d->doc_start;
    x->defs.at[alias].doc_end = d->doc_end;
}

static void sign_typedef(struct extract *x, uint32_t def, TSNode node, const struct kid *type)
{
    uint32_t end = ts_node_end_byte(node);
    if (defines_type(x, type))
        end = ts_node_start_byte(ex_child(x, type->node, F_BODY));
    else if (end > 0 && x->src[end - 1] == ';')
        end--;
    ex_sig(x, def, ts_node_start_byte(node), end);
}

static void leave_typedef(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    const struct kid *type = ex_kid(kids, n, F_TYPE);
    const struct kid *first = type;
    for (uint32_t i = 0; i < n; i++) {
        const struct kid *k = &kids[i];
        if (k->field != F_DECLARATOR || k->name == 0)
            continue;
        ex_unref(x, k);
        uint32_t def =
            ex_def_leaf(x, self->node, k->name, NODE_TYPE_ALIAS, NS_TYPE, container(x), x->scope);
        if (def == 0)
            return;
        uint32_t t = declared_holder(x, k, type != NULL ? type->term : 0);
        x->defs.at[def].type = t;
        x->defs.at[def].line = ex_line(k->node);
        ex_own(x, k, def);
        own_type(x, first, def);
        sign_typedef(x, def, self->node, type);
        if (defines_type(x, type))
            name_type(x, type, k, def);
        c_export_from_header(x, def);
        first = NULL;
    }
}

/* ---- structs, unions, enums ---- */

static void enter_tag(struct extract *x, TSNode node, enum node_kind kind)
{
    bool nameless_member = x->user2 == U_NO_MEMBER;
    x->user = x->user2 = U_NONE;
    TSNode body = ex_child(x, node, F_BODY);
    TSNode name = ex_child(x, node, F_NAME);
    if (ts_node_is_null(body) || (nameless_member && ts_node_is_null(name) && kind != NODE_ENUM))
        return; /* a reference; or members that belong to the type around them */
    uint32_t scope = x->scope;
    x->def = container(x);
    x->scope = 0; /* tags are not nested in types, and those in functions are close enough */
    uint32_t def = ex_def(x, node, name, kind, NS_TAG);
    x->scope = scope;
    if (kind != NODE_ENUM)
        (void)ex_scope(x, SCOPE_TYPE);
    ex_sig(x, def, ts_node_start_byte(node), ts_node_start_byte(body));
    c_export_from_header(x, def);
}

static void enter_struct(struct extract *x, TSNode node)
{
    enter_tag(x, node, NODE_STRUCT);
}

static void enter_union(struct extract *x, TSNode node)
{
    enter_tag(x, node, NODE_UNION);
}

static void enter_enum(struct extract *x, TSNode node)
{
    enter_tag(x, node, NODE_ENUM);
}

static void leave_tag(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    const struct kid *name = ex_kid(kids, n, F_NAME);
    const struct def *d = &x->defs.at[x->def];
    if (ex_kid(kids, n, F_BODY) != NULL) {
        ex_unref(x, name);
        if (x->def != 0 && d->start == ts_node_start_byte(self->node) && node_kind_is_type(d->kind))
            self->term = ex_term(x, TERM_SELFTYPE, 0, x->def, 0);
    } else if (name != NULL && name->term != 0) {
        x->terms.at[name->term].aux = NS_TAG;
        self->term = name->term;
        self->ref = name->ref;
    }
}

static void leave_enumerator(struct extract *x, struct kid *self, const struct kid *kids,
                             uint32_t n)
{
    const struct kid *name = ex_kid(kids, n, F_NAME);
    if (name == NULL)
        return;
    ex_unref(x, name);
    uint32_t def = ex_def_leaf(x, self->node, name->name, NODE_VARIANT, NS_VALUE, x->def, 0);
    if (def == 0)
        return;
    self->refs_end = x->refs.len;
    ex_own(x, self, def);
    ex_sig(x, def, ts_node_start_byte(self->node), ts_node_end_byte(self->node));
    c_export_from_header(x, def);
}

static void enter_field_declaration(struct extract *x, TSNode node)
{
    x->user = 0;
    x->user2 = ts_node_is_null(ex_child(x, node, F_DECLARATOR)) ? U_NO_MEMBER : U_NONE;
}

static void leave_field_declaration(struct extract *x, struct kid *self, const struct kid *kids,
                                    uint32_t n)
{
    const struct kid *type = ex_kid(kids, n, F_TYPE);
    const struct kid *first = type;
    if (x->scopes.at[x->scope].kind != SCOPE_TYPE)
        return;
    for (uint32_t i = 0; i < n; i++) {
        const struct kid *k = &kids[i];
        if (k->field != F_DECLARATOR || k->name == 0)
            continue;
        uint32_t def = ex_def_leaf(x, self->node, k->name, NODE_FIELD, NS_VALUE, x->def, x->scope);
        if (def == 0)
            return;
        uint32_t t = declared_holder(x, k, type != NULL ? type->term : 0);
        x->defs.at[def].type = t;
        x->defs.at[def].line = ex_line(k->node);
        ex_own(x, k, def);
        own_type(x, first, def);
        uint32_t from =
            defines_type(x, type) ? ts_node_end_byte(type->node) : ts_node_start_byte(self->node);
        uint32_t end = ts_node_end_byte(self->node);
        ex_sig(x, def, from, end > from && x->src[end - 1] == ';' ? end - 1 : end);
        first = NULL;
    }
}

/* ---- types in expressions ---- */

static void leave_type_descriptor(struct extract *x, struct kid *self, const struct kid *kids,
                                  uint32_t n)
{
    const struct kid *type = ex_kid(kids, n, F_TYPE), *k = ex_kid(kids, n, F_DECLARATOR);
    if (type == NULL)
        return;
    self->term = type->term;
    self->ref = type->ref;
    if (k != NULL && k->sym == S_ABSTRACT_FUNCTION)
        self->term = ex_term(x, TERM_FN, 0, type->term, 0);
}

/* typeof(x), _Atomic(T), or a macro that gives a type */
static void leave_macro_type(struct extract *x, struct kid *self, const struct kid *kids,
                             uint32_t n)
{
    const struct kid *name = ex_kid(kids, n, F_NAME), *type = ex_kid(kids, n, F_TYPE);
    if (name == NULL)
        return;
    struct slice s = ex_text(x, name->node);
    uint32_t inner = type != NULL ? type->term : 0;
    if (slice_eq(s, SLICE("typeof")) || slice_eq(s, SLICE("__typeof__")) ||
        slice_eq(s, SLICE("__typeof"))) {
        ex_unref(x, name);
        if (x->terms.at[inner].op == TERM_NAME) {
            x->terms.at[inner].aux |= NS_VALUE;
            self->term = ex_term(x, TERM_TYPEOF, 0, inner, 0);
        }
    } else if (slice_eq(s, SLICE("_Atomic"))) {
        ex_unref(x, name);
        self->term = inner;
    } else if (name->ref != 0) {
        x->refs.at[name->ref].role = REF_MACRO;
    }
}

/* ---- initialisers ---- */

/* What the list that comes next initialises: a value of `type`, in arrays of some dimensions. */
static void expect_list(struct extract *x, uint32_t type, unsigned dimensions)
{
    x->user = type != 0 ? ex_term(x, TERM_OFTYPE, 0, type, 0) : 0;
    x->user2 = U_ELEMENTS + (dimensions < 16 ? dimensions : 16);
}

static void enter_init_declarator(struct extract *x, TSNode node)
{
    if (!ex_is(x, ex_child(x, node, F_VALUE), S_INIT_LIST))
        return;
    struct ex_place at = ex_place(x);
    const struct kid *type = ex_kid(at.kids, at.n, F_TYPE);
    struct declarator d = look_through(x, ex_child(x, node, F_DECLARATOR));
    expect_list(x, type != NULL ? type->term : 0, d.dimensions);
}

/* In `.a.b = { .c = 1 }` each name is a member of what stands before it. */
static uint32_t designated(const struct ex_place *at, uint32_t otherwise)
{
    const struct kid *last = at->n > 0 ? &at->kids[at->n - 1] : NULL;
    return last != NULL && last->sym == S_FIELD_DESIGNATOR ? last->term : otherwise;
}

static void enter_init_list(struct extract *x, TSNode node)
{
    struct ex_place at = ex_place(x);
    const struct kid *type = ex_kid(at.kids, at.n, F_TYPE);
    (void)node;
    if (at.parent == S_COMPOUND_LITERAL && type != NULL) {
        TSNode outer = ex_child(x, type->node, F_DECLARATOR);
        expect_list(x, type->term, ex_is(x, outer, S_ABSTRACT_ARRAY) ? 1 : 0);
    } else if (at.parent == S_INIT_PAIR && x->user2 == U_FIELDS) {
        x->user = designated(&at, x->user);
        x->user2 = U_ELEMENTS;
    }
    if (x->user2 > U_ELEMENTS)
        x->user2--;
    else if (x->user2 == U_ELEMENTS)
        x->user2 = U_FIELDS;
    else /* the n-th field of a struct is not followed */
        x->user = x->user2 = 0;
}

static void enter_field_designator(struct extract *x, TSNode node)
{
    struct ex_place at = ex_place(x);
    (void)node;
    /* an array's element is named by its index first */
    bool known = x->user2 == U_FIELDS || (x->user2 >= U_ELEMENTS && at.n > 0);
    x->user = known ? designated(&at, x->user) : 0;
}

static void leave_field_designator(struct extract *x, struct kid *self, const struct kid *kids,
                                   uint32_t n)
{
    if (n > 0 && x->user != 0)
        ex_member(x, self, TERM_MEMBER, x->user, kids[0].name, 0, REF_USE, kids[0].node);
}

/* ---- expressions ---- */

void c_leave_nothing(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    (void)x;
    (void)self;
    (void)kids;
    (void)n;
}

/* f(x), (*f)(x). Through a member or an element it is a use of that, which has its ref. */
static void leave_call(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    const struct kid *callee = ex_kid(kids, n, F_FUNCTION);
    if (callee == NULL || callee->term == 0)
        return;
    if (x->terms.at[callee->term].op == TERM_NAME && callee->ref != 0)
        ex_call(x, self, callee, TERM_CALL, REF_CALL, 0, 0);
    else
        self->term = ex_term(x, TERM_CALL, 0, callee->term, 0);
}

static void leave_field(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    const struct kid *of = ex_kid(kids, n, F_ARGUMENT), *name = ex_kid(kids, n, F_FIELD);
    if (of != NULL && name != NULL)
        ex_member(x, self, TERM_MEMBER, of->term, name->name, 0, REF_USE, name->node);
}

/* An element of an array of structs has the members of the struct: the value stays the same. */
static void leave_subscript(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    const struct kid *of = ex_kid(kids, n, F_ARGUMENT);
    (void)x;
    self->term = of != NULL ? of->term : 0;
}

static void leave_cast(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    const struct kid *type = ex_kid(kids, n, F_TYPE);
    if (type != NULL && type->term != 0)
        self->term = ex_term(x, TERM_OFTYPE, 0, type->term, 0);
}

static void leave_offsetof(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    const struct kid *type = ex_kid(kids, n, F_TYPE), *name = ex_kid(kids, n, F_MEMBER);
    struct kid member = {0};
    (void)self;
    if (type == NULL || type->term == 0 || name == NULL)
        return;
    uint32_t of = ex_term(x, TERM_OFTYPE, 0, type->term, 0);
    ex_member(x, &member, TERM_MEMBER, of, name->name, 0, REF_USE, name->node);
}

/* Pointer arithmetic keeps the type; of other operations nobody needs the value. */
static void leave_binary(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    const struct kid *a = ex_kid(kids, n, F_LEFT), *b = ex_kid(kids, n, F_RIGHT);
    if (a == NULL || b == NULL)
        return;
    uint32_t op = ts_node_end_byte(a->node), end = ts_node_start_byte(b->node);
    while (op < end && (x->src[op] == ' ' || x->src[op] == ')'))
        op++;
    if (op < end && (x->src[op] == '+' || x->src[op] == '-'))
        self->term = ex_either(x, a->term, b->term);
}

static void leave_conditional(struct extract *x, struct kid *self, const struct kid *kids,
                              uint32_t n)
{
    const struct kid *a = ex_kid(kids, n, F_CONSEQUENCE), *b = ex_kid(kids, n, F_ALTERNATIVE);
    if (a == NULL) /* a ?: b */
        a = ex_kid(kids, n, F_CONDITION);
    self->term = ex_either(x, a != NULL ? a->term : 0, b != NULL ? b->term : 0);
}

static void leave_assignment(struct extract *x, struct kid *self, const struct kid *kids,
                             uint32_t n)
{
    const struct kid *to = ex_kid(kids, n, F_LEFT);
    (void)x;
    self->term = to != NULL ? to->term : 0;
}

static void leave_comma(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    const struct kid *last = ex_kid(kids, n, F_RIGHT);
    (void)x;
    self->term = last != NULL ? last->term : 0;
}

/* ---- the table ---- */

/* clang-format off */
static const struct ex_rule rules[] = {
    [S_NONE] = {.symbol = ""},
    [S_IDENTIFIER] = {.symbol = "identifier", .flags = EX_NAME},
    [S_TYPE_IDENTIFIER] = {.symbol = "type_identifier", .flags = EX_TYPE},
    [S_FIELD_IDENTIFIER] = {.symbol = "field_identifier", .flags = EX_WORD},
    [S_STATEMENT_IDENTIFIER] = {.symbol = "statement_identifier", .flags = EX_SKIP},
    [S_PRIMITIVE_TYPE] = {.symbol = "primitive_type", .flags = EX_SKIP},
    [S_SIZED_TYPE] = {.symbol = "sized_type_specifier", .flags = EX_SKIP},
    [S_NUMBER] = {.symbol = "number_literal", .flags = EX_SKIP},
    [S_CHAR] = {.symbol = "char_literal", .flags = EX_SKIP},
    [S_STRING] = {.symbol = "string_literal", .flags = EX_SKIP},
    [S_TRUE] = {.symbol = "true", .flags = EX_SKIP},
    [S_FALSE] = {.symbol = "false", .flags = EX_SKIP},
    [S_NULL] = {.symbol = "null", .flags = EX_SKIP},
    [S_COMMENT] = {.symbol = "comment", .flags = EX_COMMENT},
    [S_ATTRIBUTE] = {.symbol = "attribute_specifier", .flags = EX_SKIP},
    [S_ATTRIBUTE_DECLARATION] = {.symbol = "attribute_declaration", .flags = EX_SKIP},
    [S_DECLSPEC] = {.symbol = "ms_declspec_modifier", .flags = EX_SKIP},
    [S_STORAGE] = {.symbol = "storage_class_specifier", .flags = EX_MARK},
    [S_FUNCTION_DEFINITION] = {.symbol = "function_definition", .enter = enter_function, .leave = leave_function},
    [S_DECLARATION] = {.symbol = "declaration", .enter = enter_declaration, .leave = leave_declaration},
    [S_TYPE_DEFINITION] = {.symbol = "type_definition", .leave = leave_typedef},
    [S_STRUCT] = {.symbol = "struct_specifier", .enter = enter_struct, .leave = leave_tag},
    [S_UNION] = {.symbol = "union_specifier", .enter = enter_union, .leave = leave_tag},
    [S_ENUM] = {.symbol = "enum_specifier", .enter = enter_enum, .leave = leave_tag},
    [S_ENUMERATOR] = {.symbol = "enumerator", .leave = leave_enumerator},
    [S_FIELD_DECLARATION] = {.symbol = "field_declaration", .enter = enter_field_declaration, .leave = leave_field_declaration},
    [S_PARAMETER] = {.symbol = "parameter_declaration", .leave = leave_parameter},
    [S_PARAMETERS] = {.symbol = "parameter_list", .enter = enter_parameters, .leave = leave_parameters},
    [S_VARIADIC] = {.symbol = "variadic_parameter", .flags = EX_MARK},
    [S_FUNCTION_DECLARATOR] = {.symbol = "function_declarator", .leave = leave_function_declarator},
    [S_POINTER_DECLARATOR] = {.symbol = "pointer_declarator", .leave = leave_pointer},
    [S_ARRAY_DECLARATOR] = {.symbol = "array_declarator", .leave = leave_pointer},
    [S_PAREN_DECLARATOR] = {.symbol = "parenthesized_declarator", .leave = leave_declarator},
    [S_ATTRIBUTED_DECLARATOR] = {.symbol = "attributed_declarator", .leave = leave_declarator},
    [S_INIT_DECLARATOR] = {.symbol = "init_declarator", .enter = enter_init_declarator, .leave = leave_declarator},
    [S_ABSTRACT_FUNCTION] = {.symbol = "abstract_function_declarator"},
    [S_ABSTRACT_ARRAY] = {.symbol = "abstract_array_declarator"},
    [S_TYPE_DESCRIPTOR] = {.symbol = "type_descriptor", .leave = leave_type_descriptor},
    [S_MACRO_TYPE] = {.symbol = "macro_type_specifier", .leave = leave_macro_type},
    [S_BLOCK] = {.symbol = "compound_statement", .flags = EX_BLOCK, .leave = c_leave_nothing},
    [S_FOR] = {.symbol = "for_statement", .flags = EX_BLOCK, .leave = c_leave_nothing},
    [S_CALL] = {.symbol = "call_expression", .leave = leave_call},
    [S_FIELD] = {.symbol = "field_expression", .leave = leave_field},
    [S_SUBSCRIPT] = {.symbol = "subscript_expression", .leave = leave_subscript},
    [S_CAST] = {.symbol = "cast_expression", .leave = leave_cast},
    [S_COMPOUND_LITERAL] = {.symbol = "compound_literal_expression", .leave = leave_cast},
    [S_SIZEOF] = {.symbol = "sizeof_expression", .leave = c_leave_nothing},
    [S_ALIGNOF] = {.symbol = "alignof_expression", .leave = c_leave_nothing},
    [S_OFFSETOF] = {.symbol = "offsetof_expression", .leave = leave_offsetof},
    [S_BINARY] = {.symbol = "binary_expression", .leave = leave_binary},
    [S_CONDITIONAL] = {.symbol = "conditional_expression", .leave = leave_conditional},
    [S_ASSIGNMENT] = {.symbol = "assignment_expression", .leave = leave_assignment},
    [S_COMMA] = {.symbol = "comma_expression", .leave = leave_comma},
    [S_INIT_LIST] = {.symbol = "initializer_list", .enter = enter_init_list, .leave = c_leave_nothing},
    [S_INIT_PAIR] = {.symbol = "initializer_pair", .leave = c_leave_nothing},
    [S_FIELD_DESIGNATOR] = {.symbol = "field_designator", .enter = enter_field_designator, .leave = leave_field_designator},
    [S_SUBSCRIPT_DESIGNATOR] = {.symbol = "subscript_designator", .leave = c_leave_nothing},
    [S_INCLUDE] = {.symbol = "preproc_include", .enter = c_enter_include},
    [S_DEFINE] = {.symbol = "preproc_def", .enter = c_enter_define},
    [S_DEFINE_FUNCTION] = {.symbol = "preproc_function_def", .enter = c_enter_define},
    [S_IF] = {.symbol = "preproc_if", .enter = c_enter_if, .leave = c_leave_nothing},
    [S_IFDEF] = {.symbol = "preproc_ifdef", .enter = c_enter_ifdef, .leave = c_leave_ifdef},
    [S_ELSE] = {.symbol = "preproc_else", .enter = c_enter_else, .leave = c_leave_nothing},
    [S_ELIF] = {.symbol = "preproc_elif", .enter = c_enter_else, .leave = c_leave_nothing},
    [S_DIRECTIVE] = {.symbol = "preproc_call", .flags = EX_SKIP},
    [S_SYSTEM_PATH] = {.symbol = "system_lib_string", .flags = EX_SKIP},
    [S_COUNT] = {.symbol = NULL},
};
/* clang-format on */

static const char *const fields[] = {
    [F_NONE] = "",
    [F_NAME] = "name",
    [F_TYPE] = "type",
    [F_DECLARATOR] = "declarator",
    [F_BODY] = "body",
    [F_VALUE] = "value",
    [F_PARAMETERS] = "parameters",
    [F_FUNCTION] = "function",
    [F_ARGUMENT] = "argument",
    [F_FIELD] = "field",
    [F_LEFT] = "left",
    [F_RIGHT] = "right",
    [F_CONSEQUENCE] = "consequence",
    [F_ALTERNATIVE] = "alternative",
    [F_CONDITION] = "condition",
    [F_MEMBER] = "member",
    [F_PATH] = "path",
    NULL,
};

static const char *const suffixes[] = {".c", ".h", NULL};

static void module_name(const struct lang_tree *tree, const char *path, struct buf *ret)
{
    (void)tree;
    buf_str(ret, path);
}

const struct lang lang_c = {
    .name = "c",
    .title = "C",
    .separator = ".",
    .module_separator = "::",
    .line_comment = "//",
    .suffixes = suffixes,
    .flags = LANG_GLOBAL_LINKAGE,
    .name_ns = C_NAME_NS,
    .type_ns = C_TYPE_NS,
    .grammar = tree_sitter_c,
    .rules = rules,
    .fields = fields,
    .mask = c_mask,
    .module_name = module_name,
    .find_module = c_find_include,
    .is_test_path = c_is_test_path,
    .is_header_path = is_header_path,
};
