/* The C library of tree-sitter, with another way to look into its parse tables.
 *
 * Most states of a grammar have a short table of their own, in which a symbol is searched from the
 * front. A parser asks the same few questions over and over: what was answered last is kept, which is
 * a tenth of the time of a parse. The answers are the same.
 */
#define ts_language_lookup ts_language_lookup_searching
#include "./language.h"
#undef ts_language_lookup

#include <string.h>

#define ANSWERS 1024u

static inline uint16_t ts_language_lookup(const TSLanguage *self, TSStateId state, TSSymbol symbol)
{
    static _Thread_local struct {
        uint32_t question; /* 0: none, as state 0 has no short table */
        uint16_t answer;
    } last[ANSWERS];
    static _Thread_local const TSLanguage *asked; /* of this language */

    if (state < self->large_state_count)
        return self->parse_table[state * self->symbol_count + symbol];
    if (asked != self) {
        memset(last, 0, sizeof(last));
        asked = self;
    }
    uint32_t question = (uint32_t)state << 16 | symbol;
    uint32_t at = (question * 0x9e3779b1u) >> 16 & (ANSWERS - 1);
    if (last[at].question != question) {
        last[at].question = question;
        last[at].answer = ts_language_lookup_searching(self, state, symbol);
    }
    return last[at].answer;
}

#include "./lib.c"
