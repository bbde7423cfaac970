/* What changed between two texts: told as it is, in few places, and enough for a parser to go on. */
#include "base/hash.h"
#include "lang/edits.h"
#include "lang/extract.h"
#include "lang/trees.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint64_t rng_state;

static uint32_t below(uint32_t n)
{
    rng_state += 0x9e3779b97f4a7c15ULL;
    return (uint32_t)(((unsigned __int128)hash_mix64(rng_state) * n) >> 64);
}

static TSPoint point_at(const char *text, uint32_t at)
{
    TSPoint p = {0, 0};
    for (uint32_t i = 0; i < at; i++) {
        p.row += text[i] == '\n';
        p.column = text[i] == '\n' ? 0 : p.column + 1;
    }
    return p;
}

static void assert_point(TSPoint is, const char *text, uint32_t at)
{
    TSPoint should = point_at(text, at);
    assert_int_equal(is.row, should.row);
    assert_int_equal(is.column, should.column);
}

/* Does one edit after the other. The bytes that come are those at the same distance from the end, for
 * what stands behind is as in the new text already. */
static void assert_leads_to(struct slice old, struct slice new, const TSInputEdit *edits,
                            uint32_t n)
{
    struct buf is = {0}, next = {0};
    size_t behind = 0; /* bytes of the end that are new */
    buf_add(&is, old.p, old.n);
    for (uint32_t i = 0; i < n; i++) {
        const TSInputEdit *e = &edits[i];
        assert_true(e->start_byte <= e->old_end_byte && e->start_byte <= e->new_end_byte);
        assert_true(e->old_end_byte + behind <= is.n);
        assert_point(e->start_point, is.p, e->start_byte);
        assert_point(e->old_end_point, is.p, e->old_end_byte);
        behind = is.n - e->old_end_byte + (e->new_end_byte - e->start_byte);
        buf_reset(&next);
        buf_add(&next, is.p, e->start_byte);
        assert_true(behind <= new.n);
        buf_add(&next, new.p + new.n - behind, behind);
        assert_point(e->new_end_point, next.p, e->new_end_byte);
        buf_reset(&is);
        buf_add(&is, next.p, next.n);
    }
    assert_true(slice_eq(buf_as_slice(&is), new));
    buf_release(&is);
    buf_release(&next);
}

static uint32_t check(struct slice old, struct slice new)
{
    TSInputEdit edits[EDITS_MAX];
    uint32_t n = edits_between(old, new, edits);
    assert_in_range(n, 1, EDITS_MAX);
    assert_leads_to(old, new, edits, n);
    return n;
}

static void add_function(struct buf *b, unsigned i)
{
    buf_printf(b, "\nint f%u(int x)\n{\n    int sum = x; /* \xc3\xa4 */\n    return g%u(sum);\n}\n",
               i, i % 7);
}

/* Cuts out a line, or puts one in, or changes a letter, at random places; some of the lines are the
 * same as others. */
static void mutate(struct slice text, struct buf *ret)
{
    static const char *const lines[] = {"    sum += 1;\n", "\n", "}\n",
                                        "    h(\"\xc3\xb6\", sum);\n", "int k;"};
    uint32_t places = 1 + below(4), at = 0;
    buf_reset(ret);
    for (uint32_t i = 0; i < places; i++) {
        uint32_t to = at + below((uint32_t)text.n - at + 1);
        while (to < text.n && to > 0 && text.p[to - 1] != '\n')
            to++;
        buf_add(ret, text.p + at, to - at);
        at = to;
        if (below(3) == 0) {
            while (at < text.n && text.p[at++] != '\n')
                ;
        } else {
            buf_str(ret, lines[below(sizeof(lines) / sizeof(*lines))]);
        }
    }
    buf_add(ret, text.p + at, text.n - at);
}

static void test_edits__lead_from_one_text_to_the_next(void **state)
{
    struct buf old = {0}, new = {0};
    (void)state;
    for (uint32_t round = 0; round < 400; round++) {
        rng_state = round;
        buf_reset(&old);
        for (uint32_t i = 0, n = below(120); i < n; i++)
            add_function(&old, i);
        if (below(4) == 0 && old.n > 0)
            old.n -= below(3); /* no line ends here */
        mutate(buf_as_slice(&old), &new);
        (void)check(buf_as_slice(&old), buf_as_slice(&new));
        (void)check(buf_as_slice(&new), buf_as_slice(&old));
    }
    buf_release(&old);
    buf_release(&new);
}

static void test_edits__are_several_where_much_lies_between(void **state)
{
    struct buf old = {0}, new = {0};
    (void)state;
    for (unsigned i = 0; i < 300; i++) {
        add_function(&old, i);
        add_function(&new, i);
        if (i == 10)
            buf_str(&old, "int was;\n");
        if (i == 200)
            buf_str(&new, "int is;\n");
    }
    assert_int_equal(check(buf_as_slice(&old), buf_as_slice(&new)), 2);
    buf_release(&old);
    buf_release(&new);
}

static void test_edits__are_one_where_all_differs(void **state)
{
    struct buf old = {0}, new = {0};
    (void)state;
    for (unsigned i = 0; i < 300; i++) {
        add_function(&old, i);
        add_function(&new, i + 1000);
    }
    assert_int_equal(check(buf_as_slice(&old), buf_as_slice(&new)), 1);
    assert_int_equal(check(SLICE(""), buf_as_slice(&new)), 1);
    assert_int_equal(check(buf_as_slice(&old), SLICE("")), 1);
    assert_int_equal(check(SLICE(""), SLICE("")), 1);
    buf_release(&old);
    buf_release(&new);
}

static struct facts *facts_of(struct extract *x, struct trees *trees, unsigned lang,
                              struct slice text)
{
    struct facts *f = NULL;
    extract_with(x, trees);
    assert_int_equal(extract_file(x, lang, "a.c", text.p, text.n, &f, NULL), PT_OK);
    return f;
}

static void test_edits__give_the_facts_of_a_whole_parse(void **state)
{
    struct extract *x = extract_new();
    struct trees *trees = NULL;
    struct buf text[2] = {{0}, {0}}, is = {0}, should = {0};
    unsigned lang = lang_by_name("c");
    (void)state;
    assert_int_equal(trees_new((size_t)8 << 20, &trees, NULL), PT_OK);
    rng_state = 1;
    for (unsigned i = 0; i < 60; i++)
        add_function(&text[0], i);
    for (uint32_t round = 0; round < 200; round++) {
        struct buf *old = &text[round % 2], *new = &text[1 - round % 2];
        mutate(buf_as_slice(old), new);
        struct facts *again = facts_of(x, trees, lang, buf_as_slice(new));
        struct facts *whole = facts_of(x, NULL, lang, buf_as_slice(new));
        buf_reset(&is);
        buf_reset(&should);
        facts_print(again, &is);
        facts_print(whole, &should);
        assert_true(slice_eq(buf_as_slice(&is), buf_as_slice(&should)));
        facts_free(again);
        facts_free(whole);
        if (round % 10 == 9) { /* without errors again */
            buf_reset(new);
            for (unsigned i = 0; i < 60; i++)
                add_function(new, i);
        }
    }
    for (unsigned i = 0; i < 2; i++)
        buf_release(&text[i]);
    buf_release(&is);
    buf_release(&should);
    trees_free(trees);
    extract_free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_edits__lead_from_one_text_to_the_next),
        cmocka_unit_test(test_edits__are_several_where_much_lies_between),
        cmocka_unit_test(test_edits__are_one_where_all_differs),
        cmocka_unit_test(test_edits__give_the_facts_of_a_whole_parse),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
