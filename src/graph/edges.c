/* The edges of a segment that is built: references are gathered in a bucket for each node that
 * they start at, sorted there, and merged into edges with their sites. */
#include "graph/build.h"

#include "base/mem.h"
#include "base/sort.h"

#include <assert.h>
#include <string.h>

#define INSERTION_MAX 24

/* A reference in its bucket. */
struct ref {
    uint64_t key;  /* kind, node it leads to, and whether it has a line: the order of an edge list
                      and, within an edge, of its sites */
    uint64_t site; /* a struct site as a number: file, line, column, layer */
};

struct gather {
    struct build *b;
    uint32_t *starts; /* owned; n_nodes + 2: the bucket of node i is starts[i] ... starts[i + 1] */
    struct ref *refs; /* owned; NULL while they are counted */
    uint32_t *ends;   /* owned; both ends of each edge of the delta, as node ids */
};

static uint64_t ref_key(unsigned kind, uint32_t to, bool has_line)
{
    return (uint64_t)kind << 33 | (uint64_t)to << 1 | has_line;
}

static uint32_t ref_to(const struct ref *r)
{
    return (uint32_t)(r->key >> 1);
}

static unsigned ref_kind(const struct ref *r)
{
    return (unsigned)(r->key >> 33);
}

static uint64_t site_number(uint32_t file, uint32_t line, uint32_t col, unsigned layer)
{
    uint64_t ret;
    struct site s = {
        .layer = layer & 3,
        .col = line != 0 ? col & UINT16_MAX : 0,
        .line = (line < SITE_LINE_MAX ? line : SITE_LINE_MAX) & SITE_LINE_MAX,
        .file = file & (SITE_FILES_MAX - 1),
    };

    memcpy(&ret, &s, sizeof(ret));
    return ret;
}

static struct site site_of(uint64_t number)
{
    struct site s;

    memcpy(&s, &number, sizeof(s));
    return s;
}

/* Counts a reference, or puts it into its bucket. */
static void add_ref(struct gather *g, uint32_t from, struct ref r)
{
    uint32_t at = g->starts[from + 1]++;

    if (g->refs != NULL)
        g->refs[at] = r;
}

/* ---- what stays of the old edges ---- */

static int lost_end(struct build *b, uint32_t from, uint32_t to, unsigned kind, uint32_t file)
{
    const struct segment *old = b->old;
    uint32_t gone = b->node_map[from] == NODE_NONE ? from : to;

    return err_set(b->err, PT_EINVAL, "D4: %s %s %s, says %s, which stays, but %s is gone",
                   old->strings + old->nodes[from].qualified, edge_kind_name(kind),
                   old->strings + old->nodes[to].qualified, old->strings + old->files[file].path,
                   old->strings + old->nodes[gone].qualified);
}

/* One site of an old edge; `site` names its old file. */
static int keep_site(struct gather *g, uint32_t from, uint32_t edge, struct site site)
{
    struct build *b = g->b;
    const struct segment *old = b->old;
    uint32_t file = b->file_map[site.file], to = old->out_node[edge];
    unsigned kind = seg_attr_kind(old->out_attr[edge]);

    if (file == NODE_NONE)
        return 0;
    if (b->node_map[from] == NODE_NONE || b->node_map[to] == NODE_NONE)
        return lost_end(b, from, to, kind, site.file);
    add_ref(g, b->node_map[from],
            (struct ref){ref_key(kind, b->node_map[to], site.line != 0),
                         site_number(file, site.line, site.col, site.layer)});
    return 0;
}

static int keep_edges_of(struct gather *g, uint32_t from)
{
    const struct segment *old = g->b->old;
    int rc = 0;

    for (uint32_t e = old->out_start[from]; e < old->out_start[from + 1] && rc == 0; e++) {
        uint32_t i = old->site_start[e], end = old->site_start[e + 1];

        if (i == end) /* S9: implied */
            rc = keep_site(g, from, e,
                           (struct site){.file = old->nodes[old->out_node[e]].file & 0x3fffff,
                                         .layer = (unsigned)old->out_attr[e] & 3u});
        for (; i < end && rc == 0; i++)
            rc = keep_site(g, from, e, old->sites[i]);
    }
    return rc;
}

/* ---- what the delta says ---- */

static int unknown_end(struct build *b, const struct unit *u, uint32_t i)
{
    const struct unit_edge *e = &u->edges[i];
    bool from = segment_find_sig(b->out, e->from) == NODE_NONE;

    return err_set(b->err, PT_EINVAL, "D4: unit %s: edge %u (%s, line %u) %s no node: %016llx",
                   u->path, i, edge_kind_name(e->kind), e->line, from ? "starts at" : "leads to",
                   (unsigned long long)(from ? e->from : e->to));
}

