#include "index/shelf.h"

#include "base/fault.h"
#include "base/mem.h"
#include "base/pool.h"
#include "base/str.h"
#include "index/pipeline.h"
#include "index/shelf_record.h"
#include "lang/extract.h"
#include "lang/lang.h"
#include "unit/base/support_dir.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/wait.h>

#define IDENTITY "the sources of today"
#define FIRST "facts-1"

/* Files of a hundred functions or so fill these. */
static const struct shelf_options small = {.file_bytes = 32 << 10, .spare_bytes = 16 << 10};

/* ---- facts to keep ---- */

static struct facts *extract_text(const char *path, const char *text)
{
    struct extract *x = extract_new();
    struct facts *f = NULL;
    struct err err = {0};

    assert_non_null(x);
    unsigned lang = lang_of_file(path, text, strlen(text));
    if (extract_file(x, lang, path, text, strlen(text), &f, &err) != PT_OK)
        fail_msg("%s", err.msg);
    extract_free(x);
    return f;
}

/* The source of the i-th file: some functions, more in some. */
static void source(unsigned i, struct buf *ret)
{
    buf_reset(ret);
    for (unsigned k = 0; k <= i % 7; k++)
        buf_printf(ret,
                   "static int f%u_%u(struct s%u *p)\n{\n    return g%u(p->x) + f%u_%u(p);\n}\n", i,
                   k, i, k, i, k / 2);
}

static struct facts *facts_of(unsigned i)
{
    struct buf text = {0};
    source(i, &text);
    struct facts *f = extract_text("a.c", buf_cstr(&text));
    buf_release(&text);
    return f;
}

static struct shelf_key key_of(unsigned i)
{
    struct buf text = {0};
    source(i, &text);
    struct shelf_key key = shelf_key(hash128(text.p, text.n), lang_by_name("c"), "a.c");
    buf_release(&text);
    return key;
}

static void assert_same(const struct facts *a, const struct facts *b)
{
    struct buf x = {0}, y = {0};
    facts_print(a, &x);
    facts_print(b, &y);
    assert_string_equal(buf_cstr(&x), buf_cstr(&y));
    assert_true(hash128_eq(a->content, b->content));
    assert_int_equal(a->lang, b->lang);
    assert_int_equal(a->error_line, b->error_line);
    assert_int_equal(facts_block_size(a), facts_block_size(b));
    assert_memory_equal(a->syms, b->syms, facts_block_size(a));
    buf_release(&x);
    buf_release(&y);
}

/* ---- the shelf of the current directory ---- */

static struct shelf *open_as(const char *identity)
{
    struct shelf *s = NULL;
    struct err err = {0};
    if (shelf_open(".", identity, &small, &s, &err) != PT_OK)
        fail_msg("%s", err.msg);
    return s;
}

static struct shelf *open_shelf(void)
{
    return open_as(IDENTITY);
}

static struct shelf_status status_of(struct shelf *s)
{
    struct shelf_status st;
    shelf_status(s, &st);
    return st;
}

static void put(struct shelf *s, unsigned i)
{
    struct shelf_key key = key_of(i);
    struct facts *f = facts_of(i), *kept = NULL;
    struct err err = {0};
    if (shelf_put(s, &key, f, &kept, &err) != PT_OK)
        fail_msg("%s", err.msg);
    assert_int_equal(err.code, 0);
    assert_same(kept, f);
    facts_free(f);
    facts_free(kept);
}

/* Is it there? If so, it must be right. */
static bool has(struct shelf *s, unsigned i)
{
    struct shelf_key key = key_of(i);
    struct facts *kept = NULL;
    struct err err = {0};
    int rc = shelf_get(s, &key, &kept, &err);
    if (rc == PT_ENOENT) {
        assert_null(kept);
        return false;
    }
    assert_int_equal(rc, PT_OK);
    struct facts *f = facts_of(i);
    assert_same(kept, f);
    facts_free(f);
    facts_free(kept);
    return true;
}

static unsigned count(struct shelf *s, unsigned n)
{
    unsigned found = 0;
    for (unsigned i = 0; i < n; i++)
        found += has(s, i);
    return found;
}

static void fill(unsigned n)
{
    struct shelf *s = open_shelf();
    for (unsigned i = 0; i < n; i++)
        put(s, i);
    shelf_close(s);
}

static unsigned files_here(void)
{
    unsigned n = 0;
    DIR *d = opendir(".");
    assert_non_null(d);
    for (const struct dirent *e; (e = readdir(d)) != NULL;)
        n += strncmp(e->d_name, "facts-", 6) == 0;
    closedir(d);
    return n;
}

static struct buf read_all(const char *path)
{
    struct buf b = {0};
    char part[4096];
    size_t n;
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    while ((n = fread(part, 1, sizeof(part), f)) > 0)
        buf_add(&b, part, n);
    fclose(f);
    return b;
}

