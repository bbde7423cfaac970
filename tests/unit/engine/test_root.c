/* Which folders are more than one project, whatever they are called. */
#include "unit/base/support.h"
#include "unit/base/support_dir.h"

#include "base/str.h"
#include "engine/root.h"
#include "engine/workspace.h"

#include <stdio.h>
#include <stdlib.h>

/* below/home is the home, below/home/tree a project in it, and beside is no one's. */
static int enter_home(void **state)
{
    int rc = enter_root(state);
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/below/home", root);
    setenv("HOME", path, 1);
    (void)snprintf(path, sizeof(path), "%s/state", root);
    setenv("XDG_STATE_HOME", path, 1);
    static const char *const folders[] = {"below", "below/home", "below/home/tree", "beside"};
    for (unsigned i = 0; i < PT_COUNT(folders); i++)
        rc |= mkdir(folders[i], 0700);
    return rc | symlink("below/home", "link");
}

#define IN_HOME(test) cmocka_unit_test_setup_teardown(test, enter_home, leave_root)

static int check(const char *path)
{
    struct err err = {0};
    int rc = root_check(path, &err);
    assert_int_equal(root_check_graph(path, NULL) != PT_OK && rc == PT_OK, false);
    if (rc != PT_OK)
        assert_non_null(strstr(err.msg, "is more than one project"));
    return rc;
}

static void test_root__home_and_above_are_refused_however_spelt(void **state)
{
    static const char *const spellings[] = {"/",
                                            "//",
                                            "/..",
                                            "below/home",
                                            "below/home/",
                                            "below/home/.",
                                            "below/home/tree/..",
                                            "beside/../below/home",
                                            "link",
                                            "link/",
                                            "link/tree/..",
                                            "below",
                                            ".",
                                            "..",
                                            root};
    (void)state;
    for (unsigned i = 0; i < PT_COUNT(spellings); i++) {
        if (check(spellings[i]) != PT_EREFUSED)
            fail_msg("%s passed", spellings[i]);
    }
}

static void test_root__other_folders_pass(void **state)
{
    (void)state;
    assert_int_equal(check("below/home/tree"), PT_OK);
    assert_int_equal(check("link/tree"), PT_OK);
    assert_int_equal(check("beside"), PT_OK);
    assert_int_equal(check("nowhere"), PT_OK); /* who opens it says so */
}

static void test_root__without_a_home_only_the_root_is_refused(void **state)
{
    static const char *const homes[] = {"", "relative", "/nowhere/at/all"};
    (void)state;
    for (unsigned i = 0; i < PT_COUNT(homes); i++) {
        setenv("HOME", homes[i], 1);
        assert_int_equal(check("/"), PT_EREFUSED);
        assert_int_equal(check("below/home"), PT_OK);
    }
    unsetenv("HOME");
    assert_int_equal(check("/"), PT_EREFUSED);
    assert_int_equal(check("below/home"), PT_OK);
}

static void test_root__a_home_that_is_a_link_is_its_target(void **state)
{
    char path[128];
    (void)state;
    (void)snprintf(path, sizeof(path), "%s/link", root);
    setenv("HOME", path, 1);
    assert_int_equal(check("below/home"), PT_EREFUSED);
}

static void test_root__a_dump_may_stand_for_the_home(void **state)
{
    struct workspace *w = NULL;
    const char *notice = NULL;
    struct err err = {0};
    struct pipeline_options options = {.threads = 1};
    struct pipeline_report report;
    char path[128];
    (void)state;
    make_file("dump", "FILE: a.py\ndef f(): pass\n");
    (void)snprintf(path, sizeof(path), "%s/below/home", root);
    assert_int_equal(workspace_open(path, &w, &notice, &err), PT_OK);
    assert_int_equal(check("below/home"), PT_EREFUSED);
    assert_int_equal(workspace_ingest(w, "dump", &options, &report, &err), PT_OK);
    pipeline_report_release(&report);
    assert_int_equal(check("link"), PT_EREFUSED); /* to index the tree is another thing */
    assert_int_equal(root_check_graph("link", &err), PT_OK);
    assert_int_equal(root_check_graph("below", &err), PT_EREFUSED);
    workspace_close(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_HOME(test_root__home_and_above_are_refused_however_spelt),
        IN_HOME(test_root__other_folders_pass),
        IN_HOME(test_root__without_a_home_only_the_root_is_refused),
        IN_HOME(test_root__a_home_that_is_a_link_is_its_target),
        IN_HOME(test_root__a_dump_may_stand_for_the_home),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
