/* What is hidden from the parser of C.
 *
 * The grammar reads C before the preprocessor has seen it, and manages as long as branches of #if
 * hold whole statements and macros look like expressions. This pass blanks the rest, in a copy in
 * which every byte keeps its place:
 *
 *   - branches that no C compiler takes (#if 0, #ifdef __cplusplus);
 *   - the lines of an #if that stands inside an expression, a parameter list or an initialiser, or
 *     whose branches open braces that are closed elsewhere. Where the branches exclude each other
 *     (they would not parse side by side), all but the first go as well;
 *   - comments inside the body of a macro, at which the grammar ends the body;
 *   - other directives inside of expressions and initialisers;
 *   - words that must be macros, because no declaration has a name there: `API int f(void)`,
 *     `STATIC foo_t *f(void)`, `int f(void) NORETURN;`;
 *   - what makes a type of an argument more than one word: `va_arg(ap, const struct foo *)`;
 * and it ends statements that are a macro's call without a semicolon.
 *
 * One pass, no look at other files; what it cannot tell it leaves alone.
 */
#include "lang/c.h"

#include "base/vec.h"

#include <string.h>

enum brace { TOP, BLOCK, FIELDS, ENUM, INIT };

enum tok { TOK_NONE, TOK_WORD, TOK_TEXT, TOK_PUNCT };

struct tok_at {
    uint8_t kind;
    char c; /* of punctuation */
    uint32_t from, to;
    unsigned word; /* what c_word says of it */
};

struct level {
    uint8_t kind;      /* enum brace */
    uint32_t parens;   /* open in it */
    uint64_t calls;    /* bit n: the n-th open parenthesis follows a name */
    bool assigned;     /* behind = or return in this statement: a brace is an initialiser */
    uint32_t words;    /* of the declaration before its first parenthesis, 0 behind that */
    uint32_t macro_at; /* behind `name(`, where a statement begins with it: its byte + 1 */
    uint32_t attr_at;  /* behind `f(...) ATTR(`: byte of ATTR + 1 */
};

/* A line of a conditional group: #if, #elif, #else, #endif; then its branch. */
struct branch {
    uint32_t from, to; /* of the line */
    bool dead, whole, balanced, empty;
};

struct group {
    uint32_t first; /* of its branches */
    uint32_t levels, low;
    struct level top;
    struct tok_at before, before2;
    struct level kept_top; /* state behind the first branch that stays */
    uint32_t kept_levels;
    struct tok_at kept_before, kept_before2;
    bool kept;
};

struct mask {
    struct extract *x;
    const char *src;
    uint32_t n, at;
    struct buf *out;
    VEC(struct level) levels;
    VEC(struct group) groups;
    VEC(struct branch) branches;
    struct tok_at p1, p2, p3; /* the last tokens, newest first */
    bool line_start, failed;
};

/* ---- changes ---- */

static char *copy(struct mask *m)
{
    if (m->out->n == 0)
        buf_add(m->out, m->src, m->n);
    if (m->out->failed)
        m->failed = true;
    return m->failed ? NULL : m->out->p;
}

static void blank(struct mask *m, uint32_t from, uint32_t to)
{
    char *p = from < to ? copy(m) : NULL;
    for (uint32_t i = from; p != NULL && i < to; i++) {
        if (p[i] != '\n' && p[i] != '\r')
            p[i] = ' ';
    }
}

static void put(struct mask *m, uint32_t at, char c)
{
    char *p = copy(m);
    if (p != NULL)
        p[at] = c;
}

