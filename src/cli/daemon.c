/* The verb `daemon`: in the foreground, with its log on standard error. */
#include "server/daemon.h"

#include "base/arena.h"
#include "base/log.h"
#include "cli/verbs.h"
#include "server/hub.h"

#include <string.h>

#define MAX_WATCHED 64u

/* The values of --watch, which lie one a line in `text`, as absolute paths. */
static int watched(struct arena *arena, char *text, const char *ret[MAX_WATCHED], unsigned *ret_n,
                   struct err *err)
{
    struct buf root = {0};
    unsigned n = 0;
    int rc = PT_OK;
    for (char *one; rc == PT_OK && (one = strsep(&text, "\n")) != NULL; n++) {
        if (n == MAX_WATCHED)
            rc = err_set(err, PT_EUSAGE, "more than %u trees to watch", MAX_WATCHED);
        else
            rc = hub_root(one, &root, err);
        if (rc != PT_OK)
            break;
        ret[n] = arena_strdup(arena, buf_cstr(&root));
        if (ret[n] == NULL)
            rc = err_set(err, PT_ENOMEM, "out of memory");
    }
    buf_release(&root);
    *ret_n = n;
    return rc;
}

int run_daemon(struct call *c, struct answer *a, struct err *err)
{
    const char *trees[MAX_WATCHED], *given = call_arg(c, "watch");
    struct daemon_options o = {.watch = trees, .force = call_flag(c, "force")};
    int rc = PT_OK;
    if (given != NULL) {
        char *text = arena_strdup(&a->arena, given);
        rc = text != NULL ? watched(&a->arena, text, trees, &o.n_watch, err)
                          : err_set(err, PT_ENOMEM, "out of memory");
    }
    if (rc != PT_OK)
        return rc;
    log_set_level(LOG_LEVEL_INFO);
    return daemon_run(&o, err);
}
