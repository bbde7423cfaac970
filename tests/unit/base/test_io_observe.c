/* What the observer of base/io hears: each change, in order, with what was really done. */
#include "base/io_observe.h"

#include "base/io.h"
#include "base/str.h"
#include "support.h"
#include "support_dir.h"

#include <pthread.h>

/* A history as text, a line for each change. */
static void note(void *ctx, const struct io_change *c)
{
    struct buf *b = ctx;

    switch (c->kind) {
    case IO_CREATE: buf_printf(b, "create %s\n", c->path); break;
    case IO_MKDIR: buf_printf(b, "mkdir %s\n", c->path); break;
    case IO_RENAME: buf_printf(b, "rename %s %s\n", c->path, c->to); break;
    case IO_REMOVE: buf_printf(b, "remove %s\n", c->path); break;
    case IO_RESIZE: buf_printf(b, "resize %s %llu\n", c->path, (unsigned long long)c->at); break;
    case IO_SYNC:
        buf_printf(b, "sync '%s' after %llu%s\n", c->path, (unsigned long long)c->at - 1,
                   c->failed ? " failed" : "");
        break;
    case IO_WRITE:
        buf_printf(b, "write %s %llu ", c->path, (unsigned long long)c->at);
        for (size_t i = 0, left = c->n; left > 0; left -= c->parts[i++].iov_len) {
            size_t n = c->parts[i].iov_len < left ? c->parts[i].iov_len : left;
            buf_add(b, c->parts[i].iov_base, n);
            if (n == left)
                break;
        }
        buf_char(b, '\n');
        break;
    }
}

static void expect(struct buf *b, const char *want)
{
    assert_string_equal(buf_cstr(b), want);
    buf_reset(b);
}

static void write_text(int fd, const char *text, int want_rc)
{
    struct io_part parts[] = {{text, 1}, {text + 1, strlen(text) - 1}};

    assert_int_equal(io_write(fd, parts, 2, NULL), want_rc);
}

static void test_observe__hears_of_changes_below_the_root_only(void **state)
{
    struct buf b = {0};
    int fd;

    (void)state;
    assert_int_equal(mkdir("in", 0700), 0);
    assert_int_equal(symlink("in", "link"), 0);
    assert_int_equal(io_observe("in", note, &b, NULL), 0);
    assert_int_equal(io_open(IO_CWD, "in/../link/./f", O_WRONLY | O_CREAT, 0600, &fd, NULL), 0);
    write_text(fd, "hello", 0);
    write_text(fd, " you", 0);
    assert_int_equal(io_truncate(fd, 7, NULL), 0);
    assert_int_equal(io_sync(fd, NULL), 0);
    expect(&b, "create f\nwrite f 0 hello\nwrite f 5  you\nresize f 7\nsync 'f' after 4\n");
    assert_int_equal(io_rename("link/f", "in/g", NULL), 0);
    write_text(fd, "!!", 0);
    assert_int_equal(io_sync_dir("link", NULL), 0);
    assert_int_equal(io_remove(IO_CWD, "in/g", NULL), 0);
    write_text(fd, "x", 0);
    io_close(fd);
    expect(&b, "rename f g\nwrite g 9 !!\nsync '' after 7\nremove g\nwrite g (deleted) 11 x\n");

    assert_int_equal(io_mkdir_p("in/a/b", 0700, NULL), 0);
    assert_int_equal(io_mkdir_p("inside", 0700, NULL), 0);
    assert_int_equal(io_open(IO_CWD, "inside/f", O_WRONLY | O_CREAT, 0600, &fd, NULL), 0);
    write_text(fd, "hello", 0);
    io_close(fd);
    assert_int_equal(io_remove(IO_CWD, "in/a/b", NULL), 0);
    assert_non_null(strstr(buf_cstr(&b), "mkdir a\n"));
    assert_non_null(strstr(buf_cstr(&b), "mkdir a/b\n"));
    assert_non_null(strstr(buf_cstr(&b), "remove a/b\n"));
    assert_null(strstr(buf_cstr(&b), "side"));
    assert_int_equal(io_observe(NULL, NULL, NULL, NULL), 0);
    assert_int_equal(io_observe("absent", note, &b, NULL), PT_ENOENT);
    buf_release(&b);
}

