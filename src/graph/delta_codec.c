#include "graph/delta_codec.h"

#include "base/codec.h"
#include "base/intern.h"
#include "base/map.h"

#include <assert.h>
#include <string.h>

#define AT_VERSION 4
#define AT_STRINGS 8
#define AT_UNITS 12
#define AT_FLAGS 16
#define REPLACE_ALL 1u

#define EDGE_HAS_SITE 0x80u
#define EDGE_LAYER_SHIFT 5
#define EDGE_KIND_MASK 0x1Fu

/* The fewest bytes that one can have, which bounds how many there can be. */
#define UNIT_BYTES_MIN ((size_t)2)
#define NODE_BYTES_MIN ((size_t)17)
#define EDGE_BYTES_MIN ((size_t)3)
/* A path is a string of its own, with a NUL. */
#define PATH_BYTES_MIN ((size_t)2)

_Static_assert(EDGE_KIND_COUNT <= EDGE_KIND_MASK + 1u && LAYER_COUNT <= 4, "one byte");
_Static_assert(sizeof(struct unit) <= (DELTA_EXPANSION - 8) * (UNIT_BYTES_MIN + PATH_BYTES_MIN) &&
                   sizeof(struct unit_node) <= (DELTA_EXPANSION - 8) * NODE_BYTES_MIN &&
                   sizeof(struct unit_edge) <= (DELTA_EXPANSION - 8) * EDGE_BYTES_MIN,
               "memory is bounded by the size of the input");

enum end_kind { END_OWN, END_NODE, END_OTHER, END_NEW };

static const char magic[4] = {'I', 'S', 'G', 'D'};

/* ---- encoding ---- */

/* At most so many bytes are written for a unit without its nodes, for a node, for an edge: room for
 * them is made at once. */
#define PIECE_BYTES_MAX ((size_t)256)

/* So many ends of edges that are no nodes get their place in the map before they come; a delta that
 * has more lets it grow. */
#define OTHERS_AHEAD 4096u

struct encoder {
    struct buf *out;
    uint8_t *at; /* in `out`, while a piece is written */
    struct intern strings;
    struct map ends; /* sig hash -> number * 2 + (is it other than a node?) */
    uint32_t n_nodes, n_others;
    uint32_t first; /* node of the unit at hand, among all */
    bool failed;    /* an allocation */
};

/* Begins a piece. False: no memory. */
static bool begin_piece(struct encoder *e)
{
    struct buf *out = e->out;
    bool has_room = out->cap - out->n > PIECE_BYTES_MAX && !out->failed;
    if (PT_UNLIKELY(!has_room) && !buf_reserve(out, PIECE_BYTES_MAX))
        return false;
    e->at = (uint8_t *)out->p + out->n;
    return true;
}

static void end_piece(struct encoder *e)
{
    size_t n = (size_t)(e->at - (uint8_t *)e->out->p);
    assert(n - e->out->n <= PIECE_BYTES_MAX);
    e->out->n = n;
}

static void put(struct encoder *e, uint64_t v)
{
    e->at += codec_put_varint(e->at, v);
}

static void put_byte(struct encoder *e, uint8_t v)
{
    *e->at++ = v;
}

static void put_signed(struct encoder *e, int64_t v)
{
    put(e, codec_zigzag(v));
}

static void put_diff(struct encoder *e, uint32_t v, uint32_t from)
{
    put_signed(e, (int64_t)v - from);
}

static void put_raw64(struct encoder *e, uint64_t v)
{
    codec_put64(e->at, v);
    e->at += 8;
}

static void put_string(struct encoder *e, const char *s)
{
    uint32_t n = intern_count(&e->strings);
    uint32_t id = intern_put(&e->strings, s, strlen(s));

    if (id == 0)
        e->failed = true;
    put(e, id > n ? 0 : n + 1 - id);
}

static void put_name(struct encoder *e, const char *name, const char *qualified)
{
    size_t n = strlen(name), n_qualified = strlen(qualified);

    if (n <= n_qualified && memcmp(qualified + n_qualified - n, name, n) == 0) {
        put(e, (uint64_t)n * 2);
    } else {
        put(e, 1);
        put_string(e, name);
    }
}

