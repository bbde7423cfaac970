/* Names and members. */
#include "index/eval_internal.h"

#include <string.h>

void targets_add(struct targets *t, struct ent def, const struct target *as, uint8_t layer)
{
    for (unsigned i = 0; i < t->n; i++) {
        if (t->at[i].def.file == def.file && t->at[i].def.def == def.def) {
            if (layer < t->at[i].layer)
                t->at[i].layer = layer;
            return;
        }
    }
    if (t->n == MAX_TARGETS) {
        t->more = true;
        return;
    }
    struct target *to = &t->at[t->n++];
    *to = *as;
    to->def = def;
    to->layer = layer;
}

void targets_merge(struct targets *to, const struct targets *from, uint8_t at_least)
{
    for (unsigned i = 0; i < from->n; i++) {
        const struct target *t = &from->at[i];
        targets_add(to, t->def, t, t->layer > at_least ? t->layer : at_least);
    }
    to->more |= from->more;
    to->external |= from->external;
    to->dynamic |= from->dynamic;
}

/* ---- binds ---- */

static void take_bind(struct eval *e, uint32_t file, const struct bind *b, const struct target *as,
                      uint8_t layer, struct targets *ret)
{
    if (b->kind == BIND_DEF) {
        targets_add(ret, (struct ent){file, b->def}, as, layer);
    } else if (b->kind == BIND_ALIAS) {
        struct targets inner;
        eval_alias(e, file, b->init, &inner);
        targets_merge(ret, &inner, layer);
    } else {
        ret->dynamic = true;
    }
}

static bool is_declaration(const struct pfile *f, const struct bind *b)
{
    return b->kind == BIND_DEF && (f->facts->defs[b->def].flags & FLAG_DECLARATION) != 0;
}

static bool is_conditional(const struct pfile *f, const struct bind *b)
{
    return b->kind == BIND_ALIAS ||
           (b->kind == BIND_DEF && (f->facts->defs[b->def].flags & FLAG_CONDITIONAL) != 0);
}

/* Binds of one name that stand beside each other under conditions: the first in the source that
 * means something is the answer, the others are candidates. */
static void take_twins(struct eval *e, uint32_t file, const struct bind *const *twins, unsigned n,
                       const struct target *as, struct targets *ret)
{
    unsigned before = ret->n;
    while (n-- > 0) /* the chain runs from the newest to the oldest */
        take_bind(e, file, twins[n], as, ret->n == before ? as->layer : LAYER_CANDIDATE, ret);
}

/* The first bind of the chain that means something wins; a declaration gives way to a definition
 * further on. */
void lookup_bind(struct eval *e, uint32_t file, uint32_t bind, unsigned ns, const struct target *as,
                 struct targets *ret)
{
    const struct pfile *f = eval_pfile(e, file);
    (void)eval_bind(e, file, bind); /* all further ones have its name */
    const struct bind *declared = NULL;
    const struct bind *twins[MAX_TARGETS];
    unsigned n = 0;
    unsigned before = ret->n;

    for (uint32_t i = bind; i != 0; i = f->facts->binds[i].next) {
        const struct bind *b = &f->facts->binds[i];
        if ((b->ns & ns) == 0)
            continue;
        if (is_declaration(f, b)) {
            declared = declared != NULL ? declared : b;
            continue;
        }
        bool conditional = is_conditional(f, b);
        if (conditional && n < MAX_TARGETS)
            twins[n++] = b;
        if (!conditional && n == 0)
            take_bind(e, file, b, as, as->layer, ret);
        if (!conditional)
            break;
    }
    take_twins(e, file, twins, n, as, ret);
    if (ret->n == before && declared != NULL)
        take_bind(e, file, declared, as, as->layer, ret);
}

/* ---- modules and free names ---- */

/* program_member, noted: also that there is none. */
static uint32_t member(const struct eval *e, uint32_t file, uint32_t scope, uint32_t sym)
{
    eval_note_member(e, file, sym);
    return program_member(e->p, file, scope, sym);
}

