#include "log.h"

void log_raw(int level, const char *text) { (void)level; (void)text; }
int log_level(void) { return 0; }
