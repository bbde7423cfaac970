/* Rust: the description, items and types. */
#include "lang/rust.h"

#include <ctype.h>
#include <stdio.h>

const TSLanguage *tree_sitter_rust(void);

#define MAX_ATTRIBUTES 64u

static uint32_t term_of(const struct kid *k)
{
    return k != NULL ? k->term : 0;
}

/* ---- attributes ---- */

/* What the attributes before an item say of it. */
struct attrs {
    bool test, conditional, fallback, macro_use, macro_export;
    struct slice path; /* of #[path = "..."], empty if none */
};

static bool is_word_char(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* The next word at or behind *at in s; empty at the end. Strings are stepped over. */
static struct slice next_word(struct slice s, size_t *at)
{
    size_t i = *at;
    while (i < s.n && !is_word_char(s.p[i])) {
        if (s.p[i] == '"') {
            for (i++; i < s.n && s.p[i] != '"'; i++)
                i += s.p[i] == '\\';
        }
        i++;
    }
    size_t from = i < s.n ? i : s.n;
    while (i < s.n && is_word_char(s.p[i]))
        i++;
    *at = i < s.n ? i : s.n;
    return slice_of(s.p + from, *at - from);
}

/* Does the condition of a cfg hold only in tests? `test` under not() or any() does not count. */
static bool only_in_tests(struct slice args)
{
    unsigned depth = 0, off = 0; /* off: depth from which on it does not count, 0 if none */
    for (size_t i = 0; i < args.n;) {
        char c = args.p[i];
        if (c == ')') {
            depth -= depth > 0;
            off = off > depth ? 0 : off;
        } else if (c == '(') {
            depth++;
        } else if (is_word_char(c) || c == '"') {
            struct slice w = next_word(args, &i);
            bool open = i < args.n && args.p[i] == '(';
            if (off == 0 && open && (slice_eq(w, SLICE("not")) || slice_eq(w, SLICE("any"))))
                off = depth + 1;
            if (off == 0 && !open && slice_eq(w, SLICE("test")))
                return true;
            continue;
        }
        i++;
    }
    return false;
}

/* The name of an attribute (the last segment of its path), and what follows it. */
static struct slice attr_name(struct slice s, struct slice *ret_args)
{
    size_t at = 0;
    struct slice w = next_word(s, &at);
    while (at + 2 < s.n && s.p[at] == ':' && s.p[at + 1] == ':')
        w = next_word(s, &at);
    *ret_args = slice_skip(s, at);
    return w;
}

static bool marks_test(struct slice name)
{
    static const char *const marks[] = {
        "test", "bench", "rstest", "test_case", "quickcheck", "proptest", "wasm_bindgen_test",
        NULL};
    for (const char *const *m = marks; *m != NULL; m++) {
        if (slice_eq(name, slice_from(*m)))
            return true;
    }
    return false;
}

static struct slice string_in(struct slice s)
{
    const char *from = slice_chr(s, '"');
    if (from == NULL)
        return slice_of("", 0);
    struct slice rest = slice_skip(s, (size_t)(from - s.p) + 1);
    const char *to = slice_chr(rest, '"');
    return to != NULL ? slice_head(rest, (size_t)(to - rest.p)) : slice_of("", 0);
}

/* Does a bare flag of a cfg hold in a common build? Of what we do not know we assume it. */
static bool holds_flag(struct slice w)
{
    static const char *const off[] = {
        "miri",    "loom",    "fuzzing",      "kani",    "docsrs",         "doc", "test", "doctest",
        "doc_cfg", "windows", "doc_auto_cfg", "nightly", "tokio_unstable", NULL};
    for (const char *const *f = off; *f != NULL; f++) {
        if (slice_eq(w, slice_from(*f)))
            return false;
    }
    return !slice_starts(w, SLICE("no_"));
}

static bool holds_value(struct slice key, struct slice value)
{
    if (slice_eq(key, SLICE("feature")))
        return !slice_eq(value, SLICE("nightly")) && !slice_eq(value, SLICE("unstable"));
    if (slice_eq(key, SLICE("target_os")))
        return slice_eq(value, SLICE("linux"));
    if (slice_eq(key, SLICE("target_arch")))
        return slice_eq(value, SLICE("x86_64"));
    if (slice_eq(key, SLICE("target_family")))
        return slice_eq(value, SLICE("unix"));
    return true;
}

/* Does the condition at s[*at] hold in a common build? Steps over it. */
static bool holds(struct slice s, size_t *at, unsigned depth)
{
    struct slice w = next_word(s, at);
    struct slice rest = slice_trim(slice_skip(s, *at));
    if (rest.n > 0 && rest.p[0] == '=') {
        struct slice value = string_in(rest);
        if (value.n > 0)
            *at = (size_t)(value.p + value.n + 1 - s.p);
        return holds_value(w, value);
    }
    if (rest.n == 0 || rest.p[0] != '(' || depth > 16)
        return holds_flag(w);
    bool any = slice_eq(w, SLICE("any")), not = slice_eq(w, SLICE("not"));
    bool result = !any;
    *at = (size_t)(rest.p + 1 - s.p);
    while (*at < s.n && s.p[*at] != ')') {
        if (!is_word_char(s.p[*at])) {
            ++*at;
            continue;
        }
        bool part = holds(s, at, depth + 1);
        result = any ? result || part : result && part;
    }
    *at += *at < s.n;
    return result != not ;
}

bool rust_cfg_holds(struct slice args)
{
    size_t at = 0;
    return holds(args, &at, 0);
}

static void read_attr(struct slice text, struct attrs *a)
{
    struct slice args;
    struct slice name = attr_name(text, &args);
    if (slice_eq(name, SLICE("cfg"))) {
        if (only_in_tests(args))
            a->test = true;
        else
            a->conditional = true;
        a->fallback = a->fallback || !rust_cfg_holds(args);
    } else if (slice_eq(name, SLICE("path"))) {
        a->path = string_in(args);
    } else if (slice_eq(name, SLICE("macro_use"))) {
        a->macro_use = true;
    } else if (slice_eq(name, SLICE("macro_export"))) {
        a->macro_export = true;
    } else if (marks_test(name)) {
        a->test = true;
    }
}

/* Those of the item that is being entered: the attributes right before it. Sets x->in_test and
 * x->conditional. */
static struct attrs read_attrs(struct extract *x, TSNode node)
{
    struct attrs a = {.path = slice_of("", 0)};
    const struct ex_place p = ex_place(x);
    uint32_t n = p.n;

    for (unsigned i = 0; i < MAX_ATTRIBUTES && n > 0 && p.kids[n - 1].sym == S_ATTRIBUTE; i++, n--)
        read_attr(ex_text(x, p.kids[n - 1].node), &a);
    bool branch_holds = true;
    if (x->notes.len > 0 && rust_in_cfg_if(x, ts_node_start_byte(node), &branch_holds))
        a.conditional = true;
    a.fallback = a.fallback || !branch_holds;
    x->in_test = x->in_test || a.test;
    x->conditional = x->conditional || a.conditional;
    x->user = rust_module(x) | (a.fallback ? RUST_FALLBACK : 0);
    return a;
}

void rust_attributes(struct extract *x, TSNode node)
{
    (void)read_attrs(x, node);
}

/* A reference from `def`, at the place that `at` says. */
static void derive_ref(struct extract *x, uint32_t term, uint32_t def, TSNode attr, TSPoint at)
{
    uint32_t r = ex_ref(x, term, REF_IMPLEMENTS, attr);
    if (r == 0)
        return;
    x->refs.at[r].from = def;
    x->refs.at[r].line = at.row + 1;
    x->refs.at[r].col = at.column < 65534 ? (uint16_t)(at.column + 1) : 65535;
}

/* Moves the place `at` of byte `from` on to byte `to`. */
static void advance(const struct extract *x, TSPoint *at, uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i < to && i < x->n_src; i++) {
        at->column++;
        if (x->src[i] == '\n') {
            at->row++;
            at->column = 0;
        }
    }
}

