#include "index/interface.h"

#include "base/arena.h"
#include "base/map.h"
#include "base/sort.h"
#include "lang/lang.h"
#include "lang/terms.h"

#include <string.h>

/* Hashes of everything, by number. */
struct ids {
    const struct facts *f;
    struct interface *to;
    uint64_t path;
    uint64_t *names, *defs, *scopes, *binds, *terms;
    struct map places; /* how many like it came before */
    bool failed;
};

static uint64_t mix(uint64_t a, uint64_t b)
{
    return hash_mix64(a ^ (b + 0x9e3779b97f4a7c15ULL));
}

/* Its place among those that are alike. */
static uint64_t place(struct ids *x, uint64_t like)
{
    uint32_t *n = map_put(&x->places, like, 0, NULL);
    if (n == NULL)
        x->failed = true;
    return n != NULL ? (*n)++ : 0;
}

static void number(struct ids *x)
{
    const struct facts *f = x->f;
    for (uint32_t i = 1; i < f->n_syms; i++)
        x->names[i] = hash64(facts_str(f, i), strlen(facts_str(f, i)));
    x->defs[0] = 1;
    for (uint32_t i = 1; i < f->n_defs; i++) {
        const struct def *d = &f->defs[i];
        uint64_t like = mix(x->defs[d->parent], d->name != 0 ? x->names[d->name] + d->kind : 0);
        x->defs[i] = mix(mix(like, d->kind), place(x, like));
    }
    x->scopes[0] = 2;
    for (uint32_t i = 1; i < f->n_scopes; i++) {
        const struct scope *s = &f->scopes[i];
        uint64_t like = mix(mix(x->scopes[s->parent], x->defs[s->def]), s->kind);
        x->scopes[i] = mix(like, place(x, like));
    }
    for (uint32_t i = 1; i < f->n_binds; i++) {
        const struct bind *b = &f->binds[i];
        uint64_t like = mix(x->scopes[b->scope], x->names[b->name] + b->kind);
        x->binds[i] = mix(like, place(x, like));
    }
}

/* Operands come before the terms that they are of (F2). */
static void hash_terms(struct ids *x)
{
    for (uint32_t i = 1; i < x->f->n_terms; i++) {
        const struct term *t = &x->f->terms[i];
        unsigned o = term_operands[t->op];
        uint64_t a = o & A_TERM   ? x->terms[t->a]
                     : o & A_NAME ? x->names[t->a]
                     : o & A_BIND ? x->binds[t->a]
                     : o & A_DEF  ? x->defs[t->a]
                                  : t->a;
        uint64_t b = o & B_TERM    ? x->terms[t->b]
                     : o & B_NAME  ? x->names[t->b]
                     : o & B_SCOPE ? x->scopes[t->b]
                                   : t->b;
        x->terms[i] = mix(mix(mix((uint64_t)t->op << 32 | t->aux, t->flags), a), b);
    }
}

static void offer(struct ids *x, uint32_t note, uint64_t hash)
{
    if (!vec_push(&x->to->all, (struct offer){note, hash}))
        x->failed = true;
}

static void offer_member(struct ids *x, uint32_t name, uint64_t hash)
{
    offer(x, note_of(NOTE_MEMBER, x->path, x->names[name]), hash);
}

static uint64_t hash_of_def(const struct ids *x, uint32_t i)
{
    const struct def *d = &x->f->defs[i];
    const uint64_t parts[] = {x->defs[i],
                              (uint64_t)d->flags << 32 | (uint64_t)d->kind << 16 | d->ns,
                              (uint64_t)d->arity_min << 16 | (uint64_t)d->arity_max << 8 |
                                  d->generics,
                              x->names[d->sig],
                              x->terms[d->type],
                              x->terms[d->init],
                              x->terms[d->bases],
                              x->terms[d->self],
                              d->scope != 0 ? x->scopes[d->scope] : 0};
    return hash64(parts, sizeof(parts));
}

static uint64_t hash_of_bind(const struct ids *x, uint32_t i)
{
    const struct bind *b = &x->f->binds[i];
    const uint64_t parts[] = {
        x->binds[i],
        (uint64_t)b->kind << 32 | (uint64_t)b->ns << 16 | (uint64_t)b->flags << 8 | b->index,
        x->terms[b->type], x->terms[b->init], b->def != 0 ? hash_of_def(x, b->def) : 0};
    return hash64(parts, sizeof(parts));
}

static void offer_stars(struct ids *x, uint32_t scope)
{
    const struct facts *f = x->f;
    for (uint32_t s = f->scopes[scope].stars, n = 0; s != 0 && n < f->n_stars;
         s = f->stars[s].next, n++) {
        const struct star *star = &f->stars[s];
        uint64_t how = (uint64_t)star->reexport << 8 | star->ns;
        offer(x, note_of(NOTE_STARS, x->path, 0),
              mix(mix(x->scopes[scope], x->terms[star->term]), how));
    }
}

