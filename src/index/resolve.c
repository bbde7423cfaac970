#include "index/resolve.h"

#include <stdlib.h>
#include <string.h>

#define MAX_BASES 16u

int resolver_init(struct resolver *r, const struct program *p, struct err *err)
{
    memset(r, 0, sizeof(*r));
    return eval_init(&r->eval, p, err);
}

void resolver_release(struct resolver *r)
{
    if (r->eval.p != NULL)
        eval_release(&r->eval);
    vec_release(&r->edges);
}

/* The reference under way. */
struct at {
    struct resolver *r;
    uint32_t file;
    const struct pfile *f;
    struct unit *unit;
    const struct ref *ref;
    struct ent from;
};

static uint64_t sig_of(const struct resolver *r, struct ent d)
{
    eval_note_file(&r->eval, NOTE_FILE, d.file); /* its module name is part of it */
    (void)eval_def(&r->eval, d);
    return eval_pfile(&r->eval, d.file)->sigs[d.def];
}

static void add_edge(struct at *a, struct ent from, struct ent to, enum edge_kind kind,
                     uint8_t layer)
{
    struct unit_edge edge = {
        .from = sig_of(a->r, from),
        .to = sig_of(a->r, to),
        .line = a->ref == NULL                 ? 0
                : a->ref->line < UNIT_LINE_MAX ? a->ref->line
                                               : UNIT_LINE_MAX,
        .col = a->ref != NULL ? a->ref->col : 0,
        .kind = (uint8_t)kind,
        .layer = layer,
    };
    if (kind == EDGE_USES && edge.from == edge.to)
        return;
    if (!vec_push(&a->r->edges, edge))
        a->r->eval.failed = true;
}

/* ---- calls ---- */

static bool constructs(const struct lang *lang)
{
    return lang->constructor != NULL;
}

/* A call of a type is a call of its constructor, or of the type where it has none. */
static void call_type(struct at *a, const struct target *t, uint8_t layer)
{
    struct eval *e = &a->r->eval;
    const struct lang *lang = eval_pfile(e, t->def.file)->lang;
    struct targets ctor = {0};
    uint32_t sym = constructs(lang) ? program_sym(e->p, lang->constructor) : 0;

    if (!constructs(lang)) {
        add_edge(a, a->from, t->def, EDGE_USES, layer);
        return;
    }
    if (sym != 0) {
        eval_own_member(e, t->def, sym, NS_VALUE, &ctor);
        if (ctor.n == 0 && (lang->flags & LANG_CONSTRUCTOR_INHERITED) != 0)
            eval_members(e, ty_make(&e->types, TY_INST, t->def, NULL, 0), sym, NS_VALUE, &ctor);
    }
    add_edge(a, a->from, ctor.n > 0 ? ctor.at[0].def : t->def, EDGE_CALLS, layer);
}

static void call_target(struct at *a, const struct target *t, unsigned depth);

/* A call through a variable or field: what it holds if that is known, else only the variable. */
static void call_value_of(struct at *a, const struct target *t, unsigned depth)
{
    struct eval *e = &a->r->eval;
    const struct def *d = eval_def(e, t->def);
    uint32_t v = d->init != 0 && d->type == 0 ? eval_value(e, t->def.file, d->init) : 0;
    struct ty y = ty_get(&e->types, v);

    if (depth == 0 && (y.kind == TY_FUNC || y.kind == TY_TYPE) && d->kind == NODE_CONSTANT) {
        struct target held = {.def = ty_ent(&e->types, v), .layer = LAYER_TYPED};
        held.impl.file = FILE_NONE;
        if (t->layer > held.layer)
            held.layer = t->layer;
        call_target(a, &held, depth + 1);
        return;
    }
    /* a constant that is a function expression is that function's name */
    bool is_function = y.kind == TY_FN && d->kind == NODE_CONSTANT;
    add_edge(a, a->from, t->def, is_function ? EDGE_CALLS : EDGE_USES, t->layer);
}

static void call_target(struct at *a, const struct target *t, unsigned depth)
{
    const struct def *d = eval_def(&a->r->eval, t->def);
    switch ((enum node_kind)d->kind) {
    case NODE_FUNCTION:
    case NODE_METHOD:
        if ((d->flags & FLAG_PROPERTY) == 0)
            add_edge(a, a->from, t->def, EDGE_CALLS, t->layer);
        else
            add_edge(a, a->from, t->def, EDGE_USES, t->layer);
        break;
    case NODE_STRUCT:
    case NODE_UNION:
    case NODE_CLASS:
    case NODE_ENUM:
    case NODE_TRAIT:
    case NODE_INTERFACE: call_type(a, t, t->layer); break;
    case NODE_CONSTANT:
    case NODE_STATIC:
    case NODE_VARIABLE:
    case NODE_FIELD: call_value_of(a, t, depth); break;
    case NODE_VARIANT:
    case NODE_TYPE_ALIAS:
    case NODE_MACRO: /* expanded, not called: its body's calls are the macro's own */
        add_edge(a, a->from, t->def, EDGE_USES, t->layer);
        break;
    default: break;
    }
}

