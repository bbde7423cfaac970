/* Between the files of JavaScript, TypeScript and TSX:
 *
 *   ecma.c          the table of rules, modules, what is known of the library
 *   ecma_terms.c    statements and expressions
 *   ecma_types.c    TypeScript's types: declarations and expressions
 *   ecma_defs.c     how definitions are made; functions and classes
 *   ecma_binds.c    variables, parameters, patterns, imports and exports
 *   ecma_objects.c  object literals, and what assignments define: CommonJS, prototypes
 *   ecma_doc.c      the types in JavaScript's doc comments
 *
 * Two words travel down the tree beside x->def and x->scope. x->user holds the scope that takes
 * `var` and three flags; x->user2 holds a tag: what the parent has to say to the child that it
 * concerns. What a pattern or an object literal learns while its children are walked is kept in a
 * *hidden* bind, which has no name and is found by its index alone.
 */
#ifndef PT_LANG_ECMA_H
#define PT_LANG_ECMA_H

#include "lang/extract.h"

enum ecma_field {
    F_NONE,
    F_ALIAS,
    F_ALTERNATIVE,
    F_ARGUMENTS,
    F_BODY,
    F_CONDITION,
    F_CONSEQUENCE,
    F_CONSTRAINT,
    F_CONSTRUCTOR,
    F_DECLARATION,
    F_DECORATOR,
    F_FUNCTION,
    F_INDEX,
    F_KEY,
    F_KIND,
    F_LEFT,
    F_MODULE,
    F_NAME,
    F_OBJECT,
    F_OPERATOR,
    F_PARAMETER,
    F_PARAMETERS,
    F_PATTERN,
    F_PROPERTY,
    F_RETURN_TYPE,
    F_RIGHT,
    F_SOURCE,
    F_TYPE,
    F_TYPE_ARGUMENTS,
    F_TYPE_PARAMETERS,
    F_VALUE,
};