static void write_all(const char *path, const void *p, size_t n)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(p, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

/* ---- what it is for ---- */

static void test_shelf__gives_what_was_put(void **state)
{
    (void)state;
    struct shelf *s = open_shelf();
    assert_false(has(s, 1));
    put(s, 1);
    put(s, 2);
    assert_true(has(s, 1));
    assert_true(has(s, 2));
    assert_false(has(s, 3));
    struct shelf_status st = status_of(s);
    assert_int_equal(st.files, 1);
    assert_int_equal(st.records, 2);
    assert_int_equal(st.dead_bytes, 0);
    shelf_close(s);
}

static void test_shelf__finds_again_what_another_process_put(void **state)
{
    (void)state;
    fill(100);
    struct shelf *s = open_shelf();
    assert_true(status_of(s).files > 1);
    assert_int_equal(count(s, 101), 100);
    put(s, 100);
    assert_int_equal(status_of(s).dead_bytes, 0);
    shelf_close(s);
    s = open_shelf();
    assert_int_equal(count(s, 101), 101);
    assert_int_equal(status_of(s).cut_bytes, 0);
    shelf_close(s);
}

static void test_shelf__keeps_facts_of_all_languages(void **state)
{
    (void)state;
    static const char *const files[][2] = {
        {"a.c", "#include \"b.h\"\nint x = y; /* doc */\n"},
        {"a.rs", "use a::*;\nuse b::*;\nimpl T for S { fn f(&self) -> u8 { self.g() } }\n"},
        {"Cargo.toml", "[package]\nname = \"p\"\n"},
        {"a.py", "from m import *\nclass C(B):\n    def f(self): return self.x.y()\n"},
        {"a.ts", "export * from './b'; export class A<T> extends B { f(x: T) { return x } }\n"},
        {"bad.c", "int f( {{{{ ;;\n"},
        {"empty.c", ""},
    };
    struct shelf *s = open_shelf();
    for (int twice = 0; twice < 2; twice++) {
        for (size_t i = 0; i < PT_COUNT(files); i++) {
            struct facts *f = extract_text(files[i][0], files[i][1]), *kept = NULL;
            struct shelf_key key = shelf_key(f->content, f->lang, files[i][0]);
            assert_int_equal(shelf_put(s, &key, f, &kept, NULL), PT_OK);
            assert_same(kept, f);
            facts_free(kept);
            assert_int_equal(shelf_get(s, &key, &kept, NULL), PT_OK);
            assert_same(kept, f);
            facts_free(kept);
            facts_free(f);
        }
        shelf_close(s);
        s = open_shelf();
    }
    assert_int_equal(status_of(s).records, PT_COUNT(files));
    shelf_close(s);
}

static void test_shelf__keys_tell_apart_what_facts_depend_on(void **state)
{
    (void)state;
    struct hash128 h = hash128("x", 1);
    unsigned c = lang_by_name("c"), py = lang_by_name("python");
    struct shelf_key plain = shelf_key(h, c, "src/a.c");
    assert_int_equal(plain.marks, 0);
    assert_int_equal(shelf_key(h, c, "lib/b.c").marks, 0);
    assert_int_equal(shelf_key(h, c, "tests/a.c").marks, PATH_TEST);
    assert_int_equal(shelf_key(h, c, "tests/a.h").marks, PATH_TEST | PATH_HEADER);
    assert_int_equal(shelf_key(h, py, "a.pyi").marks, PATH_HEADER);

    struct shelf *s = open_shelf();
    struct facts *f = extract_text("src/a.c", "struct s { int x; };\n"), *g, *kept;
    struct shelf_key key = shelf_key(f->content, c, "src/a.c");
    assert_int_equal(shelf_put(s, &key, f, &kept, NULL), PT_OK);
    facts_free(kept);
    key = shelf_key(f->content, c, "src/a.h");
    assert_int_equal(shelf_get(s, &key, &kept, NULL), PT_ENOENT);
    g = extract_text("src/a.h", "struct s { int x; };\n");
    assert_int_equal(shelf_put(s, &key, g, &kept, NULL), PT_OK);
    assert_same(kept, g);
    assert_int_not_equal(g->defs[1].flags, f->defs[1].flags);
    facts_free(kept);
    facts_free(g);
    facts_free(f);
    shelf_close(s);
}

static void test_shelf__keeps_the_first_of_a_key(void **state)
{
    (void)state;
    struct shelf *s = open_shelf();
    put(s, 1);
    uint64_t bytes = status_of(s).bytes;
    put(s, 1);
    assert_int_equal(status_of(s).bytes, bytes);
    assert_int_equal(status_of(s).records, 1);
    shelf_close(s);
}

static void test_shelf__facts_outlive_it(void **state)
{
    (void)state;
    struct shelf *s = open_shelf();
    put(s, 1);
    struct shelf_key key = key_of(1);
    struct facts *kept, *again, *f = facts_of(1);
    assert_int_equal(shelf_get(s, &key, &kept, NULL), PT_OK);
    assert_int_equal(shelf_get(s, &key, &again, NULL), PT_OK);
    assert_ptr_equal(kept->syms, again->syms);
    facts_free(again);
    shelf_close(s);
    assert_same(kept, f);
    facts_free(kept);
    facts_free(f);
}

static void test_shelf__facts_are_the_same_after_cooling(void **state)
{
    (void)state;
    struct shelf *s = open_shelf();
    for (unsigned i = 0; i < 50; i++)
        put(s, i);
    struct shelf_key key = key_of(3);
    struct facts *kept, *f = facts_of(3);
    assert_int_equal(shelf_get(s, &key, &kept, NULL), PT_OK);
    shelf_cool(s);
    assert_same(kept, f);
    assert_int_equal(count(s, 50), 50);
    facts_free(kept);
    facts_free(f);
    shelf_close(s);
}

static long resident_file_kb(void)
{
    char line[256];
    long kb = -1;
    FILE *f = fopen("/proc/self/status", "r");
    assert_non_null(f);
    while (fgets(line, sizeof(line), f) != NULL) {
        if (strncmp(line, "RssFile:", 8) == 0)
            kb = strtol(line + 8, NULL, 10);
    }
    fclose(f);
    assert_true(kb >= 0);
    return kb;
}

static void test_shelf__cooling_takes_facts_out_of_memory(void **state)
{
    (void)state;
    struct shelf *s = open_shelf();
    struct facts *kept[8];
    size_t bytes = 0;
    for (unsigned i = 0; i < 8; i++) {
        struct buf text = {0};
        for (unsigned k = 0; k < 3000; k++)
            buf_printf(&text, "int cool%u_%u(void) { return other%u(); }\n", i, k, k);
        struct facts *f = extract_text("a.c", buf_cstr(&text));
        struct shelf_key key = shelf_key(f->content, f->lang, "a.c");
        assert_int_equal(shelf_put(s, &key, f, &kept[i], NULL), PT_OK);
        assert_same(kept[i], f);
        bytes += facts_size(f);
        facts_free(f);
        buf_release(&text);
    }
    long before = resident_file_kb();
    shelf_cool(s);
    assert_true(before - resident_file_kb() > (long)(bytes / 1024 / 2));
    for (unsigned i = 0; i < 8; i++) {
        assert_int_equal(facts_check(kept[i], NULL), PT_OK);
        facts_free(kept[i]);
    }
    shelf_close(s);
}

static void test_shelf__a_record_larger_than_a_file_gets_its_own(void **state)
{
    (void)state;
    struct buf text = {0};
    for (unsigned i = 0; i < 2000; i++)
        buf_printf(&text, "int large%u(void) { return other%u(); }\n", i, i);
    struct facts *f = extract_text("a.c", buf_cstr(&text)), *kept;
    struct shelf_key key = shelf_key(f->content, f->lang, "a.c");
    assert_true(facts_size(f) > 2 * small.file_bytes);
    struct shelf *s = open_shelf();
    put(s, 1);
    assert_int_equal(shelf_put(s, &key, f, &kept, NULL), PT_OK);
    put(s, 2);
    assert_int_equal(status_of(s).files, 3);
    shelf_close(s);
    assert_same(kept, f);
    facts_free(kept);
    s = open_shelf();
    assert_int_equal(shelf_get(s, &key, &kept, NULL), PT_OK);
    assert_same(kept, f);
    assert_int_equal(count(s, 5), 2);
    shelf_close(s);
    facts_free(kept);
    facts_free(f);
    buf_release(&text);
}

/* ---- files that are not as they should be ---- */

static void test_shelf__of_another_identity_is_begun_anew(void **state)
{
    (void)state;
    fill(100);
    struct shelf *s = open_as("the sources of tomorrow");
    assert_int_equal(count(s, 100), 0);
    assert_int_equal(files_here(), 0);
    assert_true(status_of(s).removed > 1);
    put(s, 1);
    assert_true(has(s, 1));
    shelf_close(s);
}

static void test_shelf__s1_a_file_with_another_header_is_removed(void **state)
{
    (void)state;
    for (size_t i = 0; i < SHELF_HEADER_SIZE; i++) {
        fill(1);
        struct buf b = read_all(FIRST);
        b.p[i] = (char)(b.p[i] ^ 0x10);
        write_all(FIRST, b.p, b.n);
        buf_release(&b);
        struct shelf *s = open_shelf();
        assert_false(has(s, 0));
        assert_int_equal(files_here(), 0);
        assert_int_equal(status_of(s).removed, 1);
        put(s, 0);
        assert_true(has(s, 0));
        shelf_close(s);
        assert_int_equal(unlink("facts-2"), 0);
    }
}

static void test_shelf__s2_holds_what_is_before_a_torn_end(void **state)
{
    (void)state;
    fill(3);
    struct buf b = read_all(FIRST);
    unsigned most = 0;
    for (size_t n = 0; n <= b.n; n++) {
        write_all(FIRST, b.p, n);
        struct shelf *s = open_shelf();
        unsigned found = count(s, 3);
        struct shelf_status st = status_of(s);
        assert_true(found >= most);
        assert_int_equal(found, st.records);
        most = found;
        if (n >= SHELF_HEADER_SIZE)
            assert_int_equal(st.bytes + st.cut_bytes, n);
        for (unsigned i = 0; n % 64 == 1 && i < 3; i++)
            put(s, i);
        shelf_close(s);
        if (n % 64 == 1) {
            s = open_shelf();
            assert_int_equal(status_of(s).cut_bytes, 0);
            assert_int_equal(count(s, 3), 3);
            shelf_close(s);
        }
        (void)unlink("facts-2");
    }
    assert_int_equal(most, 3);
    buf_release(&b);
}

/* All later bytes are zeros, as a power cut may leave them. */
static void test_shelf__s2_holds_what_is_before_a_blank_end(void **state)
{
    (void)state;
    fill(3);
    struct buf b = read_all(FIRST);
    char *blank = calloc(b.n, 1);
    assert_non_null(blank);
    for (size_t n = SHELF_HEADER_SIZE; n < b.n; n += 5) {
        memcpy(blank, b.p, n);
        memset(blank + n, 0, b.n - n);
        write_all(FIRST, blank, b.n);
        struct shelf *s = open_shelf();
        assert_true(count(s, 3) < 3 || b.n - n < 16);
        for (unsigned i = 0; i < 3; i++)
            put(s, i);
        assert_int_equal(count(s, 3), 3);
        shelf_close(s);
    }
    free(blank);
    buf_release(&b);
}

static void test_shelf__s4_a_damaged_byte_is_never_handed_out(void **state)
{
    (void)state;
    fill(3);
    struct buf b = read_all(FIRST);
    for (size_t i = SHELF_HEADER_SIZE; i < b.n; i++) {
        b.p[i] = (char)(b.p[i] ^ 1 << i % 8);
        write_all(FIRST, b.p, b.n);
        b.p[i] = (char)(b.p[i] ^ 1 << i % 8);
        struct shelf *s = open_shelf();
        unsigned found = count(s, 3); /* which also says that they are right */
        struct shelf_status st = status_of(s);
        assert_int_equal(found, st.records);
        assert_true(found == 3 || st.damaged == 1 || st.cut_bytes > 0);
        if (i % 16 == 0) {
            for (unsigned k = 0; k < 3; k++)
                put(s, k);
            assert_int_equal(count(s, 3), 3);
            shelf_close(s);
            s = open_shelf();
            assert_int_equal(count(s, 3), 3); /* the new record counts, not the damaged one */
        }
        shelf_close(s);
    }
    buf_release(&b);
}

/* Writes a file with one record whose head is what `change` makes of a right one, sealed. */
static void write_hostile(void (*change)(struct shelf_head *, uint64_t), uint64_t value)
{
    struct facts *f = facts_of(0);
    struct shelf_key key = key_of(0);
    struct shelf_header header;
    struct shelf_head head;
    struct buf b = {0};

    shelf_header_make(hash128(IDENTITY, strlen(IDENTITY)), &header);
    shelf_head_make(&key, f, &head);
    change(&head, value);
    head.sum = hash64(&head, offsetof(struct shelf_head, sum));
    buf_add(&b, &header, sizeof(header));
    buf_add(&b, &head, sizeof(head));
    buf_add(&b, f->syms, facts_block_size(f));
    buf_add(&b, "0123456789abcdef", 16);
    write_all(FIRST, b.p, b.n);
    buf_release(&b);
    facts_free(f);
}

static void set_block(struct shelf_head *h, uint64_t v)
{
    h->block = v;
}

static void set_syms(struct shelf_head *h, uint64_t v)
{
    h->n_syms = (uint32_t)v;
}

static void set_all(struct shelf_head *h, uint64_t v)
{
    uint32_t *lengths = &h->n_syms;
    struct facts f = {0};
    for (unsigned i = 0; i < 8; i++)
        lengths[i] = (uint32_t)v;
    f.n_syms = f.n_pool = f.n_terms = f.n_binds = (uint32_t)v;
    f.n_scopes = f.n_stars = f.n_defs = f.n_refs = (uint32_t)v;
    h->block = facts_block_size(&f);
}

static void set_lang(struct shelf_head *h, uint64_t v)
{
    h->lang = (uint8_t)v;
}

static void set_marks(struct shelf_head *h, uint64_t v)
{
    h->marks = (uint8_t)v;
}

static void test_shelf__s3_lengths_are_not_believed(void **state)
{
    (void)state;
    static const uint64_t values[] = {0,
                                      1,
                                      15,
                                      16,
                                      1 << 20,
                                      INT32_MAX,
                                      0x80000000,
                                      UINT32_MAX,
                                      1ULL << 32,
                                      INT64_MAX,
                                      UINT64_MAX - 95,
                                      UINT64_MAX - 15,
                                      UINT64_MAX - 7,
                                      UINT64_MAX};
    void (*const changes[])(struct shelf_head *, uint64_t) = {set_block, set_syms, set_all};
    for (size_t c = 0; c < PT_COUNT(changes); c++) {
        for (size_t i = 0; i < PT_COUNT(values); i++) {
            write_hostile(changes[c], values[i]);
            struct shelf *s = open_shelf();
            assert_false(has(s, 0));
            put(s, 0);
            assert_true(has(s, 0));
            shelf_close(s);
        }
    }
    write_hostile(set_lang, lang_count);
    struct shelf *s = open_shelf();
    assert_int_equal(status_of(s).records, 0);
    shelf_close(s);
    write_hostile(set_marks, PATH_MARKS + 1);
    s = open_shelf();
    assert_int_equal(status_of(s).records, 0);
    shelf_close(s);
}

/* With right checksums: what facts_check is for. */
static void test_shelf__s5_facts_that_break_an_invariant_are_not_there(void **state)
{
    (void)state;
    struct facts *f = facts_of(0);
    struct shelf_key key = key_of(0);
    struct shelf *s = open_shelf();
    struct facts *kept;
    ((struct def *)(uintptr_t)f->defs)[1].parent = 1000;
    assert_int_equal(shelf_put(s, &key, f, &kept, NULL), PT_OK);
    facts_free(kept);
    facts_free(f);
    shelf_close(s);
    s = open_shelf();
    assert_false(has(s, 0));
    assert_int_equal(status_of(s).damaged, 1);
    put(s, 0);
    assert_true(has(s, 0));
    assert_true(status_of(s).dead_bytes > 0);
    shelf_close(s);
}

static void test_shelf__takes_no_other_thing_for_a_file(void **state)
{
    (void)state;
    make_file("precious", "do not touch");
    assert_int_equal(mkdir("facts-1", 0700), 0);
    assert_int_equal(mkdir("facts-2", 0700), 0);
    make_file("facts-2/full", "x");
    assert_int_equal(symlink("precious", "facts-3"), 0);
    assert_int_equal(mkfifo("facts-4", 0600), 0);
    assert_int_equal(symlink("nowhere", "facts-5"), 0);
    make_file("facts-6", "");
    make_file("facts-007", "not a name of ours");
    make_file("facts-4294967296", "neither");
    make_file("facts-", "nor this");
    struct shelf *s = open_shelf();
    struct shelf_status st = status_of(s);
    assert_int_equal(st.removed, 5);
    assert_int_equal(st.unread, 1);
    assert_int_equal(st.files, 0);
    put(s, 1);
    shelf_close(s);
    s = open_shelf();
    assert_true(has(s, 1));
    shelf_close(s);
    struct buf b = read_all("precious");
    assert_string_equal(buf_cstr(&b), "do not touch");
    buf_release(&b);
    assert_int_equal(access("facts-007", F_OK), 0);
}

static void test_shelf__passes_over_names_that_are_taken(void **state)
{
    (void)state;
    struct shelf *s = open_shelf();
    make_file("facts-1", "made meanwhile");
    put(s, 1);
    assert_int_equal(access("facts-2", F_OK), 0);
    shelf_close(s);
}

/* ---- when things go wrong ---- */

static void test_shelf__a_full_disk_fails_the_put_alone(void **state)
{
    (void)state;
    struct shelf *s = open_shelf();
    struct shelf_key key = key_of(1);
    struct facts *f = facts_of(1), *kept = NULL;
    struct err err = {0};
    put(s, 0);
    fault_arm_from("io.write", 1, ENOSPC);
    assert_int_equal(shelf_put(s, &key, f, &kept, &err), PT_ENOSPC);
    assert_null(kept);
    assert_true(has(s, 0));
    assert_false(has(s, 1));
    fault_disarm_all();
    put(s, 1);
    assert_int_equal(status_of(s).dead_bytes, 0);
    shelf_close(s);
    s = open_shelf();
    assert_int_equal(count(s, 3), 2);
    assert_int_equal(status_of(s).cut_bytes, 0);
    shelf_close(s);
    facts_free(f);
}

static void test_shelf__a_torn_write_leaves_no_trace(void **state)
{
    (void)state;
    struct shelf *s = open_shelf();
    struct shelf_key key = key_of(1);
    struct facts *f = facts_of(1), *kept = NULL;
    put(s, 0);
    fault_arm("io.write", 1, FAULT_TORN);
    fault_arm_from("io.truncate", 1, EIO); /* nor can it be cut off */
    assert_int_equal(shelf_put(s, &key, f, &kept, NULL), PT_EIO);
    fault_disarm_all();
    put(s, 1);
    assert_int_equal(status_of(s).files, 2);
    shelf_close(s);
    s = open_shelf();
    assert_int_equal(count(s, 3), 2);
    assert_true(status_of(s).cut_bytes > 0);
    shelf_close(s);
    facts_free(f);
}

/* Keys i = from..to-1. */
static struct shelf_key *keys_of(unsigned from, unsigned to)
{
    struct shelf_key *keys = calloc(to - from, sizeof(*keys));
    assert_non_null(keys);
    for (unsigned i = from; i < to; i++)
        keys[i - from] = key_of(i);
    return keys;
}

struct story {
    struct facts *facts[60];
    struct shelf_key keys[60];
};

/* Opens, puts, gets, sweeps; the first failure ends it. */
static int live_through(const struct story *t)
{
    struct shelf *s = NULL;
    struct facts *f = NULL;
    int rc = shelf_open(".", IDENTITY, &small, &s, NULL);
    for (unsigned i = 0; rc == PT_OK && i < 60; i++) {
        rc = shelf_put(s, &t->keys[i], t->facts[i], &f, NULL);
        if (rc == PT_OK)
            facts_free(f);
        if (rc == PT_OK)
            rc = shelf_get(s, &t->keys[i / 2], &f, NULL);
        if (rc == PT_OK)
            facts_free(f);
    }
    if (rc == PT_OK)
        rc = shelf_sweep(s, t->keys + 20, 10, NULL);
    shelf_close(s);
    return rc;
}

static void begin_story(struct story *t)
{
    for (unsigned i = 0; i < 60; i++) {
        t->facts[i] = facts_of(i);
        t->keys[i] = key_of(i);
    }
}

static void end_story(struct story *t)
{
    for (unsigned i = 0; i < 60; i++)
        facts_free(t->facts[i]);
}

static void start_over(void)
{
    char name[32];
    for (unsigned i = 0; i < 100; i++) {
        snprintf(name, sizeof(name), "facts-%u", i);
        (void)unlink(name);
    }
}

static void assert_usable(void)
{
    struct shelf *s = open_shelf();
    (void)count(s, 60);
    for (unsigned i = 0; i < 60; i++)
        put(s, i);
    assert_int_equal(count(s, 60), 60);
    shelf_close(s);
}

static void survive(const char *point, int what)
{
    struct story t;
    begin_story(&t);
    for (uint64_t n = 1;; n++) {
        start_over();
        fault_arm(point, n, what);
        int rc = live_through(&t);
        bool fired = fault_fired();
        fault_disarm_all();
        if (!fired) {
            assert_int_equal(rc, PT_OK);
            break;
        }
        if (n % 5 == 0)
            assert_usable();
    }
    end_story(&t);
}

static void test_shelf__survives_each_failing_allocation(void **state)
{
    (void)state;
    survive("mem.alloc", ENOMEM);
}

static void test_shelf__survives_each_failing_file_call(void **state)
{
    (void)state;
    survive("io.*", EIO);
    survive("io.*", ENOSPC);
    survive("io.write", FAULT_TORN);
    survive("io.write", FAULT_SHORT);
}

static void test_shelf__opening_without_memory_removes_nothing(void **state)
{
    (void)state;
    fill(60);
    for (uint64_t n = 1;; n++) {
        struct shelf *s = NULL;
        fault_arm("mem.alloc", n, ENOMEM);
        int rc = shelf_open(".", IDENTITY, &small, &s, NULL);
        bool fired = fault_fired();
        fault_disarm_all();
        if (fired)
            assert_int_equal(rc, PT_ENOMEM);
        shelf_close(s);
        s = open_shelf();
        assert_int_equal(status_of(s).records, 60);
        shelf_close(s);
        if (!fired)
            break;
    }
}

static void test_shelf__survives_a_kill_at_each_step(void **state)
{
    (void)state;
    struct story t;
    bool killed = true;
    begin_story(&t);
    for (uint64_t n = 1; killed; n++) {
        start_over();
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            fault_arm("io.*", n, FAULT_KILL);
            _exit(live_through(&t) == PT_OK ? 0 : 1);
        }
        int status = 0;
        assert_int_equal(waitpid(child, &status, 0), child);
        killed = WIFSIGNALED(status);
        if (!killed)
            assert_int_equal(status, 0);
        if (n % 5 == 0 || !killed)
            assert_usable();
    }
    end_story(&t);
}

