#include "query/context.h"

#include "support.h"

static struct context context_of(const struct graph *g, const char *node)
{
    struct context c = {0};

    assert_int_equal(query_context(g->v, graph_id(g, node), &c, NULL), 0);
    return c;
}

static const struct context_item *item_of(const struct context *c, uint32_t node)
{
    for (uint32_t i = 0; i < c->items.len; i++) {
        if (c->items.at[i].node == node)
            return &c->items.at[i];
    }
    return NULL;
}

static void check(const struct graph *g, const struct context *c, const char *node,
                  enum context_role role, unsigned distance)
{
    const struct context_item *item = item_of(c, graph_id(g, node));

    if (item == NULL) {
        fail_msg("%s is missing", node);
        return;
    }
    if (item->role != role || item->distance != distance)
        fail_msg("%s is a %s at %u", node, context_role_name(item->role), item->distance);
}

static void check_edge(const struct graph *g, const struct context *c, const char *node,
                       const char *from, const char *to, enum edge_kind kind)
{
    const struct context_item *item = item_of(c, graph_id(g, node));

    assert_non_null(item);
    assert_int_equal(item->from, graph_id(g, from));
    assert_int_equal(item->to, graph_id(g, to));
    assert_int_equal(item->kind, kind);
}

static void check_missing(const struct graph *g, const struct context *c, const char *node)
{
    if (item_of(c, graph_id(g, node)) != NULL)
        fail_msg("%s is there", node);
}

static const char code[] =
    "class a.py::Base; method a.py::Base.run = base_run; class a.py::Model exported\n"
    "method a.py::Model.run = run; method a.py::Model.other = sibling; field a.py::Model.x = x\n"
    "fn a.py::helper; fn a.py::deeper; fn a.py::deepest; class b.py::Type; field b.py::Type.f\n"
    "fn c.py::caller; fn c.py::outer; fn c.py::outermost; fn c.py::user; fn c.py::maybe\n"
    "class c.py::Sub; method c.py::Sub.run = sub_run\n"
    "fn t.py::test_direct test; fn t.py::test_far test; fn t.py::test_too_far test\n"
    "Model -> Base extends 3; run -> base_run overrides; sub_run -> run overrides; Sub -> Model extends\n"
    "run -> helper calls 9; helper -> deeper calls; deeper -> deepest calls\n"
    "run -> Type accepts; run -> x uses; caller -> run calls; outer -> caller calls\n"
    "outermost -> outer calls; user -> run uses; maybe -> run calls candidate\n"
    "test_direct -> run calls; test_far -> outermost calls; test_too_far -> test_direct calls\n";

static void test_context__gives_each_neighbour_under_its_role(void **state)
{
    struct graph *g = graph_of(code);
    struct context c = context_of(g, "run");

    (void)state;
    assert_int_equal(c.items.at[0].node, graph_id(g, "run"));
    check(g, &c, "run", CONTEXT_SELF, 0);
    check(g, &c, "Model", CONTEXT_CONTAINER, 1);
    check(g, &c, "base_run", CONTEXT_BASE, 1);
    check(g, &c, "sub_run", CONTEXT_IMPLEMENTOR, 1);
    check(g, &c, "caller", CONTEXT_CALLER, 1);
    check(g, &c, "helper", CONTEXT_CALLEE, 1);
    check(g, &c, "Type", CONTEXT_TYPE, 1);
    check(g, &c, "x", CONTEXT_TYPE, 1);
    check(g, &c, "user", CONTEXT_USER, 1);
    check(g, &c, "test_direct", CONTEXT_TEST, 1);
    check(g, &c, "test_far", CONTEXT_TEST, 4);
    check(g, &c, "sibling", CONTEXT_NEAR, 2);
    check(g, &c, "outer", CONTEXT_NEAR, 2);
    check(g, &c, "deeper", CONTEXT_NEAR, 2);
    check(g, &c, "Type.f", CONTEXT_NEAR, 2);
    check_missing(g, &c, "maybe");
    check_missing(g, &c, "deepest");
    check_missing(g, &c, "outermost");
    assert_int_equal(c.totals[CONTEXT_TEST], 3);
    assert_int_equal(c.totals[CONTEXT_CALLER], 1);
    context_release(&c);
    graph_free(g);
}

static void test_context__names_the_edge_that_relates_each(void **state)
{
    struct graph *g = graph_of(code);
    struct context c = context_of(g, "run");

    (void)state;
    assert_int_equal(c.items.at[0].from, NODE_NONE);
    assert_int_equal(item_of(&c, graph_id(g, "Model"))->from, NODE_NONE);
    check_edge(g, &c, "caller", "caller", "run", EDGE_CALLS);
    check_edge(g, &c, "helper", "run", "helper", EDGE_CALLS);
    check_edge(g, &c, "sub_run", "sub_run", "run", EDGE_OVERRIDES);
    check_edge(g, &c, "deeper", "helper", "deeper", EDGE_CALLS);
    check_edge(g, &c, "test_far", "test_far", "outermost", EDGE_CALLS);
    context_release(&c);
    graph_free(g);
}

