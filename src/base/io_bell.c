#include "base/io_bell.h"

#include <errno.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/fault.h"

int bell_open(int *ret_fd, struct err *err)
{
    int fd = FAULT_ERRNO("io.bell", eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));

    if (fd < 0)
        return err_set_errno(err, errno, "eventfd");
    *ret_fd = fd;
    return PT_OK;
}

void bell_ring(int fd)
{
    const uint64_t one = 1;

    if (write(fd, &one, sizeof(one)) < 0)
        return; /* it is full, so it rings already */
}

void bell_hear(int fd)
{
    uint64_t count;

    if (read(fd, &count, sizeof(count)) < 0)
        return; /* nobody rang */
}
