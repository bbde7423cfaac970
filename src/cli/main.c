/* parseltongue: the command line. Thin: it finds the verb and has the daemon answer, or opens the
 * workspace, runs the method and shows the answer by itself. */
#include "base/io.h"
#include "cli/args.h"
#include "cli/client.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/verbs.h"
#include "engine/root.h"
#include "server/config.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

enum status {
    STATUS_OK = 0,
    STATUS_FAILED = 1,
    STATUS_USAGE = 2,
    STATUS_NAME = 3,
    STATUS_INTERRUPTED = 128 + SIGINT,
};

struct run {
    const struct args *args;
    struct output out;
    struct progress progress;
    struct buf root;
    struct buf program;   /* how candidates say what to run */
    struct config config; /* once it is loaded */
    bool has_config;
    struct wire released; /* while it is open, the daemon keeps off the graph */
};

/* A name that nothing bears, or several do, comes with candidates, be they none. */
static enum status status_of(int code, bool has_candidates)
{
    switch (code) {
    case PT_OK: return STATUS_OK;
    case PT_EUSAGE: return STATUS_USAGE;
    case PT_ECANCELED: return STATUS_INTERRUPTED;
    case PT_ENOENT:
    case PT_EAMBIGUOUS: return has_candidates ? STATUS_NAME : STATUS_FAILED;
    default: return STATUS_FAILED;
    }
}

static bool has_candidates(const struct answer *a)
{
    return value_get(value_get(a->root, "error"), "candidates") != NULL;
}

static void notice(void *ctx, const char *text)
{
    struct run *r = ctx;
    if (r->out.terminal_err)
        output_message(&r->out, text);
}

/* ---- the workspace ---- */

static int find_root(struct run *r, struct err *err)
{
    const struct method *m = r->args->method;
    const char *dir = r->args->workspace;
    struct io_stat st;
    if (strcmp(m->name, "index") == 0 && r->args->values[0] != NULL) {
        if (dir != NULL)
            return err_set(err, PT_EUSAGE, "index takes DIR or --workspace, not both");
        dir = r->args->values[0];
    }
    if (dir == NULL)
        return workspace_root_of(".", &r->root, err);
    int rc = io_realpath(dir, &r->root, err);
    if (rc == PT_ENOENT)
        return err_set(err, PT_ENOENT, "there is no folder %s", dir);
    if (rc == PT_OK)
        rc = io_stat(IO_CWD, buf_cstr(&r->root), &st, err);
    if (rc == PT_OK && st.kind != IO_DIR)
        rc = err_set(err, PT_EINVAL, "%s is no folder", dir);
    return rc;
}

/* What commands in answers begin with: so that they ask about the same tree. */
static void name_program(struct run *r, struct call *c)
{
    const char *dir = r->args->workspace;
    struct buf here = {0};
    if (dir == NULL && workspace_root_of(".", &here, NULL) == PT_OK &&
        strcmp(buf_cstr(&here), buf_cstr(&r->root)) != 0)
        dir = r->args->values[0]; /* index DIR */
    buf_release(&here);
    if (dir != NULL) {
        buf_str(&r->program, " --workspace ");
        shell_quote(&r->program, dir);
    }
    buf_str(&r->program, r->args->force ? " --force" : "");
    c->program = buf_cstr(&r->program);
}

/* A dump is no tree, wherever it is kept; and `verify` reads none. */
static int check_root(struct run *r, struct err *err)
{
    const struct method *m = r->args->method;
    if (r->args->force || m->flags & METHOD_CLOSED || strcmp(m->name, "ingest") == 0)
        return PT_OK;
    return strcmp(m->name, "index") == 0 ? root_check(buf_cstr(&r->root), err)
                                         : root_check_graph(buf_cstr(&r->root), err);
}

static int open_workspace(struct run *r, struct call *c, struct err *err)
{
    const char *told = NULL;
    int rc = c->method->flags & METHOD_CLOSED
                 ? workspace_open_closed(buf_cstr(&r->root), &c->workspace, err)
                 : workspace_open(buf_cstr(&r->root), &c->workspace, &told, err);
    if (rc == PT_OK && told != NULL)
        output_message(&r->out, told);
    return rc;
}

/* ---- a verb ---- */

static void set_up(struct run *r, struct call *c)
{
    const struct args *args = r->args;
    buf_str(&r->program, "parseltongue");
    *c = (struct call){.method = args->method,
                       .limit = args->limit,
                       .max_tokens = args->max_tokens,
                       .cursor = args->cursor,
                       .no_refresh = args->no_refresh,
                       .text = !args->json,
                       .program = buf_cstr(&r->program),
                       .notice = notice,
                       .notice_ctx = r,
                       .sink = output_sink,
                       .sink_ctx = &r->out};
    memcpy(c->args, args->values, sizeof(c->args));
    c->pipeline.threads = args->threads;
    c->pipeline.scan.no_ignore = args->no_ignore;
    c->pipeline.progress = progress_step;
    c->pipeline.ctx = &r->progress;
}

static bool collect(void *ctx, const char *p, size_t n)
{
    struct buf *b = ctx;
    buf_add(b, p, n);
    return !b->failed;
}

