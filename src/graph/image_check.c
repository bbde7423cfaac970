/* I4 to I10 of images: nothing that an image says is relied on before it was looked at. */
#include "graph/image_internal.h"

#include "base/mem.h"
#include "graph/texts.h"
#include "graph/view.h"

#include <string.h>

struct checker {
    struct live *g;
    const struct image_header *h;
    const char *path;
    struct err *err;
    uint64_t end;                 /* of DATA, in granules */
    uint32_t nodes;               /* of the files so far */
    uint64_t out_sum, in_sum;     /* of all edges, as both sides have them */
    uint64_t name_sum, named_sum; /* of all (name, node) */
    struct live_totals totals;
};

static int broken(const struct checker *c, const char *rule, const char *what, uint32_t id)
{
    return err_set(c->err, PT_ECORRUPT, "%s: %s: %s %u", c->path, rule, what, id);
}

/* ---- what words name ---- */

static uint32_t word(const struct words *w, uint32_t id)
{
    return atomic_load_explicit(&w->at[id], memory_order_relaxed);
}

/* Bytes of DATA from a ref on; 0 if it is outside. The first page of the file is the header. */
static uint64_t room_at(const struct checker *c, uint32_t ref)
{
    bool inside = ref >= IMAGE_PAGE / SPACE_GRANULE && ref < c->end;
    return inside ? (c->end - ref) * SPACE_GRANULE : 0;
}

/* n strings that end within `room` bytes? */
static bool has_strings(const char *p, uint64_t room, unsigned n)
{
    while (n-- > 0) {
        size_t length = strnlen(p, (size_t)room);
        if (length == room)
            return false;
        p += length + 1;
        room -= length + 1;
    }
    return true;
}

static const struct live_node *node_at(const struct checker *c, uint32_t id)
{
    uint32_t ref = word(&c->g->node, id);
    uint64_t room = room_at(c, ref), fixed = offsetof(struct live_node, rest);
    const struct live_node *n = space_at(&c->g->space, ref);
    if (room <= fixed || n->head.generation != 0 || n->head.n != 1)
        return NULL;
    fixed += n->form & LIVE_WIDE ? sizeof(struct live_extent) : 0;
    bool good = room > fixed && has_strings(live_texts(n), room - fixed, texts_count(n->form));
    return good ? n : NULL;
}

static const struct live_file *file_at(const struct checker *c, uint32_t id)
{
    uint32_t ref = word(&c->g->file, id);
    uint64_t room = room_at(c, ref), fixed = offsetof(struct live_file, ids);
    const struct live_file *f = space_at(&c->g->space, ref);
    if (room <= fixed || f->head.generation != 0 || f->head.n != 1)
        return NULL;
    uint64_t ids = ((uint64_t)f->n_nodes + f->n_foreign) * sizeof(uint32_t);
    if (room - fixed <= ids || !has_strings((const char *)f->ids + ids, room - fixed - ids, 2))
        return NULL;
    return f;
}

/* False: the list is not sound. n = 0: there is none. */
static bool list_at(const struct checker *c, const struct lists *l, const struct words *w,
                    uint32_t id, struct list_span *ret)
{
    uint32_t ref = word(w, id);
    const struct block_head *h = space_at(&c->g->space, ref);
    uint64_t room = room_at(c, ref);
    *ret = (struct list_span){0};
    if (ref == 0)
        return true;
    if (room < sizeof(*h) || h->generation != 0 || h->n == 0 || h->n > room / sizeof(uint32_t) ||
        list_bytes(h->n, l->values) > room)
        return false;
    list_span_of(h, ret);
    for (uint32_t i = 0; i < ret->n; i++) {
        uint64_t key = (uint64_t)edge_attr_kind(ret->attrs[i]) << 32 | ret->targets[i];
        if (edge_attr_kind(ret->attrs[i]) >= EDGE_KIND_COUNT || ret->targets[i] >= c->h->n_nodes ||
            (i > 0 &&
             ((uint64_t)edge_attr_kind(ret->attrs[i - 1]) << 32 | ret->targets[i - 1]) >= key))
            return false;
    }
    return true;
}

/* ---- files and nodes ---- */

static int check_node(struct checker *c, uint32_t file, uint32_t first, uint32_t place,
                      uint32_t *kinds)
{
    uint32_t id = first + place;
    const struct live_node *n = node_at(c, id);
    if (n == NULL)
        return broken(c, "I4", "node", id);
    if (n->file != file || n->place != place || n->name >= c->h->n_names ||
        n->kind >= NODE_KIND_COUNT || !texts_form_is_sound(n->form, place == 0) ||
        (place == 0) != (n->kind == NODE_FILE) ||
        (place == 0 ? n->parent != id : n->parent < first || n->parent >= id))
        return broken(c, "I6", "node", id);
    *kinds |= 1u << n->kind;
    c->totals.nodes[n->kind]++;
    c->name_sum += hash_mix64((uint64_t)n->name << 32 | id);
    return PT_OK;
}