enum ecma_symbol {
    S_NONE,
    /* leaves */
    S_IDENTIFIER,
    S_SHORTHAND,
    S_SHORTHAND_PATTERN,
    S_PROPERTY_NAME,
    S_PRIVATE_NAME,
    S_TYPE_NAME,
    S_LABEL,
    S_STRING,
    S_NUMBER,
    S_TRUE,
    S_FALSE,
    S_NULL,
    S_UNDEFINED,
    S_REGEX,
    S_COMMENT,
    S_HTML_COMMENT,
    S_HASH_BANG,
    S_JSX_TEXT,
    S_JSX_CLOSING,
    S_JSX_REFERENCE,
    S_JSX_NAMESPACED,
    S_IMPORT,
    S_ACCESSIBILITY,
    S_OVERRIDE,
    S_READONLY,
    S_DEFAULT,
    S_IMPORT_ATTRIBUTE,
    S_OPTIONAL_CHAIN,
    S_META_PROPERTY,
    S_STRING_PART,
    S_ESCAPE,
    S_BREAK,
    S_CONTINUE,
    S_DEBUGGER,
    S_EMPTY,
    /* statements: from S_BLOCK to S_RETURN, the term is what they may return */
    S_BLOCK,
    S_IF,
    S_ELSE,
    S_FOR,
    S_FOR_IN,
    S_WHILE,
    S_DO,
    S_TRY,
    S_CATCH,
    S_FINALLY,
    S_SWITCH,
    S_SWITCH_BODY,
    S_CASE,
    S_DEFAULT_CASE,
    S_LABELED,
    S_WITH,
    S_RETURN,
    S_EXPRESSION_STATEMENT,
    S_THROW,
    /* definitions */
    S_FUNCTION_DECLARATION,
    S_GENERATOR_DECLARATION,
    S_FUNCTION_SIGNATURE,
    S_FUNCTION,
    S_GENERATOR,
    S_ARROW,
    S_METHOD,
    S_METHOD_SIGNATURE,
    S_ABSTRACT_METHOD,
    S_CALL_SIGNATURE,
    S_CONSTRUCT_SIGNATURE,
    S_CLASS,
    S_CLASS_DECLARATION,
    S_ABSTRACT_CLASS,
    S_CLASS_BODY,
    S_CLASS_HERITAGE,
    S_EXTENDS,
    S_IMPLEMENTS,
    S_EXTENDS_TYPE,
    S_STATIC_BLOCK,
    S_FIELD,
    S_PUBLIC_FIELD,
    S_PROPERTY_SIGNATURE,
    S_INDEX_SIGNATURE,
    S_INTERFACE,
    S_TYPE_ALIAS,
    S_ENUM,
    S_ENUM_BODY,
    S_ENUM_ASSIGNMENT,
    S_NAMESPACE,
    S_MODULE,
    S_AMBIENT,
    S_DECORATOR,
    S_LEXICAL,
    S_VAR,
    S_USING,
    S_DECLARATOR,
    S_PARAMETERS,
    S_REQUIRED_PARAMETER,
    S_OPTIONAL_PARAMETER,
    S_OBJECT_PATTERN,
    S_ARRAY_PATTERN,
    S_PAIR_PATTERN,
    S_REST_PATTERN,
    S_ASSIGNMENT_PATTERN,
    S_OBJECT_ASSIGNMENT_PATTERN,
    S_TYPE_PARAMETER,
    S_IMPORT_STATEMENT,
    S_IMPORT_CLAUSE,
    S_NAMESPACE_IMPORT,
    S_IMPORT_SPECIFIER,
    S_IMPORT_REQUIRE,
    S_IMPORT_ALIAS,
    S_EXPORT_STATEMENT,
    S_EXPORT_SPECIFIER,
    S_NAMESPACE_EXPORT,
    /* expressions */
    S_THIS,
    S_SUPER,
    S_MEMBER,
    S_SUBSCRIPT,
    S_CALL,
    S_NEW,
    S_ARGUMENTS,
    S_AWAIT,
    S_YIELD,
    S_TERNARY,
    S_BINARY,
    S_UNARY,
    S_UPDATE,
    S_ASSIGNMENT,
    S_AUGMENTED,
    S_SEQUENCE,
    S_PARENTHESIZED,
    S_AS,
    S_SATISFIES,
    S_ASSERTION,
    S_NON_NULL,
    S_INSTANTIATION,
    S_SPREAD,
    S_ARRAY,
    S_OBJECT,
    S_PAIR,
    S_COMPUTED_NAME,
    S_TEMPLATE,
    S_JSX_ELEMENT,
    S_JSX_OPENING,
    S_JSX_SELF_CLOSING,
    S_JSX_ATTRIBUTE,
    S_JSX_EXPRESSION,
    /* types */
    S_NESTED_NAME,
    S_NESTED_TYPE,
    S_GENERIC_TYPE,
    S_TYPE_ARGUMENTS,
    S_PREDEFINED_TYPE,
    S_OBJECT_TYPE,
    S_INTERFACE_BODY,
    S_ARRAY_TYPE,
    S_TUPLE_TYPE,
    S_UNION_TYPE,
    S_INTERSECTION_TYPE,
    S_FUNCTION_TYPE,
    S_CONSTRUCTOR_TYPE,
    S_TYPE_QUERY,
    S_INDEX_QUERY,
    S_LOOKUP_TYPE,
    S_CONDITIONAL_TYPE,
    S_INFER_TYPE,
    S_MAPPED_TYPE,
    S_LITERAL_TYPE,
    S_TEMPLATE_TYPE,
    S_THIS_TYPE,
    S_PREDICATE,
    S_ASSERTS,
    S_COUNT
};

/* Symbols that begin_file interns first in every file, in this order. */
enum ecma_word {
    W_NONE,
    W_CONSTRUCTOR, /* "<constructor>" */
    W_CALL,        /* "<call>" */
    W_DEFAULT,     /* "default" */
    W_EXPORT_ALL,  /* "export=": what the module as a whole is, as CommonJS sees it */
    W_EXPORTS,
    W_MODULE,
    W_REQUIRE,
    W_PROTOTYPE,
    W_THIS,
    W_PROMISE,
    W_ARRAY,
    W_INHERITS,
    W_CREATE,
    W_OBJECT,
    W_COUNT
};

/* x->user */
#define USER_STATIC 0x80000000u  /* `this` is the class itself */
#define USER_AMBIENT 0x40000000u /* inside `declare` */
#define USER_EXPORTS 0x20000000u /* `this` is what the file exports */
#define USER_SCOPE 0x0fffffffu

