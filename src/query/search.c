#include "query/search.h"

#include "base/sort.h"
#include "query/fold.h"
#include "query/owner.h"
#include "query/parts.h"

#include <string.h>

/* ---- distance ---- */

#define BAND (2 * NAME_DISTANCE_MAX + 3)

unsigned name_distance(const char *a, const char *b, unsigned max)
{
    size_t na, nb;
    unsigned rows[3][BAND];
    unsigned *two = rows[0], *one = rows[1], *now = rows[2];

    while (*a != '\0' && *a == *b) {
        a++;
        b++;
    }
    na = strlen(a);
    nb = strlen(b);
    while (na > 0 && nb > 0 && a[na - 1] == b[nb - 1]) {
        na--;
        nb--;
    }
    max = max < NAME_DISTANCE_MAX ? max : NAME_DISTANCE_MAX;
    if ((na > nb ? na - nb : nb - na) > max)
        return max + 1;

    /* Column k of row i stands for j = i + k - max - 1; the outermost two are never in the band. */
    unsigned far = max + 1, width = 2 * max + 3, least_before = 0;
    for (unsigned k = 0; k < width; k++)
        two[k] = one[k] = now[k] = far;
    for (unsigned k = max + 1; k < width - 1; k++)
        now[k] = k - max - 1;
    for (size_t i = 1; i <= na; i++) {
        unsigned *spare = two, least = far;
        two = one;
        one = now;
        now = spare;
        for (unsigned k = 1; k < width - 1; k++) {
            now[k] = far;
            if (i + k < max + 1 || i + k - max - 1 > nb)
                continue;
            size_t j = i + k - max - 1;
            unsigned best = one[k + 1] + 1; /* deletion */
            if (j > 0) {
                unsigned change = one[k] + (a[i - 1] != b[j - 1]);
                best = now[k - 1] + 1 < best ? now[k - 1] + 1 : best;
                best = change < best ? change : best;
            }
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && two[k] + 1 < best)
                best = two[k] + 1;
            now[k] = best < far ? best : far;
            least = now[k] < least ? now[k] : least;
        }
        if (least == far && least_before == far) /* a swap looks two rows back */
            return far;
        least_before = least;
    }
    size_t last = nb + max + 1 - na;
    return now[last] < far ? now[last] : far;
}

/* ---- one name ---- */

#define WORDS_MAX 8u

enum { RANK_EXACT, RANK_EXACT_FOLDED, RANK_PREFIX, RANK_WORD, RANK_INSIDE, RANK_FUZZY, RANK_NONE };

struct search {
    const struct view *v;
    struct slice text;
    struct folded folded; /* text */
    struct parts parts;   /* of the text */
    struct slice tail;    /* its last part, if there are several */
    struct folded folded_tail;
    struct folded copy; /* of the text, cut into words if it has several */
    const char *words[WORDS_MAX];
    unsigned n_words;
    unsigned max_edits;
    uint32_t kinds, limit;
    struct buf qualified; /* owned; scratch */
};

struct match {
    unsigned rank, edits;
    bool member; /* only where the parts before match too */
    bool around; /* only where the qualified name has all the words */
    bool same_case;
};

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (fold_char(c) >= 'a' && fold_char(c) <= 'z') ||
           (unsigned char)c >= 0x80;
}

static bool begins_word(const char *name, size_t i)
{
    return i == 0 || (is_alnum(name[i]) && !is_alnum(name[i - 1])) ||
           (is_upper(name[i]) && !is_upper(name[i - 1]));
}

/* RANK_WORD if some occurrence of the text begins a word of the name. */
static unsigned rank_inside(const char *text, const char *name, const struct folded *f)
{
    unsigned rank = RANK_NONE;

    for (const char *at = strstr(f->at, text); at != NULL && rank != RANK_WORD;
         at = strstr(at + 1, text))
        rank = begins_word(name, (size_t)(at - f->at)) ? RANK_WORD : RANK_INSIDE;
    return rank;
}

/* Of a text of several words: as the one that is found worst; in any order. */
static unsigned rank_words(const struct search *s, const char *name, const struct folded *f)
{
    unsigned rank = s->n_words > 0 ? RANK_WORD : RANK_NONE;

    for (unsigned i = 0; i < s->n_words && rank != RANK_NONE; i++) {
        unsigned one = rank_inside(s->words[i], name, f);
        rank = one > rank ? one : rank;
    }
    return rank;
}

static bool has_prefix(const struct folded *name, const struct folded *prefix)
{
    return name->n >= prefix->n && memcmp(name->at, prefix->at, prefix->n) == 0;
}

static unsigned rank_of(const struct search *s, const char *name, const struct folded *f)
{
    if ((s->folded.letters & ~f->letters) != 0 || f->n < s->folded.n)
        return RANK_NONE;
    if (has_prefix(f, &s->folded)) {
        if (f->n > s->folded.n || name[f->n] != '\0')
            return RANK_PREFIX;
        return memcmp(name, s->text.p, f->n) == 0 ? RANK_EXACT : RANK_EXACT_FOLDED;
    }
    return rank_inside(s->folded.at, name, f);
}