static bool exported(const struct pfile *f, uint32_t bind, unsigned ns)
{
    if ((f->lang->flags & LANG_EXPORTS_LISTED) == 0)
        return true;
    for (uint32_t i = bind; i != 0; i = f->facts->binds[i].next) {
        if ((f->facts->binds[i].flags & BIND_EXPORTED) != 0 && (f->facts->binds[i].ns & ns) != 0)
            return true;
    }
    return false;
}

/* No stamp is ever used twice: a search within a search must not be taken for this one. */
static void begin_search(struct eval *e)
{
    e->stamp = ++e->last_stamp;
}

static void search_stars(struct eval *e, uint32_t file, uint32_t scope, uint32_t sym, unsigned ns,
                         bool outside, struct targets *ret);

/* The scope of a file or namespace, then what it re-exports. */
static void search_module(struct eval *e, struct ent module, uint32_t sym, unsigned ns,
                          struct targets *ret)
{
    const struct pfile *f = eval_pfile(e, module.file);
    uint32_t scope = module.def == 0 ? 0 : eval_def(e, module)->scope;

    if (module.def == 0) {
        if (e->seen[module.file] == e->stamp)
            return;
        e->seen[module.file] = e->stamp;
    } else if (scope == 0) {
        return;
    }
    uint32_t bind = member(e, module.file, scope, sym);
    if (bind != 0 && exported(f, bind, ns))
        lookup_bind(e, module.file, bind, ns, &target_plain, ret);
    if (ret->n == 0)
        search_stars(e, module.file, scope, sym, ns, true, ret);
}

static void search_stars(struct eval *e, uint32_t file, uint32_t scope, uint32_t sym, unsigned ns,
                         bool outside, struct targets *ret)
{
    const struct facts *f = eval_pfile(e, file)->facts;

    eval_note_file(e, NOTE_STARS, file);
    if (!eval_enter(e))
        return;
    for (uint32_t s = f->scopes[scope].stars, n = 0; s != 0 && ret->n == 0 && n < f->n_stars;
         s = f->stars[s].next, n++) {
        if (outside && !f->stars[s].reexport)
            continue;
        uint32_t stamp = e->stamp;
        uint32_t v = eval_star(e, file, s);
        e->stamp = stamp;
        if (ty_kind(&e->types, v) == TY_MODULE) {
            search_module(e, ty_ent(&e->types, v), sym, ns, ret);
        } else if (ty_kind(&e->types, v) == TY_TYPE) { /* Rust: use Enum::* */
            eval_own_member(e, ty_ent(&e->types, v), sym, ns, ret);
        }
    }
    eval_leave(e);
}

/* A file that is the module `module.name`: Python's submodules. */
static void search_submodule(struct eval *e, uint32_t file, uint32_t sym, struct targets *ret)
{
    const struct pfile *f = eval_pfile(e, file);
    buf_reset(&e->text);
    buf_str(&e->text, f->module);
    buf_str(&e->text, f->lang->separator);
    buf_str(&e->text, eval_sym_text(e, sym));
    if (e->text.failed)
        return;
    eval_note_file(e, NOTE_FILE, file);
    uint32_t to = eval_module(e, e->text.p, e->text.n);
    for (; to != FILE_NONE; to = eval_pfile(e, to)->next_same) {
        if (eval_pfile(e, to)->lang == f->lang) {
            targets_add(ret, (struct ent){to, 0}, &target_plain, LAYER_EXACT);
            return;
        }
    }
}

void lookup_module_member(struct eval *e, struct ent module, uint32_t sym, unsigned ns,
                          struct targets *ret)
{
    begin_search(e);
    search_module(e, module, sym, ns, ret);
    if (ret->n == 0 && module.def == 0 && (ns & NS_TYPE) != 0)
        search_submodule(e, module.file, sym, ret);
}

void lookup_free(struct eval *e, uint32_t file, uint32_t sym, unsigned ns, uint32_t scope,
                 struct targets *ret)
{
    const struct pfile *f = eval_pfile(e, file);

