/* Rust: expressions and statements. */
#include "lang/rust.h"

#define MAX_SCOPES 64u  /* that are searched for what an assignment assigns to */
#define MAX_BRANCHES 4u /* of one match that say what it gives: all give the same type */

uint32_t rust_std_type(struct extract *x, const char *name, uint32_t list)
{
    uint32_t t = ex_term(x, TERM_FREE, NS_TYPE, ex_intern(x, name), 0);
    return list != 0 ? ex_term(x, TERM_APPLY, 0, t, list) : t;
}

uint32_t rust_std_of(struct extract *x, const char *name, uint32_t value)
{
    uint32_t type = value != 0 ? ex_term(x, TERM_TYPEOF, 0, value, 0) : 0;
    return ex_term(x, TERM_OFTYPE, 0, rust_std_type(x, name, ex_cons(x, type, 0)), 0);
}

static bool is_part(const struct kid *k)
{
    return k->sym != S_ATTRIBUTE && k->sym != S_VISIBILITY;
}

uint32_t rust_list(struct extract *x, const struct kid *kids, uint32_t n, uint32_t *ret_count)
{
    uint32_t list = 0, count = 0;
    for (uint32_t i = n; i-- > 0;) {
        if (!is_part(&kids[i]))
            continue;
        list = ex_cons(x, kids[i].term, list);
        count++;
    }
    if (ret_count != NULL)
        *ret_count = count;
    return list;
}

static const struct kid *first_part(const struct kid *kids, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (is_part(&kids[i]))
            return &kids[i];
    }
    return NULL;
}

static uint32_t term_of(const struct kid *k)
{
    return k != NULL ? k->term : 0;
}

static bool named(const struct extract *x, uint32_t sym, const char *const *names)
{
    const char *s = ex_str(x, sym);
    for (; *names != NULL; names++) {
        if (strcmp(*names, s) == 0)
            return true;
    }
    return false;
}

/* ---- blocks and statements ---- */

RUST_LEAVE(block)
{
    const struct kid *last = n > 0 ? &kids[n - 1] : NULL;
    (void)x;
    if (last != NULL && last->sym != S_LET)
        self->term = last->term;
}

RUST_LEAVE(async_block)
{
    self->term = rust_std_of(x, "Future", n > 0 ? kids[n - 1].term : 0);
}

/* `f();` gives nothing; a block at the end of a body needs no semicolon and gives its value. */
RUST_LEAVE(statement)
{
    uint32_t end = ts_node_end_byte(self->node);
    if (n == 0 || (end > 0 && end <= x->n_src && x->src[end - 1] == ';'))
        return;
    self->term = kids[n - 1].term;
}

RUST_LEAVE(let)
{
    TSNode pattern = ex_child(x, self->node, F_PATTERN);
    if (!ts_node_is_null(pattern))
        (void)rust_pattern(x, pattern, term_of(ex_kid(kids, n, F_TYPE)),
                           term_of(ex_kid(kids, n, F_VALUE)), BIND_SEQ,
                           ts_node_end_byte(self->node));
}

RUST_LEAVE(let_condition)
{
    TSNode pattern = ex_child(x, self->node, F_PATTERN);
    if (!ts_node_is_null(pattern))
        (void)rust_pattern(x, pattern, 0, term_of(ex_kid(kids, n, F_VALUE)), BIND_SEQ,
                           ts_node_end_byte(self->node));
    self->term = ex_lit(x, "bool");
}

RUST_LEAVE(if)
{
    self->term = ex_either(x, term_of(ex_kid(kids, n, F_CONSEQUENCE)),
                           term_of(ex_kid(kids, n, F_ALTERNATIVE)));
}

/* What `if let` binds is not seen in the else branch. */
void rust_enter_else(struct extract *x, TSNode node)
{
    const struct scope *s = &x->scopes.at[x->scope];
    (void)node;
    if (s->kind == SCOPE_BLOCK)
        x->scope = s->parent;
}

