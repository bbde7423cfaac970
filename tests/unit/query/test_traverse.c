#include "query/traverse.h"

#include "support.h"

#define SEED 20261123u

static const char *const call_kinds[] = {"calls", "uses"};

static struct reach_options options_of(uint32_t kinds)
{
    return (struct reach_options){.kinds = kinds};
}

/* ---- naive twins: an edge at a time, until nothing changes ---- */

static bool may_follow(const struct view *v, const struct reach_options *o, const struct edge *e)
{
    return (o->candidates || e->layer != LAYER_CANDIDATE) &&
           !(o->no_tests && (view_flags(v, e->node) & FLAG_TEST));
}

/* distance[node], UINT32_MAX if it is not reached. */
static uint32_t *naive_distances(const struct view *v, uint32_t start,
                                 const struct reach_options *o)
{
    uint32_t n = view_node_count(v);
    uint32_t *distance = malloc(n * sizeof(*distance));
    bool again = true;

    assert_non_null(distance);
    memset(distance, 0xff, n * sizeof(*distance));
    distance[start] = 0;
    for (uint32_t d = 0; again; d++) {
        again = false;
        for (uint32_t id = 0; id < n; id++) {
            struct edge_iter it;
            struct edge e;
            if (distance[id] != d)
                continue;
            view_edges(v, id, o->in, o->kinds, &it);
            while (view_next(&it, &e)) {
                if (distance[e.node] == UINT32_MAX && may_follow(v, o, &e)) {
                    distance[e.node] = d + 1;
                    again = true;
                }
            }
        }
    }
    return distance;
}

static bool has_edge(const struct view *v, uint32_t from, const struct reached *to, bool in)
{
    struct edge_iter it;
    struct edge e;

    view_edges(v, from, in, EDGE_ALL, &it);
    while (view_next(&it, &e)) {
        if (e.node == to->node && e.kind == to->kind && e.layer == to->layer)
            return to->edge;
    }
    return false;
}

static void check_reach(const struct view *v, uint32_t start, const struct reach_options *o,
                        struct reach *r)
{
    uint32_t *distance = naive_distances(v, start, o), want = 0;

    assert_int_equal(query_reach(v, &start, 1, o, r, NULL), 0);
    for (uint32_t id = 0; id < view_node_count(v); id++)
        want += distance[id] != UINT32_MAX && (o->max_depth == 0 || distance[id] <= o->max_depth);
    assert_int_equal(r->nodes.len, want);
    assert_false(r->truncated);
    for (uint32_t i = 0; i < r->nodes.len; i++) {
        const struct reached *at = &r->nodes.at[i], *via = &r->nodes.at[at->via];
        assert_int_equal(at->distance, distance[at->node]);
        if (i == 0)
            continue;
        assert_true(at->distance > at[-1].distance ||
                    (at->distance == at[-1].distance && at->node > at[-1].node));
        assert_true(at->via < i);
        assert_int_equal(via->distance + 1, at->distance);
        assert_true(has_edge(v, via->node, at, o->in));
    }
    free(distance);
}

static void test_reach__agrees_with_a_naive_walk(void **state)
{
    uint64_t rng = SEED;
    struct reach r;

    (void)state;
    print_message("seed %u\n", SEED);
    reach_init(&r); /* one for all graphs: old marks must not show */
    for (unsigned round = 0; round < 150; round++) {
        uint32_t n = 1 + (uint32_t)rng_below(&rng, 60);
        struct graph *g =
            random_graph(&rng, n, (uint32_t)rng_below(&rng, 3 * n + 1), call_kinds, 2);
        for (unsigned i = 0; i < 8; i++) {
            struct reach_options o = {.in = rng_below(&rng, 2) == 0,
                                      .no_tests = rng_below(&rng, 3) == 0,
                                      .candidates = rng_below(&rng, 3) == 0,
                                      .kinds = EDGE_BIT(EDGE_CALLS),
                                      .max_depth = (uint32_t)rng_below(&rng, 5)};
            if (rng_below(&rng, 2) == 0)
                o.kinds |= EDGE_BIT(EDGE_USES);
            check_reach(g->v, (uint32_t)rng_below(&rng, view_node_count(g->v)), &o, &r);
        }
        graph_free(g);
    }
    reach_release(&r);
}

