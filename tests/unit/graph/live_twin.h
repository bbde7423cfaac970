/* The live graph's twin, and random deltas for both. A graph is what its files contribute, so the twin
 * is a list of units, and each version of it is kept as long as a reader holds that of the graph. */
#ifndef PT_UNIT_GRAPH_LIVE_TWIN_H
#define PT_UNIT_GRAPH_LIVE_TWIN_H

#include "unit/graph/support.h"

#include "base/hash.h"
#include "graph/live.h"
#include "graph/segment.h"

#include <stdlib.h>
#include <string.h>

#define FILES 12u
#define CORE 3u /* nodes that a file always has, for others to refer to */
#define MORE 8u
#define VERSIONS 4u

struct version {
    const struct unit *of[FILES]; /* NULL: no such file */
};

struct fixture {
    struct live *g;
    struct arena arena; /* all units that ever were */
    struct version now, kept[VERSIONS];
    struct live_view views[VERSIONS];
    uint64_t rng;
    /* Applies in place of live_apply, if it is there: g is then a store's. */
    int (*apply)(void *ctx, const struct delta *d, struct err *err);
    void *ctx;
    struct delta first; /* the delta that made the first version */
};

static inline uint32_t below(struct fixture *f, uint32_t n)
{
    f->rng = f->rng * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((f->rng >> 33) % n);
}

static inline uint64_t sig_of(uint32_t file, uint32_t k)
{
    return hash_mix64((uint64_t)file * 1000 + k + 1);
}

static inline const char *path_of(struct fixture *f, uint32_t file)
{
    return arena_printf(&f->arena, "src/%02u.c", file);
}

static inline struct unit_node make_node(struct fixture *f, uint32_t file, uint32_t k,
                                         const char *path)
{
    const char *name = k == 0 ? path : arena_printf(&f->arena, "name%u", (file + k) % 7);
    return (struct unit_node){
        .sig = sig_of(file, k),
        .name = name,
        .qualified = arena_printf(&f->arena, "%s::%s.%u", path, name, k),
        .signature = below(f, 3) == 0 ? "" : arena_printf(&f->arena, "f(%u)", below(f, 99)),
        .line = below(f, 1000),
        .end_line = below(f, 1000),
        .start = below(f, 9999),
        .end = below(f, 9999),
        .flags = (uint16_t)below(f, 64),
        .kind = k == 0 ? NODE_FILE : NODE_FUNCTION,
    };
}

/* A file that others may refer to now. */
static inline uint32_t some_file(struct fixture *f, const struct version *v)
{
    uint32_t i = below(f, FILES);
    while (v->of[i] == NULL)
        i = (i + 1) % FILES;
    return i;
}

static inline struct unit_edge make_edge(struct fixture *f, const struct version *v,
                                         const struct unit_node *nodes, uint32_t n)
{
    bool foreign = below(f, 8) == 0;
    struct unit_edge e = {.kind = (uint8_t)below(f, EDGE_KIND_COUNT),
                          .layer = (uint8_t)below(f, LAYER_COUNT)};
    e.from = foreign ? sig_of(some_file(f, v), below(f, CORE)) : nodes[below(f, n)].sig;
    e.to = below(f, 2) ? sig_of(some_file(f, v), below(f, CORE)) : nodes[below(f, n)].sig;
    if (below(f, 5) != 0) {
        e.line = 1 + below(f, 6);
        e.col = (uint16_t)(1 + below(f, 3));
    }
    return e;
}

static inline uint64_t edge_order(const struct unit_edge *e)
{
    return (uint64_t)e->kind << 40 | (uint64_t)e->line << 16 | e->col;
}

static inline int by_place(const void *x, const void *y)
{
    const struct unit_edge *a = x, *b = y;
    if (a->from != b->from)
        return a->from < b->from ? -1 : 1;
    if (a->to != b->to)
        return a->to < b->to ? -1 : 1;
    if (edge_order(a) != edge_order(b))
        return edge_order(a) < edge_order(b) ? -1 : 1;
    return a->layer - b->layer;
}

