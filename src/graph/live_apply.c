/* How a delta becomes a generation.
 *
 * First the nodes and files: records of all that the units bring, tombstones for what they leave
 * out. Then the edges: of each that lies, or lay, in one of the units' files, the sites in those
 * files are taken away and those of the delta put in; what has no site left is gone. The out list
 * of a node is edited once, and the same edits, turned around, make the in lists. Nothing is
 * published before all of it has succeeded.
 */
#include "graph/live_internal.h"

#include "base/hash.h"
#include "base/sort.h"
#include "graph/segment.h"

#include <stdlib.h>
#include <string.h>

/* Blocks that one commit makes free again, beyond twice those that it retires: so that none pile up,
 * and yet a reader who leaves after minutes does not hold up the next commit. */
#define RECLAIM_MOST 4096u

struct apply {
    struct live *g;
    struct live_scratch *s;
    const struct delta *d;
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

/* An edge may lose the sites that it has in one of the files. */
static bool has_site_in(const struct live *g, const struct live_scratch *s, uint32_t target,
                        uint32_t value)
{
    if (value == 0) {
        const struct live_node *n = live_record(g, &g->node, target, g->commit.generation - 1);
        return n != NULL && is_marked(s, n->file);
    }
    for (const struct live_site *at = space_at(&g->space, value);; at++) {
        if (is_marked(s, at->file))
            return true;
        if (at->last)
            return false;
    }
}

static bool take_old_edges(struct apply *a, uint32_t from)
{
    struct list_walk w;
    if (!list_begin(&a->g->out, a->g->commit.generation - 1, from, &w))
        return true;
    do {
        for (uint32_t i = 0; i < w.span.n; i++) {
            const struct live_change c = {
                .from = from, .to = w.span.targets[i], .kind = seg_attr_kind(w.span.attrs[i])};
            if (has_site_in(a->g, a->s, c.to, w.span.values[i]) && !vec_push(&a->s->changes, c))
                return false;
        }
    } while (list_more(&w));
    return true;
}

/* What the marked file has contributed by now. */
static bool take_old(struct apply *a, uint32_t file)
{
    const struct live_file *f = live_record(a->g, &a->g->file, file, a->g->commit.generation - 1);
    for (uint32_t i = 0; f != NULL && i < f->n_nodes + f->n_foreign; i++)
        list_prefetch(&a->g->out, f->ids[i]);
    for (uint32_t i = 0; f != NULL && i < f->n_nodes + f->n_foreign; i++) {
        if ((i < f->n_nodes && !vec_push(&a->s->gone, f->ids[i])) || !take_old_edges(a, f->ids[i]))
            return false;
    }
    return true;
}

static int begin(struct apply *a)
{
    struct live_scratch *s = a->s;
    uint32_t n_files = atomic_load_explicit(&a->g->n_files, memory_order_relaxed);

    vec_clear(&s->changes);
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

static int name_id(struct apply *a, const char *name, uint32_t *ret)
{
    struct live *g = a->g;
    size_t n = strlen(name);
    uint32_t id = live_name_id(g, name, n), block;
    if (id != ID_NONE) {
        *ret = id;
        return PT_OK;
    }
    id = g->n_names;
    block = space_alloc(&g->space, n + 1); /* for good: names are never taken back */
    if (block == 0 || !words_need(&g->text, id + 1) || !words_need(&g->named, id + 1))
        return no_memory(a->err);
    memcpy(space_at(&g->space, block), name, n + 1);
    atomic_store_explicit(&g->text.at[id], block, memory_order_release);
    if (!idmap_add(&g->by_name, hash64(name, n), id, g->commit.generation))
        return no_memory(a->err);
    g->n_names++;
    *ret = id;
    return PT_OK;
}

static int node_id(struct apply *a, uint64_t sig, uint32_t *ret)
{
    struct live *g = a->g;
    uint32_t id = idmap_find(&g->by_sig, sig, NULL, NULL);
    uint32_t n = atomic_load_explicit(&g->n_nodes, memory_order_relaxed);
    if (id == ID_NONE) {
        if (n == WORDS_MAX)
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

static bool rename_node(struct live_scratch *s, uint32_t name, uint32_t id, bool remove)
{
    const struct live_edit e = {.owner = name, .edit = {.target = id, .remove = remove}};
    return vec_push(&s->naming, e);
}

/* A record for the node. D3: no other file has it, nor has this one twice. */
static int put_node(struct apply *a, const struct unit *u, const struct unit_node *n, uint32_t id,
                    uint32_t parent, uint32_t file)
{
    struct live *g = a->g;
    uint32_t old_ref = atomic_load_explicit(&g->node.at[id], memory_order_relaxed), ref, name = 0;
    const struct live_node *old = newest_node(g, id);
    size_t qualified = strlen(n->qualified) + 1, signature = strlen(n->signature) + 1;
    size_t bytes = offsetof(struct live_node, strings) + qualified + signature;

    if (block_of(&g->space, old_ref)->generation == g->commit.generation ||
        (old != NULL && !is_marked(a->s, old->file)))
        return err_set(a->err, PT_EINVAL, "D3: unit %s: the sig hash of %s is there already",
                       u->path, n->qualified);
    bool renamed = old == NULL || strcmp(live_text(g, old->name), n->name) != 0;
    int rc = renamed ? name_id(a, n->name, &name) : PT_OK;
    if (rc != PT_OK)
        return rc;
    name = renamed ? name : old->name;
    struct live_node *to = (struct live_node *)commit_block(&g->commit, bytes, 1, old_ref, &ref);
    if (to == NULL)
        return no_memory(a->err);
    to->sig = n->sig;
    to->parent = parent;
    to->file = file;
    to->name = name;
    to->line = n->line;
    to->end_line = n->end_line;
    to->start = n->start;
    to->end = n->end;
    to->doc_start = n->doc_start;
    to->doc_end = n->doc_end;
    to->flags = n->flags;
    to->kind = n->kind;
    to->unused = 0;
    memcpy(to->strings, n->qualified, qualified);
    memcpy(to->strings + qualified, n->signature, signature);
    if (renamed && ((old != NULL && !rename_node(a->s, old->name, id, true)) ||
                    !rename_node(a->s, name, id, false)))
        return no_memory(a->err);
    commit_put(&g->commit, &g->node.at[id], ref);
    commit_gone(&g->commit, old_ref);
    return PT_OK;
}

static int put_nodes(struct apply *a, const struct unit *u, struct live_file_range *r)
{
    r->first_node = a->s->nodes.len;
    for (uint32_t i = 0; i < u->n_nodes; i++) {
        uint32_t id = 0;
        int rc = node_id(a, u->nodes[i].sig, &id);
        if (rc == PT_OK && !vec_push(&a->s->nodes, id))
            rc = no_memory(a->err);
        if (rc == PT_OK)
            rc = put_node(a, u, &u->nodes[i], id,
                          a->s->nodes.at[r->first_node + u->nodes[i].parent], r->id);
        if (rc != PT_OK)
            return rc;
    }
    return PT_OK;
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
        if (was->head.generation == g->commit.generation)
            continue;
        struct live_node *to = (struct live_node *)commit_block(
            &g->commit, offsetof(struct live_node, parent), 0, old, &ref);
        if (to == NULL || !rename_node(a->s, was->name, id, true))
            return no_memory(a->err);
        to->sig = was->sig;
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
    for (uint32_t i = 0; i < u->n_edges; i++) {
        idmap_prefetch(&g->by_sig, u->edges[i].from);
        idmap_prefetch(&g->by_sig, u->edges[i].to);
    }
}

static void prefetch_records(const struct live *g, const struct live_change *c, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        __builtin_prefetch((const void *)&g->node.at[c[i].to]);
        __builtin_prefetch((const void *)&g->in_words.at[c[i].to]);
    }
    for (uint32_t i = 0; i < n; i++) {
        uint32_t ref = atomic_load_explicit(&g->node.at[c[i].to], memory_order_relaxed);
        __builtin_prefetch(block_of(&g->space, ref));
        list_prefetch(&g->in, c[i].to);
    }
}

static int no_end(struct apply *a, const struct unit *u, uint64_t sig)
{
    return err_set(a->err, PT_EINVAL, "D4: unit %s: an edge has the end %016llx, which no node has",
                   u->path, (unsigned long long)sig);
}

static uint32_t at_most(uint32_t v, uint32_t most)
{
    return v < most ? v : most;
}

static int take_new_edges(struct apply *a, const struct unit *u, const struct live_file_range *r)
{
    uint32_t first = a->s->changes.len;
    prefetch_ends(a->g, u);
    for (uint32_t i = 0; i < u->n_edges; i++) {
        const struct unit_edge *e = &u->edges[i];
        struct live_change c = {.kind = e->kind, .add = true};
        c.from = idmap_find(&a->g->by_sig, e->from, NULL, NULL);
        c.to = idmap_find(&a->g->by_sig, e->to, NULL, NULL);
        if (c.from == ID_NONE || c.to == ID_NONE)
            return no_end(a, u, c.from == ID_NONE ? e->from : e->to);
        c.site.layer = e->layer & 3u;
        c.site.col = at_most(e->col, (1u << 15) - 1) & 0x7fffu;
        c.site.line = at_most(e->line, (1u << 24) - 1) & 0xffffffu;
        c.site.file = r->id & (LIVE_FILES_MAX - 1);
        if (!vec_push(&a->s->changes, c))
            return no_memory(a->err);
    }
    prefetch_records(a->g, a->s->changes.at + first, u->n_edges);
    for (uint32_t i = 0; i < u->n_edges; i++) {
        const struct live_change *c = &a->s->changes.at[first + i];
        const struct live_node *from = newest_node(a->g, c->from);
        if (from == NULL || newest_node(a->g, c->to) == NULL)
            return no_end(a, u, from == NULL ? u->edges[i].from : u->edges[i].to);
        if (from->file != r->id && !vec_push(&a->s->foreign, c->from))
            return no_memory(a->err);
    }
    return PT_OK;
}

static int by_number(const void *x, const void *y)
{
    uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
    return a < b ? -1 : a > b;
}

static uint32_t unique(uint32_t *at, uint32_t n)
{
    uint32_t k = 0;
    if (n > 1)
        qsort(at, n, sizeof(*at), by_number);
    for (uint32_t i = 0; i < n; i++) {
        if (k == 0 || at[k - 1] != at[i])
            at[k++] = at[i];
    }
    return k;
}

static uint64_t site_number(const struct live_site *s)
{
    return (uint64_t)s->file << 39 | (uint64_t)s->line << 15 | s->col;
}

static int by_site(const void *x, const void *y)
{
    const struct live_site *a = x, *b = y;
    uint64_t m = site_number(a) << 2 | a->layer, n = site_number(b) << 2 | b->layer;
    return m < n ? -1 : m > n;
}

static int by_edge(const void *x, const void *y)
{
    const struct live_change *a = x, *b = y;
    if (a->from != b->from)
        return a->from < b->from ? -1 : 1;
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    if (a->to != b->to)
        return a->to < b->to ? -1 : 1;
    return 0;
}

/* The entry of an edge in the out list of a node as it was. */
struct old_edge {
    uint32_t value;
    uint8_t attr;
    bool there;
};

static struct old_edge find_edge(const struct live *g, uint32_t from, uint8_t kind, uint32_t to)
{
    struct old_edge old = {0};
    struct list_walk w;
    uint64_t key = (uint64_t)kind << 32 | to;
    if (!list_begin(&g->out, g->commit.generation - 1, from, &w))
        return old;
    do {
        uint32_t n = w.span.n, low = 0, high = n;
        uint64_t last = (uint64_t)seg_attr_kind(w.span.attrs[n - 1]) << 32 | w.span.targets[n - 1];
        if (last < key)
            continue;
        while (low < high) {
            uint32_t mid = low + (high - low) / 2;
            uint64_t at = (uint64_t)seg_attr_kind(w.span.attrs[mid]) << 32 | w.span.targets[mid];
            if (at < key)
                low = mid + 1;
            else
                high = mid;
        }
        if (w.span.targets[low] == to && seg_attr_kind(w.span.attrs[low]) == kind)
            old = (struct old_edge){w.span.values[low], w.span.attrs[low], true};
        break;
    } while (list_more(&w));
    return old;
}

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
        struct live_site s = {.layer = old->attr & 3u};
        s.file = (t != NULL ? t->file : 0) & (LIVE_FILES_MAX - 1);
        if (!is_marked(a->s, s.file) && !vec_push(&a->s->sites, s))
            a->g->commit.failed = true;
        return 1;
    }
    for (const struct live_site *s = space_at(&a->g->space, old->value);; s++) {
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

static bool is_implied(const struct apply *a, uint32_t to)
{
    const struct live_site *s = a->s->sites.at;
    const struct live_node *t = newest_node(a->g, to);
    return a->s->sites.len == 1 && s->line == 0 && s->col == 0 && t != NULL && s->file == t->file;
}

static void push_edit(struct apply *a, uint32_t from, uint32_t to, uint32_t value, uint8_t attr,
                      bool remove, bool turn)
{
    const struct list_edit out = {.target = to, .value = value, .attr = attr, .remove = remove};
    const struct live_edit in = {to, {.target = from, .attr = attr, .remove = remove}};
    if (!vec_push(&a->s->edits, out) || (turn && !vec_push(&a->s->turned, in)))
        a->g->commit.failed = true;
}

/* One edge, with the changes c[0 ... n - 1] of its sites. */
static void change_edge(struct apply *a, const struct live_change *c, uint32_t n)
{
    struct live_scratch *s = a->s;
    struct commit *commit = &a->g->commit;
    struct old_edge old = find_edge(a->g, c->from, c->kind, c->to);
    uint32_t had = keep_sites(a, &old, c->to), value = 0;
    uint8_t layer = LAYER_COUNT - 1;

    for (uint32_t i = 0; i < n; i++) {
        if (c[i].add && !vec_push(&s->sites, c[i].site))
            commit->failed = true;
    }
    sort_sites(s);
    size_t bytes = s->sites.len * sizeof(struct live_site);
    bool explicit = s->sites.len > 0 && !is_implied(a, c->to);
    for (uint32_t i = 0; i < s->sites.len; i++)
        layer = s->sites.at[i].layer < layer ? s->sites.at[i].layer : layer;
    uint8_t attr = seg_attr(c->kind, layer);
    if (old.there && old.value != 0 && explicit && had == s->sites.len &&
        memcmp(space_at(&a->g->space, old.value), s->sites.at, bytes) == 0)
        return; /* the surest layer is the same as well */
    if (old.there && old.value == 0 && s->sites.len > 0 && !explicit && old.attr == attr)
        return;
    if (old.there && old.value != 0)
        commit_gone_bare(commit, old.value, had * sizeof(struct live_site));
    if (s->sites.len == 0) {
        if (old.there)
            push_edit(a, c->from, c->to, 0, old.attr, true, true);
        return;
    }
    if (explicit) {
        value = commit_bare(commit, bytes);
        if (value == 0)
            return;
        memcpy(space_at(&a->g->space, value), s->sites.at, bytes);
    }
    push_edit(a, c->from, c->to, value, attr, false, !old.there || old.attr != attr);
}

static int by_owner(const void *x, const void *y)
{
    const struct live_edit *a = x, *b = y;
    unsigned j = seg_attr_kind(a->edit.attr), k = seg_attr_kind(b->edit.attr);
    if (a->owner != b->owner)
        return a->owner < b->owner ? -1 : 1;
    if (j != k)
        return j < k ? -1 : 1;
    return a->edit.target < b->edit.target ? -1 : a->edit.target > b->edit.target;
}

/* Edits of many lists, grouped by list. */
static void edit_lists(struct apply *a, struct lists *l, struct live_edit *e, uint32_t n)
{
    struct live_scratch *s = a->s;
    if (n > 1)
        qsort(e, n, sizeof(*e), by_owner);
    for (uint32_t i = 0; i < n; i++)
        list_prefetch_entry(l, e[i].owner);
    for (uint32_t i = 0; i < n; i++)
        list_prefetch(l, e[i].owner);
    for (uint32_t i = 0; i < n && !a->g->commit.failed;) {
        uint32_t owner = e[i].owner;
        vec_clear(&s->edits);
        for (; i < n && e[i].owner == owner; i++) {
            if (!vec_push(&s->edits, e[i].edit))
                a->g->commit.failed = true;
        }
        lists_edit(l, &a->g->commit, owner, s->edits.at, s->edits.len);
    }
}

static int change_edges(struct apply *a)
{
    struct live_scratch *s = a->s;
    const struct live_change *c = s->changes.at;
    uint32_t n = s->changes.len;

    if (n > 1)
        qsort(s->changes.at, n, sizeof(*c), by_edge);
    for (uint32_t i = 0; i < n && !a->g->commit.failed;) {
        uint32_t from = c[i].from;
        vec_clear(&s->edits);
        while (i < n && c[i].from == from) {
            uint32_t end = i + 1;
            while (end < n && by_edge(&c[i], &c[end]) == 0)
                end++;
            change_edge(a, &c[i], end - i);
            i = end;
        }
        lists_edit(&a->g->out, &a->g->commit, from, s->edits.at, s->edits.len);
    }
    edit_lists(a, &a->g->in, s->turned.at, s->turned.len);
    edit_lists(a, &a->g->names, s->naming.at, s->naming.len);
    return a->g->commit.failed ? no_memory(a->err) : PT_OK;
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
        const struct live_node *n = live_record(g, &g->node, id, g->commit.generation - 1);
        return err_set(a->err, PT_EINVAL,
                       "D4: %s is gone, and an edge of another file still has it "
                       "for an end",
                       n != NULL ? n->strings : "a node");
    }
    return PT_OK;
}

/* ---- files, again ---- */

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
        uint32_t n = unique(s->foreign.at + r->first_foreign, end - r->first_foreign);
        int rc = u->removed ? put_file(a, r->id, u->path, NULL, NULL, 0, NULL, 0)
                            : put_file(a, r->id, u->path, u, s->nodes.at + r->first_node,
                                       u->n_nodes, s->foreign.at + r->first_foreign, n);
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

static int apply(struct apply *a)
{
    int rc = begin(a);
    for (uint32_t i = 0; rc == PT_OK && i < a->d->units.len; i++) {
        if (!a->d->units.at[i].removed)
            rc = put_nodes(a, &a->d->units.at[i], &a->s->files.at[i]);
    }
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
    return rc == PT_OK ? put_files(a) : rc;
}

int live_prepare(struct live *g, const struct delta *d, struct err *err)
{
    struct apply a = {g, g->scratch, d, err};
    int rc = delta_check(d, err);
    if (rc != PT_OK)
        return rc;
    if (g->generation == UINT32_MAX - 1)
        return err_set(err, PT_ELIMIT, "so many commits want the graph to be opened anew");
    commit_start(&g->commit, g->generation + 1);
    rc = apply(&a);
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
    pins_publish(&g->pins, ++g->generation);
    (void)commit_finish(&g->commit);
    uint32_t oldest = pins_oldest(&g->pins);
    (void)space_reclaim(&g->space, oldest, most);
    idmap_reclaim(&g->by_sig, oldest);
    idmap_reclaim(&g->by_path, oldest);
    idmap_reclaim(&g->by_name, oldest);
}

int live_apply(struct live *g, const struct delta *d, struct err *err)
{
    int rc = live_prepare(g, d, err);
    if (rc == PT_OK)
        live_publish(g);
    return rc;
}
