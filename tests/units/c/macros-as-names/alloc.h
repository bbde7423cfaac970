struct arena {
    int used;
};
void *arena_alloc(struct arena *a, unsigned long n);
extern struct arena main_arena;

#define PAGE 4096
#define PAGES(n) ((n) * PAGE)
#define allocate arena_alloc
#define pool struct arena
#define the_arena main_arena
