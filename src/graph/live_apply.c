/* How a delta becomes a generation.
 *
 * First the nodes and files: records of all that the units bring, tombstones for what they leave
 * out. Then the edges: of each that lies, or lay, in one of the units' files, the sites in those
 * files are taken away and those of the delta put in; what has no site left is gone. For that the
 * new edges of each node, sorted as its out list is, go along that list. It is edited once, and the
 * same edits, turned around, make the in lists. Nothing is published before all of it has
 * succeeded.
 */
#include "graph/live_internal.h"

#include "base/hash.h"
#include "base/map.h"
#include "base/sort.h"
#include "graph/merkle.h"
#include "graph/texts.h"

#include <stdlib.h>
#include <string.h>

/* Blocks that one commit makes free again, beyond twice those that it retires: so that none pile
 * up, and yet a reader who leaves after minutes does not hold up the next commit. */
#define RECLAIM_MOST 4096u

struct apply {
    struct live *g;
    struct live_scratch *s;
    const struct delta *d;
    struct live_totals totals; /* after it */
    struct err *err;
};

static int no_memory(struct err *err)
{
    return err_set(err, PT_ENOMEM, "out of memory for a commit");
}

/* The newest record, also of the commit under way; NULL if it is gone. */
static const struct live_node *newest_node(const struct live *g, uint32_t id)
{
    return live_record(g, &g->node, id, UINT32_MAX);
}

static const struct live_file *newest_file(const struct live *g, uint32_t id)
{
    return live_record(g, &g->file, id, UINT32_MAX);
}

static bool is_marked(const struct live_scratch *s, uint32_t file)
{
    return file < s->file_mark.len && s->file_mark.at[file] == s->epoch;
}

/* ---- files ---- */

static bool mark_file(struct live_scratch *s, uint32_t id)
{
    while (s->file_mark.len <= id) {
        if (!vec_push(&s->file_mark, 0))
            return false;
    }
    s->file_mark.at[id] = s->epoch;
    return true;
}

static int file_id(struct apply *a, const char *path, uint32_t *ret)
{
    struct live *g = a->g;
    uint32_t id = live_path_id(g, path),
             n = atomic_load_explicit(&g->n_files, memory_order_relaxed);
    if (id == ID_NONE) {
        if (n == LIVE_FILES_MAX)
            return err_set(a->err, PT_ELIMIT, "more than %u files were ever in the graph", n);
        if (!words_need(&g->file, n + 1) ||
            !idmap_add(&g->by_path, hash64(path, strlen(path)), n, g->commit.generation))
            return no_memory(a->err);
        id = n;
        atomic_store_explicit(&g->n_files, n + 1, memory_order_release);
    }
    *ret = id;
    return mark_file(a->s, id) ? PT_OK : no_memory(a->err);
}

/* What the marked file has contributed by now. */
static bool take_old(struct apply *a, uint32_t file)
{
    const struct live_file *f = live_record(a->g, &a->g->file, file, a->g->commit.generation - 1);
    for (uint32_t i = 0; f != NULL && i < f->n_nodes + f->n_foreign; i++)
        list_prefetch(&a->g->out, f->ids[i]);
    for (uint32_t i = 0; f != NULL && i < f->n_nodes + f->n_foreign; i++) {
        const struct live_group none = {.from = f->ids[i]};
        if ((i < f->n_nodes && !vec_push(&a->s->gone, f->ids[i])) || !vec_push(&a->s->groups, none))
            return false;
    }
    return true;
}

static int begin(struct apply *a)
{
    struct live_scratch *s = a->s;
    uint32_t n_files = atomic_load_explicit(&a->g->n_files, memory_order_relaxed);

    vec_clear(&s->groups);
    vec_clear(&s->adds);
    vec_clear(&s->added);
    vec_clear(&s->turned);
    vec_clear(&s->naming);
    vec_clear(&s->nodes);
    vec_clear(&s->foreign);
    vec_clear(&s->gone);
    vec_clear(&s->files);
    if (++s->epoch == 0) {
        memset(s->file_mark.at, 0, s->file_mark.len * sizeof(*s->file_mark.at));
        s->epoch = 1;
    }
    for (uint32_t i = 0; i < a->d->units.len; i++) {
        struct live_file_range r = {0};
        int rc = file_id(a, a->d->units.at[i].path, &r.id);
        if (rc != PT_OK)
            return rc;
        if (!vec_push(&s->files, r))
            return no_memory(a->err);
    }
    for (uint32_t id = 0; a->d->replace_all && id < n_files; id++) {
        if (newest_file(a->g, id) != NULL && !mark_file(s, id))
            return no_memory(a->err);
    }
    bool ok = true;
    for (uint32_t id = 0; a->d->replace_all && ok && id < s->file_mark.len; id++)
        ok = !is_marked(s, id) || take_old(a, id);
    for (uint32_t i = 0; !a->d->replace_all && ok && i < s->files.len; i++)
        ok = take_old(a, s->files.at[i].id);
    return ok ? PT_OK : no_memory(a->err);
}

/* ---- nodes ---- */

/* `tower_too`: its id is not in the order of texts. */
static int name_id(struct apply *a, const char *name, bool tower_too, uint32_t *ret)
{
    struct live *g = a->g;
    size_t n = strlen(name);
    uint32_t id = live_name_id(g, name, n), block, tower = 0;
    if (id != ID_NONE) {
        *ret = id;
        return PT_OK;
    }
    id = g->n_names;
    block = space_alloc(&g->space, n + 1); /* for good: names are never taken back */
    if (block == 0 || !words_need(&g->text, id + 1) || !words_need(&g->named, id + 1))
        return no_memory(a->err);
    memcpy(space_at(&g->space, block), name, n + 1);
    if (tower_too)
        tower = names_tower_new(&g->space, id, block, hash64(name, n));
    if (tower_too && tower == 0)
        return no_memory(a->err);
    atomic_store_explicit(&g->text.at[id], block, memory_order_release);
    if (!idmap_add(&g->by_name, hash64(name, n), id, g->commit.generation))
        return no_memory(a->err);
    g->n_names++;
    if (tower != 0)
        names_link(&g->names_rest, &g->space, tower);
    *ret = id;
    return PT_OK;
}

