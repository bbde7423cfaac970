/* Cargo.toml: which crate the Rust files around it make up, and what that crate depends on.
 *
 * A manifest is read line by line for the few keys that matter. Whatever else TOML may say, and
 * whatever is no TOML at all, is stepped over: this reader never fails.
 */
#include "lang/extract.h"

#include <string.h>

#define MAX_PARTS 8u /* of a dotted key; deeper ones do not matter */

struct toml {
    struct extract *x;
    const char *s;
    uint32_t n, at;
    uint32_t line;
    struct slice path[MAX_PARTS]; /* of the table, then of the key under way */
    unsigned n_path, n_table;
    uint32_t package, package_line; /* symbols of names, as crates: '-' is '_' */
    uint32_t lib, lib_line;
};

/* ---- characters ---- */

static char peek(const struct toml *t)
{
    return t->at < t->n ? t->s[t->at] : '\0';
}

static bool at_end(const struct toml *t)
{
    return t->at >= t->n;
}

static void step(struct toml *t)
{
    t->line += peek(t) == '\n';
    t->at++;
}

static void skip_blanks(struct toml *t)
{
    while (!at_end(t) && (peek(t) == ' ' || peek(t) == '\t' || peek(t) == '\r'))
        t->at++;
}

static void skip_line(struct toml *t)
{
    while (!at_end(t) && peek(t) != '\n')
        t->at++;
}

static bool tripled(const struct toml *t, char q)
{
    return t->at + 2 < t->n && t->s[t->at] == q && t->s[t->at + 1] == q && t->s[t->at + 2] == q;
}

/* The contents of the string that begins here, escapes as they stand. A string of one line that
 * is not closed ends with its line. */
static struct slice string(struct toml *t)
{
    char q = peek(t);
    bool many = tripled(t, q);
    t->at += many ? 3 : 1;
    uint32_t from = t->at;
    while (!at_end(t)) {
        if (many ? tripled(t, q) : peek(t) == q || peek(t) == '\n')
            break;
        if (q == '"' && peek(t) == '\\' && t->at + 1 < t->n)
            step(t);
        step(t);
    }
    uint32_t to = t->at < t->n ? t->at : t->n;
    if (many)
        t->at = to + 3;
    else if (peek(t) == q)
        t->at++;
    return slice_of(t->s + from, to - from);
}

static bool is_key_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-';
}

/* A dotted key, put behind the path. False if there is none here. */
static bool key(struct toml *t)
{
    for (;;) {
        struct slice part;
        skip_blanks(t);
        if (peek(t) == '"' || peek(t) == '\'') {
            part = string(t);
        } else {
            uint32_t from = t->at;
            while (!at_end(t) && is_key_char(peek(t)))
                t->at++;
            part = slice_of(t->s + from, t->at - from);
        }
        if (part.n == 0)
            return false;
        if (t->n_path < MAX_PARTS)
            t->path[t->n_path] = part;
        t->n_path++;
        skip_blanks(t);
        if (peek(t) != '.')
            return true;
        t->at++;
    }
}

/* ---- what the keys mean ---- */

static bool path_is(const struct toml *t, const char *a, const char *b)
{
    return t->n_path == 2 && slice_eq(t->path[0], slice_from(a)) &&
           slice_eq(t->path[1], slice_from(b));
}

/* The name of a crate as code spells it. */
static uint32_t crate_name(struct toml *t, struct slice s)
{
    char name[128];
    if (s.n == 0 || s.n >= sizeof(name))
        return 0;
    for (size_t i = 0; i < s.n; i++)
        name[i] = s.p[i] == '-' ? '_' : s.p[i];
    return ex_intern_slice(t->x, slice_of(name, s.n));
}

/* Where the name of a dependency stands in the path, 0 if the path is of none. */
static unsigned dependency_at(const struct toml *t)
{
    for (unsigned i = 0; i + 1 < t->n_path && i + 1 < MAX_PARTS; i++) {
        if (slice_eq(t->path[i], SLICE("dependencies")) ||
            slice_eq(t->path[i], SLICE("dev-dependencies")) ||
            slice_eq(t->path[i], SLICE("build-dependencies")) ||
            slice_eq(t->path[i], SLICE("dev_dependencies")) ||
            slice_eq(t->path[i], SLICE("build_dependencies")))
            return i + 1;
    }
    return 0;
}

static void add_ref(struct toml *t, uint32_t term)
{
    struct ref r = {.term = term, .line = t->line, .col = 1, .role = REF_IMPORT};
    if (term != 0 && !vec_push(&t->x->refs, r))
        t->x->failed = true;
}

