static inline int own_string(void) { return 0; }