/* ---- other roles ---- */

static void use_target(struct at *a, const struct target *t, enum edge_kind kind)
{
    const struct def *d = eval_def(&a->r->eval, t->def);
    if (node_kind_is_container(d->kind) && kind != EDGE_IMPORTS)
        return;
    if (d->kind == NODE_IMPL)
        return;
    add_edge(a, a->from, t->def, kind, t->layer);
}

static enum edge_kind edge_of_role(uint8_t role)
{
    switch ((enum ref_role)role) {
    case REF_ACCEPTS: return EDGE_ACCEPTS;
    case REF_RETURNS: return EDGE_RETURNS;
    case REF_EXTENDS: return EDGE_EXTENDS;
    case REF_IMPLEMENTS: return EDGE_IMPLEMENTS;
    case REF_IMPORT: return EDGE_IMPORTS;
    default: return EDGE_USES;
    }
}

static bool is_call(uint8_t role)
{
    return role == REF_CALL || role == REF_NEW || role == REF_MACRO || role == REF_DECORATE;
}

/* ---- members of receivers of which nothing is known ---- */

static bool is_common(const struct lang *lang, const char *name)
{
    for (const char *const *c = lang->common_members; c != NULL && *c != NULL; c++) {
        if (strcmp(*c, name) == 0)
            return true;
    }
    return name[0] == '_' && name[1] == '_';
}

static bool is_of_self(const struct facts *f, uint32_t term)
{
    const struct term *t = &f->terms[term];
    if (t->op != TERM_MEMBER)
        return false;
    t = &f->terms[t->a];
    if (t->op == TERM_BOUND)
        t = &f->terms[f->binds[t->a].init];
    return t->op == TERM_SELF;
}

/* Every definition in reach that is a member of that name: one is LAYER_UNIQUE, several are
 * candidates. */
static void unique_members(struct at *a, const struct term *t, struct targets *ret)
{
    struct eval *e = &a->r->eval;
    uint32_t sym = pfile_sym(a->f, t->b);
    if (is_common(a->f->lang, facts_str(a->f->facts, t->b)))
        return;
    eval_note_sym(e, NOTE_UNIQUE, sym);
    for (uint32_t l = program_chain(&e->p->by_name, sym); l != 0; l = e->p->links.at[l].next) {
        const struct link *k = &e->p->links.at[l];
        struct ent d = {k->file, k->index};
        const struct def *def = &eval_pfile(e, d.file)->facts->defs[d.def]; /* that note says it */
        if (!lang_reaches(a->f->facts->lang, eval_pfile(e, k->file)->facts->lang) ||
            (def->flags & FLAG_DECLARATION) != 0)
            continue;
        if (is_call(a->ref->role) && !node_kind_is_callable(def->kind))
            continue;
        if (d.file == a->file && d.def == a->ref->from && is_of_self(a->f->facts, t->a))
            continue; /* self.x.f() inside of f hands on to another f */
        if (ret->n == MAX_TARGETS) {
            *ret = (struct targets){0}; /* too many to be worth anything */
            return;
        }
        ret->at[ret->n++] =
            (struct target){.def = d, .impl = {FILE_NONE, 0}, .layer = LAYER_UNIQUE};
    }
    for (unsigned i = 0; ret->n > 1 && i < ret->n; i++)
        ret->at[i].layer = LAYER_CANDIDATE;
}

/* ---- one reference ---- */

static void count(struct at *a, const struct targets *t)
{
    uint8_t best = LAYER_COUNT;
    for (unsigned i = 0; i < t->n; i++)
        best = t->at[i].layer < best ? t->at[i].layer : best;
    if (t->n > 0)
        a->unit->refs_by_layer[best]++;
    else if (t->external)
        a->unit->unresolved[UNRESOLVED_EXTERNAL]++;
    else if (t->dynamic)
        a->unit->unresolved[UNRESOLVED_DYNAMIC]++;
    else
        a->unit->unresolved[UNRESOLVED_UNKNOWN]++;
}

/* The type that an impl block adds to, for edges that the block's header makes. */
static struct ent impl_owner(struct at *a, struct ent impl)
{
    struct eval *e = &a->r->eval;
    uint32_t self = eval_type(e, impl.file, eval_def(e, impl)->self);
    return ty_kind(&e->types, self) == TY_INST ? ty_ent(&e->types, self) : impl;
}

static void find_targets(struct at *a, struct targets *ret)
{
    struct eval *e = &a->r->eval;
    const struct facts *f = a->f->facts;
    const struct term *t = &f->terms[a->ref->term];
    uint32_t term = a->ref->term;

    if (is_call(a->ref->role) && (t->op == TERM_CALL || t->op == TERM_NEW)) {
        term = t->a;
        t = &f->terms[term];
    }
    eval_lookup(e, a->file, term, ret);
    bool unknown = ret->n == 0 && !ret->external && t->op == TERM_MEMBER;
    if (unknown && (a->f->lang->flags & LANG_UNIQUE_MEMBERS) != 0 &&
        eval_value(e, a->file, t->a) == 0)
        unique_members(a, t, ret);
}

