/* Folders without a watch: the limits of the system, and polling. */
#include "support.h"

static void poll_all(void)
{
    forget_seen();
    for (int i = 0; i < 100; i++)
        assert_int_equal(watch_poll(w, 3, NULL), 0);
    read_once();
}

/* Times of files must be older than a tick, or they are reported once more. */
static void settle(void)
{
    usleep(30000);
    poll_all();
    poll_all();
}

static void test_poll__the_limit_of_watches_is_told_with_its_remedy(void **state)
{
    (void)state;
    make_folders("t/a/b");
    fault_arm_from("watch.add", 3, ENOSPC); /* of the cookies' folder, and t */
    open_watch();
    assert_int_equal(status().folders_watched, 1);
    assert_int_equal(status().folders_polled, 2);
    assert_non_null(strstr(status().limit, "fs.inotify.max_user_watches"));
    put("t/x", "");
    put("t/a/b/x", "");
    sync_watch(); /* polls too */
    assert_string_equal(reported(), "a/b/x x");
}

static void test_poll__the_limit_of_instances_is_told_with_its_remedy(void **state)
{
    (void)state;
    make_folders("t/a/b");
    fault_arm("watch.init", 1, EMFILE);
    open_watch();
    assert_int_equal(status().folders_watched, 0);
    assert_int_equal(status().folders_polled, 3);
    assert_non_null(strstr(status().limit, "fs.inotify.max_user_instances"));
    settle();
    assert_string_equal(reported(), "");
    put("t/a/b/x", "");
    ASSERT_SYNC("a/b/x");
}

static void test_poll__without_a_limit_nothing_is_polled(void **state)
{
    (void)state;
    make_folders("t/a/b");
    open_watch();
    assert_int_equal(status().folders_polled, 0);
    assert_null(status().limit);
    poll_all();
    assert_string_equal(reported(), "");
}

static void test_poll__all_kinds_of_changes_are_seen(void **state)
{
    (void)state;
    make_folders("t/a/b");
    make_folders("t/c");
    put("t/a/write", "1");
    put("t/a/touch", "1");
    put("t/a/replace", "1");
    put("t/a/remove", "1");
    put("t/a/.gitignore", "1");
    put("t/a/same", "1");
    open_watch_with((struct watch_options){.max_watches = 1});
    assert_int_equal(status().folders_polled, 3);
    assert_int_equal(status().files_polled, 7);
    settle();
    assert_string_equal(reported(), "");
    put("t/a/write", "2");
    put("t/a/.gitignore", "2");
    assert_int_equal(utimensat(AT_FDCWD, "t/a/touch", NULL, 0), 0);
    put("t/a/tmp", "1");
    move("t/a/tmp", "t/a/replace");
    assert_int_equal(unlink("t/a/remove"), 0);
    put("t/a/new", "1");
    make_folders("t/a/b/d/e");
    put("t/a/b/d/e/x", "1");
    poll_all();
    assert_string_equal(reported(), "a/.gitignore a/b/d/ a/new a/remove a/replace a/touch a/write");
    assert_string_equal(buf_cstr(&seen.ignore), "a\n");
    assert_int_equal(status().folders_polled, 5);
    settle();
    put("t/a/b/d/e/x", "2");
    poll_all();
    assert_string_equal(reported(), "a/b/d/e/x");
    remove_tree("t/a/b");
    poll_all();
    assert_string_equal(reported(), "a/b/");
    assert_int_equal(status().folders_polled, 2);
}

static void test_poll__two_writes_in_one_tick_are_seen(void **state)
{
    (void)state;
    open_watch_with((struct watch_options){.max_watches = 1});
    make_folders("t/a");
    sync_watch();
    for (int i = 0; i < 50; i++) {
        put("t/a/x", i % 2 ? "1" : "2");
        poll_all();
        assert_string_equal(reported(), "a/x");
    }
}

static void test_poll__folders_are_watched_once_the_limit_allows_it(void **state)
{
    (void)state;
    make_folders("t/a/b");
    put("t/a/x", "1");
    fault_arm_from("watch.add", 3, ENOSPC);
    open_watch();
    settle();
    fault_disarm_all();
    put("t/a/x", "2");
    poll_all();
    assert_string_equal(reported(), "a/x");
    assert_int_equal(status().folders_polled, 0);
    assert_int_equal(status().folders_watched, 3);
    put("t/a/b/x", "2");
    assert_true(wait_for(5000));
    read_once();
    assert_true(is_reported("a/b/x"));
}

static void test_poll__watched_and_polled_folders_change_places(void **state)
{
    (void)state;
    make_folders("t/a/b");
    make_folders("t/c/d");
    open_watch_with((struct watch_options){.max_watches = 2});
    for (int i = 0; i < 6; i++) {
        assert_int_equal(renameat2(AT_FDCWD, "t/a", AT_FDCWD, "t/c", RENAME_EXCHANGE), 0);
        sync_watch();
        assert_true(is_reported("a/x") && is_reported("c/x"));
        put("t/a/b.c", "1");
        put("t/c/d.c", "1");
        sync_watch();
        assert_true(is_reported("a/b.c") && is_reported("c/d.c"));
        usleep(25000);
        sync_watch();
        assert_int_equal(status().folders_watched + status().folders_polled, 5);
    }
}

static void test_poll__a_root_that_was_replaced_is_noticed(void **state)
{
    (void)state;
    make_folders("t/a");
    open_watch_with((struct watch_options){.max_watches = 1});
    make_folders("u/b/c");
    assert_int_equal(renameat2(AT_FDCWD, "t", AT_FDCWD, "u", RENAME_EXCHANGE), 0);
    poll_all();
    assert_true(seen.rescan);
    assert_int_equal(status().folders_watched + status().folders_polled, 3);
}

static void test_poll__a_round_takes_twenty_calls(void **state)
{
    char path[64];
    struct watch_batch batch;
    uint32_t n = 0;

    (void)state;
    for (int i = 0; i < 200; i++) {
        snprintf(path, sizeof(path), "t/d%d", i);
        make_folders(path);
    }
    open_watch_with((struct watch_options){.max_watches = 1});
    settle();
    for (int i = 0; i < 200; i++) {
        snprintf(path, sizeof(path), "t/d%d/x", i);
        put(path, "");
    }
    for (int call = 0; call < 22; call++) {
        assert_int_equal(watch_poll(w, 0, NULL), 0);
        assert_int_equal(watch_read(w, &batch, NULL), 0); /* empty if the slice had nothing new */
        assert_true(batch.n_changes <= 40);
        n += batch.n_changes;
    }
    assert_true(n >= 200);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_TREE(test_poll__the_limit_of_watches_is_told_with_its_remedy),
        IN_TREE(test_poll__the_limit_of_instances_is_told_with_its_remedy),
        IN_TREE(test_poll__without_a_limit_nothing_is_polled),
        IN_TREE(test_poll__all_kinds_of_changes_are_seen),
        IN_TREE(test_poll__two_writes_in_one_tick_are_seen),
        IN_TREE(test_poll__folders_are_watched_once_the_limit_allows_it),
        IN_TREE(test_poll__watched_and_polled_folders_change_places),
        IN_TREE(test_poll__a_root_that_was_replaced_is_noticed),
        IN_TREE(test_poll__a_round_takes_twenty_calls),
    };

    return RUN_TESTS(tests);
}