/* Sorted, and each place once with its surest layer. */
static inline uint32_t normalise(struct unit_edge *e, uint32_t n)
{
    uint32_t k = 0;
    qsort(e, n, sizeof(*e), by_place);
    for (uint32_t i = 0; i < n; i++) {
        if (k == 0 || e[k - 1].from != e[i].from || e[k - 1].to != e[i].to ||
            edge_order(&e[k - 1]) != edge_order(&e[i]))
            e[k++] = e[i];
    }
    return k;
}

static inline struct unit *new_unit(struct fixture *f, uint32_t file, bool removed)
{
    struct unit *u = arena_calloc(&f->arena, 1, sizeof(*u));
    u->path = path_of(f, file);
    u->lang = "c";
    u->removed = removed;
    u->size = below(f, 1000);
    u->lines = below(f, 1000);
    u->unresolved[0] = below(f, 9);
    return u;
}

static inline void fill_nodes(struct fixture *f, struct unit *u, uint32_t file)
{
    struct unit_node *nodes = arena_calloc(&f->arena, CORE + MORE, sizeof(*nodes));
    for (uint32_t k = 0; k < CORE + MORE; k++) {
        if (k >= CORE && below(f, 2))
            continue;
        nodes[u->n_nodes] = make_node(f, file, k, u->path);
        if (u->n_nodes > 0)
            nodes[u->n_nodes].parent = below(f, u->n_nodes);
        u->n_nodes++;
    }
    u->nodes = nodes;
}

static inline void fill_edges(struct fixture *f, struct unit *u, const struct version *v)
{
    uint32_t n = below(f, 30);
    struct unit_edge *e = arena_calloc(&f->arena, n + 1, sizeof(*e));
    for (uint32_t i = 0; i < n; i++)
        e[i] = make_edge(f, v, u->nodes, u->n_nodes);
    u->edges = e;
    u->n_edges = n;
}

static inline bool refers_to(const struct unit *u, uint32_t file)
{
    for (uint32_t i = 0; u != NULL && i < u->n_edges; i++) {
        for (uint32_t k = 0; k < CORE; k++) {
            if (u->edges[i].from == sig_of(file, k) || u->edges[i].to == sig_of(file, k))
                return true;
        }
    }
    return false;
}

/* Some files change, come and go; whoever refers to one that goes changes too. */
static inline struct version random_change(struct fixture *f, struct delta *d)
{
    struct version next = f->now;
    struct unit *units[FILES] = {NULL};
    uint32_t first = below(f, FILES), n = 1 + below(f, 3);

    for (uint32_t i = 0; i < n; i++) {
        uint32_t file = (first + i * 5) % FILES;
        bool remove = f->now.of[file] != NULL && below(f, 4) == 0;
        units[file] = new_unit(f, file, remove);
        next.of[file] = remove ? NULL : units[file];
    }
    for (uint32_t file = 0; file < FILES; file++) {
        for (uint32_t k = 0; k < FILES && units[file] != NULL && units[file]->removed; k++) {
            if (k != file && units[k] == NULL && refers_to(f->now.of[k], file))
                next.of[k] = units[k] = new_unit(f, k, false);
        }
    }
    delta_init(d);
    for (uint32_t i = 0; i < FILES; i++) {
        if (units[i] != NULL && !units[i]->removed)
            fill_nodes(f, units[i], i);
    }
    for (uint32_t i = 0; i < FILES; i++) {
        if (units[i] == NULL)
            continue;
        if (!units[i]->removed)
            fill_edges(f, units[i], &next);
        assert_true(vec_push(&d->units, *units[i]));
    }
    return next;
}

/* ---- comparing ---- */

static inline void check_nodes(const struct unit *a, const struct unit *b)
{
    assert_int_equal(a->n_nodes, b->n_nodes);
    for (uint32_t i = 0; i < a->n_nodes; i++) {
        const struct unit_node *x = &a->nodes[i], *y = &b->nodes[i];
        assert_true(x->sig == y->sig);
        assert_string_equal(x->name, y->name);
        assert_string_equal(x->qualified, y->qualified);
        assert_string_equal(x->signature, y->signature);
        assert_int_equal(x->parent, y->parent);
        assert_int_equal(x->line, y->line);
        assert_int_equal(x->end_line, y->end_line);
        assert_int_equal(x->start, y->start);
        assert_int_equal(x->end, y->end);
        assert_int_equal(x->flags, y->flags);
        assert_int_equal(x->kind, y->kind);
    }
}

