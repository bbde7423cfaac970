/* Paths that do not stop changing: told when they are too many batches, held when they go on. */
#include "unit/base/support.h"

#include "base/clock.h"
#include "base/str.h"
#include "engine/restless.h"

#include <stdio.h>

#define SECOND CLOCK_NS_PER_SEC
#define START (1000 * SECOND)

static struct restless *make(void)
{
    static const struct restless_options o = {
        .window_ms = 60000, .batches = 30, .patience_ms = 60000, .pause_ms = 3000};
    struct restless *r = NULL;
    assert_int_equal(restless_new(&o, &r, NULL), PT_OK);
    return r;
}

/* One batch each second names it. Returns how many of them passed. */
static unsigned note(struct restless *r, const char *path, unsigned from_s, unsigned to_s)
{
    unsigned passed = 0;
    for (unsigned s = from_s; s < to_s; s++)
        passed += restless_note(r, path, START + s * SECOND) != RESTLESS_HELD;
    return passed;
}

static void check_says(const struct restless *r, unsigned at_s, const char *text)
{
    struct buf b = {0};
    restless_describe(r, START + at_s * SECOND, &b);
    assert_string_equal(buf_cstr(&b), text);
    buf_release(&b);
}

static void test_restless__what_is_saved_by_hand_is_not(void **state)
{
    struct restless *r = make();
    (void)state;
    for (unsigned s = 0; s < 1000; s += 3) /* for a quarter of an hour */
        assert_int_equal(restless_note(r, "a.c", START + s * SECOND), RESTLESS_PASS);
    check_says(r, 1000, "");
    restless_free(r);
}

static void test_restless__is_told_once_and_then_held(void **state)
{
    struct restless *r = make();
    unsigned news = 0;
    (void)state;
    for (unsigned s = 0; s < 90; s++)
        news += restless_note(r, "a.log", START + s * SECOND) == RESTLESS_NEWS;
    assert_int_equal(news, 1);
    check_says(r, 90, "a.log (changed 60 times in 60 s)");
    assert_true(restless_next_ns(r) == UINT64_MAX);
    (void)note(r, "a.log", 90, 100);
    assert_in_range(note(r, "a.log", 100, 130), 8, 12); /* one each three seconds */
    while (restless_note(r, "a.log", START + 130 * SECOND) != RESTLESS_HELD)
        ;
    assert_true(restless_next_ns(r) <= START + 133 * SECOND);
    assert_null(restless_due(r, START + 130 * SECOND, false));
    assert_string_equal(restless_due(r, START + 133 * SECOND, false), "a.log");
    assert_null(restless_due(r, START + 133 * SECOND, true)); /* only once */
    assert_true(restless_next_ns(r) == UINT64_MAX);
    restless_free(r);
}

static void test_restless__what_is_owed_can_be_had_at_once(void **state)
{
    struct restless *r = make();
    (void)state;
    (void)note(r, "a.log", 0, 110);
    while (restless_note(r, "a.log", START + 110 * SECOND) != RESTLESS_HELD)
        ;
    assert_string_equal(restless_due(r, START + 110 * SECOND, true), "a.log");
    assert_null(restless_due(r, START + 110 * SECOND, true));
    restless_free(r);
}

static void test_restless__calms_down(void **state)
{
    struct restless *r = make();
    (void)state;
    (void)note(r, "a.log", 0, 120);
    while (restless_due(r, START + 120 * SECOND, true) != NULL)
        ;
    check_says(r, 300, "");
    assert_int_equal(restless_note(r, "a.log", START + 300 * SECOND), RESTLESS_PASS);
    assert_int_equal(restless_note(r, "a.log", START + 301 * SECOND), RESTLESS_PASS);
    check_says(r, 301, "");
    restless_free(r);
}

static void test_restless__stands_out_of_a_crowd(void **state)
{
    struct restless *r = make();
    char path[32];
    (void)state;
    for (unsigned s = 0; s < 60; s++) {
        (void)restless_note(r, "out/a.log", START + s * SECOND);
        for (unsigned i = 0; i < 50; i++) {
            (void)snprintf(path, sizeof(path), "crowd/%u-%u", s, i);
            (void)restless_note(r, path, START + s * SECOND);
        }
    }
    check_says(r, 60, "out/a.log (changed 60 times in 60 s)");
    restless_free(r);
}

static void test_restless__a_folder_is_told_if_no_file_in_it_is(void **state)
{
    struct restless *r = make();
    char path[32];
    (void)state;
    for (unsigned s = 0; s < 40; s++) {
        (void)snprintf(path, sizeof(path), "tmp/%u", s);
        (void)restless_note(r, path, START + s * SECOND);
        (void)restless_note(r, "tmp/", START + s * SECOND);
        (void)restless_note(r, "logs/a.log", START + s * SECOND);
        (void)restless_note(r, "logs/", START + s * SECOND);
    }
    check_says(r, 40, "tmp/ (changed 40 times in 60 s), logs/a.log (changed 40 times in 60 s)");
    for (unsigned s = 40; s < 400; s++)
        assert_int_not_equal(restless_note(r, "tmp/", START + s * SECOND), RESTLESS_HELD);
    restless_free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_restless__what_is_saved_by_hand_is_not),
        cmocka_unit_test(test_restless__is_told_once_and_then_held),
        cmocka_unit_test(test_restless__what_is_owed_can_be_had_at_once),
        cmocka_unit_test(test_restless__calms_down),
        cmocka_unit_test(test_restless__stands_out_of_a_crowd),
        cmocka_unit_test(test_restless__a_folder_is_told_if_no_file_in_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
