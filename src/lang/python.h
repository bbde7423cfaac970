/* Python, between its files: python.c (the description), python_name.c (names and terms that all
 * share), python_type.c (annotations), python_assign.c (targets, fields), python_def.c (functions,
 * classes), python_flow.c (blocks, branches, patterns), python_value.c (expressions),
 * python_import.c (imports and modules), python_std.c (what is known of the standard library).
 *
 * Scopes: a file, class or function is a variable scope (x->user); comprehensions and lambdas have
 * scopes of their own; a block in which `isinstance` narrows a name is one too, and holds nothing
 * but narrowed names. A binding is visible behind its statement; an earlier use sees it as well
 * when there is no other (functions run later than they are written), but not in the body of a
 * class, which runs at once.
 *
 * What runs in the body of a class, in a decorator or in a default value is called by the function
 * or file around it, not by what is being defined.
 */
#ifndef PT_LANG_PYTHON_H
#define PT_LANG_PYTHON_H

#include "lang/extract.h"

#include <string.h>

enum py_sym {
    S_NONE,
    S_MODULE,
    S_BLOCK,
    S_FUNCTION,
    S_CLASS,
    S_DECORATED,
    S_DECORATOR,
    S_PARAMETERS,
    S_LAMBDA_PARAMETERS,
    S_DEFAULT_PARAM,
    S_TYPED_PARAM,
    S_TYPED_DEFAULT_PARAM,
    S_LIST_SPLAT_PATTERN,
    S_DICT_SPLAT_PATTERN,
    S_LIST_SPLAT,
    S_DICT_SPLAT,
    S_LAMBDA,
    S_ASSIGNMENT,
    S_AUGMENTED,
    S_NAMED,
    S_IDENTIFIER,
    S_ATTRIBUTE,
    S_SUBSCRIPT,
    S_SLICE,
    S_CALL,
    S_ARGUMENTS,
    S_KEYWORD,
    S_TYPE,
    S_GENERIC_TYPE,
    S_UNION_TYPE,
    S_CONSTRAINED_TYPE,
    S_MEMBER_TYPE,
    S_TYPE_PARAMS,
    S_TYPE_ALIAS,
    S_IF,
    S_ELIF,
    S_ELSE,
    S_WHILE,
    S_FOR,
    S_TRY,
    S_EXCEPT,
    S_FINALLY,
    S_WITH,
    S_WITH_ITEM,
    S_AS_PATTERN,
    S_MATCH,
    S_CASE,
    S_CASE_PATTERN,
    S_CLASS_PATTERN,
    S_KEYWORD_PATTERN,
    S_SPLAT_PATTERN,
    S_DICT_PATTERN,
    S_UNION_PATTERN,
    S_LIST_PATTERN,
    S_TUPLE_PATTERN,
    S_PATTERN_LIST,
    S_EXPRESSION_LIST,
    S_DOTTED_NAME,
    S_RETURN,
    S_RAISE,
    S_CONTINUE,
    S_BREAK,
    S_YIELD,
    S_AWAIT,
    S_GLOBAL,
    S_NONLOCAL,
    S_DELETE,
    S_ASSERT,
    S_IMPORT,
    S_IMPORT_FROM,
    S_FUTURE,
    S_ALIASED,
    S_RELATIVE,
    S_WILDCARD,
    S_LIST,
    S_SET,
    S_TUPLE,
    S_DICT,
    S_PAIR,
    S_LIST_COMP,
    S_SET_COMP,
    S_DICT_COMP,
    S_GENERATOR,
    S_FOR_IN,
    S_STRING,
    S_STRING_START,
    S_STRING_CONTENT,
    S_STRING_END,
    S_CONCATENATED,
    S_INTEGER,
    S_FLOAT,
    S_TRUE,
    S_FALSE,
    S_NULL,
    S_ELLIPSIS,
    S_COMPARISON,
    S_NOT,
    S_BOOLEAN,
    S_BINARY,
    S_CONDITIONAL,
    S_PAREN,
    S_EXPRESSION,
    S_COMMENT,
    S_CONTINUATION,
    S_STAR_ONLY,
    S_SLASH_ONLY,
    S_CONVERSION,
    S_COUNT
};

enum py_field {
    F_NONE,
    F_NAME,
    F_BODY,
    F_PARAMETERS,
    F_RETURN_TYPE,
    F_TYPE_PARAMETERS,
    F_SUPERCLASSES,
    F_LEFT,
    F_RIGHT,
    F_TYPE,
    F_VALUE,
    F_FUNCTION,
    F_ARGUMENTS,
    F_OBJECT,
    F_ATTRIBUTE,
    F_SUBSCRIPT,
    F_ALIAS,
    F_MODULE_NAME,
    F_CONDITION,
    F_CONSEQUENCE,
    F_OPERATOR,
    F_SUBJECT,
    F_ARGUMENT,
    F_KEY,
    F_DEFINITION,
};

