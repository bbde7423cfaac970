#include "engine/state.h"

#include <stdlib.h>

int state_base(struct buf *ret, struct err *err)
{
    const char *xdg = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    if (xdg != NULL && xdg[0] == '/') {
        buf_str(ret, xdg);
    } else if (home != NULL && home[0] == '/') {
        buf_str(ret, home);
        buf_str(ret, "/.local/state");
    } else {
        return err_set(err, PT_ENOENT,
                       "no place for state: set XDG_STATE_HOME or HOME to an absolute path");
    }
    buf_str(ret, "/parseltongue");
    return ret->failed ? err_set(err, PT_ENOMEM, "out of memory") : PT_OK;
}
