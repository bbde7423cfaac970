/*
 * Numbers to and from bytes: little-endian integers, varints, CRC32C.
 *
 * Threads: pure functions. Ownership: none. Errors: only a varint can be
 * malformed; fixed-size gets and puts trust their caller with the bounds.
 */
#ifndef PT_BASE_CODEC_H
#define PT_BASE_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline uint16_t codec_get16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t codec_get32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t codec_get64(const uint8_t *p)
{
    return (uint64_t)codec_get32(p) | (uint64_t)codec_get32(p + 4) << 32;
}

static inline void codec_put16(uint8_t *p, uint16_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
}

static inline void codec_put32(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)v;
    p[1] = (uint8_t)(v >> 8);
    p[2] = (uint8_t)(v >> 16);
    p[3] = (uint8_t)(v >> 24);
}

static inline void codec_put64(uint8_t *p, uint64_t v)
{
    codec_put32(p, (uint32_t)v);
    codec_put32(p + 4, (uint32_t)(v >> 32));
}

/*
 * Varints: 7 bits a byte, low bits first, the top bit set on all but the last
 * byte. A varint is valid if and only if it ends within the bounds, within
 * 10 bytes, fits 64 bits, and is the shortest form of its value.
 */
#define CODEC_VARINT_MAX 10

/* Writes at most CODEC_VARINT_MAX bytes; returns how many. */
static inline size_t codec_put_varint(uint8_t *p, uint64_t v)
{
    size_t n = 0;

    while (v >= 0x80) {
        p[n++] = (uint8_t)(v | 0x80);
        v >>= 7;
    }
    p[n++] = (uint8_t)v;
    return n;
}

size_t codec_varint_size(uint64_t v);

/* Reads one and moves *p behind it; false, both untouched, if it is invalid. */
bool codec_varint(const uint8_t **p, const uint8_t *end, uint64_t *ret);

/* The same, and false too for what does not fit 32 bits. */
bool codec_varint32(const uint8_t **p, const uint8_t *end, uint32_t *ret);

/* Small negative numbers as small varints. */
static inline uint64_t codec_zigzag(int64_t v)
{
    return ((uint64_t)v << 1) ^ (v < 0 ? UINT64_MAX : 0);
}

static inline int64_t codec_unzigzag(uint64_t v)
{
    return (int64_t)((v >> 1) ^ (0 - (v & 1)));
}

/*
 * CRC32C (Castagnoli). `crc` is 0 at the start, or the result so far:
 * crc32c(crc32c(0, a), b) is that of a and b joined. By the processor's
 * instruction where it has one, by table elsewhere, with the same result.
 */
uint32_t crc32c(uint32_t crc, const void *p, size_t n);

/* The way by table, on every machine; for tests. */
uint32_t crc32c_by_table(uint32_t crc, const void *p, size_t n);

#endif
