/*
 * What may have changed since somebody looked: paths, each once, until they are taken.
 *
 * A path is ready, or it is held back: somebody writes to the file, and may not be done. What is
 * held becomes ready when it is added (the file was closed), when nothing happened to it for a
 * while, or when it was held for long.
 *
 * Bounded: beyond a number of paths, or CHANGES_MAX_BYTES, all are dropped and `full` is set;
 * whoever takes them must then look at everything.
 *
 * Threads: one. Ownership: owns copies of the paths. Errors: PT_ENOMEM.
 */
#ifndef PT_WATCH_CHANGES_H
#define PT_WATCH_CHANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/vec.h"
#include "watch/watch.h"

#define CHANGES_MAX_BYTES ((size_t)16 << 20)

struct change {
    const char *path;
    uint32_t n; /* bytes */
    bool below;
    bool is_ready;
    uint64_t first_ns, last_ns; /* since it is held */
};

struct change_list VEC_BODY(struct watch_change);

/* All zero but for `max` is an empty one. */
struct changes {
    struct arena arena; /* the paths */
    VEC(struct change) at;
    struct map by_path; /* hash -> place; where two paths collide, the first has it */
    uint32_t max;
    bool full;
};

void changes_clear(struct changes *c); /* keeps memory */
void changes_release(struct changes *c);
size_t changes_bytes(const struct changes *c);

/* `below`: the path is, or was, a folder, and all that is below it may have changed. */
int changes_add(struct changes *c, const char *path, size_t n, bool below);
int changes_hold(struct changes *c, const char *path, size_t n, uint64_t now_ns);

struct change_patience {
    uint64_t now_ns;
    uint64_t quiet_ns;   /* held until nothing happened for so long */
    uint64_t longest_ns; /* but no longer than this */
    bool none;           /* nothing is held any more */
};

/*
 * What is ready is put into `ret`, which is emptied first: in the order of strcmp, without what
 * lies below a folder that is there with `below`. Its paths belong to `c`. What is still held is
 * moved to `rest`, which must be empty. ret_next_ns: when the first of that will be ready;
 * UINT64_MAX. On failure nothing was taken.
 */
int changes_take(struct changes *c, const struct change_patience *patience, struct change_list *ret,
                 struct changes *rest, uint64_t *ret_next_ns);

#endif
