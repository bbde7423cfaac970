/* The live graph, as a durable store holds it, against a static CSR of the same graph in the same
 * process; what commits cost; what questions take.
 *
 *   live [NODES]...     default: 50000 250000 1250000
 *
 * Synthetic power-law graphs of mean degree 5: 30 % of the edges lead into hubs, half of the others
 * stay near their start. Files have 50 nodes. A commit brings one file anew, with 200 edges
 * different (100 gone, 100 new, a third of these into hubs); it goes to the log (in the current
 * folder), which is not synced, and the store compacts in the background, as in use; before that,
 * to a graph in memory alone. Blast radius is
 * a breadth-first walk against the edges, 3 deep; both sides run the same loop. Then readers run
 * beside a writer that commits as fast as it can.
 */
#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "graph/image.h"
#include "graph/view.h"
#include "query/traverse.h"
#include "store/durable.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#define DEGREE 5u
#define QUERIES 20000u
#define READS 40000u
#define COMMITS 10000u
#define FILE_NODES 50u
#define COMMIT_EDGES 200u
#define DEPTH 3u
#define AHEAD 8u

static uint64_t rng_state = 42;

static uint64_t rng(void)
{
    rng_state += 0x9e3779b97f4a7c15ULL;
    return hash_mix64(rng_state);
}

static uint32_t below(uint32_t n)
{
    return (uint32_t)(((unsigned __int128)rng() * n) >> 64);
}

static void *get(size_t n, size_t size)
{
    void *p = mem_calloc(n, size);
    if (p == NULL) {
        (void)fprintf(stderr, "live: out of memory\n");
        exit(1);
    }
    return p;
}

/* ---- the graph: for each node, DEGREE targets (NODE_NONE: none) ---- */

static uint32_t n_nodes;
static uint32_t *targets;

static uint32_t hub(void)
{
    uint32_t hubs = n_nodes / 1000 * 2 + 1;
    uint32_t k = hubs >> below(12);
    return (uint32_t)((uint64_t)below(k ? k : 1) * 7919u % n_nodes);
}

static uint32_t target_of(uint32_t from)
{
    uint32_t way = below(100);
    return way < 30   ? hub()
           : way < 65 ? (from + n_nodes - 100 + below(200)) % n_nodes
                      : below(n_nodes);
}

static bool has_target(uint32_t from, uint32_t to)
{
    for (uint32_t i = 0; i < DEGREE; i++) {
        if (targets[from * DEGREE + i] == to)
            return true;
    }
    return false;
}

/* ---- static CSR of the reversed graph ---- */

struct csr {
    uint32_t *start, *node;
    uint8_t *attr;
};

static uint32_t container_of(uint32_t node)
{
    return node / FILE_NODES * FILE_NODES;
}

static void csr_put(struct csr *c, uint32_t to, uint32_t from, uint8_t attr)
{
    uint32_t at = c->start[to + 1]++;
    c->node[at] = from;
    c->attr[at] = attr;
}

static struct csr csr_make(void)
{
    size_t n = (size_t)n_nodes * (DEGREE + 1);
    struct csr c = {get((size_t)n_nodes + 2, 4), get(n, 4), get(n, 1)};
    for (uint32_t i = 0; i < n_nodes; i++)
        c.start[i + 2] += container_of(i) != i;
    for (uint32_t i = 0; i < n_nodes * DEGREE; i++)
        c.start[targets[i] + 2]++;
    for (uint32_t i = 0; i < n_nodes; i++)
        c.start[i + 2] += c.start[i + 1];
    for (uint32_t i = 0; i < n_nodes; i++) {
        if (container_of(i) != i)
            csr_put(&c, i, container_of(i), edge_attr(EDGE_CONTAINS, LAYER_EXACT));
    }
    for (uint32_t i = 0; i < n_nodes * DEGREE; i++)
        csr_put(&c, targets[i], i / DEGREE, edge_attr(EDGE_CALLS, LAYER_TYPED));
    return c;
}

