/* A workspace that follows its tree: what is saved, moved, removed or ruled out is in the graph when
 * workspace_sync says so, and the graph is that of a clean index. */
#include "unit/base/support.h"
#include "unit/base/support_dir.h"

#include "base/fault.h"
#include "base/io.h"
#include "engine/workspace.h"
#include "graph/live.h"
#include "graph/merkle.h"
#include "store/store.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct wait {
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    bool done;
    int rc;
};

static void synced(void *ctx, int rc, const struct err *err)
{
    struct wait *w = ctx;
    (void)err;
    (void)pthread_mutex_lock(&w->mutex);
    w->done = true;
    w->rc = rc;
    (void)pthread_cond_signal(&w->cond);
    (void)pthread_mutex_unlock(&w->mutex);
}

static int sync_rc(struct workspace *ws)
{
    struct wait w = {.mutex = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER};
    struct err err = {0};
    assert_int_equal(workspace_sync(ws, synced, &w, &err), PT_OK);
    (void)pthread_mutex_lock(&w.mutex);
    while (!w.done)
        (void)pthread_cond_wait(&w.cond, &w.mutex);
    (void)pthread_mutex_unlock(&w.mutex);
    return w.rc;
}

static char *here(void)
{
    static char path[4096];
    char cwd[4000];
    assert_non_null(getcwd(cwd, sizeof(cwd)));
    (void)snprintf(path, sizeof(path), "%s/tree", cwd);
    return path;
}

static struct workspace *open_ws(void)
{
    struct workspace *w = NULL;
    const char *notice = NULL;
    struct err err = {0};
    assert_int_equal(workspace_open(here(), &w, &notice, &err), PT_OK);
    return w;
}

static struct workspace *follow(void)
{
    const struct follow_options o = {.threads = 1};
    struct workspace *w = open_ws();
    struct err err = {0};
    assert_int_equal(workspace_follow(w, &o, &err), PT_OK);
    return w;
}

static int enter_tree(void **state)
{
    int rc = enter_root(state);
    char cwd[4000], state_dir[4096];
    assert_non_null(getcwd(cwd, sizeof(cwd)));
    (void)snprintf(state_dir, sizeof(state_dir), "%s/state", cwd);
    setenv("XDG_STATE_HOME", state_dir, 1);
    return rc == 0 ? mkdir("tree", 0755) : rc;
}

static bool has(struct workspace *w, const char *path)
{
    struct view v;
    struct err err = {0};
    assert_int_equal(workspace_pin(w, &v, &err), PT_OK);
    bool yes = view_find_file(&v, path) != ID_NONE;
    workspace_unpin(w, &v);
    return yes;
}

/* Is the graph the one that a clean index makes? */
static void assert_clean(struct workspace *w)
{
    const struct pipeline_options o = {.threads = 1};
    struct pipeline_report report;
    struct hash128 a = {0}, b = {0};
    struct store *s = NULL;
    struct delta d;
    struct view v, clean;
    struct err err = {0};
    assert_int_equal(sync_rc(w), PT_OK);
    assert_int_equal(pipeline_tree(here(), &o, &d, &report, &err), PT_OK);
    assert_int_equal(store_open_memory(&s, &err), PT_OK);
    assert_int_equal(store_apply(s, &d, &err), PT_OK);
    assert_int_equal(workspace_pin(w, &v, &err), PT_OK);
    assert_int_equal(store_pin(s, &clean, &err), PT_OK);
    assert_int_equal(view_file_count(&v), view_file_count(&clean));
    assert_true(view_root(&v, &a) && view_root(&clean, &b));
    assert_true(hash128_eq(a, b));
    workspace_unpin(w, &v);
    store_unpin(s, &clean);
    store_close(s);
    delta_release(&d);
    pipeline_report_release(&report);
}

static void make_project(void)
{
    assert_int_equal(mkdir("tree/lib", 0755), 0);
    make_file("tree/lib/math.h", "int twice(int x);\n");
    make_file("tree/lib/math.c", "#include \"math.h\"\nint twice(int x) { return x + x; }\n");
    make_file("tree/main.c", "#include \"lib/math.h\"\nint main(void) { return twice(21); }\n");
}

