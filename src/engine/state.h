/* Where this program keeps what outlives it.
 *
 * Pure but for the environment, which nobody changes while threads run. Any thread.
 */
#ifndef PT_ENGINE_STATE_H
#define PT_ENGINE_STATE_H

#include "base/err.h"
#include "base/str.h"

/* Appends $XDG_STATE_HOME/parseltongue, or ~/.local/state/parseltongue. PT_ENOENT: neither
 * variable is an absolute path. */
int state_base(struct buf *ret, struct err *err);

#endif
