#include "server/news.h"

#include "query/difference.h"
#include "server/methods.h"
#include "server/render.h"

#include <string.h>

void news_init(struct news *n)
{
    *n = (struct news){.workspace = NULL};
    (void)pthread_mutex_init(&n->mutex, NULL);
    arena_init(&n->next.arena);
}

void news_release(struct news *n)
{
    arena_release(&n->next.arena);
    vec_release(&n->next.paths);
    (void)pthread_mutex_destroy(&n->mutex);
}

static void unpin(struct workspace *w, bool *has, struct view *v)
{
    if (*has)
        workspace_unpin(w, v);
    *has = false;
}

static void forget_paths(struct news_task *t)
{
    arena_release(&t->arena);
    arena_init(&t->arena);
    vec_release(&t->paths);
    t->whole = false;
}

/* ---- beginning and ending ---- */

void news_begin(struct news *n, struct workspace *w)
{
    (void)pthread_mutex_lock(&n->mutex);
    if (n->workspace == NULL) {
        n->workspace = w;
        if (!n->is_out)
            n->next.has_before = workspace_pin(w, &n->next.before, NULL) == PT_OK;
        else
            n->next.whole = true; /* what came while nobody listened is not known */
    }
    (void)pthread_mutex_unlock(&n->mutex);
}

void news_end(struct news *n)
{
    (void)pthread_mutex_lock(&n->mutex);
    if (n->workspace != NULL) {
        unpin(n->workspace, &n->next.has_before, &n->next.before);
        unpin(n->workspace, &n->next.has_after, &n->next.after);
        forget_paths(&n->next);
    }
    n->workspace = NULL;
    (void)pthread_mutex_unlock(&n->mutex);
}

/* ---- noting ---- */

static bool has_path(const struct news_task *t, const char *path)
{
    for (uint32_t i = 0; i < t->paths.len; i++) {
        if (strcmp(t->paths.at[i], path) == 0)
            return true;
    }
    return false;
}

static void add_path(struct news_task *t, const char *path)
{
    if (t->whole || has_path(t, path))
        return;
    const char *copy = t->paths.len < NEWS_FILES ? arena_strdup(&t->arena, path) : NULL;
    if (copy == NULL || !vec_push(&t->paths, copy))
        t->whole = true;
}

void news_touched(struct news *n, const struct delta *delta)
{
    (void)pthread_mutex_lock(&n->mutex);
    if (n->workspace != NULL) {
        struct news_task *t = &n->next;
        t->whole |= delta == NULL || delta->replace_all;
        for (uint32_t i = 0; !t->whole && i < delta->units.len; i++)
            add_path(t, delta->units.at[i].path);
        unpin(n->workspace, &t->has_after, &t->after);
        t->has_after = workspace_pin(n->workspace, &t->after, NULL) == PT_OK;
        t->whole |= !t->has_after;
    }
    (void)pthread_mutex_unlock(&n->mutex);
}

bool news_take(struct news *n, struct news_task *ret)
{
    (void)pthread_mutex_lock(&n->mutex);
    bool any = n->workspace != NULL && !n->is_out && (n->next.has_after || n->next.whole);
    if (any) {
        *ret = n->next;
        n->is_out = true;
        n->next = (struct news_task){.whole = false};
        arena_init(&n->next.arena);
    }
    (void)pthread_mutex_unlock(&n->mutex);
    return any;
}

void news_return(struct news *n, struct workspace *w, struct news_task *t)
{
    (void)pthread_mutex_lock(&n->mutex);
    n->is_out = false;
    if (n->workspace != NULL) {
        struct view *told = t->has_after ? &t->after : &t->before;
        n->next.has_before = t->has_after || t->has_before;
        n->next.before = *told;
        if (t->has_after)
            t->has_after = false;
        else
            t->has_before = false;
    }
    unpin(w, &t->has_before, &t->before);
    unpin(w, &t->has_after, &t->after);
    forget_paths(t);
    (void)pthread_mutex_unlock(&n->mutex);
}

/* ---- telling ---- */

static void add_node(struct answer *a, struct value *list, const struct view *v, uint32_t id)
{
    struct call c = {.view = v};
    struct value *row = answer_object(a, list, NULL);
    row_node(&c, a, row, id);
    (void)row_place(&c, a, row, "at", id);
}

static struct value *add_nodes(struct answer *a, struct value *in, const char *key,
                               const struct view *v, const struct ids *ids, uint32_t most)
{
    struct value *part = answer_object(a, in, key);
    (void)answer_uint(a, part, "total", ids->len);
    struct value *list = answer_array(a, part, "nodes");
    for (uint32_t i = 0; i < ids->len && i < most; i++)
        add_node(a, list, v, ids->at[i]);
    return part;
}

static void add_name(struct answer *a, struct value *row, const char *key, const struct view *v,
                     uint32_t id)
{
    (void)answer_cstr(a, row, key, ROLE_NAME, view_qualified(v, id, &a->scratch));
    a->failed |= a->scratch.failed;
}

static void add_edges(struct answer *a, struct value *in, const char *key, const struct view *v,
                      const struct difference_edges *edges)
{
    struct value *part = answer_object(a, in, key);
    (void)answer_uint(a, part, "total", edges->len);
    struct value *list = answer_array(a, part, "edges");
    for (uint32_t i = 0; i < edges->len && i < NEWS_ROWS; i++) {
        const struct difference_edge *e = &edges->at[i];
        struct value *row = answer_object(a, list, NULL);
        add_name(a, row, "from", v, e->from);
        (void)answer_cstr(a, row, "edge", ROLE_KIND, edge_kind_name((enum edge_kind)e->kind));
        add_name(a, row, "to", v, e->to);
    }
}

static void add_difference(struct answer *a, const struct news_task *t, const struct difference *d)
{
    struct value *files = answer_object(a, a->root, "files");
    (void)answer_uint(a, files, "total", t->paths.len);
    struct value *list = answer_array(a, files, "paths");
    for (uint32_t i = 0; i < t->paths.len && i < NEWS_ROWS; i++)
        (void)answer_cstr(a, list, NULL, ROLE_PLACE, t->paths.at[i]);
    (void)add_nodes(a, a->root, "nodes_came", &t->after, &d->came, NEWS_ROWS);
    (void)add_nodes(a, a->root, "nodes_went", &t->before, &d->went, NEWS_ROWS);
    add_edges(a, a->root, "edges_came", &t->after, &d->edges_came);
    add_edges(a, a->root, "edges_went", &t->before, &d->edges_went);
    struct value *affected =
        add_nodes(a, a->root, "affected", &t->after, &d->affected, NEWS_AFFECTED);
    (void)answer_bool(a, affected, "truncated", d->affected_cut);
}

static void put_whole(struct buf *out)
{
    buf_str(out, "\"whole\":true");
}

/* The object, but for its braces. */
static void put_members(const struct answer *a, struct buf *out)
{
    struct buf text = {0};
    render_json_value(a->root, &text);
    if (text.failed || a->failed)
        put_whole(out);
    else
        buf_slice(out, slice_head(slice_skip(buf_as_slice(&text), 1), text.n - 2));
    buf_release(&text);
}

void news_render(const struct news_task *t, struct buf *out)
{
    struct difference d = {0};
    struct answer a;
    if (t->whole || !t->has_before || !t->has_after ||
        query_difference(&t->before, &t->after, t->paths.at, t->paths.len, &d, NULL) != PT_OK) {
        put_whole(out);
        return;
    }
    answer_init(&a);
    add_difference(&a, t, &d);
    put_members(&a, out);
    answer_release(&a);
    difference_release(&d);
}
