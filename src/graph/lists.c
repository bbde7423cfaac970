#include "graph/lists.h"

#include <string.h>

static uint64_t key_of(uint8_t attr, uint32_t target)
{
    return (uint64_t)(attr >> 2) << 32 | target;
}

static uint64_t span_key(const struct list_span *s, uint32_t i)
{
    return key_of(s->attrs[i], s->targets[i]);
}

static uint64_t edit_key(const struct list_edit *e)
{
    return key_of(e->attr, e->target);
}

/* ---- reading chunks ---- */

static bool chunk_span(const struct lists *l, const struct list_index *index, uint32_t i,
                       uint32_t generation, struct list_span *ret)
{
    const struct list_chunk *c = &index->chunks[i];
    uint32_t ref = atomic_load_explicit(&c->ref, memory_order_acquire);
    while (!(ref & LISTS_PIECE)) {
        const struct block_head *h = block_of(l->space, ref);
        if (h->generation <= generation) {
            list_span_of(h, ret);
            return h->n > 0;
        }
        ref = block_past(h)->older;
    }
    list_span_of(block_of(l->space, index->pieces_of), ret);
    ref &= ~LISTS_PIECE;
    ret->targets += ref;
    ret->values += ref;
    ret->attrs += ref;
    ret->n = c->n;
    return true;
}

bool list_more_(struct list_walk *w)
{
    while (w->at != w->end) {
        uint32_t i = w->at++;
        if (w->at != w->end) { /* the next one, while this one is read */
            uint32_t ref = atomic_load_explicit(&w->index->chunks[w->at].ref, memory_order_relaxed);
            if (!(ref & LISTS_PIECE))
                __builtin_prefetch(block_of(w->lists->space, ref));
        }
        if (chunk_span(w->lists, w->index, i, w->generation, &w->span))
            return true;
    }
    return false;
}

bool list_begin_index_(const struct lists *l, uint32_t generation, const struct block_head *h,
                       struct list_walk *w)
{
    w->lists = l;
    w->generation = generation;
    w->index = (const struct list_index *)h;
    w->end = h->n & ~LISTS_INDEX;
    return list_more_(w);
}

/* ---- writing ---- */

/* The result of merging a span with edits, which is taken out of it piece by piece. */
struct merge {
    const struct list_span *from;
    const struct list_edit *edits;
    const uint32_t *places; /* of each edit: the first entry that is not below it, PLACE_TAKEN if it
                               is the entry of the same key */
    uint32_t at, edit, n_edits;
};

#define PLACE_TAKEN (1u << 31)

/* The first entry from `at` on that is not below the key. Without a branch on what is compared: it
 * could only be guessed. */
static uint32_t lower_bound(const struct list_span *s, uint32_t at, uint64_t key)
{
    uint32_t n = s->n - at;
    while (n > 0) {
        uint32_t half = n / 2;
        bool below = span_key(s, at + half) < key;
        at += below ? half + 1 : 0;
        n = below ? n - half - 1 : half;
    }
    return at;
}

static bool is_at(const struct list_span *s, uint32_t at, uint64_t key)
{
    return at < s->n && span_key(s, at) == key;
}

/* Is the hint right, that nothing from `at` up to it is as large as the key? */
static bool is_bound(const struct list_span *s, uint32_t at, uint32_t hint, uint64_t key)
{
    return hint >= at && hint <= s->n && (hint == s->n || span_key(s, hint) >= key) &&
           (hint == at || span_key(s, hint - 1) < key);
}

/* Begins to merge; at most one merge at a time, with at most as many edits as lists_edit was given.
 * Returns how many entries there will be. */
static uint32_t merge_begin(struct lists *l, struct merge *m, const struct list_span *from,
                            const struct list_edit *edits, uint32_t n)
{
    uint32_t count = from->n, at = 0, *places = l->places.at;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t key = edit_key(&edits[i]);
        at = is_bound(from, at, edits[i].hint, key) ? edits[i].hint : lower_bound(from, at, key);
        bool taken = is_at(from, at, key);
        places[i] = at | (taken ? PLACE_TAKEN : 0);
        count += !edits[i].remove; /* the edit takes the place of what was there */
        count -= taken;
    }
    *m = (struct merge){.from = from, .edits = edits, .places = places, .n_edits = n};
    return count;
}

