/* The shelf: facts on disk, found by the contents of the file that they are of.
 *
 * It spares parsing again what was parsed once (by an earlier process, before a branch was left and
 * entered again), and it spares the heap: the facts that it hands out have their arrays in mapped
 * files, which the system can take out of memory and read again.
 *
 * Facts are a function of a file's contents, its language, and what its path says of it
 * (enum path_mark): this is the key, and files anywhere that agree in it share a record. Contents
 * stand for themselves by a hash of 128 bits, as everywhere in the index; who can make two files
 * collide in it can make one have the facts of the other. What facts say changes with the program,
 * so a shelf is also bound to an identity of what extracts.
 *
 * A shelf is a few files facts-<number> in a folder (shelf_record.h has their bytes). Records are
 * only ever appended. Nothing is synced and nothing is trusted: the shelf is a cache of sources.
 * After a crash, each file holds a beginning of what was written into it; what comes after that is
 * cut off when it is opened. What does not read right later is forgotten. Files that are of another
 * identity, or no shelf's, are removed: all names facts-<number> in the folder belong to the shelf.
 *
 * Threads: any may call all functions but open and close at any time; checksums are made outside
 * of the locks, writing is one at a time, getting waits for no writing.
 * Processes: one at a time has the shelf of a folder open; the lock of the workspace sees to it.
 * Ownership: facts handed out are the caller's, to be freed with facts_free, also after the shelf
 * was closed: a mapping lives as long as the last facts that lie in it.
 * Errors: PT_ENOENT (not there), PT_ENOMEM, PT_ENOSPC and others of io.h. None leaves the shelf
 * unusable.
 */
#ifndef PT_INDEX_SHELF_H
#define PT_INDEX_SHELF_H

#include "lang/facts.h"

struct shelf;

struct shelf_key {
    struct hash128 content;
    uint8_t lang;
    uint8_t marks; /* enum path_mark */
};

/* Of the file at `path` (relative to the root of its tree) with these contents. */
struct shelf_key shelf_key(struct hash128 content, unsigned lang, const char *path);

struct shelf_options {    /* 0: as it is mostly wanted */
    uint64_t file_bytes;  /* a file grows up to this */
    uint64_t spare_bytes; /* on top of what shelf_sweep lets stay */
};

struct shelf_status {
    uint32_t files, records;
    uint64_t bytes;      /* on disk */
    uint64_t dead_bytes; /* of them, of records that cannot be found (damaged, twice there) */
    uint64_t cut_bytes;  /* torn or damaged ends of files, cut off since it was opened */
    uint32_t removed;    /* files of another identity or no shelf's, since it was opened */
    uint32_t unread;     /* files that could not be read or removed: left alone */
    uint32_t damaged;    /* records that did not read right, forgotten since it was opened */
};

/* `dir` exists. `identity` names what extracts. Options may be NULL. */
int shelf_open(const char *dir, const char *identity, const struct shelf_options *options,
               struct shelf **ret, struct err *err);
void shelf_close(struct shelf *s); /* takes NULL */

/* PT_ENOENT if they are not there. */
int shelf_get(struct shelf *s, const struct shelf_key *key, struct facts **ret, struct err *err);

/* Keeps the facts, of which a copy is on the shelf when this returns; *ret is that one, and the
 * caller may free his. If the key is there already, the first facts stay. The facts must be those
 * of the key: not of a file that was left unread. */
int shelf_put(struct shelf *s, const struct shelf_key *key, const struct facts *facts,
              struct facts **ret, struct err *err);

/* Bounds the shelf: if it has more bytes than twice those of the `n` records that are to be kept
 * (keys that are not there do no harm), and the spare ones, the records that were not used for the
 * longest time go. Files that then hold little are copied into new ones and removed; their space
 * is free when the last facts in them are: shelf_renew moves facts. Costs nothing if there is
 * nothing to do. If it fails, nothing is lost and less was freed. */
int shelf_sweep(struct shelf *s, const struct shelf_key *keep, uint32_t n, struct err *err);

/* Lets facts of the shelf that lie in a file that was swept away lie where their record is now.
 * Nobody else may use the facts meanwhile. Does nothing to others; they stay valid if it fails. */
int shelf_renew(struct shelf *s, const struct shelf_key *key, struct facts *facts, struct err *err);

/* Takes all facts out of the memory of the process, until they are read again. */
void shelf_cool(struct shelf *s);

void shelf_status(struct shelf *s, struct shelf_status *ret);

#endif
