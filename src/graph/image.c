#include "graph/image_internal.h"

#include "base/hash.h"
#include "base/io.h"

#include <fcntl.h>
#include <string.h>

static const char *const section_names[] = {
#define X(name) #name,
    IMAGE_SECTION_MAP(X)
#undef X
};

struct hash128 image_data_checksum(const struct image_segment *segments, uint32_t n)
{
    struct hasher h;
    hasher_init(&h);
    for (uint32_t i = 0; i < n; i++)
        hasher_add(&h, &segments[i].checksum, sizeof(segments[i].checksum));
    return hasher_u128(&h);
}

/* Of the page without the checksum itself. */
static struct hash128 page_checksum(const char page[IMAGE_PAGE])
{
    const size_t at = offsetof(struct image_header, checksum), n = sizeof(struct hash128);
    struct hasher h;
    hasher_init(&h);
    hasher_add(&h, page, at);
    hasher_add(&h, page + at + n, IMAGE_PAGE - at - n);
    return hasher_u128(&h);
}

void image_seal(struct image_header *h, char page[IMAGE_PAGE])
{
    memcpy(page, h, sizeof(*h));
    h->checksum = page_checksum(page);
    memcpy(page, h, sizeof(*h));
}

/* ---- the header ---- */

static int corrupt(struct err *err, const char *path, const char *what)
{
    return err_set(err, PT_ECORRUPT, "%s: I1: %s", path, what);
}

static uint64_t expected_size(const struct image_header *h, enum image_section s)
{
    switch (s) {
    case IMAGE_DATA: return h->sections[s].size / IMAGE_PAGE * IMAGE_PAGE;
    case IMAGE_SIG_DIR: return ((uint64_t)image_buckets(h->n_nodes) + 1) * 4;
    case IMAGE_SIG_IDS: return (uint64_t)h->n_nodes * sizeof(struct idmap_entry);
    case IMAGE_PATH_DIR: return ((uint64_t)image_buckets(h->n_files) + 1) * 4;
    case IMAGE_PATH_IDS: return (uint64_t)h->n_files * sizeof(struct idmap_entry);
    case IMAGE_NAME_DIR: return ((uint64_t)image_buckets(h->n_names) + 1) * 4;
    case IMAGE_NAME_IDS: return (uint64_t)h->n_names * sizeof(struct idmap_entry);
    case IMAGE_SEGMENTS: return (uint64_t)h->n_segments * sizeof(struct image_segment);
    default: return (uint64_t)image_words(h, s) * 4;
    }
}

static int check_sections(const struct image_header *h, const char *path, uint64_t size,
                          struct err *err)
{
    uint64_t at = IMAGE_PAGE;
    for (unsigned s = 0; s < IMAGE_SECTIONS; s++) {
        const struct image_place *p = &h->sections[s];
        if (p->offset != at || p->size != expected_size(h, (enum image_section)s) ||
            p->size > size - at)
            return err_set(err, PT_ECORRUPT, "%s: I1: the section %s has a wrong place or size",
                           path, section_names[s]);
        at += (p->size + IMAGE_PAGE - 1) / IMAGE_PAGE * IMAGE_PAGE;
        if (at > size)
            return corrupt(err, path, "a section goes beyond the end of the file");
    }
    return at == size && h->size == size ? PT_OK : corrupt(err, path, "the file has a wrong size");
}

static int read_header(int fd, const char *path, struct image_header *ret, struct err *err)
{
    char page[IMAGE_PAGE];
    struct io_stat st;
    size_t n = 0;
    int rc = io_stat_fd(fd, &st, err);
    if (rc == PT_OK)
        rc = io_pread(fd, page, sizeof(page), 0, &n, err);
    if (rc != PT_OK)
        return rc;
    memcpy(ret, page, sizeof(*ret));
    if (n < sizeof(page) || memcmp(ret->magic, IMAGE_MAGIC, sizeof(ret->magic)) != 0)
        return corrupt(err, path, "it is no image of a graph");
    if (ret->version != IMAGE_VERSION)
        return err_set(err, PT_EVERSION, "%s: an image of version %u, and this program knows %u",
                       path, ret->version, IMAGE_VERSION);
    struct hash128 sum = page_checksum(page);
    if (!hash128_eq(sum, ret->checksum))
        return corrupt(err, path, "the checksum of the header is wrong");
    if (ret->page != IMAGE_PAGE || ret->node_kinds > NODE_KIND_COUNT ||
        ret->edge_kinds > EDGE_KIND_COUNT || ret->totals.n_nodes != ret->n_nodes ||
        ret->totals.n_files != ret->n_files || ret->totals.head.generation != 0 ||
        ret->totals.head.n != 1 || ret->n_files > LIVE_FILES_MAX)
        return corrupt(err, path, "the header says what cannot be");
    return check_sections(ret, path, st.size, err);
}

