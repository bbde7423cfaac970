#include "index/ignore.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/io.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/vec.h"

#define MAX_TEXT_SHOWN 200

/* A literal path has its own place in the hash, apart from an equal base name. */
enum rule_kind {
    RULE_NAME, /* foo: the last part of the path */
    RULE_EXT,  /* *.foo: the last part from its last dot on */
    RULE_PATH, /* /foo, foo/bar: the path below the set's folder */
    RULE_GLOB, /* the rest */
};

enum op {
    OP_BYTE,  /* arg */
    OP_ANY,   /* ?: one byte, no '/' */
    OP_CLASS, /* [...]: one byte of classes.at[arg] */
    OP_STAR,  /* *: any number of bytes, no '/' */
    OP_ALL,   /* **: any number of bytes */
    OP_DIRS,  /* **: and the '/' after it: nothing, or whatever ends in '/' */
};

struct token {
    enum op op;
    uint32_t arg;
};

struct byte_set {
    uint64_t bits[4];
};

struct rule {
    struct ignore_rule shown;
    const char *body;  /* RULE_GLOB: as written; else the literal; borrowed from the arena */
    uint32_t n_body;   /* bytes */
    uint32_t previous; /* number + 1 of the rule behind this one under the same hash; 0 = none */
    uint32_t first_token;
    uint16_t n_tokens;
    uint16_t n_prefix; /* OP_BYTEs at the beginning */
    uint16_t n_suffix; /* and at the end, behind the prefix */
    uint8_t kind;
    bool dir_only;
    bool whole_path; /* RULE_GLOB: is matched against the path, not the last part of it */
};

struct ignore_set {
    struct ignore_set *outer; /* owned; the next one on the stack */
    struct arena arena;       /* text, names, literals */
    const char *dir;
    const char *file;
    size_t n_dir;
    size_t n_text;
    enum ignore_source source;
    VEC(struct rule) rules; /* by line */
    VEC(struct token) tokens;
    VEC(struct byte_set) classes;
    VEC(uint32_t) globs;           /* numbers of rules, by line */
    struct map literals;           /* literal_key -> number + 1 of the newest rule */
    uint32_t n_of_kind[RULE_GLOB]; /* in `literals` */
};

/* What one match may cost. */
struct budget {
    uint64_t steps; /* left */
    bool is_cut;    /* more were needed */
};

/* What is asked of each set. */
struct query {
    struct slice path;
    struct slice name; /* its last part */
    struct slice ext;  /* of that, from its last dot on; empty if it has none */
    bool is_dir;
    struct budget *budget;
};

/* Their source means nothing. */
static const struct ignore_rule builtins[] = {
    {"(built-in)", ".git", 0, false, true, IGNORE_EXCLUDE},
    {"(built-in)", ".hg", 0, false, true, IGNORE_EXCLUDE},
    {"(built-in)", ".svn", 0, false, true, IGNORE_EXCLUDE},
    {"(built-in)", "node_modules", 0, false, true, IGNORE_EXCLUDE},
};

const char *ignore_file_name(enum ignore_source source)
{
    static const char *const names[] = {
#define IGNORE_SOURCE_FILE_(name, file) file,
        IGNORE_SOURCE_MAP(IGNORE_SOURCE_FILE_)
#undef IGNORE_SOURCE_FILE_
    };

    assert((unsigned)source < IGNORE_N_SOURCES);
    return names[source];
}

/* ---- compiling: character classes ---- */

static void add_byte(struct byte_set *set, unsigned char c)
{
    set->bits[c / 64] |= UINT64_C(1) << (c % 64);
}

static bool has_byte(const struct byte_set *set, unsigned char c)
{
    return set->bits[c / 64] >> (c % 64) & 1;
}

static void add_range(struct byte_set *set, unsigned from, unsigned to)
{
    for (unsigned c = from; c <= to; c++)
        add_byte(set, (unsigned char)c);
}