static void put_node(struct encoder *e, const struct unit *u, uint32_t i)
{
    static const struct unit_node none = {0};
    const struct unit_node *n = &u->nodes[i], *before = i > 0 ? n - 1 : &none;
    bool has_doc = n->doc_start != 0 || n->doc_end != 0;

    if (!begin_piece(e))
        return;
    put_raw64(e, n->sig);
    put(e, (uint64_t)n->flags * 2 + has_doc);
    put_byte(e, n->kind);
    if (i > 0)
        put(e, i - n->parent);
    put_string(e, n->qualified);
    put_name(e, n->name, n->qualified);
    put_string(e, n->signature);
    put_diff(e, n->line, before->line);
    put_diff(e, n->end_line, n->line);
    put_diff(e, n->start, before->start);
    put_diff(e, n->end, n->start);
    if (has_doc) {
        put_diff(e, n->doc_start, n->start);
        put_diff(e, n->doc_end, n->doc_start);
    }
    end_piece(e);
}

/* What an end is written as after it was written, which may have been its first time. */
static uint64_t end_again(const struct encoder *e, const struct unit *u, uint32_t end)
{
    uint32_t number = end / 2;

    if (end % 2 != 0)
        return (uint64_t)number * 4 + END_OTHER;
    if (number >= e->first && number - e->first < u->n_nodes)
        return (uint64_t)(number - e->first) * 4 + END_OWN;
    return (uint64_t)number * 4 + END_NODE;
}

/* Returns end_again of it. */
static uint64_t put_end(struct encoder *e, const struct unit *u, uint64_t sig)
{
    bool is_new;
    const uint32_t *end = map_put(&e->ends, sig, e->n_others * 2 + 1, &is_new);

    if (end == NULL) {
        e->failed = true;
        return 0;
    }
    uint64_t again = end_again(e, u, *end);
    if (is_new) {
        e->n_others++;
        put(e, END_NEW);
        put_raw64(e, sig);
    } else {
        put(e, again);
    }
    return again;
}

static void put_edges(struct encoder *e, const struct unit *u)
{
    uint32_t line = 0;
    uint64_t from = 0;

    for (uint32_t i = 0; i < u->n_edges && begin_piece(e); i++) {
        const struct unit_edge *edge = &u->edges[i];
        bool has_site = edge->line != 0 || edge->col != 0;

        unsigned head = edge->kind | (unsigned)edge->layer << EDGE_LAYER_SHIFT;
        put_byte(e, (uint8_t)(head | (has_site ? EDGE_HAS_SITE : 0)));
        if (i > 0 && edge->from == edge[-1].from) /* edges come by their start */
            put(e, from);
        else
            from = put_end(e, u, edge->from);
        (void)put_end(e, u, edge->to);
        if (has_site) {
            put_diff(e, edge->line, line);
            put(e, edge->col);
            line = edge->line;
        }
        end_piece(e);
    }
    e->first += u->n_nodes;
}

static void put_unit(struct encoder *e, const struct unit *u)
{
    if (!begin_piece(e))
        return;
    put_string(e, u->path);
    put_byte(e, u->removed ? 1 : 0);
    if (u->removed) {
        end_piece(e);
        return;
    }
    put_string(e, u->lang);
    put_raw64(e, u->content.lo);
    put_raw64(e, u->content.hi);
    put(e, u->size);
    put_signed(e, u->mtime_ns);
    put_signed(e, (int64_t)((uint64_t)u->ctime_ns - (uint64_t)u->mtime_ns));
    put(e, u->ino);
    put(e, u->lines);
    put(e, u->facts_flags);
    put(e, u->error_line);
    for (size_t i = 0; i < LAYER_COUNT; i++)
        put(e, u->refs_by_layer[i]);
    for (size_t i = 0; i < UNRESOLVED_COUNT; i++)
        put(e, u->unresolved[i]);
    put(e, u->n_edges);
    put(e, u->n_nodes);
    end_piece(e);
    for (uint32_t i = 0; i < u->n_nodes; i++)
        put_node(e, u, i);
}

