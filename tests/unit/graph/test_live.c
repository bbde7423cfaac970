/* The live graph against its twin, in every generation that a reader holds. */
#include "unit/graph/live_twin.h"

#include "base/fault.h"
#include "graph/delta_codec.h"

#include <pthread.h>

static void test_live__every_view_has_what_its_files_contributed(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 4; seed++) {
        struct fixture *f = fixture_new(seed);
        print_message("seed %llu\n", (unsigned long long)seed);
        check_now(f);
        for (uint32_t i = 0; i < 300; i++) {
            uint32_t v = below(f, VERSIONS);
            if (f->views[v].g != NULL) {
                check_view(f, &f->views[v], &f->kept[v]);
                live_unpin(f->g, &f->views[v]);
            } else {
                assert_true(live_pin(f->g, &f->views[v]));
                f->kept[v] = f->now;
            }
            commit(f);
            check_now(f);
        }
        fixture_free(f);
    }
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
    assert_int_equal(live_apply(f->g, &d, NULL), PT_OK);
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
    assert_int_equal(live_apply(f->g, &d, &err), PT_EINVAL); /* others refer to it */
    assert_non_null(strstr(err.msg, "D4"));
    check_now(f);

    u = new_unit(f, 5, false); /* a node of another file */
    fill_nodes(f, u, 5);
    ((struct unit_node *)(uintptr_t)u->nodes)[2].sig = sig_of(6, 1);
    d.units.at[0] = *u;
    assert_int_equal(live_apply(f->g, &d, &err), PT_EINVAL);
    assert_non_null(strstr(err.msg, "D3"));
    check_now(f);

    u = new_unit(f, 5, false); /* an end that is nowhere */
    fill_nodes(f, u, 5);
    struct unit_edge e = {.from = sig_of(5, 0), .to = 12345};
    u->edges = &e;
    u->n_edges = 1;
    d.units.at[0] = *u;
    assert_int_equal(live_apply(f->g, &d, &err), PT_EINVAL);
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
        int rc = live_apply(f->g, &d, NULL);
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
    if (live_apply(f->g, &again, &err) != PT_OK)
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
        struct live_view v;
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
        live_unpin(f->g, &v);
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
    struct live_view v;
    for (uint32_t i = 0; i < 10; i++)
        commit(f);
    delta_init(&d);
    d.replace_all = true;
    assert_true(live_pin(f->g, &v));
    assert_int_equal(live_inverse(&v, &d, &back, NULL), PT_OK);
    assert_int_equal(live_apply(f->g, &d, NULL), PT_OK);
    assert_int_equal(live_apply(f->g, &back, NULL), PT_OK);
    live_unpin(f->g, &v);
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
    while (!atomic_load(&s->done)) {
        struct live_view v;
        uint32_t alive = 0;
        if (!live_pin(s->g, &v))
            abort();
        for (uint32_t id = 0; id < v.n_nodes; id++) {
            const struct live_node *n = live_node(&v, id);
            struct list_walk w;
            alive += n != NULL;
            if (n != NULL && (live_file(&v, n->file) == NULL || live_node(&v, n->parent) == NULL))
                abort();
            if (!list_begin(&v.g->out, v.generation, id, &w))
                continue;
            do {
                for (uint32_t i = 0; i < w.span.n; i++) {
                    if (n == NULL || live_node(&v, w.span.targets[i]) == NULL)
                        abort(); /* an edge without its ends */
                }
            } while (list_more(&w));
        }
        if (alive == 0)
            abort();
        live_unpin(s->g, &v);
        atomic_fetch_add(&s->reads, 1);
    }
    return NULL;
}

static void test_live__readers_see_whole_commits(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(17);
    struct shared s = {.g = f->g};
    pthread_t threads[2];
    for (uint32_t i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, reader, &s), 0);
    for (uint32_t i = 0; i < 1500 || atomic_load(&s.reads) < 50; i++)
        commit(f);
    atomic_store(&s.done, true);
    for (uint32_t i = 0; i < 2; i++)
        (void)pthread_join(threads[i], NULL);
    check_now(f);
    assert_true(live_bytes(f->g) < (size_t)64 << 20);
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
    };
    return RUN_TESTS(tests);
}