/* x->user2: a tag in the upper four bits, an index or byte position in the others */
enum ecma_tag {
    TAG_NONE,
    TAG_NAMED,    /* the function, class or type at this byte is x->def, opened already */
    TAG_ASSIGNED, /* the function or class at this byte is the right side of an assignment */
    TAG_OWNER,    /* the object literal that comes next belongs to this def */
    TAG_PENDING,  /* this def was made by `enter`, for `leave` */
    TAG_EXPORTS,  /* the object literal that comes next lists the exports of the file */
    TAG_TYPE,     /* the object literal that comes next holds the members of this class */
    TAG_GENERIC,  /* inside the type parameter that this bind declares */
    TAG_OBJECT,   /* inside the object literal with this hidden bind */
    TAG_PATTERN,  /* the pattern, or part of one, that takes this hidden bind apart */
    TAG_BINDS,    /* patterns and parameters that come next bind their names in this scope */
    TAG_DECLARES, /* enum ecma_how of the declarations that come next */
    TAG_SOURCE,   /* import and export clauses: term of the module */
    TAG_NARROWS,  /* the block at this byte runs only if the condition before it holds */
};

enum ecma_how { HOW_EXPORTED = 1, HOW_DEFAULT = 2, HOW_CONST = 4, HOW_VAR = 8 };

static inline uint32_t ecma_tag(enum ecma_tag tag, uint32_t value)
{
    return value <= USER_SCOPE ? (uint32_t)tag << 28 | value : 0;
}
static inline bool ecma_has_tag(const struct extract *x, enum ecma_tag tag)
{
    return x->user2 >> 28 == (uint32_t)tag;
}
static inline uint32_t ecma_value(const struct extract *x)
{
    return x->user2 & USER_SCOPE;
}
static inline unsigned ecma_how(const struct extract *x)
{
    return ecma_has_tag(x, TAG_DECLARES) ? ecma_value(x) : 0;
}
/* Is `node` the one that the tag speaks of by its position? */
static inline bool ecma_at(const struct extract *x, enum ecma_tag tag, TSNode node)
{
    return ecma_has_tag(x, tag) && ts_node_start_byte(node) == ecma_value(x);
}

static inline bool ecma_text_is(const struct extract *x, TSNode node, const char *text)
{
    return slice_eq(ex_text(x, node), slice_from(text));
}
/* The first named child, a null node if there is none (or no node). */
static inline TSNode ecma_first(TSNode node)
{
    return ts_node_is_null(node) ? node : ts_node_named_child(node, 0);
}
/* The value of the sibling before the node being entered, NULL if there is none. */
static inline const struct kid *ecma_before(const struct extract *x)
{
    struct ex_place at = ex_place(x);
    return at.n > 0 ? &at.kids[at.n - 1] : NULL;
}
/* The node is what its kid is. */
static inline void ecma_pass(struct kid *self, const struct kid *k)
{
    self->name = k->name;
    self->term = k->term;
    self->ref = k->ref;
}

/* ---- ecma_defs.c ---- */

enum ecma_modifier {
    M_STATIC = 1u << 0,
    M_ASYNC = 1u << 1,
    M_GET = 1u << 2,
    M_SET = 1u << 3,
    M_GENERATOR = 1u << 4,
    M_ABSTRACT = 1u << 5,
};

bool ecma_is_function(unsigned sym); /* function expression, generator or arrow */
bool ecma_quoted(struct slice s);
/* The name that a node in name position spells: quotes are taken off. 0 if none. */
uint32_t ecma_name(struct extract *x, TSNode node);
/* The rule of a value without parentheses and casts around it; that node in *ret_node. */
unsigned ecma_peel(const struct extract *x, TSNode value, TSNode *ret_node);
bool ecma_is_object(const struct extract *x, TSNode value); /* an object literal, peeled */
/* Opens a def under x->def that no scope binds yet. */
uint32_t ecma_open(struct extract *x, TSNode node, TSNode name_node, uint32_t name,
                   enum node_kind kind, uint8_t ns);
/* Makes one that is not entered, under `parent`. */
uint32_t ecma_leaf(struct extract *x, TSNode node, TSNode name_node, uint32_t name,
                   enum node_kind kind, uint8_t ns, uint32_t parent);