static void test_reach__orders_wide_levels(void **state)
{
    struct buf text = {0};
    struct reach_options o = options_of(EDGE_BIT(EDGE_CALLS) | EDGE_BIT(EDGE_USES));
    struct reach r;

    (void)state;
    buf_str(&text, "fn a.c::hub\n");
    for (unsigned i = 0; i < 500; i++)
        buf_printf(&text, "fn a.c::f%u\n", i);
    for (unsigned i = 0; i < 500; i++)
        buf_printf(&text, "hub -> f%u %s\n", i, i % 3 == 0 ? "uses" : "calls");
    struct graph *g = graph_of(buf_cstr(&text));
    reach_init(&r);
    check_reach(g->v, graph_id(g, "hub"), &o, &r);
    assert_int_equal(r.nodes.len, 501);
    reach_release(&r);
    graph_free(g);
    buf_release(&text);
}

static void test_reach__stops_at_max_nodes_and_says_so(void **state)
{
    struct graph *g = graph_of("fn a.c::a; fn a.c::b; fn a.c::c; fn a.c::d\n"
                               "a -> b calls; a -> c calls; c -> d calls");
    struct reach_options o = options_of(EDGE_BIT(EDGE_CALLS));
    uint32_t a = graph_id(g, "a.c::a");
    struct reach r;

    (void)state;
    reach_init(&r);
    o.max_nodes = 3;
    assert_int_equal(query_reach(g->v, &a, 1, &o, &r, NULL), 0);
    assert_int_equal(r.nodes.len, 3);
    assert_true(r.truncated);
    o.max_nodes = 4;
    assert_int_equal(query_reach(g->v, &a, 1, &o, &r, NULL), 0);
    assert_int_equal(r.nodes.len, 4);
    assert_false(r.truncated);
    reach_release(&r);
    graph_free(g);
}

static void test_reach__keeps_the_first_of_a_distance_that_is_cut(void **state)
{
    /* Edges come by kind: y, z, x. */
    struct graph *g = graph_of("class a.py::A; method a.py::A.m; method a.py::A.n\n"
                               "fn b.py::hub; fn b.py::x; fn b.py::y; fn b.py::z\n"
                               "hub -> y calls; hub -> z calls; hub -> x uses; z -> A uses");
    struct reach_options o = options_of(EDGE_BLAST);
    uint32_t hub = graph_id(g, "hub"), a = graph_id(g, "A");
    struct reach r;

    (void)state;
    reach_init(&r);
    o.max_nodes = 3;
    assert_int_equal(query_reach(g->v, &hub, 1, &o, &r, NULL), 0);
    assert_int_equal(r.nodes.len, 3);
    assert_int_equal(r.nodes.at[1].node, graph_id(g, "x"));
    assert_int_equal(r.nodes.at[2].node, graph_id(g, "y"));
    assert_true(r.truncated);
    o.from_members = true;
    o.max_nodes = 2;
    assert_int_equal(query_reach(g->v, &a, 1, &o, &r, NULL), 0);
    assert_int_equal(r.nodes.len, 2);
    assert_int_equal(r.nodes.at[1].node, graph_id(g, "m"));
    assert_true(r.truncated);
    /* What was cut is not known any more. */
    assert_int_equal(query_path(g->v, a, graph_id(g, "n"), &o, &r, NULL), 0);
    assert_int_equal(r.nodes.len, 0);
    assert_true(r.truncated);
    reach_release(&r);
    graph_free(g);
}

static void test_reach__counts_a_repeated_start_once(void **state)
{
    struct graph *g = graph_of("fn a.c::a; fn a.c::b; a.c::b -> a.c::a calls");
    struct reach_options o = options_of(EDGE_BIT(EDGE_CALLS));
    uint32_t starts[] = {graph_id(g, "a.c::b"), graph_id(g, "a.c::a"), graph_id(g, "a.c::b")};
    struct reach r;

    (void)state;
    reach_init(&r);
    assert_int_equal(query_reach(g->v, starts, 3, &o, &r, NULL), 0);
    assert_int_equal(r.nodes.len, 2);
    assert_int_equal(r.nodes.at[0].node, starts[0]); /* as given */
    assert_int_equal(r.nodes.at[0].via, 0);
    assert_int_equal(r.nodes.at[1].via, 1);
    reach_release(&r);
    graph_free(g);
}

static bool is_reached(const struct reach *r, uint32_t node, uint32_t *ret_distance)
{
    for (uint32_t i = 0; i < r->nodes.len; i++) {
        if (r->nodes.at[i].node == node) {
            *ret_distance = r->nodes.at[i].distance;
            return true;
        }
    }
    return false;
}

