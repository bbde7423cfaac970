static int part(int n) { return -n; }
int other(void) { return part(2); }
