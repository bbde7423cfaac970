/* The configuration of the daemon: one INI file, $XDG_CONFIG_HOME/parseltongue/config.ini (else
 * below ~/.config), which need not exist. docs/configuration.md lists what may stand in it.
 *
 * One table (config.c) says of each key what it means, what it may be and what it is by default;
 * the parser, the help and the documentation read that.
 *
 * A file is taken whole or not at all: a section or key that is not known, one that is given twice,
 * and a value that is none all are PT_EINVAL, with "FILE:LINE: what is wrong, and what would be
 * right". Any thread; nothing is shared.
 */
#ifndef PT_SERVER_CONFIG_H
#define PT_SERVER_CONFIG_H

#include "base/err.h"
#include "base/log.h"
#include "base/str.h"
#include "store/wal.h"

struct config {
    /* [daemon] */
    enum log_level log_level;
    uint64_t log_file_max_bytes;
    uint64_t max_connections;
    uint64_t idle_exit_minutes; /* 0: never */
    bool start_automatically;
    uint64_t memory_limit; /* bytes; 0: none; CONFIG_AUTO */
    /* [index] */
    uint64_t threads; /* 0: one for each processor */
    uint64_t max_file_bytes;
    /* [store] */
    enum wal_durability durability;
};

/* As the program finds best. */
#define CONFIG_AUTO UINT64_MAX

/* Longer files are refused. */
#define CONFIG_MAX_BYTES (64u << 10)

void config_default(struct config *ret);

/* PT_ENOENT: neither XDG_CONFIG_HOME nor HOME is an absolute path. Replaces what `ret` holds. */
int config_path(struct buf *ret, struct err *err);

/* The text of a file; `name` is for messages. Keys that it does not give have their defaults. */
int config_parse(const char *name, struct slice text, struct config *ret, struct err *err);

/* The file at its place; without one, the defaults. */
int config_load(struct config *ret, struct err *err);

/* A file that gives all keys their defaults, with comments. */
void config_document(struct buf *out);

/* What config_document is made of, key by key, for other ways to show it. */
struct config_key {
    const char *section, *name, *fallback, *help;
    const char *choices; /* "yes|no"; NULL: a number */
};
/* The key of that number; false if there are not so many. */
bool config_key(unsigned i, struct config_key *ret);

#endif
