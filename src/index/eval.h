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
    struct map memo;   /* what a bind, def or result was found to be */
    struct {           /* aliases that were followed since the outermost of them was begun */
        struct map at; /* file, term -> index in found, or that it is under way */
        VEC(struct targets) found;
        VEC(uint64_t) unsure; /* keys of memo that a circle may have left too little for */
        unsigned depth;       /* how many are under way */
        bool circle;          /* one that was under way was asked for */
    } aliases;
    uint32_t file; /* whose refs are being resolved */
    unsigned depth;
    uint32_t fuel;
    uint32_t *seen; /* by file: stamp of the last search through star imports that was there */
    uint32_t stamp, last_stamp;
    uint32_t n_files;     /* that seen and reach_rank have room for */
    uint32_t closure_of;  /* file whose include closure `reach` holds, FILE_NONE */
    bool closure_open;    /* some of it lies outside of the tree */
    VEC(uint32_t) reach;  /* files that it includes, nearest first, itself at the front */
    uint32_t *reach_rank; /* by file: 1 + place in reach when in it */
    struct buf text;
    VEC(uint32_t) lines; /* of eval_mro */
    struct notes *notes; /* of what is asked of other files; borrowed, may be NULL */
    bool attaching;      /* impl blocks are not on their types yet: they have no members */
    bool failed;         /* out of memory */
};

/* PT_ENOMEM only. The program is borrowed. It may change between two files: eval_begin_file. */
int eval_init(struct eval *e, const struct program *p, struct err *err);
void eval_release(struct eval *e);
/* False: no memory. */
bool eval_begin_file(struct eval *e, uint32_t file);

/* What the file adds to the program, once all files have their module names, and before anything
 * else is asked: the files that it includes, and the types that its impl blocks belong to, by
 * program_impl_key. The first are put into the program, the second are given back: no block is hung
 * on its type before all files have been asked, since what they say must not depend on which came
 * first. */
struct eval_impl {
    uint64_t key;
    uint32_t def;
};
struct eval_impls {
    VEC(struct eval_impl) all;
};
int eval_includes(struct eval *e, struct program *p, uint32_t file, bool *ret_changed,
                  struct err *err);
int eval_impls(struct eval *e, uint32_t file, struct eval_impls *ret, struct err *err);

/* PT_ENOMEM if memory was short since the file was begun. */
int eval_memory(const struct eval *e, const char *path, struct err *err);

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

/* ---- what is asked of other files ---- */

static inline void eval_note(const struct eval *e, enum note_kind kind, uint64_t a, uint64_t b)
{
    if (e->notes != NULL)
        notes_add(e->notes, note_of(kind, a, b));
}
static inline void eval_note_file(const struct eval *e, enum note_kind kind, uint32_t file)
{
    if (file != e->file)
        eval_note(e, kind, eval_pfile(e, file)->path_hash, 0);
}
static inline void eval_note_sym(const struct eval *e, enum note_kind kind, uint32_t sym)
{
    if (e->notes != NULL)
        eval_note(e, kind, program_sym_hash(e->p, sym), 0);
}
/* All that bears the name in the file. */
static inline void eval_note_member(const struct eval *e, uint32_t file, uint32_t sym)
{
    if (e->notes != NULL && file != e->file)
        eval_note(e, NOTE_MEMBER, eval_pfile(e, file)->path_hash, program_sym_hash(e->p, sym));
}

static inline const struct def *eval_def(const struct eval *e, struct ent d)
{
    const struct pfile *f = eval_pfile(e, d.file);
    const struct def *def = &f->facts->defs[d.def];
    if (d.def != 0)
        eval_note_member(e, d.file, pfile_sym(f, def->name));
    return def;
}
static inline const struct bind *eval_bind(const struct eval *e, uint32_t file, uint32_t bind)
{
    const struct pfile *f = eval_pfile(e, file);
    const struct bind *b = &f->facts->binds[bind];
    eval_note_member(e, file, pfile_sym(f, b->name));
    return b;
}

#endif
