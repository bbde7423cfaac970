#include "support/disk_model.h"

#include "base/hash.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

_Noreturn void disk_die(const char *what, const char *name)
{
    (void)fprintf(stderr, "disk: %s: %s\n", what, name != NULL ? name : "");
    abort();
}

static void must(bool ok)
{
    if (!ok)
        disk_die("out of memory", NULL);
}

/* ---- names and images ---- */

static bool is_same_name(const struct disk_name *a, const struct disk_name *b)
{
    return a->dir == b->dir && strcmp(a->name, b->name) == 0;
}

void disk_names_set(struct disk_names *names, const struct disk_name *name)
{
    uint32_t i = 0;

    while (i < names->len && !is_same_name(&names->at[i], name))
        i++;
    if (name->file == DISK_NO_FILE) {
        if (i < names->len)
            names->at[i] = vec_pop(names);
    } else if (i < names->len) {
        names->at[i].file = name->file;
    } else {
        must(vec_push(names, *name));
    }
}

static void names_copy(struct disk_names *to, const struct disk_names *from)
{
    vec_clear(to);
    struct disk_name *at = vec_grow(to, from->len);
    must(at != NULL);
    if (from->len > 0)
        memcpy(at, from->at, from->len * sizeof(*at));
}

/* Room for n bytes; new ones are zero. The size stays. */
static void image_fit(struct disk_image *image, size_t n)
{
    if (n <= image->cap)
        return;
    size_t cap = n + n / 2;
    uint8_t *p = realloc(image->p, cap);
    if (p == NULL)
        disk_die("out of memory", NULL);
    memset(p + image->cap, 0, cap - image->cap);
    image->p = p;
    image->cap = cap;
}

/* Bytes beyond the size are kept: a later size may cover them. */
static void image_copy(struct disk_image *to, const struct disk_image *from)
{
    image_fit(to, from->cap);
    if (from->cap > 0)
        memcpy(to->p, from->p, from->cap);
    if (to->cap > from->cap)
        memset(to->p + from->cap, 0, to->cap - from->cap);
    to->n = from->n;
}

uint32_t disk_sectors(const struct disk_event *e)
{
    return e->n == 0 ? 0 : (uint32_t)((e->at + e->n - 1) / DISK_SECTOR - e->at / DISK_SECTOR + 1);
}

bool disk_picks_sector(const struct disk_pick *pick, const struct disk_event *e, uint32_t i)
{
    if (!pick->keep || !pick->torn)
        return pick->keep;
    if (disk_sectors(e) <= 64)
        return (pick->sectors >> i & 1) != 0;
    return (hash_mix64(pick->sectors + i) & 1) != 0;
}

static void image_write(struct disk_image *image, const struct disk_event *e,
                        const struct disk_pick *pick)
{
    uint64_t end = e->at + e->n, at = e->at;

    image_fit(image, end);
    for (uint32_t i = 0; at < end; i++) {
        uint64_t next = (at / DISK_SECTOR + 1) * DISK_SECTOR;

        if (next > end)
            next = end;
        if (disk_picks_sector(pick, e, i))
            memcpy(image->p + at, e->p + (at - e->at), next - at);
        at = next;
    }
    if (pick->size && e->grows && end > image->n)
        image->n = end;
}

static void image_change(struct disk_image *image, const struct disk_event *e,
                         const struct disk_pick *pick)
{
    if (e->kind == IO_WRITE) {
        image_write(image, e, pick);
    } else if (pick->keep) {
        image_fit(image, e->at);
        if (image->cap > e->at)
            memset(image->p + e->at, 0, image->cap - e->at);
        image->n = e->at;
    }
}

/* ---- the model ---- */

