/* Python: imports, the names of modules, and where a module is found. */
#include "lang/python.h"

/* ---- global, nonlocal, imports ---- */

/* Marks the names in the function's scope: assignments to them bind them elsewhere. */
static void redirect(struct extract *x, const struct kid *kids, uint32_t n, uint8_t how)
{
    for (uint32_t i = 0; i < n; i++) {
        ex_unref(x, &kids[i]);
        if (x->scopes.at[x->user].kind == SCOPE_FILE)
            continue;
        uint32_t b =
            ex_bind(x, x->user, BIND_ALIAS, kids[i].name, 0, 0, ts_node_start_byte(kids[i].node));
        if (b != 0)
            x->binds.at[b].index = how;
    }
}

void py_leave_global(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    (void)self;
    redirect(x, kids, n, 1);
}

void py_leave_nonlocal(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    (void)self;
    redirect(x, kids, n, 2);
}

/* The module that a dotted or relative name spells, without the blanks that it may hold. */
static uint32_t module_term(struct extract *x, struct slice text)
{
    if (memchr(text.p, ' ', text.n) == NULL && memchr(text.p, '\\', text.n) == NULL)
        return ex_term(x, TERM_MODULE, 0, ex_intern_slice(x, text), 0);
    struct buf b = {0};
    for (size_t i = 0; i < text.n; i++) {
        if (strchr(" \t\r\n\\", text.p[i]) == NULL)
            buf_char(&b, text.p[i]);
    }
    uint32_t sym = ex_intern_slice(x, buf_as_slice(&b));
    x->failed |= b.failed;
    buf_release(&b);
    return ex_term(x, TERM_MODULE, 0, sym, 0);
}

/* Binds an import. A conditional one does not displace what the file itself defines: it is a faster
 * twin from outside, or a script that imports itself. */
static void bind_import(struct extract *x, uint32_t name, uint32_t target, TSNode statement)
{
    uint32_t scope = py_scope_for(x, name);
    const struct bind *old = &x->binds.at[ex_find(x, scope, name)];
    if (x->conditional && old->kind == BIND_DEF && old->def != 0 &&
        !py_is_variable(x->defs.at[old->def].kind))
        return;
    uint32_t b = ex_alias(x, scope, name, target, 0);
    if (b == 0)
        return;
    py_set_from(x, scope, name, ts_node_end_byte(statement));
    if (scope == 0 && py_is_public(ex_str(x, name)))
        x->binds.at[b].flags |= BIND_EXPORTED;
}

void py_leave_import(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        bool aliased = kids[i].sym == S_ALIASED;
        TSNode spelled = aliased ? ex_child(x, kids[i].node, F_NAME) : kids[i].node;
        struct slice text = text_of(x, spelled);
        if (kids[i].name == 0 || text.n == 0)
            continue;
        uint32_t module = module_term(x, text);
        (void)ex_ref(x, module, REF_IMPORT, kids[i].node);
        if (aliased) {
            bind_import(x, py_name_of(x, ex_child(x, kids[i].node, F_ALIAS)), module, self->node);
            continue;
        }
        size_t head = 0; /* import a.b.c binds a */
        while (head < text.n && text.p[head] != '.' && text.p[head] != ' ')
            head++;
        if (head < text.n)
            module = module_term(x, slice_head(text, head));
        bind_import(x, ex_intern_slice(x, slice_head(text, head)), module, self->node);
    }
}

void py_leave_import_from(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    const struct kid *from = ex_kid(kids, n, F_MODULE_NAME);
    if (from == NULL)
        return;
    struct slice text = ex_text(x, from->node);
    uint32_t module = module_term(x, text);
    if (text.n > 0 && text.p[text.n - 1] != '.') /* `from . import x` imports x, not the package */
        (void)ex_ref(x, module, REF_IMPORT, from->node);
    for (uint32_t i = 0; i < n; i++) {
        const struct kid *k = &kids[i];
        if (k->sym == S_WILDCARD)
            ex_star(x, x->user, module, true);
        if (k->field != F_NAME || k->name == 0)
            continue;
        uint32_t target = ex_term(x, TERM_PATH, NS_ANY, module, k->name);
        (void)ex_ref(x, target, REF_IMPORT, k->node);
        uint32_t name = k->name;
        if (k->sym == S_ALIASED)
            name = py_name_of(x, ex_child(x, k->node, F_ALIAS));
        bind_import(x, name, target, self->node);
    }
}

void py_leave_aliased(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    (void)x;
    self->name = n > 0 ? kids[0].name : 0;
}

/* ---- modules ---- */

static bool has(const struct lang_tree *tree, const char *dir, size_t n_dir, const char *file)
{
    struct buf b = {0};
    buf_add(&b, dir, n_dir);
    if (n_dir > 0)
        buf_char(&b, '/');
    buf_str(&b, file);
    bool found = !b.failed && tree->has_file(tree->ctx, b.p, b.n);
    buf_release(&b);
    return found;
}

static bool is_package(const struct lang_tree *tree, const char *dir, size_t n)
{
    return has(tree, dir, n, "__init__.py") || has(tree, dir, n, "__init__.pyi");
}

static size_t parent_dir(const char *path, size_t n)
{
    while (n > 0 && path[n - 1] != '/')
        n--;
    return n > 0 ? n - 1 : 0;
}

/* The folder that holds the topmost package around `dir`; dir itself if it is none. */
static size_t import_root(const struct lang_tree *tree, const char *path, size_t dir)
{
    while (dir > 0 && is_package(tree, path, dir))
        dir = parent_dir(path, dir);
    return dir;
}