static void csr_free(struct csr *c)
{
    mem_free(c->start);
    mem_free(c->node);
    mem_free(c->attr);
}

/* ---- the live graph of the same ---- */

static uint64_t sig_of(uint32_t node)
{
    return hash_mix64(node + 1);
}

static const char *const verbs[] = {"get",     "set",  "parse", "emit",
                                    "resolve", "open", "next",  "check"};
static const char *const nouns[] = {"node", "edge", "file", "token", "scope", "entry", "buffer"};

static void fill_node(struct arena *a, struct unit_node *n, const char *path, uint32_t id,
                      uint32_t k)
{
    const char *name = k == 0 ? path
                              : arena_printf(a, "%s_%s%u", verbs[id % 8], nouns[id % 7],
                                             hash_mix64(id) % 3 ? id : id % 100);
    *n = (struct unit_node){
        .sig = sig_of(id),
        .name = name,
        .qualified = k == 0 ? arena_printf(a, "module%u", id / FILE_NODES)
                            : arena_printf(a, "module%u::%s", id / FILE_NODES, name),
        .signature = k == 0 ? "" : arena_printf(a, "fn %s(self, at: usize) -> Entry", name),
        .line = 10 * k + 1,
        .end_line = 10 * k + 8,
        .start = 300 * k,
        .end = 300 * k + 250,
        .kind = k == 0 ? NODE_FILE : NODE_FUNCTION,
    };
}

static struct unit unit_of(struct arena *a, uint32_t file)
{
    uint32_t first = file * FILE_NODES;
    uint32_t n = n_nodes - first < FILE_NODES ? n_nodes - first : FILE_NODES, at = 0;
    const char *path = arena_printf(a, "src/dir%05u/file%07u.rs", file / 100, file);
    struct unit_node *nodes = arena_calloc(a, n, sizeof(*nodes));
    struct unit_edge *edges = arena_calloc(a, (size_t)n * (1 + DEGREE), sizeof(*edges));
    for (uint32_t k = 0; k < n; k++) {
        fill_node(a, &nodes[k], path, first + k, k);
        if (k > 0)
            edges[at++] = (struct unit_edge){
                .from = sig_of(first), .to = sig_of(first + k), .kind = EDGE_CONTAINS};
        for (uint32_t i = 0; i < DEGREE; i++)
            edges[at++] =
                (struct unit_edge){.from = sig_of(first + k),
                                   .to = sig_of(targets[(size_t)(first + k) * DEGREE + i]),
                                   .line = 10 * k + 2 + i,
                                   .col = 9,
                                   .kind = EDGE_CALLS,
                                   .layer = LAYER_TYPED};
    }
    at = unit_edges_sort(edges, at);
    return (struct unit){
        .path = path, .lang = "rust", .nodes = nodes, .n_nodes = n, .edges = edges, .n_edges = at};
}

static void die(const struct err *err)
{
    (void)fprintf(stderr, "live: %s\n", err->msg);
    exit(1);
}

static void live_make(struct live **ret)
{
    struct err err = {0};
    struct delta d;
    uint32_t files = (n_nodes + FILE_NODES - 1) / FILE_NODES;
    if (live_new(ret, &err) != PT_OK)
        die(&err);
    /* in pieces, so that the delta need not be as large as the graph; first all nodes */
    for (uint32_t pass = 0; pass < 2; pass++) {
        for (uint32_t file = 0; file < files;) {
            delta_init(&d);
            for (uint32_t k = 0; k < 1000 && file < files; k++, file++) {
                struct unit u = unit_of(&d.arena, file);
                u.n_edges = pass == 0 ? 0 : u.n_edges;
                if (!vec_push(&d.units, u))
                    exit(1);
            }
            if (live_apply(*ret, &d, (struct live_stamp){0}, &err) != PT_OK)
                die(&err);
            delta_release(&d);
        }
    }
}

