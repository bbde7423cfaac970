#include "query/find.h"

#include "base/sort.h"
#include "query/owner.h"
#include "query/parts.h"
#include "query/propose.h"

#include <ctype.h>

/* Longer texts name nothing. */
#define TEXT_MAX 4096u
/* So many tails of the text are looked up as bare names: more than any name has separators. */
#define TAILS_MAX 8u
#define QUICK_NAMESAKES 500u
#define QUICK_FILES 2000u

/* A text, taken apart, and what it may mean. */
struct finder {
    const struct view *v;
    struct slice name; /* without qualifiers */
    struct parts parts;
    struct slice within;   /* what each qualified name that matches has somewhere in it */
    struct slice files[2]; /* nodes must be in such files; empty: any */
    uint32_t line;
    bool spans; /* nodes that only span the line do, too */
    uint32_t kinds;
    struct found *found;
    struct ids named; /* owned; scratch, as the next */
    struct buf text;
    bool quick; /* gives up rather than look at all of many namesakes or files */
    bool gave_up;
    bool failed;
};

void found_release(struct found *f)
{
    vec_release(&f->nodes);
}

/* ---- filters ---- */

static bool path_ends(const char *path, struct slice end)
{
    struct slice p = slice_from(path);

    return slice_ends(p, end) && (p.n == end.n || p.p[p.n - end.n - 1] == '/');
}

static bool is_wanted(const struct finder *f, uint32_t id)
{
    if (f->kinds != 0 && !(f->kinds >> view_kind(f->v, id) & 1))
        return false;
    for (unsigned i = 0; i < PT_COUNT(f->files); i++) {
        if (f->files[i].n > 0 && !path_ends(view_path(f->v, view_file_of(f->v, id)), f->files[i]))
            return false;
    }
    if (f->line == 0)
        return true;
    struct node n = view_node(f->v, id);
    return n.line == f->line || (f->spans && n.line < f->line && f->line <= n.end_line);
}

/* Keeps the best kind of match only. */
static void add(struct finder *f, uint32_t id, enum find_how how)
{
    if (how > f->found->how)
        return;
    if (how < f->found->how) {
        vec_clear(&f->found->nodes);
        f->found->how = how;
    }
    if (!vec_push(&f->found->nodes, id))
        f->failed = true;
}

/* ---- names ---- */

/* Good until it is asked for another. */
static const char *qualified_name(struct finder *f, uint32_t id)
{
    const char *text = view_qualified(f->v, id, &f->text);
    f->failed |= f->text.failed;
    return text;
}

static enum find_how how_of(struct finder *f, uint32_t id)
{
    struct parts stored, name;
    struct slice qualified = slice_from(qualified_name(f, id));

    if (f->parts.n == 1 && f->name.n < qualified.n)
        return FIND_BARE;
    if (memmem(qualified.p, qualified.n, f->within.p, f->within.n) == NULL)
        return FIND_CLOSE;
    parts_split(qualified, &stored);
    uint32_t matched = parts_match(&f->parts, &stored);
    if (matched == 0)
        return FIND_CLOSE;
    if (matched == stored.n && !stored.cut)
        return FIND_EXACT;
    parts_split(slice_from(view_name(f->v, id)), &name);
    return matched > name.n ? FIND_SUFFIX : FIND_BARE;
}

static bool is_plain(struct slice part)
{
    for (size_t i = 0; i < part.n; i++) {
        if (!isalnum((unsigned char)part.p[i]) && part.p[i] != '_')
            return false;
    }
    return true;
}

/* The longest word that qualifies the name. Parts match if they are equal or stand inside of angle
 * brackets; so most of many namesakes need not be taken apart. */
static void find_within(struct finder *f)
{
    f->within = SLICE("");
    for (uint32_t i = 0; i + 1 < f->parts.n; i++) {
        if (f->parts.at[i].n > f->within.n && is_plain(f->parts.at[i]))
            f->within = f->parts.at[i];
    }
}

