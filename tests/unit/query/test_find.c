#include "query/find.h"

#include "query/parts.h"
#include "support.h"

/* Names of several languages, as their extractors write them. */
static const char tree[] =
    "file src/dict.c lines 90\nfile src/dict.h\nfile lib/dict.c\n"
    "fn src/dict.c::dictFind line 20 end 30\n"
    "fn src/dict.c::dictAdd line 10 end 18\n"
    "fn lib/dict.c::dictAdd line 3 end 5\n"
    "fn src/dict.h::dictFind line 7 declaration\n"
    "struct src/dict.h::dict line 3 end 6 = dict; field src/dict.h::dict.ht line 4\n"
    "type-alias src/dict.h::dict line 6 = alias\n";

static const char rust[] = "file src/lib.rs as regex\nfile src/exec.rs as regex::exec\n"
                           "struct src/exec.rs::Exec line 5 end 9 = exec\n"
                           "impl src/exec.rs::Exec line 11 end 20 = inherent\n"
                           "method src/exec.rs::Exec::new line 12 end 14 = new\n"
                           "impl `src/exec.rs::<Exec as Clone>` line 22 end 30 = block\n"
                           "method `src/exec.rs::<Exec as Clone>::clone` line 23 end 25 = clone\n"
                           "impl `src/exec.rs::<&Set as Debug>` line 40 = debug\n"
                           "method `src/exec.rs::<&Set as Debug>::fmt` line 41 = fmt\n"
                           "macro src/lib.rs::vec line 3\n";

static const char mixed[] =
    "file django/db/__init__.py as django.db sep .\n"
    "file django/db/models.py as django.db.models sep .\n"
    "class django/db/models.py::Model line 3 end 30 = model\n"
    "method django/db/models.py::Model.save line 5 end 9 = save\n"
    "class django/db/models.py::Other line 40 end 50; method django/db/models.py::Other.save line 41\n"
    "file src/app.test.ts\n"
    "class src/app.test.ts::App line 1 end 20; method `src/app.test.ts::App.<constructor>` line 2\n"
    "field src/app.test.ts::App.#count line 3 = count\n"
    "method src/app.test.ts::App.operator-> line 4 = arrow\n"
    "method src/app.test.ts::App.operator< line 5 = less\n";

static struct found find(const struct graph *g, const char *text, const struct find_filter *filter)
{
    struct found f = {0};

    assert_int_equal(query_find(g->v, text, filter, &f, NULL), 0);
    return f;
}

/* `want`: names as in an edge, separated by "|", in order. */
static void check_list(const struct graph *g, const struct found *f, const char *text,
                       const char *want)
{
    char *list = strdup(want), *rest = list;
    uint32_t n = 0;

    for (const char *one; (one = strsep(&rest, "|")) != NULL && *one != '\0'; n++) {
        if (n >= f->nodes.len || f->nodes.at[n] != graph_id(g, one)) {
            struct buf name = {0};
            for (uint32_t i = 0; i < f->nodes.len; i++)
                print_message("  %u: %s (%s)\n", i, view_qualified(g->v, f->nodes.at[i], &name),
                              node_kind_name(view_kind(g->v, f->nodes.at[i])));
            fail_msg("%s: place %u is not %s", text, n, one);
        }
    }
    if (n != f->nodes.len)
        fail_msg("%s: %u found, %u expected", text, f->nodes.len, n);
    free(list);
}

static void check(const struct graph *g, const char *text, enum find_how how, const char *want)
{
    struct found f = find(g, text, NULL);

    check_list(g, &f, text, want);
    if (f.how != how)
        fail_msg("%s: found by way %d, not %d", text, f.how, how);
    found_release(&f);
}

