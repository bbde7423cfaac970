/* The skip list of names against a sorted array, and with readers beside the writer. */
#include "unit/base/support.h"

#include "base/fault.h"
#include "base/hash.h"
#include "graph/names.h"

#include <pthread.h>

#define NAMES 600u
#define NAME_MAX_BYTES 12u

struct fixture {
    struct space space;
    struct names_rest names;
    char sorted[NAMES][NAME_MAX_BYTES];
    uint32_t ids[NAMES]; /* of the same */
    uint32_t n;
};

static struct fixture *fixture_new(void)
{
    struct fixture *f = calloc(1, sizeof(*f));

    assert_non_null(f);
    assert_int_equal(space_init(&f->space, (size_t)64 << 20, NULL), PT_OK);
    return f;
}

static void fixture_free(struct fixture *f)
{
    fault_disarm_all();
    space_release(&f->space);
    free(f);
}

static uint32_t put_text(struct fixture *f, const char *name)
{
    size_t n = strlen(name) + 1;
    uint32_t text = space_alloc(&f->space, n);

    assert_int_not_equal(text, 0);
    memcpy(space_at(&f->space, text), name, n);
    return text;
}

static const struct names_tower *tower_at(const struct fixture *f, uint32_t ref)
{
    return ref != 0 ? space_at(&f->space, ref) : NULL;
}

static const char *text_of(const struct fixture *f, const struct names_tower *t)
{
    return space_at(&f->space, t->text);
}

static const struct names_tower *next_of(const struct fixture *f, const struct names_tower *t)
{
    return tower_at(f, atomic_load_explicit(&t->next[0], memory_order_acquire));
}

static bool add(struct fixture *f, uint32_t id, uint32_t text, uint64_t hash)
{
    uint32_t tower = names_tower_new(&f->space, id, text, hash);

    if (tower != 0)
        names_link(&f->names, &f->space, tower);
    return tower != 0;
}

/* The first of the array that is not below the n bytes. */
static uint32_t naive_bound(const struct fixture *f, const char *p, size_t n)
{
    uint32_t i = 0;

    while (i < f->n && strncmp(f->sorted[i], p, n) < 0)
        i++;
    return i;
}

static void expect_bound(const struct fixture *f, const char *p, size_t n)
{
    uint32_t i = naive_bound(f, p, n);
    const struct names_tower *t = tower_at(f, names_lower_bound(&f->names, &f->space, p, n));

    if (i == f->n) {
        assert_null(t);
        return;
    }
    assert_non_null(t);
    assert_string_equal(text_of(f, t), f->sorted[i]);
    assert_int_equal(t->name, f->ids[i]);
}

static void expect_all(const struct fixture *f)
{
    const struct names_tower *t = tower_at(f, names_lower_bound(&f->names, &f->space, "", 0));

    for (uint32_t i = 0; i < f->n; i++, t = next_of(f, t)) {
        assert_non_null(t);
        assert_string_equal(text_of(f, t), f->sorted[i]);
        assert_int_equal(t->name, f->ids[i]);
    }
    assert_null(t);
}

/* Few letters, so that many names begin alike. */
static void random_name(char ret[NAME_MAX_BYTES], uint64_t *rng)
{
    static const char letters[] = {'a', 'b', '_', 'Z', '\x01', '\x7f', (char)0xc3, (char)0xff};
    size_t n = rng_below(rng, NAME_MAX_BYTES);

    for (size_t i = 0; i < n; i++)
        ret[i] = letters[rng_below(rng, rng_below(rng, 3) ? 2 : sizeof(letters))];
    ret[n] = '\0';
}

static bool insert_sorted(struct fixture *f, const char *name, uint32_t id)
{
    uint32_t i = naive_bound(f, name, strlen(name) + 1);

    if (i < f->n && strcmp(f->sorted[i], name) == 0)
        return false;
    memmove(f->sorted[i + 1], f->sorted[i], (f->n - i) * sizeof(*f->sorted));
    memmove(&f->ids[i + 1], &f->ids[i], (f->n - i) * sizeof(*f->ids));
    memcpy(f->sorted[i], name, strlen(name) + 1);
    f->ids[i] = id;
    f->n++;
    return true;
}

/* `heights`: 0 as the hash says; 1 all low; 2 all high. */
static void add_random(struct fixture *f, unsigned heights, uint64_t *rng)
{
    char name[NAME_MAX_BYTES];
    uint32_t id = f->n;

    random_name(name, rng);
    if (!insert_sorted(f, name, id))
        return;
    uint64_t hash = heights == 0 ? hash64(name, strlen(name)) : heights == 1 ? 1 : 0;
    assert_true(add(f, id, put_text(f, name), hash));
}