/* ---- sweeping ---- */

static void test_shelf__sweep_does_nothing_within_the_bound(void **state)
{
    (void)state;
    struct shelf *s = open_shelf();
    for (unsigned i = 0; i < 60; i++)
        put(s, i);
    uint64_t bytes = status_of(s).bytes;
    struct shelf_key *keys = keys_of(0, 60);
    assert_int_equal(shelf_sweep(s, keys, 60, NULL), PT_OK);
    assert_int_equal(shelf_sweep(s, keys, 30, NULL), PT_OK);
    assert_int_equal(status_of(s).bytes, bytes);
    assert_int_equal(count(s, 60), 60);
    free(keys);
    shelf_close(s);
}

static uint64_t bytes_here(void)
{
    uint64_t bytes = 0;
    struct stat st;
    DIR *d = opendir(".");
    assert_non_null(d);
    for (const struct dirent *e; (e = readdir(d)) != NULL;) {
        if (strncmp(e->d_name, "facts-", 6) == 0 && stat(e->d_name, &st) == 0)
            bytes += (uint64_t)st.st_size;
    }
    closedir(d);
    return bytes;
}

static void test_shelf__sweep_keeps_what_lives_and_what_was_used_last(void **state)
{
    (void)state;
    struct shelf *s = open_shelf();
    for (unsigned i = 0; i < 200; i++)
        put(s, i);
    assert_true(has(s, 3));
    struct shelf_key *keys = keys_of(10, 20);
    assert_int_equal(shelf_sweep(s, keys, 10, NULL), PT_OK);
    struct shelf_status st = status_of(s);
    assert_int_equal(st.bytes, bytes_here());
    assert_true(st.bytes < 3 * small.spare_bytes);
    for (unsigned i = 10; i < 20; i++)
        assert_true(has(s, i));
    assert_true(has(s, 3));
    assert_true(has(s, 199));
    assert_false(has(s, 100));
    unsigned found = count(s, 200);
    assert_int_equal(found, st.records);
    assert_int_equal(shelf_sweep(s, keys, 10, NULL), PT_OK); /* within the bound by now */
    assert_int_equal(status_of(s).bytes, st.bytes);
    shelf_close(s);
    s = open_shelf();
    assert_int_equal(count(s, 200), found);
    assert_int_equal(status_of(s).bytes, st.bytes);
    for (unsigned i = 0; i < 200; i++)
        put(s, i);
    assert_int_equal(shelf_sweep(s, NULL, 0, NULL), PT_OK);
    assert_true(status_of(s).bytes <= small.spare_bytes);
    free(keys);
    shelf_close(s);
}

