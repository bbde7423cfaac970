/* The cursor gives what tree-sitter's own gives, for every language, on sound and on broken text. */
#include "base/hash.h"
#include "base/io.h"
#include "lang/cursor.h"
#include "lang/lang.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t rng_state;
static uint32_t n_files;

static uint32_t below(uint32_t n)
{
    rng_state += 0x9e3779b97f4a7c15ULL;
    return (uint32_t)(((unsigned __int128)hash_mix64(rng_state) * n) >> 64);
}

static void assert_same(const struct cursor_at *at, const TSTreeCursor *other)
{
    TSNode node = ts_tree_cursor_current_node(other);
    assert_true(ts_node_eq(at->node, node));
    assert_int_equal(ts_node_start_byte(at->node), ts_node_start_byte(node));
    assert_int_equal(ts_node_end_byte(at->node), ts_node_end_byte(node));
    assert_int_equal(ts_node_start_point(at->node).row, ts_node_start_point(node).row);
    assert_int_equal(ts_node_start_point(at->node).column, ts_node_start_point(node).column);
    assert_int_equal(ts_node_symbol(at->node), ts_node_symbol(node));
    assert_int_equal(at->symbol, ts_node_symbol(node));
    assert_int_equal(at->named, ts_node_is_named(node));
    assert_int_equal(at->field, ts_tree_cursor_current_field_id(other));
}

/* Some nodes are passed over, as extraction does. */
static void walk_both(struct cursor *c, const TSTree *tree, uint32_t passed_over)
{
    TSTreeCursor other = ts_tree_cursor_new(ts_tree_root_node(tree));
    struct cursor_at at;
    cursor_start(c, tree, &at);
    assert_same(&at, &other);
    for (uint32_t open = 0;;) {
        bool down = below(100) >= passed_over;
        bool there = down && cursor_down(c, &at);
        assert_int_equal(there, down && ts_tree_cursor_goto_first_child(&other));
        if (there) {
            open++;
            assert_same(&at, &other);
            continue;
        }
        while (!(there = cursor_next(c, &at))) {
            assert_false(ts_tree_cursor_goto_next_sibling(&other));
            if (open == 0)
                break;
            open--;
            cursor_up(c);
            assert_true(ts_tree_cursor_goto_parent(&other));
        }
        if (!there)
            break;
        assert_true(ts_tree_cursor_goto_next_sibling(&other));
        assert_same(&at, &other);
    }
    assert_false(cursor_failed(c));
    ts_tree_cursor_delete(&other);
}

static void check_text(struct cursor *c, unsigned lang, const char *text, size_t n)
{
    TSParser *parser = ts_parser_new();
    assert_true(ts_parser_set_language(parser, lang_registry[lang]->grammar()));
    TSTree *tree = ts_parser_parse_string(parser, NULL, text, (uint32_t)n);
    assert_non_null(tree);
    walk_both(c, tree, 0);
    walk_both(c, tree, 20);
    ts_tree_delete(tree);
    ts_parser_delete(parser);
}

static void check_file(struct cursor *c, const char *path)
{
    struct buf text = {0};
    assert_int_equal(io_read_file(IO_CWD, path, 1u << 20, &text, NULL), PT_OK);
    unsigned lang = lang_of_file(path, text.p, text.n);
    if (lang != LANG_NONE && lang_registry[lang]->grammar != NULL && text.n > 0) {
        n_files++;
        check_text(c, lang, text.p, text.n);
        for (unsigned i = 0; i < 8; i++) /* broken here and there */
            text.p[below((uint32_t)text.n)] = "({;\"\n"[below(5)];
        check_text(c, lang, text.p, text.n);
    }
    buf_release(&text);
}

static void check_folder(struct cursor *c, const char *path)
{
    DIR *d = opendir(path);
    assert_non_null(d);
    for (const struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
        struct buf full = {0};
        if (e->d_name[0] == '.')
            continue;
        buf_printf(&full, "%s/%s", path, e->d_name);
        if (e->d_type == DT_DIR)
            check_folder(c, buf_cstr(&full));
        else if (e->d_type == DT_REG)
            check_file(c, buf_cstr(&full));
        buf_release(&full);
    }
    (void)closedir(d);
}

static void test_cursor__gives_what_that_of_the_library_gives(void **state)
{
    struct cursor *c = cursor_new();
    (void)state;
    rng_state = 1;
    assert_non_null(c);
    check_folder(c, PARSELTONGUE_SOURCE_DIR "/tests/units");
    check_folder(c, PARSELTONGUE_SOURCE_DIR "/src/lang");
    assert_true(n_files > 100);
    cursor_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cursor__gives_what_that_of_the_library_gives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