/* Finds the ends of all edges of the delta once, for both passes. */
static int find_ends(struct gather *g)
{
    const struct delta *d = g->b->delta;
    const struct segment *out = g->b->out;
    size_t n = 0;

    for (uint32_t i = 0; i < d->units.len; i++)
        n += d->units.at[i].removed ? 0 : d->units.at[i].n_edges;
    g->ends = mem_reallocarray(NULL, n, 2 * sizeof(*g->ends));
    if (g->ends == NULL)
        return build_no_memory(g->b, "edges");

    uint32_t *at = g->ends;
    for (uint32_t i = 0; i < d->units.len; i++) {
        const struct unit *u = &d->units.at[i];

        for (uint32_t k = 0; k < u->n_edges && !u->removed; k++, at += 2) {
            const struct unit_edge *e = &u->edges[k];

            /* References of one definition follow each other. */
            at[0] = k > 0 && e[-1].from == e->from ? at[-2] : segment_find_sig(out, e->from);
            at[1] = segment_find_sig(out, e->to);
            if (at[0] == NODE_NONE || at[1] == NODE_NONE)
                return unknown_end(g->b, u, k);
        }
    }
    return 0;
}

static void add_units(struct gather *g)
{
    const struct build *b = g->b;
    const uint32_t *at = g->ends;
    uint32_t file = 0;

    for (uint32_t i = 0; i < b->delta->units.len; i++) {
        const struct unit *u = &b->delta->units.at[i];

        if (u->removed)
            continue;
        while (b->sources[file].old != NODE_NONE || b->sources[file].unit != i)
            file++;
        for (uint32_t k = 0; k < u->n_edges; k++, at += 2) {
            const struct unit_edge *e = &u->edges[k];
            add_ref(g, at[0],
                    (struct ref){ref_key(e->kind, at[1], e->line != 0),
                                 site_number(file, e->line, e->col, e->layer)});
        }
    }
}

static int add_all(struct gather *g)
{
    int rc = 0;

    for (uint32_t id = 0; id < g->b->old->n_nodes && rc == 0; id++)
        rc = keep_edges_of(g, id);
    if (rc == 0)
        add_units(g);
    return rc;
}

/* Turns counts at [1 ...] into where each bucket starts, at [1 ...] too: add_ref then moves each to
 * the bucket's end, which is where the next one starts. */
static uint64_t counts_to_starts(uint32_t *counts, uint32_t n)
{
    uint64_t sum = 0;

    for (uint32_t i = 1; i <= n; i++) {
        uint32_t count = counts[i];
        counts[i] = (uint32_t)sum;
        sum += count;
    }
    return sum;
}

static int gather(struct gather *g)
{
    struct build *b = g->b;
    uint64_t n_old = (uint64_t)b->old->n_sites + b->old->n_edges, n_refs = n_old;
    int rc = find_ends(g);

    if (rc != 0)
        return rc;
    for (uint32_t i = 0; i < b->delta->units.len; i++)
        n_refs += b->delta->units.at[i].n_edges;
    if (n_refs > SEG_EDGES_MAX)
        return err_set(b->err, PT_ELIMIT, "%llu references; a graph holds %u",
                       (unsigned long long)n_refs, SEG_EDGES_MAX);

    g->starts = mem_calloc((size_t)b->out->n_nodes + 1, sizeof(*g->starts));
    if (g->starts == NULL)
        return build_no_memory(b, "edges");
    rc = add_all(g);
    if (rc != 0)
        return rc;
    n_refs = counts_to_starts(g->starts, b->out->n_nodes);
    g->refs = mem_reallocarray(NULL, n_refs, sizeof(*g->refs));
    if (g->refs == NULL)
        return build_no_memory(b, "edges");
    rc = add_all(g);
    assert(rc == 0 && g->starts[b->out->n_nodes] == n_refs);
    return rc;
}

/* ---- from references to edges ---- */

static int cmp_ref(const void *a, const void *b, void *ctx)
{
    const struct ref *x = a, *y = b;

    (void)ctx;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return x->site < y->site ? -1 : x->site > y->site;
}

static void sort_refs(struct ref *r, size_t n)
{
    if (n > INSERTION_MAX) {
        sort_r(r, n, sizeof(*r), cmp_ref, NULL);
        return;
    }
    for (size_t i = 1; i < n; i++) {
        struct ref x = r[i];
        size_t k = i;

        for (; k > 0 && cmp_ref(&r[k - 1], &x, NULL) > 0; k--)
            r[k] = r[k - 1];
        r[k] = x;
    }
}

/* An edge: the references at the head of a sorted bucket that have the same kind and target. */
struct run {
    size_t n_refs;
    uint32_t n_sites;
    unsigned layer;
};

/* The same place again, of a less sure layer, or just twice. */
static bool is_repeated(const struct ref *r, size_t i)
{
    return i > 0 && r[i].key == r[i - 1].key && r[i].site >> 2 == r[i - 1].site >> 2;
}

static struct run take_run(const struct build *b, const struct ref *r, size_t n)
{
    struct run ret = {.layer = LAYER_COUNT};

