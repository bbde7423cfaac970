/* Python: blocks and what is bound before them, branches and what is true behind them, patterns. */
#include "lang/python.h"

/* ---- control flow ---- */

/* What a condition says of the class of a name becomes a bind of the name in `scope`; negated: what
 * it says when it does not hold. */
static void narrow(struct extract *x, TSNode cond, bool negated, uint32_t scope, uint32_t from)
{
    TSNode todo[8];
    unsigned n = 0;
    todo[n++] = cond;
    while (n > 0) {
        TSNode c = todo[--n];
        unsigned rule = ex_rule_of(x, c);
        if (rule == S_PAREN) {
            todo[n++] = nth(c, 0);
        } else if (rule == S_NOT && negated) {
            negated = false;
            todo[n++] = child(x, c, F_ARGUMENT);
        } else if (rule == S_BOOLEAN && !negated && n < 6 &&
                   slice_eq(text_of(x, child(x, c, F_OPERATOR)), SLICE("and"))) {
            todo[n++] = child(x, c, F_LEFT);
            todo[n++] = child(x, c, F_RIGHT);
        } else if (rule == S_CALL && !negated &&
                   slice_eq(text_of(x, child(x, c, F_FUNCTION)), SLICE("isinstance"))) {
            TSNode args = child(x, c, F_ARGUMENTS);
            TSNode name = nth(args, 0);
            uint32_t type = py_classes_named(x, nth(args, 1));
            if (type != 0 && ex_is(x, name, S_IDENTIFIER))
                (void)ex_var(x, scope, ex_sym(x, name), type, 0, 0, from);
        }
    }
}

static bool says_isinstance(const struct extract *x, const struct kid *cond)
{
    if (cond == NULL || (cond->sym == S_CALL && cond->name != W_ISINSTANCE) ||
        (cond->sym != S_CALL && cond->sym != S_BOOLEAN && cond->sym != S_NOT &&
         cond->sym != S_PAREN))
        return false;
    struct slice s = ex_text(x, cond->node);
    return s.n < 4000 && memmem(s.p, s.n, "isinstance(", 11) != NULL;
}

/* The names that the statement or clause before a block binds. */
static void bind_header(struct extract *x, const struct ex_place *p, uint32_t from)
{
    const struct kid *left = ex_kid(p->kids, p->n, F_LEFT), *right = ex_kid(p->kids, p->n, F_RIGHT);
    if (left == NULL)
        return;
    struct py_assign a = {.node = left->node, .targets = left, .from = from};
    uint32_t value = right != NULL ? right->term : 0;
    py_assign(x, &a, left->term, value != 0 ? ex_term(x, TERM_ELEM, 0, value, 0) : 0);
}

/* `except (A, B) as e` */
static void bind_exception(struct extract *x, const struct ex_place *p, uint32_t from)
{
    const struct kid *k = p->n > 0 ? &p->kids[0] : NULL;
    if (k == NULL || k->sym != S_AS_PATTERN || op_of(x, k->term) != TERM_LIST)
        return;
    struct term pair = x->terms.at[k->term];
    uint32_t value = 0;
    if (op_of(x, pair.a) == TERM_TUPLE) {
        for (uint32_t l = x->terms.at[pair.a].b, n = 0; ex_is_list(x, l) && n < 6;
             l = x->terms.at[l].b, n++)
            value = ex_either(x, value, x->terms.at[l].a);
    } else {
        value = pair.a;
    }
    struct py_assign a = {.node = k->node, .targets = k, .from = from};
    py_assign(x, &a, pair.b, value != 0 ? ex_term(x, TERM_OFTYPE, 0, value, 0) : 0);
}

static void narrow_subject(struct extract *x, const struct ex_place *p, uint32_t from)
{
    uint32_t subject = x->user2 >> SUBJECT_SHIFT;
    if (subject == 0 || p->n == 0 || op_of(x, p->kids[0].term) != TERM_OFTYPE)
        return;
    (void)ex_scope(x, SCOPE_BLOCK);
    (void)ex_var(x, x->scope, subject, 0, p->kids[0].term, 0, from);
}

