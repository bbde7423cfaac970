int twice(int n);
int run(void) { return twice(1); }
