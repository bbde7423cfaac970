/* Questions to small graphs, and what people are told. */
#include "support.h"

static const char program[] =
    "file a.c lines 40; file b.c lines 90; file t.c lines 5 test\n"
    "fn a.c::main line 10; fn a.c::init line 5; fn b.c::work line 3; fn b.c::helper line 30\n"
    "fn b.c::init line 50\n"
    "fn t.c::check line 2 test\n"
    "struct b.c::Pool line 20; field b.c::Pool.size line 21\n"
    "main -> a.c::init calls 11; main -> work calls 12; main -> work calls 14\n"
    "work -> helper calls 4; helper -> work calls 31\n"
    "check -> work calls 2\n"
    "helper -> Pool accepts 30; work -> Pool uses 5\n"
    "helper -> b.c::init calls 33 candidate; helper -> a.c::init calls 33 candidate\n";

static const char types[] =
    "file s.rs as app\n"
    "trait s.rs::Shape line 1; method s.rs::Shape::area line 2; trait s.rs::Solid line 4\n"
    "struct s.rs::Circle line 6; struct s.rs::Ball line 8\n"
    "Circle -> Shape implements 10; Solid -> Shape extends 4; Ball -> Solid implements 12\n";

static void test_callers__list_the_places_of_the_calls(void **state)
{
    (void)state;
    struct graph *g = graph_of(program);
    check_answer(g, "callers", "x=work",
                 "3 callers of b.c::work\n"
                 "function  b.c:3\n\n"
                 "  function  a.c::main    a.c:12,14\n"
                 "  function  b.c::helper  b.c:31\n"
                 "  function  t.c::check   t.c:2\n");
    check_answer(g, "callers", "x=work no-tests",
                 "2 callers of b.c::work\n"
                 "function  b.c:3\n\n"
                 "  function  a.c::main    a.c:12,14\n"
                 "  function  b.c::helper  b.c:31\n");
    graph_free(g);
}

static void test_callers__of_callers_are_grouped_by_distance(void **state)
{
    (void)state;
    struct graph *g = graph_of(program);
    check_answer(g, "callers", "x=helper depth=2",
                 "3 callers of b.c::helper\n"
                 "function  b.c:30\n\n"
                 "Distance 1: 1 caller\n"
                 "  function  b.c::work   b.c:4\n\n"
                 "Distance 2: 2 callers\n"
                 "  function  a.c::main   a.c:12,14  via work\n"
                 "  function  t.c::check  t.c:2      via work\n");
    graph_free(g);
}

static void test_callers__leave_candidates_out_and_say_so(void **state)
{
    (void)state;
    struct graph *g = graph_of(program);
    check_answer(g, "callers", "x=b.c::init",
                 "0 callers of b.c::init\n"
                 "function  b.c:50\n\n"
                 "1 more only as one of several possible targets: --candidates\n");
    check_answer(g, "callers", "x=b.c::init candidates",
                 "1 caller of b.c::init\n"
                 "function  b.c:50\n\n"
                 "  function  b.c::helper  candidate  b.c:33\n");
    graph_free(g);
}

static void test_callees__go_along_the_calls(void **state)
{
    (void)state;
    struct graph *g = graph_of(program);
    check_answer(g, "callees", "x=main",
                 "2 callees of a.c::main\n"
                 "function  a.c:10\n\n"
                 "  function  a.c::init  a.c:11\n"
                 "  function  b.c::work  a.c:12,14\n");
    graph_free(g);
}

static void test_uses__and_used_by_are_the_two_ways_of_one_relation(void **state)
{
    (void)state;
    struct graph *g = graph_of(program);
    check_answer(g, "used_by", "x=Pool",
                 "2 users of b.c::Pool\n"
                 "struct  b.c:20\n\n"
                 "  function  b.c::work    uses     b.c:5\n"
                 "  function  b.c::helper  accepts  b.c:30\n");
    check_answer(g, "uses", "x=work",
                 "1 node used by b.c::work\n"
                 "function  b.c:3\n\n"
                 "  struct  b.c::Pool  uses  b.c:5\n");
    graph_free(g);
}

