/*
 * Hashes: XXH3 of libxxhash. Fast, well mixed, the same on every machine;
 * not cryptographic: who chooses the bytes can make them collide.
 *
 * Threads: pure functions; a hasher belongs to one thread at a time.
 * Ownership: no heap memory. Errors: none.
 */
#ifndef PT_BASE_HASH_H
#define PT_BASE_HASH_H

#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hash128 {
    uint64_t lo, hi;
};

uint64_t hash64(const void *p, size_t n);
uint64_t hash64_seed(const void *p, size_t n, uint64_t seed);
struct hash128 hash128(const void *p, size_t n);

static inline bool hash128_eq(struct hash128 a, struct hash128 b)
{
    return a.lo == b.lo && a.hi == b.hi;
}

/* The well-mixed image of one number; a bijection. */
static inline uint64_t hash_mix64(uint64_t x)
{
    x ^= x >> 32;
    x *= 0xe9846af9b1a615dULL;
    x ^= x >> 32;
    x *= 0xe9846af9b1a615dULL;
    x ^= x >> 28;
    return x;
}

#define HASHER_STATE_SIZE 576

/*
 * The hash of bytes that come in parts. The result equals hash64 / hash128 of
 * the parts joined: put lengths or separators in between yourself.
 * Keep it on the stack or embed it: on the heap it would need 64-alignment.
 */
struct hasher {
    alignas(64) unsigned char state[HASHER_STATE_SIZE];
};

void hasher_init(struct hasher *h);
void hasher_init_seed(struct hasher *h, uint64_t seed);
void hasher_add(struct hasher *h, const void *p, size_t n);
void hasher_add_u64(struct hasher *h, uint64_t v); /* its 8 little-endian bytes */

/* The hash of all that was added so far; more may be added after. */
uint64_t hasher_u64(const struct hasher *h);
struct hash128 hasher_u128(const struct hasher *h);

#endif
