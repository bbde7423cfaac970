/*
 * Images that were changed, with all their checksums made right again: so that
 * only the checks of what an image says stand between damage and a reader.
 * Without cmocka: the fuzzer of images uses it too.
 */
#ifndef PT_TESTS_UNIT_GRAPH_IMAGE_SEAL_H
#define PT_TESTS_UNIT_GRAPH_IMAGE_SEAL_H

#include "graph/image_internal.h"

#include <string.h>

/* Where a section is, if it lies within the n bytes. */
static inline bool image_section_at(const uint8_t *p, size_t n, unsigned s, uint64_t *ret_offset,
                                    uint64_t *ret_size)
{
    struct image_header h;

    if (n < IMAGE_PAGE)
        return false;
    memcpy(&h, p, sizeof(h));
    *ret_offset = h.sections[s].offset;
    *ret_size = h.sections[s].size;
    return *ret_offset <= n && *ret_size <= n - *ret_offset;
}

static inline void reseal_segments(uint8_t *p, size_t n, struct image_header *h)
{
    uint64_t offset, size;

    if (!image_section_at(p, n, IMAGE_SEGMENTS, &offset, &size))
        return;
    uint64_t count = size / sizeof(struct image_segment);
    for (uint64_t i = 0; i < count; i++) {
        struct image_segment s;
        uint8_t *at = p + offset + i * sizeof(s);
        memcpy(&s, at, sizeof(s));
        uint64_t from = (uint64_t)s.first_granule * SPACE_GRANULE;
        uint64_t length = (uint64_t)s.n_granules * SPACE_GRANULE;
        if (from <= n && length <= n - from)
            s.checksum = hash128(p + from, (size_t)length);
        memcpy(at, &s, sizeof(s));
    }
    if (offset % sizeof(uint64_t) == 0)
        h->sections[IMAGE_DATA].checksum = image_data_checksum(
            (const struct image_segment *)(const void *)(p + offset), (uint32_t)count);
}

/* p is aligned to 8. */
static inline void image_reseal(uint8_t *p, size_t n)
{
    struct image_header h;
    uint64_t offset, size;

    if (n < IMAGE_PAGE)
        return;
    memcpy(&h, p, sizeof(h));
    reseal_segments(p, n, &h);
    for (unsigned s = 0; s < IMAGE_SECTIONS; s++) {
        if (s != IMAGE_DATA && image_section_at(p, n, s, &offset, &size))
            h.sections[s].checksum = hash128(p + offset, (size_t)size);
    }
    h.size = n;
    memset(&h.checksum, 0, sizeof(h.checksum));
    image_seal(&h, (char *)p);
}

#endif