static int check_file(struct checker *c, uint32_t id, const char *before)
{
    const struct live_file *f = file_at(c, id);
    uint32_t first = c->nodes, kinds = 0;
    int rc = PT_OK;
    if (f == NULL)
        return broken(c, "I4", "file", id);
    if (f->n_nodes == 0 || f->n_nodes > c->h->n_nodes - first ||
        (before != NULL && strcmp(before, live_path(f)) >= 0))
        return broken(c, "I5", "file", id);
    for (uint32_t i = 0; i < f->n_foreign; i++) {
        uint32_t foreign = f->ids[f->n_nodes + i];
        if (foreign >= c->h->n_nodes || (foreign >= first && foreign - first < f->n_nodes) ||
            (i > 0 && f->ids[f->n_nodes + i - 1] >= foreign))
            return broken(c, "I5", "file", id);
    }
    for (uint32_t i = 0; i < f->n_nodes && rc == PT_OK; i++)
        rc = f->ids[i] == first + i ? check_node(c, id, first, i, &kinds)
                                    : broken(c, "I5", "file", id);
    if (rc == PT_OK && kinds != f->kinds)
        rc = broken(c, "I5", "file", id);
    c->nodes += f->n_nodes;
    c->totals.n_files++;
    c->totals.lines += f->lines;
    c->totals.bytes += f->size;
    for (unsigned i = 0; i < LAYER_COUNT; i++)
        c->totals.refs_by_layer[i] += f->refs_by_layer[i];
    for (unsigned i = 0; i < UNRESOLVED_COUNT; i++)
        c->totals.unresolved[i] += f->unresolved[i];
    return rc;
}

static int check_files(struct checker *c)
{
    const char *before = NULL;
    int rc = PT_OK;
    for (uint32_t id = 0; rc == PT_OK && id < c->h->n_files; id++) {
        rc = check_file(c, id, before);
        if (rc == PT_OK)
            before = live_path(file_at(c, id));
    }
    if (rc == PT_OK && c->nodes != c->h->n_nodes)
        rc = broken(c, "I5", "nodes in no file from", c->nodes);
    c->totals.n_nodes = c->nodes;
    return rc;
}

/* ---- edges ---- */

static bool sites_are_sound(const struct checker *c, uint32_t ref)
{
    uint64_t n = room_at(c, ref) / sizeof(struct site), before = 0;
    const struct site *s = space_at(&c->g->space, ref);
    for (uint64_t i = 0; i < n; i++) {
        uint64_t at = site_number(&s[i]);
        if (s[i].file >= c->h->n_files || (i > 0 && at <= before))
            return false;
        if (s[i].last)
            return true;
        before = at;
    }
    return false;
}

static uint64_t edge_sum(uint32_t from, uint32_t to, uint8_t attr)
{
    return hash_mix64(hash_mix64((uint64_t)from << 32 | to) + attr);
}

static int check_edges(struct checker *c, uint32_t id)
{
    struct list_span s;
    if (!list_at(c, &c->g->out, &c->g->out_words, id, &s))
        return broken(c, "I7", "out list of node", id);
    for (uint32_t i = 0; i < s.n; i++) {
        if (s.values[i] != 0 && !sites_are_sound(c, s.values[i]))
            return broken(c, "I7", "sites of an edge from node", id);
        c->out_sum += edge_sum(id, s.targets[i], s.attrs[i]);
        c->totals.edges[edge_attr_kind(s.attrs[i])]++;
    }
    c->totals.n_edges += s.n;
    if (!list_at(c, &c->g->in, &c->g->in_words, id, &s))
        return broken(c, "I7", "in list of node", id);
    for (uint32_t i = 0; i < s.n; i++)
        c->in_sum += edge_sum(s.targets[i], id, s.attrs[i]);
    return PT_OK;
}

static int check_all_edges(struct checker *c)
{
    int rc = PT_OK;
    for (uint32_t id = 0; rc == PT_OK && id < c->h->n_nodes; id++)
        rc = check_edges(c, id);
    if (rc == PT_OK && c->out_sum != c->in_sum)
        rc = err_set(c->err, PT_ECORRUPT, "%s: I7: in lists and out lists differ", c->path);
    return rc;
}

