#include "index/eval_internal.h"

#include "base/mem.h"

#include <string.h>

#define MAX_DEPTH 48u
#define FUEL 4000000u /* steps for one file */

/* ---- life ---- */

/* For as many files as the program has. */
static bool make_room(struct eval *e)
{
    uint32_t n = e->p->files.len + 1;
    if (n <= e->n_files)
        return true;
    n += n / 8;
    mem_free(e->seen);
    mem_free(e->reach_rank);
    e->seen = mem_calloc(n, sizeof(*e->seen));
    e->reach_rank = mem_calloc(n, sizeof(*e->reach_rank));
    e->n_files = e->seen != NULL && e->reach_rank != NULL ? n : 0;
    e->stamp = e->last_stamp = 0;
    vec_clear(&e->reach); /* its ranks are gone */
    return e->n_files != 0;
}

int eval_init(struct eval *e, const struct program *p, struct err *err)
{
    memset(e, 0, sizeof(*e));
    e->p = p;
    e->closure_of = FILE_NONE;
    types_init(&e->types);
    if (make_room(e) && !e->types.failed)
        return PT_OK;
    eval_release(e);
    return err_set(err, PT_ENOMEM, "out of memory for the evaluator");
}

void eval_release(struct eval *e)
{
    types_release(&e->types);
    map_release(&e->memo);
    map_release(&e->aliases.at);
    vec_release(&e->aliases.found);
    vec_release(&e->aliases.unsure);
    mem_free(e->seen);
    mem_free(e->reach_rank);
    vec_release(&e->reach);
    vec_release(&e->lines);
    buf_release(&e->text);
    memset(e, 0, sizeof(*e));
}

bool eval_begin_file(struct eval *e, uint32_t file)
{
    types_clear(&e->types);
    vec_clear(&e->lines);
    if (map_bytes(&e->memo) > 1u << 18)
        map_release(&e->memo);
    else
        map_clear(&e->memo);
    e->failed = !make_room(e);
    if (e->last_stamp > UINT32_MAX / 2 && !e->failed) {
        memset(e->seen, 0, e->n_files * sizeof(*e->seen));
        e->last_stamp = 0;
    }
    e->file = file;
    e->depth = 0;
    e->fuel = FUEL;
    linkage_forget(e);
    return !e->failed;
}

bool eval_enter(struct eval *e)
{
    if (e->depth >= MAX_DEPTH || e->fuel == 0)
        return false;
    e->depth++;
    e->fuel--;
    return true;
}

void eval_leave(struct eval *e)
{
    e->depth--;
}

/* ---- memo ---- */

bool memo_begin(struct eval *e, enum memo_of what, uint32_t file, uint32_t index, uint64_t *ret_key,
                uint32_t *ret_value)
{
    uint64_t key = (uint64_t)what << 61 | (uint64_t)file << 32 | index;
    bool fresh = false;
    uint32_t *v = map_put(&e->memo, key, MEMO_BUSY, &fresh);
    *ret_key = key;
    if (v == NULL) {
        e->failed = true;
        *ret_value = 0;
        return true;
    }
    *ret_value = *v == MEMO_BUSY ? 0 : *v;
    return !fresh;
}

uint32_t memo_end(struct eval *e, uint64_t key, uint32_t value)
{
    bool fresh = false;
    uint32_t *v = map_put(&e->memo, key, value, &fresh);
    if (v == NULL || (e->aliases.circle && !vec_push(&e->aliases.unsure, key)))
        e->failed = true;
    if (v != NULL)
        *v = value;
    return value;
}

/* ---- aliases ---- */

/* The outermost is done: what was found out on its way is forgotten where it is not certain. */
static void forget_aliases(struct eval *e)
{
    if (map_bytes(&e->aliases.at) > 1u << 12)
        map_release(&e->aliases.at);
    else
        map_clear(&e->aliases.at);
    for (uint32_t i = 0; i < e->aliases.unsure.len; i++)
        (void)map_del(&e->memo, e->aliases.unsure.at[i]);
    vec_clear(&e->aliases.found);
    vec_clear(&e->aliases.unsure);
    e->aliases.circle = false;
}

void eval_alias(struct eval *e, uint32_t file, uint32_t term, struct targets *ret)
{
    uint64_t key = (uint64_t)file << 32 | term;
    uint32_t stamp = e->stamp;
    bool fresh = false;
    uint32_t *at = map_put(&e->aliases.at, key, MEMO_BUSY, &fresh);

    memset(ret, 0, sizeof(*ret));
    if (at == NULL) {
        e->failed = true;
        return;
    }
    if (!fresh) {
        e->aliases.circle |= *at == MEMO_BUSY;
        if (*at != MEMO_BUSY)
            *ret = e->aliases.found.at[*at];
        return;
    }
    e->aliases.depth++;
    eval_lookup(e, file, term, ret);
    e->aliases.depth--;
    e->stamp = stamp; /* a search that comes by here goes on as the one it was */
    if (e->aliases.depth == 0) {
        forget_aliases(e);
        return;
    }
    at = map_get(&e->aliases.at, key);
    if (!vec_push(&e->aliases.found, *ret))
        e->failed = true;
    else if (at != NULL)
        *at = e->aliases.found.len - 1;
}

