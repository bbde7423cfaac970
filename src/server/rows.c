/* Rows about nodes, and lists that are cut to the caller's limits. */
#include "server/methods.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/stop.h"
#include "server/render.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* ---- small things ---- */

const char *flag_names(uint16_t flags, struct buf *ret)
{
    static const struct {
        uint16_t flag;
        const char *name;
    } names[] = {
        {FLAG_TEST, "test"},
        {FLAG_EXPORTED, "exported"},
        {FLAG_DECLARATION, "declaration"},
        {FLAG_STATIC, "static"},
        {FLAG_ABSTRACT, "abstract"},
        {FLAG_ASYNC, "async"},
        {FLAG_CONDITIONAL, "conditional"},
        {FLAG_GENERATED, "generated"},
        {FLAG_EXTERNAL, "external"},
        {FLAG_IN_MACRO, "in-macro"},
        {FLAG_ANONYMOUS, "anonymous"},
        {FLAG_CONSTRUCTOR, "constructor"},
        {FLAG_PROPERTY, "property"},
    };
    ret->n = 0; /* and no buf_reset: a failure is to be seen at the end */
    for (unsigned i = 0; i < PT_COUNT(names); i++) {
        if (!(flags & names[i].flag))
            continue;
        buf_str(ret, ret->n > 0 ? "," : "");
        buf_str(ret, names[i].name);
    }
    return buf_cstr(ret);
}

