#include "graph/delta.h"

#include <stdlib.h>
#include <string.h>

void delta_init(struct delta *d)
{
    *d = (struct delta){0};
    arena_init(&d->arena);
}

void delta_release(struct delta *d)
{
    for (uint32_t i = 0; i < d->more.len; i++)
        arena_release(&d->more.at[i]);
    vec_release(&d->more);
    vec_release(&d->units);
    arena_release(&d->arena);
    d->replace_all = false;
}

/* ---- the order of edges ---- */

static int cmp_edges(const struct unit_edge *a, const struct unit_edge *b)
{
    if (a->from != b->from)
        return a->from < b->from ? -1 : 1;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->to != b->to)
        return a->to < b->to ? -1 : 1;
    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    return a->col < b->col ? -1 : a->col > b->col;
}

static int by_place(const void *x, const void *y)
{
    const struct unit_edge *a = x, *b = y;
    int c = cmp_edges(a, b);
    return c != 0 ? c : a->layer - b->layer;
}

uint32_t unit_edges_sort(struct unit_edge *edges, uint32_t n)
{
    uint32_t kept = 0;

    if (n > 1)
        qsort(edges, n, sizeof(*edges), by_place);
    for (uint32_t i = 0; i < n; i++) {
        if (kept == 0 || cmp_edges(&edges[kept - 1], &edges[i]) != 0)
            edges[kept++] = edges[i];
    }
    return kept;
}

/* ---- checks ---- */

static int bad_unit(struct err *err, const struct unit *u, const char *invariant, const char *what)
{
    return err_set(err, PT_EINVAL, "%s: unit %s: %s", invariant, u->path, what);
}

static int check_node(const struct unit *u, uint32_t i, struct err *err)
{
    const struct unit_node *n = &u->nodes[i];

    if (n->name == NULL || n->qualified == NULL || n->signature == NULL)
        return err_set(err, PT_EINVAL, "D2: unit %s: node %u lacks a name or signature", u->path,
                       i);
    if (n->kind >= NODE_KIND_COUNT)
        return err_set(err, PT_EINVAL, "D2: unit %s: node %u (%s) is of the unknown kind %u",
                       u->path, i, n->qualified, n->kind);
    if (i == 0 ? n->parent != 0 : n->parent >= i)
        return err_set(err, PT_EINVAL, "D2: unit %s: node %u (%s) has parent %u, no earlier node",
                       u->path, i, n->qualified, n->parent);
    return 0;
}

static int check_unit(const struct unit *u, struct err *err)
{
    int rc = 0;

    if (u->removed)
        return 0;
    if (u->lang == NULL)
        return bad_unit(err, u, "D2", "it has no language");
    if (u->n_nodes == 0 || u->nodes[0].kind != NODE_FILE)
        return bad_unit(err, u, "D2", "its first node is not a file");
    for (uint32_t i = 0; i < u->n_nodes && rc == 0; i++)
        rc = check_node(u, i, err);
    for (uint32_t i = 0; i < u->n_edges && rc == 0; i++) {
        const struct unit_edge *e = &u->edges[i];

        if (e->kind >= EDGE_KIND_COUNT || e->layer >= LAYER_COUNT)
            rc = err_set(err, PT_EINVAL, "D4: unit %s: edge %u is of unknown kind %u or layer %u",
                         u->path, i, e->kind, e->layer);
        else if (e->line > UNIT_LINE_MAX)
            rc = err_set(err, PT_EINVAL, "D5: unit %s: edge %u is in line %u, beyond %u", u->path,
                         i, e->line, UNIT_LINE_MAX);
        else if (i > 0 && cmp_edges(&e[-1], e) >= 0)
            rc = err_set(err, PT_EINVAL, "D5: unit %s: edge %u is there twice, or not in order",
                         u->path, i);
    }
    return rc;
}

int units_check(const struct unit *units, uint32_t n, const char *before, struct err *err)
{
    for (uint32_t i = 0; i < n; i++) {
        const struct unit *u = &units[i];

        if (u->path == NULL || u->path[0] == '\0')
            return err_set(err, PT_EINVAL, "D1: unit %u has no path", i);
        if (before != NULL && strcmp(before, u->path) >= 0)
            return bad_unit(err, u, "D1", "it is there twice, or not in order");

        int rc = check_unit(u, err);
        if (rc != 0)
            return rc;
        before = u->path;
    }
    return 0;
}

int delta_check(const struct delta *d, struct err *err)
{
    return units_check(d->units.at, d->units.len, NULL, err);
}

/* ---- as a source ---- */

static int source_begin(void *ctx, bool edges, struct err *err)
{
    struct delta_source *s = ctx;
    (void)err;
    s->at = 0;
    s->edges = edges;
    return PT_OK;
}

static int source_next(void *ctx, const struct unit **ret, uint32_t *ret_n, struct err *err)
{
    struct delta_source *s = ctx;
    vec_clear(&s->units);
    for (; s->at < s->delta->units.len && s->units.len < s->piece; s->at++) {
        struct unit u = s->delta->units.at[s->at];
        if (!s->edges)
            u.n_edges = 0;
        if (!u.removed && !vec_push(&s->units, u))
            return err_set(err, PT_ENOMEM, "out of memory for units");
    }
    *ret = s->units.at;
    *ret_n = s->units.len;
    return PT_OK;
}

struct unit_source delta_source(const struct delta *d, uint32_t piece, struct delta_source *state)
{
    *state = (struct delta_source){.delta = d, .piece = piece};
    return (struct unit_source){.ctx = state, .begin = source_begin, .next = source_next};
}

void delta_source_release(struct delta_source *state)
{
    vec_release(&state->units);
}