/* Binds a def in a scope; hoisted, so visible all over it. */
uint32_t ecma_bind(struct extract *x, uint32_t scope, uint32_t def, uint8_t flags);
/* Binds a def or alias so that other files see it and this one does not. */
uint32_t ecma_export_def(struct extract *x, uint32_t scope, uint32_t name, uint32_t def);
uint32_t ecma_export(struct extract *x, uint32_t scope, uint32_t name, uint32_t target);
/* A bind that no name leads to. */
uint32_t ecma_hidden(struct extract *x, uint32_t scope, enum bind_kind kind);
uint32_t ecma_bound(struct extract *x, uint32_t bind);
/* A term that means the def. */
uint32_t ecma_def_term(struct extract *x, uint32_t def);
uint32_t ecma_new_scope(struct extract *x, uint32_t parent, uint32_t def, enum scope_kind kind);
/* The bind that a name at x->scope means so far, 0 if none (or too far out to look for). */
uint32_t ecma_resolve(const struct extract *x, uint32_t name);
/* Adds to what a variable or the def of a bind holds. */
void ecma_give(struct extract *x, uint32_t bind, uint32_t init);
/* Signature of a def: from the first word of the declaration that `node` is part of, to `end`. */
void ecma_sig(struct extract *x, uint32_t def, TSNode node, uint32_t end);
void ecma_sig_function(struct extract *x, uint32_t def, TSNode node, TSNode function);
/* A variable or field: without the initial value when that is long. */
void ecma_sig_value(struct extract *x, uint32_t def, TSNode node, TSNode value);
void ecma_sig_header(struct extract *x, uint32_t def, TSNode node);
/* Opens a def that a declaration makes, bound and exported as the words before it say. */
uint32_t ecma_declare(struct extract *x, TSNode node, TSNode name_node, uint32_t name,
                      enum node_kind kind, uint8_t ns);
/* The scope of a function. Only that of a definition is its def's. */
void ecma_open_function(struct extract *x, TSNode node, bool own);
void ecma_plain_this(struct extract *x, uint32_t def);
uint32_t ecma_module(struct extract *x, TSNode string, bool refer);
/* The term of a whole module for code that calls it by require. */
uint32_t ecma_required(struct extract *x, uint32_t module);
/* The object type that the literal with this hidden bind stands for; made on first use. */
uint32_t ecma_object_type(struct extract *x, uint32_t hidden, TSNode node);
/* A function or class in an object literal: member of the object, child of the literal's owner. */
uint32_t ecma_open_in_object(struct extract *x, TSNode node, TSNode name_node, uint32_t name,
                             enum node_kind kind);

void ecma_end_file(struct extract *x);

void ecma_enter_function(struct extract *x, TSNode node);
void ecma_enter_function_value(struct extract *x, TSNode node);
void ecma_enter_method(struct extract *x, TSNode node);
void ecma_enter_call_signature(struct extract *x, TSNode node);
void ecma_enter_function_type(struct extract *x, TSNode node);
void ecma_enter_class(struct extract *x, TSNode node);
void ecma_enter_static_block(struct extract *x, TSNode node);
void ecma_enter_field(struct extract *x, TSNode node);
void ecma_enter_property(struct extract *x, TSNode node);
void ecma_enter_interface(struct extract *x, TSNode node);
void ecma_enter_type_alias(struct extract *x, TSNode node);
void ecma_enter_object_type(struct extract *x, TSNode node);
void ecma_enter_enum(struct extract *x, TSNode node);
void ecma_enter_enum_assignment(struct extract *x, TSNode node);
void ecma_enter_namespace(struct extract *x, TSNode node);
void ecma_enter_ambient(struct extract *x, TSNode node);
void ecma_enter_variables(struct extract *x, TSNode node);
void ecma_enter_declarator(struct extract *x, TSNode node);
void ecma_enter_parameters(struct extract *x, TSNode node);
void ecma_enter_pattern(struct extract *x, TSNode node);
void ecma_enter_type_parameter(struct extract *x, TSNode node);
void ecma_enter_for_in(struct extract *x, TSNode node);
void ecma_enter_catch(struct extract *x, TSNode node);
void ecma_enter_object(struct extract *x, TSNode node);
void ecma_enter_pair(struct extract *x, TSNode node);
void ecma_enter_return(struct extract *x, TSNode node);
void ecma_enter_import(struct extract *x, TSNode node);
void ecma_enter_import_specifier(struct extract *x, TSNode node);
void ecma_enter_export(struct extract *x, TSNode node);
void ecma_enter_export_specifier(struct extract *x, TSNode node);
void ecma_enter_namespace_export(struct extract *x, TSNode node);
void ecma_enter_infer(struct extract *x, TSNode node);
void ecma_enter_mapped(struct extract *x, TSNode node);

