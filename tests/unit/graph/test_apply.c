/* What a delta makes of a graph, case by case: D3, D4, how references become edges, and what is
 * left of them when files change. Random deltas: test_twin.c, test_live.c. */
#include "unit/graph/twin.h"

#include "base/fault.h"

static void expect_einval(struct live *g, struct draft *drafts, size_t n, const char *message)
{
    struct delta d = delta_of(drafts, n);
    struct err err = {0};

    assert_int_equal(live_apply(g, &d, (struct live_stamp){0}, &err), PT_EINVAL);
    if (strstr(err.msg, message) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err.msg, message);
    delta_release(&d);
}

/* a.c: f and g, f calls g; b.c: h calls f. */
static void small_drafts(struct draft d[2])
{
    draft_init(&d[0], "a.c", 1);
    draft_node(&d[0], 2, "f");
    draft_node(&d[0], 3, "a::g");
    draft_edge(&d[0], 2, 3, EDGE_CALLS, 22);
    draft_init(&d[1], "b.c", 11);
    draft_node(&d[1], 12, "b::h")->doc_end = 9;
    draft_edge(&d[1], 12, 2, EDGE_CALLS, 33);
}

static struct pinned small_graph(void)
{
    struct draft d[2];

    small_drafts(d);
    return graph_of_drafts(d, 2);
}

/* Refused, and nothing has changed. */
static void expect_refused(struct pinned *p, struct draft *drafts, size_t n, const char *message)
{
    char *before = dump_of(&p->v);

    expect_einval(p->g, drafts, n, message);
    pin_again(p);
    char *after = dump_of(&p->v);
    assert_string_equal(after, before);
    mem_free(before);
    mem_free(after);
}

static void test_apply__D3_two_nodes_with_one_sig_hash_are_named(void **state)
{
    struct pinned p = {0};
    struct draft d[2];

    (void)state;
    assert_int_equal(live_new(&p.g, NULL), PT_OK);
    pin_again(&p);
    small_drafts(d);
    d[1].nodes[1].sig = 3;
    expect_refused(&p, d, 2, "D3: unit b.c: the sig hash of b::h");
    small_drafts(d);
    d[0].nodes[2].sig = 2;
    expect_refused(&p, d, 2, "D3: unit a.c: the sig hash of a::g");
    small_drafts(d);
    d[1].nodes[0].sig = 1;
    expect_refused(&p, d, 2, "D3: unit b.c: the sig hash of b.c");
    pinned_release(&p);
}

static void test_apply__D3_holds_against_files_that_stay(void **state)
{
    struct pinned p = small_graph();
    struct draft d;

    (void)state;
    draft_init(&d, "c.c", 12);
    expect_refused(&p, &d, 1, "D3: unit c.c: the sig hash of c.c");
    struct delta all = delta_of(&d, 1); /* but then none of them stays */
    all.replace_all = true;
    apply_to(p.g, &all);
    pin_again(&p);
    assert_string_equal(view_path(&p.v, view_file_of(&p.v, view_find_sig(&p.v, 12))), "c.c");
    delta_release(&all);
    pinned_release(&p);
}

static void test_apply__sig_hashes_may_share_halves(void **state)
{
    struct draft d;

    (void)state;
    draft_init(&d, "a.c", 0);
    for (uint64_t i = 1; i < 20; i++)
        draft_node(&d, i % 2 ? i : UINT64_MAX - i, "f");
    for (uint64_t i = 1; i < 20; i++)
        draft_node(&d, i << 32, "f");
    struct pinned p = graph_of_drafts(&d, 1);
    for (uint32_t i = 0; i < 39; i++)
        assert_true(view_sig(&p.v, view_find_sig(&p.v, d.nodes[i].sig)) == d.nodes[i].sig);
    pinned_release(&p);
}

