/* Who wants to know when a graph changes. */
#include "base/mem.h"
#include "server/daemon_internal.h"

#define MAX_SUBSCRIPTIONS 64u /* of one connection */

static struct subscription *subscription_of(struct link *l)
{
    return link_entry(l, struct subscription, in);
}

static void subscription_free(struct subscription *s)
{
    place_want(s->place, -1);
    link_remove(&s->in);
    mem_free(s);
}

int subscribe(struct conn *c, struct place *p, uint32_t *ret_id, struct err *err)
{
    struct daemon *d = c->daemon;
    unsigned n = 0;
    for (struct link *l = d->subscriptions.next; l != &d->subscriptions; l = l->next)
        n += subscription_of(l)->conn == c;
    if (n >= MAX_SUBSCRIPTIONS)
        return err_set(err, PT_ELIMIT, "a connection has at most %u subscriptions",
                       MAX_SUBSCRIPTIONS);
    struct subscription *s = mem_calloc(1, sizeof(*s));
    if (s == NULL)
        return err_set(err, PT_ENOMEM, "out of memory");
    s->conn = c;
    s->place = p;
    s->id = ++d->last_subscription;
    link_init(&s->in);
    link_append(&d->subscriptions, &s->in);
    place_want(p, 1);
    *ret_id = s->id;
    return PT_OK;
}

bool unsubscribe(const struct conn *c, uint32_t id)
{
    struct link *all = &c->daemon->subscriptions;
    for (struct link *l = all->next; l != all; l = l->next) {
        if (subscription_of(l)->conn == c && subscription_of(l)->id == id) {
            subscription_free(subscription_of(l));
            return true;
        }
    }
    return false;
}

void subscriptions_drop(const struct conn *c)
{
    struct link *all = &c->daemon->subscriptions;
    for (struct link *l = all->next, *next; l != all; l = next) {
        next = l->next;
        if (subscription_of(l)->conn == c)
            subscription_free(subscription_of(l));
    }
}

/* What is told of a change. */
static void put_note(const struct subscription *s, const char *method, uint64_t generation,
                     struct slice news)
{
    struct answer a;
    answer_init(&a);
    (void)answer_uint(&a, a.root, "subscription", s->id);
    (void)answer_cstr(&a, a.root, "workspace", ROLE_PLACE, place_root(s->place));
    (void)answer_uint(&a, a.root, "generation", generation);
    rpc_put_note(&s->conn->output, method, &a, news);
    s->conn->output.failed |= a.failed;
    answer_release(&a);
}

/* Of what somebody could not be told, the parts are not kept. */
static const struct slice whole = SLICE_INIT("\"whole\":true");

static bool is_full(const struct conn *c)
{
    return c->output.n + c->writing.n > MAX_OUTPUT;
}

/* A connection that cannot be written to closes, and its subscriptions go; so not while we look
 * through those. */
static void flush_told(struct daemon *d)
{
    for (struct link *l = d->conns.next, *next; l != &d->conns; l = next) {
        struct conn *c = link_entry(l, struct conn, in);
        next = l->next;
        if (!c->was_told)
            continue;
        c->was_told = false;
        conn_flush(c);
    }
}

void subscriptions_tell(void *ctx, struct place *p, uint64_t generation, bool gone,
                        struct slice news)
{
    struct daemon *d = ctx;
    for (struct link *l = d->subscriptions.next, *next; l != &d->subscriptions; l = next) {
        struct subscription *s = subscription_of(l);
        next = l->next;
        if (s->place != p)
            continue;
        if (is_full(s->conn) && !gone) {
            s->owed = generation; /* the newest will do, once the client has read */
            continue;
        }
        put_note(s, gone ? "released" : "changed", generation, s->owed == 0 ? news : whole);
        s->conn->was_told = true;
        s->owed = 0;
        if (gone)
            subscription_free(s);
    }
    flush_told(d);
}

void subscriptions_pay(struct conn *c)
{
    struct link *all = &c->daemon->subscriptions;
    for (struct link *l = all->next; l != all; l = l->next) {
        struct subscription *s = subscription_of(l);
        if (s->conn != c || s->owed == 0 || is_full(c))
            continue;
        put_note(s, "changed", s->owed, whole);
        s->owed = 0;
    }
}
