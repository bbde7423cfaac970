#include "lang/edits.h"

#include "base/hash.h"
#include "base/mem.h"

#include <string.h>

/* One range that is smaller is as good as two. */
#define SPLIT_MIN 1024u
#define DIAGONALS (2 * EDITS_MAX + 1)

/* ---- bytes ---- */

static uint32_t common_head(const char *a, const char *b, uint32_t most)
{
    uint32_t n = 0;
    while (most - n >= 64 && memcmp(a + n, b + n, 64) == 0)
        n += 64;
    while (n < most && a[n] == b[n])
        n++;
    return n;
}

/* a and b are the ends. */
static uint32_t common_tail(const char *a, const char *b, uint32_t most)
{
    uint32_t n = 0;
    while (most - n >= 64 && memcmp(a - n - 64, b - n - 64, 64) == 0)
        n += 64;
    while (n < most && a[-1 - (ptrdiff_t)n] == b[-1 - (ptrdiff_t)n])
        n++;
    return n;
}

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

/* A range of the old text that became one of the new. */
struct range {
    uint32_t old_from, old_to, new_from, new_to;
};

/* Without what they have in common at both ends, cut between characters. */
static struct range trim(struct slice old, struct slice new)
{
    uint32_t n_old = (uint32_t)old.n, n_new = (uint32_t) new.n;
    uint32_t most = n_old < n_new ? n_old : n_new;
    uint32_t head = common_head(old.p, new.p, most);
    while (head > 0 && head < n_old && is_continuation(old.p[head]))
        head--;
    while (head > 0 && head < n_new && is_continuation(new.p[head]))
        head--;
    uint32_t tail = common_tail(old.p + n_old, new.p + n_new, most - head);
    while (tail > 0 && is_continuation(old.p[n_old - tail]))
        tail--;
    return (struct range){head, n_old - tail, head, n_new - tail};
}

/* Where one is behind n bytes that begin at `at`. */
static TSPoint walk(TSPoint at, const char *p, uint32_t n)
{
    const char *end = p + n, *line = p, *next;
    while (line < end && (next = memchr(line, '\n', (size_t)(end - line))) != NULL) {
        at.row++;
        at.column = 0;
        line = next + 1;
    }
    at.column += (uint32_t)(end - line);
    return at;
}

static TSInputEdit edit_of(struct slice old, struct slice new, const struct range *r, TSPoint start)
{
    uint32_t n_old = r->old_to - r->old_from, n_new = r->new_to - r->new_from;
    return (TSInputEdit){
        .start_byte = r->old_from,
        .old_end_byte = r->old_to,
        .new_end_byte = r->old_from + n_new,
        .start_point = start,
        .old_end_point = walk(start, old.p + r->old_from, n_old),
        .new_end_point = walk(start, new.p + r->new_from, n_new),
    };
}

/* ---- lines ---- */

struct line {
    uint64_t hash;
    uint32_t start; /* in the text */
};

struct lines {
    struct line *at; /* owned; one more than n: the end */
    uint32_t n;
};

static uint32_t line_end(const char *p, uint32_t at, uint32_t end)
{
    const char *nl = at < end ? memchr(p + at, '\n', end - at) : NULL;
    return nl != NULL ? (uint32_t)(nl - p) + 1 : end;
}

static bool cut(const char *p, uint32_t from, uint32_t to, struct lines *ret)
{
    uint32_t n = 0;
    for (uint32_t i = from; i < to; i = line_end(p, i, to))
        n++;
    ret->n = n;
    ret->at = mem_calloc((size_t)n + 1, sizeof(*ret->at));
    if (ret->at == NULL)
        return false;
    n = 0;
    for (uint32_t i = from, end; i < to; i = end) {
        end = line_end(p, i, to);
        ret->at[n++] = (struct line){hash64(p + i, end - i), i};
    }
    ret->at[n].start = to;
    return true;
}

/* Whole lines around a range. */
static struct range widen(struct slice old, struct slice new, struct range r)
{
    while (r.old_from > 0 && old.p[r.old_from - 1] != '\n') {
        r.old_from--;
        r.new_from--;
    }
    bool at_line = (r.old_to == 0 || old.p[r.old_to - 1] == '\n') &&
                   (r.new_to == 0 || new.p[r.new_to - 1] == '\n');
    if (!at_line) { /* what follows is common */
        uint32_t end = line_end(old.p, r.old_to, (uint32_t)old.n);
        r.new_to += end - r.old_to;
        r.old_to = end;
    }
    return r;
}

struct diff {
    struct slice old, new;
    struct lines a, b;
    /* By number of differences and diagonal: the furthest line of `a`. */
    int32_t reach[EDITS_MAX + 1][DIAGONALS];
};

#define MIDDLE ((int32_t)EDITS_MAX)

