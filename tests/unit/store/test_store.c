/* The suite that every store passes, and what a durable one must do besides. What is the durable
 * store's own: test_durable.c. */
#include "base/fault.h"
#include "store/durable.h"
#include "support/disk.h"
#include "unit/graph/twin.h"

#include <dirent.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

static int open_memory(const char *dir, struct store **ret, struct err *err)
{
    (void)dir;
    return store_open_memory(ret, err);
}

static int open_with(const char *dir, const struct durable_options *o, struct store **ret,
                     struct err *err)
{
    struct durable *d = NULL;
    int rc = durable_open(dir, o, &d, NULL, err);

    if (rc == PT_OK)
        *ret = durable_store(d);
    return rc;
}

static int open_durable(const char *dir, struct store **ret, struct err *err)
{
    const struct durable_options o = {0};
    return open_with(dir, &o, ret, err);
}

/* Takes snapshots all the time, and puts compacted graphs in place of others. */
static int open_compacting(const char *dir, struct store **ret, struct err *err)
{
    const struct durable_options o = {.log_limit = 1, .file_bytes = 1 << 13, .background = true};
    return open_with(dir, &o, ret, err);
}

/* A new kind of store is one more row. */
static const struct store_kind {
    const char *label, *name;
    int (*open)(const char *dir, struct store **ret, struct err *err);
    bool is_durable;
} kinds[] = {
    {"memory", "memory", open_memory, false},
    {"durable", "durable", open_durable, true},
    {"compacting", "durable", open_compacting, true},
};

struct fixture {
    const struct store_kind *kind;
    struct store *store;
    struct twin twin;  /* what the store should hold, where a test keeps it up to date */
    struct twin whole; /* that of the last next_whole */
    uint64_t rng;
    char *dir;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    f->kind = *state;
    f->rng = 1;
    f->dir = disk_temp_dir();
    assert_int_equal(f->kind->open(f->dir, &f->store, NULL), 0);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    fault_disarm_all();
    store_close(f->store);
    twin_release(&f->twin);
    twin_release(&f->whole);
    disk_remove_dir(f->dir);
    free(f->dir);
    free(f);
    return 0;
}

static void reopen(struct fixture *f)
{
    struct err err = {0};

    store_close(f->store);
    f->store = NULL;
    if (f->kind->open(f->dir, &f->store, &err) != 0)
        fail_msg("%s", err.msg);
}

static struct view pin(struct store *s)
{
    struct view v;
    struct err err = {0};

    if (store_pin(s, &v, &err) != PT_OK)
        fail_msg("%s", err.msg);
    return v;
}

static void check_twin(const struct fixture *f)
{
    struct view v = pin(f->store);

    twin_check(&f->twin, &v);
    store_unpin(f->store, &v);
}

/* A valid delta. */
static struct delta next_delta(struct fixture *f)
{
    bool valid;
    return twin_random_delta(&f->twin, &f->rng, true, &valid);
}

static void after_delta(const struct fixture *f, const struct delta *d, struct twin *ret)
{
    memcpy(ret->files, f->twin.files, sizeof(ret->files));
    ret->n_files = f->twin.n_files;
    twin_apply(ret, d);
}

/* What such a delta makes, as one that replaces all. Valid until the next. */
static struct delta next_whole(struct fixture *f)
{
    struct delta d = next_delta(f);

    twin_release(&f->whole);
    after_delta(f, &d, &f->whole);
    delta_release(&d);
    return twin_whole(&f->whole);
}

static void apply_random(struct fixture *f)
{
    struct delta d = next_delta(f);
    struct err err = {0};

    if (store_apply(f->store, &d, &err) != 0)
        fail_msg("%s", err.msg);
    twin_apply(&f->twin, &d);
    delta_release(&d);
}

/* All that a reader could see of the newest view. */
struct state {
    char *dump;
    struct hash128 root;
    uint64_t generation;
    int64_t as_of_ns;
};

static struct state state_of(const struct fixture *f)
{
    struct view v = pin(f->store);
    struct state ret = {dump_of(&v), root_of(&v), view_generation(&v), view_as_of_ns(&v)};

    store_unpin(f->store, &v);
    return ret;
}

static void release_state(struct state *s)
{
    mem_free(s->dump);
}

static bool is_state(const struct fixture *f, const struct state *want)
{
    struct state now = state_of(f);
    bool same = strcmp(now.dump, want->dump) == 0 && now.generation == want->generation &&
                now.as_of_ns == want->as_of_ns && hash128_eq(now.root, want->root);

    release_state(&now);
    return same;
}

