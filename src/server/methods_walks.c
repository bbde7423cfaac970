/* Walks over the whole graph: blast radius, cycles, paths. */
#include "server/methods.h"

#include "query/cycles.h"
#include "query/traverse.h"
#include "server/walk.h"

#include <string.h>

int run_blast_radius(struct call *c, struct answer *a, struct err *err)
{
    const char *direction = call_arg(c, "direction");
    bool down = direction != NULL && strcmp(direction, "down") == 0;
    struct walk w = {.title = down ? "that" : "affected by a change of",
                     .after = down ? "depends on" : NULL,
                     .one = "node",
                     .many = "nodes",
                     .in = !down,
                     .paths = true};
    int rc = call_uint(c, "depth", 0, &w.depth, err);
    if (rc == PT_OK)
        rc = call_edge_kinds(c, "kinds", EDGE_BLAST, &w.kinds, err);
    return rc == PT_OK ? walk_run(c, a, &w, err) : rc;
}

/* ---- cycles ---- */

static const char *const level_names[] = {
    [CYCLES_FUNCTION] = "function",
    [CYCLES_TYPE] = "type",
    [CYCLES_FILE] = "file",
    [CYCLES_MODULE] = "module",
};

#define MEMBERS_SHOWN 50u

static void add_step(struct call *c, struct answer *a, struct value *steps,
                     const struct cycle_step *s, uint32_t next, bool same)
{
    struct value *row = answer_object(a, steps, NULL);
    struct sites sites = {0};
    (void)value_show(answer_cstr(a, row, "from", ROLE_NAME, node_text(c, a, s->node)), SHOW_JSON);
    (void)value_show(answer_cstr(a, row, "to", ROLE_NAME, node_text(c, a, next)), SHOW_JSON);
    (void)value_show(answer_printf(a, row, "step", ROLE_NAME, "-> %s", node_text(c, a, next)),
                     SHOW_TEXT);
    (void)answer_cstr(a, row, "edge", ROLE_KIND, edge_kind_name((enum edge_kind)s->kind));
    sites_gather(c, s->from, s->to, s->kind, false, &sites);
    row_sites(c, a, row, &sites);
    if (same)
        return;
    (void)value_show(answer_cstr(a, row, "from_node", ROLE_PLAIN, node_text(c, a, s->from)),
                     SHOW_JSON);
    (void)value_show(answer_cstr(a, row, "to_node", ROLE_PLAIN, node_text(c, a, s->to)), SHOW_JSON);
    (void)value_show(answer_printf(a, row, "by", ROLE_SIGNATURE, "%s -> %s",
                                   local_name(c, a, s->from), local_name(c, a, s->to)),
                     SHOW_TEXT);
}

static void fill_cycle(struct call *c, struct answer *a, struct value *row,
                       const struct cycles *all, const struct cycle *cycle, enum cycle_level level)
{
    const struct cycle_step *steps = all->steps.at + cycle->first_step;
    (void)value_show(answer_uint(a, row, "size", cycle->size), SHOW_JSON);
    struct value *members = value_show(answer_array(a, row, "members"), SHOW_JSON);
    for (uint32_t i = 0; i < cycle->n_members && i < MEMBERS_SHOWN; i++)
        (void)answer_cstr(a, members, NULL, ROLE_NAME,
                          node_text(c, a, all->members.at[cycle->first_member + i]));
    if (cycle->n_steps == 0)
        return;
    const char *more = cycle->size > cycle->n_steps ? "; a shortest cycle:" : "";
    char size[COUNT_TEXT];
    (void)value_show(answer_printf(a, row, "heading", ROLE_HEADING, "%s %s%s%s",
                                   count_text(cycle->size, size), level_names[level],
                                   cycle->size == 1 ? "" : "s", more),
                     SHOW_TEXT);
    (void)value_show(
        answer_printf(a, row, "start", ROLE_NAME, "   %s", node_text(c, a, steps[0].node)),
        SHOW_TEXT);
    struct value *list = answer_array(a, row, "cycle");
    for (uint32_t i = 0; i < cycle->n_steps; i++) {
        uint32_t next = steps[(i + 1) % cycle->n_steps].node;
        add_step(c, a, list, &steps[i], next, steps[i].from == steps[i].node);
    }
}

static enum cycle_level level_of(const char *name)
{
    for (unsigned i = 0; i < PT_COUNT(level_names); i++) {
        if (name != NULL && strcmp(level_names[i], name) == 0)
            return (enum cycle_level)i;
    }
    return CYCLES_MODULE;
}