/* From which diagonal the furthest path with d differences comes to diagonal k. */
static int32_t before(const struct diff *f, int32_t d, int32_t k)
{
    const int32_t *last = f->reach[d - 1] + MIDDLE;
    return k == -d || (k != d && last[k - 1] < last[k + 1]) ? k + 1 : k - 1;
}

static bool is_end(const struct diff *f, int32_t x, int32_t y)
{
    return x >= (int32_t)f->a.n && y >= (int32_t)f->b.n;
}

/* The least number of lines that differ, or -1 if there are too many; and the diagonal of the end. */
static int32_t find(struct diff *f, int32_t *ret_k)
{
    for (int32_t d = 0; d <= (int32_t)EDITS_MAX; d++) {
        for (int32_t k = -d; k <= d; k += 2) {
            int32_t from = d > 0 ? before(f, d, k) : 0;
            int32_t x = d > 0 ? f->reach[d - 1][MIDDLE + from] + (from < k) : 0;
            int32_t y = x - k;
            while (x < (int32_t)f->a.n && y < (int32_t)f->b.n &&
                   f->a.at[x].hash == f->b.at[y].hash) {
                x++;
                y++;
            }
            f->reach[d][MIDDLE + k] = x;
            *ret_k = k;
            if (is_end(f, x, y))
                return d;
        }
    }
    return -1;
}

/* Are these n lines really the same? */
static bool are_same(const struct diff *f, int32_t x, int32_t y, int32_t n)
{
    uint32_t a = f->a.at[x].start, b = f->b.at[y].start;
    uint32_t size = f->a.at[x + n].start - a;
    return size == f->b.at[y + n].start - b && memcmp(f->old.p + a, f->new.p + b, size) == 0;
}

/* In lines; from the last to the first. Returns their number, 0 if it is not so. */
static uint32_t gather(const struct diff *f, int32_t d, int32_t k, struct range ret[EDITS_MAX])
{
    uint32_t n = 0;
    for (int32_t end = f->reach[d][MIDDLE + k]; d >= 0; d--) {
        int32_t from = d > 0 ? before(f, d, k) : 0;
        int32_t x = d > 0 ? f->reach[d - 1][MIDDLE + from] : 0, y = x - from;
        int32_t to_x = x + (d > 0 && from < k), to_y = y + (d > 0 && from > k);
        if (!are_same(f, to_x, to_y, end - to_x))
            return 0;
        if (d == 0)
            break;
        if (n > 0 && end == to_x) { /* nothing lies between: one range */
            ret[n - 1].old_from = (uint32_t)x;
            ret[n - 1].new_from = (uint32_t)y;
        } else {
            ret[n++] = (struct range){(uint32_t)x, (uint32_t)to_x, (uint32_t)y, (uint32_t)to_y};
        }
        end = x;
        k = from;
    }
    return n;
}

/* The parts of a range, in bytes; 0: it has to stay as it is. */
static uint32_t split(struct diff *f, struct range r, struct range ret[EDITS_MAX])
{
    uint32_t n = 0;
    int32_t k = 0;
    r = widen(f->old, f->new, r);
    if (cut(f->old.p, r.old_from, r.old_to, &f->a) && cut(f->new.p, r.new_from, r.new_to, &f->b)) {
        int32_t d = find(f, &k);
        n = d > 0 ? gather(f, d, k, ret) : 0;
    }
    for (uint32_t i = 0; i < n; i++)
        ret[i] = (struct range){f->a.at[ret[i].old_from].start, f->a.at[ret[i].old_to].start,
                                f->b.at[ret[i].new_from].start, f->b.at[ret[i].new_to].start};
    mem_free(f->a.at);
    mem_free(f->b.at);
    return n;
}

/* ---- */

static bool is_wide(const struct range *r)
{
    return r->old_to - r->old_from >= SPLIT_MIN && r->new_to - r->new_from >= SPLIT_MIN;
}

uint32_t edits_between(struct slice old, struct slice new, TSInputEdit ret[EDITS_MAX])
{
    struct range ranges[EDITS_MAX] = {trim(old, new)};
    struct range whole = ranges[0];
    uint32_t n = 0;
    struct diff *f = is_wide(&whole) ? mem_calloc(1, sizeof(*f)) : NULL;
    if (f != NULL) {
        f->old = old;
        f->new = new;
        n = split(f, whole, ranges);
        mem_free(f);
    }
    if (n == 0) {
        ranges[0] = whole;
        n = 1;
    }
    TSPoint at = {0, 0};
    for (uint32_t i = n, done = 0; i-- > 0; done = ranges[i].old_from) {
        at = walk(at, old.p + done, ranges[i].old_from - done);
        ret[i] = edit_of(old, new, &ranges[i], at);
    }
    return n;
}
