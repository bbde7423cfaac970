/* Random edits of source files, as texts in memory: words are renamed, in one place or in the whole
 * file, lines come and go and move between files, imports too, files vanish, come back, change
 * their paths and with them their language.
 *
 * The same seed, files and calls give the same edits. Threads: one. Ownership: edits_release gives
 * all texts back. Without memory the program ends (exit 2).
 */
#ifndef PT_TESTS_EQUALITY_EDITS_H
#define PT_TESTS_EQUALITY_EDITS_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

#define EDITS_FILES_MAX 4000u

struct edit_file {
    char *path, *text; /* text NULL: it is not there */
    char *original;
    bool touched; /* since edits_forget_touched */
};

struct edits {
    struct edit_file files[EDITS_FILES_MAX];
    uint32_t n_files;
    uint64_t rng;
    char done[1000]; /* the edits of the last step, a line for each; for people */
};

/* The files of a tree that a scan finds, ignore files set aside, but those with a NUL; all touched.
 * What was read before goes. */
int edits_read(struct edits *e, const char *dir, uint64_t seed, struct err *err);
void edits_release(struct edits *e);

/* A random number below n, which is not 0. */
uint32_t edits_below(struct edits *e, uint32_t n);

/* A few edits. */
void edits_step(struct edits *e);
void edits_forget_touched(struct edits *e);

#endif
