/* The index of modules against a look at all files: through commits that bring, take and rename
 * files and ones that do not, for views of all ages, with readers beside the writer. */
#include "unit/graph/support.h"

#include <pthread.h>

#define FILES 12u
#define NAMES 9u

static const char *const modules[NAMES] = {
    "a.b", "a::b", "a/b.c", "ab", "b", "a-b.c", "x.y", "", "long.module.of.parts"};

static uint64_t state_of_rng = 11;

static uint32_t below(uint32_t n)
{
    state_of_rng += 0x9e3779b97f4a7c15ULL;
    return (uint32_t)(hash_mix64(state_of_rng) % n);
}

/* Some files come, go, are called otherwise, or only grow. */
static void commit(struct live *g, uint32_t which)
{
    static struct draft d[FILES];
    static char paths[FILES][16];
    struct err err = {0};
    struct delta delta;
    delta_init(&delta);
    for (uint32_t i = 0; i < FILES; i++) {
        if (which != UINT32_MAX && i != which && below(4) != 0)
            continue;
        (void)snprintf(paths[i], sizeof(paths[i]), "file%02u", i);
        draft_init(&d[i], paths[i], 0);
        d[i].u.removed = which != UINT32_MAX && below(4) == 0;
        d[i].nodes[0].qualified = modules[below(3) != 0 ? i % NAMES : below(NAMES)];
        d[i].nodes[0].sig =
            hash64_seed(d[i].nodes[0].qualified, strlen(d[i].nodes[0].qualified), 1000 + i);
        d[i].nodes[0].end_line = 1 + below(100);
        if (d[i].u.removed)
            d[i].u.n_nodes = 0;
        assert_true(vec_push(&delta.units, d[i].u));
    }
    int rc = live_apply(g, &delta, (struct live_stamp){0}, &err);
    assert_string_equal(err.msg, "");
    assert_int_equal(rc, PT_OK);
    delta_release(&delta);
}

/* All that a look finds must be there; the caller of the index looks for himself what is. */
static void expect_all(const struct view *v, const char *module)
{
    struct ids ids = {0};
    bool known;
    assert_true(view_modules_like(v, module, strlen(module), &ids, &known));
    if (known) {
        for (uint32_t f = 0; f < view_file_limit(v); f++) {
            if (!view_has_file(v, f) || strcmp(view_module(v, f), module) != 0)
                continue;
            uint32_t i = 0;
            while (i < ids.len && ids.at[i] != f)
                i++;
            assert_true(i < ids.len);
        }
        for (uint32_t i = 0; i < ids.len; i++)
            assert_true(view_has_file(v, ids.at[i]));
    }
    vec_release(&ids);
}

static void test_modules__are_those_of_the_view(void **state)
{
    struct live *g = NULL;
    struct view old, v;
    (void)state;
    assert_int_equal(live_new(&g, NULL), PT_OK);
    commit(g, UINT32_MAX);
    for (unsigned turn = 0; turn < 3000; turn++) {
        assert_true(live_pin(g, &old));
        if (below(2) == 0)
            expect_all(&old, modules[below(NAMES)]);
        commit(g, below(FILES));
        assert_true(live_pin(g, &v));
        for (unsigned i = 0; i < 3; i++) {
            expect_all(&v, modules[below(NAMES)]);
            expect_all(&old, modules[below(NAMES)]);
        }
        live_unpin(&old);
        live_unpin(&v);
    }
    live_free(g);
}

/* Where nothing changed, the newest view is answered by the index. */
static void test_modules__say_what_they_can(void **state)
{
    struct live *g = NULL;
    struct ids ids = {0};
    struct view v, old;
    bool known = false;
    (void)state;
    assert_int_equal(live_new(&g, NULL), PT_OK);
    commit(g, UINT32_MAX);
    assert_true(live_pin(g, &old));
    assert_true(view_modules_like(&old, "a.b", 3, &ids, &known) && known);
    assert_true(view_modules_like(&old, "a::b", 4, &ids, &known) && known);
    while (view_has_file(&old, 0)) { /* until the first one has gone */
        live_unpin(&old);
        commit(g, 0);
        assert_true(live_pin(g, &old));
    }
    assert_true(live_pin(g, &v));
    vec_clear(&ids);
    assert_true(view_modules_like(&v, "no such module", 14, &ids, &known) && known);
    assert_int_equal(ids.len, 0);
    live_unpin(&v);
    live_unpin(&old);
    vec_release(&ids);
    live_free(g);
}

struct readers {
    struct live *g;
    _Atomic(bool) done;
};

static void *read_on(void *ctx)
{
    struct readers *r = ctx;
    struct ids ids = {0};
    struct view v;
    bool known;
    while (!atomic_load(&r->done)) {
        if (!live_pin(r->g, &v))
            continue;
        for (unsigned i = 0; i < NAMES; i++) {
            vec_clear(&ids);
            if (!view_modules_like(&v, modules[i], strlen(modules[i]), &ids, &known))
                abort();
            for (uint32_t k = 0; k < ids.len; k++)
                if (!view_has_file(&v, ids.at[k]))
                    abort();
        }
        live_unpin(&v);
    }
    vec_release(&ids);
    return NULL;
}

static void test_modules__readers_beside_the_writer(void **state)
{
    struct readers r = {0};
    pthread_t threads[3];
    (void)state;
    assert_int_equal(live_new(&r.g, NULL), PT_OK);
    commit(r.g, UINT32_MAX);
    for (unsigned i = 0; i < PT_COUNT(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, read_on, &r), 0);
    for (unsigned turn = 0; turn < 2000; turn++)
        commit(r.g, below(FILES));
    atomic_store(&r.done, true);
    for (unsigned i = 0; i < PT_COUNT(threads); i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    live_free(r.g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_modules__are_those_of_the_view),
        cmocka_unit_test(test_modules__say_what_they_can),
        cmocka_unit_test(test_modules__readers_beside_the_writer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
