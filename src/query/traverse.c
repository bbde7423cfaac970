#include "query/traverse.h"

#include "base/mem.h"
#include "base/stop.h"
#include "query/level.h"
#include "query/owner.h"

#include <string.h>

/* So many nodes ahead of where a walk is, lists are fetched. */
#define AHEAD 8u

void reach_init(struct reach *r)
{
    *r = (struct reach){0};
}

void reach_release(struct reach *r)
{
    vec_release(&r->nodes);
    vec_release(&r->keys);
    vec_release(&r->runs);
    vec_release(&r->back);
    vec_release(&r->spare);
    marks_release(&r->marks);
    *r = (struct reach){0};
}

static int no_memory(struct reach *r, struct err *err)
{
    vec_clear(&r->nodes);
    r->truncated = false;
    return err_set(err, PT_ENOMEM, "no memory to walk the graph");
}

/* Empties the result, and forgets all marks. */
static bool begin(struct reach *r, const struct view *v)
{
    vec_clear(&r->nodes);
    vec_clear(&r->back);
    r->truncated = false;
    return marks_begin(&r->marks, view_node_limit(v));
}

/* Which of the two searches: that from the starts, or that from the far end of a path. */
struct side {
    struct reach *r;
    struct reached_list *list; /* nodes or back */
    enum mark mark;
    bool back;
};

static struct side front_of(struct reach *r)
{
    return (struct side){r, &r->nodes, MARK_FRONT, false};
}

static struct side back_of(struct reach *r)
{
    return (struct side){r, &r->back, MARK_BACK, true};
}

static bool side_push(const struct side *s, struct reached item)
{
    if (!marks_room(&s->r->marks, 1))
        return false;
    marks_put(&s->r->marks, item.node, s->mark);
    return vec_push(s->list, item);
}

static uint32_t count(const struct reach *r)
{
    return r->nodes.len + r->back.len;
}

/* Of more nodes than there may be, the last go. */
static void cut(const struct side *s, const struct reach_options *o)
{
    while (o->max_nodes != 0 && count(s->r) > o->max_nodes) {
        marks_put(&s->r->marks, vec_pop(s->list).node, MARK_NONE);
        s->r->truncated = true;
    }
}

static bool is_marked(const struct reach *r, uint32_t node)
{
    return marks_get(&r->marks, node) != MARK_NONE; /* by either side */
}

static bool may_step(const struct view *v, const struct reach_options *o, const struct edge *e)
{
    return (e->layer != LAYER_CANDIDATE || o->candidates) &&
           !(o->no_tests && (view_flags(v, e->node) & FLAG_TEST));
}

/* ---- starts and their members ---- */

static bool has_members(uint8_t kind)
{
    return node_kind_is_type(kind) || node_kind_is_container(kind) || kind == NODE_IMPL;
}

/* What is in the node at an index. */
static bool push_contents(const struct side *s, const struct view *v, const struct reach_options *o,
                          uint32_t i)
{
    uint32_t first = s->list->len;
    struct edge_iter it;
    struct edge e;

    view_edges(v, s->list->at[i].node, false, EDGE_MEMBERS, &it);
    while (view_next(&it, &e)) {
        if (!is_marked(s->r, e.node) && may_step(v, o, &e) &&
            !side_push(s, (struct reached){e.node, 0, i, e.kind, e.layer, true}))
            return false;
    }
    return level_sort(v, s->r, s->list, first);
}

/* The parts of a type that no edge leads to. */
static bool push_parts(const struct side *s, const struct view *v, const struct reach_options *o,
                       uint32_t i)
{
    struct ids parts = {0};
    uint32_t type = s->list->at[i].node;
    bool ok = owner_impls(v, type, &parts) && owner_aliases(v, type, &parts);

    for (uint32_t k = 0; ok && k < parts.len; k++) {
        uint32_t id = parts.at[k];
        if (!is_marked(s->r, id) && !(o->no_tests && (view_flags(v, id) & FLAG_TEST)))
            ok = side_push(s, (struct reached){id, 0, i, EDGE_DEFINES, LAYER_EXACT, false});
    }
    vec_release(&parts);
    return ok;
}