void py_module_name(const struct lang_tree *tree, const char *path, struct buf *ret)
{
    size_t n = strlen(path), dir = parent_dir(path, n);
    size_t root = is_package(tree, path, dir) ? import_root(tree, path, dir) : 0;
    const char *dot = strrchr(path, '.');
    const char *from = path + root + (root > 0);
    const char *to = dot != NULL && dot > path + dir ? dot : path + n;

    if (root == 0 && strncmp(from, "src/", 4) == 0)
        from += 4; /* a script or namespace package in the usual place */
    if (to - from > 9 && memcmp(to - 9, "/__init__", 9) == 0)
        to -= 9;
    for (; from < to; from++)
        buf_char(ret, *from == '/' ? '.' : *from);
}

/* The package or module that `dotted_name` spells, seen from a folder. */
static bool in_folder(const struct lang_tree *tree, struct slice dir, const char *below,
                      const char *dotted_name, struct buf *ret)
{
    static const char *const ends[] = {"/__init__.py", ".py", "/__init__.pyi", ".pyi"};
    buf_reset(ret);
    buf_slice(ret, dir);
    if (dir.n > 0)
        buf_char(ret, '/');
    buf_str(ret, below);
    for (const char *p = dotted_name; *p != '\0'; p++)
        buf_char(ret, *p == '.' ? '/' : *p);
    size_t n = ret->n;
    bool folder = n == 0 || ret->p[n - 1] == '/'; /* `from . import`: only a package will do */
    for (unsigned i = 0; i < 4; i += folder ? 2 : 1) {
        ret->n = n;
        buf_str(ret, ends[i] + folder);
        if (!ret->failed && tree->has_file(tree->ctx, ret->p, ret->n))
            return true;
    }
    buf_reset(ret);
    return false;
}

static bool find_relative(const struct lang_tree *tree, const char *path, const char *spelled,
                          struct buf *ret)
{
    size_t dir = parent_dir(path, strlen(path));
    while (*++spelled == '.') {
        if (dir == 0)
            return false;
        dir = parent_dir(path, dir);
    }
    return in_folder(tree, slice_of(path, dir), "", spelled, ret);
}

/* Packages of the standard library: imports of their modules never mean the tree's own, in a tree
 * that is itself a package whose name nothing tells. */
static const char *const standard[] = {
    "asyncio",  "collections",     "concurrent", "ctypes", "curses",    "dbm",      "distutils",
    "email",    "encodings",       "html",       "http",   "importlib", "json",     "lib2to3",
    "logging",  "multiprocessing", "os",         "re",     "sqlite3",   "test",     "tkinter",
    "unittest", "urllib",          "wsgiref",    "xml",    "xmlrpc",    "zoneinfo", NULL,
};

static bool find_in_root_package(const struct lang_tree *tree, const char *spelled, struct buf *ret)
{
    const char *dot = strchr(spelled, '.');
    if (dot == NULL || !is_package(tree, "", 0))
        return false;
    for (const char *const *s = standard; *s != NULL; s++) {
        if (strlen(*s) == (size_t)(dot - spelled) && memcmp(*s, spelled, strlen(*s)) == 0)
            return false;
    }
    return in_folder(tree, slice_of("", 0), "", dot + 1, ret);
}

/* A package elsewhere in the tree, if that is where its own name begins. */
static bool find_elsewhere(const struct lang_tree *tree, const char *path, const char *spelled,
                           struct buf *ret)
{
    static const char *const ends[] = {"/__init__.py", ".py"};
    struct buf suffix = {0}, name = {0};
    bool found = false;
    for (unsigned i = 0; i < 2 && !found; i++) {
        buf_reset(&suffix);
        buf_reset(ret);
        for (const char *p = spelled; *p != '\0'; p++)
            buf_char(&suffix, *p == '.' ? '/' : *p);
        buf_str(&suffix, ends[i]);
        if (!tree->find_suffix(tree->ctx, buf_cstr(&suffix), path, ret))
            continue;
        buf_reset(&name);
        py_module_name(tree, buf_cstr(ret), &name);
        found = !name.failed && slice_eq(buf_as_slice(&name), slice_from(spelled));
    }
    if (!found)
        buf_reset(ret);
    buf_release(&suffix);
    buf_release(&name);
    return found;
}

bool py_find_module(const struct lang_tree *tree, const char *path, const char *spelled,
                    struct buf *ret)
{
    if (spelled[0] == '.')
        return find_relative(tree, path, spelled, ret);
    size_t dir = parent_dir(path, strlen(path));
    for (dir = import_root(tree, path, dir);; dir = parent_dir(path, dir)) {
        if (in_folder(tree, slice_of(path, dir), "", spelled, ret) ||
            in_folder(tree, slice_of(path, dir), "src/", spelled, ret))
            return true;
        if (dir == 0)
            break;
    }
    return find_in_root_package(tree, spelled, ret) || find_elsewhere(tree, path, spelled, ret);
}

bool py_is_test_path(const char *path)
{
    const char *slash = strrchr(path, '/');
    struct slice base = slice_from(slash != NULL ? slash + 1 : path);
    return slice_starts(base, SLICE("test_")) || slice_ends(base, SLICE("_test.py")) ||
           slice_eq(base, SLICE("conftest.py")) || slice_eq(base, SLICE("tests.py")) ||
           strncmp(path, "tests/", 6) == 0 || strstr(path, "/tests/") != NULL;
}
