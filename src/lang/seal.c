/* The end of extraction: names are bound to the file's own scopes, what nothing can need any more
 * (locals, mostly) is dropped, and the rest is laid out in one block. */
#include "base/mem.h"
#include "lang/terms.h"
#include "lang/walk.h"

#include <string.h>

#define MAX_CHAIN 1000u

/* ---- names to binds ---- */

/* What spares most looks into the map of binds. */
struct sight {
    const struct extract *x;
    uint8_t *has_stars, *has_binds; /* by scope */
    uint8_t *is_bound;              /* by name: somewhere in the file */
};

static uint32_t newest(const struct sight *v, uint32_t scope, uint32_t name)
{
    if (v->has_binds[scope] == 0)
        return 0;
    const uint32_t *b = map_get(&v->x->walk->binds, (uint64_t)scope << 32 | name);
    return b != NULL ? *b : 0;
}

/* May a bare name at `from_scope` mean a bind of the enclosing scope `s`? */
static bool lexical(const struct extract *x, uint32_t s, uint32_t from_scope, const struct bind *b)
{
    if (x->scopes.at[s].kind != SCOPE_TYPE || b->kind == BIND_TYPARAM)
        return true;
    if (x->lang->flags & LANG_TYPE_SCOPE_LEXICAL)
        return true;
    return s == from_scope && (x->lang->flags & LANG_TYPE_SCOPE_DIRECT) != 0;
}

/* The bind of name in exactly this scope that is in force at byte pos: the newest one before it,
 * else (names that are hoisted) the oldest behind it. Of a name that is bound thousands of
 * times in one scope only the last MAX_CHAIN binds count: the work stays linear. */
static uint32_t in_scope(const struct sight *v, uint32_t scope, uint32_t from_scope, uint32_t name,
                         unsigned ns, uint32_t pos)
{
    const struct extract *x = v->x;
    uint32_t later = 0, steps = 0;
    for (uint32_t i = newest(v, scope, name); i != 0 && steps < MAX_CHAIN;
         i = x->binds.at[i].next, steps++) {
        const struct bind *b = &x->binds.at[i];
        if ((b->ns & ns) == 0 || !lexical(x, scope, from_scope, b))
            continue;
        if (b->from <= pos)
            return i;
        if ((b->flags & BIND_SEQ) == 0)
            later = i;
    }
    return later;
}

/* Does the search outwards for a name end in this scope? */
static bool closed(const struct extract *x, uint32_t s, unsigned ns)
{
    return s == 0 || (x->scopes.at[s].kind == SCOPE_NAMESPACE && (ns & NS_MACRO) == 0 &&
                      (x->lang->flags & LANG_CLOSED_NAMESPACES) != 0);
}

/* Block scopes below a type scope still see it "directly". */
static uint32_t bind_name(const struct sight *v, const struct term *t, uint32_t pos)
{
    uint32_t s = t->b;
    if (v->is_bound[t->a] == 0)
        return 0;
    for (;;) {
        uint32_t b = in_scope(v, s, t->b, t->a, t->aux, pos);
        if (b != 0 || closed(v->x, s, t->aux))
            return b;
        s = v->x->scopes.at[s].parent;
    }
}

/* The innermost scope from s outwards with star imports. */
static uint32_t with_stars(const struct extract *x, const uint8_t *has_stars, uint32_t s,
                           unsigned ns)
{
    while (has_stars[s] == 0 && !closed(x, s, ns))
        s = x->scopes.at[s].parent;
    return s;
}

static void look_around(const struct sight *v)
{
    const struct extract *x = v->x;
    for (uint32_t i = 1; i < x->stars.len; i++)
        v->has_stars[x->stars.at[i].scope] = 1;
    for (uint32_t i = 1; i < x->binds.len; i++) {
        v->has_binds[x->binds.at[i].scope] = 1;
        v->is_bound[x->binds.at[i].name] = 1;
    }
}

