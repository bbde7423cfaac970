/* A language: one constant description, filled by the language's own file and listed in the
 * registry (lang/registry.c). Shared code never asks which language it has in hand; it asks what
 * the description says.
 *
 * Descriptions are constant and usable from any thread. lang_prepare must have returned once
 * before the rules of a language are used (extract does that).
 */
#ifndef PT_LANG_LANG_H
#define PT_LANG_LANG_H

#include "base/str.h"
#include "lang/facts.h"

#include <stdbool.h>

struct TSLanguage;
struct ex_rule;
struct extract;

enum lang_flag {
    /* A name that no scope binds may mean an external definition anywhere in the tree that has
     * linkage (not FLAG_STATIC): C. */
    LANG_GLOBAL_LINKAGE = 1u << 0,
    /* Members of a type are also looked up in IMPL blocks for it: Rust. */
    LANG_IMPLS = 1u << 1,
    /* A call of a type is a call of its constructor (named by `constructor`). */
    LANG_CALL_CONSTRUCTS = 1u << 2,
    /* The constructor of a base serves where a type has none of its own: TypeScript. */
    LANG_CONSTRUCTOR_INHERITED = 1u << 3,
    /* Only BIND_EXPORTED binds of a file are seen from other files: TypeScript, JavaScript. */
    LANG_EXPORTS_LISTED = 1u << 4,
    /* Attributes of a value may be assigned anywhere; an untyped receiver may fall back to a
     * member name that only one type in the tree has. */
    LANG_UNIQUE_MEMBERS = 1u << 5,
    /* A definition is found through its file's directory module: files of a folder share one
     * scope: Go, Java packages. */
    LANG_FOLDER_SCOPE = 1u << 6,
    /* Names bound in the scope of a type are visible by their bare name: in the type's body but
     * not in its methods (Python), or everywhere inside (Java, C++). Neither: only as members. */
    LANG_TYPE_SCOPE_DIRECT = 1u << 7,
    LANG_TYPE_SCOPE_LEXICAL = 1u << 8,
    /* A name that no scope binds may be the root module of a package of the tree: Rust's crates. */
    LANG_PACKAGE_NAMES = 1u << 9,
    /* Inside a namespace the names of the scopes around it are not seen (but macros are): Rust. */
    LANG_CLOSED_NAMESPACES = 1u << 10,
    /* Several bases are searched in the order of C3, not one after the other: Python. */
    LANG_MRO = 1u << 11,
};

/* What is known of a member of a builtin or library type. `result` is a small type expression:
 * "self" the receiver, "0" / "1" its type arguments, "elem" what iterating it gives, "arg" the
 * first argument of the call, "below" the receiver without a reference, a name for a builtin type,
 * "Name<0>" for one with arguments, "(0,1)" for a tuple; ".elem" and ".call" behind one: what
 * iterating over it and calling it gives. type "*" stands for any, which counts where neither the
 * type nor what it points to has an entry. Made-up members say what operations give: "<elem>"
 * iteration, "<index>" a[i], "<try>" a?, "<await>" await a, "<deref>" *a; where there is no entry,
 * these give type argument 0. */
struct lang_member {
    const char *type, *member, *result;
};

/* What a language asks of the tree while it names modules and follows imports. */
struct lang_tree {
    void *ctx;
    /* Is there an indexed (or known) file with this path, relative to the root, normalised? */
    bool (*has_file)(void *ctx, const char *path, size_t n);
    /* Some indexed file that ends with /`suffix` (or is it), in the order of paths; the shortest
     * common-directory distance to `near` wins. Writes its path. False if there is none, or more
     * than one equally near. */
    bool (*find_suffix)(void *ctx, const char *suffix, const char *near, struct buf *ret_path);
    /* The package that the nearest manifest at or above the directory of `path` declares: its
     * name and the manifest's directory ("" for the root). False if none. */
    bool (*package_of)(void *ctx, const char *path, struct buf *ret_name, struct buf *ret_dir);
};