RUST_LEAVE(match)
{
    (void)x;
    self->term = term_of(ex_kid(kids, n, F_BODY));
}

void rust_enter_match_block(struct extract *x, TSNode node)
{
    const struct ex_place p = ex_place(x);
    (void)node;
    x->user2 = p.n > 0 ? p.kids[p.n - 1].term : 0;
}

RUST_LEAVE(match_block)
{
    unsigned known = 0;
    for (uint32_t i = 0; i < n && known < MAX_BRANCHES; i++) {
        self->term = ex_either(x, self->term, kids[i].term);
        known += kids[i].term != 0;
    }
}

RUST_LEAVE(match_arm)
{
    (void)x;
    self->term = term_of(ex_kid(kids, n, F_VALUE));
}

void rust_enter_match_pattern(struct extract *x, TSNode node)
{
    TSNode pattern = ts_node_named_child(node, 0);
    if (!ts_node_is_null(pattern))
        (void)rust_pattern(x, pattern, 0, x->user2, BIND_SEQ, ts_node_end_byte(pattern));
}

/* The pattern is no value: what the walk made of it is taken back. */
RUST_LEAVE(match_pattern)
{
    (void)self;
    for (uint32_t i = 0; i < n; i++) {
        if (kids[i].field != F_CONDITION)
            ex_unref_all(x, &kids[i]);
    }
}

RUST_LEAVE(for)
{
    TSNode pattern = ex_child(x, self->node, F_PATTERN);
    const struct kid *value = ex_kid(kids, n, F_VALUE);
    if (ts_node_is_null(pattern) || value == NULL)
        return;
    uint32_t elem = value->term != 0 ? ex_term(x, TERM_ELEM, 0, value->term, 0) : 0;
    (void)rust_pattern(x, pattern, 0, elem, BIND_SEQ, ts_node_end_byte(value->node));
}

RUST_LEAVE(nothing)
{
    (void)x;
    (void)self;
    (void)kids;
    (void)n;
}

/* ---- closures ---- */

/* Methods of the standard library that hand what a value holds to a closure, by the number of the
 * parameter that gets it. */
static const char *const gives_first[] = {
    "map",
    "for_each",
    "filter",
    "filter_map",
    "flat_map",
    "any",
    "all",
    "find",
    "find_map",
    "position",
    "take_while",
    "skip_while",
    "map_while",
    "inspect",
    "max_by_key",
    "min_by_key",
    "partition",
    "retain",
    "sort_by_key",
    "sort_by",
    "sort_unstable_by",
    "sort_unstable_by_key",
    "max_by",
    "min_by",
    "and_then",
    "is_some_and",
    "is_ok_and",
    "map_or",
    "map_or_else",
    "try_for_each",
    "rposition",
    "dedup_by_key",
    "binary_search_by",
    "binary_search_by_key",
    NULL,
};
static const char *const gives_second[] = {
    "fold", "try_fold", "scan", "sort_by", "sort_unstable_by", "max_by", "min_by", NULL,
};

static uint32_t closure_parameter(struct extract *x, uint32_t callee, unsigned index)
{
    const struct term t = x->terms.at[callee];
    if (t.op != TERM_MEMBER)
        return 0;
    if (index == 0 &&
        (strcmp(ex_str(x, t.b), "map_err") == 0 || strcmp(ex_str(x, t.b), "or_else") == 0))
        return rust_error_of(x, t.a);
    if ((index == 0 && named(x, t.b, gives_first)) || (index == 1 && named(x, t.b, gives_second)))
        return ex_term(x, TERM_ELEM, 0, t.a, 0);
    return 0;
}

/* Only a closure that is itself an argument gets its parameters from the call. */
void rust_enter_closure(struct extract *x, TSNode node)
{
    (void)node;
    if (ex_place(x).parent != S_ARGUMENTS)
        x->user2 = 0;
}

