/* How much work the parser does, counted and not timed, so that it is given up at the same point on
 * every machine: its operations, and the bytes that it asks for (error recovery copies what it has
 * over and over, in few but ever longer operations).
 *
 * Threads: each counts its own.
 */
#ifndef PT_LANG_EFFORT_H
#define PT_LANG_EFFORT_H

#include <stdbool.h>
#include <stdint.h>

struct effort {
    uint64_t steps, max_steps; /* of 100 operations each */
    uint64_t from, max_bytes;
};

/* Begins to count for a source of n bytes. */
void effort_start(struct effort *e, uint32_t n);
/* Another 100 operations are done. Is it enough? */
bool effort_spent(struct effort *e);

#endif
