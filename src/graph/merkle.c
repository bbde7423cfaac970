#include "graph/merkle.h"

#include "base/codec.h"
#include "base/vec.h"
#include "graph/view.h"

#include <string.h>

/* ---- leaves ---- */

/* What is hashed is gathered first: most of it comes in pieces that cost less than handing them to
 * the hasher does. */
struct gather {
    struct hasher h;
    size_t n;
    unsigned char bytes[2048];
};

static void flush(struct gather *g)
{
    hasher_add(&g->h, g->bytes, g->n);
    g->n = 0;
}

static void add(struct gather *g, const void *p, size_t n)
{
    if (n > sizeof(g->bytes) - g->n)
        flush(g);
    if (n > sizeof(g->bytes)) {
        hasher_add(&g->h, p, n);
        return;
    }
    memcpy(g->bytes + g->n, p, n);
    g->n += n;
}

static void add_u64(struct gather *g, uint64_t v)
{
    uint8_t bytes[8];

    codec_put64(bytes, v);
    add(g, bytes, sizeof(bytes));
}

/* With its NUL: no two lists of strings give the same bytes. */
static void add_text(struct gather *g, const char *s)
{
    add(g, s, strlen(s) + 1);
}

static void add_file(struct gather *g, const struct unit *u)
{
    add_text(g, u->path);
    add_text(g, u->lang);
    add_u64(g, u->content.lo);
    add_u64(g, u->content.hi);
    add_u64(g, u->size);
    add_u64(g, (uint64_t)u->lines << 32 | u->facts_flags);
    add_u64(g, u->error_line);
    add(g, u->refs_by_layer, sizeof(u->refs_by_layer));
    add(g, u->unresolved, sizeof(u->unresolved));
    add_u64(g, (uint64_t)u->n_nodes << 32 | u->n_edges);
}

static void add_node(struct gather *g, const struct unit_node *n)
{
    const uint32_t numbers[] = {
        n->parent, n->line,      n->end_line, n->start,
        n->end,    n->doc_start, n->doc_end,  (uint32_t)n->flags << 8 | (uint32_t)n->kind};
    add_u64(g, n->sig);
    add(g, numbers, sizeof(numbers));
    add_text(g, n->name);
    add_text(g, n->qualified);
    add_text(g, n->signature);
}

static void add_edge(struct gather *g, const struct unit_edge *e)
{
    const uint64_t numbers[] = {e->from, e->to,
                                (uint64_t)e->line << 32 | (uint64_t)e->col << 16 |
                                    (uint64_t)e->kind << 8 | e->layer};
    add(g, numbers, sizeof(numbers));
}

struct hash128 merkle_leaf(const struct unit *u)
{
    struct gather g;

    hasher_init(&g.h);
    g.n = 0;
    add_file(&g, u);
    for (uint32_t i = 0; i < u->n_nodes; i++)
        add_node(&g, &u->nodes[i]);
    for (uint32_t i = 0; i < u->n_edges; i++)
        add_edge(&g, &u->edges[i]);
    flush(&g);
    return hasher_u128(&g.h);
}

/* ---- folders ---- */

/* A folder that is being gone through. Its entries come in the order of the paths of their files,
 * in which what lies in one folder is together. */
struct folder {
    size_t name, n; /* in the path: where its name begins, and where what is in it does */
    uint32_t entries;
    struct hash128 sum; /* of the entries so far */
};

struct tree {
    VEC(struct folder) open; /* from the root down */
    const char *path;        /* of the file before */
};

static void add_entry(struct folder *to, const char *name, size_t n, struct hash128 sum)
{
    const uint64_t numbers[] = {to->sum.lo, to->sum.hi, to->entries, n, sum.lo, sum.hi};
    struct hasher h;

    hasher_init(&h);
    hasher_add(&h, numbers, sizeof(numbers));
    hasher_add(&h, name, n);
    to->sum = hasher_u128(&h);
    to->entries++;
}

/* Closes folders until the path lies in the innermost one. */
static void close_folders(struct tree *t, const char *path)
{
    while (t->open.len > 1) {
        struct folder f = vec_last(&t->open);
        if (path != NULL && strncmp(path, t->path, f.n) == 0)
            return;
        (void)vec_pop(&t->open);
        add_entry(&vec_last(&t->open), t->path + f.name, f.n - f.name, f.sum);
    }
}

static bool add_leaf(struct tree *t, const char *path, struct hash128 leaf)
{
    close_folders(t, path);
    size_t at = vec_last(&t->open).n;
    for (const char *slash; (slash = strchr(path + at, '/')) != NULL;) {
        const struct folder f = {.name = at, .n = (size_t)(slash - path) + 1};
        if (!vec_push(&t->open, f))
            return false;
        at = f.n;
    }
    add_entry(&vec_last(&t->open), path + at, strlen(path + at), leaf);
    t->path = path;
    return true;
}

bool view_root(const struct view *v, struct hash128 *ret)
{
    const struct folder root = {0};
    struct tree t = {0};
    struct ids files = {0};
    bool ok = view_files(v, &files) && vec_push(&t.open, root);

    for (uint32_t i = 0; ok && i < files.len; i++) {
        const struct live_file *f = live_file(v, files.at[i]);
        ok = add_leaf(&t, live_path(f), f->leaf);
    }
    if (ok) {
        close_folders(&t, NULL);
        *ret = t.open.at[0].sum;
    }
    vec_release(&t.open);
    vec_release(&files);
    return ok;
}
