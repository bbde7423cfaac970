#include "base/hash.h"

#include "support.h"

/* Hashes leave the process, in files: they must never change. */
static void test_hash__gives_the_published_values(void **state)
{
    (void)state;
    assert_int_equal(hash64("", 0), 0x2D06800538D394C2ULL);
    struct hash128 h = hash128("", 0);
    assert_int_equal(h.hi, 0x99AA06D3014798D8ULL);
    assert_int_equal(h.lo, 0x6001C324468D497FULL);
    assert_int_equal(hash64(NULL, 0), hash64("", 0));
    assert_int_equal(hash64_seed("abc", 3, 0), hash64("abc", 3));
    assert_int_not_equal(hash64_seed("abc", 3, 1), hash64("abc", 3));
}

static void test_hasher__parts_hash_like_the_whole(void **state)
{
    static unsigned char bytes[3000];
    uint64_t rng = 2;

    (void)state;
    rng_fill(&rng, bytes, sizeof(bytes));
    for (int i = 0; i < 2000; i++) {
        size_t n = rng_below(&rng, i % 2 ? sizeof(bytes) : 300);
        uint64_t seed = rng_next(&rng);
        struct hasher plain, seeded;

        hasher_init(&plain);
        hasher_init_seed(&seeded, seed);
        for (size_t at = 0; at < n;) {
            size_t step = rng_below(&rng, 1 + rng_below(&rng, 600));
            if (step > n - at)
                step = n - at;
            hasher_add(&plain, bytes + at, step);
            hasher_add(&seeded, bytes + at, step);
            at += step;
        }
        assert_int_equal(hasher_u64(&plain), hash64(bytes, n));
        assert_int_equal(hasher_u64(&seeded), hash64_seed(bytes, n, seed));
        assert_true(hash128_eq(hasher_u128(&plain), hash128(bytes, n)));
    }
}

static void test_hasher__numbers_are_little_endian_bytes(void **state)
{
    struct hasher h;

    (void)state;
    hasher_init(&h);
    hasher_add(&h, NULL, 0);
    hasher_add_u64(&h, 0x0807060504030201ULL);
    assert_int_equal(hasher_u64(&h), hash64("\1\2\3\4\5\6\7\10", 8));
}

static void test_hash__mix_spreads_one_bit_over_half_of_all(void **state)
{
    uint64_t rng = 4;
    uint64_t flipped = 0;

    (void)state;
    for (int i = 0; i < 64 * 100; i++) {
        uint64_t x = rng_next(&rng);
        uint64_t d = hash_mix64(x) ^ hash_mix64(x ^ (1ULL << (i % 64)));
        assert_int_not_equal(d, 0);
        flipped += (uint64_t)__builtin_popcountll(d);
    }
    assert_in_range(flipped / 6400, 31, 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hash__gives_the_published_values),
        cmocka_unit_test(test_hasher__parts_hash_like_the_whole),
        cmocka_unit_test(test_hasher__numbers_are_little_endian_bytes),
        cmocka_unit_test(test_hash__mix_spreads_one_bit_over_half_of_all),
    };

    return RUN_TESTS(tests);
}