/* #[derive(A, b::C)] implements the traits of these names. */
static void derive(struct extract *x, uint32_t def, TSNode attr)
{
    struct slice text = ex_text(x, attr), args;
    if (!slice_eq(attr_name(text, &args), SLICE("derive")))
        return;
    uint32_t base = ts_node_start_byte(attr) + (uint32_t)(text.n - args.n);
    uint32_t term = 0, last = ts_node_start_byte(attr);
    TSPoint place = ts_node_start_point(attr);
    for (size_t at = 0; at < args.n;) {
        struct slice w = next_word(args, &at);
        if (w.n == 0)
            break;
        uint32_t pos = base + (uint32_t)(w.p - args.p);
        uint32_t name = ex_intern_slice(x, w);
        advance(x, &place, last, pos);
        last = pos;
        if (slice_eq(w, SLICE("crate")))
            term = ex_term(x, TERM_ROOT, 0, 0, 0);
        else
            term = term != 0 ? ex_term(x, TERM_PATH, NS_TYPE, term, name)
                             : ex_name_term(x, name, NS_TYPE, pos);
        if (at + 1 < args.n && args.p[at] == ':' && args.p[at + 1] == ':')
            continue;
        derive_ref(x, term, def, attr, place);
        term = 0;
    }
}

static void derives(struct extract *x, uint32_t def)
{
    const struct ex_place p = ex_place(x);
    uint32_t n = p.n;
    for (unsigned i = 0; i < MAX_ATTRIBUTES && n > 0 && p.kids[n - 1].sym == S_ATTRIBUTE; i++, n--)
        derive(x, def, p.kids[n - 1].node);
}

/* ---- items ---- */

/* A def under its own name. */
static uint32_t define(struct extract *x, TSNode node, TSNode name, enum node_kind kind, uint8_t ns)
{
    uint32_t def = ex_def(x, node, name, kind, ns);
    rust_bound(x, x->scope, ex_def_at(x, def)->name);
    return def;
}

/* Where the signature ends: before the body, else before the semicolon. */
static uint32_t header_end(const struct extract *x, TSNode node, const struct kid *body)
{
    uint32_t end = body != NULL ? ts_node_start_byte(body->node) : ts_node_end_byte(node);
    while (end > ts_node_start_byte(node) && end <= x->n_src &&
           (x->src[end - 1] == ';' || isspace((unsigned char)x->src[end - 1])))
        end--;
    return end;
}

/* Signature and visibility of the item that is being left. */
static void finish_item(struct extract *x, const struct kid *self, const struct kid *kids,
                        uint32_t n, const struct kid *body)
{
    ex_sig(x, x->def, ts_node_start_byte(self->node), header_end(x, self->node, body));
    if (x->def != 0 && ex_kid_sym(kids, n, S_VISIBILITY) != NULL)
        ex_def_at(x, x->def)->flags |= FLAG_EXPORTED;
}

static bool in_kind(const struct extract *x, enum node_kind kind)
{
    return x->def != 0 && x->defs.at[x->def].kind == kind;
}

static bool is_member(const struct extract *x)
{
    return in_kind(x, NODE_IMPL) || in_kind(x, NODE_TRAIT);
}