/* Typed parameters have bound themselves; the others are patterns. */
RUST_LEAVE(closure_parameters)
{
    uint32_t from = ts_node_start_byte(self->node);
    unsigned index = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t start = ts_node_start_byte(kids[i].node);
        for (uint32_t k = from; k < start && k < x->n_src; k++)
            index += x->src[k] == ',';
        from = ts_node_end_byte(kids[i].node);
        if (kids[i].sym == S_PARAMETER || kids[i].sym == S_ATTRIBUTE)
            continue;
        ex_unref_all(x, &kids[i]);
        (void)rust_pattern(x, kids[i].node, 0, closure_parameter(x, x->user2, index), BIND_PARAM,
                           0);
    }
}

RUST_LEAVE(closure)
{
    const struct kid *type = ex_kid(kids, n, F_RETURN_TYPE);
    uint32_t result = term_of(ex_kid(kids, n, F_BODY));
    if (type != NULL && type->term != 0)
        result = ex_term(x, TERM_OFTYPE, 0, type->term, 0);
    self->term = ex_term(x, TERM_FN, 0, result, 0);
}

/* ---- calls ---- */

RUST_LEAVE(arguments)
{
    self->term = rust_list(x, kids, n, NULL);
}

/* A field access that turns out to be the name of a method. */
static void make_method(struct extract *x, const struct kid *k)
{
    struct term *t = &x->terms.at[k->term];
    if (k->sym == S_FIELD && t->op == TERM_PATH)
        *t = (struct term){.op = TERM_MEMBER, .aux = NS_VALUE, .a = t->a, .b = t->b};
}

/* A closure among the arguments looks to the callee for what it is given. */
void rust_enter_arguments(struct extract *x, TSNode node)
{
    const struct ex_place p = ex_place(x);
    (void)node;
    x->user2 = 0;
    if (p.n > 0 && p.parent == S_CALL) {
        make_method(x, &p.kids[p.n - 1]);
        x->user2 = p.kids[p.n - 1].term;
    }
}

/* The types that a turbofish names: the result of `collect::<T>()` and its like. */
static uint32_t turbofish_result(struct extract *x, uint32_t callee)
{
    static const char *const gives_type[] = {"collect", "sum", "product", "into", "try_into", NULL};
    const struct term apply = x->terms.at[callee];
    const struct term member = x->terms.at[apply.a];
    if (apply.op != TERM_APPLY || member.op != TERM_MEMBER || apply.b == 0)
        return 0;
    uint32_t type = x->terms.at[apply.b].a;
    if (type != 0 && named(x, member.b, gives_type))
        return ex_term(x, TERM_OFTYPE, 0, type, 0);
    if (type != 0 && strcmp(ex_str(x, member.b), "parse") == 0)
        return ex_term(x, TERM_OFTYPE, 0, rust_std_type(x, "Result", apply.b), 0);
    return 0;
}

/* Rc::clone(&v) gives what v is, whoever's clone it is. */
static uint32_t cloned(const struct extract *x, uint32_t callee, uint32_t list, uint32_t count)
{
    const struct term *t = &x->terms.at[callee];
    bool clone = t->op == TERM_PATH && count == 1 && strcmp(ex_str(x, t->b), "clone") == 0;
    return clone ? x->terms.at[list].a : 0;
}

/* Some(v), Ok(v), Err(v) */
static bool prelude_variant(struct extract *x, struct kid *self, const struct kid *callee,
                            uint32_t list)
{
    const struct term t = x->terms.at[callee->term];
    uint32_t arg = x->terms.at[list].a;
    if (callee->sym != S_IDENTIFIER || !rust_is_prelude_variant(ex_str(x, t.a)))
        return false;
    ex_unref(x, callee);
    const char *name = ex_str(x, t.a);
    if (name[0] == 'S' || name[0] == 'O') {
        self->term = rust_std_of(x, name[0] == 'S' ? "Option" : "Result", arg);
    } else {
        uint32_t type = arg != 0 ? ex_term(x, TERM_TYPEOF, 0, arg, 0) : 0;
        uint32_t both = ex_cons(x, 0, ex_cons(x, type, 0));
        self->term = ex_term(x, TERM_OFTYPE, 0, rust_std_type(x, "Result", both), 0);
    }
    return true;
}

