#include "c.h"
static inline int f(void)
{
    return g();
}
