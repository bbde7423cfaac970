/*
 * The tree of folders, kept true: each function here goes to see what is at a place, and makes the
 * tree say the same. What is found is known by its watch descriptor: see watch.h.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <sys/inotify.h>

#include "base/clock.h"
#include "base/fault.h"
#include "index/scan.h"
#include "watch/watch_internal.h"

/* A place in the tree, and what was found there. */
struct place {
    uint32_t parent;
    struct slice name;
    enum folder_role role;
    uint32_t known; /* the folder that the tree has there; FOLDER_NONE */
    int fd;
    bool deep;
    bool covered;
};

static struct folder *folder_at(struct watch *w, uint32_t f)
{
    return &w->folders.at.at[f];
}

static void set_flags(struct folder *folder, unsigned flags, bool on)
{
    folder->flags = (uint8_t)(on ? folder->flags | flags : folder->flags & ~flags);
}

/* Of the whole process, or of the system: what comes after would fail likewise. */
static bool is_fatal(int rc)
{
    return rc == PT_ENOMEM || rc == PT_ELIMIT;
}

/* ---- watches ---- */

uint32_t watch_mask(enum folder_role role)
{
    uint32_t names = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO;

    switch (role) {
    case FOLDER_GIT: return names;
    case FOLDER_GIT_INFO: return names | IN_MODIFY | IN_CLOSE_WRITE;
    default: return names | IN_MODIFY | IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF;
    }
}

static void set_limit(struct watch *w, int errnum)
{
    if (w->limit.code)
        return;
    if (errnum == ENOSPC)
        err_set(&w->limit, PT_ELIMIT,
                "%s: no more folders can be watched, the others are polled, which is slower; raise "
                "fs.inotify.max_user_watches (sysctl), now reached, and start again",
                w->root);
    else
        err_set_errno(&w->limit, errnum, "%s: some folders cannot be watched and are polled",
                      w->root);
}

/*
 * IN_MASK_ADD: without it, the kernel sets the mask of a watch that is there already to 0 and then
 * to the new one, and loses what happens in between (seen: one in 80,000 folders). fault: the name
 * of the fault point.
 */
static int add_watch(struct watch *w, int fd, uint32_t mask, const char *fault, int *ret_wd)
{
    char link[40];
    int wd;

    *ret_wd = -1;
    if (w->inotify_fd < 0)
        return 0;
    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    mask |= IN_ONLYDIR | IN_MASK_ADD;
    wd = FAULT_ERRNO(fault, inotify_add_watch(w->inotify_fd, link, mask));
    if (wd < 0 && errno == ENOMEM)
        return PT_ENOMEM;
    if (wd < 0)
        set_limit(w, errno);
    *ret_wd = wd;
    return 0;
}

int watch_add(struct watch *w, int fd, uint32_t mask, int *ret_wd)
{
    return add_watch(w, fd, mask, "watch.add", ret_wd);
}

/* Fails when the watch is gone already, which is as well. */
static void remove_watch(const struct watch *w, int wd)
{
    if (w->inotify_fd >= 0)
        (void)inotify_rm_watch(w->inotify_fd, wd);
}

/* A new watch is given back if it is one too many. */
static void keep_to_limit(struct watch *w, int *wd)
{
    if (*wd < 0 || w->n_watched < w->options.max_watches)
        return;
    set_limit(w, ENOSPC);
    remove_watch(w, *wd);
    *wd = -1;
}

static int set_wd(struct watch *w, uint32_t f, int wd)
{
    uint32_t had = folder_at(w, f)->wd >= 0;

    if (!folders_set_wd(&w->folders, f, wd)) {
        remove_watch(w, wd);
        return PT_ENOMEM;
    }
    w->n_watched = w->n_watched - had + (wd >= 0);
    return 0;
}

static void set_unreadable(struct watch *w, uint32_t f, bool is)
{
    uint32_t was = (folder_at(w, f)->flags & FOLDER_UNREADABLE) != 0;

    w->n_unreadable = w->n_unreadable - was + is;
    set_flags(folder_at(w, f), FOLDER_UNREADABLE, is);
}

