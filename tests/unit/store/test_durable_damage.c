/* The durable store and its files: what is damaged is refused, named, set aside, and never taken
 * for a commit. */
#include "unit/store/place.h"

#include "graph/delta_codec.h"

#include <time.h>

/* ---- damage ---- */

/* A store with an image and a log of some commits, closed. */
static struct place small_place(struct files *ret)
{
    const struct durable_options o = {.durability = WAL_COMMIT, .file_bytes = 1 << 12};
    struct place p = place_with(91, o);
    for (uint32_t i = 0; i < 3; i++)
        commit(p.f);
    assert_int_equal(durable_snapshot(p.store, NULL), PT_OK);
    for (uint32_t i = 0; i < 3; i++)
        commit(p.f);
    close_store(&p);
    take_files(p.dir, ret);
    return p;
}

/* Opens a store of which one file is damaged. A log, and only a log, may be all right even so:
 * where the damage is to zeros, or to a mark that is not needed. */
static void expect_refused_or_harmless(struct place *p, const char *name, bool read_only)
{
    struct err err = {0};
    p->options.read_only = read_only;
    int rc = try_open(p, &err);
    p->options.read_only = false;
    if (rc == PT_OK) {
        assert_true(is_log(name));
        check_now(p->f);
        close_store(p);
        return;
    }
    if (rc != PT_ECORRUPT && rc != PT_EVERSION)
        fail_msg("%s: %s (%d)", name, err.msg, rc);
    /* the id is known to be another only where a log has it */
    if (strstr(err.msg, strcmp(name, "store") == 0 ? p->dir : name) == NULL)
        fail_msg("\"%s\" does not name %s", err.msg, name);
}

static void test_durable__a_flipped_bit_in_any_file_is_refused_or_harmless(void **state)
{
    (void)state;
    struct files files;
    struct place p = small_place(&files);
    uint32_t flips = 0;
    for (uint32_t i = 0; i < files.n; i++) {
        const char *name = files.names[i];
        struct buf *b = &files.bytes[i];
        if (strcmp(name, "checked") == 0)
            continue;
        for (size_t at = 0; at < b->n; at += ONE_IN) {
            if (is_image(name) && b->p[at] == 0 && at % 61 != 0)
                continue; /* test_image.c looks at all of them */
            char bit = (char)(1 << at % 8);
            b->p[at] = (char)(b->p[at] ^ bit);
            put_file(p.dir, name, b->p, b->n);
            expect_refused_or_harmless(&p, name, flips % 4 != 0);
            assert_true(io_exists(IO_CWD, path_in(p.dir, name)));
            b->p[at] = (char)(b->p[at] ^ bit);
            if (flips++ % 4 == 0)
                put_files(p.dir, &files); /* opening may have mended the log */
            else
                put_file(p.dir, name, b->p, b->n);
        }
    }
    print_message("%u flips\n", flips);
    open_store(&p);
    check_now(p.f);
    release_files(&files);
    place_free(&p);
}

static void test_durable__every_other_length_of_image_and_id_is_refused(void **state)
{
    (void)state;
    struct files files;
    struct place p = small_place(&files);
    for (uint32_t i = 0; i < files.n; i++) {
        const char *name = files.names[i];
        struct buf *b = &files.bytes[i];
        size_t n = b->n;
        if (!is_image(name) && strcmp(name, "store") != 0)
            continue;
        buf_fill(b, 0, 8192);
        assert_false(b->failed);
        for (size_t k = 0; k <= n + 8192; k += k + 64 < n && k > 64 && n > 1000 ? 61 : ONE_IN) {
            struct err err = {0};
            if (k == n || (k > n + 64 && k % 512 != 0))
                continue;
            put_file(p.dir, name, b->p, k);
            int rc = try_open(&p, &err);
            if (rc != PT_ECORRUPT || strstr(err.msg, name) == NULL)
                fail_msg("%s of %zu bytes: %s (%d)", name, k, err.msg, rc);
        }
        b->n = n;
        put_file(p.dir, name, b->p, n);
    }
    open_store(&p);
    check_now(p.f);
    release_files(&files);
    place_free(&p);
}