static void test_who_implements__a_trait_directly_or_through_others(void **state)
{
    (void)state;
    struct graph *g = graph_of(types);
    check_answer(g, "who_implements", "trait=Shape",
                 "1 implementation of app::Shape\n"
                 "trait  s.rs:1\n\n"
                 "  struct  app::Circle  s.rs:10\n\n"
                 "Others extend it: --transitive follows them\n");
    check_answer(g, "who_implements", "trait=Shape transitive",
                 "3 implementations of app::Shape\n"
                 "trait  s.rs:1\n\n"
                 "Distance 1: 2 implementations\n"
                 "  trait   app::Solid   extends     s.rs:4\n"
                 "  struct  app::Circle  implements  s.rs:10\n\n"
                 "Distance 2: 1 implementation\n"
                 "  struct  app::Ball    implements  s.rs:12  via Solid\n");
    check_answer(g, "implements", "type=Ball transitive",
                 "2 nodes implemented or extended by app::Ball\n"
                 "struct  s.rs:8\n\n"
                 "Distance 1: 1 node\n"
                 "  trait  app::Solid  implements  s.rs:12\n\n"
                 "Distance 2: 1 node\n"
                 "  trait  app::Shape  extends     s.rs:4   via Solid\n");
    graph_free(g);
}

static void test_blast_radius__gives_a_path_for_each(void **state)
{
    (void)state;
    struct graph *g = graph_of(program);
    struct question q;
    check_answer(g, "blast_radius", "x=Pool no-tests",
                 "3 nodes affected by a change of b.c::Pool\n"
                 "struct  b.c:20\n\n"
                 "Distance 1: 2 nodes\n"
                 "  function  b.c::work    uses     b.c:5\n"
                 "  function  b.c::helper  accepts  b.c:30\n\n"
                 "Distance 2: 1 node\n"
                 "  function  a.c::main    calls    a.c:12,14  via work\n");
    question_init(&q, g, "blast_radius", "x=Pool no-tests kinds=uses,calls depth=3");
    char *json = answer_of(&q, PT_OK, true);
    assert_non_null(strstr(json, "\"by_distance\":[{\"distance\":1,\"total\":1},"
                                 "{\"distance\":2,\"total\":2}]"));
    assert_non_null(strstr(json, "\"path\":[\"a.c::main\",\"b.c::work\",\"b.c::Pool\"]"));
    assert_non_null(strstr(json, "\"total\":3,\"shown\":3,\"truncated\":false,"));
    free(json);
    question_release(&q);
    check_answer(g, "blast_radius", "x=work direction=down kinds=calls",
                 "1 node that b.c::work depends on\n"
                 "function  b.c:3\n\n"
                 "Distance 1: 1 node\n"
                 "  function  b.c::helper  b.c:4\n");
    graph_free(g);
}

static void test_find_cycles__draws_each_from_its_start(void **state)
{
    (void)state;
    struct graph *g = graph_of(program);
    check_answer(g, "find_cycles", "level=function",
                 "1 cycle between functions\n\n"
                 "2 functions\n"
                 "     b.c::work\n"
                 "  -> b.c::helper  calls  b.c:4\n"
                 "  -> b.c::work    calls  b.c:31\n");
    check_answer(g, "find_cycles", "level=file", "No cycles between files\n");
    graph_free(g);
}

static void test_path__shows_each_step_with_its_place(void **state)
{
    (void)state;
    struct graph *g = graph_of(program);
    check_answer(g, "path", "a=main b=Pool",
                 "2 steps from a.c::main to b.c::Pool\n\n"
                 "     a.c::main\n"
                 "  -> b.c::work  calls  a.c:12,14\n"
                 "  -> b.c::Pool  uses   b.c:5\n");
    check_answer(g, "path", "a=Pool b=main",
                 "No path from b.c::Pool to a.c::main\n\n"
                 "--candidates also follows edges to one of several possible targets\n"
                 "There is one the other way, from a.c::main to b.c::Pool\n");
    graph_free(g);
}

