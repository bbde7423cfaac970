/* What the operands of each term are. Shared by everything that walks over terms. */
#ifndef PT_LANG_TERMS_H
#define PT_LANG_TERMS_H

#include "lang/facts.h"

enum term_operand {
    A_TERM = 1u << 0,
    B_TERM = 1u << 1,
    A_NAME = 1u << 2,
    B_NAME = 1u << 3,
    A_BIND = 1u << 4,
    A_DEF = 1u << 5,
    B_SCOPE = 1u << 6,
};

/* By enum term_op: which of A_TERM ... hold. */
extern const uint8_t term_operands[TERM_OP_COUNT];
extern const char *const term_op_names[TERM_OP_COUNT];

#endif
