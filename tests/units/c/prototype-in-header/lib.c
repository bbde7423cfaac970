#include "lib.h"

static void note(int fd);

int lib_open(const char *path)
{
    note(0);
    return path != 0;
}

void lib_close(int fd)
{
    note(fd);
}

static void note(int fd)
{
    (void)fd;
}
