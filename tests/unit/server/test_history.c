/* Answers depend on what the graph says, not on how it came about: a graph that was made in one
 * step and one that was made in many, backwards, with ids in disorder, are asked the same. */
#include "support.h"

#define N_FILES 9u
#define N_EDGES 600u
#define N_SITES (MAX_SITES + 25u)

/* ---- the graph, made in one step ---- */

static uint32_t next(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 10;
}

/* Names that many bear, so that there is much to be put in order. */
static void put_name(struct buf *b, uint32_t *seed)
{
    static const char *const names[] = {"init", "load",   "Pool", "Pool.size", "Pool.take",
                                        "work", "worker", "Base", "twin"};
    buf_printf(b, "d%u/f%u.c::%s", next(seed) % 2, next(seed) % N_FILES,
               names[next(seed) % PT_COUNT(names)]);
}

static struct graph *in_one_step(void)
{
    static const char *const kinds[] = {"calls", "calls", "uses", "accepts", "extends", "imports"};
    struct buf text = {0};
    uint32_t seed = 1;
    for (unsigned i = 0; i < 2 * N_FILES; i++) {
        buf_printf(&text, "file d%u/f%u.c lines 90%s\n", i % 2, i / 2, i == 5 ? " test" : "");
        buf_printf(&text, "fn d%u/f%u.c::init line 9; fn d%u/f%u.c::load line 2\n", i % 2, i / 2,
                   i % 2, i / 2);
        buf_printf(&text, "struct d%u/f%u.c::Pool line 20; field d%u/f%u.c::Pool.size line 21\n",
                   i % 2, i / 2, i % 2, i / 2);
        buf_printf(&text, "method d%u/f%u.c::Pool.take line 22; struct d%u/f%u.c::Base line 7\n",
                   i % 2, i / 2, i % 2, i / 2);
        buf_printf(&text, "fn d%u/f%u.c::work line 30; fn d%u/f%u.c::worker line 30\n", i % 2,
                   i / 2, i % 2, i / 2);
        buf_printf(&text, "fn d%u/f%u.c::twin line 40%s\n", i % 2, i / 2, i == 5 ? " test" : "");
    }
    for (unsigned i = 0; i < N_EDGES; i++) {
        put_name(&text, &seed);
        buf_str(&text, " -> ");
        put_name(&text, &seed);
        buf_printf(&text, " %s %u%s\n", kinds[next(&seed) % PT_COUNT(kinds)], i + 1,
                   next(&seed) % 8 == 0 ? " candidate" : "");
    }
    for (unsigned i = 0; i < N_SITES; i++)
        buf_printf(&text, "d0/f4.c::work -> d1/f4.c::work calls %u in d%u/f%u.c\n", 999 - i, i % 2,
                   i * 5 % N_FILES);
    struct graph *g = graph_of(buf_cstr(&text));
    buf_release(&text);
    return g;
}

/* ---- the same, made in many ---- */

static void apply(struct store *s, const struct unit *u)
{
    struct delta d;
    delta_init(&d);
    assert_true(vec_push(&d.units, *u));
    assert_int_equal(store_apply(s, &d, NULL), PT_OK);
    delta_release(&d);
}

/* Every second of the nodes that need no other but the file, and no edge. */
static void apply_half(struct store *s, const struct unit *all)
{
    struct unit_node *nodes = mem_reallocarray(NULL, all->n_nodes, sizeof(*nodes));
    struct unit half = *all;
    half.nodes = nodes;
    half.n_edges = half.n_nodes = 0;
    for (uint32_t i = 0; i < all->n_nodes; i++) {
        if (i == 0 || (i % 2 == 0 && all->nodes[i].parent == 0))
            nodes[half.n_nodes++] = all->nodes[i];
    }
    apply(s, &half);
    mem_free(nodes);
}

static void apply_nodes(struct store *s, const struct unit *all)
{
    struct unit bare = *all;
    bare.n_edges = 0;
    apply(s, &bare);
}

/* What is given out first is last in order; a file of an early commit is gone at the end. */
static void in_many_steps(const struct graph *g, struct graph *ret)
{
    struct arena arena = {0};
    struct ids files = {0};
    struct unit units[2 * N_FILES], gone = {.path = "d0/f33.c", .removed = true};
    assert_true(view_files(g->v, &files));
    assert_int_equal(files.len, PT_COUNT(units));
    for (uint32_t i = 0; i < files.len; i++)
        assert_int_equal(live_unit(g->v, view_path(g->v, files.at[i]), &arena, &units[i], NULL),
                         PT_OK);

    *ret = (struct graph){.v = &ret->view};
    assert_int_equal(store_open_memory(&ret->store, NULL), PT_OK);
    struct unit_node node = {.sig = 1, .name = "x", .qualified = "x", .signature = ""};
    struct unit early = {.path = gone.path, .lang = "c", .n_nodes = 1, .nodes = &node};
    apply(ret->store, &early);
    for (uint32_t i = files.len; i-- > 0;)
        apply_half(ret->store, &units[i]);
    for (uint32_t i = 0; i < files.len; i++)
        apply_nodes(ret->store, &units[i * 7 % files.len]);
    for (uint32_t i = 0; i < files.len; i++)
        apply(ret->store, &units[i * 5 % files.len]);
    apply(ret->store, &gone);
    assert_int_equal(store_pin(ret->store, &ret->view, NULL), PT_OK);
    vec_release(&files);
    arena_release(&arena);
}

static void release(struct graph *h)
{
    store_unpin(h->store, &h->view);
    store_close(h->store);
}

