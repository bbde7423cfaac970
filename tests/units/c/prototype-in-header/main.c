#include "lib.h"

int main(void)
{
    int fd = lib_open("x");
    lib_close(fd);
    return lib_missing();
}
