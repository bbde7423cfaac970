/* What view.h promises of names, edges, sites and order. All its calls together: test_twin.c. */
#include "unit/graph/support.h"

#include "base/fault.h"

static struct pinned names_graph(void)
{
    static const char *const names[] = {"open",    "opener",   "ope", "close",
                                        "x::open", "\xc3\xa9", ""};
    struct draft d;

    draft_init(&d, "src/a.c", 100);
    for (size_t i = 0; i < PT_COUNT(names); i++)
        draft_node(&d, i + 1, names[i]);
    return graph_of_drafts(&d, 1);
}

static uint32_t id_of(const struct view *v, uint64_t sig)
{
    uint32_t id = view_find_sig(v, sig);

    assert_int_not_equal(id, NODE_NONE);
    return id;
}

static void test_view__an_empty_graph_answers(void **state)
{
    struct pinned p = {0};
    struct ids ids = {0};
    struct name_iter names;
    struct name name;

    (void)state;
    assert_int_equal(live_new(&p.g, NULL), PT_OK);
    pin_again(&p);
    assert_int_equal(view_generation(&p.v), 0);
    assert_int_equal(view_as_of_ns(&p.v), 0);
    assert_int_equal(view_node_count(&p.v), 0);
    assert_int_equal(view_edge_count(&p.v), 0);
    assert_int_equal(view_file_count(&p.v), 0);
    assert_int_equal(view_node_limit(&p.v), 0);
    assert_int_equal(view_file_limit(&p.v), 0);
    assert_false(view_has_node(&p.v, 0));
    assert_false(view_has_file(&p.v, 0));
    assert_int_equal(view_find_file(&p.v, ""), NODE_NONE);
    assert_int_equal(view_find_sig(&p.v, 0), NODE_NONE);
    assert_true(view_named(&p.v, "", 0, &ids) && view_nodes(&p.v, &ids) && view_files(&p.v, &ids));
    assert_int_equal(ids.len, 0);
    view_names(&p.v, "", 0, &names);
    assert_false(view_next_name(&names, &name));
    char *dump = dump_of(&p.v);
    assert_string_equal(dump, "isg-dump 1\n");
    mem_free(dump);
    assert_true(hash128_eq(root_of(&p.v), root_of(&p.v)));
    vec_release(&ids);
    pinned_release(&p);
}

/* ---- names ---- */

static void expect_named(const struct view *v, const char *name, size_t n, const uint64_t *sigs,
                         size_t n_sigs)
{
    struct ids ids = {0};

    assert_true(vec_push(&ids, 77)); /* it appends */
    assert_true(view_named(v, name, n, &ids));
    assert_int_equal(ids.len, n_sigs + 1);
    for (size_t i = 0; i < n_sigs; i++)
        assert_true(view_sig(v, ids.at[i + 1]) == sigs[i]);
    assert_int_equal(ids.at[0], 77);
    vec_release(&ids);
}

static void test_view__names_are_found_whole(void **state)
{
    static const uint64_t open[] = {1, 5}, opener[] = {2}, empty[] = {7}, file[] = {100};
    struct pinned p = names_graph();
    const struct view *v = &p.v;

    (void)state;
    expect_named(v, "open", 4, open, 2);
    expect_named(v, "openers", 6, opener, 1); /* n bytes count, not the NUL */
    expect_named(v, "op", 2, NULL, 0);
    expect_named(v, "opens", 5, NULL, 0);
    expect_named(v, "", 0, empty, 1);
    expect_named(v, "ope\0", 4, NULL, 0);
    expect_named(v, "\0", 1, NULL, 0);
    expect_named(v, "zzz", 3, NULL, 0);
    expect_named(v, "src/a.c", 7, file, 1);
    pinned_release(&p);
}

static void expect_names(const struct view *v, const char *prefix, const char *const *want,
                         size_t n)
{
    struct name_iter it;
    struct name name = {0};

    view_names(v, prefix, strlen(prefix), &it);
    for (size_t i = 0; i < n; i++) {
        assert_true(view_next_name(&it, &name));
        assert_string_equal(name.text, want[i]);
        struct ids ids = {0};
        assert_true(view_bearers(v, name.id, &ids));
        for (uint32_t k = 0; k < ids.len; k++)
            assert_string_equal(view_name(v, ids.at[k]), want[i]);
        vec_release(&ids);
    }
    assert_false(view_next_name(&it, &name));
    assert_false(view_next_name(&it, &name));
}

