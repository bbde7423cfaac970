/* The languages. To add one: its file, a line in each of the two lists, its golden cases. */
#include "lang/lang.h"

#include <string.h>

extern const struct lang lang_c;
extern const struct lang lang_rust;
extern const struct lang lang_cargo;
extern const struct lang lang_python;
extern const struct lang lang_javascript;
extern const struct lang lang_typescript;
extern const struct lang lang_tsx;

const struct lang *const lang_registry[] = {
    &lang_c, &lang_rust, &lang_cargo, &lang_python, &lang_javascript, &lang_typescript, &lang_tsx,
};
const unsigned lang_count =
    sizeof(lang_registry) / sizeof(*lang_registry); /* NOLINT(bugprone-sizeof-expression) */

static bool in_list(const char *const *list, struct slice s)
{
    for (; list != NULL && *list != NULL; list++) {
        if (slice_eq(slice_from(*list), s))
            return true;
    }
    return false;
}

static struct slice base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slice_from(slash != NULL ? slash + 1 : path);
}

/* "python3" of "#!/usr/bin/env -S python3 -u" and "#!/usr/bin/python3". */
static struct slice interpreter(const char *head, size_t n)
{
    struct slice none = slice_of("", 0);
    if (n < 3 || head[0] != '#' || head[1] != '!')
        return none;
    const char *p = head + 2, *nl = memchr(head, '\n', n);
    const char *end = nl != NULL ? nl : head + n;
    for (unsigned word = 0; word < 4 && p < end; word++) {
        while (p < end && (*p == ' ' || *p == '\t'))
            p++;
        const char *from = p;
        while (p < end && *p != ' ' && *p != '\t' && *p != '\r')
            p++;
        struct slice w = slice_of(from, (size_t)(p - from));
        const char *slash = slice_rchr(w, '/');
        if (slash != NULL)
            w = slice_of(slash + 1, (size_t)(p - slash - 1));
        if (w.n > 0 && w.p[0] != '-' && !slice_eq(w, SLICE("env")))
            return w;
    }
    return none;
}

unsigned lang_of_file(const char *path, const char *head, size_t n_head)
{
    struct slice base = base_of(path);
    for (unsigned i = 0; i < lang_count; i++) {
        if (in_list(lang_registry[i]->filenames, base))
            return i;
    }
    unsigned best = LANG_NONE;
    size_t best_n = 0;
    for (unsigned i = 0; i < lang_count; i++) {
        for (const char *const *s = lang_registry[i]->suffixes; s != NULL && *s != NULL; s++) {
            size_t n = strlen(*s);
            if (n > best_n && base.n > n && slice_ends(base, slice_of(*s, n))) {
                best = i;
                best_n = n;
            }
        }
    }
    if (best != LANG_NONE || slice_chr(base, '.') != NULL)
        return best;
    struct slice in = interpreter(head, n_head);
    for (unsigned i = 0; i < lang_count && in.n > 0; i++) {
        if (in_list(lang_registry[i]->interpreters, in))
            return i;
    }
    return LANG_NONE;
}

unsigned lang_by_name(const char *name)
{
    for (unsigned i = 0; i < lang_count; i++) {
        if (strcmp(lang_registry[i]->name, name) == 0)
            return i;
    }
    return LANG_NONE;
}

unsigned lang_path_marks(unsigned lang, const char *path)
{
    const struct lang *l = lang_registry[lang];
    unsigned marks = l->is_test_path != NULL && l->is_test_path(path) ? PATH_TEST : 0;
    if (l->is_header_path != NULL && l->is_header_path(path))
        marks |= PATH_HEADER;
    return marks;
}

bool lang_reaches(unsigned from, unsigned to)
{
    return from == to || in_list(lang_registry[from]->family, slice_from(lang_registry[to]->name));
}
