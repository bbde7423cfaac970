/* The log against a naive list: what was acknowledged comes back, whatever happens to the process,
 * the machine or the disk (L1 - L6 of store/wal.h); and damage is told apart from torn tails. One
 * long file, as all of it needs the list and the same ways to look at files from outside. Reading
 * beside a writer, and numbers that are skipped: test_wal_read.c. */
#include "unit/store/log.h"

#include <sys/mman.h>
#include <sys/wait.h>

/* ---- what comes back ---- */

static void test_wal__records_come_back_in_order(void **state)
{
    struct fixture *f = *state;

    must_open(f);
    assert_int_equal(f->report.files, 1);
    assert_string_equal(f->report.notice, "");
    for (uint32_t i = 0; i < 20; i++)
        append(f, i);
    assert_int_equal(commit(f), 0);
    assert_int_equal(wal_synced_seq(f->w), 20);
    uint64_t bytes = wal_bytes(f->w);
    close_log(f);
    must_open(f);
    assert_int_equal(f->replayed, 20);
    assert_int_equal(wal_bytes(f->w), bytes);
    assert_int_equal(f->report.bytes, bytes);
    assert_string_equal(f->report.notice, "");
    assert_int_equal(wal_close(NULL, NULL), 0);
}

/* An image takes numbers that the log never sees. */
static void skip_some(struct fixture *f, uint64_t by)
{
    assert_int_equal(wal_sync(f->w, NULL), 0);
    f->n += by;
    f->acknowledged = f->o.covered = f->n;
    wal_skip(f->w, f->n);
}

static void random_step(struct fixture *f)
{
    switch (rng_below(&f->rng, 22)) {
    case 20:
        if (rng_below(&f->rng, 4) == 0)
            skip_some(f, 1 + rng_below(&f->rng, 4));
        break;
    case 0:
        assert_int_equal(wal_sync(f->w, NULL), 0);
        f->acknowledged = f->n;
        break;
    case 1: assert_int_equal(wal_rotate(f->w, NULL), 0); break;
    case 2: /* a snapshot, and what it makes superfluous */
        assert_int_equal(wal_sync(f->w, NULL), 0);
        f->acknowledged = f->n;
        f->o.covered += rng_below(&f->rng, f->n - f->o.covered + 1);
        assert_int_equal(wal_forget(f->w, f->o.covered, NULL), 0);
        break;
    case 3:
        close_log(f);
        f->acknowledged = f->n;
        f->o.file_bytes = 100 + rng_below(&f->rng, 8000);
        f->o.durability = (enum wal_durability)rng_below(&f->rng, 3);
        must_open(f);
        break;
    case 4:
    case 5:
    case 6:
        assert_int_equal(wal_commit(f->w, NULL), 0);
        if (f->o.durability == WAL_COMMIT)
            assert_int_equal(wal_synced_seq(f->w), f->n);
        break;
    default: append(f, some_size(f));
    }
    assert_int_equal(wal_last_seq(f->w), f->n);
}

