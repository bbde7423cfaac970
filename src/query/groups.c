#include "query/groups.h"

#include "base/mem.h"
#include "base/sort.h"
#include "base/stop.h"
#include "query/owner.h"

static const uint32_t level_kinds[] = {
    [CYCLES_FUNCTION] = EDGE_BIT(EDGE_CALLS),
    [CYCLES_TYPE] = EDGE_TYPE_NEEDS,
    [CYCLES_FILE] = EDGE_TYPE_NEEDS | EDGE_BIT(EDGE_CALLS) | EDGE_BIT(EDGE_IMPORTS),
    [CYCLES_MODULE] = EDGE_TYPE_NEEDS | EDGE_BIT(EDGE_CALLS) | EDGE_BIT(EDGE_IMPORTS),
};

/* ---- who belongs to whom ---- */

/* The node that stands for each node's group, into group_of. Parents come first. */
static bool own_by_type(struct groups *g, const struct ids *order)
{
    const struct view *v = g->v;
    struct ids scratch = {0};
    bool ok = true;

    for (uint32_t i = 0; ok && i < order->len; i++) {
        uint32_t id = order->at[i], parent = view_parent(v, id), type = NODE_NONE;
        uint8_t kind = view_kind(v, id);
        if (kind == NODE_TYPE_ALIAS)
            ok = owner_of_alias(v, id, &scratch, &type);
        else if (kind == NODE_IMPL)
            ok = owner_of_impl(v, id, &scratch, &type);
        else if (!node_kind_is_type(kind) && parent != NODE_NONE)
            type = g->group_of[parent];
        g->group_of[id] = type == NODE_NONE && node_kind_is_type(kind) ? id : type;
    }
    vec_release(&scratch);
    /* A block may be of an alias that is another word for a type. */
    for (uint32_t i = 0; ok && i < order->len; i++) {
        uint32_t *of = &g->group_of[order->at[i]];
        *of = *of != NODE_NONE ? g->group_of[*of] : NODE_NONE;
    }
    return ok;
}

/* modules: NULL if each file is its own. */
static void own_by_file(struct groups *g, const uint32_t *modules)
{
    for (uint32_t i = 0; i < view_file_limit(g->v); i++) {
        if (!view_has_file(g->v, i))
            continue;
        struct view_file f = view_file(g->v, i);
        for (uint32_t k = 0; k < f.n_nodes; k++)
            g->group_of[f.nodes[k]] = modules != NULL ? modules[i] : f.node;
    }
}

static bool own(struct groups *g, enum cycle_level level, const struct ids *order)
{
    uint32_t *modules = NULL;

    if (level == CYCLES_TYPE)
        return own_by_type(g, order);
    if (level == CYCLES_FUNCTION) {
        for (uint32_t i = 0; i < order->len; i++)
            g->group_of[order->at[i]] = order->at[i];
        return true;
    }
    if (level == CYCLES_MODULE && (modules = owner_modules(g->v)) == NULL)
        return false;
    own_by_file(g, modules);
    mem_free(modules);
    return true;
}

/* Groups are numbered in the order of the nodes that stand for them. */
static bool number(struct groups *g, const struct ids *order)
{
    uint32_t *number_of = g->nodes, next = 0; /* free until the groups have numbers */

    for (uint32_t i = 0; i < order->len; i++)
        g->n += g->group_of[order->at[i]] == order->at[i];
    g->rep = mem_reallocarray(NULL, g->n, sizeof(*g->rep));
    g->first = mem_calloc((size_t)g->n + 1, sizeof(*g->first));
    g->start = mem_calloc((size_t)g->n + 1, sizeof(*g->start));
    g->loops = mem_calloc(g->n, sizeof(*g->loops));
    if (g->rep == NULL || g->first == NULL || g->start == NULL || g->loops == NULL)
        return false;
    for (uint32_t i = 0; i < order->len; i++) {
        uint32_t id = order->at[i];
        if (g->group_of[id] == id) {
            g->rep[next] = id;
            number_of[id] = next++;
        }
    }
    for (uint32_t i = 0; i < order->len; i++) {
        uint32_t id = order->at[i], *of = &g->group_of[id];
        bool none = *of == NODE_NONE || (g->no_tests && (view_flags(g->v, id) & FLAG_TEST) != 0);
        *of = none ? NODE_NONE : number_of[*of];
    }
    return true;
}