static void test_find__takes_the_whole_name_before_a_suffix_before_a_bare_name(void **state)
{
    struct graph *g = graph_of("file save.py as save sep .\nfn save.py::run\n"
                               "file a.py as a sep .\nclass a.py::save; method a.py::save.run\n"
                               "file b.py as b sep .\nfn b.py::run");

    (void)state;
    check(g, "save.run", FIND_EXACT, "save.py::run");
    check(g, "a.save.run", FIND_EXACT, "a.py::save.run");
    check(g, "b.run", FIND_EXACT, "b.py::run");
    check(g, "run", FIND_BARE, "a.py::save.run|b.py::run|save.py::run");
    /* A module's whole name goes before the bare name of a class. */
    check(g, "save", FIND_EXACT, "save.py");
    graph_free(g);
    g = graph_of(mixed);
    check(g, "db.models.Model.save", FIND_SUFFIX, "save");
    check(g, "Model.save", FIND_SUFFIX, "save");
    check(g, "save", FIND_BARE, "save|Other.save");
    check(g, "django.db.models.Model.save", FIND_EXACT, "save");
    graph_free(g);
}

static void test_find__never_answers_with_a_namesake_of_something_else(void **state)
{
    struct graph *g = graph_of(mixed);

    (void)state;
    check(g, "Nothing.save", FIND_CLOSE, "save|Other.save");
    check(g, "del.save", FIND_CLOSE, "save|Other.save"); /* parts match whole */
    check(g, "save.Model", FIND_CLOSE, "model|django/db/models.py");
    check(g, "", FIND_CLOSE, "");
    check(g, "::", FIND_CLOSE, "");
    graph_free(g);
}

static void test_find__takes_all_separators_for_the_same(void **state)
{
    struct graph *g = graph_of(mixed);

    (void)state;
    check(g, "Model::save", FIND_SUFFIX, "save");
    check(g, "Model#save", FIND_SUFFIX, "save");
    check(g, "Model->save", FIND_SUFFIX, "save");
    check(g, "django/db/models/Model/save", FIND_EXACT, "save");
    check(g, "  Model.save ", FIND_SUFFIX, "save");
    graph_free(g);
}

static void test_find__ignores_what_stands_behind_a_name(void **state)
{
    struct graph *g = graph_of(rust);

    (void)state;
    check(g, "Exec::new()", FIND_SUFFIX, "new");
    check(g, "Exec::new(a::b, fn(c) -> d)", FIND_SUFFIX, "new");
    check(g, "Exec::<'a, T>::new", FIND_SUFFIX, "new");
    check(g, "Exec<T>::new::<u8>", FIND_SUFFIX, "new");
    check(g, "Exec<Fn() -> T>", FIND_BARE, "exec");
    check(g, "vec!", FIND_BARE, "vec");
    graph_free(g);
}

static void test_find__reaches_members_of_impls_by_type_and_by_trait(void **state)
{
    struct graph *g = graph_of(rust);

    (void)state;
    check(g, "Exec::clone", FIND_SUFFIX, "clone");
    check(g, "Clone::clone", FIND_SUFFIX, "clone");
    check(g, "exec::Exec::clone", FIND_SUFFIX, "clone");
    check(g, "regex::exec::Exec::clone", FIND_EXACT, "clone");
    check(g, "<Exec as Clone>::clone", FIND_SUFFIX, "clone");
    check(g, "<Exec>::clone", FIND_SUFFIX, "clone");
    check(g, "<Exec as Debug>::clone", FIND_CLOSE, "clone");
    check(g, "Set::fmt", FIND_SUFFIX, "fmt");
    check(g, "Debug::fmt", FIND_SUFFIX, "fmt");
    check(g, "Set", FIND_BARE, "debug"); /* nothing else is called so */
    check(g, "<Exec as Clone>", FIND_BARE, "block");
    graph_free(g);
}

static void test_find__prefers_the_name_that_is_spelled_so(void **state)
{
    struct graph *g =
        graph_of("file x.rs as k::x\n"
                 "trait x.rs::T; method x.rs::T::m declaration = own; struct x.rs::S\n"
                 "impl `x.rs::<S as T>`; method `x.rs::<S as T>::m` = theirs");

    (void)state;
    check(g, "k::x::T::m", FIND_EXACT, "own");
    check(g, "k::x::<S as T>::m", FIND_EXACT, "theirs");
    check(g, "k::x::S::m", FIND_EXACT, "theirs");
    graph_free(g);
}

