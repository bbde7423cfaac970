#include "unit/base/support.h"
#include "unit/base/support_dir.h"

#include "base/io.h"
#include "server/log_file.h"

#include <errno.h>

static void check_file(const char *path, const char *want)
{
    struct buf text = {0};
    assert_int_equal(io_read_file(IO_CWD, path, 1 << 20, &text, NULL), PT_OK);
    assert_string_equal(buf_cstr(&text), want);
    buf_release(&text);
}

static struct log_file *opened(const char *path, uint64_t max)
{
    struct log_file *f = NULL;
    struct err err = {0};
    (void)log_file_open(path, max, &f, &err);
    assert_string_equal(err.msg, "");
    return f;
}

static void write_line(struct log_file *f, const char *line)
{
    log_file_write(f, line, strlen(line));
}

static void test_log_file__appends_to_what_is_there(void **state)
{
    (void)state;
    struct log_file *f = opened("folder/log", 100);
    write_line(f, "one\n");
    log_file_close(f);
    f = opened("folder/log", 100);
    write_line(f, "two\n");
    log_file_close(f);
    check_file("folder/log", "one\ntwo\n");
}

static void test_log_file__turns_over_before_a_line_too_many(void **state)
{
    (void)state;
    struct log_file *f = opened("log", 10);
    write_line(f, "1234\n");
    write_line(f, "5678\n");
    assert_false(io_exists(IO_CWD, "log.1"));
    write_line(f, "a\n");
    check_file("log.1", "1234\n5678\n");
    check_file("log", "a\n");
    write_line(f, "a line that is longer than the limit\n");
    check_file("log.1", "a\n");
    check_file("log", "a line that is longer than the limit\n");
    log_file_set_max(f, 1000);
    write_line(f, "b\n");
    check_file("log", "a line that is longer than the limit\nb\n");
    log_file_close(f);
}

static void test_log_file__two_writers_share_it(void **state)
{
    (void)state;
    struct log_file *a = opened("log", 10), *b = opened("log", 10);
    write_line(a, "a1\n");
    write_line(b, "b1\n");
    check_file("log", "a1\nb1\n");
    write_line(a, "a2 a2\n");
    write_line(b, "b2\n"); /* which follows, and turns nothing over */
    check_file("log.1", "a1\nb1\n");
    check_file("log", "a2 a2\nb2\n");
    log_file_close(a);
    log_file_close(b);
}

static void test_log_file__is_made_anew_if_somebody_removes_it(void **state)
{
    (void)state;
    struct log_file *f = opened("log", 100);
    write_line(f, "one\n");
    assert_int_equal(io_remove(IO_CWD, "log", NULL), PT_OK);
    write_line(f, "two\n");
    check_file("log", "two\n");
    log_file_close(f);
}

static void test_log_file__tells_how_many_lines_a_full_disk_took(void **state)
{
    (void)state;
    struct log_file *f = opened("log", 1000);
    write_line(f, "one\n");
    fault_arm_from("io.write", 1, ENOSPC);
    write_line(f, "two\n");
    write_line(f, "three\n");
    fault_disarm_all();
    write_line(f, "four\n");
    write_line(f, "five\n");
    check_file("log", "one\n\nlevel=warn msg=\"lines lost\" lines=2\nfour\nfive\n");
    log_file_close(f);
}

static void test_log_file__every_failure_is_survived(void **state)
{
    (void)state;
    static const char *const points[] = {"io.*", "mem.alloc"};
    for (unsigned i = 0; i < PT_COUNT(points); i++) {
        for (uint64_t n = 1;; n++) {
            struct log_file *f = NULL;
            fault_arm(points[i], n, ENOSPC);
            int rc = log_file_open("log", 8, &f, NULL);
            for (unsigned line = 0; rc == PT_OK && line < 4; line++)
                write_line(f, "a line\n");
            bool fired = fault_fired();
            fault_disarm_all();
            assert_true(fired || rc == PT_OK);
            if (rc == PT_OK)
                write_line(f, "last\n");
            log_file_close(f);
            if (!fired)
                break;
        }
        check_file("log", "last\n");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_NEW_DIR(test_log_file__appends_to_what_is_there),
        IN_NEW_DIR(test_log_file__turns_over_before_a_line_too_many),
        IN_NEW_DIR(test_log_file__two_writers_share_it),
        IN_NEW_DIR(test_log_file__is_made_anew_if_somebody_removes_it),
        IN_NEW_DIR(test_log_file__tells_how_many_lines_a_full_disk_took),
        IN_NEW_DIR(test_log_file__every_failure_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
