int used(void) { return 0; }
int unused(void) { return 1; }

#if 0
It doesn't matter what stands here { unused(
int never(void) { return unused(); }
#endif

int run(void)
{
#if 0
    return unused();
#else
    return used();
#endif
}

int run_again(void)
{
#if 1
    return used();
#else
    return unused();
#endif
}
