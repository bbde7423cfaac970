/* The names that came after those of the image, in the order of their bytes: a skip list that only
 * grows (Pugh, "Skip lists: a probabilistic alternative to balanced trees", CACM 1990). Its
 * heights are taken from the hash of the name, so that the same names make the same list.
 *
 * Threads: one writer adds, any thread reads; no pins are needed, for nothing is taken out.
 */
#ifndef PT_GRAPH_NAMES_H
#define PT_GRAPH_NAMES_H

#include "graph/space.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define NAMES_LEVELS 16u

struct names_tower {
    uint32_t name, text; /* id; ref of the text */
    uint32_t levels;
    _Atomic(uint32_t) next[]; /* refs of towers, 0 at the end */
};

struct names_rest {
    _Atomic(uint32_t) first[NAMES_LEVELS];
};

/* A tower for the name, to be linked once all else that the name takes is there. 0: no memory. */
uint32_t names_tower_new(struct space *s, uint32_t name, uint32_t text, uint64_t hash);
void names_link(struct names_rest *r, struct space *s, uint32_t tower);

/* The first tower whose text is not below the n bytes at p, 0 if there is none. */
uint32_t names_lower_bound(const struct names_rest *r, const struct space *s, const char *p,
                           size_t n);

#endif
