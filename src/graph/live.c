#include "graph/live.h"

#include "base/hash.h"
#include "base/map.h"
#include "base/mem.h"
#include "graph/live_internal.h"
#include "graph/view.h"

#include <stdlib.h>
#include <string.h>

#define SPACE_BYTES ((size_t)16 << 30) /* of addresses */

/* ---- life ---- */

#define N_WORDS 6u

static struct words *words_at(struct live *g, unsigned i)
{
    switch (i) {
    case 0: return &g->node;
    case 1: return &g->in_words;
    case 2: return &g->out_words;
    case 3: return &g->file;
    case 4: return &g->named;
    default: return &g->text;
    }
}

static int init_words(struct live *g, struct err *err)
{
    int rc = space_init(&g->space, SPACE_BYTES, err);
    for (unsigned i = 0; i < N_WORDS && rc == PT_OK; i++)
        rc = words_init(words_at(g, i), err);
    return rc;
}

int live_new(struct live **ret, struct err *err)
{
    struct live *g = mem_calloc(1, sizeof(*g));
    int rc = g != NULL ? init_words(g, err) : err_set(err, PT_ENOMEM, "out of memory for a graph");
    if (rc == PT_OK) {
        g->scratch = mem_calloc(1, sizeof(*g->scratch));
        g->pins = mem_alloc(sizeof(*g->pins));
        g->modules = modules_new();
        if (g->scratch == NULL || g->pins == NULL || g->modules == NULL)
            rc = err_set(err, PT_ENOMEM, "out of memory for a graph");
        else
            atomic_init(&g->totals, 0);
    }
    if (rc != PT_OK) {
        live_free(g);
        return rc;
    }
    g->commit.space = g->in.space = g->out.space = g->names.space = &g->space;
    g->in.entry = g->in_words.at;
    g->out.entry = g->out_words.at;
    g->out.values = true;
    g->names.entry = g->named.at;
    g->generation = g->first = PINS_FIRST;
    pins_init(g->pins, g->generation);
    *ret = g;
    return PT_OK;
}

static void free_scratch(struct live_scratch *s)
{
    if (s == NULL)
        return;
    vec_release(&s->groups);
    vec_release(&s->adds);
    vec_release(&s->added);
    vec_release(&s->several);
    vec_release(&s->turned);
    vec_release(&s->naming);
    vec_release(&s->edits);
    vec_release(&s->items);
    vec_release(&s->sites);
    vec_release(&s->nodes);
    vec_release(&s->foreign);
    vec_release(&s->gone);
    vec_release(&s->brought);
    vec_release(&s->files);
    vec_release(&s->file_mark);
    mem_free(s);
}

void live_free(struct live *g)
{
    if (g == NULL)
        return;
    free_scratch(g->scratch);
    lists_release(&g->in);
    lists_release(&g->out);
    lists_release(&g->names);
    commit_release(&g->commit);
    idmap_release(&g->by_sig);
    idmap_release(&g->by_path);
    idmap_release(&g->by_name);
    for (unsigned i = 0; i < N_WORDS; i++)
        words_release(words_at(g, i));
    space_release(&g->space);
    modules_free(g->modules);
    io_unmap(&g->image);
    if (!g->borrows_pins)
        mem_free(g->pins);
    mem_free(g);
}

size_t live_bytes(const struct live *g)
{
    size_t bytes = space_bytes(&g->space) + idmap_bytes(&g->by_sig) + idmap_bytes(&g->by_path) +
                   idmap_bytes(&g->by_name);
    for (unsigned i = 0; i < N_WORDS; i++)
        bytes += (size_t)words_at((struct live *)(uintptr_t)g, i)->ready * sizeof(uint32_t);
    return bytes;
}

/* ---- views ---- */

/* No totals have been put yet. */
static const struct live_totals nothing;

static void fill_view(struct live *g, struct view *ret)
{
    uint32_t totals = atomic_load_explicit(&g->totals, memory_order_acquire);
    const struct block_head *h = block_seen(&g->space, totals, ret->generation);
    ret->g = g;
    ret->totals = h->n != 0 ? (const struct live_totals *)h : &nothing;
    ret->n_nodes = atomic_load_explicit(&g->n_nodes, memory_order_acquire);
    ret->n_files = atomic_load_explicit(&g->n_files, memory_order_acquire);
    ret->nodes_in_order = atomic_load_explicit(&g->nodes_in_order, memory_order_acquire);
    ret->files_in_order = atomic_load_explicit(&g->files_in_order, memory_order_acquire);
}

bool live_pin(struct live *g, struct view *ret)
{
    ret->slot = pins_take(g->pins, &ret->generation);
    if (ret->slot < PINS_MAX)
        fill_view(g, ret);
    return ret->slot < PINS_MAX;
}

bool live_pin_newest(_Atomic(struct live *) *newest, struct pins *pins, struct view *ret)
{
    ret->slot = pins_take(pins, &ret->generation);
    if (ret->slot == PINS_MAX)
        return false;
    struct live *g = atomic_load(newest);
    while (g->first > ret->generation)
        g = g->before;
    fill_view(g, ret);
    return true;
}

