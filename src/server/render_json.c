#include "server/render.h"

#include <math.h>

/* Answers are a few levels deep by construction. */
static void put(const struct value *v, struct buf *out, unsigned depth)
{
    switch ((enum value_kind)v->kind) {
    case VALUE_NULL:
        buf_str(out, "null");
        break;
    case VALUE_BOOL:
        buf_str(out, v->boolean ? "true" : "false");
        break;
    case VALUE_UINT:
        buf_u64(out, v->uint);
        break;
    case VALUE_REAL:
        if (isfinite(v->real))
            buf_printf(out, "%.6g", v->real);
        else
            buf_str(out, "null");
        break;
    case VALUE_STRING:
        buf_json_str(out, v->string.p, v->string.n);
        break;
    case VALUE_ARRAY:
    case VALUE_OBJECT:
        buf_char(out, v->kind == VALUE_ARRAY ? '[' : '{');
        for (const struct value *i = v->items.first; i != NULL && depth < 32; i = i->next) {
            if (v->kind == VALUE_OBJECT)
                buf_printf(out, "\"%s\":", i->key);
            put(i, out, depth + 1);
            if (i->next != NULL)
                buf_char(out, ',');
        }
        buf_char(out, v->kind == VALUE_ARRAY ? ']' : '}');
        break;
    }
}

void render_json(const struct answer *a, struct buf *out)
{
    put(a->root, out, 0);
    buf_char(out, '\n');
}
