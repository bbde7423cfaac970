#include "lang/extract.h"

#include "base/mem.h"
#include "lang/walk.h"

#include <string.h>

#define MAX_DEPTH 20000u
#define MAX_NODES 64000000u

struct extract *extract_new(void)
{
    struct extract *x = mem_calloc(1, sizeof(*x));
    if (x == NULL)
        return NULL;
    x->walk = mem_calloc(1, sizeof(*x->walk));
    if (x->walk == NULL) {
        mem_free(x);
        return NULL;
    }
    x->walk->parser_lang = LANG_NONE;
    x->walk->cursor = cursor_new();
    if (x->walk->cursor == NULL) {
        extract_free(x);
        return NULL;
    }
    return x;
}

void extract_free(struct extract *x)
{
    if (x == NULL)
        return;
    struct ex_walk *w = x->walk;
    cursor_free(w->cursor);
    if (w->parser != NULL)
        ts_parser_delete(w->parser);
    vec_release(&w->frames);
    vec_release(&w->kids);
    map_release(&w->binds);
    buf_release(&w->text);
    buf_release(&w->masked);
    mem_free(w);
    vec_release(&x->defs);
    vec_release(&x->scopes);
    vec_release(&x->binds);
    vec_release(&x->terms);
    vec_release(&x->term_pos);
    vec_release(&x->refs);
    vec_release(&x->stars);
    vec_release(&x->notes);
    intern_release(&x->syms);
    mem_free(x);
}

/* Empties the builder and makes the blank entries that index 0 stands for. */
static void start_file(struct extract *x, unsigned lang, const char *path, const char *src,
                       uint32_t n)
{
    struct ex_walk *w = x->walk;

    vec_clear(&x->defs);
    vec_clear(&x->scopes);
    vec_clear(&x->binds);
    vec_clear(&x->terms);
    vec_clear(&x->term_pos);
    vec_clear(&x->refs);
    vec_clear(&x->stars);
    vec_clear(&x->notes);
    intern_clear(&x->syms);
    vec_clear(&w->frames);
    vec_clear(&w->kids);
    map_clear(&w->binds);
    w->doc = (struct ex_doc){0};

    x->lang = lang_registry[lang];
    x->path = path;
    x->src = src;
    x->n_src = n;
    x->def = x->scope = x->self = x->user = x->user2 = 0;
    x->path_marks = (uint8_t)lang_path_marks(lang, path);
    x->in_test = (x->path_marks & PATH_TEST) != 0;
    x->conditional = x->skip_children = x->failed = false;
    x->flags = x->in_test ? FACTS_TEST : 0;

    struct def file = {.kind = NODE_FILE, .line = 1, .end = n};
    file.flags = x->in_test ? FLAG_TEST : 0;
    struct scope top = {.kind = SCOPE_FILE};
    bool ok = vec_push(&x->defs, file) && vec_push(&x->scopes, top) &&
              vec_push(&x->binds, (struct bind){0}) && vec_push(&x->terms, (struct term){0}) &&
              vec_push(&x->term_pos, 0) && vec_push(&x->refs, (struct ref){0}) &&
              vec_push(&x->stars, (struct ex_star){0});
    if (!ok)
        x->failed = true;
}

/* ---- the walk ---- */

/* Is there code before the comment on its line? Then it is no doc of what follows. */
static bool trails(const struct extract *x, TSNode comment)
{
    uint32_t at = ts_node_start_byte(comment);
    while (at > 0 && (x->src[at - 1] == ' ' || x->src[at - 1] == '\t'))
        at--;
    return at > 0 && x->src[at - 1] != '\n';
}

/* A comment behind a field, a value or the like, on its last line, is its doc if it has no
 * other. */
static void trailing_doc(struct extract *x, TSNode comment)
{
    struct def *d = &vec_last(&x->defs);
    bool small = d->kind == NODE_FIELD || d->kind == NODE_VARIANT || d->kind == NODE_CONSTANT ||
                 d->kind == NODE_STATIC || d->kind == NODE_VARIABLE;
    if (small && d->doc_start == d->doc_end && d->end <= ts_node_start_byte(comment) &&
        d->end_line == ts_node_start_point(comment).row + 1) {
        d->doc_start = ts_node_start_byte(comment);
        d->doc_end = ts_node_end_byte(comment);
    }
}

static void note_comment(struct extract *x, TSNode node)
{
    struct ex_walk *w = x->walk;
    uint32_t row = ts_node_start_point(node).row;
    uint32_t start = ts_node_start_byte(node);

    if (trails(x, node)) {
        trailing_doc(x, node);
        return;
    }
    if (w->doc.end == 0 || row > w->doc.end_row + 1)
        w->doc.start = start;
    w->doc.end = ts_node_end_byte(node);
    TSPoint end = ts_node_end_point(node);
    w->doc.end_row = end.column == 0 && end.row > row ? end.row - 1 : end.row;
}

