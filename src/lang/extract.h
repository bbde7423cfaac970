/* Extraction: one walk over a syntax tree that turns it into facts.
 *
 * The walk is driven by a table of rules, one per grammar symbol (struct ex_rule). It is a
 * semantic-value stack, as in an LR parser: when a node is left, its children's values (struct
 * kid) lie side by side, and the node's `leave` handler reduces them to the node's own value. A
 * node without a handler passes on the value of its only child that has one. `enter` handlers run
 * before the children, and open definitions and scopes; what they opened is closed by the walk
 * when the node is left. No handler ever recurses, so depth costs heap, not stack, and is limited.
 *
 * Out of memory is sticky: builders then return 0, and extract_file fails at the end.
 *
 * One struct extract serves one thread, and any number of files one after the other.
 */
#ifndef PT_LANG_EXTRACT_H
#define PT_LANG_EXTRACT_H

#include "base/intern.h"
#include "base/str.h"
#include "base/vec.h"
#include "lang/facts.h"
#include "lang/lang.h"

#include <tree_sitter/api.h>

enum ex_rule_flag {
    EX_SKIP = 1u << 0,     /* neither the node nor what is below it matters */
    EX_NAME = 1u << 1,     /* leaf: a name in value position: NAME term, REF_USE */
    EX_TYPE = 1u << 2,     /* leaf: a name in type position: NAME term, REF_TYPE */
    EX_WORD = 1u << 3,     /* leaf: only its text, as kid.name: no term, no ref */
    EX_LIT = 1u << 4,      /* leaf: a literal of the builtin type `arg`: not descended into */
    EX_MARK = 1u << 5,     /* leaf: becomes a kid, so that the parent sees that it is there */
    EX_COMMENT = 1u << 6,  /* remembered as the doc of the definition that follows it */
    EX_BETWEEN = 1u << 7,  /* may stand between a doc comment and its definition (attributes);
                              descended into as usual */
    EX_TOKEN = 1u << 8,    /* `symbol` names an anonymous token ("async", "*"), not a node */
    EX_BLOCK = 1u << 9,    /* opens a SCOPE_BLOCK */
    EX_OPTIONAL = 1u << 10 /* the grammar may lack this symbol (one table for several grammars) */
};

struct kid {
    TSNode node;
    uint32_t name;           /* symbol of the text of a leaf, 0 otherwise */
    uint32_t term;           /* what the node denotes, 0 if nothing */
    uint32_t ref;            /* the ref that stands for `term` itself, 0 if there is none */
    uint32_t refs, refs_end; /* the refs made at and below the node */
    uint16_t sym;            /* index of its rule in the language's table, 0 if it has none */
    uint16_t field;          /* index of its field in the language's list, 0 if none */
};

typedef void (*ex_enter_fn)(struct extract *x, TSNode node);
typedef void (*ex_leave_fn)(struct extract *x, struct kid *self, const struct kid *kids,
                            uint32_t n);

struct ex_rule {
    const char *symbol;
    uint16_t flags;
    uint8_t skip;  /* children in this field are passed over (the name of a definition, which
                      `enter` has already taken); 0: none */
    uint8_t skip2; /* a second such field */
    const char *arg;
    ex_enter_fn enter;
    ex_leave_fn leave;
};

struct ex_star {
    uint32_t scope;
    struct star star;
};

/* Something seen that can be dealt with only later: `self.x = v` in a method says that its class
 * has a field x, unless the class defines x further down. Pushed and taken back by the language. */
struct ex_note {
    TSNode node;
    uint32_t owner; /* a def */
    uint32_t name, type, init, ref;
};

/* Where the node being entered stands in its parent. */
struct ex_place {
    uint16_t parent, field; /* rule index of the parent (0: none), the node's own field */
    const struct kid *kids; /* values of the earlier children of the parent */
    uint32_t n;
};

