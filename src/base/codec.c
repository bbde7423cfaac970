#include "base/codec.h"

#include <pthread.h>

size_t codec_varint_size(uint64_t v)
{
    size_t n = 1;

    while (v >= 0x80) {
        v >>= 7;
        n++;
    }
    return n;
}

bool codec_varint(const uint8_t **p, const uint8_t *end, uint64_t *ret)
{
    const uint8_t *at = *p;
    uint64_t v = 0;

    for (unsigned shift = 0; shift < 64 && at < end; shift += 7) {
        uint8_t byte = *at++;

        if (shift == 63 && byte > 1)
            return false; /* over 64 bits, or a tenth byte that goes on */
        v |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80) {
            if (byte == 0 && shift != 0)
                return false; /* not the shortest form */
            *p = at;
            *ret = v;
            return true;
        }
    }
    return false;
}

bool codec_varint32(const uint8_t **p, const uint8_t *end, uint32_t *ret)
{
    const uint8_t *at = *p;
    uint64_t v;

    if (!codec_varint(&at, end, &v) || v > UINT32_MAX)
        return false;
    *p = at;
    *ret = (uint32_t)v;
    return true;
}

#define CRC32C_POLY 0x82F63B78U /* reflected */
#define CRC_SLICES 8

static uint32_t crc_table[CRC_SLICES][256];
static pthread_once_t crc_table_once = PTHREAD_ONCE_INIT;

/* crc_table[k][b]: the effect of byte b, followed by k zero bytes. */
static void fill_crc_table(void)
{
    for (uint32_t b = 0; b < 256; b++) {
        uint32_t crc = b;

        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (crc & 1 ? CRC32C_POLY : 0);
        crc_table[0][b] = crc;
    }
    for (int k = 1; k < CRC_SLICES; k++)
        for (uint32_t b = 0; b < 256; b++) {
            uint32_t crc = crc_table[k - 1][b];
            crc_table[k][b] = (crc >> 8) ^ crc_table[0][crc & 0xFF];
        }
}

uint32_t crc32c_by_table(uint32_t crc, const void *p, size_t n)
{
    const uint8_t *at = p;

    pthread_once(&crc_table_once, fill_crc_table);
    crc = ~crc;
    for (; n >= 8; n -= 8, at += 8) {
        uint32_t lo = codec_get32(at) ^ crc;
        uint32_t hi = codec_get32(at + 4);

        crc = crc_table[7][lo & 0xFF] ^ crc_table[6][lo >> 8 & 0xFF] ^
              crc_table[5][lo >> 16 & 0xFF] ^ crc_table[4][lo >> 24] ^ crc_table[3][hi & 0xFF] ^
              crc_table[2][hi >> 8 & 0xFF] ^ crc_table[1][hi >> 16 & 0xFF] ^ crc_table[0][hi >> 24];
    }
    while (n--)
        crc = (crc >> 8) ^ crc_table[0][(crc ^ *at++) & 0xFF];
    return ~crc;
}

#if defined(__x86_64__)

__attribute__((target("sse4.2"))) static uint32_t crc32c_by_cpu(uint32_t crc, const void *p,
                                                                size_t n)
{
    const uint8_t *at = p;
    uint64_t wide = ~crc;

    for (; n >= 8; n -= 8, at += 8)
        wide = __builtin_ia32_crc32di(wide, codec_get64(at));
    crc = (uint32_t)wide;
    while (n--)
        crc = __builtin_ia32_crc32qi(crc, *at++);
    return ~crc;
}

uint32_t crc32c(uint32_t crc, const void *p, size_t n)
{
    return __builtin_cpu_supports("sse4.2") ? crc32c_by_cpu(crc, p, n) : crc32c_by_table(crc, p, n);
}

#else

uint32_t crc32c(uint32_t crc, const void *p, size_t n)
{
    return crc32c_by_table(crc, p, n);
}

#endif
