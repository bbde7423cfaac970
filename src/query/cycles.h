/* Cycles: strongly connected components of the graph, at four levels of detail, each with one
 * shortest concrete cycle.
 *
 * Method: Tarjan (1972), iterative. Reads one pinned view; any thread. Time and memory are linear
 * in the graph, but for the search of shortest cycles, which is bounded by CYCLES_WORK.
 */
#ifndef PT_QUERY_CYCLES_H
#define PT_QUERY_CYCLES_H

#include "base/vec.h"
#include "graph/view.h"

enum cycle_level { CYCLES_FUNCTION, CYCLES_TYPE, CYCLES_FILE, CYCLES_MODULE };

/* The shortest cycle of a component is looked for from each of its members in turn, beginning with
 * the first in order; from the first one always to the end, from the others as long as less than so
 * many edges were looked at, in this component and (16 times that) in all. So in small components
 * the cycle is the shortest there is, in huge ones the shortest through the members tried. */
#define CYCLES_WORK (1u << 20)

/* One step of the concrete cycle: node -> the next one's node, by an edge between two definitions
 * that belong to them (at function level they are the same). */
struct cycle_step {
    uint32_t node; /* at module level: of the module, or the file that is one */
    uint32_t from, to;
    uint8_t kind;
};

struct cycle {
    uint32_t size;                    /* nodes in the component */
    uint32_t first_member, n_members; /* in cycles.members; n_members == size */
    uint32_t first_step, n_steps;     /* in cycles.steps */
};

struct cycles {
    VEC(struct cycle) list; /* largest first, then by the first member */
    VEC(uint32_t) members;  /* in order (view_before) within a component */
    VEC(struct cycle_step) steps;
};

/* At function level over CALLS (a function that calls itself directly counts only with
 * `self_loops`); type: EXTENDS, IMPLEMENTS, USES, ACCEPTS and RETURNS between types (through their
 * fields, members and impl blocks; an alias that is only another word for a type is that type);
 * file and module: those, CALLS and IMPORTS between files, or between the modules that hold them
 * (the folder's package for Python, the file for others). Candidates are not followed. With
 * no_tests, neither are nodes that are test code, nor are they members. Of several edges between
 * two neighbours of a cycle the step gives the surest, then the first. `ret` is all zero, or of an
 * earlier call. PT_ENOMEM only; `ret` is then empty. */
int query_cycles(const struct view *v, enum cycle_level level, bool self_loops, bool no_tests,
                 struct cycles *ret, struct err *err);
void cycles_release(struct cycles *c);

#endif
