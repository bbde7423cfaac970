/*
 * A naive twin of the graph: files with their units, kept as they were given.
 * All answers are worked out anew, by sorting and scanning. Random deltas come
 * from here too; what a delta would break in files that it does not name, it
 * repairs by naming them. Files come and go, their nodes change places, and
 * some nodes wander from file to file.
 */
#ifndef PT_TESTS_UNIT_GRAPH_TWIN_H
#define PT_TESTS_UNIT_GRAPH_TWIN_H

#include "unit/graph/support.h"

#include "base/arena.h"

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

/* A reference, with its ends as places: numbers of nodes in canonical order, files by path and in
 * each file its nodes. */
struct twin_ref {
    uint32_t from, to, file, line, col;
    uint8_t kind, layer;
};

static inline int twin_cmp_refs(const void *a, const void *b)
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
#undef BY

/* The place of the node with this sig hash. */
static inline uint32_t twin_place(const struct twin *t, uint64_t sig)
{
    uint32_t place = 0;

    for (uint32_t i = 0; i < t->n_files; i++)
        for (uint32_t k = 0; k < t->files[i].n_nodes; k++, place++)
            if (t->files[i].nodes[k].sig == sig)
                return place;
    return NODE_NONE;
}

/* What is compared at once: the twin, the view, and which id is at which place. */
struct twin_pair {
    const struct twin *t;
    const struct view *v;
    struct ids order;     /* place -> node */
    struct ids files;     /* place -> file */
    uint32_t *place;      /* node -> place; NODE_NONE */
    uint32_t *file_place; /* file -> place */
    uint32_t *file_of;    /* place of a node -> place of its file */
    struct twin_ref *refs;
    uint32_t n_refs;
};

static inline void twin_take_refs(struct twin_pair *p)
{
    const struct twin *t = p->t;
    uint32_t n = 0, at = 0;

    for (uint32_t i = 0; i < t->n_files; i++)
        n += t->files[i].n_edges;
    p->refs = calloc(n + 1, sizeof(*p->refs));
    assert_non_null(p->refs);
    for (uint32_t i = 0; i < t->n_files; i++) {
        for (uint32_t k = 0; k < t->files[i].n_edges; k++) {
            const struct unit_edge *e = &t->files[i].edges[k];
            p->refs[at++] = (struct twin_ref){twin_place(t, e->from),
                                              twin_place(t, e->to),
                                              i,
                                              e->line,
                                              e->col,
                                              e->kind,
                                              e->layer};
        }
    }
    p->n_refs = n;
    qsort(p->refs, n, sizeof(*p->refs), twin_cmp_refs);
}

static inline uint32_t *twin_places(const struct ids *order, uint32_t limit)
{
    uint32_t *place = malloc((limit + 1) * sizeof(*place));

    assert_non_null(place);
    memset(place, 0xff, (limit + 1) * sizeof(*place));
    for (uint32_t i = 0; i < order->len; i++) {
        assert_true(order->at[i] < limit);
        assert_int_equal(place[order->at[i]], NODE_NONE); /* each once */
        place[order->at[i]] = i;
    }
    return place;
}

static inline void twin_pair_init(struct twin_pair *p, const struct twin *t, const struct view *v)
{
    uint32_t at = 0;

    *p = (struct twin_pair){.t = t, .v = v};
    assert_true(view_nodes(v, &p->order) && view_files(v, &p->files));
    p->place = twin_places(&p->order, view_node_limit(v));
    p->file_place = twin_places(&p->files, view_file_limit(v));
    p->file_of = calloc(p->order.len + 1, sizeof(*p->file_of));
    assert_non_null(p->file_of);
    for (uint32_t i = 0; i < t->n_files; i++)
        for (uint32_t k = 0; k < t->files[i].n_nodes && at < p->order.len; k++)
            p->file_of[at++] = i;
    twin_take_refs(p);
}

static inline void twin_pair_release(struct twin_pair *p)
{
    vec_release(&p->order);
    vec_release(&p->files);
    free(p->place);
    free(p->file_place);
    free(p->file_of);
    free(p->refs);
}

/* ---- nodes and files ---- */

