#include "base/vec.h"
#include "server/render.h"

#include <string.h>

#define MAX_COLUMNS 16u
#define GAP 2u
#define INDENT 2u
#define HANG 4u      /* what a row goes on with on the next line, further in */
#define MIN_ROOM 12u /* less of what may be cut is worth nothing */
#define MIN_COLUMN 16u
#define SITES_SHOWN 3u /* of a list of places in one cell */

struct text {
    const struct render_options *o;
    struct buf *out;
    struct buf cell; /* scratch */
};

static const char *const colours[ROLE_COUNT] = {
    [ROLE_PLAIN] = "",           [ROLE_NAME] = "\033[1m",      [ROLE_KIND] = "\033[36m",
    [ROLE_PLACE] = "\033[32m",   [ROLE_SIGNATURE] = "\033[2m", [ROLE_NUMBER] = "\033[33m",
    [ROLE_WARNING] = "\033[31m", [ROLE_HEADING] = "\033[1m",   [ROLE_HINT] = "\033[2m",
    [ROLE_BYTES] = "\033[33m",   [ROLE_MS] = "\033[33m",
};

static void paint(struct text *t, uint8_t role, const char *p, size_t n)
{
    bool colour = n > 0 && t->o->colour && colours[role][0] != '\0';
    if (colour)
        buf_str(t->out, colours[role]);
    buf_add(t->out, p, n);
    if (colour)
        buf_str(t->out, "\033[0m");
}

static void new_line(struct text *t)
{
    while (t->out->n > 0 && t->out->p[t->out->n - 1] == ' ')
        t->out->n--;
    buf_char(t->out, '\n');
}

/* An empty line, but not at the top, and never two. */
static void blank_line(struct text *t)
{
    size_t n = t->out->n;
    if (n >= 2 && !(t->out->p[n - 1] == '\n' && t->out->p[n - 2] == '\n'))
        buf_char(t->out, '\n');
}

/* ---- cells ---- */

static void put_number(struct buf *b, uint64_t n)
{
    char text[COUNT_TEXT];
    buf_str(b, count_text(n, text));
}

static void put_bytes(struct buf *b, uint64_t n)
{
    static const char *const units[] = {"kB", "MB", "GB", "TB"};
    double v = (double)n / 1000;
    unsigned u = 0;
    if (n < 1000) {
        buf_printf(b, "%u B", (unsigned)n);
        return;
    }
    for (; v >= 999.5 && u + 1 < PT_COUNT(units); u++)
        v /= 1000;
    buf_printf(b, v < 9.95 ? "%.1f %s" : "%.0f %s", v, units[u]);
}

static void put_ms(struct buf *b, double ms)
{
    if (ms < 1000)
        buf_printf(b, ms < 9.95 ? "%.1f ms" : "%.0f ms", ms);
    else if (ms < 60000)
        buf_printf(b, "%.2f s", ms / 1000);
    else
        buf_printf(b, "%u:%02u min", (unsigned)(ms / 60000), (unsigned)(ms / 1000) % 60);
}

/* "a.c:10:5" splits into the file and "10"; the column is for machines. */
static struct slice file_of(const struct value *place, struct slice *ret_line)
{
    struct slice all = {place->string.p, place->string.n};
    const char *col = slice_rchr(all, ':');
    struct slice head = slice_head(all, col != NULL ? (size_t)(col - all.p) : all.n);
    const char *line = slice_rchr(head, ':');
    if (line == NULL) {
        *ret_line = slice_of("", 0);
        return all;
    }
    *ret_line = slice_skip(head, (size_t)(line - head.p) + 1);
    return slice_head(head, (size_t)(line - head.p));
}

/* Places of one file side by side: "a.c:10,12 b.c:3 +4". */
static void put_places(const struct value *list, struct buf *b)
{
    struct slice last = {NULL, 0}, last_line = {NULL, 0};
    unsigned shown = 0, left = 0;
    for (const struct value *i = list->items.first; i != NULL; i = i->next) {
        struct slice line, file = file_of(i, &line);
        bool same = shown > 0 && slice_eq(file, last);
        if (same && slice_eq(line, last_line))
            continue;
        if (shown == SITES_SHOWN) {
            left++;
            last_line = line;
            last = file;
            continue;
        }
        buf_str(b, same ? "," : shown > 0 ? " " : "");
        if (!same) {
            str_sanitize(b, file.p, file.n);
            buf_str(b, line.n > 0 ? ":" : "");
        }
        buf_slice(b, line);
        last = file;
        last_line = line;
        shown++;
    }
    if (left > 0)
        buf_printf(b, " +%u", left);
}

