/* Lean texts: what goes in comes out, in the form that says it in the fewest bytes. */
#include "unit/graph/support.h"

#include "graph/live_internal.h"
#include "graph/texts.h"

struct texts_case {
    const char *name, *qualified, *signature;
    uint8_t form;
    size_t bytes; /* of the texts */
};

#define BEHIND TEXTS_BEHIND
#define PLAIN TEXTS_JOINED
#define DOT (TEXTS_JOINED + 1)
#define COLONS (TEXTS_JOINED + 2)
#define NAMED TEXTS_NAMED

static const struct texts_case cases[] = {
    {"f", "a.c::f", "", COLONS, 1},
    {"f", "a.c.f", "", DOT, 1},
    {"f", "a.cf", "", PLAIN, 1},
    {"", "a.c", "", PLAIN, 1},
    {"", "a.c::", "", COLONS, 1},
    {"f", "a.c#f", "", BEHIND, 4},
    {"f", "a.c:f", "", BEHIND, 4},
    {"f", "a.c::f<T>", "", BEHIND, 8},
    {"f", "a.c", "", BEHIND, 2},
    {"f", "a", "", TEXTS_WHOLE, 3},
    {"f", "", "", TEXTS_WHOLE, 2},
    {"f", "b.c::f", "", TEXTS_WHOLE, 8},
    {"long", "a.c::long", "int long(void)", COLONS | NAMED, 12},
    {"long", "a.c::long", "long", COLONS | NAMED, 2},
    {"long", "a.c::long", "long long", COLONS | NAMED, 7},
    {"long", "a.c::long", "int lon", COLONS, 8},
    {"f", "a.c::f", "int f", COLONS, 6}, /* the mark would be as long */
    {"long", "a.c::long", "long \x01", COLONS, 7},
    {"long", "x", "int long", TEXTS_WHOLE | NAMED, 2 + 6},
    {"\x01\x01", "a.c.\x01\x01", "\x01\x01", DOT, 3},
};

static void check_node(const struct live *g, const struct unit_node *want)
{
    struct view v;
    struct buf text = {0};
    assert_true(live_pin((struct live *)(uintptr_t)g, &v));
    uint32_t id = view_find_sig(&v, want->sig);
    assert_string_equal(view_qualified(&v, id, &text), want->qualified);
    assert_string_equal(view_signature(&v, id, &text), want->signature);
    assert_string_equal(view_name(&v, id), want->name);
    buf_release(&text);
    live_unpin(&v);
}

static const struct live_node *record_of(const struct live *g, uint64_t sig)
{
    struct view v;
    assert_true(live_pin((struct live *)(uintptr_t)g, &v));
    const struct live_node *r = live_node(&v, view_find_sig(&v, sig));
    live_unpin(&v);
    return r;
}

static void apply(struct live *g, struct draft *d)
{
    struct delta delta = delta_of(d, 1);
    assert_int_equal(live_apply(g, &delta, (struct live_stamp){0}, NULL), PT_OK);
    delta_release(&delta);
}

static void test_texts__come_out_as_they_went_in(void **state)
{
    (void)state;
    for (size_t i = 0; i < PT_COUNT(cases); i++) {
        const struct texts_case *c = &cases[i];
        struct live *g = NULL;
        struct draft d;
        draft_init(&d, "a.c", 1);
        struct unit_node *n = draft_node(&d, 2, c->qualified);
        n->name = c->name;
        n->signature = c->signature;
        assert_int_equal(live_new(&g, NULL), PT_OK);
        apply(g, &d);
        check_node(g, n);
        const struct live_node *r = record_of(g, 2);
        if ((r->form & TEXTS_FORM_MASK) != c->form || texts_size(r) != c->bytes)
            fail_msg("case %zu: form %u, %zu bytes", i, r->form, texts_size(r));
        live_free(g);
    }
}

