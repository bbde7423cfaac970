#include "store/wal.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/sort.h"
#include "base/vec.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NAME_PREFIX "log-"
#define NAME_SUFFIX ".isl"
#define NAME_DIGITS 16
#define SET_ASIDE_MAX 1000u

#define AHEAD ((uint64_t)256 << 10) /* space taken in advance */
#define ZEROS ((size_t)64 << 10)
#define PARTS_MORE (2 + AHEAD / ZEROS + 1) /* head, padding, zeros */

struct log_file {
    uint64_t first_seq;
    uint64_t bytes; /* of the newest: unused, see `end` */
};

struct wal {
    char *dir; /* owned */
    struct buf path;
    uint8_t id[WAL_ID_SIZE];
    enum wal_durability durability;
    uint64_t interval_ns, file_bytes;
    VEC(struct log_file) files; /* ascending; the last is the newest */
    VEC(struct io_part) parts;  /* of the write at hand */

    /* The newest file. */
    int fd;             /* -1: there is none yet */
    uint32_t seed, crc; /* what the checksums of marks and of the next record begin with */
    uint64_t end;       /* where the next frame goes */
    uint64_t filled;    /* from there to here are zeros */
    bool is_complete;   /* it gets no more records, even if the next file cannot be made now */

    uint64_t last_seq;
    uint64_t synced_seq, synced_end; /* the last sync, and the mark that says so */
    uint32_t synced_crc;             /* `crc` of then */
    uint64_t unsynced_since_ns;      /* if last_seq > synced_seq */
    struct err failure;              /* code 0: not in the failed state */
};

static const uint8_t zeros[ZEROS];

/* ---- names ---- */

/* Of the file in the directory; NULL if memory is short. Valid until the next call. */
static const char *path_of(struct wal *w, uint64_t first_seq, struct err *err)
{
    buf_reset(&w->path);
    buf_printf(&w->path, "%s/" NAME_PREFIX "%016" PRIx64 NAME_SUFFIX, w->dir, first_seq);
    if (w->path.failed) {
        (void)err_set(err, PT_ENOMEM, "no memory for a path");
        return NULL;
    }
    return buf_cstr(&w->path);
}

