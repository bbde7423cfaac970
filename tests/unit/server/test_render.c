#include "support.h"

static const struct render_options plain = {.width = 0};

static char *text_of(const struct answer *a, const struct render_options *o)
{
    struct buf out = {0};
    render_text(a, o, &out);
    return buf_steal(&out, NULL);
}

#define check_text(a, options, want)                                                               \
    do {                                                                                           \
        char *text_ = text_of(a, options);                                                         \
        assert_string_equal(text_, want);                                                          \
        free(text_);                                                                               \
    } while (0)

static struct value *add_row(struct answer *a, struct value *rows, const char *kind,
                             const char *name, uint64_t n)
{
    struct value *row = answer_object(a, rows, NULL);
    (void)answer_cstr(a, row, "kind", ROLE_KIND, kind);
    (void)answer_cstr(a, row, "name", ROLE_NAME, name);
    (void)answer_uint(a, row, "lines", n);
    return row;
}

static void test_render__aligns_tables_by_columns_on_screen(void **state)
{
    (void)state;
    struct answer a;
    answer_init(&a);
    struct value *rows = answer_array(&a, a.root, "rows");
    (void)add_row(&a, rows, "function", "f", 1234567);
    (void)add_row(&a, rows, "enum", "\xe5\x90\x8d\xe5\x89\x8d", 5); /* two wide letters */
    (void)add_row(&a, rows, "enum", "longer", 12);
    check_text(&a, &plain,
               "  function  f       1,234,567\n"
               "  enum      \xe5\x90\x8d\xe5\x89\x8d            5\n"
               "  enum      longer         12\n");
    answer_release(&a);
}

static void test_render__leaves_out_columns_that_no_row_fills(void **state)
{
    (void)state;
    struct answer a;
    answer_init(&a);
    struct value *rows = answer_array(&a, a.root, "rows");
    for (unsigned i = 0; i < 2; i++) {
        struct value *row = answer_object(&a, rows, NULL);
        (void)answer_cstr(&a, row, "a", ROLE_PLAIN, "a");
        (void)answer_cstr(&a, row, "empty", ROLE_PLAIN, "");
        if (i == 1)
            (void)answer_cstr(&a, row, "late", ROLE_PLAIN, "late");
        (void)answer_cstr(&a, row, "z", ROLE_PLAIN, "z");
    }
    check_text(&a, &plain, "  a        z\n  a  late  z\n");
    answer_release(&a);
}

static void add_signed(struct answer *a, struct value *rows, const char *name, const char *at,
                       const char *signature)
{
    struct value *row = answer_object(a, rows, NULL);
    (void)answer_cstr(a, row, "name", ROLE_NAME, name);
    (void)answer_cstr(a, row, "at", ROLE_PLACE, at);
    (void)answer_cstr(a, row, "signature", ROLE_SIGNATURE, signature);
}

static void test_render__cuts_signatures_at_the_edge_of_the_terminal(void **state)
{
    (void)state;
    struct render_options fits = {.width = 33}, cut = {.width = 32}, none = {.width = 27};
    struct answer a;
    answer_init(&a);
    struct value *rows = answer_array(&a, a.root, "rows");
    add_signed(&a, rows, "first", "a.c:10", "int first(void *p)");
    add_signed(&a, rows, "g", "a.c:2", "int g(void)");
    check_text(&a, &plain,
               "  first  a.c:10  int first(void *p)\n"
               "  g      a.c:2   int g(void)\n");
    check_text(&a, &fits,
               "  first  a.c:10  int first(void …\n"
               "  g      a.c:2   int g(void)\n");
    check_text(&a, &cut,
               "  first  a.c:10  int first(void…\n"
               "  g      a.c:2   int g(void)\n");
    /* Too little room says nothing. */
    check_text(&a, &none,
               "  first  a.c:10\n"
               "  g      a.c:2\n");
    answer_release(&a);
}

static void test_render__never_cuts_names_and_places(void **state)
{
    (void)state;
    struct render_options aside = {.width = 48}, pushed = {.width = 44}, below = {.width = 43};
    struct answer a;
    answer_init(&a);
    struct value *rows = answer_array(&a, a.root, "rows");
    add_signed(&a, rows, "a_name_that_is_longer_than_others", "a.c:1,2", "");
    add_signed(&a, rows, "a_name_of_twenty_two_c", "a.c:10", "");
    add_signed(&a, rows, "g", "src/bb.c:17", "int g");
    check_text(&a, &plain,
               "  a_name_that_is_longer_than_others  a.c:1,2\n"
               "  a_name_of_twenty_two_c             a.c:10\n"
               "  g                                  src/bb.c:17  int g\n");
    check_text(&a, &aside,
               "  a_name_that_is_longer_than_others  a.c:1,2\n"
               "  a_name_of_twenty_two_c             a.c:10\n"
               "  g                                  src/bb.c:17\n");
    check_text(&a, &pushed,
               "  a_name_that_is_longer_than_others  a.c:1,2\n"
               "  a_name_of_twenty_two_c         a.c:10\n"
               "  g                              src/bb.c:17\n");
    check_text(&a, &below,
               "  a_name_that_is_longer_than_others\n"
               "                                a.c:1,2\n"
               "  a_name_of_twenty_two_c        a.c:10\n"
               "  g                             src/bb.c:17\n");
    answer_release(&a);
}