/* ---- every store ---- */

static void test_store__starts_empty(void **state)
{
    struct fixture *f = *state;
    struct view v = pin(f->store);

    assert_string_equal(f->store->ops->name, f->kind->name);
    assert_int_equal(view_generation(&v), 0);
    twin_check(&f->twin, &v);
    store_unpin(f->store, &v);
    store_close(NULL);
}

static void test_store__each_apply_is_one_generation(void **state)
{
    struct fixture *f = *state;
    int64_t before = 0;

    for (uint64_t i = 1; i <= 10; i++) {
        apply_random(f);
        struct view v = pin(f->store);
        assert_int_equal(view_generation(&v), i);
        assert_true(view_as_of_ns(&v) >= before && view_as_of_ns(&v) > 0);
        before = view_as_of_ns(&v);
        store_unpin(f->store, &v);
    }
}

static void test_store__views_say_what_the_twin_says(void **state)
{
    struct fixture *f = *state;

    for (uint64_t seed = 1; seed <= 4; seed++) {
        print_message("seed %llu\n", (unsigned long long)seed);
        f->rng = seed;
        for (int i = 0; i < 40; i++) {
            apply_random(f);
            check_twin(f);
        }
    }
}

static void test_store__a_pinned_view_never_changes(void **state)
{
    struct fixture *f = *state;
    struct view views[12];
    char *dumps[12];

    for (int i = 0; i < 12; i++) {
        apply_random(f);
        views[i] = pin(f->store);
        dumps[i] = dump_of(&views[i]);
    }
    for (int i = 0; i < 12; i++) {
        int k = (i * 7) % 12;
        char *now = dump_of(&views[k]);

        assert_int_equal(view_generation(&views[k]), k + 1);
        assert_string_equal(now, dumps[k]);
        mem_free(now);
        mem_free(dumps[k]);
        store_unpin(f->store, &views[k]);
        apply_random(f);
    }
}

static void test_store__a_generation_may_be_pinned_many_times(void **state)
{
    struct fixture *f = *state;

    apply_random(f);
    struct view a = pin(f->store), b = pin(f->store);
    assert_int_equal(view_generation(&a), 1);
    expect_same_graph(&a, &b);
    store_unpin(f->store, &a);
    apply_random(f);
    assert_int_equal(view_generation(&b), 1);
    a = pin(f->store);
    assert_int_equal(view_generation(&a), 2);
    store_unpin(f->store, &b);
    store_unpin(f->store, &a);
}

static void test_store__too_many_readers_are_refused(void **state)
{
    struct fixture *f = *state;
    static struct view views[PINS_MAX];
    struct view one;
    struct err err = {0};

    for (uint32_t i = 0; i < PINS_MAX; i++)
        views[i] = pin(f->store);
    assert_int_equal(store_pin(f->store, &one, &err), PT_ELIMIT);
    assert_int_equal(err.code, PT_ELIMIT);
    apply_random(f); /* which none of them holds up */
    store_unpin(f->store, &views[5]);
    views[5] = pin(f->store);
    for (uint32_t i = 0; i < PINS_MAX; i++)
        store_unpin(f->store, &views[i]);
    check_twin(f);
}

static void test_store__an_invalid_delta_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct draft d;
    struct err err = {0};

    apply_random(f);
    struct state before = state_of(f);
    draft_init(&d, "new.c", 0xabcdef);
    draft_edge(&d, 0xabcdef, 0x123456, EDGE_CALLS, 1);
    struct delta broken = delta_of(&d, 1);
    assert_int_equal(store_apply(f->store, &broken, &err), PT_EINVAL);
    assert_non_null(strstr(err.msg, "D4: unit new.c"));
    assert_true(is_state(f, &before));
    broken.replace_all = true; /* as some stores do otherwise */
    assert_int_equal(store_apply(f->store, &broken, &err), PT_EINVAL);
    assert_true(is_state(f, &before));
    release_state(&before);
    delta_release(&broken);
    apply_random(f);
    check_twin(f);
}

static void fail_each_allocation(struct fixture *f, bool replace_all)
{
    struct state before = state_of(f);
    struct delta d = replace_all ? next_whole(f) : next_delta(f);
    uint64_t n;

    for (n = 1;; n++) {
        fault_arm("mem.alloc", n, ENOMEM);
        int rc = store_apply(f->store, &d, NULL);
        fault_disarm_all();
        if (rc == 0)
            break;
        assert_int_equal(rc, PT_ENOMEM);
        assert_true(is_state(f, &before));
    }
    twin_apply(&f->twin, &d);
    check_twin(f);
    delta_release(&d);
    release_state(&before);
}

