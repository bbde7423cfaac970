/* The same tree by another way: a graph that has gone through many commits, and a random tree to
 * begin with. What is asked about both must be answered alike. */
#ifndef PT_TESTS_UNIT_QUERY_HISTORY_H
#define PT_TESTS_UNIT_QUERY_HISTORY_H

#include "support.h"

#include <stdlib.h>

struct history {
    struct arena arena;
    VEC(struct unit) units; /* the tree, by path */
    struct store *store;
    struct view view; /* pinned at the end */
    uint64_t rng;
};

/* How a version of a unit differs from the unit. */
struct history_how {
    unsigned drop; /* one of so many nodes is left out, with what is in it; 0: none */
    bool shuffled;
    enum { HISTORY_NO_EDGES, HISTORY_INNER_EDGES, HISTORY_ALL_EDGES } edges;
};

static inline void *history_alloc(struct history *h, uint32_t n, size_t size)
{
    void *p = arena_calloc(&h->arena, n + 1u, size);
    assert_non_null(p);
    return p;
}

static inline void history_shuffle(struct history *h, uint32_t *at, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        at[i] = i;
    for (uint32_t i = n; i > 1; i--) {
        uint32_t k = (uint32_t)rng_below(&h->rng, i), x = at[k];
        at[k] = at[i - 1];
        at[i - 1] = x;
    }
}

/* ---- other versions of a unit ---- */

/* Which of the nodes of a unit there are, and in what order: parents before their children. */
static inline uint32_t history_choose(struct history *h, const struct unit *u,
                                      struct history_how how, uint32_t *ret)
{
    uint32_t *order = history_alloc(h, u->n_nodes, sizeof(*order)), n = 1;
    bool *taken = history_alloc(h, u->n_nodes, sizeof(*taken));
    bool *dropped = history_alloc(h, u->n_nodes, sizeof(*dropped)), again = true;

    history_shuffle(h, order, u->n_nodes);
    for (uint32_t i = 0; i < u->n_nodes; i++) {
        order[i] = how.shuffled ? order[i] : i;
        dropped[i] = how.drop > 0 && rng_below(&h->rng, how.drop) == 0;
    }
    ret[0] = 0;
    taken[0] = true;
    while (again) {
        again = false;
        for (uint32_t k = 0; k < u->n_nodes; k++) {
            uint32_t i = order[k];
            if (taken[i] || dropped[i] || !taken[u->nodes[i].parent])
                continue;
            taken[i] = again = true;
            ret[n++] = i;
        }
    }
    return n;
}

static inline bool history_has(const struct unit_node *nodes, uint32_t n, uint64_t sig)
{
    uint32_t i = 0;

    while (i < n && nodes[i].sig != sig)
        i++;
    return i < n;
}

static inline struct unit history_version(struct history *h, const struct unit *u,
                                          struct history_how how)
{
    uint32_t *chosen = history_alloc(h, u->n_nodes, sizeof(*chosen));
    uint32_t *new_of = history_alloc(h, u->n_nodes, sizeof(*new_of));
    struct unit_node *nodes = history_alloc(h, u->n_nodes, sizeof(*nodes));
    struct unit_edge *edges = history_alloc(h, u->n_edges, sizeof(*edges));
    struct unit ret = *u;

    ret.n_nodes = history_choose(h, u, how, chosen);
    for (uint32_t i = 0; i < ret.n_nodes; i++) {
        nodes[i] = u->nodes[chosen[i]];
        nodes[i].parent = new_of[nodes[i].parent];
        nodes[i].line += (uint32_t)rng_below(&h->rng, 3);
        new_of[chosen[i]] = i;
    }
    ret.n_edges = 0;
    for (uint32_t i = 0; i < u->n_edges && how.edges != HISTORY_NO_EDGES; i++) {
        const struct unit_edge *e = &u->edges[i];
        if (how.edges == HISTORY_ALL_EDGES ||
            (history_has(nodes, ret.n_nodes, e->from) && history_has(nodes, ret.n_nodes, e->to)))
            edges[ret.n_edges++] = *e;
    }
    ret.nodes = nodes;
    ret.edges = edges;
    return ret;
}

/* A file that will be gone again, with names that others bear, too. */
static inline struct unit history_passing(struct history *h, uint32_t number)
{
    const struct unit *like = &h->units.at[rng_below(&h->rng, h->units.len)];
    struct unit_node *nodes = history_alloc(h, like->n_nodes, sizeof(*nodes));
    const char *path = arena_printf(&h->arena, "%c/gone%u.c", "amz"[number % 3], number);

    assert_non_null(path);
    for (uint32_t i = 0; i < like->n_nodes; i++) {
        nodes[i] = like->nodes[i];
        nodes[i].sig = rng_next(&h->rng);
        if (i == 0)
            nodes[i].name = nodes[i].qualified = path;
    }
    return (struct unit){
        .path = path, .lang = "c", .lines = 9, .nodes = nodes, .n_nodes = like->n_nodes};
}

