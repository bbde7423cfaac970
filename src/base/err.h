/*
 * Error codes and the message that goes with the last failure.
 *
 * A function that can fail returns 0 (PT_OK) or one of the negative codes of
 * parseltongue/codes.h, and writes what went wrong, for people, into the `struct err` that
 * its caller lent. Every function here takes a NULL `struct err *`: the
 * caller then wants the code alone.
 *
 * Threads: a `struct err` belongs to one thread at a time; nothing is shared.
 * Ownership: no heap memory; a `struct err` may be copied by assignment.
 */
#ifndef PT_BASE_ERR_H
#define PT_BASE_ERR_H

#include "base/attr.h"
#include "parseltongue/codes.h"

struct err {
    int code;
    char msg[480]; /* always terminated; cut between UTF-8 sequences */
};

/*
 * Replaces code and message. Returns `code`, which must be negative, so that
 * `return err_set(err, PT_EINVAL, ...)` reads as one step.
 */
int err_set(struct err *e, int code, const char *fmt, ...) PT_PRINTF(3, 4);

/*
 * The same for a failed system call: maps `saved_errno` to a code (what has
 * no code of its own is PT_EIO), appends ": " and the system's text.
 */
int err_set_errno(struct err *e, int saved_errno, const char *fmt, ...) PT_PRINTF(3, 4);

/*
 * Puts "<fmt>: " before the message that is there and leaves the code.
 * Returns the code; PT_EINTERNAL when `e` is NULL or holds no error, so that
 * `return err_prefix(...)` never turns a failure into a success.
 */
int err_prefix(struct err *e, const char *fmt, ...) PT_PRINTF(2, 3);

/*
 * Tells the compiler that these three return no 0: else it warns, in the
 * callers, of results that are unset after "success".
 */
static inline int err_negative_(int code)
{
    if (code >= 0)
        __builtin_unreachable();
    return code;
}
#define err_set(...) err_negative_(err_set(__VA_ARGS__))
#define err_set_errno(...) err_negative_(err_set_errno(__VA_ARGS__))
#define err_prefix(...) err_negative_(err_prefix(__VA_ARGS__))

/* Back to "no error". */
void err_clear(struct err *e);

/* The code that err_set_errno would choose; never PT_OK. */
int err_from_errno(int saved_errno);

/* "ENOMEM" for PT_ENOMEM, "OK" for 0, "EUNKNOWN" for what is no code. */
const char *err_name(int code);

/* "out of memory" for PT_ENOMEM, and so on. */
const char *err_text(int code);

#endif
