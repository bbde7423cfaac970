#include "unit/base/support.h"

#include "cli/wire.h"

static void check_member(const char *object, const char *key, const char *want)
{
    struct slice v = wire_member(slice_from(object), key);
    struct buf text = {0};
    buf_slice(&text, v);
    assert_string_equal(buf_cstr(&text), want);
    buf_release(&text);
}

static void test_wire__members_are_the_bytes_of_their_values(void **state)
{
    (void)state;
    const char *o =
        "{\"a\":1,\"b\":\"x\\\"},{\",\"c\":{\"a\":[1,{\"d\":\"]\"}],\"e\":{}},\"f\":[],\"g\":"
        "null,\"h\":-1.5e3}";
    check_member(o, "a", "1");
    check_member(o, "b", "\"x\\\"},{\"");
    check_member(o, "c", "{\"a\":[1,{\"d\":\"]\"}],\"e\":{}}");
    check_member(o, "d", ""); /* not at this level */
    check_member(o, "f", "[]");
    check_member(o, "g", "null");
    check_member(o, "h", "-1.5e3");
    check_member(o, "i", "");
    check_member("{ \"a\" : 1 , \"b\" : [ 2 ] }", "b", "[ 2 ]");
    check_member("{}", "a", "");
    check_member("", "a", "");
    check_member("[1]", "a", "");
}

/* Each prefix of a line, copied so that a sanitizer sees any step beyond its end. */
static void test_wire__reads_nothing_outside_of_the_text(void **state)
{
    (void)state;
    const char *o =
        "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"text\":\"a\\\\\\\"b\",\"rows\":[{\"x\":["
        "1,2]}]}}";
    for (size_t n = 0; n <= strlen(o); n++) {
        char *copy = test_malloc(n + 1);
        memcpy(copy, o, n);
        copy[n] = (char)0x5A;
        struct slice part = slice_of(copy, n);
        struct slice v = wire_member(part, "result");
        assert_true(v.n == 0 || (v.p >= copy && v.p + v.n <= copy + n));
        (void)wire_member(v, "rows");
        (void)wire_first(slice_skip(part, n / 2));
        test_free(copy);
    }
}

static void test_wire__texts_are_taken_out_of_their_escapes(void **state)
{
    (void)state;
    struct buf text = {0};
    assert_int_equal(wire_text(SLICE("\"a\\n\\u00e9\\\"\""), &text, NULL), PT_OK);
    assert_string_equal(buf_cstr(&text), "a\n\xc3\xa9\"");
    assert_int_equal(wire_text(SLICE("17"), &text, NULL), PT_EINVAL);
    assert_int_equal(wire_text((struct slice){NULL, 0}, &text, NULL), PT_EINVAL);
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wire__members_are_the_bytes_of_their_values),
        cmocka_unit_test(test_wire__reads_nothing_outside_of_the_text),
        cmocka_unit_test(test_wire__texts_are_taken_out_of_their_escapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
