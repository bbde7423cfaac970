/* Crashing: which disks to build at each point, having them checked, and telling of failures. */
#include "support/disk.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/io_observe.h"
#include "base/str.h"
#include "support/disk_model.h"

#include <assert.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PRINTED_FAILURES 3u
#define EXHAUSTIVE_SECTORS 16u /* a write of more is never torn in all ways */

struct run {
    const struct disk_plan *plan;
    struct disk_report *report;
    const struct disk_history *history;
    const struct run *outer; /* of whose check this is the history */
    struct disk_model model;
    struct disk_state state;
    VEC(struct disk_pick) picks; /* for each open change of the model */
    VEC(uint32_t) free;          /* which of them are to be chosen */
    struct map seen;             /* hashes of states */
    uint64_t acked;
    uint64_t start, rng; /* of this point */
    uint64_t n_tried;    /* disks, at this point */
    char *dir;           /* owned; each state is made in a directory in it */
};

static void must(bool ok)
{
    if (!ok)
        disk_die("out of memory", NULL);
}

static uint64_t rng_next(struct run *r)
{
    return hash_mix64(r->rng += 0x9e3779b97f4a7c15u);
}

static bool is_likely(struct run *r, unsigned of_8)
{
    return rng_next(r) % 8 < of_8;
}

/* ---- plans ---- */

static bool env_number(const char *name, uint64_t *ret)
{
    const char *text = getenv(name);
    char *end = NULL;

    if (text == NULL || *text == '\0')
        return false;
    *ret = strtoull(text, &end, 10);
    if (*end != '\0')
        disk_die("not a number", name);
    return true;
}

struct disk_plan disk_plan(const char *name, uint64_t seed)
{
    struct disk_plan p = {.name = name, .seed = seed, .all = 64, .extremes = 48, .samples = 24};
    uint64_t n;

    p.only = env_number("PT_CRASH_POINT", &n);
    if (p.only)
        p.point = (uint32_t)n;
    if (env_number("PT_CRASH_STATES", &n)) {
        p.samples = p.extremes = (uint32_t)n;
        p.all = 2 * p.samples;
    }
    return p;
}

struct disk_seeds disk_seeds(uint64_t n)
{
    struct disk_seeds ret = {.first = 1};
    uint64_t count = n, point;

    (void)env_number("PT_CRASH_SEED", &ret.first);
    (void)env_number("PT_CRASH_SEEDS", &count);
    if (env_number("PT_CRASH_POINT", &point))
        count = 1;
    ret.last = ret.first + count - 1;
    return ret;
}

/* ---- telling ---- */

static const char *const kind_names[] = {
    [IO_CREATE] = "create", [IO_MKDIR] = "mkdir",   [IO_WRITE] = "write",   [IO_RESIZE] = "resize",
    [IO_SYNC] = "sync",     [IO_RENAME] = "rename", [IO_REMOVE] = "remove",
};

static void tell_event(const struct disk_event *e, struct buf *b)
{
    buf_printf(b, "%s %s", kind_names[e->kind], *e->path ? e->path : ".");
    if (e->kind == IO_WRITE)
        buf_printf(b, " bytes %" PRIu64 "-%" PRIu64 "%s", e->at, e->at + e->n - 1,
                   e->grows ? ", longer" : "");
    else if (e->kind == IO_RESIZE)
        buf_printf(b, " to %" PRIu64, e->at);
    else if (e->to != NULL)
        buf_printf(b, " to %s", e->to);
    if (e->failed)
        buf_str(b, " (which failed)");
}

static void tell_pick(const struct disk_event *e, const struct disk_pick *pick, struct buf *b)
{
    bool is_torn = pick->keep && pick->torn;

    buf_printf(b, "  %s", is_torn ? "torn   " : pick->keep ? "kept   " : "dropped");
    buf_char(b, ' ');
    tell_event(e, b);
    if (e->grows && pick->size != pick->keep)
        buf_str(b, pick->size ? "; the size is kept" : "; the size is dropped");
    if (is_torn) {
        buf_str(b, "; sectors ");
        for (uint32_t i = 0; i < disk_sectors(e) && i < 80; i++)
            buf_char(b, disk_picks_sector(pick, e, i) ? '#' : '.');
    }
    buf_char(b, '\n');
}

