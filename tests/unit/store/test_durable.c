/* The durable store: what was acknowledged is there when it is opened again, whoever takes
 * snapshots or reads meanwhile. What every store does: test_store.c; damage: test_durable_damage.c;
 * crashes: tests/crash. */
#include "unit/store/place.h"

#include "base/io_observe.h"

#include <pthread.h>
#include <sys/wait.h>

/* ---- what comes back ---- */

static void test_durable__what_was_applied_is_there_again(void **state)
{
    (void)state;
    for (uint64_t seed = 61; seed <= 66; seed++) {
        struct place p = place_new(seed, seed % 2 ? 1 << 15 : 0);
        p.options.background = seed % 3 == 0;
        print_message("seed %llu\n", (unsigned long long)seed);
        open_store(&p);
        for (uint32_t round = 0; round < 10; round++) {
            for (uint32_t i = below(p.f, 25); i > 0; i--)
                commit(p.f);
            uint64_t commits = durable_commits(p.store);
            if (below(p.f, 3) == 0) {
                assert_int_equal(durable_snapshot(p.store, NULL), PT_OK);
                assert_true(durable_log_bytes(p.store) < 1 << 12);
                assert_int_equal(newest_image(p.dir, NULL), commits);
            }
            open_store(&p);
            assert_int_equal(durable_commits(p.store), commits);
            check_now(p.f);
        }
        place_free(&p);
    }
}

static void test_durable__the_log_stays_small(void **state)
{
    (void)state;
    struct place p = place_new(71, 1 << 15);
    for (uint32_t i = 0; i < 400; i++) {
        commit(p.f);
        assert_true(durable_log_bytes(p.store) < 1 << 17);
    }
    open_store(&p);
    check_now(p.f);
    place_free(&p);
}

static void test_durable__a_failing_commit_leaves_graph_and_log_as_they_were(void **state)
{
    (void)state;
    struct place p = place_new(81, 0);
    for (uint64_t nth = 1; nth < 60; nth++) {
        struct delta d;
        struct version next = random_change(p.f, &d);
        fault_arm(nth % 2 ? "mem.alloc" : "io.write", 1 + nth / 2, nth % 2 ? ENOMEM : ENOSPC);
        int rc = apply_delta(p.f, &d, NULL);
        bool fired = fault_fired();
        fault_disarm_all();
        assert_true(fired || rc == PT_OK);
        if (rc == PT_OK)
            p.f->now = next;
        delta_release(&d);
        check_now(p.f);
        if (nth % 7 == 0) {
            open_store(&p);
            check_now(p.f);
        }
    }
    commit(p.f);
    open_store(&p);
    check_now(p.f);
    place_free(&p);
}

/* Who has pinned keeps what he has; who comes later finds what was acknowledged. */
static void test_durable__goes_on_under_its_readers_after_its_log_failed(void **state)
{
    (void)state;
    struct place p = place_with(85, (struct durable_options){.durability = WAL_COMMIT});
    for (uint32_t round = 0; round < 10; round++) {
        struct hash128 before = {0}, after = {0};
        struct delta d;
        struct view v;
        commit(p.f);
        assert_int_equal(store_pin(p.f->store, &v, NULL), PT_OK);
        assert_true(view_root(&v, &before));
        (void)random_change(p.f, &d);
        if (d.units.len > 0) {
            fault_arm("io.sync", 1, EIO);
            assert_int_equal(apply_delta(p.f, &d, NULL), PT_EIO);
            fault_disarm_all();
            assert_int_equal(apply_delta(p.f, &d, NULL), PT_EIO);
        }
        assert_int_equal(durable_has_failed(p.store), d.units.len > 0);
        delta_release(&d);
        fault_arm("io.open", 2, EMFILE);
        assert_int_equal(durable_reopen(p.store, NULL), PT_ELIMIT);
        fault_disarm_all();
        assert_true(durable_has_failed(p.store));
        assert_int_equal(durable_reopen(p.store, NULL), PT_OK);
        assert_false(durable_has_failed(p.store));
        check_now(p.f);
        commit(p.f);
        check_now(p.f);
        assert_true(view_root(&v, &after) && hash128_eq(before, after));
        store_unpin(p.f->store, &v);
    }
    open_store(&p);
    check_now(p.f);
    place_free(&p);
}