/* The last chunk that does not begin behind the key, else the first. */
static uint32_t chunk_of(const struct list_index *index, uint64_t key)
{
    uint32_t low = 0, high = index->head.n & ~LISTS_INDEX;
    while (high - low > 1) { /* low is 0, or begins at or before the key */
        uint32_t mid = low + (high - low) / 2;
        if (index->chunks[mid].first <= key)
            low = mid;
        else
            high = mid;
    }
    return low;
}

bool list_find(const struct lists *l, uint32_t generation, uint32_t id, uint8_t kind,
               uint32_t target, struct list_entry *ret)
{
    uint32_t ref = atomic_load_explicit(&l->entry[id], memory_order_acquire);
    const struct block_head *h = block_seen(l->space, ref, generation);
    const uint64_t key = (uint64_t)kind << 32 | target;
    struct list_span s;
    if (h->n & LISTS_INDEX) {
        const struct list_index *index = (const struct list_index *)h;
        if ((h->n & ~LISTS_INDEX) == 0 ||
            !chunk_span(l, index, chunk_of(index, key), generation, &s))
            return false;
    } else {
        list_span_of(h, &s);
    }
    uint32_t i = lower_bound(&s, 0, key);
    if (!is_at(&s, i, key))
        return false;
    *ret = (struct list_entry){.value = l->values ? s.values[i] : 0, .attr = s.attrs[i]};
    return true;
}

/* Where entries are written to. */
struct target {
    uint32_t *targets, *values; /* values NULL: the lists have none */
    uint8_t *attrs;
};

#define SHORT_RUN 16u

static void copy_run(const struct target *to, uint32_t i, const struct list_span *from, uint32_t at,
                     uint32_t n)
{
    if (n <= SHORT_RUN) { /* most lists are: calls would cost more */
        for (uint32_t k = 0; k < n; k++) {
            to->targets[i + k] = from->targets[at + k];
            to->attrs[i + k] = from->attrs[at + k];
        }
        for (uint32_t k = 0; to->values != NULL && k < n; k++)
            to->values[i + k] = from->values[at + k];
        return;
    }
    memcpy(to->targets + i, from->targets + at, n * sizeof(*to->targets));
    memcpy(to->attrs + i, from->attrs + at, n);
    if (to->values != NULL)
        memcpy(to->values + i, from->values + at, n * sizeof(*to->values));
}

/* Takes the next n entries out of the merge. */
static void merge_take(struct merge *m, const struct target *to, uint32_t n)
{
    for (uint32_t i = 0; i < n;) {
        uint32_t place = m->edit < m->n_edits ? m->places[m->edit] : m->from->n;
        uint32_t run = (place & ~PLACE_TAKEN) - m->at;
        run = run < n - i ? run : n - i;
        copy_run(to, i, m->from, m->at, run);
        m->at += run;
        i += run;
        if (i == n)
            return;
        const struct list_edit *e = &m->edits[m->edit++];
        m->at += place >> 31;
        if (e->remove)
            continue;
        to->targets[i] = e->target;
        to->attrs[i] = e->attr;
        if (to->values != NULL)
            to->values[i] = e->value;
        i++;
    }
}

/* A list of the next n entries of the merge. 0: no memory. */
static uint32_t write_list(const struct lists *l, struct commit *c, struct merge *m, uint32_t n,
                           uint32_t older)
{
    uint32_t ref;
    struct block_head *h = commit_block(c, list_bytes(n, l->values), n, older, &ref);
    if (h == NULL)
        return 0;
    struct target to = {.targets = (uint32_t *)(h + 1)};
    to.attrs = (uint8_t *)(to.targets + n);
    to.values = l->values ? to.targets + list_words(n) : NULL;
    merge_take(m, &to, n);
    return ref;
}

/* The block is not part of the graph any more when this commit is. */
static void replaced(struct commit *c, uint32_t ref)
{
    if (!(ref & LISTS_PIECE))
        commit_gone(c, ref);
}

/* ---- chunks ---- */

static void add_chunk(struct lists *l, struct commit *c, uint64_t first, uint32_t ref, uint32_t n)
{
    struct list_chunk chunk = {.first = first, .n = n};
    atomic_init(&chunk.ref, ref);
    if (!vec_push(&l->chunks, chunk))
        c->failed = true;
}

/* Adds chunks with what the merge still has, `count` entries. */
static void add_merged(struct lists *l, struct commit *c, struct merge *m, uint32_t count)
{
    uint32_t pieces =
        count <= LISTS_CHUNK_MAX ? 1 : (count + LISTS_CHUNK_FILL - 1) / LISTS_CHUNK_FILL;
    for (uint32_t i = 0; i < pieces && count > 0 && !c->failed; i++) {
        uint32_t n = count / pieces + (i < count % pieces);
        uint32_t ref = write_list(l, c, m, n, 0);
        if (ref == 0)
            return;
        struct list_span s;
        list_span_of(block_of(l->space, ref), &s);
        add_chunk(l, c, span_key(&s, 0), ref, 0);
    }
}

