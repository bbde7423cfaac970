#include "cli/progress.h"

#include "base/clock.h"
#include "unit/base/support.h"

#define check_line(progress, seconds, width, want)                                                 \
    do {                                                                                           \
        struct buf out_ = {0};                                                                     \
        progress_line(progress, (uint64_t)((seconds)*1e9), width, &out_);                          \
        assert_string_equal(buf_cstr(&out_), want);                                                \
        buf_release(&out_);                                                                        \
    } while (0)

static void test_progress__shows_rate_and_remaining_time(void **state)
{
    (void)state;
    struct pipeline_progress p = {.stage = STAGE_EXTRACT,
                                  .files = 50,
                                  .n_files = 100,
                                  .bytes = 10000000,
                                  .n_bytes = 20000000};
    check_line(&p, 2.0, 0,
               "Reading   ━━━━━━━━━━╸               44%  50 of 100 files  5.0 MB/s  0:03 left");
    p = (struct pipeline_progress){.stage = STAGE_RESOLVE, .files = 100, .n_files = 100};
    check_line(&p, 97.0, 0, "Resolving ━━━━━━━━━━━━━━━━━━━━━━━╸  97%  100 of 100 files  0:03 left");
}

static void test_progress__has_no_numbers_that_mean_nothing(void **state)
{
    (void)state;
    struct pipeline_progress p = {.stage = STAGE_EXTRACT};
    check_line(&p, 0, 0, "Reading   ╸                          1%");
    p = (struct pipeline_progress){.stage = STAGE_SCAN};
    check_line(&p, 60, 0, "Scanning  ╸                          0%");
}

static void test_progress__fits_the_terminal(void **state)
{
    (void)state;
    struct pipeline_progress p = {.stage = STAGE_EXTRACT, .files = 1, .n_files = 2};
    for (unsigned width = 1; width < 100; width++) {
        struct buf out = {0};
        progress_line(&p, CLOCK_NS_PER_SEC, width, &out);
        assert_true(utf8_width(out.p, out.n) <= width);
        buf_release(&out);
    }
}

static void test_progress__ends_work_at_the_first_interrupt(void **state)
{
    (void)state;
    struct progress p;
    struct pipeline_progress now = {.stage = STAGE_EXTRACT};
    progress_begin(&p, false, false);
    assert_true(progress_step(&p, &now));
    assert_int_equal(raise(SIGINT), 0);
    assert_false(progress_step(&p, &now));
    progress_end(&p);
    progress_begin(&p, false, false); /* a new run is not interrupted by the old one's */
    assert_true(progress_step(&p, &now));
    progress_end(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_progress__shows_rate_and_remaining_time),
        cmocka_unit_test(test_progress__has_no_numbers_that_mean_nothing),
        cmocka_unit_test(test_progress__fits_the_terminal),
        cmocka_unit_test(test_progress__ends_work_at_the_first_interrupt),
    };
    return RUN_TESTS(tests);
}