static void test_names__are_in_the_order_of_their_bytes(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        struct fixture *f = fixture_new();
        uint64_t rng = seed;

        print_message("seed %llu\n", (unsigned long long)seed);
        expect_all(f);
        for (uint32_t i = 0; i < NAMES - 1; i++) {
            char some[NAME_MAX_BYTES];

            add_random(f, (unsigned)(seed % 3), &rng);
            random_name(some, &rng);
            expect_bound(f, some, strlen(some));
            expect_bound(f, some, strlen(some) + 1);
            if (i % 50 == 0)
                expect_all(f);
        }
        expect_all(f);
        fixture_free(f);
    }
}

/* The same names make the same list, in whatever order they come. */
static void test_names__heights_do_not_depend_on_the_order_of_coming(void **state)
{
    struct fixture *f[2] = {fixture_new(), fixture_new()};
    uint64_t rng = 3;

    (void)state;
    for (uint32_t i = 0; i < 300; i++)
        add_random(f[0], 0, &rng);
    for (uint32_t i = f[0]->n; i-- > 0;) {
        const char *name = f[0]->sorted[(i * 7919u) % f[0]->n];
        if (insert_sorted(f[1], name, i))
            assert_true(add(f[1], i, put_text(f[1], name), hash64(name, strlen(name))));
    }
    assert_int_equal(f[1]->n, f[0]->n);
    for (unsigned level = 0; level < NAMES_LEVELS; level++) {
        const struct names_tower *t[2];
        for (unsigned k = 0; k < 2; k++)
            t[k] = tower_at(f[k], atomic_load(&f[k]->names.first[level]));
        while (t[0] != NULL && t[1] != NULL) {
            assert_string_equal(text_of(f[0], t[0]), text_of(f[1], t[1]));
            for (unsigned k = 0; k < 2; k++)
                t[k] = tower_at(f[k], atomic_load(&t[k]->next[level]));
        }
        assert_true(t[0] == NULL && t[1] == NULL);
    }
    fixture_free(f[0]);
    fixture_free(f[1]);
}

static void test_names__without_memory_nothing_is_added(void **state)
{
    struct fixture *f = fixture_new();
    uint64_t rng = 9;
    uint32_t text;

    (void)state;
    for (uint32_t i = 0; i < 100; i++)
        add_random(f, 0, &rng);
    text = put_text(f, "zzzzzz");
    fault_arm_from("mem.alloc", 1, ENOMEM);
    while (space_alloc(&f->space, 8) != 0) /* what is there already */
        continue;
    assert_false(add(f, 1000, text, 0));
    fault_disarm_all();
    expect_all(f);
    assert_true(insert_sorted(f, "zzzzzz", 1000));
    assert_true(add(f, 1000, text, 0));
    expect_all(f);
    fixture_free(f);
}

/* ---- readers beside the writer ---- */

#define READERS 3u
#define ADDED 20000u

struct shared {
    struct fixture *f;
    atomic_uint added;
    atomic_uint reads;
    atomic_bool done;
};

/* What was added before is there, ascending; more may come while it reads. */
static void read_once(struct shared *s, uint64_t *rng)
{
    struct fixture *f = s->f;
    char prefix[2] = {(char)('a' + rng_below(rng, 26)), '\0'};
    bool all = rng_below(rng, 2);
    uint32_t before = atomic_load_explicit(&s->added, memory_order_acquire), n = 0;
    const struct names_tower *t =
        tower_at(f, names_lower_bound(&f->names, &f->space, prefix, all ? 0 : 1));

    for (const char *last = NULL; t != NULL; t = next_of(f, t), n++) {
        const char *text = text_of(f, t);
        if ((last != NULL && strcmp(last, text) >= 0) || (!all && text[0] < prefix[0]))
            abort();
        last = text;
    }
    if (all && n < before)
        abort();
    atomic_fetch_add(&s->reads, 1);
}

static void *reader(void *ctx)
{
    struct shared *s = ctx;
    uint64_t rng = 5;

    while (!atomic_load(&s->done))
        read_once(s, &rng);
    return NULL;
}

static void test_names__readers_see_what_was_added_before(void **state)
{
    struct shared s = {.f = fixture_new()};
    pthread_t threads[READERS];
    uint64_t rng = 1;

    (void)state;
    for (uint32_t i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, reader, &s), 0);
    for (uint32_t i = 0; i < ADDED || atomic_load(&s.reads) < 50; i++) {
        char name[32];

        if (i >= ADDED)
            continue;
        (void)snprintf(name, sizeof(name), "%c%x", (int)('a' + rng_below(&rng, 26)), i);
        assert_true(add(s.f, i, put_text(s.f, name), hash64(name, strlen(name))));
        atomic_store_explicit(&s.added, i + 1, memory_order_release);
    }
    atomic_store(&s.done, true);
    for (uint32_t i = 0; i < READERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    read_once(&s, &rng);
    fixture_free(s.f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names__are_in_the_order_of_their_bytes),
        cmocka_unit_test(test_names__heights_do_not_depend_on_the_order_of_coming),
        cmocka_unit_test(test_names__without_memory_nothing_is_added),
        cmocka_unit_test(test_names__readers_see_what_was_added_before),
    };

    return RUN_TESTS(tests);
}
