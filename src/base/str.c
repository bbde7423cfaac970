#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/utf8.h"

#define FIRST_CAP 64
#define DOUBLE_BELOW ((size_t)1 << 20)

/* ---- slices ---- */

int slice_cmp(struct slice a, struct slice b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n ? memcmp(a.p, b.p, n) : 0;

    return c ? c : (a.n > b.n) - (a.n < b.n);
}

bool slice_starts(struct slice s, struct slice prefix)
{
    return s.n >= prefix.n && slice_eq(slice_head(s, prefix.n), prefix);
}

bool slice_ends(struct slice s, struct slice suffix)
{
    return s.n >= suffix.n && slice_eq(slice_skip(s, s.n - suffix.n), suffix);
}

const char *slice_chr(struct slice s, char c)
{
    return s.n ? memchr(s.p, c, s.n) : NULL;
}

const char *slice_rchr(struct slice s, char c)
{
    return s.n ? memrchr(s.p, c, s.n) : NULL;
}

struct slice slice_skip(struct slice s, size_t n)
{
    if (n > s.n)
        n = s.n;
    return n ? slice_of(s.p + n, s.n - n) : s;
}

struct slice slice_head(struct slice s, size_t n)
{
    return slice_of(s.p, n < s.n ? n : s.n);
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct slice slice_trim(struct slice s)
{
    while (s.n && is_space(s.p[0]))
        s = slice_skip(s, 1);
    while (s.n && is_space(s.p[s.n - 1]))
        s.n--;
    return s;
}

/* ---- buffers ---- */

void buf_init(struct buf *b)
{
    *b = (struct buf){0};
}

void buf_release(struct buf *b)
{
    mem_free(b->p);
    buf_init(b);
}

void buf_reset(struct buf *b)
{
    b->n = 0;
    b->failed = false;
}

/* Keeps one byte more than asked for, for the terminator. */
bool buf_reserve(struct buf *b, size_t n)
{
    size_t grown = b->cap < DOUBLE_BELOW ? b->cap * 2 : b->cap + b->cap / 2;

    if (b->failed)
        return false;
    if (n < b->cap - b->n)
        return true;
    if (n >= PTRDIFF_MAX - b->n) {
        b->failed = true;
        return false;
    }
    if (grown < FIRST_CAP)
        grown = FIRST_CAP;
    if (grown < b->n + n + 1)
        grown = b->n + n + 1;

    char *p = mem_realloc(b->p, grown);
    if (!p) {
        b->failed = true;
        return false;
    }
    b->p = p;
    b->cap = grown;
    return true;
}

void buf_add_slow_(struct buf *b, const char *p, size_t n)
{
    if (n && buf_reserve(b, n)) {
        memcpy(b->p + b->n, p, n);
        b->n += n;
    }
}

void buf_str(struct buf *b, const char *s)
{
    buf_add(b, s, strlen(s));
}

void buf_slice(struct buf *b, struct slice s)
{
    buf_add(b, s.p, s.n);
}

void buf_fill(struct buf *b, char c, size_t times)
{
    if (times && buf_reserve(b, times)) {
        memset(b->p + b->n, c, times);
        b->n += times;
    }
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    va_list ap_again;

    if (!buf_reserve(b, 0))
        return;
    va_start(ap, fmt);
    va_copy(ap_again, ap);
    size_t room = b->cap - b->n;
    int n = vsnprintf(b->p + b->n, room, fmt, ap);
    if (n < 0)
        b->failed = true;
    else if ((size_t)n >= room && buf_reserve(b, (size_t)n))
        vsnprintf(b->p + b->n, (size_t)n + 1, fmt, ap_again);
    if (!b->failed)
        b->n += (size_t)n;
    va_end(ap_again);
    va_end(ap);
}

void buf_u64(struct buf *b, uint64_t v)
{
    char digits[20];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + v % 10);
        v /= 10;
    } while (v);
    buf_add(b, digits + at, sizeof(digits) - at);
}