/* [:alpha:] and its like, in ASCII whatever the locale, as git has them. */
static bool add_named(struct byte_set *set, struct slice name)
{
    static const struct {
        struct slice name;
        const char *ranges; /* pairs of bytes; never NUL, which no path holds */
    } named[] = {
        {SLICE_INIT("alnum"), "09AZaz"},
        {SLICE_INIT("alpha"), "AZaz"},
        {SLICE_INIT("blank"), "\t\t  "},
        {SLICE_INIT("cntrl"), "\x01\x1f\x7f\x7f"},
        {SLICE_INIT("digit"), "09"},
        {SLICE_INIT("graph"), "!~"},
        {SLICE_INIT("lower"), "az"},
        {SLICE_INIT("print"), " ~"},
        {SLICE_INIT("punct"), "!/:@[`{~"},
        {SLICE_INIT("space"), "\t\n\r\r  "}, /* git's own: without \v and \f */
        {SLICE_INIT("upper"), "AZ"},
        {SLICE_INIT("xdigit"), "09AFaf"},
    };

    for (size_t i = 0; i < PT_COUNT(named); i++) {
        if (!slice_eq(name, named[i].name))
            continue;
        for (const char *r = named[i].ranges; *r; r += 2)
            add_range(set, (unsigned char)r[0], (unsigned char)r[1]);
        return true;
    }
    return false;
}

/* The pattern's byte at i, or 0 behind its end: no pattern holds a NUL. */
static unsigned char byte_at(struct slice pattern, size_t i)
{
    return i < pattern.n ? (unsigned char)pattern.p[i] : 0;
}

/*
 * [:name:] at `from` (behind the "[:"). Returns the place of the ']'; 0 if it is
 * no such thing after all; SIZE_MAX if the pattern can match nothing.
 */
static size_t parse_named(struct slice pattern, size_t from, struct byte_set *set)
{
    size_t end = from;

    while (byte_at(pattern, end) && byte_at(pattern, end) != ']')
        end++;
    if (!byte_at(pattern, end))
        return SIZE_MAX;
    if (end == from || byte_at(pattern, end - 1) != ':')
        return 0;
    return add_named(set, slice_of(pattern.p + from, end - from - 1)) ? end : SIZE_MAX;
}

/*
 * The class that opens at *at, where it is left at the ']'. False if the
 * pattern can match nothing. The steps are those of git's wildmatch.c: what a
 * '-' or a '[' means hangs on what stands around it.
 */
static bool parse_class(struct slice pattern, size_t *at, struct byte_set *ret)
{
    struct byte_set set = {{0}};
    size_t i = *at + 1;
    unsigned char c = byte_at(pattern, i);
    unsigned char previous = 0; /* where a range may start */
    bool negated = c == '!' || c == '^';

    if (negated)
        c = byte_at(pattern, ++i);
    do {
        size_t end;

        if (!c)
            return false;
        if (c == '\\') {
            c = byte_at(pattern, ++i);
            if (!c)
                return false;
            add_byte(&set, c);
        } else if (c == '-' && previous && byte_at(pattern, i + 1) &&
                   byte_at(pattern, i + 1) != ']') {
            c = byte_at(pattern, ++i);
            if (c == '\\')
                c = byte_at(pattern, ++i);
            if (!c)
                return false;
            add_range(&set, previous, c);
            c = 0;
        } else if (c == '[' && byte_at(pattern, i + 1) == ':' &&
                   (end = parse_named(pattern, i + 2, &set)) != 0) {
            if (end == SIZE_MAX)
                return false;
            i = end;
            c = 0;
        } else {
            add_byte(&set, c);
        }
        previous = c;
        c = byte_at(pattern, ++i);
    } while (c != ']');

    for (int k = 0; negated && k < 4; k++)
        set.bits[k] = ~set.bits[k];
    set.bits['/' / 64] &= ~(UINT64_C(1) << ('/' % 64));
    *ret = set;
    *at = i;
    return true;
}

/* ---- compiling: patterns ---- */

static bool is_special(char c)
{
    return c == '*' || c == '?' || c == '[' || c == '\\';
}

static size_t count_plain(struct slice pattern)
{
    size_t n = 0;

    while (n < pattern.n && !is_special(pattern.p[n]))
        n++;
    return n;
}

/*
 * The run of stars at *at, where it is left at its last byte. Two stars cross
 * folders only as a whole part of the path; but git compares the plain
 * beginning of a pattern apart, and then takes the stars behind it for the
 * first byte: "foo**" "/bar" matches foox/y/bar. So do we.
 */
static struct token parse_stars(struct slice pattern, size_t n_plain, bool whole_path, size_t *at)
{
    size_t from = *at;
    size_t end = from;

    while (byte_at(pattern, end) == '*')
        end++;
    *at = end - 1;
    if (!whole_path || end - from < 2)
        return (struct token){OP_STAR, 0};