RUST_LEAVE(call)
{
    const struct kid *callee = ex_kid(kids, n, F_FUNCTION);
    uint32_t list = term_of(ex_kid(kids, n, F_ARGUMENTS)), count = 0;

    if (callee == NULL || callee->term == 0)
        return;
    for (uint32_t l = list; ex_is_list(x, l); l = x->terms.at[l].b)
        count++;
    if (prelude_variant(x, self, callee, list))
        return;
    uint32_t known = turbofish_result(x, callee->term);
    if (known == 0)
        known = cloned(x, callee->term, list, count);
    /* (self.f)(x): what a field holds is called, which no name tells */
    const struct term t = x->terms.at[callee->term];
    bool held = callee->ref == 0 || (t.op == TERM_PATH && t.aux == NS_FIELD) ||
                (callee->sym == S_FIELD && t.op != TERM_MEMBER);
    if (held)
        self->term = ex_term(x, TERM_CALL, count, callee->term, list);
    else
        ex_call(x, self, callee, TERM_CALL, REF_CALL, list, count);
    if (known != 0)
        self->term = known;
}

RUST_LEAVE(generic_function)
{
    const struct kid *function = ex_kid(kids, n, F_FUNCTION);
    uint32_t types = term_of(ex_kid(kids, n, F_TYPE_ARGUMENTS));
    if (function == NULL || function->term == 0)
        return;
    make_method(x, function);
    self->ref = function->ref;
    self->term = types != 0 ? ex_term(x, TERM_APPLY, 0, function->term, types) : function->term;
}

/* ---- operators ---- */

/* A number may name a component of a tuple or a field of a tuple struct. */
RUST_LEAVE(field)
{
    TSNode name = ex_child(x, self->node, F_FIELD);
    uint32_t value = term_of(first_part(kids, n));
    if (ts_node_is_null(name) || value == 0)
        return;
    uint32_t sym = ex_sym(x, name);
    self->term = rust_field_of(x, value, sym);
    self->ref = ex_ref(x, self->term, REF_USE, name);
    const char *s = ex_str(x, sym);
    if (s[0] >= '0' && s[0] <= '9' && s[1] == '\0')
        self->term =
            ex_either(x, self->term, ex_term(x, TERM_PROJ, 0, value, (uint32_t)(s[0] - '0')));
}

/* v[a..b] is as v is. */
RUST_LEAVE(index)
{
    if (n < 2 || kids[0].term == 0)
        return;
    if (kids[n - 1].sym == S_RANGE)
        self->term = kids[0].term;
    else
        self->term = ex_term(x, TERM_INDEX, 0, kids[0].term, ex_cons(x, kids[n - 1].term, 0));
}

RUST_LEAVE(range)
{
    self->term = rust_std_of(x, "Range", n > 0 ? kids[0].term : 0);
}

RUST_LEAVE(try)
{
    if (n > 0 && kids[0].term != 0)
        self->term = ex_term(x, TERM_TRY, 0, kids[0].term, 0);
}

RUST_LEAVE(await)
{
    if (n > 0 && kids[0].term != 0)
        self->term = ex_term(x, TERM_AWAIT, 0, kids[0].term, 0);
}

/* References are no types here, so that the second star is the one that means Deref::deref. */
static uint32_t deref_twice(struct extract *x, uint32_t value)
{
    uint32_t deref = ex_term(x, TERM_MEMBER, NS_VALUE, value, ex_intern(x, "deref"));
    return ex_term(x, TERM_CALL, 0, deref, 0);
}

