#include "query/groups.h"

#include "base/mem.h"
#include "base/sort.h"
#include "query/owner.h"

static const uint32_t level_kinds[] = {
    [CYCLES_FUNCTION] = EDGE_BIT(EDGE_CALLS),
    [CYCLES_TYPE] = EDGE_TYPE_NEEDS,
    [CYCLES_FILE] = EDGE_TYPE_NEEDS | EDGE_BIT(EDGE_CALLS) | EDGE_BIT(EDGE_IMPORTS),
    [CYCLES_MODULE] = EDGE_TYPE_NEEDS | EDGE_BIT(EDGE_CALLS) | EDGE_BIT(EDGE_IMPORTS),
};

/* ---- who belongs to whom ---- */

/* The node that stands for each node's group, into group_of. Parents have smaller ids. */
static void own_by_type(struct groups *g)
{
    for (uint32_t id = 0; id < view_node_count(g->v); id++) {
        uint8_t kind = view_kind(g->v, id);
        uint32_t parent = view_parent(g->v, id);
        uint32_t type = kind == NODE_TYPE_ALIAS ? owner_of_alias(g->v, id) : NODE_NONE;

        if (node_kind_is_type(kind))
            g->group_of[id] = type != NODE_NONE ? type : id;
        else if (kind == NODE_IMPL)
            g->group_of[id] = owner_of_impl(g->v, id);
        else
            g->group_of[id] = parent != NODE_NONE ? g->group_of[parent] : NODE_NONE;
    }
}

static bool own(struct groups *g, enum cycle_level level)
{
    const struct view *v = g->v;
    uint32_t n = view_node_count(v);

    if (level == CYCLES_TYPE) {
        own_by_type(g);
    } else if (level == CYCLES_MODULE) {
        uint32_t *modules = owner_modules(v);
        if (modules == NULL)
            return false;
        for (uint32_t id = 0; id < n; id++)
            g->group_of[id] = modules[view_file_of(v, id)];
        mem_free(modules);
    } else if (level == CYCLES_FILE) {
        for (uint32_t i = 0; i < view_file_count(v); i++) {
            struct view_file f = view_file(v, i);
            for (uint32_t id = f.first; id < f.first + f.count; id++)
                g->group_of[id] = f.node;
        }
    } else {
        for (uint32_t id = 0; id < n; id++)
            g->group_of[id] = id;
    }
    return true;
}

/* From nodes that stand for groups to the numbers of groups, and the nodes of each. */
static bool number(struct groups *g)
{
    uint32_t n = view_node_count(g->v);

    for (uint32_t id = 0; id < n; id++)
        g->n += g->group_of[id] == id;
    g->rep = mem_reallocarray(NULL, g->n, sizeof(*g->rep));
    g->first = mem_calloc((size_t)g->n + 1, sizeof(*g->first));
    g->start = mem_calloc((size_t)g->n + 1, sizeof(*g->start));
    g->loops = mem_calloc(g->n, sizeof(*g->loops));
    uint32_t *number = g->nodes; /* free until the groups have numbers */
    if (g->rep == NULL || g->first == NULL || g->start == NULL || g->loops == NULL)
        return false;
    uint32_t next = 0;
    for (uint32_t id = 0; id < n; id++) {
        if (g->group_of[id] == id) {
            g->rep[next] = id;
            number[id] = next++;
        }
    }
    for (uint32_t id = 0; id < n; id++) {
        bool none = g->group_of[id] == NODE_NONE ||
                    (g->no_tests && (view_flags(g->v, id) & FLAG_TEST) != 0);
        g->group_of[id] = none ? NODE_NONE : number[g->group_of[id]];
        if (!none)
            g->first[g->group_of[id] + 1]++;
    }
    for (uint32_t i = 0; i < g->n; i++)
        g->first[i + 1] += g->first[i];
    for (uint32_t id = 0; id < n; id++) {
        if (g->group_of[id] != NODE_NONE)
            g->nodes[g->first[g->group_of[id]]++] = id;
    }
    for (uint32_t i = g->n; i > 0; i--)
        g->first[i] = g->first[i - 1];
    g->first[0] = 0;
    return true;
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
        ok = connect_one(g, i, seen);
    mem_free(seen);
    return ok;
}

bool groups_init(struct groups *g, const struct view *v, enum cycle_level level, bool no_tests)
{
    uint32_t n = view_node_count(v);

    *g = (struct groups){.v = v, .kinds = level_kinds[level], .no_tests = no_tests};
    g->group_of = mem_reallocarray(NULL, n, sizeof(*g->group_of));
    g->nodes = mem_reallocarray(NULL, n, sizeof(*g->nodes));
    return g->group_of != NULL && g->nodes != NULL && own(g, level) && number(g) && connect(g);
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
                (from == to && e.node != g->nodes[i]) ||
                (node != NODE_NONE && e.layer >= ret->layer))
                continue;
            node = g->nodes[i];
            *ret = e;
        }
    }
    return node;
}
