/*
 * Strings: borrowed slices, growing buffers, and what UTF-8 needs.
 *
 * Threads: functions of slices and of UTF-8 are pure; a buf belongs to one
 * thread at a time. Ownership: a slice borrows; a buf owns its bytes.
 * Errors: a buf that could not grow is marked `failed`, ignores all further
 * additions, and keeps what it had: check `failed` once, at the end.
 */
#ifndef PT_BASE_STR_H
#define PT_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/attr.h"

/* ---- slices ---- */

/* n bytes at p, not terminated. p may be NULL when n is 0. */
struct slice {
    const char *p;
    size_t n;
};

#define SLICE_INIT(lit)                                                                            \
    {                                                                                              \
        "" lit, sizeof(lit) - 1                                                                    \
    } /* in static initialisers */
#define SLICE(lit) ((struct slice)SLICE_INIT(lit))

static inline struct slice slice_of(const char *p, size_t n)
{
    return (struct slice){p, n};
}

/* Of a terminated string; NULL gives the empty slice. */
static inline struct slice slice_from(const char *s)
{
    return (struct slice){s, s ? strlen(s) : 0};
}

static inline bool slice_eq(struct slice a, struct slice b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* By bytes, as memcmp; a prefix comes first. */
int slice_cmp(struct slice a, struct slice b);

bool slice_starts(struct slice s, struct slice prefix);
bool slice_ends(struct slice s, struct slice suffix);

/* The first / last c in s, or NULL. */
const char *slice_chr(struct slice s, char c);
const char *slice_rchr(struct slice s, char c);

/* Without the first n bytes (all, if it has fewer); the first n bytes. */
struct slice slice_skip(struct slice s, size_t n);
struct slice slice_head(struct slice s, size_t n);

/* Without ASCII white space at both ends. */
struct slice slice_trim(struct slice s);

/* ---- buffers ---- */

/* All zero is an empty buffer. Read p and n at will; p may be NULL when n is 0. */
struct buf {
    char *p;
    size_t n, cap;
    bool failed;
};

void buf_init(struct buf *b);
void buf_release(struct buf *b); /* leaves an empty, usable buffer */
void buf_reset(struct buf *b);   /* empties, forgets the failure, keeps the memory */

/*
 * Whatever is appended must not lie in the buffer itself: it may move.
 */

/* Room for n more bytes, at b->p + b->n; false (and failed) if there is none. */
bool buf_reserve(struct buf *b, size_t n);

void buf_add_slow_(struct buf *b, const char *p, size_t n);

static inline void buf_add(struct buf *b, const void *p, size_t n)
{
    if (PT_LIKELY(n != 0 && n < b->cap - b->n && !b->failed)) {
        memcpy(b->p + b->n, p, n);
        b->n += n;
    } else {
        buf_add_slow_(b, (const char *)p, n);
    }
}

static inline void buf_char(struct buf *b, char c)
{
    buf_add(b, &c, 1);
}

void buf_str(struct buf *b, const char *s);
void buf_slice(struct buf *b, struct slice s);
void buf_fill(struct buf *b, char c, size_t times);
void buf_printf(struct buf *b, const char *fmt, ...) PT_PRINTF(2, 3);
void buf_u64(struct buf *b, uint64_t v);
void buf_i64(struct buf *b, int64_t v);

/* One code point, as UTF-8; what is no scalar value becomes U+FFFD. */
void buf_utf8(struct buf *b, uint32_t cp);

/*
 * A JSON string with its quotes. Any bytes give valid UTF-8 out: what is
 * invalid becomes U+FFFD (one for each maximal invalid part, as Unicode
 * recommends); control characters and U+2028/2029 are escaped.
 */
void buf_json_str(struct buf *b, const char *p, size_t n);

/* Terminated in place, never NULL; valid until the next change. */
const char *buf_cstr(struct buf *b);

static inline struct slice buf_as_slice(const struct buf *b)
{
    return (struct slice){b->p, b->n};
}

/*
 * Hands the terminated bytes over: the caller frees them with mem_free. The
 * buffer is then empty. NULL if the buffer has failed (it is then released).
 */
char *buf_steal(struct buf *b, size_t *ret_n);

/* ---- UTF-8 ---- */

#define UTF8_INVALID UINT32_MAX

/*
 * Decodes the sequence at p (n > 0 bytes there). Returns its length; for
 * what is not UTF-8 the length of the maximal invalid part, and
 * UTF8_INVALID as code point.
 */
size_t utf8_decode(const char *p, size_t n, uint32_t *ret_cp);

bool utf8_valid(const char *p, size_t n);

/* Columns on a terminal: 0 for combining and control, 2 for wide, else 1. */
unsigned utf8_cp_width(uint32_t cp);
size_t utf8_width(const char *p, size_t n);

/* Length of the longest prefix of at most max bytes that cuts no sequence. */
size_t utf8_trunc(const char *p, size_t n, size_t max);

/* Length of the longest prefix of at most `columns` columns. */
size_t utf8_trunc_width(const char *p, size_t n, size_t columns);

/*
 * Appends repository text made harmless for a terminal: control characters,
 * invalid bytes, bidirectional overrides and invisible characters appear as
 * \n, \t, \x1b, \u{202e}. The result is one line of valid UTF-8.
 */
void str_sanitize(struct buf *b, const char *p, size_t n);

/* The same for text of several lines: newlines and tabs stay. */
void str_sanitize_text(struct buf *b, const char *p, size_t n);

#endif
