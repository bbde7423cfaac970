/* Python.
 *
 * Scopes: a file, class or function is a variable scope (x->user); comprehensions and lambdas have
 * scopes of their own; a block in which `isinstance` narrows a name is one too, and holds nothing
 * but narrowed names. A binding is visible behind its statement; an earlier use sees it as well
 * when there is no other (functions run later than they are written).
 *
 * What runs in the body of a class, in a decorator or in a default value is called by the function
 * or file around it, not by what is being defined.
 *
 * Longer than most: the assignments, imports, patterns and annotations of Python share one set of
 * helpers, and what is known of its builtin types takes a table at the end.
 */
#include "lang/extract.h"

#include <ctype.h>
#include <string.h>

const TSLanguage *tree_sitter_python(void);

enum {
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

enum {
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

static const char *const fields[] = {
    "",          "name",      "body",      "parameters",  "return_type", "type_parameters",
    "superclasses", "left",   "right",     "type",        "value",       "function",
    "arguments", "object",    "attribute", "subscript",   "alias",       "module_name",
    "condition", "consequence", "operator", "subject",    "argument",    "key",
    "definition", NULL,
};

/* Names that mean something to these rules. They are interned first, so that their symbols are
 * these numbers. From OPTIONAL to PROTOCOL: what may be subscripted in an annotation. */
#define WORDS(X)                                                                                   \
    X(ISINSTANCE, "isinstance")                                                                    \
    X(SUPER, "super")                                                                              \
    X(TYPE_FN, "type")                                                                             \
    X(CAST, "cast")                                                                                \
    X(PARTIAL, "partial")                                                                          \
    X(PROPERTY, "property")                                                                        \
    X(CACHED_PROPERTY, "cached_property")                                                          \
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

static const char *const words[] = {
    "",
#define X(c, text) text,
    WORDS(X)
#undef X
};

/* x->user2: flags, and above them the name that a match statement looks at. */
enum {
    IN_TYPE = 1u << 0,   /* inside of an annotation */
    IN_ASYNC = 1u << 1,  /* in the header of an `async with` */
    IN_NO_SELF = 1u << 2, /* in a static method's header: its first parameter is like any other */
    IN_CLS = 1u << 3,    /* in a class method's header: its first parameter is the class */
    IN_MANAGER = 1u << 4, /* in a function that @contextmanager wraps */
    SUBJECT_SHIFT = 8,
};

/* ---- small helpers ---- */

static unsigned op_of(const struct extract *x, uint32_t term)
{
    return x->terms.at[term].op;
}

static uint32_t name_of(struct extract *x, TSNode node)
{
    return ts_node_is_null(node) || ex_text(x, node).n == 0 ? 0 : ex_sym(x, node);
}

static bool is_class(const struct extract *x, uint32_t def)
{
    return def != 0 && (x->defs.at[def].kind == NODE_CLASS || x->defs.at[def].kind == NODE_ENUM);
}

static bool is_function(const struct extract *x, uint32_t def)
{
    return x->defs.at[def].kind == NODE_FUNCTION || x->defs.at[def].kind == NODE_METHOD;
}

/* The newest bind of the name takes effect behind byte `from`. */
static void set_from(struct extract *x, uint32_t scope, uint32_t name, uint32_t from)
{
    uint32_t b = ex_find(x, scope, name);
    if (b != 0)
        x->binds.at[b].from = from;
}

/* Tree-sitter takes no null nodes. */
static TSNode child(const struct extract *x, TSNode node, unsigned field)
{
    return ts_node_is_null(node) ? node : ex_child(x, node, field);
}

static TSNode nth(TSNode node, uint32_t i)
{
    return ts_node_is_null(node) ? node : ts_node_named_child(node, i);
}

static struct slice text_of(const struct extract *x, TSNode node)
{
    return ts_node_is_null(node) ? slice_of("", 0) : ex_text(x, node);
}

/* Whose code runs when a statement directly in `def` does. */
static uint32_t runner(const struct extract *x, uint32_t def)
{
    while (is_class(x, def))
        def = x->defs.at[def].parent;
    return def;
}

/* The bind that a name means to what is being walked now, 0 if none is known yet. */
static uint32_t find_bind(const struct extract *x, uint32_t name)
{
    for (uint32_t s = x->scope;; s = x->scopes.at[s].parent) {
        uint32_t b = ex_find(x, s, name);
        while (b != 0 && x->binds.at[b].ns == 0)
            b = x->binds.at[b].next;
        if (b != 0 && (x->scopes.at[s].kind != SCOPE_TYPE || s == x->scope))
            return b;
        if (s == 0)
            return 0;
    }
}

/* If the term names `self` or `cls` of a method around it: TERM_SELF or TERM_SELFTYPE of the
 * class, else 0. */
static uint32_t self_of(const struct extract *x, uint32_t term)
{
    if (op_of(x, term) != TERM_NAME)
        return 0;
    const struct bind *b = &x->binds.at[find_bind(x, x->terms.at[term].a)];
    if (b->kind != BIND_VAR || b->type != 0)
        return 0;
    unsigned op = op_of(x, b->init);
    return op == TERM_SELF || op == TERM_SELFTYPE ? b->init : 0;
}

static uint32_t list_of(struct extract *x, const uint32_t *terms, uint32_t n)
{
    uint32_t list = 0;
    while (n-- > 0)
        list = ex_cons(x, terms[n], list);
    return list;
}

/* A value (or, in an annotation, the type) of a builtin generic: "list" of [term]. A free name in
 * no namespace means nothing in the tree, whatever the file binds. */
static uint32_t builtin(struct extract *x, const char *name, uint32_t args)
{
    uint32_t t = ex_term(x, TERM_FREE, 0, ex_intern(x, name), 0);
    if (args != 0)
        t = ex_term(x, TERM_APPLY, 0, t, args);
    return ex_term(x, TERM_OFTYPE, 0, t, 0);
}

static uint32_t builtin_of(struct extract *x, const char *name, uint32_t arg)
{
    return builtin(x, name, ex_cons(x, arg, 0));
}

/* a or b, unless that says nothing new, or too much has been said already. */
static uint32_t widen(struct extract *x, uint32_t old, uint32_t more)
{
    unsigned width = 1;
    for (uint32_t t = old; op_of(x, t) == TERM_UNION && more != 0; t = x->terms.at[t].a) {
        if (x->terms.at[t].b == more || ++width > 6)
            return old;
    }
    if (op_of(x, old) == TERM_LIT && op_of(x, more) == TERM_LIT &&
        x->terms.at[old].a == x->terms.at[more].a)
        return old;
    return ex_either(x, old, more);
}

/* `Type[X]` says that the name itself is a class: a value, not a type. */
static void set_type(const struct extract *x, uint32_t type, uint32_t *ret_type, uint32_t *ret_init)
{
    if (op_of(x, type) == TERM_TYPEOF) {
        *ret_init = x->terms.at[type].a;
        type = 0;
    }
    *ret_type = type;
}

static void leave_nothing(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    (void)x;
    (void)self;
    (void)kids;
    (void)n;
}

/* ---- documentation ---- */

/* The text between the quotes of a string. */
static struct slice string_text(const struct extract *x, TSNode node)
{
    struct slice s = ex_text(x, node);
    while (s.n > 0 && *s.p != '"' && *s.p != '\'')
        s = slice_skip(s, 1);
    size_t quotes = s.n >= 6 && s.p[0] == s.p[1] && s.p[1] == s.p[2] ? 3 : 1;
    return s.n >= 2 * quotes ? slice_of(s.p + quotes, s.n - 2 * quotes) : slice_of(s.p, 0);
}

/* A body's first statement, if it is a string, documents the definition. */
static void docstring(struct extract *x, uint32_t def, TSNode body)
{
    TSNode first = nth(body, 0);
    for (uint32_t i = 1; i < 8 && ex_is(x, first, S_COMMENT); i++)
        first = nth(body, i);
    if (!ex_is(x, first, S_EXPRESSION))
        return;
    TSNode s = nth(first, 0);
    if (ex_is(x, s, S_CONCATENATED))
        s = nth(s, 0);
    if (!ex_is(x, s, S_STRING))
        return;
    struct slice text = string_text(x, s);
    x->defs.at[def].doc_start = (uint32_t)(text.p - x->src);
    x->defs.at[def].doc_end = x->defs.at[def].doc_start + (uint32_t)text.n;
}

static void enter_module(struct extract *x, TSNode node)
{
    docstring(x, 0, node);
}

/* ---- names written by hand ---- */

/* A dotted name as a term, without references; 0 unless the text is one. */
static uint32_t dotted(struct extract *x, struct slice text)
{
    uint32_t term = 0;
    uint32_t pos = (uint32_t)(text.p - x->src);
    while (text.n > 0) {
        size_t n = 0;
        while (n < text.n && (isalnum((unsigned char)text.p[n]) || text.p[n] == '_' ||
                              (unsigned char)text.p[n] >= 0x80))
            n++;
        if (n == 0 || (n < text.n && text.p[n] != '.'))
            return 0;
        uint32_t name = ex_intern_slice(x, slice_head(text, n));
        term = term == 0 ? ex_name_term(x, name, NS_VALUE, pos)
                         : ex_term(x, TERM_MEMBER, NS_VALUE, term, name);
        text = slice_skip(text, n < text.n ? n + 1 : n);
    }
    return term;
}

/* The classes that the second argument of isinstance names. */
static uint32_t classes_named(struct extract *x, TSNode node)
{
    uint32_t term = 0;
    if (!ex_is(x, node, S_TUPLE))
        return ts_node_is_null(node) ? 0 : dotted(x, ex_text(x, node));
    for (uint32_t i = 0; i < 6; i++) {
        TSNode item = nth(node, i);
        if (!ts_node_is_null(item))
            term = ex_either(x, term, dotted(x, ex_text(x, item)));
    }
    return term;
}

/* ---- annotations ---- */

static const struct {
    uint8_t word;
    const char *is;
} generics[] = {
    {W_LIST, "list"},          {W_SEQUENCE, "list"},       {W_MUTABLESEQUENCE, "list"},
    {W_COLLECTION, "list"},    {W_DEQUE, "list"},          {W_SET, "set"},
    {W_FROZENSET, "set"},      {W_ABSTRACTSET, "set"},     {W_MUTABLESET, "set"},
    {W_DICT, "dict"},          {W_MAPPING, "dict"},        {W_MUTABLEMAPPING, "dict"},
    {W_DEFAULTDICT, "dict"},   {W_ORDEREDDICT, "dict"},    {W_ITERABLE, "Iterator"},
    {W_ITERATOR, "Iterator"},  {W_GENERATOR, "Iterator"},  {W_ASYNCITERABLE, "Iterator"},
    {W_ASYNCITERATOR, "Iterator"}, {W_ASYNCGENERATOR, "Iterator"}, {W_AWAITABLE, "Awaitable"},
    {W_CONTEXTMANAGER_TYPE, "ContextManager"}, {W_ASYNCCONTEXTMANAGER_TYPE, "ContextManager"},
};

/* Does the name stand for what the standard library calls so? It does not if the file defines
 * it. */
static bool is_library_word(const struct extract *x, uint32_t name, bool plain)
{
    if (name < W_OPTIONAL || name > W_PROTOCOL)
        return name == W_TYPE_FN;
    uint32_t b = plain ? find_bind(x, name) : 0;
    return b == 0 || x->binds.at[b].kind != BIND_DEF;
}

/* base[args] as a type. */
static uint32_t generic(struct extract *x, uint32_t word, uint32_t base, const uint32_t *args,
                        uint32_t n)
{
    uint32_t t = 0;
    if (n == 0)
        return base;
    switch (word) {
    case W_OPTIONAL:
    case W_ANNOTATED:
    case W_CLASSVAR:
    case W_FINAL:
    case W_REQUIRED:
    case W_NOTREQUIRED:
    case W_READONLY:
    case W_INITVAR:
        return args[0];
    case W_UNION:
        for (uint32_t i = 0; i < n; i++)
            t = ex_either(x, t, args[i]);
        return t;
    case W_TYPE:
    case W_TYPE_FN:
        return args[0] != 0 ? ex_term(x, TERM_TYPEOF, 0, args[0], 0) : 0;
    case W_CALLABLE:
        return n >= 2 ? ex_term(x, TERM_FN, 0, args[n - 1], 0) : 0;
    case W_LITERAL:
        return 0;
    case W_TUPLE:
    case W_TUPLE_BUILTIN: /* Tuple[X, ...] is as long as it likes */
        if (n == 2 && args[1] == 0)
            return builtin_of(x, "tuple", args[0]);
        return ex_term(x, TERM_TUPLE, n, 0, list_of(x, args, n));
    case W_COROUTINE:
        return builtin_of(x, "Awaitable", args[n - 1]);
    default:
        break;
    }
    for (unsigned i = 0; i < sizeof(generics) / sizeof(*generics); i++) {
        if (generics[i].word == word)
            return builtin(x, generics[i].is, list_of(x, args, n));
    }
    return base != 0 ? ex_term(x, TERM_APPLY, 0, base, list_of(x, args, n)) : 0;
}

/* A type written in a string: "Optional[models.Foo]". One pass with a short stack. */
struct quoted {
    struct extract *x;
    TSNode node;      /* the string */
    struct slice rest;
    uint32_t last, word;  /* the operand just read, and its last name */
    struct {
        uint32_t word, base, sum; /* base[ ... ], and what was read before it with | */
        uint32_t args[8];
        uint32_t n;
    } open[8];
    unsigned depth; /* open[depth] collects what is being read */
};

static void quoted_name(struct quoted *q)
{
    struct extract *x = q->x;
    size_t n = 0, dot = 0;
    while (n < q->rest.n && (isalnum((unsigned char)q->rest.p[n]) || q->rest.p[n] == '_' ||
                             q->rest.p[n] == '.' || (unsigned char)q->rest.p[n] >= 0x80)) {
        if (q->rest.p[n] == '.')
            dot = n + 1;
        n++;
    }
    struct slice text = slice_head(q->rest, n);
    q->rest = slice_skip(q->rest, n);
    q->last = 0;
    q->word = ex_intern_slice(x, slice_skip(text, dot));
    if (slice_eq(text, SLICE("None")))
        return;
    if (q->word == W_SELFTYPE && x->self != 0) {
        q->last = ex_term(x, TERM_SELFTYPE, 0, x->self, 0);
        return;
    }
    q->last = dotted(x, text);
    uint32_t r = ex_ref(x, q->last, REF_TYPE, q->node);
    uint32_t off = (uint32_t)(text.p - x->src) + (uint32_t)dot - ts_node_start_byte(q->node);
    if (r != 0 && x->refs.at[r].col + off < 65535)
        x->refs.at[r].col = (uint16_t)(x->refs.at[r].col + off);
}

/* The operand is complete; `end` also completes the argument. */
static void quoted_operand(struct quoted *q, bool end)
{
    uint32_t *sum = &q->open[q->depth].sum;
    *sum = ex_either(q->x, *sum, q->last);
    q->last = q->word = 0;
    if (end && q->open[q->depth].n < 8) {
        q->open[q->depth].args[q->open[q->depth].n++] = *sum;
        *sum = 0;
    }
}

static uint32_t quoted_type(struct extract *x, TSNode node)
{
    struct quoted q = {.x = x, .node = node, .rest = string_text(x, node)};
    while (q.rest.n > 0) {
        char c = *q.rest.p;
        if (isalpha((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80) {
            quoted_name(&q);
            continue;
        }
        if (c == '[') {
            if (q.depth == 7)
                return 0;
            q.depth++;
            q.open[q.depth].word = q.word;
            q.open[q.depth].base = q.last;
            q.open[q.depth].sum = q.open[q.depth].n = 0;
            q.last = q.word = 0;
        } else if (c == ']' && q.depth > 0) {
            quoted_operand(&q, true);
            q.last = generic(x, q.open[q.depth].word, q.open[q.depth].base, q.open[q.depth].args,
                             q.open[q.depth].n);
            q.depth--;
        } else if (c == '|' || c == ',') {
            quoted_operand(&q, c == ',' && q.depth > 0);
        }
        q.rest = slice_skip(q.rest, 1);
    }
    return ex_either(x, q.open[0].sum, q.last);
}

static void enter_type(struct extract *x, TSNode node)
{
    (void)node;
    x->user2 |= IN_TYPE;
}

static void leave_type(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    if (n == 0)
        return;
    self->term = kids[0].term;
    self->ref = kids[0].ref;
    self->name = kids[0].name;
    if (kids[0].sym == S_IDENTIFIER && kids[0].name == W_SELFTYPE && x->self != 0) {
        ex_unref(x, &kids[0]);
        self->term = ex_term(x, TERM_SELFTYPE, 0, x->self, 0);
    }
    ex_role(x, self, REF_USE, REF_TYPE);
}

/* base[subs], both as types. */
static void type_of_kids(struct extract *x, struct kid *self, const struct kid *base,
                         const struct kid *subs, uint32_t n)
{
    uint32_t args[16];
    bool plain = base->sym == S_IDENTIFIER;
    uint32_t word = is_library_word(x, base->name, plain) ? base->name : 0;
    if (n > 16)
        n = 16;
    for (uint32_t i = 0; i < n; i++) {
        args[i] = subs[i].term;
        if (word == W_LITERAL || (word == W_ANNOTATED && i > 0))
            ex_unref_all(x, &subs[i]);
    }
    self->term = generic(x, word, base->term, args, n);
    self->ref = base->ref;
    self->name = base->name;
}

static void leave_generic_type(struct extract *x, struct kid *self, const struct kid *kids,
                               uint32_t n)
{
    struct kid args[16];
    uint32_t count = 0;
    if (n < 2)
        return;
    for (uint32_t l = kids[1].term; l != 0 && count < 16; l = x->terms.at[l].b)
        args[count++] = (struct kid){.term = x->terms.at[l].a};
    type_of_kids(x, self, &kids[0], args, count);
    if (self->name == W_LITERAL)
        ex_unref_all(x, &kids[1]);
}

static void leave_union_type(struct extract *x, struct kid *self, const struct kid *kids,
                             uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        self->term = ex_either(x, self->term, kids[i].term);
}

/* `T: Bound` between the brackets of a generic definition. */
static void leave_constrained_type(struct extract *x, struct kid *self, const struct kid *kids,
                                   uint32_t n)
{
    if (n == 2 && op_of(x, kids[0].term) == TERM_NAME) {
        ex_unref_all(x, &kids[0]);
        self->term = ex_term(x, TERM_KEYED, 0, kids[1].term, x->terms.at[kids[0].term].a);
    }
}

static void bind_typaram(struct extract *x, uint32_t scope, uint32_t def, uint32_t name,
                         uint32_t bound, uint32_t from)
{
    uint32_t b = ex_bind(x, scope, BIND_TYPARAM, name, NS_ANY, 0, from);
    struct def *d = &x->defs.at[def];
    if (b == 0)
        return;
    x->binds.at[b].type = bound;
    x->binds.at[b].def = def;
    x->binds.at[b].index = d->generics;
    if (def != 0 && d->generics < 255)
        d->generics++;
}

/* Either the parameters of a generic definition, or the arguments of a generic type. */
static void leave_type_params(struct extract *x, struct kid *self, const struct kid *kids,
                              uint32_t n)
{
    if (self->field != F_TYPE_PARAMETERS) {
        for (uint32_t i = n; i-- > 0;)
            self->term = ex_cons(x, kids[i].term, self->term);
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        const struct term *t = &x->terms.at[kids[i].term];
        uint32_t from = ts_node_start_byte(self->node);
        if (t->op == TERM_KEYED) {
            bind_typaram(x, x->scope, x->def, t->b, t->a, from);
        } else if (t->op == TERM_NAME) {
            ex_unref_all(x, &kids[i]);
            bind_typaram(x, x->scope, x->def, t->a, 0, from);
        }
    }
}

static void leave_member_type(struct extract *x, struct kid *self, const struct kid *kids,
                              uint32_t n)
{
    if (n != 2)
        return;
    ex_unref(x, &kids[1]);
    self->name = kids[1].name;
    ex_member(x, self, TERM_MEMBER, kids[0].term, kids[1].name, NS_VALUE, REF_TYPE, kids[1].node);
}

/* ---- assignment ---- */

struct assign {
    TSNode node;               /* the statement */
    const struct kid *targets; /* whose references are taken back where they are only targets */
    const struct kid *right;   /* may be NULL */
    uint32_t type;             /* declared type, 0 if none */
    uint32_t from;             /* byte behind which the names hold the value */
    uint32_t ref;              /* where the search for the next target's reference begins */
    bool declares;             /* an assignment proper, not a loop or the like */
    bool deletes;              /* nothing is bound */
};

static uint32_t take_ref(struct extract *x, struct assign *a, uint32_t term)
{
    uint32_t lo = a->targets->refs, hi = a->targets->refs_end, n = hi - lo;
    for (uint32_t i = 0; i < n; i++, a->ref++) {
        if (a->ref < lo || a->ref >= hi)
            a->ref = lo;
        if (x->refs.at[a->ref].term == term)
            return a->ref;
    }
    return 0;
}

static bool is_upper(const char *s)
{
    bool letter = false;
    for (; *s != '\0'; s++) {
        if (islower((unsigned char)*s))
            return false;
        letter |= isupper((unsigned char)*s) != 0;
    }
    return letter;
}

static bool is_public(const char *name)
{
    size_t n = strlen(name);
    return name[0] != '_' || (n > 4 && name[1] == '_' && name[n - 1] == '_' && name[n - 2] == '_');
}

static void mark_exported(struct extract *x, uint32_t def)
{
    struct def *d = &x->defs.at[def];
    if (d->name != 0 && (d->parent == 0 || is_class(x, d->parent)) && is_public(ex_str(x, d->name)))
        d->flags |= FLAG_EXPORTED;
}

/* The statement, without a long value. */
static void assign_sig(struct extract *x, uint32_t def, TSNode node)
{
    uint32_t to = ts_node_end_byte(node);
    TSNode right = ex_child(x, node, F_RIGHT);
    if (!ts_node_is_null(right) && to - ts_node_start_byte(right) > 60) {
        TSNode type = ex_child(x, node, F_TYPE), left = ex_child(x, node, F_LEFT);
        TSNode last = ts_node_is_null(type) ? left : type;
        to = ts_node_is_null(last) ? to : ts_node_end_byte(last);
    }
    ex_sig(x, def, ts_node_start_byte(node), to);
}

static uint32_t leaf(struct extract *x, const struct assign *a, uint32_t scope, uint32_t name,
                     enum node_kind kind)
{
    uint32_t d =
        ex_def_leaf(x, a->node, name, kind, NS_ANY, x->scopes.at[scope].def, scope);
    set_from(x, scope, name, a->from);
    assign_sig(x, d, a->node);
    mark_exported(x, d);
    return d;
}

/* The argument list of a call, as a list of terms. */
static uint32_t args_of(const struct extract *x, uint32_t call)
{
    return op_of(x, call) == TERM_CALL ? x->terms.at[call].b : 0;
}

/* TypeVar("T", bound="X"): the bound, or the constraints. */
static uint32_t typevar_bound(struct extract *x, const struct kid *call)
{
    TSNode args = child(x, call->node, F_ARGUMENTS);
    uint32_t bound = 0;
    for (uint32_t i = 1; i < 6; i++) {
        TSNode arg = nth(args, i);
        if (ts_node_is_null(arg))
            break;
        TSNode value = arg;
        if (ex_is(x, arg, S_KEYWORD)) {
            if (!slice_eq(text_of(x, child(x, arg, F_NAME)), SLICE("bound")))
                continue;
            value = child(x, arg, F_VALUE);
        }
        uint32_t one = ex_is(x, value, S_STRING) ? quoted_type(x, value)
                                                 : dotted(x, text_of(x, value));
        bound = ex_either(x, bound, one);
    }
    return bound;
}

/* `T = TypeVar("T")`, `Alias = Union[A, B]`, `Id = NewType("Id", int)`. */
static bool declare_type(struct extract *x, const struct assign *a, uint32_t scope, uint32_t name,
                         uint32_t value)
{
    const struct kid *r = a->right;
    if (r == NULL)
        return false;
    if (r->sym == S_CALL && (r->name == W_TYPEVAR || r->name == W_PARAMSPEC ||
                             r->name == W_TYPEVARTUPLE)) {
        uint32_t bound = r->name == W_TYPEVAR ? typevar_bound(x, r) : 0;
        uint32_t d = leaf(x, a, scope, name, NODE_TYPE_ALIAS);
        x->defs.at[d].type = bound;
        bind_typaram(x, scope, 0, name, bound, a->from);
        return true;
    }
    uint32_t type = 0;
    if (r->sym == S_CALL && r->name == W_NEWTYPE) {
        uint32_t second = x->terms.at[args_of(x, value)].b;
        type = second != 0 ? x->terms.at[second].a : 0;
    } else if ((r->sym == S_SUBSCRIPT && is_library_word(x, r->name, false)) ||
               (a->type != 0 &&
                slice_ends(text_of(x, ex_child(x, a->node, F_TYPE)), SLICE("TypeAlias")))) {
        type = value;
    }
    if (type == 0)
        return false;
    uint32_t d = leaf(x, a, scope, name, NODE_TYPE_ALIAS);
    x->defs.at[d].type = type;
    return true;
}

static bool is_variable(unsigned kind)
{
    return kind == NODE_VARIABLE || kind == NODE_CONSTANT || kind == NODE_FIELD ||
           kind == NODE_VARIANT;
}

/* One more value for a variable that has a definition. */
static void add_value(struct extract *x, uint32_t def, uint32_t type, uint32_t init)
{
    struct def *d = &x->defs.at[def];
    if (type != 0 && d->type == 0)
        set_type(x, type, &d->type, &d->init);
    else if (type == 0 && d->type == 0)
        x->defs.at[def].init = widen(x, d->init, init);
}

/* A name in a file or class: a definition the first time, one more value after that. */
static void declare(struct extract *x, const struct assign *a, uint32_t scope, uint32_t name,
                    uint32_t value)
{
    const struct bind *b = &x->binds.at[ex_find(x, scope, name)];
    if (b->kind == BIND_DEF && b->def != 0) {
        if (is_variable(x->defs.at[b->def].kind))
            add_value(x, b->def, a->type, value);
        return;
    }
    if ((b->kind == BIND_ALIAS && b->name != 0) || b->kind == BIND_TYPARAM ||
        declare_type(x, a, scope, name, value))
        return;
    enum node_kind kind = is_upper(ex_str(x, name)) ? NODE_CONSTANT : NODE_VARIABLE;
    uint32_t owner = x->scopes.at[scope].def;
    if (x->scopes.at[scope].kind == SCOPE_TYPE)
        kind = x->defs.at[owner].kind == NODE_ENUM && a->right != NULL && a->type == 0 &&
                       ex_str(x, name)[0] != '_'
                   ? NODE_VARIANT
                   : NODE_FIELD;
    uint32_t d = leaf(x, a, scope, name, kind);
    x->defs.at[d].init = value;
    if (a->type != 0)
        set_type(x, a->type, &x->defs.at[d].type, &x->defs.at[d].init);
}

static void bind_var(struct extract *x, const struct assign *a, uint32_t scope, uint32_t name,
                     uint32_t value)
{
    uint32_t type = a->type;
    const struct bind *old = &x->binds.at[ex_find(x, scope, name)];
    if (type == 0 && value == 0 && old->kind == BIND_VAR)
        type = old->type; /* what was declared still holds */
    if (type != 0)
        set_type(x, type, &type, &value);
    (void)ex_var(x, scope, name, type, value, 0, a->from);
}

/* The scope that an assignment to `name` binds it in: `global` and `nonlocal` redirect it. */
static uint32_t scope_for(const struct extract *x, uint32_t name)
{
    const struct bind *b = &x->binds.at[ex_find(x, x->user, name)];
    if (b->name == 0 || b->ns != 0)
        return x->user;
    if (b->index == 1)
        return 0;
    uint32_t s = x->scopes.at[x->user].parent;
    while (s != 0 && (x->scopes.at[s].kind != SCOPE_FUNCTION || ex_find(x, s, name) == 0))
        s = x->scopes.at[s].parent;
    return s != 0 ? s : x->user;
}

static void assign_name(struct extract *x, const struct assign *a, uint32_t name, uint32_t value)
{
    uint32_t scope = scope_for(x, name);
    uint8_t kind = x->scopes.at[scope].kind;
    if (a->declares && (kind == SCOPE_FILE || kind == SCOPE_TYPE))
        declare(x, a, scope, name, value);
    else
        bind_var(x, a, scope, name, value);
    /* what a block knew of the old value is not true of the new one */
    for (uint32_t s = x->scope; s != x->user && s != 0; s = x->scopes.at[s].parent) {
        if (ex_find(x, s, name) != 0)
            bind_var(x, a, s, name, value);
    }
}

/* `self.name = value`: the class has such a field. */
static void assign_member(struct extract *x, const struct assign *a, uint32_t term, uint32_t ref,
                          uint32_t value)
{
    const struct term *t = &x->terms.at[term];
    uint32_t self = self_of(x, t->a);
    if (self == 0)
        return;
    struct ex_note note = {
        .node = a->node,
        .owner = x->terms.at[self].a,
        .name = t->b,
        .type = a->type,
        .init = value,
        .ref = ref,
    };
    if (!vec_push(&x->notes, note))
        x->failed = true;
}

static void assign_one(struct extract *x, struct assign *a, uint32_t term, uint32_t value)
{
    struct term t = x->terms.at[term];
    if (t.op == TERM_DEREF && op_of(x, t.a) == TERM_NAME) { /* *rest */
        term = t.a;
        t = x->terms.at[term];
        value = ex_lit(x, "list");
    }
    if (t.op == TERM_NAME) {
        x->refs.at[take_ref(x, a, term)].role = REF_NONE;
        if (!a->deletes)
            assign_name(x, a, t.a, value);
    } else if (t.op == TERM_MEMBER && !a->deletes) {
        assign_member(x, a, term, take_ref(x, a, term), value);
    }
}

/* Binds all names of a target: `a`, `a, (b, *c)`, `self.x`. */
static void assign(struct extract *x, struct assign *a, uint32_t target, uint32_t value)
{
    struct {
        uint32_t term, value;
    } todo[32];
    unsigned n = 0;
    todo[n].term = target;
    todo[n++].value = value;
    while (n > 0) {
        n--;
        uint32_t to = todo[n].term, of = todo[n].value;
        if (op_of(x, to) != TERM_TUPLE) {
            assign_one(x, a, to, of);
            continue;
        }
        uint32_t parts = op_of(x, of) == TERM_TUPLE ? x->terms.at[of].b : 0;
        uint32_t i = 0;
        for (uint32_t l = x->terms.at[to].b; l != 0; l = x->terms.at[l].b, i++) {
            uint32_t item = x->terms.at[l].a, part = 0;
            if (parts != 0) {
                part = x->terms.at[parts].a;
                parts = x->terms.at[parts].b;
            } else if (of != 0 && op_of(x, of) != TERM_TUPLE) {
                part = ex_term(x, TERM_PROJ, 0, of, i);
            }
            if (op_of(x, item) != TERM_TUPLE) {
                assign_one(x, a, item, part);
            } else if (n < 32) {
                todo[n].term = item;
                todo[n++].value = part;
            }
        }
    }
}

static void leave_assignment(struct extract *x, struct kid *self, const struct kid *kids,
                             uint32_t n)
{
    const struct kid *left = ex_kid(kids, n, F_LEFT), *type = ex_kid(kids, n, F_TYPE);
    const struct kid *right = ex_kid(kids, n, F_RIGHT);
    if (left == NULL)
        return;
    struct assign a = {
        .node = self->node,
        .targets = left,
        .right = right,
        .type = type != NULL ? type->term : 0,
        .from = ts_node_end_byte(self->node),
        .declares = true,
    };
    self->term = right != NULL ? right->term : 0;
    assign(x, &a, left->term, self->term);
}

/* `x := value`, in the function around, whatever comprehension it stands in. */
static void leave_named(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    const struct kid *name = ex_kid(kids, n, F_NAME), *value = ex_kid(kids, n, F_VALUE);
    if (name == NULL || value == NULL)
        return;
    struct assign a = {
        .node = self->node, .targets = name, .from = ts_node_end_byte(self->node)};
    self->term = value->term;
    assign(x, &a, name->term, value->term);
}

static void leave_delete(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        struct assign a = {.node = self->node, .targets = &kids[i], .deletes = true};
        assign(x, &a, kids[i].term, 0);
    }
}

/* ---- fields that methods make ---- */

static void make_field(struct extract *x, const struct ex_note *note, uint32_t scope)
{
    uint32_t b = ex_find(x, scope, note->name);
    if (b != 0) {
        uint32_t d = x->binds.at[b].def;
        if (x->binds.at[b].kind == BIND_DEF && x->defs.at[d].kind == NODE_FIELD)
            add_value(x, d, note->type, note->init);
        return;
    }
    uint32_t d = ex_def_leaf(x, note->node, note->name, NODE_FIELD, NS_ANY, note->owner, scope);
    x->defs.at[d].init = note->init;
    if (note->type != 0)
        set_type(x, note->type, &x->defs.at[d].type, &x->defs.at[d].init);
    assign_sig(x, d, note->node);
    mark_exported(x, d);
    x->refs.at[note->ref].role = REF_NONE;
    /* a member, but no bare name of the class's body */
    b = ex_find(x, scope, note->name);
    if (b != 0) {
        x->binds.at[b].flags |= BIND_SEQ;
        x->binds.at[b].from = UINT32_MAX;
    }
}

static void make_fields(struct extract *x, uint32_t cls)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < x->notes.len; i++) {
        struct ex_note note = x->notes.at[i];
        if (note.owner == cls)
            make_field(x, &note, x->defs.at[cls].scope);
        else
            x->notes.at[kept++] = note;
    }
    vec_truncate(&x->notes, kept);
}

/* ---- functions ---- */

/* A name whose definition is decorated begins where its decorators do. */
static void start_at_decorators(struct extract *x, uint32_t def, const struct ex_place *p)
{
    if (p->parent == S_DECORATED && p->n > 0)
        x->defs.at[def].start = ts_node_start_byte(p->kids[0].node);
}

static void apply_decorators(struct extract *x, struct def *d, const struct ex_place *p)
{
    for (uint32_t i = 0; i < p->n; i++) {
        switch (p->kids[i].name) {
        case W_SETTER:
        case W_DELETER:
        case W_GETTER:
        case W_PROPERTY:
        case W_CACHED_PROPERTY:
            d->flags |= FLAG_PROPERTY;
            break;
        case W_ABSTRACT_PROPERTY:
            d->flags |= FLAG_PROPERTY | FLAG_ABSTRACT;
            break;
        case W_STATICMETHOD:
            d->flags |= FLAG_STATIC;
            x->user2 |= IN_NO_SELF;
            break;
        case W_CLASSMETHOD:
            d->flags |= FLAG_STATIC;
            x->user2 |= IN_CLS;
            break;
        case W_ABSTRACTMETHOD:
            d->flags |= FLAG_ABSTRACT;
            break;
        case W_OVERLOAD:
            d->flags |= FLAG_DECLARATION;
            break;
        case W_CONTEXTMANAGER:
        case W_ASYNCCONTEXTMANAGER:
            x->user2 |= IN_MANAGER;
            break;
        default:
            break;
        }
    }
}

/* A property's setter has the property's name, which goes on meaning its getter. */
static void rebind_setter(struct extract *x, uint32_t name, const struct ex_place *p)
{
    struct bind *b = &x->binds.at[ex_find(x, x->scope, name)];
    const struct bind *old = &x->binds.at[b->next];
    for (uint32_t i = 0; i < p->n; i++) {
        if ((p->kids[i].name == W_SETTER || p->kids[i].name == W_DELETER) &&
            b->next != 0 && old->kind == BIND_DEF)
            b->def = old->def;
    }
}

static bool is_stub(const struct extract *x)
{
    return slice_ends(slice_from(x->path), SLICE(".pyi"));
}

/* Opens the definition's scopes; its header is still read in the scope around it. */
static void open_scope(struct extract *x, TSNode node, enum scope_kind kind)
{
    if (!ts_node_is_null(ex_child(x, node, F_TYPE_PARAMETERS)))
        (void)ex_scope(x, SCOPE_BLOCK);
    uint32_t header = x->scope;
    (void)ex_scope(x, kind);
    x->scope = header;
}

static void enter_function(struct extract *x, TSNode node)
{
    struct ex_place p = ex_place(x);
    bool method = is_class(x, x->def);
    TSNode name_node = ex_child(x, node, F_NAME);
    uint32_t name = name_of(x, name_node);

    if (p.parent != S_DECORATED)
        p.n = 0;
    x->scope = x->user;
    uint32_t scope = x->scope;
    uint32_t d = ex_def_named(x, node, name_node, name, method ? NODE_METHOD : NODE_FUNCTION,
                              NS_ANY);
    struct def *def = &x->defs.at[d];
    x->user2 = 0;
    apply_decorators(x, def, &p);
    rebind_setter(x, name, &p);
    start_at_decorators(x, d, &p);
    if (slice_starts(ex_text(x, node), SLICE("async")))
        def->flags |= FLAG_ASYNC;
    if (method && name == W_DUNDER_INIT)
        def->flags |= FLAG_CONSTRUCTOR;
    if (name == W_DUNDER_NEW || name == W_DUNDER_INIT_SUBCLASS || name == W_DUNDER_CLASS_GETITEM)
        x->user2 |= IN_CLS;
    if (is_stub(x))
        def->flags |= FLAG_DECLARATION;
    if (scope == 0 && strncmp(ex_str(x, name), "test_", 5) == 0) {
        def->flags |= FLAG_TEST;
        x->in_test = true;
    }
    mark_exported(x, d);
    x->conditional = false;
    open_scope(x, node, SCOPE_FUNCTION);
}

/* What a decorator or a default value calls is called by the code around the definition. */
static void run_outside(struct extract *x, const struct kid *k, uint32_t def)
{
    uint32_t outer = runner(x, x->defs.at[def].parent);
    for (uint32_t r = k->refs; r < k->refs_end; r++) {
        if (x->refs.at[r].role == REF_CALL)
            x->refs.at[r].from = outer;
    }
}

/* `a`, `a: T`, `a=v`, `a: T = v`, `*a`, `**a`: name, and as term the type or default. */
static void leave_param(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    if (n == 0)
        return;
    const struct kid *type = ex_kid(kids, n, F_TYPE), *value = ex_kid(kids, n, F_VALUE);
    self->name = kids[0].name;
    ex_unref(x, &kids[0]);
    /* not in a lambda: its defaults are evaluated by the function that it stands in */
    if (value != NULL && x->scopes.at[x->user].def != x->def)
        run_outside(x, value, x->def);
    if (type != NULL) {
        ex_role(x, type, REF_TYPE, REF_ACCEPTS);
        self->term = type->term;
    } else if (value != NULL) {
        self->term = value->term;
    }
}

static unsigned stars_of(const struct extract *x, const struct kid *k)
{
    struct slice s = ex_text(x, k->node);
    return s.n > 0 && s.p[0] == '*' ? (s.n > 1 && s.p[1] == '*' ? 2 : 1) : 0;
}

static void bind_param(struct extract *x, uint32_t scope, const struct kid *k, unsigned index)
{
    unsigned stars = stars_of(x, k);
    bool typed = k->sym == S_TYPED_PARAM || k->sym == S_TYPED_DEFAULT_PARAM;
    uint32_t type = typed ? k->term : 0;
    uint32_t init = k->sym == S_DEFAULT_PARAM ? k->term : 0;
    uint8_t flags = BIND_PARAM;

    if (stars == 1 && type != 0) {
        type = builtin_of(x, "tuple", type);
        flags |= BIND_VARIADIC;
    } else if (stars == 2 && type != 0) {
        uint32_t args[2] = {ex_lit(x, "str"), type};
        type = builtin(x, "dict", list_of(x, args, 2));
    } else if (stars != 0) {
        init = ex_lit(x, stars == 1 ? "tuple" : "dict");
    } else {
        set_type(x, type, &type, &init);
    }
    uint32_t b = ex_var(x, scope, k->name, type, init, flags, ts_node_start_byte(k->node));
    if (b != 0)
        x->binds.at[b].index = (uint8_t)(index < 255 ? index : 255);
}

/* The first parameter of a method: an instance of the class, or the class. */
static void bind_self(struct extract *x, uint32_t d, const struct kid *k)
{
    enum term_op op = (x->user2 & IN_CLS) != 0 ? TERM_SELFTYPE : TERM_SELF;
    uint32_t init = ex_term(x, op, 0, x->defs.at[d].parent, 0);
    uint32_t from = ts_node_start_byte(k->node);
    (void)ex_var(x, x->defs.at[d].scope, k->name, 0, init, BIND_PARAM, from);
    if (k->sym == S_TYPED_PARAM) /* until the function is left: `self: T` says what T is */
        x->defs.at[d].self = k->term;
}

static void bind_params(struct extract *x, uint32_t d, uint32_t scope, const struct kid *kids,
                        uint32_t n)
{
    unsigned least = 0, most = 0, index = 0;
    bool method = d != 0 && x->defs.at[d].kind == NODE_METHOD && (x->user2 & IN_NO_SELF) == 0;
    for (uint32_t i = 0; i < n; i++) {
        const struct kid *k = &kids[i];
        ex_unref(x, k);
        if (k->name == 0)
            continue;
        unsigned stars = stars_of(x, k);
        if (method && index++ == 0 && stars == 0) {
            bind_self(x, d, k);
            continue;
        }
        bind_param(x, scope, k, most);
        if (stars != 0)
            most = 255;
        else if (most < 255)
            most++;
        if (stars == 0 && (k->sym == S_IDENTIFIER || k->sym == S_TYPED_PARAM) && most < 255)
            least++;
    }
    if (d != 0) {
        x->defs.at[d].arity_min = (uint8_t)(least < 255 ? least : 255);
        x->defs.at[d].arity_max = (uint8_t)(most < 255 ? most : 255);
    }
}

static void leave_parameters(struct extract *x, struct kid *self, const struct kid *kids,
                             uint32_t n)
{
    (void)self;
    if (is_function(x, x->def))
        bind_params(x, x->def, x->defs.at[x->def].scope, kids, n);
}

static void leave_lambda_parameters(struct extract *x, struct kid *self, const struct kid *kids,
                                    uint32_t n)
{
    (void)self;
    bind_params(x, 0, x->scope, kids, n);
}

/* The declared result, or what its return and yield statements give. */
static void set_result(struct extract *x, struct def *d, uint32_t type)
{
    bool generator = op_of(x, d->init) == TERM_ELEM;
    if (op_of(x, type) == TERM_NAME && op_of(x, d->self) == TERM_NAME &&
        x->terms.at[type].a == x->terms.at[d->self].a)
        type = ex_term(x, TERM_SELFTYPE, 0, d->parent, 0);
    d->self = 0;
    if (generator) /* kept as ELEM(what it yields) while it was collected */
        d->init = builtin_of(x, "Iterator", x->terms.at[d->init].a);
    if (type != 0) {
        d->init = 0;
        set_type(x, type, &d->type, &d->init);
    } else if (op_of(x, d->init) == TERM_SELF && !generator) {
        d->type = ex_term(x, TERM_SELFTYPE, 0, x->terms.at[d->init].a, 0);
        d->init = 0;
    }
    uint32_t *result = d->type != 0 ? &d->type : &d->init;
    if (x->user2 & IN_MANAGER)
        *result = builtin_of(x, "ContextManager", ex_term(x, TERM_ELEM, 0, *result, 0));
    else if ((d->flags & FLAG_ASYNC) != 0 && !generator && *result != 0)
        *result = builtin_of(x, "Awaitable", *result);
}

static void leave_function(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    const struct kid *params = ex_kid(kids, n, F_PARAMETERS);
    const struct kid *type = ex_kid(kids, n, F_RETURN_TYPE);
    const struct kid *last = type != NULL ? type : params;
    if (!is_function(x, x->def))
        return;
    if (type != NULL)
        ex_role(x, type, REF_TYPE, REF_RETURNS);
    set_result(x, &x->defs.at[x->def], type != NULL ? type->term : 0);
    if (last != NULL)
        ex_sig(x, x->def, ts_node_start_byte(self->node), ts_node_end_byte(last->node));
}

static void leave_return(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    struct def *d = &x->defs.at[x->def];
    (void)self;
    if (n == 0 || kids[0].term == 0 || !is_function(x, x->def) || op_of(x, d->init) == TERM_ELEM)
        return;
    uint32_t term = kids[0].term;
    uint32_t me = self_of(x, op_of(x, term) == TERM_CALL ? x->terms.at[term].a : term);
    if (me != 0 && (op_of(x, me) == TERM_SELF) == (op_of(x, term) != TERM_CALL)) {
        if (op_of(x, d->init) == TERM_SELF)
            return;
        term = ex_term(x, TERM_SELF, 0, x->terms.at[me].a, 0); /* return self, return cls(...) */
    }
    x->defs.at[x->def].init = widen(x, d->init, term);
}

static void leave_yield(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    struct def *d = &x->defs.at[x->def];
    uint32_t term = n > 0 ? kids[0].term : 0;
    struct slice rest = slice_trim(slice_skip(ex_text(x, self->node), 5));
    if (!is_function(x, x->def))
        return;
    if (slice_starts(rest, SLICE("from")) && term != 0)
        term = ex_term(x, TERM_ELEM, 0, term, 0);
    if (op_of(x, d->init) == TERM_ELEM)
        term = widen(x, x->terms.at[d->init].a, term);
    x->defs.at[x->def].init = ex_term(x, TERM_ELEM, 0, term, 0);
}

static void enter_lambda(struct extract *x, TSNode node)
{
    (void)node;
    x->user = ex_scope(x, SCOPE_BLOCK);
}

static void leave_lambda(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    const struct kid *body = ex_kid(kids, n, F_BODY);
    self->term = ex_term(x, TERM_FN, 0, body != NULL ? body->term : 0, 0);
}

/* ---- classes ---- */

/* What the names of its bases say of a class before they can be resolved. */
struct bases_say {
    bool is_enum, is_test, is_abstract;
};

static struct bases_say read_bases(struct slice s)
{
    struct bases_say say = {0};
    size_t from = 0;
    if (s.n > 400)
        s.n = 400;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c != ',' && c != ')')
            from = isalnum((unsigned char)c) || c == '_' ? from : i + 1;
        if (c != ',' && c != ')')
            continue;
        struct slice w = slice_of(s.p + from, i - from);
        say.is_enum |= slice_eq(w, SLICE("Enum")) || slice_eq(w, SLICE("IntEnum")) ||
                       slice_eq(w, SLICE("StrEnum")) || slice_eq(w, SLICE("Flag")) ||
                       slice_eq(w, SLICE("IntFlag"));
        say.is_test |= slice_ends(w, SLICE("TestCase"));
        say.is_abstract |= slice_eq(w, SLICE("ABC")) || slice_eq(w, SLICE("ABCMeta"));
        from = i + 1;
    }
    return say;
}