/* What matches of the nodes in `named`. */
static void add_matching(struct finder *f)
{
    f->gave_up |= f->quick && f->named.len > QUICK_NAMESAKES;
    if (f->gave_up)
        return;
    for (uint32_t i = 0; i < f->named.len && !f->failed; i++) {
        uint32_t id = f->named.at[i];
        enum find_how how = is_wanted(f, id) ? how_of(f, id) : FIND_CLOSE;
        if (how != FIND_CLOSE)
            add(f, id, how);
    }
}

static void add_named(struct finder *f, struct slice name)
{
    vec_clear(&f->named);
    f->failed = f->failed || !view_named(f->v, name.p, name.n, &f->named);
    add_matching(f);
}

/* Members that languages name by a word in brackets, as <constructor>. */
static void add_bracketed(struct finder *f, struct slice name)
{
    char bracketed[64];

    if (name.n == 0 || name.n + 2 > sizeof(bracketed) || name.p[0] == '<')
        return;
    bracketed[0] = '<';
    memcpy(bracketed + 1, name.p, name.n);
    bracketed[name.n + 1] = '>';
    add_named(f, slice_of(bracketed, name.n + 2));
}

static void add_impls(struct finder *f, struct slice type)
{
    vec_clear(&f->named);
    f->failed = f->failed || !owner_impls_named(f->v, type, &f->named);
    add_matching(f);
}

/* A bare name may have separators inside (`#count`, `operator->`, `a.test.ts`): each tail of the
 * text that begins behind one may be it. The kind of match is then that of the whole text. */
static void find_names(struct finder *f)
{
    size_t tails[TAILS_MAX + 2];
    unsigned n = 0;

    for (size_t i = f->name.n; i-- > 0 && n < TAILS_MAX;) {
        size_t sep = parts_separator(f->name.p + i, f->name.n - i), tail = i + sep;
        if (sep == 0 || tail >= f->name.n)
            continue;
        if (n == 0 || tails[n - 1] != tail)
            tails[n++] = tail;
        if (f->name.p[i] == '#')
            tails[n++] = i;
    }
    if (n == 0 || tails[n - 1] != 0)
        tails[n++] = 0;
    for (unsigned i = 0; i < n && !f->failed; i++) {
        struct slice tail = slice_of(f->name.p + tails[i], f->name.n - tails[i]);
        add_named(f, tail);
        add_bracketed(f, tail);
    }
    if (f->found->nodes.len == 0 && f->parts.n > 0)
        add_impls(f, f->parts.at[f->parts.n - 1]);
}

/* ---- files and modules ---- */

/* By path: whole, or its last parts as they are written. */
static void find_paths(struct finder *f, struct slice path, struct found *ret)
{
    const char *slash = slice_rchr(path, '/');
    struct slice base =
        slash != NULL ? slice_of(slash + 1, (size_t)(path.p + path.n - slash) - 1) : path;

    vec_clear(&f->named);
    f->failed = f->failed || (path.n > 0 && !view_named(f->v, base.p, base.n, &f->named));
    for (uint32_t i = 0; i < f->named.len && !f->failed; i++) {
        uint32_t id = f->named.at[i];
        if (view_kind(f->v, id) != NODE_FILE)
            continue;
        const char *p = view_path(f->v, view_file_of(f->v, id));
        if (slice_eq(slice_from(p), path)) {
            vec_clear(&ret->nodes);
            ret->how = FIND_EXACT;
            f->failed = !vec_push(&ret->nodes, id);
            return;
        }
        if (path_ends(p, path)) {
            ret->how = FIND_SUFFIX;
            f->failed = !vec_push(&ret->nodes, id);
        }
    }
}

