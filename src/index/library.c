/* What the languages' descriptions say of types and functions outside of the tree. */
#include "index/eval_internal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

const char *eval_sym_text(const struct eval *e, uint32_t sym)
{
    return sym == 0 ? "" : intern_str(&e->p->syms, sym, NULL);
}

/* ---- result expressions: "self", "0", "elem", "arg.call", "Name<0,elem>", "(0,1)" ---- */

struct expr {
    struct eval *e;
    const struct lang *lang;
    const char *at;
    uint32_t self, arg;
    unsigned depth;
};

static uint32_t parse_expr(struct expr *x);

static unsigned parse_list(struct expr *x, char close, uint32_t *args)
{
    unsigned n = 0;
    x->at++;
    while (*x->at != close && *x->at != '\0') {
        uint32_t t = parse_expr(x);
        if (n < TY_MAX_ARGS)
            args[n++] = t;
        if (*x->at == ',')
            x->at++;
        else if (*x->at != close)
            break;
    }
    if (*x->at == close)
        x->at++;
    return n;
}

static uint32_t named(struct expr *x, const char *name, size_t n)
{
    uint32_t args[TY_MAX_ARGS];
    unsigned n_args = *x->at == '<' ? parse_list(x, '>', args) : 0;
    uint32_t sym = intern_find(&x->e->p->syms, name, n);
    /* a library type that no file names has no symbol; values of it have no members we know */
    return ty_make(&x->e->types, TY_LIB, (struct ent){0, sym}, args, n_args);
}

static bool take(struct expr *x, const char *word)
{
    size_t n = strlen(word);
    if (strncmp(x->at, word, n) != 0)
        return false;
    x->at += n;
    return true;
}

/* References are no types here; but in an impl of a trait for &T, *self is T. */
static uint32_t below(struct expr *x)
{
    struct ty y = ty_get(&x->e->types, x->self);
    const struct def *d = y.kind == TY_INST ? eval_def(x->e, (struct ent){y.file, y.def}) : NULL;
    if (d == NULL || d->kind != NODE_IMPL || d->self == 0)
        return x->self;
    return eval_type(x->e, y.file, d->self);
}

static uint32_t parse_atom(struct expr *x)
{
    uint32_t args[TY_MAX_ARGS];
    if (*x->at == '(') {
        unsigned n = parse_list(x, ')', args);
        return ty_make(&x->e->types, TY_TUPLE, (struct ent){0, 0}, args, n);
    }
    if (isdigit((unsigned char)*x->at))
        return ty_arg(&x->e->types, x->self,
                      (unsigned)strtoul(x->at, (char **)(uintptr_t)&x->at, 10));
    const char *from = x->at;
    while (isalnum((unsigned char)*x->at) || *x->at == '_' || *x->at == ':')
        x->at++;
    struct slice word = slice_of(from, (size_t)(x->at - from));
    if (slice_eq(word, SLICE("self")))
        return x->self;
    if (slice_eq(word, SLICE("elem")))
        return value_elem(x->e, x->lang, x->self);
    if (slice_eq(word, SLICE("arg")))
        return x->arg;
    if (slice_eq(word, SLICE("below")))
        return below(x);
    return word.n > 0 ? named(x, word.p, word.n) : 0;
}

/* The part of an expression up to the next ',' or bracket. */
static uint32_t parse_expr(struct expr *x)
{
    uint32_t t = 0;
    if (x->depth >= 16 || !eval_enter(x->e))
        return 0;
    x->depth++;
    t = parse_atom(x);
    for (;;) {
        if (take(x, ".elem"))
            t = value_elem(x->e, x->lang, t);
        else if (take(x, ".call"))
            t = value_call(x->e, t);
        else
            break;
    }
    x->depth--;
    eval_leave(x->e);
    return t;
}

/* ---- look-up ---- */

#define MAX_POINTERS 8u /* to pointers that a member is looked up through */

static const struct lang_member *find_member(const struct lang *lang, const char *type,
                                             const char *member)
{
    for (const struct lang_member *m = lang->members; m != NULL && m->type != NULL; m++) {
        if (m->member[0] == member[0] && strcmp(m->member, member) == 0 &&
            strcmp(m->type, type) == 0)
            return m;
    }
    return NULL;
}

static const char *library_name(const struct eval *e, uint32_t ty)
{
    struct ty y = ty_get(&e->types, ty);
    if (y.kind == TY_LIB || y.kind == TY_LIBTYPE)
        return eval_sym_text(e, y.def);
    return y.kind == TY_NONE ? "" : "?"; /* a type of the tree: only "*" can match */
}

static uint32_t result_of(struct eval *e, const struct lang *lang, const struct lang_member *m,
                          uint32_t ty, uint32_t arg)
{
    struct expr x = {e, lang, m->result, ty_instance(&e->types, ty), arg, 0};
    return parse_expr(&x);
}

/* The type's own member, or that of what the type points to, or what any type has. */
static const struct lang_member *member_through(struct eval *e, const struct lang *lang,
                                                const char *member, uint32_t *ty)
{
    uint32_t on = *ty;
    for (unsigned i = 0; i < MAX_POINTERS; i++) {
        const struct lang_member *m = find_member(lang, library_name(e, on), member);
        if (m != NULL) {
            *ty = on;
            return m;
        }
        uint32_t pointee = library_pointee(e, lang, on);
        if (pointee == 0)
            break;
        on = pointee;
    }
    return *ty != 0 ? find_member(lang, "*", member) : NULL;
}

uint32_t library_result(struct eval *e, const struct lang *lang, uint32_t ty, uint32_t sym,
                        uint32_t arg)
{
    const struct lang_member *m = member_through(e, lang, eval_sym_text(e, sym), &ty);
    return m != NULL ? result_of(e, lang, m, ty, arg) : 0;
}

uint32_t library_op(struct eval *e, const struct lang *lang, uint32_t ty, const char *op,
                    bool *ret_known)
{
    const struct lang_member *m = find_member(lang, library_name(e, ty), op);
    *ret_known = m != NULL;
    return m != NULL ? result_of(e, lang, m, ty, 0) : 0;
}

uint32_t library_pointee(const struct eval *e, const struct lang *lang, uint32_t ty)
{
    const char *name = library_name(e, ty);
    for (const char *const *t = lang->transparent; t != NULL && *t != NULL; t++) {
        if (strcmp(*t, name) == 0)
            return ty_arg(&e->types, ty, 0);
    }
    return 0;
}
