/*
 * What the tests of src/graph and src/store share: makers of deltas, the dump
 * as text, and a segment encoded into one block that can be damaged and then
 * sealed again, so that only the structural checks stand between the damage
 * and a reader.
 */
#ifndef PT_TESTS_UNIT_GRAPH_SUPPORT_H
#define PT_TESTS_UNIT_GRAPH_SUPPORT_H

#include "unit/base/support.h"

#include "base/codec.h"
#include "base/mem.h"
#include "graph/build.h"
#include "graph/view.h"

#define ROOM 64

/* A unit that is put together by hand. Strings are borrowed. */
struct draft {
    struct unit u;
    struct unit_node nodes[ROOM];
    struct unit_edge edges[ROOM];
};

/* Its FILE node gets this sig hash. */
static inline void draft_init(struct draft *d, const char *path, uint64_t sig)
{
    memset(d, 0, sizeof(*d));
    d->u.path = path;
    d->u.lang = "c";
    d->u.lines = 100;
    d->u.nodes = d->nodes;
    d->u.edges = d->edges;
    d->u.n_nodes = 1;
    d->nodes[0] = (struct unit_node){.sig = sig,
                                     .name = path,
                                     .qualified = path,
                                     .signature = "",
                                     .line = 1,
                                     .end_line = 100,
                                     .kind = NODE_FILE};
}

/* A function, child of the file, with a CONTAINS edge. */
static inline struct unit_node *draft_node(struct draft *d, uint64_t sig, const char *qualified)
{
    struct unit_node *n = &d->nodes[d->u.n_nodes++];
    const char *colon = strrchr(qualified, ':');

    assert_true(d->u.n_nodes <= ROOM && d->u.n_edges < ROOM);
    *n = (struct unit_node){.sig = sig,
                            .name = colon ? colon + 1 : qualified,
                            .qualified = qualified,
                            .signature = qualified,
                            .line = 10 * d->u.n_nodes,
                            .end_line = 10 * d->u.n_nodes + 5,
                            .start = 100 * d->u.n_nodes,
                            .end = 100 * d->u.n_nodes + 50,
                            .kind = NODE_FUNCTION};
    d->edges[d->u.n_edges++] =
        (struct unit_edge){.from = d->nodes[0].sig, .to = sig, .kind = EDGE_CONTAINS};
    return n;
}

static inline struct unit_edge *draft_edge(struct draft *d, uint64_t from, uint64_t to,
                                           enum edge_kind kind, uint32_t line)
{
    struct unit_edge *e = &d->edges[d->u.n_edges++];

    assert_true(d->u.n_edges <= ROOM);
    *e = (struct unit_edge){.from = from,
                            .to = to,
                            .line = line,
                            .col = line ? 5 : 0,
                            .kind = (uint8_t)kind,
                            .layer = LAYER_EXACT};
    return e;
}

/* A delta of these units, to be released. */
static inline struct delta delta_of(const struct draft *drafts, size_t n)
{
    struct delta d;

    delta_init(&d);
    for (size_t i = 0; i < n; i++)
        assert_true(vec_push(&d.units, drafts[i].u));
    return d;
}

static inline bool append_to_buf(void *ctx, const char *p, size_t n)
{
    buf_add(ctx, p, n);
    return true;
}

/* Freed by the caller with mem_free. */
static inline char *dump_of(const struct view *v)
{
    struct buf b = {0};

    assert_true(view_dump(v, append_to_buf, &b));
    return buf_steal(&b, NULL);
}

/* The view of a new graph: old with the drafts applied. */
static inline struct view *view_of(const struct view *old, const struct draft *drafts, size_t n)
{
    struct delta d = delta_of(drafts, n);
    struct segment seg;
    struct err err = {0};
    struct view *v = NULL;
    int rc = segment_build(old ? &old->seg : NULL, &d, &seg, &err);

    if (rc != 0)
        fail_msg("%s", err.msg);
    assert_int_equal(view_new(&seg, NULL, 1, 0, &v, &err), 0);
    delta_release(&d);
    return v;
}

/* ---- encoded segments ---- */

/* One 8-aligned block, freed by the caller with free(). */
static inline uint8_t *encode(const struct segment *s, size_t *ret_n)
{
    uint8_t header[SEG_HEADER_SIZE];
    struct io_part parts[SEG_PARTS];
    size_t n = segment_encode(s, header, parts), at = 0;
    uint8_t *p = malloc(n);

    assert_non_null(p);
    for (size_t i = 0; i < SEG_PARTS; i++) {
        memcpy(p + at, parts[i].p, parts[i].n);
        at += parts[i].n;
    }
    assert_int_equal(at, n);
    *ret_n = n;
    return p;
}

/* The segment as its header describes it, unchecked, or false if it does not fit. */
static inline bool lay_out(uint8_t *p, size_t n, struct segment *ret)
{
    size_t at = SEG_HEADER_SIZE;

    if (n < SEG_HEADER_SIZE)
        return false;
    *ret = (struct segment){.n_strings = codec_get32(p + 48),
                            .n_files = codec_get32(p + 52),
                            .n_nodes = codec_get32(p + 56),
                            .n_docs = codec_get32(p + 60),
                            .n_buckets = codec_get32(p + 64),
                            .n_edges = codec_get32(p + 68),
                            .n_sites = codec_get32(p + 72),
                            .n_names = codec_get32(p + 76)};
#define X(c, field, type, n_)                                                                      \
    if (at > n || segment_section_len(ret, SEG_##c) * sizeof(type) > n - at)                       \
        return false;                                                                              \
    ret->field = (const type *)(const void *)(p + at);                                             \
    at += (segment_section_len(ret, SEG_##c) * sizeof(type) + 7) & ~(size_t)7;
    SEG_SECTION_MAP(X)
#undef X
    return at == n;
}

/* Makes all checksums right again. */
static inline void reseal(uint8_t *p, size_t n)
{
    struct segment s;
    uint8_t *sum = p + 88;
    uint8_t rest[SEG_HEADER_SIZE - 16];
    struct hash128 h;

    if (!lay_out(p, n, &s))
        return;
#define X(c, field, type, n_)                                                                      \
    h = hash128(s.field, segment_section_len(&s, SEG_##c) * sizeof(type));                         \
    codec_put64(sum, h.lo);                                                                        \
    codec_put64(sum + 8, h.hi);                                                                    \
    sum += 16;
    SEG_SECTION_MAP(X)
#undef X
    memcpy(rest, p, 16);
    memcpy(rest + 16, p + 32, SEG_HEADER_SIZE - 32);
    h = hash128(rest, sizeof(rest));
    codec_put64(p + 16, h.lo);
    codec_put64(p + 24, h.hi);
}

#endif
