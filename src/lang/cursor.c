#include "lang/cursor.h"

#include "base/mem.h"
#include "base/vec.h"

/* Of tree-sitter's library itself. */
#include <language.h>
#include <subtree.h>
#include <tree.h>

/* The children of a node, or of a part of one that has no place in the syntax (a hidden node). */
struct level {
    const Subtree *children;
    uint32_t n, next;
    uint32_t structural; /* place of the next one among those that the grammar's rule names */
    Length at;           /* where it begins */
    const TSSymbol *aliases;
    const TSFieldMapEntry *fields, *fields_end;
    TSFieldId outer; /* hidden: the field that the whole of it has in its parent */
    bool hidden;
};

struct cursor {
    const TSTree *tree;
    VEC(struct level) levels;
    bool failed;
};

struct cursor *cursor_new(void)
{
    return mem_calloc(1, sizeof(struct cursor));
}

void cursor_free(struct cursor *c)
{
    if (c == NULL)
        return;
    vec_release(&c->levels);
    mem_free(c);
}

bool cursor_failed(const struct cursor *c)
{
    return c->failed;
}

static TSSymbol public_symbol(const TSLanguage *language, TSSymbol symbol)
{
    return symbol < ts_builtin_sym_error_repeat ? language->public_symbol_map[symbol] : symbol;
}

static void give(const struct cursor *c, const Subtree *node, Length at, TSSymbol alias,
                 TSFieldId field, struct cursor_at *ret)
{
    const TSLanguage *language = c->tree->language;
    TSSymbol symbol = alias != 0 ? alias : ts_subtree_symbol(*node);
    ret->node = (TSNode){{at.bytes, at.extent.row, at.extent.column, alias}, node, c->tree};
    ret->symbol = public_symbol(language, symbol);
    ret->field = field;
    ret->named =
        alias != 0 ? ts_language_symbol_metadata(language, alias).named : ts_subtree_named(*node);
}

void cursor_start(struct cursor *c, const TSTree *tree, struct cursor_at *ret)
{
    c->tree = tree;
    c->failed = false;
    vec_clear(&c->levels);
    give(c, &tree->root, ts_subtree_padding(tree->root), 0, 0, ret);
}

/* The children lie all over the heap, and each is read soon. */
static void fetch_ahead(const struct level *l)
{
    for (uint32_t i = 0; i < l->n; i++) {
        if (!l->children[i].data.is_inline) {
            __builtin_prefetch((const char *)l->children[i].ptr - 16);
            __builtin_prefetch((const char *)l->children[i].ptr + 48);
        }
    }
}

static bool push_level(struct cursor *c, Subtree parent, Length at, bool hidden, TSFieldId outer)
{
    const TSLanguage *language = c->tree->language;
    uint32_t production = ts_subtree_production_id(parent);
    struct level *l = vec_grow(&c->levels, 1);
    c->failed |= l == NULL;
    if (l == NULL)
        return false;
    l->children = ts_subtree_children(parent);
    l->n = ts_subtree_child_count(parent);
    l->next = l->structural = 0;
    l->at = at;
    l->aliases = ts_language_alias_sequence(language, production);
    l->outer = outer;
    l->hidden = hidden;
    ts_language_field_map(language, production, &l->fields, &l->fields_end);
    fetch_ahead(l);
    return true;
}

static TSFieldId field_of(const struct level *l)
{
    for (const TSFieldMapEntry *f = l->fields; f < l->fields_end; f++) {
        if (!f->inherited && f->child_index == l->structural)
            return f->field_id;
    }
    return l->outer;
}

static void step_over(struct level *l, Subtree child)
{
    l->structural += !ts_subtree_extra(child);
    l->next++;
    if (l->next < l->n) {
        l->at = length_add(l->at, ts_subtree_size(child));
        l->at = length_add(l->at, ts_subtree_padding(l->children[l->next]));
    }
}

/* Most hidden nodes are a name of the grammar for the one that they hold, without a word about it. */
static const Subtree *look_through(const Subtree *node)
{
    while (ts_subtree_child_count(*node) == 1 && node->ptr->production_id == 0 &&
           !ts_subtree_visible(*node))
        node = ts_subtree_children(*node);
    return node;
}

/* Takes the next child of a level: gives it to `ret` if it is to be seen, or goes into it if something
 * in it is. */
static bool take_child(struct cursor *c, struct cursor_at *ret)
{
    struct level *l = &vec_last(&c->levels);
    const Subtree *child = &l->children[l->next];
    const Length at = l->at;
    bool extra = ts_subtree_extra(*child);
    TSSymbol alias = !extra && l->aliases != NULL ? l->aliases[l->structural] : 0;
    TSFieldId field = extra ? 0 : field_of(l);
    step_over(l, *child);
    if (alias == 0) {
        child = look_through(child);
        field = ts_subtree_extra(*child) ? 0 : field;
    }
    if (alias != 0 || ts_subtree_visible(*child)) {
        give(c, child, at, alias, field, ret);
        return true;
    }
    if (ts_subtree_visible_child_count(*child) > 0)
        (void)push_level(c, *child, at, true, field);
    return false;
}

bool cursor_next(struct cursor *c, struct cursor_at *ret)
{
    while (c->levels.len > 0 && !c->failed) {
        const struct level *l = &vec_last(&c->levels);
        if (l->next < l->n) {
            if (take_child(c, ret))
                return true;
        } else if (l->hidden) {
            (void)vec_pop(&c->levels);
        } else {
            return false;
        }
    }
    return false;
}

bool cursor_down(struct cursor *c, struct cursor_at *at)
{
    Subtree node = *(const Subtree *)at->node.id;
    Length from = {at->node.context[0], {at->node.context[1], at->node.context[2]}};
    if (ts_subtree_visible_child_count(node) == 0 || !push_level(c, node, from, false, 0))
        return false;
    if (cursor_next(c, at))
        return true;
    cursor_up(c);
    return false;
}

void cursor_up(struct cursor *c)
{
    while (c->levels.len > 0 && vec_pop(&c->levels).hidden)
        ;
}
