#include "equality/tree_edits.h"

#include "base/mem.h"
#include "index/scan.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES 4096u
#define DEPTH_MAX 600u
#define DEEP 250u /* about as many folders as a scan enters, one in the other */
#define PAUSE_US_MAX 4000u
#define TAG "Signature: 8a477f597d28d172789f06886806bc55\n"

static uint32_t below(struct tree_edits *t, uint32_t n)
{
    return edits_below(t->texts, n);
}

_Noreturn static void die(const char *what)
{
    perror(what);
    exit(2);
}

static void say(struct tree_edits *t, const char *fmt, ...) PT_PRINTF(2, 3);
static void say(struct tree_edits *t, const char *fmt, ...)
{
    char line[2 * PATH_BYTES];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(line, sizeof(line), fmt, args);
    va_end(args);
    buf_printf(&t->story, "    %s\n", line);
}

static void pause_a_little(struct tree_edits *t)
{
    if (below(t, 2) == 0)
        (void)usleep(below(t, PAUSE_US_MAX));
}

/* ---- what is there ---- */

static const char *join(struct tree_edits *t, const char *dir, const char *name)
{
    const char *ret = dir[0] == '\0' ? arena_strdup(&t->arena, name)
                                     : arena_printf(&t->arena, "%s/%s", dir, name);
    if (ret == NULL)
        die("out of memory");
    return ret;
}

static int by_path(const void *x, const void *y)
{
    const struct tree_place *a = x, *b = y;
    return strcmp(a->path, b->path);
}

static void list_folder(struct tree_edits *t, const char *dir)
{
    DIR *d = opendir(dir[0] == '\0' ? "." : dir);
    if (d == NULL)
        return;
    for (struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
            strcmp(e->d_name, ".git") == 0)
            continue;
        struct tree_place p = {join(t, dir, e->d_name), e->d_type == DT_DIR};
        if (!vec_push(&t->places, p))
            die("out of memory");
    }
    (void)closedir(d);
}

/* All that is in the tree but .git, by path; once for each step: what its changes do to the tree
 * meanwhile makes some of them impossible. */
static void look(struct tree_edits *t)
{
    arena_reset(&t->arena);
    vec_clear(&t->places);
    list_folder(t, "");
    for (uint32_t i = 0; i < t->places.len; i++) {
        if (t->places.at[i].is_dir && strlen(t->places.at[i].path) < PATH_BYTES / 4)
            list_folder(t, t->places.at[i].path);
    }
    if (t->places.len > 1)
        qsort(t->places.at, t->places.len, sizeof(*t->places.at), by_path);
}

/* A file or a folder, NULL if none was found. */
static const char *any_place(struct tree_edits *t, bool is_dir)
{
    for (unsigned tries = 0; t->places.len > 0 && tries < 200; tries++) {
        const struct tree_place *p = &t->places.at[below(t, t->places.len)];
        if (p->is_dir == is_dir)
            return p->path;
    }
    return NULL;
}

/* A folder, perhaps the root: "" or "a/b/". */
static const char *any_prefix(struct tree_edits *t)
{
    const char *dir = below(t, 4) == 0 ? NULL : any_place(t, true);
    return dir != NULL ? join(t, dir, "") : "";
}

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static uint32_t any_text(struct tree_edits *t)
{
    uint32_t i = 0;
    for (unsigned tries = 0; tries < 100; tries++) {
        i = below(t, t->texts->n_files);
        if (t->texts->files[i].text != NULL)
            break;
    }
    return i;
}

static const char *text_of(const struct tree_edits *t, uint32_t i)
{
    return t->texts->files[i].text != NULL ? t->texts->files[i].text : t->texts->files[i].original;
}

/* ---- writing ---- */

static void make_parents(const char *path)
{
    char dir[PATH_BYTES];
    (void)snprintf(dir, sizeof(dir), "%s", path);
    for (char *p = strchr(dir, '/'); p != NULL; p = strchr(p + 1, '/')) {
        *p = '\0';
        (void)mkdir(dir, 0755);
        *p = '/';
    }
}

static void put(int fd, const char *text, size_t n)
{
    while (n > 0) {
        ssize_t done = write(fd, text, n);
        if (done < 0)
            die("write");
        text += done;
        n -= (size_t)done;
    }
}

/* -1 where something else is in the way. Pipes are not waited for, links not followed. */
static int open_to_write(const char *path, int flags)
{
    return open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW | flags, 0644);
}

