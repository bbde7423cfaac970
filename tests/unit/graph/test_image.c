/* Images: what is written is what is opened, equal graphs give equal files, and no damage goes
 * unnoticed. */
#include "unit/graph/image_seal.h"
#include "unit/graph/live_twin.h"
#include "unit/graph/read_all.h"

#include "base/fault.h"
#include "base/io.h"
#include "graph/image.h"
#include "graph/texts.h"
#include "support/disk.h"

#include <stdio.h>

static char *dir, path[512], other[512];

static int make_dir(void **state)
{
    (void)state;
    dir = disk_temp_dir();
    (void)snprintf(path, sizeof(path), "%s/a.image", dir);
    (void)snprintf(other, sizeof(other), "%s/b.image", dir);
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    disk_remove_dir(dir);
    free(dir);
    return 0;
}

static void write_image(const struct live *g, const char *to)
{
    struct view v;
    struct err err = {0};
    assert_true(live_pin((struct live *)(uintptr_t)g, &v));
    if (image_write(&v, to, &err) != PT_OK)
        fail_msg("%s", err.msg);
    live_unpin(&v);
}

static void read_all_bytes(const char *from, struct buf *ret)
{
    assert_int_equal(io_read_file(IO_CWD, from, (size_t)64 << 20, ret, NULL), PT_OK);
}

/* Goes on with the graph that the image holds. */
static void reopen(struct fixture *f)
{
    struct err err = {0};
    live_free(f->g);
    f->g = NULL;
    if (image_open(path, &f->g, &err) != PT_OK)
        fail_msg("%s", err.msg);
}

static void expect_sound(const char *image)
{
    struct err err = {0};
    uint32_t segments = 0;
    if (image_verify(image, NULL, &err) != PT_OK || image_check(image, &segments, &err) != PT_OK)
        fail_msg("%s", err.msg);
    assert_true(segments >= 1);
}

static void test_image__what_is_opened_is_what_was_written(void **state)
{
    (void)state;
    for (uint64_t seed = 21; seed <= 24; seed++) {
        struct fixture *f = fixture_new(seed);
        print_message("seed %llu\n", (unsigned long long)seed);
        for (uint32_t round = 0; round < 8; round++) {
            for (uint32_t i = below(f, 30); i > 0; i--)
                commit(f);
            write_image(f->g, path);
            expect_sound(path);
            reopen(f);
            check_now(f);
            /* the image is not the graph that commits change */
            struct buf before = {0}, after = {0};
            read_all_bytes(path, &before);
            commit(f);
            commit(f);
            check_now(f);
            read_all_bytes(path, &after);
            assert_int_equal(before.n, after.n);
            assert_memory_equal(before.p, after.p, before.n);
            buf_release(&before);
            buf_release(&after);
        }
        fixture_free(f);
    }
}

/* But for the commit and its time, and the checksum that is over them too. */
static void expect_same_headers(const struct buf *a, const struct buf *b)
{
    struct image_header x, y;
    memcpy(&x, a->p, sizeof(x));
    memcpy(&y, b->p, sizeof(y));
    y.checksum = x.checksum;
    y.totals.commit = x.totals.commit;
    y.totals.as_of_ns = x.totals.as_of_ns;
    assert_memory_equal(&x, &y, sizeof(x));
    assert_memory_equal(a->p + sizeof(x), b->p + sizeof(x), IMAGE_PAGE - sizeof(x));
}