static void test_apply__D4_an_end_that_never_was(void **state)
{
    struct pinned p = {0};
    struct draft d[2];

    (void)state;
    assert_int_equal(live_new(&p.g, NULL), PT_OK);
    pin_again(&p);
    small_drafts(d);
    d[1].edges[1].to = 99;
    expect_refused(&p, d, 2, "D4: unit b.c: an edge has the end 0000000000000063");
    small_drafts(d);
    d[1].edges[1].from = 98;
    expect_refused(&p, d, 2, "D4: unit b.c: an edge has the end 0000000000000062");
    pinned_release(&p);
}

static void test_apply__D4_an_end_that_goes_while_its_edge_stays(void **state)
{
    struct pinned p = small_graph();
    struct draft d[2];

    (void)state;
    draft_init(&d[0], "a.c", 1);
    expect_refused(&p, d, 1, "D4: f is gone, and an edge of another file");
    d[0].u.removed = true;
    expect_refused(&p, d, 1, "D4: f is gone");
    small_drafts(d); /* the end where it starts */
    draft_edge(&d[0], 12, 2, EDGE_USES, 3);
    add_drafts(&p, d, 2);
    d[1].u.removed = true;
    expect_refused(&p, d + 1, 1, "D4: b::h is gone");
    d[0].u.n_edges = 0; /* both at once may go */
    draft_edge(&d[0], 2, 3, EDGE_CALLS, 22);
    add_drafts(&p, d, 2);
    assert_int_equal(view_edge_count(&p.v), 1);
    pinned_release(&p);
}

/* D4 of a node that was once there: its id is known, but it is gone. */
static void test_apply__D4_an_end_that_is_gone_already(void **state)
{
    struct pinned p = small_graph();
    struct draft d[2];

    (void)state;
    small_drafts(d);
    d[1].u.removed = true;
    add_drafts(&p, d + 1, 1);
    draft_init(&d[1], "c.c", 31);
    draft_edge(&d[1], 31, 12, EDGE_CALLS, 4);
    expect_refused(&p, d + 1, 1, "D4: unit c.c: an edge has the end 000000000000000c");
    pinned_release(&p);
}

static void test_apply__an_edge_survives_when_its_end_comes_back(void **state)
{
    struct pinned p = small_graph();
    struct draft d;
    struct edge_iter it;
    struct edge e = {0};
    uint32_t f = view_find_sig(&p.v, 2);

    (void)state;
    draft_init(&d, "a.c", 1);
    draft_node(&d, 44, "new");
    draft_node(&d, 2, "f");
    add_drafts(&p, &d, 1);
    assert_int_equal(view_find_sig(&p.v, 2), f);
    view_edges(&p.v, f, true, EDGE_BIT(EDGE_CALLS), &it);
    assert_true(view_next(&it, &e));
    struct buf name = {0};
    assert_string_equal(view_qualified(&p.v, e.node, &name), "b::h");
    buf_release(&name);
    assert_false(view_next(&it, &e));
    pinned_release(&p);
}

static void test_apply__references_merge_into_edges(void **state)
{
    struct draft d[2];
    const struct site *sites = NULL;
    struct edge_iter it;
    struct edge e = {0};

    (void)state;
    small_drafts(d);
    draft_edge(&d[0], 2, 3, EDGE_CALLS, 21)->layer = LAYER_CANDIDATE;
    draft_edge(&d[0], 2, 3, EDGE_CALLS, 22)->layer = LAYER_UNIQUE; /* the same place */
    draft_edge(&d[0], 2, 3, EDGE_USES, 22);
    draft_edge(&d[1], 2, 3, EDGE_CALLS, 7);
    draft_edge(&d[1], 2, 3, EDGE_CALLS, 0); /* no place, but it belongs to b.c */
    struct pinned p = graph_of_drafts(d, 2);
    uint32_t f = view_find_sig(&p.v, 2), g = view_find_sig(&p.v, 3);

    view_edges(&p.v, f, false, EDGE_ALL, &it);
    assert_true(view_next(&it, &e));
    assert_int_equal(e.kind, EDGE_CALLS);
    assert_int_equal(e.layer, LAYER_EXACT);
    assert_int_equal(view_sites(&p.v, f, g, EDGE_CALLS, &sites), 4);
    assert_int_equal(sites[0].line, 21);
    assert_int_equal(sites[0].layer, LAYER_CANDIDATE);
    assert_int_equal(sites[1].line, 22);
    assert_int_equal(sites[1].layer, LAYER_EXACT);
    assert_int_equal(sites[2].line, 0);
    assert_string_equal(view_path(&p.v, sites[2].file), "b.c");
    assert_int_equal(sites[3].line, 7);
    assert_true(view_next(&it, &e));
    assert_int_equal(e.kind, EDGE_USES);
    assert_false(view_next(&it, &e));
    pinned_release(&p);
}

