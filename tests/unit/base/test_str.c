#include "base/str.h"

#include "base/fault.h"
#include "base/mem.h"
#include "support.h"

static void test_slice__compares_by_bytes_then_length(void **state)
{
    static const struct slice constant = SLICE_INIT("abc");

    (void)state;
    assert_true(slice_eq(constant, slice_from("abc")));
    assert_false(slice_eq(constant, SLICE("abd")));
    assert_false(slice_eq(constant, SLICE("ab")));
    assert_true(slice_eq(slice_from(NULL), SLICE("")));
    assert_int_equal(slice_cmp(constant, SLICE("abc")), 0);
    assert_true(slice_cmp(SLICE("ab"), constant) < 0);
    assert_true(slice_cmp(constant, SLICE("ab")) > 0);
    assert_true(slice_cmp(SLICE("\xFF"), SLICE("a")) > 0);
    assert_int_equal(slice_cmp(slice_from(NULL), SLICE("")), 0);
}

static void test_slice__finds_ends_and_characters(void **state)
{
    struct slice s = SLICE("a/b/c.rs");

    (void)state;
    assert_true(slice_starts(s, SLICE("a/b")));
    assert_true(slice_starts(s, SLICE("")));
    assert_true(slice_starts(s, s));
    assert_false(slice_starts(SLICE("a"), s));
    assert_true(slice_ends(s, SLICE(".rs")));
    assert_true(slice_ends(s, SLICE("")));
    assert_true(slice_ends(s, s));
    assert_false(slice_ends(s, SLICE(".r")));
    assert_ptr_equal(slice_chr(s, '/'), s.p + 1);
    assert_ptr_equal(slice_rchr(s, '/'), s.p + 3);
    assert_null(slice_chr(s, 'x'));
    assert_null(slice_rchr(slice_from(NULL), 'x'));
}

static void test_slice__parts_never_pass_the_end(void **state)
{
    struct slice s = SLICE("abc");

    (void)state;
    assert_true(slice_eq(slice_skip(s, 1), SLICE("bc")));
    assert_int_equal(slice_skip(s, 9).n, 0);
    assert_int_equal(slice_skip(slice_from(NULL), 1).n, 0);
    assert_true(slice_eq(slice_head(s, 2), SLICE("ab")));
    assert_true(slice_eq(slice_head(s, 9), s));
    assert_true(slice_eq(slice_trim(SLICE(" \t\n a b\r\n")), SLICE("a b")));
    assert_int_equal(slice_trim(SLICE(" \t ")).n, 0);
}

#define TWIN_MAX 100000

static void test_buf__agrees_with_a_plain_array(void **state)
{
    static char twin[TWIN_MAX + 5000];
    size_t n = 0;
    struct buf b;
    uint64_t rng = 5;

    (void)state;
    buf_init(&b);
    while (n < TWIN_MAX) {
        char text[300];
        size_t len = rng_below(&rng, 20) ? rng_below(&rng, 30) : rng_below(&rng, sizeof(text));
        uint64_t number = rng_next(&rng) >> rng_below(&rng, 64);
        char *to = twin + n;

        for (size_t i = 0; i < len; i++)
            text[i] = (char)('a' + rng_below(&rng, 26));
        switch (rng_below(&rng, 6)) {
        case 0:
            buf_add(&b, text, len);
            n += (size_t)sprintf(to, "%.*s", (int)len, text);
            break;
        case 1:
            buf_char(&b, 'x');
            n += (size_t)sprintf(to, "x");
            break;
        case 2:
            buf_u64(&b, number);
            n += (size_t)sprintf(to, "%llu", (unsigned long long)number);
            break;
        case 3:
            buf_i64(&b, (int64_t)number);
            n += (size_t)sprintf(to, "%lld", (long long)number);
            break;
        case 4:
            buf_printf(&b, "<%.*s>", (int)len, text);
            n += (size_t)sprintf(to, "<%.*s>", (int)len, text);
            break;
        default:
            buf_fill(&b, '-', len);
            memset(to, '-', len);
            n += len;
        }
        assert_int_equal(b.n, n);
        assert_true(b.cap > b.n);
    }
    twin[n] = '\0';
    assert_string_equal(buf_cstr(&b), twin);
    buf_release(&b);
}

