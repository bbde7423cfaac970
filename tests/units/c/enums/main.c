#include "level.h"

state flip(enum level l)
{
    switch (l) {
    case LOW:
        return OFF;
    case MID:
    default:
        return l < (enum level)LIMIT ? ON : OFF;
    }
}
