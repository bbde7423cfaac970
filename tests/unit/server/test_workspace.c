/* Methods as they are run over a workspace: refreshed, pinned, or looked at as it lies on disk. */
#include "support.h"

#include "unit/base/support_dir.h"

#include <dirent.h>

/* ---- asking ---- */

static void put_answer(const struct answer *a, struct buf *out)
{
    static const struct render_options plain = {.width = 0};
    if (value_get(a->root, "error") != NULL)
        render_json(a, out);
    else
        render_text(a, &plain, out);
}

/* Runs a method over the tree of the current folder; of a failure the JSON is given. */
static char *run(const char *method, bool no_refresh, int want_rc)
{
    struct call c = {.method = method_named(method), .program = "p", .no_refresh = no_refresh};
    struct answer a;
    struct buf out = {0};
    struct err err = {0};
    char tree[128], state[128];
    const char *notice = NULL;
    (void)snprintf(tree, sizeof(tree), "%s/tree", root);
    (void)snprintf(state, sizeof(state), "%s/state", root);
    assert_int_equal(setenv("XDG_STATE_HOME", state, 1), 0);
    int rc = c.method->flags & METHOD_CLOSED ? workspace_open_closed(tree, &c.workspace, &err)
                                             : workspace_open(tree, &c.workspace, &notice, &err);
    assert_int_equal(rc, PT_OK);
    answer_init(&a);
    rc = method_run(&c, &a, &err);
    if (rc != want_rc)
        fail_msg("%s: code %d instead of %d: %s", method, rc, want_rc, err.msg);
    put_answer(&a, &out);
    answer_release(&a);
    workspace_close(c.workspace);
    return buf_steal(&out, NULL);
}

static void make_tree(void)
{
    assert_int_equal(mkdir("tree", 0700), 0);
    make_file("tree/a.py", "def f():\n    return g()\n\n\ndef g():\n    return 1\n");
}

/* The path of the file of the state whose name has `part`. */
static void find_state(const char *part, char ret[600])
{
    struct dirent **names = NULL;
    char dir[300];
    int n = scandir("state/parseltongue", &names, NULL, alphasort);
    assert_int_equal(n, 3); /* and . and .. */
    (void)snprintf(dir, sizeof(dir), "state/parseltongue/%s", names[2]->d_name);
    while (n > 0)
        free(names[--n]);
    free(names);
    n = scandir(dir, &names, NULL, alphasort);
    ret[0] = '\0';
    for (int i = 0; i < n; i++) {
        if (strstr(names[i]->d_name, part) != NULL)
            (void)snprintf(ret, 600, "%s/%s", dir, names[i]->d_name);
        free(names[i]);
    }
    free(names);
    assert_true(ret[0] != '\0');
}

/* ---- root ---- */

static void test_root__is_one_line_that_changes_with_the_tree(void **state)
{
    (void)state;
    make_tree();
    char *first = run("root", false, PT_OK);
    assert_int_equal(strspn(first, "0123456789abcdef"), 32);
    assert_string_equal(first + 32, "\n");
    make_file("tree/b.py", "def h():\n    pass\n");
    char *second = run("root", false, PT_OK);
    assert_string_not_equal(first, second);
    assert_int_equal(unlink("tree/b.py"), 0);
    char *third = run("root", false, PT_OK);
    assert_string_equal(first, third);
    free(first);
    free(second);
    free(third);
}

/* ---- verify ---- */

static void test_verify__says_what_it_read_and_indexes_nothing(void **state)
{
    (void)state;
    make_tree();
    char *text = run("verify", false, PT_OK);
    assert_true(strncmp(text, "No graph of ", 12) == 0);
    free(text);
    free(run("index", false, PT_OK));
    make_file("tree/b.py", "def h():\n    pass\n");
    text = run("verify", false, PT_OK);
    assert_true(strncmp(text, "No damage in the graph of ", 26) == 0);
    assert_non_null(strstr(text, "  checked  files "));
    free(text);
    text = run("stats", true, PT_OK);
    assert_non_null(strstr(text, "1 file changed since"));
    free(text);
}

