/* The verb `daemon`: run in the foreground, start, stop, and ask how it is. */
#include "server/daemon.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "cli/launch.h"
#include "cli/progress.h"
#include "cli/verbs.h"
#include "cli/wire.h"
#include "server/config.h"
#include "server/hub.h"
#include "server/log_file.h"
#include "server/memory.h"
#include "server/running.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>
#include <time.h>

#define MAX_WATCHED 64u
#define STATUS_LIMIT_MS 5000
#define STATUS_NOT_RUNNING 3 /* as services are used to say it */

/* ---- run ---- */

struct background {
    struct config config;
    struct log_file *log; /* NULL: standard error */
};

/* The values of --watch, which lie one a line in `text`, as absolute paths. */
static int watched(struct arena *arena, char *text, const char *ret[MAX_WATCHED], unsigned *ret_n,
                   struct err *err)
{
    struct buf root = {0};
    unsigned n = 0;
    int rc = PT_OK;
    for (char *one; rc == PT_OK && (one = strsep(&text, "\n")) != NULL; n++) {
        if (n == MAX_WATCHED)
            rc = err_set(err, PT_EUSAGE, "more than %u trees to watch", MAX_WATCHED);
        else
            rc = hub_root(one, &root, err);
        if (rc != PT_OK)
            break;
        ret[n] = arena_strdup(arena, buf_cstr(&root));
        if (ret[n] == NULL)
            rc = err_set(err, PT_ENOMEM, "out of memory");
    }
    buf_release(&root);
    *ret_n = n;
    return rc;
}

static int watched_of(struct call *c, struct answer *a, const char *ret[MAX_WATCHED],
                      unsigned *ret_n, struct err *err)
{
    const char *given = call_arg(c, "watch");
    char *text = given != NULL ? arena_strdup(&a->arena, given) : NULL;
    if (given == NULL)
        return PT_OK;
    return text != NULL ? watched(&a->arena, text, ret, ret_n, err)
                        : err_set(err, PT_ENOMEM, "out of memory");
}

static void heed(struct background *b)
{
    log_set_level(b->config.log_level);
    if (b->log != NULL)
        log_file_set_max(b->log, b->config.log_file_max_bytes);
}

/* A file with a mistake changes nothing. */
static void reload(void *ctx)
{
    struct background *b = ctx;
    struct config fresh;
    struct err err = {0};
    if (config_load(&fresh, &err) != PT_OK) {
        log_error("the configuration stays as it was", log_err(&err));
        return;
    }
    b->config = fresh;
    heed(b);
    log_info("configuration read again");
}

static int open_log(struct background *b, struct err *err)
{
    struct buf path = {0};
    int rc = log_file_path(&path, err);
    if (rc == PT_OK)
        rc = log_file_open(buf_cstr(&path), b->config.log_file_max_bytes, &b->log, err);
    if (rc == PT_OK)
        log_set_sink(log_file_write, b->log);
    buf_release(&path);
    return rc;
}

static int run_configured(struct call *c, struct answer *a, struct background *b, struct err *err)
{
    const char *trees[MAX_WATCHED];
    struct daemon_options o = {.watch = trees,
                               .force = call_flag(c, "force"),
                               .threads = (unsigned)b->config.threads,
                               .durability = b->config.durability,
                               .max_file_bytes = b->config.max_file_bytes,
                               .max_connections = (unsigned)b->config.max_connections,
                               .memory_limit = b->config.memory_limit != CONFIG_AUTO
                                                   ? b->config.memory_limit
                                                   : memory_default_limit(),
                               .idle_exit_ms = b->config.idle_exit_minutes * 60 * 1000,
                               .reload = reload,
                               .ctx = b};
    heed(b);
    int rc = watched_of(c, a, trees, &o.n_watch, err);
    return rc == PT_OK ? daemon_run(&o, err) : rc;
}

static int daemon_foreground(struct call *c, struct answer *a, struct err *err)
{
    struct background b = {.log = NULL};
    struct err why = {0};
    config_default(&b.config);
    int rc = call_flag(c, "log-file") ? open_log(&b, &why) : PT_OK;
    if (rc == PT_OK)
        rc = config_load(&b.config, &why);
    if (rc == PT_OK)
        rc = run_configured(c, a, &b, &why);
    if (rc != PT_OK && b.log != NULL)
        log_error("not running", log_err(&why));
    log_set_sink(NULL, NULL);
    log_file_close(b.log);
    if (rc != PT_OK && err != NULL)
        *err = why;
    return rc;
}

/* ---- start, stop ---- */

