/* The snapshot store: after any crash, the directory holds a commit that is not older than the
 * last one acknowledged, or what was damaged on purpose and says so; and the store goes on. */
#include "base/fault.h"
#include "store/store.h"
#include "support/disk.h"
#include "unit/graph/twin.h"

#include <sys/stat.h>

#define COMMITS_MAX 64
#define DIR_NAME "state/of/store" /* made by the store */

/* What one number of disk_ack stands for. */
struct commit {
    char *dump;      /* owned, as the next */
    char *dump_next; /* after `next` */
    bool is_damaged; /* the file is refused, and so long it must be there with these bytes: */
    struct buf bytes;
};

struct scenario {
    struct disk *disk;
    struct store *store;
    char dir[512];
    struct twin twin;
    struct draft next; /* a file that no random delta has */
    uint64_t rng;
    struct commit commits[COMMITS_MAX];
    uint64_t n; /* commits there are; the last is n - 1 */
};

static void path_in(const char *dir, const char *name, char ret[512])
{
    assert_in_range(snprintf(ret, 512, "%s/%s", dir, name), 1, 511);
}

/* ---- commits ---- */

static void add_commit(struct scenario *s, const struct view *v)
{
    struct commit *c = &s->commits[s->n++];
    struct view *after = view_of(v, &s->next, 1);

    assert_true(s->n < COMMITS_MAX);
    *c = (struct commit){.dump = dump_of(v), .dump_next = dump_of(after)};
    view_free(after);
}

/* What a delta makes of the graph, before it is applied. */
static void add_commit_of(struct scenario *s, const struct delta *d)
{
    const struct view *old = store_pin(s->store);
    struct segment seg;
    struct view *v;

    assert_int_equal(segment_build(&old->seg, d, &seg, NULL), 0);
    assert_int_equal(view_new(&seg, NULL, 1, 0, &v, NULL), 0);
    add_commit(s, v);
    view_free(v);
    store_unpin(s->store, old);
}

static void open_store(struct scenario *s)
{
    struct err err = {0};
    struct store *store;

    store_close(s->store);
    if (store_open_snapshot(s->dir, &store, &err) != 0)
        fail_msg("%s", err.msg);
    s->store = store;
}

static void begin(struct scenario *s, uint64_t seed)
{
    struct view *empty = view_of(NULL, NULL, 0);

    memset(s, 0, sizeof(*s));
    s->rng = seed;
    draft_init(&s->next, "zz-next.c", 0x77);
    (void)draft_node(&s->next, 0x78, "next");
    add_commit(s, empty);
    view_free(empty);
    s->disk = disk_new(NULL);
    path_in(disk_dir(s->disk), DIR_NAME, s->dir);
    disk_begin(s->disk);
}

static void end(struct scenario *s)
{
    store_close(s->store);
    for (uint64_t i = 0; i < s->n; i++) {
        mem_free(s->commits[i].dump);
        mem_free(s->commits[i].dump_next);
        buf_release(&s->commits[i].bytes);
    }
    twin_release(&s->twin);
    disk_free(s->disk);
}

static void apply_random(struct scenario *s)
{
    struct err err = {0};
    bool valid;
    struct delta d = twin_random_delta(&s->twin, &s->rng, true, &valid);

    add_commit_of(s, &d);
    if (store_apply(s->store, &d, &err) != 0)
        fail_msg("%s", err.msg);
    disk_ack(s->disk, s->n - 1);
    twin_apply(&s->twin, &d);
    delta_release(&d);
}

/* An apply that the n-th file call from now makes fail, if it has as many. A delta that failed may
 * be found after a crash, until the next one is acknowledged: so it is a commit that never is. */
static void apply_failing(struct scenario *s, uint64_t n, int how)
{
    bool valid;
    struct delta d = twin_random_delta(&s->twin, &s->rng, true, &valid);

    add_commit_of(s, &d);
    fault_arm("io.*", n, how);
    int rc = store_apply(s->store, &d, NULL);
    fault_disarm_all();
    if (rc == 0) {
        disk_ack(s->disk, s->n - 1);
        twin_apply(&s->twin, &d);
    } else {
        const struct view *v = store_pin(s->store);
        add_commit(s, v); /* the one before, again */
        store_unpin(s->store, v);
    }
    delta_release(&d);
}

/* ---- what must hold ---- */

