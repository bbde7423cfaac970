/* What the stores that keep whole views do alike: from a delta to the next view. */
#ifndef PT_STORE_APPLY_H
#define PT_STORE_APPLY_H

#include "store/publish.h"

/* The view of a graph that has nothing in it, of generation 0. */
int apply_empty(struct view **ret, struct err *err);

/* The newest view with the delta applied, as of now, and a slot for it. The caller publishes it
 * (publish_replace) or frees it (view_free). */
int apply_prepare(struct publish *p, const struct delta *delta, uint64_t generation,
                  struct view **ret, uint32_t *ret_slot, struct err *err);

#endif
