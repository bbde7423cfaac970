/* The same tree gives the same answers, byte for byte, whatever the graph went through. */
#include "history.h"

#include "query/context.h"
#include "query/cycles.h"
#include "query/find.h"
#include "query/level.h"
#include "query/rank.h"
#include "query/search.h"
#include "query/traverse.h"

#define SEED 20261201u
#define TREES 60u
#define QUESTIONS 25u

/* ---- a random tree ---- */

static const char *const files[] = {"file c/x.c",
                                    "file c/x.h",
                                    "file p/__init__.py as p sep . lang python lines 20",
                                    "file p/a.py as p.a sep . lang python lines 70",
                                    "file p/q/b.py as p.q.b sep . lang python",
                                    "file src/m.rs as k::m lang rust lines 70",
                                    "file src/n.rs as k::n lang rust lines 90",
                                    "file t/test_x.c test"};
static const char *const names[] = {"get",  "set",      "get_item", "save", "load",
                                    "Load", "load_all", "init",     "run",  "constructor"};
static const char *const flags[] = {"", "", "", " test", " exported", " declaration", " external"};

static const char *path_of(uint64_t *rng, char path[64])
{
    const char *file = files[rng_below(rng, PT_COUNT(files))] + strlen("file ");

    (void)snprintf(path, 64, "%.*s", (int)strcspn(file, " "), file);
    return path;
}

static void add_node(struct buf *text, uint64_t *rng, uint32_t number)
{
    unsigned type = (unsigned)rng_below(rng, 3), other = (unsigned)rng_below(rng, 2);
    const char *name = names[rng_below(rng, PT_COUNT(names))];
    char path[64];

    (void)path_of(rng, path);
    switch (rng_below(rng, 9)) {
    case 0: buf_printf(text, "struct %s::T%u", path, type); break;
    case 1: buf_printf(text, "trait %s::U%u", path, other); break;
    case 2: buf_printf(text, "type-alias %s::T%u", path, type); break;
    case 3: buf_printf(text, "impl %s::T%u", path, type); break;
    case 4: buf_printf(text, "impl `%s::<T%u as U%u>`", path, type, other); break;
    case 5: buf_printf(text, "method %s::T%u.%s", path, type, name); break;
    case 6: buf_printf(text, "method `%s::<T%u as U%u>::%s`", path, type, other, name); break;
    case 7: buf_printf(text, "macro %s::%s", path, name); break;
    default: buf_printf(text, "fn %s::%s", path, name); break;
    }
    buf_printf(text, " line %u%s = n%u\n", number * 3 + 1, flags[rng_below(rng, PT_COUNT(flags))],
               number);
}

/* Between the first `n_from` nodes and the first n. */
static void add_edge(struct buf *text, uint64_t *rng, uint32_t n_from, uint32_t n)
{
    static const char *const kinds[] = {"calls",   "calls",     "uses",    "implements", "extends",
                                        "imports", "overrides", "accepts", "returns"};
    static const char *const layers[] = {"", "", " typed", " unique", " candidate"};
    char path[64];

    buf_printf(text, "n%u -> n%u %s %u%s", (unsigned)rng_below(rng, n_from),
               (unsigned)rng_below(rng, n), kinds[rng_below(rng, PT_COUNT(kinds))],
               (unsigned)rng_below(rng, 300) + 1, layers[rng_below(rng, PT_COUNT(layers))]);
    if (rng_below(rng, 6) == 0)
        buf_printf(text, " in %s", path_of(rng, path));
    buf_str(text, "\n");
}

static struct graph *random_tree(uint64_t *rng)
{
    struct buf text = {0};
    uint32_t n = 10 + (uint32_t)rng_below(rng, 90);

    for (uint32_t i = 0; i < PT_COUNT(files); i++)
        buf_printf(&text, "%s\n", files[i]);
    for (uint32_t i = 0; i < n; i++)
        add_node(&text, rng, i);
    uint32_t n_from = rng_below(rng, 2) == 0 ? n : 3; /* a few with many, or many with a few */
    for (uint64_t m = n + rng_below(rng, UINT64_C(4) * n); m > 0; m--)
        add_edge(&text, rng, n_from, n);
    for (uint64_t m = rng_below(rng, n); m > 0; m--)
        add_edge(&text, rng, n, n);
    struct graph *g = graph_of(buf_cstr(&text));
    buf_release(&text);
    return g;
}

/* ---- answers, as text ---- */

struct asked {
    const struct view *v;
    const uint64_t *sigs; /* of all nodes, in order */
    uint32_t n;
    uint64_t rng;
    struct buf *out;
};

static uint32_t some_node(struct asked *q)
{
    uint32_t id = view_find_sig(q->v, q->sigs[rng_below(&q->rng, q->n)]);

    assert_int_not_equal(id, NODE_NONE);
    return id;
}

