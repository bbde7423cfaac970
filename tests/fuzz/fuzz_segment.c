/* The decoder of segments. Whatever bytes it takes must be safe to read in every way: all that
 * view.h offers is asked of it, and it must encode to the same bytes. Checksums would stop nearly
 * every input, so each is tried as it is and sealed anew.
 *
 * It needs no corpus to start from: the mutator makes sound segments of its own in between, and
 * mostly changes single numbers, because what moves sections is refused at once. */
#include "unit/graph/block.h"

#define MAKE_ONE_IN 200
#define RESIZE_ONE_IN 8
#define UNITS 5
#define NODES 6
#define EDGES 12

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);

static bool count_bytes(void *total, const char *p, size_t n)
{
    *(size_t *)total += n + (p[0] == '\0');
    return true;
}

static void read_edges(const struct view *v, uint32_t id, bool in)
{
    const struct site *sites;
    struct edge_iter it;
    struct edge e;

    view_edges(v, id, in, EDGE_ALL, &it);
    while (view_next(&it, &e)) {
        uint32_t n = view_sites(v, e.evidence, &sites);

        if (e.node >= view_node_count(v) || e.kind >= EDGE_KIND_COUNT || e.layer >= LAYER_COUNT)
            abort();
        for (uint32_t i = 0; i < n; i++)
            if (sites[i].line == 0 || sites[i].file >= view_file_count(v))
                abort();
    }
}

static void read_all(const struct view *v)
{
    const uint32_t *ids;
    uint32_t n;
    size_t total = 0;

    for (uint32_t i = 0; i < view_file_count(v); i++)
        if (view_find_file(v, view_file(v, i).path) != i)
            abort();
    for (uint32_t id = 0; id < view_node_count(v); id++) {
        struct node node = view_node(v, id);

        if (view_find_sig(v, node.sig) != id ||
            view_named(v, node.name, strlen(node.name), &ids) == 0)
            abort();
        read_edges(v, id, false);
        read_edges(v, id, true);
    }
    for (uint32_t i = 0; i < view_name_count(v); i++)
        (void)view_name_at(v, i, &ids, &n);
    if (!view_dump(v, count_bytes, &total) || total == 0)
        abort();
    (void)view_root(v);
}

static void decode(const uint8_t *p, size_t n)
{
    struct segment s;
    struct view *v;
    struct err err = {0};

    if (segment_decode(p, n, &s, &err) != 0) {
        if (err.msg[0] == '\0')
            abort();
        return;
    }
    size_t n_again;
    uint8_t *again = encode(&s, &n_again);
    /* The kinds that the writer knew may be fewer than ours: they are not part of the segment. */
    memcpy(again + 40, p + 40, 8);
    reseal(again, n_again);
    if (n != n_again || memcmp(p, again, n) != 0)
        abort();
    free(again);
    if (view_new(&s, NULL, 1, 0, &v, NULL) != 0)
        abort();
    read_all(v);
    view_free(v);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *p = malloc(size ? size : 1);

    if (size)
        memcpy(p, data, size);
    decode(p, size);
    if (size >= SEG_HEADER_SIZE)
        codec_put64(p + 32, size);
    reseal(p, size);
    decode(p, size);
    free(p);
    return 0;
}

static uint64_t below(uint64_t *rng, uint64_t n)
{
    *rng += 0x9e3779b97f4a7c15ULL;
    return hash_mix64(*rng) % n;
}

static const char *some_name(uint64_t *rng)
{
    static const char *const names[] = {"a", "b::a", "ab", "", "main", "x::main"};
    return names[below(rng, PT_COUNT(names))];
}

/* Known before the units are there. */
static uint64_t sig_of(uint64_t unit, uint64_t node)
{
    return hash_mix64(unit * NODES + node + 1);
}

static void make_unit(struct unit *ret, struct unit_node *nodes, struct unit_edge *edges,
                      uint64_t unit, uint64_t *rng)
{
    static const char *const paths[UNITS] = {"a.c", "b.c", "b/c.rs", "c.py", "d"};

    for (uint64_t k = 0; k < NODES; k++)
        nodes[k] = (struct unit_node){
            .sig = sig_of(unit, k),
            .parent = k ? (uint32_t)below(rng, k) : 0,
            .name = some_name(rng),
            .qualified = some_name(rng),
            .signature = some_name(rng),
            .doc_end = (uint32_t)below(rng, 2),
            .kind = k ? (uint8_t)below(rng, NODE_KIND_COUNT) : NODE_FILE,
        };
    for (uint64_t k = 0; k < EDGES; k++)
        edges[k] = (struct unit_edge){
            .from = sig_of(unit, below(rng, NODES)),
            .to = sig_of(below(rng, UNITS), below(rng, NODES)),
            .line = (uint32_t)below(rng, 3),
            .col = (uint16_t)below(rng, 3),
            .kind = (uint8_t)below(rng, 3),
            .layer = (uint8_t)below(rng, LAYER_COUNT),
        };
    *ret = (struct unit){.path = paths[unit],
                         .lang = "c",
                         .n_nodes = NODES,
                         .nodes = nodes,
                         .n_edges = (uint32_t)below(rng, EDGES + 1),
                         .edges = edges};
}

static size_t make_segment(uint8_t *data, size_t max, uint64_t rng)
{
    struct unit_node nodes[UNITS][NODES];
    struct unit_edge edges[UNITS][EDGES];
    struct unit units[UNITS];
    struct delta d = {.units = {.at = units, .len = UNITS}};
    struct segment seg;
    size_t n;

    for (uint64_t i = 0; i < UNITS; i++)
        make_unit(&units[i], nodes[i], edges[i], i, &rng);
    if (segment_build(NULL, &d, &seg, NULL) != 0)
        abort();
    uint8_t *p = encode(&seg, &n);
    if (n > max)
        n = 0;
    memcpy(data, p, n);
    free(p);
    segment_release(&seg);
    return n;
}

/* One number of one section becomes a small one, or is moved a little. */
static void change_number(uint8_t *data, size_t size, uint64_t *rng)
{
    size_t at = SEG_HEADER_SIZE + below(rng, size - SEG_HEADER_SIZE);

    switch (below(rng, 4)) {
    case 0: data[at] = (uint8_t)below(rng, 256); break;
    case 1: data[at] ^= (uint8_t)(1 << below(rng, 8)); break;
    case 2: data[at]++; break;
    default:
        at &= ~(size_t)3;
        if (at + 4 <= size)
            codec_put32(data + at, (uint32_t)below(rng, 64));
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
    uint64_t rng = seed;

    if (size <= SEG_HEADER_SIZE || below(&rng, MAKE_ONE_IN) == 0) {
        size_t n = make_segment(data, max, rng);
        if (n > 0)
            return n;
    }
    if (size <= SEG_HEADER_SIZE || below(&rng, RESIZE_ONE_IN) == 0)
        return LLVMFuzzerMutate(data, size, max);
    for (uint64_t i = 1 + below(&rng, 3); i > 0; i--)
        change_number(data, size, &rng);
    return size;
}
