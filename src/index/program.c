#include "index/program.h"

#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"

#include <ctype.h>
#include <string.h>

static int no_memory(struct err *err)
{
    return err_set(err, PT_ENOMEM, "out of memory while linking the facts");
}

/* ---- symbols ---- */

/* 0: no memory. */
static uint32_t put_sym(struct program *p, const char *s, size_t n)
{
    uint32_t sym = intern_put(&p->syms, s, n);
    if (sym != 0 && sym == p->sym_hashes.len && !vec_push(&p->sym_hashes, hash64(s, n)))
        return 0;
    return sym;
}

uint32_t program_sym(const struct program *p, const char *s)
{
    return intern_find(&p->syms, s, strlen(s));
}

/* Library types that only a language's own tables name are types too. */
static bool add_words(struct program *p, const char *s)
{
    while (*s != '\0') {
        size_t n = 0;
        while (isalnum((unsigned char)s[n]) || s[n] == '_')
            n++;
        if (n > 0 && put_sym(p, s, n) == 0)
            return false;
        s += n > 0 ? n : 1;
    }
    return true;
}

int program_init(struct program *p, struct err *err)
{
    memset(p, 0, sizeof(*p));
    p->next_scope = 1;
    bool ok = vec_push(&p->links, (struct link){0}) && vec_push(&p->sym_hashes, 0);
    for (unsigned i = 0; ok && i < lang_count; i++) {
        const struct lang_member *m = lang_registry[i]->members;
        for (; ok && m != NULL && m->type != NULL; m++)
            ok = add_words(p, m->result);
    }
    if (ok)
        return PT_OK;
    program_release(p);
    return no_memory(err);
}

/* ---- chains: in the order of paths, and of one file the later before the earlier ---- */

uint32_t program_chain(const struct map *m, uint64_t key)
{
    const uint32_t *v = map_get(m, key);
    return v != NULL ? *v : 0;
}

static uint32_t new_link(struct program *p)
{
    uint32_t ret = p->free_link;
    if (ret != 0)
        p->free_link = p->links.at[ret].next;
    else if (vec_push(&p->links, (struct link){0}))
        ret = p->links.len - 1;
    return ret;
}

static bool chain_put(struct program *p, struct map *m, uint64_t key, uint32_t file, uint32_t index)
{
    uint32_t link = new_link(p);
    uint32_t *at = link != 0 ? map_put(m, key, 0, NULL) : NULL;
    if (at == NULL)
        return false;
    while (*at != 0 && p->links.at[*at].file != file &&
           strcmp(p->files.at[p->links.at[*at].file].path, p->files.at[file].path) < 0)
        at = &p->links.at[*at].next;
    p->links.at[link] = (struct link){file, index, *at};
    *at = link;
    return true;
}

/* Takes all links of the file out. */
static void chain_take(struct program *p, struct map *m, uint64_t key, uint32_t file)
{
    uint32_t *head = map_get(m, key);
    if (head == NULL)
        return;
    for (uint32_t *at = head; *at != 0;) {
        uint32_t link = *at;
        if (p->links.at[link].file != file) {
            at = &p->links.at[link].next;
            continue;
        }
        *at = p->links.at[link].next;
        p->links.at[link] = (struct link){.next = p->free_link};
        p->free_link = link;
    }
    if (*head == 0)
        (void)map_del(m, key);
}

/* ---- impl blocks ---- */

uint64_t program_impl_key(const struct program *p, struct ent type)
{
    const struct pfile *f = &p->files.at[type.file];
    uint64_t key = f->path_hash;
    for (uint32_t d = type.def; d != 0; d = f->facts->defs[d].parent)
        key = hash_mix64(key ^ program_sym_hash(p, pfile_sym(f, f->facts->defs[d].name))) +
              f->facts->defs[d].kind;
    return key & ~(UINT64_C(1) << 63);
}

int program_add_impl(struct program *p, uint64_t type_key, struct ent impl, struct err *err)
{
    return chain_put(p, &p->impls, type_key, impl.file, impl.def) ? PT_OK : no_memory(err);
}

