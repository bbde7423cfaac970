#include "unit/server/support.h"

#include "server/rpc.h"

#include <errno.h>

/* ---- reading ---- */

static int reads(const char *line, struct rpc_request *r, struct err *err)
{
    return rpc_read(slice_from(line), r, err);
}

static void check_wrong(const char *line, int number, const char *says)
{
    struct rpc_request r;
    struct err err = {0};
    assert_int_equal(reads(line, &r, &err), PT_EUSAGE);
    assert_int_equal(r.number, number);
    if (strstr(err.msg, says) == NULL)
        fail_msg("%s: '%s' does not say '%s'", line, err.msg, says);
    rpc_request_release(&r);
}

#define HEAD "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":"

static void test_rpc__a_request_becomes_a_call(void **state)
{
    struct rpc_request r;
    struct err err = {0};
    (void)state;
    assert_int_equal(
        reads("{\"jsonrpc\":\"2.0\",\"id\":\"a\\\"b\",\"method\":\"callers\",\"params\":{"
              "\"workspace\":\"/w\",\"x\":\"f\",\"depth\":2,\"no_tests\":true,"
              "\"candidates\":false,\"limit\":7,\"max_tokens\":9,\"cursor\":\"c\","
              "\"sync\":true,\"deadline_ms\":50,\"format\":\"text\",\"width\":80,"
              "\"colour\":true,\"program\":\"pt\"}}",
              &r, &err),
        PT_OK);
    assert_string_equal(r.id, "\"a\\\"b\"");
    assert_int_equal(r.verb, RPC_METHOD);
    assert_string_equal(r.call.method->name, "callers");
    assert_string_equal(r.workspace, "/w");
    assert_string_equal(call_arg(&r.call, "x"), "f");
    assert_string_equal(call_arg(&r.call, "depth"), "2");
    assert_true(call_flag(&r.call, "no-tests"));
    assert_false(call_flag(&r.call, "candidates"));
    assert_int_equal(r.call.limit, 7);
    assert_int_equal(r.call.max_tokens, 9);
    assert_string_equal(r.call.cursor, "c");
    assert_string_equal(r.call.program, "pt");
    assert_true(r.sync && r.text && r.call.text && r.render.colour && r.render.compact);
    assert_int_equal(r.deadline_ms, 50);
    assert_int_equal(r.render.width, 80);
    rpc_request_release(&r);
}

static void test_rpc__limit_0_means_all(void **state)
{
    struct rpc_request r;
    (void)state;
    assert_int_equal(
        reads(HEAD "\"list\",\"params\":{\"workspace\":\"/w\",\"limit\":0}}", &r, NULL), PT_OK);
    assert_int_equal(r.call.limit, UINT32_MAX);
    rpc_request_release(&r);
    assert_int_equal(
        reads(HEAD "\"list\",\"params\":{\"workspace\":\"/w\",\"limit\":null}}", &r, NULL), PT_OK);
    assert_int_equal(r.call.limit, 0);
    rpc_request_release(&r);
}

static void test_rpc__every_method_and_parameter_can_be_asked_for(void **state)
{
    (void)state;
    for (unsigned i = 0; i < method_count; i++) {
        const struct method *m = &methods[i];
        struct rpc_request r;
        struct err err = {0};
        struct buf line = {0};
        buf_printf(&line, HEAD "\"%s\",\"params\":{", m->name);
        for (unsigned p = 0; p < method_params(m); p++) {
            const char *choices = m->params[p].choices;
            buf_printf(&line, "\"%s\":", m->params[p].name);
            if (m->params[p].type == PARAM_CHOICE)
                buf_printf(&line, "\"%.*s\",", (int)strcspn(choices, "|"), choices);
            else
                buf_str(&line, m->params[p].type == PARAM_FLAG   ? "true,"
                               : m->params[p].type == PARAM_UINT ? "3,"
                                                                 : "\"v\",");
        }
        if (m->flags & METHOD_NO_WORKSPACE)
            buf_str(&line, "\"deadline_ms\":1}}");
        else
            buf_str(&line, "\"workspace\":\"/w\"}}");
        if (reads(buf_cstr(&line), &r, &err) != PT_OK)
            fail_msg("%s: %s", buf_cstr(&line), err.msg);
        for (unsigned p = 0; p < method_params(m); p++)
            assert_non_null(r.call.args[p]);
        rpc_request_release(&r);
        buf_release(&line);
    }
}

