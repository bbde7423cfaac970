#include "ops.h"

static int disk_open(struct device *d)
{
    return d->id;
}

static void disk_close(struct device *d)
{
    d->id = 0;
}

const struct ops disk_ops = {
    .open = disk_open,
    .close = disk_close,
};
