/* The log against the calls that it cannot do without: append and commit against a bare write and
 * fdatasync of the same bytes, recovery against a plain read and CRC32C of the same files. The ways
 * take turns in one run.
 *
 *   wal [MEGABYTES]      size of the log that is recovered; default 64
 *
 * It works in the current directory: that of the disk that is meant.
 */
#include "store/wal.h"
#include "base/clock.h"
#include "base/codec.h"
#include "base/mem.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define COMMITS 2000u
#define CHUNK ((size_t)1 << 20)
#define RECORD 6000u

static uint8_t payload[1 << 20];

static void die(const char *what, const struct err *err)
{
    (void)fprintf(stderr, "wal: %s: %s\n", what, err->msg);
    exit(1);
}

static int cmp_u64(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* ---- commits ---- */

enum way { WAY_BARE, WAY_PREPARED, WAY_WAL, WAYS };

static const char *const way_names[] = {"write + fdatasync, growing file",
                                        "write + fdatasync, file of zeros", "append + commit"};

struct plain {
    int fd;
    uint64_t at;
};

static struct plain open_plain(const char *dir, const char *name, uint64_t n_zeros)
{
    char path[96];
    struct plain ret = {0};
    struct io_part part = {mem_calloc(1, n_zeros), n_zeros};
    struct err err = {0};

    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    if (part.p == NULL || io_open(IO_CWD, path, O_RDWR | O_CREAT, 0600, &ret.fd, &err) != 0 ||
        io_write_at(ret.fd, 0, &part, 1, &err) != 0 || io_sync(ret.fd, &err) != 0)
        die("a plain file", &err);
    mem_free((void *)(uintptr_t)part.p);
    return ret;
}

static void one_commit(enum way way, struct plain plains[2], struct wal *w, size_t size)
{
    struct io_part part = {payload, size};
    struct plain *p = &plains[way == WAY_PREPARED];
    struct err err = {0};
    int rc;

    if (way == WAY_WAL) {
        rc = wal_append(w, &part, 1, NULL, &err);
        if (rc == 0)
            rc = wal_commit(w, &err);
    } else {
        part.n = wal_record_size(size);
        rc = io_write_at(p->fd, p->at, &part, 1, &err);
        p->at += part.n;
        if (rc == 0)
            rc = io_sync(p->fd, &err);
    }
    if (rc != 0)
        die(way_names[way], &err);
}

static void commits_of(const char *dir, size_t size)
{
    static uint64_t ns[WAYS][COMMITS];
    struct plain plains[2] = {
        open_plain(dir, "bare", 0),
        open_plain(dir, "prepared", (uint64_t)COMMITS * wal_record_size(size)),
    };
    struct wal_options o = {.create = true};
    uint64_t bare50 = 1, bare99 = 1;
    struct wal *w;
    struct err err = {0};

    if (wal_open(dir, &o, NULL, NULL, &w, NULL, &err) != 0)
        die("open", &err);
    for (uint32_t i = 0; i < COMMITS; i++)
        for (int way = 0; way < WAYS; way++) {
            uint64_t t0 = clock_now_ns();
            one_commit((enum way)way, plains, w, size);
            ns[way][i] = clock_now_ns() - t0;
        }
    (void)printf("%u commits of %zu bytes\n", COMMITS, size);
    for (int way = 0; way < WAYS; way++) {
        uint64_t *t = ns[way];
        qsort(t, COMMITS, sizeof(*t), cmp_u64);
        uint64_t p50 = t[COMMITS / 2], p99 = t[COMMITS - COMMITS / 100];
        (void)printf("  %-34s p50 %6" PRIu64 " us  p99 %6" PRIu64 " us  max %6" PRIu64 " us",
                     way_names[way], p50 / 1000, p99 / 1000, t[COMMITS - 1] / 1000);
        if (way == WAY_BARE) {
            bare50 = p50;
            bare99 = p99;
        } else {
            (void)printf("  (x%.2f, x%.2f of the first)", (double)p50 / (double)bare50,
                         (double)p99 / (double)bare99);
        }
        (void)printf("\n");
    }
    for (int i = 0; i < 2; i++)
        io_close(plains[i].fd);
    if (wal_close(w, &err) != 0)
        die("close", &err);
}

/* ---- recovery ---- */

static int swallow(void *ctx, uint64_t seq, const uint8_t *p, size_t n)
{
    (void)p;
    *(uint64_t *)ctx += n + (seq == 0);
    return 0;
}

struct listing {
    const char *dir;
    uint8_t *buf;
    uint64_t bytes;
    uint32_t crc;
    bool removes;
};

static int read_file(void *ctx, const char *name, enum io_kind kind)
{
    struct listing *l = ctx;
    char path[160];
    size_t n = 1;
    int fd;

    (void)kind;
    (void)snprintf(path, sizeof(path), "%s/%s", l->dir, name);
    if (l->removes)
        return io_remove(IO_CWD, path, NULL);
    if (strncmp(name, "log-", 4) != 0 || io_open(IO_CWD, path, O_RDONLY, 0, &fd, NULL) != 0)
        return 0;
    for (uint64_t at = 0; n > 0 && io_pread(fd, l->buf, CHUNK, at, &n, NULL) == 0; at += n) {
        l->crc = crc32c(l->crc, l->buf, n);
        l->bytes += n;
    }
    io_close(fd);
    return 0;
}

static void each_file(struct listing *l)
{
    struct err err = {0};
    int fd;

    if (io_open_dir(l->dir, &fd, &err) != 0 || io_list(fd, read_file, l, &err) != 0)
        die("list", &err);
    io_close(fd);
}

static void recovery_of(const char *dir, uint64_t megabytes)
{
    struct wal_options o = {.create = true, .durability = WAL_OS};
    struct wal_report report;
    struct listing l = {.dir = dir, .buf = mem_alloc(CHUNK)};
    struct io_part part = {payload, RECORD};
    struct wal *w;
    struct err err = {0};

    if (l.buf == NULL || wal_open(dir, &o, NULL, NULL, &w, NULL, &err) != 0)
        die("open", &err);
    while (wal_bytes(w) < megabytes << 20)
        if (wal_append(w, &part, 1, NULL, &err) != 0)
            die("append", &err);
    if (wal_close(w, &err) != 0)
        die("close", &err);
    (void)printf("recovery of a log of %" PRIu64 " MB\n", megabytes);
    for (int round = 0; round < 3; round++) {
        uint64_t sum = 0, t0 = clock_now_ns();

        if (wal_open(dir, &o, swallow, &sum, &w, &report, &err) != 0)
            die("open again", &err);
        double open_ms = (double)(clock_now_ns() - t0) / 1e6;
        (void)wal_close(w, NULL);
        l.bytes = 0;
        t0 = clock_now_ns();
        each_file(&l);
        double read_ms = (double)(clock_now_ns() - t0) / 1e6;
        (void)printf("  %" PRIu64 " records in %.1f ms, %.0f MB/s; read + crc32c of the files "
                     "%.1f ms, %.0f MB/s (x%.2f)\n",
                     report.records, open_ms, (double)report.bytes / 1e3 / open_ms, read_ms,
                     (double)l.bytes / 1e3 / read_ms, open_ms / read_ms);
    }
    mem_free(l.buf);
}

static void in_new_dir(void (*work)(const char *, uint64_t), uint64_t arg)
{
    char dir[] = "bench-wal-XXXXXX";
    struct listing l = {.dir = dir, .removes = true};

    if (mkdtemp(dir) == NULL)
        exit(2);
    work(dir, arg);
    each_file(&l);
    (void)io_remove(IO_CWD, dir, NULL);
}

int main(int argc, char **argv)
{
    static const size_t sizes[] = {300, 6000, 60000};
    uint64_t megabytes = argc > 1 ? strtoull(argv[1], NULL, 10) : 64;
    struct utsname machine;

    if (uname(&machine) == 0)
        (void)printf("%s %s, %ld processors\n", machine.sysname, machine.machine,
                     sysconf(_SC_NPROCESSORS_ONLN));
    memset(payload, 'x', sizeof(payload));
    for (size_t i = 0; i < PT_COUNT(sizes); i++)
        in_new_dir(commits_of, sizes[i]);
    in_new_dir(recovery_of, megabytes);
    return 0;
}