    bool is_first = from == n_plain || pattern.p[from - 1] == '/';
    unsigned char next = byte_at(pattern, end);
    if (is_first && next == '/') {
        *at = end;
        return (struct token){OP_DIRS, 0};
    }
    if (is_first && (next == 0 || (next == '\\' && byte_at(pattern, end + 1) == '/')))
        return (struct token){OP_ALL, 0};
    return (struct token){OP_STAR, 0};
}

/* 1, or 0 if the pattern can match nothing, or PT_ENOMEM. */
static int parse_pattern(struct ignore_set *set, struct slice pattern, struct rule *rule)
{
    size_t n_plain = count_plain(pattern);
    size_t n_bytes = 0; /* that a match takes at least */
    struct byte_set class;

    rule->first_token = set->tokens.len;
    for (size_t i = 0; i < pattern.n; i++) {
        struct token t = {OP_BYTE, (unsigned char)pattern.p[i]};

        switch (pattern.p[i]) {
        case '\\':
            if (++i == pattern.n)
                return 0;
            t.arg = (unsigned char)pattern.p[i];
            break;
        case '?': t.op = OP_ANY; break;
        case '[':
            if (!parse_class(pattern, &i, &class))
                return 0;
            t = (struct token){OP_CLASS, set->classes.len};
            if (!vec_push(&set->classes, class))
                return PT_ENOMEM;
            break;
        case '*': t = parse_stars(pattern, n_plain, rule->whole_path, &i); break;
        default: break;
        }
        if (t.op <= OP_CLASS && ++n_bytes > IGNORE_MAX_PATH)
            return 0;
        if (t.op == OP_DIRS && set->tokens.len > rule->first_token &&
            vec_last(&set->tokens).op == OP_DIRS)
            continue;
        if (!vec_push(&set->tokens, t))
            return PT_ENOMEM;
    }
    /* At most two of the others stand between two tokens that take a byte: it fits. */
    rule->n_tokens = (uint16_t)(set->tokens.len - rule->first_token);
    return 1;
}

static void measure_ends(const struct ignore_set *set, struct rule *rule)
{
    const struct token *t = set->tokens.at + rule->first_token;
    uint16_t n = rule->n_tokens;

    while (rule->n_prefix < n && t[rule->n_prefix].op == OP_BYTE)
        rule->n_prefix++;
    while (rule->n_prefix + rule->n_suffix < n && t[n - 1 - rule->n_suffix].op == OP_BYTE)
        rule->n_suffix++;
}

/* Makes the bytes of the tokens from `first` on, all OP_BYTE, the rule's literal. */
static int set_literal(struct ignore_set *set, struct rule *rule, unsigned first,
                       enum rule_kind kind)
{
    const struct token *t = set->tokens.at + rule->first_token;
    char *literal = arena_alloc(&set->arena, rule->n_tokens);

    if (!literal)
        return PT_ENOMEM;
    for (unsigned i = first; i < rule->n_tokens; i++)
        literal[i - first] = (char)t[i].arg;
    rule->body = literal;
    rule->n_body = rule->n_tokens - first;
    rule->kind = (uint8_t)kind;
    vec_truncate(&set->tokens, rule->first_token);
    return 0;
}

/* Is it *.foo, with no dot in foo? */
static bool is_ext(const struct ignore_set *set, const struct rule *rule)
{
    const struct token *t = set->tokens.at + rule->first_token;

    if (rule->whole_path || rule->n_tokens < 2 || t[0].op != OP_STAR ||
        rule->n_suffix != rule->n_tokens - 1 || t[1].arg != '.')
        return false;
    for (unsigned i = 2; i < rule->n_tokens; i++)
        if (t[i].arg == '.')
            return false;
    return true;
}

/* ---- compiling: sets ---- */

static uint64_t literal_key(enum rule_kind kind, const char *p, size_t n)
{
    return hash64_seed(p, n, kind);
}

static bool same_body(const struct rule *a, const struct rule *b)
{
    return a->kind == b->kind &&
           slice_eq(slice_of(a->body, a->n_body), slice_of(b->body, b->n_body));
}

