#include "index/dump.h"

#include <stdlib.h>
#include <time.h>

#include "base/fault.h"
#include "base/str.h"
#include "lang/lang.h"
#include "unit/base/support_dir.h"

#define LINE "================================================\n"

/* ---- dumps of strings ---- */

static void write_dump(const char *p, size_t n)
{
    FILE *f = fopen("dump", "w");

    assert_non_null(f);
    assert_int_equal(fwrite(p, 1, n, f), n);
    fclose(f);
}

static struct dump open_text(const char *text)
{
    struct dump ret;
    struct err err = {0};

    write_dump(text, strlen(text));
    if (dump_open("dump", &ret, &err))
        fail_msg("%s", err.msg);
    return ret;
}

/* "path{contents}" of all entries, with \n and \r spelled out. */
static const char *entries_of(const char *text)
{
    static char list[8192];
    struct dump d = open_text(text);
    struct buf out = {0};

    for (uint32_t i = 0; i < d.entries.len; i++) {
        const struct dump_entry *e = &d.entries.at[i];

        buf_printf(&out, "%s%s{", i ? " " : "", e->path);
        for (size_t k = 0; k < e->n; k++)
            buf_str(&out, e->p[k] == '\n' ? "\\n" : e->p[k] == '\r' ? "\\r" : (char[2]){e->p[k]});
        buf_char(&out, '}');
    }
    snprintf(list, sizeof(list), "%s", buf_cstr(&out));
    buf_release(&out);
    dump_close(&d);
    return list;
}

static enum dump_style style_of(const char *text)
{
    struct dump d = open_text(text);
    enum dump_style style = d.style;

    dump_close(&d);
    return style;
}

/* ---- the grammar ---- */

static void test_dump__a_line_opens_a_file(void **state)
{
    (void)state;
    assert_string_equal(entries_of("FILE: a.c\nint a;\nFILE: b.c\nint b;\n"),
                        "a.c{int a;\\n} b.c{int b;\\n}");
    assert_int_equal(style_of("FILE: a.c\nint a;\n"), DUMP_PLAIN);
}

static void test_dump__separators_belong_to_no_file(void **state)
{
    (void)state;
    assert_string_equal(entries_of("FILE: a.c\n===\nint a;\nFILE: b.c\n===\nint b;\n"),
                        "a.c{int a;\\n} b.c{int b;\\n}");
    assert_string_equal(entries_of("===\nFILE: a.c\nint a;\n===\nFILE: b.c\nint b;\n"),
                        "a.c{int a;\\n} b.c{int b;\\n}");
    assert_string_equal(entries_of("===\nFILE: a.c\n===\nint a;\n===\nFILE: b.c\n===\nint b;\n"),
                        "a.c{int a;\\n} b.c{int b;\\n}");
    assert_string_equal(entries_of("FILE: a.c\n====\n===\n=====\nint a;\n"), "a.c{int a;\\n}");
}

static void test_dump__what_is_no_separator_is_contents(void **state)
{
    (void)state;
    assert_string_equal(entries_of("FILE: a.c\n==\nx\n"), "a.c{==\\nx\\n}");
    assert_string_equal(entries_of("FILE: a.c\n==== \nx\n"), "a.c{==== \\nx\\n}");
    assert_string_equal(entries_of("FILE: a.c\n\n====\nx\n"), "a.c{\\n====\\nx\\n}");
    assert_string_equal(entries_of("FILE: a.c\nx\n====\ny\n"), "a.c{x\\n====\\ny\\n}");
    assert_string_equal(entries_of("FILE: a.c\n= = =\nx\n"), "a.c{= = =\\nx\\n}");
}

static void test_dump__the_style_is_that_of_the_first_header(void **state)
{
    (void)state;
    assert_int_equal(style_of("FILE: a.c\n===\n1\nFILE: b.c\n===\n"), DUMP_AFTER);
    assert_int_equal(style_of("===\nFILE: a.c\n1\n===\nFILE: b.c\n"), DUMP_BEFORE);
    assert_int_equal(style_of("===\nFILE: a.c\n===\n1\n===\nFILE: b.c\n===\n"), DUMP_BOTH);
    /* A banner ends with a separator, and most files are empty: still they stand after only. */
    assert_int_equal(style_of("===\nFILE: a.c\n===\nFILE: b.c\n===\nFILE: c.c\n===\n1\n"
                              "FILE: d.c\n===\n2\nFILE: e.c\n===\n"),
                     DUMP_AFTER);
}

