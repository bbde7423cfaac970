/* Python: assignment and other targets, and the fields that methods make. */
#include "lang/python.h"

/* ---- assignment ---- */

static uint32_t take_ref(struct extract *x, struct py_assign *a, uint32_t term)
{
    uint32_t lo = a->targets->refs, hi = a->targets->refs_end, n = hi - lo;
    for (uint32_t i = 0; i < n; i++, a->ref++) {
        if (a->ref < lo || a->ref >= hi)
            a->ref = lo;
        if (x->refs.at[a->ref].term == term)
            return a->ref;
    }
    return 0;
}

/* The statement, without a long value. */
static void assign_sig(struct extract *x, uint32_t def, TSNode node)
{
    uint32_t to = ts_node_end_byte(node);
    TSNode right = ex_child(x, node, F_RIGHT);
    if (!ts_node_is_null(right) && to - ts_node_start_byte(right) > 60) {
        TSNode type = ex_child(x, node, F_TYPE), left = ex_child(x, node, F_LEFT);
        TSNode last = ts_node_is_null(type) ? left : type;
        to = ts_node_is_null(last) ? to : ts_node_end_byte(last);
    }
    ex_sig(x, def, ts_node_start_byte(node), to);
}

uint32_t py_leaf(struct extract *x, const struct py_assign *a, uint32_t scope, uint32_t name,
                 enum node_kind kind)
{
    uint32_t d = ex_def_leaf(x, a->node, name, kind, NS_ANY, x->scopes.at[scope].def, scope);
    py_set_from(x, scope, name, a->from);
    assign_sig(x, d, a->node);
    py_mark_exported(x, d);
    return d;
}

/* The argument list of a call, as a list of terms. */
static uint32_t args_of(const struct extract *x, uint32_t call)
{
    return op_of(x, call) == TERM_CALL ? x->terms.at[call].b : 0;
}

/* TypeVar("T", bound="X"): the bound, or the constraints. */
static uint32_t typevar_bound(struct extract *x, const struct kid *call)
{
    TSNode args = child(x, call->node, F_ARGUMENTS);
    uint32_t bound = 0;
    for (uint32_t i = 1; i < 6; i++) {
        TSNode arg = nth(args, i);
        if (ts_node_is_null(arg))
            break;
        TSNode value = arg;
        if (ex_is(x, arg, S_KEYWORD)) {
            if (!slice_eq(text_of(x, child(x, arg, F_NAME)), SLICE("bound")))
                continue;
            value = child(x, arg, F_VALUE);
        }
        uint32_t one = ex_is(x, value, S_STRING) ? py_quoted_type(x, value)
                                                 : py_dotted(x, text_of(x, value), LATE);
        bound = ex_either(x, bound, one);
    }
    return bound;
}

/* `T = TypeVar("T")`, `Alias = Union[A, B]`, `Id = NewType("Id", int)`. */
static bool declare_type(struct extract *x, const struct py_assign *a, uint32_t scope,
                         uint32_t name, uint32_t value)
{
    const struct kid *r = a->right;
    if (r == NULL)
        return false;
    if (r->sym == S_CALL &&
        (r->name == W_TYPEVAR || r->name == W_PARAMSPEC || r->name == W_TYPEVARTUPLE)) {
        uint32_t bound = r->name == W_TYPEVAR ? typevar_bound(x, r) : 0;
        uint32_t d = py_leaf(x, a, scope, name, NODE_TYPE_ALIAS);
        x->defs.at[d].type = bound;
        py_bind_typaram(x, scope, 0, name, bound, a->from);
        return true;
    }
    uint32_t type = 0;
    if (r->sym == S_CALL && r->name == W_NEWTYPE) {
        uint32_t second = x->terms.at[args_of(x, value)].b;
        type = second != 0 ? x->terms.at[second].a : 0;
    } else if ((r->sym == S_SUBSCRIPT && py_is_library_word(x, r->name, false)) ||
               (a->type != 0 &&
                slice_ends(text_of(x, ex_child(x, a->node, F_TYPE)), SLICE("TypeAlias")))) {
        type = value;
    }
    if (type == 0)
        return false;
    uint32_t d = py_leaf(x, a, scope, name, NODE_TYPE_ALIAS);
    x->defs.at[d].type = type;
    return true;
}