static void test_view__names_of_a_prefix_come_in_their_order(void **state)
{
    struct pinned p = names_graph();
    static const char *const all[] = {"", "close", "ope", "open", "opener", "src/a.c", "\xc3\xa9"};

    (void)state;
    expect_names(&p.v, "", all, PT_COUNT(all));
    expect_names(&p.v, "o", all + 2, 3);
    expect_names(&p.v, "open", all + 3, 2);
    expect_names(&p.v, "opend", NULL, 0);
    expect_names(&p.v, "p", NULL, 0);
    expect_names(&p.v, "\xc3", all + 6, 1);
    expect_names(&p.v, "\xff", NULL, 0);
    pinned_release(&p);
}

/* Those of the first commit lie in an array, later ones in a skip list: both are one order. */
static void test_view__names_of_later_commits_fall_in_between(void **state)
{
    struct pinned p = names_graph();
    static const char *const all[] = {"",        "a",      "close",   "ope", "open",
                                      "opena",   "opener", "openers", "src", "src/a.c",
                                      "src/b.c", "zzz",    "\xc3\xa9"},
                             *const open[] = {"open", "opena", "opener", "openers"};
    static const char *const more[] = {"zzz", "a", "openers", "opena", "open", "src"};
    struct draft d;

    (void)state;
    draft_init(&d, "src/b.c", 200);
    for (size_t i = 0; i < PT_COUNT(more); i++)
        draft_node(&d, 201 + i, more[i]);
    add_drafts(&p, &d, 1);
    expect_names(&p.v, "", all, PT_COUNT(all));
    expect_names(&p.v, "open", open, 4);
    expect_names(&p.v, "opena", all + 5, 1);
    expect_names(&p.v, "z", all + 11, 1);
    static const uint64_t bearers[] = {1, 5, 205};
    expect_named(&p.v, "open", 4, bearers, 3);

    /* a name that nobody bears any more may stay; who bears it is right */
    d.u.removed = true;
    add_drafts(&p, &d, 1);
    expect_named(&p.v, "open", 4, bearers, 2);
    expect_named(&p.v, "zzz", 3, NULL, 0);
    pinned_release(&p);
}

/* ---- edges ---- */

static void test_view__kinds_choose_edges(void **state)
{
    struct draft d;
    struct edge_iter it;
    struct edge e = {0};
    unsigned seen = 0;

    (void)state;
    draft_init(&d, "a.c", 1);
    draft_node(&d, 2, "f");
    for (unsigned kind = 0; kind < EDGE_KIND_COUNT; kind++) {
        draft_edge(&d, 2, 2, (enum edge_kind)kind, kind + 1);
        draft_edge(&d, 2, 1, (enum edge_kind)kind, 50);
    }
    struct pinned p = graph_of_drafts(&d, 1);
    uint32_t f = id_of(&p.v, 2);
    for (int in = 0; in < 2; in++) {
        for (unsigned kind = 0; kind < EDGE_KIND_COUNT; kind++) {
            view_edges(&p.v, f, in, EDGE_BIT(kind), &it);
            while (view_next(&it, &e)) {
                assert_int_equal(e.kind, kind);
                seen++;
            }
        }
    }
    assert_int_equal(seen, 2 * EDGE_KIND_COUNT + EDGE_KIND_COUNT + 1); /* 1: CONTAINS of f */
    view_edges(&p.v, f, false, 0, &it);
    assert_false(view_next(&it, &e));
    view_edges(&p.v, f, false, EDGE_ALL, &it);
    for (seen = 0; view_next(&it, &e); seen++)
        assert_int_equal(e.kind, seen / 2);
    pinned_release(&p);
}

#define HUB_FILES 9u
#define HUB_NODES 40u /* of each file */

/* A list that is trimmed by binary search, and cut into chunks: each set of kinds gives what
 * belongs to it, in order. */