static void enter_function(struct extract *x, TSNode node)
{
    (void)read_attrs(x, node);
    bool member = is_member(x), abstract = ex_is(x, node, S_FUNCTION_SIGNATURE);
    bool trait = in_kind(x, NODE_TRAIT);
    uint32_t def =
        define(x, node, ex_child(x, node, F_NAME), member ? NODE_METHOD : NODE_FUNCTION, NS_VALUE);
    struct def *d = ex_def_at(x, def);
    if (member)
        d->flags |= FLAG_STATIC; /* until it is seen to take self */
    if (abstract)
        d->flags |= trait ? FLAG_ABSTRACT : FLAG_DECLARATION;
    d->arity_max = 0;
    (void)ex_scope(x, SCOPE_FUNCTION);
}

static void count_parameters(struct extract *x, const struct kid *parameters)
{
    unsigned n = 0;
    for (uint32_t l = term_of(parameters); ex_is_list(x, l) && n < 254; l = x->terms.at[l].b)
        n++;
    struct def *d = ex_def_at(x, x->def);
    d->arity_min = (uint8_t)n;
    d->arity_max = d->arity_max == 255 ? 255 : (uint8_t)n;
}

static void leave_function(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    const struct kid *parameters = ex_kid(kids, n, F_PARAMETERS);
    const struct kid *result = ex_kid(kids, n, F_RETURN_TYPE);
    const struct kid *modifiers = ex_kid_sym(kids, n, S_FUNCTION_MODIFIERS);
    const struct kid *body = ex_kid(kids, n, F_BODY);

    finish_item(x, self, kids, n, body);
    if (x->def == 0)
        return;
    ex_role(x, parameters, REF_TYPE, REF_ACCEPTS);
    ex_role(x, result, REF_TYPE, REF_RETURNS);
    count_parameters(x, parameters);
    uint32_t type = term_of(result);
    if (modifiers != NULL && slice_starts(ex_text(x, modifiers->node), SLICE("async"))) {
        ex_def_at(x, x->def)->flags |= FLAG_ASYNC;
        type = rust_std_type(x, "Future", ex_cons(x, type, 0));
    }
    ex_def_at(x, x->def)->type = type;
}

static void enter_struct(struct extract *x, TSNode node)
{
    unsigned rule = ex_rule_of(x, node);
    TSNode body = ex_child(x, node, F_BODY);
    enum node_kind kind = rule == S_UNION ? NODE_UNION : rule == S_ENUM ? NODE_ENUM : NODE_STRUCT;
    uint8_t ns = NS_TYPE;

    (void)read_attrs(x, node);
    if (kind == NODE_STRUCT && (ts_node_is_null(body) || ex_is(x, body, S_ORDERED_FIELDS)))
        ns |= NS_VALUE; /* its name is also a function or a constant */
    uint32_t def = define(x, node, ex_child(x, node, F_NAME), kind, ns);
    derives(x, def);
    (void)ex_scope(x, SCOPE_TYPE);
}

static void leave_struct(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    finish_item(x, self, kids, n, ex_kid(kids, n, F_BODY));
}

static void enter_variant(struct extract *x, TSNode node)
{
    (void)read_attrs(x, node);
    (void)define(x, node, ex_child(x, node, F_NAME), NODE_VARIANT, NS_TYPE | NS_VALUE);
    (void)ex_scope(x, SCOPE_TYPE);
}

static void leave_variant(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    (void)kids;
    (void)n;
    ex_sig(x, x->def, ts_node_start_byte(self->node), ts_node_end_byte(self->node));
}

/* A variant's field is also known to its enum, as Variant.field: an enum's value may be any of
 * its variants. */
static void bind_in_enum(struct extract *x, uint32_t def, const char *field)
{
    const struct def *variant = ex_def_at(x, x->def);
    char text[200];
    if (variant->kind != NODE_VARIANT)
        return;
    (void)snprintf(text, sizeof(text), "%.90s.%.90s", ex_str(x, variant->name), field);
    uint32_t scope = x->defs.at[variant->parent].scope;
    uint32_t b = scope != 0 ? ex_bind(x, scope, BIND_DEF, ex_intern(x, text), NS_FIELD, 0, 0) : 0;
    if (b != 0)
        ex_bind_at(x, b)->def = def;
}

static void add_field(struct extract *x, TSNode node, uint32_t name, uint32_t type, bool exported)
{
    uint32_t scope = x->defs.at[x->def].scope;
    if (scope == 0)
        return;
    uint32_t def = ex_def_leaf(x, node, name, NODE_FIELD, NS_FIELD, x->def, scope);
    ex_def_at(x, def)->type = type;
    if (exported)
        ex_def_at(x, def)->flags |= FLAG_EXPORTED;
    ex_sig(x, def, ts_node_start_byte(node), ts_node_end_byte(node));
    bind_in_enum(x, def, ex_str(x, name));
}

static void leave_field(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    TSNode name = ex_child(x, self->node, F_NAME);
    if (!ts_node_is_null(name))
        add_field(x, self->node, ex_sym(x, name), term_of(ex_kid(kids, n, F_TYPE)),
                  ex_kid_sym(kids, n, S_VISIBILITY) != NULL);
}

static void leave_ordered_fields(struct extract *x, struct kid *self, const struct kid *kids,
                                 uint32_t n)
{
    unsigned index = 0;
    bool exported = false;
    (void)self;
    for (uint32_t i = 0; i < n; i++) {
        if (kids[i].field == F_TYPE) {
            char text[16];
            size_t at = sizeof(text);
            text[--at] = '\0';
            unsigned k = index++;
            do {
                text[--at] = (char)('0' + k % 10);
                k /= 10;
            } while (k > 0);
            add_field(x, kids[i].node, ex_intern(x, text + at), kids[i].term, exported);
        }
        exported = kids[i].sym == S_VISIBILITY;
    }
}