/* Where ends of edges find their nodes. PT_ELIMIT if there are more than the numbers can hold. */
static int number_nodes(struct encoder *e, const struct delta *d, struct err *err)
{
    uint64_t n_nodes = 0, n_edges = 0;

    for (uint32_t i = 0; i < d->units.len; i++)
        if (!d->units.at[i].removed) {
            n_nodes += d->units.at[i].n_nodes;
            n_edges += d->units.at[i].n_edges;
        }
    if (n_nodes + n_edges > UINT32_MAX / 4)
        return err_set(err, PT_ELIMIT, "a delta of more than %u nodes and edges", UINT32_MAX / 4);
    uint32_t others = n_edges < OTHERS_AHEAD ? (uint32_t)n_edges : OTHERS_AHEAD;
    if (!map_reserve(&e->ends, (uint32_t)n_nodes + others))
        return err_set(err, PT_ENOMEM, "no memory to encode a delta");
    for (uint32_t i = 0; i < d->units.len; i++) {
        const struct unit *u = &d->units.at[i];

        for (uint32_t k = 0; !u->removed && k < u->n_nodes; k++, e->n_nodes++)
            if (map_put(&e->ends, u->nodes[k].sig, e->n_nodes * 2, NULL) == NULL)
                return err_set(err, PT_ENOMEM, "no memory to encode a delta");
    }
    return 0;
}

static size_t put_strings(struct encoder *e)
{
    size_t before = e->out->n;

    for (uint32_t id = 1; id <= intern_count(&e->strings); id++) {
        size_t n;
        const char *s = intern_str(&e->strings, id, &n);
        buf_add(e->out, s, n + 1);
    }
    return e->out->n - before;
}

static int encode(struct encoder *e, const struct delta *d, struct err *err)
{
    uint8_t head[DELTA_HEAD_SIZE] = {0};
    size_t head_at = e->out->n;
    int rc = number_nodes(e, d, err);

    if (rc != 0)
        return rc;
    buf_add(e->out, head, sizeof(head));
    for (uint32_t i = 0; i < d->units.len; i++)
        put_unit(e, &d->units.at[i]);
    for (uint32_t i = 0; i < d->units.len; i++)
        if (!d->units.at[i].removed)
            put_edges(e, &d->units.at[i]);

    size_t n_strings = put_strings(e);
    if (e->failed || e->out->failed)
        return err_set(err, PT_ENOMEM, "no memory to encode a delta");
    if (n_strings > UINT32_MAX)
        return err_set(err, PT_ELIMIT, "a delta of %zu bytes of strings", n_strings);
    memcpy(head, magic, sizeof(magic));
    codec_put32(head + AT_VERSION, DELTA_VERSION);
    codec_put32(head + AT_STRINGS, (uint32_t)n_strings);
    codec_put32(head + AT_UNITS, d->units.len);
    codec_put32(head + AT_FLAGS, d->replace_all ? REPLACE_ALL : 0);
    memcpy(e->out->p + head_at, head, sizeof(head));
    return 0;
}

int delta_encode(const struct delta *d, struct buf *out, struct err *err)
{
    struct encoder e = {.out = out};
    size_t before = out->n;
    int rc = delta_check(d, err);

    if (rc != 0)
        return rc;
    if (out->failed)
        return err_set(err, PT_ENOMEM, "no memory to encode a delta");
    rc = encode(&e, d, err);
    if (rc != 0) {
        out->n = before;
        out->failed = false;
    }
    intern_release(&e.strings);
    map_release(&e.ends);
    return rc;
}

/* ---- decoding ---- */

struct decoder {
    const uint8_t *begin, *at, *end; /* the units */
    struct delta *delta;
    const char *strings, *strings_end; /* a copy in the delta's arena */
    const char *next_string;           /* the first that was not used yet */
    VEC(uint32_t) used;                /* where each used one begins */
    VEC(uint64_t) sigs;                /* of all nodes, and ... */
    VEC(uint64_t) others;              /* ... of other ends of edges */
    struct err *err;
};

static int broken(const struct decoder *d, const char *what)
{
    return err_set(d->err, PT_ECORRUPT, "delta: %s (at offset %zu)", what,
                   (size_t)(d->at - d->begin) + DELTA_HEAD_SIZE);
}

static int no_memory(const struct decoder *d)
{
    return err_set(d->err, PT_ENOMEM, "no memory to decode a delta");
}

static size_t left(const struct decoder *d)
{
    return (size_t)(d->end - d->at);
}

static int get(struct decoder *d, uint64_t *ret)
{
    return codec_varint(&d->at, d->end, ret) ? 0 : broken(d, "E3: a number");
}

