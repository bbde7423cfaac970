/* The durable store: after any crash it opens, with the graph of a commit that is not older than the
 * last one acknowledged, and goes on; or it was damaged on purpose, and says so. */
#include "unit/graph/live_twin.h"

#include "base/fault.h"
#include "base/io.h"
#include "store/durable.h"
#include "support/disk.h"

#include <stdio.h>

#define COMMITS_MAX 192

struct scenario {
    struct disk *disk;
    struct durable *store;
    struct durable_options options;
    struct fixture *f;
    uint64_t digests[COMMITS_MAX]; /* of each commit; 0 is the empty graph's */
    uint64_t n;
    struct version failed; /* what the last commit was, if it failed */
    uint64_t damaged;      /* this commit is none, but a damaged store; 0: there is none */
    struct buf bytes;      /* of the damaged file: they must not get lost */
    char path[512];        /* where it is, in the store */
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
    struct view v;
    assert_int_equal(store_pin(durable_store(store), &v, NULL), PT_OK);
    uint64_t digest = digest_view(&v);
    *ret_after = view_find_file(&v, "zz.c") != NODE_NONE;
    store_unpin(durable_store(store), &v);
    return digest;
}

/* ---- the scenario ---- */

static void add_commit(struct scenario *s, const struct version *t)
{
    assert_true(s->n < COMMITS_MAX);
    s->digests[s->n++] = digest_version(t);
}

static void close_store(struct scenario *s)
{
    (void)durable_close(s->store, NULL);
    s->store = NULL;
    s->f->store = NULL;
}

static void open_store(struct scenario *s)
{
    struct err err = {0};
    close_store(s);
    if (durable_open(disk_dir(s->disk), &s->options, &s->store, NULL, &err) != PT_OK)
        fail_msg("%s", err.msg);
    s->f->store = durable_store(s->store);
}

/* A random delta, or what it makes of the graph as one that replaces all. */
static bool next_delta(struct scenario *s, bool whole, struct delta *d, struct version *next)
{
    const struct version none = {{0}};
    *next = random_change(s->f, d);
    if (memcmp(next, &none, sizeof(none)) == 0) { /* deltas want a file to refer to */
        delta_release(d);
        return false;
    }
    if (!whole)
        return true;
    delta_release(d);
    delta_init(d);
    d->replace_all = true;
    for (uint32_t i = 0; i < FILES; i++) {
        if (next->of[i] != NULL)
            assert_true(vec_push(&d->units, *next->of[i]));
    }
    return true;
}

/* The last commit that failed may be there now. */
static void reopen_after_failure(struct scenario *s)
{
    bool after;
    open_store(s);
    uint64_t digest = digest_of(s->store, &after);
    if (digest == digest_version(&s->failed))
        s->f->now = s->failed;
    else
        assert_true(digest == digest_version(&s->f->now));
}

/* One random commit; the n-th file call from now on fails (0: none does). What failed may be found
 * after a crash until another commit is acknowledged: it is a commit that never is. */
static void apply_random(struct scenario *s, bool whole, uint64_t nth, int how)
{
    struct delta d;
    struct version next;
    if (!next_delta(s, whole, &d, &next))
        return;
    add_commit(s, &next);
    if (nth != 0)
        fault_arm("io.*", nth, how);
    int rc = apply_delta(s->f, &d, NULL);
    fault_disarm_all();
    if (rc == PT_OK) {
        disk_ack(s->disk, s->n - 1);
        s->f->now = next;
    } else {
        assert_true(nth != 0);
        add_commit(s, &s->f->now); /* the one before, again */
    }
    delta_release(&d);
    s->failed = next;
    if (rc != PT_OK && below(s->f, 2)) /* else it goes on, if the store lets it */
        reopen_after_failure(s);
}

