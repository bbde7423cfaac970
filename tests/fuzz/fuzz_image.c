/* Images of graphs. Whatever file image_check takes must be safe to read in every way, and to commit
 * to: all that view.h offers is asked of it, then its files are replaced and brought back. Checksums
 * would stop nearly every input, so each is tried as it is and with all of them made right.
 *
 * It needs no corpus to start from: the mutator makes sound images of its own in between, and mostly
 * changes single numbers within a section, because what moves sections is refused at once.
 *
 *	FUZZ_IMAGE_SEEDS=DIR fuzz_image    writes some images into DIR, and ends
 */
#include "base/codec.h"
#include "graph/image.h"
#include "unit/graph/image_seal.h"
#include "unit/graph/read_all.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#define MAKE_ONE_IN 200
#define RESIZE_ONE_IN 40
#define UNITS 5
#define NODES 6
#define EDGES 12
#define SEEDS 4

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);

/* In memory, if there is such a place. */
static char path[64];

static void remove_path(void)
{
    (void)unlink(path);
}

static void make_path(void)
{
    const char *dir = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

    (void)snprintf(path, sizeof(path), "%s/pt-fuzz-image-%ld", dir, (long)getpid());
    (void)atexit(remove_path);
}

static void write_path(const uint8_t *p, size_t n)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    must(fd >= 0 && write(fd, p, n) == (ssize_t)n && close(fd) == 0);
}

/* ---- what is made of an image that was taken ---- */

static void read_view(struct live *g, uint32_t *ret_files)
{
    struct view v;

    must(live_pin(g, &v));
    *ret_files = view_file_count(&v);
    read_all(&v);
    read_dump(&v);
    live_unpin(&v);
}

/* Commits may be refused, but no more than that. */
static void commit_and_take_back(struct live *g)
{
    const struct unit_node node = {
        .sig = 77, .name = "zz", .qualified = "zz", .signature = "", .kind = NODE_FILE};
    struct unit u = {.path = "zz", .lang = "c", .nodes = &node, .n_nodes = 1};
    struct delta d, back;
    struct view v;

    delta_init(&d);
    d.replace_all = true;
    must(vec_push(&d.units, u) && live_pin(g, &v));
    if (live_inverse(&v, &d, &back, NULL) == PT_OK) {
        uint32_t files;
        (void)live_apply(g, &d, (struct live_stamp){0}, NULL);
        read_view(g, &files);
        (void)live_apply(g, &back, (struct live_stamp){0}, NULL);
        read_view(g, &files);
        delta_release(&back);
    }
    live_unpin(&v);
    delta_release(&d);
}