/* ---- commits that are images ---- */

/* All that there is now, as a delta. */
static struct delta whole_of(const struct version *v)
{
    struct delta d;
    delta_init(&d);
    d.replace_all = true;
    for (uint32_t i = 0; i < FILES; i++) {
        if (v->of[i] != NULL)
            assert_true(vec_push(&d.units, *v->of[i]));
    }
    return d;
}

/* A random commit that replaces all. */
static int apply_whole(struct place *p, struct err *err)
{
    struct delta d;
    struct version next = random_change(p->f, &d);
    delta_release(&d);
    d = whole_of(&next);
    int rc = d.units.len > 0 ? apply_delta(p->f, &d, err) : PT_OK;
    if (rc == PT_OK && d.units.len > 0)
        p->f->now = next;
    delta_release(&d);
    return rc;
}

static void test_durable__what_replaces_all_is_an_image(void **state)
{
    (void)state;
    struct place p = place_new(101, 0);
    uint32_t n_images;
    for (uint32_t round = 0; round < 12; round++) {
        for (uint32_t i = below(p.f, 5); i > 0; i--)
            commit(p.f);
        assert_int_equal(apply_whole(&p, NULL), PT_OK);
        uint64_t commits = durable_commits(p.store);
        assert_int_equal(newest_image(p.dir, &n_images), commits);
        assert_int_equal(n_images, 1); /* it took the place of those before */
        check_now(p.f);
        if (round % 3 == 0)
            open_store(&p);
        assert_int_equal(durable_commits(p.store), commits);
        commit(p.f); /* the log goes on behind it */
        if (round % 3 == 1)
            open_store(&p);
        check_now(p.f);
    }
    struct files now;
    list_dir(p.dir, &now);
    assert_true(now.n < 8); /* logs that it covers are gone too */
    place_free(&p);
}

static void test_durable__a_large_commit_is_an_image(void **state)
{
    enum {
        NODES = 255000,
        EDGES = 250000,
        TEXT = 300
    }; /* more than a record of the log may have */
    (void)state;
    struct place p = place_new(103, 0);
    struct delta d;
    struct view v;
    delta_init(&d);
    struct unit_node *nodes = arena_calloc(&d.arena, NODES, sizeof(*nodes));
    struct unit_edge *edges = arena_calloc(&d.arena, EDGES, sizeof(*edges));
    for (uint32_t k = 0; k < NODES; k++)
        nodes[k] = (struct unit_node){.sig = hash_mix64(UINT64_C(77) << 32 | k),
                                      .name = "n",
                                      .qualified = "n",
                                      .signature = arena_printf(&d.arena, "%*u", TEXT, k),
                                      .kind = k == 0 ? NODE_FILE : NODE_FIELD};
    for (uint32_t k = 0; k < EDGES; k++)
        edges[k] =
            (struct unit_edge){.from = nodes[k].sig, .to = nodes[k / 2].sig, .kind = EDGE_USES};
    struct unit u = {.path = "large.c",
                     .lang = "c",
                     .nodes = nodes,
                     .n_nodes = NODES,
                     .edges = edges,
                     .n_edges = unit_edges_sort(edges, EDGES)};
    assert_true(vec_push(&d.units, u));
    assert_int_equal(durable_apply(p.store, &d, NULL), PT_OK);
    delta_release(&d);
    assert_int_equal(newest_image(p.dir, NULL), 2);
    assert_true(durable_log_bytes(p.store) < 1 << 16);
    commit(p.f);
    open_store(&p);
    check_now(p.f);
    pin_newest(p.f, &v);
    assert_true(view_node_count(&v) > NODES);
    assert_int_equal(view_file(&v, view_find_file(&v, "large.c")).n_nodes, NODES);
    live_unpin(&v);
    place_free(&p);
}

struct order {
    bool synced, named; /* the directory; a log */
    bool wrong;         /* the log first */
};

