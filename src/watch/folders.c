#include "watch/folders.h"

#include <assert.h>

#include "base/fault.h"
#include "base/hash.h"

#define NAME_MAX_BYTES 255
#define DEAD_NAMES_MIN ((size_t)4 << 10) /* below, cleaning up is not worth it */

static struct slice name_of(const struct folders *fs, const struct folder *f)
{
    return slice_of(f->name_n ? fs->names.p + f->name_at : "", f->name_n);
}

/* The fault point lets a test see what happens to names that collide. */
static uint64_t key_of(uint32_t parent, struct slice name)
{
    uint64_t key = hash64_seed(name.p, name.n, parent);

    return fault_hit("hash.collide") ? key % 4 : key;
}

/* ---- life ---- */

bool folders_init(struct folders *fs)
{
    static const struct folder root = {
        .parent = FOLDER_NONE,
        .first_child = FOLDER_NONE,
        .next = FOLDER_NONE,
        .prev = FOLDER_NONE,
        .next_same = FOLDER_NONE,
        .wd = -1,
        .polled = FOLDER_NONE,
        .role = FOLDER_TREE,
    };

    *fs = (struct folders){.first_free = FOLDER_NONE};
    if (!vec_push(&fs->at, root))
        return false;
    fs->n = 1;
    return true;
}

void folders_release(struct folders *fs)
{
    vec_release(&fs->at);
    map_release(&fs->by_name);
    map_release(&fs->by_wd);
    buf_release(&fs->names);
    *fs = (struct folders){.first_free = FOLDER_NONE};
}

size_t folders_bytes(const struct folders *fs)
{
    return vec_bytes(&fs->at) + map_bytes(&fs->by_name) + map_bytes(&fs->by_wd) + fs->names.cap;
}

/* ---- finding ---- */

uint32_t folders_find(const struct folders *fs, uint32_t parent, const char *name, size_t n)
{
    struct slice wanted = slice_of(name, n);
    const uint32_t *first = map_get(&fs->by_name, key_of(parent, wanted));

    for (uint32_t f = first ? *first : FOLDER_NONE; f != FOLDER_NONE; f = fs->at.at[f].next_same)
        if (fs->at.at[f].parent == parent && slice_eq(name_of(fs, &fs->at.at[f]), wanted))
            return f;
    return FOLDER_NONE;
}

uint32_t folders_by_wd(const struct folders *fs, int wd)
{
    const uint32_t *f = wd < 0 ? NULL : map_get(&fs->by_wd, (uint32_t)wd);

    return f ? *f : FOLDER_NONE;
}

/* ---- places ---- */

/* Takes it out of its parent's list of children. */
static void leave_parent(struct folders *fs, uint32_t f)
{
    struct folder *folder = &fs->at.at[f];

    if (folder->prev != FOLDER_NONE)
        fs->at.at[folder->prev].next = folder->next;
    else
        fs->at.at[folder->parent].first_child = folder->next;
    if (folder->next != FOLDER_NONE)
        fs->at.at[folder->next].prev = folder->prev;
    folder->next = FOLDER_NONE;
    folder->prev = FOLDER_NONE;
}

static void forget_name(struct folders *fs, uint32_t f)
{
    struct folder *folder = &fs->at.at[f];
    uint64_t key = key_of(folder->parent, name_of(fs, folder));
    uint32_t *first = map_get(&fs->by_name, key);

    assert(first);
    if (*first == f && folder->next_same == FOLDER_NONE) {
        map_del(&fs->by_name, key);
    } else if (*first == f) {
        *first = folder->next_same;
    } else {
        uint32_t before = *first;

        while (fs->at.at[before].next_same != f)
            before = fs->at.at[before].next_same;
        fs->at.at[before].next_same = folder->next_same;
    }
    folder->next_same = FOLDER_NONE;
    fs->names_dead += folder->name_n;
}

/* Room for one more name of n bytes, so that take_place cannot fail. */
static bool reserve_place(struct folders *fs, size_t n)
{
    bool has_room =
        buf_reserve(&fs->names, n) && map_reserve(&fs->by_name, map_len(&fs->by_name) + 1);

    fs->names.failed = false; /* what it had, it has */
    return has_room;
}

static void take_place(struct folders *fs, uint32_t f, uint32_t parent, const char *name, size_t n)
{
    struct folder *folder = &fs->at.at[f];
    struct folder *above = &fs->at.at[parent];
    bool is_new;
    uint32_t *first = map_put(&fs->by_name, key_of(parent, slice_of(name, n)), f, &is_new);

    assert(first);
    if (!is_new) {
        folder->next_same = *first;
        *first = f;
    }
    folder->name_at = (uint32_t)fs->names.n;
    folder->name_n = (uint8_t)n;
    buf_add(&fs->names, name, n);

    folder->parent = parent;
    folder->next = above->first_child;
    if (folder->next != FOLDER_NONE)
        fs->at.at[folder->next].prev = f;
    above->first_child = f;
}