/* ---- names ---- */

static int check_names(struct checker *c)
{
    const char *before = NULL;
    for (uint32_t id = 0; id < c->h->n_names; id++) {
        uint32_t ref = word(&c->g->text, id);
        const char *text = space_at(&c->g->space, ref);
        struct list_span s;
        if (!has_strings(text, room_at(c, ref), 1))
            return broken(c, "I4", "name", id);
        if ((before != NULL && strcmp(before, text) >= 0) ||
            !list_at(c, &c->g->names, &c->g->named, id, &s) || s.n == 0)
            return broken(c, "I8", "name", id);
        for (uint32_t i = 0; i < s.n; i++) {
            if (s.attrs[i] != 0)
                return broken(c, "I8", "name", id);
            c->named_sum += hash_mix64((uint64_t)id << 32 | s.targets[i]);
        }
        before = text;
    }
    if (c->named_sum != c->name_sum)
        return err_set(c->err, PT_ECORRUPT, "%s: I8: names are not of the nodes that bear them",
                       c->path);
    return PT_OK;
}

/* ---- maps ---- */

static int check_map(struct checker *c, const struct idmap *m, uint32_t n, const char *what)
{
    const struct idmap_base *b = &m->base;
    uint64_t before = 0;
    uint32_t bucket = 0;
    if (n == 0)
        return PT_OK;
    if (b->dir[0] != 0 || b->dir[b->n_buckets] != n)
        return broken(c, "I9", what, 0);
    for (uint32_t i = 0; i < b->n_buckets; i++) {
        if (b->dir[i] > b->dir[i + 1])
            return broken(c, "I9", what, i);
    }
    for (uint32_t i = 0; i < n; i++) {
        uint32_t id = b->entries[i].id;
        if (id >= n)
            return broken(c, "I9", what, id);
        uint64_t hash = b->hash_of(b->ctx, id);
        while (bucket < b->n_buckets && i >= b->dir[bucket + 1])
            bucket++;
        if (idmap_bucket(hash, b->n_buckets) != bucket || b->entries[i].low != (uint32_t)hash ||
            (i > 0 && (hash < before || (hash == before && id <= b->entries[i - 1].id))))
            return broken(c, "I9", what, id);
        before = hash;
    }
    return PT_OK;
}

/* ---- */

/* No sig hash may be there twice; what else has one hash is told apart by its text. */
static int check_sigs(struct checker *c)
{
    const struct idmap_base *b = &c->g->by_sig.base;
    for (uint32_t i = 1; i < c->h->n_nodes; i++) {
        if (b->hash_of(b->ctx, b->entries[i].id) == b->hash_of(b->ctx, b->entries[i - 1].id))
            return broken(c, "I9", "two nodes have the sig hash of node", b->entries[i].id);
    }
    return PT_OK;
}

static int check_totals(struct checker *c)
{
    const struct live_totals *t = &c->h->totals;
    c->totals.head = t->head;
    c->totals.commit = t->commit;
    c->totals.as_of_ns = t->as_of_ns;
    if (memcmp(&c->totals, t, sizeof(*t)) != 0)
        return err_set(c->err, PT_ECORRUPT, "%s: I10: the totals are wrong", c->path);
    return PT_OK;
}

static int check_all(struct checker *c)
{
    int rc = check_files(c);
    if (rc == PT_OK)
        rc = check_all_edges(c);
    if (rc == PT_OK)
        rc = check_names(c);
    if (rc == PT_OK)
        rc = check_map(c, &c->g->by_sig, c->h->n_nodes, "map of sig hashes, node");
    if (rc == PT_OK)
        rc = check_sigs(c);
    if (rc == PT_OK)
        rc = check_map(c, &c->g->by_path, c->h->n_files, "map of paths, file");
    if (rc == PT_OK)
        rc = check_map(c, &c->g->by_name, c->h->n_names, "map of names, name");
    return rc == PT_OK ? check_totals(c) : rc;
}

int image_check(const char *path, uint32_t *ret_segments, struct err *err)
{
    struct live *g = NULL;
    int rc = image_verify(path, ret_segments, err);
    if (rc == PT_OK)
        rc = image_open(path, &g, err);
    if (rc != PT_OK)
        return rc;
    struct image_header h;
    memcpy(&h, g->image.p, sizeof(h));
    struct checker c = {.g = g, .h = &h, .path = path, .err = err};
    c.end = (h.sections[IMAGE_DATA].offset + h.sections[IMAGE_DATA].size) / SPACE_GRANULE;
    rc = check_all(&c);
    live_free(g);
    return rc;
}