static void bind_names(struct extract *x, const struct sight *v)
{
    look_around(v);
    for (uint32_t i = 1; i < x->terms.len; i++) {
        struct term *t = &x->terms.at[i];
        if (t->op != TERM_NAME)
            continue;
        uint32_t b = bind_name(v, t, x->term_pos.at[i]);
        if (b != 0) {
            t->op = TERM_BOUND;
            t->a = b;
            t->b = 0;
        } else {
            t->op = TERM_FREE;
            t->b = with_stars(x, v->has_stars, t->b, t->aux);
        }
    }
}

/* ---- what is needed ---- */

struct keep {
    struct extract *x;
    /* by index: 0 dropped, else new index + 1 once numbered (until then 1 = kept) */
    uint32_t *terms, *binds, *scopes, *syms;
    VEC(uint32_t) todo; /* kept terms whose operands are not marked yet */
};

static void keep_term(struct keep *k, uint32_t t)
{
    if (t == 0 || k->terms[t] != 0)
        return;
    k->terms[t] = 1;
    if (!vec_push(&k->todo, t))
        k->x->failed = true;
}

static void keep_bind(struct keep *k, uint32_t b)
{
    for (; b != 0 && k->binds[b] == 0; b = k->x->binds.at[b].next) {
        k->binds[b] = 1;
        keep_term(k, k->x->binds.at[b].type);
        keep_term(k, k->x->binds.at[b].init);
    }
}

static void keep_operands(struct keep *k)
{
    while (k->todo.len > 0) {
        const struct term *t = &k->x->terms.at[vec_pop(&k->todo)];
        unsigned o = term_operands[t->op];
        if (o & A_TERM)
            keep_term(k, t->a);
        if (o & B_TERM)
            keep_term(k, t->b);
        if (o & A_BIND)
            keep_bind(k, t->a);
    }
}

/* A use of a local variable or type parameter is nobody's edge. */
static bool is_local_use(const struct extract *x, const struct ref *r)
{
    const struct term *t = &x->terms.at[r->term];
    if (r->role != REF_USE && r->role != REF_TYPE && r->role != REF_ACCEPTS &&
        r->role != REF_RETURNS)
        return false;
    if (t->op == TERM_SELF || t->op == TERM_SELFTYPE || t->op == TERM_LIT)
        return true;
    if (t->op != TERM_BOUND)
        return false;
    uint8_t kind = x->binds.at[t->a].kind;
    return kind == BIND_VAR || kind == BIND_TYPARAM;
}

static void mark(struct keep *k)
{
    struct extract *x = k->x;

    for (uint32_t i = 1; i < x->refs.len; i++) {
        struct ref *r = &x->refs.at[i];
        if (r->role != REF_NONE && is_local_use(x, r))
            r->role = REF_NONE;
        if (r->role != REF_NONE)
            keep_term(k, r->term);
    }
    for (uint32_t i = 0; i < x->defs.len; i++) {
        const struct def *d = &x->defs.at[i];
        keep_term(k, d->type);
        keep_term(k, d->init);
        keep_term(k, d->bases);
        keep_term(k, d->self);
    }
    for (uint32_t i = 1; i < x->stars.len; i++)
        keep_term(k, x->stars.at[i].star.term);
    for (uint32_t i = 1; i < x->binds.len; i++) {
        const struct bind *b = &x->binds.at[i];
        uint8_t s = x->scopes.at[b->scope].kind;
        if (b->kind == BIND_TYPARAM || b->kind == BIND_DEF ||
            (b->kind == BIND_ALIAS && s != SCOPE_FUNCTION && s != SCOPE_BLOCK))
            keep_bind(k, i);
    }
    keep_operands(k);
}

static void mark_scopes(struct keep *k)
{
    struct extract *x = k->x;

    for (uint32_t i = 0; i < x->defs.len; i++)
        k->scopes[x->defs.at[i].scope] = 1;
    for (uint32_t i = 1; i < x->binds.len; i++) {
        if (k->binds[i] != 0)
            k->scopes[x->binds.at[i].scope] = 1;
    }
    for (uint32_t i = 1; i < x->stars.len; i++)
        k->scopes[x->stars.at[i].scope] = 1;
    k->scopes[0] = 1;
}