static void test_dump__what_stands_before_the_first_header_is_no_file(void **state)
{
    (void)state;
    assert_string_equal(entries_of("Directory structure:\n    src/\n        a.c\n\n" LINE
                                   "FILE: src/a.c\n" LINE "int a;\n\n\n" LINE "FILE: src/b.c\n" LINE
                                   "int b;\n"),
                        "src/a.c{int a;\\n\\n\\n} src/b.c{int b;\\n}");
}

static void test_dump__empty_files_are_files(void **state)
{
    (void)state;
    assert_string_equal(entries_of("FILE: a.c\nFILE: b.c\nFILE: c.c"), "a.c{} b.c{} c.c{}");
    assert_string_equal(entries_of("FILE: a.c\n===\nFILE: b.c\n===\n1\nFILE: c.c\n==="),
                        "a.c{} b.c{1\\n} c.c{}");
    assert_string_equal(
        entries_of("===\nFILE: a.c\n===\n===\nFILE: b.c\n===\n1\n===\nFILE: c.c\n===\n"),
        "a.c{} b.c{1\\n} c.c{}");
    assert_string_equal(entries_of("===\nFILE: a.c\n===\nFILE: b.c\n1\n===\nFILE: c.c\n"),
                        "a.c{} b.c{1\\n} c.c{}");
}

static void test_dump__line_ends_may_be_crlf_and_absent_at_the_end(void **state)
{
    (void)state;
    assert_string_equal(entries_of("FILE: a.c\r\n====\r\nint a;\r\nFILE: b.c\r\n====\r\nint b;"),
                        "a.c{int a;\\r\\n} b.c{int b;}");
    assert_string_equal(entries_of("\xef\xbb\xbf"
                                   "FILE: a.c\nint a;"),
                        "a.c{int a;}");
    assert_string_equal(entries_of("\xef\xbb\xbf===\nFILE: a.c\n===\nint a;"), "a.c{int a;}");
}

static void test_dump__only_a_mark_a_blank_and_a_path_are_a_header(void **state)
{
    (void)state;
    assert_string_equal(entries_of("FILE: a.c\nFILE:b.c\nFILE:\nFILE: \nfile: d.c\n FILE: e.c\n"
                                   "x FILE: f.c\nFILES: g.c\n"),
                        "a.c{FILE:b.c\\nFILE:\\nFILE: \\nfile: d.c\\n FILE: e.c\\nx FILE: f.c\\n"
                        "FILES: g.c\\n}");
    assert_string_equal(entries_of("FILE:\t a b.c \t\nx\n"), "a b.c{x\\n}");
}

/* ---- strays ---- */

static void test_dump__a_stray_in_a_marked_dump_is_contents(void **state)
{
    (void)state;
    assert_string_equal(entries_of("FILE: a.c\n===\n/*\nFILE: no.c\n*/\nFILE: b.c\n===\nx\n"),
                        "a.c{/*\\nFILE: no.c\\n*/\\n} b.c{x\\n}");
    /* Separators of another length do not make it a header. */
    assert_string_equal(
        entries_of("FILE: a.c\n===\nx\nFILE: t.py\n===\n'''\nFILE: no.c\n=====\n'''\n"),
        "a.c{x\\n} t.py{'''\\nFILE: no.c\\n=====\\n'''\\n}");
    assert_string_equal(entries_of("===\nFILE: a.c\nx\n===\nFILE: b.c\n'\nFILE: no.c\n'\n"),
                        "a.c{x\\n} b.c{'\\nFILE: no.c\\n'\\n}");
    /* One separator of two, and of the same length. */
    assert_string_equal(
        entries_of("===\nFILE: a.c\n===\nx\n===\nFILE: b.c\n===\n'\nFILE: no.c\n===\n'\n"),
        "a.c{x\\n} b.c{'\\nFILE: no.c\\n===\\n'\\n}");
}

