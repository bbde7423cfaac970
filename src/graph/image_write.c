/* Writing images: everything is numbered anew, then laid out segment by segment. */
#include "graph/image_internal.h"

#include "base/hash.h"
#include "base/io.h"
#include "base/mem.h"
#include "graph/texts.h"
#include "graph/view.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

struct pair {
    uint64_t hash;
    uint32_t id;
};

struct writer {
    const struct view *v;
    struct err *err;
    int fd;
    uint64_t at; /* offset in the file of buf[0] */
    struct buf buf;
    struct image_header h;
    uint32_t *new_node, *new_file, *new_name; /* by old id; ID_NONE */
    uint32_t *nodes, *files, *names;          /* old ids, by new id */
    uint32_t *words[IMAGE_SECTIONS];          /* of NODE ... TEXT */
    VEC(struct list_edit) entries;
    VEC(struct site) sites;
    VEC(struct image_segment) segments;
    bool cool; /* the image that the graph was opened from, as it is read */
    uint64_t cooled_at;
    bool failed; /* no memory */
};

/* Written bytes after which what was read for them leaves memory. */
#define COOL_BYTES ((uint64_t)32 << 20)

/* What was read so far will not be read again soon. */
static void cool(const struct writer *w)
{
    if (w->cool)
        image_cool(w->v->g);
}

/* ---- numbers ---- */

#define COOL_NODES (1u << 18)

static uint32_t *numbers(struct writer *w, uint32_t n)
{
    uint32_t *p = mem_reallocarray(NULL, (size_t)n + 1, sizeof(*p));
    if (p == NULL)
        w->failed = true;
    else
        memset(p, 0xff, ((size_t)n + 1) * sizeof(*p));
    return p;
}

static int by_text(const void *a, const void *b, void *ctx)
{
    const struct view *v = ctx;
    return strcmp(live_text(v->g, *(const uint32_t *)a), live_text(v->g, *(const uint32_t *)b));
}

static void number_files(struct writer *w)
{
    struct ids files = {0};
    w->failed = !view_files(w->v, &files);
    w->h.n_files = w->failed ? 0 : files.len;
    for (uint32_t i = 0; i < w->h.n_files; i++) {
        const struct live_file *f = live_file(w->v, files.at[i]);
        w->files[i] = files.at[i];
        w->new_file[w->files[i]] = i;
        for (uint32_t k = 0; k < f->n_nodes; k++) {
            w->nodes[w->h.n_nodes] = f->ids[k];
            w->new_node[f->ids[k]] = w->h.n_nodes++;
        }
    }
    vec_release(&files);
}

static void number_names(struct writer *w, uint32_t n_names)
{
    for (uint32_t i = 0; i < w->h.n_nodes; i++) {
        w->new_name[live_node(w->v, w->nodes[i])->name] = 0;
        if (i % COOL_NODES == 0)
            cool(w);
    }
    for (uint32_t id = 0; id < n_names; id++) {
        if (w->new_name[id] == 0)
            w->names[w->h.n_names++] = id;
    }
    if (w->h.n_names > 1)
        qsort_r(w->names, w->h.n_names, sizeof(*w->names), by_text, (void *)(uintptr_t)w->v);
    for (uint32_t i = 0; i < w->h.n_names; i++)
        w->new_name[w->names[i]] = i;
    cool(w);
}

/* Names below this number were there when the view was pinned, for nodes bear them. */
static uint32_t names_end(const struct writer *w)
{
    uint32_t end = 0;
    for (uint32_t id = 0; id < w->v->n_nodes; id++) {
        const struct live_node *n = live_node(w->v, id);
        if (n != NULL && n->name >= end)
            end = n->name + 1;
        if (id % COOL_NODES == 0)
            cool(w);
    }
    return end;
}

static void number_all(struct writer *w)
{
    uint32_t n_names = names_end(w);
    w->new_node = numbers(w, w->v->n_nodes);
    w->nodes = numbers(w, w->v->n_nodes);
    w->new_file = numbers(w, w->v->n_files);
    w->files = numbers(w, w->v->n_files);
    w->new_name = numbers(w, n_names);
    w->names = numbers(w, n_names);
    if (w->failed)
        return;
    number_files(w);
    if (w->failed)
        return;
    number_names(w, n_names);
    for (unsigned s = IMAGE_NODE; s <= IMAGE_TEXT; s++) {
        uint32_t n = image_words(&w->h, (enum image_section)s);
        w->words[s] = numbers(w, n);
        if (w->words[s] != NULL)
            memset(w->words[s], 0, (size_t)n * sizeof(uint32_t));
    }
}

