/* The order in which a type and its bases are searched for a member: C3 linearization.
 *
 * Barrett et al., "A Monotonic Superclass Linearization for Dylan" (OOPSLA 1996): L[C] is C, then
 * the merge of the linearizations of its bases and of the list of bases itself; the merge takes
 * the first head that stands in the tail of no list. Where no such head is left (the program would
 * be refused when it runs) the first list goes on.
 */
#include "index/eval_internal.h"

#include <string.h>

#define MAX_ENTRIES 256u /* of all lists of one merge; what lies beyond is left out */
#define MAX_DEPTH 12u

struct list {
    uint32_t at, end; /* in eval.line */
};

static bool same_type(const struct eval *e, uint32_t a, uint32_t b)
{
    struct ty x = ty_get(&e->types, a), y = ty_get(&e->types, b);
    return a == b || (x.kind == y.kind && x.kind == TY_INST && x.file == y.file && x.def == y.def);
}

static bool in_a_tail(const struct eval *e, uint32_t ty, const struct list *lists, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        for (uint32_t k = lists[i].at + 1; k < lists[i].end; k++) {
            if (same_type(e, e->line.at[k], ty))
                return true;
        }
    }
    return false;
}

/* The next type of the merge, 0 when all lists are empty. */
static uint32_t next_head(const struct eval *e, const struct list *lists, unsigned n)
{
    uint32_t first = 0;
    for (unsigned i = 0; i < n; i++) {
        if (lists[i].at == lists[i].end)
            continue;
        uint32_t head = e->line.at[lists[i].at];
        if (!in_a_tail(e, head, lists, n))
            return head;
        first = first != 0 ? first : head;
    }
    return first;
}

/* Appends the merge of the lists. Each round takes at least one entry out of them. */
static void merge(struct eval *e, struct list *lists, unsigned n)
{
    for (uint32_t head; (head = next_head(e, lists, n)) != 0;) {
        if (!vec_push(&e->line, head)) {
            e->failed = true;
            return;
        }
        for (unsigned i = 0; i < n; i++) {
            if (lists[i].at < lists[i].end && same_type(e, e->line.at[lists[i].at], head))
                lists[i].at++;
        }
    }
}

/* Appends the linearization of `ty`. */
static void linearize(struct eval *e, uint32_t ty, unsigned depth)
{
    struct list lists[MAX_BASES + 1];
    uint32_t bases[MAX_BASES];
    uint32_t from = e->line.len;
    unsigned n = 0;

    if (!eval_enter(e))
        return;
    if (ty_kind(&e->types, ty) == TY_INST && depth < MAX_DEPTH)
        n = eval_bases(e, ty_ent(&e->types, ty), bases, MAX_BASES);
    for (unsigned i = 0; i < n; i++) {
        bases[i] = base_on(e, bases[i], ty);
        lists[i].at = e->line.len;
        if (e->line.len - from < MAX_ENTRIES)
            linearize(e, bases[i], depth + 1);
        lists[i].end = e->line.len;
    }
    lists[n].at = e->line.len;
    for (unsigned i = 0; i < n; i++)
        e->failed |= !vec_push(&e->line, bases[i]);
    lists[n].end = e->line.len;

    uint32_t merged = e->line.len;
    e->failed |= !vec_push(&e->line, ty);
    if (!e->failed) {
        merge(e, lists, n + 1);
        memmove(e->line.at + from, e->line.at + merged,
                (e->line.len - merged) * sizeof(*e->line.at));
        vec_truncate(&e->line, from + (e->line.len - merged));
    }
    eval_leave(e);
}

unsigned eval_mro(struct eval *e, uint32_t ty, uint32_t *ret, unsigned n)
{
    vec_clear(&e->line);
    linearize(e, ty, 0);
    if (e->failed)
        return 0;
    n = e->line.len < n ? e->line.len : n;
    memcpy(ret, e->line.at, n * sizeof(*ret));
    return n;
}
