/* Finding things: by name, by file, by kind, by half a memory of it. */
#include "server/methods.h"

#include "base/mem.h"
#include "base/sort.h"
#include "query/find.h"
#include "query/search.h"

#include <string.h>

static void add_flags(struct call *c, struct answer *a, struct value *row, uint32_t node)
{
    struct buf names = {0};
    const char *flags = flag_names(view_flags(c->view, node), &names);
    if (*flags != '\0')
        (void)value_show(answer_cstr(a, row, "flags", ROLE_PLAIN, flags), SHOW_JSON);
    a->failed |= names.failed;
    buf_release(&names);
}

static void full_row(struct call *c, struct answer *a, struct value *row, uint32_t node)
{
    row_node(c, a, row, node);
    (void)row_place(c, a, row, "at", node);
    (void)value_show(answer_uint(a, row, "end_line", view_node(c->view, node).end_line), SHOW_JSON);
    add_flags(c, a, row, node);
    row_signature(c, a, row, node);
}

/* ---- where-defined ---- */

int run_where_defined(struct call *c, struct answer *a, struct err *err)
{
    struct found found = {0};
    struct lister l;
    char total[COUNT_TEXT];
    int rc = call_nodes(c, a, "x", 0, &found, err);
    if (rc != PT_OK)
        return rc;
    rc = lister_begin(&l, c, a, answer_array(a, a->root, "nodes"), DEFAULT_LIMIT, err);
    for (uint32_t i = 0; rc == PT_OK && i < found.nodes.len; i++) {
        struct value *row = lister_row(&l);
        if (row != NULL)
            full_row(c, a, row, found.nodes.at[i]);
    }
    if (rc == PT_OK) {
        lister_end(&l);
        answer_title(a, "%s definition%s of %s", count_text(l.total, total),
                     l.total == 1 ? "" : "s", call_arg(c, "x"));
    }
    found_release(&found);
    return rc;
}

/* ---- entities-in-file ---- */

/* As in the file: members stand below their owners. */
static void outline_row(struct call *c, struct answer *a, struct value *row, uint32_t node)
{
    unsigned depth = 0;
    uint32_t up = view_parent(c->view, node);
    while (up != NODE_NONE && view_kind(c->view, up) != NODE_FILE) {
        depth++;
        up = view_parent(c->view, up);
    }
    struct node n = view_node(c->view, node);
    const char *qualified = node_text(c, a, node);
    struct value *line = value_label(answer_uint(a, row, "line", n.line), "line");
    if (line != NULL)
        line->role = ROLE_PLACE;
    (void)answer_cstr(a, row, "kind", ROLE_KIND, node_kind_name((enum node_kind)n.kind));
    (void)value_show(answer_printf(a, row, "outline", ROLE_NAME, "%*s%s", (int)(depth * 2), "",
                                   n.name[0] != '\0' ? n.name : qualified),
                     SHOW_TEXT);
    (void)value_show(answer_cstr(a, row, "name", ROLE_NAME, qualified), SHOW_JSON);
    (void)value_show(answer_uint(a, row, "end_line", n.end_line), SHOW_JSON);
    add_flags(c, a, row, node);
    row_signature(c, a, row, node);
}

static int cmp_lines(const void *x, const void *y, void *view)
{
    const uint32_t *a = x, *b = y;
    uint32_t line_a = view_node(view, *a).line, line_b = view_node(view, *b).line;
    if (line_a != line_b)
        return line_a < line_b ? -1 : 1;
    return view_compare(view, *a, *b);
}

/* All nodes of a file in the order of their lines; the caller frees *ret. */
static int in_lines(const struct view *v, const struct view_file *file, uint32_t **ret,
                    struct err *err)
{
    uint32_t *order = mem_reallocarray(NULL, file->n_nodes, sizeof(*order));
    if (order == NULL)
        return err_set(err, PT_ENOMEM, "out of memory");
    memcpy(order, file->nodes, file->n_nodes * sizeof(*order));
    sort_r(order, file->n_nodes, sizeof(*order), cmp_lines, (void *)v);
    *ret = order;
    return PT_OK;
}

static int outline(struct call *c, struct answer *a, const struct view_file *file, uint32_t kinds,
                   const uint32_t *order, struct err *err)
{
    struct lister l;
    char total[COUNT_TEXT], lines[COUNT_TEXT];
    struct value *rows = value_label(answer_array(a, a->root, "nodes"), "");
    int rc = lister_begin(&l, c, a, rows, DEFAULT_LIMIT, err);
    if (rc != PT_OK)
        return rc;
    for (uint32_t i = 0; i < file->n_nodes; i++) {
        bool wanted = kinds >> view_kind(c->view, order[i]) & 1;
        struct value *row = wanted ? lister_row(&l) : NULL;
        if (row != NULL)
            outline_row(c, a, row, order[i]);
    }
    lister_end(&l);
    answer_title(a, "%s %s in %s (%s line%s)", count_text(l.total, total),
                 l.total == 1 ? "entity" : "entities", file->path, count_text(file->lines, lines),
                 file->lines == 1 ? "" : "s");
    return PT_OK;
}