struct extract {
    /* what the language's handlers read */
    const struct lang *lang;
    const char *src;
    uint32_t n_src;
    const char *path;   /* of the file, relative to the root: for messages, ... */
    uint8_t path_marks; /* ... as all that facts may depend on of it is here (enum path_mark) */
    uint32_t def;       /* the innermost definition being walked (0: the file) */
    uint32_t scope;     /* the innermost scope */
    uint32_t self;      /* the innermost type or impl, 0 if none: what SELF refers to */
    bool in_test;       /* definitions made now are test code; restored with def and scope */
    bool conditional;   /* likewise FLAG_CONDITIONAL */
    bool skip_children; /* set by `enter`: do not descend into this node */
    uint32_t user;      /* for the language: saved and restored with def and scope */
    uint32_t user2;
    uint16_t fields[64]; /* grammar field id of each of the language's fields */

    /* what builders append to; handlers may patch entries that they made */
    VEC(struct def) defs;
    VEC(struct scope) scopes;
    VEC(struct bind) binds;
    VEC(struct term) terms;
    VEC(uint32_t) term_pos; /* byte offset of each NAME term */
    VEC(struct ref) refs;
    VEC(struct ex_star) stars;
    VEC(struct ex_note) notes;
    struct intern syms;
    uint32_t flags; /* enum facts_flag, of the file */

    struct trees *trees;  /* borrowed; see extract_with */
    struct ex_walk *walk; /* owned: the machinery's own state */
    bool failed;
};

struct extract *extract_new(void);
void extract_free(struct extract *x);

/* Parses and extracts one file. `path` decides nothing but what
 * lang_path_marks says of it; `lang` does. On success
 * *ret_facts is one block, owned by the caller (facts_free). Never fails because of the contents:
 * broken, hostile or absurd input gives fewer facts and says so in their flags. */
int extract_file(struct extract *x, unsigned lang, const char *path, const char *src, size_t n,
                 struct facts **ret_facts, struct err *err);

/* From now on (until it is NULL again) files are parsed from the trees that are kept there of their
 * texts before, and their trees are kept (lang/trees.h). The facts are the same. */
struct trees;
void extract_with(struct extract *x, struct trees *trees);

/* Only the parse that extract_file does, for benchmarks: its limit in the same run. */
int extract_parse_only(struct extract *x, unsigned lang, const char *src, size_t n,
                       struct err *err);

/* ---- for the languages' rules ---- */

/* Text. Symbols are interned for the file; 0 means none (or out of memory). */
struct slice ex_text(const struct extract *x, TSNode node);
uint32_t ex_sym(struct extract *x, TSNode node);
uint32_t ex_intern(struct extract *x, const char *s);
uint32_t ex_intern_slice(struct extract *x, struct slice s);
const char *ex_str(const struct extract *x, uint32_t sym);
/* The child of `node` in the language's field `field`; a null node if there is none. */
TSNode ex_child(const struct extract *x, TSNode node, unsigned field);
bool ex_is(const struct extract *x, TSNode node, unsigned sym); /* rule index of node is sym? */
unsigned ex_rule_of(const struct extract *x, TSNode node);
/* Has node a direct child that is the anonymous token or node with rule `sym`? */
bool ex_has(const struct extract *x, TSNode node, unsigned sym);
uint32_t ex_line(TSNode node);

/* Kids. The first kid in a field / with a symbol, or NULL. */
const struct kid *ex_kid(const struct kid *kids, uint32_t n, unsigned field);
const struct kid *ex_kid_sym(const struct kid *kids, uint32_t n, unsigned sym);

/* For `enter` only: what stands before the node under way. It makes mid-rule actions possible: the
 * body of a loop is entered when the loop's header has its values. Kids hold until then. */
struct ex_place ex_place(const struct extract *x);

/* Definitions and scopes. ex_def appends a def under x->def, binds its name in x->scope, makes it
 * x->def (and x->self if it is a type, trait, interface or impl), and takes the pending doc
 * comment. The name node may be null: then the def has no name, no bind, and FLAG_ANONYMOUS. */
uint32_t ex_def(struct extract *x, TSNode node, TSNode name, enum node_kind kind, uint8_t ns);
/* The same with a given name; `line_node` says where it stands. name 0: anonymous. */
uint32_t ex_def_named(struct extract *x, TSNode node, TSNode line_node, uint32_t name,
                      enum node_kind kind, uint8_t ns);