static void create(const char *path, const char *text, size_t n)
{
    make_parents(path);
    int fd = open_to_write(path, O_TRUNC);
    if (fd < 0)
        return;
    put(fd, text, n);
    (void)close(fd);
}

static void write_in_place(const char *path, const char *text)
{
    int fd = open_to_write(path, 0);
    if (fd < 0)
        return;
    put(fd, text, strlen(text));
    if (ftruncate(fd, (off_t)strlen(text)) != 0)
        die("ftruncate");
    (void)close(fd);
}

static void write_in_pieces(struct tree_edits *t, const char *path, const char *text)
{
    size_t n = strlen(text), first = below(t, (uint32_t)n + 1);
    int fd = open_to_write(path, O_TRUNC);
    if (fd < 0)
        return;
    pause_a_little(t);
    put(fd, text, first);
    pause_a_little(t);
    put(fd, text + first, n - first);
    (void)close(fd);
}

static const char *beside(struct tree_edits *t, const char *path)
{
    const char *ret = arena_printf(&t->arena, below(t, 2) == 0 ? "%s~" : "%s.tmp.c", path);
    if (ret == NULL)
        die("out of memory");
    return ret;
}

static void write_beside(struct tree_edits *t, const char *path, const char *text)
{
    const char *temp = beside(t, path);
    create(temp, text, strlen(text));
    pause_a_little(t);
    if (rename(temp, path) != 0)
        (void)unlink(temp);
}

static void swap_in(struct tree_edits *t, const char *path, const char *text)
{
    const char *temp = beside(t, path);
    create(temp, text, strlen(text));
    if (renameat2(AT_FDCWD, temp, AT_FDCWD, path, RENAME_EXCHANGE) != 0)
        (void)rename(temp, path);
    pause_a_little(t);
    (void)unlink(temp);
}

/* As vim does: the old one becomes the backup. */
static void keep_backup(struct tree_edits *t, const char *path, const char *text)
{
    const char *temp = beside(t, path);
    (void)rename(path, temp);
    pause_a_little(t);
    create(path, text, strlen(text));
    if (below(t, 2) == 0)
        (void)unlink(temp);
}

/* The same number of bytes at about the same time: only the contents differ. */
static void write_twice(struct tree_edits *t, const char *path, const char *text)
{
    size_t n = strlen(text);
    char *first = mem_strdup(text);
    if (first == NULL)
        die("out of memory");
    for (size_t i = n > 0 ? below(t, (uint32_t)n) : n; i < n; i++) {
        if (first[i] >= 'a' && first[i] < 'z') {
            first[i]++;
            break;
        }
    }
    create(path, first, n);
    pause_a_little(t);
    create(path, text, n);
    mem_free(first);
}

static void finish_one(struct tree_edits *t, struct tree_open *o)
{
    if (o->fd < 0)
        return;
    say(t, "finished an open file");
    put(o->fd, o->rest, strlen(o->rest));
    (void)close(o->fd);
    mem_free(o->rest);
    *o = (struct tree_open){.fd = -1};
}

/* It stays open, and grows later. */
static void write_half(struct tree_edits *t, const char *path, const char *text)
{
    struct tree_open *o = &t->open[below(t, TREE_OPEN_MAX)];
    finish_one(t, o);
    int fd = open_to_write(path, O_TRUNC);
    if (fd < 0)
        return;
    size_t first = below(t, (uint32_t)strlen(text) + 1);
    put(fd, text, first);
    *o = (struct tree_open){.fd = fd, .rest = mem_strdup(text + first)};
    if (o->rest == NULL)
        die("out of memory");
}

static void grow_one(struct tree_edits *t)
{
    struct tree_open *o = &t->open[below(t, TREE_OPEN_MAX)];
    if (o->fd < 0)
        return;
    size_t n = below(t, (uint32_t)strlen(o->rest) + 1);
    say(t, "%zu bytes into an open file", n);
    put(o->fd, o->rest, n);
    memmove(o->rest, o->rest + n, strlen(o->rest + n) + 1);
}

