/* Is the graph of a workspace that follows its tree the graph of a clean index, whatever happens to
 * the tree and to the process that follows it?
 *
 *   equality-follow [--seed N] [--steps N] [--seconds N] [--keep] DIR...
 *
 * The source files of each DIR are written into a new tree. A child process follows it
 * (workspace_follow) while this one changes it at random (equality/tree_edits.h). Now and then the
 * child says, after workspace_sync, what the root of its graph is, which must be that of a clean
 * index of the tree; and what is on disk, as a reader of another process finds it, must be the same
 * and current.
 *
 * The child is killed at random: at a call that reads or changes the disk, after some time, between
 * two changes; or it closes the workspace. Another one goes on with what is on disk, perhaps after
 * changes that nobody saw, and after the shelf was damaged, which is only a cache. Or something
 * fails in it once, of which it must recover by itself; or some folders get no watch.
 *
 * --seconds is the time of all folders together. The same seed makes the same choices, but what
 * happens between threads and processes differs from run to run. The first difference ends the run:
 * it prints the seed, the step, what was done since the last comparison, and the files that differ;
 * exit status 1. With --keep the tree and the state stay.
 */
#include "base/clock.h"
#include "base/fault.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/workspace.h"
#include "equality/tree_edits.h"
#include "graph/merkle.h"
#include "store/store.h"
#include "support/disk.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define STEPS_UNTIL_COMPARED 4u
#define IO_CALLS_MAX 3000u
#define LIFE_US_MAX 400000u
#define PATIENCE_S 40u
#define LOG_LIMIT 4096u /* so that snapshots are taken all the time */

static struct edits texts;
static struct tree_edits tree;
static uint64_t seed = 1;
static uint32_t step;
static bool keep;
static char *base; /* the folder of all that a run makes */
static char root[4096];

static uint32_t below(uint32_t n)
{
    return edits_below(&texts, n);
}

_Noreturn static void die(const char *what)
{
    (void)fprintf(stderr, "equality-follow: %s: %s\n", what, strerror(errno));
    exit(2);
}

static void check(int rc, const struct err *err)
{
    if (rc == PT_OK)
        return;
    (void)fprintf(stderr, "equality-follow: seed %llu, step %u: %s\n", (unsigned long long)seed,
                  step, err->msg);
    exit(2);
}

/* ---- the child ---- */

enum order { ORDER_SYNC = 's', ORDER_LIST = 'l', ORDER_CLOSE = 'c' };

struct answer {
    int rc;
    bool has_root; /* else it only says that it began, or has listed */
    struct hash128 root;
    char msg[512];
};

/* What happens to a child, if it is not told to end. */
struct fate {
    uint32_t io_call;    /* killed at this one; 0: not so */
    uint32_t life_us;    /* killed after so long; 0: not so */
    const char *trouble; /* a fault point; NULL: none */
    uint32_t nth;        /* it fails this one time */
    int err_no;
    uint32_t polled_every; /* of the folders, one in so many gets no watch; 0: all get one */
    uint64_t log_limit;    /* of its store */
};

struct wait {
    pthread_mutex_t mutex;
    pthread_cond_t cond;
    bool done;
    struct answer *answer;
};

static void synced(void *ctx, int rc, const struct err *err)
{
    struct wait *w = ctx;
    (void)pthread_mutex_lock(&w->mutex);
    w->done = true;
    w->answer->rc = rc;
    if (rc != PT_OK)
        (void)snprintf(w->answer->msg, sizeof(w->answer->msg), "workspace_sync: %s", err->msg);
    (void)pthread_cond_signal(&w->cond);
    (void)pthread_mutex_unlock(&w->mutex);
}

static int root_of(struct workspace *w, struct hash128 *ret, struct err *err)
{
    struct view v;
    int rc = workspace_pin(w, &v, err);
    if (rc != PT_OK)
        return rc;
    if (!view_root(&v, ret))
        rc = err_set(err, PT_ENOMEM, "no root");
    workspace_unpin(w, &v);
    return rc;
}

