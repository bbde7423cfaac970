/* The bodies of macros. The grammar gives them as raw text: a small scanner finds the names.
 *
 * Calls written in a body belong to the macro. Parameters, members (of values whose type a macro
 * cannot know), parts of pasted tokens, and variables that the body itself declares are left out.
 */
#include "lang/c.h"

#include <pthread.h>
#include <string.h>

#define MAX_NAMES 64u

static bool is_word_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' ||
           (unsigned char)c >= 0x80;
}

static bool is_word(char c)
{
    return is_word_start(c) || (c >= '0' && c <= '9');
}

/* ---- words that are known ---- */

static const char *const type_words[] = {
    "void",     "char",       "short",     "int",           "long",     "float",
    "double",   "signed",     "unsigned",  "struct",        "union",    "enum",
    "static",   "extern",     "typedef",   "register",      "_Bool",    "inline",
    "__inline", "__inline__", "_Noreturn", "_Thread_local", "_Complex", "__extension__"};
static const char *const other_words[] = {
    "if",         "else",         "for",          "while",          "do",
    "switch",     "case",         "default",      "return",         "break",
    "continue",   "goto",         "sizeof",       "const",          "volatile",
    "restrict",   "asm",          "__asm__",      "__asm",          "typeof",
    "__typeof__", "__typeof",     "defined",      "__attribute__",  "_Alignof",
    "_Alignas",   "_Generic",     "_Atomic",      "_Static_assert", "__alignof__",
    "__func__",   "__FUNCTION__", "__FILE__",     "__LINE__",       "__VA_ARGS__",
    "__VA_OPT__", "__restrict",   "__restrict__", "__volatile__",   "__const",
    "__declspec", "offsetof",     "NULL",         "true",           "false",
    "va_arg"};
static const char *const library_types[] = {
    "size_t",  "ssize_t",  "bool",    "int8_t",   "uint8_t",  "int16_t",   "uint16_t",
    "int32_t", "uint32_t", "int64_t", "uint64_t", "intptr_t", "uintptr_t", "ptrdiff_t"};

#define COUNT(a) (sizeof(a) / sizeof(*(a)))
#define WORD_SLOTS 512u

/* A table of hashes: asked of every word of every file. */
struct known_word {
    struct slice text;
    unsigned what; /* 0: the slot is free */
};

static struct known_word known_words[WORD_SLOTS];
static pthread_once_t known_once = PTHREAD_ONCE_INIT;

static unsigned word_slot(struct slice w)
{
    unsigned ends = (unsigned char)w.p[0] * 37u + (unsigned char)w.p[w.n - 1] * 101u;
    return (ends + (unsigned)w.n * 7u + (unsigned char)w.p[w.n / 2] * 11u) % WORD_SLOTS;
}

static void know_words(const char *const *words, size_t n, unsigned what)
{
    for (size_t i = 0; i < n; i++) {
        struct slice w = slice_from(words[i]);
        unsigned at = word_slot(w);
        while (known_words[at].what != 0)
            at = (at + 1) % WORD_SLOTS;
        known_words[at] = (struct known_word){w, what};
    }
}

static void know_all_words(void)
{
    know_words(type_words, COUNT(type_words), C_WORD_TYPE | C_WORD_KEYWORD);
    know_words(other_words, COUNT(other_words), C_WORD_KEYWORD);
    know_words(library_types, COUNT(library_types), C_WORD_LIBRARY_TYPE);
}

unsigned c_word(struct slice w)
{
    (void)pthread_once(&known_once, know_all_words);
    if (w.n < 2)
        return 0;
    unsigned at = word_slot(w);
    while (known_words[at].what != 0 && !slice_eq(known_words[at].text, w))
        at = (at + 1) % WORD_SLOTS;
    return known_words[at].what;
}

bool c_is_type_keyword(struct slice w)
{
    return (c_word(w) & C_WORD_TYPE) != 0;
}

bool c_is_keyword(struct slice w)
{
    return (c_word(w) & C_WORD_KEYWORD) != 0;
}

/* ---- scanning ---- */

enum token { T_END, T_WORD, T_NUMBER, T_TEXT, T_ARROW, T_HASH, T_PASTE, T_OTHER };

struct scan {
    const char *s;
    uint32_t n, at;
    uint32_t line, line_start; /* lines passed, and where the last one began */
    uint32_t from;             /* where the token began */
    char c;                    /* its first character */
};

