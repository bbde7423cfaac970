#include "lib.h"
#include "other.h"
int plain(void) { return extra(); }
int extra(void) { return 0; }
