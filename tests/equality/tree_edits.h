/* Random changes of a tree on disk, as editors, git and people make them: files are saved in many
 * ways, files and folders come, go, move, change places, ignore files change, branches are left and
 * entered.
 *
 * The texts come from struct edits (equality/edits.h), whose random numbers these changes draw from;
 * the tree on disk is the truth: an edit of a text is written to its path even if that was moved
 * meanwhile. What a change finds impossible it leaves undone.
 *
 * The tree is the current folder: all paths are relative to it. Beside it lies the folder
 * "../away", where what is moved out of the tree waits to come back.
 *
 * Threads: one. Without memory, or with a disk that fails otherwise, the program ends (exit 2).
 */
#ifndef PT_TESTS_EQUALITY_TREE_EDITS_H
#define PT_TESTS_EQUALITY_TREE_EDITS_H

#include "base/arena.h"
#include "base/str.h"
#include "base/vec.h"
#include "equality/edits.h"

#define TREE_OPEN_MAX 3
#define TREE_BRANCHES 3

/* Something in the tree. */
struct tree_place {
    const char *path; /* of the arena */
    bool is_dir;
};

/* A file as it was when a branch was left. */
struct tree_file {
    const char *path, *text; /* of the branch's arena */
    size_t n;
};

struct tree_branch {
    struct arena arena;
    VEC(struct tree_file) files;
};

/* A file that somebody writes to, bit by bit. */
struct tree_open {
    int fd;
    char *rest; /* owned: what is still to be written */
};

struct tree_edits {
    struct edits *texts; /* borrowed */
    struct arena arena;  /* of the places */
    VEC(struct tree_place) places;
    struct tree_branch branches[TREE_BRANCHES]; /* the first is the tree as it began */
    struct tree_open open[TREE_OPEN_MAX];       /* fd -1: none */
    uint32_t places_max;                        /* above, the tree only shrinks */
    uint32_t moved;                             /* names of what is away */
    struct buf story;                           /* what was done, a line for each; for people */
};

/* Writes all texts into the tree, the empty current folder. `e` is borrowed. */
void tree_edits_init(struct tree_edits *t, struct edits *e);
void tree_edits_release(struct tree_edits *t);

/* One change, or a few. */
void tree_edits_step(struct tree_edits *t);

/* Many files at once become what they were. */
void tree_edits_switch_branch(struct tree_edits *t);

#endif
