#include "query/context.h"

#include "base/map.h"
#include "base/sort.h"
#include "query/owner.h"
#include "query/traverse.h"

#include <string.h>

#define EDGES_BASE (EDGE_BIT(EDGE_EXTENDS) | EDGE_BIT(EDGE_IMPLEMENTS) | EDGE_BIT(EDGE_OVERRIDES))
#define EDGES_USE                                                                                  \
    (EDGE_BIT(EDGE_USES) | EDGE_BIT(EDGE_ACCEPTS) | EDGE_BIT(EDGE_RETURNS) | EDGE_BIT(EDGE_IMPORTS))
#define EDGES_NEED (EDGES_BASE | EDGES_USE | EDGE_BIT(EDGE_CALLS))

/* In the woven order the k-th item of a role (from 0) stands at first + k * step. */
static const struct {
    const char *name;
    uint16_t first, step;
} roles[CONTEXT_ROLE_COUNT] = {
    [CONTEXT_SELF] = {"self", 0, 1},      [CONTEXT_CONTAINER] = {"container", 1, 1},
    [CONTEXT_BASE] = {"base", 3, 3},      [CONTEXT_MEMBER] = {"member", 4, 2},
    [CONTEXT_TYPE] = {"used type", 5, 4}, [CONTEXT_CALLEE] = {"callee", 6, 4},
    [CONTEXT_CALLER] = {"caller", 7, 4},  [CONTEXT_IMPLEMENTOR] = {"implementor", 8, 5},
    [CONTEXT_USER] = {"user", 10, 6},     [CONTEXT_TEST] = {"test", 12, 10},
    [CONTEXT_NEAR] = {"near", 40, 8},
};

struct gather {
    const struct view *v;
    uint32_t self;
    bool self_is_test;
    struct map known; /* set of the nodes that are items, or must be none */
    VEC(struct context_item) items;
    struct ids scratch;
    bool failed;
};

/* ---- gathering ---- */

/* The first role that a node gets stays, so the calls come in the order of roles. */
static void add_item(struct gather *g, const struct context_item *item)
{
    bool is_new = false;

    if (map_put(&g->known, item->node, 0, &is_new) == NULL ||
        (is_new && !vec_push(&g->items, *item)))
        g->failed = true;
}

/* What no edge relates. */
static void add(struct gather *g, uint32_t node, enum context_role role, unsigned distance)
{
    struct context_item item = {.node = node,
                                .from = NODE_NONE,
                                .to = NODE_NONE,
                                .role = (uint8_t)role,
                                .distance = (uint8_t)distance};

    add_item(g, &item);
}

/* What the edge between the two relates; in: it starts at the one that is added. */
static void add_by_edge(struct gather *g, uint32_t node, uint32_t other, bool in, uint8_t kind,
                        enum context_role role, unsigned distance)
{
    struct context_item item = {.node = node,
                                .from = in ? node : other,
                                .to = in ? other : node,
                                .kind = kind,
                                .role = (uint8_t)role,
                                .distance = (uint8_t)distance};

    add_item(g, &item);
}

/* The type of an impl block, NODE_NONE if it is not known. */
static uint32_t type_of(struct gather *g, uint32_t impl)
{
    uint32_t type = NODE_NONE;

    g->failed = g->failed || !owner_of_impl(g->v, impl, &g->scratch, &type);
    return type;
}

/* Who calls or uses the node from test code is a test of it. */
static bool is_test_of(const struct gather *g, uint32_t node, enum context_role role)
{
    return !g->self_is_test && (view_flags(g->v, node) & FLAG_TEST) != 0 &&
           (role == CONTEXT_CALLER || role == CONTEXT_USER || role == CONTEXT_NEAR);
}

static void add_edges(struct gather *g, uint32_t node, bool in, uint32_t kinds,
                      enum context_role role, unsigned distance)
{
    struct edge_iter it;
    struct edge e;

    view_edges(g->v, node, in, kinds, &it);
    while (!g->failed && view_next(&it, &e)) {
        bool test = in && is_test_of(g, e.node, role);
        if (e.layer == LAYER_CANDIDATE)
            continue;
        /* Tests two hops away are for add_tests to find, which knows how they get here. */
        if (test && distance > 1)
            continue;
        /* A type's own impl blocks do not use it, they are parts of it. */
        if (in && view_kind(g->v, e.node) == NODE_IMPL && type_of(g, e.node) == node)
            continue;
        add_by_edge(g, e.node, node, in, e.kind, test ? CONTEXT_TEST : role, distance);
    }
}

