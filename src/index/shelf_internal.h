/* What the parts of a shelf share. Private to the shelf.
 *
 * Two locks: `writing` is held by who appends, for as long as that takes, and by who sweeps;
 * `lock` for moments, by whoever looks into the index. `writing` is taken first.
 */
#ifndef PT_INDEX_SHELF_INTERNAL_H
#define PT_INDEX_SHELF_INTERNAL_H

#include "base/map.h"
#include "base/vec.h"
#include "index/shelf_file.h"

#include <pthread.h>

#define SLOT_NONE UINT32_MAX
#define SHELF_GRAIN 16u

/* Where a record is. A slot of size 0 is free; `at` is then one more than the next free one. */
struct slot {
    uint64_t hash;        /* of its key */
    uint32_t at, size;    /* in grains */
    uint32_t used;        /* when it was used last, by the shelf's clock */
    uint32_t file : 31;   /* index in files */
    uint32_t checked : 1; /* it has been found to be right */
};

struct shelf {
    struct hash128 identity;
    struct shelf_options options;
    int dir;

    pthread_mutex_t writing;    /* for what follows, and the end and descriptor of each file */
    struct shelf_file *current; /* what is appended to; borrowed; NULL: the next put makes one */
    uint32_t next_number;

    pthread_mutex_t lock;           /* for what follows */
    VEC(struct shelf_file *) files; /* changed only by who holds `writing`, too; NULL: a gap */
    VEC(struct slot) slots;         /* likewise but for shelf_forget */
    struct map index;               /* hash of a key -> slot */
    uint32_t free_slot;             /* one more than the first free one, 0: none */
    uint32_t clock;
    uint64_t found;             /* bytes of the records that the index finds */
    struct shelf_status counts; /* what happened; of what is there, only the bytes */
};

/* A record that somebody uses: `file` has him as a user. */
struct place {
    struct shelf_file *file;
    uint64_t at, size;
    bool checked;
};

uint64_t shelf_hash(const struct shelf_key *key);

/* A file to which a record of n bytes can be appended becomes the current one. Under `writing`. */
int shelf_make_room(struct shelf *s, uint64_t n, struct err *err);

/* The slot of a key, or SLOT_NONE; under `lock`. */
uint32_t shelf_slot(const struct shelf *s, uint64_t hash);
/* The record in this slot is found no more; under `lock`. */
void shelf_forget(struct shelf *s, uint32_t slot);

#endif
