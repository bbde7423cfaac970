/* Python: functions, classes and their decorators. */
#include "lang/python.h"

#include <ctype.h>

/* ---- documentation ---- */

void py_docstring(struct extract *x, uint32_t def, TSNode body)
{
    TSNode first = nth(body, 0);
    for (uint32_t i = 1; i < 8 && ex_is(x, first, S_COMMENT); i++)
        first = nth(body, i);
    if (!ex_is(x, first, S_EXPRESSION))
        return;
    TSNode s = nth(first, 0);
    if (ex_is(x, s, S_CONCATENATED))
        s = nth(s, 0);
    if (!ex_is(x, s, S_STRING))
        return;
    struct slice text = py_string_text(x, s);
    x->defs.at[def].doc_start = (uint32_t)(text.p - x->src);
    x->defs.at[def].doc_end = x->defs.at[def].doc_start + (uint32_t)text.n;
}

void py_enter_module(struct extract *x, TSNode node)
{
    py_docstring(x, 0, node);
}

/* ---- functions ---- */

/* A name whose definition is decorated begins where its decorators do. */
static void start_at_decorators(struct extract *x, uint32_t def, const struct ex_place *p)
{
    if (p->parent == S_DECORATED && p->n > 0)
        x->defs.at[def].start = ts_node_start_byte(p->kids[0].node);
}

static void apply_decorators(struct extract *x, struct def *d, const struct ex_place *p)
{
    for (uint32_t i = 0; i < p->n; i++) {
        switch (p->kids[i].name) {
        case W_SETTER:
        case W_DELETER:
        case W_GETTER: d->flags |= FLAG_PROPERTY; break;
        case W_ABSTRACT_PROPERTY: d->flags |= FLAG_PROPERTY | FLAG_ABSTRACT; break;
        case W_STATICMETHOD:
            d->flags |= FLAG_STATIC;
            x->user2 |= IN_NO_SELF;
            break;
        case W_CLASSMETHOD:
            d->flags |= FLAG_STATIC;
            x->user2 |= IN_CLS;
            break;
        case W_ABSTRACTMETHOD: d->flags |= FLAG_ABSTRACT; break;
        case W_OVERLOAD: d->flags |= FLAG_DECLARATION; break;
        case W_CONTEXTMANAGER:
        case W_ASYNCCONTEXTMANAGER: x->user2 |= IN_MANAGER; break;
        default: /* property, cached_property, hybrid_property, ... */
            if (slice_ends(slice_from(ex_str(x, p->kids[i].name)), SLICE("property")))
                d->flags |= FLAG_PROPERTY;
            break;
        }
    }
}

static bool is_decorated(const struct ex_place *p, uint32_t word)
{
    for (uint32_t i = 0; i < p->n; i++) {
        if (p->kids[i].name == word)
            return true;
    }
    return false;
}

/* A property's setter has the property's name, which goes on meaning its getter. */
static void rebind_setter(struct extract *x, uint32_t name, const struct ex_place *p)
{
    struct bind *b = &x->binds.at[ex_find(x, x->scope, name)];
    const struct bind *old = &x->binds.at[b->next];
    if ((is_decorated(p, W_SETTER) || is_decorated(p, W_DELETER)) && b->next != 0 &&
        old->kind == BIND_DEF)
        b->def = old->def;
}

/* Opens the definition's scopes; its header is still read in the scope around it. */
static void open_scope(struct extract *x, TSNode node, enum scope_kind kind)
{
    if (!ts_node_is_null(ex_child(x, node, F_TYPE_PARAMETERS)))
        (void)ex_scope(x, SCOPE_BLOCK);
    uint32_t header = x->scope;
    (void)ex_scope(x, kind);
    x->scope = header;
}

/* The @overload signatures before a function are a part of it: one definition, that begins with the
 * first of them. Enters it again; 0 if none stand there. */
