#include "base/vec.h"

#include "base/fault.h"
#include "support.h"

struct pair {
    uint64_t a;
    uint16_t b;
};

static void test_vec__push_and_pop_agree_with_a_plain_array(void **state)
{
    static uint64_t twin[20000];
    size_t n_twin = 0;
    VEC(uint64_t) v = {0};
    uint64_t rng = 7;

    (void)state;
    for (int i = 0; i < 200000; i++) {
        uint64_t dice = rng_below(&rng, 1000);

        if (dice < 600 && n_twin < 20000) {
            uint64_t value = rng_next(&rng);
            assert_true(vec_push(&v, value));
            twin[n_twin++] = value;
        } else if (dice < 999 && n_twin > 0) {
            assert_int_equal(vec_last(&v), twin[n_twin - 1]);
            assert_int_equal(vec_pop(&v), twin[--n_twin]);
        } else if (dice == 999 && rng_below(&rng, 20) == 0) {
            vec_clear(&v);
            n_twin = 0;
        }
        assert_int_equal(v.len, n_twin);
    }
    if (n_twin)
        assert_memory_equal(v.at, twin, n_twin * sizeof(twin[0]));
    vec_release(&v);
    assert_null(v.at);
    assert_int_equal(vec_bytes(&v), 0);
}

static void test_vec__takes_compound_literals_and_its_own_elements(void **state)
{
    VEC(struct pair) v = {0};

    (void)state;
    assert_true(vec_push(&v, (struct pair){.a = 1, .b = 2}));
    for (int i = 0; i < 1000; i++)
        assert_true(vec_push(&v, v.at[0]));
    assert_int_equal(v.len, 1001);
    assert_true(vec_push(&v, vec_last(&v)));
    assert_int_equal(v.at[1001].a, 1);
    assert_int_equal(v.at[1001].b, 2);
    vec_last(&v).b = 9;
    assert_int_equal(v.at[1001].b, 9);
    vec_truncate(&v, 5);
    assert_int_equal(v.len, 5);
    vec_release(&v);
}

static void test_vec__grow_appends_room(void **state)
{
    VEC(uint32_t) v = {0};

    (void)state;
    assert_non_null(vec_grow(&v, 0));
    assert_int_equal(v.len, 0);
    uint32_t *p = vec_grow(&v, 100);
    assert_ptr_equal(p, v.at);
    p = vec_grow(&v, 1000);
    assert_ptr_equal(p, v.at + 100);
    assert_int_equal(v.len, 1100);
    assert_true(vec_reserve(&v, 5000));
    assert_int_equal(v.len, 1100);
    assert_true(v.cap >= 5000);
    vec_release(&v);
}

static void test_vec__never_passes_32_bits(void **state)
{
    VEC(char) v = {0};

    (void)state;
    assert_true(vec_push(&v, 'a'));
    uint64_t beyond = (uint64_t)UINT32_MAX + 1;
    assert_false(vec_reserve(&v, beyond));
    const char *none = vec_grow(&v, UINT32_MAX);
    assert_null(none);
    none = vec_grow(&v, UINT64_C(0x100000001));
    assert_null(none);
    assert_int_equal(v.len, 1);
    assert_int_equal(v.at[0], 'a');
    vec_release(&v);
}

static void test_vec__stays_as_it_was_when_memory_is_short(void **state)
{
    VEC(uint32_t) v = {0};

    (void)state;
    fault_arm_from("mem.alloc", 3, ENOMEM);
    uint32_t pushed = 0;
    while (vec_push(&v, pushed))
        pushed++;
    const uint32_t *none = vec_grow(&v, 1000);
    assert_null(none);
    assert_false(vec_reserve(&v, 1000));
    fault_disarm_all();

    assert_int_equal(v.len, pushed);
    assert_int_equal(v.cap, pushed);
    for (uint32_t i = 0; i < v.len; i++)
        assert_int_equal(v.at[i], i);
    assert_true(vec_push(&v, pushed));
    vec_release(&v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vec__push_and_pop_agree_with_a_plain_array),
        cmocka_unit_test(test_vec__takes_compound_literals_and_its_own_elements),
        cmocka_unit_test(test_vec__grow_appends_room),
        cmocka_unit_test(test_vec__never_passes_32_bits),
        cmocka_unit_test(test_vec__stays_as_it_was_when_memory_is_short),
    };

    return RUN_TESTS(tests);
}
