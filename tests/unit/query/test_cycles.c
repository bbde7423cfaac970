#include "query/cycles.h"

#include "support.h"

static struct cycles cycles_of(const struct graph *g, enum cycle_level level, bool self_loops,
                               bool no_tests)
{
    struct cycles c = {0};

    assert_int_equal(query_cycles(g->v, level, self_loops, no_tests, &c, NULL), 0);
    return c;
}

/* `members` and `steps` of cycle i, as names separated by blanks; NULL: any. */
static void check_cycle(const struct graph *g, const struct cycles *c, uint32_t i,
                        const char *members, const char *steps)
{
    const char *want[2] = {members, steps};

    assert_true(i < c->list.len);
    const struct cycle *cycle = &c->list.at[i];
    assert_int_equal(cycle->size, cycle->n_members);
    for (unsigned k = 0; k < 2; k++) {
        uint32_t n = k == 0 ? cycle->n_members : cycle->n_steps, at = 0;
        char *list = strdup(want[k] != NULL ? want[k] : ""), *rest = list;
        for (char *one; want[k] != NULL && (one = strsep(&rest, " ")) != NULL; at++) {
            assert_true(at < n);
            assert_int_equal(k == 0 ? c->members.at[cycle->first_member + at]
                                    : c->steps.at[cycle->first_step + at].node,
                             graph_id(g, one));
        }
        assert_true(want[k] == NULL || at == n);
        free(list);
    }
}

static void test_cycles__are_components_with_a_shortest_cycle_each(void **state)
{
    struct graph *g = graph_of("fn a.c::f; fn a.c::g; fn a.c::h; fn a.c::i; fn a.c::x; fn a.c::y\n"
                               "f -> g calls 3; g -> h calls 4; h -> i calls 5; i -> f calls 6\n"
                               "i -> g calls 7; f -> x calls; x -> y calls 8; y -> x calls 9");
    struct cycles c = cycles_of(g, CYCLES_FUNCTION, false, false);
    const struct site *site;

    (void)state;
    assert_int_equal(c.list.len, 2);
    /* From f it takes four steps; from g three. */
    check_cycle(g, &c, 0, "f g h i", "g h i");
    check_cycle(g, &c, 1, "x y", "x y");
    const struct cycle_step *step = &c.steps.at[c.list.at[0].first_step];
    assert_int_equal(step->from, graph_id(g, "g"));
    assert_int_equal(step->to, graph_id(g, "h"));
    assert_int_equal(step->kind, EDGE_CALLS);
    assert_int_equal(view_sites(g->v, step->from, step->to, step->kind, &site), 1);
    assert_int_equal(site->line, 4);
    cycles_release(&c);
    graph_free(g);
}

static void test_cycles__count_direct_recursion_when_told_to(void **state)
{
    struct graph *g = graph_of("fn a.c::f; fn a.c::g; f -> f calls 3; f -> g calls; g -> f uses");
    struct cycles c = cycles_of(g, CYCLES_FUNCTION, false, false);

    (void)state;
    assert_int_equal(c.list.len, 0);
    cycles_release(&c);
    c = cycles_of(g, CYCLES_FUNCTION, true, false);
    assert_int_equal(c.list.len, 1);
    check_cycle(g, &c, 0, "f", "f");
    assert_int_equal(c.steps.at[0].to, graph_id(g, "f"));
    cycles_release(&c);
    graph_free(g);
}

static void test_cycles__follow_neither_candidates_nor_tests(void **state)
{
    struct graph *g = graph_of("fn a.c::f; fn a.c::g; fn a.c::t test\n"
                               "f -> g calls; g -> f calls candidate; f -> t calls; t -> f calls");
    struct cycles c = cycles_of(g, CYCLES_FUNCTION, false, false);

    (void)state;
    assert_int_equal(c.list.len, 1);
    check_cycle(g, &c, 0, "f t", "f t");
    cycles_release(&c);
    c = cycles_of(g, CYCLES_FUNCTION, false, true);
    assert_int_equal(c.list.len, 0);
    cycles_release(&c);
    graph_free(g);
}