/* Copies the names that are alive, when most are not. Goes without when memory is short. */
static void clean_names(struct folders *fs)
{
    struct buf names = {0};

    if (fs->names_dead < DEAD_NAMES_MIN || fs->names_dead < fs->names.n / 2 ||
        !buf_reserve(&names, fs->names.n - fs->names_dead))
        return;
    for (uint32_t f = 1; f < fs->at.len; f++) {
        struct folder *folder = &fs->at.at[f];

        if (folder->parent == FOLDER_NONE)
            continue; /* free, or an orphan: its name is dead too */
        uint32_t at = (uint32_t)names.n;
        buf_slice(&names, name_of(fs, folder));
        folder->name_at = at;
    }
    buf_release(&fs->names);
    fs->names = names;
    fs->names_dead = 0;
}

/* A number that nobody uses; FOLDER_NONE when memory is short. */
static uint32_t new_number(struct folders *fs)
{
    uint32_t f = fs->first_free;

    if (f != FOLDER_NONE) {
        fs->first_free = fs->at.at[f].next;
        return f;
    }
    if (fs->at.len >= INT32_MAX || !vec_grow(&fs->at, 1))
        return FOLDER_NONE;
    return fs->at.len - 1;
}

uint32_t folders_add(struct folders *fs, uint32_t parent, const char *name, size_t n,
                     enum folder_role role)
{
    uint32_t f;

    assert(n > 0 && n <= NAME_MAX_BYTES);
    clean_names(fs);
    if (fs->names.n > UINT32_MAX - NAME_MAX_BYTES || !reserve_place(fs, n))
        return FOLDER_NONE;
    f = new_number(fs);
    if (f == FOLDER_NONE)
        return FOLDER_NONE;
    fs->at.at[f] = (struct folder){
        .first_child = FOLDER_NONE,
        .next = FOLDER_NONE,
        .prev = FOLDER_NONE,
        .next_same = FOLDER_NONE,
        .wd = -1,
        .polled = FOLDER_NONE,
        .role = (uint8_t)role,
    };
    take_place(fs, f, parent, name, n);
    fs->n++;
    return f;
}

bool folders_move(struct folders *fs, uint32_t f, uint32_t parent, const char *name, size_t n)
{
    assert(f != FOLDER_ROOT && n > 0 && n <= NAME_MAX_BYTES);
    assert(!folders_is_below(fs, parent, f));
    clean_names(fs);
    if (fs->names.n > UINT32_MAX - NAME_MAX_BYTES || !reserve_place(fs, n))
        return false;
    folders_detach(fs, f);
    take_place(fs, f, parent, name, n);
    return true;
}

void folders_detach(struct folders *fs, uint32_t f)
{
    if (fs->at.at[f].parent == FOLDER_NONE)
        return;
    forget_name(fs, f);
    leave_parent(fs, f);
    fs->at.at[f].parent = FOLDER_NONE;
}

void folders_remove(struct folders *fs, uint32_t f)
{
    struct folder *folder = &fs->at.at[f];

    assert(f != FOLDER_ROOT && folder->first_child == FOLDER_NONE);
    folders_detach(fs, f);
    folders_set_wd(fs, f, -1);
    *folder = (struct folder){
        .parent = FOLDER_NONE,
        .first_child = FOLDER_NONE,
        .next = fs->first_free,
        .prev = FOLDER_NONE,
        .next_same = FOLDER_NONE,
        .wd = -1,
        .polled = FOLDER_NONE,
    };
    fs->first_free = f;
    fs->n--;
}

bool folders_set_wd(struct folders *fs, uint32_t f, int wd)
{
    struct folder *folder = &fs->at.at[f];

    if (wd >= 0 && !map_put(&fs->by_wd, (uint32_t)wd, f, NULL))
        return false;
    if (folder->wd >= 0 && folder->wd != wd)
        map_del(&fs->by_wd, (uint32_t)folder->wd);
    folder->wd = wd;
    return true;
}

/* ---- ways up ---- */

bool folders_is_below(const struct folders *fs, uint32_t f, uint32_t above)
{
    while (f != above && f != FOLDER_NONE)
        f = fs->at.at[f].parent;
    return f == above;
}

bool folders_is_attached(const struct folders *fs, uint32_t f, uint32_t *ret_depth)
{
    uint32_t depth = 0;

    for (; fs->at.at[f].parent != FOLDER_NONE; depth++)
        f = fs->at.at[f].parent;
    if (ret_depth)
        *ret_depth = depth;
    return f == FOLDER_ROOT;
}

bool folders_path(const struct folders *fs, uint32_t f, struct slice name, struct buf *ret)
{
    const struct folder *folders = fs->at.at;
    size_t n = name.n;
    uint32_t top = f;

    for (; folders[top].parent != FOLDER_NONE; top = folders[top].parent)
        n += folders[top].name_n + (n ? 1u : 0u);
    buf_reset(ret);
    if (top != FOLDER_ROOT)
        return false;
    if (!buf_reserve(ret, n + 1))
        return true;

    /* From its end to its start. */
    char *at = ret->p + n;
    *at = '\0';
    ret->n = n;
    if (name.n) {
        at -= name.n;
        memcpy(at, name.p, name.n);
    }
    for (; f != FOLDER_ROOT; f = folders[f].parent) {
        if (at != ret->p + n)
            *--at = '/';
        at -= folders[f].name_n;
        memcpy(at, fs->names.p + folders[f].name_at, folders[f].name_n);
    }
    return true;
}