/* ---- forgetting ---- */

static void drop_orphan(struct watch *w, uint32_t f)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < w->orphans.len; i++)
        if (w->orphans.at[i].folder != f)
            w->orphans.at[n++] = w->orphans.at[i];
    vec_truncate(&w->orphans, n);
}

static void unwatch(struct watch *w, uint32_t f)
{
    if (folder_at(w, f)->wd >= 0) {
        remove_watch(w, folder_at(w, f)->wd);
        (void)set_wd(w, f, -1);
    }
    watch_poll_end(w, f);
    set_unreadable(w, f, false);
}

static void forget_one(struct watch *w, uint32_t f)
{
    if (folder_at(w, f)->parent == FOLDER_NONE)
        drop_orphan(w, f);
    unwatch(w, f);
    folders_remove(&w->folders, f);
}

void watch_forget(struct watch *w, uint32_t f)
{
    for (uint32_t at = f;;) {
        while (folder_at(w, at)->first_child != FOLDER_NONE)
            at = folder_at(w, at)->first_child;
        if (at == f)
            break;
        uint32_t above = folder_at(w, at)->parent;
        forget_one(w, at);
        at = above;
    }
    if (f == FOLDER_ROOT)
        unwatch(w, f);
    else
        forget_one(w, f);
}

void watch_forget_orphans(struct watch *w, uint64_t until_ns)
{
    while (w->orphans.len && w->orphans.at[0].since_ns <= until_ns)
        watch_forget(w, w->orphans.at[0].folder);
}

/* It is not where it was; perhaps it turns up elsewhere, which only one with a watch can. */
static int orphan(struct watch *w, uint32_t f)
{
    int rc = watch_report(w, f, SLICE(""), true);

    if (folder_at(w, f)->wd < 0 || !vec_push(&w->orphans, (struct orphan){f, clock_now_ns()})) {
        watch_forget(w, f);
        return rc;
    }
    folders_detach(&w->folders, f);
    return rc;
}

/* ---- the root ---- */

static bool is_same_root(const struct watch *w, const struct io_stat *st)
{
    return !w->root_lost && st->dev == w->root_dev && st->ino == w->root_ino;
}

int watch_open_root(struct watch *w, struct err *err)
{
    struct io_stat st = {0};
    int fd = -1;
    int rc = 0;

    if (w->root_fd >= 0)
        return 0;
    rc = io_open_dir(w->root, &fd, err);
    if (!rc)
        rc = io_stat_fd(fd, &st, err);
    if (rc) {
        io_close(fd);
        if (!is_fatal(rc) && !w->root_lost) {
            watch_forget(w, FOLDER_ROOT);
            w->root_lost = true;
            w->lost = true;
        }
        return rc;
    }
    if (!is_same_root(w, &st)) {
        watch_forget(w, FOLDER_ROOT);
        w->root_lost = false;
        w->lost = true;
        w->root_dev = st.dev;
        w->root_ino = st.ino;
    }
    w->root_fd = fd;
    return 0;
}

void watch_close_root(struct watch *w)
{
    io_close(w->root_fd);
    w->root_fd = -1;
}

/* ---- opening ---- */

/* Is the open folder the one that has our watch? */
static int is_watched_as(struct watch *w, uint32_t f, int fd, bool *ret)
{
    int wd;
    uint32_t mask = watch_mask((enum folder_role)folder_at(w, f)->role);
    int rc = add_watch(w, fd, mask, "watch.verify", &wd);

    *ret = !rc && wd == folder_at(w, f)->wd;
    if (wd >= 0 && wd != w->cookie_wd && folders_by_wd(&w->folders, wd) == FOLDER_NONE)
        remove_watch(w, wd);
    return rc;
}

