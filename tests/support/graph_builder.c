#include "support/graph_builder.h"

#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_MAX 24u

struct gnode {
    char *alias, *full, *qualified; /* full: PATH::QUALIFIED, or PATH */
    struct unit_node node;
    uint32_t file, in_unit;
};

struct gfile {
    char *path;
    const char *sep, *lang;
    uint32_t node, lines;
    VEC(uint32_t) nodes; /* of builder.nodes; the FILE node first */
    VEC(struct unit_edge) edges;
};

struct builder {
    struct arena arena;
    VEC(struct gnode) nodes;
    VEC(struct gfile) files;
    const char *text; /* for messages */
};

static _Noreturn void fail(const char *what, const char *word)
{
    (void)fprintf(stderr, "graph_of: %s: %s\n", what, word != NULL ? word : "");
    abort();
}

static void *must(void *p)
{
    if (p == NULL)
        fail("out of memory", NULL);
    return p;
}

static void must_push(bool ok)
{
    if (!ok)
        fail("out of memory", NULL);
}

/* ---- words ---- */

/* The next statement's words; false at the end. */
static bool next_statement(struct builder *b, const char **at, char *words[WORDS_MAX], unsigned *n)
{
    const char *p = *at;

    *n = 0;
    if (*p == '\0')
        return false;
    if (strncmp(p + strspn(p, " \t"), "//", 2) == 0) {
        *at = p + strcspn(p, "\n") + (p[strcspn(p, "\n")] != '\0');
        return true;
    }
    for (;;) {
        p += strspn(p, " \t");
        if (*p == '\0' || *p == '\n' || *p == ';')
            break;
        size_t len;
        if (*p == '`') {
            len = strcspn(++p, "`");
            words[*n] = must(arena_strndup(&b->arena, p, len));
            p += len + (p[len] == '`');
        } else {
            len = strcspn(p, " \t\n;");
            words[*n] = must(arena_strndup(&b->arena, p, len));
            p += len;
        }
        if (++*n == WORDS_MAX)
            fail("too many words in the statement with", words[0]);
    }
    *at = *p != '\0' ? p + 1 : p;
    return true;
}

static uint32_t number_of(const char *word)
{
    char *end = NULL;
    unsigned long n = word != NULL ? strtoul(word, &end, 10) : 0;

    if (word == NULL || end == word || *end != '\0')
        fail("not a number", word);
    return (uint32_t)n;
}

/* ---- files and nodes ---- */

static uint32_t push_node(struct builder *b, uint32_t file, const char *full, const char *qualified,
                          const struct unit_node *node)
{
    struct gfile *f = &b->files.at[file];
    struct gnode g = {.full = must(arena_strdup(&b->arena, full)),
                      .qualified = must(arena_strdup(&b->arena, qualified)),
                      .node = *node,
                      .file = file,
                      .in_unit = f->nodes.len};
    uint32_t twins = 0;

    for (uint32_t i = 0; i < f->nodes.len; i++) {
        const struct gnode *other = &b->nodes.at[f->nodes.at[i]];
        twins += strcmp(other->full, full) == 0 && other->node.kind == node->kind;
    }
    struct hasher h;
    hasher_init(&h);
    hasher_add(&h, full, strlen(full));
    hasher_add_u64(&h, node->kind);
    hasher_add_u64(&h, twins);
    g.node.sig = hasher_u64(&h);
    must_push(vec_push(&f->nodes, b->nodes.len));
    must_push(vec_push(&b->nodes, g));
    return b->nodes.len - 1;
}

static uint32_t file_by_path(const struct builder *b, const char *path)
{
    uint32_t i = 0;

    while (i < b->files.len && strcmp(b->files.at[i].path, path) != 0)
        i++;
    return i;
}

static uint32_t add_file(struct builder *b, const char *path)
{
    uint32_t file = b->files.len;
    const char *slash = strrchr(path, '/');
    struct unit_node node = {.kind = NODE_FILE,
                             .name = must(arena_strdup(&b->arena, slash ? slash + 1 : path)),
                             .qualified = must(arena_strdup(&b->arena, path)),
                             .signature = "",
                             .line = 1,
                             .end_line = 1};
    struct gfile f = {
        .path = must(arena_strdup(&b->arena, path)), .sep = "::", .lang = "test", .lines = 1};

    must_push(vec_push(&b->files, f));
    b->files.at[file].node = push_node(b, file, path, path, &node);
    return file;
}