static inline void check_edges(const struct unit *a, const struct unit *b)
{
    struct unit_edge *x = malloc((a->n_edges + 1) * sizeof(*x));
    struct unit_edge *y = malloc((b->n_edges + 1) * sizeof(*y));
    memcpy(x, a->edges, a->n_edges * sizeof(*x));
    memcpy(y, b->edges, b->n_edges * sizeof(*y));
    uint32_t n = normalise(x, a->n_edges), m = normalise(y, b->n_edges);
    assert_int_equal(n, m);
    for (uint32_t i = 0; i < n; i++) {
        assert_true(x[i].from == y[i].from && x[i].to == y[i].to);
        assert_true(edge_order(&x[i]) == edge_order(&y[i]));
        assert_int_equal(x[i].layer, y[i].layer);
    }
    free(x);
    free(y);
}

/* Each out edge stands in the in list of its target, with its layer, and no other does. */
static inline void check_turned(const struct live_view *v)
{
    const struct live *g = v->g;
    uint64_t out = 0, in = 0;
    for (uint32_t id = 0; id < v->n_nodes; id++) {
        struct list_walk w;
        if (list_begin(&g->out, v->generation, id, &w)) {
            assert_non_null(live_node(v, id));
            do {
                for (uint32_t i = 0; i < w.span.n; i++)
                    out += hash_mix64(hash_mix64((uint64_t)id << 32 | w.span.targets[i]) ^
                                      w.span.attrs[i]);
            } while (list_more(&w));
        }
        if (list_begin(&g->in, v->generation, id, &w)) {
            assert_non_null(live_node(v, id));
            do {
                for (uint32_t i = 0; i < w.span.n; i++)
                    in += hash_mix64(hash_mix64((uint64_t)w.span.targets[i] << 32 | id) ^
                                     w.span.attrs[i]);
            } while (list_more(&w));
        }
    }
    assert_true(out == in);
}

static inline void check_names(const struct live_view *v, const struct version *t)
{
    for (uint32_t k = 0; k < 7; k++) {
        char name[16];
        struct list_walk w;
        uint32_t n = 0, want = 0;
        (void)snprintf(name, sizeof(name), "name%u", k);
        if (live_named(v, name, strlen(name), &w)) {
            do {
                for (uint32_t i = 0; i < w.span.n; i++, n++)
                    assert_string_equal(live_name(v, live_node(v, w.span.targets[i])), name);
            } while (list_more(&w));
        }
        for (uint32_t i = 0; i < FILES; i++) {
            for (uint32_t at = 0; t->of[i] != NULL && at < t->of[i]->n_nodes; at++)
                want += strcmp(t->of[i]->nodes[at].name, name) == 0;
        }
        assert_int_equal(n, want);
    }
}

static inline void check_view(struct fixture *f, const struct live_view *v, const struct version *t)
{
    struct arena arena;
    arena_init(&arena);
    for (uint32_t i = 0; i < FILES; i++) {
        struct unit u;
        int rc = live_unit(v, path_of(f, i), &arena, &u, NULL);
        if (t->of[i] == NULL) {
            assert_int_equal(rc, PT_ENOENT);
            assert_int_equal(live_find_sig(v, sig_of(i, 1)), ID_NONE);
            continue;
        }
        assert_int_equal(rc, PT_OK);
        assert_string_equal(u.path, t->of[i]->path);
        assert_string_equal(u.lang, "c");
        assert_int_equal(u.size, t->of[i]->size);
        assert_int_equal(u.lines, t->of[i]->lines);
        assert_int_equal(u.unresolved[0], t->of[i]->unresolved[0]);
        check_nodes(&u, t->of[i]);
        check_edges(&u, t->of[i]);
        arena_reset(&arena);
    }
    check_turned(v);
    check_names(v, t);
    arena_release(&arena);
}

