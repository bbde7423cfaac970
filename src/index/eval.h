/* Evaluation: what a term denotes, and what its value's type is. One evaluator for all languages;
 * where they differ, it asks their descriptions (lang.h).
 *
 * Two questions, which call each other:
 *   eval_lookup  the definitions that a name, path or member access means
 *   eval_value   the type of what a term gives (a class's name gives TY_TYPE, calling it TY_INST)
 *
 * One struct eval serves one thread. eval_begin_file forgets all that was found out, so that the
 * answers for a file are a function of the program and the file. Depth and effort are bounded;
 * beyond the bounds the answer is "unknown", at the same point every time.
 */
#ifndef PT_INDEX_EVAL_H
#define PT_INDEX_EVAL_H

#include "index/program.h"
#include "index/types.h"

#define MAX_TARGETS 8u

struct target {
    struct ent def;
    struct ent impl; /* the impl block that holds it; file FILE_NONE if none */
    uint32_t recv;   /* the type that holds it (a base of the receiver's, say), 0 if none */
    uint32_t self;   /* the receiver that was asked for it */
    uint8_t layer;   /* enum layer */
};

struct targets {
    struct target at[MAX_TARGETS];
    unsigned n;
    bool more;     /* there were more than MAX_TARGETS */
    bool external; /* means something outside of the tree */
    bool dynamic;  /* a value: what it holds cannot be told from the text */
};

struct eval {
    const struct program *p;
    struct types types;
    struct map memo; /* what a bind, def or result was found to be */
    uint32_t file;   /* whose refs are being resolved */
    unsigned depth;
    uint32_t fuel;
    uint32_t *seen; /* by file: stamp of the last search through star imports that was there */
    uint32_t stamp;
    uint32_t closure_of;  /* file whose include closure `reach` holds, FILE_NONE */
    bool closure_open;    /* some of it lies outside of the tree */
    VEC(uint32_t) reach;  /* files that it includes, nearest first, itself at the front */
    uint32_t *reach_rank; /* by file: 1 + place in reach when in it */
    struct buf text;
    VEC(uint32_t) lines; /* of eval_mro */
    bool failed;         /* out of memory */
};

/* PT_ENOMEM only. The program is borrowed and must be complete (eval_attach). */
int eval_init(struct eval *e, const struct program *p, struct err *err);
void eval_release(struct eval *e);
void eval_begin_file(struct eval *e, uint32_t file);

/* Finds the type of each impl block and hangs the block on it. Once, before any other question;
 * single-threaded. */
int eval_attach(struct program *p, struct err *err);

void eval_lookup(struct eval *e, uint32_t file, uint32_t term, struct targets *ret);
uint32_t eval_value(struct eval *e, uint32_t file, uint32_t term);
uint32_t eval_type(struct eval *e, uint32_t file, uint32_t term); /* ty_instance of it */

/* Members named `sym` of a type (own, impls, bases, defaults). */
void eval_members(struct eval *e, uint32_t ty, uint32_t sym, unsigned ns, struct targets *ret);
/* Only those of the definition itself: no bases, no impls of traits. */
void eval_own_member(struct eval *e, struct ent type, uint32_t sym, unsigned ns,
                     struct targets *ret);
/* The types that `type` names as its bases (for an impl: the trait), evaluated. At most n. */
unsigned eval_bases(struct eval *e, struct ent type, uint32_t *ret, unsigned n);

static inline const struct pfile *eval_pfile(const struct eval *e, uint32_t file)
{
    return &e->p->files.at[file];
}
static inline const struct def *eval_def(const struct eval *e, struct ent d)
{
    return &e->p->files.at[d.file].facts->defs[d.def];
}

#endif
