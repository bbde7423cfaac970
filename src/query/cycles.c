#include "query/cycles.h"

#include "base/mem.h"
#include "base/sort.h"
#include "base/stop.h"
#include "query/groups.h"

#include <string.h>

#define ALL_WORK (16u * (uint64_t)CYCLES_WORK)

struct search {
    struct groups g;
    struct cycles *ret;
    bool self_loops;

    /* Tarjan's, by group */
    uint32_t *order;     /* owned; from 1, 0 = not yet met */
    uint32_t *low;       /* owned */
    uint32_t *component; /* owned; NODE_NONE = not yet known */
    uint32_t *next;      /* owned; the next of its edges to follow */
    VEC(uint32_t) path;  /* groups being walked through */
    VEC(uint32_t) stack; /* groups of which the component is open */
    uint32_t n_met, n_components;

    /* of the search for a shortest cycle, by group */
    uint32_t *seen; /* owned; == round: reached */
    uint32_t *from; /* owned; where it was reached from */
    uint32_t round;
    VEC(uint32_t) queue;
    VEC(uint32_t) best; /* the shortest cycle of the component so far */
    uint64_t work_left; /* for all that goes beyond the first member of a component */
};

static bool init(struct search *s, const struct view *v, enum cycle_level level, bool no_tests)
{
    if (!groups_init(&s->g, v, level, no_tests))
        return false;
    size_t n = s->g.n;
    s->order = mem_calloc(n, sizeof(*s->order));
    s->low = mem_calloc(n, sizeof(*s->low));
    s->next = mem_calloc(n, sizeof(*s->next));
    s->seen = mem_calloc(n, sizeof(*s->seen));
    s->from = mem_calloc(n, sizeof(*s->from));
    s->component = mem_reallocarray(NULL, n, sizeof(*s->component));
    s->work_left = ALL_WORK;
    if (s->component != NULL)
        memset(s->component, 0xff, n * sizeof(*s->component));
    return s->order && s->low && s->next && s->seen && s->from && s->component;
}

static void release(struct search *s)
{
    groups_release(&s->g);
    mem_free(s->order);
    mem_free(s->low);
    mem_free(s->component);
    mem_free(s->next);
    mem_free(s->seen);
    mem_free(s->from);
    vec_release(&s->path);
    vec_release(&s->stack);
    vec_release(&s->queue);
    vec_release(&s->best);
}

/* ---- the shortest cycle of a component ---- */

/* Into `best`: the way that led from `first` to `last`, whose edge closes the cycle. */
static bool take_cycle(struct search *s, uint32_t first, uint32_t last)
{
    uint32_t n = 1;

    for (uint32_t i = last; i != first; i = s->from[i])
        n++;
    vec_clear(&s->best);
    if (!vec_grow(&s->best, n))
        return false;
    for (uint32_t i = last; n-- > 0; i = s->from[i])
        s->best.at[n] = i;
    return true;
}

/* Breadth first from `first` within its component, back to it; only for what is shorter than the
 * best so far. Adds to *work the edges that it looked at, and gives up at `limit`. */
static bool search_cycle(struct search *s, uint32_t first, uint64_t limit, uint64_t *work)
{
    uint32_t component = s->component[first], level_end = 1, depth = 1;

    vec_clear(&s->queue);
    if (!vec_push(&s->queue, first))
        return false;
    s->seen[first] = ++s->round;
    for (uint32_t i = 0; i < s->queue.len && *work < limit; i++) {
        if (i == level_end) {
            depth++;
            level_end = s->queue.len;
        }
        if (s->best.len != 0 && depth >= s->best.len)
            return true;
        uint32_t at = s->queue.at[i];
        if (stop_asked_at(i))
            return false;
        for (uint32_t k = s->g.start[at]; k < s->g.start[at + 1]; k++) {
            uint32_t to = s->g.to.at[k];
            (*work)++;
            if (to == first)
                return take_cycle(s, first, at);
            if (s->component[to] != component || s->seen[to] == s->round)
                continue;
            s->seen[to] = s->round;
            s->from[to] = at;
            if (!vec_push(&s->queue, to))
                return false;
        }
    }
    return true;
}

static bool add_step(struct search *s, uint32_t from, uint32_t to)
{
    struct edge e = {0};
    uint32_t node = groups_edge(&s->g, from, to, &e);

    assert(node != NODE_NONE);
    return vec_push(&s->ret->steps, (struct cycle_step){s->g.rep[from], node, e.node, e.kind});
}