static int list_cycles(struct call *c, struct answer *a, const struct cycles *cycles,
                       enum cycle_level level, struct err *err)
{
    struct lister l;
    char total[COUNT_TEXT];
    struct value *rows = value_layout(answer_array(a, a->root, "cycles"), LAYOUT_SECTIONS);
    int rc = lister_begin(&l, c, a, rows, DEFAULT_LIMIT, err);
    if (rc != PT_OK)
        return rc;
    for (uint32_t i = 0; i < cycles->list.len; i++) {
        struct value *row = lister_row(&l);
        if (row != NULL)
            fill_cycle(c, a, row, cycles, &cycles->list.at[i], level);
    }
    lister_end(&l);
    if (l.total == 0)
        answer_title(a, "No cycles between %ss", level_names[level]);
    else
        answer_title(a, "%s cycle%s between %ss", count_text(l.total, total),
                     l.total == 1 ? "" : "s", level_names[level]);
    return PT_OK;
}

int run_find_cycles(struct call *c, struct answer *a, struct err *err)
{
    enum cycle_level level = level_of(call_arg(c, "level"));
    struct cycles cycles = {0};
    int rc = query_cycles(c->view, level, call_flag(c, "self-loops"), call_flag(c, "no-tests"),
                          &cycles, err);
    if (rc != PT_OK)
        return rc;
    (void)value_show(answer_cstr(a, a->root, "level", ROLE_PLAIN, level_names[level]), SHOW_JSON);
    rc = list_cycles(c, a, &cycles, level, err);
    cycles_release(&cycles);
    return rc;
}

/* ---- path ---- */

/* `before`: where the step starts; NULL: the path starts here. */
static void path_step(struct call *c, struct answer *a, struct value *steps,
                      const struct reached *before, const struct reached *r)
{
    struct value *row = answer_object(a, steps, NULL);
    struct sites sites = {0};
    bool candidates = call_flag(c, "candidates");
    const char *name = node_text(c, a, r->node), *arrow = before != NULL ? "-> " : "   ";
    (void)value_show(answer_printf(a, row, "step", ROLE_NAME, "%s%s", arrow, name), SHOW_TEXT);
    (void)value_show(answer_cstr(a, row, "kind", ROLE_KIND,
                                 node_kind_name((enum node_kind)view_kind(c->view, r->node))),
                     SHOW_JSON);
    (void)value_show(answer_cstr(a, row, "name", ROLE_NAME, name), SHOW_JSON);
    (void)value_show(row_place(c, a, row, "at", r->node), SHOW_JSON);
    if (before == NULL)
        return;
    (void)answer_cstr(a, row, "edge", ROLE_KIND, edge_kind_name((enum edge_kind)r->kind));
    (void)value_show(answer_cstr(a, row, "layer", ROLE_KIND, layer_name((enum layer)r->layer)),
                     candidates ? SHOW_BOTH : SHOW_JSON);
    if (r->edge)
        sites_gather(c, before->node, r->node, r->kind, candidates, &sites);
    row_sites(c, a, row, &sites);
}

static void path_answer(struct call *c, struct answer *a, const struct reach *reach,
                        const uint32_t ends[2])
{
    const char *from = node_text(c, a, ends[0]), *to = node_text(c, a, ends[1]);
    (void)value_show(answer_bool(a, a->root, "found", reach->nodes.len > 0), SHOW_JSON);
    if (reach->nodes.len == 0) {
        answer_title(a, "No path from %s to %s", from, to);
        if (!call_flag(c, "candidates"))
            answer_hint(a, "--candidates also follows edges to one of several possible targets");
        return;
    }
    uint32_t length = reach->nodes.len - 1;
    answer_title(a, "%u step%s from %s to %s", length, length == 1 ? "" : "s", from, to);
    (void)value_show(answer_uint(a, a->root, "length", length), SHOW_JSON);
    struct value *steps = value_label(answer_array(a, a->root, "steps"), "");
    for (uint32_t i = 0; i < reach->nodes.len; i++)
        path_step(c, a, steps, i > 0 ? &reach->nodes.at[i - 1] : NULL, &reach->nodes.at[i]);
}

int run_path(struct call *c, struct answer *a, struct err *err)
{
    struct reach_options o = {.no_tests = call_flag(c, "no-tests"),
                              .candidates = call_flag(c, "candidates"),
                              .from_members = true};
    struct reach reach;
    uint32_t ends[2];
    int rc = call_edge_kinds(c, "kinds", EDGE_BLAST | EDGE_BIT(EDGE_IMPORTS), &o.kinds, err);
    if (rc == PT_OK)
        rc = call_node(c, a, "a", 0, &ends[0], err);
    if (rc == PT_OK)
        rc = call_node(c, a, "b", 0, &ends[1], err);
    if (rc != PT_OK)
        return rc;
    reach_init(&reach);
    rc = query_path(c->view, ends[0], ends[1], &o, &reach, err);
    if (rc == PT_OK)
        path_answer(c, a, &reach, ends);
    if (rc == PT_OK && reach.nodes.len == 0) {
        rc = query_path(c->view, ends[1], ends[0], &o, &reach, err);
        if (rc == PT_OK && reach.nodes.len > 0)
            answer_hint(a, "There is one the other way, from %s to %s", node_text(c, a, ends[1]),
                        node_text(c, a, ends[0]));
    }
    reach_release(&reach);
    return rc;
}
