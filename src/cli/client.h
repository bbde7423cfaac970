/* A question of the command line, answered by the daemon.
 *
 * What comes is what the command line would have found and shown by itself, byte for byte. Whenever
 * that is in doubt (no daemon, one of another version that cannot be replaced, one that dies or
 * says something odd), the question is the caller's to answer in its own process.
 *
 * One thread; the caller has begun a progress (cli/progress.h), which owns Ctrl-C.
 */
#ifndef PT_CLI_CLIENT_H
#define PT_CLI_CLIENT_H

#include "cli/output.h"
#include "cli/progress.h"
#include "cli/wire.h"
#include "server/methods.h"

struct client {
    struct wire wire;
    const char *root; /* of the workspace; borrowed, as is all below */
    const struct call *call;
    const struct output *out; /* for whom the answer is rendered */
    struct progress *progress;
    bool force; /* whatever folder the tree is (engine/root.h) */
    uint32_t last_id;
    uint32_t files;     /* of a first index, when it was looked at last */
    bool reading_ended; /* they are counted for the second time */
};

struct client_answer {
    int code;            /* PT_OK, or what the method failed with */
    bool has_candidates; /* a name is unknown or ambiguous */
    struct buf
        body; /* for standard output; of a failure that is shown as text: for standard error */
};

/* May the daemon answer this call at all? Not if its texts cannot stand in JSON. */
bool client_can_ask(const struct call *call, const char *root);

/* Connects; with may_start, to a daemon that it starts, if there is none. One of another version is
 * replaced. PT_ENOENT: there is none, and none was to be started. PT_ECANCELED: Ctrl-C. */
int client_open(struct client *c, bool may_start, struct err *err);
void client_close(struct client *c);

/* PT_OK: there is an answer, be it a failure's. PT_ECANCELED: Ctrl-C. PT_EREFUSED is the last word,
 * here and below. Else: answer it yourself. */
int client_ask(struct client *c, struct client_answer *ret, struct err *err);
void client_answer_release(struct client_answer *a);

/* Waits until the graph knows all that was written to the tree before. */
int client_sync(struct client *c, struct err *err);

/* Lets the daemon let go of the workspace, so that this process may write it. */
int client_release(struct client *c, struct err *err);

#endif
