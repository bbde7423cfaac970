#include "server/walk.h"

#include "base/map.h"
#include "query/traverse.h"

#include <string.h>

#define QUICK_EDGES 2000u

struct walker {
    struct call *c;
    struct answer *a;
    const struct walk *w;
    uint32_t node;
    bool candidates;
    struct reach reach;
    struct map at; /* node -> its index in reach */
};

static int reach_all(struct walker *s, struct err *err)
{
    struct reach_options o = {.in = s->w->in,
                              .no_tests = call_flag(s->c, "no-tests"),
                              .candidates = s->candidates,
                              .kinds = s->w->kinds,
                              .expansions = s->w->expansions,
                              .max_depth = s->w->depth,
                              .from_members = !s->w->own};
    int rc = query_reach(s->c->view, &s->node, 1, &o, &s->reach, err);
    if (rc != PT_OK)
        return rc;
    if (!map_reserve(&s->at, s->reach.nodes.len))
        return err_set(err, PT_ENOMEM, "out of memory for the walk");
    for (uint32_t i = 0; i < s->reach.nodes.len; i++)
        (void)map_put(&s->at, s->reach.nodes.at[i].node, i, NULL);
    return PT_OK;
}

/* Kinds of edges that are followed from a node to what stands behind it. */
static uint32_t kinds_to(const struct walker *s, uint32_t node)
{
    bool expanded = s->w->expansions && view_kind(s->c->view, node) == NODE_MACRO;
    return s->w->kinds | (expanded ? EDGE_BIT(EDGE_USES) : 0);
}

/* Nodes that are related to the starts, but only as one of several candidates. */
static uint32_t count_left_out(struct walker *s)
{
    struct map seen = {0};
    const struct view *v = s->c->view;
    uint32_t n = 0;
    for (uint32_t i = 0; i < s->reach.nodes.len && s->reach.nodes.at[i].distance == 0; i++) {
        struct edge_iter it;
        struct edge e;
        uint32_t node = s->reach.nodes.at[i].node;
        view_edges(v, node, s->w->in, kinds_to(s, node), &it);
        while (view_next(&it, &e)) {
            bool is_new = false;
            if (e.layer != LAYER_CANDIDATE || map_get(&s->at, e.node) != NULL)
                continue;
            if (map_put(&seen, e.node, 0, &is_new) == NULL)
                s->a->failed = true;
            n += is_new;
        }
    }
    map_release(&seen);
    return n;
}

/* Totals by distance, with the headings of the groups. */
static struct value *add_totals(struct walker *s)
{
    struct answer *a = s->a;
    struct value *list = value_show(answer_array(a, a->root, "by_distance"), SHOW_JSON);
    uint32_t from = 0;
    char total[COUNT_TEXT];
    while (from < s->reach.nodes.len) {
        uint32_t distance = s->reach.nodes.at[from].distance, to = from;
        while (to < s->reach.nodes.len && s->reach.nodes.at[to].distance == distance)
            to++;
        if (distance > 0) {
            struct value *row = answer_object(a, list, NULL);
            (void)answer_uint(a, row, "distance", distance);
            (void)answer_uint(a, row, "total", to - from);
            (void)value_show(answer_printf(a, row, "heading", ROLE_HEADING, "Distance %u: %s %s",
                                           distance, count_text(to - from, total),
                                           to - from == 1 ? s->w->one : s->w->many),
                             SHOW_TEXT);
        }
        from = to;
    }
    return list;
}

/* The edges by which a node was reached: all that lead one step nearer to the start. */
struct arrival {
    enum layer layer; /* the surest */
    uint32_t kinds;   /* set of EDGE_BIT */
    struct sites sites;
};

static void arrive(struct walker *s, const struct reached *r, struct arrival *ret)
{
    struct edge_iter it;
    struct edge e;
    view_edges(s->c->view, r->node, !s->w->in,
               s->w->kinds | (s->w->expansions ? EDGE_BIT(EDGE_USES) : 0), &it);
    while (view_next(&it, &e)) {
        const uint32_t *at = map_get(&s->at, e.node);
        if (at == NULL || !(kinds_to(s, e.node) & EDGE_BIT(e.kind)) ||
            s->reach.nodes.at[*at].distance + 1 != r->distance ||
            (e.layer == LAYER_CANDIDATE && !s->candidates))
            continue;
        if (e.layer < ret->layer)
            ret->layer = (enum layer)e.layer;
        ret->kinds |= EDGE_BIT(e.kind);
        if (s->w->in)
            sites_gather(s->c, r->node, e.node, e.kind, s->candidates, &ret->sites);
        else
            sites_gather(s->c, e.node, r->node, e.kind, s->candidates, &ret->sites);
    }
}

static void add_kinds(struct walker *s, struct value *row, uint32_t kinds)
{
    struct buf names = {0};
    for (unsigned k = 0; k < EDGE_KIND_COUNT; k++) {
        if (!(kinds >> k & 1))
            continue;
        buf_str(&names, names.n > 0 ? "," : "");
        buf_str(&names, edge_kind_name((enum edge_kind)k));
    }
    (void)answer_cstr(s->a, row, "edge", ROLE_PLAIN, buf_cstr(&names));
    s->a->failed |= names.failed;
    buf_release(&names);
}

/* From the node back to where it was reached from. Along the edges: first the user, last the
 * used. */
