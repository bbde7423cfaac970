#include "net.h"
int net_connect(void) { return 2; }
void net_close(void) { net_connect(); }
