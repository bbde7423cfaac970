#include "base/cgroup.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/str.h"

/* A small file of the system, as a terminated string; NULL if there is none. */
static const char *read_small(struct buf *b, const char *path)
{
    return io_read_file(IO_CWD, path, 65536, b, NULL) == 0 ? buf_cstr(b) : NULL;
}

static uint64_t processors_of(long long quota, long long period)
{
    if (quota <= 0 || period <= 0)
        return CGROUP_NO_QUOTA;
    return ((uint64_t)quota + (uint64_t)period - 1) / (uint64_t)period;
}

/* v2: "max 100000" or "150000 100000". */
static uint64_t quota_v2(struct buf *b, const char *dir)
{
    char path[4096];
    char *rest;

    snprintf(path, sizeof(path), "%s/cpu.max", dir);
    const char *text = read_small(b, path);
    if (!text)
        return CGROUP_NO_QUOTA;
    long long quota = strtoll(text, &rest, 10); /* "max" reads as 0 */
    return processors_of(quota, strtoll(rest, NULL, 10));
}

/* Bytes, "max" for no limit; v1 gives a very large number for that. */
static uint64_t bytes_in(struct buf *b, const char *dir, const char *name)
{
    char path[4096];
    char *rest;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    const char *text = read_small(b, path);
    if (!text)
        return CGROUP_NO_QUOTA;
    unsigned long long n = strtoull(text, &rest, 10);
    return rest != text ? n : CGROUP_NO_QUOTA;
}

static uint64_t memory_v2(struct buf *b, const char *dir)
{
    return bytes_in(b, dir, "memory.max");
}

static uint64_t memory_v1(struct buf *b, const char *dir)
{
    return bytes_in(b, dir, "memory.limit_in_bytes");
}

/* v1: one number in each of two files, -1 for no quota. */
static uint64_t quota_v1(struct buf *b, const char *dir)
{
    char path[4096];
    long long quota;

    snprintf(path, sizeof(path), "%s/cpu.cfs_quota_us", dir);
    const char *text = read_small(b, path);
    if (!text)
        return CGROUP_NO_QUOTA;
    quota = strtoll(text, NULL, 10);
    snprintf(path, sizeof(path), "%s/cpu.cfs_period_us", dir);
    text = read_small(b, path);
    return text ? processors_of(quota, strtoll(text, NULL, 10)) : CGROUP_NO_QUOTA;
}

/*
 * The least quota of a group and all groups above it. Where the group's
 * path is not visible (as in containers), the root of the mount is our group.
 */
static uint64_t quota_upwards(const char *mount, const char *group,
                              uint64_t (*quota_of)(struct buf *, const char *))
{
    char dir[2048];
    struct buf b = {0};
    uint64_t least = CGROUP_NO_QUOTA;
    size_t n_mount = strlen(mount);

    int n = snprintf(dir, sizeof(dir), "%s%s", mount, group);
    if (n < 0 || (size_t)n >= sizeof(dir))
        return CGROUP_NO_QUOTA;
    for (;;) {
        uint64_t quota = quota_of(&b, dir);
        char *slash = strrchr(dir + n_mount, '/');

        if (quota < least)
            least = quota;
        if (!slash)
            break;
        *slash = '\0';
    }
    buf_release(&b);
    return least;
}

static bool has_controller(const char *list, const char *name)
{
    size_t n = strlen(name);

    for (const char *at = list; (at = strstr(at, name)); at += n)
        if ((at == list || at[-1] == ',') && (at[n] == ',' || at[n] == '\0'))
            return true;
    return false;
}

/* What is shared out, and how. In v1 each controller is a mount of its own. */
struct resource {
    const char *controller;
    uint64_t (*v1)(struct buf *, const char *);
    uint64_t (*v2)(struct buf *, const char *);
};

/* "0::/group" (v2), "4:cpu,cpuacct:/group" (v1, where "cpu" is a mount of its own). */
static uint64_t quota_of_line(const struct resource *r, char *line, const char *mount)
{
    char v1_mount[1024];
    char *list = strchr(line, ':');
    char *group = list ? strchr(list + 1, ':') : NULL;

    if (!group)
        return CGROUP_NO_QUOTA;
    *list++ = '\0';
    *group++ = '\0';
    if (*list == '\0')
        return quota_upwards(mount, group, r->v2);
    if (!has_controller(list, r->controller))
        return CGROUP_NO_QUOTA;
    snprintf(v1_mount, sizeof(v1_mount), "%s/%s", mount, r->controller);
    return quota_upwards(v1_mount, group, r->v1);
}

static uint64_t least_of(const struct resource *r, const char *self, const char *mount)
{
    struct buf b = {0};
    uint64_t least = CGROUP_NO_QUOTA;
    char *rest;

    if (read_small(&b, self)) {
        for (char *line = strtok_r(b.p, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
            uint64_t quota = quota_of_line(r, line, mount);
            if (quota < least)
                least = quota;
        }
    }
    buf_release(&b);
    return least;
}

uint64_t cgroup_cpus(const char *self, const char *mount)
{
    static const struct resource cpu = {"cpu", quota_v1, quota_v2};

    return least_of(&cpu, self, mount);
}

uint64_t cgroup_memory(const char *self, const char *mount)
{
    static const struct resource memory = {"memory", memory_v1, memory_v2};

    return least_of(&memory, self, mount);
}
