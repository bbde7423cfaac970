#include "log.h"

static const char *name(void) { return "n"; }

void work(void)
{
    log_at(1, name());
    log_error("bad");
}
