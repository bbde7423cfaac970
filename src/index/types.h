/* Types, as far as resolution needs them: what a term is a value of. Each distinct type has one
 * number (hash-consed) in the table that made it; 0 is "nothing is known".
 *
 * A table belongs to one thread and lives for the resolution of one file: results then depend on
 * the program and the file alone, not on what was asked before.
 */
#ifndef PT_INDEX_TYPES_H
#define PT_INDEX_TYPES_H

#include "base/map.h"
#include "base/vec.h"
#include "index/program.h"

enum ty_kind {
    TY_NONE,
    TY_INST,    /* a value of the type `def`, with type arguments */
    TY_TYPE,    /* the type itself: a class object, a type name */
    TY_FUNC,    /* the function `def`; args: the type that holds it and the receiver that it was
                   taken from, if any */
    TY_MODULE,  /* file (def 0) or namespace */
    TY_PARAM,   /* type parameter: def is the *bind* that declares it */
    TY_SUPER,   /* a value of the bases of `def` */
    TY_LIB,     /* a value of a type outside of the tree: def is the symbol of its name */
    TY_LIBTYPE, /* that type itself, or a function or module outside of the tree */
    TY_TUPLE,
    TY_FN,      /* something to call; args[0] is what the call gives */
    TY_UNION,   /* one of args */
    TY_MEET,    /* all of args at once */
    TY_EXTERNAL /* certainly something from outside of the tree, otherwise unknown */
};

#define TY_MAX_ARGS 8u

struct ty {
    uint8_t kind;
    uint8_t n_args;
    uint32_t file, def;
    uint32_t args; /* index of the first argument */
};

struct types {
    VEC(struct ty) at;
    VEC(uint32_t) args;
    struct map index; /* hash -> type */
    bool failed;
};

void types_init(struct types *t);
void types_release(struct types *t);
void types_clear(struct types *t); /* forgets all types */

/* More than TY_MAX_ARGS arguments are cut. */
uint32_t ty_make(struct types *t, enum ty_kind kind, struct ent def, const uint32_t *args,
                 unsigned n_args);
static inline struct ty ty_get(const struct types *t, uint32_t id)
{
    return t->at.at[id];
}
static inline uint32_t ty_arg(const struct types *t, uint32_t id, unsigned i)
{
    return i < t->at.at[id].n_args ? t->args.at[t->at.at[id].args + i] : 0;
}
static inline struct ent ty_ent(const struct types *t, uint32_t id)
{
    return (struct ent){t->at.at[id].file, t->at.at[id].def};
}
static inline enum ty_kind ty_kind(const struct types *t, uint32_t id)
{
    return (enum ty_kind)t->at.at[id].kind;
}

/* The same type with each part p replaced by map(ctx, p) (0: leave it). Bounded in depth. */
typedef uint32_t (*ty_map_fn)(void *ctx, uint32_t part);
uint32_t ty_map(struct types *t, uint32_t id, ty_map_fn map, void *ctx, unsigned depth);

/* a or b; nested unions are flattened, duplicates and unknowns dropped. */
uint32_t ty_union(struct types *t, uint32_t a, uint32_t b);
/* A type name as a value of that type: TYPE -> INST, LIBTYPE -> LIB, also inside unions, tuples. */
uint32_t ty_instance(struct types *t, uint32_t id);

#endif