static void test_verify__fails_naming_the_damage_and_leaves_it_there(void **state)
{
    (void)state;
    char path[600];
    struct stat before, after;
    make_tree();
    free(run("index", false, PT_OK));
    find_state(".image", path);
    FILE *f = fopen(path, "r+");
    assert_non_null(f);
    assert_int_equal(fseek(f, 200, SEEK_SET), 0);
    assert_int_equal(fputs("spoiled", f) >= 0, 1);
    assert_int_equal(fclose(f), 0);
    assert_int_equal(stat(path, &before), 0);

    char *text = run("verify", false, PT_ECORRUPT);
    assert_true(strncmp(text, "{\"error\":{\"code\":\"ECORRUPT\",", 28) == 0);
    assert_non_null(strstr(text, "\"damage\":[{\"file\":\""));
    assert_non_null(strstr(text, "\"checked\":{\"files\":"));
    assert_non_null(strstr(text, path));
    assert_int_equal(stat(path, &after), 0);
    assert_int_equal(before.st_ino, after.st_ino);
    free(text);
    free(run("index", false, PT_OK)); /* which sets it aside */
    free(run("verify", false, PT_OK));
}

/* With the n-th allocation failing, until there is no n-th. */
static void test_verify__survives_each_failing_allocation(void **state)
{
    (void)state;
    struct call c = {.method = method_named("verify"), .program = "p"};
    char tree[128];
    make_tree();
    free(run("index", false, PT_OK));
    (void)snprintf(tree, sizeof(tree), "%s/tree", root);
    assert_int_equal(workspace_open_closed(tree, &c.workspace, NULL), PT_OK);
    bool fired = true;
    for (uint64_t n = 1; fired; n++) {
        struct answer a;
        fault_arm("mem.alloc", n, ENOMEM);
        answer_init(&a);
        int rc = method_run(&c, &a, NULL);
        fired = fault_fired();
        fault_disarm_all();
        assert_int_equal(rc, fired ? PT_ENOMEM : PT_OK);
        answer_release(&a);
    }
    workspace_close(c.workspace);
}

/* ---- too many readers ---- */

static void test_readers__beyond_the_limit_are_a_failure_of_the_question(void **state)
{
    (void)state;
    static struct view pinned[PINS_MAX];
    struct call c = {.method = method_named("stats"), .program = "p", .no_refresh = true};
    struct answer a;
    char tree[128];
    const char *notice = NULL;
    make_tree();
    free(run("index", false, PT_OK));
    (void)snprintf(tree, sizeof(tree), "%s/tree", root);
    assert_int_equal(workspace_open(tree, &c.workspace, &notice, NULL), PT_OK);
    uint32_t n = 0;
    while (n < PINS_MAX && workspace_pin(c.workspace, &pinned[n], NULL) == PT_OK)
        n++;
    answer_init(&a);
    assert_int_equal(method_run(&c, &a, NULL), PT_ELIMIT);
    answer_release(&a);
    while (n > 0)
        workspace_unpin(c.workspace, &pinned[--n]);
    answer_init(&a);
    assert_int_equal(method_run(&c, &a, NULL), PT_OK);
    answer_release(&a);
    workspace_close(c.workspace);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_NEW_DIR(test_root__is_one_line_that_changes_with_the_tree),
        IN_NEW_DIR(test_verify__says_what_it_read_and_indexes_nothing),
        IN_NEW_DIR(test_verify__fails_naming_the_damage_and_leaves_it_there),
        IN_NEW_DIR(test_verify__survives_each_failing_allocation),
        IN_NEW_DIR(test_readers__beyond_the_limit_are_a_failure_of_the_question),
    };
    return RUN_TESTS(tests);
}