static bool has_word(const struct search *s, const struct folded *f)
{
    bool found = false;

    for (unsigned i = 0; i < s->n_words && !found; i++)
        found = strstr(f->at, s->words[i]) != NULL;
    return found;
}

static unsigned rank_member(const struct search *s, const char *name, const struct folded *f)
{
    if (s->tail.n == 0 || !has_prefix(f, &s->folded_tail))
        return RANK_NONE;
    if (f->n > s->folded_tail.n || name[f->n] != '\0')
        return RANK_PREFIX;
    return memcmp(name, s->tail.p, f->n) == 0 ? RANK_EXACT : RANK_EXACT_FOLDED;
}

static unsigned edits_to(const struct search *s, const struct folded *f)
{
    uint32_t diff = f->n > s->folded.n ? f->n - s->folded.n : s->folded.n - f->n;

    if (s->max_edits == 0 || diff > s->max_edits ||
        fold_apart(s->folded.letters, f->letters) > s->max_edits)
        return s->max_edits + 1;
    return name_distance(s->folded.at, f->at, s->max_edits);
}

static struct match match_name(const struct search *s, const char *name)
{
    struct folded f;
    struct match m = {.rank = RANK_NONE};

    fold(name, &f);
    m.rank = rank_of(s, name, &f);
    if (m.rank == RANK_NONE) {
        m.rank = rank_member(s, name, &f);
        m.member = m.rank != RANK_NONE;
    }
    if (m.rank == RANK_NONE)
        m.rank = rank_words(s, name, &f);
    if (m.rank == RANK_NONE && has_word(s, &f)) {
        m.rank = RANK_INSIDE;
        m.around = true;
    }
    if (m.rank == RANK_NONE) {
        m.edits = edits_to(s, &f);
        if (m.edits <= s->max_edits)
            m.rank = RANK_FUZZY;
    }
    m.same_case = m.rank != RANK_NONE && strstr(name, m.member ? s->tail.p : s->text.p) != NULL;
    return m;
}

/* ---- one node ---- */

static bool same_folded(struct slice a, struct slice b)
{
    bool same = a.n == b.n;

    for (size_t i = 0; same && i < a.n; i++)
        same = fold_char(a.p[i]) == fold_char(b.p[i]);
    return same;
}

/* Do the parts before the last one stand right before the node's name? */
static bool is_member(struct search *s, uint32_t node)
{
    struct parts stored;
    struct slice t, u;
    uint32_t heads = s->parts.n - 1;

    parts_split(slice_from(view_qualified(s->v, node, &s->qualified)), &stored);
    if (stored.n <= heads)
        return false;
    for (uint32_t i = 0; i < heads; i++) {
        struct slice want = s->parts.at[heads - 1 - i], have = stored.at[stored.n - 2 - i];
        bool angle = part_angle(have, &t, &u);
        if (!same_folded(want, part_ident(angle ? t : have)) &&
            !(angle && u.n > 0 && same_folded(want, part_ident(u))))
            return false;
    }
    return true;
}

static bool has_words(struct search *s, uint32_t node)
{
    struct folded f;
    bool all = true;

    fold(view_qualified(s->v, node, &s->qualified), &f);
    for (unsigned i = 0; i < s->n_words && all; i++)
        all = strstr(f.at, s->words[i]) != NULL;
    return all;
}

static uint32_t class_of(uint8_t kind, uint16_t flags)
{
    const uint32_t members = 1u << NODE_METHOD | 1u << NODE_VARIANT | 1u << NODE_FIELD;

    if (kind == NODE_IMPL || (flags & (FLAG_DECLARATION | FLAG_EXTERNAL)))
        return 0;
    return members >> kind & 1 ? 1 : 2;
}

static uint32_t score_of(const struct view *v, uint32_t node, const struct match *m)
{
    uint16_t flags = view_flags(v, node);
    uint32_t edits = m->rank == RANK_FUZZY ? m->edits : 0;

    return (NAME_DISTANCE_MAX - edits) << 16 | (flags & FLAG_TEST ? 0u : 1u) << 12 |
           class_of(view_kind(v, node), flags) << 8 | owner_log_degree(v, node);
}

/* ---- the best hits ---- */

/* A hit, and what is compared last: the text in another case, and the length of the name. */
struct ranked_hit {
    struct hit hit;
    uint32_t tie;
};

struct best {
    const struct view *v;
    VEC(struct ranked_hit) heap; /* the worst on top, once it holds `limit` hits */
    uint32_t limit;              /* 0: keep all */
};

static int cmp_hits(const void *a, const void *b, void *ctx)
{
    const struct ranked_hit *x = a, *y = b;

    if (x->hit.rank != y->hit.rank)
        return x->hit.rank < y->hit.rank ? -1 : 1;
    if (x->hit.score != y->hit.score)
        return x->hit.score > y->hit.score ? -1 : 1;
    if (x->tie != y->tie)
        return x->tie < y->tie ? -1 : 1;
    return view_compare(ctx, x->hit.node, y->hit.node);
}

