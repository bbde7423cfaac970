#include "base/utf8.h"

#include "base/str.h"
#include "base/utf8_width.h"

/*
 * What the bytes of a sequence may be, by its first byte (Unicode, table
 * 3-7): its length, and the bounds of the second byte; all others are 80..BF.
 */
struct lead {
    uint8_t first, last;
    uint8_t length;
    uint8_t second_min, second_max;
};

static const struct lead leads[] = {
    {0xC2, 0xDF, 2, 0x80, 0xBF}, {0xE0, 0xE0, 3, 0xA0, 0xBF}, {0xE1, 0xEC, 3, 0x80, 0xBF},
    {0xED, 0xED, 3, 0x80, 0x9F}, {0xEE, 0xEF, 3, 0x80, 0xBF}, {0xF0, 0xF0, 4, 0x90, 0xBF},
    {0xF1, 0xF3, 4, 0x80, 0xBF}, {0xF4, 0xF4, 4, 0x80, 0x8F},
};

static const struct lead *lead_of(uint8_t byte)
{
    for (size_t i = 0; i < PT_COUNT(leads); i++)
        if (byte >= leads[i].first && byte <= leads[i].last)
            return &leads[i];
    return NULL;
}

size_t utf8_decode(const char *p, size_t n, uint32_t *ret_cp)
{
    uint8_t first = (uint8_t)p[0];

    if (first < 0x80) {
        *ret_cp = first;
        return 1;
    }

    const struct lead *lead = lead_of(first);
    *ret_cp = UTF8_INVALID;
    if (!lead)
        return 1;

    uint32_t cp = first & (0x7FU >> lead->length);
    for (size_t i = 1; i < lead->length; i++) {
        uint8_t min = i == 1 ? lead->second_min : 0x80;
        uint8_t max = i == 1 ? lead->second_max : 0xBF;

        if (i == n || (uint8_t)p[i] < min || (uint8_t)p[i] > max)
            return i;
        cp = cp << 6 | ((uint8_t)p[i] & 0x3F);
    }
    *ret_cp = cp;
    return lead->length;
}

static size_t ascii_run(const char *p, size_t n)
{
    size_t i = 0;
    uint64_t word;

    for (; i + sizeof(word) <= n; i += sizeof(word)) {
        memcpy(&word, p + i, sizeof(word));
        if (word & UINT64_C(0x8080808080808080))
            break;
    }
    while (i < n && (uint8_t)p[i] < 0x80)
        i++;
    return i;
}

bool utf8_valid(const char *p, size_t n)
{
    for (size_t i = ascii_run(p, n); i < n;) {
        uint32_t cp;

        i += utf8_decode(p + i, n - i, &cp);
        if (cp == UTF8_INVALID)
            return false;
        i += ascii_run(p + i, n - i);
    }
    return true;
}

static bool is_in(const struct cp_range *ranges, size_t n, uint32_t cp)
{
    size_t lo = 0;

    while (n) {
        size_t half = n / 2;

        if (ranges[lo + half].last < cp) {
            lo += half + 1;
            n -= half + 1;
        } else {
            n = half;
        }
    }
    return ranges[lo].first <= cp && cp <= ranges[lo].last;
}

unsigned utf8_cp_width(uint32_t cp)
{
    if (cp < 0x20 || (cp >= 0x7F && cp < 0xA0))
        return 0;
    if (cp < cp_zero[0].first || cp > 0x10FFFF)
        return 1;
    if (cp <= cp_zero[PT_COUNT(cp_zero) - 1].last && is_in(cp_zero, PT_COUNT(cp_zero), cp))
        return 0;
    if (cp <= cp_wide[PT_COUNT(cp_wide) - 1].last && is_in(cp_wide, PT_COUNT(cp_wide), cp))
        return 2;
    return 1;
}

/* Goes on while the columns fit; returns the bytes and says the columns. */
static size_t measure(const char *p, size_t n, size_t max_columns, size_t *ret_columns)
{
    size_t i = 0;
    size_t columns = 0;

    while (i < n) {
        uint32_t cp;
        size_t step = utf8_decode(p + i, n - i, &cp);
        size_t width = utf8_cp_width(cp);

        if (width > max_columns - columns)
            break;
        columns += width;
        i += step;
    }
    *ret_columns = columns;
    return i;
}

size_t utf8_width(const char *p, size_t n)
{
    size_t columns;

    measure(p, n, SIZE_MAX, &columns);
    return columns;
}

size_t utf8_trunc_width(const char *p, size_t n, size_t columns)
{
    size_t used;

    return measure(p, n, columns, &used);
}

size_t utf8_trunc(const char *p, size_t n, size_t max)
{
    if (n <= max)
        return n;

    /* A sequence that crosses the cut begins at most three bytes before it. */
    for (size_t back = 1; back <= 3 && back <= max; back++) {
        uint32_t cp;
        size_t start = max - back;

        if (((uint8_t)p[start] & 0xC0) == 0x80)
            continue;
        if (utf8_decode(p + start, n - start, &cp) > back && cp != UTF8_INVALID)
            return start;
        break;
    }
    return max;
}

bool utf8_is_unsafe(uint32_t cp)
{
    static const struct cp_range unsafe[] = {
        {0x0000, 0x001F}, {0x007F, 0x009F}, {0x061C, 0x061C},   {0x180E, 0x180E},
        {0x200B, 0x200B}, {0x200E, 0x200F}, {0x2028, 0x202E},   {0x2060, 0x206F},
        {0xFEFF, 0xFEFF}, {0xFFF9, 0xFFFB}, {0xE0000, 0xE007F},
    };

    if (cp >= 0x20 && cp < 0x7F)
        return false;
    return cp <= 0xE007F && is_in(unsafe, PT_COUNT(unsafe), cp);
}

static void escape_cp(struct buf *b, uint32_t cp)
{
    switch (cp) {
    case '\n': buf_str(b, "\\n"); break;
    case '\r': buf_str(b, "\\r"); break;
    case '\t': buf_str(b, "\\t"); break;
    default: buf_printf(b, cp < 0x80 ? "\\x%02x" : "\\u{%x}", cp);
    }
}

static void sanitize(struct buf *b, const char *p, size_t n, const char *keep)
{
    size_t done = 0; /* appended up to here */
    size_t i = 0;

    while (i < n) {
        uint32_t cp;
        size_t step = utf8_decode(p + i, n - i, &cp);
        bool is_kept = cp && cp < 0x80 && strchr(keep, (char)cp);

        if (is_kept || (cp != UTF8_INVALID && !utf8_is_unsafe(cp))) {
            i += step;
            continue;
        }
        buf_add(b, p + done, i - done);
        if (cp == UTF8_INVALID)
            for (size_t k = 0; k < step; k++)
                buf_printf(b, "\\x%02x", (uint8_t)p[i + k]);
        else
            escape_cp(b, cp);
        i += step;
        done = i;
    }
    buf_add(b, p + done, n - done);
}

void str_sanitize(struct buf *b, const char *p, size_t n)
{
    sanitize(b, p, n, "");
}

void str_sanitize_text(struct buf *b, const char *p, size_t n)
{
    sanitize(b, p, n, "\n\t");
}