static void test_apply__an_edge_loses_the_sites_of_a_file_and_its_surest_layer(void **state)
{
    struct draft d[2], empty;
    const struct site *sites = NULL;
    struct edge_iter it;
    struct edge e = {0};

    (void)state;
    small_drafts(d);
    d[0].edges[2].layer = LAYER_UNIQUE;
    draft_edge(&d[1], 2, 3, EDGE_CALLS, 7);
    struct pinned p = graph_of_drafts(d, 2);
    uint32_t f = view_find_sig(&p.v, 2), g = view_find_sig(&p.v, 3);
    for (int in = 0; in < 2; in++) { /* both ends know the layer */
        view_edges(&p.v, in ? g : f, in, EDGE_BIT(EDGE_CALLS), &it);
        assert_true(view_next(&it, &e));
        assert_int_equal(e.layer, LAYER_EXACT);
    }
    draft_init(&empty, "b.c", 11);
    empty.u.removed = true;
    add_drafts(&p, &empty, 1);
    for (int in = 0; in < 2; in++) {
        view_edges(&p.v, in ? g : f, in, EDGE_BIT(EDGE_CALLS), &it);
        assert_true(view_next(&it, &e));
        assert_int_equal(e.layer, LAYER_UNIQUE);
        assert_false(view_next(&it, &e));
    }
    assert_int_equal(view_sites(&p.v, f, g, EDGE_CALLS, &sites), 1);
    pinned_release(&p);
}

static void test_apply__an_edge_without_a_line_goes_with_its_file(void **state)
{
    struct draft d[2], empty;

    (void)state;
    small_drafts(d);
    draft_edge(&d[1], 1, 3, EDGE_IMPORTS, 0); /* both ends in a.c, said by b.c */
    struct pinned p = graph_of_drafts(d, 2);
    uint64_t had = view_edge_count(&p.v);
    draft_init(&empty, "b.c", 11);
    add_drafts(&p, &empty, 1);
    /* gone: b.c contains h, h calls f, a.c imports g */
    assert_int_equal(view_edge_count(&p.v), had - 3);
    pinned_release(&p);
}

/* The same units again: nothing that anybody could see changes, but it is a commit. */
static void test_apply__a_delta_that_says_nothing_new(void **state)
{
    struct draft d[2];
    struct view old;

    (void)state;
    small_drafts(d);
    struct pinned p = graph_of_drafts(d, 2);
    assert_true(live_pin(p.g, &old));
    add_drafts(&p, d, 2);
    expect_same_graph(&p.v, &old);
    assert_int_equal(view_generation(&p.v), 2);
    assert_int_equal(view_generation(&old), 1);
    struct delta none = {0};
    apply_to(p.g, &none);
    pin_again(&p);
    expect_same_graph(&p.v, &old);
    assert_int_equal(view_generation(&p.v), 3);
    live_unpin(&old);
    pinned_release(&p);
}

/* Numbers may be given, as a log gives them that begins behind an image. */
static void test_apply__commits_bear_the_numbers_that_they_are_given(void **state)
{
    struct pinned p = small_graph();
    const struct live_stamp later = {.commit = 70, .as_of_ns = -5};
    struct delta none = {0};

    (void)state;
    assert_int_equal(live_apply(p.g, &none, later, NULL), PT_OK);
    pin_again(&p);
    assert_int_equal(view_generation(&p.v), 70);
    assert_int_equal(view_as_of_ns(&p.v), -5);
    apply_to(p.g, &none);
    pin_again(&p);
    assert_int_equal(view_generation(&p.v), 71);
    pinned_release(&p);
}

