#ifndef X_MALLOC
#define X_MALLOC "x_malloc.h"
#endif
#include X_MALLOC
#include "z.h"

void *x_new(void) { return x_malloc(8); }