void py_enter_block(struct extract *x, TSNode node)
{
    struct ex_place p = ex_place(x);
    uint32_t from = ts_node_start_byte(node);
    const struct kid *k;

    switch (p.parent) {
    case S_FUNCTION:
    case S_CLASS:
        if (x->def == 0 || p.field != F_BODY)
            break;
        x->scope = x->user = x->defs.at[x->def].scope;
        py_docstring(x, x->def, node);
        break;
    case S_FOR:
        if (p.field == F_BODY)
            bind_header(x, &p, from);
        break;
    case S_IF:
    case S_ELIF:
    case S_WHILE:
        k = ex_kid(p.kids, p.n, F_CONDITION);
        if ((p.field == F_CONSEQUENCE || p.field == F_BODY) && says_isinstance(x, k)) {
            (void)ex_scope(x, SCOPE_BLOCK);
            narrow(x, k->node, false, x->scope, from);
        }
        break;
    case S_EXCEPT: bind_exception(x, &p, from); break;
    case S_MATCH:
        k = ex_kid(p.kids, p.n, F_SUBJECT);
        x->user2 &= (1u << SUBJECT_SHIFT) - 1;
        if (k != NULL && k->sym == S_IDENTIFIER)
            x->user2 |= k->name << SUBJECT_SHIFT;
        break;
    case S_CASE: narrow_subject(x, &p, from); break;
    default: break;
    }
}

/* After branches, a variable holds what any of them left in it. Each of kids is a branch; of one
 * branch the last binding counts. `all`: the branches are all there are. */
struct merge {
    uint32_t start, end; /* bytes of the statement */
    const struct kid *kids;
    uint32_t n, branches;
    bool all;
};

static void merge_name(struct extract *x, const struct merge *m, uint32_t newest)
{
    uint32_t value = 0, b = newest, parts = 0, taken = 0, k = m->n;
    while (b != 0 && x->binds.at[b].from >= m->start) {
        struct bind v = x->binds.at[b];
        while (k > 0 && ts_node_start_byte(m->kids[k - 1].node) >= v.from)
            k--;
        uint32_t branch = k > 0 ? ts_node_start_byte(m->kids[k - 1].node) : m->start;
        taken++;
        if (v.kind == BIND_VAR && (v.type | v.init) != 0 && parts < 6) {
            value = ex_either(x, value, ex_term(x, TERM_BOUND, 0, b, 0));
            parts++;
        }
        do
            b = x->binds.at[b].next;
        while (b != 0 && x->binds.at[b].from > branch);
    }
    const struct bind *old = &x->binds.at[b];
    if (old->kind == BIND_VAR && (old->type | old->init) != 0 &&
        !(m->all && taken >= m->branches)) {
        value = ex_either(x, value, ex_term(x, TERM_BOUND, 0, b, 0));
        parts++;
    }
    const struct bind *last = &x->binds.at[newest];
    if (parts >= 2 || (parts == 1 && (last->type | last->init) == 0))
        (void)ex_var(x, x->user, last->name, 0, value, 0, m->end);
}

static void merge_branches(struct extract *x, const struct kid *self, const struct kid *kids,
                           uint32_t n, bool all)
{
    struct merge m = {
        .start = ts_node_start_byte(self->node),
        .end = ts_node_end_byte(self->node),
        .kids = kids,
        .n = n,
        .all = all,
    };
    if (x->scopes.at[x->user].kind != SCOPE_FUNCTION)
        return;
    for (uint32_t i = 0; i < n; i++)
        m.branches += kids[i].field != F_CONDITION;
    uint32_t len = x->binds.len, first = len;
    while (first > 1 && x->binds.at[first - 1].from >= m.start)
        first--;
    for (uint32_t b = first; b < len; b++) {
        struct bind v = x->binds.at[b];
        if (v.scope == x->user && v.kind == BIND_VAR && v.ns != 0 &&
            ex_find(x, v.scope, v.name) == b)
            merge_name(x, &m, b);
    }
}

void py_enter_conditional(struct extract *x, TSNode node)
{
    (void)node;
    x->conditional = true;
}

/* Does control never leave the block at its end? */
static bool ends_early(const struct extract *x, TSNode block)
{
    uint32_t n = ts_node_named_child_count(block);
    TSNode last = ts_node_named_child(block, n > 0 ? n - 1 : 0);
    unsigned rule = ex_rule_of(x, last);
    return rule == S_RETURN || rule == S_RAISE || rule == S_CONTINUE || rule == S_BREAK;
}

void py_leave_if(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    const struct kid *cond = ex_kid(kids, n, F_CONDITION);
    merge_branches(x, self, kids, n, n > 0 && kids[n - 1].sym == S_ELSE);
    /* if not isinstance(x, T): return */
    if (n == 2 && cond != NULL && cond->sym == S_NOT && says_isinstance(x, cond) &&
        ends_early(x, kids[1].node))
        narrow(x, cond->node, true, x->user, ts_node_end_byte(self->node));
}

void py_leave_loop(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    merge_branches(x, self, kids, n, false);
}

