/* Saving, moving, new folders, ignore files, cookies: what is reported, exactly. */
#include "support.h"

#include <sys/resource.h>
#include <sys/syscall.h>

/* ---- saving a file ---- */

static void test_watch__nothing_happens_in_a_quiet_tree(void **state)
{
    (void)state;
    put("t/a.c", "1");
    open_watch();
    assert_false(wait_for(50));
    read_once();
    assert_int_equal(seen.changes.len, 0);
    assert_false(seen.rescan);
    ASSERT_SYNC("");
}

static void test_watch__a_file_written_in_place_is_reported_at_once(void **state)
{
    (void)state;
    put("t/a.c", "1");
    open_watch();
    put("t/a.c", "22");
    assert_true(wait_for(5000));
    read_once();
    assert_string_equal(reported(), "a.c");
}

static void test_watch__a_file_written_beside_and_renamed(void **state)
{
    (void)state;
    put("t/a.c", "1");
    open_watch();
    put("t/.a.c.swp", "22");
    move("t/.a.c.swp", "t/a.c");
    assert_true(wait_for(5000));
    read_once();
    assert_string_equal(reported(), ".a.c.swp a.c");
}

static void test_watch__a_file_swapped_with_another(void **state)
{
    (void)state;
    make_folders("t/d");
    put("t/a.c", "1");
    put("t/d/b.c", "22");
    open_watch();
    assert_int_equal(renameat2(AT_FDCWD, "t/a.c", AT_FDCWD, "t/d/b.c", RENAME_EXCHANGE), 0);
    ASSERT_SYNC("a.c d/b.c");
}

static void test_watch__a_file_moved_away_and_a_link_to_a_new_one(void **state)
{
    (void)state;
    put("t/a.c", "1");
    open_watch();
    assert_int_equal(link("t/a.c", "t/a.c~"), 0);
    assert_int_equal(unlink("t/a.c"), 0);
    put("t/new", "22");
    assert_int_equal(link("t/new", "t/a.c"), 0);
    assert_int_equal(unlink("t/new"), 0);
    ASSERT_SYNC("a.c a.c~ new");
}

static void test_watch__a_file_removed_and_made_again(void **state)
{
    (void)state;
    put("t/a.c", "1");
    open_watch();
    assert_int_equal(unlink("t/a.c"), 0);
    ASSERT_SYNC("a.c");
    put("t/a.c", "1");
    ASSERT_SYNC("a.c");
    assert_int_equal(truncate("t/a.c", 0), 0);
    ASSERT_SYNC("a.c");
    assert_int_equal(chmod("t/a.c", 0400), 0);
    ASSERT_SYNC("a.c");
    assert_int_equal(symlink("a.c", "t/link"), 0);
    ASSERT_SYNC("link");
}

static void test_watch__a_file_that_is_truncated_is_reported_when_it_is_whole(void **state)
{
    int fd;

    (void)state;
    put("t/a.c", "1");
    open_watch_with((struct watch_options){.quiet_ms = 60000, .hold_ms = 60000});
    fd = open("t/a.c", O_WRONLY | O_TRUNC);
    assert_true(fd >= 0);
    assert_true(wait_for(5000));
    read_once();
    assert_string_equal(reported(), "");
    assert_int_equal(write(fd, "22", 2), 2);
    read_once();
    assert_string_equal(reported(), "");
    close(fd);
    read_once();
    assert_string_equal(reported(), "a.c");
}

static void test_watch__a_file_that_stays_open_is_reported_when_it_is_quiet(void **state)
{
    int fd;

    (void)state;
    open_watch_with((struct watch_options){.quiet_ms = 40, .hold_ms = 60000});
    fd = open("t/log", O_WRONLY | O_CREAT, 0600);
    assert_int_equal(write(fd, "1", 1), 1);
    read_once();
    assert_string_equal(reported(), "");
    while (seen.changes.len == 0) {
        assert_true(wait_for(5000));
        read_once();
    }
    assert_string_equal(reported(), "log");
    forget_seen();
    assert_int_equal(write(fd, "2", 1), 1);
    ASSERT_SYNC("log"); /* a cookie does not wait */
    close(fd);
    ASSERT_SYNC("log");
}

