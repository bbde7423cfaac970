/* The durable store: what was acknowledged is there when it is opened again. */
#include "unit/graph/live_twin.h"

#include "base/fault.h"
#include "base/io.h"
#include "store/durable.h"
#include "support/disk.h"

#include <stdio.h>

struct place {
    char *dir;
    struct durable *store;
    struct durable_options options;
    struct fixture *f;
};

static int apply_to_store(void *ctx, const struct delta *d, struct err *err)
{
    return durable_apply(ctx, d, err);
}

static void open_store(struct place *p)
{
    struct err err = {0};
    assert_int_equal(durable_close(p->store, NULL), PT_OK);
    p->store = NULL;
    if (durable_open(p->dir, &p->options, &p->store, NULL, &err) != PT_OK)
        fail_msg("%s", err.msg);
    p->f->g = durable_graph(p->store);
    p->f->ctx = p->store;
}

static struct place place_new(uint64_t seed, uint64_t log_limit)
{
    struct place p = {.dir = disk_temp_dir(), .f = fixture_plan(seed)};
    p.options = (struct durable_options){
        .durability = WAL_OS, .log_limit = log_limit, .file_bytes = 1 << 16};
    p.f->apply = apply_to_store;
    open_store(&p);
    assert_int_equal(apply_delta(p.f, &p.f->first, NULL), PT_OK);
    return p;
}

static void place_free(struct place *p)
{
    fixture_free(p->f);
    assert_int_equal(durable_close(p->store, NULL), PT_OK);
    disk_remove_dir(p->dir);
    free(p->dir);
}

static void test_durable__what_was_applied_is_there_again(void **state)
{
    (void)state;
    for (uint64_t seed = 61; seed <= 64; seed++) {
        struct place p = place_new(seed, seed % 2 ? 1 << 15 : 0);
        print_message("seed %llu\n", (unsigned long long)seed);
        for (uint32_t round = 0; round < 10; round++) {
            for (uint32_t i = below(p.f, 25); i > 0; i--)
                commit(p.f);
            uint64_t commits = durable_commits(p.store);
            if (below(p.f, 3) == 0) {
                assert_int_equal(durable_snapshot(p.store, NULL), PT_OK);
                assert_true(durable_log_bytes(p.store) < 1 << 12);
            }
            open_store(&p);
            assert_int_equal(durable_commits(p.store), commits);
            check_now(p.f);
        }
        place_free(&p);
    }
}

static void test_durable__the_log_stays_small(void **state)
{
    (void)state;
    struct place p = place_new(71, 1 << 15);
    for (uint32_t i = 0; i < 400; i++) {
        commit(p.f);
        assert_true(durable_log_bytes(p.store) < 1 << 17);
    }
    open_store(&p);
    check_now(p.f);
    place_free(&p);
}

static void test_durable__a_failing_commit_leaves_graph_and_log_as_they_were(void **state)
{
    (void)state;
    struct place p = place_new(81, 0);
    for (uint64_t nth = 1; nth < 60; nth++) {
        struct delta d;
        struct version next = random_change(p.f, &d);
        fault_arm(nth % 2 ? "mem.alloc" : "io.write", 1 + nth / 2, nth % 2 ? ENOMEM : ENOSPC);
        int rc = apply_delta(p.f, &d, NULL);
        bool fired = fault_fired();
        fault_disarm_all();
        assert_true(fired || rc == PT_OK);
        if (rc == PT_OK)
            p.f->now = next;
        delta_release(&d);
        check_now(p.f);
        if (nth % 7 == 0) {
            open_store(&p);
            check_now(p.f);
        }
    }
    commit(p.f);
    open_store(&p);
    check_now(p.f);
    place_free(&p);
}

/* A byte of any file is another one: it is refused, and the file is still there. */
static void test_durable__damage_is_refused(void **state)
{
    (void)state;
    struct place p = place_new(91, 0);
    struct buf path = {0}, whole = {0};
    for (uint32_t i = 0; i < 5; i++)
        commit(p.f);
    assert_int_equal(durable_snapshot(p.store, NULL), PT_OK);
    uint64_t image = durable_commits(p.store);
    assert_int_equal(durable_close(p.store, NULL), PT_OK);
    p.store = NULL;
    buf_printf(&path, "%s/graph-%016llx.image", p.dir, (unsigned long long)image);
    assert_int_equal(io_read_file(IO_CWD, buf_cstr(&path), 1 << 24, &whole, NULL), PT_OK);
    for (size_t at = 0; at < whole.n; at += 1013) {
        struct err err = {0};
        struct io_part part = {whole.p, whole.n};
        whole.p[at] = (char)(whole.p[at] ^ 4);
        assert_int_equal(io_write_atomic(buf_cstr(&path), &part, 1, NULL), PT_OK);
        int rc = durable_open(p.dir, &p.options, &p.store, NULL, &err);
        assert_true(rc == PT_ECORRUPT || rc == PT_EVERSION);
        assert_non_null(strstr(err.msg, ".image"));
        assert_true(io_exists(IO_CWD, buf_cstr(&path)));
        whole.p[at] = (char)(whole.p[at] ^ 4);
    }
    struct io_part part = {whole.p, whole.n};
    assert_int_equal(io_write_atomic(buf_cstr(&path), &part, 1, NULL), PT_OK);
    open_store(&p);
    check_now(p.f);
    buf_release(&path);
    buf_release(&whole);
    place_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_durable__what_was_applied_is_there_again),
        cmocka_unit_test(test_durable__the_log_stays_small),
        cmocka_unit_test(test_durable__a_failing_commit_leaves_graph_and_log_as_they_were),
        cmocka_unit_test(test_durable__damage_is_refused),
    };
    return RUN_TESTS(tests);
}
