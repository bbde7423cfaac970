/* Names without their case, and a summary of their letters that rules most of them out.
 *
 * Private to query/. ASCII only: other bytes are as they are. Pure; any thread.
 */
#ifndef PT_QUERY_FOLD_H
#define PT_QUERY_FOLD_H

#include <stdint.h>

#define FOLD_MAX 255u /* what is behind that many bytes of a name is not looked at */

struct folded {
    uint32_t n;
    uint64_t letters; /* set of (byte & 63), folded */
    char at[FOLD_MAX + 1];
};

static inline char fold_char(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 32) : c;
}

static inline void fold(const char *s, struct folded *ret)
{
    uint64_t letters = 0;
    uint32_t n = 0;

    for (; n < FOLD_MAX && s[n] != '\0'; n++) {
        char c = fold_char(s[n]);
        ret->at[n] = c;
        letters |= UINT64_C(1) << ((unsigned char)c & 63);
    }
    ret->at[n] = '\0';
    ret->n = n;
    ret->letters = letters;
}

/* So many edits at least lie between two names with these letters (one edit adds one letter). */
static inline unsigned fold_apart(uint64_t a, uint64_t b)
{
    unsigned x = (unsigned)__builtin_popcountll(a & ~b), y = (unsigned)__builtin_popcountll(b & ~a);
    return x > y ? x : y;
}

#endif
