#include "base/vec.h"
#include "server/render.h"

#include <string.h>

#define MAX_COLUMNS 12u

struct text {
    const struct render_options *o;
    struct buf *out;
    struct buf cell; /* scratch */
};

static const char *const colours[] = {
    [ROLE_PLAIN] = "",          [ROLE_NAME] = "\033[1m",     [ROLE_KIND] = "\033[36m",
    [ROLE_PLACE] = "\033[32m",  [ROLE_SIGNATURE] = "\033[2m", [ROLE_NUMBER] = "\033[33m",
    [ROLE_WARNING] = "\033[31m", [ROLE_HEADING] = "\033[1;4m", [ROLE_HINT] = "\033[2m",
};

static void paint(struct text *t, uint8_t role, const char *p, size_t n)
{
    bool colour = t->o->colour && colours[role][0] != '\0';
    if (colour)
        buf_str(t->out, colours[role]);
    buf_add(t->out, p, n);
    if (colour)
        buf_str(t->out, "\033[0m");
}

/* What a value looks like in one cell. */
static void to_cell(const struct value *v, struct buf *cell)
{
    buf_reset(cell);
    if (v == NULL)
        return;
    switch ((enum value_kind)v->kind) {
    case VALUE_NULL:
        break;
    case VALUE_BOOL:
        buf_str(cell, v->boolean ? "yes" : "no");
        break;
    case VALUE_UINT:
        buf_u64(cell, v->uint);
        break;
    case VALUE_REAL:
        buf_printf(cell, "%.3g", v->real);
        break;
    case VALUE_STRING:
        str_sanitize(cell, v->string.p, v->string.n);
        break;
    case VALUE_ARRAY: {
        unsigned n = 0;
        for (const struct value *i = v->items.first; i != NULL; i = i->next, n++) {
            if (n == 3) {
                buf_printf(cell, " +%u more", v->items.count - n);
                break;
            }
            if (n > 0)
                buf_char(cell, ' ');
            if (i->kind == VALUE_STRING)
                str_sanitize(cell, i->string.p, i->string.n);
        }
        break;
    }
    case VALUE_OBJECT:
        break;
    }
}

struct column {
    const char *key;
    size_t width;
    bool number, filled;
};

static unsigned columns_of(struct text *t, const struct value *rows, struct column *cols)
{
    unsigned n = 0;
    for (const struct value *row = rows->items.first; row != NULL; row = row->next) {
        for (const struct value *v = row->items.first; v != NULL; v = v->next) {
            unsigned c = 0;
            while (c < n && strcmp(cols[c].key, v->key) != 0)
                c++;
            if (c == MAX_COLUMNS)
                continue;
            if (c == n)
                cols[n++] = (struct column){.key = v->key, .number = v->kind == VALUE_UINT};
            to_cell(v, &t->cell);
            size_t width = utf8_width(t->cell.p, t->cell.n);
            cols[c].width = width > cols[c].width ? width : cols[c].width;
            cols[c].filled |= width > 0;
        }
    }
    return n;
}

/* One row: cells side by side; the last one is not padded, and cut at the terminal's edge. */
static void put_row(struct text *t, const struct value *row, const struct column *cols, unsigned n)
{
    size_t used = 2;
    buf_str(t->out, "  ");
    for (unsigned c = 0; c < n; c++) {
        const struct value *v = value_get(row, cols[c].key);
        if (!cols[c].filled)
            continue;
        to_cell(v, &t->cell);
        size_t width = utf8_width(t->cell.p, t->cell.n);
        size_t pad = cols[c].width - width;
        size_t len = t->cell.n;
        bool last = c + 1 == n;
        if (t->o->width != 0 && used + width > t->o->width)
            len = utf8_trunc_width(t->cell.p, t->cell.n,
                                   used < t->o->width ? t->o->width - used : 0);
        if (cols[c].number)
            buf_fill(t->out, ' ', pad);
        uint8_t role = v != NULL && v->kind == VALUE_STRING ? v->role
                       : cols[c].number                    ? ROLE_NUMBER
                       : v != NULL && v->kind == VALUE_ARRAY ? ROLE_PLACE
                                                           : ROLE_PLAIN;
        paint(t, role, t->cell.p, len);
        if (!cols[c].number && !last)
            buf_fill(t->out, ' ', pad);
        if (!last)
            buf_str(t->out, "  ");
        used += cols[c].width + 2;
    }
    while (t->out->n > 0 && t->out->p[t->out->n - 1] == ' ')
        t->out->n--;
    buf_char(t->out, '\n');
}

