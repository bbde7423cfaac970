#include "index/scan.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "base/fault.h"
#include "base/str.h"
#include "lang/lang.h"
#include "unit/base/support_dir.h"

#define TAG_TEXT "Signature: 8a477f597d28d172789f06886806bc55\n# what follows is free\n"

/* ---- making trees ---- */

/* As enter_root, but in memory where that can be had: for trees of many files. */
static int enter_memory(void **state)
{
    (void)state;
    snprintf(root, sizeof(root), "%s/pt-test-scan-XXXXXX",
             access("/dev/shm", R_OK | W_OK | X_OK) == 0 ? "/dev/shm" : "/tmp");
    return mkdtemp(root) && chdir(root) == 0 ? 0 : -1;
}

#define IN_NEW_MEMORY(test) cmocka_unit_test_setup_teardown(test, enter_memory, leave_root)

static void make_parents(const char *path)
{
    char parent[4200];

    for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        snprintf(parent, sizeof(parent), "%.*s", (int)(slash - path), path);
        assert_true(mkdir(parent, 0700) == 0 || errno == EEXIST);
    }
}

static void put(const char *path, const char *text)
{
    make_parents(path);
    make_file(path, text);
}

/* Empty files at the paths, which are parted by blanks. */
static void touch(const char *paths)
{
    char copy[1024];
    char *rest = copy;

    snprintf(copy, sizeof(copy), "%s", paths);
    for (char *path; (path = strsep(&rest, " "));)
        put(path, "");
}

static struct scan scan(const struct scan_options *options)
{
    struct scan ret;
    struct err err = {0};

    if (scan_tree(".", options, &ret, &err))
        fail_msg("%s", err.msg);
    return ret;
}

/* The paths, parted by blanks. Releases the scan. */
static const char *files_of(struct scan s)
{
    static char list[4096];
    size_t n = 0;

    list[0] = '\0';
    for (uint32_t i = 0; i < s.files.len; i++)
        n += (size_t)snprintf(list + n, sizeof(list) - n, "%s%s", i ? " " : "", s.files.at[i].path);
    scan_release(&s);
    return list;
}

static const struct scan_skip *skip_of(const struct scan *s, const char *path)
{
    for (uint32_t i = 0; i < s->skips.len; i++)
        if (strcmp(s->skips.at[i].path, path) == 0)
            return &s->skips.at[i];
    return NULL;
}

static void assert_skipped(const struct scan *s, const char *path, enum scan_reason reason,
                           uint64_t detail)
{
    const struct scan_skip *skip = skip_of(s, path);

    if (!skip) {
        fail_msg("%s is not listed", path);
        return;
    }
    assert_string_equal(scan_reason_text(skip->reason), scan_reason_text(reason));
    assert_int_equal(skip->detail, detail);
}

/* ---- what counts ---- */

static void test_scan__an_empty_folder_has_no_files(void **state)
{
    struct scan s = scan(NULL);

    (void)state;
    assert_int_equal(s.files.len, 0);
    assert_int_equal(s.skips.len, 0);
    assert_int_equal(s.n_dirs, 1);
    assert_null(s.culprit);
    scan_release(&s);
    scan_release(&s);
}

static void test_scan__files_come_in_the_order_of_their_paths(void **state)
{
    (void)state;
    touch("b.c a/z.c a/b/c.c a-b.c a.c a0.c A.c a/b.c a/b-c/x.c a/b0.c");
    assert_string_equal(files_of(scan(NULL)),
                        "A.c a-b.c a.c a/b-c/x.c a/b.c a/b/c.c a/b0.c a/z.c a0.c b.c");
}

static void test_scan__says_what_the_system_says_of_a_file(void **state)
{
    struct stat st;

    (void)state;
    put("a/b.py", "pass\n");
    assert_int_equal(stat("a/b.py", &st), 0);
    struct scan s = scan(NULL);
    assert_int_equal(s.files.len, 1);
    const struct scan_file *f = &s.files.at[0];
    assert_int_equal(f->size, 5);
    assert_int_equal(f->ino, st.st_ino);
    assert_int_equal(f->mtime_ns, st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec);
    assert_int_equal(f->ctime_ns, st.st_ctim.tv_sec * 1000000000 + st.st_ctim.tv_nsec);
    assert_string_equal(lang_registry[f->lang]->name, "python");
    assert_int_equal(s.n_dirs, 2);
    scan_release(&s);
}