static void save(struct tree_edits *t, const char *path, const char *text)
{
    static const char *const how[] = {
        "in place",    "in pieces",  "beside", "after removing it",  "by exchange",
        "with backup", "half of it", "twice",  "from an empty file",
    };
    unsigned way = below(t, sizeof(how) / sizeof(*how));
    say(t, "saved %s: %s", how[way], path);
    make_parents(path);
    switch (way) {
    case 0: write_in_place(path, text); break;
    case 1: write_in_pieces(t, path, text); break;
    case 2: write_beside(t, path, text); break;
    case 3:
        (void)unlink(path);
        pause_a_little(t);
        create(path, text, strlen(text));
        break;
    case 4: swap_in(t, path, text); break;
    case 5: keep_backup(t, path, text); break;
    case 6: write_half(t, path, text); break;
    case 7: write_twice(t, path, text); break;
    default:
        create(path, "", 0);
        pause_a_little(t);
        create(path, text, strlen(text));
        break;
    }
}

/* ---- removing ---- */

static void remove_all(const char *path, unsigned depth)
{
    struct stat st;
    if (lstat(path, &st) != 0 || depth > DEPTH_MAX)
        return;
    if (!S_ISDIR(st.st_mode)) {
        (void)unlink(path);
        return;
    }
    DIR *d = opendir(path);
    char child[PATH_BYTES];
    for (struct dirent *e = d != NULL ? readdir(d) : NULL; e != NULL; e = readdir(d)) {
        int n = snprintf(child, sizeof(child), "%s/%s", path, e->d_name);
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 && n < (int)sizeof(child))
            remove_all(child, depth + 1);
    }
    if (d != NULL)
        (void)closedir(d);
    (void)rmdir(path);
}

static void remove_something(struct tree_edits *t, bool is_dir)
{
    const char *path = any_place(t, is_dir);
    if (path == NULL)
        return;
    say(t, "removed %s", path);
    remove_all(path, 0);
}

/* ---- places ---- */

static void move_something(struct tree_edits *t, bool is_dir)
{
    const char *path = any_place(t, is_dir);
    if (path == NULL)
        return;
    char to[PATH_BYTES];
    const char *prefix = any_prefix(t);
    (void)snprintf(to, sizeof(to), "%s%s%s", prefix, below(t, 3) == 0 ? "x_" : "", base_of(path));
    if (strlen(to) > PATH_BYTES / 4)
        return;
    say(t, "moved %s to %s", path, to);
    (void)rename(path, to);
}

static void exchange(struct tree_edits *t)
{
    const char *a = any_place(t, below(t, 2) == 0), *b = any_place(t, below(t, 2) == 0);
    if (a == NULL || b == NULL)
        return;
    say(t, "exchanged %s and %s", a, b);
    (void)renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE);
}

static void move_out(struct tree_edits *t)
{
    char to[PATH_BYTES];
    const char *path = any_place(t, below(t, 3) != 0);
    if (path == NULL)
        return;
    (void)snprintf(to, sizeof(to), "../away/%u", t->moved++ % 4);
    remove_all(to, 0);
    say(t, "moved %s away to %s", path, to);
    (void)rename(path, to);
}

static void move_back(struct tree_edits *t)
{
    char from[PATH_BYTES], to[PATH_BYTES];
    uint32_t n = below(t, 4);
    const char *name = any_place(t, below(t, 2) == 0);
    (void)snprintf(from, sizeof(from), "../away/%u", n);
    (void)snprintf(to, sizeof(to), "%s%s", any_prefix(t), below(t, 2) == 0 ? "back" : "back.c");
    say(t, "moved %s back as %s", from, to);
    if (rename(from, to) != 0 && name != NULL)
        (void)rename(from, name);
}

/* While a folder is away, files in it change. */
static void change_what_is_away(struct tree_edits *t)
{
    char path[PATH_BYTES];
    uint32_t i = any_text(t);
    (void)snprintf(path, sizeof(path), "../away/%u/%s", below(t, 4),
                   base_of(t->texts->files[i].path));
    say(t, "wrote %s", path);
    int fd = open_to_write(path, O_TRUNC);
    if (fd < 0)
        return;
    put(fd, text_of(t, i), strlen(text_of(t, i)));
    (void)close(fd);
}