static int by_text(const void *x, const void *y)
{
    return strcmp(*(const char *const *)x, *(const char *const *)y);
}

/* The names of an empty graph get their ids in order, as those of an image have them. */
static int name_all(struct apply *a)
{
    VEC(const char *) names = {0};
    struct map known = {0};
    bool ok = true;
    uint32_t id;
    int rc = PT_OK;
    for (uint32_t i = 0; ok && i < a->d->units.len; i++) {
        const struct unit *u = &a->d->units.at[i];
        for (uint32_t k = 0; ok && !u->removed && k < u->n_nodes; k++) {
            const char *name = u->nodes[k].name;
            bool is_new = false;
            uint32_t *at = map_put(&known, hash64(name, strlen(name)), names.len, &is_new);
            /* one hash, two names: then the second is simply there more than once */
            bool same =
                at != NULL && !is_new && names.at != NULL && strcmp(names.at[*at], name) == 0;
            ok = at != NULL && (same || vec_push(&names, name));
        }
    }
    map_release(&known);
    if (!ok)
        rc = no_memory(a->err);
    else if (names.len > 1)
        qsort(names.at, names.len, sizeof(*names.at), by_text);
    for (uint32_t i = 0; rc == PT_OK && i < names.len; i++) {
        rc = name_id(a, names.at[i], false, &id);
        atomic_store_explicit(&a->g->names_in_order, a->g->n_names, memory_order_release);
    }
    vec_release(&names);
    return rc;
}

static int node_id(struct apply *a, uint64_t sig, uint32_t *ret)
{
    struct live *g = a->g;
    uint32_t id = idmap_find(&g->by_sig, sig, NULL, NULL);
    uint32_t n = atomic_load_explicit(&g->n_nodes, memory_order_relaxed);
    if (id == ID_NONE) {
        if (n == WORDS_LIMIT)
            return err_set(a->err, PT_ELIMIT, "more than %u nodes were ever in the graph", n);
        if (!words_need(&g->node, n + 1) || !words_need(&g->in_words, n + 1) ||
            !words_need(&g->out_words, n + 1) ||
            !idmap_add(&g->by_sig, sig, n, g->commit.generation))
            return no_memory(a->err);
        id = n;
        atomic_store_explicit(&g->n_nodes, n + 1, memory_order_release);
    }
    *ret = id;
    return PT_OK;
}

static void count_node(struct apply *a, uint8_t kind, int by)
{
    a->totals.nodes[kind] += (uint32_t)by;
    a->totals.n_nodes += (uint32_t)by;
}

static void count_edge(struct apply *a, uint8_t kind, int by)
{
    a->totals.edges[kind] += (uint64_t)(int64_t)by;
    a->totals.n_edges += (uint64_t)(int64_t)by;
}

static bool rename_node(struct live_scratch *s, uint32_t name, uint32_t id, bool remove)
{
    const struct live_edit e = {.owner = name, .edit = {.target = id, .remove = remove}};
    return vec_push(&s->naming, e);
}

static int there_already(const struct apply *a, const struct unit *u, uint32_t place)
{
    return err_set(a->err, PT_EINVAL, "D3: unit %s: the sig hash of %s is there already", u->path,
                   u->nodes[place].qualified);
}

static struct live_extent extent_of(const struct unit_node *n)
{
    return (struct live_extent){n->end_line, n->end, n->doc_start, n->doc_end};
}

static bool is_wide(const struct unit_node *n)
{
    return n->end_line - n->line > UINT16_MAX || n->end - n->start > UINT16_MAX ||
           n->doc_start != 0 || n->doc_end != 0;
}

/* Does the record say the same? */
static bool is_same(const struct live *g, const struct live_node *r, const struct unit_node *n,
                    const char *parent_text, uint32_t parent, uint32_t file, uint32_t place)
{
    const struct live_extent have = live_extent(r), want = extent_of(n);
    return r->parent == parent && r->file == file && r->place == place && r->line == n->line &&
           r->start == n->start && memcmp(&have, &want, sizeof(want)) == 0 &&
           r->flags == n->flags && r->kind == n->kind &&
           strcmp(live_text(g, r->name), n->name) == 0 && texts_same(n, parent_text, r);
}

/* All of the record but its head and the ids in it. */
static void fill_node(struct live_node *to, const struct unit_node *n, const struct texts *texts)
{
    const struct live_extent extent = extent_of(n);
    bool wide = is_wide(n);
    to->sig = n->sig;
    to->line = n->line;
    to->start = n->start;
    to->lines = wide ? 0 : (uint16_t)(n->end_line - n->line);
    to->bytes = wide ? 0 : (uint16_t)(n->end - n->start);
    to->flags = n->flags;
    to->kind = n->kind;
    to->form = (uint8_t)(texts->form | (wide ? LIVE_WIDE : 0));
    if (wide)
        memcpy(to->rest, &extent, sizeof(extent));
    texts_put(texts, to->rest + (wide ? sizeof(extent) : 0));
}