static void test_view__kinds_choose_edges_of_a_hub(void **state)
{
    static struct draft d[HUB_FILES];
    static const char *const paths[HUB_FILES] = {"a", "b", "c", "d", "e", "f", "g", "h", "i"};
    uint32_t want[EDGE_KIND_COUNT] = {0};

    (void)state;
    for (uint32_t i = 0; i < HUB_FILES; i++) {
        draft_init(&d[i], paths[i], UINT64_C(1000) * (i + 1));
        d[i].u.n_nodes = 1 + HUB_NODES;
        for (uint32_t k = 1; k <= HUB_NODES; k++) {
            enum edge_kind kind = (enum edge_kind)((i * HUB_NODES + k) % 7);
            d[i].nodes[k] = d[i].nodes[0];
            d[i].nodes[k].sig = 1000 * (i + 1) + k;
            d[i].nodes[k].kind = NODE_FUNCTION;
            draft_edge(&d[i], d[i].nodes[k].sig, 1000, kind, 1);
            want[kind]++;
        }
    }
    struct pinned p = graph_of_drafts(d, HUB_FILES);
    uint32_t hub = id_of(&p.v, 1000);
    for (uint32_t kinds = 0; kinds < 1u << 8; kinds++) {
        uint32_t seen[EDGE_KIND_COUNT] = {0}, last_kind = 0, last = 0;
        struct edge_iter it;
        struct edge e;

        view_edges(&p.v, hub, true, kinds, &it);
        while (view_next(&it, &e)) {
            assert_true(e.kind > last_kind || (e.kind == last_kind && e.node >= last));
            last_kind = e.kind;
            last = e.node + 1;
            seen[e.kind]++;
        }
        for (unsigned kind = 0; kind < EDGE_KIND_COUNT; kind++)
            assert_int_equal(seen[kind], kinds >> kind & 1 ? want[kind] : 0);
    }
    pinned_release(&p);
}

static void expect_site(const struct view *v, const struct site *s, uint64_t file, uint32_t line,
                        enum layer layer)
{
    assert_int_equal(s->file, view_find_file(v, file == 1 ? "a.c" : "b.c"));
    assert_int_equal(s->line, line);
    assert_int_equal(s->col, line ? 5 : 0);
    assert_int_equal(s->layer, layer);
}

static void test_view__sites_say_where_an_edge_is_written(void **state)
{
    struct draft d[2];
    const struct site *sites = NULL;

    (void)state;
    draft_init(&d[0], "a.c", 1);
    draft_node(&d[0], 2, "f");
    draft_node(&d[0], 3, "g");
    draft_edge(&d[0], 2, 3, EDGE_CALLS, 22)->layer = LAYER_UNIQUE;
    draft_edge(&d[0], 2, 3, EDGE_CALLS, 21)->layer = LAYER_CANDIDATE;
    draft_edge(&d[0], 2, 3, EDGE_USES, 9);
    draft_init(&d[1], "b.c", 10);
    draft_edge(&d[1], 2, 3, EDGE_CALLS, 7)->layer = LAYER_CANDIDATE;
    draft_edge(&d[1], 2, 3, EDGE_EXTENDS, 0);
    struct pinned p = graph_of_drafts(d, 2);
    const struct view *v = &p.v;
    uint32_t f = id_of(v, 2), g = id_of(v, 3), file = id_of(v, 1);

    assert_int_equal(view_sites(v, f, g, EDGE_CALLS, &sites), 3);
    expect_site(v, &sites[0], 1, 21, LAYER_CANDIDATE);
    expect_site(v, &sites[1], 1, 22, LAYER_UNIQUE);
    expect_site(v, &sites[2], 2, 7, LAYER_CANDIDATE);
    assert_int_equal(view_sites(v, f, g, EDGE_USES, &sites), 1);
    expect_site(v, &sites[0], 1, 9, LAYER_EXACT);
    assert_int_equal(view_sites(v, f, g, EDGE_EXTENDS, &sites), 1); /* not the file of its end */
    expect_site(v, &sites[0], 2, 0, LAYER_EXACT);
    assert_int_equal(view_sites(v, file, f, EDGE_CONTAINS, &sites), 0);
    assert_int_equal(view_sites(v, g, f, EDGE_CALLS, &sites), 0); /* no such edge */
    assert_int_equal(view_sites(v, f, g, EDGE_IMPORTS, &sites), 0);

    struct edge_iter it;
    struct edge out = {0}, in = {0};
    view_edges(v, f, false, EDGE_BIT(EDGE_CALLS), &it);
    assert_true(view_next(&it, &out) && !view_next(&it, &in));
    view_edges(v, g, true, EDGE_BIT(EDGE_CALLS), &it);
    assert_true(view_next(&it, &in));
    assert_int_equal(out.layer, LAYER_UNIQUE); /* the surest */
    assert_int_equal(in.layer, LAYER_UNIQUE);
    assert_int_equal(out.node, g);
    assert_int_equal(in.node, f);
    pinned_release(&p);
}