static void test_finding__lists_all_that_bear_a_name(void **state)
{
    (void)state;
    struct graph *g = graph_of(program);
    check_answer(g, "where_defined", "x=init",
                 "2 definitions of init\n\n"
                 "  function  a.c::init  a.c:5\n"
                 "  function  b.c::init  b.c:50\n");
    check_answer(g, "entities_in_file", "file=b.c",
                 "5 entities in b.c (90 lines)\n\n"
                 "   3  function  work\n"
                 "  20  struct    Pool\n"
                 "  21  field       size\n"
                 "  30  function  helper\n"
                 "  50  function  init\n");
    check_answer(g, "list", "kind=struct,fields",
                 "2 nodes of kind struct,fields\n\n"
                 "  struct  b.c::Pool       b.c:20\n"
                 "  field   b.c::Pool.size  b.c:21\n");
    check_answer(g, "search", "text=hel",
                 "1 match for hel\n\n"
                 "  prefix  function  b.c::helper  b.c:30\n");
    graph_free(g);
}

static void test_names__ambiguous_or_unknown_are_answered_with_commands(void **state)
{
    (void)state;
    struct graph *g = graph_of(program);
    check_failure(
        g, "callers", "x=init depth=2 no-tests", PT_EAMBIGUOUS,
        "EAMBIGUOUS: 'init' is ambiguous: 2 nodes bear that name\n"
        "  function  a.c:5   parseltongue query callers a.c::init --depth 2 --no-tests\n"
        "  function  b.c:50  parseltongue query callers b.c::init --depth 2 --no-tests\n");
    check_failure(g, "path", "a=main b=wrok", PT_ENOENT,
                  "ENOENT: nothing is called 'wrok'; similar names are\n"
                  "  function  b.c:3  parseltongue query path main b.c::work\n");
    check_failure(g, "callers", "x=zzzzzzzz", PT_ENOENT,
                  "ENOENT: nothing is called 'zzzzzzzz', nor anything like it (search finds parts "
                  "of names)\n");
    graph_free(g);
}

static void test_names__of_too_many_are_cut_with_a_word(void **state)
{
    (void)state;
    struct buf text = {0};
    for (unsigned i = 0; i < 1200; i++)
        buf_printf(&text, "fn f%u.c::main line 3\n", i);
    struct graph *g = graph_of(buf_cstr(&text));
    char *told = ask(g, "callers", "x=main", PT_EAMBIGUOUS);
    unsigned rows = 0;
    for (const char *p = told; (p = strchr(p, '\n')) != NULL; p++)
        rows++;
    assert_int_equal(rows, 1 + 10);
    assert_non_null(strstr(told, "'main' is ambiguous: 1,200 nodes bear that name (NAME@FILE tells "
                                 "them apart); the first 10 are\n"));
    free(told);
    check_answer(g, "callers", "x=main@f7.c", "0 callers of f7.c::main\nfunction  f7.c:3\n");
    graph_free(g);
    buf_release(&text);
}

static void test_names__that_share_all_but_the_place_are_told_apart_by_it(void **state)
{
    (void)state;
    struct graph *g = graph_of("file a.c as m; file b.c as m\n"
                               "impl `a.c::<X as Y>` line 2; fn `a.c::<X as Y>::f` line 3\n"
                               "impl `b.c::<X as Y>` line 2; fn `b.c::<X as Y>::f` line 4\n"
                               "fn a.c::g line 7 conditional; fn a.c::g line 9 conditional\n");
    check_failure(g, "callers", "x=f", PT_EAMBIGUOUS,
                  "EAMBIGUOUS: 'f' is ambiguous: 2 nodes bear that name\n"
                  "  function  a.c:3  parseltongue query callers 'm::<X as Y>::f@a.c'\n"
                  "  function  b.c:4  parseltongue query callers 'm::<X as Y>::f@b.c'\n");
    check_failure(g, "callers", "x=g", PT_EAMBIGUOUS,
                  "EAMBIGUOUS: 'g' is ambiguous: 2 nodes bear that name\n"
                  "  function  a.c:7  parseltongue query callers m::g@a.c:7\n"
                  "  function  a.c:9  parseltongue query callers m::g@a.c:9\n");
    check_answer(g, "callers", "x=m::g@a.c:9", "0 callers of m::g\nfunction  a.c:9\n");
    graph_free(g);
}

