/* The log: after any crash it opens, what was synced is replayed, and what is replayed is one
 * history: each record names the one that it was appended behind (L1, L2, L4, L6 of store/wal.h). */
#include "base/codec.h"
#include "base/fault.h"
#include "store/wal.h"
#include "support/disk.h"
#include "unit/base/support.h"

#define IDS_MAX 256
#define ID_NEXT UINT32_MAX          /* of records that checks append */
#define ID_SKIPPED (UINT32_MAX - 1) /* of numbers that an image took */
#define SIZE_MIN 8
#define COVERED_SHIFT 32

struct scenario {
    struct disk *disk;
    struct wal_options o;
    struct wal *w;
    uint64_t rng;
    uint32_t n_ids; /* of records that were ever appended, or tried to be */
    uint32_t size[IDS_MAX];
    uint32_t at[IDS_MAX]; /* by sequence number: which record is there */
};

static void fill(const struct scenario *s, uint32_t id, uint32_t behind, uint8_t *p, uint32_t n)
{
    (void)s;
    codec_put32(p, id);
    codec_put32(p + 4, behind);
    for (uint32_t i = SIZE_MIN; i < n; i++)
        p[i] = (uint8_t)(id + i);
}

/* ---- the scenario's side ---- */

static int take_record(void *ctx, uint64_t seq, const uint8_t *p, size_t n)
{
    struct scenario *s = ctx;

    assert_true(n >= SIZE_MIN && seq < IDS_MAX);
    s->at[seq] = codec_get32(p);
    return 0;
}

/* What is synced must not get lost; and of what a snapshot covers, nothing is needed. */
static void ack(struct scenario *s)
{
    disk_ack(s->disk, s->o.covered << COVERED_SHIFT | wal_synced_seq(s->w));
}

static void open_log(struct scenario *s)
{
    struct err err = {0};

    (void)wal_close(s->w, NULL);
    s->w = NULL;
    if (wal_open(disk_dir(s->disk), &s->o, take_record, s, &s->w, NULL, &err) != 0)
        fail_msg("%s", err.msg);
    assert_int_equal(wal_synced_seq(s->w), wal_last_seq(s->w));
    ack(s);
}

static int append(struct scenario *s)
{
    uint8_t payload[1024];
    uint32_t id = s->n_ids++,
             n = rng_below(&s->rng, 4) ? 16 : SIZE_MIN + (uint32_t)rng_below(&s->rng, 90);
    uint64_t seq = wal_last_seq(s->w) + 1;

    assert_true(s->n_ids <= IDS_MAX && seq < IDS_MAX);
    if (rng_below(&s->rng, 6) == 0)
        n = 1000;
    s->size[id] = n;
    fill(s, id, s->at[seq - 1], payload, n);
    struct io_part parts[] = {{payload, n / 2}, {payload + n / 2, n - n / 2}};
    int rc = wal_append(s->w, parts, 2, NULL, NULL);
    if (rc == 0)
        s->at[seq] = id;
    return rc;
}

/* An image takes numbers that the log never sees. Who made it has synced the log before. */
static int skip_some(struct scenario *s)
{
    int rc = wal_sync(s->w, NULL);
    uint64_t upto = wal_last_seq(s->w) + 1 + rng_below(&s->rng, 3);

    if (rc != 0 || rng_below(&s->rng, 2))
        return rc;
    assert_true(upto < IDS_MAX);
    for (uint64_t seq = wal_last_seq(s->w) + 1; seq <= upto; seq++)
        s->at[seq] = ID_SKIPPED;
    s->o.covered = upto;
    ack(s); /* the image is durable; the log does not know yet */
    wal_skip(s->w, upto);
    ack(s);
    return 0;
}

static int step(struct scenario *s)
{
    int rc = 0;

    switch (rng_below(&s->rng, 13)) {
    case 12: rc = skip_some(s); break;
    case 0: rc = wal_rotate(s->w, NULL); break;
    case 1: /* a snapshot */
        s->o.covered += rng_below(&s->rng, wal_synced_seq(s->w) - s->o.covered + 1);
        ack(s);
        rc = wal_forget(s->w, s->o.covered, NULL);
        break;
    case 2: rc = wal_sync(s->w, NULL); break;
    case 3:
    case 4:
    case 5: rc = wal_commit(s->w, NULL); break;
    default: rc = append(s);
    }
    ack(s);
    return rc;
}

/* ---- what must hold ---- */

struct replay {
    const struct scenario *s;
    uint64_t acked, last_seq;
    uint32_t last_id;
    bool knows_last; /* not yet, at the first that is not covered */
    struct err *err;
};

