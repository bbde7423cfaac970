#if !defined(OTHER_H)
#define OTHER_H
struct other {
    int n;
};
#endif