static uint32_t reenter_overload(struct extract *x, TSNode node, uint32_t name,
                                 const struct ex_place *p)
{
    const struct bind *b = &x->binds.at[ex_find(x, x->user, name)];
    bool overload = is_decorated(p, W_OVERLOAD);
    if ((py_is_stub(x) && !overload) || b->kind != BIND_DEF ||
        (x->defs.at[b->def].flags & FLAG_DECLARATION) == 0 || !is_function(x, b->def) ||
        x->defs.at[b->def].parent != x->def)
        return 0;
    struct def *d = &x->defs.at[b->def];
    x->def = b->def;
    d->end = ts_node_end_byte(node);
    d->end_line = ts_node_end_point(node).row + 1;
    d->scope = 0; /* of the signature */
    if (!overload)
        d->flags &= (uint16_t)~FLAG_DECLARATION;
    return b->def;
}

void py_enter_function(struct extract *x, TSNode node)
{
    struct ex_place p = ex_place(x);
    bool method = is_class(x, x->def);
    TSNode name_node = ex_child(x, node, F_NAME);
    uint32_t name = py_name_of(x, name_node);

    if (p.parent != S_DECORATED)
        p.n = 0;
    x->scope = x->user;
    uint32_t scope = x->scope;
    uint32_t d = reenter_overload(x, node, name, &p);
    bool first = d == 0;
    if (first) {
        d = ex_def_named(x, node, name_node, name, method ? NODE_METHOD : NODE_FUNCTION, NS_ANY);
        py_set_from(x, scope, name, ts_node_start_byte(node));
        start_at_decorators(x, d, &p);
    }
    struct def *def = &x->defs.at[d];
    x->user2 &= IN_LATE;
    apply_decorators(x, def, &p);
    if (first)
        rebind_setter(x, name, &p);
    if (slice_starts(ex_text(x, node), SLICE("async")))
        def->flags |= FLAG_ASYNC;
    if (method && name == W_DUNDER_INIT)
        def->flags |= FLAG_CONSTRUCTOR;
    if (name == W_DUNDER_NEW || name == W_DUNDER_INIT_SUBCLASS || name == W_DUNDER_CLASS_GETITEM)
        x->user2 |= IN_CLS;
    if (py_is_stub(x))
        def->flags |= FLAG_DECLARATION;
    if (scope == 0 && strncmp(ex_str(x, name), "test_", 5) == 0) {
        def->flags |= FLAG_TEST;
        x->in_test = true;
    }
    py_mark_exported(x, d);
    x->conditional = false;
    open_scope(x, node, SCOPE_FUNCTION);
}

/* What a decorator or a default value calls is called by the code around the definition. */
static void run_outside(struct extract *x, const struct kid *k, uint32_t def)
{
    uint32_t outer = py_runner(x, x->defs.at[def].parent);
    for (uint32_t r = k->refs; r < k->refs_end; r++) {
        if (x->refs.at[r].role == REF_CALL)
            x->refs.at[r].from = outer;
    }
}

/* `a`, `a: T`, `a=v`, `a: T = v`, `*a`, `**a`: name, and as term the type or default. */
void py_leave_param(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    if (n == 0)
        return;
    const struct kid *type = ex_kid(kids, n, F_TYPE), *value = ex_kid(kids, n, F_VALUE);
    self->name = kids[0].name;
    ex_unref(x, &kids[0]);
    /* not in a lambda: its defaults are evaluated by the function that it stands in */
    if (value != NULL && x->scopes.at[x->user].def != x->def)
        run_outside(x, value, x->def);
    if (type != NULL) {
        ex_role(x, type, REF_TYPE, REF_ACCEPTS);
        self->term = type->term;
    } else if (value != NULL) {
        self->term = value->term;
    }
}

static unsigned stars_of(const struct extract *x, const struct kid *k)
{
    struct slice s = ex_text(x, k->node);
    return s.n > 0 && s.p[0] == '*' ? (s.n > 1 && s.p[1] == '*' ? 2 : 1) : 0;
}

