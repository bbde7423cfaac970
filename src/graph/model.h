/* The vocabulary of the Interface Signature Graph: kinds of nodes and edges, flags, layers.
 *
 * Plain constants and names; any thread may use them. The numbers are written into snapshots and
 * hashes: append to a list, never renumber it.
 */
#ifndef PT_GRAPH_MODEL_H
#define PT_GRAPH_MODEL_H

#include <stdbool.h>
#include <stdint.h>

/* X(constant, name shown to people and written into keys, name of several) */
#define NODE_KIND_MAP(X)                                                                           \
    X(FILE, "file", "files")                                                                       \
    X(PACKAGE, "package", "packages")                                                              \
    X(MODULE, "module", "modules")                                                                 \
    X(NAMESPACE, "namespace", "namespaces")                                                        \
    X(FUNCTION, "function", "functions")                                                           \
    X(METHOD, "method", "methods")                                                                 \
    X(STRUCT, "struct", "structs")                                                                 \
    X(UNION, "union", "unions")                                                                    \
    X(CLASS, "class", "classes")                                                                   \
    X(ENUM, "enum", "enums")                                                                       \
    X(VARIANT, "variant", "variants")                                                              \
    X(TRAIT, "trait", "traits")                                                                    \
    X(INTERFACE, "interface", "interfaces")                                                        \
    X(IMPL, "impl", "impls")                                                                       \
    X(TYPE_ALIAS, "type-alias", "type aliases")                                                    \
    X(CONSTANT, "constant", "constants")                                                           \
    X(STATIC, "static", "statics")                                                                 \
    X(VARIABLE, "variable", "variables")                                                           \
    X(FIELD, "field", "fields")                                                                    \
    X(MACRO, "macro", "macros")

enum node_kind {
#define X(c, one, many) NODE_##c,
    NODE_KIND_MAP(X)
#undef X
        NODE_KIND_COUNT
};

/* Direction: caller -> callee, implementor -> trait, user -> used, container -> contained.
 * Every definition has one container: CONTAINS from a file, package, module or namespace,
 * DEFINES from a type, trait, impl or function. */
#define EDGE_KIND_MAP(X)                                                                           \
    X(CONTAINS, "contains")                                                                        \
    X(DEFINES, "defines")                                                                          \
    X(CALLS, "calls")                                                                              \
    X(IMPLEMENTS, "implements")                                                                    \
    X(EXTENDS, "extends")                                                                          \
    X(USES, "uses")                                                                                \
    X(IMPORTS, "imports")                                                                          \
    X(OVERRIDES, "overrides")                                                                      \
    X(ACCEPTS, "accepts")                                                                          \
    X(RETURNS, "returns")

enum edge_kind {
#define X(c, name) EDGE_##c,
    EDGE_KIND_MAP(X)
#undef X
        EDGE_KIND_COUNT
};

/* How a reference was bound to its target, surest first. */
#define LAYER_MAP(X)                                                                               \
    X(EXACT, "exact")         /* scopes, imports, module paths: what the language itself does */   \
    X(TYPED, "typed")         /* a member of a receiver whose type is known */                     \
    X(UNIQUE, "unique")       /* the only definition of that name that the site can reach */       \
    X(CANDIDATE, "candidate") /* one of a set of possible targets; never an answer by default */

enum layer {
#define X(c, name) LAYER_##c,
    LAYER_MAP(X)
#undef X
        LAYER_COUNT
};

enum node_flag {
    FLAG_TEST = 1u << 0,        /* test code, by the language's own marks */
    FLAG_EXPORTED = 1u << 1,    /* visible outside its file or crate */
    FLAG_DECLARATION = 1u << 2, /* a prototype or overload signature; the body is elsewhere */
    FLAG_STATIC = 1u << 3,      /* C: internal linkage; elsewhere: a member of the type itself */
    FLAG_ABSTRACT = 1u << 4,    /* a member without a body that implementors fill in */
    FLAG_ASYNC = 1u << 5,
    FLAG_CONDITIONAL = 1u << 6, /* under #if, cfg, or a conditional statement */
    FLAG_GENERATED = 1u << 7,
    FLAG_EXTERNAL = 1u << 8,   /* not defined in this tree */
    FLAG_IN_MACRO = 1u << 9,   /* written inside a macro's arguments or body */
    FLAG_ANONYMOUS = 1u << 10, /* has a made-up name */
    FLAG_CONSTRUCTOR = 1u << 11,
    FLAG_PROPERTY = 1u << 12, /* a method that is read like a field: getter, @property */
};

/* No node, or no file. */
#define NODE_NONE UINT32_MAX

/* An edge's kind and layer in one byte. */
static inline uint8_t edge_attr(unsigned kind, unsigned layer)
{
    return (uint8_t)(kind << 2 | layer);
}

static inline uint8_t edge_attr_kind(uint8_t attr)
{
    return attr >> 2;
}

static inline uint8_t edge_attr_layer(uint8_t attr)
{
    return attr & 3;
}

_Static_assert(LAYER_COUNT <= 4 && EDGE_KIND_COUNT <= 32, "an edge's attributes are one byte");

#define EDGE_BIT(kind) (1u << (kind))
#define EDGE_ALL ((1u << EDGE_KIND_COUNT) - 1u)
/* What a change of X reaches, walked backwards. */
#define EDGE_BLAST                                                                                 \
    (EDGE_BIT(EDGE_CALLS) | EDGE_BIT(EDGE_USES) | EDGE_BIT(EDGE_IMPLEMENTS) |                      \
     EDGE_BIT(EDGE_EXTENDS) | EDGE_BIT(EDGE_OVERRIDES) | EDGE_BIT(EDGE_ACCEPTS) |                  \
     EDGE_BIT(EDGE_RETURNS))

const char *node_kind_name(enum node_kind kind);
const char *node_kind_plural(enum node_kind kind);
const char *edge_kind_name(enum edge_kind kind);
const char *layer_name(enum layer layer);

/* The kind with this name (singular), or NODE_KIND_COUNT / EDGE_KIND_COUNT. */
enum node_kind node_kind_parse(const char *name);
enum edge_kind edge_kind_parse(const char *name);

bool node_kind_is_type(enum node_kind kind);
bool node_kind_is_callable(enum node_kind kind);
bool node_kind_is_container(enum node_kind kind); /* its members hang on CONTAINS, not DEFINES */

#endif
