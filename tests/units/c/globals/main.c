#include "state.h"
static int hidden;

int count(void)
{
    extern int late;
    static int calls;
    calls++;
    state.notify(debug);
    return state.users + verbose + hidden + late;
}

int late = 5;
