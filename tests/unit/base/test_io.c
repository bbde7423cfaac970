#include "base/io.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fault.h"
#include "support.h"
#include "support_dir.h"

static void check_file(const char *path, const char *text)
{
    struct buf b = {0};

    assert_int_equal(io_read_file(IO_CWD, path, 1 << 20, &b, NULL), 0);
    assert_string_equal(buf_cstr(&b), text);
    buf_release(&b);
}

static int count_entry(void *ctx, const char *name, enum io_kind kind)
{
    (void)name;
    (void)kind;
    ++*(int *)ctx;
    return 0;
}

static int count_entries(const char *path)
{
    int fd;
    int n = 0;

    assert_int_equal(io_open_dir(path, &fd, NULL), 0);
    assert_int_equal(io_list(fd, count_entry, &n, NULL), 0);
    io_close(fd);
    return n;
}

static int open_descriptors(void)
{
    return count_entries("/proc/self/fd");
}

/* ---- reading ---- */

static void test_read__whole_file_replaces_the_buffer(void **state)
{
    struct buf b = {0};
    struct io_stat st;

    (void)state;
    make_file("f", "hello");
    make_file("empty", "");
    buf_str(&b, "what was there before");
    assert_int_equal(io_read_file_stat(IO_CWD, "f", 100, &b, &st, NULL), 0);
    assert_string_equal(buf_cstr(&b), "hello");
    assert_int_equal(st.size, 5);
    assert_int_equal(st.kind, IO_FILE);
    assert_int_equal(io_read_file(IO_CWD, "empty", 0, &b, NULL), 0);
    assert_int_equal(b.n, 0);
    buf_release(&b);
}

static void test_read__size_is_limited(void **state)
{
    struct buf b = {0};
    struct err e = {0};

    (void)state;
    make_file("f", "hello");
    assert_int_equal(io_read_file(IO_CWD, "f", 5, &b, NULL), 0);
    assert_int_equal(b.n, 5);
    assert_int_equal(io_read_file(IO_CWD, "f", 4, &b, &e), PT_ELIMIT);
    assert_int_equal(b.n, 0);
    assert_string_equal(e.msg, "f: is larger than 4 bytes");
    assert_int_equal(io_read_file(IO_CWD, "f", SIZE_MAX, &b, NULL), 0);
    buf_release(&b);
}

/* Files of /proc say that they are empty. */
static void test_read__file_may_grow_beyond_what_it_said(void **state)
{
    struct buf b = {0};
    struct io_stat st;

    (void)state;
    assert_int_equal(io_read_file_stat(IO_CWD, "/proc/self/maps", 1 << 20, &b, &st, NULL), 0);
    assert_int_equal(st.size, 0);
    assert_true(b.n > 100);
    assert_int_equal(io_read_file(IO_CWD, "/proc/self/maps", 100, &b, NULL), PT_ELIMIT);
    buf_release(&b);
}

static void check_refused(int dirfd, const char *path, int code)
{
    struct buf b = {0};
    struct err e = {0};

    assert_int_equal(io_read_file(dirfd, path, 100, &b, &e), code);
    assert_int_equal(e.code, code);
    assert_non_null(strstr(e.msg, path));
    assert_int_equal(b.n, 0);
    buf_release(&b);
}

static void make_socket(const char *path)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
    assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
    close(fd);
}

static void test_read__what_is_no_regular_file_is_refused_without_blocking(void **state)
{
    struct io_map map = {0};
    int before = open_descriptors();

    (void)state;
    make_file("f", "x");
    assert_int_equal(mkfifo("fifo", 0600), 0);
    assert_int_equal(mkdir("dir", 0700), 0);
    assert_int_equal(symlink("f", "link"), 0);
    assert_int_equal(symlink("nowhere", "dangling"), 0);
    make_socket("socket");

    alarm(20);
    check_refused(IO_CWD, "fifo", PT_EINVAL);
    check_refused(IO_CWD, "dir", PT_EINVAL);
    check_refused(IO_CWD, "link", PT_EINVAL);
    check_refused(IO_CWD, "dangling", PT_EINVAL);
    check_refused(IO_CWD, "socket", PT_EINVAL);
    check_refused(IO_CWD, "/dev/zero", PT_EINVAL);
    check_refused(IO_CWD, "absent", PT_ENOENT);
    check_refused(IO_CWD, "f/below", PT_EINVAL);
    assert_int_equal(io_map_file("fifo", &map, NULL), PT_EINVAL);
    assert_int_equal(io_map_file("dir", &map, NULL), PT_EINVAL);
    alarm(0);
    assert_int_equal(open_descriptors(), before);
}