/* Names that mean something to these rules. They are interned first, so that their symbols are
 * these numbers. From OPTIONAL to PROTOCOL: what may be subscripted in an annotation. */
#define WORDS(X)                                                                                   \
    X(ISINSTANCE, "isinstance")                                                                    \
    X(SUPER, "super")                                                                              \
    X(TYPE_FN, "type")                                                                             \
    X(CAST, "cast")                                                                                \
    X(PARTIAL, "partial")                                                                          \
    X(COPY, "copy")                                                                                \
    X(DEEPCOPY, "deepcopy")                                                                        \
    X(PROPERTY, "property")                                                                        \
    X(ABSTRACT_PROPERTY, "abstractproperty")                                                       \
    X(STATICMETHOD, "staticmethod")                                                                \
    X(CLASSMETHOD, "classmethod")                                                                  \
    X(ABSTRACTMETHOD, "abstractmethod")                                                            \
    X(OVERLOAD, "overload")                                                                        \
    X(CONTEXTMANAGER, "contextmanager")                                                            \
    X(ASYNCCONTEXTMANAGER, "asynccontextmanager")                                                  \
    X(SETTER, "setter")                                                                            \
    X(GETTER, "getter")                                                                            \
    X(DELETER, "deleter")                                                                          \
    X(TYPEVAR, "TypeVar")                                                                          \
    X(PARAMSPEC, "ParamSpec")                                                                      \
    X(TYPEVARTUPLE, "TypeVarTuple")                                                                \
    X(NEWTYPE, "NewType")                                                                          \
    X(TYPEALIAS, "TypeAlias")                                                                      \
    X(BOUND, "bound")                                                                              \
    X(SELFTYPE, "Self")                                                                            \
    X(DUNDER_CLASS, "__class__")                                                                   \
    X(DUNDER_NEW, "__new__")                                                                       \
    X(DUNDER_INIT, "__init__")                                                                     \
    X(DUNDER_INIT_SUBCLASS, "__init_subclass__")                                                   \
    X(DUNDER_CLASS_GETITEM, "__class_getitem__")                                                   \
    X(DUNDER_GETITEM, "__getitem__")                                                               \
    X(DUNDER_ENTER, "__enter__")                                                                   \
    X(DUNDER_AENTER, "__aenter__")                                                                 \
    X(DUNDER_ALL, "__all__")                                                                       \
    X(ANONYMOUS, "_")                                                                              \
    X(OPTIONAL, "Optional")                                                                        \
    X(ANNOTATED, "Annotated")                                                                      \
    X(CLASSVAR, "ClassVar")                                                                        \
    X(FINAL, "Final")                                                                              \
    X(REQUIRED, "Required")                                                                        \
    X(NOTREQUIRED, "NotRequired")                                                                  \
    X(READONLY, "ReadOnly")                                                                        \
    X(INITVAR, "InitVar")                                                                          \
    X(UNION, "Union")                                                                              \
    X(TYPE, "Type")                                                                                \
    X(CALLABLE, "Callable")                                                                        \
    X(LITERAL, "Literal")                                                                          \
    X(TUPLE, "Tuple")                                                                              \
    X(TUPLE_BUILTIN, "tuple")                                                                      \
    X(COROUTINE, "Coroutine")                                                                      \
    X(AWAITABLE, "Awaitable")                                                                      \
    X(LIST, "List")                                                                                \
    X(SEQUENCE, "Sequence")                                                                        \
    X(MUTABLESEQUENCE, "MutableSequence")                                                          \
    X(COLLECTION, "Collection")                                                                    \
    X(DEQUE, "Deque")                                                                              \
    X(SET, "Set")                                                                                  \
    X(FROZENSET, "FrozenSet")                                                                      \
    X(ABSTRACTSET, "AbstractSet")                                                                  \
    X(MUTABLESET, "MutableSet")                                                                    \
    X(DICT, "Dict")                                                                                \
    X(MAPPING, "Mapping")                                                                          \
    X(MUTABLEMAPPING, "MutableMapping")                                                            \
    X(DEFAULTDICT, "DefaultDict")                                                                  \
    X(ORDEREDDICT, "OrderedDict")                                                                  \
    X(ITERABLE, "Iterable")                                                                        \
    X(ITERATOR, "Iterator")                                                                        \
    X(GENERATOR, "Generator")                                                                      \
    X(ASYNCITERABLE, "AsyncIterable")                                                              \
    X(ASYNCITERATOR, "AsyncIterator")                                                              \
    X(ASYNCGENERATOR, "AsyncGenerator")                                                            \
    X(CONTEXTMANAGER_TYPE, "ContextManager")                                                       \
    X(ASYNCCONTEXTMANAGER_TYPE, "AsyncContextManager")                                             \
    X(GENERIC, "Generic")                                                                          \
    X(PROTOCOL, "Protocol")