/* Relative paths would be others' where the daemon works. */
static int absolute_watches(struct call *c, struct answer *a, const char **ret, struct err *err)
{
    const char *trees[MAX_WATCHED];
    unsigned n = 0;
    struct buf all = {0};
    int rc = watched_of(c, a, trees, &n, err);
    for (unsigned i = 0; rc == PT_OK && i < n; i++)
        buf_printf(&all, "%s%s", i > 0 ? "\n" : "", trees[i]);
    *ret = rc == PT_OK && n > 0 ? arena_strdup(&a->arena, buf_cstr(&all)) : NULL;
    buf_release(&all);
    return rc;
}

static void add_pid(struct answer *a, int32_t pid)
{
    if (pid > 0)
        (void)value_show(answer_uint(a, a->root, "pid", (uint64_t)pid), SHOW_JSON);
}

static int daemon_start(struct call *c, struct answer *a, struct err *err)
{
    const char *watch;
    struct launch launch;
    struct config config;
    int rc = config_load(&config, err);
    if (rc == PT_OK)
        rc = absolute_watches(c, a, &watch, err);
    if (rc == PT_OK)
        rc = launch_start(watch, call_flag(c, "force"), &launch, err);
    if (rc != PT_OK)
        return rc;
    if (launch.replaced != 0)
        answer_warning(a, "process %" PRId32 ", a daemon of another version, was stopped",
                       launch.replaced);
    answer_title(a,
                 launch.started ? "the daemon runs: process %" PRId32
                                : "the daemon runs already: process %" PRId32,
                 launch.pid);
    (void)value_show(answer_bool(a, a->root, "started", launch.started), SHOW_JSON);
    add_pid(a, launch.pid);
    return PT_OK;
}

static int daemon_stop(struct call *c, struct answer *a, struct err *err)
{
    int32_t pid = 0;
    bool ran = false;
    (void)c;
    int rc = launch_stop(&pid, &ran, err);
    if (rc != PT_OK)
        return rc;
    answer_title(a, ran ? "the daemon has stopped" : "no daemon runs");
    (void)value_show(answer_bool(a, a->root, "stopped", ran), SHOW_JSON);
    add_pid(a, pid);
    return PT_OK;
}

/* ---- status ---- */

static void add_json(struct answer *a, struct value *in, const char *key, json_t *v);

static void add_members(struct answer *a, struct value *in, json_t *object)
{
    const char *key;
    json_t *v;
    json_object_foreach(object, key, v)
    {
        const char *kept = arena_strdup(&a->arena, key);
        if (kept == NULL)
            a->failed = true;
        else
            add_json(a, in, kept, v);
    }
}

static bool ends_with(const char *key, const char *end)
{
    return key != NULL && slice_ends(slice_from(key), slice_from(end));
}

static void add_number(struct answer *a, struct value *in, const char *key, json_t *v)
{
    struct value *n = json_is_real(v) ? answer_real(a, in, key, json_real_value(v))
                                      : answer_uint(a, in, key, (uint64_t)json_integer_value(v));
    if (n != NULL && key != NULL && strcmp(key, "pid") == 0)
        n->show = SHOW_JSON; /* the title has it */
    if (n != NULL && ends_with(key, "_bytes"))
        n->role = ROLE_BYTES;
    if (n != NULL && ends_with(key, "_ms") && json_is_real(v))
        n->role = ROLE_MS;
}

/* The daemon's answer as one of ours: as deep as that is, which is three levels. */
static void add_json(struct answer *a, struct value *in, const char *key, json_t *v)
{
    size_t i;
    json_t *one;
    struct value *list;
    switch (json_typeof(v)) {
    case JSON_OBJECT: add_members(a, answer_object(a, in, key), v); break;
    case JSON_ARRAY:
        list = answer_array(a, in, key);
        json_array_foreach(v, i, one) add_json(a, list, NULL, one);
        break;
    case JSON_STRING:
        (void)answer_string(a, in, key, ROLE_PLAIN, json_string_value(v), json_string_length(v));
        break;
    case JSON_INTEGER:
    case JSON_REAL: add_number(a, in, key, v); break;
    case JSON_TRUE: (void)answer_bool(a, in, key, true); break;
    case JSON_FALSE: (void)answer_bool(a, in, key, false); break;
    case JSON_NULL: (void)answer_null(a, in, key); break;
    }
}

