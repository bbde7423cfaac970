/*
 * One who does random things to the tree "t" and the folder "outside" beside it, and one who
 * listens.
 */
#ifndef PT_TESTS_UNIT_WATCH_ACTOR_H
#define PT_TESTS_UNIT_WATCH_ACTOR_H

#include "known.h"

static inline uint64_t from_environment(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);

    return text ? strtoull(text, NULL, 10) : otherwise;
}

/* ---- operations ---- */

struct actor {
    uint64_t rng;
    uint64_t n_written;
};

static const char *const names[] = {"a", "b", "c", "d.c", "e.c", "f.c", "skip"};

static inline bool enter_all_but_skip(void *ctx, const char *path)
{
    const char *name = strrchr(path, '/');

    (void)ctx;
    return strcmp(name ? name + 1 : path, "skip") != 0;
}

/* A path that may be anything, or nothing. */
static inline const char *any_path(struct actor *actor, char out[256])
{
    uint64_t depth = 1 + rng_below(&actor->rng, 4);

    snprintf(out, 256, "t");
    for (uint64_t i = 0; i < depth; i++)
        snprintf(out + strlen(out), 256 - strlen(out), "/%s",
                 names[rng_below(&actor->rng, PT_COUNT(names))]);
    return out;
}

static inline void write_text(struct actor *actor, const char *path, int flags)
{
    char text[32];
    int fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | flags, 0600);
    int n = snprintf(text, sizeof(text), "%llu", (unsigned long long)actor->n_written++);

    if (fd < 0)
        return;
    (void)!write(fd, text, (size_t)n);
    close(fd);
}

static inline void make_deep(struct actor *actor, const char *path)
{
    char part[256];
    char file[300];

    for (const char *end = path; *end;) {
        end += strspn(end, "/");
        end += strcspn(end, "/");
        snprintf(part, sizeof(part), "%.*s", (int)(end - path), path);
        (void)mkdir(part, 0700);
    }
    snprintf(file, sizeof(file), "%s/x.c", path);
    write_text(actor, file, O_TRUNC);
}

/* Most of these fail, since the path is not what they need: all the better. */
static inline void act(struct actor *actor)
{
    char one[256];
    char two[256];
    struct stat st;

    any_path(actor, one);
    any_path(actor, two);
    switch (rng_below(&actor->rng, 14)) {
    case 0:
    case 1: write_text(actor, one, O_TRUNC); break;
    case 2: write_text(actor, one, O_APPEND); break;
    case 3:
        write_text(actor, "t/.tmp", O_TRUNC);
        (void)rename("t/.tmp", one);
        break;
    case 4:
    case 5: make_deep(actor, one); break;
    case 6: (void)mkdir(one, 0700); break;
    case 7:
        if (lstat(one, &st) == 0 && rng_below(&actor->rng, 2))
            nftw(one, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
        else
            (void)unlink(one);
        break;
    case 8: (void)rename(one, two); break;
    case 9: (void)renameat2(AT_FDCWD, one, AT_FDCWD, two, RENAME_EXCHANGE); break;
    case 10: (void)rename(one, "outside"); break;
    case 11:
        make_deep(actor, "outside/late");
        (void)rename("outside", one);
        break;
    case 12: /* never two names for long: what is written by one is not seen by the other */
        if (lstat(one, &st) == 0 && S_ISREG(st.st_mode) && link(one, two) == 0)
            (void)unlink(one);
        break;
    default: (void)symlink(two, one); break;
    }
}

/* ---- one who listens ---- */

static inline uint64_t listen_once(struct known *k)
{
    struct watch_batch batch;
    struct err err = {0};

    if (watch_read(w, &batch, &err))
        fail_msg("%s", err.msg);
    known_batch(k, &batch);
    return batch.cookie;
}

static inline void listen_to_all(struct known *k)
{
    uint64_t cookie;

    assert_int_equal(watch_cookie(w, &cookie, NULL), 0);
    do
        assert_true(wait_for(10000));
    while (listen_once(k) < cookie);
}

/* Ends the watch and empties the folders, for the next seed. */
static inline void begin_anew(void)
{
    watch_close(w);
    w = NULL;
    remove_tree("t");
    (void)nftw("outside", remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    make_folders("t");
}

#endif
