/* Rust: macros. The grammar leaves what stands between their brackets as tokens; what looks like
 * an expression there is read as one. Kids are the words, literals and bracketed groups; the
 * punctuation is read from the source between them. */
#include "lang/rust.h"

#include <ctype.h>

#define MAX_GAP 24u

/* The punctuation and keywords between two kids, without white space and comments. */
struct gap {
    char s[MAX_GAP];
    unsigned n;
};

struct tokens {
    struct extract *x;
    const struct kid *kids;
    uint32_t n;
    struct kid cur; /* the operand so far; node is null when there is none */
    bool plain;     /* cur is one name, to which nothing has been done */
    uint32_t let;   /* variable that waits for its value */
    bool let_value; /* cur is that value */
    unsigned angle; /* open brackets of a turbofish */
    uint32_t first; /* value of the first operand, if the tree begins with it */
    bool first_done;
    bool comma;
};

static uint32_t skip_comment(const struct extract *x, uint32_t i, uint32_t to)
{
    if (i + 1 >= to || x->src[i] != '/')
        return i;
    if (x->src[i + 1] == '/') {
        while (i < to && x->src[i] != '\n')
            i++;
    } else if (x->src[i + 1] == '*') {
        for (i += 2; i < to && !(x->src[i - 1] == '*' && x->src[i] == '/' && i > 2); i++)
            ;
        i = i < to ? i + 1 : to;
    }
    return i;
}

/* What does not fit is cut at the front: the end decides how the next kid is read. */
static void read_gap(const struct extract *x, uint32_t from, uint32_t to, struct gap *g)
{
    g->n = 0;
    for (uint32_t i = from; i < to && i < x->n_src;) {
        uint32_t past = skip_comment(x, i, to);
        if (past != i) {
            i = past;
            continue;
        }
        char c = x->src[i++];
        if (isspace((unsigned char)c))
            continue;
        if (g->n == MAX_GAP - 1) {
            memmove(g->s, g->s + 1, MAX_GAP - 2);
            g->n--;
        }
        g->s[g->n++] = c;
    }
    g->s[g->n] = '\0';
}

static bool is(const struct gap *g, const char *s)
{
    return strcmp(g->s, s) == 0;
}

static bool ends(const struct gap *g, const char *s)
{
    return slice_ends(slice_of(g->s, g->n), slice_from(s));
}

static char opens_with(const struct extract *x, const struct kid *k)
{
    return k->sym == S_TOKEN_TREE ? x->src[ts_node_start_byte(k->node)] : '\0';
}

static bool is_word(const struct kid *k)
{
    return k->sym == S_IDENTIFIER || k->sym == S_SELF || k->sym == S_CRATE || k->sym == S_SUPER ||
           k->sym == S_PRIMITIVE_TYPE || k->sym == S_METAVARIABLE;
}

/* ---- the operand under way ---- */

static bool have(const struct tokens *t)
{
    return !ts_node_is_null(t->cur.node);
}

/* A name by itself: constants and types are uses; a lower-case one is a variable, or a word that
 * only the macro understands. */
static void settle_name(struct extract *x, const struct kid *k)
{
    struct term *t = &x->terms.at[k->term];
    if (t->op != TERM_NAME)
        return;
    if (rust_is_upper(x, t->a) && !rust_is_prelude_variant(ex_str(x, t->a)))
        t->aux = NS_VALUE | NS_TYPE;
    else
        ex_unref(x, k);
}

/* The operand ends before `gap`. */
static void finish(struct tokens *t, const struct gap *gap)
{
    struct extract *x = t->x;
    if (have(t)) {
        struct term *path = &x->terms.at[t->cur.term];
        if (t->plain)
            settle_name(x, &t->cur);
        else if (path->op == TERM_PATH && path->aux == NS_VALUE)
            path->aux = NS_VALUE | NS_TYPE;
        if (t->let_value && gap->s[0] == ';')
            ex_bind_at(x, t->let)->init = t->cur.term;
        if (!t->first_done && (gap->n == 0 || gap->s[0] == ',' || gap->s[0] == ';'))
            t->first = t->cur.term;
        t->first_done = true;
    }
    t->let_value = false;
    t->cur = (struct kid){0};
    t->plain = false;
}

static void start(struct tokens *t, const struct kid *k, const struct gap *gap)
{
    t->cur = *k;
    t->plain = is_word(k);
    t->let_value = t->let != 0 && gap->s[0] == '=' && gap->s[1] != '=';
    t->first_done = t->first_done || (gap->n > 0 && gap->s[0] != '&' && gap->s[0] != '*');
    if (k->sym == S_METAVARIABLE)
        t->cur.term = slice_eq(ex_text(t->x, k->node), SLICE("$crate"))
                          ? ex_term(t->x, TERM_ROOT, 0, 0, 0)
                          : 0;
}

