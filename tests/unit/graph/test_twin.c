/* Random deltas: after each, the graph says what the naive twin says, and so do older views for as
 * long as they are pinned. */
#include "unit/graph/twin.h"

#include "graph/image.h"
#include "support/disk.h"

#define SEEDS 40
#define DELTAS 60
#define VIEWS 4

struct run {
    struct twin twin;
    struct live *g;
    uint64_t rng;
    struct view views[VIEWS]; /* pinned, if g is not NULL */
    struct twin then[VIEWS];  /* without an arena of their own */
    uint64_t commits;
};

static void check_newest(struct run *r)
{
    struct view v;

    assert_true(live_pin(r->g, &v));
    assert_int_equal(view_generation(&v), r->commits);
    twin_check(&r->twin, &v);
    live_unpin(&v);
}

static void pin_one(struct run *r, uint32_t i)
{
    assert_true(live_pin(r->g, &r->views[i]));
    memcpy(r->then[i].files, r->twin.files, sizeof(r->twin.files));
    r->then[i].n_files = r->twin.n_files;
}

static void pin_or_leave(struct run *r)
{
    uint32_t i = (uint32_t)rng_below(&r->rng, VIEWS);

    if (r->views[i].g == NULL) {
        pin_one(r, i);
    } else {
        twin_check(&r->then[i], &r->views[i]);
        live_unpin(&r->views[i]);
    }
}

static void one_delta(struct run *r)
{
    bool valid, repair = rng_below(&r->rng, 5) != 0;
    struct delta d = twin_random_delta(&r->twin, &r->rng, repair, &valid);
    struct live_stamp stamp = {.as_of_ns = (int64_t)r->commits * 10};
    struct err err = {0};
    bool abort = rng_below(&r->rng, 4) == 0;
    int rc = live_prepare(r->g, &d, stamp, &err);

    if (rc == PT_OK && abort) { /* as if the log had failed */
        live_abort(r->g);
        delta_release(&d);
        return;
    }
    if (rc == PT_OK)
        live_publish(r->g);
    if (rc != (valid ? 0 : PT_EINVAL))
        fail_msg("rc %d, want %s: %s", rc, valid ? "0" : "PT_EINVAL", err.msg);
    if (rc == 0) {
        twin_apply(&r->twin, &d);
        r->commits++;
    } else if (strncmp(err.msg, "D4: ", 4) != 0) {
        fail_msg("not about D4: %s", err.msg);
    }
    delta_release(&d);
}

static void check_against_rebuild(struct run *r)
{
    struct view v;

    assert_true(live_pin(r->g, &v));
    twin_check_rebuilt(&r->twin, &v);
    live_unpin(&v);
}

static void leave_all(struct run *r)
{
    for (uint32_t i = 0; i < VIEWS; i++) {
        if (r->views[i].g == NULL)
            continue;
        twin_check(&r->then[i], &r->views[i]);
        live_unpin(&r->views[i]);
    }
}

/* Goes on with an image of the graph, whose ids are dense and in order again. */
static void go_on_with_image(struct run *r)
{
    char *dir = disk_temp_dir(), path[512];
    struct err err = {0};
    struct view v;

    (void)snprintf(path, sizeof(path), "%s/image", dir);
    assert_true(live_pin(r->g, &v));
    if (image_write(&v, path, &err) != PT_OK)
        fail_msg("%s", err.msg);
    live_unpin(&v);
    leave_all(r);
    live_free(r->g);
    if (image_check(path, NULL, &err) != PT_OK || image_open(path, &r->g, &err) != PT_OK)
        fail_msg("%s", err.msg);
    check_newest(r);
    disk_remove_dir(dir);
    free(dir);
}

static void test_twin__random_deltas_give_what_the_twin_has(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct run *r = calloc(1, sizeof(*r));

        assert_non_null(r);
        r->rng = seed;
        print_message("seed %llu\n", (unsigned long long)seed);
        assert_int_equal(live_new(&r->g, NULL), PT_OK);
        for (int i = 0; i < DELTAS; i++) {
            pin_or_leave(r);
            one_delta(r);
            check_newest(r);
            if (i % 6 == 5)
                check_against_rebuild(r);
            if (seed % 2 == 0 && i % 15 == 7)
                go_on_with_image(r);
        }
        leave_all(r);
        live_free(r->g);
        twin_release(&r->twin);
        free(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_twin__random_deltas_give_what_the_twin_has),
    };

    return RUN_TESTS(tests);
}
