/* A program: the facts of all files of a tree, linked by names. It is what resolution reads.
 *
 * Linking gives each file its module name, makes one table of symbols, and indexes what one file
 * can see of another: the members of files, namespaces and types, names with linkage, the impl
 * blocks of each type. Nothing is evaluated here; index/eval gives meaning to terms.
 *
 * Built by one thread, then immutable and read by any number of them. Facts are borrowed and must
 * outlive the program. Files are in the order of their paths, so all numbers are deterministic.
 */
#ifndef PT_INDEX_PROGRAM_H
#define PT_INDEX_PROGRAM_H

#include "base/arena.h"
#include "base/err.h"
#include "base/intern.h"
#include "base/map.h"
#include "base/vec.h"
#include "lang/lang.h"

#define FILE_NONE UINT32_MAX

struct pfile {
    const struct facts *facts; /* borrowed */
    const char *path;          /* borrowed */
    const char *module;        /* module name, owned by the program's arena */
    const struct lang *lang;
    const uint32_t *syms; /* global symbol of each of the facts' symbols */
    uint32_t scope_base;  /* global number of its scope 0 */
    uint32_t next_same;   /* further file with the same module name, FILE_NONE at the end */
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
    struct arena arena;
    struct intern syms;
    VEC(struct pfile) files;
    struct map paths;   /* symbol of a path -> file */
    struct map modules; /* symbol of a module name -> first file */
    struct map members; /* (global scope, symbol) -> newest bind there (index in its file) */
    struct map globals; /* symbol -> link: binds of file scopes, languages with linkage */
    struct map by_name; /* symbol -> link: members of types (defs), for LAYER_UNIQUE */
    struct map impls;   /* head of a type (see program_impl_key) -> link: impl defs */
    VEC(struct link) links;
    struct map packages; /* symbol of a folder -> symbol of the package that its manifest names */
    struct map suffixes; /* symbol of a file's base name -> link: files (index unused) */
};

struct program_file {
    const char *path;
    const struct facts *facts;
};

/* files must be sorted by path (strcmp). */
int program_link(struct program *p, const struct program_file *files, uint32_t n, struct err *err);
void program_release(struct program *p);

/* What languages ask of the tree (lang.h); ctx is the program. */
struct lang_tree program_tree(struct program *p);

uint32_t program_sym(const struct program *p, const char *s); /* 0 if nobody uses that name */
static inline uint32_t pfile_sym(const struct pfile *f, uint32_t local)
{
    return f->syms[local];
}

/* The newest bind of the symbol in a scope of a file (index in the file's binds), 0 if none. */
uint32_t program_member(const struct program *p, uint32_t file, uint32_t scope, uint32_t sym);
/* The file with this module name, FILE_NONE if there is none. */
uint32_t program_module(const struct program *p, const char *name, size_t n);
uint32_t program_path(const struct program *p, const char *path, size_t n);
/* First link of a chain, 0 if none. */
uint32_t program_chain(const struct map *m, uint64_t key);

/* Adds an impl block to a type; called while the program is being completed (eval_attach). */
int program_add_impl(struct program *p, uint64_t type_key, struct ent impl, struct err *err);
static inline uint64_t program_impl_key(struct ent type)
{
    return (uint64_t)type.file << 32 | type.def;
}
/* Of a type outside of the tree, by its name. */
static inline uint64_t program_impl_key_name(uint32_t sym)
{
    return UINT64_C(1) << 63 | sym;
}

#endif
