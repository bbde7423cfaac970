/* Extraction against parsing alone: the same files, in the same run, on one thread.
 *
 *   extract [--rounds N] FILE...     total and ratio, per language
 *   extract --print FILE...          the facts of each file, as text
 */
#include "lang/extract.h"
#include "base/clock.h"
#include "base/io.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tally {
    uint64_t parse_ns, extract_ns, bytes, facts;
    unsigned files;
};

static struct tally tallies[32];

static int die(const char *what, const struct err *err)
{
    (void)fprintf(stderr, "extract: %s: %s\n", what, err->msg);
    return 1;
}

static int one_file(struct extract *x, const char *path, bool print, unsigned rounds)
{
    struct buf src = {0};
    struct err err = {0};
    if (io_read_file(AT_FDCWD, path, 64u << 20, &src, &err) != 0)
        return die(path, &err);
    unsigned lang = lang_of_file(path, src.p, src.n);
    if (lang == LANG_NONE || lang_registry[lang]->grammar == NULL) {
        buf_release(&src);
        return 0;
    }
    struct tally *t = &tallies[lang];
    uint64_t best_parse = UINT64_MAX, best_extract = UINT64_MAX;
    for (unsigned r = 0; r < rounds; r++) {
        uint64_t t0 = clock_now_ns();
        if (extract_parse_only(x, lang, src.p, src.n, &err) != 0)
            return die(path, &err);
        uint64_t t1 = clock_now_ns();
        struct facts *f = NULL;
        if (extract_file(x, lang, path, src.p, src.n, &f, &err) != 0)
            return die(path, &err);
        uint64_t t2 = clock_now_ns();
        if (facts_check(f, &err) != 0)
            return die(path, &err);
        if (t1 - t0 < best_parse)
            best_parse = t1 - t0;
        if (t2 - t1 < best_extract)
            best_extract = t2 - t1;
        if (r == 0)
            t->facts += facts_size(f);
        if (print) {
            struct buf out = {0};
            facts_print(f, &out);
            (void)printf("== %s\n%.*s", path, (int)out.n, out.p);
            buf_release(&out);
        }
        facts_free(f);
    }
    t->parse_ns += best_parse;
    t->extract_ns += best_extract;
    t->bytes += src.n;
    t->files++;
    buf_release(&src);
    return 0;
}

int main(int argc, char **argv)
{
    bool print = false;
    unsigned rounds = 3;
    int at = 1;
    for (; at < argc && strncmp(argv[at], "--", 2) == 0; at++) {
        if (strcmp(argv[at], "--print") == 0)
            print = true;
        else if (strcmp(argv[at], "--rounds") == 0 && at + 1 < argc)
            rounds = (unsigned)strtoul(argv[++at], NULL, 10);
    }
    struct extract *x = extract_new();
    if (x == NULL)
        return 1;
    int rc = 0;
    for (; at < argc && rc == 0; at++)
        rc = one_file(x, argv[at], print, print ? 1 : rounds);
    for (unsigned i = 0; i < lang_count && !print; i++) {
        const struct tally *t = &tallies[i];
        if (t->files == 0)
            continue;
        (void)printf("%s: %u files, %.2f MB; parse alone %.1f ms (%.1f MB/s); with extraction "
                     "%.1f ms, ratio %.2f; facts %.2f bytes per source byte\n",
                     lang_registry[i]->title, t->files, (double)t->bytes / 1e6,
                     (double)t->parse_ns / 1e6, (double)t->bytes * 1e3 / (double)t->parse_ns,
                     (double)t->extract_ns / 1e6, (double)t->extract_ns / (double)t->parse_ns,
                     (double)t->facts / (double)t->bytes);
    }
    extract_free(x);
    return rc;
}