enum word {
    W_NONE,
#define X(c, text) W_##c,
    WORDS(X)
#undef X
        W_COUNT
};

/* x->user2: flags, and above them the name that a match statement looks at. */
enum py_state {
    IN_TYPE = 1u << 0,    /* inside of an annotation */
    IN_ASYNC = 1u << 1,   /* in the header of an `async with` */
    IN_NO_SELF = 1u << 2, /* in a static method's header: its first parameter is like any other */
    IN_CLS = 1u << 3,     /* in a class method's header: its first parameter is the class */
    IN_MANAGER = 1u << 4, /* in a function that @contextmanager wraps */
    IN_LATE = 1u << 5,    /* in a file whose annotations are not evaluated where they stand */
    IN_DATA = 1u << 6,    /* inside of an annotation, where strings are no types */
    SUBJECT_SHIFT = 8,
};

/* Where names stand that are looked up when the whole file has run. */
#define LATE (UINT32_MAX - 1)

static inline unsigned op_of(const struct extract *x, uint32_t term)
{
    return x->terms.at[term].op;
}

/* Tree-sitter takes no null nodes. */
static inline TSNode child(const struct extract *x, TSNode node, unsigned field)
{
    return ts_node_is_null(node) ? node : ex_child(x, node, field);
}

static inline TSNode nth(TSNode node, uint32_t i)
{
    return ts_node_is_null(node) ? node : ts_node_named_child(node, i);
}

static inline struct slice text_of(const struct extract *x, TSNode node)
{
    return ts_node_is_null(node) ? slice_of("", 0) : ex_text(x, node);
}

static inline bool is_class(const struct extract *x, uint32_t def)
{
    return def != 0 && (x->defs.at[def].kind == NODE_CLASS || x->defs.at[def].kind == NODE_ENUM);
}

static inline bool is_function(const struct extract *x, uint32_t def)
{
    return x->defs.at[def].kind == NODE_FUNCTION || x->defs.at[def].kind == NODE_METHOD;
}

/* ---- names and terms (python_name.c) ---- */

/* The symbol of a node's text, 0 if there is no node or no text (a name that was missing). */
uint32_t py_name_of(struct extract *x, TSNode node);
/* A dotted name as a term, without references, looked up at byte pos; 0 unless the text is one. */
uint32_t py_dotted(struct extract *x, struct slice text, uint32_t pos);
/* The classes that the second argument of isinstance names. */
uint32_t py_classes_named(struct extract *x, TSNode node);
/* The bind that a name means to what is being walked now, 0 if none is known yet. */
uint32_t py_find_bind(const struct extract *x, uint32_t name);
/* If the term names `self` or `cls` of a method around it: TERM_SELF or TERM_SELFTYPE of the class,
 * else 0. */
uint32_t py_self_of(const struct extract *x, uint32_t term);
/* The newest bind of the name takes effect behind byte `from`. */
void py_set_from(struct extract *x, uint32_t scope, uint32_t name, uint32_t from);
/* Whose code runs when a statement directly in `def` does. */
uint32_t py_runner(const struct extract *x, uint32_t def);
uint32_t py_list_of(struct extract *x, const uint32_t *terms, uint32_t n);
/* A value (or, in an annotation, the type) of a builtin generic: "list" of arguments (a list). It
 * means the builtin one whatever the file binds, for its name is free in no namespace. */
uint32_t py_builtin(struct extract *x, const char *name, uint32_t args);
uint32_t py_builtin_of(struct extract *x, const char *name, uint32_t arg);
/* a or b, unless that says nothing new, or too much has been said already. */
uint32_t py_widen(struct extract *x, uint32_t old, uint32_t more);
/* Takes a declared type apart: `Type[X]` says that the name itself is a class, a value. */
void py_set_type(const struct extract *x, uint32_t type, uint32_t *ret_type, uint32_t *ret_init);
bool py_is_upper(const char *s); /* CONSTANT_CASE? */
bool py_is_public(const char *name);
bool py_is_variable(unsigned kind);
bool py_is_stub(const struct extract *x);
void py_mark_exported(struct extract *x, uint32_t def);
/* The text between the quotes of a string. */
struct slice py_string_text(const struct extract *x, TSNode node);