static int check_record(void *ctx, uint64_t seq, const uint8_t *p, size_t n)
{
    struct replay *r = ctx;
    uint8_t want[1024];
    uint32_t id = n >= SIZE_MIN ? codec_get32(p) : ID_NEXT - 2;

    if (seq != r->last_seq + 1 || (id != ID_NEXT && id >= r->s->n_ids))
        return err_set(r->err, PT_ECORRUPT, "record %u is none", (unsigned)seq);
    if (seq <= r->acked && id != r->s->at[seq])
        return err_set(r->err, PT_ECORRUPT, "record %u was acknowledged and is another",
                       (unsigned)seq);
    fill(r->s, id, codec_get32(p + 4), want, (uint32_t)n);
    if (n != (id == ID_NEXT ? SIZE_MIN : r->s->size[id]) || memcmp(p, want, n) != 0)
        return err_set(r->err, PT_ECORRUPT, "record %u has other bytes", (unsigned)seq);
    if (r->knows_last && codec_get32(p + 4) != r->last_id)
        return err_set(r->err, PT_ECORRUPT, "record %u was written behind another one",
                       (unsigned)seq);
    r->last_seq = seq;
    r->last_id = id;
    r->knows_last = true;
    return 0;
}

static int reopen(struct replay *r, const char *dir, uint64_t covered, struct wal **ret)
{
    struct wal_options o = r->s->o;

    o.covered = r->last_seq = covered;
    r->knows_last = false;
    int rc = wal_open(dir, &o, check_record, r, ret, NULL, r->err);
    if (rc == 0 && r->last_seq < r->acked) {
        (void)wal_close(*ret, NULL);
        rc = err_set(r->err, PT_ECORRUPT, "%u records were acknowledged, %u are there",
                     (unsigned)r->acked, (unsigned)r->last_seq);
    }
    return rc;
}

static int check(void *ctx, const char *dir, uint64_t acked, struct err *err)
{
    const struct scenario *s = ctx;
    uint64_t covered = acked >> COVERED_SHIFT;
    struct replay r = {.s = s, .acked = (uint32_t)acked, .err = err};
    uint8_t next[SIZE_MIN];
    struct io_part part = {next, sizeof(next)};
    struct wal *w;
    int rc = reopen(&r, dir, covered, &w);

    if (rc != 0)
        return rc;
    fill(s, ID_NEXT, r.knows_last ? r.last_id : s->at[r.last_seq], next, sizeof(next));
    rc = wal_append(w, &part, 1, NULL, err);
    if (rc == 0)
        rc = wal_commit(w, err);
    if (rc == 0)
        rc = wal_rotate(w, err);
    uint64_t last = wal_last_seq(w);
    (void)wal_close(w, NULL);
    if (rc == 0 && (rc = reopen(&r, dir, covered, &w)) == 0) {
        (void)wal_close(w, NULL);
        if (r.last_seq != last || r.last_id != ID_NEXT)
            rc = err_set(err, PT_ECORRUPT, "a record that was appended then is lost");
    }
    return rc;
}

static void crash_each(const char *name, uint64_t n_seeds, void (*run)(struct scenario *s))
{
    static struct scenario s;
    struct disk_report report = {0};
    struct disk_seeds seeds = disk_seeds(n_seeds);

    for (uint64_t seed = seeds.first; seed <= seeds.last; seed++) {
        s = (struct scenario){.rng = seed, .disk = disk_new(NULL), .n_ids = 1};
        s.o = (struct wal_options){.id = "a store", .create = true, .file_bytes = 2048};
        s.o.durability = seed % 2 ? WAL_COMMIT : WAL_OS;
        disk_begin(s.disk);
        run(&s);
        disk_end(s.disk);
        (void)wal_close(s.w, NULL);
        struct disk_plan plan = disk_plan(name, seed);
        plan.recrash = 16;
        plan.check = check;
        plan.ctx = &s;
        disk_crash(s.disk, &plan, &report);
        disk_free(s.disk);
    }
    disk_report_print(name, &report);
    assert_int_equal(report.failed, 0);
}

/* ---- scenarios ---- */

static void run_steps(struct scenario *s)
{
    open_log(s);
    for (int i = 0; i < 40; i++) {
        assert_int_equal(step(s), 0);
        if (rng_below(&s->rng, 12) == 0)
            open_log(s);
    }
}

static void test_wal__what_was_synced_survives_power_cuts(void **state)
{
    (void)state;
    crash_each("log", 10, run_steps);
}

/* After a failed sync the disk may keep what it had for ever, though the system says otherwise. */
static void run_failures(struct scenario *s)
{
    static const int ways[] = {EIO, ENOSPC, FAULT_TORN, FAULT_SHORT};

    open_log(s);
    for (int i = 0; i < 40; i++) {
        if (rng_below(&s->rng, 5) == 0)
            fault_arm(rng_below(&s->rng, 2) ? "io.sync" : "io.*", 1 + rng_below(&s->rng, 4),
                      ways[rng_below(&s->rng, PT_COUNT(ways))]);
        int rc = step(s);
        fault_disarm_all();
        if (rc != 0 && rng_below(&s->rng, 2))
            open_log(s);
    }
}

static void test_wal__failing_calls_lose_nothing_that_was_synced(void **state)
{
    (void)state;
    crash_each("log with failing calls", 16, run_failures);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wal__what_was_synced_survives_power_cuts),
        cmocka_unit_test(test_wal__failing_calls_lose_nothing_that_was_synced),
    };

    int failed = RUN_TESTS(tests);
    disk_total_print();
    return failed;
}