static void tell_state(struct run *r, struct buf *b)
{
    const struct disk_event *events = r->history->events.at;

    buf_printf(b, "point %u of %u, acknowledged %" PRIu64 "; not sure to be on disk:\n",
               r->model.point, r->history->events.len, r->acked);
    for (uint32_t i = 0; i < r->free.len; i++) {
        uint32_t k = r->free.at[i];
        tell_pick(&events[r->model.open.at[k].event], &r->picks.at[k], b);
    }
    if (r->model.point < r->history->events.len) {
        buf_str(b, "not done any more: ");
        tell_event(&events[r->model.point], b);
        buf_char(b, '\n');
    }
    buf_str(b, "the disk then:\n");
    disk_state_list(&r->state, b);
}

static void tell_failure(struct run *r, struct buf *b, const struct err *err)
{
    const struct run *top = r->outer != NULL ? r->outer : r;

    buf_printf(b, "crash of %s, seed %" PRIu64 ": %s: %s\n", r->plan->name, top->plan->seed,
               err_name(err->code), err->msg);
    buf_printf(b, "(repeat with PT_CRASH_SEED=%" PRIu64 " PT_CRASH_POINT=%u)\n", top->plan->seed,
               top->model.point);
    if (r->outer != NULL) {
        buf_str(b, "First ");
        tell_state((struct run *)(uintptr_t)r->outer, b);
        buf_str(b, "then recovery crashed at ");
    }
    tell_state(r, b);
}

/* ---- checks that die ---- */

/* Says where it was, whoever else handles the signal. */
static char last_words[256];
static struct sigaction handlers_before[NSIG];
static const int deadly[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};

/* Sanitizers keep signals to themselves, and call this. */
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static void say_last_words(void)
{
    if (write(STDERR_FILENO, last_words, strlen(last_words)) < 0)
        _exit(1);
}

static void on_death(int signal)
{
    say_last_words();
    (void)sigaction(signal, &handlers_before[signal], NULL);
    (void)raise(signal);
}

static void handle_death(bool on)
{
    struct sigaction action = {.sa_handler = on_death, .sa_flags = SA_NODEFER};

    for (size_t i = 0; i < PT_COUNT(deadly); i++)
        (void)sigaction(deadly[i], on ? &action : &handlers_before[deadly[i]],
                        on ? &handlers_before[deadly[i]] : NULL);
    if (__sanitizer_set_death_callback != NULL)
        __sanitizer_set_death_callback(on ? say_last_words : NULL);
}

static void prepare_last_words(const struct run *r)
{
    const struct run *top = r->outer != NULL ? r->outer : r;

    (void)snprintf(last_words, sizeof(last_words),
                   "crash of %s: the check died; repeat with PT_CRASH_SEED=%" PRIu64
                   " PT_CRASH_POINT=%u\n",
                   r->plan->name, top->plan->seed, top->model.point);
}

/* ---- failures ---- */

static void keep_disk(struct run *r)
{
    const char *keep = getenv("PT_CRASH_KEEP");

    if (keep != NULL && *keep != '\0' && access(keep, F_OK) != 0)
        disk_state_write(&r->state, keep);
}

static void fail(struct run *r, const struct err *err)
{
    struct buf b = {0};
    struct disk_report *report = r->report;

    tell_failure(r, &b, err);
    if (report->failed == 0)
        (void)snprintf(report->first, sizeof(report->first), "%s", buf_cstr(&b));
    if (!r->plan->quiet) {
        if (report->failed < PRINTED_FAILURES)
            (void)fprintf(stderr, "%s\n", buf_cstr(&b));
        if (report->failed == 0)
            keep_disk(r);
    }
    report->failed++;
    buf_release(&b);
}

static uint64_t all_distinct, all_recrashed;
static double all_seconds;

void disk_total_print(void)
{
    printf("crash points: %" PRIu64 ", %" PRIu64 " of them in recovery, in %.1f s\n",
           all_distinct + all_recrashed, all_recrashed, all_seconds);
    (void)fflush(stdout);
}

void disk_report_print(const char *name, const struct disk_report *report)
{
    all_distinct += report->distinct;
    all_recrashed += report->recrashed;
    all_seconds += report->seconds;
    printf("%s: %" PRIu64 " points, %" PRIu64 " disks chosen, %" PRIu64 " distinct, %" PRIu64
           " more after crashes of recovery, %" PRIu64 " failed, %.1f s (seeds %" PRIu64
           " to %" PRIu64 ")\n",
           name, report->points, report->states, report->distinct, report->recrashed,
           report->failed, report->seconds, report->first_seed, report->last_seed);
    (void)fflush(stdout);
}

/* ---- one state ---- */

static void crash_history(struct run *r);