int watch_open_folder(struct watch *w, uint32_t f, int *ret_fd)
{
    bool is_it = true;
    int fd;
    int rc = watch_open_root(w, NULL);

    *ret_fd = -1;
    if (rc)
        return is_fatal(rc) ? rc : 0;
    if (!folders_path(&w->folders, f, SLICE(""), &w->path))
        return watch_mark(w, f, true);
    if (w->path.failed)
        return PT_ENOMEM;
    if (w->path.n > SCAN_MAX_PATH) {
        w->n_too_deep++;
        return 0;
    }
    rc = io_openat_dir(w->root_fd, w->path.n ? w->path.p : ".", &fd, NULL);
    if (rc)
        return is_fatal(rc) ? rc : watch_mark(w, f, false);
    if (folder_at(w, f)->wd >= 0)
        rc = is_watched_as(w, f, fd, &is_it);
    if (!rc && is_it) {
        *ret_fd = fd;
        return 0;
    }
    io_close(fd);
    if (!rc)
        rc = watch_mark(w, f, false);
    /* Another folder is there. Mostly events are on their way; of mounts none will come. */
    if (!rc && f != FOLDER_ROOT)
        rc = watch_mark(w, folder_at(w, f)->parent, false);
    return rc;
}

/* ---- what is at a place ---- */

/* With the role that a folder has there; *ret_rc is set if it is not known whether it may. */
static bool may_enter(struct watch *w, uint32_t parent, struct slice name,
                      enum folder_role *ret_role, int *ret_rc)
{
    enum folder_role above = (enum folder_role)folder_at(w, parent)->role;
    uint32_t depth;

    *ret_rc = 0;
    *ret_role = FOLDER_TREE;
    if (above == FOLDER_GIT) {
        *ret_role = FOLDER_GIT_INFO;
        return slice_eq(name, SLICE("info"));
    }
    if (above == FOLDER_GIT_INFO)
        return false;
    if (slice_eq(name, SLICE(".git"))) {
        *ret_role = FOLDER_GIT;
        return parent == FOLDER_ROOT;
    }
    if (!folders_is_attached(&w->folders, parent, &depth) ||
        !folders_path(&w->folders, parent, name, &w->path)) {
        *ret_rc = watch_mark(w, parent, true);
        return false;
    }
    if (w->path.failed) {
        *ret_rc = PT_ENOMEM;
        return false;
    }
    if (depth >= w->options.max_depth || w->path.n > SCAN_MAX_PATH) {
        w->n_too_deep++;
        return false;
    }
    return !w->options.enter || w->options.enter(w->options.ctx, w->path.p);
}

/* Puts a folder there that the tree does not have yet. */
static uint32_t add_folder(struct watch *w, const struct place *p)
{
    return folders_add(&w->folders, p->parent, p->name.p, p->name.n, p->role);
}

/* There is a folder that cannot be opened. What the tree has there stays. */
static int settle_unreadable(struct watch *w, const struct place *p)
{
    uint32_t f = p->known;
    struct io_stat st = {0};

    if (f == FOLDER_NONE) {
        f = add_folder(w, p);
        if (f == FOLDER_NONE)
            return PT_ENOMEM;
        set_unreadable(w, f, true);
    }
    (void)io_stat(p->fd, p->name.p, &st, NULL);
    if (folder_at(w, f)->mode == st.mode)
        return 0;
    folder_at(w, f)->mode = (uint16_t)st.mode;
    return watch_report(w, f, SLICE(""), true);
}

static int settle_failed(struct watch *w, const struct place *p, int rc)
{
    if (is_fatal(rc))
        return rc;
    if (rc == PT_ENOENT || rc == PT_EINVAL) /* nothing, a file or a link */
        return p->known != FOLDER_NONE ? orphan(w, p->known) : 0;
    /* Permissions that change are told of. The disk may get well without a word. */
    if (rc != PT_EACCES)
        rc = watch_mark(w, p->parent, false);
    return rc == PT_ENOMEM ? rc : settle_unreadable(w, p);
}

/* Does the tree have the open folder at another place where it really is? One that is mounted
 * twice. */
