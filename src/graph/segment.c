#include "graph/segment.h"

#include "base/codec.h"
#include "base/mem.h"
#include "graph/build.h"

#include <assert.h>
#include <string.h>

#define ALIGN 8u
#define AT_VERSION 8
#define AT_HEADER_SIZE 12
#define AT_HEADER_SUM 16
#define AFTER_HEADER_SUM 32
#define AT_SIZE 32
#define AT_NODE_KINDS 40
#define AT_EDGE_KINDS 44
#define AT_COUNTS 48
#define AT_SECTIONS 84
#define AT_SUMS 88
/* What another version's header may take at most; its checksum is looked at before its version. */
#define HEADER_MAX 65536u

static const char magic[8] = {'I', 'S', 'G', 'S', 'E', 'G', 'M', 'T'};

static const struct {
    const char *name;
    size_t size; /* of an element */
} sections[] = {
#define X(c, field, type, n) {#field, sizeof(type)},
    SEG_SECTION_MAP(X)
#undef X
};

size_t segment_section_len(const struct segment *s, enum seg_section section)
{
    const size_t lens[] = {
#define X(c, field, type, n) (n),
        SEG_SECTION_MAP(X)
#undef X
    };

    assert(section < SEG_COUNT);
    return lens[section];
}

static size_t section_bytes(const struct segment *s, enum seg_section section)
{
    return segment_section_len(s, section) * sections[section].size;
}

static size_t padded(size_t n)
{
    return (n + (ALIGN - 1)) & ~(size_t)(ALIGN - 1);
}

size_t segment_bytes(const struct segment *s)
{
    size_t n = 0;

    for (unsigned i = 0; i < SEG_COUNT; i++)
        n += section_bytes(s, i);
    return n;
}

void segment_release(struct segment *s)
{
    if (s->owned) {
#define X(c, field, type, n) mem_free((void *)(uintptr_t)s->field);
        SEG_SECTION_MAP(X)
#undef X
    }
    *s = (struct segment){0};
}

/* ---- look-ups ---- */

uint32_t segment_find_sig(const struct segment *s, uint64_t sig)
{
    if (s->n_nodes == 0)
        return NODE_NONE;

    uint32_t bucket = segment_bucket(s, sig);
    uint32_t low = s->sig_dir[bucket], high = s->sig_dir[bucket + 1];
    while (low < high) {
        uint32_t middle = low + (high - low) / 2, id = s->by_sig[middle];
        if (s->nodes[id].sig == sig)
            return id;
        if (s->nodes[id].sig < sig)
            low = middle + 1;
        else
            high = middle;
    }
    return NODE_NONE;
}

uint32_t segment_find_file(const struct segment *s, const char *path)
{
    uint32_t low = 0, high = s->n_files;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int c = strcmp(s->strings + s->files[middle].path, path);
        if (c == 0)
            return middle;
        if (c < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NODE_NONE;
}

const struct seg_doc *segment_doc(const struct segment *s, uint32_t node)
{
    uint32_t low = 0, high = s->n_docs;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (s->docs[middle].node < node)
            low = middle + 1;
        else
            high = middle;
    }
    assert(low < s->n_docs && s->docs[low].node == node);
    return &s->docs[low];
}

/* ---- encoding ---- */

static void put_sum(uint8_t *at, struct hash128 sum)
{
    codec_put64(at, sum.lo);
    codec_put64(at + 8, sum.hi);
}

static struct hash128 get_sum(const uint8_t *at)
{
    return (struct hash128){codec_get64(at), codec_get64(at + 8)};
}

static struct hash128 header_sum(const uint8_t *header, size_t n)
{
    struct hasher h;

    hasher_init(&h);
    hasher_add(&h, header, AT_HEADER_SUM);
    hasher_add(&h, header + AFTER_HEADER_SUM, n - AFTER_HEADER_SUM);
    return hasher_u128(&h);
}

static const void *section_at(const struct segment *s, enum seg_section section)
{
    const void *at[] = {
#define X(c, field, type, n) s->field,
        SEG_SECTION_MAP(X)
#undef X
    };

    return at[section];
}

size_t segment_encode(const struct segment *s, uint8_t header[SEG_HEADER_SIZE],
                      struct io_part parts[SEG_PARTS])
{
    static const uint8_t zeros[ALIGN];
    const uint32_t counts[SEG_COUNTS] = {s->n_strings, s->n_files, s->n_nodes, s->n_docs,
                                         s->n_buckets, s->n_edges, s->n_sites, s->n_names};
    struct io_part *part = parts;
    size_t size = SEG_HEADER_SIZE;