static void test_cycles__of_types_go_through_their_members(void **state)
{
    struct graph *g = graph_of(
        "file a.rs as k::a\n"
        "struct a.rs::A; field a.rs::A::b; struct a.rs::B; trait a.rs::T\n"
        "impl `a.rs::<B as T>`; method `a.rs::<B as T>::m`; fn a.rs::loose\n"
        "A::b -> B uses 3; m -> A accepts 9; loose -> A uses; A -> T implements; B -> B uses");
    struct cycles c = cycles_of(g, CYCLES_TYPE, true, false);

    (void)state;
    assert_int_equal(c.list.len, 1);
    check_cycle(g, &c, 0, "A B", "A B");
    assert_int_equal(c.steps.at[0].from, graph_id(g, "A::b"));
    assert_int_equal(c.steps.at[1].from, graph_id(g, "m"));
    assert_int_equal(c.steps.at[1].kind, EDGE_ACCEPTS);
    cycles_release(&c);
    graph_free(g);
}

static void test_cycles__of_files_and_modules_are_those_of_what_is_in_them(void **state)
{
    struct graph *g = graph_of(
        "file p/__init__.py lang python\nfile p/a.py lang python\nfile p/b.py lang python\n"
        "file q/__init__.py lang python\nfile q/c.py lang python\nfile p/x.c lang c\n"
        "fn p/a.py::f; fn p/b.py::g; fn q/c.py::h; fn p/x.c::x\n"
        "f -> g calls 1; g -> f calls 2 candidate; g -> f calls 3; f -> h calls 4\n"
        "q/c.py -> p/__init__.py imports 1; h -> x calls; x -> h calls");
    struct cycles c = cycles_of(g, CYCLES_FILE, false, false);

    (void)state;
    assert_int_equal(c.list.len, 2);
    check_cycle(g, &c, 0, "p/a.py p/b.py", "p/a.py p/b.py");
    check_cycle(g, &c, 1, "p/x.c q/c.py", "p/x.c q/c.py");
    cycles_release(&c);
    /* The C file in the folder of a Python package is a module of its own. */
    c = cycles_of(g, CYCLES_MODULE, false, false);
    assert_int_equal(c.list.len, 1);
    check_cycle(g, &c, 0, "p/__init__.py p/x.c q/__init__.py", "p/__init__.py q/__init__.py");
    assert_int_equal(c.steps.at[c.list.at[0].first_step].from, graph_id(g, "f"));
    cycles_release(&c);
    graph_free(g);
}

static void test_cycles__give_the_surest_edge_as_a_step(void **state)
{
    struct graph *g = graph_of("fn a.c::f; fn a.c::f2; fn b.c::g\n"
                               "f -> g calls 3 unique; f2 -> g calls 5 exact; g -> f calls 7");
    struct cycles c = cycles_of(g, CYCLES_FILE, false, false);

    (void)state;
    check_cycle(g, &c, 0, "a.c b.c", "a.c b.c");
    assert_int_equal(c.steps.at[0].from, graph_id(g, "f2"));
    cycles_release(&c);
    graph_free(g);
}

/* ---- against Floyd and Warshall ---- */

struct closure {
    uint32_t n;
    uint32_t *d; /* length of a shortest walk of at least one step, or UINT32_MAX / 2 */
};

static uint32_t *walk(const struct closure *c, uint32_t a, uint32_t b)
{
    return &c->d[(size_t)a * c->n + b];
}

static struct closure close_over(const struct view *v)
{
    struct closure c = {.n = view_node_count(v)};
    struct edge_iter it;
    struct edge e;

    c.d = malloc((size_t)c.n * c.n * sizeof(*c.d));
    assert_non_null(c.d);
    for (size_t i = 0; i < (size_t)c.n * c.n; i++)
        c.d[i] = UINT32_MAX / 2;
    for (uint32_t id = 0; id < c.n; id++) {
        view_edges(v, id, false, EDGE_BIT(EDGE_CALLS), &it);
        while (view_next(&it, &e)) {
            if (e.layer != LAYER_CANDIDATE)
                *walk(&c, id, e.node) = 1;
        }
    }
    for (uint32_t k = 0; k < c.n; k++) {
        for (uint32_t i = 0; i < c.n; i++) {
            for (uint32_t j = 0; j < c.n; j++) {
                uint32_t d = *walk(&c, i, k) + *walk(&c, k, j);
                if (d < *walk(&c, i, j))
                    *walk(&c, i, j) = d;
            }
        }
    }
    return c;
}

