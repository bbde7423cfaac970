#include "base/fault.h"

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"

static int disarm(void **state)
{
    (void)state;
    fault_disarm_all();
    return 0;
}

/* Which of the first 10 hits fail, as bits: bit 0 is the first hit. */
static unsigned failing_hits(const char *point)
{
    unsigned bits = 0;

    for (unsigned i = 0; i < 10; i++)
        if (fault_hit(point))
            bits |= 1U << i;
    return bits;
}

static void test_fault__nothing_fails_unarmed(void **state)
{
    (void)state;
    assert_int_equal(failing_hits("a"), 0);
    assert_int_equal(fault_count("a"), 0);
    assert_false(fault_fired());
}

static void test_fault__nth_hit_fails_once(void **state)
{
    (void)state;
    fault_arm("a", 3, ENOSPC);
    assert_int_equal(failing_hits("a"), 1U << 2);
    assert_int_equal(failing_hits("b"), 0);
    assert_int_equal(fault_count("a"), 10);
    assert_true(fault_fired());
    fault_disarm_all();
    assert_false(fault_fired());
    assert_int_equal(fault_count("a"), 0);
}

static void test_fault__every_nth_hit_fails(void **state)
{
    (void)state;
    fault_arm_every("a", 3, EIO);
    assert_int_equal(failing_hits("a"), 1U << 2 | 1U << 5 | 1U << 8);
}

static void test_fault__all_from_the_nth_hit_fail(void **state)
{
    (void)state;
    fault_arm_from("a", 8, EIO);
    assert_int_equal(failing_hits("a"), 1U << 7 | 1U << 8 | 1U << 9);
}

static void test_fault__zero_counts_only(void **state)
{
    (void)state;
    fault_arm("a", 0, EIO);
    assert_int_equal(failing_hits("a"), 0);
    assert_int_equal(fault_count("a"), 10);
    assert_false(fault_fired());
}

static void test_fault__arming_again_starts_anew(void **state)
{
    (void)state;
    fault_arm("a", 2, EIO);
    failing_hits("a");
    fault_arm("a", 4, EIO);
    assert_int_equal(failing_hits("a"), 1U << 3);
}

static void test_fault__star_takes_all_points_of_a_family(void **state)
{
    (void)state;
    fault_arm("io.*", 3, EIO);
    assert_false(fault_hit("io.read"));
    assert_false(fault_hit("mem.alloc"));
    assert_false(fault_hit("io.write"));
    assert_false(fault_hit("io"));
    assert_true(fault_hit("io.sync"));
    assert_int_equal(fault_count("io.*"), 3);
}

static void test_fault__errno_says_why(void **state)
{
    (void)state;
    fault_arm("a", 1, ENOSPC);
    errno = 0;
    assert_int_equal(FAULT_ERRNO("a", 5), -1);
    assert_int_equal(errno, ENOSPC);
    assert_int_equal(FAULT_ERRNO("a", 5), 5);
    fault_arm("a", 1, FAULT_TORN);
    assert_int_equal(fault_take("a"), FAULT_TORN);
    fault_arm("a", 1, FAULT_SHORT);
    assert_true(fault_hit("a"));
    assert_int_equal(errno, EIO);
}

static void test_fault__kill_ends_the_process(void **state)
{
    int status = 0;
    pid_t pid;

    (void)state;
    fault_arm("a", 2, FAULT_KILL);
    pid = fork();
    if (pid == 0) {
        (void)fault_hit("a");
        (void)fault_hit("a");
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGKILL);
}

#define THREADS 4
#define HITS 5000

static void *hit_many(void *arg)
{
    unsigned *failures = arg;

    for (int i = 0; i < HITS; i++)
        *failures += fault_hit("a");
    return NULL;
}

static void test_fault__threads_share_one_count(void **state)
{
    pthread_t threads[THREADS];
    unsigned failures[THREADS] = {0};
    unsigned total = 0;

    (void)state;
    fault_arm_every("a", 100, EIO);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hit_many, &failures[i]), 0);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        total += failures[i];
    }
    assert_int_equal(total, THREADS * HITS / 100);
    assert_int_equal(fault_count("a"), THREADS * HITS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_fault__nothing_fails_unarmed, disarm),
        cmocka_unit_test_teardown(test_fault__nth_hit_fails_once, disarm),
        cmocka_unit_test_teardown(test_fault__every_nth_hit_fails, disarm),
        cmocka_unit_test_teardown(test_fault__all_from_the_nth_hit_fail, disarm),
        cmocka_unit_test_teardown(test_fault__zero_counts_only, disarm),
        cmocka_unit_test_teardown(test_fault__arming_again_starts_anew, disarm),
        cmocka_unit_test_teardown(test_fault__star_takes_all_points_of_a_family, disarm),
        cmocka_unit_test_teardown(test_fault__errno_says_why, disarm),
        cmocka_unit_test_teardown(test_fault__kill_ends_the_process, disarm),
        cmocka_unit_test_teardown(test_fault__threads_share_one_count, disarm),
    };

    return RUN_TESTS(tests);
}
