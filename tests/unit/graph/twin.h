/*
 * A naive twin of the graph: files with their units, kept as they were given.
 * All answers are worked out anew, by sorting and scanning. Random deltas come
 * from here too; what a delta would break in files that it does not name, it
 * repairs by naming them.
 */
#ifndef PT_TESTS_UNIT_GRAPH_TWIN_H
#define PT_TESTS_UNIT_GRAPH_TWIN_H

#include "unit/graph/support.h"

struct twin {
    struct arena arena; /* holds all units that ever were */
    struct unit files[ROOM];
    uint32_t n_files; /* sorted by path */
};

static inline void twin_release(struct twin *t)
{
    arena_release(&t->arena);
    memset(t, 0, sizeof(*t));
}

static inline uint32_t twin_find(const struct twin *t, const char *path)
{
    uint32_t i = 0;

    while (i < t->n_files && strcmp(t->files[i].path, path) < 0)
        i++;
    return i;
}

static inline bool twin_has(const struct twin *t, const char *path)
{
    uint32_t i = twin_find(t, path);
    return i < t->n_files && strcmp(t->files[i].path, path) == 0;
}

/* The unit with its arrays. Paths and languages are constants of this file. */
static inline struct unit twin_copy(struct twin *t, const struct unit *u)
{
    struct unit ret = *u;
    struct unit_node *nodes = arena_memdup(&t->arena, u->nodes, u->n_nodes * sizeof(*u->nodes));

    for (uint32_t i = 0; i < u->n_nodes; i++) {
        nodes[i].name = arena_strdup(&t->arena, u->nodes[i].name);
        nodes[i].qualified = arena_strdup(&t->arena, u->nodes[i].qualified);
        nodes[i].signature = arena_strdup(&t->arena, u->nodes[i].signature);
    }
    ret.nodes = nodes;
    ret.edges = arena_memdup(&t->arena, u->edges, u->n_edges * sizeof(*u->edges));
    return ret;
}

static inline void twin_apply(struct twin *t, const struct delta *d)
{
    if (d->replace_all)
        t->n_files = 0;
    for (uint32_t k = 0; k < d->units.len; k++) {
        const struct unit *u = &d->units.at[k];
        uint32_t i = twin_find(t, u->path), had = twin_has(t, u->path), has = !u->removed;

        assert_true(t->n_files + 1 < ROOM);
        memmove(&t->files[i + has], &t->files[i + had],
                (t->n_files - i - had) * sizeof(t->files[0]));
        t->n_files = t->n_files + has - had;
        if (has)
            t->files[i] = twin_copy(t, u);
    }
}

/* ---- comparing ---- */

struct twin_ref {
    uint32_t from, to, file, line, col;
    uint8_t kind, layer;
};

static inline int twin_cmp_out(const void *a, const void *b)
{
    const struct twin_ref *x = a, *y = b;
#define BY(field)                                                                                  \
    if (x->field != y->field)                                                                      \
    return x->field < y->field ? -1 : 1
    BY(from);
    BY(kind);
    BY(to);
    BY(file);
    BY(line);
    BY(col);
    BY(layer);
    return 0;
}

static inline int twin_cmp_in(const void *a, const void *b)
{
    const struct twin_ref *x = a, *y = b;

    BY(to);
    BY(kind);
    BY(from);
    BY(file);
    BY(line);
    BY(col);
    BY(layer);
    return 0;
}
#undef BY

static inline uint32_t twin_id(const struct twin *t, uint64_t sig)
{
    uint32_t id = 0;

    for (uint32_t i = 0; i < t->n_files; i++)
        for (uint32_t k = 0; k < t->files[i].n_nodes; k++, id++)
            if (t->files[i].nodes[k].sig == sig)
                return id;
    return NODE_NONE;
}