/* The nodes of each group, once they have numbers. */
static void fill(struct groups *g, const struct ids *order)
{
    for (uint32_t i = 0; i < order->len; i++) {
        uint32_t of = g->group_of[order->at[i]];
        if (of != NODE_NONE)
            g->first[of + 1]++;
    }
    for (uint32_t i = 0; i < g->n; i++)
        g->first[i + 1] += g->first[i];
    for (uint32_t i = 0; i < order->len; i++) {
        uint32_t of = g->group_of[order->at[i]];
        if (of != NODE_NONE)
            g->nodes[g->first[of]++] = order->at[i];
    }
    for (uint32_t i = g->n; i > 0; i--)
        g->first[i] = g->first[i - 1];
    g->first[0] = 0;
}

/* ---- edges ---- */

static int by_number(const void *a, const void *b, void *ctx)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    (void)ctx;
    return x < y ? -1 : x > y;
}

/* Appends the targets of one group. */
static bool connect_one(struct groups *g, uint32_t group, uint32_t *seen)
{
    struct edge_iter it;
    struct edge e;
    uint32_t before = g->to.len;
    bool sorted = true;

    for (uint32_t i = g->first[group]; i < g->first[group + 1]; i++) {
        view_edges(g->v, g->nodes[i], false, g->kinds, &it);
        while (view_next(&it, &e)) {
            uint32_t to = e.layer == LAYER_CANDIDATE ? NODE_NONE : g->group_of[e.node];
            if (to == NODE_NONE)
                continue;
            g->loops[group] = g->loops[group] || e.node == g->nodes[i];
            if (to == group || seen[to] == group + 1)
                continue;
            seen[to] = group + 1;
            sorted = sorted && (g->to.len == before || vec_last(&g->to) < to);
            if (!vec_push(&g->to, to))
                return false;
        }
    }
    if (!sorted)
        sort_r(g->to.at + before, g->to.len - before, sizeof(*g->to.at), by_number, NULL);
    g->start[group + 1] = g->to.len;
    return true;
}

static bool connect(struct groups *g)
{
    uint32_t *seen = mem_calloc(g->n, sizeof(*seen));
    bool ok = seen != NULL;

    for (uint32_t i = 0; ok && i < g->n; i++)
        ok = !stop_asked_at(i) && connect_one(g, i, seen);
    mem_free(seen);
    return ok;
}

static bool arrange(struct groups *g, enum cycle_level level)
{
    struct ids order = {0};
    bool ok = view_nodes(g->v, &order) && own(g, level, &order) && number(g, &order);

    if (ok)
        fill(g, &order);
    vec_release(&order);
    return ok;
}

bool groups_init(struct groups *g, const struct view *v, enum cycle_level level, bool no_tests)
{
    uint32_t n = view_node_limit(v);

    *g = (struct groups){.v = v, .kinds = level_kinds[level], .no_tests = no_tests};
    g->group_of = mem_reallocarray(NULL, n, sizeof(*g->group_of));
    g->nodes = mem_reallocarray(NULL, n, sizeof(*g->nodes));
    return g->group_of != NULL && g->nodes != NULL && arrange(g, level) && connect(g);
}

void groups_release(struct groups *g)
{
    mem_free(g->rep);
    mem_free(g->group_of);
    mem_free(g->first);
    mem_free(g->nodes);
    mem_free(g->start);
    mem_free(g->loops);
    vec_release(&g->to);
    *g = (struct groups){0};
}

uint32_t groups_edge(const struct groups *g, uint32_t from, uint32_t to, struct edge *ret)
{
    struct edge_iter it;
    struct edge e;
    uint32_t node = NODE_NONE;

    for (uint32_t i = g->first[from]; i < g->first[from + 1]; i++) {
        view_edges(g->v, g->nodes[i], false, g->kinds, &it);
        while (view_next(&it, &e)) {
            if (g->group_of[e.node] != to || e.layer == LAYER_CANDIDATE ||
                (from == to && e.node != g->nodes[i]))
                continue;
            bool better = node == NODE_NONE || e.layer < ret->layer ||
                          (e.layer == ret->layer && node == g->nodes[i] && e.kind == ret->kind &&
                           view_before(g->v, e.node, ret->node));
            if (better) {
                node = g->nodes[i];
                *ret = e;
            }
        }
    }
    return node;
}