/* Of the component of these groups, in order. */
static bool add_steps(struct search *s, const uint32_t *groups, uint32_t n)
{
    uint64_t work = 0;

    vec_clear(&s->best);
    if (n == 1)
        return add_step(s, groups[0], groups[0]);
    if (!search_cycle(s, groups[0], UINT64_MAX, &work))
        return false;
    uint64_t limit = s->work_left < CYCLES_WORK ? s->work_left : CYCLES_WORK;
    work = 0;
    for (uint32_t i = 1; i < n && work < limit && s->best.len > 2; i++) {
        if (!search_cycle(s, groups[i], limit, &work))
            return false;
    }
    s->work_left -= work < s->work_left ? work : s->work_left;
    for (uint32_t i = 0; i < s->best.len; i++) {
        if (!add_step(s, s->best.at[i], s->best.at[(i + 1) % s->best.len]))
            return false;
    }
    return true;
}

/* ---- components ---- */

static int by_number(const void *a, const void *b, void *ctx)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    (void)ctx;
    return x < y ? -1 : x > y;
}

/* The groups on the stack from `first` on are a component. */
static bool add_component(struct search *s, uint32_t first)
{
    uint32_t *groups = s->stack.at + first, n = s->stack.len - first;
    struct cycle c = {.size = n,
                      .n_members = n,
                      .first_member = s->ret->members.len,
                      .first_step = s->ret->steps.len};

    if (n > 1)
        sort_r(groups, n, sizeof(*groups), by_number, NULL);
    else if (!s->self_loops || !s->g.loops[groups[0]])
        return true;
    if (!add_steps(s, groups, n) || !vec_reserve(&s->ret->members, s->ret->members.len + n))
        return false;
    for (uint32_t i = 0; i < n; i++)
        (void)vec_push(&s->ret->members, s->g.rep[groups[i]]);
    c.n_steps = s->ret->steps.len - c.first_step;
    return vec_push(&s->ret->list, c);
}

static bool close_component(struct search *s, uint32_t root)
{
    uint32_t i = s->stack.len;

    do {
        s->component[s->stack.at[--i]] = s->n_components;
    } while (s->stack.at[i] != root);
    s->n_components++;
    bool ok = add_component(s, i);
    vec_truncate(&s->stack, i);
    return ok;
}

static bool enter(struct search *s, uint32_t at)
{
    if (stop_asked_at(s->n_met))
        return false;
    s->order[at] = s->low[at] = ++s->n_met;
    s->next[at] = s->g.start[at];
    return vec_push(&s->path, at) && vec_push(&s->stack, at);
}

/* Tarjan's algorithm from one group, with the call stack in `path`. */
static bool walk(struct search *s, uint32_t root)
{
    if (!enter(s, root))
        return false;
    while (s->path.len > 0) {
        uint32_t at = vec_last(&s->path);
        if (s->next[at] < s->g.start[at + 1]) {
            uint32_t to = s->g.to.at[s->next[at]++];
            if (s->order[to] == 0) {
                if (!enter(s, to))
                    return false;
            } else if (s->component[to] == NODE_NONE && s->order[to] < s->low[at]) {
                s->low[at] = s->order[to];
            }
            continue;
        }
        (void)vec_pop(&s->path);
        if (s->path.len > 0 && s->low[at] < s->low[vec_last(&s->path)])
            s->low[vec_last(&s->path)] = s->low[at];
        if (s->low[at] == s->order[at] && !close_component(s, at))
            return false;
    }
    return true;
}

static int cmp_cycles(const void *a, const void *b, void *ctx)
{
    const struct cycle *x = a, *y = b;
    const struct search *s = ctx;
    const uint32_t *members = s->ret->members.at;

    if (x->size != y->size)
        return x->size > y->size ? -1 : 1;
    return view_compare(s->g.v, members[x->first_member], members[y->first_member]);
}

int query_cycles(const struct view *v, enum cycle_level level, bool self_loops, bool no_tests,
                 struct cycles *ret, struct err *err)
{
    struct search s = {.ret = ret, .self_loops = self_loops && level == CYCLES_FUNCTION};

    vec_clear(&ret->list);
    vec_clear(&ret->members);
    vec_clear(&ret->steps);
    bool ok = init(&s, v, level, no_tests);
    for (uint32_t i = 0; ok && i < s.g.n; i++)
        ok = s.order[i] != 0 || walk(&s, i);
    if (ok && ret->list.len > 1)
        sort_r(ret->list.at, ret->list.len, sizeof(*ret->list.at), cmp_cycles, &s);
    release(&s);
    if (!ok) {
        cycles_release(ret);
        return err_set(err, PT_ENOMEM, "no memory to look for cycles");
    }
    return 0;
}

void cycles_release(struct cycles *c)
{
    vec_release(&c->list);
    vec_release(&c->members);
    vec_release(&c->steps);
}
