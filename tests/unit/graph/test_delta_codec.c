/* The bytes of deltas: what goes in comes out, and nothing else comes out of anything. */
#include "base/fault.h"
#include "graph/delta_codec.h"
#include "unit/graph/twin.h"

static void expect_same_node(const struct unit_node *a, const struct unit_node *b)
{
    assert_true(a->sig == b->sig && a->parent == b->parent);
    assert_string_equal(a->name, b->name);
    assert_string_equal(a->qualified, b->qualified);
    assert_string_equal(a->signature, b->signature);
    assert_true(a->line == b->line && a->end_line == b->end_line && a->start == b->start);
    assert_true(a->end == b->end && a->doc_start == b->doc_start && a->doc_end == b->doc_end);
    assert_true(a->flags == b->flags && a->kind == b->kind);
}

static void expect_same_unit(const struct unit *a, const struct unit *b)
{
    assert_string_equal(a->path, b->path);
    assert_int_equal(a->removed, b->removed);
    if (a->removed)
        return;
    assert_string_equal(a->lang, b->lang);
    assert_true(hash128_eq(a->content, b->content));
    assert_true(a->size == b->size && a->mtime_ns == b->mtime_ns && a->ctime_ns == b->ctime_ns);
    assert_true(a->ino == b->ino && a->lines == b->lines && a->facts_flags == b->facts_flags);
    assert_int_equal(a->error_line, b->error_line);
    assert_memory_equal(a->refs_by_layer, b->refs_by_layer, sizeof(a->refs_by_layer));
    assert_memory_equal(a->unresolved, b->unresolved, sizeof(a->unresolved));
    assert_int_equal(a->n_nodes, b->n_nodes);
    assert_int_equal(a->n_edges, b->n_edges);
    for (uint32_t i = 0; i < a->n_nodes; i++)
        expect_same_node(&a->nodes[i], &b->nodes[i]);
    for (uint32_t i = 0; i < a->n_edges; i++) {
        const struct unit_edge *x = &a->edges[i], *y = &b->edges[i];
        assert_true(x->from == y->from && x->to == y->to && x->line == y->line);
        assert_true(x->col == y->col && x->kind == y->kind && x->layer == y->layer);
    }
}

static void expect_same(const struct delta *a, const struct delta *b)
{
    assert_int_equal(a->replace_all, b->replace_all);
    assert_int_equal(a->units.len, b->units.len);
    for (uint32_t i = 0; i < a->units.len; i++)
        expect_same_unit(&a->units.at[i], &b->units.at[i]);
}

static struct buf bytes_of(const struct delta *d)
{
    struct buf b = {0};
    struct err err = {0};

    if (delta_encode(d, &b, &err) != 0)
        fail_msg("%s", err.msg);
    return b;
}

/* There and back again; and again the same bytes. */
static void expect_round_trip(const struct delta *d)
{
    struct buf b = bytes_of(d), again;
    struct delta got;
    struct err err = {0};

    if (delta_decode((const uint8_t *)b.p, b.n, &got, &err) != 0)
        fail_msg("%s", err.msg);
    expect_same(d, &got);
    again = bytes_of(&got);
    assert_int_equal(again.n, b.n);
    assert_memory_equal(again.p, b.p, b.n);
    delta_release(&got);
    buf_release(&b);
    buf_release(&again);
}

/* ---- random deltas whose numbers reach to all ends ---- */

static uint64_t some_u64(uint64_t *rng)
{
    uint64_t v = rng_next(rng);

    switch (rng_below(rng, 5)) {
    case 0: return 0;
    case 1: return UINT64_MAX;
    case 2: return v % 200;
    default: return v >> rng_below(rng, 64);
    }
}

static uint32_t some_u32(uint64_t *rng)
{
    uint64_t v = some_u64(rng);
    return v == UINT64_MAX ? UINT32_MAX : (uint32_t)v;
}

static const char *some_text(struct arena *a, uint64_t *rng)
{
    size_t n = rng_below(rng, 4) == 0 ? rng_below(rng, 300) : rng_below(rng, 4);
    char *s = arena_alloc(a, n + 1);

    for (size_t i = 0; i < n; i++)
        s[i] = (char)(1 + rng_below(rng, n > 3 ? 255 : 3));
    s[n] = '\0';
    return s;
}

static struct unit_node some_node(struct arena *a, uint32_t i, uint64_t *rng)
{
    const char *qualified = some_text(a, rng), *name = some_text(a, rng);