static void test_find__finds_names_that_have_separators_inside(void **state)
{
    struct graph *g = graph_of(mixed);

    (void)state;
    check(g, "#count", FIND_BARE, "count");
    check(g, "count", FIND_CLOSE, "count");
    graph_free(g);
}

static void test_find__knows_constructors_by_their_word(void **state)
{
    struct graph *g = graph_of(mixed);

    (void)state;
    check(g, "App.constructor", FIND_SUFFIX, "App.<constructor>");
    check(g, "constructor", FIND_BARE, "App.<constructor>");
    check(g, "App.<constructor>", FIND_SUFFIX, "App.<constructor>");
    check(g, "App.#count", FIND_SUFFIX, "count");
    check(g, "operator->", FIND_BARE, "arrow");
    check(g, "App::operator->", FIND_SUFFIX, "arrow");
    check(g, "App.operator<", FIND_SUFFIX, "less");
    graph_free(g);
}

static void test_find__finds_files_by_path_and_by_module(void **state)
{
    struct graph *g = graph_of(tree);

    (void)state;
    check(g, "src/dict.c", FIND_EXACT, "src/dict.c");
    check(g, "./src/dict.c", FIND_EXACT, "src/dict.c");
    check(g, "dict.c", FIND_SUFFIX, "lib/dict.c|src/dict.c");
    check(g, "dict.h", FIND_SUFFIX, "src/dict.h");
    check(g, "ict.c", FIND_CLOSE, "");
    graph_free(g);
    g = graph_of(mixed);
    check(g, "django.db.models", FIND_EXACT, "django/db/models.py");
    check(g, "django/db/models.py", FIND_EXACT, "django/db/models.py");
    check(g, "db/models", FIND_SUFFIX, "django/db/models.py");
    check(g, "models", FIND_BARE, "django/db/models.py");
    check(g, "django.db", FIND_EXACT, "django/db/__init__.py");
    check(g, "app.test.ts", FIND_SUFFIX, "src/app.test.ts");
    graph_free(g);
    g = graph_of(rust);
    check(g, "regex", FIND_EXACT, "src/lib.rs");
    check(g, "exec", FIND_BARE, "src/exec.rs");
    check(g, "exec.rs::Exec", FIND_BARE, "exec");
    check(g, "src/exec.rs::Exec::new", FIND_SUFFIX, "new");
    check(g, "lib.rs::Exec", FIND_CLOSE, "exec|src/exec.rs");
    graph_free(g);
}

static void test_find__lets_the_suffix_of_a_file_name_be_left_out(void **state)
{
    struct graph *g = graph_of(tree);

    (void)state;
    check(g, "dict.c::dictFind", FIND_SUFFIX, "src/dict.c::dictFind");
    check(g, "src/dict::dictFind", FIND_EXACT, "src/dict.c::dictFind");
    check(g, "dict::dictAdd", FIND_SUFFIX, "lib/dict.c::dictAdd|src/dict.c::dictAdd");
    check(g, "src::dictAdd", FIND_CLOSE, "src/dict.c::dictAdd|lib/dict.c::dictAdd");
    graph_free(g);
}

static void test_find__lets_the_lesser_of_namesakes_give_way(void **state)
{
    struct graph *g = graph_of(tree);

    (void)state;
    check(g, "dictFind", FIND_BARE, "src/dict.c::dictFind");              /* not the prototype */
    check(g, "src/dict.h::dictFind", FIND_EXACT, "src/dict.h::dictFind"); /* unless it is named */
    struct found f = find(g, "dict", NULL);
    assert_int_equal(f.nodes.len, 1); /* not the typedef */
    assert_int_equal(view_kind(g->v, f.nodes.at[0]), NODE_STRUCT);
    found_release(&f);
    graph_free(g);

    g = graph_of(rust);
    check(g, "Exec", FIND_BARE, "exec");
    graph_free(g);

    /* Branches of an #if are as good as each other. */
    g = graph_of("fn a.c::f line 3 conditional = one; fn a.c::f line 9 conditional = two\n"
                 "fn b.c::f external");
    check(g, "f", FIND_BARE, "one|two");
    check(g, "f@a.c:9", FIND_BARE, "two");
    check(g, "f:3", FIND_BARE, "one");
    graph_free(g);

    /* An alias in another file gives way to what it stands for, not to a namesake. */
    g = graph_of("struct a.c::S = s; type-alias b.h::S = alias; alias -> s uses");
    check(g, "S", FIND_BARE, "s");
    graph_free(g);
    g = graph_of("struct a.c::S = s; type-alias b.h::S = alias");
    check(g, "S", FIND_BARE, "s|alias");
    graph_free(g);
}