static void put_list(const struct value *list, struct buf *b)
{
    if (list->items.first != NULL && list->items.first->role == ROLE_PLACE) {
        put_places(list, b);
        return;
    }
    for (const struct value *i = list->items.first; i != NULL; i = i->next) {
        if (i != list->items.first)
            buf_str(b, ", ");
        if (i->kind == VALUE_STRING)
            str_sanitize(b, i->string.p, i->string.n);
    }
}

/* What a value looks like in one cell. */
static void to_cell(const struct value *v, struct buf *cell)
{
    cell->n = 0; /* and no buf_reset: a failure is to be seen at the end */
    if (v == NULL)
        return;
    switch ((enum value_kind)v->kind) {
    case VALUE_NULL:
    case VALUE_OBJECT: break;
    case VALUE_BOOL: buf_str(cell, v->boolean ? "yes" : "no"); break;
    case VALUE_UINT:
        if (v->role == ROLE_BYTES)
            put_bytes(cell, v->uint);
        else
            put_number(cell, v->uint);
        break;
    case VALUE_REAL:
        if (v->role == ROLE_MS)
            put_ms(cell, v->real);
        else
            buf_printf(cell, "%.3g", v->real);
        break;
    case VALUE_STRING: str_sanitize(cell, v->string.p, v->string.n); break;
    case VALUE_ARRAY: put_list(v, cell); break;
    }
}

/* The same, with lists set apart: nothing else tells columns from each other. */
static void to_compact_cell(const struct value *v, struct buf *cell)
{
    to_cell(v, cell);
    if (v->kind != VALUE_ARRAY || cell->n == 0)
        return;
    cell->n = 0;
    buf_char(cell, '(');
    put_list(v, cell);
    buf_char(cell, ')');
}

static const char *label_of(const struct value *v)
{
    return v->label != NULL ? v->label : v->key;
}

static void put_label(struct buf *b, const char *label)
{
    for (const char *p = label; *p != '\0'; p++)
        buf_char(b, *p == '_' ? ' ' : *p);
}

/* ---- tables ---- */

struct column {
    const char *key;
    size_t width; /* of the widest cell */
    size_t start; /* where it begins on the screen */
    bool number;
    bool may_cut; /* people can do without it; all else is given whole */
};

struct columns {
    struct column at[MAX_COLUMNS];
    unsigned n;
};

static bool is_cell(const struct value *v)
{
    if (v->show == SHOW_JSON || v->kind == VALUE_OBJECT)
        return false;
    return v->kind != VALUE_ARRAY ||
           (v->items.first != NULL && v->items.first->kind != VALUE_OBJECT);
}

static uint8_t role_of(const struct value *v)
{
    if (v == NULL)
        return ROLE_PLAIN;
    if (v->kind == VALUE_ARRAY && v->items.first != NULL)
        return v->items.first->role;
    return v->role;
}

static void measure(struct text *t, const struct value *rows, struct columns *cols)
{
    for (const struct value *row = rows->items.first; row != NULL; row = row->next) {
        unsigned hint = 0;
        for (const struct value *v = row->items.first; v != NULL; v = v->next) {
            if (!is_cell(v))
                continue;
            unsigned c = hint;
            while (c < cols->n && strcmp(cols->at[c].key, v->key) != 0)
                c++;
            if (c == MAX_COLUMNS)
                continue;
            if (c == cols->n) {
                /* A column that only later rows have stands where they have it. */
                unsigned at = hint < cols->n ? hint : cols->n;
                memmove(&cols->at[at + 1], &cols->at[at], (cols->n - at) * sizeof(cols->at[0]));
                cols->at[at] = (struct column){
                    .key = v->key, .number = v->kind == VALUE_UINT || v->kind == VALUE_REAL};
                cols->n++;
                c = at;
            }
            to_cell(v, &t->cell);
            size_t width = utf8_width(t->cell.p, t->cell.n);
            if (width > cols->at[c].width)
                cols->at[c].width = width;
            cols->at[c].may_cut |= role_of(v) == ROLE_SIGNATURE;
            hint = c + 1;
            if (cols->n == MAX_COLUMNS)
                break;
        }
    }
}

