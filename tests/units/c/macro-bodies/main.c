int count;
int next;
int call(int n);
int key_open(void);
struct item {
    struct item *next;
};

/* neither parameters, nor members, nor strings, nor parts of pasted names, nor the body's own
 * variables are references */
#define EACH(item, head, next)                                                                     \
    for (item = (head); item; item = item->next)
#define OPEN(key) key##_open()
#define SHOW(count) "count is " #count
#define SWAP(a, b)                                                                                 \
    do {                                                                                           \
        int count = (a);                                                                           \
        struct item *next = 0;                                                                     \
        (a) = (b), (b) = count;                                                                    \
        (void)next;                                                                                \
    } while (0)
#define call(n) (call(n), count) /* itself within: the function */
#define BUMP() (count++, call(next))
