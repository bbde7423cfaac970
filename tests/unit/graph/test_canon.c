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
    struct view *v = view_of(NULL, d, 2);
    char *dump = dump_of(v);
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
    view_free(v);
}

static void test_dump__says_nothing_of_times_and_inodes(void **state)
{
    struct draft d[2];

    (void)state;
    some_drafts(d);
    struct view *v = view_of(NULL, d, 2);
    d[0].u.mtime_ns = 5;
    d[0].u.ctime_ns = 6;
    d[1].u.ino = 7;
    struct view *w = view_of(NULL, d, 2);
    w->generation = 99;
    w->as_of_ns = 98;
    char *a = dump_of(v), *b = dump_of(w);
    assert_string_equal(a, b);
    assert_true(hash128_eq(view_root(v), view_root(w)));
    mem_free(a);
    mem_free(b);
    view_free(v);
    view_free(w);
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
        struct view *v = view_of(NULL, d, 2);
        dumps[i] = dump_of(v);
        roots[i] = view_root(v);
        view_free(v);
        for (int k = 0; k < i; k++) {
            assert_string_not_equal(dumps[i], dumps[k]);
            assert_false(hash128_eq(roots[i], roots[k]));
        }
    }
    for (int i = 0; i <= CHANGES; i++)
        mem_free(dumps[i]);
}

/* The order of nodes in a unit is how a graph is stored, not what it says. */
static void test_dump__does_not_depend_on_ids(void **state)
{
    struct draft d;

    (void)state;
    draft_init(&d, "a.c", 1);
    draft_node(&d, 2, "f");
    draft_node(&d, 3, "g");
    draft_edge(&d, 2, 3, EDGE_CALLS, 3);
    draft_edge(&d, 2, 2, EDGE_CALLS, 3);
    struct view *v = view_of(NULL, &d, 1);
    struct unit_node f = d.nodes[1];
    d.nodes[1] = d.nodes[2];
    d.nodes[2] = f;
    struct view *w = view_of(NULL, &d, 1);
    char *a = dump_of(v), *b = dump_of(w);
    assert_string_equal(a, b);
    assert_true(hash128_eq(view_root(v), view_root(w)));
    mem_free(a);
    mem_free(b);
    view_free(v);
    view_free(w);
}

static void test_dump__is_the_same_after_any_way_to_a_graph(void **state)
{
    (void)state;
    for (uint64_t seed = 100; seed < 110; seed++) {
        struct twin t = {0};
        struct view *v = view_of(NULL, NULL, 0);
        uint64_t rng = seed;
        bool valid;

        print_message("seed %llu\n", (unsigned long long)seed);
        for (int i = 0; i < 12; i++) {
            struct delta d = twin_random_delta(&t, &rng, true, &valid);
            struct segment seg;
            assert_int_equal(segment_build(&v->seg, &d, &seg, NULL), 0);
            view_free(v);
            assert_int_equal(view_new(&seg, NULL, 1, 0, &v, NULL), 0);
            twin_apply(&t, &d);
            delta_release(&d);
        }
        struct delta whole = twin_whole(&t);
        struct segment seg;
        struct view *rebuilt;
        assert_int_equal(segment_build(NULL, &whole, &seg, NULL), 0);
        assert_int_equal(view_new(&seg, NULL, 1, 0, &rebuilt, NULL), 0);
        char *a = dump_of(v), *b = dump_of(rebuilt);
        assert_string_equal(a, b);
        assert_true(utf8_valid(a, strlen(a)));
        assert_true(hash128_eq(view_root(v), view_root(rebuilt)));
        mem_free(a);
        mem_free(b);
        view_free(v);
        view_free(rebuilt);
        delta_release(&whole);
        twin_release(&t);
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
    struct view *v = view_of(NULL, d, 2);
    assert_false(view_dump(v, stop_at_once, &calls));
    assert_int_equal(calls, 1);
    for (n = 1;; n++) {
        calls = 0;
        fault_arm("mem.alloc", n, ENOMEM);
        bool ok = view_dump(v, stop_at_once, &calls);
        bool fired = fault_fired();
        fault_disarm_all();
        assert_false(ok);
        if (!fired)
            break;
        assert_int_equal(calls, 0);
    }
    assert_true(n > 3);
    view_free(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dump__says_all_in_a_fixed_form),
        cmocka_unit_test(test_dump__says_nothing_of_times_and_inodes),
        cmocka_unit_test(test_dump__every_change_shows_in_dump_and_root),
        cmocka_unit_test(test_dump__does_not_depend_on_ids),
        cmocka_unit_test(test_dump__is_the_same_after_any_way_to_a_graph),
        cmocka_unit_test(test_dump__stops_when_told_and_survives_failing_allocations),
    };

    return RUN_TESTS(tests);
}