static void test_durable__a_missing_file_is_seen(void **state)
{
    (void)state;
    struct files files;
    struct place p = small_place(&files);
    for (uint32_t i = 0; i < files.n; i++) {
        struct err err = {0};
        if (strcmp(files.names[i], "checked") == 0)
            continue;
        assert_int_equal(unlink(path_in(p.dir, files.names[i])), 0);
        int rc = try_open(&p, &err);
        if (is_log(files.names[i]) && rc == PT_OK) { /* the newest one: it is as if never written */
            close_store(&p);
        } else {
            assert_int_equal(rc, PT_ECORRUPT);
            assert_non_null(strstr(err.msg, p.dir));
        }
        put_files(p.dir, &files);
    }
    open_store(&p);
    check_now(p.f);
    release_files(&files);
    place_free(&p);
}

/* Files of two stores never mix: neither log nor image gets into another's graph unseen. */
static void test_durable__logs_of_another_store_are_refused(void **state)
{
    (void)state;
    struct files files, others;
    struct place p = small_place(&files), q = small_place(&others);
    struct err err = {0};
    for (uint32_t i = 0; i < others.n; i++) {
        if (is_log(others.names[i]))
            put_file(p.dir, others.names[i], others.bytes[i].p, others.bytes[i].n);
    }
    assert_int_equal(try_open(&p, &err), PT_ECORRUPT);
    release_files(&files);
    release_files(&others);
    place_free(&p);
    place_free(&q);
}

/* ---- records that are no commits ---- */

static void append_record(struct place *p, const void *payload, size_t n, uint64_t seq)
{
    struct files files;
    struct wal_options o = {.file_bytes = 1 << 12, .covered = newest_image(p->dir, NULL)};
    struct io_part part = {payload, n};
    struct wal *w = NULL;
    uint64_t got = 0;
    take_files(p->dir, &files);
    for (uint32_t i = 0; i < files.n; i++) {
        if (strcmp(files.names[i], "store") == 0)
            memcpy(o.id, files.bytes[i].p + 8, WAL_ID_SIZE);
    }
    assert_int_equal(wal_open(p->dir, &o, NULL, NULL, &w, NULL, NULL), PT_OK);
    assert_int_equal(wal_append(w, &part, 1, &got, NULL), PT_OK);
    assert_int_equal(got, seq);
    assert_int_equal(wal_close(w, NULL), PT_OK);
    release_files(&files);
}

static void expect_record_refused(struct place *p, const void *payload, size_t n, int code,
                                  const char *message)
{
    struct files files;
    struct err err = {0};
    take_files(p->dir, &files);
    append_record(p, payload, n, 8);
    for (int read_only = 0; read_only < 2; read_only++) {
        p->options.read_only = read_only;
        assert_int_equal(try_open(p, &err), code);
        if (strstr(err.msg, "record 8") == NULL || strstr(err.msg, message) == NULL)
            fail_msg("\"%s\" does not say \"%s\"", err.msg, message);
    }
    p->options.read_only = false;
    put_files(p->dir, &files);
    release_files(&files);
}

static void test_durable__a_record_that_is_no_commit_is_named(void **state)
{
    (void)state;
    struct files files;
    struct place p = small_place(&files);
    struct delta d;
    struct buf bytes = {0};
    expect_record_refused(&p, "1234567", 7, PT_ECORRUPT, "no time");
    expect_record_refused(&p, "12345678rubbish", 15, PT_ECORRUPT, "delta: E1");
    /* one that this graph cannot take */
    const struct unit_node node = {
        .sig = sig_of(0, 0), .name = "x", .qualified = "x", .signature = "", .kind = NODE_FILE};
    const struct unit u = {.path = "zz", .lang = "c", .nodes = &node, .n_nodes = 1};
    delta_init(&d);
    assert_true(vec_push(&d.units, u));
    if (p.f->now.of[0] != NULL) {
        buf_add(&bytes, "12345678", 8);
        assert_int_equal(delta_encode(&d, &bytes, NULL), PT_OK);
        expect_record_refused(&p, bytes.p, bytes.n, PT_EINVAL, "D3");
    }
    delta_release(&d);
    buf_release(&bytes);
    open_store(&p);
    check_now(p.f);
    release_files(&files);
    place_free(&p);
}

/* ---- setting aside ---- */