static void test_render__brings_places_of_a_file_together(void **state)
{
    (void)state;
    static const char *const places[] = {"a.c:10:5", "a.c:10:9", "a.c:12:1", "b.c:3:1",
                                         "b.c:4:1",  "b.c:5:1",  "c.c"};
    struct answer a;
    answer_init(&a);
    struct value *rows = answer_array(&a, a.root, "rows");
    struct value *sites = answer_array(&a, answer_object(&a, rows, NULL), "sites");
    for (unsigned i = 0; i < PT_COUNT(places); i++)
        (void)answer_cstr(&a, sites, NULL, ROLE_PLACE, places[i]);
    check_text(&a, &plain, "  a.c:10,12 b.c:3 +3\n");
    answer_release(&a);
}

static void test_render__makes_text_harmless(void **state)
{
    (void)state;
    struct answer a;
    answer_init(&a);
    answer_title(&a, "%s", "ti\033[2Jtle");
    struct value *rows = answer_array(&a, a.root, "rows");
    (void)add_row(&a, rows, "\x07",
                  "\xe2\x80\xae"
                  "evil\n",
                  1);
    (void)value_layout(answer_cstr(&a, a.root, "docs", ROLE_PLAIN, "one\n\ttwo\033[0m\r"),
                       LAYOUT_PROSE);
    char *text = text_of(&a, &plain);
    assert_null(strchr(text, '\033'));
    assert_null(strchr(text, '\r'));
    assert_null(strstr(text, "\xe2\x80\xae"));
    assert_non_null(strstr(text, "\n  one\n  \ttwo\\x1b[0m\\r\n"));
    free(text);
    answer_release(&a);
}

static void test_render__colours_by_meaning_when_asked_to(void **state)
{
    (void)state;
    struct render_options colour = {.colour = true};
    struct answer a;
    answer_init(&a);
    struct value *row = answer_object(&a, answer_array(&a, a.root, "rows"), NULL);
    (void)answer_cstr(&a, row, "kind", ROLE_KIND, "fn");
    (void)answer_cstr(&a, row, "at", ROLE_PLACE, "a.c:1");
    check_text(&a, &colour, "  \033[36mfn\033[0m  \033[32ma.c:1\033[0m\n");
    answer_release(&a);
}

static struct value *grouped(struct answer *a)
{
    struct value *groups = value_show(answer_array(a, a->root, "by_distance"), SHOW_JSON);
    for (unsigned d = 1; d <= 2; d++) {
        struct value *g = answer_object(a, groups, NULL);
        (void)answer_uint(a, g, "distance", d);
        (void)value_show(answer_printf(a, g, "heading", ROLE_HEADING, "Distance %u", d), SHOW_TEXT);
    }
    struct value *rows = value_layout(answer_array(a, a->root, "rows"), LAYOUT_GROUPED);
    rows->items.group = "distance";
    rows->items.groups = groups;
    static const char *const names[] = {"f", "g", "longer"};
    for (unsigned i = 0; i < 3; i++) {
        struct value *row = answer_object(a, rows, NULL);
        (void)value_show(answer_uint(a, row, "distance", i < 2 ? 1 : 2), SHOW_JSON);
        (void)answer_cstr(a, row, "name", ROLE_NAME, names[i]);
        (void)answer_cstr(a, row, "at", ROLE_PLACE, "x");
    }
    return rows;
}

static void test_render__puts_groups_under_their_headings_with_common_columns(void **state)
{
    (void)state;
    struct render_options compact = {.compact = true};
    struct answer a;
    answer_init(&a);
    (void)grouped(&a);
    check_text(&a, &plain, "Distance 1\n  f       x\n  g       x\n\nDistance 2\n  longer  x\n");
    check_text(&a, &compact, "Distance 1\n  f  x\n  g  x\n\nDistance 2\n  longer  x\n");
    answer_release(&a);
}

static void test_render__lays_sections_out_one_by_one(void **state)
{
    (void)state;
    struct answer a;
    answer_init(&a);
    answer_title(&a, "2 cycles");
    struct value *list = value_layout(answer_array(&a, a.root, "cycles"), LAYOUT_SECTIONS);
    for (unsigned i = 0; i < 2; i++) {
        struct value *s = answer_object(&a, list, NULL);
        (void)value_show(answer_uint(&a, s, "size", 2), SHOW_JSON);
        (void)value_show(answer_cstr(&a, s, "heading", ROLE_HEADING, "2 files"), SHOW_TEXT);
        (void)value_show(answer_cstr(&a, s, "start", ROLE_NAME, "   a"), SHOW_TEXT);
        struct value *steps = answer_array(&a, s, "steps");
        (void)answer_cstr(&a, answer_object(&a, steps, NULL), "step", ROLE_NAME, "-> b");
        (void)answer_cstr(&a, answer_object(&a, steps, NULL), "step", ROLE_NAME, "-> a");
    }
    check_text(&a, &plain,
               "2 cycles\n\n2 files\n     a\n  -> b\n  -> a\n\n2 files\n     a\n  -> b\n  -> a\n");
    answer_release(&a);
}