static void test_watch__a_file_that_is_never_quiet_is_reported_after_a_while(void **state)
{
    uint64_t began_ns = clock_now_ns();
    int fd;

    (void)state;
    open_watch_with((struct watch_options){.quiet_ms = 60000, .hold_ms = 100});
    fd = open("t/log", O_WRONLY | O_CREAT, 0600);
    while (seen.changes.len == 0) {
        assert_int_equal(write(fd, "1", 1), 1);
        read_once();
        usleep(1000);
        assert_true(clock_now_ns() - began_ns < 10 * CLOCK_NS_PER_SEC);
    }
    assert_true(clock_now_ns() - began_ns >= 100 * CLOCK_NS_PER_MS);
    close(fd);
}

static void test_watch__many_writes_are_one_path(void **state)
{
    (void)state;
    open_watch();
    for (int i = 0; i < 500; i++)
        put(i % 2 ? "t/a.c" : "t/b.c", "x");
    ASSERT_SYNC("a.c b.c");
}

static void test_watch__what_is_gone_again_is_reported(void **state)
{
    (void)state;
    open_watch();
    put("t/tmp", "");
    assert_int_equal(unlink("t/tmp"), 0);
    make_folders("t/d");
    assert_int_equal(rmdir("t/d"), 0);
    ASSERT_SYNC("d/ tmp");
    assert_int_equal(status().folders_watched, 1);
}

static void test_watch__names_are_bytes(void **state)
{
    (void)state;
    make_folders("t/a\nb");
    open_watch();
    put("t/a\nb/\xff\xfe", "1");
    put("t/\x01", "1");
    make_folders("t/\xc3\x28");
    put("t/\xc3\x28/x", "1");
    ASSERT_SYNC("\x01 a\nb/\xff\xfe \xc3\x28/");
}

/* ---- folders ---- */

static void test_watch__a_new_folder_is_reported_with_all_below_it(void **state)
{
    (void)state;
    open_watch();
    make_folders("t/a/b/c");
    put("t/a/b/c/x.c", "1");
    put("t/z.c", "1");
    ASSERT_SYNC("a/ z.c");
    assert_int_equal(status().folders_watched, 4);
    put("t/a/b/c/x.c", "2");
    put("t/a/b/y.c", "2");
    ASSERT_SYNC("a/b/c/x.c a/b/y.c");
}

static void test_watch__a_folder_that_moves_keeps_its_watches(void **state)
{
    (void)state;
    make_folders("t/a/b/c");
    make_folders("t/other");
    open_watch();
    move("t/a/b", "t/other/new");
    ASSERT_SYNC("a/b/ other/new/");
    assert_int_equal(status().folders_watched, 5);
    put("t/other/new/x.c", "1");
    put("t/other/new/c/y.c", "1");
    ASSERT_SYNC("other/new/c/y.c other/new/x.c");
    move("t/other", "t/o");
    move("t/o", "t/a/o");
    put("t/a/o/new/c/y.c", "2");
    sync_watch();
    assert_true(is_reported("a/o/new/c/y.c"));
    assert_true(is_reported("other/new/c/y.c"));
    put("t/a/o/new/c/y.c", "3");
    ASSERT_SYNC("a/o/new/c/y.c");
    assert_int_equal(status().folders_watched, 5);
}

static void test_watch__folders_that_are_swapped(void **state)
{
    (void)state;
    make_folders("t/a/inner_a");
    make_folders("t/x/b/inner_b");
    open_watch();
    assert_int_equal(renameat2(AT_FDCWD, "t/a", AT_FDCWD, "t/x/b", RENAME_EXCHANGE), 0);
    ASSERT_SYNC("a/ x/b/");
    assert_int_equal(status().folders_watched, 6);
    put("t/a/inner_b/1", "");
    put("t/x/b/inner_a/2", "");
    ASSERT_SYNC("a/inner_b/1 x/b/inner_a/2");
}

