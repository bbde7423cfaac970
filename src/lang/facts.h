/* Facts: what one file says, by itself. A pure function of the file's bytes, its language, and the
 * little that its path says of it (enum path_mark of lang/lang.h).
 *
 * Facts know nothing of other files: a name is bound to the file's own scopes or left free. They
 * are the input of resolution (index/) and are small and relocatable, so that they can be cached
 * by content hash.
 *
 * The heart is the *term*: a tiny expression tree that says what a piece of source denotes.
 * `self.pool.get()?.run(x)` becomes CALL(MEMBER(TRY(CALL(MEMBER(MEMBER(SELF, pool), get))), run)).
 * Types are terms too: `Vec<Foo>` is APPLY(FREE Vec, [BOUND Foo]). Imports are terms: Python's
 * `from a.b import c as d` binds d as an alias of PATH(MODULE "a.b", c). One evaluator
 * (index/eval) gives meaning to all of them, for every language.
 *
 * Everything is addressed by index into the arrays below; index 0 of every array means "none"
 * (defs[0] is the file itself; scopes[0] is the file's scope; terms[0], binds[0], syms[0] are
 * blank). A finished struct facts is immutable; any thread may read it.
 *
 * Invariants (facts_check verifies them; tests cite the numbers):
 *  F1  every index is in range;
 *  F2  the operands of a term have smaller indexes than the term (so terms form a DAG);
 *  F3  def.parent < def index for every def but the file;
 *  F4  scope.parent < scope index for every scope but the file's;
 *  F5  bind.next < bind index (a chain of older binds of the same name in the same scope);
 *  F6  every symbol ends with NUL and lies inside the pool;
 *  F7  star.next > star index, or 0 (a chain of the stars of a scope, in the order of the source).
 */
#ifndef PT_LANG_FACTS_H
#define PT_LANG_FACTS_H

#include "base/err.h"
#include "base/hash.h"
#include "graph/model.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum term_op {
    TERM_NONE,
    TERM_NAME,     /* only before binding: a = name, b = scope, aux = namespaces */
    TERM_FREE,     /* a = name that no scope of this file binds; aux = namespaces; b = innermost
                      scope around it that has star imports (0: the file's) */
    TERM_BOUND,    /* a = the bind it means, best first; others follow bind.next */
    TERM_SELF,     /* a = def of the enclosing type or impl: a value of that type (self, this) */
    TERM_SELFTYPE, /* a = the same def: the type itself (Self, cls) */
    TERM_SUPER,    /* a = the same def: a value of its bases (super) */
    TERM_ROOT,     /* Rust's crate: the root module of this file's package */
    TERM_HERE,     /* the module that encloses the term: a = def of it (0: the file) */
    TERM_PARENT,   /* Rust's super: a = term of a module; the module around it */
    TERM_MODULE,   /* a = a module or file as the source spells it ("..a.b", "./x", "sds.h") */
    TERM_PATH,     /* a::b, a member of a namespace or type: a = term, b = name, aux = namespaces */
    TERM_MEMBER,   /* a.b, a member of a value: a = term, b = name */
    TERM_CALL,     /* a = callee, b = list of arguments (may be 0), aux = their number */
    TERM_NEW,      /* as CALL, for `new X(...)` and struct literals */
    TERM_INDEX,    /* a[...]: a = term, b = list of indexes */
    TERM_ELEM,     /* what iterating over a gives */
    TERM_DEREF,    /* *a */
    TERM_ADDR,     /* &a */
    TERM_AWAIT,    /* await a */
    TERM_TRY,      /* a? : the value of a successful a */
    TERM_APPLY,    /* generic a with arguments b (list) */
    TERM_LIST,     /* a = item, b = the rest of the list (0 ends it) */
    TERM_TUPLE,    /* b = list */
    TERM_PROJ,     /* a = term, b = index: component of a tuple or array pattern */
    TERM_UNION,    /* a or b: conditional values, union types, several returns */
    TERM_MEET,     /* a and b: intersection types, several bounds */
    TERM_FN,       /* a function value or type: a = result, b = list of parameters */
    TERM_LIT,      /* a value of the builtin type named a ("str", "int", "list") */
    TERM_OFTYPE,   /* a value of type a: casts, annotations used as values */
    TERM_TYPEOF,   /* the type of value a: typeof, decltype */
    TERM_KEYED,    /* an argument given by keyword: a = value, b = name */
    TERM_OP_COUNT
};