static void enter_class(struct extract *x, TSNode node)
{
    struct ex_place p = ex_place(x);
    TSNode name_node = ex_child(x, node, F_NAME), bases = ex_child(x, node, F_SUPERCLASSES);
    TSNode body = ex_child(x, node, F_BODY);
    struct bases_say say = {0};

    if (!ts_node_is_null(bases))
        say = read_bases(ex_text(x, bases));
    x->scope = x->user;
    uint32_t scope = x->scope, name = name_of(x, name_node);
    uint32_t d = ex_def_named(x, node, name_node, name, say.is_enum ? NODE_ENUM : NODE_CLASS,
                              NS_ANY);
    /* `class A(A)` derives from an older A */
    set_from(x, scope, name,
             ts_node_is_null(body) ? ts_node_end_byte(node) : ts_node_start_byte(body));
    start_at_decorators(x, d, &p);
    if (say.is_test) {
        x->in_test = true;
        x->defs.at[d].flags |= FLAG_TEST;
    }
    if (say.is_abstract)
        x->defs.at[d].flags |= FLAG_ABSTRACT;
    mark_exported(x, d);
    x->conditional = false;
    x->user2 = 0;
    open_scope(x, node, SCOPE_TYPE);
}

/* Generic[T, U] and Base[T]: T and U are parameters of the class. */
static void class_typarams(struct extract *x, uint32_t base, bool all)
{
    uint32_t scope = x->defs.at[x->def].scope;
    for (uint32_t l = x->terms.at[base].b, n = 0; l != 0 && n < 8; l = x->terms.at[l].b, n++) {
        const struct term *t = &x->terms.at[x->terms.at[l].a];
        if (t->op != TERM_NAME || ex_find(x, scope, t->a) != 0)
            continue;
        const struct bind *old = &x->binds.at[find_bind(x, t->a)];
        if (all || old->kind == BIND_TYPARAM)
            bind_typaram(x, scope, x->def, t->a, old->kind == BIND_TYPARAM ? old->type : 0,
                         x->defs.at[x->def].start);
    }
}

