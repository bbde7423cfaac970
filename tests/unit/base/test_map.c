#include "base/map.h"

#include "base/clock.h"
#include "base/fault.h"
#include "base/hash.h"
#include "support.h"

#define UNIVERSE 4096

/* The naive twin: for each key of a small universe, is it there, and its value. */
struct twin {
    uint64_t key[UNIVERSE];
    uint32_t value[UNIVERSE];
    bool is_in[UNIVERSE];
    uint32_t len;
};

/* Keys that look alike in many ways: small, large, in steps, random. */
static void twin_init(struct twin *t, uint64_t *rng)
{
    memset(t, 0, sizeof(*t));
    for (uint64_t i = 0; i < UNIVERSE; i++) {
        uint64_t kinds[4] = {i, UINT64_MAX - i, i << 32, rng_next(rng)};
        t->key[i] = kinds[i % 4];
    }
}

static void check_same(const struct map *m, const struct twin *t)
{
    uint32_t it = 0;
    uint32_t value;
    uint32_t seen = 0;
    uint64_t key;

    assert_int_equal(map_len(m), t->len);
    for (size_t i = 0; i < UNIVERSE; i++) {
        const uint32_t *got = map_get(m, t->key[i]);

        assert_int_equal(got != NULL, t->is_in[i]);
        if (got)
            assert_int_equal(*got, t->value[i]);
    }
    while (map_next(m, &it, &key, &value)) {
        const uint32_t *got = map_get(m, key);

        assert_non_null(got);
        assert_int_equal(*got, value);
        seen++;
    }
    assert_int_equal(seen, t->len);
}

static void random_step(struct map *m, struct twin *t, uint64_t *rng)
{
    size_t i = rng_below(rng, UNIVERSE);
    uint32_t value = (uint32_t)rng_next(rng);

    if (rng_below(rng, 20000) == 0) {
        map_clear(m);
        memset(t->is_in, 0, sizeof(t->is_in));
        t->len = 0;
    } else if (rng_below(rng, 100) < 55) {
        bool is_new;
        uint32_t *got = map_put(m, t->key[i], value, &is_new);

        assert_non_null(got);
        assert_int_equal(is_new, !t->is_in[i]);
        assert_int_equal(*got, is_new ? value : t->value[i]);
        *got = t->value[i] = value;
        t->len += is_new;
        t->is_in[i] = true;
    } else {
        assert_int_equal(map_del(m, t->key[i]), t->is_in[i]);
        t->len -= t->is_in[i];
        t->is_in[i] = false;
    }
}

static void test_map__agrees_with_a_plain_array(void **state)
{
    static struct twin t;
    struct map m;
    uint64_t rng = 11;

    (void)state;
    map_init(&m);
    twin_init(&t, &rng);
    for (int i = 0; i < 200000; i++) {
        random_step(&m, &t, &rng);
        if (i % 5000 == 0)
            check_same(&m, &t);
    }
    check_same(&m, &t);
    map_release(&m);
    assert_int_equal(map_bytes(&m), 0);
}

static void test_map__all_zero_is_an_empty_map(void **state)
{
    struct map m = {0};
    uint32_t it = 0, value;
    uint64_t key;

    (void)state;
    assert_null(map_get(&m, 0));
    assert_null(map_get(&m, 5));
    assert_false(map_del(&m, 0));
    assert_false(map_del(&m, 5));
    assert_int_equal(map_len(&m), 0);
    assert_false(map_next(&m, &it, &key, &value));
    assert_false(map_next(&m, &it, &key, &value));
    map_clear(&m);
    map_release(&m);
}

