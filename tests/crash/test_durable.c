/* The durable store: after any crash it opens, with the graph of a commit that is not older than the
 * last one acknowledged, and goes on. */
#include "unit/graph/live_twin.h"

#include "base/fault.h"
#include "store/durable.h"
#include "support/disk.h"

#include <stdio.h>

#define COMMITS_MAX 128

struct scenario {
    struct disk *disk;
    struct durable *store;
    struct durable_options options;
    struct fixture *f;
    uint64_t digests[COMMITS_MAX]; /* of each commit; 0 is the empty graph's */
    uint64_t n;
};

static const struct unit_node after_nodes[1] = {
    {.sig = 77, .name = "zz.c", .qualified = "zz.c", .signature = "", .kind = NODE_FILE}};

/* What checks commit: a file that no random delta has. */
static struct delta delta_after(void)
{
    struct delta d;
    const struct unit u = {.path = "zz.c", .lang = "c", .nodes = after_nodes, .n_nodes = 1};
    delta_init(&d);
    assert_true(vec_push(&d.units, u));
    return d;
}

static uint64_t digest_of(struct durable *store, bool *ret_after)
{
    struct live_view v;
    assert_true(live_pin(durable_graph(store), &v));
    uint64_t digest = digest_view(&v);
    *ret_after = live_find_path(&v, "zz.c") != ID_NONE;
    live_unpin(durable_graph(store), &v);
    return digest;
}

/* ---- the scenario ---- */

static void add_commit(struct scenario *s, const struct version *t)
{
    assert_true(s->n < COMMITS_MAX);
    s->digests[s->n++] = digest_version(t);
}

static int apply_to_store(void *ctx, const struct delta *d, struct err *err)
{
    return durable_apply(((struct scenario *)ctx)->store, d, err);
}

static void open_store(struct scenario *s)
{
    struct err err = {0};
    (void)durable_close(s->store, NULL);
    s->store = NULL;
    if (durable_open(disk_dir(s->disk), &s->options, &s->store, NULL, &err) != PT_OK)
        fail_msg("%s", err.msg);
    s->f->g = durable_graph(s->store);
}

/* One random commit; the n-th file call from now on fails (0: none does). What failed may be found
 * after a crash until another commit is acknowledged: it is a commit that never is. */
static void apply_random(struct scenario *s, uint64_t nth, int how)
{
    struct delta d;
    const struct version none = {{0}};
    struct version next = random_change(s->f, &d);
    if (memcmp(&next, &none, sizeof(none)) == 0) { /* deltas want a file to refer to */
        delta_release(&d);
        return;
    }
    add_commit(s, &next);
    if (nth != 0)
        fault_arm("io.*", nth, how);
    int rc = apply_to_store(s, &d, NULL);
    fault_disarm_all();
    if (rc == PT_OK) {
        disk_ack(s->disk, s->n - 1);
        s->f->now = next;
    } else {
        add_commit(s, &s->f->now); /* the one before, again */
        open_store(s);
        bool after;
        uint64_t digest = digest_of(s->store, &after);
        if (digest == s->digests[s->n - 2])
            s->f->now = next;
        else
            assert_true(digest == s->digests[s->n - 1]);
    }
    delta_release(&d);
}

static void begin(struct scenario *s, uint64_t seed)
{
    const struct version none = {{0}};
    memset(s, 0, sizeof(*s));
    s->options = (struct durable_options){.file_bytes = 1 << 13, .log_limit = 1 << 14};
    s->f = fixture_plan(seed);
    s->f->apply = apply_to_store;
    s->f->ctx = s;
    add_commit(s, &none);
    s->disk = disk_new(NULL);
    disk_begin(s->disk);
    open_store(s);
    add_commit(s, &s->f->now);
    assert_int_equal(apply_delta(s->f, &s->f->first, NULL), PT_OK);
    disk_ack(s->disk, s->n - 1);
}

/* ---- what must hold ---- */

static bool is_commit(const struct scenario *s, uint64_t from, uint64_t digest)
{
    for (uint64_t i = from; i < s->n; i++) {
        if (s->digests[i] == digest)
            return true;
    }
    return false;
}

static int check_once(const struct scenario *s, const char *dir, uint64_t acked, bool after,
                      struct err *err)
{
    struct durable *store;
    struct delta d = delta_after();
    bool has;
    int rc = durable_open(dir, &s->options, &store, NULL, err);
    if (rc != PT_OK)
        return rc;
    if (!is_commit(s, acked, digest_of(store, &has)))
        rc = err_set(err, PT_ECORRUPT, "the graph is no commit since %u", (unsigned)acked);
    else if (after && !has)
        rc = err_set(err, PT_ECORRUPT, "what was committed after the crash is lost");
    else
        rc = durable_apply(store, &d, err);
    if (rc == PT_OK && !after)
        rc = durable_snapshot(store, err);
    (void)durable_close(store, NULL);
    delta_release(&d);
    return rc;
}

static int check(void *ctx, const char *dir, uint64_t acked, struct err *err)
{
    int rc = check_once(ctx, dir, acked, false, err);
    return rc == PT_OK ? check_once(ctx, dir, acked, true, err) : rc;
}

static void crash_each(const char *name, uint64_t n_seeds,
                       void (*run)(struct scenario *s, uint64_t seed))
{
    static struct scenario s;
    struct disk_report report = {0};
    struct disk_seeds seeds = disk_seeds(n_seeds);
    for (uint64_t seed = seeds.first; seed <= seeds.last; seed++) {
        struct disk_plan plan = disk_plan(name, seed);
        begin(&s, seed);
        run(&s, seed);
        disk_end(s.disk);
        plan.recrash = 150;
        plan.check = check;
        plan.ctx = &s;
        disk_crash(s.disk, &plan, &report);
        fixture_free(s.f);
        (void)durable_close(s.store, NULL);
        disk_free(s.disk);
    }
    disk_report_print(name, &report);
    assert_int_equal(report.failed, 0);
}

static void run_commits(struct scenario *s, uint64_t seed)
{
    (void)seed;
    for (uint32_t i = 0; i < 8; i++) {
        apply_random(s, 0, 0);
        if (below(s->f, 4) == 0)
            assert_int_equal(durable_snapshot(s->store, NULL), PT_OK);
        if (below(s->f, 4) == 0)
            open_store(s);
    }
}

static void test_durable__commits_survive_power_cuts(void **state)
{
    (void)state;
    crash_each("durable", 2, run_commits);
}

static void run_failures(struct scenario *s, uint64_t seed)
{
    static const int ways[] = {EIO, ENOSPC, FAULT_TORN};
    (void)seed;
    for (uint32_t i = 0; i < 6; i++) {
        apply_random(s, 1 + below(s->f, 6), ways[below(s->f, 3)]);
        if (below(s->f, 2))
            apply_random(s, 0, 0);
    }
}

static void test_durable__commits_that_fail_undo_none_before(void **state)
{
    (void)state;
    crash_each("durable with failing calls", 3, run_failures);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_durable__commits_survive_power_cuts),
        cmocka_unit_test(test_durable__commits_that_fail_undo_none_before),
    };
    return RUN_TESTS(tests);
}
