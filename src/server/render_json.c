#include "server/render.h"

#include <math.h>

/* Answers are a few levels deep by construction; so much is a mistake. */
#define MAX_DEPTH 32u

static void put(const struct value *v, struct buf *out, unsigned depth);

static void put_items(const struct value *v, struct buf *out, unsigned depth)
{
    bool object = v->kind == VALUE_OBJECT;
    const char *between = "";
    buf_char(out, object ? '{' : '[');
    for (const struct value *i = v->items.first; i != NULL && depth < MAX_DEPTH; i = i->next) {
        if (i->show == SHOW_TEXT)
            continue;
        buf_str(out, between);
        between = ",";
        if (object) {
            buf_json_str(out, i->key, strlen(i->key));
            buf_char(out, ':');
        }
        put(i, out, depth + 1);
    }
    buf_char(out, object ? '}' : ']');
}

static void put(const struct value *v, struct buf *out, unsigned depth)
{
    switch ((enum value_kind)v->kind) {
    case VALUE_NULL: buf_str(out, "null"); break;
    case VALUE_BOOL: buf_str(out, v->boolean ? "true" : "false"); break;
    case VALUE_UINT: buf_u64(out, v->uint); break;
    case VALUE_REAL:
        if (isfinite(v->real))
            buf_printf(out, "%.6g", v->real);
        else
            buf_str(out, "null");
        break;
    case VALUE_STRING: buf_json_str(out, v->string.p, v->string.n); break;
    case VALUE_ARRAY:
    case VALUE_OBJECT: put_items(v, out, depth); break;
    }
}

void render_json_value(const struct value *v, struct buf *out)
{
    put(v, out, 0);
}

void render_json(const struct answer *a, struct buf *out)
{
    if (a->root != NULL)
        put(a->root, out, 0);
    buf_char(out, '\n');
}
