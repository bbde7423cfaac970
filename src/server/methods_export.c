/* The graph for other programs: tables, JSON, drawings. Streamed: besides one buffer, only the
 * order of the nodes is held, and of one node the edges, of one edge the sites. */
#include "server/methods.h"

#include "base/sort.h"

#include <stdio.h>
#include <string.h>

#define FLUSH_AT 65536u

struct export
{
    struct call *c;
    const struct view *v;
    struct buf out, flags, text;
    struct ids order;          /* all nodes */
    struct ids numbers;        /* by id: what nodes are called in drawings */
    VEC(struct edge) edges_of; /* of the node that is written */
    VEC(struct site) sites_of; /* of the edge that is written */
    uint32_t node_kinds, edge_kinds;
    bool nodes, edges; /* what is wanted */
    bool candidates, no_tests;
    bool edge_column; /* edges are of several kinds */
    uint64_t written; /* rows so far */
    bool ok;
};

static void flush(struct export *x)
{
    if (x->out.failed)
        x->ok = false;
    if (x->ok && x->out.n > 0)
        x->ok = x->c->sink(x->c->sink_ctx, x->out.p, x->out.n);
    x->out.n = 0;
}

static void step(struct export *x)
{
    x->written++;
    if (x->out.n >= FLUSH_AT || x->out.failed)
        flush(x);
}

/* ---- what is wanted ---- */

static bool wants_node(const struct export *x, uint32_t node)
{
    return (x->node_kinds >> view_kind(x->v, node) & 1) &&
           !(x->no_tests && (view_flags(x->v, node) & FLAG_TEST));
}

static bool wants_edge(const struct export *x, uint32_t from, const struct edge *e)
{
    return (x->candidates || e->layer != LAYER_CANDIDATE) &&
           !(x->no_tests && ((view_flags(x->v, from) | view_flags(x->v, e->node)) & FLAG_TEST));
}

/* ---- walks ---- */

static int cmp_edges(const void *a, const void *b, void *view)
{
    const struct edge *x = a, *y = b;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    return view_compare(view, x->node, y->node);
}

/* The wanted edges that start at a node, by kind, then by target. */
static void take_edges(struct export *x, uint32_t from)
{
    struct edge_iter it;
    struct edge e;
    bool sorted = true;
    vec_clear(&x->edges_of);
    view_edges(x->v, from, false, x->edge_kinds, &it);
    while (view_next(&it, &e)) {
        if (!wants_edge(x, from, &e))
            continue;
        sorted = sorted &&
                 (x->edges_of.len == 0 || cmp_edges(&vec_last(&x->edges_of), &e, (void *)x->v) < 0);
        x->out.failed |= !vec_push(&x->edges_of, e);
    }
    if (!sorted) /* mostly, ids are in order */
        sort_r(x->edges_of.at, x->edges_of.len, sizeof(e), cmp_edges, (void *)x->v);
}

static int cmp_sites(const void *a, const void *b, void *view)
{
    return site_compare(view, a, b);
}

/* All sites of an edge, in order: x->sites_of. */
static void take_sites(struct export *x, uint32_t from, const struct edge *e)
{
    const struct site *sites;
    uint32_t n = view_sites(x->v, from, e->node, e->kind, &sites);
    vec_clear(&x->sites_of);
    struct site *all = vec_grow(&x->sites_of, n);
    if (all == NULL) {
        x->out.failed = true;
        return;
    }
    if (n == 0)
        return;
    memcpy(all, sites, n * sizeof(*all));
    if (all[0].file != all[n - 1].file) /* which are in the order of ids */
        sort_r(all, n, sizeof(*all), cmp_sites, (void *)x->v);
}

/* Calls fn for each wanted edge. */
typedef void (*edge_fn)(struct export *x, uint32_t from, const struct edge *e);

static void each_edge(struct export *x, edge_fn fn)
{
    for (uint32_t i = 0; i < x->order.len && x->ok; i++) {
        take_edges(x, x->order.at[i]);
        for (uint32_t k = 0; k < x->edges_of.len && x->ok; k++)
            fn(x, x->order.at[i], &x->edges_of.at[k]);
    }
}

typedef void (*node_fn)(struct export *x, const struct node *n);