/* The members of a type lie in its impl blocks too; the blocks themselves say nothing. */
static void add_members(struct gather *g, uint32_t node, enum context_role role, unsigned distance)
{
    struct ids impls = {0};

    add_edges(g, node, false, EDGE_MEMBERS, role, distance);
    if (!node_kind_is_type(view_kind(g->v, node)))
        return;
    g->failed = g->failed || !owner_impls(g->v, node, &impls);
    for (uint32_t i = 0; i < impls.len && !g->failed; i++)
        add_edges(g, impls.at[i], false, EDGE_MEMBERS, role, distance);
    vec_release(&impls);
}

static void add_type_around(struct gather *g, uint32_t impl, unsigned distance)
{
    uint32_t type = type_of(g, impl);

    if (type != NODE_NONE)
        add(g, type, CONTEXT_CONTAINER, distance);
}

static void add_container(struct gather *g)
{
    uint32_t parent = view_parent(g->v, g->self);

    if (view_kind(g->v, g->self) == NODE_IMPL)
        add_type_around(g, g->self, 1);
    if (parent == NODE_NONE)
        return;
    add(g, parent, CONTEXT_CONTAINER, 1);
    if (view_kind(g->v, parent) == NODE_IMPL)
        add_type_around(g, parent, 2);
}

/* Who uses a type by another word for it uses the type. The words themselves are no items. */
static void add_alias_users(struct gather *g)
{
    struct ids aliases = {0};

    g->failed = g->failed || !owner_aliases(g->v, g->self, &aliases);
    for (uint32_t i = 0; i < aliases.len && !g->failed; i++)
        g->failed = map_put(&g->known, aliases.at[i], 0, NULL) == NULL;
    for (uint32_t i = 0; i < aliases.len && !g->failed; i++)
        add_edges(g, aliases.at[i], true, EDGES_USE, CONTEXT_USER, 1);
    vec_release(&aliases);
}

static void add_first_hop(struct gather *g)
{
    bool type = node_kind_is_type(view_kind(g->v, g->self));

    add(g, g->self, CONTEXT_SELF, 0);
    add_container(g);
    add_members(g, g->self, CONTEXT_MEMBER, 1);
    add_edges(g, g->self, false, EDGES_BASE, CONTEXT_BASE, 1);
    add_edges(g, g->self, true, EDGES_BASE, CONTEXT_IMPLEMENTOR, 1);
    add_edges(g, g->self, true, EDGE_BIT(EDGE_CALLS), CONTEXT_CALLER, 1);
    add_edges(g, g->self, false, EDGE_BIT(EDGE_CALLS), CONTEXT_CALLEE, 1);
    add_edges(g, g->self, false, EDGES_USE, CONTEXT_TYPE, 1);
    if (type)
        add_alias_users(g);
    add_edges(g, g->self, true, EDGES_USE, CONTEXT_USER, 1);
}

static int add_tests(struct gather *g, struct err *err)
{
    struct reach_options o = {.in = true,
                              .kinds = EDGE_BIT(EDGE_CALLS),
                              .max_depth = CONTEXT_TEST_HOPS,
                              .from_members = true};
    struct reach r;

    if (g->self_is_test)
        return 0;
    reach_init(&r);
    int rc = query_reach(g->v, &g->self, 1, &o, &r, err);
    for (uint32_t i = 0; rc == 0 && i < r.nodes.len && !g->failed; i++) {
        const struct reached *n = &r.nodes.at[i];
        if (n->distance > 0 && (view_flags(g->v, n->node) & FLAG_TEST))
            add_by_edge(g, n->node, r.nodes.at[n->via].node, true, n->kind, CONTEXT_TEST,
                        n->distance);
    }
    reach_release(&r);
    return rc;
}

/* On from one item of the first hop, the way that led to it. */
static void add_second_hop(struct gather *g, uint32_t node, enum context_role role)
{
    uint8_t kind = view_kind(g->v, node);

    switch (role) {
    case CONTEXT_CONTAINER:
        if (node_kind_is_type(kind) || kind == NODE_IMPL)
            add_members(g, node, CONTEXT_NEAR, 2);
        break;
    case CONTEXT_MEMBER:
        add_edges(g, node, true, EDGE_BIT(EDGE_CALLS), CONTEXT_NEAR, 2);
        add_edges(g, node, false, EDGES_NEED, CONTEXT_NEAR, 2);
        break;
    case CONTEXT_CALLER: add_edges(g, node, true, EDGE_BIT(EDGE_CALLS), CONTEXT_NEAR, 2); break;
    case CONTEXT_BASE:
    case CONTEXT_CALLEE:
    case CONTEXT_TYPE:
        add_edges(g, node, false, EDGES_NEED, CONTEXT_NEAR, 2);
        if (node_kind_is_type(kind))
            add_members(g, node, CONTEXT_NEAR, 2);
        break;
    case CONTEXT_IMPLEMENTOR: add_edges(g, node, true, EDGES_BASE, CONTEXT_NEAR, 2); break;
    default: break;
    }
}

