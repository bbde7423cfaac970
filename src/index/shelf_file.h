/* One file of a shelf, mapped. Private to the shelf.
 *
 * Room for all that the file may become is reserved and mapped when it is opened, so that what is
 * handed out stays where it is while the file grows. It lives as long as it has users: the shelf
 * is one, and so are all facts that lie in it.
 *
 * Threads: shelf_file_leave and shelf_file_is_swept from any; who appends is alone.
 * Errors: those of io.h.
 */
#ifndef PT_INDEX_SHELF_FILE_H
#define PT_INDEX_SHELF_FILE_H

#include "base/io.h"
#include "index/shelf_record.h"

#include <stdatomic.h>

#define SHELF_NUMBER_MAX (UINT32_MAX / 2)
#define SHELF_NAME_SIZE 24

struct shelf_file {
    struct facts_home home; /* first; the home of the facts that lie in it */
    atomic_uint users;
    atomic_bool swept;   /* it is removed, its records lie elsewhere */
    const uint8_t *base; /* where it is mapped */
    size_t room;
    uint32_t number;
    int fd;        /* -1: nothing is appended any more */
    uint64_t end;  /* of its records */
    uint64_t kept; /* for shelf_sweep: bytes that are worth moving */
};

void shelf_file_name(uint32_t number, char ret[SHELF_NAME_SIZE]);
/* False for what is not the name of a file of a shelf. */
bool shelf_file_number(const char *name, uint32_t *ret);

/* A file that is there, up to its end on disk, which may be torn. PT_ECORRUPT if it breaks S1;
 * PT_EINVAL if it is no regular file. */
int shelf_file_open(int dir, uint32_t number, struct hash128 identity, uint64_t room,
                    struct shelf_file **ret, struct err *err);
/* A new one. PT_EEXIST if there is something of that name. */
int shelf_file_create(int dir, uint32_t number, struct hash128 identity, uint64_t room,
                      struct shelf_file **ret, struct err *err);

/* Cuts the file off at an offset; if that fails, nothing is appended any more. */
void shelf_file_cut(struct shelf_file *f, uint64_t end);
bool shelf_file_has_room(const struct shelf_file *f, uint64_t n);
/* All parts or, but for bytes behind its end, nothing. */
int shelf_file_append(struct shelf_file *f, const struct io_part *parts, size_t n_parts,
                      struct err *err);
void shelf_file_seal(struct shelf_file *f); /* nothing is appended any more */

/* One more user, who has to leave. */
void shelf_file_join(struct shelf_file *f);
void shelf_file_leave(struct shelf_file *f);

/* The file that facts lie in, NULL for others. */
struct shelf_file *shelf_file_of(const struct facts *f);

#endif