/* Checks in `dir`; what the check does there is a history of its own. */
static void check_and_crash(struct run *r, const char *dir)
{
    struct disk *d = disk_new(dir);
    struct disk_plan plan = *r->plan;
    struct err err = {0};

    disk_begin(d);
    int rc = plan.check(plan.ctx, dir, r->acked, &err);
    disk_end(d);
    if (rc != 0) {
        fail(r, &err);
    } else {
        plan.only = false;
        plan.recrash = 0;
        struct run inner = {.plan = &plan,
                            .report = r->report,
                            .history = &d->history,
                            .outer = r,
                            .acked = r->acked};
        crash_history(&inner);
    }
    disk_free(d);
}

static void check_state(struct run *r)
{
    char dir[PATH_MAX];
    struct err err = {0};

    if (snprintf(dir, sizeof(dir), "%s/disk", r->dir) >= (int)sizeof(dir))
        disk_die("too long a path", r->dir);
    disk_state_write(&r->state, dir);
    if (r->plan->recrash > 0 && hash_mix64(r->start + r->n_tried) % r->plan->recrash == 0)
        check_and_crash(r, dir);
    else if (r->plan->check(r->plan->ctx, dir, r->acked, &err) != 0)
        fail(r, &err);
    disk_remove_dir(dir);
}

/* The disk of r->picks. */
static void try_picks(struct run *r)
{
    bool is_new;

    r->n_tried++;
    disk_state_build(&r->state, &r->model, r->picks.at);
    uint64_t hash = disk_state_hash(&r->state) + hash_mix64(r->acked + 1);
    must(map_put(&r->seen, hash, 0, &is_new) != NULL);
    if (r->outer == NULL)
        r->report->states++;
    else if (r->model.point == 0) /* the disk that its check began with */
        return;
    if (!is_new)
        return;
    if (r->outer == NULL)
        r->report->distinct++;
    else
        r->report->recrashed++;
    check_state(r);
}

/* ---- choosing ---- */

static const struct disk_event *free_event(const struct run *r, uint32_t i)
{
    return &r->history->events.at[r->model.open.at[r->free.at[i]].event];
}

static struct disk_pick *free_pick(struct run *r, uint32_t i)
{
    return &r->picks.at[r->free.at[i]];
}

static void pick_each(struct run *r, bool keep)
{
    for (uint32_t i = 0; i < r->free.len; i++)
        *free_pick(r, i) = (struct disk_pick){.keep = keep, .size = keep};
}

/* How many disks differ in this change alone; 0: too many. */
static uint64_t count_ways(const struct disk_event *e)
{
    if (e->kind != IO_WRITE)
        return 2;
    if (disk_sectors(e) > EXHAUSTIVE_SECTORS)
        return 0;
    return (UINT64_C(1) << disk_sectors(e)) * (e->grows ? 2 : 1);
}

/* Of all changes together, or 0 if it is more than `most`. */
static uint64_t count_disks(const struct run *r, uint64_t most)
{
    uint64_t n = 1;

    for (uint32_t i = 0; i < r->free.len; i++) {
        n *= count_ways(free_event(r, i));
        if (n == 0 || n > most)
            return 0;
    }
    return n;
}

static void pick_way(struct disk_pick *pick, const struct disk_event *e, uint64_t way)
{
    *pick = (struct disk_pick){.keep = way % 2 != 0, .size = way % 2 != 0};
    if (e->kind != IO_WRITE)
        return;
    if (e->grows) {
        way /= 2;
    }
    pick->sectors = way;
    pick->keep = way != 0;
    pick->torn = way + 1 != UINT64_C(1) << disk_sectors(e);
}

static void try_all(struct run *r, uint64_t n)
{
    for (uint64_t k = 0; k < n; k++) {
        uint64_t rest = k;
        for (uint32_t i = 0; i < r->free.len; i++) {
            uint64_t ways = count_ways(free_event(r, i));
            assert(ways > 0);
            pick_way(free_pick(r, i), free_event(r, i), rest % ways);
            rest /= ways;
        }
        try_picks(r);
    }
}

enum { OF_ALL_TOGETHER = 5, OF_EACH = 6 };

static void pick_extreme_of_all(struct run *r, uint32_t which)
{
    pick_each(r, which == 1);
    for (uint32_t i = 0; i < r->free.len && which > 1; i++) {
        bool is_name = free_event(r, i)->n_names > 0;
        struct disk_pick *pick = free_pick(r, i);

        pick->keep = which == 2 ? is_name : which == 3 ? !is_name : is_name;
        pick->size = !is_name && which >= 3;
    }
}

