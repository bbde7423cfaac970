#include "base/vec.h"

#define FIRST_CAP 8
#define DOUBLE_BELOW 4096

void *vec_fit_(void *at, uint32_t *cap, uint64_t need, size_t size)
{
    uint64_t grown = *cap < DOUBLE_BELOW ? (uint64_t)*cap * 2 : *cap + (uint64_t)*cap / 2;

    if (need > UINT32_MAX)
        return at;
    if (grown < FIRST_CAP)
        grown = FIRST_CAP;
    if (grown < need)
        grown = need;
    if (grown > UINT32_MAX)
        grown = UINT32_MAX;

    void *moved = mem_reallocarray(at, (size_t)grown, size);
    if (!moved)
        return at;
    *cap = (uint32_t)grown;
    return moved;
}