static void each_node(struct export *x, node_fn fn)
{
    for (uint32_t i = 0; i < x->order.len && x->ok; i++) {
        if (!wants_node(x, x->order.at[i]))
            continue;
        struct node n = view_node(x->v, x->order.at[i]);
        fn(x, &n);
        step(x);
    }
}

/* ---- pieces ---- */

/* Good until one of them is asked again. */
static const char *qualified(struct export *x, uint32_t node)
{
    const char *text = view_qualified(x->v, node, &x->text);
    x->out.failed |= x->text.failed;
    return text;
}

static const char *signature(struct export *x, uint32_t node)
{
    const char *text = view_signature(x->v, node, &x->text);
    x->out.failed |= x->text.failed;
    return text;
}

static void put_text(struct buf *b, const char *s)
{
    str_sanitize(b, s, strlen(s));
}

static void put_place(struct export *x, struct buf *b, uint32_t node)
{
    put_text(b, view_path(x->v, view_file_of(x->v, node)));
    buf_printf(b, ":%u", view_node(x->v, node).line);
}

/* A site that is not worth a row: of a candidate, when those are not wanted. */
static bool skips_site(const struct export *x, const struct site *s)
{
    return s->layer == LAYER_CANDIDATE && !x->candidates;
}

/* ---- tsv ---- */

static void tsv_node(struct export *x, const struct node *n)
{
    struct buf *b = &x->out;
    buf_str(b, node_kind_name((enum node_kind)n->kind));
    buf_char(b, '\t');
    put_text(b, qualified(x, n->id));
    buf_char(b, '\t');
    put_place(x, b, n->id);
    buf_printf(b, "\t%u\t%s\t%016llx\t", n->end_line, flag_names(n->flags, &x->flags),
               (unsigned long long)n->sig);
    put_text(b, signature(x, n->id));
    buf_char(b, '\n');
}

static void tsv_row(struct export *x, uint32_t from, const struct edge *e, const struct site *s)
{
    struct buf *b = &x->out;
    put_text(b, qualified(x, from));
    buf_char(b, '\t');
    put_text(b, qualified(x, e->node));
    buf_char(b, '\t');
    put_place(x, b, from);
    buf_char(b, '\t');
    put_place(x, b, e->node);
    buf_char(b, '\t');
    if (s != NULL && s->line != 0) {
        put_text(b, view_path(x->v, s->file));
        buf_printf(b, ":%u:%u", (unsigned)s->line, (unsigned)s->col);
    } else {
        buf_char(b, '-');
    }
    buf_printf(b, "\t%s", layer_name(s != NULL ? (enum layer)s->layer : (enum layer)e->layer));
    if (x->edge_column)
        buf_printf(b, "\t%s", edge_kind_name((enum edge_kind)e->kind));
    buf_char(b, '\n');
    step(x);
}

static void tsv_edge(struct export *x, uint32_t from, const struct edge *e)
{
    take_sites(x, from, e);
    for (uint32_t i = 0; i < x->sites_of.len; i++) {
        if (!skips_site(x, &x->sites_of.at[i]))
            tsv_row(x, from, e, &x->sites_of.at[i]);
    }
    if (x->sites_of.len == 0)
        tsv_row(x, from, e, NULL);
}

static void put_tsv(struct export *x)
{
    if (x->nodes) {
        buf_str(&x->out, "kind\tqualified\tat\tend_line\tflags\tsig\tsignature\n");
        each_node(x, tsv_node);
    }
    if (x->edges) {
        buf_str(&x->out, "caller\tcallee\tcaller_def\tcallee_def\tsite\tkind");
        buf_str(&x->out, x->edge_column ? "\tedge\n" : "\n");
        each_edge(x, tsv_edge);
    }
}

/* ---- json ---- */

static void json_member(struct buf *b, const char *key, const char *s)
{
    buf_printf(b, "\"%s\":", key);
    buf_json_str(b, s, strlen(s));
}

static void json_place(struct export *x, const char *key, uint32_t node)
{
    struct buf place = {0};
    buf_str(&place, view_path(x->v, view_file_of(x->v, node)));
    buf_printf(&place, ":%u", view_node(x->v, node).line);
    json_member(&x->out, key, buf_cstr(&place));
    x->out.failed |= place.failed;
    buf_release(&place);
}

