/* What a crash leaves behind, and that it is heeded: by contents, identity, language and marks. */
#include "unit/base/support.h"
#include "unit/base/support_dir.h"

#include "base/io.h"
#include "base/io_last_words.h"
#include "index/pipeline.h"
#include "index/quarantine.h"
#include "lang/lang.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>

/* The address sanitizer has handlers of its own, which end the process in their way. */
#if defined(__SANITIZE_ADDRESS__)
#define OWN_HANDLERS 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define OWN_HANDLERS 1
#endif
#endif
#ifndef OWN_HANDLERS
#define OWN_HANDLERS 0
#endif

static const char text[] = "int evil(void) { return 1; }\n";

static struct shelf_key key_of(const char *contents, const char *path)
{
    unsigned lang = lang_of_file(path, contents, strlen(contents));
    return shelf_key(hash128(contents, strlen(contents)), lang, path);
}

static struct quarantine *opened(const char *identity)
{
    struct quarantine *q = NULL;
    struct err err = {0};
    assert_int_equal(quarantine_open(".", identity, &q, &err), PT_OK);
    return q;
}

/* A process that dies of the signal while it parses, or just behind that. */
static void die_of(int number, const char *contents, bool while_parsing)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct quarantine *q = NULL;
        struct shelf_key key = key_of(contents, "evil.c");
        if (last_words_install(NULL) != PT_OK ||
            quarantine_open(".", "identity", &q, NULL) != PT_OK)
            _exit(1);
        quarantine_begin(q, &key);
        if (!while_parsing)
            quarantine_end();
        (void)raise(number);
        _exit(2);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == number);
}

static bool held(const char *identity, const char *contents, const char *path)
{
    struct quarantine *q = opened(identity);
    struct shelf_key key = key_of(contents, path);
    bool yes = quarantine_has(q, &key);
    quarantine_close(q);
    return yes;
}

static void a_crash_is_remembered(void **state)
{
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
    (void)state;
    if (OWN_HANDLERS)
        skip();
    for (size_t i = 0; i < sizeof(crashes) / sizeof(*crashes); i++) {
        char contents[32];
        (void)snprintf(contents, sizeof(contents), "int a%zu;\n", i);
        assert_false(held("identity", contents, "evil.c"));
        die_of(crashes[i], contents, true);
        assert_true(held("identity", contents, "evil.c"));
        assert_true(held("identity", contents, "elsewhere/other.c"));
        assert_false(held("identity", contents, "evil.py"));
        assert_false(held("another", contents, "evil.c"));
        assert_false(held("identity", "int b;\n", "evil.c"));
    }
}

static void other_deaths_are_not(void **state)
{
    (void)state;
    die_of(SIGKILL, text, true);
    die_of(SIGTERM, text, true);
    if (!OWN_HANDLERS)
        die_of(SIGSEGV, text, false);
    assert_false(held("identity", text, "evil.c"));
}

static void nonsense_is_passed_over(void **state)
{
    (void)state;
    make_file("quarantine", "\n\nidentity\nidentity \nidentity 12\nidentity zz\n"
                            "identity 00000000000000000000000000000000 999 0\n"
                            "identity 00000000000000000000000000000000 1 0 more\n"
                            "identity 0000000000000000000000000000000");
    struct quarantine *q = opened("identity");
    struct shelf_key zero = {.lang = 1};
    assert_false(quarantine_has(q, &zero));
    quarantine_close(q);
    make_file("quarantine", "identity 00000000000000000000000000000000 1 0\n");
    q = opened("identity");
    assert_true(quarantine_has(q, &zero));
    quarantine_close(q);
}

/* It stands in the graph as an empty file, and is reported; other contents are parsed. */
static void its_file_is_left_out(void **state)
{
    static const char *const all[] = {""};
    struct pipeline_report report;
    struct pipeline *p = NULL;
    struct delta d;
    struct err err = {0};
    (void)state;
    if (OWN_HANDLERS)
        skip();
    assert_int_equal(mkdir("tree", 0755), 0);
    make_file("tree/evil.c", text);
    make_file("tree/good.c", "int good(void) { return 2; }\n");
    die_of(SIGSEGV, text, true);
    struct quarantine *q = opened("identity");
    const struct pipeline_options o = {.threads = 1, .quarantine = q};
    assert_int_equal(pipeline_new("tree", &o, &p, &err), PT_OK);
    assert_int_equal(pipeline_update(p, all, 1, &d, &report, &err), PT_OK);
    assert_int_equal(d.units.len, 2);
    assert_int_equal(d.units.at[0].n_nodes, 1);
    assert_int_equal(d.units.at[1].n_nodes, 2);
    assert_int_equal(report.skips.len, 1);
    assert_string_equal(report.skips.at[0].path, "evil.c");
    assert_int_equal(report.skips.at[0].reason, SCAN_QUARANTINED);
    delta_release(&d);
    pipeline_report_release(&report);

    make_file("tree/evil.c", "int harmless(void) { return 1; }\n");
    assert_int_equal(pipeline_update(p, all, 1, &d, &report, &err), PT_OK);
    assert_int_equal(d.units.len, 1);
    assert_int_equal(d.units.at[0].n_nodes, 2);
    assert_int_equal(report.skips.len, 0);
    delta_release(&d);
    pipeline_report_release(&report);
    pipeline_free(p);
    quarantine_close(q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_NEW_DIR(a_crash_is_remembered),
        IN_NEW_DIR(other_deaths_are_not),
        IN_NEW_DIR(nonsense_is_passed_over),
        IN_NEW_DIR(its_file_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
