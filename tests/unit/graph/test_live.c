/* The live graph against its twin: a graph is what its files contribute, so the twin is a list of
 * units, and each version of it is kept as long as a reader holds that of the graph. */
#include "unit/graph/support.h"

#include "base/fault.h"
#include "base/hash.h"
#include "graph/live.h"
#include "graph/segment.h"

#include <pthread.h>
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
};

static uint32_t below(struct fixture *f, uint32_t n)
{
    f->rng = f->rng * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((f->rng >> 33) % n);
}

static uint64_t sig_of(uint32_t file, uint32_t k)
{
    return hash_mix64((uint64_t)file * 1000 + k + 1);
}

static const char *path_of(struct fixture *f, uint32_t file)
{
    return arena_printf(&f->arena, "src/%02u.c", file);
}

static struct unit_node make_node(struct fixture *f, uint32_t file, uint32_t k, const char *path)
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
static uint32_t some_file(struct fixture *f, const struct version *v)
{
    uint32_t i = below(f, FILES);
    while (v->of[i] == NULL)
        i = (i + 1) % FILES;
    return i;
}

static struct unit_edge make_edge(struct fixture *f, const struct version *v,
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

static uint64_t edge_order(const struct unit_edge *e)
{
    return (uint64_t)e->kind << 40 | (uint64_t)e->line << 16 | e->col;
}

static int by_place(const void *x, const void *y)
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
static uint32_t normalise(struct unit_edge *e, uint32_t n)
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

static struct unit *new_unit(struct fixture *f, uint32_t file, bool removed)
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

static void fill_nodes(struct fixture *f, struct unit *u, uint32_t file)
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

static void fill_edges(struct fixture *f, struct unit *u, const struct version *v)
{
    uint32_t n = below(f, 30);
    struct unit_edge *e = arena_calloc(&f->arena, n + 1, sizeof(*e));
    for (uint32_t i = 0; i < n; i++)
        e[i] = make_edge(f, v, u->nodes, u->n_nodes);
    u->edges = e;
    u->n_edges = n;
}

static bool refers_to(const struct unit *u, uint32_t file)
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
static struct version random_change(struct fixture *f, struct delta *d)
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

static void check_nodes(const struct unit *a, const struct unit *b)
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

static void check_edges(const struct unit *a, const struct unit *b)
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
static void check_turned(const struct live_view *v)
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

static void check_names(const struct live_view *v, const struct version *t)
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

static void check_view(struct fixture *f, const struct live_view *v, const struct version *t)
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

static void check_now(struct fixture *f)
{
    struct live_view v;
    assert_true(live_pin(f->g, &v));
    check_view(f, &v, &f->now);
    live_unpin(f->g, &v);
}

/* ---- tests ---- */

static struct fixture *fixture_new(uint64_t seed)
{
    struct fixture *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    arena_init(&f->arena);
    f->rng = seed;
    assert_int_equal(live_new(&f->g, NULL), PT_OK);
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
    assert_int_equal(live_apply(f->g, &d, NULL), PT_OK);
    delta_release(&d);
    return f;
}

static void fixture_free(struct fixture *f)
{
    for (uint32_t i = 0; i < VERSIONS; i++) {
        if (f->views[i].g != NULL)
            live_unpin(f->g, &f->views[i]);
    }
    live_free(f->g);
    arena_release(&f->arena);
    free(f);
}

static void commit(struct fixture *f)
{
    struct delta d;
    struct err err = {0};
    struct version next = random_change(f, &d);
    bool any = false;
    for (uint32_t i = 0; i < FILES; i++)
        any |= next.of[i] != NULL;
    if (any && live_apply(f->g, &d, &err) != PT_OK)
        fail_msg("%s", err.msg);
    if (any)
        f->now = next;
    delta_release(&d);
}

static void test_live__every_view_has_what_its_files_contributed(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct fixture *f = fixture_new(seed);
        print_message("seed %llu\n", (unsigned long long)seed);
        check_now(f);
        for (uint32_t i = 0; i < 300; i++) {
            uint32_t v = below(f, VERSIONS);
            if (f->views[v].g != NULL) {
                check_view(f, &f->views[v], &f->kept[v]);
                live_unpin(f->g, &f->views[v]);
            } else {
                assert_true(live_pin(f->g, &f->views[v]));
                f->kept[v] = f->now;
            }
            commit(f);
            check_now(f);
        }
        fixture_free(f);
    }
}

