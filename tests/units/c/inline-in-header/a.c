#include "vec.h"
int a(struct vec *v) { return vec_empty(v); }