/* ---- opening ---- */

static uint64_t hash_of_node(const void *ctx, uint32_t id)
{
    const struct live *g = ctx;
    uint32_t ref = atomic_load_explicit(&g->node.at[id], memory_order_acquire);
    return ((const struct live_node *)block_of(&g->space, ref))->sig;
}

static uint64_t hash_of_file(const void *ctx, uint32_t id)
{
    const struct live *g = ctx;
    uint32_t ref = atomic_load_explicit(&g->file.at[id], memory_order_acquire);
    const char *path = live_path((const struct live_file *)block_of(&g->space, ref));
    return hash64(path, strlen(path));
}

static uint64_t hash_of_name(const void *ctx, uint32_t id)
{
    const char *text = live_text(ctx, id);
    return hash64(text, strlen(text));
}

static void set_base(struct live *g, struct idmap *m, const struct image_header *h,
                     enum image_section dir, uint32_t n,
                     uint64_t (*hash_of)(const void *ctx, uint32_t id))
{
    const char *p = (const char *)g->image.p;
    m->base = (struct idmap_base){
        .dir = (const uint32_t *)(const void *)(p + h->sections[dir].offset),
        .entries = (const struct idmap_entry *)(const void *)(p + h->sections[dir + 1].offset),
        .n_buckets = n > 0 ? image_buckets(n) : 0,
        .hash_of = hash_of,
        .ctx = g,
    };
}

static int map_words(struct live *g, int fd, const struct image_header *h, struct err *err)
{
    struct words *const all[] = {
        [IMAGE_NODE] = &g->node, [IMAGE_IN] = &g->in_words, [IMAGE_OUT] = &g->out_words,
        [IMAGE_FILE] = &g->file, [IMAGE_NAMED] = &g->named, [IMAGE_TEXT] = &g->text};
    int rc = PT_OK;
    for (unsigned s = IMAGE_NODE; s <= IMAGE_TEXT && rc == PT_OK; s++)
        rc = words_map(all[s], fd, h->sections[s].offset, image_words(h, (enum image_section)s),
                       err);
    return rc;
}

static int take_totals(struct live *g, const struct live_totals *t, struct err *err)
{
    uint32_t ref = space_alloc(&g->space, sizeof(*t));
    if (ref == 0)
        return err_set(err, PT_ENOMEM, "out of memory for a graph");
    memcpy(space_at(&g->space, ref), t, sizeof(*t));
    atomic_store_explicit(&g->totals, ref, memory_order_release);
    return PT_OK;
}

static int map_image(struct live *g, int fd, const char *path, struct err *err)
{
    struct image_header h;
    int rc = read_header(fd, path, &h, err);
    if (rc == PT_OK)
        rc = io_map_file(path, &g->image, err);
    if (rc == PT_OK && g->image.n != h.size)
        rc = corrupt(err, path, "another file took its place while it was opened");
    const struct image_place *data = &h.sections[IMAGE_DATA];
    if (rc == PT_OK)
        rc = space_map(&g->space, fd, data->offset, data->size, err);
    if (rc == PT_OK)
        rc = map_words(g, fd, &h, err);
    if (rc != PT_OK)
        return rc;
    set_base(g, &g->by_sig, &h, IMAGE_SIG_DIR, h.n_nodes, hash_of_node);
    set_base(g, &g->by_path, &h, IMAGE_PATH_DIR, h.n_files, hash_of_file);
    set_base(g, &g->by_name, &h, IMAGE_NAME_DIR, h.n_names, hash_of_name);
    atomic_store_explicit(&g->n_nodes, h.n_nodes, memory_order_release);
    atomic_store_explicit(&g->n_files, h.n_files, memory_order_release);
    atomic_store_explicit(&g->nodes_in_order, h.n_nodes, memory_order_release);
    atomic_store_explicit(&g->files_in_order, h.n_files, memory_order_release);
    atomic_store_explicit(&g->names_in_order, h.n_names, memory_order_release);
    g->n_names = h.n_names;
    return take_totals(g, &h.totals, err);
}

int image_open(const char *path, struct live **ret, struct err *err)
{
    struct live *g = NULL;
    int fd = -1;
    int rc = io_open(IO_CWD, path, O_RDONLY | O_NOFOLLOW, 0, &fd, err);
    if (rc == PT_OK)
        rc = live_new(&g, err);
    if (rc == PT_OK)
        rc = map_image(g, fd, path, err);
    io_close(fd);
    if (rc == PT_OK)
        *ret = g;
    else
        live_free(g);
    return rc;
}