static void see_change(void *ctx, const struct io_change *c)
{
    struct order *o = ctx;
    if (c->kind == IO_SYNC && c->path[0] == '\0')
        o->synced = true;
    if (c->kind == IO_RENAME && strstr(c->to, ".isl") != NULL) {
        o->named = true;
        o->wrong = !o->synced;
    }
}

/* Who made an image may have died before its name was on disk. The log that follows it must not be
 * there first: a power cut would leave it without the image. */
static void test_durable__the_name_of_an_image_is_on_disk_before_the_log_behind_it(void **state)
{
    (void)state;
    struct place p = place_new(107, 0);
    struct order o = {0};
    commit(p.f);
    fault_arm("io.rename", 2, EIO); /* of the log; the first is the image's */
    assert_int_equal(apply_whole(&p, NULL), PT_OK);
    assert_true(fault_fired());
    fault_disarm_all();
    (void)durable_close(p.store, NULL);
    p.store = NULL;
    assert_int_equal(newest_image(p.dir, NULL), 3);
    assert_false(io_exists(IO_CWD, path_in(p.dir, "log-0000000000000004.isl")));
    assert_int_equal(io_observe(p.dir, see_change, &o, NULL), PT_OK);
    open_store(&p);
    assert_int_equal(io_observe(NULL, NULL, NULL, NULL), PT_OK);
    assert_true(o.synced && o.named && !o.wrong);
    check_now(p.f);
    place_free(&p);
}

/* Who is about to replace all need not read what is there. */
static void test_durable__replacing_reads_nothing_of_the_graph(void **state)
{
    (void)state;
    struct place p = place_new(105, 0);
    struct err err = {0};
    struct delta d;
    struct view v;
    commit(p.f);
    commit(p.f);
    assert_int_equal(durable_snapshot(p.store, NULL), PT_OK);
    commit(p.f);
    uint64_t commits = durable_commits(p.store);
    close_store(&p);
    struct files files;
    take_files(p.dir, &files);
    for (uint32_t i = 0; i < files.n; i++) { /* not even whether it is damaged */
        if (is_image(files.names[i]))
            put_file(p.dir, files.names[i], "rubbish", 7);
    }
    p.options.replace = true;
    open_store(&p);
    assert_int_equal(durable_commits(p.store), commits);
    pin_newest(p.f, &v);
    assert_int_equal(view_file_count(&v), 0);
    live_unpin(&v);
    (void)random_change(p.f, &d);
    assert_int_equal(apply_delta(p.f, &d, &err), PT_EINVAL);
    assert_non_null(strstr(err.msg, "must replace all"));
    delta_release(&d);
    assert_int_equal(apply_whole(&p, NULL), PT_OK);
    assert_int_equal(durable_commits(p.store), commits + 1);
    check_now(p.f);
    commit(p.f); /* from now on it is as any other */
    check_now(p.f);
    p.options.replace = false;
    open_store(&p);
    assert_int_equal(durable_commits(p.store), commits + 2);
    check_now(p.f);

    /* and one that changes its mind leaves all as it was */
    p.options.replace = true;
    open_store(&p);
    p.options.replace = false;
    open_store(&p);
    check_now(p.f);
    release_files(&files);
    place_free(&p);
}

/* ---- snapshots beside commits ---- */

static struct durable_options beside(uint64_t log_limit)
{
    return (struct durable_options){
        .durability = WAL_OS, .log_limit = log_limit, .file_bytes = 1 << 14, .background = true};
}