static void test_rpc__what_is_no_json_is_a_parse_error(void **state)
{
    struct rpc_request r;
    struct err err = {0};
    (void)state;
    check_wrong("", RPC_PARSE, "no JSON");
    check_wrong("{", RPC_PARSE, "no JSON");
    check_wrong("\xff", RPC_PARSE, "no JSON");
    check_wrong("\"\xc0\x80\"", RPC_PARSE, "no JSON");
    check_wrong("{} {}", RPC_PARSE, "no JSON");
    check_wrong("{\"id\":1,\"id\":2}", RPC_PARSE, "duplicate");
    check_wrong("123456789012345678901234567890", RPC_PARSE, "too big");
    check_wrong("{\"method\":\"a\\u0000b\"}", RPC_PARSE, "\\u0000");
    assert_int_equal(rpc_read(slice_of("{}\0", 3), &r, &err), PT_EUSAGE);
    rpc_request_release(&r);
    struct buf deep = {0};
    buf_fill(&deep, '[', 1 << 20);
    check_wrong(buf_cstr(&deep), RPC_PARSE, "depth");
    buf_release(&deep);
}

static void test_rpc__what_is_no_request_is_told_so(void **state)
{
    (void)state;
    check_wrong("[]", RPC_REQUEST, "batches");
    check_wrong("7", RPC_REQUEST, "an object");
    check_wrong("{\"id\":1,\"method\":\"list\"}", RPC_REQUEST, "jsonrpc");
    check_wrong("{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"list\"}", RPC_REQUEST, "an id");
    check_wrong("{\"jsonrpc\":\"2.0\",\"id\":1e3,\"method\":\"list\"}", RPC_REQUEST, "an id");
    check_wrong("{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"list\"}", RPC_REQUEST, "an id");
    check_wrong("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"list\",\"extra\":1}", RPC_REQUEST,
                "'extra'");
    check_wrong("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":null}", RPC_REQUEST, "'method'");
    struct buf line = {0};
    buf_str(&line, "{\"jsonrpc\":\"2.0\",\"id\":\"");
    buf_fill(&line, 'x', RPC_MAX_ID);
    buf_str(&line, "\",\"method\":\"list\"}");
    check_wrong(buf_cstr(&line), RPC_REQUEST, "at most");
    buf_release(&line);
}

static void test_rpc__nearest_names_are_proposed(void **state)
{
    (void)state;
    check_wrong(HEAD "\"caler\"}", RPC_NO_METHOD, "'callers'");
    check_wrong(HEAD "\"deamon.stop\"}", RPC_NO_METHOD, "'daemon.stop'");
    check_wrong(HEAD "\"zzzzzzzz\"}", RPC_NO_METHOD, "no method 'zzzzzzzz'");
    check_wrong(HEAD "\"callers\",\"params\":{\"notests\":true}}", RPC_PARAMS, "'no_tests'");
    check_wrong(HEAD "\"callers\",\"params\":{\"max_token\":1}}", RPC_PARAMS, "'max_tokens'");
    check_wrong(HEAD "\"daemon.ping\",\"params\":{\"workspace\":\"/w\"}}", RPC_PARAMS, "takes no");
    check_wrong(HEAD "\"path\",\"params\":{\"limit\":1}}", RPC_PARAMS, "takes no");
}

static void test_rpc__params_are_checked(void **state)
{
    (void)state;
    check_wrong(HEAD "\"callers\"}", RPC_PARAMS, "needs 'x'");
    check_wrong(HEAD "\"callers\",\"params\":{\"x\":\"f\"}}", RPC_PARAMS, "needs 'workspace'");
    check_wrong(HEAD "\"list\",\"params\":{\"workspace\":\"w\"}}", RPC_PARAMS, "absolute");
    check_wrong(HEAD "\"list\",\"params\":[]}", RPC_PARAMS, "by name");
    check_wrong(HEAD "\"callers\",\"params\":{\"x\":[]}}", RPC_PARAMS, "a string");
    check_wrong(HEAD "\"callers\",\"params\":{\"depth\":4294967296}}", RPC_PARAMS, "4294967295");
    check_wrong(HEAD "\"callers\",\"params\":{\"depth\":1.0}}", RPC_PARAMS, "whole number");
    check_wrong(HEAD "\"find_cycles\",\"params\":{\"level\":\"x\"}}", RPC_PARAMS, "function|type");
    check_wrong(HEAD "\"unsubscribe\"}", RPC_PARAMS, "'subscription'");
    check_wrong("{\"jsonrpc\":\"2.0\",\"method\":\"$/cancel\"}", RPC_PARAMS, "needs 'id'");
}

static void test_rpc__the_id_is_kept_when_the_rest_is_wrong(void **state)
{
    struct rpc_request r;
    (void)state;
    assert_int_equal(reads("{\"jsonrpc\":\"2.0\",\"id\":-3,\"method\":\"x\"}", &r, NULL),
                     PT_EUSAGE);
    assert_string_equal(r.id, "-3");
    rpc_request_release(&r);
}

static void test_rpc__without_an_id_it_is_a_notification(void **state)
{
    struct rpc_request r;
    (void)state;
    assert_int_equal(
        reads("{\"jsonrpc\":\"2.0\",\"method\":\"$/cancel\",\"params\":{\"id\":\"x\"}}", &r, NULL),
        PT_OK);
    assert_true(r.notification);
    assert_null(r.id);
    assert_string_equal(r.target, "\"x\"");
    rpc_request_release(&r);
    assert_int_equal(reads("{\"jsonrpc\":\"2.0\",\"method\":\"x\"}", &r, NULL), PT_EUSAGE);
    assert_true(r.notification);
    rpc_request_release(&r);
}

