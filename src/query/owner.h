/* What a node belongs to: the type of an impl block, the module of a file; and what belongs to it.
 *
 * Private to query/. Reads one pinned view; any thread.
 */
#ifndef PT_QUERY_OWNER_H
#define PT_QUERY_OWNER_H

#include "graph/view.h"

#define EDGE_MEMBERS (EDGE_BIT(EDGE_CONTAINS) | EDGE_BIT(EDGE_DEFINES))
/* What makes one type, file or module need another. */
#define EDGE_TYPE_NEEDS                                                                            \
    (EDGE_BIT(EDGE_EXTENDS) | EDGE_BIT(EDGE_IMPLEMENTS) | EDGE_BIT(EDGE_USES) |                    \
     EDGE_BIT(EDGE_ACCEPTS) | EDGE_BIT(EDGE_RETURNS))

/* The type that an impl block adds to. Blocks have no edge to it: it is the type of their name
 * that their traits' edges start at, else the one beside them, in their file, or in their package
 * (the last two: if there is only one). NODE_NONE if it is not of this tree or not certain.
 * `scratch` is overwritten; it saves calls for many blocks from allocating. False: no memory. */
bool owner_of_impl(const struct view *v, uint32_t impl, struct ids *scratch, uint32_t *ret);

/* Appends the impl blocks of all types of this name, in order (view_before). False: no memory. */
bool owner_impls_named(const struct view *v, struct slice type, struct ids *ret);

/* The same for one type. */
bool owner_impls(const struct view *v, uint32_t type, struct ids *ret);

/* `typedef struct S S;`: is the alias another word for the type? Of the same name, and in the same
 * file or made of it. */
bool owner_is_alias(const struct view *v, uint32_t alias, uint32_t type);

/* The type that an alias is another word for, NODE_NONE if none; else as owner_of_impl. */
bool owner_of_alias(const struct view *v, uint32_t alias, struct ids *scratch, uint32_t *ret);

/* Appends such aliases of a type, in order: what uses the type mostly does so by them. False: no
 * memory. */
bool owner_aliases(const struct view *v, uint32_t type, struct ids *ret);

/* For each file, by its id, the FILE node that stands for its module: the one that makes its folder
 * a package, else its own; NODE_NONE for ids of no file. The caller frees it; NULL: no memory. */
uint32_t *owner_modules(const struct view *v);

/* Edges that end at a node, containment apart, counted up to a bound. */
#define OWNER_DEGREE_MAX 1024u
uint32_t owner_in_degree(const struct view *v, uint32_t node);

/* 0 to 160: 16 times the binary logarithm of 1 + degree, in whole steps. */
uint32_t owner_log_degree(const struct view *v, uint32_t node);

#endif