static void offer_binds(struct ids *x)
{
    const struct facts *f = x->f;
    for (uint32_t i = 1; i < f->n_binds; i++) {
        const struct bind *b = &f->binds[i];
        uint64_t hash = hash_of_bind(x, i);
        offer_member(x, b->name, hash);
        if (f->scopes[b->scope].kind == SCOPE_FILE)
            offer(x, note_of(NOTE_GLOBAL, x->names[b->name], 0), hash);
        if (f->scopes[b->scope].kind == SCOPE_TYPE)
            offer(x, note_of(NOTE_UNIQUE, x->names[b->name], 0), hash);
    }
}

static void offer_all(struct ids *x, const char *path)
{
    const struct facts *f = x->f;
    const char *slash = strrchr(path, '/');
    const char *base = slash != NULL ? slash + 1 : path;
    size_t folder = slash != NULL ? (size_t)(slash - path) : 0;

    offer(x, note_of(NOTE_FILE, x->path, 0), f->lang);
    offer(x, note_of(NOTE_PATH, x->path, 0), f->lang);
    offer(x, note_of(NOTE_SUFFIX, hash64(base, strlen(base)), 0), x->path);
    for (uint32_t i = 1; i < f->n_defs; i++) {
        const struct def *d = &f->defs[i];
        offer_member(x, d->name, hash_of_def(x, i));
        if (d->kind == NODE_PACKAGE && d->parent == 0)
            offer(x, note_of(NOTE_PACKAGE, hash64(path, folder), 0), x->names[d->name]);
    }
    offer_binds(x);
    for (uint32_t s = 0; s < f->n_scopes; s++)
        offer_stars(x, s);
}

/* By note; what has one note becomes one, in the order in which it came. */
static bool fold(struct interface *i, struct arena *a)
{
    uint32_t n = i->all.len, k = 0;
    struct sort_item *items = arena_alloc(a, 2 * (size_t)n * sizeof(*items));
    struct offer *all = arena_alloc(a, (size_t)n * sizeof(*all));
    if (items == NULL || all == NULL)
        return false;
    for (uint32_t at = 0; at < n; at++)
        items[at] = (struct sort_item){i->all.at[at].note, at};
    items = sort_keyed(items, items + n, n);
    memcpy(all, i->all.at, (size_t)n * sizeof(*all));
    for (uint32_t at = 0; at < n; at++) {
        struct offer o = all[items[at].at];
        if (k > 0 && i->all.at[k - 1].note == o.note)
            i->all.at[k - 1].hash = mix(i->all.at[k - 1].hash, o.hash);
        else
            i->all.at[k++] = o;
    }
    i->all.len = k;
    return true;
}

int interface_of(const struct facts *f, const char *path, struct interface *ret, struct err *err)
{
    struct arena a;
    arena_init(&a);
    memset(ret, 0, sizeof(*ret));
    struct ids x = {.f = f, .to = ret, .path = hash64(path, strlen(path))};
    x.names = arena_calloc(&a, f->n_syms, sizeof(uint64_t));
    x.defs = arena_calloc(&a, f->n_defs, sizeof(uint64_t));
    x.scopes = arena_calloc(&a, f->n_scopes, sizeof(uint64_t));
    x.binds = arena_calloc(&a, f->n_binds, sizeof(uint64_t));
    x.terms = arena_calloc(&a, f->n_terms, sizeof(uint64_t));
    x.failed =
        x.names == NULL || x.defs == NULL || x.scopes == NULL || x.binds == NULL || x.terms == NULL;
    if (!x.failed) {
        number(&x);
        hash_terms(&x);
        offer_all(&x, path);
    }
    bool ok = !x.failed && fold(ret, &a);
    map_release(&x.places);
    arena_release(&a);
    if (ok)
        return PT_OK;
    interface_release(ret);
    return err_set(err, PT_ENOMEM, "out of memory while comparing %s", path);
}

void interface_release(struct interface *i)
{
    vec_release(&i->all);
}

bool interface_compare(const struct interface *before, const struct interface *after,
                       struct notes *ret)
{
    uint32_t i = 0, k = 0;
    while (i < before->all.len && k < after->all.len) {
        struct offer b = before->all.at[i], a = after->all.at[k];
        if (b.note != a.note || b.hash != a.hash)
            notes_add(ret, b.note < a.note ? b.note : a.note);
        i += b.note <= a.note;
        k += a.note <= b.note;
    }
    for (; i < before->all.len; i++)
        notes_add(ret, before->all.at[i].note);
    for (; k < after->all.len; k++)
        notes_add(ret, after->all.at[k].note);
    return !ret->failed;
}
