#include "index/ignore.h"

#include <ctype.h>
#include <stdlib.h>
#include <time.h>

#include "base/fault.h"
#include "base/io.h"
#include "base/str.h"
#include "base/vec.h"
#include "unit/base/support_dir.h"

/* ---- one set of rules at the root ---- */

static struct ignore with_rules(enum ignore_source source, const char *text)
{
    struct ignore ig = {0};

    assert_int_equal(ignore_push(&ig, "", source, text, strlen(text), NULL), 0);
    return ig;
}

/* A path that ends in '/' is a folder's. */
static bool ask(const struct ignore *ig, const char *path)
{
    char bare[256];
    size_t n = strlen(path);
    bool is_dir = path[n - 1] == '/';

    snprintf(bare, sizeof(bare), "%.*s", (int)(is_dir ? n - 1 : n), path);
    return ignore_match(ig, bare, is_dir, NULL);
}

static bool ignores(const char *rules, const char *path)
{
    struct ignore ig = with_rules(IGNORE_GITIGNORE, rules);
    bool ret = ask(&ig, path);

    ignore_release(&ig);
    return ret;
}

static void test_ignore__nothing_is_ignored_without_rules(void **state)
{
    struct ignore ig = {0};
    const struct ignore_rule *rule = (const void *)&ig;

    (void)state;
    assert_false(ignore_match(&ig, "a/b.c", false, &rule));
    assert_null(rule);
    assert_false(ignores("", "a"));
    assert_false(ignores("\n\n# a\n\r\n", "a"));
    assert_false(ignores("!\n/\n//\n!/\n", "a/"));
}

static void test_ignore__a_name_matches_at_any_depth(void **state)
{
    (void)state;
    assert_true(ignores("foo\n", "foo"));
    assert_true(ignores("foo", "a/b/foo"));
    assert_true(ignores("foo", "a/foo/b"));
    assert_false(ignores("foo", "foobar"));
    assert_true(ignores("*.o", "a/b.o"));
    assert_true(ignores("*.o", ".o"));
    assert_false(ignores("*.o", "b.o.c"));
    assert_true(ignores("*.tar.gz", "x.tar.gz"));
    assert_false(ignores("*.tar.gz", "x.gz"));
    assert_true(ignores("*~", "x~"));
    assert_true(ignores(".*", "a/.b"));
}

static void test_ignore__a_slash_anchors_to_the_folder_of_the_file(void **state)
{
    (void)state;
    assert_true(ignores("/foo", "foo"));
    assert_false(ignores("/foo", "a/foo"));
    assert_true(ignores("a/foo", "a/foo"));
    assert_false(ignores("a/foo", "b/a/foo"));
    assert_true(ignores("/*.c", "x.c"));
    assert_false(ignores("/*.c", "a/x.c"));
    assert_true(ignores("a/*.c", "a/x.c"));
    assert_false(ignores("a/*.c", "a/b/x.c"));
    assert_false(ignores("a?b", "a/b"));
    assert_false(ignores("a[/]b", "a/b"));
    assert_false(ignores("a[!x]b", "a/b"));
}

static void test_ignore__a_slash_at_the_end_is_for_folders_alone(void **state)
{
    (void)state;
    assert_true(ignores("foo/", "foo/"));
    assert_false(ignores("foo/", "foo"));
    assert_true(ignores("foo/", "a/foo/b"));
    assert_true(ignores("*/", "a/"));
    assert_false(ignores("*/", "a"));
    assert_true(ignores("foo\nfoo/\n", "foo"));
    assert_true(ignores("foo/\nfoo\n", "foo"));
    assert_true(ignores("*f*\n*f*/\n", "foo"));
    assert_false(ignores("foo\n!foo/\n", "foo/"));
    assert_true(ignores("foo\n!foo/\n", "foo"));
}