static void class_bases(struct extract *x, const struct kid *kids, uint32_t n)
{
    uint32_t list = 0;
    for (uint32_t i = n; i-- > 0;) {
        if (kids[i].sym == S_KEYWORD || kids[i].term == 0)
            continue;
        if (kids[i].ref != 0)
            x->refs.at[kids[i].ref].role = REF_EXTENDS;
        if (op_of(x, kids[i].term) == TERM_INDEX)
            x->terms.at[kids[i].term].op = TERM_APPLY;
        list = ex_cons(x, kids[i].term, list);
    }
    for (unsigned all = 2; all-- > 0;) { /* Generic[...] first: it gives the order */
        for (uint32_t i = 0; i < n; i++) {
            bool generic_base = kids[i].name == W_GENERIC || kids[i].name == W_PROTOCOL;
            if (kids[i].sym == S_SUBSCRIPT && op_of(x, kids[i].term) == TERM_APPLY &&
                generic_base == (all != 0))
                class_typarams(x, kids[i].term, generic_base);
        }
    }
    x->defs.at[x->def].bases = list;
}

static void leave_class(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    const struct kid *bases = ex_kid(kids, n, F_SUPERCLASSES);
    if (!is_class(x, x->def))
        return;
    make_fields(x, x->def);
    TSNode last = bases != NULL ? bases->node : ex_child(x, self->node, F_NAME);
    if (!ts_node_is_null(last))
        ex_sig(x, x->def, ts_node_start_byte(self->node), ts_node_end_byte(last));
}

