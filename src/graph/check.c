/* S3 to S10 of segment.h: after this, readers may trust every number of a segment. One pass over
 * each section, in the order in which the checks rely on each other. */
#include "graph/segment.h"

#include <assert.h>
#include <string.h>

_Static_assert(LAYER_COUNT == 4, "any two bits are a layer");

static int broken(struct err *err, const char *what, size_t index)
{
    return err_set(err, PT_ECORRUPT, "%s (number %zu)", what, index);
}

static int check_files(const struct segment *s, struct err *err)
{
    uint32_t next = 0;

    if (s->strings[0] != '\0' || s->strings[s->n_strings - 1] != '\0')
        return err_set(err, PT_ECORRUPT, "S3: the strings do not begin and end with NUL");
    for (uint32_t i = 0; i < s->n_files; i++) {
        const struct seg_file *f = &s->files[i];

        if (f->path >= s->n_strings || f->lang >= s->n_strings)
            return broken(err, "S3: string of a file", i);
        if (i > 0 && strcmp(s->strings + f[-1].path, s->strings + f->path) >= 0)
            return broken(err, "S4: order of files", i);
        if (f->first != next || f->count == 0 || f->count > s->n_nodes - next)
            return broken(err, "S4: nodes of a file", i);
        next += f->count;
    }
    return next == s->n_nodes ? 0 : broken(err, "S4: nodes of no file", next);
}

static bool node_is_valid(const struct segment *s, const struct seg_file *f, uint32_t id)
{
    const struct seg_node *n = &s->nodes[id];

    if (n->kind >= NODE_KIND_COUNT || n->has_doc > 1 || n->file != (uint32_t)(f - s->files))
        return false;
    return id == f->first ? n->kind == NODE_FILE && n->parent == NODE_NONE
                          : n->parent >= f->first && n->parent < id;
}

static int check_nodes(const struct segment *s, struct err *err)
{
    uint32_t docs = 0;

    for (uint32_t i = 0; i < s->n_files; i++) {
        const struct seg_file *f = &s->files[i];

        for (uint32_t id = f->first; id - f->first < f->count; id++) {
            const struct seg_node *n = &s->nodes[id];

            if (n->name >= s->n_strings || n->qualified >= s->n_strings ||
                n->signature >= s->n_strings)
                return broken(err, "S3: string of a node", id);
            if (!node_is_valid(s, f, id))
                return broken(err, "S5: node", id);
            if (n->has_doc && (docs == s->n_docs || s->docs[docs++].node != id))
                return broken(err, "S5: documentation of node", id);
        }
    }
    return docs == s->n_docs ? 0 : broken(err, "S5: documentation of no node", docs);
}

static int check_sigs(const struct segment *s, struct err *err)
{
    uint32_t bucket = 0; /* all up to this one have begun */

    if (s->sig_dir[0] != 0 || s->sig_dir[s->n_buckets] != s->n_nodes)
        return err_set(err, PT_ECORRUPT, "S6: directory of sig hashes");
    for (uint32_t i = 0; i < s->n_nodes; i++) {
        if (s->by_sig[i] >= s->n_nodes)
            return broken(err, "S6: index of sig hashes", i);
        uint64_t sig = s->nodes[s->by_sig[i]].sig;
        if (i > 0 && s->nodes[s->by_sig[i - 1]].sig >= sig)
            return broken(err, "S6: order of sig hashes", i);
        for (uint32_t b = segment_bucket(s, sig); bucket < b;)
            if (s->sig_dir[++bucket] != i)
                return broken(err, "S6: directory of sig hashes", bucket);
    }
    while (bucket < s->n_buckets)
        if (s->sig_dir[++bucket] != s->n_nodes)
            return broken(err, "S6: directory of sig hashes", bucket);
    return 0;
}

/* Do n + 1 starts ascend from 0 to `total`? */
static bool starts_are_valid(const uint32_t *start, uint32_t n, uint32_t total)
{
    bool ascend = true;

    for (uint32_t i = 0; i < n; i++)
        ascend &= start[i] <= start[i + 1];
    return ascend && start[0] == 0 && start[n] == total;
}

/* The order of an edge list. */
static uint64_t edge_key(uint8_t attr, uint32_t node)
{
    return (uint64_t)seg_attr_kind(attr) << 32 | node;
}

static bool list_is_valid(const struct segment *s, const uint32_t *nodes, const uint8_t *attrs,
                          uint32_t begin, uint32_t end)
{
    for (uint32_t i = begin; i < end; i++) {
        if (nodes[i] >= s->n_nodes || seg_attr_kind(attrs[i]) >= EDGE_KIND_COUNT)
            return false;
        if (i > begin && edge_key(attrs[i - 1], nodes[i - 1]) >= edge_key(attrs[i], nodes[i]))
            return false;
    }
    return true;
}

