/* A connection to the daemon, as the command line has it: lines out, lines in, one thread, with a
 * limit to every wait. And what is read off a line without taking it apart: an answer is passed on
 * byte for byte.
 */
#ifndef PT_CLI_WIRE_H
#define PT_CLI_WIRE_H

#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>

struct wire {
    int fd;
    struct buf in;
    size_t taken;  /* bytes of `in` that are done with */
    size_t looked; /* up to there, no line ends behind `taken` */
};

/* All zero but for fd -1 is a wire that is closed. PT_ENOENT: no daemon listens. */
int wire_open(struct wire *w, struct err *err);
void wire_close(struct wire *w); /* takes a closed one */

/* Whole lines. PT_EIO: the daemon has gone, or takes nothing. */
int wire_send(struct wire *w, const struct buf *lines, struct err *err);

/* The next line, without its end; valid until the next call. PT_EBUSY: none came in time.
 * PT_ECANCELED: a signal came. PT_EIO: the daemon has gone. */
int wire_line(struct wire *w, int timeout_ms, struct slice *ret, struct err *err);

/* The bytes of a member of a JSON object, or an empty slice. The text must be well-formed JSON;
 * whatever it is, nothing outside of it is read. */
struct slice wire_member(struct slice object, const char *key);

/* The value that a text begins with; empty at the end of an array. */
struct slice wire_first(struct slice json);

/* A JSON string as text: PT_EINVAL if it is none. */
int wire_text(struct slice json, struct buf *ret, struct err *err);

/* Asks for one thing of the daemon itself, like "daemon.ping", and waits for the answer's result.
 * `root`: of a workspace, or NULL. The result is valid until the next call. */
int wire_ask(struct wire *w, const char *method, const char *root, int timeout_ms,
             struct slice *ret, struct err *err);

/* Are both of the same sources? `ping` is the result of daemon.ping. */
bool wire_same_version(struct slice ping);

#endif