static void test_wal__does_what_a_list_does(void **state)
{
    struct fixture *f = *state;

    for (uint64_t seed = 1; seed <= 8; seed++) {
        print_message("seed %llu\n", (unsigned long long)seed);
        nftw(f->dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
        assert_int_equal(mkdir(f->dir, 0700), 0);
        f->rng = seed;
        f->n = f->acknowledged = f->o.covered = 0;
        must_open(f);
        for (int i = 0; i < 600; i++)
            random_step(f);
        close_log(f);
    }
}

static void test_wal__a_full_file_is_followed_by_another(void **state)
{
    struct fixture *f = *state;

    must_open(f);
    for (int i = 0; i < 30; i++)
        append(f, 500);
    close_log(f);
    must_open(f);
    assert_true(f->report.files >= 4);
    for (uint64_t first = 1; first < f->n;) {
        size_t n;
        uint8_t *p = read_whole(file_path(f, first), &n);
        struct wal_scan scan;

        assert_true(n <= f->o.file_bytes + WAL_FRAME_SIZE);
        assert_int_equal(wal_scan(p, n, &(struct wal_reading){.first_seq = first}, &scan, NULL), 0);
        first = scan.last_seq + 1;
        free(p);
    }
}

static void test_wal__large_records_come_back(void **state)
{
    struct fixture *f = *state;

    must_open(f);
    append(f, 10);
    append(f, 3 << 20);
    append(f, 10);
    append(f, (1 << 20) + 1);
    append(f, (1 << 20) - 16);
    close_log(f);
    must_open(f);
    assert_int_equal(f->replayed, 5);
}

static void test_wal__a_record_may_not_be_too_large(void **state)
{
    struct fixture *f = *state;
    struct io_part parts[2] = {{"x", 1}, {"x", WAL_PAYLOAD_MAX}};

    must_open(f);
    assert_int_equal(wal_append(f->w, parts, 2, NULL, NULL), PT_ELIMIT);
    parts[1].n = SIZE_MAX;
    assert_int_equal(wal_append(f->w, parts, 2, NULL, NULL), PT_ELIMIT);
    append(f, 3);
}

static void test_wal__a_group_takes_one_sync(void **state)
{
    struct fixture *f = *state;

    f->o.file_bytes = 1 << 20;
    must_open(f);
    append(f, 10);
    assert_int_equal(commit(f), 0);
    fault_arm("io.sync", 0, EIO);
    for (int i = 0; i < 50; i++)
        append(f, 100);
    assert_int_equal(commit(f), 0);
    assert_int_equal(commit(f), 0);
    assert_int_equal(fault_count("io.sync"), 1);
}

static void test_wal__durability_interval_and_os_wait_with_the_sync(void **state)
{
    struct fixture *f = *state;

    f->o.durability = WAL_INTERVAL;
    f->o.interval_ms = 20;
    must_open(f);
    assert_int_equal(wal_due_ns(f->w), UINT64_MAX);
    append(f, 10);
    append(f, 10);
    uint64_t due = wal_due_ns(f->w);
    assert_true(due <= clock_now_ns() + 20 * CLOCK_NS_PER_MS);
    assert_int_equal(wal_commit(f->w, NULL), 0);
    if (clock_now_ns() < due)
        assert_int_equal(wal_synced_seq(f->w), 0);
    while (clock_now_ns() < due)
        (void)usleep(1000);
    assert_int_equal(wal_commit(f->w, NULL), 0);
    assert_int_equal(wal_synced_seq(f->w), 2);
    assert_int_equal(wal_due_ns(f->w), UINT64_MAX);
    close_log(f);

    f->o.durability = WAL_OS;
    must_open(f);
    append(f, 10);
    assert_int_equal(wal_commit(f->w, NULL), 0);
    assert_int_equal(wal_synced_seq(f->w), 2);
    assert_int_equal(wal_due_ns(f->w), UINT64_MAX);
    close_log(f);
    must_open(f);
    assert_int_equal(f->replayed, 3);
}

/* ---- snapshots ---- */

static void test_wal__covered_records_are_not_replayed(void **state)
{
    struct fixture *f = *state;

    must_open(f);
    for (int i = 0; i < 30; i++)
        append(f, 500);
    close_log(f);
    for (f->o.covered = 0; f->o.covered <= 30; f->o.covered++) {
        must_open(f);
        assert_int_equal(f->replayed, 30);
        close_log(f);
    }
}

static void test_wal__a_snapshot_may_know_more_than_the_log(void **state)
{
    struct fixture *f = *state;

    must_open(f);
    append(f, 10);
    close_log(f);
    f->o.covered = 7;
    f->n = f->acknowledged = 7;
    must_open(f);
    append(f, 10);
    assert_int_equal(f->n, 8);
    close_log(f);
    must_open(f);
    assert_int_equal(f->replayed, 8);
    close_log(f);
    f->o.covered = 3;
    expect_refused(f, PT_ECORRUPT, file_path(f, 1), "the next file begins with 8");
}

static void test_wal__only_covered_files_are_forgotten(void **state)
{
    struct fixture *f = *state;

    must_open(f);
    for (int i = 0; i < 30; i++)
        append(f, 500);
    assert_int_equal(commit(f), 0);
    uint64_t bytes = wal_bytes(f->w);
    assert_int_equal(wal_forget(f->w, 3, NULL), 0);
    assert_int_equal(wal_bytes(f->w), bytes);
    assert_int_equal(wal_forget(f->w, 16, NULL), 0);
    assert_true(wal_bytes(f->w) < bytes);
    close_log(f);
    f->o.covered = 16;
    must_open(f);
    assert_int_equal(f->replayed, 30);
    assert_int_equal(wal_forget(f->w, 30, NULL), 0);
    assert_int_equal(access(file_path(f, 1), F_OK), -1);
    close_log(f);
    f->o.covered = 0;
    expect_refused(f, PT_ECORRUPT, "record 1 is needed", WAL_REBUILD);
    f->o.covered = 30;
    must_open(f);
    assert_int_equal(wal_rotate(f->w, NULL), 0);
    assert_int_equal(wal_rotate(f->w, NULL), 0);
    assert_int_equal(wal_forget(f->w, 30, NULL), 0);
    assert_int_equal(wal_bytes(f->w), WAL_HEADER_SIZE);
    assert_int_equal(access(file_path(f, 31), F_OK), 0);
}

/* ---- other files, other stores ---- */

static void test_wal__other_files_in_the_directory_are_ignored(void **state)
{
    static const char *const names[] = {"log-1.isl",
                                        "log-000000000000000A.isl",
                                        "log-0000000000000005.isl.damaged-1",
                                        "xlog-0000000000000005.isl",
                                        "log-0000000000000005.isx",
                                        "graph.isg",
                                        "log-000000000000000g.isl"};
    struct fixture *f = *state;
    char path[128];

    for (size_t i = 0; i < PT_COUNT(names); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", f->dir, names[i]);
        write_whole(path, (const uint8_t *)"foreign", 7);
    }
    must_open(f);
    append(f, 10);
    close_log(f);
    must_open(f);
    assert_int_equal(f->replayed, 1);
    for (size_t i = 0; i < PT_COUNT(names); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", f->dir, names[i]);
        expect_file(path, (const uint8_t *)"foreign", 7);
    }
}

static void test_wal__files_of_two_stores_are_not_mixed(void **state)
{
    struct fixture *f = *state;
    size_t n;

    must_open(f);
    append(f, 10);
    close_log(f);
    f->o.id[0]++;
    expect_refused(f, PT_ECORRUPT, file_path(f, 1), "belongs to another store");
    f->o.id[0]--;
    uint8_t *p = read_whole(file_path(f, 1), &n);
    write_whole(file_path(f, 2), p, n);
    expect_refused(f, PT_ECORRUPT, file_path(f, 2), "first record is 1");
    assert_int_equal(remove(file_path(f, 2)), 0);

    /* A frame of another file is not a frame of this one. */
    uint8_t header[WAL_HEADER_SIZE], id[WAL_ID_SIZE] = "another store!!";
    wal_put_header(header, id, 1);
    memcpy(p, header, sizeof(header));
    struct wal_scan scan;
    assert_int_equal(wal_scan(p, n, &(struct wal_reading){.may_be_torn = true}, &scan, NULL), 0);
    assert_int_equal(scan.last_seq, 0);
    free(p);
}

static void test_wal__what_is_no_file_is_refused(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(mkdir(file_path(f, 1), 0700), 0);
    expect_refused(f, PT_ECORRUPT, "no regular file", "");
    assert_int_equal(rmdir(file_path(f, 1)), 0);
    f->o.create = false;
    expect_refused(f, PT_ENOENT, "no log", f->dir);
}

static void test_wal__another_version_is_refused_by_name(void **state)
{
    struct fixture *f = *state;
    size_t n;

    must_open(f);
    close_log(f);
    uint8_t *p = read_whole(file_path(f, 1), &n);
    codec_put32(p + 8, 77);
    codec_put32(p + 60, crc32c(0, p, 60));
    write_whole(file_path(f, 1), p, n);
    expect_refused(f, PT_EVERSION, "log of version 77", file_path(f, 1));
    free(p);
}

static int stop_at_3(void *ctx, uint64_t seq, const uint8_t *payload, size_t n)
{
    (void)ctx;
    (void)payload;
    (void)n;
    return seq == 3 ? PT_ECORRUPT : 0;
}

static void test_wal__replay_may_stop_the_opening(void **state)
{
    struct fixture *f = *state;
    struct err err = {0};

    must_open(f);
    for (int i = 0; i < 5; i++)
        append(f, 10);
    close_log(f);
    assert_int_equal(wal_open(f->dir, &f->o, stop_at_3, NULL, &f->w, NULL, &err), PT_ECORRUPT);
    assert_string_equal(err.msg, "");
    assert_null(f->w);
    must_open(f);
    assert_int_equal(f->replayed, 5);
}

/* ---- damage ---- */

/* Three groups of records, the last acknowledged; closed. */
static uint8_t *small_log(struct fixture *f, size_t *ret_n)
{
    f->o.file_bytes = 1024;
    must_open(f);
    for (uint32_t i = 0; i < 7; i++) {
        append(f, 10 + i);
        if (i == 0 || i == 3)
            assert_int_equal(commit(f), 0);
    }
    assert_int_equal(commit(f), 0);
    close_log(f);
    return read_whole(file_path(f, f->n > 7 ? f->n - 6 : 1), ret_n);
}

/* The newest file cut short anywhere: it may be a torn tail, and ends with its last whole
 * record. */
static void test_wal__a_file_cut_short_ends_at_its_last_whole_record(void **state)
{
    struct fixture *f = *state;
    size_t n;
    uint8_t *p = small_log(f, &n);

    f->acknowledged = 0;
    for (size_t cut = 0; cut <= n; cut++) {
        write_whole(file_path(f, 1), p, cut);
        if (cut < WAL_HEADER_SIZE) {
            expect_refused(f, PT_ECORRUPT, "offset 0", file_path(f, 1));
            expect_file(file_path(f, 1), p, cut);
            continue;
        }
        uint64_t end = used_bytes(p, cut), n_before = f->n;
        assert_int_equal(open_log(f), 0);
        assert_int_equal(wal_last_seq(f->w), f->replayed);
        assert_int_equal(f->report.torn != 0, f->report.notice[0] != '\0');
        assert_true(f->report.torn <= cut - end);
        close_log(f);
        must_open(f);
        assert_int_equal(f->report.torn, 0);
        close_log(f);
        f->n = n_before;
        f->acknowledged = 0;
    }
    free(p);
}

/* A file that others follow must be whole. */
static void test_wal__an_older_file_cut_short_is_refused(void **state)
{
    struct fixture *f = *state;
    size_t n;
    uint8_t *p = small_log(f, &n);
    uint64_t end = used_bytes(p, n);

    must_open(f);
    assert_int_equal(wal_rotate(f->w, NULL), 0);
    close_log(f);
    for (size_t cut = 0; cut <= n; cut++) {
        write_whole(file_path(f, 1), p, cut);
        if (cut >= end - WAL_FRAME_SIZE && (cut >= end || cut == end - WAL_FRAME_SIZE)) {
            must_open(f); /* only a mark is gone, and the zeros */
            assert_int_equal(f->replayed, 7);
            close_log(f);
        } else if (cut < end - WAL_FRAME_SIZE) {
            expect_refused(f, PT_ECORRUPT, file_path(f, 1), WAL_REBUILD);
            expect_file(file_path(f, 1), p, cut);
        }
    }
    assert_int_equal(remove(file_path(f, 1)), 0);
    expect_refused(f, PT_ECORRUPT, "record 1 is needed", f->dir);
    free(p);
}

/* L3. One flipped bit anywhere: wal_open refuses and changes nothing, or all that was acknowledged
 * comes back. It may not be refused only where no record is: in the last mark or behind it. */
static void flip_every_bit(struct fixture *f, uint64_t first, bool is_newest)
{
    size_t n;
    uint8_t *p = read_whole(file_path(f, first), &n);
    uint64_t end = used_bytes(p, n);

    for (size_t i = 0; i < n * 8; i++) {
        p[i / 8] ^= (uint8_t)(1 << i % 8);
        write_whole(file_path(f, first), p, n);
        int rc = open_log(f);
        if (rc == 0) {
            assert_true(is_newest && i / 8 >= end - WAL_FRAME_SIZE);
            assert_int_equal(f->replayed, f->acknowledged);
            assert_true(f->report.torn > 0);
            close_log(f);
        } else {
            assert_true(rc == PT_ECORRUPT || (rc == PT_EVERSION && i / 8 < WAL_HEADER_SIZE));
            assert_non_null(strstr(f->err.msg, file_path(f, first)));
            expect_file(file_path(f, first), p, n);
        }
        p[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    write_whole(file_path(f, first), p, n);
    free(p);
}

static void test_wal__a_flipped_bit_never_costs_a_record_unseen(void **state)
{
    struct fixture *f = *state;
    size_t n;

    free(small_log(f, &n));
    flip_every_bit(f, 1, true);
    must_open(f);
    assert_int_equal(wal_rotate(f->w, NULL), 0);
    close_log(f);
    free(small_log(f, &n));
    flip_every_bit(f, 1, false);
    flip_every_bit(f, 8, true);
    must_open(f);
    assert_int_equal(f->replayed, 14);
}

static void test_wal__a_missing_file_is_named(void **state)
{
    struct fixture *f = *state;

    must_open(f);
    for (int i = 0; i < 3; i++) {
        append(f, 10);
        assert_int_equal(wal_rotate(f->w, NULL), 0);
    }
    append(f, 10);
    close_log(f);
    assert_int_equal(remove(file_path(f, 2)), 0);
    expect_refused(f, PT_ECORRUPT, file_path(f, 1), "the next file begins with 3");
    assert_non_null(strstr(f->err.msg, WAL_REBUILD));
    assert_int_equal(remove(file_path(f, 1)), 0);
    expect_refused(f, PT_ECORRUPT, "begins with record 3", "record 1 is needed");
    f->o.covered = 2;
    f->acknowledged = 0;
    must_open(f);
    assert_int_equal(f->replayed, 4);
}

static void test_wal__damage_names_file_offset_and_remedy(void **state)
{
    struct fixture *f = *state;
    size_t n;
    uint8_t *p = small_log(f, &n);

    p[WAL_HEADER_SIZE + 20]++; /* in record 1 */
    write_whole(file_path(f, 1), p, n);
    expect_refused(f, PT_ECORRUPT, "offset 64: damaged; record 1 should be there", WAL_REBUILD);
    free(p);
}

static void test_wal__damaged_files_are_set_aside(void **state)
{
    struct fixture *f = *state;
    struct buf names = {0};
    char path[160];

    for (int i = 1; i <= 2; i++) {
        f->n = f->acknowledged = 0;
        must_open(f);
        append(f, 10);
        close_log(f);
        assert_int_equal(wal_set_aside(f->dir, &names, NULL), 0);
        (void)snprintf(path, sizeof(path), "%s.damaged-%d", file_path(f, 1), i);
        assert_int_equal(access(path, F_OK), 0);
        assert_string_equal(buf_cstr(&names), strrchr(path, '/') + 1);
        buf_reset(&names);
    }
    assert_int_equal(wal_set_aside(f->dir, &names, NULL), 0);
    assert_int_equal(wal_set_aside(f->dir, NULL, NULL), 0);
    assert_int_equal(names.n, 0);
    buf_release(&names);
}

/* ---- files made by hand: W3, and what a mark proves ---- */

struct made {
    uint8_t p[512];
    size_t n;
    uint32_t crc;
};

static struct made made_file(void)
{
    struct made m = {.n = WAL_HEADER_SIZE};

    wal_put_header(m.p, (const uint8_t *)"this very store", 5);
    m.crc = wal_seed(m.p);
    return m;
}

static void make_record(struct made *m, uint64_t seq)
{
    struct io_part part = {"record", 6};

    part.p = seq % 2 ? "record" : "drocer";
    m->crc = wal_put_record(m->p + m->n, m->crc, seq, &part, 1, 6);
    memcpy(m->p + m->n + WAL_FRAME_SIZE, part.p, part.n);
    m->n += wal_record_size(part.n);
}

static void make_mark(struct made *m, uint64_t seq)
{
    wal_put_mark(m->p + m->n, wal_seed(m->p), seq);
    m->n += WAL_FRAME_SIZE;
}

/* As the newest file, which must be sound up to `last_seq`; 0: damaged. */
static void expect_scan(const struct made *m, uint64_t last_seq, bool is_torn)
{
    struct wal_reading how = {.may_be_torn = true};
    struct wal_scan scan;
    int rc = wal_scan(m->p, m->n, &how, &scan, NULL);

    assert_int_equal(rc, last_seq != 0 ? 0 : PT_ECORRUPT);
    if (rc == 0) {
        assert_int_equal(scan.last_seq, last_seq);
        assert_int_equal(scan.torn != 0, is_torn);
    }
    how.may_be_torn = false;
    assert_int_equal(wal_scan(m->p, m->n, &how, &scan, NULL), rc || is_torn ? PT_ECORRUPT : 0);
}

static void test_wal_file__W3_numbers_have_no_gaps(void **state)
{
    struct made m = made_file();

    (void)state;
    make_mark(&m, 4);
    make_record(&m, 5);
    make_mark(&m, 5);
    make_mark(&m, 5);
    make_record(&m, 6);
    expect_scan(&m, 6, false);
    struct made next = m;
    make_record(&next, 8);
    expect_scan(&next, 6, true);
    next = m;
    make_record(&next, 6);
    expect_scan(&next, 6, true);
    next = m;
    make_mark(&next, 5);
    expect_scan(&next, 6, true);
}

/* Records 6 and 7 were written and taken back; then another 6 was written, and 7 is still there. */
static void test_wal_file__W4_a_record_follows_the_one_that_it_was_written_behind(void **state)
{
    struct made m = made_file(), was;

    (void)state;
    make_record(&m, 5);
    was = m;
    make_record(&was, 6);
    make_record(&was, 7);
    expect_scan(&was, 7, false);
    struct io_part part = {"other!", 6};
    wal_put_record(was.p + m.n, m.crc, 6, &part, 1, 6);
    memcpy(was.p + m.n + WAL_FRAME_SIZE, part.p, part.n);
    expect_scan(&was, 6, true);
}

static void test_wal_file__only_later_marks_prove_damage(void **state)
{
    struct made m = made_file(), next;

    (void)state;
    make_record(&m, 5);
    make_mark(&m, 5);
    size_t begin = m.n;
    make_record(&m, 6);
    m.p[begin + WAL_FRAME_SIZE]++;
    expect_scan(&m, 5, true);
    next = m;
    make_record(&next, 7);
    expect_scan(&next, 5, true); /* may be of the same group */
    next = m;
    make_mark(&next, 5);
    expect_scan(&next, 5, true);
    next = m;
    make_mark(&next, 6);
    expect_scan(&next, 0, false);
    next = m;
    make_mark(&next, 600); /* there was no room for so many: it is no mark of this file */
    expect_scan(&next, 5, true);
    next = m;
    make_record(&next, 7);
    next.n += 8; /* wherever it begins */
    make_mark(&next, 7);
    expect_scan(&next, 0, false);
}

/* ---- power cuts ---- */

/*
 * Each sector of what was not synced is on disk or is not, whatever the others
 * are; so is the new size of the file. Records are appended in groups; the
 * disk as of the last sync is kept, and mixed with the file as it is.
 */
static void cut_power(struct fixture *f, const uint8_t *was, size_t n_was, size_t sector)
{
    size_t n_now;
    const char *path = file_path(f, 1);
    uint8_t *now = read_whole(path, &n_now), *mix = calloc(1, n_now + n_was + 1);
    size_t n = rng_below(&f->rng, 2) ? n_now : n_was;
    uint64_t chance = rng_below(&f->rng, 5);

    memcpy(mix, was, n_was);
    for (size_t at = 0; at < n_now; at += sector)
        if (rng_below(&f->rng, 4) < chance)
            memcpy(mix + at, now + at, n_now - at < sector ? n_now - at : sector);
    (void)wal_close(f->w, NULL);
    f->w = NULL;
    write_whole(path, mix, n);
    free(mix);
    free(now);
}

static void test_wal__a_power_cut_takes_nothing_that_was_acknowledged(void **state)
{
    static const size_t sectors[] = {512, 64, 4096, 8};
    struct fixture *f = *state;
    uint64_t n_torn = 0, n_lost = 0;

    f->o.file_bytes = 1 << 20;
    for (uint64_t seed = 1; seed <= 400; seed++) {
        size_t n_was = 0;
        uint8_t *was = NULL;

        nftw(f->dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
        assert_int_equal(mkdir(f->dir, 0700), 0);
        f->rng = seed;
        f->n = f->acknowledged = 0;
        must_open(f);
        was = read_whole(file_path(f, 1), &n_was);
        for (uint64_t groups = rng_below(&f->rng, 8), g = 0; g <= groups; g++) {
            for (uint64_t i = rng_below(&f->rng, 6); i > 0; i--)
                append(f, some_size(f));
            if (g == groups)
                break;
            /* The mark is written after the sync. */
            size_t n_mark;
            assert_int_equal(commit(f), 0);
            free(was);
            was = read_whole(file_path(f, 1), &n_mark);
            n_was = n_mark;
            if (rng_below(&f->rng, 2) && used_bytes(was, n_was) > WAL_HEADER_SIZE)
                memset(was + used_bytes(was, n_was) - WAL_FRAME_SIZE, 0, WAL_FRAME_SIZE);
        }
        uint64_t n_before = f->n;
        cut_power(f, was, n_was, sectors[seed % PT_COUNT(sectors)]);
        must_open(f);
        n_torn += f->report.torn != 0;
        n_lost += n_before - f->n;
        append(f, 30);
        assert_int_equal(commit(f), 0);
        close_log(f);
        must_open(f);
        close_log(f);
        free(was);
    }
    print_message("%llu torn tails, %llu records that were not acknowledged lost\n",
                  (unsigned long long)n_torn, (unsigned long long)n_lost);
    assert_true(n_torn > 50 && n_lost > 50);
}

/* Record 2 is not there, record 3 is; no sync covered either. */
static void test_wal__reordered_writes_of_one_group_are_a_torn_tail(void **state)
{
    struct fixture *f = *state;
    size_t n, n_zero = wal_record_size(40);

    must_open(f);
    append(f, 40);
    assert_int_equal(commit(f), 0);
    append(f, 40);
    append(f, 40);
    uint64_t at = WAL_HEADER_SIZE + wal_record_size(40) + WAL_FRAME_SIZE;
    uint8_t *p = read_whole(file_path(f, 1), &n);
    (void)wal_close(f->w, NULL);
    f->w = NULL;
    memset(p + at, 0, n_zero);
    write_whole(file_path(f, 1), p, n);
    must_open(f);
    assert_int_equal(f->replayed, 1);
    assert_int_equal(f->report.torn, 2 * wal_record_size(40));
    assert_non_null(strstr(f->report.notice, "behind record 1"));
    close_log(f);

    /* Had a sync covered them, the mark would say so. */
    size_t n_again;
    free(read_whole(file_path(f, 1), &n_again));
    wal_put_mark(p + at + 2 * n_zero, wal_seed(p), 3);
    write_whole(file_path(f, 1), p, n);
    expect_refused(f, PT_ECORRUPT, "record 2 should be there", "by the mark at offset");
    free(p);
}

#define DIRTY_MAX 64

/* Files that were changed since their last sync. */
struct dirty {
    uint64_t ino[DIRTY_MAX], number[DIRTY_MAX];
    size_t n;
    uint64_t renamed;
    bool broken;
};

static void note_change(void *ctx, const struct io_change *c)
{
    struct dirty *d = ctx;
    size_t i = 0;

    while (i < d->n && d->ino[i] != c->ino)
        i++;
    if (c->kind == IO_WRITE || c->kind == IO_RESIZE) {
        d->ino[i] = c->ino;
        d->number[i] = c->number;
        d->n += i == d->n && d->n + 1 < DIRTY_MAX;
    } else if (c->kind == IO_SYNC && i < d->n && !c->failed && c->at > d->number[i]) {
        d->n--;
        d->ino[i] = d->ino[d->n];
        d->number[i] = d->number[d->n];
    } else if (c->kind == IO_RENAME) {
        d->renamed++;
        d->broken |= d->n != 0;
    }
}

/* L4, also where calls fail meanwhile. */
static void test_wal__a_file_is_on_disk_before_the_next_one_exists(void **state)
{
    static const int ways[] = {ENOSPC, EIO, FAULT_TORN, FAULT_SHORT};
    struct fixture *f = *state;
    uint64_t renamed = 0;

    for (uint64_t seed = 1; seed <= 200; seed++) {
        struct dirty d = {0};

        nftw(f->dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
        assert_int_equal(mkdir(f->dir, 0700), 0);
        f->rng = seed;
        f->n = f->acknowledged = 0;
        f->o.durability = (enum wal_durability)(seed % 3);
        assert_int_equal(io_observe(f->dir, note_change, &d, NULL), 0);
        must_open(f);
        for (int i = 0; i < 30; i++) {
            if (rng_below(&f->rng, 4) == 0)
                fault_arm("io.write", 1 + rng_below(&f->rng, 3),
                          ways[rng_below(&f->rng, PT_COUNT(ways))]);
            (void)append_sized(f, some_size(f));
            if (rng_below(&f->rng, 2))
                (void)wal_commit(f->w, NULL);
            fault_disarm_all();
            f->n = wal_last_seq(f->w);
        }
        (void)wal_close(f->w, NULL);
        f->w = NULL;
        assert_int_equal(io_observe(NULL, NULL, NULL, NULL), 0);
        assert_false(d.broken);
        renamed += d.renamed;
    }
    assert_true(renamed > 500);
}

/* ---- failures ---- */

static void test_wal__a_full_disk_is_survived(void **state)
{
    struct fixture *f = *state;

    must_open(f);
    append(f, 100);
    assert_int_equal(commit(f), 0);
    for (uint32_t size = 10; size < 9000; size += 1000) {
        fault_arm_from("io.write", 1, ENOSPC);
        for (int i = 0; i < 3; i++)
            assert_int_equal(append_sized(f, size), PT_ENOSPC);
        fault_disarm_all();
        append(f, size);
        append(f, 1);
        assert_int_equal(commit(f), 0);
    }
    close_log(f);
    must_open(f);
    assert_int_equal(f->replayed, 19);
    assert_string_equal(f->report.notice, "");
}

/* The disk fills up within a record: what got there must not stay behind the end. */
static void test_wal__a_record_that_fits_in_part_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    size_t n;

    must_open(f);
    append(f, 100);
    assert_int_equal(commit(f), 0);
    size_t end = (size_t)wal_bytes(f->w);
    fault_arm("io.write", 2, ENOSPC);
    fault_arm("io.writ*", 1, FAULT_SHORT);
    assert_int_equal(append_sized(f, 500), PT_ENOSPC);
    fault_disarm_all();
    uint8_t *p = read_whole(file_path(f, 1), &n);
    assert_int_equal(used_bytes(p, n), end);
    for (size_t i = end; i < n; i++)
        assert_int_equal(p[i], 0);
    free(p);
    append(f, 1);
    close_log(f);
    must_open(f);
    assert_int_equal(f->replayed, 2);
    assert_string_equal(f->report.notice, "");
}

static void test_wal__after_a_failed_sync_nothing_is_acknowledged(void **state)
{
    struct fixture *f = *state;

    must_open(f);
    append(f, 100);
    assert_int_equal(commit(f), 0);
    append(f, 100);
    append(f, 100);
    fault_arm("io.sync", 1, EIO);
    assert_int_equal(commit(f), PT_EIO);
    assert_int_equal(commit(f), PT_EIO);
    assert_int_equal(append_sized(f, 3), PT_EIO);
    assert_non_null(strstr(f->err.msg, "opened again"));
    assert_int_equal(wal_sync(f->w, NULL), PT_EIO);
    assert_int_equal(wal_rotate(f->w, NULL), PT_EIO);
    assert_int_equal(wal_close(f->w, NULL), PT_EIO);
    f->w = NULL;
    must_open(f);
    assert_int_equal(f->replayed, 1); /* L5 */
    append(f, 5);
    assert_int_equal(commit(f), 0);
}

/* L6: what the system may only pretend to have on disk is written once more. */
static void test_wal__what_no_mark_confirms_is_written_anew(void **state)
{
    struct fixture *f = *state;
    size_t n;

    f->o.durability = WAL_OS;
    must_open(f);
    append(f, 100);
    append(f, 2000);
    fault_arm("io.sync", 1, EIO);
    assert_int_equal(wal_close(f->w, NULL), PT_EIO);
    f->w = NULL;
    fault_disarm_all();
    uint8_t *p = read_whole(file_path(f, 1), &n);
    fault_arm("io.write", 0, EIO);
    fault_arm("io.sync", 0, EIO);
    must_open(f);
    assert_int_equal(f->replayed, 2);
    assert_int_equal(fault_count("io.write"), 3); /* two records and a mark */
    assert_int_equal(fault_count("io.sync"), 1);
    close_log(f);
    n = used_bytes(p, n); /* and so is the size of the file */
    wal_put_mark(p + n, wal_seed(p), 2);
    n += WAL_FRAME_SIZE;
    expect_file(file_path(f, 1), p, n);
    fault_arm("io.write", 0, EIO);
    must_open(f);
    assert_int_equal(fault_count("io.write"), 1); /* the mark, which no sync has covered */
    expect_file(file_path(f, 1), p, n);
    free(p);
}

/* A life of a log, in which anything may fail. Says whether the log took a failure for one that
 * needs a new opening. */
static void live(struct fixture *f)
{
    for (int i = 0; i < 12; i++) {
        uint64_t n_before = f->n;
        uint32_t size = i % 4 == 3 ? 2500 : 150;

        if (append_sized(f, size) != 0)
            assert_int_equal(f->n, n_before);
        if (i % 3 == 2 && commit(f) == 0 && i % 6 == 5)
            (void)wal_forget(f->w, f->acknowledged / 2, NULL);
        if (wal_last_seq(f->w) < f->n) /* taken back */
            f->n = wal_last_seq(f->w);
    }
}

static void test_wal__any_failing_call_leaves_what_was_acknowledged(void **state)
{
    static const int ways[] = {EIO, ENOSPC, FAULT_TORN, FAULT_SHORT, ENOMEM};
    struct fixture *f = *state;

    for (size_t way = 0; way < PT_COUNT(ways); way++) {
        bool fired = true;

        for (uint64_t n = 1; fired; n++) {
            nftw(f->dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
            assert_int_equal(mkdir(f->dir, 0700), 0);
            f->n = f->acknowledged = f->o.covered = 0;
            fault_arm(ways[way] == ENOMEM ? "mem.alloc" : "io.*", n, ways[way]);
            if (open_log(f) == 0) {
                live(f);
                (void)wal_close(f->w, NULL);
                f->w = NULL;
            }
            fired = fault_fired();
            fault_disarm_all();
            f->o.covered = f->acknowledged / 2;
            /* L1, and L5: nothing comes back that failed, for which f->n stands. */
            must_open(f);
            append(f, 10);
            assert_int_equal(commit(f), 0);
            close_log(f);
        }
    }
}

static void test_wal__any_failing_call_of_recovery_is_survived(void **state)
{
    static const int ways[] = {EIO, ENOSPC, FAULT_TORN, FAULT_SHORT, ENOMEM};
    struct fixture *f = *state;

    f->o.durability = WAL_OS;
    must_open(f);
    for (int i = 0; i < 12; i++)
        append(f, 700);
    size_t n;
    close_log(f);
    f->acknowledged = f->n;
    uint8_t *p = read_whole(file_path(f, 11), &n);
    uint64_t end = used_bytes(p, n);
    memset(p + end - WAL_FRAME_SIZE, 0, WAL_FRAME_SIZE); /* no mark, and a torn record */
    codec_put32(p + end, 30);
    for (size_t way = 0; way < PT_COUNT(ways); way++) {
        bool fired = true;

        for (uint64_t nth = 1; fired; nth++) {
            write_whole(file_path(f, 11), p, n);
            fault_arm(ways[way] == ENOMEM ? "mem.alloc" : "io.*", nth, ways[way]);
            int rc = open_log(f);
            fired = fault_fired();
            fault_disarm_all();
            if (rc == 0)
                close_log(f);
            else
                assert_int_equal(rc, f->err.code);
            must_open(f);
            assert_int_equal(f->replayed, 12);
            close_log(f);
        }
    }
    free(p);
}

/* A child dies at its n-th call; what it had said to be on disk is there. */
static void test_wal__dying_at_any_call_leaves_what_was_acknowledged(void **state)
{
    struct fixture *f = *state;
    bool died = true;

    for (uint64_t n = 1; died; n++) {
        struct fixture *shared =
            mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        int status;

        assert_true(shared != MAP_FAILED);
        nftw(f->dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
        assert_int_equal(mkdir(f->dir, 0700), 0);
        *shared = *f;
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            fault_arm("io.*", n, FAULT_KILL);
            if (open_log(shared) != 0)
                _exit(2);
            live(shared);
            _exit(wal_close(shared->w, NULL) == 0 ? 0 : 3);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        died = WIFSIGNALED(status);
        assert_true(died || WEXITSTATUS(status) == 0);

        struct fixture after = *shared;
        after.w = NULL;
        after.n++; /* what it was about to append may be there */
        after.o.covered = after.acknowledged / 2;
        must_open(&after);
        append(&after, 10);
        assert_int_equal(commit(&after), 0);
        close_log(&after);
        must_open(&after);
        close_log(&after);
        (void)munmap(shared, sizeof(*shared));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_wal__records_come_back_in_order),
        TEST(test_wal__does_what_a_list_does),
        TEST(test_wal__a_full_file_is_followed_by_another),
        TEST(test_wal__large_records_come_back),
        TEST(test_wal__a_record_may_not_be_too_large),
        TEST(test_wal__a_group_takes_one_sync),
        TEST(test_wal__durability_interval_and_os_wait_with_the_sync),
        TEST(test_wal__covered_records_are_not_replayed),
        TEST(test_wal__a_snapshot_may_know_more_than_the_log),
        TEST(test_wal__only_covered_files_are_forgotten),
        TEST(test_wal__other_files_in_the_directory_are_ignored),
        TEST(test_wal__files_of_two_stores_are_not_mixed),
        TEST(test_wal__what_is_no_file_is_refused),
        TEST(test_wal__another_version_is_refused_by_name),
        TEST(test_wal__replay_may_stop_the_opening),
        TEST(test_wal__a_file_cut_short_ends_at_its_last_whole_record),
        TEST(test_wal__an_older_file_cut_short_is_refused),
        TEST(test_wal__a_flipped_bit_never_costs_a_record_unseen),
        TEST(test_wal__a_missing_file_is_named),
        TEST(test_wal__damage_names_file_offset_and_remedy),
        TEST(test_wal__damaged_files_are_set_aside),
        TEST(test_wal_file__W3_numbers_have_no_gaps),
        TEST(test_wal_file__W4_a_record_follows_the_one_that_it_was_written_behind),
        TEST(test_wal_file__only_later_marks_prove_damage),
        TEST(test_wal__a_power_cut_takes_nothing_that_was_acknowledged),
        TEST(test_wal__reordered_writes_of_one_group_are_a_torn_tail),
        TEST(test_wal__a_file_is_on_disk_before_the_next_one_exists),
        TEST(test_wal__a_full_disk_is_survived),
        TEST(test_wal__a_record_that_fits_in_part_leaves_nothing),
        TEST(test_wal__after_a_failed_sync_nothing_is_acknowledged),
        TEST(test_wal__what_no_mark_confirms_is_written_anew),
        TEST(test_wal__any_failing_call_leaves_what_was_acknowledged),
        TEST(test_wal__any_failing_call_of_recovery_is_survived),
        TEST(test_wal__dying_at_any_call_leaves_what_was_acknowledged),
    };

    return RUN_TESTS(tests);
}
