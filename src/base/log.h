/*
 * The log: one line of logfmt per event, on standard error.
 *
 *	log_info("workspace opened", log_str("path", path), log_u64("files", n));
 *	ts=2026-11-23T10:00:00.123Z level=info msg="workspace opened" path=/src files=12
 *
 * Used by cli, server and engine only; everything below them returns errors.
 * Values are made safe: one event is one line, whatever its strings hold. A
 * value of more than LOG_VALUE_MAX bytes is cut, which "..." after it says.
 *
 * Threads: any; lines do not mix. Ownership: strings are borrowed for the call.
 * Errors: none are reported; a line that cannot be built or written is dropped.
 */
#ifndef PT_BASE_LOG_H
#define PT_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "base/str.h"

#define LOG_VALUE_MAX 1024

enum log_level {
    LOG_LEVEL_DEBUG,
    LOG_LEVEL_INFO,
    LOG_LEVEL_WARN,
    LOG_LEVEL_ERROR,
    LOG_LEVEL_OFF,
};

struct log_field {
    const char *key;
    enum { LOG_FIELD_STR, LOG_FIELD_U64, LOG_FIELD_I64 } type;
    struct slice str;
    uint64_t num;
};

static inline struct log_field log_slice(const char *key, struct slice v)
{
    return (struct log_field){.key = key, .type = LOG_FIELD_STR, .str = v};
}

static inline struct log_field log_str(const char *key, const char *v)
{
    return log_slice(key, slice_from(v));
}

static inline struct log_field log_u64(const char *key, uint64_t v)
{
    return (struct log_field){.key = key, .type = LOG_FIELD_U64, .num = v};
}

static inline struct log_field log_i64(const char *key, int64_t v)
{
    return (struct log_field){.key = key, .type = LOG_FIELD_I64, .num = (uint64_t)v};
}

/* err="message" */
static inline struct log_field log_err(const struct err *e)
{
    return log_str("err", e->msg);
}

/* Events below the level are dropped. LOG_LEVEL_WARN at the start. */
void log_set_level(enum log_level level);
bool log_enabled(enum log_level level);

/* "debug", "info", "warn", "error", "off"; false for anything else. */
bool log_level_parse(const char *name, enum log_level *ret);

/* Where lines go instead of stderr (borrowed; NULL = stderr again). */
void log_set_file(FILE *f);

/*
 * Or to whoever takes them, whole, with their line ends (NULL = the file again). Called by any
 * thread that logs, by several at once; must not log. Set it while one thread runs.
 */
typedef void (*log_sink)(void *ctx, const char *line, size_t n);
void log_set_sink(log_sink fn, void *ctx);

void log_emit(enum log_level level, const char *msg, const struct log_field *fields, size_t n);

/* The first, empty field lets an event have no fields. */
#define LOG_EMIT_(level, msg, ...)                                                                 \
    log_emit(level, msg, (const struct log_field[]){{.key = NULL}, __VA_ARGS__} + 1,               \
             sizeof((const struct log_field[]){{.key = NULL}, __VA_ARGS__}) /                      \
                     sizeof(struct log_field) -                                                    \
                 1)

#define log_debug(...) LOG_EMIT_(LOG_LEVEL_DEBUG, __VA_ARGS__)
#define log_info(...) LOG_EMIT_(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_warn(...) LOG_EMIT_(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_error(...) LOG_EMIT_(LOG_LEVEL_ERROR, __VA_ARGS__)

#endif