/* The writer may look at what it has prepared; nobody else sees it, and it can be taken back. */
static void test_apply__what_is_prepared_is_seen_by_nobody_else(void **state)
{
    struct pinned p = small_graph();
    struct draft d;
    struct view prepared;

    (void)state;
    draft_init(&d, "c.c", 21);
    draft_node(&d, 22, "fresh");
    struct delta delta = delta_of(&d, 1);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(live_prepare(p.g, &delta, (struct live_stamp){0}, NULL), PT_OK);
        live_peek(p.g, &prepared);
        assert_int_equal(view_file_count(&prepared), 3);
        assert_int_not_equal(view_find_sig(&prepared, 22), NODE_NONE);
        assert_int_equal(view_generation(&prepared), 2);
        pin_again(&p);
        assert_int_equal(view_file_count(&p.v), 2);
        assert_int_equal(view_find_sig(&p.v, 22), NODE_NONE);
        assert_int_equal(view_find_file(&p.v, "c.c"), NODE_NONE);
        struct ids ids = {0};
        assert_true(view_named(&p.v, "fresh", 5, &ids) && view_nodes(&p.v, &ids));
        assert_int_equal(ids.len, view_node_count(&p.v));
        vec_release(&ids);
        if (i == 0)
            live_abort(p.g);
        else
            live_publish(p.g);
        pin_again(&p);
        assert_int_equal(view_file_count(&p.v), 2 + i);
    }
    delta_release(&delta);
    pinned_release(&p);
}

/* ---- without memory ---- */

static void test_apply__each_nth_allocation_may_fail(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        struct twin t = {0};
        struct pinned p = {0};
        uint64_t rng = seed, n;
        bool valid, fired = true;

        print_message("seed %llu\n", (unsigned long long)seed);
        assert_int_equal(live_new(&p.g, NULL), PT_OK);
        for (n = 1; fired; n++) { /* the first of a graph takes most */
            struct delta d = twin_random_delta(&t, &rng, true, &valid);

            fault_arm("mem.alloc", n, ENOMEM);
            int rc = live_apply(p.g, &d, (struct live_stamp){0}, NULL);
            fired = fault_fired();
            fault_disarm_all();
            assert_true(rc == PT_OK || (fired && rc == PT_ENOMEM));
            if (rc == PT_OK)
                twin_apply(&t, &d);
            delta_release(&d);
            pin_again(&p);
            twin_check(&t, &p.v);
        }
        pinned_release(&p);
        twin_release(&t);
    }
}

/* Leaves so many granules of the space that are neither used nor to be had from the system. */
static void leave_granules(struct space *s, uint32_t n)
{
    for (uint32_t i = 0; i < SPACE_CLASSES; i++)
        s->free[i] = 0;
    if (s->ready - s->top > n)
        (void)space_alloc(s, ((size_t)s->ready - s->top - n) * SPACE_GRANULE);
    s->top = s->ready - n < s->top ? s->top : s->ready - n;
}

/* Wherever memory ends: after a second try all names are listed, each once. */
static void test_apply__names_of_a_commit_that_failed_are_not_lost(void **state)
{
    (void)state;
    for (uint32_t left = 0; left < 120; left++) {
        struct pinned p = small_graph();
        struct draft d;
        uint32_t found = 0;
        struct name_iter it;
        struct name name;

        draft_init(&d, "n.c", 50);
        draft_node(&d, 51, "n1");
        draft_node(&d, 52, "n0");
        draft_node(&d, 53, "n2");
        struct delta delta = delta_of(&d, 1);
        leave_granules(&p.g->space, left);
        fault_arm_from("mem.alloc", 1, ENOMEM);
        int rc = live_apply(p.g, &delta, (struct live_stamp){0}, NULL);
        fault_disarm_all();
        if (rc != PT_OK)
            apply_to(p.g, &delta);
        pin_again(&p);
        view_names(&p.v, "n", 1, &it);
        for (; view_next_name(&it, &name); found++)
            assert_int_equal(name.text[0], 'n');
        if (found != 4)
            fail_msg("%u names with %u granules left, not 4", found, left);
        delta_release(&delta);
        pinned_release(&p);
    }
}