static void test_live__replacing_all_leaves_only_what_is_named(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(7);
    struct delta d;
    struct version next = {{0}};
    for (uint32_t i = 0; i < 20; i++)
        commit(f);
    struct unit *u = new_unit(f, 3, false);
    next.of[3] = u;
    fill_nodes(f, u, 3);
    fill_edges(f, u, &next);
    delta_init(&d);
    d.replace_all = true;
    assert_true(vec_push(&d.units, *u));
    assert_int_equal(live_apply(f->g, &d, NULL), PT_OK);
    f->now = next;
    check_now(f);
    delta_release(&d);
    fixture_free(f);
}

static void test_live__a_delta_that_breaks_an_invariant_changes_nothing(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(11);
    struct delta d;
    struct err err = {0};
    struct unit *u = new_unit(f, 2, true);
    delta_init(&d);
    assert_true(vec_push(&d.units, *u));
    assert_int_equal(live_apply(f->g, &d, &err), PT_EINVAL); /* others refer to it */
    assert_non_null(strstr(err.msg, "D4"));
    check_now(f);

    u = new_unit(f, 5, false); /* a node of another file */
    fill_nodes(f, u, 5);
    ((struct unit_node *)(uintptr_t)u->nodes)[2].sig = sig_of(6, 1);
    d.units.at[0] = *u;
    assert_int_equal(live_apply(f->g, &d, &err), PT_EINVAL);
    assert_non_null(strstr(err.msg, "D3"));
    check_now(f);

    u = new_unit(f, 5, false); /* an end that is nowhere */
    fill_nodes(f, u, 5);
    struct unit_edge e = {.from = sig_of(5, 0), .to = 12345};
    u->edges = &e;
    u->n_edges = 1;
    d.units.at[0] = *u;
    assert_int_equal(live_apply(f->g, &d, &err), PT_EINVAL);
    check_now(f);
    delta_release(&d);
    for (uint32_t i = 0; i < 20; i++)
        commit(f);
    check_now(f);
    fixture_free(f);
}

static void test_live__a_failing_allocation_changes_nothing(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(13);
    bool fired = true;
    for (uint64_t nth = 1; fired; nth++) {
        struct delta d;
        struct version next = random_change(f, &d);
        fault_arm("mem.alloc", nth, ENOMEM);
        int rc = live_apply(f->g, &d, NULL);
        fired = fault_fired();
        fault_disarm_all();
        if (rc == PT_OK)
            f->now = next;
        else
            assert_int_equal(rc, PT_ENOMEM);
        delta_release(&d);
        check_now(f);
        if (nth > 200)
            break;
    }
    commit(f);
    check_now(f);
    fixture_free(f);
}

/* ---- readers beside the writer ---- */

struct shared {
    struct live *g;
    atomic_bool done;
    atomic_uint reads;
};

static void *reader(void *ctx)
{
    struct shared *s = ctx;
    while (!atomic_load(&s->done)) {
        struct live_view v;
        uint32_t alive = 0;
        if (!live_pin(s->g, &v))
            abort();
        for (uint32_t id = 0; id < v.n_nodes; id++) {
            const struct live_node *n = live_node(&v, id);
            struct list_walk w;
            alive += n != NULL;
            if (n != NULL && (live_file(&v, n->file) == NULL || live_node(&v, n->parent) == NULL))
                abort();
            if (!list_begin(&v.g->out, v.generation, id, &w))
                continue;
            do {
                for (uint32_t i = 0; i < w.span.n; i++) {
                    if (n == NULL || live_node(&v, w.span.targets[i]) == NULL)
                        abort(); /* an edge without its ends */
                }
            } while (list_more(&w));
        }
        if (alive == 0)
            abort();
        live_unpin(s->g, &v);
        atomic_fetch_add(&s->reads, 1);
    }
    return NULL;
}

static void test_live__readers_see_whole_commits(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(17);
    struct shared s = {.g = f->g};
    pthread_t threads[2];
    for (uint32_t i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, reader, &s), 0);
    for (uint32_t i = 0; i < 1500 || atomic_load(&s.reads) < 50; i++)
        commit(f);
    atomic_store(&s.done, true);
    for (uint32_t i = 0; i < 2; i++)
        (void)pthread_join(threads[i], NULL);
    check_now(f);
    assert_true(live_bytes(f->g) < (size_t)64 << 20);
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_live__every_view_has_what_its_files_contributed),
        cmocka_unit_test(test_live__replacing_all_leaves_only_what_is_named),
        cmocka_unit_test(test_live__a_delta_that_breaks_an_invariant_changes_nothing),
        cmocka_unit_test(test_live__a_failing_allocation_changes_nothing),
        cmocka_unit_test(test_live__readers_see_whole_commits),
    };
    return RUN_TESTS(tests);
}
