/*
 * What the tests of the log share: a log in a directory of its own with the
 * naive list of its records, and its files from outside.
 */
#ifndef PT_TESTS_UNIT_STORE_LOG_H
#define PT_TESTS_UNIT_STORE_LOG_H

#include "store/wal.h"

#include "base/clock.h"
#include "base/codec.h"
#include "base/fault.h"
#include "base/hash.h"
#include "base/io_observe.h"
#include "unit/base/support.h"

#include <dirent.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#define RECORDS 4096
#define LARGEST 6000

struct fixture {
    char dir[64];
    struct wal_options o;
    struct wal *w;
    struct wal_report report;
    struct err err;
    uint64_t rng;
    /* The list: records 1 to n. What each holds is a function of its number and salt. */
    uint64_t n;
    uint32_t size[RECORDS + 1];
    uint32_t salt[RECORDS + 1];
    uint64_t acknowledged; /* the last record that is */
    uint64_t replayed;     /* the last record that wal_open handed out */
};

static inline int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static inline int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    f->rng = 1;
    /* In memory where that is possible: the tests sync some ten thousand times. */
    strcpy(f->dir, "/dev/shm/pt-test-wal-XXXXXX");
    if (mkdtemp(f->dir) == NULL) {
        strcpy(f->dir, "wal-XXXXXX");
        assert_non_null(mkdtemp(f->dir));
    }
    f->o = (struct wal_options){.id = "this very store", .create = true, .file_bytes = 4096};
    *state = f;
    return 0;
}

static inline int teardown(void **state)
{
    struct fixture *f = *state;

    fault_disarm_all();
    (void)wal_close(f->w, NULL);
    nftw(f->dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    free(f);
    return 0;
}

static inline void fill_payload(const struct fixture *f, uint64_t seq, uint8_t *p)
{
    uint64_t rng = seq * 1000003 + f->salt[seq];
    rng_fill(&rng, p, f->size[seq]);
}

static inline int replay(void *ctx, uint64_t seq, const uint8_t *payload, size_t n)
{
    struct fixture *f = ctx;
    static uint8_t want[4 << 20];

    assert_int_equal(seq, f->replayed + 1);
    assert_true(seq <= f->n);
    assert_int_equal(n, f->size[seq]);
    fill_payload(f, seq, want);
    assert_memory_equal(payload, want, n);
    f->replayed = seq;
    return 0;
}

static inline int open_log(struct fixture *f)
{
    f->replayed = f->o.covered;
    f->err = (struct err){0};
    return wal_open(f->dir, &f->o, replay, f, &f->w, &f->report, &f->err);
}

/* What was not replayed is gone from the list too: it had not been acknowledged. */
static inline void must_open(struct fixture *f)
{
    if (open_log(f) != 0)
        fail_msg("%s", f->err.msg);
    assert_true(f->replayed >= f->acknowledged);
    assert_int_equal(f->report.records, f->replayed - f->o.covered);
    assert_int_equal(wal_last_seq(f->w), f->replayed);
    assert_int_equal(f->report.last_seq, f->replayed);
    f->n = f->acknowledged = f->replayed;
}

static inline void close_log(struct fixture *f)
{
    struct wal *w = f->w;

    f->w = NULL;
    assert_int_equal(wal_close(w, &f->err), 0);
}

/* In one to four parts, of any sizes. */
static inline int append_sized(struct fixture *f, uint32_t size)
{
    static uint8_t payload[4 << 20];
    struct io_part parts[4];
    size_t n_parts = 1 + rng_below(&f->rng, 4), at = 0;
    uint64_t seq = f->n + 1, got = 0;

    assert_true(seq <= RECORDS && size <= sizeof(payload));
    f->size[seq] = size;
    f->salt[seq] = (uint32_t)rng_next(&f->rng);
    fill_payload(f, seq, payload);
    for (size_t i = 0; i < n_parts; i++) {
        size_t n = i + 1 == n_parts ? size - at : rng_below(&f->rng, size - at + 1);
        parts[i] = (struct io_part){payload + at, n};
        at += n;
    }
    int rc = wal_append(f->w, parts, n_parts, &got, &f->err);
    if (rc == 0) {
        assert_int_equal(got, seq);
        f->n = seq;
    }
    return rc;
}

static inline void append(struct fixture *f, uint32_t size)
{
    if (append_sized(f, size) != 0)
        fail_msg("%s", f->err.msg);
}

static inline int commit(struct fixture *f)
{
    int rc = wal_commit(f->w, &f->err);

    if (rc == 0)
        f->acknowledged = f->n;
    return rc;
}

static inline uint32_t some_size(struct fixture *f)
{
    return (uint32_t)rng_below(&f->rng, rng_below(&f->rng, 8) ? 200 : LARGEST);
}

/* ---- files, from outside ---- */

static inline const char *file_path(const struct fixture *f, uint64_t first)
{
    static char path[128];

    (void)snprintf(path, sizeof(path), "%s/log-%016llx.isl", f->dir, (unsigned long long)first);
    return path;
}

static inline uint8_t *read_whole(const char *path, size_t *ret_n)
{
    FILE *file = fopen(path, "rb");
    struct stat st;

    assert_non_null(file);
    assert_int_equal(fstat(fileno(file), &st), 0);
    *ret_n = (size_t)st.st_size;
    uint8_t *p = malloc(*ret_n + 1);
    assert_int_equal(fread(p, 1, *ret_n, file), *ret_n);
    (void)fclose(file);
    return p;
}

static inline void write_whole(const char *path, const uint8_t *p, size_t n)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(p, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

static inline void expect_file(const char *path, const uint8_t *want, size_t n)
{
    size_t n_now;
    uint8_t *now = read_whole(path, &n_now);

    assert_int_equal(n_now, n);
    assert_memory_equal(now, want, n);
    free(now);
}

static inline void expect_refused(struct fixture *f, int code, const char *a, const char *b)
{
    int rc = open_log(f);

    if (rc != code || strstr(f->err.msg, a) == NULL || strstr(f->err.msg, b) == NULL)
        fail_msg("code %d, \"%s\"; not %d, \"%s\", \"%s\"", rc, f->err.msg, code, a, b);
    assert_null(f->w);
}

static inline uint64_t used_bytes(const uint8_t *p, size_t n)
{
    struct wal_scan scan;
    struct wal_reading how = {.may_be_torn = true};
    struct err err = {0};

    if (wal_scan(p, n, &how, &scan, &err) != 0)
        fail_msg("%s", err.msg);
    return scan.end;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif
