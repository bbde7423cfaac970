/* The public interface, include/parseltongue/parseltongue.h, on top of the engine and of query/.
 *
 * It adds two things. Whatever numbers come from outside are checked, since those below take them
 * for good. And who uses a workspace is counted, since it must not be indexed while views are
 * pinned:
 *
 *   users     pinned views, and INDEXING. A reader adds itself first, and only then looks whether
 *             the workspace is being indexed; who indexes gets in only where users is 0. Neither
 *             waits
 *   upkeep    held by who indexes or checks
 */
#include "parseltongue/parseltongue.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/sort.h"
#include "engine/root.h"
#include "engine/workspace.h"
#include "graph/merkle.h"
#include "query/cycles.h"
#include "query/find.h"
#include "query/traverse.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#define INDEXING (1u << 31)

struct pt_workspace {
    struct workspace *inner; /* owned */
    const char *notice;      /* borrowed from it */
    _Atomic(uint32_t) users;
    pthread_mutex_t upkeep;
    atomic_bool is_closed;         /* the graph could not be opened again after a commit */
    _Atomic(struct reach *) spare; /* owned; scratch of walks for the next one; NULL: in use */
};

struct pt_view {
    struct pt_workspace *w; /* borrowed */
    struct view view;
};

/* ---- the two lists of each number are the same ---- */

#define X(c, ...) _Static_assert((int)PT_NODE_##c == (int)NODE_##c, "kinds of nodes");
NODE_KIND_MAP(X)
#undef X
#define X(c, name) _Static_assert((int)PT_EDGE_##c == (int)EDGE_##c, "kinds of edges");
EDGE_KIND_MAP(X)
#undef X
#define X(c, name) _Static_assert((int)PT_LAYER_##c == (int)LAYER_##c, "layers");
LAYER_MAP(X)
#undef X
#define X(c) _Static_assert((int)PT_FLAG_##c == (int)FLAG_##c, "flags");
X(TEST)
X(EXPORTED)
X(DECLARATION)
X(STATIC)
X(ABSTRACT)
X(ASYNC)
X(CONDITIONAL)
X(GENERATED)
X(EXTERNAL)
X(IN_MACRO)
X(ANONYMOUS)
X(CONSTRUCTOR)
X(PROPERTY)
#undef X
#define X(c) _Static_assert((int)PT_MATCH_##c == (int)FIND_##c, "matches");
X(EXACT)
X(SUFFIX)
X(BARE)
X(CLOSE)
#undef X
#define X(c) _Static_assert((int)PT_CYCLES_##c == (int)CYCLES_##c, "levels");
X(FUNCTION)
X(TYPE)
X(FILE)
X(MODULE)
#undef X
_Static_assert(PT_EDGES_BLAST == EDGE_BLAST && PT_NONE == NODE_NONE, "sets; no node");
_Static_assert(PT_MESSAGE_SIZE == sizeof(((struct err *)0)->msg), "messages");

/* ---- errors and memory ---- */

/* Gives the caller what went wrong; returns the code. */
static int give(struct pt_error *ret, const struct err *err)
{
    if (ret != NULL) {
        ret->code = err->code;
        memcpy(ret->message, err->msg, strlen(err->msg) + 1);
    }
    return err->code;
}

static int no_memory(struct err *err)
{
    return err_set(err, PT_ENOMEM, "out of memory");
}

const char *pt_code_text(int code)
{
    return err_text(code);
}

void pt_free(void *at)
{
    mem_free(at);
}

const char *pt_version(void)
{
    return PARSELTONGUE_VERSION;
}

/* ---- kinds ---- */

const char *pt_node_kind_name(uint32_t kind)
{
    return kind < NODE_KIND_COUNT ? node_kind_name((enum node_kind)kind) : NULL;
}

const char *pt_edge_kind_name(uint32_t kind)
{
    return kind < EDGE_KIND_COUNT ? edge_kind_name((enum edge_kind)kind) : NULL;
}

const char *pt_layer_name(uint32_t layer)
{
    return layer < LAYER_COUNT ? layer_name((enum layer)layer) : NULL;
}

