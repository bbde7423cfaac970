#include "watch/watch.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fault.h"
#include "index/ignore.h"
#include "index/scan.h"
#include "watch/watch_internal.h"

#define READ_BYTES ((size_t)32 << 10)
#define MAX_READS 160 /* in one call: about a full queue of the kernel */
#define RETRY_NS (UINT64_C(250) * CLOCK_NS_PER_MS)
#define COOKIE_PREFIX "parseltongue-cookie-"
#define CACHE_TAG "CACHEDIR.TAG"

/* ---- reporting ---- */

int watch_report(struct watch *w, uint32_t f, struct slice name, bool below)
{
    /* Of .git it is told elsewhere what matters. */
    if (w->quiet || w->folders.at.at[f].role != FOLDER_TREE ||
        !folders_path(&w->folders, f, name, &w->path))
        return 0;
    return w->path.failed ? PT_ENOMEM
                          : changes_add(&w->changes[w->now], w->path.p, w->path.n, below);
}

/* A file that may not be complete yet. */
static int report_writing(struct watch *w, uint32_t f, struct slice name)
{
    if (!folders_path(&w->folders, f, name, &w->path))
        return 0;
    return w->path.failed ? PT_ENOMEM
                          : changes_hold(&w->changes[w->now], w->path.p, w->path.n, clock_now_ns());
}

int watch_report_ignore(struct watch *w, uint32_t f)
{
    if (w->quiet || !folders_path(&w->folders, f, SLICE(""), &w->path))
        return 0;
    return w->path.failed ? PT_ENOMEM
                          : changes_add(&w->ignore[w->now], w->path.p, w->path.n, false);
}

bool watch_is_ignore_file(struct slice name)
{
    /* The first one is of .git. */
    for (unsigned s = IGNORE_EXCLUDE + 1; s < IGNORE_N_SOURCES; s++)
        if (slice_eq(name, slice_from(ignore_file_name((enum ignore_source)s))))
            return true;
    return slice_eq(name, SLICE(CACHE_TAG));
}

int watch_report_git(struct watch *w, uint32_t f, const char *name, bool is_dir)
{
    enum folder_role role = (enum folder_role)w->folders.at.at[f].role;
    bool is_way = role == FOLDER_TREE || (role == FOLDER_GIT && strcmp(name, "info") == 0);
    int rc = 0;

    if (role == FOLDER_GIT && (strcmp(name, "HEAD") == 0 || strcmp(name, "index.lock") == 0))
        w->git_changed = true;
    if (is_way && is_dir)
        rc = watch_look(w, f, name);
    if (!rc && (is_way || (role == FOLDER_GIT_INFO && strcmp(name, "exclude") == 0)))
        rc = watch_report_ignore(w, FOLDER_ROOT);
    return rc;
}

