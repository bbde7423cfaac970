/* The canonical dump and the root: their form, and that they depend on the graph alone. */
#include "unit/graph/twin.h"

#include "base/fault.h"

static void some_drafts(struct draft d[2])
{
    draft_init(&d[0], "a.c", 1);
    draft_node(&d[0], 2, "g");
    d[0].nodes[1].flags = FLAG_EXPORTED | FLAG_CONDITIONAL;
    d[0].nodes[1].doc_start = 3;
    d[0].nodes[1].doc_end = 9;
    d[0].u.refs_by_layer[LAYER_TYPED] = 4;
    d[0].u.unresolved[UNRESOLVED_DYNAMIC] = 6;
    d[0].u.content = (struct hash128){0x2, 0x1};
    draft_init(&d[1], "b c.rs", 3);
    draft_node(&d[1], 4, "b::f")->signature = "fn f(\\\t\x1b\xff\xe2\x80\xae)";
    d[1].u.lang = "rust";
    d[1].u.size = 77;
    draft_edge(&d[1], 4, 2, EDGE_CALLS, 21)->layer = LAYER_CANDIDATE;
    draft_edge(&d[1], 4, 2, EDGE_CALLS, 22)->layer = LAYER_TYPED;
    draft_edge(&d[0], 4, 2, EDGE_CALLS, 9)->layer = LAYER_TYPED;
    draft_edge(&d[0], 4, 4, EDGE_USES, 0);
}

static void test_dump__says_all_in_a_fixed_form(void **state)
{
    struct draft d[2];

    (void)state;
    some_drafts(d);
    struct pinned p = graph_of_drafts(d, 2);
    char *dump = dump_of(&p.v);
    assert_string_equal(
        dump,
        "isg-dump 1\n"
        "file\ta.c\tc\t00000000000000010000000000000002\t0\t100\t0\t0\t0,4,0,0\t0,6,0\n"
        "file\tb c.rs\trust\t00000000000000000000000000000000\t77\t100\t0\t0\t0,0,0,0\t0,0,0\n"
        "node\tfile\ta.c\ta.c:1-100\t0\t0000000000000001\t0-0\t-\ta.c\t-\t\n"
        "node\tfile\tb c.rs\tb c.rs:1-100\t0\t0000000000000003\t0-0\t-\tb c.rs\t-\t\n"
        "node\tfunction\tb::f\tb c.rs:20-25\t0\t0000000000000004\t200-250\t-\tf\t"
        "0000000000000003\tfn f(\\\\\\t\\x1b\\xff\\u{202e})\n"
        "node\tfunction\tg\ta.c:20-25\t42\t0000000000000002\t200-250\t3-9\tg\t"
        "0000000000000001\tg\n"
        "edge\tcontains\texact\ta.c\t0000000000000001\tg\t0000000000000002\t-\n"
        "edge\tcontains\texact\tb c.rs\t0000000000000003\tb::f\t0000000000000004\t-\n"
        "edge\tcalls\ttyped\tb::f\t0000000000000004\tg\t0000000000000002\t"
        "a.c:9:5;b c.rs:21:5!candidate,22:5\n"
        "edge\tuses\texact\tb::f\t0000000000000004\tb::f\t0000000000000004\ta.c:-\n");
    mem_free(dump);
    pinned_release(&p);
}

static void test_dump__says_nothing_of_times_and_inodes(void **state)
{
    struct draft d[2];

    (void)state;
    some_drafts(d);
    struct pinned p = graph_of_drafts(d, 2);
    d[0].u.mtime_ns = 5;
    d[0].u.ctime_ns = 6;
    d[1].u.ino = 7;
    struct delta delta = delta_of(d, 2);
    struct pinned q = graph_of_delta(&delta);
    const struct live_stamp stamp = {.commit = 99, .as_of_ns = 98};
    assert_int_equal(live_apply(q.g, &delta, stamp, NULL), PT_OK);
    pin_again(&q);
    assert_int_equal(view_generation(&q.v), 99);
    assert_int_equal(view_as_of_ns(&q.v), 98);
    expect_same_graph(&p.v, &q.v);
    delta_release(&delta);
    pinned_release(&p);
    pinned_release(&q);
}