static void bind_param(struct extract *x, uint32_t scope, const struct kid *k, unsigned index)
{
    unsigned stars = stars_of(x, k);
    bool typed = k->sym == S_TYPED_PARAM || k->sym == S_TYPED_DEFAULT_PARAM;
    uint32_t type = typed ? k->term : 0;
    uint32_t init = k->sym == S_DEFAULT_PARAM ? k->term : 0;
    uint8_t flags = BIND_PARAM;

    if (stars == 1 && type != 0) {
        type = py_builtin_of(x, "tuple", type);
        flags |= BIND_VARIADIC;
    } else if (stars == 2 && type != 0) {
        uint32_t args[2] = {ex_lit(x, "str"), type};
        type = py_builtin(x, "dict", py_list_of(x, args, 2));
    } else if (stars != 0) {
        init = ex_lit(x, stars == 1 ? "tuple" : "dict");
    } else {
        py_set_type(x, type, &type, &init);
    }
    uint32_t b = ex_var(x, scope, k->name, type, init, flags, ts_node_start_byte(k->node));
    if (b != 0)
        x->binds.at[b].index = (uint8_t)(index < 255 ? index : 255);
}

/* The first parameter of a method: an instance of the class, or the class. */
static void bind_self(struct extract *x, uint32_t d, const struct kid *k)
{
    enum term_op op = (x->user2 & IN_CLS) != 0 ? TERM_SELFTYPE : TERM_SELF;
    uint32_t init = ex_term(x, op, 0, x->defs.at[d].parent, 0);
    uint32_t from = ts_node_start_byte(k->node);
    (void)ex_var(x, x->defs.at[d].scope, k->name, 0, init, BIND_PARAM, from);
    if (k->sym == S_TYPED_PARAM) /* until the function is left: `self: T` says what T is */
        x->defs.at[d].self = k->term;
}

static void bind_params(struct extract *x, uint32_t d, uint32_t scope, const struct kid *kids,
                        uint32_t n)
{
    unsigned least = 0, most = 0, index = 0;
    bool method = d != 0 && x->defs.at[d].kind == NODE_METHOD && (x->user2 & IN_NO_SELF) == 0;
    for (uint32_t i = 0; i < n; i++) {
        const struct kid *k = &kids[i];
        ex_unref(x, k);
        if (k->name == 0)
            continue;
        unsigned stars = stars_of(x, k);
        if (method && index++ == 0 && stars == 0) {
            bind_self(x, d, k);
            continue;
        }
        bind_param(x, scope, k, most);
        if (stars != 0)
            most = 255;
        else if (most < 255)
            most++;
        if (stars == 0 && (k->sym == S_IDENTIFIER || k->sym == S_TYPED_PARAM) && most < 255)
            least++;
    }
    if (d != 0) {
        x->defs.at[d].arity_min = (uint8_t)(least < 255 ? least : 255);
        x->defs.at[d].arity_max = (uint8_t)(most < 255 ? most : 255);
    }
}

void py_leave_parameters(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    (void)self;
    if (is_function(x, x->def))
        bind_params(x, x->def, x->defs.at[x->def].scope, kids, n);
}

void py_leave_lambda_parameters(struct extract *x, struct kid *self, const struct kid *kids,
                                uint32_t n)
{
    (void)self;
    bind_params(x, 0, x->scope, kids, n);
}

/* A context manager gives what it yields once; an async function gives something to await. */
static uint32_t wrap_result(struct extract *x, const struct def *d, uint32_t result, bool generator)
{
    if (x->user2 & IN_MANAGER)
        return py_builtin_of(x, "ContextManager", ex_term(x, TERM_ELEM, 0, result, 0));
    if ((d->flags & FLAG_ASYNC) != 0 && !generator && result != 0)
        return py_builtin_of(x, "Awaitable", result);
    return result;
}

/* The declared result, else what its overloads declare, else what its return and yield statements
 * give. */
static void set_result(struct extract *x, struct def *d, uint32_t declared)
{
    bool generator = op_of(x, d->init) == TERM_ELEM;
    uint32_t type = 0, init = d->init;

    if (op_of(x, declared) == TERM_NAME && op_of(x, d->self) == TERM_NAME &&
        x->terms.at[declared].a == x->terms.at[d->self].a)
        declared = ex_term(x, TERM_SELFTYPE, 0, d->parent, 0); /* (self: T) -> T */
    d->self = d->init = 0;
    if (declared != 0) {
        init = 0;
        py_set_type(x, declared, &type, &init);
    } else if (d->type != 0) {
        return;
    } else if (generator) { /* kept as ELEM(what it yields) while that was collected */
        init = py_builtin_of(x, "Iterator", x->terms.at[init].a);
    } else if (op_of(x, init) == TERM_SELF) {
        type = ex_term(x, TERM_SELFTYPE, 0, x->terms.at[init].a, 0);
        init = 0;
    }
    if (type != 0)
        type = wrap_result(x, d, type, generator);
    else
        init = wrap_result(x, d, init, generator);
    d->type = (d->flags & FLAG_DECLARATION) != 0 ? ex_either(x, d->type, type) : type;
    d->init = init;
}

