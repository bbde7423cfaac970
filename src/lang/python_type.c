/* Python: annotations. */
#include "lang/python.h"

#include <ctype.h>

static const struct {
    uint8_t word;
    const char *is;
} generics[] = {
    {W_LIST, "list"},
    {W_SEQUENCE, "list"},
    {W_MUTABLESEQUENCE, "list"},
    {W_COLLECTION, "list"},
    {W_DEQUE, "list"},
    {W_SET, "set"},
    {W_FROZENSET, "set"},
    {W_ABSTRACTSET, "set"},
    {W_MUTABLESET, "set"},
    {W_DICT, "dict"},
    {W_MAPPING, "dict"},
    {W_MUTABLEMAPPING, "dict"},
    {W_DEFAULTDICT, "dict"},
    {W_ORDEREDDICT, "dict"},
    {W_ITERABLE, "Iterator"},
    {W_ITERATOR, "Iterator"},
    {W_GENERATOR, "Iterator"},
    {W_ASYNCITERABLE, "Iterator"},
    {W_ASYNCITERATOR, "Iterator"},
    {W_ASYNCGENERATOR, "Iterator"},
    {W_AWAITABLE, "Awaitable"},
    {W_CONTEXTMANAGER_TYPE, "ContextManager"},
    {W_ASYNCCONTEXTMANAGER_TYPE, "ContextManager"},
};

bool py_is_library_word(const struct extract *x, uint32_t name, bool plain)
{
    if (name < W_OPTIONAL || name > W_PROTOCOL)
        return name == W_TYPE_FN;
    uint32_t b = plain ? py_find_bind(x, name) : 0;
    return b == 0 || x->binds.at[b].kind == BIND_ALIAS;
}

/* Inside of another type, `Type[X]` is something to call that gives an X. */
static uint32_t as_argument(struct extract *x, uint32_t type)
{
    return op_of(x, type) == TERM_TYPEOF ? ex_term(x, TERM_FN, 0, x->terms.at[type].a, 0) : type;
}

/* base[args] as a type. */
static uint32_t generic(struct extract *x, uint32_t word, uint32_t base, uint32_t *args, uint32_t n)
{
    uint32_t t = 0;
    if (n == 0)
        return base;
    for (uint32_t i = 0; i < n && word != W_OPTIONAL && word != W_ANNOTATED; i++)
        args[i] = as_argument(x, args[i]);
    switch (word) {
    case W_OPTIONAL:
    case W_ANNOTATED:
    case W_CLASSVAR:
    case W_FINAL:
    case W_REQUIRED:
    case W_NOTREQUIRED:
    case W_READONLY:
    case W_INITVAR: return args[0];
    case W_UNION:
        for (uint32_t i = 0; i < n; i++)
            t = ex_either(x, t, args[i]);
        return t;
    case W_TYPE:
    case W_TYPE_FN: return args[0] != 0 ? ex_term(x, TERM_TYPEOF, 0, args[0], 0) : 0;
    case W_CALLABLE: return n >= 2 ? ex_term(x, TERM_FN, 0, args[n - 1], 0) : 0;
    case W_LITERAL: return 0;
    case W_TUPLE:
    case W_TUPLE_BUILTIN: /* Tuple[X, ...] is as long as it likes */
        if (n == 2 && args[1] == 0)
            return py_builtin_of(x, "tuple", args[0]);
        return ex_term(x, TERM_TUPLE, n, 0, py_list_of(x, args, n));
    case W_COROUTINE: return py_builtin_of(x, "Awaitable", args[n - 1]);
    default: break;
    }
    for (unsigned i = 0; i < sizeof(generics) / sizeof(*generics); i++) {
        if (generics[i].word == word)
            return py_builtin(x, generics[i].is, py_list_of(x, args, n));
    }
    return base != 0 ? ex_term(x, TERM_APPLY, 0, base, py_list_of(x, args, n)) : 0;
}