/* What is said of a workspace in text: a line for people instead of columns of numbers. */
static void sum_up(struct answer *a, struct value *row)
{
    static const char *const shown[] = {"workspace", "state",    "unread",
                                        "trouble",   "restless", "limit"};
    static const struct {
        const char *key, *what;
    } counts[] = {
        {"generation", "generation"},           {"files", "files"},
        {"folders_watched", "folders watched"}, {"folders_polled", "polled"},
        {"files_too_large", "files too large"}, {"files_unread", "files that cannot be read"},
    };
    struct buf text = {0};
    for (struct value *v = row->items.first; v != NULL; v = v->next) {
        bool keep = false;
        for (unsigned i = 0; i < PT_COUNT(shown); i++)
            keep |= strcmp(v->key, shown[i]) == 0;
        v->show = keep ? SHOW_BOTH : SHOW_JSON;
    }
    for (unsigned i = 0; i < PT_COUNT(counts); i++) {
        const struct value *n = value_get(row, counts[i].key);
        if (n == NULL || n->kind != VALUE_UINT || n->uint == 0)
            continue;
        buf_str(&text, text.n > 0 ? ", " : "");
        if (i == 0)
            buf_printf(&text, "%s %" PRIu64, counts[i].what, n->uint);
        else
            buf_printf(&text, "%" PRIu64 " %s", n->uint, counts[i].what);
    }
    (void)value_show(answer_string(a, row, "sum", ROLE_PLAIN, text.p != NULL ? text.p : "", text.n),
                     SHOW_TEXT);
    buf_release(&text);
}

static void sum_up_workspaces(struct answer *a)
{
    const struct value *list = value_get(a->root, "workspaces");
    struct value *row = list != NULL && list->kind == VALUE_ARRAY ? list->items.first : NULL;
    for (; row != NULL; row = row->next) {
        if (row->kind == VALUE_OBJECT)
            sum_up(a, row);
    }
}

static int ask_status(struct answer *a, struct err *err)
{
    struct wire w;
    struct slice status;
    int rc = wire_open(&w, err);
    if (rc == PT_OK)
        rc = wire_ask(&w, "daemon.status", NULL, STATUS_LIMIT_MS, &status, err);
    json_t *doc = rc == PT_OK ? json_loadb(status.p, status.n, 0, NULL) : NULL;
    if (rc == PT_OK && doc == NULL)
        rc = err_set(err, PT_EIO, "the daemon's answer makes no sense");
    if (rc == PT_OK)
        add_members(a, a->root, doc);
    sum_up_workspaces(a);
    json_decref(doc);
    wire_close(&w);
    return rc;
}

static int running_status(struct answer *a, const struct running *who, struct err *err)
{
    answer_title(a, "the daemon runs: process %" PRId32, who->pid);
    (void)value_show(answer_bool(a, a->root, "running", true), SHOW_JSON);
    int rc = ask_status(a, err);
    return rc == PT_OK ? rc : err_prefix(err, "process %" PRId32 " is the daemon, but", who->pid);
}

static void not_running_status(struct call *c, struct answer *a)
{
    answer_title(a, "no daemon runs");
    (void)value_show(answer_bool(a, a->root, "running", false), SHOW_JSON);
    c->status = STATUS_NOT_RUNNING;
}

static int daemon_status_of(struct call *c, struct answer *a, struct err *err)
{
    struct running who;
    struct buf log = {0};
    int rc = running_find(&who, err);
    if (rc == PT_OK && who.yes)
        rc = running_status(a, &who, err);
    else if (rc == PT_OK)
        not_running_status(c, a);
    /* It may have ended between the two looks. */
    if (rc != PT_OK && running_find(&who, NULL) == PT_OK && !who.yes) {
        a->root = answer_loose(a);
        not_running_status(c, a);
        rc = PT_OK;
    }
    if (rc == PT_OK && log_file_path(&log, NULL) == PT_OK)
        (void)answer_string(a, a->root, "log", ROLE_PLACE, log.p, log.n);
    buf_release(&log);
    return rc;
}

/* ---- logs ---- */

#define CHUNK_BYTES (64u << 10)
#define FOLLOW_PAUSE_NS (100 * (long)CLOCK_NS_PER_MS)
#define DEFAULT_LINES 50u

struct log_reader {
    struct call *call;
    const char *path;
    int fd;
    uint64_t at;
};

/* Where the last n lines begin. */
static uint64_t tail_of(int fd, uint64_t size, uint32_t lines, char *chunk)
{
    uint64_t at = size;
    while (at > 0) {
        size_t want = at < CHUNK_BYTES ? (size_t)at : CHUNK_BYTES, n = 0;
        if (io_pread(fd, chunk, want, at - want, &n, NULL) != PT_OK || n != want)
            return at;
        for (size_t i = n; i > 0; i--) {
            bool is_end = at - want + i == size; /* that of the last line */
            if (chunk[i - 1] == '\n' && !is_end && lines-- == 1)
                return at - want + i;
        }
        at -= want;
    }
    return 0;
}

/* What has been written since. */
static int copy_new(struct log_reader *r, char *chunk, struct err *err)
{
    for (;;) {
        size_t n = 0;
        int rc = io_pread(r->fd, chunk, CHUNK_BYTES, r->at, &n, err);
        if (rc != PT_OK || n == 0)
            return rc;
        if (!r->call->sink(r->call->sink_ctx, chunk, n))
            return err_set(err, PT_EIO, "the output was not taken whole");
        r->at += n;
    }
}

