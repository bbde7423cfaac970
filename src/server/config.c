#include "server/config.h"

#include "base/io.h"
#include "query/search.h"

#include <ini.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum setting_type {
    SETTING_NUMBER,
    SETTING_BYTES,
    SETTING_BYTES_OR_AUTO,
    SETTING_YES_NO,
    SETTING_LEVEL,
    SETTING_DURABILITY
};

struct setting {
    const char *section, *name, *fallback, *help;
    size_t at; /* in struct config */
    enum setting_type type;
    uint64_t least, most; /* of numbers and bytes */
};

#define AT(member) offsetof(struct config, member)
#define KB ((uint64_t)1 << 10)
#define MB ((uint64_t)1 << 20)
#define GB ((uint64_t)1 << 30)

/* Those of one section lie together. */
static const struct setting settings[] = {
    {"daemon", "log_level", "info", "What is worth a line of the log.", AT(log_level),
     SETTING_LEVEL, 0, 0},
    {"daemon", "log_file_max_bytes", "10M",
     "When the log has this size, it becomes daemon.log.1, and a new one is begun.",
     AT(log_file_max_bytes), SETTING_BYTES, 4 * KB, GB},
    {"daemon", "max_connections", "4096", "How many clients may be connected at once.",
     AT(max_connections), SETTING_NUMBER, 1, 65536},
    {"daemon", "idle_exit_minutes", "0",
     "The daemon ends when nobody has been connected for so long; 0: never.", AT(idle_exit_minutes),
     SETTING_NUMBER, 0, 525600},
    {"daemon", "start_automatically", "yes", "May a question on the command line start the daemon?",
     AT(start_automatically), SETTING_YES_NO, 0, 0},
    {"daemon", "memory_limit", "auto",
     "How much memory the daemon may have resident; above, it drops what it can, and closes "
     "workspaces that were not asked for long. auto: half of what the machine (or the control "
     "group) has; 0: any.",
     AT(memory_limit), SETTING_BYTES_OR_AUTO, 0, 1024 * GB},
    {"index", "threads", "0", "How many threads read files; 0: one for each processor.",
     AT(threads), SETTING_NUMBER, 0, 1024},
    {"index", "max_file_bytes", "8M",
     "Larger files are left out of the graph: they are mostly generated. It holds for the command "
     "line, too, whenever that reads a tree by itself.",
     AT(max_file_bytes), SETTING_BYTES, KB, 256 * MB},
    {"store", "durability", "commit",
     "When a commit is safe from a power cut: before it is answered, within two seconds, or "
     "whenever the system writes it. (No crash of the daemon alone ever loses one.)",
     AT(durability), SETTING_DURABILITY, 0, 0},
};

static const char *const choices_of[] = {
    [SETTING_NUMBER] = NULL,
    [SETTING_BYTES] = NULL,
    [SETTING_BYTES_OR_AUTO] = NULL,
    [SETTING_YES_NO] = "yes|no",
    [SETTING_LEVEL] = "debug|info|warn|error|off",
    [SETTING_DURABILITY] = "commit|interval|os",
};

/* ---- values ---- */

/* Digits, and of bytes a K, M or G behind them. */
static bool read_number(const char *text, bool bytes, uint64_t *ret)
{
    uint64_t n = 0, unit = 1;
    size_t digits = strspn(text, "0123456789");
    const char *rest = text + digits;
    if (digits == 0 || digits > 18)
        return false;
    for (size_t i = 0; i < digits; i++)
        n = n * 10 + (uint64_t)(text[i] - '0');
    if (bytes && *rest != '\0') {
        unit = *rest == 'K' ? KB : *rest == 'M' ? MB : *rest == 'G' ? GB : 0;
        rest++;
    }
    if (*rest != '\0' || unit == 0 || n > UINT64_MAX / unit)
        return false;
    *ret = n * unit;
    return true;
}

static int choice_index(const char *choices, const char *text)
{
    size_t n = strlen(text);
    for (int i = 0; *choices != '\0'; i++) {
        size_t k = strcspn(choices, "|");
        if (k == n && memcmp(choices, text, n) == 0)
            return i;
        choices += k + (choices[k] == '|');
    }
    return -1;
}

static int set_number(const struct setting *s, const char *text, struct config *c, struct err *err)
{
    bool automatic = s->type == SETTING_BYTES_OR_AUTO && strcmp(text, "auto") == 0;
    bool bytes = s->type != SETTING_NUMBER;
    uint64_t n = CONFIG_AUTO;
    if (!automatic && !read_number(text, bytes, &n))
        return err_set(err, PT_EINVAL, "%s is a number%s, like %s, not '%.80s'", s->name,
                       bytes ? " of bytes" : "",
                       s->type == SETTING_BYTES_OR_AUTO ? "2G, or auto" : s->fallback, text);
    if (!automatic && (n < s->least || n > s->most))
        return err_set(err, PT_EINVAL, "%s is from %llu to %llu, not %s", s->name,
                       (unsigned long long)s->least, (unsigned long long)s->most, text);
    memcpy((char *)c + s->at, &n, sizeof(n));
    return PT_OK;
}

