#include "../a.h"
typedef struct pair twins;