/* Files the newest rule under its literal, without those that it makes moot. */
static int file_literal(struct ignore_set *set)
{
    uint32_t number = set->rules.len - 1;
    struct rule *rule = &set->rules.at[number];
    uint32_t *head =
        map_put(&set->literals, literal_key(rule->kind, rule->body, rule->n_body), 0, NULL);

    if (!head)
        return PT_ENOMEM;
    for (rule->previous = *head; rule->previous;) {
        const struct rule *old = &set->rules.at[rule->previous - 1];
        if (!same_body(rule, old) || (rule->dir_only && !old->dir_only))
            break;
        rule->previous = old->previous;
    }
    *head = number + 1;
    set->n_of_kind[rule->kind]++;
    return 0;
}

/* A line that is a pattern, without '!' and the '/' at its end. */
static int add_rule(struct ignore_set *set, struct slice pattern, struct rule rule)
{
    int rc;

    rule.whole_path = slice_chr(pattern, '/') != NULL;
    if (pattern.n && pattern.p[0] == '/')
        pattern = slice_skip(pattern, 1);
    uint32_t n_classes = set->classes.len;
    rc = pattern.n ? parse_pattern(set, pattern, &rule) : 0;
    if (rc <= 0) {
        vec_truncate(&set->tokens, rule.first_token);
        vec_truncate(&set->classes, n_classes);
        return rc;
    }
    measure_ends(set, &rule);
    rule.shown.is_literal = rule.n_prefix == rule.n_tokens;
    rule.kind = RULE_GLOB;
    rule.body = pattern.p;
    rule.n_body = (uint32_t)pattern.n;
    rc = 0;
    if (rule.shown.is_literal)
        rc = set_literal(set, &rule, 0, rule.whole_path ? RULE_PATH : RULE_NAME);
    else if (is_ext(set, &rule))
        rc = set_literal(set, &rule, 1, RULE_EXT);
    if (rc)
        return rc;
    if (!vec_push(&set->rules, rule))
        return PT_ENOMEM;
    if (rule.kind != RULE_GLOB)
        return file_literal(set);
    return vec_push(&set->globs, set->rules.len - 1) ? 0 : PT_ENOMEM;
}

/* Without the spaces at its end, but for one that a backslash guards. */
static size_t trim_spaces(const char *p, size_t n)
{
    size_t end = 0;

    for (size_t i = 0; i < n; i++) {
        if (p[i] == ' ')
            continue;
        if (p[i] == '\\' && ++i == n)
            return n;
        end = i + 1;
    }
    return end;
}

/* The n bytes at `line` lie in the set's arena. */
static int add_line(struct ignore_set *set, const char *line, size_t n, uint32_t number)
{
    if (n == 0 || line[0] == '#')
        return 0;
    if (line[n - 1] == '\r')
        n--;
    n = strnlen(line, n);

    size_t n_shown = n < MAX_TEXT_SHOWN ? n : utf8_trunc(line, n, MAX_TEXT_SHOWN);
    struct slice pattern = slice_of(line, trim_spaces(line, n));
    struct rule rule = {.first_token = set->tokens.len};

    rule.shown.file = set->file;
    rule.shown.line = number;
    rule.shown.source = set->source;
    if (pattern.n && pattern.p[0] == '!') {
        rule.shown.is_negated = true;
        pattern = slice_skip(pattern, 1);
    }
    if (pattern.n && pattern.p[pattern.n - 1] == '/') {
        rule.dir_only = true;
        pattern.n--;
    }
    rule.shown.text = arena_strndup(&set->arena, line, n_shown);
    if (!rule.shown.text)
        return PT_ENOMEM;
    return add_rule(set, pattern, rule);
}

/* Of equal patterns with wildcards only the last has a say. */
static int drop_repeated_globs(struct ignore_set *set)
{
    struct map seen = {0}; /* hash -> number + 1 */
    uint32_t kept = set->globs.len;
    int rc = 0;

    for (uint32_t i = set->globs.len; i-- > 0;) {
        uint32_t number = set->globs.at[i];
        const struct rule *rule = &set->rules.at[number];
        uint64_t key = hash64_seed(rule->body, rule->n_body, rule->dir_only);
        uint32_t *last = map_put(&seen, key, number + 1, NULL);

        if (!last) {
            rc = PT_ENOMEM;
            break;
        }
        const struct rule *later = &set->rules.at[*last - 1];
        if (later == rule || !same_body(later, rule) || later->dir_only != rule->dir_only ||
            later->whole_path != rule->whole_path)
            set->globs.at[--kept] = number;
    }
    map_release(&seen);
    if (rc)
        return rc;
    memmove(set->globs.at, set->globs.at + kept, (set->globs.len - kept) * sizeof(*set->globs.at));
    vec_truncate(&set->globs, set->globs.len - kept);
    return 0;
}

