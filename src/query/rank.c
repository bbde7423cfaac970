#include "query/rank.h"

#include "base/mem.h"
#include "base/sort.h"
#include "query/owner.h"

static int cmp_ranked(const void *a, const void *b, void *ctx)
{
    const struct ranked *x = a, *y = b;

    (void)ctx;
    if (x->value != y->value)
        return x->value > y->value ? -1 : 1;
    return x->node < y->node ? -1 : x->node > y->node;
}

/* Keeps the `limit` greatest (0: all). Room for twice as many, so that each is sorted in rarely. */
static bool keep(struct ranking *r, uint32_t limit, struct ranked item)
{
    if (!vec_push(&r->list, item))
        return false;
    if (limit > 0 && r->list.len >= 2 * (uint64_t)limit + 64) {
        sort_r(r->list.at, r->list.len, sizeof(*r->list.at), cmp_ranked, NULL);
        vec_truncate(&r->list, limit);
    }
    return true;
}

static int finish(struct ranking *r, uint32_t limit, bool ok, struct err *err)
{
    if (!ok) {
        vec_clear(&r->list);
        return err_set(err, PT_ENOMEM, "no memory for a ranking");
    }
    if (r->list.len > 1)
        sort_r(r->list.at, r->list.len, sizeof(*r->list.at), cmp_ranked, NULL);
    if (limit > 0 && r->list.len > limit)
        vec_truncate(&r->list, limit);
    return 0;
}

/* The types of impl blocks, which count as their parts: node -> type. */
static uint32_t *impl_types(const struct view *v)
{
    uint32_t n = view_node_count(v);
    uint32_t *ret = mem_reallocarray(NULL, n, sizeof(*ret));

    for (uint32_t id = 0; ret != NULL && id < n; id++)
        ret[id] = view_kind(v, id) == NODE_IMPL ? owner_of_impl(v, id) : NODE_NONE;
    return ret;
}

/* Is `node` the whole, or something in it? The way up is as deep as definitions are nested. */
static bool is_within(const struct view *v, const uint32_t *types, uint32_t node, uint32_t whole)
{
    while (node != NODE_NONE && node != whole && types[node] != whole)
        node = view_parent(v, node);
    return node != NODE_NONE;
}

int query_most_depended(const struct view *v, uint32_t limit, struct ranking *ret, struct err *err)
{
    uint32_t n = view_node_count(v);
    uint32_t *types = impl_types(v), *seen = mem_calloc(n, sizeof(*seen)); /* by node + 1 */
    bool ok = types != NULL && seen != NULL;
    struct edge_iter it;
    struct edge e;

    vec_clear(&ret->list);
    for (uint32_t id = 0; ok && id < n; id++) {
        uint64_t count = 0;
        view_edges(v, id, true, EDGE_BLAST, &it);
        while (view_next(&it, &e)) {
            if (seen[e.node] == id + 1 || e.layer == LAYER_CANDIDATE ||
                (view_flags(v, e.node) & FLAG_TEST))
                continue;
            seen[e.node] = id + 1;
            count += !is_within(v, types, e.node, id);
        }
        if (count > 0)
            ok = keep(ret, limit, (struct ranked){id, count});
    }
    mem_free(types);
    mem_free(seen);
    return finish(ret, limit, ok, err);
}

int query_largest(const struct view *v, uint32_t limit, struct ranking *ret, struct err *err)
{
    uint32_t n = view_file_count(v);
    uint32_t *modules = owner_modules(v);
    uint64_t *lines = mem_calloc(n, sizeof(*lines)); /* by the index of the module's file */
    bool ok = modules != NULL && lines != NULL;

    vec_clear(&ret->list);
    for (uint32_t i = 0; ok && i < n; i++)
        lines[view_file_of(v, modules[i])] += view_file(v, i).lines;
    for (uint32_t i = 0; ok && i < n; i++) {
        uint32_t node = view_file(v, i).node;
        if (modules[i] == node)
            ok = keep(ret, limit, (struct ranked){node, lines[i]});
    }
    mem_free(modules);
    mem_free(lines);
    return finish(ret, limit, ok, err);
}

void ranking_release(struct ranking *r)
{
    vec_release(&r->list);
}