static void test_find__tells_namesakes_apart_by_file_and_line(void **state)
{
    struct graph *g = graph_of(tree);

    (void)state;
    check(g, "dictAdd", FIND_BARE, "lib/dict.c::dictAdd|src/dict.c::dictAdd");
    check(g, "dictAdd@src/dict.c", FIND_BARE, "src/dict.c::dictAdd");
    check(g, "dictAdd@dict.c", FIND_BARE, "lib/dict.c::dictAdd|src/dict.c::dictAdd");
    check(g, "dictAdd@dict.c:10", FIND_BARE, "src/dict.c::dictAdd");
    check(g, "dictAdd@dict.c:10:2", FIND_BARE, "src/dict.c::dictAdd");
    check(g, "dictAdd:3", FIND_BARE, "lib/dict.c::dictAdd");
    check(g, "dictAdd:15", FIND_BARE, "src/dict.c::dictAdd"); /* spans it */
    check(g, "dictAdd@ict.c", FIND_CLOSE, "lib/dict.c::dictAdd|src/dict.c::dictAdd");
    check(g, "dictAdd:77", FIND_CLOSE, "lib/dict.c::dictAdd|src/dict.c::dictAdd");

    struct find_filter filter = {.file = "src/dict.c", .line = 10};
    struct found f = find(g, "dictAdd", &filter);
    check_list(g, &f, "dictAdd", "src/dict.c::dictAdd");
    found_release(&f);
    f = find(g, "", &filter);
    check_list(g, &f, "", "src/dict.c::dictAdd");
    found_release(&f);
    filter = (struct find_filter){.kinds = 1u << NODE_TYPE_ALIAS};
    f = find(g, "dict", &filter);
    check_list(g, &f, "dict", "alias");
    found_release(&f);
    filter.kinds = 1u << NODE_CLASS;
    f = find(g, "dict", &filter); /* other kinds of that name are proposals */
    assert_int_equal(f.how, FIND_CLOSE);
    assert_int_equal(f.nodes.len, 2);
    found_release(&f);
    graph_free(g);
}

static void test_find__takes_a_line_of_a_file_for_what_is_there(void **state)
{
    struct graph *g = graph_of(mixed);

    (void)state;
    check(g, "django/db/models.py:5", FIND_EXACT, "save");
    check(g, "models.py:8", FIND_SUFFIX, "save");
    check(g, "models.py:8:3", FIND_SUFFIX, "save");
    check(g, "models.py:20", FIND_SUFFIX, "model");
    check(g, "models.py:35", FIND_CLOSE, "Other|save"); /* what comes next, and before */
    check(g, "nothing.py:35", FIND_CLOSE, "");
    graph_free(g);
    g = graph_of(tree);
    check(g, "dict.c:3", FIND_SUFFIX, "lib/dict.c::dictAdd");
    graph_free(g);
}

static void test_find__orders_what_is_ambiguous_by_use(void **state)
{
    struct graph *g = graph_of("fn a.c::f; fn b.c::f; fn c.c::f test; fn d.c::f; fn d.c::g\n"
                               "g -> b.c::f calls; g -> c.c::f calls; g -> c.c::f uses\n");

    (void)state;
    check(g, "f", FIND_BARE, "b.c::f|a.c::f|d.c::f|c.c::f");
    graph_free(g);
}