static void test_watch__a_folder_moved_out_is_no_longer_watched(void **state)
{
    (void)state;
    make_folders("t/a/b/c");
    open_watch();
    move("t/a", "outside");
    ASSERT_SYNC("a/");
    put("outside/b/c/x", "1");
    usleep(30000);
    ASSERT_SYNC("");
    assert_int_equal(status().folders_watched, 1);
    move("outside", "t/again");
    ASSERT_SYNC("again/");
    assert_int_equal(status().folders_watched, 4);
    put("t/again/b/c/x", "2");
    ASSERT_SYNC("again/b/c/x");
}

static void test_watch__a_folder_that_was_out_for_a_moment_is_complete(void **state)
{
    (void)state;
    make_folders("t/a/b");
    open_watch();
    move("t/a", "outside");
    read_once();
    make_folders("outside/b/new/deep");
    read_once();
    move("outside", "t/c");
    sync_watch();
    assert_true(is_reported("c/b/new"));
    put("t/c/b/new/deep/x", "1");
    ASSERT_SYNC("c/b/new/deep/x");
    assert_int_equal(status().folders_watched, 5);
}

static void test_watch__a_folder_in_the_place_of_another(void **state)
{
    (void)state;
    make_folders("t/a/old");
    make_folders("t/b/new");
    open_watch();
    remove_tree("t/a");
    move("t/b", "t/a");
    ASSERT_SYNC("a/ b/");
    assert_int_equal(status().folders_watched, 3);
    put("t/a/new/x", "1");
    ASSERT_SYNC("a/new/x");
    remove_tree("t/a");
    put("t/a", "a file now");
    sync_watch();
    assert_true(is_reported("a"));
    assert_int_equal(status().folders_watched, 1);
}

/* The events are read when all is over: what is seen at a place is not what the event speaks of. */
static void test_watch__late_events_about_places_that_others_have_taken(void **state)
{
    (void)state;
    make_folders("t/a/b");
    open_watch();
    make_folders("t/a/b/x1");
    move("t/a", "t/tmp");
    make_folders("t/a/b/x2");
    make_folders("t/tmp/b/x3");
    move("t/tmp", "t/a/b/inner");
    make_folders("t/a/b/inner/b/x4/y");
    sync_watch();
    usleep(30000);
    ASSERT_SYNC("");
    /* t, a, b, x2, inner, inner/b, x1, x3, x4, y */
    assert_int_equal(status().folders_watched, 10);
    put("t/a/b/inner/b/x1/f", "");
    put("t/a/b/inner/b/x3/f", "");
    put("t/a/b/inner/b/x4/y/f", "");
    put("t/a/b/x2/f", "");
    ASSERT_SYNC("a/b/inner/b/x1/f a/b/inner/b/x3/f a/b/inner/b/x4/y/f a/b/x2/f");
}

static void test_watch__links_are_not_followed(void **state)
{
    (void)state;
    make_folders("outside/d");
    make_folders("t/a");
    assert_int_equal(symlink("../outside", "t/l"), 0);
    assert_int_equal(symlink("..", "t/a/up"), 0);
    open_watch();
    assert_int_equal(status().folders_watched, 2);
    put("outside/d/x", "1");
    ASSERT_SYNC("");
    move("t/a", "t/b");
    assert_int_equal(symlink("../outside", "t/a"), 0);
    sync_watch();
    put("outside/d/x", "2");
    put("outside/y", "2");
    ASSERT_SYNC("");
}

static void test_watch__folders_are_entered_to_a_depth(void **state)
{
    (void)state;
    make_folders("t/1/2/3/4/5");
    open_watch_with((struct watch_options){.max_depth = 3});
    assert_int_equal(status().folders_watched, 4);
    assert_true(status().folders_too_deep > 0);
    make_folders("t/a/b/c/d/e");
    sync_watch();
    assert_int_equal(status().folders_watched, 7);
}

static void test_watch__a_deep_tree_is_cut_and_does_no_harm(void **state)
{
    char path[4000] = "t";

    (void)state;
    for (int i = 0; i < 400; i++)
        snprintf(path + strlen(path), sizeof(path) - strlen(path), "/d%d", i);
    make_folders(path);
    open_watch();
    assert_int_equal(status().folders_watched, 257);
    move("t/d0", "t/x");
    sync_watch();
    assert_int_equal(status().folders_watched, 257);
    assert_true(is_reported("x"));
}

