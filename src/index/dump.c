#include "index/dump.h"

#include <assert.h>
#include <string.h>

#include "base/sort.h"
#include "base/str.h"
#include "index/scan.h"
#include "lang/lang.h"

#define MARK "FILE:"
#define MARK_LEN (sizeof(MARK) - 1)
#define MIN_SEPARATOR 3
#define MAX_MARKS (16 * (uint64_t)DUMP_MAX_FILES) /* lines that begin with MARK */
#define MAX_PATH_SHOWN 255
#define HEAD_BYTES 128 /* of contents, for a #! line */

/* Marks are found anew in each pass over the dump: a hostile one has more than memory. */
struct reader {
    const char *p;
    size_t n;
    size_t at;        /* beginning of a line: where to go on */
    size_t separator; /* beginning of the first one after the last candidate, else SIZE_MAX */
    uint64_t n_marks;
};

struct candidate {
    size_t at;     /* the beginning of its line */
    size_t before; /* that of the separator right before it, else `at` */
    size_t body;   /* behind its line and the separators after it */
    struct slice path;
    size_t n_line;   /* bytes, without the line end */
    size_t n_before; /* of that separator; 0 = there is none */
    size_t n_after;  /* of the first one after it; likewise */
    bool is_shared;  /* the one before is also the first one after another candidate */
};

/* How a dump looks if it is taken for one of a style. */
struct tally {
    uint64_t marked, strays;
    uint64_t clean; /* marked ones without a stray before the next */
    bool has_stray; /* since the last marked one */
    bool has_source;
};

struct found {
    const char *path;
    const char *p;
    size_t n;
    size_t at; /* of its header */
    uint8_t lang;
};

struct build {
    struct dump dump; /* the result, as far as it goes */
    struct reader reader;
    struct candidate first;
    struct buf path; /* of the candidate in hand, normalised */
    VEC(struct found) found;
    bool is_open; /* does what comes belong to the last one found? */
};

const char *dump_reason_text(enum dump_reason reason)
{
    static const char *const texts[] = {
#define DUMP_REASON_TEXT_(name, text) text,
        DUMP_REASON_MAP(DUMP_REASON_TEXT_)
#undef DUMP_REASON_TEXT_
    };

    assert((unsigned)reason < DUMP_N_REASONS);
    return texts[reason];
}

/* ---- candidates ---- */

/* The line at `at`, without its end; *ret_next is the beginning of the next one. */
static struct slice line_at(const struct reader *r, size_t at, size_t *ret_next)
{
    const char *end = memchr(r->p + at, '\n', r->n - at);
    size_t n = end ? (size_t)(end - r->p) - at : r->n - at;

    *ret_next = end ? at + n + 1 : r->n;
    if (n && r->p[at + n - 1] == '\r')
        n--;
    return slice_of(r->p + at, n);
}

/* The length of the separator at `at`, 0 if there is none. Does not look further than needed. */
static size_t separator_at(const struct reader *r, size_t at, size_t *ret_next)
{
    size_t end = at;

    while (end < r->n && r->p[end] == '=')
        end++;
    size_t n = end - at;
    if (end < r->n && r->p[end] == '\r')
        end++;
    if (n < MIN_SEPARATOR || (end < r->n && r->p[end] != '\n'))
        return 0;
    *ret_next = end < r->n ? end + 1 : end;
    return n;
}

/* The same of the line that ends before `at`; *ret_at is its beginning. */
static size_t separator_before(const struct reader *r, size_t at, size_t *ret_at)
{
    size_t end = at;

    if (end == 0 || r->p[end - 1] != '\n')
        return 0;
    end--;
    if (end && r->p[end - 1] == '\r')
        end--;
    size_t from = end;
    while (from && r->p[from - 1] == '=')
        from--;
    if (end - from < MIN_SEPARATOR || (from && r->p[from - 1] != '\n'))
        return 0;
    *ret_at = from;
    return end - from;
}

