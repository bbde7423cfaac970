/* Checkpoints: what is kept is what is read, and nothing that is damaged is. */
#include "support/disk.h"
#include "unit/base/support.h"

#include "base/fault.h"
#include "base/io.h"
#include "index/checkpoint.h"

static char *dir, path[512];

static int make_dir(void **state)
{
    (void)state;
    dir = disk_temp_dir();
    (void)snprintf(path, sizeof(path), "%s/checkpoint", dir);
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    disk_remove_dir(dir);
    free(dir);
    return 0;
}

static const uint32_t few[] = {1, 2, 300, UINT32_MAX}, one[] = {0};

static const struct checkpoint_file files[] = {
    {.path = "a.c", .content = {1, 2}, .leaf = {3, 4}, .notes = few, .n_notes = 4, .lang = 1},
    {.path = "b/c.py", .leaf = {7, 8}, .lang = 200, .unread = true},
    {.path = "d.rs", .content = {5, 6}, .notes = one, .n_notes = 1, .lang = 2},
};

static int write_files(struct err *err)
{
    struct buf to = {0};
    checkpoint_begin(&to, "one");
    for (unsigned i = 0; i < PT_COUNT(files); i++)
        checkpoint_add(&to, &files[i]);
    int rc = checkpoint_write(dir, &to, PT_COUNT(files), err);
    buf_release(&to);
    return rc;
}

static void check_read(void)
{
    struct checkpoint c;
    assert_int_equal(checkpoint_read(dir, "one", &c, NULL), PT_OK);
    assert_int_equal(c.files.len, PT_COUNT(files));
    for (unsigned i = 0; i < PT_COUNT(files); i++) {
        const struct checkpoint_file *f = &c.files.at[i];
        assert_string_equal(f->path, files[i].path);
        assert_true(hash128_eq(f->content, files[i].content));
        assert_true(hash128_eq(f->leaf, files[i].leaf));
        assert_int_equal(f->lang, files[i].lang);
        assert_int_equal(f->unread, files[i].unread);
        assert_int_equal(f->n_notes, files[i].n_notes);
        for (uint32_t k = 0; k < f->n_notes; k++)
            assert_int_equal(f->notes[k], files[i].notes[k]);
    }
    checkpoint_release(&c);
}

static void what_is_written_is_read(void **state)
{
    struct checkpoint c;
    (void)state;
    assert_int_equal(checkpoint_read(dir, "one", &c, NULL), PT_ENOENT);
    assert_int_equal(write_files(NULL), PT_OK);
    check_read();
    assert_int_equal(checkpoint_read(dir, "another", &c, NULL), PT_ENOENT);
}

static void no_byte_may_differ(void **state)
{
    struct buf bytes = {0};
    struct checkpoint c;
    struct err err = {0};
    (void)state;
    assert_int_equal(write_files(NULL), PT_OK);
    assert_int_equal(io_read_file(IO_CWD, path, 1 << 20, &bytes, NULL), PT_OK);
    for (size_t i = 0; i < bytes.n; i++) {
        struct buf damaged = {0};
        buf_add(&damaged, bytes.p, i);
        assert_int_equal(checkpoint_decode(&damaged, "one", &c, &err), PT_ECORRUPT);
        buf_add(&damaged, bytes.p, bytes.n);
        damaged.p[i] ^= 1;
        int rc = checkpoint_decode(&damaged, "one", &c, &err);
        assert_int_equal(rc, i >= 8 && i < 12 ? PT_EVERSION : PT_ECORRUPT);
        buf_release(&damaged);
    }
    buf_release(&bytes);
}

static void fail_each(const char *point, int code)
{
    bool fired = true;
    for (uint64_t nth = 1; fired; nth++) {
        fault_arm(point, nth, code);
        int rc = write_files(NULL);
        fired = fault_fired();
        fault_disarm_all();
        assert_true(fired || rc == PT_OK);
        check_read(); /* the one that was there, or the new one, which is the same */
    }
    fired = true;
    for (uint64_t nth = 1; fired; nth++) {
        struct checkpoint c;
        fault_arm(point, nth, code);
        int rc = checkpoint_read(dir, "one", &c, NULL);
        fired = fault_fired();
        fault_disarm_all();
        assert_int_equal(rc == PT_OK, !fired);
        if (rc == PT_OK)
            checkpoint_release(&c);
    }
}

static void failures_leave_one(void **state)
{
    (void)state;
    assert_int_equal(write_files(NULL), PT_OK);
    fail_each("mem.alloc", ENOMEM);
    fail_each("io.write", ENOSPC);
    fail_each("io.rename", EIO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(no_byte_may_differ),
        cmocka_unit_test(failures_leave_one),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