static inline void twin_check_file(const struct twin_pair *p, uint32_t i, uint32_t first)
{
    const struct unit *u = &p->t->files[i];
    uint32_t id = p->files.at[i], kinds = 0;
    struct view_file f = view_file(p->v, id);

    assert_true(view_has_file(p->v, id));
    assert_string_equal(f.path, u->path);
    assert_string_equal(f.lang, u->lang);
    assert_int_equal(f.node, p->order.at[first]);
    assert_int_equal(f.n_nodes, u->n_nodes);
    assert_memory_equal(f.nodes, p->order.at + first, u->n_nodes * sizeof(*f.nodes));
    for (uint32_t k = 0; k < u->n_nodes; k++)
        kinds |= 1u << u->nodes[k].kind;
    assert_int_equal(f.kinds, kinds);
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
    assert_int_equal(view_find_file(p->v, u->path), id);
    assert_string_equal(view_path(p->v, id), u->path);
}

static inline void twin_check_node(const struct twin_pair *p, uint32_t file, uint32_t k,
                                   uint32_t first)
{
    const struct view *v = p->v;
    const struct unit_node *want = &p->t->files[file].nodes[k];
    uint32_t id = p->order.at[first + k];
    struct node n = view_node(v, id);

    assert_true(view_has_node(v, id));
    assert_true(n.sig == want->sig && n.id == id && view_sig(v, id) == want->sig);
    assert_int_equal(n.file, p->files.at[file]);
    assert_int_equal(n.parent, k == 0 ? NODE_NONE : p->order.at[first + want->parent]);
    assert_string_equal(n.name, want->name);
    struct buf text = {0};
    assert_string_equal(view_qualified(v, id, &text), want->qualified);
    assert_string_equal(view_signature(v, id, &text), want->signature);
    buf_release(&text);
    if (k == 0)
        assert_string_equal(view_module(v, n.file), want->qualified);
    assert_int_equal(n.line, want->line);
    assert_int_equal(n.end_line, want->end_line);
    assert_int_equal(n.start, want->start);
    assert_int_equal(n.end, want->end);
    assert_int_equal(n.doc_start, want->doc_start);
    assert_int_equal(n.doc_end, want->doc_end);
    assert_int_equal(n.flags, want->flags);
    assert_int_equal(n.kind, want->kind);
    assert_int_equal(view_find_sig(v, want->sig), id);
    assert_int_equal(view_file_of(v, id), n.file);
    assert_int_equal(view_kind(v, id), n.kind);
    assert_int_equal(view_flags(v, id), n.flags);
    assert_int_equal(view_parent(v, id), n.parent);
    assert_true(view_name(v, id) == n.name);
}

/* Ids that are of nothing are not there. */
static inline void twin_check_limits(const struct twin_pair *p)
{
    for (uint32_t id = 0; id < view_node_limit(p->v); id++)
        assert_int_equal(view_has_node(p->v, id), p->place[id] != NODE_NONE);
    for (uint32_t id = 0; id < view_file_limit(p->v); id++)
        assert_int_equal(view_has_file(p->v, id), p->file_place[id] != NODE_NONE);
    assert_false(view_has_node(p->v, view_node_limit(p->v)));
    assert_false(view_has_file(p->v, view_file_limit(p->v)));
    assert_int_equal(view_find_sig(p->v, 0xdead), NODE_NONE);
    assert_int_equal(view_find_file(p->v, "no/such"), NODE_NONE);
}

/* ---- order ---- */

static inline void twin_check_order(const struct twin_pair *p)
{
    const struct view *v = p->v;
    uint32_t n = p->order.len;
    struct ids some = {0};

    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t k = 0; k < n; k++)
            assert_int_equal(view_before(v, p->order.at[i], p->order.at[k]), i < k);
        assert_int_equal(view_compare(v, p->order.at[i], p->order.at[0]), i > 0);
        assert_int_equal(view_compare(v, p->order.at[0], p->order.at[i]), i > 0 ? -1 : 0);
        assert_true(vec_push(&some, p->order.at[(i * 7919u + 5) % n]));
    }
    for (uint32_t i = 0; i < p->files.len; i++) {
        for (uint32_t k = 0; k < p->files.len; k++) {
            uint32_t a = p->files.at[i], b = p->files.at[k];
            assert_int_equal(view_file_before(v, a, b), i < k);
            assert_int_equal(view_file_compare(v, a, b) < 0, i < k);
            assert_int_equal(view_file_compare(v, a, b) > 0, i > k);
        }
    }
    if (n > 0 && n % 7919 != 0) { /* then some is a permutation of them */
        view_sort(v, some.at, n);
        assert_memory_equal(some.at, p->order.at, n * sizeof(*some.at));
    }
    vec_release(&some);
}

static inline void twin_check_kinds(const struct twin_pair *p, uint32_t kinds)
{
    struct ids some = {0};
    uint32_t at = 0;

    assert_true(view_nodes_of(p->v, kinds, &some));
    for (uint32_t i = 0; i < p->order.len; i++) {
        if (kinds >> view_kind(p->v, p->order.at[i]) & 1)
            assert_int_equal(at < some.len ? some.at[at++] : NODE_NONE, p->order.at[i]);
    }
    assert_int_equal(at, some.len);
    vec_release(&some);
}

