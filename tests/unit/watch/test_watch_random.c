/*
 * Random operations on a tree, and somebody who knows it by the batches of a watch alone (known.h).
 *
 * PT_WATCH_SEEDS says how many seeds each test goes through, PT_WATCH_SEED which is the first.
 */
#include "actor.h"

#include <pthread.h>
#include <stdatomic.h>

#include "watch/watch_internal.h"

#define ROUNDS 12
#define OPERATIONS 25

static void run_seed(uint64_t seed, struct watch_options options)
{
    struct actor actor = {.rng = seed};
    struct known k = {.enter = options.enter};
    char path[256];

    print_message("seed %llu\n", (unsigned long long)seed);
    for (int i = 0; i < 5; i++)
        make_deep(&actor, any_path(&actor, path));
    open_watch_with(options);
    known_look(&k, "", true);
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t n = 1 + rng_below(&actor.rng, OPERATIONS);
        uint64_t eager = 2 + rng_below(&actor.rng, 20);

        for (uint64_t i = 0; i < n; i++) {
            act(&actor);
            if (rng_below(&actor.rng, eager) == 0)
                listen_once(&k);
            if (rng_below(&actor.rng, 2 * eager) == 0)
                assert_int_equal(watch_poll(w, 5, NULL), 0);
        }
        listen_to_all(&k);
        uint32_t n_folders = assert_all_known(&k, seed);
        if (round % 4 == 3) {
            struct watch_status s;

            usleep(25000); /* orphans are forgotten */
            listen_to_all(&k);
            s = status();
            if (s.folders_watched + s.folders_polled != n_folders)
                fail_msg("seed %llu: %u folders, %u watched, %u polled", (unsigned long long)seed,
                         n_folders, s.folders_watched, s.folders_polled);
        }
    }
    known_release(&k);
    begin_anew();
}

static void run_seeds(uint64_t n, struct watch_options options)
{
    uint64_t first = from_environment("PT_WATCH_SEED", 1);

    n = from_environment("PT_WATCH_SEEDS", n);
    for (uint64_t seed = first; seed < first + n; seed++)
        run_seed(seed, options);
}

static void test_random__nothing_is_left_out(void **state)
{
    (void)state;
    run_seeds(12, (struct watch_options){0});
}

static void test_random__nothing_is_left_out_beside_folders_that_are_not_entered(void **state)
{
    (void)state;
    run_seeds(10, (struct watch_options){.enter = enter_all_but_skip});
}

static void test_random__nothing_is_left_out_with_few_watches(void **state)
{
    (void)state;
    run_seeds(10, (struct watch_options){.max_watches = 4});
}

static void test_random__nothing_is_left_out_without_inotify(void **state)
{
    uint64_t first = from_environment("PT_WATCH_SEED", 1);
    uint64_t n = from_environment("PT_WATCH_SEEDS", 5);

    (void)state;
    for (uint64_t seed = first; seed < first + n; seed++) {
        fault_arm("watch.init", 1, EMFILE);
        run_seed(seed, (struct watch_options){0});
        fault_disarm_all();
    }
}

static void test_random__nothing_is_left_out_of_small_batches(void **state)
{
    (void)state;
    run_seeds(6, (struct watch_options){.max_paths = 6});
}

static void test_random__nothing_is_left_out_when_hashes_collide(void **state)
{
    (void)state;
    fault_arm_every("hash.collide", 1, EIO);
    run_seeds(6, (struct watch_options){.enter = enter_all_but_skip});
    run_seeds(3, (struct watch_options){.max_watches = 4});
    run_seeds(3, (struct watch_options){.max_paths = 6});
}

/* ---- at the same time ---- */

struct maker {
    struct actor actor;
    uint32_t n;
    atomic_bool is_done;
    _Atomic(uint64_t) n_seen; /* events */
};

static void *make_trees(void *arg)
{
    struct maker *maker = arg;

    for (uint32_t i = 0; i < maker->n; i++)
        act(&maker->actor);
    atomic_store(&maker->is_done, true);
    return NULL;
}

static void run_race(uint64_t seed, uint32_t n, struct watch_options options)
{
    struct maker maker = {.actor.rng = seed, .n = n};
    struct known k = {.enter = options.enter};
    pthread_t thread;

    print_message("seed %llu\n", (unsigned long long)seed);
    open_watch_with(options);
    known_look(&k, "", true);
    assert_int_equal(pthread_create(&thread, NULL, make_trees, &maker), 0);
    while (!atomic_load(&maker.is_done)) {
        wait_for(1);
        listen_once(&k);
    }
    pthread_join(thread, NULL);
    listen_to_all(&k);
    usleep(25000);
    listen_to_all(&k);
    uint32_t n_folders = assert_all_known(&k, seed);
    assert_int_equal(status().folders_watched, n_folders);
    known_release(&k);
    begin_anew();
}

static void test_random__nothing_is_left_out_while_trees_are_made(void **state)
{
    uint64_t first = from_environment("PT_WATCH_SEED", 1);
    uint64_t n = from_environment("PT_WATCH_SEEDS", 6);

    (void)state;
    for (uint64_t seed = first; seed < first + n; seed++)
        run_race(seed, 3000, (struct watch_options){0});
    for (uint64_t seed = first; seed < first + n; seed++)
        run_race(seed, 3000, (struct watch_options){.enter = enter_all_but_skip});
}

/* Two files in turn: the kernel makes one event of two that are the same. */
static void *change_modes(void *arg)
{
    struct maker *maker = arg;

    for (uint32_t i = 0; i < maker->n; i++) {
        while (i > atomic_load(&maker->n_seen) + 8000) /* half of the kernel's queue */
            usleep(100);
        (void)chmod(i % 2 ? "t/a/x" : "t/a/y", 0600);
    }
    atomic_store(&maker->is_done, true);
    return NULL;
}

/* Which folder it is, is asked of the kernel, and asking must not disturb the watch. */
static void test_random__no_event_is_lost_by_looking(void **state)
{
    struct maker maker = {.n = 50000};
    pthread_t thread;
    uint64_t before;

    (void)state;
    make_folders("t/a");
    put("t/a/x", "");
    put("t/a/y", "");
    open_watch();
    before = status().events;
    assert_int_equal(pthread_create(&thread, NULL, change_modes, &maker), 0);
    while (!atomic_load(&maker.is_done)) {
        for (int i = 0; i < 20; i++) {
            int fd;

            assert_int_equal(watch_open_folder(w, 1, &fd), 0);
            assert_true(fd >= 0);
            close(fd);
        }
        read_once();
        atomic_store(&maker.n_seen, status().events - before);
    }
    pthread_join(thread, NULL);
    read_once();
    assert_false(seen.rescan);
    assert_int_equal(status().events - before, maker.n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_MEMORY_TREE(test_random__nothing_is_left_out),
        IN_MEMORY_TREE(test_random__nothing_is_left_out_beside_folders_that_are_not_entered),
        IN_MEMORY_TREE(test_random__nothing_is_left_out_with_few_watches),
        IN_MEMORY_TREE(test_random__nothing_is_left_out_without_inotify),
        IN_MEMORY_TREE(test_random__nothing_is_left_out_of_small_batches),
        IN_MEMORY_TREE(test_random__nothing_is_left_out_when_hashes_collide),
        IN_MEMORY_TREE(test_random__nothing_is_left_out_while_trees_are_made),
        IN_MEMORY_TREE(test_random__no_event_is_lost_by_looking),
    };

    return RUN_TESTS(tests);
}