/* One key below a dependency: the first makes it known, `package` gives it another crate. */
static void dependency(struct toml *t, unsigned at, struct slice value)
{
    struct extract *x = t->x;
    uint32_t name = crate_name(t, t->path[at]);
    uint32_t b = name != 0 ? ex_find(x, 0, name) : 0;
    bool renames =
        t->n_path == at + 2 && slice_eq(t->path[at + 1], SLICE("package")) && value.n > 0;

    if (name == 0)
        return;
    if (b == 0) {
        uint32_t target = ex_term(x, TERM_FREE, NS_TYPE, name, 0);
        b = ex_alias(x, 0, name, target, BIND_EXPORTED);
        add_ref(t, target);
        if (b == 0)
            return;
    }
    if (renames) /* the ref shares the term */
        x->terms.at[ex_bind_at(x, b)->init].a = crate_name(t, value);
}

static void value_of(struct toml *t, struct slice value, uint32_t line)
{
    unsigned at = dependency_at(t);
    if (at != 0) {
        dependency(t, at, value);
    } else if (path_is(t, "package", "name") || path_is(t, "project", "name")) {
        t->package = crate_name(t, value);
        t->package_line = line;
    } else if (path_is(t, "lib", "name")) {
        t->lib = crate_name(t, value);
        t->lib_line = line;
    }
}

/* ---- lines ---- */

/* Steps over a value. Tables written in one line are looked into. */
static void value(struct toml *t)
{
    uint32_t line = t->line;
    unsigned depth = 0;
    unsigned outer[MAX_PARTS]; /* length of the path around each open brace */
    unsigned n_outer = 0;

    skip_blanks(t);
    if (peek(t) != '{')
        value_of(t, peek(t) == '"' || peek(t) == '\'' ? string(t) : slice_of("", 0), line);
    while (!at_end(t)) {
        char c = peek(t);
        if (c == '\n' && depth == 0)
            return;
        if (c == '#') {
            skip_line(t);
        } else if (c == '"' || c == '\'') {
            (void)string(t);
        } else if (c == '[') {
            depth++;
            t->at++;
        } else if (c == ']' || c == '}') {
            if (c == '}' && n_outer > 0)
                t->n_path = outer[--n_outer];
            depth -= depth > 0;
            t->at++;
        } else if (c == '{' && n_outer < MAX_PARTS && t->n_path < MAX_PARTS) {
            depth++;
            t->at++;
            outer[n_outer++] = t->n_path;
        } else if (n_outer > 0 && is_key_char(c)) {
            t->n_path = outer[n_outer - 1];
            if (key(t) && peek(t) == '=' && t->n_path <= MAX_PARTS) {
                t->at++;
                skip_blanks(t);
                if (peek(t) == '"' || peek(t) == '\'')
                    value_of(t, string(t), t->line);
                else if (peek(t) != '{')
                    value_of(t, slice_of("", 0), t->line);
            }
        } else {
            step(t);
        }
    }
}

static void line(struct toml *t)
{
    skip_blanks(t);
    if (peek(t) == '[') {
        t->at += t->at + 1 < t->n && t->s[t->at + 1] == '[' ? 2 : 1;
        t->n_path = 0;
        if (!key(t) || t->n_path > MAX_PARTS)
            t->n_path = 0;
        t->n_table = t->n_path;
        skip_line(t);
    } else if (!at_end(t) && peek(t) != '#' && peek(t) != '\n') {
        t->n_path = t->n_table;
        if (key(t) && peek(t) == '=') {
            t->at++;
            if (t->n_path <= MAX_PARTS)
                value(t);
        }
        t->n_path = t->n_table;
    }
    if (t->n_path == t->n_table)
        skip_line(t);
    step(t);
}

static int extract(struct extract *x, const char *src, uint32_t n)
{
    struct toml t = {.x = x, .s = src, .n = n, .line = 1};
    while (!at_end(&t))
        line(&t);
    if (t.package == 0) /* the manifest of a workspace alone names nothing */
        return PT_OK;
    struct def d = {
        .name = t.lib != 0 ? t.lib : t.package,
        .end = n,
        .line = t.lib != 0 ? t.lib_line : t.package_line,
        .end_line = t.line > 1 ? t.line - 1 : 1,
        .kind = NODE_PACKAGE,
        .ns = NS_TYPE,
        .arity_max = 255,
        .flags = FLAG_EXPORTED,
    };
    if (!vec_push(&x->defs, d))
        x->failed = true;
    return PT_OK;
}

static void module_name(const struct lang_tree *tree, const char *path, struct buf *ret)
{
    (void)tree;
    buf_str(ret, path);
}

static const char *const filenames[] = {"Cargo.toml", NULL};
static const char *const suffixes[] = {NULL};
static const char *const family[] = {"rust", NULL};

const struct lang lang_cargo = {
    .name = "cargo",
    .title = "Cargo manifest",
    .separator = "::",
    .module_separator = "::",
    .line_comment = "#",
    .suffixes = suffixes,
    .filenames = filenames,
    .flags = LANG_PACKAGE_NAMES,
    .family = family,
    .extract = extract,
    .module_name = module_name,
};
