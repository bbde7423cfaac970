#include "point.h"

static point origin;

int area(const shape *s, shape_ref other)
{
    const polygon *p = s;
    return s->points->x + other->next->points[2].y + p->points->y + origin.x;
}

shape *first(void);