static void test_durable__commits_go_on_while_a_snapshot_is_taken(void **state)
{
    (void)state;
    for (uint64_t seed = 111; seed <= 113; seed++) {
        struct durable_options o = beside(1 << 12);
        o.file_bytes = seed % 2 ? 1 << 14 : 1; /* or each record in a file of its own */
        struct place p = place_with(seed, o);
        struct view kept[VERSIONS] = {{0}};
        struct version then[VERSIONS];
        print_message("seed %llu\n", (unsigned long long)seed);
        for (uint32_t i = 0; i < 600; i++) {
            uint32_t k = below(p.f, VERSIONS);
            commit(p.f);
            if (kept[k].g == NULL) {
                pin_newest(p.f, &kept[k]);
                then[k] = p.f->now;
            } else if (below(p.f, 8) == 0) { /* readers stay through several compactions */
                check_view(p.f, &kept[k], &then[k]);
                live_unpin(&kept[k]);
                kept[k].g = NULL;
            }
            if (i % 10 == 0)
                check_now(p.f);
            if (i % 100 == 99)
                assert_int_equal(durable_settle(p.store, NULL), PT_OK);
        }
        assert_true(durable_compactions(p.store) >= 3);
        for (uint32_t k = 0; k < VERSIONS; k++) {
            if (kept[k].g == NULL)
                continue;
            check_view(p.f, &kept[k], &then[k]);
            live_unpin(&kept[k]);
        }
        assert_int_equal(durable_settle(p.store, NULL), PT_OK);
        check_now(p.f);
        assert_true(durable_log_bytes(p.store) < 1 << 17);
        assert_true(durable_bytes(p.store) < (size_t)256 << 20);
        open_store(&p);
        check_now(p.f);
        place_free(&p);
    }
}

/* What was settled is compact: the graph is that of the image, with little behind it. */
static void test_durable__settling_waits_and_says_how_it_ended(void **state)
{
    (void)state;
    struct place p = place_with(121, beside(1 << 14));
    uint64_t image;
    assert_int_equal(durable_settle(p.store, NULL), PT_OK); /* nothing is going on */
    for (uint32_t i = 0; newest_image(p.dir, NULL) == 0 && i < 500; i++) {
        commit(p.f);
        assert_int_equal(durable_settle(p.store, NULL), PT_OK);
    }
    image = newest_image(p.dir, NULL);
    assert_int_equal(image, durable_commits(p.store));
    assert_int_equal(durable_compactions(p.store), 1);
    assert_true(durable_log_bytes(p.store) < 1 << 12);
    check_now(p.f);
    place_free(&p);
}

static void test_durable__closing_waits_for_a_snapshot(void **state)
{
    (void)state;
    struct place p = place_with(123, beside(1));
    for (uint32_t i = 0; i < 60; i++) { /* nearly each commit begins one */
        uint64_t commits;
        for (uint32_t k = below(p.f, 4); k > 0; k--)
            commit(p.f);
        commits = durable_commits(p.store);
        open_store(&p);
        assert_int_equal(durable_commits(p.store), commits);
        check_now(p.f);
    }
    struct files now;
    list_dir(p.dir, &now);
    for (uint32_t i = 0; i < now.n; i++)
        assert_null(strstr(now.names[i], IO_TEMP_SUFFIX));
    place_free(&p);
}

/* Commits until the log has grown by so many bytes. */
static void grow_log(struct place *p, uint64_t bytes)
{
    uint64_t start = durable_log_bytes(p->store);
    while (durable_log_bytes(p->store) < start + bytes)
        commit(p->f);
}

static void test_durable__a_snapshot_that_fails_is_tried_again_later(void **state)
{
    enum { LIMIT = 1 << 15 };
    (void)state;
    struct durable_options o = beside(LIMIT);
    o.file_bytes = 1 << 20; /* only snapshots begin new ones */
    struct place p = place_with(125, o);
    struct err err = {0};
    assert_int_equal(durable_snapshot(p.store, NULL), PT_OK);
    uint64_t image = newest_image(p.dir, NULL);

    /* the new log file gets its name; the image then does not */
    fault_arm("io.rename", 2, ENOSPC);
    while (!fault_fired() && durable_log_bytes(p.store) < UINT64_C(4) * LIMIT) {
        commit(p.f);
        int rc = durable_settle(p.store, &err);
        assert_int_equal(rc, fault_fired() ? PT_ENOSPC : PT_OK);
    }
    assert_true(fault_fired());
    fault_disarm_all();
    assert_int_equal(newest_image(p.dir, NULL), image);
    check_now(p.f);
    uint64_t failed_at = durable_log_bytes(p.store);
    while (durable_log_bytes(p.store) + LIMIT / 2 < failed_at + LIMIT) { /* not before that */
        commit(p.f);
        assert_int_equal(durable_settle(p.store, NULL), PT_OK);
        assert_int_equal(newest_image(p.dir, NULL), image);
    }
    grow_log(&p, 0);
    for (uint32_t i = 0; i < 100 && newest_image(p.dir, NULL) == image; i++) {
        commit(p.f);
        assert_int_equal(durable_settle(p.store, NULL), PT_OK);
    }
    assert_true(newest_image(p.dir, NULL) > image);
    assert_true(durable_log_bytes(p.store) < LIMIT);
    open_store(&p);
    check_now(p.f);
    place_free(&p);
}