void disk_model_init(struct disk_model *m, const struct disk_history *h)
{
    memset(m, 0, sizeof(*m));
    m->history = h;
    names_copy(&m->names, &h->names);
    for (uint32_t i = 0; i < h->files.len; i++) {
        const struct disk_file *f = &h->files.at[i];
        struct disk_image image = {0};

        image_fit(&image, f->n);
        if (f->n > 0)
            memcpy(image.p, f->p, f->n);
        image.n = f->n;
        must(vec_push(&m->images, image));
    }
}

void disk_model_release(struct disk_model *m)
{
    for (uint32_t i = 0; i < m->images.len; i++)
        free(m->images.at[i].p);
    vec_release(&m->images);
    vec_release(&m->names);
    vec_release(&m->open);
}

static void take_sync(struct disk_model *m, const struct disk_event *sync)
{
    for (uint32_t i = 0; i < m->open.len; i++) {
        struct disk_open *o = &m->open.at[i];
        const struct disk_event *e = &m->history->events.at[o->event];
        uint8_t all = e->n_names == 2 ? 3 : 1, reached = 0;

        if (o->event >= sync->since || o->lost)
            continue;
        if (e->n_names == 0)
            reached = e->file == sync->file;
        for (uint8_t k = 0; k < e->n_names; k++)
            if (e->names[k].dir == sync->file)
                reached |= (uint8_t)(1u << k);
        if (reached == 0 || o->on_disk)
            continue;
        o->lost = sync->failed;
        if (!sync->failed)
            o->synced |= reached;
        o->on_disk = o->synced == all;
    }
}

static bool is_about_the_same(const struct disk_event *a, const struct disk_event *b)
{
    if (a->n_names == 0 || b->n_names == 0)
        return a->n_names == b->n_names && a->file == b->file;
    for (uint8_t i = 0; i < a->n_names; i++)
        for (uint8_t k = 0; k < b->n_names; k++)
            if (is_same_name(&a->names[i], &b->names[k]))
                return true;
    return false;
}

static void work_in(struct disk_model *m, const struct disk_event *e)
{
    static const struct disk_pick whole = {.keep = true, .size = true};

    for (uint8_t k = 0; k < e->n_names; k++)
        disk_names_set(&m->names, &e->names[k]);
    if (e->n_names == 0)
        image_change(&m->images.at[e->file], e, &whole);
}

/* Works in what is on disk, unless it came after an open change of the same. */
static void fold(struct disk_model *m)
{
    const struct disk_event *events = m->history->events.at;
    uint32_t n = 0;

    for (uint32_t i = 0; i < m->open.len; i++) {
        const struct disk_event *e = &events[m->open.at[i].event];
        bool must_wait = !m->open.at[i].on_disk;

        for (uint32_t k = 0; k < n && !must_wait; k++)
            must_wait = is_about_the_same(e, &events[m->open.at[k].event]);
        if (must_wait)
            m->open.at[n++] = m->open.at[i];
        else
            work_in(m, e);
    }
    vec_truncate(&m->open, n);
}

void disk_model_step(struct disk_model *m)
{
    const struct disk_event *e = &m->history->events.at[m->point];

    if (e->kind == IO_SYNC) {
        take_sync(m, e);
        fold(m);
    } else {
        must(vec_push(&m->open, (struct disk_open){.event = m->point}));
    }
    m->point++;
}

/* ---- one disk ---- */

static void state_start(struct disk_state *s, const struct disk_model *m)
{
    uint32_t had = s->images.len;

    s->model = m;
    names_copy(&s->names, &m->names);
    if (had < m->images.len) {
        struct disk_image *new_images = vec_grow(&s->images, m->images.len - had);
        bool *new_flags = vec_grow(&s->is_own, m->images.len - had);
        must(new_images != NULL && new_flags != NULL);
        memset(new_images, 0, (m->images.len - had) * sizeof(*new_images));
    }
    memset(s->is_own.at, 0, s->is_own.len * sizeof(*s->is_own.at));
}