static void put(struct asked *q, uint32_t node)
{
    if (node == NODE_NONE) {
        buf_str(q->out, " -");
        return;
    }
    buf_char(q->out, ' ');
    view_add_qualified(q->v, node, q->out);
    buf_printf(q->out, "#%04x", (unsigned)(view_sig(q->v, node) & 0xffff));
}

static void put_reach(struct asked *q, const char *what, const struct reach *r)
{
    buf_printf(q->out, "%s truncated %d:", what, r->truncated);
    for (uint32_t i = 0; i < r->nodes.len; i++) {
        const struct reached *n = &r->nodes.at[i];
        put(q, n->node);
        buf_printf(q->out, "(%u %u %u %u %d)", n->distance, n->via, n->kind, n->layer, n->edge);
    }
    buf_str(q->out, "\n");
}

static struct reach_options some_options(struct asked *q)
{
    return (struct reach_options){
        .in = rng_below(&q->rng, 2) == 0,
        .no_tests = rng_below(&q->rng, 3) == 0,
        .candidates = rng_below(&q->rng, 3) == 0,
        .expansions = rng_below(&q->rng, 3) == 0,
        .kinds = rng_below(&q->rng, 2) == 0 ? EDGE_BLAST : (uint32_t)rng_below(&q->rng, EDGE_ALL),
        .max_depth = (uint32_t)rng_below(&q->rng, 4),
        .max_nodes = rng_below(&q->rng, 2) == 0 ? (uint32_t)rng_below(&q->rng, 40) : 0,
        .from_members = rng_below(&q->rng, 2) == 0,
    };
}

static void ask_walks(struct asked *q, struct reach *r)
{
    struct reach_options o = some_options(q);
    uint32_t starts[] = {some_node(q), some_node(q)};

    assert_int_equal(query_reach(q->v, starts, 1 + (uint32_t)rng_below(&q->rng, 2), &o, r, NULL),
                     0);
    put_reach(q, "reach", r);
    o = some_options(q);
    assert_int_equal(query_path(q->v, starts[0], starts[1], &o, r, NULL), 0);
    put_reach(q, "path", r);
    o = (struct reach_options){.kinds = EDGE_ALL & ~EDGE_BIT(EDGE_CONTAINS)};
    assert_int_equal(query_path(q->v, starts[0], starts[1], &o, r, NULL), 0);
    put_reach(q, "any path", r);
}

static void ask_context(struct asked *q)
{
    struct context c = {0};
    uint32_t self = some_node(q);

    assert_int_equal(query_context(q->v, self, &c, NULL), 0);
    buf_str(q->out, "context of");
    put(q, self);
    for (uint32_t i = 0; i < c.items.len; i++) {
        const struct context_item *item = &c.items.at[i];
        buf_printf(q->out, "\n %s %u %u %u", context_role_name((enum context_role)item->role),
                   item->distance, item->score, item->kind);
        put(q, item->node);
        put(q, item->from);
        put(q, item->to);
    }
    buf_str(q->out, "\n");
    context_release(&c);
}

static void ask_names(struct asked *q)
{
    static const char *const texts[] = {
        "get", "Load",  "T0::get", "T1.run",   "gte", "lod",         "p",   "k::m", "constructor",
        "x",   "x.c:7", "U1::set", "get@m.rs", "T2",  "absent::run", "ini", "a",    "item get"};
    static const uint32_t kinds[] = {0, 0, 1u << NODE_METHOD | 1u << NODE_FUNCTION};
    const char *text = texts[rng_below(&q->rng, PT_COUNT(texts))];
    struct find_filter filter = {.kinds = kinds[rng_below(&q->rng, PT_COUNT(kinds))]};
    struct found found = {0};
    struct hits hits = {0};

    assert_int_equal(query_find(q->v, text, &filter, &found, NULL), 0);
    buf_printf(q->out, "find %s: %u", text, found.how);
    for (uint32_t i = 0; i < found.nodes.len; i++)
        put(q, found.nodes.at[i]);
    uint32_t limit = (uint32_t)rng_below(&q->rng, 12);
    assert_int_equal(query_search(q->v, text, filter.kinds, limit, &hits, NULL), 0);
    buf_printf(q->out, "\nsearch %s: %u", text, hits.total);
    for (uint32_t i = 0; i < hits.list.len; i++)
        put(q, hits.list.at[i].node);
    buf_str(q->out, "\n");
    found_release(&found);
    hits_release(&hits);
}

static void put_ranking(struct asked *q, const struct ranking *r)
{
    buf_str(q->out, "ranking");
    for (uint32_t i = 0; i < r->list.len; i++) {
        put(q, r->list.at[i].node);
        buf_printf(q->out, "=%u", (unsigned)r->list.at[i].value);
    }
    buf_str(q->out, "\n");
}

