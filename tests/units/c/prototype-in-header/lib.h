#ifndef LIB_H
#define LIB_H
int lib_open(const char *path);
void lib_close(int fd);
int lib_missing(void);
#endif
