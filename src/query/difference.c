#include "query/difference.h"

#include "base/mem.h"
#include "base/sort.h"
#include "query/owner.h"
#include "query/traverse.h"

struct node_of {
    uint64_t sig;
    uint32_t id;
};

/* What one view has in the files. */
struct half {
    const struct view *v;
    VEC(struct node_of) nodes;     /* by sig */
    struct difference_edges edges; /* by sigs and kind */
};

/* ---- gathering ---- */

static bool add_edges(struct half *h, const struct node_of *n)
{
    struct edge_iter it;
    struct edge e;
    view_edges(h->v, n->id, false, EDGE_ALL & ~EDGE_MEMBERS, &it);
    while (view_next(&it, &e)) {
        if (e.layer != LAYER_CANDIDATE &&
            !vec_push(&h->edges, (struct difference_edge){n->sig, view_sig(h->v, e.node), n->id,
                                                          e.node, e.kind}))
            return false;
    }
    return true;
}

static bool add_file(struct half *h, const char *path)
{
    uint32_t file = view_find_file(h->v, path);
    if (file == NODE_NONE)
        return true;
    struct view_file f = view_file(h->v, file);
    for (uint32_t i = 0; i < f.n_nodes; i++) {
        struct node_of n = {view_sig(h->v, f.nodes[i]), f.nodes[i]};
        if (!vec_push(&h->nodes, n) || !add_edges(h, &n))
            return false;
    }
    return true;
}

static int compare_u64(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

static int by_sig(const void *x, const void *y, void *ctx)
{
    (void)ctx;
    const struct node_of *a = x, *b = y;
    return compare_u64(a->sig, b->sig);
}

static int compare_ends(const struct difference_edge *a, const struct difference_edge *b)
{
    int order = compare_u64(a->from_sig, b->from_sig);
    if (order == 0)
        order = compare_u64(a->to_sig, b->to_sig);
    return order != 0 ? order : (int)a->kind - (int)b->kind;
}

static int by_ends(const void *x, const void *y, void *ctx)
{
    (void)ctx;
    return compare_ends(x, y);
}

static bool gather(struct half *h, const char *const *paths, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (!add_file(h, paths[i]))
            return false;
    }
    if (h->nodes.len > 1)
        sort_r(h->nodes.at, h->nodes.len, sizeof(*h->nodes.at), by_sig, NULL);
    if (h->edges.len > 1)
        sort_r(h->edges.at, h->edges.len, sizeof(*h->edges.at), by_ends, NULL);
    return true;
}

/* ---- comparing ---- */

/* Nodes that only `a` has. */
static bool only_nodes(const struct half *a, const struct half *b, struct ids *ret)
{
    uint32_t k = 0;
    for (uint32_t i = 0; i < a->nodes.len; i++) {
        while (k < b->nodes.len && b->nodes.at[k].sig < a->nodes.at[i].sig)
            k++;
        if ((k == b->nodes.len || b->nodes.at[k].sig != a->nodes.at[i].sig) &&
            !vec_push(ret, a->nodes.at[i].id))
            return false;
    }
    if (ret->len > 1)
        view_sort(a->v, ret->at, ret->len);
    return true;
}

static int by_place(const void *x, const void *y, void *ctx)
{
    const struct difference_edge *a = x, *b = y;
    const struct view *v = ctx;
    int order = view_compare(v, a->from, b->from);
    if (order == 0)
        order = view_compare(v, a->to, b->to);
    return order != 0 ? order : (int)a->kind - (int)b->kind;
}

static bool only_edges(const struct half *a, const struct half *b, struct difference_edges *ret)
{
    uint32_t k = 0;
    for (uint32_t i = 0; i < a->edges.len; i++) {
        while (k < b->edges.len && compare_ends(&b->edges.at[k], &a->edges.at[i]) < 0)
            k++;
        if ((k == b->edges.len || compare_ends(&b->edges.at[k], &a->edges.at[i]) != 0) &&
            !vec_push(ret, a->edges.at[i]))
            return false;
    }
    if (ret->len > 1)
        sort_r(ret->at, ret->len, sizeof(*ret->at), by_place, (void *)(uintptr_t)a->v);
    return true;
}