/* Each case against each: what differs in any text is not the same. */
static void test_texts__are_the_same_only_if_they_are(void **state)
{
    (void)state;
    for (size_t i = 0; i < PT_COUNT(cases); i++) {
        char room[256] __attribute__((aligned(8))) = {0};
        struct live_node *r = (struct live_node *)(void *)room;
        const struct unit_node a = {.name = cases[i].name,
                                    .qualified = cases[i].qualified,
                                    .signature = cases[i].signature};
        struct texts t;
        texts_of(&a, "a.c", &t);
        r->form = t.form;
        texts_put(&t, r->rest);
        assert_int_equal(texts_bytes(&t), texts_size(r));
        for (size_t k = 0; k < PT_COUNT(cases); k++) {
            const struct unit_node b = {.name = cases[k].name,
                                        .qualified = cases[k].qualified,
                                        .signature = cases[k].signature};
            bool same =
                strcmp(a.qualified, b.qualified) == 0 && strcmp(a.signature, b.signature) == 0;
            if (strcmp(a.name, b.name) != 0)
                continue;
            assert_int_equal(texts_same(&b, "a.c", r), same);
        }
    }
}

/* The record of the child says the same before and after, and means another text. */
static void test_texts__follow_a_parent_that_is_called_anew(void **state)
{
    struct live *g = NULL;
    struct view before;
    struct draft d;
    struct buf text = {0};
    (void)state;
    draft_init(&d, "a.c", 1);
    struct unit_node *s = draft_node(&d, 2, "a.c::S");
    struct unit_node *f = draft_node(&d, 3, "a.c::S.f");
    f->name = "f";
    f->parent = 1;
    assert_int_equal(live_new(&g, NULL), PT_OK);
    apply(g, &d);
    const struct live_node *r = record_of(g, 3);
    assert_true(live_pin(g, &before));

    d.nodes[0].qualified = "module";
    s->qualified = "module::T";
    f->qualified = "module::T.f";
    apply(g, &d);
    assert_ptr_equal(record_of(g, 3), r);
    check_node(g, f);
    check_node(g, s);
    uint32_t id = view_find_sig(&before, 3);
    assert_string_equal(view_qualified(&before, id, &text), "a.c::S.f");

    f->qualified = "a.c::S.f"; /* as it was, which the parent no longer is */
    apply(g, &d);
    check_node(g, f);
    assert_string_equal(view_qualified(&before, id, &text), "a.c::S.f");
    live_unpin(&before);
    buf_release(&text);
    live_free(g);
}

/* A reader goes up a chain of parents, however long. */
static void test_texts__of_deep_nodes(void **state)
{
    struct live *g = NULL;
    struct draft d;
    struct arena arena = {0};
    (void)state;
    draft_init(&d, "a.c", 1);
    for (uint32_t i = 1; i < ROOM; i++) {
        struct unit_node *n = draft_node(&d, 1 + i, "x");
        n->parent = i - 1;
        n->name = arena_printf(&arena, "n%u", i);
        n->qualified = arena_printf(&arena, "%s.%s", d.nodes[i - 1].qualified, n->name);
    }
    assert_int_equal(live_new(&g, NULL), PT_OK);
    apply(g, &d);
    for (uint32_t i = 1; i < ROOM; i++) {
        check_node(g, &d.nodes[i]);
        assert_int_equal(record_of(g, 1 + i)->form, DOT);
    }
    live_free(g);
    arena_release(&arena);
}

static void test_texts__forms_that_cannot_be(void **state)
{
    (void)state;
    for (unsigned form = 0; form < 256; form++) {
        unsigned qualified = form & TEXTS_QUALIFIED_MASK;
        bool sound = form < 2 * LIVE_WIDE && qualified < TEXTS_JOINED + TEXTS_SEPARATORS;
        assert_int_equal(texts_form_is_sound((uint8_t)form, false), sound);
        assert_int_equal(texts_form_is_sound((uint8_t)form, true),
                         sound && qualified == TEXTS_WHOLE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts__come_out_as_they_went_in),
        cmocka_unit_test(test_texts__are_the_same_only_if_they_are),
        cmocka_unit_test(test_texts__follow_a_parent_that_is_called_anew),
        cmocka_unit_test(test_texts__of_deep_nodes),
        cmocka_unit_test(test_texts__forms_that_cannot_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