    *part++ = (struct io_part){header, SEG_HEADER_SIZE};
    for (unsigned i = 0; i < SEG_COUNT; i++) {
        size_t n = section_bytes(s, i);

        put_sum(header + AT_SUMS + (size_t)16 * i, hash128(section_at(s, i), n));
        *part++ = (struct io_part){section_at(s, i), n};
        *part++ = (struct io_part){zeros, padded(n) - n};
        size += padded(n);
    }
    memcpy(header, magic, sizeof(magic));
    codec_put32(header + AT_VERSION, SEG_VERSION);
    codec_put32(header + AT_HEADER_SIZE, SEG_HEADER_SIZE);
    codec_put64(header + AT_SIZE, size);
    codec_put32(header + AT_NODE_KINDS, NODE_KIND_COUNT);
    codec_put32(header + AT_EDGE_KINDS, EDGE_KIND_COUNT);
    for (unsigned i = 0; i < SEG_COUNTS; i++)
        codec_put32(header + AT_COUNTS + (size_t)4 * i, counts[i]);
    codec_put32(header + AT_SECTIONS, SEG_COUNT);
    put_sum(header + AT_HEADER_SUM, header_sum(header, SEG_HEADER_SIZE));
    return size;
}

/* ---- decoding ---- */

static int decode_header(const uint8_t *p, size_t n, struct segment *s, struct err *err)
{
    if (n < AFTER_HEADER_SUM || memcmp(p, magic, sizeof(magic)) != 0)
        return err_set(err, PT_ECORRUPT, "S1: no segment");

    uint32_t header = codec_get32(p + AT_HEADER_SIZE), version = codec_get32(p + AT_VERSION);
    if (header < AFTER_HEADER_SUM || header > HEADER_MAX || header > n ||
        !hash128_eq(get_sum(p + AT_HEADER_SUM), header_sum(p, header)))
        return err_set(err, PT_ECORRUPT, "S1: the header of the segment is damaged");
    if (version != SEG_VERSION)
        return err_set(err, PT_EVERSION, "segment of version %u; this program reads version %u",
                       version, SEG_VERSION);
    if (header != SEG_HEADER_SIZE || codec_get32(p + AT_SECTIONS) != SEG_COUNT)
        return err_set(err, PT_ECORRUPT, "S1: a segment header of %u bytes", header);
    if (codec_get32(p + AT_NODE_KINDS) > NODE_KIND_COUNT ||
        codec_get32(p + AT_EDGE_KINDS) > EDGE_KIND_COUNT)
        return err_set(err, PT_EVERSION, "segment with kinds that this program does not know");

    uint32_t counts[SEG_COUNTS];
    for (unsigned i = 0; i < SEG_COUNTS; i++)
        counts[i] = codec_get32(p + AT_COUNTS + (size_t)4 * i);
    *s = (struct segment){.n_strings = counts[0],
                          .n_files = counts[1],
                          .n_nodes = counts[2],
                          .n_docs = counts[3],
                          .n_buckets = counts[4],
                          .n_edges = counts[5],
                          .n_sites = counts[6],
                          .n_names = counts[7]};
    if (s->n_strings == 0 || s->n_files > SITE_FILES_MAX || s->n_nodes > SEG_NODES_MAX ||
        s->n_buckets == 0 || s->n_edges > SEG_EDGES_MAX || counts[8] != 0)
        return err_set(err, PT_ECORRUPT, "S1: impossible counts");
    if (codec_get64(p + AT_SIZE) != n)
        return err_set(err, PT_ECORRUPT, "S1: a segment of %llu bytes, %zu are there",
                       (unsigned long long)codec_get64(p + AT_SIZE), n);
    return 0;
}

/* The bytes of a section at *offset, which moves behind it. */
static int decode_section(const uint8_t *p, size_t n, const struct segment *s,
                          enum seg_section section, size_t *offset, struct err *err)
{
    static const uint8_t zeros[ALIGN];
    size_t size = section_bytes(s, section), begin = *offset;

    if (padded(size) > n - begin)
        return err_set(err, PT_ECORRUPT, "S1: section %s ends behind the segment",
                       sections[section].name);
    if (!hash128_eq(hash128(p + begin, size), get_sum(p + AT_SUMS + (size_t)16 * section)))
        return err_set(err, PT_ECORRUPT, "S2: section %s (offset %zu, %zu bytes) is damaged",
                       sections[section].name, begin, size);
    if (memcmp(p + begin + size, zeros, padded(size) - size) != 0)
        return err_set(err, PT_ECORRUPT, "S2: padding at offset %zu is not zero", begin + size);
    *offset += padded(size);
    return 0;
}

int segment_decode(const uint8_t *p, size_t n, struct segment *ret, struct err *err)
{
    struct segment s;
    size_t offset = SEG_HEADER_SIZE;
    int rc = decode_header(p, n, &s, err);

    assert((uintptr_t)p % ALIGN == 0);
#define X(c, field, type, n_)                                                                      \
    if (rc == 0) {                                                                                 \
        s.field = (const type *)(const void *)(p + offset);                                        \
        rc = decode_section(p, n, &s, SEG_##c, &offset, err);                                      \
    }
    SEG_SECTION_MAP(X)
#undef X
    if (rc == 0 && offset != n)
        rc = err_set(err, PT_ECORRUPT, "S1: %zu bytes behind the last section", n - offset);
    if (rc == 0)
        rc = segment_check(&s, err);
    if (rc == 0)
        *ret = s;
    return rc;
}