/* ---- edges ---- */

/* The references from r on that make one edge. */
static inline uint32_t twin_run(const struct twin_ref *r, uint32_t n)
{
    uint32_t i = 1;

    while (i < n && r[i].from == r->from && r[i].to == r->to && r[i].kind == r->kind)
        i++;
    return i;
}

static inline uint8_t twin_layer(const struct twin_ref *r, uint32_t n)
{
    uint8_t layer = LAYER_COUNT;

    for (uint32_t i = 0; i < n; i++)
        layer = r[i].layer < layer ? r[i].layer : layer;
    return layer;
}

static inline bool twin_has_site(const struct twin_pair *p, const struct twin_ref *r, uint32_t n,
                                 const struct site *s)
{
    for (uint32_t i = 0; i < n; i++) {
        if (r[i].file == p->file_place[s->file] && r[i].line == s->line && r[i].col == s->col)
            return r[i].layer == s->layer;
    }
    return false;
}

static inline void twin_check_sites(const struct twin_pair *p, const struct twin_ref *r, uint32_t n)
{
    const struct site *s = NULL;
    uint32_t got = view_sites(p->v, p->order.at[r->from], p->order.at[r->to], r->kind, &s);
    bool implied = n == 1 && r->line == 0 && r->col == 0 && r->file == p->file_of[r->to];

    assert_int_equal(got, implied ? 0 : n);
    for (uint32_t i = 0; i < got; i++) {
        assert_true(twin_has_site(p, r, n, &s[i]));
        assert_int_equal(s[i].last, i + 1 == got);
        if (i > 0)
            assert_true(s[i - 1].file < s[i].file ||
                        (s[i - 1].file == s[i].file &&
                         (s[i - 1].line < s[i].line ||
                          (s[i - 1].line == s[i].line && s[i - 1].col < s[i].col))));
    }
}

/* The edge that the view gives, as one of the runs; each of them is met once. */
static inline void twin_meet(const struct twin_pair *p, uint32_t id, bool in, const struct edge *e,
                             uint8_t *met)
{
    uint32_t from = p->place[in ? e->node : id], to = p->place[in ? id : e->node];

    for (uint32_t at = 0, n; at < p->n_refs; at += n) {
        const struct twin_ref *r = &p->refs[at];
        n = twin_run(r, p->n_refs - at);
        if (r->from != from || r->to != to || r->kind != e->kind)
            continue;
        assert_int_equal(e->layer, twin_layer(r, n));
        assert_int_equal(met[at], 0);
        met[at] = 1;
        return;
    }
    fail_msg("an edge that nobody said");
}

static inline void twin_check_edges(const struct twin_pair *p, bool in)
{
    uint8_t *met = calloc(p->n_refs + 1, 1);
    uint64_t n_edges = 0;
    struct edge_iter it;
    struct edge e, last;

    assert_non_null(met);
    for (uint32_t i = 0; i < p->order.len; i++) {
        bool first = true;
        view_edges(p->v, p->order.at[i], in, EDGE_ALL, &it);
        for (; view_next(&it, &e); first = false, n_edges++) {
            if (!first)
                assert_true(last.kind < e.kind || (last.kind == e.kind && last.node < e.node));
            last = e;
            twin_meet(p, p->order.at[i], in, &e, met);
        }
    }
    for (uint32_t at = 0, n; at < p->n_refs; at += n) {
        n = twin_run(&p->refs[at], p->n_refs - at);
        assert_int_equal(met[at], 1);
        if (!in)
            twin_check_sites(p, &p->refs[at], n);
    }
    assert_int_equal(n_edges, view_edge_count(p->v));
    free(met);
}

/* ---- names ---- */

static inline void twin_check_bearers(const struct twin_pair *p, const struct name *name)
{
    struct ids ids = {0}, same = {0};
    uint32_t at = 0;

    assert_true(view_bearers(p->v, name->id, &ids));
    assert_true(view_named(p->v, name->text, strlen(name->text), &same));
    for (uint32_t i = 0; i < p->order.len; i++) {
        if (strcmp(view_name(p->v, p->order.at[i]), name->text) == 0)
            assert_int_equal(at < ids.len ? ids.at[at++] : NODE_NONE, p->order.at[i]);
    }
    assert_int_equal(at, ids.len);
    assert_int_equal(same.len, ids.len);
    if (ids.len > 0)
        assert_memory_equal(same.at, ids.at, ids.len * sizeof(*ids.at));
    vec_release(&ids);
    vec_release(&same);
}