/* A record for the node, unless it is as it was. D3: no other file has it. */
static int put_node(struct apply *a, const struct unit *u, uint32_t place, uint32_t id,
                    uint32_t parent, uint32_t file)
{
    const struct unit_node *n = &u->nodes[place];
    struct live *g = a->g;
    uint32_t old_ref = atomic_load_explicit(&g->node.at[id], memory_order_relaxed), ref, name = 0;
    const struct live_node *old = newest_node(g, id);
    const char *parent_text = place > 0 ? u->nodes[n->parent].qualified : NULL;
    struct texts texts;

    if (old != NULL && !is_marked(a->s, old->file))
        return there_already(a, u, place);
    if (old != NULL && is_same(g, old, n, parent_text, parent, file, place))
        return PT_OK;
    texts_of(n, parent_text, &texts);
    bool renamed = old == NULL || strcmp(live_text(g, old->name), n->name) != 0;
    int rc = renamed ? name_id(a, n->name, !a->s->unordered_names, &name) : PT_OK;
    if (rc != PT_OK)
        return rc;
    name = renamed ? name : old->name;
    size_t bytes = offsetof(struct live_node, rest) + texts_bytes(&texts);
    bytes += is_wide(n) ? sizeof(struct live_extent) : 0;
    struct live_node *to = (struct live_node *)commit_block(&g->commit, bytes, 1, old_ref, &ref);
    if (to == NULL)
        return no_memory(a->err);
    to->parent = parent;
    to->file = file;
    to->name = name;
    to->place = place;
    fill_node(to, n, &texts);
    if (renamed && ((old != NULL && !rename_node(a->s, old->name, id, true)) ||
                    !rename_node(a->s, name, id, false)))
        return no_memory(a->err);
    commit_put(&g->commit, &g->node.at[id], ref);
    commit_gone(&g->commit, old_ref);
    if (n->kind == NODE_FILE)
        a->s->modules |= old == NULL || strcmp(live_module(old), n->qualified) != 0;
    if (old != NULL)
        count_node(a, old->kind, -1);
    count_node(a, n->kind, 1);
    return PT_OK;
}

/* Ids in order stay so as long as each file keeps its own, in its order. */
static void check_order(struct live *g, const struct live_file_range *r, const uint32_t *ids,
                        uint32_t n)
{
    uint32_t in_order = atomic_load_explicit(&g->nodes_in_order, memory_order_relaxed);
    uint32_t last = 0, least = in_order;
    bool sound = true;
    for (uint32_t i = 0; i < n; i++) {
        if (ids[i] >= in_order)
            continue;
        uint32_t ref = atomic_load_explicit(&g->node.at[ids[i]], memory_order_relaxed);
        if (ids[i] < last || ((const struct live_node *)block_of(&g->space, ref))->file != r->id)
            sound = false;
        last = ids[i];
        least = ids[i] < least ? ids[i] : least;
    }
    if (!sound)
        atomic_store_explicit(&g->nodes_in_order, least, memory_order_release);
}

/* Their records, and the names in them. */
static void prefetch_nodes(const struct live *g, const uint32_t *ids, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        uint32_t ref = atomic_load_explicit(&g->node.at[ids[i]], memory_order_relaxed);
        __builtin_prefetch(block_of(&g->space, ref));
    }
    for (uint32_t i = 0; i < n; i++) {
        const struct live_node *was = newest_node(g, ids[i]);
        if (was != NULL)
            __builtin_prefetch((const void *)&g->text.at[was->name]);
    }
    for (uint32_t i = 0; i < n; i++) {
        const struct live_node *was = newest_node(g, ids[i]);
        if (was != NULL)
            __builtin_prefetch(live_text(g, was->name));
    }
}

/* Where the ids of the nodes stand. */
static void prefetch_ids(const struct live *g, const struct unit *u)
{
    for (uint32_t i = 0; i < u->n_nodes; i++)
        idmap_prefetch(&g->by_sig, u->nodes[i].sig);
    for (uint32_t i = 0; i < u->n_nodes; i++)
        idmap_prefetch_entries(&g->by_sig, u->nodes[i].sig);
}

static int put_nodes(struct apply *a, const struct unit *u, struct live_file_range *r)
{
    prefetch_ids(a->g, u);
    for (uint32_t i = 0; i < u->n_nodes; i++) {
        uint32_t id = 0;
        int rc = node_id(a, u->nodes[i].sig, &id);
        if (rc == PT_OK && !vec_push(&a->s->nodes, id))
            rc = no_memory(a->err);
        if (rc != PT_OK)
            return rc;
    }
    const uint32_t *ids = a->s->nodes.at + r->first_node;
    prefetch_nodes(a->g, ids, u->n_nodes);
    check_order(a->g, r, ids, u->n_nodes);
    for (uint32_t i = 0; i < u->n_nodes; i++) {
        int rc = put_node(a, u, i, ids[i], ids[u->nodes[i].parent], r->id);
        if (rc != PT_OK)
            return rc;
    }
    return PT_OK;
}

static int by_number(const void *x, const void *y)
{
    uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
    return a < b ? -1 : a > b;
}

/* D3 is broken by the node at this place of scratch.nodes. */
static int brought_twice(const struct apply *a, uint32_t at)
{
    uint32_t i = 0;
    while (i + 1 < a->s->files.len && a->s->files.at[i + 1].first_node <= at)
        i++;
    return there_already(a, &a->d->units.at[i], at - a->s->files.at[i].first_node);
}

/* The ids of all nodes that the delta brings, sorted. D3: none is there twice. */
static int sort_brought(struct apply *a)
{
    struct live_scratch *s = a->s;
    uint32_t n = s->nodes.len;
    vec_clear(&s->brought);
    vec_clear(&s->items);
    struct sort_item *items = vec_grow(&s->items, 2 * (uint64_t)n);
    if (items == NULL || !vec_reserve(&s->brought, n))
        return no_memory(a->err);
    for (uint32_t i = 0; i < n; i++)
        items[i] = (struct sort_item){s->nodes.at[i], i};
    items = sort_keyed(items, items + n, n);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t id = (uint32_t)items[i].key;
        if (i > 0 && items[i - 1].key == items[i].key)
            return brought_twice(a, items[i].at);
        (void)vec_push(&s->brought, id);
    }
    return PT_OK;
}

