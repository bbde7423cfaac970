/* A full index against parsing alone: the same files, the same number of threads, the same run.
 *
 *   index [--threads N] [--rounds N] [--no-ignore] DIR
 *
 * Prints files, lines, times (best of the rounds), their ratio, and the peak memory of the process
 * before and after indexing.
 */
#include "base/clock.h"
#include "base/io.h"
#include "base/pool.h"
#include "index/pipeline.h"
#include "lang/extract.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

struct bench {
    const char *root;
    int fd;
    struct scan scan;
    struct extract *extract[POOL_THREADS_MAX];
    struct buf content[POOL_THREADS_MAX];
};

static double peak_mb(void)
{
    struct rusage u;
    (void)getrusage(RUSAGE_SELF, &u);
    return (double)u.ru_maxrss / 1024.0;
}

static int parse_item(void *ctx, unsigned worker, size_t item)
{
    struct bench *b = ctx;
    const struct scan_file *f = &b->scan.files.at[item];
    struct err err = {0};
    if (b->extract[worker] == NULL)
        b->extract[worker] = extract_new();
    if (b->extract[worker] == NULL || lang_registry[f->lang]->grammar == NULL)
        return 0;
    buf_reset(&b->content[worker]);
    if (io_read_file(b->fd, f->path, SCAN_MAX_FILE_BYTES, &b->content[worker], &err) != 0)
        return 0;
    return extract_parse_only(b->extract[worker], f->lang, b->content[worker].p,
                              b->content[worker].n, &err);
}

static int parse_alone(const char *root, const struct scan_options *scan, unsigned threads,
                       uint64_t *ret_ns)
{
    struct bench *b = calloc(1, sizeof(*b));
    struct err err = {0};
    if (b == NULL)
        return 1;
    uint64_t t0 = clock_now_ns();
    int rc = io_open_dir(root, &b->fd, &err);
    if (rc == 0)
        rc = scan_tree(root, scan, &b->scan, &err);
    if (rc == 0)
        rc = pool_run(threads, b->scan.files.len, parse_item, b);
    *ret_ns = clock_now_ns() - t0;
    for (unsigned i = 0; i < POOL_THREADS_MAX; i++) {
        extract_free(b->extract[i]);
        buf_release(&b->content[i]);
    }
    io_close(b->fd);
    scan_release(&b->scan);
    free(b);
    return rc;
}

static void print_counts(const struct delta *d)
{
    uint64_t nodes = 0, edges = 0, layers[LAYER_COUNT] = {0}, open[UNRESOLVED_COUNT] = {0};
    for (uint32_t u = 0; u < d->units.len; u++) {
        nodes += d->units.at[u].n_nodes;
        edges += d->units.at[u].n_edges;
        for (unsigned l = 0; l < LAYER_COUNT; l++)
            layers[l] += d->units.at[u].refs_by_layer[l];
        for (unsigned l = 0; l < UNRESOLVED_COUNT; l++)
            open[l] += d->units.at[u].unresolved[l];
    }
    (void)printf(
        "nodes %llu, edge sites %llu; references: exact %llu typed %llu unique %llu "
        "candidate %llu; external %llu dynamic %llu unknown %llu\n",
        (unsigned long long)nodes, (unsigned long long)edges, (unsigned long long)layers[0],
        (unsigned long long)layers[1], (unsigned long long)layers[2], (unsigned long long)layers[3],
        (unsigned long long)open[0], (unsigned long long)open[1], (unsigned long long)open[2]);
}

static int one_round(const char *root, const struct pipeline_options *o, bool say, uint64_t *ret_ns)
{
    struct delta d;
    struct pipeline_report report;
    struct err err = {0};
    uint64_t t0 = clock_now_ns();
    if (pipeline_tree(root, o, &d, &report, &err) != 0) {
        (void)fprintf(stderr, "index: %s\n", err.msg);
        return 1;
    }
    *ret_ns = clock_now_ns() - t0;
    if (say) {
        (void)printf("%u files, %llu lines, %.2f MB, facts %.2f MB; scan %.1f extract %.1f link "
                     "%.1f resolve %.1f ms\n",
                     d.units.len, (unsigned long long)report.lines, (double)report.bytes / 1e6,
                     (double)report.facts_bytes / 1e6, (double)report.scan_ns / 1e6,
                     (double)report.extract_ns / 1e6, (double)report.link_ns / 1e6,
                     (double)report.resolve_ns / 1e6);
        print_counts(&d);
    }
    delta_release(&d);
    pipeline_report_release(&report);
    return 0;
}

int main(int argc, char **argv)
{
    struct pipeline_options o = {0};
    unsigned rounds = 3;
    int at = 1;
    for (; at < argc && strncmp(argv[at], "--", 2) == 0; at++) {
        if (strcmp(argv[at], "--no-ignore") == 0)
            o.scan.no_ignore = true;
        else if (strcmp(argv[at], "--threads") == 0 && at + 1 < argc)
            o.threads = (unsigned)strtoul(argv[++at], NULL, 10);
        else if (strcmp(argv[at], "--rounds") == 0 && at + 1 < argc)
            rounds = (unsigned)strtoul(argv[++at], NULL, 10);
    }
    if (at >= argc) {
        (void)fprintf(stderr, "usage: index [--threads N] [--rounds N] [--no-ignore] DIR\n");
        return 2;
    }
    uint64_t ns = 0, best_parse = UINT64_MAX, best_index = UINT64_MAX;
    unsigned threads = o.threads != 0 ? o.threads : pool_cpus();
    double before = peak_mb();
    if (one_round(argv[at], &o, true, &ns) != 0)
        return 1;
    double after = peak_mb();
    best_index = ns;
    for (unsigned r = 0; r < rounds; r++) {
        if (parse_alone(argv[at], &o.scan, threads, &ns) != 0)
            return 1;
        best_parse = ns < best_parse ? ns : best_parse;
        if (one_round(argv[at], &o, false, &ns) != 0)
            return 1;
        best_index = ns < best_index ? ns : best_index;
    }
    (void)printf("threads %u; parse alone %.1f ms; index %.1f ms; ratio %.2f; peak memory %.1f MB "
                 "(%.1f before)\n",
                 threads, (double)best_parse / 1e6, (double)best_index / 1e6,
                 (double)best_index / (double)best_parse, after, before);
    return 0;
}
