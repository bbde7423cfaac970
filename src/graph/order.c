/* The order of nodes and files, whatever their ids. */
#include "base/sort.h"
#include "graph/live_internal.h"
#include "graph/view.h"

#include <string.h>

int view_file_compare(const struct view *v, uint32_t a, uint32_t b)
{
    if (a == b)
        return 0;
    if ((a > b ? a : b) < v->files_in_order)
        return a < b ? -1 : 1;
    return strcmp(view_path(v, a), view_path(v, b));
}

bool view_file_before(const struct view *v, uint32_t a, uint32_t b)
{
    return view_file_compare(v, a, b) < 0;
}

bool view_before_(const struct view *v, uint32_t a, uint32_t b)
{
    const struct live_node *x = view_record_(v, a), *y = view_record_(v, b);
    return x->file == y->file ? x->place < y->place : view_file_before(v, x->file, y->file);
}

int view_compare(const struct view *v, uint32_t a, uint32_t b)
{
    if (a == b)
        return 0;
    return view_before(v, a, b) ? -1 : 1;
}

/* ---- sorting ---- */

static int cmp_nodes(const void *a, const void *b, void *ctx)
{
    return view_compare(ctx, *(const uint32_t *)a, *(const uint32_t *)b);
}

static int cmp_files(const void *a, const void *b, void *ctx)
{
    return view_file_compare(ctx, *(const uint32_t *)a, *(const uint32_t *)b);
}

void view_sort(const struct view *v, uint32_t *ids, uint32_t n)
{
    uint32_t i = 1;
    while (i < n && view_before(v, ids[i - 1], ids[i]))
        i++;
    if (i < n)
        sort_r(ids, n, sizeof(*ids), cmp_nodes, (void *)(uintptr_t)v);
}

/* ---- all of them ---- */

bool view_files(const struct view *v, struct ids *ret)
{
    uint32_t first = ret->len;
    for (uint32_t id = 0; id < v->n_files; id++) {
        if (view_has_file(v, id) && !vec_push(ret, id))
            return false;
    }
    if (v->n_files > v->files_in_order && ret->len - first > 1)
        sort_r(ret->at + first, ret->len - first, sizeof(*ret->at), cmp_files,
               (void *)(uintptr_t)v);
    return true;
}

static bool take_nodes(const struct view *v, const struct live_file *f, uint32_t kinds,
                       struct ids *ret)
{
    if (!vec_reserve(ret, (uint64_t)ret->len + f->n_nodes))
        return false;
    for (uint32_t i = 0; i < f->n_nodes; i++) {
        if ((f->kinds & ~kinds) == 0 || (kinds >> view_kind(v, f->ids[i]) & 1))
            (void)vec_push(ret, f->ids[i]);
    }
    return true;
}

bool view_nodes_of(const struct view *v, uint32_t kinds, struct ids *ret)
{
    struct ids files = {0};
    bool ok = view_files(v, &files);
    for (uint32_t i = 0; ok && i < files.len; i++) {
        const struct live_file *f = live_file(v, files.at[i]);
        if (f->kinds & kinds)
            ok = take_nodes(v, f, kinds, ret);
    }
    vec_release(&files);
    return ok;
}

bool view_nodes(const struct view *v, struct ids *ret)
{
    return view_nodes_of(v, UINT32_MAX, ret);
}
