#include "server/answer.h"

#include <string.h>

void answer_init(struct answer *a)
{
    memset(a, 0, sizeof(*a));
    arena_init(&a->arena);
    a->root = arena_calloc(&a->arena, 1, sizeof(*a->root));
    if (a->root == NULL)
        a->failed = true;
    else
        a->root->kind = VALUE_OBJECT;
}

void answer_release(struct answer *a)
{
    arena_release(&a->arena);
    memset(a, 0, sizeof(*a));
}

static struct value *add(struct answer *a, struct value *in, const char *key, enum value_kind kind)
{
    struct value *v = in != NULL ? arena_calloc(&a->arena, 1, sizeof(*v)) : NULL;
    if (v == NULL) {
        a->failed = true;
        return NULL;
    }
    v->kind = (uint8_t)kind;
    v->key = key;
    if (in->items.last != NULL)
        in->items.last->next = v;
    else
        in->items.first = v;
    in->items.last = v;
    in->items.count++;
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

void answer_uint(struct answer *a, struct value *in, const char *key, uint64_t n)
{
    struct value *v = add(a, in, key, VALUE_UINT);
    if (v != NULL)
        v->uint = n;
}

void answer_real(struct answer *a, struct value *in, const char *key, double n)
{
    struct value *v = add(a, in, key, VALUE_REAL);
    if (v != NULL)
        v->real = n;
}

void answer_bool(struct answer *a, struct value *in, const char *key, bool yes)
{
    struct value *v = add(a, in, key, VALUE_BOOL);
    if (v != NULL)
        v->boolean = yes;
}

void answer_string(struct answer *a, struct value *in, const char *key, enum value_role role,
                   const char *p, size_t n)
{
    struct value *v = add(a, in, key, VALUE_STRING);
    if (v == NULL)
        return;
    v->role = (uint8_t)role;
    v->string.p = arena_strndup(&a->arena, p, n);
    v->string.n = n;
    if (v->string.p == NULL) {
        v->string.p = "";
        v->string.n = 0;
        a->failed = true;
    }
}

void answer_cstr(struct answer *a, struct value *in, const char *key, enum value_role role,
                 const char *s)
{
    answer_string(a, in, key, role, s, strlen(s));
}

const struct value *value_get(const struct value *object, const char *key)
{
    const struct value *v = object != NULL ? object->items.first : NULL;
    while (v != NULL && strcmp(v->key, key) != 0)
        v = v->next;
    return v;
}