/* Folders in folders with files in all of them, as fast as can be; or made elsewhere first. */
static void make_folders(struct tree_edits *t)
{
    char path[PATH_BYTES], top[PATH_BYTES];
    bool elsewhere = below(t, 3) == 0;
    const char *prefix = any_prefix(t);
    (void)snprintf(top, sizeof(top), "%sdir%u", prefix, below(t, 6));
    if (strlen(top) > PATH_BYTES / 4)
        return;
    if (elsewhere)
        remove_all("../away/new", 0);
    (void)snprintf(path, sizeof(path), "%s", elsewhere ? "../away/new" : top);
    say(t, "made %s%s", top, elsewhere ? " elsewhere, moved in" : "");
    unsigned depth = below(t, 30) == 0 ? DEEP + below(t, 12) : 1 + below(t, 4);
    for (; depth > 0; depth--) {
        size_t n = strlen(path);
        for (unsigned files = below(t, 3); files > 0; files--) {
            uint32_t i = any_text(t);
            (void)snprintf(path + n, sizeof(path) - n, "/%s", base_of(t->texts->files[i].path));
            create(path, text_of(t, i), strlen(text_of(t, i)));
        }
        (void)snprintf(path + n, sizeof(path) - n, "/%c", (char)('a' + (int)below(t, 3)));
    }
    if (elsewhere)
        (void)rename("../away/new", top);
}

/* A folder where a file was, a file where a folder was. */
static void change_kind(struct tree_edits *t)
{
    char child[PATH_BYTES];
    bool was_dir = below(t, 2) == 0;
    const char *path = any_place(t, was_dir);
    uint32_t i = any_text(t);
    if (path == NULL)
        return;
    say(t, "%s is a %s now", path, was_dir ? "file" : "folder");
    remove_all(path, 0);
    if (was_dir) {
        create(path, text_of(t, i), strlen(text_of(t, i)));
        return;
    }
    int n = snprintf(child, sizeof(child), "%s/%s", path, base_of(t->texts->files[i].path));
    if (n < (int)sizeof(child))
        create(child, text_of(t, i), strlen(text_of(t, i)));
}

/* ---- what is no change of a text ---- */

static void touch(struct tree_edits *t)
{
    static const mode_t modes[] = {0644, 0600, 0755, 0444, 0};
    const char *path = any_place(t, below(t, 4) == 0);
    if (path == NULL)
        return;
    if (below(t, 2) == 0) {
        say(t, "touched %s", path);
        (void)utimensat(AT_FDCWD, path, NULL, AT_SYMLINK_NOFOLLOW);
        return;
    }
    mode_t mode = modes[below(t, sizeof(modes) / sizeof(*modes))];
    struct stat st;
    if (lstat(path, &st) != 0 || S_ISLNK(st.st_mode))
        return;
    say(t, "made %s 0%o", path, (unsigned)mode);
    (void)chmod(path, S_ISDIR(st.st_mode) ? mode | 0700 : mode);
}

/* What has the name of a source, but is none; what is one, with a name that is none. */
static void make_oddity(struct tree_edits *t)
{
    char path[PATH_BYTES];
    static const char zeros[64];
    static const char *const marks[] = {"odd_", "odd_", "odd_", "odd\n", "odd\xff"};
    const char *target = any_place(t, below(t, 2) == 0);
    target = target != NULL ? base_of(target) : "nowhere.c";
    uint32_t i = any_text(t);
    (void)snprintf(path, sizeof(path), "%s%s%s", any_prefix(t),
                   marks[below(t, sizeof(marks) / sizeof(*marks))],
                   base_of(t->texts->files[i].path));
    unsigned kind = below(t, 8);
    (void)unlink(path);
    say(t, "made oddity %u: %s", kind, path);
    switch (kind) {
    case 0: (void)!symlink(target, path); break;
    case 1: (void)!symlink("..", path); break;
    case 2: (void)!symlink(base_of(t->texts->files[i].path), path); break;
    case 3: (void)mkfifo(path, 0644); break;
    case 4: create(path, zeros, sizeof(zeros)); break;
    case 5: create(path, text_of(t, i), strlen(text_of(t, i))); break;
    case 6: (void)!truncate(t->texts->files[i].path, (off_t)SCAN_MAX_FILE_BYTES + 1); break;
    default: (void)mkdir(path, 0755); break;
    }
}

/* No suffix: the first line says the language. */
static void write_script(struct tree_edits *t)
{
    static const char *const first[] = {"#!/usr/bin/env python3\n", "#!/usr/bin/env node\n",
                                        "#!/bin/sh\n", "", "\n#!/usr/bin/python3\n"};
    char path[PATH_BYTES];
    struct buf text = {0};
    (void)snprintf(path, sizeof(path), "%sscript%u", any_prefix(t), below(t, 3));
    buf_str(&text, first[below(t, sizeof(first) / sizeof(*first))]);
    buf_str(&text, text_of(t, any_text(t)));
    save(t, path, buf_cstr(&text));
    buf_release(&text);
}

