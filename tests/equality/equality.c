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
#include "base/arena.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/io.h"
#include "base/mem.h"
#include "graph/merkle.h"
#include "graph/view.h"
#include "index/indexer.h"
#include "index/scan.h"
#include "lang/extract.h"
#include "lang/trees.h"
#include "store/store.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILES_MAX 4000u
#define EDITS_MAX 4u
#define TREE_BYTES ((size_t)64 << 20)

static uint64_t rng_state;

static uint32_t below(uint32_t n)
{
    rng_state += 0x9e3779b97f4a7c15ULL;
    return (uint32_t)(((unsigned __int128)hash_mix64(rng_state) * n) >> 64);
}

static char done[1000]; /* the edits of this step */
static uint64_t seed = 1;
static uint32_t step;

static void check(int rc, const struct err *err)
{
    if (rc == PT_OK)
        return;
    (void)fprintf(stderr, "equality: seed %llu, step %u: %s, after\n%s", (unsigned long long)seed,
                  step, err->msg, done);
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

/* ---- the tree ---- */

struct file {
    char *path, *text; /* text NULL: it is not there */
    char *original;
    bool touched;
};

static struct file files[FILES_MAX];
static uint32_t n_files;
static struct extract *extractor;
static struct trees *trees; /* the clean index parses without them */

static void say(const char *what, uint32_t file)
{
    size_t n = strlen(done);
    (void)snprintf(done + n, sizeof(done) - n, "  %s %s\n", what, files[file].path);
}

static char *copy(const char *s)
{
    return need(mem_strdup(s));
}

static void set_text(uint32_t i, char *text)
{
    mem_free(files[i].text);
    files[i].text = text;
    files[i].touched = true;
}

static void read_tree(const char *dir)
{
    const struct scan_options o = {.no_ignore = true};
    struct scan scan;
    struct err err = {0};
    struct buf text = {0};
    int fd = -1;
    check(io_open_dir(dir, &fd, &err), &err);
    check(scan_tree(dir, &o, &scan, &err), &err);
    for (uint32_t i = 0; i < scan.files.len && n_files < FILES_MAX; i++) {
        buf_reset(&text);
        check(io_read_file(fd, scan.files.at[i].path, SCAN_MAX_FILE_BYTES, &text, &err), &err);
        if (scan_is_binary(buf_cstr(&text), text.n) || strlen(buf_cstr(&text)) != text.n)
            continue;
        files[n_files] = (struct file){.path = copy(scan.files.at[i].path),
                                       .text = copy(buf_cstr(&text)),
                                       .original = copy(buf_cstr(&text)),
                                       .touched = true};
        n_files++;
    }
    buf_release(&text);
    scan_release(&scan);
    io_close(fd);
}

static void forget_tree(void)
{
    for (uint32_t i = 0; i < n_files; i++) {
        mem_free(files[i].path);
        mem_free(files[i].text);
        mem_free(files[i].original);
    }
    memset(files, 0, sizeof(files));
    n_files = 0;
}

/* ---- edits ---- */

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* A random word of a text. */
static struct slice any_word(const char *text)
{
    size_t n = strlen(text);
    for (unsigned tries = 0; n > 0 && tries < 50; tries++) {
        size_t at = below((uint32_t)n), end = at;
        if (!is_word(text[at]))
            continue;
        while (at > 0 && is_word(text[at - 1]))
            at--;
        while (is_word(text[end]))
            end++;
        if (!isdigit((unsigned char)text[at]))
            return slice_of(text + at, end - at);
    }
    return slice_of("x", 0);
}

static uint32_t any_file(void)
{
    for (unsigned tries = 0; tries < 1000; tries++) {
        uint32_t i = below(n_files);
        if (files[i].text != NULL)
            return i;
    }
    return 0;
}

/* Puts `by` in the place of the word at `from`; of all words like it if `all`. */
static char *replaced(const char *text, struct slice from, struct slice by, bool all)
{
    struct buf out = {0};
    const char *p = text;
    while (*p != '\0') {
        bool starts = is_word(*p) && (p == text || !is_word(p[-1]));
        bool same = starts && strncmp(p, from.p, from.n) == 0 && !is_word(p[from.n]);
        if (same && (all || p == from.p)) {
            buf_add(&out, by.p, by.n);
            p += from.n;
        } else {
            buf_add(&out, p++, 1);
        }
    }
    char *ret = copy(buf_cstr(&out));
    buf_release(&out);
    return ret;
}

static void rename_word(bool all)
{
    uint32_t i = any_file(), other = below(3) == 0 ? any_file() : i;
    if (files[i].text == NULL || files[other].text == NULL)
        return;
    struct slice word = any_word(files[i].text), by = any_word(files[other].text);
    if (word.n == 0 || by.n == 0)
        return;
    say(all ? "a word everywhere in" : "a word in", i);
    set_text(i, replaced(files[i].text, word, by, all));
}

static const char *any_line(const char *text)
{
    size_t n = strlen(text), at = n > 0 ? below((uint32_t)n) : 0;
    while (at > 0 && text[at - 1] != '\n')
        at--;
    return text + at;
}

static size_t line_length(const char *line)
{
    const char *end = strchr(line, '\n');
    return end != NULL ? (size_t)(end - line) + 1 : strlen(line);
}

/* Takes a line out; puts `extra` lines of another file in. */
static void change_lines(bool take, unsigned extra)
{
    uint32_t i = any_file(), other = below(2) == 0 ? any_file() : i;
    if (files[i].text == NULL || files[other].text == NULL)
        return;
    const char *line = any_line(files[i].text), *from = any_line(files[other].text);
    struct buf out = {0};
    buf_add(&out, files[i].text, (size_t)(line - files[i].text));
    for (; extra > 0 && *from != '\0'; extra--) {
        buf_add(&out, from, line_length(from));
        from += line_length(from);
    }
    buf_str(&out, line + (take ? line_length(line) : 0));
    say(take ? "lines taken out of" : "lines put into", i);
    set_text(i, copy(buf_cstr(&out)));
    buf_release(&out);
}

static bool is_import(const char *line)
{
    static const char *const words[] = {"#include", "import ",   "from ",
                                        "use ",     "export * ", "mod "};
    for (unsigned i = 0; i < sizeof(words) / sizeof(*words); i++) {
        if (strncmp(line, words[i], strlen(words[i])) == 0)
            return true;
    }
    return false;
}

/* A line that imports something, NULL if none was found. */
static const char *any_import(const char *text)
{
    for (unsigned tries = 0; tries < 30; tries++) {
        const char *line = any_line(text);
        if (is_import(line))
            return line;
    }
    return is_import(text) ? text : NULL;
}

/* An import goes, or one that another file has (and that may mean something else here) comes. */
static void change_import(bool take)
{
    uint32_t i = any_file(), other = any_file();
    const char *text = files[i].text, *from = files[take ? i : other].text;
    const char *line = from != NULL ? any_import(from) : NULL;
    if (text == NULL || line == NULL)
        return;
    struct buf out = {0};
    buf_add(&out, take ? text : line, take ? (size_t)(line - text) : line_length(line));
    buf_str(&out, take ? line + line_length(line) : text);
    say(take ? "an import taken out of" : "an import put into", i);
    set_text(i, copy(buf_cstr(&out)));
    buf_release(&out);
}

static void remove_file(void)
{
    uint32_t i = any_file();
    if (files[i].text != NULL) {
        say("removed", i);
        set_text(i, NULL);
    }
}

static void restore_file(void)
{
    uint32_t i = below(n_files);
    say("as it was", i);
    set_text(i, copy(files[i].original));
}

/* Two files change their paths, which may change their languages. */
static void swap_files(void)
{
    uint32_t a = below(n_files), b = below(n_files);
    char *text = files[a].text;
    say("swapped", a);
    say("with", b);
    files[a].text = files[b].text;
    files[b].text = text;
    files[a].touched = files[b].touched = true;
}

static void edit(void)
{
    switch (below(20)) {
    case 0:
    case 1:
    case 2: rename_word(true); break;
    case 3:
    case 4:
    case 5:
    case 6: rename_word(false); break;
    case 7:
    case 8: change_lines(true, 0); break;
    case 9:
    case 10: change_lines(false, 1 + below(4)); break;
    case 11: remove_file(); break;
    case 12:
    case 13:
    case 14: restore_file(); break;
    case 15: swap_files(); break;
    case 16:
    case 17: change_import(true); break;
    default: change_import(false); break;
    }
}

/* ---- indexes ---- */

static struct facts *facts_of(const struct file *f)
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
    static struct index_change changes[FILES_MAX];
    struct indexer_report report;
    struct err err = {0};
    struct delta d;
    uint32_t n = 0;
    extract_with(extractor, all ? NULL : trees);
    for (uint32_t i = 0; i < n_files; i++) {
        if (!all && !files[i].touched)
            continue;
        struct index_change c = {.path = files[i].path};
        c.facts = files[i].text != NULL ? facts_of(&files[i]) : NULL;
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
    for (uint32_t i = 0; i < n_files; i++) {
        uint32_t a = view_find_file(v, files[i].path), b = view_find_file(clean, files[i].path);
        const struct live_file *x = a != ID_NONE ? live_file(v, a) : NULL;
        const struct live_file *y = b != ID_NONE ? live_file(clean, b) : NULL;
        if (x == NULL && y == NULL)
            continue;
        if (x == NULL || y == NULL || !hash128_eq(x->leaf, y->leaf))
            (void)printf("  differs: %s%s\n", files[i].path,
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
    rng_state = seed;
    read_tree(dir);
    check(indexer_new(&o, &ix, &err), &err);
    check(store_open_memory(&s, &err), &err);
    (void)update(ix, s, true, true);
    for (uint32_t i = 0; i < n_files; i++)
        files[i].touched = false;
    for (step = 1; same && n_files > 0 && step <= steps && clock_now_ns() < end; step++) {
        done[0] = '\0';
        for (unsigned n = 1 + below(EDITS_MAX); n > 0; n--)
            edit();
        resolved += update(ix, s, false, false);
        for (uint32_t i = 0; i < n_files; i++)
            files[i].touched = false;
        same = step % every != 0 || compare(s);
        if (!same)
            (void)printf(
                "%s: seed %llu, step %u: the graph is not that of a clean index, after\n%s", dir,
                (unsigned long long)seed, step, done);
    }
    if (same)
        (void)printf("%s: seed %llu: %u files, %u steps, %.1f files resolved in a step\n", dir,
                     (unsigned long long)seed, n_files, step - 1,
                     (double)resolved / (step > 1 ? step - 1 : 1));
    store_close(s);
    indexer_free(ix);
    forget_tree();
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
