#include "lang/effort.h"

#include "base/log.h"

#include <pthread.h>
#include <stdlib.h>
#include <tree_sitter/api.h>

/* Real code, tables of numbers included, was seen to need under 3 operations for each byte of
 * source, and 80 bytes, or 1,500 where the parser must recover a lot. */
#define STEPS_MIN 5000u
#define SOURCE_PER_STEP 12u
#define BYTES_MIN ((uint64_t)64 << 20)
#define BYTES_PER_SOURCE 4096u

static _Thread_local uint64_t asked;

/* tree-sitter cannot go on without memory, and neither do we then. */
static void *must(void *p, size_t size)
{
    if (p == NULL && size > 0) {
        log_error("out of memory: the parser cannot go on", log_u64("bytes", size));
        abort();
    }
    return p;
}

static void *count_malloc(size_t size)
{
    asked += size;
    return must(malloc(size), size);
}

static void *count_calloc(size_t n, size_t size)
{
    asked += n * size;
    return must(calloc(n, size), n * size);
}

static void *count_realloc(void *p, size_t size)
{
    asked += size;
    return must(realloc(p, size), size);
}

static void install(void)
{
    ts_set_allocator(count_malloc, count_calloc, count_realloc, free);
}

void effort_start(struct effort *e, uint32_t n)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    (void)pthread_once(&once, install);
    e->steps = 0;
    e->max_steps = STEPS_MIN + n / SOURCE_PER_STEP;
    e->from = asked;
    e->max_bytes = BYTES_MIN + (uint64_t)n * BYTES_PER_SOURCE;
}

bool effort_spent(struct effort *e)
{
    return ++e->steps > e->max_steps || asked - e->from > e->max_bytes;
}