/* ids are given out in the order of the files, and of the nodes in them */

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* ---- the walk ---- */

static uint32_t *seen, stamp, *queue;

/* Both sides run this: the nodes of one list, and what will be read of them. */
static inline uint32_t take(const uint32_t *list, const uint8_t *attrs, uint32_t n,
                            const uint32_t *entries, uint64_t followed, uint32_t end)
{
    uint32_t *const mark = seen, *const to = queue, now = stamp;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t node = list[i];
        if (mark[node] == now || !(followed >> attrs[i] & 1))
            continue;
        mark[node] = now;
        __builtin_prefetch(&entries[node]);
        to[end++] = node;
    }
    return end;
}

/* The kinds and layers that are followed, as attributes. */
static uint64_t followed_attrs(void)
{
    uint64_t ret = 0;
    for (unsigned attr = 0; attr < 64; attr++) {
        if (EDGE_BLAST >> edge_attr_kind((uint8_t)attr) & 1 &&
            edge_attr_layer((uint8_t)attr) != LAYER_CANDIDATE)
            ret |= UINT64_C(1) << attr;
    }
    return ret;
}

static uint32_t begin_walk(uint32_t from)
{
    stamp++;
    queue[0] = from;
    seen[from] = stamp;
    return 1;
}

/* Lists of nodes up to here are fetched before the node at `at` is walked from, also those of the
 * next level, if it is walked from. */
static uint32_t fetch_end(uint32_t at, uint32_t end, uint32_t n, uint32_t depth)
{
    uint32_t stop = depth + 1 < DEPTH ? n : end;
    return stop < at + AHEAD ? stop : at + AHEAD;
}

static uint32_t walk_csr(const struct csr *c, uint32_t from)
{
    const uint64_t followed = followed_attrs();
    uint32_t n = begin_walk(from), at = 0, fetched = 0;
    for (uint32_t depth = 0; depth < DEPTH; depth++) {
        uint32_t end = n;
        for (; at < end; at++) {
            uint32_t stop = fetch_end(at, end, n, depth);
            for (; fetched < stop; fetched++)
                __builtin_prefetch(&c->node[c->start[queue[fetched]]]);
            uint32_t first = c->start[queue[at]], len = c->start[queue[at] + 1] - first;
            n = take(c->node + first, c->attr + first, len, c->start, followed, n);
        }
    }
    return n;
}

static uint32_t walk_live(const struct lists *l, uint32_t generation, uint32_t from)
{
    const uint64_t followed = followed_attrs();
    uint32_t n = begin_walk(from), at = 0, fetched = 0;
    for (uint32_t depth = 0; depth < DEPTH; depth++) {
        uint32_t end = n;
        for (; at < end; at++) {
            struct list_walk w;
            uint32_t stop = fetch_end(at, end, n, depth);
            for (; fetched < stop; fetched++)
                list_prefetch(l, queue[fetched]);
            if (!list_begin(l, generation, queue[at], &w))
                continue;
            do
                n = take(w.span.targets, w.span.attrs, w.span.n, (const uint32_t *)l->entry,
                         followed, n);
            while (list_more(&w));
        }
    }
    return n;
}

static double quantile(uint32_t *ns, uint32_t n, double q)
{
    qsort(ns, n, sizeof(*ns), by_number);
    return (double)ns[(uint32_t)((double)(n - 1) * q)] / 1e3;
}

static struct view pinned(struct durable *s)
{
    struct err err = {0};
    struct view v;
    if (store_pin(durable_store(s), &v, &err) != PT_OK)
        die(&err);
    return v;
}

