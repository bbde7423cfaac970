/*
 * Parts of the UTF-8 functions of str.h that only src/base uses: the test of
 * what must not reach a terminal as it is. Pure functions.
 */
#ifndef PT_BASE_UTF8_H
#define PT_BASE_UTF8_H

#include <stdbool.h>
#include <stdint.h>

#define UTF8_REPLACEMENT 0xFFFD

/*
 * Control characters (C0, DEL, C1), what changes the direction or the order of
 * the text around it, and what is invisible and could make two names look
 * alike. The joiners U+200C and U+200D are spared: scripts and emoji need them.
 */
bool utf8_is_unsafe(uint32_t cp);

#endif
