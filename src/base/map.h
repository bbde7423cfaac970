/*
 * A hash map from any uint64_t to uint32_t: open addressing with linear
 * probing, 12 bytes a slot, deletion without tombstones.
 *
 * Determinism: no randomness. The seed of the hash is a constant, so that
 * the same operations in the same order give the same table on every machine;
 * still, the order of iteration is unspecified: sort before you print.
 * Hostile keys: when a probe gets longer than chance explains, the table is
 * rehashed under the next seed of a fixed sequence; keys that were chosen to
 * collide under one seed do not collide under the next.
 *
 * Threads: one writer alone, or any number of readers (map_get, map_len,
 * map_next). Ownership: the map owns its table. Pointers to values are valid
 * until the next put, del, clear or release.
 * Errors: NULL or false when memory is short or the map would pass 2^30
 * entries; the map is then as it was.
 */
#ifndef PT_BASE_MAP_H
#define PT_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All zero is an empty map; the fields are private. */
struct map {
    uint32_t *slots;     /* owned; (key low, key high, value), key 0 = free */
    uint32_t n_slots;    /* 0 or a power of two */
    uint32_t used;       /* slots in use (key 0 is kept apart) */
    uint32_t round;      /* which seed of the sequence */
    uint32_t zero_value; /* the value of key 0 */
    bool has_zero;
};

void map_init(struct map *m);
void map_release(struct map *m); /* leaves an empty, usable map */
void map_clear(struct map *m);   /* keeps the memory */

/* Room for n entries in all, so that the puts up to there cannot fail. */
bool map_reserve(struct map *m, uint32_t n);

/* The value in place, or NULL. */
uint32_t *map_get(const struct map *m, uint64_t key);

/*
 * The value in place, put there as `value_if_new` if the key was absent.
 * `ret_new` may be NULL. NULL when memory is short.
 */
uint32_t *map_put(struct map *m, uint64_t key, uint32_t value_if_new, bool *ret_new);

/* Was the key there? */
bool map_del(struct map *m, uint64_t key);

uint32_t map_len(const struct map *m);
size_t map_bytes(const struct map *m);

/*
 * Iteration; the map must not change during it.
 *
 *	uint32_t it = 0, value;
 *	uint64_t key;
 *	while (map_next(&m, &it, &key, &value))
 *		...
 */
bool map_next(const struct map *m, uint32_t *it, uint64_t *ret_key, uint32_t *ret_value);

#endif