static uint16_t rule_of(const struct ex_table *t, TSSymbol symbol)
{
    return symbol < t->n_symbols ? t->rule_of[symbol] : 0;
}

static void leaf_value(struct extract *x, const struct ex_rule *rule, struct kid *k)
{
    if (rule->flags & EX_LIT) {
        k->term = ex_lit(x, rule->arg);
        return;
    }
    if (rule->flags & EX_MARK)
        return;
    k->name = ex_sym(x, k->node);
    if (rule->flags & EX_NAME)
        ex_use(x, k, x->lang->name_ns != 0 ? x->lang->name_ns : NS_VALUE, REF_USE);
    else if (rule->flags & EX_TYPE)
        ex_use(x, k, x->lang->type_ns != 0 ? x->lang->type_ns : NS_TYPE, REF_TYPE);
}

static void push_kid(struct extract *x, struct kid *k)
{
    k->refs_end = x->refs.len;
    if (!vec_push(&x->walk->kids, *k))
        x->failed = true;
}

/* Values of nodes without a handler: that of the only child that has one. */
static void pass_on(struct kid *self, const struct kid *kids, uint32_t n)
{
    const struct kid *only = NULL;
    for (uint32_t i = 0; i < n; i++) {
        if (kids[i].term == 0 && kids[i].name == 0)
            continue;
        if (only != NULL)
            return;
        only = &kids[i];
    }
    if (only == NULL)
        return;
    self->name = only->name;
    self->term = only->term;
    self->ref = only->ref;
}

static void leave_node(struct extract *x)
{
    struct ex_walk *w = x->walk;
    struct ex_frame f = vec_pop(&w->frames);
    uint32_t n = w->kids.len - f.kids;

    f.self.refs_end = x->refs.len;
    if (f.rule != NULL && f.rule->leave != NULL)
        f.rule->leave(x, &f.self, w->kids.at + f.kids, n);
    else
        pass_on(&f.self, w->kids.at + f.kids, n);
    x->def = f.def;
    x->scope = f.scope;
    x->self = f.self_def;
    x->user = f.user;
    x->user2 = f.user2;
    x->in_test = f.in_test;
    x->conditional = f.conditional;
    vec_truncate(&w->kids, f.kids);
    push_kid(x, &f.self);
}

/* Opens the node; false when its children are not to be visited (and it is closed already). */
static bool enter_node(struct extract *x, TSNode node, uint16_t rule_index, uint16_t field)
{
    struct ex_walk *w = x->walk;
    const struct ex_rule *rule = rule_index != 0 ? &x->lang->rules[rule_index] : NULL;
    struct ex_frame f = {
        .self = {.node = node, .sym = rule_index, .field = field, .refs = x->refs.len},
        .rule = rule,
        .kids = w->kids.len,
        .def = x->def,
        .scope = x->scope,
        .self_def = x->self,
        .user = x->user,
        .user2 = x->user2,
        .in_test = x->in_test,
        .conditional = x->conditional,
    };
    if (!vec_push(&w->frames, f)) {
        x->failed = true;
        return false;
    }
    x->skip_children = false;
    if (rule != NULL) {
        if (rule->flags & EX_BLOCK)
            (void)ex_scope(x, SCOPE_BLOCK);
        if (rule->enter != NULL)
            rule->enter(x, node);
    }
    if (x->skip_children || w->frames.len > MAX_DEPTH) {
        if (!x->skip_children)
            x->flags |= FACTS_TRUNCATED;
        leave_node(x);
        return false;
    }
    return true;
}

/* Deals with the node; true when its children come next. */
static bool visit(struct extract *x, const struct cursor_at *at)
{
    struct ex_walk *w = x->walk;
    TSNode node = at->node;
    uint16_t rule_index = rule_of(w->table, at->symbol);

    if (rule_index == 0 && !at->named)
        return false;
    uint16_t field = at->field < w->table->n_fields ? w->table->field_of[at->field] : 0;
    const struct ex_rule *parent = w->frames.len > 0 ? vec_last(&w->frames).rule : NULL;
    if (field != 0 && parent != NULL && (parent->skip == field || parent->skip2 == field))
        return false;
    if (rule_index == 0)
        return enter_node(x, node, 0, field);

    const struct ex_rule *rule = &x->lang->rules[rule_index];
    if (rule->flags & EX_COMMENT) {
        note_comment(x, node);
        return false;
    }
    if (rule->flags & EX_SKIP)
        return false;
    if ((rule->flags & EX_BETWEEN) && w->doc.end != 0 &&
        ts_node_start_point(node).row <= w->doc.end_row + 1)
        w->doc.end_row = ts_node_end_point(node).row;
    if (rule->flags & (EX_NAME | EX_TYPE | EX_WORD | EX_LIT | EX_MARK)) {
        struct kid k = {.node = node, .sym = rule_index, .field = field, .refs = x->refs.len};
        leaf_value(x, rule, &k);
        push_kid(x, &k);
        return false;
    }
    return enter_node(x, node, rule_index, field);
}

