/* D1, D2 and D5 of graph/delta.h, which need no graph. D3 and D4: test_live.c. */
#include "unit/graph/support.h"

static void expect_broken(const struct draft *drafts, size_t n, const char *message)
{
    struct delta d = delta_as_is(drafts, n);
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

/* Each field in its turn decides, in the order that D5 names. */
static const struct unit_edge ascending[] = {
    {.from = 1, .to = 9, .kind = 5, .line = 7, .col = 7},
    {.from = 2, .to = 8, .kind = 3, .line = 6, .col = 6},
    {.from = 2, .to = 1, .kind = 4, .line = 5, .col = 5},
    {.from = 2, .to = 2, .kind = 4, .line = 2, .col = 4},
    {.from = 2, .to = 2, .kind = 4, .line = 3, .col = 1, .layer = 3},
    {.from = 2, .to = 2, .kind = 4, .line = 3, .col = 2},
    {.from = UINT64_MAX, .to = 0, .kind = 0, .line = 0, .col = 0},
};

static void take_edges(struct draft *d, const struct unit_edge *edges, uint32_t n)
{
    draft_init(d, "a.c", 1);
    memcpy(d->edges, edges, n * sizeof(*edges));
    d->u.n_edges = n;
}

static void test_delta__D5_edges_ascend_strictly(void **state)
{
    const uint32_t n = PT_COUNT(ascending);
    struct draft d;

    (void)state;
    take_edges(&d, ascending, n);
    struct delta delta = delta_as_is(&d, 1);
    assert_int_equal(delta_check(&delta, NULL), PT_OK);
    delta_release(&delta);
    for (uint32_t i = 0; i + 1 < n; i++) {
        struct unit_edge two[2] = {ascending[i + 1], ascending[i]};
        take_edges(&d, two, 2);
        expect_broken(&d, 1, "D5: unit a.c: edge 1");
        two[0] = two[1];
        two[0].layer = 2; /* which says nothing of the place */
        take_edges(&d, two, 2);
        expect_broken(&d, 1, "D5: unit a.c: edge 1 is there twice");
    }
}

static void test_delta__sorting_brings_edges_into_the_order_of_D5(void **state)
{
    const uint32_t n = PT_COUNT(ascending);

    (void)state;
    for (uint64_t seed = 1; seed <= 200; seed++) {
        struct unit_edge all[2 * PT_COUNT(ascending)];
        uint64_t rng = seed;

        for (uint32_t i = 0; i < 2 * n; i++) { /* each twice, the second time less sure */
            uint32_t at = (uint32_t)rng_below(&rng, i + 1);
            all[i] = all[at];
            all[at] = ascending[i % n];
            all[at].layer = i < n ? ascending[i].layer : LAYER_CANDIDATE;
        }
        assert_int_equal(unit_edges_sort(all, 2 * n), n);
        for (uint32_t i = 0; i < n; i++) {
            const struct unit_edge *a = &all[i], *b = &ascending[i];
            assert_true(a->from == b->from && a->to == b->to && a->kind == b->kind);
            assert_true(a->line == b->line && a->col == b->col && a->layer == b->layer);
        }
    }
    assert_int_equal(unit_edges_sort(NULL, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_delta__empty_and_removed_units_are_fine),
        cmocka_unit_test(test_delta__D1_paths_ascend_strictly),
        cmocka_unit_test(test_delta__D2_the_first_node_is_the_file),
        cmocka_unit_test(test_delta__D2_parents_come_earlier),
        cmocka_unit_test(test_delta__unknown_kinds_and_missing_strings_are_refused),
        cmocka_unit_test(test_delta__D5_edges_ascend_strictly),
        cmocka_unit_test(test_delta__sorting_brings_edges_into_the_order_of_D5),
    };

    return RUN_TESTS(tests);
}
