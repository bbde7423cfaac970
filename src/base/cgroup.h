/*
 * CPU quotas of Linux control groups, for pool_cpus.
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

#endif