static bool is_twice(struct watch *w, uint32_t holder, int fd)
{
    struct io_stat here;
    struct io_stat there;

    return w->root_fd >= 0 && folders_path(&w->folders, holder, SLICE(""), &w->path) &&
           !w->path.failed && io_stat_fd(fd, &here, NULL) == 0 &&
           io_stat(w->root_fd, w->path.n ? w->path.p : ".", &there, NULL) == 0 &&
           here.ino == there.ino && here.dev == there.dev;
}

/* The folder `holder` is at this place now. */
static int settle_moved(struct watch *w, const struct place *p, uint32_t holder)
{
    int rc = watch_report(w, holder, SLICE(""), true);

    if (rc)
        return rc;
    if (!folders_move(&w->folders, holder, p->parent, p->name.p, p->name.n))
        return PT_ENOMEM;
    drop_orphan(w, holder);
    rc = watch_report(w, holder, SLICE(""), true);
    /* What is ignored below it may depend on where it is. */
    if (!rc && (w->options.enter || p->deep))
        rc = watch_mark(w, holder, true);
    return rc;
}

static int stop_at_folder(void *ctx, const char *name, enum io_kind kind)
{
    (void)ctx;
    (void)name;
    return kind == IO_DIR;
}

/* Most folders have none in them, and need not be opened again. */
static int list_later(struct watch *w, uint32_t f, const struct place *p, bool is_new)
{
    if (folder_at(w, f)->first_child == FOLDER_NONE &&
        io_list(p->fd, stop_at_folder, NULL, NULL) == 0)
        return 0;
    return vec_push(&w->to_list, (struct to_list){f, p->deep || is_new, p->covered || is_new})
               ? 0
               : PT_ENOMEM;
}

/* It is new at its place, or was not watched: from now on it is, or it is polled. */
static int settle_new(struct watch *w, struct place *p, int wd)
{
    uint32_t f = p->known != FOLDER_NONE ? p->known : add_folder(w, p);
    int rc = 0;

    if (f == FOLDER_NONE) {
        if (wd >= 0)
            remove_watch(w, wd);
        return PT_ENOMEM;
    }
    set_unreadable(w, f, false);
    if (wd >= 0) {
        watch_poll_end(w, f);
        rc = set_wd(w, f, wd);
    } else {
        rc = watch_poll_begin(w, f, p->fd);
    }
    if (!rc && !p->covered)
        rc = watch_report(w, f, SLICE(""), true);
    return rc ? rc : list_later(w, f, p, true);
}

/* The folder is where the tree has it. */
static int settle_same(struct watch *w, const struct place *p)
{
    return p->deep ? list_later(w, p->known, p, false) : 0;
}

/* Notes its permissions, which decide what can be read below it. */
static int note_mode(struct watch *w, const struct place *p)
{
    uint32_t f = folders_find(&w->folders, p->parent, p->name.p, p->name.n);
    bool was_known = f != FOLDER_NONE && f == p->known;
    struct io_stat st;
    int rc;

    if (f == FOLDER_NONE || io_stat_fd(p->fd, &st, NULL) || folder_at(w, f)->mode == st.mode)
        return 0;
    folder_at(w, f)->mode = (uint16_t)st.mode;
    if (!was_known)
        return 0;
    rc = watch_mark(w, f, true); /* what was made below while it could not be read */
    return rc ? rc : watch_report(w, f, SLICE(""), true);
}