/* ---- ignore files ---- */

static void add_rule(struct tree_edits *t, struct buf *b)
{
    const char *path = any_place(t, below(t, 2) == 0);
    const char *name = path != NULL ? base_of(path) : "x";
    const char *dot = strrchr(name, '.');
    buf_str(b, below(t, 5) == 0 ? "!" : "");
    switch (below(t, 7)) {
    case 0: buf_printf(b, "%s\n", name); break;
    case 1: buf_printf(b, "/%s\n", name); break;
    case 2: buf_printf(b, "%s/\n", name); break;
    case 3: buf_printf(b, "*%s\n", dot != NULL ? dot : "x"); break;
    case 4: buf_printf(b, "**/%.2s*\n", name); break;
    case 5: buf_printf(b, "/%s\n", path != NULL ? path : "x"); break;
    default: buf_printf(b, "dir*/%s\n", name); break;
    }
}

static void change_ignore_file(struct tree_edits *t)
{
    static const char *const names[] = {".gitignore", ".gitignore", ".ignore",
                                        ".parseltongueignore"};
    char path[PATH_BYTES];
    struct buf text = {0};
    if (below(t, 8) == 0)
        (void)snprintf(path, sizeof(path), ".git/info/exclude");
    else
        (void)snprintf(path, sizeof(path), "%s%s", any_prefix(t),
                       names[below(t, sizeof(names) / sizeof(*names))]);
    if (below(t, 3) == 0) {
        say(t, "removed %s", path);
        (void)unlink(path);
        return;
    }
    for (unsigned n = 1 + below(t, 3); n > 0; n--)
        add_rule(t, &text);
    say(t, "rules: %s", buf_cstr(&text));
    save(t, path, buf_cstr(&text));
    buf_release(&text);
}

/* The rules that are there must not add up until nothing is left to look at. */
static void forget_rules(struct tree_edits *t)
{
    say(t, "removed all ignore files");
    look(t);
    for (uint32_t i = 0; i < t->places.len; i++) {
        const char *name = base_of(t->places.at[i].path);
        if (strstr(name, "ignore") != NULL || strcmp(name, "CACHEDIR.TAG") == 0)
            (void)unlink(t->places.at[i].path);
    }
    (void)unlink(".git/info/exclude");
}

static void change_cache_tag(struct tree_edits *t)
{
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof(path), "%sCACHEDIR.TAG", any_prefix(t));
    if (below(t, 2) == 0) {
        say(t, "removed %s", path);
        (void)unlink(path);
        return;
    }
    save(t, path, below(t, 3) == 0 ? "no tag\n" : TAG);
}

/* ---- branches ---- */

static void read_file(struct tree_branch *b, const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
    if (fd < 0)
        return;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode)) {
        char *text = arena_alloc(&b->arena, (size_t)st.st_size + 1);
        ssize_t n = text != NULL ? read(fd, text, (size_t)st.st_size) : -1;
        struct tree_file f = {arena_strdup(&b->arena, path), text, (size_t)n};
        if (n < 0 || f.path == NULL || !vec_push(&b->files, f))
            die("a branch");
    }
    (void)close(fd);
}

/* The branch is what is in the tree. */
static void remember(struct tree_edits *t, struct tree_branch *b)
{
    vec_clear(&b->files);
    arena_release(&b->arena);
    arena_init(&b->arena);
    look(t);
    for (uint32_t i = 0; i < t->places.len; i++) {
        if (!t->places.at[i].is_dir)
            read_file(b, t->places.at[i].path);
    }
}

static bool same_file(const struct tree_file *a, const struct tree_file *b)
{
    return a->n == b->n && memcmp(a->text, b->text, a->n) == 0;
}

static void remove_with_empty_folders(const char *path)
{
    char dir[PATH_BYTES];
    (void)unlink(path);
    (void)snprintf(dir, sizeof(dir), "%s", path);
    for (char *p = strrchr(dir, '/'); p != NULL; p = strrchr(dir, '/')) {
        *p = '\0';
        if (rmdir(dir) != 0)
            break;
    }
}