static inline struct twin_ref *twin_refs(const struct twin *t, uint32_t *ret_n)
{
    uint32_t n = 0, at = 0;

    for (uint32_t i = 0; i < t->n_files; i++)
        n += t->files[i].n_edges;
    struct twin_ref *refs = calloc(n + 1, sizeof(*refs));
    assert_non_null(refs);
    for (uint32_t i = 0; i < t->n_files; i++) {
        for (uint32_t k = 0; k < t->files[i].n_edges; k++) {
            const struct unit_edge *e = &t->files[i].edges[k];
            refs[at++] =
                (struct twin_ref){twin_id(t, e->from),  twin_id(t, e->to), i,       e->line,
                                  e->line ? e->col : 0, e->kind,           e->layer};
        }
    }
    *ret_n = n;
    return refs;
}

/* The references at the head of the list that make one edge, against what the view says. */
static inline uint32_t twin_check_edge(const struct view *v, const struct twin_ref *r, uint32_t n,
                                       bool in, const struct edge *e)
{
    const struct site *sites;
    uint32_t n_sites = view_sites(v, e->evidence, &sites), seen = 0, i = 0;
    uint8_t layer = LAYER_COUNT;

    for (; i < n && r[i].from == r[0].from && r[i].to == r[0].to && r[i].kind == r[0].kind; i++) {
        if (r[i].layer < layer)
            layer = r[i].layer;
        if (r[i].line == 0 || (i > 0 && r[i].file == r[i - 1].file && r[i].line == r[i - 1].line &&
                               r[i].col == r[i - 1].col))
            continue;
        assert_true(seen < n_sites);
        assert_int_equal(sites[seen].file, r[i].file);
        assert_int_equal(sites[seen].line, r[i].line);
        assert_int_equal(sites[seen].col, r[i].col);
        assert_int_equal(sites[seen].layer, r[i].layer);
        seen++;
    }
    assert_int_equal(seen, n_sites);
    assert_int_equal(e->node, in ? r[0].from : r[0].to);
    assert_int_equal(e->kind, r[0].kind);
    assert_int_equal(e->layer, layer);
    return i;
}

static inline void twin_check_edges(const struct twin *t, const struct view *v, bool in)
{
    uint32_t n, at = 0;
    uint64_t n_edges = 0;
    struct twin_ref *refs = twin_refs(t, &n);
    struct edge_iter it;
    struct edge e;

    qsort(refs, n, sizeof(*refs), in ? twin_cmp_in : twin_cmp_out);
    for (uint32_t id = 0; id < view_node_count(v); id++) {
        view_edges(v, id, in, EDGE_ALL, &it);
        while (view_next(&it, &e)) {
            assert_true(at < n);
            assert_int_equal(in ? refs[at].to : refs[at].from, id);
            at += twin_check_edge(v, refs + at, n - at, in, &e);
            n_edges++;
        }
    }
    assert_int_equal(at, n);
    assert_int_equal(n_edges, view_edge_count(v));
    free(refs);
}

static inline void twin_check_file(const struct unit *u, const struct view *v, uint32_t i,
                                   uint32_t first)
{
    struct view_file f = view_file(v, i);

    assert_string_equal(f.path, u->path);
    assert_string_equal(f.lang, u->lang);
    assert_int_equal(f.first, first);
    assert_int_equal(f.node, first);
    assert_int_equal(f.count, u->n_nodes);
    assert_true(hash128_eq(f.content, u->content));
    assert_int_equal(f.size, u->size);
    assert_int_equal(f.mtime_ns, u->mtime_ns);
    assert_int_equal(f.ctime_ns, u->ctime_ns);
    assert_int_equal(f.ino, u->ino);
    assert_int_equal(f.lines, u->lines);
    assert_int_equal(f.facts_flags, u->facts_flags);
    assert_int_equal(f.error_line, u->error_line);
    assert_memory_equal(f.refs_by_layer, u->refs_by_layer, sizeof(f.refs_by_layer));
    assert_memory_equal(f.unresolved, u->unresolved, sizeof(f.unresolved));
    assert_int_equal(view_find_file(v, u->path), i);
    assert_string_equal(view_path(v, i), u->path);
}

