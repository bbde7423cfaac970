/* The log: reading it without the lock, beside whoever writes (wal_read), and numbers that it never
 * sees (wal_skip). */
#include "unit/store/log.h"

#include <pthread.h>
#include <sys/wait.h>

/* ---- the directory, from outside ---- */

/* Of all files in it, with names. */
static uint64_t hash_of_dir(const struct fixture *f)
{
    uint64_t sum = 0;
    DIR *dir = opendir(f->dir);

    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        char path[512];
        size_t n;
        if (e->d_name[0] == '.')
            continue;
        (void)snprintf(path, sizeof(path), "%s/%s", f->dir, e->d_name);
        uint8_t *p = read_whole(path, &n);
        sum += hash64_seed(p, n, hash64(e->d_name, strlen(e->d_name)));
        free(p);
    }
    (void)closedir(dir);
    return sum;
}

/* ---- reading ---- */

static int read_log(struct fixture *f)
{
    f->replayed = f->o.covered;
    f->report = (struct wal_report){0};
    f->err = (struct err){0};
    return wal_read(f->dir, &f->o, replay, f, &f->report, &f->err);
}

/* All that was appended is read, and nothing changes. */
static void expect_read(struct fixture *f)
{
    uint64_t before = hash_of_dir(f);

    if (read_log(f) != 0)
        fail_msg("%s", f->err.msg);
    assert_true(f->replayed == f->n || (f->o.covered >= f->n && f->replayed == f->o.covered));
    assert_int_equal(f->report.last_seq, f->replayed);
    assert_int_equal(f->report.records, f->replayed - f->o.covered);
    assert_true(hash_of_dir(f) == before);
}

static void test_wal_read__reads_what_opening_would(void **state)
{
    struct fixture *f = *state;

    must_open(f);
    for (int i = 0; i < 40; i++) {
        append(f, some_size(f));
        if (i % 7 == 6)
            assert_int_equal(commit(f), 0);
        expect_read(f); /* the writer is there, and need not have committed */
        if (i == 20)
            assert_int_equal(wal_rotate(f->w, NULL), 0);
    }
    expect_read(f);
    assert_int_equal(f->report.bytes, wal_bytes(f->w));
    close_log(f);
    expect_read(f);
    for (f->o.covered = 0; f->o.covered < 45; f->o.covered += 5)
        expect_read(f);
    assert_int_equal(wal_read(f->dir, &f->o, NULL, NULL, NULL, NULL), 0);
}

static void test_wal_read__no_log_is_an_empty_one(void **state)
{
    struct fixture *f = *state;

    expect_read(f);
    assert_int_equal(f->report.files, 0);
    f->o.create = false; /* but where there must be one */
    assert_int_equal(read_log(f), PT_ENOENT);
    assert_non_null(strstr(f->err.msg, "no log"));
    f->o.create = true;
    f->o.covered = 9;
    expect_read(f);
    assert_int_equal(f->report.last_seq, 9);
    f->o.covered = 0;
    must_open(f); /* one without a record */
    expect_read(f);
    assert_int_equal(f->report.files, 1);
    size_t n = strlen(f->dir);
    f->dir[n] = 'x';
    f->dir[n + 1] = '\0';
    assert_int_equal(read_log(f), PT_ENOENT);
    f->dir[n] = '\0';
}

static void test_wal_read__leaves_a_torn_tail_alone(void **state)
{
    struct fixture *f = *state;
    size_t n;

    f->o.durability = WAL_OS;
    must_open(f);
    append(f, 100);
    append(f, 100);
    uint8_t *p = read_whole(file_path(f, 1), &n);
    close_log(f);
    uint64_t end = used_bytes(p, n); /* no mark says that it was synced */
    for (uint64_t cut = 1; cut < 100; cut += 9) {
        write_whole(file_path(f, 1), p, end - cut);
        f->n = 1;
        uint64_t before = hash_of_dir(f);
        expect_read(f);
        assert_int_equal(f->report.torn > 0, cut < 116);
        assert_true(hash_of_dir(f) == before);
    }
    free(p);
}

static void test_wal_read__leaves_temps_alone(void **state)
{
    struct fixture *f = *state;
    char path[128];

    must_open(f);
    append(f, 10);
    (void)snprintf(path, sizeof(path), "%s/x" IO_TEMP_SUFFIX, f->dir);
    write_whole(path, (const uint8_t *)"x", 1);
    expect_read(f);
    expect_file(path, (const uint8_t *)"x", 1);
}

