/* Qualified names, cut into their parts, whatever the language writes between them.
 *
 * Private to query/. Pure functions over borrowed strings; any thread. No heap memory.
 *
 * "::", ".", "#", "/" and "->" separate, but not inside of balanced angle brackets: `<T as U>::m`
 * has two parts.
 */
#ifndef PT_QUERY_PARTS_H
#define PT_QUERY_PARTS_H

#include "base/str.h"

#define PARTS_MAX 64u

struct parts {
    struct slice at[PARTS_MAX]; /* the last ones, if there are more */
    uint32_t n;
    uint32_t suffix; /* index of the part that is the suffix of a file name ("c" in a.c::f), which
                        people leave out; UINT32_MAX if there is none */
    bool cut;        /* there are more */
};

/* Length of the separator that p (n > 0 bytes) begins with, 0 if none. */
size_t parts_separator(const char *p, size_t n);

void parts_split(struct slice s, struct parts *ret);

/* Is `q`, as a person writes it, a name for the part `stored`? Generic arguments do not matter;
 * `<T as U>` is named by T and by U, `<constructor>` by constructor. */
bool part_same(struct slice q, struct slice stored);

/* Do the parts of `stored` end with those of q? Returns how many parts of `stored` that took, 0 if
 * they do not. */
uint32_t parts_match(const struct parts *q, const struct parts *stored);

/* The last name in a type as source spells it: Foo in `&'a mut b::Foo<T>`. */
struct slice part_ident(struct slice type);

/* Cuts `<T as U>` or `<T>` into T and U (empty if there is none); false if s is not like that. */
bool part_angle(struct slice s, struct slice *ret_t, struct slice *ret_u);

#endif