static void test_reach__starts_from_the_members_too_when_told_to(void **state)
{
    struct graph *g =
        graph_of("file src/a.rs as k::a\nfile src/b.rs as k::b\n"
                 "struct src/a.rs::S; field src/a.rs::S::x; trait src/a.rs::T\n"
                 "impl `src/b.rs::<S as T>` line 7 = block; method `src/b.rs::<S as T>::m`\n"
                 "fn src/b.rs::user; fn src/b.rs::outer; fn src/b.rs::outer::inner\n"
                 "user -> m calls; outer -> x uses; S -> T implements 7\n"
                 "user -> inner calls");
    struct reach_options o = options_of(EDGE_BLAST);
    uint32_t s = graph_id(g, "S"), outer = graph_id(g, "outer"), distance;
    struct reach r;

    (void)state;
    reach_init(&r);
    o.in = true;
    assert_int_equal(query_reach(g->v, &s, 1, &o, &r, NULL), 0);
    assert_int_equal(r.nodes.len, 1);
    o.from_members = true;
    assert_int_equal(query_reach(g->v, &s, 1, &o, &r, NULL), 0);
    assert_int_equal(r.nodes.at[0].node, s);
    assert_true(is_reached(&r, graph_id(g, "x"), &distance) && distance == 0);
    assert_true(is_reached(&r, outer, &distance) && distance == 1);
    /* A function is no container: what is nested in it is not changed with it. */
    assert_int_equal(query_reach(g->v, &outer, 1, &o, &r, NULL), 0);
    assert_int_equal(r.nodes.len, 1);
    reach_release(&r);
    graph_free(g);
}

static void test_reach__takes_impl_blocks_as_parts_of_their_type(void **state)
{
    struct graph *g =
        graph_of("file a.rs as k::a\nfile b.rs as k::b\n"
                 "impl `b.rs::<S as T>` line 7; method `b.rs::<S as T>::m`; fn b.rs::user\n"
                 "struct b.rs::S line 9 = near; struct a.rs::S = far\n"
                 "user -> m calls\n");
    struct reach_options o = options_of(EDGE_BLAST);
    uint32_t far = graph_id(g, "far"), near = graph_id(g, "near"), distance;
    struct reach r;

    (void)state;
    reach_init(&r);
    o.in = o.from_members = true;
    assert_int_equal(query_reach(g->v, &near, 1, &o, &r, NULL), 0);
    assert_true(is_reached(&r, graph_id(g, "m"), &distance) && distance == 0);
    assert_true(is_reached(&r, graph_id(g, "user"), &distance) && distance == 1);
    assert_int_equal(r.nodes.len, 4);
    assert_false(r.nodes.at[0].edge);
    assert_false(r.nodes.at[1].edge); /* the block */
    assert_int_equal(r.nodes.at[1].kind, EDGE_DEFINES);
    assert_true(r.nodes.at[2].edge && r.nodes.at[3].edge);
    assert_int_equal(query_reach(g->v, &far, 1, &o, &r, NULL), 0);
    assert_int_equal(r.nodes.len, 1);
    graph_free(g);

    /* An edge to the trait that the block makes says more than where the block is. */
    g = graph_of("file a.rs as k::a\nfile b.rs as k::b\n"
                 "impl `b.rs::<S as T>` line 7; method `b.rs::<S as T>::m`\n"
                 "struct b.rs::S line 9 = near; struct a.rs::S = far; trait b.rs::T\n"
                 "far -> T implements 7 in b.rs");
    near = graph_id(g, "near");
    far = graph_id(g, "far");
    assert_int_equal(query_reach(g->v, &near, 1, &o, &r, NULL), 0);
    assert_int_equal(r.nodes.len, 1);
    assert_int_equal(query_reach(g->v, &far, 1, &o, &r, NULL), 0);
    assert_true(is_reached(&r, graph_id(g, "m"), &distance) && distance == 0);
    graph_free(g);

    /* Of two types that it may be, the block is no one's. */
    g = graph_of("file a.rs as k::a\nfile b.rs as k::b\nfile c.rs as k::c\n"
                 "impl c.rs::S; method c.rs::S::m; struct a.rs::S = one; struct b.rs::S = two");
    near = graph_id(g, "one");
    assert_int_equal(query_reach(g->v, &near, 1, &o, &r, NULL), 0);
    assert_int_equal(r.nodes.len, 1);
    reach_release(&r);
    graph_free(g);
}

