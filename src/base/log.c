#include "base/log.h"

#include <stdatomic.h>
#include <time.h>

#include "base/clock.h"

static atomic_int min_level = LOG_LEVEL_WARN;
static _Atomic(FILE *) sink; /* borrowed; NULL = stderr */
static log_sink taker;       /* NULL = the file */
static void *taker_ctx;

static const char *const level_names[] = {"debug", "info", "warn", "error", "off"};

void log_set_level(enum log_level level)
{
    atomic_store(&min_level, (int)level);
}

bool log_enabled(enum log_level level)
{
    return (int)level >= atomic_load_explicit(&min_level, memory_order_relaxed) &&
           level < LOG_LEVEL_OFF;
}

bool log_level_parse(const char *name, enum log_level *ret)
{
    for (size_t i = 0; i < PT_COUNT(level_names); i++)
        if (strcmp(name, level_names[i]) == 0) {
            *ret = (enum log_level)i;
            return true;
        }
    return false;
}

void log_set_file(FILE *f)
{
    atomic_store(&sink, f);
}

void log_set_sink(log_sink fn, void *ctx)
{
    taker = fn;
    taker_ctx = ctx;
}

static bool is_bare(struct slice v)
{
    for (size_t i = 0; i < v.n; i++) {
        char c = v.p[i];
        if (c <= ' ' || c >= 0x7F || c == '"' || c == '=' || c == '\\')
            return false;
    }
    return v.n > 0;
}

static void add_value(struct buf *line, struct slice v)
{
    bool is_cut = v.n > LOG_VALUE_MAX;

    if (is_cut)
        v.n = utf8_trunc(v.p, v.n, LOG_VALUE_MAX);
    if (is_bare(v))
        buf_slice(line, v);
    else
        buf_json_str(line, v.p, v.n);
    if (is_cut)
        buf_str(line, "...");
}

static void add_time(struct buf *line)
{
    uint64_t now = clock_wall_ns();
    time_t seconds = (time_t)(now / CLOCK_NS_PER_SEC);
    char text[32];
    struct tm tm;

    gmtime_r(&seconds, &tm);
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
    buf_printf(line, "ts=%s.%03uZ", text, (unsigned)(now % CLOCK_NS_PER_SEC / CLOCK_NS_PER_MS));
}

void log_emit(enum log_level level, const char *msg, const struct log_field *fields, size_t n)
{
    struct buf line = {0};

    if (!log_enabled(level))
        return;
    add_time(&line);
    buf_printf(&line, " level=%s msg=", level_names[level]);
    add_value(&line, slice_from(msg));
    for (size_t i = 0; i < n; i++) {
        const struct log_field *f = &fields[i];

        buf_printf(&line, " %s=", f->key);
        switch (f->type) {
        case LOG_FIELD_STR: add_value(&line, f->str); break;
        case LOG_FIELD_U64: buf_u64(&line, f->num); break;
        case LOG_FIELD_I64: buf_i64(&line, (int64_t)f->num); break;
        }
    }
    buf_char(&line, '\n');

    /* One call: the stream's lock keeps lines apart. */
    FILE *to = atomic_load(&sink);
    if (!line.failed && taker != NULL)
        taker(taker_ctx, line.p, line.n);
    else if (!line.failed)
        fwrite(line.p, 1, line.n, to ? to : stderr);
    buf_release(&line);
}