/* How much narrower the widest column must be for all that may not be cut to fit; 0 if they do, or
 * if that would not help. Its widest cells then push the rest of their rows aside. */
static size_t too_wide(const struct text *t, const struct columns *cols, size_t indent,
                       unsigned *ret_widest)
{
    size_t sum = indent, widest = 0;
    unsigned last = 0;
    for (unsigned c = 0; c < cols->n; c++) {
        const struct column *col = &cols->at[c];
        if (col->may_cut || col->width == 0)
            continue;
        if (col->width > widest) {
            widest = col->width;
            *ret_widest = c;
        }
        sum += col->width + GAP;
        last = c;
    }
    if (t->o->width == 0 || sum <= t->o->width + GAP || *ret_widest == last)
        return 0;
    size_t over = sum - GAP - t->o->width;
    return over + MIN_COLUMN <= widest ? over : 0;
}

static void place(const struct text *t, struct columns *cols, size_t indent)
{
    unsigned widest = 0;
    size_t at = indent, over = too_wide(t, cols, indent, &widest);
    for (unsigned c = 0; c < cols->n; c++) {
        cols->at[c].start = at;
        if (cols->at[c].width > 0)
            at += cols->at[c].width + GAP - (c == widest ? over : 0);
    }
}

/* A row under way, broken between two cells at the terminal's edge. */
struct row {
    size_t indent, used;
    bool begun;
};

static bool fits(const struct text *t, size_t at, size_t width)
{
    return t->o->width == 0 || at + width <= t->o->width;
}

/* The next cell: at column `start` if it fits there, else behind the last one, else on a new
 * line. */
static void put_cell(struct text *t, struct row *r, uint8_t role, size_t start)
{
    size_t width = utf8_width(t->cell.p, t->cell.n);
    size_t at = r->begun ? r->used + GAP : r->indent;
    if (r->begun && !fits(t, at, width)) {
        new_line(t);
        r->used = 0;
        at = r->indent + HANG;
    }
    if (start > at && fits(t, start, width))
        at = start;
    buf_fill(t->out, ' ', at - r->used);
    paint(t, role, t->cell.p, t->cell.n);
    r->used = at + width;
    r->begun = true;
}

/* Cuts the cell to the room behind column `at`. */
static void cut_cell(struct text *t, size_t at)
{
    if (fits(t, at, utf8_width(t->cell.p, t->cell.n)) || t->o->width <= at)
        return;
    t->cell.n = utf8_trunc_width(t->cell.p, t->cell.n, t->o->width - at - 1);
    buf_str(&t->cell, "…");
}

/* The same with as much of it as there is room for. */
static void put_cut_cell(struct text *t, struct row *r, uint8_t role, size_t start)
{
    size_t at = r->used + (r->begun ? GAP : 0);
    at = start > at ? start : at;
    if (!fits(t, at, utf8_width(t->cell.p, t->cell.n)) && !fits(t, at, MIN_ROOM))
        return;
    cut_cell(t, at);
    put_cell(t, r, role, at);
}

static void put_row(struct text *t, const struct value *row, const struct columns *cols,
                    size_t indent)
{
    struct row r = {.indent = indent};
    for (unsigned c = 0; c < cols->n; c++) {
        const struct column *col = &cols->at[c];
        const struct value *v = value_get(row, col->key);
        to_cell(v != NULL && is_cell(v) ? v : NULL, &t->cell);
        if (t->cell.n == 0)
            continue;
        if (col->may_cut)
            put_cut_cell(t, &r, role_of(v), col->start);
        else
            put_cell(t, &r, role_of(v),
                     col->start +
                         (col->number ? col->width - utf8_width(t->cell.p, t->cell.n) : 0));
    }
    new_line(t);
}

