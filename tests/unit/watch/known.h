/*
 * Somebody who relies on a watch: he knows what lies below "t", by looking at what batches name and
 * at nothing else. If he knows what is there when all is quiet, no batch has left anything out.
 */
#ifndef PT_TESTS_UNIT_WATCH_KNOWN_H
#define PT_TESTS_UNIT_WATCH_KNOWN_H

#include <dirent.h>

#include "base/hash.h"
#include "support.h"

struct known_entry {
    char *path; /* below "t"; owned */
    uint64_t state;
};

struct known {
    VEC(struct known_entry) at;                 /* by path, once sorted */
    bool (*enter)(void *ctx, const char *path); /* NULL: everywhere */
};

static inline void known_release(struct known *k)
{
    for (uint32_t i = 0; i < k->at.len; i++)
        mem_free(k->at.at[i].path);
    vec_release(&k->at);
}

/* 0: nothing there. Of a folder only that it is one. */
static inline uint64_t state_on_disk(const char *path)
{
    char text[4096];
    struct stat st;
    ssize_t n;

    if (lstat(path, &st) != 0)
        return 0;
    if (S_ISDIR(st.st_mode))
        return 1;
    if (S_ISLNK(st.st_mode)) {
        n = readlink(path, text, sizeof(text));
        return n < 0 ? 0 : hash64_seed(text, (size_t)n, 2) | 2;
    }
    int fd = open(path, O_RDONLY | O_NOFOLLOW);
    if (fd < 0)
        return 0;
    n = read(fd, text, sizeof(text));
    close(fd);
    return n < 0 ? 0 : hash64_seed(text, (size_t)n, 3) | 2;
}

static inline bool is_at_or_below(const char *path, const char *folder)
{
    size_t n = strlen(folder);

    return n == 0 || (strncmp(path, folder, n) == 0 && (path[n] == '\0' || path[n] == '/'));
}

static inline void known_drop(struct known *k, const char *path)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < k->at.len; i++) {
        if (is_at_or_below(k->at.at[i].path, path))
            mem_free(k->at.at[i].path);
        else
            k->at.at[n++] = k->at.at[i];
    }
    vec_truncate(&k->at, n);
}

/* Looks at the path (relative to "t"), and if it is a folder at all that is below it. */
static inline void known_add(struct known *k, const char *path, bool below)
{
    char name[4096];
    uint64_t state;

    snprintf(name, sizeof(name), "t/%s", path);
    state = state_on_disk(name);
    if (state == 0 || (state == 1 && *path && k->enter && !k->enter(NULL, path)))
        return;
    if (*path)
        assert_true(vec_push(&k->at, (struct known_entry){mem_strdup(path), state}));
    if (state != 1 || !below)
        return;

    DIR *dir = opendir(name);
    if (!dir)
        return;
    for (const struct dirent *entry; (entry = readdir(dir));) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(name, sizeof(name), "%s%s%s", path, *path ? "/" : "", entry->d_name);
        known_add(k, name, true);
    }
    closedir(dir);
}

/* Is it below a folder that he does not care for? */
static inline bool is_kept_out(const struct known *k, const char *path)
{
    char above[4096];

    for (const char *slash = strchr(path, '/'); slash && k->enter; slash = strchr(slash + 1, '/')) {
        snprintf(above, sizeof(above), "%.*s", (int)(slash - path), path);
        if (!k->enter(NULL, above))
            return true;
    }
    return false;
}

static inline void known_look(struct known *k, const char *path, bool below)
{
    struct known children = {0};
    char name[4096];
    struct stat st;

    snprintf(name, sizeof(name), "t/%s", path);
    if (is_kept_out(k, path))
        return;
    /* What is below stays known if only the path was named, and it is still a folder. */
    if (!below && lstat(name, &st) == 0 && S_ISDIR(st.st_mode))
        for (uint32_t i = 0; i < k->at.len; i++) {
            struct known_entry entry = k->at.at[i];
            if (strcmp(entry.path, path) != 0 && is_at_or_below(entry.path, path))
                assert_true(vec_push(&children.at,
                                     (struct known_entry){mem_strdup(entry.path), entry.state}));
        }
    known_drop(k, path);
    known_add(k, path, below);
    for (uint32_t i = 0; i < children.at.len; i++)
        assert_true(vec_push(&k->at, children.at.at[i]));
    vec_release(&children.at);
}

static inline void known_batch(struct known *k, const struct watch_batch *batch)
{
    if (batch->rescan)
        known_look(k, "", true);
    for (uint32_t i = 0; i < batch->n_changes; i++)
        known_look(k, batch->changes[i].path, batch->changes[i].below);
}

static inline int compare_known(const void *a, const void *b)
{
    return strcmp(((const struct known_entry *)a)->path, ((const struct known_entry *)b)->path);
}

static inline void known_sort(struct known *k)
{
    if (k->at.len)
        qsort(k->at.at, k->at.len, sizeof(*k->at.at), compare_known);
}

/* Returns how many folders there are, the root included. */
static inline uint32_t assert_all_known(struct known *k, uint64_t seed)
{
    struct known now = {.enter = k->enter};
    uint32_t n_folders = 1;

    known_add(&now, "", true);
    known_sort(&now);
    known_sort(k);
    for (uint32_t i = 0; i < now.at.len || i < k->at.len; i++) {
        const struct known_entry *is = i < now.at.len ? &now.at.at[i] : NULL;
        const struct known_entry *was = i < k->at.len ? &k->at.at[i] : NULL;

        if (!is || !was || strcmp(is->path, was->path) != 0 || is->state != was->state)
            fail_msg("seed %llu: on disk: %s, known: %s", (unsigned long long)seed,
                     is ? is->path : "(end)", was ? was->path : "(end)");
        n_folders += is && is->state == 1;
    }
    known_release(&now);
    return n_folders;
}

#endif