static void file_statement(struct builder *b, char **words, unsigned n)
{
    if (n < 2 || file_by_path(b, words[1]) < b->files.len)
        fail("no path, or known already", n > 1 ? words[1] : NULL);
    uint32_t file = add_file(b, words[1]); /* moves the files */
    struct gfile *f = &b->files.at[file];
    struct unit_node *node = &b->nodes.at[f->node].node;

    for (unsigned i = 2; i < n; i++) {
        const char *word = words[i];
        if (strcmp(word, "test") == 0) {
            node->flags |= FLAG_TEST;
            continue;
        }
        char *value = ++i < n ? words[i] : NULL;
        if (value != NULL && strcmp(word, "as") == 0)
            node->qualified = value;
        else if (value != NULL && strcmp(word, "sep") == 0)
            f->sep = value;
        else if (value != NULL && strcmp(word, "lang") == 0)
            f->lang = value;
        else if (value != NULL && strcmp(word, "lines") == 0)
            node->end_line = f->lines = number_of(value);
        else
            fail("not known of a file", word);
    }
}

/* The longest declared path that `full` begins with, or what stands before its first "::". */
static uint32_t file_of(struct builder *b, const char *full, const char **ret_qualified)
{
    uint32_t best = UINT32_MAX;
    size_t best_n = 0;

    for (uint32_t i = 0; i < b->files.len; i++) {
        size_t n = strlen(b->files.at[i].path);
        if (n > best_n && strncmp(full, b->files.at[i].path, n) == 0 &&
            strncmp(full + n, "::", 2) == 0) {
            best = i;
            best_n = n;
        }
    }
    if (best == UINT32_MAX) {
        const char *sep = strstr(full, "::");
        if (sep == NULL)
            fail("names no file", full);
        best_n = (size_t)(sep - full);
        best = add_file(b, must(arena_strndup(&b->arena, full, best_n)));
    }
    *ret_qualified = full + best_n + 2;
    return best;
}

/* The node of the file that contains `qualified`, and what it is called there. */
static uint32_t parent_of(const struct builder *b, const struct gfile *f, const char *qualified,
                          const char **ret_name)
{
    uint32_t best = 0;
    size_t best_n = 0;

    *ret_name = qualified;
    for (uint32_t i = 1; i < f->nodes.len; i++) {
        const char *outer = b->nodes.at[f->nodes.at[i]].qualified;
        size_t n = strlen(outer);
        size_t sep = strncmp(qualified, outer, n) != 0      ? 0
                     : strncmp(qualified + n, "::", 2) == 0 ? 2
                     : qualified[n] == '.'                  ? 1
                                                            : 0;
        if (sep > 0 && n >= best_n) {
            best = i;
            best_n = n;
            *ret_name = qualified + n + sep;
        }
    }
    return best;
}

static uint16_t flag_of(const char *word)
{
    static const struct {
        const char *name;
        uint16_t flag;
    } flags[] = {{"test", FLAG_TEST},
                 {"exported", FLAG_EXPORTED},
                 {"declaration", FLAG_DECLARATION},
                 {"external", FLAG_EXTERNAL},
                 {"conditional", FLAG_CONDITIONAL}};

    for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++) {
        if (strcmp(word, flags[i].name) == 0)
            return flags[i].flag;
    }
    fail("not known of a definition", word);
}

static void node_statement(struct builder *b, char **words, unsigned n)
{
    enum node_kind kind = strcmp(words[0], "fn") == 0 ? NODE_FUNCTION : node_kind_parse(words[0]);
    const char *qualified;
    char *alias = NULL;

    if (kind == NODE_KIND_COUNT || n < 2)
        fail("neither a kind nor an edge", words[0]);
    uint32_t file = file_of(b, words[1], &qualified);
    struct gfile *f = &b->files.at[file];
    struct unit_node node = {.kind = (uint8_t)kind, .signature = "", .line = 1};
    node.parent = parent_of(b, f, qualified, &node.name);
    for (unsigned i = 2; i < n; i++) {
        if (strcmp(words[i], "line") == 0 && i + 1 < n)
            node.line = number_of(words[++i]);
        else if (strcmp(words[i], "end") == 0 && i + 1 < n)
            node.end_line = number_of(words[++i]);
        else if (strcmp(words[i], "=") == 0 && i + 1 < n)
            alias = words[++i];
        else
            node.flags |= flag_of(words[i]);
    }
    if (node.end_line == 0)
        node.end_line = node.line;
    const char *module = b->nodes.at[f->node].node.qualified;
    node.qualified = must(arena_printf(&b->arena, "%s%s%s", module, f->sep, qualified));
    uint32_t at = push_node(b, file, words[1], qualified, &node); /* moves the nodes */
    b->nodes.at[at].alias = alias;
}

/* ---- edges ---- */

static const char *key_of(const struct gnode *n, unsigned how)
{
    switch (how) {
    case 0: return n->alias;
    case 1: return n->full;
    case 2: return n->qualified;
    default: return n->node.name;
    }
}

static uint32_t lookup(const struct builder *b, const char *a)
{
    for (unsigned how = 0; how < 4; how++) {
        uint32_t found = UINT32_MAX;
        for (uint32_t i = 0; i < b->nodes.len; i++) {
            const char *key = key_of(&b->nodes.at[i], how);
            if (key == NULL || strcmp(key, a) != 0)
                continue;
            if (found != UINT32_MAX)
                fail("ambiguous", a);
            found = i;
        }
        if (found != UINT32_MAX)
            return found;
    }
    fail("unknown", a);
}