static int get32(struct decoder *d, uint32_t *ret)
{
    return codec_varint32(&d->at, d->end, ret) ? 0 : broken(d, "E3: a number");
}

static int get_signed(struct decoder *d, int64_t *ret)
{
    uint64_t v;
    int rc = get(d, &v);

    if (rc == 0)
        *ret = codec_unzigzag(v);
    return rc;
}

/* A number that is told by its distance from another. */
static int get_diff(struct decoder *d, uint32_t from, uint32_t *ret)
{
    int64_t diff;
    int rc = get_signed(d, &diff);

    if (rc != 0)
        return rc;
    if (diff < -(int64_t)from || diff > (int64_t)UINT32_MAX - from)
        return broken(d, "E3: a number out of range");
    *ret = (uint32_t)(from + diff);
    return 0;
}

static int get_raw64(struct decoder *d, uint64_t *ret)
{
    if (left(d) < 8)
        return broken(d, "E3: it ends within a number");
    *ret = codec_get64(d->at);
    d->at += 8;
    return 0;
}

static int get_byte(struct decoder *d, uint8_t *ret)
{
    if (left(d) < 1)
        return broken(d, "E3: it ends within a number");
    *ret = *d->at++;
    return 0;
}

/* With its length, which for a string that is used often must not be counted each time. */
static int get_string(struct decoder *d, const char **ret, size_t *ret_n)
{
    uint64_t back;
    int rc = get(d, &back);

    if (rc != 0)
        return rc;
    if (back > d->used.len)
        return broken(d, "E2: a string before the first");
    if (back == 0) {
        if (d->next_string == d->strings_end)
            return broken(d, "E2: a string behind the last");
        if (!vec_push(&d->used, (uint32_t)(d->next_string - d->strings)))
            return no_memory(d);
        d->next_string += strlen(d->next_string) + 1; /* the last one ends with a NUL too */
        back = 1;
    }
    const uint32_t *begin = &d->used.at[d->used.len - back];
    const char *next = back > 1 ? d->strings + begin[1] : d->next_string;
    *ret = d->strings + *begin;
    *ret_n = (size_t)(next - *ret) - 1;
    return 0;
}

/* The qualified name has n bytes. */
static int get_name(struct decoder *d, const char *qualified, size_t n, const char **ret)
{
    uint64_t how;
    size_t unused;
    int rc = get(d, &how);

    if (rc != 0)
        return rc;
    if (how == 1)
        return get_string(d, ret, &unused);
    if (how % 2 != 0 || how / 2 > n)
        return broken(d, "E4: a bare name");
    *ret = qualified + (n - how / 2);
    return 0;
}

static int get_doc(struct decoder *d, struct unit_node *n)
{
    int rc = get_diff(d, n->start, &n->doc_start);

    if (rc == 0)
        rc = get_diff(d, n->doc_start, &n->doc_end);
    if (rc == 0 && n->doc_start == 0 && n->doc_end == 0)
        rc = broken(d, "E4: documentation that is none");
    return rc;
}

static int get_node(struct decoder *d, struct unit_node *n, uint32_t i)
{
    static const struct unit_node none = {0};
    const struct unit_node *before = i > 0 ? n - 1 : &none;
    uint32_t flags, up = i;
    size_t n_qualified, unused;
    int rc;

    *n = (struct unit_node){0};
    if ((rc = get_raw64(d, &n->sig)) != 0 || (rc = get32(d, &flags)) != 0 ||
        (rc = get_byte(d, &n->kind)) != 0 || (i > 0 && (rc = get32(d, &up)) != 0))
        return rc;
    if (flags / 2 > UINT16_MAX || up > i)
        return broken(d, "E3: flags or parent of a node");
    n->flags = (uint16_t)(flags / 2);
    n->parent = i - up;
    if ((rc = get_string(d, &n->qualified, &n_qualified)) != 0 ||
        (rc = get_name(d, n->qualified, n_qualified, &n->name)) != 0 ||
        (rc = get_string(d, &n->signature, &unused)) != 0 ||
        (rc = get_diff(d, before->line, &n->line)) != 0 ||
        (rc = get_diff(d, n->line, &n->end_line)) != 0 ||
        (rc = get_diff(d, before->start, &n->start)) != 0 ||
        (rc = get_diff(d, n->start, &n->end)) != 0)
        return rc;
    return flags % 2 != 0 ? get_doc(d, n) : 0;
}

