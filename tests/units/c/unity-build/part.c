static int part(int n) { return n; }
static int unused_part(void) { return 0; }
