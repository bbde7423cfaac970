/* Names with external linkage (C): what a file sees through its includes, and which definition a
 * declaration stands for. */
#include "index/eval_internal.h"

#include <string.h>

/* ---- include closure ---- */

void linkage_forget(struct eval *e)
{
    for (uint32_t i = 0; i < e->reach.len; i++)
        e->reach_rank[e->reach.at[i]] = 0;
    vec_clear(&e->reach);
    e->closure_of = FILE_NONE;
}

static void reach_file(struct eval *e, uint32_t file)
{
    if (e->reach_rank[file] != 0)
        return;
    if (!vec_push(&e->reach, file)) {
        e->failed = true;
        return;
    }
    e->reach_rank[file] = e->reach.len;
}

/* All files that e->file includes, directly or not, breadth first. What other files include is not
 * noted: who reaches a file is found by going back from it. */
static void need_closure(struct eval *e)
{
    if (e->closure_of == e->file)
        return;
    e->closure_of = e->file;
    e->closure_open = false;
    reach_file(e, e->file);
    for (uint32_t i = 0; i < e->reach.len; i++) {
        const struct pfile *f = eval_pfile(e, e->reach.at[i]);
        e->closure_open |= f->includes_open;
        for (uint32_t k = 0; k < f->n_includes; k++)
            reach_file(e, f->includes[k]);
    }
}

/* The chain of what bears the name in the file scope of any file. */
static uint32_t globals(const struct eval *e, uint32_t sym)
{
    eval_note_sym(e, NOTE_GLOBAL, sym);
    return program_chain(&e->p->globals, sym);
}

/* ---- candidates ---- */

static const struct def *def_of(const struct eval *e, const struct link *l)
{
    const struct facts *f = eval_pfile(e, l->file)->facts;
    const struct bind *b = &f->binds[l->index];
    return b->kind == BIND_DEF ? &f->defs[b->def] : NULL;
}

static bool has_linkage(const struct def *d)
{
    return (d->kind == NODE_FUNCTION || d->kind == NODE_VARIABLE || d->kind == NODE_CONSTANT) &&
           (d->flags & (FLAG_STATIC | FLAG_DECLARATION)) == 0;
}

static size_t folders_in_common(const char *a, const char *b)
{
    size_t same = 0;
    for (size_t i = 0; a[i] != '\0' && a[i] == b[i]; i++)
        same += a[i] == '/';
    return same;
}

/* Where an #include was not understood, the static function of a header may be what is called. */
static void add_header_rivals(struct eval *e, const char *near, uint32_t sym, size_t best_common,
                              struct targets *best)
{
    for (uint32_t l = globals(e, sym); l != 0; l = e->p->links.at[l].next) {
        const struct link *k = &e->p->links.at[l];
        const struct def *d = def_of(e, k);
        const char *path = eval_pfile(e, k->file)->path;
        if (d == NULL || d->kind != NODE_FUNCTION || has_linkage(d) ||
            (d->flags & FLAG_DECLARATION) != 0 || !slice_ends(slice_from(path), SLICE(".h")) ||
            folders_in_common(path, near) < best_common)
            continue;
        uint32_t def = eval_pfile(e, k->file)->facts->binds[k->index].def;
        targets_add(best, (struct ent){k->file, def}, &target_plain, LAYER_CANDIDATE);
    }
}

/* The definitions with linkage of a name, those in the nearest folder only. One: it is the one
 * that a linker would take; several programs in one tree: candidates. `declared`: a declaration of
 * it is in sight, otherwise nothing but its name speaks for it, and where an #include leads out of
 * the tree not even that: what it declares may come from elsewhere, or be renamed by a macro. */
static void linked(struct eval *e, uint32_t near_file, uint32_t sym, bool declared,
                   struct targets *ret)
{
    const char *near = eval_pfile(e, near_file)->path;
    const uint8_t one = declared ? LAYER_EXACT : e->closure_open ? LAYER_CANDIDATE : LAYER_UNIQUE;
    struct targets best = {0};
    size_t best_common = 0;

    for (uint32_t l = globals(e, sym); l != 0; l = e->p->links.at[l].next) {
        const struct link *k = &e->p->links.at[l];
        const struct def *d = def_of(e, k);
        if (d == NULL || !has_linkage(d))
            continue;
        uint32_t def = eval_pfile(e, k->file)->facts->binds[k->index].def;
        size_t common = folders_in_common(eval_pfile(e, k->file)->path, near);
        if (common > best_common)
            best = (struct targets){0};
        if (best.n == 0 || common >= best_common) {
            best_common = common > best_common ? common : best_common;
            targets_add(&best, (struct ent){k->file, def}, &target_plain, one);
        }
    }
    if (best.n > 0 && !declared && e->closure_open)
        add_header_rivals(e, near, sym, best_common, &best);
    /* the two branches of an #if in one file are one definition to whoever calls it */
    bool one_file = best.n > 1;
    for (unsigned i = 1; i < best.n; i++)
        one_file = one_file && best.at[i].def.file == best.at[0].def.file;
    for (unsigned i = one_file ? 1 : 0; best.n > 1 && i < best.n; i++)
        best.at[i].layer = LAYER_CANDIDATE;
    targets_merge(ret, &best, 0);
}