static void json_node(struct export *x, const struct node *n)
{
    struct buf *b = &x->out;
    buf_str(b, x->written > 0 ? ",\n{" : "\n{");
    json_member(b, "kind", node_kind_name((enum node_kind)n->kind));
    buf_char(b, ',');
    json_member(b, "name", qualified(x, n->id));
    buf_char(b, ',');
    json_place(x, "at", n->id);
    buf_printf(b, ",\"end_line\":%u,\"flags\":\"%s\",\"sig\":\"%016llx\",", n->end_line,
               flag_names(n->flags, &x->flags), (unsigned long long)n->sig);
    json_member(b, "signature", signature(x, n->id));
    buf_char(b, '}');
}

static void json_sites(struct export *x, uint32_t from, const struct edge *e)
{
    const char *between = "";
    struct buf place = {0};
    take_sites(x, from, e);
    buf_str(&x->out, ",\"sites\":[");
    for (uint32_t i = 0; i < x->sites_of.len; i++) {
        const struct site *s = &x->sites_of.at[i];
        if (s->line == 0 || skips_site(x, s))
            continue;
        place.n = 0; /* and no buf_reset: a failure is to be seen at the end */
        buf_printf(&place, "%s:%u:%u", view_path(x->v, s->file), (unsigned)s->line,
                   (unsigned)s->col);
        buf_str(&x->out, between);
        buf_json_str(&x->out, place.p, place.n);
        between = ",";
    }
    buf_char(&x->out, ']');
    x->out.failed |= place.failed;
    buf_release(&place);
}

static void json_edge(struct export *x, uint32_t from, const struct edge *e)
{
    struct buf *b = &x->out;
    buf_str(b, x->written > 0 ? ",\n{" : "\n{");
    json_member(b, "from", qualified(x, from));
    buf_char(b, ',');
    json_member(b, "to", qualified(x, e->node));
    buf_char(b, ',');
    json_place(x, "from_at", from);
    buf_char(b, ',');
    json_place(x, "to_at", e->node);
    buf_printf(b, ",\"edge\":\"%s\",\"layer\":\"%s\"", edge_kind_name((enum edge_kind)e->kind),
               layer_name((enum layer)e->layer));
    json_sites(x, from, e);
    buf_char(b, '}');
    step(x);
}

static void put_json(struct export *x)
{
    char time[32];
    format_time(view_as_of_ns(x->v), time);
    buf_printf(&x->out, "{\"generation\":%llu,\"as_of\":\"%s\"",
               (unsigned long long)view_generation(x->v), time);
    if (x->nodes) {
        buf_str(&x->out, ",\"nodes\":[");
        each_node(x, json_node);
        buf_str(&x->out, "]");
    }
    x->written = 0;
    if (x->edges) {
        buf_str(&x->out, ",\"edges\":[");
        each_edge(x, json_edge);
        buf_str(&x->out, "]");
    }
    buf_str(&x->out, "}\n");
}

/* ---- drawings ---- */

/* Nodes of a drawing: those asked for, or those that an edge touches. */
static bool is_drawn(struct export *x, uint32_t node)
{
    if (x->nodes)
        return wants_node(x, node);
    for (int in = 0; in < 2; in++) {
        struct edge_iter it;
        struct edge e;
        view_edges(x->v, node, in == 1, x->edge_kinds, &it);
        while (view_next(&it, &e)) {
            if (wants_edge(x, node, &e))
                return true;
        }
    }
    return false;
}

/* Nodes are called by their place among all nodes: unlike ids, that depends on the graph alone. */
static void number_nodes(struct export *x)
{
    uint32_t limit = view_node_limit(x->v);
    if (vec_grow(&x->numbers, limit) == NULL) {
        x->out.failed = true;
        x->ok = false;
        return;
    }
    for (uint32_t i = 0; i < x->order.len; i++)
        x->numbers.at[x->order.at[i]] = i;
}

static void each_drawn(struct export *x, node_fn fn)
{
    number_nodes(x);
    for (uint32_t i = 0; i < x->order.len && x->ok; i++) {
        if (!is_drawn(x, x->order.at[i]))
            continue;
        struct node n = view_node(x->v, x->order.at[i]);
        fn(x, &n);
        step(x);
    }
}