/* Gives the kept ones new numbers, in their old order; returns how many there are. An entry then
 * holds new index + 1. */
static uint32_t number(uint32_t *keep, uint32_t n)
{
    uint32_t next = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (keep[i] != 0 || i == 0)
            keep[i] = ++next;
    }
    return next;
}

/* ---- layout ---- */

static uint32_t sym_of(struct keep *k, uint32_t sym)
{
    if (sym != 0)
        k->syms[sym] = 1;
    return sym;
}

static void mark_syms(struct keep *k)
{
    struct extract *x = k->x;

    for (uint32_t i = 1; i < x->terms.len; i++) {
        const struct term *t = &x->terms.at[i];
        if (k->terms[i] == 0)
            continue;
        if (term_operands[t->op] & A_NAME)
            (void)sym_of(k, t->a);
        if (term_operands[t->op] & B_NAME)
            (void)sym_of(k, t->b);
    }
    for (uint32_t i = 1; i < x->binds.len; i++) {
        if (k->binds[i] != 0)
            (void)sym_of(k, x->binds.at[i].name);
    }
    for (uint32_t i = 0; i < x->defs.len; i++) {
        (void)sym_of(k, x->defs.at[i].name);
        (void)sym_of(k, x->defs.at[i].sig);
    }
}

static size_t pool_size(const struct keep *k)
{
    const struct intern *in = &k->x->syms;
    size_t n = 1;
    for (uint32_t i = 1; i <= intern_count(in); i++) {
        size_t len = 0;
        if (k->syms[i] != 0) {
            (void)intern_str(in, i, &len);
            n += len + 1;
        }
    }
    return n;
}

static size_t round8(size_t n)
{
    return (n + 7) & ~(size_t)7;
}

size_t facts_size(const struct facts *f)
{
    return round8(sizeof(*f)) + facts_block_size(f);
}

size_t facts_block_size(const struct facts *f)
{
    return round8(f->n_syms * sizeof(*f->syms)) + round8(f->n_terms * sizeof(*f->terms)) +
           round8(f->n_binds * sizeof(*f->binds)) + round8(f->n_scopes * sizeof(*f->scopes)) +
           round8(f->n_stars * sizeof(*f->stars)) + round8(f->n_defs * sizeof(*f->defs)) +
           round8(f->n_refs * sizeof(*f->refs)) + round8(f->n_pool);
}

static const void *lay(const char **at, uint32_t n, size_t size)
{
    const char *p = *at;
    *at = p + round8(n * size);
    return p;
}

void facts_place(struct facts *f, const void *block)
{
    const char *at = block;
    f->syms = lay(&at, f->n_syms, sizeof(*f->syms));
    f->terms = lay(&at, f->n_terms, sizeof(*f->terms));
    f->binds = lay(&at, f->n_binds, sizeof(*f->binds));
    f->scopes = lay(&at, f->n_scopes, sizeof(*f->scopes));
    f->stars = lay(&at, f->n_stars, sizeof(*f->stars));
    f->defs = lay(&at, f->n_defs, sizeof(*f->defs));
    f->refs = lay(&at, f->n_refs, sizeof(*f->refs));
    f->pool = at;
}

/* The gap behind an array of n bytes. */
static void blank(const void *array, size_t n)
{
    memset((char *)(uintptr_t)array + n, 0, round8(n) - n);
}

/* One allocation: the facts, then their block. */
static struct facts *lay_out(const struct facts *counts)
{
    struct facts *f = mem_alloc(facts_size(counts));
    if (f == NULL)
        return NULL;
    *f = *counts;
    facts_place(f, (char *)f + round8(sizeof(*f)));
    blank(f->syms, f->n_syms * sizeof(*f->syms));
    blank(f->terms, f->n_terms * sizeof(*f->terms));
    blank(f->stars, f->n_stars * sizeof(*f->stars));
    blank(f->pool, f->n_pool);
    return f;
}