static void test_scan__only_files_without_suffix_are_opened_for_their_language(void **state)
{
    (void)state;
    put("tool", "#!/usr/bin/env python3\nprint()\n");
    put("tool.sh", "#!/usr/bin/env python3\n");
    put("README", "no script\n");
    put("empty", "");
    touch("a.c b.txt");
    struct scan s = scan(NULL);
    assert_int_equal(s.n_other_files, 4);
    assert_string_equal(files_of(s), "a.c tool");
}

static void test_scan__large_files_are_listed_with_their_size(void **state)
{
    struct scan_options options = {.max_file_bytes = 4};

    (void)state;
    put("four.c", "1234");
    put("five.c", "12345");
    put("five.txt", "12345");
    touch("huge.c");
    assert_int_equal(truncate("huge.c", SCAN_MAX_FILE_BYTES + 1), 0);
    struct scan s = scan(&options);
    assert_skipped(&s, "five.c", SCAN_TOO_LARGE, 5);
    assert_int_equal(s.n_skips[SCAN_TOO_LARGE], 2);
    assert_string_equal(files_of(s), "four.c");
    s = scan(NULL);
    assert_skipped(&s, "huge.c", SCAN_TOO_LARGE, SCAN_MAX_FILE_BYTES + 1);
    assert_string_equal(files_of(s), "five.c four.c");
}

static void test_scan__binary_is_a_nul_in_the_first_8_kb(void **state)
{
    static char text[10000];

    (void)state;
    memset(text, 'a', sizeof(text));
    assert_false(scan_is_binary(NULL, 0));
    assert_false(scan_is_binary(text, sizeof(text)));
    text[8192] = '\0';
    assert_false(scan_is_binary(text, sizeof(text)));
    text[8191] = '\0';
    assert_true(scan_is_binary(text, sizeof(text)));
    assert_false(scan_is_binary(text, 8191));
}

/* ---- ignore files ---- */

static void test_scan__nested_ignore_files_are_heeded(void **state)
{
    (void)state;
    put(".gitignore", "*.o.c\n/out/\n");
    put("sub/.gitignore", "!keep.o.c\nlocal.c\n");
    put("sub/.ignore", "other.c\n");
    put("sub/.parseltongueignore", "!other.c\n");
    put(".git/info/exclude", "secret.c\n");
    touch("a.c a.o.c out/x.c sub/keep.o.c sub/b.o.c sub/local.c local.c sub/other.c "
          "sub/out/x.c secret.c sub/secret.c subway/local.c subway/other.c");
    struct scan s = scan(NULL);
    assert_int_equal(s.n_ignored_files, 5);
    assert_int_equal(s.n_ignored_dirs, 2);
    assert_string_equal(
        files_of(s),
        "a.c local.c sub/keep.o.c sub/other.c sub/out/x.c subway/local.c subway/other.c");
}

static void test_scan__no_ignore_reads_no_ignore_files(void **state)
{
    struct scan_options options = {.no_ignore = true};

    (void)state;
    put(".gitignore", "*\n");
    put(".parseltongueignore", "*\n!.git\n");
    touch("a.c b/c.c .git/d.c node_modules/e.js .hg/f.c .svn/g.c");
    struct scan s = scan(&options);
    assert_int_equal(s.n_ignored_dirs, 4);
    assert_string_equal(files_of(s), "a.c b/c.c");
}

static void test_scan__built_in_rules_yield_to_our_own_file_alone(void **state)
{
    (void)state;
    touch("a.js node_modules/x/y.js sub/node_modules/z.js");
    put(".gitignore", "!node_modules\n");
    assert_string_equal(files_of(scan(NULL)), "a.js");
    put("sub/.parseltongueignore", "!node_modules/\n");
    assert_string_equal(files_of(scan(NULL)), "a.js sub/node_modules/z.js");
}