int pt_node_kind_parse(const char *name, uint32_t *ret, struct pt_error *error)
{
    struct err err;
    assert(name != NULL && ret != NULL);
    enum node_kind kind = node_kind_parse(name);
    if (kind == NODE_KIND_COUNT) {
        (void)err_set(&err, PT_ENOENT, "no kind of nodes is called '%s'", name);
        return give(error, &err);
    }
    *ret = (uint32_t)kind;
    return PT_OK;
}

int pt_edge_kind_parse(const char *name, uint32_t *ret, struct pt_error *error)
{
    struct err err;
    assert(name != NULL && ret != NULL);
    enum edge_kind kind = edge_kind_parse(name);
    if (kind == EDGE_KIND_COUNT) {
        (void)err_set(&err, PT_ENOENT, "no kind of edges is called '%s'", name);
        return give(error, &err);
    }
    *ret = (uint32_t)kind;
    return PT_OK;
}

static int check_set(uint32_t kinds, uint32_t n_kinds, struct err *err)
{
    if (kinds >> n_kinds != 0)
        return err_set(err, PT_EINVAL, "the set %#x has kinds that there are not", kinds);
    return PT_OK;
}

static int check_direction(enum pt_direction direction, struct err *err)
{
    if (direction != PT_IN && direction != PT_OUT)
        return err_set(err, PT_EINVAL, "there is no direction %d", (int)direction);
    return PT_OK;
}

static int check_nodes(const struct pt_view *v, const uint32_t *ids, uint32_t n, struct err *err)
{
    for (uint32_t i = 0; i < n; i++) {
        if (!view_has_node(&v->view, ids[i]))
            return err_set(err, PT_ENOENT, "the view has no node %u", ids[i]);
    }
    return PT_OK;
}

/* ---- open and close ---- */

/* A file would do as a place in a repository, but not as a tree. */
static int find_root(const char *dir, struct buf *ret, struct err *err)
{
    int fd = -1;
    int rc = io_open_dir(dir, &fd, err);
    io_close(fd);
    return rc == PT_OK ? workspace_root_of(dir, ret, err) : rc;
}

static int new_workspace(const char *root, struct pt_workspace **ret, struct err *err)
{
    struct pt_workspace *w = mem_calloc(1, sizeof(*w));
    if (w == NULL)
        return no_memory(err);
    int rc = workspace_open(root, &w->inner, &w->notice, err);
    if (rc != PT_OK) {
        mem_free(w);
        return rc;
    }
    (void)pthread_mutex_init(&w->upkeep, NULL); /* a plain one: it cannot fail */
    *ret = w;
    return PT_OK;
}

int pt_workspace_open(const char *dir, struct pt_workspace **ret, struct pt_error *error)
{
    struct err err;
    struct buf root = {0};
    assert(dir != NULL && ret != NULL);
    int rc = find_root(dir, &root, &err);
    if (rc == PT_OK)
        rc = new_workspace(buf_cstr(&root), ret, &err);
    buf_release(&root);
    return rc == PT_OK ? rc : give(error, &err);
}

static void free_reach(struct reach *r)
{
    if (r == NULL)
        return;
    reach_release(r);
    mem_free(r);
}

void pt_workspace_close(struct pt_workspace *w)
{
    if (w == NULL)
        return;
    assert(atomic_load(&w->users) == 0);
    free_reach(atomic_load(&w->spare));
    (void)pthread_mutex_destroy(&w->upkeep);
    workspace_close(w->inner);
    mem_free(w);
}

const char *pt_workspace_root(const struct pt_workspace *w)
{
    assert(w != NULL);
    return workspace_root(w->inner);
}

const char *pt_workspace_notice(const struct pt_workspace *w)
{
    assert(w != NULL);
    return w->notice;
}

/* ---- upkeep ---- */

static int begin_upkeep(struct pt_workspace *w, struct err *err)
{
    if (pthread_mutex_trylock(&w->upkeep) != 0)
        return err_set(err, PT_EBUSY, "another thread indexes or checks %s",
                       workspace_root(w->inner));
    return PT_OK;
}

static void end_upkeep(struct pt_workspace *w)
{
    (void)pthread_mutex_unlock(&w->upkeep);
}

static int shut_out_readers(struct pt_workspace *w, struct err *err)
{
    uint32_t users = 0;
    if (!atomic_compare_exchange_strong(&w->users, &users, INDEXING))
        return err_set(err, PT_EBUSY, "%s cannot be indexed while views of it are pinned",
                       workspace_root(w->inner));
    return PT_OK;
}