static void leave_decorator(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    if (n == 0)
        return;
    self->name = kids[0].name;
    if (kids[0].sym == S_ATTRIBUTE && (self->name == W_SETTER || self->name == W_DELETER ||
                                       self->name == W_GETTER)) {
        ex_unref_all(x, &kids[0]);
    } else if (kids[0].ref != 0 && kids[0].sym != S_CALL) {
        x->refs.at[kids[0].ref].role = REF_DECORATE;
        x->refs.at[kids[0].ref].from = runner(x, x->def);
    }
}

/* ---- control flow ---- */

/* Does the condition say what class a name has? `x->terms` of the classes, bound in `scope`. */
static void narrow(struct extract *x, TSNode cond, bool negated, uint32_t scope, uint32_t from)
{
    TSNode todo[8];
    unsigned n = 0;
    todo[n++] = cond;
    while (n > 0) {
        TSNode c = todo[--n];
        unsigned rule = ex_rule_of(x, c);
        if (rule == S_PAREN) {
            todo[n++] = nth(c, 0);
        } else if (rule == S_NOT && negated) {
            negated = false;
            todo[n++] = child(x, c, F_ARGUMENT);
        } else if (rule == S_BOOLEAN && !negated && n < 6 &&
                   slice_eq(text_of(x, child(x, c, F_OPERATOR)), SLICE("and"))) {
            todo[n++] = child(x, c, F_LEFT);
            todo[n++] = child(x, c, F_RIGHT);
        } else if (rule == S_CALL && !negated &&
                   slice_eq(text_of(x, child(x, c, F_FUNCTION)), SLICE("isinstance"))) {
            TSNode args = child(x, c, F_ARGUMENTS);
            TSNode name = nth(args, 0);
            uint32_t type = classes_named(x, nth(args, 1));
            if (type != 0 && ex_is(x, name, S_IDENTIFIER))
                (void)ex_var(x, scope, ex_sym(x, name), type, 0, 0, from);
        }
    }
}

static bool says_isinstance(const struct extract *x, const struct kid *cond)
{
    if (cond == NULL || (cond->sym == S_CALL && cond->name != W_ISINSTANCE) ||
        (cond->sym != S_CALL && cond->sym != S_BOOLEAN && cond->sym != S_NOT &&
         cond->sym != S_PAREN))
        return false;
    struct slice s = ex_text(x, cond->node);
    return s.n < 4000 && memmem(s.p, s.n, "isinstance(", 11) != NULL;
}

/* The names that the statement or clause before a block binds. */
static void bind_header(struct extract *x, const struct ex_place *p, uint32_t from)
{
    const struct kid *left = ex_kid(p->kids, p->n, F_LEFT), *right = ex_kid(p->kids, p->n, F_RIGHT);
    if (left == NULL)
        return;
    struct assign a = {.node = left->node, .targets = left, .from = from};
    uint32_t value = right != NULL ? right->term : 0;
    assign(x, &a, left->term, value != 0 ? ex_term(x, TERM_ELEM, 0, value, 0) : 0);
}