static void test_ignore__two_stars_cross_folders(void **state)
{
    (void)state;
    assert_true(ignores("**/foo", "foo"));
    assert_true(ignores("**/foo", "a/b/foo"));
    assert_true(ignores("**/a/foo", "x/a/foo"));
    assert_true(ignores("foo/**", "foo/a/b"));
    assert_false(ignores("foo/**", "foo/"));
    assert_true(ignores("a/**/b", "a/b"));
    assert_true(ignores("a/**/b", "a/x/y/b"));
    assert_false(ignores("a/**/b", "a/xb"));
    assert_true(ignores("a/**/**/**/b", "a/b"));
    assert_true(ignores("a/***/b", "a/x/b"));
    assert_true(ignores("**", "a"));
    assert_true(ignores("/**", "a/b"));
    assert_true(ignores("f?o**/bar", "foox/bar"));
    assert_false(ignores("f?o**/bar", "foox/y/bar"));
}

static void test_ignore__classes_are_as_in_git(void **state)
{
    (void)state;
    assert_true(ignores("[abc]x", "bx"));
    assert_true(ignores("[a-c]x", "bx"));
    assert_false(ignores("[!a-c]x", "bx"));
    assert_true(ignores("[^a-c]x", "dx"));
    assert_true(ignores("[]]", "]"));
    assert_true(ignores("[!]]", "x"));
    assert_true(ignores("[a-]", "-"));
    assert_true(ignores("[\\]]", "]"));
    assert_true(ignores("[[:upper:][:digit:]]", "7"));
    assert_false(ignores("[[:upper:]]", "u"));
    assert_true(ignores("[[:]", ":"));
    assert_true(ignores("[a-\\c]", "b"));
    assert_false(ignores("[a-\\", "a"));
    assert_false(ignores("[\\", "\\"));
    assert_false(ignores("[[:alpha", "a"));
    assert_false(ignores("[[:bogus:]]", "b"));
    assert_false(ignores("[abc", "[abc"));
    assert_true(ignores("\\[abc", "[abc"));
    assert_true(ignores("caf\xc3\xa9", "caf\xc3\xa9"));
    assert_true(ignores("caf??", "caf\xc3\xa9"));
}

