/* The shelf against the least that it could do: the same facts, in the same run, on one thread.
 *
 *   shelf [--rounds N] DIR FILE...     DIR is for the files of the shelf; it is left empty
 *
 * put   against a checksum of the bytes and writing them to one file
 * open  in nanoseconds a record
 * get   (the first of a record) against a checksum of the bytes and facts_check
 * again (a record that was read before) in nanoseconds each
 * and all of them against extraction, which they spare.
 */
#include "index/shelf.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/vec.h"
#include "lang/extract.h"
#include "lang/lang.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct item {
    struct facts *facts; /* owned */
    struct shelf_key key;
};

struct bench {
    VEC(struct item) items;
    const char *dir;
    uint64_t bytes;      /* of facts */
    uint64_t extract_ns; /* the others: the best of all rounds */
    uint64_t write_ns, check_ns, put_ns, open_ns, get_ns, again_ns;
    uint64_t sink;
};

static int fail(int rc, const struct err *err)
{
    (void)fprintf(stderr, "shelf: %s\n", err->msg);
    return rc;
}

static int extract_one(struct bench *b, struct extract *x, const char *path, struct err *err)
{
    struct buf src = {0};
    struct item it = {0};
    int rc = io_read_file(IO_CWD, path, 64u << 20, &src, err);
    unsigned lang = rc == PT_OK ? lang_of_file(path, src.p, src.n) : LANG_NONE;
    if (lang == LANG_NONE) {
        buf_release(&src);
        return rc;
    }
    uint64_t t0 = clock_now_ns();
    rc = extract_file(x, lang, path, src.p, src.n, &it.facts, err);
    b->extract_ns += clock_now_ns() - t0;
    buf_release(&src);
    if (rc != PT_OK)
        return rc;
    it.key = shelf_key(it.facts->content, lang, path);
    b->bytes += facts_block_size(it.facts);
    if (vec_push(&b->items, it))
        return PT_OK;
    facts_free(it.facts);
    return err_set(err, PT_ENOMEM, "out of memory for facts");
}

static void best(uint64_t *ns, uint64_t t0)
{
    uint64_t now = clock_now_ns() - t0;
    if (*ns == 0 || now < *ns)
        *ns = now;
}

static int remove_file(void *ctx, const char *name, enum io_kind kind)
{
    (void)kind;
    return strncmp(name, "facts-", 6) == 0 ? io_remove(*(int *)ctx, name, NULL) : 0;
}

static int clear(const struct bench *b, struct err *err)
{
    int fd = -1;
    int rc = io_open_dir(b->dir, &fd, err);
    if (rc == PT_OK)
        rc = io_list(fd, remove_file, &fd, err);
    io_close(fd);
    return rc;
}

/* ---- the twins ---- */

static int write_all(struct bench *b, struct err *err)
{
    int dir = -1, fd = -1;
    int rc = io_open_dir(b->dir, &dir, err);
    if (rc == PT_OK)
        rc = io_open(dir, "facts-twin", O_RDWR | O_CREAT | O_TRUNC, 0600, &fd, err);
    uint64_t t0 = clock_now_ns();
    for (uint32_t i = 0; rc == PT_OK && i < b->items.len; i++) {
        const struct facts *f = b->items.at[i].facts;
        const struct io_part part = {f->syms, facts_block_size(f)};
        b->sink += hash64(part.p, part.n);
        rc = io_write(fd, &part, 1, err);
    }
    best(&b->write_ns, t0);
    io_close(fd);
    io_close(dir);
    return rc;
}

static int check_all(struct bench *b, struct err *err)
{
    int rc = PT_OK;
    uint64_t t0 = clock_now_ns();
    for (uint32_t i = 0; rc == PT_OK && i < b->items.len; i++) {
        const struct facts *f = b->items.at[i].facts;
        b->sink += hash64(f->syms, facts_block_size(f));
        rc = facts_check(f, err);
    }
    best(&b->check_ns, t0);
    return rc;
}

/* ---- the shelf ---- */

