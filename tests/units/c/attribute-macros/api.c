#include "api.h"
#define STATIC static

STATIC node *fresh(int n)
{
    static atomic int made;
    static node one;
    one.n = n + made;
    return &one;
}

API node *api_make(int n)
{
    return fresh(n);
}

CHECK_FORMAT(1, 2)
void api_say(const char *text, ...)
{
    api_count(api_make(text[0]));
}

static inline NORETURN void stop(node *const n) { api_count(n); }
API int api_count(const node *n) { return n->n + n->next->n; }
