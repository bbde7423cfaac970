#include "graph/build.h"

#include "base/mem.h"
#include "base/sort.h"

#include <string.h>

/* Nodes that share one bucket of sig_dir, on average. */
#define NODES_PER_BUCKET 4

int build_no_memory(struct build *b, const char *what)
{
    return err_set(b->err, PT_ENOMEM, "no memory for the graph's %s", what);
}

int build_alloc_(struct build *b, enum seg_section section, size_t size, void **ret_column,
                 const void **ret_field)
{
    /* Zeroed, so that what no field covers is the same in every segment. */
    void *p = mem_calloc(segment_section_len(b->out, section), size);

    if (p == NULL)
        return build_no_memory(b, "sections");
    *ret_column = p;
    *ret_field = p;
    return 0;
}

/* ---- files ---- */

static const char *old_path(const struct build *b, uint32_t file)
{
    return b->old->strings + b->old->files[file].path;
}

static void add_source(struct build *b, uint32_t old, uint32_t unit, uint64_t *n_nodes)
{
    b->sources[b->out->n_files++] = (struct source){.old = old, .unit = unit};
    *n_nodes += old != NODE_NONE ? b->old->files[old].count : b->delta->units.at[unit].n_nodes;
}

/* Merges the old files and the units, both sorted by path. */
static int plan_files(struct build *b)
{
    uint32_t n_old = b->old->n_files, n_units = b->delta->units.len;
    uint64_t n_nodes = 0;

    b->sources = mem_reallocarray(NULL, (size_t)n_old + n_units, sizeof(*b->sources));
    b->file_map = mem_reallocarray(NULL, n_old, sizeof(*b->file_map));
    if (b->sources == NULL || b->file_map == NULL)
        return build_no_memory(b, "files");

    for (uint32_t o = 0, u = 0; o < n_old || u < n_units;) {
        const struct unit *unit = u < n_units ? &b->delta->units.at[u] : NULL;
        int c = o == n_old ? 1 : unit == NULL ? -1 : strcmp(old_path(b, o), unit->path);

        if (c <= 0)
            b->file_map[o] = c < 0 ? b->out->n_files : NODE_NONE;
        if (c < 0)
            add_source(b, o, NODE_NONE, &n_nodes);
        else if (unit != NULL && !unit->removed)
            add_source(b, NODE_NONE, u, &n_nodes);
        o += c <= 0;
        u += c >= 0;
    }
    if (b->out->n_files > SITE_FILES_MAX)
        return err_set(b->err, PT_ELIMIT, "%u files; a graph holds %u", b->out->n_files,
                       SITE_FILES_MAX);
    if (n_nodes > SEG_NODES_MAX)
        return err_set(b->err, PT_ELIMIT, "%llu nodes; a graph holds %u",
                       (unsigned long long)n_nodes, SEG_NODES_MAX);
    b->out->n_nodes = (uint32_t)n_nodes;
    return 0;
}

static uint32_t count_docs(const struct build *b)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < b->out->n_files; i++) {
        const struct source *from = &b->sources[i];

        if (from->old != NODE_NONE) {
            const struct seg_file *f = &b->old->files[from->old];
            for (uint32_t k = 0; k < f->count; k++)
                n += b->old->nodes[f->first + k].has_doc;
        } else {
            const struct unit *u = &b->delta->units.at[from->unit];
            for (uint32_t k = 0; k < u->n_nodes; k++)
                n += u->nodes[k].doc_end != u->nodes[k].doc_start;
        }
    }
    return n;
}

static struct unit kept_file(const struct segment *old, uint32_t index)
{
    const struct seg_file *f = &old->files[index];
    struct unit u = {
        .path = old->strings + f->path,
        .lang = old->strings + f->lang,
        .content = f->content,
        .size = f->size,
        .mtime_ns = f->mtime_ns,
        .ctime_ns = f->ctime_ns,
        .ino = f->ino,
        .lines = f->lines,
        .facts_flags = f->facts_flags,
        .error_line = f->error_line,
        .n_nodes = f->count,
    };

    memcpy(u.refs_by_layer, f->refs_by_layer, sizeof(u.refs_by_layer));
    memcpy(u.unresolved, f->unresolved, sizeof(u.unresolved));
    return u;
}

static int put_string(struct build *b, const char *s, uint32_t *ret)
{
    return strtab_put(&b->strings, s, strlen(s), ret, b->err);
}