static void let_readers_in(struct pt_workspace *w)
{
    (void)atomic_fetch_sub(&w->users, INDEXING);
}

/* Those who pin find the graph open, or are told that it is not. Under upkeep. */
static int see_to_graph(struct pt_workspace *w, struct err *err)
{
    struct view v;
    int rc = workspace_pin(w->inner, &v, err);
    if (rc == PT_OK)
        workspace_unpin(w->inner, &v);
    atomic_store(&w->is_closed, rc != PT_OK);
    return rc;
}

static uint32_t count_skips(const struct pipeline_report *r)
{
    uint32_t n = r->skips.len - r->scan.skips.len; /* what reading found */
    for (unsigned k = 0; k < SCAN_N_REASONS; k++)
        n += r->scan.n_skips[k];
    return n;
}

static int fill_report(struct pt_workspace *w, const struct pipeline_report *r, uint64_t ns,
                       struct pt_index_report *ret, struct err *err)
{
    struct view v;
    int rc = workspace_pin(w->inner, &v, err);
    if (rc != PT_OK)
        return rc;
    *ret = (struct pt_index_report){
        .edges = view_edge_count(&v),
        .lines = r->lines,
        .bytes = r->bytes,
        .files = view_file_count(&v),
        .nodes = view_node_count(&v),
        .skipped = count_skips(r),
        .milliseconds = (uint32_t)(ns / CLOCK_NS_PER_MS),
    };
    workspace_unpin(w->inner, &v);
    return PT_OK;
}

static int index_tree(struct pt_workspace *w, const struct pt_index_options *options,
                      struct pt_index_report *ret, struct err *err)
{
    struct pipeline_report report = {0};
    struct pipeline_options o = {.scan.no_ignore = workspace_no_ignore(w->inner)};
    uint64_t start = clock_now_ns();
    if (options != NULL) {
        o.scan.no_ignore = options->no_ignore;
        o.threads = options->threads;
    }
    int rc = workspace_index(w->inner, &o, &report, err);
    if (rc != PT_OK) {
        (void)see_to_graph(w, NULL);
        return rc;
    }
    atomic_store(&w->is_closed, false);
    if (ret != NULL)
        rc = fill_report(w, &report, clock_now_ns() - start, ret, err);
    pipeline_report_release(&report);
    return rc;
}

int pt_workspace_index(struct pt_workspace *w, const struct pt_index_options *options,
                       struct pt_index_report *ret, struct pt_error *error)
{
    struct err err;
    assert(w != NULL);
    int rc = PT_OK;
    if (options == NULL || !options->force)
        rc = root_check(workspace_root(w->inner), &err);
    if (rc == PT_OK)
        rc = begin_upkeep(w, &err);
    if (rc != PT_OK)
        return give(error, &err);
    rc = shut_out_readers(w, &err);
    if (rc == PT_OK) {
        rc = index_tree(w, options, ret, &err);
        let_readers_in(w);
    }
    end_upkeep(w);
    return rc == PT_OK ? rc : give(error, &err);
}

int pt_workspace_check(struct pt_workspace *w, uint32_t *ret_stale, struct pt_error *error)
{
    struct err err;
    assert(w != NULL && ret_stale != NULL);
    int rc = begin_upkeep(w, &err);
    if (rc != PT_OK)
        return give(error, &err);
    const struct scan_options o = {.no_ignore = workspace_no_ignore(w->inner)};
    rc = workspace_check(w->inner, &o, ret_stale, &err);
    end_upkeep(w);
    return rc == PT_OK ? rc : give(error, &err);
}

/* ---- views ---- */

/* As one of its users. */
static int open_again(struct pt_workspace *w, struct err *err)
{
    (void)pthread_mutex_lock(&w->upkeep);
    int rc = see_to_graph(w, err);
    end_upkeep(w);
    return rc;
}

static int pin(struct pt_workspace *w, struct view *ret, struct err *err)
{
    int rc = PT_OK;
    if (atomic_fetch_add(&w->users, 1) & INDEXING)
        rc = err_set(err, PT_EBUSY, "%s is being indexed", workspace_root(w->inner));
    if (rc == PT_OK && atomic_load(&w->is_closed))
        rc = open_again(w, err);
    if (rc == PT_OK)
        rc = workspace_pin(w->inner, ret, err);
    if (rc != PT_OK)
        (void)atomic_fetch_sub(&w->users, 1);
    return rc;
}