static void new_line(struct scan *t)
{
    t->line++;
    t->line_start = t->at + 1;
}

static void skip_blanks(struct scan *t)
{
    while (t->at < t->n) {
        char c = t->s[t->at], next = t->at + 1 < t->n ? t->s[t->at + 1] : '\0';
        if (c == '\n') {
            new_line(t);
        } else if (c == '/' && next == '/') {
            t->at = t->n;
            return;
        } else if (c == '/' && next == '*') {
            for (t->at += 2; t->at < t->n && !(t->s[t->at] == '/' && t->s[t->at - 1] == '*');
                 t->at++) {
                if (t->s[t->at] == '\n')
                    new_line(t);
            }
        } else if (c != ' ' && c != '\t' && c != '\r' && c != '\\' && c != '\f') {
            return;
        }
        t->at++;
    }
}

static void skip_text(struct scan *t, char quote)
{
    for (t->at++; t->at < t->n && t->s[t->at] != quote && t->s[t->at] != '\n'; t->at++) {
        if (t->s[t->at] == '\\' && t->at + 1 < t->n && t->s[t->at + 1] != '\n')
            t->at++;
    }
    if (t->at < t->n && t->s[t->at] == quote)
        t->at++;
}

static enum token next_token(struct scan *t)
{
    skip_blanks(t);
    if (t->at >= t->n)
        return T_END;
    char c = t->c = t->s[t->at], next = t->at + 1 < t->n ? t->s[t->at + 1] : '\0';
    t->from = t->at;
    if (is_word_start(c)) {
        while (t->at < t->n && is_word(t->s[t->at]))
            t->at++;
        return T_WORD;
    }
    if ((c >= '0' && c <= '9') || (c == '.' && next >= '0' && next <= '9')) {
        while (t->at < t->n && (is_word(t->s[t->at]) || t->s[t->at] == '.'))
            t->at++;
        return T_NUMBER;
    }
    if (c == '"' || c == '\'') {
        skip_text(t, c);
        return T_TEXT;
    }
    if ((c == '-' && next == '>') || (c == '#' && next == '#')) {
        t->at += 2;
        return c == '-' ? T_ARROW : T_PASTE;
    }
    t->at++;
    return c == '#' ? T_HASH : c == '.' && next != '.' ? T_ARROW : T_OTHER;
}

static struct slice token_text(const struct scan *t)
{
    return slice_of(t->s + t->from, t->at - t->from);
}

/* The next significant character, and the one behind it, without stepping there. */
static char peek(const struct scan *t, char *ret_second)
{
    struct scan ahead = *t;
    skip_blanks(&ahead);
    *ret_second = ahead.at + 1 < ahead.n ? ahead.s[ahead.at + 1] : '\0';
    return ahead.at < ahead.n ? ahead.s[ahead.at] : '\0';
}

/* ---- parameters ---- */

void c_macro_arity(struct slice params, uint8_t *ret_min, uint8_t *ret_max)
{
    struct scan t = {.s = params.p, .n = (uint32_t)params.n};
    unsigned count = 0;
    bool variadic = false;
    for (enum token k = next_token(&t); k != T_END; k = next_token(&t)) {
        count += k == T_WORD;
        variadic |= k == T_OTHER && t.c == '.';
    }
    *ret_min = (uint8_t)(count < 255 ? count : 255);
    *ret_max = (uint8_t)(variadic || count > 254 ? 255 : count);
}

struct names {
    struct slice at[MAX_NAMES];
    uint32_t n;
};

static bool has_name(const struct names *names, struct slice w)
{
    for (uint32_t i = 0; i < names->n; i++) {
        if (slice_eq(names->at[i], w))
            return true;
    }
    return false;
}

static void add_name(struct names *names, struct slice w)
{
    if (names->n < MAX_NAMES)
        names->at[names->n++] = w;
}

static void add_parameters(struct names *names, struct slice params)
{
    struct scan t = {.s = params.p, .n = (uint32_t)params.n};
    for (enum token k = next_token(&t); k != T_END; k = next_token(&t)) {
        if (k == T_WORD)
            add_name(names, token_text(&t));
    }
}

/* ---- names in a body ---- */

struct body {
    struct extract *x;
    uint32_t def;
    TSNode node;
    struct scan t;
    struct names hidden; /* parameters, and what the body declares */
    enum token before;   /* the token before this one */
    struct slice word;   /* the last word, as long as only stars came after it */
    bool stars;          /* ... and one did */
    bool alone;          /* the body is one word, or a tag: the macro is another name for it */
    uint32_t name;       /* term of the last word that was a reference */
};

