#include "engine/restless.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/mem.h"

#include <string.h>

#define SHOWN 3u

struct entry {
    uint64_t hash;
    char *path;                /* owned; NULL: seen once, and perhaps never again */
    uint64_t begin_ns;         /* of the window under way */
    uint32_t count, before;    /* batches in it, and in the window before */
    uint64_t since_ns, due_ns; /* restless since (0: it is not); not looked at before */
    bool owed;
};

struct restless {
    struct restless_options options;
    uint64_t window_ns;
    struct entry at[RESTLESS_MAX];
    uint32_t n;
    uint32_t
        hand; /* where the search for room begins: of those that are as rare, the oldest goes */
};

static uint32_t given_or(uint32_t given, uint32_t fallback)
{
    return given != 0 ? given : fallback;
}

int restless_new(const struct restless_options *o, struct restless **ret, struct err *err)
{
    struct restless *r = mem_calloc(1, sizeof(*r));
    if (r == NULL)
        return err_set(err, PT_ENOMEM, "out of memory");
    r->options.window_ms = given_or(o->window_ms, 60000);
    r->options.batches = given_or(o->batches, 30);
    r->options.patience_ms = given_or(o->patience_ms, 60000);
    r->options.pause_ms = given_or(o->pause_ms, 3000);
    r->window_ns = r->options.window_ms * CLOCK_NS_PER_MS;
    *ret = r;
    return PT_OK;
}

void restless_free(struct restless *r)
{
    if (r == NULL)
        return;
    for (uint32_t i = 0; i < r->n; i++)
        mem_free(r->at[i].path);
    mem_free(r);
}

/* ---- counting ---- */

/* In the window that ends now: what is in the one under way, and of the one before the part that is
 * not too long ago, as if it had been spread evenly. */
static uint32_t batches_of(const struct restless *r, const struct entry *e, uint64_t now)
{
    uint64_t age = now - e->begin_ns;
    uint32_t before = e->before, count = e->count;
    if (age >= r->window_ns) { /* the window under way is over, and has become the one before */
        before = count;
        count = 0;
        age -= r->window_ns;
    }
    if (age >= r->window_ns)
        return 0;
    return count + (uint32_t)(before * (r->window_ns - age) / r->window_ns);
}

static void add_batch(const struct restless *r, struct entry *e, uint64_t now)
{
    uint64_t age = now - e->begin_ns;
    if (age >= r->window_ns) {
        e->before = age < 2 * r->window_ns ? e->count : 0;
        e->count = 0;
        e->begin_ns = age < 2 * r->window_ns ? e->begin_ns + r->window_ns : now;
    }
    e->count++;
}

static struct entry *find(struct restless *r, uint64_t hash, const char *path)
{
    for (uint32_t i = 0; i < r->n; i++) {
        struct entry *e = &r->at[i];
        if (e->hash == hash && (e->path == NULL || strcmp(e->path, path) == 0))
            return e;
    }
    return NULL;
}

/* A place for a new one; NULL: all are owed. */
static struct entry *make_room(struct restless *r, uint64_t now)
{
    struct entry *rarest = NULL;
    uint32_t least = UINT32_MAX;
    if (r->n < RESTLESS_MAX)
        return &r->at[r->n++];
    for (uint32_t i = 0; i < r->n; i++) {
        struct entry *e = &r->at[(r->hand + i) % RESTLESS_MAX];
        uint32_t n = e->owed ? UINT32_MAX : batches_of(r, e, now);
        if (n < least) {
            least = n;
            rarest = e;
        }
    }
    if (rarest == NULL)
        return NULL;
    r->hand = (uint32_t)(rarest - r->at + 1) % RESTLESS_MAX;
    mem_free(rarest->path);
    return rarest;
}

/* ---- judging ---- */

static bool is_folder(const char *path)
{
    size_t n = strlen(path);
    return n > 0 && path[n - 1] == '/';
}