int pt_workspace_pin(struct pt_workspace *w, struct pt_view **ret, struct pt_error *error)
{
    struct err err;
    assert(w != NULL && ret != NULL);
    struct pt_view *v = mem_alloc(sizeof(*v));
    int rc = v != NULL ? pin(w, &v->view, &err) : no_memory(&err);
    if (rc != PT_OK) {
        mem_free(v);
        return give(error, &err);
    }
    v->w = w;
    *ret = v;
    return PT_OK;
}

void pt_view_unpin(struct pt_view *v)
{
    if (v == NULL)
        return;
    workspace_unpin(v->w->inner, &v->view);
    (void)atomic_fetch_sub(&v->w->users, 1);
    mem_free(v);
}

void pt_view_info(const struct pt_view *v, struct pt_info *ret)
{
    assert(v != NULL && ret != NULL);
    *ret = (struct pt_info){
        .generation = view_generation(&v->view),
        .as_of_ns = view_as_of_ns(&v->view),
        .edges = view_edge_count(&v->view),
        .files = view_file_count(&v->view),
        .nodes = view_node_count(&v->view),
    };
}

int pt_view_root(const struct pt_view *v, struct pt_root *ret, struct pt_error *error)
{
    struct err err;
    struct hash128 root;
    assert(v != NULL && ret != NULL);
    if (!view_root(&v->view, &root)) {
        (void)no_memory(&err);
        return give(error, &err);
    }
    (void)snprintf(ret->hex, sizeof(ret->hex), "%016llx%016llx", (unsigned long long)root.hi,
                   (unsigned long long)root.lo);
    return PT_OK;
}

/* ---- nodes ---- */

int pt_view_node(const struct pt_view *v, uint32_t id, struct pt_node *ret, struct pt_error *error)
{
    struct err err;
    assert(v != NULL && ret != NULL);
    if (check_nodes(v, &id, 1, &err) != PT_OK)
        return give(error, &err);
    struct node n = view_node(&v->view, id);
    struct buf text = {0};
    view_add_qualified(&v->view, id, &text);
    buf_char(&text, '\0');
    size_t signature = text.n;
    view_add_signature(&v->view, id, &text);
    char *owned = buf_steal(&text, NULL);
    if (owned == NULL) {
        (void)no_memory(&err);
        return give(error, &err);
    }
    const struct live_file *file = live_file(&v->view, n.file);
    *ret = (struct pt_node){
        .name = n.name,
        .qualified = owned,
        .signature = owned + signature,
        .text = owned,
        .path = live_path(file),
        .language = live_lang(file),
        .sig = n.sig,
        .id = id,
        .parent = n.parent,
        .kind = n.kind,
        .flags = n.flags,
        .line = n.line,
        .end_line = n.end_line,
    };
    return PT_OK;
}

int pt_view_find_sig(const struct pt_view *v, uint64_t sig, uint32_t *ret, struct pt_error *error)
{
    struct err err;
    assert(v != NULL && ret != NULL);
    uint32_t id = view_find_sig(&v->view, sig);
    if (id == NODE_NONE) {
        (void)err_set(&err, PT_ENOENT, "no node has the sig %016llx", (unsigned long long)sig);
        return give(error, &err);
    }
    *ret = id;
    return PT_OK;
}

static int list_nodes(const struct view *v, uint32_t kinds, struct ids *ret, struct err *err)
{
    int rc = check_set(kinds, NODE_KIND_COUNT, err);
    if (rc == PT_OK && !(kinds != 0 ? view_nodes_of(v, kinds, ret) : view_nodes(v, ret)))
        rc = no_memory(err);
    return rc;
}

int pt_view_nodes(const struct pt_view *v, uint32_t kinds, struct pt_nodes *ret,
                  struct pt_error *error)
{
    struct err err;
    struct ids ids = {0};
    assert(v != NULL && ret != NULL);
    int rc = list_nodes(&v->view, kinds, &ids, &err);
    if (rc != PT_OK) {
        vec_release(&ids);
        return give(error, &err);
    }
    *ret = (struct pt_nodes){.at = ids.at, .n = ids.len};
    return PT_OK;
}

