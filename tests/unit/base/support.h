/*
 * What the unit tests of src/base share: cmocka with its many headers, a
 * random number generator that repeats itself, and a folder of their own.
 */
#ifndef PT_TESTS_UNIT_BASE_SUPPORT_H
#define PT_TESTS_UNIT_BASE_SUPPORT_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RUN_TESTS(tests) cmocka_run_group_tests(tests, NULL, NULL)

/* splitmix64 */
static inline uint64_t rng_next(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15ULL);

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

static inline uint64_t rng_below(uint64_t *state, uint64_t n)
{
    return rng_next(state) % n;
}

static inline void rng_fill(uint64_t *state, void *p, size_t n)
{
    unsigned char *at = p;

    while (n--)
        *at++ = (unsigned char)rng_next(state);
}

#endif
