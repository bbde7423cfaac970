#include "query/search.h"

#include "support.h"

static struct hits search(const struct graph *g, const char *text, uint32_t kinds, uint32_t limit)
{
    struct hits h = {0};

    assert_int_equal(query_search(g->v, text, kinds, limit, &h, NULL), 0);
    return h;
}

/* `want`: "rank:name rank:name ..." in order. */
static void check(const struct graph *g, const char *text, const char *want)
{
    struct hits h = search(g, text, 0, 0);
    struct buf got = {0};

    assert_int_equal(h.total, h.list.len);
    for (uint32_t i = 0; i < h.list.len; i++)
        buf_printf(&got, "%s%u:%s", i > 0 ? " " : "", h.list.at[i].rank,
                   view_name(g->v, h.list.at[i].node));
    assert_string_equal(buf_cstr(&got), want);
    buf_release(&got);
    hits_release(&h);
}

static void test_search__ranks_exact_prefix_word_substring_fuzzy(void **state)
{
    struct graph *g = graph_of("fn a.c::find; fn a.c::Find; fn a.c::findAll; fn a.c::dict_find\n"
                               "fn a.c::dictFindKey; fn a.c::refinder; fn a.c::fnid; fn a.c::fine\n"
                               "fn a.c::unrelated");

    (void)state;
    check(g, "find", "0:find 1:Find 2:findAll 3:dict_find 3:dictFindKey 4:refinder 5:fnid 5:fine");
    /* Case breaks ties, and no more. */
    check(g, "Find", "0:Find 1:find 2:findAll 3:dictFindKey 3:dict_find 4:refinder 5:fnid 5:fine");
    check(g, "", "");
    check(g, "nothing", "");
    graph_free(g);
}

static void test_search__puts_code_and_definitions_first_then_what_is_used_most(void **state)
{
    struct graph *g = graph_of(
        "struct a.c::S; field a.c::S.item = field; method a.c::S.item = m; fn a.c::item = f\n"
        "fn b.c::item = hub; fn b.c::item test = t; fn c.h::item declaration = d\n"
        "f -> hub calls; m -> hub calls; t -> hub calls");
    struct hits h = search(g, "item", 0, 0);

    (void)state;
    assert_int_equal(h.list.len, 6);
    assert_int_equal(h.list.at[0].node, graph_id(g, "hub"));
    assert_int_equal(h.list.at[1].node, graph_id(g, "f"));
    assert_int_equal(h.list.at[2].node, graph_id(g, "field"));
    assert_int_equal(h.list.at[3].node, graph_id(g, "m"));
    assert_int_equal(h.list.at[4].node, graph_id(g, "d"));
    assert_int_equal(h.list.at[5].node, graph_id(g, "t"));
    hits_release(&h);
    graph_free(g);
}

static void test_search__counts_all_and_keeps_the_best_up_to_the_limit(void **state)
{
    struct buf text = {0};

    (void)state;
    for (unsigned i = 0; i < 300; i++)
        buf_printf(&text, "fn a.c::name%03u\nstruct b.c::%sname%03u\n", i, i % 3 ? "x_" : "", i);
    struct graph *g = graph_of(buf_cstr(&text));
    struct hits all = search(g, "name", 0, 0);
    assert_int_equal(all.total, 600);
    for (uint32_t limit = 1; limit < 620; limit += 1 + limit / 5) {
        struct hits some = search(g, "name", 0, limit);
        assert_int_equal(some.total, 600);
        assert_int_equal(some.list.len, limit < 600 ? limit : 600);
        for (uint32_t i = 0; i < some.list.len; i++)
            assert_int_equal(some.list.at[i].node, all.list.at[i].node);
        hits_release(&some);
    }
    hits_release(&all);
    all = search(g, "name", 1u << NODE_STRUCT, 10);
    assert_int_equal(all.total, 300);
    hits_release(&all);
    graph_free(g);
    buf_release(&text);
}

static void test_search__finds_members_by_the_name_of_their_type(void **state)
{
    struct graph *g =
        graph_of("class a.py::Model; method a.py::Model.save; method a.py::Model.same\n"
                 "class a.py::Other; method a.py::Other.save\n"
                 "class a.py::Order; impl `a.py::<Order as Model>`\n"
                 "method `a.py::<Order as Model>.save`; fn b.py::dict; fn dict.c::x");

    (void)state;
    check(g, "Model.save", "0:save 0:save");
    check(g, "model::sa", "2:save 2:same 2:save");
    check(g, "Order.SAVE", "1:save");
    check(g, "dict.c", "0:dict.c 5:dict");
    check(g, "Model.", "5:Model");
    graph_free(g);
}