/* Ascending, and no name of the twin is missing. */
static inline void twin_check_names(const struct twin_pair *p)
{
    struct name_iter it;
    struct name name;
    uint32_t bearers = 0;
    const char *last = NULL;

    view_names(p->v, "", 0, &it);
    while (view_next_name(&it, &name)) {
        struct ids ids = {0};
        if (last != NULL)
            assert_true(strcmp(last, name.text) < 0);
        last = name.text;
        twin_check_bearers(p, &name);
        assert_true(view_bearers(p->v, name.id, &ids));
        bearers += ids.len;
        vec_release(&ids);
    }
    assert_int_equal(bearers, view_node_count(p->v));
}

/* What begins so is what all names have that begins so. */
static inline void twin_check_prefix(const struct twin_pair *p, const char *prefix)
{
    size_t n = strlen(prefix);
    struct name_iter all, some;
    struct name a, b;

    view_names(p->v, "", 0, &all);
    view_names(p->v, prefix, n, &some);
    while (view_next_name(&all, &a)) {
        if (strncmp(a.text, prefix, n) != 0)
            continue;
        assert_true(view_next_name(&some, &b));
        assert_ptr_equal(a.text, b.text);
        assert_int_equal(a.id, b.id);
    }
    assert_false(view_next_name(&some, &b));
}

/* ---- the whole ---- */

static inline void twin_check_totals(const struct twin_pair *p)
{
    const struct live_totals *got = view_totals(p->v);
    struct live_totals want = *got;

    want.n_edges = want.lines = want.bytes = 0;
    memset(want.edges, 0, sizeof(want.edges));
    memset(want.nodes, 0, sizeof(want.nodes));
    memset(want.refs_by_layer, 0, sizeof(want.refs_by_layer));
    memset(want.unresolved, 0, sizeof(want.unresolved));
    want.n_files = p->t->n_files;
    want.n_nodes = p->order.len;
    for (uint32_t i = 0; i < p->t->n_files; i++) {
        const struct unit *u = &p->t->files[i];
        want.lines += u->lines;
        want.bytes += u->size;
        for (uint32_t k = 0; k < u->n_nodes; k++)
            want.nodes[u->nodes[k].kind]++;
        for (unsigned k = 0; k < LAYER_COUNT; k++)
            want.refs_by_layer[k] += u->refs_by_layer[k];
        for (unsigned k = 0; k < UNRESOLVED_COUNT; k++)
            want.unresolved[k] += u->unresolved[k];
    }
    for (uint32_t at = 0, n; at < p->n_refs; at += n) {
        n = twin_run(&p->refs[at], p->n_refs - at);
        want.edges[p->refs[at].kind]++;
        want.n_edges++;
    }
    assert_memory_equal(got, &want, sizeof(want));
    assert_int_equal(view_file_count(p->v), want.n_files);
    assert_int_equal(view_node_count(p->v), want.n_nodes);
    assert_int_equal(view_edge_count(p->v), want.n_edges);
}