/* Which of the folders that we have is the one that was opened here, as `wd` says? */
static int settle(struct watch *w, struct place *p, int wd)
{
    uint32_t holder = folders_by_wd(&w->folders, wd);

    if (wd >= 0 && wd == w->cookie_wd)
        return 0; /* a misplaced folder for cookies: not of the tree */
    if (holder != FOLDER_NONE && holder == p->known)
        return settle_same(w, p);
    if (holder != FOLDER_NONE && folders_is_below(&w->folders, p->parent, holder)) {
        /* Mounted into itself, or what we know is mixed up. */
        w->lost |= !is_twice(w, holder, p->fd);
        return 0;
    }
    if (holder != FOLDER_NONE && is_twice(w, holder, p->fd)) {
        holder = FOLDER_NONE;
        wd = -1;
    }
    if (holder == FOLDER_NONE)
        keep_to_limit(w, &wd);
    if (p->known != FOLDER_NONE && (folder_at(w, p->known)->wd >= 0 || holder != FOLDER_NONE)) {
        int rc = orphan(w, p->known);
        if (rc)
            return rc;
        p->known = FOLDER_NONE;
    }
    if (holder != FOLDER_NONE)
        return settle_moved(w, p, holder);
    if (wd < 0 && p->known != FOLDER_NONE && folder_at(w, p->known)->polled != FOLDER_NONE)
        return settle_same(w, p);
    return settle_new(w, p, wd);
}

/* A folder that is watched for something else from now on is another one. */
static int add_for_role(struct watch *w, struct place *p, int *ret_wd)
{
    int rc = watch_add(w, p->fd, watch_mask(p->role), ret_wd);
    uint32_t holder = folders_by_wd(&w->folders, rc ? -1 : *ret_wd);

    if (holder == FOLDER_NONE || holder == FOLDER_ROOT ||
        folder_at(w, holder)->role == (uint8_t)p->role ||
        folders_is_below(&w->folders, p->parent, holder))
        return rc;
    if (folders_is_below(&w->folders, p->known, holder))
        p->known = FOLDER_NONE;
    rc = watch_report(w, holder, SLICE(""), true);
    watch_forget(w, holder);
    return rc ? rc : watch_add(w, p->fd, watch_mask(p->role), ret_wd);
}

int watch_look_at(struct watch *w, uint32_t f, int fd, const char *name, bool deep, bool covered)
{
    struct place p = {.parent = f, .name = slice_from(name), .fd = fd, .deep = deep};
    int child;
    int wd;
    int rc;

    p.covered = covered;
    p.known = folders_find(&w->folders, f, name, p.name.n);
    if (!may_enter(w, f, p.name, &p.role, &rc)) {
        if (!rc && p.known != FOLDER_NONE)
            watch_forget(w, p.known);
        return rc;
    }
    rc = io_openat_dir(fd, name, &child, NULL);
    if (rc)
        return settle_failed(w, &p, rc);
    p.fd = child;
    rc = add_for_role(w, &p, &wd);
    if (!rc)
        rc = settle(w, &p, wd);
    if (!rc)
        rc = note_mode(w, &p);
    io_close(child);
    return rc;
}

int watch_look(struct watch *w, uint32_t f, const char *name)
{
    int fd;
    int rc = watch_open_folder(w, f, &fd);

    if (rc || fd < 0)
        return rc;
    rc = watch_look_at(w, f, fd, name, false, false);
    io_close(fd);
    return rc ? rc : watch_list(w);
}

/* ---- listing ---- */

static int add_name(void *ctx, const char *name, enum io_kind kind)
{
    struct buf *names = ctx;

    if (kind == IO_DIR)
        buf_add(names, name, strlen(name) + 1);
    return names->failed ? PT_ENOMEM : 0;
}

/* What was not seen is not there any more, unless the listing failed: rc. */
static int sweep(struct watch *w, uint32_t f, int rc)
{
    uint32_t next;

    for (uint32_t child = folder_at(w, f)->first_child; child != FOLDER_NONE; child = next) {
        next = folder_at(w, child)->next;
        bool was_seen = (folder_at(w, child)->flags & FOLDER_SEEN) != 0;
        set_flags(folder_at(w, child), FOLDER_SEEN, false);
        if (!was_seen && !rc)
            rc = orphan(w, child);
    }
    return rc;
}

