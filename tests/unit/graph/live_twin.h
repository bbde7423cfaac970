/* The live graph's twin, and random deltas for both. A graph is what its files contribute, so the
 * twin is a list of units, and each version of it is kept as long as a reader holds that of the
 * graph. */
#ifndef PT_UNIT_GRAPH_LIVE_TWIN_H
#define PT_UNIT_GRAPH_LIVE_TWIN_H

#include "unit/graph/support.h"

#include "base/hash.h"
#include "graph/view.h"
#include "store/store.h"

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
    struct view views[VERSIONS];
    uint64_t rng;
    struct store *store; /* borrowed; not NULL: in place of g, which is not used then */
    uint64_t operations; /* nodes and edges that commits brought or took */
    struct delta first;  /* the delta that made the first version */
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
    u->n_edges = unit_edges_sort(e, n);
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

static inline bool is_same_edge(const struct unit_edge *a, const struct unit_edge *b)
{
    return a->from == b->from && a->to == b->to && a->line == b->line && a->col == b->col &&
           a->kind == b->kind && a->layer == b->layer;
}

static inline void check_edges(const struct unit *a, const struct unit *b)
{
    assert_int_equal(a->n_edges, b->n_edges);
    for (uint32_t i = 0; i < a->n_edges; i++)
        assert_true(is_same_edge(&a->edges[i], &b->edges[i]));
}

/* Each out edge stands in the in list of its target, with its layer, and no other does. */
static inline void check_turned(const struct view *v)
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

static inline void check_names(const struct view *v, const struct version *t)
{
    for (uint32_t k = 0; k < 7; k++) {
        char name[16];
        struct ids ids = {0};
        uint32_t want = 0;
        (void)snprintf(name, sizeof(name), "name%u", k);
        assert_true(view_named(v, name, strlen(name), &ids));
        for (uint32_t i = 0; i < ids.len; i++)
            assert_string_equal(view_name(v, ids.at[i]), name);
        for (uint32_t i = 0; i < FILES; i++) {
            for (uint32_t at = 0; t->of[i] != NULL && at < t->of[i]->n_nodes; at++)
                want += strcmp(t->of[i]->nodes[at].name, name) == 0;
        }
        assert_int_equal(ids.len, want);
        vec_release(&ids);
    }
}

static inline void check_view(struct fixture *f, const struct view *v, const struct version *t)
{
    struct arena arena;
    arena_init(&arena);
    for (uint32_t i = 0; i < FILES; i++) {
        struct unit u;
        int rc = live_unit(v, path_of(f, i), &arena, &u, NULL);
        if (t->of[i] == NULL) {
            assert_int_equal(rc, PT_ENOENT);
            assert_int_equal(view_find_sig(v, sig_of(i, 1)), NODE_NONE);
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
        uint32_t file = view_find_file(v, u.path);
        assert_true(hash128_eq(live_file(v, file)->leaf, merkle_leaf(t->of[i])));
        arena_reset(&arena);
    }
    check_turned(v);
    check_names(v, t);
    arena_release(&arena);
}

static inline void pin_newest(struct fixture *f, struct view *ret)
{
    if (f->store != NULL)
        assert_int_equal(store_pin(f->store, ret, NULL), PT_OK);
    else
        assert_true(live_pin(f->g, ret));
}

static inline void check_now(struct fixture *f)
{
    struct view v;
    pin_newest(f, &v);
    check_view(f, &v, &f->now);
    live_unpin(&v);
}

static inline int apply_delta(struct fixture *f, const struct delta *d, struct err *err)
{
    return f->store != NULL ? store_apply(f->store, d, err)
                            : live_apply(f->g, d, (struct live_stamp){0}, err);
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
    assert_int_equal(apply_delta(f, &f->first, NULL), PT_OK);
    return f;
}

static inline void fixture_free(struct fixture *f)
{
    for (uint32_t i = 0; i < VERSIONS; i++) {
        if (f->views[i].g != NULL)
            live_unpin(&f->views[i]);
    }
    live_free(f->g);
    delta_release(&f->first);
    arena_release(&f->arena);
    free(f);
}

static inline uint64_t count_operations(const struct fixture *f, const struct delta *d)
{
    uint64_t n = 0;
    for (uint32_t i = 0; i < d->units.len; i++) {
        const struct unit *u = &d->units.at[i];
        n += (uint64_t)u->n_nodes + u->n_edges;
        for (uint32_t k = 0; k < FILES && u->removed; k++) {
            const struct unit *was = f->now.of[k];
            n += was != NULL && strcmp(was->path, u->path) == 0 ? was->n_nodes + was->n_edges : 0;
        }
    }
    return n;
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
    f->operations += count_operations(f, &d);
    if (any)
        f->now = next;
    delta_release(&d);
}

/* ---- one number for all of it ---- */

static inline void digest_unit(struct hasher *h, const struct unit *u)
{
    struct hash128 leaf = merkle_leaf(u);
    hasher_add_u64(h, leaf.lo);
    hasher_add_u64(h, leaf.hi);
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

static inline uint64_t digest_view(const struct view *v)
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
