/* Who still reads which generation.
 *
 * A reader pins the newest generation, and while it is pinned nothing that it may read is used
 * again. Pinning costs two stores and a load, waits for nobody, and touches no counter that others
 * write to. The writer, who alone reclaims, looks at all pins.
 *
 * The order that makes it safe: a reader first says that it is about to pin (PINS_BUSY), and only
 * then reads the newest generation; the writer first publishes a generation, and only then looks at
 * the pins. So either the writer sees the reader, or the reader sees what the writer published.
 * (Epochs as in Fraser, "Practical lock-freedom", 2004, section 5.2.3, with generations for
 * epochs.)
 *
 * Threads: pins_take and pins_drop by any, the rest by the one writer.
 */
#ifndef PT_GRAPH_PINS_H
#define PT_GRAPH_PINS_H

#include <stdatomic.h>
#include <stdint.h>

#define PINS_MAX 1024u
#define PINS_FREE 0u
#define PINS_BUSY 1u
#define PINS_FIRST 2u /* the first generation that may be pinned */

struct pins {
    _Atomic(uint32_t) newest; /* generation */
    _Atomic(uint32_t) slots[PINS_MAX];
};

void pins_init(struct pins *p, uint32_t generation);

/* Pins the newest generation. Returns the slot for pins_drop; PINS_MAX if all are taken. */
uint32_t pins_take(struct pins *p, uint32_t *ret_generation);
void pins_drop(struct pins *p, uint32_t slot);

void pins_publish(struct pins *p, uint32_t generation);
/* The oldest generation that a reader may hold; the newest if there is none. */
uint32_t pins_oldest(const struct pins *p);

#endif