static void answer_sync(struct workspace *ws, struct answer *a)
{
    struct wait w = {
        .mutex = PTHREAD_MUTEX_INITIALIZER, .cond = PTHREAD_COND_INITIALIZER, .answer = a};
    struct err err = {0};
    a->rc = workspace_sync(ws, synced, &w, &err);
    (void)pthread_mutex_lock(&w.mutex);
    while (a->rc == PT_OK && !w.done)
        (void)pthread_cond_wait(&w.cond, &w.mutex);
    (void)pthread_mutex_unlock(&w.mutex);
    if (a->rc == PT_OK)
        a->rc = root_of(ws, &a->root, &err);
    a->has_root = true;
    if (a->rc != PT_OK && a->msg[0] == '\0')
        (void)snprintf(a->msg, sizeof(a->msg), "%s", err.msg);
}

/* ../leaves: a record of each file, "leaf path" and a NUL. */
static void answer_list(struct workspace *ws, struct answer *a)
{
    struct err err = {0};
    struct view v;
    FILE *out = fopen("../leaves", "we");
    a->rc = workspace_pin(ws, &v, &err);
    if (out == NULL || a->rc != PT_OK)
        die("the list of leaves");
    for (uint32_t i = 0; i < view_file_limit(&v); i++) {
        if (!view_has_file(&v, i))
            continue;
        struct hash128 leaf = live_file(&v, i)->leaf;
        (void)fprintf(out, "%016llx%016llx %s%c", (unsigned long long)leaf.hi,
                      (unsigned long long)leaf.lo, view_path(&v, i), '\0');
    }
    workspace_unpin(ws, &v);
    (void)fclose(out);
}

static void send_answer(int fd, const struct answer *a)
{
    if (write(fd, a, sizeof(*a)) != (ssize_t)sizeof(*a))
        die("an answer");
}

static void obey(struct workspace *w, int from, int to)
{
    char order;
    while (read(from, &order, 1) == 1 && order != ORDER_CLOSE) {
        struct answer a = {0};
        if (order == ORDER_SYNC)
            answer_sync(w, &a);
        else
            answer_list(w, &a);
        send_answer(to, &a);
    }
}

static void arm(const struct fate *fate)
{
    const struct itimerval life = {
        .it_value = {.tv_sec = fate->life_us / 1000000, .tv_usec = fate->life_us % 1000000}};
    if (fate->io_call > 0)
        fault_arm("io.*", fate->io_call, FAULT_KILL);
    if (fate->trouble != NULL)
        fault_arm(fate->trouble, fate->nth, fate->err_no);
    if (fate->polled_every > 0)
        fault_arm_every("watch.add", fate->polled_every, ENOSPC);
    /* SIGALRM ends it as a kill does */
    if (fate->life_us > 0 && setitimer(ITIMER_REAL, &life, NULL) != 0)
        die("setitimer");
}

/* What a child has to say before it obeys: that it could not begin. */
_Noreturn static void live(const struct fate *fate, int from, int to)
{
    const struct follow_options o = {
        .threads = 2, .durability = WAL_COMMIT, .log_limit = fate->log_limit};
    struct answer a = {0};
    struct workspace *w = NULL;
    const char *notice = NULL;
    struct err err = {0};
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    log_set_level(LOG_LEVEL_ERROR);
    arm(fate);
    a.rc = workspace_open(root, &w, &notice, &err);
    if (a.rc == PT_OK && notice != NULL)
        a.rc = err_set(&err, PT_ECORRUPT, "%s", notice);
    if (a.rc == PT_OK)
        a.rc = workspace_follow(w, &o, &err);
    (void)snprintf(a.msg, sizeof(a.msg), "%s", err.msg);
    send_answer(to, &a);
    if (a.rc == PT_OK)
        obey(w, from, to);
    workspace_close(w);
    fault_disarm_all();
    texts.n_files = 0;
    exit(0);
}

/* ---- its parent ---- */

struct child {
    pid_t pid; /* 0: there is none */
    int orders, answers;
    bool mortal;   /* it may end at any time */
    bool troubled; /* something may fail once */
};

struct counts {
    uint32_t comparisons, lives, kills, closes;
};

static struct child child;
static struct counts counts;

