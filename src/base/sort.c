#include "base/sort.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define DIGITS 8
#define BUCKETS 256
#define INSERTION_MAX 64

static void insertion_sort(uint64_t *a, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        uint64_t v = a[i];
        size_t j = i;

        for (; j > 0 && a[j - 1] > v; j--)
            a[j] = a[j - 1];
        a[j] = v;
    }
}

static size_t digit_of(uint64_t v, unsigned digit)
{
    return (size_t)(v >> (8 * digit)) & (BUCKETS - 1);
}

/* Turns counts into the offset of each bucket. */
static void sum_up(size_t *count)
{
    size_t at = 0;

    for (size_t b = 0; b < BUCKETS; b++) {
        size_t n = count[b];
        count[b] = at;
        at += n;
    }
}

bool sort_u64(uint64_t *a, size_t n)
{
    size_t count[DIGITS][BUCKETS] = {{0}};
    uint64_t *from = a;
    uint64_t *scratch;

    if (n <= INSERTION_MAX) {
        insertion_sort(a, n);
        return true;
    }
    scratch = mem_reallocarray(NULL, n, sizeof(*a));
    if (!scratch)
        return false;

    for (size_t i = 0; i < n; i++)
        for (unsigned d = 0; d < DIGITS; d++)
            count[d][digit_of(a[i], d)]++;

    uint64_t *to = scratch;
    for (unsigned d = 0; d < DIGITS; d++) {
        if (count[d][digit_of(from[0], d)] == n)
            continue;
        sum_up(count[d]);
        for (size_t i = 0; i < n; i++)
            to[count[d][digit_of(from[i], d)]++] = from[i];
        uint64_t *swap = from;
        from = to;
        to = swap;
    }
    if (from != a)
        memcpy(a, from, n * sizeof(*a));
    mem_free(scratch);
    return true;
}

void sort_r(void *base, size_t n, size_t size, sort_cmp cmp, void *ctx)
{
    if (n > 1)
        qsort_r(base, n, size, cmp, ctx);
}