static void test_dump__many_strays_in_few_files_do_not_outvote(void **state)
{
    (void)state;
    assert_string_equal(entries_of("FILE: a.c\n===\n1\nFILE: t.py\n===\nFILE: 1\nFILE: 2\nFILE: 3\n"
                                   "FILE: 4\nFILE: 5\nFILE: 6\nFILE: c.c\n===\n3\n"),
                        "a.c{1\\n} c.c{3\\n} t.py{FILE: 1\\nFILE: 2\\nFILE: 3\\nFILE: 4\\n"
                        "FILE: 5\\nFILE: 6\\n}");
    /* Equal separators on both sides need no majority. */
    assert_string_equal(entries_of("===\nFILE: a.c\n===\n'\nFILE: 1\nFILE: 2\nFILE: 3\n"),
                        "a.c{'\\nFILE: 1\\nFILE: 2\\nFILE: 3\\n}");
}

static void test_dump__an_undecidable_dump_loses_no_file(void **state)
{
    (void)state;
    /* One header has a separator, the others do not. */
    assert_string_equal(entries_of("FILE: a.c\n===\n1\nFILE: b.c\n2\nFILE: c.c\n3\n"),
                        "a.c{1\\n} b.c{2\\n} c.c{3\\n}");
    assert_string_equal(entries_of("FILE: a.c\n1\nFILE: b.c\n===\n2\nFILE: c.c\n===\n3\n"),
                        "a.c{1\\n} b.c{2\\n} c.c{3\\n}");
    /* A text may begin, and end, with a line of =; no source does. */
    assert_string_equal(entries_of("FILE: x.rst\n===\nTitle\n===\nFILE: y.rst\n===\nTitle\n===\n"
                                   "FILE: z.rst\n===\nTitle\n===\nFILE: a.c\n1\nFILE: b.c\n2\n"),
                        "a.c{1\\n} b.c{2\\n}");
}

static void test_dump__separators_may_underline_their_headers(void **state)
{
    static const char text[] = "FILE: a.c\n=========\n'\nFILE: no.c\n'\n"
                               "FILE: src/b.c\n=============\n2\nFILE: c/d.c\n===========\n3\n";

    (void)state;
    assert_int_equal(style_of(text), DUMP_AFTER);
    assert_string_equal(entries_of(text), "a.c{'\\nFILE: no.c\\n'\\n} c/d.c{3\\n} src/b.c{2\\n}");
}

/* ---- paths ---- */

static void test_dump__paths_become_relative_and_normal(void **state)
{
    (void)state;
    assert_string_equal(entries_of("FILE: ./a//b/./c.c\nFILE: /x/y.c\nFILE: m/../n.c\n"
                                   "FILE: src\\w.c\nFILE: C:\\p\\q.c\nFILE: D:/r.c\n"
                                   "FILE: s/t\\u.c\nFILE: k/l/../../o.c\n"),
                        "a/b/c.c{} n.c{} o.c{} p/q.c{} r.c{} s/t\\u.c{} src/w.c{} x/y.c{}");
}

static void test_dump__bad_paths_are_listed_and_end_the_file_before(void **state)
{
    static const char text[] = "\nFILE: a.c\n1\nFILE: ../up.c\n2\nFILE: a/../../up.c\n3\n"
                               "FILE: ./\n4\nFILE: bad\xff.c\n5\nFILE: tab\there.c\n6\n";
    static const uint64_t lines[] = {4, 6, 8, 10, 12};

    (void)state;
    assert_string_equal(entries_of(text), "a.c{1\\n}");
    struct dump d = open_text(text);
    assert_int_equal(d.skips.len, 5);
    for (uint32_t i = 0; i < d.skips.len; i++) {
        assert_int_equal(d.skips.at[i].reason, i < 2 ? DUMP_OUTSIDE : DUMP_BAD_PATH);
        assert_int_equal(d.skips.at[i].line, lines[i]);
    }
    assert_string_equal(d.skips.at[0].path, "../up.c");
    assert_int_equal(d.n_skips[DUMP_OUTSIDE], 2);
    assert_int_equal(d.n_skips[DUMP_BAD_PATH], 3);
    assert_true(strlen(dump_reason_text(DUMP_OUTSIDE)) > 0);
    dump_close(&d);
    dump_close(&d);
}