static void resolve_ref(struct at *a)
{
    struct targets found;
    find_targets(a, &found);
    count(a, &found);
    a->from = (struct ent){a->file, a->ref->role == REF_IMPORT ? 0 : a->ref->from};
    if (eval_def(&a->r->eval, a->from)->kind == NODE_IMPL &&
        (a->ref->role == REF_IMPLEMENTS || a->ref->role == REF_EXTENDS))
        a->from = impl_owner(a, a->from);
    for (unsigned i = 0; i < found.n; i++) {
        if (is_call(a->ref->role))
            call_target(a, &found.at[i], 0);
        else
            use_target(a, &found.at[i], edge_of_role(a->ref->role));
    }
}

/* ---- what needs no reference ---- */

static void contain(struct at *a, uint32_t def)
{
    const struct def *d = &a->f->facts->defs[def];
    struct ent parent = {a->file, d->parent};
    bool container = node_kind_is_container(eval_def(&a->r->eval, parent)->kind);
    add_edge(a, parent, (struct ent){a->file, def}, container ? EDGE_CONTAINS : EDGE_DEFINES,
             LAYER_EXACT);
}

/* A member overrides the member of that name that its type's bases (its impl's trait) give. */
static void override(struct at *a, uint32_t def)
{
    struct eval *e = &a->r->eval;
    const struct def *d = &a->f->facts->defs[def];
    struct ent parent = {a->file, d->parent};
    uint8_t kind = eval_def(e, parent)->kind;
    if (d->kind != NODE_METHOD || d->name == 0 || (d->flags & FLAG_CONSTRUCTOR) != 0 ||
        !(node_kind_is_type(kind) || kind == NODE_IMPL))
        return;
    uint32_t bases[MAX_BASES];
    unsigned n = eval_bases(e, parent, bases, MAX_BASES);
    struct ref site = {.line = d->line, .col = 1};
    for (unsigned i = 0; i < n; i++) {
        struct targets found = {0};
        eval_members(e, bases[i], pfile_sym(a->f, d->name), NS_VALUE, &found);
        a->ref = &site;
        if (found.n > 0 && !(found.at[0].def.file == a->file && found.at[0].def.def == def) &&
            node_kind_is_callable(eval_def(e, found.at[0].def)->kind))
            add_edge(a, (struct ent){a->file, def}, found.at[0].def, EDGE_OVERRIDES, LAYER_EXACT);
        a->ref = NULL;
    }
}

/* An impl block of a trait says that its type implements the trait. */
static void implement(struct at *a, uint32_t def)
{
    struct eval *e = &a->r->eval;
    const struct def *d = &a->f->facts->defs[def];
    if (d->kind != NODE_IMPL || d->bases == 0)
        return;
    struct ref site = {.line = d->line, .col = 1};
    struct ent owner = impl_owner(a, (struct ent){a->file, def});
    a->ref = &site;
    for (uint32_t l = d->bases; facts_is_list(a->f->facts, l); l = a->f->facts->terms[l].b) {
        struct targets found;
        eval_lookup(e, a->file, a->f->facts->terms[l].a, &found);
        for (unsigned i = 0; i < found.n; i++)
            add_edge(a, owner, found.at[i].def, EDGE_IMPLEMENTS, found.at[i].layer);
    }
    a->ref = NULL;
}

/* ---- */

static int keep_edges(struct resolver *r, struct arena *arena, struct unit *unit, struct err *err)
{
    uint32_t n = unit_edges_sort(r->edges.at, r->edges.len);
    struct unit_edge *out = arena_alloc(arena, (size_t)n * sizeof(*out) + 1);
    if (out == NULL)
        return err_set(err, PT_ENOMEM, "out of memory for the edges of %s", unit->path);
    if (n > 0)
        memcpy(out, r->edges.at, (size_t)n * sizeof(*out));
    unit->edges = out;
    unit->n_edges = n;
    return PT_OK;
}

int resolve_file(struct resolver *r, uint32_t file, struct arena *arena, struct unit *unit,
                 struct err *err)
{
    struct at a = {.r = r, .file = file, .f = eval_pfile(&r->eval, file), .unit = unit};
    const struct facts *f = a.f->facts;

    vec_clear(&r->edges);
    if (!eval_begin_file(&r->eval, file))
        return eval_memory(&r->eval, a.f->path, err);
    for (uint32_t d = 1; d < f->n_defs; d++) {
        contain(&a, d);
        override(&a, d);
        implement(&a, d);
    }
    for (uint32_t i = 1; i < f->n_refs; i++) {
        a.ref = &f->refs[i];
        resolve_ref(&a);
    }
    int rc = eval_memory(&r->eval, a.f->path, err);
    return rc == PT_OK ? keep_edges(r, arena, unit, err) : rc;
}
