#include "graph/words.h"

#include "base/io.h"
#include "base/mem.h"

#define STEP (1u << 18) /* words: memory is taken in pieces of 1 MB */

int words_init(struct words *w, struct err *err)
{
    w->at = mem_reserve((size_t)WORDS_LIMIT * sizeof(*w->at));
    w->ready = 0;
    return w->at != NULL ? PT_OK : err_set(err, PT_ENOMEM, "cannot reserve addresses for a graph");
}

void words_release(struct words *w)
{
    if (w->at != NULL)
        mem_unreserve((void *)w->at, (size_t)WORDS_LIMIT * sizeof(*w->at));
    w->at = NULL;
    w->ready = 0;
}

int words_map(struct words *w, int fd, uint64_t offset, uint32_t n, struct err *err)
{
    const uint32_t page = 4096 / sizeof(*w->at);
    if (n == 0)
        return PT_OK;
    if (n > WORDS_LIMIT - page)
        return err_set(err, PT_ELIMIT, "more than %u words", WORDS_LIMIT);
    w->ready = (n + page - 1) / page * page;
    return io_map_at(fd, offset, (size_t)w->ready * sizeof(*w->at), (void *)w->at, true, err);
}

bool words_need(struct words *w, uint32_t n)
{
    uint32_t to = n < WORDS_LIMIT - STEP ? (n + STEP - 1) / STEP * STEP : WORDS_LIMIT;
    if (n <= w->ready)
        return true;
    if (n > WORDS_LIMIT || !mem_commit((void *)(w->at + w->ready), (size_t)(to - w->ready) * 4))
        return false;
    w->ready = to;
    return true;
}