static int get_end(struct decoder *d, const struct unit *u, uint64_t *ret)
{
    uint64_t v;
    int rc = get(d, &v);

    if (rc != 0)
        return rc;
    uint64_t index = v / 4;
    switch ((enum end_kind)(v % 4)) {
    case END_OWN:
        if (index >= u->n_nodes)
            break;
        *ret = u->nodes[index].sig;
        return 0;
    case END_NODE:
        if (index >= d->sigs.len)
            break;
        *ret = d->sigs.at[index];
        return 0;
    case END_OTHER:
        if (index >= d->others.len)
            break;
        *ret = d->others.at[index];
        return 0;
    case END_NEW:
        if (index != 0)
            break;
        if ((rc = get_raw64(d, ret)) != 0)
            return rc;
        return vec_push(&d->others, *ret) ? 0 : no_memory(d);
    }
    return broken(d, "E5: an end of an edge");
}

static int get_edge(struct decoder *d, const struct unit *u, struct unit_edge *e, uint32_t *line)
{
    uint32_t col;
    uint8_t head = 0;
    int rc;

    if ((rc = get_byte(d, &head)) != 0 || (rc = get_end(d, u, &e->from)) != 0 ||
        (rc = get_end(d, u, &e->to)) != 0)
        return rc;
    e->line = 0;
    e->col = 0;
    e->kind = head & EDGE_KIND_MASK;
    e->layer = (uint8_t)((head & ~EDGE_HAS_SITE) >> EDGE_LAYER_SHIFT);
    if ((head & EDGE_HAS_SITE) == 0)
        return 0;
    if ((rc = get_diff(d, *line, &e->line)) != 0 || (rc = get32(d, &col)) != 0)
        return rc;
    if (col > UINT16_MAX)
        return broken(d, "E3: a column");
    if (e->line == 0 && col == 0)
        return broken(d, "E4: a site that is none");
    e->col = (uint16_t)col;
    *line = e->line;
    return 0;
}

static int get_edges(struct decoder *d, struct unit *u)
{
    struct unit_edge *edges;
    uint32_t line = 0;
    int rc = 0;

    if (u->n_edges > left(d) / EDGE_BYTES_MIN)
        return broken(d, "E3: more edges than bytes");
    edges = arena_alloc(&d->delta->arena, (size_t)u->n_edges * sizeof(*edges));
    if (edges == NULL)
        return no_memory(d);
    u->edges = edges;
    for (uint32_t i = 0; i < u->n_edges && rc == 0; i++)
        rc = get_edge(d, u, &edges[i], &line);
    return rc;
}

static int get_nodes(struct decoder *d, struct unit *u)
{
    struct unit_node *nodes;
    int rc = 0;

    if (u->n_nodes > left(d) / NODE_BYTES_MIN)
        return broken(d, "E3: more nodes than bytes");
    nodes = arena_alloc(&d->delta->arena, (size_t)u->n_nodes * sizeof(*nodes));
    if (nodes == NULL)
        return no_memory(d);
    u->nodes = nodes;
    for (uint32_t i = 0; i < u->n_nodes && rc == 0; i++) {
        rc = get_node(d, &nodes[i], i);
        if (rc == 0 && !vec_push(&d->sigs, nodes[i].sig))
            rc = no_memory(d);
    }
    return rc;
}

static int get_times(struct decoder *d, struct unit *u)
{
    int64_t diff = 0;
    int rc = get_signed(d, &u->mtime_ns);

    if (rc == 0)
        rc = get_signed(d, &diff);
    u->ctime_ns = (int64_t)((uint64_t)u->mtime_ns + (uint64_t)diff);
    return rc;
}

static int get_counts(struct decoder *d, uint32_t *counts, size_t n)
{
    int rc = 0;

    for (size_t i = 0; i < n && rc == 0; i++)
        rc = get32(d, &counts[i]);
    return rc;
}

