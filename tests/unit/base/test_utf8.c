#include "base/utf8.h"

#include "base/str.h"
#include "support.h"

static void test_utf8__every_code_point_reads_back(void **state)
{
    struct buf b = {0};

    (void)state;
    for (uint32_t cp = 0; cp <= 0x10FFFF; cp++) {
        uint32_t got = 0;

        if (cp >= 0xD800 && cp <= 0xDFFF)
            continue;
        buf_reset(&b);
        buf_utf8(&b, cp);
        if (utf8_decode(b.p, b.n, &got) != b.n || got != cp || !utf8_valid(b.p, b.n))
            fail_msg("U+%04X", cp);
        /* No shorter part of it is valid. */
        for (size_t n = 1; n < b.n; n++)
            if (utf8_decode(b.p, n, &got) != n || got != UTF8_INVALID)
                fail_msg("U+%04X cut to %zu", cp, n);
    }
    buf_reset(&b);
    buf_utf8(&b, 0xD800);
    buf_utf8(&b, 0x110000);
    assert_string_equal(buf_cstr(&b), "\xEF\xBF\xBD\xEF\xBF\xBD");
    buf_release(&b);
}

/* By arithmetic instead of by table. */
static bool naive_valid(const unsigned char *p, size_t n)
{
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};

    for (size_t i = 0; i < n;) {
        unsigned len = p[i] < 0x80       ? 1
                       : p[i] >> 5 == 6  ? 2
                       : p[i] >> 4 == 14 ? 3
                       : p[i] >> 3 == 30 ? 4
                                         : 0;
        uint32_t cp;

        if (len == 0 || len > n - i)
            return false;
        cp = len == 1 ? p[i] : p[i] & (0x7FU >> len);
        for (unsigned k = 1; k < len; k++) {
            if (p[i + k] >> 6 != 2)
                return false;
            cp = cp << 6 | (p[i + k] & 63U);
        }
        if (cp < least[len] || cp > 0x10FFFF || (cp >= 0xD800 && cp < 0xE000))
            return false;
        i += len;
    }
    return true;
}

static void test_utf8__validity_agrees_with_arithmetic(void **state)
{
    static const unsigned char bytes[] = {0x41, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF,
                                          0xC1, 0xC2, 0xDF, 0xE0, 0xE1, 0xED, 0xEF,
                                          0xF0, 0xF1, 0xF4, 0xF5, 0xFF, 0x7F, 0x00};
    unsigned char s[4];
    uint64_t rng = 1;

    (void)state;
    for (size_t i = 0; i < UINT64_C(21) * 21 * 21 * 21; i++) {
        size_t rest = i;
        for (size_t k = 0; k < 4; k++, rest /= 21)
            s[k] = bytes[rest % 21];
        assert_int_equal(utf8_valid((char *)s, 4), naive_valid(s, 4));
    }
    for (int i = 0; i < 100000; i++) {
        unsigned char text[40];
        size_t n = rng_below(&rng, sizeof(text));

        for (size_t k = 0; k < n; k++)
            text[k] = rng_below(&rng, 3) ? 'a' : bytes[rng_below(&rng, sizeof(bytes))];
        assert_int_equal(utf8_valid((char *)text, n), naive_valid(text, n));
    }
    assert_true(utf8_valid(NULL, 0));
}

static size_t width_of(const char *s)
{
    return utf8_width(s, strlen(s));
}

static void test_utf8__width_counts_columns(void **state)
{
    (void)state;
    assert_int_equal(width_of(""), 0);
    assert_int_equal(width_of("abc"), 3);
    assert_int_equal(width_of("\xC3\xA9"), 1);                 /* e acute */
    assert_int_equal(width_of("e\xCC\x81"), 1);                /* e and a combining acute */
    assert_int_equal(width_of("\xE4\xB8\xAD\xE6\x96\x87"), 4); /* Chinese */
    assert_int_equal(width_of("\xED\x95\x9C"), 2);             /* Hangul */
    assert_int_equal(width_of("\xF0\x9F\x98\x80"), 2);         /* emoji */
    assert_int_equal(width_of("\xEF\xBC\xA1"), 2);             /* full-width A */
    assert_int_equal(width_of("\xE2\x80\x8D"), 0);             /* joiner */
    assert_int_equal(width_of("\x1b\x07"), 0);
    assert_int_equal(width_of("\xFF"), 1);
    assert_int_equal(utf8_cp_width(0xAD), 1);
    assert_int_equal(utf8_cp_width(0x2500), 1); /* box drawing */
    assert_int_equal(utf8_cp_width(0x10FFFF), 1);
    assert_int_equal(utf8_cp_width(UTF8_INVALID), 1);
}