static void edge_statement(struct builder *b, char **words, unsigned n)
{
    uint32_t from = lookup(b, words[0]), to = lookup(b, words[2]), file = b->nodes.at[from].file;
    enum edge_kind kind = n > 3 ? edge_kind_parse(words[3]) : EDGE_KIND_COUNT;
    struct unit_edge e = {.from = b->nodes.at[from].node.sig,
                          .to = b->nodes.at[to].node.sig,
                          .kind = (uint8_t)kind,
                          .line = 1,
                          .col = 1};

    if (kind == EDGE_KIND_COUNT)
        fail("not an edge", words[0]);
    for (unsigned i = 4; i < n; i++) {
        unsigned layer = 0;
        while (layer < LAYER_COUNT && strcmp(layer_name((enum layer)layer), words[i]) != 0)
            layer++;
        if (layer < LAYER_COUNT)
            e.layer = (uint8_t)layer;
        else if (strcmp(words[i], "in") == 0 && i + 1 < n)
            file = file_by_path(b, words[++i]);
        else
            e.line = number_of(words[i]);
    }
    if (file == b->files.len)
        fail("in no known file", words[0]);
    must_push(vec_push(&b->files.at[file].edges, e));
}

static void contain(struct builder *b, struct gfile *f)
{
    for (uint32_t i = 1; i < f->nodes.len; i++) {
        const struct unit_node *node = &b->nodes.at[f->nodes.at[i]].node;
        const struct unit_node *parent = &b->nodes.at[f->nodes.at[node->parent]].node;
        struct unit_edge e = {.from = parent->sig, .to = node->sig, .kind = EDGE_DEFINES};
        if (node_kind_is_container(parent->kind))
            e.kind = EDGE_CONTAINS;
        must_push(vec_push(&f->edges, e));
    }
}

/* ---- the delta ---- */

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct unit *)a)->path, ((const struct unit *)b)->path);
}

static void apply(struct builder *b, struct store *store)
{
    struct delta d;
    struct err err = {0};

    delta_init(&d);
    for (uint32_t i = 0; i < b->files.len; i++) {
        struct gfile *f = &b->files.at[i];
        contain(b, f);
        uint32_t n_edges = unit_edges_sort(f->edges.at, f->edges.len);
        struct unit_node *nodes = must(arena_calloc(&b->arena, f->nodes.len, sizeof(*nodes)));
        for (uint32_t k = 0; k < f->nodes.len; k++)
            nodes[k] = b->nodes.at[f->nodes.at[k]].node;
        struct unit u = {.path = f->path,
                         .lang = f->lang,
                         .lines = f->lines,
                         .n_nodes = f->nodes.len,
                         .nodes = nodes,
                         .n_edges = n_edges,
                         .edges = f->edges.at};
        must_push(vec_push(&d.units, u));
    }
    if (d.units.len > 0)
        qsort(d.units.at, d.units.len, sizeof(*d.units.at), by_path);
    if (delta_check(&d, &err) != 0 || store_apply(store, &d, &err) != 0)
        fail("the delta is refused", err.msg);
    delta_release(&d);
}

struct graph *graph_of(const char *text)
{
    struct graph *g = must(mem_calloc(1, sizeof(*g)));
    struct builder *b = must(mem_calloc(1, sizeof(*b)));
    struct err err = {0};
    char *words[WORDS_MAX];
    unsigned n;

    g->priv = b;
    while (next_statement(b, &text, words, &n)) {
        if (n == 0)
            continue;
        if (n > 2 && strcmp(words[1], "->") == 0)
            edge_statement(b, words, n);
        else if (strcmp(words[0], "file") == 0)
            file_statement(b, words, n);
        else
            node_statement(b, words, n);
    }
    if (store_open_memory(&g->store, &err) != 0)
        fail("no store", err.msg);
    apply(b, g->store);
    if (store_pin(g->store, &g->view, &err) != 0)
        fail("no view", err.msg);
    g->v = &g->view;
    return g;
}

uint32_t graph_id(const struct graph *g, const char *a)
{
    const struct builder *b = g->priv;

    return view_find_sig(g->v, b->nodes.at[lookup(b, a)].node.sig);
}

void graph_free(struct graph *g)
{
    struct builder *b = g->priv;

    store_unpin(g->store, &g->view);
    store_close(g->store);
    for (uint32_t i = 0; i < b->files.len; i++) {
        vec_release(&b->files.at[i].nodes);
        vec_release(&b->files.at[i].edges);
    }
    vec_release(&b->files);
    vec_release(&b->nodes);
    arena_release(&b->arena);
    mem_free(b);
    mem_free(g);
}