static void test_image__equal_graphs_give_equal_images(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(31);
    struct live *fresh;
    struct delta d;
    struct buf a = {0}, b = {0};
    for (uint32_t i = 0; i < 40; i++)
        commit(f);
    write_image(f->g, path);
    reopen(f);
    for (uint32_t i = 0; i < 10; i++)
        commit(f);
    write_image(f->g, path);
    delta_init(&d);
    for (uint32_t i = 0; i < FILES; i++) {
        if (f->now.of[i] != NULL)
            assert_true(vec_push(&d.units, *f->now.of[i]));
    }
    assert_int_equal(live_new(&fresh, NULL), PT_OK);
    assert_int_equal(live_apply(fresh, &d, (struct live_stamp){0}, NULL), PT_OK);
    write_image(fresh, other);
    read_all_bytes(path, &a);
    read_all_bytes(other, &b);
    assert_int_equal(a.n, b.n);
    assert_memory_equal(a.p + IMAGE_PAGE, b.p + IMAGE_PAGE, a.n - IMAGE_PAGE);
    expect_same_headers(&a, &b);
    live_free(fresh);
    delta_release(&d);
    buf_release(&a);
    buf_release(&b);
    fixture_free(f);
}

static void test_image__of_nothing(void **state)
{
    (void)state;
    struct live *g;
    struct view v;
    assert_int_equal(live_new(&g, NULL), PT_OK);
    write_image(g, path);
    live_free(g);
    assert_int_equal(image_verify(path, NULL, NULL), PT_OK);
    assert_int_equal(image_open(path, &g, NULL), PT_OK);
    assert_true(live_pin(g, &v));
    assert_int_equal(view_find_file(&v, "src/00.c"), NODE_NONE);
    assert_int_equal(view_find_sig(&v, 1), NODE_NONE);
    live_unpin(&v);
    live_free(g);
}