static int look_at_names(struct watch *w, const struct to_list *item, int fd)
{
    int rc = 0;

    for (size_t at = 0; at < w->names.n && !rc; at += strlen(w->names.p + at) + 1) {
        const char *name = w->names.p + at;
        uint32_t child;

        rc = watch_look_at(w, item->folder, fd, name, item->deep, item->covered);
        child = folders_find(&w->folders, item->folder, name, strlen(name));
        if (child != FOLDER_NONE)
            set_flags(folder_at(w, child), FOLDER_SEEN, true);
    }
    return rc;
}

static int list_one(struct watch *w, const struct to_list *item)
{
    int fd;
    int rc = watch_open_folder(w, item->folder, &fd);

    if (rc || fd < 0)
        return rc;
    buf_reset(&w->names);
    rc = io_list(fd, add_name, &w->names, NULL);
    if (!rc)
        rc = sweep(w, item->folder, look_at_names(w, item, fd));
    else if (!is_fatal(rc))
        rc = watch_mark(w, item->folder, item->deep); /* it was removed, or the disk is ill */
    io_close(fd);
    return rc;
}

int watch_list(struct watch *w)
{
    int rc = 0;

    while (w->to_list.len && !rc) {
        struct to_list item = vec_pop(&w->to_list);

        /* It may have gone since it was put on the list. */
        if (folders_is_attached(&w->folders, item.folder, NULL))
            rc = list_one(w, &item);
    }
    vec_clear(&w->to_list);
    return rc;
}

int watch_mark(struct watch *w, uint32_t f, bool deep)
{
    struct folder *folder = folder_at(w, f);

    if (!(folder->flags & FOLDER_DIRTY) && !vec_push(&w->dirty, f))
        return PT_ENOMEM;
    set_flags(folder, FOLDER_DIRTY | (deep ? FOLDER_DIRTY_DEEP : 0), true);
    return 0;
}

int watch_list_marked(struct watch *w)
{
    uint32_t n = w->dirty.len;
    uint32_t i = 0;
    int rc = 0;

    /* What cannot be listed yet is marked again, behind those that are there now. */
    for (; i < n && !rc; i++) {
        uint32_t f = w->dirty.at[i];
        bool deep = (folder_at(w, f)->flags & FOLDER_DIRTY_DEEP) != 0;

        if (!(folder_at(w, f)->flags & FOLDER_DIRTY))
            continue;
        set_flags(folder_at(w, f), FOLDER_DIRTY | FOLDER_DIRTY_DEEP, false);
        if (!folders_is_attached(&w->folders, f, NULL))
            rc = watch_mark(w, f, deep);
        else if (!vec_push(&w->to_list, (struct to_list){f, deep, false}))
            rc = PT_ENOMEM;
        else
            rc = watch_list(w);
    }
    if (w->dirty.len > i)
        memmove(w->dirty.at, w->dirty.at + i, (w->dirty.len - i) * sizeof(*w->dirty.at));
    vec_truncate(&w->dirty, w->dirty.len - i);
    return rc;
}

/* The root has neither a watch nor is it polled: it is new. */
static int begin_root(struct watch *w)
{
    struct folder *root = folder_at(w, FOLDER_ROOT);
    int wd;
    int rc = watch_add(w, w->root_fd, watch_mask(FOLDER_TREE), &wd);

    if (rc)
        return rc;
    keep_to_limit(w, &wd);
    if (wd >= 0) {
        watch_poll_end(w, FOLDER_ROOT);
        return set_wd(w, FOLDER_ROOT, wd);
    }
    return root->polled == FOLDER_NONE ? watch_poll_begin(w, FOLDER_ROOT, w->root_fd) : 0;
}

int watch_list_all(struct watch *w)
{
    int rc = watch_open_root(w, NULL);

    if (rc)
        return is_fatal(rc) ? rc : 0;
    if (folder_at(w, FOLDER_ROOT)->wd < 0)
        rc = begin_root(w);
    if (rc)
        return rc;
    if (!vec_push(&w->to_list, (struct to_list){FOLDER_ROOT, true, true}))
        return PT_ENOMEM;
    return watch_list(w);
}
