/*
 * The folders that are watched, as a tree: each knows the folder above it and its own name, so that
 * a folder moves, with all that lies below it, by the change of two fields.
 *
 * A folder is a number. FOLDER_ROOT is there from folders_init on, the others come and go, and
 * numbers are used again. A folder that was detached is an orphan: it and what is below it have no
 * path until it is moved to a place.
 *
 * About 90 bytes a folder, and its name, which lies in one text with all others.
 *
 * Threads: one. Ownership: the tree owns copies of the names; a folder's fields are valid until the
 * next folder is added. Errors: FOLDER_NONE or false when memory is short; the tree is then as it
 * was.
 */
#ifndef PT_WATCH_FOLDERS_H
#define PT_WATCH_FOLDERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/map.h"
#include "base/str.h"
#include "base/vec.h"

#define FOLDER_ROOT 0u
#define FOLDER_NONE UINT32_MAX

/* What a folder is watched for. */
enum folder_role {
    FOLDER_TREE,     /* all that lies in it */
    FOLDER_GIT,      /* .git of the root: HEAD, the lock of the index, and info */
    FOLDER_GIT_INFO, /* .git/info: exclude */
};

enum {
    FOLDER_UNREADABLE = 1, /* may not be opened; has no watch */
    FOLDER_SEEN = 2,       /* of one listing: it is there */
    FOLDER_DIRTY = 4,      /* is on the list of those to be listed again */
    FOLDER_DIRTY_DEEP = 8, /* with all that lies below */
};

struct folder {
    uint32_t parent; /* FOLDER_NONE: the root, an orphan, or a free number */
    uint32_t first_child, next, prev;
    uint32_t next_same; /* another folder with the same hash of parent and name */
    uint32_t name_at;
    int32_t wd;      /* -1: no watch */
    uint32_t polled; /* place in the list of polled folders; FOLDER_NONE */
    uint16_t mode;   /* permission bits, as they were last seen */
    uint8_t name_n;
    uint8_t role;
    uint8_t flags;
};

/* All zero is an empty one, without a root. */
struct folders {
    VEC(struct folder)
    at;         /* read and write the fields wd (by folders_set_wd), polled, mode, flags */
    uint32_t n; /* folders in use */
    uint32_t first_free;
    struct map by_name; /* hash of parent and name -> the first of those that have it */
    struct map by_wd;
    struct buf names;
    size_t names_dead; /* bytes in names that belong to nobody */
};

bool folders_init(struct folders *fs);
void folders_release(struct folders *fs); /* takes an all-zero one */
size_t folders_bytes(const struct folders *fs);

uint32_t folders_find(const struct folders *fs, uint32_t parent, const char *name, size_t n);
uint32_t folders_by_wd(const struct folders *fs, int wd);

/* A name has 1 to 255 bytes, and no other folder of the parent has it. */
uint32_t folders_add(struct folders *fs, uint32_t parent, const char *name, size_t n,
                     enum folder_role role);

/* To another place, which must be free and not below the folder itself. */
bool folders_move(struct folders *fs, uint32_t f, uint32_t parent, const char *name, size_t n);
void folders_detach(struct folders *fs, uint32_t f);

/* The folder must have no children. Its wd is forgotten too. */
void folders_remove(struct folders *fs, uint32_t f);

/* -1 takes the watch off. No other folder has this one. */
bool folders_set_wd(struct folders *fs, uint32_t f, int wd);

/* Is it `above`, or does it lie below it? */
bool folders_is_below(const struct folders *fs, uint32_t f, uint32_t above);

/* Does it lie below the root? ret_depth, which may be NULL, counts the folders on the way. */
bool folders_is_attached(const struct folders *fs, uint32_t f, uint32_t *ret_depth);

/*
 * The path relative to the root ("" for the root), and that of `name` in it, replace what `ret`
 * holds, terminated. False for an orphan; ret->failed when memory is short.
 */
bool folders_path(const struct folders *fs, uint32_t f, struct slice name, struct buf *ret);

#endif