/* Cells one after the other, not aligned; on a terminal what may be cut gets a line if need be. */
static void put_compact_row(struct text *t, const struct value *row, size_t indent)
{
    struct row r = {.indent = indent};
    for (const struct value *v = row->items.first; v != NULL; v = v->next) {
        if (!is_cell(v))
            continue;
        to_compact_cell(v, &t->cell);
        if (t->cell.n == 0)
            continue;
        if (role_of(v) == ROLE_SIGNATURE)
            cut_cell(t, indent + HANG);
        put_cell(t, &r, role_of(v), 0);
    }
    new_line(t);
}

static void put_compact(struct text *t, const struct value *rows, size_t indent)
{
    for (const struct value *row = rows->items.first; row != NULL; row = row->next)
        put_compact_row(t, row, indent);
}

static void put_table(struct text *t, const struct value *rows, size_t indent)
{
    struct columns cols = {0};
    if (rows->layout == LAYOUT_COMPACT || t->o->compact) {
        put_compact(t, rows, indent);
        return;
    }
    measure(t, rows, &cols);
    place(t, &cols, indent);
    for (const struct value *row = rows->items.first; row != NULL; row = row->next)
        put_row(t, row, &cols, indent);
}

static void put_heading(struct text *t, const struct value *heading)
{
    if (heading == NULL)
        return;
    blank_line(t);
    to_cell(heading, &t->cell);
    paint(t, ROLE_HEADING, t->cell.p, t->cell.n);
    new_line(t);
}

static bool same_group(const struct value *a, const struct value *b)
{
    if (a == NULL || b == NULL || a->kind != b->kind)
        return false;
    if (a->kind == VALUE_UINT)
        return a->uint == b->uint;
    return a->kind == VALUE_STRING && a->string.n == b->string.n &&
           memcmp(a->string.p, b->string.p, a->string.n) == 0;
}

/* The parts of a table have their columns in common. */
static void put_grouped(struct text *t, const struct value *rows)
{
    struct columns cols = {0};
    const struct value *last = NULL;
    measure(t, rows, &cols);
    place(t, &cols, INDENT);
    for (const struct value *row = rows->items.first; row != NULL; row = row->next) {
        const struct value *group = value_get(row, rows->items.group);
        if (last == NULL || !same_group(group, last)) {
            const struct value *g =
                rows->items.groups != NULL ? rows->items.groups->items.first : NULL;
            while (g != NULL && !same_group(value_get(g, rows->items.group), group))
                g = g->next;
            put_heading(t, value_get(g, "heading"));
        }
        last = group;
        if (t->o->compact)
            put_compact_row(t, row, INDENT);
        else
            put_row(t, row, &cols, INDENT);
    }
}

/* ---- sections ---- */

static bool is_table(const struct value *v)
{
    return v->kind == VALUE_ARRAY && v->items.first != NULL && v->items.first->kind == VALUE_OBJECT;
}

static void put_prose(struct text *t, const struct value *v, size_t indent)
{
    struct buf safe = {0};
    str_sanitize_text(&safe, v->string.p, v->string.n);
    for (size_t at = 0; at < safe.n;) {
        const char *end = memchr(safe.p + at, '\n', safe.n - at);
        size_t n = end != NULL ? (size_t)(end - safe.p) - at : safe.n - at;
        buf_fill(t->out, ' ', indent);
        paint(t, v->role, safe.p + at, n);
        new_line(t);
        at += n + 1;
    }
    t->out->failed |= safe.failed;
    buf_release(&safe);
}

static void put_sections(struct text *t, const struct value *list)
{
    for (const struct value *s = list->items.first; s != NULL; s = s->next) {
        put_heading(t, value_get(s, "heading"));
        for (const struct value *v = s->items.first; v != NULL; v = v->next) {
            if (v->show == SHOW_JSON || strcmp(v->key, "heading") == 0)
                continue;
            if (is_table(v)) {
                put_table(t, v, INDENT);
            } else if (v->kind == VALUE_STRING && v->layout == LAYOUT_PROSE) {
                put_prose(t, v, INDENT);
            } else if (v->kind != VALUE_ARRAY && v->kind != VALUE_OBJECT) {
                buf_fill(t->out, ' ', INDENT);
                to_cell(v, &t->cell);
                paint(t, v->role, t->cell.p, t->cell.n);
                new_line(t);
            }
        }
    }
}