/* Each query on both sides, in turns. */
static void compare(const char *what, struct durable *s, const struct csr *c)
{
    uint32_t *a = get(QUERIES, 4), *b = get(QUERIES, 4), wrong = 0;
    uint64_t reached = 0, sum[2] = {0};
    struct view v = pinned(s);
    for (uint32_t q = 0; q < QUERIES; q++) {
        uint32_t from = below(n_nodes), n[2];
        for (uint32_t turn = 0; turn < 2; turn++) {
            bool live = (q + turn) % 2 == 0;
            uint64_t t0 = clock_now_ns();
            n[live] = live ? walk_live(&v.g->in, v.generation, from) : walk_csr(c, from);
            uint32_t ns = (uint32_t)(clock_now_ns() - t0);
            (live ? b : a)[q] = ns;
            sum[live] += ns;
        }
        wrong += n[0] != n[1];
        reached += n[0];
    }
    double a50 = quantile(a, QUERIES, 0.5), a99 = quantile(a, QUERIES, 0.99);
    double b50 = quantile(b, QUERIES, 0.5), b99 = quantile(b, QUERIES, 0.99);
    (void)printf("  %-28s CSR p50 %7.2f p99 %8.2f us; live p50 %7.2f p99 %8.2f us; ratio p50 %.2f "
                 "p99 %.2f all %.2f; %.0f nodes reached; %u differ\n",
                 what, a50, a99, b50, b99, b50 / a50, b99 / a99, (double)sum[1] / (double)sum[0],
                 (double)reached / QUERIES, wrong);
    store_unpin(durable_store(s), &v);
    mem_free(a);
    mem_free(b);
}

/* ---- commits ---- */

static void change_file(struct delta *d)
{
    uint32_t file = below(n_nodes / FILE_NODES);
    for (uint32_t k = 0; k < COMMIT_EDGES / 2; k++) {
        uint32_t from = file * FILE_NODES + k % FILE_NODES;
        uint32_t *t = &targets[(size_t)from * DEGREE + k / FILE_NODES], to;
        do
            to = k % 3 == 0 ? hub() : target_of(from);
        while (has_target(from, to));
        *t = to;
    }
    delta_init(d);
    if (!vec_push(&d->units, unit_of(&d->arena, file)))
        exit(1);
}

static void commit(struct durable *s, uint32_t *ret_ns, uint32_t *ret_garbage)
{
    struct err err = {0};
    struct delta d;
    change_file(&d);
    const struct live *g = durable_graph(s);
    uint64_t before = g->space.retired_total, t0 = clock_now_ns();
    if (durable_apply(s, &d, &err) != PT_OK)
        die(&err);
    *ret_ns = (uint32_t)(clock_now_ns() - t0);
    *ret_garbage = g == durable_graph(s) ? (uint32_t)(g->space.retired_total - before) : 0;
    delta_release(&d);
}

static void commits(struct durable *s)
{
    uint32_t *ns = get(COMMITS, 4), *garbage = get(COMMITS, 4);
    uint64_t compactions = durable_compactions(s);
    for (uint32_t i = 0; i < COMMITS; i++)
        commit(s, &ns[i], &garbage[i]);
    double p50 = quantile(ns, COMMITS, 0.5), p99 = quantile(ns, COMMITS, 0.99);
    (void)printf(
        "  %u commits: p50 %.1f p99 %.1f max %.1f us; garbage p50 %.1f p99 %.1f max %.1f KB; "
        "%u compactions; %.1f MB\n",
        COMMITS, p50, p99, (double)ns[COMMITS - 1] / 1e3, quantile(garbage, COMMITS, 0.5),
        quantile(garbage, COMMITS, 0.99), (double)garbage[COMMITS - 1] / 1e3,
        (unsigned)(durable_compactions(s) - compactions), (double)durable_bytes(s) / 1e6);
    mem_free(ns);
    mem_free(garbage);
}

