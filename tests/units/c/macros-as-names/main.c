#include "alloc.h"

struct arena main_arena;
void *arena_alloc(struct arena *a, unsigned long n) { return a->used < (int)n ? 0 : a; }

void *get(pool *p)
{
    p->used = PAGES(2);
    return allocate(p, PAGE);
}

int used(void)
{
    return the_arena.used;
}