#define ECMA_LEAVE(name)                                                                           \
    void ecma_leave_##name(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)

ECMA_LEAVE(function);
ECMA_LEAVE(class);
ECMA_LEAVE(class_heritage);
ECMA_LEAVE(extends);
ECMA_LEAVE(implements);
ECMA_LEAVE(extends_type);
ECMA_LEAVE(field);
ECMA_LEAVE(property);
ECMA_LEAVE(type_alias);
ECMA_LEAVE(object_type);
ECMA_LEAVE(enum_body);
ECMA_LEAVE(decorator);
ECMA_LEAVE(declarator);
ECMA_LEAVE(parameters);
ECMA_LEAVE(parameter);
ECMA_LEAVE(pattern);
ECMA_LEAVE(pair_pattern);
ECMA_LEAVE(rest_pattern);
ECMA_LEAVE(assignment_pattern);
ECMA_LEAVE(object_assignment_pattern);
ECMA_LEAVE(type_parameter);
ECMA_LEAVE(for_in);
ECMA_LEAVE(catch);
ECMA_LEAVE(object);
ECMA_LEAVE(pair);
ECMA_LEAVE(import_clause);
ECMA_LEAVE(namespace_import);
ECMA_LEAVE(import_require);
ECMA_LEAVE(import_alias);
ECMA_LEAVE(export);

/* ---- ecma_terms.c ---- */

void ecma_enter_block(struct extract *x, TSNode node);
void ecma_enter_if(struct extract *x, TSNode node);

ECMA_LEAVE(nothing);
ECMA_LEAVE(statement);
ECMA_LEAVE(return );
ECMA_LEAVE(this);
ECMA_LEAVE(super);
ECMA_LEAVE(member);
ECMA_LEAVE(subscript);
ECMA_LEAVE(call);
ECMA_LEAVE(new);
ECMA_LEAVE(arguments);
ECMA_LEAVE(await);
ECMA_LEAVE(ternary);
ECMA_LEAVE(binary);
ECMA_LEAVE(unary);
ECMA_LEAVE(update);
ECMA_LEAVE(augmented);
ECMA_LEAVE(sequence);
ECMA_LEAVE(as);
ECMA_LEAVE(satisfies);
ECMA_LEAVE(assertion);
ECMA_LEAVE(instantiation);
ECMA_LEAVE(spread);
ECMA_LEAVE(array);
ECMA_LEAVE(template);
ECMA_LEAVE(jsx);
ECMA_LEAVE(nested_name);
ECMA_LEAVE(generic_type);
ECMA_LEAVE(type_arguments);
ECMA_LEAVE(predefined_type);
ECMA_LEAVE(array_type);
ECMA_LEAVE(tuple_type);
ECMA_LEAVE(union_type);
ECMA_LEAVE(intersection_type);
ECMA_LEAVE(type_query);
ECMA_LEAVE(lookup_type);
ECMA_LEAVE(literal_type);
ECMA_LEAVE(template_type);
ECMA_LEAVE(this_type);
ECMA_LEAVE(predicate);

/* A value of the builtin type Name<of>; `of` is a type term, 0 if unknown. */
uint32_t ecma_generic(struct extract *x, unsigned word, uint32_t of);
uint32_t ecma_list_all(struct extract *x, const struct kid *kids, uint32_t n);

/* ---- ecma_doc.c ---- */

/* Takes the types that the doc comment of a def declares, where the code does not: those of
 * parameters in x->scope, the result, the field itself. JavaScript only. */
void ecma_doc_types(struct extract *x, uint32_t def);

/* ---- ecma_objects.c ---- */

void ecma_enter_assignment(struct extract *x, TSNode node);
ECMA_LEAVE(assignment);
/* Opens the def of a function or class that is assigned to what was left last. */
void ecma_open_assigned(struct extract *x, TSNode node, enum node_kind kind);
/* Is the node a call of require (or import, awaited), or a member of one? */
bool ecma_is_module_value(const struct extract *x, TSNode node);
/* Does a name that is `exports` or `module` mean CommonJS's? */
bool ecma_is_free(const struct extract *x, uint32_t name);
/* A call of `inherits(A, B)`. */
void ecma_inherits(struct extract *x, const struct kid *callee, uint32_t args);

#endif