static int set_choice(const struct setting *s, const char *text, struct config *c, struct err *err)
{
    static const enum wal_durability durabilities[] = {WAL_COMMIT, WAL_INTERVAL, WAL_OS};
    int i = choice_index(choices_of[s->type], text);
    if (i < 0)
        return err_set(err, PT_EINVAL, "%s is one of %s, not '%.80s'", s->name, choices_of[s->type],
                       text);
    switch (s->type) {
    case SETTING_YES_NO: *(bool *)((char *)c + s->at) = i == 0; break;
    case SETTING_LEVEL: c->log_level = (enum log_level)i; break;
    case SETTING_DURABILITY:
        c->durability = durabilities[(unsigned)i < PT_COUNT(durabilities) ? i : 0];
        break;
    case SETTING_NUMBER:
    case SETTING_BYTES:
    case SETTING_BYTES_OR_AUTO: break;
    }
    return PT_OK;
}

static int set(const struct setting *s, const char *text, struct config *c, struct err *err)
{
    return choices_of[s->type] == NULL ? set_number(s, text, c, err) : set_choice(s, text, c, err);
}

void config_default(struct config *ret)
{
    memset(ret, 0, sizeof(*ret));
    for (unsigned i = 0; i < PT_COUNT(settings); i++)
        (void)set(&settings[i], settings[i].fallback, ret, NULL);
}

/* ---- the file ---- */

struct parse {
    const char *name;
    struct slice rest;
    struct config config;
    unsigned line;                      /* the one that was read last */
    unsigned given[PT_COUNT(settings)]; /* the line that gives it; 0: none does */
    bool too_long;
    struct err err; /* the first, and its line */
    unsigned err_line;
};

#define MAX_EDITS 4u

static void consider(const char *word, const char *candidate, const char **best, unsigned *least)
{
    unsigned d = name_distance(word, candidate, MAX_EDITS);
    if (d < *least && d < strlen(candidate)) {
        *least = d;
        *best = candidate;
    }
}

static bool is_section(const char *name)
{
    for (unsigned i = 0; i < PT_COUNT(settings); i++) {
        if (strcmp(settings[i].section, name) == 0)
            return true;
    }
    return false;
}

static int no_section(const char *section, const char *name, struct err *err)
{
    const char *best = NULL;
    unsigned least = MAX_EDITS;
    for (unsigned i = 0; i < PT_COUNT(settings); i++) {
        const struct setting *s = &settings[i];
        if (section[0] == '\0' && strcmp(s->name, name) == 0)
            return err_set(err, PT_EINVAL, "%s belongs below [%s]", name, s->section);
        consider(section, s->section, &best, &least);
    }
    if (section[0] == '\0')
        return err_set(err, PT_EINVAL, "'%.50s' stands before any section, like [daemon]", name);
    if (best != NULL)
        return err_set(err, PT_EINVAL, "there is no section [%.50s]; did you mean [%s]?", section,
                       best);
    return err_set(err, PT_EINVAL, "there is no section [%.50s]", section);
}

static int no_key(const char *section, const char *name, struct err *err)
{
    const char *best = NULL;
    unsigned least = MAX_EDITS;
    for (unsigned i = 0; i < PT_COUNT(settings); i++) {
        const struct setting *s = &settings[i];
        if (strcmp(s->name, name) == 0)
            return err_set(err, PT_EINVAL, "%s belongs below [%s], not [%s]", name, s->section,
                           section);
        if (strcmp(s->section, section) == 0)
            consider(name, s->name, &best, &least);
    }
    if (best != NULL)
        return err_set(err, PT_EINVAL, "[%s] has no '%.50s'; did you mean %s?", section, name,
                       best);
    return err_set(err, PT_EINVAL, "[%s] has no '%.50s'", section, name);
}

static int assign(struct parse *p, const char *section, const char *name, const char *value,
                  struct err *err)
{
    for (unsigned i = 0; i < PT_COUNT(settings); i++) {
        const struct setting *s = &settings[i];
        if (strcmp(s->section, section) != 0 || strcmp(s->name, name) != 0)
            continue;
        if (p->given[i] != 0)
            return err_set(err, PT_EINVAL, "%s is already given in line %u", name, p->given[i]);
        p->given[i] = p->line;
        return set(s, value, &p->config, err);
    }
    return is_section(section) ? no_key(section, name, err) : no_section(section, name, err);
}

static int on_key(void *user, const char *section, const char *name, const char *value)
{
    struct parse *p = user;
    if (p->err.code == PT_OK && assign(p, section, name, value, &p->err) != PT_OK) {
        (void)err_prefix(&p->err, "%s:%u", p->name, p->line);
        p->err_line = p->line;
    }
    return p->err.code == PT_OK;
}

/* A line for the library, as fgets would give it. Blanks before it go: to the library they would
 * mean that the value before goes on, which no value here does. */