/* ---- text ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

static bool is_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '$' || (unsigned char)c >= 0x80;
}

static uint32_t past_comment(const struct mask *m, uint32_t i)
{
    if (m->src[i + 1] == '/') {
        for (i += 2; i < m->n && m->src[i] != '\n'; i++) {
            if (m->src[i] == '\\' && i + 1 < m->n)
                i++;
        }
        return i < m->n ? i : m->n;
    }
    const char *p = m->src + i + 2, *end = m->src + m->n;
    while (p < end && (p = memchr(p, '*', (size_t)(end - p))) != NULL) {
        if (p + 1 < end && p[1] == '/')
            return (uint32_t)(p + 2 - m->src);
        p++;
    }
    return m->n;
}

static bool at_comment(const struct mask *m, uint32_t i)
{
    return m->src[i] == '/' && i + 1 < m->n && (m->src[i + 1] == '/' || m->src[i + 1] == '*');
}

static uint32_t past_text(const struct mask *m, uint32_t i)
{
    char quote = m->src[i++];
    while (i < m->n && m->src[i] != quote && m->src[i] != '\n') {
        if (m->src[i] == '\\' && i + 1 < m->n)
            i++;
        i++;
    }
    return i < m->n && m->src[i] == quote ? i + 1 : i < m->n ? i : m->n;
}

/* The first byte that is neither blank nor comment from i on (m->n at the end). */
static uint32_t significant(const struct mask *m, uint32_t i, bool *ret_new_line)
{
    *ret_new_line = false;
    while (i < m->n) {
        char c = m->src[i];
        if (c == '\n')
            *ret_new_line = true;
        else if (at_comment(m, i)) {
            i = past_comment(m, i);
            continue;
        } else if (!is_blank(c) && c != '\\')
            break;
        i++;
    }
    return i;
}

/* The end of the directive that begins at i: its newline, or the end of the file. */
static uint32_t directive_end(const struct mask *m, uint32_t i)
{
    while (i < m->n && m->src[i] != '\n') {
        char c = m->src[i];
        if (c == '\\' && i + 1 < m->n)
            i += m->src[i + 1] == '\r' && i + 2 < m->n ? 3 : 2;
        else if (at_comment(m, i))
            i = past_comment(m, i);
        else
            i++;
    }
    return i < m->n ? i : m->n;
}

/* ---- tokens ---- */

static struct level *top(struct mask *m)
{
    return &vec_last(&m->levels);
}

static struct slice text_of(const struct mask *m, const struct tok_at *t)
{
    return slice_of(m->src + t->from, t->to - t->from);
}

static void push_token(struct mask *m, enum tok kind, char c, uint32_t from, uint32_t to)
{
    m->p3 = m->p2;
    m->p2 = m->p1;
    m->p1 = (struct tok_at){.kind = (uint8_t)kind, .c = c, .from = from, .to = to};
}

/* The word that begins there; there may be none. */
static struct tok_at word_at(const struct mask *m, uint32_t from)
{
    struct tok_at t = {.kind = TOK_WORD, .from = from, .to = from};
    while (t.to < m->n && is_word_char(m->src[t.to]))
        t.to++;
    t.word = c_word(text_of(m, &t));
    return t;
}

static bool is_punct(const struct tok_at *t, char c)
{
    return t->kind == TOK_PUNCT && t->c == c;
}

static bool is_shouting(const struct mask *m, const struct tok_at *t)
{
    for (uint32_t i = t->from; i < t->to; i++) {
        if (m->src[i] >= 'a' && m->src[i] <= 'z')
            return false;
    }
    return t->to - t->from > 1;
}

static bool is_word(const struct mask *m, const struct tok_at *t, const char *word)
{
    return t->kind == TOK_WORD && slice_eq(text_of(m, t), slice_from(word));
}

/* Words that begin a declaration, or are its type: those that the grammar knows. */
static bool is_type_word(const struct tok_at *t)
{
    return (t->word & (C_WORD_TYPE | C_WORD_LIBRARY_TYPE)) != 0;
}

static bool is_name(const struct mask *m, const struct tok_at *t)
{
    char c = t->kind == TOK_WORD ? m->src[t->from] : '0';
    return !(c >= '0' && c <= '9') && t->word == 0;
}

static bool is_tag_word(const struct mask *m, const struct tok_at *t)
{
    struct slice s = t->kind == TOK_WORD ? text_of(m, t) : slice_of("", 0);
    return slice_eq(s, SLICE("struct")) || slice_eq(s, SLICE("union")) ||
           slice_eq(s, SLICE("enum"));
}

/* ---- words that must be macros ---- */

/* Blanks the token `age` (1: the last one) and forgets it. */
static void drop(struct mask *m, unsigned age)
{
    const struct tok_at *t = age == 1 ? &m->p1 : age == 2 ? &m->p2 : &m->p3;
    blank(m, t->from, t->to);
    if (age == 1)
        m->p1 = m->p2;
    if (age <= 2)
        m->p2 = m->p3;
    m->p3 = (struct tok_at){0};
}

