int grow(int n) { return n + 1; }
