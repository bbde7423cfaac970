/* Rust, between its files: rust.c (the description, items), rust_type.c (types, parameters,
 * generics), rust_value.c (expressions), rust_name.c (paths, imports, patterns), rust_macro.c
 * (token trees), rust_mask.c (macros around items), rust_std.c (modules, and what is known of the
 * standard library).
 *
 * Use of the walk's two free words: `user` is the innermost inline module (0: the file's own), and
 * whether the item is a fallback, under #[cfg(not(...))]; `user2` what the node's children need
 * from above: the value that a match takes apart, the callee of the arguments under way, the type
 * of the fields being initialised, or the prefix of a use tree. Whoever reads it knows its parent.
 */
#ifndef PT_LANG_RUST_H
#define PT_LANG_RUST_H

#include "lang/extract.h"

#include <string.h>

enum rust_sym {
    S_NONE,
    /* leaves */
    S_LINE_COMMENT,
    S_BLOCK_COMMENT,
    S_IDENTIFIER,
    S_TYPE_IDENTIFIER,
    S_SELF,
    S_CRATE,
    S_SUPER,
    S_PRIMITIVE_TYPE,
    S_STRING,
    S_RAW_STRING,
    S_CHAR,
    S_BOOLEAN,
    S_INTEGER,
    S_FLOAT,
    S_METAVARIABLE,
    S_VISIBILITY,
    S_FUNCTION_MODIFIERS,
    S_ATTRIBUTE,
    S_SELF_PARAMETER,
    S_VARIADIC_PARAMETER,
    /* items */
    S_FUNCTION,
    S_FUNCTION_SIGNATURE,
    S_STRUCT,
    S_UNION,
    S_ENUM,
    S_VARIANT,
    S_FIELD_DECLARATION,
    S_ORDERED_FIELDS,
    S_TRAIT,
    S_IMPL,
    S_MOD,
    S_CONST,
    S_STATIC,
    S_TYPE_ITEM,
    S_ASSOCIATED_TYPE,
    S_MACRO_DEFINITION,
    S_EXTERN_CRATE,
    S_USE,
    S_USE_AS,
    S_USE_LIST,
    S_SCOPED_USE_LIST,
    S_USE_WILDCARD,
    /* parts of items, types */
    S_PARAMETERS,
    S_PARAMETER,
    S_TYPE_PARAMETER,
    S_CONST_PARAMETER,
    S_WHERE_PREDICATE,
    S_TRAIT_BOUNDS,
    S_GENERIC_TYPE,
    S_GENERIC_TURBOFISH,
    S_TYPE_ARGUMENTS,
    S_SCOPED_IDENTIFIER,
    S_SCOPED_TYPE_IDENTIFIER,
    S_QUALIFIED_TYPE,
    S_BRACKETED_TYPE,
    S_REFERENCE_TYPE,
    S_DYNAMIC_TYPE,
    S_TUPLE_TYPE,
    S_UNIT_TYPE,
    S_ARRAY_TYPE,
    S_FUNCTION_TYPE,
    S_BOUNDED_TYPE,
    S_TYPE_BINDING,
    /* values */
    S_BLOCK,
    S_ASYNC_BLOCK,
    S_EXPRESSION_STATEMENT,
    S_LET,
    S_LET_CONDITION,
    S_IF,
    S_ELSE,
    S_MATCH,
    S_MATCH_BLOCK,
    S_MATCH_ARM,
    S_MATCH_PATTERN,
    S_WHILE,
    S_LOOP,
    S_FOR,
    S_CLOSURE,
    S_CLOSURE_PARAMETERS,
    S_CALL,
    S_ARGUMENTS,
    S_GENERIC_FUNCTION,
    S_FIELD,
    S_INDEX,
    S_RANGE,
    S_TRY,
    S_AWAIT,
    S_UNARY,
    S_BINARY,
    S_ASSIGNMENT,
    S_COMPOUND_ASSIGNMENT,
    S_CAST,
    S_RETURN,
    S_BREAK,
    S_YIELD,
    S_TUPLE,
    S_UNIT,
    S_ARRAY,
    S_STRUCT_EXPRESSION,
    S_FIELD_INITIALIZERS,
    S_FIELD_INITIALIZER,
    S_SHORTHAND_INITIALIZER,
    /* macros */
    S_MACRO_INVOCATION,
    S_TOKEN_TREE,
    S_TOKEN_REPETITION,
    /* patterns: taken apart by rust_pattern, never walked */
    S_TUPLE_PATTERN,
    S_TUPLE_STRUCT_PATTERN,
    S_STRUCT_PATTERN,
    S_FIELD_PATTERN,
    S_SHORTHAND_FIELD,
    S_REF_PATTERN,
    S_REFERENCE_PATTERN,
    S_MUT_PATTERN,
    S_SLICE_PATTERN,
    S_CAPTURED_PATTERN,
    S_OR_PATTERN,
    S_GENERIC_PATTERN,
    S_RANGE_PATTERN,
    S_REMAINING_PATTERN,
    /* passed over */
    S_LABEL,
    S_LIFETIME,
    S_LIFETIME_PARAMETER,
    S_FOR_LIFETIMES,
    S_USE_BOUNDS,
    S_EXTERN_MODIFIER,
    S_MUTABLE,
    S_INNER_ATTRIBUTE,
    S_TOKEN_PATTERN,
    S_REMOVED_BOUND,
    S_FIELD_IDENTIFIER,
    S_COUNT
};

