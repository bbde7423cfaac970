#include "support.h"

#include "base/io.h"
#include "index/scan.h"
#include "server/config.h"

static int parse(const char *text, struct config *ret, struct err *err)
{
    return config_parse("config.ini", slice_from(text), ret, err);
}

/* It must be refused with exactly that message, and leave the result alone. */
static void refused(const char *text, const char *message)
{
    struct config c, before;
    struct err err = {0};
    memset(&c, 0x5A, sizeof(c));
    before = c;
    assert_int_equal(parse(text, &c, &err), PT_EINVAL);
    assert_string_equal(err.msg, message);
    assert_memory_equal(&c, &before, sizeof(c));
}

static void test_config__an_empty_file_gives_the_defaults(void **state)
{
    (void)state;
    struct config c, d;
    config_default(&d);
    assert_int_equal(parse("", &c, NULL), PT_OK);
    assert_memory_equal(&c, &d, sizeof(c));
    assert_int_equal(d.log_level, LOG_LEVEL_INFO);
    assert_int_equal(d.log_file_max_bytes, 10u << 20);
    assert_int_equal(d.max_connections, 4096);
    assert_int_equal(d.idle_exit_minutes, 0);
    assert_true(d.start_automatically);
    assert_true(d.memory_limit == CONFIG_AUTO);
    assert_int_equal(d.max_file_bytes, SCAN_MAX_FILE_BYTES);
    assert_int_equal(d.durability, WAL_COMMIT);
}

static void test_config__takes_every_key(void **state)
{
    (void)state;
    struct config c;
    struct err err = {0};
    int rc = parse("# mine\n"
                   "[daemon]\r\n"
                   "  log_level=debug\n"
                   "log_file_max_bytes = 64K ; enough\n"
                   "max_connections: 7\n"
                   "idle_exit_minutes = 30\n"
                   "start_automatically = no\n"
                   "memory_limit = 3G\n"
                   "\n[index]\nthreads = 3\nmax_file_bytes = 64K\n"
                   "[store]\ndurability = os",
                   &c, &err);
    assert_string_equal(err.msg, "");
    assert_int_equal(rc, PT_OK);
    assert_int_equal(c.log_level, LOG_LEVEL_DEBUG);
    assert_int_equal(c.log_file_max_bytes, 64u << 10);
    assert_int_equal(c.max_connections, 7);
    assert_int_equal(c.idle_exit_minutes, 30);
    assert_false(c.start_automatically);
    assert_true(c.memory_limit == UINT64_C(3) << 30);
    assert_int_equal(c.threads, 3);
    assert_int_equal(c.max_file_bytes, 64u << 10);
    assert_int_equal(c.durability, WAL_OS);
}

static void test_config__says_what_would_be_right(void **state)
{
    (void)state;
    refused("[daemon]\nlog_levle = info\n",
            "config.ini:2: [daemon] has no 'log_levle'; did you mean log_level?");
    refused("\n[deamon]\nlog_level = info\n",
            "config.ini:3: there is no section [deamon]; did you mean [daemon]?");
    refused("[daemon]\nthreads = 1\n", "config.ini:2: threads belongs below [index], not [daemon]");
    refused("threads = 1\n", "config.ini:1: threads belongs below [index]");
    refused("x = 1\n", "config.ini:1: 'x' stands before any section, like [daemon]");
    refused("[zzzzzzzzzz]\nx = 1\n", "config.ini:2: there is no section [zzzzzzzzzz]");
    refused("[daemon]\nlog_level = loud\n",
            "config.ini:2: log_level is one of debug|info|warn|error|off, not 'loud'");
    refused("[daemon]\nlog_level = info\n\n log_level = info\n",
            "config.ini:4: log_level is already given in line 2");
    refused("[daemon]\nmemory_limit = much\n",
            "config.ini:2: memory_limit is a number of bytes, like 2G, or auto, not 'much'");
    refused("[daemon]\nthis is nothing\n", "config.ini:2: neither [section] nor key = value");
    refused("[daemon\nlog_level = info\n", "config.ini:1: neither [section] nor key = value");
}

static void test_config__reads_values_strictly(void **state)
{
    (void)state;
    static const char *const numbers[] = {
        "", "-1", "+1", "0x10", "1 0", "1.5", "ten", "1M", "99999999999999999999"};
    char text[128], want[256];
    for (unsigned i = 0; i < PT_COUNT(numbers); i++) {
        (void)snprintf(text, sizeof(text), "[index]\nthreads = %s\n", numbers[i]);
        (void)snprintf(want, sizeof(want), "config.ini:2: threads is a number, like 0, not '%s'",
                       numbers[i]);
        refused(text, want);
    }
    refused("[index]\nthreads = 1025\n", "config.ini:2: threads is from 0 to 1024, not 1025");
    refused("[daemon]\nlog_file_max_bytes = 4k\n",
            "config.ini:2: log_file_max_bytes is a number of bytes, like 10M, not '4k'");
    refused("[daemon]\nlog_file_max_bytes = 2G\n",
            "config.ini:2: log_file_max_bytes is from 4096 to 1073741824, not 2G");
    refused("[daemon]\nlog_file_max_bytes = 999999999999999999G\n",
            "config.ini:2: log_file_max_bytes is a number of bytes, like 10M, not "
            "'999999999999999999G'");
    refused("[daemon]\nstart_automatically = true\n",
            "config.ini:2: start_automatically is one of yes|no, not 'true'");
}

