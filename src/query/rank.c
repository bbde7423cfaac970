#include "query/rank.h"

#include "base/mem.h"
#include "base/sort.h"
#include "base/stop.h"
#include "query/owner.h"

static int cmp_ranked(const void *a, const void *b, void *ctx)
{
    const struct ranked *x = a, *y = b;

    if (x->value != y->value)
        return x->value > y->value ? -1 : 1;
    return view_compare(ctx, x->node, y->node);
}

static void sort(const struct view *v, struct ranking *r)
{
    if (r->list.len > 1)
        sort_r(r->list.at, r->list.len, sizeof(*r->list.at), cmp_ranked, (void *)(uintptr_t)v);
}

/* Keeps the `limit` greatest (0: all). Room for twice as many, so that each is sorted in rarely.
 * *least: what is less is not among them. */
static bool keep(const struct view *v, struct ranking *r, uint32_t limit, struct ranked item,
                 uint64_t *least)
{
    if (item.value < *least)
        return true;
    if (!vec_push(&r->list, item))
        return false;
    if (limit > 0 && r->list.len >= 2 * (uint64_t)limit + 64) {
        sort(v, r);
        vec_truncate(&r->list, limit);
        *least = vec_last(&r->list).value;
    }
    return true;
}

static int finish(const struct view *v, struct ranking *r, uint32_t limit, bool ok, struct err *err)
{
    if (!ok) {
        vec_clear(&r->list);
        return err_set(err, PT_ENOMEM, "no memory for a ranking");
    }
    sort(v, r);
    if (limit > 0 && r->list.len > limit)
        vec_truncate(&r->list, limit);
    return 0;
}

/* What is asked about a node again and again, close together. */
struct around {
    uint32_t parent;
    uint32_t type; /* of an impl block, which counts as part of it */
    bool test;
};

/* By node. The caller frees it; NULL: no memory. */
static struct around *around_all(const struct view *v)
{
    uint32_t n = view_node_limit(v);
    struct around *ret = mem_calloc(n, sizeof(*ret));
    struct ids scratch = {0};
    bool ok = ret != NULL;

    for (uint32_t id = 0; ok && id < n && !stop_asked_at(id); id++) {
        if (!view_has_node(v, id))
            continue;
        ret[id] = (struct around){view_parent(v, id), NODE_NONE, view_flags(v, id) & FLAG_TEST};
        if (view_kind(v, id) == NODE_IMPL)
            ok = owner_of_impl(v, id, &scratch, &ret[id].type);
    }
    vec_release(&scratch);
    if (!ok) {
        mem_free(ret);
        ret = NULL;
    }
    return ret;
}

/* Is `node` the whole, or something in it? The way up is as deep as definitions are nested. */
static bool is_within(const struct around *all, uint32_t node, uint32_t whole)
{
    while (node != NODE_NONE && node != whole && all[node].type != whole)
        node = all[node].parent;
    return node != NODE_NONE;
}

/* Do at least so many edges end at the node? Whatever their kinds. */
static bool has_edges(const struct view *v, uint32_t node, uint64_t n)
{
    struct list_walk w;
    uint64_t sum = 0;

    if (n == 0 || !list_begin(&v->g->in, v->generation, node, &w))
        return n == 0;
    do {
        sum += w.span.n;
    } while (sum < n && list_more(&w));
    return sum >= n;
}

int query_most_depended(const struct view *v, uint32_t limit, struct ranking *ret, struct err *err)
{
    uint32_t n = view_node_limit(v);
    struct around *all = around_all(v);
    uint32_t *seen = mem_calloc(n, sizeof(*seen)); /* by node + 1 */
    bool ok = all != NULL && seen != NULL;
    uint64_t least = 1;
    struct edge_iter it;
    struct edge e;

    vec_clear(&ret->list);
    for (uint32_t id = 0; ok && id < n && !stop_asked_at(id); id++) {
        uint64_t count = 0;
        if (!view_has_node(v, id) || !has_edges(v, id, least))
            continue;
        view_edges(v, id, true, EDGE_BLAST, &it);
        while (view_next(&it, &e)) {
            if (seen[e.node] == id + 1 || e.layer == LAYER_CANDIDATE || all[e.node].test)
                continue;
            seen[e.node] = id + 1;
            count += !is_within(all, e.node, id);
        }
        if (count > 0)
            ok = keep(v, ret, limit, (struct ranked){id, count}, &least);
    }
    mem_free(all);
    mem_free(seen);
    return finish(v, ret, limit, ok, err);
}

int query_largest(const struct view *v, uint32_t limit, struct ranking *ret, struct err *err)
{
    uint32_t n = view_file_limit(v);
    uint32_t *modules = owner_modules(v);
    uint64_t *lines = mem_calloc(n, sizeof(*lines)); /* by the id of the module's file */
    bool ok = modules != NULL && lines != NULL;
    uint64_t least = 0;

    vec_clear(&ret->list);
    for (uint32_t i = 0; ok && i < n; i++) {
        if (view_has_file(v, i))
            lines[view_file_of(v, modules[i])] += view_file(v, i).lines;
    }
    for (uint32_t i = 0; ok && i < n; i++) {
        if (view_has_file(v, i) && modules[i] == view_file(v, i).node)
            ok = keep(v, ret, limit, (struct ranked){modules[i], lines[i]}, &least);
    }
    mem_free(modules);
    mem_free(lines);
    return finish(v, ret, limit, ok, err);
}

void ranking_release(struct ranking *r)
{
    vec_release(&r->list);
}