static bool fail(const char *what)
{
    (void)printf("seed %llu, step %u: %s, after\n%s", (unsigned long long)seed, step, what,
                 buf_cstr(&tree.story));
    return false;
}

static void say(const char *what)
{
    buf_printf(&tree.story, "  %s\n", what);
}

static void order(enum order what)
{
    char c = (char)what;
    if (child.pid != 0)
        (void)!write(child.orders, &c, 1); /* that it is dead is heard */
}

/* True if it ended as it was meant to. */
static bool bury(bool was_killed)
{
    int status = 0;
    pid_t pid = child.pid;
    (void)close(child.orders);
    child.pid = 0;
    if (waitpid(pid, &status, 0) != pid)
        die("waitpid");
    (void)close(child.answers);
    bool killed =
        WIFSIGNALED(status) && (WTERMSIG(status) == SIGKILL || WTERMSIG(status) == SIGALRM);
    counts.kills += killed;
    counts.closes += WIFEXITED(status);
    if ((WIFEXITED(status) && WEXITSTATUS(status) == 0) || (killed && (was_killed || child.mortal)))
        return true;
    char what[100];
    (void)snprintf(what, sizeof(what), "the child ended with status 0x%x", (unsigned)status);
    return fail(what);
}

static bool kill_child(void)
{
    if (child.pid == 0)
        return true;
    say("killed");
    (void)kill(child.pid, SIGKILL);
    return bury(true);
}

static bool close_child(void)
{
    if (child.pid == 0)
        return true;
    say("closed");
    order(ORDER_CLOSE);
    return bury(false);
}

/* False: it is dead; that it is buried well, *ret_ok says. */
static bool hear(struct answer *ret, bool *ret_ok)
{
    ssize_t n = read(child.answers, ret, sizeof(*ret));
    *ret_ok = true;
    if (n == (ssize_t)sizeof(*ret))
        return true;
    say("it died");
    *ret_ok = bury(false);
    return false;
}

static void draw_trouble(struct fate *f)
{
    static const struct {
        const char *point;
        int err_no;
        uint32_t among;
    } troubles[] = {
        {"mem.alloc", ENOMEM, 6000},  {"io.open", EMFILE, 300},     {"io.write", ENOSPC, 60},
        {"io.write", FAULT_TORN, 60}, {"io.sync", EIO, 30},         {"io.rename", EIO, 10},
        {"io.stat", ENOMEM, 200},     {"io.mmap", ENOMEM, 10},      {"io.truncate", EIO, 10},
        {"watch.read", EIO, 60},      {"watch.verify", ENOMEM, 60}, {"watch.add", ENOMEM, 60},
    };
    unsigned i = below(sizeof(troubles) / sizeof(*troubles));
    f->trouble = troubles[i].point;
    f->err_no = troubles[i].err_no;
    f->nth = 1 + below(troubles[i].among);
}

static struct fate draw_fate(void)
{
    struct fate f = {.log_limit = below(2) == 0 ? LOG_LIMIT : 0};
    switch (below(6)) {
    case 0: f.io_call = 1 + below(IO_CALLS_MAX); break;
    case 1: f.life_us = 1 + below(LIFE_US_MAX); break;
    case 2: draw_trouble(&f); break;
    case 3: f.polled_every = 1 + below(4); break;
    default: break;
    }
    return f;
}

static void say_fate(const struct fate *f)
{
    say("a new child");
    if (f->io_call > 0)
        buf_printf(&tree.story, "  to die at io call %u\n", f->io_call);
    if (f->life_us > 0)
        buf_printf(&tree.story, "  to die after %u us\n", f->life_us);
    if (f->trouble != NULL)
        buf_printf(&tree.story, "  whose %s fails once, as number %u, with %d\n", f->trouble,
                   f->nth, f->err_no);
    if (f->polled_every > 0)
        buf_printf(&tree.story, "  that polls one in %u folders\n", f->polled_every);
}