static void test_wal_read__refuses_damage_as_opening_does(void **state)
{
    struct fixture *f = *state;
    size_t n;

    must_open(f);
    for (int i = 0; i < 10; i++)
        append(f, 1000);
    assert_int_equal(commit(f), 0);
    close_log(f);
    uint8_t *p = read_whole(file_path(f, 1), &n);
    for (size_t at = 0; at < 1100; at += 3) { /* header, first record; others follow */
        p[at] ^= 4;
        write_whole(file_path(f, 1), p, n);
        p[at] ^= 4;
        uint64_t before = hash_of_dir(f);
        int rc = read_log(f);
        assert_true(rc == PT_ECORRUPT || (rc == PT_EVERSION && at >= 8 && at < 12));
        assert_non_null(strstr(f->err.msg, file_path(f, 1)));
        assert_true(hash_of_dir(f) == before);
    }
    write_whole(file_path(f, 1), p, n);
    expect_read(f);
    assert_int_equal(remove(file_path(f, 1)), 0);
    assert_int_equal(read_log(f), PT_ECORRUPT);
    assert_non_null(strstr(f->err.msg, "record 1 is needed"));
    free(p);
}

/* A snapshot takes the second file away while the first one is read. */
static int replay_and_remove(void *ctx, uint64_t seq, const uint8_t *payload, size_t n)
{
    struct fixture *f = ctx;

    (void)payload;
    (void)n;
    if (seq == 1)
        assert_int_equal(remove(file_path(f, 5)), 0);
    return 0;
}

static void test_wal_read__tells_of_a_file_that_went(void **state)
{
    struct fixture *f = *state;

    must_open(f);
    for (int i = 0; i < 6; i++) {
        append(f, 100);
        if (i == 3)
            assert_int_equal(wal_rotate(f->w, NULL), 0);
    }
    assert_int_equal(wal_read(f->dir, &f->o, replay_and_remove, f, NULL, &f->err), PT_ENOENT);
    assert_int_equal(f->err.code, PT_ENOENT);
}

static int refuse_third(void *ctx, uint64_t seq, const uint8_t *payload, size_t n)
{
    (void)payload;
    (void)n;
    *(uint64_t *)ctx = seq;
    return seq == 3 ? PT_EINVAL : 0;
}

static void test_wal_read__stops_when_told(void **state)
{
    struct fixture *f = *state;
    uint64_t last = 0;

    must_open(f);
    for (int i = 0; i < 6; i++)
        append(f, 100);
    assert_int_equal(wal_read(f->dir, &f->o, refuse_third, &last, NULL, NULL), PT_EINVAL);
    assert_int_equal(last, 3);
}

static void test_wal_read__any_failing_call_is_told(void **state)
{
    static const int ways[] = {EIO, FAULT_SHORT, ENOMEM};
    struct fixture *f = *state;

    must_open(f);
    for (int i = 0; i < 12; i++)
        append(f, 700);
    close_log(f);
    for (size_t way = 0; way < PT_COUNT(ways); way++) {
        bool fired = true;

        for (uint64_t nth = 1; fired; nth++) {
            fault_arm(ways[way] == ENOMEM ? "mem.alloc" : "io.*", nth, ways[way]);
            int rc = read_log(f);
            fired = fault_fired();
            fault_disarm_all();
            assert_int_equal(rc, f->err.code);
            assert_true(rc == 0 || fired);
            if (rc == 0)
                assert_int_equal(f->replayed, 12);
        }
    }
}

/* ---- beside a writer ---- */

#define BESIDE 20000u

/* What record seq holds, whoever asks. */
static size_t fill_beside(uint64_t seq, uint8_t *p)
{
    uint64_t rng = seq;
    size_t n = 8 + rng_below(&rng, seq % 50 == 0 ? 3000 : 60);

    rng_fill(&rng, p, n);
    return n;
}

struct beside {
    const struct fixture *f;
    atomic_ullong acknowledged, covered;
    atomic_bool over;
};

static void *write_beside(void *ctx)
{
    struct beside *b = ctx;
    static uint8_t payload[4096];
    struct wal_options o = b->f->o;
    struct wal *w;
    uint64_t rng = 1;

    o.durability = WAL_OS;
    if (wal_open(b->f->dir, &o, NULL, NULL, &w, NULL, NULL) != 0)
        abort();
    for (uint64_t seq = 1; seq <= BESIDE; seq++) {
        struct io_part part = {payload, fill_beside(seq, payload)};
        if (wal_append(w, &part, 1, NULL, NULL) != 0 || wal_commit(w, NULL) != 0)
            abort();
        atomic_store(&b->acknowledged, seq);
        if (rng_below(&rng, 300) != 0)
            continue;
        if (wal_sync(w, NULL) != 0) /* a snapshot */
            abort();
        atomic_store(&b->covered, seq);
        if (wal_rotate(w, NULL) != 0 || wal_forget(w, seq, NULL) != 0)
            abort();
    }
    if (wal_close(w, NULL) != 0)
        abort();
    atomic_store(&b->over, true);
    return NULL;
}

