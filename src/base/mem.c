#include "base/mem.h"

#include <malloc.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/fault.h"

/*
 * The size of n elements, at least 1: malloc(0) may give NULL, which would
 * read as a failure. False when no object can be that large.
 */
static bool total_of(size_t n, size_t size, size_t *ret)
{
    size_t total;

    if (__builtin_mul_overflow(n, size, &total) || total > PTRDIFF_MAX)
        return false;
    *ret = total ? total : 1;
    return true;
}

void mem_free(void *p)
{
    free(p); /* glibc 2.33 and later keep errno */
}

static _Thread_local uint64_t failures;

uint64_t mem_failures(void)
{
    return failures;
}

/* Counts what was not to be had. */
static void *counted(void *p)
{
    failures += p == NULL;
    return p;
}

void *mem_alloc(size_t size)
{
    size_t total;

    if (fault_hit("mem.alloc") || !total_of(1, size, &total))
        return counted(NULL);
    return counted(malloc(total));
}

void *mem_calloc(size_t n, size_t size)
{
    size_t total;

    if (fault_hit("mem.alloc") || !total_of(n, size, &total))
        return counted(NULL);
    return counted(calloc(1, total));
}

void *mem_realloc(void *p, size_t size)
{
    return mem_reallocarray(p, 1, size);
}

void *mem_reallocarray(void *p, size_t n, size_t size)
{
    size_t total;

    if (fault_hit("mem.alloc") || !total_of(n, size, &total))
        return counted(NULL);
    return counted(realloc(p, total));
}

char *mem_strdup(const char *s)
{
    return mem_strndup(s, strlen(s));
}

char *mem_strndup(const char *s, size_t n)
{
    char *copy = n < SIZE_MAX ? mem_alloc(n + 1) : NULL;

    if (copy) {
        if (n)
            memcpy(copy, s, n);
        copy[n] = '\0';
    }
    return copy;
}

void mem_trim(void)
{
    (void)malloc_trim(0);
}

void *mem_reserve(size_t size)
{
    void *p;

    if (fault_hit("mem.alloc"))
        return NULL;
    p = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return p != MAP_FAILED ? p : NULL;
}

bool mem_commit(void *p, size_t size)
{
    return !fault_hit("mem.alloc") && mprotect(p, size, PROT_READ | PROT_WRITE) == 0;
}

void mem_unreserve(void *p, size_t size)
{
    (void)munmap(p, size);
}