/* S8, of one list of the direction in. As no list holds anything twice and both directions have as
 * many edges, that each has its twin is enough. */
static bool list_is_mirrored(const struct segment *s, uint32_t id)
{
    for (uint32_t i = s->in_start[id]; i < s->in_start[id + 1]; i++) {
        uint32_t edge = s->in_edge[i], from = s->in_node[i];

        if (edge >= s->n_edges || s->out_node[edge] != id || s->out_attr[edge] != s->in_attr[i] ||
            edge < s->out_start[from] || edge >= s->out_start[from + 1])
            return false;
    }
    return true;
}

static int check_edges(const struct segment *s, struct err *err)
{
    if (!starts_are_valid(s->out_start, s->n_nodes, s->n_edges) ||
        !starts_are_valid(s->in_start, s->n_nodes, s->n_edges))
        return err_set(err, PT_ECORRUPT, "S7: the starts of the lists of edges do not ascend");
    for (uint32_t id = 0; id < s->n_nodes; id++)
        if (!list_is_valid(s, s->out_node, s->out_attr, s->out_start[id], s->out_start[id + 1]) ||
            !list_is_valid(s, s->in_node, s->in_attr, s->in_start[id], s->in_start[id + 1]))
            return broken(err, "S7: list of edges of node", id);
    for (uint32_t id = 0; id < s->n_nodes; id++)
        if (!list_is_mirrored(s, id))
            return broken(err, "S8: edges that end at node", id);
    return 0;
}

static uint64_t site_key(struct site site)
{
    return (uint64_t)(site.line != 0) << 62 | (uint64_t)site.file << 40 |
           (uint64_t)site.line << 16 | site.col;
}

static bool sites_are_valid(const struct segment *s, uint32_t edge)
{
    const struct site *site = s->sites + s->site_start[edge];
    uint32_t n = s->site_start[edge + 1] - s->site_start[edge];
    unsigned layer = LAYER_COUNT;

    for (uint32_t i = 0; i < n; i++) {
        if (site[i].file >= s->n_files || (site[i].line == 0 && site[i].col != 0))
            return false;
        if (i > 0 && site_key(site[i - 1]) >= site_key(site[i]))
            return false;
        if (site[i].layer < layer)
            layer = site[i].layer;
    }
    if (n == 1 && site[0].line == 0 && site[0].file == s->nodes[s->out_node[edge]].file)
        return false;
    return n == 0 || layer == seg_attr_layer(s->out_attr[edge]);
}

static int check_sites(const struct segment *s, struct err *err)
{
    if (!starts_are_valid(s->site_start, s->n_edges, s->n_sites))
        return err_set(err, PT_ECORRUPT, "S9: the starts of sites do not ascend");
    for (uint32_t edge = 0; edge < s->n_edges; edge++)
        if (!sites_are_valid(s, edge))
            return broken(err, "S9: sites of edge", edge);
    return 0;
}

static int check_names(const struct segment *s, struct err *err)
{
    const struct seg_name *names = s->names;

    if (names[0].first != 0 || names[s->n_names].first != s->n_nodes || names[s->n_names].name != 0)
        return err_set(err, PT_ECORRUPT, "S10: postings of names");
    for (uint32_t i = 0; i < s->n_names; i++) {
        if (names[i].name >= s->n_strings)
            return broken(err, "S3: name", i);
        if (i > 0 && strcmp(s->strings + names[i - 1].name, s->strings + names[i].name) >= 0)
            return broken(err, "S10: order of names", i);
        if (names[i].first >= names[i + 1].first || names[i + 1].first > s->n_nodes)
            return broken(err, "S10: postings of name", i);
        for (uint32_t k = names[i].first; k < names[i + 1].first; k++) {
            uint32_t id = s->postings[k];

            if (id >= s->n_nodes || s->nodes[id].name != names[i].name ||
                (k > names[i].first && s->postings[k - 1] >= id))
                return broken(err, "S10: postings of name", i);
        }
    }
    return 0;
}

int segment_check(const struct segment *s, struct err *err)
{
    static int (*const checks[])(const struct segment *, struct err *) = {
        check_files, check_nodes, check_sigs, check_edges, check_sites, check_names,
    };
    int rc = 0;

    for (size_t i = 0; i < PT_COUNT(checks) && rc == 0; i++)
        rc = checks[i](s, err);
    return rc;
}