/* ---- what is saved ---- */

static void follows_edits(void **state)
{
    (void)state;
    make_project();
    struct workspace *w = follow();
    assert_clean(w);
    assert_true(has(w, "main.c"));

    make_file("tree/main.c", "int main(void) { return 0; }\n");
    assert_clean(w);
    make_file("tree/new.c", "int fresh(void) { return 1; }\n");
    assert_clean(w);
    assert_true(has(w, "new.c"));
    assert_int_equal(rename("tree/new.c", "tree/lib/moved.c"), 0);
    assert_clean(w);
    assert_true(has(w, "lib/moved.c") && !has(w, "new.c"));
    make_file("tree/main.c.tmp", "#include \"lib/math.h\"\nint main(void) { return twice(1); }\n");
    assert_int_equal(rename("tree/main.c.tmp", "tree/main.c"), 0);
    assert_clean(w);
    assert_int_equal(unlink("tree/lib/math.h"), 0);
    assert_clean(w);
    workspace_close(w);
}

/* ---- what does not stop changing ---- */

static bool eventually_says(struct workspace *w, const char *part)
{
    struct follow_status s;
    for (unsigned i = 0; i < 2000; i++) {
        workspace_follow_status(w, &s);
        if (strstr(s.restless, part) != NULL)
            return true;
        (void)usleep(5000);
    }
    return false;
}

static void write_number(unsigned i)
{
    char text[64];
    (void)snprintf(text, sizeof(text), "int number(void) { return %u; }\n", i);
    make_file("tree/busy.c", text);
}

static uint64_t commits_of(struct workspace *w)
{
    struct follow_status s;
    workspace_follow_status(w, &s);
    return s.commits;
}

static void holds_what_does_not_stop(void **state)
{
    const struct follow_options o = {
        .threads = 1,
        .restless = {.window_ms = 2000, .batches = 5, .patience_ms = 1, .pause_ms = 60000}};
    struct workspace *w = open_ws();
    (void)state;
    make_project();
    assert_int_equal(workspace_follow(w, &o, NULL), PT_OK);
    assert_clean(w);
    for (unsigned i = 0; i < 40; i++) {
        write_number(i);
        (void)usleep(20000);
    }
    assert_true(eventually_says(w, "busy.c"));
    assert_true(eventually_says(w, ".parseltongueignore"));
    uint64_t before = commits_of(w);
    for (unsigned i = 0; i < 20; i++) {
        write_number(100 + i);
        (void)usleep(20000);
    }
    assert_int_equal(commits_of(w), before); /* it is owed */
    make_file("tree/main.c", "int main(void) { return 7; }\n");
    for (unsigned i = 0; i < 2000 && commits_of(w) == before; i++)
        (void)usleep(5000);
    assert_int_equal(commits_of(w), before + 1); /* others are not */
    for (unsigned i = 0; i < 20; i++) {
        write_number(200 + i);
        assert_clean(w); /* and who waits to be sure gets all */
    }
    workspace_close(w);
}

static void looks_at_what_it_held_when_the_pause_is_over(void **state)
{
    const struct follow_options o = {
        .threads = 1,
        .restless = {.window_ms = 2000, .batches = 5, .patience_ms = 1, .pause_ms = 300}};
    struct workspace *w = open_ws();
    uint64_t before = 0;
    (void)state;
    make_project();
    assert_int_equal(workspace_follow(w, &o, NULL), PT_OK);
    assert_clean(w);
    for (unsigned i = 0; i < 60; i++) {
        before = i == 30 ? commits_of(w) : before;
        write_number(i);
        (void)usleep(20000);
    }
    assert_in_range(commits_of(w) - before, 1, 8); /* of 30 */
    (void)usleep(600000);
    before = commits_of(w);
    assert_clean(w);
    assert_int_equal(commits_of(w), before); /* without being asked to */
    workspace_close(w);
}

