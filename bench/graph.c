/* A live view against a static CSR of plain arrays, on the same synthetic power-law graph in the
 * same process.
 *
 *   graph [NODES]...     default: 50000 250000
 *
 * Mean degree 5; 30 % of edges lead into hubs, half of the others stay near their start. Nodes
 * come in files of 50, with names and signatures of usual lengths. Two figures of memory: of what
 * belongs to nodes and of what belongs to edges.
 */
#include "base/arena.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/mem.h"
#include "graph/view.h"
#include "store/store.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#define DEGREE 5
#define FILE_NODES 50u
#define HUBS_PER_MILLE 2u
#define QUERIES 20000u
#define ROUNDS 5
#define DEPTH 3

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

/* ---- the graph ---- */

struct topology {
    uint32_t n_nodes, n_refs;
    uint32_t *from, *to; /* of each reference */
};

/* The smaller, the more references: the k-th hub gets about 1 / k of them. */
static uint32_t hub(uint32_t n_nodes)
{
    uint32_t hubs = n_nodes / 1000 * HUBS_PER_MILLE + 1;
    uint32_t k = hubs >> below(12);

    return (below(k ? k : 1) * 7919u) % n_nodes;
}

static void make_topology(struct topology *t, uint32_t n_nodes)
{
    t->n_nodes = n_nodes;
    t->n_refs = n_nodes * DEGREE;
    t->from = mem_reallocarray(NULL, t->n_refs, sizeof(*t->from));
    t->to = mem_reallocarray(NULL, t->n_refs, sizeof(*t->to));
    assert(t->from && t->to);
    for (uint32_t i = 0; i < t->n_refs; i++) {
        uint32_t from = i / DEGREE, way = below(100);

        t->from[i] = from;
        t->to[i] = way < 30   ? hub(n_nodes)
                   : way < 65 ? (from + n_nodes - 100 + below(200)) % n_nodes
                              : below(n_nodes);
    }
}

static uint64_t sig_of(uint32_t node)
{
    return hash_mix64(node + 1);
}

static const char *const verbs[] = {"get",     "set",  "parse", "emit",
                                    "resolve", "open", "next",  "check"};
static const char *const nouns[] = {"node", "edge", "file", "token", "scope", "entry", "buffer"};

static void fill_node(struct arena *a, struct unit_node *n, const char *path, uint32_t file,
                      uint32_t k)
{
    uint32_t id = file * FILE_NODES + k;
    const char *name = k == 0 ? path
                              : arena_printf(a, "%s_%s%u", verbs[id % 8], nouns[id % 7],
                                             hash_mix64(id) % 3 ? id : id % 100);

    *n = (struct unit_node){
        .sig = sig_of(id),
        .name = name,
        .qualified = k == 0 ? path : arena_printf(a, "module%u::%s", file, name),
        .signature = k == 0 ? "" : arena_printf(a, "fn %s(self, at: usize) -> Entry", name),
        .line = 10 * k + 1,
        .end_line = 10 * k + 8,
        .start = 300 * k,
        .end = 300 * k + 250,
        .doc_end = k % 3 == 0 ? 300 * k : 0,
        .kind = k == 0 ? NODE_FILE : NODE_FUNCTION,
    };
}

/* CALLS as the topology has them, some at two places, and a CONTAINS for each node but the file. */
static uint32_t fill_edges(struct unit_edge *e, const struct topology *t, uint32_t first,
                           uint32_t n_nodes)
{
    uint32_t n = 0;

    for (uint32_t k = 1; k < n_nodes; k++)
        e[n++] = (struct unit_edge){.from = sig_of(first), .to = sig_of(first + k)};
    for (uint32_t i = first * DEGREE; i < (first + n_nodes) * DEGREE; i++) {
        uint32_t sites = 1 + (below(3) == 0);

        for (uint32_t s = 0; s < sites; s++)
            e[n++] = (struct unit_edge){.from = sig_of(t->from[i]),
                                        .to = sig_of(t->to[i]),
                                        .line = 1 + below(500),
                                        .col = (uint16_t)(1 + below(60)),
                                        .kind = EDGE_CALLS,
                                        .layer = (uint8_t)(below(8) == 0)};
    }
    return n;
}