static void test_scan__folders_marked_as_caches_are_left_out(void **state)
{
    (void)state;
    touch("a.rs target/debug/b.rs other/c.rs kept/d.rs");
    put("target/CACHEDIR.TAG", TAG_TEXT);
    put("other/CACHEDIR.TAG", "no signature\n");
    put("kept/CACHEDIR.TAG", TAG_TEXT);
    put("CACHEDIR.TAG", TAG_TEXT); /* of the root: who names it wants it */
    put(".parseltongueignore", "!kept\n");
    struct scan s = scan(NULL);
    assert_int_equal(s.n_ignored_dirs, 1);
    assert_string_equal(files_of(s), "a.rs kept/d.rs other/c.rs");
}

static void test_scan__an_ignore_file_that_is_too_large_is_listed(void **state)
{
    (void)state;
    touch("a.c sub/.gitignore sub/b.c");
    assert_int_equal(truncate("sub/.gitignore", IGNORE_MAX_FILE + 1), 0);
    struct scan s = scan(NULL);
    assert_skipped(&s, "sub/.gitignore", SCAN_IGNORE_FILE, (uint64_t)-PT_ELIMIT);
    assert_string_equal(files_of(s), "a.c sub/b.c");
}

/* ---- the warning ---- */

static void test_scan__names_the_rule_that_leaves_nothing(void **state)
{
    (void)state;
    put(".gitignore", "# as Debian's linux-source has it\n.*\n*.o\n/*\n!/debian/\n");
    touch("init/main.c init/version.c kernel/fork.c kernel/sched/core.c top.c .hidden.c "
          "debian/rules");
    struct scan s = scan(NULL);
    assert_int_equal(s.files.len, 0);
    assert_non_null(s.culprit);
    assert_string_equal(s.culprit->file, ".gitignore");
    assert_string_equal(s.culprit->text, "/*");
    assert_int_equal(s.culprit->line, 4);
    assert_int_equal(s.culprit_files, 6);
    scan_release(&s);

    struct scan_options options = {.no_ignore = true};
    s = scan(&options);
    assert_null(s.culprit);
    assert_int_equal(s.files.len, 6);
    scan_release(&s);
}

static void test_scan__one_percent_is_the_line(void **state)
{
    char path[64];

    (void)state;
    put("gen/.gitignore", "*.h\n");
    for (int i = 0; i < 99; i++) {
        snprintf(path, sizeof(path), "gen/%d.h", i);
        put(path, "");
    }
    touch("a.c");
    struct scan s = scan(NULL);
    assert_null(s.culprit);
    scan_release(&s);

    touch("gen/99.h");
    s = scan(NULL);
    assert_non_null(s.culprit);
    assert_string_equal(s.culprit->file, "gen/.gitignore");
    assert_int_equal(s.culprit_files, 100);
    scan_release(&s);
}

static void test_scan__a_build_folder_is_no_culprit_while_source_is_left(void **state)
{
    char path[64];

    (void)state;
    put(".gitignore", "venv/\n");
    for (int i = 0; i < 300; i++) {
        snprintf(path, sizeof(path), "venv/lib/%d.py", i);
        put(path, "");
    }
    touch("app.py");
    struct scan s = scan(NULL);
    assert_null(s.culprit);
    scan_release(&s);

    assert_int_equal(unlink("app.py"), 0);
    s = scan(NULL);
    assert_non_null(s.culprit);
    assert_string_equal(s.culprit->text, "venv/");
    assert_int_equal(s.culprit_files, 300);
    scan_release(&s);

    put(".gitignore", "v*\n");
    touch("app.py");
    s = scan(NULL);
    assert_non_null(s.culprit);
    assert_string_equal(s.culprit->text, "v*");
    scan_release(&s);
}

/* ---- the strange ---- */

