#include "query/rank.h"

#include "support.h"

static void check(const struct graph *g, const struct ranking *r, const char *want)
{
    struct buf got = {0};

    for (uint32_t i = 0; i < r->list.len; i++)
        buf_printf(&got, "%s%s=%u", i > 0 ? " " : "", view_name(g->v, r->list.at[i].node),
                   (unsigned)r->list.at[i].value);
    assert_string_equal(buf_cstr(&got), want);
    buf_release(&got);
}

static void check_depended(const struct graph *g, uint32_t limit, const char *want)
{
    struct ranking r = {0};

    assert_int_equal(query_most_depended(g->v, limit, &r, NULL), 0);
    check(g, &r, want);
    ranking_release(&r);
}

static void test_depended__counts_distinct_nodes_outside_of_the_node(void **state)
{
    struct graph *g = graph_of(
        "file a.rs as k::a\nstruct a.rs::S = S; field a.rs::S::next; impl a.rs::S; method a.rs::S::new = new\n"
        "fn a.rs::f; fn a.rs::f::inner; fn b.rs::g; fn b.rs::t test\n"
        "next -> S uses; new -> S returns; f -> S uses; f -> S accepts; f -> new calls\n"
        "g -> S uses candidate; t -> S uses; inner -> f calls; f -> inner calls; g -> f calls\n"
        "f -> f calls; t -> g calls; f -> g imports");

    (void)state;
    check_depended(g, 0, "S=1 new=1 f=1 inner=1");
    check_depended(g, 2, "S=1 new=1");
    graph_free(g);
}

static void test_depended__keeps_the_greatest(void **state)
{
    struct buf text = {0};
    struct ranking r = {0};

    (void)state;
    for (unsigned i = 0; i < 60; i++)
        buf_printf(&text, "fn a.c::f%02u\nfn b.c::g%02u\n", i, i);
    for (unsigned i = 0; i < 60; i++) {
        for (unsigned k = 0; k < (i * 7) % 60; k++)
            buf_printf(&text, "g%02u -> f%02u calls\n", k, i);
    }
    struct graph *g = graph_of(buf_cstr(&text));
    assert_int_equal(query_most_depended(g->v, 5, &r, NULL), 0);
    assert_int_equal(r.list.len, 5);
    for (uint32_t i = 0; i < 5; i++)
        assert_int_equal(r.list.at[i].value, 59 - i);
    ranking_release(&r);
    graph_free(g);
    buf_release(&text);
}

/* Nodes that cannot be among the greatest are passed over: nobody may notice. */
static void test_depended__keeps_the_first_of_all(void **state)
{
    static const char *const kinds[] = {"calls", "uses", "imports"};
    uint64_t rng = 20261124;

    (void)state;
    for (unsigned round = 0; round < 8; round++) {
        struct graph *g = random_graph(&rng, 600, 300u << round / 2, kinds, 3);
        struct ranking all = {0}, some = {0};
        assert_int_equal(query_most_depended(g->v, 0, &all, NULL), 0);
        for (uint32_t limit = 1; limit < 40; limit += 3) {
            assert_int_equal(query_most_depended(g->v, limit, &some, NULL), 0);
            assert_int_equal(some.list.len, all.list.len < limit ? all.list.len : limit);
            for (uint32_t i = 0; i < some.list.len; i++) {
                assert_int_equal(some.list.at[i].node, all.list.at[i].node);
                assert_int_equal(some.list.at[i].value, all.list.at[i].value);
            }
        }
        ranking_release(&all);
        ranking_release(&some);
        graph_free(g);
    }
}

static void test_largest__takes_folders_that_are_packages_as_one(void **state)
{
    struct graph *g = graph_of("file p/__init__.py lang python lines 10\n"
                               "file p/a.py lang python lines 100\n"
                               "file p/sub/b.py lang python lines 70\n"
                               "file p/x.c lang c lines 50\nfile c.py lang python lines 70\n");
    struct ranking r = {0};

    (void)state;
    assert_int_equal(query_largest(g->v, 0, &r, NULL), 0);
    check(g, &r, "__init__.py=110 c.py=70 b.py=70 x.c=50");
    assert_int_equal(query_largest(g->v, 1, &r, NULL), 0);
    check(g, &r, "__init__.py=110");
    ranking_release(&r);
    graph_free(g);
}

static int rank_anew(const struct graph *g, bool largest)
{
    struct ranking r = {0};
    int rc = largest ? query_largest(g->v, 3, &r, NULL) : query_most_depended(g->v, 3, &r, NULL);

    ranking_release(&r);
    return rc;
}

static void test_ranking__survives_each_failing_allocation(void **state)
{
    struct graph *g =
        graph_of("file p/__init__.py\nfile p/a.py\nfn a.c::f; fn b.c::g; g -> f calls");

    (void)state;
    FAIL_EACH_ALLOCATION(rank_anew(g, false));
    FAIL_EACH_ALLOCATION(rank_anew(g, true));
    graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_depended__counts_distinct_nodes_outside_of_the_node),
        cmocka_unit_test(test_depended__keeps_the_greatest),
        cmocka_unit_test(test_depended__keeps_the_first_of_all),
        cmocka_unit_test(test_largest__takes_folders_that_are_packages_as_one),
        cmocka_unit_test(test_ranking__survives_each_failing_allocation),
    };
    return RUN_TESTS(tests);
}
