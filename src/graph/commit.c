#include "graph/commit.h"

void commit_start(struct commit *c, uint32_t generation)
{
    c->generation = generation;
    c->failed = false;
    vec_clear(&c->touched);
    vec_clear(&c->made);
    vec_clear(&c->gone);
}

static inline uint32_t make(struct commit *c, size_t bytes)
{
    uint32_t block = c->failed ? 0 : space_alloc(c->space, bytes);
    if (block != 0 && vec_push(&c->made, (struct commit_extent){block, (uint32_t)bytes}))
        return block;
    if (block != 0)
        space_free(c->space, block, bytes);
    c->failed = true;
    return 0;
}

uint32_t commit_bare(struct commit *c, size_t bytes)
{
    return make(c, bytes);
}

struct block_head *commit_block(struct commit *c, size_t bytes, uint32_t n, uint32_t older,
                                uint32_t *ret_ref)
{
    size_t all = sizeof(struct block_past) + bytes;
    uint32_t block = make(c, all);
    *ret_ref = block != 0 ? block + 1 : 0;
    if (block == 0)
        return NULL;
    struct block_past *past = space_at(c->space, block);
    struct block_head *h = (struct block_head *)(past + 1);
    *past = (struct block_past){older, (uint32_t)all};
    *h = (struct block_head){c->generation, n};
    return h;
}

void commit_put(struct commit *c, _Atomic(uint32_t) *where, uint32_t ref)
{
    uint32_t old = atomic_load_explicit(where, memory_order_relaxed);
    if (c->failed || !vec_push(&c->touched, (struct commit_touched){where, old})) {
        c->failed = true;
        return;
    }
    atomic_store_explicit(where, ref, memory_order_release);
}

void commit_gone_bare(struct commit *c, uint32_t block, size_t bytes)
{
    if (!vec_push(&c->gone, (struct commit_extent){block, (uint32_t)bytes}))
        c->failed = true;
}

void commit_gone(struct commit *c, uint32_t ref)
{
    const struct block_head *h = block_of(c->space, ref);
    if (h->generation != 0)
        commit_gone_bare(c, ref - 1, block_past(h)->bytes);
}

static bool retire(struct commit *c, const struct commit_extent *e, uint32_t n)
{
    bool ok = true;
    for (uint32_t i = 0; i < n; i++)
        ok &= space_retire(c->space, e[i].block, e[i].bytes, c->generation);
    return ok;
}

bool commit_finish(struct commit *c)
{
    return retire(c, c->gone.at, c->gone.len);
}

void commit_undo(struct commit *c)
{
    for (uint32_t i = c->touched.len; i-- > 0;)
        atomic_store_explicit(c->touched.at[i].where, c->touched.at[i].old, memory_order_release);
    (void)retire(c, c->made.at, c->made.len); /* readers may stand in one, on their way back */
    commit_start(c, c->generation);
}

void commit_release(struct commit *c)
{
    vec_release(&c->touched);
    vec_release(&c->made);
    vec_release(&c->gone);
}