/* An index over l->chunks takes the place of the list at the entry. */
static void put_index(struct lists *l, struct commit *c, _Atomic(uint32_t) *entry,
                      uint32_t pieces_of)
{
    uint32_t n = l->chunks.len, old = atomic_load_explicit(entry, memory_order_relaxed), ref;
    size_t bytes = sizeof(struct list_index) + n * sizeof(struct list_chunk);
    struct list_index *index =
        (struct list_index *)commit_block(c, bytes, n | LISTS_INDEX, old, &ref);
    if (index == NULL)
        return;
    index->pieces_of = pieces_of;
    if (n > 0)
        memcpy(index->chunks, l->chunks.at, n * sizeof(*index->chunks));
    commit_put(c, entry, ref);
    replaced(c, old);
}

/* How many of the edits come before the chunk `next`. */
static uint32_t edits_before(const struct list_edit *edits, uint32_t n,
                             const struct list_index *index, uint32_t next)
{
    uint32_t i = 0;
    if (next == (index->head.n & ~LISTS_INDEX))
        return n;
    while (i < n && edit_key(&edits[i]) < index->chunks[next].first)
        i++;
    return i;
}

void lists_prefetch_edit(const struct lists *l, uint32_t id, uint8_t kind, uint32_t target)
{
    uint32_t ref = atomic_load_explicit(&l->entry[id], memory_order_relaxed);
    const struct block_head *h = block_of(l->space, ref);
    struct list_span s = {0};
    if (!(h->n & LISTS_INDEX)) /* where it begins was fetched with its head */
        __builtin_prefetch((const char *)h + list_bytes(h->n, l->values) - 1);
    if (!(h->n & LISTS_INDEX) || (h->n & ~LISTS_INDEX) == 0)
        return;
    const struct list_index *index = (const struct list_index *)h;
    const struct list_chunk *c = &index->chunks[chunk_of(index, (uint64_t)kind << 32 | target)];
    ref = atomic_load_explicit(&c->ref, memory_order_relaxed);
    const char *p;
    size_t n = list_bytes(LISTS_CHUNK_MAX, false);
    if (ref & LISTS_PIECE) {
        list_span_of(block_of(l->space, index->pieces_of), &s);
        p = (const char *)(s.targets + (ref & ~LISTS_PIECE));
        n = c->n * sizeof(uint32_t);
        __builtin_prefetch(s.attrs + (ref & ~LISTS_PIECE));
    } else {
        p = (const char *)block_of(l->space, ref);
    }
    for (size_t at = 0; at < n; at += 64)
        __builtin_prefetch(p + at);
}

/* Does no chunk grow too long by the edits? */
static bool fits(struct lists *l, const struct commit *c, const struct list_index *index,
                 const struct list_edit *edits, uint32_t n)
{
    if ((index->head.n & ~LISTS_INDEX) == 0)
        return false;
    while (n > 0) {
        uint32_t i = chunk_of(index, edit_key(edits)), here = edits_before(edits, n, index, i + 1);
        struct list_span s = {0};
        struct merge m;
        (void)chunk_span(l, index, i, c->generation, &s);
        if (s.n + here > LISTS_CHUNK_MAX && merge_begin(l, &m, &s, edits, here) > LISTS_CHUNK_MAX)
            return false;
        edits += here;
        n -= here;
    }
    return true;
}

/* All edits fall into one chunk, as the one edit of a hub mostly does. False: it would grow too
 * long, and nothing is done. */
static bool edit_one_chunk(struct lists *l, struct commit *c, struct list_index *index, uint32_t i,
                           const struct list_edit *edits, uint32_t n)
{
    uint32_t old = atomic_load_explicit(&index->chunks[i].ref, memory_order_relaxed);
    struct list_span s = {0};
    (void)chunk_span(l, index, i, c->generation, &s);
    struct merge m;
    uint32_t count = merge_begin(l, &m, &s, edits, n);
    if (count > LISTS_CHUNK_MAX)
        return false;
    uint32_t ref = write_list(l, c, &m, count, old);
    if (ref != 0) {
        commit_put(c, &index->chunks[i].ref, ref);
        replaced(c, old);
    }
    return true;
}

