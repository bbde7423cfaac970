#include "base/hash.h"

#define XXH_STATIC_LINKING_ONLY /* for the size of the state */
#include <xxhash.h>

#include "base/codec.h"

_Static_assert(sizeof(XXH3_state_t) == HASHER_STATE_SIZE, "hash.h must match libxxhash");
_Static_assert(_Alignof(XXH3_state_t) <= 64, "hash.h must match libxxhash");

static XXH3_state_t *state_of(struct hasher *h)
{
    return (XXH3_state_t *)(void *)h->state;
}

static const XXH3_state_t *const_state_of(const struct hasher *h)
{
    return (const XXH3_state_t *)(const void *)h->state;
}

static struct hash128 from_xxh(XXH128_hash_t v)
{
    return (struct hash128){v.low64, v.high64};
}

uint64_t hash64(const void *p, size_t n)
{
    return XXH3_64bits(p, n);
}

uint64_t hash64_seed(const void *p, size_t n, uint64_t seed)
{
    return XXH3_64bits_withSeed(p, n, seed);
}

struct hash128 hash128(const void *p, size_t n)
{
    return from_xxh(XXH3_128bits(p, n));
}

/* XXH3 keeps the same state for both widths, so one hasher gives either. */
void hasher_init(struct hasher *h)
{
    XXH3_64bits_reset(state_of(h));
}

void hasher_init_seed(struct hasher *h, uint64_t seed)
{
    XXH3_64bits_reset_withSeed(state_of(h), seed);
}

void hasher_add(struct hasher *h, const void *p, size_t n)
{
    if (n) /* xxhash reads NULL as an error */
        XXH3_64bits_update(state_of(h), p, n);
}

void hasher_add_u64(struct hasher *h, uint64_t v)
{
    uint8_t bytes[8];

    codec_put64(bytes, v);
    hasher_add(h, bytes, sizeof(bytes));
}

uint64_t hasher_u64(const struct hasher *h)
{
    return XXH3_64bits_digest(const_state_of(h));
}

struct hash128 hasher_u128(const struct hasher *h)
{
    return from_xxh(XXH3_128bits_digest(const_state_of(h)));
}
