/* JSON-RPC 2.0, one message a line: a line becomes a request, an answer becomes a line.
 * docs/protocol.md says what the messages mean.
 *
 * Pure functions: no input or output, no state but what is passed. Lines are hostile: whatever the
 * bytes, rpc_read gives a request that is wholly checked, or says what is wrong with it.
 * One thread for each request.
 */
#ifndef PT_SERVER_RPC_H
#define PT_SERVER_RPC_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "server/methods.h"
#include "server/render.h"

enum rpc_number {
    RPC_PARSE = -32700,     /* it is not JSON */
    RPC_REQUEST = -32600,   /* it is JSON, but no request */
    RPC_NO_METHOD = -32601, /* it asks for what there is not */
    RPC_PARAMS = -32602,    /* its params are wrong */
    RPC_INTERNAL = -32603,
    RPC_OURS = -32000, /* and below: this plus a code of parseltongue/codes.h */
};

/* Makes jansson allocate through base/mem. Once in a process, before any request is read. */
void rpc_set_up(void);

/* The number that goes with a code of ours. */
int rpc_number(int code);

/* What is asked for: one of the methods table, or something of the daemon itself. */
enum rpc_verb {
    RPC_CANCEL,
    RPC_PING,
    RPC_STATUS,
    RPC_STOP,
    RPC_RELEASE,
    RPC_SUBSCRIBE,
    RPC_UNSUBSCRIBE,
    RPC_METHOD,
};

/* Longer ids are refused: each answer repeats its own. */
#define RPC_MAX_ID 256u

struct rpc_request {
    struct arena arena; /* what its texts belong to */
    const char *id;     /* as JSON; NULL: a notification, or none could be read */
    enum rpc_verb verb;
    struct call call;      /* RPC_METHOD: method, arguments and limits; the rest is the caller's */
    const char *workspace; /* an absolute path; NULL if not given */
    const char *target;    /* RPC_CANCEL: the id that is meant, as JSON */
    uint32_t subscription; /* RPC_UNSUBSCRIBE */
    uint32_t deadline_ms;  /* 0: none */
    struct render_options render;
    bool sync, force, text;
    bool notification; /* it is one, even if a wrong one: it has no answer */
    int number;        /* after a failure: which kind of one, as enum rpc_number */
};

/* The line is without its end. PT_EUSAGE (and `number`) if it is wrong, PT_ENOMEM; the id is there
 * even then if it could be read. The caller releases the request in any case. */
int rpc_read(struct slice line, struct rpc_request *ret, struct err *err);
void rpc_request_release(struct rpc_request *r);

/* Each appends one line with its end; trouble shows as out->failed. `id` NULL: null. */
void rpc_put_result(struct buf *out, const struct rpc_request *r, const struct answer *a);

/* `a` holds the report of the failure (answer_fail). */
void rpc_put_failure(struct buf *out, const struct rpc_request *r, int number,
                     const struct answer *a);

/* A notification to the client, with the answer as its params; `more`: further members, as JSON. */
void rpc_put_note(struct buf *out, const char *method, const struct answer *a, struct slice more);

#endif
