#include "b.h"
#include "e.h"
struct node {
    int value;
    struct node *next;
};
struct pair {
    struct node *left, *right;
};
struct pair make(void);
