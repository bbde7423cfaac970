/* What the parts of the daemon know of each other. All of it belongs to the loop's thread, except
 * where a comment says something else.
 */
#ifndef PT_SERVER_DAEMON_INTERNAL_H
#define PT_SERVER_DAEMON_INTERNAL_H

#include "base/str.h"
#include "server/daemon.h"
#include "server/hub.h"
#include "server/link.h"
#include "server/listen.h"
#include "server/memory.h"
#include "server/rpc.h"

#include <uv.h>

struct daemon {
    struct daemon_options options;
    uv_loop_t loop;
    struct hub *hub;
    struct memory memory;
    struct listener listener;
    uv_pipe_t server;
    uv_timer_t deadline; /* of the request that is the first to be due */
    uint64_t deadline_at;
    uv_timer_t tick; /* once a second, while there are connections: who does not read? */
    uv_timer_t stop_limit;
    uv_timer_t idle; /* is the daemon of use to anybody? (idle.c) */
    uint64_t idle_since_ns, idle_asked;
    uv_signal_t signals[3];
    uv_idle_t turns; /* while there are connections in `in_turn` */
    struct link conns, waiting, subscriptions, holds;
    struct link in_turn; /* those that have had their turn, and may have more to ask */
    unsigned n_conns;
    uint64_t n_accepted, n_requests;
    uint64_t started_ns;
    uint32_t last_subscription;
    bool stopping, hub_closing;
    char *chunk; /* owned: what is being read; one for all connections */
};

/* ---- connections (conn.c) ---- */

#define CHUNK_BYTES (64u << 10)
#define KEPT_BYTES (8u << 10) /* of its buffer, while a connection has nothing to say */
#define MAX_LINE (1u << 20)
#define MAX_IN_FLIGHT 64u
#define LINES_A_TURN 32u
#define MAX_OUTPUT (1u << 20) /* more than that: no requests are taken until it is less */

struct conn {
    uv_pipe_t pipe;
    struct link in; /* daemon->conns */
    struct daemon *daemon;
    struct link turn;     /* daemon->in_turn */
    unsigned lines_left;  /* that it may ask before others have their turn */
    struct link requests; /* that are not answered yet */
    unsigned in_flight;
    struct buf input; /* the beginning of a line, or lines that must wait */
    size_t at;        /* what of it has been taken */
    size_t looked;    /* up to there, no line ends behind `at` */
    struct buf output, writing;
    uv_write_t write;
    uint64_t stalled_ns; /* since when the client has taken nothing */
    size_t stalled_at;   /* what was left for it then */
    bool is_writing, is_reading;
    bool is_busy;  /* its lines are being handled: whatever ends it must wait */
    bool ended;    /* no more requests will come */
    bool was_told; /* notifications are in its output */
    bool closing;
};

void conn_accept(uv_stream_t *server, int status);
/* Its answers are in c->output: sends them. */
void conn_flush(struct conn *c);
/* A request has been answered later than it came. */
void conn_answered(struct conn *c);
/* At once: forgets its requests. */
void conn_close(struct conn *c);
/* When all that was asked is answered and sent. */
void conn_finish(struct conn *c);
void conns_tick(uv_timer_t *timer);
void conns_turn(uv_idle_t *idle);

/* ---- requests (request.c) ---- */

/* A line of a connection. Its answer is appended to the output now or later. */
void request_line(struct conn *c, struct slice line);
void request_refuse(struct conn *c, int number, const char *message);
void requests_expire(uv_timer_t *timer);
/* The connection is gone. */
void requests_abandon(struct conn *c);
/* Answers what has not begun, since the daemon stops. */
void requests_cut(struct conn *c);

/* ---- subscriptions (subscribe.c) ---- */

struct subscription {
    struct link in; /* daemon->subscriptions */
    struct conn *conn;
    struct place *place;
    uint32_t id;
    uint64_t owed; /* a generation that could not be told yet; 0: none */
};

int subscribe(struct conn *c, struct place *p, uint32_t *ret_id, struct err *err);
bool unsubscribe(const struct conn *c, uint32_t id);
void subscriptions_drop(const struct conn *c);
void subscriptions_tell(void *ctx, struct place *p, uint64_t generation, bool gone,
                        struct slice news);
/* What is owed to a connection, whose output has room again. */
void subscriptions_pay(struct conn *c);

/* ---- the daemon (daemon.c, status.c) ---- */

void daemon_stop(struct daemon *d);
/* Is a stop done but for this? */
void daemon_advance(struct daemon *d);
void daemon_status(struct daemon *d, struct answer *a);

/* ---- trees that clients write themselves (hold.c) ---- */

int hold_take(const struct conn *c, const char *path, struct err *err);
/* Before the connection's question about a tree: PT_EBUSY if another one holds that. */
int hold_check(const struct conn *c, const char *path, struct err *err);
void holds_drop(const struct conn *c);

/* ---- of use to nobody (idle.c) ---- */

void idle_begin(struct daemon *d);

#endif