static void walk_tree(struct extract *x, TSTree *tree)
{
    struct ex_walk *w = x->walk;
    struct cursor_at at;

    if (!vec_reserve(&w->kids, 64)) { /* rules are given a place in it, even of no kids */
        x->failed = true;
        return;
    }
    if (x->lang->begin_file != NULL)
        x->lang->begin_file(x);
    uint32_t nodes = 0;
    uint32_t open = 0; /* nodes between the root and the cursor that were entered */
    cursor_start(w->cursor, tree, &at);
    for (;;) {
        if (x->failed)
            return;
        if (++nodes > MAX_NODES) {
            x->flags |= FACTS_TRUNCATED;
            break;
        }
        if (visit(x, &at)) {
            if (cursor_down(w->cursor, &at)) {
                open++;
                continue;
            }
            leave_node(x);
        }
        while (!x->failed && !cursor_next(w->cursor, &at)) {
            if (open == 0)
                goto done;
            cursor_up(w->cursor);
            open--;
            leave_node(x);
        }
    }
done:
    x->failed |= cursor_failed(w->cursor);
    while (w->frames.len > 0)
        leave_node(x);
    if (x->lang->end_file != NULL)
        x->lang->end_file(x);
}

/* ---- */

static uint32_t count_lines(const char *src, size_t n)
{
    uint32_t lines = 0;
    const char *p = src, *end = src + n;
    while (p < end && (p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
        lines++;
        p++;
    }
    return n > 0 && end[-1] != '\n' ? lines + 1 : lines;
}

static uint32_t first_error_line(TSTree *tree)
{
    TSNode root = ts_tree_root_node(tree);
    if (!ts_node_has_error(root))
        return 0;
    TSTreeCursor c = ts_tree_cursor_new(root);
    uint32_t line = 1;
    for (bool more = true; more;) {
        TSNode n = ts_tree_cursor_current_node(&c);
        if (ts_node_is_error(n) || ts_node_is_missing(n)) {
            line = ts_node_start_point(n).row + 1;
            break;
        }
        more = ts_node_has_error(n) ? ts_tree_cursor_goto_first_child(&c)
                                    : ts_tree_cursor_goto_next_sibling(&c);
    }
    ts_tree_cursor_delete(&c);
    return line;
}

static int walk_source(struct extract *x, unsigned lang, uint32_t *ret_error_line, struct err *err)
{
    x->walk->table = ex_table_of(lang);
    if (x->walk->table->error != 0)
        return err_set(err, x->walk->table->error, "%s", x->walk->table->message);
    memcpy(x->fields, x->walk->table->fields, sizeof(x->fields));
    struct buf *masked = &x->walk->masked;
    buf_reset(masked);
    bool mask = x->lang->mask != NULL && x->lang->mask(x, masked);
    if (masked->failed)
        return err_set(err, PT_ENOMEM, "out of memory to parse %s", x->path);
    const char *text = mask ? masked->p : x->src;
    TSTree *tree = NULL;
    int rc = ex_parse(x, lang, text, x->n_src, &tree, err);
    if (rc != PT_OK)
        return rc;
    if (tree == NULL) {
        x->flags |= FACTS_TRUNCATED;
        return PT_OK;
    }
    *ret_error_line = first_error_line(tree);
    if (*ret_error_line != 0)
        x->flags |= FACTS_ERRORS;
    walk_tree(x, tree);
    ex_keep_tree(x, lang, text, x->n_src, tree);
    return PT_OK;
}

void extract_with(struct extract *x, struct trees *trees)
{
    x->trees = trees;
}

int extract_file(struct extract *x, unsigned lang, const char *path, const char *src, size_t n,
                 struct facts **ret_facts, struct err *err)
{
    if (n > UINT32_MAX / 4)
        return err_set(err, PT_ELIMIT, "%s: too large to parse", path);
    uint64_t failures = mem_failures();
    start_file(x, lang, path, src, (uint32_t)n);
    uint32_t error_line = 0;
    int rc = PT_OK;
    if (!x->failed && x->lang->grammar != NULL)
        rc = walk_source(x, lang, &error_line, err);
    else if (!x->failed && x->lang->extract != NULL)
        rc = x->lang->extract(x, src, (uint32_t)n);
    if (rc != PT_OK)
        return rc;
    struct facts *f = NULL;
    rc = ex_seal(x, &f, err);
    if (rc != PT_OK)
        return rc;
    if (mem_failures() != failures) { /* a name that found no room is a wrong one */
        facts_free(f);
        return err_set(err, PT_ENOMEM, "out of memory for %s", path);
    }
    f->lang = (uint8_t)lang;
    f->flags = x->flags;
    f->bytes = (uint32_t)n;
    f->lines = count_lines(src, n);
    f->error_line = error_line;
    f->content = hash128(src, n);
    *ret_facts = f;
    return PT_OK;
}