/* The graph is there to be found before its generation can be pinned. */
void live_succeed(struct live *g, struct live *old, _Atomic(struct live *) *newest)
{
    mem_free(g->pins);
    g->pins = old->pins;
    old->borrows_pins = true;
    g->before = old;
    /* above what either has: its own blocks must be seen */
    g->first = (g->generation > old->generation ? g->generation : old->generation) + 1;
    g->generation = g->first;
    atomic_store(newest, g);
    pins_publish(g->pins, g->generation);
}

bool live_is_left(const struct live *g)
{
    return pins_oldest(g->pins) >= g->first;
}

void live_peek(struct live *g, struct view *ret)
{
    ret->slot = PINS_MAX;
    ret->generation = g->commit.generation;
    fill_view(g, ret);
}

void live_unpin(struct view *v)
{
    pins_drop(v->g->pins, v->slot);
    v->g = NULL;
}

const void *live_record(const struct live *g, const struct words *w, uint32_t id,
                        uint32_t generation)
{
    uint32_t ref = atomic_load_explicit(&w->at[id], memory_order_acquire);
    const struct block_head *h = block_seen(&g->space, ref, generation);
    return h->n != 0 ? h : NULL;
}

const struct live_node *live_node(const struct view *v, uint32_t id)
{
    return id < v->n_nodes ? live_record(v->g, &v->g->node, id, v->generation) : NULL;
}

const struct live_file *live_file(const struct view *v, uint32_t id)
{
    return id < v->n_files ? live_record(v->g, &v->g->file, id, v->generation) : NULL;
}

const char *live_path(const struct live_file *f)
{
    return (const char *)(f->ids + f->n_nodes + f->n_foreign);
}

const char *live_lang(const struct live_file *f)
{
    const char *path = live_path(f);
    return path + strlen(path) + 1;
}

const char *live_text(const struct live *g, uint32_t name)
{
    return space_at(&g->space, atomic_load_explicit(&g->text.at[name], memory_order_acquire));
}

/* ---- looking up ---- */

static bool same_path(const void *ctx, uint32_t id)
{
    const struct live_key *k = ctx;
    uint32_t ref = atomic_load_explicit(&k->g->file.at[id], memory_order_acquire);
    /* Any version will do, they all have the path. None: its first commit failed. */
    return ref != 0 &&
           strcmp(live_path((struct live_file *)block_of(&k->g->space, ref)), k->s) == 0;
}

uint32_t live_path_id(const struct live *g, const char *path)
{
    const struct live_key k = {g, path, strlen(path)};
    return idmap_find(&g->by_path, hash64(path, k.n), same_path, &k);
}

static bool same_name(const void *ctx, uint32_t id)
{
    const struct live_key *k = ctx;
    const char *s = live_text(k->g, id);
    return strncmp(s, k->s, k->n) == 0 && s[k->n] == '\0';
}

uint32_t live_name_id(const struct live *g, const char *name, size_t n)
{
    const struct live_key k = {g, name, n};
    return idmap_find(&g->by_name, hash64(name, n), same_name, &k);
}

/* ---- sites ---- */

static struct site implied_site(const struct view *v, uint32_t target, uint8_t attr)
{
    const struct live_node *n = live_node(v, target);
    struct site s = {.layer = attr & 3u, .last = 1};
    s.file = (n != NULL ? n->file : 0) & (LIVE_FILES_MAX - 1);
    return s;
}

void live_sites(const struct view *v, uint32_t target, uint32_t value, uint8_t attr,
                live_site_fn cb, void *ctx)
{
    if (value == 0) {
        (void)cb(ctx, implied_site(v, target, attr));
        return;
    }
    const struct site *s = space_at(&v->g->space, value);
    while (cb(ctx, *s) && !s->last)
        s++;
}

/* ---- a file's contribution ---- */

struct unit_maker {
    const struct view *v;
    struct arena *arena;
    uint32_t file;
    uint64_t from, to;
    uint8_t kind;
    VEC(struct unit_edge) edges;
    struct buf text; /* scratch */
    bool failed;
};

static bool take_site(void *ctx, struct site s)
{
    struct unit_maker *m = ctx;
    const struct unit_edge e = {.from = m->from,
                                .to = m->to,
                                .line = s.line,
                                .col = s.col,
                                .kind = m->kind,
                                .layer = s.layer};
    if (s.file == m->file && !vec_push(&m->edges, e))
        m->failed = true;
    return !m->failed;
}

static void take_edges(struct unit_maker *m, uint32_t from)
{
    const struct live *g = m->v->g;
    struct list_walk w;
    m->from = live_node(m->v, from)->sig;
    if (!list_begin(&g->out, m->v->generation, from, &w))
        return;
    do {
        for (uint32_t i = 0; i < w.span.n; i++) {
            m->to = live_node(m->v, w.span.targets[i])->sig;
            m->kind = edge_attr_kind(w.span.attrs[i]);
            live_sites(m->v, w.span.targets[i], w.span.values[i], w.span.attrs[i], take_site, m);
        }
    } while (list_more(&w));
}

