/* Resolution: the references of one file -> the edges of its unit.
 *
 * Each edge says which layer bound it. What cannot be bound is counted by reason, never guessed.
 * The result is a function of the program and the file.
 */
#ifndef PT_INDEX_RESOLVE_H
#define PT_INDEX_RESOLVE_H

#include "graph/delta.h"
#include "index/eval.h"

struct resolver {
    struct eval eval;
    VEC(struct unit_edge) edges; /* scratch */
};

/* The program is borrowed; all files that can be asked must have their sigs (index/nodes). */
int resolver_init(struct resolver *r, const struct program *p, struct err *err);
void resolver_release(struct resolver *r);

/* Fills unit->edges and the counts of references. */
int resolve_file(struct resolver *r, uint32_t file, struct arena *arena, struct unit *unit,
                 struct err *err);

#endif