/* What was asked about: "function  src/dict.c:10  int f(void)". */
static void put_subject(struct text *t, const struct value *v)
{
    struct columns cols = {0};
    for (const struct value *i = v->items.first; i != NULL; i = i->next) {
        if (strcmp(i->key, "name") == 0 || !is_cell(i) || cols.n == MAX_COLUMNS)
            continue;
        to_cell(i, &t->cell);
        cols.at[cols.n++] =
            (struct column){.key = i->key, .width = utf8_width(t->cell.p, t->cell.n)};
    }
    place(t, &cols, 0);
    put_row(t, v, &cols, 0);
}

/* ---- lines of numbers ---- */

static bool is_special(const struct value *v)
{
    static const char *const special[] = {"title", "hints", "warnings", "cursor"};
    for (unsigned i = 0; i < PT_COUNT(special); i++) {
        if (strcmp(special[i], v->key) == 0)
            return true;
    }
    return v->show == SHOW_JSON;
}

static bool is_line(const struct value *v)
{
    if (is_special(v))
        return false;
    if (v->kind == VALUE_OBJECT)
        return v->layout == LAYOUT_AUTO && v->items.count > 0;
    return v->kind != VALUE_ARRAY && v->layout != LAYOUT_PROSE;
}

/* A line of amounts under way, broken between two of them at the terminal's edge. */
struct amounts {
    const char *between;
    size_t indent, used;
};

static void put_amount(struct text *t, const struct value *v, struct amounts *m)
{
    size_t n = strlen(label_of(v)) + 1;
    to_cell(v, &t->cell);
    n += utf8_width(t->cell.p, t->cell.n);
    buf_str(t->out, m->between);
    m->used += strlen(m->between);
    if (t->o->width != 0 && m->used + n >= t->o->width && m->used > m->indent) {
        new_line(t);
        buf_fill(t->out, ' ', m->indent);
        m->used = m->indent;
    }
    m->between = ", ";
    m->used += n;
    put_label(t->out, label_of(v));
    buf_char(t->out, ' ');
    paint(t, v->role, t->cell.p, t->cell.n);
}

/* "total", if there is one, then the rest by name, objects within likewise. */
static void put_amounts(struct text *t, const struct value *v, size_t column)
{
    const struct value *total = value_get(v, "total");
    struct amounts m = {.between = "", .indent = column, .used = column};
    if (total != NULL) {
        to_cell(total, &t->cell);
        paint(t, total->role, t->cell.p, t->cell.n);
        m.used += utf8_width(t->cell.p, t->cell.n);
        m.between = "   ";
    }
    for (const struct value *i = v->items.first; i != NULL; i = i->next) {
        if (i == total || i->show == SHOW_JSON)
            continue;
        if (i->kind != VALUE_OBJECT) {
            put_amount(t, i, &m);
            continue;
        }
        for (const struct value *k = i->items.first; k != NULL; k = k->next)
            put_amount(t, k, &m);
    }
}

/* Consecutive lines have their labels aligned. Gives what comes behind them. */
static const struct value *put_lines_of(struct text *t, const struct value *first)
{
    size_t width = 0;
    const struct value *v = first;
    for (; v != NULL && (is_line(v) || is_special(v)); v = v->next) {
        size_t n = is_line(v) ? strlen(label_of(v)) : 0;
        width = n > width ? n : width;
    }
    for (const struct value *i = first; i != v; i = i->next) {
        if (!is_line(i))
            continue;
        size_t n = strlen(label_of(i));
        buf_fill(t->out, ' ', INDENT);
        put_label(t->out, label_of(i));
        buf_fill(t->out, ' ', width - n + GAP);
        if (i->kind == VALUE_OBJECT) {
            put_amounts(t, i, INDENT + width + GAP);
        } else {
            to_cell(i, &t->cell);
            paint(t, i->role, t->cell.p, t->cell.n);
        }
        new_line(t);
    }
    return v;
}

/* ---- the whole ---- */

static void put_texts(struct text *t, const struct value *v, uint8_t role, const char *before)
{
    for (const struct value *i = v != NULL ? v->items.first : NULL; i != NULL; i = i->next) {
        to_cell(i, &t->cell);
        paint(t, role, before, strlen(before));
        paint(t, role, t->cell.p, t->cell.n);
        new_line(t);
    }
}