/* Harmless text with what the format treats apart replaced. */
static void put_escaped(struct buf *b, const char *s, const char *special,
                        const char *const *instead)
{
    struct buf plain = {0};
    put_text(&plain, s);
    for (size_t i = 0; i < plain.n; i++) {
        const char *hit = strchr(special, plain.p[i]);
        if (hit != NULL && plain.p[i] != '\0')
            buf_str(b, instead[hit - special]);
        else
            buf_char(b, plain.p[i]);
    }
    if (plain.failed)
        b->failed = true;
    buf_release(&plain);
}

static void put_dot(struct buf *b, const char *s)
{
    static const char *const instead[] = {"\\\"", "\\\\"};
    put_escaped(b, s, "\"\\", instead);
}

static void put_xml(struct buf *b, const char *s)
{
    static const char *const instead[] = {"&amp;", "&lt;", "&gt;", "&quot;"};
    put_escaped(b, s, "&<>\"", instead);
}

static void put_mermaid(struct buf *b, const char *s)
{
    static const char *const instead[] = {"#quot;", "#lt;", "#gt;", "#amp;", "#35;", "#96;"};
    put_escaped(b, s, "\"<>&#`", instead);
}

static void dot_node(struct export *x, const struct node *n)
{
    buf_printf(&x->out, "  n%u [label=\"", x->numbers.at[n->id]);
    put_dot(&x->out, qualified(x, n->id));
    buf_printf(&x->out, "\" kind=\"%s\" at=\"", node_kind_name((enum node_kind)n->kind));
    put_dot(&x->out, view_path(x->v, view_file_of(x->v, n->id)));
    buf_printf(&x->out, ":%u\"];\n", n->line);
}

static void dot_edge(struct export *x, uint32_t from, const struct edge *e)
{
    buf_printf(&x->out, "  n%u -> n%u [kind=\"%s\"%s];\n", x->numbers.at[from],
               x->numbers.at[e->node], edge_kind_name((enum edge_kind)e->kind),
               e->layer == LAYER_CANDIDATE ? " style=dashed" : "");
    step(x);
}

static void put_graph_dot(struct export *x)
{
    buf_str(&x->out, "digraph parseltongue {\n  rankdir=LR;\n  node [shape=box];\n");
    each_drawn(x, dot_node);
    if (x->edges)
        each_edge(x, dot_edge);
    buf_str(&x->out, "}\n");
}

static void graphml_node(struct export *x, const struct node *n)
{
    buf_printf(&x->out, "<node id=\"n%u\"><data key=\"kind\">%s</data><data key=\"name\">",
               x->numbers.at[n->id], node_kind_name((enum node_kind)n->kind));
    put_xml(&x->out, qualified(x, n->id));
    buf_str(&x->out, "</data><data key=\"at\">");
    put_xml(&x->out, view_path(x->v, view_file_of(x->v, n->id)));
    buf_printf(&x->out, ":%u</data></node>\n", n->line);
}

static void graphml_edge(struct export *x, uint32_t from, const struct edge *e)
{
    buf_printf(&x->out,
               "<edge source=\"n%u\" target=\"n%u\"><data key=\"edge\">%s</data>"
               "<data key=\"layer\">%s</data></edge>\n",
               x->numbers.at[from], x->numbers.at[e->node], edge_kind_name((enum edge_kind)e->kind),
               layer_name((enum layer)e->layer));
    step(x);
}

static void put_graphml(struct export *x)
{
    static const char *const keys[][2] = {
        {"node", "kind"}, {"node", "name"}, {"node", "at"}, {"edge", "edge"}, {"edge", "layer"}};
    buf_str(&x->out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                     "<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\">\n");
    for (unsigned i = 0; i < PT_COUNT(keys); i++)
        buf_printf(&x->out, "<key id=\"%s\" for=\"%s\" attr.name=\"%s\" attr.type=\"string\"/>\n",
                   keys[i][1], keys[i][0], keys[i][1]);
    buf_str(&x->out, "<graph id=\"parseltongue\" edgedefault=\"directed\">\n");
    each_drawn(x, graphml_node);
    if (x->edges)
        each_edge(x, graphml_edge);
    buf_str(&x->out, "</graph>\n</graphml>\n");
}