static int get_unit(struct decoder *d, struct unit *u)
{
    uint8_t removed;
    size_t unused;
    int rc;

    *u = (struct unit){0};
    if ((rc = get_string(d, &u->path, &unused)) != 0 || (rc = get_byte(d, &removed)) != 0)
        return rc;
    if (removed > 1)
        return broken(d, "E3: neither removed nor there");
    u->removed = removed != 0;
    if (u->removed)
        return 0;
    if ((rc = get_string(d, &u->lang, &unused)) != 0 || (rc = get_raw64(d, &u->content.lo)) != 0 ||
        (rc = get_raw64(d, &u->content.hi)) != 0 || (rc = get(d, &u->size)) != 0 ||
        (rc = get_times(d, u)) != 0 || (rc = get(d, &u->ino)) != 0 ||
        (rc = get32(d, &u->lines)) != 0 || (rc = get32(d, &u->facts_flags)) != 0 ||
        (rc = get32(d, &u->error_line)) != 0 ||
        (rc = get_counts(d, u->refs_by_layer, LAYER_COUNT)) != 0 ||
        (rc = get_counts(d, u->unresolved, UNRESOLVED_COUNT)) != 0 ||
        (rc = get32(d, &u->n_edges)) != 0 || (rc = get32(d, &u->n_nodes)) != 0)
        return rc;
    return get_nodes(d, u);
}

static int get_units(struct decoder *d, uint32_t n)
{
    struct delta *delta = d->delta;
    int rc = 0;

    if (n > left(d) / UNIT_BYTES_MIN || n > (size_t)(d->strings_end - d->strings) / PATH_BYTES_MIN)
        return broken(d, "E3: more units than bytes");
    if (!vec_reserve(&delta->units, n))
        return no_memory(d);
    while (delta->units.len < n && rc == 0)
        rc = get_unit(d, &delta->units.at[delta->units.len++]);
    for (uint32_t i = 0; i < n && rc == 0; i++)
        if (!delta->units.at[i].removed)
            rc = get_edges(d, &delta->units.at[i]);
    if (rc == 0 && d->at != d->end)
        rc = broken(d, "E3: bytes behind the last edge");
    if (rc == 0 && d->next_string != d->strings_end)
        rc = broken(d, "E2: a string that is not used");
    return rc;
}

/* E1, and the strings. */
static int get_head(struct decoder *d, const uint8_t *p, size_t n)
{
    if (n < DELTA_HEAD_SIZE || memcmp(p, magic, sizeof(magic)) != 0)
        return err_set(d->err, PT_ECORRUPT, "delta: E1: it does not begin as a delta does");
    if (codec_get32(p + AT_VERSION) != DELTA_VERSION)
        return err_set(d->err, PT_EVERSION, "delta of version %u; this program reads version %u",
                       codec_get32(p + AT_VERSION), DELTA_VERSION);

    uint32_t n_strings = codec_get32(p + AT_STRINGS);
    if ((codec_get32(p + AT_FLAGS) & ~REPLACE_ALL) != 0 || n_strings > n - DELTA_HEAD_SIZE)
        return err_set(d->err, PT_ECORRUPT, "delta: E1: flags or size of the strings");
    if (n_strings > 0 && p[n - 1] != '\0')
        return err_set(d->err, PT_ECORRUPT, "delta: E2: the last string does not end");
    d->strings = arena_memdup(&d->delta->arena, p + (n - n_strings), n_strings);
    if (d->strings == NULL)
        return no_memory(d);
    d->strings_end = d->strings + n_strings;
    d->next_string = d->strings;
    d->begin = d->at = p + DELTA_HEAD_SIZE;
    d->end = p + (n - n_strings);
    d->delta->replace_all = codec_get32(p + AT_FLAGS) != 0;
    return 0;
}

/* E6. */
static int check(const struct delta *d, struct err *err)
{
    struct err why = {0};

    if (delta_check(d, &why) == 0)
        return 0;
    return err_set(err, PT_ECORRUPT, "delta: E6: %s", why.msg);
}

int delta_decode(const uint8_t *p, size_t n, struct delta *ret, struct err *err)
{
    struct delta delta;
    struct decoder d = {.delta = &delta, .err = err};

    delta_init(&delta);
    int rc = get_head(&d, p, n);
    if (rc == 0)
        rc = get_units(&d, codec_get32(p + AT_UNITS));
    if (rc == 0)
        rc = check(&delta, err);
    vec_release(&d.used);
    vec_release(&d.sigs);
    vec_release(&d.others);
    if (rc != 0) {
        delta_release(&delta);
        return rc;
    }
    *ret = delta;
    return 0;
}