static void test_context__of_a_type_gives_members_and_who_calls_them(void **state)
{
    struct graph *g = graph_of(code);
    struct context c = context_of(g, "Model");

    (void)state;
    check(g, &c, "a.py", CONTEXT_CONTAINER, 1);
    check(g, &c, "run", CONTEXT_MEMBER, 1);
    check(g, &c, "x", CONTEXT_MEMBER, 1);
    check(g, &c, "Base", CONTEXT_BASE, 1);
    check(g, &c, "Sub", CONTEXT_IMPLEMENTOR, 1);
    check(g, &c, "caller", CONTEXT_NEAR, 2);
    check(g, &c, "helper", CONTEXT_NEAR, 2);
    check(g, &c, "test_direct", CONTEXT_TEST, 1);
    context_release(&c);
    graph_free(g);
}

static void test_context__joins_impl_blocks_and_their_type(void **state)
{
    struct graph *g =
        graph_of("file a.rs as k::a\nstruct a.rs::S = S; trait a.rs::T\n"
                 "impl a.rs::S = block; method a.rs::S::m = m\n"
                 "impl `a.rs::<S as T>` = trait_block; method `a.rs::<S as T>::n` = n\n"
                 "S -> T implements");
    struct context c;

    (void)state;
    c = context_of(g, "n");
    check(g, &c, "trait_block", CONTEXT_CONTAINER, 1);
    check(g, &c, "S", CONTEXT_CONTAINER, 2);
    check(g, &c, "m", CONTEXT_NEAR, 2);
    context_release(&c);
    c = context_of(g, "S");
    check(g, &c, "m", CONTEXT_MEMBER, 1);
    check(g, &c, "n", CONTEXT_MEMBER, 1);
    check(g, &c, "T", CONTEXT_BASE, 1);
    check_missing(g, &c, "block");
    context_release(&c);
    c = context_of(g, "block");
    check(g, &c, "S", CONTEXT_CONTAINER, 1);
    context_release(&c);
    graph_free(g);
}

static void test_context__gives_who_uses_a_type_by_another_word(void **state)
{
    struct graph *g = graph_of("struct a.h::S = s; type-alias a.h::S = alias; fn a.c::user\n"
                               "user -> alias accepts; alias -> s uses");
    struct context c = context_of(g, "s");

    (void)state;
    check(g, &c, "user", CONTEXT_USER, 1);
    check_missing(g, &c, "alias");
    assert_int_equal(c.totals[CONTEXT_USER], 1);
    context_release(&c);
    graph_free(g);
}

static void test_context__stops_tests_at_six_hops(void **state)
{
    struct buf text = {0};

    (void)state;
    buf_str(&text, "fn a.c::f0\n");
    for (unsigned i = 1; i < 9; i++)
        buf_printf(&text, "fn a.c::f%u\nf%u -> f%u calls\nfn t.c::t%u test\nt%u -> f%u calls\n", i,
                   i, i - 1, i, i, i - 1);
    struct graph *g = graph_of(buf_cstr(&text));
    struct context c = context_of(g, "f0");
    check(g, &c, "t6", CONTEXT_TEST, 6);
    check_missing(g, &c, "t7");
    assert_int_equal(c.totals[CONTEXT_TEST], 6);
    context_release(&c);
    graph_free(g);
    buf_release(&text);
}

static void test_context__of_a_test_takes_tests_for_what_they_are(void **state)
{
    struct graph *g = graph_of("fn t.c::helper test; fn t.c::test_a test; test_a -> helper calls");
    struct context c = context_of(g, "helper");

    (void)state;
    check(g, &c, "test_a", CONTEXT_CALLER, 1);
    context_release(&c);
    graph_free(g);
}

static struct graph *hub(unsigned n)
{
    struct buf text = {0};

    buf_str(&text, "struct a.c::hub\n");
    for (unsigned i = 0; i < n; i++)
        buf_printf(&text, "fn b.c::f%u\nf%u -> hub %s\nfield a.c::hub.m%u\n", i, i,
                   i % 2 ? "calls" : "uses", i);
    struct graph *g = graph_of(buf_cstr(&text));
    buf_release(&text);
    return g;
}

static void test_context__weaves_roles_so_that_none_starves(void **state)
{
    struct graph *g = hub(200);
    struct context c = context_of(g, "hub");
    unsigned seen[CONTEXT_ROLE_COUNT] = {0};

    (void)state;
    for (uint32_t i = 0; i < 20; i++)
        seen[c.items.at[i].role]++;
    assert_int_equal(seen[CONTEXT_SELF], 1);
    assert_int_equal(seen[CONTEXT_CONTAINER], 1);
    assert_true(seen[CONTEXT_MEMBER] >= 6);
    assert_true(seen[CONTEXT_CALLER] >= 3);
    assert_true(seen[CONTEXT_USER] >= 2);
    context_release(&c);
    graph_free(g);
}

