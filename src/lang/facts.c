#include "lang/facts.h"

#include "base/str.h"
#include "lang/terms.h"

const uint8_t term_operands[TERM_OP_COUNT] = {
    [TERM_NAME] = A_NAME,
    [TERM_FREE] = A_NAME | B_SCOPE,
    [TERM_BOUND] = A_BIND,
    [TERM_SELF] = A_DEF,
    [TERM_SELFTYPE] = A_DEF,
    [TERM_SUPER] = A_DEF,
    [TERM_HERE] = A_DEF,
    [TERM_PARENT] = A_TERM,
    [TERM_MODULE] = A_NAME,
    [TERM_PATH] = A_TERM | B_NAME,
    [TERM_MEMBER] = A_TERM | B_NAME,
    [TERM_CALL] = A_TERM | B_TERM,
    [TERM_NEW] = A_TERM | B_TERM,
    [TERM_INDEX] = A_TERM | B_TERM,
    [TERM_ELEM] = A_TERM,
    [TERM_DEREF] = A_TERM,
    [TERM_ADDR] = A_TERM,
    [TERM_AWAIT] = A_TERM,
    [TERM_TRY] = A_TERM,
    [TERM_APPLY] = A_TERM | B_TERM,
    [TERM_LIST] = A_TERM | B_TERM,
    [TERM_TUPLE] = B_TERM,
    [TERM_PROJ] = A_TERM,
    [TERM_UNION] = A_TERM | B_TERM,
    [TERM_MEET] = A_TERM | B_TERM,
    [TERM_FN] = A_TERM | B_TERM,
    [TERM_LIT] = A_NAME,
    [TERM_OFTYPE] = A_TERM,
    [TERM_TYPEOF] = A_TERM,
    [TERM_KEYED] = A_TERM | B_NAME,
};

const char *const term_op_names[TERM_OP_COUNT] = {
    [TERM_NONE] = "none",     [TERM_NAME] = "name",     [TERM_FREE] = "free",
    [TERM_BOUND] = "bound",   [TERM_SELF] = "self",     [TERM_SELFTYPE] = "selftype",
    [TERM_SUPER] = "super",   [TERM_ROOT] = "root",     [TERM_HERE] = "here",
    [TERM_PARENT] = "parent", [TERM_MODULE] = "module", [TERM_PATH] = "path",
    [TERM_MEMBER] = "member", [TERM_CALL] = "call",     [TERM_NEW] = "new",
    [TERM_INDEX] = "index",   [TERM_ELEM] = "elem",     [TERM_DEREF] = "deref",
    [TERM_ADDR] = "addr",     [TERM_AWAIT] = "await",   [TERM_TRY] = "try",
    [TERM_APPLY] = "apply",   [TERM_LIST] = "list",     [TERM_TUPLE] = "tuple",
    [TERM_PROJ] = "proj",     [TERM_UNION] = "union",   [TERM_MEET] = "meet",
    [TERM_FN] = "fn",         [TERM_LIT] = "lit",       [TERM_OFTYPE] = "oftype",
    [TERM_TYPEOF] = "typeof", [TERM_KEYED] = "keyed",
};

/* ---- checking ---- */

static int bad(struct err *err, const char *invariant, const char *what, uint32_t i)
{
    return err_set(err, PT_ECORRUPT, "facts break invariant %s at %s %u", invariant, what, i);
}

static bool term_ok(const struct facts *f, uint32_t i)
{
    const struct term *t = &f->terms[i];
    if (t->op >= TERM_OP_COUNT || t->op == TERM_NAME)
        return false;
    unsigned o = term_operands[t->op];
    return ((o & A_TERM) == 0 || t->a < i || t->a == 0) &&
           ((o & B_TERM) == 0 || t->b < i || t->b == 0) &&
           ((o & A_NAME) == 0 || t->a < f->n_syms) && ((o & B_NAME) == 0 || t->b < f->n_syms) &&
           ((o & B_SCOPE) == 0 || t->b < f->n_scopes) && ((o & A_BIND) == 0 || t->a < f->n_binds) &&
           ((o & A_DEF) == 0 || t->a < f->n_defs);
}

