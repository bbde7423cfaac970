typedef int (*compare)(const void *, const void *);

extern void sort(void *base, compare c);
int ascending(const void *a, const void *b) { return a < b; }
int descending(const void *a, const void *b) { return a > b; }

compare pick(int up)
{
    return up ? ascending : descending;
}

void run(void *base, int up)
{
    compare c = &ascending;
    sort(base, ascending);
    sort(base, pick(up));
    c = descending;
    c(base, base);
    pick(up)(base, base);
    (up ? ascending : descending)(base, base);
}
