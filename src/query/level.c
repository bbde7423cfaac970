#include "query/level.h"

#include "base/sort.h"

#include <string.h>

/* So many are sorted by insertion. */
#define FEW 24u

/* A key is a number to sort by, and below it an index in the level. */
static uint64_t key_of(uint32_t number, uint32_t index)
{
    return (uint64_t)number << 32 | index;
}

static uint32_t number_of(uint64_t key)
{
    return (uint32_t)(key >> 32);
}

static void sort_few(uint64_t *keys, uint32_t n)
{
    for (uint32_t i = 1; i < n; i++) {
        uint64_t x = keys[i];
        uint32_t k = i;
        for (; k > 0 && number_of(keys[k - 1]) > number_of(x); k--)
            keys[k] = keys[k - 1];
        keys[k] = x;
    }
}

/* By numbers; what is equal stays as it was. As sort_u64, but without memory of its own: takes room
 * for n more keys. Bytes that all share are skipped. Returns where the result is. */
static uint64_t *sort_keys(uint64_t *keys, uint64_t *spare, uint32_t n)
{
    uint64_t different = 0;

    if (n <= FEW) {
        sort_few(keys, n);
        return keys;
    }
    for (uint32_t i = 1; i < n; i++)
        different |= keys[0] ^ keys[i];
    for (unsigned shift = 32; shift < 64; shift += 8) {
        uint32_t start[256] = {0}, sum = 0;
        if ((different >> shift & 255) == 0)
            continue;
        for (uint32_t i = 0; i < n; i++)
            start[keys[i] >> shift & 255]++;
        for (unsigned b = 0; b < 256; b++) {
            uint32_t count = start[b];
            start[b] = sum;
            sum += count;
        }
        for (uint32_t i = 0; i < n; i++)
            spare[start[keys[i] >> shift & 255]++] = keys[i];
        uint64_t *swap = keys;
        keys = spare;
        spare = swap;
    }
    return keys;
}

/* ---- ids in order, but for a few ---- */

/* The first of the keys from `first` up to `end` that comes behind the node. */
static uint32_t behind(const struct view *v, const uint64_t *keys, uint32_t first, uint32_t end,
                       uint32_t node)
{
    while (first < end) {
        uint32_t middle = first + (end - first) / 2;
        if (view_before(v, node, number_of(keys[middle])))
            end = middle;
        else
            first = middle + 1;
    }
    return first;
}

/* Keys by id, of which those from n_low on are not in order: puts them where they belong. */
static uint64_t *insert_few(const struct view *v, uint64_t *keys, uint64_t *ret, uint32_t n_low,
                            uint32_t n)
{
    uint32_t taken = 0, at = 0;

    for (uint32_t i = n_low; i < n; i++) {
        uint64_t x = keys[i];
        uint32_t k = behind(v, keys, n_low, i, number_of(x));
        memmove(keys + k + 1, keys + k, (i - k) * sizeof(*keys));
        keys[k] = x;
    }
    for (uint32_t i = n_low; i < n; i++) {
        uint32_t end = behind(v, keys, taken, n_low, number_of(keys[i]));
        while (taken < end)
            ret[at++] = keys[taken++];
        ret[at++] = keys[i];
    }
    while (taken < n_low)
        ret[at++] = keys[taken++];
    return ret;
}

/* ---- ids in no order ---- */

static int cmp_runs(const void *a, const void *b, void *ctx)
{
    const struct reach_run *x = a, *y = b;

    return view_file_compare(ctx, x->file, y->file);
}

/* Keys by the id of their file, each with its nodes in order: brings the files into order. */
static uint64_t *sort_files(const struct view *v, struct reach *r, uint64_t *keys, uint64_t *ret,
                            uint32_t n)
{
    uint32_t at = 0;

    vec_clear(&r->runs);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t file = number_of(keys[i]);
        if ((r->runs.len == 0 || vec_last(&r->runs).file != file) &&
            !vec_push(&r->runs, (struct reach_run){file, i, 0}))
            return NULL;
        vec_last(&r->runs).n++;
    }
    sort_r(r->runs.at, r->runs.len, sizeof(*r->runs.at), cmp_runs, (void *)(uintptr_t)v);
    for (uint32_t i = 0; i < r->runs.len; i++) {
        const struct reach_run *run = &r->runs.at[i];
        memcpy(ret + at, keys + run->first, run->n * sizeof(*ret));
        at += run->n;
    }
    return ret;
}

/* By the place in the file, then by the file. NULL: no memory. */
static uint64_t *sort_places(const struct view *v, struct reach *r, const struct reached *at,
                             uint32_t n)
{
    uint64_t *all = r->keys.at;

    for (uint32_t i = 0; i < n; i++)
        all[i] = key_of(live_node(v, at[i].node)->place, i);
    uint64_t *keys = sort_keys(all, all + n, n);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t index = (uint32_t)keys[i];
        keys[i] = key_of(view_file_of(v, at[index].node), index);
    }
    keys = sort_keys(keys, keys == all ? all + n : all, n);
    if (number_of(keys[n - 1]) < v->files_in_order)
        return keys;
    return sort_files(v, r, keys, keys == all ? all + n : all, n);
}

/* ---- */

static uint64_t *sort_ids(const struct view *v, struct reach *r, const struct reached *at,
                          uint32_t n, uint32_t n_low)
{
    uint64_t *all = r->keys.at;

    for (uint32_t i = 0; i < n; i++)
        all[i] = key_of(at[i].node, i);
    uint64_t *keys = sort_keys(all, all + n, n);
    return n_low < n ? insert_few(v, keys, keys == all ? all + n : all, n_low, n) : keys;
}

bool level_sort(const struct view *v, struct reach *r, struct reached_list *list, uint32_t first)
{
    uint32_t n = list->len - first, n_low = 0, n_sorted = 0;

    if (n < 2)
        return true;
    struct reached *at = list->at + first;
    for (uint32_t i = 0; i < n; i++) {
        n_low += at[i].node < v->nodes_in_order;
        n_sorted += i == 0 || at[i - 1].node < at[i].node;
    }
    if (n_low == n && n_sorted == n)
        return true;
    vec_clear(&r->keys);
    vec_clear(&r->spare);
    if (!vec_grow(&r->keys, 2 * (uint64_t)n) || !vec_grow(&r->spare, n))
        return false;
    const uint64_t *keys =
        n - n_low <= FEW ? sort_ids(v, r, at, n, n_low) : sort_places(v, r, at, n);
    if (keys == NULL)
        return false;
    memcpy(r->spare.at, at, n * sizeof(*at));
    for (uint32_t i = 0; i < n; i++)
        at[i] = r->spare.at[(uint32_t)keys[i]];
    return true;
}
