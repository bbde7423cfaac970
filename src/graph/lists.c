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
        const struct list_head *h = list_at(l, ref);
        if (h->generation <= generation) {
            list_span_of(l, h, ret);
            return h->n > 0;
        }
        ref = list_past(h)->older;
    }
    list_span_of(l, list_at(l, index->pieces_of), ret);
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
                __builtin_prefetch(list_at(w->lists, ref));
        }
        if (chunk_span(w->lists, w->index, i, w->generation, &w->span))
            return true;
    }
    return false;
}

bool list_begin_index_(const struct lists *l, uint32_t generation, const struct list_head *h,
                       struct list_walk *w)
{
    w->lists = l;
    w->generation = generation;
    w->index = (const struct list_index *)h;
    w->end = h->n & ~LISTS_INDEX;
    return list_more_(w);
}

/* ---- writing ---- */

/* The result of merging a span with edits, entry by entry. */
struct merge {
    const struct list_span *from;
    const struct list_edit *edits;
    uint32_t at, edit, n_edits;
    bool values;
};

struct entry {
    uint32_t target, value;
    uint8_t attr;
};

static bool merge_next(struct merge *m, struct entry *ret)
{
    for (;;) {
        bool has = m->at < m->from->n, edits = m->edit < m->n_edits;
        if (!has && !edits)
            return false;
        uint64_t a = has ? span_key(m->from, m->at) : UINT64_MAX;
        uint64_t b = edits ? edit_key(&m->edits[m->edit]) : UINT64_MAX;
        if (a < b) {
            *ret = (struct entry){m->from->targets[m->at], m->values ? m->from->values[m->at] : 0,
                                  m->from->attrs[m->at]};
            m->at++;
            return true;
        }
        const struct list_edit *e = &m->edits[m->edit++];
        m->at += a == b;
        if (!e->remove) {
            *ret = (struct entry){e->target, e->value, e->attr};
            return true;
        }
    }
}

static uint32_t merged_count(const struct list_span *from, const struct list_edit *edits,
                             uint32_t n)
{
    struct merge m = {from, edits, 0, 0, n, false};
    struct entry e;
    uint32_t count = 0;
    while (merge_next(&m, &e))
        count++;
    return count;
}

/* A block for a list or an index, with its past before it. */
static struct list_head *new_block(struct lists *l, size_t bytes, uint32_t n, uint32_t older,
                                   uint32_t *ret_ref)
{
    size_t all = sizeof(struct list_past) + bytes;
    uint32_t block = l->failed ? 0 : space_alloc(l->space, all);
    *ret_ref = block + 1;
    if (block == 0 || !vec_push(&l->made, *ret_ref)) {
        l->failed = true;
        return NULL;
    }
    struct list_past *past = space_at(l->space, block);
    struct list_head *h = (struct list_head *)(past + 1);
    *past = (struct list_past){older, (uint32_t)all};
    *h = (struct list_head){l->generation, n};
    return h;
}

/* A list of the next n entries of the merge. 0: no memory. */
static uint32_t write_list(struct lists *l, struct merge *m, uint32_t n, uint32_t older)
{
    struct entry e;
    uint32_t ref;
    struct list_head *h =
        new_block(l, sizeof(*h) + n * (l->values ? (size_t)9 : 5), n, older, &ref);
    if (h == NULL)
        return 0;
    uint32_t *targets = (uint32_t *)(h + 1), *values = targets + n;
    uint8_t *attrs = (uint8_t *)(l->values ? values + n : values);
    for (uint32_t i = 0; i < n && merge_next(m, &e); i++) {
        targets[i] = e.target;
        if (l->values)
            values[i] = e.value;
        attrs[i] = e.attr;
    }
    return ref;
}

/* Makes `where` name another list, and remembers what it named. */
static void put(struct lists *l, _Atomic(uint32_t) *where, uint32_t ref)
{
    uint32_t old = atomic_load_explicit(where, memory_order_relaxed);
    if (l->failed || !vec_push(&l->touched, (struct lists_touched){where, old})) {
        l->failed = true;
        return;
    }
    atomic_store_explicit(where, ref, memory_order_release);
}