static void test_shelf__facts_stay_while_their_file_is_swept_and_can_be_renewed(void **state)
{
    (void)state;
    struct shelf *s = open_shelf();
    struct facts *kept[10], *f;
    for (unsigned i = 0; i < 200; i++)
        put(s, i);
    struct shelf_key *keys = keys_of(0, 10);
    for (unsigned i = 0; i < 10; i++)
        assert_int_equal(shelf_get(s, &keys[i], &kept[i], NULL), PT_OK);
    const void *before = kept[0]->syms;
    assert_int_equal(shelf_renew(s, &keys[0], kept[0], NULL), PT_OK);
    assert_ptr_equal(kept[0]->syms, before);
    assert_int_equal(shelf_sweep(s, keys, 10, NULL), PT_OK);
    assert_int_equal(access(FIRST, F_OK), -1);
    for (unsigned i = 0; i < 10; i++) {
        f = facts_of(i);
        assert_same(kept[i], f);
        if (i < 5)
            assert_int_equal(shelf_renew(s, &keys[i], kept[i], NULL), PT_OK);
        assert_same(kept[i], f);
        assert_int_equal(shelf_renew(s, &keys[i], f, NULL), PT_OK); /* its own: nothing to do */
        facts_free(f);
    }
    assert_ptr_not_equal(kept[0]->syms, before);
    fault_arm("mem.alloc", 1, ENOMEM);
    assert_int_equal(shelf_renew(s, &keys[5], kept[5], NULL), PT_ENOMEM);
    fault_disarm_all();
    shelf_close(s);
    for (unsigned i = 0; i < 10; i++) {
        f = facts_of(i);
        assert_same(kept[i], f);
        facts_free(f);
        facts_free(kept[i]);
    }
    free(keys);
}