/* cur.name, cur::name */
static void step(struct tokens *t, const struct kid *k, bool member, bool method)
{
    struct extract *x = t->x;
    struct kid next = {.node = k->node, .sym = k->sym, .refs = x->refs.len};
    uint32_t name = k->name != 0 ? k->name : ex_sym(x, k->node);

    if (k->sym != S_INTEGER)
        ex_unref(x, k);
    if (!member) {
        uint32_t base = rust_path_base(x, &t->cur);
        if (k->sym == S_SUPER)
            next.term = base != 0 ? ex_term(x, TERM_PARENT, 0, base, 0) : 0;
        else
            ex_member(x, &next, TERM_PATH, base, name, NS_VALUE, REF_USE, k->node);
    } else {
        if (t->plain && t->cur.sym != S_SELF)
            settle_name(x, &t->cur);
        if (method)
            ex_member(x, &next, TERM_MEMBER, t->cur.term, name, NS_VALUE, REF_USE, k->node);
        else
            ex_member(x, &next, TERM_PATH, t->cur.term, name, NS_FIELD, REF_USE, k->node);
    }
    t->cur = next;
    t->plain = false;
}

static void call(struct tokens *t, const struct kid *args)
{
    struct extract *x = t->x;
    struct kid self = {.node = args->node};
    const struct term c = x->terms.at[t->cur.term];
    if (c.op == TERM_NAME && rust_is_prelude_variant(ex_str(x, c.a))) {
        ex_unref(x, &t->cur);
        self.term = rust_std_of(x, ex_str(x, c.a)[0] == 'S' ? "Option" : "Result",
                                ex_str(x, c.a)[0] == 'E' ? 0 : args->term);
    } else if (t->cur.ref != 0) {
        uint32_t list = args->term != 0 ? ex_cons(x, args->term, 0) : 0;
        ex_call(x, &self, &t->cur, TERM_CALL, REF_CALL, list, list != 0);
    }
    t->cur = self;
    t->plain = false;
}

static void invoke(struct tokens *t, const struct kid *args)
{
    struct extract *x = t->x;
    struct term *c = &x->terms.at[t->cur.term];
    uint32_t name = c->op == TERM_PATH ? c->b : c->op == TERM_NAME ? c->a : 0;
    struct kid self = {.node = args->node};

    if (name != 0) {
        c->aux = NS_MACRO;
        x->refs.at[t->cur.ref].role = t->cur.ref != 0 ? REF_MACRO : REF_NONE;
        self.term = rust_macro_value(x, name, args->term);
    }
    t->cur = self;
    t->plain = false;
}

/* `?` and `.await` behind the operand; true when the gap then ends with the dot of a member. */
static bool suffixes(struct tokens *t, const struct gap *g)
{
    struct extract *x = t->x;
    unsigned i = 0;
    uint32_t term = t->cur.term;
    while (i < g->n) {
        if (g->s[i] == '?') {
            term = term != 0 ? ex_term(x, TERM_TRY, 0, term, 0) : 0;
            i++;
        } else if (g->s[i] == '.' && strncmp(g->s + i, ".await", 6) == 0) {
            term = term != 0 ? ex_term(x, TERM_AWAIT, 0, term, 0) : 0;
            i += 6;
        } else {
            break;
        }
    }
    bool dot = i + 1 == g->n && g->s[i] == '.';
    if (i > 0 && (dot || i == g->n || strchr(",;", g->s[i]) != NULL)) {
        if (t->plain)
            settle_name(x, &t->cur);
        t->cur.term = term;
        t->plain = false;
    }
    return dot;
}

/* ---- kids ---- */

/* Words that a keyword makes the name of something new. True when the kid was one. */
static bool declared(struct tokens *t, const struct kid *k, const struct gap *g)
{
    static const char *const items[] = {"fn",   "struct", "enum",   "trait", "mod",       "union",
                                        "type", "const",  "static", "for",   "staticref", NULL};
    struct extract *x = t->x;
    if (k->sym != S_IDENTIFIER)
        return false;
    if (ends(g, "let") || ends(g, "letmut") || ends(g, "letref") || ends(g, "refmut")) {
        ex_unref(x, k);
        if (rust_is_upper(x, k->name))
            return false;
        t->let = ex_var(x, x->scope, k->name, 0, 0, BIND_SEQ, ts_node_end_byte(k->node));
        return true;
    }
    for (const char *const *w = items; *w != NULL; w++) {
        if (!ends(g, *w))
            continue;
        /* `impl Trait for Type` names a type that there is */
        if (strcmp(*w, "for") == 0 && rust_is_upper(x, k->name))
            return false;
        ex_unref(x, k);
        return true;
    }
    return false;
}

static bool before_call(const struct tokens *t, uint32_t i)
{
    struct gap g = {.n = 0};
    if (i + 1 >= t->n)
        return false;
    read_gap(t->x, ts_node_end_byte(t->kids[i].node), ts_node_start_byte(t->kids[i + 1].node), &g);
    return (g.n == 0 && opens_with(t->x, &t->kids[i + 1]) == '(') ||
           (g.n >= 3 && strncmp(g.s, "::<", 3) == 0);
}

/* Inside `::<...>`: counts the brackets; true when the last one is closed, and `g` is what is
 * behind it. */