static inline void twin_check_node(const struct unit *u, uint32_t k, const struct view *v,
                                   uint32_t file, uint32_t first)
{
    const struct unit_node *want = &u->nodes[k];
    uint32_t id = first + k;
    struct node n = view_node(v, id);
    bool has_doc = want->doc_end != want->doc_start;

    assert_true(n.sig == want->sig && n.id == id && n.file == first);
    assert_int_equal(n.parent, k == 0 ? NODE_NONE : first + want->parent);
    assert_string_equal(n.name, want->name);
    assert_string_equal(n.qualified, want->qualified);
    assert_string_equal(n.signature, want->signature);
    assert_int_equal(n.line, want->line);
    assert_int_equal(n.end_line, want->end_line);
    assert_int_equal(n.start, want->start);
    assert_int_equal(n.end, want->end);
    assert_int_equal(n.doc_start, has_doc ? want->doc_start : 0);
    assert_int_equal(n.doc_end, has_doc ? want->doc_end : 0);
    assert_int_equal(n.flags, want->flags);
    assert_int_equal(n.kind, want->kind);
    assert_int_equal(view_find_sig(v, want->sig), id);
    assert_int_equal(view_file_of(v, id), file);
    assert_int_equal(view_kind(v, id), n.kind);
    assert_int_equal(view_flags(v, id), n.flags);
    assert_int_equal(view_parent(v, id), n.parent);
    assert_true(view_name(v, id) == n.name && view_qualified(v, id) == n.qualified);
}

static inline void twin_check_names(const struct view *v)
{
    uint32_t total = 0;

    for (uint32_t rank = 0; rank < view_name_count(v); rank++) {
        const uint32_t *ids, *found;
        uint32_t n, ignored_n;
        const char *name = view_name_at(v, rank, &ids, &n);

        assert_true(n > 0);
        if (rank > 0)
            assert_true(strcmp(view_name_at(v, rank - 1, &found, &ignored_n), name) < 0);
        for (uint32_t i = 0; i < n; i++) {
            assert_string_equal(view_name(v, ids[i]), name);
            assert_true(i == 0 || ids[i - 1] < ids[i]);
        }
        assert_int_equal(view_named(v, name, strlen(name), &found), n);
        assert_ptr_equal(found, ids);
        assert_int_equal(view_name_lower_bound(v, name, strlen(name)), rank);
        total += n;
    }
    assert_int_equal(total, view_node_count(v));
}

/* All that the public calls of view.h say, against the twin. */
static inline void twin_check(const struct twin *t, const struct view *v)
{
    struct err err = {0};
    uint32_t first = 0;

    if (segment_check(&v->seg, &err) != 0)
        fail_msg("%s", err.msg);
    assert_int_equal(view_file_count(v), t->n_files);
    for (uint32_t i = 0; i < t->n_files; i++) {
        twin_check_file(&t->files[i], v, i, first);
        for (uint32_t k = 0; k < t->files[i].n_nodes; k++)
            twin_check_node(&t->files[i], k, v, i, first);
        first += t->files[i].n_nodes;
    }
    assert_int_equal(view_node_count(v), first);
    assert_int_equal(view_find_sig(v, 0xdead), NODE_NONE);
    assert_int_equal(view_find_file(v, "no/such"), NODE_NONE);
    twin_check_edges(t, v, false);
    twin_check_edges(t, v, true);
    twin_check_names(v);
}

/* ---- random deltas ---- */

#define TWIN_PATHS 14
#define TWIN_NODES 9 /* at most, in a file */

static inline const char *twin_path(uint64_t i)
{
    static const char *const paths[TWIN_PATHS] = {
        "a.c",   "a/b.c", "a/b/c.c", "a0.c", "b.rs",      "b/\xc3\xa9.py", "c d.ts",
        "c/x.c", "c/y.c", "c/z.c",   "d.c",  "weird\n.c", "\xff.c",        "z.c",
    };
    return paths[i % TWIN_PATHS];
}

/* The sig hash of the k-th definition that a file may have: the same whenever it comes back. A
 * third share their upper half, to try the index. */
