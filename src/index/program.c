#include "index/program.h"

#include "base/str.h"

#include <ctype.h>
#include <string.h>

static int no_memory(struct err *err)
{
    return err_set(err, PT_ENOMEM, "out of memory while linking the facts");
}

uint32_t program_sym(const struct program *p, const char *s)
{
    return intern_find(&p->syms, s, strlen(s));
}

uint32_t program_chain(const struct map *m, uint64_t key)
{
    const uint32_t *v = map_get(m, key);
    return v != NULL ? *v : 0;
}

static uint64_t member_key(uint32_t scope, uint32_t sym)
{
    return (uint64_t)scope << 32 | sym;
}

uint32_t program_member(const struct program *p, uint32_t file, uint32_t scope, uint32_t sym)
{
    return program_chain(&p->members, member_key(p->files.at[file].scope_base + scope, sym));
}

static uint32_t file_by(const struct program *p, const struct map *m, const char *s, size_t n)
{
    uint32_t sym = intern_find(&p->syms, s, n);
    const uint32_t *f = sym != 0 ? map_get(m, sym) : NULL;
    return f != NULL ? *f : FILE_NONE;
}

uint32_t program_module(const struct program *p, const char *name, size_t n)
{
    return file_by(p, &p->modules, name, n);
}

uint32_t program_path(const struct program *p, const char *path, size_t n)
{
    return file_by(p, &p->paths, path, n);
}

/* Puts a link at the front of the chain of `key`. */
static bool chain(struct program *p, struct map *m, uint64_t key, uint32_t file, uint32_t index)
{
    bool fresh = false;
    uint32_t *head = map_put(m, key, 0, &fresh);
    if (head == NULL || !vec_push(&p->links, (struct link){file, index, *head}))
        return false;
    *head = p->links.len - 1;
    return true;
}

int program_add_impl(struct program *p, uint64_t type_key, struct ent impl, struct err *err)
{
    return chain(p, &p->impls, type_key, impl.file, impl.def) ? PT_OK : no_memory(err);
}

/* ---- the tree, as languages see it ---- */

static bool tree_has_file(void *ctx, const char *path, size_t n)
{
    return program_path(ctx, path, n) != FILE_NONE;
}

static size_t common_folders(const char *a, const char *b)
{
    size_t same = 0;
    for (size_t i = 0; a[i] != '\0' && a[i] == b[i]; i++)
        same += a[i] == '/';
    return same;
}

static bool tree_find_suffix(void *ctx, const char *suffix, const char *near, struct buf *ret)
{
    struct program *p = ctx;
    const char *slash = strrchr(suffix, '/');
    const char *base = slash != NULL ? slash + 1 : suffix;
    uint32_t sym = program_sym(p, base);
    const char *best = NULL;
    size_t best_common = 0, n = strlen(suffix);
    bool tie = false;

    for (uint32_t l = sym != 0 ? program_chain(&p->suffixes, sym) : 0; l != 0;
         l = p->links.at[l].next) {
        const char *path = p->files.at[p->links.at[l].file].path;
        size_t len = strlen(path);
        if (len < n || strcmp(path + len - n, suffix) != 0 || (len > n && path[len - n - 1] != '/'))
            continue;
        size_t common = common_folders(path, near);
        if (best == NULL || common > best_common) {
            best = path;
            best_common = common;
            tie = false;
        } else if (common == best_common) {
            tie = true;
        }
    }
    if (best == NULL || tie)
        return false;
    buf_str(ret, best);
    return !ret->failed;
}

static bool tree_package_of(void *ctx, const char *path, struct buf *ret_name, struct buf *ret_dir)
{
    struct program *p = ctx;
    size_t n = strlen(path);
    for (;;) {
        while (n > 0 && path[n - 1] != '/')
            n--;
        size_t dir = n > 0 ? n - 1 : 0;
        uint32_t sym = intern_find(&p->syms, path, dir);
        const uint32_t *name = sym != 0 ? map_get(&p->packages, sym) : NULL;
        if (name != NULL) {
            buf_str(ret_name, intern_str(&p->syms, *name, NULL));
            buf_add(ret_dir, path, dir);
            return !ret_name->failed && !ret_dir->failed;
        }
        if (n == 0)
            return false;
        n--;
    }
}

struct lang_tree program_tree(struct program *p)
{
    return (struct lang_tree){p, tree_has_file, tree_find_suffix, tree_package_of};
}

/* ---- linking ---- */

/* Library types that only a language's own tables name are types too. */
static bool add_words(struct program *p, const char *s)
{
    while (*s != '\0') {
        size_t n = 0;
        while (isalnum((unsigned char)s[n]) || s[n] == '_')
            n++;
        if (n > 0 && intern_put(&p->syms, s, n) == 0)
            return false;
        s += n > 0 ? n : 1;
    }
    return true;
}

static bool add_library(struct program *p)
{
    bool done[256] = {false};
    for (uint32_t i = 0; i < p->files.len; i++) {
        uint8_t lang = p->files.at[i].facts->lang;
        const struct lang_member *m = done[lang] ? NULL : p->files.at[i].lang->members;
        done[lang] = true;
        for (; m != NULL && m->type != NULL; m++) {
            if (!add_words(p, m->result))
                return false;
        }
    }
    return true;
}