static void counts(struct answer *a)
{
    struct value *nodes = answer_object(a, a->root, "nodes");
    (void)answer_uint(a, nodes, "total", 13058);
    struct value *by = answer_object(a, nodes, "by_kind");
    (void)value_label(answer_uint(a, by, "function", 5801), "functions");
    (void)answer_uint(a, by, "type_aliases", 402);
    struct value *bytes = value_label(answer_uint(a, a->root, "bytes", 999999), "source");
    bytes->role = ROLE_BYTES;
    struct value *ms = answer_real(a, a->root, "peak", 1234.5);
    ms->role = ROLE_MS;
}

static void test_render__aligns_labels_and_wraps_amounts(void **state)
{
    (void)state;
    struct render_options fits = {.width = 35}, narrow = {.width = 34}; /* the comma counts */
    struct answer a;
    answer_init(&a);
    counts(&a);
    check_text(&a, &plain,
               "  nodes   13,058   functions 5,801, type aliases 402\n"
               "  source  1.0 MB\n"
               "  peak    1.23 s\n");
    check_text(&a, &fits,
               "  nodes   13,058   functions 5,801,\n"
               "          type aliases 402\n"
               "  source  1.0 MB\n"
               "  peak    1.23 s\n");
    check_text(&a, &narrow,
               "  nodes   13,058\n"
               "          functions 5,801,\n"
               "          type aliases 402\n"
               "  source  1.0 MB\n"
               "  peak    1.23 s\n");
    answer_release(&a);
}

static void test_render__ends_with_what_was_cut_warnings_and_hints(void **state)
{
    (void)state;
    struct answer a;
    answer_init(&a);
    answer_hint(&a, "try stats");
    answer_warning(&a, "3 files changed");
    (void)value_show(answer_uint(&a, a.root, "total", 1234), SHOW_JSON);
    (void)value_show(answer_uint(&a, a.root, "shown", 100), SHOW_JSON);
    (void)value_show(answer_cstr(&a, a.root, "cursor", ROLE_PLAIN, "1-100-ab"), SHOW_JSON);
    answer_title(&a, "1234 nodes");
    check_text(&a, &plain,
               "1234 nodes\n\n"
               "100 of 1,234 shown; the next: --cursor 1-100-ab   all: --limit 0\n\n"
               "warning: 3 files changed\n\n"
               "try stats\n");
    answer_release(&a);
}

static void test_render__shows_sizes_and_times_as_people_say_them(void **state)
{
    (void)state;
    static const struct {
        uint64_t bytes;
        double ms;
        const char *want;
    } cases[] = {
        {0, 0.04, "0 B|0.0 ms"},
        {999, 9.94, "999 B|9.9 ms"},
        {1000, 10, "1.0 kB|10 ms"},
        {53530, 999.4, "54 kB|999 ms"},
        {80000000, 59990, "80 MB|59.99 s"},
        {UINT64_C(3200000000), 61000, "3.2 GB|1:01 min"},
    };
    for (unsigned i = 0; i < PT_COUNT(cases); i++) {
        struct answer a;
        char want[64], bytes[32];
        answer_init(&a);
        answer_uint(&a, a.root, "b", cases[i].bytes)->role = ROLE_BYTES;
        answer_real(&a, a.root, "t", cases[i].ms)->role = ROLE_MS;
        (void)snprintf(bytes, sizeof(bytes), "%.*s", (int)strcspn(cases[i].want, "|"),
                       cases[i].want);
        (void)snprintf(want, sizeof(want), "  b  %s\n  t  %s\n", bytes,
                       strchr(cases[i].want, '|') + 1);
        check_text(&a, &plain, want);
        answer_release(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_render__aligns_tables_by_columns_on_screen),
        cmocka_unit_test(test_render__leaves_out_columns_that_no_row_fills),
        cmocka_unit_test(test_render__cuts_signatures_at_the_edge_of_the_terminal),
        cmocka_unit_test(test_render__never_cuts_names_and_places),
        cmocka_unit_test(test_render__brings_places_of_a_file_together),
        cmocka_unit_test(test_render__makes_text_harmless),
        cmocka_unit_test(test_render__colours_by_meaning_when_asked_to),
        cmocka_unit_test(test_render__puts_groups_under_their_headings_with_common_columns),
        cmocka_unit_test(test_render__lays_sections_out_one_by_one),
        cmocka_unit_test(test_render__aligns_labels_and_wraps_amounts),
        cmocka_unit_test(test_render__ends_with_what_was_cut_warnings_and_hints),
        cmocka_unit_test(test_render__shows_sizes_and_times_as_people_say_them),
    };
    return RUN_TESTS(tests);
}