static void test_utf8__trunc_cuts_between_sequences(void **state)
{
    static const char s[] = "a\xC3\xA9\xE4\xB8\xAD\xF0\x9F\x98\x80z";
    static const size_t expected[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11};

    (void)state;
    for (size_t max = 0; max < 12; max++)
        assert_int_equal(utf8_trunc(s, sizeof(s) - 1, max), expected[max]);
    assert_int_equal(utf8_trunc(s, sizeof(s) - 1, 100), 11);
    assert_int_equal(utf8_trunc("\x80\x80\x80\x80\x80", 5, 4), 4);
    assert_int_equal(utf8_trunc("\xF0\x9F\x98\xFF", 4, 3), 3);

    static const size_t columns[] = {0, 1, 3, 3, 6, 6, 10, 11};
    for (size_t max = 0; max < 8; max++)
        assert_int_equal(utf8_trunc_width(s, sizeof(s) - 1, max), columns[max]);
    assert_int_equal(utf8_trunc_width("e\xCC\x81x", 4, 1), 3);
}

static void check_sanitized(const char *in, size_t n, const char *line, const char *text)
{
    struct buf b = {0};

    str_sanitize(&b, in, n);
    assert_string_equal(buf_cstr(&b), line);
    buf_reset(&b);
    str_sanitize_text(&b, in, n);
    assert_string_equal(buf_cstr(&b), text);
    buf_release(&b);
}

#define CHECK_SANITIZED(in, line, text) check_sanitized(in, sizeof(in) - 1, line, text)

static void test_sanitize__shows_what_would_act(void **state)
{
    (void)state;
    CHECK_SANITIZED("plain \xC3\xA9 text", "plain \xC3\xA9 text", "plain \xC3\xA9 text");
    CHECK_SANITIZED("a\x1b[31mred\n", "a\\x1b[31mred\\n", "a\\x1b[31mred\n");
    CHECK_SANITIZED("\t\r\0", "\\t\\r\\x00", "\t\\r\\x00");
    CHECK_SANITIZED("x\xE2\x80\xAEy", "x\\u{202e}y", "x\\u{202e}y");
    CHECK_SANITIZED("\xC2\x9B", "\\u{9b}", "\\u{9b}");
    CHECK_SANITIZED("\xFF\xE2\x80z", "\\xff\\xe2\\x80z", "\\xff\\xe2\\x80z");
    CHECK_SANITIZED("\xEF\xBB\xBFint", "\\u{feff}int", "\\u{feff}int");
    CHECK_SANITIZED("", "", "");
}

static void test_sanitize__any_bytes_become_harmless(void **state)
{
    struct buf b = {0};
    uint64_t rng = 21;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        char in[30];
        size_t n = rng_below(&rng, sizeof(in));

        rng_fill(&rng, in, n);
        if (i % 2)
            for (size_t k = 0; k < n; k++)
                in[k] = "\xE2\x80\xAE\xF3\xA0\x81\x1b\xC2\x9B"
                        "a\n\xF0"[rng_below(&rng, 12)];
        buf_reset(&b);
        str_sanitize(&b, in, n);
        assert_true(utf8_valid(b.p, b.n));
        for (size_t at = 0; at < b.n;) {
            uint32_t cp;
            at += utf8_decode(b.p + at, b.n - at, &cp);
            assert_false(utf8_is_unsafe(cp));
        }
    }
    buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_utf8__every_code_point_reads_back),
        cmocka_unit_test(test_utf8__validity_agrees_with_arithmetic),
        cmocka_unit_test(test_utf8__width_counts_columns),
        cmocka_unit_test(test_utf8__trunc_cuts_between_sequences),
        cmocka_unit_test(test_sanitize__shows_what_would_act),
        cmocka_unit_test(test_sanitize__any_bytes_become_harmless),
    };

    return RUN_TESTS(tests);
}
