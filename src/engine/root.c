#include "engine/root.h"

#include "base/io.h"
#include "engine/workspace_internal.h"

#include <stdlib.h>
#include <string.h>

static bool is_folder(const char *path, const struct io_stat *folder)
{
    struct io_stat st;
    return io_stat(IO_CWD, path, &st, NULL) == PT_OK && st.dev == folder->dev &&
           st.ino == folder->ino;
}

/* Is it `path` (without links), or a folder above that? */
static bool is_at_or_above(const struct io_stat *folder, struct buf *path)
{
    bool found = is_folder("/", folder);
    while (!found && path->n > 0) {
        found = is_folder(buf_cstr(path), folder);
        while (path->n > 0 && path->p[path->n - 1] != '/')
            path->n--;
        path->n -= path->n > 0; /* the slash, too */
    }
    return found;
}

static bool is_too_much(const char *root)
{
    const char *given = getenv("HOME");
    struct buf real = {0}, home = {0};
    struct io_stat st;
    bool yes = false;
    if (io_realpath(root, &real, NULL) == PT_OK &&
        io_stat(IO_CWD, buf_cstr(&real), &st, NULL) == PT_OK) {
        if (given == NULL || given[0] != '/' || io_realpath(given, &home, NULL) != PT_OK)
            buf_reset(&home); /* then only / is left */
        yes = is_at_or_above(&st, &home);
    }
    buf_release(&real);
    buf_release(&home);
    return yes;
}

/* Without a state there is no dump, and none is made to find that out. */
static bool stands_for_dump(const char *root)
{
    struct buf real = {0}, state = {0};
    struct workspace *w = NULL;
    bool yes = io_realpath(root, &real, NULL) == PT_OK &&
               workspace_state_path(buf_cstr(&real), &state, NULL) == PT_OK &&
               io_exists(IO_CWD, buf_cstr(&state)) &&
               workspace_open_closed(buf_cstr(&real), &w, NULL) == PT_OK && workspace_from_dump(w);
    workspace_close(w);
    buf_release(&real);
    buf_release(&state);
    return yes;
}

int root_check(const char *root, struct err *err)
{
    if (!is_too_much(root))
        return PT_OK;
    return err_set(err, PT_EREFUSED,
                   "%s is more than one project: --workspace names another tree, --force takes it "
                   "all the same",
                   root);
}

int root_check_graph(const char *root, struct err *err)
{
    struct err why = {0};
    int rc = root_check(root, &why);
    if (rc == PT_OK || stands_for_dump(root))
        return PT_OK;
    if (err != NULL)
        *err = why;
    return rc;
}