static void test_dump__of_equal_paths_the_later_counts(void **state)
{
    static const char text[] = "FILE: a.c\n1\nFILE: b.c\n2\nFILE: ./a.c\n3\nFILE: x/../a.c\n4\n"
                               "FILE: README\n5\nFILE: README\n6\n";

    (void)state;
    assert_string_equal(entries_of(text), "a.c{4\\n} b.c{2\\n}");
    struct dump d = open_text(text);
    assert_int_equal(d.n_skips[DUMP_DUPLICATE], 3);
    assert_int_equal(d.skips.at[0].line, 1);
    assert_int_equal(d.skips.at[1].line, 5);
    assert_int_equal(d.skips.at[2].line, 9);
    assert_string_equal(d.skips.at[1].path, "a.c");
    assert_int_equal(d.n_other_files, 1);
    dump_close(&d);
}

static void test_dump__only_files_that_a_language_takes_are_entries(void **state)
{
    struct dump d =
        open_text("FILE: notes.txt\nx\nFILE: tool\n===\n#!/usr/bin/python3\nFILE: b.rs\n"
                  "FILE: Makefile\nall:\n");

    (void)state;
    assert_int_equal(d.n_other_files, 2);
    assert_int_equal(d.entries.len, 2);
    assert_string_equal(d.entries.at[0].path, "b.rs");
    assert_string_equal(lang_registry[d.entries.at[0].lang]->name, "rust");
    assert_string_equal(d.entries.at[1].path, "tool");
    assert_string_equal(lang_registry[d.entries.at[1].lang]->name, "python");
    dump_close(&d);
}

/* ---- the hostile ---- */

static void test_dump__what_is_no_dump_is_an_error(void **state)
{
    struct dump d = {.n_other_files = 77};
    struct err err = {0};

    (void)state;
    write_dump("", 0);
    assert_int_equal(dump_open("dump", &d, &err), PT_EINVAL);
    assert_non_null(strstr(err.msg, "FILE: path"));
    write_dump("FILE:\nFILE: \n", 13);
    assert_int_equal(dump_open("dump", &d, &err), PT_EINVAL);
    write_dump("\xff\xfe"
               "F\0I\0",
               6);
    assert_int_equal(dump_open("dump", &d, &err), PT_EINVAL);
    assert_non_null(strstr(err.msg, "UTF-16"));
    assert_int_equal(dump_open("absent", &d, &err), PT_ENOENT);
    assert_int_equal(dump_open(".", &d, &err), PT_EINVAL);
    assert_int_equal(mkfifo("fifo", 0600), 0);
    assert_int_equal(dump_open("fifo", &d, &err), PT_EINVAL);
    assert_int_equal(d.n_other_files, 77);
}

static void test_dump__a_link_to_a_dump_is_a_dump(void **state)
{
    struct dump d;

    (void)state;
    write_dump("FILE: a.c\n", 10);
    assert_int_equal(symlink("dump", "link"), 0);
    assert_int_equal(dump_open("link", &d, NULL), 0);
    assert_int_equal(d.entries.len, 1);
    dump_close(&d);
}

static void test_dump__nuls_are_contents(void **state)
{
    static const char text[] = "FILE: a.c\n\0\0x\nFILE: b\0.c\ny\nFILE: c.c\n\0";
    struct dump d;

    (void)state;
    write_dump(text, sizeof(text) - 1);
    assert_int_equal(dump_open("dump", &d, NULL), 0);
    assert_int_equal(d.entries.len, 2);
    assert_int_equal(d.entries.at[0].n, 4);
    assert_int_equal(d.entries.at[1].n, 1);
    assert_int_equal(d.n_skips[DUMP_BAD_PATH], 1);
    dump_close(&d);
}

