/* The shelf of facts: it syncs nothing, so a power cut may leave any of what it wrote. Whatever that
 * is, it opens, hands out no facts but those that were put, and takes all again (index/shelf.h). */
#include "base/fault.h"
#include "index/shelf.h"
#include "lang/extract.h"
#include "lang/lang.h"
#include "support/disk.h"
#include "unit/base/support.h"

#define N 24u

struct scenario {
    struct disk *disk;
    struct shelf *shelf;
    uint64_t rng;
    struct facts *facts[N];
    struct shelf_key keys[N];
};

static const struct shelf_options small = {.file_bytes = 6000, .spare_bytes = 4000};

/* ---- the scenario's side ---- */

static void make_facts(struct scenario *s)
{
    struct extract *x = extract_new();
    assert_non_null(x);
    for (unsigned i = 0; i < N; i++) {
        struct buf text = {0};
        for (unsigned k = 0; k <= i % 5; k++)
            buf_printf(&text, "int f%u_%u(void) { return g%u(); }\n", i, k, i);
        unsigned lang = lang_by_name("c");
        assert_int_equal(extract_file(x, lang, "a.c", text.p, text.n, &s->facts[i], NULL), 0);
        s->keys[i] = shelf_key(s->facts[i]->content, lang, "a.c");
        buf_release(&text);
    }
    extract_free(x);
}

static void open_shelf(struct scenario *s)
{
    struct err err = {0};
    shelf_close(s->shelf);
    s->shelf = NULL;
    if (shelf_open(disk_dir(s->disk), "now", &small, &s->shelf, &err) != PT_OK)
        fail_msg("%s", err.msg);
}

static int step(struct scenario *s)
{
    struct facts *f = NULL;
    unsigned i = (unsigned)rng_below(&s->rng, N);
    if (rng_below(&s->rng, 6) == 0)
        return shelf_sweep(s->shelf, s->keys + i, N - i < 4 ? N - i : 4, NULL);
    int rc = shelf_put(s->shelf, &s->keys[i], s->facts[i], &f, NULL);
    facts_free(f);
    return rc;
}

/* ---- what must hold ---- */

static bool same(const struct facts *a, const struct facts *b)
{
    return a->bytes == b->bytes && a->lines == b->lines && a->flags == b->flags &&
           a->n_defs == b->n_defs && facts_block_size(a) == facts_block_size(b) &&
           memcmp(a->syms, b->syms, facts_block_size(a)) == 0;
}

/* May they be absent? */
static int get_all(const struct scenario *s, struct shelf *shelf, bool may, struct err *err)
{
    for (unsigned i = 0; i < N; i++) {
        struct facts *f = NULL;
        int rc = shelf_get(shelf, &s->keys[i], &f, err);
        if (rc == PT_ENOENT && may)
            continue;
        if (rc == PT_OK && !same(f, s->facts[i]))
            rc = err_set(err, PT_ECORRUPT, "facts %u are others", i);
        facts_free(f);
        if (rc != PT_OK)
            return rc;
    }
    return PT_OK;
}

static int check(void *ctx, const char *dir, uint64_t acked, struct err *err)
{
    const struct scenario *s = ctx;
    struct shelf *shelf = NULL;
    struct facts *f = NULL;
    (void)acked;
    int rc = shelf_open(dir, "now", &small, &shelf, err);
    if (rc == PT_OK)
        rc = get_all(s, shelf, true, err);
    for (unsigned i = 0; rc == PT_OK && i < N; i++) {
        rc = shelf_put(shelf, &s->keys[i], s->facts[i], &f, err);
        if (rc == PT_OK)
            facts_free(f);
    }
    if (rc == PT_OK)
        rc = get_all(s, shelf, false, err);
    shelf_close(shelf);
    shelf = NULL;
    if (rc == PT_OK)
        rc = shelf_open(dir, "now", &small, &shelf, err);
    if (rc == PT_OK)
        rc = get_all(s, shelf, false, err);
    shelf_close(shelf);
    return rc;
}

static void crash_each(const char *name, uint64_t n_seeds, void (*run)(struct scenario *s))
{
    static struct scenario s;
    struct disk_report report = {0};
    struct disk_seeds seeds = disk_seeds(n_seeds);

    for (uint64_t seed = seeds.first; seed <= seeds.last; seed++) {
        s = (struct scenario){.rng = seed, .disk = disk_new(NULL)};
        make_facts(&s);
        disk_begin(s.disk);
        run(&s);
        disk_end(s.disk);
        shelf_close(s.shelf);
        struct disk_plan plan = disk_plan(name, seed);
        plan.recrash = 1000;
        plan.check = check;
        plan.ctx = &s;
        disk_crash(s.disk, &plan, &report);
        disk_free(s.disk);
        for (unsigned i = 0; i < N; i++)
            facts_free(s.facts[i]);
    }
    disk_report_print(name, &report);
    assert_int_equal(report.failed, 0);
}

/* ---- scenarios ---- */

static void run_steps(struct scenario *s)
{
    open_shelf(s);
    for (int i = 0; i < 40; i++) {
        assert_int_equal(step(s), 0);
        if (rng_below(&s->rng, 12) == 0)
            open_shelf(s);
    }
}

static void test_shelf__is_usable_after_power_cuts(void **state)
{
    (void)state;
    crash_each("shelf", 4, run_steps);
}

static void run_failures(struct scenario *s)
{
    static const int ways[] = {EIO, ENOSPC, FAULT_TORN, FAULT_SHORT};

    open_shelf(s);
    for (int i = 0; i < 40; i++) {
        if (rng_below(&s->rng, 5) == 0)
            fault_arm("io.*", 1 + rng_below(&s->rng, 4), ways[rng_below(&s->rng, PT_COUNT(ways))]);
        int rc = step(s);
        fault_disarm_all();
        if (rc != 0 && rng_below(&s->rng, 2))
            open_shelf(s);
    }
}

static void test_shelf__is_usable_after_failing_calls_and_power_cuts(void **state)
{
    (void)state;
    crash_each("shelf with failing calls", 4, run_failures);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shelf__is_usable_after_power_cuts),
        cmocka_unit_test(test_shelf__is_usable_after_failing_calls_and_power_cuts),
    };

    int failed = RUN_TESTS(tests);
    disk_total_print();
    return failed;
}