/* ---- blocks ---- */

static void pad(struct writer *w, size_t to)
{
    static const char zeros[IMAGE_PAGE];
    size_t n = (size_t)((w->at + w->buf.n) % to);
    if (n > 0)
        buf_add(&w->buf, zeros, to - n);
}

/* The ref of what is added next. */
static uint32_t here(struct writer *w)
{
    uint64_t at;
    pad(w, SPACE_GRANULE);
    at = (w->at + w->buf.n) / SPACE_GRANULE;
    if (at > INT32_MAX)
        w->failed = true;
    return (uint32_t)at;
}

static void add_node(struct writer *w, uint32_t id)
{
    const struct live_node *n = live_node(w->v, w->nodes[id]);
    struct live_node to = *n;
    to.head.generation = 0;
    to.parent = w->new_node[n->parent];
    to.file = w->new_file[n->file];
    to.name = w->new_name[n->name];
    w->words[IMAGE_NODE][id] = here(w);
    buf_add(&w->buf, (const char *)&to, offsetof(struct live_node, rest));
    buf_add(&w->buf, n->rest, (size_t)(live_texts(n) - n->rest) + texts_size(n));
}

static int by_key(const void *x, const void *y)
{
    const struct list_edit *a = x, *b = y;
    unsigned j = edge_attr_kind(a->attr), k = edge_attr_kind(b->attr);
    if (j != k)
        return j < k ? -1 : 1;
    return a->target < b->target ? -1 : a->target > b->target;
}

/* The entries of a list under their new numbers, sorted. */
static void gather(struct writer *w, const struct lists *l, uint32_t id)
{
    struct list_walk walk;
    vec_clear(&w->entries);
    if (!list_begin(l, w->v->generation, id, &walk))
        return;
    do {
        for (uint32_t i = 0; i < walk.span.n; i++) {
            const struct list_edit e = {.target = w->new_node[walk.span.targets[i]],
                                        .value = l->values ? walk.span.values[i] : 0,
                                        .attr = walk.span.attrs[i]};
            if (!vec_push(&w->entries, e))
                w->failed = true;
        }
    } while (list_more(&walk));
    if (w->entries.len > 1)
        qsort(w->entries.at, w->entries.len, sizeof(*w->entries.at), by_key);
}

static int by_place(const void *x, const void *y)
{
    const struct site *a = x, *b = y;
    if (a->file != b->file)
        return a->file < b->file ? -1 : 1;
    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    return a->col < b->col ? -1 : a->col > b->col;
}

/* A run of sites under the new numbers of files. */
static uint32_t add_sites(struct writer *w, uint32_t value)
{
    const struct site *s = space_at(&w->v->g->space, value);
    vec_clear(&w->sites);
    for (bool last = false; !last; s++) {
        struct site to = *s;
        last = s->last;
        to.last = 0;
        to.file = w->new_file[s->file] & (LIVE_FILES_MAX - 1);
        if (!vec_push(&w->sites, to)) {
            w->failed = true;
            return 0;
        }
    }
    if (w->sites.len > 1)
        qsort(w->sites.at, w->sites.len, sizeof(*w->sites.at), by_place);
    vec_last(&w->sites).last = 1;
    uint32_t ref = here(w);
    buf_add(&w->buf, (const char *)w->sites.at, w->sites.len * sizeof(*w->sites.at));
    return ref;
}

static uint32_t add_list(struct writer *w, bool values)
{
    uint32_t n = w->entries.len;
    const struct block_head head = {0, n};
    if (n == 0)
        return 0;
    uint32_t ref = here(w);
    buf_add(&w->buf, (const char *)&head, sizeof(head));
    for (uint32_t i = 0; i < n; i++)
        buf_add(&w->buf, (const char *)&w->entries.at[i].target, 4);
    for (uint32_t i = 0; i < n; i++)
        buf_add(&w->buf, (const char *)&w->entries.at[i].attr, 1);
    pad(w, sizeof(uint32_t));
    for (uint32_t i = 0; i < n && values; i++)
        buf_add(&w->buf, (const char *)&w->entries.at[i].value, 4);
    return ref;
}