static int run_method(struct run *r, struct call *c, struct answer *a, struct err *err)
{
    struct buf text = {0};
    bool is_text = c->method->flags & METHOD_TEXT, is_raw = c->method->flags & METHOD_RAW;
    if (is_text && r->out.json) {
        c->sink = collect;
        c->sink_ctx = &text;
    }
    progress_begin(&r->progress, r->out.terminal_err, r->out.colour_err);
    int rc = method_run(c, a, err);
    progress_end(&r->progress);
    if (rc == PT_OK && is_text && r->out.json && a->root->items.count == 0)
        (void)answer_string(a, a->root, "text", ROLE_PLAIN, text.p != NULL ? text.p : "", text.n);
    if (rc == PT_OK && !is_raw && !(is_text && !r->out.json))
        output_answer(&r->out, a);
    buf_release(&text);
    return rc;
}

/* Behind the report of wrong usage: where the right one is told. */
static void advise(struct run *r)
{
    struct buf help = {0};
    if (r->out.json)
        return;
    buf_str(&help, "parseltongue help");
    if (r->args->method != NULL && strcmp(r->args->method->name, "help") != 0)
        buf_printf(&help, " %s", r->args->method->verb);
    else if (r->args->query)
        buf_str(&help, " query");
    output_advice(&r->out, buf_cstr(&help));
    buf_release(&help);
}

/* ---- with the daemon ---- */

enum part {
    PART_NONE,
    PART_ASK,     /* it answers */
    PART_SYNC,    /* it brings the graph up to date, which is then read here */
    PART_RELEASE, /* it lets go of the graph, which is then written here */
};

static enum part part_of_daemon(struct run *r, const struct call *c)
{
    uint32_t flags = c->method->flags;
    const char *no = getenv("PARSELTONGUE_NO_DAEMON");
    if (r->args->no_daemon || (no != NULL && *no != '\0' && strcmp(no, "0") != 0) ||
        flags & (METHOD_NO_WORKSPACE | METHOD_CLOSED) || !client_can_ask(c, buf_cstr(&r->root)))
        return PART_NONE;
    /* How the daemon indexes is its own affair. */
    if (flags & METHOD_WRITES || r->args->no_ignore)
        return PART_RELEASE;
    if (r->args->no_refresh) /* from disk, or as it has it; it is not started for that */
        return flags & METHOD_RAW ? PART_NONE : PART_ASK;
    return flags & METHOD_RAW ? PART_SYNC : PART_ASK;
}

/* With a mistake in it, all is as if there were none, but no daemon could start. */
static const struct config *config_of(struct run *r)
{
    struct err err = {0};
    if (!r->has_config && config_load(&r->config, &err) != PT_OK) {
        notice(r, err.msg);
        config_default(&r->config);
        r->config.start_automatically = false;
    }
    r->has_config = true;
    return &r->config;
}

static int show_answer(struct run *r, struct client_answer *a)
{
    if (a->code == PT_OK || r->out.json)
        output_bytes(&r->out, a->body.p, a->body.n);
    else
        output_report(buf_cstr(&a->body));
    if (r->out.err.code == PT_OK && a->code == PT_EUSAGE)
        advise(r);
    return (int)status_of(a->code, a->has_candidates);
}

static int report_end(struct run *r, int code, const char *message)
{
    struct answer a;
    answer_init(&a);
    answer_fail(&a, code, message);
    output_failure(&r->out, &a);
    answer_release(&a);
    return (int)status_of(code, false);
}

/* The daemon's part. PT_OK with *ret_status: it has answered; with -1: the rest is done here. */
static int take_part(struct run *r, struct client *client, struct call *c, enum part part,
                     int *ret_status, struct err *err)
{
    struct client_answer a;
    int rc = part == PART_RELEASE ? wire_open(&client->wire, err) : client_open(client, false, err);
    if (rc == PT_ENOENT && part != PART_RELEASE && !c->no_refresh &&
        config_of(r)->start_automatically)
        rc = client_open(client, true, err);
    *ret_status = -1;
    if (rc != PT_OK)
        return rc;
    switch (part) {
    case PART_NONE: break;
    case PART_RELEASE: rc = client_release(client, err); break;
    case PART_SYNC:
        rc = client_sync(client, err);
        c->no_refresh = rc == PT_OK;
        break;
    case PART_ASK:
        rc = client_ask(client, &a, err);
        progress_end(&r->progress); /* wipes the bar */
        if (rc == PT_OK)
            *ret_status = show_answer(r, &a);
        client_answer_release(&a);
        break;
    }
    return rc;
}