static void follows_folders(void **state)
{
    (void)state;
    make_project();
    struct workspace *w = follow();
    assert_clean(w);
    assert_int_equal(rename("tree/lib", "tree/other"), 0);
    assert_clean(w);
    assert_true(has(w, "other/math.c") && !has(w, "lib/math.c"));
    assert_int_equal(mkdir("tree/a", 0755), 0);
    assert_int_equal(mkdir("tree/a/b", 0755), 0);
    make_file("tree/a/b/deep.c", "int deep(void) { return 3; }\n");
    assert_clean(w);
    assert_true(has(w, "a/b/deep.c"));
    assert_int_equal(rename("tree/a", "away"), 0);
    assert_clean(w);
    assert_false(has(w, "a/b/deep.c"));
    workspace_close(w);
}

static void follows_ignore_files(void **state)
{
    (void)state;
    make_project();
    struct workspace *w = follow();
    assert_clean(w);
    make_file("tree/.gitignore", "lib/\n");
    assert_clean(w);
    assert_false(has(w, "lib/math.c"));
    make_file("tree/lib/math.c", "int unseen(void) { return 1; }\n");
    assert_clean(w);
    make_file("tree/.gitignore", "*.o\n");
    assert_clean(w);
    assert_true(has(w, "lib/math.c"));
    make_file("tree/lib/math.c", "int seen(void) { return 1; }\n");
    assert_clean(w);
    assert_int_equal(unlink("tree/.gitignore"), 0);
    make_file("tree/lib/.gitignore", "math.*\n");
    assert_clean(w);
    assert_false(has(w, "lib/math.c"));
    workspace_close(w);
}

/* Who writes may keep the file open; sync does not wait for him. */
static void follows_rules_of_git_that_are_being_written(void **state)
{
    (void)state;
    make_project();
    assert_int_equal(mkdir("tree/.git", 0755), 0);
    assert_int_equal(mkdir("tree/.git/info", 0755), 0);
    struct workspace *w = follow();
    assert_clean(w);
    FILE *out = fopen("tree/.git/info/exclude", "w");
    assert_non_null(out);
    assert_clean(w);
    assert_true(fputs("lib/\n", out) >= 0 && fflush(out) == 0);
    assert_clean(w);
    assert_false(has(w, "lib/math.c"));
    assert_int_equal(fclose(out), 0);
    assert_clean(w);
    workspace_close(w);
}

/* A file that is left out stands there as an empty one, which is not the same as one that is. */
static void tells_empty_files_from_those_left_out(void **state)
{
    (void)state;
    make_project();
    struct workspace *w = follow();
    assert_clean(w);
    FILE *out = fopen("tree/main.c", "w");
    assert_non_null(out);
    assert_int_equal(fputc('\0', out), 0);
    assert_int_equal(fclose(out), 0);
    assert_clean(w);
    make_file("tree/main.c", "");
    assert_clean(w);
    workspace_close(w);
}

/* A scan passes over such a folder; so must who looks at a file in it. */
static void sees_nothing_in_folders_with_bad_names(void **state)
{
    (void)state;
    make_project();
    assert_int_equal(mkdir("tree/a\xff", 0755), 0);
    assert_int_equal(mkdir("tree/a\xff/b", 0755), 0);
    struct workspace *w = follow();
    assert_clean(w);
    make_file("tree/a\xff/one.c", "int one(void) { return 1; }\n");
    assert_clean(w);
    make_file("tree/a\xff/b/two.c", "int two(void) { return 2; }\n");
    assert_clean(w);
    assert_false(has(w, "a\xff/b/two.c"));
    workspace_close(w);
}

/* ---- ends and beginnings ---- */

/* Until the times of what was written prove that it is what is read now. */
static void let_times_pass(void)
{
    usleep(40000);
}

static void goes_on_where_it_was(void **state)
{
    struct follow_status status;
    (void)state;
    make_project();
    let_times_pass();
    struct workspace *w = follow();
    assert_clean(w);
    workspace_close(w);
    make_file("tree/main.c", "int main(void) { return 7; }\n");
    make_file("tree/later.c", "int later(void) { return 7; }\n");
    assert_int_equal(unlink("tree/lib/math.h"), 0);
    let_times_pass();
    w = follow();
    assert_clean(w);
    workspace_follow_status(w, &status);
    assert_int_equal(status.commits, 1);
    assert_int_equal(status.units,
                     4); /* two came or changed, one went, one lost what it included */
    assert_int_equal(status.resolved, 3);
    workspace_close(w);

    w = follow();
    assert_clean(w);
    workspace_follow_status(w, &status);
    assert_int_equal(status.commits, 0);
    assert_int_equal(status.resolved, 0);
    make_file("tree/later.c", "int later(void) { return 8; }\n");
    assert_clean(w);
    workspace_close(w);
}