static void ask_rank(struct asked *q)
{
    struct ranking r = {0};

    for (uint32_t limit = 0; limit < 8; limit += 7) {
        assert_int_equal(query_most_depended(q->v, limit, &r, NULL), 0);
        put_ranking(q, &r);
        assert_int_equal(query_largest(q->v, limit, &r, NULL), 0);
        put_ranking(q, &r);
    }
    ranking_release(&r);
}

static void ask_cycles(struct asked *q, enum cycle_level level, bool no_tests)
{
    struct cycles c = {0};

    assert_int_equal(query_cycles(q->v, level, true, no_tests, &c, NULL), 0);
    for (uint32_t i = 0; i < c.list.len; i++) {
        const struct cycle *cycle = &c.list.at[i];
        buf_printf(q->out, "cycle at level %d of %u:", level, cycle->size);
        for (uint32_t k = 0; k < cycle->n_members; k++)
            put(q, c.members.at[cycle->first_member + k]);
        for (uint32_t k = 0; k < cycle->n_steps; k++) {
            const struct cycle_step *s = &c.steps.at[cycle->first_step + k];
            buf_printf(q->out, "\n step by %u", s->kind);
            put(q, s->node);
            put(q, s->from);
            put(q, s->to);
        }
        buf_str(q->out, "\n");
    }
    cycles_release(&c);
}

/* The same questions for the same seed. */
static void ask_all(const struct view *v, const uint64_t *sigs, uint32_t n, uint64_t seed,
                    struct buf *ret)
{
    struct asked q = {.v = v, .sigs = sigs, .n = n, .rng = seed, .out = ret};
    struct reach r;

    reach_init(&r);
    for (unsigned i = 0; i < QUESTIONS; i++) {
        ask_walks(&q, &r);
        ask_context(&q);
        ask_names(&q);
    }
    reach_release(&r);
    ask_rank(&q);
    for (unsigned level = CYCLES_FUNCTION; level <= CYCLES_MODULE; level++) {
        ask_cycles(&q, (enum cycle_level)level, false);
        ask_cycles(&q, (enum cycle_level)level, true);
    }
}

static void check_same(uint32_t seed, const struct buf *want, const struct buf *got)
{
    size_t at = 0, line = 0;

    while (at < want->n && at < got->n && want->p[at] == got->p[at]) {
        line = want->p[at] == '\n' ? at + 1 : line;
        at++;
    }
    if (at < want->n || at < got->n)
        fail_msg("seed %u\nat once: %.*s\nby and by: %.*s", seed,
                 (int)strcspn(want->p + line, "\n"), want->p + line,
                 (int)strcspn(got->p + line, "\n"), got->p + line);
}

static uint64_t *sigs_of(const struct view *v, uint32_t *ret_n)
{
    struct ids nodes = {0};

    assert_true(view_nodes(v, &nodes));
    uint64_t *ret = malloc(nodes.len * sizeof(*ret));
    assert_non_null(ret);
    for (uint32_t i = 0; i < nodes.len; i++)
        ret[i] = view_sig(v, nodes.at[i]);
    *ret_n = nodes.len;
    vec_release(&nodes);
    return ret;
}

static void test_history__does_not_show_in_any_answer(void **state)
{
    uint32_t out_of_order = 0;

    (void)state;
    print_message("seeds %u to %u\n", SEED, SEED + TREES - 1);
    for (uint32_t tree = 0; tree < TREES; tree++) {
        uint64_t rng = SEED + tree;
        uint32_t n;
        struct history h;
        struct buf want = {0}, got = {0};
        struct graph *g = random_tree(&rng);
        uint64_t *sigs = sigs_of(g->v, &n);
        history_init(&h, g->v, SEED + tree);
        ask_all(g->v, sigs, n, tree, &want);
        ask_all(&h.view, sigs, n, tree, &got);
        check_same(SEED + tree, &want, &got);
        out_of_order += h.view.nodes_in_order < view_node_limit(&h.view);
        buf_release(&want);
        buf_release(&got);
        history_release(&h);
        free(sigs);
        graph_free(g);
    }
    assert_true(out_of_order > TREES / 2); /* else nothing was tested */
}

/* ---- levels ---- */

static bool comes_first(const struct view *v, uint32_t a, uint32_t b)
{
    const struct view_file x = view_file(v, view_file_of(v, a)),
                           y = view_file(v, view_file_of(v, b));
    uint32_t i = 0, k = 0;

    if (strcmp(x.path, y.path) != 0)
        return strcmp(x.path, y.path) < 0;
    while (x.nodes[i] != a)
        i++;
    while (y.nodes[k] != b)
        k++;
    return i < k;
}