static void test_buf__printf_fits_at_every_remaining_room(void **state)
{
    (void)state;
    for (size_t before = 0; before < 140; before++)
        for (int width = 1; width < 140; width += 7) {
            struct buf b = {0};

            buf_fill(&b, 'a', before);
            buf_printf(&b, "%*d", width, 7);
            assert_false(b.failed);
            assert_int_equal(b.n, before + (size_t)width);
            assert_int_equal(b.p[b.n - 1], '7');
            buf_release(&b);
        }
}

static void test_buf__empty_buffer_is_an_empty_string(void **state)
{
    struct buf b = {0};
    size_t n = 9;

    (void)state;
    assert_string_equal(buf_cstr(&b), "");
    buf_add(&b, NULL, 0);
    buf_slice(&b, slice_from(NULL));
    assert_string_equal(buf_cstr(&b), "");
    char *stolen = buf_steal(&b, &n);
    assert_string_equal(stolen, "");
    assert_int_equal(n, 0);
    mem_free(stolen);
    buf_release(&b);
}

static void test_buf__steal_hands_the_bytes_over(void **state)
{
    struct buf b = {0};
    size_t n;

    (void)state;
    buf_str(&b, "hello");
    char *stolen = buf_steal(&b, &n);
    assert_string_equal(stolen, "hello");
    assert_int_equal(n, 5);
    assert_null(b.p);
    buf_str(&b, "again");
    assert_string_equal(buf_cstr(&b), "again");
    buf_release(&b);
    mem_free(stolen);
}

static void test_buf__failure_sticks_and_keeps_what_was_there(void **state)
{
    struct buf b = {0};

    (void)state;
    buf_str(&b, "kept");
    fault_arm("mem.alloc", 1, ENOMEM);
    buf_fill(&b, 'x', 1000);
    fault_disarm_all();
    assert_true(b.failed);
    buf_str(&b, "a");
    buf_printf(&b, "%d", 5);
    buf_json_str(&b, "a", 1);
    assert_string_equal(buf_cstr(&b), "kept");
    assert_null(buf_steal(&b, NULL));
    assert_false(b.failed);

    buf_str(&b, "x");
    assert_false(buf_reserve(&b, SIZE_MAX));
    assert_true(b.failed);
    buf_reset(&b);
    buf_str(&b, "fresh");
    assert_string_equal(buf_cstr(&b), "fresh");
    buf_release(&b);
}

static void check_json(const char *in, size_t n, const char *expected)
{
    struct buf b = {0};

    buf_json_str(&b, in, n);
    assert_string_equal(buf_cstr(&b), expected);
    buf_release(&b);
}

#define CHECK_JSON(in, expected) check_json(in, sizeof(in) - 1, expected)

static void test_json__escapes_what_it_must(void **state)
{
    (void)state;
    CHECK_JSON("", "\"\"");
    CHECK_JSON("plain text", "\"plain text\"");
    CHECK_JSON("a\"b\\c/d", "\"a\\\"b\\\\c/d\"");
    CHECK_JSON("\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\"");
    CHECK_JSON("\0\x01\x1b\x7f", "\"\\u0000\\u0001\\u001b\\u007f\"");
    CHECK_JSON("bnrtf", "\"bnrtf\"");
    CHECK_JSON("\xC3\xA9 \xE4\xB8\xAD \xF0\x9F\x98\x80",
               "\"\xC3\xA9 \xE4\xB8\xAD \xF0\x9F\x98\x80\"");
}

static void test_json__escapes_what_would_fool_a_terminal(void **state)
{
    (void)state;
    CHECK_JSON("\xC2\x9B", "\"\\u009b\"");
    CHECK_JSON("\xE2\x80\xAE", "\"\\u202e\"");
    CHECK_JSON("\xE2\x80\xA8\xE2\x80\xA9", "\"\\u2028\\u2029\"");
    CHECK_JSON("\xF3\xA0\x81\x81", "\"\\udb40\\udc41\"");
}

