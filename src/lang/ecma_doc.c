/* JavaScript: the types that doc comments declare: @param {Foo} x, @returns {Foo}, @type {Foo}.
 * They type values; as they are comments, they make no references. */
#include "lang/ecma.h"

#include <ctype.h>
#include <string.h>

#define MAX_NESTING 8u

/* ---- type expressions ---- */

struct doc {
    struct extract *x;
    const char *at, *end;
    uint32_t pos; /* where in the source names are looked up from */
    unsigned depth;
};

static char peek(const struct doc *d)
{
    return d->at < d->end ? *d->at : '\0';
}

static void blanks(struct doc *d)
{
    while (d->at < d->end && (isspace((unsigned char)*d->at) || *d->at == '*'))
        d->at++;
}

static bool take(struct doc *d, const char *text)
{
    size_t n = strlen(text);
    if ((size_t)(d->end - d->at) < n || memcmp(d->at, text, n) != 0)
        return false;
    d->at += n;
    return true;
}

static struct slice word(struct doc *d)
{
    const char *from = d->at;
    while (d->at < d->end && (isalnum((unsigned char)*d->at) || *d->at == '_' || *d->at == '$'))
        d->at++;
    return slice_of(from, (size_t)(d->at - from));
}

static uint32_t type_of(struct doc *d);

/* <A, B>, also spelled .<A, B>: the list, 0 if there is none */
static uint32_t arguments(struct doc *d)
{
    uint32_t items[8], n = 0, list = 0;
    if (!take(d, ".<") && !take(d, "<"))
        return 0;
    do {
        uint32_t t = type_of(d);
        if (n < 8)
            items[n++] = t;
        blanks(d);
    } while (take(d, ","));
    (void)take(d, ">");
    while (n > 0)
        list = ex_cons(d->x, items[--n], list);
    return list;
}

/* import("./x") */
static uint32_t imported_module(struct doc *d)
{
    char quote = peek(d);
    const char *from = d->at + 1;
    const char *to = (quote == '"' || quote == '\'') && from < d->end
                         ? memchr(from, quote, (size_t)(d->end - from))
                         : NULL;
    if (to == NULL)
        return 0;
    uint32_t name = ex_intern_slice(d->x, slice_of(from, (size_t)(to - from)));
    d->at = to + 1;
    (void)take(d, ")");
    return ex_term(d->x, TERM_MODULE, 0, name, 0);
}

static uint32_t named(struct doc *d, struct slice name)
{
    static const char *const known[] = {"string", "number", "boolean", "symbol", "bigint"};
    static const char *const unknown[] = {"any",  "object", "Object",  "Function", "undefined",
                                          "null", "void",   "unknown", "never"};
    for (unsigned i = 0; i < sizeof(known) / sizeof(*known); i++) {
        if (slice_eq(name, slice_from(known[i])))
            return ex_lit(d->x, known[i]);
    }
    for (unsigned i = 0; i < sizeof(unknown) / sizeof(*unknown); i++) {
        if (slice_eq(name, slice_from(unknown[i])))
            return 0;
    }
    return ex_name_term(d->x, ex_intern_slice(d->x, name), NS_TYPE | NS_VALUE, d->pos);
}

static uint32_t primary(struct doc *d)
{
    uint32_t t;
    blanks(d);
    while (take(d, "?") || take(d, "!") || take(d, "..."))
        blanks(d);
    if (take(d, "(")) {
        t = type_of(d);
        (void)take(d, ")");
    } else if (take(d, "import(")) {
        t = imported_module(d);
    } else {
        struct slice name = word(d);
        t = name.n > 0 ? named(d, name) : 0;
    }
    while (t != 0 && peek(d) == '.' && d->at + 1 < d->end && d->at[1] != '<') {
        d->at++;
        struct slice name = word(d);
        if (name.n == 0)
            return 0;
        t = ex_term(d->x, TERM_PATH, NS_TYPE | NS_VALUE, t, ex_intern_slice(d->x, name));
    }
    uint32_t list = arguments(d);
    if (t != 0 && list != 0)
        t = ex_term(d->x, TERM_APPLY, 0, t, list);
    while (take(d, "[]"))
        t = ecma_generic(d->x, W_ARRAY, t);
    (void)take(d, "=");
    return t;
}

