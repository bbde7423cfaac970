/* An answer: what a method found, as a tree of values, apart from how it is shown.
 *
 * Handlers build it; the renderers (server/render.h) make JSON or text for people of it. A value
 * says what it means (role) and how it wants to lie on the page (layout); neither changes the JSON.
 *
 * Memory belongs to the answer's arena. Keys and labels are borrowed: string literals. Out of
 * memory is sticky: builders then give NULL, which they take as well, and `failed` is set.
 * One thread.
 */
#ifndef PT_SERVER_ANSWER_H
#define PT_SERVER_ANSWER_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum value_kind {
    VALUE_NULL,
    VALUE_BOOL,
    VALUE_UINT,
    VALUE_REAL,
    VALUE_STRING,
    VALUE_ARRAY,
    VALUE_OBJECT
};

/* How a value is shown to people: its meaning, not its colour. */
enum value_role {
    ROLE_PLAIN,
    ROLE_NAME,
    ROLE_KIND,
    ROLE_PLACE,
    ROLE_SIGNATURE,
    ROLE_NUMBER,
    ROLE_WARNING,
    ROLE_HEADING,
    ROLE_HINT,
    ROLE_BYTES, /* a uint: 5.1 MB */
    ROLE_MS,    /* a real: 1.2 s */
    ROLE_COUNT
};

enum value_show {
    SHOW_BOTH,
    SHOW_JSON, /* not in the text: it says the same in another way */
    SHOW_TEXT, /* not in the JSON */
};

/* Arrays and objects in the text. */
enum value_layout {
    LAYOUT_AUTO,     /* arrays of objects: a table; of others: lines. Objects: one line of counts */
    LAYOUT_GROUPED,  /* a table in parts, each under the heading that `groups` has for it */
    LAYOUT_SECTIONS, /* each element: its "heading", its other scalars, its tables */
    LAYOUT_SUBJECT,  /* an object: kind, place and signature of what was asked for, on one line */
    LAYOUT_COMPACT,  /* a table without alignment */
    LAYOUT_PROSE,    /* text of several lines, indented */
};

struct value {
    uint8_t kind, role, show, layout;
    const char *key;    /* in an object */
    const char *label;  /* instead of the key, in the text; NULL: the key */
    struct value *next; /* next element or member */
    union {
        bool boolean;
        uint64_t uint;
        double real;
        struct {
            const char *p;
            size_t n;
        } string;
        struct {
            struct value *first, *last;
            uint32_t count;
            /* LAYOUT_GROUPED: rows with the same value of `group` lie together; the element of
             * the array `groups` with that value has their "heading". */
            const char *group;
            const struct value *groups;
        } items;
    };
};

struct answer {
    struct arena arena;
    struct value *root; /* an object */
    struct buf scratch; /* for texts that are on their way into it */
    bool failed;
};

void answer_init(struct answer *a);
void answer_release(struct answer *a);

/* PT_ENOMEM if anything could not be built. */
int answer_check(const struct answer *a, struct err *err);

/* Each adds a member `key` (NULL inside arrays) at the end of `in`, and gives it back. */
struct value *answer_object(struct answer *a, struct value *in, const char *key);
struct value *answer_array(struct answer *a, struct value *in, const char *key);
struct value *answer_uint(struct answer *a, struct value *in, const char *key, uint64_t n);
struct value *answer_real(struct answer *a, struct value *in, const char *key, double n);
struct value *answer_bool(struct answer *a, struct value *in, const char *key, bool yes);
struct value *answer_null(struct answer *a, struct value *in, const char *key);
struct value *answer_string(struct answer *a, struct value *in, const char *key,
                            enum value_role role, const char *p, size_t n);
struct value *answer_cstr(struct answer *a, struct value *in, const char *key, enum value_role role,
                          const char *s);
struct value *answer_printf(struct answer *a, struct value *in, const char *key,
                            enum value_role role, const char *fmt, ...) PT_PRINTF(5, 6);

/* An object that belongs to nothing yet, and putting it at the end of an array. */
struct value *answer_loose(struct answer *a);
void answer_attach(struct value *in, struct value *loose);

/* Setters that take NULL and give back what they got. */
struct value *value_show(struct value *v, enum value_show show);
struct value *value_label(struct value *v, const char *label);
struct value *value_layout(struct value *v, enum value_layout layout);

const struct value *value_get(const struct value *object, const char *key);

/* "1,234,567", as people are shown numbers in texts too. */
#define COUNT_TEXT 32
const char *count_text(uint64_t n, char ret[COUNT_TEXT]);

/* The texts that accompany every kind of answer: "title" (text only), "hints", "warnings". */
void answer_title(struct answer *a, const char *fmt, ...) PT_PRINTF(2, 3);
void answer_hint(struct answer *a, const char *fmt, ...) PT_PRINTF(2, 3);
void answer_warning(struct answer *a, const char *fmt, ...) PT_PRINTF(2, 3);

/* Makes it the report of a failure: {"error":{"code":..,"message":..,"candidates":[..]}}. Of what
 * it held, candidates, damage, what was checked, and hints are kept. */
void answer_fail(struct answer *a, int code, const char *message);

#endif
