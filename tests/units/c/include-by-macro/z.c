#include "z.h"
void *zmalloc(unsigned long n) { return n ? (void *)1 : 0; }