static void check_beneath(int dirfd)
{
    struct buf b = {0};
    int fd;

    assert_int_equal(io_read_file(dirfd, "a/b/f", 100, &b, NULL), 0);
    assert_string_equal(buf_cstr(&b), "in");
    assert_int_equal(io_read_file(dirfd, "./a//b/./f", 100, &b, NULL), 0);
    check_refused(dirfd, "a/up/f", PT_EINVAL);
    check_refused(dirfd, "a/same/f", PT_EINVAL);
    check_refused(dirfd, "../secret", PT_EINVAL);
    check_refused(dirfd, "a/../../secret", PT_EINVAL);
    check_refused(dirfd, "/etc/hostname", PT_EINVAL);
    check_refused(dirfd, "a/absent/f", PT_ENOENT);
    check_refused(dirfd, "a/b", PT_EINVAL);
    check_refused(dirfd, "a/b/f/", PT_EINVAL);
    assert_int_equal(io_openat_dir(dirfd, "a/b/", &fd, NULL), 0);
    io_close(fd);
    assert_int_equal(io_openat_dir(dirfd, "a/same", &fd, NULL), PT_EINVAL);
    assert_int_equal(io_openat_dir(dirfd, "a/b/f", &fd, NULL), PT_EINVAL);
    buf_release(&b);
}

static void test_read__path_cannot_leave_its_directory(void **state)
{
    int fd;
    int before = open_descriptors();

    (void)state;
    make_file("secret", "out");
    assert_int_equal(io_mkdir_p("tree/a/b", 0700, NULL), 0);
    make_file("tree/a/b/f", "in");
    assert_int_equal(symlink("../..", "tree/a/up"), 0);
    assert_int_equal(symlink("b", "tree/a/same"), 0);
    assert_int_equal(io_open_dir("tree", &fd, NULL), 0);
    check_beneath(fd);
    /* On a kernel without openat2, too. */
    fault_arm_every("io.openat2", 1, ENOSYS);
    check_beneath(fd);
    assert_true(fault_fired());
    io_close(fd);
    assert_int_equal(open_descriptors(), before);
}

static void test_read__goes_on_after_short_reads_and_signals(void **state)
{
    struct buf b = {0};

    (void)state;
    make_file("f", "0123456789");
    fault_arm_every("io.read", 2, EINTR);
    assert_int_equal(io_read_file(IO_CWD, "f", 100, &b, NULL), 0);
    assert_string_equal(buf_cstr(&b), "0123456789");
    fault_arm("io.read", 1, FAULT_SHORT);
    assert_int_equal(io_read_file(IO_CWD, "f", 100, &b, NULL), 0);
    assert_string_equal(buf_cstr(&b), "0123456789");
    assert_true(fault_fired());
    fault_arm("io.read", 1, FAULT_TORN);
    assert_int_equal(io_read_file(IO_CWD, "f", 100, &b, NULL), PT_EIO);
    assert_int_equal(b.n, 0);
    buf_release(&b);
}

static void test_read__each_nth_failure_is_reported(void **state)
{
    const char *points[] = {"io.*", "mem.alloc"};
    int before = open_descriptors();

    (void)state;
    make_file("f", "0123456789");
    for (size_t i = 0; i < PT_COUNT(points); i++)
        for (uint64_t n = 1;; n++) {
            struct buf b = {0};
            struct err e = {0};

            fault_arm(points[i], n, i ? ENOMEM : EACCES);
            int rc = io_read_file(IO_CWD, "f", 100, &b, &e);
            bool fired = fault_fired();
            fault_disarm_all();
            assert_int_equal(rc, !fired ? 0 : i ? PT_ENOMEM : PT_EACCES);
            assert_int_equal(e.code, rc);
            assert_int_equal(b.n, rc ? 0 : 10);
            buf_release(&b);
            if (!fired)
                break;
        }
    assert_int_equal(open_descriptors(), before);
}

