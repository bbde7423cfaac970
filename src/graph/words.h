/* Words by number, for as many numbers as are ever needed, at addresses that never change: the
 * roots that the blocks of a graph hang on.
 *
 * Threads: the writer makes room; any thread reads and writes words below the length that was
 * published to it.
 */
#ifndef PT_GRAPH_WORDS_H
#define PT_GRAPH_WORDS_H

#include "base/err.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define WORDS_LIMIT (1u << 28)

struct words {
    _Atomic(uint32_t) *at;
    uint32_t ready;
};

int words_init(struct words *w, struct err *err); /* PT_ENOMEM: no addresses */
void words_release(struct words *w);
/* The first n words are those of an open file, from a page of it on; what is written to them stays
 * in memory. The words must be as words_init left them. */
int words_map(struct words *w, int fd, uint64_t offset, uint32_t n, struct err *err);
/* Room for the words 0 ... n - 1; new ones are 0. */
bool words_need(struct words *w, uint32_t n);

#endif