/* All that is in the nodes that are there. */
static bool push_members(const struct side *s, const struct view *v, const struct reach_options *o)
{
    for (uint32_t i = 0; i < s->list->len && !s->r->truncated; i++) {
        uint8_t kind = view_kind(v, s->list->at[i].node);
        if (s->list->at[i].via == i && !has_members(kind))
            continue;
        if (!push_contents(s, v, o, i) || (node_kind_is_type(kind) && !push_parts(s, v, o, i)))
            return false;
        cut(s, o);
    }
    return true;
}

static bool push_starts(const struct side *s, const struct view *v, const struct reach_options *o,
                        const uint32_t *starts, uint32_t n)
{
    for (uint32_t i = 0; i < n && !s->r->truncated; i++) {
        if (is_marked(s->r, starts[i]))
            continue;
        if (!side_push(s, (struct reached){.node = starts[i], .via = s->list->len}))
            return false;
        cut(s, o);
    }
    return !o->from_members || push_members(s, v, o);
}

/* ---- reach ---- */

_Static_assert(EDGE_KIND_COUNT << 2 <= 64, "a set of attributes is one number");

/* The attributes (edge_attr) of edges to follow, as a set of 1 << attr. */
static uint64_t attrs_of(uint32_t kinds, bool candidates)
{
    uint64_t layers = (1u << (candidates ? LAYER_COUNT : LAYER_CANDIDATE)) - 1, ret = 0;

    for (unsigned kind = 0; kind < EDGE_KIND_COUNT; kind++) {
        if (kinds >> kind & 1)
            ret |= layers << edge_attr(kind, 0);
    }
    return ret;
}

/* One step from the node at index `via`. What the loop looks at for each edge is kept in locals:
 * stores into the result might change it for all that the compiler knows. */
static inline bool walk_span(const struct view *v, const struct lists *lists,
                             const struct list_span *span, uint64_t attrs, bool no_tests,
                             uint32_t via, struct reach *r)
{
    const uint32_t distance = r->nodes.at[via].distance + 1;
    uint32_t len = r->nodes.len;

    if (!vec_reserve(&r->nodes, (uint64_t)len + span->n) || !marks_room(&r->marks, span->n))
        return false;
    struct marks marks = r->marks;
    struct reached *nodes = r->nodes.at;
    for (uint32_t i = 0; i < span->n; i++) {
        uint32_t node = span->targets[i];
        uint8_t attr = span->attrs[i];
        if (marks_get(&marks, node) != MARK_NONE || !(attrs >> attr & 1) ||
            (no_tests && (view_flags(v, node) & FLAG_TEST)))
            continue;
        marks_put(&marks, node, MARK_FRONT);
        list_prefetch_entry(lists, node);
        nodes[len++] = (struct reached){
            node, distance, via, edge_attr_kind(attr), edge_attr_layer(attr), true};
    }
    r->marks = marks;
    r->nodes.len = len;
    return true;
}

/* The nodes at one distance from the starts: first ... end - 1. */
struct level {
    uint32_t first, end, depth;
    bool last;        /* those that it leads to are not walked from */
    uint32_t fetched; /* lists of nodes before this one are */
};

/* Fetches the lists of the nodes behind index i, across the end of the level, so that the next one
 * need not begin with a wait. Returns up to where. */
static inline uint32_t fetch_ahead(const struct lists *lists, const struct level *l, uint32_t i,
                                   uint32_t fetched, const struct reach *r)
{
    uint32_t stop = l->last ? l->end : r->nodes.len;

    if (stop > i + AHEAD)
        stop = i + AHEAD;
    for (; fetched < stop; fetched++)
        list_prefetch(lists, r->nodes.at[fetched].node);
    return fetched;
}

/* Walks one step on from the nodes of a level. */
static bool walk_level(const struct view *v, const struct reach_options *o, struct level *l,
                       struct reach *r)
{
    const struct lists *lists = o->in ? &v->g->in : &v->g->out;
    const bool expansions = o->expansions && o->in;
    const uint64_t followed = attrs_of(o->kinds, o->candidates);
    const uint64_t expanded = attrs_of(o->kinds | EDGE_BIT(EDGE_USES), o->candidates);

    uint32_t fetched = l->fetched;

    for (uint32_t i = l->first; i < l->end; i++) {
        uint32_t node = r->nodes.at[i].node;
        struct list_walk w;
        if (stop_asked_at(i))
            return false;
        fetched = fetch_ahead(lists, l, i, fetched, r);
        if (!list_begin(lists, v->generation, node, &w))
            continue;
        bool expand = expansions && view_kind(v, node) == NODE_MACRO;
        do {
            if (!walk_span(v, lists, &w.span, expand ? expanded : followed, o->no_tests, i, r))
                return false;
        } while (list_more(&w));
    }
    l->fetched = fetched;
    return true;
}

