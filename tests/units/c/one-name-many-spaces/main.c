struct list {
    int list;
};
typedef struct list other;
enum kind { KIND };
int kind(int list) { return list; }
int list(struct list *list, int n)
{
    if (n > 0)
        goto list;
    return list->list;
list:
    return kind(n);
}
int both(void)
{
    struct list l = {.list = KIND};
    return list(&l, l.list);
}
