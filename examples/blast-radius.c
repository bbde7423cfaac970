/* Who is affected when a function, a type or a file changes?
 *
 *     blast-radius DIR NAME [DEPTH]
 *
 * A first look at the library: open the workspace of a folder, index it if its files have changed,
 * pin a view, find a node by its name, and walk from it against the edges.
 */
#include <parseltongue/parseltongue.h>

#include <stdio.h>
#include <stdlib.h>

/* To look whether files have changed is much less work than to read them all. */
static int refresh(struct pt_workspace *w, struct pt_error *error)
{
    uint32_t stale = 0;
    int rc = pt_workspace_check(w, &stale, error);
    return rc == PT_OK && stale > 0 ? pt_workspace_index(w, NULL, NULL, error) : rc;
}

static int print_node(const struct pt_view *v, uint32_t id, struct pt_error *error)
{
    struct pt_node n;
    int rc = pt_view_node(v, id, &n, error);
    if (rc != PT_OK)
        return rc;
    printf("  %-8s  %s  %s:%u", pt_node_kind_name(n.kind), n.qualified, n.path, n.line);
    pt_free(n.text);
    return PT_OK;
}

/* Where an edge is written: a call, say, may be far from where its function begins. */
static int print_sites(const struct pt_view *v, const struct pt_edge *e, struct pt_error *error)
{
    struct pt_sites sites;
    int rc = pt_view_sites(v, e->from, e->to, e->kind, &sites, error);
    if (rc != PT_OK)
        return rc;
    printf("  %s", pt_edge_kind_name(e->kind));
    for (uint32_t i = 0; i < sites.n; i++)
        printf("%s %s:%u", i > 0 ? "," : "", sites.at[i].path, sites.at[i].line);
    pt_free(sites.at);
    return PT_OK;
}

/* The nodes come by distance. Those of distance 0 are the start and its members. */
static int print_reach(const struct pt_view *v, const struct pt_reach *reach,
                       struct pt_error *error)
{
    uint32_t distance = 0;
    int rc = PT_OK;
    for (uint32_t i = 0; i < reach->n && rc == PT_OK; i++) {
        const struct pt_reached *r = &reach->at[i];
        if (r->distance == 0)
            continue;
        if (r->distance > distance)
            printf("\nDistance %u\n", r->distance);
        distance = r->distance;
        rc = print_node(v, r->node, error);
        if (rc == PT_OK)
            rc = print_sites(v, &r->edge, error);
        printf("\n");
    }
    if (distance == 0)
        printf("\nNothing is affected by a change of it.\n");
    return rc;
}

static int blast_radius(const struct pt_view *v, uint32_t node, uint32_t depth,
                        struct pt_error *error)
{
    const struct pt_reach_options options = {.max_depth = depth};
    struct pt_reach reach;
    int rc = pt_view_reach(v, &node, 1, PT_IN, &options, &reach, error);
    if (rc != PT_OK)
        return rc;
    rc = print_node(v, node, error);
    printf("\n");
    if (rc == PT_OK)
        rc = print_reach(v, &reach, error);
    pt_free(reach.at);
    return rc;
}

/* A name that means one node is answered; any other with what may be meant, never with a guess. */
static int answer(const struct pt_view *v, const char *name, uint32_t depth, struct pt_error *error)
{
    struct pt_found found;
    int rc = pt_view_find(v, name, NULL, &found, error);
    if (rc != PT_OK)
        return rc;
    if (found.n == 1 && found.match != PT_MATCH_CLOSE) {
        rc = blast_radius(v, found.at[0], depth, error);
    } else {
        bool unknown = found.match == PT_MATCH_CLOSE;
        printf("'%s' is %s: %u %s\n", name, unknown ? "unknown" : "ambiguous", found.n,
               unknown ? "similar names" : "nodes");
        for (uint32_t i = 0; i < found.n && rc == PT_OK; i++) {
            rc = print_node(v, found.at[i], error);
            printf("\n");
        }
    }
    pt_free(found.at);
    return rc;
}

int main(int argc, char **argv)
{
    struct pt_error error;
    struct pt_workspace *w = NULL;
    struct pt_view *v = NULL;
    char *end = "";
    unsigned long depth = argc == 4 ? strtoul(argv[3], &end, 10) : 0;
    if (argc < 3 || argc > 4 || *end != '\0') {
        fprintf(stderr, "usage: blast-radius DIR NAME [DEPTH]\n");
        return 2;
    }
    int rc = pt_workspace_open(argv[1], &w, &error);
    if (rc == PT_OK && pt_workspace_notice(w) != NULL)
        fprintf(stderr, "blast-radius: %s\n", pt_workspace_notice(w));
    if (rc == PT_OK)
        rc = refresh(w, &error);
    if (rc == PT_OK)
        rc = pt_workspace_pin(w, &v, &error);
    if (rc == PT_OK)
        rc = answer(v, argv[2], (uint32_t)depth, &error);
    if (rc != PT_OK)
        fprintf(stderr, "blast-radius: %s\n", error.message);
    pt_view_unpin(v);
    pt_workspace_close(w);
    return rc == PT_OK ? 0 : 1;
}