/* A type written in a string: "Optional[models.Foo]". One pass with a short stack. */
struct quoted {
    struct extract *x;
    TSNode node; /* the string */
    struct slice rest;
    uint32_t last, word; /* the operand just read, and its last name */
    struct {
        uint32_t word, base, sum; /* base[ ... ], and what was read before it with | */
        uint32_t args[8];
        uint32_t n;
    } open[8];
    unsigned depth; /* open[depth] collects what is being read */
};

static void quoted_name(struct quoted *q)
{
    struct extract *x = q->x;
    size_t n = 0, dot = 0;
    while (n < q->rest.n && (isalnum((unsigned char)q->rest.p[n]) || q->rest.p[n] == '_' ||
                             q->rest.p[n] == '.' || (unsigned char)q->rest.p[n] >= 0x80)) {
        if (q->rest.p[n] == '.')
            dot = n + 1;
        n++;
    }
    struct slice text = slice_head(q->rest, n);
    q->rest = slice_skip(q->rest, n);
    q->last = 0;
    q->word = ex_intern_slice(x, slice_skip(text, dot));
    if (slice_eq(text, SLICE("None")))
        return;
    if (q->word == W_SELFTYPE && x->self != 0) {
        q->last = ex_term(x, TERM_SELFTYPE, 0, x->self, 0);
        return;
    }
    q->last = py_dotted(x, text, LATE);
    uint32_t r = ex_ref(x, q->last, REF_TYPE, q->node);
    uint32_t off = (uint32_t)(text.p - x->src) + (uint32_t)dot - ts_node_start_byte(q->node);
    if (r != 0 && x->refs.at[r].col + off < 65535)
        x->refs.at[r].col = (uint16_t)(x->refs.at[r].col + off);
}

/* The operand is complete; `end` also completes the argument. */
static void quoted_operand(struct quoted *q, bool end)
{
    uint32_t *sum = &q->open[q->depth].sum;
    *sum = ex_either(q->x, *sum, q->last);
    q->last = q->word = 0;
    if (end && q->open[q->depth].n < 8) {
        q->open[q->depth].args[q->open[q->depth].n++] = *sum;
        *sum = 0;
    }
}