static int put_all(struct bench *b, struct shelf *s, struct err *err)
{
    int rc = PT_OK;
    uint64_t t0 = clock_now_ns();
    for (uint32_t i = 0; rc == PT_OK && i < b->items.len; i++) {
        struct facts *f = NULL;
        rc = shelf_put(s, &b->items.at[i].key, b->items.at[i].facts, &f, err);
        facts_free(f);
    }
    best(&b->put_ns, t0);
    return rc;
}

static int get_all(struct bench *b, struct shelf *s, uint64_t *ns, struct err *err)
{
    int rc = PT_OK;
    uint64_t t0 = clock_now_ns();
    for (uint32_t i = 0; rc == PT_OK && i < b->items.len; i++) {
        struct facts *f = NULL;
        rc = shelf_get(s, &b->items.at[i].key, &f, err);
        facts_free(f);
    }
    best(ns, t0);
    return rc;
}

static int one_round(struct bench *b, struct err *err)
{
    struct shelf *s = NULL;
    int rc = clear(b, err);
    if (rc == PT_OK)
        rc = write_all(b, err);
    if (rc == PT_OK)
        rc = check_all(b, err);
    if (rc == PT_OK)
        rc = shelf_open(b->dir, "bench", NULL, &s, err);
    if (rc == PT_OK)
        rc = put_all(b, s, err);
    shelf_close(s);
    s = NULL;
    uint64_t t0 = clock_now_ns();
    if (rc == PT_OK)
        rc = shelf_open(b->dir, "bench", NULL, &s, err);
    best(&b->open_ns, t0);
    if (rc == PT_OK)
        rc = get_all(b, s, &b->get_ns, err);
    if (rc == PT_OK)
        rc = get_all(b, s, &b->again_ns, err);
    shelf_close(s);
    if (rc == PT_OK)
        rc = clear(b, err);
    return rc;
}

static void report(const struct bench *b)
{
    double mb = (double)b->bytes / 1e6;
    (void)printf("%u records, %.1f MB; extraction %.1f ms\n", b->items.len, mb,
                 (double)b->extract_ns / 1e6);
    (void)printf(
        "put   %.0f MB/s, %.2f of checksum and write; extraction takes %.0f times as long\n",
        mb * 1e9 / (double)b->put_ns, (double)b->put_ns / (double)b->write_ns,
        (double)b->extract_ns / (double)b->put_ns);
    (void)printf("open  %.0f ns a record\n", (double)b->open_ns / (double)b->items.len);
    (void)printf(
        "get   %.0f MB/s, %.2f of checksum and check; extraction takes %.0f times as long\n",
        mb * 1e9 / (double)b->get_ns, (double)b->get_ns / (double)b->check_ns,
        (double)b->extract_ns / (double)b->get_ns);
    (void)printf("again %.0f ns each\n", (double)b->again_ns / (double)b->items.len);
}

int main(int argc, char **argv)
{
    struct bench b = {0};
    struct err err = {0};
    unsigned rounds = 3;
    int at = 1, rc = PT_OK;
    if (argc > 2 && strcmp(argv[1], "--rounds") == 0) {
        rounds = (unsigned)strtoul(argv[2], NULL, 10);
        at = 3;
    }
    if (argc - at < 2) {
        (void)fprintf(stderr, "usage: shelf [--rounds N] DIR FILE...\n");
        return 2;
    }
    struct extract *x = extract_new();
    if (x == NULL)
        return 1;
    b.dir = argv[at++];
    for (; rc == PT_OK && at < argc; at++)
        rc = extract_one(&b, x, argv[at], &err);
    extract_free(x);
    if (b.items.len == 0)
        return fail(1, &err);
    for (unsigned r = 0; rc == PT_OK && r < rounds; r++)
        rc = one_round(&b, &err);
    if (rc == PT_OK)
        report(&b);
    for (uint32_t i = 0; i < b.items.len; i++)
        facts_free(b.items.at[i].facts);
    vec_release(&b.items);
    return rc == PT_OK ? 0 : fail(1, &err);
}