static void test_reach__takes_what_expands_a_macro_for_its_caller_when_asked(void **state)
{
    struct graph *g = graph_of("fn a.c::real = real; macro a.c::M = m; fn a.c::f; fn a.c::h\n"
                               "M -> real calls; f -> M uses; h -> real uses");
    struct reach_options o = options_of(EDGE_BIT(EDGE_CALLS));
    uint32_t real = graph_id(g, "real"), distance;
    struct reach r;

    (void)state;
    reach_init(&r);
    o.in = true;
    assert_int_equal(query_reach(g->v, &real, 1, &o, &r, NULL), 0);
    assert_int_equal(r.nodes.len, 2);
    o.expansions = true;
    assert_int_equal(query_reach(g->v, &real, 1, &o, &r, NULL), 0);
    assert_int_equal(r.nodes.len, 3);
    assert_true(is_reached(&r, graph_id(g, "m"), &distance) && distance == 1);
    assert_true(is_reached(&r, graph_id(g, "f"), &distance) && distance == 2);
    reach_release(&r);
    graph_free(g);
}

static void test_reach__takes_another_word_for_a_type_as_the_type(void **state)
{
    struct graph *g =
        graph_of("struct a.h::S = s; type-alias a.h::S = alias; struct b.c::S = other\n"
                 "type-alias a.h::T; fn a.c::user; fn a.c::stranger\n"
                 "user -> alias accepts; T -> s uses; stranger -> T uses");
    struct reach_options o = options_of(EDGE_BLAST);
    uint32_t s = graph_id(g, "s"), distance;
    struct reach r;

    (void)state;
    reach_init(&r);
    o.in = o.from_members = true;
    assert_int_equal(query_reach(g->v, &s, 1, &o, &r, NULL), 0);
    assert_true(is_reached(&r, graph_id(g, "alias"), &distance) && distance == 0);
    assert_true(is_reached(&r, graph_id(g, "user"), &distance) && distance == 1);
    assert_true(is_reached(&r, graph_id(g, "T"), &distance) && distance == 1);
    assert_true(is_reached(&r, graph_id(g, "stranger"), &distance) && distance == 2);
    s = graph_id(g, "other");
    assert_int_equal(query_reach(g->v, &s, 1, &o, &r, NULL), 0);
    assert_int_equal(r.nodes.len, 1);
    reach_release(&r);
    graph_free(g);
}

/* ---- paths ---- */

static void check_path(const struct view *v, uint32_t a, uint32_t b, const struct reach_options *o,
                       struct reach *r)
{
    /* The far end may be a test all the same. */
    uint32_t *distance = naive_distances(v, a, o), want = distance[b];

    for (uint32_t id = 0; o->no_tests && a != b && id < view_node_count(v); id++) {
        struct edge_iter it;
        struct edge e;
        view_edges(v, id, o->in, o->kinds, &it);
        while (view_next(&it, &e)) {
            if (e.node == b && distance[id] < want && (o->candidates || e.layer != LAYER_CANDIDATE))
                want = distance[id] + 1;
        }
    }
    if (o->max_depth != 0 && want > o->max_depth)
        want = UINT32_MAX;
    assert_int_equal(query_path(v, a, b, o, r, NULL), 0);
    assert_false(r->truncated);
    assert_int_equal(r->nodes.len, want == UINT32_MAX ? 0 : want + 1);
    for (uint32_t i = 0; i < r->nodes.len; i++) {
        assert_int_equal(r->nodes.at[i].distance, i);
        assert_int_equal(r->nodes.at[i].via, i > 0 ? i - 1 : 0);
        if (i > 0)
            assert_true(has_edge(v, r->nodes.at[i - 1].node, &r->nodes.at[i], o->in));
    }
    if (r->nodes.len > 0) {
        assert_int_equal(r->nodes.at[0].node, a);
        assert_int_equal(vec_last(&r->nodes).node, b);
    }
    free(distance);
}