/* It stays restless until it is only half as much. */
static bool becomes_restless(const struct restless *r, struct entry *e, uint64_t now)
{
    uint32_t n = batches_of(r, e, now);
    bool was = e->since_ns != 0;
    if (n <= r->options.batches / 2)
        e->since_ns = e->due_ns = 0;
    else if (!was && n > r->options.batches)
        e->since_ns = now;
    return !was && e->since_ns != 0;
}

static bool hold(const struct restless *r, struct entry *e, uint64_t now)
{
    if (e->since_ns == 0 || now - e->since_ns < r->options.patience_ms * CLOCK_NS_PER_MS ||
        is_folder(e->path))
        return false;
    e->owed = now < e->due_ns;
    if (!e->owed)
        e->due_ns = now + r->options.pause_ms * CLOCK_NS_PER_MS;
    return e->owed;
}

enum restless_verdict restless_note(struct restless *r, const char *path, uint64_t now_ns)
{
    uint64_t hash = hash64(path, strlen(path));
    struct entry *e = find(r, hash, path);
    if (e == NULL) {
        e = make_room(r, now_ns);
        if (e != NULL)
            *e = (struct entry){.hash = hash, .begin_ns = now_ns, .count = 1};
        return RESTLESS_PASS;
    }
    add_batch(r, e, now_ns);
    if (e->path == NULL && (e->path = mem_strdup(path)) == NULL)
        return RESTLESS_PASS;
    if (becomes_restless(r, e, now_ns))
        return RESTLESS_NEWS;
    return hold(r, e, now_ns) ? RESTLESS_HELD : RESTLESS_PASS;
}

const char *restless_due(struct restless *r, uint64_t now_ns, bool all)
{
    for (uint32_t i = 0; i < r->n; i++) {
        struct entry *e = &r->at[i];
        if (!e->owed || (!all && now_ns < e->due_ns))
            continue;
        e->owed = false;
        e->due_ns = now_ns + r->options.pause_ms * CLOCK_NS_PER_MS;
        return e->path;
    }
    return NULL;
}

uint64_t restless_next_ns(const struct restless *r)
{
    uint64_t first = UINT64_MAX;
    for (uint32_t i = 0; i < r->n; i++) {
        if (r->at[i].owed && r->at[i].due_ns < first)
            first = r->at[i].due_ns;
    }
    return first;
}

/* ---- telling ---- */

/* A folder in which one file alone is restless is not another case. */
static bool is_explained(const struct restless *r, const struct entry *folder)
{
    size_t n = strlen(folder->path);
    for (uint32_t i = 0; i < r->n; i++) {
        const char *path = r->at[i].path;
        if (path != NULL && r->at[i].since_ns != 0 && strncmp(path, folder->path, n) == 0 &&
            path[n] != '\0' && strchr(path + n, '/') == NULL)
            return true;
    }
    return false;
}

static const struct entry *worst(const struct restless *r, uint64_t now, const bool *taken)
{
    const struct entry *found = NULL;
    uint32_t most = r->options.batches / 2;
    for (uint32_t i = 0; i < r->n; i++) {
        const struct entry *e = &r->at[i];
        uint32_t n = e->since_ns != 0 && !taken[i] ? batches_of(r, e, now) : 0;
        if (n > most && !(is_folder(e->path) && is_explained(r, e))) {
            most = n;
            found = e;
        }
    }
    return found;
}

void restless_describe(const struct restless *r, uint64_t now_ns, struct buf *ret)
{
    bool taken[RESTLESS_MAX] = {false};
    const struct entry *e;
    buf_reset(ret);
    for (unsigned i = 0; i < SHOWN && (e = worst(r, now_ns, taken)) != NULL; i++) {
        taken[e - r->at] = true;
        buf_printf(ret, "%s%s (changed %u times in %u s)", i > 0 ? ", " : "", e->path,
                   batches_of(r, e, now_ns), r->options.window_ms / 1000);
    }
}
