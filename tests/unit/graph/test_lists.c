/* Versioned lists against a naive twin: every pinned generation reads what it read at first. */
#include "unit/graph/support.h"

#include "base/fault.h"
#include "graph/lists.h"
#include "graph/model.h"
#include "graph/pins.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#define NODES 64u
#define TARGETS 4000u /* so that lists grow past many chunks */
#define VERSIONS 6u

struct twin_entry {
    uint32_t target, value;
    uint8_t attr;
};

struct twin_list {
    VEC(struct twin_entry) at;
};

struct twin_graph {
    struct twin_list lists[NODES];
};

struct fixture {
    struct space space;
    struct lists lists;
    struct commit commit;
    _Atomic(uint32_t) entry[NODES];
    struct twin_graph *versions[VERSIONS]; /* NULL: not pinned */
    uint32_t pinned[VERSIONS];
    struct twin_graph now;
    uint32_t generation;
    uint64_t rng;
};

static uint32_t below(struct fixture *f, uint32_t n)
{
    f->rng = f->rng * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((f->rng >> 33) % n);
}

static void twin_copy(struct twin_graph *to, const struct twin_graph *from)
{
    memset(to, 0, sizeof(*to));
    for (uint32_t i = 0; i < NODES; i++) {
        for (uint32_t k = 0; k < from->lists[i].at.len; k++)
            assert_true(vec_push(&to->lists[i].at, from->lists[i].at.at[k]));
    }
}

static void twin_clear(struct twin_graph *g)
{
    for (uint32_t i = 0; i < NODES; i++)
        vec_release(&g->lists[i].at);
}

static uint64_t key(uint8_t attr, uint32_t target)
{
    return (uint64_t)(attr >> 2) << 32 | target;
}

static void twin_edit(struct twin_list *l, const struct list_edit *e)
{
    uint32_t i = 0;
    while (i < l->at.len && key(l->at.at[i].attr, l->at.at[i].target) < key(e->attr, e->target))
        i++;
    bool there =
        i < l->at.len && key(l->at.at[i].attr, l->at.at[i].target) == key(e->attr, e->target);
    struct twin_entry entry = {e->target, e->value, e->attr};
    if (e->remove) {
        if (!there)
            return;
        memmove(&l->at.at[i], &l->at.at[i + 1], (l->at.len - i - 1) * sizeof(entry));
        l->at.len--;
    } else if (there) {
        l->at.at[i] = entry;
    } else {
        assert_true(vec_push(&l->at, entry));
        memmove(&l->at.at[i + 1], &l->at.at[i], (l->at.len - i - 1) * sizeof(entry));
        l->at.at[i] = entry;
    }
}

static void check_list(const struct fixture *f, const struct twin_graph *g, uint32_t generation,
                       uint32_t id)
{
    const struct twin_list *t = &g->lists[id];
    struct list_walk w;
    uint32_t n = 0;
    bool any = list_begin(&f->lists, generation, id, &w);
    if (any) {
        do {
            for (uint32_t i = 0; i < w.span.n; i++, n++) {
                assert_true(n < t->at.len);
                assert_int_equal(w.span.targets[i], t->at.at[n].target);
                assert_int_equal(w.span.attrs[i], t->at.at[n].attr);
                if (f->lists.values)
                    assert_int_equal(w.span.values[i], t->at.at[n].value);
            }
        } while (list_more(&w));
    }
    assert_int_equal(n, t->at.len);
    assert_int_equal(any, n > 0);
}

/* The entry of the key, by going through all of them. */
static const struct twin_entry *twin_find(const struct twin_list *t, uint8_t kind, uint32_t target)
{
    for (uint32_t i = 0; i < t->at.len; i++) {
        if (edge_attr_kind(t->at.at[i].attr) == kind && t->at.at[i].target == target)
            return &t->at.at[i];
    }
    return NULL;
}

