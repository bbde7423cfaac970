#include "base/cgroup.h"

#include "base/io.h"
#include "support.h"
#include "support_dir.h"

static uint64_t cpus(void)
{
    return cgroup_cpus("self", "mount");
}

static void make_group(const char *dir, const char *file, const char *text)
{
    char path[256];

    assert_int_equal(io_mkdir_p(dir, 0700, NULL), 0);
    snprintf(path, sizeof(path), "%s/%s", dir, file);
    make_file(path, text);
}

static void test_cgroup__nothing_to_read_sets_no_quota(void **state)
{
    (void)state;
    assert_true(cpus() == CGROUP_NO_QUOTA);
    make_file("self", "");
    assert_true(cpus() == CGROUP_NO_QUOTA);
    make_file("self", "nonsense\n0::/absent\n1:cpu:/absent\n:\n");
    assert_true(cpus() == CGROUP_NO_QUOTA);
}

static void test_cgroup__v2_takes_the_least_quota_upwards(void **state)
{
    (void)state;
    make_file("self", "0::/a/b\n");
    make_group("mount/a/b", "cpu.max", "max 100000\n");
    assert_true(cpus() == CGROUP_NO_QUOTA);
    make_group("mount/a/b", "cpu.max", "600000 100000\n");
    assert_int_equal(cpus(), 6);
    make_group("mount/a", "cpu.max", "150000 100000\n");
    assert_int_equal(cpus(), 2);
    make_group("mount", "cpu.max", "5000 100000\n");
    assert_int_equal(cpus(), 1);
}

/* In a container, the path of the host is not there but the files are. */
static void test_cgroup__path_that_is_not_visible_leads_to_the_root(void **state)
{
    (void)state;
    make_file("self", "0::/system.slice/unit\n");
    make_group("mount", "cpu.max", "300000 100000\n");
    assert_int_equal(cpus(), 3);
}

static void test_cgroup__v1_reads_the_cpu_controller_alone(void **state)
{
    (void)state;
    make_file("self", "5:cpuset:/x\n4:cpuacct,cpu:/a\n1:name=systemd:/x\n");
    make_group("mount/cpu/a", "cpu.cfs_period_us", "100000\n");
    make_group("mount/cpu/a", "cpu.cfs_quota_us", "-1\n");
    make_group("mount/cpu/x", "cpu.cfs_quota_us", "100000\n");
    make_group("mount/cpu/x", "cpu.cfs_period_us", "100000\n");
    assert_true(cpus() == CGROUP_NO_QUOTA);
    make_group("mount/cpu/a", "cpu.cfs_quota_us", "250000\n");
    assert_int_equal(cpus(), 3);
}

static void test_cgroup__memory_has_a_quota_too(void **state)
{
    (void)state;
    make_file("self", "0::/a/b\n");
    make_group("mount/a/b", "memory.max", "max\n");
    assert_true(cgroup_memory("self", "mount") == CGROUP_NO_QUOTA);
    make_group("mount/a", "memory.max", "536870912\n");
    assert_int_equal(cgroup_memory("self", "mount"), 512 << 20);
    make_file("self", "7:memory:/x\n4:cpu:/a\n");
    assert_true(cgroup_memory("self", "mount") == CGROUP_NO_QUOTA);
    make_group("mount/memory/x", "memory.limit_in_bytes", "1048576\n");
    assert_int_equal(cgroup_memory("self", "mount"), 1 << 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_NEW_DIR(test_cgroup__nothing_to_read_sets_no_quota),
        IN_NEW_DIR(test_cgroup__v2_takes_the_least_quota_upwards),
        IN_NEW_DIR(test_cgroup__path_that_is_not_visible_leads_to_the_root),
        IN_NEW_DIR(test_cgroup__v1_reads_the_cpu_controller_alone),
        IN_NEW_DIR(test_cgroup__memory_has_a_quota_too),
    };

    return RUN_TESTS(tests);
}