/* The block is not part of the graph any more when this commit is. */
static void replaced(struct lists *l, uint32_t ref)
{
    if (ref != 0 && !(ref & LISTS_PIECE) && list_at(l, ref)->generation != 0 &&
        !vec_push(&l->gone, ref))
        l->failed = true;
}

/* ---- chunks ---- */

static void add_chunk(struct lists *l, uint64_t first, uint32_t ref, uint32_t n)
{
    struct list_chunk c = {.first = first, .n = n};
    atomic_init(&c.ref, ref);
    if (!vec_push(&l->chunks, c))
        l->failed = true;
}

/* Adds chunks with what the merge still has, `count` entries. */
static void add_merged(struct lists *l, struct merge *m, uint32_t count)
{
    uint32_t pieces =
        count <= LISTS_CHUNK_MAX ? 1 : (count + LISTS_CHUNK_FILL - 1) / LISTS_CHUNK_FILL;
    for (uint32_t i = 0; i < pieces && count > 0 && !l->failed; i++) {
        uint32_t n = count / pieces + (i < count % pieces);
        uint32_t ref = write_list(l, m, n, 0);
        if (ref == 0)
            return;
        struct list_span s;
        list_span_of(l, list_at(l, ref), &s);
        add_chunk(l, span_key(&s, 0), ref, 0);
    }
}