/* What of that the graph takes. */
static void commits_alone(struct live *g)
{
    struct err err = {0};
    uint32_t *ns = get(COMMITS, 4);
    for (uint32_t i = 0; i < COMMITS; i++) {
        struct delta d;
        change_file(&d);
        uint64_t t0 = clock_now_ns();
        if (live_apply(g, &d, (struct live_stamp){0}, &err) != PT_OK)
            die(&err);
        ns[i] = (uint32_t)(clock_now_ns() - t0);
        delta_release(&d);
    }
    double p50 = quantile(ns, COMMITS, 0.5), p99 = quantile(ns, COMMITS, 0.99);
    (void)printf("  %u commits to the graph alone: p50 %.1f p99 %.1f max %.1f us\n", COMMITS, p50,
                 p99, (double)ns[COMMITS - 1] / 1e3);
    mem_free(ns);
}

/* ---- readers beside the writer ---- */

struct writer {
    struct durable *s;
    atomic_bool stop;
    uint32_t commits;
};

static void *commit_on(void *ctx)
{
    struct writer *w = ctx;
    uint32_t ns, garbage;
    for (; !atomic_load(&w->stop); w->commits++)
        commit(w->s, &ns, &garbage);
    return NULL;
}

static void read_on(struct durable *s, const uint32_t *starts, uint32_t *ret_ns)
{
    for (uint32_t q = 0; q < READS; q++) {
        uint64_t t0 = clock_now_ns();
        struct view v = pinned(s);
        (void)walk_live(&v.g->in, v.generation, starts[q]);
        store_unpin(durable_store(s), &v);
        ret_ns[q] = (uint32_t)(clock_now_ns() - t0);
    }
}

static void readers(struct durable *s)
{
    uint32_t *starts = get(READS, 4), *alone = get(READS, 4), *beside = get(READS, 4);
    struct writer w = {.s = s};
    pthread_t thread;
    for (uint32_t q = 0; q < READS; q++)
        starts[q] = below(n_nodes);
    read_on(s, starts, alone);
    read_on(s, starts, alone);
    if (pthread_create(&thread, NULL, commit_on, &w) != 0)
        exit(1);
    read_on(s, starts, beside);
    atomic_store(&w.stop, true);
    (void)pthread_join(thread, NULL);
    double a50 = quantile(alone, READS, 0.5), a99 = quantile(alone, READS, 0.99);
    double b50 = quantile(beside, READS, 0.5), b99 = quantile(beside, READS, 0.99);
    (void)printf(
        "  readers: alone p50 %.2f p99 %.2f us; beside a writer (%u commits) p50 %.2f p99 %.2f "
        "us; ratio p50 %.2f p99 %.2f\n",
        a50, a99, w.commits, b50, b99, b50 / a50, b99 / a99);
    mem_free(starts);
    mem_free(alone);
    mem_free(beside);
}

static double us_since(uint64_t t0)
{
    return (double)(clock_now_ns() - t0) / 1e3;
}

/* ---- questions ---- */

struct timing {
    const char *what;
    uint32_t *ns, *excess; /* excess: without 20 ns for each result */
    uint64_t results;
};

static void note(struct timing *t, uint32_t q, uint64_t t0, uint32_t results)
{
    uint32_t ns = (uint32_t)(clock_now_ns() - t0), allowed = 20 * results;
    t->ns[q] = ns;
    t->excess[q] = ns > allowed ? ns - allowed : 0;
    t->results += results;
}

static void report(struct timing *t)
{
    double p50 = quantile(t->ns, QUERIES, 0.5), p99 = quantile(t->ns, QUERIES, 0.99);
    (void)printf("  %-28s p50 %7.2f p99 %8.2f max %8.2f us; less 20 ns a result: p99 %.2f us; "
                 "%.1f results\n",
                 t->what, p50, p99, (double)t->ns[QUERIES - 1] / 1e3,
                 quantile(t->excess, QUERIES, 0.99), (double)t->results / QUERIES);
    mem_free(t->ns);
    mem_free(t->excess);
}

