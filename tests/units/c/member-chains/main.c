#include "list.h"

static struct list all[3];

int chain(void *raw, struct item items[], int n)
{
    int sum = list_of(1)->head->next->data.number;
    sum += item_at(list_of(2), n)->more[0]->number;
    sum += ((struct item *)raw)->data.number;
    sum += (items + n)->data.number + items[n].more[n]->number;
    sum += (*items->next).data.number;
    sum += (n ? items : items->next)->data.number;
    sum += (&all[n])->head->data.number;
    sum += ((struct value){.number = n}).number;
    return sum;
}
