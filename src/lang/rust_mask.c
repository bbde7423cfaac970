/* Rust: macros that only wrap items. What stands in `cfg_rt! { items }`, in the branches of a
 * cfg_if! or in `lazy_static! { static ref A: T = v; }` is Rust as it is, but the grammar leaves it
 * as tokens. Here the wrapping is blanked out, byte for byte, so that it parses. */
#include "lang/rust.h"

#include <ctype.h>

enum brace {
    BRACE_PLAIN,
    BRACE_ITEMS,   /* both braces go */
    BRACE_STATICS, /* likewise; the last static may lack its semicolon */
    BRACE_CFG_IF,  /* both go, and in between `if` and `else` */
};

struct mask {
    struct extract *x;
    const char *src;
    uint32_t n;
    struct buf *out;
    struct buf braces;       /* open ones: enum brace, as chars */
    uint32_t name, name_end; /* the last word */
    uint32_t bang;           /* of `name!`, 0 when something else than white space is behind it */
    bool masked;
    /* of the outermost cfg_if! around the place */
    size_t cfg_if;   /* its depth in braces, from 1; 0: none */
    uint32_t cfg;    /* the condition of the branch, behind its `cfg`; 0: none (else) */
    bool cfg_taken;  /* an earlier branch holds in a common build */
    uint32_t branch; /* where the open branch begins, 0: none is open */
    bool branch_holds;
};

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || (c & 0x80) != 0;
}

static char at(const struct mask *m, uint32_t i)
{
    return i < m->n ? m->src[i] : '\0';
}

static void blank(struct mask *m, uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i < to && i < m->out->n; i++) {
        if (m->out->p[i] != '\n' && m->out->p[i] != '\r')
            m->out->p[i] = ' ';
    }
}

/* ---- what is no code ---- */

static uint32_t past_block_comment(const struct mask *m, uint32_t i)
{
    unsigned depth = 0;
    while (i + 1 < m->n) {
        if (m->src[i] == '/' && m->src[i + 1] == '*') {
            depth++;
            i += 2;
        } else if (m->src[i] == '*' && m->src[i + 1] == '/') {
            i += 2;
            if (--depth == 0)
                return i;
        } else {
            i++;
        }
    }
    return m->n;
}

static uint32_t past_string(const struct mask *m, uint32_t i)
{
    for (i++; i < m->n && m->src[i] != '"'; i++)
        i += m->src[i] == '\\';
    return i + 1;
}

/* r"...", r#"..."#: i is behind the r; i itself when this is no raw string. */
static uint32_t past_raw_string(const struct mask *m, uint32_t i)
{
    uint32_t hashes = 0, from = i;
    while (at(m, i) == '#') {
        hashes++;
        i++;
    }
    if (at(m, i) != '"')
        return from;
    for (i++; i < m->n; i++) {
        uint32_t k = 0;
        while (m->src[i] == '"' && k < hashes && at(m, i + 1 + k) == '#')
            k++;
        if (m->src[i] == '"' && k == hashes)
            return i + 1 + hashes;
    }
    return m->n;
}

/* 'a' and '\n' are characters, 'a is a lifetime. */
static uint32_t past_quote(const struct mask *m, uint32_t i)
{
    if (at(m, i + 1) == '\\') {
        for (i += 2; i < m->n && m->src[i] != '\'' && m->src[i] != '\n'; i++)
            i += m->src[i] == '\\';
        return i + 1;
    }
    uint32_t k = i + 2;
    while ((at(m, k) & 0xc0) == 0x80)
        k++;
    return at(m, k) == '\'' ? k + 1 : i + 1;
}

/* ---- words and braces ---- */

static enum brace wraps(struct slice name)
{
    if (slice_eq(name, SLICE("cfg_if")))
        return BRACE_CFG_IF;
    if (slice_eq(name, SLICE("lazy_static")) || slice_eq(name, SLICE("thread_local")))
        return BRACE_STATICS;
    if (slice_starts(name, SLICE("cfg_")) || slice_eq(name, SLICE("quickcheck")))
        return BRACE_ITEMS;
    return BRACE_PLAIN;
}

static enum brace inside(const struct mask *m)
{
    return m->braces.n > 0 ? (enum brace)m->braces.p[m->braces.n - 1] : BRACE_PLAIN;
}

/* A branch of a cfg_if! begins: is it the one that a common build takes? */
static void open_branch(struct mask *m, uint32_t i)
{
    m->branch = i;
    m->branch_holds = !m->cfg_taken;
    if (m->cfg != 0)
        m->branch_holds = m->branch_holds && rust_cfg_holds(slice_of(m->src + m->cfg, i - m->cfg));
    m->cfg_taken = m->cfg_taken || m->branch_holds;
    m->cfg = 0;
}