static void test_pread__gives_what_is_there(void **state)
{
    char p[8] = {0};
    size_t n = 99;
    int fd;

    (void)state;
    make_file("f", "0123456789");
    assert_int_equal(io_open(IO_CWD, "f", O_RDONLY, 0, &fd, NULL), 0);
    fault_arm("io.read", 1, FAULT_SHORT);
    assert_int_equal(io_pread(fd, p, 4, 2, &n, NULL), 0);
    assert_int_equal(n, 4);
    assert_memory_equal(p, "2345", 4);
    assert_int_equal(io_pread(fd, p, 8, 7, &n, NULL), 0);
    assert_int_equal(n, 3);
    assert_int_equal(io_pread(fd, p, 8, 100, &n, NULL), 0);
    assert_int_equal(n, 0);
    fault_arm("io.read", 1, EIO);
    assert_int_equal(io_pread(fd, p, 8, 0, &n, NULL), PT_EIO);
    io_close(fd);
}

static void test_map__shows_the_file(void **state)
{
    struct io_map map = {0};

    (void)state;
    make_file("f", "hello");
    make_file("empty", "");
    assert_int_equal(io_map_file("f", &map, NULL), 0);
    assert_int_equal(map.n, 5);
    assert_memory_equal(map.p, "hello", 5);
    io_unmap(&map);
    assert_null(map.p);
    assert_int_equal(io_map_file("empty", &map, NULL), 0);
    assert_int_equal(map.n, 0);
    assert_non_null(map.p);
    io_unmap(&map);
    io_unmap(&map);
    for (uint64_t n = 1;; n++) {
        fault_arm("io.*", n, ENOMEM);
        int rc = io_map_file("f", &map, NULL);
        bool fired = fault_fired();
        fault_disarm_all();
        assert_int_equal(rc, fired ? PT_ENOMEM : 0);
        assert_int_equal(map.p == NULL, fired);
        if (!fired)
            break;
    }
    io_unmap(&map);
}

/* ---- what is there ---- */

static void test_stat__tells_kinds_apart_and_follows_nothing(void **state)
{
    struct io_stat st;
    struct io_stat by_fd;
    struct stat twin;
    int fd;

    (void)state;
    make_file("f", "hello");
    assert_int_equal(chmod("f", 0640), 0);
    assert_int_equal(symlink("f", "link"), 0);
    assert_int_equal(mkfifo("fifo", 0600), 0);
    assert_int_equal(io_stat(IO_CWD, "f", &st, NULL), 0);
    assert_int_equal(stat("f", &twin), 0);
    assert_int_equal(st.size, 5);
    assert_int_equal(st.kind, IO_FILE);
    assert_int_equal(st.mode, 0640);
    assert_int_equal(st.ino, twin.st_ino);
    assert_int_equal(st.dev, twin.st_dev);
    assert_int_equal(st.mtime_ns, twin.st_mtim.tv_sec * 1000000000LL + twin.st_mtim.tv_nsec);
    assert_int_equal(st.ctime_ns, twin.st_ctim.tv_sec * 1000000000LL + twin.st_ctim.tv_nsec);
    assert_int_equal(io_open(IO_CWD, "f", O_RDONLY, 0, &fd, NULL), 0);
    assert_int_equal(io_stat_fd(fd, &by_fd, NULL), 0);
    io_close(fd);
    assert_int_equal(by_fd.ino, st.ino);

    assert_int_equal(io_stat(IO_CWD, "link", &st, NULL), 0);
    assert_int_equal(st.kind, IO_LINK);
    assert_int_equal(io_stat(IO_CWD, "fifo", &st, NULL), 0);
    assert_int_equal(st.kind, IO_OTHER);
    assert_int_equal(io_stat(IO_CWD, ".", &st, NULL), 0);
    assert_int_equal(st.kind, IO_DIR);
    assert_int_equal(io_stat(IO_CWD, "absent", &st, NULL), PT_ENOENT);
    assert_int_equal(st.kind, IO_DIR);
}

static void test_exists__sees_dangling_links(void **state)
{
    (void)state;
    assert_int_equal(symlink("nowhere", "dangling"), 0);
    assert_true(io_exists(IO_CWD, "dangling"));
    assert_true(io_exists(IO_CWD, "."));
    assert_false(io_exists(IO_CWD, "absent"));
}

