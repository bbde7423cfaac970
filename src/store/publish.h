/* The newest view of a store: one writer replaces it, any thread pins it.
 *
 * Pinning is one atomic addition: the word `now` holds which view is the newest and how often it
 * was pinned since it became so. Replacing it takes that count out of the word and over to the
 * view, from which unpinning has subtracted all the while; who brings the difference to zero
 * frees the view. So no reader waits, and none touches a view that may be gone.
 *
 * Threads: publish_pin and publish_unpin by any; the rest by the writer alone.
 */
#ifndef PT_STORE_PUBLISH_H
#define PT_STORE_PUBLISH_H

#include "base/err.h"
#include "graph/view.h"

#include <stdatomic.h>

/* So many versions may be alive at once: the newest, and older ones that readers still pin. */
#define PUBLISH_VIEWS 1024u

struct publish {
    atomic_uint_fast64_t now;                    /* slot in the upper 16 bits, pins in the others */
    _Atomic(struct view *) views[PUBLISH_VIEWS]; /* owned; NULL = free */
};

/* Takes the first view over. */
void publish_init(struct publish *p, struct view *first);

/* Readers must have unpinned all. */
void publish_release(struct publish *p);

/* Makes room for one more view, so that publish_replace cannot fail. PT_ELIMIT: all are pinned. */
int publish_reserve(struct publish *p, uint32_t *ret_slot, struct err *err);

/* Makes v, which it takes over, the newest, in a slot that publish_reserve gave. */
void publish_replace(struct publish *p, uint32_t slot, struct view *v);

/* The newest view without a pin: for the writer, until it replaces it. */
const struct view *publish_newest(const struct publish *p);

const struct view *publish_pin(struct publish *p);
void publish_unpin(struct publish *p, const struct view *v);

#endif