/* An index over l->chunks takes the place of the list at the entry. */
static void put_index(struct lists *l, _Atomic(uint32_t) *entry, uint32_t pieces_of)
{
    uint32_t n = l->chunks.len, old = atomic_load_explicit(entry, memory_order_relaxed), ref;
    size_t bytes = sizeof(struct list_index) + n * sizeof(struct list_chunk);
    struct list_index *index = (struct list_index *)new_block(l, bytes, n | LISTS_INDEX, old, &ref);
    if (index == NULL)
        return;
    index->pieces_of = pieces_of;
    if (n > 0)
        memcpy(index->chunks, l->chunks.at, n * sizeof(*index->chunks));
    put(l, entry, ref);
    replaced(l, old);
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

/* Does no chunk grow too long by the edits? */
static bool fits(const struct lists *l, const struct list_index *index,
                 const struct list_edit *edits, uint32_t n)
{
    if ((index->head.n & ~LISTS_INDEX) == 0)
        return false;
    while (n > 0) {
        uint32_t i = chunk_of(index, edit_key(edits)), here = edits_before(edits, n, index, i + 1);
        struct list_span s = {0};
        (void)chunk_span(l, index, i, l->generation, &s);
        if (s.n + here > LISTS_CHUNK_MAX && merged_count(&s, edits, here) > LISTS_CHUNK_MAX)
            return false;
        edits += here;
        n -= here;
    }
    return true;
}

static void edit_chunks(struct lists *l, struct list_index *index, const struct list_edit *edits,
                        uint32_t n)
{
    while (n > 0 && !l->failed) {
        uint32_t i = chunk_of(index, edit_key(edits)), here = edits_before(edits, n, index, i + 1);
        uint32_t old = atomic_load_explicit(&index->chunks[i].ref, memory_order_relaxed);
        struct list_span s = {0};
        (void)chunk_span(l, index, i, l->generation, &s);
        struct merge m = {&s, edits, 0, 0, here, l->values};
        uint32_t ref = write_list(l, &m, merged_count(&s, edits, here), old);
        if (ref != 0) {
            put(l, &index->chunks[i].ref, ref);
            replaced(l, old);
        }
        edits += here;
        n -= here;
    }
}

/* A new index, in which chunks that grow too long are split and empty ones are gone. */
static void split_chunks(struct lists *l, _Atomic(uint32_t) *entry, const struct list_index *index,
                         const struct list_edit *edits, uint32_t n)
{
    vec_clear(&l->chunks);
    for (uint32_t i = 0; i < (index->head.n & ~LISTS_INDEX) && !l->failed; i++) {
        const struct list_chunk *c = &index->chunks[i];
        uint32_t here = edits_before(edits, n, index, i + 1);
        uint32_t ref = atomic_load_explicit(&c->ref, memory_order_relaxed);
        if (here == 0) {
            add_chunk(l, c->first, ref, c->n);
            continue;
        }
        struct list_span s = {0};
        (void)chunk_span(l, index, i, l->generation, &s);
        struct merge m = {&s, edits, 0, 0, here, l->values};
        add_merged(l, &m, merged_count(&s, edits, here));
        replaced(l, ref);
        edits += here;
        n -= here;
    }
    if (n > 0) { /* there was no chunk at all */
        struct list_span none = {0};
        struct merge m = {&none, edits, 0, 0, n, l->values};
        add_merged(l, &m, merged_count(&none, edits, n));
    }
    put_index(l, entry, index->pieces_of);
}

/* Cuts a list that no commit wrote into pieces, which stay where they are, but for those that the
 * edits change. */
static void cut(struct lists *l, const struct list_span *s, const struct list_edit *edits,
                uint32_t n)
{
    for (uint32_t at = 0; at < s->n && !l->failed;) {
        uint32_t len = s->n - at < LISTS_CHUNK_MAX ? s->n - at : LISTS_CHUNK_FILL, here = 0;
        struct list_span piece = {s->targets + at, s->values + at, s->attrs + at, len};
        while (here < n && (at + len == s->n || edit_key(&edits[here]) < span_key(s, at + len)))
            here++;
        if (here == 0) {
            add_chunk(l, span_key(s, at), at | LISTS_PIECE, len);
        } else {
            struct merge m = {&piece, edits, 0, 0, here, l->values};
            add_merged(l, &m, merged_count(&piece, edits, here));
        }
        edits += here;
        n -= here;
        at += len;
    }
}

/* ---- lists ---- */

void lists_start(struct lists *l, uint32_t generation)
{
    l->generation = generation;
    l->failed = false;
    vec_clear(&l->touched);
    vec_clear(&l->made);
    vec_clear(&l->gone);
}

bool lists_edit(struct lists *l, uint32_t id, const struct list_edit *edits, uint32_t n)
{
    _Atomic(uint32_t) *entry = &l->entry[id];
    uint32_t old = atomic_load_explicit(entry, memory_order_relaxed);
    struct list_head *h = space_at(l->space, old);
    struct list_span s;

    if (n == 0 || l->failed)
        return !l->failed;
    if (h->n & LISTS_INDEX) {
        struct list_index *index = (struct list_index *)h;
        if (fits(l, index, edits, n))
            edit_chunks(l, index, edits, n);
        else
            split_chunks(l, entry, index, edits, n);
        return !l->failed;
    }
    list_span_of(l, h, &s);
    struct merge m = {&s, edits, 0, 0, n, l->values};
    uint32_t count = merged_count(&s, edits, n);
    if (count <= LISTS_CHUNK_MAX) {
        uint32_t ref = write_list(l, &m, count, old);
        if (ref != 0) {
            put(l, entry, ref);
            replaced(l, old);
        }
        return !l->failed;
    }
    vec_clear(&l->chunks);
    if (h->generation == 0 && h->n > LISTS_CHUNK_MAX) {
        cut(l, &s, edits, n);
        put_index(l, entry, old);
    } else {
        add_merged(l, &m, count);
        put_index(l, entry, 0);
    }
    return !l->failed;
}

static bool retire_all(struct lists *l, const uint32_t *refs, uint32_t n)
{
    bool ok = true;
    for (uint32_t i = 0; i < n; i++)
        ok &= space_retire(l->space, refs[i] - 1, list_past(list_at(l, refs[i]))->bytes,
                           l->generation);
    return ok;
}

bool lists_finish(struct lists *l)
{
    return retire_all(l, l->gone.at, l->gone.len);
}

void lists_undo(struct lists *l)
{
    for (uint32_t i = l->touched.len; i-- > 0;)
        atomic_store_explicit(l->touched.at[i].where, l->touched.at[i].old, memory_order_release);
    (void)retire_all(l, l->made.at, l->made.len); /* readers may stand in one, on their way back */
    lists_start(l, l->generation);
}

void lists_release(struct lists *l)
{
    vec_release(&l->touched);
    vec_release(&l->made);
    vec_release(&l->gone);
    vec_release(&l->chunks);
}