static void test_search__finds_names_that_have_all_words_of_a_text(void **state)
{
    struct graph *g = graph_of("fn a.c::dictResize; fn a.c::resize_dict; fn a.c::dictSize\n"
                               "fn a.c::tryResizeDictionary; fn a.c::predictresize\n"
                               "struct q.c::QuerySet; method q.c::QuerySet.filter; fn q.c::other");

    (void)state;
    check(g, "resize dict", "3:dictResize 3:resize_dict 3:tryResizeDictionary 4:predictresize");
    check(g, " Try  dict ", "3:tryResizeDictionary");
    check(g, "resize nothing", "");
    check(g, "set filter query", "4:filter");
    check(g, "query q.c", "4:QuerySet");
    graph_free(g);
}

static void test_search__takes_names_of_any_length(void **state)
{
    char name[1100];
    struct buf text = {0};

    (void)state;
    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    buf_printf(&text, "fn a.c::%s\nfn a.c::nnn\n", name);
    struct graph *g = graph_of(buf_cstr(&text));
    struct hits h = search(g, name, 0, 0);
    assert_int_equal(h.total, 1);
    hits_release(&h);
    h = search(g, "NNN", 0, 0);
    assert_int_equal(h.total, 2);
    hits_release(&h);
    graph_free(g);
    buf_release(&text);
}

/* ---- against a look at every name ---- */

static unsigned naive_distance(const char *a, const char *b)
{
    size_t na = strlen(a), nb = strlen(b);
    unsigned d[40][40];

    for (size_t i = 0; i <= na; i++) {
        for (size_t j = 0; j <= nb; j++) {
            unsigned best;
            if (i == 0 || j == 0) {
                d[i][j] = (unsigned)(i + j);
                continue;
            }
            best = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            best = d[i - 1][j] + 1 < best ? d[i - 1][j] + 1 : best;
            best = d[i][j - 1] + 1 < best ? d[i][j - 1] + 1 : best;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                d[i - 2][j - 2] + 1 < best)
                best = d[i - 2][j - 2] + 1;
            d[i][j] = best;
        }
    }
    return d[na][nb];
}

static void random_word(uint64_t *rng, char *ret, size_t max, const char *letters)
{
    size_t n = rng_below(rng, max + 1);

    for (size_t i = 0; i < n; i++)
        ret[i] = letters[rng_below(rng, strlen(letters))];
    ret[n] = '\0';
}

static void test_distance__is_that_of_the_whole_matrix(void **state)
{
    const uint32_t seed = 20261128;
    uint64_t rng = seed;

    (void)state;
    print_message("seed %u\n", seed);
    for (unsigned round = 0; round < 200000; round++) {
        char a[20], b[20];
        unsigned max = (unsigned)rng_below(&rng, 12);
        random_word(&rng, a, sizeof(a) - 1, "abc");
        if (rng_below(&rng, 2) == 0) {
            random_word(&rng, b, sizeof(b) - 1, "abc");
        } else { /* a few edits away */
            memcpy(b, a, sizeof(b));
            for (unsigned k = (unsigned)rng_below(&rng, 4); k > 0 && b[0] != '\0'; k--) {
                size_t i = rng_below(&rng, strlen(b));
                if (rng_below(&rng, 2) == 0 && b[i + 1] != '\0') {
                    char c = b[i];
                    b[i] = b[i + 1];
                    b[i + 1] = c;
                } else {
                    b[i] = 'c';
                }
            }
        }
        unsigned want = naive_distance(a, b);
        want = want <= max ? want : max + 1;
        if (name_distance(a, b, max) != want)
            fail_msg("%s %s max %u: %u, not %u", a, b, max, name_distance(a, b, max), want);
    }
    assert_int_equal(name_distance("", "", 0), 0);
    assert_int_equal(name_distance("abc", "abd", 0), 1);
    assert_int_equal(name_distance("ab", "ba", UINT32_MAX), 1);
}

static void fold_word(const char *s, char *ret)
{
    size_t i = 0;

    for (; s[i] != '\0'; i++)
        ret[i] = (char)(s[i] >= 'A' && s[i] <= 'Z' ? s[i] - 'A' + 'a' : s[i]);
    ret[i] = '\0';
}

