/* Context: what a model must read before it touches a node, ranked, for a budget of tokens.
 *
 * Reads one pinned view; any thread. Source text (docs) is read by the caller, who knows the tree;
 * here are only nodes and why they matter.
 */
#ifndef PT_QUERY_CONTEXT_H
#define PT_QUERY_CONTEXT_H

#include "base/vec.h"
#include "graph/view.h"

enum context_role {
    CONTEXT_SELF,
    CONTEXT_CONTAINER, /* the type, impl or module around it; of an impl its type too */
    CONTEXT_MEMBER,
    CONTEXT_BASE,        /* what it extends or implements, what it overrides */
    CONTEXT_IMPLEMENTOR, /* what extends, implements or overrides it */
    CONTEXT_CALLER,
    CONTEXT_CALLEE,
    CONTEXT_TYPE, /* types in its signature and body, and what it uses or imports otherwise */
    CONTEXT_USER, /* what uses it otherwise */
    CONTEXT_TEST, /* test code that reaches it, or a member of it, over calls or by one use */
    CONTEXT_NEAR, /* second hop, see below */
    CONTEXT_ROLE_COUNT
};

struct context_item {
    uint32_t node;
    uint32_t from, to; /* ends of the edge that relates it, NODE_NONE if none does */
    uint32_t score;    /* higher is more useful; comparable within a role */
    uint8_t kind;      /* of that edge */
    uint8_t role;      /* enum context_role */
    uint8_t distance;  /* hops, 0 to 2 (tests: up to 6) */
};

struct context {
    VEC(struct context_item) items;      /* by role's importance and score; the node itself first */
    uint32_t totals[CONTEXT_ROLE_COUNT]; /* exact */
};

/* Of each role at most so many items are kept, the best; totals count the others too. */
#define CONTEXT_ROLE_MAX 1000u
#define CONTEXT_TEST_HOPS 6u

/* Each node is an item once, under one role: as test if it is test code and reaches the node (and
 * the node itself is none), else under the first role that it has in the order of the enum. Edges
 * to candidates relate nothing. Aliases that are only another word for a type count as the type.
 *
 * The second hop goes on the way it came: callers of callers; what callees and used types need and
 * have as members; bases of bases; implementors of implementors; who calls a member and what a
 * member needs; other members of the type or impl around the node.
 *
 * Items are woven so that any number of them from the front is a fair choice: roles take turns,
 * important ones more often; within a role by score, then in order (view_before). The score adds
 * up closeness, the logarithm of the in-degree, the same file or parent, and being exported.
 *
 * `ret` is all zero, or of an earlier call. PT_ENOMEM only. */
int query_context(const struct view *v, uint32_t node, struct context *ret, struct err *err);
void context_release(struct context *c);
const char *context_role_name(enum context_role role); /* "caller", "used type", ... */

#endif
