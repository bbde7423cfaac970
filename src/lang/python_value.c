/* Python: expressions. */
#include "lang/python.h"

#include <ctype.h>

void py_leave_attribute(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    TSNode name_node = ex_child(x, self->node, F_ATTRIBUTE);
    self->name = py_name_of(x, name_node);
    if (n == 0 || self->name == 0)
        return;
    if (self->name == W_DUNDER_CLASS) {
        uint32_t me = py_self_of(x, kids[0].term);
        if (me != 0)
            self->term = ex_term(x, TERM_SELFTYPE, 0, x->terms.at[me].a, 0);
        return;
    }
    ex_member(x, self, TERM_MEMBER, kids[0].term, self->name, NS_VALUE, REF_USE, name_node);
}

/* Is it spelled as classes are: CamelCase? */
static bool is_class_name(const char *s)
{
    while (*s == '_')
        s++;
    return isupper((unsigned char)*s) && !py_is_upper(s);
}

/* base[subs] as a value: what __getitem__ gives; of a tuple, the component. */
static uint32_t index_of(struct extract *x, const struct kid *base, const struct kid *subs,
                         uint32_t n)
{
    uint32_t list = n > 0 ? ex_list(x, subs, n, NULL) : 0;
    if (is_class(x, x->def) && x->scopes.at[x->user].def != x->def)
        return ex_term(x, TERM_INDEX, 0, base->term, list); /* among the bases of a class */
    if (base->name != 0 && is_class_name(ex_str(x, base->name)))
        return ex_term(x, TERM_APPLY, 0, base->term, list);
    uint32_t member = ex_term(x, TERM_MEMBER, NS_VALUE, base->term, W_DUNDER_GETITEM);
    uint32_t t = ex_term(x, TERM_CALL, n, member, list);
    if (n == 1 && subs[0].sym == S_INTEGER) {
        struct slice s = ex_text(x, subs[0].node);
        if (s.n == 1)
            t = ex_either(x, t, ex_term(x, TERM_PROJ, 0, base->term, (uint32_t)(*s.p - '0')));
    }
    return t;
}

void py_leave_subscript(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    const struct kid *base = ex_kid(kids, n, F_VALUE);
    uint32_t at = 0;
    if (base == NULL)
        return;
    while (at < n && kids[at].field != F_SUBSCRIPT)
        at++;
    bool word = base->name >= W_OPTIONAL && base->name <= W_PROTOCOL &&
                py_is_library_word(x, base->name, base->sym == S_IDENTIFIER);
    if ((x->user2 & IN_TYPE) != 0 || word) {
        py_type_of_kids(x, self, base, kids + at, n - at);
        return;
    }
    self->name = base->name;
    if (n == at + 1 && kids[at].sym == S_SLICE)
        self->term = base->term;
    else if (base->term != 0)
        self->term = index_of(x, base, kids + at, n - at);
    if (op_of(x, self->term) == TERM_INDEX || op_of(x, self->term) == TERM_APPLY)
        self->ref = base->ref; /* of class A(B[T]), B is what is extended; Foo[int]() makes a Foo */
}

/* What is called in an annotation gets values. */
void py_enter_arguments(struct extract *x, TSNode node)
{
    (void)node;
    x->user2 &= ~(uint32_t)IN_TYPE;
}

/* The arguments as TUPLE(list), so that their number goes with them; or the bases of a class. */
void py_leave_arguments(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    uint32_t list = 0;
    if (self->field == F_SUPERCLASSES) {
        if (is_class(x, x->def))
            py_class_bases(x, kids, n);
        return;
    }
    for (uint32_t i = n; i-- > 0;)
        list = ex_cons(x, kids[i].term, list);
    if (list != 0)
        self->term = ex_term(x, TERM_TUPLE, n, 0, list);
}

void py_leave_keyword(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    const struct kid *value = ex_kid(kids, n, F_VALUE);
    uint32_t name = py_name_of(x, ex_child(x, self->node, F_NAME));
    self->term = ex_term(x, TERM_KEYED, 0, value != NULL ? value->term : 0, name);
}

/* What some functions of the standard library give, where a table cannot say it. 0: nothing
 * special. */
