void *zmalloc(unsigned long n);