/* The module or type that a star import opens; unknown while it is being found out, so that the
 * search for its own first name does not go through it. */
uint32_t eval_star(struct eval *e, uint32_t file, uint32_t star)
{
    uint64_t key;
    uint32_t v;
    if (memo_begin(e, MEMO_STAR, file, star, &key, &v))
        return v;
    return memo_end(e, key, value_module(e, file, eval_pfile(e, file)->facts->stars[star].term));
}

/* ---- type parameters ---- */

struct subst {
    struct eval *e;
    const struct target *t;
    uint32_t self; /* the impl's own type, as written, 0 if none */
};

/* The argument that stands for parameter `part` on the receiver of a target. */
static uint32_t subst_part(void *ctx, uint32_t part)
{
    const struct subst *s = ctx;
    const struct types *t = &s->e->types;
    struct ty y = ty_get(t, part);
    if (y.kind != TY_PARAM)
        return 0;
    const struct bind *b = eval_bind(s->e, y.file, y.def);
    struct ty recv = ty_get(t, s->t->recv);
    if (recv.file == y.file && recv.def == b->def && recv.kind != TY_LIB)
        return ty_arg(t, s->t->recv, b->index);
    if (s->self == 0 || s->t->impl.file != y.file || s->t->impl.def != b->def)
        return 0;
    for (unsigned i = 0; i < ty_get(t, s->self).n_args; i++) {
        if (ty_arg(t, s->self, i) == part)
            return ty_arg(t, s->t->recv, i);
    }
    return 0;
}

static uint32_t substitute(struct eval *e, uint32_t ty, const struct target *t)
{
    struct subst s = {e, t, 0};
    if (ty == 0 || t->recv == 0)
        return ty;
    if (t->impl.file != FILE_NONE)
        s.self = eval_type(e, t->impl.file, eval_def(e, t->impl)->self);
    return ty_map(&e->types, ty, subst_part, &s, 0);
}

/* ---- values of definitions ---- */

static uint32_t type_of_def(struct eval *e, struct ent d)
{
    return ty_make(&e->types, TY_TYPE, d, NULL, 0);
}

static uint32_t typed_or_init(struct eval *e, uint32_t file, uint32_t type, uint32_t init)
{
    return type != 0 ? eval_type(e, file, type) : eval_value(e, file, init);
}

static uint32_t stored_value(struct eval *e, struct ent at, enum memo_of what, uint32_t type,
                             uint32_t init)
{
    uint64_t key;
    uint32_t v;
    if (memo_begin(e, what, at.file, at.def, &key, &v))
        return v;
    return memo_end(e, key, typed_or_init(e, at.file, type, init));
}

static uint32_t alias_value(struct eval *e, struct ent at, const struct def *d)
{
    return d->type != 0 ? eval_value(e, at.file, d->type) : type_of_def(e, at);
}

/* Is the result the receiver itself (this, self), or of its type (this, Self, self.__class__())? */
static bool gives_self(const struct eval *e, uint32_t file, const struct def *d)
{
    const struct facts *f = eval_pfile(e, file)->facts;
    const struct term *t = &f->terms[d->type != 0 ? d->type : d->init];
    if (d->type != 0)
        return t->op == TERM_SELFTYPE;
    const struct bind *b = t->op == TERM_BOUND ? eval_bind(e, file, t->a) : NULL;
    if (b != NULL && b->kind == BIND_VAR && b->type == 0)
        t = &f->terms[b->init];
    return t->op == TERM_SELF || (t->op == TERM_CALL && f->terms[t->a].op == TERM_SELFTYPE);
}

/* What calling the function gives, on the target's receiver. */
static uint32_t result_of(struct eval *e, const struct target *t)
{
    const struct def *d = eval_def(e, t->def);
    if (t->self != 0 && gives_self(e, t->def.file, d))
        return ty_instance(&e->types, t->self);
    uint32_t v = stored_value(e, t->def, MEMO_RESULT, d->type, d->init);
    return substitute(e, v, t);
}

/* A function, with the receiver that it was taken from. */
static uint32_t function_value(struct eval *e, const struct target *t)
{
    const uint32_t on[2] = {t->recv, t->self};
    return ty_make(&e->types, TY_FUNC, t->def, on, t->recv != 0 || t->self != 0 ? 2 : 0);
}

