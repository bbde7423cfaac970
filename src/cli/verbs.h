/* All verbs: the methods, and what only a command line has (help, version, completion). */
#ifndef PT_CLI_VERBS_H
#define PT_CLI_VERBS_H

#include "server/methods.h"

extern const struct method cli_methods[];
extern const unsigned cli_method_count;

unsigned verb_count(void);
const struct method *verb_at(unsigned i);

/* As method_of_verb, over all verbs. */
const struct method *verb_find(const char *const *words, unsigned n_words, unsigned *ret_words);

/* The verb most like what the words say, or NULL. */
const struct method *verb_like(const char *const *words, unsigned n_words);

int run_help(struct call *c, struct answer *a, struct err *err);
int run_version(struct call *c, struct answer *a, struct err *err);
int run_completion(struct call *c, struct answer *a, struct err *err);
int run_daemon(struct call *c, struct answer *a, struct err *err);

/* The help of one verb, or with NULL the overview. */
void help_of(const struct method *m, struct buf *out);

#endif
