/* How soon a new process has the first answer about a graph that is on disk.
 *
 *   open STATE-DIR NAME     the folder of an indexed tree's state; a name to ask the callers of
 *
 * Run it twice: the first time the image may be read to its last byte (store/durable.h: `checked`),
 * and the page cache be cold. The limit is for a kernel: 50 ms.
 */
#include "base/clock.h"
#include "query/find.h"
#include "store/durable.h"

#include <stdio.h>

#define LIMIT_MS 50.0

static uint32_t count_callers(const struct view *v, uint32_t id)
{
    struct edge_iter it;
    struct edge e;
    uint32_t n = 0;
    view_edges(v, id, true, EDGE_BIT(EDGE_CALLS), &it);
    while (view_next(&it, &e))
        n++;
    return n;
}

int main(int argc, char **argv)
{
    const struct durable_options o = {.read_only = true};
    struct durable *s = NULL;
    struct found found = {0};
    struct err err = {0};
    struct view v;
    if (argc != 3) {
        (void)fprintf(stderr, "usage: open STATE-DIR NAME\n");
        return 2;
    }
    uint64_t t0 = clock_now_ns();
    int rc = durable_open(argv[1], &o, &s, NULL, &err);
    double opened = (double)(clock_now_ns() - t0) / 1e6;
    if (rc == PT_OK)
        rc = store_pin(durable_store(s), &v, &err);
    if (rc == PT_OK)
        rc = query_find(&v, argv[2], NULL, &found, &err);
    if (rc != PT_OK || found.nodes.len == 0) {
        (void)fprintf(stderr, "open: %s\n", rc != PT_OK ? err.msg : "no such name");
        return 1;
    }
    uint32_t callers = count_callers(&v, found.nodes.at[0]);
    double answered = (double)(clock_now_ns() - t0) / 1e6;
    (void)printf(
        "%u nodes, %llu edges: opened in %.2f ms, first answer (%u callers) after %.2f ms: "
        "%.2f of the limit\n",
        view_node_count(&v), (unsigned long long)view_edge_count(&v), opened, callers, answered,
        answered / LIMIT_MS);
    found_release(&found);
    store_unpin(durable_store(s), &v);
    (void)durable_close(s, NULL);
    return 0;
}