static bool enter_no_target(void *ctx, const char *path)
{
    const char *name = strrchr(path, '/');

    assert_true(*path != '\0');
    return strcmp(name ? name + 1 : path, ctx) != 0;
}

static void test_watch__folders_that_are_not_entered_are_not_watched(void **state)
{
    char name[16] = "target";

    (void)state;
    make_folders("t/target/x");
    make_folders("t/a/target/x");
    open_watch_with((struct watch_options){.enter = enter_no_target, .ctx = name});
    assert_int_equal(status().folders_watched, 2);
    put("t/target/x/o", "");
    ASSERT_SYNC("");
    make_folders("t/b/target/y");
    sync_watch();
    assert_int_equal(status().folders_watched, 3);
    /* Moved to where it is let in, and back. */
    move("t/target", "t/src");
    sync_watch();
    assert_int_equal(status().folders_watched, 5);
    put("t/src/x/o", "");
    ASSERT_SYNC("src/x/o");
    move("t/src", "t/target");
    sync_watch();
    usleep(30000);
    sync_watch();
    assert_int_equal(status().folders_watched, 3);

    snprintf(name, sizeof(name), "a");
    assert_int_equal(watch_again(w, "", NULL), 0);
    assert_int_equal(status().folders_watched, 6); /* t, target, x, b, target, y */
    put("t/target/x/o", "2");
    put("t/a/x", "2");
    ASSERT_SYNC("target/x/o");
    snprintf(name, sizeof(name), "target");
    assert_int_equal(watch_again(w, "b", NULL), 0);
    assert_int_equal(status().folders_watched, 4);
}

/* ---- the root ---- */

static void test_watch__the_root_is_replaced(void **state)
{
    (void)state;
    make_folders("t/a");
    open_watch();
    move("t", "gone");
    sync_watch();
    assert_true(seen.rescan);
    assert_true(seen.root_lost);
    assert_int_equal(status().folders_watched, 0);
    make_folders("t/b/c");
    forget_seen();
    seen.root_lost = true;
    while (seen.root_lost) {
        assert_true(wait_for(5000));
        read_once();
    }
    assert_true(seen.rescan);
    assert_int_equal(status().folders_watched, 3);
    put("t/b/c/x", "1");
    ASSERT_SYNC("b/c/x");
    put("gone/a/x", "1");
    ASSERT_SYNC("");
}

static void test_watch__the_root_may_be_reached_by_a_link(void **state)
{
    (void)state;
    make_folders("one/a");
    make_folders("two/b");
    assert_int_equal(rmdir("t"), 0);
    assert_int_equal(symlink("one", "t"), 0);
    open_watch();
    assert_int_equal(status().folders_watched, 2);
    put("one/a/x", "");
    ASSERT_SYNC("a/x");
    assert_int_equal(symlink("two", "l"), 0);
    move("l", "t");
    assert_int_equal(watch_poll(w, 0, NULL), 0); /* no event tells of this */
    sync_watch();
    assert_true(seen.rescan);
    put("two/b/x", "");
    put("one/a/x", "");
    ASSERT_SYNC("b/x");
    assert_int_equal(unlink("t"), 0);
    make_folders("t");
}

static void test_watch__the_root_is_removed(void **state)
{
    (void)state;
    open_watch();
    assert_int_equal(rmdir("t"), 0);
    sync_watch();
    assert_true(seen.rescan);
    assert_true(seen.root_lost);
    make_folders("t");
    sync_watch();
    assert_true(seen.rescan);
    put("t/x", "1");
    ASSERT_SYNC("x");
}

static void test_watch__a_root_that_is_not_there_is_an_error(void **state)
{
    struct err err = {0};

    (void)state;
    assert_int_equal(watch_open("nowhere", NULL, &w, &err), PT_ENOENT);
    assert_non_null(strstr(err.msg, "nowhere"));
    assert_null(w);
    put("file", "");
    assert_int_equal(watch_open("file", NULL, &w, &err), PT_EINVAL);
    watch_close(NULL);
}

/* ---- ignore files, git ---- */

