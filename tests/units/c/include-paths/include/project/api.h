#include "types.h"
int api(struct thing *t);
