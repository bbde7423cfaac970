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

/* How surely the block adds to this type of its name; 0: it does not. */
static unsigned impl_fits(const struct view *v, uint32_t impl, uint32_t type)
{
    uint32_t file = view_file_of(v, impl), line = view_node(v, impl).line;
    struct edge_iter it;
    struct edge e;

    /* A block of a trait makes its type implement the trait, and is the site of that. */
    view_edges(v, type, false, EDGE_BIT(EDGE_IMPLEMENTS), &it);
    while (view_next(&it, &e)) {
        const struct site *sites;
        uint32_t n = view_sites(v, e.evidence, &sites);
        for (uint32_t i = 0; i < n; i++) {
            if (sites[i].file == file && sites[i].line == line)
                return 4;
        }
    }
    if (view_file_of(v, type) == file)
        return view_parent(v, type) == view_parent(v, impl) ? 3 : 2;
    /* Elsewhere, but in the same package: the first part of their names is the same. */
    struct parts x, y;
    parts_split(slice_from(view_qualified(v, impl)), &x);
    parts_split(slice_from(view_qualified(v, type)), &y);
    return x.n > 0 && y.n > 0 && slice_eq(x.at[0], y.at[0]) ? 1 : 0;
}

uint32_t owner_of_impl(const struct view *v, uint32_t impl)
{
    struct slice self = impl_self(v, impl);
    const uint32_t *named;
    uint32_t n = view_named(v, self.p, self.n, &named), found = NODE_NONE;
    unsigned best = 0;

    for (uint32_t i = 0; i < n; i++) {
        if (!node_kind_is_type(view_kind(v, named[i])))
            continue;
        unsigned fits = impl_fits(v, impl, named[i]);
        if (fits > best) {
            best = fits;
            found = named[i];
        } else if (fits == best && fits < 3) { /* it may be any of them */
            found = NODE_NONE;
        }
    }
    return found;
}

static int by_id(const void *a, const void *b, void *ctx)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    (void)ctx;
    return x < y ? -1 : x > y;
}

static bool take_impls(const struct view *v, const uint32_t *ids, uint32_t n, struct owner_ids *ret)
{
    for (uint32_t i = 0; i < n; i++) {
        if (view_kind(v, ids[i]) == NODE_IMPL && !vec_push(ret, ids[i]))
            return false;
    }
    return true;
}

bool owner_impls_named(const struct view *v, struct slice type, struct owner_ids *ret)
{
    /* How blocks are called: `T`, `&T`, `dyn T`, and `<T as U>` of each. */
    static const char *const before[] = {"", "&", "dyn ", "<", "<&", "<dyn "};
    struct buf prefix = {0};
    uint32_t first = ret->len, n;
    const uint32_t *ids;
    bool ok = true;

    for (unsigned i = 0; ok && i < PT_COUNT(before); i++) {
        buf_reset(&prefix);
        buf_str(&prefix, before[i]);
        buf_slice(&prefix, type);
        ok = !prefix.failed;
        if (ok && before[i][0] != '<') {
            n = view_named(v, prefix.p, prefix.n, &ids);
            ok = take_impls(v, ids, n, ret);
            continue;
        }
        for (uint32_t rank = ok ? view_name_lower_bound(v, prefix.p, prefix.n) : UINT32_MAX;
             ok && rank < view_name_count(v); rank++) {
            const char *s = view_name_at(v, rank, &ids, &n);
            if (strncmp(s, prefix.p, prefix.n) != 0)
                break;
            if (strchr(" <>", s[prefix.n]) != NULL)
                ok = take_impls(v, ids, n, ret);
        }
    }
    buf_release(&prefix);
    if (ok && ret->len - first > 1)
        sort_r(ret->at + first, ret->len - first, sizeof(*ret->at), by_id, NULL);
    return ok;
}

bool owner_impls(const struct view *v, uint32_t type, struct owner_ids *ret)
{
    uint32_t kept = ret->len;

    if (!owner_impls_named(v, slice_from(view_name(v, type)), ret))
        return false;
    for (uint32_t i = kept; i < ret->len; i++) {
        if (owner_of_impl(v, ret->at[i]) == type)
            ret->at[kept++] = ret->at[i];
    }
    vec_truncate(ret, kept);
    return true;
}

bool owner_is_alias(const struct view *v, uint32_t alias, uint32_t type)
{
    uint8_t kind = view_kind(v, type);
    struct edge_iter it;
    struct edge e;

    if (view_kind(v, alias) != NODE_TYPE_ALIAS || kind == NODE_TYPE_ALIAS ||
        !node_kind_is_type(kind) || strcmp(view_name(v, alias), view_name(v, type)) != 0)
        return false;
    if (view_file_of(v, alias) == view_file_of(v, type))
        return true;
    view_edges(v, alias, false, EDGE_BIT(EDGE_USES), &it);
    while (view_next(&it, &e)) {
        if (e.node == type)
            return true;
    }
    return false;
}

uint32_t owner_of_alias(const struct view *v, uint32_t alias)
{
    const char *name = view_name(v, alias);
    const uint32_t *ids;
    uint32_t n = view_named(v, name, strlen(name), &ids);

    for (uint32_t i = 0; i < n; i++) {
        if (owner_is_alias(v, alias, ids[i]))
            return ids[i];
    }
    return NODE_NONE;
}

bool owner_aliases(const struct view *v, uint32_t type, struct owner_ids *ret)
{
    const char *name = view_name(v, type);
    const uint32_t *ids;
    uint32_t n = view_named(v, name, strlen(name), &ids);

    for (uint32_t i = 0; i < n; i++) {
        if (owner_is_alias(v, ids[i], type) && !vec_push(ret, ids[i]))
            return false;
    }
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
