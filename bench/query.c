/* Questions over a view, against a static CSR of the same graph in the same process.
 *
 *   query [--nodes N] [--edges M] [--rounds R] [--commits C] [--seed S]
 *
 * The graph: files of 100 functions; 70 % of the edges go to a neighbour of their start, 30 % to
 * hubs (power law); one edge in 20 is a candidate, which no walk follows. The CSR holds ids only,
 * and only the edges that are followed; it marks and queues, and gives back no distances, parents
 * or kinds of edges. Another one ("same answer") holds all edges with their kinds, and gives back
 * what query_reach does. Starts are the same for both, drawn evenly from all nodes, and the two
 * take turns. Then C commits each bring a file anew, first with one function more, then with its
 * functions in another order, so that ids are no longer in order, and walks are measured again.
 */
#include "base/arena.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/sort.h"
#include "base/str.h"
#include "query/context.h"
#include "query/cycles.h"
#include "query/find.h"
#include "query/rank.h"
#include "query/search.h"
#include "query/traverse.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define PER_FILE 100u
#define HOP_BATCH 16u /* one hop takes less than a look at the clock */

struct options {
    uint32_t nodes, edges, rounds, commits;
    uint64_t seed;
};

static _Noreturn void die(const char *what, const char *why)
{
    (void)fprintf(stderr, "bench query: %s%s%s\n", what, why[0] != '\0' ? ": " : "", why);
    exit(1);
}

static void *must(void *p)
{
    if (p == NULL)
        die("out of memory", "");
    return p;
}

static uint64_t rng_next(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15ULL);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

static uint32_t rng_below(uint64_t *state, uint32_t n)
{
    return (uint32_t)(rng_next(state) % n);
}

/* ---- the graph ---- */

static const char *const words[] = {"get",  "set",   "read",  "write", "dict",  "list", "node",
                                    "edge", "open",  "close", "parse", "emit",  "key",  "value",
                                    "file", "index", "query", "cache", "merge", "split"};

static uint64_t sig_of(uint32_t function)
{
    return hash_mix64(function + 1);
}

static uint32_t target_of(uint64_t *rng, const struct options *o, uint32_t from)
{
    if (rng_below(rng, 10) < 7) {
        uint32_t span = 400, at = from + rng_below(rng, span);
        return at < span / 2 ? at : (at - span / 2) % o->nodes;
    }
    /* Among all nodes, or the first half, quarter, ... of them: the fewer, the more edges each. */
    uint32_t hubs = o->nodes;
    for (unsigned halve = rng_below(rng, 10); halve > 0 && hubs > 1; halve--)
        hubs /= 2;
    return (uint32_t)(rng_below(rng, hubs) * UINT64_C(2654435761) % o->nodes);
}

static void fill_unit(struct arena *a, const struct options *o, uint64_t *rng, uint32_t file,
                      struct unit *ret)
{
    uint32_t first = file * PER_FILE;
    uint32_t n = o->nodes - first < PER_FILE ? o->nodes - first : PER_FILE;
    uint32_t m = (uint32_t)((uint64_t)o->edges * n / o->nodes);
    struct unit_node *nodes = must(arena_calloc(a, n + 1, sizeof(*nodes)));
    struct unit_edge *edges = must(arena_calloc(a, n + m, sizeof(*edges)));
    const char *path = must(arena_printf(a, "src/m%02u/f%05u.c", file % 50, file));