static void test_shelf__a_sweep_on_a_full_disk_loses_nothing_that_lives(void **state)
{
    (void)state;
    struct shelf *s = open_shelf();
    for (unsigned i = 0; i < 200; i++)
        put(s, i);
    struct shelf_key *keys = keys_of(0, 10);
    fault_arm_from("io.write", 1, ENOSPC);
    assert_int_equal(shelf_sweep(s, keys, 10, NULL), PT_ENOSPC);
    fault_disarm_all();
    assert_int_equal(count(s, 10), 10);
    put(s, 300);
    assert_int_equal(shelf_sweep(s, keys, 10, NULL), PT_OK);
    assert_int_equal(count(s, 10), 10);
    assert_int_equal(status_of(s).bytes, bytes_here());
    free(keys);
    shelf_close(s);
}

/* How many mappings there are of files of the shelf that were removed. */
static unsigned ghosts(void)
{
    char line[1024];
    unsigned n = 0;
    FILE *f = fopen("/proc/self/maps", "r");
    assert_non_null(f);
    while (fgets(line, sizeof(line), f) != NULL)
        n += strstr(line, "/facts-") != NULL && strstr(line, "(deleted)") != NULL;
    fclose(f);
    return n;
}

static void update(struct pipeline *p)
{
    static const char *const all[] = {""};
    struct pipeline_report report = {0};
    struct delta d;
    struct err err = {0};
    if (pipeline_update(p, all, 1, &d, &report, &err) != PT_OK)
        fail_msg("%s", err.msg);
    delta_release(&d);
    pipeline_report_release(&report);
}