static void test_scan__links_are_classified_and_never_followed(void **state)
{
    char outside[80];

    (void)state;
    snprintf(outside, sizeof(outside), "%s/outside", root);
    assert_int_equal(mkdir(outside, 0700), 0);
    put("outside/secret.c", "");
    put("outside/plain.txt", "");
    put("tree/real/a.c", "");
    assert_int_equal(chdir("tree"), 0);
    assert_int_equal(symlink("../outside", "dir_out"), 0);
    assert_int_equal(symlink("../outside/secret.c", "file_out.c"), 0);
    assert_int_equal(symlink("../outside/plain.txt", "depcomp"), 0);
    assert_int_equal(symlink("real", "dir_in"), 0);
    assert_int_equal(symlink("real/a.c", "file_in.c"), 0);
    assert_int_equal(symlink("nowhere", "dangling.c"), 0);
    assert_int_equal(symlink("..", "real/up"), 0);
    assert_int_equal(symlink("self.c", "self.c"), 0);
    assert_int_equal(symlink("../../outside", "real/out"), 0);
    struct scan s = scan(NULL);
    assert_skipped(&s, "dir_out", SCAN_LINK_OUT, 0);
    assert_skipped(&s, "file_out.c", SCAN_LINK_OUT, 0);
    assert_skipped(&s, "real/out", SCAN_LINK_OUT, 0);
    assert_skipped(&s, "real/up", SCAN_LINK_LOOP, 0);
    assert_skipped(&s, "self.c", SCAN_LINK_LOOP, 0);
    assert_int_equal(s.skips.len, 5);
    assert_int_equal(s.n_links, 3);
    assert_int_equal(s.n_other_files, 1);
    assert_string_equal(files_of(s), "real/a.c");

    /* A link to the root itself is the user's way to name it. */
    assert_int_equal(symlink("tree", "../link"), 0);
    assert_int_equal(scan_tree("../link", NULL, &s, NULL), 0);
    assert_int_equal(s.n_skips[SCAN_LINK_OUT], 3);
    assert_string_equal(files_of(s), "real/a.c");
}

static void test_scan__what_is_no_regular_file_is_never_opened(void **state)
{
    (void)state;
    touch("a.c");
    assert_int_equal(mkfifo("fifo.c", 0600), 0);
    assert_int_equal(mkfifo("fifo", 0600), 0);
    assert_int_equal(mkdir("dir.c", 0700), 0);
    assert_int_equal(mkdir(".gitignore", 0700), 0);
    struct scan s = scan(NULL);
    assert_skipped(&s, "fifo.c", SCAN_SPECIAL, 0);
    assert_int_equal(s.skips.len, 1);
    assert_int_equal(s.n_other_files, 1);
    assert_string_equal(files_of(s), "a.c");
}

static void test_scan__names_that_cannot_be_shown_are_listed(void **state)
{
    (void)state;
    touch("a.c d\xc3\xa9j\xc3\xa0.c");
    put("with space.c", "");
    put("new\nline.c", "");
    put("bad\xff.c", "");
    put("tab\tdir/x.c", "");
    put("other\n.txt", "");
    struct scan s = scan(NULL);
    assert_skipped(&s, "new\nline.c", SCAN_BAD_NAME, 0);
    assert_skipped(&s, "bad\xff.c", SCAN_BAD_NAME, 0);
    assert_skipped(&s, "tab\tdir", SCAN_BAD_NAME, 0);
    assert_int_equal(s.skips.len, 3);
    assert_string_equal(files_of(s), "a.c d\xc3\xa9j\xc3\xa0.c with space.c");
}

