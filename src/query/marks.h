/* Which nodes a walk has met.
 *
 * A word for each node is what is quick to ask, but to get and clear as many as the graph has would
 * be most of the time of a walk that meets ten. So the marks of a few nodes are in a map; only a
 * walk that meets more than a small part of the graph gets the words. What is asked of the marks
 * gives the same either way.
 *
 * Private to query/. One thread at a time. Owns its memory. All zero is an empty, usable thing.
 * Errors: false when memory is short; the marks are then as they were.
 */
#ifndef PT_QUERY_MARKS_H
#define PT_QUERY_MARKS_H

#include "base/map.h"

enum mark { MARK_NONE, MARK_FRONT, MARK_BACK };

struct marks {
    uint32_t *all; /* owned; epoch + enum mark of each node, NULL: they are in `few` */
    uint32_t n_all, epoch;
    struct map few; /* node -> enum mark */
    uint32_t n_nodes, max_few;
};

void marks_release(struct marks *m);

/* Forgets all marks; the nodes are below n_nodes. */
bool marks_begin(struct marks *m, uint32_t n_nodes);

/* Room for `more` marks: each marks_put needs it. */
bool marks_room(struct marks *m, uint64_t more);

static inline enum mark marks_get(const struct marks *m, uint32_t node)
{
    if (m->all != NULL) {
        uint32_t mark = m->all[node] - m->epoch;
        return mark <= MARK_BACK ? (enum mark)mark : MARK_NONE;
    }
    const uint32_t *mark = map_get(&m->few, node);
    return mark != NULL ? (enum mark) * mark : MARK_NONE;
}

static inline void marks_put(struct marks *m, uint32_t node, enum mark mark)
{
    if (m->all != NULL) {
        m->all[node] = m->epoch + mark;
        return;
    }
    uint32_t *was = map_put(&m->few, node, mark, NULL);
    if (was != NULL) /* there is room */
        *was = mark;
}

#endif
