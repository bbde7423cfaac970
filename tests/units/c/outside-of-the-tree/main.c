#include <stdio.h>
#include "not/here.h"

int known(int n) { return n; }

void run(struct unknown *u, FILE *f)
{
    printf("%d\n", known(1));
    u->call(2);
    fclose(f);
    mystery(known(3));
    (void)UNKNOWN_MACRO(known(4));
}
