/* Queries end when they are told to, and are as good as new after that. */
#include "query/cycles.h"
#include "query/rank.h"
#include "query/search.h"
#include "query/traverse.h"

#include "base/stop.h"

#include "support.h"

static const char *const kinds[] = {"calls", "uses"};

/* What each query says: of a stopped one, an error or less than all. */
struct said {
    int reach, path, cycles, search, depended;
    uint32_t n_hits, n_depended;
};

static struct said ask_all(const struct view *v)
{
    const struct reach_options o = {.kinds = EDGE_ALL};
    struct said s = {0};
    struct reach r;
    struct cycles c = {0};
    struct hits h = {0};
    struct ranking k = {0};
    reach_init(&r);
    s.reach = query_reach(v, &(uint32_t){5}, 1, &o, &r, NULL);
    s.path = query_path(v, 5, 9, &o, &r, NULL);
    s.cycles = query_cycles(v, CYCLES_FUNCTION, false, false, &c, NULL);
    s.search = query_search(v, "f", 0, 0, &h, NULL);
    s.n_hits = h.total;
    s.depended = query_most_depended(v, 10, &k, NULL);
    s.n_depended = k.list.len;
    reach_release(&r);
    cycles_release(&c);
    hits_release(&h);
    ranking_release(&k);
    return s;
}

static void test_stop__ends_each_query(void **state)
{
    uint64_t rng = 7;
    struct graph *g = random_graph(&rng, 400, 1600, kinds, 2);
    const struct view *v = g->v;
    atomic_bool stop = false;
    (void)state;
    struct said all = ask_all(v);
    assert_int_equal(all.reach | all.path | all.cycles | all.search | all.depended, PT_OK);
    assert_null(stop_watch(&stop));
    struct said same = ask_all(v);
    assert_memory_equal(&same, &all, sizeof(all));
    atomic_store(&stop, true);
    struct said none = ask_all(v);
    assert_int_equal(none.reach, PT_ENOMEM);
    assert_int_equal(none.path, PT_ENOMEM);
    assert_int_equal(none.cycles, PT_ENOMEM);
    assert_true(none.n_hits < all.n_hits);
    assert_int_equal(none.n_depended, 0);
    assert_ptr_equal(stop_watch(NULL), &stop);
    same = ask_all(v);
    assert_memory_equal(&same, &all, sizeof(all));
    graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stop__ends_each_query),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