static inline uint64_t twin_sig(const char *path, uint64_t k)
{
    uint64_t h = hash64_seed(path, strlen(path), k);
    return h % 3 == 0 ? h | 0xffffffff00000000 : h;
}

static inline const char *twin_name(uint64_t i)
{
    static const char *const names[] = {"a", "b", "ab", "abc", "", "main", "x::y", "\xc3\xa9", "z"};
    return names[i % PT_COUNT(names)];
}

static inline struct unit_node twin_random_node(struct arena *a, const char *path, uint64_t k,
                                                uint32_t n_before, uint64_t *rng)
{
    const char *name = twin_name(rng_next(rng));
    bool is_tail = rng_below(rng, 4) != 0;
    uint32_t doc = (uint32_t)rng_below(rng, 3);

    return (struct unit_node){
        .sig = twin_sig(path, k),
        .parent = (uint32_t)rng_below(rng, n_before),
        .name = name,
        .qualified = is_tail ? arena_printf(a, "%s::%s", twin_name(rng_next(rng)), name)
                             : twin_name(rng_next(rng)),
        .signature = rng_below(rng, 2) ? "" : arena_printf(a, "fn %s()", name),
        .line = (uint32_t)rng_below(rng, 90),
        .end_line = (uint32_t)rng_below(rng, 90),
        .start = (uint32_t)rng_below(rng, 1000),
        .end = (uint32_t)rng_next(rng),
        .doc_start = 7,
        .doc_end = 7 + doc,
        .flags = (uint16_t)rng_next(rng),
        .kind = (uint8_t)rng_below(rng, NODE_KIND_COUNT),
    };
}

/* A new state of a file, without edges. */
static inline struct unit twin_random_unit(struct arena *a, const char *path, uint64_t *rng)
{
    struct unit_node *nodes = arena_calloc(a, TWIN_NODES + 1, sizeof(*nodes));
    struct unit u = {
        .path = path,
        .lang = rng_below(rng, 2) ? "c" : "rust",
        .content = {rng_next(rng), rng_next(rng)},
        .size = rng_next(rng),
        .mtime_ns = (int64_t)rng_next(rng),
        .ctime_ns = (int64_t)rng_next(rng),
        .ino = rng_next(rng),
        .lines = (uint32_t)rng_below(rng, 100),
        .facts_flags = (uint32_t)rng_below(rng, 16),
        .error_line = (uint32_t)rng_below(rng, 3),
        .refs_by_layer = {1, (uint32_t)rng_below(rng, 9), 0, 3},
        .unresolved = {(uint32_t)rng_below(rng, 9), 2, 3},
        .n_nodes = 1,
        .nodes = nodes,
    };

    nodes[0] = (struct unit_node){.sig = twin_sig(path, 0),
                                  .name = path,
                                  .qualified = path,
                                  .signature = "",
                                  .kind = NODE_FILE};
    for (uint64_t k = 1; k <= TWIN_NODES; k++) {
        if (rng_below(rng, 3) == 0)
            continue;
        nodes[u.n_nodes] = twin_random_node(a, path, k, u.n_nodes, rng);
        u.n_nodes++;
    }
    return u;
}

static inline uint64_t twin_random_sig(const struct twin *t, uint64_t *rng)
{
    const struct unit *u = &t->files[rng_below(rng, t->n_files)];
    return u->nodes[rng_below(rng, u->n_nodes)].sig;
}