static void test_find__proposes_what_looks_alike(void **state)
{
    struct graph *g = graph_of("fn a.c::dictFind; fn a.c::dictFindByHash; fn a.c::dictFetch\n"
                               "fn a.c::listFind; fn a.c::DICTFIND; fn a.c::unrelated\n"
                               "impl `a.c::<dictFind as X>`; struct a.c::dictFine");
    struct find_filter functions = {.kinds = 1u << NODE_FUNCTION};

    (void)state;
    check(g, "dictFnid", FIND_CLOSE, "dictFind|DICTFIND|dictFine");
    check(g, "DictFind", FIND_CLOSE, "dictFind|DICTFIND|dictFine|dictFindByHash|listFind");
    struct found f = find(g, "dictFnid", &functions);
    check_list(g, &f, "dictFnid", "dictFind|DICTFIND");
    found_release(&f);
    check(g, "nothing_like_it", FIND_CLOSE, "");
    graph_free(g);
}

static void test_find__proposes_at_most_ten(void **state)
{
    struct buf text = {0};

    (void)state;
    for (unsigned i = 0; i < 40; i++)
        buf_printf(&text, "fn a.c::name%02u\n", i);
    struct graph *g = graph_of(buf_cstr(&text));
    struct found f = find(g, "name5", NULL);
    assert_int_equal(f.nodes.len, FIND_PROPOSALS);
    /* One edit each, so by id. */
    assert_int_equal(f.nodes.at[0], graph_id(g, "name05"));
    found_release(&f);
    graph_free(g);
    buf_release(&text);
}

static void test_find__agrees_with_a_look_at_every_node(void **state)
{
    const uint32_t seed = 20261125;
    static const char *const words[] = {"a", "b", "c", "<a as b>", "d"};
    uint64_t rng = seed;

    (void)state;
    print_message("seed %u\n", seed);
    for (unsigned round = 0; round < 60; round++) {
        struct buf text = {0};
        char names[40][64];
        for (unsigned i = 0; i < 40; i++) {
            unsigned outer = (unsigned)rng_below(&rng, i + 1);
            if (outer == i || strlen(names[outer]) > 40)
                (void)snprintf(names[i], sizeof(names[i]), "f%u.c::%s",
                               (unsigned)rng_below(&rng, 3), words[rng_below(&rng, 5)]);
            else
                (void)snprintf(names[i], sizeof(names[i]), "%.40s::%s", names[outer],
                               words[rng_below(&rng, 5)]);
            buf_printf(&text, "fn `%s`\n", names[i]);
        }
        struct graph *g = graph_of(buf_cstr(&text));
        for (unsigned i = 0; i < 40; i++) {
            struct buf name = {0}, node = {0};
            for (unsigned k = (unsigned)rng_below(&rng, 3); k > 0; k--)
                buf_printf(&name, "%s.", words[rng_below(&rng, 5)]);
            buf_str(&name, words[rng_below(&rng, 3)]);
            struct found f = find(g, buf_cstr(&name), NULL);
            struct parts q, stored;
            uint32_t want = 0;
            parts_split(buf_as_slice(&name), &q);
            for (uint32_t id = 0; id < view_node_count(g->v); id++) {
                bool listed = false;
                parts_split(slice_from(view_qualified(g->v, id, &node)), &stored);
                bool matches = view_kind(g->v, id) != NODE_FILE && parts_match(&q, &stored) > 0 &&
                               view_name(g->v, id)[0] != '<';
                for (uint32_t k = 0; k < f.nodes.len; k++)
                    listed = listed || (f.how != FIND_CLOSE && f.nodes.at[k] == id);
                if (matches != listed)
                    fail_msg("%s: %s", buf_cstr(&name), buf_cstr(&node));
                want += matches;
            }
            assert_int_equal(f.how == FIND_CLOSE ? 0 : f.nodes.len, want);
            found_release(&f);
            buf_release(&name);
            buf_release(&node);
        }
        graph_free(g);
        buf_release(&text);
    }
}

