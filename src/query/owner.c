#include "query/owner.h"

#include "base/map.h"
#include "base/mem.h"
#include "base/sort.h"
#include "query/parts.h"

#include <string.h>

/* Files that make a folder a package, whose files then count as one module. */
static const char *const package_files[] = {"__init__.py"};

static struct slice impl_self(const struct view *v, uint32_t impl)
{
    struct slice name = slice_from(view_name(v, impl)), t, u;

    return part_ident(part_angle(name, &t, &u) ? t : name);
}

uint32_t owner_of_impl(const struct view *v, uint32_t impl)
{
    struct slice self = impl_self(v, impl);
    struct edge_iter it;
    struct edge e;
    const uint32_t *named;
    uint32_t in_file = NODE_NONE;

    view_edges(v, impl, false, EDGE_TYPE_NEEDS, &it);
    while (view_next(&it, &e)) {
        if (node_kind_is_type(view_kind(v, e.node)) && e.layer != LAYER_CANDIDATE &&
            slice_eq(slice_from(view_name(v, e.node)), self))
            return e.node;
    }
    /* The header of the block is not always an edge: then the type stands beside it. */
    uint32_t n = view_named(v, self.p, self.n, &named);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t id = named[i];
        if (view_file_of(v, id) != view_file_of(v, impl) || !node_kind_is_type(view_kind(v, id)))
            continue;
        if (view_parent(v, id) == view_parent(v, impl))
            return id;
        if (in_file == NODE_NONE)
            in_file = id;
    }
    return in_file;
}

static int by_id(const void *a, const void *b, void *ctx)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    (void)ctx;
    return x < y ? -1 : x > y;
}

bool owner_impls(const struct view *v, uint32_t type, struct owner_ids *ret)
{
    struct view_file file = view_file(v, view_file_of(v, type));
    uint32_t before = ret->len;
    struct edge_iter it;
    struct edge e;

    for (uint32_t id = file.first; id < file.first + file.count; id++) {
        if (view_kind(v, id) == NODE_IMPL && owner_of_impl(v, id) == type && !vec_push(ret, id))
            return false;
    }
    view_edges(v, type, true, EDGE_TYPE_NEEDS, &it);
    while (view_next(&it, &e)) {
        if (view_kind(v, e.node) == NODE_IMPL && view_file_of(v, e.node) != view_file_of(v, type) &&
            owner_of_impl(v, e.node) == type && !vec_push(ret, e.node))
            return false;
    }
    uint32_t kept = before;
    if (ret->len > before)
        sort_r(ret->at + before, ret->len - before, sizeof(*ret->at), by_id, NULL);
    for (uint32_t i = before; i < ret->len; i++) { /* one may use its type in several ways */
        if (kept == before || ret->at[kept - 1] != ret->at[i])
            ret->at[kept++] = ret->at[i];
    }
    vec_truncate(ret, kept);
    return true;
}

/* Hash of the folder that a path lies in. */
static uint64_t folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return hash64(path, slash != NULL ? (size_t)(slash - path) + 1 : 0);
}

uint32_t *owner_modules(const struct view *v)
{
    uint32_t n = view_file_count(v), count;
    uint32_t *ret = mem_reallocarray(NULL, n, sizeof(*ret));
    const uint32_t *named;
    struct map packages = {0};
    bool ok = ret != NULL;

    for (unsigned p = 0; ok && p < PT_COUNT(package_files); p++) {
        count = view_named(v, package_files[p], strlen(package_files[p]), &named);
        for (uint32_t i = 0; ok && i < count; i++) {
            if (view_kind(v, named[i]) == NODE_FILE)
                ok = map_put(&packages, folder_of(view_file(v, view_file_of(v, named[i])).path),
                             named[i], NULL) != NULL;
        }
    }
    for (uint32_t i = 0; ok && i < n; i++) {
        struct view_file f = view_file(v, i);
        const uint32_t *package =
            map_len(&packages) > 0 ? map_get(&packages, folder_of(f.path)) : NULL;
        /* Other languages' files may lie in the folder. */
        bool same =
            package != NULL && strcmp(view_file(v, view_file_of(v, *package)).lang, f.lang) == 0;
        ret[i] = same ? *package : f.node;
    }
    map_release(&packages);
    if (!ok) {
        mem_free(ret);
        ret = NULL;
    }
    return ret;
}

uint32_t owner_in_degree(const struct view *v, uint32_t node)
{
    struct edge_iter it;
    struct edge e;
    uint32_t n = 0;

    view_edges(v, node, true, EDGE_ALL & ~EDGE_MEMBERS, &it);
    while (n < OWNER_DEGREE_MAX && view_next(&it, &e))
        n++;
    return n;
}

uint32_t owner_log_degree(const struct view *v, uint32_t node)
{
    uint32_t n = owner_in_degree(v, node) + 1, log = 0;

    while (n >>= 1)
        log++;
    return 16 * log;
}