static bool is_brought(const struct live_scratch *s, uint32_t id)
{
    return s->brought.len > 0 &&
           bsearch(&id, s->brought.at, s->brought.len, sizeof(id), by_number) != NULL;
}

/* Tombstones for nodes that the files had and that no unit brings. */
static int bury_nodes(struct apply *a)
{
    struct live *g = a->g;
    uint32_t n = 0;
    for (uint32_t i = 0; i < a->s->gone.len; i++) {
        uint32_t id = a->s->gone.at[i], ref;
        uint32_t old = atomic_load_explicit(&g->node.at[id], memory_order_relaxed);
        const struct live_node *was = (const struct live_node *)block_of(&g->space, old);
        if (is_brought(a->s, id))
            continue;
        struct live_node *to = (struct live_node *)commit_block(
            &g->commit, offsetof(struct live_node, name), 0, old, &ref);
        if (to == NULL || !rename_node(a->s, was->name, id, true))
            return no_memory(a->err);
        to->sig = was->sig;
        to->parent = id;
        to->file = was->file;
        a->s->modules |= was->kind == NODE_FILE;
        count_node(a, was->kind, -1);
        commit_put(&g->commit, &g->node.at[id], ref);
        commit_gone(&g->commit, old);
        a->s->gone.at[n++] = id;
    }
    a->s->gone.len = n;
    return PT_OK;
}

/* ---- edges ---- */

/* The misses of so many edges one after the other would be most of what a commit costs: each round
 * fetches ahead for all of them what the next one reads. */
static void prefetch_ends(const struct live *g, const struct unit *u)
{
    for (uint32_t i = 0; i < u->n_edges; i++)
        idmap_prefetch(&g->by_sig, u->edges[i].to);
    for (uint32_t i = 0; i < u->n_edges; i++)
        idmap_prefetch_entries(&g->by_sig, u->edges[i].to);
}

static void prefetch_records(const struct live *g, const struct sort_item *adds, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        uint32_t to = (uint32_t)adds[i].key;
        if (to == ID_NONE)
            continue;
        uint32_t ref = atomic_load_explicit(&g->node.at[to], memory_order_relaxed);
        __builtin_prefetch(block_of(&g->space, ref));
    }
}

/* The record of the node that has this sig hash, which is the one that was guessed (as it mostly
 * is) or is looked up. NULL if there is none. */
static const struct live_node *confirm(const struct live *g, uint64_t sig, uint32_t *id)
{
    if (*id != ID_NONE) {
        uint32_t ref = atomic_load_explicit(&g->node.at[*id], memory_order_relaxed);
        const struct live_node *n = (const struct live_node *)block_of(&g->space, ref);
        if (n->head.n != 0 && n->sig == sig)
            return n;
    }
    *id = idmap_find(&g->by_sig, sig, NULL, NULL);
    return *id != ID_NONE ? newest_node(g, *id) : NULL;
}

static int no_end(struct apply *a, const struct unit *u, uint64_t sig)
{
    return err_set(a->err, PT_EINVAL, "D4: unit %s: an edge has the end %016llx, which no node has",
                   u->path, (unsigned long long)sig);
}

/* Where an edge stands in its list. */
static uint64_t place_of(uint8_t kind, uint32_t target)
{
    return (uint64_t)kind << 32 | target;
}

/* Sites and places of the edges of a unit; their targets are guessed. */
static bool push_adds(struct apply *a, const struct unit *u, const struct live_file_range *r)
{
    struct live_scratch *s = a->s;
    uint32_t at = s->added.len;
    struct sort_item *adds = vec_grow(&s->adds, u->n_edges);
    struct site *sites = vec_grow(&s->added, u->n_edges);
    if (adds == NULL || sites == NULL)
        return false;
    for (uint32_t i = 0; i < u->n_edges; i++) {
        const struct unit_edge *e = &u->edges[i];
        uint32_t to = idmap_guess(&a->g->by_sig, e->to);
        if (to != ID_NONE)
            __builtin_prefetch((const void *)&a->g->node.at[to]);
        adds[i] = (struct sort_item){place_of(e->kind, to), at + i};
        sites[i] = (struct site){.layer = e->layer & 3u,
                                 .last = 1,
                                 .col = e->col,
                                 .line = e->line & UNIT_LINE_MAX,
                                 .file = r->id & (LIVE_FILES_MAX - 1)};
    }
    return true;
}

/* The node where the next edges of the unit start. */
static int begin_group(struct apply *a, const struct unit *u, const struct live_file_range *r,
                       uint64_t sig, uint32_t first)
{
    struct live_group group = {.from = ID_NONE, .first = first};
    const struct live_node *start = confirm(a->g, sig, &group.from);
    if (start == NULL)
        return no_end(a, u, sig);
    if ((start->file != r->id && !vec_push(&a->s->foreign, group.from)) ||
        !vec_push(&a->s->groups, group))
        return no_memory(a->err);
    return PT_OK;
}

static int take_new_edges(struct apply *a, const struct unit *u, const struct live_file_range *r)
{
    uint32_t first = a->s->adds.len;
    if (u->n_edges == 0)
        return PT_OK;
    prefetch_ends(a->g, u);
    if (!push_adds(a, u, r))
        return no_memory(a->err);
    prefetch_records(a->g, a->s->adds.at + first, u->n_edges);
    for (uint32_t i = 0; i < u->n_edges; i++) {
        const struct unit_edge *e = &u->edges[i];
        struct sort_item *add = &a->s->adds.at[first + i];
        uint32_t to = (uint32_t)add->key;
        int rc = PT_OK;
        if (i == 0 || e->from != e[-1].from) /* edges come by their start */
            rc = begin_group(a, u, r, e->from, first + i);
        if (rc == PT_OK && confirm(a->g, e->to, &to) == NULL)
            rc = no_end(a, u, e->to);
        if (rc != PT_OK)
            return rc;
        add->key = place_of(e->kind, to);
        vec_last(&a->s->groups).n++;
    }
    return PT_OK;
}

