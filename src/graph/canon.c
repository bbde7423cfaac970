/* The canonical form of a graph, as text (view_dump). It says nothing of ids, of how or in what
 * order things are stored, of generations, or of the files' times and inodes.
 *
 * The dump is UTF-8, one record a line, fields parted by one TAB:
 *
 *   isg-dump 1
 *   file  PATH LANGUAGE CONTENT SIZE LINES FLAGS ERROR-LINE LAYERS UNRESOLVED
 *   node  KIND QUALIFIED FILE:LINE-END FLAGS SIG START-END DOC NAME PARENT SIGNATURE
 *   edge  KIND LAYER FROM FROM-SIG TO TO-SIG SITES
 *
 *   CONTENT     hash of the file's bytes, 32 hexadecimal digits
 *   LAYERS      references resolved by each layer, in the order of enum layer: 12,0,3,1
 *   UNRESOLVED  references that became no edge, in the order of enum unresolved
 *   FLAGS       hexadecimal; of a node its enum node_flag, of a file its facts flags
 *   SIG         sig hash, 16 hexadecimal digits: unlike names, no two nodes share one
 *   START-END   bytes of the definition; DOC those of its documentation, or -
 *   PARENT      sig hash of the parent, or -
 *   SIGNATURE   the last field, may be empty
 *   SITES       PATH:LINE:COLUMN,LINE:COLUMN;PATH:... with !LAYER behind a column where that is
 *               not the edge's; PATH:- for an edge that belongs to that file without a place in
 *               it; - alone if that file is the one of TO
 *
 * Files are sorted by path. Nodes by qualified name, kind, path, line, start and sig hash. Edges by
 * where their FROM is among the nodes, then kind, then where TO is. Strings sort by bytes, kinds
 * by their numbers. In strings, backslash, control characters, what is invalid in UTF-8 and what
 * would deceive the eye are escaped: \\ \n \t \x1b \u{202e}.
 */
#include "base/codec.h"
#include "base/mem.h"
#include "base/sort.h"
#include "graph/view.h"

#include <string.h>

#define FLUSH_AT 65536u

struct dump {
    const struct view *v;
    view_sink sink;
    void *ctx;
    struct buf out;
    struct ids order;   /* place -> node */
    const char **names; /* owned; node -> qualified name, in the arena */
    struct arena arena;
    uint32_t *place; /* owned; node -> place */
    VEC(struct edge) list;
    VEC(struct site) sites;
    struct buf text; /* scratch */
    bool ok;
};

/* What stands for itself; nearly all text does. */
static bool is_plain(char c)
{
    return c >= ' ' && c <= '~' && c != '\\';
}

static void put_text(struct buf *b, const char *s)
{
    while (*s != '\0') {
        size_t n = 0;

        if (*s == '\\') {
            buf_str(b, "\\\\");
            s++;
            continue;
        }
        if (is_plain(*s)) {
            while (is_plain(s[n]))
                n++;
            buf_add(b, s, n);
        } else { /* no UTF-8 sequence has a plain byte or a backslash in it */
            while (s[n] != '\0' && s[n] != '\\' && !is_plain(s[n]))
                n++;
            str_sanitize(b, s, n);
        }
        s += n;
    }
}

static void put_field(struct buf *b, const char *s)
{
    put_text(b, s);
    buf_char(b, '\t');
}

static void put_hex(struct buf *b, uint64_t v)
{
    char digits[16];

    for (int i = 15; i >= 0; i--, v >>= 4)
        digits[i] = "0123456789abcdef"[v & 15];
    buf_add(b, digits, sizeof(digits));
}

static void put_pair(struct buf *b, uint64_t first, char between, uint64_t second)
{
    buf_u64(b, first);
    buf_char(b, between);
    buf_u64(b, second);
}

static void put_counts(struct buf *b, const uint32_t *counts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            buf_char(b, ',');
        buf_u64(b, counts[i]);
    }
}