/* ---- order ---- */

static uint32_t score_of(const struct gather *g, const struct context_item *item)
{
    uint32_t node = item->node;
    bool file = view_file_of(g->v, node) == view_file_of(g->v, g->self);
    bool parent = file && view_parent(g->v, node) == view_parent(g->v, g->self);

    return 256u * (CONTEXT_TEST_HOPS + 1 - item->distance) + owner_log_degree(g->v, node) +
           (file ? 48 : 0) + (parent ? 16 : 0) + (view_flags(g->v, node) & FLAG_EXPORTED ? 32 : 0);
}

static int cmp_items(const void *a, const void *b, void *ctx)
{
    const struct context_item *x = a, *y = b;

    if (x->role != y->role)
        return x->role < y->role ? -1 : 1;
    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    return view_compare(ctx, x->node, y->node);
}

static void sort_items(struct gather *g)
{
    sort_r(g->items.at, g->items.len, sizeof(*g->items.at), cmp_items, (void *)(uintptr_t)g->v);
}

/* Takes from the role whose next item stands first, until all are taken. */
static void weave(const struct gather *g, const uint32_t *totals, struct context *ret)
{
    uint32_t at[CONTEXT_ROLE_COUNT], end[CONTEXT_ROLE_COUNT], place[CONTEXT_ROLE_COUNT], sum = 0;

    for (unsigned r = 0; r < CONTEXT_ROLE_COUNT; r++) {
        uint32_t n = totals[r] < CONTEXT_ROLE_MAX ? totals[r] : CONTEXT_ROLE_MAX;
        at[r] = sum;
        end[r] = sum + n;
        place[r] = roles[r].first;
        sum += totals[r];
    }
    for (;;) {
        unsigned best = CONTEXT_ROLE_COUNT;
        for (unsigned r = 0; r < CONTEXT_ROLE_COUNT; r++) {
            if (at[r] < end[r] && (best == CONTEXT_ROLE_COUNT || place[r] < place[best]))
                best = r;
        }
        if (best == CONTEXT_ROLE_COUNT)
            return;
        (void)vec_push(&ret->items, g->items.at[at[best]++]);
        place[best] += roles[best].step;
    }
}

static void finish(struct gather *g, struct context *ret)
{
    uint32_t totals[CONTEXT_ROLE_COUNT] = {0};

    if (!vec_reserve(&ret->items, g->items.len)) {
        g->failed = true;
        return;
    }
    for (uint32_t i = 0; i < g->items.len; i++) {
        totals[g->items.at[i].role]++;
        g->items.at[i].score = score_of(g, &g->items.at[i]);
    }
    sort_items(g);
    weave(g, totals, ret);
    memcpy(ret->totals, totals, sizeof(totals));
}

int query_context(const struct view *v, uint32_t node, struct context *ret, struct err *err)
{
    struct gather g = {.v = v, .self = node};

    vec_clear(&ret->items);
    memset(ret->totals, 0, sizeof(ret->totals));
    g.self_is_test = (view_flags(v, node) & FLAG_TEST) != 0;
    add_first_hop(&g);
    int rc = add_tests(&g, err);
    uint32_t first_hop = g.items.len;
    /* The first edge that leads to a node stays, and edges are met in an order that depends on
     * ids. */
    if (rc == 0 && !g.failed)
        sort_items(&g);
    for (uint32_t i = 1; rc == 0 && i < first_hop && !g.failed; i++)
        add_second_hop(&g, g.items.at[i].node, g.items.at[i].role);
    if (rc == 0 && !g.failed)
        finish(&g, ret);
    map_release(&g.known);
    vec_release(&g.items);
    vec_release(&g.scratch);
    if (rc == 0 && g.failed)
        rc = err_set(err, PT_ENOMEM, "no memory for a context");
    return rc;
}

void context_release(struct context *c)
{
    vec_release(&c->items);
}

const char *context_role_name(enum context_role role)
{
    return role < CONTEXT_ROLE_COUNT ? roles[role].name : "?";
}