static uint32_t type_of(struct doc *d)
{
    uint32_t t = 0;
    if (++d->depth <= MAX_NESTING) {
        do {
            t = ex_either(d->x, t, primary(d));
            blanks(d);
        } while (take(d, "|"));
    }
    d->depth--;
    return t;
}

/* ---- tags ---- */

/* The type in braces behind a tag; *ret_rest is what follows them. A type that is not understood to
 * its end is none. */
static uint32_t braced(struct extract *x, struct slice text, uint32_t pos, struct slice *ret_rest)
{
    unsigned open = 0;
    size_t i = 0;
    while (i < text.n && isspace((unsigned char)text.p[i]))
        i++;
    size_t from = i + 1;
    *ret_rest = SLICE("");
    for (; i < text.n; i++) {
        open += text.p[i] == '{';
        open -= text.p[i] == '}' && open > 0;
        if (open == 0)
            break;
    }
    if (i >= text.n || i < from)
        return 0;
    struct doc d = {.x = x, .at = text.p + from, .end = text.p + i, .pos = pos};
    *ret_rest = slice_skip(text, i + 1);
    uint32_t t = type_of(&d);
    blanks(&d);
    return d.at == d.end ? t : 0;
}

/* x, [x], [x=1] behind a type */
static uint32_t parameter(const struct extract *x, struct slice rest)
{
    rest = slice_trim(rest);
    if (rest.n > 0 && rest.p[0] == '[')
        rest = slice_trim(slice_skip(rest, 1));
    struct doc d = {.at = rest.p, .end = rest.p + rest.n};
    struct slice name = word(&d);
    if (name.n == 0 || peek(&d) == '.') /* options.x: a part of one */
        return 0;
    uint32_t sym = intern_find(&x->syms, name.p, name.n);
    return sym != 0 ? ex_find(x, x->scope, sym) : 0;
}

static void apply_tag(struct extract *x, uint32_t def, struct slice tag, struct slice text)
{
    bool function = node_kind_is_callable((enum node_kind)ex_def_at(x, def)->kind);
    bool param = slice_eq(tag, SLICE("param")), type = slice_eq(tag, SLICE("type"));
    bool result = slice_eq(tag, SLICE("returns")) || slice_eq(tag, SLICE("return"));
    struct slice rest;
    if (!(param && function) && !(type && !function) && !(result && function))
        return;
    uint32_t t = braced(x, text, ex_def_at(x, def)->end, &rest);
    if (t == 0)
        return;
    uint32_t b = param ? parameter(x, rest) : 0;
    if (!param && ex_def_at(x, def)->type == 0)
        ex_def_at(x, def)->type = t;
    else if (b != 0 && (ex_bind_at(x, b)->flags & BIND_PARAM) != 0 && ex_bind_at(x, b)->type == 0)
        ex_bind_at(x, b)->type = t;
}

void ecma_doc_types(struct extract *x, uint32_t def)
{
    struct def d = *ex_def_at(x, def);
    if (strcmp(x->lang->name, "javascript") != 0 || d.doc_end <= d.doc_start ||
        d.doc_end > x->n_src)
        return;
    struct slice text = slice_of(x->src + d.doc_start, d.doc_end - d.doc_start);
    for (;;) {
        const char *at = slice_chr(text, '@');
        if (at == NULL)
            return;
        text = slice_skip(text, (size_t)(at - text.p) + 1);
        struct doc tag = {.at = text.p, .end = text.p + text.n};
        struct slice name = word(&tag);
        apply_tag(x, def, name, slice_skip(text, name.n));
    }
}
