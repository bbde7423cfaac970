/*
 * Folders that get no watch: what their entries looked like is kept, and compared.
 *
 * An entry whose change time is about as new as the look itself may change again without its times
 * telling it (clocks of file systems tick some hundred times a second). Of such a one no state is
 * kept, so that it counts as changed in the next round too: the rule of git's index ("racy"
 * entries).
 */
#include <sys/inotify.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/sort.h"
#include "watch/watch_internal.h"

#define TICK_NS (INT64_C(20) * 1000000)
#define ROUND_CALLS 20 /* calls of watch_poll without a budget that make a round */

/* ---- lists ---- */

static void release_list(struct poll_list *list)
{
    buf_release(&list->names);
    vec_release(&list->at);
}

static const char *name_of(const struct poll_list *list, uint32_t i)
{
    return list->names.p + list->at.at[i].name_at;
}

static int compare(const void *a, const void *b, void *ctx)
{
    const struct poll_entry *x = a;
    const struct poll_entry *y = b;
    const char *names = ctx;

    return strcmp(names + x->name_at, names + y->name_at);
}

static int add_entry(void *ctx, const char *name, enum io_kind kind)
{
    struct poll_list *list = ctx;
    struct poll_entry entry = {.name_at = (uint32_t)list->names.n, .is_dir = kind == IO_DIR};

    buf_add(&list->names, name, strlen(name) + 1);
    return !list->names.failed && vec_push(&list->at, entry) ? 0 : PT_ENOMEM;
}

/* Of a folder only which one it is: what lies in it is its own affair. */
static uint64_t state_of(const struct io_stat *st, int64_t now_ns)
{
    uint64_t words[] = {(uint64_t)st->kind, st->mode, st->ino, st->dev, st->size, 0, 0};
    uint64_t state;

    if (st->kind == IO_DIR) {
        state = hash64(words, 4 * sizeof(*words));
    } else {
        if (st->ctime_ns > now_ns - TICK_NS)
            return 0;
        words[5] = (uint64_t)st->mtime_ns;
        words[6] = (uint64_t)st->ctime_ns;
        state = hash64(words, sizeof(words));
    }
    return state ? state : 1;
}

/* What is in the open folder. Entries that go meanwhile have state 0. */
static int read_list(int fd, struct poll_list *ret)
{
    struct poll_list list = {0};
    int64_t now_ns = (int64_t)clock_wall_ns();
    int rc = io_list(fd, add_entry, &list, NULL);

    if (list.names.failed)
        rc = PT_ENOMEM;
    for (uint32_t i = 0; i < list.at.len && !rc; i++) {
        struct poll_entry *entry = &list.at.at[i];
        struct io_stat st;

        int failed = io_stat(fd, name_of(&list, i), &st, NULL);
        if (failed == PT_ENOMEM)
            rc = failed;
        if (failed)
            continue;
        entry->is_dir = st.kind == IO_DIR;
        entry->state = state_of(&st, now_ns);
    }
    if (rc) {
        release_list(&list);
        return rc;
    }
    sort_r(list.at.at, list.at.len, sizeof(*list.at.at), compare, list.names.p);
    *ret = list;
    return 0;
}

/* ---- which folders ---- */

int watch_poll_begin(struct watch *w, uint32_t f, int fd)
{
    struct polled polled = {.folder = f};
    int rc = read_list(fd, &polled.list);

    if (rc && rc != PT_ENOMEM && rc != PT_ELIMIT)
        rc = 0; /* it cannot be listed now: all that will be there is new */
    if (!rc && !vec_push(&w->polled, polled)) {
        release_list(&polled.list);
        rc = PT_ENOMEM;
    }
    if (rc)
        return rc;
    w->folders.at.at[f].polled = w->polled.len - 1;
    w->n_poll_entries += polled.list.at.len;
    return 0;
}

void watch_poll_end(struct watch *w, uint32_t f)
{
    uint32_t place = w->folders.at.at[f].polled;

    if (place == FOLDER_NONE)
        return;
    w->n_poll_entries -= w->polled.at[place].list.at.len;
    release_list(&w->polled.at[place].list);
    w->polled.at[place] = w->polled.at[w->polled.len - 1];
    w->folders.at.at[w->polled.at[place].folder].polled = place;
    vec_truncate(&w->polled, w->polled.len - 1);
    w->folders.at.at[f].polled = FOLDER_NONE;
}

void watch_poll_release(struct watch *w)
{
    for (uint32_t i = 0; i < w->polled.len; i++)
        release_list(&w->polled.at[i].list);
    vec_release(&w->polled);
}

/* ---- comparing ---- */

static bool is_ignore_file(const char *name)
{
    return watch_is_ignore_file(slice_from(name));
}