/* Changes that a reader could see: each must show in both. */
static void change(struct draft d[2], int which)
{
    switch (which) {
    case 0: d[0].u.lang = "cpp"; break;
    case 1: d[0].u.content.hi++; break;
    case 2: d[0].u.size++; break;
    case 3: d[0].u.lines++; break;
    case 4: d[0].u.facts_flags = 1; break;
    case 5: d[0].u.error_line = 1; break;
    case 6: d[0].u.refs_by_layer[0]++; break;
    case 7: d[0].u.unresolved[2]++; break;
    case 8: d[0].nodes[1].line++; break;
    case 9: d[0].nodes[1].end_line++; break;
    case 10: d[0].nodes[1].start++; break;
    case 11: d[0].nodes[1].end++; break;
    case 12: d[0].nodes[1].doc_start--; break;
    case 13: d[0].nodes[1].doc_end++; break;
    case 14: d[0].nodes[1].flags = 0; break;
    case 15: d[0].nodes[1].kind = NODE_METHOD; break;
    case 16: d[0].nodes[1].name = "h"; break;
    case 17: d[0].nodes[1].qualified = "h"; break;
    case 18: d[0].nodes[1].signature = "h"; break;
    case 19: d[1].edges[1].kind = EDGE_USES; break;
    case 20: d[1].edges[1].layer = LAYER_UNIQUE; break;
    case 21: d[1].edges[1].line = 20; break;
    case 22: d[1].edges[1].col = 4; break;
    case 23: d[1].edges[1].to = 3; break;
    case 24: d[1].edges[1].from = 3; break;
    case 25: d[1].u.n_edges--; break;
    case 26: d[0].u.path = "a0.c"; break;
    case 27:
        d[1].nodes[2] = d[1].nodes[1];
        d[1].nodes[2].sig = 5;
        d[1].nodes[2].parent = 1;
        d[1].u.n_nodes++;
        break;
    case 28:
        change(d, 27);
        d[1].nodes[2].parent = 0;
        break;
    default: fail();
    }
}

#define CHANGES 29

static void test_dump__every_change_shows_in_dump_and_root(void **state)
{
    char *dumps[CHANGES + 1];
    struct hash128 roots[CHANGES + 1];

    (void)state;
    for (int i = 0; i <= CHANGES; i++) {
        struct draft d[2];

        some_drafts(d);
        if (i < CHANGES)
            change(d, i);
        struct pinned p = graph_of_drafts(d, 2);
        dumps[i] = dump_of(&p.v);
        roots[i] = root_of(&p.v);
        pinned_release(&p);
        for (int k = 0; k < i; k++) {
            assert_string_not_equal(dumps[i], dumps[k]);
            assert_false(hash128_eq(roots[i], roots[k]));
        }
    }
    for (int i = 0; i <= CHANGES; i++)
        mem_free(dumps[i]);
}

/* The order of definitions is part of what a file contributes, and so of the root; the dump sorts
 * them by themselves. */
static void test_dump__does_not_depend_on_the_order_of_nodes(void **state)
{
    struct draft d;

    (void)state;
    draft_init(&d, "a.c", 1);
    draft_node(&d, 2, "f");
    draft_node(&d, 3, "g");
    draft_edge(&d, 2, 3, EDGE_CALLS, 3);
    draft_edge(&d, 2, 2, EDGE_CALLS, 3);
    struct pinned p = graph_of_drafts(&d, 1);
    struct unit_node f = d.nodes[1];
    d.nodes[1] = d.nodes[2];
    d.nodes[2] = f;
    struct pinned q = graph_of_drafts(&d, 1);
    char *a = dump_of(&p.v), *b = dump_of(&q.v);
    assert_string_equal(a, b);
    assert_false(hash128_eq(root_of(&p.v), root_of(&q.v)));
    mem_free(a);
    mem_free(b);
    pinned_release(&p);
    pinned_release(&q);
}

static void test_dump__is_the_same_after_any_way_to_a_graph(void **state)
{
    (void)state;
    for (uint64_t seed = 100; seed < 130; seed++) {
        struct twin t = {0};
        struct pinned p = {0};
        uint64_t rng = seed;
        bool valid;

        print_message("seed %llu\n", (unsigned long long)seed);
        assert_int_equal(live_new(&p.g, NULL), PT_OK);
        for (int i = 0; i < 12; i++) {
            struct delta d = twin_random_delta(&t, &rng, true, &valid);
            apply_to(p.g, &d);
            twin_apply(&t, &d);
            delta_release(&d);
        }
        pin_again(&p);
        char *dump = dump_of(&p.v);
        assert_true(utf8_valid(dump, strlen(dump)));
        twin_check_rebuilt(&t, &p.v);
        mem_free(dump);
        pinned_release(&p);
        twin_release(&t);
    }
}

