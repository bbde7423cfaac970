/*
 * Sorting.
 *
 * Threads: any, on data of their own. Ownership: scratch memory is freed
 * before return. Errors: see each.
 */
#ifndef PT_BASE_SORT_H
#define PT_BASE_SORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Ascending, in O(n): radix sort, least significant byte first, bytes that all
 * numbers share skipped. Takes scratch memory of n numbers; false, with the
 * array as it was, when that is not to be had.
 */
bool sort_u64(uint64_t *a, size_t n) __attribute__((warn_unused_result));

/* By keys, where things that are sorted are too large to be moved often. */
struct sort_item {
    uint64_t key;
    uint32_t at; /* the caller's */
};

/* As sort_u64, and stable: items with one key stay in their order. `spare` is memory for n items
 * more; the result is in the one or the other. */
struct sort_item *sort_keyed(struct sort_item *items, struct sort_item *spare, size_t n);

/*
 * n elements of `size` bytes by cmp, which is given ctx last. NOT stable
 * under all conditions (qsort_r): give cmp a total order, with an index or id
 * as the last tie-break, and the result is the same everywhere.
 */
typedef int (*sort_cmp)(const void *a, const void *b, void *ctx);
void sort_r(void *base, size_t n, size_t size, sort_cmp cmp, void *ctx);

#endif