static uint32_t special_call(struct extract *x, const struct kid *fn, const struct kid *args,
                             uint32_t first)
{
    uint32_t me;
    switch (fn->name) {
    case W_TYPE_FN: /* type(self) */
        me = fn->sym == S_IDENTIFIER ? py_self_of(x, first) : 0;
        return me != 0 ? ex_term(x, TERM_SELFTYPE, 0, x->terms.at[me].a, 0) : 0;
    case W_CAST: {
        TSNode type = ts_node_named_child(args->node, 0);
        if (ex_is(x, type, S_STRING))
            first = py_quoted_type(x, type);
        return first != 0 ? ex_term(x, TERM_OFTYPE, 0, first, 0) : 0;
    }
    case W_DUNDER_NEW: /* object.__new__(cls) */
        return first != 0 ? ex_term(x, TERM_OFTYPE, 0, first, 0) : 0;
    case W_PARTIAL:
        first = first != 0 ? ex_term(x, TERM_CALL, 0, first, 0) : 0;
        return first != 0 ? ex_term(x, TERM_FN, 0, first, 0) : 0;
    case W_COPY:
    case W_DEEPCOPY:
        if (fn->sym != S_IDENTIFIER && !slice_starts(ex_text(x, fn->node), SLICE("copy.")))
            return 0;
        return first;
    case W_PROPERTY:
        if (fn->sym != S_IDENTIFIER)
            return 0;
        return first != 0 ? ex_term(x, TERM_CALL, 0, first, 0) : 0;
    default: return 0;
    }
}

void py_leave_call(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    const struct kid *fn = ex_kid(kids, n, F_FUNCTION), *args = ex_kid(kids, n, F_ARGUMENTS);
    uint32_t list = 0, count = 0;
    if (fn == NULL)
        return;
    if (args != NULL && args->sym == S_GENERATOR) {
        list = ex_cons(x, args->term, 0);
        count = 1;
    } else if (args != NULL && args->term != 0) {
        list = x->terms.at[args->term].b;
        count = x->terms.at[args->term].aux;
    }
    self->name = fn->name;
    if (fn->sym == S_IDENTIFIER && fn->name == W_SUPER && x->self != 0) {
        ex_unref(x, fn);
        self->term = ex_term(x, TERM_SUPER, 0, x->self, 0);
        return;
    }
    uint32_t before = x->refs.len;
    ex_call(x, self, fn, TERM_CALL, REF_CALL, list, count);
    uint32_t r = fn->ref != 0 ? fn->ref : before;
    if (r < x->refs.len)
        x->refs.at[r].from = py_runner(x, x->def);
    if (fn->name > W_NONE && fn->name <= W_DUNDER_NEW && list != 0) {
        uint32_t special = special_call(x, fn, args, x->terms.at[list].a);
        if (special != 0)
            self->term = special;
    }
}

void py_leave_await(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    if (n > 0 && kids[0].term != 0)
        self->term = ex_term(x, TERM_AWAIT, 0, kids[0].term, 0);
}

void py_leave_splat(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    if (n == 0)
        return;
    self->name = kids[0].name;
    self->ref = kids[0].ref;
    if (kids[0].term != 0)
        self->term = ex_term(x, TERM_DEREF, 0, kids[0].term, 0);
}

void py_leave_tuple(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    uint32_t list = 0;
    for (uint32_t i = n; i-- > 0;)
        list = ex_cons(x, kids[i].term, list);
    self->term = ex_term(x, TERM_TUPLE, n, 0, list);
}

/* What the elements of a display have in common, from the first few. */
static uint32_t element(struct extract *x, const struct kid *kids, uint32_t n)
{
    uint32_t t = 0;
    for (uint32_t i = 0; i < n && i < 4; i++) {
        uint32_t one = kids[i].term;
        if (op_of(x, one) == TERM_DEREF)
            one = ex_term(x, TERM_ELEM, 0, x->terms.at[one].a, 0);
        t = py_widen(x, t, one);
    }
    return t;
}

void py_leave_list(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    if ((x->user2 & IN_TYPE) == 0)
        self->term = py_builtin_of(x, self->sym == S_SET ? "set" : "list", element(x, kids, n));
}

static uint32_t dict_of(struct extract *x, uint32_t value)
{
    uint32_t args[2] = {0, value};
    return py_builtin(x, "dict", py_list_of(x, args, 2));
}

void py_leave_dict(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    self->term = dict_of(x, element(x, kids, n));
}

void py_leave_pair(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    const struct kid *value = ex_kid(kids, n, F_VALUE);
    (void)x;
    self->term = value != NULL ? value->term : 0;
}

void py_leave_comprehension(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    const struct kid *body = ex_kid(kids, n, F_BODY);
    uint32_t item = body != NULL ? body->term : 0;
    switch (self->sym) {
    case S_DICT_COMP: self->term = dict_of(x, item); break;
    case S_SET_COMP: self->term = py_builtin_of(x, "set", item); break;
    case S_LIST_COMP: self->term = py_builtin_of(x, "list", item); break;
    default: self->term = py_builtin_of(x, "Iterator", item); break;
    }
}

/* `for a in b` of a comprehension. b is evaluated before a is bound: names that no earlier clause
 * has bound are those of the scope around the comprehension. */
