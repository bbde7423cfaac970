/* The codes that the functions of Parseltongue return: PT_OK, or a negative one for what went
 * wrong.
 *
 * One list for users and for the library's own code. Plain constants; any thread may use them.
 */
#ifndef PARSELTONGUE_CODES_H
#define PARSELTONGUE_CODES_H

/* X(name, number, text). Numbers are stable: they leave the process. */
#define PT_ERR_MAP(X)                                                                              \
    X(ENOMEM, -1, "out of memory")                                                                 \
    X(EIO, -2, "input/output error")                                                               \
    X(ECORRUPT, -3, "damaged data")                                                                \
    X(EINVAL, -4, "invalid argument")                                                              \
    X(ENOENT, -5, "not found")                                                                     \
    X(EAMBIGUOUS, -6, "ambiguous")                                                                 \
    X(ELIMIT, -7, "limit exceeded")                                                                \
    X(EVERSION, -8, "unsupported version")                                                         \
    X(ECANCELED, -9, "cancelled")                                                                  \
    X(EEXIST, -10, "already exists, or is held by another process")                                \
    X(EACCES, -11, "permission denied")                                                            \
    X(ENOSPC, -12, "no space left")                                                                \
    X(EUSAGE, -13, "usage error")                                                                  \
    X(ESTALE, -14, "changed in the meantime")                                                      \
    X(EINTERNAL, -15, "internal error")                                                            \
    X(EBUSY, -16, "in use")                                                                        \
    X(EREFUSED, -17, "refused unless it is forced")

enum pt_code {
    PT_OK = 0,
#define PT_ERR_ENUM_(name, number, text) PT_##name = (number),
    PT_ERR_MAP(PT_ERR_ENUM_)
#undef PT_ERR_ENUM_
};

#endif
