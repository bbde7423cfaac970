/*
 * The heap. All heap memory of the project comes from here, so that a test
 * can make any allocation fail: each function that allocates is the fault
 * point "mem.alloc".
 *
 * Threads: any. Ownership: the caller owns what it gets, and gives it back
 * with mem_free. Errors: NULL when memory is short or a size would overflow;
 * what was passed to a failing mem_realloc stays valid and owned.
 * A size of 0 gives a pointer that is unique and may be freed, not NULL.
 */
#ifndef PT_BASE_MEM_H
#define PT_BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"

void mem_free(void *p); /* takes NULL; leaves errno alone */

void *mem_alloc(size_t size) PT_MALLOC PT_ALLOC_SIZE(1) PT_MUST_CHECK;
void *mem_calloc(size_t n, size_t size) PT_MALLOC PT_ALLOC_SIZE(1, 2) PT_MUST_CHECK;
void *mem_realloc(void *p, size_t size) PT_ALLOC_SIZE(2) PT_MUST_CHECK;
void *mem_reallocarray(void *p, size_t n, size_t size) PT_ALLOC_SIZE(2, 3) PT_MUST_CHECK;

/*
 * A range of addresses without memory (mem_reserve, NULL if there is none),
 * of which pieces get memory, zeroed, when they are needed (mem_commit). Both
 * are multiples of the size of a page.
 */
void *mem_reserve(size_t size) PT_MUST_CHECK;
bool mem_commit(void *p, size_t size) PT_MUST_CHECK;
void mem_unreserve(void *p, size_t size);

/* Gives memory that was freed back to the system, as far as that can be. It takes its time. */
void mem_trim(void);

/*
 * How often this thread has got no memory. What comes of a long evaluation in
 * which that happened is not to be trusted: few check each buffer of a step in
 * between. Who answers for the result compares this before and after.
 */
uint64_t mem_failures(void);

/* Terminated copies. */
char *mem_strdup(const char *s) PT_MALLOC PT_MUST_CHECK;
char *mem_strndup(const char *s, size_t n) PT_MALLOC PT_MUST_CHECK;

#endif