static void put_key(struct text *t, const char *key)
{
    for (const char *p = key; *p != '\0'; p++)
        buf_char(t->out, *p == '_' ? ' ' : *p);
}

static void put_table(struct text *t, const struct value *rows)
{
    struct column cols[MAX_COLUMNS];
    unsigned n = columns_of(t, rows, cols);
    for (const struct value *row = rows->items.first; row != NULL; row = row->next)
        put_row(t, row, cols, n);
}

static bool is_table(const struct value *v)
{
    return v->kind == VALUE_ARRAY && v->items.first != NULL && v->items.first->kind == VALUE_OBJECT;
}

static void put_scalar(struct text *t, const struct value *v)
{
    put_key(t, v->key);
    buf_str(t->out, ": ");
    to_cell(v, &t->cell);
    paint(t, v->kind == VALUE_STRING ? v->role : ROLE_NUMBER, t->cell.p, t->cell.n);
    buf_char(t->out, '\n');
}

/* A flat object: "key value, key value". */
static void put_counts(struct text *t, const struct value *v)
{
    put_key(t, v->key);
    buf_str(t->out, ":");
    const char *between = " ";
    for (const struct value *i = v->items.first; i != NULL; i = i->next) {
        buf_str(t->out, between);
        put_key(t, i->key);
        buf_char(t->out, ' ');
        to_cell(i, &t->cell);
        paint(t, ROLE_NUMBER, t->cell.p, t->cell.n);
        between = ", ";
    }
    buf_char(t->out, '\n');
}

static void put_lines(struct text *t, const struct value *v, uint8_t role)
{
    for (const struct value *i = v->items.first; i != NULL; i = i->next) {
        to_cell(i, &t->cell);
        paint(t, role, t->cell.p, t->cell.n);
        buf_char(t->out, '\n');
    }
}

static bool is_special(const char *key)
{
    static const char *const special[] = {"title", "hints", "warnings", "generation", "as_of",
                                          "cursor", "truncated", "shown"};
    for (unsigned i = 0; i < sizeof(special) / sizeof(*special); i++) {
        if (strcmp(special[i], key) == 0)
            return true;
    }
    return false;
}

static void put_member(struct text *t, const struct value *v)
{
    if (is_special(v->key))
        return;
    if (v->kind == VALUE_STRING && strchr(v->string.p, '\n') != NULL) {
        str_sanitize_text(t->out, v->string.p, v->string.n);
    } else if (is_table(v)) {
        if (t->out->n > 0)
            buf_char(t->out, '\n');
        put_key(t, v->key);
        buf_str(t->out, "\n");
        put_table(t, v);
    } else if (v->kind == VALUE_ARRAY && v->items.count > 0) {
        put_key(t, v->key);
        buf_str(t->out, "\n");
        put_lines(t, v, ROLE_PLAIN);
    } else if (v->kind == VALUE_OBJECT && v->items.count > 0) {
        put_counts(t, v);
    } else if (v->kind != VALUE_ARRAY && v->kind != VALUE_OBJECT) {
        put_scalar(t, v);
    }
}

void render_text(const struct answer *a, const struct render_options *options, struct buf *out)
{
    struct text t = {options, out, {0}};
    const struct value *title = value_get(a->root, "title");
    const struct value *warnings = value_get(a->root, "warnings");
    const struct value *hints = value_get(a->root, "hints");
    const struct value *cursor = value_get(a->root, "cursor");

    if (title != NULL) {
        to_cell(title, &t.cell);
        paint(&t, ROLE_HEADING, t.cell.p, t.cell.n);
        buf_char(out, '\n');
    }
    for (const struct value *v = a->root->items.first; v != NULL; v = v->next)
        put_member(&t, v);
    if (warnings != NULL)
        put_lines(&t, warnings, ROLE_WARNING);
    if (cursor != NULL) {
        const struct value *shown = value_get(a->root, "shown"), *total = value_get(a->root, "total");
        buf_printf(out, "(%llu of %llu shown; more with --cursor %s)\n",
                   (unsigned long long)(shown != NULL ? shown->uint : 0),
                   (unsigned long long)(total != NULL ? total->uint : 0), cursor->string.p);
    }
    if (hints != NULL && hints->items.count > 0) {
        buf_char(out, '\n');
        put_lines(&t, hints, ROLE_HINT);
    }
    buf_release(&t.cell);
}
