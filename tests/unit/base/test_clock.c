#include "base/clock.h"

#include <time.h>

#include "support.h"

static void test_clock__now_never_goes_back(void **state)
{
    uint64_t last = clock_now_ns();

    (void)state;
    for (int i = 0; i < 100000; i++) {
        uint64_t now = clock_now_ns();
        assert_true(now >= last);
        last = now;
    }
}

static void test_clock__wall_is_the_time_of_day(void **state)
{
    uint64_t seconds = clock_wall_ns() / CLOCK_NS_PER_SEC;
    uint64_t expected = (uint64_t)time(NULL);

    (void)state;
    assert_in_range(seconds, expected - 2, expected + 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clock__now_never_goes_back),
        cmocka_unit_test(test_clock__wall_is_the_time_of_day),
    };

    return RUN_TESTS(tests);
}