static void put_member(struct text *t, const struct value *v)
{
    if (v->kind == VALUE_OBJECT && v->layout == LAYOUT_SUBJECT) {
        put_subject(t, v);
    } else if (v->kind == VALUE_STRING && v->layout == LAYOUT_PROSE) {
        blank_line(t);
        put_prose(t, v, INDENT);
    } else if (v->kind == VALUE_ARRAY && v->layout == LAYOUT_SECTIONS) {
        put_sections(t, v);
    } else if (v->kind == VALUE_ARRAY && v->layout == LAYOUT_GROUPED) {
        put_grouped(t, v);
    } else if (is_table(v)) {
        blank_line(t);
        if (v->label != NULL && v->label[0] != '\0') {
            paint(t, ROLE_HEADING, v->label, strlen(v->label));
            new_line(t);
        }
        put_table(t, v, INDENT);
    } else if (v->kind == VALUE_ARRAY && v->items.count > 0) {
        blank_line(t);
        put_texts(t, v, ROLE_PLAIN, "  ");
    }
}

static void put_cut(struct text *t, const struct value *root)
{
    const struct value *cursor = value_get(root, "cursor");
    const struct value *shown = value_get(root, "shown"), *total = value_get(root, "total");
    if (cursor == NULL || shown == NULL || total == NULL)
        return;
    struct buf line = {0};
    blank_line(t);
    put_number(&line, shown->uint);
    buf_str(&line, " of ");
    put_number(&line, total->uint);
    buf_printf(&line, " shown; the next: --cursor %s   all: --limit 0", cursor->string.p);
    paint(t, ROLE_HINT, line.p, line.n);
    new_line(t);
    t->out->failed |= line.failed;
    buf_release(&line);
}

void render_text(const struct answer *a, const struct render_options *options, struct buf *out)
{
    struct text t = {options, out, {0}};
    const struct value *v = a->root != NULL ? a->root->items.first : NULL;
    const struct value *title = value_get(a->root, "title");
    const struct value *hints = value_get(a->root, "hints");
    const struct value *warnings = value_get(a->root, "warnings");

    if (title != NULL) {
        to_cell(title, &t.cell);
        paint(&t, ROLE_HEADING, t.cell.p, t.cell.n);
        new_line(&t);
    }
    while (v != NULL) {
        if (is_line(v)) {
            v = put_lines_of(&t, v);
            continue;
        }
        if (!is_special(v))
            put_member(&t, v);
        v = v->next;
    }
    put_cut(&t, a->root);
    if (warnings != NULL) {
        blank_line(&t);
        put_texts(&t, warnings, ROLE_WARNING, "warning: ");
    }
    if (hints != NULL) {
        blank_line(&t);
        put_texts(&t, hints, ROLE_HINT, "");
    }
    out->failed |= t.cell.failed;
    buf_release(&t.cell);
}

void render_rows(const struct value *rows, const struct render_options *options, struct buf *out)
{
    struct text t = {options, out, {0}};
    put_table(&t, rows, INDENT);
    out->failed |= t.cell.failed;
    buf_release(&t.cell);
}

/* ---- failures ---- */

/* What is shown below the message: candidates, or damages if there are more than it tells of. */
static const struct value *rows_of(const struct value *error)
{
    const struct value *candidates = value_get(error, "candidates");
    const struct value *damage = value_get(error, "damage");
    if (candidates != NULL && candidates->items.count > 0)
        return candidates;
    return damage != NULL && damage->items.count > 1 ? damage : NULL;
}

void render_message(const char *text, bool colour, struct buf *out)
{
    buf_str(out, colour ? "\033[1mparseltongue:\033[0m " : "parseltongue: ");
    str_sanitize(out, text, strlen(text));
    buf_char(out, '\n');
}

void render_failure(const struct answer *a, const struct render_options *options, struct buf *out)
{
    const struct value *error = value_get(a->root, "error");
    const struct value *message = value_get(error, "message");
    const struct value *rows = rows_of(error);
    render_message(message != NULL ? message->string.p : "failed", options->colour, out);
    if (rows != NULL)
        render_rows(rows, options, out);
}