static void start_child(void)
{
    int orders[2], answers[2];
    struct fate fate = draw_fate();
    say_fate(&fate);
    (void)fflush(NULL);
    if (pipe(orders) != 0 || pipe(answers) != 0)
        die("pipe");
    pid_t pid = fork();
    if (pid < 0)
        die("fork");
    if (pid == 0) {
        (void)close(orders[1]);
        (void)close(answers[0]);
        live(&fate, orders[0], answers[1]);
    }
    (void)close(orders[0]);
    (void)close(answers[1]);
    child = (struct child){.pid = pid,
                           .orders = orders[1],
                           .answers = answers[0],
                           .mortal = fate.io_call > 0 || fate.life_us > 0,
                           .troubled = fate.trouble != NULL};
    counts.lives++;
}

/* ---- the shelf ---- */

static void damage_file(const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return;
    buf_printf(&tree.story, "  damaged %s\n", path);
    switch (below(3)) {
    case 0: (void)unlink(path); break;
    case 1: (void)!truncate(path, (off_t)below((uint32_t)st.st_size + 1)); break;
    default: (void)!truncate(path, st.st_size + 4096); break;
    }
}

static void damage_shelf(const char *state)
{
    char path[8192];
    DIR *d = opendir(state);
    for (struct dirent *e = d != NULL ? readdir(d) : NULL; e != NULL; e = readdir(d)) {
        (void)snprintf(path, sizeof(path), "%s/%s", state, e->d_name);
        if (strncmp(e->d_name, "facts-", 6) == 0)
            damage_file(path);
    }
    if (d != NULL)
        (void)closedir(d);
}

/* ---- comparing ---- */

struct clean {
    struct store *store;
    struct view view;
    struct hash128 root;
};

static void make_clean(struct clean *c)
{
    const struct pipeline_options o = {.threads = 1};
    struct pipeline_report report;
    struct delta d;
    struct err err = {0};
    check(pipeline_tree(root, &o, &d, &report, &err), &err);
    check(store_open_memory(&c->store, &err), &err);
    check(store_apply(c->store, &d, &err), &err);
    check(store_pin(c->store, &c->view, &err), &err);
    delta_release(&d);
    pipeline_report_release(&report);
    if (!view_root(&c->view, &c->root))
        die("no root");
}

static void free_clean(struct clean *c)
{
    store_unpin(c->store, &c->view);
    store_close(c->store);
}

static void show_file(const struct clean *c, const char *record)
{
    char leaf[33] = "";
    const char *path = record + sizeof(leaf);
    uint32_t file = view_find_file(&c->view, path);
    if (file != ID_NONE) {
        struct hash128 h = live_file(&c->view, file)->leaf;
        (void)snprintf(leaf, sizeof(leaf), "%016llx%016llx", (unsigned long long)h.hi,
                       (unsigned long long)h.lo);
    }
    if (strncmp(leaf, record, sizeof(leaf) - 1) != 0)
        (void)printf("  differs: %s%s\n", path, file == ID_NONE ? " (too many)" : "");
}

static bool has_record(const struct buf *list, const char *path)
{
    for (size_t at = 0; at < list->n; at += strlen(list->p + at) + 1) {
        if (strcmp(list->p + at + 33, path) == 0)
            return true;
    }
    return false;
}

/* Prints the files whose parts of the graph differ, as the child lists them. */
static void show(const struct clean *c)
{
    struct buf list = {0};
    struct answer a;
    struct err err = {0};
    bool ok;
    order(ORDER_LIST);
    if (!hear(&a, &ok))
        return;
    check(io_read_file(IO_CWD, "../leaves", SIZE_MAX / 2, &list, &err), &err);
    for (size_t at = 0; at < list.n; at += strlen(list.p + at) + 1)
        show_file(c, list.p + at);
    for (uint32_t i = 0; i < view_file_limit(&c->view); i++) {
        if (view_has_file(&c->view, i) && !has_record(&list, view_path(&c->view, i)))
            (void)printf("  differs: %s (lacking)\n", view_path(&c->view, i));
    }
    buf_release(&list);
}

