#include "base/arena.h"

#include "base/fault.h"
#include "support.h"

#define BLOCKS 3000

struct block {
    unsigned char *p;
    size_t n;
    unsigned char fill;
};

static bool is_filled(const struct block *b)
{
    for (size_t i = 0; i < b->n; i++)
        if (b->p[i] != b->fill)
            return false;
    return true;
}

static void test_arena__blocks_are_aligned_and_apart(void **state)
{
    static struct block blocks[BLOCKS];
    struct arena a;
    uint64_t rng = 1;

    (void)state;
    arena_init(&a);
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < BLOCKS; i++) {
            struct block *b = &blocks[i];

            b->n = rng_below(&rng, 100) == 0 ? rng_below(&rng, 20000) : rng_below(&rng, 200);
            b->fill = (unsigned char)rng_next(&rng);
            b->p = arena_alloc(&a, b->n);
            assert_non_null(b->p);
            assert_int_equal((uintptr_t)b->p % ARENA_ALIGN, 0);
            memset(b->p, b->fill, b->n);
        }
        for (size_t i = 0; i < BLOCKS; i++)
            assert_true(is_filled(&blocks[i]));
        arena_reset(&a);
    }
    assert_false(arena_failed(&a));
    arena_release(&a);
}

static void test_arena__all_zero_is_an_empty_arena(void **state)
{
    struct arena a = {0};

    (void)state;
    assert_int_equal(arena_bytes(&a), 0);
    assert_non_null(arena_alloc(&a, 0));
    assert_true(arena_bytes(&a) > 0);
    arena_release(&a);
    assert_int_equal(arena_bytes(&a), 0);
    arena_release(&a);
}

static void test_arena__reset_keeps_one_regular_chunk_at_most(void **state)
{
    struct arena a = {0};

    (void)state;
    for (int i = 0; i < 100000; i++)
        assert_non_null(arena_alloc(&a, 100));
    assert_non_null(arena_alloc(&a, (size_t)50 << 20));
    assert_true(arena_bytes(&a) > (size_t)50 << 20);
    arena_reset(&a);
    assert_true(arena_bytes(&a) <= (size_t)1 << 20);

    size_t before = arena_bytes(&a);
    for (int i = 0; before && i < 5000; i++)
        assert_non_null(arena_alloc(&a, 100));
    if (before)
        assert_int_equal(arena_bytes(&a), before);
    arena_release(&a);
}

static void test_arena__failure_sticks_until_reset(void **state)
{
    struct arena a = {0};
    volatile size_t huge = SIZE_MAX;

    (void)state;
    assert_null(arena_alloc(&a, huge));
    assert_true(arena_failed(&a));
    assert_non_null(arena_alloc(&a, 8));
    assert_true(arena_failed(&a));
    arena_reset(&a);
    assert_false(arena_failed(&a));
    assert_null(arena_calloc(&a, huge / 2, 3));
    assert_true(arena_failed(&a));
    arena_release(&a);
    assert_null(arena_strndup(&a, "", huge));
    assert_true(arena_failed(&a));
    arena_release(&a);
}

static void test_arena__strings_are_copied_and_terminated(void **state)
{
    struct arena a = {0};
    char source[] = "abcdef";

    (void)state;
    char *s = arena_strndup(&a, source, 3);
    char *t = arena_strdup(&a, source);
    int *zeros = arena_calloc(&a, 100, sizeof(int));
    memset(source, 'x', 6);
    assert_string_equal(s, "abc");
    assert_string_equal(t, "abcdef");
    for (int i = 0; i < 100; i++)
        assert_int_equal(zeros[i], 0);
    assert_string_equal(arena_strndup(&a, NULL, 0), "");
    assert_memory_equal(arena_memdup(&a, "a\0b", 3), "a\0b", 3);
    assert_string_equal(arena_printf(&a, "%s-%d", t, 5), "abcdef-5");
    s = arena_printf(&a, "%9000d", 7);
    assert_int_equal(strlen(s), 9000);
    arena_release(&a);
}

static bool fill_some(struct arena *a)
{
    for (int i = 0; i < 50; i++) {
        arena_alloc(a, 700);
        arena_printf(a, "%2000d", i);
    }
    return !arena_failed(a);
}

static void test_arena__each_nth_allocation_may_fail(void **state)
{
    struct arena a = {0};

    (void)state;
    for (uint64_t n = 1;; n++) {
        fault_arm("mem.alloc", n, ENOMEM);
        bool ok = fill_some(&a);
        bool fired = fault_fired();
        fault_disarm_all();
        assert_int_equal(ok, !fired);
        arena_release(&a);
        if (!fired)
            break;
        assert_true(n < 1000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arena__blocks_are_aligned_and_apart),
        cmocka_unit_test(test_arena__all_zero_is_an_empty_arena),
        cmocka_unit_test(test_arena__reset_keeps_one_regular_chunk_at_most),
        cmocka_unit_test(test_arena__failure_sticks_until_reset),
        cmocka_unit_test(test_arena__strings_are_copied_and_terminated),
        cmocka_unit_test(test_arena__each_nth_allocation_may_fail),
    };

    return RUN_TESTS(tests);
}