static uint32_t unique(uint32_t *at, uint32_t n)
{
    uint32_t k = 0;
    if (at == NULL)
        return 0;
    if (n > 1)
        qsort(at, n, sizeof(*at), by_number);
    for (uint32_t i = 0; i < n; i++) {
        if (k == 0 || at[k - 1] != at[i])
            at[k++] = at[i];
    }
    return k;
}

static int by_site(const void *x, const void *y)
{
    const struct site *a = x, *b = y;
    uint64_t m = site_number(a) << 2 | a->layer, n = site_number(b) << 2 | b->layer;
    return m < n ? -1 : m > n;
}

_Static_assert((WORDS_LIMIT - 1) >> 28 == 0 && EDGE_KIND_COUNT <= 16,
               "an edge is a key of 60 bits");

static uint64_t key_of(uint32_t owner, uint8_t kind, uint32_t target)
{
    return (uint64_t)owner << 32 | (uint64_t)kind << 28 | target;
}

/* Room for n items to sort, twice. */
static struct sort_item *items_for(struct apply *a, uint32_t n)
{
    vec_clear(&a->s->items);
    struct sort_item *items = vec_grow(&a->s->items, 2 * (uint64_t)n);
    if (items == NULL)
        a->g->commit.failed = true;
    return items;
}

/* An edge as it was, in the out list of a node. */
struct old_edge {
    uint32_t value;
    uint32_t hint; /* where it is in the list, or belongs (struct list_edit) */
    uint8_t attr;
    bool there;
};

/* The sites that stay (in files which the delta does not name) into scratch.sites. Returns how many
 * there were in all. */
static uint32_t keep_sites(struct apply *a, const struct old_edge *old, uint32_t to)
{
    uint32_t n = 0;
    vec_clear(&a->s->sites);
    if (!old->there)
        return 0;
    if (old->value == 0) {
        /* its file is that of the target as it was: if that is not marked, it lies there still */
        const struct live_node *t = live_record(a->g, &a->g->node, to, a->g->commit.generation - 1);
        struct site s = {.layer = old->attr & 3u};
        s.file = (t != NULL ? t->file : 0) & (LIVE_FILES_MAX - 1);
        if (!is_marked(a->s, s.file) && !vec_push(&a->s->sites, s))
            a->g->commit.failed = true;
        return 1;
    }
    for (const struct site *s = space_at(&a->g->space, old->value);; s++) {
        n++;
        if (!is_marked(a->s, s->file) && !vec_push(&a->s->sites, *s))
            a->g->commit.failed = true;
        if (s->last)
            return n;
    }
}

/* Each place once, with the surest layer that it was given. */
static void sort_sites(struct live_scratch *s)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < s->sites.len; i++)
        s->sites.at[i].last = 0;
    if (s->sites.len > 1)
        qsort(s->sites.at, s->sites.len, sizeof(*s->sites.at), by_site);
    for (uint32_t i = 0; i < s->sites.len; i++) {
        if (n == 0 || site_number(&s->sites.at[n - 1]) != site_number(&s->sites.at[i]))
            s->sites.at[n++] = s->sites.at[i];
    }
    s->sites.len = n;
    if (n > 0)
        s->sites.at[n - 1].last = 1;
}

static bool is_implied(const struct apply *a, uint32_t to, const struct site *s)
{
    if (s->line != 0 || s->col != 0)
        return false;
    const struct live_node *t = newest_node(a->g, to);
    return t != NULL && s->file == t->file;
}

/* Does an edge say the same with the sites that the delta brings? Of most it has the one that was
 * there, and that is seen at once; false says nothing. */
static bool is_unchanged(const struct apply *a, uint32_t to, const struct old_edge *old,
                         const struct sort_item *adds, uint32_t n)
{
    if (n != 1)
        return false;
    const struct site *now = &a->s->added.at[adds->at];
    if (old->value ==
        0) /* its file is marked now, so it was: put_node lets no other node go there */
        return is_implied(a, to, now) && edge_attr_layer(old->attr) == now->layer;
    return memcmp(space_at(&a->g->space, old->value), now, sizeof(*now)) == 0 &&
           (now->line != 0 || now->col != 0);
}

static void push_edit(struct apply *a, uint32_t from, const struct list_edit *out, bool turn)
{
    const struct live_edit in = {out->target,
                                 {.target = from, .attr = out->attr, .remove = out->remove}};
    if (!vec_push(&a->s->edits, *out) || (turn && !vec_push(&a->s->turned, in)))
        a->g->commit.failed = true;
}

