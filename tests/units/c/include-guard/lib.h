#ifndef LIB_H
#define LIB_H

#ifdef __cplusplus
extern "C" {
#endif

int plain(void);
#ifdef EXTRA
int extra(void);
#endif

#ifdef __cplusplus
}
#endif
#endif /* LIB_H */
