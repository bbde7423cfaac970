int paint_red(void) { return 1; }
int paint_green(void) { return 2; }

#define COLORS(X) X(red) X(green)
#define AS_ENUM(name) COLOR_##name,
#define AS_CALL(name) sum += paint_##name();

enum color { COLORS(AS_ENUM) COLOR_COUNT };

static const char *const names[] = {
#define COLOR(name) #name,
#include "colors.h"
#undef COLOR
};

int paint(enum color c)
{
    int sum = COLOR_COUNT + names[c][0];
    COLORS(AS_CALL)
    return sum;
}
