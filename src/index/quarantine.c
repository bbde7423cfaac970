#include "index/quarantine.h"

#include "base/io.h"
#include "base/io_last_words.h"
#include "base/mem.h"
#include "base/vec.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* More are not read: something else is wrong then. */
#define MAX_BYTES ((size_t)1 << 20)
#define LINE_MAX_BYTES 200u

struct quarantine {
    VEC(struct shelf_key) keys;
    char *identity; /* owned */
    int fd;         /* to append */
};

static size_t line_of(const struct quarantine *q, const struct shelf_key *key,
                      char ret[LINE_MAX_BYTES])
{
    int n = snprintf(ret, LINE_MAX_BYTES, "%s %016" PRIx64 "%016" PRIx64 " %u %u\n", q->identity,
                     key->content.hi, key->content.lo, key->lang, key->marks);
    return n > 0 && (size_t)n < LINE_MAX_BYTES ? (size_t)n : 0;
}

static bool hex(struct slice *s, unsigned digits, uint64_t *ret)
{
    *ret = 0;
    for (unsigned i = 0; i < digits; i++) {
        if (i >= s->n)
            return false;
        char c = s->p[i];
        if (c >= '0' && c <= '9')
            *ret = *ret << 4 | (uint64_t)(c - '0');
        else if (c >= 'a' && c <= 'f')
            *ret = *ret << 4 | (uint64_t)(c - 'a' + 10);
        else
            return false;
    }
    *s = slice_skip(*s, digits);
    return true;
}

static bool number(struct slice *s, uint8_t *ret)
{
    unsigned n = 0, digits = 0;
    if (s->n == 0 || s->p[0] != ' ')
        return false;
    *s = slice_skip(*s, 1);
    while (s->n > 0 && s->p[0] >= '0' && s->p[0] <= '9' && digits++ < 3) {
        n = n * 10 + (unsigned)(s->p[0] - '0');
        *s = slice_skip(*s, 1);
    }
    *ret = (uint8_t)n;
    return digits > 0 && n <= UINT8_MAX;
}

/* Of this identity, or of another, or no line of ours? */
static bool read_line(const struct quarantine *q, struct slice line, struct shelf_key *ret)
{
    size_t n = strlen(q->identity);
    if (line.n < n + 1 || memcmp(line.p, q->identity, n) != 0 || line.p[n] != ' ')
        return false;
    line = slice_skip(line, n + 1);
    return hex(&line, 16, &ret->content.hi) && hex(&line, 16, &ret->content.lo) &&
           number(&line, &ret->lang) && number(&line, &ret->marks) && line.n == 0;
}

static bool read_lines(struct quarantine *q, struct slice text)
{
    while (text.n > 0) {
        const char *end = slice_chr(text, '\n');
        struct slice line = slice_head(text, end != NULL ? (size_t)(end - text.p) : text.n);
        struct shelf_key key = {0};
        if (read_line(q, line, &key) && !quarantine_has(q, &key) && !vec_push(&q->keys, key))
            return false;
        text = slice_skip(text, end != NULL ? line.n + 1 : line.n);
    }
    return true;
}

static int open_file(struct quarantine *q, const char *dir, struct err *err)
{
    struct buf path = {0}, text = {0};
    buf_printf(&path, "%s/quarantine", dir);
    int rc = path.failed ? err_set(err, PT_ENOMEM, "out of memory") : PT_OK;
    if (rc == PT_OK)
        rc = io_open(IO_CWD, buf_cstr(&path), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0600,
                     &q->fd, err);
    if (rc == PT_OK && io_read_file(IO_CWD, buf_cstr(&path), MAX_BYTES, &text, NULL) == PT_OK &&
        !read_lines(q, buf_as_slice(&text)))
        rc = err_set(err, PT_ENOMEM, "out of memory for the quarantine");
    buf_release(&path);
    buf_release(&text);
    return rc;
}

int quarantine_open(const char *dir, const char *identity, struct quarantine **ret, struct err *err)
{
    struct quarantine *q = mem_calloc(1, sizeof(*q));
    if (q == NULL)
        return err_set(err, PT_ENOMEM, "out of memory for the quarantine");
    q->fd = -1;
    q->identity = mem_strdup(identity);
    int rc = q->identity != NULL ? open_file(q, dir, err)
                                 : err_set(err, PT_ENOMEM, "out of memory for the quarantine");
    if (rc != PT_OK) {
        quarantine_close(q);
        return rc;
    }
    *ret = q;
    return PT_OK;
}

void quarantine_close(struct quarantine *q)
{
    if (q == NULL)
        return;
    vec_release(&q->keys);
    mem_free(q->identity);
    io_close(q->fd);
    mem_free(q);
}

bool quarantine_has(const struct quarantine *q, const struct shelf_key *key)
{
    for (uint32_t i = 0; i < q->keys.len; i++) {
        const struct shelf_key *k = &q->keys.at[i];
        if (hash128_eq(k->content, key->content) && k->lang == key->lang && k->marks == key->marks)
            return true;
    }
    return false;
}

void quarantine_begin(const struct quarantine *q, const struct shelf_key *key)
{
    char line[LINE_MAX_BYTES];
    size_t n = line_of(q, key, line);
    if (n > 0)
        last_words_set(q->fd, line, n);
}

void quarantine_end(void)
{
    last_words_clear();
}
