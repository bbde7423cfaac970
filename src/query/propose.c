#include "query/propose.h"

#include "query/fold.h"
#include "query/owner.h"
#include "query/search.h"

/* So many nodes of one name are looked at. */
#define SAME_NAME_MAX 256u
#define SIMILAR_NAME_MAX 16u

/* Costs of a name, best first; edits come in between. */
enum { COST_SAME = 0, COST_SAME_BUT_CASE = 1, COST_PREFIX = 3, COST_INSIDE = 6, COST_NONE = 255 };

struct proposal {
    uint64_t key; /* smaller is better */
    uint32_t node;
};

struct proposals {
    const struct view *v;
    const struct parts *name;
    struct folded text;
    unsigned max_edits;
    uint32_t kinds;
    struct proposal best[FIND_PROPOSALS]; /* sorted */
    uint32_t n;
    struct buf qualified; /* owned; scratch */
    bool failed;
};

/* How many of the first parts of the name stand in the qualified name of the node? */
static uint32_t shared_parts(struct proposals *p, uint32_t node)
{
    struct parts stored;
    uint32_t n = 0;

    if (p->name->n < 2)
        return 0;
    parts_split(slice_from(view_qualified(p->v, node, &p->qualified)), &stored);
    p->failed |= p->qualified.failed;
    for (uint32_t i = 0; i + 1 < p->name->n; i++) {
        for (uint32_t k = 0; k + 1 < stored.n; k++) {
            if (part_same(p->name->at[i], stored.at[k])) {
                n++;
                break;
            }
        }
    }
    return n;
}

static void offer(struct proposals *p, uint32_t node, unsigned cost)
{
    uint16_t flags = view_flags(p->v, node);
    uint64_t weak = (flags & (FLAG_DECLARATION | FLAG_EXTERNAL)) != 0;
    uint64_t test = (flags & FLAG_TEST) != 0;
    uint64_t key = (uint64_t)cost << 56 | (uint64_t)(PARTS_MAX - shared_parts(p, node)) << 48 |
                   weak << 41 | test << 40 | (OWNER_DEGREE_MAX - owner_in_degree(p->v, node));
    uint32_t i = p->n < FIND_PROPOSALS ? p->n++ : FIND_PROPOSALS;

    if (view_kind(p->v, node) == NODE_IMPL) {
        p->n = i < FIND_PROPOSALS ? i : p->n;
        return;
    }
    for (; i > 0 && (p->best[i - 1].key > key ||
                     (p->best[i - 1].key == key && view_before(p->v, node, p->best[i - 1].node)));
         i--) {
        if (i < FIND_PROPOSALS)
            p->best[i] = p->best[i - 1];
    }
    if (i < FIND_PROPOSALS)
        p->best[i] = (struct proposal){key, node};
}

static unsigned cost_of(const struct proposals *p, const struct folded *name)
{
    const struct folded *text = &p->text;
    uint32_t diff = name->n > text->n ? name->n - text->n : text->n - name->n;
    unsigned cost = COST_NONE;

    if (diff <= p->max_edits && fold_apart(text->letters, name->letters) <= p->max_edits) {
        unsigned edits = name_distance(text->at, name->at, p->max_edits);
        if (edits <= p->max_edits)
            cost = COST_SAME_BUT_CASE + edits;
    }
    if (cost > COST_PREFIX && text->n > 2 && name->n >= text->n &&
        (text->letters & ~name->letters) == 0) {
        if (memcmp(name->at, text->at, text->n) == 0)
            cost = COST_PREFIX;
        else if (cost > COST_INSIDE && strstr(name->at, text->at) != NULL)
            cost = COST_INSIDE;
    }
    return cost;
}

/* The first nodes of a name, of the kinds wanted. */
static void offer_some(struct proposals *p, const struct ids *nodes, unsigned cost)
{
    for (uint32_t i = 0, taken = 0; i < nodes->len && taken < SIMILAR_NAME_MAX; i++) {
        if (p->kinds != 0 && !(p->kinds >> view_kind(p->v, nodes->at[i]) & 1))
            continue;
        offer(p, nodes->at[i], cost);
        taken++;
    }
}

/* `scratch` is overwritten. False: no memory. */
static bool offer_similar(struct proposals *p, struct slice last, struct ids *scratch)
{
    struct name_iter it;
    struct folded folded;
    struct name name;
    bool ok = true;

    view_names(p->v, "", 0, &it);
    while (ok && view_next_name(&it, &name)) {
        fold(name.text, &folded);
        unsigned cost = cost_of(p, &folded);
        if (cost == COST_NONE || slice_eq(slice_from(name.text), last))
            continue;
        vec_clear(scratch);
        ok = view_bearers(p->v, name.id, scratch);
        offer_some(p, scratch, cost);
    }
    return ok;
}

bool propose(const struct view *v, const struct parts *name, uint32_t kinds, struct found *ret)
{
    struct proposals p = {.v = v, .name = name, .kinds = kinds};
    struct ids nodes = {0};
    char text[FOLD_MAX + 1];

    vec_clear(&ret->nodes);
    ret->how = FIND_CLOSE;
    if (name->n == 0)
        return true;
    struct slice last = name->at[name->n - 1];
    bool ok = view_named(v, last.p, last.n, &nodes);
    for (uint32_t i = 0; i < nodes.len && i < SAME_NAME_MAX; i++)
        offer(&p, nodes.at[i], COST_SAME);
    if (ok && last.n < sizeof(text)) {
        memcpy(text, last.p, last.n);
        text[last.n] = '\0';
        fold(text, &p.text);
        p.max_edits = p.text.n < 3 ? 0 : p.text.n < 5 ? 1 : p.text.n < 9 ? 2 : 3;
        ok = offer_similar(&p, last, &nodes);
    }
    vec_release(&nodes);
    buf_release(&p.qualified);
    ok = ok && !p.failed;
    for (uint32_t i = 0; ok && i < p.n; i++)
        ok = vec_push(&ret->nodes, p.best[i].node);
    return ok;
}

bool propose_around(const struct view *v, uint32_t file, uint32_t line, uint32_t kinds,
                    struct found *ret)
{
    struct view_file f = view_file(v, file);
    uint32_t before = NODE_NONE, behind = NODE_NONE, before_line = 0, behind_line = UINT32_MAX;

    for (uint32_t i = 1; i < f.n_nodes; i++) {
        uint32_t id = f.nodes[i], at = view_node(v, id).line;
        if (kinds != 0 && !(kinds >> view_kind(v, id) & 1))
            continue;
        if (at > line && at < behind_line) {
            behind = id;
            behind_line = at;
        } else if (at <= line && at > before_line) {
            before = id;
            before_line = at;
        }
    }
    return (behind == NODE_NONE || vec_push(&ret->nodes, behind)) &&
           (before == NODE_NONE || vec_push(&ret->nodes, before));
}