void py_leave_for_in(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    const struct kid *left = ex_kid(kids, n, F_LEFT), *right = ex_kid(kids, n, F_RIGHT);
    if (left == NULL || right == NULL)
        return;
    for (uint32_t r = right->refs; r < right->refs_end; r++) {
        struct term *t = &x->terms.at[x->refs.at[r].term];
        if (t->op == TERM_CALL)
            t = &x->terms.at[t->a];
        if (t->op == TERM_NAME && t->b == x->scope && ex_find(x, x->scope, t->a) == 0)
            t->b = x->scopes.at[x->scope].parent;
    }
    struct py_assign a = {
        .node = self->node, .targets = left, .from = ts_node_end_byte(self->node)};
    uint32_t user = x->user;
    x->user = x->scope;
    py_assign(x, &a, left->term, right->term != 0 ? ex_term(x, TERM_ELEM, 0, right->term, 0) : 0);
    x->user = user;
}

void py_enter_string(struct extract *x, TSNode node)
{
    struct slice s = ex_text(x, node);
    for (size_t i = 0; i < s.n && i < 3 && s.p[i] != '"' && s.p[i] != '\''; i++) {
        if (s.p[i] == 'f' || s.p[i] == 'F')
            return; /* the expressions in it matter */
    }
    x->skip_children = true;
}

void py_leave_string(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    (void)kids;
    (void)n;
    if ((x->user2 & (IN_TYPE | IN_DATA)) == IN_TYPE) {
        self->term = py_quoted_type(x, self->node);
        return;
    }
    char c = x->src[ts_node_start_byte(self->node)];
    self->term = ex_lit(x, c == 'b' || c == 'B' ? "bytes" : "str");
}

void py_leave_concatenated(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    (void)x;
    self->term = n > 0 ? kids[0].term : 0;
}

void py_leave_bool(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    (void)kids;
    (void)n;
    self->term = ex_lit(x, "bool");
}

void py_leave_boolean(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    const struct kid *left = ex_kid(kids, n, F_LEFT), *right = ex_kid(kids, n, F_RIGHT);
    if (left == NULL || right == NULL)
        return;
    bool either = slice_eq(ex_text(x, ex_child(x, self->node, F_OPERATOR)), SLICE("or"));
    self->term = either ? py_widen(x, left->term, right->term) : right->term;
}

void py_leave_conditional(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    if (n == 3)
        self->term = py_widen(x, kids[0].term, kids[2].term);
}

static const struct {
    const char *op, *member;
} operators[] = {
    {"+", "__add__"},       {"-", "__sub__"},  {"*", "__mul__"},    {"/", "__truediv__"},
    {"//", "__floordiv__"}, {"%", "__mod__"},  {"|", "__or__"},     {"&", "__and__"},
    {"^", "__xor__"},       {"**", "__pow__"}, {"@", "__matmul__"}, {"<<", "__lshift__"},
    {">>", "__rshift__"},
};

/* The value of an operator is what its method gives; the method is no reference in the text. */
void py_leave_binary(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    const struct kid *left = ex_kid(kids, n, F_LEFT), *right = ex_kid(kids, n, F_RIGHT);
    if (left == NULL || right == NULL)
        return;
    if (x->user2 & IN_TYPE) {
        self->term = ex_either(x, left->term, right->term);
        return;
    }
    if (left->term == 0)
        return;
    struct slice op = ex_text(x, ex_child(x, self->node, F_OPERATOR));
    for (unsigned i = 0; i < sizeof(operators) / sizeof(*operators); i++) {
        if (!slice_eq(op, slice_from(operators[i].op)))
            continue;
        uint32_t member = ex_intern(x, operators[i].member);
        uint32_t method = ex_term(x, TERM_MEMBER, NS_VALUE, left->term, member);
        self->term = ex_term(x, TERM_CALL, 1, method, ex_cons(x, right->term, 0));
    }
}

void py_leave_type_alias(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    const struct kid *left = ex_kid(kids, n, F_LEFT), *right = ex_kid(kids, n, F_RIGHT);
    if (left == NULL || right == NULL)
        return;
    ex_unref_all(x, left);
    uint32_t name = op_of(x, left->term) == TERM_APPLY ? x->terms.at[left->term].a : left->term;
    if (op_of(x, name) != TERM_NAME || x->scopes.at[x->user].kind == SCOPE_FUNCTION)
        return;
    struct py_assign a = {.node = self->node, .from = ts_node_end_byte(self->node)};
    uint32_t d = py_leaf(x, &a, x->user, x->terms.at[name].a, NODE_TYPE_ALIAS);
    x->defs.at[d].type = right->term;
}
