#include "index/types.h"

#include "base/hash.h"

#include <string.h>

#define MAX_DEPTH 12u

void types_init(struct types *t)
{
    memset(t, 0, sizeof(*t));
    types_clear(t);
}

void types_release(struct types *t)
{
    vec_release(&t->at);
    vec_release(&t->args);
    map_release(&t->index);
    memset(t, 0, sizeof(*t));
}

void types_clear(struct types *t)
{
    vec_clear(&t->at);
    vec_clear(&t->args);
    /* clearing costs what the table holds: one huge file must not make every later one dear */
    if (map_bytes(&t->index) > 1u << 18)
        map_release(&t->index);
    else
        map_clear(&t->index);
    t->failed = !vec_push(&t->at, (struct ty){0});
}

static bool same(const struct types *t, uint32_t id, enum ty_kind kind, struct ent def,
                 const uint32_t *args, unsigned n)
{
    const struct ty *y = &t->at.at[id];
    return y->kind == kind && y->file == def.file && y->def == def.def && y->n_args == n &&
           (n == 0 || memcmp(t->args.at + y->args, args, n * sizeof(*args)) == 0);
}

uint32_t ty_make(struct types *t, enum ty_kind kind, struct ent def, const uint32_t *args,
                 unsigned n)
{
    uint32_t key[3 + TY_MAX_ARGS] = {(uint32_t)kind, def.file, def.def};
    if (n > TY_MAX_ARGS)
        n = TY_MAX_ARGS;
    if (n > 0)
        memcpy(key + 3, args, n * sizeof(*args));
    uint64_t hash = hash64(key, (3 + n) * sizeof(*key));
    /* before the map names it: who finds it there reads it */
    bool room = vec_reserve(&t->args, (uint64_t)t->args.len + n) &&
                vec_reserve(&t->at, (uint64_t)t->at.len + 1);
    for (; room; hash++) { /* two types with one hash sit at neighbouring keys */
        bool fresh = false;
        uint32_t *id = map_put(&t->index, hash, t->at.len, &fresh);
        if (id == NULL)
            break;
        if (!fresh && same(t, *id, kind, def, key + 3, n))
            return *id;
        if (!fresh)
            continue;
        struct ty y = {(uint8_t)kind, (uint8_t)n, def.file, def.def, t->args.len};
        for (unsigned i = 0; i < n; i++)
            (void)vec_push(&t->args, key[3 + i]);
        (void)vec_push(&t->at, y);
        return t->at.len - 1;
    }
    t->failed = true;
    return 0;
}

uint32_t ty_map(struct types *t, uint32_t id, ty_map_fn map, void *ctx, unsigned depth)
{
    uint32_t to = id != 0 ? map(ctx, id) : 0;
    if (to != 0)
        return to;
    struct ty y = ty_get(t, id);
    if (y.n_args == 0 || depth >= MAX_DEPTH)
        return id;
    uint32_t args[TY_MAX_ARGS];
    bool changed = false;
    for (unsigned i = 0; i < y.n_args; i++) {
        uint32_t old = ty_arg(t, id, i);
        args[i] = ty_map(t, old, map, ctx, depth + 1);
        changed |= args[i] != old;
    }
    return changed ? ty_make(t, (enum ty_kind)y.kind, (struct ent){y.file, y.def}, args, y.n_args)
                   : id;
}

static unsigned add_part(const struct types *t, uint32_t id, uint32_t *parts, unsigned n)
{
    struct ty y = ty_get(t, id);
    unsigned count = y.kind == TY_UNION ? y.n_args : 1;
    for (unsigned i = 0; i < count && n < TY_MAX_ARGS; i++) {
        uint32_t part = y.kind == TY_UNION ? ty_arg(t, id, i) : id;
        unsigned k = 0;
        while (k < n && parts[k] != part)
            k++;
        if (k == n && part != 0)
            parts[n++] = part;
    }
    return n;
}

uint32_t ty_union(struct types *t, uint32_t a, uint32_t b)
{
    if (a == b || b == 0)
        return a;
    if (a == 0)
        return b;
    uint32_t parts[TY_MAX_ARGS];
    unsigned n = add_part(t, a, parts, 0);
    n = add_part(t, b, parts, n);
    return n == 1 ? parts[0] : ty_make(t, TY_UNION, (struct ent){0, 0}, parts, n);
}

static uint32_t instance(struct types *t, uint32_t id, unsigned depth)
{
    struct ty y = ty_get(t, id);
    if (depth > MAX_DEPTH)
        return id;
    if (y.kind == TY_TYPE || y.kind == TY_LIBTYPE) {
        uint32_t args[TY_MAX_ARGS];
        for (unsigned i = 0; i < y.n_args; i++)
            args[i] = ty_arg(t, id, i);
        return ty_make(t, y.kind == TY_TYPE ? TY_INST : TY_LIB, (struct ent){y.file, y.def}, args,
                       y.n_args);
    }
    if (y.kind != TY_UNION && y.kind != TY_MEET && y.kind != TY_TUPLE)
        return id;
    uint32_t args[TY_MAX_ARGS];
    for (unsigned i = 0; i < y.n_args; i++)
        args[i] = instance(t, ty_arg(t, id, i), depth + 1);
    return ty_make(t, (enum ty_kind)y.kind, (struct ent){0, 0}, args, y.n_args);
}

uint32_t ty_instance(struct types *t, uint32_t id)
{
    return id == 0 ? 0 : instance(t, id, 0);
}