static int check_beside(void *ctx, uint64_t seq, const uint8_t *payload, size_t n)
{
    uint8_t want[4096];
    uint64_t *last = ctx;

    assert_int_equal(seq, *last + 1);
    assert_int_equal(n, fill_beside(seq, want));
    assert_memory_equal(payload, want, n);
    *last = seq;
    return 0;
}

/* Whatever is read is a prefix of what was appended, with all that had been acknowledged. Only two
 * failures are possible: a file that went, and what looks like damage as it is being written. */
static void test_wal_read__beside_a_writer_sees_what_was_acknowledged(void **state)
{
    struct fixture *f = *state;
    struct beside b = {.f = f};
    pthread_t thread;
    uint32_t whole = 0, gone = 0, halves = 0;

    f->o.file_bytes = 1 << 15;
    assert_int_equal(pthread_create(&thread, NULL, write_beside, &b), 0);
    while (!atomic_load(&b.over)) {
        struct wal_options o = f->o;
        struct err err = {0};
        uint64_t acknowledged = atomic_load(&b.acknowledged), last;

        o.covered = last = atomic_load(&b.covered);
        int rc = wal_read(f->dir, &o, check_beside, &last, NULL, &err);
        whole += rc == 0;
        gone += rc == PT_ENOENT;
        halves += rc == PT_ECORRUPT;
        if (rc == 0 && last < acknowledged)
            fail_msg("read up to %llu of %llu", (unsigned long long)last,
                     (unsigned long long)acknowledged);
        if (rc != 0 && rc != PT_ENOENT && rc != PT_ECORRUPT)
            fail_msg("%s", err.msg);
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    print_message("%u reads, a file went in %u others, and %u came upon halves\n", whole, gone,
                  halves);
    assert_true(whole > 10 && whole > gone + halves);
}

/* ---- numbers that are skipped ---- */

static void skip_to(struct fixture *f, uint64_t upto)
{
    assert_int_equal(wal_sync(f->w, NULL), 0);
    f->n = f->acknowledged = f->o.covered = upto;
    wal_skip(f->w, upto);
    assert_int_equal(wal_last_seq(f->w), upto);
    assert_int_equal(wal_synced_seq(f->w), upto);
}

static void test_wal_skip__the_log_goes_on_behind_it(void **state)
{
    struct fixture *f = *state;

    must_open(f);
    for (int i = 0; i < 3; i++)
        append(f, 10);
    assert_int_equal(commit(f), 0);
    skip_to(f, 10);
    append(f, 20);
    assert_int_equal(f->n, 11);
    append(f, 20);
    assert_int_equal(commit(f), 0);
    assert_int_equal(access(file_path(f, 11), F_OK), 0);
    expect_read(f);
    close_log(f);
    expect_read(f);
    must_open(f);
    assert_int_equal(f->replayed, 12);
    assert_int_equal(wal_forget(f->w, 10, NULL), 0);
    assert_int_equal(access(file_path(f, 1), F_OK), -1);
    append(f, 5);
    close_log(f);
    must_open(f);
    assert_int_equal(f->replayed, 13);
    close_log(f);
    f->o.covered = 3; /* without the image, there is a gap */
    expect_refused(f, PT_ECORRUPT, "the log begins with record 11", "");
}

static void test_wal_skip__without_the_snapshot_there_is_a_gap(void **state)
{
    struct fixture *f = *state;

    must_open(f);
    append(f, 10);
    skip_to(f, 4);
    append(f, 10);
    close_log(f);
    f->o.covered = 1;
    expect_refused(f, PT_ECORRUPT, "the next file begins with 5", file_path(f, 1));
    f->o.covered = 0;
    expect_refused(f, PT_ECORRUPT, "the next file begins with 5", file_path(f, 1));
    assert_int_equal(read_log(f), PT_ECORRUPT);
}

/* The process ends before anything is appended behind it. */
static void test_wal_skip__may_be_the_last_thing(void **state)
{
    struct fixture *f = *state;

    for (uint64_t round = 0; round < 4; round++) {
        must_open(f);
        for (uint64_t i = 0; i < round % 3; i++)
            append(f, 30);
        skip_to(f, f->n + 1 + round);
        if (round % 2)
            skip_to(f, f->n + 1); /* and once more */
        close_log(f);
        expect_read(f);
        must_open(f);
        append(f, 40);
        close_log(f);
        must_open(f);
        close_log(f);
    }
}

static void test_wal_skip__rotating_and_forgetting_behind_it(void **state)
{
    struct fixture *f = *state;

    must_open(f);
    append(f, 30);
    skip_to(f, 5);
    assert_int_equal(wal_forget(f->w, 5, NULL), 0); /* never the newest */
    assert_int_equal(access(file_path(f, 1), F_OK), 0);
    assert_int_equal(wal_rotate(f->w, NULL), 0);
    assert_int_equal(access(file_path(f, 6), F_OK), 0);
    assert_int_equal(wal_forget(f->w, 5, NULL), 0);
    assert_int_equal(access(file_path(f, 1), F_OK), -1);
    assert_int_equal(wal_bytes(f->w), WAL_HEADER_SIZE);
    append(f, 30);
    close_log(f);
    must_open(f);
    assert_int_equal(f->replayed, 6);
}

/* The file that the next record needs cannot be made: the record is not there, and can be appended
 * again, or the log must be opened again; nothing is lost. */
static void test_wal_skip__any_failing_call_behind_it_is_survived(void **state)
{
    static const int ways[] = {EIO, ENOSPC, FAULT_TORN, FAULT_SHORT, ENOMEM};
    struct fixture *f = *state;

    for (size_t way = 0; way < PT_COUNT(ways); way++) {
        bool fired = true;

        for (uint64_t n = 1; fired; n++) {
            must_open(f);
            append(f, 100);
            assert_int_equal(commit(f), 0);
            skip_to(f, f->n + 2);
            fault_arm(ways[way] == ENOMEM ? "mem.alloc" : "io.*", n, ways[way]);
            for (int i = 0; i < 3; i++) {
                (void)append_sized(f, 50);
                (void)commit(f);
            }
            fired = fault_fired();
            fault_disarm_all();
            if (wal_last_seq(f->w) < f->n) /* taken back */
                f->n = wal_last_seq(f->w);
            (void)wal_close(f->w, NULL);
            f->w = NULL;
            must_open(f);
            close_log(f);
            assert_true(f->n < RECORDS - 20);
        }
    }
}

/* A child dies at its n-th call, with the snapshot made before it. */
static void test_wal_skip__dying_at_any_call_leaves_what_was_acknowledged(void **state)
{
    struct fixture *f = *state;
    bool died = true;

    for (uint64_t n = 1; died; n++) {
        int status;
        pid_t child;

        must_open(f);
        append(f, 60);
        assert_int_equal(commit(f), 0);
        uint64_t covered = f->n + 3;
        child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            fault_arm("io.*", n, FAULT_KILL);
            skip_to(f, covered);
            append(f, 70);
            (void)commit(f);
            (void)wal_forget(f->w, covered, NULL);
            _exit(0);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        died = WIFSIGNALED(status);
        (void)wal_close(f->w, NULL); /* which has nothing left to write */
        f->w = NULL;
        f->n = f->acknowledged = f->o.covered = covered;
        f->replayed = covered;
        struct wal *w;
        assert_int_equal(wal_open(f->dir, &f->o, NULL, NULL, &w, NULL, &f->err), 0);
        uint64_t last = wal_last_seq(w);
        assert_true(last == covered || last == covered + 1);
        assert_true(died || last == covered + 1);
        assert_int_equal(wal_close(w, NULL), 0);
        f->n = f->acknowledged = f->o.covered = last; /* what the child wrote is not in the list */
        assert_true(f->n < RECORDS - 20);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_wal_read__reads_what_opening_would),
        TEST(test_wal_read__no_log_is_an_empty_one),
        TEST(test_wal_read__leaves_a_torn_tail_alone),
        TEST(test_wal_read__leaves_temps_alone),
        TEST(test_wal_read__refuses_damage_as_opening_does),
        TEST(test_wal_read__tells_of_a_file_that_went),
        TEST(test_wal_read__stops_when_told),
        TEST(test_wal_read__any_failing_call_is_told),
        TEST(test_wal_read__beside_a_writer_sees_what_was_acknowledged),
        TEST(test_wal_skip__the_log_goes_on_behind_it),
        TEST(test_wal_skip__without_the_snapshot_there_is_a_gap),
        TEST(test_wal_skip__may_be_the_last_thing),
        TEST(test_wal_skip__rotating_and_forgetting_behind_it),
        TEST(test_wal_skip__any_failing_call_behind_it_is_survived),
        TEST(test_wal_skip__dying_at_any_call_leaves_what_was_acknowledged),
    };

    return RUN_TESTS(tests);
}
