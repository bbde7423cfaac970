#include "base/codec.h"

#include "support.h"

static void test_codec__fixed_numbers_are_little_endian(void **state)
{
    uint8_t p[9] = {0};

    (void)state;
    codec_put16(p, 0x0201);
    assert_memory_equal(p, "\1\2\0", 3);
    codec_put32(p, 0x84838281);
    assert_memory_equal(p, "\x81\x82\x83\x84\0", 5);
    codec_put64(p, 0x8887868584838281);
    assert_memory_equal(p, "\x81\x82\x83\x84\x85\x86\x87\x88\0", 9);
    assert_int_equal(codec_get16(p), 0x8281);
    assert_int_equal(codec_get32(p), 0x84838281);
    assert_int_equal(codec_get64(p), 0x8887868584838281);
    assert_int_equal(codec_get64(p + 1), 0x0088878685848382);
}

/* Many sizes: as many significant bits as chance gives. */
static uint64_t any_number(uint64_t *rng)
{
    return rng_next(rng) >> rng_below(rng, 64);
}

static void test_varint__reads_back_and_never_reads_on(void **state)
{
    uint64_t rng = 8;

    (void)state;
    for (int i = 0; i < 100000; i++) {
        uint64_t v = i < 70 ? (i < 64 ? UINT64_C(1) << i : UINT64_MAX - (uint64_t)(i - 64))
                            : any_number(&rng);
        uint8_t bytes[CODEC_VARINT_MAX + 1];
        size_t n = codec_put_varint(bytes, v);
        const uint8_t *at = bytes;
        uint64_t got = ~v;

        assert_in_range(n, 1, CODEC_VARINT_MAX);
        assert_int_equal(n, codec_varint_size(v));
        for (size_t cut = 0; cut < n; cut++)
            assert_false(codec_varint(&at, bytes + cut, &got));
        assert_ptr_equal(at, bytes);
        assert_int_equal(got, ~v);
        assert_true(codec_varint(&at, bytes + n, &got));
        assert_ptr_equal(at, bytes + n);
        assert_int_equal(got, v);
    }
}

/* Any accepted bytes are the very bytes that the writer would write. */
static void test_varint__each_value_has_one_form(void **state)
{
    uint64_t rng = 6;
    int accepted = 0;

    (void)state;
    for (int i = 0; i < 200000; i++) {
        uint8_t bytes[12], again[CODEC_VARINT_MAX];
        const uint8_t *at = bytes;
        uint64_t v;

        for (size_t k = 0; k < sizeof(bytes); k++)
            bytes[k] = (uint8_t)(rng_below(&rng, 4) ? rng_next(&rng) | 0x80 : rng_below(&rng, 3));
        if (!codec_varint(&at, bytes + sizeof(bytes), &v))
            continue;
        accepted++;
        size_t n = codec_put_varint(again, v);
        assert_int_equal((size_t)(at - bytes), n);
        assert_memory_equal(again, bytes, n);
    }
    assert_in_range(accepted, 1000, 199000);
}

static bool accepts(const char *bytes, size_t n)
{
    const uint8_t *at = (const uint8_t *)bytes;
    uint64_t v;

    return codec_varint(&at, at + n, &v);
}

static void test_varint__refuses_padding_and_overflow(void **state)
{
    (void)state;
    assert_true(accepts("\0", 1));
    assert_false(accepts("", 0));
    assert_false(accepts("\x80\0", 2));
    assert_false(accepts("\xFF\x80\0", 3));
    assert_true(accepts("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\1", 10));
    assert_false(accepts("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\2", 10));
    assert_false(accepts("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x81\0", 11));
}

static void test_varint32__refuses_what_is_larger(void **state)
{
    uint8_t bytes[CODEC_VARINT_MAX];
    const uint8_t *at = bytes;
    uint32_t v = 1;
    size_t n = codec_put_varint(bytes, UINT32_MAX);

    (void)state;
    assert_true(codec_varint32(&at, bytes + n, &v));
    assert_int_equal(v, UINT32_MAX);
    assert_ptr_equal(at, bytes + n);
    n = codec_put_varint(bytes, (uint64_t)UINT32_MAX + 1);
    at = bytes;
    assert_false(codec_varint32(&at, bytes + n, &v));
    assert_ptr_equal(at, bytes);
}

static void test_zigzag__reads_back_and_is_small_near_zero(void **state)
{
    uint64_t rng = 12;

    (void)state;
    assert_int_equal(codec_zigzag(0), 0);
    assert_int_equal(codec_zigzag(-1), 1);
    assert_int_equal(codec_zigzag(1), 2);
    assert_int_equal(codec_zigzag(INT64_MIN), UINT64_MAX);
    for (int i = 0; i < 10000; i++) {
        int64_t v = (int64_t)(i % 2 ? any_number(&rng) : 0 - any_number(&rng));
        assert_int_equal(codec_unzigzag(codec_zigzag(v)), v);
    }
}

static void test_crc32c__gives_the_published_values(void **state)
{
    uint8_t bytes[32];

    (void)state;
    assert_int_equal(crc32c(0, "", 0), 0);
    assert_int_equal(crc32c(0, "123456789", 9), 0xE3069283);
    /* RFC 3720, B.4 */
    memset(bytes, 0, sizeof(bytes));
    assert_int_equal(crc32c(0, bytes, sizeof(bytes)), 0x8A9136AA);
    memset(bytes, 0xFF, sizeof(bytes));
    assert_int_equal(crc32c(0, bytes, sizeof(bytes)), 0x62A8AB43);
    for (uint8_t i = 0; i < 32; i++)
        bytes[i] = i;
    assert_int_equal(crc32c(0, bytes, sizeof(bytes)), 0x46DD794E);
}

static uint32_t naive_crc32c(uint32_t crc, const uint8_t *p, size_t n)
{
    crc = ~crc;
    while (n--) {
        crc ^= *p++;
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0x82F63B78 : crc >> 1;
    }
    return ~crc;
}

static void test_crc32c__all_ways_agree_and_parts_join(void **state)
{
    static uint8_t bytes[400];
    uint64_t rng = 13;

    (void)state;
    rng_fill(&rng, bytes, sizeof(bytes));
    for (int i = 0; i < 20000; i++) {
        size_t start = rng_below(&rng, 16);
        size_t n = rng_below(&rng, sizeof(bytes) - start);
        size_t cut = rng_below(&rng, n + 1);
        uint32_t expected = naive_crc32c(0, bytes + start, n);

        assert_int_equal(crc32c(0, bytes + start, n), expected);
        assert_int_equal(crc32c_by_table(0, bytes + start, n), expected);
        uint32_t first = crc32c(0, bytes + start, cut);
        assert_int_equal(crc32c(first, bytes + start + cut, n - cut), expected);
        assert_int_equal(crc32c_by_table(first, bytes + start + cut, n - cut), expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codec__fixed_numbers_are_little_endian),
        cmocka_unit_test(test_varint__reads_back_and_never_reads_on),
        cmocka_unit_test(test_varint__each_value_has_one_form),
        cmocka_unit_test(test_varint__refuses_padding_and_overflow),
        cmocka_unit_test(test_varint32__refuses_what_is_larger),
        cmocka_unit_test(test_zigzag__reads_back_and_is_small_near_zero),
        cmocka_unit_test(test_crc32c__gives_the_published_values),
        cmocka_unit_test(test_crc32c__all_ways_agree_and_parts_join),
    };

    return RUN_TESTS(tests);
}
