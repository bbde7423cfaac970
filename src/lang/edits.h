/* What changed from one text to the next, as a syntax tree is to be told (ts_tree_edit).
 *
 * Mostly that is one place. A text may also differ in two places that lie far apart: somebody undid
 * one change and made another before we looked. One range around both would have all between them
 * parsed again, so the lines are compared (Myers, "An O(ND) Difference Algorithm and Its Variations",
 * 1986), unless they differ too much.
 *
 * Threads: pure functions. Errors: none; without memory for the lines there is one range.
 */
#ifndef PT_LANG_EDITS_H
#define PT_LANG_EDITS_H

#include "base/str.h"

#include <stdint.h>
#include <tree_sitter/api.h>

#define EDITS_MAX 40u

/* At least one, from the last place to the first, so that what stands before one is as it was. No edit
 * cuts a character of valid UTF-8. The texts are shorter than 2^32 bytes. */
uint32_t edits_between(struct slice old, struct slice new, TSInputEdit ret[EDITS_MAX]);

#endif
