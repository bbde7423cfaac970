/* A place. */
typedef struct {
    int x, y;
} point;

typedef struct shape {
    point *points;
    struct shape *next;
} shape, *shape_ref;

typedef shape polygon;