uint32_t value_of_def(struct eval *e, const struct target *t)
{
    const struct def *d = eval_def(e, t->def);
    uint32_t v = 0;

    switch ((enum node_kind)d->kind) {
    case NODE_FUNCTION:
    case NODE_METHOD:
        if (d->flags & FLAG_PROPERTY)
            return result_of(e, t);
        return function_value(e, t);
    case NODE_FILE:
    case NODE_PACKAGE:
    case NODE_MODULE:
    case NODE_NAMESPACE: return ty_make(&e->types, TY_MODULE, t->def, NULL, 0);
    case NODE_VARIANT:
        return ty_make(&e->types, TY_INST, (struct ent){t->def.file, d->parent}, NULL, 0);
    case NODE_TYPE_ALIAS: v = alias_value(e, t->def, d); break;
    case NODE_STRUCT:
    case NODE_UNION:
    case NODE_CLASS:
    case NODE_ENUM:
    case NODE_TRAIT:
    case NODE_INTERFACE:
    case NODE_IMPL: return type_of_def(e, t->def);
    case NODE_CONSTANT:
    case NODE_STATIC:
    case NODE_VARIABLE:
    case NODE_FIELD:
    case NODE_MACRO: v = stored_value(e, t->def, MEMO_DEF, d->type, d->init); break;
    case NODE_KIND_COUNT: return 0;
    }
    return substitute(e, v, t);
}

uint32_t value_of_targets(struct eval *e, const struct targets *t)
{
    uint32_t v = 0;
    for (unsigned i = 0; i < t->n; i++) {
        if (t->at[i].layer < LAYER_CANDIDATE || i == 0)
            v = ty_union(&e->types, v, value_of_def(e, &t->at[i]));
    }
    if (v == 0 && t->external)
        return ty_make(&e->types, TY_EXTERNAL, (struct ent){0, 0}, NULL, 0);
    return v;
}

/* ---- values of terms ---- */

static const struct term *term_at(const struct eval *e, uint32_t file, uint32_t term)
{
    return &eval_pfile(e, file)->facts->terms[term];
}

static uint32_t library_type(struct eval *e, uint32_t sym)
{
    return ty_make(&e->types, TY_LIBTYPE, (struct ent){0, sym}, NULL, 0);
}

static uint32_t bind_value(struct eval *e, uint32_t file, uint32_t bind)
{
    const struct bind *b = eval_bind(e, file, bind);
    struct target t = {.impl = ent_none};
    struct targets found = {0};
    uint64_t key;
    uint32_t v;

    switch (b->kind) {
    case BIND_DEF:
        t.def = (struct ent){file, b->def};
        if (eval_def(e, t.def)->flags & FLAG_DECLARATION) {
            lookup_bind(e, file, bind, NS_ANY, &target_plain, &found);
            linkage_define(e, &found);
            return value_of_targets(e, &found);
        }
        return value_of_def(e, &t);
    case BIND_TYPARAM: return ty_make(&e->types, TY_PARAM, (struct ent){file, bind}, NULL, 0);
    case BIND_ALIAS:
        if (memo_begin(e, MEMO_BIND, file, bind, &key, &v))
            return v;
        v = eval_value(e, file, b->init);
        if (v == 0 && b->next != 0) /* an import that failed, with a fallback */
            v = bind_value(e, file, b->next);
        return memo_end(e, key, v);
    default: return stored_value(e, (struct ent){file, bind}, MEMO_BIND, b->type, b->init);
    }
}

static uint32_t free_value(struct eval *e, uint32_t file, const struct term *t)
{
    struct targets found = {0};
    uint32_t sym = pfile_sym(eval_pfile(e, file), t->a);
    lookup_free(e, file, sym, t->aux, t->b, &found);
    linkage_define(e, &found);
    return found.n > 0 ? value_of_targets(e, &found) : library_type(e, sym);
}

uint32_t value_self(struct eval *e, struct ent d)
{
    const struct def *def = eval_def(e, d);
    if (def->kind == NODE_IMPL && def->self != 0) {
        uint32_t self = eval_type(e, d.file, def->self);
        if (self != 0 && ty_kind(&e->types, self) != TY_PARAM)
            return self;
    }
    return ty_make(&e->types, TY_INST, d, NULL, 0);
}