/* ---- asking ---- */

/* Without generation and time, in which the graphs differ. */
static void put_neutral(struct buf *b, const char *text)
{
    const char *at = strstr(text, "\"generation\":");
    const char *end = at != NULL ? strstr(at, "\"as_of\":\"") : NULL;
    if (end == NULL) {
        buf_str(b, text);
        return;
    }
    end += strlen("\"as_of\":\"");
    end += strcspn(end, "\"");
    buf_add(b, text, (size_t)(at - text));
    buf_str(b, end);
}

/* All that is told: rows, as text and as JSON, or the failure and its candidates. */
static char *told(const struct graph *g, const char *method, const char *args)
{
    static const struct render_options plain = {.width = 0};
    struct buf all = {0}, json = {0};
    struct question q;
    struct answer a;
    struct err err = {0};
    question_init(&q, g, method, args);
    q.call.limit = UINT32_MAX;
    answer_init(&a);
    int rc = method_answer(&q.call, &a, &err);
    if (rc == PT_OK)
        render_text(&a, &plain, &all);
    else
        buf_printf(&all, "%s: %s\n", err_name(rc), err.msg);
    render_json(&a, &json);
    put_neutral(&all, buf_cstr(&json));
    put_neutral(&all, buf_cstr(&q.out));
    answer_release(&a);
    question_release(&q);
    buf_release(&json);
    return buf_steal(&all, NULL);
}

static void test_answers__do_not_depend_on_the_history_of_the_graph(void **state)
{
    (void)state;
    static const struct {
        const char *method, *args;
    } questions[] = {
        {"callers", "x=work@d1/f4.c"},
        {"callers", "x=work@d1/f4.c depth=0 candidates"},
        {"callers", "x=work"},
        {"callers", "x=d0/f2.c::twin depth=0"},
        {"callees", "x=d0/f4.c depth=3"},
        {"callees", "x=d0/f4.c::work depth=0"},
        {"uses", "x=d0/f1.c::init depth=0 candidates"},
        {"used_by", "x=Pool@d1/f3.c"},
        {"who_implements", "trait=d0/f2.c::Base transitive"},
        {"implements", "type=d0/f2.c::Base transitive"},
        {"blast_radius", "x=d0/f2.c::Pool"},
        {"blast_radius", "x=d1/f6.c direction=down candidates"},
        {"find_cycles", "level=function self-loops"},
        {"find_cycles", "level=type"},
        {"find_cycles", "level=file"},
        {"find_cycles", "level=module"},
        {"path", "a=d0/f0.c::init b=d1/f8.c::twin"},
        {"path", "a=d1/f8.c b=d0/f0.c candidates"},
        {"path", "a=d0/f3.c::load b=d1/f1.c::Pool"},
        {"where_defined", "x=Pool"},
        {"where_defined", "x=Pool.size"},
        {"where_defined", "x=wrok"},
        {"entities_in_file", "file=d1/f3.c"},
        {"list", ""},
        {"list", "kind=struct,field no-tests"},
        {"search", "text=work"},
        {"search", "text=pol"},
        {"generate_context", "x=d0/f4.c::work"},
        {"generate_context", "x=d1/f2.c::Pool"},
        {"export", "what=nodes"},
        {"export", "what=edges candidates"},
        {"export", "what=edges format=json"},
        {"export", "what=dump"},
        {"export", "what=dump format=json"},
        {"export", "what=edges format=dot kinds=calls"},
        {"export", "what=dump format=graphml"},
        {"export", "what=nodes format=mermaid kinds=struct"},
        {"stats", ""},
        {"root", ""},
    };
    struct graph *g = in_one_step();
    struct graph h;
    in_many_steps(g, &h);
    for (unsigned i = 0; i < PT_COUNT(questions); i++) {
        char *want = told(g, questions[i].method, questions[i].args);
        char *got = told(&h, questions[i].method, questions[i].args);
        if (strcmp(got, want) != 0)
            fail_msg("%s %s:\n%s\n---- but made in one step:\n%s", questions[i].method,
                     questions[i].args, got, want);
        free(want);
        free(got);
    }
    release(&h);
    graph_free(g);
}

/* ---- sites ---- */

/* Those of line 999, 998, ... lie in all files in turn: the first files' are kept. */
static void test_sites__are_cut_to_the_first_ones_in_order(void **state)
{
    (void)state;
    struct graph *g = in_one_step();
    struct graph h;
    in_many_steps(g, &h);
    char *text = told(&h, "callers", "x=d1/f4.c::work");
    const char *row = strstr(text, "\"name\":\"d0/f4.c::work\"");
    assert_non_null(row);
    const char *at = strstr(row, "\"sites\":[\""), *end = strchr(row, ']');
    char last[64] = "";
    unsigned n = 0;
    for (at += strlen("\"sites\":["); at < end; n++) {
        char place[64];
        (void)snprintf(place, sizeof(place), "%.*s", (int)strcspn(at + 1, "\""), at + 1);
        assert_true(strcmp(last, place) < 0); /* all have three digits */
        memcpy(last, place, sizeof(last));
        at += strlen(place) + 3;
    }
    assert_int_equal(n, MAX_SITES);
    assert_true(strncmp(last, "d1/", 3) == 0);
    assert_non_null(strstr(row, "\"sites_total\":75"));
    free(text);
    release(&h);
    graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers__do_not_depend_on_the_history_of_the_graph),
        cmocka_unit_test(test_sites__are_cut_to_the_first_ones_in_order),
    };
    return RUN_TESTS(tests);
}
