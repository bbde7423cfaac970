#include <project/api.h>
#include "../util/util.h"
#include "string.h"
#include <string.h>
#include <stdio.h>
#include <time.h>
#include "deep.h"
int api(struct thing *t) { return util(t->n) + own_string() + project_time() + deep(); }