/* Where a workspace keeps what. */
static void state_path(struct workspace *w, const char *name, char ret[512])
{
    (void)snprintf(ret, 512, "%s/%s", workspace_state_dir(w), name);
}

/* The checkpoint is older than the graph, as when a crash left none; or damaged; or there is none. */
static void begins_from_any_checkpoint(void **state)
{
    struct follow_status status;
    char kept[512], away[512];
    (void)state;
    make_project();
    struct workspace *w = follow();
    assert_clean(w);
    state_path(w, "checkpoint", kept);
    state_path(w, "older", away);
    workspace_close(w);
    assert_int_equal(rename(kept, away), 0);

    w = follow();
    make_file("tree/lib/math.c", "#include \"math.h\"\nint thrice(int x) { return x; }\n");
    make_file("tree/later.c", "int twice(int x) { return 7; }\n");
    assert_clean(w);
    make_file("tree/main.c", "int thrice(int x);\nint main(void) { return thrice(2); }\n");
    assert_clean(w);
    workspace_close(w);
    make_file("tree/lib/math.c", "#include \"math.h\"\nint twice(int x) { return x + x; }\n");
    assert_int_equal(unlink("tree/later.c"), 0);
    assert_int_equal(rename(away, kept), 0);
    w = follow();
    assert_clean(w);
    workspace_follow_status(w, &status);
    assert_true(status.resolved > 0);
    workspace_close(w);

    make_file(kept, "ISGCHECK and no more");
    w = follow();
    assert_clean(w);
    workspace_close(w);
}

static int64_t ctime_of(struct workspace *w, const char *path)
{
    struct view v;
    struct err err = {0};
    assert_int_equal(workspace_pin(w, &v, &err), PT_OK);
    int64_t ret = live_file(&v, view_find_file(&v, path))->ctime_ns;
    workspace_unpin(w, &v);
    return ret;
}

static uint32_t stale(struct workspace *w)
{
    uint32_t ret = UINT32_MAX;
    struct err err = {0};
    assert_int_equal(workspace_check(w, NULL, &ret, &err), PT_OK);
    return ret;
}

/* As if within the tick of the clock in which it was written before: all but its ctime, which no
 * program can set, is as it was. */
static void rewrite_in_place(const char *path, const char *text)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_size, strlen(text));
    int fd = open(path, O_WRONLY);
    assert_int_equal(write(fd, text, strlen(text)), st.st_size);
    const struct timespec times[2] = {st.st_atim, st.st_mtim};
    assert_int_equal(futimens(fd, times), 0);
    assert_int_equal(close(fd), 0);
}

/* It is too young for some seconds to come, however slow the test is. */
static void make_young(const char *path)
{
    const struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = time(NULL) + 1000}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void trusts_no_state_that_is_too_young(void **state)
{
    const struct pipeline_options o = {.threads = 1};
    struct pipeline_report report;
    struct err err = {0};
    (void)state;
    make_project();
    let_times_pass();
    make_file("tree/young.c", "int one(void) { return 1; }\n");
    make_young("tree/young.c");
    FILE *odd = fopen("tree/odd.c", "w"); /* binary, so it stands there as an empty file */
    assert_non_null(odd);
    assert_int_equal(fputc('\0', odd), 0);
    assert_int_equal(fclose(odd), 0);
    make_young("tree/odd.c");
    struct workspace *w = open_ws();
    assert_int_equal(workspace_index(w, &o, &report, &err), PT_OK);
    pipeline_report_release(&report);
    assert_int_equal(ctime_of(w, "young.c"), INDEX_CTIME_UNSURE);
    assert_true(ctime_of(w, "main.c") > 0);
    assert_int_equal(ctime_of(w, "odd.c"), INDEX_CTIME_UNSURE);
    assert_int_equal(stale(w), 0); /* their contents say so */
    rewrite_in_place("tree/young.c", "int two(void) { return 2; }\n");
    assert_int_equal(stale(w), 1);
    workspace_close(w);

    w = follow();
    assert_clean(w);
    assert_int_equal(stale(w), 0);
    workspace_close(w);
}

