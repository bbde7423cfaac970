#include "query/marks.h"

#include "base/mem.h"

#include <string.h>

/* What one node costs more in the map is what so many words cost to get. */
#define WORDS_FOR_ONE 128u
/* A map that has grown larger is not cleared for the next walk: who meets that many gets the
 * words, and keeps them. */
#define MAX_KEPT (64u << 10)
#define MARK_COUNT (MARK_BACK + 1u)

void marks_release(struct marks *m)
{
    mem_free(m->all);
    map_release(&m->few);
    *m = (struct marks){0};
}

/* A word for each node, none of them marked. */
static bool make_words(struct marks *m)
{
    uint32_t *all = mem_calloc(m->n_nodes, sizeof(*all));

    if (all == NULL)
        return false;
    mem_free(m->all);
    m->all = all;
    m->n_all = m->n_nodes;
    m->epoch = 0;
    return true;
}

static void forget_words(struct marks *m)
{
    if (m->epoch > UINT32_MAX - 2 * MARK_COUNT) {
        memset(m->all, 0, m->n_all * sizeof(*m->all));
        m->epoch = 0;
    }
    m->epoch += MARK_COUNT - 1; /* no word is above that */
}

bool marks_begin(struct marks *m, uint32_t n_nodes)
{
    bool many = map_bytes(&m->few) > MAX_KEPT;

    m->n_nodes = n_nodes;
    m->max_few = n_nodes / WORDS_FOR_ONE;
    if (m->all != NULL && n_nodes > m->n_all) {
        mem_free(m->all);
        m->all = NULL;
    }
    if (m->all != NULL) {
        forget_words(m);
        return true;
    }
    if (many)
        map_release(&m->few);
    map_clear(&m->few);
    return !many || make_words(m);
}

static bool move_to_words(struct marks *m)
{
    uint32_t it = 0, mark;
    uint64_t node;

    if (!make_words(m))
        return false;
    while (map_next(&m->few, &it, &node, &mark))
        m->all[node] = m->epoch + mark;
    map_release(&m->few);
    return true;
}

bool marks_room(struct marks *m, uint64_t more)
{
    if (m->all != NULL)
        return true;
    more += map_len(&m->few);
    return more <= m->max_few ? map_reserve(&m->few, (uint32_t)more) : move_to_words(m);
}