    if (rng_below(rng, 2))
        name = qualified + rng_below(rng, strlen(qualified) + 1);
    return (struct unit_node){
        .sig = rng_below(rng, 3) ? rng_next(rng) : rng_below(rng, 10),
        .parent = i ? (uint32_t)rng_below(rng, i) : 0,
        .name = name,
        .qualified = qualified,
        .signature = some_text(a, rng),
        .line = some_u32(rng),
        .end_line = some_u32(rng),
        .start = some_u32(rng),
        .end = some_u32(rng),
        .doc_start = rng_below(rng, 2) ? some_u32(rng) : 0,
        .doc_end = rng_below(rng, 2) ? some_u32(rng) : 0,
        .flags = (uint16_t)some_u32(rng),
        .kind = i ? (uint8_t)rng_below(rng, NODE_KIND_COUNT) : NODE_FILE,
    };
}

static struct unit some_unit(struct arena *a, const char *path, uint64_t *rng)
{
    uint32_t n_nodes = 1 + (uint32_t)rng_below(rng, 12);
    struct unit_node *nodes = arena_calloc(a, n_nodes, sizeof(*nodes));
    struct unit u = {.path = path,
                     .lang = some_text(a, rng),
                     .content = {rng_next(rng), rng_next(rng)},
                     .size = some_u64(rng),
                     .mtime_ns = (int64_t)some_u64(rng),
                     .ctime_ns = rng_below(rng, 2) ? (int64_t)some_u64(rng) : INT64_MIN,
                     .ino = some_u64(rng),
                     .lines = some_u32(rng),
                     .facts_flags = some_u32(rng),
                     .error_line = some_u32(rng),
                     .n_nodes = n_nodes,
                     .nodes = nodes};

    for (uint32_t i = 0; i < n_nodes; i++)
        nodes[i] = some_node(a, i, rng);
    for (size_t i = 0; i < LAYER_COUNT; i++)
        u.refs_by_layer[i] = some_u32(rng);
    for (size_t i = 0; i < UNRESOLVED_COUNT; i++)
        u.unresolved[i] = some_u32(rng);
    return u;
}

static uint64_t some_end(const struct delta *d, const struct unit *own, uint64_t *rng)
{
    const struct unit *u = own;

    if (rng_below(rng, 4) == 0)
        return 1000 + rng_below(rng, 20);
    if (rng_below(rng, 2) == 0)
        u = &d->units.at[rng_below(rng, d->units.len)];
    return u->n_nodes ? u->nodes[rng_below(rng, u->n_nodes)].sig : rng_next(rng);
}

static void some_edges(struct delta *d, struct unit *u, uint64_t *rng)
{
    uint32_t n = (uint32_t)rng_below(rng, 30);
    struct unit_edge *edges = arena_calloc(&d->arena, n, sizeof(*edges));

    for (uint32_t i = 0; i < n; i++)
        edges[i] = (struct unit_edge){.from = some_end(d, u, rng),
                                      .to = some_end(d, u, rng),
                                      .line = some_u32(rng) & UNIT_LINE_MAX,
                                      .col = (uint16_t)some_u32(rng),
                                      .kind = (uint8_t)rng_below(rng, EDGE_KIND_COUNT),
                                      .layer = (uint8_t)rng_below(rng, LAYER_COUNT)};
    u->edges = edges;
    u->n_edges = unit_edges_sort(edges, n);
}

static struct delta some_delta(uint64_t *rng)
{
    struct delta d;
    uint32_t n = (uint32_t)rng_below(rng, 6);

    delta_init(&d);
    d.replace_all = rng_below(rng, 2) != 0;
    for (uint32_t i = 0; i < n; i++) {
        const char *path = arena_printf(&d.arena, "%c%s", (int)('a' + i), some_text(&d.arena, rng));
        struct unit u = {.path = path, .removed = true};

        if (rng_below(rng, 4))
            u = some_unit(&d.arena, path, rng);
        assert_true(vec_push(&d.units, u));
    }
    for (uint32_t i = 0; i < n; i++)
        if (!d.units.at[i].removed)
            some_edges(&d, &d.units.at[i], rng);
    return d;
}

static void test_delta_codec__what_goes_in_comes_out(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 3000; seed++) {
        uint64_t rng = seed;
        struct delta d = some_delta(&rng);

        if (seed % 1000 == 0)
            print_message("seeds up to %llu\n", (unsigned long long)seed);
        assert_int_equal(delta_check(&d, NULL), 0);
        expect_round_trip(&d);
        delta_release(&d);
    }
}