/* Its items are told of it when they are met (rust_in_cfg_if). */
static void close_branch(struct mask *m, uint32_t i)
{
    struct ex_note note = {.init = m->branch, .ref = i, .type = m->branch_holds};
    if (!vec_push(&m->x->notes, note))
        m->x->failed = true;
    m->branch = 0;
}

bool rust_in_cfg_if(const struct extract *x, uint32_t at, bool *ret_holds)
{
    uint32_t lo = 0, hi = x->notes.len; /* the notes are in the order of the source */
    while (lo < hi) {
        uint32_t mid = (lo + hi) / 2;
        if (x->notes.at[mid].ref <= at)
            lo = mid + 1;
        else
            hi = mid;
    }
    if (lo == x->notes.len || x->notes.at[lo].init > at)
        return false;
    *ret_holds = x->notes.at[lo].type != 0;
    return true;
}

static void open_brace(struct mask *m, uint32_t i)
{
    enum brace kind = BRACE_PLAIN;
    if (m->bang != 0)
        kind = wraps(slice_of(m->src + m->name, m->name_end - m->name));
    if (kind != BRACE_PLAIN) {
        blank(m, m->name, i + 1);
        m->masked = true;
    } else if (inside(m) == BRACE_CFG_IF) {
        kind = BRACE_ITEMS;
        blank(m, i, i + 1);
        if (m->cfg_if == m->braces.n)
            open_branch(m, i);
    }
    buf_char(&m->braces, (char)kind);
    if (kind == BRACE_CFG_IF && m->cfg_if == 0) {
        m->cfg_if = m->braces.n;
        m->cfg_taken = false;
        m->cfg = 0;
    }
}

static void close_brace(struct mask *m, uint32_t i)
{
    enum brace kind = inside(m);
    if (m->cfg_if != 0 && m->braces.n == m->cfg_if + 1 && m->branch != 0)
        close_branch(m, i);
    if (m->braces.n == m->cfg_if)
        m->cfg_if = 0;
    m->braces.n -= m->braces.n > 0;
    if (kind == BRACE_STATICS && i < m->out->n)
        m->out->p[i] = ';';
    else if (kind != BRACE_PLAIN)
        blank(m, i, i + 1);
}

static uint32_t word(struct mask *m, uint32_t i)
{
    uint32_t from = i;
    while (i < m->n && is_word(m->src[i]))
        i++;
    m->name = from;
    m->name_end = i;
    struct slice s = slice_of(m->src + from, i - from);
    if (inside(m) == BRACE_CFG_IF && (slice_eq(s, SLICE("if")) || slice_eq(s, SLICE("else"))))
        blank(m, from, i);
    if (m->cfg_if != 0 && m->cfg_if == m->braces.n && slice_eq(s, SLICE("cfg")))
        m->cfg = i;
    if (slice_eq(s, SLICE("r")) || slice_eq(s, SLICE("br")))
        return past_raw_string(m, i);
    return i;
}

static void run(struct mask *m)
{
    for (uint32_t i = 0; i < m->n && !m->braces.failed;) {
        char c = m->src[i];
        if (c == '/' && at(m, i + 1) == '/') {
            const char *nl = memchr(m->src + i, '\n', m->n - i);
            i = nl != NULL ? (uint32_t)(nl - m->src) : m->n;
        } else if (c == '/' && at(m, i + 1) == '*') {
            i = past_block_comment(m, i);
        } else if (c == '"') {
            i = past_string(m, i);
        } else if (c == '\'') {
            i = past_quote(m, i);
        } else if (is_word(c)) {
            i = word(m, i);
            m->bang = 0;
        } else if (isspace((unsigned char)c)) {
            i++;
        } else {
            if (c == '{')
                open_brace(m, i);
            else if (c == '}')
                close_brace(m, i);
            m->bang = c == '!' && i == m->name_end && i > 0 ? i : 0;
            i++;
        }
    }
}

/* Is there any `name!` worth a closer look? */
static bool candidate(const char *src, uint32_t n)
{
    const char *p = src, *end = src + n;
    while (p < end && (p = memchr(p, '!', (size_t)(end - p))) != NULL) {
        const char *from = p;
        while (from > src && is_word(from[-1]))
            from--;
        if (from < p && wraps(slice_of(from, (size_t)(p - from))) != BRACE_PLAIN)
            return true;
        p++;
    }
    return false;
}

bool rust_mask(struct extract *x, struct buf *ret)
{
    struct mask m = {.x = x, .src = x->src, .n = x->n_src, .out = ret};
    if (!candidate(x->src, x->n_src))
        return false;
    buf_add(ret, x->src, x->n_src);
    if (ret->failed)
        return false;
    run(&m);
    ret->failed = ret->failed || m.braces.failed;
    buf_release(&m.braces);
    return m.masked;
}