/* Namespaces: which binds a name may mean. A bind lists those that it lives in. */
enum ns {
    NS_VALUE = 1u << 0,
    NS_TYPE = 1u << 1, /* types, modules and namespaces */
    NS_MACRO = 1u << 2,
    NS_TAG = 1u << 3,   /* C: struct, union and enum tags */
    NS_FIELD = 1u << 4, /* Rust: fields, where a method may have the same name */
    NS_ANY = 0x1f,
};

struct term {
    uint8_t op;
    uint8_t flags; /* unused by now, 0 */
    uint16_t aux;
    uint32_t a, b;
};

enum bind_kind {
    BIND_DEF,     /* def is the definition */
    BIND_VAR,     /* local variable or parameter: type and init say what it holds */
    BIND_ALIAS,   /* means what the term `init` denotes: imports, uses, re-exports */
    BIND_TYPARAM, /* type parameter: type = its bound (a MEET of several); init = its default;
                     def = the generic definition, index = its place there */
};

enum bind_flag {
    BIND_EXPORTED = 1u << 0, /* reachable from other files as a member of the scope */
    BIND_PARAM = 1u << 1,    /* a parameter of the function that owns the scope */
    BIND_SEQ = 1u << 2,      /* visible only behind `from` in its scope (let, C locals) */
    BIND_VARIADIC = 1u << 3, /* *args, ...rest: type is the element's */
    BIND_PRIVATE = 1u << 4,  /* must not be seen from outside (export lists that leave it out) */
};

struct bind {
    uint32_t name;
    uint32_t scope;
    uint32_t from; /* byte offset behind which it is visible (BIND_SEQ) */
    uint32_t def;
    uint32_t type; /* declared type (a type term), 0 if none */
    uint32_t init; /* value that it starts with, or the alias */
    uint32_t next; /* older bind of the same name in the same scope, 0 at the end */
    uint8_t kind;
    uint8_t ns;
    uint8_t flags;
    uint8_t index; /* parameters and type parameters: position */
};

enum scope_kind { SCOPE_FILE, SCOPE_NAMESPACE, SCOPE_TYPE, SCOPE_FUNCTION, SCOPE_BLOCK };

struct scope {
    uint32_t parent;
    uint32_t def;   /* the def that owns it (functions, types, namespaces), or the enclosing one */
    uint32_t stars; /* first of its star imports, 0 if none */
    uint8_t kind;
    uint8_t pad[3];
};

/* `use a::*`, `from m import *`, `export * from`, `#include`: the scope also sees what term
 * holds */
struct star {
    uint32_t term;
    uint32_t next; /* further star of the same scope */
    uint8_t reexport;
    uint8_t ns; /* only names of these namespaces are seen, 0: all (Rust: #[macro_use]) */
    uint8_t pad[2];
};