static int fill_file(struct build *b, uint32_t index, const struct unit *u, uint32_t first)
{
    struct seg_file *f = &b->col.files[index];

    f->content = u->content;
    f->size = u->size;
    f->mtime_ns = u->mtime_ns;
    f->ctime_ns = u->ctime_ns;
    f->ino = u->ino;
    f->first = first;
    f->count = u->n_nodes;
    f->lines = u->lines;
    f->facts_flags = u->facts_flags;
    f->error_line = u->error_line;
    memcpy(f->refs_by_layer, u->refs_by_layer, sizeof(f->refs_by_layer));
    memcpy(f->unresolved, u->unresolved, sizeof(f->unresolved));

    int rc = put_string(b, u->path, &f->path);
    return rc != 0 ? rc : put_string(b, u->lang, &f->lang);
}

/* ---- nodes ---- */

/* The k-th node of a file of the old segment, as its unit had it. */
static struct unit_node kept_node(const struct segment *old, uint32_t first, uint32_t k)
{
    const struct seg_node *n = &old->nodes[first + k];
    struct unit_node ret = {
        .sig = n->sig,
        .parent = k == 0 ? 0 : n->parent - first,
        .name = old->strings + n->name,
        .qualified = old->strings + n->qualified,
        .signature = old->strings + n->signature,
        .line = n->line,
        .end_line = n->end_line,
        .start = n->start,
        .end = n->end,
        .flags = n->flags,
        .kind = n->kind,
    };

    if (n->has_doc) {
        const struct seg_doc *doc = segment_doc(old, first + k);
        ret.doc_start = doc->start;
        ret.doc_end = doc->end;
    }
    return ret;
}

static int fill_node(struct build *b, uint32_t file, uint32_t first, uint32_t k,
                     const struct unit_node *from)
{
    struct seg_node *n = &b->col.nodes[first + k];
    int rc = put_string(b, from->qualified, &n->qualified);

    if (rc == 0)
        rc = put_string(b, from->signature, &n->signature);
    if (rc != 0)
        return rc;
    n->sig = from->sig;
    n->parent = k == 0 ? NODE_NONE : first + from->parent;
    n->file = file;
    n->line = from->line;
    n->end_line = from->end_line;
    n->start = from->start;
    n->end = from->end;
    n->flags = from->flags;
    n->kind = from->kind;
    n->has_doc = from->doc_end != from->doc_start;
    if (n->has_doc)
        b->col.docs[b->out->n_docs++] = (struct seg_doc){first + k, from->doc_start, from->doc_end};
    return build_name(b, first + k, from->name);
}

static int fill_files_and_nodes(struct build *b)
{
    uint32_t first = 0;
    int rc = 0;

    b->out->n_docs = count_docs(b);
    if ((rc = BUILD_ALLOC(b, FILES, files)) != 0 || (rc = BUILD_ALLOC(b, NODES, nodes)) != 0 ||
        (rc = BUILD_ALLOC(b, DOCS, docs)) != 0)
        return rc;
    b->out->n_docs = 0; /* counts them again, as they are filled */

    for (uint32_t i = 0; i < b->out->n_files && rc == 0; i++) {
        uint32_t old = b->sources[i].old;
        const struct unit u =
            old != NODE_NONE ? kept_file(b->old, old) : b->delta->units.at[b->sources[i].unit];

        rc = fill_file(b, i, &u, first);
        for (uint32_t k = 0; k < u.n_nodes && rc == 0; k++) {
            const struct unit_node n =
                old != NODE_NONE ? kept_node(b->old, b->old->files[old].first, k) : u.nodes[k];
            rc = fill_node(b, i, first, k, &n);
        }
        first += u.n_nodes;
    }
    return rc;
}

/* ---- sig hashes ---- */

static const struct seg_node *by_sig_of(const uint32_t *id, const void *nodes)
{
    return (const struct seg_node *)nodes + *id;
}

static int cmp_sig(const void *a, const void *b, void *nodes)
{
    uint64_t x = by_sig_of(a, nodes)->sig, y = by_sig_of(b, nodes)->sig;
    return x < y ? -1 : x > y;
}