RUST_LEAVE(unary)
{
    if (n == 0 || kids[0].term == 0)
        return;
    if (x->src[ts_node_start_byte(self->node)] != '*')
        self->term = kids[0].term;
    else if (x->terms.at[kids[0].term].op != TERM_DEREF)
        self->term = ex_term(x, TERM_DEREF, 0, kids[0].term, 0);
    else
        self->term = deref_twice(x, kids[0].term);
}

/* Comparisons give bool; the rest gives what its left side is, as a rule. */
RUST_LEAVE(binary)
{
    const struct kid *left = ex_kid(kids, n, F_LEFT);
    if (left == NULL)
        return;
    uint32_t at = ts_node_end_byte(left->node), end = ts_node_end_byte(self->node);
    while (at < end && (x->src[at] == ' ' || x->src[at] == '\n' || x->src[at] == '\t'))
        at++;
    char a = at < end ? x->src[at] : '\0', b = at + 1 < end ? x->src[at + 1] : '\0';
    bool shift = (a == '<' || a == '>') && a == b;
    if ((strchr("=!<>", a) != NULL && !shift) || ((a == '&' || a == '|') && a == b))
        self->term = ex_lit(x, "bool");
    else
        self->term = left->term;
}

static bool is_empty(const struct extract *x, uint32_t init)
{
    const struct term *t = &x->terms.at[init];
    return init == 0 || (t->op == TERM_NAME && strcmp(ex_str(x, t->a), "None") == 0);
}

/* `let x; ... x = f();`, `let mut x = None; ... x = Some(f());` */
RUST_LEAVE(assignment)
{
    const struct kid *left = ex_kid(kids, n, F_LEFT), *right = ex_kid(kids, n, F_RIGHT);
    (void)self;
    if (left == NULL || right == NULL || left->sym != S_IDENTIFIER || right->term == 0)
        return;
    unsigned up = 0;
    for (uint32_t s = x->scope; s != 0 && up < MAX_SCOPES; s = x->scopes.at[s].parent, up++) {
        uint32_t b = ex_find(x, s, left->name);
        if (b == 0)
            continue;
        struct bind *v = ex_bind_at(x, b);
        if (v->kind == BIND_VAR && v->type == 0 && is_empty(x, v->init))
            v->init = right->term;
        return;
    }
}

RUST_LEAVE(cast)
{
    const struct kid *type = ex_kid(kids, n, F_TYPE);
    if (type != NULL && type->term != 0)
        self->term = ex_term(x, TERM_OFTYPE, 0, type->term, 0);
}

/* ---- aggregates ---- */

RUST_LEAVE(tuple)
{
    self->term = ex_term(x, TERM_TUPLE, 0, 0, rust_list(x, kids, n, NULL));
}

RUST_LEAVE(array)
{
    self->term = rust_std_of(x, "slice", term_of(first_part(kids, n)));
}

RUST_LEAVE(struct_expression)
{
    const struct kid *name = ex_kid(kids, n, F_NAME);
    if (name != NULL && name->term != 0)
        ex_call(x, self, name, TERM_NEW, REF_NEW, 0, 0);
}

void rust_enter_field_initializers(struct extract *x, TSNode node)
{
    const struct ex_place p = ex_place(x);
    (void)node;
    x->user2 = p.n > 0 ? p.kids[p.n - 1].term : 0;
}

static void initializes(struct extract *x, TSNode field)
{
    if (!ts_node_is_null(field) && x->user2 != 0)
        (void)ex_ref(x, rust_variant_field(x, x->user2, ex_str(x, ex_sym(x, field))), REF_USE,
                     field);
}

RUST_LEAVE(field_initializer)
{
    (void)kids;
    (void)n;
    initializes(x, ex_child(x, self->node, F_FIELD));
}

RUST_LEAVE(shorthand_initializer)
{
    (void)self;
    for (uint32_t i = 0; i < n; i++) {
        if (kids[i].sym == S_IDENTIFIER)
            initializes(x, kids[i].node);
    }
}