static void test_shelf__an_index_leaves_files_that_were_swept(void **state)
{
    (void)state;
    struct shelf *s = open_shelf();
    const struct pipeline_options o = {.shelf = s, .threads = 2};
    struct pipeline *p = NULL;
    struct err err = {0};
    char path[32];
    uint64_t most = 0;
    assert_int_equal(mkdir("tree", 0700), 0);
    if (pipeline_new("tree", &o, &p, &err) != PT_OK)
        fail_msg("%s", err.msg);
    for (unsigned round = 0; round < 8; round++) {
        for (unsigned i = 0; i < 80; i++) { /* the first ten stay as they are */
            struct buf text = {0};
            snprintf(path, sizeof(path), "tree/f%u.c", i);
            source(i < 10 ? i : 100 * round + i, &text);
            make_file(path, buf_cstr(&text));
            buf_release(&text);
        }
        update(p);
        uint64_t before = status_of(s).bytes;
        most = most > before ? most : before;
        pipeline_rest(p);
        assert_int_equal(ghosts(), 0);
        assert_int_equal(count(s, 10), 10);
    }
    assert_true(status_of(s).bytes < most); /* something was swept */
    pipeline_free(p);
    shelf_close(s);
}

/* ---- at random, and by many ---- */

/* The twin: which keys must be there. */
static void test_shelf__agrees_with_its_twin(void **state)
{
    (void)state;
    enum { N = 120 };
    bool must[N] = {0};
    uint64_t rng = 42;
    struct shelf *s = open_shelf();
    for (unsigned step = 0; step < 3000; step++) {
        unsigned i = (unsigned)rng_below(&rng, N), what = (unsigned)rng_below(&rng, 100);
        if (what < 45) {
            put(s, i);
            must[i] = true;
        } else if (what < 93) {
            bool there = has(s, i);
            assert_true(there || !must[i]);
        } else if (what < 96) {
            shelf_cool(s);
        } else if (what < 98) {
            shelf_close(s);
            s = open_shelf();
        } else {
            unsigned n = 1 + (unsigned)rng_below(&rng, 40);
            struct shelf_key *keys = keys_of(i, i + n);
            assert_int_equal(shelf_sweep(s, keys, n, NULL), PT_OK);
            for (unsigned k = 0; k < N; k++)
                must[k] = must[k] && k >= i && k < i + n;
            assert_int_equal(status_of(s).bytes, bytes_here());
            free(keys);
        }
    }
    assert_int_equal(status_of(s).damaged, 0);
    shelf_close(s);
}