_Static_assert(sizeof(struct bind) % 8 == 0 && sizeof(struct scope) % 8 == 0 &&
                   sizeof(struct def) % 8 == 0 && sizeof(struct ref) % 8 == 0,
               "no gap behind these");

static uint32_t renum(const uint32_t *keep, uint32_t i)
{
    return i == 0 || keep[i] == 0 ? 0 : keep[i] - 1;
}

static void write_syms(const struct keep *k, struct facts *f)
{
    char *pool = (char *)(uintptr_t)f->pool;
    uint32_t *syms = (uint32_t *)(uintptr_t)f->syms;
    uint32_t at = 1;

    pool[0] = '\0';
    syms[0] = 0;
    for (uint32_t i = 1; i <= intern_count(&k->x->syms); i++) {
        if (k->syms[i] == 0)
            continue;
        size_t len = 0;
        const char *s = intern_str(&k->x->syms, i, &len);
        memcpy(pool + at, s, len + 1);
        syms[renum(k->syms, i)] = at;
        at += (uint32_t)len + 1;
    }
}

static void write_terms(const struct keep *k, struct facts *f)
{
    const struct extract *x = k->x;
    struct term *out = (struct term *)(uintptr_t)f->terms;

    for (uint32_t i = 0; i < x->terms.len; i++) {
        struct term t = x->terms.at[i];
        unsigned o = term_operands[t.op];
        if (i != 0 && k->terms[i] == 0)
            continue;
        if (o & A_TERM)
            t.a = renum(k->terms, t.a);
        if (o & B_TERM)
            t.b = renum(k->terms, t.b);
        if (o & A_NAME)
            t.a = renum(k->syms, t.a);
        if (o & B_NAME)
            t.b = renum(k->syms, t.b);
        if (o & A_BIND)
            t.a = renum(k->binds, t.a);
        if (o & B_SCOPE)
            t.b = renum(k->scopes, t.b);
        *out++ = t;
    }
}

static void write_binds(const struct keep *k, struct facts *f)
{
    const struct extract *x = k->x;
    struct bind *out = (struct bind *)(uintptr_t)f->binds;

    for (uint32_t i = 0; i < x->binds.len; i++) {
        struct bind b = x->binds.at[i];
        if (i != 0 && k->binds[i] == 0)
            continue;
        b.name = renum(k->syms, b.name);
        b.scope = renum(k->scopes, b.scope);
        b.type = renum(k->terms, b.type);
        b.init = renum(k->terms, b.init);
        while (b.next != 0 && k->binds[b.next] == 0)
            b.next = x->binds.at[b.next].next;
        b.next = renum(k->binds, b.next);
        *out++ = b;
    }
}

static void write_scopes(const struct keep *k, struct facts *f)
{
    const struct extract *x = k->x;
    struct scope *scopes = (struct scope *)(uintptr_t)f->scopes;
    struct star *stars = (struct star *)(uintptr_t)f->stars;
    struct scope *out = scopes;

    for (uint32_t i = 0; i < x->scopes.len; i++) {
        if (k->scopes[i] == 0)
            continue;
        struct scope s = x->scopes.at[i];
        while (k->scopes[s.parent] == 0)
            s.parent = x->scopes.at[s.parent].parent;
        s.parent = renum(k->scopes, s.parent);
        *out++ = s;
    }
    stars[0] = (struct star){0};
    for (uint32_t i = x->stars.len; i-- > 1;) { /* backwards: chains come out in source order */
        struct star s = x->stars.at[i].star;
        struct scope *owner = &scopes[renum(k->scopes, x->stars.at[i].scope)];
        s.term = renum(k->terms, s.term);
        s.next = owner->stars;
        owner->stars = i;
        stars[i] = s;
    }
}