static void test_kinds__unknown_are_a_usage_error_that_lists_them(void **state)
{
    (void)state;
    struct graph *g = graph_of(program);
    check_failure(g, "blast_radius", "x=work kinds=calls,foo", PT_EUSAGE,
                  "EUSAGE: no kind of edges is called 'foo'; there are: contains, defines, calls, "
                  "implements, extends, uses, imports, overrides, accepts, returns\n");
    graph_free(g);
}

static void test_export__writes_one_row_a_site(void **state)
{
    (void)state;
    struct graph *g = graph_of(program);
    check_answer(g, "export", "what=edges kinds=calls",
                 "caller\tcallee\tcaller_def\tcallee_def\tsite\tkind\n"
                 "a.c::main\ta.c::init\ta.c:10\ta.c:5\ta.c:11:1\texact\n"
                 "a.c::main\tb.c::work\ta.c:10\tb.c:3\ta.c:12:1\texact\n"
                 "a.c::main\tb.c::work\ta.c:10\tb.c:3\ta.c:14:1\texact\n"
                 "b.c::work\tb.c::helper\tb.c:3\tb.c:30\tb.c:4:1\texact\n"
                 "b.c::helper\tb.c::work\tb.c:30\tb.c:3\tb.c:31:1\texact\n"
                 "t.c::check\tb.c::work\tt.c:2\tb.c:3\tt.c:2:1\texact\n");
    char *text = ask(g, "export", "what=edges kinds=calls candidates no-tests", PT_OK);
    assert_non_null(strstr(text, "b.c::helper\tb.c::init\tb.c:30\tb.c:50\tb.c:33:1\tcandidate\n"));
    assert_null(strstr(text, "t.c::check"));
    free(text);
    text = ask(g, "export", "what=edges kinds=defines", PT_OK);
    assert_string_equal(text, "caller\tcallee\tcaller_def\tcallee_def\tsite\tkind\tedge\n"
                              "b.c::Pool\tb.c::Pool.size\tb.c:20\tb.c:21\t-\texact\tdefines\n");
    free(text);
    graph_free(g);
}

static void test_export__escapes_names_as_each_format_needs(void **state)
{
    (void)state;
    struct graph *g =
        graph_of("file a.c; fn `a.c::f\"<&>\\` line 3; fn a.c::g\nf\"<&>\\ -> g calls 4\n");
    check_answer(g, "export", "what=edges kinds=calls format=dot",
                 "digraph parseltongue {\n  rankdir=LR;\n  node [shape=box];\n"
                 "  n1 [label=\"a.c::f\\\"<&>\\\\\" kind=\"function\" at=\"a.c:3\"];\n"
                 "  n2 [label=\"a.c::g\" kind=\"function\" at=\"a.c:1\"];\n"
                 "  n1 -> n2 [kind=\"calls\"];\n}\n");
    check_answer(g, "export", "what=edges kinds=calls format=mermaid",
                 "flowchart LR\n  n1[\"a.c::f#quot;#lt;#amp;#gt;\\\"]\n  n2[\"a.c::g\"]\n"
                 "  n1 -->|calls| n2\n");
    char *xml = ask(g, "export", "what=edges kinds=calls format=graphml", PT_OK);
    assert_non_null(strstr(xml, "<data key=\"name\">a.c::f&quot;&lt;&amp;&gt;\\</data>"));
    free(xml);
    check_failure(g, "export", "what=dump kinds=calls", PT_EUSAGE,
                  "EUSAGE: the canonical dump is of everything: it takes no choices\n");
    graph_free(g);
}