static void test_durable__what_is_set_aside_is_still_there(void **state)
{
    (void)state;
    struct files files;
    struct place p = small_place(&files);
    struct buf names = {0};
    struct view v;
    for (int i = 1; i <= 3; i++) {
        put_files(p.dir, &files);
        buf_reset(&names);
        for (int k = 1; k < i; k++) /* some of before, so that names must differ */
            for (uint32_t at = 0; at < files.n; at++) {
                char name[FILE_NAME_MAX * 2];
                (void)snprintf(name, sizeof(name), "%s.damaged-%d", files.names[at], k);
                put_file(p.dir, name, "old", 3);
            }
        assert_int_equal(durable_set_aside(p.dir, &names, NULL), PT_OK);
        for (uint32_t at = 0; at < files.n; at++) {
            char name[FILE_NAME_MAX * 2];
            struct buf bytes = {0};
            if (strcmp(files.names[at], "checked") == 0)
                continue;
            (void)snprintf(name, sizeof(name), "%s.damaged-%d", files.names[at], i);
            assert_false(io_exists(IO_CWD, path_in(p.dir, files.names[at])));
            assert_int_equal(io_read_file(IO_CWD, path_in(p.dir, name), 1 << 26, &bytes, NULL),
                             PT_OK);
            assert_int_equal(bytes.n, files.bytes[at].n);
            assert_memory_equal(bytes.p, files.bytes[at].p, bytes.n);
            if (strstr(buf_cstr(&names), name) == NULL)
                fail_msg("%s is not among %s", name, buf_cstr(&names));
            buf_release(&bytes);
        }
        open_store(&p);
        assert_int_equal(durable_commits(p.store), 0);
        pin_newest(p.f, &v);
        assert_int_equal(view_file_count(&v), 0);
        live_unpin(&v);
        assert_int_equal(apply_delta(p.f, &p.f->first, NULL), PT_OK);
        close_store(&p);
    }
    buf_release(&names);
    release_files(&files);
    place_free(&p);
}

static void test_durable__setting_aside_nothing(void **state)
{
    (void)state;
    char *dir = disk_temp_dir();
    struct buf names = {0};
    assert_int_equal(durable_set_aside(dir, &names, NULL), PT_OK);
    assert_int_equal(names.n, 0);
    buf_release(&names);
    disk_remove_dir(dir);
    free(dir);
}

/* Whichever call fails: what is there opens as it was, is refused, or is empty. */
static void test_durable__setting_aside_may_fail_anywhere(void **state)
{
    (void)state;
    struct files files;
    struct place p = small_place(&files);
    bool fired = true;
    for (uint64_t nth = 1; fired; nth++) {
        struct buf names = {0};
        put_files(p.dir, &files);
        fault_arm("io.*", nth, EIO);
        int rc = durable_set_aside(p.dir, &names, NULL);
        fired = fault_fired();
        fault_disarm_all();
        buf_release(&names);
        int opened = try_open(&p, NULL);
        if (opened == PT_OK && durable_commits(p.store) > 0)
            check_now(p.f);
        else if (opened != PT_OK)
            assert_int_equal(opened, PT_ECORRUPT);
        assert_true(rc != PT_OK || opened == PT_OK);
        close_store(&p);
    }
    put_files(p.dir, &files);
    open_store(&p);
    check_now(p.f);
    release_files(&files);
    place_free(&p);
}

/* ---- verifying ---- */

static void expect_damage(const char *dir, const char *damaged, const char *what)
{
    struct durable_check c;
    struct err err = {0};
    if (durable_verify(dir, &c, &err) != PT_OK)
        fail_msg("%s", err.msg);
    assert_int_equal(c.damages.len, damaged != NULL);
    if (damaged != NULL) {
        if (strstr(c.damages.at[0].file, damaged) == NULL &&
            strstr(c.damages.at[0].what, damaged) == NULL)
            fail_msg("%s: %s: not of %s", c.damages.at[0].file, c.damages.at[0].what, damaged);
        assert_non_null(strstr(c.damages.at[0].what, what));
    }
    durable_check_release(&c);
}