/* Two names, and a third or a star: one of them is no part of the declaration. */
static void three_names(struct mask *m, const struct tok_at *third)
{
    bool second = is_tag_word(m, &m->p3) || /* struct tag MACRO name */
                  (is_shouting(m, &m->p1) && !is_shouting(m, &m->p2));
    if (second)
        drop(m, 1);
    else if (third != NULL && is_shouting(m, third) && !is_shouting(m, &m->p2))
        blank(m, third->from, third->to);
    else
        drop(m, 2);
}

static bool in_declarations(struct mask *m)
{
    return top(m)->parens == 0 && (top(m)->kind == TOP || top(m)->kind == FIELDS);
}

static bool is_specifier(const struct mask *m, const struct tok_at *t)
{
    struct slice s = text_of(m, t);
    return slice_eq(s, SLICE("static")) || slice_eq(s, SLICE("extern")) ||
           slice_eq(s, SLICE("inline")) || slice_eq(s, SLICE("register")) ||
           slice_eq(s, SLICE("typedef")) || slice_starts(s, SLICE("__")) ||
           slice_eq(s, SLICE("_Noreturn")) || slice_eq(s, SLICE("_Thread_local"));
}

/* False: the word itself was blanked. */
static bool before_word(struct mask *m, const struct tok_at *w)
{
    bool type = is_type_word(w), name = is_name(m, w);
    if (is_word(m, &m->p1, "const")) { /* API const char */
        if (type && m->p2.kind == TOK_WORD && is_name(m, &m->p2))
            drop(m, 2);
        return true;
    }
    if (!is_name(m, &m->p1))
        return true;
    if (type) {
        bool sure = !is_specifier(m, w) || is_shouting(m, &m->p1); /* foo_t static x */
        if (sure && !is_tag_word(m, &m->p2) && !is_word(m, &m->p2, "typedef") &&
            !is_punct(&m->p2, '.') && !is_punct(&m->p2, '>'))
            drop(m, 1);
        return true;
    }
    if (!name)
        return true;
    if (is_punct(&m->p2, '*')) { /* foo_t *MACRO x */
        drop(m, 1);
    } else if (is_punct(&m->p2, ')')) { /* f(void) ATTR ATTR */
        if (in_declarations(m) && top(m)->words > 1 && is_shouting(m, &m->p1) && is_shouting(m, w))
            drop(m, 1);
    } else if (is_word(m, &m->p2, "const")) { /* API const foo_t x */
        if (m->p3.kind == TOK_WORD && is_name(m, &m->p3) && is_shouting(m, &m->p3))
            drop(m, 3);
    } else if (m->p2.kind == TOK_WORD && is_type_word(&m->p2) && !is_specifier(m, &m->p2) &&
               !is_tag_word(m, &m->p2)) {
        if (is_shouting(m, &m->p1)) /* int API f */
            drop(m, 1);
    } else if (m->p2.kind == TOK_WORD && is_name(m, &m->p2)) {
        three_names(m, w);
        return copy(m) == NULL || m->out->p[w->from] != ' ';
    }
    return true;
}

static void before_star(struct mask *m)
{
    if (m->p1.kind != TOK_WORD || m->p2.kind != TOK_WORD || !is_name(m, &m->p1))
        return;
    if (is_name(m, &m->p2))
        three_names(m, NULL);
    else if (is_type_word(&m->p2) && !is_specifier(m, &m->p2) && !is_tag_word(m, &m->p2) &&
             is_shouting(m, &m->p1)) /* void API * */
        drop(m, 1);
    else if (is_word(m, &m->p2, "const") && m->p3.kind == TOK_WORD && is_name(m, &m->p3) &&
             is_shouting(m, &m->p3))
        drop(m, 3);
}

/* Is this directly inside the parentheses of a call, in a function? */
static bool in_arguments(struct mask *m)
{
    const struct level *l = top(m);
    return l->kind == BLOCK && l->parens > 0 && l->parens <= 64 &&
           (l->calls >> (l->parens - 1) & 1) != 0;
}

/* A type among the arguments: one word of it is enough to read the rest. */
static void argument_word(struct mask *m, const struct tok_at *w)
{
    if (m->p1.kind != TOK_WORD || !in_arguments(m))
        return;
    if (is_tag_word(m, &m->p1) || is_word(m, &m->p1, "const") || is_word(m, &m->p1, "volatile") ||
        ((m->p1.word & C_WORD_TYPE) != 0 && is_type_word(w)))
        drop(m, 1);
}

