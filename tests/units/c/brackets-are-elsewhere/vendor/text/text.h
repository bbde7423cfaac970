static inline int text_length(const char *s) { return s[1]; }