static void add_out(struct writer *w, uint32_t id)
{
    gather(w, &w->v->g->out, w->nodes[id]);
    for (uint32_t i = 0; i < w->entries.len; i++) {
        if (w->entries.at[i].value != 0)
            w->entries.at[i].value = add_sites(w, w->entries.at[i].value);
    }
    w->words[IMAGE_OUT][id] = add_list(w, true);
}

static void add_in(struct writer *w, uint32_t id)
{
    gather(w, &w->v->g->in, w->nodes[id]);
    w->words[IMAGE_IN][id] = add_list(w, false);
}

static int by_number(const void *x, const void *y)
{
    uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
    return a < b ? -1 : a > b;
}

static void add_file(struct writer *w, uint32_t id)
{
    const struct live_file *f = live_file(w->v, w->files[id]);
    struct live_file to = *f;
    const char *path = live_path(f), *lang = live_lang(f);
    to.head.generation = 0;
    w->words[IMAGE_FILE][id] = here(w);
    buf_add(&w->buf, (const char *)&to, offsetof(struct live_file, ids));
    size_t from = w->buf.n + (size_t)f->n_nodes * 4;
    for (uint32_t i = 0; i < f->n_nodes + f->n_foreign; i++)
        buf_add(&w->buf, (const char *)&w->new_node[f->ids[i]], 4);
    if (!w->buf.failed && f->n_foreign > 1)
        qsort(w->buf.p + from, f->n_foreign, 4, by_number);
    buf_add(&w->buf, path, strlen(path) + 1);
    buf_add(&w->buf, lang, strlen(lang) + 1);
}

static void add_name(struct writer *w, uint32_t id)
{
    const char *text = live_text(w->v->g, w->names[id]);
    w->words[IMAGE_TEXT][id] = here(w);
    buf_add(&w->buf, text, strlen(text) + 1);
    gather(w, &w->v->g->names, w->names[id]);
    w->words[IMAGE_NAMED][id] = add_list(w, false);
}

/* ---- the file ---- */

static int no_memory(struct writer *w)
{
    return err_set(w->err, PT_ENOMEM, "out of memory for an image of the graph");
}

static int flush(struct writer *w)
{
    struct io_part part = {w->buf.p, w->buf.n};
    if (w->failed || w->buf.failed)
        return no_memory(w);
    int rc = part.n > 0 ? io_write(w->fd, &part, 1, w->err) : PT_OK;
    w->at += w->buf.n;
    buf_reset(&w->buf);
    if (w->at - w->cooled_at >= COOL_BYTES) {
        w->cooled_at = w->at;
        cool(w);
    }
    return rc;
}

static int end_segment(struct writer *w, struct image_segment s, bool last)
{
    pad(w, last ? IMAGE_PAGE : SPACE_GRANULE);
    if (w->failed || w->buf.failed)
        return no_memory(w);
    s.first_granule = (uint32_t)(w->at / SPACE_GRANULE);
    s.n_granules = (uint32_t)(w->buf.n / SPACE_GRANULE);
    s.checksum = hash128(w->buf.p, w->buf.n);
    if (!vec_push(&w->segments, s))
        return no_memory(w);
    return flush(w);
}

static uint32_t segment_end(const struct writer *w, uint32_t first_file)
{
    uint32_t n = 0, file = first_file;
    for (; file < w->h.n_files; file++) {
        uint32_t more = live_file(w->v, w->files[file])->n_nodes;
        if (n > 0 && n + more > IMAGE_SEGMENT_NODES)
            break;
        n += more;
    }
    return file;
}

/* Behind all nodes. */
static int write_names(struct writer *w, uint32_t node)
{
    uint32_t id = 0;
    int rc;
    do {
        const struct image_segment s = {.first_node = node, .first_file = w->h.n_files};
        uint32_t end =
            id + IMAGE_SEGMENT_NODES < w->h.n_names ? id + IMAGE_SEGMENT_NODES : w->h.n_names;
        for (; id < end; id++)
            add_name(w, id);
        rc = end_segment(w, s, id == w->h.n_names);
    } while (rc == PT_OK && id < w->h.n_names);
    return rc;
}