static bool turbofish(struct tokens *t, struct gap *g)
{
    for (unsigned i = 0; i < g->n; i++) {
        if (g->s[i] == '<')
            t->angle++;
        else if (g->s[i] == '>' && (i == 0 || strchr("-=", g->s[i - 1]) == NULL))
            t->angle--;
        if (t->angle == 0) {
            g->n -= i + 1;
            memmove(g->s, g->s + i + 1, g->n + 1);
            return true;
        }
    }
    return false;
}

static void type_word(struct tokens *t, const struct kid *k)
{
    struct extract *x = t->x;
    if (k->term != 0 && x->terms.at[k->term].op == TERM_NAME)
        x->terms.at[k->term].aux = NS_TYPE;
    if (k->name != 0 && rust_is_upper(x, k->name))
        x->refs.at[k->ref].role = k->ref != 0 ? REF_TYPE : REF_NONE;
    else if (k->sym != S_TOKEN_TREE)
        ex_unref(x, k);
}

static void group(struct tokens *t, const struct kid *k, const struct gap *g)
{
    struct extract *x = t->x;
    char open = opens_with(x, k);
    bool callable = have(t) && g->n == 0;

    if (callable && open == '(') {
        call(t, k);
    } else if (have(t) && is(g, "!")) {
        invoke(t, k);
    } else if (callable && open == '[') {
        t->cur.term =
            t->cur.term != 0 ? ex_term(x, TERM_INDEX, 0, t->cur.term, ex_cons(x, k->term, 0)) : 0;
        t->plain = false;
    } else {
        finish(t, g);
        start(t, k, g);
        if (open == '{')
            t->cur.term = 0;
    }
}

static void token(struct tokens *t, uint32_t i, struct gap *g)
{
    const struct kid *k = &t->kids[i];
    if (t->angle > 0 && !turbofish(t, g)) {
        type_word(t, k);
        return;
    }
    if (have(t) && g->n >= 3 && strncmp(g->s, "::<", 3) == 0) {
        memmove(g->s, g->s + 2, g->n - 1);
        g->n -= 2;
        if (!turbofish(t, g)) {
            type_word(t, k);
            return;
        }
    }
    t->comma = t->comma || strchr(g->s, ',') != NULL;
    bool dot = have(t) && suffixes(t, g);
    if (k->sym == S_TOKEN_TREE || k->sym == S_TOKEN_REPETITION) {
        group(t, k, g);
    } else if (dot && (is_word(k) || k->sym == S_INTEGER)) {
        step(t, k, true, before_call(t, i));
    } else if (have(t) && is(g, "::") && is_word(k)) {
        step(t, k, false, false);
    } else {
        finish(t, g);
        if (!declared(t, k, g))
            start(t, k, g);
    }
}

/* A body in braces has variables of its own. */
void rust_enter_tokens(struct extract *x, TSNode node)
{
    if (x->src[ts_node_start_byte(node)] == '{')
        (void)ex_scope(x, SCOPE_BLOCK);
}

void rust_leave_tokens(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    struct tokens t = {.x = x, .kids = kids, .n = n};
    uint32_t from = ts_node_start_byte(self->node) + 1, end = ts_node_end_byte(self->node);
    struct gap g = {.n = 0};

    if (self->sym == S_TOKEN_REPETITION)
        from++;
    for (uint32_t i = 0; i < n; i++) {
        read_gap(x, from, ts_node_start_byte(kids[i].node), &g);
        token(&t, i, &g);
        from = ts_node_end_byte(kids[i].node);
    }
    read_gap(x, from, end > from ? end - 1 : from, &g);
    if (have(&t))
        (void)suffixes(&t, &g);
    if (g.n > 0 && strchr("?.", g.s[0]) != NULL)
        g.n = 0;
    finish(&t, &g);
    if (!t.comma || x->src[ts_node_start_byte(self->node)] == '[')
        self->term = t.first;
}

uint32_t rust_macro_value(struct extract *x, uint32_t name, uint32_t first)
{
    const char *s = ex_str(x, name);
    if (strcmp(s, "vec") == 0)
        return rust_std_of(x, "Vec", first);
    if (strcmp(s, "format") == 0)
        return ex_lit(x, "String");
    if (strcmp(s, "try") == 0 || strcmp(s, "r#try") == 0)
        return first != 0 ? ex_term(x, TERM_TRY, 0, first, 0) : 0;
    if (strcmp(s, "dbg") == 0)
        return first;
    if (strcmp(s, "matches") == 0 || strcmp(s, "cfg") == 0)
        return ex_lit(x, "bool");
    return 0;
}

void rust_leave_macro(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    const struct kid *name = ex_kid(kids, n, F_MACRO);
    const struct kid *args = ex_kid_sym(kids, n, S_TOKEN_TREE);
    if (name == NULL || name->term == 0)
        return;
    struct term *t = &x->terms.at[name->term];
    if (t->op != TERM_NAME && t->op != TERM_PATH)
        return;
    t->aux = NS_MACRO;
    uint32_t sym = t->op == TERM_NAME ? t->a : t->b;
    x->refs.at[name->ref].role = name->ref != 0 ? REF_MACRO : REF_NONE;
    self->term = rust_macro_value(x, sym, args != NULL ? args->term : 0);
}
