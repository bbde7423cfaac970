/* Images: what is written is what is opened, equal graphs give equal files, and no damage goes
 * unnoticed. */
#include "unit/graph/live_twin.h"

#include "base/fault.h"
#include "base/io.h"
#include "graph/image.h"

#include <stdio.h>
#include <unistd.h>

static char dir[] = "/tmp/pt-test-image-XXXXXX";
static char path[64], other[64];

static int make_dir(void **state)
{
    (void)state;
    if (mkdtemp(dir) == NULL)
        return -1;
    (void)snprintf(path, sizeof(path), "%s/a.image", dir);
    (void)snprintf(other, sizeof(other), "%s/b.image", dir);
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    (void)unlink(path);
    (void)unlink(other);
    return rmdir(dir);
}

static void write_image(const struct live *g, const char *to)
{
    struct live_view v;
    struct err err = {0};
    assert_true(live_pin((struct live *)(uintptr_t)g, &v));
    if (image_write(&v, to, &err) != PT_OK)
        fail_msg("%s", err.msg);
    live_unpin((struct live *)(uintptr_t)g, &v);
}

static void read_all(const char *from, struct buf *ret)
{
    assert_int_equal(io_read_file(IO_CWD, from, (size_t)64 << 20, ret, NULL), PT_OK);
}

/* Goes on with the graph that the image holds. */
static void reopen(struct fixture *f)
{
    struct err err = {0};
    live_free(f->g);
    f->g = NULL;
    if (image_open(path, &f->g, &err) != PT_OK)
        fail_msg("%s", err.msg);
}

static void test_image__what_is_opened_is_what_was_written(void **state)
{
    (void)state;
    for (uint64_t seed = 21; seed <= 24; seed++) {
        struct fixture *f = fixture_new(seed);
        print_message("seed %llu\n", (unsigned long long)seed);
        for (uint32_t round = 0; round < 8; round++) {
            for (uint32_t i = below(f, 30); i > 0; i--)
                commit(f);
            write_image(f->g, path);
            assert_int_equal(image_verify(path, NULL), PT_OK);
            reopen(f);
            check_now(f);
            /* the image is not the graph that commits change */
            struct buf before = {0}, after = {0};
            read_all(path, &before);
            commit(f);
            commit(f);
            check_now(f);
            read_all(path, &after);
            assert_int_equal(before.n, after.n);
            assert_memory_equal(before.p, after.p, before.n);
            buf_release(&before);
            buf_release(&after);
        }
        fixture_free(f);
    }
}

static void test_image__equal_graphs_give_equal_images(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(31);
    struct live *fresh;
    struct delta d;
    struct buf a = {0}, b = {0};
    for (uint32_t i = 0; i < 40; i++)
        commit(f);
    write_image(f->g, path);
    reopen(f);
    for (uint32_t i = 0; i < 10; i++)
        commit(f);
    write_image(f->g, path);
    delta_init(&d);
    for (uint32_t i = 0; i < FILES; i++) {
        if (f->now.of[i] != NULL)
            assert_true(vec_push(&d.units, *f->now.of[i]));
    }
    assert_int_equal(live_new(&fresh, NULL), PT_OK);
    assert_int_equal(live_apply(fresh, &d, NULL), PT_OK);
    write_image(fresh, other);
    read_all(path, &a);
    read_all(other, &b);
    assert_int_equal(a.n, b.n);
    assert_memory_equal(a.p, b.p, a.n);
    live_free(fresh);
    delta_release(&d);
    buf_release(&a);
    buf_release(&b);
    fixture_free(f);
}

static void test_image__of_nothing(void **state)
{
    (void)state;
    struct live *g;
    struct live_view v;
    assert_int_equal(live_new(&g, NULL), PT_OK);
    write_image(g, path);
    live_free(g);
    assert_int_equal(image_verify(path, NULL), PT_OK);
    assert_int_equal(image_open(path, &g, NULL), PT_OK);
    assert_true(live_pin(g, &v));
    assert_int_equal(live_find_path(&v, "src/00.c"), ID_NONE);
    assert_int_equal(live_find_sig(&v, 1), ID_NONE);
    live_unpin(g, &v);
    live_free(g);
}

