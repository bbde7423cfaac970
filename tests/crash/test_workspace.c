/* A workspace: after any crash it opens without a word, its graph is one that was indexed, not older
 * than the last acknowledged, and it never takes a graph for another's: what says to come from a
 * dump does, and a dump's graph that does not say so is stale. */
#include "engine/workspace.h"

#include "base/fault.h"
#include "base/io.h"
#include "base/mem.h"
#include "support/disk.h"
#include "unit/base/support.h"

#include <sys/stat.h>

#define COMMITS_MAX 16

struct indexed {
    char *graph; /* owned: its dump */
    bool from_dump, no_ignore;
};

struct scenario {
    struct disk *disk;
    char *outside; /* owned: the directory of the tree and of the dumps */
    char tree[512], dump[512], state[512];
    struct workspace *w;
    /* Number i is acknowledged as 2 i once it is done, and as 2 i + 1 once the next has begun. */
    struct indexed commits[COMMITS_MAX];
    uint64_t n;
};

static void join(char ret[512], const char *dir, const char *name)
{
    assert_in_range(snprintf(ret, 512, "%s/%s", dir, name), 1, 511);
}

static void write_text(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static bool append(void *ctx, const char *p, size_t n)
{
    buf_add(ctx, p, n);
    return true;
}

static char *graph_of(struct workspace *w, uint64_t *ret_generation)
{
    struct view v;
    struct buf b = {0};

    assert_int_equal(workspace_pin(w, &v, NULL), PT_OK);
    assert_true(view_dump(&v, append, &b));
    *ret_generation = view_generation(&v);
    workspace_unpin(w, &v);
    return buf_steal(&b, NULL);
}

/* ---- the scenario ---- */

static int open_in(const struct scenario *s, const char *state, struct workspace **ret,
                   struct err *err)
{
    const char *notice = NULL;

    assert_int_equal(setenv("XDG_STATE_HOME", state, 1), 0);
    int rc = workspace_open(s->tree, ret, &notice, err);
    if (rc == 0 && notice != NULL) {
        workspace_close(*ret);
        rc = err_set(err, PT_ECORRUPT, "notice: %s", notice);
    }
    return rc;
}

static void reopen(struct scenario *s)
{
    struct err err = {0};

    workspace_close(s->w);
    if (open_in(s, s->state, &s->w, &err) != 0)
        fail_msg("%s", err.msg);
}

static void commit(struct scenario *s, bool from_dump, bool no_ignore)
{
    struct pipeline_options options = {.threads = 1, .scan.no_ignore = no_ignore};
    struct pipeline_report report;
    struct err err = {0};
    uint64_t generation;

    disk_ack(s->disk, 2 * (s->n - 1) + 1);
    int rc = from_dump ? workspace_ingest(s->w, s->dump, &options, &report, &err)
                       : workspace_index(s->w, &options, &report, &err);
    if (rc != 0)
        fail_msg("%s", err.msg);
    pipeline_report_release(&report);
    assert_true(s->n < COMMITS_MAX);
    s->commits[s->n] = (struct indexed){graph_of(s->w, &generation), from_dump, no_ignore};
    disk_ack(s->disk, 2 * s->n++);
}

static void commit_tree(struct scenario *s, const char *text, bool no_ignore)
{
    char path[512];

    join(path, s->tree, "a.c");
    write_text(path, text);
    commit(s, false, no_ignore);
}

static void commit_dump(struct scenario *s, const char *text)
{
    write_text(s->dump, text);
    commit(s, true, false);
}

static void begin(struct scenario *s)
{
    uint64_t generation;

    memset(s, 0, sizeof(*s));
    s->disk = disk_new(NULL);
    s->outside = disk_temp_dir();
    join(s->tree, s->outside, "tree");
    join(s->dump, s->outside, "dump");
    join(s->state, disk_dir(s->disk), "state");
    assert_int_equal(mkdir(s->tree, 0700), 0);
    disk_begin(s->disk);
    reopen(s);
    s->commits[s->n++] = (struct indexed){.graph = graph_of(s->w, &generation)};
}

static void end(struct scenario *s)
{
    workspace_close(s->w);
    for (uint64_t i = 0; i < s->n; i++)
        mem_free(s->commits[i].graph);
    disk_free(s->disk);
    disk_remove_dir(s->outside);
    free(s->outside);
}

/* ---- what must hold ---- */

static int check_flags(struct workspace *w, const struct indexed *c, bool is_idle, struct err *err)
{
    bool from_dump = workspace_from_dump(w), no_ignore = workspace_no_ignore(w);
    struct scan_options options = {.no_ignore = no_ignore};
    uint32_t stale;

    if (is_idle && (from_dump != c->from_dump || no_ignore != c->no_ignore))
        return err_set(err, PT_ECORRUPT, "it was forgotten what the graph stands for");
    if (from_dump && !c->from_dump)
        return err_set(err, PT_ECORRUPT, "the tree's graph is taken for a dump's");
    int rc = workspace_check(w, &options, &stale, err);
    if (rc == 0 && c->from_dump && !from_dump && stale == 0)
        rc = err_set(err, PT_ECORRUPT, "a dump's graph is taken for the tree's");
    return rc;
}

static int check_graph(const struct scenario *s, struct workspace *w, uint64_t acked,
                       struct err *err)
{
    uint64_t generation, i = acked / 2;
    char *graph = graph_of(w, &generation);

    while (i < s->n && strcmp(s->commits[i].graph, graph) != 0)
        i++;
    mem_free(graph);
    if (i == s->n)
        return err_set(err, PT_ECORRUPT, "generation %u is no commit since %u",
                       (unsigned)generation, (unsigned)(acked / 2));
    return i == 0 ? 0 : check_flags(w, &s->commits[i], acked % 2 == 0, err);
}

/* Indexing makes all well again. */
static int check_going_on(const struct scenario *s, struct workspace *w, struct err *err)
{
    struct pipeline_options options = {.threads = 1};
    struct pipeline_report report;
    uint32_t stale;
    uint64_t generation;
    int rc = workspace_index(w, &options, &report, err);

    if (rc != 0)
        return rc;
    pipeline_report_release(&report);
    rc = workspace_check(w, &options.scan, &stale, err);
    if (rc != 0)
        return rc;
    char *graph = graph_of(w, &generation);
    if (stale != 0 || workspace_from_dump(w) || strcmp(graph, s->commits[s->n - 1].graph) != 0)
        rc = err_set(err, PT_ECORRUPT, "indexing anew gives something else");
    mem_free(graph);
    return rc;
}

static int check(void *ctx, const char *disk, uint64_t acked, struct err *err)
{
    const struct scenario *s = ctx;
    struct workspace *w;
    char state[512];

    join(state, disk, "state");
    int rc = open_in(s, state, &w, err);
    if (rc != 0)
        return rc;
    rc = check_graph(s, w, acked, err);
    if (rc == 0)
        rc = check_going_on(s, w, err);
    workspace_close(w);
    return rc;
}

static void run_commits(struct scenario *s, uint64_t seed)
{
    uint64_t rng = seed;
    char text[80];

    for (int i = 0; i < 8; i++) {
        bool is_last = i == 7, from_dump = !is_last && rng_below(&rng, 2) == 0;

        (void)snprintf(text, sizeof(text), "%sint f%d(void) { return %d; }\n",
                       from_dump ? "FILE: a.c\n" : "", i, i);
        if (from_dump)
            commit_dump(s, text);
        else
            commit_tree(s, text, !is_last && rng_below(&rng, 3) == 0);
        if (rng_below(&rng, 3) == 0)
            reopen(s);
    }
}

static void test_workspace__trees_and_dumps_are_never_mixed_up(void **state)
{
    static struct scenario s;
    struct disk_seeds seeds = disk_seeds(4);
    struct disk_plan plan = disk_plan("workspace", seeds.first);
    struct disk_report report = {0};

    (void)state;
    plan.check = check;
    plan.ctx = &s;
    plan.recrash = 400;
    for (; plan.seed <= seeds.last; plan.seed++) {
        begin(&s);
        run_commits(&s, plan.seed);
        disk_end(s.disk);
        disk_crash(s.disk, &plan, &report);
        end(&s);
    }
    disk_report_print(plan.name, &report);
    assert_int_equal(report.failed, 0);
}

/* Without a crash. Whatever fails, the graph is that of the dump and says so, or that of the tree. */
static void test_workspace__an_index_that_fails_keeps_what_the_graph_stands_for(void **state)
{
    static struct scenario s;
    struct pipeline_options options = {.threads = 1};
    struct pipeline_report report;
    struct err err = {0};
    bool fired = true;
    unsigned kept = 0;

    (void)state;
    begin(&s);
    commit_tree(&s, "int one(void) { return 1; }\n", false);
    commit_dump(&s, "FILE: b.c\nint two(void) { return 2; }\n");
    disk_end(s.disk);
    for (uint64_t n = 1; fired; n++) {
        uint64_t generation;

        fault_arm("io.rename", n, ENOSPC);
        int rc = workspace_index(s.w, &options, &report, NULL);
        fired = fault_fired();
        fault_disarm_all();
        if (rc == 0)
            pipeline_report_release(&report);
        else
            assert_true(fired && rc == PT_ENOSPC);
        reopen(&s);
        char *graph = graph_of(s.w, &generation);
        bool is_dump = strcmp(graph, s.commits[2].graph) == 0;
        assert_true(is_dump || strcmp(graph, s.commits[1].graph) == 0);
        assert_true(!is_dump || rc != 0);
        kept += is_dump;
        if (check_flags(s.w, &s.commits[is_dump ? 2 : 1], true, &err) != 0)
            fail_msg("%s", err.msg);
        mem_free(graph);
        assert_int_equal(workspace_ingest(s.w, s.dump, &options, &report, NULL), 0);
        pipeline_report_release(&report);
    }
    assert_true(kept > 0);
    end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_workspace__trees_and_dumps_are_never_mixed_up),
        cmocka_unit_test(test_workspace__an_index_that_fails_keeps_what_the_graph_stands_for),
    };

    int failed = RUN_TESTS(tests);
    disk_total_print();
    return failed;
}
