#include "query/parts.h"

size_t parts_separator(const char *p, size_t n)
{
    switch (p[0]) {
    case '.':
    case '#':
    case '/': return 1;
    case ':': return n > 1 && p[1] == ':' ? 2 : 0;
    case '-': return n > 1 && p[1] == '>' ? 2 : 0;
    default: return 0;
    }
}

/* Behind the bracket that closes the one at s.p[i], or 0 if none does. */
static size_t bracket_end(struct slice s, size_t i)
{
    unsigned depth = 0;

    for (; i < s.n; i++) {
        if (s.p[i] == '<')
            depth++;
        else if (s.p[i] == '>' && s.p[i - 1] != '-' && --depth == 0)
            return i + 1;
    }
    return 0;
}

static void push(struct parts *p, struct slice part)
{
    if (p->n == PARTS_MAX) {
        memmove(p->at, p->at + 1, (PARTS_MAX - 1) * sizeof(p->at[0]));
        p->n--;
        p->cut = true;
        p->suffix = p->suffix == 0 || p->suffix == UINT32_MAX ? UINT32_MAX : p->suffix - 1;
    }
    p->at[p->n++] = part;
}

void parts_split(struct slice s, struct parts *ret)
{
    size_t start = 0;
    char before = '\0';
    bool brackets = true; /* until one is found that nothing closes, as in `operator<` */

    ret->n = 0;
    ret->suffix = UINT32_MAX;
    ret->cut = false;
    for (size_t i = 0; i < s.n;) {
        size_t sep = parts_separator(s.p + i, s.n - i);
        if (sep == 0) {
            size_t end = brackets && s.p[i] == '<' ? bracket_end(s, i) : 0;
            brackets = brackets && (s.p[i] != '<' || end != 0);
            i = end != 0 ? end : i + 1;
            continue;
        }
        if (i > start) {
            push(ret, slice_of(s.p + start, i - start));
            if (before == '.' && s.p[i] == ':' && ret->suffix == UINT32_MAX)
                ret->suffix = ret->n - 1;
        }
        before = s.p[i];
        i += sep;
        start = i;
    }
    if (s.n > start)
        push(ret, slice_of(s.p + start, s.n - start));
}

/* `Foo<T>` -> `Foo`; what begins with a bracket stays. */
static struct slice without_generics(struct slice s)
{
    const char *open = s.n > 1 && s.p[s.n - 1] == '>' && s.p[0] != '<' ? slice_chr(s, '<') : NULL;

    if (open != NULL && bracket_end(s, (size_t)(open - s.p)) == s.n)
        s.n = (size_t)(open - s.p);
    return s;
}

bool part_angle(struct slice s, struct slice *ret_t, struct slice *ret_u)
{
    if (s.n < 3 || s.p[0] != '<' || bracket_end(s, 0) != s.n)
        return false;
    struct slice in = slice_of(s.p + 1, s.n - 2);
    *ret_t = in;
    *ret_u = slice_of(NULL, 0);
    for (size_t i = 0; i + 4 < in.n;) {
        size_t end = in.p[i] == '<' ? bracket_end(in, i) : 0;
        if (memcmp(in.p + i, " as ", 4) == 0) {
            *ret_t = slice_of(in.p, i);
            *ret_u = slice_of(in.p + i + 4, in.n - i - 4);
            return true;
        }
        i = end != 0 ? end : i + 1;
    }
    return true;
}

static bool is_word(char c)
{
    return c == '_' || (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') ||
           (unsigned char)c >= 0x80;
}

/* Drops `&'a mut `, `*const `, `dyn `, `(`, `[`: all words but the last, and what is no word. */
static struct slice without_modifiers(struct slice s)
{
    static const struct slice words[] = {SLICE_INIT("mut "), SLICE_INIT("const "),
                                         SLICE_INIT("dyn "), SLICE_INIT("impl "),
                                         SLICE_INIT("struct ")};
    bool again = true;

    while (again && s.n > 0) {
        again = false;
        if (s.p[0] == '\'') {
            const char *space = slice_chr(s, ' ');
            size_t n = space != NULL ? (size_t)(space - s.p) + 1 : s.n;
            s = slice_of(s.p + n, s.n - n);
            again = true;
        } else if (!is_word(s.p[0]) && s.p[0] != '<') {
            s = slice_of(s.p + 1, s.n - 1);
            again = true;
        }
        for (unsigned i = 0; i < PT_COUNT(words); i++) {
            if (slice_starts(s, words[i])) {
                s = slice_of(s.p + words[i].n, s.n - words[i].n);
                again = true;
            }
        }
    }
    while (s.n > 0 && !is_word(s.p[s.n - 1]) && s.p[s.n - 1] != '>')
        s.n--;
    return s;
}

struct slice part_ident(struct slice type)
{
    struct parts parts;
    struct slice s = without_modifiers(type);

    parts_split(s, &parts);
    return parts.n > 0 ? without_generics(parts.at[parts.n - 1]) : s;
}

bool part_same(struct slice q, struct slice stored)
{
    struct slice t, u, qt, qu;

    q = without_generics(q);
    stored = without_generics(stored);
    if (slice_eq(q, stored))
        return true;
    if (part_angle(stored, &t, &u)) {
        if (!part_angle(q, &qt, &qu))
            return slice_eq(q, part_ident(t)) || (u.n > 0 && slice_eq(q, part_ident(u)));
        return slice_eq(part_ident(qt), part_ident(t)) &&
               (qu.n == 0 || slice_eq(part_ident(qu), part_ident(u)));
    }
    return part_angle(q, &qt, &qu) && qu.n == 0 && slice_eq(part_ident(qt), stored);
}

uint32_t parts_match(const struct parts *q, const struct parts *stored)
{
    uint32_t i = q->n, j = stored->n;

    if (q->cut)
        return 0;
    while (i > 0 && j > 0) {
        if (part_same(q->at[i - 1], stored->at[j - 1]))
            i--;
        else if (j - 1 != stored->suffix || i == q->n)
            return 0;
        j--;
    }
    return i == 0 ? stored->n - j : 0;
}
