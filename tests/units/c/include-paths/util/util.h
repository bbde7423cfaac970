static inline int util(int n) { return n; }
