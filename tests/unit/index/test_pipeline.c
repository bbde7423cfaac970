/* The pipeline: what it does when something fails under it. What it does else: test_follow.c,
 * tests/equality. */
#include "unit/base/support.h"

#include "base/fault.h"
#include "graph/merkle.h"
#include "index/pipeline.h"
#include "store/store.h"

#include <errno.h>

static struct hash128 root_of(const struct delta *d)
{
    struct hash128 ret = {0};
    struct store *s = NULL;
    struct view v;
    assert_int_equal(store_open_memory(&s, NULL), PT_OK);
    assert_int_equal(store_apply(s, d, NULL), PT_OK);
    assert_int_equal(store_pin(s, &v, NULL), PT_OK);
    assert_true(view_root(&v, &ret));
    store_unpin(s, &v);
    store_close(s);
    return ret;
}

/* The first call of the fault point fails, the second, ..., until the index is made before it comes
 * to that: either it fails as a whole, or its graph is the one of the index of which nothing
 * failed. */
static void fail_each(const char *tree, const char *point, int err_no)
{
    const struct pipeline_options o = {.threads = 1};
    struct hash128 whole = {0};
    bool fired = true;
    for (uint64_t nth = 0; nth < 2 || fired; nth++) {
        struct pipeline_report report;
        struct delta d;
        if (nth > 0)
            fault_arm(point, nth, err_no);
        int rc = pipeline_tree(tree, &o, &d, &report, NULL);
        fired = fault_fired();
        fault_disarm_all();
        assert_true(fired || rc == PT_OK);
        if (rc != PT_OK)
            continue;
        assert_int_equal(report.skips.len, 0);
        struct hash128 found = root_of(&d);
        whole = nth == 0 ? found : whole;
        assert_true(hash128_eq(found, whole));
        delta_release(&d);
        pipeline_report_release(&report);
    }
}

static const char *const trees[] = {
    PARSELTONGUE_SOURCE_DIR "/tests/equality/c",
    PARSELTONGUE_SOURCE_DIR "/tests/equality/python",
    PARSELTONGUE_SOURCE_DIR "/tests/equality/rust",
    PARSELTONGUE_SOURCE_DIR "/tests/equality/typescript",
};

static void leaves_nothing_out_for_want_of_descriptors(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PT_COUNT(trees); i++)
        fail_each(trees[i], "io.open", EMFILE);
}

static void leaves_nothing_out_for_want_of_memory(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PT_COUNT(trees); i++)
        fail_each(trees[i], "mem.alloc", ENOMEM);
}

static void leaves_nothing_out_for_a_disk_that_fails_once(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PT_COUNT(trees); i++)
        fail_each(trees[i], "io.read", EIO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaves_nothing_out_for_want_of_descriptors),
        cmocka_unit_test(leaves_nothing_out_for_want_of_memory),
        cmocka_unit_test(leaves_nothing_out_for_a_disk_that_fails_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