void format_time(int64_t ns, char ret[32])
{
    time_t s = (time_t)(ns / (int64_t)CLOCK_NS_PER_SEC);
    struct tm tm;
    if (gmtime_r(&s, &tm) == NULL || strftime(ret, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        (void)snprintf(ret, 32, "?");
}

/* ---- rows ---- */

const char *node_text(struct call *c, struct answer *a, uint32_t node)
{
    const char *text = view_qualified(c->view, node, &a->scratch);
    const char *kept = a->scratch.failed ? NULL : arena_strdup(&a->arena, text);
    a->failed |= kept == NULL;
    return kept != NULL ? kept : "";
}

void row_node(struct call *c, struct answer *a, struct value *row, uint32_t node)
{
    const char *kind = node_kind_name((enum node_kind)view_kind(c->view, node));
    (void)answer_cstr(a, row, "kind", ROLE_KIND, kind);
    (void)answer_cstr(a, row, "name", ROLE_NAME, view_qualified(c->view, node, &a->scratch));
    a->failed |= a->scratch.failed;
}

/* path:line, and :column unless that is 0. Answers are full of them: hence no printf. */
static struct value *add_place(struct answer *a, struct value *in, const char *key,
                               const char *path, uint32_t line, uint32_t column)
{
    struct buf *b = &a->scratch;
    buf_reset(b);
    buf_str(b, path);
    buf_char(b, ':');
    buf_u64(b, line);
    if (column != 0) {
        buf_char(b, ':');
        buf_u64(b, column);
    }
    a->failed |= b->failed;
    return answer_string(a, in, key, ROLE_PLACE, b->p != NULL ? b->p : "", b->n);
}

struct value *row_place(struct call *c, struct answer *a, struct value *row, const char *key,
                        uint32_t node)
{
    struct node n = view_node(c->view, node);
    const char *path = view_path(c->view, view_file_of(c->view, node));
    if (n.kind == NODE_FILE) {
        struct value *v = answer_cstr(a, row, key, ROLE_PLACE, path);
        /* Often its name is its path: once is enough for people. */
        return value_show(v,
                          strcmp(path, view_module(c->view, n.file)) == 0 ? SHOW_JSON : SHOW_BOTH);
    }
    return add_place(a, row, key, path, n.line, 0);
}

const char *local_name(struct call *c, struct answer *a, uint32_t node)
{
    const struct view *v = c->view;
    const char *name = node_text(c, a, node), *module = view_module(v, view_file_of(v, node));
    size_t n = strlen(module);
    if (view_kind(v, node) == NODE_FILE || strncmp(name, module, n) != 0)
        return name;
    n += strspn(name + n, ":./#");
    return name[n] != '\0' && n > strlen(module) ? name + n : name;
}

void row_signature(struct call *c, struct answer *a, struct value *row, uint32_t node)
{
    const char *signature = view_signature(c->view, node, &a->scratch);
    a->failed |= a->scratch.failed;
    if (signature[0] != '\0')
        (void)answer_cstr(a, row, "signature", ROLE_SIGNATURE, signature);
}

int site_compare(const struct view *v, const struct site *a, const struct site *b)
{
    if (a->file != b->file)
        return view_file_compare(v, a->file, b->file);
    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    return a->col < b->col ? -1 : a->col > b->col;
}

/* Of more than there is room for, the last in order goes. Mostly they come in order. */
static void keep_site(const struct view *v, const struct site *site, struct sites *s)
{
    uint32_t n = s->total < MAX_SITES ? s->total : MAX_SITES, at = n;
    s->total++;
    while (at > 0 && site_compare(v, site, &s->at[at - 1]) < 0)
        at--;
    if (at == MAX_SITES)
        return;
    uint32_t behind = (n < MAX_SITES ? n : MAX_SITES - 1) - at;
    memmove(&s->at[at + 1], &s->at[at], behind * sizeof(s->at[0]));
    s->at[at] = *site;
}

void sites_gather(const struct call *c, uint32_t from, uint32_t to, uint8_t kind, bool candidates,
                  struct sites *s)
{
    const struct site *sites;
    uint32_t n = view_sites(c->view, from, to, kind, &sites);
    for (uint32_t i = 0; i < n; i++) {
        if (sites[i].line != 0 && (sites[i].layer != LAYER_CANDIDATE || candidates))
            keep_site(c->view, &sites[i], s);
    }
}

void answer_site(struct call *c, struct answer *a, struct value *list, const struct site *s)
{
    (void)add_place(a, list, NULL, view_path(c->view, s->file), s->line, s->col);
}

void row_sites(struct call *c, struct answer *a, struct value *row, const struct sites *s)
{
    uint32_t n = s->total < MAX_SITES ? s->total : MAX_SITES;
    if (n == 0)
        return;
    struct value *list = answer_array(a, row, "sites");
    for (uint32_t i = 0; i < n; i++)
        answer_site(c, a, list, &s->at[i]);
    if (s->total > MAX_SITES)
        (void)value_show(answer_uint(a, row, "sites_total", s->total), SHOW_JSON);
}

void answer_subject(struct call *c, struct answer *a, const char *key, uint32_t node)
{
    struct value *of = value_layout(answer_object(a, a->root, key), LAYOUT_SUBJECT);
    row_node(c, a, of, node);
    (void)row_place(c, a, of, "at", node);
    if (view_kind(c->view, node) == NODE_FILE) {
        char text[COUNT_TEXT];
        uint32_t lines = view_file(c->view, view_file_of(c->view, node)).lines;
        (void)value_show(answer_printf(a, of, "extent", ROLE_PLAIN, "%s line%s",
                                       count_text(lines, text), lines == 1 ? "" : "s"),
                         SHOW_TEXT);
    }
    row_signature(c, a, of, node);
}

/* ---- lists ---- */

/* What a cursor belongs to: the question, whatever its limits. */
static uint32_t question_hash(const struct call *c)
{
    struct hasher h;
    hasher_init(&h);
    hasher_add(&h, c->method->name, strlen(c->method->name) + 1);
    for (unsigned i = 0; i < MAX_PARAMS; i++) {
        const char *arg = c->args[i] != NULL ? c->args[i] : "";
        hasher_add_u64(&h, c->args[i] != NULL);
        hasher_add(&h, arg, strlen(arg) + 1);
    }
    return (uint32_t)hasher_u64(&h);
}

/* A number at *p, which it leaves behind `end`. */
static bool take_number(const char **p, unsigned base, char end, uint64_t *ret)
{
    static const char digits[] = "0123456789abcdef";
    uint64_t n = 0;
    const char *at = *p;
    for (const char *digit; *at != end; at++) {
        digit = *at != '\0' ? memchr(digits, *at, base) : NULL;
        if (digit == NULL || n > (UINT64_MAX >> 4) - base)
            return false;
        n = n * base + (uint64_t)(digit - digits);
    }
    if (at == *p)
        return false;
    *p = end != '\0' ? at + 1 : at;
    *ret = n;
    return true;
}

static int read_cursor(const struct call *c, uint32_t *ret_offset, struct err *err)
{
    const char *p = c->cursor;
    uint64_t generation, offset, hash;
    if (!take_number(&p, 10, '-', &generation) || !take_number(&p, 10, '-', &offset) ||
        !take_number(&p, 16, '\0', &hash) || offset > UINT32_MAX)
        return err_set(err, PT_EUSAGE, "'%s' is no cursor of ours", c->cursor);
    if (hash != question_hash(c))
        return err_set(err, PT_EUSAGE, "the cursor belongs to another question");
    if (generation != view_generation(c->view))
        return err_set(err, PT_ESTALE,
                       "the graph has changed since that cursor was given (it was generation "
                       "%llu and is %llu): ask again without --cursor",
                       (unsigned long long)generation,
                       (unsigned long long)view_generation(c->view));
    *ret_offset = (uint32_t)offset;
    return PT_OK;
}

size_t value_cost(struct answer *a, const struct value *v, struct buf *scratch)
{
    buf_reset(scratch);
    render_json_value(v, scratch);
    a->failed |= scratch->failed;
    return scratch->n + 1;
}

int lister_begin(struct lister *l, struct call *c, struct answer *a, struct value *rows,
                 uint32_t default_limit, struct err *err)
{
    *l = (struct lister){.c = c, .a = a, .rows = rows, .max_bytes = SIZE_MAX};
    l->limit = c->limit != 0 ? c->limit : default_limit;
    if (c->max_tokens != 0)
        l->max_bytes = (size_t)c->max_tokens * BYTES_PER_TOKEN;
    if (c->cursor != NULL) {
        int rc = read_cursor(c, &l->offset, err);
        if (rc != PT_OK)
            return rc;
    }
    l->bytes = ENVELOPE_BYTES + (a->root != NULL ? value_cost(a, a->root, &l->scratch) : 0);
    return PT_OK;
}

/* The row that was being filled joins the list, if it fits. */
static void settle(struct lister *l)
{
    if (l->pending == NULL)
        return;
    if (l->max_bytes != SIZE_MAX) /* else nobody counts */
        l->bytes += value_cost(l->a, l->pending, &l->scratch);
    if (l->bytes > l->max_bytes && l->shown > 0) {
        l->full = true;
    } else {
        answer_attach(l->rows, l->pending);
        l->shown++;
    }
    l->pending = NULL;
}

struct value *lister_row(struct lister *l)
{
    settle(l);
    l->full |= stop_asked_at(l->shown);
    if (l->total++ < l->offset || l->full)
        return NULL;
    if (l->shown >= l->limit || (l->shown > 0 && l->bytes >= l->max_bytes)) {
        l->full = true;
        return NULL;
    }
    l->pending = answer_loose(l->a);
    return l->pending;
}

void lister_end(struct lister *l)
{
    struct value *root = l->a->root;
    settle(l);
    uint64_t next = (uint64_t)l->offset + l->shown;
    bool more = next < l->total;
    (void)value_show(answer_uint(l->a, root, "total", l->total), SHOW_JSON);
    (void)value_show(answer_uint(l->a, root, "shown", l->shown), SHOW_JSON);
    (void)value_show(answer_bool(l->a, root, "truncated", more), SHOW_JSON);
    if (more)
        (void)value_show(answer_printf(l->a, root, "cursor", ROLE_PLAIN, "%llu-%llu-%08x",
                                       (unsigned long long)view_generation(l->c->view),
                                       (unsigned long long)next, question_hash(l->c)),
                         SHOW_JSON);
    buf_release(&l->scratch);
}
