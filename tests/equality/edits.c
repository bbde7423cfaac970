#include "equality/edits.h"

#include "base/hash.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/str.h"
#include "index/scan.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EDITS_OF_STEP_MAX 4u

uint32_t edits_below(struct edits *e, uint32_t n)
{
    e->rng += 0x9e3779b97f4a7c15ULL;
    return (uint32_t)(((unsigned __int128)hash_mix64(e->rng) * n) >> 64);
}

static char *copy(const char *s)
{
    char *ret = mem_strdup(s);
    if (ret == NULL) {
        (void)fprintf(stderr, "out of memory for edits\n");
        exit(2);
    }
    return ret;
}

static void say(struct edits *e, const char *what, uint32_t file)
{
    size_t n = strlen(e->done);
    (void)snprintf(e->done + n, sizeof(e->done) - n, "  %s %s\n", what, e->files[file].path);
}

static void set_text(struct edits *e, uint32_t i, char *text)
{
    mem_free(e->files[i].text);
    e->files[i].text = text;
    e->files[i].touched = true;
}

/* ---- the files ---- */

static int read_files(struct edits *e, const struct scan *scan, int fd, struct err *err)
{
    struct buf text = {0};
    int rc = PT_OK;
    for (uint32_t i = 0; i < scan->files.len && e->n_files < EDITS_FILES_MAX && rc == PT_OK; i++) {
        const char *path = scan->files.at[i].path;
        buf_reset(&text);
        rc = io_read_file(fd, path, SCAN_MAX_FILE_BYTES, &text, err);
        if (rc != PT_OK || scan_is_binary(buf_cstr(&text), text.n) ||
            strlen(buf_cstr(&text)) != text.n)
            continue;
        e->files[e->n_files++] = (struct edit_file){.path = copy(path),
                                                    .text = copy(buf_cstr(&text)),
                                                    .original = copy(buf_cstr(&text)),
                                                    .touched = true};
    }
    buf_release(&text);
    return rc;
}

int edits_read(struct edits *e, const char *dir, uint64_t seed, struct err *err)
{
    const struct scan_options o = {.no_ignore = true};
    struct scan scan;
    int fd = -1;
    edits_release(e);
    e->rng = seed;
    int rc = io_open_dir(dir, &fd, err);
    if (rc == PT_OK && (rc = scan_tree(dir, &o, &scan, err)) == PT_OK) {
        rc = read_files(e, &scan, fd, err);
        scan_release(&scan);
    }
    io_close(fd);
    return rc;
}

void edits_release(struct edits *e)
{
    for (uint32_t i = 0; i < e->n_files; i++) {
        mem_free(e->files[i].path);
        mem_free(e->files[i].text);
        mem_free(e->files[i].original);
    }
    memset(e, 0, sizeof(*e));
}

void edits_forget_touched(struct edits *e)
{
    for (uint32_t i = 0; i < e->n_files; i++)
        e->files[i].touched = false;
}

/* ---- edits ---- */

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* A random word of a text. */
static struct slice any_word(struct edits *e, const char *text)
{
    size_t n = strlen(text);
    for (unsigned tries = 0; n > 0 && tries < 50; tries++) {
        size_t at = edits_below(e, (uint32_t)n), end = at;
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

static uint32_t any_file(struct edits *e)
{
    for (unsigned tries = 0; tries < 1000; tries++) {
        uint32_t i = edits_below(e, e->n_files);
        if (e->files[i].text != NULL)
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

static void rename_word(struct edits *e, bool all)
{
    uint32_t i = any_file(e), other = edits_below(e, 3) == 0 ? any_file(e) : i;
    if (e->files[i].text == NULL || e->files[other].text == NULL)
        return;
    struct slice word = any_word(e, e->files[i].text), by = any_word(e, e->files[other].text);
    if (word.n == 0 || by.n == 0)
        return;
    say(e, all ? "a word everywhere in" : "a word in", i);
    set_text(e, i, replaced(e->files[i].text, word, by, all));
}

static const char *any_line(struct edits *e, const char *text)
{
    size_t n = strlen(text), at = n > 0 ? edits_below(e, (uint32_t)n) : 0;
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
static void change_lines(struct edits *e, bool take, unsigned extra)
{
    uint32_t i = any_file(e), other = edits_below(e, 2) == 0 ? any_file(e) : i;
    if (e->files[i].text == NULL || e->files[other].text == NULL)
        return;
    const char *line = any_line(e, e->files[i].text), *from = any_line(e, e->files[other].text);
    struct buf out = {0};
    buf_add(&out, e->files[i].text, (size_t)(line - e->files[i].text));
    for (; extra > 0 && *from != '\0'; extra--) {
        buf_add(&out, from, line_length(from));
        from += line_length(from);
    }
    buf_str(&out, line + (take ? line_length(line) : 0));
    say(e, take ? "lines taken out of" : "lines put into", i);
    set_text(e, i, copy(buf_cstr(&out)));
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
static const char *any_import(struct edits *e, const char *text)
{
    for (unsigned tries = 0; tries < 30; tries++) {
        const char *line = any_line(e, text);
        if (is_import(line))
            return line;
    }
    return is_import(text) ? text : NULL;
}

/* An import goes, or one that another file has (and that may mean something else here) comes. */
static void change_import(struct edits *e, bool take)
{
    uint32_t i = any_file(e), other = any_file(e);
    const char *text = e->files[i].text, *from = e->files[take ? i : other].text;
    const char *line = from != NULL ? any_import(e, from) : NULL;
    if (text == NULL || line == NULL)
        return;
    struct buf out = {0};
    buf_add(&out, take ? text : line, take ? (size_t)(line - text) : line_length(line));
    buf_str(&out, take ? line + line_length(line) : text);
    say(e, take ? "an import taken out of" : "an import put into", i);
    set_text(e, i, copy(buf_cstr(&out)));
    buf_release(&out);
}

static void remove_file(struct edits *e)
{
    uint32_t i = any_file(e);
    if (e->files[i].text != NULL) {
        say(e, "removed", i);
        set_text(e, i, NULL);
    }
}

static void restore_file(struct edits *e)
{
    uint32_t i = edits_below(e, e->n_files);
    say(e, "as it was", i);
    set_text(e, i, copy(e->files[i].original));
}

/* Two files change their paths, which may change their languages. */
static void swap_files(struct edits *e)
{
    uint32_t a = edits_below(e, e->n_files), b = edits_below(e, e->n_files);
    char *text = e->files[a].text;
    say(e, "swapped", a);
    say(e, "with", b);
    e->files[a].text = e->files[b].text;
    e->files[b].text = text;
    e->files[a].touched = e->files[b].touched = true;
}

static void edit(struct edits *e)
{
    switch (edits_below(e, 20)) {
    case 0:
    case 1:
    case 2: rename_word(e, true); break;
    case 3:
    case 4:
    case 5:
    case 6: rename_word(e, false); break;
    case 7:
    case 8: change_lines(e, true, 0); break;
    case 9:
    case 10: change_lines(e, false, 1 + edits_below(e, 4)); break;
    case 11: remove_file(e); break;
    case 12:
    case 13:
    case 14: restore_file(e); break;
    case 15: swap_files(e); break;
    case 16:
    case 17: change_import(e, true); break;
    default: change_import(e, false); break;
    }
}

void edits_step(struct edits *e)
{
    e->done[0] = '\0';
    for (unsigned n = 1 + edits_below(e, EDITS_OF_STEP_MAX); n > 0; n--)
        edit(e);
}