static bool bind_ok(const struct facts *f, uint32_t i)
{
    const struct bind *b = &f->binds[i];
    return b->name < f->n_syms && b->scope < f->n_scopes && b->def < f->n_defs &&
           b->type < f->n_terms && b->init < f->n_terms && (b->next < i || b->next == 0) &&
           b->kind <= BIND_TYPARAM;
}

static bool def_ok(const struct facts *f, uint32_t i)
{
    const struct def *d = &f->defs[i];
    return d->name < f->n_syms && d->sig < f->n_syms && d->scope < f->n_scopes &&
           (d->parent < i || (i == 0 && d->parent == 0)) && d->type < f->n_terms &&
           d->init < f->n_terms && d->bases < f->n_terms && d->self < f->n_terms &&
           d->kind < NODE_KIND_COUNT;
}

static int check_graph_of_names(const struct facts *f, struct err *err)
{
    for (uint32_t i = 0; i < f->n_scopes; i++) {
        const struct scope *s = &f->scopes[i];
        if ((s->parent >= i && (i != 0 || s->parent != 0)) || s->def >= f->n_defs ||
            s->stars >= f->n_stars)
            return bad(err, "F4", "scope", i);
    }
    for (uint32_t i = 0; i < f->n_stars; i++) {
        const struct star *s = &f->stars[i];
        if (s->term >= f->n_terms || s->next >= f->n_stars)
            return bad(err, "F1", "star", i);
        if (s->next <= i && s->next != 0)
            return bad(err, "F7", "star", i);
    }
    for (uint32_t i = 0; i < f->n_refs; i++) {
        const struct ref *r = &f->refs[i];
        if (r->term >= f->n_terms || r->from >= f->n_defs || r->role >= REF_ROLE_COUNT)
            return bad(err, "F1", "ref", i);
    }
    return PT_OK;
}

int facts_check(const struct facts *f, struct err *err)
{
    if (f->n_syms == 0 || f->n_terms == 0 || f->n_binds == 0 || f->n_scopes == 0 ||
        f->n_stars == 0 || f->n_defs == 0 || f->n_refs == 0 || f->n_pool == 0)
        return bad(err, "F1", "blank entry", 0);
    if (f->pool[f->n_pool - 1] != '\0')
        return bad(err, "F6", "pool", f->n_pool - 1);
    for (uint32_t i = 0; i < f->n_syms; i++) {
        if (f->syms[i] >= f->n_pool)
            return bad(err, "F6", "symbol", i);
    }
    for (uint32_t i = 0; i < f->n_terms; i++) {
        if (!term_ok(f, i))
            return bad(err, "F2", "term", i);
    }
    for (uint32_t i = 0; i < f->n_binds; i++) {
        if (!bind_ok(f, i))
            return bad(err, "F5", "bind", i);
    }
    for (uint32_t i = 0; i < f->n_defs; i++) {
        if (!def_ok(f, i))
            return bad(err, "F3", "def", i);
    }
    return check_graph_of_names(f, err);
}

/* ---- printing ---- */

