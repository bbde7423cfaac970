/* Traversals over versioned lists against a static CSR of the same graph in the same process, and
 * the cost of commits.
 *
 *   live [NODES]...     default: 50000 250000 1250000
 *
 * Synthetic power-law graphs of mean degree 5: 30 % of the edges lead into hubs, half of the others
 * stay near their start. A commit gives 50 neighbouring nodes new targets, 200 edges in all, a third
 * of them into hubs. Blast radius is a breadth-first walk against the edges, 3 deep. Both sides run
 * the same loop.
 */
#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"
#include "graph/lists.h"
#include "graph/segment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define DEGREE 5u
#define QUERIES 4000u
#define COMMITS 10000u
#define COMMIT_NODES 50u
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
};

static struct csr csr_make(void)
{
    struct csr c = {get((size_t)n_nodes + 2, 4), get((size_t)n_nodes * DEGREE + 1, 4)};
    for (uint32_t i = 0; i < n_nodes * DEGREE; i++)
        c.start[targets[i] + 2]++;
    for (uint32_t i = 0; i < n_nodes; i++)
        c.start[i + 2] += c.start[i + 1];
    for (uint32_t i = 0; i < n_nodes * DEGREE; i++)
        c.node[c.start[targets[i] + 1]++] = i / DEGREE;
    return c;
}

static void csr_free(struct csr *c)
{
    mem_free(c->start);
    mem_free(c->node);
}

/* ---- versioned lists of the same ---- */

struct live {
    struct space space;
    struct lists in, out;
    struct commit commit;
    uint32_t generation;
};