static void enter_trait(struct extract *x, TSNode node)
{
    (void)read_attrs(x, node);
    (void)define(x, node, ex_child(x, node, F_NAME), NODE_TRAIT, NS_TYPE);
    (void)ex_scope(x, SCOPE_TYPE);
}

static void leave_trait(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    finish_item(x, self, kids, n, ex_kid(kids, n, F_BODY));
    uint32_t bounds = term_of(ex_kid(kids, n, F_BOUNDS));
    ex_def_at(x, x->def)->bases = rust_bounds_list(x, bounds, ex_def_at(x, x->def)->bases);
}

/* The bare name of the type that an impl adds to: `&Foo` for `&'a mut a::Foo<T>`. */
static void type_name(const struct extract *x, TSNode node, struct buf *ret)
{
    for (unsigned depth = 0; !ts_node_is_null(node) && depth < 32; depth++) {
        switch (ex_rule_of(x, node)) {
        case S_REFERENCE_TYPE:
            buf_char(ret, '&');
            node = ex_child(x, node, F_TYPE);
            continue;
        case S_GENERIC_TYPE: node = ex_child(x, node, F_TYPE); continue;
        case S_SCOPED_TYPE_IDENTIFIER: node = ex_child(x, node, F_NAME); continue;
        case S_DYNAMIC_TYPE:
            buf_str(ret, "dyn ");
            node = ex_child(x, node, F_TRAIT);
            continue;
        default: break;
        }
        struct slice text = ex_text(x, node);
        for (size_t i = 0; i < text.n && i < 64; i++) {
            if (!isspace((unsigned char)text.p[i]) || (i > 0 && text.p[i - 1] == ';'))
                buf_char(ret, isspace((unsigned char)text.p[i]) ? ' ' : text.p[i]);
        }
        return;
    }
}

static bool is_negative(const struct extract *x, TSNode trait)
{
    uint32_t at = ts_node_start_byte(trait);
    while (at > 0 && isspace((unsigned char)x->src[at - 1]))
        at--;
    return at > 0 && x->src[at - 1] == '!';
}

static void enter_impl(struct extract *x, TSNode node)
{
    TSNode type = ex_child(x, node, F_TYPE), trait = ex_child(x, node, F_TRAIT);
    struct buf name = {0};

    (void)read_attrs(x, node);
    if (!ts_node_is_null(trait)) {
        buf_char(&name, '<');
        type_name(x, type, &name);
        buf_str(&name, is_negative(x, trait) ? " as !" : " as ");
        type_name(x, trait, &name);
        buf_char(&name, '>');
    } else {
        type_name(x, type, &name);
    }
    if (name.failed)
        x->failed = true;
    uint32_t sym = name.n > 0 && !name.failed ? ex_intern_slice(x, buf_as_slice(&name)) : 0;
    buf_release(&name);
    (void)ex_def_named(x, node, type, sym, NODE_IMPL, 0);
    (void)ex_scope(x, SCOPE_TYPE);
}

static void leave_impl(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    const struct kid *type = ex_kid(kids, n, F_TYPE), *trait = ex_kid(kids, n, F_TRAIT);

    finish_item(x, self, kids, n, ex_kid(kids, n, F_BODY));
    if (x->def == 0)
        return;
    /* IMPLEMENTS is made of these two; the block itself uses neither */
    ex_unref(x, type);
    ex_unref(x, trait);
    /* `impl T for &X` adds to X too, but what X itself has comes first: ADDR tells */
    uint32_t on = term_of(type);
    if (on != 0 && ex_is(x, type->node, S_REFERENCE_TYPE))
        on = ex_term(x, TERM_ADDR, 0, on, 0);
    ex_def_at(x, x->def)->self = on;
    if (trait != NULL && trait->term != 0 && !is_negative(x, trait->node)) {
        uint32_t list = ex_cons(x, trait->term, 0);
        ex_def_at(x, x->def)->bases = list;
    }
}

/* The modules that enclose the place, and `name`: a::b::name. */
static uint32_t module_path(struct extract *x, struct slice name, const char *mark)
{
    uint32_t chain[32];
    unsigned n = 0;
    struct buf path = {0};
    for (uint32_t m = rust_module(x); m != 0 && n < 32; m = x->defs.at[m].parent) {
        if (x->defs.at[m].kind == NODE_MODULE)
            chain[n++] = m;
    }
    while (n-- > 0) {
        buf_str(&path, ex_str(x, x->defs.at[chain[n]].name));
        buf_str(&path, "::");
    }
    buf_str(&path, mark);
    buf_slice(&path, name);
    uint32_t sym = path.failed ? 0 : ex_intern_slice(x, buf_as_slice(&path));
    buf_release(&path);
    return sym;
}

/* Macros of a module marked #[macro_use] are seen behind it. */
static void see_macros(struct extract *x, uint32_t scope, uint32_t module)
{
    ex_star(x, scope, module, true);
    if (x->stars.len > 1)
        vec_last(&x->stars).star.ns = NS_MACRO;
}