static char *next_line(char *to, int room, void *stream)
{
    struct parse *p = stream;
    const char *end = slice_chr(p->rest, '\n');
    struct slice line = slice_head(p->rest, end != NULL ? (size_t)(end - p->rest.p) : p->rest.n);
    if (p->rest.n == 0 || p->err.code != PT_OK)
        return NULL;
    p->rest = slice_skip(p->rest, line.n + 1);
    p->line++;
    line = slice_trim(line);
    if (line.n > 0 && (line.p[0] == '#' || line.p[0] == ';'))
        line.n = 0; /* comments may be as long as they like */
    if (line.n + 2 > (size_t)room || (line.n > 0 && memchr(line.p, '\0', line.n) != NULL)) {
        (void)err_set(&p->err, PT_EINVAL, "%s:%u: %s", p->name, p->line,
                      line.n + 2 > (size_t)room ? "the line is too long"
                                                : "this is no line of text");
        p->err_line = p->line;
        return NULL;
    }
    if (line.n > 0)
        memcpy(to, line.p, line.n);
    memcpy(to + line.n, "\n", 2);
    return to;
}

int config_parse(const char *name, struct slice text, struct config *ret, struct err *err)
{
    struct parse p = {.name = name, .rest = text};
    config_default(&p.config);
    int bad = ini_parse_stream(next_line, &p, on_key, &p);
    /* The library goes on behind a line that it cannot read. */
    if (bad > 0 && (p.err.code == PT_OK || (unsigned)bad < p.err_line))
        (void)err_set(&p.err, PT_EINVAL, "%s:%d: neither [section] nor key = value", name, bad);
    else if (bad < 0)
        (void)err_set(&p.err, PT_ENOMEM, "out of memory");
    if (p.err.code == PT_OK) {
        *ret = p.config;
        return PT_OK;
    }
    if (err != NULL)
        *err = p.err;
    return p.err.code;
}

int config_path(struct buf *ret, struct err *err)
{
    const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
    buf_reset(ret);
    if (xdg != NULL && xdg[0] == '/') {
        buf_str(ret, xdg);
    } else if (home != NULL && home[0] == '/') {
        buf_str(ret, home);
        buf_str(ret, "/.config");
    } else {
        return err_set(err, PT_ENOENT,
                       "no place for a configuration: set XDG_CONFIG_HOME or HOME to an absolute "
                       "path");
    }
    buf_str(ret, "/parseltongue/config.ini");
    return ret->failed ? err_set(err, PT_ENOMEM, "out of memory") : PT_OK;
}

/* A link to the file is followed: people keep such files elsewhere. */
static int read_file(const char *path, struct buf *ret, struct err *err)
{
    struct buf real = {0};
    int rc = io_realpath(path, &real, err);
    if (rc == PT_OK)
        rc = io_read_file(IO_CWD, buf_cstr(&real), CONFIG_MAX_BYTES, ret, err);
    buf_release(&real);
    return rc;
}

int config_load(struct config *ret, struct err *err)
{
    struct buf path = {0}, text = {0};
    struct err why = {0};
    int rc = config_path(&path, NULL);
    if (rc == PT_OK)
        rc = read_file(buf_cstr(&path), &text, &why);
    if (rc == PT_OK)
        rc = config_parse(buf_cstr(&path), buf_as_slice(&text), ret, &why);
    else if (rc == PT_ENOENT)
        config_default(ret);
    if (rc != PT_OK && rc != PT_ENOENT && err != NULL)
        *err = why;
    buf_release(&path);
    buf_release(&text);
    return rc == PT_ENOENT ? PT_OK : rc;
}

/* ---- the documentation ---- */

#define COLUMNS 78u

static void put_comment(struct buf *out, const char *text)
{
    size_t used = 0;
    for (; *text != '\0'; text += *text == ' ') {
        size_t n = strcspn(text, " ");
        if (used == 0 || used + 1 + n > COLUMNS) {
            buf_str(out, used == 0 ? "#" : "\n#");
            used = 1;
        }
        buf_char(out, ' ');
        buf_add(out, text, n);
        used += 1 + n;
        text += n;
    }
    buf_char(out, '\n');
}

void config_document(struct buf *out)
{
    const char *section = "";
    for (unsigned i = 0; i < PT_COUNT(settings); i++) {
        const struct setting *s = &settings[i];
        const char *choices = choices_of[s->type];
        if (i > 0)
            buf_char(out, '\n');
        if (strcmp(section, s->section) != 0)
            buf_printf(out, "[%s]\n", s->section);
        section = s->section;
        put_comment(out, s->help);
        if (choices != NULL)
            buf_printf(out, "# One of: %s\n", choices);
        buf_printf(out, "%s = %s\n", s->name, s->fallback);
    }
}

bool config_key(unsigned i, struct config_key *ret)
{
    if (i >= PT_COUNT(settings))
        return false;
    const struct setting *s = &settings[i];
    *ret = (struct config_key){.section = s->section,
                               .name = s->name,
                               .fallback = s->fallback,
                               .help = s->help,
                               .choices = choices_of[s->type]};
    return true;
}
