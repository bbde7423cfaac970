/* The order in which a type and its bases are searched for a member: C3 linearization.
 *
 * Barrett et al., "A Monotonic Superclass Linearization for Dylan" (OOPSLA 1996): L[C] is C, then
 * the merge of the linearizations of its bases and of the list of bases itself; the merge takes
 * the first head that stands in the tail of no list. Where no such head is left (the program would
 * be refused when it runs) the first list goes on.
 */
#include "index/eval_internal.h"

#define MAX_LINE 256u /* types of one line; what lies beyond is left out */

struct list {
    uint32_t at, end; /* in eval.lines */
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
            if (same_type(e, e->lines.at[k], ty))
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
        if (lists[i].at >= lists[i].end)
            continue;
        uint32_t head = e->lines.at[lists[i].at];
        if (!in_a_tail(e, head, lists, n))
            return head;
        first = first != 0 ? first : head;
    }
    return first;
}

static void push(struct eval *e, uint32_t v)
{
    if (!vec_push(&e->lines, v))
        e->failed = true;
}

/* Appends the merge of the lists. Each round takes at least one entry out of them. */
static void merge(struct eval *e, struct list *lists, unsigned n)
{
    uint32_t from = e->lines.len, head, work = 0;

    for (unsigned i = 0; i < n; i++)
        work += lists[i].end - lists[i].at;
    work *= n;
    e->fuel -= work < e->fuel ? work : e->fuel;
    while (!e->failed && e->lines.len - from < MAX_LINE - 1 &&
           (head = next_head(e, lists, n)) != 0) {
        push(e, head);
        for (unsigned i = 0; i < n; i++) {
            if (lists[i].at < lists[i].end && same_type(e, e->lines.at[lists[i].at], head))
                lists[i].at++;
        }
    }
}

/* Where the line of `ty` lies in eval.lines: the number of its types, and they. It has none (0)
 * while it is being worked out: a type that is its own base. */
static uint32_t line_of(struct eval *e, uint32_t ty)
{
    struct list lists[MAX_BASES + 1];
    uint32_t bases[MAX_BASES], line = 0;
    uint64_t key;
    unsigned n = 0;

    if (memo_begin(e, MEMO_MRO, 0, ty, &key, &line))
        return line;
    if (!eval_enter(e))
        return memo_end(e, key, 0);
    if (ty_kind(&e->types, ty) == TY_INST)
        n = eval_bases(e, ty_ent(&e->types, ty), bases, MAX_BASES);
    for (unsigned i = 0; i < n; i++) {
        bases[i] = base_on(e, bases[i], ty);
        uint32_t at = line_of(e, bases[i]);
        lists[i] = (struct list){at + 1, at + 1 + e->lines.at[at]};
    }
    lists[n] = (struct list){e->lines.len, e->lines.len + n};
    for (unsigned i = 0; i < n; i++)
        push(e, bases[i]);
    line = e->lines.len;
    push(e, 1);
    push(e, ty);
    if (!e->failed)
        merge(e, lists, n + 1);
    if (!e->failed)
        e->lines.at[line] = e->lines.len - line - 1;
    eval_leave(e);
    return memo_end(e, key, e->failed ? 0 : line);
}

uint32_t eval_mro(struct eval *e, uint32_t ty, unsigned i)
{
    if (e->lines.len == 0)
        push(e, 0); /* the line of a type that has none */
    uint32_t line = e->failed ? 0 : line_of(e, ty);
    return e->failed || i >= e->lines.at[line] ? 0 : e->lines.at[line + 1 + i];
}
