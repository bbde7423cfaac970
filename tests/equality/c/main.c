#include "a.h"
#include "sub/d.h"
static int here(void)
{
    return f() + g() + LIMIT;
}
int main(void)
{
    struct pair p = make();
    return here() + p.left->value + h(p.left);
}
