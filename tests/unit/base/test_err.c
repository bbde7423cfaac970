#include "base/err.h"

#include "base/str.h"
#include "support.h"

static void test_err__every_code_has_its_name_and_text(void **state)
{
    (void)state;
#define CHECK(name, number, text)                                                                  \
    assert_int_equal(PT_##name, number);                                                           \
    assert_string_equal(err_name(PT_##name), #name);                                               \
    assert_string_equal(err_text(PT_##name), text);
    PT_ERR_MAP(CHECK)
#undef CHECK
    assert_string_equal(err_name(0), "OK");
    assert_string_equal(err_name(-999), "EUNKNOWN");
    assert_string_equal(err_text(7), "unknown error");
}

static void test_err__set_returns_the_code_and_keeps_the_message(void **state)
{
    struct err e = {0};

    (void)state;
    assert_int_equal(err_set(&e, PT_EINVAL, "no %s at %d", "thing", 7), PT_EINVAL);
    assert_int_equal(e.code, PT_EINVAL);
    assert_string_equal(e.msg, "no thing at 7");
    err_clear(&e);
    assert_int_equal(e.code, 0);
    assert_string_equal(e.msg, "");
}

static void test_err__nobody_need_listen(void **state)
{
    (void)state;
    assert_int_equal(err_set(NULL, PT_ELIMIT, "x"), PT_ELIMIT);
    assert_int_equal(err_set_errno(NULL, ENOSPC, "x"), PT_ENOSPC);
    assert_int_equal(err_prefix(NULL, "x"), PT_EINTERNAL);
    err_clear(NULL);
}

static void test_err__errno_becomes_code_and_text(void **state)
{
    struct err e = {0};

    (void)state;
    assert_int_equal(err_set_errno(&e, ENOENT, "open %s", "f"), PT_ENOENT);
    assert_string_equal(e.msg, "open f: No such file or directory");
    assert_int_equal(err_from_errno(EDQUOT), PT_ENOSPC);
    assert_int_equal(err_from_errno(EROFS), PT_EACCES);
    assert_int_equal(err_from_errno(EMFILE), PT_ELIMIT);
    assert_int_equal(err_from_errno(EBADF), PT_EIO);
    assert_int_equal(err_from_errno(0), PT_EIO);
}

static void test_err__prefix_goes_before_and_keeps_the_code(void **state)
{
    struct err e = {0};

    (void)state;
    assert_int_equal(err_prefix(&e, "x"), PT_EINTERNAL);
    err_set(&e, PT_ECORRUPT, "bad page");
    assert_int_equal(err_prefix(&e, "file %d", 3), PT_ECORRUPT);
    assert_string_equal(e.msg, "file 3: bad page");
}

static void test_err__long_message_is_cut_between_sequences(void **state)
{
    struct err e = {0};
    char text[1024];

    (void)state;
    for (size_t lead = 0; lead < 4; lead++) {
        size_t at = lead;

        memset(text, 'a', lead);
        for (; at + 4 < sizeof(text); at += 4)
            memcpy(text + at, "\xF0\x9F\x98\x80", 4);
        text[at] = '\0';
        err_set(&e, PT_EINVAL, "%s", text);
        assert_true(utf8_valid(e.msg, strlen(e.msg)));
        assert_in_range(strlen(e.msg), sizeof(e.msg) - 4, sizeof(e.msg) - 1);

        err_prefix(&e, "p");
        assert_true(utf8_valid(e.msg, strlen(e.msg)));
        assert_memory_equal(e.msg, "p: ", 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_err__every_code_has_its_name_and_text),
        cmocka_unit_test(test_err__set_returns_the_code_and_keeps_the_message),
        cmocka_unit_test(test_err__nobody_need_listen),
        cmocka_unit_test(test_err__errno_becomes_code_and_text),
        cmocka_unit_test(test_err__prefix_goes_before_and_keeps_the_code),
        cmocka_unit_test(test_err__long_message_is_cut_between_sequences),
    };

    return RUN_TESTS(tests);
}