static void match_module(struct finder *f, uint32_t file, enum find_how best)
{
    const struct live_file *record = live_file(f->v, file); /* view_file would look at all of it */
    struct slice first = f->parts.at[0], last = f->parts.at[f->parts.n - 1];
    struct parts stored;

    if (record == NULL)
        return;
    const char *text = view_module(f->v, file);
    if (best == FIND_EXACT && (text[0] != first.p[0] || strncmp(text, first.p, first.n) != 0))
        return;
    struct slice module = slice_from(text);
    if (best != FIND_EXACT && !slice_ends(module, last))
        return;
    /* Where the module is called as the file, its last part is only "c" or "ts". */
    if (best == FIND_BARE && strcmp(text, live_path(record)) == 0)
        return;
    if (!is_wanted(f, record->ids[0]))
        return;
    parts_split(module, &stored);
    uint32_t matched = parts_match(&f->parts, &stored);
    enum find_how how = matched == stored.n && !stored.cut ? FIND_EXACT
                        : matched > 1                      ? FIND_SUFFIX
                                                           : FIND_BARE;
    if (matched != 0 && how <= best)
        add(f, record->ids[0], how);
}

static void match_all(struct finder *f, enum find_how best)
{
    f->gave_up |= f->quick && view_file_limit(f->v) > QUICK_FILES;
    if (f->gave_up)
        return;
    for (uint32_t i = 0; i < view_file_limit(f->v) && !f->failed; i++)
        match_module(f, i, best);
}

/* Exact ones, by the index of modules; false if it does not know. (Generic arguments match what has
 * none, so they want a look at all.) */
static bool match_like(struct finder *f)
{
    struct ids files = {0};
    bool known = slice_chr(f->name, '<') == NULL;

    if (known && !view_modules_like(f->v, f->name.p, f->name.n, &files, &known))
        f->failed = true;
    for (uint32_t i = 0; known && i < files.len && !f->failed; i++)
        match_module(f, files.at[i], FIND_EXACT);
    vec_release(&files);
    return known;
}

/* Files by the names of their modules. Only a match of kind `best` or better is looked for; it is
 * what the walk over all files is worth. If the file is told, only those of its name are walked. */
static void find_modules(struct finder *f, enum find_how best)
{
    struct slice path = f->files[1];
    const char *slash = slice_rchr(path, '/');

    if (f->kinds != 0 && !(f->kinds >> NODE_FILE & 1))
        return;
    if (best != FIND_EXACT && slice_ends(f->name, SLICE("()")))
        return; /* it will be looked up without: a call is worth no walk */
    if (path.n == 0) {
        if (best != FIND_EXACT || !match_like(f))
            match_all(f, best);
        return;
    }
    if (slash != NULL)
        path = slice_skip(path, (size_t)(slash + 1 - path.p));
    vec_clear(&f->named);
    f->failed = f->failed || !view_named(f->v, path.p, path.n, &f->named);
    for (uint32_t i = 0; i < f->named.len && !f->failed; i++) {
        if (view_kind(f->v, f->named.at[i]) == NODE_FILE)
            match_module(f, view_file_of(f->v, f->named.at[i]), best);
    }
}

/* Files by their bare name without what is behind the dot. */
static void find_stems(struct finder *f)
{
    struct name_iter it;
    struct name name;

    vec_clear(&f->named);
    view_names(f->v, f->name.p, f->name.n, &it);
    while (!f->failed && view_next_name(&it, &name) && name.text[f->name.n] <= '.') {
        if (name.text[f->name.n] == '.')
            f->failed = !view_bearers(f->v, name.id, &f->named);
    }
    for (uint32_t i = 0; i < f->named.len && !f->failed; i++) {
        uint32_t id = f->named.at[i];
        if (view_kind(f->v, id) == NODE_FILE && is_wanted(f, id))
            add(f, id, FIND_BARE);
    }
}

/* ---- what gives way ---- */

/* Weakest last; what is of a weaker class than the best gives way. */
static unsigned strength(const struct finder *f, uint32_t id)
{
    uint16_t flags = view_flags(f->v, id);

    if (view_kind(f->v, id) == NODE_IMPL)
        return 0;
    if (flags & FLAG_EXTERNAL)
        return 1;
    return flags & FLAG_DECLARATION ? 2 : 3;
}