static uint32_t one_hop(const struct view *v, uint32_t id, uint32_t *to)
{
    struct edge_iter it;
    struct edge e;
    uint32_t n = 0;
    view_edges(v, id, true, EDGE_BIT(EDGE_CALLS), &it);
    while (view_next(&it, &e))
        to[n++] = e.node;
    return n;
}

/* In process, as a caller of the library asks them; the node is any, its data mostly not cached. */
static void questions(struct durable *s)
{
    struct timing id = {"callers of a node", get(QUERIES, 4), get(QUERIES, 4), 0};
    struct timing name = {"callers of a name", get(QUERIES, 4), get(QUERIES, 4), 0};
    struct timing blast = {"blast radius (query_reach)", get(QUERIES, 4), get(QUERIES, 4), 0};
    const struct reach_options o = {
        .in = true, .kinds = EDGE_BLAST, .max_depth = DEPTH, .unsorted = true};
    struct ids named = {0};
    uint32_t cool = 0;
    struct reach reach;
    struct view v = pinned(s);
    reach_init(&reach);
    for (uint32_t q = 0; q < QUERIES; q++) {
        uint32_t from = below(n_nodes), n = 0;
        const char *text;
        do {
            text = view_name(&v, below(n_nodes));
            vec_clear(&named);
            (void)view_named(&v, text, strlen(text), &named);
        } while (named.len != 1); /* then it is a node that is asked for */
        char copy[64];
        (void)snprintf(copy, sizeof(copy), "%s", text);
        for (uint32_t k = 0; k < 2000; k++) /* cools the name down */
            cool += targets[below(n_nodes * DEGREE)];
        uint64_t t0 = clock_now_ns();
        n = one_hop(&v, from, queue);
        note(&id, q, t0, n);
        t0 = clock_now_ns();
        vec_clear(&named);
        (void)view_named(&v, copy, strlen(copy), &named);
        n = one_hop(&v, named.at[0], queue);
        note(&name, q, t0, n);
    }
    for (uint32_t q = 0; q < QUERIES; q++) {
        uint32_t from = below(n_nodes);
        uint64_t t0 = clock_now_ns();
        (void)query_reach(&v, &from, 1, &o, &reach, NULL);
        note(&blast, q, t0, reach.nodes.len);
    }
    if (cool == 1) /* never mind: it must be used */
        (void)printf("  \n");
    report(&id);
    report(&name);
    report(&blast);
    reach_release(&reach);
    vec_release(&named);
    store_unpin(durable_store(s), &v);
}

/* ---- */

#define STORE "bench-live.store"

static void remove_store(void)
{
    struct err err = {0};
    (void)system("rm -rf " STORE); /* a constant, and the bench's own */
    if (mkdir(STORE, 0700) != 0) {
        (void)err_set(&err, PT_EIO, "cannot make the folder " STORE " here");
        die(&err);
    }
}

/* The image of a graph that was made in memory is the store's first. */
static void make_store(void)
{
    const char *path = STORE "/graph-0000000000000001.image";
    const struct durable_options o = {0};
    struct err err = {0};
    struct durable *empty = NULL;
    struct live *g;
    struct view v;
    remove_store();
    if (durable_open(STORE, &o, &empty, NULL, &err) != PT_OK) /* its id and its log */
        die(&err);
    (void)durable_close(empty, NULL);
    live_make(&g);
    (void)printf("  in memory: %.1f MB, %.0f bytes for each node\n", (double)live_bytes(g) / 1e6,
                 (double)live_bytes(g) / n_nodes);
    commits_alone(g);
    uint64_t t0 = clock_now_ns();
    if (!live_pin(g, &v) || image_write(&v, path, &err) != PT_OK)
        die(&err);
    double wrote = us_since(t0);
    live_unpin(&v);
    live_free(g);
    t0 = clock_now_ns();
    if (image_verify(path, NULL, &err) != PT_OK)
        die(&err);
    double verified = us_since(t0);
    t0 = clock_now_ns();
    if (image_open(path, &g, &err) != PT_OK || !live_pin(g, &v))
        die(&err);
    double opened = us_since(t0);
    uint32_t n = walk_live(&g->in, v.generation, view_find_sig(&v, sig_of(n_nodes / 2)));
    double answered = us_since(t0);
    (void)printf(
        "  image: %.1f MB, %.0f bytes for each node; written in %.0f ms, verified in %.0f ms, "
        "opened in %.2f ms, first answer (%u nodes) after %.2f ms\n",
        (double)g->image.n / 1e6, (double)g->image.n / n_nodes, wrote / 1e3, verified / 1e3,
        opened / 1e3, n, answered / 1e3);
    live_unpin(&v);
    live_free(g);
}