    nodes[0] = (struct unit_node){.sig = hash_mix64(UINT64_MAX - file),
                                  .name = strrchr(path, '/') + 1,
                                  .qualified = path,
                                  .signature = "",
                                  .kind = NODE_FILE};
    for (uint32_t i = 0; i < n; i++) {
        uint32_t id = first + i;
        const char *name =
            must(arena_printf(a, "%s_%s_%s%u", words[rng_below(rng, 20)], words[rng_below(rng, 20)],
                              words[rng_below(rng, 20)], id));
        nodes[i + 1] = (struct unit_node){.sig = sig_of(id),
                                          .name = name,
                                          .qualified = must(arena_printf(a, "%s::%s", path, name)),
                                          .signature = "",
                                          .line = 10 * i + 1,
                                          .end_line = 10 * i + 9,
                                          .kind = NODE_FUNCTION};
        edges[i] = (struct unit_edge){
            .from = nodes[0].sig, .to = sig_of(id), .kind = EDGE_CONTAINS, .layer = LAYER_EXACT};
    }
    for (uint32_t i = 0; i < m; i++) {
        static const uint8_t kinds[] = {EDGE_CALLS, EDGE_CALLS,   EDGE_CALLS, EDGE_CALLS,
                                        EDGE_USES,  EDGE_ACCEPTS, EDGE_USES,  EDGE_RETURNS};
        uint32_t from = first + rng_below(rng, n);
        edges[n + i] =
            (struct unit_edge){.from = sig_of(from),
                               .to = sig_of(target_of(rng, o, from)),
                               .line = i + 1,
                               .kind = kinds[rng_below(rng, 8)],
                               .layer = rng_below(rng, 20) == 0 ? LAYER_CANDIDATE : LAYER_EXACT};
    }
    m = unit_edges_sort(edges, n + m) - n; /* no two are alike */
    *ret = (struct unit){.path = path,
                         .lang = "c",
                         .lines = 10 * n,
                         .nodes = nodes,
                         .n_nodes = n + 1,
                         .edges = edges,
                         .n_edges = n + m};
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct unit *)a)->path, ((const struct unit *)b)->path);
}

static struct store *build(const struct options *o, uint64_t *rng)
{
    struct delta d;
    struct store *store;
    struct err err = {0};

    delta_init(&d);
    for (uint32_t file = 0; file * PER_FILE < o->nodes; file++) {
        struct unit u;
        fill_unit(&d.arena, o, rng, file, &u);
        if (!vec_push(&d.units, u))
            die("out of memory", "");
    }
    qsort(d.units.at, d.units.len, sizeof(*d.units.at), by_path);
    if (store_open_memory(&store, &err) != 0 || store_apply(store, &d, &err) != 0)
        die("no graph", err.msg);
    delta_release(&d);
    return store;
}

/* The file has one function more now, which calls what others do. */
static void add_function(struct arena *a, uint32_t number, struct unit *u)
{
    struct unit_node *nodes = must(arena_calloc(a, u->n_nodes + 1, sizeof(*nodes)));
    struct unit_edge *edges = must(arena_calloc(a, u->n_edges + 2, sizeof(*edges)));
    struct unit_node *last = &nodes[u->n_nodes];
    uint64_t sig = hash_mix64(UINT64_MAX / 2 + number);

    memcpy(nodes, u->nodes, u->n_nodes * sizeof(*nodes));
    memcpy(edges, u->edges, u->n_edges * sizeof(*edges));
    *last = nodes[1];
    last->sig = sig;
    last->line = u->n_nodes * 10;
    edges[u->n_edges] = (struct unit_edge){.from = nodes[0].sig, .to = sig, .kind = EDGE_CONTAINS};
    edges[u->n_edges + 1] = (struct unit_edge){
        .from = sig, .to = edges[u->n_edges / 2].to, .line = u->n_nodes * 10, .kind = EDGE_CALLS};
    u->n_nodes++;
    u->n_edges = unit_edges_sort(edges, u->n_edges + 2);
    u->nodes = nodes;
    u->edges = edges;
}

static void turn_around(struct arena *a, struct unit *u)
{
    struct unit_node *nodes = must(arena_calloc(a, u->n_nodes, sizeof(*nodes)));

    nodes[0] = u->nodes[0];
    for (uint32_t i = 1; i < u->n_nodes; i++)
        nodes[i] = u->nodes[u->n_nodes - i];
    u->nodes = nodes;
}

