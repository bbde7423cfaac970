enum level {
    LOW,
    MID = LOW + 5,
    HIGH /* the end */
};
enum { LIMIT = 10, TWICE = LIMIT * 2 };
typedef enum { OFF, ON } state;
