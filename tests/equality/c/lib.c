#include "c.h"
#include "sub/d.h"
struct pair make(void)
{
    twins t;
    t.left->value = g();
    return t;
}
int h(struct node *n)
{
    return n->next->value;
}
int f(void)
{
    return h(0);
}
