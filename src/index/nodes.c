#include "index/nodes.h"

#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"

#include <string.h>

#define MAX_QUALIFIED 2000u

struct naming {
    const struct pfile *f;
    struct arena *arena;
    struct unit_node *nodes;
    struct buf text;
    struct map twins; /* hash without the ordinal -> how many so far */
};

/* A def without a name is called after its kind and its place among its siblings. */
static const char *anonymous_name(struct naming *n, uint32_t def, uint32_t *ordinals)
{
    const struct def *d = &n->f->facts->defs[def];
    return arena_printf(n->arena, "<%s %u>", node_kind_name(d->kind), ++ordinals[d->parent]);
}

static const char *file_name(struct naming *n)
{
    const char *slash = strrchr(n->f->path, '/');
    return arena_strdup(n->arena, slash != NULL ? slash + 1 : n->f->path);
}

/* Parent's qualified name + separator + own name; cut when absurdly deep. */
static const char *qualified_name(struct naming *n, uint32_t def)
{
    const struct def *d = &n->f->facts->defs[def];
    const struct unit_node *parent = &n->nodes[d->parent];
    const char *sep = d->parent == 0 ? n->f->lang->module_separator : n->f->lang->separator;
    if (parent->qualified[0] == '\0')
        sep = "";
    buf_reset(&n->text);
    buf_str(&n->text, parent->qualified);
    if (n->text.n < MAX_QUALIFIED) {
        buf_str(&n->text, sep);
        buf_str(&n->text, n->nodes[def].name);
    }
    return n->text.failed ? NULL : arena_strndup(n->arena, n->text.p, n->text.n);
}

static bool sig_hash(struct naming *n, uint32_t def)
{
    struct unit_node *node = &n->nodes[def];
    struct hasher h;
    hasher_init(&h);
    const char *parts[] = {n->f->lang->name, node_kind_name(node->kind), node->qualified,
                           n->f->path, node->signature};
    for (unsigned i = 0; i < sizeof(parts) / sizeof(*parts); i++)
        hasher_add(&h, parts[i], strlen(parts[i]) + 1);
    bool fresh = false;
    uint32_t *count = map_put(&n->twins, hasher_u64(&h), 0, &fresh);
    if (count == NULL)
        return false;
    hasher_add_u64(&h, (*count)++);
    node->sig = hasher_u64(&h);
    return true;
}

static bool fill_node(struct naming *n, uint32_t def, uint32_t *ordinals)
{
    const struct facts *f = n->f->facts;
    const struct def *d = &f->defs[def];
    struct unit_node *node = &n->nodes[def];

    node->parent = d->parent;
    node->line = d->line;
    node->end_line = d->end_line;
    node->start = d->start;
    node->end = d->end;
    node->doc_start = d->doc_start;
    node->doc_end = d->doc_end;
    node->flags = d->flags;
    node->kind = d->kind;
    node->signature = arena_strdup(n->arena, facts_str(f, d->sig));
    if (def == 0) {
        node->name = file_name(n);
        node->qualified = arena_strdup(n->arena, n->f->module);
        node->end_line = f->lines > 0 ? f->lines : 1;
    } else {
        node->name = d->name != 0 ? arena_strdup(n->arena, facts_str(f, d->name))
                                  : anonymous_name(n, def, ordinals);
        node->qualified = node->name != NULL ? qualified_name(n, def) : NULL;
    }
    return node->name != NULL && node->qualified != NULL && node->signature != NULL &&
           sig_hash(n, def);
}

int nodes_of_file(struct program *p, uint32_t file, struct arena *arena, struct unit *ret,
                  struct err *err)
{
    struct pfile *f = &p->files.at[file];
    struct naming n = {.f = f, .arena = arena};
    uint32_t count = f->facts->n_defs;
    uint32_t *ordinals = arena_calloc(arena, count, sizeof(*ordinals));

    n.nodes = arena_calloc(arena, count, sizeof(*n.nodes));
    if (f->sigs == NULL)
        f->sigs = mem_calloc(count, sizeof(*f->sigs));
    bool ok = n.nodes != NULL && ordinals != NULL && f->sigs != NULL;
    for (uint32_t i = 0; ok && i < count; i++) {
        ok = fill_node(&n, i, ordinals);
        f->sigs[i] = n.nodes[i].sig;
    }
    buf_release(&n.text);
    map_release(&n.twins);
    if (!ok)
        return err_set(err, PT_ENOMEM, "out of memory for the nodes of %s", f->path);
    ret->path = f->path;
    ret->lang = f->lang->name;
    ret->content = f->facts->content;
    ret->lines = f->facts->lines;
    ret->facts_flags = f->facts->flags;
    ret->error_line = f->facts->error_line;
    ret->nodes = n.nodes;
    ret->n_nodes = count;
    return PT_OK;
}
