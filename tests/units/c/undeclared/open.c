#include <elsewhere/names.h>
int with_include(void) { return grow(1); }