struct def {
    uint32_t name;
    uint32_t parent;     /* enclosing def */
    uint32_t scope;      /* scope that it opens, 0 if none */
    uint32_t type;       /* declared type of a field, constant, ...; result type of a function;
                        target of a type alias */
    uint32_t init;       /* initial value; for functions without a declared result: UNION of what it
                        returns */
    uint32_t bases;      /* list: types that it extends or implements; IMPL: list of the trait */
    uint32_t self;       /* IMPL, extension: the type that it adds to */
    uint32_t sig;        /* symbol: normalised signature text on one line, never the body */
    uint32_t start, end; /* bytes of the whole definition */
    uint32_t doc_start, doc_end; /* bytes of its doc comment or docstring, equal if none */
    uint32_t line;               /* of its name, from 1 */
    uint32_t end_line;
    uint16_t flags;               /* enum node_flag */
    uint8_t kind;                 /* enum node_kind */
    uint8_t ns;                   /* namespaces of its own name */
    uint8_t arity_min, arity_max; /* parameters without self; 255 = any number */
    uint8_t generics;             /* number of type parameters */
    uint8_t pad;
};

enum ref_role {
    REF_NONE, /* taken back */
    REF_CALL,
    REF_NEW,
    REF_USE,
    REF_TYPE,
    REF_ACCEPTS, /* a type in the parameters of `from` */
    REF_RETURNS, /* a type in the result of `from` */
    REF_EXTENDS,
    REF_IMPLEMENTS,
    REF_IMPORT,
    REF_MACRO,    /* a macro is invoked: becomes CALLS */
    REF_DECORATE, /* becomes CALLS from the scope around the decorated definition */
    REF_ROLE_COUNT
};

struct ref {
    uint32_t term;
    uint32_t from; /* def that contains the reference */
    uint32_t line; /* from 1 */
    uint16_t col;  /* in bytes from 1, 65535 when beyond */
    uint8_t role;
    uint8_t pad;
};

enum facts_flag {
    FACTS_ERRORS = 1u << 0,    /* the parser met errors; the facts hold what could be had */
    FACTS_TRUNCATED = 1u << 1, /* a limit (nodes, depth, effort) cut the extraction short */
    FACTS_GENERATED = 1u << 2,
    FACTS_TEST = 1u << 3, /* the file as a whole is test code */
    FACTS_UNREAD =
        1u << 4, /* could not be read (binary, no permission): these are of an empty one */
};

/* Where facts are guests: something else holds their arrays, and is told when they are freed. */
struct facts_home {
    void (*leave)(struct facts_home *home);
};

struct facts {
    struct hash128 content; /* of the file's bytes */
    uint8_t lang;           /* index in the registry */
    uint8_t pad[3];
    uint32_t flags;
    uint32_t bytes, lines;
    uint32_t error_line; /* first line with a syntax error, 0 if none */

    uint32_t n_syms, n_pool;
    uint32_t n_terms, n_binds, n_scopes, n_stars, n_defs, n_refs;
    const uint32_t *syms; /* offset of each symbol in the pool */
    const char *pool;
    const struct term *terms;
    const struct bind *binds;
    const struct scope *scopes;
    const struct star *stars;
    const struct def *defs;
    const struct ref *refs;
    struct facts_home *home; /* borrowed; NULL: the arrays are the facts' own, right behind them */
};

/* The text of a symbol of these facts, "" for 0. Borrowed from the facts. */
static inline const char *facts_str(const struct facts *f, uint32_t sym)
{
    return f->pool + f->syms[sym];
}

/* Lists of malformed source may end in anything. */
static inline bool facts_is_list(const struct facts *f, uint32_t term)
{
    return f->terms[term].op == TERM_LIST;
}

/* Size of the facts with their arrays. */
size_t facts_size(const struct facts *f);

/* The arrays lie side by side in one block, in the order of struct facts, so it begins with syms.
 * Its size follows from their lengths; what lies between them is 0. */
size_t facts_block_size(const struct facts *f);
/* Lets the arrays, whose lengths are set, lie in this block, which is aligned to 8. */
void facts_place(struct facts *f, const void *block);

/* PT_ECORRUPT, naming the invariant and the index, unless F1 to F7 hold. */
int facts_check(const struct facts *f, struct err *err);

struct buf;
/* A readable, deterministic listing of everything in the facts, for tests and debugging. */
void facts_print(const struct facts *f, struct buf *out);

void facts_free(struct facts *f);

#endif