static void commit_on(struct store *store, const struct options *o, uint64_t *rng, bool turned)
{
    struct err err = {0};

    for (uint32_t i = 0; i < o->commits; i++) {
        struct delta d;
        struct unit u;
        delta_init(&d);
        fill_unit(&d.arena, o, rng, rng_below(rng, (o->nodes + PER_FILE - 1) / PER_FILE), &u);
        if (turned)
            turn_around(&d.arena, &u);
        else
            add_function(&d.arena, i, &u);
        if (!vec_push(&d.units, u) || store_apply(store, &d, &err) != 0)
            die("no commit", err.msg);
        delta_release(&d);
    }
}

/* ---- the static twin ---- */

struct csr {
    uint32_t n;
    uint32_t *start, *node; /* who depends on it */
    uint32_t *all_start, *all_node;
    uint8_t *all_attr; /* all edges, with their kinds and layers */
    uint32_t *mark, epoch;
    uint32_t *queue;
    struct reached *answer;
};

static struct csr csr_new(const struct view *v)
{
    struct csr c = {.n = view_node_limit(v)};
    size_t nodes = c.n, edges = view_edge_count(v);

    c.start = must(mem_calloc(nodes + 1, sizeof(*c.start)));
    c.node = must(mem_calloc(edges, sizeof(*c.node)));
    c.all_start = must(mem_calloc(nodes + 1, sizeof(*c.all_start)));
    c.all_node = must(mem_calloc(edges, sizeof(*c.all_node)));
    c.all_attr = must(mem_calloc(edges, sizeof(*c.all_attr)));
    c.mark = must(mem_calloc(nodes, sizeof(*c.mark)));
    c.queue = must(mem_calloc(nodes, sizeof(*c.queue)));
    c.answer = must(mem_calloc(nodes, sizeof(*c.answer)));
    return c;
}

static struct csr csr_of(const struct view *v)
{
    struct csr c = csr_new(v);
    uint32_t at = 0, all = 0;

    for (uint32_t id = 0; id < c.n; id++) {
        struct edge_iter it;
        struct edge e;
        view_edges(v, id, true, EDGE_ALL, &it); /* none, if the node is gone */
        while (view_next(&it, &e)) {
            c.all_node[all] = e.node;
            c.all_attr[all++] = edge_attr(e.kind, e.layer);
            if (e.layer != LAYER_CANDIDATE && (EDGE_BLAST >> e.kind & 1))
                c.node[at++] = e.node;
        }
        c.start[id + 1] = at;
        c.all_start[id + 1] = all;
    }
    return c;
}

static uint32_t csr_reach(struct csr *c, uint32_t start, uint32_t depth)
{
    uint32_t first = 0, end = 1;

    c->mark[start] = ++c->epoch;
    c->queue[0] = start;
    for (; depth > 0 && first < end; depth--) {
        uint32_t level_end = end;
        for (; first < level_end; first++) {
            uint32_t at = c->queue[first];
            for (uint32_t i = c->start[at]; i < c->start[at + 1]; i++) {
                uint32_t to = c->node[i];
                if (c->mark[to] != c->epoch) {
                    c->mark[to] = c->epoch;
                    c->queue[end++] = to;
                }
            }
        }
    }
    return end;
}

/* Gives the answer that query_reach gives. */
static uint32_t csr_answer(struct csr *c, uint32_t start, uint32_t depth)
{
    uint32_t first = 0, end = 1;

    c->mark[start] = ++c->epoch;
    c->answer[0] = (struct reached){.node = start};
    for (uint32_t distance = 1; distance <= depth && first < end; distance++) {
        uint32_t level_end = end;
        for (; first < level_end; first++) {
            uint32_t at = c->answer[first].node;
            for (uint32_t i = c->all_start[at]; i < c->all_start[at + 1]; i++) {
                uint32_t to = c->all_node[i];
                uint8_t kind = edge_attr_kind(c->all_attr[i]),
                        layer = edge_attr_layer(c->all_attr[i]);
                if (c->mark[to] != c->epoch && layer != LAYER_CANDIDATE &&
                    (EDGE_BLAST >> kind & 1)) {
                    c->mark[to] = c->epoch;
                    c->answer[end++] = (struct reached){to, distance, first, kind, layer, true};
                }
            }
        }
    }
    return end;
}

