#include "graph/model.h"

#include <string.h>

static const char *const kind_names[] = {
#define X(c, one, many) one,
    NODE_KIND_MAP(X)
#undef X
};

static const char *const kind_plurals[] = {
#define X(c, one, many) many,
    NODE_KIND_MAP(X)
#undef X
};

static const char *const edge_names[] = {
#define X(c, name) name,
    EDGE_KIND_MAP(X)
#undef X
};

static const char *const layer_names[] = {
#define X(c, name) name,
    LAYER_MAP(X)
#undef X
};

const char *node_kind_name(enum node_kind kind)
{
    return kind < NODE_KIND_COUNT ? kind_names[kind] : "?";
}

const char *node_kind_plural(enum node_kind kind)
{
    return kind < NODE_KIND_COUNT ? kind_plurals[kind] : "?";
}

const char *edge_kind_name(enum edge_kind kind)
{
    return kind < EDGE_KIND_COUNT ? edge_names[kind] : "?";
}

const char *layer_name(enum layer layer)
{
    return layer < LAYER_COUNT ? layer_names[layer] : "?";
}

enum node_kind node_kind_parse(const char *name)
{
    unsigned k = 0;
    while (k < NODE_KIND_COUNT && strcmp(kind_names[k], name) != 0)
        k++;
    return (enum node_kind)k;
}

enum edge_kind edge_kind_parse(const char *name)
{
    unsigned k = 0;
    while (k < EDGE_KIND_COUNT && strcmp(edge_names[k], name) != 0)
        k++;
    return (enum edge_kind)k;
}

#define KIND_BIT(k) (1u << NODE_##k)

bool node_kind_is_type(enum node_kind kind)
{
    const uint32_t types = KIND_BIT(STRUCT) | KIND_BIT(UNION) | KIND_BIT(CLASS) | KIND_BIT(ENUM) |
                           KIND_BIT(TRAIT) | KIND_BIT(INTERFACE) | KIND_BIT(TYPE_ALIAS);
    return kind < NODE_KIND_COUNT && (types >> kind & 1u) != 0;
}

bool node_kind_is_callable(enum node_kind kind)
{
    const uint32_t callables = KIND_BIT(FUNCTION) | KIND_BIT(METHOD) | KIND_BIT(MACRO);
    return kind < NODE_KIND_COUNT && (callables >> kind & 1u) != 0;
}

bool node_kind_is_container(enum node_kind kind)
{
    const uint32_t containers =
        KIND_BIT(FILE) | KIND_BIT(PACKAGE) | KIND_BIT(MODULE) | KIND_BIT(NAMESPACE);
    return kind < NODE_KIND_COUNT && (containers >> kind & 1u) != 0;
}