static void test_path__is_as_short_as_a_naive_walk_finds(void **state)
{
    uint64_t rng = SEED + 1;
    struct reach r;

    (void)state;
    print_message("seed %u\n", SEED + 1);
    reach_init(&r);
    for (unsigned round = 0; round < 150; round++) {
        uint32_t n = 1 + (uint32_t)rng_below(&rng, 60);
        struct graph *g =
            random_graph(&rng, n, (uint32_t)rng_below(&rng, 2 * n + 1), call_kinds, 2);
        for (unsigned i = 0; i < 12; i++) {
            struct reach_options o = {.in = rng_below(&rng, 2) == 0,
                                      .no_tests = rng_below(&rng, 3) == 0,
                                      .candidates = rng_below(&rng, 3) == 0,
                                      .kinds = EDGE_BIT(EDGE_CALLS) | EDGE_BIT(EDGE_USES),
                                      .max_depth = (uint32_t)rng_below(&rng, 8)};
            check_path(g->v, (uint32_t)rng_below(&rng, view_node_count(g->v)),
                       (uint32_t)rng_below(&rng, view_node_count(g->v)), &o, &r);
        }
        graph_free(g);
    }
    reach_release(&r);
}

static void test_path__goes_into_and_out_of_members(void **state)
{
    struct graph *g = graph_of("class a.py::A; method a.py::A.run; class b.py::B\n"
                               "method b.py::B.save; fn a.py::mid\n"
                               "run -> mid calls 4; mid -> save calls 9");
    struct reach_options o = options_of(EDGE_BIT(EDGE_CALLS));
    struct reach r;

    (void)state;
    reach_init(&r);
    assert_int_equal(query_path(g->v, graph_id(g, "A"), graph_id(g, "B"), &o, &r, NULL), 0);
    assert_int_equal(r.nodes.len, 0);
    o.from_members = true;
    assert_int_equal(query_path(g->v, graph_id(g, "A"), graph_id(g, "B"), &o, &r, NULL), 0);
    assert_int_equal(r.nodes.len, 4);
    assert_int_equal(r.nodes.at[0].node, graph_id(g, "A"));
    assert_int_equal(r.nodes.at[1].kind, EDGE_DEFINES);
    assert_int_equal(r.nodes.at[3].node, graph_id(g, "save"));
    /* One end inside of the other. */
    assert_int_equal(query_path(g->v, graph_id(g, "A"), graph_id(g, "run"), &o, &r, NULL), 0);
    assert_int_equal(r.nodes.len, 2);
    reach_release(&r);
    graph_free(g);
}

static void test_path__gives_up_at_max_nodes_and_says_so(void **state)
{
    struct graph *g = graph_of("fn a.c::a; fn a.c::b; fn a.c::c; fn a.c::d\n"
                               "a.c::a -> b calls; b -> c calls; c -> d calls");
    struct reach_options o = options_of(EDGE_BIT(EDGE_CALLS));
    struct reach r;

    (void)state;
    reach_init(&r);
    o.max_nodes = 2;
    assert_int_equal(query_path(g->v, graph_id(g, "a.c::a"), graph_id(g, "d"), &o, &r, NULL), 0);
    assert_int_equal(r.nodes.len, 0);
    assert_true(r.truncated);
    reach_release(&r);
    graph_free(g);
}

/* ---- memory ---- */

static int reach_anew(const struct graph *g, struct reach_options o, bool path)
{
    uint32_t a = graph_id(g, "hub"), b = graph_id(g, "f499");
    struct reach r;

    reach_init(&r);
    int rc = path ? query_path(g->v, a, b, &o, &r, NULL) : query_reach(g->v, &a, 1, &o, &r, NULL);
    if (rc != 0)
        assert_int_equal(r.nodes.len, 0);
    else
        assert_true(r.nodes.len >= 2);
    /* What failed may be used again. */
    fault_disarm_all();
    assert_int_equal(query_reach(g->v, &a, 1, &o, &r, NULL), 0);
    reach_release(&r);
    return rc;
}

static void test_reach__survives_each_failing_allocation(void **state)
{
    struct buf text = {0};

    (void)state;
    buf_str(&text, "struct a.c::hub; impl `a.c::<hub as T>`; fn a.c::f499\n");
    for (unsigned i = 0; i < 100; i++)
        buf_printf(&text, "fn a.c::f%u\nhub -> f%u calls\nf%u -> f499 uses\n", i, i, i);
    buf_str(&text, "hub -> f1 uses\n");
    struct graph *g = graph_of(buf_cstr(&text));
    struct reach_options o = options_of(EDGE_BLAST);
    o.from_members = true;
    for (int path = 0; path < 2; path++) {
        for (uint64_t n = 1;; n++) {
            fault_arm("mem.alloc", n, ENOMEM);
            /* reach_anew disarms, so it is the code that says whether one failed. */
            int rc = reach_anew(g, o, path != 0);
            if (rc == 0) {
                assert_true(n > 1);
                break;
            }
            assert_int_equal(rc, PT_ENOMEM);
        }
    }
    graph_free(g);
    buf_release(&text);
}