/* `typedef struct S S;`: the alias is of no interest where S itself is at hand. */
static bool is_alias_of_one(const struct finder *f, uint32_t id)
{
    if (view_kind(f->v, id) != NODE_TYPE_ALIAS)
        return false;
    for (uint32_t i = 0; i < f->found->nodes.len; i++) {
        if (owner_is_alias(f->v, id, f->found->nodes.at[i]))
            return true;
    }
    return false;
}

static bool is_spelled_so(struct finder *f, uint32_t id)
{
    return slice_eq(slice_from(qualified_name(f, id)), f->name);
}

/* `Trait::m` also means `<Type as Trait>::m`, but not where it is all of a name itself. */
static void keep_spelled_so(struct finder *f)
{
    uint32_t n = 0, kept = 0, *at = f->found->nodes.at;

    for (uint32_t i = 0; i < f->found->nodes.len; i++)
        n += is_spelled_so(f, at[i]);
    for (uint32_t i = 0; n > 0 && i < f->found->nodes.len; i++) {
        if (is_spelled_so(f, at[i]))
            at[kept++] = at[i];
    }
    if (n > 0)
        vec_truncate(&f->found->nodes, kept);
}

static void give_way(struct finder *f)
{
    uint32_t n = f->found->nodes.len, kept = 0;
    uint32_t *at = f->found->nodes.at;
    unsigned best = 0;

    for (uint32_t i = 0; i < n; i++) {
        unsigned s = strength(f, at[i]);
        best = s > best ? s : best;
    }
    for (uint32_t i = 0; i < n; i++) {
        if (strength(f, at[i]) == best)
            at[kept++] = at[i];
    }
    vec_truncate(&f->found->nodes, kept);
    n = kept;
    kept = 0;
    /* Only aliases leave, so a type that one gives way to is somewhere in the list throughout. */
    for (uint32_t i = 0; i < n; i++) {
        uint32_t id = at[i];
        if (!is_alias_of_one(f, id))
            at[kept++] = id;
    }
    vec_truncate(&f->found->nodes, kept);
}

struct keyed {
    uint32_t key, node;
};

static int cmp_keyed(const void *a, const void *b, void *ctx)
{
    const struct keyed *x = a, *y = b;

    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return view_compare(ctx, x->node, y->node);
}

/* No tests before tests, then by in-degree, then in order (view_before). */
static bool put_in_order(struct finder *f)
{
    uint32_t n = f->found->nodes.len, *at = f->found->nodes.at;
    VEC(struct keyed) all = {0};

    if (n < 2)
        return true;
    if (!vec_grow(&all, n))
        return false;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t test = (view_flags(f->v, at[i]) & FLAG_TEST) != 0;
        uint32_t degree = owner_in_degree(f->v, at[i]);
        all.at[i] = (struct keyed){test << 16 | (OWNER_DEGREE_MAX - degree), at[i]};
    }
    sort_r(all.at, n, sizeof(*all.at), cmp_keyed, (void *)(uintptr_t)f->v);
    for (uint32_t i = 0; i < n; i++)
        at[i] = all.at[i].node;
    vec_release(&all);
    return true;
}

/* ---- texts ---- */

static struct slice trim(struct slice s)
{
    while (s.n > 0 && s.p[0] == ' ')
        s = slice_of(s.p + 1, s.n - 1);
    while (s.n > 0 && s.p[s.n - 1] == ' ')
        s.n--;
    return s;
}

/* Takes `:123` off the end. */
static bool take_number(struct slice *s, uint32_t *ret)
{
    uint64_t number = 0, scale = 1;
    size_t i = s->n;

    while (i > 0 && s->p[i - 1] >= '0' && s->p[i - 1] <= '9' && s->n - i < 9) {
        number += scale * (uint64_t)(s->p[--i] - '0');
        scale *= 10;
    }
    if (i == s->n || i < 2 || s->p[i - 1] != ':' || s->p[i - 2] == ':')
        return false;
    s->n = i - 1;
    *ret = (uint32_t)number;
    return true;
}

