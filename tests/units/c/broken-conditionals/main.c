int first(int n) { return n; }
int second(int n) { return n; }
int third(int n) { return n; }

/* branches that open what is closed elsewhere */
int chain(int n)
{
    if (n == 1) {
        return first(n);
#ifdef WITH_SECOND
    } else if (n == 2) {
        return second(n);
#endif
    } else {
        return third(n);
    }
}

#ifdef WIDE
int header(int n, int wide)
#else
int header(int n)
#endif
{
    return first(n);
}

/* inside of an expression, an initialiser, a list of arguments */
int expression(int n)
{
    return first(n)
#ifdef MORE
           + second(n)
#endif
           + third(n);
}

static int (*const table[])(int) = {
    first,
#ifdef WITH_SECOND
    second,
#endif
    third,
};

int arguments(int n)
{
    return first(
#ifdef NEGATIVE
        second(-n)
#else
        n
#endif
    ) + table[0](n);
}

int behind(void) { return chain(1) + header(2); }
