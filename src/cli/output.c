#include "cli/output.h"

#include "base/io.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static bool wants_colour(enum colour choice, bool terminal)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    if (choice != COLOUR_AUTO)
        return choice == COLOUR_ALWAYS;
    return terminal && (no == NULL || *no == '\0') && term != NULL && strcmp(term, "dumb") != 0;
}

void output_init(struct output *o, const struct args *args)
{
    struct winsize size;
    memset(o, 0, sizeof(*o));
    o->terminal_out = isatty(STDOUT_FILENO) == 1;
    o->terminal_err = isatty(STDERR_FILENO) == 1;
    o->json = args->json;
    o->text.compact = args->max_tokens != 0;
    o->text.colour = wants_colour(args->colour, o->terminal_out);
    o->colour_err = wants_colour(args->colour, o->terminal_err);
    if (o->terminal_out && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
        o->text.width = size.ws_col;
    if (o->terminal_err && ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0)
        o->width_err = size.ws_col;
}

static bool put(struct output *o, int fd, const char *p, size_t n)
{
    struct io_part part = {p, n};
    struct err err = {0};
    if (o->err.code != PT_OK)
        return false;
    if (n == 0 || io_write(fd, &part, 1, &err) == PT_OK)
        return true;
    (void)err_prefix(&err, "standard output");
    o->err = err;
    return false;
}

bool output_sink(void *ctx, const char *p, size_t n)
{
    struct output *o = ctx;
    struct buf safe = {0};
    if (!o->terminal_out)
        return put(o, STDOUT_FILENO, p, n);
    str_sanitize_text(&safe, p, n);
    bool ok = !safe.failed && put(o, STDOUT_FILENO, safe.p, safe.n);
    buf_release(&safe);
    return ok;
}

void output_answer(struct output *o, const struct answer *a)
{
    struct buf out = {0};
    if (o->json)
        render_json(a, &out);
    else
        render_text(a, &o->text, &out);
    if (out.failed)
        (void)err_set(&o->err, PT_ENOMEM, "out of memory for the output");
    else
        (void)put(o, STDOUT_FILENO, out.p, out.n);
    buf_release(&out);
}

void output_bytes(struct output *o, const char *p, size_t n)
{
    (void)put(o, STDOUT_FILENO, p, n);
}

void output_report(const char *text)
{
    (void)fputs(text, stderr);
}

void output_message(struct output *o, const char *text)
{
    struct buf out = {0};
    render_message(text, o->colour_err, &out);
    (void)fputs(buf_cstr(&out), stderr);
    buf_release(&out);
}

void output_advice(struct output *o, const char *command)
{
    (void)fprintf(stderr, o->colour_err ? "\033[2mtry: %s\033[0m\n" : "try: %s\n", command);
}

void output_failure(struct output *o, const struct answer *a)
{
    struct render_options text = {.colour = o->colour_err, .width = o->width_err};
    struct buf out = {0};
    if (o->json) {
        output_answer(o, a);
        return;
    }
    render_failure(a, &text, &out);
    (void)fputs(buf_cstr(&out), stderr);
    buf_release(&out);
}
