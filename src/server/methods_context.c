/* generate-context: what a model must read before it touches a node, cut to a budget.
 *
 * The query ranks; here the budget is spent from the front of the ranking, and what it bought is
 * laid out by role. */
#include "server/methods.h"

#include "base/io.h"
#include "index/scan.h"
#include "query/context.h"
#include "server/render.h"

#include <string.h>

#define DEFAULT_TOKENS 4000u
#define DOCS_SHARE 4u /* docs take at most this part of the budget: 1/4 */
#define MAX_CONTEXT_SITES 3u

static const char *const headings[CONTEXT_ROLE_COUNT] = {
    [CONTEXT_CONTAINER] = "Around it",
    [CONTEXT_MEMBER] = "Members",
    [CONTEXT_BASE] = "It extends, implements or overrides",
    [CONTEXT_IMPLEMENTOR] = "It is extended, implemented or overridden by",
    [CONTEXT_CALLER] = "Callers",
    [CONTEXT_CALLEE] = "It calls",
    [CONTEXT_TYPE] = "It uses",
    [CONTEXT_USER] = "It is used by",
    [CONTEXT_TEST] = "Tests that reach it",
    [CONTEXT_NEAR] = "Two steps away",
};

struct budget {
    struct call *c;
    struct answer *a;
    struct buf scratch;
    size_t used, max;
    struct value *rows[CONTEXT_ROLE_COUNT], *shown[CONTEXT_ROLE_COUNT];
};

/* ---- docs ---- */

/* The comment without the indentation that the line has in which it begins. */
static void add_dedented(struct buf *ret, const struct buf *text, size_t start, size_t end)
{
    size_t line = start, indent = 0;
    while (line > 0 && text->p[line - 1] != '\n')
        line--;
    while (line + indent < start && strchr(" \t", text->p[line + indent]) != NULL)
        indent++;
    for (size_t at = start; at < end;) {
        const char *newline = memchr(text->p + at, '\n', end - at);
        size_t n = newline != NULL ? (size_t)(newline - text->p) - at + 1 : end - at;
        buf_add(ret, text->p + at, n);
        at += n;
        for (size_t i = 0; i < indent && at < end && strchr(" \t", text->p[at]) != NULL; i++)
            at++;
    }
}

/* Without the empty space around it, too. */
static void add_trimmed(struct buf *ret, const struct buf *text, size_t start, size_t end)
{
    while (start < end && strchr(" \t\r\n", text->p[start]) != NULL)
        start++;
    while (end > start && strchr(" \t\r\n", text->p[end - 1]) != NULL)
        end--;
    add_dedented(ret, text, start, end);
}

/* The documentation of the node as it is written, if its file still is what was indexed. */
static bool read_docs(struct call *c, const struct node *n, struct buf *ret)
{
    struct view_file f = view_file(c->view, view_file_of(c->view, n->id));
    struct io_stat st;
    struct buf text = {0};
    int dir = -1;
    bool ok = n->doc_end > n->doc_start && c->root != NULL &&
              io_open_dir(c->root, &dir, NULL) == PT_OK &&
              io_read_file_stat(dir, f.path, f.size, &text, &st, NULL) == PT_OK &&
              st.size == f.size && st.mtime_ns == f.mtime_ns && n->doc_end <= text.n;
    if (ok)
        add_trimmed(ret, &text, n->doc_start, n->doc_end);
    buf_release(&text);
    io_close(dir);
    return ok && !ret->failed;
}

static void add_docs(struct budget *b, const struct node *n)
{
    struct buf docs = {0};
    if (read_docs(b->c, n, &docs)) {
        size_t keep = docs.n, max = b->max / DOCS_SHARE;
        if (keep > max)
            keep = utf8_trunc(docs.p, docs.n, max);
        struct value *v = answer_string(b->a, b->a->root, "docs", ROLE_PLAIN, docs.p, keep);
        (void)value_layout(v, LAYOUT_PROSE);
        if (keep < docs.n)
            (void)value_show(answer_uint(b->a, b->a->root, "docs_bytes", docs.n), SHOW_JSON);
    }
    buf_release(&docs);
}

/* ---- sections ---- */

static void add_sections(struct budget *b, const struct context *x)
{
    struct value *list = value_layout(answer_array(b->a, b->a->root, "sections"), LAYOUT_SECTIONS);
    for (unsigned r = CONTEXT_SELF + 1; r < CONTEXT_ROLE_COUNT; r++) {
        if (x->totals[r] == 0)
            continue;
        struct value *s = answer_object(b->a, list, NULL);
        (void)value_show(
            answer_cstr(b->a, s, "role", ROLE_KIND, context_role_name((enum context_role)r)),
            SHOW_JSON);
        (void)value_show(answer_uint(b->a, s, "total", x->totals[r]), SHOW_JSON);
        b->shown[r] = value_show(answer_uint(b->a, s, "shown", 0), SHOW_JSON);
        b->rows[r] = value_layout(answer_array(b->a, s, "nodes"), LAYOUT_COMPACT);
    }
}