static void test_delta_codec__deltas_of_the_twin_come_out_too(void **state)
{
    struct twin t = {0};
    uint64_t rng = 7;

    (void)state;
    for (int i = 0; i < 200; i++) {
        bool valid;
        struct delta d = twin_random_delta(&t, &rng, true, &valid);

        expect_round_trip(&d);
        twin_apply(&t, &d);
        delta_release(&d);
    }
    twin_release(&t);
}

static void small_delta(struct draft d[3])
{
    draft_init(&d[0], "a.c", 1);
    draft_node(&d[0], 2, "f")->doc_end = 9;
    draft_node(&d[0], 3, "a::g");
    draft_edge(&d[0], 2, 3, EDGE_CALLS, 22);
    draft_edge(&d[0], 2, 12, EDGE_CALLS, 23);
    draft_init(&d[1], "b.c", 11);
    draft_node(&d[1], 12, "b::h");
    draft_edge(&d[1], 12, 2, EDGE_CALLS, 33);
    draft_edge(&d[1], 99, 12, EDGE_IMPLEMENTS, 34);
    draft_edge(&d[1], 99, 12, EDGE_IMPLEMENTS, 35);
    draft_init(&d[2], "c.c", 21);
    d[2].u.removed = true;
}

static struct buf small_bytes(void)
{
    struct draft drafts[3];

    small_delta(drafts);
    struct delta d = delta_of(drafts, 3);
    struct buf b = bytes_of(&d);
    delta_release(&d);
    return b;
}

/* A change of these bytes is a new DELTA_VERSION. */
static void test_delta_codec__the_format_does_not_change_by_accident(void **state)
{
    struct buf b = small_bytes();

    (void)state;
    assert_int_equal(b.n, 257);
    assert_int_equal(hash64(b.p, b.n), 0x98d2318ae085c421);
    buf_release(&b);
}

static void test_delta_codec__an_empty_delta_is_one(void **state)
{
    struct delta d;

    (void)state;
    delta_init(&d);
    expect_round_trip(&d);
    d.replace_all = true;
    expect_round_trip(&d);
    delta_release(&d);
}

static void test_delta_codec__an_encoding_is_appended(void **state)
{
    struct buf b = {0}, alone = small_bytes();
    struct draft drafts[3];

    (void)state;
    small_delta(drafts);
    struct delta d = delta_of(drafts, 3);
    buf_str(&b, "before");
    assert_int_equal(delta_encode(&d, &b, NULL), 0);
    assert_int_equal(b.n, 6 + alone.n);
    assert_memory_equal(b.p + 6, alone.p, alone.n);
    d.units.at[1].path = "a.c";
    assert_int_equal(delta_encode(&d, &b, NULL), PT_EINVAL);
    assert_int_equal(b.n, 6 + alone.n);
    delta_release(&d);
    buf_release(&b);
    buf_release(&alone);
}

/* ---- other bytes ---- */

/* In a block of just that size, so that a sanitizer sees what is read beyond. */
static int decode_copy(const uint8_t *p, size_t n, struct err *err)
{
    uint8_t *copy = malloc(n ? n : 1);
    struct delta d;

    memcpy(copy, p, n);
    int rc = delta_decode(copy, n, &d, err);
    free(copy);
    if (rc == 0) {
        assert_int_equal(delta_check(&d, NULL), 0);
        expect_round_trip(&d);
        delta_release(&d);
    } else {
        assert_int_equal(rc, err->code);
    }
    return rc;
}

static void test_delta_codec__no_part_of_an_encoding_is_one(void **state)
{
    struct buf b = small_bytes();

    (void)state;
    for (size_t n = 0; n < b.n; n++) {
        struct err err = {0};
        assert_int_equal(decode_copy((const uint8_t *)b.p, n, &err), PT_ECORRUPT);
    }
    buf_char(&b, 0);
    assert_int_equal(decode_copy((const uint8_t *)b.p, b.n, &(struct err){0}), PT_ECORRUPT);
    buf_release(&b);
}

static void test_delta_codec__any_changed_byte_is_refused_or_a_delta(void **state)
{
    struct buf b = small_bytes();
    uint8_t *p = (uint8_t *)b.p;

    (void)state;
    for (size_t i = 0; i < b.n; i++) {
        uint8_t was = p[i];

        for (unsigned v = 0; v < 256; v++) {
            struct err err = {0};
            p[i] = (uint8_t)v;
            int rc = decode_copy(p, b.n, &err);
            assert_true(rc == 0 || rc == PT_ECORRUPT || (rc == PT_EVERSION && i >= 4 && i < 8));
        }
        p[i] = was;
    }
    buf_release(&b);
}