static int write_data(struct writer *w)
{
    uint32_t node = 0;
    int rc = PT_OK;
    for (uint32_t file = 0; rc == PT_OK && file < w->h.n_files;) {
        uint32_t end = segment_end(w, file);
        struct image_segment s = {.first_node = node, .first_file = file, .n_files = end - file};
        for (; file < end; file++) {
            s.n_nodes += live_file(w->v, w->files[file])->n_nodes;
            add_file(w, file);
        }
        for (uint32_t id = node; id < node + s.n_nodes; id++)
            add_node(w, id);
        for (uint32_t id = node; id < node + s.n_nodes; id++)
            add_out(w, id);
        for (uint32_t id = node; id < node + s.n_nodes; id++)
            add_in(w, id);
        node += s.n_nodes;
        rc = end_segment(w, s, false);
    }
    return rc == PT_OK ? write_names(w, node) : rc;
}

/* What only the lists need. */
static void release_numbers(struct writer *w)
{
    mem_free(w->new_node);
    mem_free(w->new_file);
    mem_free(w->new_name);
    w->new_node = w->new_file = w->new_name = NULL;
}

static int write_section(struct writer *w, enum image_section s, const void *p, size_t n)
{
    struct image_place *place = &w->h.sections[s];
    place->offset = w->at;
    place->size = n;
    place->checksum = hash128(p, n);
    buf_add(&w->buf, p, n);
    pad(w, IMAGE_PAGE);
    return flush(w);
}

static int by_hash(const void *x, const void *y)
{
    const struct pair *a = x, *b = y;
    if (a->hash != b->hash)
        return a->hash < b->hash ? -1 : 1;
    return a->id < b->id ? -1 : a->id > b->id;
}

static int write_map(struct writer *w, enum image_section dir, struct pair *pairs, uint32_t n)
{
    uint32_t buckets = image_buckets(n), at = 0;
    uint32_t *starts = numbers(w, buckets);
    struct idmap_entry *entries = mem_reallocarray(NULL, (size_t)n + 1, sizeof(*entries));
    int rc = PT_OK;
    if (w->failed || entries == NULL) {
        rc = no_memory(w);
        goto out;
    }
    if (n > 1)
        qsort(pairs, n, sizeof(*pairs), by_hash);
    for (uint32_t b = 0; b <= buckets; b++) {
        while (at < n && idmap_bucket(pairs[at].hash, buckets) < b)
            at++;
        starts[b] = at;
    }
    for (uint32_t i = 0; i < n; i++)
        entries[i] = (struct idmap_entry){(uint32_t)pairs[i].hash, pairs[i].id};
    rc = write_section(w, dir, starts, ((size_t)buckets + 1) * 4);
    if (rc == PT_OK)
        rc = write_section(w, (enum image_section)(dir + 1), entries, (size_t)n * sizeof(*entries));
out:
    mem_free(starts);
    mem_free(entries);
    return rc;
}

static int write_maps(struct writer *w)
{
    uint32_t most = w->h.n_nodes > w->h.n_files ? w->h.n_nodes : w->h.n_files;
    most = most > w->h.n_names ? most : w->h.n_names;
    struct pair *pairs = mem_reallocarray(NULL, (size_t)most + 1, sizeof(*pairs));
    if (pairs == NULL)
        return no_memory(w);
    for (uint32_t i = 0; i < w->h.n_nodes; i++) {
        pairs[i] = (struct pair){live_node(w->v, w->nodes[i])->sig, i};
        if (i % COOL_NODES == 0)
            cool(w);
    }
    int rc = write_map(w, IMAGE_SIG_DIR, pairs, w->h.n_nodes);
    for (uint32_t i = 0; i < w->h.n_files; i++) {
        const char *path = live_path(live_file(w->v, w->files[i]));
        pairs[i] = (struct pair){hash64(path, strlen(path)), i};
    }
    if (rc == PT_OK)
        rc = write_map(w, IMAGE_PATH_DIR, pairs, w->h.n_files);
    for (uint32_t i = 0; i < w->h.n_names; i++) {
        const char *text = live_text(w->v->g, w->names[i]);
        pairs[i] = (struct pair){hash64(text, strlen(text)), i};
    }
    if (rc == PT_OK)
        rc = write_map(w, IMAGE_NAME_DIR, pairs, w->h.n_names);
    mem_free(pairs);
    return rc;
}

