#include "graph/texts.h"

#include "graph/live_internal.h"

#include <string.h>

static const struct slice separators[TEXTS_SEPARATORS] = {{"", 0}, {".", 1}, {"::", 2}};

_Static_assert(TEXTS_JOINED + TEXTS_SEPARATORS <= TEXTS_QUALIFIED_MASK + 1, "they fit in the form");

static bool has_own(uint8_t form)
{
    return (form & TEXTS_QUALIFIED_MASK) < TEXTS_JOINED;
}

static const char *signature_of(const struct live_node *r)
{
    const char *texts = live_texts(r);
    return has_own(r->form) ? texts + strlen(texts) + 1 : texts;
}

/* ---- writing ---- */

/* What lies between the qualified name of the parent and the bare name. */
static uint8_t form_of(const char *rest, const char *name)
{
    for (uint8_t i = 0; i < TEXTS_SEPARATORS; i++) {
        if (strncmp(rest, separators[i].p, separators[i].n) == 0 &&
            strcmp(rest + separators[i].n, name) == 0)
            return (uint8_t)(TEXTS_JOINED + i);
    }
    return TEXTS_BEHIND;
}

static void cut_qualified(const struct unit_node *n, const char *parent, struct texts *t)
{
    size_t shared = parent != NULL ? strlen(parent) : 0;
    t->own = n->qualified;
    t->form = TEXTS_WHOLE;
    if (parent != NULL && strncmp(n->qualified, parent, shared) == 0) {
        t->own += shared;
        t->form = form_of(t->own, n->name);
    }
    t->n_own = has_own(t->form) ? strlen(t->own) + 1 : 0;
}

/* The mark takes a byte, and must not be mistaken. */
static void cut_signature(const struct unit_node *n, struct texts *t)
{
    size_t length = strlen(n->name);
    const char *at = length > 1 ? strstr(n->signature, n->name) : NULL;
    t->signature = n->signature;
    t->n_signature = strlen(n->signature) + 1;
    t->n_before = t->n_name = 0;
    if (at == NULL || memchr(n->signature, TEXTS_NAME, t->n_signature) != NULL)
        return;
    t->n_before = (size_t)(at - n->signature);
    t->n_name = length;
    t->form |= TEXTS_NAMED;
}

void texts_of(const struct unit_node *n, const char *parent, struct texts *ret)
{
    cut_qualified(n, parent, ret);
    cut_signature(n, ret);
}

size_t texts_bytes(const struct texts *t)
{
    return t->n_own + t->n_signature - (t->form & TEXTS_NAMED ? t->n_name - 1 : 0);
}

void texts_put(const struct texts *t, char *to)
{
    size_t behind = t->n_before + t->n_name;
    memcpy(to, t->own, t->n_own);
    to += t->n_own;
    memcpy(to, t->signature, t->n_before);
    to += t->n_before;
    if (t->form & TEXTS_NAMED)
        *to++ = TEXTS_NAME;
    memcpy(to, t->signature + behind, t->n_signature - behind);
}

/* ---- comparing ---- */

static bool same_qualified(const struct unit_node *n, const char *parent, const struct live_node *r)
{
    unsigned form = r->form & TEXTS_QUALIFIED_MASK;
    size_t shared = parent != NULL ? strlen(parent) : 0;
    bool behind = parent != NULL && strncmp(n->qualified, parent, shared) == 0;
    const char *rest = n->qualified + (behind ? shared : 0);
    if (behind != (form != TEXTS_WHOLE))
        return false;
    if (form < TEXTS_JOINED)
        return (!behind || form_of(rest, n->name) == form) && strcmp(live_texts(r), rest) == 0;
    const struct slice between = separators[form - TEXTS_JOINED];
    return strncmp(rest, between.p, between.n) == 0 && strcmp(rest + between.n, n->name) == 0;
}

static bool same_signature(const struct unit_node *n, const struct live_node *r)
{
    const char *have = signature_of(r), *want = n->signature;
    const char *mark = r->form & TEXTS_NAMED ? strchr(have, TEXTS_NAME) : NULL;
    if (mark != NULL) {
        size_t before = (size_t)(mark - have), length = strlen(n->name);
        if (strncmp(have, want, before) != 0 || strncmp(want + before, n->name, length) != 0)
            return false;
        want += before + length;
        have = mark + 1;
    }
    return strcmp(have, want) == 0;
}

/* A signature and a name have one form, so whether the record has it need not be asked. */
bool texts_same(const struct unit_node *n, const char *parent, const struct live_node *r)
{
    return same_qualified(n, parent, r) && same_signature(n, r);
}

/* ---- reading ---- */

unsigned texts_count(uint8_t form)
{
    return has_own(form) ? 2 : 1;
}

size_t texts_size(const struct live_node *r)
{
    const char *signature = signature_of(r);
    return (size_t)(signature - live_texts(r)) + strlen(signature) + 1;
}

bool texts_form_is_sound(uint8_t form, bool root)
{
    unsigned qualified = form & TEXTS_QUALIFIED_MASK;
    return (form & ~(TEXTS_FORM_MASK | LIVE_WIDE)) == 0 &&
           (root ? qualified == TEXTS_WHOLE : qualified < TEXTS_JOINED + TEXTS_SEPARATORS);
}

static const struct live_node *record(const struct live *g, uint32_t generation, uint32_t id)
{
    uint32_t ref = atomic_load_explicit(&g->node.at[id], memory_order_acquire);
    return (const struct live_node *)block_seen(&g->space, ref, generation);
}

/* What the record adds to the qualified name of the parent: two pieces. */
static void pieces_of(const struct live *g, const struct live_node *r, struct slice ret[2])
{
    unsigned form = r->form & TEXTS_QUALIFIED_MASK;
    ret[0] = separators[0];
    if (form >= TEXTS_JOINED)
        ret[0] = separators[form - TEXTS_JOINED];
    ret[1] = slice_from(form >= TEXTS_JOINED ? live_text(g, r->name) : live_texts(r));
}

static bool is_whole(const struct live_node *r)
{
    return (r->form & TEXTS_QUALIFIED_MASK) == TEXTS_WHOLE;
}

void texts_add_qualified(const struct live *g, uint32_t generation, uint32_t id, struct buf *to)
{
    struct slice s[2];
    size_t n = 0;
    for (const struct live_node *r = record(g, generation, id);;
         r = record(g, generation, r->parent)) {
        pieces_of(g, r, s);
        n += s[0].n + s[1].n;
        if (is_whole(r))
            break;
    }
    if (!buf_reserve(to, n))
        return;
    to->n += n;
    char *end = to->p + to->n; /* from the last piece to the first */
    for (const struct live_node *r = record(g, generation, id);;
         r = record(g, generation, r->parent)) {
        pieces_of(g, r, s);
        for (unsigned i = 2; i-- > 0;) {
            end -= s[i].n;
            memcpy(end, s[i].p, s[i].n);
        }
        if (is_whole(r))
            break;
    }
}

void texts_add_signature(const struct live *g, const struct live_node *r, struct buf *to)
{
    const char *text = signature_of(r);
    const char *at = r->form & TEXTS_NAMED ? strchr(text, TEXTS_NAME) : NULL;
    if (at != NULL) {
        buf_add(to, text, (size_t)(at - text));
        buf_str(to, live_text(g, r->name));
        text = at + 1;
    }
    buf_str(to, text);
}