/* `except (A, B) as e` */
static void bind_exception(struct extract *x, const struct ex_place *p, uint32_t from)
{
    const struct kid *k = p->n > 0 ? &p->kids[0] : NULL;
    if (k == NULL || k->sym != S_AS_PATTERN || op_of(x, k->term) != TERM_LIST)
        return;
    struct term pair = x->terms.at[k->term];
    uint32_t value = 0;
    if (op_of(x, pair.a) == TERM_TUPLE) {
        for (uint32_t l = x->terms.at[pair.a].b, n = 0; l != 0 && n < 6; l = x->terms.at[l].b, n++)
            value = ex_either(x, value, x->terms.at[l].a);
    } else {
        value = pair.a;
    }
    struct assign a = {.node = k->node, .targets = k, .from = from};
    assign(x, &a, pair.b, value != 0 ? ex_term(x, TERM_OFTYPE, 0, value, 0) : 0);
}

static void narrow_subject(struct extract *x, const struct ex_place *p, uint32_t from)
{
    uint32_t subject = x->user2 >> SUBJECT_SHIFT;
    if (subject == 0 || p->n == 0 || op_of(x, p->kids[0].term) != TERM_OFTYPE)
        return;
    (void)ex_scope(x, SCOPE_BLOCK);
    (void)ex_var(x, x->scope, subject, 0, p->kids[0].term, 0, from);
}

static void enter_block(struct extract *x, TSNode node)
{
    struct ex_place p = ex_place(x);
    uint32_t from = ts_node_start_byte(node);
    const struct kid *k;

    switch (p.parent) {
    case S_FUNCTION:
    case S_CLASS:
        if (x->def == 0 || p.field != F_BODY)
            break;
        x->scope = x->user = x->defs.at[x->def].scope;
        docstring(x, x->def, node);
        break;
    case S_FOR:
        if (p.field == F_BODY)
            bind_header(x, &p, from);
        break;
    case S_IF:
    case S_ELIF:
    case S_WHILE:
        k = ex_kid(p.kids, p.n, F_CONDITION);
        if ((p.field == F_CONSEQUENCE || p.field == F_BODY) && says_isinstance(x, k)) {
            (void)ex_scope(x, SCOPE_BLOCK);
            narrow(x, k->node, false, x->scope, from);
        }
        break;
    case S_EXCEPT:
        bind_exception(x, &p, from);
        break;
    case S_MATCH:
        k = ex_kid(p.kids, p.n, F_SUBJECT);
        x->user2 &= (1u << SUBJECT_SHIFT) - 1;
        if (k != NULL && k->sym == S_IDENTIFIER)
            x->user2 |= k->name << SUBJECT_SHIFT;
        break;
    case S_CASE:
        narrow_subject(x, &p, from);
        break;
    default:
        break;
    }
}

/* After branches, a variable holds what any of them left in it. Each of kids is a branch; of one
 * branch the last binding counts. `all`: the branches are all there are. */
struct merge {
    uint32_t start, end; /* bytes of the statement */
    const struct kid *kids;
    uint32_t n, branches;
    bool all;
};

static void merge_name(struct extract *x, const struct merge *m, uint32_t newest)
{
    uint32_t value = 0, b = newest, parts = 0, taken = 0, k = m->n;
    while (b != 0 && x->binds.at[b].from >= m->start) {
        struct bind v = x->binds.at[b];
        while (k > 0 && ts_node_start_byte(m->kids[k - 1].node) >= v.from)
            k--;
        uint32_t branch = k > 0 ? ts_node_start_byte(m->kids[k - 1].node) : m->start;
        taken++;
        if (v.kind == BIND_VAR && (v.type | v.init) != 0 && parts < 6) {
            value = ex_either(x, value, ex_term(x, TERM_BOUND, 0, b, 0));
            parts++;
        }
        do
            b = x->binds.at[b].next;
        while (b != 0 && x->binds.at[b].from > branch);
    }
    const struct bind *old = &x->binds.at[b];
    if (old->kind == BIND_VAR && (old->type | old->init) != 0 && !(m->all && taken >= m->branches)) {
        value = ex_either(x, value, ex_term(x, TERM_BOUND, 0, b, 0));
        parts++;
    }
    if (parts >= 2)
        (void)ex_var(x, x->user, x->binds.at[newest].name, 0, value, 0, m->end);
}

static void merge_branches(struct extract *x, const struct kid *self, const struct kid *kids,
                           uint32_t n, bool all)
{
    struct merge m = {
        .start = ts_node_start_byte(self->node),
        .end = ts_node_end_byte(self->node),
        .kids = kids,
        .n = n,
        .all = all,
    };
    if (x->scopes.at[x->user].kind != SCOPE_FUNCTION)
        return;
    for (uint32_t i = 0; i < n; i++)
        m.branches += kids[i].field != F_CONDITION;
    uint32_t len = x->binds.len, first = len;
    while (first > 1 && x->binds.at[first - 1].from >= m.start)
        first--;
    for (uint32_t b = first; b < len; b++) {
        struct bind v = x->binds.at[b];
        if (v.scope == x->user && v.kind == BIND_VAR && v.ns != 0 && ex_find(x, v.scope, v.name) == b)
            merge_name(x, &m, b);
    }
}

static void enter_conditional(struct extract *x, TSNode node)
{
    (void)node;
    x->conditional = true;
}

/* Does control never leave the block at its end? */
static bool ends_early(const struct extract *x, TSNode block)
{
    uint32_t n = ts_node_named_child_count(block);
    TSNode last = ts_node_named_child(block, n > 0 ? n - 1 : 0);
    unsigned rule = ex_rule_of(x, last);
    return rule == S_RETURN || rule == S_RAISE || rule == S_CONTINUE || rule == S_BREAK;
}

static void leave_if(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    const struct kid *cond = ex_kid(kids, n, F_CONDITION);
    merge_branches(x, self, kids, n, n > 0 && kids[n - 1].sym == S_ELSE);
    /* if not isinstance(x, T): return */
    if (n == 2 && cond != NULL && cond->sym == S_NOT && says_isinstance(x, cond) &&
        ends_early(x, kids[1].node))
        narrow(x, cond->node, true, x->user, ts_node_end_byte(self->node));
}

static void leave_loop(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    merge_branches(x, self, kids, n, false);
}

static void leave_try(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    merge_branches(x, self, kids, n, true);
}

static void leave_block(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    if (n > 0 && kids[0].sym == S_CASE)
        merge_branches(x, self, kids, n, false);
}

static void leave_assert(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    if (n > 0 && says_isinstance(x, &kids[0]))
        narrow(x, kids[0].node, false, x->user, ts_node_end_byte(self->node));
}

static void enter_with(struct extract *x, TSNode node)
{
    x->user2 &= ~(uint32_t)IN_ASYNC;
    if (slice_starts(ex_text(x, node), SLICE("async")))
        x->user2 |= IN_ASYNC;
}

/* `a as b`, as the list (a . b) for whoever binds b. */
static void leave_as_pattern(struct extract *x, struct kid *self, const struct kid *kids,
                             uint32_t n)
{
    if (n != 2)
        return;
    if (kids[0].sym == S_CASE_PATTERN) { /* case A() as b */
        struct assign a = {
            .node = self->node, .targets = &kids[1], .from = ts_node_end_byte(self->node)};
        self->term = kids[0].term;
        assign(x, &a, kids[1].term, kids[0].term);
        return;
    }
    self->term = kids[1].term != 0 ? ex_term(x, TERM_LIST, 0, kids[0].term, kids[1].term)
                                   : kids[0].term;
}

static void leave_with_item(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    if (n == 0 || kids[0].sym != S_AS_PATTERN || op_of(x, kids[0].term) != TERM_LIST)
        return;
    struct term pair = x->terms.at[kids[0].term];
    struct assign a = {
        .node = self->node, .targets = &kids[0], .from = ts_node_end_byte(self->node)};
    bool async = (x->user2 & IN_ASYNC) != 0;
    uint32_t value = pair.a;
    if (value != 0) {
        uint32_t enter = async ? W_DUNDER_AENTER : W_DUNDER_ENTER;
        value = ex_term(x, TERM_CALL, 0, ex_term(x, TERM_MEMBER, NS_VALUE, value, enter), 0);
        if (async)
            value = ex_term(x, TERM_AWAIT, 0, value, 0);
    }
    assign(x, &a, pair.b, value);
}

/* ---- patterns of match ---- */

static void capture(struct extract *x, const struct kid *k)
{
    if (k->name == W_ANONYMOUS || k->name == 0)
        return;
    struct assign a = {.node = k->node, .targets = k, .from = ts_node_end_byte(k->node)};
    assign_name(x, &a, k->name, 0);
}

/* `Foo.bar` or a class: a value that is compared with, not a capture. */
static uint32_t pattern_name(struct extract *x, const struct kid *k)
{
    uint32_t term = dotted(x, ex_text(x, k->node));
    (void)ex_ref(x, term, REF_USE, k->node);
    return term;
}

static void leave_case_pattern(struct extract *x, struct kid *self, const struct kid *kids,
                               uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (kids[i].sym != S_DOTTED_NAME)
            self->term = n == 1 ? kids[i].term : 0;
        else if (slice_chr(ex_text(x, kids[i].node), '.') != NULL)
            (void)pattern_name(x, &kids[i]);
        else
            capture(x, &kids[i]);
    }
}

static void leave_keyword_pattern(struct extract *x, struct kid *self, const struct kid *kids,
                                  uint32_t n)
{
    if (n == 0)
        return;
    ex_unref(x, &kids[0]);
    leave_case_pattern(x, self, kids + 1, n - 1);
    self->term = 0;
}

static void leave_class_pattern(struct extract *x, struct kid *self, const struct kid *kids,
                                uint32_t n)
{
    if (n > 0 && kids[0].sym == S_DOTTED_NAME) {
        uint32_t type = pattern_name(x, &kids[0]);
        self->term = type != 0 ? ex_term(x, TERM_OFTYPE, 0, type, 0) : 0;
    }
}

static void leave_union_pattern(struct extract *x, struct kid *self, const struct kid *kids,
                                uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (kids[i].sym == S_DOTTED_NAME)
            (void)pattern_name(x, &kids[i]);
        else if (op_of(x, kids[i].term) == TERM_OFTYPE)
            self->term = ex_either(x, self->term, x->terms.at[kids[i].term].a);
    }
    if (self->term != 0)
        self->term = ex_term(x, TERM_OFTYPE, 0, self->term, 0);
}

static void leave_splat_pattern(struct extract *x, struct kid *self, const struct kid *kids,
                                uint32_t n)
{
    (void)self;
    if (n > 0) {
        ex_unref(x, &kids[0]);
        capture(x, &kids[0]);
    }
}

static void leave_dict_pattern(struct extract *x, struct kid *self, const struct kid *kids,
                               uint32_t n)
{
    (void)self;
    for (uint32_t i = 0; i < n; i++) {
        if (kids[i].field == F_KEY && kids[i].sym == S_DOTTED_NAME)
            (void)pattern_name(x, &kids[i]);
    }
}

/* ---- global, nonlocal, imports ---- */

/* Marks the names in the function's scope: assignments to them bind them elsewhere. */
static void redirect(struct extract *x, const struct kid *kids, uint32_t n, uint8_t how)
{
    for (uint32_t i = 0; i < n; i++) {
        ex_unref(x, &kids[i]);
        if (x->scopes.at[x->user].kind == SCOPE_FILE)
            continue;
        uint32_t b = ex_bind(x, x->user, BIND_ALIAS, kids[i].name, 0, 0,
                             ts_node_start_byte(kids[i].node));
        if (b != 0)
            x->binds.at[b].index = how;
    }
}

static void leave_global(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    (void)self;
    redirect(x, kids, n, 1);
}

static void leave_nonlocal(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    (void)self;
    redirect(x, kids, n, 2);
}

/* The module that a dotted or relative name spells, without the blanks that it may hold. */
static uint32_t module_term(struct extract *x, struct slice text)
{
    if (memchr(text.p, ' ', text.n) == NULL && memchr(text.p, '\\', text.n) == NULL)
        return ex_term(x, TERM_MODULE, 0, ex_intern_slice(x, text), 0);
    struct buf b = {0};
    for (size_t i = 0; i < text.n; i++) {
        if (strchr(" \t\r\n\\", text.p[i]) == NULL)
            buf_char(&b, text.p[i]);
    }
    uint32_t sym = ex_intern_slice(x, buf_as_slice(&b));
    x->failed |= b.failed;
    buf_release(&b);
    return ex_term(x, TERM_MODULE, 0, sym, 0);
}

static void bind_import(struct extract *x, uint32_t name, uint32_t target, TSNode statement)
{
    uint32_t scope = scope_for(x, name);
    uint32_t b = ex_alias(x, scope, name, target, 0);
    if (b == 0)
        return;
    x->binds.at[b].from = ts_node_end_byte(statement);
    if (scope == 0 && is_public(ex_str(x, name)))
        x->binds.at[b].flags |= BIND_EXPORTED;
}