/* `foo_t *)`, `foo_t **,` */
static void argument_ends(struct mask *m, uint32_t at)
{
    if (!is_punct(&m->p1, '*') || !in_arguments(m))
        return;
    while (at > 0 && (m->src[at - 1] == '*' || m->src[at - 1] == ' ')) {
        at--;
        blank(m, at, at + 1);
    }
}

/* `f(void) NORETURN;` */
static void end_of_declarator(struct mask *m)
{
    if (in_declarations(m) && m->p1.kind == TOK_WORD && is_punct(&m->p2, ')') &&
        is_shouting(m, &m->p1) && is_name(m, &m->p1))
        drop(m, 1);
}

/* ---- brackets ---- */

static void open_brace(struct mask *m)
{
    struct level *l = top(m);
    uint8_t kind = BLOCK;
    bool tag = is_tag_word(m, &m->p1) || (m->p1.kind == TOK_WORD && is_tag_word(m, &m->p2));
    if (tag)
        kind = slice_eq(text_of(m, is_tag_word(m, &m->p1) ? &m->p1 : &m->p2), SLICE("enum"))
                   ? ENUM
                   : FIELDS;
    else if (is_punct(&m->p1, '(')) /* ({ statements }) */
        kind = BLOCK;
    else if (l->kind == INIT || l->assigned || (l->parens > 0 && is_punct(&m->p1, ')')))
        kind = INIT;
    else if (m->p1.kind == TOK_TEXT) /* extern "C" */
        kind = TOP;
    if (!vec_push(&m->levels, (struct level){.kind = kind}))
        m->failed = true;
}

static void end_statement(struct mask *m)
{
    struct level *l = top(m);
    l->assigned = false;
    l->words = l->macro_at = l->attr_at = 0;
}

static void close_brace(struct mask *m)
{
    if (m->levels.len > 1)
        (void)vec_pop(&m->levels);
    if (m->groups.len > 0 && m->levels.len < vec_last(&m->groups).low)
        vec_last(&m->groups).low = m->levels.len;
    if (top(m)->parens == 0 && !top(m)->assigned)
        end_statement(m);
}

static bool begins_statement(const struct tok_at *before)
{
    return before->kind == TOK_NONE || is_punct(before, ';') || is_punct(before, '{') ||
           is_punct(before, '}');
}

static void open_paren(struct mask *m)
{
    struct level *l = top(m);
    bool named = m->p1.kind == TOK_WORD && is_name(m, &m->p1);
    uint64_t bit = l->parens < 64 ? UINT64_C(1) << l->parens : 0;
    bool call = named || is_word(m, &m->p1, "va_arg");
    l->calls = call ? l->calls | bit : l->calls & ~bit;
    if (l->parens++ > 0)
        return;
    bool ignored;
    uint32_t next = significant(m, m->at, &ignored);
    if (named && m->p2.kind == TOK_WORD && is_name(m, &m->p2) &&
        (l->kind == TOP || l->kind == FIELDS) && next < m->n &&
        m->src[next] == '*') /* API type (*f)(void) */
        drop(m, 2);
    l->macro_at = l->attr_at = 0;
    if (named && begins_statement(&m->p2) && l->kind != INIT && l->kind != ENUM)
        l->macro_at = m->p1.from + 1;
    else if (named && is_shouting(m, &m->p1) && (l->kind == TOP || l->kind == FIELDS) &&
             (m->p2.kind == TOK_WORD ? is_specifier(m, &m->p2)
                                     : is_punct(&m->p2, ')') && l->words > 1))
        l->attr_at = m->p1.from + 1;
}

/* `MACRO(x)` alone on its line, and no semicolon. At file scope only in capitals, lest it be a
 * function in the old style, and not before `name(`: then it is the function's type. */
static bool lacks_semicolon(struct mask *m, uint32_t next, bool new_line)
{
    const struct level *l = top(m);
    if (l->macro_at == 0 || next >= m->n)
        return false;
    if (l->kind == BLOCK && m->src[next] == '{') /* for_each(x) { is no function x */
        return is_blank(m->src[next - 1]);
    if (!new_line)
        return false;
    if (l->kind == BLOCK)
        return is_word_char(m->src[next]) || m->src[next] == '}';
    struct tok_at name = word_at(m, l->macro_at - 1), then = word_at(m, next);
    bool ignored;
    next = significant(m, then.to, &ignored);
    return is_shouting(m, &name) && then.to > then.from &&
           (next == m->n || m->src[next] != '(' || is_shouting(m, &then));
}