static int is_git_space(int c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void test_ignore__named_classes_are_those_of_ascii(void **state)
{
    static const struct {
        const char *rule;
        int (*is)(int);
    } classes[] = {
        {"[[:alnum:]]", isalnum}, {"[[:alpha:]]", isalpha},   {"[[:blank:]]", isblank},
        {"[[:cntrl:]]", iscntrl}, {"[[:digit:]]", isdigit},   {"[[:graph:]]", isgraph},
        {"[[:lower:]]", islower}, {"[[:print:]]", isprint},   {"[[:punct:]]", ispunct},
        {"[[:upper:]]", isupper}, {"[[:xdigit:]]", isxdigit}, {"[[:space:]]", is_git_space},
    };

    (void)state;
    for (size_t i = 0; i < PT_COUNT(classes); i++) {
        struct ignore ig = with_rules(IGNORE_GITIGNORE, classes[i].rule);

        for (int c = 1; c < 256; c++) {
            char path[2] = {(char)c, '\0'};

            if (c != '/')
                assert_int_equal(ignore_match(&ig, path, false, NULL), classes[i].is(c) != 0);
        }
        ignore_release(&ig);
    }
}

static void test_ignore__escapes_and_blanks_are_as_in_git(void **state)
{
    (void)state;
    assert_true(ignores("\\#a", "#a"));
    assert_true(ignores("\\!a", "!a"));
    assert_true(ignores("\\*", "*"));
    assert_false(ignores("\\*", "a"));
    assert_false(ignores("a\\", "a\\"));
    assert_false(ignores("a\\", "a"));
    assert_true(ignores("a   \n", "a"));
    assert_true(ignores("a\\ \n", "a "));
    assert_true(ignores("a\\   \n", "a "));
    assert_true(ignores("a b\n", "a b"));
    assert_true(ignores(" a\n", " a"));
    assert_true(ignores("a\t\n", "a\t"));
    assert_true(ignores("a\r\nb\r\n", "a"));
    assert_true(ignores("\xef\xbb\xbf"
                        "a\n",
                        "a"));
}

static void test_ignore__the_last_line_that_matches_decides(void **state)
{
    struct ignore ig = with_rules(IGNORE_GITIGNORE, "*.c\n!a.c\n/b/a.c\n");
    const struct ignore_rule *rule;

    (void)state;
    assert_true(ignore_match(&ig, "x.c", false, &rule));
    assert_int_equal(rule->line, 1);
    assert_string_equal(rule->text, "*.c");
    assert_string_equal(rule->file, ".gitignore");
    assert_false(ignore_match(&ig, "a.c", false, &rule));
    assert_int_equal(rule->line, 2);
    assert_true(rule->is_negated);
    assert_true(ignore_match(&ig, "b/a.c", false, &rule));
    assert_int_equal(rule->line, 3);
    ignore_release(&ig);
}

static void test_ignore__nothing_comes_back_below_an_ignored_folder(void **state)
{
    struct ignore ig = with_rules(IGNORE_GITIGNORE, "build/\n!build/keep.c\n");
    const struct ignore_rule *rule;

    (void)state;
    assert_true(ignore_match(&ig, "build/keep.c", false, &rule));
    assert_int_equal(rule->line, 1);
    ignore_release(&ig);
    assert_false(ignores("/*\n!/foo\n/foo/*\n!/foo/bar\n", "foo/bar/x"));
    assert_true(ignores("/*\n!/foo\n/foo/*\n!/foo/bar\n", "foo/baz/x"));
}

/* ---- several sets ---- */

static void push(struct ignore *ig, const char *dir, enum ignore_source source, const char *text)
{
    assert_int_equal(ignore_push(ig, dir, source, text, strlen(text), NULL), 0);
}

static void test_ignore__deeper_and_later_sets_win(void **state)
{
    struct ignore ig = {0};
    const struct ignore_rule *rule;

    (void)state;
    push(&ig, "", IGNORE_EXCLUDE, "*.e\n*.x\n");
    push(&ig, "", IGNORE_GITIGNORE, "!*.x\n*.c\n");
    push(&ig, "", IGNORE_IGNORE, "!b.c\n");
    push(&ig, "", IGNORE_PARSELTONGUE, "b.c\n");
    push(&ig, "sub", IGNORE_GITIGNORE, "!*.c\n/x\n");
    push(&ig, "sub/deep", IGNORE_GITIGNORE, "d.c\n");

    assert_true(ask(&ig, "a.e"));
    assert_false(ask(&ig, "a.x"));
    assert_true(ask(&ig, "a.c"));
    assert_true(ignore_match(&ig, "b.c", false, &rule));
    assert_string_equal(rule->file, ".parseltongueignore");
    assert_false(ignore_match(&ig, "sub/b.c", false, &rule));
    assert_string_equal(rule->file, "sub/.gitignore");
    assert_true(ask(&ig, "sub/x"));
    assert_false(ask(&ig, "sub/deep/x"));
    assert_true(ignore_match(&ig, "sub/deep/d.c", false, &rule));
    assert_string_equal(rule->file, "sub/deep/.gitignore");
    assert_true(ask(&ig, "subway/b.c"));

    ignore_leave(&ig, "sub/other");
    assert_false(ask(&ig, "sub/deep/d.c"));
    ignore_leave(&ig, "subway");
    assert_true(ask(&ig, "sub/a.c"));
    assert_int_equal(ig.n_sets, 4);
    ignore_release(&ig);
    assert_int_equal(ig.bytes, 0);
}

static void test_ignore__only_our_own_file_brings_git_back(void **state)
{
    static const char *const names[] = {".git", ".hg", ".svn", "a/node_modules"};
    struct ignore ig = {0};
    const struct ignore_rule *rule;

    (void)state;
    for (size_t i = 0; i < PT_COUNT(names); i++) {
        assert_true(ignore_match(&ig, names[i], true, &rule));
        assert_string_equal(rule->file, "(built-in)");
    }
    assert_true(ask(&ig, "a/node_modules/b/c.js"));
    push(&ig, "", IGNORE_GITIGNORE, "!.git*\n!node_modules\n");
    assert_true(ask(&ig, ".git/"));
    assert_true(ask(&ig, "node_modules/"));
    push(&ig, "", IGNORE_PARSELTONGUE, "!*\n");
    assert_true(ask(&ig, ".git/"));
    push(&ig, "a", IGNORE_PARSELTONGUE, "!node_modules/\n");
    assert_false(ask(&ig, "a/node_modules/b/c.js"));
    assert_true(ask(&ig, "node_modules/b/c.js"));
    assert_true(ask(&ig, "a/.git/"));
    ignore_release(&ig);
}

static void test_ignore__long_lines_are_cut_for_show(void **state)
{
    char line[1000];
    struct ignore ig;
    const struct ignore_rule *rule;

    (void)state;
    memset(line, 'a', sizeof(line) - 1);
    line[sizeof(line) - 1] = '\0';
    ig = with_rules(IGNORE_GITIGNORE, line);
    assert_true(ignore_match(&ig, line, false, &rule));
    assert_int_equal(strlen(rule->text), 200);
    ignore_release(&ig);
}

/* ---- files ---- */

static void test_ignore__load_reads_what_is_there(void **state)
{
    struct ignore ig = {0};
    struct err err = {0};
    int fd;

    (void)state;
    assert_int_equal(mkdir(".git", 0700), 0);
    assert_int_equal(mkdir(".git/info", 0700), 0);
    assert_int_equal(mkdir(".ignore", 0700), 0);
    assert_int_equal(symlink("/etc/passwd", ".parseltongueignore"), 0);
    make_file(".git/info/exclude", "e\n");
    make_file(".gitignore", "g\n");
    assert_int_equal(io_open_dir(".", &fd, NULL), 0);
    assert_int_equal(ignore_load(&ig, fd, "", ~0U, NULL, &err), 0);
    assert_int_equal(err.code, 0);
    assert_true(ask(&ig, "e"));
    assert_true(ask(&ig, "g"));
    assert_int_equal(ig.n_sets, 2);
    ignore_release(&ig);

    assert_int_equal(ignore_load(&ig, fd, "", 1U << IGNORE_GITIGNORE, NULL, &err), 0);
    assert_false(ask(&ig, "e"));
    ignore_release(&ig);
    io_close(fd);
}

static void test_ignore__load_names_the_file_that_is_too_large(void **state)
{
    struct ignore ig = {0};
    enum ignore_source failed = IGNORE_N_SOURCES;
    struct err err = {0};
    int fd;

    (void)state;
    make_file(".gitignore", "");
    assert_int_equal(truncate(".gitignore", IGNORE_MAX_FILE + 1), 0);
    make_file(".ignore", "a\n");
    assert_int_equal(io_open_dir(".", &fd, NULL), 0);
    assert_int_equal(ignore_load(&ig, fd, "", ~0U, &failed, &err), PT_ELIMIT);
    assert_int_equal(err.code, PT_ELIMIT);
    assert_int_equal(failed, IGNORE_GITIGNORE);
    assert_true(ask(&ig, "a"));
    ignore_release(&ig);
    io_close(fd);
}

static void test_ignore__the_stack_is_bounded(void **state)
{
    static char text[IGNORE_MAX_FILE + 1];
    struct ignore ig = {0};
    unsigned n = 0;

    (void)state;
    memset(text, '#', sizeof(text));
    assert_int_equal(ignore_push(&ig, "", IGNORE_GITIGNORE, text, sizeof(text), NULL), PT_ELIMIT);
    while (ignore_push(&ig, "", IGNORE_GITIGNORE, text, IGNORE_MAX_FILE, NULL) == 0)
        n++;
    assert_int_equal(n, IGNORE_MAX_BYTES / IGNORE_MAX_FILE);
    assert_int_equal(ignore_push(&ig, "", IGNORE_GITIGNORE, text, 1, NULL), PT_ELIMIT);
    ignore_release(&ig);
}

/* ---- cost ---- */

static void test_ignore__hostile_patterns_cost_a_bounded_time(void **state)
{
    struct buf rules = {0};
    char path[4096];
    struct ignore ig = {0};
    clock_t from = clock();

    (void)state;
    /* Each differs, so that none is dropped as repeated; none matches. */
    for (int i = 0; i < 10000; i++)
        buf_printf(&rules, "*a*a*a*a*a*a*a*[a]*%d[b]\n", i);
    assert_int_equal(ignore_push(&ig, "", IGNORE_GITIGNORE, rules.p, rules.n, NULL), 0);
    for (size_t i = 0; i < sizeof(path) - 1; i++)
        path[i] = i % 64 == 63 ? '/' : 'a';
    path[sizeof(path) - 1] = '\0';
    path[sizeof(path) - 2] = 'a';
    assert_false(ignore_match(&ig, path, false, NULL));
    assert_int_equal(ignore_n_cut(&ig), 1);
    ignore_release(&ig);

    buf_reset(&rules);
    for (int i = 0; i < 10000; i++)
        buf_printf(&rules, "*a*a*a*a*%db\n", i);
    assert_int_equal(ignore_push(&ig, "", IGNORE_GITIGNORE, rules.p, rules.n, NULL), 0);
    for (int i = 0; i < 1000; i++) {
        snprintf(path, sizeof(path), "src/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa%d", i);
        assert_false(ignore_match(&ig, path, false, NULL));
    }
    assert_int_equal(ignore_n_cut(&ig), 0);
    ignore_release(&ig);
    buf_release(&rules);
    assert_true(clock() - from < 20 * CLOCKS_PER_SEC);
}

/* The steps that one match takes grow with the path as it, not as its powers. */
static void test_ignore__stars_do_not_multiply(void **state)
{
    struct ignore ig = with_rules(IGNORE_GITIGNORE, "**/a*/**/*a*a*a*a*a*a*a*a*/**/*b*c\n");
    char path[IGNORE_MAX_PATH + 1];

    (void)state;
    for (size_t i = 0; i < sizeof(path); i++)
        path[i] = i % 16 == 15 ? '/' : 'a';
    path[sizeof(path) - 1] = '\0';
    path[sizeof(path) - 2] = 'c';
    assert_false(ignore_match_entry(&ig, path, false, NULL));
    assert_int_equal(ignore_n_cut(&ig), 0);
    path[sizeof(path) - 3] = 'b';
    assert_true(ignore_match_entry(&ig, path, false, NULL));
    ignore_release(&ig);
}

static void test_ignore__many_equal_lines_count_once(void **state)
{
    struct buf rules = {0};
    struct ignore ig = {0};
    const struct ignore_rule *rule;

    (void)state;
    for (int i = 0; i < 10000; i++)
        buf_str(&rules, "a/\n*a*b*\n");
    assert_int_equal(ignore_push(&ig, "", IGNORE_GITIGNORE, rules.p, rules.n, NULL), 0);
    clock_t from = clock();
    for (int i = 0; i < 10000; i++)
        assert_false(ignore_match(&ig, "a", false, NULL));
    assert_true(clock() - from < CLOCKS_PER_SEC);
    assert_true(ignore_match(&ig, "xaab", false, &rule));
    assert_int_equal(rule->line, 20000);
    assert_true(ignore_match(&ig, "a", true, &rule));
    assert_int_equal(rule->line, 19999);
    ignore_release(&ig);
    buf_release(&rules);
}

static void test_ignore__patterns_longer_than_any_path_match_nothing(void **state)
{
    struct buf rules = {0};
    struct ignore ig = {0};

    (void)state;
    buf_fill(&rules, '?', 100000);
    buf_str(&rules, "\n");
    for (int i = 0; i < 100000; i++)
        buf_str(&rules, "**/");
    buf_str(&rules, "x\n");
    buf_fill(&rules, '*', 100000);
    buf_str(&rules, "y\n");
    assert_int_equal(ignore_push(&ig, "", IGNORE_GITIGNORE, rules.p, rules.n, NULL), 0);
    assert_true(ask(&ig, "x"));
    assert_true(ask(&ig, "a/y"));
    assert_false(ask(&ig, "z"));
    ignore_release(&ig);
    buf_release(&rules);
}

/* ---- against git ---- */

static const char *const name_parts[] = {"a", "b", "A", ".", "-",  "]",        "[", "!",
                                         "#", " ", "*", "?", "\\", "\xc3\xa9", "a", "b"};
static const char *const pattern_parts[] = {
    "a",           "b",
    "a",           "b",
    "A",           ".",
    "-",           "*",
    "*",           "**",
    "**/",         "/**",
    "/**/",        "/",
    "/",           "?",
    "[ab]",        "[!a]",
    "[^b]",        "[a-b]",
    "[[:alpha:]]", "[[:upper:]b]",
    "[]a]",        "[a-]",
    "[a",          "]",
    "\\",          "\\*",
    "\\ ",         " ",
    "!",           "#",
    "\\/",         "[/]",
    "***",         "[[:]",
    "[[:x:]",      "[\\]]",
    "[!-A]",       "[[:space:]]",
    "[[:punct:]]", "\\[",
    "\xc3",        "*.a",
};

static void random_name(uint64_t *rng, char *ret, size_t size)
{
    do {
        size_t n = 0;

        for (uint64_t parts = 1 + rng_below(rng, 3); parts > 0; parts--)
            n += (size_t)snprintf(ret + n, size - n, "%s",
                                  name_parts[rng_below(rng, PT_COUNT(name_parts))]);
    } while (strcmp(ret, ".") == 0 || strcmp(ret, "..") == 0);
}

static void random_rules(uint64_t *rng, const char *path)
{
    struct buf text = {0};

    if (rng_below(rng, 20) == 0)
        buf_str(&text, "\xef\xbb\xbf");
    for (uint64_t lines = rng_below(rng, 6); lines > 0; lines--) {
        if (rng_below(rng, 4) == 0)
            buf_char(&text, '!');
        for (uint64_t n = 1 + rng_below(rng, 5); n > 0; n--)
            buf_str(&text, pattern_parts[rng_below(rng, PT_COUNT(pattern_parts))]);
        if (rng_below(rng, 6) == 0)
            buf_char(&text, '/');
        if (rng_below(rng, 10) == 0)
            buf_str(&text, "  ");
        if (rng_below(rng, 10) == 0)
            buf_char(&text, '\r');
        if (lines > 1 || rng_below(rng, 4))
            buf_char(&text, '\n');
    }
    make_file(path, buf_cstr(&text));
    buf_release(&text);
}

struct twin {
    uint64_t rng;
    struct ignore ig;
    struct buf paths; /* each ends with a NUL, as git wants them */
    VEC(bool) is_dir;
};

/* Makes the entries of `dir` and what is below, and loads their rules. */
static void grow_tree(struct twin *twin, const char *dir, unsigned depth)
{
    int fd;

    assert_int_equal(io_open_dir(*dir ? dir : ".", &fd, NULL), 0);
    if (rng_below(&twin->rng, 3) < 2) {
        char path[256];

        snprintf(path, sizeof(path), "%s%s.gitignore", dir, *dir ? "/" : "");
        random_rules(&twin->rng, path);
    }
    assert_int_equal(
        ignore_load(&twin->ig, fd, dir, 1U << IGNORE_GITIGNORE | 1U << IGNORE_EXCLUDE, NULL, NULL),
        0);
    io_close(fd);
    for (uint64_t n = rng_below(&twin->rng, 6); n > 0; n--) {
        char name[32];
        char path[256];
        bool is_dir = depth < 3 && rng_below(&twin->rng, 2);

        random_name(&twin->rng, name, sizeof(name));
        snprintf(path, sizeof(path), "%s%s%s", dir, *dir ? "/" : "", name);
        if (io_exists(IO_CWD, path))
            continue;
        buf_add(&twin->paths, path, strlen(path) + 1);
        assert_true(vec_push(&twin->is_dir, is_dir));
        if (is_dir) {
            assert_int_equal(mkdir(path, 0700), 0);
            grow_tree(twin, path, depth + 1);
        } else {
            make_file(path, "");
        }
    }
}

/* What git needs to see a repository here. */
static void make_repository(void)
{
    static const char *const dirs[] = {".git", ".git/objects", ".git/refs", ".git/info"};

    for (size_t i = 0; i < PT_COUNT(dirs); i++)
        assert_int_equal(mkdir(dirs[i], 0700), 0);
    make_file(".git/HEAD", "ref: refs/heads/main\n");
}

/* One field of check-ignore -z. */
static const char *next_field(struct slice *out)
{
    const char *p = out->p;
    const char *end = memchr(p, '\0', out->n);

    assert_non_null(end);
    *out = slice_skip(*out, (size_t)(end + 1 - p));
    return p;
}

static void compare_with_git(struct twin *twin)
{
    struct buf answer = {0};
    FILE *f = fopen("../paths", "w");

    assert_non_null(f);
    assert_int_equal(fwrite(twin->paths.p, 1, twin->paths.n, f), twin->paths.n);
    fclose(f);
    int rc = system("git check-ignore --no-index -v -n -z --stdin <../paths >../answer");
    assert_true(WIFEXITED(rc) && WEXITSTATUS(rc) <= 1);
    assert_int_equal(io_read_file(IO_CWD, "../answer", 10 << 20, &answer, NULL), 0);

    struct slice out = buf_as_slice(&answer);
    struct slice paths = buf_as_slice(&twin->paths);
    for (uint32_t i = 0; i < twin->is_dir.len; i++) {
        const char *path = next_field(&paths);
        const char *file = next_field(&out);
        const char *line = next_field(&out);
        const char *text = next_field(&out);
        const struct ignore_rule *rule;

        assert_string_equal(next_field(&out), path);
        bool ignored = ignore_match(&twin->ig, path, twin->is_dir.at[i], &rule);
        bool same = rule ? strcmp(rule->file, file) == 0 && rule->line == strtoul(line, NULL, 10)
                         : *file == '\0';
        if (!same || ignored != (*file && text[0] != '!'))
            fail_msg("%s: git says %s:%s:%s, we say %s:%u:%s", path, file, line, text,
                     rule ? rule->file : "", rule ? rule->line : 0, rule ? rule->text : "");
    }
    buf_release(&answer);
}

static void test_ignore__random_trees_agree_with_git(void **state)
{
    struct twin twin = {.rng = 2026};

    (void)state;
    setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
    setenv("GIT_CONFIG_GLOBAL", "/dev/null", 1);
    setenv("HOME", root, 1);
    setenv("XDG_CONFIG_HOME", root, 1);
    if (system("git version >/dev/null 2>&1") != 0)
        skip();
    for (int round = 0; round < 250; round++) {
        char dir[32];

        snprintf(dir, sizeof(dir), "r%d", round);
        assert_int_equal(mkdir(dir, 0700), 0);
        assert_int_equal(chdir(dir), 0);
        make_repository();
        if (rng_below(&twin.rng, 3) == 0)
            random_rules(&twin.rng, ".git/info/exclude");
        grow_tree(&twin, "", 0);
        compare_with_git(&twin);
        assert_int_equal(ignore_n_cut(&twin.ig), 0);
        assert_int_equal(chdir(".."), 0);
        ignore_release(&twin.ig);
        buf_reset(&twin.paths);
        vec_clear(&twin.is_dir);
    }
    buf_release(&twin.paths);
    vec_release(&twin.is_dir);
}

/* ---- failures ---- */

static void test_ignore__each_nth_allocation_may_fail(void **state)
{
    static const char text[] = "a\nb/\n/c\n*.d\n*e*f\n[gh]i?\nj/**/k\n*e*f\nl*m*n/o\n";
    struct ignore ig = {0};

    (void)state;
    push(&ig, "", IGNORE_GITIGNORE, "old\n");
    for (uint64_t n = 1;; n++) {
        struct err err = {0};

        fault_arm("mem.alloc", n, ENOMEM);
        int rc = ignore_push(&ig, "sub", IGNORE_GITIGNORE, text, strlen(text), &err);
        bool fired = fault_fired();
        fault_disarm_all();
        assert_int_equal(rc, fired ? PT_ENOMEM : 0);
        assert_int_equal(err.code, rc);
        assert_int_equal(ig.n_sets, fired ? 1 : 2);
        assert_true(ask(&ig, "old"));
        assert_int_equal(ask(&ig, "sub/a"), !fired);
        if (!fired)
            break;
        assert_true(n < 1000);
    }
    assert_true(ask(&ig, "sub/j/x/k"));
    ignore_release(&ig);
}

static void test_ignore__each_nth_read_may_fail(void **state)
{
    struct ignore ig = {0};
    int fd;

    (void)state;
    make_file(".gitignore", "a\n");
    make_file(".ignore", "b\n");
    assert_int_equal(io_open_dir(".", &fd, NULL), 0);
    for (uint64_t n = 1;; n++) {
        struct err err = {0};

        fault_arm("io.*", n, EIO);
        int rc = ignore_load(&ig, fd, "", 1U << IGNORE_GITIGNORE | 1U << IGNORE_IGNORE, NULL, &err);
        bool fired = fault_fired();
        fault_disarm_all();
        assert_int_equal(err.code, rc);
        assert_true(fired || rc == 0);
        assert_true(ask(&ig, "a") || ask(&ig, "b"));
        ignore_release(&ig);
        if (!fired)
            break;
        assert_true(n < 100);
    }
    io_close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ignore__nothing_is_ignored_without_rules),
        cmocka_unit_test(test_ignore__a_name_matches_at_any_depth),
        cmocka_unit_test(test_ignore__a_slash_anchors_to_the_folder_of_the_file),
        cmocka_unit_test(test_ignore__a_slash_at_the_end_is_for_folders_alone),
        cmocka_unit_test(test_ignore__two_stars_cross_folders),
        cmocka_unit_test(test_ignore__classes_are_as_in_git),
        cmocka_unit_test(test_ignore__named_classes_are_those_of_ascii),
        cmocka_unit_test(test_ignore__escapes_and_blanks_are_as_in_git),
        cmocka_unit_test(test_ignore__the_last_line_that_matches_decides),
        cmocka_unit_test(test_ignore__nothing_comes_back_below_an_ignored_folder),
        cmocka_unit_test(test_ignore__deeper_and_later_sets_win),
        cmocka_unit_test(test_ignore__only_our_own_file_brings_git_back),
        cmocka_unit_test(test_ignore__long_lines_are_cut_for_show),
        IN_NEW_DIR(test_ignore__load_reads_what_is_there),
        IN_NEW_DIR(test_ignore__load_names_the_file_that_is_too_large),
        cmocka_unit_test(test_ignore__the_stack_is_bounded),
        cmocka_unit_test(test_ignore__hostile_patterns_cost_a_bounded_time),
        cmocka_unit_test(test_ignore__stars_do_not_multiply),
        cmocka_unit_test(test_ignore__many_equal_lines_count_once),
        cmocka_unit_test(test_ignore__patterns_longer_than_any_path_match_nothing),
        IN_NEW_DIR(test_ignore__random_trees_agree_with_git),
        cmocka_unit_test(test_ignore__each_nth_allocation_may_fail),
        IN_NEW_DIR(test_ignore__each_nth_read_may_fail),
    };

    return RUN_TESTS(tests);
}
