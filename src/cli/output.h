/* Where answers and messages go: standard output and standard error, terminals or not.
 *
 * One thread. A write that fails is remembered, and reported once by output_end; a reader that has
 * gone away ends the program silently (SIGPIPE).
 */
#ifndef PT_CLI_OUTPUT_H
#define PT_CLI_OUTPUT_H

#include "base/err.h"
#include "cli/args.h"
#include "server/render.h"

struct output {
    struct render_options text; /* of answers on standard output */
    bool colour_err;
    unsigned width_err; /* columns of the terminal that is standard error; 0: none */
    bool terminal_out, terminal_err;
    bool json;
    struct err err; /* the first write that failed */
};

void output_init(struct output *o, const struct args *args);

/* Takes a struct output; for struct call. What goes to a terminal is made harmless. */
bool output_sink(void *ctx, const char *p, size_t n);

/* A finished answer, as the user wants it. */
void output_answer(struct output *o, const struct answer *a);

/* An answer, or the report of a failure, that is rendered already: to standard output, and to
 * standard error. */
void output_bytes(struct output *o, const char *p, size_t n);
void output_report(const char *text);

/* "parseltongue: TEXT" on standard error, made harmless. */
void output_message(struct output *o, const char *text);

/* What to type next, on a line of its own on standard error. */
void output_advice(struct output *o, const char *command);

/* The report of a failure (answer_fail): JSON on standard output, or for people on standard
 * error. */
void output_failure(struct output *o, const struct answer *a);

#endif
