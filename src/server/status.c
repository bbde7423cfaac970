/* What the daemon says of itself. */
#include "base/clock.h"
#include "engine/identity.h"
#include "server/daemon_internal.h"

#include <unistd.h>

static const char *state_name(enum follow_state state)
{
    static const char *const names[] = {[FOLLOW_NOT] = "not_followed",
                                        [FOLLOW_STARTING] = "starting",
                                        [FOLLOW_CURRENT] = "current",
                                        [FOLLOW_WORKING] = "working",
                                        [FOLLOW_FAILED] = "failed"};
    return (unsigned)state < PT_COUNT(names) ? names[state] : "unknown";
}

static const char *stage_name(enum pipeline_stage stage)
{
    static const char *const names[] = {[STAGE_SCAN] = "scan",
                                        [STAGE_EXTRACT] = "extract",
                                        [STAGE_LINK] = "link",
                                        [STAGE_RESOLVE] = "resolve",
                                        [STAGE_COMMIT] = "commit"};
    return (unsigned)stage < PT_COUNT(names) ? names[stage] : "unknown";
}

static void add_following(struct answer *a, struct value *row, struct workspace *w)
{
    struct follow_status s;
    workspace_follow_status(w, &s);
    (void)answer_cstr(a, row, "state", ROLE_PLAIN, state_name(s.state));
    if (s.state == FOLLOW_STARTING) {
        (void)answer_cstr(a, row, "stage", ROLE_PLAIN, stage_name(s.stage));
        (void)answer_uint(a, row, "files_done", s.files);
        (void)answer_uint(a, row, "files", s.n_files);
        (void)answer_uint(a, row, "bytes_done", s.bytes);
        (void)answer_uint(a, row, "bytes", s.n_bytes);
    }
    (void)answer_uint(a, row, "commits", s.commits);
    (void)answer_real(a, row, "last_commit_ms", (double)s.last_commit_ns / CLOCK_NS_PER_MS);
    (void)answer_uint(a, row, "folders_watched", s.folders_watched);
    (void)answer_uint(a, row, "folders_polled", s.folders_polled);
    (void)answer_uint(a, row, "files_too_large", s.too_large);
    if (s.files_unread > 0) {
        (void)answer_uint(a, row, "files_unread", s.files_unread);
        (void)answer_cstr(a, row, "unread", ROLE_WARNING, s.unread);
    }
    if (s.trouble[0] != '\0')
        (void)answer_cstr(a, row, "trouble", ROLE_WARNING, s.trouble);
    if (s.restless[0] != '\0')
        (void)answer_cstr(a, row, "restless", ROLE_WARNING, s.restless);
    if (s.limit[0] != '\0')
        (void)answer_cstr(a, row, "limit", ROLE_WARNING, s.limit);
}

static void add_place(struct answer *a, struct value *list, const struct place *p)
{
    struct value *row = answer_object(a, list, NULL);
    (void)answer_cstr(a, row, "workspace", ROLE_PLACE, place_root(p));
    (void)answer_uint(a, row, "generation", place_generation(p));
    switch (place_stage(p)) {
    case PLACE_OPENING: (void)answer_cstr(a, row, "state", ROLE_PLAIN, "opening"); break;
    case PLACE_CLOSING: (void)answer_cstr(a, row, "state", ROLE_PLAIN, "closing"); break;
    case PLACE_OPEN:
        if (place_follows(p))
            add_following(a, row, place_workspace(p));
        else
            (void)answer_cstr(a, row, "state", ROLE_PLAIN, "dump");
        break;
    }
}

void daemon_status(struct daemon *d, struct answer *a)
{
    (void)answer_cstr(a, a->root, "version", ROLE_PLAIN, PARSELTONGUE_VERSION);
    (void)answer_cstr(a, a->root, "identity", ROLE_PLAIN, PARSELTONGUE_IDENTITY);
    (void)answer_uint(a, a->root, "pid", (uint64_t)getpid());
    (void)answer_uint(a, a->root, "uptime_s", (clock_now_ns() - d->started_ns) / CLOCK_NS_PER_SEC);
    (void)answer_cstr(a, a->root, "socket", ROLE_PLACE, buf_cstr(&d->listener.path));
    (void)answer_uint(a, a->root, "connections", d->n_conns);
    (void)answer_uint(a, a->root, "connections_total", d->n_accepted);
    (void)answer_uint(a, a->root, "requests_total", d->n_requests);
    (void)answer_uint(a, a->root, "memory_bytes", memory_resident());
    (void)answer_uint(a, a->root, "memory_limit_bytes", d->memory.limit);
    if (memory_trouble(&d->memory)[0] != '\0')
        (void)answer_cstr(a, a->root, "memory_trouble", ROLE_WARNING, memory_trouble(&d->memory));
    (void)answer_uint(a, a->root, "max_file_bytes", d->options.max_file_bytes);
    struct value *list = answer_array(a, a->root, "workspaces");
    for (const struct place *p = hub_next(d->hub, NULL); p != NULL; p = hub_next(d->hub, p))
        add_place(a, list, p);
}