void program_take_impls(struct program *p, uint64_t type_key, uint32_t file)
{
    chain_take(p, &p->impls, type_key, file);
}

/* ---- looking up ---- */

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

/* ---- the tree, as languages see it ---- */

static void note(const struct program_asking *a, enum note_kind kind, const char *s, size_t n)
{
    if (a->notes != NULL)
        notes_add(a->notes, note_of(kind, hash64(s, n), 0));
}

static bool tree_has_file(void *ctx, const char *path, size_t n)
{
    const struct program_asking *a = ctx;
    note(a, NOTE_PATH, path, n);
    return program_path(a->p, path, n) != FILE_NONE;
}

static size_t common_folders(const char *a, const char *b)
{
    size_t same = 0;
    for (size_t i = 0; a[i] != '\0' && a[i] == b[i]; i++)
        same += a[i] == '/';
    return same;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static bool tree_find_suffix(void *ctx, const char *suffix, const char *near, struct buf *ret)
{
    const struct program_asking *a = ctx;
    const struct program *p = a->p;
    const char *base = base_name(suffix);
    uint32_t sym = program_sym(p, base);
    const char *best = NULL;
    size_t best_common = 0, n = strlen(suffix);
    bool tie = false;

    note(a, NOTE_SUFFIX, base, strlen(base));
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

/* The name of the package of a folder, 0 if no manifest there names one. */
static uint32_t package_name(const struct program *p, const char *dir, size_t n)
{
    uint32_t sym = intern_find(&p->syms, dir, n);
    uint32_t link = sym != 0 ? program_chain(&p->packages, sym) : 0;
    if (link == 0)
        return 0;
    const struct pfile *f = &p->files.at[p->links.at[link].file];
    return pfile_sym(f, f->facts->defs[p->links.at[link].index].name);
}

static bool tree_package_of(void *ctx, const char *path, struct buf *ret_name, struct buf *ret_dir)
{
    const struct program_asking *a = ctx;
    size_t n = strlen(path);
    for (;;) {
        while (n > 0 && path[n - 1] != '/')
            n--;
        size_t dir = n > 0 ? n - 1 : 0;
        note(a, NOTE_PACKAGE, path, dir);
        uint32_t name = package_name(a->p, path, dir);
        if (name != 0) {
            buf_str(ret_name, intern_str(&a->p->syms, name, NULL));
            buf_add(ret_dir, path, dir);
            return !ret_name->failed && !ret_dir->failed;
        }
        if (n == 0)
            return false;
        n--;
    }
}

struct lang_tree program_tree(struct program_asking *asking)
{
    return (struct lang_tree){asking, tree_has_file, tree_find_suffix, tree_package_of};
}

/* ---- module names ---- */

/* The files of one module name are chained in the order of their paths. */
static bool enter_module(struct program *p, uint32_t file)
{
    struct pfile *f = &p->files.at[file];
    uint32_t sym = put_sym(p, f->module, strlen(f->module));
    uint32_t *at = sym != 0 ? map_put(&p->modules, sym, FILE_NONE, NULL) : NULL;
    if (at == NULL)
        return false;
    while (*at != FILE_NONE && strcmp(p->files.at[*at].path, f->path) < 0)
        at = &p->files.at[*at].next_same;
    f->next_same = *at;
    *at = file;
    return true;
}

static void leave_module(struct program *p, uint32_t file)
{
    struct pfile *f = &p->files.at[file];
    uint32_t sym = f->module != NULL ? program_sym(p, f->module) : 0;
    uint32_t *head = sym != 0 ? map_get(&p->modules, sym) : NULL;
    if (head == NULL)
        return;
    for (uint32_t *at = head; *at != FILE_NONE; at = &p->files.at[*at].next_same) {
        if (*at == file) {
            *at = f->next_same;
            break;
        }
    }
    if (*head == FILE_NONE)
        (void)map_del(&p->modules, sym);
    mem_free(f->module);
    f->module = NULL;
}

int program_name(struct program *p, uint32_t file, struct notes *notes, bool *ret_changed,
                 struct err *err)
{
    struct pfile *f = &p->files.at[file];
    struct program_asking asking = {p, notes};
    struct lang_tree tree = program_tree(&asking);
    struct buf name = {0};
    f->lang->module_name(&tree, f->path, &name);
    char *module = mem_strndup(name.n > 0 ? name.p : "", name.n);
    bool ok = !name.failed && module != NULL;
    buf_release(&name);
    *ret_changed = ok && (f->module == NULL || strcmp(f->module, module) != 0);
    if (*ret_changed) {
        leave_module(p, file);
        f->module = module;
        module = NULL;
        ok = enter_module(p, file);
    }
    mem_free(module);
    return ok ? PT_OK : no_memory(err);
}

/* ---- files ---- */

static bool is_member_scope(const struct scope *s)
{
    return s->kind == SCOPE_FILE || s->kind == SCOPE_NAMESPACE || s->kind == SCOPE_TYPE;
}

/* Where a bind is found from other files. */
enum shelf { SHELF_NONE, SHELF_MEMBERS, SHELF_GLOBALS };

static enum shelf shelf_of(const struct pfile *f, const struct bind *b)
{
    const struct scope *s = &f->facts->scopes[b->scope];
    if (!is_member_scope(s) || b->kind == BIND_TYPARAM)
        return SHELF_NONE;
    bool linkage = (f->lang->flags & LANG_GLOBAL_LINKAGE) != 0;
    return linkage && s->kind == SCOPE_FILE ? SHELF_GLOBALS : SHELF_MEMBERS;
}

static bool is_unique_member(const struct pfile *f, const struct bind *b)
{
    return f->facts->scopes[b->scope].kind == SCOPE_TYPE && b->kind == BIND_DEF &&
           (f->lang->flags & LANG_UNIQUE_MEMBERS) != 0;
}

static bool put_binds(struct program *p, uint32_t file)
{
    const struct pfile *f = &p->files.at[file];
    for (uint32_t i = 1; i < f->facts->n_binds; i++) {
        const struct bind *b = &f->facts->binds[i];
        uint32_t sym = pfile_sym(f, b->name);
        enum shelf shelf = shelf_of(f, b);
        if (shelf == SHELF_GLOBALS && !chain_put(p, &p->globals, sym, file, i))
            return false;
        if (shelf != SHELF_MEMBERS)
            continue;
        uint32_t *head = map_put(&p->members, member_key(f->scope_base + b->scope, sym), i, NULL);
        if (head == NULL)
            return false;
        *head = i;
        if (is_unique_member(f, b) && !chain_put(p, &p->by_name, sym, file, b->def))
            return false;
    }
    return true;
}

static void take_binds(struct program *p, uint32_t file)
{
    const struct pfile *f = &p->files.at[file];
    for (uint32_t i = 1; i < f->facts->n_binds; i++) {
        const struct bind *b = &f->facts->binds[i];
        uint32_t sym = pfile_sym(f, b->name);
        enum shelf shelf = shelf_of(f, b);
        if (shelf == SHELF_GLOBALS)
            chain_take(p, &p->globals, sym, file);
        if (shelf != SHELF_MEMBERS)
            continue;
        (void)map_del(&p->members, member_key(f->scope_base + b->scope, sym));
        if (is_unique_member(f, b))
            chain_take(p, &p->by_name, sym, file);
    }
}

static bool names_package(const struct def *d)
{
    return d->kind == NODE_PACKAGE && d->parent == 0;
}

static size_t folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? (size_t)(slash - path) : 0;
}

/* Manifests name the package of their folder. */
static bool put_packages(struct program *p, uint32_t file)
{
    const struct pfile *f = &p->files.at[file];
    for (uint32_t d = f->facts->n_defs; d-- > 1;) { /* backwards: the first heads the chain */
        if (!names_package(&f->facts->defs[d]))
            continue;
        uint32_t sym = put_sym(p, f->path, folder_of(f->path));
        if (sym == 0 || !chain_put(p, &p->packages, sym, file, d))
            return false;
    }
    return true;
}

static void take_packages(struct program *p, uint32_t file)
{
    const struct pfile *f = &p->files.at[file];
    uint32_t sym = intern_find(&p->syms, f->path, folder_of(f->path));
    for (uint32_t d = 1; sym != 0 && d < f->facts->n_defs; d++) {
        if (names_package(&f->facts->defs[d]))
            chain_take(p, &p->packages, sym, file);
    }
}

static bool put_syms(struct program *p, struct pfile *f)
{
    f->syms = mem_reallocarray(NULL, f->facts->n_syms, sizeof(*f->syms));
    if (f->syms == NULL)
        return false;
    f->syms[0] = 0;
    for (uint32_t i = 1; i < f->facts->n_syms; i++) {
        const char *s = facts_str(f->facts, i);
        f->syms[i] = put_sym(p, s, strlen(s));
        if (f->syms[i] == 0)
            return false;
    }
    return true;
}

static bool put_path(struct program *p, uint32_t file)
{
    const char *path = p->files.at[file].path, *base = base_name(path);
    uint32_t path_sym = put_sym(p, path, strlen(path));
    uint32_t base_sym = put_sym(p, base, strlen(base));
    return path_sym != 0 && base_sym != 0 && map_put(&p->paths, path_sym, file, NULL) != NULL &&
           chain_put(p, &p->suffixes, base_sym, file, 0);
}

/* What hangs on its contents alone. */
static bool put_facts(struct program *p, uint32_t file, const struct facts *facts)
{
    struct pfile *f = &p->files.at[file];
    f->facts = facts;
    f->lang = lang_registry[facts->lang];
    f->scope_base = p->next_scope;
    p->next_scope += facts->n_scopes;
    return put_syms(p, f) && put_packages(p, file) && put_binds(p, file);
}

static void take_facts(struct program *p, uint32_t file)
{
    struct pfile *f = &p->files.at[file];
    take_binds(p, file);
    take_packages(p, file);
    mem_free(f->syms);
    mem_free(f->sigs);
    f->syms = NULL;
    f->sigs = NULL;
}

int program_put(struct program *p, uint32_t file, const char *path, const struct facts *facts,
                struct err *err)
{
    while (p->files.len <= file) {
        if (!vec_push(&p->files, (struct pfile){.next_same = FILE_NONE}))
            return no_memory(err);
    }
    struct pfile *f = &p->files.at[file];
    if (facts->n_scopes > UINT32_MAX - p->next_scope)
        return err_set(err, PT_ELIMIT, "so many changes want the tree to be linked anew");
    if (f->facts != NULL) {
        take_facts(p, file);
        f->path = path;
        return put_facts(p, file, facts) ? PT_OK : no_memory(err);
    }
    *f = (struct pfile){
        .path = path, .path_hash = hash64(path, strlen(path)), .next_same = FILE_NONE};
    return put_path(p, file) && put_facts(p, file, facts) ? PT_OK : no_memory(err);
}

void program_take(struct program *p, uint32_t file)
{
    struct pfile *f = &p->files.at[file];
    uint32_t path_sym = program_sym(p, f->path), base_sym = program_sym(p, base_name(f->path));
    take_facts(p, file);
    leave_module(p, file);
    (void)map_del(&p->paths, path_sym);
    chain_take(p, &p->suffixes, base_sym, file);
    mem_free(f->includes);
    *f = (struct pfile){.next_same = FILE_NONE};
}

void program_release(struct program *p)
{
    for (uint32_t i = 0; i < p->files.len; i++) {
        mem_free(p->files.at[i].syms);
        mem_free(p->files.at[i].module);
        mem_free(p->files.at[i].includes);
        mem_free(p->files.at[i].sigs);
    }
    intern_release(&p->syms);
    vec_release(&p->sym_hashes);
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
