static inline int deep(void) { return 0; }