static void check_find(const struct fixture *f, const struct twin_list *t, uint32_t generation,
                       uint32_t id, uint8_t kind, uint32_t target)
{
    const struct twin_entry *want = twin_find(t, kind, target);
    struct list_entry e = {.value = 12345, .attr = 99};
    assert_int_equal(list_find(&f->lists, generation, id, kind, target, &e), want != NULL);
    if (want == NULL) {
        assert_true(e.value == 12345 && e.attr == 99);
        return;
    }
    assert_int_equal(e.attr, want->attr);
    assert_int_equal(e.value, f->lists.values ? want->value : 0);
}

/* What is there, and what would stand just before and behind it. */
static void check_finds(struct fixture *f, const struct twin_graph *g, uint32_t generation,
                        uint32_t id)
{
    const struct twin_list *t = &g->lists[id];
    for (uint32_t i = 0; i < 3; i++) {
        const struct twin_entry any = {.target = below(f, TARGETS), .attr = (uint8_t)below(f, 16)};
        const struct twin_entry *e = t->at.len > 0 ? &t->at.at[below(f, t->at.len)] : &any;
        uint8_t kind = edge_attr_kind(e->attr);
        check_find(f, t, generation, id, kind, e->target);
        check_find(f, t, generation, id, kind, e->target + 1);
        check_find(f, t, generation, id, kind, e->target - 1);
        check_find(f, t, generation, id, kind + 1, e->target);
        check_find(f, t, generation, id, edge_attr_kind(any.attr), any.target);
    }
    check_find(f, t, generation, id, 0, 0);
    check_find(f, t, generation, id, 63, UINT32_MAX);
}

static void check_graph(struct fixture *f, const struct twin_graph *g, uint32_t generation)
{
    for (uint32_t i = 0; i < NODES; i++)
        check_list(f, g, generation, i);
    check_finds(f, g, generation, below(f, NODES));
    check_finds(f, g, generation, below(f, NODES / 8) * 8); /* a long one */
}

static int by_key(const void *a, const void *b)
{
    const struct list_edit *x = a, *y = b;
    uint64_t p = key(x->attr, x->target), q = key(y->attr, y->target);
    return p < q ? -1 : p > q;
}

/* Random edits of one node: few, or so many that an index must grow; adds, changes and removals. */
static uint32_t random_edits(struct fixture *f, struct list_edit *e)
{
    uint32_t want = below(f, 10) == 0 ? 1 + below(f, 300) : 1 + below(f, 6), n = 0;
    uint32_t removals = below(f, 4) == 0 ? 90 : 25; /* per cent */
    for (uint32_t i = 0; i < want; i++)
        e[i] = (struct list_edit){.target = below(f, TARGETS),
                                  .value = below(f, 1000),
                                  .attr = edge_attr(below(f, 3), below(f, 4)),
                                  .remove = below(f, 100) < removals};
    qsort(e, want, sizeof(*e), by_key);
    for (uint32_t i = 0; i < want; i++) {
        if (n == 0 || by_key(&e[n - 1], &e[i]) != 0)
            e[n++] = e[i];
    }
    return n;
}

/* What is there from the start, as a snapshot's lists: without a past. */
static void make_base(struct fixture *f)
{
    for (uint32_t id = 0; id < NODES; id += 2) {
        uint32_t n = id % 8 == 0 ? 1000 + below(f, 500) : below(f, 12);
        struct twin_list *t = &f->now.lists[id];
        for (uint32_t i = 0; i < n; i++) {
            struct list_edit e = {.target = below(f, TARGETS),
                                  .value = below(f, 1000),
                                  .attr = edge_attr(below(f, 3), below(f, 4))};
            twin_edit(t, &e);
        }
        if (t->at.len == 0)
            continue;
        uint32_t at = space_take(&f->space, list_bytes(t->at.len, true));
        assert_int_not_equal(at, 0);
        struct block_head *h = space_at(&f->space, at);
        h->n = t->at.len;
        uint32_t *targets = (uint32_t *)(h + 1), *values = targets + list_words(h->n);
        uint8_t *attrs = (uint8_t *)(targets + h->n);
        for (uint32_t i = 0; i < h->n; i++) {
            targets[i] = t->at.at[i].target;
            if (f->lists.values)
                values[i] = t->at.at[i].value;
            attrs[i] = t->at.at[i].attr;
        }
        atomic_init(&f->entry[id], at);
    }
}