static bool is_declared_only(const struct def *d)
{
    return (d->flags & FLAG_DECLARATION) != 0;
}

/* The same name declared and defined in one file: the definition, static or not. */
static bool defined_in(struct eval *e, uint32_t file, uint32_t sym, unsigned ns, struct ent *ret)
{
    for (uint32_t l = globals(e, sym); l != 0; l = e->p->links.at[l].next) {
        const struct link *k = &e->p->links.at[l];
        const struct def *d = k->file == file ? def_of(e, k) : NULL;
        if (d == NULL || is_declared_only(d) || (d->ns & ns) == 0)
            continue;
        *ret = (struct ent){file, eval_pfile(e, file)->facts->binds[k->index].def};
        return true;
    }
    return false;
}

/* A tag or type that is only declared here and defined once in the tree. */
static void defined_once(struct eval *e, uint32_t sym, unsigned ns, struct targets *ret)
{
    for (uint32_t l = globals(e, sym); l != 0; l = e->p->links.at[l].next) {
        const struct link *k = &e->p->links.at[l];
        const struct def *d = def_of(e, k);
        if (d == NULL || is_declared_only(d) || (d->ns & ns & NS_TAG) == 0)
            continue;
        targets_add(ret, (struct ent){k->file, eval_pfile(e, k->file)->facts->binds[k->index].def},
                    &target_plain, LAYER_EXACT);
    }
    for (unsigned i = 0; ret->n > 1 && i < ret->n; i++)
        ret->at[i].layer = LAYER_CANDIDATE;
}

void linkage_define(struct eval *e, struct targets *t)
{
    struct targets out = {.more = t->more, .external = t->external, .dynamic = t->dynamic};

    for (unsigned i = 0; i < t->n; i++) {
        struct ent at = t->at[i].def;
        const struct pfile *f = eval_pfile(e, at.file);
        const struct def *d = eval_def(e, at);
        struct targets found = {0};
        struct ent here;
        if ((f->lang->flags & LANG_GLOBAL_LINKAGE) == 0 || !is_declared_only(d)) {
            targets_add(&out, at, &t->at[i], t->at[i].layer);
            continue;
        }
        uint32_t sym = pfile_sym(f, d->name);
        if (defined_in(e, at.file, sym, d->ns, &here))
            targets_add(&found, here, &target_plain, LAYER_EXACT);
        else if (d->ns & NS_TAG)
            defined_once(e, sym, d->ns, &found);
        else if ((d->flags & FLAG_STATIC) == 0)
            linked(e, at.file, sym, true, &found);
        if (found.n == 0)
            targets_add(&found, at, &target_plain, t->at[i].layer);
        targets_merge(&out, &found, t->at[i].layer);
    }
    *t = out;
}

/* ---- */

static bool better(const struct def *d, uint32_t rank, const struct def *best, uint32_t best_rank)
{
    if (best == NULL)
        return true;
    bool a = !is_declared_only(d), b = !is_declared_only(best);
    return a != b ? a : rank < best_rank;
}

/* Functions of one name in several files that all are included: which one is meant hangs on an #if
 * around the #include. */
static void add_rivals(struct eval *e, uint32_t sym, struct ent best, struct targets *ret)
{
    for (uint32_t l = globals(e, sym); l != 0; l = e->p->links.at[l].next) {
        const struct link *k = &e->p->links.at[l];
        const struct def *d = def_of(e, k);
        if (d == NULL || k->file == best.file || e->reach_rank[k->file] == 0 ||
            d->kind != NODE_FUNCTION || is_declared_only(d))
            continue;
        uint32_t def = eval_pfile(e, k->file)->facts->binds[k->index].def;
        targets_add(ret, (struct ent){k->file, def}, &target_plain, LAYER_CANDIDATE);
    }
    if (ret->n > 1)
        ret->at[0].layer = LAYER_CANDIDATE;
}

void linkage_lookup(struct eval *e, uint32_t file, uint32_t sym, unsigned ns, struct targets *ret)
{
    const struct def *best = NULL;
    uint32_t best_rank = 0;
    struct ent at = ent_none;

    need_closure(e);
    for (uint32_t l = globals(e, sym); l != 0; l = e->p->links.at[l].next) {
        const struct link *k = &e->p->links.at[l];
        const struct def *d = def_of(e, k);
        uint32_t rank = e->reach_rank[k->file];
        if (d == NULL || rank == 0 || (d->ns & ns) == 0 || !better(d, rank, best, best_rank))
            continue;
        best = d;
        best_rank = rank;
        at = (struct ent){k->file, eval_pfile(e, k->file)->facts->binds[k->index].def};
    }
    if (best != NULL) {
        targets_add(ret, at, &target_plain, LAYER_EXACT);
        if (best->kind == NODE_FUNCTION && !is_declared_only(best))
            add_rivals(e, sym, at, ret);
    } else if (ns & NS_VALUE) {
        linked(e, file, sym, false, ret);
    }
    if (ret->n == 0)
        ret->external = true;
}