static int write_all(struct writer *w)
{
    char page[IMAGE_PAGE] = {0};
    struct io_part part = {page, sizeof(page)};

    number_all(w);
    if (w->failed)
        return no_memory(w);
    int rc = io_write(w->fd, &part, 1, w->err);
    w->at = IMAGE_PAGE;
    if (rc == PT_OK)
        rc = write_data(w);
    release_numbers(w);
    struct image_place *data = &w->h.sections[IMAGE_DATA];
    data->offset = IMAGE_PAGE;
    data->size = w->at - IMAGE_PAGE;
    for (unsigned s = IMAGE_NODE; rc == PT_OK && s <= IMAGE_TEXT; s++) {
        rc = write_section(w, (enum image_section)s, w->words[s],
                           (size_t)image_words(&w->h, (enum image_section)s) * 4);
        mem_free(w->words[s]);
        w->words[s] = NULL;
    }
    if (rc == PT_OK)
        rc = write_maps(w);
    w->h.n_segments = w->segments.len;
    data->checksum = image_data_checksum(w->segments.at, w->segments.len);
    if (rc == PT_OK)
        rc = write_section(w, IMAGE_SEGMENTS, w->segments.at,
                           (size_t)w->segments.len * sizeof(*w->segments.at));
    if (rc != PT_OK)
        return rc;
    w->h.size = w->at;
    image_seal(&w->h, page);
    return io_write_at(w->fd, 0, &part, 1, w->err);
}

static void writer_release(struct writer *w)
{
    release_numbers(w);
    mem_free(w->nodes);
    mem_free(w->files);
    mem_free(w->names);
    for (unsigned s = 0; s < IMAGE_SECTIONS; s++)
        mem_free(w->words[s]);
    vec_release(&w->entries);
    vec_release(&w->sites);
    vec_release(&w->segments);
    buf_release(&w->buf);
}

/* A new file; synced only if it is to stay. */
static int write_file(const struct view *v, const char *path, bool stays, bool cool,
                      struct err *err)
{
    struct writer w = {.v = v, .err = err, .fd = -1, .cool = cool};
    memcpy(w.h.magic, IMAGE_MAGIC, sizeof(w.h.magic));
    w.h.version = IMAGE_VERSION;
    w.h.page = IMAGE_PAGE;
    w.h.node_kinds = NODE_KIND_COUNT;
    w.h.edge_kinds = EDGE_KIND_COUNT;
    w.h.totals = *v->totals;
    w.h.totals.head = (struct block_head){0, 1};
    int rc = io_open(IO_CWD, path, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600, &w.fd, err);
    if (rc == PT_OK)
        rc = write_all(&w);
    if (rc == PT_OK && stays)
        rc = io_sync(w.fd, err);
    io_close(w.fd);
    if (rc != PT_OK && w.fd >= 0)
        (void)io_remove(IO_CWD, path, NULL);
    writer_release(&w);
    return rc;
}

int image_write_stage(const struct view *v, const char *path, struct err *err)
{
    return write_file(v, path, false, true, err);
}

static int write_and_rename(const struct view *v, const char *path, bool cool, struct err *err)
{
    struct buf temp = {0};
    buf_str(&temp, path);
    buf_str(&temp, IO_TEMP_SUFFIX);
    int rc = temp.failed ? err_set(err, PT_ENOMEM, "out of memory for an image of the graph")
                         : write_file(v, buf_cstr(&temp), true, cool, err);
    if (rc == PT_OK) {
        rc = io_rename(buf_cstr(&temp), path, err);
        if (rc != PT_OK)
            (void)io_remove(IO_CWD, buf_cstr(&temp), NULL);
    }
    if (rc == PT_OK)
        rc = io_sync_entry(path, err);
    buf_release(&temp);
    return rc;
}

int image_write_cool(const struct view *v, const char *path, struct err *err)
{
    return write_and_rename(v, path, true, err);
}

int image_write(const struct view *v, const char *path, struct err *err)
{
    return write_and_rename(v, path, false, err);
}