static void recovery(struct durable **s)
{
    const struct durable_options o = {.durability = WAL_OS, .background = true};
    struct wal_report report;
    struct err err = {0};
    uint64_t bytes = durable_log_bytes(*s);
    (void)durable_close(*s, NULL);
    uint64_t t0 = clock_now_ns();
    if (durable_open(STORE, &o, s, &report, &err) != PT_OK)
        die(&err);
    (void)printf("  recovery: %u commits, %.1f MB of log: %.0f ms\n", (unsigned)report.records,
                 (double)bytes / 1e6, us_since(t0) / 1e3);
}

static void random_targets(void)
{
    for (uint32_t i = 0; i < n_nodes * DEGREE; i++) {
        targets[i] = target_of(i / DEGREE);
        for (uint32_t k = i / DEGREE * DEGREE; k < i; k++) {
            if (targets[k] == targets[i]) { /* no edge twice */
                i--;
                break;
            }
        }
    }
}

static void run(uint32_t nodes)
{
    const struct durable_options o = {.durability = WAL_OS, .background = true};
    struct durable *s;
    struct err err = {0};
    n_nodes = nodes;
    targets = get((size_t)nodes * DEGREE, 4);
    seen = get(nodes, 4);
    queue = get((size_t)nodes + 1, 4);
    random_targets();
    struct csr c = csr_make();
    uint32_t most = 0;
    for (uint32_t i = 0; i < nodes; i++)
        most = c.start[i + 1] - c.start[i] > most ? c.start[i + 1] - c.start[i] : most;
    (void)printf("%u nodes, %u edges, largest in-degree %u\n", nodes, nodes * DEGREE, most);
    make_store();
    csr_free(&c);
    c = csr_make();
    if (durable_open(STORE, &o, &s, NULL, &err) != PT_OK)
        die(&err);
    (void)durable_settle(s, NULL); /* it is warm */
    compare("fresh", s, &c);
    questions(s);
    commits(s);
    csr_free(&c);
    c = csr_make();
    compare("after the commits", s, &c);
    (void)durable_settle(s, NULL); /* as when nothing is committed for a while */
    compare("at rest after them", s, &c);
    questions(s);
    readers(s);
    csr_free(&c);
    recovery(&s);
    (void)durable_settle(s, NULL);
    c = csr_make();
    compare("reopened", s, &c);
    csr_free(&c);
    (void)durable_close(s, NULL);
    remove_store();
    (void)rmdir(STORE);
    mem_free(targets);
    mem_free(seen);
    mem_free(queue);
}

int main(int argc, char **argv)
{
    static const uint32_t usual[] = {50000, 250000, 1250000};
    struct utsname u;
    (void)uname(&u);
    (void)printf("%s %s, %ld processors\n", u.sysname, u.machine, sysconf(_SC_NPROCESSORS_ONLN));
    for (int i = 1; i < argc; i++)
        run((uint32_t)strtoul(argv[i], NULL, 10));
    for (unsigned i = 0; argc == 1 && i < sizeof(usual) / sizeof(*usual); i++)
        run(usual[i]);
    return 0;
}
