/* JavaScript and TypeScript: what expressions and types denote. */
#include "lang/ecma.h"

#include <stdlib.h>
#include <string.h>

#define MAX_UNION 8u /* parts of a value that are worth telling apart */

/* ---- helpers ---- */

uint32_t ecma_generic(struct extract *x, unsigned word, uint32_t of)
{
    uint32_t name = ex_term(x, TERM_FREE, NS_TYPE, word, 0);
    return ex_term(x, TERM_APPLY, 0, name, ex_cons(x, of, 0));
}

/* A list of all kids' terms, 0 for those that denote nothing: positions matter. */
uint32_t ecma_list_all(struct extract *x, const struct kid *kids, uint32_t n)
{
    uint32_t list = 0;
    for (uint32_t i = n; i-- > 0;)
        list = ex_cons(x, kids[i].term, list);
    return list;
}

static uint32_t list_length(const struct extract *x, uint32_t list)
{
    uint32_t n = 0;
    for (; list != 0; list = x->terms.at[list].b)
        n++;
    return n;
}

ECMA_LEAVE(nothing)
{
    (void)x;
    (void)self;
    (void)kids;
    (void)n;
}

/* ---- statements: their term is what they may return ---- */

ECMA_LEAVE(statement)
{
    uint32_t parts = 0;
    for (uint32_t i = 0; i < n && parts < MAX_UNION; i++) {
        if (kids[i].sym < S_BLOCK || kids[i].sym > S_RETURN || kids[i].term == 0)
            continue;
        self->term = ex_either(x, self->term, kids[i].term);
        parts++;
    }
}

ECMA_LEAVE(return )
{
    (void)x;
    self->term = n > 0 ? kids[0].term : 0;
}

/* `x instanceof C`, alone or joined by &&: x is bound anew in the scope of the block. */
static void narrow(struct extract *x, TSNode condition)
{
    TSNode todo[8];
    unsigned n = 0;

    todo[n++] = condition;
    while (n > 0) {
        TSNode c;
        if (ecma_peel(x, todo[--n], &c) != S_BINARY)
            continue;
        TSNode left = ex_child(x, c, F_LEFT), right = ex_child(x, c, F_RIGHT);
        TSNode op = ex_child(x, c, F_OPERATOR);
        if (ts_node_is_null(left) || ts_node_is_null(right) || ts_node_is_null(op))
            continue;
        if (ecma_text_is(x, op, "&&") && n + 2 <= 8) {
            todo[n++] = left;
            todo[n++] = right;
        } else if (ecma_text_is(x, op, "instanceof") && ex_is(x, left, S_IDENTIFIER) &&
                   ex_is(x, right, S_IDENTIFIER)) {
            uint32_t type =
                ex_name_term(x, ex_sym(x, right), NS_VALUE | NS_TYPE, ts_node_start_byte(right));
            (void)ex_var(x, x->scope, ex_sym(x, left), type, 0, 0, 0);
        }
    }
}

void ecma_enter_if(struct extract *x, TSNode node)
{
    TSNode condition = ex_child(x, node, F_CONDITION);
    TSNode then = ex_child(x, node, F_CONSEQUENCE);

    x->user2 = 0;
    if (ts_node_is_null(condition) || ts_node_is_null(then))
        return;
    struct slice s = ex_text(x, condition);
    if (memmem(s.p, s.n, "instanceof", 10) != NULL)
        x->user2 = ecma_tag(TAG_NARROWS, ts_node_start_byte(then));
}

/* The body of a function or namespace shares its scope; other blocks open one. */
void ecma_enter_block(struct extract *x, TSNode node)
{
    bool body = ecma_at(x, TAG_NAMED, node);
    bool narrows = ecma_at(x, TAG_NARROWS, node);

    x->user2 = 0;
    if (body) {
        if (ex_find(x, x->scope, W_THIS) != 0)
            x->self = 0; /* function (this: T) */
        return;
    }
    (void)ex_scope(x, SCOPE_BLOCK);
    const struct kid *condition = narrows ? ecma_before(x) : NULL;
    if (condition != NULL)
        narrow(x, condition->node);
}

/* ---- this, members ---- */