/* The log has been turned over: goes on with the new one. */
static void follow_over(struct log_reader *r, char *chunk)
{
    struct io_stat ours, there;
    int fd = -1;
    if (io_stat_fd(r->fd, &ours, NULL) != PT_OK ||
        io_stat(IO_CWD, r->path, &there, NULL) != PT_OK ||
        (ours.ino == there.ino && ours.dev == there.dev && ours.size >= r->at))
        return;
    (void)copy_new(r, chunk, NULL);
    if (io_open(IO_CWD, r->path, O_RDONLY, 0, &fd, NULL) != PT_OK)
        return;
    io_close(r->fd);
    r->fd = fd;
    r->at = 0;
}

static int copy_log(struct log_reader *r, uint32_t lines, bool follow, char *chunk, struct err *err)
{
    struct io_stat st;
    struct timespec pause = {.tv_nsec = FOLLOW_PAUSE_NS};
    int rc = io_stat_fd(r->fd, &st, err);
    if (rc == PT_OK && lines > 0)
        r->at = tail_of(r->fd, st.size, lines, chunk);
    if (rc == PT_OK)
        rc = copy_new(r, chunk, err);
    while (rc == PT_OK && follow) {
        (void)nanosleep(&pause, NULL);
        if (progress_interrupted())
            return err_set(err, PT_ECANCELED, "interrupted");
        follow_over(r, chunk);
        rc = copy_new(r, chunk, err);
    }
    return rc;
}

static bool collect(void *ctx, const char *p, size_t n)
{
    struct buf *b = ctx;
    buf_add(b, p, n);
    return !b->failed;
}

static int daemon_logs(struct call *c, struct answer *a, struct err *err)
{
    struct buf path = {0}, text = {0};
    struct log_reader r = {.call = c, .fd = -1};
    char *chunk = arena_alloc(&a->arena, CHUNK_BYTES);
    bool follow = call_flag(c, "follow");
    uint32_t lines;
    int rc = call_uint(c, "lines", DEFAULT_LINES, &lines, err);
    if (rc == PT_OK && chunk == NULL)
        rc = err_set(err, PT_ENOMEM, "out of memory");
    if (rc == PT_OK && follow && !c->text)
        rc = err_set(err, PT_EUSAGE, "--follow never ends, so it gives no JSON document");
    if (rc == PT_OK)
        rc = log_file_path(&path, err);
    if (rc == PT_OK) {
        r.path = buf_cstr(&path);
        rc = io_open(IO_CWD, r.path, O_RDONLY, 0, &r.fd, err);
        if (rc == PT_ENOENT)
            rc = err_set(err, rc, "there is no log yet: %s", r.path);
    }
    if (!c->text) {
        c->sink = collect;
        c->sink_ctx = &text;
    }
    if (rc == PT_OK)
        rc = copy_log(&r, lines, follow, chunk, err);
    if (rc == PT_OK && !c->text)
        (void)answer_string(a, a->root, "text", ROLE_PLAIN, text.p != NULL ? text.p : "", text.n);
    io_close(r.fd);
    buf_release(&text);
    buf_release(&path);
    return rc;
}

/* ---- the verb ---- */

/* Options that another action has. */
static int check_options(const struct call *c, const char *action, struct err *err)
{
    static const struct {
        const char *option, *actions;
    } rules[] = {
        {"watch", "run start"}, {"force", "run start"}, {"log-file", "run"},
        {"follow", "logs"},     {"lines", "logs"},
    };
    for (unsigned i = 0; i < PT_COUNT(rules); i++) {
        if (call_arg(c, rules[i].option) != NULL && strstr(rules[i].actions, action) == NULL)
            return err_set(err, PT_EUSAGE, "daemon %s takes no --%s", action, rules[i].option);
    }
    return PT_OK;
}

int run_daemon(struct call *c, struct answer *a, struct err *err)
{
    static const struct {
        const char *name;
        int (*run)(struct call *c, struct answer *a, struct err *err);
    } actions[] = {
        {"run", daemon_foreground},   {"start", daemon_start}, {"stop", daemon_stop},
        {"status", daemon_status_of}, {"logs", daemon_logs},
    };
    const char *action = call_arg(c, "action");
    action = action != NULL ? action : "run";
    int rc = check_options(c, action, err);
    for (unsigned i = 0; rc == PT_OK && i < PT_COUNT(actions); i++) {
        if (strcmp(actions[i].name, action) == 0)
            return actions[i].run(c, a, err);
    }
    return rc;
}