static void test_delta_codec__random_damage_is_refused_or_a_delta(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 2000; seed++) {
        uint64_t rng = seed;
        struct delta d = some_delta(&rng);
        struct buf b = bytes_of(&d);

        for (int i = 0; i < 10; i++) {
            struct err err = {0};
            b.p[rng_below(&rng, b.n)] = (char)rng_next(&rng);
            (void)decode_copy((const uint8_t *)b.p, b.n - rng_below(&rng, 2), &err);
        }
        buf_release(&b);
        delta_release(&d);
    }
}

static void expect_refused(const uint8_t *p, size_t n, int code, const char *message)
{
    struct err err = {0};

    assert_int_equal(decode_copy(p, n, &err), code);
    if (strstr(err.msg, message) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err.msg, message);
}

static void test_delta_codec__another_version_is_refused_by_name(void **state)
{
    struct buf b = small_bytes();

    (void)state;
    codec_put32((uint8_t *)b.p + 4, 77);
    expect_refused((uint8_t *)b.p, b.n, PT_EVERSION, "delta of version 77");
    buf_release(&b);
}

/* The head says so much, and the bytes that follow. */
static void expect_claim_refused(uint32_t n_strings, uint32_t n_units, uint32_t flags,
                                 const char *rest, size_t n_rest, const char *message)
{
    struct buf b = {0};
    uint8_t head[DELTA_HEAD_SIZE] = "ISGD";

    codec_put32(head + 4, DELTA_VERSION);
    codec_put32(head + 8, n_strings);
    codec_put32(head + 12, n_units);
    codec_put32(head + 16, flags);
    buf_add(&b, head, sizeof(head));
    buf_add(&b, rest, n_rest);
    expect_refused((const uint8_t *)b.p, b.n, PT_ECORRUPT, message);
    buf_release(&b);
}

static void test_delta_codec__each_rule_is_named(void **state)
{
    (void)state;
    expect_refused((const uint8_t *)"ISGX", 4, PT_ECORRUPT, "E1");
    expect_claim_refused(9, 0, 0, "", 0, "E1");
    expect_claim_refused(0, 0, 2, "", 0, "E1");
    expect_claim_refused(2, 0, 0, "ab", 2, "E2: the last string");
    expect_claim_refused(2, 0, 0, "a", 2, "E2: a string that is not used");
    expect_claim_refused(2, 1, 0, "\1\1a", 4, "E2: a string before the first");
    expect_claim_refused(4, 2, 0, "\0\1\1\1abc", 8, "E6: D1");
    expect_claim_refused(0, 1, 0, "\0\1", 2, "E3: more units");
    expect_claim_refused(2, 1, 0, "\0\1\0a", 5, "E3: bytes behind");
    expect_claim_refused(2, 1, 0, "\0\2a", 4, "E3: neither");
    expect_claim_refused(2, 1, 0, "\x80\0a", 4, "E3: a number");
}

static void test_delta_codec__E6_edges_that_are_there_twice_or_not_in_order(void **state)
{
    struct draft draft;

    (void)state;
    draft_init(&draft, "a.c", 1);
    draft_edge(&draft, 1, 1, EDGE_CALLS, 5);
    draft_edge(&draft, 1, 1, EDGE_CALLS, 6);
    struct delta d = delta_of(&draft, 1);
    struct buf b = bytes_of(&d);
    uint8_t *p = (uint8_t *)b.p;
    uint8_t *line = p + b.n - codec_get32(p + 8) - 2; /* of the last edge, from that before */
    assert_int_equal(*line, 2);
    *line = 0;
    expect_refused(p, b.n, PT_ECORRUPT, "E6: D5: unit a.c: edge 1");
    *line = 1;
    expect_refused(p, b.n, PT_ECORRUPT, "E6: D5: unit a.c: edge 1");
    buf_release(&b);
    delta_release(&d);
}

/* ---- limits ---- */

/* Claims of billions must not lead to allocations: each of these is refused at once. */
static void test_delta_codec__counts_are_believed_only_as_far_as_bytes_go(void **state)
{
    struct buf b = small_bytes();
    uint8_t *p = (uint8_t *)b.p;

    (void)state;
    codec_put32(p + 12, UINT32_MAX);
    fault_arm_from("mem.alloc", 3, ENOMEM); /* the strings take one */
    expect_refused(p, b.n, PT_ECORRUPT, "E3: more units than bytes");
    fault_disarm_all();
    buf_release(&b);
}

