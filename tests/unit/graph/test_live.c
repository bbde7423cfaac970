/* The live graph against its twin, in every generation that a reader holds. */
#include "unit/graph/live_twin.h"
#include "unit/graph/read_all.h"

#include "base/fault.h"
#include "graph/delta_codec.h"

#include <pthread.h>
#include <sched.h>

/* Nodes and edges that deltas bring or take, in all. PT_LIVE_OPERATIONS asks for more of them:
 * scripts/property-campaign does. */
static uint64_t operations_wanted(void)
{
    const char *text = getenv("PT_LIVE_OPERATIONS");
    return text != NULL ? strtoull(text, NULL, 10) : 1000000;
}

static uint64_t first_seed(void)
{
    const char *text = getenv("PT_LIVE_SEED");
    return text != NULL ? strtoull(text, NULL, 10) : 1;
}

static void test_live__every_view_has_what_its_files_contributed(void **state)
{
    (void)state;
    uint64_t operations = 0, commits = 0, seed = first_seed();
    for (; operations < operations_wanted(); seed++) {
        struct fixture *f = fixture_new(seed);
        print_message("seed %llu\n", (unsigned long long)seed);
        check_now(f);
        for (uint32_t i = 0; i < 300; i++, commits++) {
            uint32_t v = below(f, VERSIONS);
            if (f->views[v].g != NULL) {
                check_view(f, &f->views[v], &f->kept[v]);
                live_unpin(&f->views[v]);
            } else {
                assert_true(live_pin(f->g, &f->views[v]));
                f->kept[v] = f->now;
            }
            commit(f);
            check_now(f);
        }
        operations += f->operations;
        fixture_free(f);
    }
    print_message("%llu operations in %llu commits\n", (unsigned long long)operations,
                  (unsigned long long)commits);
}

static void test_live__replacing_all_leaves_only_what_is_named(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(7);
    struct delta d;
    struct version next = {{0}};
    for (uint32_t i = 0; i < 20; i++)
        commit(f);
    struct unit *u = new_unit(f, 3, false);
    next.of[3] = u;
    fill_nodes(f, u, 3);
    fill_edges(f, u, &next);
    delta_init(&d);
    d.replace_all = true;
    assert_true(vec_push(&d.units, *u));
    assert_int_equal(apply_delta(f, &d, NULL), PT_OK);
    f->now = next;
    check_now(f);
    delta_release(&d);
    fixture_free(f);
}

static void test_live__a_delta_that_breaks_an_invariant_changes_nothing(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(11);
    struct delta d;
    struct err err = {0};
    struct unit *u = new_unit(f, 2, true);
    delta_init(&d);
    assert_true(vec_push(&d.units, *u));
    assert_int_equal(apply_delta(f, &d, &err), PT_EINVAL); /* others refer to it */
    assert_non_null(strstr(err.msg, "D4"));
    check_now(f);

    u = new_unit(f, 5, false); /* a node of another file */
    fill_nodes(f, u, 5);
    ((struct unit_node *)(uintptr_t)u->nodes)[2].sig = sig_of(6, 1);
    d.units.at[0] = *u;
    assert_int_equal(apply_delta(f, &d, &err), PT_EINVAL);
    assert_non_null(strstr(err.msg, "D3"));
    check_now(f);

    u = new_unit(f, 5, false); /* an end that is nowhere */
    fill_nodes(f, u, 5);
    struct unit_edge e = {.from = sig_of(5, 0), .to = 12345};
    u->edges = &e;
    u->n_edges = 1;
    d.units.at[0] = *u;
    assert_int_equal(apply_delta(f, &d, &err), PT_EINVAL);
    check_now(f);
    delta_release(&d);
    for (uint32_t i = 0; i < 20; i++)
        commit(f);
    check_now(f);
    fixture_free(f);
}

static void test_live__a_failing_allocation_changes_nothing(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(13);
    bool fired = true;
    for (uint64_t nth = 1; fired; nth++) {
        struct delta d;
        struct version next = random_change(f, &d);
        fault_arm("mem.alloc", nth, ENOMEM);
        int rc = apply_delta(f, &d, NULL);
        fired = fault_fired();
        fault_disarm_all();
        if (rc == PT_OK)
            f->now = next;
        else
            assert_int_equal(rc, PT_ENOMEM);
        delta_release(&d);
        check_now(f);
        if (nth > 200)
            break;
    }
    commit(f);
    check_now(f);
    fixture_free(f);
}