/* One edge, with all n sites that the delta brings. */
static void change_edge(struct apply *a, uint32_t from, uint64_t place, const struct old_edge *old,
                        const struct sort_item *adds, uint32_t n)
{
    struct live_scratch *s = a->s;
    struct commit *commit = &a->g->commit;
    const uint32_t to = (uint32_t)place;
    const uint8_t kind = (uint8_t)(place >> 32);
    uint32_t had = keep_sites(a, old, to);
    struct list_edit edit = {.target = to, .hint = old->hint};
    uint8_t layer = LAYER_COUNT - 1;

    if (n == 0 && s->sites.len == had)
        return;
    for (uint32_t i = 0; i < n; i++) {
        if (!vec_push(&s->sites, s->added.at[adds[i].at]))
            commit->failed = true;
    }
    sort_sites(s);
    size_t bytes = s->sites.len * sizeof(struct site);
    bool explicit = s->sites.len > 1 || (s->sites.len == 1 && !is_implied(a, to, s->sites.at));
    for (uint32_t i = 0; i < s->sites.len; i++)
        layer = s->sites.at[i].layer < layer ? s->sites.at[i].layer : layer;
    uint8_t attr = edge_attr(kind, layer);
    if (old->there && old->value != 0 && explicit && had == s->sites.len &&
        memcmp(space_at(&a->g->space, old->value), s->sites.at, bytes) == 0)
        return; /* the surest layer is the same as well */
    if (old->there && old->value == 0 && s->sites.len > 0 && !explicit && old->attr == attr)
        return;
    if (old->there && old->value != 0)
        commit_gone_bare(commit, old->value, had * sizeof(struct site));
    if (s->sites.len == 0) {
        edit.attr = old->attr;
        edit.remove = true;
        push_edit(a, from, &edit, true);
        count_edge(a, kind, -1);
        return;
    }
    if (!old->there)
        count_edge(a, kind, 1);
    if (explicit) {
        edit.value = commit_bare(commit, bytes);
        if (edit.value == 0)
            return;
        memcpy(space_at(&a->g->space, edit.value), s->sites.at, bytes);
    }
    edit.attr = attr;
    push_edit(a, from, &edit, !old->there || old->attr != attr);
}

/* Edges that were not there, of all places below `end`. Returns how many adds that took. */
static uint32_t add_edges(struct apply *a, uint32_t from, uint64_t end, uint32_t hint,
                          const struct sort_item *adds, uint32_t n)
{
    const struct old_edge none = {.hint = hint};
    uint32_t i = 0;
    while (i < n && adds[i].key < end) {
        uint32_t first = i;
        while (i < n && adds[i].key == adds[first].key)
            i++;
        change_edge(a, from, adds[first].key, &none, adds + first, i - first);
    }
    return i;
}

/* The edges of one node: those that it had against those that the delta brings, n sites sorted by
 * place. */
static void change_from(struct apply *a, uint32_t from, const struct sort_item *adds, uint32_t n)
{
    struct live *g = a->g;
    struct list_walk w = {0};
    vec_clear(&a->s->edits);
    bool more = list_begin(&g->out, g->commit.generation - 1, from, &w);
    for (; more; more = list_more(&w)) {
        for (uint32_t k = 0; k < w.span.n; k++) {
            const struct old_edge old = {w.span.values[k], k, w.span.attrs[k], true};
            uint64_t place = place_of(edge_attr_kind(old.attr), w.span.targets[k]);
            uint32_t here = 0;
            if (n > 0 && adds->key < place) {
                uint32_t before = add_edges(a, from, place, k, adds, n);
                adds += before;
                n -= before;
            }
            while (here < n && adds[here].key == place)
                here++;
            if (!is_unchanged(a, w.span.targets[k], &old, adds, here))
                change_edge(a, from, place, &old, adds, here);
            if (here == 0) /* of none that the delta brings, adds may be NULL */
                continue;
            adds += here;
            n -= here;
        }
    }
    (void)add_edges(a, from, UINT64_MAX, w.span.n, adds, n);
    lists_edit(&g->out, &g->commit, from, a->s->edits.at, a->s->edits.len);
}

#define EDITS_AHEAD 6u

/* Edits of many lists, grouped by list. */
static void edit_lists(struct apply *a, struct lists *l, const struct live_edit *e, uint32_t n)
{
    struct live_scratch *s = a->s;
    struct sort_item *items = items_for(a, n);
    bool by_target = true; /* they come so, mostly: then it need not be sorted by */
    if (items == NULL)
        return;
    for (uint32_t i = 0; i < n; i++) {
        list_prefetch_entry(l, e[i].owner);
        by_target &= i == 0 || e[i - 1].edit.target <= e[i].edit.target;
    }
    for (uint32_t i = 0; i < n; i++)
        items[i] = (struct sort_item){
            key_of(e[i].owner, edge_attr_kind(e[i].edit.attr), by_target ? 0 : e[i].edit.target),
            i};
    items = sort_keyed(items, items + n, n);
    for (uint32_t i = 0; i < n; i++)
        list_prefetch(l, e[i].owner);
    for (uint32_t i = 0; i < n && !a->g->commit.failed;) {
        uint32_t owner = e[items[i].at].owner;
        vec_clear(&s->edits);
        for (; i < n && e[items[i].at].owner == owner; i++) {
            const struct live_edit *soon =
                i + EDITS_AHEAD < n ? &e[items[i + EDITS_AHEAD].at] : NULL;
            if (soon != NULL)
                lists_prefetch_edit(l, soon->owner, edge_attr_kind(soon->edit.attr),
                                    soon->edit.target);
            if (!vec_push(&s->edits, e[items[i].at].edit))
                a->g->commit.failed = true;
        }
        lists_edit(l, &a->g->commit, owner, s->edits.at, s->edits.len);
    }
}

/* What the groups bring, n of them and all of one node, sorted by place. NULL: no memory, or there
 * is nothing. */
static const struct sort_item *sort_adds(struct apply *a, const struct sort_item *groups,
                                         uint32_t n, uint32_t *ret_n)
{
    struct live_scratch *s = a->s;
    const struct live_group *only = NULL;
    uint32_t with_adds = 0;
    vec_clear(&s->several);
    *ret_n = 0;
    for (uint32_t i = 0; i < n; i++) {
        const struct live_group *group = &s->groups.at[groups[i].at];
        *ret_n += group->n;
        with_adds += group->n != 0;
        only = group->n != 0 ? group : only;
    }
    if (only == NULL)
        return NULL;
    struct sort_item *all = vec_grow(&s->several, 2 * (uint64_t)*ret_n), *end = all;
    if (all == NULL) {
        a->g->commit.failed = true;
        *ret_n = 0;
        return NULL;
    }
    if (with_adds == 1) /* as it mostly is: they lie together already */
        return sort_keyed(s->adds.at + only->first, all, *ret_n);
    for (uint32_t i = 0; i < n; i++) {
        const struct live_group *group = &s->groups.at[groups[i].at];
        if (group->n != 0)
            memcpy(end, s->adds.at + group->first, group->n * sizeof(*end));
        end += group->n;
    }
    return sort_keyed(all, all + *ret_n, *ret_n);
}

