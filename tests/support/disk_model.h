/*
 * The inner parts of disk.h: a history as it was recorded, and the model that says, at a point of
 * it, which changes are on disk for sure, which may be, and what a disk with some of them looks
 * like.
 *
 * Files and directories are numbers, in order of their making; 0 is the root. Threads: one.
 * Errors: aborts.
 */
#ifndef PT_TESTS_SUPPORT_DISK_MODEL_H
#define PT_TESTS_SUPPORT_DISK_MODEL_H

#include "base/arena.h"
#include "base/io_observe.h"
#include "base/map.h"
#include "base/str.h"
#include "base/vec.h"
#include "support/disk.h"

#define DISK_SECTOR 512u
#define DISK_NO_FILE UINT32_MAX

_Noreturn void disk_die(const char *what, const char *name);

/* dir/name is `file`, or is nothing. */
struct disk_name {
    const char *name; /* of the history's arena */
    uint32_t dir, file;
};

struct disk_names VEC_BODY(struct disk_name);

struct disk_file {
    const uint8_t *p; /* what it held at the start */
    size_t n;
    bool is_dir;
};

struct disk_event {
    enum io_change_kind kind;
    bool grows;      /* IO_WRITE: it made the file longer */
    bool failed;     /* IO_SYNC */
    uint8_t n_names; /* that it changes; 0 for what changes a file itself */
    struct disk_name names[2];
    uint32_t file;  /* of IO_WRITE, IO_RESIZE, IO_SYNC */
    uint32_t since; /* IO_SYNC: it covers the events below this one */
    uint64_t at;    /* IO_WRITE: offset; IO_RESIZE: size */
    size_t n;
    const uint8_t *p;
    const char *path, *to; /* for people */
};

struct disk_ack {
    uint32_t point;
    uint64_t n;
};

struct disk_history {
    struct arena arena;
    VEC(struct disk_file) files;
    struct disk_names names; /* at the start */
    VEC(struct disk_event) events;
    VEC(struct disk_ack) acks; /* the first is of point 0 */
};

struct disk {
    struct disk_history history;
    char *dir;
    bool owns_dir;
    /* While it is recorded: what the process sees. */
    struct disk_names names;
    VEC(uint64_t) sizes;
    VEC(uint64_t) numbers; /* of each event, by which io_observe calls it */
    struct map inodes;     /* to files */
};

/* Sets one name of a tree; `file` may be DISK_NO_FILE. */
void disk_names_set(struct disk_names *names, const struct disk_name *name);

/* ---- the model ---- */

/* A change that is not yet worked into the model's images. */
struct disk_open {
    uint32_t event;
    uint8_t synced; /* a bit for each of its names' directories; 1 for what changes a file */
    bool on_disk;   /* for sure */
    bool lost;      /* a sync failed: it never is */
};

struct disk_image {
    uint8_t *p;
    size_t n, cap;
};

struct disk_model {
    const struct disk_history *history;
    uint32_t point;
    struct disk_names names;       /* that are on disk for sure, without the open changes */
    VEC(struct disk_image) images; /* of each file, so too */
    VEC(struct disk_open) open;
};

void disk_model_init(struct disk_model *m, const struct disk_history *h);
void disk_model_release(struct disk_model *m);
/* Past the next event. */
void disk_model_step(struct disk_model *m);

/* ---- one disk ---- */

/* What is there of one open change. */
struct disk_pick {
    bool keep;        /* a name or a size is changed; bytes are written */
    bool size;        /* IO_WRITE that grows: the file is longer */
    bool torn;        /* IO_WRITE that is kept: only some sectors are */
    uint64_t sectors; /* then, a bit for each of them; with more than 64, they are drawn by it */
};

uint32_t disk_sectors(const struct disk_event *e); /* that a write touches */
bool disk_picks_sector(const struct disk_pick *pick, const struct disk_event *e, uint32_t i);

struct disk_state {
    struct disk_names names;
    VEC(struct disk_image) images; /* own, of files with open changes */
    VEC(bool) is_own;
    const struct disk_model *model;
};

/* The disk where of each open change there is what picks[i] says. */
void disk_state_build(struct disk_state *s, const struct disk_model *m,
                      const struct disk_pick *picks);
void disk_state_release(struct disk_state *s);
/* Equal for equal trees. */
uint64_t disk_state_hash(const struct disk_state *s);
/* Makes the tree in a directory, which is new. */
void disk_state_write(const struct disk_state *s, const char *dir);
/* A line for each file. */
void disk_state_list(const struct disk_state *s, struct buf *b);

#endif