static void fill_dump(const char *line, size_t n_bytes)
{
    struct buf text = {0};
    size_t n = strlen(line);

    assert_true(buf_reserve(&text, n_bytes + n));
    while (text.n < n_bytes)
        buf_add(&text, line, n);
    write_dump(text.p, text.n);
    buf_release(&text);
}

static void test_dump__hostile_dumps_cost_a_bounded_time(void **state)
{
    clock_t from = clock();
    struct dump d;
    struct err err = {0};
    size_t n = (size_t)20 << 20;

    (void)state;
    /* More files than there may be. */
    fill_dump("FILE: a.c\n", n);
    assert_int_equal(dump_open("dump", &d, &err), PT_ELIMIT);
    assert_non_null(strstr(err.msg, "files"));
    /* Marks without a path; separators; one line. */
    fill_dump("FILE:\n", n);
    assert_int_equal(dump_open("dump", &d, &err), PT_EINVAL);
    fill_dump("FILE: ../a\n===\n", n);
    assert_int_equal(dump_open("dump", &d, &err), 0);
    assert_int_equal(d.skips.len, DUMP_MAX_SKIPS);
    assert_true(d.n_skips[DUMP_OUTSIDE] > DUMP_MAX_SKIPS);
    dump_close(&d);
    fill_dump("FILE: ", n);
    assert_int_equal(dump_open("dump", &d, &err), 0);
    assert_int_equal(d.entries.len, 0);
    assert_int_equal(strlen(d.skips.at[0].path), 255);
    dump_close(&d);
    fill_dump("======", n);
    assert_int_equal(dump_open("dump", &d, &err), PT_EINVAL);
    assert_true(clock() - from < 20 * CLOCKS_PER_SEC);
}

/* ---- against what was written ---- */

struct written {
    char path[32];
    struct buf text;
};

static void random_text(uint64_t *rng, bool may_have_strays, struct buf *ret)
{
    static const char *const lines[] = {"int a;\n",  "\n",         "==\n",
                                        "x = '''\n", "=====\ny\n", "// FILE: no.c\n"};
    static const char *const strays[] = {"FILE: no.c\n", "FILE: a.c\n==\n", "FILE: s\n===\nz\n",
                                         "=====\nFILE: t\n====\nz\n", "FILE: two words\n"};

    buf_reset(ret);
    buf_str(ret, rng_below(rng, 4) ? "begin\n" : "");
    for (uint64_t n = ret->n ? rng_below(rng, 5) : 0; n > 0; n--) {
        if (may_have_strays && rng_below(rng, 2))
            buf_str(ret, strays[rng_below(rng, PT_COUNT(strays))]);
        buf_str(ret, lines[rng_below(rng, PT_COUNT(lines))]);
    }
    if (ret->n)
        buf_str(ret, "end\n");
}

/* Writes files in a style, with separators of 8, and looks whether they are read so. */
static void write_and_compare(uint64_t *rng, enum dump_style style, struct written *files,
                              unsigned n)
{
    struct buf dump = {0};
    unsigned n_with_strays = style == DUMP_PLAIN ? 0 : (n - 1) / 2;
    struct dump d;

    for (unsigned i = 0; i < n; i++) {
        unsigned number = (i * 7 + 3) % n; /* not in the order of paths */
        struct written *f = &files[number];

        snprintf(f->path, sizeof(f->path), "d%u/%02u.c", number % 2, number);
        random_text(rng, i < n_with_strays, &f->text);
        if (style == DUMP_BEFORE || style == DUMP_BOTH)
            buf_str(&dump, "========\n");
        buf_printf(&dump, "FILE: %s\n", f->path);
        if (style == DUMP_AFTER || style == DUMP_BOTH)
            buf_str(&dump, "========\n");
        buf_slice(&dump, buf_as_slice(&f->text));
    }
    write_dump(dump.p, dump.n);
    assert_int_equal(dump_open("dump", &d, NULL), 0);
    assert_int_equal(d.style, style);
    assert_int_equal(d.entries.len, n);
    for (unsigned i = 0; i < n; i++) {
        const struct dump_entry *e = &d.entries.at[i];
        struct written *f = NULL;

        assert_true(i == 0 || strcmp(d.entries.at[i - 1].path, e->path) < 0);
        for (unsigned k = 0; k < n; k++)
            f = strcmp(files[k].path, e->path) == 0 ? &files[k] : f;
        assert_non_null(f);
        assert_int_equal(e->n, f->text.n);
        if (e->n)
            assert_memory_equal(e->p, f->text.p, e->n);
    }
    dump_close(&d);
    buf_release(&dump);
}