/* The type itself that a value is an instance of. */
static uint32_t type_of_value(struct eval *e, uint32_t v)
{
    struct ty y = ty_get(&e->types, v);
    uint32_t args[TY_MAX_ARGS];
    if (y.kind != TY_INST && y.kind != TY_LIB)
        return v;
    for (unsigned i = 0; i < y.n_args; i++)
        args[i] = ty_arg(&e->types, v, i);
    return ty_make(&e->types, y.kind == TY_INST ? TY_TYPE : TY_LIBTYPE, (struct ent){y.file, y.def},
                   args, y.n_args);
}

static uint32_t module_value(struct eval *e, uint32_t file, uint32_t def)
{
    return ty_make(&e->types, TY_MODULE, (struct ent){file, def}, NULL, 0);
}

uint32_t eval_module(struct eval *e, const char *name, size_t n)
{
    eval_note(e, NOTE_MODULE, hash64(name, n), 0);
    return program_module(e->p, name, n);
}

/* The module around a module; around a file, by its module name. */
static uint32_t parent_module(struct eval *e, uint32_t module)
{
    struct ent at = ty_ent(&e->types, module);
    if (ty_kind(&e->types, module) != TY_MODULE)
        return 0;
    if (at.def != 0) {
        uint32_t up = eval_def(e, at)->parent;
        while (up != 0 && !node_kind_is_container(eval_def(e, (struct ent){at.file, up})->kind))
            up = eval_def(e, (struct ent){at.file, up})->parent;
        return module_value(e, at.file, up);
    }
    const struct pfile *f = eval_pfile(e, at.file);
    struct slice name = slice_from(f->module);
    size_t sep = strlen(f->lang->separator);
    size_t n = name.n;
    while (n >= sep && n > 0 && memcmp(name.p + n - sep, f->lang->separator, sep) != 0)
        n--;
    eval_note_file(e, NOTE_FILE, at.file);
    uint32_t to = n > sep ? eval_module(e, name.p, n - sep) : FILE_NONE;
    return to != FILE_NONE ? module_value(e, to, 0) : 0;
}

static uint32_t root_module(struct eval *e, uint32_t file)
{
    const struct pfile *f = eval_pfile(e, file);
    const char *sep = strstr(f->module, f->lang->separator);
    size_t n = sep != NULL ? (size_t)(sep - f->module) : strlen(f->module);
    eval_note_file(e, NOTE_FILE, file);
    uint32_t to = eval_module(e, f->module, n);
    return to != FILE_NONE ? module_value(e, to, 0) : 0;
}

uint32_t value_module(struct eval *e, uint32_t file, uint32_t term)
{
    const struct pfile *f = eval_pfile(e, file);
    const struct term *t = &f->facts->terms[term];
    if (t->op != TERM_MODULE)
        return eval_value(e, file, term);
    struct program_asking asking = {e->p, e->notes};
    struct lang_tree tree = program_tree(&asking);
    struct buf to = {0};
    uint32_t found = FILE_NONE;
    if (f->lang->find_module != NULL &&
        f->lang->find_module(&tree, f->path, facts_str(f->facts, t->a), &to)) {
        eval_note(e, NOTE_PATH, hash64(to.p, to.n), 0);
        found = program_path(e->p, to.p, to.n);
        for (uint32_t m = found == FILE_NONE ? eval_module(e, to.p, to.n) : FILE_NONE;
             m != FILE_NONE && found == FILE_NONE; m = eval_pfile(e, m)->next_same) {
            if (lang_reaches(f->facts->lang, eval_pfile(e, m)->facts->lang))
                found = m;
        }
    }
    buf_release(&to);
    if (found != FILE_NONE)
        return module_value(e, found, 0);
    return ty_make(&e->types, TY_EXTERNAL, (struct ent){0, 0}, NULL, 0);
}

/* First argument of a call, evaluated. */
static uint32_t first_arg(struct eval *e, uint32_t file, const struct term *call)
{
    const struct term *list = term_at(e, file, call->b);
    return list->op == TERM_LIST ? eval_value(e, file, list->a) : 0;
}

uint32_t value_call(struct eval *e, uint32_t v)
{
    struct ty y = ty_get(&e->types, v);
    struct target t = {.def = {y.file, y.def}, .impl = ent_none};
    uint32_t out = 0;

    switch (y.kind) {
    case TY_FUNC:
        t.recv = ty_arg(&e->types, v, 0);
        t.self = ty_arg(&e->types, v, 1);
        return result_of(e, &t);
    case TY_TYPE:
    case TY_LIBTYPE: return ty_instance(&e->types, v);
    case TY_FN: return ty_arg(&e->types, v, 0);
    case TY_UNION:
        for (unsigned i = 0; i < y.n_args; i++)
            out = ty_union(&e->types, out, value_call(e, ty_arg(&e->types, v, i)));
        return out;
    case TY_INST: /* a tuple struct or variant that was evaluated already */
        return eval_def(e, t.def)->kind == NODE_ENUM ? v : 0;
    case TY_PARAM: return value_call(e, bound_of_param(e, t.def));
    default: return y.kind == TY_EXTERNAL ? v : 0;
    }
}