void py_leave_function(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    const struct kid *params = ex_kid(kids, n, F_PARAMETERS);
    const struct kid *type = ex_kid(kids, n, F_RETURN_TYPE);
    const struct kid *last = type != NULL ? type : params;
    if (!is_function(x, x->def))
        return;
    if (type != NULL)
        ex_role(x, type, REF_TYPE, REF_RETURNS);
    set_result(x, &x->defs.at[x->def], type != NULL ? type->term : 0);
    if (last != NULL)
        ex_sig(x, x->def, ts_node_start_byte(self->node), ts_node_end_byte(last->node));
}

void py_leave_return(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    struct def *d = &x->defs.at[x->def];
    (void)self;
    if (n == 0 || kids[0].term == 0 || !is_function(x, x->def) || op_of(x, d->init) == TERM_ELEM)
        return;
    uint32_t term = kids[0].term;
    uint32_t me = py_self_of(x, op_of(x, term) == TERM_CALL ? x->terms.at[term].a : term);
    if (me != 0 && (op_of(x, me) == TERM_SELF) == (op_of(x, term) != TERM_CALL)) {
        if (op_of(x, d->init) == TERM_SELF)
            return;
        term = ex_term(x, TERM_SELF, 0, x->terms.at[me].a, 0); /* return self, return cls(...) */
    }
    x->defs.at[x->def].init = py_widen(x, d->init, term);
}

void py_leave_yield(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    struct def *d = &x->defs.at[x->def];
    uint32_t term = n > 0 ? kids[0].term : 0;
    struct slice rest = slice_trim(slice_skip(ex_text(x, self->node), 5));
    if (!is_function(x, x->def))
        return;
    if (slice_starts(rest, SLICE("from")) && term != 0)
        term = ex_term(x, TERM_ELEM, 0, term, 0);
    if (op_of(x, d->init) == TERM_ELEM)
        term = py_widen(x, x->terms.at[d->init].a, term);
    x->defs.at[x->def].init = ex_term(x, TERM_ELEM, 0, term, 0);
}

void py_enter_lambda(struct extract *x, TSNode node)
{
    (void)node;
    x->user = ex_scope(x, SCOPE_BLOCK);
}

void py_leave_lambda(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    const struct kid *body = ex_kid(kids, n, F_BODY);
    self->term = ex_term(x, TERM_FN, 0, body != NULL ? body->term : 0, 0);
}

/* ---- classes ---- */

/* What the names of its bases say of a class before they can be resolved. */
struct bases_say {
    bool is_enum, is_test, is_abstract;
};

static struct bases_say read_bases(struct slice s)
{
    struct bases_say say = {0};
    size_t from = 0;
    if (s.n > 400)
        s.n = 400;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c != ',' && c != ')')
            from = isalnum((unsigned char)c) || c == '_' ? from : i + 1;
        if (c != ',' && c != ')')
            continue;
        struct slice w = slice_of(s.p + from, i - from);
        say.is_enum |= slice_eq(w, SLICE("Enum")) || slice_eq(w, SLICE("IntEnum")) ||
                       slice_eq(w, SLICE("StrEnum")) || slice_eq(w, SLICE("Flag")) ||
                       slice_eq(w, SLICE("IntFlag"));
        say.is_test |= slice_ends(w, SLICE("TestCase"));
        say.is_abstract |= slice_eq(w, SLICE("ABC")) || slice_eq(w, SLICE("ABCMeta"));
        from = i + 1;
    }
    return say;
}