static void check_against(const struct view *v, const struct closure *c, const struct cycles *got,
                          bool self_loops)
{
    uint32_t *found = calloc(c->n, sizeof(*found)); /* cycle + 1 */

    assert_non_null(found);
    for (uint32_t i = 0; i < got->list.len; i++) {
        const struct cycle *cycle = &got->list.at[i];
        uint32_t shortest = UINT32_MAX;
        for (uint32_t k = 0; k < cycle->n_members; k++) {
            uint32_t id = got->members.at[cycle->first_member + k];
            uint32_t first = got->members.at[cycle->first_member];
            assert_int_equal(found[id], 0);
            found[id] = i + 1;
            assert_true(k == 0 || id > got->members.at[cycle->first_member + k - 1]);
            assert_true(*walk(c, id, first) < c->n + 1 && *walk(c, first, id) < c->n + 1);
            /* Loops of one node to itself are no cycles of a component of several. */
            for (uint32_t m = 0; m < c->n; m++) {
                uint32_t d = *walk(c, id, m) + *walk(c, m, id);
                if (m != id && d < shortest)
                    shortest = d;
            }
        }
        assert_int_equal(cycle->n_steps, cycle->size == 1 ? 1 : shortest);
        for (uint32_t k = 0; k < cycle->n_steps; k++) {
            const struct cycle_step *s = &got->steps.at[cycle->first_step + k];
            assert_int_equal(s->node, s->from);
            assert_int_equal(s->to,
                             got->steps.at[cycle->first_step + (k + 1) % cycle->n_steps].node);
            assert_int_equal(*walk(c, s->from, s->to), 1);
            assert_int_equal(found[s->node], i + 1);
        }
        assert_true(i == 0 || cycle->size <= cycle[-1].size);
    }
    for (uint32_t a = 0; a < c->n; a++) {
        bool in_one = self_loops && *walk(c, a, a) == 1;
        for (uint32_t b = 0; b < c->n; b++) {
            bool both = a != b && *walk(c, a, b) <= c->n && *walk(c, b, a) <= c->n;
            in_one = in_one || both;
            if (both)
                assert_int_equal(found[a], found[b]);
        }
        assert_int_equal(found[a] != 0, in_one);
    }
    (void)v;
    free(found);
}

static void test_cycles__agree_with_the_closure_of_random_graphs(void **state)
{
    static const char *const kinds[] = {"calls", "calls", "calls", "uses"};
    const uint32_t seed = 20261127;
    uint64_t rng = seed;

    (void)state;
    print_message("seed %u\n", seed);
    for (unsigned round = 0; round < 300; round++) {
        uint32_t n = 1 + (uint32_t)rng_below(&rng, 30);
        struct graph *g = random_graph(&rng, n, (uint32_t)rng_below(&rng, 2 * n + 1), kinds, 4);
        struct closure closure = close_over(g->v);
        bool self_loops = rng_below(&rng, 2) == 0;
        struct cycles c = cycles_of(g, CYCLES_FUNCTION, self_loops, false);
        check_against(g->v, &closure, &c, self_loops);
        cycles_release(&c);
        free(closure.d);
        graph_free(g);
    }
}

static void test_cycles__need_no_stack_for_long_chains(void **state)
{
    const unsigned n = 3000;
    struct buf text = {0};

    (void)state;
    for (unsigned i = 0; i < n; i++)
        buf_printf(&text, "fn a%u.c::f%u\n", i % 7, i);
    for (unsigned i = 0; i < n; i++)
        buf_printf(&text, "f%u -> f%u calls\n", i, (i + 1) % n);
    struct graph *g = graph_of(buf_cstr(&text));
    struct cycles c = cycles_of(g, CYCLES_FUNCTION, false, false);
    assert_int_equal(c.list.len, 1);
    assert_int_equal(c.list.at[0].size, n);
    assert_int_equal(c.list.at[0].n_steps, n);
    cycles_release(&c);
    graph_free(g);
    buf_release(&text);
}

static int cycles_anew(const struct graph *g, enum cycle_level level)
{
    struct cycles c = {0};
    int rc = query_cycles(g->v, level, true, false, &c, NULL);

    if (rc != 0)
        assert_int_equal(c.list.len + c.members.len + c.steps.len, 0);
    cycles_release(&c);
    return rc;
}