static uint32_t target_call(struct eval *e, const struct target *t)
{
    const struct def *d = eval_def(e, t->def);
    if ((d->kind == NODE_FUNCTION || d->kind == NODE_METHOD) && (d->flags & FLAG_PROPERTY) == 0)
        return result_of(e, t);
    return value_call(e, value_of_def(e, t));
}

/* A call of a member or a name that lies outside of the tree. */
static uint32_t library_call(struct eval *e, uint32_t file, const struct term *call,
                             const struct term *callee)
{
    const struct pfile *f = eval_pfile(e, file);
    uint32_t on = 0, sym;
    if (callee->op == TERM_FREE) {
        sym = pfile_sym(f, callee->a);
    } else if (callee->op == TERM_MEMBER || callee->op == TERM_PATH) {
        on = eval_value(e, file, callee->a);
        sym = pfile_sym(f, callee->b);
        if (on == 0)
            return 0;
    } else {
        return 0;
    }
    return library_result(e, f->lang, on, sym, first_arg(e, file, call));
}

static uint32_t call_term(struct eval *e, uint32_t file, const struct term *t)
{
    const struct term *callee = term_at(e, file, t->a);
    struct targets found = {0};
    uint32_t v = 0;

    eval_lookup(e, file, t->a, &found);
    for (unsigned i = 0; i < found.n; i++) {
        if (i == 0 || found.at[i].layer < LAYER_CANDIDATE)
            v = ty_union(&e->types, v, target_call(e, &found.at[i]));
    }
    if (found.n > 0 && callee->op != TERM_APPLY)
        return v;
    v = library_call(e, file, t, callee);
    if (v == 0 && (callee->op != TERM_MEMBER || found.dynamic))
        v = value_call(e, eval_value(e, file, t->a));
    if (v == 0 && found.external)
        v = ty_make(&e->types, TY_EXTERNAL, (struct ent){0, 0}, NULL, 0);
    return v;
}

static uint32_t member_value(struct eval *e, uint32_t file, uint32_t term, const struct term *t)
{
    struct targets found = {0};
    eval_lookup(e, file, term, &found);
    if (found.n > 0)
        return value_of_targets(e, &found);
    uint32_t on = eval_value(e, file, t->a);
    uint32_t sym = pfile_sym(eval_pfile(e, file), t->b);
    if (on == 0)
        return 0;
    /* lib::Type, module.Type: known by its last name */
    if (ty_kind(&e->types, on) == TY_EXTERNAL || ty_kind(&e->types, on) == TY_LIBTYPE)
        return library_type(e, sym);
    if (t->op == TERM_MEMBER && ty_kind(&e->types, on) == TY_LIB)
        return library_result(e, eval_pfile(e, file)->lang, on, sym, 0);
    return 0;
}

static uint32_t apply_value(struct eval *e, uint32_t file, const struct term *t)
{
    const struct pfile *f = eval_pfile(e, file);
    uint32_t base = 0, args[TY_MAX_ARGS];
    unsigned n = 0;
    struct targets found = {0};

    for (uint32_t l = t->b; facts_is_list(f->facts, l) && n < TY_MAX_ARGS; l = f->facts->terms[l].b)
        args[n++] = eval_type(e, file, f->facts->terms[l].a);
    eval_lookup(e, file, t->a, &found);
    if (found.n > 0 && eval_def(e, found.at[0].def)->kind == NODE_TYPE_ALIAS) {
        struct target on = {.def = found.at[0].def, .impl = ent_none};
        on.recv = ty_make(&e->types, TY_INST, on.def, args, n);
        return value_of_def(e, &on);
    }
    base = eval_value(e, file, t->a);
    struct ty y = ty_get(&e->types, base);
    if (y.kind != TY_TYPE && y.kind != TY_LIBTYPE)
        return base;
    return ty_make(&e->types, (enum ty_kind)y.kind, (struct ent){y.file, y.def}, args, n);
}

/* The value of `a op`, op one of "<elem>", "<index>", "<try>", "<await>", "<deref>". */
static uint32_t op_value(struct eval *e, const struct lang *lang, uint32_t v, const char *op,
                         bool identity)
{
    bool known = false;
    struct ty y = ty_get(&e->types, v);
    uint32_t out = 0;
    if (y.kind == TY_UNION) {
        for (unsigned i = 0; i < y.n_args; i++)
            out =
                ty_union(&e->types, out, op_value(e, lang, ty_arg(&e->types, v, i), op, identity));
        return out;
    }
    if (v == 0 || y.kind == TY_EXTERNAL)
        return v;
    out = library_op(e, lang, v, op, &known);
    if (known)
        return out;
    uint32_t pointee = strcmp(op, "<deref>") != 0 ? library_pointee(e, lang, v) : 0;
    if (pointee != 0 && eval_enter(e)) {
        out = op_value(e, lang, pointee, op, identity);
        eval_leave(e);
        return out;
    }
    if (y.kind == TY_LIB && y.n_args > 0)
        return ty_arg(&e->types, v, 0);
    return identity ? v : 0;
}

