/* What view.h promises of iteration and of names. Its other calls: test_twin.c. */
#include "unit/graph/support.h"

static struct view *names_view(void)
{
    static const char *const names[] = {"open",    "opener",   "ope", "close",
                                        "x::open", "\xc3\xa9", ""};
    struct draft d;

    draft_init(&d, "src/a.c", 100);
    for (size_t i = 0; i < PT_COUNT(names); i++)
        draft_node(&d, i + 1, names[i]);
    return view_of(NULL, &d, 1);
}

static void test_view__an_empty_graph_answers(void **state)
{
    struct view *v = view_of(NULL, NULL, 0);
    const uint32_t *ids;

    (void)state;
    assert_int_equal(view_node_count(v), 0);
    assert_int_equal(view_edge_count(v), 0);
    assert_int_equal(view_file_count(v), 0);
    assert_int_equal(view_name_count(v), 0);
    assert_int_equal(view_find_file(v, ""), NODE_NONE);
    assert_int_equal(view_find_sig(v, 0), NODE_NONE);
    assert_int_equal(view_named(v, "", 0, &ids), 0);
    assert_int_equal(view_name_lower_bound(v, "a", 1), 0);
    char *dump = dump_of(v);
    assert_string_equal(dump, "isg-dump 1\n");
    mem_free(dump);
    view_free(v);
}

static void test_view__names_are_found_whole(void **state)
{
    struct view *v = names_view();
    const uint32_t *ids;

    (void)state;
    assert_int_equal(view_named(v, "open", 4, &ids), 2);
    assert_int_equal(ids[0], 1);
    assert_int_equal(ids[1], 5);
    assert_int_equal(view_named(v, "openers", 6, &ids), 1); /* n bytes count, not the NUL */
    assert_int_equal(view_named(v, "op", 2, &ids), 0);
    assert_int_equal(view_named(v, "opens", 5, &ids), 0);
    assert_int_equal(view_named(v, "", 0, &ids), 1);
    assert_int_equal(view_named(v, "ope\0", 4, &ids), 0);
    assert_int_equal(view_named(v, "\0", 1, &ids), 0);
    assert_int_equal(view_named(v, "zzz", 3, &ids), 0);
    assert_int_equal(view_named(v, "src/a.c", 7, &ids), 1);
    view_free(v);
}

static void test_view__ranks_of_a_prefix_follow_each_other(void **state)
{
    struct view *v = names_view();
    static const char *const want[] = {"", "close", "ope", "open", "opener", "src/a.c", "\xc3\xa9"};
    const uint32_t *ids;
    uint32_t n;

    (void)state;
    assert_int_equal(view_name_count(v), PT_COUNT(want));
    for (uint32_t i = 0; i < PT_COUNT(want); i++)
        assert_string_equal(view_name_at(v, i, &ids, &n), want[i]);
    assert_int_equal(view_name_lower_bound(v, "", 0), 0);
    assert_int_equal(view_name_lower_bound(v, "o", 1), 2);
    assert_int_equal(view_name_lower_bound(v, "open", 4), 3);
    assert_int_equal(view_name_lower_bound(v, "opend", 5), 4);
    assert_int_equal(view_name_lower_bound(v, "p", 1), 5);
    assert_int_equal(view_name_lower_bound(v, "\xff", 1), 7);
    view_free(v);
}

static void test_view__kinds_choose_edges(void **state)
{
    struct draft d;
    struct edge_iter it;
    struct edge e = {0};
    unsigned seen = 0;

    (void)state;
    draft_init(&d, "a.c", 1);
    draft_node(&d, 2, "f");
    for (unsigned kind = 0; kind < EDGE_KIND_COUNT; kind++) {
        draft_edge(&d, 2, 2, (enum edge_kind)kind, kind + 1);
        draft_edge(&d, 2, 1, (enum edge_kind)kind, 50);
    }
    struct view *v = view_of(NULL, &d, 1);
    for (int in = 0; in < 2; in++) {
        for (unsigned kind = 0; kind < EDGE_KIND_COUNT; kind++) {
            view_edges(v, 1, in, EDGE_BIT(kind), &it);
            while (view_next(&it, &e)) {
                assert_int_equal(e.kind, kind);
                seen++;
            }
        }
    }
    assert_int_equal(seen, 2 * EDGE_KIND_COUNT + EDGE_KIND_COUNT + 1); /* 1: CONTAINS of f */
    view_edges(v, 1, false, 0, &it);
    assert_false(view_next(&it, &e));
    view_edges(v, 1, false, EDGE_ALL, &it);
    for (seen = 0; view_next(&it, &e); seen++)
        assert_int_equal(e.kind, seen / 2);
    view_free(v);
}

static void test_view__both_ends_see_the_same_evidence(void **state)
{
    struct draft d;
    struct edge_iter it;
    struct edge out = {0}, in = {0};

    (void)state;
    draft_init(&d, "a.c", 1);
    draft_node(&d, 2, "f");
    draft_node(&d, 3, "g");
    draft_edge(&d, 2, 3, EDGE_CALLS, 21)->layer = LAYER_UNIQUE;
    struct view *v = view_of(NULL, &d, 1);
    view_edges(v, 1, false, EDGE_BIT(EDGE_CALLS), &it);
    assert_true(view_next(&it, &out));
    view_edges(v, 2, true, EDGE_BIT(EDGE_CALLS), &it);
    assert_true(view_next(&it, &in));
    assert_int_equal(out.evidence, in.evidence);
    assert_int_equal(out.layer, LAYER_UNIQUE);
    assert_int_equal(in.layer, LAYER_UNIQUE);
    assert_int_equal(out.node, 2);
    assert_int_equal(in.node, 1);
    view_free(v);
}

static void test_view__its_bytes_are_accounted(void **state)
{
    struct view *v = names_view();

    (void)state;
    assert_in_range(view_bytes(v), 500, 3000);
    view_free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_view__an_empty_graph_answers),
        cmocka_unit_test(test_view__names_are_found_whole),
        cmocka_unit_test(test_view__ranks_of_a_prefix_follow_each_other),
        cmocka_unit_test(test_view__kinds_choose_edges),
        cmocka_unit_test(test_view__both_ends_see_the_same_evidence),
        cmocka_unit_test(test_view__its_bytes_are_accounted),
    };

    return RUN_TESTS(tests);
}