struct crowd {
    struct shelf *s;
    struct story *t;
    atomic_uint failures;
};

static int crowd_item(void *ctx, unsigned worker, size_t item)
{
    struct crowd *c = ctx;
    unsigned i = (unsigned)(item * 7) % 60;
    const struct facts *right = c->t->facts[i];
    struct facts *f = NULL;
    (void)worker;
    if (item % 50 == 49 && shelf_sweep(c->s, c->t->keys, 5, NULL) != PT_OK)
        atomic_fetch_add(&c->failures, 1);
    if (item % 40 == 39)
        shelf_cool(c->s);
    if (shelf_put(c->s, &c->t->keys[i], right, &f, NULL) != PT_OK ||
        memcmp(f->syms, right->syms, facts_block_size(right)) != 0)
        atomic_fetch_add(&c->failures, 1);
    facts_free(f);
    f = NULL;
    int rc = shelf_get(c->s, &c->t->keys[i], &f, NULL); /* unless it was swept since */
    if (rc == PT_OK ? memcmp(f->syms, right->syms, facts_block_size(right)) != 0 : rc != PT_ENOENT)
        atomic_fetch_add(&c->failures, 1);
    facts_free(f);
    struct shelf_status st;
    shelf_status(c->s, &st);
    return PT_OK;
}

