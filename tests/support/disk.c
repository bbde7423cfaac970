/* Recording: what the process sees, and the history of how it came to be. */
#include "support/disk.h"

#include "base/io.h"
#include "support/disk_model.h"

#include <assert.h>
#include <dirent.h>
#include <ftw.h>
#include <limits.h>
#include <linux/magic.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/* Changes may come from several threads, with acknowledgements in between. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void *must(void *p)
{
    if (p == NULL)
        disk_die("out of memory", NULL);
    return p;
}

/* ---- directories ---- */

static bool is_in_memory(const char *dir)
{
    struct statfs fs;

    return statfs(dir, &fs) == 0 && fs.f_type == TMPFS_MAGIC && access(dir, W_OK) == 0;
}

char *disk_temp_dir(void)
{
    const char *tmp = getenv("TMPDIR");
    const char *below = is_in_memory("/dev/shm") ? "/dev/shm" : tmp != NULL ? tmp : "/tmp";
    char *ret = NULL;

    if (asprintf(&ret, "%s/pt-crash-XXXXXX", below) < 0 || mkdtemp(ret) == NULL)
        disk_die("no place for files", below);
    return ret;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

void disk_remove_dir(const char *dir)
{
    (void)nftw(dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

struct disk *disk_new(const char *dir)
{
    struct disk *d = must(calloc(1, sizeof(*d)));

    d->owns_dir = dir == NULL;
    d->dir = dir != NULL ? must(strdup(dir)) : disk_temp_dir();
    return d;
}

void disk_free(struct disk *d)
{
    if (d == NULL)
        return;
    if (d->owns_dir)
        disk_remove_dir(d->dir);
    vec_release(&d->history.files);
    vec_release(&d->history.names);
    vec_release(&d->history.events);
    vec_release(&d->history.acks);
    arena_release(&d->history.arena);
    vec_release(&d->names);
    vec_release(&d->sizes);
    vec_release(&d->numbers);
    map_release(&d->inodes);
    free(d->dir);
    free(d);
}

const char *disk_dir(const struct disk *d)
{
    return d->dir;
}

uint32_t disk_point(const struct disk *d)
{
    return d->history.events.len;
}

void disk_ack(struct disk *d, uint64_t n)
{
    const struct disk_history *h = &d->history;

    pthread_mutex_lock(&lock);
    assert(h->acks.len == 0 || h->acks.at[h->acks.len - 1].n <= n);
    if (!vec_push(&d->history.acks, (struct disk_ack){h->events.len, n}))
        must(NULL);
    pthread_mutex_unlock(&lock);
}

/* ---- what is there at first ---- */

static uint32_t add_file(struct disk *d, uint64_t inode, struct disk_file file)
{
    uint32_t number = d->history.files.len;
    uint32_t *at = must(map_put(&d->inodes, inode, number, NULL));

    *at = number; /* inodes are used again */
    if (!vec_push(&d->history.files, file) || !vec_push(&d->sizes, file.n))
        must(NULL);
    return number;
}

static struct disk_file read_start(struct disk *d, const char *path, const struct stat *st)
{
    struct disk_file file = {.is_dir = S_ISDIR(st->st_mode)};

    if (file.is_dir)
        return file;
    FILE *f = fopen(path, "rb");
    uint8_t *p = must(arena_alloc(&d->history.arena, (size_t)st->st_size + 1));
    if (f == NULL || fread(p, 1, (size_t)st->st_size + 1, f) != (size_t)st->st_size)
        disk_die("read", path);
    (void)fclose(f);
    file.p = p;
    file.n = (size_t)st->st_size;
    return file;
}

static void scan(struct disk *d, const char *path, uint32_t dir)
{
    DIR *list = opendir(path);
    char at[PATH_MAX];
    struct stat st;

    if (list == NULL)
        disk_die("list", path);
    for (struct dirent *e; (e = readdir(list)) != NULL;) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        if (snprintf(at, sizeof(at), "%s/%s", path, e->d_name) >= (int)sizeof(at) ||
            lstat(at, &st) != 0)
            disk_die("look at", e->d_name);
        struct disk_name name = {.name = must(arena_strdup(&d->history.arena, e->d_name)),
                                 .dir = dir,
                                 .file = add_file(d, st.st_ino, read_start(d, at, &st))};
        disk_names_set(&d->history.names, &name);
        disk_names_set(&d->names, &name);
        if (S_ISDIR(st.st_mode))
            scan(d, at, name.file);
    }
    (void)closedir(list);
}

/* ---- changes ---- */

static uint32_t find(const struct disk *d, uint32_t dir, const char *name, size_t n)
{
    for (uint32_t i = 0; i < d->names.len; i++) {
        const struct disk_name *at = &d->names.at[i];
        if (at->dir == dir && strncmp(at->name, name, n) == 0 && at->name[n] == '\0')
            return at->file;
    }
    return DISK_NO_FILE;
}

/* The name that is the last part of a path. */
static struct disk_name name_of(struct disk *d, const char *path, uint32_t file)
{
    struct disk_name ret = {.file = file};
    const char *at = path;

    for (const char *slash; (slash = strchr(at, '/')) != NULL; at = slash + 1) {
        ret.dir = find(d, ret.dir, at, (size_t)(slash - at));
        if (ret.dir == DISK_NO_FILE)
            disk_die("a change in a directory that was not seen to be made", path);
    }
    ret.name = must(arena_strdup(&d->history.arena, at));
    return ret;
}

static const uint8_t *bytes_of(struct disk *d, const struct io_change *c)
{
    uint8_t *p = must(arena_alloc(&d->history.arena, c->n));
    size_t done = 0;

    for (size_t i = 0; done < c->n; i++) {
        size_t n = c->parts[i].iov_len < c->n - done ? c->parts[i].iov_len : c->n - done;
        if (n > 0)
            memcpy(p + done, c->parts[i].iov_base, n);
        done += n;
    }
    return p;
}

static void change_names(struct disk *d, const struct io_change *c, struct disk_event *e)
{
    uint32_t file = DISK_NO_FILE;

    if (c->kind == IO_CREATE || c->kind == IO_MKDIR)
        file = add_file(d, c->ino, (struct disk_file){.is_dir = c->kind == IO_MKDIR});
    e->names[e->n_names++] = name_of(d, c->path, file);
    if (c->kind == IO_RENAME && c->to != NULL) {
        const struct disk_name *from = &e->names[0];
        file = find(d, from->dir, from->name, strlen(from->name));
        if (file == DISK_NO_FILE)
            disk_die("a file was renamed that was not seen to be made", c->path);
        e->names[e->n_names++] = name_of(d, c->to, file);
    }
    for (uint8_t i = 0; i < e->n_names; i++)
        disk_names_set(&d->names, &e->names[i]);
}

static void change_file(struct disk *d, const struct io_change *c, struct disk_event *e)
{
    const uint32_t *file = map_get(&d->inodes, c->ino);

    if (file == NULL)
        disk_die("a file was changed that was not seen to be made", c->path);
    e->file = *file;
    if (c->kind == IO_WRITE) {
        e->p = bytes_of(d, c);
        e->grows = c->at + c->n > d->sizes.at[*file];
        if (e->grows)
            d->sizes.at[*file] = c->at + c->n;
    } else if (c->kind == IO_RESIZE) {
        d->sizes.at[*file] = c->at;
    } else {
        e->since = d->numbers.len;
        while (e->since > 0 && d->numbers.at[e->since - 1] >= c->at)
            e->since--;
    }
}

static void on_change(void *ctx, const struct io_change *c)
{
    struct disk *d = ctx;
    struct disk_event e = {.kind = c->kind, .at = c->at, .n = c->n, .failed = c->failed};

    pthread_mutex_lock(&lock);
    e.path = must(arena_strdup(&d->history.arena, c->path));
    e.to = c->to != NULL ? must(arena_strdup(&d->history.arena, c->to)) : NULL;
    if (c->kind == IO_CREATE || c->kind == IO_MKDIR || c->kind == IO_RENAME || c->kind == IO_REMOVE)
        change_names(d, c, &e);
    else
        change_file(d, c, &e);
    if (!vec_push(&d->history.events, e) || !vec_push(&d->numbers, c->number))
        must(NULL);
    pthread_mutex_unlock(&lock);
}

void disk_begin(struct disk *d)
{
    struct err err = {0};
    struct stat st;

    assert(d->history.files.len == 0);
    if (stat(d->dir, &st) != 0)
        disk_die("look at", d->dir);
    (void)add_file(d, st.st_ino, (struct disk_file){.is_dir = true});
    scan(d, d->dir, 0);
    disk_ack(d, 0);
    if (io_observe(d->dir, on_change, d, &err) != 0)
        disk_die(err.msg, d->dir);
}

void disk_end(struct disk *d)
{
    (void)d;
    (void)io_observe(NULL, NULL, NULL, NULL);
}
