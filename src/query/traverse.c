#include "query/traverse.h"

#include "base/mem.h"
#include "query/owner.h"

#include <string.h>

#define EVIDENCE_NONE UINT32_MAX
/* So many numbers are sorted by insertion. */
#define FEW 24u

void reach_init(struct reach *r)
{
    *r = (struct reach){0};
}

void reach_release(struct reach *r)
{
    vec_release(&r->nodes);
    vec_release(&r->keys);
    vec_release(&r->back);
    vec_release(&r->spare);
    mem_free(r->mark);
    *r = (struct reach){0};
}

static int no_memory(struct reach *r, struct err *err)
{
    vec_clear(&r->nodes);
    r->truncated = false;
    return err_set(err, PT_ENOMEM, "no memory to walk the graph");
}

/* Empties the result, and forgets all marks by moving to epochs that no node carries. */
static bool begin(struct reach *r, const struct view *v)
{
    uint32_t n = view_node_count(v);

    vec_clear(&r->nodes);
    vec_clear(&r->back);
    r->truncated = false;
    if (n > r->n_mark) {
        uint32_t *mark = mem_reallocarray(r->mark, n, sizeof(*mark));
        if (mark == NULL)
            return false;
        memset(mark + r->n_mark, 0, (n - r->n_mark) * sizeof(*mark));
        r->mark = mark;
        r->n_mark = n;
    }
    if (r->epoch > UINT32_MAX - 4) {
        memset(r->mark, 0, r->n_mark * sizeof(*r->mark));
        r->epoch = 0;
    }
    r->epoch += 2;
    return true;
}

static bool is_full(struct reach *r, const struct reach_options *o)
{
    if (o->max_nodes == 0 || r->nodes.len + r->back.len < o->max_nodes)
        return false;
    r->truncated = true;
    return true;
}

static bool may_step(const struct view *v, const struct reach_options *o, const struct edge *e)
{
    return (e->layer != LAYER_CANDIDATE || o->candidates) &&
           !(o->no_tests && (view_flags(v, e->node) & FLAG_TEST));
}

/* ---- starts and their members ---- */

/* Which of the two searches: that from the starts, or that from the far end of a path. */
struct side {
    struct reach *r;
    uint32_t mark;
    bool back;
};

static uint32_t side_len(const struct side *s)
{
    return s->back ? s->r->back.len : s->r->nodes.len;
}

static struct reached *side_at(const struct side *s, uint32_t i)
{
    return s->back ? &s->r->back.at[i] : &s->r->nodes.at[i];
}

static bool side_push(const struct side *s, struct reached item)
{
    s->r->mark[item.node] = s->mark;
    return s->back ? vec_push(&s->r->back, item) : vec_push(&s->r->nodes, item);
}

static bool is_marked(const struct reach *r, uint32_t node)
{
    return r->mark[node] - r->epoch < 2; /* by either side */
}

static bool has_members(uint8_t kind)
{
    return node_kind_is_type(kind) || node_kind_is_container(kind) || kind == NODE_IMPL;
}

/* The parts of a type that no edge leads to. */
static bool push_parts(const struct side *s, const struct view *v, const struct reach_options *o,
                       uint32_t i)
{
    struct owner_ids parts = {0};
    uint32_t type = side_at(s, i)->node;
    bool ok = owner_impls(v, type, &parts) && owner_aliases(v, type, &parts);

    for (uint32_t k = 0; ok && k < parts.len; k++) {
        uint32_t id = parts.at[k];
        if (is_marked(s->r, id) || (o->no_tests && (view_flags(v, id) & FLAG_TEST)))
            continue;
        if (is_full(s->r, o))
            break;
        ok = side_push(s, (struct reached){id, 0, i, EVIDENCE_NONE, EDGE_DEFINES, LAYER_EXACT});
    }
    vec_release(&parts);
    return ok;
}

