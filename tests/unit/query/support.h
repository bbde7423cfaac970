/* What the tests of src/query share. */
#ifndef PT_TESTS_UNIT_QUERY_SUPPORT_H
#define PT_TESTS_UNIT_QUERY_SUPPORT_H

#include "unit/base/support.h"

#include "base/fault.h"
#include "base/str.h"
#include "support/graph_builder.h"

/* Runs `call` with its n-th allocation failing, for n = 1, 2, ... until it succeeds. */
#define FAIL_EACH_ALLOCATION(call)                                                                 \
    do {                                                                                           \
        for (uint64_t nth_ = 1;; nth_++) {                                                         \
            fault_arm("mem.alloc", nth_, ENOMEM);                                                  \
            int rc_ = (call);                                                                      \
            bool fired_ = fault_fired();                                                           \
            fault_disarm_all();                                                                    \
            if (!fired_) {                                                                         \
                assert_int_equal(rc_, 0);                                                          \
                assert_true(nth_ > 1);                                                             \
                break;                                                                             \
            }                                                                                      \
            assert_int_equal(rc_, PT_ENOMEM);                                                      \
        }                                                                                          \
    } while (0)

/* A random graph: n functions f0 ... over three files, m edges of the kinds in `kinds` (words). */
static inline struct graph *random_graph(uint64_t *rng, uint32_t n, uint32_t m,
                                         const char *const *kinds, uint32_t n_kinds)
{
    struct buf text = {0};

    for (uint32_t i = 0; i < n; i++)
        buf_printf(&text, "fn %c.c::f%u line %u%s\n", "abc"[rng_below(rng, 3)], i, i + 1,
                   rng_below(rng, 6) == 0 ? " test" : "");
    for (uint32_t i = 0; i < m; i++)
        buf_printf(&text, "f%u -> f%u %s %u%s\n", (unsigned)rng_below(rng, n),
                   (unsigned)rng_below(rng, n), kinds[rng_below(rng, n_kinds)],
                   (unsigned)rng_below(rng, 100) + 1, rng_below(rng, 8) == 0 ? " candidate" : "");
    struct graph *g = graph_of(buf_cstr(&text));
    buf_release(&text);
    return g;
}

#endif
