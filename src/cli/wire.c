#include "cli/wire.h"

#include "base/clock.h"
#include "base/io.h"
#include "engine/identity.h"
#include "server/socket.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#define CHUNK_BYTES (64u << 10)
#define SEND_LIMIT_MS 5000

int wire_open(struct wire *w, struct err *err)
{
    *w = (struct wire){.fd = -1};
    return socket_connect(&w->fd, err);
}

void wire_close(struct wire *w)
{
    io_close(w->fd);
    buf_release(&w->in);
    *w = (struct wire){.fd = -1};
}

/* ---- bytes ---- */

static int await(const struct wire *w, short what, int timeout_ms, struct err *err)
{
    struct pollfd p = {.fd = w->fd, .events = what};
    int n = poll(&p, 1, timeout_ms);
    if (n > 0)
        return PT_OK;
    if (n == 0)
        return err_set(err, PT_EBUSY, "the daemon does not answer");
    return errno == EINTR ? err_set(err, PT_ECANCELED, "interrupted")
                          : err_set_errno(err, errno, "wait for the daemon");
}

int wire_send(struct wire *w, const struct buf *lines, struct err *err)
{
    size_t done = 0;
    if (lines->failed)
        return err_set(err, PT_ENOMEM, "out of memory");
    while (done < lines->n) {
        /* The program dies of SIGPIPE elsewhere; a daemon that goes is no reason to. */
        ssize_t n = send(w->fd, lines->p + done, lines->n - done, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n >= 0) {
            done += (size_t)n;
        } else if (errno == EAGAIN) {
            int rc = await(w, POLLOUT, SEND_LIMIT_MS, err);
            if (rc != PT_OK)
                return rc;
        } else if (errno != EINTR) {
            return err_set_errno(err, errno, "send to the daemon");
        }
    }
    return PT_OK;
}

/* Makes room by moving what is not taken yet to the front. */
static void compact(struct wire *w)
{
    if (w->taken == 0)
        return;
    memmove(w->in.p, w->in.p + w->taken, w->in.n - w->taken);
    w->in.n -= w->taken;
    w->looked -= w->taken;
    w->taken = 0;
}

static int receive(struct wire *w, int timeout_ms, struct err *err)
{
    compact(w);
    int rc = await(w, POLLIN, timeout_ms, err);
    if (rc != PT_OK)
        return rc;
    if (!buf_reserve(&w->in, CHUNK_BYTES))
        return err_set(err, PT_ENOMEM, "out of memory for the answer");
    ssize_t n = recv(w->fd, w->in.p + w->in.n, CHUNK_BYTES, MSG_DONTWAIT);
    if (n == 0)
        return err_set(err, PT_EIO, "the daemon closed the connection");
    if (n < 0)
        return errno == EAGAIN || errno == EINTR
                   ? PT_OK
                   : err_set_errno(err, errno, "read from the daemon");
    w->in.n += (size_t)n;
    return PT_OK;
}

int wire_line(struct wire *w, int timeout_ms, struct slice *ret, struct err *err)
{
    uint64_t end = clock_now_ns() + (uint64_t)timeout_ms * CLOCK_NS_PER_MS;
    for (;;) {
        struct slice rest = slice_skip(buf_as_slice(&w->in), w->looked);
        const char *line_end = slice_chr(rest, '\n');
        if (line_end != NULL) {
            *ret = slice_of(w->in.p + w->taken, (size_t)(line_end - (w->in.p + w->taken)));
            w->taken += ret->n + 1;
            w->looked = w->taken;
            return PT_OK;
        }
        w->looked = w->in.n;
        uint64_t now = clock_now_ns();
        int left = now < end ? (int)((end - now) / CLOCK_NS_PER_MS) : 0;
        int rc = receive(w, left, err);
        if (rc != PT_OK)
            return rc;
    }
}

/* ---- JSON ---- */

static size_t skip_string(struct slice s, size_t i)
{
    for (i++; i < s.n && s.p[i] != '"'; i++)
        i += s.p[i] == '\\';
    return i + 1;
}