/* Ends a line; hands over what has gathered. */
static void end_line(struct dump *d, bool now)
{
    if (!now)
        buf_char(&d->out, '\n');
    if (d->out.failed)
        d->ok = false;
    if (!d->ok || (d->out.n < FLUSH_AT && !now))
        return;
    if (d->out.n > 0)
        d->ok = d->sink(d->ctx, d->out.p, d->out.n);
    buf_reset(&d->out);
}

static void dump_files(struct dump *d)
{
    struct buf *b = &d->out;

    struct ids files = {0};
    d->ok = d->ok && view_files(d->v, &files);
    for (uint32_t i = 0; i < files.len && d->ok; i++) {
        struct view_file f = view_file(d->v, files.at[i]);

        buf_str(b, "file\t");
        put_field(b, f.path);
        put_field(b, f.lang);
        put_hex(b, f.content.hi);
        put_hex(b, f.content.lo);
        buf_printf(b, "\t%llu\t%u\t%x\t%u\t", (unsigned long long)f.size, f.lines, f.facts_flags,
                   f.error_line);
        put_counts(b, f.refs_by_layer, LAYER_COUNT);
        buf_char(b, '\t');
        put_counts(b, f.unresolved, UNRESOLVED_COUNT);
        end_line(d, false);
    }
    vec_release(&files);
}

static void dump_node(struct dump *d, uint32_t id)
{
    struct buf *b = &d->out;
    struct node n = view_node(d->v, id);

    buf_str(b, "node\t");
    put_field(b, node_kind_name(n.kind));
    put_field(b, d->names[id]);
    put_text(b, view_path(d->v, view_file_of(d->v, id)));
    buf_char(b, ':');
    put_pair(b, n.line, '-', n.end_line);
    buf_printf(b, "\t%x\t", n.flags);
    put_hex(b, n.sig);
    buf_char(b, '\t');
    put_pair(b, n.start, '-', n.end);
    buf_char(b, '\t');
    if (n.doc_end != n.doc_start)
        put_pair(b, n.doc_start, '-', n.doc_end);
    else
        buf_char(b, '-');
    buf_char(b, '\t');
    put_field(b, n.name);
    if (n.parent != NODE_NONE)
        put_hex(b, view_sig(d->v, n.parent));
    else
        buf_char(b, '-');
    buf_char(b, '\t');
    put_text(b, view_signature(d->v, id, &d->text));
    d->ok = d->ok && !d->text.failed;
    end_line(d, false);
}

/* By qualified name, kind, path, line, start, sig hash. */
static int cmp_node(const void *a, const void *b, void *dump)
{
    const struct dump *d = dump;
    const struct view *v = d->v;
    uint32_t m = *(const uint32_t *)a, n = *(const uint32_t *)b;
    const struct live_node *x = view_record_(v, m), *y = view_record_(v, n);
    int c = strcmp(d->names[m], d->names[n]);

    if (c != 0)
        return c;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    if (x->file != y->file)
        return view_file_compare(v, x->file, y->file);
    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    return x->sig < y->sig ? -1 : x->sig > y->sig;
}

/* Sorting asks for each name many times. */
static bool take_names(struct dump *d)
{
    d->names = mem_reallocarray(NULL, view_node_limit(d->v), sizeof(*d->names));
    for (uint32_t i = 0; d->names != NULL && i < d->order.len; i++) {
        uint32_t id = d->order.at[i];
        d->names[id] = arena_strdup(&d->arena, view_qualified(d->v, id, &d->text));
        if (d->text.failed || d->names[id] == NULL)
            return false;
    }
    return d->names != NULL;
}

static bool order_nodes(struct dump *d)
{
    d->place = mem_reallocarray(NULL, view_node_limit(d->v), sizeof(*d->place));
    if (d->place == NULL || !view_nodes(d->v, &d->order) || !take_names(d))
        return false;
    sort_r(d->order.at, d->order.len, sizeof(*d->order.at), cmp_node, d);
    for (uint32_t i = 0; i < d->order.len; i++)
        d->place[d->order.at[i]] = i;
    return true;
}