static void test_shelf__serves_many_threads(void **state)
{
    (void)state;
    struct story t;
    struct crowd c = {.s = open_shelf(), .t = &t};
    begin_story(&t);
    assert_int_equal(pool_run(6, 3000, crowd_item, &c), PT_OK);
    assert_int_equal(atomic_load(&c.failures), 0);
    assert_int_equal(status_of(c.s).bytes, bytes_here());
    shelf_close(c.s);
    end_story(&t);
    assert_usable();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_NEW_DIR(test_shelf__gives_what_was_put),
        IN_NEW_DIR(test_shelf__finds_again_what_another_process_put),
        IN_NEW_DIR(test_shelf__keeps_facts_of_all_languages),
        IN_NEW_DIR(test_shelf__keys_tell_apart_what_facts_depend_on),
        IN_NEW_DIR(test_shelf__keeps_the_first_of_a_key),
        IN_NEW_DIR(test_shelf__facts_outlive_it),
        IN_NEW_DIR(test_shelf__facts_are_the_same_after_cooling),
        IN_NEW_DIR(test_shelf__cooling_takes_facts_out_of_memory),
        IN_NEW_DIR(test_shelf__a_record_larger_than_a_file_gets_its_own),
        IN_NEW_DIR(test_shelf__of_another_identity_is_begun_anew),
        IN_NEW_DIR(test_shelf__s1_a_file_with_another_header_is_removed),
        IN_NEW_DIR(test_shelf__s2_holds_what_is_before_a_torn_end),
        IN_NEW_DIR(test_shelf__s2_holds_what_is_before_a_blank_end),
        IN_NEW_DIR(test_shelf__s4_a_damaged_byte_is_never_handed_out),
        IN_NEW_DIR(test_shelf__s3_lengths_are_not_believed),
        IN_NEW_DIR(test_shelf__s5_facts_that_break_an_invariant_are_not_there),
        IN_NEW_DIR(test_shelf__takes_no_other_thing_for_a_file),
        IN_NEW_DIR(test_shelf__passes_over_names_that_are_taken),
        IN_NEW_DIR(test_shelf__a_full_disk_fails_the_put_alone),
        IN_NEW_DIR(test_shelf__a_torn_write_leaves_no_trace),
        IN_NEW_DIR(test_shelf__survives_each_failing_allocation),
        IN_NEW_DIR(test_shelf__survives_each_failing_file_call),
        IN_NEW_DIR(test_shelf__opening_without_memory_removes_nothing),
        IN_NEW_DIR(test_shelf__survives_a_kill_at_each_step),
        IN_NEW_DIR(test_shelf__sweep_does_nothing_within_the_bound),
        IN_NEW_DIR(test_shelf__sweep_keeps_what_lives_and_what_was_used_last),
        IN_NEW_DIR(test_shelf__facts_stay_while_their_file_is_swept_and_can_be_renewed),
        IN_NEW_DIR(test_shelf__a_sweep_on_a_full_disk_loses_nothing_that_lives),
        IN_NEW_DIR(test_shelf__an_index_leaves_files_that_were_swept),
        IN_NEW_DIR(test_shelf__agrees_with_its_twin),
        IN_NEW_DIR(test_shelf__serves_many_threads),
    };
    return RUN_TESTS(tests);
}
