#include "server/answer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- building ---- */

void answer_init(struct answer *a)
{
    memset(a, 0, sizeof(*a));
    arena_init(&a->arena);
    a->root = answer_loose(a);
}

void answer_release(struct answer *a)
{
    arena_release(&a->arena);
    buf_release(&a->scratch);
    memset(a, 0, sizeof(*a));
}

int answer_check(const struct answer *a, struct err *err)
{
    return a->failed ? err_set(err, PT_ENOMEM, "out of memory for the answer") : PT_OK;
}

struct value *answer_loose(struct answer *a)
{
    struct value *v = arena_calloc(&a->arena, 1, sizeof(*v));
    if (v == NULL)
        a->failed = true;
    else
        v->kind = VALUE_OBJECT;
    return v;
}

void answer_attach(struct value *in, struct value *loose)
{
    if (in == NULL || loose == NULL)
        return;
    if (in->items.last != NULL)
        in->items.last->next = loose;
    else
        in->items.first = loose;
    in->items.last = loose;
    in->items.count++;
}

static struct value *add(struct answer *a, struct value *in, const char *key, enum value_kind kind)
{
    struct value *v = in != NULL ? answer_loose(a) : NULL;
    if (v == NULL)
        return NULL;
    v->kind = (uint8_t)kind;
    v->key = key;
    answer_attach(in, v);
    return v;
}

struct value *answer_object(struct answer *a, struct value *in, const char *key)
{
    return add(a, in, key, VALUE_OBJECT);
}

struct value *answer_array(struct answer *a, struct value *in, const char *key)
{
    return add(a, in, key, VALUE_ARRAY);
}

struct value *answer_uint(struct answer *a, struct value *in, const char *key, uint64_t n)
{
    struct value *v = add(a, in, key, VALUE_UINT);
    if (v != NULL) {
        v->uint = n;
        v->role = ROLE_NUMBER;
    }
    return v;
}

struct value *answer_real(struct answer *a, struct value *in, const char *key, double n)
{
    struct value *v = add(a, in, key, VALUE_REAL);
    if (v != NULL) {
        v->real = n;
        v->role = ROLE_NUMBER;
    }
    return v;
}

struct value *answer_bool(struct answer *a, struct value *in, const char *key, bool yes)
{
    struct value *v = add(a, in, key, VALUE_BOOL);
    if (v != NULL)
        v->boolean = yes;
    return v;
}

struct value *answer_null(struct answer *a, struct value *in, const char *key)
{
    return add(a, in, key, VALUE_NULL);
}

struct value *answer_string(struct answer *a, struct value *in, const char *key,
                            enum value_role role, const char *p, size_t n)
{
    struct value *v = add(a, in, key, VALUE_STRING);
    if (v == NULL)
        return NULL;
    v->role = (uint8_t)role;
    v->string.p = arena_strndup(&a->arena, p, n);
    v->string.n = n;
    if (v->string.p == NULL) {
        v->string.p = "";
        v->string.n = 0;
        a->failed = true;
    }
    return v;
}

struct value *answer_cstr(struct answer *a, struct value *in, const char *key, enum value_role role,
                          const char *s)
{
    return answer_string(a, in, key, role, s, strlen(s));
}

static PT_PRINTF(5, 0) struct value *add_text(struct answer *a, struct value *in, const char *key,
                                              enum value_role role, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    char *p = n >= 0 ? arena_alloc(&a->arena, (size_t)n + 1) : NULL;
    struct value *v = p != NULL ? add(a, in, key, VALUE_STRING) : NULL;
    if (v == NULL) {
        a->failed = true;
        return NULL;
    }
    (void)vsnprintf(p, (size_t)n + 1, fmt, ap);
    v->role = (uint8_t)role;
    v->string.p = p;
    v->string.n = (size_t)n;
    return v;
}

struct value *answer_printf(struct answer *a, struct value *in, const char *key,
                            enum value_role role, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    struct value *v = add_text(a, in, key, role, fmt, ap);
    va_end(ap);
    return v;
}

/* ---- setters and getters ---- */

struct value *value_show(struct value *v, enum value_show show)
{
    if (v != NULL)
        v->show = (uint8_t)show;
    return v;
}

struct value *value_label(struct value *v, const char *label)
{
    if (v != NULL)
        v->label = label;
    return v;
}

struct value *value_layout(struct value *v, enum value_layout layout)
{
    if (v != NULL)
        v->layout = (uint8_t)layout;
    return v;
}

const struct value *value_get(const struct value *object, const char *key)
{
    const struct value *v =
        object != NULL && object->kind == VALUE_OBJECT ? object->items.first : NULL;
    while (v != NULL && strcmp(v->key, key) != 0)
        v = v->next;
    return v;
}

static struct value *member(struct answer *a, const char *key)
{
    for (struct value *v = a->root != NULL ? a->root->items.first : NULL; v != NULL; v = v->next) {
        if (strcmp(v->key, key) == 0)
            return v;
    }
    return NULL;
}

/* ---- texts ---- */

const char *count_text(uint64_t n, char ret[COUNT_TEXT])
{
    char *p = ret + COUNT_TEXT;
    unsigned digits = 0;
    *--p = '\0';
    do {
        if (digits > 0 && digits % 3 == 0)
            *--p = ',';
        *--p = (char)('0' + n % 10);
        n /= 10;
        digits++;
    } while (n != 0);
    return p;
}

void answer_title(struct answer *a, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    (void)value_show(add_text(a, a->root, "title", ROLE_HEADING, fmt, ap), SHOW_TEXT);
    va_end(ap);
}

static struct value *texts(struct answer *a, const char *key)
{
    struct value *list = member(a, key);
    return list != NULL ? list : answer_array(a, a->root, key);
}

void answer_hint(struct answer *a, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    (void)add_text(a, texts(a, "hints"), NULL, ROLE_HINT, fmt, ap);
    va_end(ap);
}

void answer_warning(struct answer *a, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    (void)add_text(a, texts(a, "warnings"), NULL, ROLE_WARNING, fmt, ap);
    va_end(ap);
}

void answer_fail(struct answer *a, int code, const char *message)
{
    static const char *const kept[] = {"candidates", "damage", "checked", "hints"};
    struct value *members[PT_COUNT(kept)];
    for (unsigned i = 0; i < PT_COUNT(kept); i++)
        members[i] = member(a, kept[i]);
    a->root = answer_loose(a);
    struct value *error = answer_object(a, a->root, "error");
    (void)answer_cstr(a, error, "code", ROLE_PLAIN, err_name(code));
    (void)answer_cstr(a, error, "message", ROLE_WARNING, message);
    for (unsigned i = 0; i < PT_COUNT(kept); i++) {
        if (members[i] == NULL)
            continue;
        members[i]->next = NULL;
        answer_attach(error, members[i]);
    }
}
