/*
 * What the tests of src/graph and src/store share: makers of deltas, and the
 * dump as text.
 */
#ifndef PT_TESTS_UNIT_GRAPH_SUPPORT_H
#define PT_TESTS_UNIT_GRAPH_SUPPORT_H

#include "unit/base/support.h"

#include "base/codec.h"
#include "base/mem.h"
#include "graph/merkle.h"
#include "graph/view.h"

#define ROOM 64

/* Tests that go through all there is take one in so many under the thread sanitizer: it makes
 * mapping a graph a hundred times slower, and has nothing to find there. */
#if defined(__SANITIZE_THREAD__)
#define ONE_IN 17u
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define ONE_IN 17u
#endif
#endif
#ifndef ONE_IN
#define ONE_IN 1u
#endif

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

/* A delta of these units as they are, to be released. */
static inline struct delta delta_as_is(const struct draft *drafts, size_t n)
{
    struct delta d;

    delta_init(&d);
    for (size_t i = 0; i < n; i++)
        assert_true(vec_push(&d.units, drafts[i].u));
    return d;
}

/* The same, with their edges in the order that D5 wants. */
static inline struct delta delta_of(struct draft *drafts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        drafts[i].u.n_edges = unit_edges_sort(drafts[i].edges, drafts[i].u.n_edges);
    return delta_as_is(drafts, n);
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

/* ---- graphs ---- */

/* A graph of its own with a pinned view of it. */
struct pinned {
    struct live *g;
    struct view v;
};

static inline void apply_to(struct live *g, const struct delta *d)
{
    struct err err = {0};

    if (live_apply(g, d, (struct live_stamp){0}, &err) != PT_OK)
        fail_msg("%s", err.msg);
}

/* Pins the newest view instead. */
static inline void pin_again(struct pinned *p)
{
    if (p->v.g != NULL)
        live_unpin(&p->v);
    assert_true(live_pin(p->g, &p->v));
}

static inline struct pinned graph_of_delta(const struct delta *d)
{
    struct pinned p = {0};

    assert_int_equal(live_new(&p.g, NULL), PT_OK);
    apply_to(p.g, d);
    pin_again(&p);
    return p;
}

static inline struct pinned graph_of_drafts(struct draft *drafts, size_t n)
{
    struct delta d = delta_of(drafts, n);
    struct pinned p = graph_of_delta(&d);

    delta_release(&d);
    return p;
}

static inline void add_drafts(struct pinned *p, struct draft *drafts, size_t n)
{
    struct delta d = delta_of(drafts, n);

    apply_to(p->g, &d);
    delta_release(&d);
    pin_again(p);
}

static inline void pinned_release(struct pinned *p)
{
    live_unpin(&p->v);
    live_free(p->g);
    p->g = NULL;
}

static inline struct hash128 root_of(const struct view *v)
{
    struct hash128 root;

    assert_true(view_root(v, &root));
    return root;
}

/* Equal in dump and root. */
static inline void expect_same_graph(const struct view *a, const struct view *b)
{
    char *x = dump_of(a), *y = dump_of(b);

    assert_string_equal(x, y);
    assert_true(hash128_eq(root_of(a), root_of(b)));
    mem_free(x);
    mem_free(y);
}

#endif
