#include "base/err.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Takes back the last UTF-8 sequence if the cut at `n` left it incomplete. */
static void trim_cut_sequence(char *s, size_t n)
{
    size_t lead = n;

    while (lead > 0 && ((unsigned char)s[lead - 1] & 0xC0) == 0x80)
        lead--;
    if (lead == 0)
        return;
    lead--;

    unsigned char c = (unsigned char)s[lead];
    size_t want = c < 0xC0 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
    if (lead + want > n)
        s[lead] = '\0';
}

/* Appends to a message of which `at` bytes are there; returns the new length. */
static size_t msg_append(struct err *e, size_t at, const char *fmt, va_list ap)
{
    int n = vsnprintf(e->msg + at, sizeof(e->msg) - at, fmt, ap);

    if (n < 0) {
        e->msg[at] = '\0';
        return at;
    }
    if ((size_t)n >= sizeof(e->msg) - at)
        trim_cut_sequence(e->msg, sizeof(e->msg) - 1);
    return strlen(e->msg);
}

static PT_PRINTF(3, 4) size_t msg_appendf(struct err *e, size_t at, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    at = msg_append(e, at, fmt, ap);
    va_end(ap);
    return at;
}

int(err_set)(struct err *e, int code, const char *fmt, ...)
{
    va_list ap;

    assert(code < 0);
    if (e) {
        e->code = code;
        va_start(ap, fmt);
        msg_append(e, 0, fmt, ap);
        va_end(ap);
    }
    return code;
}

int err_from_errno(int saved_errno)
{
    switch (saved_errno) {
    case ENOMEM: return PT_ENOMEM;
    case ENOENT:
    case ESRCH: return PT_ENOENT;
    case EACCES:
    case EPERM:
    case EROFS: return PT_EACCES;
    case EEXIST:
    case ENOTEMPTY: return PT_EEXIST;
    case ENOSPC:
    case EDQUOT: return PT_ENOSPC;
    case EMFILE:
    case ENFILE:
    case EFBIG:
    case E2BIG:
    case ENAMETOOLONG: return PT_ELIMIT;
    case EINVAL:
    case EISDIR:
    case ENOTDIR:
    case ELOOP:
    case ENXIO:
    case EXDEV: return PT_EINVAL;
    case ECANCELED: return PT_ECANCELED;
    case ESTALE: return PT_ESTALE;
    default: return PT_EIO;
    }
}

int(err_set_errno)(struct err *e, int saved_errno, const char *fmt, ...)
{
    int code = err_from_errno(saved_errno);
    va_list ap;

    if (e) {
        char text[128];

        e->code = code;
        va_start(ap, fmt);
        size_t at = msg_append(e, 0, fmt, ap);
        va_end(ap);
        msg_appendf(e, at, ": %s", strerror_r(saved_errno, text, sizeof(text)));
    }
    return code;
}

int(err_prefix)(struct err *e, const char *fmt, ...)
{
    struct err old;
    va_list ap;

    if (!e || e->code >= 0)
        return PT_EINTERNAL;

    old = *e;
    va_start(ap, fmt);
    size_t at = msg_append(e, 0, fmt, ap);
    va_end(ap);
    msg_appendf(e, at, ": %s", old.msg);
    return e->code;
}

void err_clear(struct err *e)
{
    if (e) {
        e->code = PT_OK;
        e->msg[0] = '\0';
    }
}

const char *err_name(int code)
{
    switch (code) {
    case PT_OK: return "OK";
#define NAME_CASE(name, number, text)                                                              \
    case number: return #name;
        PT_ERR_MAP(NAME_CASE)
#undef NAME_CASE
    default: return "EUNKNOWN";
    }
}

const char *err_text(int code)
{
    switch (code) {
    case PT_OK: return "success";
#define TEXT_CASE(name, number, text)                                                              \
    case number: return text;
        PT_ERR_MAP(TEXT_CASE)
#undef TEXT_CASE
    default: return "unknown error";
    }
}