static struct fixture *fixture_new(uint64_t seed, bool values)
{
    struct fixture *f = calloc(1, sizeof(*f));
    assert_non_null(f);
    f->rng = seed;
    assert_int_equal(space_init(&f->space, (size_t)256 << 20, NULL), PT_OK);
    f->lists.space = f->commit.space = &f->space;
    f->lists.entry = f->entry;
    f->lists.values = values;
    make_base(f);
    f->generation = 1;
    return f;
}

static void fixture_free(struct fixture *f)
{
    for (uint32_t i = 0; i < VERSIONS; i++) {
        if (f->versions[i] != NULL)
            twin_clear(f->versions[i]);
        free(f->versions[i]);
    }
    twin_clear(&f->now);
    lists_release(&f->lists);
    commit_release(&f->commit);
    space_release(&f->space);
    free(f);
}

static uint32_t oldest(const struct fixture *f)
{
    uint32_t old = f->generation;
    for (uint32_t i = 0; i < VERSIONS; i++) {
        if (f->versions[i] != NULL && f->pinned[i] < old)
            old = f->pinned[i];
    }
    return old;
}

static void unpin(struct fixture *f, uint32_t i)
{
    twin_clear(f->versions[i]);
    free(f->versions[i]);
    f->versions[i] = NULL;
}

static void pin(struct fixture *f, uint32_t i)
{
    f->versions[i] = calloc(1, sizeof(*f->versions[i]));
    assert_non_null(f->versions[i]);
    twin_copy(f->versions[i], &f->now);
    f->pinned[i] = f->generation;
}

static void commit(struct fixture *f, bool undo)
{
    struct list_edit edits[300];
    uint32_t nodes = 1 + below(f, 8), first = below(f, NODES);
    commit_start(&f->commit, f->generation + 1);
    for (uint32_t k = 0; k < nodes; k++) {
        uint32_t id = (first + k * 5) % NODES, n = random_edits(f, edits);
        lists_edit(&f->lists, &f->commit, id, edits, n);
        assert_false(f->commit.failed);
        for (uint32_t i = 0; !undo && i < n; i++)
            twin_edit(&f->now.lists[id], &edits[i]);
    }
    if (undo) {
        commit_undo(&f->commit);
    } else {
        assert_true(commit_finish(&f->commit));
        f->generation++;
    }
    (void)space_reclaim(&f->space, oldest(f), below(f, 50));
}

static void run(uint64_t seed, bool values, uint32_t commits)
{
    struct fixture *f = fixture_new(seed, values);
    check_graph(f, &f->now, f->generation);
    for (uint32_t i = 0; i < commits; i++) {
        uint32_t v = below(f, VERSIONS);
        if (f->versions[v] == NULL)
            pin(f, v);
        else if (below(f, 3) == 0)
            unpin(f, v);
        commit(f, below(f, 10) == 0);
        check_graph(f, &f->now, f->generation);
        for (uint32_t k = 0; k < VERSIONS; k++) {
            if (f->versions[k] != NULL)
                check_graph(f, f->versions[k], f->pinned[k]);
        }
    }
    fixture_free(f);
}

static void test_lists__every_pinned_generation_reads_what_its_twin_has(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 6; seed++) {
        print_message("seed %llu\n", (unsigned long long)seed);
        run(seed, seed % 2 == 0, 150);
    }
}

/* After any failing allocation, undoing gives the graph back as it was, and the next commit
 * works. */
static void test_lists__a_failed_commit_leaves_no_trace(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(99, true);
    bool fired = true;
    for (uint64_t nth = 1; fired; nth++) {
        struct list_edit edits[300];
        bool ok = true;
        fault_arm("mem.alloc", nth, ENOMEM);
        commit_start(&f->commit, f->generation + 1);
        for (uint32_t id = 0; id < NODES && ok; id++) {
            uint32_t n = random_edits(f, edits);
            lists_edit(&f->lists, &f->commit, id, edits, n);
            ok = !f->commit.failed;
        }
        fired = fault_fired();
        fault_disarm_all();
        assert_int_equal(ok, !fired);
        commit_undo(&f->commit);
        check_graph(f, &f->now, f->generation);
        check_graph(f, &f->now, f->generation + 1);
        lists_release(&f->lists); /* so that scratch memory must be had anew */
        commit_release(&f->commit);
    }
    commit(f, false);
    check_graph(f, &f->now, f->generation);
    fixture_free(f);
}