int query_reach(const struct view *v, const uint32_t *starts, uint32_t n_starts,
                const struct reach_options *options, struct reach *ret, struct err *err)
{
    if (!begin(ret, v))
        return no_memory(ret, err);
    struct side side = front_of(ret);
    if (!push_starts(&side, v, options, starts, n_starts))
        return no_memory(ret, err);
    struct level l = {.end = ret->nodes.len};
    for (; l.first < l.end && !ret->truncated; l.depth++) {
        if (options->max_depth != 0 && l.depth == options->max_depth)
            break;
        l.last = l.depth + 1 == options->max_depth;
        if (!walk_level(v, options, &l, ret) ||
            (!options->unsorted && !level_sort(v, ret, &ret->nodes, l.end)))
            return no_memory(ret, err);
        cut(&side, options);
        l.first = l.end;
        l.end = ret->nodes.len;
    }
    return 0;
}

/* ---- paths ---- */

/* Where the two searches met: the edge from nodes[front] to back[back]. */
struct meeting {
    uint32_t front, back;
    uint8_t kind, layer;
    bool found;
};

static uint32_t index_of(const struct side *s, uint32_t node)
{
    uint32_t i = s->list->len;

    while (i-- > 0 && s->list->at[i].node != node)
        ;
    return i;
}

/* Walks `from` one step on from its node at index i. Of edges that meet `other`, the first in the
 * order of kinds and of the nodes there is returned; *ret is as it was if none does. */
static bool step_towards(const struct view *v, const struct reach_options *o,
                         const struct side *from, const struct side *other, uint32_t i,
                         struct edge *ret)
{
    uint32_t distance = from->list->at[i].distance + 1;
    const bool in = o->in != from->back;
    struct edge_iter it;
    struct edge e;

    view_edges(v, from->list->at[i].node, in, o->kinds, &it);
    while (view_next(&it, &e)) {
        enum mark mark = marks_get(&from->r->marks, e.node);
        if (mark == from->mark || (e.layer == LAYER_CANDIDATE && !o->candidates))
            continue;
        if (mark == other->mark) { /* the ends may be tests */
            if (ret->node == NODE_NONE ||
                (e.kind == ret->kind && view_before(v, e.node, ret->node)))
                *ret = e;
            continue;
        }
        if (!may_step(v, o, &e))
            continue;
        view_prefetch_entry(v, e.node, in);
        if (!side_push(from, (struct reached){e.node, distance, i, e.kind, e.layer, true}))
            return false;
    }
    return true;
}

/* Walks `from` one step on from its nodes first ... end - 1, until it meets `other`. */
static bool walk_towards(const struct view *v, const struct reach_options *o,
                         const struct side *from, const struct side *other, uint32_t first,
                         uint32_t end, struct meeting *ret)
{
    for (uint32_t i = first; i < end; i++) {
        struct edge e = {.node = NODE_NONE};
        if (stop_asked_at(i))
            return false;
        if (i + AHEAD < end)
            view_prefetch_edges(v, from->list->at[i + AHEAD].node, o->in != from->back);
        if (!step_towards(v, o, from, other, i, &e))
            return false;
        if (e.node != NODE_NONE) {
            uint32_t k = index_of(other, e.node);
            *ret = (struct meeting){from->back ? k : i, from->back ? i : k, e.kind, e.layer, true};
            return true;
        }
    }
    if (!level_sort(v, from->r, from->list, end))
        return false;
    cut(from, o);
    return true;
}

static bool search_path(const struct view *v, const struct reach_options *o,
                        const struct side *front, const struct side *back, struct meeting *ret)
{
    uint32_t first[2] = {0, 0};
    const struct side *sides[2] = {front, back};

    for (uint32_t depth = 0; !front->r->truncated && !ret->found; depth++) {
        uint32_t end[2] = {front->list->len, back->list->len};
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
    struct reached step = {
        .node = r->back.at[m->back].node, .kind = m->kind, .layer = m->layer, .edge = true};

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
    struct side front = front_of(ret), back = back_of(ret);
    if (!push_starts(&front, v, options, &a, 1))
        return no_memory(ret, err);
    if (marks_get(&ret->marks, b) == front.mark) { /* b is a, or in it */
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
