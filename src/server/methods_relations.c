/* What stands in a direct relation to a node: callers, callees, uses, implementations. */
#include "server/methods.h"
#include "server/walk.h"

#define BIT(kind) (1u << (kind))
#define CALLABLE (BIT(NODE_FUNCTION) | BIT(NODE_METHOD) | BIT(NODE_MACRO))
#define TYPES                                                                                      \
    (BIT(NODE_STRUCT) | BIT(NODE_UNION) | BIT(NODE_CLASS) | BIT(NODE_ENUM) | BIT(NODE_TRAIT) |     \
     BIT(NODE_INTERFACE) | BIT(NODE_TYPE_ALIAS))
#define EDGE_OTHER_USES                                                                            \
    (EDGE_BIT(EDGE_USES) | EDGE_BIT(EDGE_ACCEPTS) | EDGE_BIT(EDGE_RETURNS) | EDGE_BIT(EDGE_IMPORTS))
#define EDGE_INHERITS                                                                              \
    (EDGE_BIT(EDGE_IMPLEMENTS) | EDGE_BIT(EDGE_EXTENDS) | EDGE_BIT(EDGE_OVERRIDES))

static int steps(struct call *c, struct answer *a, struct walk *w, struct err *err)
{
    int rc = call_uint(c, "depth", 1, &w->depth, err);
    return rc == PT_OK ? walk_run(c, a, w, err) : rc;
}

int run_callers(struct call *c, struct answer *a, struct err *err)
{
    struct walk w = {.title = "of",
                     .one = "caller",
                     .many = "callers",
                     .in = true,
                     .expansions = true,
                     .kinds = EDGE_BIT(EDGE_CALLS),
                     .prefer = CALLABLE};
    return steps(c, a, &w, err);
}

int run_callees(struct call *c, struct answer *a, struct err *err)
{
    struct walk w = {.title = "of",
                     .one = "callee",
                     .many = "callees",
                     .kinds = EDGE_BIT(EDGE_CALLS),
                     .prefer = CALLABLE};
    return steps(c, a, &w, err);
}

int run_uses(struct call *c, struct answer *a, struct err *err)
{
    struct walk w = {.title = "used by", .one = "node", .many = "nodes", .kinds = EDGE_OTHER_USES};
    return steps(c, a, &w, err);
}

int run_used_by(struct call *c, struct answer *a, struct err *err)
{
    struct walk w = {
        .title = "of", .one = "user", .many = "users", .in = true, .kinds = EDGE_OTHER_USES};
    return steps(c, a, &w, err);
}

static bool has_edge(const struct view *v, uint32_t node, uint32_t kinds)
{
    struct edge_iter it;
    struct edge e;
    view_edges(v, node, true, kinds, &it);
    return view_next(&it, &e);
}

/* Of a trait or interface, implementors; what merely extends it is no answer unless asked for. Of
 * a class, its subclasses; of a method, what overrides it. */
int run_who_implements(struct call *c, struct answer *a, struct err *err)
{
    struct walk w = {.title = "of",
                     .one = "implementation",
                     .many = "implementations",
                     .in = true,
                     .depth = 1,
                     .kinds = EDGE_INHERITS,
                     .own = true};
    uint32_t node;
    int rc = call_node(c, a, "trait", TYPES, &node, err);
    if (rc != PT_OK)
        return rc;
    unsigned kind = view_kind(c->view, node);
    bool is_trait = kind == NODE_TRAIT || kind == NODE_INTERFACE;
    if (call_flag(c, "transitive"))
        w.depth = 0;
    else if (is_trait)
        w.kinds = EDGE_BIT(EDGE_IMPLEMENTS);
    rc = walk_from(c, a, &w, node, err);
    if (rc == PT_OK && w.depth == 1 && has_edge(c->view, node, EDGE_BIT(EDGE_EXTENDS)) && is_trait)
        answer_hint(a, "Others extend it: --transitive follows them");
    return rc;
}

int run_implements(struct call *c, struct answer *a, struct err *err)
{
    struct walk w = {.title = "implemented or extended by",
                     .one = "node",
                     .many = "nodes",
                     .depth = 1,
                     .kinds = EDGE_INHERITS,
                     .own = true};
    uint32_t node;
    int rc = call_node(c, a, "type", TYPES, &node, err);
    if (rc != PT_OK)
        return rc;
    if (call_flag(c, "transitive"))
        w.depth = 0;
    return walk_from(c, a, &w, node, err);
}
