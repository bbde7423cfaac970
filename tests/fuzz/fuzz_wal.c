/* The reader of log files. Checksums would stop nearly every input, so each is tried as it is and
 * with all of them made right. What a scan says must hold of the bytes: its records are numbered
 * without gaps, lie within the file, and written again, frame by frame, they are the same bytes. */
#include "base/codec.h"
#include "store/wal_file.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct again {
    const uint8_t *p;
    uint64_t at, last_seq, n;
    uint32_t crc;
};

static void skip_marks(struct again *a, uint64_t end)
{
    uint8_t mark[WAL_FRAME_SIZE];

    wal_put_mark(mark, wal_seed(a->p), a->last_seq);
    while (a->at + sizeof(mark) <= end && memcmp(a->p + a->at, mark, sizeof(mark)) == 0)
        a->at += sizeof(mark);
}

static int check_record(void *ctx, uint64_t seq, const uint8_t *payload, size_t n)
{
    struct again *a = ctx;
    uint8_t head[WAL_FRAME_SIZE];
    struct io_part part = {payload, n};

    skip_marks(a, (uint64_t)(payload - a->p));
    a->crc = wal_put_record(head, a->crc, seq, &part, 1, (uint32_t)n);
    if (seq != a->last_seq + 1 || payload != a->p + a->at + sizeof(head) ||
        memcmp(a->p + a->at, head, sizeof(head)) != 0)
        abort();
    a->at += wal_record_size(n);
    a->last_seq = seq;
    a->n++;
    return 0;
}

static void scan(const uint8_t *p, size_t n, bool may_be_torn)
{
    struct again a = {.p = p, .at = WAL_HEADER_SIZE};
    struct wal_reading how = {.may_be_torn = may_be_torn, .replay = check_record, .ctx = &a};
    struct wal_scan s;
    struct err err = {0};

    if (n >= WAL_HEADER_SIZE) {
        a.last_seq = codec_get64(p + 32) - 1;
        a.crc = wal_seed(p);
    }
    int rc = wal_scan(p, n, &how, &s, &err);
    if (rc != 0) {
        if ((rc != PT_ECORRUPT && rc != PT_EVERSION) || err.msg[0] == '\0')
            abort();
        return;
    }
    skip_marks(&a, s.end);
    if (a.at != s.end || a.last_seq != s.last_seq || a.n != s.n_handed || s.end > n ||
        s.synced_end > s.end || s.synced_seq > s.last_seq || s.torn > n - s.end ||
        (s.torn != 0 && !may_be_torn))
        abort();
}

/* Makes the checksums of header and frames right, up to what cannot be a frame. */
static void seal(uint8_t *p, size_t n)
{
    if (n < WAL_HEADER_SIZE)
        return;
    uint32_t crc = crc32c(0, p, WAL_HEADER_SIZE - 4);
    codec_put32(p + WAL_HEADER_SIZE - 4, crc);
    for (size_t at = WAL_HEADER_SIZE; n - at >= WAL_FRAME_SIZE;) {
        uint32_t size = codec_get32(p + at);
        uint64_t seq = codec_get64(p + at + 8);

        if (size == WAL_MARK) {
            wal_put_mark(p + at, wal_seed(p), seq);
            at += WAL_FRAME_SIZE;
        } else if (seq != 0 && size <= n && wal_record_size(size) <= n - at) {
            struct io_part part = {p + at + WAL_FRAME_SIZE, size};
            crc = wal_put_record(p + at, crc, seq, &part, 1, size);
            at += wal_record_size(size);
        } else {
            break;
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *p = malloc(size ? size : 1);

    if (size)
        memcpy(p, data, size);
    scan(p, size, true);
    seal(p, size);
    scan(p, size, true);
    scan(p, size, false);
    free(p);
    return 0;
}
