/* The command line: any verb of the tables, its arguments, and the options that all verbs share.
 *
 * Options stand before or after the verb, as --name=value or --name value; behind -- there are
 * none. Everything wrong is PT_EUSAGE with a message that says what would be right.
 *
 * One thread. Strings belong to the struct, or are those of argv.
 */
#ifndef PT_CLI_ARGS_H
#define PT_CLI_ARGS_H

#include "base/arena.h"
#include "base/err.h"
#include "server/methods.h"

enum colour { COLOUR_AUTO, COLOUR_ALWAYS, COLOUR_NEVER };

struct args {
    struct arena arena;
    const struct method *method;    /* NULL if no verb was given, or none that we know */
    const char *values[MAX_PARAMS]; /* of its parameters */
    const char *workspace;          /* NULL: by default */
    const char *cursor;
    uint32_t limit, max_tokens; /* as in struct call */
    uint32_t threads;
    enum colour colour;
    bool json; /* right even if parsing failed elsewhere */
    bool no_ignore, no_refresh, no_daemon, force, help, version;
    bool query; /* the first word is that */
};

int args_parse(int argc, const char *const *argv, struct args *ret, struct err *err);
void args_release(struct args *a);

/* The options that verbs share, for help and completion; ends with a NULL name. */
extern const struct param shared_options[];
bool shared_option_applies(const struct method *m, const struct param *option);

#endif