void watch_alarm(struct watch *w, uint64_t at_ns)
{
    struct itimerspec when = {0};

    if (at_ns >= w->alarm_ns)
        return;
    w->alarm_ns = at_ns;
    at_ns = at_ns ? at_ns : 1; /* 0 would disarm it */
    when.it_value.tv_sec = (time_t)(at_ns / CLOCK_NS_PER_SEC);
    when.it_value.tv_nsec = (long)(at_ns % CLOCK_NS_PER_SEC);
    (void)timerfd_settime(w->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

int watch_failed(struct watch *w, int rc, struct err *err)
{
    w->lost = true;
    w->quiet = false;
    vec_clear(&w->to_list);
    watch_close_root(w);
    watch_alarm(w, clock_now_ns() + RETRY_NS);
    return err_set(err, rc, "watch %s: %s", w->root,
                   rc == PT_ELIMIT ? "too many open files" : err_text(rc));
}

/* ---- opening ---- */

static struct watch_options without_zeros(const struct watch_options *options)
{
    struct watch_options ret = options ? *options : (struct watch_options){0};

    ret.quiet_ms = ret.quiet_ms ? ret.quiet_ms : WATCH_QUIET_MS;
    ret.hold_ms = ret.hold_ms ? ret.hold_ms : WATCH_HOLD_MS;
    ret.max_paths = ret.max_paths ? ret.max_paths : WATCH_MAX_PATHS;
    ret.max_watches = ret.max_watches ? ret.max_watches : UINT32_MAX;
    ret.max_depth = ret.max_depth ? ret.max_depth : SCAN_MAX_DEPTH;
    return ret;
}

/* Without inotify the watch is one that polls. */
static int open_inotify(struct watch *w, struct err *err)
{
    w->inotify_fd = FAULT_ERRNO("watch.init", inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    if (w->inotify_fd >= 0)
        return 0;
    if (errno == ENOMEM)
        return err_set_errno(err, errno, "watch %s", w->root);
    if (errno == EMFILE)
        err_set(&w->limit, PT_ELIMIT,
                "%s: cannot be watched and is polled, which is slower; raise "
                "fs.inotify.max_user_instances (sysctl) or the number of open files (ulimit -n), "
                "one of which is reached, and start again",
                w->root);
    else
        err_set_errno(&w->limit, errno, "%s: cannot be watched and is polled", w->root);
    return 0;
}

static int add_to_epoll(struct watch *w, int fd)
{
    struct epoll_event event = {.events = EPOLLIN};

    return fd < 0 ? 0
                  : FAULT_ERRNO("watch.init", epoll_ctl(w->epoll_fd, EPOLL_CTL_ADD, fd, &event));
}

static int open_descriptors(struct watch *w, struct err *err)
{
    int rc = open_inotify(w, err);

    if (rc)
        return rc;
    w->timer_fd =
        FAULT_ERRNO("watch.init", timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
    if (w->timer_fd >= 0)
        w->epoll_fd = FAULT_ERRNO("watch.init", epoll_create1(EPOLL_CLOEXEC));
    if (w->timer_fd < 0 || w->epoll_fd < 0 || add_to_epoll(w, w->inotify_fd) < 0 ||
        add_to_epoll(w, w->timer_fd) < 0)
        return err_set_errno(err, errno, "watch %s", w->root);
    return 0;
}

static int remove_cookie(void *ctx, const char *name, enum io_kind kind)
{
    if (kind == IO_FILE && strncmp(name, COOKIE_PREFIX, strlen(COOKIE_PREFIX)) == 0)
        (void)io_remove(*(const int *)ctx, name, NULL);
    return 0;
}

/* Without a watch on it, cookies do without files. */
static int open_cookies(struct watch *w, struct err *err)
{
    int fd;
    int rc;

    if (!w->cookie_dir)
        return 0;
    rc = io_open_dir(w->cookie_dir, &fd, err);
    if (rc)
        return rc;
    rc = io_list(fd, remove_cookie, &fd, err);
    if (!rc && watch_add(w, fd, IN_CREATE, &w->cookie_wd) == PT_ENOMEM)
        rc = err_set(err, PT_ENOMEM, "watch %s: %s", w->cookie_dir, err_text(PT_ENOMEM));
    io_close(fd);
    return rc;
}

static int open_tree(struct watch *w, struct err *err)
{
    int rc;

    w->root_lost = true; /* so that whatever is there is new */
    rc = watch_open_root(w, err);
    if (rc)
        return rc;
    w->quiet = true;
    rc = watch_list_all(w);
    if (!rc)
        rc = watch_list_marked(w);
    w->quiet = false;
    w->lost = false;
    watch_close_root(w);
    return rc ? watch_failed(w, rc, err) : 0;
}

int watch_open(const char *root, const struct watch_options *options, struct watch **ret,
               struct err *err)
{
    struct watch *w = mem_calloc(1, sizeof(*w));
    int rc = PT_ENOMEM;

    if (!w)
        return err_set(err, PT_ENOMEM, "watch %s: %s", root, err_text(PT_ENOMEM));
    w->root_fd = w->inotify_fd = w->timer_fd = w->epoll_fd = w->cookie_wd = -1;
    w->alarm_ns = UINT64_MAX;
    w->options = without_zeros(options);
    for (unsigned i = 0; i < PT_COUNT(w->changes); i++)
        w->changes[i].max = w->ignore[i].max = w->options.max_paths;
    w->root = mem_strdup(root);
    w->cookie_dir = w->options.cookie_dir ? mem_strdup(w->options.cookie_dir) : NULL;
    if (!w->root || (w->options.cookie_dir && !w->cookie_dir) || !folders_init(&w->folders))
        err_set(err, PT_ENOMEM, "watch %s: %s", root, err_text(PT_ENOMEM));
    else
        rc = open_descriptors(w, err);
    if (!rc)
        rc = open_cookies(w, err);
    if (!rc)
        rc = open_tree(w, err);
    if (rc) {
        watch_close(w);
        return rc;
    }
    *ret = w;
    return 0;
}

void watch_close(struct watch *w)
{
    if (!w)
        return;
    io_close(w->epoll_fd);
    io_close(w->timer_fd);
    io_close(w->inotify_fd); /* takes all watches off */
    io_close(w->root_fd);
    watch_poll_release(w);
    folders_release(&w->folders);
    for (unsigned i = 0; i < PT_COUNT(w->changes); i++) {
        changes_release(&w->changes[i]);
        changes_release(&w->ignore[i]);
    }
    vec_release(&w->taken);
    vec_release(&w->ignore_taken);
    vec_release(&w->ignore_paths);
    vec_release(&w->orphans);
    vec_release(&w->dirty);
    vec_release(&w->to_list);
    buf_release(&w->path);
    buf_release(&w->names);
    mem_free(w->cookie_dir);
    mem_free(w->root);
    mem_free(w);
}

int watch_fd(const struct watch *w)
{
    return w->epoll_fd;
}

/* ---- events ---- */

static void take_cookie(struct watch *w, const char *name)
{
    size_t n = strlen(COOKIE_PREFIX);
    uint64_t number = 0;

    if (strncmp(name, COOKIE_PREFIX, n) != 0)
        return;
    for (const char *p = name + n; *p >= '0' && *p <= '9'; p++)
        number = number * 10 + (uint64_t)(*p - '0');
    if (number <= w->cookie_made && number > w->cookie_seen)
        w->cookie_seen = number;
}

static void on_cookie_folder(struct watch *w, const struct inotify_event *event)
{
    if (event->mask & IN_CREATE)
        take_cookie(w, event->name);
    if (event->mask & IN_IGNORED) {
        w->cookie_wd = -1;
        w->cookie_bare = w->cookie_made;
    }
}

/* The kernel took the watch away, since the folder was removed (which the folder above tells too)
 * or its file system was. */
static int on_ignored(struct watch *w, uint32_t f)
{
    (void)folders_set_wd(&w->folders, f, -1);
    w->n_watched--;
    if (f == FOLDER_ROOT)
        w->lost = true;
    else
        watch_forget(w, f);
    return 0;
}

/* What was mounted there is there no more. */
static int on_unmount(struct watch *w, uint32_t f)
{
    uint32_t above = w->folders.at.at[f].parent;
    int rc = watch_report(w, f, SLICE(""), true);

    return rc || above == FOLDER_NONE ? rc : watch_mark(w, above, false);
}

/* Something happened to the root itself: does its path lead to another folder? */
static int on_root(struct watch *w)
{
    int rc;

    watch_close_root(w);
    rc = watch_open_root(w, NULL);
    return rc == PT_ENOMEM || rc == PT_ELIMIT ? rc : 0;
}

/*
 * There is no need to go and look, which would cost most of all when a whole tree is removed. If
 * the folder that we know there came after the one that was removed, an event that tells so is
 * still to come.
 */
static void on_removed_folder(struct watch *w, uint32_t f, struct slice name)
{
    uint32_t known = folders_find(&w->folders, f, name.p, name.n);

    if (known != FOLDER_NONE)
        watch_forget(w, known);
}

static int on_folder_event(struct watch *w, uint32_t f, const struct inotify_event *event)
{
    struct slice name = slice_from(event->name);
    int rc = 0;

    if (event->mask & IN_DELETE)
        on_removed_folder(w, f, name);
    else
        rc = watch_look(w, f, event->name);

    /* Permissions that changed are noticed by looking; other attributes do not matter. */
    if (rc || (event->mask & IN_ATTRIB))
        return rc;
    rc = watch_report(w, f, name, true);
    return rc || !watch_is_ignore_file(name) ? rc : watch_report_ignore(w, f);
}

static int on_file_event(struct watch *w, uint32_t f, const struct inotify_event *event)
{
    struct slice name = slice_from(event->name);
    int rc = 0;

    if (watch_is_ignore_file(name))
        rc = watch_report_ignore(w, f);
    if (rc)
        return rc;
    if (event->mask & (IN_MODIFY | IN_CREATE))
        return report_writing(w, f, name);
    return watch_report(w, f, name, false);
}

static int on_event(struct watch *w, const struct inotify_event *event)
{
    uint32_t f;
    bool is_dir = (event->mask & IN_ISDIR) != 0;

    w->n_events++;
    if (event->mask & IN_Q_OVERFLOW) {
        w->n_overflows++;
        w->lost = true;
        return 0;
    }
    if (event->wd >= 0 && event->wd == w->cookie_wd) {
        on_cookie_folder(w, event);
        return 0;
    }
    f = folders_by_wd(&w->folders, event->wd);
    if (f == FOLDER_NONE)
        return 0; /* of a watch that was taken off */
    if (event->mask & IN_IGNORED)
        return on_ignored(w, f);
    if (event->mask & IN_UNMOUNT)
        return on_unmount(w, f);
    if (f == FOLDER_ROOT && (event->mask & (IN_DELETE_SELF | IN_MOVE_SELF)))
        return on_root(w);
    if (event->len == 0)
        return 0; /* of itself: the folder above tells */
    if (!folders_is_attached(&w->folders, f, NULL))
        return watch_mark(
            w, f, true); /* out of the tree; should it come back, we have missed something */
    if (w->folders.at.at[f].role != FOLDER_TREE ||
        (f == FOLDER_ROOT && strcmp(event->name, ".git") == 0))
        return watch_report_git(w, f, event->name, is_dir);
    return is_dir ? on_folder_event(w, f, event) : on_file_event(w, f, event);
}

/* Takes what is queued. *ret_drained: there was an end to it. */
static int read_events(struct watch *w, bool *ret_drained)
{
    _Alignas(struct inotify_event) char bytes[READ_BYTES];
    int rc = 0;

    *ret_drained = w->inotify_fd < 0;
    for (unsigned i = 0; i < MAX_READS && !*ret_drained && !rc; i++) {
        ssize_t n = FAULT_ERRNO("watch.read", read(w->inotify_fd, bytes, sizeof(bytes)));

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno != EAGAIN)
            return err_from_errno(errno);
        *ret_drained = n <= 0;
        for (ssize_t at = 0; at < n && !rc;) {
            const struct inotify_event *event = (const void *)(bytes + at);

            rc = on_event(w, event);
            at += (ssize_t)sizeof(*event) + event->len;
        }
    }
    return rc;
}

/* ---- batches ---- */

/* After lost events: the folders as they are now; the caller is told to look at everything. */
static int recover(struct watch *w)
{
    int rc;

    w->cookie_seen = w->cookie_made;
    w->quiet = true;
    rc = watch_list_all(w);
    if (!rc)
        rc = watch_list_marked(w);
    w->quiet = false;
    if (rc)
        return rc;
    w->lost = false;
    w->rescan = true;
    return 0;
}

static int gather(struct watch *w)
{
    uint64_t cookie_was = w->cookie_seen;
    uint64_t bare = w->cookie_bare;
    bool drained;
    int rc = read_events(w, &drained);

    if (!rc && w->root_lost)
        rc = on_root(w); /* is there one again? */
    if (!rc && !w->lost)
        rc = watch_list_marked(w);
    if (!rc && w->lost)
        rc = recover(w);
    if (rc)
        return rc;
    watch_forget_orphans(w, clock_now_ns() - ORPHAN_NS);
    if (drained && bare > w->cookie_seen)
        w->cookie_seen = bare;
    return w->cookie_seen != cookie_was ? watch_poll_round(w) : 0;
}

/* The folders of ignore files, as an array of strings. */
static int take_ignore(struct watch *w, const struct change_patience *patience)
{
    uint64_t next_ns;
    int rc =
        changes_take(&w->ignore[w->now], patience, &w->ignore_taken, &w->ignore[!w->now], &next_ns);

    vec_clear(&w->ignore_paths);
    for (uint32_t i = 0; i < w->ignore_taken.len && !rc; i++)
        rc = vec_push(&w->ignore_paths, w->ignore_taken.at[i].path) ? 0 : PT_ENOMEM;
    return rc;
}

/* Hands over what was gathered. The other half, which the caller has read, takes what comes
 * next. */
static int take(struct watch *w, uint64_t cookie_was, uint64_t *ret_next_ns)
{
    struct change_patience patience = {
        .now_ns = clock_now_ns(),
        .quiet_ns = w->options.quiet_ms * CLOCK_NS_PER_MS,
        .longest_ns = w->options.hold_ms * CLOCK_NS_PER_MS,
        .none = w->cookie_seen != cookie_was,
    };
    int rc;

    changes_clear(&w->changes[!w->now]);
    changes_clear(&w->ignore[!w->now]);
    rc = changes_take(&w->changes[w->now], &patience, &w->taken, &w->changes[!w->now], ret_next_ns);
    if (!rc)
        rc = take_ignore(w, &patience);
    if (rc)
        return rc;
    w->rescan |= w->changes[w->now].full || w->ignore[w->now].full;
    if (w->rescan) {
        vec_clear(&w->taken);
        vec_clear(&w->ignore_paths);
        changes_clear(&w->changes[!w->now]);
        *ret_next_ns = UINT64_MAX;
    }
    w->now = !w->now;
    return 0;
}

/* When there is something to do though no event comes. */
static void set_alarm(struct watch *w, uint64_t next_ns)
{
    watch_alarm(w, next_ns);
    if (w->orphans.len)
        watch_alarm(w, w->orphans.at[0].since_ns + ORPHAN_NS);
    if (w->root_lost)
        watch_alarm(w, clock_now_ns() + RETRY_NS);
    if (w->cookie_bare > w->cookie_seen)
        watch_alarm(w, clock_now_ns());
}

static void clear_alarm(struct watch *w)
{
    const struct itimerspec never = {0};

    if (w->alarm_ns != UINT64_MAX)
        (void)timerfd_settime(w->timer_fd, 0, &never, NULL); /* also what went off is forgotten */
    w->alarm_ns = UINT64_MAX;
}

int watch_read(struct watch *w, struct watch_batch *ret, struct err *err)
{
    uint64_t cookie_was = w->cookie_seen;
    uint64_t next_ns = UINT64_MAX;
    int rc;

    clear_alarm(w);
    rc = gather(w);
    if (!rc)
        rc = take(w, cookie_was, &next_ns);
    if (rc)
        return watch_failed(w, rc, err);
    watch_close_root(w);
    set_alarm(w, next_ns);
    w->n_rescans += w->rescan;
    *ret = (struct watch_batch){
        .changes = w->taken.at,
        .n_changes = w->taken.len,
        .ignore_folders = w->ignore_paths.at,
        .n_ignore_folders = w->ignore_paths.len,
        .rescan = w->rescan,
        .root_lost = w->root_lost,
        .git_changed = w->git_changed,
        .cookie = w->cookie_seen,
    };
    w->rescan = false;
    w->git_changed = false;
    return 0;
}

/* ---- cookies ---- */

/* Makes the file, and removes it again: the event has its name. */
static int make_mark(const struct watch *w, uint64_t number)
{
    struct buf path = {0};
    int fd;
    int rc = PT_ENOMEM;

    buf_printf(&path, "%s/" COOKIE_PREFIX "%" PRIu64, w->cookie_dir, number);
    if (!path.failed)
        rc = io_open(IO_CWD, buf_cstr(&path), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600, &fd,
                     NULL);
    if (!rc) {
        io_close(fd);
        (void)io_remove(IO_CWD, path.p, NULL);
    }
    buf_release(&path);
    return rc;
}

int watch_cookie(struct watch *w, uint64_t *ret, struct err *err)
{
    uint64_t number = w->cookie_made + 1;
    int rc = w->cookie_wd >= 0 ? make_mark(w, number) : PT_ENOENT;

    if (rc == PT_ENOMEM)
        return err_set(err, rc, "watch %s: %s", w->root, err_text(rc));
    w->cookie_made = number;
    if (rc) { /* no such folder, or nothing can be made in it */
        w->cookie_bare = number;
        watch_alarm(w, clock_now_ns());
    }
    *ret = number;
    return 0;
}

/* ---- the rest ---- */

/* The folder at `path`, or the nearest above it that is watched. */
static uint32_t nearest(const struct watch *w, const char *path)
{
    uint32_t f = FOLDER_ROOT;

    while (*path) {
        size_t n = strcspn(path, "/");
        uint32_t child = folders_find(&w->folders, f, path, n);

        if (child == FOLDER_NONE)
            break;
        f = child;
        path += n + (path[n] == '/');
    }
    return f;
}

int watch_again(struct watch *w, const char *path, struct err *err)
{
    struct to_list item = {nearest(w, path), true, true};
    int rc = watch_open_root(w, NULL);

    rc = rc == PT_ENOMEM || rc == PT_ELIMIT ? rc : 0;
    if (!rc)
        rc = vec_push(&w->to_list, item) ? watch_list(w) : PT_ENOMEM;
    if (rc)
        return watch_failed(w, rc, err);
    watch_close_root(w);
    if (w->lost || w->orphans.len)
        watch_alarm(w, clock_now_ns());
    return 0;
}

void watch_status(const struct watch *w, struct watch_status *ret)
{
    size_t bytes = sizeof(*w) + folders_bytes(&w->folders) + vec_bytes(&w->polled) +
                   vec_bytes(&w->orphans) + vec_bytes(&w->dirty) + vec_bytes(&w->to_list) +
                   vec_bytes(&w->taken) + w->path.cap + w->names.cap;

    for (unsigned i = 0; i < PT_COUNT(w->changes); i++)
        bytes += changes_bytes(&w->changes[i]) + changes_bytes(&w->ignore[i]);
    for (uint32_t i = 0; i < w->polled.len; i++)
        bytes += w->polled.at[i].list.names.cap + vec_bytes(&w->polled.at[i].list.at);
    *ret = (struct watch_status){
        .folders_watched = w->n_watched,
        .folders_polled = w->polled.len,
        .folders_unreadable = w->n_unreadable,
        .folders_too_deep = w->n_too_deep,
        .files_polled = w->n_poll_entries,
        .events = w->n_events,
        .overflows = w->n_overflows,
        .rescans = w->n_rescans,
        .bytes = bytes,
        .limit = w->limit.code ? w->limit.msg : NULL,
    };
}