static void test_map__key_zero_is_a_key(void **state)
{
    struct map m = {0};
    uint32_t it = 0, value;
    uint64_t key;

    (void)state;
    assert_int_equal(*map_put(&m, 0, 42, NULL), 42);
    assert_int_equal(*map_put(&m, 0, 43, NULL), 42);
    assert_int_equal(map_len(&m), 1);
    assert_true(map_next(&m, &it, &key, &value));
    assert_int_equal(key, 0);
    assert_int_equal(value, 42);
    assert_false(map_next(&m, &it, &key, &value));
    assert_true(map_del(&m, 0));
    assert_null(map_get(&m, 0));
    map_release(&m);
}

static void test_map__no_put_fails_after_reserve(void **state)
{
    struct map m = {0};

    (void)state;
    assert_true(map_reserve(&m, 100000));
    size_t bytes = map_bytes(&m);
    fault_arm_every("mem.alloc", 1, ENOMEM);
    for (uint64_t k = 0; k < 100000; k++)
        assert_non_null(map_put(&m, k, (uint32_t)k, NULL));
    assert_int_equal(fault_count("mem.alloc"), 0);
    fault_disarm_all();
    assert_int_equal(map_bytes(&m), bytes);
    assert_false(map_reserve(&m, UINT32_MAX));
    map_release(&m);
}

static void test_map__stays_as_it_was_when_memory_is_short(void **state)
{
    struct map m = {0};

    (void)state;
    for (uint64_t n = 1; n < 8; n++) {
        fault_arm_from("mem.alloc", n, ENOMEM);
        uint64_t k = 1;
        while (map_put(&m, k, (uint32_t)k, NULL))
            k++;
        fault_disarm_all();

        assert_int_equal(map_len(&m), k - 1);
        assert_null(map_get(&m, k));
        for (uint64_t i = 1; i < k; i++)
            assert_int_equal(*map_get(&m, i), i);
        assert_non_null(map_put(&m, k, 0, NULL));
        map_release(&m);
    }
}

/* Undoes x ^= x >> shift. */
static uint64_t unshift(uint64_t x, unsigned shift)
{
    uint64_t y = x;

    for (unsigned done = shift; done < 64; done += shift)
        y = x ^ (y >> shift);
    return y;
}

static uint64_t unmix(uint64_t x)
{
    uint64_t factor = 0xe9846af9b1a615dULL;
    uint64_t inverse = factor; /* Newton's iteration, modulo 2^64 */

    for (int i = 0; i < 6; i++)
        inverse *= 2 - factor * inverse;
    x = unshift(x, 28) * inverse;
    x = unshift(x, 32) * inverse;
    return unshift(x, 32);
}

static void test_map__keys_made_to_collide_do_no_harm(void **state)
{
    struct map m = {0};
    uint64_t n = 100000;

    (void)state;
    assert_int_equal(unmix(hash_mix64(0x123456789abcdefULL)), 0x123456789abcdefULL);

    /* All have the same low 32 bits of hash under the first seed. */
    uint64_t start = clock_now_ns();
    for (uint64_t i = 1; i <= n; i++) {
        uint64_t key = unmix(i << 32) ^ 0x9e3779b97f4a7c15ULL;
        assert_non_null(map_put(&m, key, (uint32_t)i, NULL));
    }
    for (uint64_t i = 1; i <= n; i++) {
        uint64_t key = unmix(i << 32) ^ 0x9e3779b97f4a7c15ULL;
        assert_int_equal(*map_get(&m, key), i);
    }
    /* Without new seeds this would take 10^10 steps. */
    assert_true(clock_now_ns() - start < 5 * CLOCK_NS_PER_SEC);
    map_release(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_map__agrees_with_a_plain_array),
        cmocka_unit_test(test_map__all_zero_is_an_empty_map),
        cmocka_unit_test(test_map__key_zero_is_a_key),
        cmocka_unit_test(test_map__no_put_fails_after_reserve),
        cmocka_unit_test(test_map__stays_as_it_was_when_memory_is_short),
        cmocka_unit_test(test_map__keys_made_to_collide_do_no_harm),
    };

    return RUN_TESTS(tests);
}