static void mermaid_node(struct export *x, const struct node *n)
{
    buf_printf(&x->out, "  n%u[\"", x->numbers.at[n->id]);
    put_mermaid(&x->out, qualified(x, n->id));
    buf_str(&x->out, "\"]\n");
}

static void mermaid_edge(struct export *x, uint32_t from, const struct edge *e)
{
    buf_printf(&x->out, "  n%u %s|%s| n%u\n", x->numbers.at[from],
               e->layer == LAYER_CANDIDATE ? "-.->" : "-->",
               edge_kind_name((enum edge_kind)e->kind), x->numbers.at[e->node]);
    step(x);
}

static void put_graph_mermaid(struct export *x)
{
    buf_str(&x->out, "flowchart LR\n");
    each_drawn(x, mermaid_node);
    if (x->edges)
        each_edge(x, mermaid_edge);
}

/* ---- the method ---- */

static bool canonical_sink(void *ctx, const char *p, size_t n)
{
    struct export *x = ctx;
    x->ok = x->ok && x->c->sink(x->c->sink_ctx, p, n);
    return x->ok;
}

static int read_options(struct export *x, const char *what, struct err *err)
{
    const struct call *c = x->c;
    int rc;
    x->nodes = strcmp(what, "edges") != 0;
    x->edges = strcmp(what, "nodes") != 0;
    x->candidates = call_flag(c, "candidates") || (x->nodes && x->edges);
    x->no_tests = call_flag(c, "no-tests");
    x->node_kinds = UINT32_MAX;
    if (x->edges)
        rc = call_edge_kinds(c, "kinds", EDGE_ALL, &x->edge_kinds, err);
    else
        rc = call_node_kinds(c, "kinds", UINT32_MAX, &x->node_kinds, err);
    x->edge_column = x->edge_kinds != EDGE_BIT(EDGE_CALLS);
    return rc;
}

static void put_canonical(struct export *x)
{
    bool done = view_dump(x->v, canonical_sink, x);
    x->out.failed |= !done && x->ok; /* nobody stopped it, so memory was short */
    x->ok = x->ok && done;
}

static void put_in_order(struct export *x, const char *format)
{
    static const struct {
        const char *name;
        void (*put)(struct export *x);
    } formats[] = {{"tsv", put_tsv},
                   {"json", put_json},
                   {"dot", put_graph_dot},
                   {"graphml", put_graphml},
                   {"mermaid", put_graph_mermaid}};
    if (!view_nodes(x->v, &x->order)) {
        x->out.failed = true;
        return;
    }
    for (unsigned i = 0; i < PT_COUNT(formats); i++) {
        if (strcmp(formats[i].name, format) == 0)
            formats[i].put(x);
    }
    flush(x);
}

static void release(struct export *x)
{
    buf_release(&x->out);
    buf_release(&x->flags);
    buf_release(&x->text);
    vec_release(&x->order);
    vec_release(&x->numbers);
    vec_release(&x->edges_of);
    vec_release(&x->sites_of);
}

int run_export(struct call *c, struct answer *a, struct err *err)
{
    const char *what = call_arg(c, "what"), *format = call_arg(c, "format");
    struct export x = {.c = c, .v = c->view, .ok = true};
    (void)a;

    if (format == NULL)
        format = "tsv";
    int rc = read_options(&x, what, err);
    if (rc != PT_OK)
        return rc;
    bool canonical = strcmp(what, "dump") == 0 && strcmp(format, "tsv") == 0;
    if (canonical && (call_arg(c, "kinds") != NULL || x.no_tests))
        return err_set(err, PT_EUSAGE, "the canonical dump is of everything: it takes no choices");
    if (canonical)
        put_canonical(&x);
    else
        put_in_order(&x, format);
    bool failed = x.out.failed || x.flags.failed;
    release(&x);
    if (failed)
        return err_set(err, PT_ENOMEM, "out of memory for the output");
    return x.ok ? PT_OK : err_set(err, PT_EIO, "the output was not taken whole");
}