int pt_view_find(const struct pt_view *v, const char *text, const struct pt_find_options *options,
                 struct pt_found *ret, struct pt_error *error)
{
    struct err err;
    struct find_filter filter = {0};
    struct found found = {0};
    assert(v != NULL && text != NULL && ret != NULL);
    if (options != NULL)
        filter = (struct find_filter){
            .kinds = options->kinds, .file = options->file, .line = options->line};
    int rc = check_set(filter.kinds, NODE_KIND_COUNT, &err);
    if (rc == PT_OK && strnlen(text, PT_TEXT_MAX + 1) > PT_TEXT_MAX)
        rc = err_set(&err, PT_EINVAL, "a text of more than %d bytes names nothing", PT_TEXT_MAX);
    if (rc == PT_OK)
        rc = query_find(&v->view, text, &filter, &found, &err);
    if (rc != PT_OK) {
        found_release(&found);
        return give(error, &err);
    }
    *ret = (struct pt_found){
        .at = found.nodes.at, .n = found.nodes.len, .match = (enum pt_match)found.how};
    return PT_OK;
}

/* ---- edges ---- */

/* Between a node and the one at its other end, as they are in the graph. */
static struct pt_edge edge_of(uint32_t node, bool in, const struct edge *e)
{
    return (struct pt_edge){
        .from = in ? e->node : node,
        .to = in ? node : e->node,
        .kind = e->kind,
        .layer = e->layer,
    };
}

struct edge_list VEC_BODY(struct pt_edge);

static bool collect_edges(const struct view *v, uint32_t node, bool in, uint32_t kinds,
                          struct edge_list *ret)
{
    struct edge_iter it;
    struct edge e;
    view_edges(v, node, in, kinds != 0 ? kinds : EDGE_ALL, &it);
    while (view_next(&it, &e)) {
        if (!vec_push(ret, edge_of(node, in, &e)))
            return false;
    }
    return true;
}

/* One end of all is the same node. */
static int cmp_edges(const void *a, const void *b, void *view)
{
    const struct pt_edge *x = a, *y = b;
    if (x->kind != y->kind)
        return x->kind < y->kind ? -1 : 1;
    int c = view_compare(view, x->from, y->from);
    return c != 0 ? c : view_compare(view, x->to, y->to);
}

int pt_view_edges(const struct pt_view *v, uint32_t node, enum pt_direction direction,
                  uint32_t kinds, struct pt_edges *ret, struct pt_error *error)
{
    struct err err;
    struct edge_list list = {0};
    assert(v != NULL && ret != NULL);
    int rc = check_nodes(v, &node, 1, &err);
    if (rc == PT_OK)
        rc = check_direction(direction, &err);
    if (rc == PT_OK)
        rc = check_set(kinds, EDGE_KIND_COUNT, &err);
    if (rc == PT_OK && !collect_edges(&v->view, node, direction == PT_IN, kinds, &list))
        rc = no_memory(&err);
    if (rc != PT_OK) {
        vec_release(&list);
        return give(error, &err);
    }
    if (list.len > 1)
        sort_r(list.at, list.len, sizeof(*list.at), cmp_edges, (void *)(uintptr_t)&v->view);
    *ret = (struct pt_edges){.at = list.at, .n = list.len};
    return PT_OK;
}

static int cmp_sites(const void *a, const void *b, void *view)
{
    const struct site *x = a, *y = b;
    if (x->file != y->file)
        return view_file_compare(view, x->file, y->file);
    if (x->line != y->line)
        return x->line < y->line ? -1 : 1;
    return x->col < y->col ? -1 : x->col > y->col;
}

struct site_list VEC_BODY(struct site);

/* Those that are places in the source, in order. */
static bool collect_sites(const struct view *v, uint32_t from, uint32_t to, uint32_t kind,
                          struct site_list *ret)
{
    const struct site *sites = NULL;
    uint32_t n = view_sites(v, from, to, (uint8_t)kind, &sites);
    for (uint32_t i = 0; i < n; i++) {
        if (sites[i].line != 0 && !vec_push(ret, sites[i]))
            return false;
    }
    if (ret->len > 1)
        sort_r(ret->at, ret->len, sizeof(*ret->at), cmp_sites, (void *)(uintptr_t)v);
    return true;
}