static int add_lines(struct ignore_set *set, const char *text, size_t n)
{
    static const struct slice bom = SLICE_INIT("\xef\xbb\xbf");
    size_t at = slice_starts(slice_of(text, n), bom) ? bom.n : 0;

    for (uint32_t number = 1; at < n; number++) {
        const char *end = memchr(text + at, '\n', n - at);
        size_t n_line = end ? (size_t)(end - text) - at : n - at;
        int rc = add_line(set, text + at, n_line, number);

        if (rc)
            return rc;
        at += n_line + 1;
    }
    return set->globs.len ? drop_repeated_globs(set) : 0;
}

static void set_free(struct ignore_set *set)
{
    if (!set)
        return;
    arena_release(&set->arena);
    vec_release(&set->rules);
    vec_release(&set->tokens);
    vec_release(&set->classes);
    vec_release(&set->globs);
    map_release(&set->literals);
    mem_free(set);
}

static struct ignore_set *set_new(const char *dir, enum ignore_source source, const char *text,
                                  size_t n)
{
    struct ignore_set *set = mem_calloc(1, sizeof(*set));
    char *copy;

    if (!set)
        return NULL;
    set->source = source;
    set->n_dir = strlen(dir);
    set->n_text = n;
    set->dir = arena_strdup(&set->arena, dir);
    set->file = arena_printf(&set->arena, "%s%s%s", dir, *dir ? "/" : "", ignore_file_name(source));
    copy = arena_strndup(&set->arena, text, n);
    if (arena_failed(&set->arena) || add_lines(set, copy, n) < 0) {
        set_free(set);
        return NULL;
    }
    return set;
}

/* ---- the stack ---- */

void ignore_init(struct ignore *ig)
{
    *ig = (struct ignore){0};
}

static void pop(struct ignore *ig)
{
    struct ignore_set *set = ig->top;

    ig->top = set->outer;
    ig->n_sets--;
    ig->bytes -= set->n_text;
    set_free(set);
}

void ignore_release(struct ignore *ig)
{
    while (ig->top)
        pop(ig);
    mem_free(ig->n_cut);
    ignore_init(ig);
}

/* Does the folder `dir` hold the path, or is it the path? */
static bool holds(const char *dir, size_t n_dir, struct slice path)
{
    return n_dir == 0 || (path.n >= n_dir && memcmp(path.p, dir, n_dir) == 0 &&
                          (path.n == n_dir || path.p[n_dir] == '/'));
}

int ignore_push(struct ignore *ig, const char *dir, enum ignore_source source, const char *text,
                size_t n, struct err *err)
{
    if (n > IGNORE_MAX_FILE)
        return err_set(err, PT_ELIMIT, "%s in \"%s\": larger than %zu bytes",
                       ignore_file_name(source), dir, IGNORE_MAX_FILE);
    if (n > IGNORE_MAX_BYTES - ig->bytes)
        return err_set(err, PT_ELIMIT, "%s in \"%s\": with those above it larger than %zu bytes",
                       ignore_file_name(source), dir, IGNORE_MAX_BYTES);

    if (!ig->n_cut)
        ig->n_cut = mem_calloc(1, sizeof(*ig->n_cut));
    struct ignore_set *set = ig->n_cut ? set_new(dir, source, text, n) : NULL;
    if (!set)
        return err_set(err, PT_ENOMEM, "ignore rules: out of memory");
    set->outer = ig->top;
    ig->top = set;
    ig->n_sets++;
    ig->bytes += n;
    return 0;
}

int ignore_load(struct ignore *ig, int dirfd, const char *dir, unsigned sources,
                enum ignore_source *ret_failed, struct err *err)
{
    struct buf text = {0};
    int first_rc = 0;

    for (unsigned i = 0; i < IGNORE_N_SOURCES; i++) {
        enum ignore_source source = (enum ignore_source)i;
        struct err *report = first_rc ? NULL : err;
        int rc;

        if (!(sources & 1U << i))
            continue;
        rc = io_read_file(dirfd, ignore_file_name(source), IGNORE_MAX_FILE, &text, report);
        if (rc == PT_ENOENT || rc == PT_EINVAL) {
            err_clear(report);
            continue;
        }
        if (!rc)
            rc = ignore_push(ig, dir, source, text.p, text.n, report);
        if (rc && !first_rc) {
            first_rc = rc;
            if (ret_failed)
                *ret_failed = source;
        }
    }
    buf_release(&text);
    return first_rc;
}