/* One entry came, went or changed. */
static int report_entry(struct watch *w, uint32_t f, int fd, const char *name, bool is_dir)
{
    enum folder_role role = (enum folder_role)w->folders.at.at[f].role;
    int rc = 0;

    if (role != FOLDER_TREE || (f == FOLDER_ROOT && strcmp(name, ".git") == 0))
        return watch_report_git(w, f, name, is_dir);
    if (is_dir)
        rc = watch_look_at(w, f, fd, name, false, false);
    if (!rc && is_ignore_file(name))
        rc = watch_report_ignore(w, f);
    return rc ? rc : watch_report(w, f, slice_from(name), is_dir);
}

static int report_differences(struct watch *w, uint32_t f, int fd, const struct poll_list *was,
                              const struct poll_list *is)
{
    uint32_t i = 0;
    uint32_t k = 0;
    int rc = 0;

    while ((i < was->at.len || k < is->at.len) && !rc) {
        int order = i == was->at.len  ? 1
                    : k == is->at.len ? -1
                                      : strcmp(name_of(was, i), name_of(is, k));
        if (order < 0) {
            rc = report_entry(w, f, fd, name_of(was, i), was->at.at[i].is_dir);
            i++;
        } else if (order > 0) {
            rc = report_entry(w, f, fd, name_of(is, k), is->at.at[k].is_dir);
            k++;
        } else {
            const struct poll_entry *x = &was->at.at[i++];
            const struct poll_entry *y = &is->at.at[k++];

            if (x->state != y->state || x->state == 0)
                rc = report_entry(w, f, fd, is->names.p + y->name_at, x->is_dir || y->is_dir);
        }
    }
    return rc;
}

/* The limit may have been raised, or others may have gone. Then it is polled for the last time. */
static int try_watch(struct watch *w, uint32_t f, int fd)
{
    uint32_t mask = watch_mask((enum folder_role)w->folders.at.at[f].role);
    int wd;
    int rc;

    if (w->n_watched >= w->options.max_watches)
        return 0;
    rc = watch_add(w, fd, mask, &wd);
    if (rc || wd < 0 || folders_by_wd(&w->folders, wd) != FOLDER_NONE || wd == w->cookie_wd)
        return rc;
    if (!folders_set_wd(&w->folders, f, wd)) {
        (void)inotify_rm_watch(w->inotify_fd, wd);
        return PT_ENOMEM;
    }
    w->n_watched++;
    return 0;
}

static int compare_folder(struct watch *w, uint32_t f, int fd)
{
    struct poll_list is = {0};
    struct poll_list was;
    struct polled *polled;
    int rc = try_watch(w, f, fd);

    if (!rc)
        rc = read_list(fd, &is);
    if (rc)
        return rc == PT_ENOMEM || rc == PT_ELIMIT ? rc : 0;

    /* What is found on the way may change who is polled, so take the old list out first. */
    polled = &w->polled.at[w->folders.at.at[f].polled];
    was = polled->list;
    polled->list = is;
    w->n_poll_entries += (uint64_t)is.at.len - was.at.len;
    rc = report_differences(w, f, fd, &was, &is);
    release_list(&was);
    if (w->folders.at.at[f].wd >= 0)
        watch_poll_end(w, f);
    return rc;
}

/* Polls the folder at w->poll_next, and moves on unless another took its place. */
static int poll_next(struct watch *w, uint32_t *ret_spent)
{
    uint32_t f = w->polled.at[w->poll_next].folder;
    int fd;
    int rc = watch_open_folder(w, f, &fd);

    *ret_spent = 1;
    if (!rc && fd >= 0) {
        *ret_spent += w->polled.at[w->poll_next].list.at.len;
        rc = compare_folder(w, f, fd);
        io_close(fd);
    }
    if (!rc)
        rc = watch_list(w);
    if (w->poll_next < w->polled.len && w->polled.at[w->poll_next].folder == f)
        w->poll_next++;
    return rc;
}

int watch_poll_round(struct watch *w)
{
    int rc = 0;

    for (w->poll_next = 0; w->poll_next < w->polled.len && !rc;) {
        uint32_t spent;

        rc = poll_next(w, &spent);
    }
    w->poll_next = 0;
    return rc;
}

int watch_poll(struct watch *w, uint32_t budget, struct err *err)
{
    uint64_t left = budget ? budget : (w->n_poll_entries + w->polled.len) / ROUND_CALLS + 1;
    uint32_t n = w->polled.len; /* none twice in one call */
    int rc = watch_open_root(w, NULL);

    rc = rc == PT_ENOMEM || rc == PT_ELIMIT ? rc : 0;
    while (!rc && w->root_fd >= 0 && left && n--) {
        uint32_t spent = 0;

        if (w->poll_next >= w->polled.len)
            w->poll_next = 0;
        if (w->poll_next >= w->polled.len)
            break;
        rc = poll_next(w, &spent);
        left -= spent < left ? spent : left;
    }
    watch_close_root(w);
    if (rc)
        return watch_failed(w, rc, err);
    if (w->lost || w->changes[w->now].at.len || w->changes[w->now].full || w->git_changed ||
        w->ignore[w->now].at.len)
        watch_alarm(w, clock_now_ns());
    return 0;
}