/* Takes `@FILE` off the end. What follows a slash is a folder, as in `node_modules/@scope/x`. */
static bool take_file(struct slice *s, struct slice *ret)
{
    for (size_t i = 1; i + 1 < s->n; i++) {
        if (s->p[i] == '@' && s->p[i - 1] != '/') {
            *ret = slice_of(s->p + i + 1, s->n - i - 1);
            s->n = i;
            return true;
        }
    }
    return false;
}

/* Takes off the end what is no part of a name: `()` and what is in it, generic arguments, `!`. */
static bool take_decoration(struct slice *s)
{
    char open, close;
    unsigned depth = 0;
    size_t i = s->n;

    if (i > 1 && s->p[i - 1] == '!') {
        s->n--;
        return true;
    }
    if (i < 3 || (s->p[i - 1] != ')' && s->p[i - 1] != '>'))
        return false;
    close = s->p[i - 1];
    open = close == ')' ? '(' : '<';
    while (i > 0) {
        char c = s->p[--i];
        bool arrow = c == '>' && i > 0 && s->p[i - 1] == '-';
        depth += c == close && !arrow;
        if (c == open && --depth == 0)
            break;
    }
    while (i > 0 && s->p[i - 1] == ':')
        i--;
    if (i == 0)
        return false;
    s->n = i;
    return true;
}

/* A turbofish in the middle, `Vec::<T>::new`, is no part of the name. */
static void drop_arguments(struct parts *p)
{
    struct slice t, u;
    uint32_t kept = 1;

    for (uint32_t i = 1; i < p->n; i++) {
        if (i + 1 < p->n && part_angle(p->at[i], &t, &u) && u.n == 0)
            continue;
        p->at[kept++] = p->at[i];
    }
    p->n = p->n > 0 ? kept : 0;
}

/* ---- */

/* By file and line. False: the text names no file. */
static bool find_on_line(struct finder *f, struct slice path)
{
    struct found files = {0};

    find_paths(f, path, &files);
    for (uint32_t k = 0; k < files.nodes.len && !f->failed; k++) {
        struct view_file file = view_file(f->v, view_file_of(f->v, files.nodes.at[k]));
        uint32_t best = NODE_NONE, best_span = UINT32_MAX;
        for (uint32_t i = 1; i < file.n_nodes; i++) {
            struct node n = view_node(f->v, file.nodes[i]);
            uint32_t span = n.end_line > n.line ? n.end_line - n.line : 0;
            if (n.line <= f->line && f->line <= n.line + span && span <= best_span &&
                (f->kinds == 0 || (f->kinds >> n.kind & 1))) {
                best = n.id;
                best_span = span;
            }
        }
        if (best != NODE_NONE)
            add(f, best, files.how);
    }
    if (f->found->nodes.len == 0 && files.nodes.len > 0 && !f->failed)
        f->failed = !propose_around(f->v, view_file_of(f->v, files.nodes.at[0]), f->line, f->kinds,
                                    f->found);
    bool is_file = files.nodes.len > 0;
    found_release(&files);
    return is_file;
}

static bool is_pathlike(struct slice s)
{
    return slice_chr(s, '/') != NULL || slice_chr(s, '.') != NULL;
}

/* Files whose path ends like that come before names that are spelled alike. */
static void prefer_paths(struct finder *f)
{
    struct found files = {.how = FIND_CLOSE};

    if (f->line == 0 && is_pathlike(f->name))
        find_paths(f, f->name, &files);
    if (files.nodes.len > 0 && (files.how == FIND_EXACT || f->found->how != FIND_EXACT)) {
        vec_clear(&f->found->nodes);
        f->found->how = FIND_CLOSE;
        for (uint32_t i = 0; i < files.nodes.len; i++) {
            if (is_wanted(f, files.nodes.at[i]))
                add(f, files.nodes.at[i], files.how);
        }
    }
    found_release(&files);
}

