#include "state.h"
struct state state = {.users = 1};
int debug = 0, verbose;
static int hidden = 3;
int *alias = &hidden;