/* As Unicode recommends it: one U+FFFD for each maximal invalid part. */
static void test_json__replaces_what_is_not_utf8(void **state)
{
    (void)state;
#define FFFD "\xEF\xBF\xBD"
    CHECK_JSON("a\x80z", "\"a" FFFD "z\"");
    CHECK_JSON("\xC0\xAF", "\"" FFFD FFFD "\"");
    CHECK_JSON("\xED\xA0\x80", "\"" FFFD FFFD FFFD "\"");
    CHECK_JSON("\xE1\x80\xE2\xF0\x91\x92\xF1\xBF\x41", "\"" FFFD FFFD FFFD FFFD "A\"");
    CHECK_JSON("\xF4\x90\x80\x80", "\"" FFFD FFFD FFFD FFFD "\"");
    CHECK_JSON("\xF0\x9F\x98", "\"" FFFD "\"");
}

/* Four hexadecimal digits at p; false if they are not there. */
static bool read_hex4(const char *p, uint32_t *ret)
{
    char digits[5] = {0};

    memcpy(digits, p, 4);
    *ret = (uint32_t)strtoul(digits, NULL, 16);
    return strspn(digits, "0123456789abcdef") == 4;
}

/* Reads a JSON string back; false if it is none. */
static bool json_read(const char *p, size_t n, struct buf *ret)
{
    static const char named[] = "b\bf\fn\nr\rt\t\"\"\\\\";

    if (n < 2 || p[0] != '"' || p[n - 1] != '"')
        return false;
    for (size_t i = 1; i < n - 1; i++) {
        if ((unsigned char)p[i] < 0x20 || p[i] == '"')
            return false;
        if (p[i] != '\\') {
            buf_char(ret, p[i]);
            continue;
        }
        i++;
        if (p[i] == 'u') {
            uint32_t cp;
            uint32_t low;

            if (!read_hex4(p + i + 1, &cp))
                return false;
            i += 4;
            if (cp >= 0xD800 && cp < 0xDC00) {
                if (p[i + 1] != '\\' || p[i + 2] != 'u' || !read_hex4(p + i + 3, &low))
                    return false;
                cp = 0x10000 + ((cp - 0xD800) << 10) + (low - 0xDC00);
                i += 6;
            }
            buf_utf8(ret, cp);
        } else {
            const char *found = strchr(named, p[i]);
            if (!found)
                return false;
            buf_char(ret, found[1]);
        }
    }
    return true;
}

static void test_json__any_bytes_read_back_as_their_repaired_text(void **state)
{
    struct buf json = {0};
    struct buf back = {0};
    struct buf repaired = {0};
    uint64_t rng = 9;

    (void)state;
    for (int i = 0; i < 20000; i++) {
        char in[24];
        size_t n = rng_below(&rng, sizeof(in) + 1);

        rng_fill(&rng, in, n);
        if (i % 2)
            for (size_t k = 0; k < n; k++)
                in[k] = "\xE2\x80\xAE\xF3\xA0\x81\"\\a\n\xF0\x9F"[rng_below(&rng, 12)];
        buf_reset(&json);
        buf_reset(&back);
        buf_reset(&repaired);
        buf_json_str(&json, in, n);
        assert_true(utf8_valid(json.p, json.n));
        assert_true(json_read(json.p, json.n, &back));
        for (size_t at = 0; at < n;) {
            uint32_t cp;
            at += utf8_decode(in + at, n - at, &cp);
            buf_utf8(&repaired, cp);
        }
        assert_int_equal(back.n, repaired.n);
        if (back.n)
            assert_memory_equal(back.p, repaired.p, back.n);
    }
    buf_release(&json);
    buf_release(&back);
    buf_release(&repaired);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slice__compares_by_bytes_then_length),
        cmocka_unit_test(test_slice__finds_ends_and_characters),
        cmocka_unit_test(test_slice__parts_never_pass_the_end),
        cmocka_unit_test(test_buf__agrees_with_a_plain_array),
        cmocka_unit_test(test_buf__printf_fits_at_every_remaining_room),
        cmocka_unit_test(test_buf__empty_buffer_is_an_empty_string),
        cmocka_unit_test(test_buf__steal_hands_the_bytes_over),
        cmocka_unit_test(test_buf__failure_sticks_and_keeps_what_was_there),
        cmocka_unit_test(test_json__escapes_what_it_must),
        cmocka_unit_test(test_json__escapes_what_would_fool_a_terminal),
        cmocka_unit_test(test_json__replaces_what_is_not_utf8),
        cmocka_unit_test(test_json__any_bytes_read_back_as_their_repaired_text),
    };

    return RUN_TESTS(tests);
}