/* The next line from r->at on that begins with MARK; SIZE_MAX if there is none. */
static size_t next_mark(const struct reader *r)
{
    for (size_t at = r->at; r->n - at >= MARK_LEN;) {
        if (memcmp(r->p + at, MARK, MARK_LEN) == 0)
            return at;
        const char *end = memchr(r->p + at, '\n', r->n - at);
        if (!end)
            break;
        at = (size_t)(end + 1 - r->p);
    }
    return SIZE_MAX;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* 1, or 0 at the end of the dump, or PT_ELIMIT. */
static int next_candidate(struct reader *r, struct candidate *ret)
{
    for (size_t at; (at = next_mark(r)) != SIZE_MAX;) {
        struct candidate c = {.at = at, .before = at};
        size_t next = 0;
        struct slice line = line_at(r, at, &r->at);

        if (++r->n_marks > MAX_MARKS)
            return PT_ELIMIT;
        c.path = slice_trim(slice_skip(line, MARK_LEN));
        if (c.path.n == 0 || !is_blank(line.p[MARK_LEN]))
            continue;
        c.n_line = line.n;
        c.n_before = separator_before(r, at, &c.before);
        c.is_shared = c.n_before && c.before == r->separator;
        c.body = r->at;
        c.n_after = separator_at(r, c.body, &next);
        r->separator = c.n_after ? c.body : SIZE_MAX;
        for (size_t n = c.n_after; n; n = separator_at(r, c.body, &next))
            c.body = next;
        *ret = c;
        return 1;
    }
    return 0;
}

/* ---- paths ---- */

/* Without a drive letter: "C:/a" and "C:\a". */
static struct slice skip_drive(struct slice path)
{
    char first = path.n ? path.p[0] : '\0';
    bool is_letter = (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z');

    if (is_letter && path.n > 2 && path.p[1] == ':' && (path.p[2] == '/' || path.p[2] == '\\'))
        return slice_skip(path, 2);
    return path;
}

/* Adds one part of a path; false if it leads out of the tree. */
static bool add_part(struct buf *path, struct slice part)
{
    if (part.n == 0 || slice_eq(part, SLICE(".")))
        return true;
    if (!slice_eq(part, SLICE(".."))) {
        if (path->n)
            buf_char(path, '/');
        buf_slice(path, part);
        return true;
    }
    if (path->n == 0)
        return false;
    const char *slash = slice_rchr(buf_as_slice(path), '/');
    path->n = slash ? (size_t)(slash - path->p) : 0;
    return true;
}

/* Fills b->path. 1; or 0 and the reason if it is no path within the tree; or PT_ENOMEM. */
static int normalise(struct build *b, struct slice spelled, enum dump_reason *ret_reason)
{
    struct slice rest = skip_drive(spelled);
    char separator = slice_chr(rest, '/') ? '/' : '\\';

    *ret_reason = DUMP_BAD_PATH;
    buf_reset(&b->path);
    if (spelled.n > SCAN_MAX_PATH || !scan_is_good_name(spelled.p, spelled.n))
        return 0;
    while (rest.n) {
        const char *end = slice_chr(rest, separator);
        size_t n = end ? (size_t)(end - rest.p) : rest.n;

        if (!add_part(&b->path, slice_head(rest, n))) {
            *ret_reason = DUMP_OUTSIDE;
            return 0;
        }
        rest = slice_skip(rest, end ? n + 1 : n);
    }
    buf_cstr(&b->path);
    return b->path.failed ? PT_ENOMEM : b->path.n != 0;
}

/* ---- the style ---- */

static bool is_marked(const struct candidate *c, const struct candidate *first,
                      enum dump_style style)
{
    bool after = c->n_after && (c->n_after == first->n_after ||
                                (first->n_after == first->n_line && c->n_after == c->n_line));
    bool before = c->n_before && (c->n_before == first->n_before ||
                                  (first->n_before == first->n_line && c->n_before == c->n_line));

    switch (style) {
    case DUMP_AFTER: return after;
    case DUMP_BEFORE: return before;
    case DUMP_BOTH:
        /* In a dump with separators after, an empty file puts one before the next header. */
        return after && before && !c->is_shared;
    case DUMP_PLAIN: break;
    }
    return true;
}

static int count(struct build *b, struct tally *t, const struct candidate *c, bool marked)
{
    enum dump_reason reason;

    if (!marked) {
        t->strays++;
        t->has_stray = true;
        return 0;
    }
    t->clean += t->marked && !t->has_stray;
    t->marked++;
    t->has_stray = false;
    if (t->has_source)
        return 0;
    int rc = normalise(b, c->path, &reason);
    t->has_source = rc > 0 && lang_of_file(b->path.p, NULL, 0) != LANG_NONE;
    return rc < 0 ? rc : 0;
}

/* As index/dump.h lays down; so is what follows. */
static enum dump_style style_of_first(const struct tally *tallies, const struct candidate *first)
{
    uint64_t n_after = tallies[DUMP_AFTER].marked;
    uint64_t n_before = tallies[DUMP_BEFORE].marked;
    uint64_t n_both = tallies[DUMP_BOTH].marked;

    if (!first->n_before)
        return first->n_after ? DUMP_AFTER : DUMP_PLAIN;
    if (!first->n_after)
        return DUMP_BEFORE;
    if (2 * n_both > n_after && 2 * n_both > n_before)
        return DUMP_BOTH;
    return n_after >= n_before ? DUMP_AFTER : DUMP_BEFORE;
}

static enum dump_style style_of(const struct tally *tallies, const struct candidate *first)
{
    enum dump_style style = style_of_first(tallies, first);
    const struct tally *t = &tallies[style];

    if (style == DUMP_PLAIN || !t->has_source)
        return DUMP_PLAIN;
    if (t->marked > t->strays || 2 * t->clean > t->marked)
        return style;
    return style == DUMP_BOTH && first->n_before == first->n_after ? style : DUMP_PLAIN;
}

/* First pass: finds out the style. PT_EINVAL if there is no candidate. */
static int survey(struct build *b)
{
    struct reader r = b->reader;
    struct tally tallies[DUMP_BOTH + 1] = {{0}};
    struct candidate c;
    int rc = next_candidate(&r, &b->first);

    if (rc <= 0)
        return rc ? rc : PT_EINVAL;
    for (c = b->first; rc > 0; rc = rc < 0 ? rc : next_candidate(&r, &c)) {
        for (unsigned s = DUMP_AFTER; s <= DUMP_BOTH && rc >= 0; s++) {
            int failed = count(b, &tallies[s], &c, is_marked(&c, &b->first, (enum dump_style)s));
            rc = failed ? failed : rc;
        }
    }
    if (rc < 0)
        return rc;
    for (unsigned s = DUMP_AFTER; s <= DUMP_BOTH; s++)
        tallies[s].clean += tallies[s].marked && !tallies[s].has_stray;
    b->dump.style = style_of(tallies, &b->first);
    return 0;
}

/* ---- the files ---- */

/* `line` holds the header's place until fix_lines. */
static int add_skip(struct build *b, struct slice path, size_t at, enum dump_reason reason)
{
    struct dump_skip skip = {.line = at, .reason = reason};

    b->dump.n_skips[reason]++;
    if (b->dump.skips.len >= DUMP_MAX_SKIPS)
        return 0;
    if (path.n > MAX_PATH_SHOWN)
        path.n = utf8_trunc(path.p, path.n, MAX_PATH_SHOWN);
    skip.path = arena_strndup(&b->dump.arena, path.p, path.n);
    return skip.path && vec_push(&b->dump.skips, skip) ? 0 : PT_ENOMEM;
}

static int open_file(struct build *b, const struct candidate *c)
{
    enum dump_reason reason;
    struct found f = {.p = b->reader.p + c->body, .at = c->at};
    int rc = normalise(b, c->path, &reason);

    if (rc <= 0)
        return rc ? rc : add_skip(b, c->path, c->at, reason);
    if (b->found.len >= DUMP_MAX_FILES)
        return PT_ELIMIT;
    f.path = arena_strndup(&b->dump.arena, b->path.p, b->path.n);
    if (!f.path || !vec_push(&b->found, f))
        return PT_ENOMEM;
    b->is_open = true;
    return 0;
}

/* What was opened last ends at `end`. */
static void close_file(struct build *b, size_t end)
{
    if (!b->is_open)
        return;

    struct found *f = &vec_last(&b->found);
    size_t from = (size_t)(f->p - b->reader.p);
    f->n = end > from ? end - from : 0;
    f->lang = (uint8_t)lang_of_file(f->path, f->p, f->n < HEAD_BYTES ? f->n : HEAD_BYTES);
    b->is_open = false;
}

/* Second pass: opens a file at each header. */
static int find_files(struct build *b)
{
    struct reader *r = &b->reader;
    struct candidate c;
    int rc;

    while ((rc = next_candidate(r, &c)) > 0) {
        if (!is_marked(&c, &b->first, b->dump.style))
            continue;
        close_file(b, c.before);
        rc = open_file(b, &c);
        if (rc)
            return rc;
    }
    close_file(b, r->n);
    return rc;
}

static int compare_found(const void *a, const void *b, void *ctx)
{
    const struct found *x = a;
    const struct found *y = b;
    int rc = strcmp(x->path, y->path);

    (void)ctx;
    return rc ? rc : (x->at > y->at) - (x->at < y->at);
}

/* Sorts what was found, and of equal paths keeps the last. */
static int fill_entries(struct build *b)
{
    uint32_t n = b->found.len;

    sort_r(b->found.at, n, sizeof(*b->found.at), compare_found, NULL);
    for (uint32_t i = 0; i < n; i++) {
        const struct found *f = &b->found.at[i];

        if (i + 1 < n && strcmp(f->path, b->found.at[i + 1].path) == 0) {
            int rc = add_skip(b, slice_from(f->path), f->at, DUMP_DUPLICATE);
            if (rc)
                return rc;
        } else if (f->lang == LANG_NONE) {
            b->dump.n_other_files++;
        } else if (!vec_push(&b->dump.entries, (struct dump_entry){f->path, f->p, f->n, f->lang})) {
            return PT_ENOMEM;
        }
    }
    return 0;
}

static int compare_skips(const void *a, const void *b, void *ctx)
{
    const struct dump_skip *x = a;
    const struct dump_skip *y = b;

    (void)ctx;
    return (x->line > y->line) - (x->line < y->line);
}

/* Sorts the skips, and turns their places into line numbers. */
static void fix_lines(struct build *b)
{
    size_t at = 0;
    uint64_t line = 1;

    sort_r(b->dump.skips.at, b->dump.skips.len, sizeof(*b->dump.skips.at), compare_skips, NULL);
    for (uint32_t i = 0; i < b->dump.skips.len; i++) {
        struct dump_skip *skip = &b->dump.skips.at[i];
        const char *p;

        while ((p = memchr(b->reader.p + at, '\n', skip->line - at))) {
            at = (size_t)(p + 1 - b->reader.p);
            line++;
        }
        skip->line = line;
    }
}

/* ---- the dump ---- */

static int map_dump(const char *path, struct io_map *ret, struct err *err)
{
    struct buf real = {0};
    int rc = io_realpath(path, &real, err);

    if (!rc)
        rc = io_map_file(buf_cstr(&real), ret, err);
    buf_release(&real);
    return rc;
}

static int parse(struct build *b)
{
    struct slice text = slice_of((const char *)b->dump.map.p, b->dump.map.n);
    int rc;

    if (slice_starts(text, SLICE("\xef\xbb\xbf")))
        text = slice_skip(text, 3);
    b->reader = (struct reader){.p = text.p, .n = text.n, .separator = SIZE_MAX};
    rc = survey(b);
    if (!rc)
        rc = find_files(b);
    if (!rc)
        rc = fill_entries(b);
    if (!rc)
        fix_lines(b);
    return rc;
}

static int explain(const char *path, const struct io_map *map, int rc, struct err *err)
{
    if (rc == PT_ELIMIT)
        return err_set(err, rc, "%s: has too many lines \"" MARK "\": %u files are the limit", path,
                       (unsigned)DUMP_MAX_FILES);
    if (rc != PT_EINVAL)
        return err_set(err, rc, "%s: %s", path, err_text(rc));
    if (map->n >= 2 && (memcmp(map->p, "\xff\xfe", 2) == 0 || memcmp(map->p, "\xfe\xff", 2) == 0))
        return err_set(err, rc, "%s: is UTF-16; convert it to UTF-8", path);
    return err_set(err, rc, "%s: has no line \"" MARK " path\"", path);
}

int dump_open(const char *path, struct dump *ret, struct err *err)
{
    struct build b = {0};
    int rc = map_dump(path, &b.dump.map, err);

    if (rc)
        return rc;
    rc = parse(&b);
    buf_release(&b.path);
    vec_release(&b.found);
    if (rc) {
        explain(path, &b.dump.map, rc, err);
        dump_close(&b.dump);
        return rc;
    }
    *ret = b.dump;
    return 0;
}

void dump_close(struct dump *dump)
{
    io_unmap(&dump->map);
    arena_release(&dump->arena);
    vec_release(&dump->entries);
    vec_release(&dump->skips);
    *dump = (struct dump){0};
}
