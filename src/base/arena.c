#include "base/arena.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define CHUNK_FIRST ((size_t)4 << 10)
#define CHUNK_LARGEST ((size_t)1 << 20)

#if defined(__SANITIZE_ADDRESS__)
#define UNDER_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define UNDER_ASAN 1
#endif
#endif

struct arena_chunk {
    alignas(ARENA_ALIGN) struct arena_chunk *next; /* owned by the arena */
    size_t size;                                   /* of the chunk, this header included */
    bool is_regular;                               /* not made for one large allocation */
};

static size_t round_up(size_t size)
{
    return (size + (ARENA_ALIGN - 1)) & ~(size_t)(ARENA_ALIGN - 1);
}

void arena_init(struct arena *a)
{
    *a = (struct arena){0};
}

static void free_chunks_but(struct arena *a, struct arena_chunk *keep)
{
    struct arena_chunk *next;

    for (struct arena_chunk *c = a->chunks; c; c = next) {
        next = c->next;
        if (c != keep)
            mem_free(c);
    }
}

void arena_release(struct arena *a)
{
    free_chunks_but(a, NULL);
    arena_init(a);
}

static void make_current(struct arena *a, struct arena_chunk *c)
{
    a->at = (char *)(c + 1);
    a->end = (char *)c + c->size;
}

/* Under the address sanitizer no chunk is kept: use after reset is then found. */
void arena_reset(struct arena *a)
{
    struct arena_chunk *keep = NULL;

#ifndef UNDER_ASAN
    for (struct arena_chunk *c = a->chunks; c; c = c->next)
        if (c->is_regular && (!keep || c->size > keep->size))
            keep = c;
#endif
    free_chunks_but(a, keep);

    size_t next_size = a->next_size;
    arena_init(a);
    if (keep) {
        keep->next = NULL;
        a->chunks = keep;
        a->bytes = keep->size;
        a->next_size = next_size;
        make_current(a, keep);
    }
}

static struct arena_chunk *add_chunk(struct arena *a, size_t size, bool is_regular)
{
    struct arena_chunk *c = mem_alloc(size);

    if (!c)
        return NULL;
    *c = (struct arena_chunk){.next = a->chunks, .size = size, .is_regular = is_regular};
    a->chunks = c;
    a->bytes += size;
    return c;
}

void *arena_alloc_slow_(struct arena *a, size_t size)
{
    struct arena_chunk *c = NULL;

    if (a->next_size == 0)
        a->next_size = CHUNK_FIRST;

    if (size <= a->next_size / 4) {
        c = add_chunk(a, a->next_size, true);
        if (c) {
            make_current(a, c);
            if (a->next_size < CHUNK_LARGEST)
                a->next_size *= 2;
            return arena_alloc(a, size);
        }
    } else if (size <= PTRDIFF_MAX - sizeof(*c) - ARENA_ALIGN) {
        c = add_chunk(a, sizeof(*c) + round_up(size), false);
    }
    if (!c) {
        a->failed = true;
        return NULL;
    }
    return c + 1;
}

void *arena_calloc(struct arena *a, size_t n, size_t size)
{
    size_t total;

    if (__builtin_mul_overflow(n, size, &total)) {
        a->failed = true;
        return NULL;
    }
    void *p = arena_alloc(a, total);
    return p ? memset(p, 0, total) : NULL;
}

void *arena_memdup(struct arena *a, const void *p, size_t n)
{
    void *copy = arena_alloc(a, n);

    if (copy && n)
        memcpy(copy, p, n);
    return copy;
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
    char *copy = NULL;

    if (n < SIZE_MAX)
        copy = arena_alloc(a, n + 1);
    else
        a->failed = true;
    if (copy) {
        if (n)
            memcpy(copy, s, n);
        copy[n] = '\0';
    }
    return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
    return arena_strndup(a, s, strlen(s));
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap;
    va_list ap_again;
    char *s = NULL;

    va_start(ap, fmt);
    va_copy(ap_again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    if (n < 0)
        a->failed = true;
    else
        s = arena_alloc(a, (size_t)n + 1);
    if (s)
        vsnprintf(s, (size_t)n + 1, fmt, ap_again);
    va_end(ap_again);
    va_end(ap);
    return s;
}