static void tear(struct disk_pick *pick, const struct disk_event *e, bool keep_head)
{
    uint32_t n = disk_sectors(e);

    if (e->kind != IO_WRITE || n < 2)
        return;
    pick->keep = pick->torn = true;
    pick->sectors = (UINT64_C(1) << (n < 64 ? n / 2 : 32)) - 1;
    if (!keep_head)
        pick->sectors = ~pick->sectors;
}

static void pick_extreme_of_one(struct run *r, uint32_t i, uint32_t which)
{
    struct disk_pick *pick = free_pick(r, i);

    pick_each(r, which != 0);
    switch (which) {
    case 0: pick->keep = pick->size = true; break;
    case 1: pick->keep = pick->size = false; break;
    case 2:
    case 3: tear(pick, free_event(r, i), which == 2); break;
    case 4: pick->keep = false; break; /* the size stays: zeros */
    default:
        for (uint32_t k = i + 1; k < r->free.len; k++)
            *free_pick(r, k) = (struct disk_pick){0};
    }
}

static void try_extremes(struct run *r)
{
    uint64_t n = OF_EACH * (uint64_t)r->free.len, most = r->plan->extremes;

    for (uint32_t which = 0; which < OF_ALL_TOGETHER; which++) {
        pick_extreme_of_all(r, which);
        try_picks(r);
    }
    for (uint64_t k = 0; k < n && k < most; k++) {
        uint64_t which = n <= most ? k : rng_next(r) % n;
        pick_extreme_of_one(r, (uint32_t)(which / OF_EACH), (uint32_t)(which % OF_EACH));
        try_picks(r);
    }
}

static void try_random(struct run *r)
{
    static const unsigned chances[] = {1, 4, 7};
    unsigned kept = chances[rng_next(r) % 3], torn = (unsigned)(rng_next(r) % 6);

    for (uint32_t i = 0; i < r->free.len; i++) {
        const struct disk_event *e = free_event(r, i);
        struct disk_pick *pick = free_pick(r, i);

        *pick = (struct disk_pick){.keep = is_likely(r, kept), .size = is_likely(r, kept)};
        if (pick->keep && disk_sectors(e) > 1 && is_likely(r, torn)) {
            pick->torn = true;
            pick->sectors = rng_next(r);
        }
    }
    try_picks(r);
}

/* ---- the points ---- */

static void start_point(struct run *r)
{
    const struct disk_model *m = &r->model;
    struct disk_pick *picks;

    vec_clear(&r->picks);
    vec_clear(&r->free);
    picks = vec_grow(&r->picks, m->open.len);
    must(picks != NULL);
    for (uint32_t i = 0; i < m->open.len; i++) {
        picks[i] = (struct disk_pick){.keep = true, .size = true};
        if (!m->open.at[i].on_disk)
            must(vec_push(&r->free, i));
    }
    for (uint32_t i = 0; i < r->history->acks.len && r->outer == NULL; i++)
        if (r->history->acks.at[i].point <= m->point)
            r->acked = r->history->acks.at[i].n;
    prepare_last_words(r);
    r->rng = r->start = hash_mix64(r->plan->seed * 1000003 + m->point);
    r->n_tried = 0;
}

static void crash_point(struct run *r)
{
    start_point(r);
    uint64_t n = count_disks(r, r->plan->all);
    if (n > 0) {
        try_all(r, n);
        return;
    }
    try_extremes(r);
    for (uint32_t i = 0; i < r->plan->samples; i++)
        try_random(r);
}

static void crash_history(struct run *r)
{
    r->dir = disk_temp_dir();
    disk_model_init(&r->model, r->history);
    for (uint32_t point = 0; point <= r->history->events.len; point++) {
        if (point > 0)
            disk_model_step(&r->model);
        if (!r->plan->only || r->plan->point == point)
            crash_point(r);
    }
    disk_model_release(&r->model);
    disk_state_release(&r->state);
    vec_release(&r->picks);
    vec_release(&r->free);
    map_release(&r->seen);
    disk_remove_dir(r->dir);
    free(r->dir);
}

void disk_crash(struct disk *d, const struct disk_plan *plan, struct disk_report *report)
{
    struct run r = {.plan = plan, .report = report, .history = &d->history};
    uint64_t start = clock_now_ns();

    handle_death(true);
    crash_history(&r);
    handle_death(false);
    if (report->points == 0)
        report->first_seed = plan->seed;
    report->last_seed = plan->seed;
    report->points += plan->only ? 1 : d->history.events.len + 1u;
    report->seconds += (double)(clock_now_ns() - start) / 1e9;
}
