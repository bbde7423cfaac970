/*
 * Quotas of Linux control groups: of processors, for pool_cpus, and of memory.
 *
 * Threads: any. Ownership: none. Errors: what cannot be read sets no quota.
 */
#ifndef PT_BASE_CGROUP_H
#define PT_BASE_CGROUP_H

#include <stdint.h>

#define CGROUP_NO_QUOTA UINT64_MAX

/*
 * The number of processors that the quotas of our group, and of all groups
 * above it, leave us, rounded up. `self` is the file that names our groups
 * (/proc/self/cgroup), `mount` where they are seen (/sys/fs/cgroup).
 */
uint64_t cgroup_cpus(const char *self, const char *mount);

/* The same of memory, in bytes. */
uint64_t cgroup_memory(const char *self, const char *mount);

#endif
