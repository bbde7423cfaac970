/*
 * A segment encoded into one block that can be damaged and then sealed again,
 * so that only the structural checks stand between the damage and a reader.
 * Without cmocka: the fuzzer of segments uses it too.
 */
#ifndef PT_TESTS_UNIT_GRAPH_BLOCK_H
#define PT_TESTS_UNIT_GRAPH_BLOCK_H

#include "base/codec.h"
#include "graph/build.h"
#include "graph/view.h"

#include <stdlib.h>
#include <string.h>

/* One 8-aligned block, freed by the caller with free(). */
static inline uint8_t *encode(const struct segment *s, size_t *ret_n)
{
    uint8_t header[SEG_HEADER_SIZE];
    struct io_part parts[SEG_PARTS];
    size_t n = segment_encode(s, header, parts), at = 0;
    uint8_t *p = malloc(n);

    if (p == NULL)
        abort();
    for (size_t i = 0; i < SEG_PARTS; i++) {
        memcpy(p + at, parts[i].p, parts[i].n);
        at += parts[i].n;
    }
    if (at != n)
        abort();
    *ret_n = n;
    return p;
}

/* The segment as its header describes it, unchecked, or false if it does not fit. */
static inline bool lay_out(uint8_t *p, size_t n, struct segment *ret)
{
    size_t at = SEG_HEADER_SIZE;

    if (n < SEG_HEADER_SIZE)
        return false;
    *ret = (struct segment){.n_strings = codec_get32(p + 48),
                            .n_files = codec_get32(p + 52),
                            .n_nodes = codec_get32(p + 56),
                            .n_docs = codec_get32(p + 60),
                            .n_buckets = codec_get32(p + 64),
                            .n_edges = codec_get32(p + 68),
                            .n_sites = codec_get32(p + 72),
                            .n_names = codec_get32(p + 76)};
#define X(c, field, type, n_)                                                                      \
    if (at > n || segment_section_len(ret, SEG_##c) * sizeof(type) > n - at)                       \
        return false;                                                                              \
    ret->field = (const type *)(const void *)(p + at);                                             \
    at += (segment_section_len(ret, SEG_##c) * sizeof(type) + 7) & ~(size_t)7;
    SEG_SECTION_MAP(X)
#undef X
    return at == n;
}

/* Makes all checksums right again. */
static inline void reseal(uint8_t *p, size_t n)
{
    struct segment s;
    uint8_t *sum = p + 88;
    uint8_t rest[SEG_HEADER_SIZE - 16];
    struct hash128 h;

    if (!lay_out(p, n, &s))
        return;
#define X(c, field, type, n_)                                                                      \
    h = hash128(s.field, segment_section_len(&s, SEG_##c) * sizeof(type));                         \
    codec_put64(sum, h.lo);                                                                        \
    codec_put64(sum + 8, h.hi);                                                                    \
    sum += 16;
    SEG_SECTION_MAP(X)
#undef X
    memcpy(rest, p, 16);
    memcpy(rest + 16, p + 32, SEG_HEADER_SIZE - 32);
    h = hash128(rest, sizeof(rest));
    codec_put64(p + 16, h.lo);
    codec_put64(p + 24, h.hi);
}

#endif