ECMA_LEAVE(this)
{
    (void)kids;
    (void)n;
    if (x->self != 0)
        self->term = ex_term(x, x->user & USER_STATIC ? TERM_SELFTYPE : TERM_SELF, 0, x->self, 0);
    else if (x->user & USER_EXPORTS)
        self->term = ex_term(x, TERM_HERE, 0, 0, 0);
    else
        self->term = ex_name_term(x, W_THIS, NS_VALUE, ts_node_start_byte(self->node));
}

ECMA_LEAVE(super)
{
    (void)kids;
    (void)n;
    if (x->self != 0)
        self->term = ex_term(x, TERM_SUPER, 0, x->self, 0);
}

/* The module inside the promise that `import("x")` gives, 0 if the term is none. */
static uint32_t imported(const struct extract *x, uint32_t term)
{
    const struct term *t = x->terms.at;
    if (t[term].op != TERM_OFTYPE || t[t[term].a].op != TERM_APPLY)
        return 0;
    uint32_t of = t[t[t[term].a].b].a; /* the first type argument */
    if (t[of].op != TERM_TYPEOF || t[t[of].a].op != TERM_MODULE)
        return 0;
    return t[of].a;
}

static bool is_promise_member(const struct extract *x, uint32_t name)
{
    const char *s = ex_str(x, name);
    return strcmp(s, "then") == 0 || strcmp(s, "catch") == 0 || strcmp(s, "finally") == 0;
}

/* What `exports` and `module.exports` denote: the file itself. 0 if that is not what this is. */
static uint32_t commonjs(struct extract *x, const struct kid *object, uint32_t name,
                         bool *ret_whole)
{
    bool module = object->name == W_MODULE && name == W_EXPORTS;
    *ret_whole = module;
    if (object->sym != S_IDENTIFIER || !(module || object->name == W_EXPORTS) ||
        !ecma_is_free(x, object->name))
        return 0;
    ex_unref(x, object);
    return ex_term(x, TERM_HERE, 0, 0, 0);
}

ECMA_LEAVE(member)
{
    const struct kid *object = ex_kid(kids, n, F_OBJECT), *name = ex_kid(kids, n, F_PROPERTY);
    if (object == NULL || name == NULL || name->name == 0)
        return;
    bool whole = false;
    uint32_t base = commonjs(x, object, name->name, &whole);
    if (whole && base != 0) {
        self->term = base;
        return;
    }
    if (base == 0)
        base = object->term;
    uint32_t module = imported(x, base);
    if (module != 0 && !is_promise_member(x, name->name))
        base = module; /* import("x").T in a type */
    if (name->name == W_PROTOTYPE && base != 0) {
        self->term = ex_term(x, TERM_OFTYPE, 0, base, 0);
        return;
    }
    ex_member(x, self, TERM_MEMBER, base, name->name, 0, REF_USE, name->node);
}

ECMA_LEAVE(subscript)
{
    const struct kid *object = ex_kid(kids, n, F_OBJECT), *index = ex_kid(kids, n, F_INDEX);
    if (object == NULL || index == NULL || object->term == 0)
        return;
    struct slice text = ex_text(x, index->node);
    if (index->sym == S_STRING) {
        ex_member(x, self, TERM_MEMBER, object->term, ecma_name(x, index->node), 0, REF_USE,
                  index->node);
    } else if (index->sym == S_NUMBER && text.n == 1) {
        self->term = ex_term(x, TERM_PROJ, 0, object->term, (uint32_t)(text.p[0] - '0') & 15u);
    } else if ((index->sym == S_IDENTIFIER || index->sym == S_MEMBER) &&
               slice_starts(text, SLICE("Symbol")) && text.n < 100) {
        char name[104] = "[";
        memcpy(name + 1, text.p, text.n);
        memcpy(name + 1 + text.n, "]", 2);
        ex_member(x, self, TERM_MEMBER, object->term, ex_intern(x, name), 0, REF_USE, index->node);
    } else {
        self->term = ex_term(x, TERM_INDEX, 1, object->term, ex_cons(x, index->term, 0));
    }
}

/* ---- calls ---- */

ECMA_LEAVE(arguments)
{
    self->term = ecma_list_all(x, kids, n);
}

/* The string that is the first argument, a null node if it is none. */
static TSNode first_string(const struct extract *x, const struct kid *args)
{
    TSNode none = {0};
    TSNode first = args != NULL ? ecma_first(args->node) : none;
    return ex_is(x, first, S_STRING) ? first : none;
}