static void try_image(const uint8_t *p, size_t n)
{
    struct err err = {0};
    struct live *g = NULL;
    uint32_t files;

    write_path(p, n);
    int rc = image_check(path, NULL, &err);
    if (rc != PT_OK) {
        must((rc == PT_ECORRUPT || rc == PT_EVERSION) && err.code == rc && err.msg[0] != '\0');
        return;
    }
    must(image_verify(path, NULL, NULL) == PT_OK && image_open(path, &g, NULL) == PT_OK);
    read_view(g, &files);
    commit_and_take_back(g);
    live_free(g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *p = malloc(size ? size : 1);

    must(p != NULL);
    if (path[0] == '\0')
        make_path();
    if (size > 0)
        memcpy(p, data, size);
    try_image(p, size);
    if (size >= IMAGE_PAGE) {
        image_reseal(p, size);
        try_image(p, size);
    }
    free(p);
    return 0;
}

/* ---- sound images ---- */

static uint64_t below(uint64_t *rng, uint64_t n)
{
    *rng += 0x9e3779b97f4a7c15ULL;
    return hash_mix64(*rng) % n;
}

static const char *some_name(uint64_t *rng)
{
    static const char *const names[] = {"a", "b::a", "ab", "", "main", "x::main", "a::a", "a.main"};
    return names[below(rng, PT_COUNT(names))];
}

/* Known before the units are there. */
static uint64_t sig_of(uint64_t unit, uint64_t node)
{
    return hash_mix64(unit * NODES + node + 1);
}

static void make_unit(struct unit *ret, struct unit_node *nodes, struct unit_edge *edges,
                      uint64_t unit, uint64_t n_units, uint64_t *rng)
{
    static const char *const paths[UNITS] = {"a.c", "b.c", "b/c.rs", "c.py", "d"};
    uint32_t n_edges = (uint32_t)below(rng, EDGES + 1);

    for (uint64_t k = 0; k < NODES; k++)
        nodes[k] = (struct unit_node){
            .sig = sig_of(unit, k),
            .parent = k ? (uint32_t)below(rng, k) : 0,
            .name = some_name(rng),
            .qualified = some_name(rng),
            .signature = some_name(rng),
            .doc_end = (uint32_t)below(rng, 2),
            .kind = k ? (uint8_t)(1 + below(rng, NODE_KIND_COUNT - 1)) : NODE_FILE,
        };
    for (uint64_t k = 0; k < n_edges; k++)
        edges[k] = (struct unit_edge){
            .from = sig_of(below(rng, 4) ? unit : below(rng, n_units), below(rng, NODES)),
            .to = sig_of(below(rng, n_units), below(rng, NODES)),
            .line = (uint32_t)below(rng, 3),
            .col = (uint16_t)below(rng, 3),
            .kind = (uint8_t)below(rng, 3),
            .layer = (uint8_t)below(rng, LAYER_COUNT),
        };
    *ret = (struct unit){.path = paths[unit],
                         .lang = "c",
                         .size = below(rng, 100),
                         .lines = (uint32_t)below(rng, 100),
                         .n_nodes = NODES,
                         .nodes = nodes,
                         .n_edges = unit_edges_sort(edges, n_edges),
                         .edges = edges};
}

/* Into the file at `path`. */
static void make_image(uint64_t rng, uint32_t n_units)
{
    struct unit_node nodes[UNITS][NODES];
    struct unit_edge edges[UNITS][EDGES];
    struct unit units[UNITS];
    struct delta d = {.units = {.at = units, .len = n_units}};
    struct live *g;
    struct view v;

    for (uint64_t i = 0; i < n_units; i++)
        make_unit(&units[i], nodes[i], edges[i], i, n_units, &rng);
    must(live_new(&g, NULL) == PT_OK);
    must(live_apply(g, &d, (struct live_stamp){.as_of_ns = 1}, NULL) == PT_OK);
    must(live_pin(g, &v) && image_write(&v, path, NULL) == PT_OK);
    live_unpin(&v);
    live_free(g);
}

static size_t take_image(uint8_t *data, size_t max)
{
    FILE *file = fopen(path, "rb");

    must(file != NULL);
    size_t n = fread(data, 1, max, file);
    if (fgetc(file) != EOF)
        n = 0;
    (void)fclose(file);
    return n;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    const char *dir = getenv("FUZZ_IMAGE_SEEDS");

    (void)argc;
    (void)argv;
    if (dir == NULL)
        return 0;
    for (unsigned i = 0; i < SEEDS; i++) {
        (void)snprintf(path, sizeof(path), "%s/image-%u", dir, i);
        make_image(i, i < UNITS ? i : UNITS);
    }
    exit(0);
}

/* ---- changes ---- */

static void copy_number(uint8_t *data, size_t size, uint64_t to, uint64_t from)
{
    to &= ~(uint64_t)3;
    from &= ~(uint64_t)3;
    if (to + 4 <= size && from + 4 <= size)
        memmove(data + to, data + from, 4);
}

/* A number of what the image says becomes a small one, or another. Half of it is DATA. */
static void change_number(uint8_t *data, size_t size, uint64_t *rng)
{
    unsigned section = below(rng, 2) ? IMAGE_DATA : (unsigned)below(rng, IMAGE_SECTIONS);
    uint64_t offset, n, at;
    uint8_t small[4];

    if (!image_section_at(data, size, section, &offset, &n) || n == 0)
        return;
    if (below(rng, 16) == 0) { /* the header */
        offset = 0;
        n = sizeof(struct image_header);
    }
    at = offset + below(rng, n);
    switch (below(rng, 5)) {
    case 0: data[at] = (uint8_t)below(rng, 256); break;
    case 1: data[at] ^= (uint8_t)(1 << below(rng, 8)); break;
    case 2: data[at]++; break;
    case 3: copy_number(data, size, at, offset + below(rng, n)); break; /* a ref, perhaps */
    default:
        codec_put32(small, (uint32_t)below(rng, 64));
        at &= ~(uint64_t)3;
        if (at + 4 <= size)
            memcpy(data + at, small, 4);
    }
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
    uint64_t rng = seed;

    if (path[0] == '\0')
        make_path();
    if (size < IMAGE_PAGE || below(&rng, MAKE_ONE_IN) == 0) {
        make_image(rng, UNITS);
        size_t n = take_image(data, max);
        if (n > 0)
            return n;
    }
    if (size < IMAGE_PAGE || below(&rng, RESIZE_ONE_IN) == 0)
        return LLVMFuzzerMutate(data, size, max);
    for (uint64_t i = 1 + below(&rng, 3); i > 0; i--)
        change_number(data, size, &rng);
    return size;
}