/* Of a string, object or array. */
static bool is_end(char c)
{
    return c == '"' || c == '}' || c == ']';
}

/* Where the value that begins at i ends. */
static size_t skip_value(struct slice s, size_t i)
{
    unsigned depth = 0;
    while (i < s.n) {
        char c = s.p[i];
        if (c == '"') {
            i = skip_string(s, i);
        } else if (depth == 0 && (c == ',' || c == '}' || c == ']')) {
            break;
        } else {
            depth += c == '{' || c == '[';
            depth -= c == '}' || c == ']';
            i++;
        }
        if (depth == 0 && i > 0 && i <= s.n && is_end(s.p[i - 1]))
            break;
    }
    return i < s.n ? i : s.n;
}

struct slice wire_first(struct slice json)
{
    return slice_head(json, skip_value(json, 0));
}

/* Behind blanks, and at most one of `mark`. */
static size_t skip_mark(struct slice s, size_t i, char mark)
{
    bool seen = false;
    while (i < s.n && (s.p[i] == ' ' || (s.p[i] == mark && !seen))) {
        seen |= s.p[i] == mark;
        i++;
    }
    return i;
}

struct slice wire_member(struct slice object, const char *key)
{
    size_t n = strlen(key), i = skip_mark(object, 0, '{');
    while (i < object.n && object.p[i] == '"') {
        size_t end = skip_string(object, i), value = skip_mark(object, end, ':');
        if (value >= object.n)
            break;
        size_t after = skip_value(object, value);
        if (end - i == n + 2 && memcmp(object.p + i + 1, key, n) == 0)
            return slice_of(object.p + value, after - value);
        i = skip_mark(object, after, ',');
    }
    return (struct slice){NULL, 0};
}

int wire_text(struct slice json, struct buf *ret, struct err *err)
{
    json_t *value =
        json_loadb(json.p != NULL ? json.p : "", json.n, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    const char *text = json_string_value(value);
    int rc = text != NULL ? PT_OK : err_set(err, PT_EINVAL, "the daemon's answer is not one");
    if (rc == PT_OK)
        buf_add(ret, text, json_string_length(value));
    json_decref(value);
    return rc == PT_OK && ret->failed ? err_set(err, PT_ENOMEM, "out of memory for the answer")
                                      : rc;
}

/* ---- questions to the daemon itself ---- */

int wire_ask(struct wire *w, const char *method, const char *root, int timeout_ms,
             struct slice *ret, struct err *err)
{
    struct buf line = {0}, text = {0};
    struct slice got;
    buf_printf(&line, "{\"jsonrpc\":\"2.0\",\"id\":\"ask\",\"method\":\"%s\"", method);
    if (root != NULL) {
        buf_str(&line, ",\"params\":{\"workspace\":");
        buf_json_str(&line, root, strlen(root));
        buf_char(&line, '}');
    }
    buf_str(&line, "}\n");
    int rc = wire_send(w, &line, err);
    buf_release(&line);
    if (rc == PT_OK)
        rc = wire_line(w, timeout_ms, &got, err);
    if (rc != PT_OK)
        return rc;
    *ret = wire_member(got, "result");
    if (ret->n == 0) {
        (void)wire_text(wire_member(wire_member(got, "error"), "message"), &text, NULL);
        rc = err_set(err, PT_EINVAL, "the daemon refuses %s: %s", method, buf_cstr(&text));
    }
    buf_release(&text);
    return rc;
}

bool wire_same_version(struct slice ping)
{
    static const char version[] = "\"" PARSELTONGUE_VERSION "\"";
    static const char identity[] = "\"" PARSELTONGUE_IDENTITY "\"";
    return slice_eq(wire_member(ping, "version"), slice_of(version, sizeof(version) - 1)) &&
           slice_eq(wire_member(ping, "identity"), slice_of(identity, sizeof(identity) - 1));
}