static void put_bytes(const char *p, size_t n)
{
    FILE *out = fopen(other, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(p, 1, n, out), n);
    assert_int_equal(fclose(out), 0);
}

static void test_image__every_flipped_bit_is_found(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(41);
    struct buf image = {0};
    struct err err = {0};
    write_image(f->g, path);
    read_all(path, &image);
    put_bytes(image.p, image.n);
    FILE *out = fopen(other, "r+b");
    assert_non_null(out);
    for (size_t i = 0; i < image.n; i++) {
        char c = (char)(image.p[i] ^ (1 << (i % 8)));
        assert_int_equal(fseek(out, (long)i, SEEK_SET), 0);
        assert_int_equal(fwrite(&c, 1, 1, out), 1);
        assert_int_equal(fflush(out), 0);
        int rc = image_verify(other, &err);
        if (rc != PT_ECORRUPT && rc != PT_EVERSION)
            fail_msg("byte %zu: %d", i, rc);
        assert_int_equal(fseek(out, (long)i, SEEK_SET), 0);
        assert_int_equal(fwrite(&image.p[i], 1, 1, out), 1);
    }
    assert_int_equal(fclose(out), 0);
    assert_int_equal(image_verify(other, NULL), PT_OK);
    buf_release(&image);
    fixture_free(f);
}

static void test_image__cut_or_foreign_files_are_refused(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(43);
    struct buf image = {0};
    struct err err = {0};
    struct live *g = NULL;
    write_image(f->g, path);
    read_all(path, &image);
    for (size_t n = 0; n < image.n; n += 509) {
        put_bytes(image.p, n);
        assert_int_equal(image_open(other, &g, &err), PT_ECORRUPT);
        assert_null(g);
    }
    image.p[8] = 99;
    put_bytes(image.p, image.n);
    assert_int_equal(image_open(other, &g, &err), PT_EVERSION);
    assert_non_null(strstr(err.msg, "99"));
    assert_int_equal(image_open("/nowhere/at/all", &g, &err), PT_ENOENT);
    buf_release(&image);
    fixture_free(f);
}

/* Over an image that is there: it, or the new one, is whole after any failure, and nothing is left
 * beside it. */
static void fail_each(struct fixture *f, const char *point, int code)
{
    char temp[sizeof(other) + sizeof(IO_TEMP_SUFFIX)];
    (void)snprintf(temp, sizeof(temp), "%s%s", other, IO_TEMP_SUFFIX);
    write_image(f->g, other);
    commit(f);
    for (uint64_t nth = 1;; nth++) {
        struct live_view v;
        struct live *g = NULL;
        assert_true(live_pin(f->g, &v));
        fault_arm(point, nth, code);
        int rc = image_write(&v, other, NULL);
        if (rc == PT_OK)
            rc = image_open(other, &g, NULL);
        bool fired = fault_fired();
        fault_disarm_all();
        live_unpin(f->g, &v);
        live_free(g);
        if (!fired) {
            assert_int_equal(rc, PT_OK);
            return;
        }
        /* a directory that may not be opened cannot be synced, which is no failure */
        assert_true(rc != PT_OK || strcmp(point, "io.open") == 0);
        assert_int_equal(image_verify(other, NULL), PT_OK);
        assert_false(io_exists(IO_CWD, temp));
    }
}

static void test_image__failures_leave_the_old_one(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(47);
    fail_each(f, "mem.alloc", ENOMEM);
    fail_each(f, "io.write", ENOSPC);
    fail_each(f, "io.open", EACCES);
    fail_each(f, "io.rename", EIO);
    fail_each(f, "io.mmap", ENOMEM);
    fixture_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_image__what_is_opened_is_what_was_written),
        cmocka_unit_test(test_image__equal_graphs_give_equal_images),
        cmocka_unit_test(test_image__of_nothing),
        cmocka_unit_test(test_image__every_flipped_bit_is_found),
        cmocka_unit_test(test_image__cut_or_foreign_files_are_refused),
        cmocka_unit_test(test_image__failures_leave_the_old_one),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
