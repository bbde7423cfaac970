/* File systems that come and go in the tree. Skipped where a test may not mount. */
#include "support.h"

#include <sched.h>
#include <sys/mount.h>

/* What is mounted from here on is seen by this process alone, and ends with it. */
static bool may_mount(void)
{
    static int may = -1;

    if (may < 0)
        may = unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;
    return may;
}

static void test_mounts__a_file_system_in_the_tree_is_watched_until_it_goes(void **state)
{
    (void)state;
    if (!may_mount())
        skip();
    make_folders("t/m");
    put("t/m/under", "");
    if (mount("none", "t/m", "tmpfs", 0, "size=1m"))
        skip();
    make_folders("t/m/a/b");
    open_watch();
    assert_int_equal(status().folders_watched, 4);
    put("t/m/a/b/x", "1");
    ASSERT_SYNC("m/a/b/x");
    assert_int_equal(umount("t/m"), 0);
    sync_watch();
    assert_true(is_reported("m"));
    sync_watch();
    assert_int_equal(status().folders_watched, 2);
    put("t/m/under", "1");
    ASSERT_SYNC("m/under");
}

static void test_mounts__a_folder_in_two_places_is_polled_in_one(void **state)
{
    (void)state;
    if (!may_mount())
        skip();
    make_folders("t/a/b");
    make_folders("t/z");
    assert_int_equal(mount("t/a", "t/z", NULL, MS_BIND, NULL), 0);
    open_watch();
    assert_int_equal(status().folders_watched + status().folders_polled, 5);
    assert_int_equal(status().folders_polled, 2);
    usleep(30000);
    put("t/a/x", "1");
    put("t/z/b/y", "1");
    sync_watch();
    assert_true(is_reported("a/x") && is_reported("z/x"));
    assert_true(is_reported("a/b/y") && is_reported("z/b/y"));
    assert_int_equal(umount("t/z"), 0);
    put("t/a/x", "2");
    sync_watch();
    assert_true(is_reported("a/x"));
    assert_int_equal(watch_again(w, "", NULL), 0); /* nobody tells that a mount went */
    sync_watch();
    usleep(30000);
    sync_watch();
    assert_int_equal(status().folders_watched, 4);
    assert_int_equal(status().folders_polled, 0);
    put("t/a/x", "2");
    put("t/z/y", "2");
    ASSERT_SYNC("a/x z/y");
}

static void test_mounts__a_folder_in_itself_is_no_deep_tree(void **state)
{
    (void)state;
    if (!may_mount())
        skip();
    make_folders("t/a/b/c");
    assert_int_equal(mount("t", "t/a/b", NULL, MS_BIND | MS_REC, NULL), 0);
    open_watch();
    assert_int_equal(status().folders_watched, 2);
    put("t/a/x", "1");
    sync_watch();
    assert_true(is_reported("a/x"));
    assert_false(seen.rescan);
    assert_int_equal(umount("t/a/b"), 0);
    assert_int_equal(watch_again(w, "", NULL), 0);
    assert_int_equal(status().folders_watched, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_TREE(test_mounts__a_file_system_in_the_tree_is_watched_until_it_goes),
        IN_TREE(test_mounts__a_folder_in_two_places_is_polled_in_one),
        IN_TREE(test_mounts__a_folder_in_itself_is_no_deep_tree),
    };

    return RUN_TESTS(tests);
}