void ignore_leave(struct ignore *ig, const char *dir)
{
    struct slice path = slice_from(dir);

    while (ig->top && !holds(ig->top->dir, ig->top->n_dir, path))
        pop(ig);
}

/* ---- matching ---- */

/* A set of places in a pattern, one bit for each, the one behind its end included. */
#define MAX_WORDS ((4 * (IGNORE_MAX_PATH + 2)) / 64 + 1)

/* Being at a place is being at the next too, if the token there may take nothing. */
static void enter(uint64_t *places, const struct token *t, unsigned n, unsigned at)
{
    for (;; at++) {
        places[at / 64] |= UINT64_C(1) << (at % 64);
        if (at == n || t[at].op < OP_STAR)
            return;
    }
}

/* From the place `at`, which is set, over the byte c. */
static void step(const struct ignore_set *set, uint64_t *next, const struct token *t, unsigned n,
                 unsigned at, unsigned char c)
{
    if (at == n)
        return;
    switch (t[at].op) {
    case OP_BYTE:
        if (c == t[at].arg)
            enter(next, t, n, at + 1);
        break;
    case OP_ANY:
        if (c != '/')
            enter(next, t, n, at + 1);
        break;
    case OP_CLASS:
        if (has_byte(&set->classes.at[t[at].arg], c))
            enter(next, t, n, at + 1);
        break;
    case OP_STAR:
        if (c != '/')
            enter(next, t, n, at);
        break;
    case OP_ALL: enter(next, t, n, at); break;
    case OP_DIRS:
        /* Once it has begun it must end in a '/': no enter here. */
        next[at / 64] |= UINT64_C(1) << (at % 64);
        if (c == '/')
            enter(next, t, n, at + 1);
        break;
    }
}

static bool take_step(struct budget *budget)
{
    if (budget->steps == 0) {
        budget->is_cut = true;
        return false;
    }
    budget->steps--;
    return true;
}

/* Do the n tokens at t match the whole text? False also when the steps run out. */
static bool run(const struct ignore_set *set, const struct token *t, unsigned n, struct slice text,
                struct budget *budget)
{
    uint64_t places[2][MAX_WORDS];
    unsigned n_words = n / 64 + 1;
    unsigned now = 0;

    memset(places[now], 0, n_words * sizeof(uint64_t));
    enter(places[now], t, n, 0);
    for (size_t i = 0; i < text.n; i++, now = !now) {
        uint64_t *next = places[!now];
        uint64_t any = 0;

        memset(next, 0, n_words * sizeof(uint64_t));
        for (unsigned w = 0; w < n_words; w++) {
            for (uint64_t left = places[now][w]; left; left &= left - 1) {
                unsigned at = w * 64 + (unsigned)__builtin_ctzll(left);

                if (!take_step(budget))
                    return false;
                step(set, next, t, n, at, (unsigned char)text.p[i]);
            }
        }
        for (unsigned w = 0; w < n_words; w++)
            any |= next[w];
        if (!any)
            return false;
    }
    return places[now][n / 64] >> (n % 64) & 1;
}

static bool bytes_match(const struct token *t, const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (t[i].arg != (unsigned char)p[i])
            return false;
    return true;
}

static bool glob_matches(const struct ignore_set *set, const struct rule *rule, struct slice text,
                         struct budget *budget)
{
    const struct token *t = set->tokens.at + rule->first_token;
    size_t n_ends = (size_t)rule->n_prefix + rule->n_suffix;

    if (text.n < n_ends || !bytes_match(t, text.p, rule->n_prefix) ||
        !bytes_match(t + rule->n_tokens - rule->n_suffix, text.p + text.n - rule->n_suffix,
                     rule->n_suffix))
        return false;

    struct slice middle = slice_of(text.p + rule->n_prefix, text.n - n_ends);
    unsigned n = (unsigned)(rule->n_tokens - n_ends);
    if (n == 1 && t[rule->n_prefix].op == OP_STAR)
        return !slice_chr(middle, '/');
    return run(set, t + rule->n_prefix, n, middle, budget);
}