/* All nodes that had or get edges with sites in the delta's files. */
static void change_out(struct apply *a)
{
    struct live_scratch *s = a->s;
    uint32_t n = s->groups.len;
    struct sort_item *groups = items_for(a, n);
    for (uint32_t i = 0; groups != NULL && i < n; i++)
        groups[i] = (struct sort_item){s->groups.at[i].from, i};
    groups = groups != NULL ? sort_keyed(groups, groups + n, n) : NULL;
    for (uint32_t i = 0; groups != NULL && i < n && !a->g->commit.failed;) {
        uint32_t end = i + 1, n_adds;
        while (end < n && groups[end].key == groups[i].key)
            end++;
        const struct sort_item *adds = sort_adds(a, groups + i, end - i, &n_adds);
        if (!a->g->commit.failed)
            change_from(a, (uint32_t)groups[i].key, adds, n_adds);
        i = end;
    }
}

static int change_edges(struct apply *a)
{
    change_out(a);
    if (!a->g->commit.failed)
        edit_lists(a, &a->g->in, a->s->turned.at, a->s->turned.len);
    if (!a->g->commit.failed)
        edit_lists(a, &a->g->names, a->s->naming.at, a->s->naming.len);
    return a->g->commit.failed ? no_memory(a->err) : PT_OK;
}

static int still_used(struct apply *a, uint32_t id)
{
    struct buf name = {0};
    texts_add_qualified(a->g, a->g->commit.generation - 1, id, &name);
    int rc = err_set(a->err, PT_EINVAL,
                     "D4: %s is gone, and an edge of another file still has it for an end",
                     buf_cstr(&name));
    buf_release(&name);
    return rc;
}

/* D4: no edge of a file that the delta leaves alone ends at a node that is gone. */
static int check_gone(struct apply *a)
{
    const struct live *g = a->g;
    struct list_walk w;
    for (uint32_t i = 0; i < a->s->gone.len; i++) {
        uint32_t id = a->s->gone.at[i];
        if (!list_begin(&g->in, g->commit.generation, id, &w) &&
            !list_begin(&g->out, g->commit.generation, id, &w))
            continue;
        return still_used(a, id);
    }
    return PT_OK;
}

/* ---- files, again ---- */

/* by: 1, or -1 modulo 2^64 */
static void count_file(struct live_totals *t, const struct live_file *f, uint64_t by)
{
    t->n_files += (uint32_t)by;
    t->lines += by * f->lines;
    t->bytes += by * f->size;
    for (unsigned i = 0; i < LAYER_COUNT; i++)
        t->refs_by_layer[i] += by * f->refs_by_layer[i];
    for (unsigned i = 0; i < UNRESOLVED_COUNT; i++)
        t->unresolved[i] += by * f->unresolved[i];
}

static int put_file(struct apply *a, uint32_t id, const char *path, const struct unit *u,
                    const uint32_t *nodes, uint32_t n_nodes, const uint32_t *foreign,
                    uint32_t n_foreign)
{
    struct live *g = a->g;
    uint32_t old = atomic_load_explicit(&g->file.at[id], memory_order_relaxed), ref;
    const char *lang = u != NULL ? u->lang : "";
    size_t n_path = strlen(path) + 1, n_lang = strlen(lang) + 1;
    size_t words = (size_t)n_nodes + n_foreign;
    size_t bytes = offsetof(struct live_file, ids) + words * 4 + n_path + n_lang;
    struct live_file *f = (struct live_file *)commit_block(&g->commit, bytes, u != NULL, old, &ref);
    if (f == NULL)
        return no_memory(a->err);
    memset((char *)f + sizeof(f->head), 0, offsetof(struct live_file, ids) - sizeof(f->head));
    if (u != NULL) {
        f->content = u->content;
        f->leaf = merkle_leaf(u);
        f->size = u->size;
        f->mtime_ns = u->mtime_ns;
        f->ctime_ns = u->ctime_ns;
        f->ino = u->ino;
        f->lines = u->lines;
        f->facts_flags = u->facts_flags;
        f->error_line = u->error_line;
        memcpy(f->refs_by_layer, u->refs_by_layer, sizeof(f->refs_by_layer));
        memcpy(f->unresolved, u->unresolved, sizeof(f->unresolved));
    }
    f->n_nodes = n_nodes;
    f->n_foreign = n_foreign;
    if (n_nodes > 0)
        memcpy(f->ids, nodes, n_nodes * sizeof(*nodes));
    if (n_foreign > 0)
        memcpy(f->ids + n_nodes, foreign, n_foreign * sizeof(*foreign));
    char *text = (char *)(f->ids + words);
    memcpy(text, path, n_path);
    memcpy(text + n_path, lang, n_lang);
    for (uint32_t i = 0; u != NULL && i < u->n_nodes; i++)
        f->kinds |= 1u << u->nodes[i].kind;
    const struct live_file *was = newest_file(g, id);
    if (was != NULL)
        count_file(&a->totals, was, UINT64_MAX);
    if (u != NULL)
        count_file(&a->totals, f, 1);
    commit_put(&g->commit, &g->file.at[id], ref);
    commit_gone(&g->commit, old);
    return g->commit.failed ? no_memory(a->err) : PT_OK;
}

