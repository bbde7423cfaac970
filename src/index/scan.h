/*
 * The source files of a tree, in the order of their paths.
 *
 * What counts: regular files that a language takes, by name, or for names
 * without a suffix by their #! line; that no ignore file leaves out (see
 * index/ignore.h; a folder with a CACHEDIR.TAG is left out too); and whose
 * size is within the limit. Contents are not read here: scan_is_binary is for
 * whoever reads them.
 *
 * Symbolic links are never followed, neither to files nor to folders, and
 * nothing outside of the root is ever opened. What was passed over and might
 * be missed is listed in `skips`; the rest is counted. The same tree gives the
 * same result, whatever the order of its folders on disk.
 *
 * The walk has three descriptors open at most, and no folder on the C stack. A
 * tree that changes during it may show as before or as after.
 *
 * Threads: any, on a struct of their own. Ownership: all strings belong to the
 * scan's arena. Errors: of the root, of memory and of open files fail the scan;
 * trouble within the tree becomes a skip.
 */
#ifndef PT_INDEX_SCAN_H
#define PT_INDEX_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/vec.h"
#include "index/ignore.h"

#define SCAN_MAX_FILE_BYTES (UINT64_C(8) << 20)
#define SCAN_MAX_DEPTH 256
#define SCAN_MAX_SKIPS 10000 /* listed; all are counted */
#define SCAN_MAX_PATH 4095   /* bytes; the kernel opens no longer one */

/* All zero, or NULL for the struct, is the default. */
struct scan_options {
    bool no_ignore;          /* read no ignore files; built-in rules and CACHEDIR.TAG hold */
    uint64_t max_file_bytes; /* 0 = SCAN_MAX_FILE_BYTES */
    uint32_t max_depth;      /* folders below the root; 0 = SCAN_MAX_DEPTH */
};

struct scan_file {
    const char *path; /* relative to the root, '/' between its parts; borrowed */
    uint64_t size;    /* bytes */
    int64_t mtime_ns, ctime_ns;
    uint64_t ino;
    uint8_t lang; /* index into lang_registry */
};

/* X(name, text) */
#define SCAN_REASON_MAP(X)                                                                         \
    X(TOO_LARGE, "larger than the limit") /* detail: its size */                                   \
    X(BINARY, "binary")                   /* never by the scan: for the pipeline */                \
    X(QUARANTINED, "parsing it crashed")  /* likewise */                                           \
    X(LINK_OUT, "symbolic link out of the tree")                                                   \
    X(LINK_LOOP, "symbolic link in a loop") /* to itself or to a folder above it */                \
    X(SPECIAL, "no regular file")           /* a FIFO, a socket, a device */                       \
    X(UNREADABLE, "cannot be read")         /* detail: the code of err.h, negated */               \
    X(TOO_DEEP, "folders nested too deep, or path too long") /* detail: depth */                   \
    X(BAD_NAME, "name is no UTF-8, or has control characters")                                     \
    X(IGNORE_FILE, "ignore file unreadable or too large, not heeded") /* detail: as UNREADABLE */

enum scan_reason {
#define SCAN_REASON_ENUM_(name, text) SCAN_##name,
    SCAN_REASON_MAP(SCAN_REASON_ENUM_)
#undef SCAN_REASON_ENUM_
        SCAN_N_REASONS,
};

/* The text of the table, for people. */
const char *scan_reason_text(enum scan_reason reason);

struct scan_skip {
    const char *path; /* the bytes as they are on disk: may be no UTF-8; borrowed */
    enum scan_reason reason;
    uint64_t detail;
};

struct scan {
    struct arena arena;
    VEC(struct scan_file) files; /* by path, in the order of strcmp */
    VEC(struct scan_skip) skips; /* likewise; SCAN_MAX_SKIPS at most */
    uint32_t n_skips[SCAN_N_REASONS];
    uint32_t n_ignored_files; /* by a rule, in folders that are not left out themselves */
    uint32_t n_ignored_dirs;  /* by a rule or a CACHEDIR.TAG; what is in them is not counted */
    uint32_t n_other_files;   /* that no language takes */
    uint32_t n_links; /* links within the tree (what they mean is found by itself), or to nothing */
    uint32_t n_dirs;  /* folders read, the root included */
    uint64_t n_ignore_cut; /* matches that ran out of steps: see ignore_n_cut */

    /*
     * Set when the ignore rules leave next to nothing, to the one that took
     * most: when no source file is left, or fewer than 1 % of those seen. Seen
     * are those that a rule takes by itself, and those in folders that it
     * takes, of which a bounded sample is counted; a folder that is named
     * outright, without wildcards, counts only if nothing at all is left, since
     * it most likely is a build output. NULL otherwise. Belongs to the arena.
     */
    const struct ignore_rule *culprit;
    uint32_t culprit_files; /* source files that it took, as far as counted */
};

/*
 * `root` may be reached through symbolic links. On failure `ret` is untouched;
 * else give it back with scan_release.
 */
int scan_tree(const char *root, const struct scan_options *options, struct scan *ret,
              struct err *err);

/*
 * The same for parts of a tree: for each of the n paths, what is at it now and, if that is a folder,
 * below it. Paths are relative to the root ("" is all of it), sorted by strcmp, each once; those
 * below another one are passed over. What nobody is there, or the rules of the folders above leave
 * out, gives nothing. `culprit` stays NULL unless it is the whole tree.
 */
int scan_paths(const char *root, const struct scan_options *options, const char *const *paths,
               uint32_t n, struct scan *ret, struct err *err);

void scan_release(struct scan *scan); /* takes an all-zero one; leaves it so */

/* Is `path` one of these sorted paths? */
bool scan_has_path(const char *const *paths, uint32_t n, const char *path);

/* Which folders a scan would enter, asked one by one: for whoever watches them. */
struct scan_gate;

int scan_gate_open(const char *root, const struct scan_options *options, struct scan_gate **ret,
                   struct err *err);
void scan_gate_close(struct scan_gate *g); /* takes NULL */

/* Forgets the rules that it knows, and which folder is the root: both may have changed. */
void scan_gate_forget(struct scan_gate *g);

/* Would the folder at `path` (not "") be entered? One with a CACHEDIR.TAG itself is (it may lose
 * it), those in it are not. True where the answer cannot be had. */
bool scan_gate_enters(struct scan_gate *g, const char *path);

/* Valid UTF-8 without control characters: can be shown on one line, and stand in one. */
bool scan_is_good_name(const char *p, size_t n);

/* Do these contents look like no text: a NUL in the first 8 KB? */
bool scan_is_binary(const char *p, size_t n);

#endif