    if (f->lang->flags & LANG_GLOBAL_LINKAGE) {
        linkage_lookup(e, file, sym, ns, ret);
        return;
    }
    for (uint32_t s = scope;; s = f->facts->scopes[s].parent) {
        begin_search(e);
        search_stars(e, file, s, sym, ns, false, ret);
        bool closed = (f->lang->flags & LANG_CLOSED_NAMESPACES) != 0 &&
                      f->facts->scopes[s].kind == SCOPE_NAMESPACE && (ns & NS_MACRO) == 0;
        if (ret->n > 0 || s == 0 || closed)
            break;
    }
    if (ret->n == 0 && (f->lang->flags & LANG_PACKAGE_NAMES) != 0 && (ns & NS_TYPE) != 0) {
        const char *name = eval_sym_text(e, sym);
        uint32_t to = eval_module(e, name, strlen(name));
        if (to != FILE_NONE && eval_pfile(e, to)->lang == f->lang)
            targets_add(ret, (struct ent){to, 0}, &target_plain, LAYER_EXACT);
    }
    if (ret->n == 0)
        ret->external = true;
}

/* ---- members of types ---- */

static void own_member(struct eval *e, struct ent type, const struct target *as, uint32_t sym,
                       unsigned ns, struct targets *ret)
{
    uint32_t scope = eval_def(e, type)->scope;
    uint32_t bind = scope != 0 ? member(e, type.file, scope, sym) : 0;
    if (bind != 0)
        lookup_bind(e, type.file, bind, ns, as, ret);
}

void eval_own_member(struct eval *e, struct ent type, uint32_t sym, unsigned ns,
                     struct targets *ret)
{
    own_member(e, type, &target_plain, sym, ns, ret);
}

unsigned eval_bases(struct eval *e, struct ent type, uint32_t *ret, unsigned n)
{
    const struct facts *f = eval_pfile(e, type.file)->facts;
    unsigned count = 0;
    for (uint32_t l = eval_def(e, type)->bases; facts_is_list(f, l) && count < n;
         l = f->terms[l].b) {
        uint32_t base = eval_type(e, type.file, f->terms[l].a);
        if (base != 0)
            ret[count++] = base;
    }
    return count;
}

struct member_query {
    uint32_t sym, recv, self;
    unsigned ns;
    uint8_t layer;
    unsigned depth;
};

static void type_members(struct eval *e, struct ent type, const struct member_query *q,
                         struct targets *ret);

static void members_of(struct eval *e, uint32_t ty, const struct member_query *q,
                       struct targets *ret);

/* Several bases, in a language that searches them in the order of C3. */
static void mro_members(struct eval *e, struct ent type, const struct member_query *q,
                        struct targets *ret)
{
    struct ty y = ty_get(&e->types, q->recv);
    bool own = (y.kind == TY_INST || y.kind == TY_TYPE) && y.file == type.file && y.def == type.def;
    uint32_t self =
        own ? ty_instance(&e->types, q->recv) : ty_make(&e->types, TY_INST, type, NULL, 0);
    uint32_t base;

    for (unsigned i = 1; ret->n == 0 && (base = eval_mro(e, self, i)) != 0; i++) {
        const struct target as = {
            .impl = ent_none, .recv = base, .self = q->self, .layer = q->layer};
        if (ty_kind(&e->types, base) == TY_INST) {
            own_member(e, ty_ent(&e->types, base), &as, q->sym, q->ns, ret);
        } else {
            struct member_query up = *q;
            up.depth++;
            up.recv = base;
            members_of(e, base, &up, ret);
        }
    }
}

static void bases_members(struct eval *e, struct ent type, const struct member_query *q,
                          struct targets *ret)
{
    uint32_t bases[MAX_BASES];
    unsigned n = eval_bases(e, type, bases, MAX_BASES);
    if (n > 1 && (eval_pfile(e, type.file)->lang->flags & LANG_MRO) != 0) {
        mro_members(e, type, q, ret);
        return;
    }
    for (unsigned i = 0; i < n && ret->n == 0; i++) {
        struct member_query up = *q;
        uint32_t base = q->recv != 0 ? base_on(e, bases[i], q->recv) : bases[i];
        up.depth++;
        up.recv = base;
        struct targets found = {0};
        members_of(e, base, &up, &found);
        targets_merge(ret, &found, 0);
    }
}