static void write_defs(const struct keep *k, struct facts *f)
{
    struct def *out = (struct def *)(uintptr_t)f->defs;

    for (uint32_t i = 0; i < k->x->defs.len; i++) {
        struct def d = k->x->defs.at[i];
        d.name = renum(k->syms, d.name);
        d.sig = renum(k->syms, d.sig);
        d.scope = renum(k->scopes, d.scope);
        d.type = renum(k->terms, d.type);
        d.init = renum(k->terms, d.init);
        d.bases = renum(k->terms, d.bases);
        d.self = renum(k->terms, d.self);
        out[i] = d;
    }
}

static void write_refs(const struct keep *k, struct facts *f)
{
    struct ref *out = (struct ref *)(uintptr_t)f->refs;

    *out++ = (struct ref){0};
    for (uint32_t i = 1; i < k->x->refs.len; i++) {
        struct ref r = k->x->refs.at[i];
        if (r.role == REF_NONE)
            continue;
        r.term = renum(k->terms, r.term);
        *out++ = r;
    }
}

static uint32_t count_refs(const struct extract *x)
{
    uint32_t n = 1;
    for (uint32_t i = 1; i < x->refs.len; i++)
        n += x->refs.at[i].role != REF_NONE;
    return n;
}

static int seal(struct keep *k, struct facts **ret_facts, struct err *err)
{
    struct extract *x = k->x;

    k->terms = mem_calloc(x->terms.len, sizeof(*k->terms));
    k->binds = mem_calloc(x->binds.len, sizeof(*k->binds));
    k->scopes = mem_calloc(x->scopes.len, sizeof(*k->scopes));
    k->syms = mem_calloc((size_t)intern_count(&x->syms) + 1, sizeof(*k->syms));
    if (k->terms == NULL || k->binds == NULL || k->scopes == NULL || k->syms == NULL)
        return err_set(err, PT_ENOMEM, "out of memory for the facts of %s", x->path);
    mark(k);
    if (x->failed)
        return err_set(err, PT_ENOMEM, "out of memory for the facts of %s", x->path);
    mark_scopes(k);
    mark_syms(k);

    struct facts counts = {.n_pool = (uint32_t)pool_size(k)};
    counts.n_terms = number(k->terms, x->terms.len);
    counts.n_binds = number(k->binds, x->binds.len);
    counts.n_scopes = number(k->scopes, x->scopes.len);
    counts.n_syms = number(k->syms, intern_count(&x->syms) + 1);
    counts.n_stars = x->stars.len;
    counts.n_defs = x->defs.len;
    counts.n_refs = count_refs(x);
    struct facts *f = lay_out(&counts);
    if (f == NULL)
        return err_set(err, PT_ENOMEM, "out of memory for the facts of %s", x->path);
    write_syms(k, f);
    write_terms(k, f);
    write_binds(k, f);
    write_scopes(k, f);
    write_defs(k, f);
    write_refs(k, f);
    *ret_facts = f;
    return PT_OK;
}

int ex_seal(struct extract *x, struct facts **ret_facts, struct err *err)
{
    if (x->failed)
        return err_set(err, PT_ENOMEM, "out of memory for the facts of %s", x->path);
    uint32_t scopes = x->scopes.len;
    uint8_t *marks = mem_calloc((size_t)scopes * 2 + intern_count(&x->syms) + 1, 1);
    if (marks == NULL)
        return err_set(err, PT_ENOMEM, "out of memory for the facts of %s", x->path);
    bind_names(x, &(struct sight){x, marks, marks + scopes, marks + (size_t)scopes * 2});
    mem_free(marks);
    struct keep k = {.x = x};
    int rc = seal(&k, ret_facts, err);
    mem_free(k.terms);
    mem_free(k.binds);
    mem_free(k.scopes);
    mem_free(k.syms);
    vec_release(&k.todo);
    return rc;
}

void facts_free(struct facts *f)
{
    if (f != NULL && f->home != NULL)
        f->home->leave(f->home);
    mem_free(f);
}