static void add_path(struct walker *s, struct value *row, uint32_t index)
{
    const struct reached *all = s->reach.nodes.at;
    struct value *path = value_show(answer_array(s->a, row, "path"), SHOW_JSON);
    for (uint32_t i = index;; i = all[i].via) {
        (void)answer_cstr(s->a, path, NULL, ROLE_NAME, node_text(s->c, s->a, all[i].node));
        if (all[i].via == i)
            break;
    }
}

static void fill(struct walker *s, struct value *row, uint32_t index)
{
    const struct reached *r = &s->reach.nodes.at[index];
    const struct reached *via = &s->reach.nodes.at[r->via];
    struct arrival how = {.layer = (enum layer)r->layer, .kinds = EDGE_BIT(r->kind)};

    arrive(s, r, &how);
    row_node(s->c, s->a, row, r->node);
    struct value *at = value_show(row_place(s->c, s->a, row, "at", r->node), SHOW_JSON);
    if (s->w->depth != 1)
        (void)value_show(answer_uint(s->a, row, "distance", r->distance), SHOW_JSON);
    if (s->w->kinds & (s->w->kinds - 1))
        add_kinds(s, row, how.kinds);
    (void)value_show(answer_cstr(s->a, row, "layer", ROLE_KIND, layer_name(how.layer)),
                     s->candidates ? SHOW_BOTH : SHOW_JSON);
    row_sites(s->c, s->a, row, &how.sites);
    if (how.sites.total == 0) /* then its own place serves */
        (void)value_show(at, SHOW_BOTH);
    if (via->node != s->node) {
        (void)value_show(answer_cstr(s->a, row, "via", ROLE_NAME, node_text(s->c, s->a, via->node)),
                         SHOW_JSON);
        (void)value_show(answer_printf(s->a, row, "through", ROLE_SIGNATURE, "via %s",
                                       local_name(s->c, s->a, via->node)),
                         SHOW_TEXT);
    }
    if (s->w->paths)
        add_path(s, row, index);
    row_signature(s->c, s->a, row, r->node);
}

static int list(struct walker *s, struct value *groups, struct err *err)
{
    struct lister l;
    char total[COUNT_TEXT];
    struct value *rows = answer_array(s->a, s->a->root, "nodes");
    if (groups != NULL && rows != NULL) {
        rows->layout = LAYOUT_GROUPED;
        rows->items.group = "distance";
        rows->items.groups = groups;
    }
    int rc = lister_begin(&l, s->c, s->a, rows, DEFAULT_LIMIT, err);
    if (rc != PT_OK)
        return rc;
    for (uint32_t i = 0; i < s->reach.nodes.len; i++) {
        if (s->reach.nodes.at[i].distance == 0)
            continue;
        struct value *row = lister_row(&l);
        if (row != NULL)
            fill(s, row, i);
    }
    lister_end(&l);
    answer_title(s->a, "%s %s %s %s%s%s", count_text(l.total, total),
                 l.total == 1 ? s->w->one : s->w->many, s->w->title, node_text(s->c, s->a, s->node),
                 s->w->after != NULL ? " " : "", s->w->after != NULL ? s->w->after : "");
    return PT_OK;
}

/* Who is in a hurry gets the neighbours of a node that has a few, and no others. */
static int check_hurry(const struct walker *s, struct err *err)
{
    struct edge_iter it;
    struct edge e;
    uint32_t n = 0;
    if (!s->c->hurried)
        return PT_OK;
    if (node_kind_is_container((enum node_kind)view_kind(s->c->view, s->node)))
        return call_hurried(s->c, err);
    view_edges(s->c->view, s->node, s->w->in, EDGE_ALL, &it);
    while (n <= QUICK_EDGES && view_next(&it, &e))
        n++;
    return n > QUICK_EDGES ? call_hurried(s->c, err) : PT_OK;
}

static int answer_walk(struct walker *s, struct err *err)
{
    int rc = check_hurry(s, err);
    if (rc == PT_OK)
        rc = reach_all(s, err);
    if (rc != PT_OK)
        return rc;
    answer_subject(s->c, s->a, "of", s->node);
    rc = list(s, s->w->depth != 1 ? add_totals(s) : NULL, err);
    if (rc != PT_OK || s->candidates)
        return rc;
    char count[COUNT_TEXT];
    uint32_t left_out = count_left_out(s);
    (void)value_show(answer_uint(s->a, s->a->root, "candidates_left_out", left_out), SHOW_JSON);
    if (left_out > 0)
        answer_hint(s->a, "%s more only as one of several possible targets: --candidates",
                    count_text(left_out, count));
    return PT_OK;
}

int walk_from(struct call *c, struct answer *a, const struct walk *w, uint32_t node,
              struct err *err)
{
    struct walker s = {
        .c = c, .a = a, .w = w, .node = node, .candidates = call_flag(c, "candidates")};
    reach_init(&s.reach);
    int rc = answer_walk(&s, err);
    reach_release(&s.reach);
    map_release(&s.at);
    return rc;
}

int walk_run(struct call *c, struct answer *a, const struct walk *w, struct err *err)
{
    uint32_t node = NODE_NONE;
    int rc = call_node(c, a, "x", w->prefer, &node, err);
    return rc == PT_OK ? walk_from(c, a, w, node, err) : rc;
}