static void csr_release(struct csr *c)
{
    mem_free(c->start);
    mem_free(c->node);
    mem_free(c->all_start);
    mem_free(c->all_node);
    mem_free(c->all_attr);
    mem_free(c->answer);
    mem_free(c->mark);
    mem_free(c->queue);
}

/* ---- figures ---- */

struct series {
    uint64_t *ns;
    uint32_t n;
};

static struct series series_of(uint32_t n)
{
    return (struct series){must(mem_calloc(n, sizeof(uint64_t))), 0};
}

struct figures {
    double p50, p99, max; /* us */
};

/* Each entry took `times` as long as one of what is reported. */
static struct figures finish(struct series *s, double times)
{
    if (!sort_u64(s->ns, s->n))
        die("out of memory", "");
    double unit = 1000.0 * times;
    uint64_t p50 = s->ns[s->n / 2], p99 = s->ns[(uint64_t)s->n * 99 / 100];
    struct figures f = {(double)p50 / unit, (double)p99 / unit, (double)s->ns[s->n - 1] / unit};
    mem_free(s->ns);
    return f;
}

static void print_row(const char *what, struct figures f, const char *note)
{
    printf("%-34s %10.3f %10.3f %10.3f   %s\n", what, f.p50, f.p99, f.max, note);
}

static void print_pair(const char *what, struct figures live, const char *twin_name,
                       struct figures twin, double mean)
{
    char note[96];

    (void)snprintf(note, sizeof(note), "x%.2f p50, x%.2f p99; %.0f nodes on average",
                   live.p50 / twin.p50, live.p99 / twin.p99, mean);
    print_row(what, live, note);
    print_row(twin_name, twin, "");
}

static volatile uint64_t sink; /* keeps the compiler from dropping the twin's work */

static uint32_t some_node(const struct view *v, uint64_t *rng)
{
    uint32_t id, limit = view_node_limit(v);

    if (limit == 0)
        die("no nodes", "");
    do
        id = rng_below(rng, limit);
    while (!view_has_node(v, id));
    return id;
}

static void bench_hop(const struct view *v, struct csr *c, const struct options *o)
{
    struct series live = series_of(o->rounds), twin = series_of(o->rounds);
    uint64_t rng = o->seed + 1, sum = 0, edges = 0;

    for (uint32_t r = 0; r < o->rounds; r++) {
        uint32_t starts[HOP_BATCH];
        for (uint32_t i = 0; i < HOP_BATCH; i++)
            starts[i] = some_node(v, &rng);
        for (unsigned turn = 0; turn < 2; turn++) {
            uint64_t t0 = clock_now_ns();
            for (uint32_t i = 0; i < HOP_BATCH; i++) {
                struct edge_iter it;
                struct edge e;
                if (turn == r % 2) {
                    view_edges(v, starts[i], true, EDGE_BLAST, &it);
                    while (view_next(&it, &e)) {
                        sum += e.layer != LAYER_CANDIDATE ? e.node : 0;
                        edges++;
                    }
                } else {
                    for (uint32_t k = c->start[starts[i]]; k < c->start[starts[i] + 1]; k++)
                        sum += c->node[k];
                }
            }
            uint64_t ns = clock_now_ns() - t0;
            struct series *s = turn == r % 2 ? &live : &twin;
            s->ns[s->n++] = ns;
        }
    }
    sink += sum;
    print_pair("one hop backwards", finish(&live, HOP_BATCH), "  static CSR",
               finish(&twin, HOP_BATCH), (double)edges / ((double)o->rounds * HOP_BATCH));
}