static void test_store__any_failing_allocation_leaves_all_as_before(void **state)
{
    struct fixture *f = *state;

    fail_each_allocation(f, false);
    for (int i = 0; i < 10; i++) {
        apply_random(f);
        fail_each_allocation(f, i % 3 == 2);
    }
}

static void test_store__opening_survives_failing_allocations(void **state)
{
    struct fixture *f = *state;
    uint64_t n;

    apply_random(f);
    apply_random(f);
    store_close(f->store);
    f->store = NULL;
    for (n = 1;; n++) {
        struct store *s = NULL;

        fault_arm("mem.alloc", n, ENOMEM);
        int rc = f->kind->open(f->dir, &s, NULL);
        bool fired = fault_fired();
        fault_disarm_all();
        if (!fired) {
            assert_int_equal(rc, 0);
            f->store = s;
            break;
        }
        if (rc == 0)
            store_close(s);
        else
            assert_int_equal(rc, PT_ENOMEM);
    }
    assert_true(n > 2);
    if (f->kind->is_durable)
        check_twin(f);
}

#define READERS 3
#define WRITES 150

struct race {
    struct store *store;
    atomic_bool over;
};

/* Each generation g has one file whose `lines` is g: what a reader sees must fit together. */
static void *reader(void *arg)
{
    struct race *r = arg;
    uint64_t last = 0;

    while (!atomic_load(&r->over)) {
        struct view v;

        if (store_pin(r->store, &v, NULL) != PT_OK)
            abort();
        uint64_t generation = view_generation(&v);
        if (generation < last || view_file_count(&v) != (generation > 0) ||
            (generation > 0 && (view_file(&v, view_find_file(&v, "a.c")).lines != generation ||
                                view_node_count(&v) != 1 + generation % 7 ||
                                view_find_sig(&v, 1 + generation % 7) == NODE_NONE)))
            abort();
        last = generation;
        store_unpin(r->store, &v);
    }
    return NULL;
}

static void test_store__readers_and_writer_do_not_disturb_each_other(void **state)
{
    struct fixture *f = *state;
    struct race r = {.store = f->store};
    pthread_t threads[READERS];

    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, reader, &r), 0);
    for (uint32_t g = 1; g <= WRITES; g++) {
        struct draft d;

        draft_init(&d, "a.c", 1);
        d.u.lines = g;
        for (uint32_t i = 0; i < g % 7; i++)
            draft_node(&d, i + 2, "f");
        struct delta delta = delta_of(&d, 1);
        delta.replace_all = g % 50 == 0;
        assert_int_equal(store_apply(f->store, &delta, NULL), 0);
        delta_release(&delta);
    }
    atomic_store(&r.over, true);
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
}

/* ---- durable stores ---- */

static void test_store__what_was_applied_is_there_after_reopening(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 40; i++) {
        apply_random(f);
        struct state before = state_of(f);
        if (i % 3 == 0)
            reopen(f);
        assert_true(is_state(f, &before));
        release_state(&before);
        check_twin(f);
    }
}

/* The state that a delta makes of the twin's. */
static struct hash128 root_after(const struct fixture *f, const struct delta *d)
{
    struct twin *after = calloc(1, sizeof(*after));

    assert_non_null(after);
    after_delta(f, d, after);
    struct pinned p = twin_rebuild(after);
    struct hash128 root = root_of(&p.v);
    pinned_release(&p);
    twin_release(after);
    free(after);
    return root;
}

static bool is_root(const struct fixture *f, struct hash128 want)
{
    struct view v = pin(f->store);
    bool same = hash128_eq(root_of(&v), want);

    store_unpin(f->store, &v);
    return same;
}

static const int ways[] = {EIO, ENOSPC, FAULT_TORN, FAULT_SHORT};

/* Each n-th call of each kind fails in each way: the graph is as before, or all is well. When it is
 * opened anew, it is as before, or as it would have been (the last sync of a directory is the one
 * call whose failure does not take back what was done). */