static inline void check_now(struct fixture *f)
{
    struct live_view v;
    assert_true(live_pin(f->g, &v));
    check_view(f, &v, &f->now);
    live_unpin(f->g, &v);
}

static inline int apply_delta(struct fixture *f, const struct delta *d, struct err *err)
{
    return f->apply != NULL ? f->apply(f->ctx, d, err) : live_apply(f->g, d, err);
}

/* Without a graph: the caller applies f->first to the one he gives it. */
static inline struct fixture *fixture_plan(uint64_t seed)
{
    struct fixture *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    arena_init(&f->arena);
    f->rng = seed;
    /* all files, so that there is something to refer to */
    struct delta d;
    struct unit *units[FILES];
    delta_init(&d);
    for (uint32_t i = 0; i < FILES; i++) {
        f->now.of[i] = units[i] = new_unit(f, i, false);
        fill_nodes(f, units[i], i);
    }
    for (uint32_t i = 0; i < FILES; i++) {
        fill_edges(f, units[i], &f->now);
        assert_true(vec_push(&d.units, *units[i]));
    }
    f->first = d;
    return f;
}

static inline struct fixture *fixture_new(uint64_t seed)
{
    struct fixture *f = fixture_plan(seed);
    assert_int_equal(live_new(&f->g, NULL), PT_OK);
    assert_int_equal(live_apply(f->g, &f->first, NULL), PT_OK);
    return f;
}

static inline void fixture_free(struct fixture *f)
{
    for (uint32_t i = 0; i < VERSIONS; i++) {
        if (f->views[i].g != NULL)
            live_unpin(f->g, &f->views[i]);
    }
    if (f->apply == NULL)
        live_free(f->g);
    delta_release(&f->first);
    arena_release(&f->arena);
    free(f);
}

static inline void commit(struct fixture *f)
{
    struct delta d;
    struct err err = {0};
    struct version next = random_change(f, &d);
    bool any = false;
    for (uint32_t i = 0; i < FILES; i++)
        any |= next.of[i] != NULL;
    if (any && apply_delta(f, &d, &err) != PT_OK)
        fail_msg("%s", err.msg);
    if (any)
        f->now = next;
    delta_release(&d);
}

/* ---- one number for all of it ---- */

static inline void digest_unit(struct hasher *h, const struct unit *u)
{
    struct unit_edge *e = malloc((u->n_edges + 1) * sizeof(*e));
    memcpy(e, u->edges, u->n_edges * sizeof(*e));
    uint32_t n = normalise(e, u->n_edges);
    hasher_add_u64(h, u->size);
    for (uint32_t i = 0; i < u->n_nodes; i++) {
        hasher_add_u64(h, u->nodes[i].sig);
        hasher_add_u64(h, (uint64_t)u->nodes[i].line << 32 | u->nodes[i].start);
        hasher_add(h, u->nodes[i].signature, strlen(u->nodes[i].signature));
    }
    for (uint32_t i = 0; i < n; i++) {
        hasher_add_u64(h, e[i].from);
        hasher_add_u64(h, e[i].to);
        hasher_add_u64(h, edge_order(&e[i]) << 2 | e[i].layer);
    }
    free(e);
}

static inline uint64_t digest_version(const struct version *t)
{
    struct hasher h;
    hasher_init(&h);
    for (uint32_t i = 0; i < FILES; i++) {
        hasher_add_u64(&h, t->of[i] != NULL);
        if (t->of[i] != NULL)
            digest_unit(&h, t->of[i]);
    }
    return hasher_u64(&h);
}

static inline uint64_t digest_view(const struct live_view *v)
{
    struct arena arena;
    struct hasher h;
    hasher_init(&h);
    arena_init(&arena);
    for (uint32_t i = 0; i < FILES; i++) {
        struct unit u;
        char path[32];
        (void)snprintf(path, sizeof(path), "src/%02u.c", i);
        int rc = live_unit(v, path, &arena, &u, NULL);
        hasher_add_u64(&h, rc == PT_OK);
        if (rc == PT_OK)
            digest_unit(&h, &u);
    }
    arena_release(&arena);
    return hasher_u64(&h);
}

#endif