void disk_state_build(struct disk_state *s, const struct disk_model *m,
                      const struct disk_pick *picks)
{
    state_start(s, m);
    for (uint32_t i = 0; i < m->open.len; i++) {
        const struct disk_event *e = &m->history->events.at[m->open.at[i].event];

        for (uint8_t k = 0; k < e->n_names && picks[i].keep; k++)
            disk_names_set(&s->names, &e->names[k]);
        if (e->n_names > 0)
            continue;
        if (!s->is_own.at[e->file]) {
            image_copy(&s->images.at[e->file], &m->images.at[e->file]);
            s->is_own.at[e->file] = true;
        }
        image_change(&s->images.at[e->file], e, &picks[i]);
    }
}

void disk_state_release(struct disk_state *s)
{
    for (uint32_t i = 0; i < s->images.len; i++)
        free(s->images.at[i].p);
    vec_release(&s->images);
    vec_release(&s->is_own);
    vec_release(&s->names);
}

static const struct disk_image *image_of(const struct disk_state *s, uint32_t file)
{
    return s->is_own.at[file] ? &s->images.at[file] : &s->model->images.at[file];
}

static bool is_dir(const struct disk_state *s, uint32_t file)
{
    return s->model->history->files.at[file].is_dir;
}

/* The sum over a directory's entries, so that their order does not count. */
static uint64_t hash_dir(const struct disk_state *s, uint32_t dir, uint64_t seed)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < s->names.len; i++) {
        const struct disk_name *name = &s->names.at[i];

        if (name->dir != dir)
            continue;
        uint64_t h = hash64_seed(name->name, strlen(name->name), seed);
        if (is_dir(s, name->file)) {
            sum += hash_mix64(h) + hash_dir(s, name->file, h + 1);
        } else {
            const struct disk_image *image = image_of(s, name->file);
            sum += hash64_seed(image->p, image->n, h);
        }
    }
    return sum;
}

uint64_t disk_state_hash(const struct disk_state *s)
{
    return hash_dir(s, 0, 1);
}

static void write_file(const char *path, const struct disk_image *image)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    size_t done = 0;

    if (fd < 0)
        disk_die("create", path);
    while (done < image->n) {
        ssize_t n = write(fd, image->p + done, image->n - done);
        if (n <= 0)
            disk_die("write", path);
        done += (size_t)n;
    }
    close(fd);
}

static void write_dir(const struct disk_state *s, uint32_t dir, const char *path)
{
    char at[PATH_MAX];

    if (mkdir(path, 0700) != 0)
        disk_die("make directory", path);
    for (uint32_t i = 0; i < s->names.len; i++) {
        const struct disk_name *name = &s->names.at[i];

        if (name->dir != dir)
            continue;
        if (snprintf(at, sizeof(at), "%s/%s", path, name->name) >= (int)sizeof(at))
            disk_die("too long a path", path);
        if (is_dir(s, name->file))
            write_dir(s, name->file, at);
        else
            write_file(at, image_of(s, name->file));
    }
}

void disk_state_write(const struct disk_state *s, const char *dir)
{
    write_dir(s, 0, dir);
}

static void list_dir(const struct disk_state *s, uint32_t dir, const char *path, struct buf *b)
{
    char at[PATH_MAX];

    for (uint32_t i = 0; i < s->names.len; i++) {
        const struct disk_name *name = &s->names.at[i];

        if (name->dir != dir)
            continue;
        if (snprintf(at, sizeof(at), "%s%s%s", path, name->name,
                     is_dir(s, name->file) ? "/" : "") >= (int)sizeof(at))
            disk_die("too long a path", path);
        if (is_dir(s, name->file)) {
            buf_printf(b, "  %s\n", at);
            list_dir(s, name->file, at, b);
        } else {
            buf_printf(b, "  %s: %zu bytes\n", at, image_of(s, name->file)->n);
        }
    }
}

void disk_state_list(const struct disk_state *s, struct buf *b)
{
    list_dir(s, 0, "", b);
}
