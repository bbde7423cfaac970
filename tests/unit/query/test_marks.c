#include "query/marks.h"

#include "support.h"

#define SEED 20261124u
#define MOST 100000u

/* ---- against a word for each node ---- */

static void check_marks(const struct marks *m, const uint8_t *twin, uint32_t n)
{
    for (uint32_t node = 0; node < n; node++)
        assert_int_equal(marks_get(m, node), twin[node]);
}

/* One walk: marks, of which some are taken back or changed. */
static void mark_some(struct marks *m, uint8_t *twin, uint32_t n, uint32_t times, uint64_t *rng)
{
    assert_true(marks_begin(m, n));
    memset(twin, MARK_NONE, MOST);
    for (uint32_t i = 0; i < times; i++) {
        uint32_t node = (uint32_t)rng_below(rng, n), mark = (uint32_t)rng_below(rng, 8);
        mark = mark < 2 ? mark : MARK_BACK - (mark & 1);
        assert_int_equal(marks_get(m, node), twin[node]);
        assert_true(marks_room(m, 1 + rng_below(rng, 3)));
        marks_put(m, node, (enum mark)mark);
        twin[node] = (uint8_t)mark;
    }
    check_marks(m, twin, n);
}

static void test_marks__are_those_of_a_word_for_each_node(void **state)
{
    static uint8_t twin[MOST];
    uint64_t rng = SEED;
    struct marks m = {0};

    (void)state;
    print_message("seed %u\n", SEED);
    for (unsigned round = 0; round < 60; round++) {
        uint32_t n = 1 + (uint32_t)rng_below(&rng, round % 3 == 0 ? MOST : 2000);
        uint32_t times = (uint32_t)rng_below(&rng, round % 4 == 0 ? n : 1 + n / 100);
        mark_some(&m, twin, n, times, &rng);
        if (rng_below(&rng, 5) == 0)
            marks_release(&m);
    }
    marks_release(&m);
}

/* ---- what they cost ---- */

static void test_marks__of_a_few_nodes_do_not_cost_a_word_for_each(void **state)
{
    struct marks m = {0};

    (void)state;
    for (unsigned walk = 0; walk < 3; walk++) {
        assert_true(marks_begin(&m, 1u << 30));
        for (uint32_t node = 0; node < 1000; node++) {
            assert_int_equal(marks_get(&m, node << 20), MARK_NONE);
            assert_true(marks_room(&m, 1));
            marks_put(&m, node << 20, MARK_FRONT);
        }
        assert_null(m.all);
        assert_true(map_bytes(&m.few) < 1u << 16);
    }
    marks_release(&m);
}

static void test_marks__of_many_nodes_stay_when_they_become_words(void **state)
{
    struct marks m = {0};

    (void)state;
    assert_true(marks_begin(&m, MOST));
    for (uint32_t node = 0; node < MOST; node += 10) {
        assert_true(marks_room(&m, 1));
        marks_put(&m, node, node % 20 == 0 ? MARK_FRONT : MARK_BACK);
    }
    assert_non_null(m.all);
    for (uint32_t node = 0; node < MOST; node++)
        assert_int_equal(marks_get(&m, node), node % 20 == 0   ? MARK_FRONT
                                              : node % 10 == 0 ? MARK_BACK
                                                               : MARK_NONE);
    marks_release(&m);
}

static void test_marks__are_forgotten_when_the_epoch_ends(void **state)
{
    struct marks m = {0};

    (void)state;
    assert_true(marks_begin(&m, 10));
    assert_true(marks_room(&m, 10));
    assert_non_null(m.all);
    m.epoch = UINT32_MAX - 9;
    for (unsigned walk = 0; walk < 9; walk++) {
        assert_true(marks_begin(&m, 10));
        for (uint32_t node = 0; node < 10; node++) {
            assert_int_equal(marks_get(&m, node), MARK_NONE);
            if (node % 3 == walk % 3)
                marks_put(&m, node, node % 2 == 0 ? MARK_FRONT : MARK_BACK);
        }
    }
    assert_true(m.epoch < 100);
    marks_release(&m);
}

/* Marks ten of the nodes, with whatever that takes. */
static int mark_ten(struct marks *m, uint32_t n)
{
    if (!marks_begin(m, n))
        return PT_ENOMEM;
    for (uint32_t node = 0; node < 10; node++) {
        if (!marks_room(m, 1)) {
            for (uint32_t k = 0; k < node; k++)
                assert_int_equal(marks_get(m, k), MARK_BACK);
            return PT_ENOMEM;
        }
        marks_put(m, node, MARK_BACK);
    }
    return 0;
}

static void test_marks__survive_each_failing_allocation(void **state)
{
    const uint32_t sizes[] = {10, 1000, MOST};

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct marks m = {0};
        FAIL_EACH_ALLOCATION((marks_release(&m), mark_ten(&m, sizes[i])));
        marks_release(&m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_marks__are_those_of_a_word_for_each_node),
        cmocka_unit_test(test_marks__of_a_few_nodes_do_not_cost_a_word_for_each),
        cmocka_unit_test(test_marks__of_many_nodes_stay_when_they_become_words),
        cmocka_unit_test(test_marks__are_forgotten_when_the_epoch_ends),
        cmocka_unit_test(test_marks__survive_each_failing_allocation),
    };
    return RUN_TESTS(tests);
}