/* As apply_random without failures; but the log may have failed already. */
static void apply_or_reopen(struct scenario *s, bool whole)
{
    struct delta d;
    struct version next;
    if (!next_delta(s, whole, &d, &next))
        return;
    if (apply_delta(s->f, &d, NULL) == PT_OK) {
        add_commit(s, &next);
        disk_ack(s->disk, s->n - 1);
        s->f->now = next;
    } else {
        reopen_after_failure(s);
    }
    delta_release(&d);
}

static void begin(struct scenario *s, uint64_t seed)
{
    const struct version none = {{0}};
    memset(s, 0, sizeof(*s));
    s->options = (struct durable_options){.file_bytes = 1 << 13, .log_limit = 1 << 14};
    s->f = fixture_plan(seed);
    add_commit(s, &none);
    s->disk = disk_new(NULL);
    disk_begin(s->disk);
}

/* The first commit: an image, as who indexes a tree makes it, or a record. */
static void first_commit(struct scenario *s, uint64_t seed)
{
    s->f->first.replace_all = s->options.replace = seed % 2 != 0;
    open_store(s);
    s->options.replace = false;
    add_commit(s, &s->f->now);
    assert_int_equal(apply_delta(s->f, &s->f->first, NULL), PT_OK);
    disk_ack(s->disk, s->n - 1);
}

/* ---- what must hold ---- */

static bool is_commit(const struct scenario *s, uint64_t from, uint64_t digest)
{
    for (uint64_t i = from; i < s->n; i++) {
        if (s->digests[i] == digest && (s->damaged == 0 || i != s->damaged))
            return true;
    }
    return false;
}

/* A power cut damages nothing, and readers see what who recovers will see. */
static int check_before(const struct scenario *s, const char *dir, uint64_t *ret_digest,
                        struct err *err)
{
    const struct durable_options o = {.read_only = true};
    struct durable_check c;
    struct durable *store;
    bool has;
    int rc = durable_verify(dir, &c, err);
    if (rc != PT_OK)
        return rc;
    if (c.damages.len > 0)
        rc = err_set(err, PT_ECORRUPT, "%s: %s", c.damages.at[0].file, c.damages.at[0].what);
    durable_check_release(&c);
    if (rc == PT_OK)
        rc = durable_open(dir, &o, &store, NULL, err);
    if (rc != PT_OK)
        return rc;
    *ret_digest = digest_of(store, &has);
    (void)s;
    return durable_close(store, err);
}