/* A def that is not entered (fields, variants, constants found while leaving): bound in `scope`,
 * child of `parent`. */
uint32_t ex_def_leaf(struct extract *x, TSNode node, uint32_t name, enum node_kind kind, uint8_t ns,
                     uint32_t parent, uint32_t scope);
struct def *ex_def_at(struct extract *x, uint32_t def); /* valid until the next def is made */
/* One line of signature: source text from..to with runs of white space as one blank and comments
 * left out, cut at 400 bytes. */
void ex_sig(struct extract *x, uint32_t def, uint32_t from, uint32_t to);
/* Opens a scope under x->scope; becomes x->scope, and the scope of x->def if that has none and
 * kind is not SCOPE_BLOCK. */
uint32_t ex_scope(struct extract *x, enum scope_kind kind);

/* Binds `name` in `scope`. Sequential binds (BIND_SEQ) are visible behind byte `from`. */
uint32_t ex_bind(struct extract *x, uint32_t scope, enum bind_kind kind, uint32_t name, uint8_t ns,
                 uint8_t flags, uint32_t from);
struct bind *ex_bind_at(struct extract *x, uint32_t bind);
/* The newest bind of `name` in exactly this scope, 0 if none. */
uint32_t ex_find(const struct extract *x, uint32_t scope, uint32_t name);
/* A local variable with a declared type and initial value (either may be 0). */
uint32_t ex_var(struct extract *x, uint32_t scope, uint32_t name, uint32_t type, uint32_t init,
                uint8_t flags, uint32_t from);
/* An import or re-export: `name` in `scope` means what `target` denotes. */
uint32_t ex_alias(struct extract *x, uint32_t scope, uint32_t name, uint32_t target, uint8_t flags);
void ex_star(struct extract *x, uint32_t scope, uint32_t target, bool reexport);

/* Terms. */
uint32_t ex_term(struct extract *x, enum term_op op, uint32_t aux, uint32_t a, uint32_t b);
uint32_t ex_name_term(struct extract *x, uint32_t name, uint8_t ns, uint32_t pos);
uint32_t ex_lit(struct extract *x, const char *type);
/* List of the terms of the kids (those with a term, in order). *ret_count may be NULL. */
uint32_t ex_list(struct extract *x, const struct kid *kids, uint32_t n, uint32_t *ret_count);
/* list with one more item at its end is costly; at its front is not */
uint32_t ex_cons(struct extract *x, uint32_t item, uint32_t list);
/* Where the source is malformed, anything may stand where a list is looked for. */
static inline bool ex_is_list(const struct extract *x, uint32_t term)
{
    return x->terms.at[term].op == TERM_LIST;
}
uint32_t ex_either(struct extract *x, uint32_t a, uint32_t b); /* UNION, or the one that is not 0 */

/* References. ex_ref records that x->def refers to term at the node. */
uint32_t ex_ref(struct extract *x, uint32_t term, enum ref_role role, TSNode node);
void ex_unref(struct extract *x, const struct kid *k);     /* take back the kid's own ref */
void ex_unref_all(struct extract *x, const struct kid *k); /* and all those below it */
/* Every ref at and below the kid with role `from` gets role `to`. */
void ex_role(struct extract *x, const struct kid *k, enum ref_role from, enum ref_role to);
/* The refs at and below the kid come from def (a signature seen before its def was opened). */
void ex_own(struct extract *x, const struct kid *k, uint32_t def);

/* The value of a call: term CALL of the callee kid, whose own ref becomes a REF_CALL (or is made:
 * at `at`). args is a list, n its length. Sets self->term and self->ref. */
void ex_call(struct extract *x, struct kid *self, const struct kid *callee, enum term_op op,
             enum ref_role role, uint32_t args, uint32_t n);
/* The value of a member access with its REF_USE (the site is the name's). */
void ex_member(struct extract *x, struct kid *self, enum term_op op, uint32_t base, uint32_t name,
               uint8_t ns, enum ref_role role, TSNode name_node);
/* Leaves can be turned into values by hand as well. */
void ex_use(struct extract *x, struct kid *self, uint8_t ns, enum ref_role role);

#endif
