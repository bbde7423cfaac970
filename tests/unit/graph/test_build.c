/* An image that is built from a source is the one of a graph that was made at once, whatever the
 * pieces and however little memory there is; and a failure leaves nothing behind. */
#include "unit/graph/twin.h"

#include "base/fault.h"
#include "base/io.h"
#include "graph/image.h"
#include "support/disk.h"

static char *dir, path[512];

static int make_dir(void **state)
{
    (void)state;
    dir = disk_temp_dir();
    (void)snprintf(path, sizeof(path), "%s/image", dir);
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    disk_remove_dir(dir);
    free(dir);
    return 0;
}

static const struct live_stamp stamp = {.commit = 9, .as_of_ns = 99};

static int build(const struct delta *whole, uint32_t piece, size_t most_bytes, struct err *err)
{
    struct delta_source pieces;
    const struct unit_source source = delta_source(whole, piece, &pieces);
    int rc = image_build(path, &source, stamp, most_bytes, err);
    delta_source_release(&pieces);
    return rc;
}

static void random_twin(struct twin *t, uint64_t *rng, uint64_t n_deltas)
{
    bool valid;
    for (uint64_t i = 0; i < n_deltas; i++) {
        struct delta d = twin_random_delta(t, rng, true, &valid);
        twin_apply(t, &d);
        delta_release(&d);
    }
}

static void go_on(struct pinned *p, struct twin *t, uint64_t *rng)
{
    bool valid;
    for (int i = 0; i < 20; i++) {
        struct delta d = twin_random_delta(t, rng, true, &valid);
        apply_to(p->g, &d);
        twin_apply(t, &d);
        delta_release(&d);
        pin_again(p);
        twin_check(t, &p->v);
    }
}

static void test_build__it_is_the_graph_that_is_made_at_once(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct twin t = {0};
        struct pinned p = {0};
        struct err err = {0};
        uint64_t rng = seed;

        print_message("seed %llu\n", (unsigned long long)seed);
        random_twin(&t, &rng, seed / 2 * 3);
        struct delta whole = twin_whole(&t);
        size_t most = seed % 2 != 0 ? 0 : SIZE_MAX; /* to disk after each piece, or never */
        if (build(&whole, 1 + (uint32_t)rng_below(&rng, 3), most, &err) != PT_OK ||
            image_check(path, NULL, &err) != PT_OK || image_open(path, &p.g, &err) != PT_OK)
            fail_msg("%s", err.msg);
        delta_release(&whole);
        pin_again(&p);
        twin_check(&t, &p.v);
        twin_check_rebuilt(&t, &p.v);
        assert_int_equal(view_generation(&p.v), 9);
        assert_int_equal(view_as_of_ns(&p.v), 99);
        go_on(&p, &t, &rng);
        pinned_release(&p);
        twin_release(&t);
    }
}

static void test_build__it_refuses_what_applying_does(void **state)
{
    static const char *const invariants[] = {"D4", "D3", "D1"};
    struct draft d[2];

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct err err = {0};
        draft_init(&d[0], "a.c", 1);
        draft_node(&d[0], 2, "f");
        draft_init(&d[1], i == 2 ? "a.c" : "b.c", 11);
        draft_node(&d[1], i == 1 ? 2 : 12, "b::h");
        draft_edge(&d[1], i == 1 ? 2 : 12, i == 0 ? 99 : 2, EDGE_CALLS, 33);
        struct delta delta = delta_of(d, 2);
        (void)io_remove(IO_CWD, path, NULL);
        assert_int_equal(build(&delta, 1, 0, &err), PT_EINVAL);
        assert_non_null(strstr(err.msg, invariants[i]));
        assert_false(io_exists(IO_CWD, path));
        delta_release(&delta);
    }
}

/* Is there nothing in the directory but, perhaps, the image? */
static bool is_tidy(void)
{
    char stage[sizeof(path) + 32], temp[sizeof(path) + 32];
    (void)snprintf(stage, sizeof(stage), "%s.stage%s", path, IO_TEMP_SUFFIX);
    (void)snprintf(temp, sizeof(temp), "%s%s", path, IO_TEMP_SUFFIX);
    return !io_exists(IO_CWD, stage) && !io_exists(IO_CWD, temp);
}

static void fail_each(const struct delta *whole, const char *point, int code)
{
    bool fired = true;
    for (uint64_t nth = 1; fired; nth++) {
        (void)io_remove(IO_CWD, path, NULL);
        fault_arm(point, nth, code);
        int rc = build(whole, 2, 0, NULL);
        fired = fault_fired();
        fault_disarm_all();
        assert_true(is_tidy());
        /* a directory that may not be opened cannot be synced, which is no failure */
        assert_true(fired ? rc != PT_OK || strcmp(point, "io.open") == 0 : rc == PT_OK);
        if (rc == PT_OK)
            assert_int_equal(image_check(path, NULL, NULL), PT_OK);
    }
}

static void test_build__failures_leave_nothing(void **state)
{
    (void)state;
    struct twin t = {0};
    uint64_t rng = 77;
    random_twin(&t, &rng, 12);
    struct delta whole = twin_whole(&t);
    assert_true(whole.units.len > 2);
    fail_each(&whole, "mem.alloc", ENOMEM);
    fail_each(&whole, "io.write", ENOSPC);
    fail_each(&whole, "io.open", EACCES);
    fail_each(&whole, "io.rename", EIO);
    fail_each(&whole, "io.mmap", ENOMEM);
    delta_release(&whole);
    twin_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_build__it_is_the_graph_that_is_made_at_once),
        cmocka_unit_test(test_build__it_refuses_what_applying_does),
        cmocka_unit_test(test_build__failures_leave_nothing),
    };

    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