/* The largest place that a unit may name. */
static void test_view__the_last_places_are_kept(void **state)
{
    struct draft d;
    const struct site *sites = NULL;

    (void)state;
    draft_init(&d, "a.c", 1);
    draft_node(&d, 2, "f");
    draft_edge(&d, 2, 2, EDGE_CALLS, UNIT_LINE_MAX)->col = UINT16_MAX;
    draft_edge(&d, 2, 2, EDGE_CALLS, UNIT_LINE_MAX)->col = UINT16_MAX - 1;
    struct pinned p = graph_of_drafts(&d, 1);
    uint32_t f = id_of(&p.v, 2);
    assert_int_equal(view_sites(&p.v, f, f, EDGE_CALLS, &sites), 2);
    assert_int_equal(sites[0].line, UNIT_LINE_MAX);
    assert_int_equal(sites[0].col, UINT16_MAX - 1);
    assert_int_equal(sites[1].line, UNIT_LINE_MAX);
    assert_int_equal(sites[1].col, UINT16_MAX);
    pinned_release(&p);
}

/* ---- order ---- */

static void expect_order(const struct view *v, const uint64_t *sigs, uint32_t n)
{
    struct ids all = {0}, sorted = {0};

    assert_true(view_nodes(v, &all));
    assert_int_equal(all.len, n);
    for (uint32_t i = 0; i < n; i++) {
        assert_true(view_sig(v, all.at[i]) == sigs[i]);
        for (uint32_t k = 0; k < n; k++) {
            assert_int_equal(view_before(v, all.at[i], all.at[k]), i < k);
            assert_int_equal(view_compare(v, all.at[i], all.at[k]), i < k ? -1 : i > k);
        }
        assert_true(vec_push(&sorted, all.at[n - 1 - i]));
    }
    view_sort(v, sorted.at, n);
    assert_memory_equal(sorted.at, all.at, n * sizeof(*all.at));
    vec_release(&all);
    vec_release(&sorted);
}

static void swap_nodes(struct draft *d, uint32_t a, uint32_t b)
{
    struct unit_node was = d->nodes[a];
    d->nodes[a] = d->nodes[b];
    d->nodes[b] = was;
}

/* Ids of a first commit are in order, and that is relied upon until a commit breaks it. */
static void test_view__a_file_whose_nodes_are_reordered(void **state)
{
    static const uint64_t before[] = {1, 2, 3, 4, 11, 12}, after[] = {1, 4, 3, 2, 11, 12};
    struct draft d[2];
    struct view old;

    (void)state;
    draft_init(&d[0], "a.c", 1);
    for (uint64_t sig = 2; sig < 5; sig++)
        draft_node(&d[0], sig, "f");
    draft_init(&d[1], "b.c", 11);
    draft_node(&d[1], 12, "g");
    struct pinned p = graph_of_drafts(d, 2);
    assert_true(live_pin(p.g, &old));
    assert_int_equal(old.nodes_in_order, 6);
    swap_nodes(&d[0], 1, 3);
    add_drafts(&p, d, 1);
    expect_order(&p.v, after, 6);
    expect_order(&old, before, 6);
    swap_nodes(&d[0], 1, 3);
    add_drafts(&p, d, 1);
    expect_order(&p.v, before, 6);
    expect_order(&old, before, 6);
    live_unpin(&old);
    pinned_release(&p);
}

static void test_view__a_new_node_between_old_ones_and_a_new_file_between_files(void **state)
{
    static const uint64_t before[] = {1, 2, 3, 21, 22}, between[] = {1, 2, 9, 3, 21, 22},
                          after[] = {1, 2, 9, 3, 31, 21, 22};
    struct draft d[3];
    struct view old, middle;

    (void)state;
    draft_init(&d[0], "a.c", 1);
    draft_node(&d[0], 2, "f");
    draft_node(&d[0], 3, "g");
    draft_init(&d[1], "c.c", 21);
    draft_node(&d[1], 22, "h");
    struct pinned p = graph_of_drafts(d, 2);
    assert_true(live_pin(p.g, &old));
    draft_init(&d[0], "a.c", 1);
    draft_node(&d[0], 2, "f");
    draft_node(&d[0], 9, "new");
    draft_node(&d[0], 3, "g");
    add_drafts(&p, d, 1);
    assert_true(live_pin(p.g, &middle));
    draft_init(&d[2], "b.c", 31);
    add_drafts(&p, d + 2, 1);
    expect_order(&p.v, after, 7);
    expect_order(&middle, between, 6);
    expect_order(&old, before, 5);
    assert_int_not_equal(p.v.nodes_in_order, 0); /* the old ones still are in order */
    live_unpin(&old);
    live_unpin(&middle);
    pinned_release(&p);
}

