/* How stores hand out their newest view: pins, replacement, and the bound on both. */
#include "store/publish.h"
#include "unit/graph/support.h"

#include <pthread.h>

/* An empty view; the generation tells which. */
static struct view *view_number(uint64_t generation)
{
    struct view *v = view_of(NULL, NULL, 0);

    v->generation = generation;
    return v;
}

static void replace(struct publish *p, uint64_t generation)
{
    uint32_t slot;

    assert_int_equal(publish_reserve(p, &slot, NULL), 0);
    publish_replace(p, slot, view_number(generation));
}

static unsigned count_alive(struct publish *p)
{
    unsigned n = 0;

    for (uint32_t i = 0; i < PUBLISH_VIEWS; i++)
        n += atomic_load(&p->views[i]) != NULL;
    return n;
}

static void test_publish__a_view_lives_as_long_as_its_last_pin(void **state)
{
    static struct publish p;

    (void)state;
    publish_init(&p, view_number(0));
    const struct view *a = publish_pin(&p), *b = publish_pin(&p);
    assert_ptr_equal(a, b);
    publish_unpin(&p, a);
    assert_ptr_equal(publish_pin(&p), b);
    replace(&p, 1);
    assert_int_equal(count_alive(&p), 2);
    publish_unpin(&p, b);
    assert_int_equal(count_alive(&p), 2);
    publish_unpin(&p, b);
    assert_int_equal(count_alive(&p), 1);
    assert_int_equal(publish_newest(&p)->generation, 1);
    publish_release(&p);
}

static void test_publish__unpinned_views_go_at_once(void **state)
{
    static struct publish p;

    (void)state;
    publish_init(&p, view_number(0));
    for (uint64_t i = 1; i < UINT64_C(3) * PUBLISH_VIEWS; i++) {
        const struct view *v = publish_pin(&p);
        publish_unpin(&p, v);
        replace(&p, i);
        assert_int_equal(count_alive(&p), 1);
    }
    publish_release(&p);
}

static void test_publish__so_many_versions_may_be_pinned_and_no_more(void **state)
{
    static struct publish p;
    static const struct view *pinned[PUBLISH_VIEWS];
    struct err err = {0};
    uint32_t slot;

    (void)state;
    publish_init(&p, view_number(0));
    for (uint32_t i = 0; i < PUBLISH_VIEWS; i++) {
        pinned[i] = publish_pin(&p);
        assert_int_equal(pinned[i]->generation, i);
        if (i + 1 < PUBLISH_VIEWS)
            replace(&p, i + 1);
    }
    assert_int_equal(publish_reserve(&p, &slot, &err), PT_ELIMIT);
    assert_non_null(strstr(err.msg, "pinned"));
    publish_unpin(&p, pinned[500]);
    replace(&p, PUBLISH_VIEWS);
    assert_int_equal(publish_newest(&p)->slot, 500);
    for (uint32_t i = 0; i < PUBLISH_VIEWS; i++)
        if (i != 500)
            publish_unpin(&p, pinned[i]);
    assert_int_equal(count_alive(&p), 1);
    publish_release(&p);
}

#define READERS 3
#define REPLACEMENTS 20000

struct race {
    struct publish publish;
    atomic_bool over;
};

/* Holds a few views at a time, so that they go out of order. */
static void *reader(void *arg)
{
    struct race *r = arg;
    const struct view *held[5] = {NULL};
    uint64_t last = 0;

    for (unsigned i = 0; !atomic_load(&r->over) || i < 100; i++) {
        const struct view **at = &held[i * 7 % 5];

        if (*at != NULL)
            publish_unpin(&r->publish, *at);
        *at = publish_pin(&r->publish);
        if ((*at)->generation < last || (*at)->seg.n_strings != 1)
            abort();
        last = (*at)->generation;
    }
    for (int i = 0; i < 5; i++)
        if (held[i] != NULL)
            publish_unpin(&r->publish, held[i]);
    return NULL;
}

static void test_publish__pins_race_with_replacements(void **state)
{
    static struct race r;
    pthread_t threads[READERS];

    (void)state;
    publish_init(&r.publish, view_number(0));
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, reader, &r), 0);
    for (uint64_t i = 1; i <= REPLACEMENTS; i++)
        replace(&r.publish, i);
    atomic_store(&r.over, true);
    for (int i = 0; i < READERS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(count_alive(&r.publish), 1);
    publish_release(&r.publish);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_publish__a_view_lives_as_long_as_its_last_pin),
        cmocka_unit_test(test_publish__unpinned_views_go_at_once),
        cmocka_unit_test(test_publish__so_many_versions_may_be_pinned_and_no_more),
        cmocka_unit_test(test_publish__pins_race_with_replacements),
    };

    return RUN_TESTS(tests);
}