static int put_files(struct apply *a)
{
    struct live_scratch *s = a->s;
    for (uint32_t i = 0; i < s->files.len; i++) {
        const struct live_file_range *r = &s->files.at[i];
        const struct unit *u = &a->d->units.at[i];
        uint32_t end = i + 1 < s->files.len ? r[1].first_foreign : s->foreign.len;
        uint32_t *foreign = s->foreign.len > 0 ? s->foreign.at + r->first_foreign : NULL;
        uint32_t n = unique(foreign, end - r->first_foreign);
        int rc = u->removed ? put_file(a, r->id, u->path, NULL, NULL, 0, NULL, 0)
                            : put_file(a, r->id, u->path, u, s->nodes.at + r->first_node,
                                       u->n_nodes, foreign, n);
        if (rc != PT_OK)
            return rc;
    }
    for (uint32_t id = 0; a->d->replace_all && id < s->file_mark.len; id++) {
        const struct live_file *f = is_marked(s, id) ? newest_file(a->g, id) : NULL;
        int rc = f != NULL && f->head.generation != a->g->commit.generation
                     ? put_file(a, id, live_path(f), NULL, NULL, 0, NULL, 0)
                     : PT_OK;
        if (rc != PT_OK)
            return rc;
    }
    return PT_OK;
}

/* ---- */

static int put_totals(struct apply *a, struct live_stamp stamp)
{
    struct live *g = a->g;
    uint32_t old = atomic_load_explicit(&g->totals, memory_order_relaxed), ref;
    struct block_head *h = commit_block(&g->commit, sizeof(a->totals), 1, old, &ref);
    if (h == NULL)
        return no_memory(a->err);
    a->totals.head = *h;
    a->totals.commit = stamp.commit != 0 ? stamp.commit : a->totals.commit + 1;
    a->totals.as_of_ns = stamp.as_of_ns;
    memcpy(h, &a->totals, sizeof(a->totals));
    commit_put(&g->commit, &g->totals, ref);
    commit_gone(&g->commit, old);
    return g->commit.failed ? no_memory(a->err) : PT_OK;
}

static void take_totals(struct apply *a)
{
    uint32_t ref = atomic_load_explicit(&a->g->totals, memory_order_relaxed);
    const struct block_head *h = block_of(&a->g->space, ref);
    if (h->n != 0)
        memcpy(&a->totals, h, sizeof(a->totals));
}

static int apply(struct apply *a, struct live_stamp stamp)
{
    take_totals(a);
    int rc = begin(a);
    if (rc == PT_OK && a->g->n_names == 0 && !a->s->unordered_names)
        rc = name_all(a);
    for (uint32_t i = 0; rc == PT_OK && i < a->d->units.len; i++) {
        a->s->files.at[i].first_node = a->s->nodes.len;
        if (!a->d->units.at[i].removed)
            rc = put_nodes(a, &a->d->units.at[i], &a->s->files.at[i]);
    }
    if (rc == PT_OK)
        rc = sort_brought(a);
    if (rc == PT_OK)
        rc = bury_nodes(a);
    for (uint32_t i = 0; rc == PT_OK && i < a->d->units.len; i++) {
        a->s->files.at[i].first_foreign = a->s->foreign.len;
        if (!a->d->units.at[i].removed)
            rc = take_new_edges(a, &a->d->units.at[i], &a->s->files.at[i]);
    }
    if (rc == PT_OK)
        rc = change_edges(a);
    if (rc == PT_OK)
        rc = check_gone(a);
    if (rc == PT_OK)
        rc = put_files(a);
    return rc == PT_OK ? put_totals(a, stamp) : rc;
}

int live_prepare(struct live *g, const struct delta *d, struct live_stamp stamp, struct err *err)
{
    struct apply a = {.g = g, .s = g->scratch, .d = d, .err = err};
    int rc = delta_check(d, err);
    if (rc != PT_OK)
        return rc;
    if (g->generation == UINT32_MAX - 1)
        return err_set(err, PT_ELIMIT, "so many commits want the graph to be opened anew");
    commit_start(&g->commit, g->generation + 1);
    g->scratch->first = atomic_load_explicit(&g->n_nodes, memory_order_relaxed) == 0 &&
                        atomic_load_explicit(&g->n_files, memory_order_relaxed) == 0;
    g->scratch->modules = false;
    rc = apply(&a, stamp);
    if (rc != PT_OK)
        commit_undo(&g->commit);
    return rc;
}

void live_abort(struct live *g)
{
    commit_undo(&g->commit);
}

void live_publish(struct live *g)
{
    uint32_t most = RECLAIM_MOST + 2 * g->commit.gone.len;
    if (g->scratch->first) { /* units come by path */
        atomic_store_explicit(&g->nodes_in_order,
                              atomic_load_explicit(&g->n_nodes, memory_order_relaxed),
                              memory_order_release);
        atomic_store_explicit(&g->files_in_order,
                              atomic_load_explicit(&g->n_files, memory_order_relaxed),
                              memory_order_release);
    }
    if (g->scratch->modules)
        modules_changed(g->modules, g->generation + 1);
    pins_publish(g->pins, ++g->generation);
    (void)commit_finish(&g->commit);
    uint32_t oldest = pins_oldest(g->pins);
    (void)space_reclaim(&g->space, oldest, most);
    idmap_reclaim(&g->by_sig, oldest);
    idmap_reclaim(&g->by_path, oldest);
    idmap_reclaim(&g->by_name, oldest);
}

int live_apply(struct live *g, const struct delta *d, struct live_stamp stamp, struct err *err)
{
    int rc = live_prepare(g, d, stamp, err);
    if (rc == PT_OK)
        live_publish(g);
    return rc;
}