/* All that the public calls of view.h say, against the twin. */
static inline void twin_check(const struct twin *t, const struct view *v)
{
    static const char *const prefixes[] = {"", "a", "ab", "abcd", "m", "x::", "\xc3", "zz"};
    struct twin_pair p;
    uint32_t first = 0;

    twin_pair_init(&p, t, v);
    assert_int_equal(p.files.len, t->n_files);
    for (uint32_t i = 0; i < t->n_files; i++) {
        assert_true(first + t->files[i].n_nodes <= p.order.len);
        twin_check_file(&p, i, first);
        for (uint32_t k = 0; k < t->files[i].n_nodes; k++)
            twin_check_node(&p, i, k, first);
        first += t->files[i].n_nodes;
    }
    assert_int_equal(p.order.len, first);
    twin_check_limits(&p);
    twin_check_order(&p);
    twin_check_kinds(&p, 1u << NODE_FILE);
    twin_check_kinds(&p, 1u << NODE_FUNCTION | 1u << NODE_MACRO);
    twin_check_kinds(&p, 0);
    twin_check_edges(&p, false);
    twin_check_edges(&p, true);
    twin_check_names(&p);
    for (size_t i = 0; i < PT_COUNT(prefixes); i++)
        twin_check_prefix(&p, prefixes[i]);
    twin_check_totals(&p);
    twin_pair_release(&p);
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

#define TWIN_WANDERERS 3

static inline uint64_t twin_wanderer(uint64_t i)
{
    return hash_mix64(i % TWIN_WANDERERS + 1);
}

static inline const char *twin_name(uint64_t i)
{
    static const char *const names[] = {"a", "b", "ab", "abc", "", "main", "x::y", "\xc3\xa9", "z"};
    return names[i % PT_COUNT(names)];
}

static inline const char *twin_qualified(struct arena *a, const struct unit_node *parent,
                                         const char *name, uint64_t *rng)
{
    static const char *const between[] = {"", ".", "::", "#", ":::"};
    return arena_printf(a, "%s%s%s", parent->qualified, between[rng_below(rng, PT_COUNT(between))],
                        name);
}

static inline struct unit_node twin_random_node(struct arena *a, uint64_t sig, uint32_t n_before,
                                                uint64_t *rng)
{
    const char *name = twin_name(rng_next(rng));
    bool is_tail = rng_below(rng, 4) != 0;
    uint32_t doc = (uint32_t)rng_below(rng, 3);

    return (struct unit_node){
        .sig = sig,
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
        .kind = (uint8_t)(1 + rng_below(rng, NODE_KIND_COUNT - 1)),
    };
}

/* Which definitions a file has, and in what order: mostly that of their numbers. A wanderer, if it
 * has one, is the last. */
static inline uint32_t twin_random_sigs(const char *path, uint64_t *sigs, uint64_t *rng)
{
    bool shuffle = rng_below(rng, 8) == 0;
    uint32_t n = 0;

    for (uint64_t k = 1; k <= TWIN_NODES; k++) {
        if (rng_below(rng, 3) == 0)
            continue;
        uint32_t at = shuffle ? (uint32_t)rng_below(rng, n + 1) : n;
        memmove(sigs + at + 1, sigs + at, (n - at) * sizeof(*sigs));
        sigs[at] = twin_sig(path, k);
        n++;
    }
    if (rng_below(rng, 3) == 0)
        sigs[n++] = twin_wanderer(rng_next(rng));
    return n;
}

/* A new state of a file, without edges. */
static inline struct unit twin_random_unit(struct arena *a, const char *path, uint64_t *rng)
{
    struct unit_node *nodes = arena_calloc(a, TWIN_NODES + 2, sizeof(*nodes));
    uint64_t sigs[TWIN_NODES + 1];
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
    u.n_nodes += twin_random_sigs(path, sigs, rng);
    for (uint32_t i = 1; i < u.n_nodes; i++) {
        nodes[i] = twin_random_node(a, sigs[i - 1], i, rng);
        if (rng_below(rng, 2)) /* as nearly all are called */
            nodes[i].qualified = twin_qualified(a, &nodes[nodes[i].parent], nodes[i].name, rng);
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
    u->n_edges = unit_edges_sort(edges, n);
    u->edges = edges;
}

static inline bool twin_has_node(const struct unit *u, uint64_t sig)
{
    for (uint32_t i = 0; i < u->n_nodes; i++)
        if (!u->removed && u->nodes[i].sig == sig)
            return true;
    return false;
}

/* A wanderer that is still in another file does not come to this one (D3). */
static inline void twin_hold_wanderer(const struct twin *t, const struct delta *d, struct unit *u)
{
    uint64_t sig = u->nodes[u->n_nodes - 1].sig;
    bool held = false;

    for (uint32_t i = 0; i < d->units.len; i++)
        held |= &d->units.at[i] != u && twin_has_node(&d->units.at[i], sig);
    for (uint32_t i = 0; i < t->n_files && !d->replace_all; i++) {
        bool named = false;
        for (uint32_t k = 0; k < d->units.len; k++)
            named |= strcmp(d->units.at[k].path, t->files[i].path) == 0;
        held |= !named && twin_has_node(&t->files[i], sig);
    }
    u->n_nodes -= held;
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
        if (twin_place(after, u->edges[i].from) != NODE_NONE &&
            twin_place(after, u->edges[i].to) != NODE_NONE)
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
    for (uint32_t i = 0; i < d.units.len; i++)
        if (!d.units.at[i].removed)
            twin_hold_wanderer(t, &d, &d.units.at[i]);
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

static inline struct pinned twin_rebuild(const struct twin *t)
{
    struct delta whole = twin_whole(t);
    struct pinned p = graph_of_delta(&whole);

    delta_release(&whole);
    return p;
}

/* The same graph as one that was made at once: "Same as a rebuild". */
static inline void twin_check_rebuilt(const struct twin *t, const struct view *v)
{
    struct pinned p = twin_rebuild(t);

    expect_same_graph(v, &p.v);
    pinned_release(&p);
}

#endif