/* Edges to and from anywhere in `after`; some twice, some without a line. */
static inline void twin_random_edges(struct arena *a, struct unit *u, const struct twin *after,
                                     uint64_t *rng)
{
    uint32_t n = (uint32_t)rng_below(rng, 40);
    struct unit_edge *edges = arena_calloc(a, n + 1, sizeof(*edges));

    for (uint32_t i = 0; i < n; i++) {
        bool own = rng_below(rng, 2);
        struct unit_edge e = {
            .from = own ? u->nodes[rng_below(rng, u->n_nodes)].sig : twin_random_sig(after, rng),
            .to = own ? u->nodes[rng_below(rng, u->n_nodes)].sig : twin_random_sig(after, rng),
            .line = (uint32_t)rng_below(rng, 4),
            .col = (uint16_t)rng_below(rng, 3),
            .kind = (uint8_t)rng_below(rng, rng_below(rng, 2) ? 2 : EDGE_KIND_COUNT),
            .layer = (uint8_t)rng_below(rng, LAYER_COUNT),
        };
        if (i > 0 && rng_below(rng, 4) == 0) { /* a further site, or the same again */
            e.from = edges[i - 1].from;
            e.to = edges[i - 1].to;
            e.kind = edges[i - 1].kind;
        }
        edges[i] = e;
    }
    u->n_edges = n;
    u->edges = edges;
}

static inline int twin_cmp_units(const void *a, const void *b)
{
    return strcmp(((const struct unit *)a)->path, ((const struct unit *)b)->path);
}

static inline struct unit *twin_unit_in(struct delta *d, const char *path)
{
    for (uint32_t i = 0; i < d->units.len; i++)
        if (strcmp(d->units.at[i].path, path) == 0)
            return &d->units.at[i];
    return NULL;
}

/* The edges of a unit that have both ends; says whether some had not. */
static inline bool twin_drop_dangling(struct arena *a, struct unit *u, const struct twin *after)
{
    struct unit_edge *edges = arena_calloc(a, u->n_edges + 1, sizeof(*edges));
    uint32_t n = 0, had = u->n_edges;

    for (uint32_t i = 0; i < had; i++)
        if (twin_id(after, u->edges[i].from) != NODE_NONE &&
            twin_id(after, u->edges[i].to) != NODE_NONE)
            edges[n++] = u->edges[i];
    u->edges = edges;
    u->n_edges = n;
    return n != had;
}

/*
 * A random delta that is valid for the twin; with `repair` false the files
 * whose edges lose an end are left out. Says in ret_valid if it is valid so.
 */
static inline struct delta twin_random_delta(const struct twin *t, uint64_t *rng, bool repair,
                                             bool *ret_valid)
{
    struct delta d;
    struct twin after = {.n_files = t->n_files};
    uint32_t n = 1 + (uint32_t)rng_below(rng, 4), n_named;

    delta_init(&d);
    memcpy(after.files, t->files, sizeof(after.files));
    d.replace_all = rng_below(rng, 20) == 0;
    for (uint32_t i = 0; i < n; i++) {
        const char *path = twin_path(rng_next(rng));

        if (twin_unit_in(&d, path) != NULL)
            continue;
        struct unit u = {.path = path, .removed = true};
        if (rng_below(rng, 4) != 0)
            u = twin_random_unit(&d.arena, path, rng);
        assert_true(vec_push(&d.units, u));
    }
    qsort(d.units.at, d.units.len, sizeof(d.units.at[0]), twin_cmp_units);
    twin_apply(&after, &d);
    for (uint32_t i = 0; i < d.units.len; i++)
        if (!d.units.at[i].removed)
            twin_random_edges(&d.arena, &d.units.at[i], &after, rng);

    *ret_valid = true;
    n_named = d.units.len;
    for (uint32_t i = 0; i < t->n_files && !d.replace_all; i++) {
        struct unit u = t->files[i];

        if (twin_unit_in(&d, u.path) != NULL || !twin_drop_dangling(&d.arena, &u, &after))
            continue;
        *ret_valid = repair;
        if (repair)
            assert_true(vec_push(&d.units, u));
    }
    if (d.units.len != n_named)
        qsort(d.units.at, d.units.len, sizeof(d.units.at[0]), twin_cmp_units);
    twin_release(&after);
    return d;
}

/* All of the twin as one delta: a clean index of the same tree. */
static inline struct delta twin_whole(const struct twin *t)
{
    struct delta d;

    delta_init(&d);
    d.replace_all = true;
    for (uint32_t i = 0; i < t->n_files; i++)
        assert_true(vec_push(&d.units, t->files[i]));
    return d;
}

#endif