static bool is_refused_rightly(const struct scenario *s, const char *dir, uint64_t acked, int rc,
                               const struct err *why)
{
    bool may_be = false;

    for (uint64_t i = acked; i < s->n && i <= acked + 1; i++)
        may_be |= s->commits[i].is_damaged;
    return rc == PT_ECORRUPT && may_be && strstr(why->msg, dir) != NULL;
}

/* The damaged file must not get lost, until its bytes were never on disk or it is replaced. */
static int find_damaged(const struct commit *c, const char *dir, struct err *err)
{
    static const char *const names[] = {"graph.isg", "graph.isg.damaged-1"};
    bool found = false;

    for (size_t i = 0; i < PT_COUNT(names) && !found; i++) {
        char path[512], name[128];
        struct buf b = {0};

        (void)snprintf(name, sizeof(name), DIR_NAME "/%s", names[i]);
        path_in(dir, name, path);
        found = io_read_file(IO_CWD, path, 1 << 20, &b, NULL) == 0 &&
                slice_eq(buf_as_slice(&b), buf_as_slice(&c->bytes));
        buf_release(&b);
    }
    return found ? 0 : err_set(err, PT_ECORRUPT, "the damaged file is lost");
}

static int check_damaged(const struct scenario *s, const char *dir, uint64_t acked, struct err *err)
{
    for (uint64_t i = 0; i <= acked; i++)
        if (s->commits[i].is_damaged) {
            int rc = find_damaged(&s->commits[i], dir, err);
            if (rc != 0)
                return rc;
        }
    return 0;
}

static bool is_commit(const struct scenario *s, uint64_t from, const char *dump, bool must_be_next)
{
    for (uint64_t i = from; i < s->n; i++) {
        const struct commit *c = &s->commits[i];
        if (!c->is_damaged &&
            (strcmp(c->dump_next, dump) == 0 || (!must_be_next && strcmp(c->dump, dump) == 0)))
            return true;
    }
    return false;
}

static int check_graph(const struct scenario *s, struct store *store, uint64_t acked,
                       bool must_be_next, struct err *err)
{
    const struct view *v = store_pin(store);
    char *dump = dump_of(v);
    bool is_known = is_commit(s, acked, dump, must_be_next);

    mem_free(dump);
    store_unpin(store, v);
    return is_known ? 0
                    : err_set(err, PT_ECORRUPT, "the graph is no commit since %u%s",
                              (unsigned)acked, must_be_next ? ", with a new file" : "");
}

/* As the engine does: what is refused is set aside. */
static int open_again(const char *dir, struct store **ret, struct err *err)
{
    struct buf to = {0};
    int rc = store_open_snapshot(dir, ret, err);

    if (rc == PT_ECORRUPT && (rc = store_set_aside_snapshot(dir, &to, err)) == 0)
        rc = store_open_snapshot(dir, ret, err);
    buf_release(&to);
    return rc;
}

static int check_first_open(const struct scenario *s, const char *dir, uint64_t acked,
                            struct err *err)
{
    struct store *store;
    struct err why = {0};
    int rc = store_open_snapshot(dir, &store, &why);

    if (rc != 0)
        return is_refused_rightly(s, dir, acked, rc, &why) ? 0 : err_set(err, rc, "%s", why.msg);
    rc = check_graph(s, store, acked, false, err);
    store_close(store);
    return rc;
}

/* Sets aside what must be, applies `next`, and opens again. */
static int check_going_on(const struct scenario *s, const char *dir, uint64_t acked,
                          struct err *err)
{
    struct store *store;
    struct delta d = delta_of(&s->next, 1);
    int rc = open_again(dir, &store, err);

    if (rc == 0) {
        rc = store_apply(store, &d, err);
        store_close(store);
    }
    if (rc == 0)
        rc = store_open_snapshot(dir, &store, err);
    if (rc == 0) {
        rc = check_graph(s, store, acked, true, err);
        store_close(store);
    }
    delta_release(&d);
    return rc != 0 ? err_prefix(err, "going on") : 0;
}

static int check(void *ctx, const char *disk, uint64_t acked, struct err *err)
{
    const struct scenario *s = ctx;
    char dir[512];

    path_in(disk, DIR_NAME, dir);
    int rc = check_first_open(s, dir, acked, err);
    if (rc == 0)
        rc = check_damaged(s, disk, acked, err);
    return rc == 0 ? check_going_on(s, dir, acked, err) : rc;
}

