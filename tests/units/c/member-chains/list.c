#include "list.h"
struct list *list_of(int which) { (void)which; return 0; }
struct item *item_at(list_t l, int n) { return l->head + n; }