static void test_watch__ignore_files_are_told_of_with_their_folders(void **state)
{
    (void)state;
    make_folders("t/a/b");
    make_folders("t/.git/info");
    make_folders("t/.git/objects/12");
    make_folders("t/sub/.git/objects");
    open_watch();
    assert_int_equal(status().folders_watched, 6); /* t, a, b, sub, .git, .git/info */
    put("t/.git/objects/12/34", "");
    put("t/.git/config", "");
    put("t/sub/.git/objects/12", "");
    ASSERT_SYNC("");
    assert_false(seen.git_changed);
    put("t/a/.gitignore", "x");
    put("t/a/b/CACHEDIR.TAG", "x");
    ASSERT_SYNC("a/.gitignore a/b/CACHEDIR.TAG");
    assert_string_equal(buf_cstr(&seen.ignore), "a\na/b\n");
    put("t/.git/info/exclude", "x");
    ASSERT_SYNC("");
    assert_string_equal(buf_cstr(&seen.ignore), "\n");
    put("t/.git/HEAD.lock", "x");
    move("t/.git/HEAD.lock", "t/.git/HEAD");
    ASSERT_SYNC("");
    assert_true(seen.git_changed);
    remove_tree("t/.git");
    ASSERT_SYNC("");
    assert_string_equal(buf_cstr(&seen.ignore), "\n");
    make_folders("t/.git/info");
    sync_watch();
    put("t/.git/info/exclude", "y");
    ASSERT_SYNC("");
    assert_string_equal(buf_cstr(&seen.ignore), "\n");
    put("t/.parseltongueignore", "y");
    put("t/a/.ignore", "y");
    ASSERT_SYNC(".parseltongueignore a/.ignore");
    assert_string_equal(buf_cstr(&seen.ignore), "\na\n");
}

/* ---- cookies, bounds ---- */

static void test_watch__cookies_come_in_order_and_leave_nothing(void **state)
{
    uint64_t first, second;

    (void)state;
    put("cookies/parseltongue-cookie-7", "of a process that was killed");
    open_watch();
    assert_int_not_equal(access("cookies/parseltongue-cookie-7", F_OK), 0);
    put("t/a", "");
    assert_int_equal(watch_cookie(w, &first, NULL), 0);
    put("t/b", "");
    assert_int_equal(watch_cookie(w, &second, NULL), 0);
    assert_true(first == 1 && second == 2);
    read_once();
    assert_int_equal(seen.cookie, 2);
    assert_string_equal(reported(), "a b");
    assert_int_equal(rmdir("cookies"), 0); /* empty */
    put("t/c", "");
    ASSERT_SYNC("c");
}

static void test_watch__cookies_do_without_a_folder(void **state)
{
    (void)state;
    assert_int_equal(watch_open("t", NULL, &w, NULL), 0);
    put("t/c", "");
    ASSERT_SYNC("c");
}

static void test_watch__a_folder_for_cookies_in_the_tree_is_not_part_of_it(void **state)
{
    struct watch_options options = {.cookie_dir = "t/.state/c"};

    (void)state;
    make_folders("t/.state/c");
    assert_int_equal(watch_open("t", &options, &w, NULL), 0);
    ASSERT_SYNC("");
    put("t/x", "");
    ASSERT_SYNC("x");
    assert_int_equal(watch_again(w, "", NULL), 0);
    ASSERT_SYNC("");
}

static void test_watch__cookies_survive_the_loss_of_their_folder(void **state)
{
    (void)state;
    open_watch();
    put("t/x", "");
    ASSERT_SYNC("x");
    assert_int_equal(rmdir("cookies"), 0);
    put("t/x", "");
    ASSERT_SYNC("x");
    put("t/x", "");
    ASSERT_SYNC("x");
}

static void test_watch__too_many_paths_are_a_rescan(void **state)
{
    char path[32];

    (void)state;
    open_watch_with((struct watch_options){.max_paths = 10});
    for (int i = 0; i < 10; i++) {
        snprintf(path, sizeof(path), "t/%d", i);
        put(path, "");
    }
    ASSERT_SYNC("0 1 2 3 4 5 6 7 8 9");
    put("t/a", "");
    for (int i = 0; i < 10; i++) {
        snprintf(path, sizeof(path), "t/%d", i);
        put(path, "");
    }
    sync_watch();
    assert_true(seen.rescan);
    assert_int_equal(seen.changes.len, 0);
    put("t/a", "");
    ASSERT_SYNC("a");
}

