#include "watch/changes.h"

#include <string.h>

#include "base/fault.h"
#include "base/hash.h"
#include "base/sort.h"

void changes_clear(struct changes *c)
{
    arena_reset(&c->arena);
    vec_clear(&c->at);
    map_clear(&c->by_path);
    c->full = false;
}

void changes_release(struct changes *c)
{
    arena_release(&c->arena);
    vec_release(&c->at);
    map_release(&c->by_path);
    c->full = false;
}

size_t changes_bytes(const struct changes *c)
{
    return arena_bytes(&c->arena) + vec_bytes(&c->at) + map_bytes(&c->by_path);
}

/* The fault point lets a test see what happens to paths that collide. */
static uint64_t key_of(const char *path, size_t n)
{
    uint64_t key = hash64(path, n);

    return fault_hit("hash.collide") ? key % 4 : key;
}

static struct change *find(const struct changes *c, const char *path, size_t n)
{
    const uint32_t *place = map_get(&c->by_path, key_of(path, n));
    struct change *change = place ? &c->at.at[*place] : NULL;

    return change && change->n == n && memcmp(change->path, path, n) == 0 ? change : NULL;
}

static int append(struct changes *c, struct change change)
{
    if (c->at.len >= c->max || arena_bytes(&c->arena) > CHANGES_MAX_BYTES) {
        changes_clear(c);
        c->full = true;
        return 0;
    }
    change.path = arena_strndup(&c->arena, change.path, change.n);
    if (!change.path || !vec_push(&c->at, change))
        return PT_ENOMEM;
    if (!map_put(&c->by_path, key_of(change.path, change.n), c->at.len - 1, NULL)) {
        vec_truncate(&c->at, c->at.len - 1);
        return PT_ENOMEM;
    }
    return 0;
}

int changes_add(struct changes *c, const char *path, size_t n, bool below)
{
    struct change *change;

    if (c->full)
        return 0;
    change = find(c, path, n);
    if (!change)
        return append(c, (struct change){path, (uint32_t)n, below, true, 0, 0});
    change->is_ready = true;
    change->below |= below;
    return 0;
}

int changes_hold(struct changes *c, const char *path, size_t n, uint64_t now_ns)
{
    struct change *change;

    if (c->full)
        return 0;
    change = find(c, path, n);
    if (!change)
        return append(c, (struct change){path, (uint32_t)n, false, false, now_ns, now_ns});
    /* A folder is a folder; a file that was closed is being written to again. */
    if (change->is_ready && !change->below) {
        change->is_ready = false;
        if (change->first_ns == 0)
            change->first_ns = now_ns;
    }
    change->last_ns = now_ns;
    return 0;
}

/* ---- taking ---- */

static uint64_t ready_at(const struct change *change, const struct change_patience *patience)
{
    uint64_t quiet = change->last_ns + patience->quiet_ns;
    uint64_t longest = change->first_ns + patience->longest_ns;

    if (change->is_ready || patience->none)
        return 0;
    return quiet < longest ? quiet : longest;
}

/* Is a folder above it there with all that lies below? */
static bool is_covered(const struct changes *c, const struct change *change)
{
    const struct change *above;

    if (change->n == 0)
        return false;
    above = find(c, "", 0);
    if (above && above->below)
        return true;
    for (uint32_t i = 1; i < change->n; i++) {
        if (change->path[i] != '/')
            continue;
        above = find(c, change->path, i);
        if (above && above->below)
            return true;
    }
    return false;
}

static int compare(const void *a, const void *b, void *ctx)
{
    const struct watch_change *x = a;
    const struct watch_change *y = b;
    int rc = strcmp(x->path, y->path);

    (void)ctx;
    return rc ? rc : (int)y->below - (int)x->below;
}

/* Paths whose hashes collide may be there twice. */
static void drop_repeated(struct change_list *list)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < list->len; i++)
        if (n == 0 || strcmp(list->at[n - 1].path, list->at[i].path) != 0)
            list->at[n++] = list->at[i];
    vec_truncate(list, n);
}

int changes_take(struct changes *c, const struct change_patience *patience, struct change_list *ret,
                 struct changes *rest, uint64_t *ret_next_ns)
{
    uint64_t next_ns = UINT64_MAX;
    int rc = 0;

    vec_clear(ret);
    if (!vec_reserve(ret, c->at.len))
        return PT_ENOMEM;
    for (uint32_t i = 0; i < c->at.len && !rc; i++) {
        const struct change *change = &c->at.at[i];
        uint64_t at_ns = ready_at(change, patience);

        if (is_covered(c, change))
            continue;
        if (at_ns > patience->now_ns) {
            rc = append(rest, *change);
            next_ns = at_ns < next_ns ? at_ns : next_ns;
        } else {
            rc = vec_push(ret, (struct watch_change){change->path, change->below}) ? 0 : PT_ENOMEM;
        }
    }
    if (rc) {
        changes_clear(rest);
        vec_clear(ret);
        return rc;
    }
    sort_r(ret->at, ret->len, sizeof(*ret->at), compare, NULL);
    drop_repeated(ret);
    *ret_next_ns = next_ns;
    return 0;
}
