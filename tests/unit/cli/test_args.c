#include "cli/args.h"

#include "cli/verbs.h"
#include "unit/base/support.h"

/* Parses "words in one string"; a word in '...' may hold blanks. */
struct line {
    char *text;
    const char *argv[32];
    int argc;
    struct args args;
    struct err err;
    int rc;
};

static void line_parse(struct line *l, const char *text)
{
    memset(l, 0, sizeof(*l));
    l->text = strdup(text);
    l->argv[l->argc++] = "parseltongue";
    for (char *p = l->text; *p != '\0';) {
        char end = *p == '\'' ? '\'' : ' ';
        p += end == '\'';
        l->argv[l->argc++] = p;
        p += strcspn(p, (char[]){end, '\0'});
        if (*p != '\0')
            *p++ = '\0';
        p += end == '\'' && *p == ' ';
    }
    l->rc = args_parse(l->argc, l->argv, &l->args, &l->err);
}

static void line_release(struct line *l)
{
    args_release(&l->args);
    free(l->text);
}

static const char *value_of(const struct line *l, const char *param)
{
    struct call c = {.method = l->args.method};
    memcpy(c.args, l->args.values, sizeof(c.args));
    return call_arg(&c, param);
}

static void test_args__take_options_before_and_behind_in_both_spellings(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "query callers main --depth 2 --no-tests --workspace /tmp --format json --limit 5",
        "--depth=2 --workspace=/tmp --no-tests --format=json --limit=5 query callers main",
        "--format json query --limit 5 callers --depth=2 main --no-tests --workspace /tmp",
        ("--format human --format json query callers --limit 9 --limit 5 --depth=2 --no-tests "
         "--workspace /tmp -- main"),
    };
    for (unsigned i = 0; i < PT_COUNT(lines); i++) {
        struct line l;
        line_parse(&l, lines[i]);
        assert_int_equal(l.rc, PT_OK);
        assert_string_equal(l.args.method->name, "callers");
        assert_string_equal(value_of(&l, "x"), "main");
        assert_string_equal(value_of(&l, "depth"), "2");
        assert_string_equal(value_of(&l, "no-tests"), "1");
        assert_null(value_of(&l, "candidates"));
        assert_string_equal(l.args.workspace, "/tmp");
        assert_int_equal(l.args.limit, 5);
        assert_true(l.args.json);
        line_release(&l);
    }
}

static void test_args__read_limits(void **state)
{
    (void)state;
    struct line l;
    line_parse(&l, "query list --limit 0 --max-tokens 300 --cursor 1-2-3 --threads 4");
    assert_int_equal(l.rc, PT_OK);
    assert_int_equal(l.args.limit, UINT32_MAX);
    assert_int_equal(l.args.max_tokens, 300);
    assert_int_equal(l.args.threads, 4);
    assert_string_equal(l.args.cursor, "1-2-3");
    line_release(&l);
}

static void test_args__behind_two_dashes_are_words(void **state)
{
    (void)state;
    struct line l;
    line_parse(&l, "search -- --depth");
    assert_int_equal(l.rc, PT_OK);
    assert_string_equal(value_of(&l, "text"), "--depth");
    line_release(&l);
    line_parse(&l, "query callers '<Set as Debug>::fmt'");
    assert_string_equal(value_of(&l, "x"), "<Set as Debug>::fmt");
    line_release(&l);
}

static void test_args__the_words_of_a_search_are_one_text(void **state)
{
    (void)state;
    struct line l;
    line_parse(&l, "search resize --kind function dict 'a b'");
    assert_int_equal(l.rc, PT_OK);
    assert_string_equal(value_of(&l, "text"), "resize dict a b");
    assert_string_equal(value_of(&l, "kind"), "function");
    line_release(&l);
}

static void test_args__a_verb_may_have_a_format_of_its_own(void **state)
{
    (void)state;
    struct line l;
    line_parse(&l, "export edges --format dot --kinds calls");
    assert_int_equal(l.rc, PT_OK);
    assert_string_equal(value_of(&l, "format"), "dot");
    assert_false(l.args.json);
    line_release(&l);
}