static uint64_t queue_limit(void)
{
    FILE *f = fopen("/proc/sys/fs/inotify/max_queued_events", "r");
    char text[32] = "";

    if (f) {
        (void)!fgets(text, sizeof(text), f);
        fclose(f);
    }
    return strtoull(text, NULL, 10);
}

static void test_watch__lost_events_are_a_rescan_and_the_folders_are_known_after_it(void **state)
{
    uint64_t limit = queue_limit();

    (void)state;
    if (limit == 0 || limit > 100000)
        skip();
    make_folders("t/a/b");
    put("t/1", "");
    put("t/2", "");
    open_watch();
    for (uint64_t i = 0; i < limit + 100; i += 2) {
        chmod("t/1", 0600 + (i & 4));
        chmod("t/2", 0600);
    }
    make_folders("t/new/x/y");
    move("t/a", "t/c");
    remove_tree("t/c/b");
    sync_watch();
    assert_true(seen.rescan);
    assert_int_equal(status().overflows, 1);
    usleep(30000);
    ASSERT_SYNC("");
    assert_int_equal(status().folders_watched, 5); /* t, new, x, y, c */
    put("t/new/x/y/f", "");
    put("t/c/f", "");
    ASSERT_SYNC("c/f new/x/y/f");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_TREE(test_watch__nothing_happens_in_a_quiet_tree),
        IN_TREE(test_watch__a_file_written_in_place_is_reported_at_once),
        IN_TREE(test_watch__a_file_written_beside_and_renamed),
        IN_TREE(test_watch__a_file_swapped_with_another),
        IN_TREE(test_watch__a_file_moved_away_and_a_link_to_a_new_one),
        IN_TREE(test_watch__a_file_removed_and_made_again),
        IN_TREE(test_watch__a_file_that_is_truncated_is_reported_when_it_is_whole),
        IN_TREE(test_watch__a_file_that_stays_open_is_reported_when_it_is_quiet),
        IN_TREE(test_watch__a_file_that_is_never_quiet_is_reported_after_a_while),
        IN_TREE(test_watch__many_writes_are_one_path),
        IN_TREE(test_watch__what_is_gone_again_is_reported),
        IN_TREE(test_watch__names_are_bytes),
        IN_TREE(test_watch__a_new_folder_is_reported_with_all_below_it),
        IN_TREE(test_watch__a_folder_that_moves_keeps_its_watches),
        IN_TREE(test_watch__folders_that_are_swapped),
        IN_TREE(test_watch__a_folder_moved_out_is_no_longer_watched),
        IN_TREE(test_watch__a_folder_that_was_out_for_a_moment_is_complete),
        IN_TREE(test_watch__a_folder_in_the_place_of_another),
        IN_TREE(test_watch__late_events_about_places_that_others_have_taken),
        IN_TREE(test_watch__links_are_not_followed),
        IN_TREE(test_watch__folders_are_entered_to_a_depth),
        IN_TREE(test_watch__a_deep_tree_is_cut_and_does_no_harm),
        IN_TREE(test_watch__folders_that_are_not_entered_are_not_watched),
        IN_TREE(test_watch__the_root_is_replaced),
        IN_TREE(test_watch__the_root_may_be_reached_by_a_link),
        IN_TREE(test_watch__the_root_is_removed),
        IN_TREE(test_watch__a_root_that_is_not_there_is_an_error),
        IN_TREE(test_watch__ignore_files_are_told_of_with_their_folders),
        IN_TREE(test_watch__cookies_come_in_order_and_leave_nothing),
        IN_TREE(test_watch__cookies_do_without_a_folder),
        IN_TREE(test_watch__a_folder_for_cookies_in_the_tree_is_not_part_of_it),
        IN_TREE(test_watch__cookies_survive_the_loss_of_their_folder),
        IN_TREE(test_watch__too_many_paths_are_a_rescan),
        IN_TREE(test_watch__lost_events_are_a_rescan_and_the_folders_are_known_after_it),
    };

    return RUN_TESTS(tests);
}