/* Where there is no room for it, a run of such macros loses its arguments to it. */
static void add_semicolon(struct mask *m, uint32_t next)
{
    uint32_t at = next - 1, open = top(m)->macro_at;
    while (is_word_char(m->src[open]) || is_blank(m->src[open]))
        open++;
    if (!is_blank(m->src[at]) && open + 2 < m->at && m->src[open] == '(') {
        blank(m, open, m->at);
        put(m, open, '(');
        put(m, open + 1, ')');
        at = open + 2;
    }
    if (is_blank(m->src[at]) || at == open + 2)
        put(m, at, ';');
}

/* Is it `int`, `foo_t name`, `foo_t *`: what is in front of it was no type? */
static bool begins_declarator(const struct mask *m, uint32_t at)
{
    bool ignored;
    struct tok_at type = word_at(m, at);
    if (type.from == type.to || is_type_word(&type) || !is_name(m, &type))
        return type.from != type.to;
    uint32_t next = significant(m, type.to, &ignored);
    return next < m->n && (is_word_char(m->src[next]) || m->src[next] == '*');
}

static void close_paren(struct mask *m)
{
    struct level *l = top(m);
    if (l->parens == 0 || --l->parens > 0)
        return;
    if (l->attr_at == 0 && l->macro_at == 0)
        return;
    bool new_line;
    uint32_t next = significant(m, m->at, &new_line);
    char c = next < m->n ? m->src[next] : '\0';
    if (l->attr_at != 0 && (c == ';' || c == '{' || begins_declarator(m, next))) {
        blank(m, l->attr_at - 1, m->at);
        m->p1 = (struct tok_at){.kind = TOK_PUNCT, .c = ')', .from = m->at - 1, .to = m->at};
        l->words = 2;
    } else if (lacks_semicolon(m, next, new_line)) {
        if (is_blank(m->src[next - 1]) || l->kind == TOP)
            add_semicolon(m, next);
        end_statement(m);
        m->p1 = (struct tok_at){.kind = TOK_PUNCT, .c = ';', .from = next - 1, .to = next};
    }
    l->attr_at = l->macro_at = 0;
}

static void punctuation(struct mask *m, uint32_t from)
{
    char c = m->src[from];
    struct level *l = top(m);
    m->at = from + 1;
    if (c == '*')
        before_star(m);
    else if (c == ';' || c == '{')
        end_of_declarator(m);
    else if (c == ',' || c == ')')
        argument_ends(m, from);
    switch (c) {
    case '{': open_brace(m); break;
    case '}': close_brace(m); break;
    case '(': open_paren(m); break;
    case ')':
        push_token(m, TOK_PUNCT, c, from, m->at);
        close_paren(m);
        return;
    case ';':
        if (l->parens == 0)
            end_statement(m);
        break;
    case '=':
        if (l->parens == 0 && m->at < m->n && m->src[m->at] != '=' && !is_punct(&m->p1, '='))
            l->assigned = true;
        break;
    default: break;
    }
    push_token(m, TOK_PUNCT, c, from, m->at);
}

/* `MACRO` alone on its line. Among fields it is blanked, among statements it becomes one. */
static void lone_word(struct mask *m)
{
    const struct level *l = top(m);
    bool new_line;
    uint32_t next = significant(m, m->at, &new_line);
    struct tok_at then = word_at(m, next);
    bool ends = next < m->n && m->src[next] == '}';
    if (!new_line || l->parens > 0)
        return;
    if (l->kind == FIELDS && ends) {
        drop(m, 1);
    } else if (l->kind == BLOCK && is_blank(m->src[next - 1]) &&
               (ends || (then.to > next && !is_type_word(&then)))) {
        put(m, next - 1, ';');
        m->p1 = (struct tok_at){.kind = TOK_PUNCT, .c = ';', .from = next - 1, .to = next};
    }
}