static void make_delta(struct delta *d, const struct topology *t)
{
    delta_init(d);
    d->replace_all = true;
    for (uint32_t first = 0, file = 0; first < t->n_nodes; first += FILE_NODES, file++) {
        uint32_t n = t->n_nodes - first < FILE_NODES ? t->n_nodes - first : FILE_NODES;
        const char *path = arena_printf(&d->arena, "src/dir%05u/file%07u.rs", file / 100, file);
        struct unit_node *nodes = arena_calloc(&d->arena, n, sizeof(*nodes));
        struct unit_edge *edges =
            arena_calloc(&d->arena, (size_t)n * (1 + 2 * DEGREE), sizeof(*edges));

        assert(path && nodes && edges);
        for (uint32_t k = 0; k < n; k++)
            fill_node(&d->arena, &nodes[k], path, file, k);
        struct unit u = {
            .path = path, .lang = "rust", .n_nodes = n, .nodes = nodes, .edges = edges};
        u.n_edges = fill_edges(edges, t, first, n);
        bool ok = vec_push(&d->units, u);
        assert(ok);
        (void)ok;
    }
}

/* ---- the yardstick: who calls whom, backwards, and nothing else ---- */

struct csr {
    uint32_t *start, *node;
};

static int cmp_u32(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* Ids of the view follow paths, which follow the topology's numbers. */
static void make_csr(struct csr *c, const struct topology *t)
{
    uint32_t kept = 0;

    c->start = mem_calloc((size_t)t->n_nodes + 2, sizeof(*c->start));
    c->node = mem_reallocarray(NULL, t->n_refs, sizeof(*c->node));
    assert(c->start && c->node);
    for (uint32_t i = 0; i < t->n_refs; i++)
        c->start[t->to[i] + 2]++;
    for (uint32_t i = 1; i <= t->n_nodes; i++)
        c->start[i + 1] += c->start[i];
    for (uint32_t i = 0; i < t->n_refs; i++)
        c->node[c->start[t->to[i] + 1]++] = t->from[i];
    for (uint32_t id = 0; id < t->n_nodes; id++) {
        uint32_t begin = c->start[id], end = c->start[id + 1];

        qsort(c->node + begin, end - begin, sizeof(*c->node), cmp_u32);
        c->start[id] = kept;
        for (uint32_t i = begin; i < end; i++)
            if (i == begin || c->node[i] != c->node[i - 1])
                c->node[kept++] = c->node[i];
    }
    c->start[t->n_nodes] = kept;
}

/* ---- traversals ---- */

struct bfs {
    uint32_t *seen; /* the last query that met a node */
    uint32_t *queue;
    uint32_t query;
};

static uint32_t bfs_csr(struct bfs *b, const struct csr *c, uint32_t root)
{
    uint32_t n = 1, at = 0;

    b->query++;
    b->queue[0] = root;
    b->seen[root] = b->query;
    for (int depth = 0; depth < DEPTH; depth++) {
        for (uint32_t end = n; at < end; at++) {
            uint32_t id = b->queue[at];

            for (uint32_t i = c->start[id]; i < c->start[id + 1]; i++) {
                uint32_t next = c->node[i];
                if (b->seen[next] != b->query) {
                    b->seen[next] = b->query;
                    b->queue[n++] = next;
                }
            }
        }
    }
    return n;
}

static uint32_t bfs_view(struct bfs *b, const struct view *v, uint32_t root)
{
    uint32_t n = 1, at = 0;

    b->query++;
    b->queue[0] = root;
    b->seen[root] = b->query;
    for (int depth = 0; depth < DEPTH; depth++) {
        for (uint32_t end = n; at < end; at++) {
            struct edge_iter it;
            struct edge e;

            view_edges(v, b->queue[at], true, EDGE_BLAST, &it);
            while (view_next(&it, &e)) {
                if (b->seen[e.node] != b->query) {
                    b->seen[e.node] = b->query;
                    b->queue[n++] = e.node;
                }
            }
        }
    }
    return n;
}

static uint32_t hop_csr(const struct csr *c, uint32_t id)
{
    uint32_t sum = 0;

    for (uint32_t i = c->start[id]; i < c->start[id + 1]; i++)
        sum += c->node[i];
    return sum;
}

static uint32_t hop_view(const struct view *v, uint32_t id)
{
    struct edge_iter it;
    struct edge e;
    uint32_t sum = 0;

    view_edges(v, id, true, EDGE_BIT(EDGE_CALLS), &it);
    while (view_next(&it, &e))
        sum += e.node;
    return sum;
}

/* ---- measuring ---- */

/* Each one-hop way follows the longer one over the same arrays: all find their caches alike. */
enum way { BFS_CSR, HOP_CSR, BFS_VIEW, HOP_VIEW, WAYS };

static const char *const way_names[] = {"depth 3, static CSR", "one hop, static CSR",
                                        "depth 3, view", "one hop, view"};

static uint32_t ask(enum way way, struct bfs *b, const struct csr *c, const struct view *v,
                    uint32_t root)
{
    switch (way) {
    case BFS_CSR: return bfs_csr(b, c, root);
    case BFS_VIEW: return bfs_view(b, v, root);
    case HOP_CSR: return hop_csr(c, root);
    case HOP_VIEW: return hop_view(v, root);
    case WAYS: break;
    }
    return 0;
}

static int cmp_u64(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static void print_way(enum way way, uint64_t *const ns[WAYS], size_t n)
{
    size_t p50 = n / 2, p99 = n - n / 100;

    qsort(ns[way], n, sizeof(*ns[way]), cmp_u64);
    (void)printf("  %-22s p50 %6llu ns  p99 %7llu ns  max %8llu ns", way_names[way],
                 (unsigned long long)ns[way][p50], (unsigned long long)ns[way][p99],
                 (unsigned long long)ns[way][n - 1]);
    if (way >= BFS_VIEW) {
        const uint64_t *csr = ns[way - BFS_VIEW];
        (void)printf("  (x%.2f, x%.2f)", (double)ns[way][p50] / (double)csr[p50],
                     (double)ns[way][p99] / (double)csr[p99]);
    }
    (void)printf("\n");
}

/* The ways take turns, so that what disturbs the machine disturbs all. */
static void measure(const struct csr *c, const struct view *v, uint32_t n_nodes)
{
    struct bfs b = {mem_calloc(n_nodes, 4), mem_calloc(n_nodes, 4), 0};
    uint64_t *ns[WAYS], check[WAYS] = {0};

    for (int way = 0; way < WAYS; way++)
        ns[way] = mem_calloc((size_t)QUERIES * ROUNDS, sizeof(**ns));
    for (uint32_t round = 0; round < ROUNDS; round++) {
        for (int way = 0; way < WAYS; way++) {
            rng_state = 1000 + round;
            for (uint32_t i = 0; i < QUERIES; i++) {
                uint32_t root = below(n_nodes);
                uint64_t t0 = clock_now_ns();

                check[way] += ask((enum way)way, &b, c, v, root);
                ns[way][round * QUERIES + i] = clock_now_ns() - t0;
            }
        }
    }
    if (check[BFS_CSR] != check[BFS_VIEW] || check[HOP_CSR] != check[HOP_VIEW]) {
        (void)fprintf(stderr, "graph: the view answers otherwise than the CSR\n");
        exit(1);
    }
    (void)printf("  nodes met by a query of depth 3: %.1f on average\n",
                 (double)check[BFS_VIEW] / (QUERIES * ROUNDS));
    for (int way = 0; way < WAYS; way++)
        print_way((enum way)way, ns, (size_t)QUERIES * ROUNDS);
    for (int way = 0; way < WAYS; way++)
        mem_free(ns[way]);
    mem_free(b.seen);
    mem_free(b.queue);
}

static void print_memory(const struct segment *s)
{
    static const bool of_edges[SEG_COUNT] = {
        [SEG_OUT_START] = true, [SEG_OUT_NODE] = true,   [SEG_OUT_ATTR] = true,
        [SEG_IN_START] = true,  [SEG_IN_NODE] = true,    [SEG_IN_ATTR] = true,
        [SEG_IN_EDGE] = true,   [SEG_SITE_START] = true, [SEG_SITES] = true,
    };
    size_t edges = 0, nodes = 0;

#define X(c, field, type, n) *(of_edges[SEG_##c] ? &edges : &nodes) += sizeof(type) * (n);
    SEG_SECTION_MAP(X)
#undef X
    (void)printf("  memory: %.1f bytes per edge (%.2f sites each), %.1f per node (%.1f of them "
                 "strings), %.1f MB in all\n",
                 (double)edges / s->n_edges, (double)s->n_sites / s->n_edges,
                 (double)nodes / s->n_nodes, (double)s->n_strings / s->n_nodes,
                 (double)(edges + nodes) / 1e6);
}

static void die(const char *what, const struct err *err)
{
    (void)fprintf(stderr, "graph: %s: %s\n", what, err->msg);
    exit(1);
}

static double ms_since(uint64_t t0)
{
    return (double)(clock_now_ns() - t0) / 1e6;
}

static bool swallow(void *ctx, const char *p, size_t n)
{
    (void)p;
    *(size_t *)ctx += n;
    return true;
}

static void one_size(uint32_t n_nodes, const char *dir)
{
    struct topology t;
    struct delta d;
    struct store *store;
    struct err err = {0};
    struct csr csr;
    struct rusage usage;
    size_t dump = 0;

    rng_state = 42;
    make_topology(&t, n_nodes);
    make_csr(&csr, &t);
    make_delta(&d, &t);
    if (store_open_snapshot(dir, &store, &err) != 0)
        die("open", &err);

    uint64_t t0 = clock_now_ns();
    struct segment seg;
    if (segment_build(NULL, &d, &seg, &err) != 0)
        die("build", &err);
    double build = ms_since(t0);
    segment_release(&seg);
    t0 = clock_now_ns();
    if (store_apply(store, &d, &err) != 0)
        die("apply", &err);
    double apply = ms_since(t0);
    d.replace_all = false;
    d.units.len = 1;
    t0 = clock_now_ns();
    if (store_apply(store, &d, &err) != 0)
        die("apply", &err);
    double apply_one = ms_since(t0);
    delta_release(&d);
    store_close(store);
    t0 = clock_now_ns();
    if (store_open_snapshot(dir, &store, &err) != 0)
        die("open again", &err);
    double reopen = ms_since(t0);

    const struct view *v = store_pin(store);
    t0 = clock_now_ns();
    struct hash128 root = view_root(v);
    double root_ms = ms_since(t0);
    t0 = clock_now_ns();
    if (!view_dump(v, swallow, &dump))
        die("dump", &err);
    double dump_ms = ms_since(t0);

    (void)printf("%u nodes, %llu edges, %u names; root %016llx\n", view_node_count(v),
                 (unsigned long long)view_edge_count(v), view_name_count(v),
                 (unsigned long long)root.hi);
    (void)printf("  build %.1f ms; build and write %.1f ms; one file replaced and written %.1f ms; "
                 "open %.1f ms; root %.1f ms; dump of %.1f MB %.1f ms\n",
                 build, apply, apply_one, reopen, root_ms, (double)dump / 1e6, dump_ms);
    print_memory(&v->seg);
    measure(&csr, v, n_nodes);
    (void)getrusage(RUSAGE_SELF, &usage);
    (void)printf("  peak memory of this process so far %.1f MB\n", (double)usage.ru_maxrss / 1e3);
    store_unpin(store, v);
    store_close(store);
    mem_free(t.from);
    mem_free(t.to);
    mem_free(csr.start);
    mem_free(csr.node);
}

int main(int argc, char **argv)
{
    static const uint32_t usual[] = {50000, 250000};
    char dir[] = "bench-graph-XXXXXX", path[64];
    struct utsname machine;

    if (uname(&machine) == 0)
        (void)printf("%s %s, %ld processors\n", machine.sysname, machine.machine,
                     sysconf(_SC_NPROCESSORS_ONLN));
    for (int i = 0; i < (argc > 1 ? argc - 1 : (int)PT_COUNT(usual)); i++) {
        uint32_t n = argc > 1 ? (uint32_t)strtoul(argv[i + 1], NULL, 10) : usual[i];

        strcpy(dir, "bench-graph-XXXXXX");
        if (n < 1000 || mkdtemp(dir) == NULL)
            return 2;
        one_size(n, dir);
        for (int k = 0; k < 2; k++) {
            (void)snprintf(path, sizeof(path), "%s/%s", dir, k ? "graph.lock" : "graph.isg");
            (void)io_remove(IO_CWD, path, NULL);
        }
        (void)io_remove(IO_CWD, dir, NULL);
    }
    return 0;
}
