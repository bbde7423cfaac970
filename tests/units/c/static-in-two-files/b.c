static int helper(void)
{
    return 2;
}

int run_b(void)
{
    return helper();
}

int run_both(void)
{
    return run_a() + run_b();
}