/* ---- commits ---- */

static inline int history_by_path(const void *a, const void *b)
{
    return strcmp(((const struct unit *)a)->path, ((const struct unit *)b)->path);
}

static inline void history_commit(struct history *h, const struct unit *units, uint32_t n)
{
    struct delta d;
    struct err err = {0};

    delta_init(&d);
    for (uint32_t i = 0; i < n; i++)
        assert_true(vec_push(&d.units, units[i]));
    qsort(d.units.at, d.units.len, sizeof(*d.units.at), history_by_path);
    if (delta_check(&d, &err) != 0 || store_apply(h->store, &d, &err) != 0)
        fail_msg("a commit is refused: %s", err.msg);
    delta_release(&d);
}

/* All units in some version, in random order, in commits of one or a few. */
static inline void history_round(struct history *h, struct history_how how)
{
    uint32_t *order = history_alloc(h, h->units.len, sizeof(*order));
    struct unit *units = history_alloc(h, h->units.len, sizeof(*units));
    uint32_t first = 0;

    history_shuffle(h, order, h->units.len);
    while (first < h->units.len) {
        uint32_t n = 0, max = 1 + (uint32_t)rng_below(&h->rng, 3);
        for (; n < max && first < h->units.len; n++)
            units[n] = history_version(h, &h->units.at[order[first++]], how);
        history_commit(h, units, n);
    }
}

/* The units as they are, in random order; edges only where `with_edges`. */
static inline void history_finish(struct history *h, bool with_edges)
{
    uint32_t *order = history_alloc(h, h->units.len, sizeof(*order));

    history_shuffle(h, order, h->units.len);
    for (uint32_t i = 0; i < h->units.len; i++) {
        struct unit u = h->units.at[order[i]];
        u.n_edges = with_edges ? u.n_edges : 0;
        history_commit(h, &u, 1);
    }
}

/* Files that come late and sort before others, nodes that go, come again, and change places. */
static inline void history_wander(struct history *h)
{
    struct unit passing[3];

    for (uint32_t i = 0; i < PT_COUNT(passing); i++)
        passing[i] = history_passing(h, i);
    history_round(h, (struct history_how){4, true, HISTORY_NO_EDGES});
    history_commit(h, passing, 2);
    history_round(h, (struct history_how){4, true, HISTORY_INNER_EDGES});
    history_commit(h, passing + 2, 1);
    history_round(h, (struct history_how){4, true, HISTORY_INNER_EDGES});
    history_round(h, (struct history_how){0, true, HISTORY_NO_EDGES});
    for (uint32_t i = 0; i < PT_COUNT(passing); i++)
        passing[i] = (struct unit){.path = passing[i].path, .removed = true};
    history_commit(h, passing, PT_COUNT(passing));
    history_round(h, (struct history_how){0, true, HISTORY_ALL_EDGES});
}

/* All at once but for a few nodes, which come later: most ids stay in order. */
static inline void history_complete(struct history *h)
{
    struct unit *most = history_alloc(h, h->units.len, sizeof(*most));

    for (uint32_t i = 0; i < h->units.len; i++)
        most[i] = history_version(h, &h->units.at[i], (struct history_how){.drop = 12});
    history_commit(h, most, h->units.len);
}

/* Brings the tree of the view into a store of its own, by commits that the seed decides. */
static inline void history_init(struct history *h, const struct view *v, uint64_t seed)
{
    struct ids files = {0};
    struct err err = {0};

    *h = (struct history){.rng = seed};
    assert_int_equal(store_open_memory(&h->store, &err), 0);
    assert_true(view_files(v, &files));
    for (uint32_t i = 0; i < files.len; i++) {
        struct unit u;
        assert_int_equal(live_unit(v, view_path(v, files.at[i]), &h->arena, &u, &err), 0);
        assert_true(vec_push(&h->units, u));
    }
    vec_release(&files);
    if (rng_below(&h->rng, 3) == 0)
        history_complete(h);
    else
        history_wander(h);
    history_finish(h, false);
    history_finish(h, true);
    assert_int_equal(store_pin(h->store, &h->view, &err), 0);
}

static inline void history_release(struct history *h)
{
    store_unpin(h->store, &h->view);
    store_close(h->store);
    vec_release(&h->units);
    arena_release(&h->arena);
}

#endif
