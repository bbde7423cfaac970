#include "server/memory.h"

#include "base/cgroup.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "server/hub.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOOK_MS 500u                      /* between two looks while something goes on */
#define SHRINK_NS (10 * CLOCK_NS_PER_SEC) /* between two times that caches are dropped */

uint64_t memory_resident(void)
{
    char text[128];
    size_t n = 0;
    int fd = -1;
    if (io_open(IO_CWD, "/proc/self/statm", O_RDONLY, 0, &fd, NULL) != PT_OK)
        return 0;
    int rc = io_pread(fd, text, sizeof(text) - 1, 0, &n, NULL);
    io_close(fd);
    if (rc != PT_OK)
        return 0;
    text[n] = '\0';
    const char *second = strchr(text, ' ');
    return second != NULL ? strtoull(second, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE) : 0;
}

uint64_t memory_default_limit(void)
{
    uint64_t all = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
    uint64_t ours = cgroup_memory("/proc/self/cgroup", "/sys/fs/cgroup");
    return (ours < all ? ours : all) / 2;
}

/* ---- giving back ---- */

/* What caches were dropped for may come back before long, so that is not done at each look. */
static bool shrink(struct memory *m, uint64_t now)
{
    bool any = false;
    if (m->shrunk_ns != 0 && now - m->shrunk_ns < SHRINK_NS)
        return false;
    m->shrunk_ns = now;
    for (struct place *p = hub_next(m->hub, NULL); p != NULL; p = hub_next(m->hub, p)) {
        if (place_stage(p) != PLACE_OPEN || !place_follows(p))
            continue;
        workspace_shrink(place_workspace(p));
        any = true;
    }
    return any;
}

/* The one that was not asked for the longest time of those that may be closed. */
static struct place *oldest(const struct memory *m)
{
    struct place *found = NULL;
    unsigned open = 0;
    for (struct place *p = hub_next(m->hub, NULL); p != NULL; p = hub_next(m->hub, p)) {
        open += place_stage(p) != PLACE_CLOSING;
        if (place_can_close(p) && (found == NULL || place_used_ns(p) < place_used_ns(found)))
            found = p;
    }
    return open > 1 ? found : NULL;
}

static bool any_closes(const struct memory *m)
{
    for (struct place *p = hub_next(m->hub, NULL); p != NULL; p = hub_next(m->hub, p)) {
        if (place_stage(p) == PLACE_CLOSING)
            return true;
    }
    return false;
}

static void tell(struct memory *m)
{
    if (m->told)
        return;
    m->told = true;
    log_warn("the daemon needs more memory than memory_limit lets it have",
             log_u64("resident_bytes", m->seen), log_u64("limit_bytes", m->limit),
             log_u64("workspaces", hub_count(m->hub)));
}

/* Returns after how long it is to look again, in ms; 0: when something happens. */
static uint64_t relieve(struct memory *m, uint64_t now)
{
    if (any_closes(m) || shrink(m, now))
        return LOOK_MS;
    struct place *p = oldest(m);
    if (p == NULL) {
        tell(m);
        return 0;
    }
    uint64_t idle = now - place_used_ns(p);
    if (idle < m->keep_ns) {
        tell(m);
        return (m->keep_ns - idle) / CLOCK_NS_PER_MS + 1;
    }
    log_info("a workspace goes to save memory", log_str("root", place_root(p)),
             log_u64("resident_bytes", m->seen), log_u64("limit_bytes", m->limit));
    place_evict(p);
    return LOOK_MS;
}

/* ---- looking ---- */

static bool any_grows(const struct memory *m)
{
    for (struct place *p = hub_next(m->hub, NULL); p != NULL; p = hub_next(m->hub, p)) {
        if (place_is_busy(p))
            return true;
    }
    return false;
}

static void note_below(struct memory *m)
{
    if (m->told)
        log_info("the daemon has no more memory than it may", log_u64("resident_bytes", m->seen));
    m->over = m->told = false;
    m->shrunk_ns = 0;
}

static void look(uv_timer_t *timer)
{
    struct memory *m = timer->data;
    uint64_t again = 0;
    if (m->hub == NULL)
        return;
    m->seen = memory_resident();
    if (m->seen > m->limit)
        m->over = true;
    else if (m->over && m->seen <= m->limit / 8 * 7)
        note_below(m);
    if (m->over)
        again = relieve(m, clock_now_ns());
    if (again == 0 && any_grows(m))
        again = LOOK_MS;
    if (again != 0)
        (void)uv_timer_start(&m->timer, look, again, 0);
}

void memory_stir(struct memory *m)
{
    if (m->limit == 0 || m->hub == NULL)
        return;
    /* One that waits for longer than this is for a workspace to be old enough. */
    if (!uv_is_active((uv_handle_t *)&m->timer) || uv_timer_get_due_in(&m->timer) > LOOK_MS)
        (void)uv_timer_start(&m->timer, look, LOOK_MS, 0);
}

void memory_begin(struct memory *m, uv_loop_t *loop, struct hub *hub, uint64_t limit,
                  uint32_t keep_ms)
{
    *m = (struct memory){.hub = hub,
                         .limit = limit,
                         .keep_ns = (keep_ms != 0 ? keep_ms : MEMORY_KEEP_MS) * CLOCK_NS_PER_MS};
    (void)uv_timer_init(loop, &m->timer);
    m->timer.data = m;
}

void memory_end(struct memory *m)
{
    m->hub = NULL;
    (void)uv_timer_stop(&m->timer);
}

const char *memory_trouble(const struct memory *m)
{
    return m->told ? "more memory is needed than memory_limit lets the daemon have: give it more, "
                     "or index less (ignore files, other workspaces)"
                   : "";
}
