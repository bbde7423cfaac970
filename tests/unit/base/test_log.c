#include "base/log.h"

#include "base/fault.h"
#include "support.h"

struct capture {
    FILE *f;
    char *text;
    size_t n;
};

static struct capture cap;

static int start_capture(void **state)
{
    (void)state;
    cap.f = open_memstream(&cap.text, &cap.n);
    log_set_file(cap.f);
    log_set_level(LOG_LEVEL_INFO);
    return cap.f ? 0 : -1;
}

static int end_capture(void **state)
{
    (void)state;
    log_set_file(NULL);
    log_set_level(LOG_LEVEL_WARN);
    fclose(cap.f);
    free(cap.text);
    return 0;
}

/* What was logged, without the first line's time. */
static const char *logged(void)
{
    fflush(cap.f);
    const char *level = strstr(cap.text, " level=");
    return level ? level : cap.text;
}

static void test_log__event_is_a_line_of_fields(void **state)
{
    struct err e = {0};

    (void)state;
    err_set(&e, PT_EIO, "bad \"disk\"");
    log_warn("opened", log_str("path", "/a/b.c"), log_u64("files", 12), log_i64("delta", -3),
             log_err(&e));
    assert_string_equal(
        logged(),
        " level=warn msg=opened path=/a/b.c files=12 delta=-3 err=\"bad \\\"disk\\\"\"\n");
    assert_memory_equal(cap.text, "ts=20", 5);
    assert_int_equal(cap.text[strlen("ts=2026-11-23T10:00:00.123")], 'Z');
}

static void test_log__event_needs_no_fields(void **state)
{
    (void)state;
    log_error("two words");
    assert_string_equal(logged(), " level=error msg=\"two words\"\n");
}

static void test_log__strings_cannot_break_the_line(void **state)
{
    (void)state;
    log_info("x", log_str("a", "1\n2=3"), log_str("b", ""), log_str("c", NULL),
             log_slice("d", SLICE("\x1b\xff")), log_str("e", "k=v"));
    assert_string_equal(logged(), " level=info msg=x a=\"1\\n2=3\" b=\"\" c=\"\" "
                                  "d=\"\\u001b\xEF\xBF\xBD\" e=\"k=v\"\n");
}

static void test_log__long_value_is_cut_and_says_so(void **state)
{
    struct buf b = {0};

    (void)state;
    buf_fill(&b, 'a', (size_t)LOG_VALUE_MAX * 2);
    log_info("x", log_str("a", buf_cstr(&b)));
    const char *value = strstr(logged(), " a=") + 3;
    assert_int_equal(strspn(value, "a"), LOG_VALUE_MAX);
    assert_string_equal(value + LOG_VALUE_MAX, "...\n");
    buf_release(&b);
}

static void test_log__levels_below_are_dropped(void **state)
{
    enum log_level level = LOG_LEVEL_OFF;

    (void)state;
    log_debug("x");
    assert_string_equal(logged(), "");
    log_set_level(LOG_LEVEL_OFF);
    log_error("x");
    assert_string_equal(logged(), "");
    assert_false(log_enabled(LOG_LEVEL_ERROR));
    assert_true(log_level_parse("debug", &level));
    assert_int_equal(level, LOG_LEVEL_DEBUG);
    assert_false(log_level_parse("loud", &level));
}

static void test_log__line_is_dropped_when_memory_is_short(void **state)
{
    (void)state;
    fault_arm_every("mem.alloc", 1, ENOMEM);
    log_error("x");
    fault_disarm_all();
    assert_string_equal(logged(), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_log__event_is_a_line_of_fields, start_capture,
                                        end_capture),
        cmocka_unit_test_setup_teardown(test_log__event_needs_no_fields, start_capture,
                                        end_capture),
        cmocka_unit_test_setup_teardown(test_log__strings_cannot_break_the_line, start_capture,
                                        end_capture),
        cmocka_unit_test_setup_teardown(test_log__long_value_is_cut_and_says_so, start_capture,
                                        end_capture),
        cmocka_unit_test_setup_teardown(test_log__levels_below_are_dropped, start_capture,
                                        end_capture),
        cmocka_unit_test_setup_teardown(test_log__line_is_dropped_when_memory_is_short,
                                        start_capture, end_capture),
    };

    return RUN_TESTS(tests);
}