/* What the methods of a type of the tree say that iterating over it gives. */
static uint32_t iterated(struct eval *e, const struct lang *lang, uint32_t v)
{
    uint32_t out = 0;
    for (const char *const *it = lang->iterators; it != NULL && *it != NULL && out == 0; it++) {
        uint32_t sym = program_sym(e->p, *it);
        struct targets found = {0};
        if (sym == 0)
            continue;
        eval_members(e, v, sym, NS_VALUE, &found);
        if (found.n == 0)
            continue;
        out = target_call(e, &found.at[0]);
        if (out == v) { /* its own iterator: the next name says what that gives */
            out = 0;
            continue;
        }
        if ((it == lang->iterators || ty_kind(&e->types, out) == TY_LIB) && eval_enter(e)) {
            out = value_elem(e, lang, out);
            eval_leave(e);
        }
    }
    return out;
}

uint32_t value_elem(struct eval *e, const struct lang *lang, uint32_t v)
{
    struct ty y = ty_get(&e->types, v);
    uint32_t out = 0;

    switch (y.kind) {
    case TY_TUPLE:
        for (unsigned i = 0; i < y.n_args; i++)
            out = ty_union(&e->types, out, ty_arg(&e->types, v, i));
        return out;
    case TY_INST: return iterated(e, lang, v);
    case TY_MEET:
        out = iterated(e, lang, v);
        for (unsigned i = 0; i < y.n_args && out == 0; i++)
            out = value_elem(e, lang, ty_arg(&e->types, v, i));
        return out;
    case TY_PARAM:
        if (eval_enter(e)) {
            out = value_elem(e, lang, bound_of_param(e, (struct ent){y.file, y.def}));
            eval_leave(e);
        }
        return out;
    default: return op_value(e, lang, v, "<elem>", false);
    }
}

static uint32_t proj_value(struct eval *e, uint32_t file, const struct term *t)
{
    uint32_t v = eval_value(e, file, t->a);
    struct ty y = ty_get(&e->types, v);
    if (y.kind == TY_TUPLE)
        return ty_arg(&e->types, v, t->b);
    if (y.kind == TY_LIB)
        return op_value(e, eval_pfile(e, file)->lang, v, "<elem>", false);
    return 0;
}

static uint32_t list_value(struct eval *e, uint32_t file, uint32_t list, enum ty_kind kind)
{
    const struct facts *f = eval_pfile(e, file)->facts;
    uint32_t args[TY_MAX_ARGS];
    unsigned n = 0;
    for (uint32_t l = list; facts_is_list(f, l) && n < TY_MAX_ARGS; l = f->terms[l].b)
        args[n++] = eval_value(e, file, f->terms[l].a);
    return ty_make(&e->types, kind, (struct ent){0, 0}, args, n);
}

static uint32_t fn_value(struct eval *e, uint32_t file, const struct term *t)
{
    uint32_t result = eval_type(e, file, t->a);
    return ty_make(&e->types, TY_FN, (struct ent){0, 0}, &result, 1);
}

static uint32_t pair_value(struct eval *e, uint32_t file, const struct term *t)
{
    uint32_t a = eval_value(e, file, t->a);
    uint32_t b = eval_value(e, file, t->b);
    if (t->op == TERM_UNION)
        return ty_union(&e->types, a, b);
    if (a == 0 || b == 0)
        return a != 0 ? a : b;
    uint32_t both[2] = {a, b};
    return ty_make(&e->types, TY_MEET, (struct ent){0, 0}, both, 2);
}

static uint32_t index_value(struct eval *e, uint32_t file, const struct term *t)
{
    return op_value(e, eval_pfile(e, file)->lang, eval_value(e, file, t->a), "<index>", false);
}

/* Names, modules and the enclosing type. */
static uint32_t place_value(struct eval *e, uint32_t file, uint32_t term, const struct term *t)
{
    switch ((enum term_op)t->op) {
    case TERM_FREE: return free_value(e, file, t);
    case TERM_BOUND: return bind_value(e, file, t->a);
    case TERM_SELF: return value_self(e, (struct ent){file, t->a});
    case TERM_SELFTYPE: return type_of_value(e, value_self(e, (struct ent){file, t->a}));
    case TERM_SUPER: return ty_make(&e->types, TY_SUPER, (struct ent){file, t->a}, NULL, 0);
    case TERM_ROOT: return root_module(e, file);
    case TERM_HERE: return module_value(e, file, t->a);
    case TERM_PARENT: return parent_module(e, eval_value(e, file, t->a));
    case TERM_MODULE: return value_module(e, file, term);
    default: return 0;
    }
}

