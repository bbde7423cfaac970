#define LIMIT 10
static inline int g(void)
{
    return LIMIT;
}
int h(struct node *n);
