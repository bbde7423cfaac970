#include "base/intern.h"

#include "base/fault.h"
#include "support.h"

#define MAX_STRINGS 4000

/* The naive twin: a list of strings, searched from the start. */
struct twin {
    struct {
        char bytes[24];
        size_t n;
    } s[MAX_STRINGS];
    uint32_t count;
};

static uint32_t twin_find(const struct twin *t, const char *s, size_t n)
{
    for (uint32_t i = 0; i < t->count; i++)
        if (t->s[i].n == n && memcmp(t->s[i].bytes, s, n) == 0)
            return i + 1;
    return 0;
}

static uint32_t twin_put(struct twin *t, const char *s, size_t n)
{
    uint32_t id = twin_find(t, s, n);

    if (id == 0) {
        memcpy(t->s[t->count].bytes, s, n);
        t->s[t->count].n = n;
        id = ++t->count;
    }
    return id;
}

static void check_same(const struct intern *in, const struct twin *t)
{
    assert_int_equal(intern_count(in), t->count);
    for (uint32_t id = 1; id <= t->count; id++) {
        size_t n;
        const char *s = intern_str(in, id, &n);

        assert_int_equal(n, t->s[id - 1].n);
        assert_memory_equal(s, t->s[id - 1].bytes, n);
        assert_int_equal(s[n], '\0');
        assert_int_equal(intern_find(in, s, n), id);
    }
}

static void test_intern__agrees_with_a_plain_list(void **state)
{
    static struct twin t;
    struct intern in;
    uint64_t rng = 3;

    (void)state;
    intern_init(&in);
    for (int round = 0; round < 2; round++) {
        t.count = 0;
        while (t.count < MAX_STRINGS) {
            char s[24];
            size_t n = rng_below(&rng, sizeof(s) + 1);

            /* Few letters, NUL among them: many strings come again. */
            for (size_t i = 0; i < n; i++)
                s[i] = (char)rng_below(&rng, n > 10 ? 256 : 3);
            assert_int_equal(intern_find(&in, s, n), twin_find(&t, s, n));
            assert_int_equal(intern_put(&in, s, n), twin_put(&t, s, n));
        }
        check_same(&in, &t);
        size_t bytes = intern_bytes(&in);
        intern_clear(&in);
        assert_int_equal(intern_count(&in), 0);
        assert_int_equal(intern_find(&in, "", 0), 0);
        assert_int_equal(intern_bytes(&in), bytes);
    }
    intern_release(&in);
    assert_int_equal(intern_bytes(&in), 0);
}

static void test_intern__empty_string_is_a_string(void **state)
{
    struct intern in = {0};
    size_t n = 9;

    (void)state;
    assert_int_equal(intern_find(&in, "", 0), 0);
    assert_int_equal(intern_put(&in, NULL, 0), 1);
    assert_int_equal(intern_put(&in, "", 0), 1);
    assert_int_equal(intern_put(&in, "a", 1), 2);
    assert_string_equal(intern_str(&in, 1, &n), "");
    assert_int_equal(n, 0);
    n = 9;
    assert_string_equal(intern_str(&in, 0, &n), "");
    assert_int_equal(n, 0);
    assert_string_equal(intern_str(&in, 2, NULL), "a");
    intern_release(&in);
}

static void test_intern__parts_of_its_own_strings_may_be_put(void **state)
{
    struct intern in = {0};
    char path[4096];

    (void)state;
    for (size_t i = 0; i < sizeof(path); i++)
        path[i] = (char)('a' + i % 23);
    assert_int_equal(intern_put(&in, path, sizeof(path)), 1);
    for (uint32_t n = 4095; n > 0; n--) {
        uint32_t id = intern_put(&in, intern_str(&in, 1, NULL), n);
        assert_int_equal(id, 4097 - n);
    }
    for (uint32_t n = 4095; n > 0; n--) {
        size_t len;
        const char *s = intern_str(&in, 4097 - n, &len);
        assert_int_equal(len, n);
        assert_memory_equal(s, path, n);
    }
    intern_release(&in);
}

static void test_intern__stays_as_it_was_when_memory_is_short(void **state)
{
    struct intern in = {0};

    (void)state;
    for (uint64_t n = 1; n < 20; n++) {
        uint32_t put = 0;
        char s[32];

        fault_arm_from("mem.alloc", n, ENOMEM);
        for (;;) {
            int len = snprintf(s, sizeof(s), "string %u", put);
            if (intern_put(&in, s, (size_t)len) == 0)
                break;
            put++;
        }
        assert_int_equal(intern_count(&in), put);
        assert_int_equal(intern_find(&in, s, strlen(s)), 0);
        fault_disarm_all();
        assert_int_equal(intern_put(&in, s, strlen(s)), put + 1);
        for (uint32_t i = 0; i <= put; i++) {
            int len = snprintf(s, sizeof(s), "string %u", i);
            assert_int_equal(intern_find(&in, s, (size_t)len), i + 1);
        }
        intern_release(&in);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_intern__agrees_with_a_plain_list),
        cmocka_unit_test(test_intern__empty_string_is_a_string),
        cmocka_unit_test(test_intern__parts_of_its_own_strings_may_be_put),
        cmocka_unit_test(test_intern__stays_as_it_was_when_memory_is_short),
    };

    return RUN_TESTS(tests);
}