/* ---- what is affected ---- */

/* Who depends on these nodes and on what the edges start at. */
static int reach(const struct view *v, const struct ids *nodes,
                 const struct difference_edges *edges, struct reach *ret, struct err *err)
{
    const struct reach_options o = {
        .in = true, .expansions = true, .kinds = EDGE_BLAST, .max_nodes = DIFFERENCE_AFFECTED};
    struct ids starts = {0};
    bool ok = vec_reserve(&starts, (size_t)nodes->len + edges->len);
    for (uint32_t i = 0; ok && i < nodes->len; i++)
        (void)vec_push(&starts, nodes->at[i]);
    for (uint32_t i = 0; ok && i < edges->len; i++)
        (void)vec_push(&starts, edges->at[i].from);
    int rc = ok ? query_reach(v, starts.at, starts.len, &o, ret, err)
                : err_set(err, PT_ENOMEM, "no memory to compare graphs");
    vec_release(&starts);
    return rc;
}

/* Those that were met, as nodes of the new view, each once. */
static bool add_affected(struct difference *d, const struct view *from, const struct view *after,
                         const struct reach *r, bool *seen)
{
    for (uint32_t i = 0; i < r->nodes.len; i++) {
        uint32_t id = r->nodes.at[i].node;
        if (from != after)
            id = view_find_sig(after, view_sig(from, id));
        if (id == NODE_NONE || seen[id])
            continue;
        seen[id] = true;
        if (!vec_push(&d->affected, id))
            return false;
    }
    d->affected_cut |= r->truncated;
    return true;
}

static int find_affected(struct difference *d, const struct view *before, const struct view *after,
                         struct err *err)
{
    bool *seen = mem_calloc((size_t)view_node_limit(after) + 1, sizeof(*seen));
    struct reach r;
    reach_init(&r);
    bool ok = seen != NULL;
    for (uint32_t i = 0; ok && i < d->came.len; i++)
        seen[d->came.at[i]] = true;
    int rc = ok ? reach(after, &d->came, &d->edges_came, &r, err) : PT_ENOMEM;
    if (rc == PT_OK)
        ok = add_affected(d, after, after, &r, seen);
    if (rc == PT_OK && ok)
        rc = reach(before, &d->went, &d->edges_went, &r, err);
    if (rc == PT_OK && ok)
        ok = add_affected(d, before, after, &r, seen);
    reach_release(&r);
    mem_free(seen);
    return rc == PT_OK && !ok ? PT_ENOMEM : rc;
}

/* ---- all ---- */

static void half_release(struct half *h)
{
    vec_release(&h->nodes);
    vec_release(&h->edges);
}

int query_difference(const struct view *before, const struct view *after, const char *const *paths,
                     uint32_t n, struct difference *ret, struct err *err)
{
    struct half old = {.v = before}, new = {.v = after};
    difference_release(ret);
    bool ok = gather(&old, paths, n) && gather(&new, paths, n) &&
              only_nodes(&new, &old, &ret->came) && only_nodes(&old, &new, &ret->went) &&
              only_edges(&new, &old, &ret->edges_came) && only_edges(&old, &new, &ret->edges_went);
    half_release(&old);
    half_release(&new);
    int rc = ok ? find_affected(ret, before, after, err) : PT_ENOMEM;
    if (rc == PT_OK)
        return rc;
    difference_release(ret);
    return err_set(err, PT_ENOMEM, "no memory to compare graphs");
}

void difference_release(struct difference *d)
{
    vec_release(&d->came);
    vec_release(&d->went);
    vec_release(&d->edges_came);
    vec_release(&d->edges_went);
    vec_release(&d->affected);
    d->affected_cut = false;
}
