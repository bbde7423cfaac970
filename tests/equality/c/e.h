static inline int g(void)
{
    return 3;
}
int f(void);