struct seen {
    char names[300][32];
    enum io_kind kinds[300];
    int n;
    int stop_at;
};

static int note_entry(void *ctx, const char *name, enum io_kind kind)
{
    struct seen *s = ctx;

    snprintf(s->names[s->n], sizeof(s->names[0]), "%s", name);
    s->kinds[s->n++] = kind;
    return s->n == s->stop_at ? 77 : 0;
}

static enum io_kind kind_seen(const struct seen *s, const char *name)
{
    for (int i = 0; i < s->n; i++)
        if (strcmp(s->names[i], name) == 0)
            return s->kinds[i];
    fail_msg("%s was not listed", name);
    return IO_OTHER;
}

static void test_list__names_every_entry_once(void **state)
{
    static struct seen seen;
    char name[32];
    int fd;

    (void)state;
    for (int i = 0; i < 200; i++) {
        snprintf(name, sizeof(name), "file-%d", i);
        make_file(name, "");
    }
    assert_int_equal(mkdir("dir", 0700), 0);
    assert_int_equal(mkfifo("fifo", 0600), 0);
    assert_int_equal(symlink("dir", "link"), 0);
    make_file(".hidden", "");
    assert_int_equal(io_open_dir(".", &fd, NULL), 0);
    for (int round = 0; round < 2; round++) {
        seen = (struct seen){0};
        assert_int_equal(io_list(fd, note_entry, &seen, NULL), 0);
        assert_int_equal(seen.n, 204);
        assert_int_equal(kind_seen(&seen, "dir"), IO_DIR);
        assert_int_equal(kind_seen(&seen, "fifo"), IO_OTHER);
        assert_int_equal(kind_seen(&seen, "link"), IO_LINK);
        assert_int_equal(kind_seen(&seen, ".hidden"), IO_FILE);
        for (int i = 0; i < 200; i++) {
            snprintf(name, sizeof(name), "file-%d", i);
            assert_int_equal(kind_seen(&seen, name), IO_FILE);
        }
    }
    seen = (struct seen){.stop_at = 3};
    assert_int_equal(io_list(fd, note_entry, &seen, NULL), 77);
    assert_int_equal(seen.n, 3);
    fault_arm("io.list", 1, EIO);
    assert_int_equal(io_list(fd, note_entry, &seen, NULL), PT_EIO);
    io_close(fd);
}

static void test_paths__are_resolved(void **state)
{
    struct buf b = {0};
    struct buf cwd = {0};

    (void)state;
    assert_int_equal(mkdir("dir", 0700), 0);
    assert_int_equal(symlink("dir", "link"), 0);
    assert_int_equal(io_cwd(&cwd, NULL), 0);
    assert_int_equal(io_realpath("./link/../link", &b, NULL), 0);
    assert_true(slice_starts(buf_as_slice(&b), buf_as_slice(&cwd)));
    assert_true(slice_ends(buf_as_slice(&b), SLICE("/dir")));
    assert_int_equal(io_realpath("absent", &b, NULL), PT_ENOENT);
    assert_true(slice_ends(buf_as_slice(&b), SLICE("/dir")));
    buf_release(&b);
    buf_release(&cwd);
}

/* ---- writing ---- */

static void test_write__parts_join_whatever_comes_between(void **state)
{
    static const int faults[] = {0, FAULT_SHORT, EINTR};
    struct io_part parts[40];
    struct buf expected = {0};
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789ABCD";

    (void)state;
    for (size_t i = 0; i < 40; i++) {
        parts[i] = (struct io_part){letters + i, i % 7 == 0 ? 0 : 1 + (39 - i) % 5};
        buf_add(&expected, parts[i].p, parts[i].n);
    }
    for (size_t i = 0; i < PT_COUNT(faults); i++) {
        int fd;

        assert_int_equal(io_open(IO_CWD, "f", O_WRONLY | O_CREAT | O_TRUNC, 0600, &fd, NULL), 0);
        if (faults[i])
            fault_arm_every("io.write", faults[i] == EINTR ? 2 : 1, faults[i]);
        assert_int_equal(io_write(fd, parts, 40, NULL), 0);
        fault_disarm_all();
        assert_int_equal(io_sync(fd, NULL), 0);
        io_close(fd);
        check_file("f", buf_cstr(&expected));
    }
    buf_release(&expected);
}

