/*
 * Random operations on a tree, and somebody who knows it by the batches of a watch alone (known.h).
 *
 * PT_WATCH_SEEDS says how many seeds each test goes through, PT_WATCH_SEED which is the first.
 */
#include "known.h"

#include <pthread.h>
#include <stdatomic.h>

#define ROUNDS 12
#define OPERATIONS 25

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text ? strtoull(text, NULL, 10) : otherwise;
}

/* ---- operations ---- */

struct actor {
    uint64_t rng;
    uint64_t n_written;
};

static const char *const names[] = {"a", "b", "c", "d.c", "e.c", "f.c", "skip"};

static bool enter_all_but_skip(void *ctx, const char *path)
{
    const char *name = strrchr(path, '/');

    (void)ctx;
    return strcmp(name ? name + 1 : path, "skip") != 0;
}

/* A path that may be anything, or nothing. */
static const char *any_path(struct actor *actor, char out[256])
{
    uint64_t depth = 1 + rng_below(&actor->rng, 4);

    snprintf(out, 256, "t");
    for (uint64_t i = 0; i < depth; i++)
        snprintf(out + strlen(out), 256 - strlen(out), "/%s",
                 names[rng_below(&actor->rng, PT_COUNT(names))]);
    return out;
}

static void write_text(struct actor *actor, const char *path, int flags)
{
    char text[32];
    int fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | flags, 0600);
    int n = snprintf(text, sizeof(text), "%llu", (unsigned long long)actor->n_written++);

    if (fd < 0)
        return;
    (void)!write(fd, text, (size_t)n);
    close(fd);
}

static void make_deep(struct actor *actor, const char *path)
{
    char part[256];
    char file[300];

    for (const char *end = path; *end;) {
        end += strspn(end, "/");
        end += strcspn(end, "/");
        snprintf(part, sizeof(part), "%.*s", (int)(end - path), path);
        (void)mkdir(part, 0700);
    }
    snprintf(file, sizeof(file), "%s/x.c", path);
    write_text(actor, file, O_TRUNC);
}

/* Most of these fail, since the path is not what they need: all the better. */
static void act(struct actor *actor)
{
    char one[256];
    char two[256];
    struct stat st;

    any_path(actor, one);
    any_path(actor, two);
    switch (rng_below(&actor->rng, 14)) {
    case 0:
    case 1: write_text(actor, one, O_TRUNC); break;
    case 2: write_text(actor, one, O_APPEND); break;
    case 3:
        write_text(actor, "t/.tmp", O_TRUNC);
        (void)rename("t/.tmp", one);
        break;
    case 4:
    case 5: make_deep(actor, one); break;
    case 6: (void)mkdir(one, 0700); break;
    case 7:
        if (lstat(one, &st) == 0 && rng_below(&actor->rng, 2))
            nftw(one, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
        else
            (void)unlink(one);
        break;
    case 8: (void)rename(one, two); break;
    case 9: (void)renameat2(AT_FDCWD, one, AT_FDCWD, two, RENAME_EXCHANGE); break;
    case 10: (void)rename(one, "outside"); break;
    case 11:
        make_deep(actor, "outside/late");
        (void)rename("outside", one);
        break;
    case 12: /* never two names for long: what is written by one is not seen by the other */
        if (lstat(one, &st) == 0 && S_ISREG(st.st_mode) && link(one, two) == 0)
            (void)unlink(one);
        break;
    default: (void)symlink(two, one); break;
    }
}

/* ---- one who listens ---- */

static uint64_t listen_once(struct known *k)
{
    struct watch_batch batch;
    struct err err = {0};

    if (watch_read(w, &batch, &err))
        fail_msg("%s", err.msg);
    known_batch(k, &batch);
    return batch.cookie;
}

static void listen_to_all(struct known *k)
{
    uint64_t cookie;

    assert_int_equal(watch_cookie(w, &cookie, NULL), 0);
    do
        assert_true(wait_for(10000));
    while (listen_once(k) < cookie);
}

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
    watch_close(w);
    w = NULL;
    known_release(&k);
    remove_tree("t");
    (void)nftw("outside", remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    make_folders("t");
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
    run_seeds(40, (struct watch_options){0});
}

static void test_random__nothing_is_left_out_beside_folders_that_are_not_entered(void **state)
{
    (void)state;
    run_seeds(30, (struct watch_options){.enter = enter_all_but_skip});
}

static void test_random__nothing_is_left_out_with_few_watches(void **state)
{
    (void)state;
    run_seeds(30, (struct watch_options){.max_watches = 4});
}

static void test_random__nothing_is_left_out_without_inotify(void **state)
{
    uint64_t first = from_environment("PT_WATCH_SEED", 1);
    uint64_t n = from_environment("PT_WATCH_SEEDS", 15);

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
    run_seeds(15, (struct watch_options){.max_paths = 6});
}

/* ---- at the same time ---- */

struct maker {
    struct actor actor;
    uint32_t n;
    atomic_bool is_done;
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
    watch_close(w);
    w = NULL;
    known_release(&k);
    remove_tree("t");
    (void)nftw("outside", remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    make_folders("t");
}

static void test_random__nothing_is_left_out_while_trees_are_made(void **state)
{
    uint64_t first = from_environment("PT_WATCH_SEED", 1);
    uint64_t n = from_environment("PT_WATCH_SEEDS", 20);

    (void)state;
    for (uint64_t seed = first; seed < first + n; seed++)
        run_race(seed, 3000, (struct watch_options){0});
    for (uint64_t seed = first; seed < first + n; seed++)
        run_race(seed, 3000, (struct watch_options){.enter = enter_all_but_skip});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_TREE(test_random__nothing_is_left_out),
        IN_TREE(test_random__nothing_is_left_out_beside_folders_that_are_not_entered),
        IN_TREE(test_random__nothing_is_left_out_with_few_watches),
        IN_TREE(test_random__nothing_is_left_out_without_inotify),
        IN_TREE(test_random__nothing_is_left_out_of_small_batches),
        IN_TREE(test_random__nothing_is_left_out_while_trees_are_made),
    };

    return RUN_TESTS(tests);
}
