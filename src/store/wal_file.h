/* One file of the log: its bytes, and how they are read. store/wal.h makes a log of such files.
 *
 * All numbers are little-endian. Bytes of a log file:
 *
 *   offset  size
 *        0     8  magic "ISGLOG\n\0"
 *        8     4  version, WAL_VERSION
 *       12     4  0
 *       16    16  id of the store
 *       32     8  sequence number of the first record
 *       40    20  0
 *       60     4  CRC32C of the bytes before
 *       64        frames, one after the other; each begins at a multiple of 8
 *     then        zeros, to the end: space that is taken in advance
 *
 * A frame is a record or a mark. A mark says: all records up to this sequence number were synced
 * before it was written.
 *
 *   offset  size
 *        0     4  length n of the payload; of a mark: WAL_MARK
 *        4     4  CRC32C of all other bytes of the frame but the padding. That of a record is begun
 *                 with the one of the record before it, that of the first record and of a mark with
 *                 the one of the header
 *        8     8  sequence number: of the record; of a mark: of the last record before it
 *       16     n  payload (a mark has none)
 *     then        zeros, up to a multiple of 8
 *
 * A file is whole if and only if
 *  W1  the header is as above, its checksum is right, its sequence number is from 1 to
 *      WAL_SEQ_MAX, id and sequence number are those that are expected; this part keeps its layout
 *      in every version;
 *  W2  n is at most WAL_PAYLOAD_MAX, and the frame ends within the file;
 *  W3  the records are numbered without gaps, and each mark has the number of the record before it
 *      (of the last one of the file before, if it is the first frame);
 *  W4  every frame's checksum is right, and its padding is zero;
 *  W5  behind the last frame are only zeros.
 *
 * The frames up to the first that breaks W2 - W4 are sound. What follows them is
 *   the end     if W5 holds;
 *   torn        else, if the file may be torn (it is the newest), and nothing proves that the record
 *               that should come next was ever on disk;
 *   damage      else.
 *
 * Torn or damaged? A write that was not synced when the power went may be on disk whole, in part,
 * or not at all, sector by sector, in any order; the file systems promise no more (Pillai et al.,
 * "All file systems are not created equal", OSDI 2014). So a sound record behind a broken one
 * proves nothing: both may stem from one group that was never synced, and refusing them would turn
 * every power cut into a repair by hand (etcd has met this: its "crc mismatch" after a torn write
 * into preallocated space). But to cut at the first broken record, whatever follows, would throw
 * away commits that were acknowledged when a byte among them rots; RocksDB offers its users the
 * choice between these two errors. SQLite's WAL escapes it no more: it ends at the first frame
 * whose running checksum is wrong. Alagappan et al. ("Protocol-aware recovery for consensus-based
 * storage", FAST 2018) show that the two cannot be told apart from checksums alone, and write a
 * second, independent token after a record has been made durable. The marks are such tokens:
 *
 *   - A mark with number k is written only after a sync has succeeded that covered record k. So
 *     wherever a mark with number k >= n is found, record n was on disk, whatever the order of
 *     writes. If record n is broken and such a mark lies anywhere behind it, that is damage. It is
 *     searched for at every multiple of 8, as a broken length hides where the next frame begins.
 *   - If no such mark is there, record n may never have been synced, and nothing behind it either;
 *     under durability `commit` none of it was acknowledged. It is torn, and is cut.
 *
 * What is left to chance: that the last mark and a record before it are both damaged. A mark costs
 * no sync of its own. It is in the system's cache from then on, so it survives the death of the
 * process, and the next sync or the system's own writing out, some seconds later, brings it to
 * disk. Until then a power cut leaves the last group without proof; that loses nothing, unless a
 * byte rots in the same moment.
 *
 * All checksums begin, at last, with that of the header, which holds the id of the store and the
 * first sequence number: no frame is sound in another file than its own, and no payload can hold
 * the copy of a frame by malice, as the id is random. And a record is sound only behind the very
 * record that it was written behind (SQLite's WAL does the same): when one was taken back and
 * another written over it, what followed the first on disk is never taken for a successor of the
 * second.
 *
 * Threads: functions of bytes are pure; wal_scan_fd takes a descriptor that no other thread uses.
 */
#ifndef PT_STORE_WAL_FILE_H
#define PT_STORE_WAL_FILE_H

#include "base/err.h"
#include "base/io.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WAL_VERSION 1u
#define WAL_ID_SIZE 16u
#define WAL_HEADER_SIZE 64u
#define WAL_FRAME_SIZE 16u /* of a mark, or of a record without its payload */
#define WAL_MARK UINT32_MAX
#define WAL_PAYLOAD_MAX ((size_t)64 << 20)
#define WAL_SEQ_MAX (UINT64_MAX / 2)

/* Called for each record, in order; the payload is valid during the call. The first result that is
 * not 0 ends the scan and is returned as it is. */
typedef int (*wal_replay_fn)(void *ctx, uint64_t seq, const uint8_t *payload, size_t n);

/* What a file is expected to be, and who hears of its records. */
struct wal_reading {
    const uint8_t *id;    /* WAL_ID_SIZE bytes; NULL: any store's */
    uint64_t first_seq;   /* 0: any */
    bool may_be_torn;     /* it is the newest */
    uint64_t covered;     /* records up to this one are checked, but not handed out */
    wal_replay_fn replay; /* NULL: nobody */
    void *ctx;
};

struct wal_scan {
    uint8_t header[WAL_HEADER_SIZE];
    uint64_t first_seq;
    uint64_t last_seq;   /* of the last sound record; first_seq - 1 if there is none */
    uint64_t synced_seq; /* of the last mark; first_seq - 1 if there is none */
    uint64_t synced_end; /* behind the last mark, or the header */
    uint32_t synced_crc; /* what the checksum of the first record from there on begins with */
    uint64_t end;        /* behind the last sound frame */
    uint32_t crc;        /* as synced_crc, for the next record */
    uint64_t n_handed;   /* records that `replay` got */
    uint64_t torn;       /* bytes from `end` to the last one that is not zero */
};

/* Reads a whole file, `size` bytes of it, through a buffer of 1 MB, or of the largest record. On
 * failure the records that were handed out must be forgotten. PT_ECORRUPT, with rule and offset:
 * it is damaged, or not the file that was expected; PT_EVERSION. */
int wal_scan_fd(int fd, uint64_t size, const struct wal_reading *how, struct wal_scan *ret,
                struct err *err);

/* The same, of bytes in memory. */
int wal_scan(const uint8_t *p, size_t n, const struct wal_reading *how, struct wal_scan *ret,
             struct err *err);

void wal_put_header(uint8_t p[WAL_HEADER_SIZE], const uint8_t id[WAL_ID_SIZE], uint64_t first_seq);

/* What the checksums of marks and of the first record begin with. */
uint32_t wal_seed(const uint8_t header[WAL_HEADER_SIZE]);

/* Bytes of a record with n bytes of payload, padding included. */
static inline size_t wal_record_size(size_t n)
{
    return WAL_FRAME_SIZE + ((n + 7) & ~(size_t)7);
}

/* The head of a record whose payload, of n bytes in all, consists of these parts. `crc`: that of
 * the record before, or wal_seed. Gives its own. */
uint32_t wal_put_record(uint8_t p[WAL_FRAME_SIZE], uint32_t crc, uint64_t seq,
                        const struct io_part *parts, size_t n_parts, uint32_t n);

void wal_put_mark(uint8_t p[WAL_FRAME_SIZE], uint32_t seed, uint64_t seq);

#endif