/* As git does it: what differs is removed and made anew, the rest not touched. */
static void check_out(const struct tree_branch *from, const struct tree_branch *to)
{
    uint32_t i = 0, k = 0;
    while (i < from->files.len || k < to->files.len) {
        const struct tree_file *a = i < from->files.len ? &from->files.at[i] : NULL;
        const struct tree_file *b = k < to->files.len ? &to->files.at[k] : NULL;
        int order = a == NULL ? 1 : b == NULL ? -1 : strcmp(a->path, b->path);
        i += order <= 0;
        k += order >= 0;
        if (a != NULL && order < 0) {
            remove_with_empty_folders(a->path);
        } else if (b != NULL && (a == NULL || order > 0 || !same_file(a, b))) {
            (void)unlink(b->path);
            create(b->path, b->text, b->n);
        }
    }
}

void tree_edits_switch_branch(struct tree_edits *t)
{
    struct tree_branch now = {0};
    uint32_t to = below(t, TREE_BRANCHES);
    arena_init(&now.arena);
    say(t, "switched to branch %u", to);
    create(".git/index.lock", "", 0);
    remember(t, &now);
    check_out(&now, &t->branches[to]);
    create(".git/HEAD.lock", "ref", 3);
    (void)rename(".git/HEAD.lock", ".git/HEAD");
    (void)rename(".git/index.lock", ".git/index");
    vec_release(&now.files);
    arena_release(&now.arena);
    if (below(t, 3) == 0) {
        uint32_t n = 1 + below(t, TREE_BRANCHES - 1);
        say(t, "branch %u is the tree as it is", n);
        remember(t, &t->branches[n]);
    }
}

/* ---- all of them ---- */

static void edit_texts(struct tree_edits *t)
{
    edits_step(t->texts);
    for (uint32_t i = 0; i < t->texts->n_files; i++) {
        const struct edit_file *f = &t->texts->files[i];
        if (!f->touched)
            continue;
        if (f->text != NULL) {
            save(t, f->path, f->text);
        } else {
            say(t, "removed %s", f->path);
            (void)unlink(f->path);
        }
    }
    edits_forget_touched(t->texts);
}

static void shrink(struct tree_edits *t)
{
    if (below(t, 2) == 0)
        tree_edits_switch_branch(t);
    else
        remove_something(t, below(t, 2) == 0);
}

static void change_something(struct tree_edits *t)
{
    switch (below(t, 20)) {
    case 0: move_something(t, true); break;
    case 1:
    case 2: move_something(t, false); break;
    case 3: exchange(t); break;
    case 4: move_out(t); break;
    case 5: move_back(t); break;
    case 6: change_what_is_away(t); break;
    case 7:
    case 8: make_folders(t); break;
    case 9: change_kind(t); break;
    case 10: touch(t); break;
    case 11: make_oddity(t); break;
    case 12: write_script(t); break;
    case 13: change_ignore_file(t); break;
    case 14: below(t, 2) == 0 ? change_ignore_file(t) : forget_rules(t); break;
    case 15: change_cache_tag(t); break;
    case 16: remove_something(t, true); break;
    case 17: remove_something(t, false); break;
    case 18: tree_edits_switch_branch(t); break;
    default: grow_one(t); break;
    }
}

void tree_edits_step(struct tree_edits *t)
{
    look(t);
    if (t->places.len > t->places_max)
        shrink(t);
    else if (below(t, 2) == 0)
        edit_texts(t);
    else
        change_something(t);
}

void tree_edits_init(struct tree_edits *t, struct edits *e)
{
    *t = (struct tree_edits){.texts = e};
    arena_init(&t->arena);
    for (unsigned i = 0; i < TREE_OPEN_MAX; i++)
        t->open[i].fd = -1;
    (void)mkdir("../away", 0755);
    make_parents(".git/info/exclude");
    for (uint32_t i = 0; i < e->n_files; i++)
        create(e->files[i].path, e->files[i].text, strlen(e->files[i].text));
    edits_forget_touched(e);
    look(t);
    t->places_max = t->places.len * 2 + 50;
    for (unsigned i = 0; i < TREE_BRANCHES; i++) {
        arena_init(&t->branches[i].arena);
        remember(t, &t->branches[i]);
    }
}

void tree_edits_release(struct tree_edits *t)
{
    for (unsigned i = 0; i < TREE_OPEN_MAX; i++) {
        if (t->open[i].fd >= 0)
            (void)close(t->open[i].fd);
        mem_free(t->open[i].rest);
    }
    for (unsigned i = 0; i < TREE_BRANCHES; i++) {
        vec_release(&t->branches[i].files);
        arena_release(&t->branches[i].arena);
    }
    vec_release(&t->places);
    arena_release(&t->arena);
    buf_release(&t->story);
}