static void test_store__any_failing_file_call_leaves_one_of_two_states(void **state)
{
    struct fixture *f = *state;

    for (size_t w = 0; w < PT_COUNT(ways); w++) {
        unsigned quiet = 0; /* both kinds of deltas in a row */
        for (uint64_t n = 1; quiet < 2; n += ONE_IN) {
            reopen(f); /* so that it clears away too what killed writers left */
            struct state before = state_of(f);
            struct delta d = n % 2 ? next_delta(f) : next_whole(f);
            struct hash128 after = root_after(f, &d);

            fault_arm("io.*", (n + 1) / 2, ways[w]);
            int rc = store_apply(f->store, &d, NULL);
            bool fired = fault_fired();
            fault_disarm_all();
            quiet = fired ? 0 : quiet + 1;
            if (rc != 0) {
                assert_true(fired);
                assert_int_equal(rc, ways[w] == ENOSPC ? PT_ENOSPC : PT_EIO);
                assert_true(is_state(f, &before));
                reopen(f);
                assert_true(is_state(f, &before) || is_root(f, after));
            }
            if (is_root(f, after))
                twin_apply(&f->twin, &d);
            else
                assert_int_not_equal(rc, 0);
            check_twin(f);
            delta_release(&d);
            release_state(&before);
        }
    }
}

/* After a commit that failed, another one is refused, or is durable if it is acknowledged: with
 * nothing of the failed one in it. */
static void test_store__a_commit_after_one_that_failed_is_not_undone(void **state)
{
    struct fixture *f = *state;

    for (size_t w = 0; w < PT_COUNT(ways); w++) {
        unsigned quiet = 0;
        for (uint64_t n = 1; quiet < 2; n += ONE_IN) {
            reopen(f);
            struct delta first = n % 2 ? next_delta(f) : next_whole(f);
            fault_arm("io.*", (n + 1) / 2, ways[w]);
            int rc = store_apply(f->store, &first, NULL);
            quiet = fault_fired() ? 0 : quiet + 1;
            fault_disarm_all();
            struct hash128 after = root_after(f, &first);
            if (rc == 0)
                twin_apply(&f->twin, &first);
            struct delta second = next_delta(f);
            int rc2 = store_apply(f->store, &second, NULL);
            if (rc2 == 0)
                twin_apply(&f->twin, &second);
            check_twin(f);
            reopen(f);
            if (rc2 != 0) { /* it had to be opened anew; what had failed may be there now */
                assert_int_equal(rc2, ways[w] == ENOSPC ? PT_ENOSPC : PT_EIO);
                if (rc != 0 && is_root(f, after))
                    twin_apply(&f->twin, &first);
            }
            check_twin(f);
            delta_release(&first);
            delta_release(&second);
        }
    }
}

static void test_store__a_full_disk_is_survived(void **state)
{
    struct fixture *f = *state;

    for (int round = 0; round < 2; round++) {
        apply_random(f);
        struct state before = state_of(f);
        struct delta d = round == 0 ? next_delta(f) : next_whole(f);
        fault_arm_from("io.write", 1, ENOSPC);
        for (int i = 0; i < 3; i++) {
            assert_int_equal(store_apply(f->store, &d, NULL), PT_ENOSPC);
            assert_true(is_state(f, &before));
        }
        fault_disarm_all();
        assert_int_equal(store_apply(f->store, &d, NULL), 0);
        twin_apply(&f->twin, &d);
        delta_release(&d);
        release_state(&before);
        reopen(f);
        check_twin(f);
    }
}

/* Opens, applies, and dies at the n-th file call of both together, or of the second. */
static int die_in_child(const struct fixture *f, const struct delta *d, uint64_t n, bool opening)
{
    struct store *s;
    int status;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        if (opening)
            fault_arm("io.*", n, FAULT_KILL);
        if (f->kind->open(f->dir, &s, NULL) != 0)
            _exit(2);
        if (!opening)
            fault_arm("io.*", n, FAULT_KILL);
        _exit(store_apply(s, d, NULL) == 0 ? 0 : 3);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

/* A child dies at its n-th file call; the next one to open finds the state before or after. */
static void die_at_each_call(struct fixture *f, bool whole, bool opening)
{
    bool died = true;

    for (uint64_t n = 1; died; n += ONE_IN) {
        struct delta d = whole ? next_whole(f) : next_delta(f);
        struct hash128 after = root_after(f, &d);

        store_close(f->store);
        f->store = NULL;
        int status = die_in_child(f, &d, n, opening);
        died = WIFSIGNALED(status);
        assert_true(died || WEXITSTATUS(status) == 0);

        struct err err = {0};
        if (f->kind->open(f->dir, &f->store, &err) != 0)
            fail_msg("after call %llu: %s", (unsigned long long)n, err.msg);
        if (is_root(f, after))
            twin_apply(&f->twin, &d);
        else
            assert_true(died);
        check_twin(f);
        delta_release(&d);
        if (whole || ONE_IN > 1 ||
            n % 8 == 0) { /* takes away what the dead left: else it becomes ever more */
            d = next_whole(f);
            assert_int_equal(store_apply(f->store, &d, NULL), 0);
            twin_apply(&f->twin, &d);
            delta_release(&d);
        }
    }
}

static void test_store__dying_at_any_file_call_leaves_one_of_two_states(void **state)
{
    struct fixture *f = *state;

    die_at_each_call(f, false, false);
    die_at_each_call(f, true, false);
    die_at_each_call(f, false, true);
    die_at_each_call(f, true, true);
}

static int count_temps(const struct fixture *f)
{
    DIR *dir = opendir(f->dir);
    int n = 0;

    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir)) != NULL;)
        n += strstr(e->d_name, IO_TEMP_SUFFIX) != NULL;
    (void)closedir(dir);
    return n;
}