static void print_term(const struct facts *f, struct buf *out, uint32_t i, unsigned depth)
{
    const struct term *t = &f->terms[i];
    unsigned o = term_operands[t->op];

    if (i == 0 || depth > 40) {
        buf_str(out, i == 0 ? "-" : "...");
        return;
    }
    if (t->op == TERM_LIST) {
        buf_char(out, '[');
        for (uint32_t l = i, n = 0; l != 0 && n < 200; l = f->terms[l].b, n++) {
            if (n > 0)
                buf_str(out, ", ");
            print_term(f, out, f->terms[l].a, depth + 1);
        }
        buf_char(out, ']');
        return;
    }
    buf_str(out, term_op_names[t->op]);
    buf_char(out, '(');
    if (o & A_TERM)
        print_term(f, out, t->a, depth + 1);
    if (o & A_NAME)
        buf_str(out, facts_str(f, t->a));
    if (o & A_BIND)
        buf_printf(out, "%s:%u", facts_str(f, f->binds[t->a].name), t->a);
    if (o & A_DEF)
        buf_str(out, facts_str(f, f->defs[t->a].name));
    if (o & (B_TERM | B_NAME))
        buf_str(out, ", ");
    if (o & B_TERM)
        print_term(f, out, t->b, depth + 1);
    if (o & B_NAME)
        buf_str(out, facts_str(f, t->b));
    if (t->op == TERM_PROJ)
        buf_printf(out, ", %u", t->b);
    buf_char(out, ')');
}

static void print_field(const struct facts *f, struct buf *out, const char *name, uint32_t term)
{
    if (term == 0)
        return;
    buf_printf(out, " %s=", name);
    print_term(f, out, term, 0);
}

static void print_defs(const struct facts *f, struct buf *out)
{
    for (uint32_t i = 0; i < f->n_defs; i++) {
        const struct def *d = &f->defs[i];
        buf_printf(out, "def %u %s %s in %u scope %u line %u-%u flags %x arity %u-%u", i,
                   node_kind_name(d->kind), facts_str(f, d->name), d->parent, d->scope, d->line,
                   d->end_line, d->flags, d->arity_min, d->arity_max);
        print_field(f, out, "type", d->type);
        print_field(f, out, "init", d->init);
        print_field(f, out, "bases", d->bases);
        print_field(f, out, "self", d->self);
        if (d->sig != 0)
            buf_printf(out, " sig `%s`", facts_str(f, d->sig));
        if (d->doc_end > d->doc_start)
            buf_printf(out, " doc %u-%u", d->doc_start, d->doc_end);
        buf_char(out, '\n');
    }
}

static void print_binds(const struct facts *f, struct buf *out)
{
    static const char *const kinds[] = {"def", "var", "alias", "typaram"};
    for (uint32_t i = 1; i < f->n_binds; i++) {
        const struct bind *b = &f->binds[i];
        buf_printf(out, "bind %u %s %s in scope %u ns %x flags %x", i, kinds[b->kind],
                   facts_str(f, b->name), b->scope, b->ns, b->flags);
        if (b->def != 0)
            buf_printf(out, " def %u", b->def);
        if (b->next != 0)
            buf_printf(out, " next %u", b->next);
        print_field(f, out, "type", b->type);
        print_field(f, out, "init", b->init);
        buf_char(out, '\n');
    }
}

void facts_print(const struct facts *f, struct buf *out)
{
    static const char *const roles[] = {"none",       "call",    "new",     "use",
                                        "type",       "accepts", "returns", "extends",
                                        "implements", "import",  "macro",   "decorate"};
    buf_printf(out, "facts flags %x bytes %u lines %u\n", f->flags, f->bytes, f->lines);
    print_defs(f, out);
    for (uint32_t i = 0; i < f->n_scopes; i++) {
        const struct scope *s = &f->scopes[i];
        buf_printf(out, "scope %u kind %u parent %u def %u", i, s->kind, s->parent, s->def);
        for (uint32_t k = s->stars, n = 0; k != 0 && n < f->n_stars; k = f->stars[k].next, n++)
            print_field(f, out, f->stars[k].reexport ? "star!" : "star", f->stars[k].term);
        buf_char(out, '\n');
    }
    print_binds(f, out);
    for (uint32_t i = 1; i < f->n_refs; i++) {
        const struct ref *r = &f->refs[i];
        buf_printf(out, "ref %s from %u (%s) at %u:%u ", roles[r->role], r->from,
                   facts_str(f, f->defs[r->from].name), r->line, r->col);
        print_term(f, out, r->term, 0);
        buf_char(out, '\n');
    }
}