static int check_once(const struct scenario *s, const char *dir, uint64_t acked, bool after,
                      struct err *err)
{
    struct durable *store;
    struct delta d = delta_after();
    uint64_t seen = 0, digest;
    bool has;
    int rc = check_before(s, dir, &seen, err);
    if (rc == PT_OK)
        rc = durable_open(dir, &s->options, &store, NULL, err);
    if (rc != PT_OK) {
        delta_release(&d);
        return rc;
    }
    digest = digest_of(store, &has);
    if (!is_commit(s, acked, digest))
        rc = err_set(err, PT_ECORRUPT, "the graph is no commit since %u", (unsigned)acked);
    else if (digest != seen)
        rc = err_set(err, PT_ECORRUPT, "who only reads sees another commit");
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

/* The damaged file must not get lost, under its name or the one that it was given. */
static int find_damaged(const struct scenario *s, const char *dir, struct err *err)
{
    static const char *const suffixes[] = {"", ".damaged-1"};
    bool found = false;
    for (size_t i = 0; i < PT_COUNT(suffixes) && !found; i++) {
        char path[1100];
        struct buf b = {0};
        (void)snprintf(path, sizeof(path), "%s/%s%s", dir, s->path, suffixes[i]);
        found = io_read_file(IO_CWD, path, 1 << 24, &b, NULL) == PT_OK &&
                slice_eq(buf_as_slice(&b), buf_as_slice(&s->bytes));
        buf_release(&b);
    }
    return found ? PT_OK : err_set(err, PT_ECORRUPT, "the damaged file is lost");
}

/* Refused as long as nothing took its place; then it must be set aside, as the engine does. */
static int check_refused(const struct scenario *s, const char *dir, uint64_t acked, struct err *err)
{
    struct durable *store = NULL;
    struct buf names = {0};
    struct err why = {0};
    int rc = durable_open(dir, &s->options, &store, NULL, &why);
    (void)durable_close(store, NULL);
    if (acked >= s->damaged) {
        int found = find_damaged(s, dir, err);
        if (found != PT_OK)
            return found;
    }
    if (rc == PT_OK)
        return PT_OK;
    /* refused: rightly, if the damage may be there and nothing has come after it */
    if (rc != PT_ECORRUPT || acked + 1 < s->damaged || acked > s->damaged ||
        strstr(why.msg, dir) == NULL)
        return err_set(err, rc, "%s", why.msg);
    rc = durable_set_aside(dir, &names, err);
    buf_release(&names);
    return rc;
}

static int check(void *ctx, const char *dir, uint64_t acked, struct err *err)
{
    const struct scenario *s = ctx;
    int rc = s->damaged != 0 ? check_refused(s, dir, acked, err) : PT_OK;
    if (rc == PT_OK)
        rc = check_once(s, dir, acked, false, err);
    return rc == PT_OK ? check_once(s, dir, acked, true, err) : rc;
}

static void crash_each(const char *name, uint64_t n_seeds, uint32_t recrash,
                       void (*run)(struct scenario *s, uint64_t seed))
{
    static struct scenario s;
    struct disk_report report = {0};
    struct disk_seeds seeds = disk_seeds(n_seeds);
    for (uint64_t seed = seeds.first; seed <= seeds.last; seed++) {
        struct disk_plan plan = disk_plan(name, seed);
        begin(&s, seed);
        run(&s, seed);
        close_store(&s);
        disk_end(s.disk);
        plan.all = (plan.all + ONE_IN - 1) / ONE_IN;
        plan.extremes = (plan.extremes + ONE_IN - 1) / ONE_IN;
        plan.samples = (plan.samples + ONE_IN - 1) / ONE_IN;
        plan.recrash = recrash;
        plan.check = check;
        plan.ctx = &s;
        disk_crash(s.disk, &plan, &report);
        fixture_free(s.f);
        buf_release(&s.bytes);
        disk_free(s.disk);
    }
    disk_report_print(name, &report);
    assert_int_equal(report.failed, 0);
}

/* ---- scenarios ---- */

static void run_first(struct scenario *s, uint64_t seed)
{
    first_commit(s, seed);
    apply_random(s, seed % 4 >= 2, 0, 0);
}

static void test_durable__first_commits_survive_power_cuts(void **state)
{
    (void)state;
    crash_each("durable, the first commits", 4, 200, run_first);
}

static void run_commits(struct scenario *s, uint64_t seed)
{
    first_commit(s, seed);
    for (uint32_t i = 0; i < 8; i++) {
        apply_random(s, below(s->f, 5) == 0, 0, 0);
        if (below(s->f, 4) == 0)
            assert_int_equal(durable_snapshot(s->store, NULL), PT_OK);
        if (below(s->f, 4) == 0)
            open_store(s);
    }
}

static void test_durable__commits_survive_power_cuts(void **state)
{
    (void)state;
    crash_each("durable", 2, 300, run_commits);
}

static void run_failures(struct scenario *s, uint64_t seed)
{
    static const int ways[] = {EIO, ENOSPC, FAULT_TORN};
    first_commit(s, seed);
    for (uint32_t i = 0; i < 6; i++) {
        bool whole = below(s->f, 3) == 0;
        apply_random(s, whole, 1 + below(s->f, whole ? 24 : 6), ways[below(s->f, 3)]);
        if (below(s->f, 2))
            apply_or_reopen(s, below(s->f, 4) == 0);
    }
}

static void test_durable__commits_that_fail_undo_none_before(void **state)
{
    (void)state;
    crash_each("durable with failing calls", 3, 200, run_failures);
}

/* Snapshots are taken, and graphs compacted, by a thread beside the commits. */
static void run_beside(struct scenario *s, uint64_t seed)
{
    s->options.background = true;
    s->options.log_limit = 1 << 11;
    s->options.file_bytes = seed % 2 ? 1 << 13 : 1; /* or each record in a file of its own */
    first_commit(s, seed);
    for (uint32_t i = 0; i < 10; i++) {
        apply_random(s, below(s->f, 8) == 0, 0, 0);
        if (below(s->f, 3) == 0)
            assert_int_equal(durable_settle(s->store, NULL), PT_OK);
        if (below(s->f, 6) == 0)
            open_store(s);
    }
    close_store(s);
    s->options.background = false; /* of the checks */
}

static void test_durable__snapshots_beside_commits_survive_power_cuts(void **state)
{
    (void)state;
    crash_each("durable with a thread beside", 2, 300, run_beside);
}

/* A byte of the newest image, or of the log, becomes another, on disk. */
static int take_name(void *ctx, const char *name, enum io_kind kind)
{
    struct scenario *s = ctx;
    (void)kind;
    if (strstr(name, s->f->rng % 2 ? ".image" : ".isl") != NULL && strcmp(name, s->path) > 0)
        (void)snprintf(s->path, sizeof(s->path), "%s", name);
    return 0;
}

static void damage(struct scenario *s)
{
    char path[1100];
    struct io_part part;
    int fd;
    close_store(s);
    assert_int_equal(io_open_dir(disk_dir(s->disk), &fd, NULL), PT_OK);
    assert_int_equal(io_list(fd, take_name, s, NULL), PT_OK);
    io_close(fd);
    (void)snprintf(path, sizeof(path), "%s/%s", disk_dir(s->disk), s->path);
    assert_int_equal(io_read_file(IO_CWD, path, 1 << 24, &s->bytes, NULL), PT_OK);
    s->bytes.p[70] ^= 1;
    part = (struct io_part){s->bytes.p + 70, 1};
    s->damaged = s->n;
    s->digests[s->n++] = 0;
    assert_int_equal(io_open(IO_CWD, path, O_WRONLY, 0, &fd, NULL), PT_OK);
    /* the last mark too: a log without it proves nothing (store/wal_file.h) */
    assert_int_equal(io_sync(fd, NULL), PT_OK);
    assert_int_equal(io_write_at(fd, 70, &part, 1, NULL), PT_OK);
    assert_int_equal(io_sync(fd, NULL), PT_OK);
    io_close(fd);
    disk_ack(s->disk, s->damaged);
}

static void run_damage(struct scenario *s, uint64_t seed)
{
    const struct version none = {{0}};
    struct buf names = {0};
    struct durable *store = NULL;
    first_commit(s, 1);
    apply_random(s, seed % 4 < 2, 0, 0);
    apply_random(s, false, 0, 0);
    s->f->rng = s->f->rng / 2 * 2 + seed % 2;
    damage(s);
    assert_int_equal(durable_open(disk_dir(s->disk), &s->options, &store, NULL, NULL), PT_ECORRUPT);
    add_commit(s, &none);
    assert_int_equal(durable_set_aside(disk_dir(s->disk), &names, NULL), PT_OK);
    disk_ack(s->disk, s->n - 1);
    buf_release(&names);
    for (uint32_t i = 0; i < FILES; i++) /* begins anew */
        s->f->now.of[i] = &s->f->first.units.at[i];
    first_commit(s, seed);
    apply_random(s, false, 0, 0);
}

static void test_durable__damage_is_told_of_and_kept(void **state)
{
    (void)state;
    crash_each("durable, damaged and set aside", 4, 0, run_damage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_durable__first_commits_survive_power_cuts),
        cmocka_unit_test(test_durable__commits_survive_power_cuts),
        cmocka_unit_test(test_durable__commits_that_fail_undo_none_before),
        cmocka_unit_test(test_durable__snapshots_beside_commits_survive_power_cuts),
        cmocka_unit_test(test_durable__damage_is_told_of_and_kept),
    };
    int failed = RUN_TESTS(tests);
    disk_total_print();
    return failed;
}
