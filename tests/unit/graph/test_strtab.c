/* The string section while it is built: equal strings once, different ones apart. */
#include "unit/graph/support.h"

#include "base/fault.h"
#include "graph/strtab.h"

/* So many that dozens of pairs share the 32 bits of hash that the table keeps. */
#define STRINGS 600000

static uint32_t put(struct strtab *t, const char *s)
{
    uint32_t at = UINT32_MAX;

    assert_int_equal(strtab_put(t, s, strlen(s), &at, NULL), 0);
    return at;
}

static void test_strtab__equal_strings_are_stored_once(void **state)
{
    struct strtab t;

    (void)state;
    assert_int_equal(strtab_init(&t, NULL), 0);
    assert_int_equal(put(&t, ""), 0);
    uint32_t ab = put(&t, "ab"), abc = put(&t, "abc");
    assert_int_equal(ab, 1);
    assert_int_equal(abc, 4);
    assert_int_equal(put(&t, "ab"), ab);
    assert_int_equal(put(&t, "abc"), abc);
    assert_int_equal(t.n, 8);
    assert_memory_equal(t.p, "\0ab\0abc", 8);
    strtab_release(&t);
    strtab_release(&t);
}

static void test_strtab__strings_of_one_hash_stay_apart(void **state)
{
    uint32_t *at = malloc(STRINGS * sizeof(*at));
    struct strtab t;
    char s[32];

    (void)state;
    assert_int_equal(strtab_init(&t, NULL), 0);
    for (uint32_t i = 0; i < STRINGS; i++) {
        (void)snprintf(s, sizeof(s), "name_%u", i);
        at[i] = put(&t, s);
    }
    for (uint32_t i = 0; i < STRINGS; i++) {
        (void)snprintf(s, sizeof(s), "name_%u", i);
        assert_string_equal(t.p + at[i], s);
        assert_int_equal(put(&t, s), at[i]);
    }
    strtab_release(&t);
    free(at);
}

static void test_strtab__stealing_leaves_it_empty(void **state)
{
    struct strtab t;
    uint32_t n;

    (void)state;
    assert_int_equal(strtab_init(&t, NULL), 0);
    (void)put(&t, "x");
    char *p = strtab_steal(&t, &n);
    assert_int_equal(n, 3);
    assert_memory_equal(p, "\0x", 3);
    assert_null(t.p);
    mem_free(p);
    strtab_release(&t);
}

static void test_strtab__a_failed_put_changes_nothing(void **state)
{
    char s[300] = "";
    unsigned failures = 0;
    struct strtab t;

    (void)state;
    assert_int_equal(strtab_init(&t, NULL), 0);
    for (size_t n = 1; n < sizeof(s); n++) { /* now the table must grow, now the bytes */
        uint32_t at = 0, n_before = t.n;

        s[n - 1] = 'x';
        fault_arm("mem.alloc", 1, ENOMEM);
        int rc = strtab_put(&t, s, n, &at, NULL);
        fault_disarm_all();
        if (rc != 0) {
            failures++;
            assert_int_equal(rc, PT_ENOMEM);
            assert_int_equal(t.n, n_before);
            at = put(&t, s);
        }
        assert_string_equal(t.p + at, s);
    }
    assert_in_range(failures, 2, 40);
    strtab_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strtab__equal_strings_are_stored_once),
        cmocka_unit_test(test_strtab__strings_of_one_hash_stay_apart),
        cmocka_unit_test(test_strtab__stealing_leaves_it_empty),
        cmocka_unit_test(test_strtab__a_failed_put_changes_nothing),
    };

    return RUN_TESTS(tests);
}