static void test_observe__opening_changes_only_what_it_makes_or_cuts(void **state)
{
    struct buf b = {0};
    int fd;

    (void)state;
    make_file("f", "hello");
    assert_int_equal(io_observe(".", note, &b, NULL), 0);
    assert_int_equal(io_open(IO_CWD, "f", O_RDWR | O_CREAT, 0600, &fd, NULL), 0);
    io_close(fd);
    assert_int_equal(io_open(IO_CWD, "f", O_WRONLY | O_APPEND, 0600, &fd, NULL), 0);
    expect(&b, "");
    write_text(fd, "more", 0);
    io_close(fd);
    expect(&b, "write f 5 more\n");
    assert_int_equal(io_open(IO_CWD, "f", O_WRONLY | O_CREAT | O_TRUNC, 0600, &fd, NULL), 0);
    io_close(fd);
    expect(&b, "resize f 0\n");
    assert_int_equal(io_lock("lock", true, &fd, NULL), 0);
    io_close(fd);
    expect(&b, "create lock\n");
    assert_int_equal(io_observe(NULL, NULL, NULL, NULL), 0);
    buf_release(&b);
}

static void test_observe__failures_tell_what_was_done_before(void **state)
{
    struct buf b = {0};
    int fd;

    (void)state;
    assert_int_equal(io_observe(".", note, &b, NULL), 0);
    assert_int_equal(io_open(IO_CWD, "f", O_WRONLY | O_CREAT, 0600, &fd, NULL), 0);
    buf_reset(&b);
    fault_arm("io.write", 1, FAULT_TORN);
    write_text(fd, "hello", PT_EIO);
    fault_arm("io.write", 1, ENOSPC);
    write_text(fd, "hello", PT_ENOSPC);
    expect(&b, "write f 0 h\n");
    fault_arm("io.sync", 1, EIO);
    assert_int_equal(io_sync(fd, NULL), PT_EIO);
    expect(&b, "sync 'f' after 2 failed\n");
    fault_arm("io.truncate", 1, EIO);
    fault_arm("io.rename", 1, EIO);
    fault_arm("io.remove", 1, EIO);
    fault_arm("io.mkdir", 1, EIO);
    assert_int_equal(io_truncate(fd, 0, NULL), PT_EIO);
    assert_int_equal(io_rename("f", "g", NULL), PT_EIO);
    assert_int_equal(io_remove(IO_CWD, "f", NULL), PT_EIO);
    assert_int_equal(io_mkdir_p("d", 0700, NULL), PT_EIO);
    expect(&b, "");
    io_close(fd);
    assert_int_equal(io_observe(NULL, NULL, NULL, NULL), 0);
    buf_release(&b);
}

static void test_mkdir__syncs_what_it_makes_and_where_it_begins(void **state)
{
    struct buf b = {0};

    (void)state;
    assert_int_equal(mkdir("old", 0700), 0);
    assert_int_equal(io_observe(".", note, &b, NULL), 0);
    assert_int_equal(io_mkdir_p("old/a/b", 0700, NULL), 0);
    expect(&b, "mkdir old/a\nsync '' after 1\nsync 'old' after 2\n"
               "mkdir old/a/b\nsync 'old/a' after 4\n");
    assert_int_equal(io_mkdir_p("old/a/b", 0700, NULL), 0);
    expect(&b, "");
    fault_arm("io.sync", 2, EIO);
    assert_int_equal(io_mkdir_p("c", 0700, NULL), 0);
    assert_int_equal(io_mkdir_p("d", 0700, NULL), PT_EIO);
    expect(&b, "mkdir c\nsync '' after 6\nmkdir d\nsync '' after 8 failed\n");
    fault_arm("io.open", 1, EACCES); /* a directory that may be written, but not read */
    assert_int_equal(io_mkdir_p("e", 0700, NULL), 0);
    expect(&b, "mkdir e\n");
    fault_arm("io.open", 1, EMFILE);
    assert_int_equal(io_mkdir_p("f", 0700, NULL), PT_ELIMIT);
    assert_int_equal(io_observe(NULL, NULL, NULL, NULL), 0);
    buf_release(&b);
}