/* The name as it is now, whatever it may mean. */
static void find_anything(struct finder *f)
{
    f->found->how = FIND_CLOSE;
    vec_clear(&f->found->nodes);
    parts_split(f->name, &f->parts);
    drop_arguments(&f->parts);
    find_within(f);
    if (f->parts.n == 0 || f->name.n > TEXT_MAX)
        return;
    find_names(f);
    if (f->gave_up)
        return;
    if (f->found->how != FIND_EXACT)
        find_modules(f, FIND_EXACT);
    prefer_paths(f);
    if (f->found->how > FIND_SUFFIX && f->parts.n > 1)
        find_modules(f, FIND_SUFFIX);
    if (f->found->how == FIND_CLOSE && f->parts.n == 1) {
        find_modules(f, FIND_BARE);
        if (f->found->how == FIND_CLOSE)
            find_stems(f);
    }
}

/* `FILE::NAME`, for languages whose names do not begin with their file's. */
static void find_in_file(struct finder *f, struct slice text)
{
    struct found files = {0};

    if (text.n > TEXT_MAX)
        return;
    for (size_t i = 1; i + 2 < text.n && files.nodes.len == 0 && !f->failed; i++) {
        struct slice file = slice_of(text.p, i);
        if (memcmp(text.p + i, "::", 2) != 0 || !is_pathlike(file))
            continue;
        find_paths(f, file, &files);
        if (files.nodes.len > 0) {
            f->files[1] = file;
            f->name = slice_of(text.p + i + 2, text.n - i - 2);
            find_anything(f);
        }
    }
    found_release(&files);
}

static void find_text(struct finder *f, struct slice text)
{
    struct slice file = f->files[1];

    f->name = text;
    do {
        find_anything(f);
    } while (f->found->nodes.len == 0 && !f->failed && !f->gave_up && take_decoration(&f->name));
    if (f->found->nodes.len > 0 || f->failed || f->gave_up || f->files[1].n > 0)
        return;
    find_in_file(f, text);
    if (f->found->nodes.len == 0) { /* proposals are for the whole text */
        f->files[1] = file;
        parts_split(text, &f->parts);
        drop_arguments(&f->parts);
    }
}

int query_find(const struct view *v, const char *text, const struct find_filter *filter,
               struct found *ret, struct err *err)
{
    struct slice name = trim(slice_of(text, strlen(text)));
    struct finder f = {.v = v, .found = ret};
    uint32_t number;

    vec_clear(&ret->nodes);
    ret->how = FIND_CLOSE;
    if (filter != NULL) {
        f.kinds = filter->kinds;
        f.files[0] = slice_from(filter->file);
        f.line = filter->line;
        f.quick = filter->quick;
    }
    if (slice_starts(name, SLICE("./")))
        name = slice_of(name.p + 2, name.n - 2);
    if (take_number(&name, &number)) {
        f.line = number;
        if (take_number(&name, &number)) /* the other one was the column */
            f.line = number;
    }
    bool has_file = take_file(&name, &f.files[1]);
    if (name.n == 0 && f.line != 0 && f.files[0].n > 0)
        name = f.files[0];
    if (f.line != 0 && !has_file && find_on_line(&f, name))
        goto out;
    find_text(&f, name);
    if (ret->nodes.len == 0 && f.line != 0 && !f.failed && !f.gave_up) {
        f.spans = true;
        find_text(&f, name);
    }
    if (f.gave_up)
        vec_clear(&ret->nodes);
    else if (ret->nodes.len == 0 && !f.failed && !f.quick)
        f.failed = !propose(v, &f.parts, f.kinds, ret);
out:
    if (!f.failed && ret->how != FIND_CLOSE) {
        keep_spelled_so(&f);
        give_way(&f);
        f.failed |= !put_in_order(&f);
    }
    vec_release(&f.named);
    buf_release(&f.text);
    if (f.failed) {
        vec_clear(&ret->nodes);
        return err_set(err, PT_ENOMEM, "no memory to look up a name");
    }
    return 0;
}
