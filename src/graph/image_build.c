/* An image from nothing, in two rounds: the nodes of all files, and, when all ends are there, the
 * edges. Each is made by many commits, since a commit needs memory in proportion to what it changes;
 * and between them the graph goes out to a temporary image when it has grown, as a merge sort writes
 * its runs. */
#include "graph/image_internal.h"

#include "base/io.h"

#include <string.h>

/* Nodes and edges of one commit. */
#define PIECE 200000u

struct building {
    const char *path;
    struct buf stage; /* path of the temporary image */
    const struct unit_source *source;
    struct live_stamp stamp;
    size_t most_bytes;
    struct live *g;
    struct delta piece; /* owns its list of units alone */
    struct buf before;  /* the last path of the round */
    struct err *err;
};

static int no_memory(struct err *err)
{
    return err_set(err, PT_ENOMEM, "out of memory for an image of the graph");
}

/* What was not mapped from an image. */
static size_t heap_bytes(const struct live *g)
{
    return live_bytes(g) - (g->image.n < live_bytes(g) ? g->image.n : live_bytes(g));
}

/* Names are not in order, and need not be found by their beginnings, before the image is there. */
static void use(struct building *b, struct live *g)
{
    live_free(b->g);
    b->g = g;
    g->scratch->unordered_names = true;
}

/* What is in memory goes to disk. */
static int put_out(struct building *b)
{
    struct live *next = NULL;
    struct view v;
    const char *stage = buf_cstr(&b->stage);
    (void)live_pin(b->g, &v); /* the only one */
    int rc = image_write_stage(&v, stage, b->err);
    live_unpin(&v);
    if (rc == PT_OK) {
        rc = image_open(stage, &next, b->err);
        (void)io_remove(IO_CWD, stage, NULL); /* it stays as long as it is mapped */
    }
    if (rc == PT_OK)
        use(b, next);
    return rc;
}

static int apply_piece(struct building *b)
{
    if (b->piece.units.len == 0)
        return PT_OK;
    int rc = live_apply(b->g, &b->piece, b->stamp, b->err);
    vec_clear(&b->piece.units);
    if (rc == PT_OK && heap_bytes(b->g) > b->most_bytes)
        rc = put_out(b);
    image_cool(b->g);
    return rc;
}

/* Borrowed units must not wait for the next ones. */
static int apply_units(struct building *b, const struct unit *units, uint32_t n)
{
    uint64_t sum = 0;
    int rc = PT_OK;
    for (uint32_t i = 0; rc == PT_OK && i < n; i++) {
        sum += (uint64_t)units[i].n_nodes + units[i].n_edges;
        if (!vec_push(&b->piece.units, units[i]))
            return no_memory(b->err);
        if (sum >= PIECE) {
            rc = apply_piece(b);
            sum = 0;
        }
    }
    return rc == PT_OK ? apply_piece(b) : rc;
}

/* live_apply looks only at one piece. */
static int check_order(struct building *b, const struct unit *units, uint32_t n)
{
    int rc = units_check(units, n, b->before.n > 0 ? buf_cstr(&b->before) : NULL, b->err);
    if (rc != PT_OK)
        return rc;
    buf_reset(&b->before);
    buf_str(&b->before, units[n - 1].path);
    return b->before.failed ? no_memory(b->err) : PT_OK;
}

static int put_units(struct building *b, bool edges)
{
    int rc = b->source->begin(b->source->ctx, edges, b->err);
    buf_reset(&b->before);
    while (rc == PT_OK) {
        const struct unit *units = NULL;
        uint32_t n = 0;
        rc = b->source->next(b->source->ctx, &units, &n, b->err);
        if (rc == PT_OK && n == 0)
            return PT_OK;
        if (rc == PT_OK)
            rc = check_order(b, units, n);
        if (rc == PT_OK)
            rc = apply_units(b, units, n);
    }
    return rc;
}

static int build(struct building *b)
{
    struct view v;
    struct live *g = NULL;
    int rc = live_new(&g, b->err);
    if (rc != PT_OK)
        return rc;
    use(b, g);
    rc = put_units(b, false);
    if (rc == PT_OK)
        rc = put_units(b, true);
    if (rc == PT_OK && b->before.n == 0) /* there are no units */
        rc = live_apply(b->g, &b->piece, b->stamp, b->err);
    if (rc != PT_OK)
        return rc;
    (void)live_pin(b->g, &v); /* the only one */
    rc = image_write_cool(&v, b->path, b->err);
    live_unpin(&v);
    return rc;
}

int image_build(const char *path, const struct unit_source *source, struct live_stamp stamp,
                size_t most_bytes, struct err *err)
{
    struct building b = {
        .path = path, .source = source, .stamp = stamp, .most_bytes = most_bytes, .err = err};
    delta_init(&b.piece);
    buf_printf(&b.stage, "%s.stage%s", path, IO_TEMP_SUFFIX);
    int rc = b.stage.failed ? no_memory(err) : build(&b);
    live_free(b.g);
    delta_release(&b.piece);
    buf_release(&b.stage);
    buf_release(&b.before);
    return rc;
}
