/*
 * What the tests of src/watch share: a watch on the folder `t` of the test's own folder, with a
 * folder for cookies beside it, and what it reported.
 */
#ifndef PT_TESTS_UNIT_WATCH_SUPPORT_H
#define PT_TESTS_UNIT_WATCH_SUPPORT_H

#include "unit/base/support_dir.h"

#include <fcntl.h>
#include <poll.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/vec.h"
#include "watch/watch.h"

struct seen_change {
    char *path; /* owned */
    bool below;
};

/* All that batches have said. */
struct seen {
    VEC(struct seen_change) changes;
    struct buf ignore; /* the folders, each with a '\n' */
    bool rescan, git_changed, root_lost;
    uint64_t cookie;
    uint32_t n_batches;
};

static struct watch *w;
static struct seen seen;

static inline void forget_seen(void)
{
    for (uint32_t i = 0; i < seen.changes.len; i++)
        mem_free(seen.changes.at[i].path);
    vec_release(&seen.changes);
    buf_release(&seen.ignore);
    seen = (struct seen){0};
}

static inline void add_batch(const struct watch_batch *batch)
{
    for (uint32_t i = 0; i < batch->n_changes; i++) {
        const struct watch_change *change = &batch->changes[i];

        if (i > 0)
            assert_true(strcmp(batch->changes[i - 1].path, change->path) < 0);
        assert_true(
            vec_push(&seen.changes, (struct seen_change){mem_strdup(change->path), change->below}));
    }
    for (uint32_t i = 0; i < batch->n_ignore_folders; i++)
        buf_printf(&seen.ignore, "%s\n", batch->ignore_folders[i]);
    seen.rescan |= batch->rescan;
    seen.git_changed |= batch->git_changed;
    seen.root_lost = batch->root_lost;
    seen.cookie = batch->cookie;
    seen.n_batches++;
}

/* One read, without waiting. */
static inline void read_once(void)
{
    struct watch_batch batch;
    struct err err = {0};

    if (watch_read(w, &batch, &err))
        fail_msg("%s", err.msg);
    add_batch(&batch);
}

static inline bool wait_for(int ms)
{
    struct pollfd p = {.fd = watch_fd(w), .events = POLLIN};

    return poll(&p, 1, ms) > 0;
}

/* All that was done before, by way of a cookie; replaces what was seen. */
static inline void sync_watch(void)
{
    uint64_t cookie;

    forget_seen();
    assert_int_equal(watch_cookie(w, &cookie, NULL), 0);
    do {
        assert_true(wait_for(10000));
        read_once();
    } while (seen.cookie < cookie);
}

static inline void open_watch_with(struct watch_options options)
{
    struct err err = {0};

    options.cookie_dir = "cookies";
    if (watch_open("t", &options, &w, &err))
        fail_msg("%s", err.msg);
}

static inline void open_watch(void)
{
    open_watch_with((struct watch_options){0});
}

static inline bool is_reported(const char *path)
{
    size_t n = strlen(path);

    for (uint32_t i = 0; i < seen.changes.len; i++) {
        const struct seen_change *change = &seen.changes.at[i];
        size_t above = strlen(change->path);

        if (strcmp(change->path, path) == 0)
            return true;
        if (change->below && above < n && memcmp(change->path, path, above) == 0 &&
            (above == 0 || path[above] == '/'))
            return true;
    }
    return false;
}

/* As one text: "a b/ c", with a '/' after what was reported with all below it. */
static inline const char *reported(void)
{
    static char text[8192];
    size_t n = 0;

    text[0] = '\0';
    for (uint32_t i = 0; i < seen.changes.len; i++)
        n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s%s", i ? " " : "",
                              seen.changes.at[i].path, seen.changes.at[i].below ? "/" : "");
    return text;
}

#define ASSERT_SYNC(expected)                                                                      \
    do {                                                                                           \
        sync_watch();                                                                              \
        assert_string_equal(reported(), expected);                                                 \
        assert_false(seen.rescan);                                                                 \
    } while (0)

static inline struct watch_status status(void)
{
    struct watch_status ret;

    watch_status(w, &ret);
    return ret;
}

static inline void put(const char *path, const char *text)
{
    make_file(path, text);
}

static inline void make_folders(const char *path)
{
    char part[4200];

    for (const char *end = path; *end;) {
        end += strspn(end, "/");
        end += strcspn(end, "/");
        snprintf(part, sizeof(part), "%.*s", (int)(end - path), path);
        assert_true(mkdir(part, 0700) == 0 || errno == EEXIST);
    }
}

static inline void move(const char *from, const char *to)
{
    assert_int_equal(rename(from, to), 0);
}

static inline void remove_tree(const char *path)
{
    assert_int_equal(nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static inline int enter_tree(void **state)
{
    return enter_root(state) || mkdir("t", 0700) || mkdir("cookies", 0700);
}

/* In memory where that can be had: for tests that make many files. */
static inline int enter_memory_tree(void **state)
{
    (void)state;
    snprintf(root, sizeof(root), "%s/pt-test-watch-XXXXXX",
             access("/dev/shm", R_OK | W_OK | X_OK) == 0 ? "/dev/shm" : "/tmp");
    return !mkdtemp(root) || chdir(root) || mkdir("t", 0700) || mkdir("cookies", 0700);
}

static inline int leave_tree(void **state)
{
    fault_disarm_all();
    forget_seen();
    watch_close(w);
    w = NULL;
    return leave_root(state);
}

#define IN_MEMORY_TREE(test) cmocka_unit_test_setup_teardown(test, enter_memory_tree, leave_tree)
#define IN_TREE(test) cmocka_unit_test_setup_teardown(test, enter_tree, leave_tree)

#endif