static void lists_make(struct live *v, struct lists *l, const uint32_t *start, const uint32_t *node)
{
    size_t granules = 0, at = 0;
    for (uint32_t i = 0; i < n_nodes; i++) {
        uint32_t n = start[i + 1] - start[i];
        granules += n > 0 ? 1 + (n * 5 + 7) / 8 : 0;
    }
    uint32_t first = space_take(&v->space, granules * SPACE_GRANULE);
    l->space = &v->space;
    l->entry = get(n_nodes, 4);
    for (uint32_t i = 0; i < n_nodes && first != 0; i++) {
        uint32_t n = start[i + 1] - start[i];
        if (n == 0)
            continue;
        struct block_head *h = space_at(&v->space, first + (uint32_t)at);
        atomic_init(&l->entry[i], first + (uint32_t)at);
        h->n = n;
        memcpy(h + 1, node + start[i], (size_t)n * 4);
        memset((uint32_t *)(h + 1) + n, seg_attr(EDGE_CALLS, 0), n);
        at += 1 + (n * 5 + 7) / 8;
    }
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static void live_make(struct live *v, const struct csr *in)
{
    struct err err = {0};
    memset(v, 0, sizeof(*v));
    if (space_init(&v->space, (size_t)8 << 30, &err) != PT_OK) {
        (void)fprintf(stderr, "live: %s\n", err.msg);
        exit(1);
    }
    v->commit.space = &v->space;
    uint32_t *start = get((size_t)n_nodes + 1, 4);
    for (uint32_t i = 0; i <= n_nodes; i++)
        start[i] = i * DEGREE;
    uint32_t *sorted = get((size_t)n_nodes * DEGREE, 4);
    memcpy(sorted, targets, (size_t)n_nodes * DEGREE * 4);
    for (uint32_t i = 0; i < n_nodes; i++)
        qsort(sorted + i * DEGREE, DEGREE, 4, by_number);
    lists_make(v, &v->out, start, sorted);
    lists_make(v, &v->in, in->start, in->node);
    mem_free(start);
    mem_free(sorted);
}

static void live_free(struct live *v)
{
    mem_free((void *)v->in.entry);
    mem_free((void *)v->out.entry);
    lists_release(&v->in);
    lists_release(&v->out);
    commit_release(&v->commit);
    space_release(&v->space);
}

/* ---- the walk ---- */

static uint32_t *seen, stamp, *queue;

static uint32_t walk_csr(const struct csr *c, uint32_t from)
{
    uint32_t n = 1, at = 0;
    stamp++;
    queue[0] = from;
    seen[from] = stamp;
    for (uint32_t depth = 0; depth < DEPTH; depth++) {
        for (uint32_t end = n; at < end; at++) {
            if (at + 2 * AHEAD < end)
                __builtin_prefetch(&c->start[queue[at + 2 * AHEAD]]);
            if (at + AHEAD < end)
                __builtin_prefetch(&c->node[c->start[queue[at + AHEAD]]]);
            const uint32_t *list = c->node + c->start[queue[at]];
            uint32_t len = c->start[queue[at] + 1] - c->start[queue[at]];
            for (uint32_t i = 0; i < len; i++) {
                if (seen[list[i]] != stamp) {
                    seen[list[i]] = stamp;
                    queue[n++] = list[i];
                }
            }
        }
    }
    return n;
}

static uint32_t walk_live(const struct lists *l, uint32_t generation, uint32_t from)
{
    uint32_t n = 1, at = 0;
    stamp++;
    queue[0] = from;
    seen[from] = stamp;
    for (uint32_t depth = 0; depth < DEPTH; depth++) {
        for (uint32_t end = n; at < end; at++) {
            struct list_walk w;
            if (at + 2 * AHEAD < end)
                list_prefetch_entry(l, queue[at + 2 * AHEAD]);
            if (at + AHEAD < end)
                list_prefetch(l, queue[at + AHEAD]);
            if (!list_begin(l, generation, queue[at], &w))
                continue;
            do {
                for (uint32_t i = 0; i < w.span.n; i++) {
                    uint32_t to = w.span.targets[i];
                    if (seen[to] != stamp) {
                        seen[to] = stamp;
                        queue[n++] = to;
                    }
                }
            } while (list_more(&w));
        }
    }
    return n;
}

static double quantile(uint32_t *ns, uint32_t n, double q)
{
    qsort(ns, n, sizeof(*ns), by_number);
    return (double)ns[(uint32_t)((double)(n - 1) * q)] / 1e3;
}

/* Each query on both sides, in turns. */
static void compare(const char *what, const struct live *v, const struct csr *c)
{
    uint32_t *a = get(QUERIES, 4), *b = get(QUERIES, 4), wrong = 0;
    uint64_t reached = 0, sum[2] = {0};
    for (uint32_t q = 0; q < QUERIES; q++) {
        uint32_t from = below(n_nodes), n[2];
        for (uint32_t turn = 0; turn < 2; turn++) {
            bool live = (q + turn) % 2 == 0;
            uint64_t t0 = clock_now_ns();
            n[live] = live ? walk_live(&v->in, v->generation, from) : walk_csr(c, from);
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
    mem_free(a);
    mem_free(b);
}

/* ---- commits ---- */

struct change {
    uint32_t node, target;
    bool remove;
};

static int by_change(const void *a, const void *b)
{
    const struct change *x = a, *y = b;
    if (x->node != y->node)
        return x->node < y->node ? -1 : 1;
    if (x->target != y->target)
        return x->target < y->target ? -1 : 1;
    return x->remove - y->remove;
}

static uint32_t apply(struct live *v, struct lists *l, struct change *c, uint32_t n)
{
    struct list_edit edits[2 * COMMIT_EDGES];
    uint32_t lists = 0;
    qsort(c, n, sizeof(*c), by_change);
    for (uint32_t i = 0; i < n; lists++) {
        uint32_t k = 0, node = c[i].node;
        for (; i < n && c[i].node == node; i++)
            edits[k++] = (struct list_edit){
                .target = c[i].target, .attr = seg_attr(EDGE_CALLS, 0), .remove = c[i].remove};
        lists_edit(l, &v->commit, node, edits, k);
        if (v->commit.failed) {
            (void)fprintf(stderr, "live: out of memory\n");
            exit(1);
        }
    }
    return lists;
}

/* Half of COMMIT_EDGES are taken away, and as many put in their place. */
static uint32_t commit(struct live *v, uint64_t *ret_ns, uint64_t *ret_garbage)
{
    struct change out[COMMIT_EDGES], in[COMMIT_EDGES];
    uint32_t first = below(n_nodes - COMMIT_NODES), n = 0;
    for (uint32_t k = 0; k < COMMIT_EDGES / 2; k++) {
        uint32_t from = first + k % COMMIT_NODES, i = from * DEGREE + k / COMMIT_NODES;
        uint32_t to;
        do
            to = k % 3 == 0 ? hub() : target_of(from);
        while (has_target(from, to));
        out[n] = (struct change){from, targets[i], true};
        in[n++] = (struct change){targets[i], from, true};
        out[n] = (struct change){from, to, false};
        in[n++] = (struct change){to, from, false};
        targets[i] = to;
    }
    uint64_t before = v->space.retired_bytes;
    uint64_t t0 = clock_now_ns();
    commit_start(&v->commit, v->generation + 1);
    uint32_t lists = apply(v, &v->out, out, n) + apply(v, &v->in, in, n);
    (void)commit_finish(&v->commit);
    *ret_garbage = v->space.retired_bytes - before;
    v->generation++;
    (void)space_reclaim(&v->space, v->generation, 1000);
    *ret_ns = clock_now_ns() - t0;
    return lists;
}

static void commits(struct live *v)
{
    uint32_t *ns = get(COMMITS, 4), *garbage = get(COMMITS, 4);
    uint64_t lists = 0;
    for (uint32_t i = 0; i < COMMITS; i++) {
        uint64_t t, g;
        lists += commit(v, &t, &g);
        ns[i] = (uint32_t)t;
        garbage[i] = (uint32_t)g;
    }
    double p50 = quantile(ns, COMMITS, 0.5), p99 = quantile(ns, COMMITS, 0.99);
    (void)printf(
        "  %u commits: p50 %.1f p99 %.1f max %.1f us; %.0f lists each; garbage p50 %.1f p99 "
        "%.1f max %.1f KB; space %.1f MB\n",
        COMMITS, p50, p99, (double)ns[COMMITS - 1] / 1e3, (double)lists / COMMITS,
        quantile(garbage, COMMITS, 0.5), quantile(garbage, COMMITS, 0.99),
        (double)garbage[COMMITS - 1] / 1e3, (double)space_bytes(&v->space) / 1e6);
    mem_free(ns);
    mem_free(garbage);
}

static void run(uint32_t nodes)
{
    struct live v;
    n_nodes = nodes;
    targets = get((size_t)nodes * DEGREE, 4);
    seen = get(nodes, 4);
    queue = get((size_t)nodes + 1, 4);
    for (uint32_t i = 0; i < nodes * DEGREE; i++) {
        do
            targets[i] = target_of(i / DEGREE);
        while (0);
        for (uint32_t k = i / DEGREE * DEGREE; k < i; k++) {
            if (targets[k] == targets[i]) { /* no edge twice */
                i--;
                break;
            }
        }
    }
    struct csr c = csr_make();
    uint32_t most = 0;
    for (uint32_t i = 0; i < nodes; i++)
        most = c.start[i + 1] - c.start[i] > most ? c.start[i + 1] - c.start[i] : most;
    (void)printf("%u nodes, %u edges, largest in-degree %u\n", nodes, nodes * DEGREE, most);
    live_make(&v, &c);
    compare("fresh", &v, &c);
    commits(&v);
    csr_free(&c);
    c = csr_make();
    compare("after the commits", &v, &c);
    csr_free(&c);
    live_free(&v);
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