static void test_find__takes_any_bytes(void **state)
{
    const uint32_t seed = 20261126;
    static const char bytes[] = "<>:.#/-@()!0a9 ,&'\x80\xff*";
    uint64_t rng = seed;
    struct graph *g = graph_of(rust);

    (void)state;
    print_message("seed %u\n", seed);
    for (unsigned round = 0; round < 20000; round++) {
        char text[24];
        size_t n = rng_below(&rng, sizeof(text));
        for (size_t i = 0; i < n; i++)
            text[i] = bytes[rng_below(&rng, sizeof(bytes) - 1)];
        text[n] = '\0';
        struct found f = find(g, text, NULL);
        found_release(&f);
    }
    char *longer = malloc(100001);
    assert_non_null(longer);
    memset(longer, '<', 100000);
    longer[100000] = '\0';
    struct found f = find(g, longer, NULL);
    found_release(&f);
    for (unsigned i = 0; i < 100000; i += 2)
        memcpy(longer + i, "a.", 2);
    f = find(g, longer, NULL);
    assert_int_equal(f.how, FIND_CLOSE);
    found_release(&f);
    free(longer);
    graph_free(g);
}

static void check_quick(const struct graph *g, const char *text, uint32_t want)
{
    const struct find_filter quick = {.quick = true};
    struct found f = find(g, text, &quick);

    if (f.nodes.len != want)
        fail_msg("%s: %u found, %u expected", text, f.nodes.len, want);
    found_release(&f);
}

static void test_find__who_is_in_a_hurry_does_not_walk_over_many_files(void **state)
{
    struct buf many = {0};

    (void)state;
    for (unsigned i = 0; i < 2100; i++)
        buf_printf(&many, "file a/f%u.py as a.f%u sep .\n", i, i);
    buf_str(&many, "fn a/f7.py::alone\nfn a/f8.py::f9\n");
    struct graph *g = graph_of(buf_cstr(&many));
    check(g, "f7", FIND_BARE, "a/f7.py");
    check(g, "f8.f9()", FIND_SUFFIX, "a/f8.py::f9");
    check_quick(g, "f7", 0);
    check_quick(g, "alone()", 1);
    check_quick(g, "a.f7", 1); /* there is an index of whole names */
    check_quick(g, "alone", 1);
    check_quick(g, "a/f7.py", 1);
    graph_free(g);
    buf_release(&many);
}

static void test_find__who_is_in_a_hurry_gets_all_or_nothing(void **state)
{
    struct buf many = {0};

    (void)state;
    for (unsigned i = 0; i < 600; i++)
        buf_printf(&many, "file f%u.py as f%u sep .\nfn f%u.py::same\n", i, i, i);
    buf_str(&many, "fn f7.py::alone\n");
    struct graph *g = graph_of(buf_cstr(&many));
    check_quick(g, "alone", 1);
    check_quick(g, "f7.alone", 1);
    check_quick(g, "alont", 0); /* no proposals */
    check_quick(g, "same", 0);
    check_quick(g, "f7.same", 0);
    check(g, "f7.same", FIND_EXACT, "f7.py::same");
    struct found f = find(g, "same", NULL);
    assert_int_equal(f.nodes.len, 600);
    found_release(&f);
    graph_free(g);
    buf_release(&many);
}

static int find_anew(const struct graph *g, const char *text)
{
    struct found f = {0};
    int rc = query_find(g->v, text, NULL, &f, NULL);

    found_release(&f);
    return rc;
}

static void test_find__survives_each_failing_allocation(void **state)
{
    struct graph *g = graph_of(tree);

    (void)state;
    FAIL_EACH_ALLOCATION(find_anew(g, "dictAdd"));
    FAIL_EACH_ALLOCATION(find_anew(g, "dict.c:3"));
    FAIL_EACH_ALLOCATION(find_anew(g, "dict.c"));
    FAIL_EACH_ALLOCATION(find_anew(g, "dictAxx"));
    FAIL_EACH_ALLOCATION(find_anew(g, "src/dict.c:80"));
    graph_free(g);
}

/* ---- parts ---- */