static void leave_import(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        bool aliased = kids[i].sym == S_ALIASED;
        TSNode spelled = aliased ? ex_child(x, kids[i].node, F_NAME) : kids[i].node;
        struct slice text = text_of(x, spelled);
        if (kids[i].name == 0 || text.n == 0)
            continue;
        uint32_t module = module_term(x, text);
        (void)ex_ref(x, module, REF_IMPORT, kids[i].node);
        if (aliased) {
            bind_import(x, name_of(x, ex_child(x, kids[i].node, F_ALIAS)), module, self->node);
            continue;
        }
        size_t head = 0; /* import a.b.c binds a */
        while (head < text.n && text.p[head] != '.' && text.p[head] != ' ')
            head++;
        if (head < text.n)
            module = module_term(x, slice_head(text, head));
        bind_import(x, ex_intern_slice(x, slice_head(text, head)), module, self->node);
    }
}

static void leave_import_from(struct extract *x, struct kid *self, const struct kid *kids,
                              uint32_t n)
{
    const struct kid *from = ex_kid(kids, n, F_MODULE_NAME);
    if (from == NULL)
        return;
    struct slice text = ex_text(x, from->node);
    uint32_t module = module_term(x, text);
    if (text.n > 0 && text.p[text.n - 1] != '.') /* `from . import x` imports x, not the package */
        (void)ex_ref(x, module, REF_IMPORT, from->node);
    for (uint32_t i = 0; i < n; i++) {
        const struct kid *k = &kids[i];
        if (k->sym == S_WILDCARD)
            ex_star(x, x->user, module, true);
        if (k->field != F_NAME || k->name == 0)
            continue;
        uint32_t target = ex_term(x, TERM_PATH, NS_ANY, module, k->name);
        (void)ex_ref(x, target, REF_IMPORT, k->node);
        uint32_t name = k->name;
        if (k->sym == S_ALIASED)
            name = name_of(x, ex_child(x, k->node, F_ALIAS));
        bind_import(x, name, target, self->node);
    }
}

static void leave_aliased(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    (void)x;
    self->name = n > 0 ? kids[0].name : 0;
}

/* ---- expressions ---- */

static void leave_attribute(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    TSNode name_node = ex_child(x, self->node, F_ATTRIBUTE);
    self->name = name_of(x, name_node);
    if (n == 0 || self->name == 0)
        return;
    if (self->name == W_DUNDER_CLASS) {
        uint32_t me = self_of(x, kids[0].term);
        if (me != 0)
            self->term = ex_term(x, TERM_SELFTYPE, 0, x->terms.at[me].a, 0);
        return;
    }
    ex_member(x, self, TERM_MEMBER, kids[0].term, self->name, NS_VALUE, REF_USE, name_node);
}

static void leave_subscript(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    const struct kid *base = ex_kid(kids, n, F_VALUE);
    uint32_t at = 0;
    if (base == NULL)
        return;
    while (at < n && kids[at].field != F_SUBSCRIPT)
        at++;
    bool word = base->name >= W_OPTIONAL && base->name <= W_PROTOCOL &&
                is_library_word(x, base->name, base->sym == S_IDENTIFIER);
    if ((x->user2 & IN_TYPE) != 0 || word) {
        type_of_kids(x, self, base, kids + at, n - at);
        return;
    }
    self->name = base->name;
    self->ref = base->ref; /* for class A(B[T]): B is what is extended */
    if (n == at + 1 && kids[at].sym == S_SLICE)
        self->term = base->term;
    else if (base->term != 0)
        self->term = ex_term(x, TERM_INDEX, 0, base->term,
                             at < n ? ex_list(x, kids + at, n - at, NULL) : 0);
}

/* The arguments as TUPLE(list), so that their number goes with them; or the bases of a class. */
static void leave_arguments(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    uint32_t list = 0;
    if (self->field == F_SUPERCLASSES) {
        if (is_class(x, x->def))
            class_bases(x, kids, n);
        return;
    }
    for (uint32_t i = n; i-- > 0;)
        list = ex_cons(x, kids[i].term, list);
    if (list != 0)
        self->term = ex_term(x, TERM_TUPLE, n, 0, list);
}

static void leave_keyword(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    const struct kid *value = ex_kid(kids, n, F_VALUE);
    uint32_t name = name_of(x, ex_child(x, self->node, F_NAME));
    self->term = ex_term(x, TERM_KEYED, 0, value != NULL ? value->term : 0, name);
}

/* What some functions of the standard library give, where a table cannot say it. 0: nothing
 * special. */
static uint32_t special_call(struct extract *x, const struct kid *fn, const struct kid *args,
                             uint32_t first)
{
    uint32_t me;
    switch (fn->name) {
    case W_TYPE_FN: /* type(self) */
        me = fn->sym == S_IDENTIFIER ? self_of(x, first) : 0;
        return me != 0 ? ex_term(x, TERM_SELFTYPE, 0, x->terms.at[me].a, 0) : 0;
    case W_CAST: {
        TSNode type = ts_node_named_child(args->node, 0);
        if (ex_is(x, type, S_STRING))
            first = quoted_type(x, type);
        return first != 0 ? ex_term(x, TERM_OFTYPE, 0, first, 0) : 0;
    }
    case W_DUNDER_NEW: /* object.__new__(cls) */
        return first != 0 ? ex_term(x, TERM_OFTYPE, 0, first, 0) : 0;
    case W_PARTIAL:
        first = first != 0 ? ex_term(x, TERM_CALL, 0, first, 0) : 0;
        return first != 0 ? ex_term(x, TERM_FN, 0, first, 0) : 0;
    case W_PROPERTY:
        if (fn->sym != S_IDENTIFIER)
            return 0;
        return first != 0 ? ex_term(x, TERM_CALL, 0, first, 0) : 0;
    default:
        return 0;
    }
}

static void leave_call(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    const struct kid *fn = ex_kid(kids, n, F_FUNCTION), *args = ex_kid(kids, n, F_ARGUMENTS);
    uint32_t list = 0, count = 0;
    if (fn == NULL)
        return;
    if (args != NULL && args->sym == S_GENERATOR) {
        list = ex_cons(x, args->term, 0);
        count = 1;
    } else if (args != NULL && args->term != 0) {
        list = x->terms.at[args->term].b;
        count = x->terms.at[args->term].aux;
    }
    self->name = fn->name;
    if (fn->sym == S_IDENTIFIER && fn->name == W_SUPER && x->self != 0) {
        ex_unref(x, fn);
        self->term = ex_term(x, TERM_SUPER, 0, x->self, 0);
        return;
    }
    uint32_t before = x->refs.len;
    ex_call(x, self, fn, TERM_CALL, REF_CALL, list, count);
    uint32_t r = fn->ref != 0 ? fn->ref : before;
    if (r < x->refs.len)
        x->refs.at[r].from = runner(x, x->def);
    if (fn->name > W_NONE && fn->name <= W_DUNDER_NEW && list != 0) {
        uint32_t special = special_call(x, fn, args, x->terms.at[list].a);
        if (special != 0)
            self->term = special;
    }
}

static void leave_await(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    if (n > 0 && kids[0].term != 0)
        self->term = ex_term(x, TERM_AWAIT, 0, kids[0].term, 0);
}

static void leave_splat(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    if (n == 0)
        return;
    self->name = kids[0].name;
    self->ref = kids[0].ref;
    if (kids[0].term != 0)
        self->term = ex_term(x, TERM_DEREF, 0, kids[0].term, 0);
}

static void leave_tuple(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    uint32_t list = 0;
    for (uint32_t i = n; i-- > 0;)
        list = ex_cons(x, kids[i].term, list);
    self->term = ex_term(x, TERM_TUPLE, n, 0, list);
}

/* What the elements of a display have in common, from the first few. */
static uint32_t element(struct extract *x, const struct kid *kids, uint32_t n)
{
    uint32_t t = 0;
    for (uint32_t i = 0; i < n && i < 4; i++) {
        uint32_t one = kids[i].term;
        if (op_of(x, one) == TERM_DEREF)
            one = ex_term(x, TERM_ELEM, 0, x->terms.at[one].a, 0);
        t = widen(x, t, one);
    }
    return t;
}

static void leave_list(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    if ((x->user2 & IN_TYPE) == 0)
        self->term = builtin_of(x, self->sym == S_SET ? "set" : "list", element(x, kids, n));
}

static uint32_t dict_of(struct extract *x, uint32_t value)
{
    uint32_t args[2] = {0, value};
    return builtin(x, "dict", list_of(x, args, 2));
}

static void leave_dict(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    self->term = dict_of(x, element(x, kids, n));
}

static void leave_pair(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    const struct kid *value = ex_kid(kids, n, F_VALUE);
    (void)x;
    self->term = value != NULL ? value->term : 0;
}

static void leave_comprehension(struct extract *x, struct kid *self, const struct kid *kids,
                                uint32_t n)
{
    const struct kid *body = ex_kid(kids, n, F_BODY);
    uint32_t item = body != NULL ? body->term : 0;
    switch (self->sym) {
    case S_DICT_COMP:
        self->term = dict_of(x, item);
        break;
    case S_SET_COMP:
        self->term = builtin_of(x, "set", item);
        break;
    case S_LIST_COMP:
        self->term = builtin_of(x, "list", item);
        break;
    default:
        self->term = builtin_of(x, "Iterator", item);
        break;
    }
}

/* `for a in b` of a comprehension. b is evaluated before a is bound: names that no earlier clause
 * has bound are those of the scope around the comprehension. */
static void leave_for_in(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    const struct kid *left = ex_kid(kids, n, F_LEFT), *right = ex_kid(kids, n, F_RIGHT);
    if (left == NULL || right == NULL)
        return;
    for (uint32_t r = right->refs; r < right->refs_end; r++) {
        struct term *t = &x->terms.at[x->refs.at[r].term];
        if (t->op == TERM_CALL)
            t = &x->terms.at[t->a];
        if (t->op == TERM_NAME && t->b == x->scope && ex_find(x, x->scope, t->a) == 0)
            t->b = x->scopes.at[x->scope].parent;
    }
    struct assign a = {
        .node = self->node, .targets = left, .from = ts_node_end_byte(self->node)};
    uint32_t user = x->user;
    x->user = x->scope;
    assign(x, &a, left->term,
           right->term != 0 ? ex_term(x, TERM_ELEM, 0, right->term, 0) : 0);
    x->user = user;
}

static void enter_string(struct extract *x, TSNode node)
{
    struct slice s = ex_text(x, node);
    for (size_t i = 0; i < s.n && i < 3 && s.p[i] != '"' && s.p[i] != '\''; i++) {
        if (s.p[i] == 'f' || s.p[i] == 'F')
            return; /* the expressions in it matter */
    }
    x->skip_children = true;
}

static void leave_string(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    (void)kids;
    (void)n;
    if (x->user2 & IN_TYPE) {
        self->term = quoted_type(x, self->node);
        return;
    }
    char c = x->src[ts_node_start_byte(self->node)];
    self->term = ex_lit(x, c == 'b' || c == 'B' ? "bytes" : "str");
}

static void leave_concatenated(struct extract *x, struct kid *self, const struct kid *kids,
                               uint32_t n)
{
    (void)x;
    self->term = n > 0 ? kids[0].term : 0;
}

static void leave_bool(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    (void)kids;
    (void)n;
    self->term = ex_lit(x, "bool");
}

static void leave_boolean(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    const struct kid *left = ex_kid(kids, n, F_LEFT), *right = ex_kid(kids, n, F_RIGHT);
    if (left == NULL || right == NULL)
        return;
    bool either = slice_eq(ex_text(x, ex_child(x, self->node, F_OPERATOR)), SLICE("or"));
    self->term = either ? widen(x, left->term, right->term) : right->term;
}

static void leave_conditional(struct extract *x, struct kid *self, const struct kid *kids,
                              uint32_t n)
{
    if (n == 3)
        self->term = widen(x, kids[0].term, kids[2].term);
}

static const struct {
    const char *op, *member;
} operators[] = {
    {"+", "__add__"},     {"-", "__sub__"},  {"*", "__mul__"},     {"/", "__truediv__"},
    {"//", "__floordiv__"}, {"%", "__mod__"}, {"|", "__or__"},     {"&", "__and__"},
    {"^", "__xor__"},     {"**", "__pow__"}, {"@", "__matmul__"},  {"<<", "__lshift__"},
    {">>", "__rshift__"},
};

/* The value of an operator is what its method gives; the method is no reference in the text. */
static void leave_binary(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    const struct kid *left = ex_kid(kids, n, F_LEFT), *right = ex_kid(kids, n, F_RIGHT);
    if (left == NULL || right == NULL)
        return;
    if (x->user2 & IN_TYPE) {
        self->term = ex_either(x, left->term, right->term);
        return;
    }
    if (left->term == 0)
        return;
    struct slice op = ex_text(x, ex_child(x, self->node, F_OPERATOR));
    for (unsigned i = 0; i < sizeof(operators) / sizeof(*operators); i++) {
        if (!slice_eq(op, slice_from(operators[i].op)))
            continue;
        uint32_t member = ex_intern(x, operators[i].member);
        uint32_t method = ex_term(x, TERM_MEMBER, NS_VALUE, left->term, member);
        self->term = ex_term(x, TERM_CALL, 1, method, ex_cons(x, right->term, 0));
    }
}

static void leave_type_alias(struct extract *x, struct kid *self, const struct kid *kids,
                             uint32_t n)
{
    const struct kid *left = ex_kid(kids, n, F_LEFT), *right = ex_kid(kids, n, F_RIGHT);
    if (left == NULL || right == NULL)
        return;
    ex_unref_all(x, left);
    uint32_t name = op_of(x, left->term) == TERM_APPLY ? x->terms.at[left->term].a : left->term;
    if (op_of(x, name) != TERM_NAME || x->scopes.at[x->user].kind == SCOPE_FUNCTION)
        return;
    struct assign a = {.node = self->node, .from = ts_node_end_byte(self->node)};
    uint32_t d = leaf(x, &a, x->user, x->terms.at[name].a, NODE_TYPE_ALIAS);
    x->defs.at[d].type = right->term;
}

