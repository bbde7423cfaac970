int without_include(void) { return grow(2); }