/* Sorts ids by sig hash: by its upper half in linear time, and what shares that by comparing. */
static int sort_by_sig(struct build *b, uint32_t *ids, uint32_t n)
{
    struct seg_node *nodes = b->col.nodes;
    uint64_t *keys = mem_reallocarray(NULL, n, sizeof(*keys));
    bool sorted = keys != NULL;

    for (uint32_t i = 0; i < n && sorted; i++)
        keys[i] = (nodes[i].sig >> 32) << 32 | i;
    sorted = sorted && sort_u64(keys, n);
    for (uint32_t i = 0; i < n && sorted; i++)
        ids[i] = (uint32_t)keys[i];
    mem_free(keys);
    if (!sorted)
        return build_no_memory(b, "sig hashes");

    for (uint32_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && nodes[ids[end]].sig >> 32 == nodes[ids[i]].sig >> 32; end++)
            ;
        sort_r(ids + i, end - i, sizeof(*ids), cmp_sig, nodes);
    }
    return 0;
}

static int same_sig(struct build *b, uint32_t x, uint32_t y)
{
    const struct seg_node *m = &b->col.nodes[x < y ? x : y], *n = &b->col.nodes[x < y ? y : x];
    const char *strings = b->strings.p;

    return err_set(b->err, PT_EINVAL,
                   "D3: %s (%s:%u) and %s (%s:%u) have the same sig hash %016llx",
                   strings + m->qualified, strings + b->col.files[m->file].path, m->line,
                   strings + n->qualified, strings + b->col.files[n->file].path, n->line,
                   (unsigned long long)m->sig);
}

static int index_sigs(struct build *b)
{
    struct segment *out = b->out;
    int rc;

    out->n_buckets = out->n_nodes / NODES_PER_BUCKET + 1;
    if ((rc = BUILD_ALLOC(b, SIG_DIR, sig_dir)) != 0 ||
        (rc = BUILD_ALLOC(b, BY_SIG, by_sig)) != 0 ||
        (rc = sort_by_sig(b, b->col.by_sig, out->n_nodes)) != 0)
        return rc;

    for (uint32_t i = 0; i < out->n_nodes; i++) {
        uint64_t sig = out->nodes[out->by_sig[i]].sig;

        if (i > 0 && out->nodes[out->by_sig[i - 1]].sig == sig)
            return same_sig(b, out->by_sig[i - 1], out->by_sig[i]);
        b->col.sig_dir[segment_bucket(out, sig) + 1]++;
    }
    for (uint32_t i = 0; i < out->n_buckets; i++)
        b->col.sig_dir[i + 1] += b->col.sig_dir[i];
    return 0;
}

/* Where the old nodes are now: shifted with their file, or found again by their sig hash. */
static int map_old_nodes(struct build *b)
{
    const struct segment *old = b->old;

    b->node_map = mem_reallocarray(NULL, old->n_nodes, sizeof(*b->node_map));
    if (b->node_map == NULL)
        return build_no_memory(b, "nodes");
    for (uint32_t id = 0; id < old->n_nodes; id++) {
        const struct seg_node *n = &old->nodes[id];
        uint32_t file = b->file_map[n->file];

        b->node_map[id] = file == NODE_NONE
                              ? segment_find_sig(b->out, n->sig)
                              : b->out->files[file].first + (id - old->files[n->file].first);
    }
    return 0;
}

static int run_steps(struct build *b)
{
    int rc;

    if ((rc = delta_check(b->delta, b->err)) != 0 || (rc = strtab_init(&b->strings, b->err)) != 0 ||
        (rc = plan_files(b)) != 0 || (rc = fill_files_and_nodes(b)) != 0 ||
        (rc = index_sigs(b)) != 0 || (rc = map_old_nodes(b)) != 0 || (rc = build_edges(b)) != 0 ||
        (rc = build_names(b)) != 0)
        return rc;
    b->out->strings = strtab_steal(&b->strings, &b->out->n_strings);
    return 0;
}

int segment_build(const struct segment *old, const struct delta *delta, struct segment *ret,
                  struct err *err)
{
    static const struct segment nothing;
    struct segment out = {.owned = true};
    struct build b = {.delta = delta, .out = &out, .err = err};
    int rc;

    b.old = old != NULL && !delta->replace_all ? old : &nothing;
    rc = run_steps(&b);

    mem_free(b.sources);
    mem_free(b.file_map);
    mem_free(b.node_map);
    strtab_release(&b.strings);
    strset_release(&b.name_set);
    vec_release(&b.name_at);
    if (rc != 0)
        segment_release(&out);
    else
        *ret = out;
    return rc;
}