/* One more value for a variable that has a definition. */
static void add_value(struct extract *x, uint32_t def, uint32_t type, uint32_t init)
{
    struct def *d = &x->defs.at[def];
    if (type != 0 && d->type == 0)
        py_set_type(x, type, &d->type, &d->init);
    else if (type == 0 && d->type == 0)
        x->defs.at[def].init = py_widen(x, d->init, init);
}

/* A name in a file or class: a definition the first time, one more value after that. */
static void declare(struct extract *x, const struct py_assign *a, uint32_t scope, uint32_t name,
                    uint32_t value)
{
    const struct bind *b = &x->binds.at[ex_find(x, scope, name)];
    if (b->kind == BIND_DEF && b->def != 0) {
        if (py_is_variable(x->defs.at[b->def].kind))
            add_value(x, b->def, a->type, value);
        return;
    }
    if ((b->kind == BIND_ALIAS && b->name != 0) || b->kind == BIND_TYPARAM ||
        declare_type(x, a, scope, name, value))
        return;
    enum node_kind kind = py_is_upper(ex_str(x, name)) ? NODE_CONSTANT : NODE_VARIABLE;
    uint32_t owner = x->scopes.at[scope].def;
    if (x->scopes.at[scope].kind == SCOPE_TYPE)
        kind = x->defs.at[owner].kind == NODE_ENUM && a->right != NULL && a->type == 0 &&
                       ex_str(x, name)[0] != '_'
                   ? NODE_VARIANT
                   : NODE_FIELD;
    uint32_t d = py_leaf(x, a, scope, name, kind);
    x->defs.at[d].init = value;
    if (a->type != 0)
        py_set_type(x, a->type, &x->defs.at[d].type, &x->defs.at[d].init);
}

static void bind_var(struct extract *x, const struct py_assign *a, uint32_t scope, uint32_t name,
                     uint32_t value)
{
    uint32_t type = a->type;
    const struct bind *old = &x->binds.at[ex_find(x, scope, name)];
    if (type == 0 && value == 0 && old->kind == BIND_VAR)
        type = old->type; /* what was declared still holds */
    if (type != 0)
        py_set_type(x, type, &type, &value);
    (void)ex_var(x, scope, name, type, value, 0, a->from);
    py_set_from(x, scope, name, a->from);
}

uint32_t py_scope_for(const struct extract *x, uint32_t name)
{
    const struct bind *b = &x->binds.at[ex_find(x, x->user, name)];
    if (b->name == 0 || b->ns != 0)
        return x->user;
    if (b->index == 1)
        return 0;
    uint32_t s = x->scopes.at[x->user].parent;
    while (s != 0 && (x->scopes.at[s].kind != SCOPE_FUNCTION || ex_find(x, s, name) == 0))
        s = x->scopes.at[s].parent;
    return s != 0 ? s : x->user;
}

void py_assign_name(struct extract *x, const struct py_assign *a, uint32_t name, uint32_t value)
{
    uint32_t scope = py_scope_for(x, name);
    uint8_t kind = x->scopes.at[scope].kind;
    if (a->declares && (kind == SCOPE_FILE || kind == SCOPE_TYPE))
        declare(x, a, scope, name, value);
    else
        bind_var(x, a, scope, name, value);
    /* what a block knew of the old value is not true of the new one */
    for (uint32_t s = x->scope; s != x->user && s != 0; s = x->scopes.at[s].parent) {
        if (ex_find(x, s, name) != 0)
            bind_var(x, a, s, name, value);
    }
}

/* `self.name = value`: the class has such a field. */
static void assign_member(struct extract *x, const struct py_assign *a, uint32_t term, uint32_t ref,
                          uint32_t value)
{
    const struct term *t = &x->terms.at[term];
    uint32_t self = py_self_of(x, t->a);
    if (self == 0)
        return;
    struct ex_note note = {
        .node = a->node,
        .owner = x->terms.at[self].a,
        .name = t->b,
        .type = a->type,
        .init = value,
        .ref = ref,
    };
    if (!vec_push(&x->notes, note))
        x->failed = true;
}

static void assign_one(struct extract *x, struct py_assign *a, uint32_t term, uint32_t value)
{
    struct term t = x->terms.at[term];
    if (t.op == TERM_DEREF && op_of(x, t.a) == TERM_NAME) { /* *rest */
        term = t.a;
        t = x->terms.at[term];
        value = ex_lit(x, "list");
    }
    if (t.op == TERM_NAME) {
        x->refs.at[take_ref(x, a, term)].role = REF_NONE;
        if (!a->deletes)
            py_assign_name(x, a, t.a, value);
    } else if (t.op == TERM_MEMBER && !a->deletes) {
        assign_member(x, a, term, take_ref(x, a, term), value);
    }
}

