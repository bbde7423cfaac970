#include "support.h"

static char *json_of(const struct answer *a)
{
    struct buf out = {0};
    render_json(a, &out);
    return buf_steal(&out, NULL);
}

#define check_json(a, want)                                                                        \
    do {                                                                                           \
        char *json_ = json_of(a);                                                                  \
        assert_string_equal(json_, want);                                                          \
        free(json_);                                                                               \
    } while (0)

static void test_answer__is_a_tree_of_values(void **state)
{
    (void)state;
    struct answer a;
    answer_init(&a);
    (void)answer_uint(&a, a.root, "n", UINT64_MAX);
    (void)answer_real(&a, a.root, "r", 1.5);
    (void)answer_bool(&a, a.root, "yes", true);
    (void)answer_null(&a, a.root, "none");
    struct value *list = answer_array(&a, a.root, "list");
    (void)answer_cstr(&a, list, NULL, ROLE_NAME, "x");
    (void)answer_object(&a, list, NULL);
    (void)answer_array(&a, list, NULL);
    assert_int_equal(list->items.count, 3);
    assert_int_equal(answer_check(&a, NULL), PT_OK);
    check_json(&a, "{\"n\":18446744073709551615,\"r\":1.5,\"yes\":true,\"none\":null,"
                   "\"list\":[\"x\",{},[]]}\n");
    assert_ptr_equal(value_get(a.root, "list"), list);
    assert_null(value_get(a.root, "lis"));
    assert_null(value_get(list, "x"));
    answer_release(&a);
}

static void test_answer__escapes_whatever_a_repository_holds(void **state)
{
    (void)state;
    struct answer a;
    answer_init(&a);
    (void)answer_string(&a, a.root, "s", ROLE_PLAIN, "a\"\\\n\x01\0\xff\xe2\x82", 9);
    check_json(&a, "{\"s\":\"a\\\"\\\\\\n\\u0001\\u0000\xef\xbf\xbd\xef\xbf\xbd\"}\n");
    answer_release(&a);
}

static void test_answer__writes_no_number_that_json_lacks(void **state)
{
    (void)state;
    struct answer a;
    answer_init(&a);
    (void)answer_real(&a, a.root, "nan", strtod("nan", NULL));
    (void)answer_real(&a, a.root, "inf", strtod("inf", NULL));
    check_json(&a, "{\"nan\":null,\"inf\":null}\n");
    answer_release(&a);
}

static void test_answer__keeps_from_json_what_is_for_people(void **state)
{
    (void)state;
    struct answer a;
    answer_init(&a);
    answer_title(&a, "%d callers", 3);
    (void)answer_uint(&a, a.root, "total", 3);
    (void)value_show(answer_uint(&a, a.root, "more", 3), SHOW_TEXT);
    check_json(&a, "{\"total\":3}\n");
    answer_release(&a);
}

static void test_answer__gathers_hints_and_warnings_in_one_list_each(void **state)
{
    (void)state;
    struct answer a;
    answer_init(&a);
    answer_hint(&a, "one");
    answer_warning(&a, "w");
    answer_hint(&a, "t%s", "wo");
    check_json(&a, "{\"hints\":[\"one\",\"two\"],\"warnings\":[\"w\"]}\n");
    answer_release(&a);
}

static void test_answer__of_a_failure_keeps_only_the_candidates(void **state)
{
    (void)state;
    struct answer a;
    answer_init(&a);
    (void)answer_uint(&a, a.root, "before", 1);
    (void)answer_array(&a, a.root, "candidates");
    (void)answer_uint(&a, a.root, "behind", 1);
    answer_fail(&a, PT_EAMBIGUOUS, "which?");
    check_json(&a, "{\"error\":{\"code\":\"EAMBIGUOUS\",\"message\":\"which?\","
                   "\"candidates\":[]}}\n");
    answer_release(&a);
}

static void build(struct answer *a)
{
    struct value *rows = answer_array(a, a->root, "rows");
    for (unsigned i = 0; i < 300; i++) {
        struct value *row = answer_object(a, rows, NULL);
        (void)value_label(answer_printf(a, row, "name", ROLE_NAME, "name %u", i), "x");
        (void)answer_cstr(a, row, "kind", ROLE_KIND, "function");
        (void)answer_uint(a, row, "n", i);
        (void)value_layout(answer_array(a, row, "list"), LAYOUT_COMPACT);
    }
    answer_hint(a, "hint");
    answer_title(a, "title");
}

static void test_answer__survives_each_failing_allocation(void **state)
{
    (void)state;
    for (uint64_t n = 1;; n++) {
        struct answer a;
        struct buf out = {0};
        fault_arm("mem.alloc", n, ENOMEM);
        answer_init(&a);
        build(&a);
        int rc = answer_check(&a, NULL);
        if (rc != PT_OK)
            answer_fail(&a, rc, "no memory");
        render_json(&a, &out);
        bool fired = fault_fired();
        fault_disarm_all();
        buf_release(&out);
        answer_release(&a);
        if (!fired) {
            assert_int_equal(rc, PT_OK);
            assert_true(n > 1);
            break;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answer__is_a_tree_of_values),
        cmocka_unit_test(test_answer__escapes_whatever_a_repository_holds),
        cmocka_unit_test(test_answer__writes_no_number_that_json_lacks),
        cmocka_unit_test(test_answer__keeps_from_json_what_is_for_people),
        cmocka_unit_test(test_answer__gathers_hints_and_warnings_in_one_list_each),
        cmocka_unit_test(test_answer__of_a_failure_keeps_only_the_candidates),
        cmocka_unit_test(test_answer__survives_each_failing_allocation),
    };
    return RUN_TESTS(tests);
}
