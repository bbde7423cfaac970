/* What two versions of a graph have in some files that the other has not, and what that affects.
 *
 * Nodes are the same if their sig hashes are (graph/delta.h): a definition that only moved down in
 * its file is; one that is called anew, or has another signature, is not. Edges are those that start
 * at nodes of the files, but for those that say what is in what, and candidates.
 *
 * Reads two pinned views of one workspace; any thread.
 */
#ifndef PT_QUERY_DIFFERENCE_H
#define PT_QUERY_DIFFERENCE_H

#include "base/vec.h"
#include "graph/view.h"

struct difference_edge {
    uint64_t from_sig, to_sig;
    uint32_t from,
        to; /* ids: of the new view for an edge that came, of the old for one that went */
    uint8_t kind;
};

struct difference_edges VEC_BODY(struct difference_edge);

struct difference {
    struct ids came, went; /* nodes of the new view, of the old; in order */
    struct difference_edges edges_came,
        edges_went; /* by what they start at and lead to, in order */
    /* Nodes of the new view that have other edges now, and those that depend on them or on what
     * came or went; by distance. Not those that came themselves. */
    struct ids affected;
    bool affected_cut; /* there are more */
};

/* So many at most are gathered. */
#define DIFFERENCE_AFFECTED 10000u

/* Of the n files with these paths, in either view. `ret` is all zero, or of an earlier call.
 * PT_ENOMEM only; `ret` is then empty. */
int query_difference(const struct view *before, const struct view *after, const char *const *paths,
                     uint32_t n, struct difference *ret, struct err *err);
void difference_release(struct difference *d);

#endif
