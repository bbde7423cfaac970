#define x_malloc zmalloc
