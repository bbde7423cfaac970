#include "ops.h"

int use(struct device *d)
{
    int rc = d->ops->open(d);
    if (rc == 0)
        (*d->ops->close)(d);
    return rc;
}
