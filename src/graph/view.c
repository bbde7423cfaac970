#include "graph/view.h"

#include "base/mem.h"

#include <string.h>

int view_new(struct segment *seg, struct io_map *map, uint64_t generation, int64_t as_of_ns,
             struct view **ret, struct err *err)
{
    struct view *v = mem_alloc(sizeof(*v));

    if (v == NULL)
        return err_set(err, PT_ENOMEM, "no memory for a view");
    *v = (struct view){.seg = *seg, .generation = generation, .as_of_ns = as_of_ns};
    if (map != NULL)
        v->map = *map;
    atomic_init(&v->pins, 0);
    *seg = (struct segment){0};
    if (map != NULL)
        *map = (struct io_map){0};
    *ret = v;
    return 0;
}

void view_free(struct view *v)
{
    if (v == NULL)
        return;
    segment_release(&v->seg);
    io_unmap(&v->map);
    mem_free(v);
}

struct node view_node(const struct view *v, uint32_t id)
{
    const struct segment *s = &v->seg;
    const struct seg_node *n = view_record_(v, id);
    struct node ret = {
        .sig = n->sig,
        .name = s->strings + n->name,
        .qualified = s->strings + n->qualified,
        .signature = s->strings + n->signature,
        .id = id,
        .parent = n->parent,
        .file = s->files[n->file].first,
        .line = n->line,
        .end_line = n->end_line,
        .start = n->start,
        .end = n->end,
        .flags = n->flags,
        .kind = n->kind,
    };

    if (n->has_doc) {
        const struct seg_doc *doc = segment_doc(s, id);
        ret.doc_start = doc->start;
        ret.doc_end = doc->end;
    }
    return ret;
}

struct view_file view_file(const struct view *v, uint32_t index)
{
    const struct segment *s = &v->seg;
    assert(index < s->n_files);
    const struct seg_file *f = &s->files[index];
    struct view_file ret = {
        .path = s->strings + f->path,
        .lang = s->strings + f->lang,
        .node = f->first,
        .first = f->first,
        .count = f->count,
        .content = f->content,
        .size = f->size,
        .mtime_ns = f->mtime_ns,
        .ctime_ns = f->ctime_ns,
        .ino = f->ino,
        .lines = f->lines,
        .facts_flags = f->facts_flags,
        .error_line = f->error_line,
    };

    memcpy(ret.refs_by_layer, f->refs_by_layer, sizeof(ret.refs_by_layer));
    memcpy(ret.unresolved, f->unresolved, sizeof(ret.unresolved));
    return ret;
}

uint32_t view_find_file(const struct view *v, const char *path)
{
    return segment_find_file(&v->seg, path);
}

uint32_t view_find_sig(const struct view *v, uint64_t sig)
{
    return segment_find_sig(&v->seg, sig);
}

/* The first position from which on kinds are at least `kind`. */
static uint32_t first_of_kind(const struct edge_iter *it, unsigned kind)
{
    uint32_t low = it->at, high = it->end;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (seg_attr_kind(it->attrs[middle]) < kind)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Leaps over kinds that are not wanted, at both ends: a hub may have thousands of them. */
void edge_iter_trim_long_(struct edge_iter *it)
{
    while (it->at < it->end && !edge_iter_has_(it, it->at))
        it->at = first_of_kind(it, seg_attr_kind(it->attrs[it->at]) + 1u);
    while (it->at < it->end && !edge_iter_has_(it, it->end - 1))
        it->end = first_of_kind(it, seg_attr_kind(it->attrs[it->end - 1]));
}

uint32_t view_sites(const struct view *v, uint32_t evidence, const struct site **ret)
{
    const struct segment *s = &v->seg;
    assert(evidence < s->n_edges);
    uint32_t i = s->site_start[evidence], end = s->site_start[evidence + 1];

    while (i < end && s->sites[i].line == 0) /* says only which file the edge belongs to */
        i++;
    *ret = s->sites + i;
    return end - i;
}

size_t view_bytes(const struct view *v)
{
    return sizeof(*v) + segment_bytes(&v->seg);
}