static uint32_t value(struct eval *e, uint32_t file, uint32_t term)
{
    const struct term *t = term_at(e, file, term);
    const struct pfile *f = eval_pfile(e, file);

    switch ((enum term_op)t->op) {
    case TERM_PATH:
    case TERM_MEMBER: return member_value(e, file, term, t);
    case TERM_CALL:
    case TERM_NEW: return call_term(e, file, t);
    case TERM_INDEX: return index_value(e, file, t);
    case TERM_ELEM: return value_elem(e, f->lang, eval_value(e, file, t->a));
    case TERM_DEREF: return op_value(e, f->lang, eval_value(e, file, t->a), "<deref>", true);
    case TERM_ADDR:
    case TERM_TYPEOF:
    case TERM_KEYED: return eval_value(e, file, t->a);
    case TERM_AWAIT: return op_value(e, f->lang, eval_value(e, file, t->a), "<await>", true);
    case TERM_TRY: return op_value(e, f->lang, eval_value(e, file, t->a), "<try>", true);
    case TERM_APPLY: return apply_value(e, file, t);
    case TERM_LIST: return eval_value(e, file, t->a);
    case TERM_TUPLE: return list_value(e, file, t->b, TY_TUPLE);
    case TERM_PROJ: return proj_value(e, file, t);
    case TERM_UNION:
    case TERM_MEET: return pair_value(e, file, t);
    case TERM_FN: return fn_value(e, file, t);
    case TERM_LIT: return ty_make(&e->types, TY_LIB, (struct ent){0, pfile_sym(f, t->a)}, NULL, 0);
    case TERM_OFTYPE: return eval_type(e, file, t->a);
    default: return place_value(e, file, term, t);
    }
}

uint32_t eval_value(struct eval *e, uint32_t file, uint32_t term)
{
    if (term == 0)
        return 0;
    uint8_t op = term_at(e, file, term)->op;
    bool chained = op == TERM_CALL || op == TERM_MEMBER || op == TERM_PATH || op == TERM_NEW;
    uint64_t key = 0;
    uint32_t v = 0;
    if (chained && memo_begin(e, MEMO_TERM, file, term, &key, &v))
        return v;
    if (eval_enter(e)) {
        v = value(e, file, term);
        eval_leave(e);
    }
    return chained ? memo_end(e, key, v) : v;
}

uint32_t eval_type(struct eval *e, uint32_t file, uint32_t term)
{
    return ty_instance(&e->types, eval_value(e, file, term));
}

/* ---- what a term denotes ---- */

static void lookup_member_term(struct eval *e, uint32_t file, const struct term *t,
                               struct targets *ret)
{
    uint32_t on = eval_value(e, file, t->a);
    uint32_t sym = pfile_sym(eval_pfile(e, file), t->b);
    unsigned ns = t->op == TERM_PATH && t->aux != 0 ? t->aux : NS_VALUE | NS_TYPE;
    eval_members(e, on, sym, ns, ret);
}

/* A module term denotes its file or namespace. */
static void lookup_module(struct eval *e, uint32_t v, struct targets *ret)
{
    if (v != 0 && ty_kind(&e->types, v) == TY_MODULE)
        targets_add(ret, ty_ent(&e->types, v), &target_plain, LAYER_EXACT);
    else if (v != 0)
        ret->external = true;
}

static void lookup_self(struct eval *e, uint32_t v, struct targets *ret)
{
    enum ty_kind kind = ty_kind(&e->types, v);
    if (kind == TY_INST || kind == TY_TYPE) {
        const struct target on = {.impl = ent_none, .recv = v, .self = v};
        targets_add(ret, ty_ent(&e->types, v), &on, LAYER_EXACT);
    }
}

/* A variable that holds a function or a class denotes it. */
static void lookup_held(struct eval *e, uint32_t v, struct targets *ret)
{
    struct ty y = ty_get(&e->types, v);
    if (y.kind == TY_FUNC || y.kind == TY_TYPE)
        targets_add(ret, ty_ent(&e->types, v), &target_plain, LAYER_TYPED);
    else
        ret->dynamic = true;
}