struct lang {
    const char *name;                /* "rust": used in keys, on the command line */
    const char *title;               /* "Rust" */
    const char *separator;           /* between the parts of a qualified name: "::" or "." */
    const char *module_separator;    /* between the file's module name and what is in it */
    const char *line_comment;        /* "//" or "#" */
    const char *const *suffixes;     /* ".rs", ... NULL-terminated */
    const char *const *filenames;    /* whole names: "Cargo.toml"; may be NULL */
    const char *const *interpreters; /* of #! lines: "python3"; may be NULL */
    uint32_t flags;
    const char *constructor; /* name of a constructor member, NULL if none */
    /* Members that give what iterating over a value gives, tried in this order: "__iter__",
     * "next". NULL-terminated; may be NULL. */
    const char *const *iterators;
    const char *deref_member; /* associated type that a smart pointer derefs to, NULL if none */

    /* Names of languages (by `name`) whose definitions code of this one may reach. NULL: only its
     * own. */
    const char *const *family;

    /* Grammar and rules. A language without a grammar (manifests) fills `extract` instead. */
    const struct TSLanguage *(*grammar)(void);
    const struct ex_rule *rules; /* indexed by the language's own enum; entry 0 is blank, an entry
                                    whose symbol is NULL behind it ends the table */
    const char *const *fields;   /* likewise: grammar fields that the rules use; [0] is "" */
    int (*extract)(struct extract *x, const char *src, uint32_t n);
    /* Namespaces (enum ns) in which EX_NAME and EX_TYPE leaves are looked up. 0: NS_VALUE and
     * NS_TYPE. */
    uint8_t name_ns, type_ns;
    /* Writes a copy of the source, with the same length and lines, in which that is blank which
     * keeps the grammar from reading the rest: it is parsed instead. False: nothing is. May be
     * NULL. */
    bool (*mask)(struct extract *x, struct buf *ret);

    /* Called when the root has been entered (file scope open) and before it is left. */
    void (*begin_file)(struct extract *x);
    void (*end_file)(struct extract *x);

    /* Writes the module name of a file: what imports are matched against, and the first part of
     * the qualified names of its definitions ("django.db.models", "regex::exec",
     * "src/internal/Observable.ts"). */
    void (*module_name)(const struct lang_tree *tree, const char *path, struct buf *ret);
    /* Turns what a TERM_MODULE spells in the file `path` into the module name (as module_name
     * writes it) or the path of the file it means; false when it lies outside of the tree. */
    bool (*find_module)(const struct lang_tree *tree, const char *path, const char *spelled,
                        struct buf *ret);
    /* Is this file test code as a whole, by its path? */
    bool (*is_test_path)(const char *path);
    /* Is it there to say what others hold (a header, a stub), by its path? May be NULL. */
    bool (*is_header_path)(const char *path);

    const struct lang_member *members; /* ends with type NULL; may be NULL */
    /* Names of generic library types that stand for their argument when a member is looked up:
     * "Box", "Rc". NULL-terminated; may be NULL. */
    const char *const *transparent;
    /* Names that are members of builtin types: never bound by LAYER_UNIQUE. Sorted,
     * NULL-terminated; may be NULL. */
    const char *const *common_members;
};

/* All languages, by index. The index is stable within one build only; keys use the name. */
extern const struct lang *const lang_registry[];
extern const unsigned lang_count;

#define LANG_NONE 255u

/* By path, else by the #! line at the beginning of `head`; LANG_NONE if no language takes it. */
unsigned lang_of_file(const char *path, const char *head, size_t n_head);
unsigned lang_by_name(const char *name);

/* What the path of a file says of its contents. Facts depend on nothing else of it, so that they
 * can be kept by content, language and these marks. */
enum path_mark {
    PATH_TEST = 1u << 0,
    PATH_HEADER = 1u << 1,
    PATH_MARKS = PATH_TEST | PATH_HEADER,
};

unsigned lang_path_marks(unsigned lang, const char *path);

/* May code of language `from` mean a definition of language `to`? */
bool lang_reaches(unsigned from, unsigned to);

#endif