/* The status that the program ends with, or -1: what was asked for is to be done here. */
static int with_daemon(struct run *r, struct call *c)
{
    struct client client = {.wire = {.fd = -1},
                            .root = buf_cstr(&r->root),
                            .call = c,
                            .out = &r->out,
                            .force = r->args->force,
                            .progress = &r->progress};
    struct err err = {0};
    struct buf text = {0};
    int status = -1;
    enum part part = part_of_daemon(r, c);
    if (part == PART_NONE)
        return status;
    progress_begin(&r->progress, r->out.terminal_err, r->out.colour_err);
    int rc = take_part(r, &client, c, part, &status, &err);
    progress_end(&r->progress);
    if (rc == PT_OK && part == PART_RELEASE)
        r->released = client.wire; /* it lets go for as long as we are connected */
    else
        client_close(&client);
    if (rc == PT_ECANCELED)
        return report_end(r, rc, "interrupted");
    if (rc == PT_EREFUSED)
        return report_end(r, rc, err.msg);
    if (rc != PT_OK && rc != PT_ENOENT && !c->no_refresh) {
        buf_printf(&text, "%s; answering without the daemon", err.msg);
        notice(r, buf_cstr(&text));
    }
    buf_release(&text);
    return status;
}

/* ---- without it ---- */

static int run_here(struct run *r, struct call *c, struct answer *a, struct err *err)
{
    bool reads = !(c->method->flags & METHOD_NO_WORKSPACE);
    if (reads || strcmp(c->method->name, "facts") == 0)
        c->pipeline.scan.max_file_bytes = config_of(r)->max_file_bytes;
    if (reads) {
        int rc = open_workspace(r, c, err);
        if (rc != PT_OK) {
            answer_fail(a, rc, err->msg);
            return rc;
        }
    }
    return run_method(r, c, a, err);
}

static int report(struct run *r, const struct call *c, const struct answer *a, int rc)
{
    int status = rc == PT_OK ? c->status : (int)status_of(rc, has_candidates(a));
    if (r->out.err.code != PT_OK) { /* the output was not taken: that is the cause of the rest */
        output_message(&r->out, r->out.err.msg);
        return STATUS_FAILED;
    }
    if (rc != PT_OK) {
        output_failure(&r->out, a);
        if (rc == PT_EUSAGE)
            advise(r);
    }
    return status;
}

static int run_verb(struct run *r)
{
    struct call c;
    struct answer a;
    struct err err = {0};
    int rc = PT_OK, status = -1;
    answer_init(&a);
    set_up(r, &c);
    if (!(c.method->flags & METHOD_NO_WORKSPACE))
        rc = find_root(r, &err);
    if (rc == PT_OK && !(c.method->flags & METHOD_NO_WORKSPACE))
        rc = check_root(r, &err);
    if (rc == PT_OK && !(c.method->flags & METHOD_NO_WORKSPACE)) {
        name_program(r, &c);
        status = with_daemon(r, &c);
    }
    if (rc != PT_OK)
        answer_fail(&a, rc, err.msg);
    else if (status < 0)
        rc = run_here(r, &c, &a, &err);
    if (status < 0 || r->out.err.code != PT_OK)
        status = report(r, &c, &a, rc);
    workspace_close(c.workspace);
    wire_close(&r->released);
    answer_release(&a);
    return status;
}

/* ---- without a verb ---- */

static enum status usage_error(struct run *r, const struct err *err)
{
    struct answer a;
    answer_init(&a);
    answer_fail(&a, err->code, err->msg);
    output_failure(&r->out, &a);
    answer_release(&a);
    if (err->code == PT_EUSAGE)
        advise(r);
    return err->code == PT_EUSAGE ? STATUS_USAGE : STATUS_FAILED;
}

/* --help and --version are the verbs of that name. */
static void rewrite(struct args *args, char words[2][32])
{
    static const char *const version[] = {"version"}, *const help[] = {"help"};
    unsigned taken;
    const struct method *of = args->method;
    if (!args->help && !args->version)
        return;
    args->method = verb_find(args->help ? help : version, 1, &taken);
    memset(args->values, 0, sizeof(args->values));
    if (args->help && of != NULL) {
        size_t n = strcspn(of->verb, " ");
        (void)memcpy(words[0], of->verb, n);
        args->values[0] = words[0];
        if (of->verb[n] == ' ') {
            (void)strncpy(words[1], of->verb + n + 1, 31);
            args->values[1] = words[1];
        }
    }
}

/* A file that is opened must not become standard output or error by accident: the state of a
 * workspace would then have answers written into it. */
static void plug_standard_files(void)
{
    for (int fd = 0; fd <= 2; fd++) {
        int opened = -1;
        if (fcntl(fd, F_GETFD) == -1)
            (void)io_open(IO_CWD, "/dev/null", O_RDONLY, 0, &opened, NULL);
    }
}

int main(int argc, char **argv)
{
    struct args args;
    struct run r = {.args = &args, .released = {.fd = -1}};
    struct err err = {0};
    char words[2][32] = {0};

    plug_standard_files();
    (void)signal(SIGPIPE, SIG_DFL); /* who stops reading has read enough */
    int rc = args_parse(argc, (const char *const *)argv, &args, &err);
    output_init(&r.out, &args);
    if (rc == PT_OK)
        rewrite(&args, words);
    if (rc == PT_OK && args.method == NULL)
        rc = err_set(&err, PT_EUSAGE, "what is to be done? A verb is missing");
    int status = rc == PT_OK ? run_verb(&r) : (int)usage_error(&r, &err);
    buf_release(&r.root);
    buf_release(&r.program);
    args_release(&args);
    return status;
}
