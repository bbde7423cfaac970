#include "base/sort.h"

#include <assert.h>
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

/* So many items are sorted by insertion. */
#define FEW 24u

static void insert_items(struct sort_item *a, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        struct sort_item x = a[i];
        size_t k = i;
        for (; k > 0 && a[k - 1].key > x.key; k--)
            a[k] = a[k - 1];
        a[k] = x;
    }
}

struct sort_item *sort_keyed(struct sort_item *items, struct sort_item *spare, size_t n)
{
    uint64_t different = 0;
    uint32_t start[BUCKETS];
    bool is_sorted = true;

    assert(n <= UINT32_MAX);
    if (n <= FEW) {
        insert_items(items, n);
        return items;
    }
    for (size_t i = 1; i < n; i++) {
        different |= items[0].key ^ items[i].key;
        is_sorted &= items[i - 1].key <= items[i].key;
    }
    for (unsigned shift = 0; shift < 64 && !is_sorted; shift += 8) {
        uint32_t sum = 0;
        if ((different >> shift & 255) == 0)
            continue;
        memset(start, 0, sizeof(start));
        for (size_t i = 0; i < n; i++)
            start[items[i].key >> shift & 255]++;
        for (unsigned b = 0; b < BUCKETS; b++) {
            uint32_t count = start[b];
            start[b] = sum;
            sum += count;
        }
        for (size_t i = 0; i < n; i++)
            spare[start[items[i].key >> shift & 255]++] = items[i];
        struct sort_item *swap = items;
        items = spare;
        spare = swap;
    }
    return items;
}