static void check_parts(const char *s, const char *want)
{
    struct parts p;
    struct buf got = {0};

    parts_split(slice_from(s), &p);
    for (uint32_t i = 0; i < p.n; i++) {
        buf_slice(&got, p.at[i]);
        buf_str(&got, i + 1 < p.n ? "|" : "");
    }
    assert_string_equal(buf_cstr(&got), want);
    buf_release(&got);
}

static void test_parts__are_cut_outside_of_brackets(void **state)
{
    (void)state;
    check_parts("a::b.c#d/e->f", "a|b|c|d|e|f");
    check_parts("::a..b::", "a|b");
    check_parts("<a::B as c::D>::e", "<a::B as c::D>|e");
    check_parts("A<Fn(x::y) -> z::w>::b", "A<Fn(x::y) -> z::w>|b");
    check_parts("C::operator<", "C|operator<");
    check_parts("C::operator<::x", "C|operator<|x");
    check_parts("a:b", "a:b");
    check_parts("", "");
}

static void check_ident(const char *type, const char *want)
{
    struct slice got = part_ident(slice_from(type));

    if (!slice_eq(got, slice_from(want)))
        fail_msg("%s: %.*s", type, (int)got.n, got.p);
}

static void test_parts__find_the_name_in_a_type(void **state)
{
    (void)state;
    check_ident("Foo", "Foo");
    check_ident("&'a mut b::Foo<T>", "Foo");
    check_ident("*const Foo", "Foo");
    check_ident("Box<dyn Foo>", "Box");
    check_ident("dyn a::Foo", "Foo");
    check_ident("(*Foo)", "Foo");
    check_ident("[Foo]", "Foo");
    check_ident("!Send", "Send");
    check_ident("'a", "");
    check_ident("", "");
}

static void test_parts__keep_the_last_of_too_many(void **state)
{
    struct buf text = {0};
    struct parts p;

    (void)state;
    for (unsigned i = 0; i < 100; i++)
        buf_printf(&text, "p%u.", i);
    parts_split(buf_as_slice(&text), &p);
    assert_true(p.cut);
    assert_int_equal(p.n, PARTS_MAX);
    assert_true(slice_eq(p.at[PARTS_MAX - 1], SLICE("p99")));
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find__takes_the_whole_name_before_a_suffix_before_a_bare_name),
        cmocka_unit_test(test_find__never_answers_with_a_namesake_of_something_else),
        cmocka_unit_test(test_find__takes_all_separators_for_the_same),
        cmocka_unit_test(test_find__ignores_what_stands_behind_a_name),
        cmocka_unit_test(test_find__reaches_members_of_impls_by_type_and_by_trait),
        cmocka_unit_test(test_find__prefers_the_name_that_is_spelled_so),
        cmocka_unit_test(test_find__finds_names_that_have_separators_inside),
        cmocka_unit_test(test_find__knows_constructors_by_their_word),
        cmocka_unit_test(test_find__finds_files_by_path_and_by_module),
        cmocka_unit_test(test_find__lets_the_suffix_of_a_file_name_be_left_out),
        cmocka_unit_test(test_find__lets_the_lesser_of_namesakes_give_way),
        cmocka_unit_test(test_find__tells_namesakes_apart_by_file_and_line),
        cmocka_unit_test(test_find__takes_a_line_of_a_file_for_what_is_there),
        cmocka_unit_test(test_find__orders_what_is_ambiguous_by_use),
        cmocka_unit_test(test_find__proposes_what_looks_alike),
        cmocka_unit_test(test_find__proposes_at_most_ten),
        cmocka_unit_test(test_find__agrees_with_a_look_at_every_node),
        cmocka_unit_test(test_find__takes_any_bytes),
        cmocka_unit_test(test_find__who_is_in_a_hurry_gets_all_or_nothing),
        cmocka_unit_test(test_find__who_is_in_a_hurry_does_not_walk_over_many_files),
        cmocka_unit_test(test_find__survives_each_failing_allocation),
        cmocka_unit_test(test_parts__are_cut_outside_of_brackets),
        cmocka_unit_test(test_parts__find_the_name_in_a_type),
        cmocka_unit_test(test_parts__keep_the_last_of_too_many),
    };
    return RUN_TESTS(tests);
}