static void test_durable__verify_names_what_is_damaged(void **state)
{
    (void)state;
    struct files files;
    struct place p = small_place(&files);
    struct durable_check c;
    uint64_t bytes = 0;
    assert_int_equal(durable_verify(p.dir, &c, NULL), PT_OK);
    assert_int_equal(c.damages.len, 0);
    assert_int_equal(c.records, 3);
    assert_int_equal(c.segments, 2);
    for (uint32_t i = 0; i < files.n; i++)
        bytes += files.bytes[i].n;
    assert_in_range(c.bytes, bytes - 8192, bytes);
    assert_int_equal(c.files, files.n);
    durable_check_release(&c);
    for (uint32_t i = 0; i < files.n; i++) {
        const char *name = files.names[i];
        struct buf *b = &files.bytes[i];
        size_t at = is_image(name) ? 5000 : is_log(name) ? WAL_HEADER_SIZE + 20 : 3;
        b->p[at] = (char)(b->p[at] ^ 1);
        put_file(p.dir, name, b->p, b->n);
        expect_damage(p.dir, name,
                      is_image(name) ? "I2: the checksum of segment 0"
                      : is_log(name) ? "damage"
                                     : "not the id of a store");
        b->p[at] = (char)(b->p[at] ^ 1);
        put_file(p.dir, name, b->p, b->n);
    }
    expect_damage(p.dir, NULL, NULL);
    expect_files(p.dir, &files); /* it changes nothing */
    assert_int_equal(unlink(path_in(p.dir, "store")), 0);
    expect_damage(p.dir, "store", "");
    put_files(p.dir, &files);
    release_files(&files);
    place_free(&p);

    char *dir = disk_temp_dir(); /* no store at all */
    expect_damage(dir, NULL, NULL);
    disk_remove_dir(dir);
    free(dir);
}

/* ---- images that were checked ---- */

static uint64_t mappings_of_opening(struct place *p)
{
    fault_arm("io.mmap", 0, EIO);
    open_store(p);
    uint64_t n = fault_count("io.mmap");
    fault_disarm_all();
    return n;
}

static void test_durable__an_image_that_was_checked_is_not_read_again(void **state)
{
    (void)state;
    struct files files;
    struct place p = small_place(&files);
    const struct timespec settle = {1, 100000000};
    open_store(&p);
    assert_false(io_exists(IO_CWD, path_in(p.dir, "checked"))); /* it changed just now */
    uint64_t all = mappings_of_opening(&p);
    assert_int_equal(nanosleep(&settle, NULL), 0);
    assert_int_equal(mappings_of_opening(&p), all);
    assert_true(io_exists(IO_CWD, path_in(p.dir, "checked")));
    assert_int_equal(mappings_of_opening(&p), all - 1);
    check_now(p.f);
    close_store(&p);

    for (uint32_t i = 0; i < files.n; i++) { /* a byte changes: that shows */
        struct err err = {0};
        int fd;
        if (!is_image(files.names[i]))
            continue;
        char byte = (char)(files.bytes[i].p[6000] ^ 1);
        struct io_part part = {&byte, 1};
        assert_int_equal(io_open(IO_CWD, path_in(p.dir, files.names[i]), O_RDWR, 0, &fd, NULL), 0);
        assert_int_equal(io_write_at(fd, 6000, &part, 1, NULL), PT_OK);
        io_close(fd);
        assert_int_equal(try_open(&p, &err), PT_ECORRUPT);
        assert_non_null(strstr(err.msg, files.names[i]));
    }
    put_files(p.dir, &files);
    put_file(p.dir, "checked", "rubbish", 7);
    assert_int_equal(mappings_of_opening(&p), all);
    check_now(p.f);
    release_files(&files);
    place_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_durable__a_flipped_bit_in_any_file_is_refused_or_harmless),
        cmocka_unit_test(test_durable__every_other_length_of_image_and_id_is_refused),
        cmocka_unit_test(test_durable__a_missing_file_is_seen),
        cmocka_unit_test(test_durable__logs_of_another_store_are_refused),
        cmocka_unit_test(test_durable__a_record_that_is_no_commit_is_named),
        cmocka_unit_test(test_durable__what_is_set_aside_is_still_there),
        cmocka_unit_test(test_durable__setting_aside_nothing),
        cmocka_unit_test(test_durable__setting_aside_may_fail_anywhere),
        cmocka_unit_test(test_durable__verify_names_what_is_damaged),
        cmocka_unit_test(test_durable__an_image_that_was_checked_is_not_read_again),
    };
    return RUN_TESTS(tests);
}
