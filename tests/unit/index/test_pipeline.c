/* The pipeline: what it does when something fails under it. What it does else: test_follow.c,
 * tests/equality. */
#include "unit/base/support.h"
#include "unit/base/support_dir.h"

#include "base/fault.h"
#include "index/pipeline.h"

#include <sys/stat.h>
#include <unistd.h>

static void make_project(void)
{
    assert_int_equal(mkdir("tree", 0755), 0);
    assert_int_equal(mkdir("tree/lib", 0755), 0);
    make_file("tree/lib/math.h", "int twice(int x);\n");
    make_file("tree/lib/math.c", "#include \"math.h\"\nint twice(int x) { return x + x; }\n");
    make_file("tree/main.c", "#include \"lib/math.h\"\nint main(void) { return twice(21); }\n");
}

/* The first call of the fault point fails, the second, ..., until the index is made before it comes
 * to that: either it fails as a whole, or nothing is missing. */
static void fail_each(const char *point, int err_no)
{
    const struct pipeline_options o = {.threads = 1};
    char cwd[4000], tree[4096];
    bool fired = true;
    assert_non_null(getcwd(cwd, sizeof(cwd)));
    (void)snprintf(tree, sizeof(tree), "%s/tree", cwd);
    for (uint64_t nth = 1; fired; nth++) {
        struct pipeline_report report;
        struct delta d;
        fault_arm(point, nth, err_no);
        int rc = pipeline_tree(tree, &o, &d, &report, NULL);
        fired = fault_fired();
        fault_disarm_all();
        assert_true(fired || rc == PT_OK);
        if (rc != PT_OK)
            continue;
        assert_int_equal(report.skips.len, 0);
        assert_int_equal(d.units.len, 3);
        delta_release(&d);
        pipeline_report_release(&report);
    }
}

static void leaves_nothing_out_for_want_of_descriptors(void **state)
{
    (void)state;
    make_project();
    fail_each("io.open", EMFILE);
}

static void leaves_nothing_out_for_want_of_memory(void **state)
{
    (void)state;
    make_project();
    fail_each("mem.alloc", ENOMEM);
}

int main(void)
{
#define IN_TREE(test) cmocka_unit_test_setup_teardown(test, enter_root, leave_root)
    const struct CMUnitTest tests[] = {
        IN_TREE(leaves_nothing_out_for_want_of_descriptors),
        IN_TREE(leaves_nothing_out_for_want_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