static void lookup_bound(struct eval *e, uint32_t file, uint32_t bind, struct targets *ret)
{
    const struct bind *b = eval_bind(e, file, bind);
    if (b->kind == BIND_VAR) {
        lookup_held(e, bind_value(e, file, bind), ret);
    } else if (b->kind == BIND_DEF || b->kind == BIND_ALIAS) {
        lookup_bind(e, file, bind, b->ns, &target_plain, ret);
    }
}

void eval_lookup(struct eval *e, uint32_t file, uint32_t term, struct targets *ret)
{
    memset(ret, 0, sizeof(*ret));
    if (term == 0 || !eval_enter(e))
        return;
    const struct term *t = term_at(e, file, term);
    switch ((enum term_op)t->op) {
    case TERM_FREE:
        lookup_free(e, file, pfile_sym(eval_pfile(e, file), t->a), t->aux, t->b, ret);
        break;
    case TERM_BOUND: lookup_bound(e, file, t->a, ret); break;
    case TERM_PATH:
    case TERM_MEMBER: lookup_member_term(e, file, t, ret); break;
    case TERM_CALL:
    case TERM_NEW:
    case TERM_APPLY:
    case TERM_DEREF:
    case TERM_ADDR:
    case TERM_KEYED:
        if (t->op != TERM_CALL && t->op != TERM_NEW)
            eval_lookup(e, file, t->a, ret);
        else
            lookup_held(e, eval_value(e, file, term), ret);
        break;
    case TERM_SELF:
    case TERM_SELFTYPE: lookup_self(e, eval_value(e, file, term), ret); break;
    case TERM_ROOT:
    case TERM_HERE:
    case TERM_PARENT:
    case TERM_MODULE: lookup_module(e, eval_value(e, file, term), ret); break;
    default: lookup_held(e, eval_value(e, file, term), ret); break;
    }
    linkage_define(e, ret);
    eval_leave(e);
}

/* ---- what a file adds to the program ---- */

int eval_memory(const struct eval *e, const char *path, struct err *err)
{
    if (!e->failed && !e->types.failed && (e->notes == NULL || !e->notes->failed))
        return PT_OK;
    return err_set(err, PT_ENOMEM, "out of memory while linking %s", path);
}

int eval_includes(struct eval *e, struct program *p, uint32_t file, bool *ret_changed,
                  struct err *err)
{
    struct pfile *f = &p->files.at[file];
    const struct facts *facts = f->facts;
    VEC(uint32_t) to = {0};
    bool open = false;

    *ret_changed = false;
    if ((f->lang->flags & LANG_GLOBAL_LINKAGE) == 0)
        return PT_OK;
    if (!eval_begin_file(e, file))
        return eval_memory(e, f->path, err);
    for (uint32_t s = facts->scopes[0].stars, n = 0; s != 0 && n < facts->n_stars;
         s = facts->stars[s].next, n++) {
        uint32_t v = eval_star(e, file, s);
        if (v == 0 || ty_kind(&e->types, v) != TY_MODULE)
            open = true;
        else if (!vec_push(&to, ty_get(&e->types, v).file))
            e->failed = true;
    }
    *ret_changed = f->n_includes != to.len || f->includes_open != open ||
                   (to.len > 0 && memcmp(f->includes, to.at, to.len * sizeof(*to.at)) != 0);
    if (*ret_changed) {
        mem_free(f->includes);
        f->includes = to.at;
        f->n_includes = to.len;
        f->includes_open = open;
    } else {
        vec_release(&to);
    }
    return eval_memory(e, f->path, err);
}

static bool impl_key(struct eval *e, struct ent impl, uint64_t *ret)
{
    struct ty y = ty_get(&e->types, eval_type(e, impl.file, eval_def(e, impl)->self));
    if (y.kind == TY_INST)
        *ret = program_impl_key(e->p, (struct ent){y.file, y.def});
    else if (y.kind == TY_LIB)
        *ret = program_impl_key_name(e->p, y.def);
    return y.kind == TY_INST || y.kind == TY_LIB;
}

int eval_impls(struct eval *e, uint32_t file, struct eval_impls *ret, struct err *err)
{
    const struct pfile *f = eval_pfile(e, file);
    vec_clear(&ret->all);
    if ((f->lang->flags & LANG_IMPLS) == 0)
        return PT_OK;
    if (!eval_begin_file(e, file))
        return eval_memory(e, f->path, err);
    for (uint32_t d = f->facts->n_defs; d-- > 1;) { /* backwards: the first heads a chain */
        struct eval_impl impl = {.def = d};
        if (f->facts->defs[d].kind == NODE_IMPL && f->facts->defs[d].self != 0 &&
            impl_key(e, (struct ent){file, d}, &impl.key) && !vec_push(&ret->all, impl))
            e->failed = true;
    }
    return eval_memory(e, f->path, err);
}