/* `mod x;`: the name of a file's module; `mod x { ... }`: a module right here. */
static void enter_mod(struct extract *x, TSNode node)
{
    struct attrs a = read_attrs(x, node);
    TSNode name = ex_child(x, node, F_NAME);
    uint32_t outer = x->scope, module;

    if (ts_node_is_null(name))
        return;
    if (ts_node_is_null(ex_child(x, node, F_BODY))) {
        uint32_t spelled =
            a.path.n > 0 ? module_path(x, a.path, "=") : module_path(x, ex_text(x, name), "");
        module = ex_term(x, TERM_MODULE, 0, spelled, 0);
        uint32_t b = ex_alias(x, x->scope, ex_sym(x, name), module, BIND_EXPORTED);
        ex_bind_at(x, b)->ns = NS_TYPE;
        rust_bound(x, x->scope, ex_sym(x, name));
    } else {
        uint32_t def = define(x, node, name, NODE_MODULE, NS_TYPE);
        x->user = def;
        (void)ex_scope(x, SCOPE_NAMESPACE);
        module = ex_term(x, TERM_HERE, 0, def, 0);
    }
    if (a.macro_use)
        see_macros(x, outer, module);
}

static void leave_mod(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    const struct kid *body = ex_kid(kids, n, F_BODY);
    if (body != NULL)
        finish_item(x, self, kids, n, body);
}

static void enter_constant(struct extract *x, TSNode node)
{
    TSNode name = ex_child(x, node, F_NAME);
    (void)read_attrs(x, node);
    if (!ts_node_is_null(name) && slice_eq(ex_text(x, name), SLICE("_")))
        name = (TSNode){0};
    (void)define(x, node, name, ex_is(x, node, S_STATIC) ? NODE_STATIC : NODE_CONSTANT, NS_VALUE);
}

static void leave_constant(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    const struct kid *type = ex_kid(kids, n, F_TYPE), *value = ex_kid(kids, n, F_VALUE);
    bool brief =
        value == NULL || ts_node_end_byte(value->node) - ts_node_start_byte(value->node) <= 60;
    uint32_t end = header_end(x, self->node, NULL);

    if (x->def == 0)
        return;
    finish_item(x, self, kids, n, NULL);
    if (!brief && type != NULL)
        end = ts_node_end_byte(type->node);
    ex_sig(x, x->def, ts_node_start_byte(self->node), end);
    struct def *d = ex_def_at(x, x->def);
    d->type = term_of(type);
    d->init = term_of(value);
    if (value == NULL && d->parent != 0 && x->defs.at[d->parent].kind == NODE_TRAIT)
        d->flags |= FLAG_ABSTRACT;
}

/* Type parameters of an alias need a scope, but nothing is a member of it. */
static void enter_alias(struct extract *x, TSNode node)
{
    (void)read_attrs(x, node);
    (void)define(x, node, ex_child(x, node, F_NAME), NODE_TYPE_ALIAS, NS_TYPE);
    (void)ex_scope(x, SCOPE_BLOCK);
}

static void leave_alias(struct extract *x, struct kid *self, const struct kid *kids, uint32_t n)
{
    finish_item(x, self, kids, n, NULL);
    ex_def_at(x, x->def)->type = term_of(ex_kid(kids, n, F_TYPE));
}

/* An associated type of a trait is, as far as the trait knows, what bounds it. */
static void leave_associated_type(struct extract *x, struct kid *self, const struct kid *kids,
                                  uint32_t n)
{
    const struct kid *bounds = ex_kid(kids, n, F_BOUNDS);
    finish_item(x, self, kids, n, NULL);
    if (x->def == 0)
        return;
    ex_role(x, bounds, REF_EXTENDS, REF_TYPE);
    ex_def_at(x, x->def)->type = term_of(bounds);
    ex_def_at(x, x->def)->flags |= FLAG_ABSTRACT;
}

static void enter_macro_definition(struct extract *x, TSNode node)
{
    struct attrs a = read_attrs(x, node);
    uint32_t def = define(x, node, ex_child(x, node, F_NAME), NODE_MACRO, NS_MACRO);
    if (a.macro_export)
        ex_def_at(x, def)->flags |= FLAG_EXPORTED;
    ex_sig(x, def, ts_node_start_byte(node), ts_node_end_byte(ex_child(x, node, F_NAME)));
}

/* ---- the file ---- */

/* Macros are seen in the modules below their own. */
static void begin_file(struct extract *x)
{
    struct slice head = slice_of(x->src, x->n_src < 4096 ? x->n_src : 4096);
    uint32_t parent = ex_term(x, TERM_PARENT, 0, ex_term(x, TERM_HERE, 0, 0, 0), 0);
    see_macros(x, 0, parent);
    for (size_t i = 0; i + 13 < head.n; i++) {
        if (head.p[i] == '#' && memcmp(head.p + i, "#![cfg(test)]", 13) == 0) {
            x->in_test = true;
            x->flags |= FACTS_TEST;
            x->defs.at[0].flags |= FLAG_TEST;
            break;
        }
    }
}