void py_enter_class(struct extract *x, TSNode node)
{
    struct ex_place p = ex_place(x);
    TSNode name_node = ex_child(x, node, F_NAME), bases = ex_child(x, node, F_SUPERCLASSES);
    TSNode body = ex_child(x, node, F_BODY);
    struct bases_say say = {0};

    if (!ts_node_is_null(bases))
        say = read_bases(ex_text(x, bases));
    x->scope = x->user;
    uint32_t scope = x->scope, name = py_name_of(x, name_node);
    uint32_t d =
        ex_def_named(x, node, name_node, name, say.is_enum ? NODE_ENUM : NODE_CLASS, NS_ANY);
    /* `class A(A)` derives from an older A */
    py_set_from(x, scope, name,
                ts_node_is_null(body) ? ts_node_end_byte(node) : ts_node_start_byte(body));
    start_at_decorators(x, d, &p);
    if (say.is_test) {
        x->in_test = true;
        x->defs.at[d].flags |= FLAG_TEST;
    }
    if (say.is_abstract)
        x->defs.at[d].flags |= FLAG_ABSTRACT;
    py_mark_exported(x, d);
    x->conditional = false;
    x->user2 &= IN_LATE;
    open_scope(x, node, SCOPE_TYPE);
}

/* Generic[T, U] and Base[T]: T and U are parameters of the class. */
static void class_typarams(struct extract *x, uint32_t base, bool all)
{
    uint32_t scope = x->defs.at[x->def].scope;
    for (uint32_t l = x->terms.at[base].b, n = 0; ex_is_list(x, l) && n < 8;
         l = x->terms.at[l].b, n++) {
        const struct term *t = &x->terms.at[x->terms.at[l].a];
        if (t->op != TERM_NAME || ex_find(x, scope, t->a) != 0)
            continue;
        const struct bind *old = &x->binds.at[py_find_bind(x, t->a)];
        if (all || old->kind == BIND_TYPARAM)
            py_bind_typaram(x, scope, x->def, t->a, old->kind == BIND_TYPARAM ? old->type : 0,
                            x->defs.at[x->def].start);
    }
}

void py_class_bases(struct extract *x, const struct kid *kids, uint32_t n)
{
    uint32_t list = 0;
    for (uint32_t i = n; i-- > 0;) {
        if (kids[i].sym == S_KEYWORD || kids[i].term == 0)
            continue;
        if (kids[i].ref != 0)
            x->refs.at[kids[i].ref].role = REF_EXTENDS;
        if (op_of(x, kids[i].term) == TERM_INDEX)
            x->terms.at[kids[i].term].op = TERM_APPLY;
        list = ex_cons(x, kids[i].term, list);
    }
    for (unsigned all = 2; all-- > 0;) { /* Generic[...] first: it gives the order */
        for (uint32_t i = 0; i < n; i++) {
            bool generic_base = kids[i].name == W_GENERIC || kids[i].name == W_PROTOCOL;
            if (kids[i].sym == S_SUBSCRIPT && op_of(x, kids[i].term) == TERM_APPLY &&
                generic_base == (all != 0))
                class_typarams(x, kids[i].term, generic_base);
        }
    }
    x->defs.at[x->def].bases = list;
}

void py_leave_class(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    const struct kid *bases = ex_kid(kids, n, F_SUPERCLASSES);
    if (!is_class(x, x->def))
        return;
    py_make_fields(x, x->def);
    TSNode last = bases != NULL ? bases->node : ex_child(x, self->node, F_NAME);
    if (!ts_node_is_null(last))
        ex_sig(x, x->def, ts_node_start_byte(self->node), ts_node_end_byte(last));
}

void py_leave_decorator(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    if (n == 0)
        return;
    self->name = kids[0].name;
    if (kids[0].sym == S_ATTRIBUTE &&
        (self->name == W_SETTER || self->name == W_DELETER || self->name == W_GETTER)) {
        ex_unref_all(x, &kids[0]);
    } else if (kids[0].ref != 0 && kids[0].sym != S_CALL) {
        x->refs.at[kids[0].ref].role = REF_DECORATE;
        x->refs.at[kids[0].ref].from = py_runner(x, x->def);
    }
}
