/*
 * Compiler attributes under short names, so that no other header spells out
 * a compiler extension.
 */
#ifndef PT_BASE_ATTR_H
#define PT_BASE_ATTR_H

#define PT_PRINTF(fmt_arg, first_arg) __attribute__((format(printf, fmt_arg, first_arg)))
#define PT_MUST_CHECK __attribute__((warn_unused_result))
#define PT_MALLOC __attribute__((malloc))
#define PT_ALLOC_SIZE(...) __attribute__((alloc_size(__VA_ARGS__)))
#define PT_RETURNS_ALIGNED(n) __attribute__((assume_aligned(n)))

#define PT_LIKELY(x) __builtin_expect(!!(x), 1)
#define PT_UNLIKELY(x) __builtin_expect(!!(x), 0)

/* The element count of a true array. */
#define PT_COUNT(array) (sizeof(array) / sizeof((array)[0]))

#endif
