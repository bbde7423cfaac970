#include "store/wal_file.h"

#include "base/codec.h"
#include "base/mem.h"

#include <string.h>

#define AT_VERSION 8
#define AT_ID 16
#define AT_FIRST_SEQ 32
#define AT_CRC 60

#define FRAME_AT_CRC 4
#define FRAME_AT_SEQ 8

#define BUFFER_SIZE ((size_t)1 << 20)

static const uint8_t magic[8] = {'I', 'S', 'G', 'L', 'O', 'G', '\n', '\0'};

/* ---- writing ---- */

void wal_put_header(uint8_t p[WAL_HEADER_SIZE], const uint8_t id[WAL_ID_SIZE], uint64_t first_seq)
{
    memset(p, 0, WAL_HEADER_SIZE);
    memcpy(p, magic, sizeof(magic));
    codec_put32(p + AT_VERSION, WAL_VERSION);
    memcpy(p + AT_ID, id, WAL_ID_SIZE);
    codec_put64(p + AT_FIRST_SEQ, first_seq);
    codec_put32(p + AT_CRC, crc32c(0, p, AT_CRC));
}

uint32_t wal_seed(const uint8_t header[WAL_HEADER_SIZE])
{
    return codec_get32(header + AT_CRC);
}

/* Of a frame's head without the checksum itself. */
static uint32_t head_crc(const uint8_t p[WAL_FRAME_SIZE], uint32_t seed)
{
    return crc32c(crc32c(seed, p, FRAME_AT_CRC), p + FRAME_AT_SEQ, WAL_FRAME_SIZE - FRAME_AT_SEQ);
}

uint32_t wal_put_record(uint8_t p[WAL_FRAME_SIZE], uint32_t crc, uint64_t seq,
                        const struct io_part *parts, size_t n_parts, uint32_t n)
{
    codec_put32(p, n);
    codec_put64(p + FRAME_AT_SEQ, seq);
    crc = head_crc(p, crc);
    for (size_t i = 0; i < n_parts; i++)
        crc = crc32c(crc, parts[i].p, parts[i].n);
    codec_put32(p + FRAME_AT_CRC, crc);
    return crc;
}

void wal_put_mark(uint8_t p[WAL_FRAME_SIZE], uint32_t seed, uint64_t seq)
{
    (void)wal_put_record(p, seed, seq, NULL, 0, WAL_MARK);
}

/* ---- the bytes of a file, wherever they are ---- */

struct source {
    const uint8_t *p; /* NULL: it is a file */
    int fd;
    uint64_t size;
    uint8_t *buf; /* owned */
    size_t cap;
    uint64_t at; /* where in the file the buffer begins, and ... */
    size_t n;    /* ... how many bytes of it are there */
    struct err *err;
};

static int fill(struct source *s, uint64_t offset, size_t n)
{
    size_t want = BUFFER_SIZE > n ? BUFFER_SIZE : n;

    if (want > s->size)
        want = (size_t)s->size;
    s->n = 0;
    if (want > s->cap) {
        mem_free(s->buf);
        s->cap = 0;
        s->buf = mem_alloc(want);
        if (s->buf == NULL)
            return err_set(s->err, PT_ENOMEM, "no memory to read a log");
        s->cap = want;
    }
    want = s->cap < s->size - offset ? s->cap : (size_t)(s->size - offset);
    s->at = offset;
    int rc = io_pread(s->fd, s->buf, want, offset, &s->n, s->err);
    if (rc == 0 && s->n < n)
        rc = err_set(s->err, PT_EIO, "it became shorter while it was read");
    return rc;
}

/* n bytes at an offset, which are there by the size. Valid until the next call. */
static int window(struct source *s, uint64_t offset, size_t n, const uint8_t **ret)
{
    if (s->p != NULL) {
        *ret = s->p + offset;
        return 0;
    }
    if (offset < s->at || offset - s->at > s->n || n > s->n - (size_t)(offset - s->at)) {
        int rc = fill(s, offset, n);
        if (rc != 0)
            return rc;
    }
    *ret = s->buf + (size_t)(offset - s->at);
    return 0;
}

/* ---- frames ---- */

enum frame_kind { FRAME_NONE, FRAME_RECORD, FRAME_MARK };

struct frame {
    enum frame_kind kind;
    uint64_t size; /* with padding */
    const uint8_t *payload;
    uint32_t n, crc;
};

static bool is_zero(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] != 0)
            return false;
    return true;
}

