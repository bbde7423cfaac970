#include "cli/progress.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define REDRAW_NS (80 * CLOCK_NS_PER_MS)
#define BAR_COLUMNS 24u

static volatile sig_atomic_t interrupted;

static void on_interrupt(int sig)
{
    (void)sig;
    interrupted = 1;
}

bool progress_interrupted(void)
{
    return interrupted != 0;
}

void progress_begin(struct progress *p, bool shown, bool colour)
{
    /* The handler serves once: a second Ctrl-C ends the process at once, which harms no state. */
    struct sigaction act = {.sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND | SA_RESTART};
    *p = (struct progress){.shown = shown, .colour = colour, .start_ns = clock_now_ns()};
    interrupted = 0;
    (void)sigemptyset(&act.sa_mask);
    (void)sigaction(SIGINT, &act, &p->before);
    if (p->before.sa_handler == SIG_IGN) /* started in the background, or by nohup */
        (void)sigaction(SIGINT, &p->before, NULL);
}

void progress_end(struct progress *p)
{
    if (p->drawn)
        (void)fputs("\r\033[K", stderr);
    p->drawn = false;
    (void)sigaction(SIGINT, &p->before, NULL);
}

/* ---- the line ---- */

/* Shares of the whole, as they are on real trees: in percent, up to and with each stage. */
static double fraction(const struct pipeline_progress *now)
{
    static const double before[] = {[STAGE_SCAN] = 0.0,
                                    [STAGE_EXTRACT] = 0.01,
                                    [STAGE_LINK] = 0.86,
                                    [STAGE_RESOLVE] = 0.88,
                                    [STAGE_COMMIT] = 0.97};
    static const double share[] = {[STAGE_SCAN] = 0.0,
                                   [STAGE_EXTRACT] = 0.85,
                                   [STAGE_LINK] = 0.0,
                                   [STAGE_RESOLVE] = 0.09,
                                   [STAGE_COMMIT] = 0.0};
    double part = 0;
    if (now->stage == STAGE_EXTRACT && now->n_bytes > 0)
        part = (double)now->bytes / (double)now->n_bytes;
    else if (now->n_files > 0)
        part = (double)now->files / (double)now->n_files;
    part = part > 1 ? 1 : part;
    return before[now->stage] + share[now->stage] * part;
}

static const char *stage_name(enum pipeline_stage stage)
{
    static const char *const names[] = {[STAGE_SCAN] = "Scanning",
                                        [STAGE_EXTRACT] = "Reading",
                                        [STAGE_LINK] = "Linking",
                                        [STAGE_RESOLVE] = "Resolving",
                                        [STAGE_COMMIT] = "Writing"};
    return names[stage];
}

static void put_bar(struct buf *out, double done)
{
    unsigned full = (unsigned)(done * BAR_COLUMNS);
    for (unsigned i = 0; i < BAR_COLUMNS; i++)
        buf_str(out, i < full ? "━" : i == full ? "╸" : " ");
}

void progress_line(const struct pipeline_progress *now, uint64_t elapsed_ns, unsigned width,
                   struct buf *out)
{
    struct buf line = {0};
    double done = fraction(now);
    double seconds = (double)elapsed_ns / (double)CLOCK_NS_PER_SEC;
    buf_printf(&line, "%-9s ", stage_name(now->stage));
    put_bar(&line, done);
    buf_printf(&line, " %3.0f%%", done * 100);
    if (now->n_files > 0)
        buf_printf(&line, "  %u of %u files", now->files, now->n_files);
    if (now->stage == STAGE_EXTRACT && now->bytes > 0 && seconds > 0.2)
        buf_printf(&line, "  %.1f MB/s", (double)now->bytes / 1e6 / seconds);
    if (seconds > 0.5 && done > 0.02) {
        unsigned left = (unsigned)(seconds * (1 - done) / done + 0.5);
        buf_printf(&line, "  %u:%02u left", left / 60, left % 60);
    }
    buf_add(out, line.p, width != 0 ? utf8_trunc_width(line.p, line.n, width) : line.n);
    buf_release(&line);
}

bool progress_step(void *ctx, const struct pipeline_progress *now)
{
    struct progress *p = ctx;
    uint64_t t = clock_now_ns();
    if (interrupted)
        return false;
    if (!p->shown || t - p->last_ns < REDRAW_NS || t - p->start_ns < 2 * REDRAW_NS)
        return true;
    p->last_ns = t;
    struct winsize size;
    unsigned width = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 80;
    struct buf out = {0};
    buf_str(&out, p->colour ? "\r\033[36m" : "\r");
    progress_line(now, t - p->start_ns, width > 1 ? width - 1 : 80, &out);
    buf_str(&out, p->colour ? "\033[0m\033[K" : "\033[K");
    (void)fputs(buf_cstr(&out), stderr);
    buf_release(&out);
    p->drawn = true;
    return true;
}