/* ---- the file ---- */

static void begin_file(struct extract *x)
{
    for (uint32_t i = 1; i < W_COUNT; i++) {
        if (ex_intern(x, words[i]) != i)
            x->failed = true; /* out of memory, or somebody interned before us */
    }
    if (is_stub(x))
        x->defs.at[0].flags |= FLAG_DECLARATION;
}

/* `__all__` says what is exported, names with underscores included. */
static void end_file(struct extract *x)
{
    const struct bind *all = &x->binds.at[ex_find(x, 0, W_DUNDER_ALL)];
    if (all->kind != BIND_DEF || all->def == 0)
        return;
    for (uint32_t i = 1; i < x->defs.len; i++) {
        if (x->defs.at[i].parent == 0)
            x->defs.at[i].flags &= (uint16_t)~FLAG_EXPORTED;
    }
    const char *p = x->src + x->defs.at[all->def].start;
    const char *end = x->src + x->defs.at[all->def].end;
    while (p < end) {
        char quote = *p++;
        if (quote == '#' && (p = memchr(p, '\n', (size_t)(end - p))) == NULL)
            return;
        if (quote != '"' && quote != '\'')
            continue;
        const char *close = memchr(p, quote, (size_t)(end - p));
        if (close == NULL)
            return;
        struct bind *b =
            &x->binds.at[ex_find(x, 0, ex_intern_slice(x, slice_of(p, (size_t)(close - p))))];
        b->flags |= b->name != 0 ? BIND_EXPORTED : 0;
        if (b->kind == BIND_DEF && b->def != 0)
            x->defs.at[b->def].flags |= FLAG_EXPORTED;
        p = close + 1;
    }
}

/* ---- modules ---- */

static bool has(const struct lang_tree *tree, const char *dir, size_t n_dir, const char *file)
{
    struct buf b = {0};
    buf_add(&b, dir, n_dir);
    if (n_dir > 0)
        buf_char(&b, '/');
    buf_str(&b, file);
    bool found = !b.failed && tree->has_file(tree->ctx, b.p, b.n);
    buf_release(&b);
    return found;
}

static bool is_package(const struct lang_tree *tree, const char *dir, size_t n)
{
    return has(tree, dir, n, "__init__.py") || has(tree, dir, n, "__init__.pyi");
}

static size_t parent_dir(const char *path, size_t n)
{
    while (n > 0 && path[n - 1] != '/')
        n--;
    return n > 0 ? n - 1 : 0;
}

/* The folder that holds the topmost package around `dir`; dir itself if it is none. */
static size_t import_root(const struct lang_tree *tree, const char *path, size_t dir)
{
    while (dir > 0 && is_package(tree, path, dir))
        dir = parent_dir(path, dir);
    return dir;
}

static void module_name(const struct lang_tree *tree, const char *path, struct buf *ret)
{
    size_t n = strlen(path), dir = parent_dir(path, n);
    size_t root = is_package(tree, path, dir) ? import_root(tree, path, dir) : 0;
    const char *dot = strrchr(path, '.');
    const char *from = path + root + (root > 0);
    const char *to = dot != NULL && dot > path + dir ? dot : path + n;

    if (root == 0 && strncmp(from, "src/", 4) == 0)
        from += 4; /* a script or namespace package in the usual place */
    if (to - from > 9 && memcmp(to - 9, "/__init__", 9) == 0)
        to -= 9;
    for (; from < to; from++)
        buf_char(ret, *from == '/' ? '.' : *from);
}

/* The package or module that `dotted_name` spells, seen from a folder. */
static bool in_folder(const struct lang_tree *tree, struct slice dir, const char *below,
                      const char *dotted_name, struct buf *ret)
{
    static const char *const ends[] = {"/__init__.py", ".py", "/__init__.pyi", ".pyi"};
    buf_reset(ret);
    buf_slice(ret, dir);
    if (dir.n > 0)
        buf_char(ret, '/');
    buf_str(ret, below);
    for (const char *p = dotted_name; *p != '\0'; p++)
        buf_char(ret, *p == '.' ? '/' : *p);
    size_t n = ret->n;
    bool folder = n == 0 || ret->p[n - 1] == '/'; /* `from . import`: only a package will do */
    for (unsigned i = 0; i < 4; i += folder ? 2 : 1) {
        ret->n = n;
        buf_str(ret, ends[i] + folder);
        if (!ret->failed && tree->has_file(tree->ctx, ret->p, ret->n))
            return true;
    }
    buf_reset(ret);
    return false;
}

static bool find_relative(const struct lang_tree *tree, const char *path, const char *spelled,
                          struct buf *ret)
{
    size_t dir = parent_dir(path, strlen(path));
    while (*++spelled == '.') {
        if (dir == 0)
            return false;
        dir = parent_dir(path, dir);
    }
    return in_folder(tree, slice_of(path, dir), "", spelled, ret);
}

/* Packages of the standard library: imports of their modules never mean the tree's own, in a tree
 * that is itself a package whose name nothing tells. */
static const char *const standard[] = {
    "asyncio", "collections", "concurrent", "ctypes", "curses", "dbm", "distutils", "email",
    "encodings", "html", "http", "importlib", "json", "lib2to3", "logging", "multiprocessing",
    "os", "re", "sqlite3", "test", "tkinter", "unittest", "urllib", "wsgiref", "xml", "xmlrpc",
    "zoneinfo", NULL,
};

static bool find_in_root_package(const struct lang_tree *tree, const char *spelled,
                                 struct buf *ret)
{
    const char *dot = strchr(spelled, '.');
    if (dot == NULL || !is_package(tree, "", 0))
        return false;
    for (const char *const *s = standard; *s != NULL; s++) {
        if (strlen(*s) == (size_t)(dot - spelled) && memcmp(*s, spelled, strlen(*s)) == 0)
            return false;
    }
    return in_folder(tree, slice_of("", 0), "", dot + 1, ret);
}

/* A package elsewhere in the tree, if that is where its own name begins. */
static bool find_elsewhere(const struct lang_tree *tree, const char *path, const char *spelled,
                           struct buf *ret)
{
    static const char *const ends[] = {"/__init__.py", ".py"};
    struct buf suffix = {0}, name = {0};
    bool found = false;
    for (unsigned i = 0; i < 2 && !found; i++) {
        buf_reset(&suffix);
        buf_reset(ret);
        for (const char *p = spelled; *p != '\0'; p++)
            buf_char(&suffix, *p == '.' ? '/' : *p);
        buf_str(&suffix, ends[i]);
        if (!tree->find_suffix(tree->ctx, buf_cstr(&suffix), path, ret))
            continue;
        buf_reset(&name);
        module_name(tree, buf_cstr(ret), &name);
        found = !name.failed && slice_eq(buf_as_slice(&name), slice_from(spelled));
    }
    if (!found)
        buf_reset(ret);
    buf_release(&suffix);
    buf_release(&name);
    return found;
}

static bool find_module(const struct lang_tree *tree, const char *path, const char *spelled,
                        struct buf *ret)
{
    if (spelled[0] == '.')
        return find_relative(tree, path, spelled, ret);
    size_t dir = parent_dir(path, strlen(path));
    for (dir = import_root(tree, path, dir);; dir = parent_dir(path, dir)) {
        if (in_folder(tree, slice_of(path, dir), "", spelled, ret) ||
            in_folder(tree, slice_of(path, dir), "src/", spelled, ret))
            return true;
        if (dir == 0)
            break;
    }
    return find_in_root_package(tree, spelled, ret) || find_elsewhere(tree, path, spelled, ret);
}

static bool is_test_path(const char *path)
{
    const char *slash = strrchr(path, '/');
    struct slice base = slice_from(slash != NULL ? slash + 1 : path);
    return slice_starts(base, SLICE("test_")) || slice_ends(base, SLICE("_test.py")) ||
           slice_eq(base, SLICE("conftest.py")) || slice_eq(base, SLICE("tests.py")) ||
           strncmp(path, "tests/", 6) == 0 || strstr(path, "/tests/") != NULL;
}

/* ---- what is known of the builtin types and the standard library ---- */

static const struct lang_member members[] = {
    /* functions */
    {"", "sorted", "list<arg.elem>"},
    {"", "list", "list<arg.elem>"},
    {"", "tuple", "tuple<arg.elem>"},
    {"", "set", "set<arg.elem>"},
    {"", "frozenset", "set<arg.elem>"},
    {"", "reversed", "list<arg.elem>"},
    {"", "iter", "Iterator<arg.elem>"},
    {"", "next", "arg.elem"},
    {"", "min", "arg.elem"},
    {"", "max", "arg.elem"},
    {"", "enumerate", "list<(int,arg.elem)>"},
    {"", "range", "list<int>"},
    {"", "len", "int"},
    {"", "id", "int"},
    {"", "hash", "int"},
    {"", "ord", "int"},
    {"", "abs", "arg"},
    {"", "chr", "str"},
    {"", "repr", "str"},
    {"", "hex", "str"},
    {"", "format", "str"},
    {"", "input", "str"},
    {"", "callable", "bool"},
    {"", "isinstance", "bool"},
    {"", "issubclass", "bool"},
    {"", "hasattr", "bool"},
    {"", "any", "bool"},
    {"", "all", "bool"},
    {"", "open", "TextIO"},
    {"", "vars", "dict"},
    {"", "globals", "dict"},
    {"", "locals", "dict"},
    {"", "dir", "list<str>"},
    /* any value */
    {"*", "__enter__", "self"},
    {"*", "__aenter__", "self"},
    {"*", "__copy__", "self"},
    {"*", "__deepcopy__", "self"},
    {"*", "__str__", "str"},
    {"*", "__repr__", "str"},
    {"*", "__dict__", "dict"},
    {"*", "__len__", "int"},
    {"*", "__hash__", "int"},
    {"ContextManager", "__enter__", "0"},
    {"ContextManager", "__aenter__", "0"},
    {"Awaitable", "<await>", "0"},
    {"Iterator", "<elem>", "0"},
    {"Iterator", "__iter__", "self"},
    {"Iterator", "__next__", "0"},
    {"Iterator", "send", "0"},
    /* text */
    {"str", "<elem>", "str"},
    {"str", "<index>", "str"},
    {"str", "__add__", "str"},
    {"str", "__mod__", "str"},
    {"str", "__mul__", "str"},
    {"str", "format", "str"},
    {"str", "format_map", "str"},
    {"str", "join", "str"},
    {"str", "lower", "str"},
    {"str", "upper", "str"},
    {"str", "title", "str"},
    {"str", "capitalize", "str"},
    {"str", "casefold", "str"},
    {"str", "swapcase", "str"},
    {"str", "strip", "str"},
    {"str", "lstrip", "str"},
    {"str", "rstrip", "str"},
    {"str", "replace", "str"},
    {"str", "removeprefix", "str"},
    {"str", "removesuffix", "str"},
    {"str", "center", "str"},
    {"str", "ljust", "str"},
    {"str", "rjust", "str"},
    {"str", "zfill", "str"},
    {"str", "expandtabs", "str"},
    {"str", "translate", "str"},
    {"str", "encode", "bytes"},
    {"str", "split", "list<str>"},
    {"str", "rsplit", "list<str>"},
    {"str", "splitlines", "list<str>"},
    {"str", "partition", "(str,str,str)"},
    {"str", "rpartition", "(str,str,str)"},
    {"str", "count", "int"},
    {"str", "find", "int"},
    {"str", "rfind", "int"},
    {"str", "index", "int"},
    {"str", "startswith", "bool"},
    {"str", "endswith", "bool"},
    {"bytes", "<elem>", "int"},
    {"bytes", "<index>", "int"},
    {"bytes", "__add__", "bytes"},
    {"bytes", "__mod__", "bytes"},
    {"bytes", "decode", "str"},
    {"bytes", "join", "bytes"},
    {"bytes", "lower", "bytes"},
    {"bytes", "upper", "bytes"},
    {"bytes", "strip", "bytes"},
    {"bytes", "lstrip", "bytes"},
    {"bytes", "rstrip", "bytes"},
    {"bytes", "replace", "bytes"},
    {"bytes", "split", "list<bytes>"},
    {"bytes", "rsplit", "list<bytes>"},
    {"bytes", "splitlines", "list<bytes>"},
    {"bytes", "partition", "(bytes,bytes,bytes)"},
    {"bytes", "rpartition", "(bytes,bytes,bytes)"},
    {"bytes", "hex", "str"},
    {"TextIO", "<elem>", "str"},
    {"TextIO", "read", "str"},
    {"TextIO", "readline", "str"},
    {"TextIO", "readlines", "list<str>"},
    {"TextIO", "write", "int"},
    /* numbers */
    {"int", "__add__", "int"},
    {"int", "__sub__", "int"},
    {"int", "__mul__", "int"},
    {"int", "__mod__", "int"},
    {"int", "__floordiv__", "int"},
    {"int", "__and__", "int"},
    {"int", "__or__", "int"},
    {"int", "__xor__", "int"},
    {"int", "__lshift__", "int"},
    {"int", "__rshift__", "int"},
    {"int", "__truediv__", "float"},
    {"float", "__add__", "float"},
    {"float", "__sub__", "float"},
    {"float", "__mul__", "float"},
    {"float", "__truediv__", "float"},
    /* collections */
    {"list", "<elem>", "0"},
    {"list", "<index>", "0"},
    {"list", "__add__", "self"},
    {"list", "__mul__", "self"},
    {"list", "copy", "self"},
    {"list", "pop", "0"},
    {"list", "popleft", "0"},
    {"list", "index", "int"},
    {"list", "count", "int"},
    {"tuple", "<elem>", "0"},
    {"tuple", "<index>", "0"},
    {"tuple", "__add__", "self"},
    {"tuple", "index", "int"},
    {"tuple", "count", "int"},
    {"set", "<elem>", "0"},
    {"set", "pop", "0"},
    {"set", "copy", "self"},
    {"set", "union", "self"},
    {"set", "intersection", "self"},
    {"set", "difference", "self"},
    {"set", "symmetric_difference", "self"},
    {"set", "__or__", "self"},
    {"set", "__and__", "self"},
    {"set", "__sub__", "self"},
    {"dict", "<elem>", "0"},
    {"dict", "<index>", "1"},
    {"dict", "get", "1"},
    {"dict", "pop", "1"},
    {"dict", "setdefault", "1"},
    {"dict", "popitem", "(0,1)"},
    {"dict", "keys", "list<0>"},
    {"dict", "values", "list<1>"},
    {"dict", "items", "list<(0,1)>"},
    {"dict", "copy", "self"},
    {"dict", "__or__", "self"},
    /* paths and patterns */
    {"Path", "__truediv__", "self"},
    {"Path", "joinpath", "self"},
    {"Path", "resolve", "self"},
    {"Path", "absolute", "self"},
    {"Path", "parent", "self"},
    {"Path", "with_suffix", "self"},
    {"Path", "with_name", "self"},
    {"Path", "iterdir", "list<Path>"},
    {"Path", "glob", "list<Path>"},
    {"Path", "rglob", "list<Path>"},
    {"Path", "read_text", "str"},
    {"Path", "read_bytes", "bytes"},
    {"Path", "open", "TextIO"},
    {"Path", "name", "str"},
    {"Path", "stem", "str"},
    {"Path", "suffix", "str"},
    {NULL, NULL, NULL},
};