static void test_dump__what_was_written_in_any_style_is_read(void **state)
{
    uint64_t rng = 11;
    struct written files[10] = {{{0}, {0}}};

    (void)state;
    for (int round = 0; round < 1000; round++) {
        static const unsigned counts[] = {1, 2, 4, 5, 8, 10}; /* none shares a factor with 7 */

        write_and_compare(&rng, (enum dump_style)(round % 4), files,
                          counts[rng_below(&rng, PT_COUNT(counts))]);
    }
    for (size_t i = 0; i < PT_COUNT(files); i++)
        buf_release(&files[i].text);
}

/* ---- failures ---- */

static void test_dump__each_nth_call_may_fail(void **state)
{
    static const char text[] = "FILE: a.c\n===\n1\nFILE: a.c\n===\n2\nFILE: ../b.c\n===\n3\n"
                               "FILE: c.rs\n===\n4\n";
    static const char *const points[] = {"mem.alloc", "io.*"};

    (void)state;
    write_dump(text, strlen(text));
    for (size_t i = 0; i < PT_COUNT(points); i++) {
        for (uint64_t n = 1;; n++) {
            struct dump d = {.n_other_files = 77};
            struct err err = {0};

            fault_arm(points[i], n, i ? EIO : ENOMEM);
            int rc = dump_open("dump", &d, &err);
            bool fired = fault_fired();
            fault_disarm_all();
            assert_int_equal(rc, !fired ? 0 : i ? PT_EIO : PT_ENOMEM);
            assert_int_equal(err.code, rc);
            assert_int_equal(d.n_other_files, fired ? 77 : 0);
            if (!fired) {
                assert_int_equal(d.entries.len, 2);
                assert_int_equal(d.skips.len, 2);
                dump_close(&d);
                break;
            }
            assert_true(n < 200);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_NEW_DIR(test_dump__a_line_opens_a_file),
        IN_NEW_DIR(test_dump__separators_belong_to_no_file),
        IN_NEW_DIR(test_dump__what_is_no_separator_is_contents),
        IN_NEW_DIR(test_dump__the_style_is_that_of_the_first_header),
        IN_NEW_DIR(test_dump__what_stands_before_the_first_header_is_no_file),
        IN_NEW_DIR(test_dump__empty_files_are_files),
        IN_NEW_DIR(test_dump__line_ends_may_be_crlf_and_absent_at_the_end),
        IN_NEW_DIR(test_dump__only_a_mark_a_blank_and_a_path_are_a_header),
        IN_NEW_DIR(test_dump__a_stray_in_a_marked_dump_is_contents),
        IN_NEW_DIR(test_dump__many_strays_in_few_files_do_not_outvote),
        IN_NEW_DIR(test_dump__an_undecidable_dump_loses_no_file),
        IN_NEW_DIR(test_dump__separators_may_underline_their_headers),
        IN_NEW_DIR(test_dump__paths_become_relative_and_normal),
        IN_NEW_DIR(test_dump__bad_paths_are_listed_and_end_the_file_before),
        IN_NEW_DIR(test_dump__of_equal_paths_the_later_counts),
        IN_NEW_DIR(test_dump__only_files_that_a_language_takes_are_entries),
        IN_NEW_DIR(test_dump__what_is_no_dump_is_an_error),
        IN_NEW_DIR(test_dump__a_link_to_a_dump_is_a_dump),
        IN_NEW_DIR(test_dump__nuls_are_contents),
        IN_NEW_DIR(test_dump__hostile_dumps_cost_a_bounded_time),
        IN_NEW_DIR(test_dump__what_was_written_in_any_style_is_read),
        IN_NEW_DIR(test_dump__each_nth_call_may_fail),
    };

    return RUN_TESTS(tests);
}