/* ---- annotations (python_type.c) ---- */

/* Does the name stand for what the standard library calls so? plain: it is a bare name, which the
 * file may define itself. */
bool py_is_library_word(const struct extract *x, uint32_t name, bool plain);
/* A type written in a string. Makes references. */
uint32_t py_quoted_type(struct extract *x, TSNode node);
/* base[subs] as the type of self. */
void py_type_of_kids(struct extract *x, struct kid *self, const struct kid *base,
                     const struct kid *subs, uint32_t n);
void py_bind_typaram(struct extract *x, uint32_t scope, uint32_t def, uint32_t name, uint32_t bound,
                     uint32_t from);

/* ---- targets (python_assign.c) ---- */

struct py_assign {
    TSNode node;               /* the statement */
    const struct kid *targets; /* whose references are taken back where they are only targets */
    const struct kid *right;   /* may be NULL */
    uint32_t type;             /* declared type, 0 if none */
    uint32_t from;             /* byte behind which the names hold the value */
    uint32_t ref;              /* where the search for the next target's reference begins */
    bool declares;             /* an assignment proper, not a loop or the like */
    bool deletes;              /* nothing is bound */
};

/* Binds all names of a target (`a`, `a, (b, *c)`, `self.x`) to the value. */
void py_assign(struct extract *x, struct py_assign *a, uint32_t target, uint32_t value);
void py_assign_name(struct extract *x, const struct py_assign *a, uint32_t name, uint32_t value);
/* The scope that an assignment to `name` binds it in: `global` and `nonlocal` redirect it. */
uint32_t py_scope_for(const struct extract *x, uint32_t name);
/* A definition that is not entered, for the name in the scope. */
uint32_t py_leaf(struct extract *x, const struct py_assign *a, uint32_t scope, uint32_t name,
                 enum node_kind kind);
/* The fields that the methods of a class give it, unless it defines the names itself. */
void py_make_fields(struct extract *x, uint32_t cls);

/* ---- definitions (python_def.c) ---- */

/* A body's first statement, if it is a string, documents the definition. */
void py_docstring(struct extract *x, uint32_t def, TSNode body);
/* The bases of the class that is open. */
void py_class_bases(struct extract *x, const struct kid *kids, uint32_t n);

/* ---- modules, and the standard library (python_import.c, python_std.c) ---- */

void py_module_name(const struct lang_tree *tree, const char *path, struct buf *ret);
bool py_find_module(const struct lang_tree *tree, const char *path, const char *spelled,
                    struct buf *ret);
bool py_is_test_path(const char *path);
extern const struct lang_member py_members[];
extern const char *const py_common_members[];

/* ---- handlers of the rules ---- */

typedef void py_enter(struct extract *x, TSNode node);
typedef void py_leave(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n);

py_enter py_enter_block, py_enter_class, py_enter_conditional, py_enter_function, py_enter_lambda,
    py_enter_module, py_enter_string, py_enter_subscript, py_enter_arguments, py_enter_type,
    py_enter_type_params, py_enter_with;
py_leave py_leave_aliased, py_leave_arguments, py_leave_as_pattern, py_leave_assert,
    py_leave_assignment, py_leave_attribute, py_leave_await, py_leave_binary, py_leave_block,
    py_leave_bool, py_leave_boolean, py_leave_call, py_leave_case_pattern, py_leave_class,
    py_leave_class_pattern, py_leave_comprehension, py_leave_concatenated, py_leave_conditional,
    py_leave_constrained_type, py_leave_decorator, py_leave_delete, py_leave_dict,
    py_leave_dict_pattern, py_leave_for_in, py_leave_function, py_leave_generic_type,
    py_leave_global, py_leave_if, py_leave_import, py_leave_import_from, py_leave_keyword,
    py_leave_keyword_pattern, py_leave_lambda, py_leave_lambda_parameters, py_leave_list,
    py_leave_loop, py_leave_member_type, py_leave_named, py_leave_nonlocal, py_leave_nothing,
    py_leave_pair, py_leave_param, py_leave_parameters, py_leave_return, py_leave_splat,
    py_leave_splat_pattern, py_leave_string, py_leave_subscript, py_leave_try, py_leave_tuple,
    py_leave_type, py_leave_type_alias, py_leave_type_params, py_leave_union_pattern,
    py_leave_union_type, py_leave_with_item, py_leave_yield;

#endif
