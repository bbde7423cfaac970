/* A program: the facts of all files of a tree, linked by names. It is what resolution reads.
 *
 * Linking makes one table of symbols and indexes what one file can see of another: the members of
 * files, namespaces and types, names with linkage, the impl blocks of each type. Nothing is
 * evaluated here; index/eval gives meaning to terms.
 *
 * Files come and go (program_put, program_take). What the program says is a function of the files
 * that are in it, not of how they came: chains are in the order of paths. Numbers of files and
 * symbols do depend on it, and nothing that is shown depends on them.
 *
 * Threads: one writer alone, or any number of readers. Facts and paths are borrowed, and must stay
 * until their file is taken out. Errors: PT_ENOMEM, PT_ELIMIT; the program can then only be
 * released.
 */
#ifndef PT_INDEX_PROGRAM_H
#define PT_INDEX_PROGRAM_H

#include "base/err.h"
#include "base/intern.h"
#include "base/map.h"
#include "base/vec.h"
#include "index/notes.h"
#include "lang/lang.h"

#define FILE_NONE UINT32_MAX

struct pfile {
    const struct facts *facts; /* borrowed; NULL: no file has this number */
    const char *path;          /* borrowed */
    char *module;              /* module name; owned, NULL before program_name */
    const struct lang *lang;
    uint32_t *syms;      /* global symbol of each of the facts' symbols; owned */
    uint64_t *sigs;      /* sig hash of each def; owned, NULL before nodes_of_file */
    uint64_t path_hash;  /* hash64 */
    uint32_t scope_base; /* global number of its scope 0 */
    uint32_t next_same;  /* further file with the same module name, FILE_NONE at the end */
    uint32_t *includes;  /* languages with linkage: files that it includes, in order; owned */
    uint32_t n_includes;
    bool includes_open; /* some of what it includes lies outside of the tree */
};

/* A definition, wherever it is. */
struct ent {
    uint32_t file, def;
};

/* One more definition or bind of the same name (or impl of the same type). */
struct link {
    uint32_t file, index; /* of a bind or a def, as the index says */
    uint32_t next;        /* 0 at the end */
};

struct program {
    struct intern syms;
    VEC(uint64_t) sym_hashes; /* by symbol: hash64 of its text */
    VEC(struct pfile) files;
    struct map paths;   /* symbol of a path -> file */
    struct map modules; /* symbol of a module name -> first file */
    struct map members; /* (global scope, symbol) -> newest bind there (index in its file) */
    struct map globals; /* symbol -> link: binds of file scopes, languages with linkage */
    struct map by_name; /* symbol -> link: members of types (defs), for LAYER_UNIQUE */
    struct map impls;   /* type (see program_impl_key) -> link: impl defs */
    VEC(struct link) links;
    uint32_t free_link;  /* chain of links that nobody uses, 0 */
    uint32_t next_scope; /* global number */
    struct map packages; /* symbol of a folder -> link: PACKAGE defs of its manifests */
    struct map suffixes; /* symbol of a file's base name -> link: files (index unused) */
};

int program_init(struct program *p, struct err *err);
void program_release(struct program *p);

/* The file of this number says this. It is new (the first number that is free, or any beyond all)
 * or replaces what the number stood for, which must have been of the same path. Many at once are
 * fastest from the last path to the first. Its module name and its includes stay what they were, if
 * any, until they are found anew. */
int program_put(struct program *p, uint32_t file, const char *path, const struct facts *facts,
                struct err *err);
/* The file is gone; its impl blocks must have been taken out. */
void program_take(struct program *p, uint32_t file);
/* Finds the module name of the file. What was asked is noted if `notes` is not NULL. */
int program_name(struct program *p, uint32_t file, struct notes *notes, bool *ret_changed,
                 struct err *err);

/* What languages ask of the tree (lang.h), and where it is noted (may be NULL). */
struct program_asking {
    const struct program *p;
    struct notes *notes;
};
struct lang_tree program_tree(struct program_asking *asking);

uint32_t program_sym(const struct program *p, const char *s); /* 0 if nobody uses that name */
static inline uint32_t pfile_sym(const struct pfile *f, uint32_t local)
{
    return f->syms[local];
}
static inline uint64_t program_sym_hash(const struct program *p, uint32_t sym)
{
    return p->sym_hashes.at[sym];
}

/* The newest bind of the symbol in a scope of a file (index in the file's binds), 0 if none. */
uint32_t program_member(const struct program *p, uint32_t file, uint32_t scope, uint32_t sym);
/* The file with this module name, FILE_NONE if there is none. */
uint32_t program_module(const struct program *p, const char *name, size_t n);
uint32_t program_path(const struct program *p, const char *path, size_t n);
/* First link of a chain, 0 if none. */
uint32_t program_chain(const struct map *m, uint64_t key);

/* Adds an impl block to a type, or takes all those of a file away from it. */
int program_add_impl(struct program *p, uint64_t type_key, struct ent impl, struct err *err);
void program_take_impls(struct program *p, uint64_t type_key, uint32_t file);
/* The same whatever number the type has in the facts of its file. */
uint64_t program_impl_key(const struct program *p, struct ent type);
/* Of a type outside of the tree, by its name. */
static inline uint64_t program_impl_key_name(const struct program *p, uint32_t sym)
{
    return UINT64_C(1) << 63 | program_sym_hash(p, sym);
}

#endif