static bool is_worse(const struct best *b, const struct ranked_hit *x, const struct ranked_hit *y)
{
    return cmp_hits(x, y, (void *)(uintptr_t)b->v) > 0;
}

static void sift_down(struct best *b, uint32_t i)
{
    struct ranked_hit *heap = b->heap.at;

    for (;;) {
        uint32_t worst = i;
        for (uint32_t k = 2 * i + 1; k <= 2 * i + 2 && k < b->heap.len; k++) {
            if (is_worse(b, &heap[k], &heap[worst]))
                worst = k;
        }
        if (worst == i)
            return;
        struct ranked_hit x = heap[i];
        heap[i] = heap[worst];
        heap[worst] = x;
        i = worst;
    }
}

static bool keep(struct best *b, struct ranked_hit h)
{
    if (b->limit == 0 || b->heap.len < b->limit) {
        if (!vec_push(&b->heap, h))
            return false;
        if (b->heap.len == b->limit) {
            for (uint32_t i = b->limit / 2; i-- > 0;)
                sift_down(b, i);
        }
    } else if (is_worse(b, &b->heap.at[0], &h)) {
        b->heap.at[0] = h;
        sift_down(b, 0);
    }
    return true;
}

/* ---- */

static void cut_words(struct search *s)
{
    char *rest = s->copy.at;

    s->copy = s->folded;
    for (char *word; (word = strsep(&rest, " ")) != NULL;) {
        if (*word != '\0' && s->n_words < WORDS_MAX)
            s->words[s->n_words++] = word;
    }
    if (s->n_words < 2) /* then it is the text that counts */
        s->n_words = 0;
}

static void prepare(struct search *s, const char *text)
{
    s->text = slice_from(text);
    fold(text, &s->folded);
    cut_words(s);
    parts_split(s->text, &s->parts);
    if (s->parts.n > 1 && !s->parts.cut) {
        /* The last part ends the text but for separators, where it is of no use. */
        struct slice tail = s->parts.at[s->parts.n - 1];
        if (tail.p + tail.n == s->text.p + s->text.n) {
            s->tail = tail;
            fold(tail.p, &s->folded_tail);
        }
    }
    s->max_edits = s->text.n < 3 ? 0 : s->text.n < 5 ? 1 : s->text.n < 9 ? 2 : 3;
}

static bool add_nodes(struct search *s, const char *name, const struct match *m,
                      const struct ids *nodes, struct best *best, uint32_t *total)
{
    size_t len = strlen(name);
    uint32_t tie = (m->same_case ? 0u : 1u << 16) | (len < UINT16_MAX ? (uint32_t)len : UINT16_MAX);

    for (uint32_t i = 0; i < nodes->len; i++) {
        uint32_t node = nodes->at[i];
        if (s->kinds != 0 && !(s->kinds >> view_kind(s->v, node) & 1))
            continue;
        if ((m->member && !is_member(s, node)) || (m->around && !has_words(s, node)))
            continue;
        struct hit hit = {node, m->rank, score_of(s->v, node, m)};
        if (!keep(best, (struct ranked_hit){hit, tie}))
            return false;
        (*total)++;
    }
    return true;
}

int query_search(const struct view *v, const char *text, uint32_t kinds, uint32_t limit,
                 struct hits *ret, struct err *err)
{
    struct search s = {.v = v, .kinds = kinds, .limit = limit};
    struct best best = {.v = v, .limit = limit};
    struct ids bearers = {0};
    struct name_iter it;
    struct name name;
    uint32_t total = 0;
    bool ok = true;

    vec_clear(&ret->list);
    ret->total = 0;
    prepare(&s, text);
    view_names(v, "", 0, &it);
    while (ok && s.text.n > 0 && view_next_name(&it, &name)) {
        struct match m = match_name(&s, name.text);
        if (m.rank == RANK_NONE)
            continue;
        vec_clear(&bearers);
        ok = view_bearers(v, name.id, &bearers) &&
             add_nodes(&s, name.text, &m, &bearers, &best, &total) && !s.qualified.failed;
    }
    buf_release(&s.qualified);
    vec_release(&bearers);
    if (ok && best.heap.len > 0)
        sort_r(best.heap.at, best.heap.len, sizeof(*best.heap.at), cmp_hits, (void *)(uintptr_t)v);
    ok = ok && vec_reserve(&ret->list, best.heap.len);
    for (uint32_t i = 0; ok && i < best.heap.len; i++)
        (void)vec_push(&ret->list, best.heap.at[i].hit);
    vec_release(&best.heap);
    if (!ok)
        return err_set(err, PT_ENOMEM, "no memory for the hits of a search");
    ret->total = total;
    return 0;
}

void hits_release(struct hits *h)
{
    vec_release(&h->list);
    h->total = 0;
}