/* clang-format off */
static const struct ex_rule rules[] = {
    [S_NONE] = {.symbol = ""},
    [S_LINE_COMMENT] = {.symbol = "line_comment", .flags = EX_COMMENT},
    [S_BLOCK_COMMENT] = {.symbol = "block_comment", .flags = EX_COMMENT},
    [S_IDENTIFIER] = {.symbol = "identifier", .flags = EX_NAME},
    [S_TYPE_IDENTIFIER] = {.symbol = "type_identifier", .flags = EX_TYPE},
    [S_SELF] = {.symbol = "self", .flags = EX_NAME},
    [S_CRATE] = {.symbol = "crate", .leave = rust_leave_crate},
    [S_SUPER] = {.symbol = "super", .leave = rust_leave_super},
    [S_PRIMITIVE_TYPE] = {.symbol = "primitive_type", .leave = rust_leave_primitive},
    [S_STRING] = {.symbol = "string_literal", .flags = EX_LIT, .arg = "str"},
    [S_RAW_STRING] = {.symbol = "raw_string_literal", .flags = EX_LIT, .arg = "str"},
    [S_CHAR] = {.symbol = "char_literal", .flags = EX_LIT, .arg = "char"},
    [S_BOOLEAN] = {.symbol = "boolean_literal", .flags = EX_LIT, .arg = "bool"},
    [S_INTEGER] = {.symbol = "integer_literal", .flags = EX_LIT, .arg = "i32"},
    [S_FLOAT] = {.symbol = "float_literal", .flags = EX_LIT, .arg = "f64"},
    [S_METAVARIABLE] = {.symbol = "metavariable", .flags = EX_MARK},
    [S_VISIBILITY] = {.symbol = "visibility_modifier", .flags = EX_MARK},
    [S_FUNCTION_MODIFIERS] = {.symbol = "function_modifiers", .flags = EX_MARK},
    [S_ATTRIBUTE] = {.symbol = "attribute_item", .flags = EX_MARK | EX_BETWEEN},
    [S_SELF_PARAMETER] = {.symbol = "self_parameter", .flags = EX_MARK},
    [S_VARIADIC_PARAMETER] = {.symbol = "variadic_parameter", .flags = EX_MARK},

    [S_FUNCTION] = {.symbol = "function_item", .skip = F_NAME,
        .enter = enter_function, .leave = leave_function},
    [S_FUNCTION_SIGNATURE] = {.symbol = "function_signature_item", .skip = F_NAME,
        .enter = enter_function, .leave = leave_function},
    [S_STRUCT] = {.symbol = "struct_item", .skip = F_NAME,
        .enter = enter_struct, .leave = leave_struct},
    [S_UNION] = {.symbol = "union_item", .skip = F_NAME,
        .enter = enter_struct, .leave = leave_struct},
    [S_ENUM] = {.symbol = "enum_item", .skip = F_NAME,
        .enter = enter_struct, .leave = leave_struct},
    [S_VARIANT] = {.symbol = "enum_variant", .skip = F_NAME,
        .enter = enter_variant, .leave = leave_variant},
    [S_FIELD_DECLARATION] = {.symbol = "field_declaration", .skip = F_NAME, .leave = leave_field},
    [S_ORDERED_FIELDS] = {.symbol = "ordered_field_declaration_list",
        .leave = leave_ordered_fields},
    [S_TRAIT] = {.symbol = "trait_item", .skip = F_NAME,
        .enter = enter_trait, .leave = leave_trait},
    [S_IMPL] = {.symbol = "impl_item", .enter = enter_impl, .leave = leave_impl},
    [S_MOD] = {.symbol = "mod_item", .skip = F_NAME, .enter = enter_mod, .leave = leave_mod},
    [S_CONST] = {.symbol = "const_item", .skip = F_NAME,
        .enter = enter_constant, .leave = leave_constant},
    [S_STATIC] = {.symbol = "static_item", .skip = F_NAME,
        .enter = enter_constant, .leave = leave_constant},
    [S_TYPE_ITEM] = {.symbol = "type_item", .skip = F_NAME,
        .enter = enter_alias, .leave = leave_alias},
    [S_ASSOCIATED_TYPE] = {.symbol = "associated_type", .skip = F_NAME,
        .enter = enter_alias, .leave = leave_associated_type},
    [S_MACRO_DEFINITION] = {.symbol = "macro_definition", .skip = F_NAME,
        .enter = enter_macro_definition, .leave = rust_leave_nothing},
    [S_EXTERN_CRATE] = {.symbol = "extern_crate_declaration", .enter = rust_enter_extern_crate},
    [S_USE] = {.symbol = "use_declaration", .enter = rust_enter_use, .leave = rust_leave_use},
    [S_USE_AS] = {.symbol = "use_as_clause", .skip = F_PATH, .skip2 = F_ALIAS,
        .leave = rust_leave_use_as},
    [S_USE_LIST] = {.symbol = "use_list", .leave = rust_leave_use_list},
    [S_SCOPED_USE_LIST] = {.symbol = "scoped_use_list", .skip = F_PATH,
        .enter = rust_enter_use_scoped, .leave = rust_leave_nothing},
    [S_USE_WILDCARD] = {.symbol = "use_wildcard", .leave = rust_leave_use_wildcard},

    [S_PARAMETERS] = {.symbol = "parameters", .leave = rust_leave_parameters},
    [S_PARAMETER] = {.symbol = "parameter", .skip = F_PATTERN, .leave = rust_leave_parameter},
    [S_TYPE_PARAMETER] = {.symbol = "type_parameter", .skip = F_NAME,
        .leave = rust_leave_type_parameter},
    [S_CONST_PARAMETER] = {.symbol = "const_parameter", .skip = F_NAME,
        .leave = rust_leave_const_parameter},
    [S_WHERE_PREDICATE] = {.symbol = "where_predicate", .leave = rust_leave_where_predicate},
    [S_TRAIT_BOUNDS] = {.symbol = "trait_bounds", .leave = rust_leave_trait_bounds},
    [S_GENERIC_TYPE] = {.symbol = "generic_type", .leave = rust_leave_generic_type},
    [S_GENERIC_TURBOFISH] = {.symbol = "generic_type_with_turbofish",
        .leave = rust_leave_generic_type},
    [S_TYPE_ARGUMENTS] = {.symbol = "type_arguments", .leave = rust_leave_type_arguments},
    [S_SCOPED_IDENTIFIER] = {.symbol = "scoped_identifier", .skip = F_NAME,
        .leave = rust_leave_scoped_value},
    [S_SCOPED_TYPE_IDENTIFIER] = {.symbol = "scoped_type_identifier", .skip = F_NAME,
        .leave = rust_leave_scoped_type},
    [S_QUALIFIED_TYPE] = {.symbol = "qualified_type", .leave = rust_leave_qualified_type},
    [S_BRACKETED_TYPE] = {.symbol = "bracketed_type"},
    [S_REFERENCE_TYPE] = {.symbol = "reference_type"},
    [S_DYNAMIC_TYPE] = {.symbol = "dynamic_type"},
    [S_TUPLE_TYPE] = {.symbol = "tuple_type", .leave = rust_leave_tuple_type},
    [S_UNIT_TYPE] = {.symbol = "unit_type", .leave = rust_leave_tuple_type},
    [S_ARRAY_TYPE] = {.symbol = "array_type", .leave = rust_leave_array_type},
    [S_FUNCTION_TYPE] = {.symbol = "function_type", .flags = EX_BLOCK,
        .leave = rust_leave_function_type},
    [S_TYPE_BINDING] = {.symbol = "type_binding", .skip = F_NAME},
    [S_BOUNDED_TYPE] = {.symbol = "bounded_type", .leave = rust_leave_bounded_type},

    [S_BLOCK] = {.symbol = "block", .flags = EX_BLOCK, .leave = rust_leave_block},
    [S_ASYNC_BLOCK] = {.symbol = "async_block", .leave = rust_leave_async_block},
    [S_EXPRESSION_STATEMENT] = {.symbol = "expression_statement", .leave = rust_leave_statement},
    [S_LET] = {.symbol = "let_declaration", .skip = F_PATTERN, .leave = rust_leave_let},
    [S_LET_CONDITION] = {.symbol = "let_condition", .skip = F_PATTERN,
        .leave = rust_leave_let_condition},
    [S_IF] = {.symbol = "if_expression", .flags = EX_BLOCK, .leave = rust_leave_if},
    [S_ELSE] = {.symbol = "else_clause", .enter = rust_enter_else},
    [S_MATCH] = {.symbol = "match_expression", .leave = rust_leave_match},
    [S_MATCH_BLOCK] = {.symbol = "match_block",
        .enter = rust_enter_match_block, .leave = rust_leave_match_block},
    [S_MATCH_ARM] = {.symbol = "match_arm", .flags = EX_BLOCK, .leave = rust_leave_match_arm},
    [S_MATCH_PATTERN] = {.symbol = "match_pattern",
        .enter = rust_enter_match_pattern, .leave = rust_leave_match_pattern},
    [S_WHILE] = {.symbol = "while_expression", .flags = EX_BLOCK, .leave = rust_leave_nothing},
    [S_LOOP] = {.symbol = "loop_expression", .leave = rust_leave_nothing},
    [S_FOR] = {.symbol = "for_expression", .flags = EX_BLOCK, .skip = F_PATTERN,
        .leave = rust_leave_for},
    [S_CLOSURE] = {.symbol = "closure_expression", .flags = EX_BLOCK,
        .enter = rust_enter_closure, .leave = rust_leave_closure},
    [S_CLOSURE_PARAMETERS] = {.symbol = "closure_parameters",
        .leave = rust_leave_closure_parameters},
    [S_CALL] = {.symbol = "call_expression", .leave = rust_leave_call},
    [S_ARGUMENTS] = {.symbol = "arguments",
        .enter = rust_enter_arguments, .leave = rust_leave_arguments},
    [S_GENERIC_FUNCTION] = {.symbol = "generic_function", .leave = rust_leave_generic_function},
    [S_FIELD] = {.symbol = "field_expression", .skip = F_FIELD, .leave = rust_leave_field},
    [S_INDEX] = {.symbol = "index_expression", .leave = rust_leave_index},
    [S_RANGE] = {.symbol = "range_expression", .leave = rust_leave_range},
    [S_TRY] = {.symbol = "try_expression", .leave = rust_leave_try},
    [S_AWAIT] = {.symbol = "await_expression", .leave = rust_leave_await},
    [S_UNARY] = {.symbol = "unary_expression", .leave = rust_leave_unary},
    [S_BINARY] = {.symbol = "binary_expression", .leave = rust_leave_binary},
    [S_ASSIGNMENT] = {.symbol = "assignment_expression", .leave = rust_leave_assignment},
    [S_COMPOUND_ASSIGNMENT] = {.symbol = "compound_assignment_expr", .leave = rust_leave_nothing},
    [S_CAST] = {.symbol = "type_cast_expression", .leave = rust_leave_cast},
    [S_RETURN] = {.symbol = "return_expression", .leave = rust_leave_nothing},
    [S_BREAK] = {.symbol = "break_expression", .leave = rust_leave_nothing},
    [S_YIELD] = {.symbol = "yield_expression", .leave = rust_leave_nothing},
    [S_TUPLE] = {.symbol = "tuple_expression", .leave = rust_leave_tuple},
    [S_UNIT] = {.symbol = "unit_expression", .leave = rust_leave_tuple},
    [S_ARRAY] = {.symbol = "array_expression", .leave = rust_leave_array},
    [S_STRUCT_EXPRESSION] = {.symbol = "struct_expression", .leave = rust_leave_struct_expression},
    [S_FIELD_INITIALIZERS] = {.symbol = "field_initializer_list",
        .enter = rust_enter_field_initializers, .leave = rust_leave_nothing},
    [S_FIELD_INITIALIZER] = {.symbol = "field_initializer", .skip = F_FIELD,
        .leave = rust_leave_field_initializer},
    [S_SHORTHAND_INITIALIZER] = {.symbol = "shorthand_field_initializer",
        .leave = rust_leave_shorthand_initializer},

    [S_MACRO_INVOCATION] = {.symbol = "macro_invocation", .leave = rust_leave_macro},
    [S_TOKEN_TREE] = {.symbol = "token_tree",
        .enter = rust_enter_tokens, .leave = rust_leave_tokens},
    [S_TOKEN_REPETITION] = {.symbol = "token_repetition", .leave = rust_leave_tokens},

    [S_TUPLE_PATTERN] = {.symbol = "tuple_pattern", .flags = EX_MARK},
    [S_TUPLE_STRUCT_PATTERN] = {.symbol = "tuple_struct_pattern", .flags = EX_MARK},
    [S_STRUCT_PATTERN] = {.symbol = "struct_pattern", .flags = EX_MARK},
    [S_FIELD_PATTERN] = {.symbol = "field_pattern", .flags = EX_MARK},
    [S_SHORTHAND_FIELD] = {.symbol = "shorthand_field_identifier", .flags = EX_MARK},
    [S_REF_PATTERN] = {.symbol = "ref_pattern", .flags = EX_MARK},
    [S_REFERENCE_PATTERN] = {.symbol = "reference_pattern", .flags = EX_MARK},
    [S_MUT_PATTERN] = {.symbol = "mut_pattern", .flags = EX_MARK},
    [S_SLICE_PATTERN] = {.symbol = "slice_pattern", .flags = EX_MARK},
    [S_CAPTURED_PATTERN] = {.symbol = "captured_pattern", .flags = EX_MARK},
    [S_OR_PATTERN] = {.symbol = "or_pattern", .flags = EX_MARK},
    [S_GENERIC_PATTERN] = {.symbol = "generic_pattern", .flags = EX_MARK | EX_OPTIONAL},
    [S_RANGE_PATTERN] = {.symbol = "range_pattern", .flags = EX_MARK},
    [S_REMAINING_PATTERN] = {.symbol = "remaining_field_pattern", .flags = EX_MARK},

    [S_LABEL] = {.symbol = "label", .flags = EX_SKIP},
    [S_LIFETIME] = {.symbol = "lifetime", .flags = EX_SKIP},
    [S_LIFETIME_PARAMETER] = {.symbol = "lifetime_parameter", .flags = EX_SKIP},
    [S_FOR_LIFETIMES] = {.symbol = "for_lifetimes", .flags = EX_SKIP},
    [S_USE_BOUNDS] = {.symbol = "use_bounds", .flags = EX_SKIP | EX_OPTIONAL},
    [S_EXTERN_MODIFIER] = {.symbol = "extern_modifier", .flags = EX_SKIP},
    [S_MUTABLE] = {.symbol = "mutable_specifier", .flags = EX_SKIP},
    [S_INNER_ATTRIBUTE] = {.symbol = "inner_attribute_item", .flags = EX_SKIP},
    [S_TOKEN_PATTERN] = {.symbol = "token_tree_pattern", .flags = EX_SKIP},
    [S_REMOVED_BOUND] = {.symbol = "removed_trait_bound", .flags = EX_SKIP},
    [S_FIELD_IDENTIFIER] = {.symbol = "field_identifier", .flags = EX_SKIP},
    [S_COUNT] = {.symbol = NULL},
};

