/* Progress of indexing: a bar on a terminal's standard error, silence elsewhere; and Ctrl-C, which
 * ends indexing with nothing changed.
 *
 * One struct at a time in a process (it owns the handler of SIGINT between begin and end).
 * progress_step is called from any worker, but never by two at once.
 */
#ifndef PT_CLI_PROGRESS_H
#define PT_CLI_PROGRESS_H

#include "base/str.h"
#include "index/pipeline.h"

#include <signal.h>

struct progress {
    bool shown; /* draw the bar? */
    bool drawn; /* is there something to wipe away? */
    bool colour;
    uint64_t start_ns, last_ns;
    struct sigaction before;
};

void progress_begin(struct progress *p, bool shown, bool colour);
void progress_end(struct progress *p);

/* For struct pipeline_options: false once the user has pressed Ctrl-C. */
bool progress_step(void *ctx, const struct pipeline_progress *now);

/* Has he, since progress_begin? */
bool progress_interrupted(void);

/* One line of the bar, `width` columns at most. */
void progress_line(const struct pipeline_progress *now, uint64_t elapsed_ns, unsigned width,
                   struct buf *out);

#endif
