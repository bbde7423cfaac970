/* The harness itself: does it build exactly the disks that its model allows, and does it catch
 * writers that are wrong in the ways that writers are? */
#include "support/disk.h"

#include "base/fault.h"
#include "base/hash.h"
#include "base/io.h"
#include "unit/base/support.h"

#include <dirent.h>
#include <sys/stat.h>

/* ---- short words for scenarios ---- */

static struct disk *disk;

static const char *in_dir(const char *dir, const char *name)
{
    static char paths[4][512];
    static unsigned next;
    char *path = paths[next++ % 4];

    (void)snprintf(path, sizeof(paths[0]), "%s/%s", dir, name);
    return path;
}

static const char *at(const char *name)
{
    return in_dir(disk_dir(disk), name);
}

static int open_file(const char *name, int flags)
{
    int fd;

    assert_int_equal(io_open(IO_CWD, at(name), O_WRONLY | flags, 0600, &fd, NULL), 0);
    return fd;
}

static void write_bytes(int fd, char c, size_t n)
{
    char bytes[4096];
    struct io_part part = {bytes, n};

    assert_true(n <= sizeof(bytes));
    memset(bytes, c, n);
    assert_int_equal(io_write(fd, &part, 1, NULL), 0);
}

static void sync_file(int fd)
{
    assert_int_equal(io_sync(fd, NULL), 0);
}

static void sync_dir(const char *name)
{
    assert_int_equal(io_sync_dir(at(name), NULL), 0);
}

/* A file of n bytes that is on disk, open at its start. */
static int durable_file(const char *name, char c, size_t n)
{
    int fd = open_file(name, O_CREAT);

    write_bytes(fd, c, n);
    sync_file(fd);
    sync_dir("");
    io_close(fd);
    return open_file(name, 0);
}

static void start(void)
{
    disk = disk_new(NULL);
    disk_begin(disk);
}

/* ---- the model: all disks that the end of a history may leave ---- */

#define DISKS_MAX 64

struct disks {
    char *texts[DISKS_MAX]; /* "f=AA. g=" for f of two sectors of A and one of zeros, g empty */
    size_t n;
    struct buf b;
};

static void note_content(struct disks *all, const struct buf *content)
{
    for (size_t i = 0; i < content->n; i += 512) {
        size_t n = content->n - i < 512 ? content->n - i : 512;
        char c = content->p[i];

        for (size_t k = 1; k < n; k++)
            if (content->p[i + k] != c)
                c = '?';
        buf_char(&all->b, c == '\0' ? '.' : c);
    }
}

static void note_dir(struct disks *all, const char *dir)
{
    struct dirent **entries;
    int n = scandir(dir, &entries, NULL, alphasort);

    assert_true(n >= 2);
    for (int i = 0; i < n; i++) {
        const char *name = entries[i]->d_name, *path = in_dir(dir, name);
        struct buf content = {0};

        if (name[0] != '.') {
            buf_printf(&all->b, "%s%s", all->b.n > 0 ? " " : "", name);
            if (entries[i]->d_type == DT_DIR) {
                buf_char(&all->b, '/');
                note_dir(all, path);
            } else {
                assert_int_equal(io_read_file(IO_CWD, path, 1 << 20, &content, NULL), 0);
                buf_char(&all->b, '=');
                note_content(all, &content);
            }
        }
        buf_release(&content);
        free(entries[i]);
    }
    free((void *)entries);
}