/* What a reader of another process finds. */
static bool compare_on_disk(const struct hash128 *want)
{
    struct workspace *w = NULL;
    struct hash128 found = {0};
    const char *notice = NULL;
    struct err err = {0};
    uint32_t stale = 0;
    int rc = workspace_open(root, &w, &notice, &err);
    if (rc == PT_OK)
        rc = root_of(w, &found, &err);
    if (rc == PT_OK)
        rc = workspace_check(w, NULL, &stale, &err);
    bool foreign = rc == PT_OK && workspace_foreign(w);
    workspace_close(w);
    if (rc != PT_OK)
        return fail(err.msg);
    if (!hash128_eq(found, *want))
        return fail("what is on disk is not what was acknowledged");
    if (foreign)
        return fail("the graph on disk does not say whose it is");
    if (stale > 0)
        return fail("the graph on disk does not count as current");
    return true;
}

static bool compare_with(const struct answer *a)
{
    struct clean c = {0};
    struct answer again;
    bool ok = true;
    make_clean(&c);
    if (hash128_eq(a->root, c.root)) {
        ok = below(2) == 0 || compare_on_disk(&c.root);
    } else {
        ok = fail("the graph is not that of a clean index");
        show(&c);
        bool heard;
        order(ORDER_SYNC);
        if (child.pid != 0 && hear(&again, &heard))
            (void)printf("  another sync %s\n",
                         hash128_eq(again.root, c.root) ? "mends it" : "does not mend it");
    }
    free_clean(&c);
    counts.comparisons++;
    if (ok)
        buf_reset(&tree.story);
    return ok;
}

/* The next state of its graph that it tells. False: it is dead, or cannot tell; *ret_ok: that is
 * as it should be. What it says first, that it began, is passed over. */
static bool hear_root(struct answer *ret, bool *ret_ok)
{
    for (;;) {
        if (!hear(ret, ret_ok))
            return false;
        if (ret->rc != PT_OK)
            break;
        if (ret->has_root)
            return true;
    }
    *ret_ok = child.troubled || fail(ret->msg);
    buf_printf(&tree.story, "  trouble: %s\n", ret->msg);
    return false;
}

/* A child with trouble begins again after a while. */
static bool compare(void)
{
    uint64_t until = clock_now_ns() + PATIENCE_S * CLOCK_NS_PER_SEC;
    struct answer a;
    bool ok = true;
    while (ok && clock_now_ns() < until) {
        if (child.pid == 0)
            start_child();
        say("sync");
        order(ORDER_SYNC);
        if (hear_root(&a, &ok))
            return compare_with(&a);
        if (ok && child.pid == 0)
            return true;
        (void)usleep(20000);
    }
    return ok && fail("no end of trouble");
}

/* What it says to a sync while the tree changes is of no interest. */
static bool sync_meanwhile(void)
{
    struct answer a;
    bool ok = true;
    say("sync, not waited for");
    order(ORDER_SYNC);
    for (unsigned n = 1 + below(3); n > 0; n--)
        tree_edits_step(&tree);
    return hear_root(&a, &ok) || ok;
}

/* It learns late of all that happens. */
static void change_while_stopped(void)
{
    say("stopped");
    (void)kill(child.pid, SIGSTOP);
    for (unsigned n = 2 + below(6); n > 0; n--)
        tree_edits_step(&tree);
    say("goes on");
    (void)kill(child.pid, SIGCONT);
}

/* ---- a run ---- */

static const char *state_dir(void)
{
    static char state[8192];
    struct workspace *w = NULL;
    struct err err = {0};
    check(workspace_open_closed(root, &w, &err), &err);
    (void)snprintf(state, sizeof(state), "%s", workspace_state_dir(w));
    workspace_close(w);
    return state;
}

/* The end of a life, and what happens until the next one begins. */
static bool end_life(void)
{
    bool ok = below(3) == 0 ? close_child() : kill_child();
    for (unsigned n = below(3); ok && n > 0; n--)
        tree_edits_step(&tree);
    if (below(6) == 0)
        damage_shelf(state_dir());
    return ok;
}

static void move_into_root(const char *old)
{
    char from[8192], to[8192];
    DIR *d = opendir(old);
    for (struct dirent *e = d != NULL ? readdir(d) : NULL; e != NULL; e = readdir(d)) {
        (void)snprintf(from, sizeof(from), "%s/%s", old, e->d_name);
        (void)snprintf(to, sizeof(to), "%s/%s", root, e->d_name);
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 && rename(from, to) != 0)
            die(to);
    }
    if (d != NULL)
        (void)closedir(d);
}

