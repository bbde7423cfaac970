#include "base/mem.h"

#include "base/fault.h"
#include "support.h"

static void test_mem__size_zero_is_no_failure(void **state)
{
    void *p[4] = {mem_alloc(0), mem_calloc(0, 8), mem_calloc(8, 0), mem_reallocarray(NULL, 0, 0)};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        assert_non_null(p[i]);
        p[i] = mem_realloc(p[i], 0);
        assert_non_null(p[i]);
        mem_free(p[i]);
    }
    mem_free(NULL);
}

static void test_mem__overflow_is_a_failure(void **state)
{
    volatile size_t huge = SIZE_MAX / 2 + 2; /* the compiler must not see it */
    void *p = mem_alloc(1);

    (void)state;
    assert_null(mem_calloc(huge, 2));
    assert_null(mem_reallocarray(p, huge, 2));
    assert_null(mem_strndup("", SIZE_MAX));
    mem_free(p);
}

static void test_mem__calloc_gives_zeros(void **state)
{
    static const char zeros[4096];
    char *p = mem_calloc(64, 64);

    (void)state;
    assert_non_null(p);
    assert_memory_equal(p, zeros, sizeof(zeros));
    mem_free(p);
}

static void test_mem__copies_are_terminated(void **state)
{
    char *a = mem_strdup("abc");
    char *b = mem_strndup("abcdef", 2);
    char *c = mem_strndup(NULL, 0);

    (void)state;
    assert_string_equal(a, "abc");
    assert_string_equal(b, "ab");
    assert_string_equal(c, "");
    mem_free(a);
    mem_free(b);
    mem_free(c);
}

/* Allocates in all ways, giving up at the first failure. */
static bool operation(void)
{
    bool ok = false;
    char *moved;
    char *a = mem_alloc(10);
    char *b = a ? mem_calloc(2, 5) : NULL;
    char *c = b ? mem_strdup("hello") : NULL;

    if (!c)
        goto out;
    moved = mem_realloc(c, 100);
    if (!moved) {
        assert_string_equal(c, "hello"); /* still there, still ours */
        goto out;
    }
    c = moved;
    moved = mem_reallocarray(c, 100, 10);
    if (!moved)
        goto out;
    c = moved;
    assert_string_equal(c, "hello");
    ok = true;
out:
    mem_free(a);
    mem_free(b);
    mem_free(c);
    return ok;
}

static void test_mem__each_nth_allocation_may_fail(void **state)
{
    uint64_t n;

    (void)state;
    for (n = 1;; n++) {
        fault_arm("mem.alloc", n, ENOMEM);
        bool ok = operation();
        bool fired = fault_fired();
        fault_disarm_all();
        assert_int_equal(ok, !fired);
        if (!fired)
            break;
    }
    assert_int_equal(n, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mem__size_zero_is_no_failure),
        cmocka_unit_test(test_mem__overflow_is_a_failure),
        cmocka_unit_test(test_mem__calloc_gives_zeros),
        cmocka_unit_test(test_mem__copies_are_terminated),
        cmocka_unit_test(test_mem__each_nth_allocation_may_fail),
    };

    return RUN_TESTS(tests);
}