static int note_disk(void *ctx, const char *dir, uint64_t acked, struct err *err)
{
    struct disks *all = ctx;

    (void)acked;
    (void)err;
    note_dir(all, dir);
    assert_true(all->n < DISKS_MAX);
    all->texts[all->n++] = strdup(buf_cstr(&all->b));
    buf_reset(&all->b);
    return 0;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Ends the scenario; its last point must allow exactly these disks, sorted and joined by " | ". */
static void expect_disks(const char *want)
{
    struct disks all = {.n = 0};
    struct disk_report report = {0};
    struct buf got = {0};

    disk_end(disk);
    struct disk_plan plan = disk_plan("model", 1);
    plan.all = 4096;
    plan.only = true;
    plan.point = disk_point(disk);
    plan.check = note_disk;
    plan.ctx = &all;
    disk_crash(disk, &plan, &report);
    disk_free(disk);
    qsort(all.texts, all.n, sizeof(all.texts[0]), by_text);
    for (size_t i = 0; i < all.n; i++) {
        buf_printf(&got, "%s%s", i > 0 ? " | " : "", all.texts[i]);
        free(all.texts[i]);
    }
    assert_string_equal(buf_cstr(&got), want);
    assert_int_equal(report.distinct, all.n);
    buf_release(&got);
    buf_release(&all.b);
}

static void test_model__what_was_synced_is_there(void **state)
{
    (void)state;
    start();
    int fd = durable_file("f", 'A', 1024);
    expect_disks("f=AA");
    io_close(fd);
}

static void test_model__writes_are_absent_present_or_torn_at_sectors(void **state)
{
    (void)state;
    start();
    int fd = durable_file("f", 'A', 1024);
    write_bytes(fd, 'B', 1024);
    expect_disks("f=AA | f=AB | f=BA | f=BB");
    io_close(fd);
}

static void test_model__later_writes_may_come_without_earlier_ones(void **state)
{
    (void)state;
    start();
    int fd = durable_file("f", 'A', 512);
    write_bytes(fd, 'B', 512);
    io_close(fd);
    fd = open_file("f", 0);
    write_bytes(fd, 'C', 512);
    expect_disks("f=A | f=B | f=C");
    io_close(fd);
}

static void test_model__size_and_data_come_apart(void **state)
{
    (void)state;
    start();
    int fd = durable_file("f", 'A', 512);
    write_bytes(fd, 'A', 512);
    write_bytes(fd, 'B', 512);
    expect_disks("f=A | f=A. | f=AB");
    io_close(fd);

    start();
    fd = durable_file("f", 'A', 1024);
    assert_int_equal(io_truncate(fd, 512, NULL), 0);
    assert_int_equal(io_truncate(fd, 1024, NULL), 0);
    expect_disks("f=A | f=A. | f=AA");
    io_close(fd);
}

static void test_model__a_sync_covers_what_was_before_it_only(void **state)
{
    (void)state;
    start();
    int fd = durable_file("f", 'A', 1024), other = durable_file("g", 'A', 512);
    write_bytes(fd, 'B', 512);
    write_bytes(other, 'B', 512);
    sync_file(fd);
    write_bytes(fd, 'C', 512);
    expect_disks("f=BA g=A | f=BA g=B | f=BC g=A | f=BC g=B");
    io_close(fd);
    io_close(other);
}

static void test_model__after_a_failed_sync_nothing_can_be_relied_on(void **state)
{
    (void)state;
    start();
    int fd = durable_file("f", 'A', 1024);
    write_bytes(fd, 'B', 512);
    fault_arm("io.sync", 1, EIO);
    assert_int_equal(io_sync(fd, NULL), PT_EIO);
    fault_disarm_all();
    write_bytes(fd, 'C', 512);
    sync_file(fd);
    expect_disks("f=AC | f=BC");
    io_close(fd);
}

static void test_model__names_need_a_sync_of_their_directory(void **state)
{
    (void)state;
    start();
    int fd = open_file("f", O_CREAT);
    write_bytes(fd, 'A', 512);
    sync_file(fd);
    io_close(fd);
    expect_disks(" | f=A");
}

static void test_model__a_rename_is_atomic_and_may_come_before_the_data(void **state)
{
    (void)state;
    start();
    io_close(durable_file("f", 'A', 512));
    int fd = open_file("g", O_CREAT);
    sync_dir("");
    write_bytes(fd, 'B', 512);
    io_close(fd);
    assert_int_equal(io_rename(at("g"), at("f"), NULL), 0);
    expect_disks("f= | f=. | f=A g= | f=A g=. | f=A g=B | f=B");
}

static void test_model__a_removed_file_may_come_back_until_the_sync(void **state)
{
    (void)state;
    start();
    io_close(durable_file("f", 'A', 512));
    assert_int_equal(io_remove(IO_CWD, at("f"), NULL), 0);
    expect_disks(" | f=A");

    start();
    io_close(durable_file("f", 'A', 512));
    assert_int_equal(io_remove(IO_CWD, at("f"), NULL), 0);
    sync_dir("");
    expect_disks("");
}

static void test_model__a_new_directory_may_be_lost_with_all_in_it(void **state)
{
    int fd;

    (void)state;
    start();
    assert_int_equal(mkdir(at("old"), 0700), 0); /* unseen: made again below a new disk */
    disk_end(disk);
    struct disk *outer = disk;
    disk = disk_new(disk_dir(outer));
    disk_begin(disk);
    fd = open_file("old/f", O_CREAT);
    io_close(fd);
    sync_dir("old");
    expect_disks("old/ f=");
    disk_free(outer);

    start();
    fd = open_file("f", O_CREAT);
    io_close(fd);
    assert_int_equal(io_rename(at("f"), at("g"), NULL), 0);
    sync_dir("");
    expect_disks("g=");
}

/* ---- writers ---- */

/* A writer keeps a number in DIR/value, as VALUE_SIZE bytes that all say it. */
#define VALUE_SIZE 1536u
#define COMMITS 4

static void fill_value(uint8_t *bytes, uint64_t n)
{
    memset(bytes, (int)n, VALUE_SIZE);
}

/* 0 if there is no file: the number before the first. */
static int read_value(const char *dir, const char *name, uint64_t *ret, struct err *err)
{
    struct buf b = {0};
    uint8_t want[VALUE_SIZE];
    int rc = io_read_file(IO_CWD, in_dir(dir, name), 1 << 20, &b, err);

    *ret = 0;
    if (rc == 0) {
        *ret = b.n > 0 ? (uint8_t)b.p[0] : 0;
        fill_value(want, *ret);
        if (b.n != VALUE_SIZE || memcmp(b.p, want, VALUE_SIZE) != 0)
            rc = err_set(err, PT_ECORRUPT, "a torn value");
    } else if (rc == PT_ENOENT) {
        rc = 0;
    }
    buf_release(&b);
    return rc;
}

static int check_value(void *ctx, const char *dir, uint64_t acked, struct err *err)
{
    const char *name = ctx;
    uint64_t n;
    int rc = read_value(dir, name, &n, err);

    if (rc == 0 && n < acked)
        rc = err_set(err, PT_ECORRUPT, "value %u is lost, %u is there", (unsigned)acked,
                     (unsigned)n);
    return rc;
}

enum {
    SYNC_FILE = 1,
    SYNC_DIR = 2,
    SYNC_AGAIN = 4, /* the first sync of the second value fails */
};

static void replace_value(uint64_t n, int how)
{
    uint8_t bytes[VALUE_SIZE];
    struct io_part part = {bytes, sizeof(bytes)};
    int fd = open_file("value.new", O_CREAT | O_TRUNC);

    fill_value(bytes, n);
    assert_int_equal(io_write(fd, &part, 1, NULL), 0);
    if ((how & SYNC_AGAIN) != 0 && n == 2) {
        fault_arm("io.sync", 1, EIO);
        assert_int_equal(io_sync(fd, NULL), PT_EIO);
        fault_disarm_all();
    }
    if ((how & SYNC_FILE) != 0)
        sync_file(fd);
    io_close(fd);
    assert_int_equal(io_rename(at("value.new"), at("value"), NULL), 0);
    if ((how & SYNC_DIR) != 0)
        sync_dir("");
    disk_ack(disk, n);
}

static void overwrite_value(uint64_t n)
{
    uint8_t bytes[VALUE_SIZE];
    struct io_part part = {bytes, sizeof(bytes)};
    int fd = open_file("value", O_CREAT);

    fill_value(bytes, n);
    assert_int_equal(io_write(fd, &part, 1, NULL), 0);
    sync_file(fd);
    sync_dir("");
    io_close(fd);
    disk_ack(disk, n);
}

static struct disk_report crash_with(disk_check check, void *ctx, bool is_broken)
{
    struct disk_plan plan = disk_plan("writer", 1);
    struct disk_report report = {0};

    disk_end(disk);
    plan.check = check;
    plan.ctx = ctx;
    plan.quiet = is_broken;
    plan.recrash = 1;
    disk_crash(disk, &plan, &report);
    disk_report_print(plan.name, &report);
    disk_free(disk);
    if (is_broken)
        assert_true(report.failed > 0);
    else
        assert_int_equal(report.failed, 0);
    return report;
}

static struct disk_report crash_replacing(int how, bool is_broken)
{
    start();
    for (uint64_t n = 1; n <= COMMITS; n++)
        replace_value(n, how);
    return crash_with(check_value, (void *)(uintptr_t) "value", is_broken);
}

static void test_writer__replaced_files_with_both_syncs_pass(void **state)
{
    struct disk_report report;

    (void)state;
    report = crash_replacing(SYNC_FILE | SYNC_DIR, false);
    assert_int_equal(report.points, COMMITS * 5 + 1);
    assert_true(report.distinct > 20 && report.distinct <= report.states);

    start();
    for (uint64_t n = 1; n <= COMMITS; n++) {
        uint8_t bytes[VALUE_SIZE];
        struct io_part part = {bytes, sizeof(bytes)};
        fill_value(bytes, n);
        assert_int_equal(io_write_atomic(at("value"), &part, 1, NULL), 0);
        disk_ack(disk, n);
    }
    (void)crash_with(check_value, (void *)(uintptr_t) "value", false);
}

static void test_writer__no_sync_before_the_rename_is_caught(void **state)
{
    struct disk_report report;

    (void)state;
    report = crash_replacing(SYNC_DIR, true);
    assert_non_null(strstr(report.first, "a torn value"));
    assert_non_null(strstr(report.first, "write value.new bytes 0-1535"));
    assert_non_null(strstr(report.first, "repeat with PT_CRASH_SEED=1 PT_CRASH_POINT="));
}

static void test_writer__no_sync_of_the_directory_is_caught(void **state)
{
    struct disk_report report;

    (void)state;
    report = crash_replacing(SYNC_FILE, true);
    assert_non_null(strstr(report.first, "value 1 is lost, 0 is there"));
    assert_non_null(strstr(report.first, "dropped rename value.new to value"));
}

static void test_writer__a_failed_sync_that_is_tried_again_is_caught(void **state)
{
    (void)state;
    (void)crash_replacing(SYNC_FILE | SYNC_DIR | SYNC_AGAIN, true);
}

static void test_writer__overwriting_in_place_is_caught(void **state)
{
    struct disk_report report;

    (void)state;
    start();
    for (uint64_t n = 1; n <= COMMITS; n++)
        overwrite_value(n);
    report = crash_with(check_value, (void *)(uintptr_t) "value", true);
    assert_non_null(strstr(report.first, "a torn value"));
}

static void test_writer__acknowledging_too_early_is_caught(void **state)
{
    (void)state;
    start();
    disk_ack(disk, 1);
    replace_value(1, SYNC_FILE | SYNC_DIR);
    (void)crash_with(check_value, (void *)(uintptr_t) "value", true);
}

static void test_writer__a_directory_whose_name_was_not_synced_is_caught(void **state)
{
    uint8_t bytes[VALUE_SIZE];
    struct io_part part = {bytes, sizeof(bytes)};

    (void)state;
    for (int is_synced = 0; is_synced <= 1; is_synced++) {
        start();
        if (!is_synced) /* EINVAL: there is nothing to sync, as some file systems say */
            fault_arm_every("io.sync", 1, EINVAL);
        assert_int_equal(io_mkdir_p(at("dir"), 0700, NULL), 0);
        fault_disarm_all();
        fill_value(bytes, 1);
        assert_int_equal(io_write_atomic(at("dir/value"), &part, 1, NULL), 0);
        disk_ack(disk, 1);
        (void)crash_with(check_value, (void *)(uintptr_t) "dir/value", !is_synced);
    }
}

/* ---- a log, with and without sums ---- */

struct record {
    uint64_t n;
    uint8_t bytes[1000]; /* all as the low byte of n */
    uint64_t sum;
};

/* The last whole record. */
static int check_log(void *ctx, const char *dir, uint64_t acked, struct err *err)
{
    const bool *has_sums = ctx;
    struct buf b = {0};
    struct record r;
    uint64_t last = 0;

    (void)io_read_file(IO_CWD, in_dir(dir, "log"), 1 << 20, &b, NULL);
    for (size_t i = 0; i + sizeof(r) <= b.n; i += sizeof(r)) {
        memcpy(&r, b.p + i, sizeof(r));
        if (*has_sums && r.sum != hash64(&r, offsetof(struct record, sum)))
            break;
        for (size_t k = 0; k < sizeof(r.bytes); k++)
            if (r.n != last + 1 || r.bytes[k] != (uint8_t)r.n) {
                buf_release(&b);
                return err_set(err, PT_ECORRUPT, "a bad record is taken for a good one");
            }
        last = r.n;
    }
    buf_release(&b);
    return last >= acked ? 0 : err_set(err, PT_ECORRUPT, "a record is lost");
}

static void append_records(uint64_t from, uint64_t to)
{
    int fd = open_file("log", O_CREAT | O_APPEND);

    if (from == 1)
        sync_dir("");
    for (uint64_t n = from; n <= to; n++) {
        struct record r = {.n = n};
        struct io_part part = {&r, sizeof(r)};
        memset(r.bytes, (int)n, sizeof(r.bytes));
        r.sum = hash64(&r, offsetof(struct record, sum));
        assert_int_equal(io_write(fd, &part, 1, NULL), 0);
        if (n % 2 == 0) {
            sync_file(fd);
            disk_ack(disk, n);
        }
    }
    io_close(fd);
}

static void test_writer__a_log_with_sums_passes_and_one_without_does_not(void **state)
{
    static bool has_sums[] = {true, false};

    (void)state;
    for (int i = 0; i < 2; i++) {
        start();
        append_records(1, 7);
        (void)crash_with(check_log, &has_sums[i], !has_sums[i]);
    }
}

/* ---- recovery ---- */

/* Brings the value back from its copy: by writing it in place first, and only then checks. What it
 * leaves on the way is read as torn by the next one, unless that knows of the copy. */
struct recovery {
    bool removes_copy_unsynced;
};

static int recover(void *ctx, const char *dir, uint64_t acked, struct err *err)
{
    const struct recovery *how = ctx;
    struct buf copy = {0};
    uint64_t n;
    int fd;

    if (read_value(dir, "copy", &n, NULL) == 0 && n > 0 &&
        io_read_file(IO_CWD, in_dir(dir, "copy"), VALUE_SIZE, &copy, NULL) == 0) {
        struct io_part part = {copy.p, copy.n};
        assert_int_equal(io_open(IO_CWD, in_dir(dir, "value"), O_WRONLY | O_CREAT, 0600, &fd, NULL),
                         0);
        assert_int_equal(io_write(fd, &part, 1, NULL), 0);
        if (!how->removes_copy_unsynced) {
            sync_file(fd);
            assert_int_equal(io_sync_dir(dir, NULL), 0);
        }
        io_close(fd);
        assert_int_equal(io_remove(IO_CWD, in_dir(dir, "copy"), NULL), 0);
        assert_int_equal(io_sync_dir(dir, NULL), 0);
    }
    buf_release(&copy);
    return check_value((void *)(uintptr_t) "value", dir, acked, err);
}

static void test_recovery__is_crashed_too(void **state)
{
    static struct recovery good = {false}, bad = {true};
    struct recovery *const all[] = {&good, &bad};
    uint8_t bytes[VALUE_SIZE];
    struct io_part part = {bytes, sizeof(bytes)};

    (void)state;
    for (int i = 0; i < 2; i++) {
        start();
        fill_value(bytes, 1);
        assert_int_equal(io_write_atomic(at("value"), &part, 1, NULL), 0);
        fill_value(bytes, 2);
        assert_int_equal(io_write_atomic(at("copy"), &part, 1, NULL), 0);
        disk_ack(disk, 2);
        struct disk_report report = crash_with(recover, all[i], all[i] == &bad);
        assert_true(report.recrashed > 10);
        if (all[i] == &bad)
            assert_non_null(strstr(report.first, "then recovery crashed at point"));
    }
}

/* ---- repeating ---- */

static void test_crash__one_seed_makes_the_same_choices(void **state)
{
    struct disk_report reports[3] = {{0}};

    (void)state;
    for (int i = 0; i < 3; i++) {
        start();
        for (uint64_t n = 1; n <= 2; n++)
            replace_value(n, 0);
        disk_end(disk);
        struct disk_plan plan = disk_plan("repeated", i == 2 ? 8 : 7);
        plan.check = check_value;
        plan.ctx = (void *)(uintptr_t) "value";
        plan.quiet = true;
        plan.all = plan.samples = 1;
        plan.extremes = 3;
        disk_crash(disk, &plan, &reports[i]);
        disk_free(disk);
    }
    assert_true(reports[0].failed > 0);
    assert_int_equal(reports[0].distinct, reports[1].distinct);
    assert_int_equal(reports[0].failed, reports[1].failed);
    assert_string_equal(reports[0].first, reports[1].first);
    assert_true(reports[0].distinct != reports[2].distinct ||
                reports[0].failed != reports[2].failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model__what_was_synced_is_there),
        cmocka_unit_test(test_model__writes_are_absent_present_or_torn_at_sectors),
        cmocka_unit_test(test_model__later_writes_may_come_without_earlier_ones),
        cmocka_unit_test(test_model__size_and_data_come_apart),
        cmocka_unit_test(test_model__a_sync_covers_what_was_before_it_only),
        cmocka_unit_test(test_model__after_a_failed_sync_nothing_can_be_relied_on),
        cmocka_unit_test(test_model__names_need_a_sync_of_their_directory),
        cmocka_unit_test(test_model__a_rename_is_atomic_and_may_come_before_the_data),
        cmocka_unit_test(test_model__a_removed_file_may_come_back_until_the_sync),
        cmocka_unit_test(test_model__a_new_directory_may_be_lost_with_all_in_it),
        cmocka_unit_test(test_writer__replaced_files_with_both_syncs_pass),
        cmocka_unit_test(test_writer__no_sync_before_the_rename_is_caught),
        cmocka_unit_test(test_writer__no_sync_of_the_directory_is_caught),
        cmocka_unit_test(test_writer__a_failed_sync_that_is_tried_again_is_caught),
        cmocka_unit_test(test_writer__overwriting_in_place_is_caught),
        cmocka_unit_test(test_writer__acknowledging_too_early_is_caught),
        cmocka_unit_test(test_writer__a_directory_whose_name_was_not_synced_is_caught),
        cmocka_unit_test(test_writer__a_log_with_sums_passes_and_one_without_does_not),
        cmocka_unit_test(test_recovery__is_crashed_too),
        cmocka_unit_test(test_crash__one_seed_makes_the_same_choices),
    };

    return RUN_TESTS(tests);
}
