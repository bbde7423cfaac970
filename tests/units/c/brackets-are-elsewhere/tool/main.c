#include <text.h>
int main(void) { return text_length("a"); }