/* The status, once that many files could not be read. */
static struct follow_status wait_for_unread(struct workspace *w, uint32_t n)
{
    struct follow_status status;
    for (int i = 0; i < 500; i++) {
        assert_int_equal(sync_rc(w), PT_OK);
        workspace_follow_status(w, &status);
        if (status.files_unread == n)
            break;
        usleep(10000);
    }
    assert_int_equal(status.files_unread, n);
    return status;
}

/* Nobody touches the file, so no event will say that it can be read again. */
static void reads_again_what_could_not_be_read(void **state)
{
    (void)state;
    make_project();
    let_times_pass();
    struct workspace *w = follow();
    assert_clean(w);
    fault_arm_every("io.read", 1, EIO);
    make_file("tree/new.c", "int fresh(void) { return 1; }\n");
    struct follow_status status = wait_for_unread(w, 1);
    assert_string_equal(status.unread, "new.c");
    uint64_t commits = status.commits;
    usleep(700000); /* it was tried once more, in vain */
    status = wait_for_unread(w, 1);
    assert_int_equal(status.commits, commits);
    fault_disarm_all();
    status = wait_for_unread(w, 0);
    assert_string_equal(status.unread, "");
    assert_clean(w);
    workspace_close(w);
}

static void remembers_what_could_not_be_read(void **state)
{
    (void)state;
    make_project();
    let_times_pass();
    struct workspace *w = follow();
    assert_clean(w);
    fault_arm_every("io.read", 1, EIO);
    make_file("tree/lib/later.c", "int later(void) { return 1; }\n");
    (void)wait_for_unread(w, 1);
    workspace_close(w);
    fault_disarm_all();
    let_times_pass();
    w = open_ws();
    assert_int_equal(ctime_of(w, "lib/later.c"), INDEX_CTIME_UNSURE);
    fault_arm_every("io.read", 1, EIO);
    assert_int_equal(stale(w), 0); /* still it cannot be read */
    fault_disarm_all();
    assert_int_equal(stale(w), 1);
    workspace_close(w);
    w = follow();
    assert_clean(w);
    workspace_close(w);
}

static void is_the_only_writer(void **state)
{
    const struct follow_options o = {.threads = 1};
    const struct pipeline_options p = {.threads = 1};
    struct pipeline_report report;
    struct err err = {0};
    (void)state;
    make_project();
    struct workspace *w = follow(), *second = open_ws();
    assert_int_equal(sync_rc(w), PT_OK);
    assert_int_equal(workspace_follow(second, &o, &err), PT_EEXIST);
    assert_int_equal(workspace_index(second, &p, &report, &err), PT_EEXIST);
    assert_int_equal(workspace_index(w, &p, &report, &err), PT_EINVAL);
    workspace_close(w);
    assert_int_equal(workspace_follow(second, &o, &err), PT_OK);
    assert_clean(second);
    workspace_close(second);
}

/* What fails is tried again; who waits is told. */
static void begins_again_after_trouble(void **state)
{
    struct follow_status status;
    (void)state;
    make_project();
    struct workspace *w = follow();
    assert_clean(w);
    make_file("tree/one.c", "int one(void) { return 1; }\n");
    assert_int_equal(rename("tree", "gone"), 0);
    (void)sync_rc(w);
    for (int i = 0; i < 100 && sync_rc(w) == PT_OK; i++)
        usleep(20000);
    for (int i = 0; i < 500; i++) { /* in between it tries again */
        workspace_follow_status(w, &status);
        if (status.state == FOLLOW_FAILED)
            break;
        usleep(20000);
    }
    assert_int_equal(status.state, FOLLOW_FAILED);
    assert_true(status.trouble[0] != '\0');
    assert_int_equal(rename("gone", "tree"), 0);
    for (int i = 0; i < 300 && sync_rc(w) != PT_OK; i++)
        usleep(20000);
    assert_clean(w);
    assert_true(has(w, "one.c"));
    workspace_close(w);
}

