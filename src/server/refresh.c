#include "server/refresh.h"

#include "base/clock.h"

#include <time.h>

#define WAIT_NS (60 * CLOCK_NS_PER_SEC)
#define PAUSE_NS (50 * (long)CLOCK_NS_PER_MS)

/* Another process wrote, or writes, the same graph: what it has written must be read. */
static bool is_contention(int rc)
{
    return rc == PT_EEXIST || rc == PT_ESTALE;
}

static int reopen(struct call *c, struct err *err)
{
    const char *notice = NULL;
    struct workspace *fresh = NULL;
    struct timespec pause = {.tv_nsec = PAUSE_NS};
    (void)nanosleep(&pause, NULL);
    int rc = workspace_open(workspace_root(c->workspace), &fresh, &notice, err);
    if (rc != PT_OK)
        return rc;
    workspace_close(c->workspace);
    c->workspace = fresh;
    return PT_OK;
}

int refresh_index(struct call *c, struct pipeline_report *ret_report, struct err *err)
{
    uint64_t end = clock_now_ns() + WAIT_NS;
    for (;;) {
        int rc = workspace_index(c->workspace, &c->pipeline, ret_report, err);
        if (!is_contention(rc) || clock_now_ns() > end)
            return rc;
        rc = reopen(c, err);
        if (rc != PT_OK)
            return rc;
    }
}

static void tell(struct call *c, bool empty, uint32_t stale)
{
    struct buf text = {0};
    char count[COUNT_TEXT];
    if (c->notice == NULL)
        return;
    if (empty)
        buf_printf(&text, "indexing %s for the first time", workspace_root(c->workspace));
    else if (workspace_foreign(c->workspace))
        buf_str(&text, "another version of parseltongue made the graph: indexing again");
    else
        buf_printf(&text, "%s file%s changed: indexing again", count_text(stale, count),
                   stale == 1 ? "" : "s");
    c->notice(c->notice_ctx, buf_cstr(&text));
    buf_release(&text);
}

static int is_empty(struct call *c, bool *ret, struct err *err)
{
    struct view v;
    int rc = workspace_pin(c->workspace, &v, err);
    if (rc != PT_OK)
        return rc;
    *ret = view_generation(&v) == 0;
    workspace_unpin(c->workspace, &v);
    return PT_OK;
}

int refresh(struct call *c, struct answer *a, uint32_t *ret_stale, struct err *err)
{
    struct pipeline_report report = {0};
    uint64_t end = clock_now_ns() + WAIT_NS;
    bool told = false;

    for (;;) {
        uint32_t stale = 0;
        bool empty = false;
        int rc = is_empty(c, &empty, err);
        if (rc != PT_OK)
            return rc;
        if (empty && workspace_from_dump(c->workspace))
            return err_set(err, PT_EINVAL,
                           "the graph of the ingested dump is gone: ingest the dump again, or "
                           "index the tree");
        if (empty && c->no_refresh)
            return err_set(err, PT_EINVAL,
                           "nothing is indexed yet: run index first, or leave --no-refresh out");
        if (c->no_refresh && c->method->flags & METHOD_RAW)
            return PT_OK; /* which has no place to say how stale it is */
        if (workspace_no_ignore(c->workspace))
            c->pipeline.scan.no_ignore = true;
        rc = workspace_check(c->workspace, &c->pipeline.scan, &stale, err);
        if (rc != PT_OK)
            return rc;
        if (stale == 0 || c->no_refresh) {
            *ret_stale = stale;
            return PT_OK;
        }
        if (!told)
            tell(c, empty, stale);
        told = true;
        rc = workspace_index(c->workspace, &c->pipeline, &report, err);
        if (rc == PT_OK) {
            warn_culprit(a, &report.scan);
            pipeline_report_release(&report);
            *ret_stale = 0;
            return PT_OK;
        }
        if (is_contention(rc) && clock_now_ns() < end)
            rc = reopen(c, err);
        else if (rc != PT_ECANCELED && !empty)
            rc = err_prefix(err, "the tree changed, and indexing it failed (--no-refresh answers "
                                 "from the graph as it is)");
        if (rc != PT_OK)
            return rc;
    }
}
