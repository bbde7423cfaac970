/* A commit under way: what it has written beside the graph that readers see, what it will replace,
 * and how to take all of it back.
 *
 * Everything that a commit changes hangs on words (refs) that name blocks of a space. A commit
 * writes a new block, which knows its generation and the ref of what it replaces, and puts its ref
 * into the word. Readers of older generations find the new block, see that it is not theirs yet,
 * and go on to the older one. So the words may change while readers run, and a commit may fail
 * halfway (commit_undo) without anybody having noticed.
 *
 * Threads: the writer alone. Errors: `failed` is set when memory is short and stays so until the
 * next commit_start; refs are then 0.
 */
#ifndef PT_GRAPH_COMMIT_H
#define PT_GRAPH_COMMIT_H

#include "base/attr.h"
#include "graph/space.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Of every block that readers may meet while it is too new for them. What was there before the
 * first commit has generation 0. */
struct block_head {
    uint32_t generation;
    uint32_t n; /* for whoever owns the block */
};

/* Before the head of a block that a commit wrote. */
struct block_past {
    uint32_t older; /* ref of what it replaces */
    uint32_t bytes; /* of the whole block, this included */
};

struct commit_touched {
    _Atomic(uint32_t) *where;
    uint32_t old;
};

struct commit_extent {
    uint32_t block, bytes;
};

struct commit {
    struct space *space; /* borrowed */
    uint32_t generation; /* that the commit makes */
    bool failed;
    VEC(struct commit_touched) touched;
    VEC(struct commit_extent) made, gone;
};

void commit_start(struct commit *c, uint32_t generation);

/* A block with head and past. NULL: no memory. */
struct block_head *commit_block(struct commit *c, size_t bytes, uint32_t n, uint32_t older,
                                uint32_t *ret_ref);
/* A block without either, for what only other blocks of this generation name. 0: no memory. */
uint32_t commit_bare(struct commit *c, size_t bytes);
/* `where` names `ref` from now on. */
void commit_put(struct commit *c, _Atomic(uint32_t) *where, uint32_t ref);
/* Nothing of the new generation names the block any more. */
void commit_gone(struct commit *c, uint32_t ref);
void commit_gone_bare(struct commit *c, uint32_t block, size_t bytes);

/* The generation is published: what it replaced is retired. False: memory was short, and some of it
 * is lost until the space is released. */
bool commit_finish(struct commit *c);
/* Takes everything back. */
void commit_undo(struct commit *c);
void commit_release(struct commit *c);

static inline struct block_head *block_of(const struct space *s, uint32_t ref)
{
    return (struct block_head *)space_at(s, ref);
}

static inline struct block_past *block_past(const struct block_head *h)
{
    return (struct block_past *)(uintptr_t)h - 1;
}

/* The block that readers of a generation see at the end of a ref. Granule 0 is an empty block. */
static inline struct block_head *block_seen(const struct space *s, uint32_t ref,
                                            uint32_t generation)
{
    struct block_head *h = block_of(s, ref);
    while (PT_UNLIKELY(h->generation > generation))
        h = block_of(s, block_past(h)->older);
    return h;
}

#endif