static uint32_t impls(const struct eval *e, uint64_t key)
{
    if (e->attaching)
        return 0;
    eval_note(e, NOTE_IMPLS, key, 0);
    return program_chain(&e->p->impls, key);
}

/* The impl blocks of a type: its own first, then those of traits, then what the traits give. */
static void impl_members(struct eval *e, uint64_t key, const struct member_query *q,
                         struct targets *ret)
{
    uint32_t chain = impls(e, key);
    for (unsigned traits = 0; traits < 2 && ret->n == 0; traits++) {
        for (uint32_t l = chain; l != 0; l = e->p->links.at[l].next) {
            struct ent impl = {e->p->links.at[l].file, e->p->links.at[l].index};
            const struct target as = {
                .impl = impl, .recv = q->recv, .self = q->self, .layer = q->layer};
            if ((eval_def(e, impl)->bases != 0) == (traits != 0))
                own_member(e, impl, &as, q->sym, q->ns, ret);
        }
    }
    for (uint32_t l = chain; l != 0 && ret->n == 0; l = e->p->links.at[l].next)
        bases_members(e, (struct ent){e->p->links.at[l].file, e->p->links.at[l].index}, q, ret);
}

/* Members of what a smart pointer of the tree derefs to. */
static void deref_members(struct eval *e, uint64_t key, const struct lang *lang,
                          const struct member_query *q, struct targets *ret)
{
    uint32_t sym = lang->deref_member != NULL ? program_sym(e->p, lang->deref_member) : 0;
    if (sym == 0 || sym == q->sym)
        return;
    for (uint32_t l = impls(e, key); l != 0 && ret->n == 0; l = e->p->links.at[l].next) {
        struct ent impl = {e->p->links.at[l].file, e->p->links.at[l].index};
        struct targets alias = {0};
        eval_own_member(e, impl, sym, NS_TYPE, &alias);
        if (alias.n != 1)
            continue;
        struct member_query to = *q;
        to.depth++;
        to.recv = to.self = ty_instance(&e->types, value_of_targets(e, &alias));
        if (to.recv != q->recv)
            members_of(e, to.recv, &to, ret);
    }
}

static void type_members(struct eval *e, struct ent type, const struct member_query *q,
                         struct targets *ret)
{
    const struct def *d = eval_def(e, type);
    const struct lang *lang = eval_pfile(e, type.file)->lang;
    const struct target as = {
        .impl = ent_none, .recv = q->recv, .self = q->self, .layer = q->layer};

    own_member(e, type, &as, q->sym, q->ns, ret);
    if (ret->n > 0)
        return;
    if (d->kind == NODE_IMPL && d->self != 0) {
        struct member_query self = *q;
        self.depth++;
        self.recv = eval_type(e, type.file, d->self);
        members_of(e, self.recv, &self, ret);
    }
    if (ret->n == 0 && (lang->flags & LANG_IMPLS) != 0)
        impl_members(e, program_impl_key(e->p, type), q, ret);
    if (ret->n == 0)
        bases_members(e, type, q, ret);
    if (ret->n == 0 && (lang->flags & LANG_IMPLS) != 0)
        deref_members(e, program_impl_key(e->p, type), lang, q, ret);
}

uint32_t bound_of_param(struct eval *e, struct ent param)
{
    const struct bind *b = eval_bind(e, param.file, param.def);
    return b->type != 0 ? eval_type(e, param.file, b->type) : 0;
}

/* A type parameter has the members of its bounds. */
static void param_members(struct eval *e, struct ent param, const struct member_query *q,
                          struct targets *ret)
{
    uint32_t bound = bound_of_param(e, param);
    struct member_query up = *q;
    up.depth++;
    up.recv = bound;
    if (bound != 0)
        members_of(e, bound, &up, ret);
}

static void library_members(struct eval *e, uint32_t ty, const struct member_query *q,
                            struct targets *ret)
{
    const struct lang *lang = eval_pfile(e, e->file)->lang;
    uint32_t pointee = library_pointee(e, lang, ty);
    struct member_query to = *q;