int run_entities_in_file(struct call *c, struct answer *a, struct err *err)
{
    uint32_t kinds, node = NODE_NONE, *order = NULL;
    int rc = call_node_kinds(c, "kind", UINT32_MAX & ~(1u << NODE_FILE), &kinds, err);
    if (rc == PT_OK)
        rc = call_file(c, a, "file", &node, err);
    if (rc != PT_OK)
        return rc;
    struct view_file file = view_file(c->view, view_file_of(c->view, node));
    (void)value_show(answer_cstr(a, a->root, "file", ROLE_PLACE, file.path), SHOW_JSON);
    (void)value_show(answer_uint(a, a->root, "lines", file.lines), SHOW_JSON);
    rc = in_lines(c->view, &file, &order, err);
    if (rc == PT_OK)
        rc = outline(c, a, &file, kinds, order, err);
    mem_free(order);
    return rc;
}

/* ---- list ---- */

static int list_nodes(struct call *c, struct answer *a, const struct ids *nodes, struct err *err)
{
    struct lister l;
    char total[COUNT_TEXT];
    bool no_tests = call_flag(c, "no-tests");
    struct value *rows = value_label(answer_array(a, a->root, "nodes"), "");
    int rc = lister_begin(&l, c, a, rows, DEFAULT_LIMIT, err);
    if (rc != PT_OK)
        return rc;
    for (uint32_t i = 0; i < nodes->len; i++) {
        if (no_tests && view_flags(c->view, nodes->at[i]) & FLAG_TEST)
            continue;
        struct value *row = lister_row(&l);
        if (row != NULL)
            full_row(c, a, row, nodes->at[i]);
    }
    lister_end(&l);
    answer_title(a, "%s node%s%s%s", count_text(l.total, total), l.total == 1 ? "" : "s",
                 call_arg(c, "kind") != NULL ? " of kind " : "",
                 call_arg(c, "kind") != NULL ? call_arg(c, "kind") : "");
    return PT_OK;
}

int run_list(struct call *c, struct answer *a, struct err *err)
{
    struct ids nodes = {0};
    uint32_t kinds;
    int rc = call_node_kinds(c, "kind", UINT32_MAX, &kinds, err);
    if (rc == PT_OK && !view_nodes_of(c->view, kinds, &nodes))
        rc = err_set(err, PT_ENOMEM, "out of memory for a list of nodes");
    if (rc == PT_OK)
        rc = list_nodes(c, a, &nodes, err);
    vec_release(&nodes);
    return rc;
}

/* ---- search ---- */

static const char *match_name(uint32_t rank)
{
    static const char *const names[] = {"exact", "exact", "prefix", "word", "substring", "fuzzy"};
    return rank < PT_COUNT(names) ? names[rank] : "fuzzy";
}

int run_search(struct call *c, struct answer *a, struct err *err)
{
    struct hits hits = {0};
    const char *text = call_arg(c, "text");
    struct lister l;
    char total[COUNT_TEXT];
    uint32_t kinds;
    int rc = call_node_kinds(c, "kind", 0, &kinds, err);
    if (rc == PT_OK && text[strspn(text, " ")] == '\0')
        rc = err_set(err, PT_EUSAGE, "an empty text");
    if (rc == PT_OK)
        rc = lister_begin(&l, c, a, value_label(answer_array(a, a->root, "hits"), ""),
                          DEFAULT_LIMIT / 4, err);
    if (rc != PT_OK)
        return rc;
    uint64_t wanted = (uint64_t)l.offset + l.limit;
    rc = query_search(c->view, text, kinds, wanted > UINT32_MAX ? UINT32_MAX : (uint32_t)wanted,
                      &hits, err);
    if (rc != PT_OK) {
        buf_release(&l.scratch);
        return rc;
    }
    for (uint32_t i = 0; i < hits.list.len; i++) {
        struct value *row = lister_row(&l);
        if (row == NULL)
            continue;
        (void)answer_cstr(a, row, "match", ROLE_HINT, match_name(hits.list.at[i].rank));
        full_row(c, a, row, hits.list.at[i].node);
    }
    l.total = hits.total;
    lister_end(&l);
    answer_title(a, "%s match%s for %s", count_text(l.total, total), l.total == 1 ? "" : "es",
                 text);
    hits_release(&hits);
    return PT_OK;
}
