#include "base/sort.h"

#include "base/fault.h"
#include "support.h"

#define MAX_N 5000

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

static void test_sort__radix_agrees_with_qsort(void **state)
{
    static uint64_t a[MAX_N], twin[MAX_N];
    uint64_t rng = 14;

    (void)state;
    for (int round = 0; round < 600; round++) {
        size_t n = rng_below(&rng, round % 2 ? MAX_N : 200);
        unsigned shift = (unsigned)rng_below(&rng, 64);
        uint64_t mask = rng_next(&rng) | 0xF0F0F0F0F0F0F0F0;

        for (size_t i = 0; i < n; i++)
            a[i] = (rng_next(&rng) & mask) >> shift << (round % 3 ? 0 : shift);
        memcpy(twin, a, n * sizeof(a[0]));
        qsort(twin, n, sizeof(twin[0]), by_value);
        assert_true(sort_u64(a, n));
        assert_memory_equal(a, twin, n * sizeof(a[0]));
    }
    assert_true(sort_u64(NULL, 0));
}

static void test_sort__array_is_as_it_was_when_memory_is_short(void **state)
{
    uint64_t a[100];

    (void)state;
    for (uint64_t i = 0; i < 100; i++)
        a[i] = 100 - i;
    fault_arm("mem.alloc", 1, ENOMEM);
    assert_false(sort_u64(a, 100));
    fault_disarm_all();
    for (uint64_t i = 0; i < 100; i++)
        assert_int_equal(a[i], 100 - i);
    /* Few numbers need no memory. */
    fault_arm("mem.alloc", 1, ENOMEM);
    assert_true(sort_u64(a, 10));
    fault_disarm_all();
    assert_int_equal(a[0], 91);
}

static int by_rank(const void *a, const void *b, void *ctx)
{
    const uint32_t *rank = ctx;
    uint32_t x = rank[*(const uint8_t *)a];
    uint32_t y = rank[*(const uint8_t *)b];

    return (x > y) - (x < y);
}

static void test_sort__generic_hands_the_context_on(void **state)
{
    uint32_t rank[5] = {3, 1, 4, 0, 2};
    uint8_t items[5] = {0, 1, 2, 3, 4};

    (void)state;
    sort_r(items, 5, 1, by_rank, rank);
    assert_memory_equal(items, "\3\1\4\0\2", 5);
    sort_r(NULL, 0, 1, by_rank, rank);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sort__radix_agrees_with_qsort),
        cmocka_unit_test(test_sort__array_is_as_it_was_when_memory_is_short),
        cmocka_unit_test(test_sort__generic_hands_the_context_on),
    };

    return RUN_TESTS(tests);
}