static void test_reach__does_not_allocate_when_it_is_used_again(void **state)
{
    struct graph *g = graph_of("fn a.c::hub; fn a.c::b; fn a.c::c; fn a.c::d\n"
                               "hub -> d calls; hub -> b calls; hub -> c uses; c -> d uses");
    struct reach_options o = options_of(EDGE_BLAST);
    uint32_t hub = graph_id(g, "hub"), d = graph_id(g, "d");
    struct reach r;

    (void)state;
    reach_init(&r);
    for (unsigned round = 0; round < 2; round++) {
        if (round == 1)
            fault_arm_every("mem.alloc", 1, ENOMEM);
        assert_int_equal(query_reach(g->v, &hub, 1, &o, &r, NULL), 0);
        assert_int_equal(r.nodes.len, 4);
        assert_int_equal(query_path(g->v, hub, d, &o, &r, NULL), 0);
        assert_int_equal(r.nodes.len, 2);
    }
    fault_disarm_all();
    reach_release(&r);
    graph_free(g);
}

/* ---- graphs of which a walk sees little ---- */

static void test_walks__agree_with_naive_ones_in_large_graphs(void **state)
{
    uint64_t rng = SEED + 2;

    (void)state;
    print_message("seed %u\n", SEED + 2);
    for (unsigned round = 0; round < 4; round++) {
        struct graph *g = random_graph(&rng, 3000, 1500 + 400 * round, call_kinds, 2);
        struct reach r;
        reach_init(&r);
        for (unsigned i = 0; i < 30; i++) {
            struct reach_options o = options_of(EDGE_BIT(EDGE_CALLS) | EDGE_BIT(EDGE_USES));
            uint32_t a = (uint32_t)rng_below(&rng, view_node_count(g->v));
            uint32_t b = (uint32_t)rng_below(&rng, view_node_count(g->v));
            o.in = rng_below(&rng, 2) == 0;
            o.candidates = true;
            check_reach(g->v, a, &o, &r);
            check_path(g->v, a, b, &o, &r);
            if (rng_below(&rng, 3) == 0)
                reach_release(&r);
        }
        reach_release(&r);
        graph_free(g);
    }
}

static void test_reach__of_a_few_nodes_gets_no_memory_for_all(void **state)
{
    struct buf text = {0};
    struct reach r;

    (void)state;
    for (unsigned i = 0; i < 3000; i++)
        buf_printf(&text, "fn a.c::f%u\n", i);
    buf_str(&text, "f5 -> f900 calls; f7 -> f900 calls\n");
    struct graph *g = graph_of(buf_cstr(&text));
    struct reach_options o = options_of(EDGE_BIT(EDGE_CALLS));
    o.in = true;
    uint32_t start = graph_id(g, "f900");
    reach_init(&r);
    assert_int_equal(query_reach(g->v, &start, 1, &o, &r, NULL), 0);
    assert_int_equal(r.nodes.len, 3);
    assert_null(r.marks.all);
    reach_release(&r);
    graph_free(g);
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reach__agrees_with_a_naive_walk),
        cmocka_unit_test(test_reach__orders_wide_levels),
        cmocka_unit_test(test_reach__stops_at_max_nodes_and_says_so),
        cmocka_unit_test(test_reach__keeps_the_first_of_a_distance_that_is_cut),
        cmocka_unit_test(test_reach__counts_a_repeated_start_once),
        cmocka_unit_test(test_reach__starts_from_the_members_too_when_told_to),
        cmocka_unit_test(test_reach__takes_impl_blocks_as_parts_of_their_type),
        cmocka_unit_test(test_reach__takes_what_expands_a_macro_for_its_caller_when_asked),
        cmocka_unit_test(test_reach__takes_another_word_for_a_type_as_the_type),
        cmocka_unit_test(test_path__is_as_short_as_a_naive_walk_finds),
        cmocka_unit_test(test_path__goes_into_and_out_of_members),
        cmocka_unit_test(test_path__gives_up_at_max_nodes_and_says_so),
        cmocka_unit_test(test_reach__survives_each_failing_allocation),
        cmocka_unit_test(test_reach__does_not_allocate_when_it_is_used_again),
        cmocka_unit_test(test_walks__agree_with_naive_ones_in_large_graphs),
        cmocka_unit_test(test_reach__of_a_few_nodes_gets_no_memory_for_all),
    };
    return RUN_TESTS(tests);
}