static bool give_sites(const struct view *v, const struct site_list *sites, struct pt_sites *ret)
{
    struct pt_site *at = mem_reallocarray(NULL, sites->len, sizeof(*at));
    if (at == NULL)
        return false;
    for (uint32_t i = 0; i < sites->len; i++) {
        const struct site *s = &sites->at[i];
        at[i] = (struct pt_site){
            .path = view_path(v, s->file), .line = s->line, .column = s->col, .layer = s->layer};
    }
    *ret = (struct pt_sites){.at = at, .n = sites->len};
    return true;
}

int pt_view_sites(const struct pt_view *v, uint32_t from, uint32_t to, uint32_t kind,
                  struct pt_sites *ret, struct pt_error *error)
{
    struct err err;
    struct site_list sites = {0};
    const uint32_t ends[2] = {from, to};
    assert(v != NULL && ret != NULL);
    int rc = check_nodes(v, ends, 2, &err);
    if (rc == PT_OK && kind >= EDGE_KIND_COUNT)
        rc = err_set(&err, PT_EINVAL, "there is no kind %u of edges", kind);
    if (rc == PT_OK &&
        (!collect_sites(&v->view, from, to, kind, &sites) || !give_sites(&v->view, &sites, ret)))
        rc = no_memory(&err);
    vec_release(&sites);
    return rc == PT_OK ? rc : give(error, &err);
}

/* ---- walks ---- */

/* Scratch is as large as the graph, and must be cleared when it is new: walks hand it on. */
static struct reach *take_reach(struct pt_workspace *w)
{
    struct reach *r = atomic_exchange(&w->spare, NULL);
    return r != NULL ? r : mem_calloc(1, sizeof(*r));
}

static void leave_reach(struct pt_workspace *w, struct reach *r)
{
    free_reach(atomic_exchange(&w->spare, r));
}

static struct reach_options walk_options(const struct pt_reach_options *o, bool in)
{
    static const struct pt_reach_options usual = {0};
    if (o == NULL)
        o = &usual;
    return (struct reach_options){
        .in = in,
        .no_tests = o->no_tests,
        .candidates = o->candidates,
        .kinds = o->kinds != 0 ? o->kinds : PT_EDGES_BLAST,
        .max_depth = o->max_depth,
        .max_nodes = o->max_nodes,
        .from_members = !o->starts_alone,
    };
}

/* The edge between a node and the one it was reached from. What belongs to a start was reached from
 * its container whatever the direction of the walk. */
static struct pt_edge edge_to(const struct reached *all, const struct reached *r, bool in)
{
    const struct edge e = {.node = r->node, .kind = r->kind, .layer = r->layer};
    return edge_of(all[r->via].node, in && r->distance > 0, &e);
}

static bool give_reach(const struct reach *r, bool in, struct pt_reach *ret)
{
    const struct reached *all = r->nodes.at;
    struct pt_reached *at = mem_reallocarray(NULL, r->nodes.len, sizeof(*at));
    if (at == NULL)
        return false;
    for (uint32_t i = 0; i < r->nodes.len; i++) {
        at[i] = (struct pt_reached){.node = all[i].node,
                                    .distance = all[i].distance,
                                    .via = all[i].via,
                                    .has_edge = all[i].edge};
        if (all[i].edge)
            at[i].edge = edge_to(all, &all[i], in);
    }
    *ret = (struct pt_reach){.at = at, .n = r->nodes.len, .truncated = r->truncated};
    return true;
}

/* One question to query/traverse.h. */
struct walk {
    const uint32_t *starts;
    uint32_t n_starts;
    uint32_t to; /* of a path; else NODE_NONE */
    struct reach_options options;
};

static int walk_with(const struct view *v, const struct walk *walk, struct reach *r,
                     struct pt_reach *ret, struct err *err)
{
    int rc = walk->to == NODE_NONE
                 ? query_reach(v, walk->starts, walk->n_starts, &walk->options, r, err)
                 : query_path(v, walk->starts[0], walk->to, &walk->options, r, err);
    if (rc == PT_OK && !give_reach(r, walk->options.in, ret))
        rc = no_memory(err);
    return rc;
}

