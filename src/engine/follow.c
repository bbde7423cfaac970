/* A first, slow way to follow a tree: index it again when somebody asks. */
#include "engine/workspace.h"

#include <string.h>

int workspace_follow(struct workspace *w, const struct follow_options *o, struct err *err)
{
    (void)o;
    return workspace_from_dump(w) ? err_set(err, PT_EINVAL, "the graph stands for a dump") : PT_OK;
}

int workspace_sync(struct workspace *w, workspace_synced done, void *ctx, struct err *err)
{
    struct pipeline_options options = {0};
    struct pipeline_report report = {0};
    uint32_t stale = 0;
    int rc = workspace_check(w, &options.scan, &stale, err);
    if (rc == PT_OK && stale > 0)
        rc = workspace_index(w, &options, &report, err);
    pipeline_report_release(&report);
    if (rc == PT_OK)
        done(ctx, PT_OK, NULL);
    return rc;
}

void workspace_follow_status(struct workspace *w, struct follow_status *ret)
{
    (void)w;
    memset(ret, 0, sizeof(*ret));
}
