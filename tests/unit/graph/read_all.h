/*
 * Asks a view all that view.h offers, and aborts where answers do not fit
 * together. Without cmocka: threads and the fuzzer of images use it too.
 */
#ifndef PT_TESTS_UNIT_GRAPH_READ_ALL_H
#define PT_TESTS_UNIT_GRAPH_READ_ALL_H

#include "graph/merkle.h"
#include "graph/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Noreturn static inline void must_have(const char *what, const char *file, int line)
{
    (void)fprintf(stderr, "%s:%d: %s\n", file, line, what);
    abort();
}

#define must(ok) ((ok) ? (void)0 : must_have(#ok, __FILE__, __LINE__))

static inline void read_edges(const struct view *v, uint32_t id)
{
    const struct site *sites;
    struct edge_iter it;
    struct edge e;

    for (int in = 0; in < 2; in++) {
        uint64_t last = 0;
        view_edges(v, id, in, EDGE_ALL, &it);
        while (view_next(&it, &e)) {
            uint64_t at = ((uint64_t)e.kind << 32 | e.node) + 1;
            must(at > last && e.kind < EDGE_KIND_COUNT && e.layer < LAYER_COUNT);
            must(view_has_node(v, e.node)); /* no edge without its ends */
            last = at;
            uint32_t n = in ? view_sites(v, e.node, id, e.kind, &sites)
                            : view_sites(v, id, e.node, e.kind, &sites);
            for (uint32_t i = 0; i < n; i++)
                must(view_has_file(v, sites[i].file) && (sites[i].last == 1) == (i + 1 == n));
        }
    }
}

static inline void read_node(const struct view *v, uint32_t id)
{
    struct node n = view_node(v, id);
    uint32_t file = view_file_of(v, id);
    struct ids same = {0};

    must(view_has_node(v, id) && view_has_file(v, file) && n.kind < NODE_KIND_COUNT);
    must(view_find_sig(v, n.sig) == id);
    must(n.parent == NODE_NONE ||
         (view_has_node(v, n.parent) && view_file_of(v, n.parent) == file));
    struct buf text = {0};
    must(strlen(view_qualified(v, id, &text)) < SIZE_MAX && !text.failed);
    must(strlen(view_signature(v, id, &text)) < SIZE_MAX && !text.failed);
    buf_release(&text);
    must(view_named(v, n.name, strlen(n.name), &same) && same.len > 0);
    vec_release(&same);
    read_edges(v, id);
}

/* Each name once, in order, and all nodes bear one. */
static inline void read_names(const struct view *v)
{
    struct name_iter it;
    struct name name;
    struct ids ids = {0};
    const char *last = NULL;

    view_names(v, "", 0, &it);
    while (view_next_name(&it, &name)) {
        must(last == NULL || strcmp(last, name.text) < 0);
        last = name.text;
        must(view_bearers(v, name.id, &ids));
    }
    must(ids.len == view_node_count(v));
    vec_release(&ids);
}

static inline void read_all(const struct view *v)
{
    struct ids nodes = {0}, files = {0};
    struct hash128 root;

    must(view_nodes(v, &nodes) && view_files(v, &files) && view_root(v, &root));
    must(nodes.len == view_node_count(v) && files.len == view_file_count(v));
    for (uint32_t i = 0; i < nodes.len; i++) {
        must(i == 0 || view_before(v, nodes.at[i - 1], nodes.at[i]));
        read_node(v, nodes.at[i]);
    }
    for (uint32_t i = 0; i < files.len; i++) {
        struct view_file f = view_file(v, files.at[i]);
        must(view_find_file(v, f.path) == files.at[i] && f.n_nodes > 0);
        must(strlen(f.lang) < SIZE_MAX);
        for (uint32_t k = 0; k < f.n_nodes; k++)
            must(view_file_of(v, f.nodes[k]) == files.at[i]);
    }
    read_names(v);
    vec_release(&nodes);
    vec_release(&files);
}

static inline bool count_dump(void *total, const char *p, size_t n)
{
    *(size_t *)total += n + (p[0] == '\0');
    return true;
}

static inline void read_dump(const struct view *v)
{
    size_t total = 0;

    must(view_dump(v, count_dump, &total) && total > 0);
}

#endif