static void edit_chunks(struct lists *l, struct commit *c, struct list_index *index,
                        const struct list_edit *edits, uint32_t n)
{
    while (n > 0 && !c->failed) {
        uint32_t i = chunk_of(index, edit_key(edits)), here = edits_before(edits, n, index, i + 1);
        (void)edit_one_chunk(l, c, index, i, edits, here); /* it fits */
        edits += here;
        n -= here;
    }
}

/* A new index, in which chunks that grow too long are split and empty ones are gone. */
static void split_chunks(struct lists *l, struct commit *c, _Atomic(uint32_t) *entry,
                         const struct list_index *index, const struct list_edit *edits, uint32_t n)
{
    vec_clear(&l->chunks);
    for (uint32_t i = 0; i < (index->head.n & ~LISTS_INDEX) && !c->failed; i++) {
        const struct list_chunk *chunk = &index->chunks[i];
        uint32_t here = edits_before(edits, n, index, i + 1);
        uint32_t ref = atomic_load_explicit(&chunk->ref, memory_order_relaxed);
        if (here == 0) {
            add_chunk(l, c, chunk->first, ref, chunk->n);
            continue;
        }
        struct list_span s = {0};
        (void)chunk_span(l, index, i, c->generation, &s);
        struct merge m;
        add_merged(l, c, &m, merge_begin(l, &m, &s, edits, here));
        replaced(c, ref);
        edits += here;
        n -= here;
    }
    if (n > 0) { /* there was no chunk at all */
        struct list_span none = {0};
        struct merge m;
        add_merged(l, c, &m, merge_begin(l, &m, &none, edits, n));
    }
    put_index(l, c, entry, index->pieces_of);
}

/* Cuts a list that no commit wrote into pieces, which stay where they are, but for those that the
 * edits change. */
static void cut(struct lists *l, struct commit *c, const struct list_span *s,
                const struct list_edit *edits, uint32_t n)
{
    for (uint32_t at = 0; at < s->n && !c->failed;) {
        uint32_t len = s->n - at < LISTS_CHUNK_MAX ? s->n - at : LISTS_CHUNK_FILL, here = 0;
        struct list_span piece = {s->targets + at, s->attrs + at, s->values + at, len};
        while (here < n && (at + len == s->n || edit_key(&edits[here]) < span_key(s, at + len)))
            here++;
        if (here == 0) {
            add_chunk(l, c, span_key(s, at), at | LISTS_PIECE, len);
        } else {
            struct merge m;
            add_merged(l, c, &m, merge_begin(l, &m, &piece, edits, here));
        }
        edits += here;
        n -= here;
        at += len;
    }
}

/* ---- lists ---- */

void lists_edit(struct lists *l, struct commit *c, uint32_t id, const struct list_edit *edits,
                uint32_t n)
{
    _Atomic(uint32_t) *entry = &l->entry[id];
    uint32_t old = atomic_load_explicit(entry, memory_order_relaxed);
    struct block_head *h = block_of(l->space, old);
    struct list_span s;

    if (n == 0 || c->failed)
        return;
    if (!vec_reserve(&l->places, n)) {
        c->failed = true;
        return;
    }
    if (h->n & LISTS_INDEX) {
        struct list_index *index = (struct list_index *)h;
        uint32_t i = (h->n & ~LISTS_INDEX) != 0 ? chunk_of(index, edit_key(edits)) : 0;
        if ((h->n & ~LISTS_INDEX) != 0 && edits_before(edits, n, index, i + 1) == n) {
            if (!edit_one_chunk(l, c, index, i, edits, n))
                split_chunks(l, c, entry, index, edits, n);
        } else if (fits(l, c, index, edits, n))
            edit_chunks(l, c, index, edits, n);
        else
            split_chunks(l, c, entry, index, edits, n);
        return;
    }
    list_span_of(h, &s);
    struct merge m;
    uint32_t count = merge_begin(l, &m, &s, edits, n);
    if (count <= LISTS_CHUNK_MAX) {
        uint32_t ref = write_list(l, c, &m, count, old);
        if (ref != 0) {
            commit_put(c, entry, ref);
            replaced(c, old);
        }
        return;
    }
    vec_clear(&l->chunks);
    if (h->generation == 0 && h->n > LISTS_CHUNK_MAX) {
        cut(l, c, &s, edits, n);
        put_index(l, c, entry, old);
    } else {
        add_merged(l, c, &m, count);
        put_index(l, c, entry, 0);
    }
}

void lists_release(struct lists *l)
{
    vec_release(&l->chunks);
    vec_release(&l->places);
}