static void test_write__torn_write_fails_and_leaves_a_part(void **state)
{
    struct io_part part = {"0123456789", 10};
    struct io_stat st;
    int fd;

    (void)state;
    assert_int_equal(io_open(IO_CWD, "f", O_WRONLY | O_CREAT, 0600, &fd, NULL), 0);
    fault_arm("io.write", 1, FAULT_TORN);
    assert_int_equal(io_write(fd, &part, 1, NULL), PT_EIO);
    assert_int_equal(io_stat_fd(fd, &st, NULL), 0);
    assert_int_equal(st.size, 5);
    assert_int_equal(io_truncate(fd, 3, NULL), 0);
    check_file("f", "012");
    fault_arm("io.truncate", 1, EIO);
    assert_int_equal(io_truncate(fd, 1, NULL), PT_EIO);
    io_close(fd);
}

static void test_write__at_an_offset_replaces_and_extends(void **state)
{
    struct io_part part = {"XY", 2};
    int fd;

    (void)state;
    make_file("f", "0123456789");
    assert_int_equal(io_open(IO_CWD, "f", O_WRONLY, 0, &fd, NULL), 0);
    assert_int_equal(io_write_at(fd, 9, &part, 1, NULL), 0);
    assert_int_equal(io_write_at(fd, 3, &part, 1, NULL), 0);
    assert_int_equal(io_write(fd, &part, 1, NULL), 0);
    check_file("f", "012XYXY78XY");
    fault_arm("io.write", 1, ENOSPC);
    assert_int_equal(io_write_at(fd, 0, &part, 1, NULL), PT_ENOSPC);
    io_close(fd);
    assert_int_equal(io_write_at(-1, 0, &part, 1, NULL), PT_EIO);
}

static int write_two(const char *path, const char *a, const char *b, struct err *err)
{
    struct io_part parts[2] = {{a, strlen(a)}, {b, strlen(b)}};

    return io_write_atomic(path, parts, 2, err);
}

static void test_write_atomic__makes_and_replaces(void **state)
{
    struct io_stat st;

    (void)state;
    assert_int_equal(write_two("f", "one", "two", NULL), 0);
    check_file("f", "onetwo");
    assert_int_equal(io_stat(IO_CWD, "f", &st, NULL), 0);
    assert_int_equal(st.mode, 0600);
    assert_int_equal(mkdir("dir", 0700), 0);
    assert_int_equal(write_two("dir/f", "x", "", NULL), 0);
    assert_int_equal(write_two("dir/f", "y", "", NULL), 0);
    check_file("dir/f", "y");
    assert_int_equal(io_write_atomic("empty", NULL, 0, NULL), 0);
    check_file("empty", "");
    assert_int_equal(count_entries("."), 3);
    assert_int_equal(count_entries("dir"), 1);
}

static void test_write_atomic__refuses_what_cannot_be_a_file(void **state)
{
    struct err e = {0};

    (void)state;
    assert_int_equal(mkdir("dir", 0700), 0);
    assert_int_equal(write_two("dir/", "x", "", NULL), PT_EINVAL);
    assert_int_equal(write_two("absent/f", "x", "", NULL), PT_ENOENT);
    assert_int_equal(write_two("dir", "x", "", &e), PT_EINVAL);
    assert_string_equal(e.msg, "replace dir: rename: Is a directory");
    assert_int_equal(count_entries("."), 1);
    assert_int_equal(count_entries("dir"), 0);
}

/* Fails each n-th hit of a point; the old file must stay, and stay alone. */
static void sweep_atomic(const char *point, int fault, uint64_t allowed_late)
{
    uint64_t late = 0;

    for (uint64_t n = 1;; n++) {
        struct err e = {0};

        assert_int_equal(write_two("f", "old", "", NULL), 0);
        fault_arm(point, n, fault);
        int rc = write_two("f", "new ", "text", &e);
        bool fired = fault_fired();
        fault_disarm_all();
        assert_int_equal(rc, e.code);
        assert_int_equal(count_entries("."), 1);
        if (rc == 0) {
            check_file("f", "new text");
            if (!fired)
                break;
        } else {
            struct buf b = {0};

            assert_true(fired);
            assert_int_equal(io_read_file(IO_CWD, "f", 100, &b, NULL), 0);
            if (strcmp(buf_cstr(&b), "new text") == 0)
                late++;
            else
                assert_string_equal(buf_cstr(&b), "old");
            buf_release(&b);
        }
        assert_true(n < 100);
    }
    assert_int_equal(late, allowed_late);
}