/* Each call that the thread makes, and each that begins it, fails; commits do not notice, unless
 * the log itself fails, and all of them are there again. */
static void test_durable__failures_in_the_background_cost_no_commit(void **state)
{
    static const int ways[] = {EIO, ENOSPC, FAULT_TORN};
    (void)state;
    for (size_t w = 0; w < PT_COUNT(ways); w++) {
        struct place p = place_with(131 + w, beside(1));
        for (uint64_t nth = 1; nth <= 60; nth++) {
            struct delta d;
            struct version next = random_change(p.f, &d);
            const struct version none = {{0}};
            if (memcmp(&next, &none, sizeof(none)) == 0) {
                delta_release(&d);
                continue;
            }
            fault_arm("io.*", nth, ways[w]);
            int rc = apply_delta(p.f, &d, NULL);
            (void)durable_settle(p.store, NULL);
            fault_disarm_all();
            if (rc == PT_OK)
                p.f->now = next;
            check_now(p.f);
            delta_release(&d);
            (void)durable_close(p.store, NULL); /* the log may be in its failed state */
            p.store = NULL;
            open_store(&p);
            check_now(p.f);
        }
        place_free(&p);
    }
}

struct readers {
    struct durable *store;
    atomic_bool over;
    atomic_uint reads;
};

static void *pin_and_read(void *ctx)
{
    struct readers *r = ctx;
    uint64_t last = 0;
    while (!atomic_load(&r->over)) {
        struct view v;
        struct ids nodes = {0};
        if (store_pin(durable_store(r->store), &v, NULL) != PT_OK || view_generation(&v) < last ||
            !view_nodes(&v, &nodes) || nodes.len != view_node_count(&v))
            abort();
        last = view_generation(&v);
        for (uint32_t i = 0; i < nodes.len; i++) {
            struct edge_iter it;
            struct edge e;
            view_edges(&v, nodes.at[i], i % 2, EDGE_ALL, &it);
            while (view_next(&it, &e)) {
                if (!view_has_node(&v, e.node))
                    abort();
            }
        }
        vec_release(&nodes);
        store_unpin(durable_store(r->store), &v);
        atomic_fetch_add(&r->reads, 1);
    }
    return NULL;
}

static void test_durable__readers_notice_no_compaction(void **state)
{
    (void)state;
    struct place p = place_with(141, beside(1 << 12));
    struct readers r = {.store = p.store};
    pthread_t threads[2];
    for (uint32_t i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, pin_and_read, &r), 0);
    for (uint32_t i = 0; i < 600 || atomic_load(&r.reads) < 100; i++) {
        commit(p.f);
        if (i % 50 == 49)
            (void)durable_settle(p.store, NULL);
        if (i % 200 == 120)
            assert_int_equal(apply_whole(&p, NULL), PT_OK);
    }
    atomic_store(&r.over, true);
    for (uint32_t i = 0; i < 2; i++)
        (void)pthread_join(threads[i], NULL);
    assert_true(durable_compactions(p.store) >= 3);
    check_now(p.f);
    place_free(&p);
}

/* ---- readers without the lock ---- */