static void put_site(struct buf *b, struct site site, unsigned layer)
{
    if (site.line == 0)
        buf_char(b, '-');
    else
        put_pair(b, site.line, ':', site.col);
    if (site.layer != layer) {
        buf_char(b, '!');
        buf_str(b, layer_name(site.layer));
    }
}

static int cmp_site(const void *a, const void *b, void *view)
{
    const struct site *x = a, *y = b;

    if (x->file != y->file)
        return view_file_compare(view, x->file, y->file);
    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    return x->col < y->col ? -1 : x->col > y->col;
}

static void put_sites(struct dump *d, uint32_t from, const struct edge *e)
{
    const struct site *sites;
    uint32_t n = view_sites(d->v, from, e->node, e->kind, &sites);

    vec_clear(&d->sites);
    for (uint32_t i = 0; i < n && d->ok; i++)
        d->ok = vec_push(&d->sites, sites[i]);
    if (n == 0)
        buf_char(&d->out, '-');
    if (d->sites.len > 1)
        sort_r(d->sites.at, n, sizeof(*sites), cmp_site, (void *)(uintptr_t)d->v);
    for (uint32_t i = 0; i < d->sites.len; i++) {
        const struct site *s = &d->sites.at[i];
        if (i == 0 || s->file != s[-1].file) {
            if (i > 0)
                buf_char(&d->out, ';');
            put_text(&d->out, view_path(d->v, s->file));
            buf_char(&d->out, ':');
        } else {
            buf_char(&d->out, ',');
        }
        put_site(&d->out, *s, e->layer);
    }
}

static int cmp_edge(const void *a, const void *b, void *place)
{
    const struct edge *x = a, *y = b;

    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    return ((uint32_t *)place)[x->node] < ((uint32_t *)place)[y->node] ? -1 : 1;
}

static void dump_edges(struct dump *d, uint32_t from)
{
    struct buf *b = &d->out;
    struct edge_iter it;
    struct edge e;

    vec_clear(&d->list);
    view_edges(d->v, from, false, EDGE_ALL, &it);
    while (view_next(&it, &e))
        if (!vec_push(&d->list, e))
            d->ok = false;
    if (d->list.len > 1)
        sort_r(d->list.at, d->list.len, sizeof(*d->list.at), cmp_edge, d->place);
    for (uint32_t i = 0; i < d->list.len && d->ok; i++) {
        const struct edge *edge = &d->list.at[i];

        buf_str(b, "edge\t");
        put_field(b, edge_kind_name(edge->kind));
        put_field(b, layer_name(edge->layer));
        put_field(b, d->names[from]);
        put_hex(b, view_sig(d->v, from));
        buf_char(b, '\t');
        put_field(b, d->names[edge->node]);
        put_hex(b, view_sig(d->v, edge->node));
        buf_char(b, '\t');
        put_sites(d, from, edge);
        end_line(d, false);
    }
}

bool view_dump(const struct view *v, view_sink sink, void *ctx)
{
    struct dump d = {.v = v, .sink = sink, .ctx = ctx, .ok = true};

    d.ok = order_nodes(&d);
    if (d.ok) {
        buf_str(&d.out, "isg-dump 1");
        end_line(&d, false);
    }
    dump_files(&d);
    for (uint32_t i = 0; i < d.order.len && d.ok; i++)
        dump_node(&d, d.order.at[i]);
    for (uint32_t i = 0; i < d.order.len && d.ok; i++)
        dump_edges(&d, d.order.at[i]);
    end_line(&d, true);
    vec_release(&d.order);
    mem_free(d.names);
    arena_release(&d.arena);
    buf_release(&d.text);
    mem_free(d.place);
    vec_release(&d.list);
    vec_release(&d.sites);
    buf_release(&d.out);
    return d.ok;
}