static bool is_mark(const uint8_t *p, uint32_t seed)
{
    return codec_get32(p) == WAL_MARK && codec_get32(p + FRAME_AT_CRC) == head_crc(p, seed);
}

/* The next frame; FRAME_NONE if it breaks W2, W3 or W4. Its number is looked at first, so that
 * chance or malice seldom makes it read a payload in vain. */
static int get_frame(struct source *s, const struct wal_scan *scan, struct frame *ret)
{
    uint64_t offset = scan->end;
    const uint8_t *p;
    uint64_t left = s->size - offset;
    int rc;

    *ret = (struct frame){.kind = FRAME_NONE};
    if (left < WAL_FRAME_SIZE)
        return 0;
    if ((rc = window(s, offset, WAL_FRAME_SIZE, &p)) != 0)
        return rc;

    uint64_t seq = codec_get64(p + FRAME_AT_SEQ);
    uint32_t n = codec_get32(p);
    if (n == WAL_MARK) {
        if (seq == scan->last_seq && is_mark(p, wal_seed(scan->header)))
            *ret = (struct frame){.kind = FRAME_MARK, .size = WAL_FRAME_SIZE};
        return 0;
    }
    if (seq != scan->last_seq + 1 || n > WAL_PAYLOAD_MAX || wal_record_size(n) > left)
        return 0;
    if ((rc = window(s, offset, wal_record_size(n), &p)) != 0)
        return rc;
    uint32_t crc = crc32c(head_crc(p, scan->crc), p + WAL_FRAME_SIZE, n);
    if (codec_get32(p) != n || codec_get32(p + FRAME_AT_CRC) != crc ||
        !is_zero(p + WAL_FRAME_SIZE + n, -n & 7u))
        return 0;
    *ret = (struct frame){FRAME_RECORD, wal_record_size(n), p + WAL_FRAME_SIZE, n, crc};
    return 0;
}

/* ---- what follows the last sound frame ---- */

struct rest {
    uint64_t begin;    /* where it begins */
    uint64_t seq_min;  /* a mark with this number or a higher one proves damage */
    uint64_t used_end; /* behind the last byte that is not zero; 0: there is none */
    uint64_t proof;    /* where such a mark is; 0: nowhere */
};

/* A mark cannot have the number of a record for which there was no room. */
static bool proves_damage(const struct rest *r, const uint8_t *p, uint64_t offset, uint32_t seed)
{
    uint64_t seq = codec_get64(p + FRAME_AT_SEQ);

    return seq >= r->seq_min && seq - r->seq_min <= (offset - r->begin) / WAL_FRAME_SIZE &&
           is_mark(p, seed);
}

/* The bytes that are in the window; n is a multiple of 8, but at the end of the file. The second
 * half of a mark may lie beyond. */
static void search(struct rest *r, const uint8_t *p, size_t n, size_t n_there, uint64_t offset,
                   uint32_t seed)
{
    for (size_t i = 0; i < n; i += 8) {
        size_t step = n - i < 8 ? n - i : 8;

        if (is_zero(p + i, step))
            continue;
        r->used_end = offset + i + step;
        while (p[r->used_end - offset - 1] == 0)
            r->used_end--;
        if (r->proof == 0 && n_there - i >= WAL_FRAME_SIZE &&
            proves_damage(r, p + i, offset + i, seed))
            r->proof = offset + i;
    }
}

static int look_at_rest(struct source *s, uint32_t seed, struct rest *r)
{
    int rc = 0;

    for (uint64_t offset = r->begin; offset < s->size && rc == 0;) {
        const uint8_t *p;
        uint64_t left = s->size - offset;
        size_t n = left < BUFFER_SIZE / 2 ? (size_t)left : BUFFER_SIZE / 2;
        size_t n_there = left < n + 8 ? (size_t)left : n + 8;

        rc = window(s, offset, n_there, &p);
        if (rc == 0)
            search(r, p, n, n_there, offset, seed);
        offset += n;
    }
    return rc;
}

static int judge_rest(struct source *s, const struct wal_reading *how, struct wal_scan *scan)
{
    struct rest r = {.begin = scan->end, .seq_min = scan->last_seq + 1};
    unsigned long long offset = scan->end, seq = r.seq_min;
    int rc = look_at_rest(s, wal_seed(scan->header), &r);

    if (rc != 0)
        return rc;
    if (r.proof != 0)
        return err_set(s->err, PT_ECORRUPT,
                       "offset %llu: damaged; record %llu should be there, which was on disk by "
                       "the mark at offset %llu",
                       offset, seq, (unsigned long long)r.proof);
    if (r.used_end != 0 && !how->may_be_torn)
        return err_set(s->err, PT_ECORRUPT,
                       "offset %llu: damaged; record %llu or the end should be there, and a later "
                       "file exists",
                       offset, seq);
    scan->torn = r.used_end != 0 ? r.used_end - scan->end : 0;
    return 0;
}

