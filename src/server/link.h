/* Lists whose links lie in their elements: a ring, with the list itself as one of its links. An
 * element leaves its list in constant time, whichever that is.
 *
 * One thread. The list owns nothing.
 */
#ifndef PT_SERVER_LINK_H
#define PT_SERVER_LINK_H

#include <stdbool.h>
#include <stddef.h>

struct link {
    struct link *next, *prev;
};

/* An empty list, or an element that is in none. */
static inline void link_init(struct link *l)
{
    l->next = l->prev = l;
}

static inline bool link_alone(const struct link *l)
{
    return l->next == l;
}

/* Out of its list, if it is in one. */
static inline void link_remove(struct link *l)
{
    l->prev->next = l->next;
    l->next->prev = l->prev;
    link_init(l);
}

/* At the end of a list; it must be in none. */
static inline void link_append(struct link *list, struct link *l)
{
    l->prev = list->prev;
    l->next = list;
    list->prev->next = l;
    list->prev = l;
}

/* All elements of `from` to the end of `list`. */
static inline void link_append_all(struct link *list, struct link *from)
{
    while (!link_alone(from)) {
        struct link *l = from->next;
        link_remove(l);
        link_append(list, l);
    }
}

/* The struct of type T whose member `m` is the link at `l`. */
#define link_entry(l, T, m) ((T *)(void *)((char *)(l)-offsetof(T, m)))

#endif