static void test_durable__reading_changes_nothing(void **state)
{
    (void)state;
    struct place p = place_new(151, 0), none = {.dir = disk_temp_dir(), .f = fixture_plan(1)};
    struct files before;
    struct durable *reader;
    struct err err = {0};
    struct view v;
    const struct durable_options o = {.read_only = true};
    for (uint32_t i = 0; i < 5; i++)
        commit(p.f);
    put_file(p.dir, "x" IO_TEMP_SUFFIX, "x", 1); /* that of a writer, perhaps */
    take_files(p.dir, &before);
    assert_int_equal(durable_open(p.dir, &o, &reader, NULL, NULL), PT_OK);
    expect_files(p.dir, &before);
    assert_int_equal(durable_commits(reader), durable_commits(p.store));
    assert_int_equal(store_pin(durable_store(reader), &v, NULL), PT_OK);
    check_view(p.f, &v, &p.f->now);
    struct version then = p.f->now;
    commit(p.f);
    check_view(p.f, &v, &then); /* what was committed until then */
    assert_int_equal(store_apply(durable_store(reader), &p.f->first, &err), PT_EINVAL);
    assert_non_null(strstr(err.msg, "read only"));
    live_unpin(&v);
    assert_int_equal(durable_close(reader, NULL), PT_OK);

    /* where there is no store, it is an empty one, and still there is none */
    assert_int_equal(durable_open(none.dir, &o, &reader, NULL, NULL), PT_OK);
    assert_int_equal(store_pin(durable_store(reader), &v, NULL), PT_OK);
    assert_int_equal(view_generation(&v), 0);
    live_unpin(&v);
    assert_int_equal(durable_close(reader, NULL), PT_OK);
    assert_int_equal(rmdir(none.dir), 0);
    release_files(&before);
    free(none.dir);
    fixture_free(none.f);
    place_free(&p);
}

/* Commit g leaves one file, which has g lines; each is synced when it is acknowledged. */
static int commit_number(struct durable *s, uint32_t g, bool whole)
{
    static const struct unit_node nodes[8] = {
        {.sig = 1, .name = "a", .qualified = "a", .signature = "", .kind = NODE_FILE},
        {.sig = 2, .name = "b", .qualified = "b", .signature = "", .kind = NODE_FIELD},
        {.sig = 3, .name = "c", .qualified = "c", .signature = "", .kind = NODE_FIELD},
        {.sig = 4, .name = "d", .qualified = "d", .signature = "", .kind = NODE_FIELD},
    };
    const struct unit u = {
        .path = "a", .lang = "c", .nodes = nodes, .n_nodes = 1 + g % 4, .lines = g};
    struct delta d;
    delta_init(&d);
    assert_true(vec_push(&d.units, u));
    d.replace_all = whole;
    int rc = durable_apply(s, &d, NULL);
    delta_release(&d);
    return rc;
}

static int commit_numbers(const char *dir, uint32_t n, bool background, atomic_uint *ret_done)
{
    const struct durable_options o = {
        .file_bytes = 1 << 12, .log_limit = 1 << 13, .background = background};
    struct durable *s;
    uint64_t rng = n;
    int rc = durable_open(dir, &o, &s, NULL, NULL);
    for (uint32_t g = 1; rc == PT_OK && g <= n; g++) {
        rc = commit_number(s, g, rng_below(&rng, 40) == 0);
        if (rc == PT_OK && rng_below(&rng, 60) == 0)
            rc = durable_snapshot(s, NULL);
        if (rc == PT_OK && rng_below(&rng, 200) == 0) {
            rc = durable_close(s, NULL);
            if (rc == PT_OK)
                rc = durable_open(dir, &o, &s, NULL, NULL);
        }
        if (ret_done != NULL)
            atomic_store(ret_done, g);
    }
    return rc == PT_OK ? durable_close(s, NULL) : rc;
}

