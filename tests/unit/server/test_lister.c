/* Lists that are cut: limits, cursors, budgets. */
#include "support.h"

#define N 57u

static struct graph *many(void)
{
    struct buf text = {0};
    for (unsigned i = 0; i < N; i++)
        buf_printf(&text, "fn a.c::f%02u line %u\n", i, i + 1);
    struct graph *g = graph_of(buf_cstr(&text));
    buf_release(&text);
    return g;
}

/* Asks for all functions with these limits; gives the JSON, and the cursor ("" if none). */
static char *page(const struct graph *g, uint32_t limit, uint32_t max_tokens, const char *cursor,
                  char ret_cursor[64])
{
    struct question q;
    question_init(&q, g, "list", "kind=function");
    q.call.limit = limit;
    q.call.max_tokens = max_tokens;
    q.call.cursor = *cursor != '\0' ? cursor : NULL;
    char *json = answer_of(&q, PT_OK, true);
    const char *at = strstr(json, "\"cursor\":\"");
    ret_cursor[0] = '\0';
    if (at != NULL)
        (void)snprintf(ret_cursor, 64, "%.*s", (int)strcspn(at + 10, "\""), at + 10);
    question_release(&q);
    return json;
}

/* Follows the cursors to the end: each row must come once, in order. */
static void follow(const struct graph *g, uint32_t limit, uint32_t max_tokens)
{
    char cursor[64] = "", next[64];
    unsigned seen = 0, pages = 0;
    do {
        char *json = page(g, limit, max_tokens, cursor, next);
        unsigned rows = 0;
        assert_non_null(strstr(json, "\"total\":57,"));
        for (const char *at = json; (at = strstr(at, "\"name\":\"a.c::f")) != NULL; at++, rows++)
            assert_int_equal(strtoul(at + 14, NULL, 10), seen + rows);
        assert_true(rows > 0);
        assert_true(limit == 0 || rows <= limit);
        if (max_tokens != 0 && rows > 1)
            assert_true(strlen(json) <= (size_t)max_tokens * BYTES_PER_TOKEN);
        seen += rows;
        assert_true((strstr(json, "\"truncated\":true") != NULL) == (seen < N));
        assert_true((next[0] != '\0') == (seen < N));
        free(json);
        memcpy(cursor, next, sizeof(cursor));
    } while (cursor[0] != '\0' && ++pages < 100);
    assert_int_equal(seen, N);
}

static void test_lister__gives_each_row_once_whatever_the_limits(void **state)
{
    (void)state;
    struct graph *g = many();
    for (uint32_t limit = 1; limit <= N + 1; limit += 7)
        follow(g, limit, 0);
    follow(g, UINT32_MAX, 0);
    for (uint32_t tokens = 1; tokens < 2000; tokens = tokens * 3 + 7)
        follow(g, UINT32_MAX, tokens);
    follow(g, 5, 400);
    graph_free(g);
}

static void test_lister__refuses_cursors_of_other_questions_and_other_graphs(void **state)
{
    (void)state;
    struct graph *g = many();
    char cursor[64], other[80];
    free(page(g, 10, 0, "", cursor));
    struct question q;
    struct {
        const char *args, *cursor;
        int rc;
    } cases[] = {
        {"kind=struct", cursor, PT_EUSAGE},
        {"kind=function no-tests", cursor, PT_EUSAGE},
        {"kind=function", "rubbish", PT_EUSAGE},
        {"kind=function", "", PT_EUSAGE},
        {"kind=function", "1-2", PT_EUSAGE},
        {"kind=function", "1--2", PT_EUSAGE},
        {"kind=function", " 1-2-3", PT_EUSAGE},
        {"kind=function", "1-2-3g", PT_EUSAGE},
        {"kind=function", "1-2-", PT_EUSAGE},
        {"kind=function", "99999999999999999999-2-3", PT_EUSAGE},
        {"kind=function", other, PT_ESTALE},
        {"kind=function", cursor, PT_OK},
    };
    (void)snprintf(other, sizeof(other), "9%s", cursor);
    for (unsigned i = 0; i < PT_COUNT(cases); i++) {
        question_init(&q, g, "list", cases[i].args);
        q.call.cursor = cases[i].cursor;
        free(answer_of(&q, cases[i].rc, true));
        question_release(&q);
    }
    graph_free(g);
}

static void test_lister__survives_each_failing_allocation(void **state)
{
    (void)state;
    struct graph *g = many();
    for (uint64_t n = 1;; n++) {
        struct question q;
        struct answer a;
        question_init(&q, g, "list", "kind=function");
        fault_arm("mem.alloc", n, ENOMEM);
        answer_init(&a);
        int rc = method_answer(&q.call, &a, NULL);
        bool fired = fault_fired();
        fault_disarm_all();
        answer_release(&a);
        question_release(&q);
        if (!fired) {
            assert_int_equal(rc, PT_OK);
            break;
        }
        assert_int_equal(rc, PT_ENOMEM);
    }
    graph_free(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lister__gives_each_row_once_whatever_the_limits),
        cmocka_unit_test(test_lister__refuses_cursors_of_other_questions_and_other_graphs),
        cmocka_unit_test(test_lister__survives_each_failing_allocation),
    };
    return RUN_TESTS(tests);
}