/* Back and forth, by way of the bytes that the log would hold. */
static void apply_encoded(struct fixture *f, const struct delta *d)
{
    struct buf bytes = {0};
    struct delta again;
    struct err err = {0};
    assert_int_equal(delta_encode(d, &bytes, NULL), PT_OK);
    assert_int_equal(delta_decode((const uint8_t *)bytes.p, bytes.n, &again, NULL), PT_OK);
    if (apply_delta(f, &again, &err) != PT_OK)
        fail_msg("%s", err.msg);
    delta_release(&again);
    buf_release(&bytes);
}

static void test_live__an_inverse_takes_a_delta_back(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(19);
    for (uint32_t i = 0; i < 150; i++) {
        struct delta d, back;
        struct view v;
        const struct version none = {{0}};
        struct version next = random_change(f, &d), before = f->now;
        d.replace_all = i % 10 == 9 && memcmp(&next, &none, sizeof(none)) != 0;
        for (uint32_t k = 0; d.replace_all && k < FILES; k++) { /* then it must name all */
            if (next.of[k] != NULL && next.of[k] == f->now.of[k])
                d.replace_all = false;
        }
        assert_true(live_pin(f->g, &v));
        assert_int_equal(live_inverse(&v, &d, &back, NULL), PT_OK);
        if (memcmp(&next, &none, sizeof(none)) != 0) {
            apply_encoded(f, &d);
            f->now = next;
            check_now(f);
            apply_encoded(f, &back);
            f->now = before;
            check_now(f);
            if (below(f, 2)) {
                apply_encoded(f, &d);
                f->now = next;
            }
        }
        live_unpin(&v);
        delta_release(&back);
        delta_release(&d);
    }
    fixture_free(f);
}

/* A delta that replaces all is taken back by one that does. */
static void test_live__an_inverse_of_everything(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(23);
    struct delta d, back;
    struct view v;
    for (uint32_t i = 0; i < 10; i++)
        commit(f);
    delta_init(&d);
    d.replace_all = true;
    assert_true(live_pin(f->g, &v));
    assert_int_equal(live_inverse(&v, &d, &back, NULL), PT_OK);
    assert_int_equal(apply_delta(f, &d, NULL), PT_OK);
    assert_int_equal(apply_delta(f, &back, NULL), PT_OK);
    live_unpin(&v);
    check_now(f);
    delta_release(&back);
    delta_release(&d);
    fixture_free(f);
}

/* ---- readers beside the writer ---- */

struct shared {
    struct live *g;
    atomic_bool done;
    atomic_uint reads;
};

static void *reader(void *ctx)
{
    struct shared *s = ctx;
    uint64_t last = 0;
    while (!atomic_load(&s->done)) {
        struct view v;
        must(live_pin(s->g, &v));
        must(view_generation(&v) >= last);
        last = view_generation(&v);
        read_all(&v);
        live_unpin(&v);
        atomic_fetch_add(&s->reads, 1);
    }
    return NULL;
}

/* A commit that is prepared, and taken back. */
static void give_up(struct fixture *f)
{
    struct delta d;
    (void)random_change(f, &d);
    if (live_prepare(f->g, &d, (struct live_stamp){0}, NULL) == PT_OK)
        live_abort(f->g);
    delta_release(&d);
}

static void test_live__readers_see_whole_commits(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(17);
    struct shared s = {.g = f->g};
    pthread_t threads[2];
    for (uint32_t i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, reader, &s), 0);
    for (uint32_t i = 0; i < 1000 || atomic_load(&s.reads) < 50; i++) {
        if (i % 4 == 3)
            give_up(f); /* they may stand in a block of it, on their way back to an older one */
        commit(f);
    }
    atomic_store(&s.done, true);
    for (uint32_t i = 0; i < 2; i++)
        (void)pthread_join(threads[i], NULL);
    check_now(f);
    assert_true(live_bytes(f->g) < (size_t)64 << 20);
    fixture_free(f);
}

/* ---- one graph after another ---- */

/* The graph as a new one, with its commits counted from the same number. */
static struct live *copy_of(struct fixture *f, struct live *g)
{
    struct view v;
    struct live *copy;
    struct delta d;
    assert_true(live_pin(g, &v));
    const struct live_stamp stamp = {view_generation(&v), view_as_of_ns(&v)};
    delta_init(&d);
    for (uint32_t i = 0; i < FILES; i++) {
        if (f->now.of[i] != NULL)
            assert_true(vec_push(&d.units, *f->now.of[i]));
    }
    assert_int_equal(live_new(&copy, NULL), PT_OK);
    assert_int_equal(live_apply(copy, &d, stamp, NULL), PT_OK);
    live_unpin(&v);
    delta_release(&d);
    return copy;
}