/* Binds all names of a target: `a`, `a, (b, *c)`, `self.x`. */
void py_assign(struct extract *x, struct py_assign *a, uint32_t target, uint32_t value)
{
    struct {
        uint32_t term, value;
    } todo[32];
    unsigned n = 0;
    todo[n].term = target;
    todo[n++].value = value;
    while (n > 0) {
        n--;
        uint32_t to = todo[n].term, of = todo[n].value;
        if (op_of(x, to) != TERM_TUPLE) {
            assign_one(x, a, to, of);
            continue;
        }
        uint32_t parts = op_of(x, of) == TERM_TUPLE ? x->terms.at[of].b : 0;
        uint32_t i = 0;
        for (uint32_t l = x->terms.at[to].b; ex_is_list(x, l); l = x->terms.at[l].b, i++) {
            uint32_t item = x->terms.at[l].a, part = 0;
            if (ex_is_list(x, parts)) {
                part = x->terms.at[parts].a;
                parts = x->terms.at[parts].b;
            } else if (of != 0 && op_of(x, of) != TERM_TUPLE) {
                part = ex_term(x, TERM_PROJ, 0, of, i);
            }
            if (op_of(x, item) != TERM_TUPLE) {
                assign_one(x, a, item, part);
            } else if (n < 32) {
                todo[n].term = item;
                todo[n++].value = part;
            }
        }
    }
}

void py_leave_assignment(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    const struct kid *left = ex_kid(kids, n, F_LEFT), *type = ex_kid(kids, n, F_TYPE);
    const struct kid *right = ex_kid(kids, n, F_RIGHT);
    if (left == NULL)
        return;
    struct py_assign a = {
        .node = self->node,
        .targets = left,
        .right = right,
        .type = type != NULL ? type->term : 0,
        .from = ts_node_end_byte(self->node),
        .declares = true,
    };
    self->term = right != NULL ? right->term : 0;
    py_assign(x, &a, left->term, self->term);
}

/* `x := value`, in the function around, whatever comprehension it stands in. */
void py_leave_named(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    const struct kid *name = ex_kid(kids, n, F_NAME), *value = ex_kid(kids, n, F_VALUE);
    if (name == NULL || value == NULL)
        return;
    struct py_assign a = {
        .node = self->node, .targets = name, .from = ts_node_end_byte(self->node)};
    self->term = value->term;
    py_assign(x, &a, name->term, value->term);
}

void py_leave_delete(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        struct py_assign a = {.node = self->node, .targets = &kids[i], .deletes = true};
        py_assign(x, &a, kids[i].term, 0);
    }
}

/* ---- fields that methods make ---- */

static void make_field(struct extract *x, const struct ex_note *note, uint32_t scope)
{
    uint32_t b = ex_find(x, scope, note->name);
    if (b != 0) {
        uint32_t d = x->binds.at[b].def;
        if (x->binds.at[b].kind == BIND_DEF && x->defs.at[d].kind == NODE_FIELD)
            add_value(x, d, note->type, note->init);
        return;
    }
    uint32_t d = ex_def_leaf(x, note->node, note->name, NODE_FIELD, NS_ANY, note->owner, scope);
    x->defs.at[d].init = note->init;
    if (note->type != 0)
        py_set_type(x, note->type, &x->defs.at[d].type, &x->defs.at[d].init);
    assign_sig(x, d, note->node);
    py_mark_exported(x, d);
    x->refs.at[note->ref].role = REF_NONE;
    /* a member, but no bare name of the class's body */
    b = ex_find(x, scope, note->name);
    if (b != 0) {
        x->binds.at[b].flags |= BIND_SEQ;
        x->binds.at[b].from = UINT32_MAX;
    }
}

void py_make_fields(struct extract *x, uint32_t cls)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < x->notes.len; i++) {
        struct ex_note note = x->notes.at[i];
        if (note.owner == cls)
            make_field(x, &note, x->defs.at[cls].scope);
        else
            x->notes.at[kept++] = note;
    }
    vec_truncate(&x->notes, kept);
}