/* A reader may stand in a block of a commit that was taken back, on his way to an older one: it is
 * not used again before he has gone. */
static void test_lists__what_was_taken_back_waits_for_readers(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(5, true);
    const uint32_t generation = f->generation + 1;
    struct list_edit e = {.target = 7, .attr = edge_attr(1, 1)};
    for (int round = 0; round < 20; round++) {
        commit_start(&f->commit, generation);
        lists_edit(&f->lists, &f->commit, 1, &e, 1);
        assert_false(f->commit.failed);
        uint32_t ref = atomic_load(&f->entry[1]);
        struct block_head *h = block_of(&f->space, ref);
        const struct block_head was = *h;
        const struct block_past past = *block_past(h);
        assert_int_equal(was.generation, generation);
        commit_undo(&f->commit);
        assert_int_not_equal(atomic_load(&f->entry[1]), ref);
        for (int i = 0; i < 20; i++) { /* other commits, while he is there */
            (void)space_reclaim(&f->space, generation - 1, 100);
            uint32_t block = space_alloc(&f->space, past.bytes);
            memset(space_at(&f->space, block), 0xff, past.bytes);
        }
        assert_memory_equal(h, &was, sizeof(was));
        assert_memory_equal(block_past(h), &past, sizeof(past));
        check_graph(f, &f->now, f->generation);
    }
    fixture_free(f);
}

static void test_space__gives_back_what_no_reader_holds(void **state)
{
    (void)state;
    struct space s;
    assert_int_equal(space_init(&s, (size_t)64 << 20, NULL), PT_OK);
    uint32_t a = space_alloc(&s, 40), b = space_alloc(&s, 5000);
    assert_true(a != 0 && b != 0 && a != b);
    memset(space_at(&s, a), 1, 40);
    memset(space_at(&s, b), 2, 5000);
    assert_true(space_retire(&s, a, 40, 7));
    assert_true(space_retire(&s, b, 5000, 9));
    assert_true(s.retired_bytes >= 5040);
    assert_int_equal(space_reclaim(&s, 6, 10), 0);
    assert_int_equal(space_reclaim(&s, 8, 10), 1);
    assert_int_equal(space_alloc(&s, 33), a); /* of the same size, in granules */
    assert_int_equal(space_reclaim(&s, 9, 0), 0);
    assert_int_equal(space_reclaim(&s, 9, 10), 1);
    assert_int_equal(s.retired_bytes, 0);
    assert_int_equal(space_alloc(&s, 8000), b); /* rounded up to the same power of two */
    assert_int_equal(space_alloc(&s, (size_t)65 << 20), 0);
    assert_int_not_equal(space_take(&s, 10000), 0);
    space_release(&s);
    space_release(&s);
}

static void test_space__blocks_of_a_size_lie_together(void **state)
{
    (void)state;
    struct space s;
    uint32_t last = 0, apart = 0;
    assert_int_equal(space_init(&s, (size_t)64 << 20, NULL), PT_OK);
    for (uint32_t i = 0; i < 1000; i++) {
        uint32_t block = space_alloc(&s, 48);
        assert_true(block != 0 && space_alloc(&s, 200 + i % 300) != 0);
        apart += block - last != 48 / SPACE_GRANULE;
        last = block;
    }
    assert_in_range(apart, 1, 1000 * 48 / 4000 + 1);
    space_release(&s);
}

/* ---- readers beside the writer ---- */

#define THREADS 3u
#define ROUNDS 4000u

struct shared {
    struct fixture *f;
    struct pins pins;
    atomic_bool done;
    atomic_uint reads;
};

/* In generation g every list holds the same targets: the writer gives all of them the same
 * edits. */