uint32_t py_quoted_type(struct extract *x, TSNode node)
{
    struct quoted q = {.x = x, .node = node, .rest = py_string_text(x, node)};
    while (q.rest.n > 0) {
        char c = *q.rest.p;
        if (isalpha((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80) {
            quoted_name(&q);
            continue;
        }
        if (c == '[') {
            if (q.depth == 7)
                return 0;
            q.depth++;
            q.open[q.depth].word = q.word;
            q.open[q.depth].base = q.last;
            q.open[q.depth].sum = q.open[q.depth].n = 0;
            q.last = q.word = 0;
        } else if (c == ']' && q.depth > 0) {
            quoted_operand(&q, true);
            q.last = generic(x, q.open[q.depth].word, q.open[q.depth].base, q.open[q.depth].args,
                             q.open[q.depth].n);
            q.depth--;
        } else if (c == '|' || c == ',') {
            quoted_operand(&q, c == ',' && q.depth > 0);
        }
        q.rest = slice_skip(q.rest, 1);
    }
    return ex_either(x, q.open[0].sum, q.last);
}

void py_enter_type(struct extract *x, TSNode node)
{
    (void)node;
    x->user2 |= IN_TYPE;
}

/* Of Literal["a"] and Annotated[X, "a"] the strings are data. */
static void note_data(struct extract *x, struct slice base)
{
    x->user2 &= ~(uint32_t)IN_DATA;
    if (slice_ends(base, SLICE("Literal")) || slice_ends(base, SLICE("Annotated")))
        x->user2 |= IN_DATA;
}

void py_enter_type_params(struct extract *x, TSNode node)
{
    struct ex_place p = ex_place(x);
    (void)node;
    if (p.parent == S_GENERIC_TYPE && p.n > 0)
        note_data(x, ex_text(x, p.kids[0].node));
}

void py_enter_subscript(struct extract *x, TSNode node)
{
    if (x->user2 & IN_TYPE)
        note_data(x, text_of(x, ex_child(x, node, F_VALUE)));
}

void py_leave_type(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    if (n == 0)
        return;
    self->term = kids[0].term;
    self->ref = kids[0].ref;
    self->name = kids[0].name;
    if (kids[0].sym == S_IDENTIFIER && kids[0].name == W_SELFTYPE && x->self != 0) {
        ex_unref(x, &kids[0]);
        self->term = ex_term(x, TERM_SELFTYPE, 0, x->self, 0);
    }
    ex_role(x, self, REF_USE, REF_TYPE);
    for (uint32_t r = self->refs; r < self->refs_end && (x->user2 & IN_LATE) != 0; r++) {
        if (op_of(x, x->refs.at[r].term) == TERM_NAME)
            x->term_pos.at[x->refs.at[r].term] = LATE;
    }
}

/* base[subs], both as types. */
void py_type_of_kids(struct extract *x, struct kid *self, const struct kid *base,
                     const struct kid *subs, uint32_t n)
{
    uint32_t args[16];
    bool plain = base->sym == S_IDENTIFIER;
    uint32_t word = py_is_library_word(x, base->name, plain) ? base->name : 0;
    if (n > 16)
        n = 16;
    for (uint32_t i = 0; i < n; i++)
        args[i] = subs[i].term;
    self->term = generic(x, word, base->term, args, n);
    self->ref = base->ref;
    self->name = base->name;
}

void py_leave_generic_type(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    struct kid args[16];
    uint32_t count = 0;
    if (n < 2)
        return;
    for (uint32_t l = kids[1].term; ex_is_list(x, l) && count < 16; l = x->terms.at[l].b)
        args[count++] = (struct kid){.term = x->terms.at[l].a};
    py_type_of_kids(x, self, &kids[0], args, count);
}

void py_leave_union_type(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        self->term = ex_either(x, self->term, kids[i].term);
}

/* `T: Bound` between the brackets of a generic definition. */
void py_leave_constrained_type(struct extract *x, struct kid *self, const struct kid *kids,
                               uint32_t n)
{
    if (n == 2 && op_of(x, kids[0].term) == TERM_NAME) {
        ex_unref_all(x, &kids[0]);
        self->term = ex_term(x, TERM_KEYED, 0, kids[1].term, x->terms.at[kids[0].term].a);
    }
}

void py_bind_typaram(struct extract *x, uint32_t scope, uint32_t def, uint32_t name, uint32_t bound,
                     uint32_t from)
{
    uint32_t b = ex_bind(x, scope, BIND_TYPARAM, name, NS_ANY, 0, from);
    struct def *d = &x->defs.at[def];
    if (b == 0)
        return;
    x->binds.at[b].type = bound;
    x->binds.at[b].def = def;
    x->binds.at[b].index = d->generics;
    if (def != 0 && d->generics < 255)
        d->generics++;
}

/* Either the parameters of a generic definition, or the arguments of a generic type. */
void py_leave_type_params(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    if (self->field != F_TYPE_PARAMETERS) {
        for (uint32_t i = n; i-- > 0;)
            self->term = ex_cons(x, kids[i].term, self->term);
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        const struct term *t = &x->terms.at[kids[i].term];
        uint32_t from = ts_node_start_byte(self->node);
        if (t->op == TERM_KEYED) {
            py_bind_typaram(x, x->scope, x->def, t->b, t->a, from);
        } else if (t->op == TERM_NAME) {
            ex_unref_all(x, &kids[i]);
            py_bind_typaram(x, x->scope, x->def, t->a, 0, from);
        }
    }
}

void py_leave_member_type(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    if (n != 2)
        return;
    ex_unref(x, &kids[1]);
    self->name = kids[1].name;
    ex_member(x, self, TERM_MEMBER, kids[0].term, kids[1].name, NS_VALUE, REF_TYPE, kids[1].node);
}