static void test_cycles__survive_each_failing_allocation(void **state)
{
    struct graph *g = graph_of("file p/__init__.py\nclass p/a.py::A; class p/b.py::B\n"
                               "fn p/a.py::f; fn p/b.py::g; fn q/c.py::h\n"
                               "f -> g calls; g -> f calls; A -> B extends; B -> A uses\n"
                               "h -> f calls; g -> h calls; h -> h calls");

    (void)state;
    FAIL_EACH_ALLOCATION(cycles_anew(g, CYCLES_FUNCTION));
    FAIL_EACH_ALLOCATION(cycles_anew(g, CYCLES_TYPE));
    FAIL_EACH_ALLOCATION(cycles_anew(g, CYCLES_FILE));
    FAIL_EACH_ALLOCATION(cycles_anew(g, CYCLES_MODULE));
    graph_free(g);
}

static void test_cycles__of_an_empty_graph_are_none(void **state)
{
    struct graph *g = graph_of("");

    (void)state;
    for (unsigned level = CYCLES_FUNCTION; level <= CYCLES_MODULE; level++) {
        struct cycles c = cycles_of(g, (enum cycle_level)level, true, false);
        assert_int_equal(c.list.len, 0);
        cycles_release(&c);
    }
    graph_free(g);
}

static void test_cycles__of_types_take_another_word_for_a_type_as_the_type(void **state)
{
    struct graph *g = graph_of("struct a.h::S = s; type-alias a.h::S = alias; field a.h::S.next\n"
                               "struct a.h::T = t; type-alias a.h::T = word\n"
                               "a.h::S.next -> alias uses; alias -> s uses");
    struct graph *two = graph_of("struct a.h::S = s; type-alias a.h::S = alias\n"
                                 "struct a.h::T = t; type-alias a.h::T = word\n"
                                 "s -> word uses; t -> alias uses");
    struct cycles c = {0};

    (void)state;
    assert_int_equal(query_cycles(g->v, CYCLES_TYPE, false, false, &c, NULL), 0);
    assert_int_equal(c.list.len, 0);
    assert_int_equal(query_cycles(two->v, CYCLES_TYPE, false, false, &c, NULL), 0);
    assert_int_equal(c.list.len, 1);
    assert_int_equal(c.list.at[0].size, 2);
    assert_int_equal(c.list.at[0].n_steps, 2);
    assert_int_equal(c.members.at[0], graph_id(two, "s"));
    assert_int_equal(c.members.at[1], graph_id(two, "t"));
    cycles_release(&c);
    graph_free(two);
    graph_free(g);
}

static void test_cycles__take_a_block_of_an_alias_as_one_of_its_type(void **state)
{
    struct graph *g = graph_of("file a.rs as k::a\nfile b.rs as k::b\n"
                               "impl a.rs::S; method a.rs::S::m = m; type-alias a.rs::S = alias\n"
                               "struct b.rs::S = s; struct b.rs::T = t\n"
                               "alias -> s uses; m -> t uses; t -> s uses");
    struct cycles c = cycles_of(g, CYCLES_TYPE, false, false);

    (void)state;
    assert_int_equal(c.list.len, 1);
    check_cycle(g, &c, 0, "s t", "s t");
    cycles_release(&c);
    graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cycles__are_components_with_a_shortest_cycle_each),
        cmocka_unit_test(test_cycles__count_direct_recursion_when_told_to),
        cmocka_unit_test(test_cycles__follow_neither_candidates_nor_tests),
        cmocka_unit_test(test_cycles__of_types_go_through_their_members),
        cmocka_unit_test(test_cycles__of_types_take_another_word_for_a_type_as_the_type),
        cmocka_unit_test(test_cycles__of_files_and_modules_are_those_of_what_is_in_them),
        cmocka_unit_test(test_cycles__give_the_surest_edge_as_a_step),
        cmocka_unit_test(test_cycles__agree_with_the_closure_of_random_graphs),
        cmocka_unit_test(test_cycles__need_no_stack_for_long_chains),
        cmocka_unit_test(test_cycles__survive_each_failing_allocation),
        cmocka_unit_test(test_cycles__of_an_empty_graph_are_none),
        cmocka_unit_test(test_cycles__take_a_block_of_an_alias_as_one_of_its_type),
    };
    return RUN_TESTS(tests);
}
