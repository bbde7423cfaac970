/* A checkpoint of an index: for each file what it was when its meaning was last worked out, what that
 * hung on, and what the graph was told. With the facts of those contents (index/shelf) an index is put
 * together again from it without resolving anything.
 *
 * It may be older than the graph: a file whose leaf in the graph is another is in doubt, and is
 * worked out again. It is only a cache: one that is damaged, of another identity, or not there, costs
 * the work that it would have spared.
 *
 * Bytes of the file `checkpoint` (all numbers little-endian):
 *
 *   offset  size
 *        0     8  magic "ISGCHECK"
 *        8     4  version, 1
 *       12     4  number of files
 *       16    16  XXH3-128 (low half first) of what follows
 *       32        the identity of the program that wrote it, and a NUL
 *   then for each file
 *              1  language
 *              1  1: its contents were not read, and it stands for an empty file
 *             16  XXH3-128 of its contents
 *             16  its Merkle leaf
 *         varint  number of notes; then each as a varint, the difference from the one before
 *                 its path, and a NUL
 *
 * It is valid if and only if the above holds, notes ascend strictly and fit 32 bits, and nothing
 * follows the last file.
 *
 * Threads: one at a time. Ownership: a checkpoint owns all that it hands out.
 */
#ifndef PT_INDEX_CHECKPOINT_H
#define PT_INDEX_CHECKPOINT_H

#include "base/err.h"
#include "base/hash.h"
#include "base/str.h"
#include "base/vec.h"

struct checkpoint_file {
    const char *path;
    struct hash128 content, leaf;
    const uint32_t *notes; /* sorted */
    uint32_t n_notes;
    uint8_t lang;
    bool unread;
};

struct checkpoint {
    VEC(struct checkpoint_file) files;
    VEC(uint32_t) notes; /* of all files, one after the other */
    struct buf bytes;    /* that the paths lie in */
};

/* Reads it. PT_ENOENT: there is none, or of another identity. PT_ECORRUPT, PT_EVERSION. */
int checkpoint_read(const char *dir, const char *identity, struct checkpoint *ret, struct err *err);
/* The same from bytes, which it takes over (*bytes is then empty). */
int checkpoint_decode(struct buf *bytes, const char *identity, struct checkpoint *ret,
                      struct err *err);
void checkpoint_release(struct checkpoint *c);

/* Encodes: begin, each file, write. Errors show when it is written. */
void checkpoint_begin(struct buf *to, const char *identity);
void checkpoint_add(struct buf *to, const struct checkpoint_file *f);
/* In place of the one that is there. */
int checkpoint_write(const char *dir, struct buf *from, uint32_t n_files, struct err *err);

#endif