static void test_config__refuses_what_is_no_text(void **state)
{
    (void)state;
    static const char nul[] = "[daemon]\nlog_\0level = info\n";
    struct config c;
    struct err err = {0};
    char text[1024] = "[daemon]\nlog_level = ";
    assert_int_equal(config_parse("f", slice_of(nul, sizeof(nul) - 1), &c, &err), PT_EINVAL);
    assert_string_equal(err.msg, "f:2: this is no line of text");
    memset(text + strlen(text), 'x', 900);
    refused(text, "config.ini:2: the line is too long");
    text[0] = '#';
    text[8] = ' ';
    assert_int_equal(parse(text, &c, NULL), PT_OK); /* a comment may be */
}

static void test_config__the_document_is_a_file_of_the_defaults(void **state)
{
    (void)state;
    struct buf document = {0};
    struct config c, d;
    struct err err = {0};
    config_default(&d);
    config_document(&document);
    (void)config_parse("document", buf_as_slice(&document), &c, &err);
    assert_string_equal(err.msg, "");
    assert_memory_equal(&c, &d, sizeof(c));
    buf_release(&document);
}

static void test_config__is_documented_as_it_is(void **state)
{
    (void)state;
    struct buf document = {0}, text = {0};
    config_document(&document);
    assert_int_equal(io_read_file(IO_CWD, PARSELTONGUE_SOURCE_DIR "/docs/configuration.md", 1 << 20,
                                  &text, NULL),
                     PT_OK);
    if (strstr(buf_cstr(&text), buf_cstr(&document)) == NULL)
        fail_msg("docs/configuration.md lacks what `parseltongue help config` prints:\n%s",
                 buf_cstr(&document));
    buf_release(&document);
    buf_release(&text);
}

/* Whatever the bytes: a failure leaves the result alone, a success is within the limits. */
static void check_any(struct slice text)
{
    struct config c, before;
    struct err err = {0};
    memset(&c, 0x5A, sizeof(c));
    before = c;
    int rc = config_parse("f", text, &c, &err);
    if (rc != PT_OK) {
        assert_int_equal(err.code, rc);
        assert_memory_equal(&c, &before, sizeof(c));
        assert_true(strncmp(err.msg, "f:", 2) == 0);
        return;
    }
    assert_true(c.log_level <= LOG_LEVEL_OFF);
    assert_true(c.threads <= 1024 && c.max_connections >= 1);
}

static uint64_t next_random(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *seed >> 33;
}

static void test_config__survives_any_edit_of_a_file(void **state)
{
    (void)state;
    static const char bytes[] = "[]=:;#\n\r\t \"\0\xff"
                                "09MKGaz_-";
    struct buf document = {0};
    uint64_t seed = 7;
    config_document(&document);
    char *copy = test_malloc(document.n);
    for (unsigned round = 0; round < 20000; round++) {
        size_t n = document.n;
        memcpy(copy, document.p, n);
        for (unsigned edits = 1 + (unsigned)(next_random(&seed) % 4); edits > 0; edits--)
            copy[next_random(&seed) % n] = bytes[next_random(&seed) % (sizeof(bytes) - 1)];
        check_any(slice_of(copy, next_random(&seed) % 2 ? n : next_random(&seed) % n));
    }
    test_free(copy);
    buf_release(&document);
}

static void test_config__lies_where_the_environment_says(void **state)
{
    (void)state;
    struct buf path = {0};
    (void)setenv("XDG_CONFIG_HOME", "/c", 1);
    (void)setenv("HOME", "/h", 1);
    assert_int_equal(config_path(&path, NULL), PT_OK);
    assert_string_equal(buf_cstr(&path), "/c/parseltongue/config.ini");
    (void)setenv("XDG_CONFIG_HOME", "relative", 1);
    assert_int_equal(config_path(&path, NULL), PT_OK);
    assert_string_equal(buf_cstr(&path), "/h/.config/parseltongue/config.ini");
    (void)unsetenv("XDG_CONFIG_HOME");
    (void)unsetenv("HOME");
    assert_int_equal(config_path(&path, NULL), PT_ENOENT);
    buf_release(&path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_config__an_empty_file_gives_the_defaults),
        cmocka_unit_test(test_config__takes_every_key),
        cmocka_unit_test(test_config__says_what_would_be_right),
        cmocka_unit_test(test_config__reads_values_strictly),
        cmocka_unit_test(test_config__refuses_what_is_no_text),
        cmocka_unit_test(test_config__the_document_is_a_file_of_the_defaults),
        cmocka_unit_test(test_config__is_documented_as_it_is),
        cmocka_unit_test(test_config__survives_any_edit_of_a_file),
        cmocka_unit_test(test_config__lies_where_the_environment_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