static void test_store__what_a_killed_writer_left_is_cleared_away(void **state)
{
    struct fixture *f = *state;
    static const char *const names[] = {".1-2" IO_TEMP_SUFFIX,
                                        "graph-0000000000000007.image" IO_TEMP_SUFFIX};

    apply_random(f);
    for (size_t i = 0; i < PT_COUNT(names); i++) {
        char temp[512];
        (void)snprintf(temp, sizeof(temp), "%s/%s", f->dir, names[i]);
        FILE *file = fopen(temp, "w");
        assert_non_null(file);
        assert_int_equal(fclose(file), 0);
    }
    assert_true(count_temps(f) >= 2);
    store_close(f->store);
    f->store = NULL;
    assert_int_equal(f->kind->open(f->dir, &f->store, NULL), 0);
    check_twin(f);
    store_close(f->store);
    f->store = NULL;
    assert_int_equal(count_temps(f), 0);
}

static void test_store__what_cannot_be_a_directory_is_an_error(void **state)
{
    struct fixture *f = *state;
    struct store *s = NULL;
    struct err err = {0};
    char path[512];

    apply_random(f);
    (void)snprintf(path, sizeof(path), "%s/store", f->dir);
    assert_int_not_equal(f->kind->open(path, &s, &err), 0);
    assert_null(s);
    assert_non_null(strstr(err.msg, path));
    (void)snprintf(path, sizeof(path), "%s/nowhere", f->dir);
    assert_int_equal(f->kind->open(path, &s, &err), PT_ENOENT);
    assert_null(s);
}

#define TEST(f)                                                                                    \
    {                                                                                              \
#f, f                                                                                      \
    }

static const struct {
    const char *name;
    CMUnitTestFunction f;
} every_store[] =
    {
        TEST(test_store__starts_empty),
        TEST(test_store__each_apply_is_one_generation),
        TEST(test_store__views_say_what_the_twin_says),
        TEST(test_store__a_pinned_view_never_changes),
        TEST(test_store__a_generation_may_be_pinned_many_times),
        TEST(test_store__too_many_readers_are_refused),
        TEST(test_store__an_invalid_delta_changes_nothing),
        TEST(test_store__any_failing_allocation_leaves_all_as_before),
        TEST(test_store__opening_survives_failing_allocations),
        TEST(test_store__readers_and_writer_do_not_disturb_each_other),
},
  durable[] = {
      TEST(test_store__what_was_applied_is_there_after_reopening),
      TEST(test_store__any_failing_file_call_leaves_one_of_two_states),
      TEST(test_store__a_commit_after_one_that_failed_is_not_undone),
      TEST(test_store__a_full_disk_is_survived),
      TEST(test_store__dying_at_any_file_call_leaves_one_of_two_states),
      TEST(test_store__what_a_killed_writer_left_is_cleared_away),
      TEST(test_store__what_cannot_be_a_directory_is_an_error),
};

int main(void)
{
    struct CMUnitTest tests[64] = {{0}};
    size_t n = 0;

    for (size_t k = 0; k < PT_COUNT(kinds); k++) {
        const struct store_kind *kind = &kinds[k];
#define ADD(table)                                                                                 \
    for (size_t i = 0; i < PT_COUNT(table); i++) {                                                 \
        char *name = NULL;                                                                         \
        if (asprintf(&name, "%s: %s", kind->label, (table)[i].name) < 0)                           \
            return 1;                                                                              \
        tests[n++] =                                                                               \
            (struct CMUnitTest){name, (table)[i].f, setup, teardown, (void *)(uintptr_t)kind};     \
    }
        ADD(every_store);
        if (kind->is_durable)
            ADD(durable);
    }
    int failed = _cmocka_run_group_tests("store", tests, n, NULL, NULL);
    for (size_t i = 0; i < n; i++)
        free((void *)(uintptr_t)tests[i].name);
    return failed;
}