static void test_context__is_cut_to_the_budget_with_exact_totals(void **state)
{
    (void)state;
    struct graph *g = graph_of(program);
    struct question q;
    for (uint32_t tokens = 120; tokens < 600; tokens += 60) {
        question_init(&q, g, "generate_context", "x=work");
        q.call.max_tokens = tokens;
        char *json = answer_of(&q, PT_OK, true);
        assert_true(strlen(json) <= (size_t)tokens * BYTES_PER_TOKEN || tokens < 300);
        assert_non_null(strstr(json, "\"total\":6,"));
        free(json);
        question_release(&q);
    }
    check_answer(g, "generate_context", "x=Pool",
                 "struct b.c::Pool\nstruct  b.c:20\n\n"
                 "Around it (1)\n  file  b.c\n\n"
                 "Members (1)\n  field  b.c::Pool.size  b.c:21\n\n"
                 "It is used by (2)\n"
                 "  function  b.c::work  b.c:3  (b.c:5)\n"
                 "  function  b.c::helper  b.c:30  (b.c:30)\n");
    check_answer(g, "generate_context", "x=helper",
                 "function b.c::helper\nfunction  b.c:30\n\n"
                 "Around it (1)\n  file  b.c\n\n"
                 "Callers (1)\n  function  b.c::work  b.c:3  (b.c:4)\n\n"
                 "It uses (1)\n  struct  b.c::Pool  b.c:20  (b.c:30)\n\n"
                 "Tests that reach it (1)\n  function  t.c::check  t.c:2  (t.c:2)\n\n"
                 "Two steps away (2)\n"
                 "  field  b.c::Pool.size  b.c:21\n"
                 "  function  a.c::main  a.c:10  (a.c:12,14)\n");
    graph_free(g);
}

static void test_stats__say_what_stands_out(void **state)
{
    (void)state;
    struct graph *g = graph_of(program);
    struct question q;
    question_init(&q, g, "stats", "");
    q.call.limit = 2;
    char *text = answer_of(&q, PT_OK, false);
    assert_non_null(strstr(text, "  files           3   "));
    assert_non_null(strstr(text, "Largest modules (lines)\n  90  file  b.c\n  40  file  a.c\n"));
    assert_non_null(strstr(text, "Most depended-on (by how many nodes)\n"
                                 "  2  function  b.c::work  b.c:3\n"
                                 "  2  struct    b.c::Pool  b.c:20\n"));
    free(text);
    question_release(&q);
    graph_free(g);
}

/* Asks and renders with the n-th allocation failing; false once there is no n-th. */
static bool ask_failing(const struct graph *g, const char *method, const char *args, uint64_t n)
{
    static const struct render_options narrow = {.width = 40};
    struct question q;
    struct answer a;
    struct buf text = {0}, json = {0};
    question_init(&q, g, method, args);
    q.call.limit = 2;
    fault_arm("mem.alloc", n, ENOMEM);
    answer_init(&a);
    int rc = method_answer(&q.call, &a, NULL);
    if (rc == PT_OK) {
        render_text(&a, &narrow, &text);
        render_json(&a, &json);
    }
    bool fired = fault_fired();
    bool told = rc == PT_ENOMEM || text.failed || json.failed || q.out.failed;
    fault_disarm_all();
    if (fired != told)
        fail_msg("%s %s: allocation %u failed without a word, code %d", method, args, (unsigned)n,
                 rc);
    buf_release(&text);
    buf_release(&json);
    answer_release(&a);
    question_release(&q);
    return fired;
}