static bool is_require(const struct extract *x, const struct kid *callee)
{
    return callee->sym == S_IDENTIFIER && callee->name == W_REQUIRE && ecma_is_free(x, W_REQUIRE);
}

/* require("x"), import("x"). True when the call is one of them. */
static bool module_call(struct extract *x, struct kid *self, const struct kid *callee,
                        const struct kid *args)
{
    bool import = callee->sym == S_IMPORT;
    if (!import && !is_require(x, callee))
        return false;
    TSNode string = first_string(x, args);
    if (ts_node_is_null(string))
        return import;
    uint32_t module = ecma_module(x, string, true);
    if (module == 0)
        return true;
    if (import) {
        uint32_t of = ex_term(x, TERM_TYPEOF, 0, module, 0);
        self->term = ex_term(x, TERM_OFTYPE, 0, ecma_generic(x, W_PROMISE, of), 0);
    } else {
        ex_unref(x, callee);
        self->term = ecma_required(x, module);
    }
    return true;
}

static struct kid with_type_arguments(struct extract *x, const struct kid *callee,
                                      const struct kid *kids, uint32_t n)
{
    const struct kid *types = ex_kid(kids, n, F_TYPE_ARGUMENTS);
    struct kid c = *callee;
    if (types != NULL && types->term != 0 && c.term != 0)
        c.term = ex_term(x, TERM_APPLY, 0, c.term, types->term);
    return c;
}

ECMA_LEAVE(call)
{
    const struct kid *callee = ex_kid(kids, n, F_FUNCTION), *args = ex_kid(kids, n, F_ARGUMENTS);
    if (callee == NULL || module_call(x, self, callee, args))
        return;
    uint32_t list = args != NULL && args->sym == S_ARGUMENTS ? args->term : 0;
    uint32_t count = list_length(x, list);
    struct kid c = with_type_arguments(x, callee, kids, n);
    if (callee->sym == S_SUPER) {
        if (c.term != 0)
            c.term = ex_term(x, TERM_MEMBER, 0, c.term, W_CONSTRUCTOR);
        ex_call(x, self, &c, TERM_CALL, REF_CALL, list, count);
        self->term = 0;
    } else if (x->terms.at[c.term].op == TERM_FN) {
        /* a function called where it is written: no reference to anything */
        self->term = ex_term(x, TERM_CALL, count, c.term, list);
    } else {
        ex_call(x, self, &c, TERM_CALL, REF_CALL, list, count);
        ecma_inherits(x, callee, list);
    }
}

ECMA_LEAVE(new)
{
    const struct kid *callee = ex_kid(kids, n, F_CONSTRUCTOR);
    const struct kid *args = ex_kid(kids, n, F_ARGUMENTS);
    if (callee == NULL)
        return;
    uint32_t list = args != NULL ? args->term : 0;
    struct kid c = with_type_arguments(x, callee, kids, n);
    ex_call(x, self, &c, TERM_NEW, REF_NEW, list, list_length(x, list));
}

/* A component that is used is called; the tags of the page itself are nobody's. */
ECMA_LEAVE(jsx)
{
    const struct kid *name = ex_kid(kids, n, F_NAME);
    if (name == NULL)
        return;
    struct slice text = ex_text(x, name->node);
    if (name->sym == S_IDENTIFIER && text.n > 0 && text.p[0] >= 'a' && text.p[0] <= 'z') {
        ex_unref(x, name);
        return;
    }
    ex_call(x, self, name, TERM_CALL, REF_CALL, 0, 0);
    self->term = 0;
}

/* ---- other expressions ---- */

ECMA_LEAVE(await)
{
    if (n == 0 || kids[0].term == 0)
        return;
    uint32_t module = imported(x, kids[0].term);
    self->term = module != 0 ? module : ex_term(x, TERM_AWAIT, 0, kids[0].term, 0);
}

ECMA_LEAVE(ternary)
{
    const struct kid *yes = ex_kid(kids, n, F_CONSEQUENCE), *no = ex_kid(kids, n, F_ALTERNATIVE);
    if (yes != NULL && no != NULL)
        self->term = ex_either(x, yes->term, no->term);
}

static bool is_string(const struct extract *x, const struct kid *k)
{
    const struct term *t = &x->terms.at[k->term];
    return t->op == TERM_LIT && strcmp(ex_str(x, t->a), "string") == 0;
}