static void bench_reach(const struct view *v, struct csr *c, const struct options *o,
                        uint32_t depth, bool unsorted, bool same)
{
    struct series live = series_of(o->rounds), twin = series_of(o->rounds);
    struct reach_options options = {
        .in = true, .kinds = EDGE_BLAST, .max_depth = depth, .unsorted = unsorted};
    struct reach reach;
    uint64_t rng = o->seed + 2, total = 0;
    char what[64];

    reach_init(&reach);
    for (uint32_t r = 0; r < o->rounds; r++) {
        uint32_t start = some_node(v, &rng), n = 0;
        for (unsigned turn = 0; turn < 2; turn++) {
            uint64_t t0 = clock_now_ns();
            if (turn == r % 2) {
                if (query_reach(v, &start, 1, &options, &reach, NULL) != 0)
                    die("out of memory", "");
                live.ns[live.n++] = clock_now_ns() - t0;
            } else {
                n = same ? csr_answer(c, start, depth) : csr_reach(c, start, depth);
                twin.ns[twin.n++] = clock_now_ns() - t0;
            }
        }
        if (reach.nodes.len != n)
            die("the walks differ", "");
        total += n;
    }
    reach_release(&reach);
    (void)snprintf(what, sizeof(what), "blast radius, depth %u%s", depth,
                   unsorted ? ", unsorted" : "");
    print_pair(what, finish(&live, 1), same ? "  static CSR, same answer" : "  static CSR",
               finish(&twin, 1), (double)total / o->rounds);
}

static void bench_find(const struct view *v, const struct options *o, bool known)
{
    uint32_t rounds = known ? o->rounds : 200;
    struct series s = series_of(rounds);
    struct found found = {0};
    uint64_t rng = o->seed + 3;

    for (uint32_t r = 0; r < rounds; r++) {
        char name[96];
        (void)snprintf(name, sizeof(name), "%s%s", view_name(v, some_node(v, &rng)),
                       known ? "" : "qx");
        uint64_t t0 = clock_now_ns();
        if (query_find(v, name, NULL, &found, NULL) != 0)
            die("out of memory", "");
        s.ns[s.n++] = clock_now_ns() - t0;
        if (known ? found.how == FIND_CLOSE : found.how != FIND_CLOSE)
            die("found what is not there", name);
    }
    found_release(&found);
    print_row(known ? "find by bare name" : "find what is not there: proposals", finish(&s, 1), "");
}

static void bench_search(const struct view *v, const struct options *o, const char *what,
                         const char *text)
{
    uint32_t rounds = 200;
    struct series s = series_of(rounds);
    struct hits hits = {0};
    char note[48];

    (void)o;
    for (uint32_t r = 0; r < rounds; r++) {
        uint64_t t0 = clock_now_ns();
        if (query_search(v, text, 0, 20, &hits, NULL) != 0)
            die("out of memory", "");
        s.ns[s.n++] = clock_now_ns() - t0;
    }
    (void)snprintf(note, sizeof(note), "%u hits", hits.total);
    hits_release(&hits);
    print_row(what, finish(&s, 1), note);
}

static void bench_context(const struct view *v, const struct options *o)
{
    uint32_t rounds = o->rounds < 2000 ? o->rounds : 2000;
    struct series s = series_of(rounds);
    struct context c = {0};
    uint64_t rng = o->seed + 4;

    for (uint32_t r = 0; r < rounds; r++) {
        uint32_t node = some_node(v, &rng);
        uint64_t t0 = clock_now_ns();
        if (query_context(v, node, &c, NULL) != 0)
            die("out of memory", "");
        s.ns[s.n++] = clock_now_ns() - t0;
    }
    context_release(&c);
    print_row("context", finish(&s, 1), "");
}

static void bench_whole(const struct view *v)
{
    struct series s[3] = {series_of(5), series_of(5), series_of(5)};
    struct cycles cycles = {0};
    struct ranking ranking = {0};
    char note[64];

    for (unsigned r = 0; r < 5; r++) {
        uint64_t t0 = clock_now_ns();
        if (query_cycles(v, CYCLES_FILE, false, false, &cycles, NULL) != 0)
            die("out of memory", "");
        uint64_t t1 = clock_now_ns();
        if (query_cycles(v, CYCLES_FUNCTION, false, false, &cycles, NULL) != 0)
            die("out of memory", "");
        uint64_t t2 = clock_now_ns();
        if (query_most_depended(v, 10, &ranking, NULL) != 0)
            die("out of memory", "");
        s[0].ns[s[0].n++] = t1 - t0;
        s[1].ns[s[1].n++] = t2 - t1;
        s[2].ns[s[2].n++] = clock_now_ns() - t2;
    }
    print_row("cycles of files", finish(&s[0], 1), "");
    (void)snprintf(note, sizeof(note), "%u components, largest of %u nodes", cycles.list.len,
                   cycles.list.len > 0 ? cycles.list.at[0].size : 0);
    print_row("cycles of functions", finish(&s[1], 1), note);
    print_row("most depended-on", finish(&s[2], 1), "");
    cycles_release(&cycles);
    ranking_release(&ranking);
}