/* All that is in the nodes from index `first` on. */
static bool push_members(const struct side *s, const struct view *v, const struct reach_options *o,
                         uint32_t first)
{
    struct edge_iter it;
    struct edge e;

    for (uint32_t i = first; i < side_len(s) && !s->r->truncated; i++) {
        uint32_t node = side_at(s, i)->node;
        if (side_at(s, i)->via == i && !has_members(view_kind(v, node)))
            continue;
        view_edges(v, node, false, EDGE_MEMBERS, &it);
        while (view_next(&it, &e)) {
            if (is_marked(s->r, e.node) || !may_step(v, o, &e))
                continue;
            if (is_full(s->r, o))
                break;
            if (!side_push(s, (struct reached){e.node, 0, i, e.evidence, e.kind, e.layer}))
                return false;
        }
        if (node_kind_is_type(view_kind(v, node)) && !push_parts(s, v, o, i))
            return false;
    }
    return true;
}

static bool push_starts(const struct side *s, const struct view *v, const struct reach_options *o,
                        const uint32_t *starts, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (is_marked(s->r, starts[i]))
            continue;
        if (is_full(s->r, o))
            break;
        if (!side_push(s, (struct reached){
                              .node = starts[i], .via = side_len(s), .evidence = EVIDENCE_NONE}))
            return false;
    }
    return !o->from_members || push_members(s, v, o, 0);
}

/* ---- reach ---- */

static bool is_sorted(const struct reached *at, uint32_t n)
{
    for (uint32_t i = 1; i < n; i++) {
        if (at[i - 1].node > at[i].node)
            return false;
    }
    return true;
}

static void sort_few(uint64_t *keys, uint32_t n)
{
    for (uint32_t i = 1; i < n; i++) {
        uint64_t x = keys[i];
        uint32_t k = i;
        for (; k > 0 && keys[k - 1] > x; k--)
            keys[k] = keys[k - 1];
        keys[k] = x;
    }
}

/* By the upper halves, with the help of n more keys at `spare`; bytes that all share are skipped.
 * As sort_u64, but without memory of its own. Returns where the result is. */
static uint64_t *sort_many(uint64_t *keys, uint64_t *spare, uint32_t n)
{
    uint64_t different = 0;

    for (uint32_t i = 1; i < n; i++)
        different |= keys[0] ^ keys[i];
    for (unsigned shift = 32; shift < 64; shift += 8) {
        uint32_t start[256] = {0}, sum = 0;
        if ((different >> shift & 255) == 0)
            continue;
        for (uint32_t i = 0; i < n; i++)
            start[keys[i] >> shift & 255]++;
        for (unsigned b = 0; b < 256; b++) {
            uint32_t count = start[b];
            start[b] = sum;
            sum += count;
        }
        for (uint32_t i = 0; i < n; i++)
            spare[start[keys[i] >> shift & 255]++] = keys[i];
        uint64_t *swap = keys;
        keys = spare;
        spare = swap;
    }
    return keys;
}

/* Nothing refers to the nodes of a level by index before the next one is walked to. */
static bool sort_level(struct reach *r, uint32_t first)
{
    struct reached *at = r->nodes.at + first;
    uint32_t n = r->nodes.len - first;

    if (is_sorted(at, n))
        return true;
    vec_clear(&r->keys);
    vec_clear(&r->spare);
    if (!vec_grow(&r->keys, 2 * (uint64_t)n) || !vec_grow(&r->spare, n))
        return false;
    uint64_t *keys = r->keys.at;
    for (uint32_t i = 0; i < n; i++)
        keys[i] = (uint64_t)at[i].node << 32 | i;
    if (n <= FEW)
        sort_few(keys, n);
    else
        keys = sort_many(keys, keys + n, n);
    memcpy(r->spare.at, at, n * sizeof(*at));
    for (uint32_t i = 0; i < n; i++)
        at[i] = r->spare.at[(uint32_t)keys[i]];
    return true;
}