static void test_methods__survive_each_failing_allocation(void **state)
{
    (void)state;
    static const struct {
        const char *method, *args;
    } questions[] = {
        {"callers", "x=work"},
        {"callers", "x=b.c::init"},
        {"used_by", "x=Pool depth=0"},
        {"who_implements", "trait=Pool"},
        {"blast_radius", "x=Pool"},
        {"find_cycles", "level=function"},
        {"path", "a=main b=Pool"},
        {"path", "a=Pool b=main"},
        {"where_defined", "x=init"},
        {"entities_in_file", "file=b.c"},
        {"list", ""},
        {"search", "text=hel"},
        {"generate_context", "x=Pool"},
        {"stats", ""},
        {"root", ""},
        {"export", "what=nodes"},
        {"export", "what=edges"},
        {"export", "what=edges format=json"},
        {"export", "what=dump"},
        {"export", "what=dump format=json"},
        {"export", "what=dump format=dot"},
        {"export", "what=edges format=graphml"},
        {"export", "what=nodes format=mermaid"},
    };
    struct graph *g = graph_of(program);
    for (unsigned i = 0; i < PT_COUNT(questions); i++) {
        for (uint64_t n = 1; ask_failing(g, questions[i].method, questions[i].args, n); n++)
            continue;
    }
    graph_free(g);
}

static void test_table__is_consistent(void **state)
{
    (void)state;
    for (unsigned i = 0; i < method_count; i++) {
        const struct method *m = &methods[i];
        bool options = false, optional = false;
        assert_non_null(m->run);
        assert_true(strlen(m->summary) < 90);
        for (unsigned k = 0; k < i; k++) {
            assert_string_not_equal(methods[k].name, m->name);
            assert_string_not_equal(methods[k].verb, m->verb);
        }
        for (unsigned p = 0; p < method_params(m); p++) {
            const struct param *param = &m->params[p];
            assert_non_null(param->help);
            assert_true((param->type == PARAM_CHOICE) == (param->choices != NULL));
            assert_true(param->type == PARAM_FLAG || param->value != NULL);
            assert_false(param->positional && options); /* before the options */
            assert_false(param->positional && param->required &&
                         optional); /* before optional ones */
            options |= !param->positional;
            optional |= param->positional && !param->required;
        }
    }
}

static void test_verbs__are_found_by_their_words(void **state)
{
    (void)state;
    const char *words[] = {"query", "what-implements", "X"};
    unsigned taken = 0;
    const struct method *m = method_of_verb(methods, method_count, words, 3, &taken);
    assert_string_equal(m->name, "who_implements");
    assert_int_equal(taken, 2);
    assert_null(method_of_verb(methods, method_count, words, 1, &taken));
    assert_null(method_of_verb(methods, method_count, words + 1, 2, &taken));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_callers__list_the_places_of_the_calls),
        cmocka_unit_test(test_callers__of_callers_are_grouped_by_distance),
        cmocka_unit_test(test_callers__leave_candidates_out_and_say_so),
        cmocka_unit_test(test_callees__go_along_the_calls),
        cmocka_unit_test(test_uses__and_used_by_are_the_two_ways_of_one_relation),
        cmocka_unit_test(test_who_implements__a_trait_directly_or_through_others),
        cmocka_unit_test(test_blast_radius__gives_a_path_for_each),
        cmocka_unit_test(test_find_cycles__draws_each_from_its_start),
        cmocka_unit_test(test_path__shows_each_step_with_its_place),
        cmocka_unit_test(test_finding__lists_all_that_bear_a_name),
        cmocka_unit_test(test_names__ambiguous_or_unknown_are_answered_with_commands),
        cmocka_unit_test(test_names__of_too_many_are_cut_with_a_word),
        cmocka_unit_test(test_names__that_share_all_but_the_place_are_told_apart_by_it),
        cmocka_unit_test(test_kinds__unknown_are_a_usage_error_that_lists_them),
        cmocka_unit_test(test_export__writes_one_row_a_site),
        cmocka_unit_test(test_export__escapes_names_as_each_format_needs),
        cmocka_unit_test(test_context__is_cut_to_the_budget_with_exact_totals),
        cmocka_unit_test(test_stats__say_what_stands_out),
        cmocka_unit_test(test_methods__survive_each_failing_allocation),
        cmocka_unit_test(test_table__is_consistent),
        cmocka_unit_test(test_verbs__are_found_by_their_words),
    };
    return RUN_TESTS(tests);
}
