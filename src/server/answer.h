/* An answer: what a method found, as a tree of values, apart from how it is shown.
 *
 * Handlers build it; the renderers (server/render.c) make JSON or text for people of it. Parts
 * that lists are cut to (limit, cursor, token budget) are decided here, once, for all methods.
 * Memory belongs to the answer's arena; out of memory is sticky and reported by answer_finish.
 * One thread.
 */
#ifndef PT_SERVER_ANSWER_H
#define PT_SERVER_ANSWER_H

#include "base/arena.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum value_kind { VALUE_NULL, VALUE_BOOL, VALUE_UINT, VALUE_REAL, VALUE_STRING, VALUE_ARRAY,
                  VALUE_OBJECT };

/* How a string is shown to people: its meaning, not its colour. */
enum value_role { ROLE_PLAIN, ROLE_NAME, ROLE_KIND, ROLE_PLACE, ROLE_SIGNATURE, ROLE_NUMBER,
                  ROLE_WARNING, ROLE_HEADING, ROLE_HINT };

struct value {
    uint8_t kind, role;
    const char *key; /* in an object */
    struct value *next; /* next element or member */
    union {
        bool boolean;
        uint64_t uint;
        double real;
        struct { const char *p; size_t n; } string;
        struct { struct value *first, *last; uint32_t count; } items;
    };
};

struct answer {
    struct arena arena;
    struct value *root; /* an object */
    bool failed;
};

void answer_init(struct answer *a);
void answer_release(struct answer *a);

/* Each adds a member `key` (NULL inside arrays) at the end of `in`, and gives it back. */
struct value *answer_object(struct answer *a, struct value *in, const char *key);
struct value *answer_array(struct answer *a, struct value *in, const char *key);
void answer_uint(struct answer *a, struct value *in, const char *key, uint64_t v);
void answer_real(struct answer *a, struct value *in, const char *key, double v);
void answer_bool(struct answer *a, struct value *in, const char *key, bool v);
void answer_string(struct answer *a, struct value *in, const char *key, enum value_role role,
                   const char *p, size_t n);
void answer_cstr(struct answer *a, struct value *in, const char *key, enum value_role role,
                 const char *s);
const struct value *value_get(const struct value *object, const char *key);

#endif
