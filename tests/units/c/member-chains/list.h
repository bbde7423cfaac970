struct value { int number; };
struct item {
    struct item *next;
    struct value data, *more[4];
};
typedef struct list { struct item *head; } *list_t;
struct list *list_of(int which);
struct item *item_at(list_t l, int n);
#define HEAD(l) ((l)->head)
