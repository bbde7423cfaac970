/* The write-ahead log of one store: records that are on disk before they are acknowledged, and that
 * are replayed when the store is opened again.
 *
 * A directory of files `log-<sequence number of its first record, 16 hex digits>.isl`
 * (store/wal_file.h describes the bytes, and how a torn tail and damage are told apart). Records go
 * to the newest; when it is full, the next record begins another one. Other names in the directory
 * are ignored. Records are numbered from 1, without gaps; a record of no payload is one.
 *
 * It is a redo log: nothing in it is undone or changed. As in ARIES, recovery repeats history from
 * the snapshot on (`covered`), and a log file may go only when a durable snapshot covers it.
 *
 * What an acknowledgement is worth
 *
 *   commit     wal_commit returns 0 only when all records appended before it are on disk
 *   interval   they are on disk at most interval_ms later, if wal_commit or wal_sync is called then
 *              (wal_due_ns)
 *   os         the system writes them some time; they survive the end of the process, not that of
 *              the machine. Each file is synced when the next one is begun
 *
 * Group commit: append as many records as have come, then wal_commit once.
 *
 * Invariants:
 *  L1  what was acknowledged under `commit` is replayed by the next wal_open, after the end of the
 *      process or of the machine at any moment;
 *  L2  what is replayed is a prefix of one history of appends, without gaps, above `covered`:
 *      what was taken back, or failed, is never found between records that were appended later;
 *  L3  a damaged byte never costs an acknowledged record unseen: wal_open refuses, names file and
 *      offset, and changes no file. So does more damage, unless it takes the last mark and a record
 *      before it (store/wal_file.h);
 *  L4  a file has a whole header from the moment when it has its name; all records of a file are
 *      on disk before a later file exists;
 *  L5  an append that fails is not replayed later, unless the process or the machine ends before
 *      another append succeeds, or the disk refuses even to take it back;
 *  L6  after a failed sync nothing is acknowledged any more: the system may have marked pages clean
 *      that never reached the disk, so that a second sync would succeed and mean nothing (Rebello
 *      et al., "Can applications recover from fsync failures?", ATC 2020). The log is in the
 *      failed state; close it and open it again. The last mark and what follows it are then
 *      written anew, from what was read, before anyone relies on them.
 *
 * Space is taken in advance, 256 KB at a time, by writing zeros: a sync then need not write what
 * the file system keeps about the file. fallocate alone does not help there: its blocks have to be
 * converted at their first write (measured on ext4: up to twice the time of a sync).
 *
 * A full disk (PT_ENOSPC) and want of memory (PT_ENOMEM) leave the log as it was, and usable. Other
 * failures of writing lead to the failed state, in which all calls but wal_close return the code
 * of the failure.
 *
 * Threads: one at a time, the store's writer. Ownership: the caller holds the lock that lets it
 * alone write into the directory, from before wal_open (which clears away what io_write_atomic
 * left there) until after wal_close.
 */
#ifndef PT_STORE_WAL_H
#define PT_STORE_WAL_H

#include "base/err.h"
#include "base/io.h"
#include "base/str.h"
#include "store/wal_file.h"

#include <stdbool.h>
#include <stdint.h>

struct wal;

enum wal_durability {
    WAL_COMMIT,
    WAL_INTERVAL,
    WAL_OS,
};

#define WAL_FILE_BYTES ((uint64_t)16 << 20)

/* Builds the graph anew; named where a log is refused. */
#define WAL_REBUILD "parseltongue index"

struct wal_options {
    uint8_t id[WAL_ID_SIZE]; /* of the store: random, the same for ever */
    enum wal_durability durability;
    uint32_t interval_ms;
    uint64_t file_bytes; /* a file that would grow beyond is full; 0: WAL_FILE_BYTES */
    uint64_t covered;    /* a snapshot holds all records up to this one; 0: none */
    bool create;         /* if there is no log, make one; else that is PT_ENOENT */
};

/* What wal_open found. */
struct wal_report {
    uint32_t files;
    uint64_t records; /* replayed */
    uint64_t bytes;   /* of all files, without the space taken in advance */
    uint64_t last_seq;
    uint64_t torn;    /* bytes that were cut off at the end */
    char notice[256]; /* for people; "" if there is nothing to say */
};

/* Replays the records above o->covered and makes ready to append the next. On failure all files are
 * as they were, and what was replayed must be forgotten; `ret` and `report` are untouched.
 * PT_ECORRUPT: the log is damaged, or is not this store's; PT_EVERSION: another version wrote it;
 * PT_ENOENT; or what `replay` returned, without a message. `report` may be NULL. */
int wal_open(const char *dir, const struct wal_options *o, wal_replay_fn replay, void *ctx,
             struct wal **ret, struct wal_report *report, struct err *err);

/* Writes one record, whose payload is these parts joined, at most WAL_PAYLOAD_MAX bytes
 * (PT_ELIMIT). It is not acknowledged before wal_commit. `ret_seq` may be NULL. */
int wal_append(struct wal *w, const struct io_part *parts, size_t n_parts, uint64_t *ret_seq,
               struct err *err);

/* Does what the durability demands before the records up to here are acknowledged. */
int wal_commit(struct wal *w, struct err *err);

/* Brings all records to disk, whatever the durability. */
int wal_sync(struct wal *w, struct err *err);

/* The time (base/clock.h) by which wal_commit should be called again; UINT64_MAX: there is none. */
uint64_t wal_due_ns(const struct wal *w);

/* The next record begins a new file. For a snapshot that is about to cover all before. */
int wal_rotate(struct wal *w, struct err *err);

/* Removes the files all of whose records are up to `upto`, which a durable snapshot covers; never
 * the newest. On failure the log is as good as before, and the rest can be removed later. */
int wal_forget(struct wal *w, uint64_t upto, struct err *err);

/* Is it in the failed state? */
bool wal_has_failed(const struct wal *w);

/* The last record that was appended (or covered, if there is none); the last one known to be on
 * disk. */
uint64_t wal_last_seq(const struct wal *w);
uint64_t wal_synced_seq(const struct wal *w);

/* Of all files, without the space taken in advance. */
uint64_t wal_bytes(const struct wal *w);

/* Syncs what is not on disk yet, and frees. Takes NULL. An error concerns only what was not
 * acknowledged under `commit`. */
int wal_close(struct wal *w, struct err *err);

/* Records up to this one are in a durable snapshot, and were never in the log: the next one gets
 * the number behind it, and begins a new file. */
void wal_skip(struct wal *w, uint64_t upto);

/* Replays as wal_open does, and changes nothing: for readers without the lock, while a writer may
 * be appending. What is not whole yet at the end is left out. With o->create no log is an empty
 * one. PT_ENOENT: a file went while it was read (the writer has taken a snapshot: read that, and
 * begin again). PT_ECORRUPT may come of a write under way: take the lock and look again before you
 * believe it. */
int wal_read(const char *dir, const struct wal_options *o, wal_replay_fn replay, void *ctx,
             struct wal_report *report, struct err *err);

/* Renames all log files, none of which may be open, to <name>.damaged-<number>, so that the
 * directory can be used again and they are still there to look into. `names` (may be NULL): gets
 * what they are called now, with blanks between. */
int wal_set_aside(const char *dir, struct buf *names, struct err *err);

#endif