/* The new folder is there before anybody notices that the old one went. */
static void follows_the_folder_that_takes_the_place_of_the_root(void **state)
{
    (void)state;
    make_project();
    assert_int_equal(mkdir("other", 0755), 0);
    assert_int_equal(mkdir("other/sub", 0755), 0);
    assert_int_equal(mkdir("other/sub/deep", 0755), 0);
    make_file("other/two.c", "int two(void) { return 2; }\n");
    struct workspace *w = follow();
    assert_clean(w);
    assert_int_equal(renameat2(AT_FDCWD, "other", AT_FDCWD, "tree", RENAME_EXCHANGE), 0);
    for (int i = 0; i < 300 && sync_rc(w) != PT_OK; i++)
        usleep(20000);
    assert_clean(w);
    assert_true(has(w, "two.c") && !has(w, "main.c"));
    make_file("tree/sub/deep/three.c", "int three(void) { return 3; }\n");
    assert_clean(w);
    workspace_close(w);
}

/* Who died between the graph and the word of what it stands for. */
static void says_whose_the_graph_is_if_nobody_did(void **state)
{
    struct buf origin = {0};
    (void)state;
    make_project();
    struct workspace *w = follow();
    assert_clean(w);
    buf_printf(&origin, "%s/origin", workspace_state_dir(w));
    workspace_close(w);
    assert_int_equal(unlink(buf_cstr(&origin)), 0);
    w = open_ws();
    assert_true(workspace_foreign(w));
    workspace_close(w);
    w = follow();
    assert_clean(w);
    workspace_close(w);
    assert_int_equal(access(buf_cstr(&origin), F_OK), 0);
    w = open_ws();
    assert_false(workspace_foreign(w));
    workspace_close(w);
    buf_release(&origin);
}

/* A log that could not be synced must be opened again before it takes a commit. */
static void goes_on_after_a_failed_sync(void **state)
{
    (void)state;
    make_project();
    struct workspace *w = follow();
    struct view v;
    struct err err = {0};
    assert_clean(w);
    assert_int_equal(workspace_pin(w, &v, &err), PT_OK);
    fault_arm("io.sync", 1, EIO);
    make_file("tree/one.c", "int one(void) { return 1; }\n");
    /* it may have failed and gone on before we ask */
    for (int i = 0; i < 300 && (sync_rc(w) != PT_OK || !fault_fired()); i++)
        usleep(20000);
    assert_true(fault_fired());
    fault_disarm_all();
    assert_true(view_find_file(&v, "one.c") == ID_NONE);
    workspace_unpin(w, &v);
    assert_clean(w);
    assert_true(has(w, "one.c"));
    workspace_close(w);
    w = open_ws();
    assert_true(has(w, "one.c"));
    workspace_close(w);
}

int main(void)
{
#define IN_TREE(test) cmocka_unit_test_setup_teardown(test, enter_tree, leave_root)
    const struct CMUnitTest tests[] = {
        IN_TREE(follows_edits),
        IN_TREE(holds_what_does_not_stop),
        IN_TREE(looks_at_what_it_held_when_the_pause_is_over),
        IN_TREE(follows_folders),
        IN_TREE(follows_ignore_files),
        IN_TREE(follows_rules_of_git_that_are_being_written),
        IN_TREE(tells_empty_files_from_those_left_out),
        IN_TREE(follows_the_folder_that_takes_the_place_of_the_root),
        IN_TREE(sees_nothing_in_folders_with_bad_names),
        IN_TREE(goes_on_where_it_was),
        IN_TREE(begins_from_any_checkpoint),
        IN_TREE(trusts_no_state_that_is_too_young),
        IN_TREE(reads_again_what_could_not_be_read),
        IN_TREE(remembers_what_could_not_be_read),
        IN_TREE(is_the_only_writer),
        IN_TREE(begins_again_after_trouble),
        IN_TREE(goes_on_after_a_failed_sync),
        IN_TREE(says_whose_the_graph_is_if_nobody_did),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