    for (; ret.n_refs < n && r[ret.n_refs].key >> 1 == r[0].key >> 1; ret.n_refs++) {
        unsigned layer = site_of(r[ret.n_refs].site).layer;

        ret.n_sites += !is_repeated(r, ret.n_refs);
        if (layer < ret.layer)
            ret.layer = layer;
    }
    struct site only = site_of(r[0].site);
    if (ret.n_sites == 1 && only.line == 0 && only.file == b->out->nodes[ref_to(r)].file)
        ret.n_sites = 0; /* S9: implied */
    return ret;
}

static void count_edges(struct gather *g)
{
    struct segment *out = g->b->out;

    for (uint32_t id = 0; id < out->n_nodes; id++) {
        struct ref *r = g->refs + g->starts[id], *end = g->refs + g->starts[id + 1];

        sort_refs(r, (size_t)(end - r));
        while (r < end) {
            struct run run = take_run(g->b, r, (size_t)(end - r));
            out->n_edges++;
            out->n_sites += run.n_sites;
            r += run.n_refs;
        }
    }
}

static void fill_edge(struct build *b, const struct ref *r, struct run run, uint32_t *site)
{
    uint32_t edge = b->out->n_edges++;

    b->col.out_node[edge] = ref_to(r);
    b->col.out_attr[edge] = seg_attr(ref_kind(r), run.layer);
    b->col.site_start[edge] = *site;
    for (size_t i = 0; i < run.n_refs && run.n_sites > 0; i++)
        if (!is_repeated(r, i))
            b->col.sites[(*site)++] = site_of(r[i].site);
}

static int fill_out(struct gather *g)
{
    struct build *b = g->b;
    struct segment *out = b->out;
    uint32_t site = 0;
    int rc;

    count_edges(g);
    if ((rc = BUILD_ALLOC(b, OUT_START, out_start)) != 0 ||
        (rc = BUILD_ALLOC(b, OUT_NODE, out_node)) != 0 ||
        (rc = BUILD_ALLOC(b, OUT_ATTR, out_attr)) != 0 ||
        (rc = BUILD_ALLOC(b, SITE_START, site_start)) != 0 ||
        (rc = BUILD_ALLOC(b, SITES, sites)) != 0)
        return rc;

    out->n_edges = 0; /* counts them again, as they are filled */
    for (uint32_t id = 0; id < out->n_nodes; id++) {
        const struct ref *r = g->refs + g->starts[id], *end = g->refs + g->starts[id + 1];

        b->col.out_start[id] = out->n_edges;
        while (r < end) {
            struct run run = take_run(b, r, (size_t)(end - r));
            fill_edge(b, r, run, &site);
            r += run.n_refs;
        }
    }
    b->col.out_start[out->n_nodes] = out->n_edges;
    b->col.site_start[out->n_edges] = site;
    assert(site == out->n_sites);
    return 0;
}

/* ---- the other direction ---- */

/* Appends all edges of one kind to the lists of the nodes that they lead to. */
static void mirror_kind(struct build *b, unsigned kind)
{
    const struct segment *out = b->out;

    for (uint32_t id = 0; id < out->n_nodes; id++) {
        for (uint32_t e = out->out_start[id]; e < out->out_start[id + 1]; e++) {
            if (seg_attr_kind(out->out_attr[e]) != kind)
                continue;
            uint32_t at = b->col.in_start[out->out_node[e] + 1]++;
            b->col.in_node[at] = id;
            b->col.in_attr[at] = out->out_attr[e];
            b->col.in_edge[at] = e;
        }
    }
}

/* Kind by kind, and within a kind by ascending source: no list needs sorting. */
static int fill_in(struct build *b)
{
    const struct segment *out = b->out;
    uint64_t of_kind[EDGE_KIND_COUNT] = {0};
    int rc;

    if ((rc = BUILD_ALLOC(b, IN_START, in_start)) != 0 ||
        (rc = BUILD_ALLOC(b, IN_NODE, in_node)) != 0 ||
        (rc = BUILD_ALLOC(b, IN_ATTR, in_attr)) != 0 ||
        (rc = BUILD_ALLOC(b, IN_EDGE, in_edge)) != 0)
        return rc;

    for (uint32_t e = 0; e < out->n_edges; e++) {
        b->col.in_start[out->out_node[e] + 1]++;
        of_kind[seg_attr_kind(out->out_attr[e])]++;
    }
    (void)counts_to_starts(b->col.in_start, out->n_nodes);
    for (unsigned kind = 0; kind < EDGE_KIND_COUNT; kind++)
        if (of_kind[kind] != 0)
            mirror_kind(b, kind);
    return 0;
}

int build_edges(struct build *b)
{
    struct gather g = {.b = b};
    int rc = gather(&g);

    if (rc == 0)
        rc = fill_out(&g);
    mem_free(g.starts);
    mem_free(g.refs);
    mem_free(g.ends);
    return rc != 0 ? rc : fill_in(b);
}