static void crash(struct scenario *s, const char *name, uint64_t seed, struct disk_report *report)
{
    struct disk_plan plan = disk_plan(name, seed);

    disk_end(s->disk);
    plan.recrash = 8;
    plan.check = check;
    plan.ctx = s;
    disk_crash(s->disk, &plan, report);
    end(s);
}

/* Runs the scenario with each seed. */
static void crash_each(const char *name, uint64_t n_seeds,
                       void (*run)(struct scenario *s, uint64_t seed))
{
    static struct scenario s;
    struct disk_report report = {0};
    struct disk_seeds seeds = disk_seeds(n_seeds);

    for (uint64_t seed = seeds.first; seed <= seeds.last; seed++) {
        begin(&s, seed);
        run(&s, seed);
        crash(&s, name, seed, &report);
    }
    disk_report_print(name, &report);
    assert_int_equal(report.failed, 0);
}

/* ---- scenarios ---- */

static void run_commits(struct scenario *s, uint64_t seed)
{
    (void)seed;
    open_store(s);
    for (int i = 0; i < 8; i++) {
        apply_random(s);
        if (rng_below(&s->rng, 3) == 0)
            open_store(s);
    }
}

static void test_snapshot__commits_survive_power_cuts(void **state)
{
    (void)state;
    crash_each("snapshot", 6, run_commits);
}

static void run_failures(struct scenario *s, uint64_t seed)
{
    static const int ways[] = {EIO, ENOSPC, FAULT_TORN};

    (void)seed;
    open_store(s);
    apply_random(s);
    for (int i = 0; i < 8; i++) {
        apply_failing(s, 1 + rng_below(&s->rng, 12), ways[rng_below(&s->rng, PT_COUNT(ways))]);
        if (rng_below(&s->rng, 2) == 0)
            open_store(s);
        if (rng_below(&s->rng, 2) == 0)
            apply_random(s);
    }
}

static void test_snapshot__commits_that_fail_undo_none_before(void **state)
{
    (void)state;
    crash_each("snapshot with failing calls", 6, run_failures);
}

/* As if the process that made the directories was killed before it could sync. */
static void run_half_made(struct scenario *s, uint64_t seed)
{
    fault_arm("io.open", seed, EMFILE);
    int rc = store_open_snapshot(s->dir, &s->store, NULL);
    fault_disarm_all();
    assert_true(rc == 0 || rc == PT_ELIMIT || rc == PT_EIO);
    open_store(s);
    apply_random(s);
}

static void test_snapshot__directories_that_were_left_unsynced_are_synced(void **state)
{
    (void)state;
    crash_each("snapshot in a directory half made", 6, run_half_made);
}

/* Breaks a byte of the file, on disk. */
static void damage(struct scenario *s)
{
    char path[512];
    struct commit *c = &s->commits[s->n++];
    struct io_part part;
    int fd;

    store_close(s->store);
    s->store = NULL;
    path_in(s->dir, "graph.isg", path);
    *c = (struct commit){.is_damaged = true};
    assert_int_equal(io_read_file(IO_CWD, path, 1 << 20, &c->bytes, NULL), 0);
    c->bytes.p[70] ^= 1;
    assert_int_equal(io_open(IO_CWD, path, O_WRONLY, 0, &fd, NULL), 0);
    part = (struct io_part){c->bytes.p, c->bytes.n};
    assert_int_equal(io_write(fd, &part, 1, NULL), 0);
    assert_int_equal(io_sync(fd, NULL), 0);
    io_close(fd);
    disk_ack(s->disk, s->n - 1);
}

static void run_damage(struct scenario *s, uint64_t seed)
{
    struct view *empty = view_of(NULL, NULL, 0);

    (void)seed;
    open_store(s);
    for (int i = 0; i < 2; i++)
        apply_random(s);
    damage(s);
    add_commit(s, empty);
    view_free(empty);
    assert_int_equal(open_again(s->dir, &s->store, NULL), 0);
    twin_release(&s->twin);
    for (int i = 0; i < 3; i++)
        apply_random(s);
}

static void test_snapshot__damage_is_told_of_and_kept(void **state)
{
    (void)state;
    crash_each("snapshot, damaged and set aside", 6, run_damage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_snapshot__commits_survive_power_cuts),
        cmocka_unit_test(test_snapshot__commits_that_fail_undo_none_before),
        cmocka_unit_test(test_snapshot__directories_that_were_left_unsynced_are_synced),
        cmocka_unit_test(test_snapshot__damage_is_told_of_and_kept),
    };

    return RUN_TESTS(tests);
}
