/*
 * Tests that make files: IN_NEW_DIR(test) runs a test in a new, empty current
 * directory, which is removed after it, and disarms the fault points.
 */
#ifndef PT_TESTS_UNIT_BASE_SUPPORT_DIR_H
#define PT_TESTS_UNIT_BASE_SUPPORT_DIR_H

#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fault.h"
#include "support.h"

static char root[64];

static inline int enter_root(void **state)
{
    (void)state;
    snprintf(root, sizeof(root), "/tmp/pt-test-base-XXXXXX");
    return mkdtemp(root) && chdir(root) == 0 ? 0 : -1;
}

static inline int remove_entry(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static inline int leave_root(void **state)
{
    (void)state;
    fault_disarm_all();
    return chdir("/") == 0 ? nftw(root, remove_entry, 16, FTW_DEPTH | FTW_PHYS) : -1;
}

static inline void make_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

#define IN_NEW_DIR(test) cmocka_unit_test_setup_teardown(test, enter_root, leave_root)

#endif