static void test_args__say_what_is_wrong_and_what_would_be_right(void **state)
{
    (void)state;
    static const struct {
        const char *line, *message;
    } cases[] = {
        {"qeury callers x", "there is no 'qeury'; did you mean 'query callers'?"},
        {"callers x", "there is no 'callers'; did you mean 'query callers'?"},
        {"query calers x", "there is no 'query calers'; did you mean 'query callers'?"},
        {"indx", "there is no 'indx'; did you mean 'index'?"},
        {"frobnicate", "there is no 'frobnicate'"},
        {"query", "query needs a question: query callers NAME, for example"},
        {"query callers", "query callers needs X"},
        {"query path a", "query path needs B"},
        {"query callers a b", "query callers has no use for 'b'"},
        {"query callers a --dept 2", "no option --dept; did you mean --depth?"},
        {"query callers a --frobnicate=2", "no option --frobnicate"},
        {"query callers a --depth", "--depth needs a value"},
        {"query callers a --depth two", "--depth takes a number, not 'two'"},
        {"query callers a --depth -1", "--depth takes a number, not '-1'"},
        {"query callers a --depth 4294967296", "--depth 4294967296 is too large"},
        {"query callers a --depth=", "--depth takes a number, not ''"},
        {"query callers a --no-tests=yes", "--no-tests takes no value"},
        {"query callers a --level file", "query callers takes no --level"},
        {"index --cursor 1", "index takes no --cursor"},
        {"verify --no-refresh", "verify takes no --no-refresh"},
        {"stats --format xml", "--format is one of human|json, not 'xml'"},
        {"export everything", "'everything' is none of nodes|edges|dump"},
        {"query find-cycles --level fil", "--level is one of function|type|file|module, not 'fil'"},
        {"stats -x", "no option -x"},
    };
    for (unsigned i = 0; i < PT_COUNT(cases); i++) {
        struct line l;
        line_parse(&l, cases[i].line);
        assert_int_equal(l.rc, PT_EUSAGE);
        assert_string_equal(l.err.msg, cases[i].message);
        line_release(&l);
    }
}

static void test_args__ask_for_json_even_when_all_else_is_wrong(void **state)
{
    (void)state;
    static const char *const lines[] = {
        "--format json frobnicate",
        "frobnicate --format=json",
        "query callers --format json -x",
        "stats --format json --limit",
        "query --format json",
        "query callers a --level x --format json",
    };
    for (unsigned i = 0; i < PT_COUNT(lines); i++) {
        struct line l;
        line_parse(&l, lines[i]);
        assert_int_equal(l.rc, PT_EUSAGE);
        assert_true(l.args.json);
        line_release(&l);
    }
}

static void test_args__help_needs_nothing_else(void **state)
{
    (void)state;
    static const char *const lines[] = {"--help", "query callers --help", "-h query path a",
                                        "query --help"};
    for (unsigned i = 0; i < PT_COUNT(lines); i++) {
        struct line l;
        line_parse(&l, lines[i]);
        assert_int_equal(l.rc, PT_OK);
        assert_true(l.args.help);
        line_release(&l);
    }
}

/* An option may stand before its verb: so it is one thing everywhere. */
static void test_table__options_of_one_name_are_alike_in_all_verbs(void **state)
{
    (void)state;
    for (unsigned v = 0; v < verb_count(); v++) {
        for (unsigned w = 0; w < v; w++) {
            for (unsigned i = 0; i < method_params(verb_at(v)); i++) {
                for (unsigned k = 0; k < method_params(verb_at(w)); k++) {
                    const struct param *p = &verb_at(v)->params[i], *q = &verb_at(w)->params[k];
                    if (!p->positional && !q->positional && strcmp(p->name, q->name) == 0)
                        assert_int_equal(p->type == PARAM_FLAG, q->type == PARAM_FLAG);
                }
            }
        }
    }
}

static void test_help__of_each_verb_names_all_it_takes(void **state)
{
    (void)state;
    for (unsigned v = 0; v < verb_count(); v++) {
        struct buf out = {0};
        const struct method *m = verb_at(v);
        help_of(m, &out);
        const char *text = buf_cstr(&out);
        assert_non_null(strstr(text, m->verb));
        for (unsigned i = 0; i < method_params(m); i++) {
            char option[64];
            (void)snprintf(option, sizeof(option), "%s%s", m->params[i].positional ? "" : "--",
                           m->params[i].positional ? m->params[i].value : m->params[i].name);
            assert_non_null(strstr(text, option));
        }
        for (const char *line = text; line != NULL && *line != '\0';) {
            size_t n = strcspn(line, "\n");
            assert_true(n <= 80 || strncmp(line, "example: ", 9) == 0); /* to be copied whole */
            line += n + (line[n] == '\n');
        }
        buf_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_args__take_options_before_and_behind_in_both_spellings),
        cmocka_unit_test(test_args__read_limits),
        cmocka_unit_test(test_args__behind_two_dashes_are_words),
        cmocka_unit_test(test_args__the_words_of_a_search_are_one_text),
        cmocka_unit_test(test_args__a_verb_may_have_a_format_of_its_own),
        cmocka_unit_test(test_args__say_what_is_wrong_and_what_would_be_right),
        cmocka_unit_test(test_args__ask_for_json_even_when_all_else_is_wrong),
        cmocka_unit_test(test_args__help_needs_nothing_else),
        cmocka_unit_test(test_table__options_of_one_name_are_alike_in_all_verbs),
        cmocka_unit_test(test_help__of_each_verb_names_all_it_takes),
    };
    return RUN_TESTS(tests);
}