/* Does `what` to the pages that questions read. */
static void each_part(const struct live *g, void (*what)(const void *p, size_t n))
{
    const struct words *const words[] = {&g->node, &g->in_words, &g->out_words, &g->named};
    if (g->image.n == 0)
        return;
    const struct image_header *h = (const struct image_header *)(const void *)g->image.p;
    what(space_at(&g->space, IMAGE_PAGE / SPACE_GRANULE), h->sections[IMAGE_DATA].size);
    for (unsigned i = 0; what == io_warm && i < PT_COUNT(words); i++)
        what((const void *)words[i]->at,
             (size_t)(words[i] == &g->named ? h->n_names : h->n_nodes) * sizeof(uint32_t));
    const struct image_place *maps = &h->sections[IMAGE_SIG_DIR];
    what(g->image.p + maps->offset, g->image.n - maps->offset);
}

void image_warm(const struct live *g)
{
    each_part(g, io_warm);
}

void image_cool(const struct live *g)
{
    each_part(g, io_cool); /* but words: commits write to them */
}

/* ---- every byte ---- */

static bool is_zero(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i] != 0)
            return false;
    }
    return true;
}

static int verify_section(const struct io_map *m, const struct image_header *h, unsigned s,
                          const char *path, struct err *err)
{
    const struct image_place *p = &h->sections[s];
    uint64_t end = p->offset + p->size;
    uint64_t padded = (end + IMAGE_PAGE - 1) / IMAGE_PAGE * IMAGE_PAGE;
    struct hash128 sum = hash128(m->p + p->offset, (size_t)p->size);
    if (s != IMAGE_DATA && !hash128_eq(sum, p->checksum))
        return err_set(err, PT_ECORRUPT, "%s: I2: the checksum of the section %s is wrong", path,
                       section_names[s]);
    if (!is_zero(m->p + end, (size_t)(padded - end)))
        return err_set(err, PT_ECORRUPT, "%s: I1: what follows the section %s is not zero", path,
                       section_names[s]);
    return PT_OK;
}

static int verify_segments(const struct io_map *m, const struct image_header *h, const char *path,
                           struct err *err)
{
    const struct image_place *data = &h->sections[IMAGE_DATA];
    const struct image_segment *s =
        (const struct image_segment *)(const void *)(m->p + h->sections[IMAGE_SEGMENTS].offset);
    uint64_t node = 0, file = 0, granule = IMAGE_PAGE / SPACE_GRANULE;
    for (uint32_t i = 0; i < h->n_segments; i++) {
        uint64_t offset = (uint64_t)s[i].first_granule * SPACE_GRANULE;
        uint64_t size = (uint64_t)s[i].n_granules * SPACE_GRANULE;
        if (s[i].first_node != node || s[i].first_file != file || s[i].first_granule != granule ||
            offset + size > data->offset + data->size)
            return err_set(err, PT_ECORRUPT, "%s: I3: segment %u does not follow the one before",
                           path, i);
        struct hash128 sum = hash128(m->p + offset, (size_t)size);
        if (!hash128_eq(sum, s[i].checksum))
            return err_set(err, PT_ECORRUPT,
                           "%s: I2: the checksum of segment %u (bytes %llu to %llu) is wrong", path,
                           i, (unsigned long long)offset, (unsigned long long)(offset + size));
        node += s[i].n_nodes;
        file += s[i].n_files;
        granule += s[i].n_granules;
    }
    struct hash128 all = image_data_checksum(s, h->n_segments);
    if (node != h->n_nodes || file != h->n_files ||
        granule * SPACE_GRANULE != data->offset + data->size || !hash128_eq(all, data->checksum))
        return err_set(err, PT_ECORRUPT, "%s: I3: the segments are not the whole of the image",
                       path);
    return PT_OK;
}

int image_verify(const char *path, uint32_t *ret_segments, struct err *err)
{
    struct image_header h;
    struct io_map m = {0};
    int fd = -1;
    int rc = io_open(IO_CWD, path, O_RDONLY | O_NOFOLLOW, 0, &fd, err);
    if (rc == PT_OK)
        rc = read_header(fd, path, &h, err);
    io_close(fd);
    if (rc == PT_OK)
        rc = io_map_file(path, &m, err);
    if (rc == PT_OK && m.n != h.size)
        rc = corrupt(err, path, "another file took its place while it was read");
    for (unsigned s = 0; rc == PT_OK && s < IMAGE_SECTIONS; s++)
        rc = verify_section(&m, &h, s, path, err);
    if (rc == PT_OK)
        rc = verify_segments(&m, &h, path, err);
    if (ret_segments != NULL)
        *ret_segments = rc == PT_OK ? h.n_segments : 0;
    io_unmap(&m);
    return rc;
}
