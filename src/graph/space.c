#include "graph/space.h"

#include "base/io.h"

#include <string.h>

#define STEP (1u << 17) /* granules: memory is taken in pieces of 1 MB */
#define PAGE (4096u / SPACE_GRANULE)

/* Sizes above SPACE_EXACT are powers of two. */
static unsigned class_of(uint32_t granules)
{
    if (granules <= SPACE_EXACT)
        return granules;
    return SPACE_EXACT + (32u - (unsigned)__builtin_clz(granules - 1)) - 7u;
}

static uint32_t granules_of(size_t bytes)
{
    uint32_t n = (uint32_t)((bytes + SPACE_GRANULE - 1) / SPACE_GRANULE);
    return n <= SPACE_EXACT ? n : 1u << (32 - __builtin_clz(n - 1));
}

/* Makes the granules below `end` writable. */
static bool make_ready(struct space *s, uint32_t end)
{
    uint32_t to = end + STEP < s->limit ? (end / STEP + 1) * STEP : s->limit;
    if (end <= s->ready)
        return true;
    if (end > s->limit || !mem_commit(s->base + (size_t)s->ready * SPACE_GRANULE,
                                      (size_t)(to - s->ready) * SPACE_GRANULE))
        return false;
    s->ready = to;
    return true;
}

void space_release(struct space *s)
{
    if (s->base != NULL)
        mem_unreserve(s->base, (size_t)s->limit * SPACE_GRANULE);
    vec_release(&s->retired);
    memset(s, 0, sizeof(*s));
}

int space_init(struct space *s, size_t bytes, struct err *err)
{
    memset(s, 0, sizeof(*s));
    s->base = mem_reserve(bytes);
    if (s->base == NULL)
        return err_set(err, PT_ENOMEM, "cannot reserve %zu MB of addresses", bytes >> 20);
    s->limit =
        (uint32_t)(bytes / SPACE_GRANULE < UINT32_MAX / 2 ? bytes / SPACE_GRANULE : UINT32_MAX / 2);
    s->top = 1;
    if (make_ready(s, 1))
        return PT_OK;
    space_release(s);
    return err_set(err, PT_ENOMEM, "out of memory for the lists of a graph");
}

int space_map(struct space *s, int fd, uint64_t offset, uint64_t bytes, struct err *err)
{
    uint64_t end = (offset + bytes) / SPACE_GRANULE;
    if (end >= s->limit)
        return err_set(err, PT_ELIMIT, "a graph of %llu MB is too large",
                       (unsigned long long)(bytes >> 20));
    if (bytes == 0)
        return PT_OK;
    s->top = s->ready = s->mapped = (uint32_t)end;
    return io_map_at(fd, offset, (size_t)bytes, s->base + offset, false, err);
}

uint32_t space_take(struct space *s, size_t bytes)
{
    uint64_t from = ((uint64_t)s->top + PAGE - 1) / PAGE * PAGE;
    uint64_t end = from + (bytes + SPACE_GRANULE - 1) / SPACE_GRANULE;
    if (end > s->limit || !make_ready(s, (uint32_t)end))
        return 0;
    s->top = (uint32_t)end;
    return (uint32_t)from;
}

/* So many granules that were never given out. 0: no memory. */
static uint32_t take_new(struct space *s, uint32_t n)
{
    uint32_t block = s->top;
    if (n > s->limit - s->top || !make_ready(s, s->top + n))
        return 0;
    s->top += n;
    return block;
}

/* A block from a page that has only blocks of this size. A page of mixed ones would have some tenth
 * of short lists, and a walk would need ten times the lines and pages. */
static uint32_t take_from_page(struct space *s, uint32_t n)
{
    struct space_page *page = &s->page[n];
    if (page->at == page->end) {
        uint32_t all = PAGE / n * n, block = take_new(s, all);
        if (block == 0)
            return 0;
        *page = (struct space_page){block, block + all};
    }
    page->at += n;
    return page->at - n;
}

uint32_t space_alloc(struct space *s, size_t bytes)
{
    uint32_t n, *head, block;

    if (bytes == 0 || bytes > (size_t)1 << 30)
        return 0;
    n = granules_of(bytes);
    head = &s->free[class_of(n)];
    block = *head;
    if (block != 0) {
        memcpy(head, space_at(s, block), sizeof(*head));
        __builtin_prefetch(space_at(s, *head), 1); /* the next one of this size is mostly cold */
    } else {
        block = n <= SPACE_EXACT ? take_from_page(s, n) : take_new(s, n);
        if (block == 0)
            return 0;
    }
    s->used += n;
    return block;
}

static void give_back(struct space *s, uint32_t block, uint32_t granules)
{
    uint32_t *head = &s->free[class_of(granules)];
    memcpy(space_at(s, block), head, sizeof(*head));
    *head = block;
}

void space_free(struct space *s, uint32_t block, size_t bytes)
{
    uint32_t n = granules_of(bytes);
    s->used -= n;
    give_back(s, block, n);
}

bool space_retire(struct space *s, uint32_t block, size_t bytes, uint32_t generation)
{
    uint32_t n = granules_of(bytes);
    if (block < s->mapped)
        return true;
    s->used -= n;
    if (!vec_push(&s->retired, (struct space_retired){generation, block, n}))
        return false;
    s->retired_bytes += (uint64_t)n * SPACE_GRANULE;
    s->retired_total += (uint64_t)n * SPACE_GRANULE;
    return true;
}

uint32_t space_reclaim(struct space *s, uint32_t oldest, uint32_t most)
{
    uint32_t n = 0;
    while (n < most && s->first_retired < s->retired.len) {
        const struct space_retired *r = &s->retired.at[s->first_retired];
        if ((int32_t)(r->generation - oldest) > 0)
            break;
        give_back(s, r->block, r->granules);
        s->retired_bytes -= (uint64_t)r->granules * SPACE_GRANULE;
        s->first_retired++;
        n++;
    }
    if (s->first_retired == s->retired.len) {
        vec_clear(&s->retired);
        s->first_retired = 0;
    } else if (s->first_retired > s->retired.len / 2 && s->first_retired > 4096) {
        s->retired.len -= s->first_retired;
        memmove(s->retired.at, s->retired.at + s->first_retired,
                s->retired.len * sizeof(*s->retired.at));
        s->first_retired = 0;
    }
    return n;
}