static const char *keep_text(struct unit_maker *m, uint32_t id, bool qualified)
{
    buf_reset(&m->text);
    if (qualified)
        view_add_qualified(m->v, id, &m->text);
    else
        view_add_signature(m->v, id, &m->text);
    const char *kept = arena_strdup(m->arena, buf_cstr(&m->text));
    if (m->text.failed || kept == NULL)
        m->failed = true;
    return kept;
}

static const struct unit_node *take_nodes(struct unit_maker *m, const struct live_file *f)
{
    struct unit_node *nodes = arena_calloc(m->arena, f->n_nodes, sizeof(*nodes));
    struct map at = {0};
    for (uint32_t i = 0; i < f->n_nodes && nodes != NULL; i++) {
        const struct live_node *n = live_node(m->v, f->ids[i]);
        const struct live_extent extent = live_extent(n);
        const uint32_t *parent = NULL;
        if (map_put(&at, f->ids[i], i, NULL) == NULL || (parent = map_get(&at, n->parent)) == NULL)
            m->failed = true;
        nodes[i] = (struct unit_node){
            .sig = n->sig,
            .parent = parent != NULL ? *parent : 0,
            .name = live_text(m->v->g, n->name),
            .qualified = keep_text(m, f->ids[i], true),
            .signature = keep_text(m, f->ids[i], false),
            .line = n->line,
            .end_line = extent.end_line,
            .start = n->start,
            .end = extent.end,
            .doc_start = extent.doc_start,
            .doc_end = extent.doc_end,
            .flags = n->flags,
            .kind = n->kind,
        };
    }
    map_release(&at);
    return nodes;
}

int live_unit(const struct view *v, const char *path, struct arena *arena, struct unit *ret,
              struct err *err)
{
    uint32_t id = view_find_file(v, path);
    if (id == NODE_NONE)
        return err_set(err, PT_ENOENT, "%s: no such file in the graph", path);
    const struct live_file *f = live_file(v, id);
    struct unit_maker m = {.v = v, .arena = arena, .file = id};
    *ret = (struct unit){.path = live_path(f),
                         .lang = live_lang(f),
                         .content = f->content,
                         .size = f->size,
                         .mtime_ns = f->mtime_ns,
                         .ctime_ns = f->ctime_ns,
                         .ino = f->ino,
                         .lines = f->lines,
                         .facts_flags = f->facts_flags,
                         .error_line = f->error_line,
                         .n_nodes = f->n_nodes,
                         .nodes = take_nodes(&m, f)};
    memcpy(ret->refs_by_layer, f->refs_by_layer, sizeof(ret->refs_by_layer));
    memcpy(ret->unresolved, f->unresolved, sizeof(ret->unresolved));
    for (uint32_t i = 0; i < f->n_nodes + f->n_foreign; i++)
        take_edges(&m, f->ids[i]);
    uint32_t n = unit_edges_sort(m.edges.at, m.edges.len);
    struct unit_edge *edges = arena_alloc(arena, (size_t)n * sizeof(*edges) + 1);
    if (edges != NULL && m.edges.at != NULL)
        memcpy(edges, m.edges.at, (size_t)n * sizeof(*edges));
    ret->edges = edges;
    ret->n_edges = n;
    vec_release(&m.edges);
    buf_release(&m.text);
    if (m.failed || ret->nodes == NULL || edges == NULL)
        return err_set(err, PT_ENOMEM, "out of memory for the unit of %s", path);
    return PT_OK;
}

/* ---- the way back ---- */

static int take_unit(const struct view *v, const char *path, struct delta *to, struct err *err)
{
    struct unit u = {.path = path, .removed = true};
    int rc = view_find_file(v, path) != NODE_NONE ? live_unit(v, path, &to->arena, &u, err) : PT_OK;
    if (rc == PT_OK && !vec_push(&to->units, u))
        rc = err_set(err, PT_ENOMEM, "out of memory for an inverse");
    return rc;
}

static int by_unit_path(const void *a, const void *b)
{
    return strcmp(((const struct unit *)a)->path, ((const struct unit *)b)->path);
}

static int take_all_units(const struct view *v, struct delta *to, struct err *err)
{
    int rc = PT_OK;
    for (uint32_t id = 0; rc == PT_OK && id < v->n_files; id++) {
        const struct live_file *f = live_file(v, id);
        if (f != NULL)
            rc = take_unit(v, live_path(f), to, err);
    }
    if (to->units.len > 1)
        qsort(to->units.at, to->units.len, sizeof(*to->units.at), by_unit_path);
    return rc;
}

int live_inverse(const struct view *v, const struct delta *d, struct delta *ret, struct err *err)
{
    int rc = PT_OK;
    delta_init(ret);
    ret->replace_all = d->replace_all;
    if (d->replace_all)
        rc = take_all_units(v, ret, err);
    for (uint32_t i = 0; rc == PT_OK && !d->replace_all && i < d->units.len; i++)
        rc = take_unit(v, d->units.at[i].path, ret, err);
    if (rc != PT_OK)
        delta_release(ret);
    return rc;
}