/* The number + 1 of the last rule with this literal; 0 if there is none. */
static uint32_t find_literal(const struct ignore_set *set, enum rule_kind kind, struct slice text,
                             bool is_dir)
{
    if (!set->n_of_kind[kind] || text.n == 0)
        return 0;

    const uint32_t *head = map_get(&set->literals, literal_key(kind, text.p, text.n));
    for (uint32_t at = head ? *head : 0; at;) {
        const struct rule *rule = &set->rules.at[at - 1];
        if (rule->kind == kind && (is_dir || !rule->dir_only) &&
            slice_eq(slice_of(rule->body, rule->n_body), text))
            return at;
        at = rule->previous;
    }
    return 0;
}

static const struct rule *match_set(const struct ignore_set *set, const struct query *q)
{
    if (!holds(set->dir, set->n_dir, q->path) || q->path.n == set->n_dir)
        return NULL;

    struct slice below = slice_skip(q->path, set->n_dir ? set->n_dir + 1 : 0);
    uint32_t best = find_literal(set, RULE_NAME, q->name, q->is_dir);
    uint32_t other = find_literal(set, RULE_EXT, q->ext, q->is_dir);

    if (other > best)
        best = other;
    other = find_literal(set, RULE_PATH, below, q->is_dir);
    if (other > best)
        best = other;
    for (uint32_t i = set->globs.len; i-- > 0 && set->globs.at[i] + 1 > best;) {
        const struct rule *rule = &set->rules.at[set->globs.at[i]];

        if (!take_step(q->budget))
            break;
        if ((q->is_dir || !rule->dir_only) &&
            glob_matches(set, rule, rule->whole_path ? below : q->name, q->budget))
            return rule;
    }
    return best ? &set->rules.at[best - 1] : NULL;
}

static const struct ignore_rule *find_builtin(struct slice name)
{
    for (size_t i = 0; i < PT_COUNT(builtins); i++)
        if (slice_eq(name, slice_from(builtins[i].text)))
            return &builtins[i];
    return NULL;
}

static bool match_one(const struct ignore *ig, struct slice path, bool is_dir,
                      struct budget *budget, const struct ignore_rule **ret_rule)
{
    const char *slash = slice_rchr(path, '/');
    struct slice name = slash ? slice_skip(path, (size_t)(slash + 1 - path.p)) : path;
    const char *dot = slice_rchr(name, '.');
    struct query q = {.path = path, .name = name, .is_dir = is_dir, .budget = budget};
    const struct rule *rule = NULL;

    if (dot)
        q.ext = slice_skip(name, (size_t)(dot - name.p));
    for (const struct ignore_set *set = ig->top; set && !rule; set = set->outer)
        rule = match_set(set, &q);

    const struct ignore_rule *builtin = find_builtin(name);
    bool is_lifted = rule && rule->shown.is_negated && rule->shown.is_literal &&
                     rule->shown.source == IGNORE_PARSELTONGUE;
    *ret_rule = builtin && !is_lifted ? builtin : rule ? &rule->shown : NULL;
    return *ret_rule && !(*ret_rule)->is_negated;
}

static bool match_ways(const struct ignore *ig, const char *path, bool is_dir, bool parents_too,
                       const struct ignore_rule **ret_rule)
{
    const struct ignore_rule *rule = NULL;
    struct budget budget = {.steps = IGNORE_MAX_STEPS};
    const char *slash = parents_too ? strchr(path, '/') : NULL;
    bool is_ignored = false;

    for (; slash && !is_ignored; slash = strchr(slash + 1, '/'))
        is_ignored = match_one(ig, slice_of(path, (size_t)(slash - path)), true, &budget, &rule);
    if (!is_ignored)
        is_ignored = match_one(ig, slice_from(path), is_dir, &budget, &rule);
    if (budget.is_cut)
        atomic_fetch_add_explicit(ig->n_cut, 1, memory_order_relaxed);
    if (ret_rule)
        *ret_rule = rule;
    return is_ignored;
}

bool ignore_match(const struct ignore *ig, const char *path, bool is_dir,
                  const struct ignore_rule **ret_rule)
{
    return match_ways(ig, path, is_dir, true, ret_rule);
}

bool ignore_match_entry(const struct ignore *ig, const char *path, bool is_dir,
                        const struct ignore_rule **ret_rule)
{
    return match_ways(ig, path, is_dir, false, ret_rule);
}

uint64_t ignore_n_cut(const struct ignore *ig)
{
    return ig->n_cut ? atomic_load_explicit(ig->n_cut, memory_order_relaxed) : 0;
}
