#include "server/counts.h"

#include <string.h>

/* "files": {"total": 12, "by_language": {"c": 10, "python": 2}} */
static void add_files(struct answer *a, const struct view *v)
{
    const char *names[64];
    uint32_t numbers[64], n = 0;
    for (uint32_t i = 0; i < view_file_limit(v); i++) {
        if (!view_has_file(v, i))
            continue;
        const char *lang = view_file(v, i).lang;
        uint32_t k = 0;
        while (k < n && strcmp(names[k], lang) != 0)
            k++;
        if (k == PT_COUNT(names))
            continue;
        if (k == n) {
            names[n] = lang;
            numbers[n++] = 0;
        }
        numbers[k]++;
    }
    struct value *files = answer_object(a, a->root, "files");
    (void)answer_uint(a, files, "total", view_file_count(v));
    struct value *by = answer_object(a, files, "by_language");
    while (n > 0) {
        uint32_t best = 0;
        for (uint32_t k = 1; k < n; k++) {
            if (numbers[k] > numbers[best] ||
                (numbers[k] == numbers[best] && strcmp(names[k], names[best]) < 0))
                best = k;
        }
        char *key = arena_strdup(&a->arena, names[best]);
        (void)answer_uint(a, by, key != NULL ? key : "?", numbers[best]);
        names[best] = names[--n];
        numbers[best] = numbers[n];
    }
}

static void add_graph(struct answer *a, const struct live_totals *t)
{
    struct value *nodes = answer_object(a, a->root, "nodes");
    (void)answer_uint(a, nodes, "total", t->n_nodes);
    struct value *by = answer_object(a, nodes, "by_kind");
    for (unsigned k = 0; k < NODE_KIND_COUNT; k++) {
        if (t->nodes[k] != 0)
            (void)value_label(answer_uint(a, by, node_kind_name((enum node_kind)k), t->nodes[k]),
                              t->nodes[k] == 1 ? node_kind_name((enum node_kind)k)
                                               : node_kind_plural((enum node_kind)k));
    }
    struct value *edges = answer_object(a, a->root, "edges");
    (void)answer_uint(a, edges, "total", t->n_edges);
    by = answer_object(a, edges, "by_kind");
    for (unsigned k = 0; k < EDGE_KIND_COUNT; k++) {
        if (t->edges[k] != 0)
            (void)answer_uint(a, by, edge_kind_name((enum edge_kind)k), t->edges[k]);
    }
}

static void add_references(struct answer *a, const struct live_totals *t)
{
    static const char *const reasons[] = {
        [UNRESOLVED_EXTERNAL] = "external",
        [UNRESOLVED_DYNAMIC] = "dynamic",
        [UNRESOLVED_UNKNOWN] = "unknown",
    };
    uint64_t resolved = 0, unresolved = 0;
    for (unsigned k = 0; k < LAYER_CANDIDATE; k++)
        resolved += t->refs_by_layer[k];
    for (unsigned k = 0; k < UNRESOLVED_COUNT; k++)
        unresolved += t->unresolved[k];

    struct value *refs = answer_object(a, a->root, "resolved");
    (void)answer_uint(a, refs, "total", resolved);
    struct value *by = answer_object(a, refs, "by_layer");
    for (unsigned k = 0; k < LAYER_CANDIDATE; k++)
        (void)answer_uint(a, by, layer_name((enum layer)k), t->refs_by_layer[k]);
    (void)value_label(answer_uint(a, a->root, "candidate_sets", t->refs_by_layer[LAYER_CANDIDATE]),
                      "candidate sets");
    struct value *not = answer_object(a, a->root, "unresolved");
    (void)answer_uint(a, not, "total", unresolved);
    by = answer_object(a, not, "by_reason");
    for (unsigned k = 0; k < UNRESOLVED_COUNT; k++)
        (void)answer_uint(a, by, reasons[k], t->unresolved[k]);
}

void counts_of_view(struct answer *a, const struct view *v)
{
    const struct live_totals *t = view_totals(v);
    add_files(a, v);
    (void)answer_uint(a, a->root, "lines", t->lines);
    struct value *bytes = value_label(answer_uint(a, a->root, "bytes", t->bytes), "source");
    if (bytes != NULL)
        bytes->role = ROLE_BYTES;
    add_graph(a, t);
    add_references(a, t);
}