static uint32_t kinds_from(const struct view *v, const struct reach_options *o, uint32_t node)
{
    bool expanded = o->expansions && o->in && view_kind(v, node) == NODE_MACRO;
    return o->kinds | (expanded ? EDGE_BIT(EDGE_USES) : 0);
}

/* Walks one step on from the nodes first ... end - 1. What the loop looks at for each edge is kept
 * in locals: stores into the result might change it for all that the compiler knows. */
static bool walk_level(const struct view *v, const struct reach_options *o, uint32_t first,
                       uint32_t end, struct reach *r)
{
    const uint32_t epoch = r->epoch;
    const uint32_t max = o->max_nodes != 0 ? o->max_nodes : UINT32_MAX;
    const unsigned layers = o->candidates ? LAYER_COUNT : LAYER_CANDIDATE;
    const bool in = o->in, no_tests = o->no_tests;
    struct reached *nodes = r->nodes.at;
    uint32_t *mark = r->mark, len = r->nodes.len;
    struct edge_iter it;
    struct edge e;

    for (uint32_t i = first; i < end; i++) {
        uint32_t distance = nodes[i].distance + 1;
        view_edges(v, nodes[i].node, in, kinds_from(v, o, nodes[i].node), &it);
        while (view_next(&it, &e)) {
            if (mark[e.node] == epoch || e.layer >= layers ||
                (no_tests && (view_flags(v, e.node) & FLAG_TEST)))
                continue;
            if (len == max) {
                r->truncated = true;
                return true;
            }
            if (len == r->nodes.cap) {
                if (!vec_reserve(&r->nodes, (uint64_t)len + 1))
                    return false;
                nodes = r->nodes.at;
            }
            mark[e.node] = epoch;
            nodes[len++] = (struct reached){e.node, distance, i, e.evidence, e.kind, e.layer};
            r->nodes.len = len;
        }
    }
    return true;
}

int query_reach(const struct view *v, const uint32_t *starts, uint32_t n_starts,
                const struct reach_options *options, struct reach *ret, struct err *err)
{
    if (!begin(ret, v))
        return no_memory(ret, err);
    struct side side = {ret, ret->epoch, false};
    if (!push_starts(&side, v, options, starts, n_starts))
        return no_memory(ret, err);
    uint32_t first = 0, end = ret->nodes.len;
    for (uint32_t depth = 0; first < end && !ret->truncated; depth++) {
        if (options->max_depth != 0 && depth == options->max_depth)
            break;
        if (!walk_level(v, options, first, end, ret) ||
            (!options->unsorted && !sort_level(ret, end)))
            return no_memory(ret, err);
        first = end;
        end = ret->nodes.len;
    }
    return 0;
}

/* ---- paths ---- */

/* Where the two searches met: the edge from nodes[front] to back[back]. */
struct meeting {
    uint32_t front, back;
    uint32_t evidence;
    uint8_t kind, layer;
    bool found;
};

static uint32_t index_of(const struct side *s, uint32_t node)
{
    uint32_t i = side_len(s);

    while (i-- > 0 && side_at(s, i)->node != node)
        ;
    return i;
}

/* Walks `from` one step on from its nodes first ... end - 1, until it meets `other`. */
static bool walk_towards(const struct view *v, const struct reach_options *o,
                         const struct side *from, const struct side *other, uint32_t first,
                         uint32_t end, struct meeting *ret)
{
    struct edge_iter it;
    struct edge e;

    for (uint32_t i = first; i < end; i++) {
        uint32_t distance = side_at(from, i)->distance + 1;
        view_edges(v, side_at(from, i)->node, o->in != from->back, o->kinds, &it);
        while (view_next(&it, &e)) {
            uint32_t mark = from->r->mark[e.node];
            if (mark == from->mark || (e.layer == LAYER_CANDIDATE && !o->candidates))
                continue;
            if (mark == other->mark) { /* the ends may be tests */
                uint32_t k = index_of(other, e.node);
                *ret = (struct meeting){
                    from->back ? k : i, from->back ? i : k, e.evidence, e.kind, e.layer, true};
                return true;
            }
            if (!may_step(v, o, &e))
                continue;
            if (is_full(from->r, o))
                return true;
            if (!side_push(from,
                           (struct reached){e.node, distance, i, e.evidence, e.kind, e.layer}))
                return false;
        }
    }
    return true;
}