/* The rank, 6 if it is no hit. Words begin after '_', and at the first of some upper case
 * letters. */
static unsigned naive_rank(const char *text, const char *name)
{
    char t[40], n[40];
    unsigned rank = 6;
    size_t len = strlen(text);

    fold_word(text, t);
    fold_word(name, n);
    if (strcmp(text, name) == 0)
        return 0;
    if (strcmp(t, n) == 0)
        return 1;
    if (strncmp(t, n, len) == 0)
        return 2;
    for (size_t i = 1; strlen(n) >= len && i <= strlen(n) - len; i++) {
        bool upper = name[i] >= 'A' && name[i] <= 'Z';
        bool upper_before = name[i - 1] >= 'A' && name[i - 1] <= 'Z';
        if (strncmp(n + i, t, len) != 0)
            continue;
        if (rank > 3)
            rank = (name[i] != '_' && name[i - 1] == '_') || (upper && !upper_before) ? 3 : 4;
    }
    unsigned max = len < 3 ? 0 : len < 5 ? 1 : len < 9 ? 2 : 3;
    if (rank == 6 && max > 0 && naive_distance(t, n) <= max)
        rank = 5;
    return rank;
}

static void test_search__agrees_with_a_look_at_every_name(void **state)
{
    const uint32_t seed = 20261129;
    uint64_t rng = seed;

    (void)state;
    print_message("seed %u\n", seed);
    for (unsigned round = 0; round < 60; round++) {
        struct buf text = {0};
        for (unsigned i = 0; i < 60; i++) {
            char name[12];
            random_word(&rng, name, 10, "abAB_");
            buf_printf(&text, "fn f.c::x%s%s\n", name, rng_below(&rng, 4) == 0 ? " test" : "");
        }
        struct graph *g = graph_of(buf_cstr(&text));
        for (unsigned i = 0; i < 40; i++) {
            char name[8];
            uint32_t want = 0;
            random_word(&rng, name, 6, "abAB_x");
            struct hits h = search(g, name, 0, 0);
            for (uint32_t id = 0; id < view_node_count(g->v) && name[0] != '\0'; id++)
                want += naive_rank(name, view_name(g->v, id)) < 6;
            assert_int_equal(h.total, want);
            assert_int_equal(h.list.len, want);
            for (uint32_t k = 0; k < h.list.len; k++) {
                const struct hit *hit = &h.list.at[k];
                assert_int_equal(hit->rank, naive_rank(name, view_name(g->v, hit->node)));
                if (k > 0)
                    assert_true(hit->rank > hit[-1].rank ||
                                (hit->rank == hit[-1].rank && hit->score <= hit[-1].score));
            }
            hits_release(&h);
        }
        graph_free(g);
        buf_release(&text);
    }
}

static int search_anew(const struct graph *g, const char *text, uint32_t limit)
{
    struct hits h = {0};
    int rc = query_search(g->v, text, 0, limit, &h, NULL);

    hits_release(&h);
    return rc;
}

static void test_search__survives_each_failing_allocation(void **state)
{
    struct buf text = {0};

    (void)state;
    for (unsigned i = 0; i < 100; i++)
        buf_printf(&text, "fn a.c::name%03u\n", i);
    struct graph *g = graph_of(buf_cstr(&text));
    FAIL_EACH_ALLOCATION(search_anew(g, "name", 0));
    FAIL_EACH_ALLOCATION(search_anew(g, "name", 10));
    graph_free(g);
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_search__ranks_exact_prefix_word_substring_fuzzy),
        cmocka_unit_test(test_search__puts_code_and_definitions_first_then_what_is_used_most),
        cmocka_unit_test(test_search__counts_all_and_keeps_the_best_up_to_the_limit),
        cmocka_unit_test(test_search__finds_members_by_the_name_of_their_type),
        cmocka_unit_test(test_search__finds_names_that_have_all_words_of_a_text),
        cmocka_unit_test(test_search__takes_names_of_any_length),
        cmocka_unit_test(test_distance__is_that_of_the_whole_matrix),
        cmocka_unit_test(test_search__agrees_with_a_look_at_every_name),
        cmocka_unit_test(test_search__survives_each_failing_allocation),
    };
    return RUN_TESTS(tests);
}