/* Runs fn as somebody for whom permissions hold. */
static void as_nobody(void (*fn)(void))
{
    pid_t pid;
    int status;

    if (geteuid() != 0) {
        fn();
        return;
    }
    pid = fork();
    if (pid == 0) {
        if (setgid(65534) || setuid(65534))
            _exit(9);
        fn();
        _exit(0);
    }
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void scan_without_permission(void)
{
    struct scan s;
    bool ok = scan_tree(".", NULL, &s, NULL) == 0;
    const struct scan_skip *skip = ok ? skip_of(&s, "closed") : NULL;

    ok = ok && skip && skip->reason == SCAN_UNREADABLE && skip->detail == (uint64_t)-PT_EACCES;
    skip = ok ? skip_of(&s, "listed") : NULL;
    ok = ok && skip && skip->reason == SCAN_UNREADABLE;
    ok = ok && s.files.len == 1 && scan_tree("closed", NULL, &s, NULL) == PT_EACCES;
    if (!ok)
        _exit(1);
    scan_release(&s);
}

static void test_scan__folders_without_permission_are_listed(void **state)
{
    (void)state;
    touch("a.c closed/b.c listed/b.c");
    assert_int_equal(chmod(".", 0755), 0);
    assert_int_equal(chmod("closed", 0), 0);
    assert_int_equal(chmod("listed", 0444), 0);
    as_nobody(scan_without_permission);
    assert_int_equal(chmod("closed", 0700), 0);
    assert_int_equal(chmod("listed", 0700), 0);
}

/* A chain of n folders, each with a file. The current folder is as before. */
static void make_chain(unsigned n, const char *name)
{
    int top = open(".", O_RDONLY | O_DIRECTORY);

    assert_true(top >= 0);
    for (unsigned i = 0; i < n; i++) {
        assert_int_equal(mkdir(name, 0700), 0);
        assert_int_equal(chdir(name), 0);
        make_file("x.c", "");
    }
    assert_int_equal(fchdir(top), 0);
    close(top);
}

static void test_scan__a_tree_5000_deep_is_cut_with_a_note(void **state)
{
    struct scan_options options = {.max_depth = 10000};

    (void)state;
    make_chain(5000, "d");
    struct scan s = scan(NULL);
    assert_int_equal(s.files.len, SCAN_MAX_DEPTH);
    assert_int_equal(s.n_skips[SCAN_TOO_DEEP], 1);
    assert_int_equal(s.skips.at[0].detail, SCAN_MAX_DEPTH + 1);
    scan_release(&s);

    /* Now the length of the path is the limit, for two files and then a folder. */
    s = scan(&options);
    assert_int_equal(s.files.len, (SCAN_MAX_PATH - 3) / 2);
    assert_int_equal(s.n_skips[SCAN_TOO_DEEP], 3);
    scan_release(&s);
    assert_int_equal(system("rm -rf d"), 0);
}

static void test_scan__few_descriptors_are_enough(void **state)
{
    struct rlimit old;
    struct rlimit few;
    int next = dup(0);

    (void)state;
    close(next);
    make_chain(200, "dir");
    put("dir/dir/.gitignore", "*.o\n");
    put("dir/dir/script", "#!/usr/bin/python3\n");
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
    few = old;
    few.rlim_cur = (rlim_t)next + 3;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    struct scan s = scan(NULL);
    few.rlim_cur = (rlim_t)next + 2;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    /* With too few a scan must fail: files that are silently left out would vanish from a graph. */
    struct scan none = {0};
    struct err err = {0};
    int rc = scan_tree(".", NULL, &none, &err);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
    assert_int_equal(rc, PT_ELIMIT);
    assert_int_equal(none.n_dirs, 0);
    assert_int_equal(s.files.len, 201);
    scan_release(&s);
}

static void test_scan__a_folder_of_100000_entries_is_read_in_order(void **state)
{
    (void)state;
    assert_int_equal(mkdir("many", 0700), 0);
    int fd = open("many", O_RDONLY | O_DIRECTORY);
    assert_true(fd >= 0);
    for (int i = 0; i < 100000; i++) {
        char name[32];

        snprintf(name, sizeof(name), "%x.c", i * 7919);
        int file = openat(fd, name, O_CREAT | O_WRONLY, 0600);
        assert_true(file >= 0);
        close(file);
    }
    close(fd);
    struct scan s = scan(NULL);
    assert_int_equal(s.files.len, 100000);
    for (uint32_t i = 1; i < s.files.len; i++)
        assert_true(strcmp(s.files.at[i - 1].path, s.files.at[i].path) < 0);
    scan_release(&s);
}

static void test_scan__the_list_of_skips_is_bounded(void **state)
{
    (void)state;
    assert_int_equal(mkdir("bad", 0700), 0);
    for (int i = 0; i < SCAN_MAX_SKIPS + 100; i++) {
        char path[32];

        snprintf(path, sizeof(path), "bad/%d\n.c", i);
        make_file(path, "");
    }
    struct scan s = scan(NULL);
    assert_int_equal(s.skips.len, SCAN_MAX_SKIPS);
    assert_int_equal(s.n_skips[SCAN_BAD_NAME], SCAN_MAX_SKIPS + 100);
    scan_release(&s);
}

static void test_scan__a_root_that_is_none_is_an_error(void **state)
{
    struct scan s = {.n_dirs = 77};
    struct err err = {0};

    (void)state;
    make_file("file", "");
    assert_int_equal(scan_tree("absent", NULL, &s, &err), PT_ENOENT);
    assert_non_null(strstr(err.msg, "absent"));
    assert_int_equal(scan_tree("file", NULL, &s, &err), PT_EINVAL);
    assert_int_equal(s.n_dirs, 77);
}

/* ---- against find and git ---- */

static int compare_strings(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The lines of a command's output, sorted, are the files' paths. */
static void assert_files_are(const struct scan *s, const char *command)
{
    VEC(char *) lines = {0};
    char line[512];
    FILE *out = popen(command, "r");

    assert_non_null(out);
    while (fgets(line, sizeof(line), out)) {
        line[strcspn(line, "\n")] = '\0';
        assert_true(vec_push(&lines, strdup(line)));
    }
    assert_int_equal(pclose(out), 0);
    if (lines.len)
        qsort(lines.at, lines.len, sizeof(*lines.at), compare_strings);
    for (uint32_t i = 0; i < lines.len && i < s->files.len; i++)
        assert_string_equal(s->files.at[i].path, lines.at[i]);
    assert_int_equal(s->files.len, lines.len);
    for (uint32_t i = 0; i < lines.len; i++)
        free(lines.at[i]);
    vec_release(&lines);
}

static void grow(uint64_t *rng, const char *dir, unsigned depth)
{
    static const char *const rules[] = {"*.h\n", "a*\n", "!ab.c\n", "/b/\n", "c\n", "!c\n"};

    for (uint64_t n = rng_below(rng, 8); n > 0; n--) {
        char path[256];
        char name[3] = {(char)('a' + rng_below(rng, 3)), (char)('a' + rng_below(rng, 3)), '\0'};

        name[rng_below(rng, 2) + 1] = '\0';
        snprintf(path, sizeof(path), "%s/%s%s", dir, name,
                 rng_below(rng, 3) ? rng_below(rng, 3) ? ".c" : ".h" : "");
        if (strchr(path + 2, '.')) {
            put(path, "");
        } else if (depth < 4 && mkdir(path, 0700) == 0) {
            grow(rng, path, depth + 1);
        }
    }
    if (rng_below(rng, 3) == 0) {
        char path[256];

        snprintf(path, sizeof(path), "%s/.gitignore", dir);
        put(path, rules[rng_below(rng, PT_COUNT(rules))]);
    }
}

static void test_scan__random_trees_hold_what_git_and_find_see(void **state)
{
    uint64_t rng = 5;
    struct scan_options no_ignore = {.no_ignore = true};

    (void)state;
    setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
    setenv("GIT_CONFIG_GLOBAL", "/dev/null", 1);
    setenv("XDG_CONFIG_HOME", root, 1);
    bool has_git = system("git version >/dev/null 2>&1") == 0;
    for (int round = 0; round < 60; round++) {
        char dir[80];

        snprintf(dir, sizeof(dir), "%s/r%d", root, round);
        assert_int_equal(mkdir(dir, 0700), 0);
        assert_int_equal(chdir(dir), 0);
        grow(&rng, ".", 0);
        struct scan s = scan(&no_ignore);
        assert_files_are(&s, "find . -name '*.[ch]' -type f -printf '%P\\n'");
        scan_release(&s);
        if (!has_git)
            continue;
        touch(".git/objects/- .git/refs/-");
        put(".git/HEAD", "ref: refs/heads/main\n");
        s = scan(NULL);
        assert_files_are(&s, "git ls-files -co --exclude-standard -- '*.[ch]'");
        scan_release(&s);
    }
}

/* ---- failures ---- */

static void make_varied_tree(void)
{
    touch("a.c b.py c/d.c c/e/f.rs g/h.c skipped/i.c skipped/j/k.c");
    put(".gitignore", "skipped\n*.o\n");
    put("c/.ignore", "x*\n");
    put("g/CACHEDIR.TAG", TAG_TEXT);
    put("script", "#!/usr/bin/python3\n");
    assert_int_equal(symlink("/", "out"), 0);
    assert_int_equal(symlink("c", "in"), 0);
    put("bad\n.c", "");
}

static struct scan scan_with_each_nth_allocation_failing(void)
{
    struct scan s = {.n_dirs = 77};

    for (uint64_t n = 1;; n++) {
        struct err err = {0};

        fault_arm("mem.alloc", n, ENOMEM);
        int rc = scan_tree(".", NULL, &s, &err);
        bool fired = fault_fired();
        fault_disarm_all();
        assert_int_equal(rc, fired ? PT_ENOMEM : 0);
        assert_int_equal(err.code, rc);
        if (!fired)
            return s;
        assert_int_equal(s.n_dirs, 77);
        assert_true(n < 5000);
    }
}

static void test_scan__each_nth_allocation_may_fail(void **state)
{
    (void)state;
    make_varied_tree();
    assert_string_equal(files_of(scan_with_each_nth_allocation_failing()),
                        "a.c b.py c/d.c c/e/f.rs script");
    put(".gitignore", "/*\n");
    struct scan s = scan_with_each_nth_allocation_failing();
    assert_string_equal(s.culprit->text, "/*");
    scan_release(&s);
}

/* A failing call fails the scan, or costs a skip, or at most what is said of changing trees. */
static void test_scan__each_nth_file_call_may_fail(void **state)
{
    static const int codes[] = {EIO, EACCES, EMFILE, ENOENT};

    (void)state;
    make_varied_tree();
    put("c/.gitignore", "*\n");
    for (size_t i = 0; i < PT_COUNT(codes); i++) {
        for (uint64_t n = 1;; n++) {
            struct scan s = {0};
            struct err err = {0};

            fault_arm("io.*", n, codes[i]);
            int rc = scan_tree(".", NULL, &s, &err);
            bool fired = fault_fired();
            fault_disarm_all();
            assert_int_equal(err.code, rc);
            assert_true(rc == 0 || s.files.len == 0);
            assert_true(fired || (rc == 0 && s.files.len == 3));
            if (rc == 0 && s.files.len < 3 && codes[i] == EIO)
                assert_true(s.n_skips[SCAN_UNREADABLE] || s.n_other_files);
            scan_release(&s);
            if (!fired)
                break;
            assert_true(n < 1000);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_NEW_DIR(test_scan__an_empty_folder_has_no_files),
        IN_NEW_DIR(test_scan__files_come_in_the_order_of_their_paths),
        IN_NEW_DIR(test_scan__says_what_the_system_says_of_a_file),
        IN_NEW_DIR(test_scan__only_files_without_suffix_are_opened_for_their_language),
        IN_NEW_DIR(test_scan__large_files_are_listed_with_their_size),
        cmocka_unit_test(test_scan__binary_is_a_nul_in_the_first_8_kb),
        IN_NEW_DIR(test_scan__nested_ignore_files_are_heeded),
        IN_NEW_DIR(test_scan__no_ignore_reads_no_ignore_files),
        IN_NEW_DIR(test_scan__built_in_rules_yield_to_our_own_file_alone),
        IN_NEW_DIR(test_scan__folders_marked_as_caches_are_left_out),
        IN_NEW_DIR(test_scan__an_ignore_file_that_is_too_large_is_listed),
        IN_NEW_DIR(test_scan__names_the_rule_that_leaves_nothing),
        IN_NEW_DIR(test_scan__one_percent_is_the_line),
        IN_NEW_DIR(test_scan__a_build_folder_is_no_culprit_while_source_is_left),
        IN_NEW_DIR(test_scan__links_are_classified_and_never_followed),
        IN_NEW_DIR(test_scan__what_is_no_regular_file_is_never_opened),
        IN_NEW_DIR(test_scan__names_that_cannot_be_shown_are_listed),
        IN_NEW_DIR(test_scan__folders_without_permission_are_listed),
        IN_NEW_MEMORY(test_scan__a_tree_5000_deep_is_cut_with_a_note),
        IN_NEW_MEMORY(test_scan__few_descriptors_are_enough),
        IN_NEW_MEMORY(test_scan__a_folder_of_100000_entries_is_read_in_order),
        IN_NEW_MEMORY(test_scan__the_list_of_skips_is_bounded),
        IN_NEW_DIR(test_scan__a_root_that_is_none_is_an_error),
        IN_NEW_MEMORY(test_scan__random_trees_hold_what_git_and_find_see),
        IN_NEW_DIR(test_scan__each_nth_allocation_may_fail),
        IN_NEW_DIR(test_scan__each_nth_file_call_may_fail),
    };

    return RUN_TESTS(tests);
}
