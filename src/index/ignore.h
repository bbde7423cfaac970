/*
 * Which paths the ignore files of a tree leave out: gitignore(5), as git 2.39
 * does it, quirks included, byte by byte.
 *
 * Rules come in sets, one for each ignore file, pushed as a stack while a walk
 * goes down: those of the outer folder first, within one folder in the order
 * of enum ignore_source. The last line that matches decides; a later set wins
 * over an earlier one. Nothing below an ignored folder can be taken back.
 *
 * Some names are left out without any rule: .git, .hg, .svn, node_modules. Only
 * a negated rule of a .parseltongueignore that names one of them, without
 * wildcards, takes it back: neither the `!.git*` of a .gitignore nor a `!*` is
 * meant to have the innards of git indexed.
 *
 * Cost: literal names, paths and suffixes are looked up by hash. A pattern
 * with wildcards is run as a set of positions, one pass over the path and no
 * backtracking (Thompson, "Regular expression search algorithm", 1968): at
 * most length of pattern * length of path steps. One match spends
 * IGNORE_MAX_STEPS such steps at most; patterns beyond that count as not
 * matching, and ignore_n_cut tells how often it came to that. Patterns that
 * can match nothing (an unclosed '[') and repeated lines are dropped at once.
 *
 * Threads: one writer alone, or any number of readers (ignore_match,
 * ignore_match_entry, ignore_n_cut). Ownership: a set owns copies of what it
 * was pushed with; rules are valid until their set leaves the stack.
 * Errors: PT_ENOMEM, PT_ELIMIT; the stack is then as it was.
 */
#ifndef PT_INDEX_IGNORE_H
#define PT_INDEX_IGNORE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define IGNORE_MAX_FILE ((size_t)1 << 20)  /* bytes of one ignore file */
#define IGNORE_MAX_BYTES ((size_t)4 << 20) /* bytes of all sets on the stack */
#define IGNORE_MAX_PATH 4095               /* bytes; patterns that need more never match */
#define IGNORE_MAX_STEPS (UINT64_C(1) << 20)

/* X(name, file): the ignore files of a folder, in rising precedence. */
#define IGNORE_SOURCE_MAP(X)                                                                       \
    X(EXCLUDE, ".git/info/exclude") /* of the root alone */                                        \
    X(GITIGNORE, ".gitignore")                                                                     \
    X(IGNORE, ".ignore")                                                                           \
    X(PARSELTONGUE, ".parseltongueignore")

enum ignore_source {
#define IGNORE_SOURCE_ENUM_(name, file) IGNORE_##name,
    IGNORE_SOURCE_MAP(IGNORE_SOURCE_ENUM_)
#undef IGNORE_SOURCE_ENUM_
        IGNORE_N_SOURCES,
};

/* For messages. The strings are repository text: sanitise them for a terminal. */
struct ignore_rule {
    const char *file; /* its path relative to the root; "(built-in)" */
    const char *text; /* the line, without its end; cut at 200 bytes */
    uint32_t line;    /* from 1; 0 for a built-in */
    bool is_negated;  /* takes back: starts with '!' */
    bool is_literal;  /* has no wildcards */
    enum ignore_source source;
};

struct ignore_set;

/* All zero is an empty one; the fields are private. */
struct ignore {
    struct ignore_set *top; /* owned; the innermost one, which leads outwards */
    uint32_t n_sets;
    size_t bytes;             /* of their texts */
    _Atomic(uint64_t) *n_cut; /* owned; NULL before the first push */
};

void ignore_init(struct ignore *ig);
void ignore_release(struct ignore *ig); /* leaves an empty, usable one */

/* The name of the file, relative to the folder that it rules. */
const char *ignore_file_name(enum ignore_source source);

/*
 * The rules in the n bytes at `text`, which came from the ignore file of `dir`
 * ("" for the root, else "a/b"). See above for the order of pushes.
 * PT_ELIMIT above IGNORE_MAX_FILE and IGNORE_MAX_BYTES.
 */
int ignore_push(struct ignore *ig, const char *dir, enum ignore_source source, const char *text,
                size_t n, struct err *err);

/*
 * Reads and pushes those ignore files of the folder `dir`, open as `dirfd`,
 * that are in the set `sources` (bits 1 << enum ignore_source). What is absent
 * or no regular file counts as empty. The first other failure is returned
 * when all the rest is pushed; `ret_failed` (may be NULL) says whose it was.
 */
int ignore_load(struct ignore *ig, int dirfd, const char *dir, unsigned sources,
                enum ignore_source *ret_failed, struct err *err);

/* Takes all sets off that do not bear on what lies in the folder `dir`. */
void ignore_leave(struct ignore *ig, const char *dir);

/*
 * Is the path (relative to the root, no "./", no '/' at the end, at most IGNORE_MAX_PATH bytes)
 * left out, by itself or with a folder above it? `ret_rule` may be NULL; it is set to the rule that
 * decided, be it a negated one, or to NULL if no rule matches. Sets of folders that do not hold the
 * path have no say: any path may be asked for.
 */
bool ignore_match(const struct ignore *ig, const char *path, bool is_dir,
                  const struct ignore_rule **ret_rule);

/* The same for a walk, which knows that no folder above is left out. */
bool ignore_match_entry(const struct ignore *ig, const char *path, bool is_dir,
                        const struct ignore_rule **ret_rule);

/* How many matches ran out of steps since ignore_init. */
uint64_t ignore_n_cut(const struct ignore *ig);

#endif