static void put_bytes(const char *p, size_t n)
{
    FILE *out = fopen(other, "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(p, 1, n, out), n);
    assert_int_equal(fclose(out), 0);
}

static void test_image__every_flipped_bit_is_found(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(41);
    struct buf image = {0};
    struct err err = {0};
    write_image(f->g, path);
    read_all_bytes(path, &image);
    put_bytes(image.p, image.n);
    FILE *out = fopen(other, "r+b");
    assert_non_null(out);
    for (size_t i = 0; i < image.n; i += ONE_IN) {
        char c = (char)(image.p[i] ^ (1 << (i % 8)));
        assert_int_equal(fseek(out, (long)i, SEEK_SET), 0);
        assert_int_equal(fwrite(&c, 1, 1, out), 1);
        assert_int_equal(fflush(out), 0);
        int rc = image_verify(other, NULL, &err);
        if (rc != PT_ECORRUPT && rc != PT_EVERSION)
            fail_msg("byte %zu: %d", i, rc);
        assert_int_equal(fseek(out, (long)i, SEEK_SET), 0);
        assert_int_equal(fwrite(&image.p[i], 1, 1, out), 1);
    }
    assert_int_equal(fclose(out), 0);
    assert_int_equal(image_verify(other, NULL, NULL), PT_OK);
    buf_release(&image);
    fixture_free(f);
}

static void test_image__cut_or_foreign_files_are_refused(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(43);
    struct buf image = {0};
    struct err err = {0};
    struct live *g = NULL;
    write_image(f->g, path);
    read_all_bytes(path, &image);
    for (size_t n = 0; n < image.n; n += 509) {
        put_bytes(image.p, n);
        assert_int_equal(image_open(other, &g, &err), PT_ECORRUPT);
        assert_null(g);
    }
    image.p[8] = 99;
    put_bytes(image.p, image.n);
    assert_int_equal(image_open(other, &g, &err), PT_EVERSION);
    assert_non_null(strstr(err.msg, "99"));
    assert_int_equal(image_open("/nowhere/at/all", &g, &err), PT_ENOENT);
    buf_release(&image);
    fixture_free(f);
}

/* Over an image that is there: it, or the new one, is whole after any failure, and nothing is left
 * beside it. */
static void fail_each(struct fixture *f, const char *point, int code)
{
    char temp[sizeof(other) + sizeof(IO_TEMP_SUFFIX)];
    (void)snprintf(temp, sizeof(temp), "%s%s", other, IO_TEMP_SUFFIX);
    write_image(f->g, other);
    commit(f);
    for (uint64_t nth = 1;; nth++) {
        struct view v;
        struct live *g = NULL;
        assert_true(live_pin(f->g, &v));
        fault_arm(point, nth, code);
        int rc = image_write(&v, other, NULL);
        if (rc == PT_OK)
            rc = image_open(other, &g, NULL);
        bool fired = fault_fired();
        fault_disarm_all();
        live_unpin(&v);
        live_free(g);
        if (!fired) {
            assert_int_equal(rc, PT_OK);
            return;
        }
        /* a directory that may not be opened cannot be synced, which is no failure */
        assert_true(rc != PT_OK || strcmp(point, "io.open") == 0);
        assert_int_equal(image_verify(other, NULL, NULL), PT_OK);
        assert_false(io_exists(IO_CWD, temp));
    }
}

static void test_image__failures_leave_the_old_one(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(47);
    fail_each(f, "mem.alloc", ENOMEM);
    fail_each(f, "io.write", ENOSPC);
    fail_each(f, "io.open", EACCES);
    fail_each(f, "io.rename", EIO);
    fail_each(f, "io.mmap", ENOMEM);
    fixture_free(f);
}

static void test_image__the_commit_and_its_time_are_kept(void **state)
{
    (void)state;
    struct fixture *f = fixture_new(51);
    const struct live_stamp stamp = {.commit = 4711, .as_of_ns = 12345678};
    struct delta none = {0};
    struct view v;
    struct live_totals totals;
    assert_int_equal(live_apply(f->g, &none, stamp, NULL), PT_OK);
    assert_true(live_pin(f->g, &v));
    totals = *view_totals(&v);
    struct hash128 root = root_of(&v);
    live_unpin(&v);
    write_image(f->g, path);
    reopen(f);
    assert_true(live_pin(f->g, &v));
    assert_int_equal(view_generation(&v), 4711);
    assert_int_equal(view_as_of_ns(&v), 12345678);
    totals.head = view_totals(&v)->head;
    assert_memory_equal(&totals, view_totals(&v), sizeof(totals));
    assert_true(hash128_eq(root, root_of(&v)));
    live_unpin(&v);
    assert_int_equal(live_apply(f->g, &none, (struct live_stamp){0}, NULL), PT_OK);
    assert_true(live_pin(f->g, &v));
    assert_int_equal(view_generation(&v), 4712);
    live_unpin(&v);
    fixture_free(f);
}

/* ---- several segments ---- */

#define LARGE_FILES 5u
#define LARGE_NODES 30000u /* of a file: two of them go into a segment */

static uint64_t large_sig(uint32_t file, uint32_t k)
{
    return hash_mix64((uint64_t)(file + 1) << 32 | k);
}

static struct delta large_delta(void)
{
    static const char *const paths[LARGE_FILES] = {"a", "b", "c", "d", "e"};
    struct delta d;
    delta_init(&d);
    for (uint32_t i = 0; i < LARGE_FILES; i++) {
        struct unit_node *nodes = arena_calloc(&d.arena, LARGE_NODES, sizeof(*nodes));
        struct unit_edge *edges = arena_calloc(&d.arena, LARGE_NODES, sizeof(*edges));
        for (uint32_t k = 0; k < LARGE_NODES; k++) {
            nodes[k] = (struct unit_node){.sig = large_sig(i, k),
                                          .name = paths[(i + k) % LARGE_FILES],
                                          .qualified = "q",
                                          .signature = "",
                                          .kind = k == 0 ? NODE_FILE : NODE_FIELD};
            edges[k] = (struct unit_edge){.from = large_sig(i, k),
                                          .to = large_sig((i * 3 + k) % LARGE_FILES, k / 2),
                                          .line = k % 3,
                                          .kind = (uint8_t)(k % EDGE_KIND_COUNT)};
        }
        struct unit u = {.path = paths[i],
                         .lang = "c",
                         .nodes = nodes,
                         .n_nodes = LARGE_NODES,
                         .edges = edges,
                         .n_edges = unit_edges_sort(edges, LARGE_NODES)};
        assert_true(vec_push(&d.units, u));
    }
    return d;
}

/* The same image, built in pieces. */
static void expect_built(const struct delta *d, const struct buf *image, size_t most_bytes)
{
    struct buf built = {0};
    struct delta_source state;
    const struct unit_source source = delta_source(d, 1, &state);
    assert_int_equal(image_build(other, &source, (struct live_stamp){0}, most_bytes, NULL), PT_OK);
    delta_source_release(&state);
    read_all_bytes(other, &built);
    assert_int_equal(built.n, image->n);
    assert_memory_equal(built.p + IMAGE_PAGE, image->p + IMAGE_PAGE, image->n - IMAGE_PAGE);
    buf_release(&built);
}

static void test_image__large_graphs_have_several_segments(void **state)
{
    (void)state;
    struct delta d = large_delta();
    struct live *g, *again = NULL;
    struct view a, b;
    struct buf image = {0};
    struct err err = {0};
    uint32_t segments = 0;
    assert_int_equal(live_new(&g, NULL), PT_OK);
    apply_to(g, &d);
    write_image(g, path);
    assert_int_equal(image_verify(path, &segments, &err), PT_OK);
    assert_int_equal(segments, 4); /* 2 + 2 + 1 files; names */
    assert_int_equal(image_check(path, &segments, &err), PT_OK);
    assert_int_equal(image_open(path, &again, &err), PT_OK);
    assert_true(live_pin(g, &a) && live_pin(again, &b));
    assert_true(hash128_eq(root_of(&a), root_of(&b)));
    live_unpin(&a);
    live_unpin(&b);
    live_free(g);
    live_free(again);

    read_all_bytes(path, &image);
    expect_built(&d, &image, SIZE_MAX);
    expect_built(&d, &image, (size_t)2 << 20);
    delta_release(&d);
    for (uint32_t i = 0; i < 4; i++) { /* the segment is named */
        struct image_segment s;
        uint64_t offset = 0, size = 0;
        char want[40];
        assert_true(image_section_at((uint8_t *)image.p, image.n, IMAGE_SEGMENTS, &offset, &size));
        memcpy(&s, image.p + offset + i * sizeof(s), sizeof(s));
        char *middle = image.p + ((size_t)s.first_granule + s.n_granules / 2) * SPACE_GRANULE;
        *middle = (char)(*middle ^ 8);
        put_bytes(image.p, image.n);
        *middle = (char)(*middle ^ 8);
        (void)snprintf(want, sizeof(want), "the checksum of segment %u (bytes", i);
        assert_int_equal(image_verify(other, &segments, &err), PT_ECORRUPT);
        assert_non_null(strstr(err.msg, want));
        assert_int_equal(segments, 0);
    }
    buf_release(&image);
}

/* ---- I4 to I10: checksums that are right say nothing of what was meant ---- */

static void small_image(struct buf *ret)
{
    struct draft d[3];
    draft_init(&d[0], "a.c", 1);
    draft_node(&d[0], 2, "f");
    draft_node(&d[0], 3, "a::g")->parent = 1;
    draft_edge(&d[0], 2, 3, EDGE_CALLS, 22);
    draft_init(&d[1], "b.c", 11);
    draft_node(&d[1], 12, "b::h")->doc_end = 9;
    draft_edge(&d[1], 12, 2, EDGE_CALLS, 33);
    draft_edge(&d[1], 12, 2, EDGE_CALLS, 34)->layer = LAYER_UNIQUE;
    draft_edge(&d[1], 2, 3, EDGE_CALLS, 9);
    draft_edge(&d[1], 2, 12, EDGE_USES, 0);
    draft_init(&d[2], "c.c", 21);
    struct pinned p = graph_of_drafts(d, 3);
    write_image(p.g, path);
    read_all_bytes(path, ret);
    pinned_release(&p);
}

static void test_image__sealing_again_changes_nothing(void **state)
{
    (void)state;
    struct buf image = {0};
    small_image(&image);
    expect_sound(path);
    char *copy = malloc(image.n);
    memcpy(copy, image.p, image.n);
    image_reseal((uint8_t *)copy, image.n);
    assert_memory_equal(copy, image.p, image.n);
    free(copy);
    buf_release(&image);
}

/* What the check lets pass can be read in every way, and written to. */
static void expect_safe(const char *image)
{
    struct live *g;
    struct view v;
    struct delta d;
    struct draft draft;
    if (image_open(image, &g, NULL) != PT_OK) {
        fail_msg("it was checked, and cannot be opened");
        return;
    }
    assert_true(live_pin(g, &v));
    read_all(&v);
    read_dump(&v);
    live_unpin(&v);
    draft_init(&draft, "a.c", 77);
    d = delta_of(&draft, 1);
    d.replace_all = true;
    int rc = live_apply(g, &d, (struct live_stamp){0}, NULL);
    assert_true(rc == PT_OK || rc == PT_EINVAL);
    delta_release(&d);
    live_free(g);
}

/* Every number of every section in turn is another one. */
static void test_image__any_changed_number_is_refused_or_harmless(void **state)
{
    (void)state;
    struct buf image = {0};
    uint32_t refused = 0, harmless = 0;
    small_image(&image);
    char *copy = malloc(image.n);
    for (unsigned s = 0; s < IMAGE_SECTIONS; s++) {
        uint64_t offset = 0, size = 0;
        assert_true(image_section_at((uint8_t *)image.p, image.n, s, &offset, &size));
        for (uint64_t at = 0; at + 4 <= size; at += UINT64_C(4) * ONE_IN) {
            uint32_t was;
            memcpy(&was, image.p + offset + at, 4);
            const uint32_t others[] = {was + 1, was - 1,    was ^ 0x80000000, 0,
                                       7,       UINT32_MAX, was << 8};
            for (size_t k = 0; k < PT_COUNT(others); k++) {
                struct err err = {0};
                if (others[k] == was || (was == 0 && s == IMAGE_DATA && at > 4000))
                    continue;
                memcpy(copy, image.p, image.n);
                memcpy(copy + offset + at, &others[k], 4);
                image_reseal((uint8_t *)copy, image.n);
                put_bytes(copy, image.n);
                int rc = image_check(other, NULL, &err);
                assert_true(rc == PT_OK || rc == PT_ECORRUPT);
                refused += rc != PT_OK;
                harmless += rc == PT_OK;
                if (rc == PT_OK)
                    expect_safe(other);
                else
                    assert_non_null(strstr(err.msg, ": I"));
            }
        }
    }
    print_message("%u refused, %u harmless\n", refused, harmless);
    assert_true(refused > 1000 / ONE_IN);
    free(copy);
    buf_release(&image);
}

/* In the bytes of an image. */
static void *record_of(struct buf *image, enum image_section s, uint32_t id)
{
    uint64_t offset = 0, size = 0;
    uint32_t ref;
    assert_true(image_section_at((uint8_t *)image->p, image->n, s, &offset, &size));
    memcpy(&ref, image->p + offset + id * sizeof(ref), sizeof(ref));
    assert_int_not_equal(ref, 0);
    return image->p + (size_t)ref * SPACE_GRANULE;
}

static void swap_words(struct buf *image, enum image_section s, uint32_t a, uint32_t b)
{
    uint64_t offset = 0, size = 0;
    uint32_t x, y;
    assert_true(image_section_at((uint8_t *)image->p, image->n, s, &offset, &size));
    char *at_a = image->p + offset + (size_t)a * 4, *at_b = image->p + offset + (size_t)b * 4;
    memcpy(&x, at_a, 4);
    memcpy(&y, at_b, 4);
    memcpy(at_a, &y, 4);
    memcpy(at_b, &x, 4);
}

static void change(struct buf *image, int which)
{
    struct live_node *g = record_of(image, IMAGE_NODE, 2); /* a::g: files have 3, 2, 1 nodes */
    struct live_file *a = record_of(image, IMAGE_FILE, 0), *b = record_of(image, IMAGE_FILE, 1);
    struct image_header *h = (struct image_header *)(void *)image->p;
    struct block_head *list;
    switch (which) {
    case 0: g->head.generation = 1; break;
    case 1: g->head.n = 0; break;
    case 2: swap_words(image, IMAGE_FILE, 0, 1); break;
    case 3: a->ids[2] = 1; break;
    case 4: a->kinds = 1u << NODE_FILE; break;
    case 5: b->ids[b->n_nodes] = 3; break; /* its own node as a foreign one */
    case 6: g->parent = 2; break;
    case 7: g->parent = 3; break;
    case 8: g->file = 1; break;
    case 9: g->kind = NODE_FILE; break;
    case 10: g->name = h->n_names; break;
    case 11: g->place = 1; break;
    case 12: /* f in place of itself, one kind further */
        list = record_of(image, IMAGE_IN, 1);
        ((uint8_t *)((uint32_t *)(list + 1) + list->n))[list->n - 1] += 4;
        break;
    case 13:
        list = record_of(image, IMAGE_OUT, 1);
        ((uint32_t *)(list + 1))[0] = h->n_nodes;
        break;
    case 14: swap_words(image, IMAGE_TEXT, 0, 1); break;
    case 15: swap_words(image, IMAGE_NAMED, 0, 1); break;
    case 16: g->sig = 2; break;
    case 17: h->totals.n_edges++; break;
    case 18: h->totals.nodes[NODE_METHOD]++; break;
    case 19: a->lines++; break;
    case 20: g->form = 2 * LIVE_WIDE; break;
    case 21: g->form = TEXTS_JOINED + TEXTS_SEPARATORS; break;
    case 22: ((struct live_node *)record_of(image, IMAGE_NODE, 0))->form = TEXTS_BEHIND; break;
    default: fail();
    }
}

static void test_image__each_rule_is_named(void **state)
{
    static const char *const rules[] = {"I4", "I4",  "I5",  "I5",  "I5", "I5", "I6", "I6",
                                        "I6", "I6",  "I6",  "I6",  "I7", "I7", "I8", "I8",
                                        "I9", "I10", "I10", "I10", "I6", "I6", "I6"};
    (void)state;
    for (size_t i = 0; i < PT_COUNT(rules); i++) {
        struct buf image = {0};
        struct err err = {0};
        char want[8];
        small_image(&image);
        change(&image, (int)i);
        image_reseal((uint8_t *)image.p, image.n);
        put_bytes(image.p, image.n);
        assert_int_equal(image_verify(other, NULL, &err), PT_OK); /* which looks at sums alone */
        (void)snprintf(want, sizeof(want), " %s: ", rules[i]);
        assert_int_equal(image_check(other, NULL, &err), PT_ECORRUPT);
        if (strstr(err.msg, want) == NULL)
            fail_msg("change %zu: \"%s\", not %s", i, err.msg, rules[i]);
        buf_release(&image);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_image__what_is_opened_is_what_was_written),
        cmocka_unit_test(test_image__equal_graphs_give_equal_images),
        cmocka_unit_test(test_image__of_nothing),
        cmocka_unit_test(test_image__every_flipped_bit_is_found),
        cmocka_unit_test(test_image__cut_or_foreign_files_are_refused),
        cmocka_unit_test(test_image__failures_leave_the_old_one),
        cmocka_unit_test(test_image__the_commit_and_its_time_are_kept),
        cmocka_unit_test(test_image__large_graphs_have_several_segments),
        cmocka_unit_test(test_image__sealing_again_changes_nothing),
        cmocka_unit_test(test_image__any_changed_number_is_refused_or_harmless),
        cmocka_unit_test(test_image__each_rule_is_named),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