/* Opens once. Gives the commit that it has seen. */
static uint64_t read_once(const char *dir, uint64_t at_least)
{
    const struct durable_options o = {.read_only = true};
    struct durable *s;
    struct err err = {0};
    struct view v;
    int rc = durable_open(dir, &o, &s, NULL, &err);
    if (rc != PT_OK)
        fail_msg("%s (%d)", err.msg, rc);
    assert_int_equal(store_pin(durable_store(s), &v, NULL), PT_OK);
    uint64_t g = view_generation(&v);
    assert_int_equal(g, durable_commits(s));
    if (g < at_least)
        fail_msg("commit %llu was there, and now %llu is the last", (unsigned long long)at_least,
                 (unsigned long long)g);
    assert_int_equal(view_file_count(&v), g > 0);
    if (g > 0) {
        assert_int_equal(view_file(&v, view_find_file(&v, "a")).lines, g);
        assert_int_equal(view_node_count(&v), 1 + g % 4);
    }
    live_unpin(&v);
    assert_int_equal(durable_close(s, NULL), PT_OK);
    return g;
}

#define NUMBERS 3000u

static void test_durable__who_reads_beside_a_writing_process_sees_commits_grow(void **state)
{
    (void)state;
    char *dir = disk_temp_dir();
    uint64_t last = 0, reads = 0;
    int status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(commit_numbers(dir, NUMBERS, true, NULL) == PT_OK ? 0 : 1);
    for (; waitpid(child, &status, WNOHANG) == 0; reads++)
        last = read_once(dir, last);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_int_equal(read_once(dir, last), NUMBERS);
    print_message("%llu reads beside %u commits\n", (unsigned long long)reads, NUMBERS);
    assert_true(reads > 10);
    disk_remove_dir(dir);
    free(dir);
}

struct numbers {
    const char *dir;
    atomic_uint done;
    atomic_bool over;
    int rc;
};

static void *write_numbers(void *ctx)
{
    struct numbers *n = ctx;
    n->rc = commit_numbers(n->dir, NUMBERS / 3, false, &n->done);
    atomic_store(&n->over, true);
    return NULL;
}

/* What was acknowledged before it was opened is there. */
static void test_durable__who_reads_beside_a_writing_thread_sees_what_was_acknowledged(void **state)
{
    (void)state;
    char *dir = disk_temp_dir();
    struct numbers n = {.dir = dir};
    pthread_t thread;
    uint64_t reads = 0;
    assert_int_equal(pthread_create(&thread, NULL, write_numbers, &n), 0);
    for (; !atomic_load(&n.over); reads++)
        (void)read_once(dir, atomic_load(&n.done));
    (void)pthread_join(thread, NULL);
    assert_int_equal(n.rc, PT_OK);
    assert_int_equal(read_once(dir, 0), NUMBERS / 3);
    print_message("%llu reads\n", (unsigned long long)reads);
    disk_remove_dir(dir);
    free(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_durable__what_was_applied_is_there_again),
        cmocka_unit_test(test_durable__the_log_stays_small),
        cmocka_unit_test(test_durable__a_failing_commit_leaves_graph_and_log_as_they_were),
        cmocka_unit_test(test_durable__goes_on_under_its_readers_after_its_log_failed),
        cmocka_unit_test(test_durable__what_replaces_all_is_an_image),
        cmocka_unit_test(test_durable__a_large_commit_is_an_image),
        cmocka_unit_test(test_durable__the_name_of_an_image_is_on_disk_before_the_log_behind_it),
        cmocka_unit_test(test_durable__replacing_reads_nothing_of_the_graph),
        cmocka_unit_test(test_durable__commits_go_on_while_a_snapshot_is_taken),
        cmocka_unit_test(test_durable__settling_waits_and_says_how_it_ended),
        cmocka_unit_test(test_durable__closing_waits_for_a_snapshot),
        cmocka_unit_test(test_durable__a_snapshot_that_fails_is_tried_again_later),
        cmocka_unit_test(test_durable__failures_in_the_background_cost_no_commit),
        cmocka_unit_test(test_durable__readers_notice_no_compaction),
        cmocka_unit_test(test_durable__reading_changes_nothing),
        cmocka_unit_test(test_durable__who_reads_beside_a_writing_process_sees_commits_grow),
        cmocka_unit_test(
            test_durable__who_reads_beside_a_writing_thread_sees_what_was_acknowledged),
    };
    return RUN_TESTS(tests);
}
