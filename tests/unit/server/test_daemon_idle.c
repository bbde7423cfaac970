#include "unit/base/support.h"
#include "unit/base/support_dir.h"

#include "base/clock.h"
#include "base/io.h"
#include "server/daemon.h"

#include <unistd.h>

/* The daemon's folders, in the test's own. */
static void set_places(void)
{
    static const char *const names[] = {"XDG_RUNTIME_DIR", "XDG_STATE_HOME", "HOME"};
    char here[256];
    assert_non_null(getcwd(here, sizeof(here)));
    for (unsigned i = 0; i < PT_COUNT(names); i++)
        (void)setenv(names[i], here, 1);
}

static void remove_socket(void *ctx, const char *socket)
{
    (void)ctx;
    assert_int_equal(io_remove(IO_CWD, socket, NULL), PT_OK);
}

/* It must end by itself, and leave no socket. */
static void check_ends(const struct daemon_options *o)
{
    struct err err = {0};
    set_places();
    int rc = daemon_run(o, &err);
    assert_string_equal(err.msg, "");
    assert_int_equal(rc, PT_OK);
    assert_false(io_exists(IO_CWD, "parseltongue/daemon.sock"));
}

static void test_daemon__ends_when_nobody_needs_it(void **state)
{
    (void)state;
    uint64_t began = clock_now_ns();
    check_ends(&(struct daemon_options){.idle_exit_ms = 100});
    assert_true(clock_now_ns() - began >= 100 * CLOCK_NS_PER_MS);
}

static void test_daemon__ends_when_nobody_can_reach_it(void **state)
{
    (void)state;
    check_ends(&(struct daemon_options){.look_ms = 20, .ready = remove_socket});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_NEW_DIR(test_daemon__ends_when_nobody_needs_it),
        IN_NEW_DIR(test_daemon__ends_when_nobody_can_reach_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
