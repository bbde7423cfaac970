/* Bare names: the index, and its building. */
#include "base/mem.h"
#include "base/sort.h"
#include "graph/build.h"
#include "graph/view.h"

#include <string.h>

/* ---- building ---- */

static const char *known_name(const void *ctx, uint32_t number)
{
    const struct build *b = ctx;
    return b->strings.p + b->name_at.at[number];
}

/* Where the text of a new name is: in the tail of the node's qualified name, if that ends so. */
static int place_name(struct build *b, uint32_t node, const char *name, size_t n, uint32_t *ret)
{
    uint32_t qualified = b->col.nodes[node].qualified;
    size_t n_qualified = strlen(b->strings.p + qualified);

    if (n_qualified < n || memcmp(b->strings.p + qualified + (n_qualified - n), name, n) != 0)
        return strtab_put(&b->strings, name, n, ret, b->err);
    *ret = qualified + (uint32_t)(n_qualified - n);
    return 0;
}

int build_name(struct build *b, uint32_t node, const char *name)
{
    size_t n = strlen(name);
    uint32_t hash, offset;
    uint64_t *slot = strset_slot(&b->name_set, name, n, known_name, b, &hash);

    if (slot == NULL)
        return build_no_memory(b, "names");
    if (*slot == 0) {
        int rc = place_name(b, node, name, n, &offset);
        if (rc != 0)
            return rc;
        if (!vec_push(&b->name_at, offset))
            return build_no_memory(b, "names");
        strset_fill(&b->name_set, slot, hash, b->name_at.len - 1);
    }
    b->col.nodes[node].name = strset_number(*slot);
    return 0;
}

/* A name to sort: most are told apart by their first 8 bytes, without a look at the strings. */
struct sortable {
    uint64_t head; /* as a big-endian number */
    uint32_t at, number;
};

static int cmp_name(const void *a, const void *b, void *strings)
{
    const struct sortable *x = a, *y = b;

    if (x->head != y->head)
        return x->head < y->head ? -1 : 1;
    return strcmp((const char *)strings + x->at, (const char *)strings + y->at);
}

static uint64_t head_of(const char *s)
{
    uint64_t ret = 0;

    for (int shift = 56; shift >= 0 && *s != '\0'; shift -= 8)
        ret |= (uint64_t)(uint8_t)*s++ << shift;
    return ret;
}

/* Fills `names` in order, and ranks[number of a name]. */
static int sort_names(struct build *b, uint32_t *ranks)
{
    uint32_t n = b->name_at.len;
    struct sortable *list = mem_reallocarray(NULL, n, sizeof(*list));

    if (list == NULL)
        return build_no_memory(b, "names");
    for (uint32_t i = 0; i < n; i++) {
        uint32_t at = b->name_at.at[i];
        list[i] = (struct sortable){head_of(b->strings.p + at), at, i};
    }
    sort_r(list, n, sizeof(*list), cmp_name, b->strings.p);
    for (uint32_t i = 0; i < n; i++) {
        b->col.names[i].name = list[i].at;
        ranks[list[i].number] = i;
    }
    mem_free(list);
    return 0;
}

static void fill_postings(struct build *b, const uint32_t *ranks)
{
    struct seg_name *names = b->col.names;
    uint32_t n_nodes = b->out->n_nodes, n_names = b->out->n_names, sum = 0;

    /* Counts at [rank + 1], then starts there, which filling moves to the next one's start. */
    for (uint32_t id = 0; id < n_nodes; id++)
        names[ranks[b->col.nodes[id].name] + 1].first++;
    for (uint32_t i = 1; i <= n_names; i++) {
        uint32_t count = names[i].first;
        names[i].first = sum;
        sum += count;
    }
    for (uint32_t id = 0; id < n_nodes; id++) {
        struct seg_node *node = &b->col.nodes[id];
        uint32_t rank = ranks[node->name];

        b->col.postings[names[rank + 1].first++] = id;
        node->name = names[rank].name;
    }
}

int build_names(struct build *b)
{
    uint32_t *ranks = mem_reallocarray(NULL, b->name_at.len, sizeof(*ranks));
    int rc;

    b->out->n_names = b->name_at.len;
    if (ranks == NULL)
        rc = build_no_memory(b, "names");
    else if ((rc = BUILD_ALLOC(b, NAMES, names)) == 0 &&
             (rc = BUILD_ALLOC(b, POSTINGS, postings)) == 0 && (rc = sort_names(b, ranks)) == 0)
        fill_postings(b, ranks);
    mem_free(ranks);
    return rc;
}

/* ---- questions ---- */

/* As strcmp of a terminated string and n bytes. */
static int cmp_prefix(const char *s, const char *p, size_t n)
{
    int c = strncmp(s, p, n);
    return c != 0 ? c : s[n] != '\0';
}

uint32_t view_name_lower_bound(const struct view *v, const char *prefix, size_t n)
{
    const struct segment *s = &v->seg;
    uint32_t low = 0, high = s->n_names;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (cmp_prefix(s->strings + s->names[middle].name, prefix, n) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

uint32_t view_name_count(const struct view *v)
{
    return v->seg.n_names;
}

const char *view_name_at(const struct view *v, uint32_t rank, const uint32_t **ret_ids,
                         uint32_t *ret_n)
{
    const struct segment *s = &v->seg;

    assert(rank < s->n_names);
    *ret_ids = s->postings + s->names[rank].first;
    *ret_n = s->names[rank + 1].first - s->names[rank].first;
    return s->strings + s->names[rank].name;
}

uint32_t view_named(const struct view *v, const char *name, size_t n, const uint32_t **ret)
{
    uint32_t rank = view_name_lower_bound(v, name, n), count = 0;

    /* A name with a NUL inside is nobody's. */
    if (rank < v->seg.n_names && strnlen(name, n) == n) {
        const char *found = view_name_at(v, rank, ret, &count);
        if (cmp_prefix(found, name, n) != 0)
            count = 0;
    }
    return count;
}