static const char *const fields[] = {
    [F_NONE] = "", [F_NAME] = "name", [F_BODY] = "body", [F_TYPE] = "type",
    [F_TYPE_PARAMETERS] = "type_parameters", [F_PARAMETERS] = "parameters",
    [F_RETURN_TYPE] = "return_type", [F_TRAIT] = "trait", [F_BOUNDS] = "bounds",
    [F_PATTERN] = "pattern", [F_VALUE] = "value", [F_PATH] = "path", [F_FUNCTION] = "function",
    [F_ARGUMENTS] = "arguments", [F_FIELD] = "field", [F_TYPE_ARGUMENTS] = "type_arguments",
    [F_CONDITION] = "condition", [F_CONSEQUENCE] = "consequence", [F_ALTERNATIVE] = "alternative",
    [F_MACRO] = "macro", [F_LEFT] = "left", [F_RIGHT] = "right",
    [F_DEFAULT_TYPE] = "default_type", [F_ALIAS] = "alias", [F_ELEMENT] = "element",
    [F_LENGTH] = "length", [F_ARGUMENT] = "argument", [F_LIST] = "list",
    [F_LIST + 1] = NULL,
};
/* clang-format on */

static const char *const suffixes[] = {".rs", NULL};
static const char *const iterators[] = {"into_iter", "next", NULL};

const struct lang lang_rust = {
    .name = "rust",
    .title = "Rust",
    .separator = "::",
    .module_separator = "::",
    .line_comment = "//",
    .suffixes = suffixes,
    .flags = LANG_IMPLS | LANG_PACKAGE_NAMES | LANG_CLOSED_NAMESPACES,
    .iterators = iterators,
    .deref_member = "Target",
    .grammar = tree_sitter_rust,
    .rules = rules,
    .fields = fields,
    .mask = rust_mask,
    .begin_file = begin_file,
    .end_file = rust_end_file,
    .module_name = rust_module_name,
    .find_module = rust_find_module,
    .is_test_path = rust_is_test_path,
    .members = rust_members,
    .transparent = rust_transparent,
    .common_members = rust_common_members,
};
