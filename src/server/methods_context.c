#include "server/methods.h"

int run_context(struct call *c, struct answer *a, struct err *err)
{
    (void)c;
    (void)a;
    return err_set(err, PT_EINTERNAL, "not there yet");
}
