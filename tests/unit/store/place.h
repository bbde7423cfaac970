/*
 * What the tests of the durable store share: a store in a directory of its own
 * with the twin of its graph, and its files from outside.
 */
#ifndef PT_TESTS_UNIT_STORE_PLACE_H
#define PT_TESTS_UNIT_STORE_PLACE_H

#include "unit/graph/live_twin.h"

#include "base/fault.h"
#include "base/io.h"
#include "store/durable.h"
#include "support/disk.h"

#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

struct place {
    char *dir;
    struct durable *store;
    struct durable_options options;
    struct fixture *f;
};

static inline int try_open(struct place *p, struct err *err)
{
    p->store = NULL;
    p->f->store = NULL;
    int rc = durable_open(p->dir, &p->options, &p->store, NULL, err);
    if (rc == PT_OK)
        p->f->store = durable_store(p->store);
    return rc;
}

static inline void close_store(struct place *p)
{
    assert_int_equal(durable_close(p->store, NULL), PT_OK);
    p->store = NULL;
    p->f->store = NULL;
}

static inline void open_store(struct place *p)
{
    struct err err = {0};
    close_store(p);
    if (try_open(p, &err) != PT_OK)
        fail_msg("%s", err.msg);
}

static inline struct place place_with(uint64_t seed, struct durable_options o)
{
    struct place p = {.dir = disk_temp_dir(), .f = fixture_plan(seed), .options = o};
    open_store(&p);
    assert_int_equal(apply_delta(p.f, &p.f->first, NULL), PT_OK);
    return p;
}

static inline struct place place_new(uint64_t seed, uint64_t log_limit)
{
    const struct durable_options o = {
        .durability = WAL_OS, .log_limit = log_limit, .file_bytes = 1 << 16};
    return place_with(seed, o);
}

static inline void place_free(struct place *p)
{
    fault_disarm_all();
    fixture_free(p->f);
    assert_int_equal(durable_close(p->store, NULL), PT_OK);
    disk_remove_dir(p->dir);
    free(p->dir);
}

/* ---- files ---- */

#define FILES_MAX 32u
#define FILE_NAME_MAX 64u

struct files {
    char names[FILES_MAX][FILE_NAME_MAX]; /* sorted */
    struct buf bytes[FILES_MAX];
    uint32_t n;
};

static inline const char *path_in(const char *dir, const char *name)
{
    static char path[512];
    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    return path;
}

static inline int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

static inline void list_dir(const char *dir, struct files *ret)
{
    DIR *d = opendir(dir);
    memset(ret, 0, sizeof(*ret));
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d)) != NULL;) {
        if (e->d_name[0] == '.')
            continue;
        assert_true(ret->n < FILES_MAX && strlen(e->d_name) < FILE_NAME_MAX);
        memcpy(ret->names[ret->n++], e->d_name, strlen(e->d_name) + 1);
    }
    (void)closedir(d);
    qsort(ret->names, ret->n, sizeof(*ret->names), by_text);
}

static inline void take_files(const char *dir, struct files *ret)
{
    list_dir(dir, ret);
    for (uint32_t i = 0; i < ret->n; i++)
        assert_int_equal(
            io_read_file(IO_CWD, path_in(dir, ret->names[i]), 1 << 26, &ret->bytes[i], NULL),
            PT_OK);
}

static inline void release_files(struct files *files)
{
    for (uint32_t i = 0; i < files->n; i++)
        buf_release(&files->bytes[i]);
}

static inline void put_file(const char *dir, const char *name, const char *p, size_t n)
{
    FILE *file = fopen(path_in(dir, name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(p, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

/* The directory holds these files and no others. */
static inline void put_files(const char *dir, const struct files *files)
{
    struct files now;
    list_dir(dir, &now);
    for (uint32_t i = 0; i < now.n; i++)
        assert_int_equal(unlink(path_in(dir, now.names[i])), 0);
    for (uint32_t i = 0; i < files->n; i++)
        put_file(dir, files->names[i], files->bytes[i].p, files->bytes[i].n);
}

static inline void expect_files(const char *dir, const struct files *want)
{
    struct files now;
    take_files(dir, &now);
    assert_int_equal(now.n, want->n);
    for (uint32_t i = 0; i < now.n; i++) {
        assert_string_equal(now.names[i], want->names[i]);
        assert_int_equal(now.bytes[i].n, want->bytes[i].n);
        assert_memory_equal(now.bytes[i].p, want->bytes[i].p, want->bytes[i].n);
    }
    release_files(&now);
}

static inline bool is_image(const char *name)
{
    return strstr(name, ".image") != NULL && strstr(name, ".damaged") == NULL;
}

static inline bool is_log(const char *name)
{
    return strstr(name, ".isl") != NULL && strstr(name, ".damaged") == NULL;
}

/* Number of the newest image, 0 if there is none; how many there are. */
static inline uint64_t newest_image(const char *dir, uint32_t *ret_n)
{
    struct files now;
    uint64_t newest = 0;
    uint32_t n = 0;
    list_dir(dir, &now);
    for (uint32_t i = 0; i < now.n; i++) {
        if (!is_image(now.names[i]))
            continue;
        newest = strtoull(now.names[i] + strlen("graph-"), NULL, 16);
        n++;
    }
    if (ret_n != NULL)
        *ret_n = n;
    return newest;
}

#endif
