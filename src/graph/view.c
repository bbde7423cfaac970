#include "graph/view.h"

#include "base/stop.h"
#include "graph/live_internal.h"
#include "graph/texts.h"

#include <string.h>

/* ---- nodes and files ---- */

struct node view_node(const struct view *v, uint32_t id)
{
    const struct live_node *n = view_record_(v, id);
    const struct live_extent extent = live_extent(n);
    return (struct node){
        .sig = n->sig,
        .name = live_text(v->g, n->name),
        .id = id,
        .parent = n->parent != id ? n->parent : NODE_NONE,
        .file = n->file,
        .line = n->line,
        .end_line = extent.end_line,
        .start = n->start,
        .end = extent.end,
        .doc_start = extent.doc_start,
        .doc_end = extent.doc_end,
        .flags = n->flags,
        .kind = n->kind,
    };
}

const char *view_name(const struct view *v, uint32_t id)
{
    return live_text(v->g, view_record_(v, id)->name);
}

void view_add_qualified(const struct view *v, uint32_t id, struct buf *to)
{
    texts_add_qualified(v->g, v->generation, id, to);
}

void view_add_signature(const struct view *v, uint32_t id, struct buf *to)
{
    texts_add_signature(v->g, view_record_(v, id), to);
}

const char *view_qualified(const struct view *v, uint32_t id, struct buf *scratch)
{
    buf_reset(scratch);
    view_add_qualified(v, id, scratch);
    return buf_cstr(scratch);
}

const char *view_signature(const struct view *v, uint32_t id, struct buf *scratch)
{
    buf_reset(scratch);
    view_add_signature(v, id, scratch);
    return buf_cstr(scratch);
}

const char *view_module(const struct view *v, uint32_t file)
{
    const struct live_file *f = live_file(v, file);
    assert(f != NULL);
    return live_module(view_record_(v, f->ids[0]));
}

uint32_t view_find_sig(const struct view *v, uint64_t sig)
{
    uint32_t id = idmap_find(&v->g->by_sig, sig, NULL, NULL);
    return id != ID_NONE && view_has_node(v, id) ? id : NODE_NONE;
}

bool view_has_file(const struct view *v, uint32_t file)
{
    return live_file(v, file) != NULL;
}

const char *view_path(const struct view *v, uint32_t file)
{
    const struct live_file *f = live_file(v, file);
    assert(f != NULL);
    return live_path(f);
}

uint32_t view_find_file(const struct view *v, const char *path)
{
    uint32_t id = live_path_id(v->g, path);
    return id != ID_NONE && view_has_file(v, id) ? id : NODE_NONE;
}

struct view_file view_file(const struct view *v, uint32_t file)
{
    const struct live_file *f = live_file(v, file);
    assert(f != NULL);
    struct view_file ret = {
        .path = live_path(f),
        .lang = live_lang(f),
        .nodes = f->ids,
        .node = f->ids[0],
        .n_nodes = f->n_nodes,
        .kinds = f->kinds,
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

/* ---- edges ---- */

/* The first position from which on kinds are at least `kind`. */
static uint32_t first_of_kind(const struct edge_iter *it, unsigned kind)
{
    uint32_t low = it->at, high = it->end;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (edge_attr_kind(it->walk.span.attrs[middle]) < kind)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_wanted(const struct edge_iter *it, uint32_t i)
{
    return it->kinds >> edge_attr_kind(it->walk.span.attrs[i]) & 1;
}

/* Leaps over kinds that are not wanted, at both ends: a hub may have thousands of them. */
void edge_iter_trim_(struct edge_iter *it)
{
    const uint8_t *attrs = it->walk.span.attrs;
    while (it->at < it->end && !is_wanted(it, it->at))
        it->at = first_of_kind(it, edge_attr_kind(attrs[it->at]) + 1u);
    while (it->at < it->end && !is_wanted(it, it->end - 1))
        it->end = first_of_kind(it, edge_attr_kind(attrs[it->end - 1]));
}

uint32_t view_sites(const struct view *v, uint32_t from, uint32_t to, uint8_t kind,
                    const struct site **ret)
{
    struct list_entry e;
    uint32_t n = 0;
    if (!list_find(&v->g->out, v->generation, from, kind, to, &e) || e.value == 0)
        return 0;
    *ret = space_at(&v->g->space, e.value);
    while (!(*ret)[n].last)
        n++;
    return n + 1;
}

/* ---- names ---- */

static bool take_bearers(const struct view *v, uint32_t name, struct ids *ret)
{
    struct list_walk w;
    uint32_t first = ret->len;
    if (!list_begin(&v->g->names, v->generation, name, &w))
        return true;
    do {
        for (uint32_t i = 0; i < w.span.n; i++) {
            if (!vec_push(ret, w.span.targets[i]))
                return false;
        }
    } while (list_more(&w));
    view_sort(v, ret->at + first, ret->len - first);
    return true;
}

bool view_bearers(const struct view *v, uint32_t name, struct ids *ret)
{
    return take_bearers(v, name, ret);
}

bool view_named(const struct view *v, const char *name, size_t n, struct ids *ret)
{
    uint32_t id = live_name_id(v->g, name, n);
    return id == ID_NONE || take_bearers(v, id, ret);
}

/* The first name in order that is not below (`behind`: that does not begin so, and is behind all
 * that do). */
static uint32_t bound(const struct view *v, const char *prefix, size_t n, bool behind)
{
    uint32_t low = 0;
    uint32_t high = atomic_load_explicit(&v->g->names_in_order, memory_order_acquire);

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int c = strncmp(live_text(v->g, middle), prefix, n);
        if (c < 0 || (behind && c == 0))
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void view_names(const struct view *v, const char *prefix, size_t n, struct name_iter *ret)
{
    *ret = (struct name_iter){
        .v = v,
        .prefix = prefix,
        .n = n,
        .at = bound(v, prefix, n, false),
        .end = bound(v, prefix, n, true),
        .rest = names_lower_bound(&v->g->names_rest, &v->g->space, prefix, n),
    };
}

#define NAMES_AHEAD 24u

bool view_next_name(struct name_iter *it, struct name *ret)
{
    const struct live *g = it->v->g;
    const struct names_tower *t = it->rest != 0 ? space_at(&g->space, it->rest) : NULL;
    const char *rest = t != NULL ? space_at(&g->space, t->text) : NULL;

    if (stop_asked_at(it->at))
        return false;
    if (rest != NULL && strncmp(rest, it->prefix, it->n) != 0)
        rest = NULL;
    if (it->at < it->end) {
        if (it->at + NAMES_AHEAD < it->end)
            __builtin_prefetch(live_text(g, it->at + NAMES_AHEAD));
        const char *text = live_text(g, it->at);
        if (rest == NULL || strcmp(text, rest) < 0) {
            *ret = (struct name){text, it->at++};
            return true;
        }
    }
    if (rest == NULL)
        return false;
    *ret = (struct name){rest, t->name};
    it->rest = atomic_load_explicit(&t->next[0], memory_order_acquire);
    return true;
}