static void word(struct mask *m, uint32_t from)
{
    struct tok_at w = word_at(m, from);
    uint32_t to = w.to;
    m->at = to;
    argument_word(m, &w);
    bool stays = m->p1.kind != TOK_WORD || before_word(m, &w);
    struct level *l = top(m);
    if (l->parens == 0) {
        l->words++;
        if (to - from == 6 && memcmp(m->src + from, "return", 6) == 0)
            l->assigned = true;
    }
    if (!stays)
        return;
    push_token(m, TOK_WORD, 0, from, to);
    m->p1.word = w.word;
    if (begins_statement(&m->p2) && is_shouting(m, &w))
        lone_word(m);
}

/* ---- conditional groups ---- */

static bool directive_is(const struct mask *m, uint32_t at, uint32_t end, const char *word)
{
    size_t n = strlen(word);
    return end - at >= n && memcmp(m->src + at, word, n) == 0 &&
           (end - at == n || !is_word_char(m->src[at + n]));
}

/* The condition without white space and parentheses. */
static struct slice squeeze(const struct mask *m, uint32_t at, uint32_t end, char *to, size_t size)
{
    size_t n = 0;
    for (; at < end && n < size; at++) {
        if (at_comment(m, at))
            break;
        if (!is_blank(m->src[at]) && m->src[at] != '(' && m->src[at] != ')')
            to[n++] = m->src[at];
    }
    return slice_of(to, n);
}

/* Is it certain that no C compiler takes the branch whose directive stands at `at`..end? */
static bool is_dead(const struct mask *m, uint32_t at, uint32_t end)
{
    char text[32];
    bool ifdef = directive_is(m, at, end, "ifdef");
    bool elif = directive_is(m, at, end, "elif");
    if (!ifdef && !elif && !directive_is(m, at, end, "if"))
        return false;
    struct slice s = squeeze(m, at + (ifdef ? 5 : elif ? 4 : 2), end, text, sizeof(text));
    if (ifdef)
        return slice_eq(s, SLICE("__cplusplus"));
    return slice_eq(s, SLICE("0")) || slice_eq(s, SLICE("defined__cplusplus"));
}

/* Does it always take it, so that what follows is dead? */
static bool is_certain(const struct mask *m, uint32_t at, uint32_t end)
{
    char text[32];
    bool ifndef = directive_is(m, at, end, "ifndef");
    if (!ifndef && !directive_is(m, at, end, "if"))
        return false;
    struct slice s = squeeze(m, at + (ifndef ? 6 : 2), end, text, sizeof(text));
    if (ifndef)
        return slice_eq(s, SLICE("__cplusplus"));
    return slice_eq(s, SLICE("1")) || slice_eq(s, SLICE("!defined__cplusplus"));
}

/* Steps over a dead branch: to the #elif, #else or #endif of its group. */
static void skip_dead(struct mask *m)
{
    unsigned depth = 0;
    while (m->at < m->n) {
        uint32_t i = m->at;
        while (i < m->n && is_blank(m->src[i]))
            i++;
        if (i < m->n && m->src[i] == '#') {
            uint32_t end = directive_end(m, i), at = i + 1;
            while (at < end && is_blank(m->src[at]))
                at++;
            bool opens = end - at > 2 && memcmp(m->src + at, "if", 2) == 0;
            bool closes = directive_is(m, at, end, "endif");
            if (depth == 0 &&
                (closes || directive_is(m, at, end, "else") || directive_is(m, at, end, "elif")))
                return;
            depth += opens;
            depth -= closes;
            m->at = end + 1;
            continue;
        }
        const char *nl = i < m->n ? memchr(m->src + i, '\n', m->n - i) : NULL;
        m->at = nl != NULL ? (uint32_t)(nl - m->src) + 1 : m->n;
    }
    m->at = m->n;
}

static void begin_branch(struct mask *m, uint32_t from, uint32_t end, bool dead)
{
    if (!vec_push(&m->branches, (struct branch){.from = from, .to = end, .dead = dead})) {
        m->failed = true;
        return;
    }
    m->at = end;
    if (dead && end < m->n) {
        m->at = end + 1;
        m->line_start = true;
        skip_dead(m);
    }
}

static void begin_group(struct mask *m, uint32_t from, uint32_t at, uint32_t end)
{
    struct group g = {
        .first = m->branches.len,
        .levels = m->levels.len,
        .low = m->levels.len,
        .top = *top(m),
        .before = m->p1,
        .before2 = m->p2,
    };
    if (!vec_push(&m->groups, g)) {
        m->failed = true;
        return;
    }
    begin_branch(m, from, end, is_dead(m, at, end));
}