static void test_write_atomic__each_nth_failure_leaves_the_old_file(void **state)
{
    static const int reasons[] = {EIO, ENOSPC, EDQUOT, FAULT_TORN};
    int before = open_descriptors();

    (void)state;
    for (size_t i = 0; i < PT_COUNT(reasons); i++) {
        sweep_atomic("io.open", reasons[i], 0);
        sweep_atomic("io.write", reasons[i], 0);
        sweep_atomic("io.rename", reasons[i], 0);
        /* The sync of the directory comes after the rename. */
        sweep_atomic("io.sync", reasons[i], 1);
        sweep_atomic("io.*", reasons[i], 1);
    }
    sweep_atomic("io.write", FAULT_SHORT, 0);
    sweep_atomic("io.*", EINTR, 0);
    assert_int_equal(open_descriptors(), before);
}

static void test_write_atomic__full_disk_is_named(void **state)
{
    struct err e = {0};

    (void)state;
    fault_arm_from("io.write", 1, ENOSPC);
    assert_int_equal(write_two("f", "a", "b", &e), PT_ENOSPC);
    assert_string_equal(e.msg, "replace f: write: No space left on device");
    assert_int_equal(count_entries("."), 0);
}

static void test_write_atomic__a_kill_at_any_point_leaves_old_or_new(void **state)
{
    (void)state;
    for (uint64_t n = 1;; n++) {
        struct buf b = {0};
        int status;
        int fd;

        assert_int_equal(write_two("f", "old", "", NULL), 0);
        pid_t pid = fork();
        if (pid == 0) {
            fault_arm("io.*", n, FAULT_KILL);
            _exit(write_two("f", "new ", "text", NULL) != 0);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(io_read_file(IO_CWD, "f", 100, &b, NULL), 0);
        assert_true(strcmp(buf_cstr(&b), "old") == 0 || strcmp(buf_cstr(&b), "new text") == 0);

        /* The next owner of the directory sweeps what is left. */
        make_file("other.pt", "stays");
        assert_int_equal(io_lock("lock", true, &fd, NULL), 0);
        assert_int_equal(io_remove_temps(".", NULL), 0);
        io_close(fd);
        assert_int_equal(count_entries("."), 3);
        buf_release(&b);
        if (WIFEXITED(status)) {
            assert_int_equal(WEXITSTATUS(status), 0);
            check_file("f", "new text");
            assert_true(n > 5);
            break;
        }
        assert_int_equal(WTERMSIG(status), SIGKILL);
    }
}

static void test_write_atomic__finds_a_free_name(void **state)
{
    char name[64];

    (void)state;
    /* Names that a process of the same number left behind. */
    for (int i = 0; i < 2000; i++) {
        snprintf(name, sizeof(name), ".%ld-%d" IO_TEMP_SUFFIX, (long)getpid(), i);
        make_file(name, "left");
    }
    int rc = write_two("f", "x", "", NULL);
    assert_true(rc == 0 || rc == PT_EEXIST);
    assert_int_equal(io_remove_temps(".", NULL), 0);
    assert_int_equal(write_two("f", "x", "", NULL), 0);
    assert_int_equal(count_entries("."), 1);
}

static void test_rename__and_remove(void **state)
{
    (void)state;
    make_file("a", "1");
    make_file("b", "2");
    assert_int_equal(io_rename("a", "b", NULL), 0);
    check_file("b", "1");
    assert_int_equal(io_rename("a", "b", NULL), PT_ENOENT);
    assert_int_equal(io_sync_dir(".", NULL), 0);
    assert_int_equal(io_sync_dir("absent", NULL), PT_ENOENT);
    assert_int_equal(io_remove(IO_CWD, "b", NULL), 0);
    assert_int_equal(io_remove(IO_CWD, "b", NULL), PT_ENOENT);
    assert_int_equal(mkdir("dir", 0700), 0);
    make_file("dir/f", "");
    assert_int_equal(io_remove(IO_CWD, "dir", NULL), PT_EEXIST);
    assert_int_equal(io_remove(IO_CWD, "dir/f", NULL), 0);
    assert_int_equal(io_remove(IO_CWD, "dir", NULL), 0);
    assert_int_equal(count_entries("."), 0);
}

static void test_mkdir_p__makes_all_that_lead_there(void **state)
{
    struct io_stat st;

    (void)state;
    assert_int_equal(io_mkdir_p("a/b//c/", 0700, NULL), 0);
    assert_int_equal(io_mkdir_p("a/b/c", 0700, NULL), 0);
    assert_int_equal(io_mkdir_p("/", 0700, NULL), 0);
    assert_int_equal(io_stat(IO_CWD, "a/b/c", &st, NULL), 0);
    assert_int_equal(st.kind, IO_DIR);
    assert_int_equal(st.mode, 0700);
    make_file("f", "");
    assert_int_equal(io_mkdir_p("f", 0700, NULL), PT_EINVAL);
    assert_int_equal(io_mkdir_p("f/below", 0700, NULL), PT_EINVAL);
    assert_int_equal(io_mkdir_p("", 0700, NULL), PT_EINVAL);
    assert_int_equal(symlink("a", "link"), 0);
    assert_int_equal(io_mkdir_p("link/d", 0700, NULL), 0);
    assert_true(io_exists(IO_CWD, "a/d"));
    fault_arm("io.mkdir", 2, EACCES);
    assert_int_equal(io_mkdir_p("x/y", 0700, NULL), PT_EACCES);
}

static void test_lock__one_writer_or_many_readers(void **state)
{
    struct err e = {0};
    int a = -1;
    int b = -1;

    (void)state;
    assert_int_equal(io_lock("lock", true, &a, NULL), 0);
    assert_int_equal(io_lock("lock", true, &b, &e), PT_EEXIST);
    assert_string_equal(e.msg, "lock is locked by another process");
    assert_int_equal(b, -1);
    assert_int_equal(io_lock("lock", false, &b, NULL), PT_EEXIST);
    io_close(a);
    assert_int_equal(io_lock("lock", false, &a, NULL), 0);
    assert_int_equal(io_lock("lock", false, &b, NULL), 0);
    io_close(a);
    io_close(b);
    io_close(-1);
    fault_arm("io.lock", 1, ENOLCK);
    assert_int_equal(io_lock("lock", true, &a, NULL), PT_EIO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_NEW_DIR(test_read__whole_file_replaces_the_buffer),
        IN_NEW_DIR(test_read__size_is_limited),
        IN_NEW_DIR(test_read__file_may_grow_beyond_what_it_said),
        IN_NEW_DIR(test_read__what_is_no_regular_file_is_refused_without_blocking),
        IN_NEW_DIR(test_read__path_cannot_leave_its_directory),
        IN_NEW_DIR(test_read__goes_on_after_short_reads_and_signals),
        IN_NEW_DIR(test_read__each_nth_failure_is_reported),
        IN_NEW_DIR(test_pread__gives_what_is_there),
        IN_NEW_DIR(test_map__shows_the_file),
        IN_NEW_DIR(test_stat__tells_kinds_apart_and_follows_nothing),
        IN_NEW_DIR(test_exists__sees_dangling_links),
        IN_NEW_DIR(test_list__names_every_entry_once),
        IN_NEW_DIR(test_paths__are_resolved),
        IN_NEW_DIR(test_write__parts_join_whatever_comes_between),
        IN_NEW_DIR(test_write__torn_write_fails_and_leaves_a_part),
        IN_NEW_DIR(test_write__at_an_offset_replaces_and_extends),
        IN_NEW_DIR(test_write_atomic__makes_and_replaces),
        IN_NEW_DIR(test_write_atomic__refuses_what_cannot_be_a_file),
        IN_NEW_DIR(test_write_atomic__each_nth_failure_leaves_the_old_file),
        IN_NEW_DIR(test_write_atomic__full_disk_is_named),
        IN_NEW_DIR(test_write_atomic__a_kill_at_any_point_leaves_old_or_new),
        IN_NEW_DIR(test_write_atomic__finds_a_free_name),
        IN_NEW_DIR(test_rename__and_remove),
        IN_NEW_DIR(test_mkdir_p__makes_all_that_lead_there),
        IN_NEW_DIR(test_lock__one_writer_or_many_readers),
    };

    return RUN_TESTS(tests);
}
