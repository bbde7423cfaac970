/* D1 and D2 of graph/delta.h, which need no graph. D3 and D4: test_segment.c. */
#include "unit/graph/support.h"

static void expect_broken(const struct draft *drafts, size_t n, const char *message)
{
    struct delta d = delta_of(drafts, n);
    struct err err = {0};

    assert_int_equal(delta_check(&d, &err), PT_EINVAL);
    if (strstr(err.msg, message) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err.msg, message);
    delta_release(&d);
}

static void two_nodes(struct draft *d)
{
    draft_init(d, "a.c", 1);
    draft_node(d, 2, "f");
}

static void test_delta__empty_and_removed_units_are_fine(void **state)
{
    struct draft d[2];
    struct err err = {0};

    (void)state;
    draft_init(&d[0], "a.c", 1);
    d[0].u.removed = true;
    d[0].u.n_nodes = 0;
    draft_init(&d[1], "b.c", 2);
    struct delta delta = delta_of(d, 2);
    assert_int_equal(delta_check(&delta, &err), 0);
    vec_clear(&delta.units);
    assert_int_equal(delta_check(&delta, &err), 0);
    delta_release(&delta);
    delta_release(&delta);
}

static void test_delta__D1_paths_ascend_strictly(void **state)
{
    struct draft d[2];

    (void)state;
    draft_init(&d[0], "b.c", 1);
    draft_init(&d[1], "a.c", 2);
    expect_broken(d, 2, "D1: unit a.c");
    d[1].u.path = "b.c";
    expect_broken(d, 2, "D1: unit b.c");
    d[1].u.path = "";
    expect_broken(d, 2, "D1: unit 1 has no path");
    d[1].u.path = NULL;
    expect_broken(d, 2, "D1: unit 1 has no path");
}

static void test_delta__D2_the_first_node_is_the_file(void **state)
{
    struct draft d;

    (void)state;
    draft_init(&d, "a.c", 1);
    d.nodes[0].kind = NODE_MODULE;
    expect_broken(&d, 1, "D2: unit a.c");
    d.u.n_nodes = 0;
    expect_broken(&d, 1, "D2: unit a.c");
}

static void test_delta__D2_parents_come_earlier(void **state)
{
    struct draft d;

    (void)state;
    two_nodes(&d);
    d.nodes[1].parent = 1;
    expect_broken(&d, 1, "D2: unit a.c: node 1 (f) has parent 1");
    d.nodes[1].parent = 0;
    d.nodes[0].parent = 1;
    expect_broken(&d, 1, "D2: unit a.c: node 0");
}

static void test_delta__unknown_kinds_and_missing_strings_are_refused(void **state)
{
    struct draft d;

    (void)state;
    two_nodes(&d);
    d.nodes[1].kind = NODE_KIND_COUNT;
    expect_broken(&d, 1, "unknown kind");
    d.nodes[1].kind = NODE_MACRO;
    d.edges[0].kind = EDGE_KIND_COUNT;
    expect_broken(&d, 1, "unknown kind");
    d.edges[0].kind = EDGE_CONTAINS;
    d.edges[0].layer = LAYER_COUNT;
    expect_broken(&d, 1, "layer 4");
    d.edges[0].layer = LAYER_EXACT;
    d.nodes[1].signature = NULL;
    expect_broken(&d, 1, "lacks a name or signature");
    d.nodes[1].signature = "";
    d.u.lang = NULL;
    expect_broken(&d, 1, "no language");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_delta__empty_and_removed_units_are_fine),
        cmocka_unit_test(test_delta__D1_paths_ascend_strictly),
        cmocka_unit_test(test_delta__D2_the_first_node_is_the_file),
        cmocka_unit_test(test_delta__D2_parents_come_earlier),
        cmocka_unit_test(test_delta__unknown_kinds_and_missing_strings_are_refused),
    };

    return RUN_TESTS(tests);
}
