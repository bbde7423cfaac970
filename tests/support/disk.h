/*
 * What a power cut may leave on disk, and whether it is survived.
 *
 * A scenario runs once, below the directory of a struct disk, and every change that it makes
 * through base/io is recorded, with the acknowledgements that it gives on the way:
 *
 *	struct disk *d = disk_new(NULL);
 *	disk_begin(d);
 *	... open a store in disk_dir(d); commit number n; disk_ack(d, n); ...
 *	disk_end(d);
 *	disk_crash(d, &plan, &report);
 *	disk_free(d);
 *
 * disk_crash then goes through the history. At each of its points, after any number of changes, it
 * rebuilds disks that a crash there may leave, each in a new directory, and has them checked. The
 * model is about as pessimistic as that of Pillai et al., "All File Systems Are Not Created Equal"
 * (OSDI 2014):
 *
 *   M1  what a file held when a sync of it began, which then succeeded, is on disk: data and size;
 *   M2  any other write may be absent, present, or torn: some of its sectors of 512 bytes are
 *       there. Neither order nor time counts; after a sync that failed, all that it was to write
 *       may stay absent for ever, whatever is synced later;
 *   M3  any other change of a file's size may be absent or present, whether its data is or not;
 *       bytes that were never written read as zeros;
 *   M4  names (create, mkdir, rename, remove) are on disk once their directory was synced, a new
 *       directory's own name once its parent was; until then each change of a name may be absent or
 *       present, whatever is with others. A rename is atomic. A sync of the file itself says
 *       nothing of its name, and a name nothing of what it names;
 *   M5  what was there at disk_begin is on disk.
 *
 * Where a point allows at most plan.all disks, they are all built; else the extremes (nothing,
 * everything, names alone, data alone, sizes alone; for each change: it alone, all but it, all but
 * half of it, all up to it) as far as plan.extremes goes, and plan.samples random ones. A disk
 * that was built before, with the same acknowledged, is not checked again. All choices are made by
 * plan.seed and the point, so one failure can be repeated alone.
 *
 * Threads: the scenario's changes may come from any of its threads; the functions here are for
 * one. One disk is recorded at a time, as base/io has one observer. Mappings are not seen.
 * Ownership: disk_free takes the directory away if disk_new made it.
 * A check that dies of a signal, or of a sanitizer's report, leaves the seed and the point on
 * stderr.
 * Errors: what is no finding (no memory, no place for files) aborts with a message. The scenario
 * must not arm "mem.alloc".
 */
#ifndef PT_TESTS_SUPPORT_DISK_H
#define PT_TESTS_SUPPORT_DISK_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct disk;

/* dir: an existing directory; NULL: a new one, in memory (/dev/shm) if there is such a place. */
struct disk *disk_new(const char *dir);
void disk_free(struct disk *d); /* takes NULL */
const char *disk_dir(const struct disk *d);

void disk_begin(struct disk *d);
void disk_end(struct disk *d);
/* From here on no crash may take back what n stands for; n never falls. It is 0 at first. */
void disk_ack(struct disk *d, uint64_t n);
/* The point of now: how many changes were recorded. */
uint32_t disk_point(const struct disk *d);

/* Is the disk in `dir` one that may be left, after `acked` was acknowledged? May write there, as
 * recovery and what goes on after it do; if such checks are crashed (plan.recrash), what they leave
 * must be right for it again. 0, or any code and what is wrong. */
typedef int (*disk_check)(void *ctx, const char *dir, uint64_t acked, struct err *err);

struct disk_plan {
    const char *name; /* for messages */
    uint64_t seed;
    uint32_t all, extremes, samples; /* see above */
    /* Of one state in so many, the check is itself recorded, and crashed at each of its points:
     * recovery must survive a crash as anything else. 0: of none. */
    uint32_t recrash;
    bool quiet;     /* failures are wanted: only count them */
    bool only;      /* only this point */
    uint32_t point; /* of the outer history */
    disk_check check;
    void *ctx;
};

/* A plan of the usual size. The environment changes it: PT_CRASH_POINT (only this point), and
 * PT_CRASH_STATES (so many random states, and extremes, at each point). Its other fields are zero. */
struct disk_plan disk_plan(const char *name, uint64_t seed);
/* The seeds that a test goes through: n, from 1 on; or PT_CRASH_SEEDS, from PT_CRASH_SEED on; that
 * one alone if there is a PT_CRASH_POINT, so that the two repeat a failure. */
struct disk_seeds {
    uint64_t first, last;
};
struct disk_seeds disk_seeds(uint64_t n);

struct disk_report {
    uint64_t points;    /* of the history */
    uint64_t states;    /* that were chosen */
    uint64_t distinct;  /* of them; these were checked */
    uint64_t recrashed; /* further ones, distinct, that crashes of recovery left */
    uint64_t failed;
    uint64_t first_seed, last_seed;
    double seconds;
    char first[4096]; /* the first failure: what was done, what is on the disk, what is wrong */
};

/* Adds to *report, which is all zero at first. Prints failures to stderr (a few of them, unless the
 * plan is quiet). PT_CRASH_KEEP=DIR: the first failing disk is kept there. */
void disk_crash(struct disk *d, const struct disk_plan *plan, struct disk_report *report);

/* One line to stdout. */
void disk_report_print(const char *name, const struct disk_report *report);
/* One more, the last: the crash points of all reports that were printed. A crash point is a disk that
 * a crash may leave, unlike all others of its history, which was built and checked. */
void disk_total_print(void);

/* ---- directories of tests ---- */

/* A new directory below /dev/shm, else $TMPDIR, else /tmp; freed by the caller with free(3). */
char *disk_temp_dir(void);
/* With all that is in it; it may be absent. */
void disk_remove_dir(const char *dir);

#endif