/* What the branch that ends here has done to the state. */
static void end_branch(struct mask *m)
{
    struct group *g = &vec_last(&m->groups);
    struct branch *b = &vec_last(&m->branches);
    const struct level *l = top(m);
    if (b->dead)
        return;
    b->empty = m->p1.from == g->before.from && m->p1.kind == g->before.kind;
    b->balanced = m->levels.len == g->levels && g->low >= g->levels && l->parens == g->top.parens;
    b->whole = b->empty || is_punct(&m->p1, ';') || is_punct(&m->p1, '}') ||
               is_punct(&m->p1, ':') ||
               (is_punct(&m->p1, ',') && (l->kind == ENUM || l->kind == INIT));
    if (!g->kept) {
        g->kept = true;
        g->kept_top = *l;
        g->kept_levels = m->levels.len;
        g->kept_before = m->p1;
        g->kept_before2 = m->p2;
    }
}

/* Back to how things were in front of the #if. Levels that the branch closed are not brought
 * back: such groups are rare, and the state of what follows them comes from the first branch. */
static void rewind_to(struct mask *m, uint32_t levels, const struct level *l,
                      const struct tok_at *p1, const struct tok_at *p2)
{
    while (m->levels.len > levels)
        (void)vec_pop(&m->levels);
    while (m->levels.len < levels && vec_push(&m->levels, *l))
        ;
    *top(m) = *l;
    m->p1 = *p1;
    m->p2 = *p2;
    m->p3 = (struct tok_at){0};
}

static void next_branch(struct mask *m, uint32_t from, uint32_t at, uint32_t end)
{
    struct group *g = &vec_last(&m->groups);
    const struct branch *first = &m->branches.at[g->first];
    uint32_t first_at = first->from + 1;
    while (first_at < first->to && is_blank(m->src[first_at]))
        first_at++;
    bool dead = is_certain(m, first_at, first->to) || is_dead(m, at, end);
    end_branch(m);
    rewind_to(m, g->levels, &g->top, &g->before, &g->before2);
    g->low = g->levels;
    begin_branch(m, from, end, dead);
}

/* May the grammar see the group as it is? */
static bool is_structured(const struct mask *m, const struct group *g, uint32_t end)
{
    bool all = g->top.parens == 0 && g->top.kind != INIT && !g->top.assigned;
    bool new_line;
    uint32_t next = significant(m, end, &new_line);
    all = all && (begins_statement(&g->before) || is_punct(&g->before, ':') ||
                  (g->top.kind == ENUM && is_punct(&g->before, ',')));
    for (uint32_t i = g->first; all && i < m->branches.len; i++) {
        const struct branch *b = &m->branches.at[i];
        all = !b->dead && b->balanced && b->whole;
    }
    return all && (next == m->n || m->src[next] != '{');
}

/* Can the branches stand side by side without the lines between them? */
static bool is_list(const struct mask *m, const struct group *g)
{
    bool all = true;
    for (uint32_t i = g->first; all && i < m->branches.len; i++) {
        const struct branch *b = &m->branches.at[i];
        all = b->dead || (b->balanced && b->whole);
    }
    return all && (g->top.parens == 0 || g->top.kind == INIT);
}

static void flatten(struct mask *m, const struct group *g, uint32_t from, uint32_t end)
{
    bool side_by_side = is_list(m, g), kept = false;
    for (uint32_t i = g->first; i < m->branches.len; i++) {
        const struct branch *b = &m->branches.at[i];
        uint32_t next = i + 1 < m->branches.len ? m->branches.at[i + 1].from : from;
        blank(m, b->from, b->to);
        if (b->dead || (kept && !side_by_side))
            blank(m, b->to, next);
        else
            kept |= !b->empty;
    }
    blank(m, from, end);
}

static void end_group(struct mask *m, uint32_t from, uint32_t end)
{
    end_branch(m);
    struct group g = vec_last(&m->groups);
    if (!is_structured(m, &g, end))
        flatten(m, &g, from, end);
    if (g.kept)
        rewind_to(m, g.kept_levels, &g.kept_top, &g.kept_before, &g.kept_before2);
    else
        rewind_to(m, g.levels, &g.top, &g.before, &g.before2);
    vec_truncate(&m->branches, g.first);
    (void)vec_pop(&m->groups);
    if (m->groups.len > 0 && vec_last(&m->groups).low > g.low)
        vec_last(&m->groups).low = g.low;
    m->at = end;
}