void py_leave_try(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    merge_branches(x, self, kids, n, true);
}

void py_leave_block(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    if (n > 0 && kids[0].sym == S_CASE)
        merge_branches(x, self, kids, n, false);
}

void py_leave_assert(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    if (n > 0 && says_isinstance(x, &kids[0]))
        narrow(x, kids[0].node, false, x->user, ts_node_end_byte(self->node));
}

void py_enter_with(struct extract *x, TSNode node)
{
    x->user2 &= ~(uint32_t)IN_ASYNC;
    if (slice_starts(ex_text(x, node), SLICE("async")))
        x->user2 |= IN_ASYNC;
}

/* `a as b`, as the list (a . b) for whoever binds b. */
void py_leave_as_pattern(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    if (n != 2)
        return;
    if (kids[0].sym == S_CASE_PATTERN) { /* case A() as b */
        struct py_assign a = {
            .node = self->node, .targets = &kids[1], .from = ts_node_end_byte(self->node)};
        self->term = kids[0].term;
        py_assign(x, &a, kids[1].term, kids[0].term);
        return;
    }
    self->term =
        kids[1].term != 0 ? ex_term(x, TERM_LIST, 0, kids[0].term, kids[1].term) : kids[0].term;
}

void py_leave_with_item(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    if (n == 0 || kids[0].sym != S_AS_PATTERN || op_of(x, kids[0].term) != TERM_LIST)
        return;
    struct term pair = x->terms.at[kids[0].term];
    struct py_assign a = {
        .node = self->node, .targets = &kids[0], .from = ts_node_end_byte(self->node)};
    bool async = (x->user2 & IN_ASYNC) != 0;
    uint32_t value = pair.a;
    if (value != 0) {
        uint32_t enter = async ? W_DUNDER_AENTER : W_DUNDER_ENTER;
        value = ex_term(x, TERM_CALL, 0, ex_term(x, TERM_MEMBER, NS_VALUE, value, enter), 0);
        if (async)
            value = ex_term(x, TERM_AWAIT, 0, value, 0);
    }
    py_assign(x, &a, pair.b, value);
}

/* ---- patterns of match ---- */

static void capture(struct extract *x, const struct kid *k)
{
    if (k->name == W_ANONYMOUS || k->name == 0)
        return;
    struct py_assign a = {.node = k->node, .targets = k, .from = ts_node_end_byte(k->node)};
    py_assign_name(x, &a, k->name, 0);
}

/* `Foo.bar` or a class: a value that is compared with, not a capture. */
static uint32_t pattern_name(struct extract *x, const struct kid *k)
{
    uint32_t term = py_dotted(x, ex_text(x, k->node), ts_node_start_byte(k->node));
    (void)ex_ref(x, term, REF_USE, k->node);
    return term;
}

void py_leave_case_pattern(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (kids[i].sym != S_DOTTED_NAME)
            self->term = n == 1 ? kids[i].term : 0;
        else if (slice_chr(ex_text(x, kids[i].node), '.') != NULL)
            (void)pattern_name(x, &kids[i]);
        else
            capture(x, &kids[i]);
    }
}

void py_leave_keyword_pattern(struct extract *x, struct kid *self, const struct kid *kids,
                              uint32_t n)
{
    if (n == 0)
        return;
    ex_unref(x, &kids[0]);
    py_leave_case_pattern(x, self, kids + 1, n - 1);
    self->term = 0;
}

void py_leave_class_pattern(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    if (n > 0 && kids[0].sym == S_DOTTED_NAME) {
        uint32_t type = pattern_name(x, &kids[0]);
        self->term = type != 0 ? ex_term(x, TERM_OFTYPE, 0, type, 0) : 0;
    }
}

void py_leave_union_pattern(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (kids[i].sym == S_DOTTED_NAME)
            (void)pattern_name(x, &kids[i]);
        else if (op_of(x, kids[i].term) == TERM_OFTYPE)
            self->term = ex_either(x, self->term, x->terms.at[kids[i].term].a);
    }
    if (self->term != 0)
        self->term = ex_term(x, TERM_OFTYPE, 0, self->term, 0);
}

void py_leave_splat_pattern(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    (void)self;
    if (n > 0) {
        ex_unref(x, &kids[0]);
        capture(x, &kids[0]);
    }
}

void py_leave_dict_pattern(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    (void)self;
    for (uint32_t i = 0; i < n; i++) {
        if (kids[i].field == F_KEY && kids[i].sym == S_DOTTED_NAME)
            (void)pattern_name(x, &kids[i]);
    }
}
