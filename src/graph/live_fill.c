#include "graph/live_internal.h"

/* A commit needs memory in proportion to what it changes; so a large graph is made by many. */
#define PIECE 200000u /* nodes and edges */

struct filling {
    struct live *g;
    const struct delta *d;
    struct live_stamp stamp;
    struct delta piece; /* owns its list of units alone */
    bool edges;
    struct err *err;
};

static uint32_t weight(const struct filling *f, const struct unit *u)
{
    return u->n_nodes + (f->edges ? u->n_edges : 0);
}

static int apply_piece(struct filling *f)
{
    int rc = f->piece.units.len > 0 ? live_apply(f->g, &f->piece, f->stamp, f->err) : PT_OK;
    vec_clear(&f->piece.units);
    return rc;
}

/* First the nodes of all files, then, when all ends are there, the edges. */
static int fill(struct filling *f)
{
    uint64_t sum = 0;
    int rc = PT_OK;
    for (uint32_t i = 0; rc == PT_OK && i < f->d->units.len; i++) {
        struct unit u = f->d->units.at[i];
        if (u.removed)
            continue;
        sum += weight(f, &u);
        if (!f->edges)
            u.n_edges = 0;
        if (!vec_push(&f->piece.units, u))
            return err_set(f->err, PT_ENOMEM, "out of memory for a graph");
        if (sum >= PIECE) {
            rc = apply_piece(f);
            sum = 0;
        }
    }
    return rc == PT_OK ? apply_piece(f) : rc;
}

int live_fill(struct live *g, const struct delta *d, struct live_stamp stamp, struct err *err)
{
    struct filling f = {.g = g, .d = d, .stamp = stamp, .err = err};
    int rc = delta_check(d, err);
    if (rc != PT_OK)
        return rc;
    delta_init(&f.piece);
    rc = live_name_all(g, d, err);
    if (rc == PT_OK)
        rc = fill(&f);
    f.edges = true;
    if (rc == PT_OK)
        rc = fill(&f);
    if (rc == PT_OK && d->units.len == 0)
        rc = live_apply(g, d, stamp, err);
    delta_release(&f.piece);
    atomic_store(&g->nodes_in_order, atomic_load(&g->n_nodes));
    atomic_store(&g->files_in_order, atomic_load(&g->n_files));
    return rc;
}