/* Members of builtin types, files, patterns, locks and the like: a value of which nothing is known
 * may well be one of those. Sorted. */
static const char *const common_members[] = {
    "acquire", "add", "append", "appendleft", "as_posix", "bit_length", "capitalize", "casefold",
    "center", "clear", "close", "commit", "copy", "count", "cursor", "decode", "difference",
    "discard", "encode", "end", "endswith", "execute", "exists", "extend", "fetchall", "fetchone",
    "fileno", "find", "findall", "finditer", "flush", "format", "from_bytes", "fromkeys",
    "fullmatch", "get", "group", "groupdict", "groups", "index", "info", "insert", "intersection",
    "isalnum", "isalpha", "isatty", "isdigit", "isidentifier", "islower", "isnumeric", "isspace",
    "issubset", "issuperset", "isupper", "items", "join", "keys", "ljust", "lower", "lstrip",
    "match", "mkdir", "name", "open", "partition", "pop", "popitem", "popleft", "put", "read",
    "readline", "readlines", "release", "remove", "replace", "resolve", "result", "reverse",
    "rfind", "rindex", "rjust", "rpartition", "rsplit", "rstrip", "run", "search", "seek", "send",
    "set", "setdefault", "sort", "span", "split", "splitlines", "start", "startswith", "stop",
    "strip", "sub", "submit", "swapcase", "tell", "title", "to_bytes", "translate", "truncate",
    "union", "unlink", "update", "upper", "value", "values", "wait", "write", "writelines",
    "zfill", NULL,
};

static const struct ex_rule rules[] = {
    [S_NONE] = {""},
    [S_MODULE] = {"module", .enter = enter_module},
    [S_BLOCK] = {"block", .enter = enter_block, .leave = leave_block},
    [S_FUNCTION] = {"function_definition", .skip = F_NAME, .enter = enter_function,
                    .leave = leave_function},
    [S_CLASS] = {"class_definition", .skip = F_NAME, .enter = enter_class, .leave = leave_class},
    [S_DECORATED] = {"decorated_definition", .leave = leave_nothing},
    [S_DECORATOR] = {"decorator", EX_BETWEEN, .leave = leave_decorator},
    [S_PARAMETERS] = {"parameters", .leave = leave_parameters},
    [S_LAMBDA_PARAMETERS] = {"lambda_parameters", .leave = leave_lambda_parameters},
    [S_DEFAULT_PARAM] = {"default_parameter", .leave = leave_param},
    [S_TYPED_PARAM] = {"typed_parameter", .leave = leave_param},
    [S_TYPED_DEFAULT_PARAM] = {"typed_default_parameter", .leave = leave_param},
    [S_LIST_SPLAT_PATTERN] = {"list_splat_pattern", .leave = leave_splat},
    [S_DICT_SPLAT_PATTERN] = {"dictionary_splat_pattern", .leave = leave_splat},
    [S_LIST_SPLAT] = {"list_splat", .leave = leave_splat},
    [S_DICT_SPLAT] = {"dictionary_splat", .leave = leave_nothing},
    [S_LAMBDA] = {"lambda", .enter = enter_lambda, .leave = leave_lambda},
    [S_ASSIGNMENT] = {"assignment", .leave = leave_assignment},
    [S_AUGMENTED] = {"augmented_assignment", .leave = leave_nothing},
    [S_NAMED] = {"named_expression", .leave = leave_named},
    [S_IDENTIFIER] = {"identifier", EX_NAME},
    [S_ATTRIBUTE] = {"attribute", .skip = F_ATTRIBUTE, .leave = leave_attribute},
    [S_SUBSCRIPT] = {"subscript", .leave = leave_subscript},
    [S_SLICE] = {"slice", .leave = leave_nothing},
    [S_CALL] = {"call", .leave = leave_call},
    [S_ARGUMENTS] = {"argument_list", .leave = leave_arguments},
    [S_KEYWORD] = {"keyword_argument", .skip = F_NAME, .leave = leave_keyword},
    [S_TYPE] = {"type", .enter = enter_type, .leave = leave_type},
    [S_GENERIC_TYPE] = {"generic_type", .leave = leave_generic_type},
    [S_UNION_TYPE] = {"union_type", .leave = leave_union_type},
    [S_CONSTRAINED_TYPE] = {"constrained_type", .leave = leave_constrained_type},
    [S_MEMBER_TYPE] = {"member_type", .leave = leave_member_type},
    [S_TYPE_PARAMS] = {"type_parameter", .leave = leave_type_params},
    [S_TYPE_ALIAS] = {"type_alias_statement", .leave = leave_type_alias},
    [S_IF] = {"if_statement", .enter = enter_conditional, .leave = leave_if},
    [S_ELIF] = {"elif_clause", .leave = leave_nothing},
    [S_ELSE] = {"else_clause", .leave = leave_nothing},
    [S_WHILE] = {"while_statement", .leave = leave_loop},
    [S_FOR] = {"for_statement", .leave = leave_loop},
    [S_TRY] = {"try_statement", .enter = enter_conditional, .leave = leave_try},
    [S_EXCEPT] = {"except_clause", .leave = leave_nothing},
    [S_FINALLY] = {"finally_clause", .leave = leave_nothing},
    [S_WITH] = {"with_statement", .enter = enter_with, .leave = leave_nothing},
    [S_WITH_ITEM] = {"with_item", .leave = leave_with_item},
    [S_AS_PATTERN] = {"as_pattern", .leave = leave_as_pattern},
    [S_MATCH] = {"match_statement", .leave = leave_nothing},
    [S_CASE] = {"case_clause", .leave = leave_nothing},
    [S_CASE_PATTERN] = {"case_pattern", .leave = leave_case_pattern},
    [S_CLASS_PATTERN] = {"class_pattern", .leave = leave_class_pattern},
    [S_KEYWORD_PATTERN] = {"keyword_pattern", .leave = leave_keyword_pattern},
    [S_SPLAT_PATTERN] = {"splat_pattern", .leave = leave_splat_pattern},
    [S_DICT_PATTERN] = {"dict_pattern", .leave = leave_dict_pattern},
    [S_UNION_PATTERN] = {"union_pattern", .leave = leave_union_pattern},
    [S_LIST_PATTERN] = {"list_pattern", .leave = leave_tuple},
    [S_TUPLE_PATTERN] = {"tuple_pattern", .leave = leave_tuple},
    [S_PATTERN_LIST] = {"pattern_list", .leave = leave_tuple},
    [S_EXPRESSION_LIST] = {"expression_list", .leave = leave_tuple},
    [S_DOTTED_NAME] = {"dotted_name", EX_WORD},
    [S_RETURN] = {"return_statement", .leave = leave_return},
    [S_RAISE] = {"raise_statement", .leave = leave_nothing},
    [S_CONTINUE] = {"continue_statement", EX_SKIP},
    [S_BREAK] = {"break_statement", EX_SKIP},
    [S_YIELD] = {"yield", .leave = leave_yield},
    [S_AWAIT] = {"await", .leave = leave_await},
    [S_GLOBAL] = {"global_statement", .leave = leave_global},
    [S_NONLOCAL] = {"nonlocal_statement", .leave = leave_nonlocal},
    [S_DELETE] = {"delete_statement", .leave = leave_delete},
    [S_ASSERT] = {"assert_statement", .leave = leave_assert},
    [S_IMPORT] = {"import_statement", .leave = leave_import},
    [S_IMPORT_FROM] = {"import_from_statement", .leave = leave_import_from},
    [S_FUTURE] = {"future_import_statement", EX_SKIP},
    [S_ALIASED] = {"aliased_import", .skip = F_ALIAS, .leave = leave_aliased},
    [S_RELATIVE] = {"relative_import", EX_WORD},
    [S_WILDCARD] = {"wildcard_import", EX_MARK},
    [S_LIST] = {"list", .leave = leave_list},
    [S_SET] = {"set", .leave = leave_list},
    [S_TUPLE] = {"tuple", .leave = leave_tuple},
    [S_DICT] = {"dictionary", .leave = leave_dict},
    [S_PAIR] = {"pair", .leave = leave_pair},
    [S_LIST_COMP] = {"list_comprehension", EX_BLOCK, .leave = leave_comprehension},
    [S_SET_COMP] = {"set_comprehension", EX_BLOCK, .leave = leave_comprehension},
    [S_DICT_COMP] = {"dictionary_comprehension", EX_BLOCK, .leave = leave_comprehension},
    [S_GENERATOR] = {"generator_expression", EX_BLOCK, .leave = leave_comprehension},
    [S_FOR_IN] = {"for_in_clause", .leave = leave_for_in},
    [S_STRING] = {"string", .enter = enter_string, .leave = leave_string},
    [S_STRING_START] = {"string_start", EX_SKIP},
    [S_STRING_CONTENT] = {"string_content", EX_SKIP},
    [S_STRING_END] = {"string_end", EX_SKIP},
    [S_CONCATENATED] = {"concatenated_string", .leave = leave_concatenated},
    [S_INTEGER] = {"integer", EX_LIT, .arg = "int"},
    [S_FLOAT] = {"float", EX_LIT, .arg = "float"},
    [S_TRUE] = {"true", EX_LIT, .arg = "bool"},
    [S_FALSE] = {"false", EX_LIT, .arg = "bool"},
    [S_NULL] = {"none", EX_MARK}, /* has no members: says nothing */
    [S_ELLIPSIS] = {"ellipsis", EX_MARK},
    [S_COMPARISON] = {"comparison_operator", .leave = leave_bool},
    [S_NOT] = {"not_operator", .leave = leave_bool},
    [S_BOOLEAN] = {"boolean_operator", .leave = leave_boolean},
    [S_BINARY] = {"binary_operator", .leave = leave_binary},
    [S_CONDITIONAL] = {"conditional_expression", .leave = leave_conditional},
    [S_PAREN] = {"parenthesized_expression"},
    [S_EXPRESSION] = {"expression_statement", .leave = leave_nothing},
    [S_COMMENT] = {"comment", EX_COMMENT},
    [S_CONTINUATION] = {"line_continuation", EX_SKIP},
    [S_STAR_ONLY] = {"keyword_separator", EX_SKIP},
    [S_SLASH_ONLY] = {"positional_separator", EX_SKIP},
    [S_CONVERSION] = {"type_conversion", EX_SKIP},
    [S_COUNT] = {NULL},
};

static const char *const suffixes[] = {".py", ".pyi", NULL};
static const char *const interpreters[] = {"python", "python3", "python2", NULL};
static const char *const iterators[] = {"__iter__", "__next__", "__aiter__", "__anext__", NULL};

const struct lang lang_python = {
    .name = "python",
    .title = "Python",
    .separator = ".",
    .module_separator = ".",
    .line_comment = "#",
    .suffixes = suffixes,
    .interpreters = interpreters,
    .flags = LANG_CALL_CONSTRUCTS | LANG_UNIQUE_MEMBERS | LANG_TYPE_SCOPE_DIRECT,
    .constructor = "__init__",
    .iterators = iterators,
    .grammar = tree_sitter_python,
    .rules = rules,
    .fields = fields,
    .begin_file = begin_file,
    .end_file = end_file,
    .module_name = module_name,
    .find_module = find_module,
    .is_test_path = is_test_path,
    .members = members,
    .common_members = common_members,
};
