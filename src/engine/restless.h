/* What does not stop changing: outputs, logs and the like that lie in a tree and are no secret to
 * its ignore files. They are named, so that somebody may leave them out; and a file that goes on for
 * long is looked at only now and then, so that it keeps no processor busy.
 *
 * A path is restless when more than so many batches of the watch named it within a window of time;
 * held, when it has been that for some time. A held path is let through once, and then not before a
 * pause is over: until then what changed is owed, which restless_due gives back. Folders, with a '/'
 * at their end, are counted, but never held.
 *
 * Constant memory: a table of those that changed most often; the rarest makes room for a new one,
 * and whatever is owed stays.
 *
 * Threads: one at a time. Times are those of clock_now_ns, given by the caller.
 */
#ifndef PT_ENGINE_RESTLESS_H
#define PT_ENGINE_RESTLESS_H

#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

/* All zero is the default. */
struct restless_options {
    uint32_t window_ms;   /* 0: 60000 */
    uint32_t batches;     /* in a window: more are restless; 0: 30 */
    uint32_t patience_ms; /* restless for so long: held; 0: 60000 */
    uint32_t pause_ms;    /* of one that is held; 0: 3000 */
};

#define RESTLESS_MAX 64u

struct restless;

int restless_new(const struct restless_options *o, struct restless **ret, struct err *err);
void restless_free(struct restless *r); /* takes NULL */

enum restless_verdict {
    RESTLESS_PASS,
    RESTLESS_NEWS, /* it passes, and has just become restless */
    RESTLESS_HELD, /* it is owed from now on */
};

/* A batch names this path. */
enum restless_verdict restless_note(struct restless *r, const char *path, uint64_t now_ns);

/* The next path that is owed and whose pause is over (with `all`: whether it is or not), which is
 * then no longer owed; NULL: there is none. Good until the next restless_note. */
const char *restless_due(struct restless *r, uint64_t now_ns, bool all);
/* When the first pause is over; UINT64_MAX: nothing is owed. */
uint64_t restless_next_ns(const struct restless *r);

/* "a.log (changed 70 times in 60 s), ...": the three that change most; empty if nothing is restless.
 * Replaces what `ret` holds. */
void restless_describe(const struct restless *r, uint64_t now_ns, struct buf *ret);

#endif
