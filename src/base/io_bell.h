/*
 * A bell: any thread rings it, and one that waits in poll(2) hears it.
 *
 * A descriptor (eventfd) that is readable from the first ring to bell_hear.
 * Threads: any. Errors: bell_open, of descriptors; fault point "io.bell".
 */
#ifndef PT_BASE_IO_BELL_H
#define PT_BASE_IO_BELL_H

#include "base/err.h"

int bell_open(int *ret_fd, struct err *err); /* closed with io_close */
void bell_ring(int fd);

/* Rings until now count as heard. */
void bell_hear(int fd);

#endif
