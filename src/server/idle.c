/* When the daemon ends by itself: because nobody has needed it for long, or because nobody can reach
 * it any more. */
#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "server/daemon_internal.h"

static bool is_needed(struct daemon *d)
{
    uint64_t asked = d->n_accepted + d->n_requests;
    bool needed = d->n_conns > 0 || asked != d->idle_asked;
    d->idle_asked = asked;
    return needed;
}

/* A socket of systemd's is not ours to look after. */
static bool is_reachable(struct daemon *d)
{
    return !d->listener.bound || io_exists(IO_CWD, buf_cstr(&d->listener.path));
}

static void look(uv_timer_t *timer)
{
    struct daemon *d = timer->data;
    uint64_t now = clock_now_ns(), limit = d->options.idle_exit_ms * CLOCK_NS_PER_MS;
    if (d->stopping)
        return;
    if (is_needed(d))
        d->idle_since_ns = now;
    if (!is_reachable(d)) {
        log_warn("the socket is gone", log_str("socket", buf_cstr(&d->listener.path)));
        daemon_stop(d);
    } else if (limit != 0 && now - d->idle_since_ns >= limit) {
        log_info("nobody needs the daemon", log_u64("idle_ms", d->options.idle_exit_ms));
        daemon_stop(d);
    }
}

void idle_begin(struct daemon *d)
{
    uint64_t every = d->options.look_ms, limit = d->options.idle_exit_ms;
    d->idle_since_ns = clock_now_ns();
    every = limit != 0 && limit / 4 < every ? limit / 4 + 1 : every;
    (void)uv_timer_start(&d->idle, look, every, every);
}