    impl_members(e, program_impl_key_name(e->p, ty_get(&e->types, ty).def), q, ret);
    to.depth++;
    to.recv = to.self = pointee;
    if (ret->n == 0 && pointee != 0)
        members_of(e, pointee, &to, ret);
    if (ret->n == 0)
        ret->external = true;
}

/* Each part of a union or meet. Several different finds in a union are candidates. */
static void parts_members(struct eval *e, uint32_t ty, const struct member_query *q,
                          struct targets *ret)
{
    bool either = ty_kind(&e->types, ty) == TY_UNION;
    unsigned n = ty_get(&e->types, ty).n_args;
    for (unsigned i = 0; i < n && (either || ret->n == 0); i++) {
        struct member_query part = *q;
        struct targets found = {0};
        part.depth++;
        part.recv = part.self = ty_arg(&e->types, ty, i);
        members_of(e, part.recv, &part, &found);
        targets_merge(ret, &found, 0);
    }
    if (either && ret->n > 1) {
        for (unsigned i = 0; i < ret->n; i++)
            ret->at[i].layer = LAYER_CANDIDATE;
    }
}

/* What is found above a type is still asked of a value of that type. */
static void super_members(struct eval *e, struct ent type, const struct member_query *q,
                          struct targets *ret)
{
    struct member_query up = *q;
    up.self = value_self(e, type);
    if (eval_def(e, type)->kind == NODE_IMPL)
        type_members(e, type, &up, ret);
    else
        bases_members(e, type, &up, ret);
}

static void members_of(struct eval *e, uint32_t ty, const struct member_query *q,
                       struct targets *ret)
{
    if (ty == 0 || q->depth > 12 || !eval_enter(e))
        return;
    struct ent def = ty_ent(&e->types, ty);
    struct member_query exact = *q;
    exact.layer = LAYER_EXACT;
    switch (ty_kind(&e->types, ty)) {
    case TY_INST: type_members(e, def, q, ret); break;
    case TY_TYPE: type_members(e, def, q->layer == LAYER_TYPED ? &exact : q, ret); break;
    case TY_SUPER: super_members(e, def, q, ret); break;
    case TY_MODULE: lookup_module_member(e, def, q->sym, q->ns, ret); break;
    case TY_PARAM: param_members(e, def, q, ret); break;
    case TY_LIB:
    case TY_LIBTYPE: library_members(e, ty, q, ret); break;
    case TY_UNION:
    case TY_MEET: parts_members(e, ty, q, ret); break;
    case TY_EXTERNAL: ret->external = true; break;
    case TY_NONE:
    case TY_FUNC:
    case TY_TUPLE:
    case TY_FN: break;
    }
    eval_leave(e);
}

void eval_members(struct eval *e, uint32_t ty, uint32_t sym, unsigned ns, struct targets *ret)
{
    const struct member_query q = {
        .sym = sym, .recv = ty, .self = ty, .ns = ns, .layer = LAYER_TYPED};
    members_of(e, ty, &q, ret);
}

/* ---- substitution in bases ---- */

struct on_ctx {
    struct eval *e;
    uint32_t recv;
};

static uint32_t on_part(void *ctx, uint32_t part)
{
    const struct on_ctx *c = ctx;
    const struct types *t = &c->e->types;
    struct ty y = ty_get(t, part);
    if (y.kind != TY_PARAM)
        return 0;
    const struct bind *b = eval_bind(c->e, y.file, y.def);
    struct ent recv = ty_ent(t, c->recv);
    if (recv.file != y.file || recv.def != b->def)
        return 0;
    return ty_arg(t, c->recv, b->index);
}

uint32_t base_on(struct eval *e, uint32_t base, uint32_t recv)
{
    struct on_ctx c = {e, recv};
    if (ty_kind(&e->types, recv) != TY_INST && ty_kind(&e->types, recv) != TY_TYPE)
        return base;
    return ty_map(&e->types, base, on_part, &c, 0);
}
