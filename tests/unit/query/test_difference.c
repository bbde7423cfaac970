/* What came and went between two versions of a graph, and whom that concerns. */
#include "query/difference.h"

#include "support.h"

static struct difference compare(const struct graph *before, const struct graph *after,
                                 const char *const *paths, uint32_t n)
{
    struct difference d = {0};
    assert_int_equal(query_difference(before->v, after->v, paths, n, &d, NULL), PT_OK);
    return d;
}

static const char before_text[] = "fn a.c::f line 3; fn a.c::g line 9; fn b.c::user; fn c.c::far\n"
                                  "f -> g calls 4; user -> f calls 5; far -> user calls 6\n"
                                  "far -> g calls 7 candidate";

static const char *const files[] = {"a.c", "b.c", "c.c", "nowhere.c"};

static void test_difference__none_if_things_only_move(void **state)
{
    struct graph *before = graph_of(before_text);
    struct graph *after =
        graph_of("fn c.c::far; fn b.c::user; fn a.c::f line 30; fn a.c::g line 90\n"
                 "f -> g calls 44; user -> f calls 55; far -> user calls 66");
    (void)state;
    struct difference d = compare(before, after, files, 4);
    assert_int_equal(d.came.len + d.went.len + d.edges_came.len + d.edges_went.len, 0);
    assert_int_equal(d.affected.len, 0);
    difference_release(&d);
    graph_free(before);
    graph_free(after);
}

static void test_difference__tells_what_came_and_went_and_who_depends_on_it(void **state)
{
    struct graph *before = graph_of(before_text);
    struct graph *after = graph_of("fn a.c::f line 3; fn a.c::h line 9; fn b.c::user; fn c.c::far\n"
                                   "f -> h calls 4; user -> f calls 5; far -> user calls 6");
    (void)state;
    struct difference d = compare(before, after, files, 1);
    assert_int_equal(d.came.len, 1);
    assert_int_equal(d.came.at[0], graph_id(after, "h"));
    assert_int_equal(d.went.len, 1);
    assert_int_equal(d.went.at[0], graph_id(before, "g"));
    assert_int_equal(d.edges_came.len, 1);
    assert_int_equal(d.edges_came.at[0].from, graph_id(after, "f"));
    assert_int_equal(d.edges_came.at[0].to, graph_id(after, "h"));
    assert_int_equal(d.edges_went.len, 1);
    assert_int_equal(d.edges_went.at[0].to, graph_id(before, "g"));
    assert_int_equal(d.affected.len, 3);
    assert_int_equal(d.affected.at[0], graph_id(after, "f")); /* where the edges start */
    assert_int_equal(d.affected.at[1], graph_id(after, "user"));
    assert_int_equal(d.affected.at[2], graph_id(after, "far"));
    assert_false(d.affected_cut);
    difference_release(&d);
    graph_free(before);
    graph_free(after);
}

static void test_difference__sees_files_that_come_and_go(void **state)
{
    struct graph *before = graph_of("fn a.c::f; fn b.c::user\nuser -> f calls 5");
    struct graph *after = graph_of("fn b.c::user; fn d.c::f\nuser -> f calls 5");
    static const char *const all[] = {"a.c", "b.c", "d.c"};
    (void)state;
    struct difference d = compare(before, after, all, 3);
    assert_int_equal(d.came.len, 2); /* with the files' own nodes */
    assert_int_equal(d.went.len, 2);
    assert_int_equal(d.edges_came.len, 1);
    assert_int_equal(d.edges_went.len, 1);
    difference_release(&d);
    graph_free(before);
    graph_free(after);
}

static void test_difference__survives_each_failing_allocation(void **state)
{
    struct graph *before = graph_of(before_text);
    struct graph *after = graph_of("fn a.c::f; fn b.c::user\nuser -> f calls 5");
    struct difference d = {0};
    (void)state;
    FAIL_EACH_ALLOCATION(query_difference(before->v, after->v, files, 4, &d, NULL));
    difference_release(&d);
    graph_free(before);
    graph_free(after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_difference__none_if_things_only_move),
        cmocka_unit_test(test_difference__tells_what_came_and_went_and_who_depends_on_it),
        cmocka_unit_test(test_difference__sees_files_that_come_and_go),
        cmocka_unit_test(test_difference__survives_each_failing_allocation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