void buf_i64(struct buf *b, int64_t v)
{
    if (v < 0)
        buf_char(b, '-');
    buf_u64(b, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

void buf_utf8(struct buf *b, uint32_t cp)
{
    char s[4];
    size_t n;

    if (cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF))
        cp = UTF8_REPLACEMENT;
    if (cp < 0x80) {
        s[0] = (char)cp;
        n = 1;
    } else if (cp < 0x800) {
        s[0] = (char)(0xC0 | cp >> 6);
        n = 2;
    } else if (cp < 0x10000) {
        s[0] = (char)(0xE0 | cp >> 12);
        n = 3;
    } else {
        s[0] = (char)(0xF0 | cp >> 18);
        n = 4;
    }
    for (size_t i = 1; i < n; i++)
        s[i] = (char)(0x80 | (cp >> 6 * (n - 1 - i) & 0x3F));
    buf_add(b, s, n);
}

static void json_escape_unit(struct buf *b, uint32_t unit)
{
    static const char hex[] = "0123456789abcdef";
    char s[6] = {'\\',          'u', hex[unit >> 12 & 15], hex[unit >> 8 & 15], hex[unit >> 4 & 15],
                 hex[unit & 15]};

    buf_add(b, s, sizeof(s));
}

static void json_escape(struct buf *b, uint32_t cp)
{
    static const char named[] = "\bb\tt\nn\ff\rr\"\"\\\\";
    const char *found = cp && cp < 0x80 ? strchr(named, (char)cp) : NULL;

    if (found) {
        /* A character of the odd places stands before its letter. */
        size_t at = (size_t)(found - named) & ~(size_t)1;
        char s[2] = {'\\', named[at + 1]};
        buf_add(b, s, 2);
    } else if (cp > 0xFFFF) {
        json_escape_unit(b, 0xD800 + ((cp - 0x10000) >> 10));
        json_escape_unit(b, 0xDC00 + ((cp - 0x10000) & 0x3FF));
    } else {
        json_escape_unit(b, cp);
    }
}

#define EACH_BYTE(c) (UINT64_C(0x0101010101010101) * (c))

/* Is one of the eight bytes 0? (Mycroft's test) */
static uint64_t has_zero(uint64_t w)
{
    return (w - EACH_BYTE(1)) & ~w & EACH_BYTE(0x80);
}

static bool all_plain(const char *p)
{
    uint64_t w;

    memcpy(&w, p, sizeof(w));
    uint64_t below_blank = (w - EACH_BYTE(0x20)) & ~w & EACH_BYTE(0x80);
    return (below_blank | (w & EACH_BYTE(0x80)) | has_zero(w ^ EACH_BYTE(0x7F)) |
            has_zero(w ^ EACH_BYTE('"')) | has_zero(w ^ EACH_BYTE('\\'))) == 0;
}

/* How many bytes from here stand for themselves: printable ASCII, no \ or ". */
static size_t plain_run(const char *p, size_t n)
{
    size_t i = 0;

    while (n - i >= sizeof(uint64_t) && all_plain(p + i))
        i += sizeof(uint64_t);
    while (i < n && p[i] >= 0x20 && p[i] < 0x7F && p[i] != '"' && p[i] != '\\')
        i++;
    return i;
}

void buf_json_str(struct buf *b, const char *p, size_t n)
{
    buf_char(b, '"');
    while (n) {
        size_t step = plain_run(p, n);
        uint32_t cp;

        if (step) {
            buf_add(b, p, step);
        } else {
            step = utf8_decode(p, n, &cp);
            if (cp == UTF8_INVALID)
                buf_utf8(b, UTF8_REPLACEMENT);
            else if (cp == '"' || cp == '\\' || utf8_is_unsafe(cp))
                json_escape(b, cp);
            else
                buf_add(b, p, step);
        }
        p += step;
        n -= step;
    }
    buf_char(b, '"');
}

const char *buf_cstr(struct buf *b)
{
    if (b->n == 0 && b->cap == 0)
        return "";
    /* Every growth left room for the terminator. */
    b->p[b->n] = '\0';
    return b->p;
}

char *buf_steal(struct buf *b, size_t *ret_n)
{
    char *p = NULL;

    if (!b->failed && buf_reserve(b, 0)) {
        p = b->p;
        p[b->n] = '\0';
        if (ret_n)
            *ret_n = b->n;
        b->p = NULL;
    }
    buf_release(b);
    return p;
}