/* Many nodes that all have the one long name: the name must not be measured for each. */
static void test_delta_codec__time_grows_with_the_bytes_alone(void **state)
{
    enum { NODES = 60000, LENGTH = 1000000 };
    char *name = malloc(LENGTH + 1);
    struct buf b = {0};
    struct delta d;
    /* sig hash, flags, kind; parent: the node before; qualified name: the path; name: the last byte
     * of it; signature: the path; four numbers */
    static const uint8_t node[18] = {[9] = NODE_FUNCTION, [10] = 1, [11] = 1, [12] = 2, [13] = 1};
    static const uint8_t file[17] = {[9] = NODE_FILE, [10] = 1, [11] = 2, [12] = 1};
    uint8_t varint[CODEC_VARINT_MAX];

    (void)state;
    memset(name, 'x', LENGTH);
    name[LENGTH] = '\0';
    buf_fill(&b, 0, DELTA_HEAD_SIZE);
    buf_add(&b, "\0\0\1", 3); /* path; not removed; language = path */
    buf_fill(&b, 0, 16 + 1 + 2 + 1 + 3 + LAYER_COUNT + UNRESOLVED_COUNT + 1);
    buf_add(&b, varint, codec_put_varint(varint, NODES));
    buf_add(&b, file, sizeof(file));
    for (int i = 1; i < NODES; i++)
        buf_add(&b, node, sizeof(node));
    buf_add(&b, name, LENGTH + 1);
    memcpy(b.p, "ISGD", 4);
    codec_put32((uint8_t *)b.p + 4, DELTA_VERSION);
    codec_put32((uint8_t *)b.p + 8, LENGTH + 1);
    codec_put32((uint8_t *)b.p + 12, 1);
    struct err err = {0};
    if (delta_decode((const uint8_t *)b.p, b.n, &d, &err) != 0)
        fail_msg("%s", err.msg);
    assert_int_equal(d.units.at[0].n_nodes, NODES);
    assert_string_equal(d.units.at[0].nodes[NODES - 1].name, "x");
    assert_true(arena_bytes(&d.arena) + vec_bytes(&d.units) < DELTA_EXPANSION * b.n);
    delta_release(&d);
    buf_release(&b);
    free(name);
}

static void test_delta_codec__each_failing_allocation_is_survived(void **state)
{
    struct draft drafts[3];
    struct buf good = small_bytes();
    uint64_t n;

    (void)state;
    small_delta(drafts);
    struct delta d = delta_of(drafts, 3);
    for (n = 1;; n++) {
        struct buf b = {0};

        fault_arm("mem.alloc", n, ENOMEM);
        int rc = delta_encode(&d, &b, NULL);
        bool fired = fault_fired();
        fault_disarm_all();
        assert_int_equal(rc, fired ? PT_ENOMEM : 0);
        assert_false(b.failed);
        assert_int_equal(b.n, fired ? 0 : good.n);
        buf_release(&b);
        if (!fired)
            break;
    }
    assert_true(n > 3);
    for (n = 1;; n++) {
        struct delta got;

        fault_arm("mem.alloc", n, ENOMEM);
        int rc = delta_decode((const uint8_t *)good.p, good.n, &got, NULL);
        bool fired = fault_fired();
        fault_disarm_all();
        assert_int_equal(rc, fired ? PT_ENOMEM : 0);
        if (!fired) {
            expect_same(&d, &got);
            delta_release(&got);
            break;
        }
    }
    assert_true(n > 3);
    delta_release(&d);
    buf_release(&good);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_delta_codec__what_goes_in_comes_out),
        cmocka_unit_test(test_delta_codec__deltas_of_the_twin_come_out_too),
        cmocka_unit_test(test_delta_codec__the_format_does_not_change_by_accident),
        cmocka_unit_test(test_delta_codec__an_empty_delta_is_one),
        cmocka_unit_test(test_delta_codec__an_encoding_is_appended),
        cmocka_unit_test(test_delta_codec__no_part_of_an_encoding_is_one),
        cmocka_unit_test(test_delta_codec__any_changed_byte_is_refused_or_a_delta),
        cmocka_unit_test(test_delta_codec__random_damage_is_refused_or_a_delta),
        cmocka_unit_test(test_delta_codec__another_version_is_refused_by_name),
        cmocka_unit_test(test_delta_codec__each_rule_is_named),
        cmocka_unit_test(test_delta_codec__E6_edges_that_are_there_twice_or_not_in_order),
        cmocka_unit_test(test_delta_codec__counts_are_believed_only_as_far_as_bytes_go),
        cmocka_unit_test(test_delta_codec__time_grows_with_the_bytes_alone),
        cmocka_unit_test(test_delta_codec__each_failing_allocation_is_survived),
    };

    return RUN_TESTS(tests);
}