static void *reader(void *ctx)
{
    struct shared *s = ctx;
    while (!atomic_load(&s->done)) {
        uint32_t g, slot = pins_take(&s->pins, &g), first = 0, n = 0;
        uint64_t sum = 0;
        for (uint32_t id = 0; id < 8; id++) {
            struct list_walk w;
            uint64_t its = 0;
            uint32_t count = 0;
            if (list_begin(&s->f->lists, g, id, &w)) {
                do {
                    for (uint32_t i = 0; i < w.span.n; i++, count++)
                        its = its * 31 + w.span.targets[i];
                } while (list_more(&w));
            }
            if (first++ == 0) {
                sum = its;
                n = count;
            }
            if (its != sum || count != n)
                abort();
        }
        pins_drop(&s->pins, slot);
        atomic_fetch_add(&s->reads, 1);
    }
    return NULL;
}

static void test_lists__readers_never_see_half_a_commit(void **state)
{
    (void)state;
    struct shared s = {.f = calloc(1, sizeof(struct fixture))};
    struct fixture *f = s.f;
    pthread_t threads[THREADS];
    assert_non_null(f);
    f->rng = 5;
    assert_int_equal(space_init(&f->space, (size_t)256 << 20, NULL), PT_OK);
    f->lists.space = f->commit.space = &f->space;
    f->lists.entry = f->entry;
    f->generation = PINS_FIRST;
    pins_init(&s.pins, f->generation);
    for (uint32_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, reader, &s), 0);
    for (uint32_t i = 0; i < ROUNDS || atomic_load(&s.reads) < 100; i++) {
        struct list_edit edits[300];
        uint32_t n = random_edits(f, edits);
        commit_start(&f->commit, f->generation + 1);
        for (uint32_t id = 0; id < 8; id++)
            lists_edit(&f->lists, &f->commit, id, edits, n);
        assert_false(f->commit.failed);
        pins_publish(&s.pins, ++f->generation);
        assert_true(commit_finish(&f->commit));
        while (f->generation - pins_oldest(&s.pins) >
               200) /* a reader who does not run holds all up */
            (void)sched_yield();
        (void)space_reclaim(&f->space, pins_oldest(&s.pins), 2000);
    }
    atomic_store(&s.done, true);
    for (uint32_t i = 0; i < THREADS; i++)
        (void)pthread_join(threads[i], NULL);
    assert_int_equal(pins_oldest(&s.pins), f->generation);
    assert_true(space_bytes(&f->space) < (size_t)32 << 20); /* old versions are used again */
    fixture_free(f);
}

static void test_pins__the_oldest_counts(void **state)
{
    (void)state;
    struct pins *p = calloc(1, sizeof(*p));
    uint32_t g[3], slot[3];
    assert_non_null(p);
    pins_init(p, PINS_FIRST);
    slot[0] = pins_take(p, &g[0]);
    pins_publish(p, 5);
    slot[1] = pins_take(p, &g[1]);
    pins_publish(p, 9);
    assert_int_equal(g[0], PINS_FIRST);
    assert_int_equal(g[1], 5);
    assert_int_equal(pins_oldest(p), PINS_FIRST);
    pins_drop(p, slot[0]);
    assert_int_equal(pins_oldest(p), 5);
    pins_drop(p, slot[1]);
    assert_int_equal(pins_oldest(p), 9);
    for (uint32_t i = 0; i < PINS_MAX; i++)
        assert_true(pins_take(p, &g[2]) < PINS_MAX);
    assert_int_equal(pins_take(p, &g[2]), PINS_MAX);
    free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_space__gives_back_what_no_reader_holds),
        cmocka_unit_test(test_space__blocks_of_a_size_lie_together),
        cmocka_unit_test(test_lists__every_pinned_generation_reads_what_its_twin_has),
        cmocka_unit_test(test_lists__a_failed_commit_leaves_no_trace),
        cmocka_unit_test(test_lists__what_was_taken_back_waits_for_readers),
        cmocka_unit_test(test_lists__readers_never_see_half_a_commit),
        cmocka_unit_test(test_pins__the_oldest_counts),
    };
    return RUN_TESTS(tests);
}