static void fill(struct budget *b, struct value *row, const struct context_item *item)
{
    struct sites sites = {0};
    row_node(b->c, b->a, row, item->node);
    (void)row_place(b->c, b->a, row, "at", item->node);
    if (item->from != NODE_NONE && item->role != CONTEXT_CONTAINER && item->role != CONTEXT_MEMBER)
        sites_gather(b->c, item->from, item->to, item->kind, true, &sites);
    struct value *list = sites.total > 0 ? answer_array(b->a, row, "sites") : NULL;
    for (uint32_t i = 0; i < sites.total && i < MAX_CONTEXT_SITES; i++)
        answer_site(b->c, b->a, list, &sites.at[i]);
    row_signature(b->c, b->a, row, item->node);
}

static size_t cost_of(struct budget *b, struct value *row)
{
    static const struct render_options plain = {.compact = true};
    if (!b->c->text)
        return value_cost(b->a, row, &b->scratch);
    struct value one = {.kind = VALUE_ARRAY, .items = {.first = row, .last = row, .count = 1}};
    buf_reset(&b->scratch);
    render_rows(&one, &plain, &b->scratch);
    b->a->failed |= b->scratch.failed;
    return b->scratch.n;
}

/* Rows from the front of the ranking, until one does not fit. */
static uint32_t spend(struct budget *b, const struct context *x)
{
    uint32_t shown = 0;
    for (uint32_t i = 0; i < x->items.len; i++) {
        const struct context_item *item = &x->items.at[i];
        if (item->role == CONTEXT_SELF || b->rows[item->role] == NULL)
            continue;
        struct value *row = answer_loose(b->a);
        fill(b, row, item);
        size_t cost = row != NULL ? cost_of(b, row) : 0;
        if (row == NULL || b->used + cost > b->max)
            break;
        b->used += cost;
        answer_attach(b->rows[item->role], row);
        b->shown[item->role]->uint++;
        shown++;
    }
    return shown;
}

static void add_headings(struct budget *b, const struct context *x)
{
    char text[COUNT_TEXT];
    const struct value *list = value_get(b->a->root, "sections");
    struct value *s = list != NULL ? list->items.first : NULL;
    for (unsigned r = CONTEXT_SELF + 1; r < CONTEXT_ROLE_COUNT && s != NULL; r++) {
        if (x->totals[r] == 0)
            continue;
        unsigned shown = (unsigned)b->shown[r]->uint;
        struct value *h;
        if (shown == x->totals[r])
            h = answer_printf(b->a, s, "heading", ROLE_HEADING, "%s (%s)", headings[r],
                              count_text(shown, text));
        else
            h = answer_printf(b->a, s, "heading", ROLE_HEADING, "%s (%u of %s)", headings[r], shown,
                              count_text(x->totals[r], text));
        (void)value_show(h, SHOW_TEXT);
        s = s->next;
    }
}

static int answer_context(struct budget *b, uint32_t node, const struct context *x, struct err *err)
{
    struct answer *a = b->a;
    struct node n = view_node(b->c->view, node);
    uint32_t total = 0;
    char text[COUNT_TEXT];

    answer_title(a, "%s %s", node_kind_name((enum node_kind)n.kind), node_text(b->c, a, node));
    answer_subject(b->c, a, "of", node);
    add_docs(b, &n);
    add_sections(b, x);
    if (a->failed)
        return answer_check(a, err);
    b->used = ENVELOPE_BYTES + value_cost(a, a->root, &b->scratch);
    uint32_t shown = spend(b, x);
    if (a->failed)
        return answer_check(a, err);
    add_headings(b, x);
    for (unsigned r = CONTEXT_SELF + 1; r < CONTEXT_ROLE_COUNT; r++)
        total += x->totals[r];
    (void)value_show(answer_uint(a, a->root, "total", total), SHOW_JSON);
    (void)value_show(answer_uint(a, a->root, "shown", shown), SHOW_JSON);
    (void)value_show(answer_bool(a, a->root, "truncated", shown < total), SHOW_JSON);
    if (shown < total)
        answer_hint(a, "%u of %s shown within %zu tokens; --max-tokens N takes in more", shown,
                    count_text(total, text), b->max / BYTES_PER_TOKEN);
    return PT_OK;
}

int run_context(struct call *c, struct answer *a, struct err *err)
{
    struct context x = {0};
    struct budget b = {.c = c, .a = a};
    uint32_t node, tokens = c->max_tokens != 0 ? c->max_tokens : DEFAULT_TOKENS;
    int rc = call_node(c, a, "x", 0, &node, err);
    if (rc == PT_OK)
        rc = query_context(c->view, node, &x, err);
    if (rc != PT_OK)
        return rc;
    b.max = (size_t)tokens * BYTES_PER_TOKEN;
    rc = answer_context(&b, node, &x, err);
    buf_release(&b.scratch);
    context_release(&x);
    return rc;
}