/* The root goes; it comes back, or another folder has its place and what was in it. */
static void lose_root(void)
{
    char aside[4200];
    bool back = below(2) == 0;
    say(back ? "the root went and came back" : "the root is another folder");
    (void)snprintf(aside, sizeof(aside), "%s/old", base);
    if (rename(root, aside) != 0)
        die(aside);
    (void)usleep(below(30000));
    if (back && rename(aside, root) == 0)
        return;
    if (mkdir(root, 0755) != 0)
        die(root);
    move_into_root(aside);
    if (chdir(root) != 0 || rmdir(aside) != 0)
        die(aside);
}

static bool do_step(void)
{
    buf_printf(&tree.story, "  step %u\n", step);
    if (child.pid == 0)
        start_child();
    for (unsigned n = 1 + below(STEPS_UNTIL_COMPARED); n > 0; n--) {
        tree_edits_step(&tree);
        if (below(4) == 0)
            (void)usleep(below(60000));
    }
    switch (below(16)) {
    case 0:
    case 1: return end_life();
    case 2: return sync_meanwhile();
    case 3: change_while_stopped(); break;
    case 4:
        if (below(3) == 0) {
            lose_root();
            child.troubled = true;
        }
        break;
    default: break;
    }
    return compare();
}

static void enter_new_tree(const char *dir)
{
    char path[4200];
    struct err err = {0};
    base = disk_temp_dir();
    (void)snprintf(path, sizeof(path), "%s/state", base);
    (void)snprintf(root, sizeof(root), "%s/tree", base);
    if (setenv("XDG_STATE_HOME", path, 1) != 0 || mkdir(root, 0755) != 0)
        die(root);
    check(edits_read(&texts, dir, seed, &err), &err);
    if (chdir(root) != 0)
        die(root);
    tree_edits_init(&tree, &texts);
}

static void leave_tree(int home)
{
    tree_edits_release(&tree);
    edits_release(&texts);
    if (fchdir(home) != 0)
        die("fchdir");
    if (keep)
        (void)printf("kept: %s\n", base);
    else
        disk_remove_dir(base);
    free(base);
}

static bool run(const char *dir, uint32_t steps, uint64_t end_ns)
{
    int home = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = true;
    if (home < 0)
        die(".");
    counts = (struct counts){0};
    enter_new_tree(dir);
    uint32_t n_files = texts.n_files;
    for (step = 1; ok && n_files > 0 && step <= steps && clock_now_ns() < end_ns; step++)
        ok = do_step();
    if (ok)
        ok = compare() && close_child();
    (void)printf(
        "%s: seed %llu: %u files, %u steps, %u comparisons, %u lives, %u kills, %u closes%s\n", dir,
        (unsigned long long)seed, n_files, step - 1, counts.comparisons, counts.lives, counts.kills,
        counts.closes, ok ? "" : ": FAILED");
    if (child.pid != 0)
        (void)kill_child();
    leave_tree(home);
    (void)close(home);
    return ok;
}

int main(int argc, char **argv)
{
    uint32_t steps = 200;
    uint64_t seconds = UINT64_C(1) << 30;
    int i = 1;
    bool same = true;
    (void)signal(SIGPIPE, SIG_IGN);
    for (; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
        if (strcmp(argv[i], "--keep") == 0)
            keep = true;
        else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
            seed = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--steps") == 0 && i + 1 < argc)
            steps = (uint32_t)strtoul(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--seconds") == 0 && i + 1 < argc)
            seconds = strtoull(argv[++i], NULL, 10) % (UINT64_C(1) << 31);
        else
            break;
    }
    uint64_t share_ns = i < argc ? seconds * CLOCK_NS_PER_SEC / (uint64_t)(argc - i) : 0;
    for (; same && i < argc; i++)
        same = run(argv[i], steps, clock_now_ns() + share_ns);
    return same ? 0 : 1;
}
