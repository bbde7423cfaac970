/* Random deltas: after each, the graph says what the naive twin says. */
#include "unit/graph/twin.h"

#define SEEDS 40
#define DELTAS 60

struct run {
    struct twin twin;
    struct segment seg;
    uint64_t rng;
};

static void check_against_twin(struct run *r)
{
    struct view *v;

    assert_int_equal(view_new(&r->seg, NULL, 1, 0, &v, NULL), 0);
    twin_check(&r->twin, v);
    r->seg = v->seg;
    v->seg = (struct segment){0};
    view_free(v);
}

static void one_delta(struct run *r)
{
    bool valid, repair = rng_below(&r->rng, 5) != 0;
    struct delta d = twin_random_delta(&r->twin, &r->rng, repair, &valid);
    struct segment next = {0};
    struct err err = {0};
    int rc = segment_build(&r->seg, &d, &next, &err);

    if (rc != (valid ? 0 : PT_EINVAL))
        fail_msg("rc %d, want %s: %s", rc, valid ? "0" : "PT_EINVAL", err.msg);
    if (rc == 0) {
        segment_release(&r->seg);
        r->seg = next;
        twin_apply(&r->twin, &d);
    } else if (strncmp(err.msg, "D4: ", 4) != 0) {
        fail_msg("not about D4: %s", err.msg);
    }
    delta_release(&d);
}

/* The bytes too do not depend on the way: DESIGN, "Same as a rebuild". */
static void check_against_rebuild(const struct run *r)
{
    struct delta whole = twin_whole(&r->twin);
    struct segment rebuilt;
    size_t n, n_rebuilt;

    assert_int_equal(segment_build(NULL, &whole, &rebuilt, NULL), 0);
    uint8_t *p = encode(&r->seg, &n), *q = encode(&rebuilt, &n_rebuilt);
    assert_int_equal(n, n_rebuilt);
    assert_memory_equal(p, q, n);
    free(p);
    free(q);
    segment_release(&rebuilt);
    delta_release(&whole);
}

/* Encoding and decoding change nothing. */
static void check_decoded(const struct run *r)
{
    size_t n;
    uint8_t *p = encode(&r->seg, &n);
    struct segment s;
    struct view *v;

    assert_int_equal(segment_decode(p, n, &s, NULL), 0);
    assert_int_equal(view_new(&s, NULL, 1, 0, &v, NULL), 0);
    twin_check(&r->twin, v);
    view_free(v);
    free(p);
}

static void test_twin__random_deltas_give_what_the_twin_has(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct run r = {.rng = seed};

        print_message("seed %llu\n", (unsigned long long)seed);
        for (int i = 0; i < DELTAS; i++) {
            one_delta(&r);
            check_against_twin(&r);
            if (i % 10 == 9) {
                check_against_rebuild(&r);
                check_decoded(&r);
            }
        }
        segment_release(&r.seg);
        twin_release(&r.twin);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_twin__random_deltas_give_what_the_twin_has),
    };

    return RUN_TESTS(tests);
}
