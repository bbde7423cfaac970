#include "query/owner.h"

#include "base/map.h"
#include "base/mem.h"
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
static unsigned impl_fits(const struct view *v, uint32_t impl, uint32_t type, struct buf names[2])
{
    uint32_t file = view_file_of(v, impl), line = view_node(v, impl).line;
    struct edge_iter it;
    struct edge e;

    /* A block of a trait makes its type implement the trait, and is the site of that. */
    view_edges(v, type, false, EDGE_BIT(EDGE_IMPLEMENTS), &it);
    while (view_next(&it, &e)) {
        const struct site *sites;
        uint32_t n = view_sites(v, type, e.node, EDGE_IMPLEMENTS, &sites);
        for (uint32_t i = 0; i < n; i++) {
            if (sites[i].file == file && sites[i].line == line)
                return 4;
        }
    }
    if (view_file_of(v, type) == file)
        return view_parent(v, type) == view_parent(v, impl) ? 3 : 2;
    /* Elsewhere, but in the same package: the first part of their names is the same. */
    struct parts x, y;
    parts_split(slice_from(view_qualified(v, impl, &names[0])), &x);
    parts_split(slice_from(view_qualified(v, type, &names[1])), &y);
    return x.n > 0 && y.n > 0 && slice_eq(x.at[0], y.at[0]) ? 1 : 0;
}

bool owner_of_impl(const struct view *v, uint32_t impl, struct ids *scratch, uint32_t *ret)
{
    struct slice self = impl_self(v, impl);
    struct buf names[2] = {{0}};
    uint32_t found = NODE_NONE;
    unsigned best = 0;
    bool ok = true;

    vec_clear(scratch);
    if (!view_named(v, self.p, self.n, scratch))
        return false;
    for (uint32_t i = 0; ok && i < scratch->len; i++) {
        uint32_t type = scratch->at[i];
        if (!node_kind_is_type(view_kind(v, type)))
            continue;
        unsigned fits = impl_fits(v, impl, type, names);
        ok = !names[0].failed && !names[1].failed;
        if (fits > best) {
            best = fits;
            found = type;
        } else if (fits == best && fits < 3) { /* it may be any of them */
            found = NODE_NONE;
        }
    }
    buf_release(&names[0]);
    buf_release(&names[1]);
    *ret = found;
    return ok;
}

/* The blocks whose name is the prefix, with `longer` also those with something behind it. */
static bool add_blocks(const struct view *v, const struct buf *prefix, bool longer, struct ids *ret)
{
    struct name_iter it;
    struct name name;
    bool ok = true;

    if (!longer)
        return view_named(v, prefix->p, prefix->n, ret);
    view_names(v, prefix->p, prefix->n, &it);
    while (ok && view_next_name(&it, &name)) {
        if (strchr(" <>", name.text[prefix->n]) != NULL)
            ok = view_bearers(v, name.id, ret);
    }
    return ok;
}

bool owner_impls_named(const struct view *v, struct slice type, struct ids *ret)
{
    /* How blocks are called: `T`, `&T`, `dyn T`, and `<T as U>` of each. */
    static const char *const before[] = {"", "&", "dyn ", "<", "<&", "<dyn "};
    struct buf prefix = {0};
    uint32_t kept = ret->len, first = kept;
    bool ok = true;

    for (unsigned i = 0; ok && i < PT_COUNT(before); i++) {
        buf_reset(&prefix);
        buf_str(&prefix, before[i]);
        buf_slice(&prefix, type);
        ok = !prefix.failed && add_blocks(v, &prefix, before[i][0] == '<', ret);
    }
    buf_release(&prefix);
    for (uint32_t i = first; ok && i < ret->len; i++) {
        if (view_kind(v, ret->at[i]) == NODE_IMPL)
            ret->at[kept++] = ret->at[i];
    }
    vec_truncate(ret, kept);
    if (ok && kept > first)
        view_sort(v, ret->at + first, kept - first);
    return ok;
}

bool owner_impls(const struct view *v, uint32_t type, struct ids *ret)
{
    uint32_t kept = ret->len, i = kept, owner = NODE_NONE;
    struct ids scratch = {0};
    bool ok = owner_impls_named(v, slice_from(view_name(v, type)), ret);

    for (; ok && i < ret->len; i++) {
        ok = owner_of_impl(v, ret->at[i], &scratch, &owner);
        if (ok && owner == type)
            ret->at[kept++] = ret->at[i];
    }
    vec_release(&scratch);
    vec_truncate(ret, kept);
    return ok;
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

bool owner_of_alias(const struct view *v, uint32_t alias, struct ids *scratch, uint32_t *ret)
{
    const char *name = view_name(v, alias);
    uint32_t i = 0;

    vec_clear(scratch);
    if (!view_named(v, name, strlen(name), scratch))
        return false;
    while (i < scratch->len && !owner_is_alias(v, alias, scratch->at[i]))
        i++;
    *ret = i < scratch->len ? scratch->at[i] : NODE_NONE;
    return true;
}

bool owner_aliases(const struct view *v, uint32_t type, struct ids *ret)
{
    const char *name = view_name(v, type);
    uint32_t kept = ret->len, i = kept;

    if (!view_named(v, name, strlen(name), ret))
        return false;
    for (; i < ret->len; i++) {
        if (owner_is_alias(v, ret->at[i], type))
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

/* From folders to the files that make them packages. False: no memory. */
static bool find_packages(const struct view *v, struct map *ret)
{
    struct ids named = {0};
    bool ok = true;

    for (unsigned p = 0; ok && p < PT_COUNT(package_files); p++)
        ok = view_named(v, package_files[p], strlen(package_files[p]), &named);
    for (uint32_t i = 0; ok && i < named.len; i++) {
        if (view_kind(v, named.at[i]) == NODE_FILE)
            ok = map_put(ret, folder_of(view_path(v, view_file_of(v, named.at[i]))), named.at[i],
                         NULL) != NULL;
    }
    vec_release(&named);
    return ok;
}

static uint32_t module_of(const struct view *v, const struct map *packages, uint32_t file)
{
    struct view_file f = view_file(v, file);
    const uint32_t *package = map_len(packages) > 0 ? map_get(packages, folder_of(f.path)) : NULL;
    /* Other languages' files may lie in the folder. */
    bool same =
        package != NULL && strcmp(view_file(v, view_file_of(v, *package)).lang, f.lang) == 0;

    return same ? *package : f.node;
}

uint32_t *owner_modules(const struct view *v)
{
    uint32_t n = view_file_limit(v);
    uint32_t *ret = mem_reallocarray(NULL, n, sizeof(*ret));
    struct map packages = {0};
    bool ok = ret != NULL && find_packages(v, &packages);

    for (uint32_t i = 0; ok && i < n; i++)
        ret[i] = view_has_file(v, i) ? module_of(v, &packages, i) : NODE_NONE;
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