/* Returns the name's term. */
static uint32_t add_ref(struct body *b, struct slice w, uint8_t ns, enum ref_role role)
{
    struct extract *x = b->x;
    uint32_t scope = x->scope, def = x->def;
    x->scope = 0;
    x->def = b->def;
    uint32_t name = ex_name_term(x, ex_intern_slice(x, w), ns, x->defs.at[b->def].start);
    uint32_t term = role == REF_CALL ? ex_term(x, TERM_CALL, 0, name, 0) : name;
    uint32_t ref = ex_ref(x, term, role, b->node);
    x->scope = scope;
    x->def = def;
    if (ref == 0)
        return name;
    uint32_t col = b->t.from - b->t.line_start;
    col += b->t.line == 0 ? x->refs.at[ref].col : 1;
    x->refs.at[ref].line += b->t.line;
    x->refs.at[ref].col = (uint16_t)(col < 65535 ? col : 65535);
    return name;
}

static bool is_shouting(struct slice w)
{
    for (size_t i = 0; i < w.n; i++) {
        if (w.p[i] >= 'a' && w.p[i] <= 'z')
            return false;
    }
    return true;
}

static bool is_tag_word(struct slice w)
{
    return slice_eq(w, SLICE("struct")) || slice_eq(w, SLICE("union")) ||
           slice_eq(w, SLICE("enum"));
}

/* `type name`, `struct tag *name =`: a variable of the body's own. */
static bool is_declared(const struct body *b, char next, char second)
{
    if (b->word.n == 0 || is_tag_word(b->word))
        return false;
    bool type_word = c_is_type_keyword(b->word);
    if (c_is_keyword(b->word) && !type_word)
        return false;
    if (!b->stars)
        return next != '(';
    return (next == '=' && second != '=') || (type_word && (next == ';' || next == ','));
}

static void take_word(struct body *b)
{
    struct slice w = token_text(&b->t);
    char second, next = peek(&b->t, &second);
    bool pasted = b->before == T_PASTE || (next == '#' && second == '#');
    uint8_t own = slice_eq(w, slice_from(ex_str(b->x, b->x->defs.at[b->def].name)))
                      ? (uint8_t)~NS_MACRO /* it is not expanded again */
                      : 0xff;

    if (pasted || b->before == T_HASH || b->before == T_ARROW || c_is_keyword(w) ||
        has_name(&b->hidden, w) || slice_eq(b->word, SLICE("goto")))
        return;
    if (is_tag_word(b->word)) {
        b->name = add_ref(b, w, NS_TAG, REF_TYPE);
    } else if (is_declared(b, next, second)) {
        add_name(&b->hidden, w);
    } else if (next == '(') {
        (void)add_ref(b, w, (NS_VALUE | NS_MACRO) & own, REF_CALL);
    } else {
        /* `#define s_malloc zmalloc`: whoever calls the one calls the other */
        bool call = b->alone && !is_shouting(w);
        b->name = add_ref(b, w, C_NAME_NS & own, call ? REF_CALL : REF_USE);
    }
}

/* `name`, `struct tag` */
static bool is_one_name(struct scan t)
{
    if (next_token(&t) != T_WORD)
        return false;
    if (is_tag_word(token_text(&t)) && next_token(&t) != T_WORD)
        return false;
    return next_token(&t) == T_END;
}

void c_macro_body(struct extract *x, uint32_t def, TSNode params, TSNode node)
{
    struct slice text = ex_text(x, node);
    struct body b = {.x = x, .def = def, .node = node};

    b.t.s = text.p;
    b.t.n = (uint32_t)text.n;
    b.alone = ts_node_is_null(params) && is_one_name(b.t);
    if (!ts_node_is_null(params))
        add_parameters(&b.hidden, ex_text(x, params));
    for (enum token k = next_token(&b.t); k != T_END; k = next_token(&b.t)) {
        if (k == T_WORD) {
            take_word(&b);
            b.word = token_text(&b.t);
            b.stars = false;
        } else if (k == T_OTHER && b.t.c == '*' && b.word.n > 0) {
            b.stars = true;
        } else {
            b.word.n = 0;
        }
        b.before = k;
    }
    if (b.alone)
        x->defs.at[def].init = b.name;
}
