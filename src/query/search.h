/* Search by name: exact, then prefix, then substring, then fuzzy; ranked.
 *
 * Reads one pinned view; any thread. One walk over the distinct names; memory for `limit` hits.
 * Of a name, the first 255 bytes count.
 */
#ifndef PT_QUERY_SEARCH_H
#define PT_QUERY_SEARCH_H

#include "base/vec.h"
#include "graph/view.h"

struct hit {
    uint32_t node;
    uint32_t rank;  /* 0 exact, 1 exact but for case, 2 prefix, 3 word in the name, 4 substring,
                      5 fuzzy */
    uint32_t score; /* within a rank: higher is better. Fewer edits (fuzzy) before more, then code
                       before tests, definitions before members before declarations and impl
                       blocks, then by the logarithm of the in-degree */
};

struct hits {
    VEC(struct hit) list; /* best first */
    uint32_t total;       /* exact, before the limit, over all ranks */
};

/* ASCII case is ignored; where hits are equal otherwise, those that have the text as it is written
 * come first, then shorter names, then what comes first in order (view_before).
 *
 * A text with separators is searched as it is ("dict.c", "#count"), and its last part by itself,
 * exact or as a prefix, among the members of what the parts before it name ("Model.sa"). A text of
 * several words, parted by blanks, also finds names that have them all, in any order (ranks 3, 4),
 * and those that have some where the qualified name has the others (rank 4).
 * Fuzzy: at most 1 edit for texts of 3 or 4 letters, 2 up to 8, 3 above; below 3 letters none.
 * An empty text has no hits. `kinds`: set of 1 << enum node_kind, 0: any. `limit` 0: no limit.
 * `ret` is all zero, or of an earlier call. PT_ENOMEM only. */
int query_search(const struct view *v, const char *text, uint32_t kinds, uint32_t limit,
                 struct hits *ret, struct err *err);
void hits_release(struct hits *h);

/* Insertions, deletions, substitutions and swaps of neighbours (Damerau-Levenshtein distance, as
 * optimal string alignment) between two names, at most `max` + 1. `max` counts up to
 * NAME_DISTANCE_MAX. Computes a band of the matrix only. */
#define NAME_DISTANCE_MAX 32u
unsigned name_distance(const char *a, const char *b, unsigned max);

#endif