enum rust_field {
    F_NONE,
    F_NAME,
    F_BODY,
    F_TYPE,
    F_TYPE_PARAMETERS,
    F_PARAMETERS,
    F_RETURN_TYPE,
    F_TRAIT,
    F_BOUNDS,
    F_PATTERN,
    F_VALUE,
    F_PATH,
    F_FUNCTION,
    F_ARGUMENTS,
    F_FIELD,
    F_TYPE_ARGUMENTS,
    F_CONDITION,
    F_CONSEQUENCE,
    F_ALTERNATIVE,
    F_MACRO,
    F_LEFT,
    F_RIGHT,
    F_DEFAULT_TYPE,
    F_ALIAS,
    F_ELEMENT,
    F_LENGTH,
    F_ARGUMENT,
    F_LIST,
};

#define RUST_FALLBACK (1u << 31)

static inline uint32_t rust_module(const struct extract *x)
{
    return x->user & ~RUST_FALLBACK;
}

/* rust.c: what the attributes before the node that is being entered say of it goes into
 * x->in_test, x->conditional and x->user. */
void rust_attributes(struct extract *x, TSNode node);
/* Does the condition of a cfg (its brackets and what is in them) hold in a common build? */
bool rust_cfg_holds(struct slice args);

/* rust_name.c */

/* To be called when `name` has been bound in `scope`: if its item is a fallback, another one of
 * that name is preferred to it. */
void rust_bound(struct extract *x, uint32_t scope, uint32_t name);

/* Is the name written as types, variants and constants are? Rust's own lints see to it. */
bool rust_is_upper(const struct extract *x, uint32_t name);
bool rust_is_prelude_variant(const char *name);
/* Makes the value of a kid one that `::` may follow: a type or module. Its own ref stays if it is
 * of a type. */
uint32_t rust_path_base(struct extract *x, const struct kid *k);
/* a::b, in a value or a type. */
void rust_leave_scoped_value(struct extract *x, struct kid *self, const struct kid *kids,
                             uint32_t n);
void rust_leave_scoped_type(struct extract *x, struct kid *self, const struct kid *kids,
                            uint32_t n);
/* The term of a path that the walk does not visit, below the path `prefix` (0: none); 0 for what
 * is no path. */
uint32_t rust_path(struct extract *x, uint32_t prefix, TSNode node, uint8_t ns);
/* a.b where b is a field. */
uint32_t rust_field_of(struct extract *x, uint32_t value, uint32_t name);
/* The same below the path of a struct or a variant. */
uint32_t rust_variant_field(struct extract *x, uint32_t path, const char *field);
/* The error in a Result. */
uint32_t rust_error_of(struct extract *x, uint32_t value);
/* Binds the names in a pattern that takes apart `value`; visible behind byte `from`. A pattern
 * that is one name gets `type` as its declared type. Returns its bind if it is one name. */
uint32_t rust_pattern(struct extract *x, TSNode pattern, uint32_t type, uint32_t value,
                      uint8_t flags, uint32_t from);
void rust_enter_use(struct extract *x, TSNode node);
void rust_leave_use(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n);
void rust_leave_use_as(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n);
void rust_enter_use_scoped(struct extract *x, TSNode node);
void rust_leave_use_list(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n);
void rust_leave_use_wildcard(struct extract *x, struct kid *self, const struct kid *kids,
                             uint32_t n);