ECMA_LEAVE(binary)
{
    const struct kid *left = ex_kid(kids, n, F_LEFT), *right = ex_kid(kids, n, F_RIGHT);
    TSNode op_node = ex_child(x, self->node, F_OPERATOR);
    if (left == NULL || right == NULL || ts_node_is_null(op_node))
        return;
    struct slice op = ex_text(x, op_node);
    if (slice_eq(op, SLICE("||")) || slice_eq(op, SLICE("??")))
        self->term = ex_either(x, left->term, right->term);
    else if (slice_eq(op, SLICE("&&")))
        self->term = right->term;
    else if (op.n == 0 || op.p[0] == '=' || op.p[0] == '!' || op.p[0] == 'i' ||
             (op.p[0] == '<' && !slice_starts(op, SLICE("<<"))) ||
             (op.p[0] == '>' && !slice_starts(op, SLICE(">>"))))
        self->term = ex_lit(x, "boolean");
    else if (op.p[0] != '+')
        self->term = ex_lit(x, "number");
    else if (is_string(x, left) || is_string(x, right))
        self->term = ex_lit(x, "string");
}

ECMA_LEAVE(unary)
{
    struct slice s = ex_text(x, self->node);
    (void)kids;
    (void)n;
    if (s.n > 0 && s.p[0] == '!')
        self->term = ex_lit(x, "boolean");
    else if (s.n > 0 && (s.p[0] == '-' || s.p[0] == '+' || s.p[0] == '~'))
        self->term = ex_lit(x, "number");
    else if (slice_starts(s, SLICE("typeof")))
        self->term = ex_lit(x, "string");
}

ECMA_LEAVE(update)
{
    (void)kids;
    (void)n;
    self->term = ex_lit(x, "number");
}

ECMA_LEAVE(augmented)
{
    const struct kid *left = ex_kid(kids, n, F_LEFT), *right = ex_kid(kids, n, F_RIGHT);
    TSNode op_node = ex_child(x, self->node, F_OPERATOR);
    if (left == NULL || right == NULL || ts_node_is_null(op_node))
        return;
    struct slice op = ex_text(x, op_node);
    if (slice_eq(op, SLICE("||=")) || slice_eq(op, SLICE("\?\?=")))
        self->term = ex_either(x, left->term, right->term);
}

ECMA_LEAVE(sequence)
{
    (void)x;
    if (n > 0)
        ecma_pass(self, &kids[n - 1]);
}

/* `x as T`; `x as const` has one kid, and so is x. */
ECMA_LEAVE(as)
{
    if (n == 1)
        ecma_pass(self, &kids[0]);
    else if (n > 1 && kids[1].term != 0)
        self->term = ex_term(x, TERM_OFTYPE, 0, kids[1].term, 0);
}

ECMA_LEAVE(satisfies)
{
    (void)x;
    if (n > 0)
        ecma_pass(self, &kids[0]);
}

ECMA_LEAVE(assertion)
{
    uint32_t type = n > 0 ? x->terms.at[kids[0].term].a : 0;
    if (n > 0 && x->terms.at[kids[0].term].op == TERM_LIST && type != 0)
        self->term = ex_term(x, TERM_OFTYPE, 0, type, 0);
}

ECMA_LEAVE(instantiation)
{
    if (n == 0)
        return;
    ecma_pass(self, &kids[0]);
    self->term = with_type_arguments(x, &kids[0], kids, n).term;
}

ECMA_LEAVE(spread)
{
    if (n > 0 && kids[0].term != 0)
        self->term = ex_term(x, TERM_ELEM, 0, kids[0].term, 0);
}

ECMA_LEAVE(array)
{
    uint32_t of = 0;
    for (uint32_t i = 0, parts = 0; i < n && parts < MAX_UNION / 2; i++) {
        parts += kids[i].term != 0;
        of = ex_either(x, of, kids[i].term);
    }
    if (of == 0) {
        self->term = ex_lit(x, "Array");
        return;
    }
    of = ecma_generic(x, W_ARRAY, ex_term(x, TERM_TYPEOF, 0, of, 0));
    self->term = ex_term(x, TERM_OFTYPE, 0, of, 0);
}

ECMA_LEAVE(template)
{
    (void)kids;
    (void)n;
    self->term = ex_lit(x, "string");
}