static int walk_run(const struct pt_view *v, const struct walk *walk, struct pt_reach *ret,
                    struct err *err)
{
    int rc = check_nodes(v, walk->starts, walk->n_starts, err);
    if (rc == PT_OK)
        rc = check_set(walk->options.kinds, EDGE_KIND_COUNT, err);
    if (rc != PT_OK)
        return rc;
    struct reach *r = take_reach(v->w);
    if (r == NULL)
        return no_memory(err);
    rc = walk_with(&v->view, walk, r, ret, err);
    leave_reach(v->w, r);
    return rc;
}

int pt_view_reach(const struct pt_view *v, const uint32_t *starts, uint32_t n_starts,
                  enum pt_direction direction, const struct pt_reach_options *options,
                  struct pt_reach *ret, struct pt_error *error)
{
    struct err err;
    assert(v != NULL && (starts != NULL || n_starts == 0) && ret != NULL);
    const struct walk walk = {.starts = starts,
                              .n_starts = n_starts,
                              .to = NODE_NONE,
                              .options = walk_options(options, direction == PT_IN)};
    int rc = check_direction(direction, &err);
    if (rc == PT_OK)
        rc = walk_run(v, &walk, ret, &err);
    return rc == PT_OK ? rc : give(error, &err);
}

int pt_view_path(const struct pt_view *v, uint32_t from, uint32_t to,
                 const struct pt_reach_options *options, struct pt_reach *ret,
                 struct pt_error *error)
{
    struct err err;
    assert(v != NULL && ret != NULL);
    const struct walk walk = {
        .starts = &from, .n_starts = 1, .to = to, .options = walk_options(options, false)};
    int rc = check_nodes(v, &to, 1, &err);
    if (rc == PT_OK)
        rc = walk_run(v, &walk, ret, &err);
    return rc == PT_OK ? rc : give(error, &err);
}

/* ---- cycles ---- */

_Static_assert(_Alignof(struct pt_cycle) % _Alignof(struct pt_cycle_step) == 0 &&
                   _Alignof(struct pt_cycle_step) % _Alignof(uint32_t) == 0,
               "they lie one behind the other");

/* All in one block: cycles, steps, members. */
static bool give_cycles(const struct cycles *c, struct pt_cycles *ret)
{
    size_t steps_at = c->list.len * sizeof(struct pt_cycle);
    size_t members_at = steps_at + c->steps.len * sizeof(struct pt_cycle_step);
    char *block = mem_alloc(members_at + c->members.len * sizeof(uint32_t));
    if (block == NULL)
        return false;
    struct pt_cycle *at = (void *)block;
    struct pt_cycle_step *steps = (void *)(block + steps_at);
    uint32_t *members = (void *)(block + members_at);
    for (uint32_t i = 0; i < c->list.len; i++) {
        const struct cycle *x = &c->list.at[i];
        at[i] = (struct pt_cycle){.members = members + x->first_member,
                                  .steps = steps + x->first_step,
                                  .n_members = x->n_members,
                                  .n_steps = x->n_steps};
    }
    for (uint32_t i = 0; i < c->steps.len; i++) {
        const struct cycle_step *s = &c->steps.at[i];
        steps[i] = (struct pt_cycle_step){s->node, s->from, s->to, s->kind};
    }
    if (c->members.len > 0)
        memcpy(members, c->members.at, c->members.len * sizeof(*members));
    *ret = (struct pt_cycles){.at = at, .n = c->list.len};
    return true;
}

int pt_view_cycles(const struct pt_view *v, enum pt_cycle_level level,
                   const struct pt_cycle_options *options, struct pt_cycles *ret,
                   struct pt_error *error)
{
    struct err err;
    struct cycles cycles = {0};
    int rc;
    assert(v != NULL && ret != NULL);
    if ((unsigned)level > PT_CYCLES_MODULE)
        rc = err_set(&err, PT_EINVAL, "there is no level %d of cycles", (int)level);
    else
        rc = query_cycles(&v->view, (enum cycle_level)level, options != NULL && options->self_loops,
                          options != NULL && options->no_tests, &cycles, &err);
    if (rc == PT_OK && !give_cycles(&cycles, ret))
        rc = no_memory(&err);
    cycles_release(&cycles);
    return rc == PT_OK ? rc : give(error, &err);
}
