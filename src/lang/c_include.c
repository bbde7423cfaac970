/* Which file an #include means. Without the compiler's command line this is a matter of trying
 * the places where projects keep their headers, nearest first. */
#include "lang/c.h"

#include <string.h>

/* Headers of the system that trees often have namesakes of. */
static const char *const system_headers[] = {
    "assert.h",   "complex.h", "ctype.h",     "dirent.h",  "dlfcn.h",     "errno.h",   "fcntl.h",
    "fenv.h",     "float.h",   "getopt.h",    "grp.h",     "inttypes.h",  "iso646.h",  "limits.h",
    "locale.h",   "malloc.h",  "math.h",      "memory.h",  "netdb.h",     "poll.h",    "pthread.h",
    "pwd.h",      "regex.h",   "sched.h",     "search.h",  "semaphore.h", "setjmp.h",  "signal.h",
    "stdalign.h", "stdarg.h",  "stdatomic.h", "stdbool.h", "stddef.h",    "stdint.h",  "stdio.h",
    "stdlib.h",   "string.h",  "strings.h",   "syslog.h",  "termios.h",   "threads.h", "time.h",
    "uchar.h",    "unistd.h",  "utime.h",     "wchar.h",   "wctype.h",    "windows.h"};

/* A header of the C library or of POSIX. */
static bool is_system_header(const char *name)
{
    for (size_t i = 0; i < sizeof(system_headers) / sizeof(*system_headers); i++) {
        if (strcmp(system_headers[i], name) == 0)
            return true;
    }
    return strncmp(name, "sys/", 4) == 0 || strncmp(name, "bits/", 5) == 0;
}

/* Appends name to the folder in ret, taking "." and ".." out; false above the root. */
static bool join(struct buf *ret, const char *name)
{
    while (*name != '\0') {
        size_t n = strcspn(name, "/");
        if (n == 2 && name[0] == '.' && name[1] == '.') {
            if (ret->n == 0)
                return false;
            while (ret->n > 0 && ret->p[ret->n - 1] != '/')
                ret->n--;
            if (ret->n > 0)
                ret->n--;
        } else if (n > 0 && !(n == 1 && name[0] == '.')) {
            if (ret->n > 0)
                buf_char(ret, '/');
            buf_add(ret, name, n);
        }
        name += n + (name[n] == '/');
    }
    return !ret->failed;
}

static bool try_in(const struct lang_tree *tree, const char *folder, size_t n, const char *below,
                   const char *name, struct buf *ret)
{
    buf_reset(ret);
    buf_add(ret, folder, n);
    return join(ret, below) && join(ret, name) && tree->has_file(tree->ctx, ret->p, ret->n);
}

/* The name without leading "./" and "../": what a unique suffix may end with. */
static const char *tail_of(const char *name)
{
    for (;;) {
        if (strncmp(name, "./", 2) == 0)
            name += 2;
        else if (strncmp(name, "../", 3) == 0)
            name += 3;
        else
            return name;
    }
}

/* <x.h> is not the x.h beside the file, for which one would write quotes: it comes from a folder
 * that the compiler was told of. */
bool c_find_include(const struct lang_tree *tree, const char *path, const char *spelled,
                    struct buf *ret)
{
    char name[256];
    bool system = spelled[0] == '<';
    struct slice s = slice_from(spelled);
    if (system)
        s = slice_of(s.p + 1, s.n > 2 ? s.n - 2 : 0);
    if (s.n == 0 || s.n >= sizeof(name))
        return false;
    memcpy(name, s.p, s.n);
    name[s.n] = '\0';

    const char *slash = strrchr(path, '/');
    size_t dir = slash != NULL ? (size_t)(slash - path) : 0;
    if (!system && try_in(tree, path, dir, "", name, ret))
        return true;
    bool elsewhere = system && is_system_header(name);
    for (size_t up = dir + 1; up-- > 0;) { /* the folder and those around it */
        if (up != 0 && up != dir && path[up] != '/')
            continue;
        bool own = system && up == dir && strchr(name, '/') == NULL;
        if (try_in(tree, path, up, "include", name, ret) ||
            (!elsewhere && !own && try_in(tree, path, up, "", name, ret)))
            return true;
    }
    buf_reset(ret);
    if (elsewhere || !tree->find_suffix(tree->ctx, tail_of(name), path, ret))
        return false;
    const char *found = slice_rchr(buf_as_slice(ret), '/');
    size_t in = found != NULL ? (size_t)(found - ret->p) : 0;
    return !(system && in == dir && memcmp(ret->p, path, in) == 0 && strchr(name, '/') == NULL);
}

bool c_is_test_path(const char *path)
{
    for (const char *p = path, *slash; (slash = strchr(p, '/')) != NULL; p = slash + 1) {
        struct slice dir = slice_of(p, (size_t)(slash - p));
        if (slice_eq(dir, SLICE("test")) || slice_eq(dir, SLICE("tests")) ||
            slice_eq(dir, SLICE("testing")) || slice_eq(dir, SLICE("unittests")))
            return true;
    }
    const char *slash = strrchr(path, '/'), *base = slash != NULL ? slash + 1 : path;
    const char *dot = strrchr(base, '.');
    struct slice stem = slice_of(base, dot != NULL ? (size_t)(dot - base) : strlen(base));
    return slice_starts(stem, SLICE("test_")) || slice_ends(stem, SLICE("_test")) ||
           slice_ends(stem, SLICE("_tests")) || slice_ends(stem, SLICE("_unittest"));
}
