/* Is the graph of an index that followed edits the graph of a clean index?
 *
 *   equality [--seed N] [--steps N] [--every N] [--seconds N] DIR...
 *
 * Reads the source files of each folder and edits them in memory, at random: words are renamed, in
 * one place or in the whole file, lines come and go and move between files, files vanish, come
 * back, change their paths and their language. After each step the index is told what has changed;
 * (parsing from the trees of the texts before, where it has them);
 * after every --every-th its graph is compared with that of a new index of all files, by the roots
 * of their Merkle trees. The first difference ends the run: it prints the seed, the step, the edits
 * and the files that differ.
 */
#include "base/clock.h"
#include "equality/edits.h"
#include "graph/merkle.h"
#include "graph/view.h"
#include "index/indexer.h"
#include "lang/extract.h"
#include "lang/trees.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TREE_BYTES ((size_t)64 << 20)

static struct edits edits;
static uint64_t seed = 1;
static uint32_t step;

static void check(int rc, const struct err *err)
{
    if (rc == PT_OK)
        return;
    (void)fprintf(stderr, "equality: seed %llu, step %u: %s, after\n%s", (unsigned long long)seed,
                  step, err->msg, edits.done);
    exit(2);
}

static void *need(void *p)
{
    if (p == NULL) {
        (void)fprintf(stderr, "equality: out of memory\n");
        exit(2);
    }
    return p;
}

static struct extract *extractor;
static struct trees *trees; /* the clean index parses without them */

/* ---- indexes ---- */

static struct facts *facts_of(const struct edit_file *f)
{
    struct err err = {0};
    struct facts *ret = NULL;
    unsigned lang = lang_of_file(f->path, f->text, strlen(f->text));
    if (lang != LANG_NONE)
        check(extract_file(extractor, lang, f->path, f->text, strlen(f->text), &ret, &err), &err);
    return ret;
}

static int by_path(const void *x, const void *y)
{
    const struct index_change *a = x, *b = y;
    return strcmp(a->path, b->path);
}

/* Tells the index of the files that were touched, or of all. */
static uint32_t update(struct indexer *ix, struct store *s, bool all, bool replace)
{
    static struct index_change changes[EDITS_FILES_MAX];
    struct indexer_report report;
    struct err err = {0};
    struct delta d;
    uint32_t n = 0;
    extract_with(extractor, all ? NULL : trees);
    for (uint32_t i = 0; i < edits.n_files; i++) {
        if (!all && !edits.files[i].touched)
            continue;
        struct index_change c = {.path = edits.files[i].path};
        c.facts = edits.files[i].text != NULL ? facts_of(&edits.files[i]) : NULL;
        changes[n++] = c;
    }
    extract_with(extractor, NULL);
    qsort(changes, n, sizeof(*changes), by_path);
    check(indexer_apply(ix, changes, n, &d, &report, &err), &err);
    d.replace_all = replace;
    check(store_apply(s, &d, &err), &err);
    delta_release(&d);
    return report.resolved;
}

/* Prints the files whose parts of the graph differ. */
static void show(const struct view *v, const struct view *clean)
{
    for (uint32_t i = 0; i < edits.n_files; i++) {
        uint32_t a = view_find_file(v, edits.files[i].path),
                 b = view_find_file(clean, edits.files[i].path);
        const struct live_file *x = a != ID_NONE ? live_file(v, a) : NULL;
        const struct live_file *y = b != ID_NONE ? live_file(clean, b) : NULL;
        if (x == NULL && y == NULL)
            continue;
        if (x == NULL || y == NULL || !hash128_eq(x->leaf, y->leaf))
            (void)printf("  differs: %s%s\n", edits.files[i].path,
                         x == NULL   ? " (lacking)"
                         : y == NULL ? " (too many)"
                                     : "");
    }
}

static bool compare(struct store *s)
{
    const struct indexer_options o = {.threads = 1, .once = true};
    struct hash128 a = {0, 0}, b = {0, 0};
    struct indexer *ix = NULL;
    struct store *clean = NULL;
    struct view v, w;
    struct err err = {0};
    check(indexer_new(&o, &ix, &err), &err);
    check(store_open_memory(&clean, &err), &err);
    (void)update(ix, clean, true, true);
    check(store_pin(s, &v, &err), &err);
    check(store_pin(clean, &w, &err), &err);
    bool same = view_root(&v, &a) && view_root(&w, &b) && hash128_eq(a, b);
    if (!same)
        show(&v, &w);
    store_unpin(s, &v);
    store_unpin(clean, &w);
    store_close(clean);
    indexer_free(ix);
    return same;
}

/* Until the steps are done, or the time is up. */
static bool run(const char *dir, uint32_t steps, uint32_t every, uint64_t seconds)
{
    const uint64_t end = clock_now_ns() + seconds * CLOCK_NS_PER_SEC;
    const struct indexer_options o = {.threads = 2};
    struct indexer *ix = NULL;
    struct store *s = NULL;
    struct err err = {0};
    uint64_t resolved = 0;
    bool same = true;
    check(edits_read(&edits, dir, seed, &err), &err);
    check(indexer_new(&o, &ix, &err), &err);
    check(store_open_memory(&s, &err), &err);
    (void)update(ix, s, true, true);
    edits_forget_touched(&edits);
    for (step = 1; same && edits.n_files > 0 && step <= steps && clock_now_ns() < end; step++) {
        edits_step(&edits);
        resolved += update(ix, s, false, false);
        edits_forget_touched(&edits);
        same = step % every != 0 || compare(s);
        if (!same)
            (void)printf(
                "%s: seed %llu, step %u: the graph is not that of a clean index, after\n%s", dir,
                (unsigned long long)seed, step, edits.done);
    }
    if (same)
        (void)printf("%s: seed %llu: %u files, %u steps, %.1f files resolved in a step\n", dir,
                     (unsigned long long)seed, edits.n_files, step - 1,
                     (double)resolved / (step > 1 ? step - 1 : 1));
    store_close(s);
    indexer_free(ix);
    edits_release(&edits);
    return same;
}

int main(int argc, char **argv)
{
    uint32_t steps = 200, every = 1;
    uint64_t seconds = UINT64_C(1) << 30;
    bool same = true;
    extractor = need(extract_new());
    check(trees_new(TREE_BYTES, &trees, NULL), &(struct err){.msg = "no trees"});
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
            seed = strtoull(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--steps") == 0 && i + 1 < argc)
            steps = (uint32_t)strtoul(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--every") == 0 && i + 1 < argc)
            every = (uint32_t)strtoul(argv[++i], NULL, 10);
        else if (strcmp(argv[i], "--seconds") == 0 && i + 1 < argc)
            seconds = strtoull(argv[++i], NULL, 10) % (UINT64_C(1) << 31);
        else
            same &= run(argv[i], steps, every, seconds);
    }
    extract_free(extractor);
    trees_free(trees);
    return same ? 0 : 1;
}