static void check_levels(const struct view *v, uint64_t *rng)
{
    struct ids nodes = {0};
    struct reach r;

    reach_init(&r);
    assert_true(view_nodes(v, &nodes));
    for (unsigned round = 0; round < 30; round++) {
        uint32_t first = (uint32_t)rng_below(rng, 3), some = 1 + (uint32_t)rng_below(rng, 4);
        vec_clear(&r.nodes);
        for (uint32_t i = 0; i < first; i++)
            assert_true(vec_push(&r.nodes, (struct reached){.node = nodes.at[0]}));
        for (uint32_t i = 0; i < nodes.len; i++) {
            if (rng_below(rng, some) != 0)
                continue;
            assert_true(vec_push(&r.nodes, (struct reached){.node = nodes.at[i], .via = i}));
            uint32_t k = first + (uint32_t)rng_below(rng, r.nodes.len - first);
            struct reached x = r.nodes.at[k];
            r.nodes.at[k] = vec_last(&r.nodes);
            vec_last(&r.nodes) = x;
        }
        assert_true(level_sort(v, &r, &r.nodes, first));
        for (uint32_t i = first; i < r.nodes.len; i++) {
            assert_int_equal(r.nodes.at[i].node, nodes.at[r.nodes.at[i].via]);
            assert_true(i == first || comes_first(v, r.nodes.at[i - 1].node, r.nodes.at[i].node));
        }
    }
    vec_release(&nodes);
    reach_release(&r);
}

static void test_level__is_sorted_as_paths_and_places_are(void **state)
{
    uint64_t rng = SEED - 1;

    (void)state;
    print_message("seed %u\n", SEED - 1);
    for (unsigned round = 0; round < 30; round++) {
        struct graph *g = random_tree(&rng);
        struct history h;
        history_init(&h, g->v, rng_next(&rng));
        check_levels(g->v, &rng);
        check_levels(&h.view, &rng);
        history_release(&h);
        graph_free(g);
    }
}

/* ---- memory ---- */

enum { ASK_REACH, ASK_PATH, ASK_CONTEXT, ASK_CYCLES, ASK_FIND, ASK_SEARCH, ASK_RANK, ASK_COUNT };

static int ask_one(const struct view *v, unsigned what, uint32_t a, uint32_t b)
{
    struct reach_options o = {.kinds = EDGE_BLAST, .in = true, .from_members = true};
    struct context context = {0};
    struct cycles cycles = {0};
    struct ranking ranking = {0};
    struct found found = {0};
    struct hits hits = {0};
    struct reach r;
    int rc = 0;

    reach_init(&r);
    switch (what) {
    case ASK_REACH: rc = query_reach(v, &a, 1, &o, &r, NULL); break;
    case ASK_PATH: rc = query_path(v, a, b, &o, &r, NULL); break;
    case ASK_CONTEXT: rc = query_context(v, a, &context, NULL); break;
    case ASK_CYCLES: rc = query_cycles(v, CYCLES_TYPE, false, false, &cycles, NULL); break;
    case ASK_FIND: rc = query_find(v, "gte", NULL, &found, NULL); break;
    case ASK_SEARCH: rc = query_search(v, "get", 0, 5, &hits, NULL); break;
    case ASK_RANK: rc = query_most_depended(v, 5, &ranking, NULL); break;
    default: break;
    }
    if (rc != 0)
        assert_int_equal(r.nodes.len + context.items.len + cycles.list.len + found.nodes.len +
                             hits.list.len + ranking.list.len,
                         0);
    reach_release(&r);
    context_release(&context);
    cycles_release(&cycles);
    found_release(&found);
    hits_release(&hits);
    ranking_release(&ranking);
    return rc;
}

static void test_history__lets_each_allocation_fail(void **state)
{
    uint64_t rng = SEED + TREES;
    struct graph *g = random_tree(&rng);
    struct history h;

    (void)state;
    print_message("seed %u\n", SEED + TREES);
    history_init(&h, g->v, 1);
    struct asked q = {.v = &h.view, .rng = rng};
    uint64_t *sigs = sigs_of(g->v, &q.n);
    q.sigs = sigs;
    for (unsigned i = 0; i < 4 * ASK_COUNT; i++) {
        uint32_t a = some_node(&q), b = some_node(&q);
        FAIL_EACH_ALLOCATION(ask_one(&h.view, i % ASK_COUNT, a, b));
    }
    free(sigs);
    history_release(&h);
    graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_history__does_not_show_in_any_answer),
        cmocka_unit_test(test_history__lets_each_allocation_fail),
        cmocka_unit_test(test_level__is_sorted_as_paths_and_places_are),
    };
    return RUN_TESTS(tests);
}