/* ---- the whole file ---- */

static int check_header(struct source *s, const struct wal_reading *how, struct wal_scan *scan)
{
    const uint8_t *p = scan->header;

    if (memcmp(p, magic, sizeof(magic)) != 0)
        return err_set(s->err, PT_ECORRUPT, "offset 0: it does not begin as a log does");
    if (codec_get32(p + AT_CRC) != crc32c(0, p, AT_CRC))
        return err_set(s->err, PT_ECORRUPT, "offset 0: the header is damaged");
    if (codec_get32(p + AT_VERSION) != WAL_VERSION)
        return err_set(s->err, PT_EVERSION, "log of version %u; this program reads version %u",
                       codec_get32(p + AT_VERSION), WAL_VERSION);
    scan->first_seq = codec_get64(p + AT_FIRST_SEQ);
    if (how->id != NULL && memcmp(p + AT_ID, how->id, WAL_ID_SIZE) != 0)
        return err_set(s->err, PT_ECORRUPT, "offset %d: it belongs to another store", AT_ID);
    if (scan->first_seq == 0 || scan->first_seq > WAL_SEQ_MAX ||
        (how->first_seq != 0 && scan->first_seq != how->first_seq))
        return err_set(s->err, PT_ECORRUPT, "offset %d: its first record is %llu by its header",
                       AT_FIRST_SEQ, (unsigned long long)scan->first_seq);
    if (!is_zero(p + 12, 4) || !is_zero(p + 40, AT_CRC - 40))
        return err_set(s->err, PT_ECORRUPT, "offset 12: the header has bytes that should be 0");
    return 0;
}

static int read_header(struct source *s, const struct wal_reading *how, struct wal_scan *scan)
{
    const uint8_t *p;
    int rc;

    if (s->size < WAL_HEADER_SIZE)
        return err_set(s->err, PT_ECORRUPT, "offset 0: it is shorter than the header of a log");
    rc = window(s, 0, WAL_HEADER_SIZE, &p);
    if (rc != 0)
        return rc;
    memcpy(scan->header, p, WAL_HEADER_SIZE);
    return check_header(s, how, scan);
}

static int take_record(const struct wal_reading *how, const struct frame *f, struct wal_scan *scan)
{
    scan->last_seq++;
    scan->crc = f->crc;
    if (how->replay == NULL || scan->last_seq <= how->covered)
        return 0;
    scan->n_handed++;
    return how->replay(how->ctx, scan->last_seq, f->payload, f->n);
}

static int scan_source(struct source *s, const struct wal_reading *how, struct wal_scan *ret)
{
    struct wal_scan scan = {.end = WAL_HEADER_SIZE, .synced_end = WAL_HEADER_SIZE};
    struct frame f;
    int rc = read_header(s, how, &scan);

    if (rc != 0)
        return rc;
    scan.last_seq = scan.synced_seq = scan.first_seq - 1;
    scan.crc = scan.synced_crc = wal_seed(scan.header);
    while ((rc = get_frame(s, &scan, &f)) == 0 && f.kind != FRAME_NONE) {
        scan.end += f.size;
        if (f.kind == FRAME_MARK) {
            scan.synced_seq = scan.last_seq;
            scan.synced_end = scan.end;
            scan.synced_crc = scan.crc;
        } else if ((rc = take_record(how, &f, &scan)) != 0) {
            return rc;
        }
    }
    if (rc == 0)
        rc = judge_rest(s, how, &scan);
    if (rc == 0)
        *ret = scan;
    return rc;
}

int wal_scan_fd(int fd, uint64_t size, const struct wal_reading *how, struct wal_scan *ret,
                struct err *err)
{
    struct source s = {.fd = fd, .size = size, .err = err};
    int rc = scan_source(&s, how, ret);

    mem_free(s.buf);
    return rc;
}

int wal_scan(const uint8_t *p, size_t n, const struct wal_reading *how, struct wal_scan *ret,
             struct err *err)
{
    static const uint8_t nothing[1];
    struct source s = {.p = n > 0 ? p : nothing, .fd = -1, .size = n, .err = err};

    return scan_source(&s, how, ret);
}