static bool parse_name(const char *name, uint64_t *ret)
{
    struct slice s = slice_from(name);
    uint64_t v = 0;

    if (s.n != strlen(NAME_PREFIX NAME_SUFFIX) + NAME_DIGITS ||
        !slice_starts(s, SLICE(NAME_PREFIX)) || !slice_ends(s, SLICE(NAME_SUFFIX)))
        return false;
    for (size_t i = strlen(NAME_PREFIX); i < strlen(NAME_PREFIX) + NAME_DIGITS; i++) {
        char c = s.p[i];
        if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f'))
            return false;
        v = v << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    *ret = v;
    return true;
}

struct listing {
    VEC(uint64_t) firsts;
    struct err *err;
};

static int list_entry(void *ctx, const char *name, enum io_kind kind)
{
    struct listing *l = ctx;
    uint64_t first;

    if (!parse_name(name, &first))
        return 0;
    if (kind != IO_FILE)
        return err_set(l->err, PT_ECORRUPT, "%s is no regular file", name);
    return vec_push(&l->firsts, first) ? 0 : err_set(l->err, PT_ENOMEM, "no memory for a list");
}

/* The first sequence numbers of all files, ascending. The caller releases them. */
static int list_files(const char *dir, struct listing *ret, struct err *err)
{
    int fd;
    int rc = io_open_dir(dir, &fd, err);

    *ret = (struct listing){.err = err};
    if (rc != 0)
        return rc;
    rc = io_list(fd, list_entry, ret, err);
    io_close(fd);
    if (rc == 0 && !sort_u64(ret->firsts.at, ret->firsts.len))
        rc = err_set(err, PT_ENOMEM, "no memory for a list");
    if (rc != 0)
        vec_release(&ret->firsts);
    return rc;
}

/* ---- failures ---- */

/* May it go well the next time, with nothing else being done? */
static bool is_passing(int rc)
{
    return rc == PT_ENOSPC || rc == PT_ENOMEM || rc == PT_ELIMIT;
}

/* Enters the failed state. What was appended since the last sync was not acknowledged under
 * `commit`, and must not come back. */
static void fail(struct wal *w, int rc, const struct err *why)
{
    w->failure = *why;
    w->failure.code = rc;
    if (w->durability != WAL_COMMIT)
        return;
    (void)io_truncate(w->fd, w->synced_end, NULL);
    w->end = w->filled = w->synced_end;
    w->last_seq = w->synced_seq;
    w->crc = w->synced_crc;
}

static int check_usable(const struct wal *w, struct err *err)
{
    if (w->failure.code == 0)
        return 0;
    return err_set(err, w->failure.code, "the log failed before (%s); it must be opened again",
                   w->failure.msg);
}

/* ---- the newest file ---- */

/* As many zeros behind the frame as are to be there afterwards. */
static size_t add_zeros(struct wal *w, size_t n_parts, uint64_t n)
{
    while (n > 0) {
        size_t step = n < ZEROS ? (size_t)n : ZEROS;
        w->parts.at[n_parts++] = (struct io_part){zeros, step};
        n -= step;
    }
    return n_parts;
}

/* Where the zeros behind a frame that ends there shall end: at `filled`, if the frame leaves room
 * for a mark. */
static uint64_t fill_end(const struct wal *w, uint64_t frame_end)
{
    uint64_t at_least = frame_end + WAL_FRAME_SIZE, ahead = frame_end + AHEAD;

    if (at_least <= w->filled)
        return frame_end;
    if (ahead > w->file_bytes)
        ahead = w->file_bytes;
    return ahead > at_least ? ahead : at_least;
}

/* The parts of one frame, which w->parts has from index 1 on, go to the end of the file. After a
 * failure nothing of them is left. */
static int write_frame(struct wal *w, size_t n_parts, size_t size, struct err *err)
{
    struct err why = {0};
    uint64_t frame_end = w->end + size, zeros_end = fill_end(w, frame_end);

    n_parts = add_zeros(w, n_parts, zeros_end - frame_end);
    int rc = io_write_at(w->fd, w->end, w->parts.at, n_parts, &why);
    if (rc == 0) {
        w->end = frame_end;
        if (zeros_end > w->filled)
            w->filled = zeros_end;
        return 0;
    }
    w->filled = w->end;
    if (io_truncate(w->fd, w->end, NULL) != 0 || !is_passing(rc))
        fail(w, rc, &why);
    return err_set(err, rc, "%s/" NAME_PREFIX "%016" PRIx64 NAME_SUFFIX ": %s", w->dir,
                   vec_last(&w->files).first_seq, why.msg);
}

/* All records are on disk: says so. If that cannot be written now, nothing is lost; but no part of
 * it may stay, as it would look like damage in a file that others follow. */
static void put_mark(struct wal *w)
{
    uint8_t mark[WAL_FRAME_SIZE];
    struct io_part part = {mark, sizeof(mark)};
    struct err why = {0};

    w->synced_seq = w->last_seq;
    w->synced_end = w->end;
    w->synced_crc = w->crc;
    wal_put_mark(mark, w->seed, w->last_seq);
    int rc = io_write_at(w->fd, w->end, &part, 1, &why);
    if (rc != 0) {
        w->filled = w->end;
        if (io_truncate(w->fd, w->end, NULL) != 0)
            fail(w, rc, &why);
        return;
    }
    w->end += sizeof(mark);
    w->synced_end = w->end;
    if (w->filled < w->end)
        w->filled = w->end;
}

int wal_sync(struct wal *w, struct err *err)
{
    struct err why = {0};
    int rc = check_usable(w, err);

    if (rc != 0 || w->synced_seq == w->last_seq)
        return rc;
    rc = io_sync(w->fd, &why);
    if (rc != 0) {
        fail(w, rc, &why);
        return err_set(err, rc, "%s: log: %s", w->dir, why.msg);
    }
    put_mark(w);
    return 0;
}

uint64_t wal_due_ns(const struct wal *w)
{
    if (w->durability != WAL_INTERVAL || w->synced_seq == w->last_seq || w->failure.code != 0)
        return UINT64_MAX;
    return w->unsynced_since_ns + w->interval_ns;
}

int wal_commit(struct wal *w, struct err *err)
{
    if (w->durability == WAL_COMMIT ||
        (w->durability == WAL_INTERVAL && clock_now_ns() >= wal_due_ns(w)))
        return wal_sync(w, err);
    return check_usable(w, err);
}

/* ---- files ---- */

/* Begins the file whose first record is the next one. It appears with its header, or not at all. */
static int create_file(struct wal *w, struct err *err)
{
    uint8_t header[WAL_HEADER_SIZE];
    struct io_part part = {header, sizeof(header)};
    uint64_t first = w->last_seq + 1;
    const char *path = path_of(w, first, err);
    int fd;

    if (path == NULL)
        return PT_ENOMEM;
    if (!vec_reserve(&w->files, (uint64_t)w->files.len + 1))
        return err_set(err, PT_ENOMEM, "no memory for a log file");
    wal_put_header(header, w->id, first);
    int rc = io_write_atomic(path, &part, 1, err);
    if (rc == 0)
        rc = io_open(IO_CWD, path, O_RDWR | O_NOFOLLOW, 0, &fd, err);
    if (rc != 0)
        return rc;
    w->files.at[w->files.len++] = (struct log_file){.first_seq = first};
    io_close(w->fd);
    w->fd = fd;
    w->seed = w->crc = w->synced_crc = wal_seed(header);
    w->end = w->filled = w->synced_end = WAL_HEADER_SIZE;
    w->synced_seq = w->last_seq;
    w->is_complete = false;
    return 0;
}

/* The file before, which from then on must be whole, is brought to disk to its last byte: its mark
 * too, and what was cut off behind an append that failed. When this has failed after the new file
 * got its name, no record may go to the old one. */
static int begin_file(struct wal *w, struct err *err)
{
    struct err why = {0};
    int rc = wal_sync(w, err);

    if (rc != 0 || (rc = check_usable(w, err)) != 0)
        return rc;
    rc = io_sync(w->fd, &why);
    if (rc == 0) {
        w->is_complete = true;
        vec_last(&w->files).bytes = w->end;
        rc = create_file(w, &why);
        if (rc == 0)
            return 0;
        if (is_passing(rc))
            return err_set(err, rc, "%s", why.msg);
    }
    fail(w, rc, &why);
    return err_set(err, rc, "%s", why.msg);
}

int wal_rotate(struct wal *w, struct err *err)
{
    int rc = check_usable(w, err);

    if (rc != 0 || vec_last(&w->files).first_seq == w->last_seq + 1)
        return rc;
    return begin_file(w, err);
}

static bool is_full(const struct wal *w, size_t size)
{
    return w->is_complete ||
           (w->end + size > w->file_bytes && vec_last(&w->files).first_seq <= w->last_seq);
}

/* ---- appending ---- */

static int total_of(const struct io_part *parts, size_t n_parts, size_t *ret, struct err *err)
{
    size_t n = 0;

    for (size_t i = 0; i < n_parts; i++) {
        if (parts[i].n > WAL_PAYLOAD_MAX - n)
            return err_set(err, PT_ELIMIT, "a record of more than %zu MB", WAL_PAYLOAD_MAX >> 20);
        n += parts[i].n;
    }
    *ret = n;
    return 0;
}

int wal_append(struct wal *w, const struct io_part *parts, size_t n_parts, uint64_t *ret_seq,
               struct err *err)
{
    uint8_t head[WAL_FRAME_SIZE];
    size_t n;
    int rc;

    if ((rc = check_usable(w, err)) != 0 || (rc = total_of(parts, n_parts, &n, err)) != 0)
        return rc;

    size_t size = wal_record_size(n);
    if (!vec_reserve(&w->parts, (uint64_t)n_parts + PARTS_MORE))
        return err_set(err, PT_ENOMEM, "no memory for a record");
    if (is_full(w, size) && (rc = begin_file(w, err)) != 0)
        return rc;
    uint32_t crc = wal_put_record(head, w->crc, w->last_seq + 1, parts, n_parts, (uint32_t)n);
    w->parts.at[0] = (struct io_part){head, sizeof(head)};
    if (n_parts > 0)
        memcpy(w->parts.at + 1, parts, n_parts * sizeof(*parts));
    w->parts.at[n_parts + 1] = (struct io_part){zeros, size - sizeof(head) - n};
    rc = write_frame(w, n_parts + 2, size, err);
    if (rc != 0)
        return rc;
    if (w->synced_seq == w->last_seq)
        w->unsynced_since_ns = clock_now_ns();
    w->last_seq++;
    w->crc = crc;
    if (ret_seq != NULL)
        *ret_seq = w->last_seq;
    return 0;
}

/* ---- forgetting ---- */

int wal_forget(struct wal *w, uint64_t upto, struct err *err)
{
    uint32_t n = 0;
    int rc = 0;

    while (n + 1 < w->files.len && w->files.at[n + 1].first_seq - 1 <= upto && rc == 0) {
        const char *path = path_of(w, w->files.at[n].first_seq, err);

        rc = path != NULL ? io_remove(IO_CWD, path, err) : PT_ENOMEM;
        if (rc == PT_ENOENT)
            rc = 0;
        n += rc == 0;
    }
    if (n == 0)
        return rc;
    w->files.len -= n;
    memmove(w->files.at, w->files.at + n, w->files.len * sizeof(*w->files.at));
    int sync_rc = io_sync_dir(w->dir, rc == 0 ? err : NULL);
    return rc != 0 ? rc : sync_rc;
}

bool wal_has_failed(const struct wal *w)
{
    return w->failure.code != 0;
}

uint64_t wal_last_seq(const struct wal *w)
{
    return w->last_seq;
}

uint64_t wal_synced_seq(const struct wal *w)
{
    return w->synced_seq;
}

uint64_t wal_bytes(const struct wal *w)
{
    uint64_t sum = w->end;

    for (uint32_t i = 0; i + 1 < w->files.len; i++)
        sum += w->files.at[i].bytes;
    return sum;
}

/* ---- recovery ---- */

struct recovery {
    struct wal *w;
    const struct wal_options *o;
    bool read_only;
    wal_replay_fn replay;
    void *ctx;
    int replay_rc;        /* not 0: it wants to stop */
    struct wal_scan scan; /* of the newest file, in the end */
    uint64_t size;        /* of the same */
    struct wal_report report;
    struct err *err;
};

static int hand_out(void *ctx, uint64_t seq, const uint8_t *payload, size_t n)
{
    struct recovery *r = ctx;

    r->replay_rc = r->replay != NULL ? r->replay(r->ctx, seq, payload, n) : 0;
    return r->replay_rc;
}

static int refuse(const struct recovery *r, int rc, const char *path)
{
    struct err why = *r->err;

    if (r->replay_rc != 0)
        return rc;
    if (rc == PT_ECORRUPT)
        return err_set(r->err, rc, "%s: %s. All files were kept; '" WAL_REBUILD "' starts anew",
                       path, why.msg);
    if (rc == PT_EVERSION)
        return err_set(r->err, rc, "%s: %s", path, why.msg);
    return rc;
}

/* Scans the i-th file, and leaves the newest open. */
static int scan_file(struct recovery *r, uint32_t i)
{
    struct wal *w = r->w;
    struct log_file *f = &w->files.at[i];
    bool is_newest = i + 1 == w->files.len;
    struct wal_reading how = {.id = w->id,
                              .first_seq = f->first_seq,
                              .may_be_torn = is_newest,
                              .covered = r->o->covered,
                              .replay = hand_out,
                              .ctx = r};
    const char *path = path_of(w, f->first_seq, r->err);
    struct io_stat st;
    int fd;
    int rc;

    if (path == NULL)
        return PT_ENOMEM;
    int mode = r->read_only ? O_RDONLY : O_RDWR;
    if ((rc = io_open(IO_CWD, path, mode | O_NOFOLLOW, 0, &fd, r->err)) != 0)
        return rc;
    rc = io_stat_fd(fd, &st, r->err);
    if (rc == 0)
        rc = wal_scan_fd(fd, st.size, &how, &r->scan, r->err);
    if (rc == 0 && !is_newest && r->scan.last_seq != f[1].first_seq - 1)
        rc = err_set(r->err, PT_ECORRUPT,
                     "offset %" PRIu64 ": the last record is %" PRIu64
                     ", but the next file begins with %" PRIu64,
                     r->scan.end, r->scan.last_seq, f[1].first_seq);
    if (rc == 0 && is_newest)
        w->fd = fd;
    else
        io_close(fd);
    if (rc != 0)
        return refuse(r, rc, path);
    f->bytes = r->scan.end;
    r->size = st.size;
    r->report.records += r->scan.n_handed;
    return 0;
}

/* The file that has the first record that the snapshot does not cover; those before are not read,
 * and none of them is missed. */
static int find_first_file(const struct recovery *r, uint32_t *ret)
{
    const struct wal *w = r->w;
    uint32_t i = w->files.len;

    while (i > 0 && w->files.at[i - 1].first_seq - 1 > r->o->covered)
        i--;
    if (i == 0)
        return err_set(r->err, PT_ECORRUPT,
                       "%s: the log begins with record %" PRIu64 ", and record %" PRIu64
                       " is needed. All files were kept; '" WAL_REBUILD "' starts anew",
                       w->dir, w->files.at[0].first_seq, r->o->covered + 1);
    *ret = i - 1;
    return 0;
}

static int scan_files(struct recovery *r)
{
    struct wal *w = r->w;
    uint32_t first = 0;
    int rc = find_first_file(r, &first);

    for (uint32_t i = 0; rc == 0 && i < first; i++) {
        struct io_stat st;
        const char *path = path_of(w, w->files.at[i].first_seq, r->err);

        rc = path != NULL ? io_stat(IO_CWD, path, &st, r->err) : PT_ENOMEM;
        if (rc == 0)
            w->files.at[i].bytes = st.size;
    }
    for (uint32_t i = first; rc == 0 && i < w->files.len; i++)
        rc = scan_file(r, i);
    return rc;
}

/* ---- mending: what was found may be relied on only when it is on disk ---- */

struct rewrite {
    struct wal *w;
    uint64_t at;
    uint32_t crc;
    struct err *err;
};

static int rewrite_record(void *ctx, uint64_t seq, const uint8_t *payload, size_t n)
{
    struct rewrite *r = ctx;
    uint8_t head[WAL_FRAME_SIZE];
    struct io_part parts[] = {
        {head, sizeof(head)}, {payload, n}, {zeros, wal_record_size(n) - sizeof(head) - n}};

    r->crc = wal_put_record(head, r->crc, seq, parts + 1, 1, (uint32_t)n);
    int rc = io_write_at(r->w->fd, r->at, parts, PT_COUNT(parts), r->err);
    r->at += wal_record_size(n);
    return rc;
}

static int rewrite_mark(struct recovery *r)
{
    uint8_t mark[WAL_FRAME_SIZE];
    struct io_part part = {mark, sizeof(mark)};

    wal_put_mark(mark, r->w->seed, r->scan.synced_seq);
    return io_write_at(r->w->fd, r->scan.synced_end - sizeof(mark), &part, 1, r->err);
}

/* The last mark and what is behind it may be in the system's cache alone, on pages that it takes
 * for clean (L6): writing the same bytes again makes the next sync mean something. */
static int rewrite_unconfirmed(struct recovery *r)
{
    struct rewrite to = {r->w, r->scan.synced_end, r->scan.synced_crc, r->err};
    struct wal_reading how = {
        .may_be_torn = true, .covered = r->scan.synced_seq, .replay = rewrite_record, .ctx = &to};
    struct wal_scan again;
    int rc = r->scan.synced_end > WAL_HEADER_SIZE ? rewrite_mark(r) : 0;

    if (rc != 0 || r->scan.end == r->scan.synced_end)
        return rc;
    rc = wal_scan_fd(r->w->fd, r->scan.end, &how, &again, r->err);
    if (rc == 0 && again.end != r->scan.end)
        rc = err_set(r->err, PT_EIO, "the log changed while it was read");
    return rc;
}

static int mend(struct recovery *r)
{
    struct wal *w = r->w;
    const struct wal_scan *s = &r->scan;
    bool is_confirmed = s->end == s->synced_end;
    /* The size of the file too may be one that the disk never learnt of. */
    bool is_cut = s->torn || !is_confirmed;
    int rc = 0;

    w->seed = wal_seed(s->header);
    w->crc = s->crc;
    w->end = s->end;
    w->filled = is_cut ? s->end : r->size;
    w->last_seq = s->last_seq;
    if (is_cut)
        rc = io_truncate(w->fd, s->end, r->err);
    if (rc == 0)
        rc = rewrite_unconfirmed(r);
    if (rc == 0 && is_cut)
        rc = io_sync(w->fd, r->err);
    if (rc != 0)
        return rc;
    w->synced_seq = s->last_seq;
    w->synced_end = s->end;
    w->synced_crc = s->crc;
    if (!is_confirmed)
        put_mark(w);
    return 0;
}

/* The newest file has no frames: who made it may have failed, or ended, before its name was on
 * disk. A new one gets the name. (A file gets its first frame only when its name is on disk.) */
static int make_anew(struct recovery *r)
{
    r->w->last_seq = r->scan.last_seq;
    r->w->files.len--;
    return create_file(r->w, r->err);
}

static void write_report(struct recovery *r)
{
    struct wal_report *p = &r->report;

    p->files = r->w->files.len;
    p->bytes = wal_bytes(r->w);
    p->last_seq = r->w->last_seq;
    p->torn = r->scan.torn;
    if (p->torn)
        (void)snprintf(p->notice, sizeof(p->notice),
                       "the log ended in %" PRIu64
                       " bytes that were not wholly written (file " NAME_PREFIX
                       "%016" PRIx64 NAME_SUFFIX ", offset %" PRIu64
                       "); it was cut there, behind record %" PRIu64,
                       p->torn, r->scan.first_seq, r->scan.end, r->scan.last_seq);
}

static int recover(struct recovery *r)
{
    struct wal *w = r->w;
    int rc = scan_files(r);

    if (rc == 0)
        rc = r->scan.end == WAL_HEADER_SIZE ? make_anew(r) : mend(r);
    if (rc != 0)
        return rc;
    write_report(r);
    if (w->last_seq >= r->o->covered)
        return 0;
    /* The snapshot knows more than the log, which was not synced: the numbers go on from there. */
    w->last_seq = w->synced_seq = r->o->covered;
    rc = begin_file(w, r->err);
    write_report(r);
    return rc;
}

/* ---- life ---- */

static void free_wal(struct wal *w)
{
    io_close(w->fd);
    vec_release(&w->files);
    vec_release(&w->parts);
    buf_release(&w->path);
    mem_free(w->dir);
    mem_free(w);
}

static int find_files(struct wal *w, struct err *err)
{
    struct listing l = {0};
    int rc = list_files(w->dir, &l, err);

    if (rc != 0)
        return rc;
    for (uint32_t i = 0; i < l.firsts.len && rc == 0; i++)
        if (!vec_push(&w->files, (struct log_file){.first_seq = l.firsts.at[i]}))
            rc = err_set(err, PT_ENOMEM, "no memory for a list");
    vec_release(&l.firsts);
    return rc;
}

static int open_files(struct recovery *r)
{
    struct wal *w = r->w;
    int rc = r->read_only ? 0 : io_remove_temps(w->dir, r->err);

    if (rc == 0)
        rc = find_files(w, r->err);
    if (rc != 0)
        return rc;
    if (w->files.len > 0)
        return r->read_only ? scan_files(r) : recover(r);
    if (!r->o->create)
        return err_set(r->err, PT_ENOENT, "%s: there is no log", w->dir);
    if (r->read_only)
        return 0;
    w->last_seq = r->o->covered;
    rc = create_file(w, r->err);
    if (rc == 0)
        write_report(r);
    return rc;
}

static struct wal *new_wal(const char *dir, const struct wal_options *o)
{
    struct wal *w = mem_calloc(1, sizeof(*w));

    if (w == NULL)
        return NULL;
    w->fd = -1;
    w->durability = o->durability;
    w->interval_ns = o->interval_ms * CLOCK_NS_PER_MS;
    w->file_bytes = o->file_bytes != 0 ? o->file_bytes : WAL_FILE_BYTES;
    memcpy(w->id, o->id, WAL_ID_SIZE);
    w->dir = mem_strdup(dir);
    if (w->dir == NULL) {
        free_wal(w);
        return NULL;
    }
    return w;
}

int wal_open(const char *dir, const struct wal_options *o, wal_replay_fn replay, void *ctx,
             struct wal **ret, struct wal_report *report, struct err *err)
{
    struct err why = {0};
    struct recovery r = {
        .w = new_wal(dir, o), .o = o, .replay = replay, .ctx = ctx, .err = err ? err : &why};

    if (r.w == NULL)
        return err_set(err, PT_ENOMEM, "no memory for a log");
    int rc = open_files(&r);
    if (rc != 0) {
        free_wal(r.w);
        return rc;
    }
    *ret = r.w;
    if (report != NULL)
        *report = r.report;
    return 0;
}

int wal_read(const char *dir, const struct wal_options *o, wal_replay_fn replay, void *ctx,
             struct wal_report *report, struct err *err)
{
    struct err why = {0};
    struct recovery r = {.w = new_wal(dir, o),
                         .o = o,
                         .read_only = true,
                         .replay = replay,
                         .ctx = ctx,
                         .err = err ? err : &why};

    if (r.w == NULL)
        return err_set(err, PT_ENOMEM, "no memory for a log");
    int rc = open_files(&r);
    if (rc == 0 && report != NULL) {
        r.report.files = r.w->files.len;
        for (uint32_t i = 0; i < r.w->files.len; i++)
            r.report.bytes += r.w->files.at[i].bytes;
        r.report.last_seq = r.scan.last_seq > o->covered ? r.scan.last_seq : o->covered;
        r.report.torn = r.scan.torn;
        *report = r.report;
    }
    free_wal(r.w);
    return rc;
}

void wal_skip(struct wal *w, uint64_t upto)
{
    w->last_seq = w->synced_seq = upto;
    w->is_complete = true;
}

int wal_close(struct wal *w, struct err *err)
{
    if (w == NULL)
        return 0;
    int rc = wal_sync(w, err);
    free_wal(w);
    return rc;
}

static int set_aside(const char *dir, uint64_t first, struct buf *names, struct err *err)
{
    struct buf from = {0}, to = {0};
    int rc = PT_ELIMIT;

    buf_printf(&from, "%s/" NAME_PREFIX "%016" PRIx64 NAME_SUFFIX, dir, first);
    for (unsigned i = 1; i <= SET_ASIDE_MAX && rc == PT_ELIMIT; i++) {
        buf_reset(&to);
        buf_printf(&to, "%s/" NAME_PREFIX "%016" PRIx64 NAME_SUFFIX ".damaged-%u", dir, first, i);
        if (from.failed || to.failed)
            rc = err_set(err, PT_ENOMEM, "no memory for a path");
        else if (!io_exists(IO_CWD, buf_cstr(&to)))
            rc = io_rename(buf_cstr(&from), buf_cstr(&to), err);
    }
    if (rc == PT_ELIMIT)
        rc = err_set(err, PT_ELIMIT, "%s: too many damaged logs are set aside already", dir);
    if (rc == 0 && names != NULL) {
        if (names->n > 0)
            buf_char(names, ' ');
        buf_str(names, strrchr(buf_cstr(&to), '/') + 1);
    }
    buf_release(&from);
    buf_release(&to);
    return rc;
}

int wal_set_aside(const char *dir, struct buf *names, struct err *err)
{
    struct listing l = {0};
    int rc = list_files(dir, &l, err);

    if (rc != 0)
        return rc;
    /* The oldest first: what is left after a failure is seen to lack its beginning. */
    for (uint32_t i = 0; i < l.firsts.len && rc == 0; i++)
        rc = set_aside(dir, l.firsts.at[i], names, err);
    vec_release(&l.firsts);
    return rc != 0 ? rc : io_sync_dir(dir, err);
}