/* ---- other directives ---- */

/* Comments between the words of a macro's body. One that spans lines continues them. */
static void clear_comments(struct mask *m, uint32_t at, uint32_t end)
{
    for (uint32_t i = at; i < end;) {
        if (m->src[i] == '"' || m->src[i] == '\'') {
            i = past_text(m, i);
            continue;
        }
        uint32_t to = at_comment(m, i) && m->src[i + 1] == '*' ? past_comment(m, i) : i;
        if (to == i) {
            i++;
            continue;
        }
        bool new_line;
        if (to < end && significant(m, to, &new_line) < end) {
            blank(m, i, to);
            for (uint32_t k = i + 1; k < to; k++) {
                if (m->src[k] == '\n')
                    put(m, k - 1, '\\');
            }
        }
        i = to;
    }
}

/* A directive inside of an expression. */
static void misplaced(struct mask *m, uint32_t from, uint32_t at, uint32_t end)
{
    blank(m, from, end);
    if (!directive_is(m, at, end, "include"))
        return;
    for (at += 7; at < end && m->src[at] != '"' && m->src[at] != '<'; at++)
        ;
    char close = at < end && m->src[at] == '<' ? '>' : '"';
    const char *to = at < end ? memchr(m->src + at + 1, close, end - at - 1) : NULL;
    if (to == NULL)
        return;
    uint32_t line = 1, begin = 0;
    for (uint32_t i = 0; i < at; i++) {
        if (m->src[i] == '\n') {
            line++;
            begin = i + 1;
        }
    }
    c_include(m->x, slice_of(m->src + at, (size_t)(to + 1 - m->src) - at), line, at - begin + 1);
}

static void directive(struct mask *m, uint32_t from)
{
    uint32_t end = directive_end(m, from), at = from + 1;
    while (at < end && is_blank(m->src[at]))
        at++;
    m->at = end;
    bool other =
        end - at < 2 || (memcmp(m->src + at, "if", 2) != 0 && memcmp(m->src + at, "el", 2) != 0 &&
                         !directive_is(m, at, end, "endif"));
    if (other && (top(m)->parens > 0 || top(m)->kind == INIT))
        misplaced(m, from, at, end);
    else if (directive_is(m, at, end, "define"))
        clear_comments(m, at, end);
    else if (end - at > 2 && memcmp(m->src + at, "if", 2) == 0)
        begin_group(m, from, at, end);
    else if (m->groups.len == 0)
        return;
    else if (directive_is(m, at, end, "endif"))
        end_group(m, from, end);
    else if (directive_is(m, at, end, "else") ||
             (end - at > 4 && memcmp(m->src + at, "elif", 4) == 0))
        next_branch(m, from, at, end);
}

/* ---- */

static void step(struct mask *m)
{
    uint32_t from = m->at;
    char c = m->src[from];
    if (c == '\n') {
        m->line_start = true;
        m->at++;
        return;
    }
    if (is_blank(c) || c == '\\') {
        m->at++;
        return;
    }
    if (at_comment(m, from)) {
        m->at = past_comment(m, from);
        return;
    }
    bool first = m->line_start;
    m->line_start = false;
    if (c == '#' && first) {
        directive(m, from);
    } else if (is_word_char(c)) {
        word(m, from);
    } else if (c == '"' || c == '\'') {
        m->at = past_text(m, from);
        push_token(m, TOK_TEXT, c, from, m->at);
    } else {
        punctuation(m, from);
    }
}

bool c_mask(struct extract *x, struct buf *ret)
{
    struct mask m = {.x = x, .src = x->src, .n = x->n_src, .out = ret, .line_start = true};
    if (!vec_push(&m.levels, (struct level){.kind = TOP}))
        m.failed = true;
    while (m.at < m.n && !m.failed)
        step(&m);
    vec_release(&m.levels);
    vec_release(&m.groups);
    vec_release(&m.branches);
    ret->failed |= m.failed;
    return ret->n > 0 && !ret->failed;
}