/* A node that moves to another file takes its id, and its edges, with it. */
static void test_view__a_node_that_moves_to_another_file(void **state)
{
    static const uint64_t before[] = {1, 2, 3, 11, 12}, after[] = {1, 3, 11, 2, 12};
    struct draft d[2];
    struct view old;

    (void)state;
    draft_init(&d[0], "a.c", 1);
    draft_node(&d[0], 2, "f");
    draft_node(&d[0], 3, "g");
    draft_init(&d[1], "b.c", 11);
    draft_node(&d[1], 12, "h");
    draft_edge(&d[1], 12, 2, EDGE_CALLS, 5);
    struct pinned p = graph_of_drafts(d, 2);
    uint32_t f = id_of(&p.v, 2);
    assert_true(live_pin(p.g, &old));
    draft_init(&d[0], "a.c", 1);
    draft_node(&d[0], 3, "g");
    draft_init(&d[1], "b.c", 11);
    draft_node(&d[1], 2, "f");
    draft_node(&d[1], 12, "h");
    draft_edge(&d[1], 12, 2, EDGE_CALLS, 5);
    add_drafts(&p, d, 2);
    assert_int_equal(id_of(&p.v, 2), f);
    assert_string_equal(view_path(&p.v, view_file_of(&p.v, f)), "b.c");
    assert_string_equal(view_path(&old, view_file_of(&old, f)), "a.c");
    expect_order(&p.v, after, 5);
    expect_order(&old, before, 5);
    live_unpin(&old);
    pinned_release(&p);
}

/* Without a first commit that succeeded, nothing is taken to be in order. */
static void test_view__order_after_a_first_commit_that_failed(void **state)
{
    static const uint64_t want[] = {1, 2, 11, 12};
    struct draft d[2];
    struct pinned p = {0};

    (void)state;
    assert_int_equal(live_new(&p.g, NULL), PT_OK);
    draft_init(&d[0], "b.c", 11);
    draft_node(&d[0], 12, "f");
    draft_edge(&d[0], 12, 99, EDGE_CALLS, 3);
    struct delta broken = delta_of(d, 1);
    assert_int_equal(live_apply(p.g, &broken, (struct live_stamp){0}, NULL), PT_EINVAL);
    delta_release(&broken);
    draft_init(&d[0], "a.c", 1);
    draft_node(&d[0], 2, "e");
    draft_init(&d[1], "b.c", 11);
    draft_node(&d[1], 12, "f");
    add_drafts(&p, d, 2);
    expect_order(&p.v, want, 4);
    pinned_release(&p);
}

/* Of each call that takes memory: false, and what was there before is still there. */
static void test_view__failing_allocations_are_told(void **state)
{
    struct pinned p = names_graph();
    struct draft d;

    (void)state;
    draft_init(&d, "a.c", 200);
    draft_node(&d, 201, "open");
    add_drafts(&p, &d, 1); /* so that something must be sorted */
    for (int call = 0; call < 5; call++) {
        bool ok = false, fired = true;

        for (uint64_t n = 1; fired; n++) {
            struct ids ids = {0};
            struct hash128 root;

            fault_arm("mem.alloc", n, ENOMEM);
            switch (call) {
            case 0: ok = view_files(&p.v, &ids); break;
            case 1: ok = view_nodes(&p.v, &ids); break;
            case 2: ok = view_nodes_of(&p.v, 1u << NODE_FUNCTION, &ids); break;
            case 3: ok = view_named(&p.v, "open", 4, &ids); break;
            default: ok = view_root(&p.v, &root); break;
            }
            fired = fault_fired();
            fault_disarm_all();
            vec_release(&ids);
            assert_true(ok || fired);
            assert_true(n < 100);
        }
        assert_true(ok);
    }
    pinned_release(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_view__an_empty_graph_answers),
        cmocka_unit_test(test_view__names_are_found_whole),
        cmocka_unit_test(test_view__names_of_a_prefix_come_in_their_order),
        cmocka_unit_test(test_view__names_of_later_commits_fall_in_between),
        cmocka_unit_test(test_view__kinds_choose_edges),
        cmocka_unit_test(test_view__kinds_choose_edges_of_a_hub),
        cmocka_unit_test(test_view__sites_say_where_an_edge_is_written),
        cmocka_unit_test(test_view__the_last_places_are_kept),
        cmocka_unit_test(test_view__a_file_whose_nodes_are_reordered),
        cmocka_unit_test(test_view__a_new_node_between_old_ones_and_a_new_file_between_files),
        cmocka_unit_test(test_view__a_node_that_moves_to_another_file),
        cmocka_unit_test(test_view__order_after_a_first_commit_that_failed),
        cmocka_unit_test(test_view__failing_allocations_are_told),
    };

    return RUN_TESTS(tests);
}