static void print_machine(void)
{
    struct utsname u;

    if (uname(&u) == 0)
        printf("machine: %s %s %s, %ld processors online\n", u.sysname, u.release, u.machine,
               sysconf(_SC_NPROCESSORS_ONLN));
}

static struct options options_of(int argc, char **argv)
{
    struct options o = {
        .nodes = 50000, .edges = 250000, .rounds = 20000, .commits = 100, .seed = 20261123};

    for (int i = 1; i < argc; i += 2) {
        char *end = NULL;
        uint64_t n = i + 1 < argc ? strtoull(argv[i + 1], &end, 10) : 0;
        if (end == NULL || *end != '\0' || n == 0 || n > UINT32_MAX / 2)
            die("usage: query [--nodes N] [--edges M] [--rounds R] [--commits C] [--seed S]", "");
        if (strcmp(argv[i], "--nodes") == 0)
            o.nodes = (uint32_t)n;
        else if (strcmp(argv[i], "--edges") == 0)
            o.edges = (uint32_t)n;
        else if (strcmp(argv[i], "--rounds") == 0)
            o.rounds = (uint32_t)n;
        else if (strcmp(argv[i], "--commits") == 0)
            o.commits = (uint32_t)n;
        else if (strcmp(argv[i], "--seed") == 0)
            o.seed = n;
        else
            die("unknown option", argv[i]);
    }
    return o;
}

static void bench_walks(const struct view *v, const struct options *o)
{
    struct csr csr = csr_of(v);

    bench_hop(v, &csr, o);
    for (uint32_t depth = 1; depth <= 3; depth += 2) {
        bench_reach(v, &csr, o, depth, false, false);
        bench_reach(v, &csr, o, depth, true, false);
        bench_reach(v, &csr, o, depth, true, true);
    }
    csr_release(&csr);
}

static void bench_all(const struct view *v, const struct options *o)
{
    printf("graph: %u nodes, %lu edges, %u files; %.1f MB; seed %lu\n", view_node_count(v),
           (unsigned long)view_edge_count(v), view_file_count(v), (double)live_bytes(v->g) / 1e6,
           (unsigned long)o->seed);
    printf("\n%-34s %10s %10s %10s\n", "microseconds", "p50", "p99", "max");
    bench_walks(v, o);
    bench_find(v, o, true);
    bench_find(v, o, false);
    bench_search(v, o, "search, prefix", "dict_");
    bench_search(v, o, "search, substring", "che_mer");
    bench_search(v, o, "search, fuzzy only", "dict_lsit_opne123");
    bench_context(v, o);
    bench_whole(v);
}

static struct view pin(struct store *store)
{
    struct err err = {0};
    struct view v;

    if (store_pin(store, &v, &err) != 0)
        die("no view", err.msg);
    return v;
}

int main(int argc, char **argv)
{
    struct options o = options_of(argc, argv);
    uint64_t rng = o.seed;
    struct store *store = build(&o, &rng);
    struct view v = pin(store);

    print_machine();
    bench_all(&v, &o);
    store_unpin(store, &v);
    for (unsigned turned = 0; turned < 2; turned++) {
        commit_on(store, &o, &rng, turned != 0);
        v = pin(store);
        printf("\nafter %u commits that %s\n", o.commits,
               turned != 0 ? "turn a file around" : "add a function");
        bench_walks(&v, &o);
        store_unpin(store, &v);
    }
    store_close(store);
    return 0;
}
