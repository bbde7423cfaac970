/* The suite that every store passes, and what a durable one must do besides. */
#include "base/fault.h"
#include "store/store.h"
#include "unit/graph/twin.h"

#include <dirent.h>
#include <ftw.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

static int open_memory(const char *dir, struct store **ret, struct err *err)
{
    (void)dir;
    return store_open_memory(ret, err);
}

/* A new kind of store is one more row. */
static const struct store_kind {
    const char *name;
    int (*open)(const char *dir, struct store **ret, struct err *err);
    const char *file; /* where a durable store keeps the graph, below its directory */
} kinds[] = {
    {"memory", open_memory, NULL},
    {"snapshot", store_open_snapshot, "graph.isg"},
};

struct fixture {
    const struct store_kind *kind;
    struct store *store;
    struct twin twin; /* what the store should hold, where a test keeps it up to date */
    uint64_t rng;
    char dir[64], path[96];
};

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    f->kind = *state;
    f->rng = 1;
    strcpy(f->dir, "store-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    (void)snprintf(f->path, sizeof(f->path), "%s/%s", f->dir, f->kind->file ? f->kind->file : "");
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
    nftw(f->dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
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

/* A valid delta; it is applied to the twin too. */
static struct delta next_delta(struct fixture *f)
{
    bool valid;
    return twin_random_delta(&f->twin, &f->rng, true, &valid);
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

/* The file as it is; freed by the caller. NULL if there is none. */
static uint8_t *read_whole(const char *path, size_t *ret_n)
{
    FILE *file = fopen(path, "rb");
    uint8_t *p = NULL;

    *ret_n = 0;
    if (file != NULL) {
        p = malloc(1 << 20);
        *ret_n = fread(p, 1, 1 << 20, file);
        (void)fclose(file);
    }
    return p;
}

static void write_whole(const char *path, const uint8_t *p, size_t n)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(p, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

/* All that a reader could see of the newest view. */
struct state {
    char *dump;
    uint64_t generation;
    int64_t as_of_ns;
    uint8_t *file;
    size_t n_file;
};

static struct state state_of(const struct fixture *f)
{
    const struct view *v = store_pin(f->store);
    struct state ret = {dump_of(v), view_generation(v), view_as_of_ns(v), NULL, 0};

    store_unpin(f->store, v);
    if (f->kind->file)
        ret.file = read_whole(f->path, &ret.n_file);
    return ret;
}

static void release_state(struct state *s)
{
    mem_free(s->dump);
    free(s->file);
}

static void expect_state(const struct fixture *f, const struct state *want)
{
    struct state now = state_of(f);

    assert_string_equal(now.dump, want->dump);
    assert_int_equal(now.generation, want->generation);
    assert_int_equal(now.as_of_ns, want->as_of_ns);
    assert_int_equal(now.n_file, want->n_file);
    if (want->n_file)
        assert_memory_equal(now.file, want->file, want->n_file);
    release_state(&now);
}

/* ---- every store ---- */

static void test_store__starts_empty(void **state)
{
    struct fixture *f = *state;
    const struct view *v = store_pin(f->store);

    assert_string_equal(f->store->ops->name, f->kind->name);
    assert_int_equal(view_generation(v), 0);
    twin_check(&f->twin, v);
    store_unpin(f->store, v);
    store_close(NULL);
}

static void test_store__each_apply_is_one_generation(void **state)
{
    struct fixture *f = *state;
    int64_t before = 0;

    for (uint64_t i = 1; i <= 10; i++) {
        apply_random(f);
        const struct view *v = store_pin(f->store);
        assert_int_equal(view_generation(v), i);
        assert_true(view_as_of_ns(v) >= before && view_as_of_ns(v) > 0);
        before = view_as_of_ns(v);
        store_unpin(f->store, v);
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
            const struct view *v = store_pin(f->store);
            twin_check(&f->twin, v);
            store_unpin(f->store, v);
        }
    }
}

static void test_store__a_pinned_view_never_changes(void **state)
{
    struct fixture *f = *state;
    const struct view *views[12];
    char *dumps[12];

    for (int i = 0; i < 12; i++) {
        apply_random(f);
        views[i] = store_pin(f->store);
        dumps[i] = dump_of(views[i]);
    }
    for (int i = 0; i < 12; i++) {
        int k = (i * 7) % 12;
        char *now = dump_of(views[k]);

        assert_int_equal(view_generation(views[k]), k + 1);
        assert_string_equal(now, dumps[k]);
        mem_free(now);
        mem_free(dumps[k]);
        store_unpin(f->store, views[k]);
        apply_random(f);
    }
}

static void test_store__a_view_may_be_pinned_many_times(void **state)
{
    struct fixture *f = *state;

    apply_random(f);
    const struct view *a = store_pin(f->store), *b = store_pin(f->store);
    assert_ptr_equal(a, b);
    store_unpin(f->store, a);
    apply_random(f);
    assert_int_equal(view_generation(b), 1);
    a = store_pin(f->store);
    assert_int_equal(view_generation(a), 2);
    store_unpin(f->store, b);
    store_unpin(f->store, a);
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
    expect_state(f, &before);
    release_state(&before);
    delta_release(&broken);
    apply_random(f);
}

static void test_store__any_failing_allocation_leaves_all_as_before(void **state)
{
    struct fixture *f = *state;
    uint64_t n;

    apply_random(f);
    struct state before = state_of(f);
    struct delta d = next_delta(f);
    for (n = 1;; n++) {
        fault_arm("mem.alloc", n, ENOMEM);
        int rc = store_apply(f->store, &d, NULL);
        fault_disarm_all();
        if (rc == 0)
            break;
        assert_int_equal(rc, PT_ENOMEM);
        expect_state(f, &before);
    }
    assert_true(n > 20);
    twin_apply(&f->twin, &d);
    const struct view *v = store_pin(f->store);
    twin_check(&f->twin, v);
    store_unpin(f->store, v);
    delta_release(&d);
    release_state(&before);
}

static void test_store__opening_survives_failing_allocations(void **state)
{
    struct fixture *f = *state;
    uint64_t n;

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
        const struct view *v = store_pin(r->store);
        uint64_t generation = view_generation(v);

        if (generation < last || view_file_count(v) != (generation > 0) ||
            (generation > 0 &&
             (view_file(v, 0).lines != generation || view_node_count(v) != 1 + generation % 7 ||
              view_find_sig(v, 1 + generation % 7) == NODE_NONE)))
            abort();
        last = generation;
        store_unpin(r->store, v);
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

    for (int i = 0; i < 15; i++) {
        apply_random(f);
        struct state before = state_of(f);
        reopen(f);
        expect_state(f, &before);
        release_state(&before);
        const struct view *v = store_pin(f->store);
        twin_check(&f->twin, v);
        store_unpin(f->store, v);
    }
}

/* Each n-th call of each kind fails in each way: the graph and the file are as before, or all is
 * well. */
static void test_store__any_failing_file_call_leaves_all_as_before(void **state)
{
    static const int ways[] = {EIO, ENOSPC, FAULT_TORN, FAULT_SHORT};
    struct fixture *f = *state;

    for (size_t w = 0; w < PT_COUNT(ways); w++) {
        for (uint64_t n = 1;; n++) {
            reopen(f); /* so that it clears away too what killed writers left */
            struct state before = state_of(f);
            struct delta d = next_delta(f);

            fault_arm("io.*", n, ways[w]);
            int rc = store_apply(f->store, &d, NULL);
            bool fired = fault_fired();
            fault_disarm_all();
            if (rc != 0) {
                assert_int_equal(rc, ways[w] == ENOSPC ? PT_ENOSPC : PT_EIO);
                expect_state(f, &before);
                reopen(f);
                expect_state(f, &before);
            } else {
                twin_apply(&f->twin, &d);
            }
            const struct view *v = store_pin(f->store);
            twin_check(&f->twin, v);
            store_unpin(f->store, v);
            delta_release(&d);
            release_state(&before);
            if (!fired)
                break;
        }
    }
}

static void test_store__a_full_disk_is_survived(void **state)
{
    struct fixture *f = *state;

    apply_random(f);
    struct state before = state_of(f);
    struct delta d = next_delta(f);
    fault_arm_from("io.write", 1, ENOSPC);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(store_apply(f->store, &d, NULL), PT_ENOSPC);
        expect_state(f, &before);
    }
    fault_disarm_all();
    assert_int_equal(store_apply(f->store, &d, NULL), 0);
    delta_release(&d);
    release_state(&before);
}

/* A child dies at its n-th file call; the next one to open finds the state before or after. */
static void test_store__dying_at_any_file_call_leaves_one_of_two_states(void **state)
{
    struct fixture *f = *state;
    bool died = true;

    for (uint64_t n = 1; died; n++) {
        int status;
        struct delta d = next_delta(f);

        store_close(f->store);
        f->store = NULL;
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            struct store *s;

            if (f->kind->open(f->dir, &s, NULL) != 0)
                _exit(2);
            fault_arm("io.*", n, FAULT_KILL);
            _exit(store_apply(s, &d, NULL) == 0 ? 0 : 3);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        died = WIFSIGNALED(status);
        assert_true(died || WEXITSTATUS(status) == 0);

        struct err err = {0};
        if (f->kind->open(f->dir, &f->store, &err) != 0)
            fail_msg("after call %llu: %s", (unsigned long long)n, err.msg);
        struct twin after = {0};
        for (uint32_t i = 0; i < f->twin.n_files; i++)
            after.files[after.n_files++] = f->twin.files[i];
        twin_apply(&after, &d);
        struct delta whole = twin_whole(&after);
        struct segment seg;
        struct view *want;
        assert_int_equal(segment_build(NULL, &whole, &seg, NULL), 0);
        assert_int_equal(view_new(&seg, NULL, 1, 0, &want, NULL), 0);
        const struct view *v = store_pin(f->store);
        if (hash128_eq(view_root(v), view_root(want)))
            twin_apply(&f->twin, &d);
        else
            assert_true(died);
        twin_check(&f->twin, v);
        store_unpin(f->store, v);
        view_free(want);
        delta_release(&whole);
        delta_release(&d);
        twin_release(&after);
    }
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
    char temp[128];

    (void)snprintf(temp, sizeof(temp), "%s/.1-2" IO_TEMP_SUFFIX, f->dir);
    write_whole(temp, (const uint8_t *)"x", 1);
    assert_int_equal(count_temps(f), 1);
    apply_random(f);
    assert_int_equal(count_temps(f), 0);
}

static void expect_refused(struct fixture *f, int code, const char *message)
{
    struct store *s = NULL;
    struct err err = {0};
    size_t n_before, n_after;
    uint8_t *before = read_whole(f->path, &n_before);
    int rc = f->kind->open(f->dir, &s, &err);

    if (rc != code || strstr(err.msg, message) == NULL)
        fail_msg("code %d, \"%s\"; not %d, \"%s\"", rc, err.msg, code, message);
    assert_null(s);
    uint8_t *after = read_whole(f->path, &n_after);
    assert_int_equal(n_after, n_before);
    assert_memory_equal(after, before, n_before);
    free(before);
    free(after);
}

/* A small snapshot, closed. */
static uint8_t *small_file(struct fixture *f, size_t *ret_n)
{
    struct draft d;

    draft_init(&d, "a.c", 1);
    draft_node(&d, 2, "f")->doc_end = 4;
    draft_edge(&d, 2, 1, EDGE_USES, 7);
    draft_edge(&d, 2, 1, EDGE_USES, 8);
    struct delta delta = delta_of(&d, 1);
    assert_int_equal(store_apply(f->store, &delta, NULL), 0);
    delta_release(&delta);
    store_close(f->store);
    f->store = NULL;
    return read_whole(f->path, ret_n);
}

static void test_store__a_flipped_bit_anywhere_is_refused(void **state)
{
    struct fixture *f = *state;
    size_t n;
    uint8_t *p = small_file(f, &n);

    for (size_t i = 0; i < n; i++) {
        uint8_t bit = (uint8_t)(1 << i % 8);
        struct store *s = NULL;
        struct err err = {0};

        p[i] ^= bit;
        write_whole(f->path, p, n);
        p[i] ^= bit;
        assert_int_equal(f->kind->open(f->dir, &s, &err), PT_ECORRUPT);
        assert_non_null(strstr(err.msg, f->path));
    }
    write_whole(f->path, p, n);
    assert_int_equal(f->kind->open(f->dir, &f->store, NULL), 0);
    free(p);
}

static void test_store__every_other_length_is_refused(void **state)
{
    struct fixture *f = *state;
    size_t n;
    uint8_t *p = small_file(f, &n);
    struct store *s = NULL;

    p = realloc(p, n + 8);
    memset(p + n, 0, 8);
    for (size_t i = 0; i <= n + 8; i++) {
        if (i == n)
            continue;
        write_whole(f->path, p, i);
        assert_int_equal(f->kind->open(f->dir, &s, NULL), PT_ECORRUPT);
    }
    free(p);
}

static void test_snapshot__damage_is_named_and_kept(void **state)
{
    struct fixture *f = *state;
    size_t n;
    uint8_t *p = small_file(f, &n);

    p[64 + SEG_HEADER_SIZE] ^= 1;
    write_whole(f->path, p, n);
    expect_refused(f, PT_ECORRUPT, "S2: section files (offset");
    write_whole(f->path, (const uint8_t *)"hello", 5);
    expect_refused(f, PT_ECORRUPT, "set it aside and index again");
    free(p);
}

static void test_snapshot__another_version_is_refused_by_name(void **state)
{
    struct fixture *f = *state;
    size_t n;
    uint8_t *p = small_file(f, &n);

    codec_put32(p + 8, 77);
    struct hash128 sum = hash128(p, 48);
    codec_put64(p + 48, sum.lo);
    codec_put64(p + 56, sum.hi);
    write_whole(f->path, p, n);
    expect_refused(f, PT_EVERSION, "snapshot of version 77");
    free(p);
}

static void test_snapshot__damaged_files_are_set_aside_under_new_names(void **state)
{
    struct fixture *f = *state;
    struct buf path = {0};

    for (int i = 1; i <= 3; i++) {
        char want[128];

        store_close(f->store);
        f->store = NULL;
        write_whole(f->path, (const uint8_t *)"damaged", 7);
        assert_int_equal(store_set_aside_snapshot(f->dir, &path, NULL), 0);
        (void)snprintf(want, sizeof(want), "%s.damaged-%d", f->path, i);
        assert_string_equal(buf_cstr(&path), want);
        size_t n;
        uint8_t *p = read_whole(want, &n);
        assert_int_equal(n, 7);
        free(p);
        assert_int_equal(f->kind->open(f->dir, &f->store, NULL), 0);
    }
    assert_int_equal(store_set_aside_snapshot(f->dir, &path, NULL), PT_ENOENT);
    buf_release(&path);
}

static uint64_t generation_of(struct store *s)
{
    const struct view *v = store_pin(s);
    uint64_t ret = view_generation(v);

    store_unpin(s, v);
    return ret;
}

static void test_snapshot__two_writers_never_undo_each_other(void **state)
{
    struct fixture *f = *state;
    struct store *other;
    struct delta d = next_delta(f);
    struct err err = {0};

    d.replace_all = false;
    assert_int_equal(f->kind->open(f->dir, &other, NULL), 0);
    assert_int_equal(store_apply(f->store, &d, NULL), 0);
    assert_int_equal(store_apply(f->store, &d, NULL), 0);
    assert_int_equal(store_apply(other, &d, &err), PT_ESTALE);
    assert_int_equal(generation_of(other), 0);

    d.replace_all = true; /* needs nothing of what was before */
    assert_int_equal(store_apply(other, &d, NULL), 0);
    assert_int_equal(generation_of(other), 3);
    assert_int_equal(generation_of(f->store), 2);
    d.replace_all = false;
    assert_int_equal(store_apply(f->store, &d, NULL), PT_ESTALE);
    assert_int_equal(store_apply(other, &d, NULL), 0);
    reopen(f);
    assert_int_equal(generation_of(f->store), 4);
    store_close(other);
    delta_release(&d);
}

static void test_snapshot__an_apply_does_not_wait_for_another(void **state)
{
    struct fixture *f = *state;
    struct delta d = next_delta(f);
    char path[128];
    int lock;

    (void)snprintf(path, sizeof(path), "%s/graph.lock", f->dir);
    assert_int_equal(io_lock(path, true, &lock, NULL), 0);
    assert_int_equal(store_apply(f->store, &d, NULL), PT_EEXIST);
    io_close(lock);
    assert_int_equal(store_apply(f->store, &d, NULL), 0);
    delta_release(&d);
}

static void test_snapshot__a_file_that_is_gone_is_written_anew(void **state)
{
    struct fixture *f = *state;

    apply_random(f);
    assert_int_equal(remove(f->path), 0);
    apply_random(f);
    reopen(f);
    const struct view *v = store_pin(f->store);
    twin_check(&f->twin, v);
    store_unpin(f->store, v);
}

static void test_snapshot__a_file_that_was_damaged_meanwhile_is_not_replaced(void **state)
{
    struct fixture *f = *state;
    struct draft d;
    size_t n;

    draft_init(&d, "a.c", 1);
    struct delta delta = delta_of(&d, 1);
    delta.replace_all = true;
    assert_int_equal(store_apply(f->store, &delta, NULL), 0);
    uint8_t *p = read_whole(f->path, &n);
    p[20] ^= 1;
    write_whole(f->path, p, n);
    assert_int_equal(store_apply(f->store, &delta, NULL), PT_ECORRUPT);
    free(p);
    delta_release(&delta);
}

static void test_snapshot__what_cannot_be_a_directory_is_an_error(void **state)
{
    struct fixture *f = *state;
    struct store *s = NULL;

    apply_random(f);
    assert_int_not_equal(f->kind->open(f->path, &s, NULL), 0);
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
        TEST(test_store__a_view_may_be_pinned_many_times),
        TEST(test_store__an_invalid_delta_changes_nothing),
        TEST(test_store__any_failing_allocation_leaves_all_as_before),
        TEST(test_store__opening_survives_failing_allocations),
        TEST(test_store__readers_and_writer_do_not_disturb_each_other),
},
  durable[] =
      {
          TEST(test_store__what_was_applied_is_there_after_reopening),
          TEST(test_store__any_failing_file_call_leaves_all_as_before),
          TEST(test_store__a_full_disk_is_survived),
          TEST(test_store__dying_at_any_file_call_leaves_one_of_two_states),
          TEST(test_store__what_a_killed_writer_left_is_cleared_away),
          TEST(test_store__a_flipped_bit_anywhere_is_refused),
          TEST(test_store__every_other_length_is_refused),
},
  snapshot_only[] = {
      TEST(test_snapshot__damage_is_named_and_kept),
      TEST(test_snapshot__another_version_is_refused_by_name),
      TEST(test_snapshot__damaged_files_are_set_aside_under_new_names),
      TEST(test_snapshot__two_writers_never_undo_each_other),
      TEST(test_snapshot__an_apply_does_not_wait_for_another),
      TEST(test_snapshot__a_file_that_is_gone_is_written_anew),
      TEST(test_snapshot__a_file_that_was_damaged_meanwhile_is_not_replaced),
      TEST(test_snapshot__what_cannot_be_a_directory_is_an_error),
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
        if (asprintf(&name, "%s: %s", kind->name, (table)[i].name) < 0)                            \
            return 1;                                                                              \
        tests[n++] =                                                                               \
            (struct CMUnitTest){name, (table)[i].f, setup, teardown, (void *)(uintptr_t)kind};     \
    }
        ADD(every_store);
        if (kind->file)
            ADD(durable);
        if (kind->open == store_open_snapshot)
            ADD(snapshot_only);
    }
    int failed = _cmocka_run_group_tests("store", tests, n, NULL, NULL);
    for (size_t i = 0; i < n; i++)
        free((void *)(uintptr_t)tests[i].name);
    return failed;
}