/* Views of a graph that was succeeded stay as they are until they are unpinned, and it stays as
 * long as they do. */
static void test_live__a_graph_succeeds_another_under_its_readers(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(29);
    struct live *first = f->g;
    _Atomic(struct live *) newest = first;
    struct pins *pins = first->pins;
    struct view old, newer;
    commit(f);
    assert_true(live_pin_newest(&newest, pins, &old));
    assert_ptr_equal(old.g, first);
    const struct version then = f->now;
    commit(f);
    struct live *next = copy_of(f, first);
    live_succeed(next, first, &newest);
    f->g = next;
    assert_true(live_pin_newest(&newest, pins, &newer));
    assert_ptr_equal(newer.g, next);
    assert_int_equal(view_generation(&newer), 3);
    assert_false(live_is_left(next));
    check_view(f, &old, &then);
    check_view(f, &newer, &f->now);
    for (uint32_t i = 0; i < 20; i++)
        commit(f);
    check_view(f, &old, &then);
    assert_false(live_is_left(next));
    live_unpin(&old);
    assert_true(live_is_left(next));
    live_free(first);
    check_now(f);
    live_unpin(&newer);
    fixture_free(f);
}

struct chain {
    _Atomic(struct live *) newest;
    struct pins *pins;
    atomic_bool done;
    atomic_uint reads;
};

static void *chain_reader(void *ctx)
{
    struct chain *c = ctx;
    uint64_t last = 0;
    while (!atomic_load(&c->done)) {
        struct view v;
        must(live_pin_newest(&c->newest, c->pins, &v));
        must(view_generation(&v) >= last);
        last = view_generation(&v);
        read_all(&v);
        live_unpin(&v);
        atomic_fetch_add(&c->reads, 1);
    }
    return NULL;
}

/* The one that succeeds may have gone through more generations than the one before it. */
static void test_live__an_older_graph_may_succeed_a_younger_one(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(37);
    struct live *young, *g = f->g;
    _Atomic(struct live *) newest;
    struct view old, v;
    for (uint32_t i = 0; i < 30; i++)
        commit(f);
    assert_int_equal(live_new(&young, NULL), PT_OK);
    newest = young;
    assert_true(live_pin_newest(&newest, young->pins, &old));
    live_succeed(g, young, &newest);
    assert_true(live_pin_newest(&newest, g->pins, &v));
    check_view(f, &v, &f->now);
    assert_int_equal(view_file_count(&old), 0);
    live_unpin(&old);
    live_unpin(&v);
    assert_true(live_is_left(g));
    live_free(young);
    for (uint32_t i = 0; i < 30; i++) {
        commit(f);
        check_now(f);
    }
    fixture_free(f);
}

static void test_live__readers_never_notice_a_succession(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(31);
    struct chain c = {.newest = f->g, .pins = f->g->pins};
    pthread_t threads[2];
    for (uint32_t i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, chain_reader, &c), 0);
    for (uint32_t i = 0; i < 40 || atomic_load(&c.reads) < 50; i++) {
        struct live *old = f->g, *next;
        for (uint32_t k = 0; k < 5; k++)
            commit(f);
        next = copy_of(f, old);
        live_succeed(next, old, &c.newest);
        f->g = next;
        commit(f);
        while (!live_is_left(next))
            (void)sched_yield();
        live_free(old);
    }
    atomic_store(&c.done, true);
    for (uint32_t i = 0; i < 2; i++)
        (void)pthread_join(threads[i], NULL);
    check_now(f);
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_live__every_view_has_what_its_files_contributed),
        cmocka_unit_test(test_live__replacing_all_leaves_only_what_is_named),
        cmocka_unit_test(test_live__a_delta_that_breaks_an_invariant_changes_nothing),
        cmocka_unit_test(test_live__a_failing_allocation_changes_nothing),
        cmocka_unit_test(test_live__an_inverse_takes_a_delta_back),
        cmocka_unit_test(test_live__an_inverse_of_everything),
        cmocka_unit_test(test_live__readers_see_whole_commits),
        cmocka_unit_test(test_live__a_graph_succeeds_another_under_its_readers),
        cmocka_unit_test(test_live__an_older_graph_may_succeed_a_younger_one),
        cmocka_unit_test(test_live__readers_never_notice_a_succession),
    };
    return RUN_TESTS(tests);
}