static void test_observe__replacing_a_file_is_heard_step_by_step(void **state)
{
    struct buf b = {0};
    struct io_part part = {"text", 4};

    (void)state;
    assert_int_equal(io_observe(".", note, &b, NULL), 0);
    assert_int_equal(io_write_atomic("f", &part, 1, NULL), 0);
    struct slice all = buf_as_slice(&b);
    const char *const want[] = {"create .", "write .", "sync '.", "rename .", "sync '' after 4"};
    for (size_t i = 0; i < PT_COUNT(want); i++) {
        assert_true(slice_starts(all, slice_from(want[i])));
        all = slice_skip(all, (size_t)(slice_chr(all, '\n') - all.p) + 1);
    }
    assert_int_equal(all.n, 0);
    buf_reset(&b);
    fault_arm("io.rename", 1, EIO);
    assert_int_equal(io_write_atomic("f", &part, 1, NULL), PT_EIO);
    assert_non_null(strstr(buf_cstr(&b), "\nremove ."));
    assert_int_equal(io_observe(NULL, NULL, NULL, NULL), 0);
    buf_release(&b);
}

#define WRITERS 4
#define WRITES 60

struct heard {
    uint64_t n, wrong;
    uint64_t last_write[WRITERS]; /* its number, by the writer's file */
};

static void note_order(void *ctx, const struct io_change *c)
{
    struct heard *h = ctx;
    unsigned file = (unsigned)(c->path[0] - '0');

    h->wrong += c->number != ++h->n || file >= WRITERS;
    if (c->kind == IO_WRITE && file < WRITERS)
        h->last_write[file] = c->number;
    else if (c->kind == IO_SYNC && file < WRITERS)
        h->wrong += c->at <= h->last_write[file] || c->at > c->number;
}

static void *write_and_sync(void *arg)
{
    const char *path = arg;
    struct io_part part = {"text", 4};
    int fd;

    if (io_open(IO_CWD, path, O_WRONLY | O_CREAT, 0600, &fd, NULL) != 0)
        return NULL;
    for (int i = 0; i < WRITES; i++)
        if (io_write(fd, &part, 1, NULL) != 0 || io_sync(fd, NULL) != 0)
            return NULL;
    io_close(fd);
    return arg;
}

static void test_observe__changes_of_threads_have_one_order(void **state)
{
    static char paths[WRITERS][2];
    static struct heard heard;
    pthread_t threads[WRITERS];
    void *ret;

    (void)state;
    assert_int_equal(io_observe(".", note_order, &heard, NULL), 0);
    for (int i = 0; i < WRITERS; i++) {
        paths[i][0] = (char)('0' + i);
        assert_int_equal(pthread_create(&threads[i], NULL, write_and_sync, paths[i]), 0);
    }
    for (int i = 0; i < WRITERS; i++) {
        assert_int_equal(pthread_join(threads[i], &ret), 0);
        assert_non_null(ret);
    }
    assert_int_equal(io_observe(NULL, NULL, NULL, NULL), 0);
    assert_int_equal(heard.n, WRITERS * (1 + 2 * WRITES));
    assert_int_equal(heard.wrong, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_NEW_DIR(test_observe__hears_of_changes_below_the_root_only),
        IN_NEW_DIR(test_observe__opening_changes_only_what_it_makes_or_cuts),
        IN_NEW_DIR(test_observe__failures_tell_what_was_done_before),
        IN_NEW_DIR(test_mkdir__syncs_what_it_makes_and_where_it_begins),
        IN_NEW_DIR(test_observe__changes_of_threads_have_one_order),
        IN_NEW_DIR(test_observe__replacing_a_file_is_heard_step_by_step),
    };

    return RUN_TESTS(tests);
}