static void test_context__keeps_a_bounded_number_and_counts_all(void **state)
{
    struct graph *g = hub(1200);
    struct context c = context_of(g, "hub");
    uint32_t members = 0;

    (void)state;
    for (uint32_t i = 0; i < c.items.len; i++) {
        members += c.items.at[i].role == CONTEXT_MEMBER;
        for (uint32_t k = i + 1; k < i + 20 && k < c.items.len; k++) {
            const struct context_item *a = &c.items.at[i], *b = &c.items.at[k];
            if (a->role == b->role)
                assert_true(a->score > b->score || (a->score == b->score && a->node < b->node));
        }
    }
    assert_int_equal(members, CONTEXT_ROLE_MAX);
    assert_int_equal(c.totals[CONTEXT_MEMBER], 1200);
    assert_int_equal(c.totals[CONTEXT_CALLER], 600);
    assert_int_equal(c.totals[CONTEXT_USER], 600);
    context_release(&c);
    graph_free(g);
}

static void test_context__agrees_with_a_look_at_all_edges(void **state)
{
    static const char *const kinds[] = {"calls", "uses", "overrides"};
    const uint32_t seed = 20261130;
    uint64_t rng = seed;

    (void)state;
    print_message("seed %u\n", seed);
    for (unsigned round = 0; round < 100; round++) {
        struct graph *g = random_graph(&rng, 25, 60, kinds, 3);
        uint32_t n = view_node_count(g->v), self = (uint32_t)rng_below(&rng, n);
        struct context c = {0};
        bool self_test = (view_flags(g->v, self) & FLAG_TEST) != 0;
        assert_int_equal(query_context(g->v, self, &c, NULL), 0);
        for (uint32_t id = 0; id < n; id++) {
            uint32_t count = 0;
            for (uint32_t i = 0; i < c.items.len; i++)
                count += c.items.at[i].node == id;
            assert_true(count <= 1);
            bool related = id == self;
            for (unsigned in = 0; in < 2; in++) {
                struct edge_iter it;
                struct edge e;
                view_edges(g->v, self, in == 1, EDGE_ALL, &it);
                while (view_next(&it, &e))
                    related = related || (e.node == id && e.layer != LAYER_CANDIDATE);
            }
            const struct context_item *item = item_of(&c, id);
            assert_true(!related || item != NULL);
            if (item != NULL && item->role != CONTEXT_NEAR && item->role != CONTEXT_TEST)
                assert_true(related);
            if (item != NULL && item->role == CONTEXT_TEST)
                assert_true(!self_test && (view_flags(g->v, id) & FLAG_TEST));
        }
        uint32_t sum = 0;
        for (unsigned r = 0; r < CONTEXT_ROLE_COUNT; r++)
            sum += c.totals[r];
        assert_int_equal(sum, c.items.len);
        context_release(&c);
        graph_free(g);
    }
}

static int context_anew(const struct graph *g, const char *node)
{
    struct context c = {0};
    uint32_t id = graph_id(g, node);
    int rc = query_context(g->v, id, &c, NULL);

    context_release(&c);
    return rc;
}

static void test_context__survives_each_failing_allocation(void **state)
{
    struct graph *g = graph_of(code);

    (void)state;
    FAIL_EACH_ALLOCATION(context_anew(g, "run"));
    FAIL_EACH_ALLOCATION(context_anew(g, "Model"));
    graph_free(g);
    g = graph_of(
        "struct a.h::S = s; type-alias a.h::S = alias; fn a.c::user; user -> alias accepts");
    FAIL_EACH_ALLOCATION(context_anew(g, "s"));
    graph_free(g);
}

static void test_context__names_all_roles(void **state)
{
    (void)state;
    for (unsigned r = 0; r < CONTEXT_ROLE_COUNT; r++)
        assert_string_not_equal(context_role_name((enum context_role)r), "?");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_context__gives_each_neighbour_under_its_role),
        cmocka_unit_test(test_context__names_the_edge_that_relates_each),
        cmocka_unit_test(test_context__of_a_type_gives_members_and_who_calls_them),
        cmocka_unit_test(test_context__joins_impl_blocks_and_their_type),
        cmocka_unit_test(test_context__gives_who_uses_a_type_by_another_word),
        cmocka_unit_test(test_context__stops_tests_at_six_hops),
        cmocka_unit_test(test_context__of_a_test_takes_tests_for_what_they_are),
        cmocka_unit_test(test_context__weaves_roles_so_that_none_starves),
        cmocka_unit_test(test_context__keeps_a_bounded_number_and_counts_all),
        cmocka_unit_test(test_context__agrees_with_a_look_at_all_edges),
        cmocka_unit_test(test_context__survives_each_failing_allocation),
        cmocka_unit_test(test_context__names_all_roles),
    };
    return RUN_TESTS(tests);
}