/* Short definitions without documentation have narrow records; all say what they were told. */
static void test_apply__extents_of_any_size(void **state)
{
    static const struct {
        uint32_t line, end_line, start, end, doc_start, doc_end;
        bool wide;
    } cases[] = {
        {1, 1, 0, 0, 0, 0, false},
        {9, 9 + UINT16_MAX, 7, 7 + UINT16_MAX, 0, 0, false},
        {9, 10 + UINT16_MAX, 7, 7, 0, 0, true},
        {9, 9, 7, 8 + UINT16_MAX, 0, 0, true},
        {9, 8, 7, 7, 0, 0, true},
        {9, 9, 7, 6, 0, 0, true},
        {9, 9, 7, 7, 3, 5, true},
        {9, 9, 7, 7, 3, 3, true},
        {0, UINT32_MAX, UINT32_MAX, 0, 0, UINT32_MAX, true},
    };
    struct pinned p = {0};
    struct draft d;

    (void)state;
    assert_int_equal(live_new(&p.g, NULL), PT_OK);
    pin_again(&p);
    for (size_t i = 0; i < PT_COUNT(cases); i++) {
        draft_init(&d, "a.c", 1);
        struct unit_node *n = draft_node(&d, 2, "a.c::f");
        n->line = cases[i].line;
        n->end_line = cases[i].end_line;
        n->start = cases[i].start;
        n->end = cases[i].end;
        n->doc_start = cases[i].doc_start;
        n->doc_end = cases[i].doc_end;
        add_drafts(&p, &d, 1);
        uint32_t id = view_find_sig(&p.v, 2);
        struct node got = view_node(&p.v, id);
        assert_int_equal((live_node(&p.v, id)->form & LIVE_WIDE) != 0, cases[i].wide);
        assert_int_equal(got.line, n->line);
        assert_int_equal(got.end_line, n->end_line);
        assert_int_equal(got.start, n->start);
        assert_int_equal(got.end, n->end);
        assert_int_equal(got.doc_start, n->doc_start);
        assert_int_equal(got.doc_end, n->doc_end);
    }
    pinned_release(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_apply__extents_of_any_size),
        cmocka_unit_test(test_apply__D3_two_nodes_with_one_sig_hash_are_named),
        cmocka_unit_test(test_apply__D3_holds_against_files_that_stay),
        cmocka_unit_test(test_apply__sig_hashes_may_share_halves),
        cmocka_unit_test(test_apply__D4_an_end_that_never_was),
        cmocka_unit_test(test_apply__D4_an_end_that_goes_while_its_edge_stays),
        cmocka_unit_test(test_apply__D4_an_end_that_is_gone_already),
        cmocka_unit_test(test_apply__an_edge_survives_when_its_end_comes_back),
        cmocka_unit_test(test_apply__references_merge_into_edges),
        cmocka_unit_test(test_apply__an_edge_loses_the_sites_of_a_file_and_its_surest_layer),
        cmocka_unit_test(test_apply__an_edge_without_a_line_goes_with_its_file),
        cmocka_unit_test(test_apply__a_delta_that_says_nothing_new),
        cmocka_unit_test(test_apply__commits_bear_the_numbers_that_they_are_given),
        cmocka_unit_test(test_apply__what_is_prepared_is_seen_by_nobody_else),
        cmocka_unit_test(test_apply__each_nth_allocation_may_fail),
        cmocka_unit_test(test_apply__names_of_a_commit_that_failed_are_not_lost),
    };

    return RUN_TESTS(tests);
}