void rust_enter_extern_crate(struct extract *x, TSNode node);
/* Names that could not be told apart while the walk was under way. */
void rust_end_file(struct extract *x);

/* rust_value.c */

/* `name<list>` for a type of the standard library, whatever the file calls so. */
uint32_t rust_std_type(struct extract *x, const char *name, uint32_t list);
/* A value of `name<type of value>`. */
uint32_t rust_std_of(struct extract *x, const char *name, uint32_t value);
/* The list of the kids' terms by position: a kid without a term holds its place. */
uint32_t rust_list(struct extract *x, const struct kid *kids, uint32_t n, uint32_t *ret_count);

/* rust_type.c */

/* The parts of `A + B` as a list, before what `rest` lists. */
uint32_t rust_bounds_list(struct extract *x, uint32_t bounds, uint32_t rest);

/* rust_macro.c */

void rust_enter_tokens(struct extract *x, TSNode node);
void rust_leave_tokens(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n);
void rust_leave_macro(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n);
/* What the macro `name` gives when its arguments begin with the value `first`. */
uint32_t rust_macro_value(struct extract *x, uint32_t name, uint32_t first);

/* rust_value.c: the handlers that the table in rust.c names */
#define RUST_LEAVE(name)                                                                           \
    void rust_leave_##name(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
RUST_LEAVE(block);
RUST_LEAVE(async_block);
RUST_LEAVE(statement);
RUST_LEAVE(let);
RUST_LEAVE(let_condition);
RUST_LEAVE(if);
RUST_LEAVE(match);
RUST_LEAVE(match_block);
RUST_LEAVE(match_arm);
RUST_LEAVE(match_pattern);
void rust_enter_match_pattern(struct extract *x, TSNode node);
RUST_LEAVE(for);
RUST_LEAVE(closure);
RUST_LEAVE(closure_parameters);
RUST_LEAVE(call);
RUST_LEAVE(arguments);
RUST_LEAVE(generic_function);
RUST_LEAVE(field);
RUST_LEAVE(index);
RUST_LEAVE(range);
RUST_LEAVE(try);
RUST_LEAVE(await);
RUST_LEAVE(unary);
RUST_LEAVE(binary);
RUST_LEAVE(assignment);
RUST_LEAVE(cast);
RUST_LEAVE(nothing);
RUST_LEAVE(tuple);
RUST_LEAVE(array);
RUST_LEAVE(struct_expression);
RUST_LEAVE(field_initializer);
RUST_LEAVE(shorthand_initializer);
void rust_enter_else(struct extract *x, TSNode node);
void rust_enter_match_block(struct extract *x, TSNode node);
void rust_enter_arguments(struct extract *x, TSNode node);
void rust_enter_closure(struct extract *x, TSNode node);
void rust_enter_field_initializers(struct extract *x, TSNode node);

/* rust_type.c: likewise */
RUST_LEAVE(parameter);
RUST_LEAVE(parameters);
RUST_LEAVE(type_parameter);
RUST_LEAVE(const_parameter);
RUST_LEAVE(where_predicate);
RUST_LEAVE(trait_bounds);
RUST_LEAVE(bounded_type);
RUST_LEAVE(type_arguments);
RUST_LEAVE(generic_type);
RUST_LEAVE(qualified_type);
RUST_LEAVE(primitive);
RUST_LEAVE(tuple_type);
RUST_LEAVE(array_type);
RUST_LEAVE(function_type);
RUST_LEAVE(crate);
RUST_LEAVE(super);

/* rust_mask.c */

bool rust_mask(struct extract *x, struct buf *ret);
/* Does byte `at` lie in a branch of a cfg_if!? *ret_holds: in the one that a common build takes. */
bool rust_in_cfg_if(const struct extract *x, uint32_t at, bool *ret_holds);

/* rust_std.c */

void rust_module_name(const struct lang_tree *tree, const char *path, struct buf *ret);
bool rust_find_module(const struct lang_tree *tree, const char *path, const char *spelled,
                      struct buf *ret);
bool rust_is_test_path(const char *path);
extern const struct lang_member rust_members[];
extern const char *const rust_transparent[];
extern const char *const rust_common_members[];

#endif