static bool search_path(const struct view *v, const struct reach_options *o,
                        const struct side *front, const struct side *back, struct meeting *ret)
{
    uint32_t first[2] = {0, 0};
    const struct side *sides[2] = {front, back};

    for (uint32_t depth = 0; !front->r->truncated && !ret->found; depth++) {
        uint32_t end[2] = {side_len(front), side_len(back)};
        uint32_t width[2] = {end[0] - first[0], end[1] - first[1]};
        unsigned s = width[1] < width[0];

        if (width[s] == 0 || (o->max_depth != 0 && depth == o->max_depth))
            break;
        if (!walk_towards(v, o, sides[s], sides[!s], first[s], end[s], ret))
            return false;
        first[s] = end[s];
    }
    return true;
}

/* Into `spare`: the chain of nodes that leads to index i. */
static bool chain_to(struct reach *r, uint32_t i)
{
    uint32_t n = 1;

    for (uint32_t k = i; r->nodes.at[k].via != k; k = r->nodes.at[k].via)
        n++;
    vec_clear(&r->spare);
    if (!vec_grow(&r->spare, n))
        return false;
    for (uint32_t k = i; n-- > 0; k = r->nodes.at[k].via)
        r->spare.at[n] = r->nodes.at[k];
    return true;
}

/* Of an entry of `back`, the edge leads on, from its node to the one it was reached from. */
static bool join(struct reach *r, const struct meeting *m)
{
    struct reached step = {.node = r->back.at[m->back].node,
                           .evidence = m->evidence,
                           .kind = m->kind,
                           .layer = m->layer};

    if (!chain_to(r, m->front) || !vec_push(&r->spare, step))
        return false;
    for (uint32_t i = m->back; r->back.at[i].distance > 0; i = r->back.at[i].via) {
        step = r->back.at[i];
        step.node = r->back.at[step.via].node;
        if (!vec_push(&r->spare, step))
            return false;
    }
    return true;
}

/* `spare` becomes the result. */
static bool take_path(struct reach *r)
{
    vec_clear(&r->nodes);
    if (!vec_reserve(&r->nodes, r->spare.len))
        return false;
    for (uint32_t i = 0; i < r->spare.len; i++) {
        struct reached step = r->spare.at[i];
        step.via = i > 0 ? i - 1 : 0;
        step.distance = i;
        (void)vec_push(&r->nodes, step);
    }
    return true;
}

int query_path(const struct view *v, uint32_t a, uint32_t b, const struct reach_options *options,
               struct reach *ret, struct err *err)
{
    struct meeting m = {0};

    if (!begin(ret, v))
        return no_memory(ret, err);
    struct side front = {ret, ret->epoch, false}, back = {ret, ret->epoch + 1, true};
    if (!push_starts(&front, v, options, &a, 1))
        return no_memory(ret, err);
    if (ret->mark[b] == front.mark) { /* b is a, or in it */
        if (!chain_to(ret, index_of(&front, b)) || !take_path(ret))
            return no_memory(ret, err);
        return 0;
    }
    if (!push_starts(&back, v, options, &b, 1) || !search_path(v, options, &front, &back, &m) ||
        (m.found && (!join(ret, &m) || !take_path(ret))))
        return no_memory(ret, err);
    if (!m.found)
        vec_clear(&ret->nodes);
    return 0;
}