static void test_rpc__any_allocation_may_fail(void **state)
{
    static const char line[] =
        HEAD "\"callers\",\"params\":{\"workspace\":\"/w\",\"x\":\"f\",\"depth\":2}}";
    int rc = PT_ENOMEM;
    bool fired = true;
    (void)state;
    for (unsigned n = 1; fired; n++) {
        struct rpc_request r;
        struct err err = {0};
        fault_arm("mem.alloc", n, ENOMEM);
        rc = reads(line, &r, &err);
        fired = fault_fired();
        fault_disarm_all();
        if (rc != PT_OK)
            assert_int_equal(rc, PT_ENOMEM);
        rpc_request_release(&r);
    }
    assert_int_equal(rc, PT_OK);
}

/* ---- writing ---- */

static struct answer small_answer(void)
{
    struct answer a;
    answer_init(&a);
    answer_title(&a, "two things");
    (void)answer_cstr(&a, a.root, "name", ROLE_NAME, "x\ny");
    (void)value_show(answer_uint(&a, a.root, "generation", 3), SHOW_JSON);
    return a;
}

static void test_rpc__a_result_is_one_line(void **state)
{
    struct answer a = small_answer();
    struct rpc_request r = {.id = "7", .call.method = method_named("list")};
    struct buf out = {0};
    (void)state;
    rpc_put_result(&out, &r, &a);
    assert_string_equal(buf_cstr(&out),
                        "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"name\":\"x\\ny\","
                        "\"generation\":3}}\n");
    buf_reset(&out);
    r.text = true;
    rpc_put_result(&out, &r, &a);
    assert_string_equal(buf_cstr(&out), "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":{\"text\":\"two "
                                        "things\\n  name  x\\\\ny\\n\",\"generation\":3}}\n");
    buf_release(&out);
    answer_release(&a);
}

static void test_rpc__a_failure_has_the_report_as_data(void **state)
{
    struct answer a;
    struct rpc_request r = {.id = NULL};
    struct buf out = {0};
    (void)state;
    answer_init(&a);
    answer_fail(&a, PT_ENOENT, "no x");
    rpc_put_failure(&out, &r, rpc_number(PT_ENOENT), &a);
    assert_string_equal(
        buf_cstr(&out),
        "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32005,\"message\":\"no "
        "x\",\"data\":{\"code\":\"ENOENT\",\"message\":\"no x\"}}}\n");
    buf_reset(&out);
    r.text = true;
    rpc_put_failure(&out, &r, rpc_number(PT_ENOENT), &a);
    assert_non_null(strstr(buf_cstr(&out), "\"text\":\"parseltongue: no x\\n\"}}}\n"));
    buf_release(&out);
    answer_release(&a);
}

static void test_rpc__numbers_of_failures(void **state)
{
    (void)state;
    assert_int_equal(rpc_number(PT_ENOMEM), -32001);
    assert_int_equal(rpc_number(PT_EBUSY), -32016);
    assert_int_equal(rpc_number(PT_EUSAGE), -32602);
    assert_int_equal(rpc_number(PT_EINTERNAL), -32603);
}

static void test_rpc__a_notification_has_no_id(void **state)
{
    struct answer a = small_answer();
    struct buf out = {0};
    (void)state;
    rpc_put_note(&out, "changed", &a, slice_of("", 0));
    assert_string_equal(buf_cstr(&out),
                        "{\"jsonrpc\":\"2.0\",\"method\":\"changed\",\"params\":{\"name\":"
                        "\"x\\ny\",\"generation\":3}}\n");
    buf_release(&out);
    answer_release(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rpc__a_request_becomes_a_call),
        cmocka_unit_test(test_rpc__limit_0_means_all),
        cmocka_unit_test(test_rpc__every_method_and_parameter_can_be_asked_for),
        cmocka_unit_test(test_rpc__what_is_no_json_is_a_parse_error),
        cmocka_unit_test(test_rpc__what_is_no_request_is_told_so),
        cmocka_unit_test(test_rpc__nearest_names_are_proposed),
        cmocka_unit_test(test_rpc__params_are_checked),
        cmocka_unit_test(test_rpc__the_id_is_kept_when_the_rest_is_wrong),
        cmocka_unit_test(test_rpc__without_an_id_it_is_a_notification),
        cmocka_unit_test(test_rpc__any_allocation_may_fail),
        cmocka_unit_test(test_rpc__a_result_is_one_line),
        cmocka_unit_test(test_rpc__a_failure_has_the_report_as_data),
        cmocka_unit_test(test_rpc__numbers_of_failures),
        cmocka_unit_test(test_rpc__a_notification_has_no_id),
    };
    rpc_set_up();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
