#include "base/pool.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/fault.h"
#include "support.h"

#define MAX_ITEMS 5000

/* Items check into counters; cmocka's asserts are for the main thread alone. */
struct job {
    atomic_int runs[MAX_ITEMS];
    atomic_int bad;
    unsigned threads;
    uint64_t fail_seed; /* 0 = no item fails */
    pthread_t caller;
};

static bool fails(const struct job *j, size_t item)
{
    uint64_t state = j->fail_seed + item;

    return j->fail_seed && rng_below(&state, 300) == 0;
}

static int run_item(void *ctx, unsigned worker, size_t item)
{
    struct job *j = ctx;

    atomic_fetch_add(&j->runs[item], 1);
    if (worker >= j->threads || (worker == 0) != (pthread_equal(pthread_self(), j->caller) != 0))
        atomic_fetch_add(&j->bad, 1);
    if (item % 64 == 0)
        sched_yield();
    return fails(j, item) ? -(int)item - 1 : 0;
}

static struct job job;

static void reset_job(unsigned threads, uint64_t fail_seed)
{
    memset(&job, 0, sizeof(job));
    job.threads = threads;
    job.fail_seed = fail_seed;
    job.caller = pthread_self();
}

static void test_pool__runs_every_item_once(void **state)
{
    (void)state;
    for (unsigned threads = 1; threads <= 9; threads++)
        for (size_t n = 0; n <= MAX_ITEMS; n = n * 3 + 1) {
            reset_job(threads, 0);
            assert_int_equal(pool_run(threads, n, run_item, &job), 0);
            for (size_t i = 0; i < MAX_ITEMS; i++)
                assert_int_equal(atomic_load(&job.runs[i]), i < n);
            assert_int_equal(atomic_load(&job.bad), 0);
        }
}

static void test_pool__result_is_that_of_the_lowest_failed_item(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 100; seed++) {
        reset_job(1 + (unsigned)seed % 6, seed * 1000003);
        size_t first = 0;
        while (first < MAX_ITEMS && !fails(&job, first))
            first++;
        int expected = first < MAX_ITEMS ? -(int)first - 1 : 0;

        assert_int_equal(pool_run(job.threads, MAX_ITEMS, run_item, &job), expected);
        for (size_t i = 0; i < first; i++)
            assert_int_equal(atomic_load(&job.runs[i]), 1);
    }
}

static int stop_at_once(void *ctx, unsigned worker, size_t item)
{
    (void)worker;
    atomic_fetch_add((atomic_int *)ctx, 1);
    return item == 0 ? 5 : 0;
}

static void test_pool__a_failure_stops_the_rest(void **state)
{
    atomic_int runs = 0;

    (void)state;
    assert_int_equal(pool_run(1, SIZE_MAX, stop_at_once, &runs), 5);
    assert_int_equal(runs, 1);
    assert_int_equal(pool_run(4, SIZE_MAX, stop_at_once, &runs), 5);
}

static void test_pool__goes_on_with_fewer_threads(void **state)
{
    (void)state;
    for (uint64_t n = 1; n <= 4; n++) {
        reset_job(4, 0);
        fault_arm("pool.thread", n, EAGAIN);
        assert_int_equal(pool_run(4, MAX_ITEMS, run_item, &job), 0);
        assert_int_equal(fault_fired(), n < 4);
        fault_disarm_all();
        for (size_t i = 0; i < MAX_ITEMS; i++)
            assert_int_equal(atomic_load(&job.runs[i]), 1);
    }
}

static int check_mask(void *ctx, unsigned worker, size_t item)
{
    sigset_t mask;

    (void)item;
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    bool is_blocked = sigismember(&mask, SIGTERM) && sigismember(&mask, SIGINT);
    if (is_blocked != (worker != 0) || sigismember(&mask, SIGSEGV))
        atomic_fetch_add((atomic_int *)ctx, 1);
    return 0;
}

static void test_pool__signals_are_the_callers(void **state)
{
    atomic_int bad = 0;
    sigset_t before, after;

    (void)state;
    sigemptyset(&before);
    sigemptyset(&after);
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    assert_int_equal(pool_run(4, 1000, check_mask, &bad), 0);
    assert_int_equal(bad, 0);
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    assert_int_equal(sigismember(&before, SIGTERM), sigismember(&after, SIGTERM));
}

static int run_inner(void *ctx, unsigned worker, size_t item)
{
    (void)worker;
    (void)item;
    reset_job(2, 0);
    return pool_run(2, 10, run_item, ctx);
}

static void test_pool__may_be_used_from_within(void **state)
{
    (void)state;
    assert_int_equal(pool_run(1, 3, run_inner, &job), 0);
    assert_int_equal(atomic_load(&job.bad), 0);
}

/* A deep recursion that a small stack would not hold. */
static int use_stack(void *ctx, unsigned worker, size_t item)
{
    volatile char big[900000];

    (void)ctx;
    (void)worker;
    for (size_t i = 0; i < sizeof(big); i += 4096)
        big[i] = (char)item;
    return big[0] == (char)item ? 0 : -1;
}

static void test_pool__stacks_hold_a_megabyte(void **state)
{
    (void)state;
    assert_int_equal(pool_run(4, 100, use_stack, NULL), 0);
}

static void test_pool__counts_processors_by_affinity(void **state)
{
    cpu_set_t all, one;

    (void)state;
    assert_in_range(pool_cpus(), 1, POOL_THREADS_MAX);
    assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
    assert_true(pool_cpus() <= (unsigned)CPU_COUNT(&all));
    CPU_ZERO(&one);
    for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &all)) {
            CPU_SET(cpu, &one);
            break;
        }
    assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
    assert_int_equal(pool_cpus(), 1);
    assert_int_equal(sched_setaffinity(0, sizeof(all), &all), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool__runs_every_item_once),
        cmocka_unit_test(test_pool__result_is_that_of_the_lowest_failed_item),
        cmocka_unit_test(test_pool__a_failure_stops_the_rest),
        cmocka_unit_test(test_pool__goes_on_with_fewer_threads),
        cmocka_unit_test(test_pool__signals_are_the_callers),
        cmocka_unit_test(test_pool__may_be_used_from_within),
        cmocka_unit_test(test_pool__stacks_hold_a_megabyte),
        cmocka_unit_test(test_pool__counts_processors_by_affinity),
    };

    return RUN_TESTS(tests);
}
