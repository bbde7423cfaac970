/*
 * Growing arrays of any type:
 *
 *	VEC(uint32_t) ids = {0};
 *	if (!vec_push(&ids, 7))
 *		return PT_ENOMEM;
 *	for (uint32_t i = 0; i < ids.len; i++)
 *		use(ids.at[i]);
 *	vec_release(&ids);
 *
 * All zero is an empty vector. Elements move when it grows: hold indices,
 * not pointers, across a push. To pass a vector around, name its type:
 * `struct id_vec VEC_BODY(uint32_t);`.
 *
 * Macros: the vector argument is evaluated more than once, a count too; an
 * item once, after the room was made (so pushing an element of the vector
 * itself is safe).
 * Threads: one at a time. Ownership: the vector owns its array, not what the
 * elements point to. Errors: false or NULL when memory is short or the length
 * would pass 2^32 - 1; the vector is then as it was.
 */
#ifndef PT_BASE_VEC_H
#define PT_BASE_VEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

#define VEC_BODY(T)                                                                                \
    {                                                                                              \
        T *at;                                                                                     \
        uint32_t len, cap;                                                                         \
    }
#define VEC(T) struct VEC_BODY(T)

/* Returns the array with room for `need` elements, or as it was. */
void *vec_fit_(void *at, uint32_t *cap, uint64_t need, size_t size);

#define vec_reserve(v, n)                                                                          \
    ((uint64_t)(n) <= (v)->cap ||                                                                  \
     ((v)->at = vec_fit_((v)->at, &(v)->cap, (uint64_t)(n), sizeof(*(v)->at)),                     \
      (uint64_t)(n) <= (v)->cap))

/* Appends; the rest of the arguments is the item (compound literals too). */
#define vec_push(v, ...)                                                                           \
    (vec_reserve(v, (uint64_t)(v)->len + 1) &&                                                     \
     ((v)->at[(v)->len] = (__VA_ARGS__), (v)->len++, true))

/* Appends n uninitialised elements: a pointer to the first, or NULL. */
#define vec_grow(v, n)                                                                             \
    (vec_reserve(v, (uint64_t)(v)->len + (uint64_t)(n) + ((n) == 0 ? 1U : 0U))                     \
         ? ((v)->len += (uint32_t)(n), (v)->at + ((v)->len - (uint32_t)(n)))                       \
         : NULL)

/* Removes and gives the last element; the vector must not be empty. */
#define vec_pop(v) ((v)->at[--(v)->len])

/* The last element, as an lvalue; the vector must not be empty. */
#define vec_last(v) ((v)->at[(v)->len - 1])

#define vec_clear(v) ((void)((v)->len = 0))                   /* keeps the memory */
#define vec_truncate(v, n) ((void)((v)->len = (uint32_t)(n))) /* n <= len */

/* Frees; leaves an empty vector. */
#define vec_release(v) ((void)(mem_free((v)->at), (v)->at = NULL, (v)->len = 0, (v)->cap = 0))

/* Bytes held from the heap, for accounting. */
#define vec_bytes(v) ((size_t)(v)->cap * sizeof(*(v)->at))

#endif