/* ---- the Merkle tree ---- */

/* What a file says of itself, read out of the graph, has the leaf that its record holds. */
static void expect_leaves(const struct view *v)
{
    struct ids files = {0};
    struct arena arena;

    arena_init(&arena);
    assert_true(view_files(v, &files));
    for (uint32_t i = 0; i < files.len; i++) {
        struct unit u;
        assert_int_equal(live_unit(v, view_path(v, files.at[i]), &arena, &u, NULL), PT_OK);
        assert_true(hash128_eq(merkle_leaf(&u), live_file(v, files.at[i])->leaf));
    }
    vec_release(&files);
    arena_release(&arena);
}

static void test_root__is_over_what_units_read_out_again_say(void **state)
{
    struct twin t = {0};
    struct pinned p = {0};
    uint64_t rng = 5;
    bool valid;

    (void)state;
    assert_int_equal(live_new(&p.g, NULL), PT_OK);
    for (int i = 0; i < 60; i++) {
        struct delta d = twin_random_delta(&t, &rng, true, &valid);
        apply_to(p.g, &d);
        twin_apply(&t, &d);
        delta_release(&d);
        pin_again(&p);
        expect_leaves(&p.v);
    }
    pinned_release(&p);
    twin_release(&t);
}

/* Where a file lies is part of the root, also where all else is the same. */
static void test_root__tells_folders_apart(void **state)
{
    static const char *const paths[][3] = {
        {"a/b/c", "a/d", "e"}, {"a/b", "a/d", "e"},   {"a/b/c", "a/d", "a/e"},
        {"a", "b", "c"},       {"a/b", "a/c", "a/d"}, {"a/b/c", "a/b/d", "a/b/e"},
        {"a/a", "b/a", "c/a"}, {"ab/c", "a/d", "e"},  {"a/b/c", "a/bb/c", "a/c"},
    };
    struct hash128 roots[PT_COUNT(paths)];

    (void)state;
    for (size_t i = 0; i < PT_COUNT(paths); i++) {
        struct draft d[3];
        for (uint64_t k = 0; k < 3; k++) {
            draft_init(&d[k], paths[i][k], k + 1);
            d[k].nodes[0].name = d[k].nodes[0].qualified = "same";
        }
        if (strcmp(d[0].u.path, d[1].u.path) > 0) {
            const char *first = d[0].u.path;
            d[0].u.path = d[1].u.path;
            d[1].u.path = first;
        }
        struct pinned p = graph_of_drafts(d, 3);
        roots[i] = root_of(&p.v);
        pinned_release(&p);
        for (size_t k = 0; k < i; k++)
            assert_false(hash128_eq(roots[i], roots[k]));
    }
}

static bool stop_at_once(void *calls, const char *p, size_t n)
{
    (void)p;
    (void)n;
    ++*(int *)calls;
    return false;
}

static void test_dump__stops_when_told_and_survives_failing_allocations(void **state)
{
    struct draft d[2];
    int calls = 0;
    uint64_t n;

    (void)state;
    some_drafts(d);
    struct pinned p = graph_of_drafts(d, 2);
    assert_false(view_dump(&p.v, stop_at_once, &calls));
    assert_int_equal(calls, 1);
    for (n = 1;; n++) {
        calls = 0;
        fault_arm("mem.alloc", n, ENOMEM);
        bool ok = view_dump(&p.v, stop_at_once, &calls);
        bool fired = fault_fired();
        fault_disarm_all();
        assert_false(ok);
        if (!fired)
            break;
        assert_int_equal(calls, 0);
    }
    assert_true(n > 3);
    pinned_release(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dump__says_all_in_a_fixed_form),
        cmocka_unit_test(test_dump__says_nothing_of_times_and_inodes),
        cmocka_unit_test(test_dump__every_change_shows_in_dump_and_root),
        cmocka_unit_test(test_dump__does_not_depend_on_the_order_of_nodes),
        cmocka_unit_test(test_dump__is_the_same_after_any_way_to_a_graph),
        cmocka_unit_test(test_root__is_over_what_units_read_out_again_say),
        cmocka_unit_test(test_root__tells_folders_apart),
        cmocka_unit_test(test_dump__stops_when_told_and_survives_failing_allocations),
    };

    return RUN_TESTS(tests);
}