static bool add_file(struct program *p, const struct program_file *in, uint32_t scope_base)
{
    const struct facts *f = in->facts;
    uint32_t *syms = arena_alloc(&p->arena, (size_t)f->n_syms * sizeof(*syms));
    if (syms == NULL)
        return false;
    syms[0] = 0;
    for (uint32_t i = 1; i < f->n_syms; i++) {
        const char *s = facts_str(f, i);
        syms[i] = intern_put(&p->syms, s, strlen(s));
        if (syms[i] == 0)
            return false;
    }
    struct pfile file = {
        .facts = f,
        .path = in->path,
        .module = "",
        .lang = lang_registry[f->lang],
        .syms = syms,
        .scope_base = scope_base,
        .next_same = FILE_NONE,
    };
    const char *slash = strrchr(in->path, '/');
    const char *base = slash != NULL ? slash + 1 : in->path;
    uint32_t path_sym = intern_put(&p->syms, in->path, strlen(in->path));
    uint32_t base_sym = intern_put(&p->syms, base, strlen(base));
    bool fresh = false;
    return path_sym != 0 && base_sym != 0 &&
           map_put(&p->paths, path_sym, p->files.len, &fresh) != NULL &&
           chain(p, &p->suffixes, base_sym, p->files.len, 0) && vec_push(&p->files, file);
}

/* Manifests name the package of their folder. */
static bool add_packages(struct program *p)
{
    for (uint32_t i = 0; i < p->files.len; i++) {
        const struct pfile *f = &p->files.at[i];
        for (uint32_t d = 1; d < f->facts->n_defs; d++) {
            if (f->facts->defs[d].kind != NODE_PACKAGE || f->facts->defs[d].parent != 0)
                continue;
            const char *slash = strrchr(f->path, '/');
            size_t dir = slash != NULL ? (size_t)(slash - f->path) : 0;
            uint32_t sym = intern_put(&p->syms, f->path, dir);
            bool fresh = false;
            if (sym == 0 ||
                map_put(&p->packages, sym, pfile_sym(f, f->facts->defs[d].name), &fresh) == NULL)
                return false;
        }
    }
    return true;
}

static bool add_modules(struct program *p)
{
    struct lang_tree tree = program_tree(p);
    struct buf name = {0};
    bool ok = true;

    for (uint32_t i = p->files.len; ok && i-- > 0;) { /* backwards: the first path heads a chain */
        struct pfile *f = &p->files.at[i];
        buf_reset(&name);
        f->lang->module_name(&tree, f->path, &name);
        f->module = arena_strndup(&p->arena, name.n > 0 ? name.p : "", name.n);
        uint32_t sym = intern_put(&p->syms, name.n > 0 ? name.p : "", name.n);
        bool fresh = false;
        uint32_t *head = sym != 0 ? map_put(&p->modules, sym, i, &fresh) : NULL;
        ok = !name.failed && f->module != NULL && head != NULL;
        if (ok && !fresh) {
            f->next_same = *head;
            *head = i;
        }
    }
    buf_release(&name);
    return ok;
}

static bool is_member_scope(const struct scope *s)
{
    return s->kind == SCOPE_FILE || s->kind == SCOPE_NAMESPACE || s->kind == SCOPE_TYPE;
}

static bool add_binds(struct program *p, uint32_t file)
{
    const struct pfile *f = &p->files.at[file];
    bool linkage = (f->lang->flags & LANG_GLOBAL_LINKAGE) != 0;

    for (uint32_t i = 1; i < f->facts->n_binds; i++) {
        const struct bind *b = &f->facts->binds[i];
        const struct scope *s = &f->facts->scopes[b->scope];
        uint32_t sym = pfile_sym(f, b->name);
        if (!is_member_scope(s) || b->kind == BIND_TYPARAM)
            continue;
        if (linkage && s->kind == SCOPE_FILE) {
            if (!chain(p, &p->globals, sym, file, i))
                return false;
            continue;
        }
        bool fresh = false;
        uint32_t *head = map_put(&p->members, member_key(f->scope_base + b->scope, sym), i, &fresh);
        if (head == NULL)
            return false;
        *head = i;
        if (s->kind == SCOPE_TYPE && b->kind == BIND_DEF &&
            (f->lang->flags & LANG_UNIQUE_MEMBERS) != 0 &&
            !chain(p, &p->by_name, sym, file, b->def))
            return false;
    }
    return true;
}

int program_link(struct program *p, const struct program_file *files, uint32_t n, struct err *err)
{
    uint32_t scope_base = 1;

    memset(p, 0, sizeof(*p));
    arena_init(&p->arena);
    bool ok = vec_push(&p->links, (struct link){0}) && vec_reserve(&p->files, n);
    for (uint32_t i = 0; ok && i < n; i++) {
        ok = add_file(p, &files[i], scope_base);
        scope_base += files[i].facts->n_scopes;
    }
    ok = ok && add_library(p) && add_packages(p) && add_modules(p);
    /* backwards, so that chains (built at their front) list files in the order of their paths */
    for (uint32_t i = n; ok && i-- > 0;)
        ok = add_binds(p, i);
    if (ok)
        return PT_OK;
    program_release(p);
    return no_memory(err);
}

void program_release(struct program *p)
{
    arena_release(&p->arena);
    intern_release(&p->syms);
    vec_release(&p->files);
    vec_release(&p->links);
    map_release(&p->paths);
    map_release(&p->modules);
    map_release(&p->members);
    map_release(&p->globals);
    map_release(&p->by_name);
    map_release(&p->impls);
    map_release(&p->packages);
    map_release(&p->suffixes);
    memset(p, 0, sizeof(*p));
}
