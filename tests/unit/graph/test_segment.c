/* Building segments (D3, D4, merging of references), and what segment_decode refuses (S1 - S10). */
#include "unit/graph/twin.h"

#include "base/fault.h"

/* ---- building ---- */

static void expect_einval(const struct view *old, const struct draft *drafts, size_t n,
                          const char *message)
{
    struct delta d = delta_of(drafts, n);
    struct segment seg;
    struct err err = {0};

    assert_int_equal(segment_build(old ? &old->seg : NULL, &d, &seg, &err), PT_EINVAL);
    if (strstr(err.msg, message) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", err.msg, message);
    delta_release(&d);
}

/* a.c: f and g, f calls g; b.c: h calls f. */
static void small_drafts(struct draft d[2])
{
    draft_init(&d[0], "a.c", 1);
    draft_node(&d[0], 2, "f");
    draft_node(&d[0], 3, "a::g");
    draft_edge(&d[0], 2, 3, EDGE_CALLS, 22);
    draft_init(&d[1], "b.c", 11);
    draft_node(&d[1], 12, "b::h")->doc_end = 9;
    draft_edge(&d[1], 12, 2, EDGE_CALLS, 33);
}

static struct view *small_view(void)
{
    struct draft d[2];

    small_drafts(d);
    return view_of(NULL, d, 2);
}

static void test_build__D3_two_nodes_with_one_sig_hash_are_named(void **state)
{
    struct draft d[2];

    (void)state;
    small_drafts(d);
    d[1].nodes[1].sig = 3;
    expect_einval(NULL, d, 2, "D3: a::g (a.c:30) and b::h (b.c:20) have the same sig hash");
}

static void test_build__D3_holds_against_files_that_stay(void **state)
{
    struct view *v = small_view();
    struct draft d;

    (void)state;
    draft_init(&d, "c.c", 12);
    expect_einval(v, &d, 1, "D3: b::h (b.c:20) and c.c (c.c:1)");
    view_free(v);
}

static void test_build__sig_hashes_may_share_their_upper_halves(void **state)
{
    struct draft d;

    (void)state;
    draft_init(&d, "a.c", 0);
    for (uint64_t i = 1; i < 20; i++)
        draft_node(&d, i % 2 ? i : UINT64_MAX - i, "f");
    struct view *v = view_of(NULL, &d, 1);
    for (uint32_t i = 0; i < 20; i++)
        assert_int_equal(view_find_sig(v, d.nodes[i].sig), i);
    assert_int_equal(segment_check(&v->seg, NULL), 0);
    view_free(v);
}

static void test_build__D4_an_end_that_never_was(void **state)
{
    struct draft d[2];

    (void)state;
    small_drafts(d);
    d[1].edges[1].to = 99;
    expect_einval(NULL, d, 2, "D4: unit b.c: edge 1 (calls, line 33) leads to no node");
    d[1].edges[1].from = 98;
    expect_einval(NULL, d, 2, "starts at no node: 0000000000000062");
}

static void test_build__D4_an_end_that_goes_while_its_edge_stays(void **state)
{
    struct view *v = small_view();
    struct draft d;

    (void)state;
    draft_init(&d, "a.c", 1);
    expect_einval(v, &d, 1, "D4: b::h calls f, says b.c, which stays, but f is gone");
    d.u.removed = true;
    expect_einval(v, &d, 1, "D4: b::h calls f");
    view_free(v);
}

static void test_build__an_edge_survives_when_its_end_comes_back(void **state)
{
    struct view *v = small_view();
    struct draft d;
    struct edge_iter it;
    struct edge e = {0};

    (void)state;
    draft_init(&d, "a.c", 1);
    draft_node(&d, 44, "new");
    draft_node(&d, 2, "f");
    struct view *next = view_of(v, &d, 1);
    uint32_t f = view_find_sig(next, 2);
    assert_int_equal(f, 2);
    view_edges(next, f, true, EDGE_BIT(EDGE_CALLS), &it);
    assert_true(view_next(&it, &e));
    assert_string_equal(view_qualified(next, e.node), "b::h");
    assert_false(view_next(&it, &e));
    view_free(next);
    view_free(v);
}

static void test_build__references_merge_into_edges(void **state)
{
    struct draft d[2];
    const struct site *sites = NULL;
    struct edge_iter it;
    struct edge e = {0};

    (void)state;
    small_drafts(d);
    draft_edge(&d[0], 2, 3, EDGE_CALLS, 21)->layer = LAYER_CANDIDATE;
    draft_edge(&d[0], 2, 3, EDGE_CALLS, 22)->layer = LAYER_UNIQUE; /* the same place */
    draft_edge(&d[0], 2, 3, EDGE_USES, 22);
    draft_edge(&d[1], 2, 3, EDGE_CALLS, 7);
    draft_edge(&d[1], 2, 3, EDGE_CALLS, 0); /* no place: owned by b.c, not among the sites */
    struct view *v = view_of(NULL, d, 2);

    view_edges(v, 1, false, EDGE_ALL, &it);
    assert_true(view_next(&it, &e));
    assert_int_equal(e.kind, EDGE_CALLS);
    assert_int_equal(e.layer, LAYER_EXACT);
    assert_int_equal(view_sites(v, e.evidence, &sites), 3);
    assert_int_equal(sites[0].line, 21);
    assert_int_equal(sites[0].layer, LAYER_CANDIDATE);
    assert_int_equal(sites[1].line, 22);
    assert_int_equal(sites[1].layer, LAYER_EXACT);
    assert_int_equal(sites[2].line, 7);
    assert_int_equal(sites[2].file, 1);
    assert_true(view_next(&it, &e));
    assert_int_equal(e.kind, EDGE_USES);
    assert_false(view_next(&it, &e));
    view_free(v);
}

static void test_build__an_edge_loses_the_sites_of_a_file_and_its_surest_layer(void **state)
{
    struct draft d[2], empty;
    const struct site *sites = NULL;
    struct edge_iter it;
    struct edge e = {0};

    (void)state;
    small_drafts(d);
    d[0].edges[2].layer = LAYER_UNIQUE;
    draft_edge(&d[1], 2, 3, EDGE_CALLS, 7);
    struct view *v = view_of(NULL, d, 2);
    draft_init(&empty, "b.c", 11);
    empty.u.removed = true;
    struct view *next = view_of(v, &empty, 1);

    view_edges(next, 1, false, EDGE_ALL, &it);
    assert_true(view_next(&it, &e));
    assert_int_equal(e.layer, LAYER_UNIQUE);
    assert_int_equal(view_sites(next, e.evidence, &sites), 1);
    assert_false(view_next(&it, &e));
    view_free(next);
    view_free(v);
}

static void test_build__an_edge_without_a_line_goes_with_its_file(void **state)
{
    struct draft d[2], empty;

    (void)state;
    small_drafts(d);
    draft_edge(&d[1], 1, 3, EDGE_IMPORTS, 0); /* both ends in a.c, said by b.c */
    struct view *v = view_of(NULL, d, 2);
    uint64_t had = view_edge_count(v);
    draft_init(&empty, "b.c", 11);
    struct view *next = view_of(v, &empty, 1);
    /* gone: b.c contains h, h calls f, a.c imports g */
    assert_int_equal(view_edge_count(next), had - 3);
    view_free(next);
    view_free(v);
}

static void test_build__what_does_not_fit_a_site_is_cut(void **state)
{
    struct draft d;
    const struct site *sites = NULL;

    (void)state;
    draft_init(&d, "a.c", 1);
    draft_node(&d, 2, "f");
    draft_edge(&d, 2, 2, EDGE_CALLS, UINT32_MAX)->col = UINT16_MAX;
    struct view *v = view_of(NULL, &d, 1);
    assert_int_equal(view_sites(v, v->seg.out_start[1], &sites), 1);
    assert_int_equal(sites[0].line, SITE_LINE_MAX);
    assert_int_equal(sites[0].col, UINT16_MAX);
    view_free(v);
}

static void test_build__a_long_list_is_sorted_too(void **state)
{
    struct draft d;
    struct edge_iter it;
    struct edge e = {0};
    uint32_t last = 0, n = 0;

    (void)state;
    draft_init(&d, "a.c", 1);
    for (uint64_t i = 1; i < 61; i++)
        draft_node(&d, 1 + (i * 37) % 61, "f");
    for (uint32_t i = 0; i < d.u.n_edges; i++)
        d.edges[i].to = d.nodes[d.u.n_edges - i].sig;
    struct view *v = view_of(NULL, &d, 1);
    view_edges(v, 0, false, EDGE_ALL, &it);
    for (; view_next(&it, &e); n++) {
        assert_true(n == 0 || e.node > last);
        last = e.node;
    }
    assert_int_equal(n, d.u.n_edges);
    view_free(v);
}

static void test_build__each_nth_allocation_may_fail(void **state)
{
    struct twin t = {0};
    uint64_t rng = 7, n;
    bool valid;

    (void)state;
    struct delta first = twin_random_delta(&t, &rng, true, &valid);
    struct segment old, seg;
    assert_int_equal(segment_build(NULL, &first, &old, NULL), 0);
    twin_apply(&t, &first);
    struct delta second = twin_random_delta(&t, &rng, true, &valid);
    for (n = 1;; n++) {
        struct err err = {0};

        fault_arm("mem.alloc", n, ENOMEM);
        int rc = segment_build(&old, &second, &seg, &err);
        bool fired = fault_fired();
        fault_disarm_all();
        if (!fired) {
            assert_int_equal(rc, 0);
            break;
        }
        if (rc == 0) /* a table may do without growing, or a block without shrinking */
            segment_release(&seg);
        else
            assert_int_equal(rc, PT_ENOMEM);
    }
    assert_true(n > 20);
    segment_release(&seg);
    segment_release(&old);
    delta_release(&first);
    delta_release(&second);
    twin_release(&t);
}

/* ---- decoding ---- */

struct block {
    uint8_t *p;
    size_t n;
    struct segment s; /* borrows p */
};

/* A segment with all there is: sites of several files, docs, edges of several kinds. */
static struct block some_block(void)
{
    struct draft d[2];
    struct block b;

    small_drafts(d);
    draft_edge(&d[0], 2, 3, EDGE_USES, 21);
    draft_edge(&d[1], 2, 3, EDGE_CALLS, 7)->layer = LAYER_UNIQUE;
    draft_edge(&d[1], 2, 3, EDGE_CALLS, 0);
    struct view *v = view_of(NULL, d, 2);
    b.p = encode(&v->seg, &b.n);
    view_free(v);
    if (!lay_out(b.p, b.n, &b.s))
        abort();
    return b;
}

static void expect_refused(const uint8_t *p, size_t n, int code, const char *message)
{
    struct segment s = {.n_nodes = 42};
    struct err err = {0};
    int rc = segment_decode(p, n, &s, &err);

    if (rc != code || strncmp(err.msg, message, strlen(message)) != 0)
        fail_msg("code %d, \"%s\"; not %d, \"%s\"", rc, err.msg, code, message);
    assert_int_equal(s.n_nodes, 42);
}

static void test_decode__a_sound_segment_is_taken(void **state)
{
    struct block b = some_block();
    struct segment s;

    (void)state;
    assert_int_equal(segment_decode(b.p, b.n, &s, NULL), 0);
    assert_int_equal(segment_bytes(&s), segment_bytes(&b.s));
    reseal(b.p, b.n);
    assert_int_equal(segment_decode(b.p, b.n, &s, NULL), 0);
    free(b.p);
}

static void test_decode__S1_S2_every_flipped_bit_is_seen(void **state)
{
    struct block b = some_block();
    struct segment s;

    (void)state;
    for (size_t i = 0; i < b.n * 8; i++) {
        b.p[i / 8] ^= (uint8_t)(1 << i % 8);
        assert_int_equal(segment_decode(b.p, b.n, &s, NULL), PT_ECORRUPT);
        b.p[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    free(b.p);
}

static void test_decode__S1_every_length_but_the_right_one_is_refused(void **state)
{
    struct block b = some_block();
    struct segment s;

    (void)state;
    for (size_t n = 0; n < b.n; n++) {
        uint8_t *cut = malloc(n ? n : 1); /* so that a sanitizer sees reads behind its end */

        memcpy(cut, b.p, n);
        assert_int_equal(segment_decode(cut, n, &s, NULL), PT_ECORRUPT);
        free(cut);
    }
    uint8_t *longer = calloc(1, b.n + 8);
    assert_non_null(longer);
    memcpy(longer, b.p, b.n);
    assert_int_equal(segment_decode(longer, b.n + 8, &s, NULL), PT_ECORRUPT);
    free(longer);
    free(b.p);
}

static void test_decode__S1_other_versions_are_refused_by_name(void **state)
{
    struct block b = some_block();

    (void)state;
    codec_put32(b.p + 8, SEG_VERSION + 1);
    reseal(b.p, b.n);
    expect_refused(b.p, b.n, PT_EVERSION, "segment of version 2");
    codec_put32(b.p + 8, SEG_VERSION);
    codec_put32(b.p + 44, EDGE_KIND_COUNT + 1);
    reseal(b.p, b.n);
    expect_refused(b.p, b.n, PT_EVERSION, "segment with kinds");
    free(b.p);
}

static void test_decode__S1_counts_that_do_not_fit(void **state)
{
    static const uint32_t values[] = {0, 1, 0x7fffffff, UINT32_MAX - 1, UINT32_MAX};
    struct block b = some_block();

    (void)state;
    for (size_t at = 48; at < 84; at += 4) {
        for (size_t i = 0; i < PT_COUNT(values); i++) {
            uint32_t was = codec_get32(b.p + at);
            struct segment s;

            /* Only the header's sum is made right: sections move with the counts. */
            codec_put32(b.p + at, values[i]);
            uint8_t rest[SEG_HEADER_SIZE - 16];
            memcpy(rest, b.p, 16);
            memcpy(rest + 16, b.p + 32, SEG_HEADER_SIZE - 32);
            struct hash128 h = hash128(rest, sizeof(rest));
            codec_put64(b.p + 16, h.lo);
            codec_put64(b.p + 24, h.hi);
            if (values[i] != was)
                assert_int_equal(segment_decode(b.p, b.n, &s, NULL), PT_ECORRUPT);
            codec_put32(b.p + at, was);
        }
    }
    free(b.p);
}

/* Changes one number of a section (the cast undoes its const), decodes, and puts it back. */
#define EXPECT_BROKEN(b, lvalue, value, message)                                                   \
    do {                                                                                           \
        void *at_ = (void *)(uintptr_t) & (lvalue);                                                \
        __typeof__(lvalue) was_ = (lvalue), now_ = (value);                                        \
        memcpy(at_, &now_, sizeof(now_));                                                          \
        reseal((b).p, (b).n);                                                                      \
        expect_refused((b).p, (b).n, PT_ECORRUPT, message);                                        \
        memcpy(at_, &was_, sizeof(was_));                                                          \
    } while (0)

static void test_decode__S3_strings_end_and_offsets_lie_inside(void **state)
{
    struct block b = some_block();
    uint32_t n = b.s.n_strings;

    (void)state;
    EXPECT_BROKEN(b, b.s.strings[0], 'x', "S3: the strings");
    EXPECT_BROKEN(b, b.s.strings[n - 1], 'x', "S3: the strings");
    EXPECT_BROKEN(b, b.s.files[0].path, n, "S3: string of a file");
    EXPECT_BROKEN(b, b.s.files[1].lang, UINT32_MAX, "S3: string of a file");
    EXPECT_BROKEN(b, b.s.nodes[3].name, n, "S3: string of a node");
    EXPECT_BROKEN(b, b.s.nodes[0].qualified, n, "S3: string of a node");
    EXPECT_BROKEN(b, b.s.nodes[4].signature, n, "S3: string of a node");
    EXPECT_BROKEN(b, b.s.names[0].name, n, "S3: name");
    free(b.p);
}

static void test_decode__S4_files_and_their_nodes(void **state)
{
    struct block b = some_block();

    (void)state;
    EXPECT_BROKEN(b, b.s.files[1].path, b.s.files[0].path, "S4: order");
    EXPECT_BROKEN(b, b.s.files[0].count, 0, "S4: nodes");
    EXPECT_BROKEN(b, b.s.files[0].count, 2, "S4: nodes");
    EXPECT_BROKEN(b, b.s.files[0].count, UINT32_MAX, "S4: nodes");
    EXPECT_BROKEN(b, b.s.files[1].first, 2, "S4: nodes");
    EXPECT_BROKEN(b, b.s.files[1].count, 1, "S4: nodes of no file");
    free(b.p);
}

static void test_decode__S5_nodes_and_docs(void **state)
{
    struct block b = some_block();

    (void)state;
    EXPECT_BROKEN(b, b.s.nodes[0].kind, NODE_MODULE, "S5: node (number 0)");
    EXPECT_BROKEN(b, b.s.nodes[1].kind, NODE_KIND_COUNT, "S5: node (number 1)");
    EXPECT_BROKEN(b, b.s.nodes[1].parent, 1, "S5: node (number 1)");
    EXPECT_BROKEN(b, b.s.nodes[1].parent, NODE_NONE, "S5: node (number 1)");
    EXPECT_BROKEN(b, b.s.nodes[4].parent, 2, "S5: node (number 4)");
    EXPECT_BROKEN(b, b.s.nodes[3].parent, 0, "S5: node (number 3)");
    EXPECT_BROKEN(b, b.s.nodes[2].file, 1, "S5: node (number 2)");
    EXPECT_BROKEN(b, b.s.nodes[2].has_doc, 2, "S5: node (number 2)");
    EXPECT_BROKEN(b, b.s.nodes[2].has_doc, 1, "S5: documentation of node (number 2)");
    EXPECT_BROKEN(b, b.s.nodes[4].has_doc, 0, "S5: documentation of no node");
    EXPECT_BROKEN(b, b.s.docs[0].node, 3, "S5: documentation of node (number 4)");
    free(b.p);
}

static void test_decode__S6_the_index_of_sig_hashes(void **state)
{
    struct block b = some_block();

    (void)state;
    assert_int_equal(b.s.n_buckets, 2);
    EXPECT_BROKEN(b, b.s.by_sig[0], 5, "S6: index");
    EXPECT_BROKEN(b, b.s.by_sig[1], b.s.by_sig[0], "S6: order");
    EXPECT_BROKEN(b, b.s.nodes[2].sig, b.s.nodes[1].sig, "S6: order");
    EXPECT_BROKEN(b, b.s.sig_dir[0], 1, "S6: directory");
    EXPECT_BROKEN(b, b.s.sig_dir[1], 1, "S6: directory");
    EXPECT_BROKEN(b, b.s.sig_dir[1], UINT32_MAX, "S6: directory");
    EXPECT_BROKEN(b, b.s.sig_dir[2], 4, "S6: directory");
    free(b.p);
}

static void test_decode__S6_every_bucket_of_the_directory(void **state)
{
    struct draft d;
    struct block b;

    (void)state;
    draft_init(&d, "a.c", 0);
    for (uint64_t i = 1; i < 24; i++) /* all in the lower half of the buckets */
        draft_node(&d, i << 57, "f");
    struct view *v = view_of(NULL, &d, 1);
    b.p = encode(&v->seg, &b.n);
    view_free(v);
    if (!lay_out(b.p, b.n, &b.s))
        abort();
    assert_int_equal(b.s.n_buckets, 7);
    for (uint32_t i = 0; i <= b.s.n_buckets; i++) {
        EXPECT_BROKEN(b, b.s.sig_dir[i], b.s.sig_dir[i] + 1, "S6: directory");
        EXPECT_BROKEN(b, b.s.sig_dir[i], b.s.sig_dir[i] - 1, "S6: directory");
    }
    free(b.p);
}

static void test_decode__S7_lists_of_edges(void **state)
{
    struct block b = some_block();
    uint32_t f = b.s.out_start[1]; /* f: calls g, uses g */

    (void)state;
    EXPECT_BROKEN(b, b.s.out_start[0], 1, "S7: the starts");
    EXPECT_BROKEN(b, b.s.out_start[2], UINT32_MAX, "S7: the starts");
    EXPECT_BROKEN(b, b.s.out_start[5], 1, "S7: the starts");
    EXPECT_BROKEN(b, b.s.in_start[3], 0, "S7: the starts");
    EXPECT_BROKEN(b, b.s.in_start[5], UINT32_MAX, "S7: the starts");
    EXPECT_BROKEN(b, b.s.out_node[f], 5, "S7: list");
    EXPECT_BROKEN(b, b.s.in_node[0], UINT32_MAX, "S7: list");
    EXPECT_BROKEN(b, b.s.out_attr[f], seg_attr(EDGE_KIND_COUNT, 0), "S7: list");
    EXPECT_BROKEN(b, b.s.out_attr[f], b.s.out_attr[f + 1], "S7: list");
    EXPECT_BROKEN(b, b.s.out_attr[f + 1], seg_attr(EDGE_CONTAINS, 0), "S7: list");
    free(b.p);
}

static void test_decode__S8_both_directions_say_the_same(void **state)
{
    struct block b = some_block();
    uint32_t f = b.s.out_start[1], g = b.s.in_start[2];

    (void)state;
    EXPECT_BROKEN(b, b.s.out_node[f], 1, "S8: edges");
    EXPECT_BROKEN(b, b.s.in_edge[g], b.s.n_edges, "S8: edges");
    EXPECT_BROKEN(b, b.s.in_edge[g], b.s.in_edge[g + 1], "S8: edges");
    EXPECT_BROKEN(b, b.s.in_node[g], 4, "S8: edges");
    EXPECT_BROKEN(b, b.s.in_attr[g], b.s.in_attr[g] | LAYER_TYPED, "S8: edges");
    free(b.p);
}

static void test_decode__S9_sites(void **state)
{
    struct block b = some_block();
    uint32_t f = b.s.out_start[1], i = b.s.site_start[f];
    struct site later = b.s.sites[i + 1], other_file = later, lost = later;

    (void)state;
    assert_int_equal(b.s.site_start[f + 1] - i, 3);
    assert_int_equal(b.s.sites[i].line, 0); /* b.c's, without a line */
    EXPECT_BROKEN(b, b.s.site_start[f + 1], UINT32_MAX, "S9: the starts");
    EXPECT_BROKEN(b, b.s.site_start[b.s.n_edges], 2, "S9: the starts");
    EXPECT_BROKEN(b, b.s.sites[i + 2], later, "S9: sites");
    other_file.file = 2;
    EXPECT_BROKEN(b, b.s.sites[i + 1], other_file, "S9: sites");
    lost.line = 0;
    EXPECT_BROKEN(b, b.s.sites[i + 1], lost, "S9: sites");
    EXPECT_BROKEN(b, b.s.out_attr[f], seg_attr(EDGE_CALLS, LAYER_TYPED), "S8: edges");
    for (uint32_t k = 0; k < 3; k++) { /* none is as sure as the edge */
        struct site unsure = b.s.sites[i + k];
        unsure.layer = LAYER_CANDIDATE;
        memcpy((void *)(uintptr_t)&b.s.sites[i + k], &unsure, sizeof(unsure));
    }
    reseal(b.p, b.n);
    expect_refused(b.p, b.n, PT_ECORRUPT, "S9: sites");
    free(b.p);
}

/* The implied file of S9 has one form only, or equal graphs would have several. */
static void test_decode__S9_what_is_implied_is_not_said(void **state)
{
    struct draft d;
    size_t n;

    (void)state;
    draft_init(&d, "a.c", 1);
    draft_node(&d, 2, "f");
    draft_edge(&d, 2, 1, EDGE_USES, 8);
    struct view *v = view_of(NULL, &d, 1);
    struct block b = {.p = encode(&v->seg, &n)};
    view_free(v);
    b.n = n;
    assert_true(lay_out(b.p, n, &b.s));
    struct site said = {.layer = LAYER_EXACT};
    EXPECT_BROKEN(b, b.s.sites[0], said, "S9: sites");
    free(b.p);
}

static void test_decode__S10_names(void **state)
{
    struct block b = some_block();

    (void)state;
    EXPECT_BROKEN(b, b.s.names[0].first, 1, "S10: postings");
    EXPECT_BROKEN(b, b.s.names[2].first, b.s.names[1].first, "S10: postings");
    EXPECT_BROKEN(b, b.s.names[2].first, UINT32_MAX, "S10: postings");
    EXPECT_BROKEN(b, b.s.names[b.s.n_names].first, 0, "S10: postings");
    EXPECT_BROKEN(b, b.s.names[b.s.n_names].name, 1, "S10: postings");
    EXPECT_BROKEN(b, b.s.names[1].name, b.s.names[0].name, "S10: order");
    EXPECT_BROKEN(b, b.s.postings[0], 5, "S10: postings");
    EXPECT_BROKEN(b, b.s.postings[0], b.s.postings[1], "S10: postings");
    EXPECT_BROKEN(b, b.s.nodes[1].name, b.s.nodes[2].name, "S10: postings");
    free(b.p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_build__D3_two_nodes_with_one_sig_hash_are_named),
        cmocka_unit_test(test_build__D3_holds_against_files_that_stay),
        cmocka_unit_test(test_build__sig_hashes_may_share_their_upper_halves),
        cmocka_unit_test(test_build__D4_an_end_that_never_was),
        cmocka_unit_test(test_build__D4_an_end_that_goes_while_its_edge_stays),
        cmocka_unit_test(test_build__an_edge_survives_when_its_end_comes_back),
        cmocka_unit_test(test_build__references_merge_into_edges),
        cmocka_unit_test(test_build__an_edge_loses_the_sites_of_a_file_and_its_surest_layer),
        cmocka_unit_test(test_build__an_edge_without_a_line_goes_with_its_file),
        cmocka_unit_test(test_build__what_does_not_fit_a_site_is_cut),
        cmocka_unit_test(test_build__a_long_list_is_sorted_too),
        cmocka_unit_test(test_build__each_nth_allocation_may_fail),
        cmocka_unit_test(test_decode__a_sound_segment_is_taken),
        cmocka_unit_test(test_decode__S1_S2_every_flipped_bit_is_seen),
        cmocka_unit_test(test_decode__S1_every_length_but_the_right_one_is_refused),
        cmocka_unit_test(test_decode__S1_other_versions_are_refused_by_name),
        cmocka_unit_test(test_decode__S1_counts_that_do_not_fit),
        cmocka_unit_test(test_decode__S3_strings_end_and_offsets_lie_inside),
        cmocka_unit_test(test_decode__S4_files_and_their_nodes),
        cmocka_unit_test(test_decode__S5_nodes_and_docs),
        cmocka_unit_test(test_decode__S6_the_index_of_sig_hashes),
        cmocka_unit_test(test_decode__S6_every_bucket_of_the_directory),
        cmocka_unit_test(test_decode__S7_lists_of_edges),
        cmocka_unit_test(test_decode__S8_both_directions_say_the_same),
        cmocka_unit_test(test_decode__S9_sites),
        cmocka_unit_test(test_decode__S9_what_is_implied_is_not_said),
        cmocka_unit_test(test_decode__S10_names),
    };

    return RUN_TESTS(tests);
}
