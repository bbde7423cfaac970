int value(void)
{
    return 1;
}

int by_parameter(int (*value)(void))
{
    return value();
}

int by_local(void)
{
    int before = value();
    int (*value)(void) = 0;
    return before + value();
}

int by_block(int n)
{
    int sum = 0;
    for (int value = 0; value < n; value++)
        sum += value;
    if (n > 3) {
        int value = 4;
        sum += value;
    }
    return sum + value();
}
