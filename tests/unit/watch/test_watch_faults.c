/*
 * Memory that is short, descriptors that run out, disks that are ill: a watch that failed says so,
 * and then that everything must be looked at.
 */
#include "actor.h"

#define ROUNDS 10

static const struct {
    const char *point;
    int err_no;
} faults[] = {
    {"mem.alloc", ENOMEM}, {"io.*", EMFILE},       {"io.*", EIO},          {"watch.read", EIO},
    {"watch.*", ENOSPC},   {"watch.init", EMFILE}, {"watch.init", ENOMEM}, {"watch.*", ENOMEM},
};

static void test_faults__opening_fails_whole_or_succeeds(void **state)
{
    (void)state;
    make_folders("t/a/b/c");
    make_folders("t/.git/info");
    put("t/a/x", "");
    for (size_t i = 0; i < PT_COUNT(faults); i++)
        for (uint64_t n = 1;; n++) {
            struct watch_options options = {.cookie_dir = "cookies", .max_watches = 4};
            struct err err = {0};
            bool fired;
            int rc;

            fault_arm(faults[i].point, n, faults[i].err_no);
            rc = watch_open("t", &options, &w, &err);
            fired = fault_fired();
            fault_disarm_all();
            if (rc) {
                assert_true(fired);
                assert_null(w);
                assert_int_equal(rc, err.code);
                assert_true(err.msg[0] != '\0');
                continue;
            }
            put("t/a/x", "changed");
            sync_watch();
            if (!seen.rescan && !is_reported("a/x"))
                fail_msg("%s %llu", faults[i].point, (unsigned long long)n);
            watch_close(w);
            w = NULL;
            if (!fired)
                break;
        }
}

/* Each call may fail. */
static void try_to_listen(struct actor *actor, struct known *k, uint64_t *failed)
{
    uint64_t which = rng_below(&actor->rng, PT_COUNT(faults));
    struct watch_batch batch = {0};
    struct err err = {0};
    uint64_t cookie;
    int rc;

    fault_arm(faults[which].point, 1 + rng_below(&actor->rng, 40), faults[which].err_no);
    rc = watch_read(w, &batch, &err);
    *failed += rc != 0;
    assert_int_equal(err.code, rc);
    *failed += watch_poll(w, 5, NULL) != 0;
    *failed += watch_again(w, "a", NULL) != 0;
    *failed += watch_cookie(w, &cookie, NULL) != 0;
    fault_disarm_all(); /* known.h takes memory too */
    if (!rc)
        known_batch(k, &batch);
}

static void run_seed(uint64_t seed, uint32_t max_watches, uint64_t *failed)
{
    struct actor actor = {.rng = seed};
    struct known k = {0};

    print_message("seed %llu\n", (unsigned long long)seed);
    open_watch_with((struct watch_options){.max_watches = max_watches});
    known_look(&k, "", true);
    for (int round = 0; round < ROUNDS; round++) {
        for (uint64_t i = 0; i < 30; i++) {
            act(&actor);
            if (i % 5 == 0)
                try_to_listen(&actor, &k, failed);
        }
        listen_to_all(&k);
        listen_to_all(&k); /* what could not be looked at the first time */
        assert_all_known(&k, seed);
    }
    usleep(25000);
    listen_to_all(&k);
    uint32_t n_folders = assert_all_known(&k, seed);
    struct watch_status s = status();
    assert_int_equal(s.folders_watched + s.folders_polled + s.folders_unreadable, n_folders);
    known_release(&k);
    begin_anew();
}

static void test_faults__after_a_failure_nothing_is_left_out(void **state)
{
    uint64_t first = from_environment("PT_WATCH_SEED", 1);
    uint64_t n = from_environment("PT_WATCH_SEEDS", 20);
    uint64_t failed = 0;

    (void)state;
    for (uint64_t seed = first; seed < first + n; seed++)
        run_seed(seed, seed % 2 ? 0 : 3, &failed);
    print_message("%llu failures\n", (unsigned long long)failed);
    assert_true(n < 20 || failed > 50);
}

/* Root may open everything: here only the first opening is refused. */
static void test_faults__a_folder_that_may_not_be_opened_is_watched_when_it_may(void **state)
{
    (void)state;
    open_watch();
    make_folders("t/a/b");
    fault_arm_every("io.open", 1, EACCES);
    assert_int_equal(watch_poll(w, 0, NULL), 0);
    read_once();
    fault_disarm_all();
    sync_watch();
    assert_int_equal(status().folders_watched, 3);

    make_folders("t/c/d");
    fault_arm("io.open", 3, EACCES); /* the root's path, the root, and c */
    read_once();
    assert_true(fault_fired());
    fault_disarm_all();
    assert_int_equal(status().folders_unreadable, 1);
    put("t/c/d/x", "");
    ASSERT_SYNC("");
    assert_int_equal(chmod("t/c", 0755), 0);
    ASSERT_SYNC("c/");
    assert_int_equal(status().folders_unreadable, 0);
    assert_int_equal(status().folders_watched, 5);
    assert_int_equal(chmod("t/c", 0700), 0);
    ASSERT_SYNC("c/");
    assert_int_equal(utimensat(AT_FDCWD, "t/c", NULL, 0), 0);
    ASSERT_SYNC("");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_MEMORY_TREE(test_faults__opening_fails_whole_or_succeeds),
        IN_MEMORY_TREE(test_faults__a_folder_that_may_not_be_opened_is_watched_when_it_may),
        IN_MEMORY_TREE(test_faults__after_a_failure_nothing_is_left_out),
    };

    return RUN_TESTS(tests);
}
